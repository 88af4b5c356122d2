//! What was remembered in clear text, once addresses are kept as pseudonyms.
//!
//! What waits to be told loses its answer and its words, in which addresses and subjects may stand
//! in any form; titles get pseudonyms. What was told stays in the ticket systems.

use whymid_schemas::Lang;

use super::Office;
use super::turn::Listed;
use crate::cause::{Cause, Pending};
use crate::shelf::{Batch, Error, Table};

/// Where it is remembered whose pseudonyms there are.
const KEY: &str = "pseudonyms";

impl Office {
    /// Puts pseudonyms in the places of addresses, once for each key; `key` tells keys apart, and
    /// `cover` gives a text with pseudonyms.
    ///
    /// # Errors
    /// When that can't be written.
    pub fn cover(&self, key: u64, cover: &dyn Fn(&str) -> String) -> Result<(), Error> {
        let mut state = self.lock();
        if self.shelf.get::<u64>(Table::Meta, KEY)? == Some(key) {
            return Ok(());
        }
        let causes = state.causes.values().cloned();
        let causes = causes.map(|cause| covered(cause, cover));
        let causes: Vec<Cause> = causes.collect();
        let mut batch = Batch::default();
        self.shelf
            .walk(Table::Notifications, [], |place, mut told: Listed| {
                told.shown.title = cover(&told.shown.title);
                if let Some(problem) = &mut told.problem {
                    problem.en = cover(&problem.en);
                    problem.ja = cover(&problem.ja);
                }
                batch.put(Table::Notifications, place, &told);
                true
            })?;
        batch.put(Table::Meta, KEY, &key);
        self.settle(&mut state, batch, causes)?;
        // what was written over is still in the file
        self.shelf.renew()
    }
}

fn covered(mut cause: Cause, cover: &dyn Fn(&str) -> String) -> Cause {
    cause.title = cover(&cause.title);
    if let Some(Pending { event, .. }) = &mut cause.pending {
        event.title = cover(&event.title);
        event.data.title.clone_from(&event.title);
        event.data.answer = None;
        event.body = match event.lang {
            Lang::En => {
                "Addresses and subjects are kept as pseudonyms since; what stood here was removed."
            }
            Lang::Ja => {
                "以後、アドレスと件名は仮名で保存されるため、ここにあった本文は削除されました。"
            }
        }
        .to_owned();
    }
    cause
}
