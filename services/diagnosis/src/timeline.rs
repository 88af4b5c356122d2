//! A story line by line, as published.

use whymid_mailflow::Connection;
use whymid_schemas::{ConnectionTimeline, Entry, MessageTimeline, Outcome, Time};

use crate::answer::Style;
use crate::family::Followed;
use crate::knowledge::Knowledge;
use crate::outcome;
use crate::story::{Of, Story};
use crate::summary::{connection_summary, delivery_summary, family_summary, message_summary};

impl Knowledge {
    /// The timeline of a message's story: `limit` lines from place `from`.
    #[must_use]
    pub fn timeline(
        &self,
        story: &Story,
        style: &Style,
        from: usize,
        limit: usize,
    ) -> Option<MessageTimeline> {
        let judged = self.judge(story);
        let outcome = judged.outcome;
        let lines = story.lines();
        let next = from.saturating_add(limit);
        Some(MessageTimeline {
            message: message_summary(self, &judged, style)?,
            family: family_summary(&judged, style),
            connection: story
                .connection
                .as_ref()
                .map(|one| connection_summary(one, outcome_of(one, outcome), style)),
            deliveries: story
                .deliveries
                .iter()
                .map(|one| delivery_summary(one, style))
                .collect(),
            entries: entries(&lines, from, limit, style),
            spilled: story.spilled(),
            next_cursor: (next < lines.len()).then(|| next.to_string()),
            complete_up_to: story.newest.map(|newest| Time::of(newest, &style.zone)),
        })
    }

    /// The timeline of a connection's story; `of_messages` is how those fared that it carried.
    #[must_use]
    pub fn connection_timeline(
        &self,
        story: &Story,
        of_messages: &[Story],
        style: &Style,
        from: usize,
        limit: usize,
    ) -> Option<ConnectionTimeline> {
        let connection = story.connection.as_ref()?;
        let fared = of_messages.iter().filter_map(Followed::of);
        let outcomes: Vec<Outcome> = fared.map(|one| one.outcome).collect();
        let outcome = outcome::of_connection(connection, &outcomes);
        let lines = story.lines();
        let next = from.saturating_add(limit);
        Some(ConnectionTimeline {
            connection: connection_summary(connection, outcome, style),
            entries: entries(&lines, from, limit, style),
            spilled: story.spilled(),
            next_cursor: (next < lines.len()).then(|| next.to_string()),
            complete_up_to: story.newest.map(|newest| Time::of(newest, &style.zone)),
        })
    }
}

/// A page of lines.
fn entries(
    lines: &[(Of, &whymid_mailflow::Entry)],
    from: usize,
    limit: usize,
    style: &Style,
) -> Vec<Entry> {
    let page = lines.iter().enumerate().skip(from).take(limit);
    page.map(|(place, (of, entry))| Entry {
        entry: place,
        at: Time::of(entry.at, &style.zone),
        stamp: entry.stamp.clone(),
        level: entry.level,
        kind: entry.kind.0.map(|kind| kind.name.to_owned()),
        of: of.word().to_owned(),
        line: entry.line.clone(),
        copies: entry.copies(),
        cut: entry.cut,
    })
    .collect()
}

/// A connection with one message fares as that message; what became of the others is not known
/// here.
fn outcome_of(connection: &Connection, of_message: Outcome) -> Outcome {
    if connection.mids.len() > 1 {
        Outcome::Unknown
    } else {
        of_message
    }
}
