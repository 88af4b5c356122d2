//! A message is received: start, envelope, headers, and how that ends.
//!
//! Invariants: `Start MID` is written in the moment in which the number is given out; the abort
//! lines are those of Cisco's document 118295, in its order; an accepted message goes its own
//! way, whatever its connection does.
//!
//! Not here: header lines (`headers.rs`), refused recipients (`recipients.rs`).

use crate::kind::Kind;
use crate::mail::Mail;
use crate::names::{self, Domain};
use crate::plan::Dialect;
use crate::record::{Note, Who};
use crate::script::{Script, Stage};
use crate::session::Session;
use crate::text::body;
use crate::truth::{Abort, Ending, Fate, RecordKind};
use crate::world::World;

/// The timeout for connections that have not injected anything.
const INBOUND_TIMEOUT: i64 = 300;

/// How receiving ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Accepted,
    Aborted(Abort),
    Never,
}

impl World {
    /// The next message of a connection.
    pub(crate) fn receive(&mut self, session: Box<Session>, script: &mut Script) {
        script.rest();
        let end = self.how_receiving_ends(&session);
        let mut mail = self.new_mail(script, session.who, session.inbound);
        if end == End::Aborted(Abort::BounceVerification) {
            mail.from.clear();
        }
        self.smtp_pause(script, &session);
        self.sender_line(script, &mail, session.who);
        self.envelope(script, &mut mail, &session, end);
        match end {
            End::Accepted => self.accepted(session, mail, script),
            End::Aborted(why) => self.not_accepted(session, &mail, why, script),
            End::Never => {}
        }
    }

    fn how_receiving_ends(&mut self, session: &Session) -> End {
        let of = self.plan.receiving;
        let old_enough = |seconds: i64| self.now - session.opened > seconds;
        let (no_timeout, no_limit) = (session.taken > 0 || old_enough(200), old_enough(600));
        let timeout = if no_timeout { 0 } else { of.timeout };
        let too_long = if no_limit { 0 } else { of.too_long };
        let weights = [
            of.accepted,
            of.lost,
            timeout,
            of.by_sender,
            of.size,
            of.loops,
            too_long,
            of.all_refused,
            of.bounce_verification,
            of.killed,
            of.never,
        ];
        End::Aborted(match self.dice.weighted(&weights) {
            0 => return End::Accepted,
            1 => Abort::Lost,
            2 => Abort::Timeout,
            3 => Abort::BySender,
            4 => Abort::Size,
            5 => Abort::Loop,
            6 => Abort::TooLong,
            7 => Abort::AllRefused,
            8 => Abort::BounceVerification,
            9 => Abort::Killed,
            _ => return End::Never,
        })
    }

    /// Seconds between two commands.
    fn smtp_pause(&mut self, script: &mut Script, session: &Session) {
        if session.slow && session.taken > 0 && self.dice.chance(0.3) {
            script.wait(self.dice.between(10, 120));
        } else if self.dice.chance(0.15) {
            script.wait(self.dice.between(1, 2));
        }
    }

    /// Gives out a MID and writes the start of its message, now.
    pub(crate) fn new_mail(&mut self, script: &Script, connection: Who, inbound: bool) -> Mail {
        let who = self.new_message(script);
        let icid = connection.number;
        let text = body!["Start MID ", who.number, " ICID ", icid];
        self.write(script.gateway, Kind::E057, who, None, text);
        let from = if inbound {
            Domain::of_others(&mut self.dice)
        } else {
            Domain::ours(&mut self.dice)
        };
        let from = if self.dice.chance(0.02) {
            String::new()
        } else {
            names::mailbox(&mut self.dice, from)
        };
        let size = self.dice.between(400, 60_000);
        self.mail(who, icid, inbound, from, size)
    }

    /// A message without a line so far.
    pub(crate) fn new_message(&mut self, script: &Script) -> Who {
        let mid = self.gateways[script.gateway].mids.next();
        self.begin(script.gateway, RecordKind::Message, mid, Ending::Receiving)
    }

    /// A message without recipients.
    pub(crate) fn mail(&self, who: Who, icid: u64, inbound: bool, from: String, size: u64) -> Mail {
        Mail {
            who,
            icid,
            inbound,
            from,
            to: Vec::new(),
            known: 0,
            size,
            generated: false,
            released: false,
            retry_in: 0,
            tries: 0,
            queued_at: self.now,
            round: Vec::new(),
        }
    }

    /// MAIL FROM.
    pub(crate) fn sender_line(&mut self, script: &mut Script, mail: &Mail, connection: Who) {
        let front = body!["MID ", mail.mid(), " ICID ", connection.number, " From: "];
        let bare = self.dialect(script) == Dialect::Old && !mail.from.is_empty();
        if bare && self.dice.chance(0.2) {
            script.say(Kind::E061, mail.who, body![front, &mail.from]);
        } else {
            script.say(Kind::E060, mail.who, body![front, "<", &mail.from, ">"]);
        }
    }

    fn envelope(&mut self, script: &mut Script, mail: &mut Mail, session: &Session, end: End) {
        self.smtp_pause(script, session);
        match end {
            End::Aborted(Abort::AllRefused) => {
                for _ in 0..self.dice.between(1, 3) {
                    self.refuse_recipient(script, mail, session.who);
                }
            }
            End::Aborted(Abort::BounceVerification) => {
                self.refuse_untagged(script, mail, session.who);
            }
            End::Accepted | End::Aborted(_) | End::Never => {
                self.recipients(script, mail, session.who);
            }
        }
    }

