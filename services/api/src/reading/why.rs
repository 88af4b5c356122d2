//! "Why?" by MID, by `Message-ID` and by ICID: the newest that fits, or the one nearest to a moment;
//! the others are candidates. What is not there is told with what was searched.
//!
//! Not here: joining (`stories.rs`).

use jiff::Timestamp;
use whymid_mailflow::{Connection, Message};
use whymid_schemas::{Answer, Candidate, Question, Time};
use whymid_store::{Filter, Key, Known, Pattern, Record, RecordKind};

use super::{MAX_CANDIDATES, Newest, Reading, failed};
use crate::desk::{Ask, Missing, Style, What};

impl Reading {
    pub(super) async fn why_mid(
        &self,
        mid: u64,
        ask: &Ask,
        style: &Style,
    ) -> Result<Answer, Missing> {
        let question = question(ask, style);
        let now = self.newest().await?;
        let mut found = Vec::new();
        if self.scope.sight.is_some() {
            // the newest of one's own, however many others there are
            let mut filter = Filter::all(RecordKind::Message);
            filter.mid.any.push(mid);
            filter.appliance.any.extend(ask.appliance.clone());
            found = self.newest_of(filter).await?;
        }
        if found.is_empty() {
            let key = Key::Mid(mid);
            let most = MAX_CANDIDATES + 1;
            let appliance = ask.appliance.as_deref();
            found = self.find(RecordKind::Message, key, appliance, most).await?;
        }
        self.why_of(found, ask, question, style, &now).await
    }

    /// By the `Message-ID` header: capitals count, angle brackets do not.
    pub(super) async fn why_message_id(
        &self,
        id: &str,
        ask: &Ask,
        style: &Style,
    ) -> Result<Answer, Missing> {
        let question = question(ask, style);
        let now = self.newest().await?;
        let mut filter = Filter::all(RecordKind::Message);
        filter.message_id.any.push(Pattern::Is(id.to_owned()));
        filter.appliance.any.extend(ask.appliance.clone());
        let found = self.newest_of(filter).await?;
        self.why_of(found, ask, question, style, &now).await
    }

    /// The answer about the newest of messages, or the one nearest to the moment asked for.
    async fn why_of(
        &self,
        found: Vec<Record>,
        ask: &Ask,
        question: Question,
        style: &Style,
        now: &Newest,
    ) -> Result<Answer, Missing> {
        let found = found.into_iter().filter_map(Record::into_message);
        let mut found = self.visible(found.collect(), now).await?;
        if found.is_empty() {
            return Err(self.unknown(question, style).await);
        }
        let message = found.remove(chosen(&found, ask.at, |one| {
            (one.common.first_at, one.common.last_at)
        }));
        let Some(story) = self.story(message, now).await? else {
            return Err(self.unknown(question, style).await);
        };
        let mut answer = self.knowledge.answer(&story, question, style);
        answer.candidates = self.candidates(found, style, now).await?;
        Ok(answer)
    }

    /// Those of messages of which something may be seen.
    async fn visible(&self, found: Vec<Message>, now: &Newest) -> Result<Vec<Message>, Missing> {
        if self.scope.sight.is_none() {
            return Ok(found);
        }
        let mut visible = Vec::new();
        for message in found {
            if self.story(message.clone(), now).await?.is_some() {
                visible.push(message);
            }
        }
        Ok(visible)
    }

    /// Other messages that fit, as they are seen.
    async fn candidates(
        &self,
        found: Vec<Message>,
        style: &Style,
        now: &Newest,
    ) -> Result<Vec<Candidate>, Missing> {
        let mut candidates = Vec::new();
        for message in found {
            if self.scope.sight.is_none() {
                candidates.push(self.candidate(&message, style));
            } else if let Some(story) = self.story(message, now).await? {
                candidates.extend(story.asked().map(|one| self.candidate(one, style)));
            }
        }
        Ok(candidates)
    }

    fn candidate(&self, message: &Message, style: &Style) -> Candidate {
        Candidate {
            id: message.common.id.clone(),
            url: Some(format!("{}/messages/{}", style.base_url, message.common.id)),
            appliance: message.common.appliance.clone(),
            first_seen_at: Time::of(message.common.first_at, &style.zone),
            outcome: whymid_diagnosis::of_message(message),
        }
    }

