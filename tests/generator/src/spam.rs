//! The spam quarantine, local or external.
//!
//! Invariants: the external one looks like a next hop and is none (trap 2): its answer quotes a
//! number of another appliance. The local one is spoken to by RCID.

use crate::kind::Kind;
use crate::mail::Mail;
use crate::names::DESTINATIONS;
use crate::plan::Dialect;
use crate::quarantine::went_on;
use crate::record::Note;
use crate::script::{Script, Stage};
use crate::text::{Rids, body};
use crate::truth::{Ending, Fate};
use crate::world::World;

impl World {
    /// Into the spam quarantine.
    pub(crate) fn spam_quarantine(&mut self, mail: Box<Mail>, script: &mut Script) {
        self.policy(script, &mail);
        let old = self.dialect(script) == Dialect::Old;
        if !old {
            self.spam_verdict(script, &mail, "spam suspect");
        }
        let prefix = if old { "EUQ" } else { "ISQ" };
        let text = body![prefix, ": Tagging MID ", mail.mid(), " for quarantine"];
        script.say(Kind::E112, mail.who, text);
        if old || self.dice.chance(0.4) {
            return self.local_quarantine(mail, prefix, script);
        }
        script.note(mail.who, Note::Ending(Ending::Queued));
        let text = body!["MID ", mail.mid(), " queued for delivery"];
        script.say(Kind::E203, mail.who, text);
        script.wait(self.dice.below(3));
        script.then(Stage::Offbox(mail));
    }

    fn local_quarantine(&mut self, mail: Box<Mail>, prefix: &str, script: &mut Script) {
        let (mid, who) = (mail.mid(), mail.who);
        if self.dice.chance(0.15) {
            self.not_reached(&mail, script);
        }
        let rcid = self.gateways[script.gateway].rcids.next();
        let text = body![
            "RPC Delivery start RCID ",
            rcid,
            " MID ",
            mid,
            " to local IronPort Spam Quarantine"
        ];
        script.say(Kind::E177, who, text);
        script.note(who, Note::Ending(Ending::SpamQuarantined));
        script.note(who, Note::FateOfAll(Fate::Held));
        script.say(Kind::E178, who, body![prefix, ": Quarantined MID ", mid]);
        let text = body!["RPC Message done RCID ", rcid, " MID ", mid];
        script.say(Kind::E179, who, text);
        if self.dice.chance(0.7) {
            return self.finish(script, &mail, Ending::SpamQuarantined);
        }
        let text = body!["Message finished MID ", mid, " done"];
        script.say(Kind::E085, who, text);
        self.hours_later(script, (1, 60), Stage::Reinject(mail));
    }

    fn not_reached(&mut self, mail: &Mail, script: &mut Script) {
        let rcid = self.gateways[script.gateway].rcids.next();
        let (kind, text) = if self.dice.chance(0.5) {
            let text = body!["RPC Message rejected RCID ", rcid, " MID ", mail.mid()];
            (Kind::E180, text)
        } else {
            let text = body![
                "RPC connection to 192.0.2.70 failed RCID ",
                rcid,
                " MID ",
                mail.mid(),
                " (timeout)"
            ];
            (Kind::E181, text)
        };
        script.say(kind, mail.who, text);
        script.wait(60);
    }

    /// Taken out of the spam quarantine, under a new MID.
    pub(crate) fn reinject(&mut self, old: &Mail, script: &mut Script) {
        let (mut mail, who) = self.successor(script.gateway, old, 0);
        went_on(old, who, script);
        self.inherit(script, &mut mail, &old.to);
        let text = body!["EUQ: Reinjected MID ", old.mid(), " as MID ", who.number];
        script.say_of_both(Kind::E182, who, old.who, text);
        self.goes_on(mail, script);
    }

    /// The external spam quarantine, which looks like a next hop.
    pub(crate) fn offbox(&mut self, mail: Box<Mail>, script: &mut Script) {
        let (mid, who) = (mail.mid(), mail.who);
        let outbound = match self.gateways[script.gateway].take_outbound(DESTINATIONS) {
            Some(outbound) => outbound,
            None => self.connect(script, DESTINATIONS, "192.0.2.70", 6025),
        };
        let rids: Vec<u32> = mail.to.iter().map(|to| to.rid).collect();
        let front = body![
            " DCID ",
            outbound.number,
            " MID ",
            mid,
            " to RID ",
            Rids(&rids)
        ];
        let text = body![
            "Delivery start",
            &front,
            " to offbox IronPort Spam Quarantine"
        ];
        script.say_of_both(Kind::E183, who, outbound, text);
        script.wait(self.dice.below(2));
        script.note(who, Note::Ending(Ending::SpamQuarantined));
        script.note(who, Note::FateOfAll(Fate::Held));
        let text = body!["Message done", front, " (external quarantine) "];
        script.say_of_both(Kind::E184, who, outbound, text);
        let there = self.dice.between(30_000_000, 30_999_999);
        let text = body![
            "MID ",
            mid,
            " RID ",
            Rids(&rids),
            " Response 'ok:  Message ",
            there,
            " accepted'"
        ];
        script.say(Kind::E185, who, text);
        self.finish(script, &mail, Ending::SpamQuarantined);
        script.then(Stage::Free(outbound));
    }
}
