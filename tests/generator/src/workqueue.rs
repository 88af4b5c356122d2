//! What becomes of an accepted message before it is queued for delivery.
//!
//! Invariants: an ending here is followed by `Message finished … done` (trap 1), except where
//! old releases wrote the reason after it (trap 24), or where no line tells of an end.
//!
//! Not here: quarantines, splits, LDAP (their own files), delivery (`deliver.rs`).

use crate::engines::table;
use crate::kind::Kind;
use crate::mail::Mail;
use crate::names::FILTERS;
use crate::plan::Dialect;
use crate::record::Note;
use crate::script::{Script, Stage};
use crate::text::{Repr, body};
use crate::truth::{Dropper, Ending, Fate};
use crate::world::World;

impl World {
    /// A message is accepted: from here on it has a script of its own.
    pub(crate) fn go_own_way(&mut self, mail: Box<Mail>, gateway: usize) {
        self.gateways[gateway].accepted += 1;
        let mut script = self.script(gateway);
        script.wait(self.dice.below(6) / 3);
        script.then(Stage::Work(mail));
        self.start(script);
    }

    /// An accepted message is looked at.
    pub(crate) fn work(&mut self, mail: Box<Mail>, script: &mut Script) {
        let of = self.plan.content;
        let weights = [
            of.queued,
            of.dropped,
            of.bounced,
            of.held,
            of.central,
            of.spam_quarantine,
            of.split,
            of.rewritten,
            of.ldap,
            of.never,
        ];
        match self.dice.weighted(&weights) {
            0 => self.passes(mail, script),
            1 => self.dropped(&mail, script),
            2 => self.bounced_by_policy(mail, script),
            3 => self.hold(mail, script),
            4 => self.hand_over(mail, script),
            5 => self.spam_quarantine(mail, script),
            6 => self.split(mail, script),
            7 => self.rewrite(mail, script),
            8 => self.ldap(mail, script),
            _ => self.verdicts(script, &mail),
        }
    }

    fn passes(&mut self, mail: Box<Mail>, script: &mut Script) {
        self.verdicts(script, &mail);
        if self.dice.chance(self.plan.odds.copy) {
            self.copy(&mail, script);
        }
        self.queue(mail, script);
    }

    /// Queued for delivery.
    pub(crate) fn queue(&mut self, mut mail: Box<Mail>, script: &mut Script) {
        script.note(mail.who, Note::Ending(Ending::Queued));
        let text = body!["MID ", mail.mid(), " queued for delivery"];
        script.say(Kind::E203, mail.who, text);
        script.wait(self.dice.below(8) / 5);
        mail.queued_at = self.now;
        script.then(Stage::Attempt(mail));
    }

    /// The end of a message that was accepted.
    pub(crate) fn finish(&mut self, script: &mut Script, mail: &Mail, ending: Ending) {
        script.note(mail.who, Note::Ending(ending));
        self.finished(script, mail);
        script.done(mail.who);
    }

    fn finished(&mut self, script: &mut Script, mail: &Mail) {
        let text = body!["Message finished MID ", mail.mid(), " done"];
        script.say(Kind::E085, mail.who, text);
    }

    fn dropped(&mut self, mail: &Mail, script: &mut Script) {
        self.policy(script, mail);
        let by = match (self.dialect(script), self.dice.below(10)) {
            (_, 0..=3) => self.dropped_as_spam(script, mail),
            (_, 4 | 5) => self.dropped_by_antivirus(script, mail),
            (Dialect::Modern, 6 | 7) => self.dropped_by_amp(script, mail),
            (Dialect::Old, 6) => self.dropped_by_policy(script, mail),
            (_, 6..=8) => self.dropped_by_filter(script, mail),
            (_, _) => self.dropped_by_content_filter(script, mail),
        };
        self.finish(script, mail, Ending::Dropped(by));
    }

    /// Notes that a message is dropped, and says why.
    pub(crate) fn drop_line(
        &mut self,
        script: &mut Script,
        mail: &Mail,
        kind: Kind,
        (by, text): (Dropper, String),
    ) -> Dropper {
        script.note(mail.who, Note::Ending(Ending::Dropped(by)));
        script.note(mail.who, Note::FateOfAll(Fate::Dropped));
        script.say(kind, mail.who, text);
        by
    }

