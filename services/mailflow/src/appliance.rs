//! Which appliance wrote a line, and by which clock.
//!
//! The name comes from the `[appliances]` table (host names and peer addresses), else from the
//! syslog host name, else from the peer's address. Names are case-insensitive. A short host name
//! equals a full one only where exactly one known full name begins with it; an address has no
//! short form. A subscription name is never a host (the header pass sees to that).
//!
//! The zone is configured, else learned from `Time offset from UTC`, else assumed to be UTC.
//!
//! An appliance's identity is the first name that it was known by, and never changes: records
//! carry it. What the table calls it is a name to show. A row that names hosts or peers of two
//! known appliances makes them one: the older identity goes on, both still name it.
//!
//! Not here: serial numbers as identity.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};
use whymid_syslog::{Frame, Lane, Transport};

use crate::event::{Fact, MailEvent};
use crate::reset::News;
use releases::Releases;

mod known;
mod releases;

pub(crate) use known::ZoneThen;
pub use known::{Appliance, ApplianceMemory, ToldOffset, ZoneShift};

/// The most host names, beside the table's, that lines alone can make into appliances; and so
/// many peers at least.
const MAX_APPLIANCES: usize = 10_000;

/// The longest host name there is; a longer one is none.
const MAX_HOST: usize = 255;

/// The most sources that are remembered of one appliance.
const MAX_SOURCES_REMEMBERED: usize = 64;

/// A newest stamp that moved on by so much is worth remembering.
const NEWS: SignedDuration = SignedDuration::from_secs(30);

/// An appliance that sent a datagram so lately may be one of which some were dropped.
const LATELY: SignedDuration = SignedDuration::from_mins(10);

/// The longest version or serial number that is believed.
const MAX_WORD: usize = 64;

/// What the configuration says of one appliance.
#[derive(Clone, Debug, Default)]
pub struct ApplianceSettings {
    /// The name it is known by.
    pub name: String,
    /// Syslog host names, any case.
    pub hosts: Vec<String>,
    /// Addresses that it sends from.
    pub peers: Vec<IpAddr>,
    /// Its zone.
    pub zone: Option<TimeZone>,
    /// Whether year and offset of a relay's own stamp (RFC 5424) count.
    pub trust_relay_time: bool,
}

/// What all appliances are held to have unless the table says otherwise.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The table.
    pub appliances: Vec<ApplianceSettings>,
    /// The zone of appliances that the table gives none.
    pub zone: Option<TimeZone>,
    /// The name of lines that have neither host nor peer (a file).
    pub unnamed: String,
}

/// Index of an appliance in [`Appliances`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ApplianceIndex(usize);

/// Every appliance that the table names or a line came from.
#[derive(Debug)]
pub struct Appliances {
    known: Vec<Appliance>,
    by_name: HashMap<String, ApplianceIndex>,
    by_host: BTreeMap<String, ApplianceIndex>,
    by_peer: HashMap<IpAddr, ApplianceIndex>,
    /// How many host names and how many appliances the table gave.
    of_table: (usize, usize),
    default_zone: Option<TimeZone>,
    unnamed: String,
    releases: Releases,
}

