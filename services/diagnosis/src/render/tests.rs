//! What a ticket would show, harmless texts and harmful ones.

use serde_json::{Value, json};
use whymid_schemas::{Answer, Lang};

use super::{markdown, text};

fn answer_with(stranger: &str) -> Answer {
    let answer = json!({
        "question": {"mid": 1404},
        "summary": format!("MID 1404 of {stranger} was aborted."),
        "message": {
            "id": "m1", "url": "https://whymid.example/messages/m1", "appliance": "esa1",
            "zone": "configured", "mid": 1404, "sender": stranger,
            "recipients": [{"address": "b@rcpt.example", "outcome": "aborted", "custody": "sender", "response": stranger}],
            "started_at": "2014-08-14T11:04:51+00:00", "first_seen_at": "2014-08-14T11:04:51+00:00", "outcome": "aborted"
        },
        "diagnosis": {
            "id": "receiving-aborted-connection-lost", "title": "The connection dropped",
            "explanation": "It broke.", "confidence": "likely", "party": ["network_path", "sender"],
            "grouping": {"by": "sending_host", "value": stranger},
            "custody": "sender", "severity": "warning", "heals_by_retry": "likely", "kb_version": "1",
            "evidence": [{"entry": 5, "at": "2014-08-14T11:05:36+00:00", "line": stranger, "shows": "the end"}],
            "ruled_out": [{"id": "receiving-aborted-by-sender", "because": stranger}],
            "not_ruled_out": [], "would_raise_confidence": [],
            "next_steps": [{"who": "admin", "text": "Look.", "command": stranger}],
            "for_the_helpdesk": "Wait.",
            "articles": [{"id": "a", "title": stranger, "lang": "en", "url": "https://whymid.example/kb/a#b",
                          "references": [{"title": "Paper", "url": "javascript:alert(1)"}]}]
        },
        "also": [], "history": {}, "tickets": [], "candidates": []
    });
    serde_json::from_value(answer).unwrap()
}

fn with_candidate(mut answer: Answer) -> Answer {
    let other: Value = json!({"id": "m2", "appliance": "esa2", "first_seen_at": "2014-08-13T00:00:00+00:00", "outcome": "delivered"});
    answer
        .candidates
        .push(serde_json::from_value(other).unwrap());
    answer
}

#[test]
fn a_ticket_opens_with_the_number_and_the_sentence() {
    let got = markdown(&answer_with("a.example"), Lang::En);
    assert!(
        got.starts_with(
            "## MID 1404 (esa1): The connection dropped\n\nMID 1404 of a.example was aborted.\n"
        ),
        "{got}"
    );
    assert!(
        got.contains("- **Who holds the mail**: the sender (this gateway never accepted it)\n"),
        "{got}"
    );
    assert!(
        got.contains("- **Who can act**: the network path, the sending side\n"),
        "{got}"
    );
    assert!(
        got.contains("1. the end\n\n   ```text\n   2014-08-14T11:05:36+00:00  a.example\n   ```\n"),
        "{got}"
    );
    assert!(
        got.contains("- **Permalink**: <https://whymid.example/messages/m1>\n"),
        "{got}"
    );
}

#[test]
fn japanese_has_japanese_labels() {
    let got = text(&answer_with("a.example"), Lang::Ja);
    for words in [
        "現在の保持者: 送信側",
        "ネットワーク経路、送信側",
        "確度: 可能性が高い",
        "処理結果: 受信中断",
        "ゲートウェイ管理者: ",
    ] {
        assert!(got.contains(words), "{words} is not in {got}");
    }
}

#[test]
fn where_the_number_is_ambiguous_the_text_opens_with_which_mail_it_is() {
    let got = text(&with_candidate(answer_with("a@sender.example")), Lang::En);
    let opening = "Appliance: esa1 · Time: 2014-08-14T11:04:51+00:00 · Sender: a@sender.example · Recipient: b@rcpt.example\n";
    assert!(got.starts_with(opening), "{got}");
    assert!(
        got.contains("- esa2, 2014-08-13T00:00:00+00:00: delivered\n"),
        "{got}"
    );
    assert!(!text(&answer_with("a"), Lang::En).contains("Appliance:"));
}

#[test]
fn markdown_of_a_stranger_stays_text() {
    let attack = "<img src=x onerror=alert(1)> [click](https://evil.example) **b** `c` | d ~~e~~ &lt; @team www.evil.example";
    let got = markdown(&answer_with(attack), Lang::En);
    let outside_code = outside_code(&got);
    assert!(!outside_code.contains("<img"), "{outside_code}");
    for live in [
        "[click]",
        "https://evil.example",
        "**b**",
        "`c`",
        " | ",
        " ~~e",
        " @team",
        "www.evil.example",
    ] {
        assert!(
            !outside_code.contains(live),
            "`{live}` is live in {outside_code}"
        );
    }
    assert!(!got.contains("(<javascript:"), "{got}");
}

