//! What a Jira server is given, and that strangers add no markup to it.

use super::super::tree::samples::{body, nasty};
use super::{escape, text};

#[test]
fn every_construct_has_its_markup() {
    let markdown = "## T\n\nA **b** *e* `c` [t](<https://h.example/>) <https://h.example/x>\n\n\
                    1. one\n\n   ```text\n   x {code}\n   ```\n2. two\n   - in\n\n- a\\\n  b\n";
    let want = "h2. T\n\nA {*}b{*} {_}e{_} {{c}} [t|https://h.example/] [https://h.example/x]\n\n\
                # one\n{noformat}\nx {\u{200b}code}\n{noformat}\n# two\n#* in\n\n* a\\\\ b";
    assert_eq!(text(markdown), want);
}

#[test]
fn words_are_escaped_where_they_would_mean_something() {
    let cases = [
        ("h1. x", "h1\\. x"),
        ("bq. x", "bq\\. x"),
        ("# x", "\\# x"),
        ("*b* a_b -x", "\\*b\\* a_b \\-x"),
        ("{code}", "\\{code\\}"),
        ("[x|http://e.example]", "\\[x\\|http\\://e.example\\]"),
        ("!i.png!", "\\!i.png\\!"),
        ("a\\b \\\\x \\", "a\\b &#92;\\x &#92;"),
        ("&lt; & &#42;", "&amp;lt; & &amp;#42;"),
        (
            "at 12:34:56 (mx-1.example): no",
            "at 12:34:56 \\(mx-1.example): no",
        ),
        ("日本語 MID 4711 です。", "日本語 MID 4711 です。"),
        ("[whymid wm-0123-3]", "\\[whymid wm-0123-3\\]"),
    ];
    for (words, want) in cases {
        assert_eq!(escape(words), want);
    }
}

#[test]
fn a_title_that_would_break_its_link_stands_before_it() {
    assert_eq!(
        text("[a \\| b](<https://h.example/>)"),
        "a \\| b [https://h.example/]"
    );
    assert_eq!(text("`a}b`"), "a\\}b");
}

#[test]
fn strangers_add_no_markup() {
    let harmless = skeleton(&text(&body("harmless")));
    for stranger in nasty() {
        let got = text(&body(&stranger));
        if got.contains('…') {
            continue;
        }
        let bare = skeleton(&got);
        for special in "{}[]*_-+^~!|#?@(\\".chars() {
            let count = |text: &str| text.matches(special).count();
            assert!(
                count(&bare) <= count(&harmless),
                "{stranger}: {special}\n{bare}\n----\n{harmless}"
            );
        }
        let starts = |text: &str| text.lines().filter(|line| line.starts_with("h2.")).count();
        assert_eq!(starts(&bare), starts(&harmless), "{stranger}");
    }
}

#[test]
fn a_text_is_not_longer_than_jira_takes() {
    let got = text(&"\\*\\*\\*\\*\\*\\* \\\\\\\\\\\\ \n\n".repeat(5000));
    assert!(got.len() <= 32_000 && got.ends_with('…'), "{}", got.len());
}

/// The text without blocks, escaped characters and characters within words.
fn skeleton(wiki: &str) -> String {
    let blocks = wiki.split("{noformat}").collect::<Vec<_>>();
    assert_eq!(blocks.len() % 2, 1, "every block ends: {wiki}");
    for inside in blocks.iter().skip(1).step_by(2) {
        let lower = inside.to_lowercase();
        assert!(
            !lower.contains("{noformat") && !lower.contains("{code"),
            "{inside}"
        );
    }
    let outside = blocks
        .iter()
        .step_by(2)
        .copied()
        .collect::<Vec<_>>()
        .join(" ");
    let letters = outside.chars().collect::<Vec<_>>();
    let mut out = String::new();
    let mut at = 0;
    while at < letters.len() {
        let next = letters.get(at + 1).copied().unwrap_or(' ');
        let word = |index: Option<usize>| {
            let letter = index.and_then(|index| letters.get(index));
            letter.is_some_and(|letter| letter.is_alphanumeric())
        };
        let within = word(at.checked_sub(1)) && word(Some(at + 1));
        match letters[at] {
            '\\' if !next.is_alphanumeric() && !next.is_whitespace() => at += 1,
            '\\' if next.is_alphanumeric() => {}
            '&' => at += 1,
            '-' | '_' | '+' | '*' | '^' | '~' | '@' | '?' if within => {}
            // a mention needs a space before it, a list the beginning of a line
            '@' if word(at.checked_sub(1)) => {}
            '?' if next != '?' => {}
            '#' if !out.trim_end_matches(['#', '*']).ends_with('\n') => {}
            letter => out.push(letter),
        }
        at += 1;
    }
    out
}
