//! The examples of the OpenAPI document; invented data. Tests use them, too.
//!
//! Each is read as the published shape, so that an example that no longer fits fails a test.

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use whymid_schemas::{
    Answer, ApplianceList, ArticleItem, ArticleList, ArticleText, Asked, ConnectionItem,
    ConnectionList, ConnectionTimeline, DiagnosisEntry, DiagnosisList, DryRun, Erasure, EventList,
    Lang, LinesTaken, Mentioned, MessageItem, MessageList, MessageTimeline, Notification, Stats,
    Status, Subscribed, Subscription, SubscriptionState, Terms, TicketLink, Time,
};

/// Reads a sample. The samples are part of the program and a test reads them all.
fn read<T: DeserializeOwned>(text: &str) -> T {
    match serde_json::from_str(text) {
        Ok(shape) => shape,
        Err(error) => unreachable!("a sample of this crate does not fit its shape: {error}"),
    }
}

pub(crate) fn answer() -> Answer {
    read(include_str!("../samples/answer.json"))
}

/// The same in a language: what a test ticket is about.
pub(crate) fn answer_in(lang: Lang) -> Answer {
    match lang {
        Lang::En => answer(),
        Lang::Ja => read(include_str!("../samples/answer.ja.json")),
    }
}

pub(crate) fn answer_as_markdown() -> String {
    whymid_diagnosis::markdown(&answer(), Lang::En)
}

pub(crate) fn answer_as_text() -> String {
    whymid_diagnosis::text(&answer(), Lang::En)
}

pub(crate) fn timeline() -> MessageTimeline {
    read(include_str!("../samples/timeline.json"))
}

pub(crate) fn asked() -> Asked {
    Asked {
        found: Mentioned {
            mids: vec![1404],
            addresses: vec!["end_user@example.com".to_owned()],
            ..Mentioned::default()
        },
        assumed: vec![
            "MID 1404 stands for 2 records; the one is meant that names an address of the text"
                .to_owned(),
        ],
        answer: Some(answer()),
        articles: Vec::new(),
    }
}

pub(crate) fn erasure() -> Erasure {
    read(include_str!("../samples/erasure.json"))
}

pub(crate) fn connection() -> ConnectionTimeline {
    read(include_str!("../samples/connection.json"))
}

pub(crate) fn messages() -> MessageList {
    let diagnosis = answer().diagnosis;
    let item = |message| MessageItem {
        message,
        diagnosis: diagnosis.id,
        custody: diagnosis.custody,
    };
    MessageList {
        items: answer().message.map(item).into_iter().collect(),
        next_cursor: Some("5015f4a2c6d40.m7f3c9".to_owned()),
        not_understood: Vec::new(),
        complete_up_to: answer().complete_up_to,
    }
}

pub(crate) fn connections() -> ConnectionList {
    ConnectionList {
        items: vec![ConnectionItem {
            connection: connection().connection,
            diagnosis: None,
        }],
        next_cursor: None,
        not_understood: Vec::new(),
        complete_up_to: answer().complete_up_to,
    }
}

pub(crate) fn appliances() -> ApplianceList {
    read(include_str!("../samples/appliances.json"))
}

pub(crate) fn events() -> EventList {
    read(include_str!("../samples/events.json"))
}

pub(crate) fn stats() -> Stats {
    read(include_str!("../samples/stats.json"))
}

pub(crate) fn diagnosis() -> DiagnosisEntry {
    read(include_str!("../samples/diagnosis.json"))
}

pub(crate) fn diagnoses() -> DiagnosisList {
    DiagnosisList {
        items: vec![diagnosis()],
        kb_version: "1".to_owned(),
    }
}

pub(crate) fn article() -> ArticleText {
    read(include_str!("../samples/article.json"))
}

pub(crate) fn articles() -> ArticleList {
    let article = article();
    ArticleList {
        items: vec![ArticleItem {
            url: format!("https://whymid.corp.example/kb/{}", article.id),
            id: article.id,
            lang: article.lang,
            title: article.title,
            summary: article.summary,
            section: None,
        }],
        kb_version: "1".to_owned(),
    }
}

pub(crate) fn status() -> Status {
    read(include_str!("../samples/status.json"))
}

pub(crate) fn log() -> &'static str {
    include_str!("../samples/mail.log")
}

pub(crate) fn explain_ask() -> Value {
    json!({"log": log(), "year": 2014, "timezone": "Asia/Tokyo"})
}

pub(crate) fn lines_taken() -> LinesTaken {
    LinesTaken {
        accepted: log().lines().count() as u64,
        cut: 0,
    }
}

pub(crate) fn terms() -> Value {
    serde_json::from_str(include_str!("../samples/terms.json")).unwrap_or_default()
}

pub(crate) fn subscription() -> Subscription {
    let terms: Terms = read(include_str!("../samples/terms.json"));
    Subscription {
        id: "s0f3c".to_owned(),
        terms,
        created_at: moment(),
        changed_at: moment(),
        state: SubscriptionState {
            open: 1,
            occurrences: 12,
            ..SubscriptionState::default()
        },
    }
}

fn moment() -> Time {
    Time("2014-08-14T11:05:36+00:00".to_owned())
}

pub(crate) fn dry_run() -> DryRun {
    read(include_str!("../samples/dry_run.json"))
}

pub(crate) fn subscribed() -> Subscribed {
    Subscribed {
        subscription: subscription(),
        dry_run: dry_run(),
    }
}

pub(crate) fn notification() -> Notification {
    read(include_str!("../samples/notification.json"))
}

pub(crate) fn ticket() -> Option<TicketLink> {
    notification().ticket
}

pub(crate) fn inbound() -> Value {
    json!({"answering": true, "because": "[esa1] The connection dropped while the message was being received: MID 1404", "notification": "wm-fedcba9876543210-1"})
}
