//! A whole search as lines of JSON or as CSV, written page by page while it is read.
//!
//! Invariants: memory holds one page; a client that reads slowly slows the search; a failure
//! half-way breaks the body off, so that it can't be taken for the whole. A cell of a table never
//! begins as a formula does (OWASP, CSV injection): it gets an apostrophe in front.
//!
//! Not here: what fits (`routes/search.rs`).

use actix_web::{HttpResponse, web::Bytes};
use serde::Serialize;
use whymid_schemas::{ConnectionItem, MessageItem, Recipient};
use whymid_store::Search;

use crate::{
    desk::{Later, Missing, Page, Style},
    error::Failure,
    house::Visit,
    negotiate::{self, Form},
};

/// Items of one page.
const PAGE: usize = 500;

/// An item as rows of a table.
trait Rows: Serialize {
    /// The names of the columns.
    const HEAD: &'static [&'static str];
    /// Its rows.
    fn rows(&self) -> Vec<Vec<String>>;
}

/// Where an export stands.
struct Export<P> {
    page: P,
    search: Search,
    left: usize,
    form: Form,
    head: bool,
    over: bool,
}

/// Messages, as they fit.
pub(crate) async fn messages(
    house: Visit,
    search: Search,
    style: Style,
    form: Form,
    limit: Option<usize>,
) -> Result<HttpResponse, Failure> {
    let page = move |search: Search| -> Later<'static, Result<Page<MessageItem>, Missing>> {
        let (house, style) = (house.clone(), style.clone());
        Box::pin(async move { house.desk.messages(&search, &style).await })
    };
    stream(page, search, form, limit).await
}

/// Connections, as they fit.
pub(crate) async fn connections(
    house: Visit,
    search: Search,
    style: Style,
    form: Form,
    limit: Option<usize>,
) -> Result<HttpResponse, Failure> {
    let page = move |search: Search| -> Later<'static, Result<Page<ConnectionItem>, Missing>> {
        let (house, style) = (house.clone(), style.clone());
        Box::pin(async move { house.desk.connections(&search, &style).await })
    };
    stream(page, search, form, limit).await
}

async fn stream<T, P>(
    page: P,
    search: Search,
    form: Form,
    limit: Option<usize>,
) -> Result<HttpResponse, Failure>
where
    T: Rows + 'static,
    P: Fn(Search) -> Later<'static, Result<Page<T>, Missing>> + 'static,
{
    let mut export = Export {
        page,
        search,
        left: limit.unwrap_or(usize::MAX),
        form,
        head: form == Form::Csv,
        over: false,
    };
    // what fails at once has a status of its own
    let first = export.next().await.transpose()?;
    let first = futures_util::stream::iter(first.map(Ok));
    let rest = futures_util::stream::unfold(export, |mut export| async move {
        let piece = export.next().await?;
        Some((piece, export))
    });
    let body = futures_util::StreamExt::chain(first, rest);
    let mut response = HttpResponse::Ok()
        .content_type(form.content_type())
        .streaming(body);
    negotiate::say_that_the_form_was_chosen(response.headers_mut());
    Ok(response)
}

impl<P> Export<P> {
    async fn next<T>(&mut self) -> Option<Result<Bytes, Failure>>
    where
        T: Rows,
        P: Fn(Search) -> Later<'static, Result<Page<T>, Missing>>,
    {
        if self.over {
            return None;
        }
        self.search.limit = PAGE.min(self.left);
        let page = match (self.page)(self.search.clone()).await {
            Ok(page) => page,
            Err(missing) => {
                self.over = true;
                let failure = Failure::from(missing);
                tracing::warn!(%failure, "an export broke off");
                return Some(Err(failure));
            }
        };
        self.left = self.left.saturating_sub(page.items.len());
        self.over = page.next.is_none() || self.left == 0;
        self.search.after = page.next;
        let mut text = Vec::new();
        let written = match self.form {
            Form::Csv => table(&page.items, std::mem::take(&mut self.head), &mut text),
            Form::Json | Form::Ndjson | Form::Markdown | Form::Text | Form::Html => {
                lines(&page.items, &mut text)
            }
        };
        if let Err(error) = written {
            self.over = true;
            let failure = Failure::new(crate::error::Code::Internal).log(error.to_string());
            return Some(Err(failure));
        }
        Some(Ok(Bytes::from(text)))
    }
}

