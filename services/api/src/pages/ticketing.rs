//! What the pages about tickets have in common: moments, tickets, notifications, a subscription that
//! is being written, what it would have done, and what it may begin with.
//!
//! What ticket systems say (titles, problems, numbers, addresses) are words of strangers: text, and a
//! link only where it leads to the web. What somebody types holds secrets: it is given back in the
//! response to that very request, and kept nowhere.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::{Timestamp, tz::TimeZone};
use whymid_schemas::{
    DryRun, Lang, Notification, NotificationState, Problem, Secret, TicketLink, Time, WouldOpen,
};

use super::web_link;
use crate::{
    desk::Style,
    error::{Code, Failure},
    labels,
};

/// A moment, whole for programs and short for people.
pub(crate) struct Moment {
    pub(crate) full: String,
    pub(crate) short: String,
}

impl Moment {
    /// In a zone; as it is where it can't be read.
    pub(crate) fn of(time: &Time, zone: &TimeZone) -> Self {
        let Ok(moment) = time.0.parse::<Timestamp>() else {
            return Self {
                full: time.0.clone(),
                short: time.0.clone(),
            };
        };
        let zoned = moment.to_zoned_datetime(zone.clone());
        Self {
            full: Time::of(moment, zone).0,
            short: zoned.strftime("%Y-%m-%d %H:%M:%S").to_string(),
        }
    }
}

/// The name of the zone that moments are written in.
pub(crate) fn zone_name(style: &Style) -> String {
    style.zone.iana_name().unwrap_or("UTC").to_owned()
}

/// How long ago that was, roughly.
pub(crate) fn age(time: &Time, now: Timestamp, lang: Lang) -> String {
    let Ok(at) = time.0.parse::<Timestamp>() else {
        return String::new();
    };
    let minutes = now.duration_since(at).as_mins().max(0);
    let (count, en, ja) = match minutes {
        0..120 => (minutes, "min", "分"),
        120..2880 => (minutes / 60, "h", "時間"),
        _ => (minutes / 1440, "d", "日"),
    };
    match lang {
        Lang::En => format!("{count} {en}"),
        Lang::Ja => format!("{count} {ja}"),
    }
}

/// A ticket.
pub(crate) struct Ticket {
    /// Its system's name.
    pub(crate) system: String,
    /// What it goes by there; that it is yet to be opened; nothing where tickets have no numbers.
    pub(crate) number: Option<String>,
    /// Its page, on the web.
    pub(crate) url: Option<String>,
    pub(crate) open: bool,
    pub(crate) state: &'static str,
    pub(crate) count: String,
    pub(crate) subscription: String,
    /// What its cause is; empty where that stands beside it.
    pub(crate) title: String,
}

impl Ticket {
    pub(crate) fn of(link: &TicketLink, title: String, lang: Lang) -> Self {
        let l = labels::labels(lang);
        let coming = || labels::has_numbers(&link.system).then(|| l.ticket_coming.to_owned());
        Self {
            system: labels::system(&link.system, lang).to_owned(),
            number: link.id.clone().or_else(coming),
            url: link.url.as_deref().and_then(web_link).map(str::to_owned),
            open: link.open,
            state: if link.open {
                l.ticket_open
            } else {
                l.ticket_resolved
            },
            count: labels::occurrences(link.count, lang),
            subscription: link.subscription.clone(),
            title,
        }
    }
}

/// A notification.
pub(crate) struct Told {
    pub(crate) id: String,
    pub(crate) at: Moment,
    pub(crate) age: String,
    pub(crate) kind: &'static str,
    pub(crate) count: u64,
    pub(crate) title: String,
    pub(crate) subscription: String,
    pub(crate) subscription_name: String,
    pub(crate) target: String,
    pub(crate) state: &'static str,
    /// The published word of the state.
    pub(crate) state_word: &'static str,
    pub(crate) is_dead: bool,
    pub(crate) attempts: u32,
    pub(crate) problem: Option<String>,
    pub(crate) ticket: Option<Ticket>,
}

impl Told {
    pub(crate) fn of(one: Notification, style: &Style, now: Timestamp) -> Self {
        let lang = style.lang;
        let ticket = one.ticket.as_ref();
        Self {
            at: Moment::of(&one.created_at, &style.zone),
            age: age(&one.created_at, now, lang),
            kind: labels::happening(one.kind, lang),
            count: one.count,
            target: labels::system(&one.target, lang).to_owned(),
            state: labels::notification_state(one.state, lang),
            state_word: one.state.word(),
            is_dead: one.state == NotificationState::Dead,
            attempts: one.attempts,
            ticket: ticket.map(|link| Ticket::of(link, String::new(), lang)),
            id: one.id,
            title: one.title,
            subscription: one.subscription,
            subscription_name: one.subscription_name,
            problem: one.problem,
        }
    }
}

/// A subscription that is being written.
#[derive(Default)]
pub(crate) struct Draft {
    /// As it was typed, or to begin with.
    pub(crate) text: String,
    /// What it would have done.
    pub(crate) dry_run: Option<Rehearsed>,
    /// What is wrong with it.
    pub(crate) problem: Option<Problem>,
    /// The parts of that.
    pub(crate) faults: Vec<String>,
}

