//! What a person pasted, to the lines of log in it: whole lines, lines that were joined when they
//! were pasted, and bodies without their headers.
//!
//! Invariants: a line begins where a header of the appliance's own form (H1) does, or where a body
//! of a known kind does; what stands in front of the first one is no line. Lines of other forms
//! (`syslog`), which come a line each, stay as they are. Bodies without a header count only where no
//! line has one, and get one of the beginning of 1970, in their order: their moments say nothing.
//!
//! Not here: what the lines say (`mailflow`).

use jiff::Timestamp;
use whymid_mailflow::Settings;
use whymid_schemas::Lang;

use crate::answer::Style;
use crate::explain::{LogReader, Reading, Wanted};
use crate::knowledge::Knowledge;
use crate::limits::Listeners;

/// The most places of a line at which a body is looked for.
const MOST_STARTS: usize = 150;

/// The most looks at what may be a body, in all of a text.
const MOST_LOOKS: usize = 20_000;

/// The most answers that are looked at.
const MOST_ANSWERS: usize = 20;

/// `Thu Aug 14 11:05:36 2014 `, in front of the level.
const STAMP: usize = 25;

const LEVELS: [&str; 5] = ["Info: ", "Warning: ", "Critical: ", "Error: ", "Debug: "];

/// The lines of log in a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Pasted {
    /// The lines, each with a header.
    pub log: String,
    /// Whether the headers are those of the text; else their moments are made up.
    pub stamped: bool,
}

/// The lines of log in a text; none where there are none.
#[must_use]
pub fn pasted(text: &str) -> Option<Pasted> {
    let mut log = String::new();
    let mut without = Vec::new();
    let mut looks = MOST_LOOKS;
    for line in text.lines() {
        let headers = headers(line);
        if headers.is_empty() && is_whole(line) {
            log.push_str(line);
            log.push('\n');
        } else if headers.is_empty() {
            without.extend(bodies(line, &mut looks));
        }
        for (place, from) in headers.iter().enumerate() {
            let to = headers.get(place + 1).copied().unwrap_or(line.len());
            log.push_str(line[*from..to].trim());
            log.push('\n');
        }
    }
    let stamped = !log.is_empty();
    if !stamped {
        for (place, body) in without.iter().enumerate() {
            let (minute, second) = (place.min(3599) / 60, place.min(3599) % 60);
            log.push_str(&format!(
                "Thu Jan  1 00:{minute:02}:{second:02} 1970 Info: {body}\n"
            ));
        }
    }
    (!log.is_empty()).then_some(Pasted { log, stamped })
}

/// Whether a line has a header of any form, with a moment, in front of a body of a known kind.
fn is_whole(line: &str) -> bool {
    let parsed = whymid_syslog::parse(line);
    parsed.stamp.is_some() && whymid_mailflow::read(parsed.body).kind.is_some()
}

/// Where headers begin.
fn headers(line: &str) -> Vec<usize> {
    let levels = LEVELS.iter().flat_map(|level| line.match_indices(level));
    let stamped = levels.filter_map(|(at, _)| {
        let from = at.checked_sub(STAMP)?;
        is_stamp(line.get(from..at)?).then_some(from)
    });
    let mut headers: Vec<usize> = stamped.collect();
    headers.sort_unstable();
    headers
}

/// Three letters, three letters, a day, a time, a year.
fn is_stamp(text: &str) -> bool {
    let form = "Aaa Aaa 99 99:99:99 9999 ";
    text.is_ascii()
        && text
            .bytes()
            .zip(form.bytes())
            .all(|(own, wanted)| match wanted {
                b'A' => own.is_ascii_uppercase(),
                b'a' => own.is_ascii_lowercase(),
                b'9' => own.is_ascii_digit() || own == b' ',
                other => own == other,
            })
}