#[test]
fn backticks_cannot_end_a_code_block_and_newlines_cannot_begin_a_line() {
    let attack = "a ``` b ```` c\r\n# heading\n```\n<script>";
    let got = markdown(&answer_with(attack), Lang::En);
    assert!(
        got.contains("\n   `````text\n   2014-08-14T11:05:36+00:00  a ``` b ```` c"),
        "{got}"
    );
    assert!(
        got.lines()
            .all(|line| !line.starts_with("# ") && line.trim() != "```"),
        "{got}"
    );
    assert!(!outside_code(&got).contains("<script"), "{got}");
}

#[test]
fn a_line_that_begins_like_markup_does_not_become_markup() {
    for (begin, escaped) in [
        ("# x", "\\# x"),
        ("- x", "\\- x"),
        ("1. x", "1\\. x"),
        ("> x", "&gt; x"),
        ("=== x", "\\=== x"),
    ] {
        let mut answer = answer_with("a");
        answer.summary = begin.to_owned();
        let got = markdown(&answer, Lang::En);
        assert!(got.contains(&format!("\n{escaped}\n")), "{got}");
    }
}

#[test]
fn nothing_that_a_terminal_obeys_gets_through() {
    let attack = "a\u{1b}[2Jb\u{7}c\u{202e}d\u{9b}e\u{200b}f\0g";
    for got in [
        text(&answer_with(attack), Lang::En),
        markdown(&answer_with(attack), Lang::En),
    ] {
        assert!(
            got.chars()
                .all(|character| character == '\n' || !character.is_control()),
            "{got:?}"
        );
        assert!(got.contains("bcdefg"), "{got:?}");
    }
}

#[test]
fn tickets_are_listed_with_their_system_number_state_and_count() {
    let mut answer = answer_with("a.example");
    assert!(!markdown(&answer, Lang::En).contains("### Tickets"));
    answer.tickets = serde_json::from_value(json!([
        {"system": "request_tracker", "id": "4711", "url": "https://rt.example/Ticket/Display.html?id=4711",
         "key": "wm-1", "count": 12, "open": true, "subscription": "Partners"},
        {"system": "zammad", "key": "wm-2", "count": 1, "open": false, "subscription": "Zammad"},
        {"system": "email", "key": "wm-4", "count": 3, "open": true, "subscription": "Mail"},
        {"system": "jira", "id": "`X`](javascript:1)", "url": "javascript:alert(1)",
         "key": "wm-3", "count": 2, "open": true, "subscription": "Jira"}
    ]))
    .unwrap();
    let got = markdown(&answer, Lang::En);
    for line in [
        "\n### Tickets\n\n- Request Tracker `4711`: open, 12 occurrences – <https://rt.example/Ticket/Display.html?id=4711>\n",
        "- Zammad (about to be opened): resolved, 1 occurrence\n",
        "- Email: open, 3 occurrences\n",
        "- Jira `` `X`](javascript:1) ``: open, 2 occurrences\n",
    ] {
        assert!(got.contains(line), "{line} is not in {got}");
    }
    assert!(!got.contains("javascript:alert(1)>"), "{got}");
    let got = text(&answer, Lang::Ja);
    assert!(
        got.contains("\nチケット\n\n- Request Tracker 4711: 未解決、12 件 – https://rt.example/"),
        "{got}"
    );
    assert!(got.contains("- メール: 未解決、3 件\n"), "{got}");
}

/// The text without code spans and fenced blocks, found the way CommonMark does.
fn outside_code(markdown: &str) -> String {
    let mut out = String::new();
    let mut rest = markdown;
    while let Some(at) = rest.find('`') {
        let escaped = rest[..at].ends_with('\\');
        out.push_str(&rest[..at]);
        let run = rest[at..]
            .chars()
            .take_while(|character| *character == '`')
            .count();
        let after = &rest[at + run..];
        let end = if escaped { None } else { closing(after, run) };
        rest = &after[end.map_or(0, |end| end + run)..];
    }
    out + rest
}

fn closing(text: &str, run: usize) -> Option<usize> {
    let mut from = 0;
    while let Some(at) = text[from..].find('`') {
        let at = from + at;
        let found = text[at..]
            .chars()
            .take_while(|character| *character == '`')
            .count();
        if found == run {
            return Some(at);
        }
        from = at + found;
    }
    None
}
