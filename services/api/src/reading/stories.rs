//! Records joined into stories: a message with its family, its connection, the deliveries that they
//! used, and what other logs tell of them.

use std::sync::Arc;

use whymid_diagnosis::{Story, connections_used};
use whymid_mailflow::{
    ApplianceEvent, Connection, Delivery, Family, Gathering, MAX_FAMILY, Message, connection_of,
    is_used,
};
use whymid_schemas::Outcome;
use whymid_store::{Key, Look, Record, RecordKind};

use super::{MAX_CANDIDATES, Newest, Reading, clock, failed};
use crate::desk::Missing;

/// The most lines of other logs that one story joins, about.
const MAX_BESIDE: usize = 200;

/// The most messages of one connection that its answer looks at.
const MAX_CARRIED: usize = 1000;

impl Reading {
    pub(super) async fn find(
        &self,
        kind: RecordKind,
        key: Key,
        appliance: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Record>, Missing> {
        if !self.pulse.is_ready() {
            return Err(Missing::Replaying);
        }
        let look = Look {
            kind,
            key,
            appliances: appliance.map(str::to_owned).into_iter().collect(),
            limit,
        };
        let found = self.library.find(look, &self.scope).await;
        found.map_err(failed)
    }

    /// The connection that a message came by, where its own lines were seen.
    async fn connection_of(&self, message: &Message) -> Result<Option<Connection>, Missing> {
        let Some(icid) = message.icid else {
            return Ok(None);
        };
        let appliance = Some(message.common.appliance.as_str());
        let known = self.connections(icid, appliance).await?;
        let Some(own) = connection_of(message, &known) else {
            return Ok(None);
        };
        let mut own = own.clone();
        self.note_messages(&mut own, &known).await?;
        Ok(Some(own))
    }

    /// The connections of an ICID, newest first; what they carried is not noted yet.
    pub(super) async fn connections(
        &self,
        icid: u64,
        appliance: Option<&str>,
    ) -> Result<Vec<Connection>, Missing> {
        let key = Key::Icid(icid);
        let most = MAX_CANDIDATES + 1;
        let found = self
            .find(RecordKind::Connection, key, appliance, most)
            .await?;
        let found = found.into_iter().filter_map(Record::into_connection);
        Ok(found.collect())
    }

    /// Notes what a connection carried; `known` are all of its ICID.
    async fn note_messages(
        &self,
        connection: &mut Connection,
        known: &[Connection],
    ) -> Result<(), Missing> {
        let appliance = connection.common.appliance.as_str();
        let same: Vec<Connection> = known
            .iter()
            .filter(|one| one.common.appliance == appliance)
            .cloned()
            .collect();
        let carried = self.library.carried(connection.icid, appliance).await;
        connection.note_messages(carried.map_err(failed)?, &same);
        Ok(())
    }

    /// A message's story; `None` where nothing of it may be seen.
    pub(super) async fn story(
        &self,
        message: Message,
        now: &Newest,
    ) -> Result<Option<Story>, Missing> {
        let (family, records) = self.family_of(message).await?;
        let sight = self.scope.sight.as_deref();
        let family = match sight {
            Some(sight) => sight.family(&family, &records),
            None => Some(family),
        };
        let Some(family) = family else {
            return Ok(None);
        };
        let root = &family.members[family.root_of(0)];
        let mut connection = self.connection_of(root).await?;
        if let (Some(sight), Some(own)) = (sight, &mut connection) {
            *own = sight.connection(own, &family.members);
        }
        let connection = connection.map(Arc::new);
        let appliance = root.common.appliance.clone();
        let deliveries = self.deliveries_of(&family).await?;
        let timers = self.listeners.timers(connection.as_deref());
        let (newest, gaps) = clock(now, &appliance);
        let beside = self.beside(&family, &appliance).await?;
        let story = Story::of(family, connection, deliveries, beside, newest, timers);
        Ok(Some(story.with_gaps(gaps)))
    }

    /// As much of a message's story as an item of a list needs: of what was delivered under its own
    /// MID, who sent it.
    pub(super) async fn item_story(
        &self,
        message: Message,
        now: &Newest,
    ) -> Result<Option<Story>, Missing> {
        let is_told = self.scope.sight.is_none()
            && message.fared_alone()
            && whymid_diagnosis::of_message(&message) == Outcome::Delivered;
        let appliance = message.common.appliance.clone();
        // an elder that names it has some of its time
        let is_told = is_told
            && self
                .messages(Key::Kin(message.mid), &appliance)
                .await?
                .is_empty();
        if !is_told {
            return self.story(message, now).await;
        }
        let known = match message.icid {
            Some(icid) => self.connections(icid, Some(&appliance)).await?,
            None => Vec::new(),
        };
        let connection = connection_of(&message, &known).cloned().map(Arc::new);
        let timers = self.listeners.timers(connection.as_deref());
        let (newest, _) = clock(now, &appliance);
        let alone = Family::alone(message);
        Ok(Some(Story::of(
            alone,
            connection,
            Vec::new(),
            Vec::new(),
            newest,
            timers,
        )))
    }

    /// The messages that hang together with one: splits, rewrites, copies, bounces; and the same by
    /// their own lines alone.
    async fn family_of(&self, message: Message) -> Result<(Family, Vec<Arc<Message>>), Missing> {
        let appliance = message.common.appliance.clone();
        let mut gathering = Gathering::of(message);
        while let Some(wanted) = gathering.wanted() {
            let mut named = Vec::new();
            for mid in wanted.named {
                named.extend(self.messages(Key::Mid(mid), &appliance).await?);
            }
            let naming = self.messages(Key::Kin(wanted.mid), &appliance).await?;
            let same_mid = if naming.is_empty() {
                Vec::new()
            } else {
                self.messages(Key::Mid(wanted.mid), &appliance).await?
            };
            gathering.take(named, naming, &same_mid);
        }
        Ok(gathering.with_records())
    }

    async fn messages(&self, key: Key, appliance: &str) -> Result<Vec<Message>, Missing> {
        let found = self.find(RecordKind::Message, key, Some(appliance), MAX_FAMILY);
        let found = found.await?.into_iter();
        Ok(found.filter_map(Record::into_message).collect())
    }

    /// What other logs of the appliance tell of the messages of a family.
    async fn beside(
        &self,
        family: &Family,
        appliance: &str,
    ) -> Result<Vec<ApplianceEvent>, Missing> {
        let mids: Vec<u64> = family.members.iter().map(|one| one.mid).collect();
        let mut beside = Vec::new();
        for mid in mids {
            let found = self.find(
                RecordKind::Event,
                Key::Mid(mid),
                Some(appliance),
                MAX_BESIDE,
            );
            let found = found.await?.into_iter().filter_map(Record::into_event);
            beside.extend(found.filter_map(|one| match self.scope.sight.as_deref() {
                Some(sight) => sight.event(&one, &family.members),
                None => Some(one),
            }));
            if beside.len() >= MAX_BESIDE {
                break;
            }
        }
        Ok(beside)
    }

    /// The delivery connections that the messages of a family used.
    async fn deliveries_of(&self, family: &Family) -> Result<Vec<Delivery>, Missing> {
        let mut deliveries: Vec<Delivery> = Vec::new();
        let appliance = family
            .members
            .first()
            .map(|one| one.common.appliance.clone());
        for (dcid, message) in connections_used(family) {
            let found = self
                .find(
                    RecordKind::Delivery,
                    Key::Dcid(dcid),
                    appliance.as_deref(),
                    5,
                )
                .await?;
            let known = |one: &Delivery| {
                let mut known = deliveries.iter();
                known.any(|held| held.common.id == one.common.id)
            };
            let found = found.into_iter().filter_map(Record::into_delivery);
            let mut fitting = found.filter(|one| is_used(one, message));
            let fitting = fitting.next().filter(|one| !known(one));
            deliveries.extend(fitting.map(|one| match self.scope.sight.as_deref() {
                Some(sight) => sight.delivery(&one, &family.members),
                None => one,
            }));
        }
        Ok(deliveries)
    }

    /// The messages that a connection carried, up to [`MAX_CARRIED`]. The one that decides has its
    /// whole story; the others have what tells how they fared.
    async fn stories_of(
        &self,
        connection: &Connection,
        known: &[Connection],
        now: &Newest,
    ) -> Result<Vec<Story>, Missing> {
        let found = self
            .find(
                RecordKind::Message,
                Key::Icid(connection.icid),
                Some(&connection.common.appliance),
                MAX_CARRIED,
            )
            .await?;
        let mut stories = Vec::new();
        let shared = Arc::new(connection.clone());
        let found = found.into_iter().filter_map(Record::into_message);
        for message in found.filter(|one| connection.mids.contains(&one.mid)) {
            if connection_of(&message, known)
                .is_none_or(|own| own.common.id != connection.common.id)
            {
                continue;
            }
            stories.extend(if message.fared_alone() && self.scope.sight.is_none() {
                let (newest, _) = clock(now, &connection.common.appliance);
                let timers = self.listeners.timers(Some(connection));
                let (own, alone) = (Some(Arc::clone(&shared)), Family::alone(message));
                Some(Story::of(
                    alone,
                    own,
                    Vec::new(),
                    Vec::new(),
                    newest,
                    timers,
                ))
            } else {
                self.story(message, now).await?
            });
        }
        if let Some(place) = whymid_diagnosis::deciding(&stories) {
            let message = stories[place].asked().cloned();
            // what is seen of some domains' mail alone has been told whole
            if let (Some(message), None) = (message, &self.scope.sight)
                && let Some(story) = self.story(message, now).await?
            {
                stories[place] = story;
            }
        }
        Ok(stories)
    }

    /// The story of a connection by its id, with those of the messages that it carried.
    pub(super) async fn connection_story(
        &self,
        id: &str,
        now: &Newest,
    ) -> Result<Option<(Story, Vec<Story>)>, Missing> {
        let key = Key::Id(id.to_owned());
        let found = self.find(RecordKind::Connection, key, None, 1).await?;
        let found = found.into_iter().find_map(Record::into_connection);
        let Some(connection) = found else {
            return Ok(None);
        };
        let appliance = connection.common.appliance.clone();
        let known = self.connections(connection.icid, Some(&appliance)).await?;
        self.with_messages(connection, &known, now).await
    }

    /// The story of a connection, with those of the messages that it carried; `known` are all
    /// connections of its ICID. `None` where nothing of it may be seen: neither a message nor a
    /// recipient that was refused.
    pub(super) async fn with_messages(
        &self,
        mut connection: Connection,
        known: &[Connection],
        now: &Newest,
    ) -> Result<Option<(Story, Vec<Story>)>, Missing> {
        self.note_messages(&mut connection, known).await?;
        let messages = self.stories_of(&connection, known, now).await?;
        if let Some(sight) = self.scope.sight.as_deref() {
            let carried = messages.iter().filter_map(Story::asked);
            let carried: Vec<Arc<Message>> = carried.cloned().map(Arc::new).collect();
            connection = sight.connection(&connection, &carried);
            if carried.is_empty() && connection.refused.is_empty() {
                return Ok(None);
            }
        }
        let (newest, gaps) = clock(now, &connection.common.appliance);
        let timers = self.listeners.timers(Some(&connection));
        let story = Story::of_connection(connection, newest, timers).with_gaps(gaps);
        Ok(Some((story, messages)))
    }
}
