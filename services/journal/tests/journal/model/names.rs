//! What the folders hold: as programs see it, and on the disk when the power goes.
//!
//! Modelled: a name that was given or taken is durable when its folder was synced, and before
//! that there or not, each for itself. A rename is a new name and an old one less, where the old
//! one is never lost without the new one being there; until both folders were synced both may
//! be there.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::dice::Dice;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    Folder,
    File(usize),
}

#[derive(Clone, Debug)]
struct Change {
    number: usize,
    path: PathBuf,
    /// What the name stands for from now on; nothing if it was taken.
    entry: Option<Entry>,
    /// A change that is on the disk whenever this one is.
    needs: Option<usize>,
}

impl Change {
    fn apply(&self, to: &mut BTreeMap<PathBuf, Entry>) {
        match self.entry {
            Some(entry) => to.insert(self.path.clone(), entry),
            None => to.remove(&self.path),
        };
    }
}

/// Which of the changes that are not synced are on the disk when the power goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameLoss {
    All,
    None,
    /// Those whose bit is 0.
    Some(u64),
}

/// All names.
#[derive(Clone, Debug, Default)]
pub struct Names {
    live: BTreeMap<PathBuf, Entry>,
    disk: BTreeMap<PathBuf, Entry>,
    changes: Vec<Change>,
    next: usize,
}

impl Names {
    /// Names that are on the disk.
    pub fn durable(names: BTreeMap<PathBuf, Entry>) -> Self {
        Self {
            live: names.clone(),
            disk: names,
            ..Self::default()
        }
    }

    pub fn live(&self) -> &BTreeMap<PathBuf, Entry> {
        &self.live
    }

    pub fn set(&mut self, path: &Path, entry: Option<Entry>) {
        self.change(path, entry, None);
    }

    pub fn rename(&mut self, from: &Path, to: &Path) {
        let entry = self.live.get(from).copied();
        // Two names of one file: nothing happens, says POSIX.
        if self.live.get(to) != entry.as_ref() {
            let new = self.change(to, entry, None);
            self.change(from, None, Some(new));
        }
    }

    fn change(&mut self, path: &Path, entry: Option<Entry>, needs: Option<usize>) -> usize {
        let change = Change {
            number: self.next,
            path: path.to_owned(),
            entry,
            needs,
        };
        change.apply(&mut self.live);
        self.changes.push(change);
        self.next += 1;
        self.next - 1
    }

    /// Whether all above a path is there.
    pub fn has_parent(&self, path: &Path) -> bool {
        let parent = path.parent().expect("a path below the root");
        parent == Path::new("/") || self.live.get(parent) == Some(&Entry::Folder)
    }

    pub fn sync(&mut self, dir: &Path) {
        let mut synced: Vec<usize> = Vec::new();
        for change in &self.changes {
            if change.path.parent() == Some(dir) {
                synced.extend(change.needs);
                synced.push(change.number);
            }
        }
        for change in &self.changes {
            if synced.contains(&change.number) {
                change.apply(&mut self.disk);
            }
        }
        self.changes
            .retain(|change| !synced.contains(&change.number));
    }

    /// How many changes are not synced.
    pub fn unsynced(&self) -> usize {
        self.changes.len()
    }

    /// What is on the disk when the power goes.
    pub fn lose(&self, loss: NameLoss) -> BTreeMap<PathBuf, Entry> {
        let kept = |index: usize| match loss {
            NameLoss::All => false,
            NameLoss::None => true,
            NameLoss::Some(bits) => bits >> (index % 64) & 1 == 0,
        };
        let indexed = || self.changes.iter().enumerate();
        let needed: Vec<usize> = indexed()
            .filter(|(index, _)| kept(*index))
            .filter_map(|(_, change)| change.needs)
            .collect();
        let mut left = self.disk.clone();
        for (index, change) in indexed() {
            if kept(index) || needed.contains(&change.number) {
                change.apply(&mut left);
            }
        }
        without_lost_folders(left)
    }
}

fn without_lost_folders(names: BTreeMap<PathBuf, Entry>) -> BTreeMap<PathBuf, Entry> {
    let there = |path: &Path| {
        let mut above = path.ancestors().skip(1);
        above.all(|dir| dir == Path::new("/") || names.get(dir) == Some(&Entry::Folder))
    };
    let kept = names.iter().filter(|(path, _)| there(path));
    kept.map(|(path, entry)| (path.clone(), *entry)).collect()
}

/// Some loss, the plain ones more often.
pub fn any_name_loss(dice: &mut Dice) -> NameLoss {
    match dice.below(4) {
        0 => NameLoss::All,
        1 => NameLoss::None,
        _ => NameLoss::Some(dice.next()),
    }
}

#[test]
fn a_rename_never_loses_the_file() {
    let [old, new] = ["/a/old", "/b/new"].map(Path::new);
    let mut names = Names::default();
    for dir in ["/a", "/b"] {
        names.set(Path::new(dir), Some(Entry::Folder));
    }
    names.sync(Path::new("/"));
    names.set(old, Some(Entry::File(1)));
    assert!(!names.lose(NameLoss::All).contains_key(old));
    names.sync(Path::new("/a"));
    names.rename(old, new);
    for bits in 0..4 {
        let left = names.lose(NameLoss::Some(bits));
        assert!(left.contains_key(old) || left.contains_key(new));
    }
    assert!(names.lose(NameLoss::Some(0b10)).contains_key(old));
    assert!(names.lose(NameLoss::Some(0b10)).contains_key(new));
    names.sync(Path::new("/a"));
    assert!(!names.lose(NameLoss::All).contains_key(old));
    assert!(names.lose(NameLoss::All).contains_key(new));
}
