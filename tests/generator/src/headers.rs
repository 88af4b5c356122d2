//! What is logged of a message's headers and of its sender while it is received.
//!
//! Invariants: quoting follows each dialect (trap 18); nothing here has a raw line end.

use crate::kind::Kind;
use crate::mail::Mail;
use crate::names::{self, Domain};
use crate::plan::Dialect;
use crate::script::Script;
use crate::subjects;
use crate::text::{Repr, body};
use crate::world::World;

/// The domain of an address, for authentication lines.
pub(crate) fn domain_of(address: &str) -> &str {
    match address.split_once('@') {
        Some((_, domain)) => domain,
        None => "post.example",
    }
}

impl World {
    /// The lines between the envelope and `ready`.
    pub(crate) fn headers(&mut self, script: &mut Script, mail: &Mail) {
        let modern = self.dialect(script) == Dialect::Modern;
        if modern && mail.inbound {
            self.reputation(script, mail);
        }
        if self.dice.chance(0.9) {
            self.message_id(script, mail);
        }
        if self.dice.chance(0.9) {
            self.subject_line(script, mail);
        }
        if modern && mail.inbound {
            self.authentication_results(script, mail);
        }
    }

    fn message_id(&mut self, script: &mut Script, mail: &Mail) {
        let (number, domain) = (self.dice.any() >> 20, Domain::of_others(&mut self.dice));
        let apostrophe = self.dice.chance(0.05);
        let name = if apostrophe { "Lands'End." } else { "" };
        let id = body!["<", name, number, "@", domain.name(), ">"];
        let kind = if apostrophe { Kind::E087 } else { Kind::E086 };
        let text = body!["MID ", mail.mid(), " Message-ID ", Repr(&id)];
        script.say(kind, mail.who, text);
    }

    fn subject_line(&mut self, script: &mut Script, mail: &Mail) {
        let front = body!["MID ", mail.mid(), " Subject "];
        let hostile = self.plan.odds.hostile_subject;
        let (kind, text) = match self.dice.below(20) {
            0 | 1 => {
                let subject = subjects::encoded(&mut self.dice);
                (Kind::E088, body![front, Repr(subject)])
            }
            2 => (Kind::E092, body![front, "'Package delivery notification''"]),
            _ => {
                let subject = subjects::subject(&mut self.dice, hostile);
                self.quoted_subject(script, front, &subject)
            }
        };
        script.say(kind, mail.who, text);
    }

    fn quoted_subject(&mut self, script: &Script, front: String, text: &str) -> (Kind, String) {
        let modern = self.dialect(script) == Dialect::Modern;
        if modern && self.dice.chance(0.4) {
            return (Kind::E091, body![front, text]);
        }
        if modern {
            return (Kind::E090, body![front, "\"", text, "\""]);
        }
        let kind = if text.contains('\'') {
            Kind::E090
        } else {
            Kind::E089
        };
        (kind, body![front, Repr(text)])
    }

    fn reputation(&mut self, script: &mut Script, mail: &Mail) {
        let (mid, domain) = (mail.mid(), domain_of(&mail.from));
        let text = body![
            "MID ",
            mid,
            " SDR: Domains for which SDR is requested: reverse DNS host: mx.",
            domain,
            ", helo: mx.",
            domain,
            ", env-from: ",
            domain,
            ", header-from: Not Present, reply-to: Not Present"
        ];
        script.say(Kind::E047, mail.who, text);
        let level = self.dice.word(&["Neutral", "Trusted", "Questionable"]);
        let (kind, text) = if self.dice.chance(0.1) {
            let text = body![
                "MID ",
                mid,
                " SDR: Consolidated Sender Reputation: Weak, Threat Category: N/A. Youngest Domain Age: 21 years 11 months 7 days for domain: ",
                domain
            ];
            (Kind::E049, text)
        } else {
            let text = body![
                "MID ",
                mid,
                " SDR: Consolidated Sender Threat Level: ",
                level,
                ", Threat Category: N/A, Suspected Domain(s) : N/A (other reasons for verdict). Sender Maturity: 30 days (or greater) for domain: ",
                domain
            ];
            (Kind::E048, text)
        };
        script.say(kind, mail.who, text);
        if self.dice.chance(0.2) {
            let token = names::token(&mut self.dice);
            let text = body!["MID ", mid, " SDR: Tracker Header : ", token];
            script.say(Kind::E050, mail.who, text);
        }
    }

    fn authentication_results(&mut self, script: &mut Script, mail: &Mail) {
        let (mid, who, domain) = (mail.mid(), mail.who, domain_of(&mail.from));
        if self.dice.chance(0.6) {
            let result = self.dice.word(&["Pass", "SoftFail", "None"]);
            let text = body![
                "MID ",
                mid,
                " SPF: mailfrom identity ",
                &mail.from,
                " ",
                result,
                " (v=spf1)"
            ];
            script.say(Kind::E148, who, text);
        }
        if self.dice.chance(0.5) {
            self.dkim(script, mail, domain);
        }
        if self.dice.chance(0.4) {
            let text = body![
                "MID ",
                mid,
                " DMARC: Message from domain ",
                domain,
                ", DMARC pass (SPF aligned True, DKIM aligned True)"
            ];
            script.say(Kind::E157, who, text);
            let result = self.dice.word(&["passed", "skipped", "failed"]);
            let text = body!["MID ", mid, " DMARC: Verification ", result];
            script.say(Kind::E158, who, text);
        }
    }

    fn dkim(&mut self, script: &mut Script, mail: &Mail, domain: &str) {
        let (kind, result) = *self.dice.one_of(&[
            (Kind::E150, "pass signature verified"),
            (Kind::E150, "pass signature verified"),
            (Kind::E151, "pass signature verified [TEST]"),
            (Kind::E152, "permfail body hash did not verify [final]"),
        ]);
        let text = body![
            "MID ",
            mail.mid(),
            " DKIM: ",
            result,
            " (d=",
            domain,
            " s=srsa2048 i=@",
            domain,
            ")"
        ];
        script.say(kind, mail.who, text);
    }
}
