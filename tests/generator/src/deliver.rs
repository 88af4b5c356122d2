//! A queued message is delivered: connections to next hops, attempts, rounds of retries.
//!
//! Invariants: an outbound connection carries one message at a time and is closed when it has
//! had nothing to do for a while; DCID 0 is nobody (trap 11); a message finishes when each
//! recipient is settled.
//!
//! Not here: what is written of recipients that are not taken (`bounce.rs`).

use crate::kind::Kind;
use crate::mail::{Mail, To};
use crate::names::{self, Domain, TAKEN};
use crate::plan::Dialect;
use crate::record::{Note, Who};
use crate::script::{Script, Stage};
use crate::text::{Rids, body};
use crate::truth::{Ending, Fate, RecordKind};
use crate::world::World;

/// How long a message is tried.
const QUEUE_TIME: i64 = 72 * 3600;

/// Seconds between two rounds: first minutes, then hours, then days.
const RETRY_AFTER: [u64; 7] = [60, 300, 1_800, 7_200, 30_000, 90_000, 108_000];

impl World {
    /// The next destination of a queued message.
    pub(crate) fn attempt(&mut self, mut mail: Box<Mail>, script: &mut Script) {
        if mail.round.is_empty() {
            let step = (mail.tries as usize).min(RETRY_AFTER.len() - 1);
            mail.retry_in = RETRY_AFTER[step] + self.dice.below(60);
            mail.tries += 1;
            mail.round = mail.destinations();
        }
        let Some(domain) = mail.round.pop() else {
            return self.finish(script, &mail, Ending::Settled);
        };
        let to = mail.bound_for(domain);
        if self.now - mail.queued_at > QUEUE_TIME {
            self.expired(mail, &to, script);
        } else {
            self.try_destination(mail, domain, &to, script);
        }
    }

    fn try_destination(&mut self, mail: Box<Mail>, domain: Domain, to: &[To], script: &mut Script) {
        if mail.tries > 1 && self.dice.chance(self.plan.odds.again) {
            return self.put_off(mail, domain, to, script);
        }
        let of = self.plan.delivery;
        let weights = [
            of.taken,
            of.mixed,
            of.refused,
            of.delayed,
            of.not_connected,
            of.no_such_host,
            of.possible,
            of.removed,
            of.never,
        ];
        match self.dice.weighted(&weights) {
            0 => self.all_taken(mail, domain, to, script),
            1 => self.mixed(mail, domain, to, script),
            2 => self.all_refused(mail, domain, to, script),
            3 => self.all_delayed(mail, domain, to, script),
            4 => self.not_connected(mail, domain, to, script),
            5 => self.no_such_host(mail, to, script),
            6 => self.possible(mail, domain, to, script),
            7 => self.removed(mail, to, script),
            _ => {
                self.delivery_start(script, &mail, domain, to);
            }
        }
    }

    fn put_off(&mut self, mail: Box<Mail>, domain: Domain, to: &[To], script: &mut Script) {
        if self.dice.chance(0.5) {
            self.all_delayed(mail, domain, to, script);
        } else {
            self.not_connected(mail, domain, to, script);
        }
    }

    /// Goes on to the next destination, the next round, or the end.
    pub(crate) fn next_destination(&mut self, mail: Box<Mail>, script: &mut Script) {
        if !mail.round.is_empty() {
            return script.then(Stage::Attempt(mail));
        }
        if mail.to.is_empty() {
            return self.finish(script, &mail, Ending::Settled);
        }
        if self.dice.chance(self.plan.odds.forgotten) {
            return;
        }
        script.wait(mail.retry_in);
        script.then(Stage::Attempt(mail));
    }

    /// A connection to a destination, and `Delivery start` on it.
    pub(crate) fn delivery_start(
        &mut self,
        script: &mut Script,
        mail: &Mail,
        domain: Domain,
        to: &[To],
    ) -> Who {
        let destination = usize::from(domain.0);
        let outbound = match self.gateways[script.gateway].take_outbound(destination) {
            Some(outbound) => outbound,
            None => self.connect(script, destination, &domain.server(), 25),
        };
        let rids: Vec<u32> = to.iter().map(|one| one.rid).collect();
        let (kind, word) = match self.dialect(script) {
            Dialect::Old => (Kind::E208, " to "),
            Dialect::Classic | Dialect::Modern => (Kind::E207, " to RID "),
        };
        let text = body![
            "Delivery start DCID ",
            outbound.number,
            " MID ",
            mail.mid(),
            word,
            Rids(&rids)
        ];
        script.say_of_both(kind, mail.who, outbound, text);
        script.wait(self.dice.below(8) / 5);
        outbound
    }

    /// An outbound connection without a line so far.
    pub(crate) fn new_delivery(&mut self, gateway: usize, ending: Ending) -> Who {
        let dcid = self.gateways[gateway].dcids.next();
        self.begin(gateway, RecordKind::Delivery, dcid, ending)
    }

    /// Opens an outbound connection, now; TLS follows.
    pub(crate) fn connect(
        &mut self,
        script: &mut Script,
        destination: usize,
        server: &str,
        port: u64,
    ) -> Who {
        let who = self.open_outbound(script, server, port);
        self.gateways[script.gateway].add_outbound(destination, who);
        if port == 25 && self.dice.chance(0.4) {
            self.outbound_tls(script, who, destination);
        }
        if self.dice.chance(self.plan.odds.remark / 10.0) {
            self.remark_on_delivery(script, who);
        }
        who
    }

