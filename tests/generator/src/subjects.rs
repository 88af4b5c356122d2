//! Choices to subjects and header texts, some of which try to mislead a reader of the log.
//!
//! Invariants: no raw line end in any of them (folds are the four characters that the gateway
//! writes for them); none is empty.

use crate::dice::Dice;
use crate::text::body;

const PLAIN: [&str; 14] = [
    "Minutes of the meeting",
    "Order 4711",
    "Re: your question",
    "Invoice",
    "FW: holiday plan",
    "Weekly report",
    "Your parcel is on its way",
    "(No Subject)",
    "Reminder: training on Thursday",
    "Offer",
    "Price list",
    "Password expires",
    "Agenda",
    "Photographs",
];

const HOSTILE: [&str; 16] = [
    "MID 5 is lost",
    "Re: Message aborted MID 7 Receiving aborted",
    "Message finished MID 12 done",
    "ICID 3 lost",
    "Start MID 9 ICID 4",
    "it's \"quoted\" 'twice'",
    "ends with a quote'",
    "\"",
    "to RID [0, 1] Response 'ok'",
    "Info: MID 3 ready 5 bytes from <x@x.example>",
    "<166>Mar  9 08:00:00 mail_logs: Info: ICID 2 close",
    "会議の件 MID 8",
    "Ünïcödé – “ready” \u{202e}derorba\u{200b}",
    "DCID 6 close; Bounced: DCID 6 MID 6 to RID 0",
    "  leading and trailing  ",
    "\\r\\n\\tMessage aborted MID 4 Dropped by CASE",
];

const ENCODED: [&str; 4] = [
    "=?iso-2022-jp?B?GyRCMnE1RCROP3cbKEI=?=",
    "=?utf-8?B?5Lya6K2w44Gu5Lu2?=\\r\\n\\t=?utf-8?B?44Gr44Gk44GE44Gm?=",
    "=?iso-8859-1?Q?Gr=FC=DFe?=\\r\\n =?iso-8859-1?Q?_aus_K=F6ln?=",
    "=?UTF-8?B?44GU6KuL5rGC5pu4IFIu",
];

/// A subject as the gateway logs it, without quotes around it.
pub(crate) fn subject(dice: &mut Dice, hostile: f64) -> String {
    if dice.chance(hostile) {
        return misleading(dice);
    }
    let plain = dice.word(&PLAIN);
    if dice.chance(0.5) {
        body![plain, " ", dice.below(10_000)]
    } else {
        plain.to_owned()
    }
}

fn misleading(dice: &mut Dice) -> String {
    if dice.chance(0.05) {
        let times = dice.between(20, 150) as usize;
        return "a very long subject, MID 5, ".repeat(times);
    }
    dice.word(&HOSTILE).to_owned()
}

/// A subject in RFC 2047 words, folds written as backslash escapes.
pub(crate) fn encoded(dice: &mut Dice) -> &'static str {
    dice.word(&ENCODED)
}

/// What a filter's author lets the gateway write.
pub(crate) fn custom_entry(dice: &mut Dice) -> &'static str {
    dice.word(&[
        "Mail Not DKIM Signed",
        "MID 5 looks strange",
        "Message aborted MID 3 Receiving aborted",
        "checked",
        "社外メール",
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_subject_breaks_its_line() {
        let mut dice = Dice::new(3, 0);
        for _ in 0..2_000 {
            let text = subject(&mut dice, 0.5);
            assert!(!text.is_empty() && !text.contains(['\r', '\n']));
        }
    }
}
