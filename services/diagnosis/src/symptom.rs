//! Symptoms: what a record shows before anybody asks why, and by which rules are tried at all.
//!
//! Not here: which symptom a story has (`decide.rs`).

/// What a record shows before anybody asks why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Symptom {
    ReceivingAborted,
    ConnectionWithoutMessage,
    ConnectionWithMessages,
    RecipientsRejected,
    Delivered,
    InProgress,
    Stopped,
    HardBounced,
    Quarantined,
    DeletedFromQuarantine,
}

impl Symptom {
    pub(crate) const ALL: [Self; 10] = [
        Self::ReceivingAborted,
        Self::ConnectionWithoutMessage,
        Self::ConnectionWithMessages,
        Self::RecipientsRejected,
        Self::Delivered,
        Self::InProgress,
        Self::Stopped,
        Self::HardBounced,
        Self::Quarantined,
        Self::DeletedFromQuarantine,
    ];

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::ReceivingAborted => "receiving_aborted",
            Self::ConnectionWithoutMessage => "connection_without_message",
            Self::ConnectionWithMessages => "connection_with_messages",
            Self::RecipientsRejected => "recipients_rejected",
            Self::Delivered => "delivered",
            Self::InProgress => "in_progress",
            Self::Stopped => "stopped",
            Self::HardBounced => "hard_bounced",
            Self::Quarantined => "quarantined",
            Self::DeletedFromQuarantine => "deleted_from_quarantine",
        }
    }
}
