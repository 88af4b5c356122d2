//! Messages that the gateway makes itself: copies, notifications, bounces, system mail.
//!
//! Invariants: they stand on ICID 0; what they were made of is named beside them, after their
//! start in newer releases and before it in old ones (trap 5), and the new MID comes first in
//! the wording (trap 6).

use crate::kind::Kind;
use crate::mail::Mail;
use crate::names::{self, Domain, FILTERS};
use crate::plan::Dialect;
use crate::record::{Note, Who};
use crate::script::{Script, Stage};
use crate::text::{Repr, body};
use crate::truth::{Ending, RecordKind};
use crate::world::World;

/// A message to be made.
struct Made<'a> {
    /// What it is made of.
    of: &'a Mail,
    kind: Kind,
    /// Between the two MIDs.
    link: &'static str,
    /// Behind the old MID.
    cause: String,
    from: String,
    to: String,
    domain: Domain,
}

impl World {
    /// A copy or a notification of a message, made while that one goes on.
    pub(crate) fn copy(&mut self, mail: &Mail, script: &mut Script) {
        let filter = self.dice.word(&FILTERS);
        let (kind, link, by) = match self.dice.below(4) {
            0 => (Kind::E141, " generated based on MID ", " by notify filter "),
            1 => (
                Kind::E142,
                " generated based on MID ",
                " by bcc-scan filter ",
            ),
            _ => (
                Kind::E140,
                " was generated based on MID ",
                " by bcc filter ",
            ),
        };
        let made = Made {
            of: mail,
            kind,
            link,
            cause: body![by, Repr(filter)],
            from: mail.from.clone(),
            to: "journal@branch.example".to_owned(),
            domain: Domain(1),
        };
        let other = self.make(made, script.gateway);
        script.begin(other);
    }

    /// A notification that a virus was found.
    pub(crate) fn virus_notice(&mut self, mail: &Mail, script: &mut Script) {
        let made = Made {
            of: mail,
            kind: Kind::E143,
            link: " was generated based on MID ",
            cause: " by antivirus".to_owned(),
            from: "postmaster@corp.example".to_owned(),
            to: "security@corp.example".to_owned(),
            domain: Domain(0),
        };
        let other = self.make(made, script.gateway);
        script.begin(other);
    }

    /// A bounce is made and goes its own way; for `<>` there is nobody to tell.
    pub(crate) fn tell_sender(&mut self, mail: &Mail, gateway: usize) {
        if mail.from.is_empty() {
            return;
        }
        let (kind, link) = match self.gateways[gateway].spec.dialect {
            Dialect::Old => (Kind::E196, " generated for bounce of MID "),
            Dialect::Classic | Dialect::Modern => (Kind::E195, " was generated for bounce of MID "),
        };
        let domain = if mail.inbound {
            Domain::of_others(&mut self.dice)
        } else {
            Domain(0)
        };
        let to = if self.dice.chance(0.02) {
            String::new()
        } else {
            mail.from.clone()
        };
        let made = Made {
            of: mail,
            kind,
            link,
            cause: String::new(),
            from: String::new(),
            to,
            domain,
        };
        let script = self.make(made, gateway);
        self.start(script);
    }

    /// The script of a message that the gateway makes.
    fn make(&mut self, made: Made<'_>, gateway: usize) -> Script {
        let mut script = self.script(gateway);
        let who = self.new_message(&script);
        let mid = who.number;
        let cause = body!["MID ", mid, made.link, made.of.mid(), made.cause];
        let start = body!["Start MID ", mid, " ICID 0"];
        let size = self.dice.between(600, 9_000);
        let mut mail = self.mail(who, 0, !made.of.inbound, made.from, size);
        mail.generated = true;
        if self.explained_first(&script, made.kind) {
            script.say_of_both(made.kind, who, made.of.who, cause);
            script.say(Kind::E058, who, start);
        } else {
            script.say(Kind::E058, who, start);
            script.say_of_both(made.kind, who, made.of.who, cause);
        }
        self.envelope_of_made(&mut script, &mut mail, made.to, made.domain);
        self.queue(Box::new(mail), &mut script);
        script
    }

    fn explained_first(&mut self, script: &Script, kind: Kind) -> bool {
        match self.dialect(script) {
            Dialect::Old => true,
            Dialect::Classic => kind == Kind::E195 && self.dice.chance(0.5),
            Dialect::Modern => false,
        }
    }

    fn envelope_of_made(
        &mut self,
        script: &mut Script,
        mail: &mut Mail,
        to: String,
        domain: Domain,
    ) {
        let from = body!["MID ", mail.mid(), " ICID 0 From: <", &mail.from, ">"];
        script.say(Kind::E060, mail.who, from);
        self.add_recipient(script, mail, 0, to, domain);
        if self.dice.chance(0.3) && !mail.from.is_empty() {
            let text = body![
                "MID ",
                mail.mid(),
                " DKIM: cannot sign - no profile matches ",
                &mail.from
            ];
            script.say(Kind::E153, mail.who, text);
        }
        script.note(mail.who, Note::Ending(Ending::Working));
        self.ready(script, mail);
    }

    /// Mail that the system makes for itself: with a start and a tag, or with neither.
    pub(crate) fn system_mail(&mut self, script: &mut Script) {
        let who = self.new_message(script);
        let mut mail = self.mail(who, 0, true, String::new(), 900);
        mail.generated = true;
        let domain = Domain(self.dice.below(2) as u16);
        let to = names::mailbox(&mut self.dice, domain);
        if self.dice.chance(0.5) {
            let start = body!["Start MID ", who.number, " ICID 0 (ISQ Notification)"];
            script.say(Kind::E059, who, start);
            self.envelope_of_made(script, &mut mail, to, domain);
        } else {
            let text = body![
                "MID ",
                who.number,
                " From: <> To: <",
                &to,
                ">, ... 1 total recipients"
            ];
            self.note_recipient(script, &mut mail, to, domain);
            script.note(who, Note::Ending(Ending::Working));
            script.say(Kind::E077, who, text);
        }
        self.queue(Box::new(mail), script);
    }

    /// A message under a new MID that takes over from another one, without a line so far.
    pub(crate) fn successor(&mut self, gateway: usize, of: &Mail, icid: u64) -> (Mail, Who) {
        let number = self.gateways[gateway].mids.next();
        let who = self.begin(gateway, RecordKind::Message, number, Ending::Working);
        let mut mail = self.mail(who, icid, of.inbound, of.from.clone(), of.size);
        mail.released = of.released;
        (mail, who)
    }

    /// The rest of a successor's way: nothing is split or held again.
    pub(crate) fn goes_on(&mut self, mail: Mail, script: &mut Script) {
        if self.dice.chance(0.08) {
            let by = self.dropped_by_antivirus(script, &mail);
            return self.finish(script, &mail, Ending::Dropped(by));
        }
        self.queue(Box::new(mail), script);
    }

    /// Recipients of a successor that no line names one by one.
    pub(crate) fn inherit(&mut self, script: &mut Script, mail: &mut Mail, to: &[crate::mail::To]) {
        for one in to {
            self.note_recipient(script, mail, one.address.clone(), one.domain);
        }
    }

    /// Makes a stage of its own script after some hours.
    pub(crate) fn hours_later(&mut self, script: &mut Script, hours: (u64, u64), stage: Stage) {
        let seconds = self.dice.between(hours.0 * 3600, hours.1 * 3600);
        script.wait(seconds);
        script.then(stage);
    }
}
