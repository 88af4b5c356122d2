//! Who may stay connected when there is no more room.
//!
//! So many connections may be open at a time. When all places are taken, a newcomer gets that of
//! the connection that has been silent longest, if that is a minute or more: a gateway that came
//! back finds a place although its old connections, or those of somebody who only opens them,
//! still hold all. If everybody has spoken within the minute, the newcomer is refused.
//!
//! Moments are handed in, as milliseconds since one's own start.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// Milliseconds of silence after which a connection may lose its place.
const SILENCE: u64 = 60_000;

/// Stands for a connection that is being served: it waits for us, not we for it.
const BUSY: u64 = u64::MAX;

/// The places, by the number of the connection that holds each.
#[derive(Debug)]
pub(super) struct Places {
    most: usize,
    taken: Mutex<HashMap<u32, Arc<Seat>>>,
}

#[derive(Debug)]
struct Seat {
    /// When something was last read from it, or [`BUSY`].
    heard: AtomicU64,
    leave: Notify,
}

/// One connection's place; dropping it gives it back.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) source: u32,
    places: Arc<Places>,
    seat: Arc<Seat>,
}

/// How a newcomer fared.
#[derive(Debug)]
pub(super) enum Admission {
    /// There was a free place.
    Free(Place),
    /// Another connection has been told to leave for it.
    Instead(Place),
    /// Nobody has been silent for long enough.
    Refused,
}

impl Places {
    pub(super) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self {
            most,
            taken: Mutex::default(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u32, Arc<Seat>>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for the connection of that number.
    pub(super) fn admit(self: &Arc<Self>, source: u32, now: u64) -> Admission {
        let mut taken = self.lock();
        let free = taken.len() < self.most;
        if !free {
            let Some(silent) = longest_silent(&taken, now) else {
                return Admission::Refused;
            };
            if let Some(seat) = taken.remove(&silent) {
                seat.leave.notify_one();
            }
        }
        let seat = Arc::new(Seat {
            heard: AtomicU64::new(now),
            leave: Notify::new(),
        });
        taken.insert(source, Arc::clone(&seat));
        let place = Place {
            source,
            places: Arc::clone(self),
            seat,
        };
        if free {
            Admission::Free(place)
        } else {
            Admission::Instead(place)
        }
    }
}

/// Who has been silent longest, if that is long enough.
fn longest_silent(taken: &HashMap<u32, Arc<Seat>>, now: u64) -> Option<u32> {
    let heard = |seat: &Seat| seat.heard.load(Ordering::Relaxed);
    let (source, seat) = taken.iter().min_by_key(|(_, seat)| heard(seat))?;
    (heard(seat).saturating_add(SILENCE) <= now).then_some(*source)
}

impl Place {
    /// Something was read, and is being passed on.
    pub(super) fn busy(&self) {
        self.seat.heard.store(BUSY, Ordering::Relaxed);
    }

    /// What was read has been passed on.
    pub(super) fn heard(&self, now: u64) {
        self.seat.heard.store(now, Ordering::Relaxed);
    }

    /// Returns once somebody else got this place.
    pub(super) async fn lost(&self) {
        self.seat.leave.notified().await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // a number is given once, so it is ours or, where the place was lost, nobody's
        self.places.lock().remove(&self.source);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(admission: Admission) -> Place {
        match admission {
            Admission::Free(place) | Admission::Instead(place) => place,
            Admission::Refused => panic!("refused"),
        }
    }

    /// Whether a place has been given to somebody else.
    async fn is_lost(place: &Place) -> bool {
        tokio::select! {
            biased;
            () = place.lost() => true,
            () = std::future::ready(()) => false,
        }
    }

    #[tokio::test]
    async fn the_one_that_was_silent_longest_makes_room() {
        let places = Places::new(2);
        let (old, older) = (place(places.admit(1, 500)), place(places.admit(2, 0)));
        let new = places.admit(3, SILENCE);
        assert!(matches!(new, Admission::Instead(_)), "{new:?}");
        assert!(is_lost(&older).await);
        assert!(!is_lost(&old).await);
        drop(older);
        // giving up a place that was lost frees none
        assert!(matches!(places.admit(4, SILENCE), Admission::Refused));
    }

    #[test]
    fn nobody_who_spoke_within_the_minute_or_is_being_served_makes_room() {
        let places = Places::new(2);
        let (speaking, served) = (place(places.admit(1, 0)), place(places.admit(2, 0)));
        speaking.heard(1);
        served.busy();
        assert!(matches!(places.admit(3, SILENCE), Admission::Refused));
        served.heard(2);
        assert!(matches!(
            places.admit(3, SILENCE + 1),
            Admission::Instead(_)
        ));
    }

    #[test]
    fn a_place_that_was_given_back_is_free() {
        let places = Places::new(1);
        let first = place(places.admit(1, 0));
        assert!(matches!(places.admit(2, 1), Admission::Refused));
        drop(first);
        assert!(matches!(places.admit(3, 2), Admission::Free(_)));
    }
}
