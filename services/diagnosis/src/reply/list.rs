//! The words by which an answer is sorted, reason by reason, in lower case.
//!
//! Invariants: tried from top to bottom; those that are said of one reason alone come before
//! those that many reasons share; the last group of
//! [`PolicyOrAuthentication`](Reason::PolicyOrAuthentication) is the common words of refusal.

use super::Reason;

/// Words, any of which points at a reason, with bars between them; tried from top to bottom.
pub(super) static WORDS: &[(Reason, &str)] = &[
    (
        Reason::NullMx,
        concat!(
            "null mx|nullmx|5.7.27|does not accept mail|accepts no mail|",
            "does not accept email|does not receive|no mail is accepted",
        ),
    ),
    // a word of another reason stands in these, and they say which one it is
    (
        Reason::RateLimited,
        concat!(
            "too many connections|too many sessions|rate limit|rate control|",
            "message per connection|messages per connection|mail frequency|again slower|",
            "hl:ifc|mi:sfq|aup#in-13",
        ),
    ),
    (
        Reason::Other,
        concat!(
            "duplicate header|missing a valid address in from|having no from:|valid rfc-5321|",
            "invalid structure|license expired|system config error",
        ),
    ),
    (
        Reason::Busy,
        "network is busy|can't fork|cannot allocate memory",
    ),
    (Reason::Tls, "tls required|tls is required"),
    (
        Reason::Greylisted,
        "greylist|graylist|grey-list|gray-list|grey list|gray list|targrey|postgrey|not yet authorized",
    ),
    (
        Reason::MailboxDisabledOrFull,
        concat!(
            "account is unavailable|user is locked|mailsize limit|disk space|",
            "too many messages on|too many messages in|too many mails on|zuviele mails auf|",
            "zu viele mails auf|currently suspended|temporarily suspended|receiving disabled|",
            "compte du destinataire",
        ),
    ),
    (Reason::TooLarge, "larger than the current|header size"),
    (
        Reason::PolicyOrAuthentication,
        concat!(
            "domain of sender|sender address does not exist|sender domain does not exist|",
            "too many spam|a problem occurred|aup#|ers-|block-send|ip is filtered|",
            "is filtered|sender verify|sender address rejected|client host rejected|",
            "your reverse dns|bad dns ptr|policy restrictions|spoof|dt:spm|",
            "helo command rejected",
        ),
    ),
    (
        Reason::DnsHard,
        "nonexistentdomain|the domain in the email address",
    ),
    (
        Reason::DnsTemporary,
        concat!(
            "dns lookup|dns error|dns timeout|dns query|dns server|dns temp|temporary dns|",
            "dns failure|name service error|host not found, try again|name server timeout|",
            "does not resolve|dns resolving|temporarily unable to resolve|",
            "temporary failure in name resolution|resolver error",
        ),
    ),
    (
        Reason::DnsHard,
        concat!(
            "domain not found|host not found|nxdomain|no mx record|has no mx|no mx or a|",
            "unknown host|name or service not known|could not resolve|unable to resolve|",
            "cannot resolve|unrouteable mail domain|domain name not found|",
            "domain does not exist|dns domain",
        ),
    ),
    (
        Reason::Expired,
        concat!(
            "message expired|delivery expired|expired in queue|queue lifetime|queue too long|",
            "delivery time expired|retry time not reached",
        ),
    ),
    (
        Reason::RelayDenied,
        "open relay not allowed|local user only|local users only",
    ),
    (
        Reason::UnknownRecipient,
        concat!(
            "user unknown|unknown user|addressee unknown|recipient unknown|unknown recipient|",
            "no such user|no such recipient|no such mailbox|no such mail drop|",
            "unavailable mail user|non-existent|nonexistent|wrong recipient|no exist|",
            "not a known user|can't accept user|> not used|not in my|dosn't exist|for that user",
        ),
    ),
    (
        Reason::Connection,
        concat!(
            "unverified address: lost|unverified address: connect|connection refused|",
            "connection timed out|connection reset|connection lost|connection dropped|",
            "socket error|network is unreachable|network error|no route to host|",
            "could not connect|unable to connect|failed to connect|closed abruptly|socketerror",
        ),
    ),
    // what these say is said of one reason alone, whatever stands beside it
    (
        Reason::PolicyOrAuthentication,
        "unauthenticated|dkim|dmarc|spf check|spf fail",
    ),
    (
        Reason::RelayDenied,
        concat!(
            "tenantattribution|inboundattribution|no connector matching|5.7.64|",
            "relay access denied",
        ),
    ),
    (Reason::DnsHard, "host unknown|name server:"),
    (
        Reason::Other,
        concat!(
            "loop|too many hops|hop count|too many received|line too long|too long line|",
            "line is too long|line length|bare lf|stray newline|rfc compliant|rfc 5322|",
            "rfc 2822|syntax|parse error|no valid recipients|route address|not yet given|",
            "need mail|need rcpt|bad sequence|command not|unrecognized command|",
            "unknown command|not implemented|wrong office 365 region|conversion|corrupt",
        ),
    ),
    (
        Reason::RateLimited,
        concat!(
            "rate limit|rate-limit|ratelimit|throttl|too quickly|too fast|too frequent|",
            "too many|too much mail from|per hour|per minute|per day|per second|daily|hourly|",
            "send limit|sending limit|limit exceeded for|submission rate|message rate|",
            "configured limit|max emails|high volume|volume of|too often|unusual rate|",
            "at a rate|sending rate|connection limit|concurrent|connections exceed|",
            "limit on the number of|number of messages|number of connections|",
            "maximum number of|max number of|max connections|unexpected volume|slow down|",
            "temporarily deferred|frequency limit|thread limit|(dyn:t|4.7.500",
        ),
    ),
    (
        Reason::Tls,
        concat!(
            "tls|encryption required|encryption is required|requires encryption|",
            "encryption needed|encrypted connection|secure connection|certificate| dane|tlsa",
        ),
    ),
    (
        Reason::MailboxDisabledOrFull,
        concat!(
            "quota|mailbox full|mailbox is full|mail box is full|mailbox too full|",
            "inbox is full|inbox full|is full|temporarily full|storage limit|out of storage|",
            "storage space|exceeded storage|mailbox limit|mail file size|mailsize limit|",
            "mail box size|space full|too much mail data|no space left in mailbox|",
            "insufficient mailbox|full mailbox|frozen|terminated|account closed|",
            "account is closed|has been closed|account expired|blocked for inactivity|unused|",
            "on hold|cannot accept messages|not able to receive|unable to receive|pleine|",
            "voll|llena|mailbox size limit|over its limit|account is disabled|",
            "account disabled|account has been disabled|",
            "account that you tried to reach is disabled|mailbox disabled|",
            "mailbox is disabled|is disabled|has been disabled|is inactive|inactive|",
            "inactivity|user suspended|is suspended|this account is not allowed|",
            "account suspended|has been suspended|deactivated|account is locked|",
            "account locked|not accepting mail|not accepting messages|not active|",
            "no longer active",
        ),
    ),
    (
        Reason::TooLarge,
        concat!(
            "too large|too big|message size|size limit|maximum size|max size|size exceed|",
            "exceeds size|exceeds the size|exceeds maximum|exceeds the maximum|exceeds fixed|",
            "larger than|message is too long|mail is too long|attachment is too long|",
            "body too long|data too long|mail size|size over|oversize|over the size|",
            "maximum length|maximum allowed|message length|max message",
        ),
    ),
    (
        Reason::PolicyOrAuthentication,
        concat!(
            "open relay|sender address rejected|sender rejected|sender denied|",
            "sender verify failed|sender verification failed|sender domain|sender's domain|",
            "client host rejected|helo command rejected|spf|dkim|dmarc|reverse dns|",
            "reverse hostname|rdns|ptr|spamhaus|spamcop|barracuda|dnsbl|rbl|blacklist|",
            "black list|blocklist|block list|blocked using|is blocked|been blocked|",
            "was blocked|reputation|user complaints|permanently deferred|virus|malware|phish|",
            "spam|banned|unsolicited",
        ),
    ),
    (Reason::NullMx, "no smtp service"),
    (
        Reason::RelayDenied,
        concat!(
            "relay|rcpthosts|not a gateway|no valid cert for gatewaying|tenantattribution|",
            "no such domain|domain unknown|unknown domain|not responsible|",
            "smtp authentication|delivery is not allowed to this address|not hosted|",
            "do not serve|domain not accepted|not a local domain|no mail service here for|",
            "don't handle mail for|not handle mail for|not accept mail for|",
            "not accepting mail for|not our domain|domain is not|domain isn't|domain not|",
            "recipient domain|is not local|not one of our|does not point to us|",
            "do not point to us",
        ),
    ),
    (
        Reason::RateLimited,
        "limit|rate|flood|too much|excessive|connections from|sessions from|frequency",
    ),
    (
        Reason::UnknownRecipient,
        concat!(
            "user unknown|unknown user|unknown recipient|recipient unknown|no such|",
            "unknown address|address unknown|unknown mailbox|unknown account|unknown local|",
            "unknown or illegal|unknown alias|user not local|not a member of|validrcptto|",
            "cannot be verified|could not be verified|does no exist|isn't a valid|",
            "is not valid|no one by that name|not here|not registered|unavailable user|",
            "nie ma takiego|inconnu|existe pas|unbekannt|existiert nicht|desconocid|",
            "no existe|inexist|non esiste|sconosciut|invalid recipient|invalid mailbox|",
            "invalid user|bad destination mailbox|bad recipient|does not exist|doesn't exist|",
            "do not exist|not exist|no mailbox|mailbox unavailable|mailbox not found|",
            "user not found|not found|recipnotfound|no account|no user|not our customer|",
            "unrouteable|unroutable|address rejected|recipient rejected|recipient not|",
            "not a valid|no valid recipient|not listed in|not known|undeliverable address|",
            "doesn't have a|does not have a|no longer valid|no longer available|",
            "no longer with|no longer in use|not recognized|not recognised|no longer accepts|",
            "no longer employed|left the company|unable to find|cannot find",
        ),
    ),
    (
        Reason::PolicyOrAuthentication,
        concat!(
            "policy|denied|blocked|not allowed|not permitted|not authorized|not authorised|",
            "unauthorized|unauthenticated|authentication|authenticate|prohibit|forbidden|",
            "administrative|content|attachment|abuse|suspicious|helo|ehlo|sender|listed|",
            "refused|rejected|trust",
        ),
    ),
];
