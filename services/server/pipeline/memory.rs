//! The records in memory: asked by message, answered by the assembler between two groups of
//! lines.

use tokio::sync::{mpsc, oneshot};
use whymid_mailflow::{Appliance, Intake};
use whymid_store::{Gone, Key, Known, Later, Live, Look, Record, RecordKind};

/// The records in memory, asked by message.
#[derive(Clone, Debug)]
pub struct Memory(pub(super) mpsc::Sender<Question>);

/// What can be asked.
pub(super) enum Question {
    Find(Look, oneshot::Sender<Vec<Record>>),
    Appliances(oneshot::Sender<Vec<Known>>),
}

impl Memory {
    fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(oneshot::Sender<T>) -> Question + Send + 'static,
    ) -> Later<Result<T, Gone>> {
        let asks = self.0.clone();
        Box::pin(async move {
            let (reply, answer) = oneshot::channel();
            asks.send(question(reply)).await.map_err(|_| Gone)?;
            answer.await.map_err(|_| Gone)
        })
    }
}

impl Live for Memory {
    fn find(&self, look: Look) -> Later<Result<Vec<Record>, Gone>> {
        self.ask(|reply| Question::Find(look, reply))
    }

    fn appliances(&self) -> Later<Result<Vec<Known>, Gone>> {
        self.ask(Question::Appliances)
    }
}

impl Question {
    /// Looks into the records and replies; an asker who is gone is no failure.
    pub(super) fn answer(self, intake: &Intake) {
        match self {
            Question::Find(look, reply) => {
                let _ = reply.send(find(intake, &look));
            }
            Question::Appliances(reply) => {
                let seen = intake.appliances.iter().filter(|one| one.first.is_some());
                let known = |one: &Appliance| Known {
                    name: one.name.clone(),
                    first: one.first,
                    newest: one.newest,
                };
                let _ = reply.send(seen.map(known).collect());
            }
        }
    }
}

fn find(intake: &Intake, look: &Look) -> Vec<Record> {
    let assembler = &intake.assembler;
    let is_of = |appliance: &str| {
        look.appliance
            .as_deref()
            .is_none_or(|wanted| wanted.eq_ignore_ascii_case(appliance))
    };
    match look.kind {
        RecordKind::Message => assembler
            .messages()
            .filter(|one| {
                is_of(&one.common.appliance)
                    && match &look.key {
                        Key::Mid(mid) => one.mid == *mid,
                        Key::Icid(icid) => one.icid == Some(*icid),
                        Key::Dcid(dcid) => one.dcids.contains(dcid),
                        Key::Id(id) => one.common.id == *id,
                    }
            })
            .map(|one| Record::Message(Box::new(one.clone())))
            .collect(),
        RecordKind::Connection => assembler
            .connections()
            .filter(|one| {
                is_of(&one.common.appliance)
                    && match &look.key {
                        Key::Icid(icid) => one.icid == *icid,
                        Key::Id(id) => one.common.id == *id,
                        Key::Mid(_) | Key::Dcid(_) => false,
                    }
            })
            .map(|one| Record::Connection(Box::new(one.clone())))
            .collect(),
        RecordKind::Delivery => assembler
            .deliveries()
            .filter(|one| {
                is_of(&one.common.appliance)
                    && match &look.key {
                        Key::Dcid(dcid) => one.dcid == *dcid,
                        Key::Id(id) => one.common.id == *id,
                        Key::Mid(_) | Key::Icid(_) => false,
                    }
            })
            .map(|one| Record::Delivery(Box::new(one.clone())))
            .collect(),
        RecordKind::Event => assembler
            .events()
            .filter(|one| {
                is_of(&one.appliance) && matches!(&look.key, Key::Id(id) if one.id == *id)
            })
            .map(|one| Record::Event(Box::new(one.clone())))
            .collect(),
    }
}
