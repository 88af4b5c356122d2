//! Bodies that are made to be slow, at 16, 32 and 64 KiB, into what reading them costs.
//!
//! A body of twice the length may cost twice as much: the ratio of 64 to 32 KiB is near 2 where
//! the work is linear and near 4 where it is quadratic. Measured are the event of a body, its
//! fields, its two shapes, and the header of a line. Besides the bodies thought out here there is
//! every beginning of every form of the table with blanks behind it, or with what the form waits
//! for, over and over; of those the dear ones alone are compared. Exits with 1 if a ratio is above
//! [`LIMIT`].
//!
//! Invariants: times are compared within one run only; the best of several rounds counts, so that
//! a busy machine does not raise a ratio. Not here: the cost of ordinary lines
//! (`tests/instructions`).

use std::collections::BTreeSet;
use std::hint::black_box;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use whymid_mailflow::{fields, kind, read, shape};
use whymid_syslog::parse;

/// The highest ratio that passes.
const LIMIT: f64 = 3.0;

/// Below this a body costs so little that its ratio says nothing.
const CHEAP: Duration = Duration::from_micros(2);

/// A made-up body of a form's beginning is compared if its longest costs more.
const DEAR: Duration = Duration::from_millis(3);

/// The lengths compared, in bytes.
const LENGTHS: [usize; 3] = [16 * 1024, 32 * 1024, 64 * 1024];

/// Rounds, of which the fastest counts, and the time after which no other is begun.
const ROUNDS: usize = 7;
const ENOUGH: Duration = Duration::from_millis(300);

/// A round goes on until so much time has passed; short readings are repeated.
const ROUND: Duration = Duration::from_millis(2);

/// What a body is made of: begins with, repeated, ends with.
type Recipe<'a> = (&'a str, &'a str, &'a str);

/// An allocator that has given back a block of this size keeps smaller ones for the next reading.
/// Otherwise the longest bodies alone would pay for fresh pages.
const WARM: usize = 16 * 1024 * 1024;

/// What is measured, of one text.
type Work = fn(&str);

