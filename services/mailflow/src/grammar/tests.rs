//! The grammar against the lines that gateways are known to write: wording, case, blanks and
//! old forms as seen; hosts, addresses and names replaced.

mod bounce;
mod content;
mod delivery;
mod forms;
mod hostile;
mod message;
mod policy;
mod properties;
mod session;

use super::read;
use crate::event::{Fact, Owner};
use Owner::{Appliance as A, Connection as C, Delivery as D, Message as M};

/// Row of the log grammar, body, kind, owner, what it says.
type Row = (
    &'static str,
    &'static str,
    &'static str,
    Owner,
    Fact<'static>,
);

fn known() -> Vec<Row> {
    [
        session::rows(),
        policy::rows(),
        message::rows(),
        content::rows(),
        delivery::rows(),
        bounce::rows(),
    ]
    .concat()
}

#[test]
fn every_known_line_is_read_as_the_log_grammar_says() {
    for (row, line, kind, owner, fact) in known() {
        let event = read(line);
        assert_eq!(
            event.kind.map_or("", |kind| kind.name),
            kind,
            "{row} {line}"
        );
        assert_eq!(event.owner, owner, "{row} {line}");
        assert_eq!(event.fact, fact, "{row} {line}");
    }
}

#[test]
fn a_kind_names_the_rows_that_its_lines_stand_in() {
    for (row, line, kind, ..) in known() {
        let Some(kind) = crate::kind::by_name(kind) else {
            continue;
        };
        assert!(
            covers(kind.rows, row),
            "{row} {line}: {} has {}",
            kind.name,
            kind.rows
        );
    }
}

fn covers(rows: &str, row: &str) -> bool {
    rows.split(", ").any(|part| match part.split_once('-') {
        Some((first, last)) => (first..=last).contains(&row),
        None => part == row,
    })
}

#[test]
fn every_known_kind_has_a_line() {
    let rows = known();
    for kind in crate::kind::ALL.iter().filter(|kind| !kind.by_form) {
        assert!(
            rows.iter().any(|(_, _, name, ..)| *name == kind.name),
            "{}",
            kind.name
        );
    }
}

#[test]
fn a_cut_line_stays_with_its_owner_once_the_id_is_whole() {
    for (row, line, _, owner, _) in known() {
        let from = match owner {
            A | Owner::Beside(_) => continue,
            M(id) | C(id) | D(id) => {
                let digits = id.to_string();
                line.find(&digits).expect("the id stands in the line") + digits.len()
            }
        };
        for end in (from..=line.len()).filter(|end| line.is_char_boundary(*end)) {
            let cut = &line[..end];
            if !tells_its_owner_late(cut) {
                assert_eq!(read(cut).owner, owner, "{row} {cut}");
            }
        }
    }
}

/// `ICID 3 MI`: a connection's until the MID is there. `System limit` and the old
/// `Connection Error` have their id behind text of open length, where only their form finds it.
fn tells_its_owner_late(cut: &str) -> bool {
    cut.starts_with("ICID 3 ") && !cut.contains("MID 1")
}

#[test]
fn no_prefix_of_a_line_belongs_to_anybody_else() {
    for (row, line, _, owner, _) in known() {
        for (end, _) in line.char_indices() {
            let strange = match (read(&line[..end]).owner, owner) {
                (A, _) => false,
                (M(id), M(own))
                | (C(id), C(own))
                | (D(id), D(own))
                | (Owner::Beside(id), Owner::Beside(own)) => {
                    !own.to_string().starts_with(&id.to_string())
                }
                // the connection that the line of a message names first
                (D(id) | C(id), M(_)) => !line.contains(&id.to_string()),
                _ => true,
            };
            assert!(!strange, "{row} {}", &line[..end]);
        }
    }
}

#[test]
fn trailing_blanks_change_nothing() {
    for (row, line, ..) in known() {
        let longer = format!("{line}  ");
        assert_eq!(read(&longer), read(line), "{row} {line}");
    }
}

#[test]
fn a_cut_line_claims_no_end_that_it_does_not_show() {
    for cut in [
        "Message aborted MID 1404 ",
        "Message aborted MID 1404 Receiving abor",
        "Message aborted MID 1404 Inj",
        "Message finished MID 1404 abor",
        "Message finished MID 1404 ",
        "Message done DCID 65 MID 1404 to RID [0] (external quar",
        "Message done DCID 65 MID 1404 to RID [1",
        "Delivery start DCID 65 MID 1404 to RID [0] to off",
        "MID 1404 ICID 10293 From: <",
        "MID 1404 ICID 10293 RID 0 To: <",
    ] {
        let event = read(cut);
        assert_eq!((event.kind, event.owner), (None, M(1404)), "{cut}");
    }
}
