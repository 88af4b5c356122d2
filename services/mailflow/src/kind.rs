//! The table of event kinds: what can be told apart in `mail_logs`, one row a kind.
//!
//! A kind is a value of this table and nothing else; records keep its name. The row says in which
//! forms its lines come, with their fields, whose line it is, and whether it ends something.
//! Numbers are those of the log grammar that the project's knowledge keeps (E001 …); `no` stands
//! before the forms of a kind of which no line has been seen, only a format or a pattern; `form`
//! where the forms themselves read it, `own` where a reader in `grammar/` does.
//!
//! A form is a line's body with its fields in braces, each with how it is written:
//!
//! | field | what it takes |
//! |---|---|
//! | `{mid#}` | a decimal number |
//! | `{rids[]}` | recipient ids: `[0, 1]`, `[0]`, `0` |
//! | `{address@}` | an address, in angle brackets or bare |
//! | `{word.}` | up to the next blank |
//! | `{text}` | up to what stands behind it in the form, where that comes first; at the end all |
//! | `{text~}` | the same, where it comes last: strangers write such text |
//! | `{text'}` | all that is left, without a pair of quotes around it |
//!
//! A blank is one or more. `…` is whatever else stands there; behind `|` a line may be cut; `¦` is a bar.
//!
//! Not here: how a body is read (`grammar/`), what a kind means for a record (`message.rs`,
//! `connection.rs`).

use std::fmt;

/// Whose line it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Belongs {
    /// A message's (MID).
    Message,
    /// A connection's (ICID).
    Connection,
    /// A delivery connection's (DCID).
    Delivery,
    /// The appliance's own.
    Appliance,
    /// Of another log than `mail_logs`, about a message (MID): it stands beside that message and
    /// makes none (trap 27).
    Beside,
}

impl Belongs {
    /// The field that says whose it is; empty for the appliance.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Message | Self::Beside => "mid",
            Self::Connection => "icid",
            Self::Delivery => "dcid",
            Self::Appliance => "",
        }
    }
}

/// What a line of this kind ends or settles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ends {
    /// Nothing.
    Nothing,
    /// It begins a record.
    Begins,
    /// It settles one or more recipients.
    Recipients,
    /// It names why the record ends; the end itself follows.
    Reason,
    /// It ends the record.
    Record,
}

/// One kind of event.
#[derive(Debug, PartialEq, Eq)]
pub struct Kind {
    /// Kebab-case, never renamed.
    pub name: &'static str,
    /// Row numbers in the log grammar.
    pub rows: &'static str,
    /// How its lines are written: see the file's head.
    pub forms: &'static [&'static str],
    /// Whether such a line has been seen.
    pub seen: bool,
    /// Whether its forms are all that reads it. The others have readers of their own
    /// (`grammar/`) and change what their record knows.
    pub by_form: bool,
    /// Whose line it is.
    pub belongs: Belongs,
    /// What it ends.
    pub ends: Ends,
    /// Whether its lines tell why something went wrong, and so are indexed as text.
    pub diagnostic: bool,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// The kind of that name.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static Kind> {
    ALL.iter().copied().find(|kind| kind.name == name)
}

macro_rules! yes {
    (seen) => {
        true
    };
    (form) => {
        true
    };
    ($no:ident) => {
        false
    };
}

macro_rules! kinds {
    ($($id:ident = $name:literal $rows:literal $belongs:ident $ends:ident $diagnostic:literal $read:ident $seen:ident [$($form:literal),+];)+) => {
        $(
            #[doc = concat!("`", $name, "` (", $rows, ")")]
            pub static $id: Kind = Kind {
                name: $name, rows: $rows, forms: &[$($form),+],
                seen: yes!($seen), by_form: yes!($read),
                belongs: Belongs::$belongs, ends: Ends::$ends, diagnostic: $diagnostic,
            };
        )+
        /// Every kind, in the grammar's order.
        pub static ALL: &[&Kind] = &[$(&$id),+];
    };
}

