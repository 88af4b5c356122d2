//! `/ask`: what was understood, what fits, and the articles that explain it.

use actix_web::{HttpRequest, HttpResponse, http::header::LOCATION};
use askama::Template;
use jiff::Timestamp;
use whymid_schemas::{
    Answer, ArticleItem, ConnectionItem, Lang, MessageItem, Outcome, Question, Time,
};
use whymid_store::{Filter, Order, Phrase, Search};

use super::Shell;
use crate::{
    ask::Meant,
    desk::Style,
    error::Failure,
    house::Visit,
    labels::{self, Labels, labels},
    reply,
};

/// Messages and connections that the page lists of each.
const LISTED: usize = 25;
/// Articles beside them.
const ARTICLES: usize = 5;
/// Answers to a pasted log that are shown.
const EXPLAINED: usize = 20;

#[derive(Template)]
#[template(path = "ask.html")]
struct Page {
    shell: Shell,
    l: &'static Labels,
    asked: String,
    meant: String,
    messages: Vec<MessageItem>,
    more: bool,
    connections: Vec<ConnectionItem>,
    explained: Vec<Answer>,
    /// Whether the moments of what is explained are those of the lines.
    stamped: bool,
    articles: Vec<ArticleItem>,
    not_understood: Vec<String>,
    titles: Vec<(String, String)>,
}

/// The page, or the way to the one message that is meant.
pub(crate) async fn page(
    request: &HttpRequest,
    house: &Visit,
    asked: &str,
    meant: Meant,
    style: &Style,
) -> Result<HttpResponse, Failure> {
    let shell = Shell::new(request, house);
    let now = house.desk.now();
    let mut found = Found::default();
    if let Meant::Log(pasted) = &meant {
        found.explain(house, &pasted.log, style).await?;
    } else {
        found.search(house, &meant, now, style).await?;
        if found.messages.is_empty() && matches!(meant, Meant::Words(_)) {
            found.of_subject(house, asked, style).await?;
        }
    }
    let one = match (
        &meant,
        found.messages.as_slice(),
        found.connections.as_slice(),
    ) {
        (Meant::Mid(_) | Meant::MessageId(_), [one], []) => Some(one),
        (Meant::Number(number), [one], []) if one.message.mid == *number => Some(one),
        _ => None,
    };
    if let Some(one) = one.filter(|_| !found.more) {
        let query = reply::shown(style)?;
        let page = format!("{}/messages/{}?{query}", shell.root, one.message.id);
        let mut response = HttpResponse::SeeOther();
        return Ok(response.insert_header((LOCATION, page)).finish());
    }
    let of_words = matches!(meant, Meant::Words(_) | Meant::Log(_));
    let articles = if of_words {
        house.desk.find_articles(asked, style)
    } else {
        Vec::new()
    };
    let titles = house.desk.diagnoses(style).items.into_iter();
    let page = Page {
        l: labels(shell.lang),
        asked: asked.to_owned(),
        meant: said(&meant, shell.lang),
        messages: found.messages,
        more: found.more,
        connections: found.connections,
        explained: found.explained,
        stamped: matches!(&meant, Meant::Log(pasted) if pasted.stamped),
        articles: articles.into_iter().take(ARTICLES).collect(),
        not_understood: meant.not_understood().to_vec(),
        titles: titles.map(|one| (one.id, one.title)).collect(),
        shell,
    };
    reply::page(&page, style.lang)
}

/// What fits.
#[derive(Default)]
struct Found {
    messages: Vec<MessageItem>,
    more: bool,
    connections: Vec<ConnectionItem>,
    explained: Vec<Answer>,
}

fn newest(filter: Filter) -> Search {
    Search {
        filter,
        order: Order::NewestFirst,
        after: None,
        limit: LISTED,
    }
}

impl Found {
    async fn search(
        &mut self,
        house: &Visit,
        meant: &Meant,
        now: Timestamp,
        style: &Style,
    ) -> Result<(), Failure> {
        for filter in meant.of_messages(now) {
            let filter = house.conditions(filter)?;
            let page = house.desk.messages(&newest(filter), style).await?;
            self.more |= page.next.is_some();
            self.messages.extend(page.items);
        }
        let key = |one: &MessageItem| one.message.first_seen_at.clone();
        self.messages
            .sort_by_key(|one| std::cmp::Reverse(moment(&key(one))));
        let mut seen = Vec::new();
        self.messages.retain(|one| {
            let is_new = !seen.contains(&one.message.id);
            seen.push(one.message.id.clone());
            is_new
        });
        self.more |= self.messages.len() > LISTED;
        self.messages.truncate(LISTED);
        for filter in meant.of_connections() {
            let page = house.desk.connections(&newest(filter), style).await?;
            // those that carried messages are found by these
            let alone = |one: &ConnectionItem| {
                let of_it =
                    |message: &MessageItem| message.message.icid == Some(one.connection.icid);
                !self.messages.iter().any(of_it)
            };
            let alone: Vec<ConnectionItem> = page.items.into_iter().filter(alone).collect();
            self.connections.extend(alone);
        }
        Ok(())
    }