/// Bodies of known kinds, each up to where the next one begins, or to the end of the text.
fn bodies<'a>(line: &'a str, looks: &mut usize) -> Vec<&'a str> {
    let line = line.trim();
    let mut starts = vec![0];
    starts.extend(line.match_indices(' ').map(|(at, _)| at + 1));
    starts.retain(|at| line[*at..].starts_with(|letter: char| letter.is_ascii_uppercase()));
    starts.truncate(MOST_STARTS);
    // from the last start to the first: where the body that begins there ends
    let mut ends: Vec<Option<usize>> = vec![None; starts.len()];
    for place in (0..starts.len()).rev() {
        let later = place + 1..starts.len();
        let next = later.clone().filter(|next| ends[*next].is_some());
        let mut possible = next.map(|next| starts[next]).chain([line.len()]);
        ends[place] = possible.find(|end| {
            if *looks == 0 {
                return false;
            }
            *looks -= 1;
            let body = line[starts[place]..*end].trim_end();
            whymid_mailflow::read(body).kind.is_some()
        });
    }
    let mut bodies = Vec::new();
    let mut free = 0;
    for (start, end) in starts.iter().zip(ends) {
        if let Some(end) = end.filter(|_| *start >= free) {
            bodies.push(line[*start..end].trim_end());
            free = end;
        }
    }
    bodies
}

impl Knowledge {
    /// The diagnoses that the lines of log in a text get.
    #[must_use]
    pub fn diagnosed(&self, text: &str) -> Vec<String> {
        let Some(Pasted { log, .. }) = pasted(text) else {
            return Vec::new();
        };
        let mut reader = LogReader::new(Reading {
            settings: Settings::default(),
            listeners: Listeners::default(),
            year: None,
            now: Timestamp::UNIX_EPOCH,
        });
        reader.read(log.as_bytes());
        let style = Style {
            lang: Lang::En,
            zone: jiff::tz::TimeZone::UTC,
            base_url: String::new(),
        };
        let log = reader.finish();
        let (answers, _) = log.answers(self, None, Wanted::Everything, MOST_ANSWERS, &style);
        let mut ids: Vec<String> = answers.into_iter().map(|one| one.diagnosis.id).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joined_lines_are_taken_apart_and_bodies_get_a_header() {
        let first = "Thu Aug 14 11:05:36 2014 Info: ICID 20417 lost";
        let second = "Thu Aug 14 11:05:37 2014 Info: Message aborted MID 3309 Receiving aborted";
        for (text, wanted) in [
            (format!("{first} {second}"), format!("{first}\n{second}\n")),
            (format!("何ですか {first}\n{second}"), format!("{first}\n{second}\n")),
            (
                "why? Message aborted MID 3309 Receiving aborted Message finished MID 3309 aborted".to_owned(),
                "Thu Jan  1 00:00:00 1970 Info: Message aborted MID 3309 Receiving aborted\nThu Jan  1 00:00:01 1970 Info: Message finished MID 3309 aborted\n".to_owned(),
            ),
            (format!("Message aborted MID 3308 Receiving aborted\n{second}"), format!("{second}\n")),
            (
                "Aug 14 11:05:37 esa1 mail_logs: Info: Message aborted MID 3309 Receiving aborted\r\n<22>Aug 14 11:05:37 esa1 mail_logs: Info: Message finished MID 3309 aborted".to_owned(),
                "Aug 14 11:05:37 esa1 mail_logs: Info: Message aborted MID 3309 Receiving aborted\n<22>Aug 14 11:05:37 esa1 mail_logs: Info: Message finished MID 3309 aborted\n".to_owned(),
            ),
            ("mail from Ann did not arrive".to_owned(), String::new()),
            ("請求書が届かない".to_owned(), String::new()),
        ] {
            let told = pasted(&text);
            let log = told.as_ref().map_or("", |told| told.log.as_str());
            assert_eq!(log, wanted, "{text}");
            let made_up = wanted.contains(" 1970 ") || wanted.is_empty();
            assert_eq!(told.is_some_and(|told| told.stamped), !made_up, "{text}");
        }
    }

    #[test]
    fn a_long_text_is_looked_at_for_a_while_only() {
        let line = "Message Queued Start Info New Delivery Warning ".repeat(20);
        let text = format!("{line}\n").repeat(5000);
        assert_eq!(pasted(&text), None);
        let mut looks = 0;
        assert!(bodies("Message finished MID 3309 aborted", &mut looks).is_empty());
    }

    #[test]
    fn what_was_pasted_is_diagnosed() {
        let knowledge = Knowledge::embedded();
        let told = knowledge.diagnosed("Start MID 3309 ICID 7 ICID 7 lost Message aborted MID 3309 Receiving aborted Message finished MID 3309 aborted");
        assert_eq!(told, ["receiving-aborted-connection-lost"]);
        assert!(knowledge.diagnosed("no log at all").is_empty());
    }
}
