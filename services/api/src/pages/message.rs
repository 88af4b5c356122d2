//! The answer as a page: what happened, who holds the mail, what to do, and the proof.

use std::collections::BTreeSet;

use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use whymid_schemas::{
    Answer, Custody, Diagnosis, Entry, Kin, Kinship, Lang, MessageTimeline, Outcome, Who, Zone,
};

use super::{Shell, safe_link, ticketing::Ticket};
use crate::{
    desk::Style,
    error::Failure,
    house::Visit,
    labels::{self, Labels, labels},
    reply,
};

/// Lines shown on the page; the rest is one link away.
const LINES_SHOWN: usize = 500;

#[derive(Template)]
#[template(path = "message.html")]
struct Page<'a> {
    shell: Shell,
    l: &'static Labels,
    answer: &'a Answer,
    title: String,
    rows: Vec<Row>,
    family: Vec<Kin>,
    spilled: u64,
    more_lines: Option<String>,
    /// The answer as a ticket takes it.
    markdown: String,
    permalink: Option<String>,
    tickets: Vec<Ticket>,
    /// Where a ticket about it can be opened.
    counters: Vec<Counter>,
    /// How the page is shown, as a query.
    query: String,
}

/// A subscription whose target takes a ticket.
struct Counter {
    id: String,
    name: String,
    system: String,
}

/// One line of the timeline.
struct Row {
    entry: Entry,
    of: &'static str,
    is_evidence: bool,
}

/// The page. The timeline is left out where the answer is not about a kept message.
pub(crate) async fn page(
    request: &HttpRequest,
    house: &Visit,
    answer: &Answer,
    style: &Style,
) -> Result<HttpResponse, Failure> {
    let timeline = match &answer.message {
        Some(message) => {
            house
                .desk
                .timeline(&message.id, style, 0, LINES_SHOWN)
                .await?
        }
        None => None,
    };
    let shell = Shell::new(request, house);
    let more_lines = timeline
        .as_ref()
        .and_then(|timeline| more_lines(&shell.root, timeline));
    let family = timeline.as_ref().map(|timeline| timeline.family.clone());
    let spilled = timeline.as_ref().map_or(0, |timeline| timeline.spilled);
    let page = Page {
        l: labels(shell.lang),
        answer,
        title: title(answer),
        markdown: whymid_diagnosis::markdown(answer, shell.lang),
        permalink: answer.message.as_ref().and_then(|one| one.url.clone()),
        tickets: answer
            .tickets
            .iter()
            .map(|link| Ticket::of(link, String::new(), shell.lang))
            .collect(),
        // what is not kept has no timeline: it was pasted
        counters: timeline
            .as_ref()
            .map_or_else(Vec::new, |_| counters(house, shell.lang)),
        query: reply::shown(style)?,
        family: family.unwrap_or_default(),
        rows: rows(timeline, &answer.diagnosis, shell.lang),
        spilled,
        more_lines,
        shell,
    };
    reply::page(&page, style.lang)
}

/// Where whoever looks may open tickets.
fn counters(house: &Visit, lang: Lang) -> Vec<Counter> {
    if !house.may_ticket {
        return Vec::new();
    }
    let all = house.tickets.subscriptions(lang).into_iter();
    let enabled = all.filter(|one| one.terms.enabled);
    let counter = |one: whymid_schemas::Subscription| Counter {
        system: labels::system(one.terms.target.word(), lang).to_owned(),
        id: one.id,
        name: one.terms.name,
    };
    enabled.map(counter).collect()
}

fn title(answer: &Answer) -> String {
    match (&answer.message, &answer.connection) {
        (Some(message), _) => format!("MID {} · {}", message.mid, message.appliance),
        (None, Some(connection)) => format!("ICID {} · {}", connection.icid, connection.appliance),
        (None, None) => "whymid".to_owned(),
    }
}

fn rows(timeline: Option<MessageTimeline>, diagnosis: &Diagnosis, lang: Lang) -> Vec<Row> {
    let proof: BTreeSet<usize> = diagnosis.evidence.iter().map(|proof| proof.entry).collect();
    let entries = timeline
        .map(|timeline| timeline.entries)
        .unwrap_or_default();
    let row = |entry: Entry| Row {
        of: whose(&entry.of, lang),
        is_evidence: proof.contains(&entry.entry),
        entry,
    };
    entries.into_iter().map(row).collect()
}

