//! `/overview`: the last day and the last week by cause, party, appliance and partner.

use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use jiff::{SignedDuration, Timestamp};
use whymid_schemas::{Lang, Outcome, Party, Stats, Time};
use whymid_store::{Choice, Filter, Group, Pattern, RecordKind};

use super::Shell;
use crate::{
    desk::{Counting, Style},
    error::Failure,
    house::Visit,
    labels, reply,
};

/// Outcomes that nobody asks about.
const FINE: [Outcome; 3] = [Outcome::Delivered, Outcome::Processing, Outcome::Queued];

/// Rows of each table.
const ROWS: usize = 10;

/// Columns of the picture over time.
const COLUMNS: i64 = 24;

#[derive(Template)]
#[template(path = "overview.html")]
struct Page {
    shell: Shell,
    days: u16,
    total: u64,
    undelivered: u64,
    in_memory: u64,
    unsettled: u64,
    as_of: Time,
    columns: Vec<Column>,
    highest: u64,
    tables: Vec<Table>,
}

/// One column of the picture.
struct Column {
    x: usize,
    from: Time,
    count: u64,
    /// Height in percent of the highest.
    height: u64,
}

/// One table.
struct Table {
    id: &'static str,
    title: &'static str,
    /// What stands over its first column.
    column: &'static str,
    rows: Vec<Row>,
    other: u64,
}

/// One row.
struct Row {
    label: String,
    count: u64,
    /// Percent of the largest.
    share: u64,
    /// What the field would be asked.
    ask: String,
}

/// The page.
pub(crate) async fn page(
    request: &HttpRequest,
    house: &Visit,
    days: u16,
    style: &Style,
) -> Result<HttpResponse, Failure> {
    let shell = Shell::new(request, house);
    let now = house.desk.now();
    let since = now.saturating_sub(SignedDuration::from_hours(24 * i64::from(days)));
    let since = since.unwrap_or(Timestamp::MIN);
    let all = Filter {
        since: Some(since),
        ..Filter::all(RecordKind::Message)
    };
    let undelivered = Filter {
        outcome: Choice {
            any: Vec::new(),
            none: FINE
                .map(|outcome| Pattern::Is(outcome.word().to_owned()))
                .to_vec(),
        },
        ..all.clone()
    };
    let count = |filter: &Filter, group, moments| {
        let counting = Counting {
            filter: filter.clone(),
            group,
            moments,
        };
        async move { house.desk.stats(&counting, style).await }
    };
    let edges = edges(since, now);
    let whole = count(&all, None, Vec::new()).await?;
    let over_time = count(&undelivered, None, edges).await?;
    let mut tables = Vec::new();
    for (group, id, (en, ja), column) in TABLES {
        let stats = count(&undelivered, Some((group, ROWS)), Vec::new()).await?;
        tables.push(table(
            house,
            style,
            days,
            stats,
            group,
            (id, shell.say(en, ja), shell.say(column.0, column.1)),
        ));
    }
    let highest = over_time.over_time.iter().map(|span| span.count).max();
    let highest = highest.unwrap_or(0).max(1);
    let columns = over_time.over_time.into_iter().enumerate();
    let page = Page {
        days,
        total: whole.total,
        undelivered: over_time.total,
        in_memory: whole.in_memory,
        unsettled: whole.unsettled,
        as_of: whole.as_of,
        columns: columns
            .map(|(x, span)| Column {
                x,
                height: span.count * 100 / highest,
                from: span.from,
                count: span.count,
            })
            .collect(),
        highest,
        tables,
        shell,
    };
    reply::page(&page, style.lang)
}

/// The group, the table's name, its heading, and that of its first column.
type Heading = (
    Group,
    &'static str,
    (&'static str, &'static str),
    (&'static str, &'static str),
);

const TABLES: [Heading; 5] = [
    (
        Group::Diagnosis,
        "causes",
        ("By cause", "原因別"),
        ("Cause", "原因"),
    ),
    (
        Group::Party,
        "parties",
        ("By who can act", "対応できる側別"),
        ("Who can act", "対応できる側"),
    ),
    (
        Group::Appliance,
        "appliances",
        ("By appliance", "アプライアンス別"),
        ("Appliance", "アプライアンス"),
    ),
    (
        Group::SenderDomain,
        "senders",
        ("By sender's domain", "送信者ドメイン別"),
        ("Domain", "ドメイン"),
    ),
    (
        Group::RecipientDomain,
        "recipients",
        ("By recipient's domain", "受信者ドメイン別"),
        ("Domain", "ドメイン"),
    ),
];

/// Edges of equal spans.
fn edges(since: Timestamp, until: Timestamp) -> Vec<Timestamp> {
    let seconds = until.as_second() - since.as_second();
    let edge = |place| Timestamp::from_second(since.as_second() + seconds * place / COLUMNS);
    (0..=COLUMNS).filter_map(|place| edge(place).ok()).collect()
}

fn table(
    house: &Visit,
    style: &Style,
    days: u16,
    stats: Stats,
    group: Group,
    (id, title, column): (&'static str, &'static str, &'static str),
) -> Table {
    let largest = stats.groups.first().map_or(1, |group| group.count.max(1));
    let row = |key: String, count: u64| Row {
        count,
        share: count * 100 / largest,
        ask: ask(group, &key, days),
        label: label(house, style, group, key),
    };
    let groups = stats.groups.into_iter();
    Table {
        id,
        title,
        column,
        rows: groups.map(|one| row(one.key, one.count)).collect(),
        other: stats.other,
    }
}

fn label(house: &Visit, style: &Style, group: Group, key: String) -> String {
    match group {
        Group::Diagnosis => {
            let known = house.desk.diagnosis(&key, style);
            known.map_or(key, |one| one.title)
        }
        Group::Party => Party::from_word(&key).map_or(key, |one| words(one, style.lang)),
        Group::Outcome
        | Group::Appliance
        | Group::Host
        | Group::SenderDomain
        | Group::RecipientDomain => key,
    }
}

fn words(party: Party, lang: Lang) -> String {
    labels::party(party, lang).to_owned()
}

/// What finds the messages of a row.
fn ask(group: Group, key: &str, days: u16) -> String {
    let filter = match group {
        Group::Diagnosis => format!("diagnosis:\"{key}\""),
        Group::Party => format!("party:\"{key}\""),
        Group::Outcome => format!("outcome:\"{key}\""),
        Group::Appliance => format!("appliance:\"{key}\""),
        Group::Host => format!("host:\"{key}\""),
        Group::SenderDomain => format!("sender:\"*@{key}\""),
        Group::RecipientDomain => format!("recipient:\"*@{key}\""),
    };
    let fine = FINE.map(|outcome| format!("outcome:!{outcome}")).join(" ");
    format!("{filter} {fine} since:{days}d")
}
