//! Held, and what comes of it: policy, outbreak and central quarantines.
//!
//! Invariants: one line for each quarantine; only "released from all quarantines" lets a message
//! go on; deletion from one ends it (trap 29). A message may wait for days.
//!
//! Not here: the spam quarantine (`spam.rs`).

use crate::kind::Kind;
use crate::mail::Mail;
use crate::names::QUARANTINES;
use crate::plan::Dialect;
use crate::record::{Note, Who};
use crate::script::{Script, Stage};
use crate::text::body;
use crate::truth::{Dropper, Ending, Fate};
use crate::world::World;

/// A message comes back from a quarantine under another MID: the old one is settled.
pub(crate) fn went_on(old: &Mail, into: Who, script: &mut Script) {
    let fate = Fate::WentOn { into: into.id };
    script.note(old.who, Note::Fate(old.places(), fate));
    script.note(old.who, Note::Ending(Ending::WentOn));
    script.done(old.who);
}

impl World {
    /// Held in one or two quarantines.
    pub(crate) fn hold(&mut self, mail: Box<Mail>, script: &mut Script) {
        self.policy(script, &mail);
        self.spam_or_none(script, &mail);
        let mut held_in = vec![self.dice.word(&QUARANTINES)];
        if self.dice.chance(0.3) {
            held_in.push("Outbreak");
        }
        script.note(mail.who, Note::Ending(Ending::Held));
        script.note(mail.who, Note::FateOfAll(Fate::Held));
        for quarantine in &held_in {
            self.quarantined(script, mail.who, quarantine);
        }
        if self.dice.chance(0.1) {
            return;
        }
        if held_in.contains(&"Outbreak") && self.dice.chance(0.5) {
            script.wait(self.dice.between(600, 7_200));
            let text = body![
                "MID ",
                mail.mid(),
                " quarantine \"Outbreak\" new reason (VOF rule:OUTBREAK_0000231)"
            ];
            script.say(Kind::E168, mail.who, text);
        }
        let stage = Stage::Release(mail, held_in);
        self.hours_later(script, (1, 60), stage);
    }

    fn spam_or_none(&mut self, script: &mut Script, mail: &Mail) {
        if self.dialect(script) != Dialect::Old {
            self.spam_verdict(script, mail, "spam negative");
        }
    }

    fn quarantined(&mut self, script: &mut Script, who: Who, quarantine: &str) {
        let (kind, cause) = match (quarantine, self.dice.below(2)) {
            ("Outbreak", _) => (Kind::E167, " (VOF rule:.pif file in zip)"),
            ("Policy", 0) => (Kind::E146, " (DLP violation)"),
            (_, _) => (Kind::E165, ""),
        };
        let text = body![
            "MID ",
            who.number,
            " quarantined to \"",
            quarantine,
            "\"",
            cause
        ];
        script.say(kind, who, text);
    }

    /// Out of the quarantines, one way or the other.
    pub(crate) fn release(&mut self, mail: Box<Mail>, held_in: &[&str], script: &mut Script) {
        let reason = self.dice.word(&["manual", "expired", "queue full"]);
        if self.dice.chance(0.35) {
            return self.deleted(&mail, held_in, reason, script);
        }
        for (place, quarantine) in held_in.iter().enumerate() {
            if place > 0 && self.dice.chance(0.5) {
                script.wait(self.dice.between(1, 7_200));
            }
            self.released_from(script, &mail, quarantine, reason);
        }
        let text = body!["MID ", mail.mid(), " released from all quarantines "];
        script.note(mail.who, Note::Ending(Ending::Working));
        script.note(mail.who, Note::FateOfAll(Fate::Waiting));
        script.say(Kind::E171, mail.who, text);
        self.after_release(mail, script);
    }

    fn released_from(&mut self, script: &mut Script, mail: &Mail, from: &str, reason: &str) {
        let stripped = self.dice.chance(0.2);
        let tail = self.dice.word(&[" ", " t=190", ""]);
        let (kind, how) = if stripped {
            (Kind::E170, " released (attachments stripped)")
        } else {
            (Kind::E169, " released")
        };
        let text = body![
            "MID ",
            mail.mid(),
            how,
            " from quarantine \"",
            from,
            "\" (",
            reason,
            ")",
            tail
        ];
        script.say(kind, mail.who, text);
    }

    fn deleted(&mut self, mail: &Mail, held_in: &[&str], reason: &str, script: &mut Script) {
        let ending = Ending::DeletedFromQuarantine;
        script.note(mail.who, Note::Ending(ending));
        script.note(mail.who, Note::FateOfAll(Fate::Deleted));
        for quarantine in held_in {
            let text = body![
                "MID ",
                mail.mid(),
                " deleted from quarantine \"",
                *quarantine,
                "\" (",
                reason,
                ")"
            ];
            script.say(Kind::E172, mail.who, text);
        }
        let text = body!["MID ", mail.mid(), " deleted from all quarantines "];
        script.say(Kind::E173, mail.who, text);
        self.finish(script, mail, ending);
    }

    fn after_release(&mut self, mut mail: Box<Mail>, script: &mut Script) {
        mail.released = true;
        match self.dice.below(10) {
            0..=3 => {
                let row = (Kind::E174, " rewritten to ", " by System Quarantine");
                self.rewrite_by(&mail, row, script);
            }
            4 => self.stopped_after_release(&mail, script),
            _ => self.queue(mail, script),
        }
    }

    fn stopped_after_release(&mut self, mail: &Mail, script: &mut Script) {
        let text = body![
            "MID ",
            mail.mid(),
            " antivirus positive 'W32/Sober-P' (released from Outbreak)"
        ];
        script.say(Kind::E120, mail.who, text);
        let text = body!["Message aborted MID ", mail.mid(), " Dropped by antivirus"];
        let why = (Dropper::Antivirus, text);
        let by = self.drop_line(script, mail, Kind::E124, why);
        self.finish(script, mail, Ending::Dropped(by));
    }

    /// Given to the central quarantine; it may come back under a new MID.
    pub(crate) fn hand_over(&mut self, mail: Box<Mail>, script: &mut Script) {
        self.policy(script, &mail);
        let text = body![
            "MID ",
            mail.mid(),
            " enqueued for transfer to centralized quarantine \"Policy\" (DLP violation)"
        ];
        script.note(mail.who, Note::Ending(Ending::HandedOver));
        script.note(mail.who, Note::FateOfAll(Fate::HandedOver));
        script.say(Kind::E175, mail.who, text);
        if self.dice.chance(0.4) {
            return self.finish(script, &mail, Ending::HandedOver);
        }
        let text = body!["Message finished MID ", mail.mid(), " done"];
        script.say(Kind::E085, mail.who, text);
        self.hours_later(script, (1, 60), Stage::Return(mail));
    }

    /// Back from the central quarantine.
    pub(crate) fn come_back(&mut self, old: &Mail, script: &mut Script) {
        let (mut mail, who) = self.successor(script.gateway, old, 0);
        mail.released = true;
        went_on(old, who, script);
        self.inherit(script, &mut mail, &old.to);
        let text = body![
            "MID ",
            who.number,
            " received from the SMA sma1.corp.example (MID originally ",
            old.mid(),
            ") on release from quarantine \"Policy\""
        ];
        script.say_of_both(Kind::E176, who, old.who, text);
        self.goes_on(mail, script);
    }
}
