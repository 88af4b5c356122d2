//! The records in memory: asked by message, answered by the assembler between two groups of
//! lines.

use std::collections::HashSet;
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};
use whymid_mailflow::{
    Appliance, ApplianceIndex, Assembler, Common, Connection, Delivery, Forgotten, Intake, Message,
};
use whymid_store::{Filter, Gone, Key, Known, Later, Live, Look, Record, RecordKind, Search, View};

/// The records in memory, asked by message.
#[derive(Clone, Debug)]
pub struct Memory(pub(super) mpsc::Sender<Question>);

/// What can be asked.
pub(super) enum Question {
    Find(Look, oneshot::Sender<Vec<Record>>),
    Search(Box<Search>, oneshot::Sender<Vec<Record>>),
    Count(Box<Filter>, oneshot::Sender<u64>),
    Those(RecordKind, HashSet<String>, oneshot::Sender<Vec<Record>>),
    Appliances(oneshot::Sender<Vec<Known>>),
    /// Mask an address in every record; replies with how many those are.
    Forget(Arc<Forgotten>, oneshot::Sender<usize>),
    /// That is over.
    Forgotten,
    /// Hand out some of what is in memory before its time.
    HandOut,
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

    fn search(&self, search: Search) -> Later<Result<Vec<Record>, Gone>> {
        self.ask(|reply| Question::Search(Box::new(search), reply))
    }

    fn count(&self, filter: Filter) -> Later<Result<u64, Gone>> {
        self.ask(|reply| Question::Count(Box::new(filter), reply))
    }

    fn those(&self, kind: RecordKind, ids: Vec<String>) -> Later<Result<Vec<Record>, Gone>> {
        self.ask(move |reply| Question::Those(kind, ids.into_iter().collect(), reply))
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
            Question::Search(search, reply) => {
                let all = views(&intake.assembler, search.filter.kind);
                let _ = reply.send(search.first_of(all));
            }
            Question::Count(filter, reply) => {
                let all = views(&intake.assembler, filter.kind);
                let fitting = all.filter(|one| filter.fits(*one)).count();
                let _ = reply.send(fitting as u64);
            }
            Question::Those(kind, ids, reply) => {
                let all = views(&intake.assembler, kind);
                let wanted = |one: &View<'_>| {
                    let common = one.common();
                    ids.contains(&common.id) || common.aliases.iter().any(|id| ids.contains(id))
                };
                let found = if ids.is_empty() {
                    Vec::new()
                } else {
                    all.filter(wanted).map(View::to_record).collect()
                };
                let _ = reply.send(found);
            }
            Question::Appliances(reply) => {
                let seen = intake.appliances.iter().filter(|one| one.first().is_some());
                let known = |one: &Appliance| Known {
                    name: one.name.clone(),
                    first: one.first(),
                    newest: one.newest(),
                    gaps: one.gaps().copied().collect(),
                    aliases: one.aliases().map(str::to_owned).collect(),
                    addresses: one.addresses().map(ToString::to_string).collect(),
                    version: one.version().map(str::to_owned),
                    serial: one.serial().map(str::to_owned),
                    zone: one.zone_from(),
                    lines: one.lines(),
                    not_understood: one.not_understood(),
                    behind: one.behind().map(|behind| behind.as_secs()),
                };
                let _ = reply.send(seen.map(known).collect());
            }
            // they change records: the assembler's own (`assembling.rs`)
            Question::Forget(..) | Question::Forgotten | Question::HandOut => {}
        }
    }
}

/// Every record of a kind.
fn views(assembler: &Assembler, kind: RecordKind) -> Box<dyn Iterator<Item = View<'_>> + '_> {
    match kind {
        RecordKind::Message => Box::new(assembler.messages().map(View::Message)),
        RecordKind::Connection => Box::new(assembler.connections().map(View::Connection)),
        RecordKind::Delivery => Box::new(assembler.deliveries().map(View::Delivery)),
        RecordKind::Event => Box::new(assembler.events().map(View::Event)),
    }
}

fn find(intake: &Intake, look: &Look) -> Vec<Record> {
    let assembler = &intake.assembler;
    let of = appliances(intake, look);
    let of = of.iter().copied();
    match (look.kind, &look.key) {
        (RecordKind::Message, Key::Mid(mid)) => {
            let found = of.flat_map(|one| assembler.messages_of(one, *mid));
            found.cloned().map(message).collect()
        }
        (RecordKind::Message, Key::Icid(icid)) => {
            let found = of.flat_map(|one| assembler.messages_by(one, *icid));
            found.cloned().map(message).collect()
        }
        (RecordKind::Message, Key::Kin(mid)) => {
            let found = of.flat_map(|one| assembler.kin_of(one, *mid));
            found.cloned().map(message).collect()
        }
        (RecordKind::Message, Key::Dcid(dcid)) => {
            let used = |one: &&Message| one.dcids.contains(dcid) && is_of(look, &one.common);
            let found = assembler.messages().filter(used);
            found.cloned().map(message).collect()
        }
        (RecordKind::Message, Key::Id(id)) => {
            let found = assembler.messages().filter(|one| one.common.goes_by(id));
            found.cloned().map(message).collect()
        }
        (RecordKind::Connection, Key::Icid(icid)) => {
            let found = of.flat_map(|one| assembler.connections_of(one, *icid));
            found.cloned().map(connection).collect()
        }
        (RecordKind::Connection, Key::Id(id)) => {
            let found = assembler.connections().filter(|one| one.common.goes_by(id));
            found.cloned().map(connection).collect()
        }
        (RecordKind::Delivery, Key::Dcid(dcid)) => {
            let found = of.flat_map(|one| assembler.deliveries_of(one, *dcid));
            found.cloned().map(delivery).collect()
        }
        (RecordKind::Delivery, Key::Id(id)) => {
            let found = assembler.deliveries().filter(|one| one.common.goes_by(id));
            found.cloned().map(delivery).collect()
        }
        (RecordKind::Event, Key::Mid(mid)) => {
            let found = of.flat_map(|one| assembler.events_about(one, *mid));
            let found = found.cloned().map(Box::new);
            found.map(Record::Event).collect()
        }
        (RecordKind::Event, Key::Id(id)) => {
            let found = assembler.events().filter(|one| one.common.goes_by(id));
            let found = found.cloned().map(Box::new);
            found.map(Record::Event).collect()
        }
        (RecordKind::Connection, Key::Mid(_) | Key::Dcid(_) | Key::Kin(_))
        | (RecordKind::Delivery, Key::Mid(_) | Key::Icid(_) | Key::Kin(_))
        | (RecordKind::Event, Key::Icid(_) | Key::Dcid(_) | Key::Kin(_)) => Vec::new(),
    }
}

fn message(one: Message) -> Record {
    Record::Message(Box::new(one))
}

fn connection(one: Connection) -> Record {
    Record::Connection(Box::new(one))
}

fn delivery(one: Delivery) -> Record {
    Record::Delivery(Box::new(one))
}

/// The wanted appliances, each once; all if none is named.
fn appliances(intake: &Intake, look: &Look) -> Vec<ApplianceIndex> {
    let all = &intake.appliances;
    if look.appliances.is_empty() {
        return all.indexed().map(|(index, _)| index).collect();
    }
    let named = look.appliances.iter().filter_map(|one| all.index_of(one));
    let mut named: Vec<ApplianceIndex> = named.collect();
    named.sort_unstable();
    named.dedup();
    named
}

fn is_of(look: &Look, common: &Common) -> bool {
    look.appliances.is_empty() || look.appliances.contains(&common.appliance)
}
