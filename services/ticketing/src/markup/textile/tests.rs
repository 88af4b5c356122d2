//! What Redmine is given, and that strangers add no markup to it.

use super::super::tree::samples::{body, nasty};
use super::{escape, text};

#[test]
fn every_construct_has_its_markup() {
    let markdown = "## T\n\nA **b** *e* `c@` [t](<https://h.example/>), <https://h.example/x>\n\n\
                    1. one\n\n   ```text\n   x </pre> & <b>\n   ```\n2. two\n   - in\n\n- a\\\n  b\n";
    let want = "h2. T\n\nA *b* _e_ <code>c@</code> \"t\":https://h.example/ , \
                \"https&#58;//h.example/x\":https://h.example/x\n\n\
                # one <pre>x <\u{200b}/pre> & <b></pre>\n# two\n#* in\n\n* a\nb";
    assert_eq!(text(markdown), want);
}

#[test]
fn words_are_escaped_where_they_would_mean_something() {
    let cases = [
        ("h1. x", "h1&#46; x"),
        ("#12 r12 rest", "&#35;12 &#114;12 rest"),
        ("a-b -c- a_b", "a-b &#45;c&#45; a_b"),
        ("{{toc}}", "&#123;&#123;toc&#125;&#125;"),
        ("attachment:x at 12:34: no", "attachment&#58;x at 12:34: no"),
        ("user@h.example", "user&#64;h.example"),
        ("www.h.example", "www&#46;h.example"),
        ("&lt;", "&#38;lt;"),
        ("Text. 日本語、MID 4711。", "Text&#46; 日本語、MID 4711。"),
        ("It was so. More.", "It was so. More."),
    ];
    for (words, want) in cases {
        assert_eq!(escape(words), want);
    }
}

#[test]
fn a_mark_that_would_not_hold_is_left_out() {
    assert_eq!(text("a**b**c"), "abc");
    assert_eq!(text("**送信者**の、**a**: b"), "送信者の、a: b");
}

#[test]
fn strangers_add_no_markup() {
    let harmless = skeleton(&text(&body("harmless")));
    for stranger in nasty() {
        let bare = skeleton(&text(&body(&stranger)));
        for special in "*_-+^~@!\"#{}[]()|<>&=?%\\`".chars() {
            let count = |text: &str| text.matches(special).count();
            assert!(
                count(&bare) <= count(&harmless),
                "{stranger}: {special}\n{bare}\n----\n{harmless}"
            );
        }
        assert!(
            !bare.contains("http:") && !bare.contains("attachment:"),
            "{bare}"
        );
    }
}

/// The text without code, numbered characters and characters within words.
fn skeleton(textile: &str) -> String {
    let mut rest = textile;
    let mut out = String::new();
    while let Some(at) = rest.find(['<', '&']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = ["<pre>", "<code>"]
            .iter()
            .find(|tag| rest.starts_with(**tag))
            .map(|tag| tag.replace('<', "</"));
        let end = end.unwrap_or_else(|| {
            assert!(rest.starts_with("&#"), "{rest}");
            ";".to_owned()
        });
        let length = rest.find(&end).expect("it ends") + end.len();
        let inside = &rest[..length].to_lowercase()[1..];
        assert!(end == ";" || !inside.contains("<pre"), "{inside}");
        rest = &rest[length..];
        out.push('x');
    }
    out.push_str(rest);
    let letters = out.chars().collect::<Vec<_>>();
    let within = |at: usize| {
        at > 0
            && letters[at - 1].is_alphanumeric()
            && letters
                .get(at + 1)
                .is_some_and(|letter| letter.is_alphanumeric())
    };
    let kept = letters
        .iter()
        .enumerate()
        .filter(|(at, letter)| !(matches!(letter, '-' | '_' | '+' | '%') && within(*at)));
    // a closing bracket means nothing without an opening one
    kept.map(|(_, letter)| *letter)
        .filter(|letter| *letter != ')')
        .collect()
}
