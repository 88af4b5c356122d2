//! Somebody connects: the lines of an inbound connection, up to and after its messages.
//!
//! Invariants: the opening line comes first (but for a HAT rejection, which some gateways write
//! before it, trap 24); nothing follows `close`.
//!
//! Not here: connections that never bring a message (`refused.rs`), the messages (`receive.rs`).

use crate::kind::Kind;
use crate::names::{self, Peer};
use crate::plan::{Dialect, Sessions};
use crate::record::{Note, Who};
use crate::script::{Script, Stage};
use crate::text::body;
use crate::truth::{Ending, RecordKind};
use crate::world::World;

/// A connection on which messages come.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) who: Who,
    pub(crate) opened: i64,
    /// From outside.
    pub(crate) inbound: bool,
    pub(crate) peer: Peer,
    /// Messages that are still to come.
    pub(crate) left: u64,
    /// Messages that were accepted.
    pub(crate) taken: u32,
    /// Hours pass between two messages.
    pub(crate) slow: bool,
}

/// The weights, in the order in which [`World::arrive`] knows them.
fn weights(of: &Sessions) -> [u32; 14] {
    [
        of.incoming,
        of.outgoing,
        of.trickle,
        of.rejected,
        of.refused,
        of.delayed_reject,
        of.empty,
        of.idle,
        of.vanished,
        of.sender_refused,
        of.limited,
        of.without_tls,
        of.nameless,
        of.system_mail,
    ]
}

impl World {
    /// Somebody connects.
    pub(crate) fn arrive(&mut self, script: &mut Script) {
        match self.dice.weighted(&weights(&self.plan.sessions)) {
            0 => self.messages_come(script, true, false),
            1 => self.messages_come(script, false, false),
            2 => self.messages_come(script, true, true),
            3 => self.rejected(script),
            4 => self.refused(script),
            5 => self.rejected_late(script),
            6 => self.nothing_sent(script),
            7 => self.idle(script),
            8 => self.vanished(script),
            9 => self.sender_refused(script),
            10 => self.limited(script),
            11 => self.without_tls(script),
            12 => self.nameless(script),
            _ => self.system_mail(script),
        }
    }

    fn messages_come(&mut self, script: &mut Script, inbound: bool, slow: bool) {
        let peer = if inbound {
            names::stranger(&mut self.dice)
        } else {
            names::insider(&mut self.dice)
        };
        let who = self.open(script, &peer);
        self.admitted(script, who, &peer, inbound);
        self.greeting(script, who, inbound);
        let session = Session {
            who,
            opened: self.now,
            inbound,
            peer,
            left: self.how_many_messages(slow),
            taken: 0,
            slow,
        };
        script.then(Stage::Talk(Box::new(session)));
    }

    fn how_many_messages(&mut self, slow: bool) -> u64 {
        if slow {
            self.dice.between(2, 8)
        } else if self.dice.chance(self.plan.odds.many_messages) {
            self.dice.between(5, 60)
        } else {
            1 + self.dice.below(12) / 10
        }
    }

    /// Writes the opening line of a connection, now.
    pub(crate) fn open(&mut self, script: &Script, peer: &Peer) -> Who {
        let who = self.new_connection(script);
        let (kind, text) = self.opening(script, who.number, peer);
        self.write(script.gateway, kind, who, None, text);
        who
    }

    /// A connection without a line so far.
    pub(crate) fn new_connection(&mut self, script: &Script) -> Who {
        let icid = self.gateways[script.gateway].icids.next();
        self.begin(script.gateway, RecordKind::Connection, icid, Ending::Open)
    }

    /// The opening line of a connection.
    pub(crate) fn opening(&mut self, script: &Script, icid: u64, peer: &Peer) -> (Kind, String) {
        let interface = self
            .dice
            .word(&["Data 1", "Data 1", "Data 2", "Management"]);
        if self.dialect(script) == Dialect::Old {
            let text = body![
                "New SMTP ICID ",
                icid,
                " interface ",
                interface,
                " address ",
                &peer.address
            ];
            return (Kind::E004, text);
        }
        let (kind, protocol, gap) = match self.dice.below(20) {
            0 => (Kind::E005, "smtp", " "),
            1 => (Kind::E003, "SMTP", "  "),
            _ if peer.host == "unknown" => (Kind::E002, "SMTP", " "),
            _ => (Kind::E001, "SMTP", " "),
        };
        let own = script.gateway as u64 + 1;
        let text = body![
            "New ",
            protocol,
            " ICID ",
            icid,
            " interface ",
            interface,
            " (192.0.2.",
            own,
            ") address ",
            &peer.address,
            " reverse dns host",
            gap,
            &peer.host,
            " verified ",
            peer.verified
        ];
        (kind, text)
    }