    fn dropped_as_spam(&mut self, script: &mut Script, mail: &Mail) -> Dropper {
        let front = body!["Message aborted MID ", mail.mid(), " Dropped by "];
        if self.dialect(script) == Dialect::Old {
            let text = body!["MID ", mail.mid(), " Brightmail positive"];
            script.say(Kind::E109, mail.who, text);
            let why = (Dropper::Spam, body![front, "Brightmail"]);
            return self.drop_line(script, mail, Kind::E111, why);
        }
        self.spam_verdict(script, mail, "spam positive");
        let why = (Dropper::Spam, body![front, "CASE"]);
        self.drop_line(script, mail, Kind::E110, why)
    }

    pub(crate) fn dropped_by_antivirus(&mut self, script: &mut Script, mail: &Mail) -> Dropper {
        self.antivirus_positive(script, mail);
        let text = body!["Message aborted MID ", mail.mid(), " Dropped by antivirus"];
        if self.dice.chance(0.2) {
            self.virus_notice(mail, script);
        }
        self.drop_line(script, mail, Kind::E124, (Dropper::Antivirus, text))
    }

    fn dropped_by_amp(&mut self, script: &mut Script, mail: &Mail) -> Dropper {
        let text = body!["MID ", mail.mid(), " AMP file reputation verdict : MALWARE"];
        script.say(Kind::E126, mail.who, text);
        let text = body!["Message aborted MID ", mail.mid(), " Dropped by amp"];
        self.drop_line(script, mail, Kind::E127, (Dropper::Amp, text))
    }

    fn dropped_by_filter(&mut self, script: &mut Script, mail: &Mail) -> Dropper {
        let filter = self.dice.word(&FILTERS);
        let front = body!["Message aborted MID ", mail.mid()];
        let text = body![front, " Dropped by filter ", Repr(filter)];
        self.drop_line(script, mail, Kind::E134, (Dropper::Filter, text))
    }

    fn dropped_by_content_filter(&mut self, script: &mut Script, mail: &Mail) -> Dropper {
        let filter = self.dice.word(&FILTERS);
        let old = self.dialect(script) == Dialect::Old;
        let (kind, front) = if old {
            (Kind::E137, body!["MID ", mail.mid(), " was dropped"])
        } else {
            (
                Kind::E135,
                body!["Message aborted MID ", mail.mid(), " Dropped"],
            )
        };
        let text = body![
            front,
            " by content filter ",
            Repr(filter),
            " in the ",
            table(mail),
            " table"
        ];
        self.drop_line(script, mail, kind, (Dropper::ContentFilter, text))
    }

    fn dropped_by_policy(&mut self, script: &mut Script, mail: &Mail) -> Dropper {
        let text = body![
            "MID ",
            mail.mid(),
            " was dropped by policy DEFAULT in the ",
            table(mail),
            " table"
        ];
        self.drop_line(script, mail, Kind::E139, (Dropper::Policy, text))
    }

    /// Bounced by a filter or a policy: before, or in old releases perhaps after, the end.
    fn bounced_by_policy(&mut self, mail: Box<Mail>, script: &mut Script) {
        self.policy(script, &mail);
        let filter = self.dice.word(&FILTERS);
        let (kind, text) = match (self.dialect(script), self.dice.below(3)) {
            (Dialect::Old, 0) => (
                Kind::E138,
                body![
                    "MID ",
                    mail.mid(),
                    " was bounced by content filter ",
                    Repr(filter)
                ],
            ),
            (Dialect::Old, 1) => (
                Kind::E139,
                body!["MID ", mail.mid(), " was bounced by policy DEFAULT"],
            ),
            (_, _) => (
                Kind::E136,
                body![
                    "Message aborted MID ",
                    mail.mid(),
                    " Bounced by content filter ",
                    filter
                ],
            ),
        };
        let text = body![text, " in the ", table(&mail), " table"];
        let late = self.dialect(script) == Dialect::Old && kind == Kind::E136;
        script.note(mail.who, Note::Ending(Ending::BouncedByPolicy));
        script.note(mail.who, Note::FateOfAll(Fate::Bounced));
        if late {
            self.finished(script, &mail);
            script.say(kind, mail.who, text);
        } else {
            script.say(kind, mail.who, text);
            self.finished(script, &mail);
        }
        script.done(mail.who);
        script.then(Stage::TellSender(mail));
    }
}