fn lines<T: Serialize>(items: &[T], into: &mut Vec<u8>) -> Result<(), std::io::Error> {
    for item in items {
        serde_json::to_writer(&mut *into, item)?;
        into.push(b'\n');
    }
    Ok(())
}

fn table<T: Rows>(items: &[T], head: bool, into: &mut Vec<u8>) -> Result<(), std::io::Error> {
    let mut table = csv::Writer::from_writer(into);
    if head {
        table.write_record(T::HEAD)?;
    }
    for row in items.iter().flat_map(Rows::rows) {
        table.write_record(row.iter().map(|cell| harmless(cell)))?;
    }
    table.flush()
}

/// A cell that no spreadsheet takes for a formula.
fn harmless(cell: &str) -> String {
    let begins = cell.trim_start_matches([' ', '\u{feff}']);
    if begins.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']) {
        format!("'{cell}")
    } else {
        cell.to_owned()
    }
}

fn text(value: Option<impl ToString>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

impl Rows for MessageItem {
    const HEAD: &'static [&'static str] = &[
        "appliance",
        "mid",
        "icid",
        "first_seen_at",
        "ended_at",
        "sender",
        "recipient",
        "recipient_outcome",
        "recipient_custody",
        "recipient_diagnosis",
        "response",
        "subject",
        "message_id",
        "host",
        "ip",
        "sender_group",
        "size",
        "outcome",
        "custody",
        "diagnosis",
        "url",
        "id",
    ];

    fn rows(&self) -> Vec<Vec<String>> {
        if self.message.recipients.is_empty() {
            return vec![self.row(None)];
        }
        let recipients = self.message.recipients.iter();
        recipients.map(|one| self.row(Some(one))).collect()
    }
}

/// A message's row for one recipient.
trait Row {
    fn row(&self, recipient: Option<&Recipient>) -> Vec<String>;
}

impl Row for MessageItem {
    fn row(&self, recipient: Option<&Recipient>) -> Vec<String> {
        let own = &self.message;
        vec![
            own.appliance.clone(),
            own.mid.to_string(),
            text(own.icid),
            own.first_seen_at.to_string(),
            text(own.ended_at.as_ref()),
            text(own.sender.as_ref()),
            text(recipient.and_then(|one| one.address.as_ref())),
            text(recipient.map(|one| one.outcome)),
            text(recipient.map(|one| one.custody)),
            text(recipient.and_then(|one| one.diagnosis.as_ref())),
            text(recipient.and_then(|one| one.response.as_ref())),
            text(own.subject.as_ref()),
            text(own.message_id.as_ref()),
            text(own.host.as_ref()),
            text(own.ip.as_ref()),
            text(own.sender_group.as_ref()),
            text(own.size),
            own.outcome.to_string(),
            self.custody.to_string(),
            self.diagnosis.clone(),
            text(own.url.as_ref()),
            own.id.clone(),
        ]
    }
}

impl Rows for ConnectionItem {
    const HEAD: &'static [&'static str] = &[
        "appliance",
        "icid",
        "first_seen_at",
        "ended_at",
        "host",
        "ip",
        "listener",
        "sender_group",
        "outcome",
        "diagnosis",
        "messages",
        "id",
    ];

    fn rows(&self) -> Vec<Vec<String>> {
        let own = &self.connection;
        let mids: Vec<String> = own.messages.iter().map(u64::to_string).collect();
        vec![vec![
            own.appliance.clone(),
            own.icid.to_string(),
            own.first_seen_at.to_string(),
            text(own.ended_at.as_ref()),
            text(own.host.as_ref()),
            text(own.ip.as_ref()),
            text(own.listener.as_ref()),
            text(own.sender_group.as_ref()),
            own.outcome.to_string(),
            text(self.diagnosis.as_ref()),
            mids.join(" "),
            own.id.clone(),
        ]]
    }
}
