//! `whymid events`: the kinds of line that the grammar knows; of a log, the lines that it does
//! not know, as shapes with their counts.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::ExitCode;

use whymid_mailflow::kind::{self, Belongs, Ends, Kind};

use crate::args::Events;
use crate::log_file;

/// Unreadable input.
const UNREADABLE: u8 = 3;

/// The most shapes that are told apart; the lines of more are counted together.
const MOST: usize = 100_000;

/// Runs the command.
pub fn run(args: &Events) -> ExitCode {
    let printed = if args.unknown {
        match unknown(args) {
            Ok(printed) => printed,
            Err(error) => {
                eprintln!("whymid: {error:#}");
                return ExitCode::from(UNREADABLE);
            }
        }
    } else {
        table()
    };
    // a reader that went away (`| head`) is no failure
    let _ = std::io::stdout().lock().write_all(printed.as_bytes());
    ExitCode::SUCCESS
}

/// The table, a kind a paragraph.
fn table() -> String {
    let mut told = String::from(
        "Fields stand in braces: {n#} a number, {n[]} recipient ids, {a@} an address, {w.} a word,\n\
         {t} text, {t~} text that strangers write, {t'} quoted text. `…` is whatever else stands\n\
         there; behind `|` a line may be cut; `¦` is a bar.\n",
    );
    for kind in kind::ALL {
        // a string takes all
        let _ = writeln!(told, "\n{} ({})", kind.name, remarks(kind));
        for form in kind.forms {
            let _ = writeln!(told, "    {form}");
        }
    }
    told
}

/// Whose it is, what it ends, where it comes from.
fn remarks(kind: &Kind) -> String {
    let belongs = match kind.belongs {
        Belongs::Message => "of a message",
        Belongs::Connection => "of a connection",
        Belongs::Delivery => "of a delivery",
        Belongs::Appliance => "of the appliance",
        Belongs::Beside => "beside a message",
    };
    let ends = match kind.ends {
        Ends::Nothing => None,
        Ends::Begins => Some("begins it"),
        Ends::Recipients => Some("settles recipients"),
        Ends::Reason => Some("says why it ends"),
        Ends::Record => Some("ends it"),
    };
    let seen = (!kind.seen).then_some("unconfirmed: no such line has been seen yet");
    let parts = [Some(belongs), ends, seen];
    let parts: Vec<&str> = parts.into_iter().flatten().collect();
    format!("{}; {}", parts.join(", "), kind.rows)
}

/// `COUNT SHAPE`, most frequent first.
fn unknown(args: &Events) -> anyhow::Result<String> {
    let mut shapes: HashMap<String, u64> = HashMap::new();
    let (mut lines, mut not_known, mut others) = (0, 0, 0);
    for contents in log_file::each(&args.files) {
        for line in whymid_syslog::file(&contents?) {
            let (text, _) = whymid_syslog::text(&line.bytes);
            if text.starts_with('#') || text.trim().is_empty() {
                continue;
            }
            lines += 1;
            let body = whymid_syslog::parse(&text).body;
            if whymid_mailflow::read(body).kind.is_some() {
                continue;
            }
            not_known += 1;
            let shape = whymid_mailflow::shape(body, args.anonymise);
            if shapes.len() < MOST || shapes.contains_key(&shape) {
                *shapes.entry(shape).or_default() += 1;
            } else {
                others += 1;
            }
        }
    }
    eprintln!(
        "{lines} lines, {not_known} of them not known, in {} shapes",
        shapes.len()
    );
    let mut shapes: Vec<(u64, String)> = shapes
        .into_iter()
        .map(|(shape, count)| (count, shape))
        .collect();
    shapes.sort_by(|(a, one), (b, other)| b.cmp(a).then_with(|| one.cmp(other)));
    if others > 0 {
        eprintln!(
            "{others} further lines are of shapes beyond the first {MOST} and are not listed"
        );
    }
    Ok(shapes
        .iter()
        .map(|(count, shape)| format!("{count} {shape}\n"))
        .collect())
}
