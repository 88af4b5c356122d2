//! A story line by line, as published.

use whymid_mailflow::Connection;
use whymid_schemas::{Entry, MessageTimeline, Outcome, Time};

use crate::answer::Style;
use crate::knowledge::Knowledge;
use crate::story::Story;
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
            entries: lines
                .iter()
                .enumerate()
                .skip(from)
                .take(limit)
                .map(|(place, (of, entry))| Entry {
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
                .collect(),
            spilled: story.spilled(),
            next_cursor: (next < lines.len()).then(|| next.to_string()),
            complete_up_to: story.newest.map(|newest| Time::of(newest, &style.zone)),
        })
    }
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