    fn accepted(&mut self, mut session: Box<Session>, mut mail: Mail, script: &mut Script) {
        self.smtp_pause(script, &session);
        self.headers(script, &mail);
        script.note(mail.who, Note::Ending(Ending::Working));
        self.ready(script, &mail);
        session.taken += 1;
        mail.queued_at = self.now;
        script.then(Stage::Accepted(Box::new(mail)));
        let rest = if session.slow {
            self.dice.between(60, 9_000)
        } else {
            self.dice.below(5) / 3
        };
        script.wait(rest);
        script.then(Stage::Talk(session));
    }

    /// `ready`.
    pub(crate) fn ready(&mut self, script: &mut Script, mail: &Mail) {
        let front = body!["MID ", mail.mid(), " ready ", mail.size, " bytes from "];
        if self.dice.chance(0.01) && !mail.from.is_empty() {
            script.say(Kind::E080, mail.who, body![front, &mail.from]);
        } else {
            script.say(Kind::E079, mail.who, body![front, "<", &mail.from, ">"]);
        }
    }

    fn not_accepted(
        &mut self,
        session: Box<Session>,
        mail: &Mail,
        why: Abort,
        script: &mut Script,
    ) {
        self.wait_for_abort(script, &session, why);
        let ending = self.cause_of_abort(script, &session, why);
        self.aborted(script, mail, why);
        if why == Abort::Killed {
            return script.done(session.who);
        }
        if why == Abort::Timeout && self.dice.chance(0.3) {
            self.timed_out(script, session.who, &session.peer);
        }
        let goes_on = matches!(why, Abort::BySender | Abort::AllRefused) && session.left > 0;
        if goes_on {
            return script.then(Stage::Talk(session));
        }
        self.close(script, session.who, ending);
    }

    fn wait_for_abort(&mut self, script: &mut Script, session: &Session, why: Abort) {
        let open_for = self.now + script.waits() - session.opened;
        let until = |limit: i64| (limit - open_for).max(0) as u64;
        let seconds = match why {
            Abort::Timeout => until(INBOUND_TIMEOUT),
            Abort::TooLong => until(self.dice.between(720, 899) as i64),
            Abort::Lost => self.dice.between(0, 120),
            Abort::BounceVerification => self.dice.between(0, 71),
            Abort::Size | Abort::Loop => self.dice.between(0, 20),
            Abort::BySender | Abort::AllRefused | Abort::Killed => self.dice.between(0, 5),
        };
        script.wait(seconds);
    }

    /// What is written of the connection before the abort; how the connection then ends.
    fn cause_of_abort(&mut self, script: &mut Script, session: &Session, why: Abort) -> Ending {
        let (who, old) = (session.who, self.dialect(script) == Dialect::Old);
        let icid = who.number;
        let front = body!["ICID ", icid];
        let (ending, kind, text) = match why {
            Abort::Lost => (Ending::Lost, Kind::E007, body![front, " lost"]),
            Abort::Size => {
                let text = body![front, " Receiving Failed: Message size exceeds limit"];
                (Ending::Failed, Kind::E017, text)
            }
            Abort::Loop if old => {
                let text = body![front, " Injection Failed: Message loop"];
                (Ending::Failed, Kind::E020, text)
            }
            Abort::Loop => {
                let text = body![front, " Receiving Failed: Message loop"];
                (Ending::Failed, Kind::E018, text)
            }
            Abort::TooLong => (Ending::TooLong, Kind::E009, too_long(session)),
            Abort::Killed => {
                let text = body!["SMTP server connection killed ICID: ", icid];
                (Ending::Killed, Kind::E013, text)
            }
            Abort::Timeout => return Ending::TimedOut,
            Abort::BySender | Abort::AllRefused | Abort::BounceVerification => {
                return Ending::Closed;
            }
        };
        script.note(who, Note::Ending(ending));
        script.say(kind, who, text);
        ending
    }

    /// The two lines of a message that was never accepted.
    pub(crate) fn aborted(&mut self, script: &mut Script, mail: &Mail, why: Abort) {
        let mid = mail.mid();
        script.note(mail.who, Note::Ending(Ending::Aborted(why)));
        script.note(mail.who, Note::FateOfAll(Fate::Aborted));
        let by_sender =
            why == Abort::BySender || (why == Abort::AllRefused && mid.is_multiple_of(2));
        let (kind, tail) = match self.dialect(script) {
            Dialect::Old if !by_sender => (Kind::E083, " Injection aborted"),
            Dialect::Old | Dialect::Classic | Dialect::Modern if by_sender => {
                (Kind::E082, " Receiving aborted by sender")
            }
            Dialect::Old | Dialect::Classic | Dialect::Modern => (Kind::E081, " Receiving aborted"),
        };
        script.say(kind, mail.who, body!["Message aborted MID ", mid, tail]);
        let text = body!["Message finished MID ", mid, " aborted"];
        script.say(Kind::E084, mail.who, text);
        script.done(mail.who);
    }
}

fn too_long(session: &Session) -> String {
    body![
        "ICID ",
        session.who.number,
        " disconnected address ",
        &session.peer.address,
        ", exceeded allowable connection time"
    ]
}
