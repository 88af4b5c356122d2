//! One appliance: what it is called, what is remembered of it over a restart, and which zone its
//! stamps were in when.
//!
//! Not here: whose a line is (`appliance.rs`).

use std::net::IpAddr;

use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use whymid_schemas::Zone;

use super::ApplianceSettings;
use crate::gaps::{Gap, Gaps};
use crate::reset::{Life, Resets};

/// The most changes of its zone that are remembered of an appliance.
const MAX_OFFSETS: usize = 64;

/// What is remembered of an appliance over a restart.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ApplianceMemory {
    /// The first name that it was known by; what its records carry.
    pub identity: String,
    /// The host names by which lines were known to be its own.
    pub hosts: Vec<String>,
    /// The addresses that the table gave it.
    #[serde(default)]
    pub peers: Vec<IpAddr>,
    /// The offsets that it told, oldest first.
    pub offsets: Vec<ToldOffset>,
    /// AsyncOS version, once a line told.
    pub version: Option<String>,
    /// Serial number, once a line told.
    pub serial: Option<String>,
    /// The stamp of the first line that was seen.
    pub first: Option<Timestamp>,
    /// Whether any of its lines had a stamp.
    pub has_clock: bool,
    /// The newest stamp seen, stamps from the future left out.
    pub newest: Option<Timestamp>,
    /// Its counters, and when it lost them.
    pub resets: Resets,
    /// Where its lines seem to be missing.
    #[serde(default)]
    pub gaps: Gaps,
    /// The sources whose first line with a header was its own, and where in the journal that is.
    pub sources: Vec<(u32, u64)>,
}

/// An offset from UTC that an appliance told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToldOffset {
    /// Where in the journal the line stands.
    pub position: u64,
    /// Seconds east of UTC.
    pub seconds: i32,
    /// Counts the changes; that to an offset of zero at first is none.
    pub epoch: u32,
}

/// One appliance as known so far.
#[derive(Clone, Debug)]
pub struct Appliance {
    /// The name it is shown by.
    pub name: String,
    /// Every identity that it has had, the one that new records carry first.
    pub identities: Vec<String>,
    /// Whether a relay's year and offset count.
    pub trust_relay_time: bool,
    /// Its zone, if it is configured.
    pub(super) zone: Option<TimeZone>,
    pub(super) memory: ApplianceMemory,
    /// The place of its version among those that were seen.
    pub(super) release: u16,
    /// When a datagram last came from it.
    pub(super) last_datagram: Option<Timestamp>,
    /// Lines since the start, and those of them that were not understood.
    pub(super) lines: u64,
    pub(super) not_understood: u64,
    /// How far the stamp of its last line was behind the moment when that came in.
    pub(super) behind: Option<SignedDuration>,
    /// Something beside its newest stamp is not yet remembered.
    pub(super) changed: bool,
    /// The newest stamp that is remembered.
    pub(super) newest_remembered: Option<Timestamp>,
}

/// The zone in which a line's stamp is read.
#[derive(Clone, Debug)]
pub(crate) struct ZoneThen {
    pub(crate) zone: TimeZone,
    pub(crate) from: Zone,
    /// How often the zone had changed.
    pub(crate) epoch: u32,
    /// Where records stand that were read before the zone was known.
    pub(crate) shift: Option<ZoneShift>,
}

/// How far off records are that were read as UTC before the zone was known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ZoneShift {
    /// The zone's epoch.
    pub(crate) epoch: u32,
    /// How far the zone is ahead of UTC.
    pub(crate) behind: SignedDuration,
}

impl Appliance {
    /// The newest stamp seen, stamps from the future left out.
    #[must_use]
    pub fn newest(&self) -> Option<Timestamp> {
        self.memory.newest
    }

    /// The stamp of the first line that was seen.
    #[must_use]
    pub fn first(&self) -> Option<Timestamp> {
        self.memory.first
    }

    /// Where its lines seem to be missing, oldest first.
    pub fn gaps(&self) -> impl Iterator<Item = &Gap> {
        self.memory.gaps.iter()
    }

    /// AsyncOS version, once a line told.
    #[must_use]
    pub fn version(&self) -> Option<&str> {
        self.memory.version.as_deref()
    }

    /// Serial number, once a line told.
    #[must_use]
    pub fn serial(&self) -> Option<&str> {
        self.memory.serial.as_deref()
    }

    /// Lines since the start.
    #[must_use]
    pub fn lines(&self) -> u64 {
        self.lines
    }

    /// Lines since the start that were not understood.
    #[must_use]
    pub fn not_understood(&self) -> u64 {
        self.not_understood
    }

    /// How far the stamp of its last live line was behind the moment when that came in: its way, and
    /// how far its clock, read in its zone, is off.
    #[must_use]
    pub fn behind(&self) -> Option<SignedDuration> {
        self.behind
    }

