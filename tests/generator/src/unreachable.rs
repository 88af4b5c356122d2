//! Next hops that are not reached: no connection, no TLS, no such host, too late.
//!
//! Invariants: an outbound connection that fails has a DCID and, in half of the cases, no opening
//! line; DCID 0 stands for none at all (trap 11).

use crate::bounce::Reply;
use crate::kind::Kind;
use crate::mail::{Mail, To};
use crate::names::Domain;
use crate::record::{Note, Who};
use crate::script::{Script, Stage};
use crate::text::body;
use crate::truth::Ending;
use crate::world::World;

const NO_ANSWER: Reply = ("4.4.0", "Other network problem", "000", "timeout");
const EXPIRED: Reply = (
    "5.4.7",
    "Delivery expired (message too old)",
    "000",
    "timeout",
);
const NO_HOST: Reply = (
    "5.1.2",
    "Bad destination host",
    "000",
    "DNS Hard Error looking up nowhere.example (MX): NXDomain",
);

impl World {
    /// No connection comes about, or none with the TLS that is required.
    pub(crate) fn not_connected(
        &mut self,
        mail: Box<Mail>,
        domain: Domain,
        to: &[To],
        script: &mut Script,
    ) {
        let outbound = self.failed_connection(domain, script);
        for one in to {
            self.delayed(script, &mail, one, Some(outbound), NO_ANSWER);
        }
        self.pending(script, &mail, to);
        self.next_destination(mail, script);
    }

    fn failed_connection(&mut self, domain: Domain, script: &mut Script) -> Who {
        let server = domain.server();
        let way = self.dice.below(4);
        let who = if way < 2 {
            self.new_delivery(script.gateway, Ending::NotConnected)
        } else {
            self.open_outbound(script, &server, 25)
        };
        let dcid = who.number;
        let (kind, text) = failure(way, dcid, &server, script.gateway as u64 + 1);
        script.note(who, Note::Ending(Ending::NotConnected));
        script.say(kind, who, text);
        if way >= 2 {
            script.say(Kind::E215, who, body!["DCID ", dcid, " close"]);
        }
        script.done(who);
        who
    }

    /// The destination does not exist, or cannot be found for now.
    pub(crate) fn no_such_host(&mut self, mut mail: Box<Mail>, to: &[To], script: &mut Script) {
        if self.dice.chance(0.4) {
            let (kind, text) = *self.dice.one_of(&[
                (
                    Kind::E227,
                    "DNS Temporary Failure nowhere.example MX - ServFail",
                ),
                (
                    Kind::E228,
                    "DNS failure for SMTP route destination relay.nowhere.example",
                ),
            ]);
            script.event(kind, text.to_owned());
            for one in to {
                self.delayed(script, &mail, one, None, NO_ANSWER);
            }
            return self.next_destination(mail, script);
        }
        for one in to {
            self.bounced(script, &mail, one, None, NO_HOST);
        }
        let rids: Vec<u32> = to.iter().map(|one| one.rid).collect();
        script.then(Stage::TellSender(mail.clone()));
        mail.settle(&rids);
        self.next_destination(mail, script);
    }

    /// Too old: given up.
    pub(crate) fn expired(&mut self, mut mail: Box<Mail>, to: &[To], script: &mut Script) {
        let outbound =
            self.failed_connection(to.first().map_or(Domain(8), |one| one.domain), script);
        for one in to {
            self.bounced(script, &mail, one, Some(outbound), EXPIRED);
        }
        let rids: Vec<u32> = to.iter().map(|one| one.rid).collect();
        script.then(Stage::TellSender(mail.clone()));
        mail.settle(&rids);
        self.next_destination(mail, script);
    }
}

/// Why there is no connection, in one of four ways.
fn failure(way: u64, dcid: u64, server: &str, own: u64) -> (Kind, String) {
    let interface = body![" interface: 192.0.2.", own];
    match way {
        0 => {
            let front = body!["Connection Error: connection timed out DCID: ", dcid];
            let tail = body![" IP: ", server, " details: timeout", interface];
            (Kind::E225, body![front, tail])
        }
        1 => {
            let front = body!["Connection Error: DCID: ", dcid, " IP: ", server];
            let tail = body![" details: EOF", interface, " reason: network error"];
            (Kind::E226, body![front, tail])
        }
        2 => {
            let text = body!["DCID ", dcid, " TLS failed: STARTTLS unexpected response"];
            (Kind::E031, text)
        }
        _ => {
            let tail = " TLS was required but could not be successfully negotiated";
            (Kind::E032, body!["DCID ", dcid, " IP ", server, tail])
        }
    }
}
