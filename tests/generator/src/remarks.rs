//! Rare lines that change nothing: of the grammar, or of nobody's wording.
//!
//! Invariants: none of them decides what becomes of a record; the same one may be written twice
//! in a second, as gateways do.

use crate::kind::Kind;
use crate::mail::Mail;
use crate::record::Who;
use crate::script::Script;
use crate::subjects;
use crate::text::body;
use crate::world::World;

/// Lines `MID n…` whose tail is constant.
const ON_MESSAGE: [(Kind, &str); 33] = [
    (
        Kind::E045,
        " IncomingRelay(partnerdotexample): Header Received found, IP 203.0.113.108 being used, SBRS 6.8",
    ),
    (
        Kind::E046,
        " IncomingRelay(partnerdotexample): Header Received not found",
    ),
    (
        Kind::E075,
        " masquerading envelope sender from 'TOMKI' to 'tomki@corp.example'",
    ),
    (
        Kind::E076,
        " masquerading header 'To' from 'TCAMP' to 'TCAMP@corp.example'",
    ),
    (Kind::E094, " attachment '=D1=82=D0=B5=D1=81=D1=82.rst'"),
    (Kind::E095, " attachment types rartn"),
    (Kind::E096, " Could not convert character set: 136"),
    (
        Kind::E097,
        ", Message Scanning Problem: Continuation line seen before first header",
    ),
    (
        Kind::E098,
        ": scanning error (name='x.doc', type=application/msword): cannot read",
    ),
    (Kind::E106, " using engine: SLBL spam negative"),
    (
        Kind::E113,
        " was too big (362262/262144) for scanning by Outbreak Filters",
    ),
    (
        Kind::E114,
        " CASE sent a poorly formatted response: <<garbage>>...",
    ),
    (Kind::E121, " antivirus encrypted"),
    (Kind::E122, " antivirus repaired 'W32/Zafi-D'"),
    (Kind::E123, " interim AV verdict using Sophos UNSCANNABLE"),
    (Kind::E129, " Threat Level=5 Category=Scam Type=Fake Deal"),
    (
        Kind::E131,
        " not completely scanned by SDS. Error: The number of URLs in the message attachments exceeded the URL scan limit.",
    ),
    (
        Kind::E144,
        " DLP violation. Severity: LOW (Risk Factor: 15). DLP policy match: 'PCI-DSS (Payment Card Industry Data Security Standard)'.",
    ),
    (Kind::E145, " DLP violation"),
    (Kind::E147, " SPF: helo identity postmaster None"),
    (
        Kind::E149,
        " using engine: SPF Verdict Cache using cached verdict",
    ),
    (Kind::E154, " DomainKeys: cannot sign - already signed"),
    (
        Kind::E155,
        " DomainKeys: signing with corp - matches sales@corp.example",
    ),
    (Kind::E156, " verified good From: sales@partner.example"),
    (Kind::E188, " could not be split"),
    (
        Kind::U001,
        " zephyr engine: 7 of 9 moons, MID 3 is not meant",
    ),
    (Kind::U001, " neues Ereignis: Größe geprüft"),
    (Kind::U001, ""),
    (Kind::U001, " "),
    (Kind::U001, " ready"),
    (Kind::U001, " From"),
    (Kind::U001, " RID [0"),
    (Kind::U001, " was split creating MID"),
];

/// Lines `ICID n…` whose tail is constant.
const ON_CONNECTION: [(Kind, &str); 9] = [
    (Kind::E011, " Unknown command: XXXX"),
    (Kind::E011, " Unknown command: To: <x@x.example>, MID 4"),
    (Kind::E012, " Bad syntax for command: MAIL FROM x"),
    (
        Kind::E054,
        " Address: <user@post.example> sender allowed, envelope sender matched domain exception",
    ),
    (Kind::E044, " SBRS None"),
    (Kind::U002, " zephyr greeting seen, ICID 5 is not meant"),
    (Kind::U002, ""),
    (Kind::U002, " lost?"),
    (Kind::U002, " From"),
];

impl World {
    /// A rare line of a message.
    pub(crate) fn remark_on_message(&mut self, script: &mut Script, mail: &Mail) {
        let (kind, text) = match self.dice.below(12) {
            0 => self.custom_entry(mail),
            1 => (
                Kind::E072,
                body![
                    "MID ",
                    mail.mid(),
                    " ICID ",
                    mail.icid,
                    " invalid bounce, tagging"
                ],
            ),
            2 => (
                Kind::E073,
                body![
                    "Alias match: MID ",
                    mail.mid(),
                    " RID 0 recipient sales@corp.example mapped to ['desk@corp.example']"
                ],
            ),
            3 => (
                Kind::E200,
                body!["LDAP: unable to process, MID ", mail.mid(), " requeued"],
            ),
            _ => {
                let (kind, tail) = *self.dice.one_of(&ON_MESSAGE);
                (kind, body!["MID ", mail.mid(), tail])
            }
        };
        self.perhaps_twice(script, mail.who, kind, text);
    }

    fn custom_entry(&mut self, mail: &Mail) -> (Kind, String) {
        let entry = subjects::custom_entry(&mut self.dice);
        let text = body!["MID ", mail.mid(), " Custom Log Entry: ", entry];
        (Kind::E100, text)
    }

    /// A rare line of an inbound connection.
    pub(crate) fn remark_on_connection(&mut self, script: &mut Script, who: Who) {
        let (kind, tail) = *self.dice.one_of(&ON_CONNECTION);
        let text = body!["ICID ", who.number, tail];
        self.perhaps_twice(script, who, kind, text);
    }

    /// A line of an outbound connection that nobody understands.
    pub(crate) fn remark_on_delivery(&mut self, script: &mut Script, who: Who) {
        let tail = self
            .dice
            .word(&[" zephyr handshake, DCID 5 is not meant", "", " open"]);
        let text = body!["DCID ", who.number, tail];
        self.perhaps_twice(script, who, Kind::U003, text);
    }

    fn perhaps_twice(&mut self, script: &mut Script, who: Who, kind: Kind, text: String) {
        if self.dice.chance(self.plan.odds.twin) {
            script.say(kind, who, text.clone());
        }
        script.say(kind, who, text);
    }
}
