//! A message that goes on under other MIDs: split by policy or list, rewritten.
//!
//! Invariants: the old MID comes first in the wording (trap 6), it finishes without a delivery;
//! children of a list have no start of their own, RIDs begin at 0 again (trap 9); a rewritten
//! one may be in use before the line that tells (trap 7), and what caused it may be told after it
//! (trap 24).

use crate::kind::Kind;
use crate::mail::{Mail, To};
use crate::names::POLICIES;
use crate::plan::Dialect;
use crate::record::{Note, Who};
use crate::script::Script;
use crate::text::body;
use crate::truth::{Ending, Fate};
use crate::world::World;

/// How a rewriting is told: kind, before the new MID, behind it.
const REWRITTEN: [(Kind, &str, &str); 6] = [
    (Kind::E189, " rewritten to ", " by antispam "),
    (Kind::E190, " rewritten to MID ", " by LDAP rewrite"),
    (
        Kind::E191,
        " rewritten to ",
        " by alt-rcpt-to-filter filter 'testfilt'",
    ),
    (
        Kind::E192,
        " rewritten to MID ",
        " by add-footer filter 'Footer Stamping'",
    ),
    (
        Kind::E193,
        " rewritten to MID ",
        " by drop-attachments-by-filetype filter 'Block_Attachments'",
    ),
    (
        Kind::E194,
        " rewritten to ",
        " by antivirus(unsafe alt-rcpt-to) filter 'unknown'",
    ),
];

impl World {
    /// Split into children, each with some of the recipients.
    pub(crate) fn split(&mut self, mail: Box<Mail>, script: &mut Script) {
        let by_list = self.dialect(script) != Dialect::Old && self.dice.chance(0.5);
        if !by_list {
            self.policy(script, &mail);
        }
        let children = (mail.to.len()).min(1 + self.dice.below(3) as usize);
        let size = mail.to.len().div_ceil(children.max(1)).max(1);
        for some in mail.to.chunks(size) {
            self.child(&mail, some, by_list, script);
        }
        self.finish(script, &mail, Ending::WentOn);
    }

    fn child(&mut self, parent: &Mail, to: &[To], by_list: bool, script: &mut Script) {
        let (mut mail, who) = self.successor(script.gateway, parent, 0);
        let places = to.iter().map(|one| one.place).collect();
        script.note(
            parent.who,
            Note::Fate(places, Fate::WentOn { into: who.id }),
        );
        let front = body![
            "MID ",
            parent.mid(),
            " was split creating MID ",
            who.number,
            " due to a "
        ];
        let (kind, text) = if by_list {
            (Kind::E187, body![front, list_of(to)])
        } else {
            let policy = self.dice.word(&POLICIES);
            (Kind::E186, body![front, "per-recipient policy ", policy])
        };
        script.say_of_both(kind, parent.who, who, text);
        let mut other = self.script(script.gateway);
        if !by_list && self.dice.chance(0.5) {
            let start = body!["Start MID ", who.number, " ICID 0"];
            other.say(Kind::E058, who, start);
        }
        self.inherit(&mut other, &mut mail, to);
        self.verdicts(&mut other, &mail);
        self.goes_on(mail, &mut other);
        script.begin(other);
    }

    /// Rewritten under a new MID.
    pub(crate) fn rewrite(&mut self, mail: Box<Mail>, script: &mut Script) {
        let row = *self.dice.one_of(&REWRITTEN);
        self.policy(script, &mail);
        self.rewrite_by(&mail, row, script);
    }

    /// Rewritten in a given way.
    pub(crate) fn rewrite_by(
        &mut self,
        mail: &Mail,
        (kind, link, cause): (Kind, &str, &str),
        script: &mut Script,
    ) {
        let icid = if self.dice.chance(0.5) { mail.icid } else { 0 };
        let (mut new, who) = self.successor(script.gateway, mail, icid);
        let other = self.rewritten(script.gateway, &mut new, mail, kind);
        let fate = Fate::WentOn { into: who.id };
        let text = body!["MID ", mail.mid(), link, who.number, cause];
        if self.dice.chance(0.3) {
            script.begin(other);
            script.wait(1);
            self.tell_of_rewriting(script, mail, fate, who, (kind, text));
        } else {
            self.tell_of_rewriting(script, mail, fate, who, (kind, text));
            script.begin(other);
        }
        if kind == Kind::E190
            && let Some(one) = mail.to.first()
        {
            self.rerouted(script, mail, one);
        }
        self.finish(script, mail, Ending::WentOn);
    }

    fn tell_of_rewriting(
        &mut self,
        script: &mut Script,
        mail: &Mail,
        fate: Fate,
        new: Who,
        (kind, text): (Kind, String),
    ) {
        script.note(mail.who, Note::Ending(Ending::WentOn));
        script.note(mail.who, Note::Fate(mail.places(), fate));
        script.say_of_both(kind, mail.who, new, text);
    }

    /// The script of the new message.
    fn rewritten(&mut self, gateway: usize, new: &mut Mail, old: &Mail, kind: Kind) -> Script {
        let mut other = self.script(gateway);
        if self.dice.chance(0.3) {
            let start = body!["Start MID ", new.mid(), " ICID ", new.icid];
            let row = if new.icid == 0 {
                Kind::E058
            } else {
                Kind::E057
            };
            other.say(row, new.who, start);
        }
        let from = body![
            "MID ",
            new.mid(),
            " ICID ",
            new.icid,
            " From: <",
            &new.from,
            ">"
        ];
        other.say(Kind::E060, new.who, from);
        let elsewhere = matches!(kind, Kind::E191 | Kind::E194);
        for one in &old.to {
            let address = if elsewhere {
                body!["alt.", &one.address]
            } else {
                one.address.clone()
            };
            self.add_recipient(&mut other, new, new.icid, address, one.domain);
        }
        self.goes_on(new.clone(), &mut other);
        other
    }
}

/// The cause of a split by list, with the recipients' addresses.
fn list_of(to: &[To]) -> String {
    let mut text = String::from("SL/BL configuration for following recipients: ");
    for (place, one) in to.iter().enumerate() {
        if place > 0 {
            text.push_str(", ");
        }
        text.push_str(&one.address);
    }
    text
}
