//! Stories to the items of a list.

use whymid_schemas::{ConnectionItem, MessageItem, Outcome};

use crate::answer::Style;
use crate::family::Followed;
use crate::knowledge::Knowledge;
use crate::outcome;
use crate::story::Story;
use crate::summary::{connection_summary, message_summary};

impl Knowledge {
    /// A message of a list; `None` for a story of a connection.
    #[must_use]
    pub fn message_item(&self, story: &Story, style: &Style) -> Option<MessageItem> {
        let judged = self.judge(story);
        Some(MessageItem {
            message: message_summary(self, &judged, style)?,
            diagnosis: judged.id().to_owned(),
            custody: judged.custody,
        })
    }

    /// A connection of a list, with the stories of what it carried; `None` for a story of a
    /// message.
    #[must_use]
    pub fn connection_item(
        &self,
        story: &Story,
        of_messages: &[Story],
        style: &Style,
    ) -> Option<ConnectionItem> {
        let connection = story.connection.as_ref()?;
        let fared = of_messages.iter().filter_map(Followed::of);
        let outcomes: Vec<Outcome> = fared.map(|one| one.outcome).collect();
        let outcome = outcome::of_connection(connection, &outcomes);
        let is_alone = connection.mids.is_empty();
        Some(ConnectionItem {
            connection: connection_summary(connection, outcome, style),
            diagnosis: is_alone.then(|| self.judge(story).id().to_owned()),
        })
    }
}
