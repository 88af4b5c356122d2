//! Connections that never bring a message, and lines about nobody's connection.
//!
//! Invariants: none of them has a MID, but for the delayed rejection, whose MIDs are refused
//! all recipients (trap 30); ICID 0 is nobody, so its lines are events.

use crate::kind::Kind;
use crate::mail::Mail;
use crate::names::{self, Domain, Peer};
use crate::plan::Dialect;
use crate::record::{Note, Who};
use crate::script::Script;
use crate::text::body;
use crate::truth::{Abort, Ending};
use crate::world::World;

impl World {
    /// Opened and let in by the HAT.
    fn let_in(&mut self, script: &mut Script) -> (Who, Peer) {
        let peer = names::stranger(&mut self.dice);
        let who = self.open(script, &peer);
        self.admitted(script, who, &peer, true);
        (who, peer)
    }

    /// Rejected by the HAT; the rejection may stand before the opening (trap 24).
    pub(crate) fn rejected(&mut self, script: &mut Script) {
        let peer = names::stranger(&mut self.dice);
        let who = self.new_connection(script);
        let (kind, opening) = self.opening(script, who.number, &peer);
        let (row, rejection) = self.rejection(who);
        script.note(who, Note::Ending(Ending::Rejected));
        if self.dice.chance(0.1) {
            script.say(row, who, rejection);
            script.say(kind, who, opening);
        } else {
            self.write(script.gateway, kind, who, None, opening);
            script.say(row, who, rejection);
        }
        self.close(script, who, Ending::Rejected);
    }

    fn rejection(&mut self, who: Who) -> (Kind, String) {
        let icid = who.number;
        if self.dice.chance(0.1) {
            return (
                Kind::E041,
                body!["ICID ", icid, " REJECT SG TCP-REFUSE match"],
            );
        }
        let score = self.dice.between(25, 99);
        let text = body![
            "ICID ",
            icid,
            " REJECT SG BLACKLIST match sbrs[-10.0:-2.5] SBRS -",
            score / 10,
            ".",
            score % 10
        ];
        (Kind::E040, text)
    }

    /// Refused by TCP: nobody's connection.
    pub(crate) fn refused(&mut self, script: &mut Script) {
        let list = self.dice.word(&["sbl.list.example", "xbl.list.example"]);
        let text = body![
            "ICID 0 TCPREFUSE SG RBLBlacklist match dnslist[",
            list,
            "] SBRS None"
        ];
        script.event(Kind::E042, text);
    }

    /// Rejected, but talked to, so that recipients are logged.
    pub(crate) fn rejected_late(&mut self, script: &mut Script) {
        let (who, peer) = self.let_in(script);
        script.note(who, Note::Ending(Ending::Rejected));
        let text = body![
            "ICID ",
            who.number,
            " Delayed HAT REJECT continuing session for recipient logging (",
            &peer.address,
            ")"
        ];
        script.say(Kind::E043, who, text);
        if self.dice.chance(0.5) {
            let mail = self.refused_message(script, who);
            self.aborted(script, &mail, Abort::AllRefused);
        } else {
            self.refused_on_connection(script, who);
        }
        self.close(script, who, Ending::Rejected);
    }

    fn refused_message(&mut self, script: &mut Script, who: Who) -> Mail {
        let mut mail = self.new_mail(script, who, true);
        self.sender_line(script, &mail, who);
        for _ in 0..self.dice.between(1, 3) {
            self.refuse_recipient(script, &mut mail, who);
        }
        mail
    }

    fn refused_on_connection(&mut self, script: &mut Script, who: Who) {
        for _ in 0..self.dice.between(1, 4) {
            let address = names::mailbox(&mut self.dice, Domain(0));
            let by = self.dice.word(&["RAT", "LDAPACCEPT"]);
            let text = body!["ICID ", who.number, " To: <", address, "> Rejected by ", by];
            script.say(Kind::E067, who, text);
        }
    }

    /// Opened and closed or lost without a message.
    pub(crate) fn nothing_sent(&mut self, script: &mut Script) {
        let (who, _) = self.let_in(script);
        script.wait(self.dice.below(20));
        if self.dice.chance(0.3) {
            self.remark_on_connection(script, who);
        }
        if self.dice.chance(0.3) {
            self.lost(script, who);
            return self.close(script, who, Ending::Lost);
        }
        self.close(script, who, Ending::Closed);
    }

    /// The peer vanishes.
    pub(crate) fn lost(&mut self, script: &mut Script, who: Who) {
        script.note(who, Note::Ending(Ending::Lost));
        script.say(Kind::E007, who, body!["ICID ", who.number, " lost"]);
    }

