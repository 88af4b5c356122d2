//! RCPT TO: recipients accepted and refused.
//!
//! Invariants: only accepted recipients get a RID, counted from 0; a refused one is a recipient
//! of the truth all the same.

use crate::kind::Kind;
use crate::mail::{Mail, To};
use crate::names::{self, Domain};
use crate::record::{Note, Who};
use crate::script::Script;
use crate::text::body;
use crate::truth::{Fate, Recipient};
use crate::world::World;

/// Why the address of a recipient is not valid, as it is quoted; two rows of the grammar.
const INVALID: [(&str, Kind); 3] = [
    (
        "Invalid recipient address: Invalid character in address: '!'",
        Kind::E068,
    ),
    ("Invalid recipient address:  'RCPT TO:<>'", Kind::E069),
    (
        "Invalid recipient address:  \"RCPT TO: <A B (a@x.example) <a@x.example>; 'c@x.example' <c@x.example>\"",
        Kind::E070,
    ),
];

impl World {
    /// All recipients of a message: one or more are accepted.
    pub(crate) fn recipients(&mut self, script: &mut Script, mail: &mut Mail, connection: Who) {
        for _ in 0..self.how_many_recipients() {
            let others = !mail.to.is_empty();
            if others && self.dice.chance(self.plan.odds.refused_recipient) {
                self.refuse_recipient(script, mail, connection);
            } else {
                self.accept_recipient(script, mail, connection);
            }
        }
    }

    fn how_many_recipients(&mut self) -> u64 {
        if self.dice.chance(self.plan.odds.crowd) {
            let most = u64::from(self.plan.crowd.max(20));
            return self.dice.between(20, most);
        }
        [1, 1, 1, 1, 1, 1, 1, 2, 2, 3, 4, 7][self.dice.below(12) as usize]
    }

    fn accept_recipient(&mut self, script: &mut Script, mail: &mut Mail, connection: Who) {
        let domain = if mail.inbound {
            Domain::ours(&mut self.dice)
        } else {
            Domain::of_others(&mut self.dice)
        };
        let address = names::mailbox(&mut self.dice, domain);
        self.add_recipient(script, mail, connection.number, address, domain);
    }

    /// An accepted recipient and its line.
    pub(crate) fn add_recipient(
        &mut self,
        script: &mut Script,
        mail: &mut Mail,
        icid: u64,
        address: String,
        domain: Domain,
    ) {
        let kind = if address.is_empty() {
            Kind::E063
        } else {
            Kind::E062
        };
        let rid = self.note_recipient(script, mail, address.clone(), domain);
        let text = body![
            "MID ",
            mail.mid(),
            " ICID ",
            icid,
            " RID ",
            rid,
            " To: <",
            address,
            ">"
        ];
        script.say(kind, mail.who, text);
    }

    /// An accepted recipient, without a line of its own; its RID.
    pub(crate) fn note_recipient(
        &mut self,
        script: &mut Script,
        mail: &mut Mail,
        address: String,
        domain: Domain,
    ) -> u32 {
        let rid = mail.to.len() as u32;
        let place = mail.known;
        mail.known += 1;
        let recipient = Recipient {
            rid: Some(rid),
            address: address.clone(),
            fate: Fate::Waiting,
        };
        script.note(mail.who, Note::Recipient(recipient));
        mail.to.push(To {
            rid,
            place,
            address,
            domain,
        });
        rid
    }

    /// A recipient is refused.
    pub(crate) fn refuse_recipient(
        &mut self,
        script: &mut Script,
        mail: &mut Mail,
        connection: Who,
    ) {
        if self.dice.chance(0.25) {
            return self.invalid_recipient(script, mail, connection);
        }
        let address = names::mailbox(&mut self.dice, Domain(0));
        self.note_refused(script, mail, address.clone());
        let (kind, by) = *self.dice.one_of(&[
            (Kind::E064, "RAT"),
            (Kind::E065, "LDAPACCEPT"),
            (Kind::E066, "Injection Control"),
        ]);
        let front = body!["MID ", mail.mid(), " ICID ", connection.number];
        let text = body![front, " To: <", address, "> Rejected by ", by];
        script.say(kind, mail.who, text);
    }

    fn invalid_recipient(&mut self, script: &mut Script, mail: &mut Mail, connection: Who) {
        let (what, kind) = *self.dice.one_of(&INVALID);
        self.note_refused(script, mail, String::new());
        let text = body!["ICID ", connection.number, " MID ", mail.mid(), " ", what];
        script.say_of_both(kind, mail.who, connection, text);
    }

    /// Bounce verification refuses the only recipient.
    pub(crate) fn refuse_untagged(&mut self, script: &mut Script, mail: &mut Mail, by: Who) {
        let address = names::mailbox(&mut self.dice, Domain(0));
        self.note_refused(script, mail, address.clone());
        let text = body![
            "MID ",
            mail.mid(),
            " ICID ",
            by.number,
            " invalid bounce, rcpt address <",
            address,
            "> rejected by bounce verification."
        ];
        script.say(Kind::E071, mail.who, text);
    }

    fn note_refused(&mut self, script: &mut Script, mail: &mut Mail, address: String) {
        mail.known += 1;
        let recipient = Recipient {
            rid: None,
            address,
            fate: Fate::Refused,
        };
        script.note(mail.who, Note::Recipient(recipient));
    }
}
