//! Faults of `examples/*.log`.

use super::At::{Here, In, Top};
use super::Edit::{Remove, Replace, Write};
use super::{FIRES, RULES, Row, SILENT};

pub(super) fn rows() -> Vec<Row> {
    vec![
        ("no example in which it stays silent", SILENT, Remove, In(RULES, "id: receiving-aborted-by-sender"), &["receiving-aborted-by-sender", "stays silent"]),
        ("an example that does not fire", FIRES, Replace(" by sender", ""), Here("# expect:"), &["does not fire"]),
        ("an example with a wrong expectation", FIRES, Replace("receiving-aborted-by-sender certain", "receiving-aborted-by-sender likely"), Here("# expect:"), &["expected", "certain"]),
        ("an example that is not silent", SILENT, Write(b"# ask: mid 1\n# expect: receiving-aborted-by-sender certain\nThu Aug 14 13:08:56 2025 Info: Start MID 1 ICID 2\nThu Aug 14 13:09:06 2025 Info: Message aborted MID 1 Receiving aborted by sender\n"), Here("# expect:"), &["not silent"]),
        ("an example without a question", FIRES, Replace("# ask:", "# asks:"), Top, &["# ask: mid N"]),
        ("an example without an expectation", FIRES, Replace("# expect:", "# expects:"), Top, &["# expect:"]),
        ("a question that can't be asked", FIRES, Replace("# ask: mid", "# ask: dcid"), Here("# ask:"), &["mid N", "icid N"]),
        ("a question that the log does not hold", FIRES, Replace("# ask: mid ", "# ask: mid 9"), Here("# ask:"), &["the log below has no"]),
        ("an example of what is no rule", "receiving-aborted/examples/nothing.fires.log", Write(b"# ask: mid 1\n"), Top, &["`nothing`"]),
        ("an example with an odd name", "receiving-aborted/examples/receiving-aborted-by-sender.maybe.log", Write(b"# ask: mid 1\n"), Top, &["examples"]),
    ]
}