impl Draft {
    /// To begin with, or as it is.
    pub(crate) fn new(text: String) -> Self {
        Self {
            text,
            ..Self::default()
        }
    }

    /// As it was typed, with what it would have done.
    pub(crate) fn rehearsed(text: String, dry_run: DryRun, style: &Style, root: &str) -> Self {
        Self {
            dry_run: Some(Rehearsed::of(dry_run, style, root)),
            ..Self::new(text)
        }
    }

    /// As it was typed, with what is wrong with it. What is not the fault of whoever typed it stays a
    /// failure.
    pub(crate) fn refused(text: String, failure: Failure, lang: Lang) -> Result<Self, Failure> {
        let status = failure.code.status();
        if !status.is_client_error() && failure.code != Code::Replaying {
            return Err(failure);
        }
        Ok(Self {
            faults: failure.parts(lang),
            problem: Some(failure.problem(lang)),
            ..Self::new(text)
        })
    }
}

/// What a subscription would have done.
pub(crate) struct Rehearsed {
    pub(crate) since: Moment,
    pub(crate) until: Moment,
    pub(crate) told: DryRun,
    pub(crate) rows: Vec<Would>,
    /// There are more tickets than rows.
    pub(crate) is_cut: bool,
}

/// A ticket that would have been opened.
pub(crate) struct Would {
    pub(crate) title: String,
    pub(crate) diagnosis: String,
    pub(crate) count: u64,
    pub(crate) first: Moment,
    pub(crate) last: Moment,
    /// The page of the last message or connection.
    pub(crate) page: String,
}

impl Rehearsed {
    fn of(told: DryRun, style: &Style, root: &str) -> Self {
        let row = |one: &WouldOpen| Would {
            title: one.title.clone(),
            diagnosis: one.diagnosis.clone(),
            count: one.count,
            first: Moment::of(&one.first_at, &style.zone),
            last: Moment::of(&one.last_at, &style.zone),
            page: page_of(&one.record, root),
        };
        Self {
            since: Moment::of(&told.since, &style.zone),
            until: Moment::of(&told.until, &style.zone),
            is_cut: told.tickets > told.items.len() as u64,
            rows: told.items.iter().map(row).collect(),
            told,
        }
    }
}

/// The page of a message, or of a connection.
fn page_of(record: &str, root: &str) -> String {
    if record.starts_with('c') {
        format!("{root}/v1/connections/{record}/answer")
    } else {
        format!("{root}/messages/{record}")
    }
}

/// What a subscription to each kind of target may begin with.
pub(crate) const BEGINNINGS: [(&str, &str); 8] = [
    (
        "request_tracker",
        include_str!("../../samples/subscriptions/request_tracker.json"),
    ),
    (
        "redmine",
        include_str!("../../samples/subscriptions/redmine.json"),
    ),
    (
        "jira",
        include_str!("../../samples/subscriptions/jira.json"),
    ),
    (
        "servicenow",
        include_str!("../../samples/subscriptions/servicenow.json"),
    ),
    (
        "zammad",
        include_str!("../../samples/subscriptions/zammad.json"),
    ),
    (
        "pagerduty",
        include_str!("../../samples/subscriptions/pagerduty.json"),
    ),
    (
        "email",
        include_str!("../../samples/subscriptions/email.json"),
    ),
    (
        "webhook",
        include_str!("../../samples/subscriptions/webhook.json"),
    ),
];

/// What a subscription to a kind of target may begin with, in the page's language; with a signing key
/// that nobody has, for a webhook.
pub(crate) fn beginning(kind: &str, lang: Lang) -> Result<String, Failure> {
    let known = BEGINNINGS.iter().find(|(known, _)| *known == kind);
    let (_, text) = known.unwrap_or(&BEGINNINGS[0]);
    let secret = match lang {
        Lang::En => "FILL IN",
        Lang::Ja => "ここに入力してください",
    };
    let text = text
        .replace("{name}", name(kind, lang))
        .replace("{lang}", lang.word())
        .replace("{secret}", secret);
    if text.contains("{key}") {
        return Ok(text.replace("{key}", &new_key()?));
    }
    Ok(text)
}

fn name(kind: &str, lang: Lang) -> &'static str {
    match (kind, lang) {
        ("pagerduty", Lang::En) => "Our gateways in trouble",
        ("pagerduty", Lang::Ja) => "ゲートウェイの障害",
        ("redmine", Lang::En) => "Mail that our policy stops",
        ("redmine", Lang::Ja) => "自組織のポリシーで止まったメール",
        ("zammad" | "webhook", Lang::En) => "Mail in trouble",
        ("zammad" | "webhook", Lang::Ja) => "配信に問題のあるメール",
        (_, Lang::En) => "Mail that we can mend",
        (_, Lang::Ja) => "自組織で対応できるメール",
    }
}

/// A signing key as Standard Webhooks have it, of 32 bytes of chance.
fn new_key() -> Result<String, Failure> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes)
        .map_err(|error| Failure::new(Code::Internal).log(error.to_string()))?;
    Ok(format!("whsec_{}", STANDARD.encode(bytes)))
}

/// What stands in place of secrets.
pub(crate) const HIDDEN: &str = Secret::HIDDEN;
