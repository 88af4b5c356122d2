//! Recipients that the next hop does not take: bounced, put off, perhaps taken.
//!
//! Invariants: each dialect has its own two shapes (trap 26); what a remote server says is
//! quoted as Python would and may hold anything; a bounce goes to the sender under a new MID,
//! a bounce of a bounce to nobody.
//!
//! Not here: next hops that are not reached (`unreachable.rs`).

use crate::kind::Kind;
use crate::mail::{Mail, To};
use crate::names::Domain;
use crate::plan::Dialect;
use crate::record::{Note, Who};
use crate::render;
use crate::script::{Script, Stage};
use crate::text::{Repr, Rids, body};
use crate::truth::Fate;
use crate::world::World;

/// What a remote server said: enhanced status, the gateway's label, code, text.
pub(crate) type Reply = (&'static str, &'static str, &'static str, &'static str);

const REFUSED: [Reply; 6] = [
    (
        "5.1.0",
        "Unknown address error",
        "550",
        "<nobody@x.example>... Relaying denied",
    ),
    (
        "5.1.0",
        "Unknown address error",
        "550",
        "5.1.1 user unknown; it's MID 5",
    ),
    (
        "5.1.1",
        "Bad destination email address",
        "553",
        "no \"such\" user",
    ),
    ("5.1.0", "Unknown address error", "554", "Too long line."),
    (
        "5.3.0",
        "Other mail system problem",
        "552",
        "5.2.2 mailbox full",
    ),
    (
        "5.1.2",
        "Bad destination host",
        "550",
        "Message finished MID 7 done",
    ),
];

const DELAYED: [Reply; 5] = [
    (
        "4.1.0",
        "Unknown address error",
        "466",
        "Mailbox temporarily full.",
    ),
    (
        "4.1.0",
        "Unknown address error",
        "450",
        "4.7.1 Greylisted, please try again later",
    ),
    (
        "4.3.2",
        "Not accepting messages at this time",
        "421",
        "4.3.2 try again later",
    ),
    (
        "4.4.0",
        "Other network problem",
        "000",
        "[Errno 54] Connection reset by peer",
    ),
    (
        "4.3.0",
        "Other mail system problem",
        "451",
        "ICID 3 lost; it's \"late\"",
    ),
];

impl World {
    /// `Bounced:` or `Delayed:` for one recipient, by DCID `dcid`.
    fn failure(&self, script: &Script, mail: &Mail, one: &To, dcid: u64, reply: Reply) -> String {
        let (status, label, code, said) = reply;
        let why = body![
            " - ",
            status,
            " - ",
            label,
            " ('",
            code,
            "', [",
            Repr(said),
            "])"
        ];
        let mid = mail.mid();
        match self.dialect(script) {
            Dialect::Old => body![
                "DCID: ",
                dcid,
                " Message ",
                mid,
                " to ",
                one.rid,
                why,
                " []"
            ],
            Dialect::Classic => body!["DCID ", dcid, " MID ", mid, " to RID ", one.rid, why, "[]"],
            Dialect::Modern => body![
                "DCID ",
                dcid,
                " MID ",
                mid,
                " From: <",
                &mail.from,
                "> To: <",
                &one.address,
                "> RID ",
                one.rid,
                why
            ],
        }
    }

    /// A recipient is refused for good.
    pub(crate) fn bounced(
        &mut self,
        script: &mut Script,
        mail: &Mail,
        one: &To,
        by: Option<Who>,
        reply: Reply,
    ) {
        script.note(mail.who, Note::Fate(vec![one.place], Fate::Bounced));
        if mail.from.is_empty() && by.is_some() {
            return self.double_bounce(script, mail, one);
        }
        let dcid = by.map_or(0, |by| by.number);
        let kind = match self.dialect(script) {
            _ if by.is_none() => Kind::E232,
            Dialect::Old => Kind::E233,
            Dialect::Classic => Kind::E230,
            Dialect::Modern => Kind::E231,
        };
        let text = body!["Bounced: ", self.failure(script, mail, one, dcid, reply)];
        match by {
            Some(by) => script.say_of_both(kind, mail.who, by, text),
            None => script.say(kind, mail.who, text),
        }
    }

    fn double_bounce(&mut self, script: &mut Script, mail: &Mail, one: &To) {
        let (kind, text) = match self.dialect(script) {
            Dialect::Old => (
                Kind::E235,
                body![
                    "Double bounce: Message ",
                    mail.mid(),
                    " to ",
                    one.rid,
                    " - 5.1.1 - Bad destination email address"
                ],
            ),
            Dialect::Classic | Dialect::Modern => (
                Kind::E234,
                body![
                    "Double bounce: MID ",
                    mail.mid(),
                    " to ",
                    one.rid,
                    " - 5.1.0 - Unknown address error 501-'5.5.4 Invalid Address'"
                ],
            ),
        };
        script.say(kind, mail.who, text);
    }

    /// A recipient is put off.
    pub(crate) fn delayed(
        &mut self,
        script: &mut Script,
        mail: &Mail,
        one: &To,
        by: Option<Who>,
        reply: Reply,
    ) {
        let kind = match self.dialect(script) {
            Dialect::Old => Kind::E222,
            Dialect::Classic => Kind::E220,
            Dialect::Modern => Kind::E221,
        };
        let dcid = by.map_or(0, |by| by.number);
        let text = body!["Delayed: ", self.failure(script, mail, one, dcid, reply)];
        script.note(mail.who, Note::Fate(vec![one.place], Fate::Delayed));
        match by {
            Some(by) => script.say_of_both(kind, mail.who, by, text),
            None => script.say(kind, mail.who, text),
        }
    }

