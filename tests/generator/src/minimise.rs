//! A log that shows a fault to the smallest one that still does.
//!
//! Delta debugging, first by whole records, then by lines. The order of the lines stays.
//!
//! Invariants: what is given back fails; taking away any one record, and then any one line,
//! lets it pass, if `fails` always says the same of the same lines.

use std::collections::HashMap;

use crate::truth::Written;

/// The smallest part of the lines of which `fails` still says so; all of them, if it does not
/// say so of all.
pub fn minimise(lines: &[Written], mut fails: impl FnMut(&[Written]) -> bool) -> Vec<Written> {
    if !fails(lines) {
        return lines.to_vec();
    }
    let by_record = reduce(lines, records(lines), &mut fails);
    let singly = (0..by_record.len()).map(|place| vec![place]).collect();
    reduce(&by_record, singly, &mut fails)
}

/// The places of each record's lines.
fn records(lines: &[Written]) -> Vec<Vec<usize>> {
    let mut of_record: HashMap<u64, usize> = HashMap::new();
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (place, line) in lines.iter().enumerate() {
        let group = *of_record.entry(line.whom.id()).or_insert(groups.len());
        if group == groups.len() {
            groups.push(Vec::new());
        }
        groups[group].push(place);
    }
    groups
}

/// Takes away as many groups as it can.
fn reduce(
    lines: &[Written],
    mut groups: Vec<Vec<usize>>,
    fails: &mut impl FnMut(&[Written]) -> bool,
) -> Vec<Written> {
    let mut parts = 2;
    while groups.len() > 1 {
        let size = groups.len().div_ceil(parts).max(1);
        match without_a_part(lines, &groups, size, fails) {
            Some(fewer) => {
                groups = fewer;
                parts = (parts - 1).max(2);
            }
            None if size == 1 => break,
            None => parts = (parts * 2).min(groups.len()),
        }
    }
    chosen(lines, &groups)
}

fn without_a_part(
    lines: &[Written],
    groups: &[Vec<usize>],
    size: usize,
    fails: &mut impl FnMut(&[Written]) -> bool,
) -> Option<Vec<Vec<usize>>> {
    for start in (0..groups.len()).step_by(size) {
        let end = (start + size).min(groups.len());
        let fewer: Vec<Vec<usize>> = groups[..start]
            .iter()
            .chain(&groups[end..])
            .cloned()
            .collect();
        if !fewer.is_empty() && fails(&chosen(lines, &fewer)) {
            return Some(fewer);
        }
    }
    None
}

fn chosen(lines: &[Written], groups: &[Vec<usize>]) -> Vec<Written> {
    let mut places: Vec<usize> = groups.iter().flatten().copied().collect();
    places.sort_unstable();
    places
        .into_iter()
        .map(|place| lines[place].clone())
        .collect()
}
