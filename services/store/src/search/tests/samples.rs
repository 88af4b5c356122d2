//! Messages with everything that can be asked for, and filters that fit some of them.

use jiff::Timestamp;
use whymid_diagnosis::Facets;
use whymid_mailflow::{Intake, NothingWritten, Rested, Settings};
use whymid_schemas::{Custody, Outcome, Party};
use whymid_syslog::{Frame, Lane, Transport};

use crate::{Choice, Document, Filter, Pattern, Peer, Phrase, Record, RecordKind};

const SENDERS: [&str; 4] = [
    "Ann@partner.example",
    "bob@corp.example",
    "",
    "x.y@mail.corp.example",
];
const RECIPIENTS: [&str; 3] = [
    "info@corp.example",
    "sales@corp.example",
    "a+b@branch.example",
];
const SUBJECTS: [&str; 5] = [
    "Invoice 4711 for March",
    "=?UTF-8?B?6KuL5rGC5pu444Gu6YCB5LuY?=",
    "請求書（メール サーバー）",
    "Re: invoice, please (urgent)",
    "山",
];
const HOSTS: [&str; 3] = [
    "mx1.partner.example",
    "mail.corp.example",
    "MX2.partner.example",
];

/// Messages of some appliances, several of each second, with everything that can be asked for.
pub(crate) fn documents(from: u64, count: u64) -> Vec<Document> {
    let mut documents = Vec::new();
    for number in from..from + count {
        let pick = |all: &[&'static str]| all[(number as usize * 7 + 3) % all.len()];
        let at = Timestamp::from_second(1_755_000_000 + number as i64 / 3).expect("a moment");
        let mut intake = Intake::new(&Settings {
            unnamed: format!("esa{}", number % 3),
            ..Settings::default()
        });
        let stamp = at.strftime("%a %b %e %H:%M:%S %Y");
        let bodies = [
            format!("Start MID {number} ICID {}", number / 2),
            format!(
                "MID {number} ICID {} From: <{}>",
                number / 2,
                pick(&SENDERS)
            ),
            format!(
                "MID {number} ICID {} RID 0 To: <{}>",
                number / 2,
                pick(&RECIPIENTS)
            ),
            format!(
                "MID {number} ICID {} RID 1 To: <{}>",
                number / 2,
                RECIPIENTS[number as usize % 3]
            ),
            format!("MID {number} Message-ID '<{number}.A@partner.example>'"),
            format!("MID {number} Subject '{}'", pick(&SUBJECTS)),
            format!("MID {number} wholly new words of {}", number % 5),
        ];
        for (place, body) in bodies.iter().enumerate() {
            let frame = Frame {
                bytes: format!("{stamp} Info: {body}").into_bytes(),
                peer: None,
                transport: Transport::File,
                source: 1,
                received_at: at,
                lane: Lane::Live,
                defect: None,
                label: None,
            };
            intake.take(&frame, place as u64 + 1, &mut NothingWritten);
        }
        let rested = intake.assembler.shed(usize::MAX).records;
        let message = rested.into_iter().find_map(|one| match one {
            Rested::Message(one, _) => Some(one),
            Rested::Connection(_) | Rested::Delivery(_) | Rested::Event(_) => None,
        });
        let outcomes = [Outcome::Delivered, Outcome::Aborted, Outcome::HardBounced];
        let parties = [
            vec![Party::Sender, Party::NetworkPath],
            vec![Party::OurPolicy],
            Vec::new(),
        ];
        documents.push(Document {
            record: Record::Message(message.expect("a message")),
            facets: Some(Facets {
                outcome: outcomes[number as usize % 3],
                custody: Custody::Sender,
                diagnosis: [
                    "delivered-ok",
                    "receiving-aborted-lost",
                    "receiving-aborted-by-sender",
                ][number as usize % 3]
                    .to_owned(),
                party: parties[number as usize % 3].clone(),
                kb_version: String::new(),
            }),
            peer: Peer {
                host: (number % 4 > 0).then(|| pick(&HOSTS).to_lowercase()),
                ip: Some(format!("192.0.2.{}", number % 20)),
            },
            told: None,
        });
    }
    documents
}

pub(super) fn is(text: &str) -> Pattern {
    Pattern::Is(text.to_owned())
}

fn any<T>(any: Vec<T>) -> Choice<T> {
    Choice {
        any,
        none: Vec::new(),
    }
}

pub(super) fn none<T>(none: Vec<T>) -> Choice<T> {
    Choice {
        any: Vec::new(),
        none,
    }
}

fn phrase(text: &str) -> Phrase {
    Phrase::of(text.trim_end_matches('*'), text.ends_with('*')).expect("words")
}

/// Filters, each with whether it fits some and not all of the documents.
pub(super) fn filters() -> Vec<Filter> {
    let all = || Filter::all(RecordKind::Message);
    let at = |second: i64| Timestamp::from_second(1_755_000_000 + second).ok();
    let mut filters = vec![
        Filter {
            appliance: any(vec!["esa1".to_owned()]),
            ..all()
        },
        Filter {
            appliance: none(vec!["esa1".to_owned(), "esa2".to_owned()]),
            ..all()
        },
        Filter {
            mid: any(vec![7, 8, 20]),
            ..all()
        },
        Filter {
            icid: any(vec![5]),
            mid: none(vec![11]),
            ..all()
        },
        Filter {
            message_id: any(vec![is("9.A@partner.example")]),
            ..all()
        },
        Filter {
            message_id: any(vec![Pattern::Begins("1".to_owned())]),
            ..all()
        },
        Filter {
            since: at(3),
            until: at(9),
            ..all()
        },
        Filter {
            outcome: any(vec![is("aborted"), is("hard_bounced")]),
            ..all()
        },
        Filter {
            diagnosis: any(vec![Pattern::Begins("receiving-aborted-".to_owned())]),
            ..all()
        },
        Filter {
            party: none(vec![is("sender")]),
            ..all()
        },
        Filter {
            host: any(vec![Pattern::Ends(".partner.example".to_owned())]),
            ..all()
        },
        Filter {
            host: none(vec![is("mail.corp.example")]),
            ip: any(vec![Pattern::Begins("192.0.2.1".to_owned())]),
            ..all()
        },
    ];
    for pattern in [
        is("ann@partner.example"),
        is(""),
        Pattern::Ends("corp.example".to_owned()),
        Pattern::Begins("x.".to_owned()),
        Pattern::Ends("@corp.example".to_owned()),
    ] {
        filters.push(Filter {
            sender: any(vec![pattern.clone()]),
            ..all()
        });
        filters.push(Filter {
            sender: none(vec![pattern]),
            ..all()
        });
    }
    for pattern in [is("a+b@branch.example"), Pattern::Begins("a+".to_owned())] {
        filters.push(Filter {
            recipient: any(vec![pattern.clone()]),
            ..all()
        });
        filters.push(Filter {
            recipient: none(vec![pattern]),
            ..all()
        });
    }
    for text in [
        "invoice",
        "INVOICE 4711",
        "invo*",
        "4711 for ma*",
        "請求書",
        "送付",
        "ﾒｰﾙｻｰﾊﾞｰ",
        "山",
        "書",
        "invoice please",
        "求書の*",
    ] {
        filters.push(Filter {
            subject: any(vec![phrase(text)]),
            ..all()
        });
        filters.push(Filter {
            subject: none(vec![phrase(text)]),
            ..all()
        });
        filters.push(Filter {
            words: any(vec![phrase(text), phrase("wholly new")]),
            ..all()
        });
    }
    filters.push(Filter {
        words: Choice {
            any: vec![phrase("words of 3")],
            none: vec![phrase("invoice")],
        },
        ..all()
    });
    filters
}