fn whose(of: &str, lang: Lang) -> &'static str {
    match (of, lang) {
        ("connection", Lang::En) => "connection",
        ("connection", Lang::Ja) => "接続",
        ("delivery", Lang::En) => "delivery",
        ("delivery", Lang::Ja) => "配信",
        ("other_log", Lang::En) => "other log",
        ("other_log", Lang::Ja) => "別のログ",
        ("family", Lang::En) => "family",
        ("family", Lang::Ja) => "関連メッセージ",
        (_, Lang::En) => "message",
        (_, Lang::Ja) => "メッセージ",
    }
}

fn more_lines(root: &str, timeline: &MessageTimeline) -> Option<String> {
    let cursor = timeline.next_cursor.as_ref()?;
    Some(format!(
        "{root}/v1/messages/{}?cursor={cursor}",
        timeline.message.id
    ))
}

/// Words for the template.
impl Page<'_> {
    fn custody(&self, custody: &Custody) -> &'static str {
        labels::custody(*custody, self.shell.lang)
    }

    fn outcome(&self, outcome: &Outcome) -> &'static str {
        labels::outcome(*outcome, self.shell.lang)
    }

    fn kinship(&self, how: &Kinship) -> &'static str {
        labels::kinship(*how, self.shell.lang)
    }

    /// The page of a message, unless it is this one.
    fn page_of(&self, id: Option<&str>) -> Option<String> {
        let own = self.answer.message.as_ref().map(|one| one.id.as_str());
        let id = id.filter(|id| own != Some(id))?;
        Some(format!(
            "{}/messages/{id}?lang={}",
            self.shell.root, self.shell.lang
        ))
    }

    fn who(&self, who: &Who) -> &'static str {
        labels::who(*who, self.shell.lang)
    }

    fn zone(&self, zone: &Zone) -> &'static str {
        labels::zone(*zone, self.shell.lang)
    }

    fn confidence(&self) -> &'static str {
        labels::confidence(self.answer.diagnosis.confidence, self.shell.lang)
    }

    fn severity(&self) -> &'static str {
        labels::severity(self.answer.diagnosis.severity, self.shell.lang)
    }

    fn heals_by_retry(&self) -> &'static str {
        labels::heals_by_retry(self.answer.diagnosis.heals_by_retry, self.shell.lang)
    }

    fn parties(&self) -> Vec<&'static str> {
        let parties = self.answer.diagnosis.party.iter();
        parties
            .map(|party| labels::party(*party, self.shell.lang))
            .collect()
    }

    /// An envelope address as people know it.
    fn address<'a>(&self, address: Option<&'a str>) -> &'a str {
        match address {
            Some("") => "<>",
            Some(address) => address,
            None => self.l.unknown,
        }
    }

    /// Whether the mail of any recipient went on under another MID.
    fn has_final_mids(&self) -> bool {
        let message = self.answer.message.as_ref();
        let recipients = message.into_iter().flat_map(|message| &message.recipients);
        let mut mids = recipients.map(|one| one.final_mid.or(one.bounce_mid));
        mids.any(|mid| mid.is_some())
    }

    /// Whether a server said anything about any recipient.
    fn has_responses(&self) -> bool {
        let message = self.answer.message.as_ref();
        let recipients = message.map(|message| message.recipients.iter());
        recipients
            .into_iter()
            .flatten()
            .any(|recipient| recipient.response.is_some())
    }

    /// The article in the page's language, whatever the browser prefers.
    fn article_link(&self, url: &str) -> String {
        let (page, anchor) = match url.split_once('#') {
            Some((page, anchor)) => (page, format!("#{anchor}")),
            None => (url, String::new()),
        };
        let join = if page.contains('?') { '&' } else { '?' };
        format!("{}{join}lang={}{anchor}", self.link(page), self.shell.lang)
    }

    fn link<'a>(&self, url: &'a str) -> &'a str {
        safe_link(url).unwrap_or("")
    }
}
