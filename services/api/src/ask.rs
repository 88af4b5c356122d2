//! What a person typed or pasted into the one field, to what is meant.
//!
//! Tried in this order: nothing; `field:value` pairs, as the API's filters; a number with its name
//! (`MID 1404`); a `Message-ID`; an IP address; an address; a bare number; a host or a domain; lines
//! of log; words.
//!
//! Invariant: one thing is meant, and the page says which one. What can't be read as a filter is an
//! error that says why.

use std::net::IpAddr;

use whymid_diagnosis::Pasted;
use whymid_store::{Choice, Filter, Pattern, RecordKind};

use crate::{
    error::Failure,
    filters::{self, Wanted},
    query::Fields,
};

/// What was meant.
#[derive(Clone, Debug)]
pub(crate) enum Meant {
    /// Nothing was asked.
    Nothing,
    /// Lines of log.
    Log(Pasted),
    /// A message id number.
    Mid(u64),
    /// A connection id number.
    Icid(u64),
    /// A delivery id number.
    Dcid(u64),
    /// A number that may be any of them.
    Number(u64),
    /// A `Message-ID` header.
    MessageId(String),
    /// An envelope address.
    Address(String),
    /// An IP address.
    Ip(String),
    /// A host, or the domain of addresses.
    Host(String),
    /// Filters.
    Filters(Box<Wanted>),
    /// Words.
    Words(Box<Wanted>),
}

/// What a text means.
pub(crate) fn meant(text: &str) -> Result<Meant, Failure> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(Meant::Nothing);
    }
    if let Some(pairs) = pairs(text) {
        let fields = Fields::of(pairs, &filters::several(filters::names()))?;
        let wanted = filters::of_messages(&fields)?;
        return Ok(Meant::Filters(Box::new(wanted)));
    }
    if let Some(known) = one_thing(text) {
        return Ok(known);
    }
    if let Some(pasted) = whymid_diagnosis::pasted(text) {
        return Ok(Meant::Log(pasted));
    }
    let wanted = filters::of_words(text);
    Ok(Meant::Words(Box::new(wanted)))
}

/// What a number is.
type Kind = fn(u64) -> Meant;

/// Words that stand in front of a number.
const NAMES: [(&str, Kind); 3] = [
    ("mid", Meant::Mid),
    ("icid", Meant::Icid),
    ("dcid", Meant::Dcid),
];

/// A text that is one thing.
fn one_thing(text: &str) -> Option<Meant> {
    let small = text.to_lowercase();
    let signs = [' ', ':', '=', '#', '\t', '　', '：'];
    for (name, kind) in NAMES {
        let number = small
            .strip_prefix(name)
            .map(|rest| rest.trim_matches(signs));
        if let Some(number) = number.and_then(|rest| rest.parse().ok()) {
            return Some(kind(number));
        }
    }
    for name in ["message-id:", "message_id:"] {
        let front = text.get(..name.len());
        if front.is_some_and(|front| front.eq_ignore_ascii_case(name)) {
            // capitals count
            let own = text[name.len()..].trim();
            let own = own.trim_matches(['<', '>', '"']).to_owned();
            return (!own.is_empty()).then_some(Meant::MessageId(own));
        }
    }
    if text.contains(char::is_whitespace) {
        return None;
    }
    if let Some(id) = text
        .strip_prefix('<')
        .and_then(|rest| rest.strip_suffix('>'))
    {
        return id.contains('@').then(|| Meant::MessageId(id.to_owned()));
    }
    let bare = small.trim_matches(['[', ']', ',', ';', '"', '\'']);
    if bare.parse::<IpAddr>().is_ok() {
        return Some(Meant::Ip(bare.to_owned()));
    }
    if bare.contains('@') {
        return Some(Meant::Address(bare.to_owned()));
    }
    if let Ok(number) = bare.parse() {
        return Some(Meant::Number(number));
    }
    let is_name =
        |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-' | '_' | '*');
    let has_dot = bare.trim_matches(['.', '*']).contains('.');
    (has_dot && bare.chars().all(is_name)).then(|| Meant::Host(bare.to_owned()))
}

/// `field:value` pairs, if the text is nothing else; values with blanks stand in double quotes.
fn pairs(text: &str) -> Option<Vec<(String, String)>> {
    let names = filters::names();
    let mut pairs = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (name, after) = rest.split_once(':')?;
        let name = name.to_lowercase();
        if !names.contains(&name) {
            return None;
        }
        let (value, after) = match after
            .strip_prefix('"')
            .and_then(|rest| rest.split_once('"'))
        {
            Some((value, after)) => (value, after),
            None => after.split_once(char::is_whitespace).unwrap_or((after, "")),
        };
        let numbered = ["mid", "icid", "dcid", "message_id"].contains(&name.as_str());
        if numbered && pairs.is_empty() && after.trim().is_empty() && !value.starts_with('!') {
            // one number by itself is asked for, not filtered by
            return None;
        }
        pairs.push((name, value.to_owned()));
        rest = after.trim_start();
    }
    (!pairs.is_empty()).then_some(pairs)
}

