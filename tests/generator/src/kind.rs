//! The table of line kinds: one variant for each row of the log grammar that is written.
//!
//! A variant has the row's number (`E057` is "message start" in the grammar document); `U…` are
//! wordings that no row describes. Invariant, held by a test: a full run writes every kind.
//!
//! Not here: E160, E161, E166, E237, E238, E240 (no such rows), E162 and E236 (their wording is
//! known in fragments only), raw line ends inside a header (trap 20).

use crate::truth::Level;

macro_rules! rows {
    ($($row:ident $what:literal;)+) => {
        /// What one line is, by its row in the log grammar.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Kind {
            $(#[doc = $what] $row,)+
        }

        impl Kind {
            /// Every kind, in the grammar's order.
            pub const ALL: &[Self] = &[$(Self::$row),+];

            /// The row's number.
            #[must_use]
            pub fn row(self) -> &'static str {
                match self { $(Self::$row => stringify!($row),)+ }
            }

            /// What it is, in words.
            #[must_use]
            pub fn what(self) -> &'static str {
                match self { $(Self::$row => $what,)+ }
            }
        }
    };
}

rows! {
    E001 "inbound connection";
    E002 "inbound connection without a PTR name";
    E003 "inbound connection, two spaces before the host";
    E004 "inbound connection, old form";
    E005 "inbound connection, lower-case protocol";
    E006 "connection closed";
    E007 "connection lost";
    E008 "disconnected: nothing injected in time";
    E009 "disconnected: too long";
    E010 "lost before any command";
    E011 "unknown command";
    E012 "bad syntax";
    E013 "connection killed by the gateway";
    E014 "connection of an undetermined address";
    E015 "connection limit reached";
    E016 "receiving failed: connection limit";
    E017 "receiving failed: size";
    E018 "receiving failed: loop";
    E019 "receiving failed: another reason";
    E020 "injection failed";
    E021 "SMTP AUTH succeeded";
    E022 "SMTP AUTH failed";
    E023 "SMTP AUTH, another state";
    E024 "inbound TLS succeeded";
    E025 "inbound TLS succeeded, old form";
    E026 "inbound TLS failed";
    E027 "inbound TLS required and not begun";
    E028 "outbound TLS succeeded";
    E029 "outbound TLS succeeded, with the domain";
    E030 "outbound TLS succeeded, with the certificate's name";
    E031 "outbound TLS failed";
    E032 "outbound TLS required and not negotiated";
    E033 "accepted by the HAT, with country";
    E034 "accepted by the HAT, private address";
    E035 "accepted by the HAT, no reputation";
    E036 "accepted by the HAT, by network";
    E037 "accepted by the HAT, empty match";
    E038 "accepted by the HAT, no match word";
    E039 "relayed by the HAT";
    E040 "rejected by the HAT";
    E041 "rejected by the HAT, empty match";
    E042 "refused by TCP, on ICID 0";
    E043 "delayed rejection by the HAT";
    E044 "reputation on a line of its own";
    E045 "incoming relay: address found";
    E046 "incoming relay: header not found";
    E047 "domain reputation requested";
    E048 "domain reputation";
    E049 "domain reputation, older wording";
    E050 "domain reputation's token";
    E051 "sender refused: no domain";
    E052 "sender refused: no such domain";
    E053 "sender refused: domain not resolved";
    E054 "sender allowed by an exception";
    E055 "sender's address not valid";
    E056 "directory harvest";
    E057 "message begins";
    E058 "generated message begins";
    E059 "generated message begins, with a tag";
    E060 "envelope sender";
    E061 "envelope sender without brackets";
    E062 "recipient accepted";
    E063 "null recipient";
    E064 "recipient refused by the RAT";
    E065 "recipient refused by LDAP";
    E066 "recipient refused by injection control";
    E067 "recipient refused on the connection";
    E068 "recipient's address not valid";
    E069 "recipient's address empty";
    E070 "recipient's address not valid, double quotes";
    E071 "refused by bounce verification";
    E072 "tagged by bounce verification";
    E073 "alias";
    E074 "alias, without ids";
    E075 "sender masqueraded";
    E076 "header masqueraded";
    E077 "mail made by the system";
    E078 "global unsubscribe";
    E079 "message taken";
    E080 "message taken, no brackets";
    E081 "receiving aborted";
    E082 "receiving aborted by sender";
    E083 "injection aborted";
    E084 "message finished, aborted";
    E085 "message finished, done";
    E086 "Message-ID";
    E087 "Message-ID in double quotes";
    E088 "subject, encoded and folded";
    E089 "subject in single quotes";
    E090 "subject in double quotes";
    E091 "subject without quotes";
    E092 "subject with a doubled quote";
    E093 "attachment";
    E094 "attachment, encoded name";
    E095 "attachment types";
    E096 "character set not converted";
    E097 "scanning problem";
    E098 "scanning error";
    E099 "delivered, with logged headers";
    E100 "custom log entry";
    E101 "interim verdict";
    E102 "verdict";
    E103 "verdict: marketing";
    E104 "verdict: bulk";
    E105 "cached verdict";
    E106 "verdict of the safelist";
    E107 "verdict: graymail";
    E108 "verdict of an old engine";
    E109 "verdict of Brightmail";
    E110 "dropped as spam";
    E111 "dropped as spam by Brightmail";
    E112 "tagged for the spam quarantine";
    E113 "too big for an engine";
    E114 "answer of the engine not understood";
    E115 "cache of the spam engine";
    E116 "graymail handler";
    E117 "interim antivirus verdict";
    E118 "antivirus: negative";
    E119 "antivirus: positive";
    E120 "antivirus: positive after release";
    E121 "antivirus: encrypted";
    E122 "antivirus: repaired";
    E123 "antivirus: not scannable";
    E124 "dropped by antivirus";
    E125 "file reputation skipped";
    E126 "file reputation: malware";
    E127 "dropped by file reputation";
    E128 "outbreak verdict";
    E129 "outbreak threat level";
    E130 "virus threat level";
    E131 "links not completely scanned";
    E132 "alert that quotes a MID";
    E133 "policy matched";
    E134 "dropped by a message filter";
    E135 "dropped by a content filter";
    E136 "bounced by a content filter";
    E137 "dropped by a content filter, old form";
    E138 "bounced by a content filter, old form";
    E139 "dropped or bounced by a policy, old form";
    E140 "copy";
    E141 "notification";
    E142 "copy that is scanned";
    E143 "notification by antivirus";
    E144 "DLP violation with severity";
    E145 "DLP violation";
    E146 "held because of DLP";
    E147 "SPF of the greeting";
    E148 "SPF of the sender";
    E149 "SPF from the cache";
    E150 "DKIM passed";
    E151 "DKIM passed, test mode";
    E152 "DKIM failed";
    E153 "DKIM: cannot sign";
    E154 "DomainKeys: cannot sign";
    E155 "DomainKeys: signing";
    E156 "DomainKeys: verified";
    E157 "DMARC in detail";
    E158 "DMARC";
    E159 "reputation of a link";
    E163 "link service restarts";
    E164 "link categories changed";
    E165 "held";
    E167 "held by outbreak";
    E168 "held for a new reason";
    E169 "released from one quarantine";
    E170 "released, stripped";
    E171 "released from all quarantines";
    E172 "deleted from one quarantine";
    E173 "deleted from all quarantines";
    E174 "rewritten on release";
    E175 "handed to the central quarantine";
    E176 "back from the central quarantine";
    E177 "to the local spam quarantine";
    E178 "in the local spam quarantine";
    E179 "local spam quarantine has it";
    E180 "local spam quarantine refused it";
    E181 "local spam quarantine not reached";
    E182 "reinjected from the spam quarantine";
    E183 "to the external spam quarantine";
    E184 "external spam quarantine has it";
    E185 "answer of the external spam quarantine";
    E186 "split by policy";
    E187 "split by safelist or blocklist";
    E188 "not split";
    E189 "rewritten by an engine";
    E190 "rewritten by LDAP";
    E191 "rewritten by a filter";
    E192 "rewritten: footer";
    E193 "rewritten: attachments dropped";
    E194 "rewritten by antivirus";
    E195 "bounce made";
    E196 "bounce made, old form";
    E197 "LDAP bounces a recipient";
    E198 "LDAP drops a recipient";
    E199 "LDAP reroutes a recipient";
    E200 "LDAP: requeued";
    E201 "LDAP gives up";
    E202 "LDAP query without ids";
    E203 "queued for delivery";
    E204 "outbound connection";
    E205 "outbound connection, no port";
    E206 "outbound connection, named interface";
    E207 "delivery begins";
    E208 "delivery begins, old form";
    E209 "delivered";
    E210 "delivered, old form";
    E211 "answer of the next hop";
    E212 "answer of the next hop, two spaces";
    E213 "answer of the next hop, no quotes";
    E214 "possible delivery";
    E215 "outbound connection closed";
    E216 "outbound connection killed";
    E217 "outbound connection over: concurrency";
    E218 "recipients deleted by an administrator";
    E219 "deliveries suspended";
    E220 "delayed";
    E221 "delayed, with addresses";
    E222 "delayed, old form";
    E223 "next attempt";
    E224 "next attempt, with the profile";
    E225 "connection error";
    E226 "connection error, reason last";
    E227 "DNS fails for now";
    E228 "DNS fails for a route";
    E229 "search for expired mail";
    E230 "bounced";
    E231 "bounced, with addresses";
    E232 "bounced without a connection";
    E233 "bounced, old form";
    E234 "double bounce";
    E235 "double bounce, old form";
    E239 "remediation: not in the mailbox";
    E241 "telemetry of another subscription";
    E242 "log begins or ends";
    E243 "version and serial number";
    E244 "offset from UTC";
    E245 "status";
    E246 "reputation upload";
    E247 "checkpoint";
    E248 "alert";
    E249 "alert not sent";
    E250 "internal mail sent";
    E251 "internal mail given up";
    E252 "internal mail failed";
    E253 "licence";
    E254 "SMTP server starts or stops";
    E255 "lame DNS";
    U001 "nobody's wording, with a MID in front";
    U002 "nobody's wording, with an ICID in front";
    U003 "nobody's wording, with a DCID in front";
    U004 "nobody's wording, without an id";
}

impl Kind {
    /// The word in front of lines of this kind.
    #[must_use]
    pub fn level(self) -> Level {
        if matches!(self, Self::E249 | Self::E251) {
            Level::Critical
        } else if matches!(
            self,
            Self::E015 | Self::E056 | Self::E097 | Self::E164 | Self::E252 | Self::E253
        ) {
            Level::Warning
        } else {
            Level::Info
        }
    }
}
