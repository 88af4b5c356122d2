//! Which appliance wrote a line, and by which clock.
//!
//! The name comes from the `[appliances]` table (host names and peer addresses), else from the
//! syslog host name, else from the peer's address. Names are case-insensitive. A short host name
//! equals a full one only where exactly one known full name begins with it; an address has no
//! short form. A subscription name is never a host (the header pass sees to that).
//!
//! The zone is configured, else learned from `Time offset from UTC`, else assumed to be UTC.
//!
//! Not here: aliases and renames that keep an identity (next step), serial numbers as identity.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};
use whymid_schemas::Zone;
use whymid_syslog::{Frame, Lane};

use crate::event::Fact;

/// The most host names, beside the table's, that lines alone can make into appliances; and so
/// many peers at least.
const MAX_APPLIANCES: usize = 10_000;

/// The longest host name there is; a longer one is none.
const MAX_HOST: usize = 255;

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

/// One appliance as known so far.
#[derive(Clone, Debug)]
pub struct Appliance {
    /// Its name.
    pub name: String,
    /// Its zone.
    pub zone: TimeZone,
    /// Where the zone comes from.
    pub zone_from: Zone,
    /// Whether a relay's year and offset count.
    pub trust_relay_time: bool,
    /// AsyncOS version, once a line told.
    pub version: Option<String>,
    /// Serial number, once a line told.
    pub serial: Option<String>,
    /// How often its zone has changed.
    pub zone_epoch: u32,
    /// The stamp of the first line that was seen.
    pub first: Option<Timestamp>,
    /// Whether any of its lines had a stamp.
    pub has_clock: bool,
    /// The newest stamp seen, stamps from the future left out.
    pub newest: Option<Timestamp>,
}

impl Appliance {
    /// Learns the zone. What was the newest stamp was so by another clock: the next line tells.
    fn move_to(&mut self, zone: TimeZone) {
        if self.zone != zone {
            self.newest = None;
            self.zone_epoch += 1;
        }
        self.zone = zone;
        self.zone_from = Zone::Learned;
    }
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
}

impl Appliances {
    /// Begins with the table.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        let mut appliances = Self {
            known: Vec::new(),
            by_name: HashMap::new(),
            by_host: BTreeMap::new(),
            by_peer: HashMap::new(),
            of_table: (0, 0),
            default_zone: settings.zone.clone(),
            unnamed: settings.unnamed.clone(),
        };
        for one in &settings.appliances {
            let index = appliances.named(&one.name.to_lowercase());
            let appliance = &mut appliances.known[index.0];
            appliance.trust_relay_time = one.trust_relay_time;
            if let Some(zone) = &one.zone {
                (appliance.zone, appliance.zone_from) = (zone.clone(), Zone::Configured);
            }
            appliances.by_host.insert(one.name.to_lowercase(), index);
            for host in &one.hosts {
                appliances.by_host.insert(host.to_lowercase(), index);
            }
            appliances
                .by_peer
                .extend(one.peers.iter().map(|peer| (peer.to_canonical(), index)));
        }
        appliances.of_table = (appliances.by_host.len(), appliances.known.len());
        appliances
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
        let zone_from = if self.default_zone.is_some() {
            Zone::Configured
        } else {
            Zone::Assumed
        };
        self.known.push(Appliance {
            name: name.to_owned(),
            zone: self.default_zone.clone().unwrap_or(TimeZone::UTC),
            zone_from,
            trust_relay_time: false,
            version: None,
            serial: None,
            zone_epoch: 0,
            first: None,
            has_clock: false,
            newest: None,
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

    /// Takes what a line tells of the appliance itself.
    pub(crate) fn learn(&mut self, index: ApplianceIndex, fact: &Fact<'_>) {
        let appliance = &mut self.known[index.0];
        if let Fact::Version { version, serial } = fact
            && version.len().max(serial.len()) <= MAX_WORD
        {
            appliance.version = Some((*version).to_owned());
            appliance.serial = Some((*serial).to_owned());
        }
        if let Fact::UtcOffset { seconds } = fact
            && appliance.zone_from != Zone::Configured
            && let Ok(offset) = Offset::from_seconds(*seconds)
        {
            appliance.move_to(offset.to_time_zone());
        }
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
        appliance.first.get_or_insert(at);
        appliance.has_clock |= stamped;
        if !stamped && appliance.has_clock {
            return;
        }
        let day = jiff::SignedDuration::from_hours(24);
        let limit = frame.received_at.checked_add(day);
        // an archive has no better clock than its own
        if frame.lane == Lane::Archive || limit.is_ok_and(|limit| at <= limit) {
            appliance.newest = Some(appliance.newest.map_or(at, |newest| newest.max(at)));
        }
    }
}

#[cfg(test)]
mod tests;
