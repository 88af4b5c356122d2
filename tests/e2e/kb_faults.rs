//! Each kind of fault of a knowledge base is told by `kb check`, with file, line, and what to do.
//!
//! A table: one edit of a copy of `kb/`, and the fault that must be told. Edits replace the first
//! place where a text stands; the fault's line is found by a text that stands in it afterwards.

use std::path::Path;

use tempfile::TempDir;

use crate::harness::{Ran, repository, whymid};

const EN: &str = "receiving-aborted/article.en.md";
const JA: &str = "receiving-aborted/article.ja.md";
const RULES: &str = "receiving-aborted/rules.yaml";
const FIRES: &str = "receiving-aborted/examples/receiving-aborted-by-sender.fires.log";
const SILENT: &str = "receiving-aborted/examples/receiving-aborted-by-sender.silent.log";
const LOST: &str = "receiving-aborted-connection-lost";

/// What is done to one file.
enum Edit {
    Replace(&'static str, &'static str),
    Write(&'static [u8]),
    Remove,
}
use Edit::{Remove, Replace, Write};

/// Where the fault stands.
enum At {
    /// In the edited file, in the first line that holds this text.
    Here(&'static str),
    /// In another file, in the first line that holds this text.
    In(&'static str, &'static str),
    /// In the edited file, in the second line that holds this text.
    Second(&'static str),
    /// In the edited file, line 1.
    Top,
}
use At::{Here, In, Second, Top};

/// A kind of fault: its name, the file, the edit, the place, words of the fault.
type Row = (&'static str, &'static str, Edit, At, &'static [&'static str]);

fn articles() -> Vec<Row> {
    vec![
        ("the Japanese article is missing", JA, Remove, Top, &["missing", "both languages"]),
        ("the English article is missing", EN, Remove, Top, &["missing", "both languages"]),
        ("the rules are missing", RULES, Remove, Top, &["missing"]),
        ("a diagnosis without a section", EN, Replace(" {#receiving-aborted-by-sender}", " {#receiving-aborted-by-nobody}"), Top, &["no section", "receiving-aborted-by-sender"]),
        ("a section without a diagnosis", EN, Replace(" {#receiving-aborted-by-sender}", " {#receiving-aborted-by-nobody}"), Here("{#receiving-aborted-by-nobody}"), &["receiving-aborted-by-nobody", "no diagnosis"]),
        ("a section without an anchor", EN, Replace(" {#receiving-aborted-connection-lost}", ""), Here("## The connection dropped"), &["anchor", "{#id}"]),
        ("a section twice", EN, Replace(" {#receiving-aborted-by-sender}", " {#receiving-aborted-connection-lost}"), Second("{#receiving-aborted-connection-lost}"), &["several sections"]),
        ("no front matter", EN, Replace("---\ntitle:", "title:"), Top, &["front matter"]),
        ("front matter that is no YAML", EN, Replace("title: \"Receiving aborted\"", "title: \"Receiving\" aborted"), Here("title: \"Receiving\" aborted"), &["front matter"]),
        ("an unknown key in the front matter", EN, Replace("summary:", "sumary:"), Here("sumary:"), &["front matter", "sumary"]),
        ("an empty title", EN, Replace("title: \"Receiving aborted\"", "title: \"\""), Here("title: \"\""), &["`title`", "empty"]),
        ("a reference that is not https", EN, Replace("url: https://www.rfc-editor.org/rfc/rfc5321", "url: http://www.rfc-editor.org/rfc/rfc5321"), Here("http://www.rfc-editor.org"), &["https"]),
        ("references that differ between the languages", JA, Replace("https://www.rfc-editor.org/rfc/rfc5321", "https://www.rfc-editor.org/rfc/rfc5322"), Top, &["references"]),
        ("raw HTML", EN, Replace("One thing is true", "<b>One</b> thing is true"), Here("<b>One</b>"), &["HTML"]),
        ("a first-level heading", EN, Replace("One thing is true", "# One\n\nOne thing is true"), Here("# One"), &["front matter", "##"]),
        ("a link to an article that there is not", EN, Replace("One thing is true", "[One](../nowhere/#x) thing is true"), Here("../nowhere/"), &["../nowhere/#x", "no article"]),
        ("a link to a section that there is not", EN, Replace("One thing is true", "[One](#nowhere) thing is true"), Here("(#nowhere)"), &["#nowhere", "points to nothing"]),
        ("a link that is not https", EN, Replace("One thing is true", "[One](http://wiki.example/) thing is true"), Here("http://wiki.example/"), &["http://wiki.example/", "https://"]),
        ("a title that is not translated", JA, Replace("title: \"受信の中断（Receiving aborted）\"", "title: \"Receiving aborted\""), Top, &["`title`", "translate"]),
        ("a file that is not UTF-8", EN, Write(b"---\ntitle: \"\xff\xfe\"\n---\n"), Top, &["UTF-8"]),
        ("a stray file", "receiving-aborted/notes.txt", Write(b"to do\n"), Top, &["article.en.md", "examples"]),
        ("a stray file at the top", "notes.txt", Write(b"to do\n"), Top, &["article.en.md"]),
    ]
}

fn rules() -> Vec<Row> {
    vec![
        ("a text that is not translated", RULES, Replace("      ja: \"MID {mid} は、最後の受信者を受け付けてから {since_last_recipient} 秒後、メッセージを受理する前に接続が失われたため中断されました。メールは送信側がまだ保持しています。\"", "      ja: \"MID {mid} {since_last_recipient}\""), Here("ja: \"MID {mid} {since_last_recipient}\""), &["`ja`", "translate"]),
        ("an empty text", RULES, Replace("en: \"no recipient was refused by bounce verification\"", "en: \" \""), Here("en: \" \""), &["`en`", "empty"]),
        ("a word that the Japanese twin leaves out", RULES, Replace("ja: \"ログに「ICID {icid} lost」がありません\"", "ja: \"ログに「lost」がありません\""), Here("ja: \"ログに「lost」がありません\""), &["`ja`", "{icid}"]),
        ("a word that the English twin leaves out", RULES, Replace("en: 'the log has no \"ICID {icid} lost\"'", "en: 'the log has no \"lost\"'"), Here("en: 'the log has no \"lost\"'"), &["`en`", "{icid}"]),
        ("an unknown word in a text", RULES, Replace("en: 'the log has no \"ICID {icid} lost\"'", "en: 'the log has no \"ICID {icidd} lost\"'"), Here("{icidd}"), &["{icidd}", "icid"]),
        ("an unknown fact", RULES, Replace("- if: 'lost'", "- if: 'lots'"), Here("- if: 'lots'"), &["unknown fact", "`lots`", "`lost`"]),
        ("a condition that is no CEL", RULES, Replace("- if: 'lost'", "- if: 'lost &&'"), Here("- if: 'lost &&'"), &["CEL"]),
        ("a condition that is no boolean", RULES, Replace("- if: 'lost'", "- if: 'accepted_recipients'"), Here("- if: 'accepted_recipients'"), &["boolean"]),
        ("a condition that mixes types", RULES, Replace("- if: 'lost'", "- if: 'accepted_recipients > true'"), Here("- if: 'accepted_recipients > true'"), &["evaluated"]),
        ("a grade's condition that is no CEL", RULES, Replace("- if: 'opening_seen'\n        confidence", "- if: 'opening_seen ('\n        confidence"), Here("- if: 'opening_seen ('"), &["CEL"]),
        ("an unknown symptom", RULES, Replace("symptoms: [receiving_aborted]", "symptoms: [receiving_abort]"), Here("symptoms: [receiving_abort]"), &["symptom", "`receiving_abort`", "`receiving_aborted`"]),
        ("an unknown party", RULES, Replace("party: [network_path, sender]", "party: [network, sender]"), Here("party: [network, sender]"), &["party", "`network`", "network_path"]),
        ("an unknown severity", RULES, Replace("severity: warning", "severity: warnign"), Here("severity: warnign"), &["severity", "`warnign`", "`warning`"]),
        ("an unknown heals_by_retry", RULES, Replace("heals_by_retry: likely", "heals_by_retry: maybe"), Here("heals_by_retry: maybe"), &["`heals_by_retry`", "likely"]),
        ("an unknown given_by", RULES, Replace("given_by: rule", "given_by: rules"), Here("given_by: rules"), &["`given_by`", "`rule`"]),
        ("an unknown confidence", RULES, Replace("confidence: likely", "confidence: sure"), Here("confidence: sure"), &["confidence", "`sure`", "certain"]),
        ("an unknown precedence", RULES, Replace("precedence: lost", "precedence: last"), Here("precedence: last"), &["precedence", "`last`", "lost"]),
        ("an unknown who", RULES, Replace("who: helpdesk", "who: help_desk"), Here("who: help_desk"), &["`who`", "`help_desk`", "helpdesk"]),
        ("an unknown line", RULES, Replace("lines: [lost_line]", "lines: [lost_lines]"), Here("lines: [lost_lines]"), &["line", "`lost_lines`", "`lost_line`"]),
        ("a stranger's word in a command", RULES, Replace("command: 'grep \"ICID {icid}\" mail_logs'", "command: 'grep \"{host}\" mail_logs'"), Here("command: 'grep \"{host}\""), &["command", "{host}"]),
        ("no grades", RULES, Replace("    grades:\n      - if: 'opening_seen'\n        confidence: likely\n        precedence: lost\n      - confidence: possible\n        precedence: lost\n", ""), Here(LOST), &["grades"]),
        ("a last grade under a condition", RULES, Replace("      - confidence: possible\n        precedence: lost", "      - if: 'lost'\n        confidence: possible\n        precedence: lost"), Here(LOST), &["grades", "last"]),
        ("no party", RULES, Replace("party: [network_path, sender]", "party: []"), Here(LOST), &["party"]),
        ("no symptom", RULES, Replace("symptoms: [receiving_aborted]", "symptoms: []"), Here(LOST), &["symptoms"]),
        ("conditions of what is no rule", RULES, Replace("given_by: rule", "given_by: engine"), Here(LOST), &["given_by: rule"]),
        ("an unknown key", RULES, Replace("    severity: warning", "    severty: warning"), Here("severty:"), &["severty"]),
        ("a missing key", RULES, Replace("    heals_by_retry: likely\n", ""), Here(LOST), &["heals_by_retry"]),
        ("a value of the wrong type", RULES, Replace("number: 1\n", "number: one\n"), Here("number: one"), &["number"]),
        ("a YAML mistake", RULES, Replace("party: [network_path, sender]", "party: [network_path, sender]]"), Here("party: [network_path, sender]]"), &[]),
        ("an id twice", RULES, Replace("- id: receiving-aborted-inbound-timeout", "- id: receiving-aborted-connection-lost"), Second("- id: receiving-aborted-connection-lost"), &["already used", LOST]),
        ("an id that is not kebab-case", RULES, Replace("- id: receiving-aborted-connection-lost", "- id: Receiving_Aborted"), Here("Receiving_Aborted"), &["kebab-case"]),
        ("an unknown diagnosis in also", RULES, Replace("- id: receiving-aborted-cause-unseen\n        if", "- id: receiving-aborted-cause-unknown\n        if"), Here("receiving-aborted-cause-unknown"), &["also", "receiving-aborted-cause-unseen"]),
        ("a state of the engine is missing", "what-the-log-cannot-tell/rules.yaml", Replace("- id: mid-unknown", "- id: mid-not-known"), Top, &["mid-unknown", "missing"]),
    ]
}

fn examples() -> Vec<Row> {
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

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a temporary folder");
    for entry in std::fs::read_dir(from).expect("kb/") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("a temporary file");
        }
    }
}

