//! Raw segments to those of them that are to be removed.
//!
//! A segment is as old as the newest of its records. One whose records can't be read counts as
//! old as the next one that can: lines are received in order. Should a clock have gone wrong for
//! a while, no segment waits for the one before it.
//!
//! Removing them is `vault.rs`'s business.

use crate::folder::Folder;
use crate::raw::{Form, Kept};
use crate::{Error, pack};

/// Fills in how old the segments are whose names do not tell.
pub(crate) fn learn_newest(raw: &Folder, all: &mut [Kept]) -> Result<(), Error> {
    for kept in all.iter_mut() {
        if kept.form == Form::Plain {
            kept.newest = pack::newest_readable(raw, kept)?;
        }
    }
    let mut next = None;
    for kept in all.iter_mut().rev() {
        kept.newest = kept.newest.or(next);
        next = kept.newest;
    }
    Ok(())
}

/// Which of `all`, the oldest first, are to go: those with no record of the second `before` or
/// later, then as many as are too many for `max_bytes`.
pub(crate) fn choose(all: &[Kept], before: Option<i64>, max_bytes: Option<u64>) -> Vec<&Kept> {
    let is_old = |kept: &&Kept| {
        let ages = kept.newest.zip(before);
        ages.is_some_and(|(newest, before)| newest < before)
    };
    let (mut chosen, young): (Vec<&Kept>, Vec<&Kept>) = all.iter().partition(is_old);
    let mut left: u64 = young.iter().map(|kept| kept.size).sum();
    for kept in young {
        if max_bytes.is_none_or(|max| left <= max) {
            break;
        }
        left -= kept.size;
        chosen.push(kept);
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Position;

    fn kept(number: u64, newest: Option<i64>) -> Kept {
        Kept {
            first: Position(number * 100),
            end: Position(number * 100 + 100),
            form: Form::Packed,
            newest,
            size: 10,
            name: number.to_string(),
        }
    }

    fn chosen(ages: &[Option<i64>], before: Option<i64>, max_bytes: Option<u64>) -> Vec<String> {
        let all: Vec<Kept> = (0..).zip(ages).map(|(n, age)| kept(n, *age)).collect();
        let chosen = choose(&all, before, max_bytes);
        chosen.into_iter().map(|kept| kept.name.clone()).collect()
    }

    #[test]
    fn what_is_old_goes_wherever_it_stands_and_what_is_unknown_stays() {
        let ages = [Some(5), Some(99), Some(6), None, Some(7)];
        assert_eq!(chosen(&ages, Some(7), None), ["0", "2"]);
        assert_eq!(chosen(&ages, Some(5), None), [""; 0]);
        assert_eq!(chosen(&ages, None, None), [""; 0]);
    }

    #[test]
    fn what_is_too_much_goes_the_oldest_first() {
        let ages = [Some(5), Some(99), None];
        assert_eq!(chosen(&ages, None, Some(30)), [""; 0]);
        assert_eq!(chosen(&ages, None, Some(29)), ["0"]);
        assert_eq!(chosen(&ages, None, Some(0)), ["0", "1", "2"]);
        assert_eq!(chosen(&ages, Some(6), Some(15)), ["0", "1"]);
    }
}