kinds! {
    // connection
    CONNECTION_OPENED = "connection-opened" "E001-E005" Connection Begins false own seen ["New SMTP ICID {icid#} interface {interface} ({listener}) address {ip.} reverse dns host {host.} verified {verified.}", "New SMTP ICID {icid#} interface {interface} address {ip.}", "New smtp ICID {icid#} interface {interface} ({listener}) address {ip.} reverse dns host {host.} verified {verified.}"];
    CONNECTION_CLOSED = "connection-closed" "E006" Connection Record false own seen ["ICID {icid#} close"];
    CONNECTION_LOST = "connection-lost" "E007" Connection Reason true own seen ["ICID {icid#} lost"];
    CONNECTION_TIMEOUT = "connection-timeout" "E008" Connection Reason true own seen ["ICID {icid#} disconnected address {ip}, no messages injected within timeout period"];
    CONNECTION_MAX_TIME = "connection-max-time" "E009" Connection Reason true own no ["ICID {icid#} disconnected address {ip}, exceeded allowable connection time"];
    CONNECTION_DISCONNECTED = "connection-disconnected" "E008-E009" Connection Reason true own seen ["ICID {icid#} disconnected address {ip.}…"];
    LOST_BEFORE_COMMANDS = "lost-before-commands" "E010" Connection Reason true own seen ["ICID {icid#} Connection from {ip} on interface {interface} ({listener}) lost after {seconds#} seconds (DNS query took {dns_seconds#} seconds), before any commands were received", "ICID {icid#} Connection from…"];
    UNKNOWN_COMMAND = "unknown-command" "E011" Connection Nothing true own no ["ICID {icid#} Unknown command: {text}"];
    BAD_SYNTAX = "bad-syntax" "E012" Connection Nothing true own no ["ICID {icid#} Bad syntax for command: {text}"];
    CONNECTION_KILLED = "connection-killed" "E013" Connection Record true own seen ["SMTP server connection killed ICID: {icid#}"];
    UNDETERMINED_IP = "undetermined-ip" "E014" Appliance Nothing true form no ["Incoming {protocol} connection undetermined IP on interface {interface}"];
    CONNECTION_LIMIT = "connection-limit" "E015" Connection Reason true own seen ["System limit reached: connection limit for IP {ip} on listener {listener} ICID {icid#}: max: {limit#}"];
    RECEIVING_FAILED = "receiving-failed" "E016-E019" Connection Reason true own seen ["ICID {icid#} Receiving Failed: {reason}"];
    INJECTION_FAILED = "injection-failed" "E020" Connection Reason true own seen ["ICID {icid#} Injection Failed: {reason}"];
    SMTP_AUTH_OK = "smtp-auth-succeeded" "E021" Connection Nothing false own seen ["SMTP Auth: (ICID {icid#}) succeeded for user: {user} using AUTH mechanism: {mechanism} with profile: {profile}", "SMTP Auth (ICID {icid#}) succeeded…"];
    SMTP_AUTH_FAILED = "smtp-auth-failed" "E022-E023" Connection Reason true own no ["SMTP Auth (ICID {icid#}) failed for user: {user} using AUTH mechanism: {mechanism} with profile: {profile}", "SMTP Auth: (ICID {icid#}) failed for user: {user} using AUTH mechanism: {mechanism} with profile: {profile}", "SMTP Auth (ICID {icid#}) {text}", "SMTP Auth: (ICID {icid#}) {text}"];
    // TLS
    TLS_OK = "tls-succeeded" "E024-E025" Connection Nothing false own seen ["ICID {icid#} TLS success protocol {protocol.} cipher {cipher.}…", "ICID {icid#} TLS success…"];
    TLS_FAILED = "tls-failed" "E026" Connection Reason true own seen ["ICID {icid#} TLS failed: {reason}", "ICID {icid#} TLS failed…"];
    TLS_REQUIRED = "tls-required" "E027" Connection Reason true own seen ["ICID {icid#} TLS was required {text}"];
    DELIVERY_TLS_OK = "delivery-tls-succeeded" "E028-E030" Delivery Nothing false own seen ["DCID {dcid#} TLS success protocol {protocol.} cipher {cipher.} for {domain.}", "DCID {dcid#} TLS success protocol {protocol.} cipher {cipher.} {peer}", "DCID {dcid#} TLS success protocol {protocol.} cipher {cipher.}", "DCID {dcid#} TLS success…"];
    DELIVERY_TLS_FAILED = "delivery-tls-failed" "E031" Delivery Reason true own seen ["DCID {dcid#} TLS failed: {reason}", "DCID {dcid#} TLS failed…"];
    DELIVERY_TLS_REQUIRED = "delivery-tls-required" "E032" Delivery Reason true own seen ["DCID {dcid#} IP {ip.} TLS was required {text}"];
    // HAT, reputation, sender verification
    HAT_ACCEPT = "hat-accept" "E033-E038" Connection Nothing false own seen ["ICID {icid#} ACCEPT SG {group.} match {match~} SBRS {score~} country {country}", "ICID {icid#} ACCEPT SG {group.} match SBRS {score}", "ICID {icid#} ACCEPT SG {group.} match {match~} SBRS {score}", "ICID {icid#} ACCEPT SG {group.} match {match}", "ICID {icid#} ACCEPT SG {group.} SBRS {score}", "ICID {icid#} ACCEPT SG {group.}…"];
    HAT_RELAY = "hat-relay" "E039" Connection Nothing false own seen ["ICID {icid#} RELAY SG {group.} match {match~} SBRS {score~} country {country}", "ICID {icid#} RELAY SG {group.} match {match~} SBRS {score}", "ICID {icid#} RELAY SG {group.}…"];
    HAT_REJECT = "hat-reject" "E040-E041" Connection Reason true own seen ["ICID {icid#} REJECT SG {group.} match {match~} SBRS {score~} country {country}", "ICID {icid#} REJECT SG {group.} match {match~} SBRS {score}", "ICID {icid#} REJECT SG {group.}…"];
    HAT_TCPREFUSE = "hat-tcprefuse" "E042" Connection Reason true own seen ["ICID {icid#} TCPREFUSE SG {group.} match {match~} SBRS {score~} country {country}", "ICID {icid#} TCPREFUSE SG {group.} match {match~} SBRS {score}", "ICID {icid#} TCPREFUSE SG {group.}…"];
    HAT_OTHER = "hat-other" "E033" Connection Nothing true own seen ["ICID {icid#} {action.} SG {group.}…"];
    HAT_DELAYED_REJECT = "hat-delayed-reject" "E043" Connection Reason true own seen ["ICID {icid#} Delayed HAT REJECT continuing session for recipient logging ({ip})", "ICID {icid#} Delayed HAT REJECT…"];
    SBRS = "sbrs" "E044" Connection Nothing false own seen ["ICID {icid#} SBRS {score}"];
    INCOMING_RELAY = "incoming-relay" "E045" Message Nothing false form seen ["MID {mid#} IncomingRelay({relay}): Header {header} found, IP {ip.} being used, SBRS {score}", "MID {mid#} IncomingRelay({relay}): Header {header} found, IP {ip.} being used…"];
    INCOMING_RELAY_UNKNOWN = "incoming-relay-not-found" "E046" Message Nothing true form no ["MID {mid#} IncomingRelay({relay}): Header {header} not found", "MID {mid#} IncomingRelay({relay}): {text}"];
    SDR_REQUEST = "sdr-request" "E047" Message Nothing false form seen ["MID {mid#} SDR: Domains for which SDR is requested:| reverse DNS host: {host}, helo: {helo}, env-from: {env_from}, header-from: {header_from}, reply-to: {reply_to}"];
    SDR_VERDICT = "sdr-verdict" "E048-E049" Message Nothing false form seen ["MID {mid#} SDR: Consolidated Sender Threat Level: {level}, Threat Category: {category}, Suspected Domain(s) : {suspected~}. Sender Maturity: {maturity~} for domain: {domain}", "MID {mid#} SDR: Consolidated Sender Reputation: {level}, Threat Category: {category}. Youngest Domain Age: {maturity~} for domain: {domain}", "MID {mid#} SDR: Consolidated Sender {text}"];
    SDR_TRACKER = "sdr-tracker" "E050" Message Nothing false form seen ["MID {mid#} SDR: Tracker Header : {token}"];
    SDR_OTHER = "sdr-other" "E047-E050" Message Nothing true form no ["MID {mid#} SDR: {text}"];
    SENDER_REJECTED = "sender-rejected" "E051-E053" Connection Reason true own seen ["ICID {icid#} Address: {address~} sender rejected, {reason}"];
    SENDER_ALLOWED = "sender-allowed" "E054" Connection Nothing false own no ["ICID {icid#} Address: {address~} sender allowed, {reason}"];
    SENDER_INVALID = "sender-invalid" "E055" Connection Reason true own seen ["ICID {icid#} Invalid sender address: {reason}"];
    DHAP = "directory-harvest" "E056" Appliance Reason true own seen ["LDAP: Dropping connection due to potential Directory Harvest Attack from host=({host~}), dhap_limit={limit#}, sender_group={group}…", "LDAP: Dropping connection due to potential Directory Harvest Attack…"];
    // message start, envelope, recipients
    MESSAGE_STARTED = "message-started" "E057-E059" Message Begins false own seen ["Start MID {mid#} ICID {icid#} ({tag~})", "Start MID {mid#} ICID {icid#}"];
    ENVELOPE_SENDER = "envelope-sender" "E060-E061" Message Nothing false own seen ["MID {mid#} ICID {icid#} From: {address@}", "MID {mid#} From: {address@}"];
    RECIPIENT_ACCEPTED = "recipient-accepted" "E062-E063" Message Nothing false own seen ["MID {mid#} ICID {icid#} RID {rid#} To: {address@}"];
    RECIPIENT_REJECTED = "recipient-rejected" "E064-E066" Message Recipients true own seen ["MID {mid#} ICID {icid#} To: {address~} Rejected by {reason}"];
    RECIPIENT_REJECTED_ON_CONNECTION = "recipient-rejected-on-connection" "E067" Connection Recipients true own no ["ICID {icid#} To: {address~} Rejected by {reason}"];
    RECIPIENT_INVALID = "recipient-invalid" "E068-E070" Message Recipients true own seen ["ICID {icid#} MID {mid#} Invalid recipient address: {text}"];
    BOUNCE_VERIFICATION_REJECTED = "bounce-verification-rejected" "E071" Message Recipients true own seen ["MID {mid#} ICID {icid#} invalid bounce, rcpt address {address~} rejected by bounce verification…"];
    BOUNCE_VERIFICATION_TAGGED = "bounce-verification-tagged" "E072" Message Nothing false own seen ["MID {mid#} ICID {icid#} invalid bounce, tagging"];
    ALIAS_MATCH = "alias-match" "E073" Message Nothing false form no ["Alias match: MID {mid#} RID {rid#} recipient {address~} mapped to {addresses}"];
    ALIAS_MATCH_OLD = "alias-match-without-ids" "E074" Appliance Nothing false form seen ["Alias match: recipient {address~} mapped to {addresses}"];
    MASQUERADED_SENDER = "masqueraded-sender" "E075" Message Nothing false form seen ["MID {mid#} masquerading envelope sender from '{old~}' to '{new~}'"];
    MASQUERADED_HEADER = "masqueraded-header" "E076" Message Nothing false form seen ["MID {mid#} masquerading header '{header}' from '{old~}' to '{new~}'", "MID {mid#} masquerading header '{header}'…"];
    SYSTEM_MAIL = "system-mail" "E077" Message Begins false own seen ["MID {mid#} From: {sender@} To: {recipient@}, ... {count#} total recipients", "MID {mid#} From: {sender@} To: {recipient}"];
    UNSUBSCRIBED = "global-unsubscribe" "E078" Message Recipients true form seen ["MID {mid#} Global unsubscribe matched entry {entry} RID {rid#} Address {address~} Action {action.}"];
    // receiving end
    READY = "ready" "E079-E080" Message Nothing false own seen ["MID {mid#} ready {bytes#} bytes from {sender@}", "MID {mid#} ready {bytes#} bytes from…"];
    RECEIVING_ABORTED = "receiving-aborted" "E081, E083" Message Reason true own seen ["Message aborted MID {mid#} Receiving aborted", "Message aborted MID {mid#} Injection aborted…"];
    RECEIVING_ABORTED_BY_SENDER = "receiving-aborted-by-sender" "E082" Message Reason true own no ["Message aborted MID {mid#} Receiving aborted by sender"];
    MESSAGE_STOPPED = "message-stopped" "E110-E111, E124, E127, E134-E136" Message Reason true own seen ["Message aborted MID {mid#} {verb.} by {engine} '{name~}' in the {table.} table", "Message aborted MID {mid#} {verb.} by {engine} '{name~}'", "Message aborted MID {mid#} {verb.} by {engine}", "Message aborted MID {mid#} {reason}"];
    FINISHED_ABORTED = "message-finished-aborted" "E084" Message Record false own seen ["Message finished MID {mid#} aborted"];
    FINISHED_DONE = "message-finished-done" "E085" Message Record false own seen ["Message finished MID {mid#} done"];
    // headers, attachments
    MESSAGE_ID = "message-id" "E086-E087" Message Nothing false own seen ["MID {mid#} Message-ID {message_id'}"];
    SUBJECT = "subject" "E088-E092" Message Nothing false own seen ["MID {mid#} Subject {subject'}", "MID {mid#} Subject"];
    ATTACHMENT_TYPES = "attachment-types" "E095" Message Nothing false form seen ["MID {mid#} attachment types {types}"];
    ATTACHMENT = "attachment" "E093-E094" Message Nothing false form seen ["MID {mid#} attachment {name'}"];
    CHARSET_PROBLEM = "charset-problem" "E096" Message Nothing true form seen ["MID {mid#} Could not convert character set: {code}"];
    SCANNING_PROBLEM = "scanning-problem" "E097" Message Nothing true form seen ["MID {mid#}, Message Scanning Problem:| {reason}"];
    SCANNING_ERROR = "scanning-error" "E098" Message Nothing true form no ["MID {mid#}: scanning error| (name='{name~}', type={type~}): {reason}", "MID {mid#}: scanning error…"];
    CUSTOM_LOG = "custom-log-entry" "E100" Message Nothing true form seen ["MID {mid#} Custom Log Entry:| {text}"];
    // anti-spam, graymail, safelists
    CACHED_VERDICT = "cached-verdict" "E105, E149" Message Nothing false form seen ["MID {mid#} using engine: {engine~} using cached verdict"];
    INTERIM_VERDICT = "interim-verdict" "E101, E104" Message Nothing false form seen ["MID {mid#} interim verdict using engine:| {engine.} {verdict}"];
    GRAYMAIL_VERDICT = "graymail-verdict" "E107" Message Nothing false form seen ["MID {mid#} using engine: GRAYMAIL| {verdict}"];
    SAFELIST_VERDICT = "safelist-verdict" "E106" Message Nothing false form seen ["MID {mid#} using engine: SLBL| {verdict}"];
    ENGINE_VERDICT = "engine-verdict" "E102-E103, E108" Message Nothing false form seen ["MID {mid#} using engine:| {engine.} {verdict}"];
    BRIGHTMAIL_VERDICT = "brightmail-verdict" "E109" Message Nothing false form seen ["MID {mid#} Brightmail {verdict}"];
    QUARANTINE_TAGGED = "spam-quarantine-tagged" "E112" Message Nothing false form seen ["ISQ: Tagging MID {mid#} for quarantine", "EUQ: Tagging MID {mid#} for quarantine"];
    TOO_BIG = "too-big-to-scan" "E113" Message Nothing true form seen ["MID {mid#} was too big ({bytes#}/{limit#}) for scanning by {engine}"];
    POOR_RESPONSE = "engine-response-unusable" "E114" Message Nothing true form seen ["MID {mid#} {engine.} sent a poorly formatted response:| {text}"];
    CASE_CACHE = "case-cache-status" "E115" Appliance Nothing false form seen ["CASE cache status: {text}"];
    GRAYMAIL_CONFIG = "graymail-configuration" "E116" Appliance Nothing false form seen ["graymail [{part}] {text}"];
    // antivirus, AMP, outbreak filters
    INTERIM_AV_VERDICT = "interim-antivirus-verdict" "E117, E123" Message Nothing false form seen ["MID {mid#} interim AV verdict using| {engine.} {verdict}"];
    AV_NEGATIVE = "antivirus-negative" "E118" Message Nothing false form seen ["MID {mid#} antivirus negative…"];
    AV_POSITIVE = "antivirus-positive" "E119-E120" Message Nothing true form seen ["MID {mid#} antivirus positive '{virus~}' (released from {quarantine})", "MID {mid#} antivirus positive| {virus'}"];
    AV_ENCRYPTED = "antivirus-encrypted" "E121" Message Nothing true form seen ["MID {mid#} antivirus encrypted…"];
    AV_REPAIRED = "antivirus-repaired" "E122" Message Nothing true form seen ["MID {mid#} antivirus repaired| {virus'}"];
    AV_OTHER = "antivirus-other" "E121-E123" Message Nothing true form no ["MID {mid#} antivirus {verdict}"];
    AMP_REPUTATION = "amp-file-reputation" "E125-E126" Message Nothing true form seen ["MID {mid#} AMP file reputation verdict :| {verdict.} ({detail~})", "MID {mid#} AMP file reputation verdict :| {verdict}"];
    OUTBREAK_VERDICT = "outbreak-verdict" "E128" Message Nothing false form seen ["MID {mid#} Outbreak Filters: verdict {verdict.}…", "MID {mid#} Outbreak Filters: {text}"];
    THREAT_LEVEL = "outbreak-threat-level" "E129-E130" Message Nothing true form no ["MID {mid#} Threat Level={level#} Category={category~} Type={type}", "MID {mid#} Threat Level={level#}…", "MID {mid#} Virus Threat Level={level#}…"];
    NOT_SCANNED = "not-completely-scanned" "E131" Message Nothing true form seen ["MID {mid#} not completely scanned by| {engine}. Error: {reason}"];
    // filters and policies
    POLICY_MATCH = "policy-match" "E133" Message Nothing false form seen ["MID {mid#} matched all recipients for per-recipient policy| {policy~} in the {table.} table", "MID {mid#} matched {text}"];
    WAS_STOPPED = "message-was-stopped" "E137-E139" Message Reason true form seen ["MID {mid#} was {verb.} by {engine} '{name~}' in the {table.} table", "MID {mid#} was {verb.} by {engine} {name.} in the {table.} table", "MID {mid#} {verb.} by content filter '{name~}' in the {table.} table"];
    COPIED = "copied-from" "E140-E143" Message Nothing false form seen ["MID {mid#} was generated based on MID {old_mid#} by {cause.} filter '{filter~}'", "MID {mid#} generated based on MID {old_mid#} by {cause.} filter '{filter~}'", "MID {mid#} was generated based on MID {old_mid#} by {cause}", "MID {mid#} generated based on MID {old_mid#} by {cause}"];
    // DLP
    DLP_VIOLATION = "dlp-violation" "E144-E145" Message Nothing true form seen ["MID {mid#} DLP violation. Severity: {severity} (Risk Factor: {risk#}). DLP policy match: '{policy~}'.", "MID {mid#} DLP violation…"];
    // SPF, DKIM, DomainKeys, DMARC
    SPF_VERDICT = "spf-verdict" "E147-E148" Message Nothing false form seen ["MID {mid#} SPF: {identity.} identity {value} {result.} ({version~})", "MID {mid#} SPF: {identity.} identity {value} {result.}", "MID {mid#} SPF:| {text}"];
    DKIM_CANNOT_SIGN = "dkim-cannot-sign" "E153" Message Nothing true form seen ["MID {mid#} DKIM: cannot sign -| {reason}"];
    DKIM_VERDICT = "dkim-verdict" "E150-E152" Message Nothing false form seen ["MID {mid#} DKIM:| {result.} {detail~} (d={domain~} s={selector~} i={identity})", "MID {mid#} DKIM:| {result.} {detail}"];
    DOMAINKEYS_CANNOT_SIGN = "domainkeys-cannot-sign" "E154" Message Nothing true form seen ["MID {mid#} DomainKeys: cannot sign -| {reason}"];
    DOMAINKEYS_SIGNING = "domainkeys-signing" "E155" Message Nothing false form no ["MID {mid#} DomainKeys: signing with {profile~} - matches {address}", "MID {mid#} DomainKeys: {text}"];
    DOMAINKEYS_VERIFIED = "domainkeys-verified" "E156" Message Nothing false form no ["MID {mid#} verified good {header.} {address}", "MID {mid#} verified bad {header.} {address}"];
    DMARC_DETAIL = "dmarc-alignment" "E157" Message Nothing false form seen ["MID {mid#} DMARC: Message from domain {domain}, DMARC {result.} (SPF aligned {spf_aligned}, DKIM aligned {dkim_aligned})", "MID {mid#} DMARC: Message from domain {text}"];
    DMARC_RESULT = "dmarc-verification" "E158" Message Nothing true form seen ["MID {mid#} DMARC: Verification {result}", "MID {mid#} DMARC: {text}"];
    // URLs
    URL_REPUTATION = "url-reputation" "E159" Message Nothing false form seen ["MID {mid#} URL {url~} has reputation {score.} matched {what.} {rule}", "MID {mid#} URL {url~} has reputation {score}"];
    URL_EXPANDED = "url-expanded" "E162" Message Nothing false form no ["MID {mid#} URL {url~} has been expanded to {expansion}", "MID {mid#} Short URL {url~} has been expanded to {expansion}"];
    URL_CLIENT = "url-client" "E163" Appliance Nothing false form seen ["URL_REP_CLIENT: {text}"];
    URL_CATEGORIES = "url-categories-changed" "E164" Appliance Nothing true form seen ["URL category definitions have changed.…"];
    // quarantines
    QUARANTINED = "quarantined" "E146, E165, E167" Message Nothing true form seen ["MID {mid#} quarantined to \"{quarantine}\" ({reason~})", "MID {mid#} quarantined to \"{quarantine~}\"", "MID {mid#} quarantined to \"{quarantine}\" (…"];
    QUARANTINE_REASON = "quarantine-new-reason" "E168" Message Nothing true form seen ["MID {mid#} quarantine \"{quarantine}\" new reason ({reason~})", "MID {mid#} quarantine \"{quarantine}\" new reason…"];
    RELEASED_STRIPPED = "quarantine-released-stripped" "E170" Message Nothing true form seen ["MID {mid#} released (attachments stripped) from quarantine \"{quarantine}\" ({reason})…", "MID {mid#} released (attachments stripped) from quarantine \"{quarantine}\"…"];
    RELEASED_ALL = "released-from-all-quarantines" "E171" Message Nothing true form seen ["MID {mid#} released from all quarantines"];
    RELEASED = "quarantine-released" "E169" Message Nothing true form seen ["MID {mid#} released from quarantine \"{quarantine~}\" ({reason})…", "MID {mid#} released from quarantine \"{quarantine~}\"…"];
    DELETED_ALL = "deleted-from-all-quarantines" "E173" Message Reason true form seen ["MID {mid#} deleted from all quarantines"];
    DELETED = "quarantine-deleted" "E172" Message Nothing true form seen ["MID {mid#} deleted from quarantine \"{quarantine~}\" ({reason})…", "MID {mid#} deleted from quarantine \"{quarantine~}\"…"];
    SMA_ENQUEUED = "quarantine-transfer" "E175" Message Nothing true form no ["MID {mid#} enqueued for transfer to centralized quarantine \"{quarantine}\" ({reason~})", "MID {mid#} enqueued for transfer to centralized quarantine \"{quarantine}\"…", "MID {mid#} enqueued for transfer to centralized quarantine…"];
    SMA_RETURNED = "quarantine-returned" "E176" Message Nothing true form no ["MID {mid#} received from the SMA {host} (MID originally {old_mid#}) on release from {quarantine}"];
    RPC_START = "spam-quarantine-start" "E177" Message Nothing false form seen ["RPC Delivery start RCID {rcid#} MID {mid#} to local {quarantine}"];
    ISQ_QUARANTINED = "spam-quarantined" "E178" Message Reason true form seen ["ISQ: Quarantined MID {mid#}", "EUQ: Quarantined MID {mid#}"];
    RPC_DONE = "spam-quarantine-done" "E179" Message Nothing false form seen ["RPC Message done RCID {rcid#} MID {mid#}"];
    RPC_REJECTED = "spam-quarantine-refused" "E180" Message Nothing true form no ["RPC Message rejected RCID {rcid#} MID {mid#}…"];
    RPC_FAILED = "spam-quarantine-connection-failed" "E181" Message Nothing true form no ["RPC connection to {address.} failed RCID {rcid#} MID {mid#} ({reason~})", "RPC connection to {address.} failed RCID {rcid#} MID {mid#}…"];
    RPC_TROUBLE = "spam-quarantine-trouble" "E181" Appliance Nothing true form no ["RPC connection to {address.} {text}", "RPC {text}"];
    ISQ_REINJECTED = "spam-quarantine-released" "E182" Message Nothing true form seen ["EUQ: Reinjected MID {old_mid#} as MID {mid#}", "ISQ: Reinjected MID {old_mid#} as MID {mid#}"];
    // splits, rewrites, bounces of messages
    SPLIT = "split" "E186-E187" Message Nothing true form seen ["MID {mid#} was split creating MID {new_mid#} due to {cause} for following recipients: {addresses}", "MID {mid#} was split creating MID {new_mid#} due to {cause}"];
    NOT_SPLIT = "could-not-split" "E188" Message Nothing true form no ["MID {mid#} could not be split…"];
    REWRITTEN = "rewritten" "E174, E189-E194" Message Nothing true form seen ["MID {mid#} rewritten to MID {new_mid#} by {cause} filter '{filter~}'", "MID {mid#} rewritten to {new_mid#} by {cause} filter '{filter~}'", "MID {mid#} rewritten to MID {new_mid#} by {cause}", "MID {mid#} rewritten to {new_mid#} by {cause}"];
    BOUNCE_OF = "bounce-of" "E195-E196" Message Nothing false form seen ["MID {mid#} was generated for bounce of MID {old_mid#}", "MID {mid#} generated for bounce of MID {old_mid#}"];
    // LDAP
    LDAP_BOUNCED = "ldap-bounced" "E197" Message Recipients true form seen ["LDAP: Bounce query {query} MID {mid#} RID {rid#} address {address}"];
    LDAP_DROPPED = "ldap-dropped" "E198" Message Recipients true form seen ["LDAP: Drop query {query} MID {mid#} RID {rid#} address {address}"];
    LDAP_REROUTED = "ldap-rerouted" "E199" Message Nothing false form seen ["LDAP: Reroute query {query} MID {mid#} RID {rid#} address {address~} to {targets}"];
    LDAP_REQUEUED = "ldap-requeued" "E200" Message Nothing true form seen ["LDAP: unable to process, MID {mid#} requeued…"];
    LDAP_GAVE_UP = "ldap-gave-up" "E201" Message Reason true form no ["LDAP: unable to process, MID {mid#} bouncing recipients…"];
    LDAP_OF_MESSAGE = "ldap-query" "E197-E199" Message Nothing false form no ["LDAP: {action.} query {query} MID {mid#} RID {rid#} address {address}"];
    LDAP_OTHER = "ldap-other" "E202" Appliance Nothing false form no ["LDAP: {action} query {query.} address {address}", "LDAP: {text}"];
    // queue and delivery
    QUEUED = "queued-for-delivery" "E203" Message Nothing false own seen ["MID {mid#} queued for delivery"];
    DELIVERY_OPENED = "delivery-opened" "E204-E206" Delivery Begins false own seen ["New SMTP DCID {dcid#} interface {interface} address {ip.} port {port#}", "New SMTP DCID {dcid#} interface {interface} address {ip.}"];
    EXTERNAL_QUARANTINE_START = "external-quarantine-start" "E183" Message Nothing false own seen ["Delivery start DCID {dcid#} MID {mid#} to RID {rids[]} to offbox {quarantine}"];
    DELIVERY_START = "delivery-start" "E207-E208" Message Nothing false own seen ["Delivery start DCID {dcid#} MID {mid#} to RID {rids[]}", "Delivery start DCID {dcid#} MID {mid#} to {rids[]}"];
    EXTERNAL_QUARANTINED = "external-quarantined" "E184" Message Recipients true own seen ["Message done DCID {dcid#} MID {mid#} to RID {rids[]} (external quarantine)"];
    DELIVERED = "delivered" "E209-E210, E099" Message Recipients false own seen ["Message done DCID {dcid#} MID {mid#} to RID {rids[]} [{headers~}]", "Message done DCID {dcid#} MID {mid#} to RID {rids[]}", "Message done DCID {dcid#} MID {mid#} to {rids[]}"];
    RESPONSE = "response" "E185, E211-E213" Message Nothing true own seen ["MID {mid#} RID {rids[]} Response {text'}"];
    POSSIBLE_DELIVERY = "possible-delivery" "E214" Message Nothing true form seen ["Possible Delivery: DCID: {dcid#} MID {mid#} to {rids[]}", "Possible Delivery: DCID {dcid#} MID {mid#} to RID {rids[]}"];
    DELIVERY_CLOSED = "delivery-closed" "E215" Delivery Record false own seen ["DCID {dcid#} close"];
    DELIVERY_KILLED = "delivery-killed" "E216" Delivery Record true own seen ["SMTP client connection killed DCID: {dcid#}"];
    CONCURRENCY_EXIT = "delivery-concurrency-exit" "E217" Delivery Nothing true form seen ["Mail delivery client with DCID {dcid#} exited due to the maximum concurrency configuration…"];
    RECIPIENTS_DELETED = "recipients-deleted" "E218" Message Recipients true form seen ["Deleted: MID {mid#} to {rids[]}", "Deleted: MID {mid#} to RID {rids[]}"];
    DELIVERIES_SUSPENDED = "deliveries-suspended" "E219" Appliance Nothing true form seen ["Deliveries are currently suspended [{domain}]"];
    DELAYED = "delayed" "E220-E222" Message Recipients true own seen ["Delayed: DCID {dcid#} MID {mid#} to RID {rid#} -| {reply}", "Delayed: DCID {dcid#} MID {mid#} From: {sender@} To: {recipient@} RID {rid#} -| {reply}", "Delayed: DCID: {dcid#} Message {mid#} to {rid#} -| {reply}"];
    PENDING = "pending" "E223-E224" Message Nothing false own seen ["MID {mid#} to RID {rids[]} pending till {until} [{profile~}]", "MID {mid#} to RID {rids[]} pending till {until}", "Message {mid#} to RID {rids[]} pending till {until}"];
    DELIVERY_ERROR = "delivery-connection-error" "E225-E226" Delivery Reason true own seen ["Connection Error: DCID: {dcid#} IP: {ip.} details: {details} interface: {interface.} reason: {reason}", "Connection Error: DCID {dcid#} domain: {domain.} IP: {ip.} port: {port#} details: {details~} interface: {interface.} reason: {reason}", "Connection Error: {reason} DCID: {dcid#} IP: {ip.} details: {details} interface: {interface.}", "Connection Error: {text}"];
    DNS_TROUBLE = "dns-failure" "E227-E228" Appliance Nothing true form seen ["DNS Temporary Failure {domain.} {type.} - {error}", "DNS failure for SMTP route destination {host}", "DNS Error {domain}"];
    EXPIRY_SCAN = "expiry-scan" "E229" Appliance Nothing false form seen ["Scanning {domain.} with {count#} msgs for expiration candidates…"];
    // hard bounces
    BOUNCED = "bounced" "E230-E233" Message Recipients true own seen ["Bounced: DCID {dcid#} MID {mid#} to RID {rid#} -| {reply}", "Bounced: DCID {dcid#} MID {mid#} From: {sender@} To: {recipient@} RID {rid#} -| {reply}", "Bounced: DCID {dcid#} MID {mid#} From:{sender@} To:{recipient@} RID {rid#} -| {reply}", "Bounced: DCID: {dcid#} Message {mid#} to {rid#} -| {reply}"];
    DOUBLE_BOUNCED = "double-bounced" "E234-E235" Message Recipients true form seen ["Double bounce: MID {mid#} to {rids[]} -| {reply}", "Double bounce: Message {mid#} to {rids[]} -| {reply}"];
    BOUNCED_BY_SERVER = "bounced-by-destination" "E236" Message Recipients true form no ["MID {mid#} RID {rids[]} Bounced by destination server with response: {text'}", "MID {mid#} Bounced by destination server with response: {text'}"];
    // remediation and other services
    REMEDIATION_STARTED = "remediation-started" "trap 15" Message Nothing true form no ["Message {mid#} was initiated for '{action~}' remedial action {text}", "Message {mid#} was initiated for…"];
    REMEDIATED = "remediated" "trap 14" Message Nothing true form no ["MID: {mid#} RID: {rid#} {text}"];
    REMEDIATION_LATE = "remediation-not-found" "E239" Appliance Nothing true form seen ["Message containing attachment(s) for which verdict update was(were) available {text}"];
    TELEMETRY = "telemetry" "E241" Appliance Nothing false form seen ["service_log_client.{text}"];
    // the appliance itself
    LOG_BEGINS = "logfile-begins" "E242" Appliance Nothing false own seen ["Begin Logfile"];
    LOG_ENDS = "logfile-ends" "E242" Appliance Nothing false own seen ["End Logfile"];
    VERSION = "version" "E243" Appliance Nothing false own seen ["Version: {version.} SN: {serial.}"];
    UTC_OFFSET = "utc-offset" "E244" Appliance Nothing false own seen ["Time offset from UTC: {seconds.} seconds"];
    STATUS_LINE = "status" "E245" Appliance Nothing false own seen ["Status: {text}"];
    SENDERBASE_UPLOAD = "senderbase-upload" "E246" Appliance Nothing false form seen ["SenderBase upload: {text}"];
    CHECKPOINT = "checkpoint" "E247" Appliance Nothing false form seen ["Checkpoint Finished…"];
    ALERT_SENT = "alert-sent" "E248, E132" Appliance Nothing true form seen ["A {class.} alert was sent to {recipient.} with subject \"{subject~}\".", "A {class.} alert was sent to {text}"];
    ALERT_FAILED = "alert-failed" "E249" Appliance Nothing true form seen ["Error while sending alert:| {text}"];
    INTERNAL_MAIL_SENT = "internal-mail-sent" "E250" Appliance Nothing false form seen ["Internal SMTP system successfully sent a message to {recipient.} with subject '{subject~}'.", "Internal SMTP system successfully sent a message to {text}"];
    INTERNAL_MAIL_GAVE_UP = "internal-mail-gave-up" "E251" Appliance Nothing true form seen ["Internal SMTP giving up on message to {recipient.} with subject {text}"];
    INTERNAL_MAIL_ERROR = "internal-mail-error" "E252" Appliance Nothing true form seen ["Internal SMTP Error:| {text}"];
    LICENCE = "licence-expiry" "E253" Appliance Nothing true form seen ["Your \"{name~}\" key will expire in {text}", "Your \"{name~}\" key {text}"];
    SMTP_SERVER = "smtp-server-state" "E254" Appliance Nothing true form no ["SMTP server starting…", "SMTP server shut down…"];
    LAME_DNS = "lame-dns-referral" "E255" Appliance Nothing false form seen ["lame DNS referral: {text}"];
    // other logs on the same port (trap 27), the consolidated event log (H13, trap 28)
    CONSOLIDATED = "consolidated-event" "H13" Beside Nothing true own seen ["CEF:{cef#}¦{vendor}¦{product}¦{release}¦ESA_CONSOLIDATED_LOG_EVENT¦{event}¦{severity#}¦deviceExternalId={serial.} ESAMID={mid#} {text}", "CEF:{cef#}¦{vendor}¦{product}¦{release}¦ESA_CONSOLIDATED_LOG_EVENT¦{event}¦{severity#}¦ESAMID={mid#} {text}", "CEF:{text}"];
    BOUNCE_LOG = "bounce-log" "trap 26" Beside Nothing true form seen ["Bounced: {mid#}:{rid#} From:{sender@} To:{recipient@} Reason: \"{label}\" Response: {reply}", "Delayed: {mid#}:{rid#} From:{sender@} To:{recipient@} Reason: \"{label}\" Response: {reply}"];
    AMP_QUERY = "amp-log-query" "trap 27" Beside Nothing false form seen ["File reputation query initiating. File Name = '{file~}', MID = {mid#}, {text}"];
    AMP_ANSWER = "amp-log-verdict" "trap 27" Beside Nothing true form seen ["Response received for file reputation query from {source.}. FileName = '{file~}', MID = {mid#}, Disposition = {disposition}, Malware = {malware}, {text}", "Response received for file reputation query from {source.} File Name = '{file~}', MID = {mid#}, Disposition = {disposition}, Malware = {malware}, {text}", "Response received for file reputation query from {source.} FileName = '{file~}', MID = {mid#}, Disposition = {disposition}, Malware = {malware},{text}"];
    AMP_UPLOAD = "amp-log-upload" "trap 27" Beside Nothing true form seen ["File not uploaded for analysis. MID = {mid#} {text}", "File uploaded for analysis. MID = {mid#} {text}"];
    ENGINE_LOG = "engine-log-verdict" "trap 27" Beside Nothing true form seen ["sophos antivirus - MID {mid#} {part#} - {text}", "mcafee antivirus - MID {mid#} {part#} - {text}"];
    GUI_LOG = "gui-log" "trap 27" Appliance Nothing false form seen ["req:{ip.} user:{user} id:{session.} {status#} {text}"];
    SYSTEM_LOG = "system-log" "trap 27" Appliance Nothing false form seen ["PID {pid#}: {text}"];
    SCANNER_LOG = "content-scanner-log" "trap 27" Appliance Nothing false form seen ["PF: {text}"];
    ENGINE_STATE = "engine-log" "trap 27" Appliance Nothing false form seen ["case antispam - {text}", "sophos antivirus - {text}", "mcafee antivirus - {text}"];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_kinds_share_a_name() {
        let mut names: Vec<_> = ALL.iter().map(|kind| kind.name).collect();
        names.sort_unstable();
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}
