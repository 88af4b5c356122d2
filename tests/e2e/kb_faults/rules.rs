//! Faults of `rules.yaml`.

use super::At::{Here, Second, Top};
use super::Edit::Replace;
use super::{LOST, RULES, Row};

pub(super) fn rows() -> Vec<Row> {
    vec![
        (
            "a text that is not translated",
            RULES,
            Replace(
                "      ja: \"MID {mid} は、最後の受信者を受け付けてから {since_last_recipient} 秒後、メッセージを受理する前に接続が失われたため中断されました。メールは送信側がまだ保持しています。\"",
                "      ja: \"MID {mid} {since_last_recipient}\"",
            ),
            Here("ja: \"MID {mid} {since_last_recipient}\""),
            &["`ja`", "translate"],
        ),
        (
            "an empty text",
            RULES,
            Replace(
                "en: \"no recipient was refused by bounce verification\"",
                "en: \" \"",
            ),
            Here("en: \" \""),
            &["`en`", "empty"],
        ),
        (
            "a word that the Japanese twin leaves out",
            RULES,
            Replace(
                "ja: \"中断の時点で、ログに「ICID {icid} lost」がありません\"",
                "ja: \"ログに「lost」がありません\"",
            ),
            Here("ja: \"ログに「lost」がありません\""),
            &["`ja`", "{icid}"],
        ),
        (
            "a word that the English twin leaves out",
            RULES,
            Replace(
                "en: 'the log has no \"ICID {icid} lost\" at the time of the abort'",
                "en: 'the log has no \"lost\"'",
            ),
            Here("en: 'the log has no \"lost\"'"),
            &["`en`", "{icid}"],
        ),
        (
            "an unknown word in a text",
            RULES,
            Replace(
                "en: 'the log has no \"ICID {icid} lost\" at the time of the abort'",
                "en: 'the log has no \"ICID {icidd} lost\" at the time of the abort'",
            ),
            Here("{icidd}"),
            &["{icidd}", "icid"],
        ),
        (
            "an unknown fact",
            RULES,
            Replace("- if: 'lost'", "- if: 'lots'"),
            Here("- if: 'lots'"),
            &["unknown fact", "`lots`", "`lost`"],
        ),
        (
            "a condition that is no CEL",
            RULES,
            Replace("- if: 'lost'", "- if: 'lost &&'"),
            Here("- if: 'lost &&'"),
            &["CEL"],
        ),
        (
            "a condition that is no boolean",
            RULES,
            Replace("- if: 'lost'", "- if: 'accepted_recipients'"),
            Here("- if: 'accepted_recipients'"),
            &["boolean"],
        ),
        (
            "a condition that mixes types",
            RULES,
            Replace("- if: 'lost'", "- if: 'accepted_recipients > true'"),
            Here("- if: 'accepted_recipients > true'"),
            &["evaluated"],
        ),
        (
            "a grade's condition that is no CEL",
            RULES,
            Replace(
                "- if: 'opening_seen'\n        confidence",
                "- if: 'opening_seen ('\n        confidence",
            ),
            Here("- if: 'opening_seen ('"),
            &["CEL"],
        ),
        (
            "an unknown symptom",
            RULES,
            Replace(
                "symptoms: [receiving_aborted]",
                "symptoms: [receiving_abort]",
            ),
            Here("symptoms: [receiving_abort]"),
            &["symptom", "`receiving_abort`", "`receiving_aborted`"],
        ),
        (
            "an unknown party",
            RULES,
            Replace("party: [network_path, sender]", "party: [network, sender]"),
            Here("party: [network, sender]"),
            &["party", "`network`", "network_path"],
        ),
        (
            "an unknown grouping",
            RULES,
            Replace("grouping: sending_host", "grouping: sending_hots"),
            Here("grouping: sending_hots"),
            &["grouping", "`sending_hots`", "`sending_host`"],
        ),
        (
            "a grouping that is not named",
            RULES,
            Replace("    grouping: sending_host\n", ""),
            Here(LOST),
            &["grouping", "missing"],
        ),
        (
            "an unknown severity",
            RULES,
            Replace("severity: warning", "severity: warnign"),
            Here("severity: warnign"),
            &["severity", "`warnign`", "`warning`"],
        ),
        (
            "an unknown heals_by_retry",
            RULES,
            Replace("heals_by_retry: likely", "heals_by_retry: maybe"),
            Here("heals_by_retry: maybe"),
            &["`heals_by_retry`", "likely"],
        ),
        (
            "an unknown given_by",
            RULES,
            Replace("given_by: rule", "given_by: rules"),
            Here("given_by: rules"),
            &["`given_by`", "`rule`"],
        ),
        (
            "an unknown confidence",
            RULES,
            Replace("confidence: likely", "confidence: sure"),
            Here("confidence: sure"),
            &["confidence", "`sure`", "certain"],
        ),
        (
            "an unknown precedence",
            RULES,
            Replace("precedence: lost", "precedence: last"),
            Here("precedence: last"),
            &["precedence", "`last`", "lost"],
        ),
        (
            "an unknown who",
            RULES,
            Replace("who: helpdesk", "who: help_desk"),
            Here("who: help_desk"),
            &["`who`", "`help_desk`", "helpdesk"],
        ),
        (
            "an unknown line",
            RULES,
            Replace("lines: [lost_line]", "lines: [lost_lines]"),
            Here("lines: [lost_lines]"),
            &["line", "`lost_lines`", "`lost_line`"],
        ),
        (
            "a stranger's word in a command",
            RULES,
            Replace(
                "command: 'grep \"ICID {icid}\" mail_logs'",
                "command: 'grep \"{host}\" mail_logs'",
            ),
            Here("command: 'grep \"{host}\""),
            &["command", "{host}"],
        ),
        (
            "no grades",
            RULES,
            Replace(
                "    grades:\n      - if: 'opening_seen'\n        confidence: likely\n        precedence: lost\n      - confidence: possible\n        precedence: lost\n",
                "",
            ),
            Here(LOST),
            &["grades"],
        ),
        (
            "a last grade under a condition",
            RULES,
            Replace(
                "      - confidence: possible\n        precedence: lost",
                "      - if: 'lost'\n        confidence: possible\n        precedence: lost",
            ),
            Here(LOST),
            &["grades", "last"],
        ),
        (
            "no party",
            RULES,
            Replace("party: [network_path, sender]", "party: []"),
            Here(LOST),
            &["party"],
        ),
        (
            "no symptom",
            RULES,
            Replace("symptoms: [receiving_aborted]", "symptoms: []"),
            Here(LOST),
            &["symptoms"],
        ),
        (
            "conditions of what is no rule",
            RULES,
            Replace("given_by: rule", "given_by: engine"),
            Here(LOST),
            &["given_by: rule"],
        ),
        (
            "an unknown key",
            RULES,
            Replace("    severity: warning", "    severty: warning"),
            Here("severty:"),
            &["severty"],
        ),
        (
            "a missing key",
            RULES,
            Replace("    heals_by_retry: likely\n", ""),
            Here(LOST),
            &["heals_by_retry"],
        ),
        (
            "a value of the wrong type",
            RULES,
            Replace("number: 1\n", "number: one\n"),
            Here("number: one"),
            &["number"],
        ),
        (
            "a YAML mistake",
            RULES,
            Replace(
                "party: [network_path, sender]",
                "party: [network_path, sender]]",
            ),
            Here("party: [network_path, sender]]"),
            &[],
        ),
        (
            "an id twice",
            RULES,
            Replace(
                "- id: receiving-aborted-inbound-timeout",
                "- id: receiving-aborted-connection-lost",
            ),
            Second("- id: receiving-aborted-connection-lost"),
            &["already used", LOST],
        ),
        (
            "an id that is not kebab-case",
            RULES,
            Replace(
                "- id: receiving-aborted-connection-lost",
                "- id: Receiving_Aborted",
            ),
            Here("Receiving_Aborted"),
            &["kebab-case"],
        ),
        (
            "an unknown diagnosis in also",
            RULES,
            Replace(
                "- id: receiving-aborted-cause-unseen\n        if",
                "- id: receiving-aborted-cause-unknown\n        if",
            ),
            Here("receiving-aborted-cause-unknown"),
            &["also", "receiving-aborted-cause-unseen"],
        ),
        (
            "a state of the engine is missing",
            "what-the-log-cannot-tell/rules.yaml",
            Replace("- id: mid-unknown", "- id: mid-not-known"),
            Top,
            &["mid-unknown", "missing"],
        ),
    ]
}