    /// When the recipients that are put off are tried again.
    pub(crate) fn pending(&mut self, script: &mut Script, mail: &Mail, to: &[To]) {
        if to.is_empty() || self.dice.chance(0.4) {
            return;
        }
        let rids: Vec<u32> = to.iter().map(|one| one.rid).collect();
        let mut time = String::new();
        let at = self.clock_in(script.gateway, mail.retry_in as i64);
        render::file_stamp(at, &mut time);
        let (kind, front, tail) = if self.dialect(script) == Dialect::Modern {
            (Kind::E224, "MID ", " [Default]")
        } else {
            (Kind::E223, "Message ", "")
        };
        let text = body![
            front,
            mail.mid(),
            " to RID ",
            Rids(&rids),
            " pending till ",
            time,
            tail
        ];
        script.say(kind, mail.who, text);
    }

    /// All recipients of a destination are refused.
    pub(crate) fn all_refused(
        &mut self,
        mail: Box<Mail>,
        domain: Domain,
        to: &[To],
        script: &mut Script,
    ) {
        let outbound = self.delivery_start(script, &mail, domain, to);
        let reply = *self.dice.one_of(&REFUSED);
        for one in to {
            self.bounced(script, &mail, one, Some(outbound), reply);
        }
        script.then(Stage::TellSender(mail.clone()));
        self.attempt_is_over(mail, to, outbound, script);
    }

    /// All recipients of a destination are put off.
    pub(crate) fn all_delayed(
        &mut self,
        mail: Box<Mail>,
        domain: Domain,
        to: &[To],
        script: &mut Script,
    ) {
        let outbound = self.delivery_start(script, &mail, domain, to);
        let reply = *self.dice.one_of(&DELAYED);
        for one in to {
            self.delayed(script, &mail, one, Some(outbound), reply);
        }
        self.pending(script, &mail, to);
        self.attempt_is_over(mail, &[], outbound, script);
    }

    /// Some recipients are taken, some refused, some put off.
    pub(crate) fn mixed(
        &mut self,
        mail: Box<Mail>,
        domain: Domain,
        to: &[To],
        script: &mut Script,
    ) {
        let outbound = self.delivery_start(script, &mail, domain, to);
        let (mut settled, mut taken, mut late) = (Vec::new(), Vec::new(), Vec::new());
        let (refusal, delay) = (*self.dice.one_of(&REFUSED), *self.dice.one_of(&DELAYED));
        for one in to {
            match self.dice.below(3) {
                0 => taken.push(one.clone()),
                1 => {
                    self.bounced(script, &mail, one, Some(outbound), refusal);
                    settled.push(one.clone());
                }
                _ => {
                    self.delayed(script, &mail, one, Some(outbound), delay);
                    late.push(one.clone());
                }
            }
        }
        self.pending(script, &mail, &late);
        self.taken(script, &mail, outbound, &taken);
        if !settled.is_empty() {
            script.then(Stage::TellSender(mail.clone()));
        }
        settled.extend(taken);
        settled.sort_by_key(|one| one.rid);
        self.attempt_is_over(mail, &settled, outbound, script);
    }

    /// Perhaps delivered: the answer was not heard.
    pub(crate) fn possible(
        &mut self,
        mail: Box<Mail>,
        domain: Domain,
        to: &[To],
        script: &mut Script,
    ) {
        let outbound = self.delivery_start(script, &mail, domain, to);
        let rids: Vec<u32> = to.iter().map(|one| one.rid).collect();
        let places: Vec<u32> = to.iter().map(|one| one.place).collect();
        let text = body![
            "Possible Delivery: DCID: ",
            outbound.number,
            " MID ",
            mail.mid(),
            " to ",
            Rids(&rids)
        ];
        script.note(mail.who, Note::Fate(places.clone(), Fate::PerhapsDelivered));
        script.say_of_both(Kind::E214, mail.who, outbound, text);
        self.taken(script, &mail, outbound, to);
        script.note(mail.who, Note::Fate(places, Fate::PerhapsDelivered));
        self.attempt_is_over(mail, to, outbound, script);
    }

    /// Deleted by an administrator, or unsubscribed.
    pub(crate) fn removed(&mut self, mut mail: Box<Mail>, to: &[To], script: &mut Script) {
        let rids: Vec<u32> = to.iter().map(|one| one.rid).collect();
        let places: Vec<u32> = to.iter().map(|one| one.place).collect();
        script.note(mail.who, Note::Fate(places, Fate::Removed));
        if self.dice.chance(0.5) {
            let text = body!["Deleted: MID ", mail.mid(), " to ", Rids(&rids)];
            script.say(Kind::E218, mail.who, text);
        } else {
            for one in to {
                let text = body![
                    "MID ",
                    mail.mid(),
                    " Global unsubscribe matched entry foo@ RID ",
                    one.rid,
                    " Address ",
                    &one.address,
                    " Action bounced"
                ];
                script.say(Kind::E078, mail.who, text);
            }
        }
        mail.settle(&rids);
        self.next_destination(mail, script);
    }
}