    /// Every other name that it goes by: former ones, and host names.
    pub fn aliases(&self) -> impl Iterator<Item = &str> {
        let names = self.identities.iter().chain(&self.memory.hosts);
        let others = names.filter(|one| **one != self.name);
        others.map(String::as_str)
    }

    /// The addresses that the table gives it.
    pub fn addresses(&self) -> impl Iterator<Item = &IpAddr> {
        self.memory.peers.iter()
    }

    pub(super) fn count(&mut self, understood: bool, behind: Option<SignedDuration>) {
        self.lines += 1;
        self.not_understood += u64::from(!understood);
        self.behind = behind.or(self.behind);
    }

    /// Where its zone comes from.
    #[must_use]
    pub fn zone_from(&self) -> Zone {
        match (&self.zone, self.memory.offsets.is_empty()) {
            (Some(_), _) => Zone::Configured,
            (None, false) => Zone::Learned,
            (None, true) => Zone::Assumed,
        }
    }

    /// Between which two resets of its counters a moment lies.
    pub(crate) fn life_at(&self, at: Timestamp) -> Life {
        self.memory.resets.life_at(at)
    }

    /// Remembers what the table calls its own, so that it is known again when the row is named
    /// anew.
    pub(super) fn note_names(&mut self, row: &ApplianceSettings) {
        let hosts = row.hosts.iter().map(|host| host.to_lowercase());
        for host in hosts {
            if !self.memory.hosts.contains(&host) {
                self.memory.hosts.push(host);
                self.changed = true;
            }
        }
        for peer in row.peers.iter().map(IpAddr::to_canonical) {
            if !self.memory.peers.contains(&peer) {
                self.memory.peers.push(peer);
                self.changed = true;
            }
        }
    }

    /// The zone of a line at that place in the journal. Lines before the first offset that was
    /// told are read by that one, once it is known.
    pub(crate) fn zone_at(&self, position: u64) -> ZoneThen {
        let from = self.zone_from();
        let told = &self.memory.offsets;
        if let Some(zone) = &self.zone {
            return ZoneThen {
                zone: zone.clone(),
                from,
                epoch: 0,
                shift: None,
            };
        }
        let then = told.iter().rev().find(|one| one.position <= position);
        let Some((then, first)) = then.or(told.first()).zip(told.first()) else {
            return ZoneThen {
                zone: TimeZone::UTC,
                from,
                epoch: 0,
                shift: None,
            };
        };
        let shift = ZoneShift {
            epoch: first.epoch,
            behind: SignedDuration::from_secs(first.seconds.into()),
        };
        ZoneThen {
            zone: offset_zone(then.seconds),
            from,
            epoch: then.epoch,
            shift: (!self.trust_relay_time).then_some(shift),
        }
    }

    /// Takes an offset that a line told. What was the newest stamp was so by another clock: the
    /// next line tells.
    pub(super) fn told_offset(&mut self, seconds: i32, position: u64) {
        let told = &mut self.memory.offsets;
        let last = told
            .iter()
            .rev()
            .find(|one| one.position <= position)
            .copied();
        let known = told.iter().any(|one| one.position == position);
        if known || last.is_some_and(|last| last.seconds == seconds) {
            return;
        }
        if told.len() >= MAX_OFFSETS {
            told.remove(1);
        }
        // offsets come in the order of the journal, but for a replay, which brings known ones
        let in_force = last.map_or(0, |last| last.seconds);
        let newest = told.iter().map(|one| one.epoch).max().unwrap_or(0);
        let changes = seconds != in_force;
        told.push(ToldOffset {
            position,
            seconds,
            epoch: newest + u32::from(changes),
        });
        told.sort_by_key(|one| one.position);
        self.changed = true;
        if changes {
            self.memory.newest = None;
        }
    }
}

fn offset_zone(seconds: i32) -> TimeZone {
    Offset::from_seconds(seconds).map_or(TimeZone::UTC, Offset::to_time_zone)
}

impl ApplianceSettings {
    /// Whether the row names an appliance that is remembered: by its identity, by a host name or
    /// an address that it had.
    pub(super) fn names(&self, known: &ApplianceMemory) -> bool {
        let is_host = |host: &str| {
            let mut hosts = self.hosts.iter().chain([&self.name]);
            hosts.any(|own| own.eq_ignore_ascii_case(host))
        };
        let peer = known.identity.parse::<IpAddr>().ok();
        is_host(&known.identity)
            || known.hosts.iter().any(|host| is_host(host))
            || peer
                .iter()
                .chain(&known.peers)
                .any(|peer| self.peers.iter().any(|own| own.to_canonical() == *peer))
    }
}