    /// What was typed as a whole subject, where subjects are kept as pseudonyms: their words are
    /// not found.
    async fn of_subject(
        &mut self,
        house: &Visit,
        asked: &str,
        style: &Style,
    ) -> Result<(), Failure> {
        if house.pseudonyms.is_none() || !house.real_addresses {
            return Ok(());
        }
        let mut filter = Filter::all(whymid_store::RecordKind::Message);
        filter.subject.any.extend(Phrase::of(asked, false));
        if !filter.subject.any.is_empty() {
            let filter = house.conditions(filter)?;
            let page = house.desk.messages(&newest(filter), style).await?;
            self.more = page.next.is_some();
            self.messages = page.items;
        }
        Ok(())
    }

    /// A pasted log: the messages that it names, where they are kept; else what it says by itself.
    async fn explain(&mut self, house: &Visit, log: &str, style: &Style) -> Result<(), Failure> {
        let (answers, _) = house.desk.explain(log.as_bytes(), style, None, None);
        let mut mids: Vec<u64> = answers
            .iter()
            .filter_map(|one| one.message.as_ref().map(|message| message.mid))
            .collect();
        mids.sort_unstable();
        mids.dedup();
        mids.truncate(EXPLAINED);
        let mut filter = Filter::all(whymid_store::RecordKind::Message);
        filter.mid.any = mids;
        if !filter.mid.any.is_empty() {
            let page = house.desk.messages(&newest(filter), style).await?;
            self.more = page.next.is_some();
            self.messages = page.items;
        }
        self.explained = answers.into_iter().take(EXPLAINED).collect();
        for one in &mut self.explained {
            one.question = Question::default();
        }
        Ok(())
    }
}

fn moment(time: &Time) -> Option<Timestamp> {
    time.to_string().parse().ok()
}

/// What was understood, in words.
fn said(meant: &Meant, lang: Lang) -> String {
    let ja = lang == Lang::Ja;
    let say = |en: &str, jp: &str| if ja { jp.to_owned() } else { en.to_owned() };
    match meant {
        Meant::Nothing => String::new(),
        Meant::Log(pasted) => {
            let count = pasted.log.lines().count();
            if ja {
                format!("ログ {count} 行")
            } else if count == 1 {
                "a line of log".to_owned()
            } else {
                format!("{count} lines of log")
            }
        }
        Meant::Mid(mid) => format!("MID {mid}"),
        Meant::Icid(icid) => format!("ICID {icid}"),
        Meant::Dcid(dcid) => format!("DCID {dcid}"),
        Meant::Number(number) => {
            let or = say("or", "または");
            format!("MID {number} {or} ICID {number}")
        }
        Meant::MessageId(id) => format!("Message-ID <{id}>"),
        Meant::Address(address) => {
            format!(
                "{} {address}",
                say("sender or recipient", "送信者または受信者")
            )
        }
        Meant::Ip(ip) => format!("{} {ip}", say("sending address", "送信元アドレス")),
        Meant::Host(host) => format!(
            "{} {host}",
            say(
                "sending host, or domain of sender or recipient,",
                "送信ホスト、または送信者・受信者のドメイン",
            )
        ),
        Meant::Filters(_) => say("filters", "フィルター"),
        Meant::Words(_) => say(
            "words of the subject or of log lines, and of articles",
            "件名・ログ行・記事に含まれる語",
        ),
    }
}

impl Page {
    fn title<'a>(&'a self, id: &'a str) -> &'a str {
        let known = self.titles.iter().find(|(known, _)| known == id);
        known.map_or(id, |(_, title)| title)
    }

    fn outcome(&self, outcome: &Outcome) -> &'static str {
        labels::outcome(*outcome, self.shell.lang)
    }

    fn recipients(&self, one: &MessageItem) -> String {
        let addresses = one.message.recipients.iter();
        let mut addresses = addresses.filter_map(|one| one.address.as_deref());
        let first = addresses.next().unwrap_or("–").to_owned();
        match addresses.count() {
            0 => first,
            more => format!("{first} +{more}"),
        }
    }

    fn subject<'a>(&self, one: &'a MessageItem) -> std::borrow::Cow<'a, str> {
        one.message
            .subject
            .as_deref()
            .map(whymid_store::decoded)
            .unwrap_or_default()
    }

    fn sender<'a>(&self, one: &'a MessageItem) -> &'a str {
        match one.message.sender.as_deref() {
            Some("") => "<>",
            Some(sender) => sender,
            None => "–",
        }
    }
}
