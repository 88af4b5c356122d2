//! The verdict lines of an accepted message.
//!
//! Invariants: nothing here decides what becomes of the message (`workqueue.rs` does); the
//! engines of each dialect are those of its releases.

use crate::kind::Kind;
use crate::mail::Mail;
use crate::names::{POLICIES, VIRUSES};
use crate::plan::Dialect;
use crate::script::Script;
use crate::text::{Repr, body};
use crate::world::World;

impl World {
    /// Which policy, and what the engines say of a message that goes on.
    pub(crate) fn verdicts(&mut self, script: &mut Script, mail: &Mail) {
        self.policy(script, mail);
        match self.dialect(script) {
            Dialect::Modern => self.modern_engines(script, mail),
            Dialect::Classic => self.classic_engines(script, mail),
            Dialect::Old => self.old_engines(script, mail),
        }
        if self.dice.chance(self.plan.odds.remark) {
            self.remark_on_message(script, mail);
        }
    }

    /// Which policy applies.
    pub(crate) fn policy(&mut self, script: &mut Script, mail: &Mail) {
        let policy = self.dice.word(&POLICIES);
        let text = body![
            "MID ",
            mail.mid(),
            " matched all recipients for per-recipient policy ",
            policy,
            " in the ",
            table(mail),
            " table"
        ];
        script.say(Kind::E133, mail.who, text);
    }

    /// The two lines of the spam engine.
    pub(crate) fn spam_verdict(&mut self, script: &mut Script, mail: &Mail, verdict: &str) {
        let (mid, who) = (mail.mid(), mail.who);
        if self.dice.chance(0.03) {
            let text = body!["MID ", mid, " using engine: CASE using cached verdict"];
            script.say(Kind::E105, who, text);
        }
        let text = body!["MID ", mid, " interim verdict using engine: CASE ", verdict];
        script.say(Kind::E101, who, text);
        let text = body!["MID ", mid, " using engine: CASE ", verdict];
        script.say(Kind::E102, who, text);
    }

    fn modern_engines(&mut self, script: &mut Script, mail: &Mail) {
        let (mid, who) = (mail.mid(), mail.who);
        match self.dice.below(15) {
            0 => {
                let text = body!["MID ", mid, " interim verdict using engine: CASE bulk"];
                script.say(Kind::E104, who, text);
            }
            1 => script.say(
                Kind::E103,
                who,
                body!["MID ", mid, " using engine: CASE marketing"],
            ),
            _ => self.spam_verdict(script, mail, "spam negative"),
        }
        if self.dice.chance(0.6) {
            let text = body!["MID ", mid, " using engine: GRAYMAIL negative"];
            script.say(Kind::E107, who, text);
        }
        self.antivirus_negative(script, mail);
        if self.dice.chance(0.6) {
            let text = body![
                "MID ",
                mid,
                " AMP file reputation verdict : SKIPPED (no attachment in message)"
            ];
            script.say(Kind::E125, who, text);
        }
        if self.dice.chance(0.1) {
            self.links(script, mail);
        }
        self.outbreak(script, mail);
    }

    fn classic_engines(&mut self, script: &mut Script, mail: &Mail) {
        self.spam_verdict(script, mail, "spam negative");
        self.antivirus_negative(script, mail);
        if self.dice.chance(0.3) {
            let name = self
                .dice
                .word(&["image001.jpg", "invoice 7.pdf", "it's.doc"]);
            let text = body!["MID ", mail.mid(), " attachment ", Repr(name)];
            script.say(Kind::E093, mail.who, text);
        }
        self.outbreak(script, mail);
    }

    fn old_engines(&mut self, script: &mut Script, mail: &Mail) {
        let mid = mail.mid();
        let (kind, verdict) = match self.dice.below(3) {
            0 => (Kind::E109, " Brightmail negative"),
            1 => (Kind::E108, " using engine: Brightmail spam negative"),
            _ => (Kind::E108, " using engine: Cloudmark spam negative"),
        };
        script.say(kind, mail.who, body!["MID ", mid, verdict]);
        script.say(
            Kind::E118,
            mail.who,
            body!["MID ", mid, " antivirus negative "],
        );
        if self.dice.chance(0.2) {
            let text = body!["MID ", mid, " Virus Threat Level=3"];
            script.say(Kind::E130, mail.who, text);
        }
    }

    fn antivirus_negative(&mut self, script: &mut Script, mail: &Mail) {
        let mid = mail.mid();
        let text = body!["MID ", mid, " interim AV verdict using Sophos CLEAN"];
        script.say(Kind::E117, mail.who, text);
        let text = body!["MID ", mid, " antivirus negative "];
        script.say(Kind::E118, mail.who, text);
    }

    fn outbreak(&mut self, script: &mut Script, mail: &Mail) {
        let text = body!["MID ", mail.mid(), " Outbreak Filters: verdict negative"];
        script.say(Kind::E128, mail.who, text);
    }

    /// The antivirus finds something.
    pub(crate) fn antivirus_positive(&mut self, script: &mut Script, mail: &Mail) {
        let virus = self.dice.word(&VIRUSES);
        let text = body!["MID ", mail.mid(), " antivirus positive ", Repr(virus)];
        script.say(Kind::E119, mail.who, text);
    }

    fn links(&mut self, script: &mut Script, mail: &Mail) {
        let page = self.dice.below(50);
        for number in 0..self.dice.between(1, 6) {
            let text = body![
                "MID ",
                mail.mid(),
                " URL http://www.shop.example/a;b=\"",
                page + number / 2,
                "\" has reputation 3.0 matched Condition: URL Reputation Rule"
            ];
            script.say(Kind::E159, mail.who, text);
        }
    }
}

/// The policy table of a message.
pub(crate) fn table(mail: &Mail) -> &'static str {
    if mail.inbound { "inbound" } else { "outbound" }
}
