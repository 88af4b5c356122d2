//! What one file is: in the page cache, and on the disk when the power goes.
//!
//! Modelled: bytes reach the disk in sectors of 512, in any order, or as a prefix of what was
//! written, torn at any byte; the length may arrive without the bytes (zeros then) or not. A
//! sync writes what changed since the last one. A sync that fails forgets what it had to write:
//! the next one does not try again and says all is well. What it had to write may be on the disk
//! or not, the length as well as each sector, and may be seen by readers (pages kept) or not
//! (pages dropped).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::dice::Dice;

pub const SECTOR: usize = 512;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Change {
    Write { offset: usize, bytes: Arc<[u8]> },
    SetLen(usize),
}

impl Change {
    fn apply(&self, to: &mut Vec<u8>) {
        match self {
            Self::Write { offset, bytes } => write(to, *offset, bytes),
            Self::SetLen(len) => to.resize(*len, 0),
        }
    }

    /// In how many places power can be lost within it: between its bytes.
    fn cost(&self) -> usize {
        match self {
            Self::Write { bytes, .. } => bytes.len(),
            Self::SetLen(_) => 1,
        }
    }

    fn apply_part(&self, to: &mut Vec<u8>, part: usize) {
        match self {
            Self::Write { offset, bytes } if part > 0 => write(to, *offset, &bytes[..part]),
            Self::Write { .. } | Self::SetLen(_) => {}
        }
    }

    fn sectors(&self) -> std::ops::Range<usize> {
        match self {
            Self::Write { offset, bytes } => {
                offset / SECTOR..(offset + bytes.len()).div_ceil(SECTOR)
            }
            // What is behind the end in the last sector is zeroed.
            Self::SetLen(len) => len / SECTOR..len.div_ceil(SECTOR),
        }
    }
}

fn write(to: &mut Vec<u8>, offset: usize, bytes: &[u8]) {
    let end = offset + bytes.len();
    if to.len() < end {
        to.resize(end, 0);
    }
    to[offset..end].copy_from_slice(bytes);
}

fn sector(of: &[u8], number: usize) -> &[u8] {
    let start = (number * SECTOR).min(of.len());
    &of[start..(start + SECTOR).min(of.len())]
}

/// Puts a sector in its place as far as the file reaches.
fn put(to: &mut [u8], number: usize, bytes: &[u8]) {
    let start = number * SECTOR;
    if start < to.len() {
        let end = (start + SECTOR).min(to.len());
        let taken = bytes.len().min(end - start);
        to[start..start + taken].copy_from_slice(&bytes[..taken]);
        to[start + taken..end].fill(0);
    }
}

/// How much of what is not synced is on the disk when the power goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// Nothing.
    All,
    /// Everything, in the order in which it was written.
    None,
    /// So many bytes of it, in the order in which it was written.
    After(usize),
    /// The length, but none of the bytes.
    Bytes,
    /// Some sectors and not others, and maybe the length.
    Sectors(u64),
}

/// One file.
#[derive(Clone, Debug, Default)]
pub struct Inode {
    cached: Arc<Vec<u8>>,
    disk: Arc<Vec<u8>>,
    changes: Vec<Change>,
    /// What failed syncs had to write: on the disk or not.
    stale: BTreeMap<usize, Arc<[u8]>>,
    stale_lens: Vec<usize>,
}

impl Inode {
    /// A file that is on the disk.
    pub fn durable(bytes: &Arc<Vec<u8>>) -> Self {
        Self {
            cached: Arc::clone(bytes),
            disk: Arc::clone(bytes),
            ..Self::default()
        }
    }

    pub fn cached(&self) -> &[u8] {
        &self.cached
    }

    pub fn write(&mut self, offset: usize, bytes: &[u8]) {
        self.change(Change::Write {
            offset,
            bytes: bytes.into(),
        });
    }

    pub fn set_len(&mut self, len: usize) {
        if len != self.cached.len() {
            self.change(Change::SetLen(len));
        }
    }

    fn change(&mut self, change: Change) {
        change.apply(Arc::make_mut(&mut self.cached));
        self.changes.push(change);
    }

    fn dirty(&self) -> BTreeSet<usize> {
        self.changes.iter().flat_map(Change::sectors).collect()
    }

    /// How many bytes are not synced.
    pub fn unsynced(&self) -> usize {
        self.changes.iter().map(Change::cost).sum()
    }