impl Meant {
    /// The searches that find it among messages: what fits any of them is meant.
    pub(crate) fn of_messages(&self, now: jiff::Timestamp) -> Vec<Filter> {
        let all = || Filter::all(RecordKind::Message);
        let is = |text: &str| any(Pattern::Is(text.to_owned()));
        match self {
            Self::Nothing | Self::Log(_) => Vec::new(),
            Self::Mid(mid) => vec![Filter {
                mid: any(*mid),
                ..all()
            }],
            Self::Icid(icid) => vec![Filter {
                icid: any(*icid),
                ..all()
            }],
            Self::Dcid(dcid) => vec![Filter {
                dcid: any(*dcid),
                ..all()
            }],
            Self::Number(number) => vec![
                Filter {
                    mid: any(*number),
                    ..all()
                },
                Filter {
                    icid: any(*number),
                    ..all()
                },
            ],
            Self::MessageId(id) => vec![Filter {
                message_id: is(id),
                ..all()
            }],
            Self::Address(address) => vec![
                Filter {
                    sender: pattern(address),
                    ..all()
                },
                Filter {
                    recipient: pattern(address),
                    ..all()
                },
                Filter {
                    message_id: is(address),
                    ..all()
                },
            ],
            Self::Ip(ip) => vec![Filter {
                ip: is(ip),
                ..all()
            }],
            Self::Host(host) => {
                let domain = format!("@{}", host.trim_start_matches(['*', '.']));
                let ending = || any(Pattern::Ends(domain.clone()));
                vec![
                    Filter {
                        host: pattern(host),
                        ..all()
                    },
                    Filter {
                        sender: ending(),
                        ..all()
                    },
                    Filter {
                        recipient: ending(),
                        ..all()
                    },
                ]
            }
            Self::Filters(wanted) | Self::Words(wanted) => vec![wanted.at(now)],
        }
    }

    /// The searches that find it among connections.
    pub(crate) fn of_connections(&self) -> Vec<Filter> {
        let all = || Filter::all(RecordKind::Connection);
        match self {
            Self::Icid(icid) | Self::Number(icid) => vec![Filter {
                icid: any(*icid),
                ..all()
            }],
            Self::Ip(ip) => vec![Filter {
                ip: any(Pattern::Is(ip.clone())),
                ..all()
            }],
            Self::Host(host) => vec![Filter {
                host: pattern(host),
                ..all()
            }],
            Self::Nothing
            | Self::Log(_)
            | Self::Mid(_)
            | Self::Dcid(_)
            | Self::MessageId(_)
            | Self::Address(_)
            | Self::Filters(_)
            | Self::Words(_) => Vec::new(),
        }
    }

    /// What of the text was left out.
    pub(crate) fn not_understood(&self) -> &[String] {
        if let Self::Filters(wanted) | Self::Words(wanted) = self {
            &wanted.not_understood
        } else {
            &[]
        }
    }
}

fn any<T>(one: T) -> Choice<T> {
    Choice {
        any: vec![one],
        none: Vec::new(),
    }
}

/// A text with a `*` at its front or its end.
fn pattern(text: &str) -> Choice<Pattern> {
    let bare = text.trim_matches('*').to_owned();
    any(if text.starts_with('*') {
        Pattern::Ends(bare)
    } else if text.ends_with('*') {
        Pattern::Begins(bare)
    } else {
        Pattern::Is(bare)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_thing_is_taken_for_what_it_is() {
        for (text, wanted) in [
            ("", "Nothing"),
            ("  ", "Nothing"),
            ("1404", "Number(1404)"),
            ("MID 1404", "Mid(1404)"),
            ("mid:1404", "Mid(1404)"),
            ("ICID=10293", "Icid(10293)"),
            ("dcid 7", "Dcid(7)"),
            ("MID：1404", "Mid(1404)"),
            ("<a1.B2@Host.example>", "MessageId(\"a1.B2@Host.example\")"),
            (
                "Message-ID: <a1.B2@Host.example>",
                "MessageId(\"a1.B2@Host.example\")",
            ),
            (
                "message_id:a1@host.example",
                "MessageId(\"a1@host.example\")",
            ),
            ("Ann@Corp.example", "Address(\"ann@corp.example\")"),
            ("*@corp.example", "Address(\"*@corp.example\")"),
            ("192.0.2.7", "Ip(\"192.0.2.7\")"),
            ("[2001:db8::7]", "Ip(\"2001:db8::7\")"),
            ("mail.corp.example", "Host(\"mail.corp.example\")"),
            ("*.corp.example", "Host(\"*.corp.example\")"),
        ] {
            assert_eq!(
                format!("{:?}", meant(text).expect("read")),
                wanted,
                "{text}"
            );
        }
        for text in ["invoice for March", "請求書", "outcome: what", "re:invoice"] {
            assert!(matches!(meant(text), Ok(Meant::Words(_))), "{text}");
        }
        for text in [
            "outcome:aborted since:7d",
            "diagnosis:receiving-aborted-*",
            "subject:\"new order\"",
        ] {
            assert!(matches!(meant(text), Ok(Meant::Filters(_))), "{text}");
        }
        assert!(matches!(
            meant("Message aborted MID 1404 Receiving aborted"),
            Ok(Meant::Log(_))
        ));
        assert!(meant("outcome:abroted").is_err());
        assert!(meant("since:1h since:2h").is_err());
        for odd in [
            "Message-ID: \u{212a}\u{212a}\u{212a}",
            "Message-ID: \u{130}\u{130}\u{130}\u{130}",
        ] {
            assert!(matches!(meant(odd), Ok(Meant::MessageId(_))), "{odd}");
        }
    }
}