    /// Writes the opening line of an outbound connection, now.
    pub(crate) fn open_outbound(&mut self, script: &Script, server: &str, port: u64) -> Who {
        let who = self.new_delivery(script.gateway, Ending::Open);
        let front = body!["New SMTP DCID ", who.number, " interface "];
        let own = script.gateway as u64 + 1;
        let interface = body![front, "192.0.2.", own, " address ", server];
        let (kind, text) = match (self.dialect(script), self.dice.below(4)) {
            (Dialect::Old, 0) | (Dialect::Classic, 1) => {
                (Kind::E206, body![front, "PublicNet address ", server])
            }
            (Dialect::Old, _) => (Kind::E205, interface),
            (_, _) => (Kind::E204, body![interface, " port ", port]),
        };
        self.write(script.gateway, kind, who, None, text);
        who
    }

    fn outbound_tls(&mut self, script: &mut Script, who: Who, destination: usize) {
        let front = body!["DCID ", who.number, " TLS success protocol "];
        let domain = Domain(destination as u16).name();
        let (kind, tail) = match self.dialect(script) {
            Dialect::Modern => (
                Kind::E029,
                body!["TLSv1.2 cipher ECDHE-RSA-AES256-GCM-SHA384 for ", domain],
            ),
            Dialect::Classic => (Kind::E028, "TLSv1 cipher AES128-SHA ".to_owned()),
            Dialect::Old => (Kind::E030, body!["TLSv1 cipher RC4-SHA CN=mx.", domain]),
        };
        script.say(kind, who, body![front, tail]);
    }

    fn all_taken(&mut self, mail: Box<Mail>, domain: Domain, to: &[To], script: &mut Script) {
        let outbound = self.delivery_start(script, &mail, domain, to);
        self.taken(script, &mail, outbound, to);
        self.attempt_is_over(mail, to, outbound, script);
    }

    /// The connection is free again; these recipients are settled.
    pub(crate) fn attempt_is_over(
        &mut self,
        mut mail: Box<Mail>,
        settled: &[To],
        outbound: Who,
        script: &mut Script,
    ) {
        let rids: Vec<u32> = settled.iter().map(|one| one.rid).collect();
        mail.settle(&rids);
        script.then(Stage::Free(outbound));
        self.next_destination(mail, script);
    }

    /// `Message done` and the next hop's words.
    pub(crate) fn taken(&mut self, script: &mut Script, mail: &Mail, outbound: Who, to: &[To]) {
        if to.is_empty() {
            return;
        }
        let rids: Vec<u32> = to.iter().map(|one| one.rid).collect();
        let front = body!["Message done DCID ", outbound.number, " MID ", mail.mid()];
        let (kind, text) = match (self.dialect(script), self.dice.below(20)) {
            (Dialect::Old, _) => (Kind::E210, body![front, " to ", Rids(&rids)]),
            (Dialect::Modern, 0) => (
                Kind::E099,
                body![
                    front,
                    " to RID ",
                    Rids(&rids),
                    " [('X-IronPort-Anti-Spam-Result', 'AQAAAMQfDEQJ'), ('from', '\"MID 4\" <a@x.example>')]"
                ],
            ),
            (_, _) => (Kind::E209, body![front, " to RID ", Rids(&rids), " "]),
        };
        let places = to.iter().map(|one| one.place).collect();
        script.note(mail.who, Note::Fate(places, Fate::Delivered));
        script.say_of_both(kind, mail.who, outbound, text);
        if self.dice.chance(0.9) {
            self.response(script, mail, &rids);
        }
    }

    fn response(&mut self, script: &mut Script, mail: &Mail, rids: &[u32]) {
        let words = body![self.dice.word(&TAKEN), names::token(&mut self.dice)];
        let front = body!["MID ", mail.mid(), " RID "];
        let (kind, text) = match (self.dialect(script), self.dice.below(10)) {
            (Dialect::Old, _) => (Kind::E213, body![front, Rids(rids), " Response ", words]),
            (Dialect::Classic, 0) => (
                Kind::E212,
                body![front, " ", Rids(rids), " Response '", words, "'"],
            ),
            (_, _) => (
                Kind::E211,
                body![front, Rids(rids), " Response '", words, "'"],
            ),
        };
        script.say(kind, mail.who, text);
    }

    /// An outbound connection has nothing to do: later it is looked whether that is still so.
    pub(crate) fn free(&mut self, who: Who, gateway: usize) {
        if let Some(stamp) = self.gateways[gateway].free_outbound(who) {
            let mut script = self.script(gateway);
            script.wait(self.dice.between(3, 20));
            script.then(Stage::Idle(who, stamp));
            self.start(script);
        }
    }

    /// Closes an outbound connection that has had nothing to do since that stamp.
    pub(crate) fn close_if_idle(&mut self, who: Who, stamp: u64, script: &mut Script) {
        if !self.gateways[script.gateway].drop_idle(who, stamp) {
            return;
        }
        let dcid = who.number;
        let (kind, ending, text) = match self.dice.below(60) {
            0 => (
                Kind::E216,
                Ending::Killed,
                body!["SMTP client connection killed DCID: ", dcid],
            ),
            1 => (
                Kind::E217,
                Ending::Closed,
                body![
                    "Mail delivery client with DCID ",
                    dcid,
                    " exited due to the maximum concurrency configuration."
                ],
            ),
            _ => (Kind::E215, Ending::Closed, body!["DCID ", dcid, " close"]),
        };
        script.note(who, Note::Ending(ending));
        script.say(kind, who, text);
        script.done(who);
    }
}