/// Whatever repeats in a grammar: digits, brackets, quotes, delimiters, blanks, beginnings.
const BODIES: [Recipe<'static>; 56] = [
    ("MID ", "1", ""),
    ("MID 1 ready ", "1", " bytes from <a>"),
    ("MID 1 RID ", "[", ""),
    ("MID 1 RID [", "0, ", "0] Response 'ok'"),
    ("MID 1 RID [", "0,", ""),
    ("MID 1 RID [0", " ", "1]"),
    ("Message done DCID 1 MID 2 to RID [", "0, 1, ", "0]"),
    (
        "Message done DCID 1 MID 2 to RID [0] [",
        "('a', 'b'), ",
        "]",
    ),
    ("Double bounce: MID 1 to [", "0, ", "0] - 5.1.0"),
    ("MID 1 Subject ", "'", ""),
    ("MID 1 Subject ", "\"'", ""),
    ("MID 1 attachment ", "'", ""),
    ("MID 1 ICID 2 From: <", "\"\\", ">"),
    ("MID 1 From: <", "\"", "> To: <a>"),
    ("MID 1 ICID 2 To: <", " Rejected by ", "x"),
    (
        "ICID 1 Address: <",
        " sender rejected,",
        " sender allowed, x",
    ),
    ("ICID 1 ACCEPT SG A match ", " SBRS ", "x country y"),
    ("ICID 1 ACCEPT SG A match x SBRS 1", " country ", "y"),
    ("Bounced: DCID 1 MID 2 to RID 0", " - ", ""),
    (
        "Bounced: DCID 1 MID 2 to RID 0 - 5.1.0 - x ('550', [",
        "'",
        "])",
    ),
    ("Bounced: DCID 1 MID 2 to RID 0 - 5.1.0 - x", " ('", ""),
    ("Bounced: DCID 1 MID 2 From: ", "<", "> To: <a> RID 0"),
    (
        "Delayed: DCID 1 MID 2 to RID 0 - 4.1.0 - x ('000', ['",
        "\\",
        "'])",
    ),
    ("MID 1 ", "quarantined to \"", ""),
    ("", "MID 1 quarantined to \"", ""),
    ("MID 1 quarantined to \"", "\" (", "x"),
    ("MID 1 quarantine \"", "\" new reason (", "x"),
    ("MID 1 released from quarantine \"", "\" (", "x"),
    ("MID 1 rewritten to MID 2 by", " by ", "x"),
    ("MID 1 rewritten to MID 2 by x", " filter '", "x"),
    ("MID 1 was generated based on MID 2 by x", " filter '", "x"),
    ("MID 1 was split creating MID 2 due to", " due to ", "x"),
    (
        "MID 1 was split creating MID 2 due to x",
        " for following ",
        "x",
    ),
    ("MID 1 was dropped by x '", "' in the ", "x"),
    (
        "MID 1 matched all recipients for per-recipient policy x",
        " in the ",
        "x",
    ),
    ("MID 1 masquerading envelope sender from '", "' to '", "x"),
    ("MID 1 masquerading envelope sender from '", "' ", "x"),
    ("MID 1 URL http://a/", " has reputation ", "x"),
    ("MID 1 DKIM: pass x", " (d=", "x"),
    ("MID 1 DKIM: pass x (d=a", " s=", " i=b"),
    (
        "MID 1 SDR: Consolidated Sender Threat Level: a",
        ", Threat Category: ",
        "x",
    ),
    ("LDAP: Reroute query a MID 1 RID 0 address a", " to ", "x"),
    ("A Critical alert was sent to a with subject \"", "\".", "x"),
    ("Connection Error: ", " DCID: ", "x"),
    (
        "Connection Error: DCID: 1 IP: 1 details: ",
        " interface: ",
        "x",
    ),
    (
        "System limit reached: connection limit for IP a on listener b",
        " ICID ",
        "x",
    ),
    ("MID 1 was split creating MID 2 due to x", " ", "y"),
    ("MID 1 rewritten to MID 2 by x", " ", "y"),
    ("MID 1 DKIM: pass x", " ", "y"),
    ("LDAP: Reroute query a MID 1 RID 0 address x", " ", "y"),
    ("MID 1 quarantined to \"", " ", "y"),
    ("MID", " ", "1 x"),
    ("New SMTP ICID 1 interface a", " ", "y"),
    ("", "é", ""),
    ("", "<", ""),
    ("", "“'\"", ""),
];

/// Lines whose header is made to be slow.
const LINES: [Recipe<'static>; 12] = [
    ("<", "1", ">x"),
    ("<22>1 2020-08-10T09:12:39Z a b c d ", "[a b=\"c\"]", " x"),
    (
        "<22>1 2020-08-10T09:12:39Z a b c d [a b=\"",
        "\\\"",
        "\"] x",
    ),
    ("<22>1 2020-08-10T09:12:39Z a b c d [a", " b=\"c\"", "] x"),
    ("<22>1 2020-08-10T09:12:39Z a b c d ", "[", " x"),
    ("<22>1 2020-08-10T09:12:39.", "9", "Z a b c d - x"),
    ("<22>1 ", "- ", "x"),
    ("<22>Aug 10 09:12:39", " ", "a mail_logs: Info: x"),
    ("<22>Aug 10 09:12:39 ", "a.", " mail_logs: Info: x"),
    ("<22>Aug 10 09:12:39 a ", "[", "]: Info: x"),
    (
        "<22>Aug 10 09:12:39 a b: ",
        "Mon Aug  3 09:12:39 2020 ",
        "Info: x",
    ),
    ("2020-08-10T", "0:", " a b: Info: x"),
];