    /// A sync that does what it says, for what changed since the last one.
    pub fn sync(&mut self) {
        if self.changes.is_empty() {
            return;
        }
        let cuts = self.changes.iter().filter_map(|change| match change {
            Change::SetLen(len) => Some(*len),
            Change::Write { .. } => None,
        });
        let lowest = cuts.min().unwrap_or(usize::MAX);
        let dirty = self.dirty();
        let disk = Arc::make_mut(&mut self.disk);
        disk.truncate(lowest);
        disk.resize(self.cached.len(), 0);
        for &number in &dirty {
            put(disk, number, sector(&self.cached, number));
        }
        self.stale
            .retain(|number, _| number * SECTOR < lowest && !dirty.contains(number));
        self.stale_lens.clear();
        self.changes.clear();
    }

    /// A sync that fails, after which the pages count as clean, and readers see them or not.
    pub fn fail_sync(&mut self, drop_pages: bool) {
        if self.changes.is_empty() {
            return;
        }
        for number in self.dirty() {
            let bytes: Arc<[u8]> = sector(&self.cached, number).into();
            self.stale.insert(number, bytes);
            if drop_pages {
                let old = sector(&self.disk, number);
                let cached: &mut Vec<u8> = Arc::make_mut(&mut self.cached);
                put(cached, number, old);
            }
        }
        self.stale_lens.push(self.cached.len());
        self.changes.clear();
    }

    /// What is on the disk when the power goes.
    pub fn lose(&self, loss: Loss, dice: &mut Dice) -> Vec<u8> {
        let mut left = self.disk.to_vec();
        self.settle_stale(&mut left, dice);
        match loss {
            Loss::All => {}
            Loss::None => self
                .changes
                .iter()
                .for_each(|change| change.apply(&mut left)),
            Loss::After(bytes) => self.replay(&mut left, bytes),
            Loss::Bytes => left.resize(self.cached.len(), 0),
            Loss::Sectors(seed) => self.mix(&mut left, &mut Dice::new(seed)),
        }
        left
    }

    fn settle_stale(&self, left: &mut Vec<u8>, dice: &mut Dice) {
        let Some(chance) = [None, Some(1), Some(2)][dice.below(3)] else {
            return;
        };
        if let Some(last) = self.stale_lens.len().checked_sub(1) {
            let any = dice.below(last + 1);
            if dice.once_in(chance) {
                left.resize(self.stale_lens[any], 0);
            }
        }
        for (&number, bytes) in &self.stale {
            if dice.once_in(chance) {
                put(left, number, bytes);
            }
        }
    }

    fn replay(&self, left: &mut Vec<u8>, mut bytes: usize) {
        for change in &self.changes {
            if bytes < change.cost() {
                return change.apply_part(left, bytes);
            }
            bytes -= change.cost();
            change.apply(left);
        }
    }

    fn mix(&self, left: &mut Vec<u8>, dice: &mut Dice) {
        let len = self.cached.len();
        match dice.below(3) {
            0 => {}
            1 => left.resize(len, 0),
            _ => left.resize(
                left.len().min(len) + dice.below(left.len().abs_diff(len) + 1),
                0,
            ),
        }
        for number in self.dirty() {
            if dice.once_in(2) {
                put(left, number, sector(&self.cached, number));
            }
        }
    }
}

#[test]
fn a_failed_sync_forgets_and_the_next_one_lies() {
    let mut file = Inode::default();
    file.write(0, b"synced");
    file.sync();
    file.write(6, b"lost");
    file.fail_sync(false);
    file.sync();
    assert_eq!(file.cached(), b"syncedlost");
    let ends: BTreeSet<Vec<u8>> = (0..50)
        .map(|seed| file.lose(Loss::None, &mut Dice::new(seed)))
        .collect();
    assert!(ends.contains(&b"synced"[..]) && ends.contains(&b"syncedlost"[..]));
    file.write(0, b"s");
    file.sync();
    assert_eq!(file.lose(Loss::All, &mut Dice::new(1)), b"syncedlost");
}

#[test]
fn what_is_not_synced_is_there_in_part_when_the_power_goes() {
    let mut file = Inode::durable(&Arc::new(vec![b'a'; 600]));
    file.write(600, &[b'b'; 600]);
    let lose = |loss| file.lose(loss, &mut Dice::new(7));
    assert_eq!(lose(Loss::All).len(), 600);
    assert_eq!(lose(Loss::None), file.cached());
    assert_eq!(
        lose(Loss::After(3)),
        [vec![b'a'; 600], vec![b'b'; 3]].concat()
    );
    assert_eq!(lose(Loss::Bytes), [vec![b'a'; 600], vec![0; 600]].concat());
    let mixed: BTreeSet<_> = (0..99).map(|seed| lose(Loss::Sectors(seed))).collect();
    assert!(mixed.len() > 10);
    assert!(mixed.iter().all(|left| left.starts_with(&[b'a'; 600])));
}