fn apply(file: &Path, edit: &Edit, name: &str) {
    match edit {
        Remove => std::fs::remove_file(file).expect("the file is there"),
        Write(bytes) => std::fs::write(file, bytes).expect("a temporary file"),
        Replace(from, to) => {
            let text = std::fs::read_to_string(file).expect("the file is there");
            assert!(text.contains(from), "{name}: kb/ has changed, `{from}` stands nowhere in {}", file.display());
            std::fs::write(file, text.replacen(from, to, 1)).expect("a temporary file");
        }
    }
}

/// The number of a line that holds a text: the first (0) or the second (1).
fn line_of(file: &Path, needle: &str, which: usize, name: &str) -> usize {
    let text = std::fs::read_to_string(file).expect("the file is there");
    let found = text.lines().enumerate().filter(|(_, line)| line.contains(needle)).nth(which);
    1 + found.unwrap_or_else(|| panic!("{name}: `{needle}` stands nowhere")).0
}

/// What is wrong with how a fault is told; `None` when all is well.
fn misses(row: &Row, pristine: &Path) -> Option<String> {
    let (name, file, edit, at, words) = row;
    let folder = TempDir::new().expect("a temporary folder");
    copy(pristine, folder.path());
    apply(&folder.path().join(file), edit, name);
    let (told_file, line) = match at {
        Here(needle) => (*file, line_of(&folder.path().join(file), needle, 0, name)),
        Second(needle) => (*file, line_of(&folder.path().join(file), needle, 1, name)),
        In(other, needle) => (*other, line_of(&folder.path().join(other), needle, 0, name)),
        Top => (*file, 1),
    };
    let ran: Ran = whymid(&["kb", "check", &folder.path().display().to_string()]);
    let place = format!("{}/{told_file}:{line}: ", folder.path().display());
    let fits = |told: &str| told.strip_prefix(&place).is_some_and(|text| words.iter().all(|word| text.contains(word)));
    if ran.code == 1 && ran.stdout.lines().any(fits) {
        return None;
    }
    let told = ran.stdout.replace(&folder.path().display().to_string(), "kb");
    Some(format!("{name}: exit {}, wanted `{told_file}:{line}: … {words:?}`, told:\n{told}", ran.code))
}