fn main() -> ExitCode {
    drop(black_box(vec![1_u8; WARM]));
    println!("    16 KiB     32 KiB     64 KiB  64/32  what: body");
    let mut worst: f64 = 0.0;
    for recipe in BODIES {
        for (what, work) in WORKS {
            worst = worst.max(compared(what, recipe, work));
        }
    }
    let (what, work) = WORKS[0];
    for (begin, middle) in beginnings() {
        let recipe = (begin.as_str(), middle.as_str(), "x");
        if once(&made(recipe, LENGTHS[2]), work) > DEAR {
            worst = worst.max(compared(what, recipe, work));
        }
    }
    for recipe in LINES {
        worst = worst.max(compared("header", recipe, |line| {
            black_box(parse(line));
        }));
    }
    println!("the highest ratio is {worst:.2}, the limit {LIMIT}");
    ExitCode::from(u8::from(worst > LIMIT))
}

/// What is done with a body.
const WORKS: [(&str, Work); 4] = [
    ("read", |body| {
        black_box(read(body));
    }),
    ("fields", |body| {
        if let Some(kind) = read(body).kind {
            black_box(fields(kind, body));
        }
    }),
    ("shape", |body| {
        black_box(shape(body, false));
    }),
    ("anonymous shape", |body| {
        black_box(shape(body, true));
    }),
];

/// Every form up to each of its fields, and what may then be repeated: a blank, what the form waits
/// for, and the sign with which that begins.
fn beginnings() -> BTreeSet<(String, String)> {
    let mut all = BTreeSet::new();
    for form in kind::ALL.iter().flat_map(|kind| kind.forms) {
        let mut begin = String::new();
        for part in form.split('{') {
            let (field, behind) = part.split_once('}').unwrap_or(("", part));
            let waits_for = behind.replace(['|', '…'], "");
            begin.push_str(match field.chars().next_back() {
                Some('#') => "1",
                Some(']') => "[0]",
                Some('@') => "<a>",
                Some(_) => "a",
                None => "",
            });
            let first = waits_for.chars().next().map(String::from);
            let repeated = first.into_iter().chain([waits_for.clone(), " ".to_owned()]);
            all.extend(repeated.map(|repeated| (begin.clone(), repeated)));
            begin.push_str(&waits_for);
        }
    }
    all.retain(|(_, repeated)| !repeated.is_empty());
    all
}

/// A text of at most that length, the middle as often as it fits.
fn made((begin, middle, end): Recipe<'_>, length: usize) -> String {
    let times = (length - begin.len() - end.len()) / middle.len();
    [begin, &middle.repeat(times), end].concat()
}

/// Prints what the three lengths cost, and gives the ratio of the longer two. One that is too high
/// is measured again: something else may have run meanwhile.
fn compared(what: &str, recipe: Recipe<'_>, work: Work) -> f64 {
    let texts = LENGTHS.map(|length| made(recipe, length));
    let measured = || texts.each_ref().map(|text| cost(text, work));
    let mut times = measured();
    if ratio(times) > LIMIT {
        times = measured();
    }
    let [short, middle, long] = times.map(|time| format!("{:.1} µs", time.as_secs_f64() * 1e6));
    let (begin, repeated, end) = recipe;
    let ratio = ratio(times);
    println!(
        "{short:>10} {middle:>10} {long:>10}  {ratio:>5.2}  {what}: {begin}({repeated})…{end}"
    );
    ratio
}

fn ratio([_, middle, long]: [Duration; 3]) -> f64 {
    match long < CHEAP {
        true => 1.0,
        false => long.as_secs_f64() / middle.as_secs_f64(),
    }
}

/// The time of a single reading.
fn once(text: &str, work: Work) -> Duration {
    let begun = Instant::now();
    work(black_box(text));
    begun.elapsed()
}

/// The time of one reading, in the fastest round.
fn cost(text: &str, work: Work) -> Duration {
    let round = || {
        let begun = Instant::now();
        let mut times = 0;
        while times == 0 || begun.elapsed() < ROUND {
            work(black_box(text));
            times += 1;
        }
        begun.elapsed() / times
    };
    let begun = Instant::now();
    let rounds = (0..ROUNDS).map(|count| (count == 0 || begun.elapsed() < ENOUGH).then(round));
    rounds.flatten().min().unwrap_or_default()
}