    pub(super) async fn why_icid(
        &self,
        icid: u64,
        ask: &Ask,
        style: &Style,
    ) -> Result<Answer, Missing> {
        let question = question(ask, style);
        let now = self.newest().await?;
        let appliance = ask.appliance.as_deref();
        let known = self.connections(icid, appliance).await?;
        let mut found = self.visible_connections(&known, &now).await?;
        if found.is_empty() {
            return self.why_messages_of(icid, ask, question, style, &now).await;
        }
        let place = chosen(&found, ask.at, |one| {
            (one.common.first_at, one.common.last_at)
        });
        let connection = found[place].clone();
        let Some((story, messages)) = self.with_messages(connection, &known, &now).await? else {
            return Err(self.unknown(question, style).await);
        };
        found.remove(place);
        let mut answer = self
            .knowledge
            .connection_answer(&story, &messages, question, style);
        answer.candidates = found
            .iter()
            .map(|one| Candidate {
                id: one.common.id.clone(),
                url: None,
                appliance: one.common.appliance.clone(),
                first_seen_at: Time::of(one.common.first_at, &style.zone),
                outcome: whymid_diagnosis::of_connection(one, &[]),
            })
            .collect();
        Ok(answer)
    }

    /// Those of connections of which something may be seen, as they are seen.
    async fn visible_connections(
        &self,
        known: &[Connection],
        now: &Newest,
    ) -> Result<Vec<Connection>, Missing> {
        if self.scope.sight.is_none() {
            return Ok(known.to_vec());
        }
        let mut visible = Vec::new();
        for connection in known {
            let told = self.with_messages(connection.clone(), known, now).await?;
            visible.extend(told.and_then(|(story, _)| story.connection.as_deref().cloned()));
        }
        Ok(visible)
    }

    /// No line of the connection itself was seen: its newest message answers.
    async fn why_messages_of(
        &self,
        icid: u64,
        ask: &Ask,
        question: Question,
        style: &Style,
        now: &Newest,
    ) -> Result<Answer, Missing> {
        let found = self
            .find(
                RecordKind::Message,
                Key::Icid(icid),
                ask.appliance.as_deref(),
                MAX_CANDIDATES,
            )
            .await?;
        for message in found.into_iter().filter_map(Record::into_message) {
            if let Some(story) = self.story(message, now).await? {
                return Ok(self.knowledge.answer(&story, question, style));
            }
        }
        Err(self.unknown(question, style).await)
    }

    /// Nothing found: what was searched.
    async fn unknown(&self, question: Question, style: &Style) -> Missing {
        let mut all = match self.library.appliances(&self.scope).await {
            Ok(all) => all,
            Err(error) => return failed(error),
        };
        if self.scope.sight.is_some() {
            // when which gateway spoke is everybody's
            all.clear();
        }
        let wanted = question.appliance.clone();
        let of = |one: &&Known| {
            wanted
                .as_ref()
                .is_none_or(|wanted| wanted.eq_ignore_ascii_case(&one.name))
        };
        let newest = all.iter().filter(of).filter_map(|one| one.newest).max();
        let first = all.iter().filter(of).filter_map(|one| one.first).min();
        let period = first
            .zip(newest)
            .map(|(first, newest)| (first.min(newest), newest));
        let names: Vec<String> = match wanted {
            Some(wanted) => vec![wanted],
            None => all.into_iter().map(|one| one.name).collect(),
        };
        Missing::Unknown(Box::new(
            self.knowledge.unknown(question, &names, period, style),
        ))
    }
}

fn question(ask: &Ask, style: &Style) -> Question {
    let at = ask.at.map(|at| Time::of(at, &style.zone));
    let question = Question {
        appliance: ask.appliance.clone(),
        at,
        ..Question::default()
    };
    match &ask.what {
        What::Mid(mid) => Question {
            mid: Some(*mid),
            ..question
        },
        What::Icid(icid) => Question {
            icid: Some(*icid),
            ..question
        },
        What::MessageId(id) => Question {
            message_id: Some(id.clone()),
            ..question
        },
    }
}

/// The newest, or the one whose time is nearest to a moment.
fn chosen<R>(
    found: &[R],
    at: Option<Timestamp>,
    span: impl Fn(&R) -> (Timestamp, Timestamp),
) -> usize {
    let Some(at) = at else { return 0 };
    let distance = |one: &R| {
        let (first, last) = span(one);
        let before = (first.as_second() - at.as_second()).max(0);
        before.max((at.as_second() - last.as_second()).max(0))
    };
    let nearest = found
        .iter()
        .enumerate()
        .min_by_key(|(_, one)| distance(one));
    nearest.map_or(0, |(place, _)| place)
}