fn all_are_told(rows: &[Row]) {
    let pristine = repository().join("kb");
    let missed: Vec<String> = rows.iter().filter_map(|row| misses(row, &pristine)).collect();
    assert!(missed.is_empty(), "{} of {} faults:\n\n{}", missed.len(), rows.len(), missed.join("\n"));
}

#[test]
fn each_fault_of_an_article_is_told_at_its_place() {
    all_are_told(&articles());
}

#[test]
fn each_fault_of_a_rule_is_told_at_its_place() {
    all_are_told(&rules());
}

#[test]
fn each_fault_of_an_example_is_told_at_its_place() {
    all_are_told(&examples());
}

#[test]
fn all_faults_are_told_at_once() {
    let folder = TempDir::new().expect("a temporary folder");
    copy(&repository().join("kb"), folder.path());
    for (name, file, edit, ..) in articles().iter().take(1).chain(&rules()[5..8]).chain(&examples()[..1]) {
        if !matches!(edit, Replace("- if: 'lost'", "- if: 'accepted_recipients'" | "- if: 'lost &&'")) {
            apply(&folder.path().join(file), edit, name);
        }
    }
    let ran = whymid(&["kb", "check", &folder.path().display().to_string()]).exits(1);
    for told in ["missing", "unknown fact", "stays silent"] {
        assert!(ran.stdout.contains(told), "{told} is not told:\n{}", ran.stdout);
    }
    assert!(ran.stderr.contains("faults"), "{}", ran.stderr);
}