impl Appliances {
    /// Begins with the table.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        Self::remembering(settings, Vec::new())
    }

    /// Begins with the table and with what is remembered, the oldest first.
    #[must_use]
    pub fn remembering(settings: &Settings, memories: Vec<ApplianceMemory>) -> Self {
        let mut appliances = Self {
            known: Vec::new(),
            by_name: HashMap::new(),
            by_host: BTreeMap::new(),
            by_peer: HashMap::new(),
            of_table: (0, 0),
            default_zone: settings.zone.clone(),
            unnamed: settings.unnamed.clone(),
            releases: Releases::default(),
        };
        let (of_rows, others): (Vec<_>, Vec<_>) = memories
            .into_iter()
            .partition(|one| settings.appliances.iter().any(|row| row.names(one)));
        for row in &settings.appliances {
            let own = of_rows.iter().filter(|one| row.names(one)).cloned();
            appliances.add_row(row, own.collect());
        }
        appliances.of_table = (appliances.by_host.len(), appliances.known.len());
        for memory in others {
            appliances.remember(memory);
        }
        for one in &mut appliances.known {
            let version = one.memory.version.as_deref().unwrap_or_default();
            one.release = appliances.releases.of(version);
        }
        appliances
    }

    /// A row of the table: what is remembered under its hosts and peers is one appliance.
    fn add_row(&mut self, row: &ApplianceSettings, remembered: Vec<ApplianceMemory>) {
        let name = row.name.to_lowercase();
        let identities: Vec<String> = remembered.iter().map(|one| one.identity.clone()).collect();
        let hosts: Vec<String> = remembered
            .iter()
            .flat_map(|one| one.hosts.clone())
            .collect();
        let mut remembered = remembered.into_iter();
        let index = match remembered.next() {
            Some(oldest) => self.remember(oldest),
            None => self.named(&name),
        };
        let appliance = &mut self.known[index.0];
        appliance.name.clone_from(&name);
        appliance.trust_relay_time = row.trust_relay_time;
        if !identities.is_empty() {
            appliance.identities.clone_from(&identities);
        }
        if let Some(zone) = &row.zone {
            appliance.zone = Some(zone.clone());
        }
        appliance.note_names(row);
        let names = [name].into_iter().chain(identities);
        self.by_name.extend(names.clone().map(|name| (name, index)));
        let own = row.hosts.iter().map(|host| host.to_lowercase());
        let hosts = names.chain(own).chain(hosts);
        self.by_host.extend(hosts.map(|host| (host, index)));
        let peers = row.peers.iter().map(|peer| (peer.to_canonical(), index));
        self.by_peer.extend(peers);
    }

    /// What was to be remembered is not: all of it is news again.
    pub fn not_remembered(&mut self) {
        self.known.iter_mut().for_each(|one| one.changed = true);
    }

    /// Identities that are shown by another name, with that name.
    pub fn renamed(&self) -> impl Iterator<Item = (String, String)> {
        self.known.iter().flat_map(|one| {
            let others = one
                .identities
                .iter()
                .filter(|identity| **identity != one.name);
            others.map(|identity| (identity.clone(), one.name.clone()))
        })
    }

    /// The appliance of that identity, if it is known.
    #[must_use]
    pub fn index_of(&self, identity: &str) -> Option<ApplianceIndex> {
        self.by_name.get(identity).copied()
    }

    fn remember(&mut self, memory: ApplianceMemory) -> ApplianceIndex {
        let index = self.named(&memory.identity);
        let hosts = memory.hosts.iter().map(|host| (host.clone(), index));
        self.by_host.extend(hosts);
        let appliance = &mut self.known[index.0];
        appliance.newest_remembered = memory.newest;
        appliance.memory = memory;
        appliance.changed = false;
        index
    }

    /// What is to be remembered anew; everything that differs when `all` is asked for.
    pub fn news(&mut self, all: bool) -> Vec<ApplianceMemory> {
        let mut news = Vec::new();
        for one in &mut self.known {
            let moved = one.memory.newest.is_some_and(|newest| {
                let remembered = one.newest_remembered;
                remembered.is_none_or(|then| {
                    let ahead = newest.duration_since(then);
                    if all {
                        !ahead.is_zero()
                    } else {
                        ahead.abs() > NEWS
                    }
                })
            });
            if one.changed || moved {
                one.changed = false;
                one.newest_remembered = one.memory.newest;
                news.push(one.memory.clone());
            }
        }
        news
    }

    /// The appliance of a line.
    pub fn of(&mut self, host: Option<&str>, peer: Option<IpAddr>) -> ApplianceIndex {
        let host = host
            .filter(|host| (1..=MAX_HOST).contains(&host.len()))
            .map(str::to_lowercase);
        if let Some(index) = host.as_deref().and_then(|host| self.by_host.get(host)) {
            return *index;
        }
        let peer = peer.map(|peer| peer.to_canonical());
        if let Some(index) = peer.and_then(|peer| self.by_peer.get(&peer)) {
            return *index;
        }
        match (host, peer) {
            (Some(host), peer) => self.of_new_host(host, peer),
            (None, peer) => self.of_peer(peer),
        }
    }

    /// Names are cheap to forge: beyond [`MAX_APPLIANCES`] one that fits no known appliance is
    /// its peer's, or nobody's.
    fn of_new_host(&mut self, host: String, peer: Option<IpAddr>) -> ApplianceIndex {
        let known = self
            .same_by_short_name(&host)
            .or_else(|| self.by_name.get(&host).copied());
        if self.by_host.len() - self.of_table.0 >= MAX_APPLIANCES {
            return known.unwrap_or_else(|| self.of_peer(peer));
        }
        let index = known.unwrap_or_else(|| self.named(&host));
        let appliance = &mut self.known[index.0];
        appliance.memory.hosts.push(host.clone());
        appliance.changed = true;
        self.by_host.insert(host, index);
        index
    }

    /// Addresses are as cheap, by UDP: beyond the bound a new one is nobody's.
    fn of_peer(&mut self, peer: Option<IpAddr>) -> ApplianceIndex {
        let full = self.known.len() - self.of_table.1 >= 2 * MAX_APPLIANCES;
        match peer.map(|peer| peer.to_string()) {
            Some(peer) if !full || self.by_name.contains_key(&peer) => self.named(&peer),
            _ => self.named(&self.unnamed.clone()),
        }
    }

    fn same_by_short_name(&self, host: &str) -> Option<ApplianceIndex> {
        if host.parse::<IpAddr>().is_ok() {
            return None;
        }
        let (short, full) = match host.split_once('.') {
            Some((short, _)) => (short, true),
            None => (host, false),
        };
        let mut fulls = self.full_names_of(short);
        let first = fulls.next();
        match (full, first) {
            (true, None) => self.by_host.get(short).copied(),
            (false, Some(only)) if fulls.next().is_none() => Some(only),
            _ => None,
        }
    }

    fn full_names_of(&self, short: &str) -> impl Iterator<Item = ApplianceIndex> + '_ {
        let prefix = format!("{short}.");
        self.by_host
            .range(prefix.clone()..)
            .take_while(move |(host, _)| host.starts_with(&prefix))
            .filter(|(host, _)| host.parse::<IpAddr>().is_err())
            .map(|(_, index)| *index)
    }

    fn named(&mut self, name: &str) -> ApplianceIndex {
        if let Some(index) = self.by_name.get(name) {
            return *index;
        }
        let index = ApplianceIndex(self.known.len());
        self.known.push(Appliance {
            name: name.to_owned(),
            identities: vec![name.to_owned()],
            trust_relay_time: false,
            zone: self.default_zone.clone(),
            memory: ApplianceMemory {
                identity: name.to_owned(),
                ..ApplianceMemory::default()
            },
            release: 0,
            last_datagram: None,
            lines: 0,
            not_understood: 0,
            behind: None,
            changed: true,
            newest_remembered: None,
        });
        self.by_name.insert(name.to_owned(), index);
        index
    }

    /// One appliance.
    #[must_use]
    pub fn get(&self, index: ApplianceIndex) -> &Appliance {
        &self.known[index.0]
    }

    /// The appliance of that name, if it is known.
    #[must_use]
    pub fn by_name(&self, name: &str) -> Option<&Appliance> {
        self.by_name
            .get(&name.to_lowercase())
            .map(|index| self.get(*index))
    }

    /// Every appliance.
    pub fn iter(&self) -> impl Iterator<Item = &Appliance> {
        self.known.iter()
    }

    /// Every appliance with its index.
    pub fn indexed(&self) -> impl Iterator<Item = (ApplianceIndex, &Appliance)> {
        let indexes = (0..).map(ApplianceIndex);
        indexes.zip(&self.known)
    }

    /// Takes what a line tells of the appliance itself.
    pub(crate) fn learn(
        &mut self,
        index: ApplianceIndex,
        fact: &Fact<'_>,
        frame: &Frame,
        position: u64,
    ) {
        let appliance = &mut self.known[index.0];
        if let Fact::Version { version, serial } = fact
            && version.len().max(serial.len()) <= MAX_WORD
        {
            let told = (Some((*version).to_owned()), Some((*serial).to_owned()));
            let memory = &mut appliance.memory;
            let is_new = (&memory.version, &memory.serial) != (&told.0, &told.1);
            appliance.changed |= is_new;
            if is_new || appliance.release == 0 {
                appliance.release = self.releases.of(version);
            }
            (memory.version, memory.serial) = told;
        }
        // a log of the past does not tell how a clock that is known stands now
        let is_told = frame.is_of_the_past() && !appliance.memory.offsets.is_empty();
        if let Fact::UtcOffset { seconds } = fact
            && appliance.zone.is_none()
            && !is_told
            && Offset::from_seconds(*seconds).is_ok()
        {
            appliance.told_offset(*seconds, position);
        }
    }

    /// Notes a line that begins something: does it tell of a reset?
    pub(crate) fn note_beginning(
        &mut self,
        index: ApplianceIndex,
        event: &MailEvent<'_>,
        at: Timestamp,
    ) -> News {
        let appliance = &mut self.known[index.0];
        let news = appliance.memory.resets.note(event.owner, &event.fact, at);
        appliance.changed |= news != News::None;
        if news != News::None {
            appliance.memory.gaps.begin_anew();
        }
        news
    }

    /// Notes what a line with a stamp tells of missing ones: of a stream, in order of arrival; a
    /// log of the past fills gaps.
    pub(crate) fn note_gaps(
        &mut self,
        index: ApplianceIndex,
        event: &MailEvent<'_>,
        at: Timestamp,
        frame: &Frame,
    ) {
        let appliance = &mut self.known[index.0];
        if frame.transport == Transport::Udp {
            appliance.last_datagram = Some(frame.received_at);
        }
        let gaps = &mut appliance.memory.gaps;
        appliance.changed |= if frame.lane == Lane::Archive && frame.transport != Transport::File {
            gaps.fill(&event.fact, at)
        } else {
            gaps.hear(event.owner, &event.fact, at, frame.defect.is_some())
        };
    }

    /// So many datagrams were dropped by now, of whichever appliance.
    pub fn dropped(&mut self, count: u64, now: Timestamp) {
        let heard = |one: &&mut Appliance| {
            let last = one.last_datagram;
            last.is_some_and(|last| now.duration_since(last) <= LATELY)
        };
        for appliance in self.known.iter_mut().filter(heard) {
            appliance.memory.gaps.dropped(count);
            appliance.changed = true;
        }
    }

    /// The place of the version that an appliance's lines told, among [`Self::releases`].
    pub(crate) fn release_of(&self, index: ApplianceIndex) -> u16 {
        self.known[index.0].release
    }

    /// The AsyncOS releases that were seen, the unknown one first, empty.
    #[must_use]
    pub fn releases(&self) -> &[String] {
        self.releases.names()
    }

    /// Notes that a line with a header came from a source; the first one is remembered.
    pub(crate) fn heard_from(&mut self, index: ApplianceIndex, source: u32, position: u64) {
        let appliance = &mut self.known[index.0];
        if appliance.memory.sources.len() >= MAX_SOURCES_REMEMBERED {
            appliance.memory.sources.remove(0);
        }
        appliance.memory.sources.push((source, position));
        appliance.changed = true;
    }

    /// The sources that are remembered, with the appliance and the place of the first line.
    pub(crate) fn sources(&self) -> impl Iterator<Item = (u32, (ApplianceIndex, u64))> {
        self.indexed().flat_map(|(index, one)| {
            let sources = one.memory.sources.iter();
            sources.map(move |(source, position)| (*source, (index, *position)))
        })
    }

    /// Counts a line, and how far its stamp is behind the moment it came in.
    pub(crate) fn count(
        &mut self,
        index: ApplianceIndex,
        understood: bool,
        frame: &Frame,
        told: Option<Timestamp>,
    ) {
        let is_live = frame.transport != Transport::File && !frame.is_of_the_past();
        let behind = told.map(|at| frame.received_at.duration_since(at));
        self.known[index.0].count(understood, behind.filter(|_| is_live));
    }

    /// Moves an appliance's newest stamp on. A stamp more than a day ahead of the moment it was
    /// received is a broken clock's and moves nothing; neither does a line without a stamp, once
    /// the appliance has shown its clock.
    pub(crate) fn seen_until(
        &mut self,
        index: ApplianceIndex,
        at: Timestamp,
        frame: &Frame,
        stamped: bool,
    ) {
        let appliance = &mut self.known[index.0];
        let memory = &mut appliance.memory;
        appliance.changed |= memory.first.is_none() || (stamped && !memory.has_clock);
        memory.first.get_or_insert(at);
        memory.has_clock |= stamped;
        if !stamped && memory.has_clock {
            return;
        }
        let day = SignedDuration::from_hours(24);
        let limit = frame.received_at.checked_add(day);
        // a file that is read by itself has no better clock than its own
        if frame.transport == Transport::File || limit.is_ok_and(|limit| at <= limit) {
            memory.newest = Some(memory.newest.map_or(at, |newest| newest.max(at)));
        }
    }
}

#[cfg(test)]
mod tests;
