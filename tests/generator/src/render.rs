//! A written line to the bytes of a file's line or of a syslog datagram.
//!
//! The forms are those of the log grammar's section a.1. No line end is added: that is framing.
//!
//! Invariants: the body is untouched; a form without a year or a host really has none.

use jiff::civil::{DateTime, Weekday};

use crate::plan::Appliance;
use crate::text::Part;
use crate::truth::Written;

/// What stands in front of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// The appliance's own file (H10): `Mon Aug 10 09:12:39 2020 Info: …`.
    File,
    /// `<166>Mar 17 18:24:37 mail_logs: Info: …`: no host, no year.
    H1,
    /// `<94>Nov 24 14:22:57 HOST mail_logs: Info: …`.
    H2,
    /// As stored by a syslog daemon: no priority, host, no year.
    H3,
    /// A syslog header around a whole line of the file.
    H8,
    /// RFC 5424, the offset from UTC in the stamp.
    Rfc5424,
}

impl Form {
    /// Every form.
    pub const ALL: [Self; 6] = [
        Self::File,
        Self::H1,
        Self::H2,
        Self::H3,
        Self::H8,
        Self::Rfc5424,
    ];
}

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// The bytes of a line in a form; names, priorities and offsets are the appliances'.
#[must_use]
pub fn render(line: &Written, form: Form, appliances: &[Appliance]) -> Vec<u8> {
    let from = &appliances[line.appliance];
    let mut text = String::with_capacity(line.body.len() + 96);
    match form {
        Form::File => file_line(line, &mut text),
        Form::H1 => {
            priority(from, &mut text);
            bsd_stamp(line.at, &mut text);
            tagged(line, from, &mut text);
        }
        Form::H2 | Form::H3 => {
            if form == Form::H2 {
                priority(from, &mut text);
            }
            bsd_stamp(line.at, &mut text);
            push_all(&mut text, &[" ", &from.name]);
            tagged(line, from, &mut text);
        }
        Form::H8 => {
            priority(from, &mut text);
            bsd_stamp(line.at, &mut text);
            push_all(&mut text, &[" ", &from.name, " ESA: "]);
            file_line(line, &mut text);
        }
        Form::Rfc5424 => rfc5424(line, from, &mut text),
    }
    text.into_bytes()
}

fn push_all(text: &mut String, pieces: &[&str]) {
    for piece in pieces {
        text.push_str(piece);
    }
}

fn priority(from: &Appliance, text: &mut String) {
    text.push('<');
    u64::from(from.priority).put(text);
    text.push('>');
}

fn tagged(line: &Written, from: &Appliance, text: &mut String) {
    let level = line.level.word();
    push_all(
        text,
        &[" ", &from.subscription, ": ", level, ": ", &line.body],
    );
}

fn file_line(line: &Written, text: &mut String) {
    file_stamp(line.at, text);
    push_all(text, &[" ", line.level.word(), ": ", &line.body]);
}

fn rfc5424(line: &Written, from: &Appliance, text: &mut String) {
    priority(from, text);
    text.push_str("1 ");
    let date = line.at.date();
    u64::from(date.year().unsigned_abs()).put(text);
    text.push('-');
    two_digits(date.month(), '0', text);
    text.push('-');
    two_digits(date.day(), '0', text);
    text.push('T');
    time(line.at, text);
    offset(from.offset, text);
    push_all(text, &[" ", &from.name, " ", &from.subscription, " - - - "]);
    push_all(text, &[line.level.word(), ": ", &line.body]);
}

fn offset(seconds: i32, text: &mut String) {
    let minutes = seconds.unsigned_abs() / 60;
    text.push(if seconds < 0 { '-' } else { '+' });
    two_digits((minutes / 60) as i8, '0', text);
    text.push(':');
    two_digits((minutes % 60) as i8, '0', text);
}

/// `Mon Aug 10 09:12:39 2020`.
pub(crate) fn file_stamp(at: DateTime, text: &mut String) {
    text.push_str(match at.weekday() {
        Weekday::Monday => "Mon ",
        Weekday::Tuesday => "Tue ",
        Weekday::Wednesday => "Wed ",
        Weekday::Thursday => "Thu ",
        Weekday::Friday => "Fri ",
        Weekday::Saturday => "Sat ",
        Weekday::Sunday => "Sun ",
    });
    bsd_stamp(at, text);
    text.push(' ');
    u64::from(at.year().unsigned_abs()).put(text);
}

/// `Aug  2 09:12:39`.
fn bsd_stamp(at: DateTime, text: &mut String) {
    let date = at.date();
    text.push_str(MONTHS[(date.month().max(1) - 1) as usize % 12]);
    text.push(' ');
    two_digits(date.day(), ' ', text);
    text.push(' ');
    time(at, text);
}

fn time(at: DateTime, text: &mut String) {
    two_digits(at.hour(), '0', text);
    text.push(':');
    two_digits(at.minute(), '0', text);
    text.push(':');
    two_digits(at.second(), '0', text);
}

fn two_digits(number: i8, filler: char, text: &mut String) {
    if number < 10 {
        text.push(filler);
    }
    u64::from(number.unsigned_abs()).put(text);
}
