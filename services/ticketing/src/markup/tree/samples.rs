//! What the tests of every form and target are made of: strangers' worst texts, a real answer that
//! holds them everywhere, and an event. Invented data.

use serde_json::json;
use whymid_schemas::{Answer, CauseData, Happening, Lang, Severity, Time};

use crate::event::Event;

/// Texts that mean something in one form or another.
pub(crate) const NASTY: [&str; 52] = [
    "{code}",
    "{noformat}",
    "{NoFormat:title=x}{CODE:java}",
    "{{macro(x)}}",
    "{{>toc}}",
    "*bold* _under_ -gone- +in+ ^up^ ~down~ ??who?? %span% ==raw==",
    "a *b*c _d_e",
    "!image.png!",
    "!https://evil.example/x.png!",
    "!>{width:100%}x.png!:https://evil.example/",
    "[x|http://evil.example/]",
    "[x|javascript:alert(1)]",
    "[~admin] [^file.txt] [#anchor] [mailto:a@evil.example]",
    "\"click\":https://evil.example/",
    "[[Wiki|page]]",
    "#123 r12 R7 commit:abc attachment:x.txt source:a document:1 user:admin",
    "@code@ @admin",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<a href=\"https://evil.example/\">x</a>",
    "</pre><pre>",
    "</code></PRE ><notextile><kbd>",
    "<pre",
    "]]>",
    "<!-- x -->",
    "<![CDATA[x",
    "h1. x",
    "bq. x",
    "h3(c). x",
    "table(x). x",
    "fn1. x",
    "# x",
    "* x",
    "- x",
    "1. x",
    "> x",
    "---- x",
    "|| a || b ||",
    "|a|b|",
    "`x` ``y`` ```",
    "~~~",
    "\\",
    "\\\\server\\share \\{code\\}",
    "&lt;b&gt; &#42;x&#42; &amp;&#123;code&#125;",
    ":) (x) (y) ;) :D (on) (*)",
    "日本語の件名 *太字* 【至急】",
    "\u{202e}gpj.exe\u{202c}\u{200b}\u{feff}",
    "line\r\nBcc: x@evil.example\r\n\r\nh1. x",
    "\u{1b}[31mred\u{7}\u{0}",
    "http://evil.example www.evil.example mailto:a@evil.example file://x",
    "<redpre#0> :redsh#1: x%x%",
    "[whymid wm-0123456789abcdef-1]",
];

/// Every one of them, a long one, one after the other.
pub(crate) fn nasty() -> Vec<String> {
    let mut all = NASTY.map(str::to_owned).to_vec();
    all.push("{code}*x* ".repeat(400));
    all.push(NASTY.join(" "));
    all.push(NASTY.concat());
    all
}

/// A real answer that holds a text wherever strangers can write.
pub(crate) fn answer(stranger: &str) -> Answer {
    let answer = json!({
        "question": {"mid": 1404},
        "summary": format!("MID 1404 of {stranger} was aborted."),
        "message": {
            "id": "m1", "url": "https://whymid.example/messages/m1", "appliance": "esa1",
            "zone": "configured", "mid": 1404, "sender": stranger,
            "recipients": [{"address": stranger, "outcome": "aborted", "custody": "sender", "response": stranger}],
            "started_at": "2014-08-14T11:04:51+00:00", "first_seen_at": "2014-08-14T11:04:51+00:00", "outcome": "aborted"
        },
        "diagnosis": {
            "id": "receiving-aborted-connection-lost", "title": stranger,
            "explanation": stranger, "confidence": "likely", "party": ["network_path", "sender"],
            "custody": "sender", "severity": "warning", "heals_by_retry": "likely", "kb_version": "1",
            "grouping": {"by": "sending_host", "value": stranger},
            "evidence": [{"entry": 5, "at": "2014-08-14T11:05:36+00:00", "line": stranger, "shows": stranger}],
            "ruled_out": [{"id": "receiving-aborted-by-sender", "because": stranger}],
            "not_ruled_out": [], "would_raise_confidence": [],
            "next_steps": [
                {"who": "admin", "text": "Look.", "command": stranger},
                {"who": "admin", "text": stranger}
            ],
            "for_the_helpdesk": stranger,
            "articles": [{"id": "a", "title": stranger, "lang": "en", "url": "https://whymid.example/kb/a#b",
                          "references": [{"title": "Paper", "url": "javascript:alert(1)"}]}]
        },
        "also": [], "history": {}, "tickets": [], "candidates": []
    });
    serde_json::from_value(answer).unwrap()
}

/// The Markdown of it, as tickets get it.
pub(crate) fn body(stranger: &str) -> String {
    whymid_diagnosis::markdown(&answer(stranger), Lang::En)
}

/// Something that is told.
pub(crate) fn event(kind: Happening, revision: u32) -> Event {
    let time = |text: &str| Time(text.to_owned());
    Event {
        id: format!("wm-0123456789abcdef-{revision}"),
        key: "wm-0123456789abcdef".to_owned(),
        revision,
        kind,
        at: time("2026-11-24T10:00:00+00:00"),
        title: "esa1: the connection dropped".to_owned(),
        body: "## Why\n\n- **Host**: `mx.example`\n".to_owned(),
        lang: Lang::En,
        severity: Severity::Warning,
        priority: None,
        appliance: "esa1".to_owned(),
        url: Some("https://whymid.example/messages/m1".to_owned()),
        source: "https://whymid.example".to_owned(),
        data: CauseData {
            key: "wm-0123456789abcdef".to_owned(),
            revision,
            count: 7,
            first_at: Some(time("2026-11-24T09:00:00+00:00")),
            last_at: Some(time("2026-11-24T09:59:00+00:00")),
            subscription: "mail".to_owned(),
            title: "esa1: the connection dropped".to_owned(),
            reason: None,
            answer: Some(answer("mx.example")),
        },
    }
}