    /// The HAT lets it in.
    pub(crate) fn admitted(&mut self, script: &mut Script, who: Who, peer: &Peer, inbound: bool) {
        let icid = who.number;
        if !inbound {
            let text = body![
                "ICID ",
                icid,
                " RELAY SG RELAY_SG match ",
                &peer.address,
                " SBRS ",
                &peer.score
            ];
            return script.say(Kind::E039, who, text);
        }
        let dialect = self.dialect(script);
        let (kind, tail) = self.accept(dialect, peer);
        script.say(kind, who, body!["ICID ", icid, " ACCEPT SG ", tail]);
        if dialect == Dialect::Old && self.dice.chance(0.5) {
            let text = body!["ICID ", icid, " SBRS ", &peer.score];
            script.say(Kind::E044, who, text);
        }
    }

    fn accept(&mut self, dialect: Dialect, peer: &Peer) -> (Kind, String) {
        let group = self
            .dice
            .word(&["UNKNOWNLIST", "ACCEPTLIST", "SUSPECT-LIST", "VALIDLIST"]);
        let matched = body![group, " match sbrs[-1.0:10.0] SBRS ", &peer.score];
        let unscored = "None match ALL SBRS not enabled country not enabled";
        let private = "ALLOWED_LIST match sbrs[none] SBRS rfc1918 country not applicable";
        match (dialect, self.dice.below(12)) {
            (Dialect::Old, _) => (Kind::E038, body!["None SBRS ", &peer.score]),
            (Dialect::Modern, 0) => (Kind::E034, private.to_owned()),
            (Dialect::Modern, 1) => (Kind::E035, unscored.to_owned()),
            (Dialect::Modern, _) => (Kind::E033, body![matched, " country ", peer.country]),
            (Dialect::Classic, 0) => (Kind::E036, "GOOD match 198.51.100.0/24".to_owned()),
            (Dialect::Classic, 1) => (Kind::E037, body!["None match  SBRS ", &peer.score]),
            (Dialect::Classic, _) => (Kind::E033, matched),
        }
    }

    /// TLS, authentication, and rare lines before the first message.
    fn greeting(&mut self, script: &mut Script, who: Who, inbound: bool) {
        let icid = who.number;
        if self.dice.chance(0.5) {
            let (kind, tail) = match self.dialect(script) {
                Dialect::Modern => (
                    Kind::E024,
                    " protocol TLSv1.2 cipher ECDHE-RSA-AES256-GCM-SHA384",
                ),
                Dialect::Classic => (Kind::E024, " protocol TLSv1 cipher AES128-SHA"),
                Dialect::Old => (Kind::E025, ""),
            };
            script.say(kind, who, body!["ICID ", icid, " TLS success", tail]);
        }
        if !inbound && self.dice.chance(0.2) {
            self.authentication(script, who);
        }
        if self.dice.chance(self.plan.odds.remark / 2.0) {
            self.remark_on_connection(script, who);
        }
    }

    fn authentication(&mut self, script: &mut Script, who: Who) {
        let icid = who.number;
        let (kind, text) = match self.dice.below(6) {
            0 => (
                Kind::E022,
                body![
                    "SMTP Auth (ICID ",
                    icid,
                    ") failed for user: scanner using AUTH mechanism: LOGIN with profile: ldap_smpt"
                ],
            ),
            1 => (
                Kind::E023,
                body![
                    "SMTP Auth (ICID ",
                    icid,
                    ") was required but remote host did not initiate it"
                ],
            ),
            _ => (
                Kind::E021,
                body![
                    "SMTP Auth: (ICID ",
                    icid,
                    ") succeeded for user: scanner using AUTH mechanism: LOGIN with profile: ldap_smpt"
                ],
            ),
        };
        script.say(kind, who, text);
    }

    /// The next message of a connection, or its end.
    pub(crate) fn talk(&mut self, mut session: Box<Session>, script: &mut Script) {
        if session.left == 0 {
            if session.taken > 30 {
                let text = body![
                    "ICID ",
                    session.who.number,
                    " Receiving Failed: Too Many Messages"
                ];
                script.say(Kind::E019, session.who, text);
            }
            return self.close(script, session.who, Ending::Closed);
        }
        session.left -= 1;
        self.receive(session, script);
    }

    /// The connection is closed; `ending` is how it came to that.
    pub(crate) fn close(&mut self, script: &mut Script, who: Who, ending: Ending) {
        script.note(who, Note::Ending(ending));
        script.say(Kind::E006, who, body!["ICID ", who.number, " close"]);
        script.done(who);
    }
}
