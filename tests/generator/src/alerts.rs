//! Lines without meaning for a record: alerts, licences, caches, other subscriptions, and what
//! nobody understands.
//!
//! Invariants: numbers that such a line quotes are nobody's (trap 16); the same line may be
//! written twice in a second.

use crate::kind::Kind;
use crate::names::{self, Domain};
use crate::text::body;
use crate::world::World;

/// Lines that are constant.
const LINES: [(Kind, &str); 31] = [
    (
        Kind::E074,
        "Alias match: recipient me@corp.example mapped to ['me@corp.example']",
    ),
    (
        Kind::E115,
        "CASE cache status: hits = 4579, misses = 823449, expires = 0, adds = 816702, seconds saved = 6796.34, total seconds = 1238122.53",
    ),
    (
        Kind::E116,
        "graymail [CONFIG] Starting graymail configuration handler",
    ),
    (
        Kind::E132,
        "A Anti-Virus/Critical alert was sent to alerts@corp.example with subject \"Critical <Anti-Virus> esa1.corp.example: MID 5 antivirus timeout error\".",
    ),
    (
        Kind::E163,
        "URL_REP_CLIENT: Configuration changed. Triggering restart of URL Reputation client service.",
    ),
    (
        Kind::E164,
        "URL category definitions have changed. Please check and update your filters to use the new definitions",
    ),
    (
        Kind::E202,
        "LDAP: Accepted query CorpLDAP.ldapaccept address sales@corp.example",
    ),
    (
        Kind::E219,
        "Deliveries are currently suspended [5857.garden.example]",
    ),
    (
        Kind::E229,
        "Scanning over-the-limit.example with 1 msgs for expiration candidates.",
    ),
    (
        Kind::E239,
        "Message containing attachment(s) for which verdict update was(were) available was not found in the recipient's (sales@corp.example) mailbox.",
    ),
    (
        Kind::E241,
        "service_log_client.telemetry_rpc_server : THR: Thread-152: ESA messages results sent for the MID: 107.",
    ),
    (Kind::E247, "Checkpoint Finished"),
    (Kind::E247, "Checkpoint Finished"),
    (
        Kind::E248,
        "A System/Warning alert was sent to alerts@corp.example with subject \"Warning <System> esa1.corp.example: URL category definitions have changed.; Added new category '...\".",
    ),
    (
        Kind::E249,
        "Error while sending alert: Unable to send System/Warning alert to alerts@corp.example with subject \"Warning <System> esa1.corp.example: Your \"IronPort Email Encryption\" key will expire in under 60...\".",
    ),
    (
        Kind::E250,
        "Internal SMTP system successfully sent a message to alerts@corp.example with subject 'Warning <System> esa1.corp.example: Your \"Sophos Anti-Virus\" key will expire in under 60 day(s)....'.",
    ),
    (
        Kind::E251,
        "Internal SMTP giving up on message to alerts@corp.example with subject 'Warning <System> esa1.corp.example: Your \"IronPort Email Encryption\" key will expire in under 60...': Unrecoverable error.",
    ),
    (
        Kind::E252,
        "Internal SMTP Error: Failed to send message to host 192.0.2.25:25 for recipient alerts@corp.example: Unexpected SMTP response \"553\", expecting code starting with \"2\", response was ['#5.1.8 Domain of sender address <corp.example> does not exist'].",
    ),
    (
        Kind::E253,
        "Your \"IronPort Anti-Spam\" key will expire in under 60 day(s). Please contact your authorized Cisco sales representative.",
    ),
    (
        Kind::E255,
        "lame DNS referral: qname:lame.example ns_name:lame.example zone:lame.example ref_zone:lame.example referrals:[(524666183436709L, 0, 'insecure', 'lame.example'), (524666183436709L, 0, 'insecure', 'lame.example')]",
    ),
    (Kind::U004, "zephyr: the moon is full"),
    (Kind::U004, "MIDnight backup done, 5 of 5"),
    (Kind::U004, "MID"),
    (Kind::U004, "ICID x close"),
    (Kind::U004, "The MID 5 is not at the front"),
    (Kind::U004, "Re: MID 5 and ICID 4, DCID 3 close"),
    (Kind::U004, "再起動しました"),
    (Kind::U004, "Start"),
    (Kind::U004, "Message"),
    (Kind::U004, "DCID"),
    (Kind::U004, "=?utf-8?B?TUlEIDU=?="),
];

impl World {
    /// One such line, or the same one twice.
    pub(crate) fn alert(&mut self, gateway: usize) {
        let (kind, text) = if self.dice.chance(0.1) {
            let hosts = self.dice.below(999);
            let text = body!["SenderBase upload: ", hosts, " hosts totaling 201887 bytes"];
            (Kind::E246, text)
        } else if self.dice.chance(0.1) {
            let address = names::mailbox(&mut self.dice, Domain(0));
            let text = body!["LDAP: Accepted query CorpLDAP.ldapaccept address ", address];
            (Kind::E202, text)
        } else {
            let (kind, text) = *self.dice.one_of(&LINES);
            (kind, text.to_owned())
        };
        if self.dice.chance(self.plan.odds.twin) {
            self.write_event(gateway, kind, text.clone(), 0);
        }
        self.write_event(gateway, kind, text, 0);
    }
}