    /// Nothing is sent until the timeout.
    pub(crate) fn idle(&mut self, script: &mut Script) {
        let (who, peer) = self.let_in(script);
        script.wait(300);
        self.timed_out(script, who, &peer);
        self.close(script, who, Ending::TimedOut);
    }

    /// The line of the inbound timeout.
    pub(crate) fn timed_out(&mut self, script: &mut Script, who: Who, peer: &Peer) {
        script.note(who, Note::Ending(Ending::TimedOut));
        let text = body![
            "ICID ",
            who.number,
            " disconnected address ",
            &peer.address,
            ", no messages injected within timeout period"
        ];
        script.say(Kind::E008, who, text);
    }

    /// Lost before a command.
    pub(crate) fn vanished(&mut self, script: &mut Script) {
        let (who, peer) = self.let_in(script);
        let seconds = self.dice.between(1, 139);
        script.wait(seconds);
        script.note(who, Note::Ending(Ending::Lost));
        let own = script.gateway as u64 + 1;
        let text = body![
            "ICID ",
            who.number,
            " Connection from ",
            &peer.address,
            " on interface PublicNet (192.0.2.",
            own,
            ") lost after ",
            seconds,
            " seconds (DNS query took ",
            seconds.min(3),
            " seconds), before any commands were received"
        ];
        script.say(Kind::E010, who, text);
        self.close(script, who, Ending::Lost);
    }

    /// MAIL FROM is refused.
    pub(crate) fn sender_refused(&mut self, script: &mut Script) {
        let (who, _) = self.let_in(script);
        script.note(who, Note::Ending(Ending::Rejected));
        let address = names::mailbox(&mut self.dice, Domain(8));
        let front = body!["ICID ", who.number, " Address: <"];
        let rejected = "sender rejected, envelope sender domain ";
        let (kind, text) = match self.dice.below(4) {
            0 => (Kind::E051, body![front, "user> ", rejected, "missing"]),
            1 => (
                Kind::E052,
                body![front, address, "> ", rejected, "does not exist"],
            ),
            2 => (
                Kind::E053,
                body![front, address, "> ", rejected, "could not be resolved"],
            ),
            _ => (
                Kind::E055,
                body![
                    "ICID ",
                    who.number,
                    " Invalid sender address: Unsupported domain literal: '[]'"
                ],
            ),
        };
        script.say(kind, who, text);
        self.close(script, who, Ending::Rejected);
    }

    /// Over the connection limit.
    pub(crate) fn limited(&mut self, script: &mut Script) {
        let (who, peer) = self.let_in(script);
        script.note(who, Note::Ending(Ending::Failed));
        let text = body![
            "System limit reached: connection limit for IP ",
            &peer.address,
            " on listener Incoming ICID ",
            who.number,
            ": max: 1"
        ];
        script.say(Kind::E015, who, text);
        let text = body![
            "ICID ",
            who.number,
            " Receiving Failed: Connection limit exceeded"
        ];
        script.say(Kind::E016, who, text);
        self.close(script, who, Ending::Failed);
    }

    /// TLS fails, or is required and not begun.
    pub(crate) fn without_tls(&mut self, script: &mut Script) {
        let (who, _) = self.let_in(script);
        script.note(who, Note::Ending(Ending::Failed));
        if self.dice.chance(0.5) {
            let reason = match self.dialect(script) {
                Dialect::Modern => ": [Errno 54] Connection reset by peer",
                Dialect::Classic | Dialect::Old => "",
            };
            let text = body!["ICID ", who.number, " TLS failed", reason];
            script.say(Kind::E026, who, text);
            script.say(Kind::E007, who, body!["ICID ", who.number, " lost"]);
        } else {
            let text = body![
                "ICID ",
                who.number,
                " TLS was required but remote host did not initiate it"
            ];
            script.say(Kind::E027, who, text);
        }
        self.close(script, who, Ending::Failed);
    }

    /// Lines that tell of a connection without its number.
    pub(crate) fn nameless(&mut self, script: &mut Script) {
        let address = names::address(&mut self.dice);
        if self.dice.chance(0.7) {
            let text = body![
                "LDAP: Dropping connection due to potential Directory Harvest Attack from host=('",
                address,
                "', None), dhap_limit=4, sender_group=SUSPECTLIST"
            ];
            script.event(Kind::E056, text);
        } else {
            let text = body!["Incoming SMTP connection undetermined IP on interface Data 1"];
            script.event(Kind::E014, text);
        }
    }
}
