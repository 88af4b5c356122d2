//! What a Redmine set to CommonMark is given, and that it reads there as it was meant.

use pulldown_cmark::{Event, Options, Parser, Tag};

use super::super::plain;
use super::super::tree::samples::{body, nasty};
use super::{escape, text};

#[test]
fn every_construct_has_its_markup() {
    let markdown = "## T\n\nA **b** *e* `c@` [t](<https://h.example/>), <https://h.example/x>\n\n\
                    1. one\n\n   ```text\n   x ``` & <b>\n\n   y\n   ```\n2. two\n   - in\n\n- a\\\n  b\n\n* c\n";
    let want = "## T\n\nA **b** *e* ` c@ ` [t](https://h.example/), \
                [https&#58;//h.example/x](https://h.example/x)\n\n\
                1. one\n\n   ````\n   x ``` & <b>\n\n   y\n   ````\n2. two\n\n   - in\n\n\
                * a\\\n  b\n\n- c";
    assert_eq!(text(markdown), want);
}

#[test]
fn words_are_escaped_where_they_would_mean_something() {
    for (words, want) in [
        ("1) x", "1&#41; x"),
        ("1. x", "1&#46; x"),
        (
            "{{{toc}}",
            "&#123;\u{200b}&#123;\u{200b}&#123;toc&#125;&#125;",
        ),
        ("[[Page]]", "&#91;\u{200b}&#91;Page&#93;&#93;"),
        ("see @admin", "see &#64;admin"),
        (
            "Text at 12:34 (a) 日本語。",
            "Text at 12:34 &#40;a) 日本語。",
        ),
    ] {
        assert_eq!(escape(words, true), want);
    }
    assert_eq!(escape("1) x", false), "1) x");
}

#[test]
fn it_reads_as_what_it_was_made_of() {
    // the longest are cut
    for stranger in nasty().iter().filter(|one| one.len() < 2_500) {
        let markdown = body(stranger);
        assert_eq!(plain::text(&text(&markdown)), plain::text(&markdown));
    }
    for markdown in [
        "a **b**c *d* **送信者**の",
        "- a\n\n- b\n\n* c\n\n1. d\n\n2) e",
        "- - - a\n    - b\n",
        "1. ```\n   x\n\n   y\n   ```\n\n   z",
        "    indented\n\n~~~\n`````\n~~~",
        "[a `b` *c*](https://h.example/)",
        "``a ` b`` ` c ` ``` `` ```",
    ] {
        assert_eq!(
            plain::text(&text(markdown)),
            plain::text(markdown),
            "{markdown}"
        );
    }
}

#[test]
fn strangers_add_no_markup_of_any_dialect() {
    let made = |stranger: &str| {
        let text = text(&body(stranger));
        let events = Parser::new_ext(&text, Options::all());
        let kinds = events.filter_map(|event| match event {
            Event::Start(Tag::CodeBlock(_)) => Some("code".to_owned()),
            Event::Start(Tag::Link { dest_url, .. }) => Some(dest_url.to_string()),
            Event::Start(tag) => Some(format!("{tag:?}")),
            Event::Text(_)
            | Event::Code(_)
            | Event::End(_)
            | Event::SoftBreak
            | Event::HardBreak => None,
            Event::InlineMath(text)
            | Event::DisplayMath(text)
            | Event::Html(text)
            | Event::InlineHtml(text)
            | Event::FootnoteReference(text) => Some(text.to_string()),
            Event::Rule => Some("a rule".to_owned()),
            Event::TaskListMarker(_) => Some("a task".to_owned()),
        });
        (kinds.collect::<Vec<_>>(), text)
    };
    let (harmless, _) = made("harmless");
    for stranger in nasty() {
        let (got, text) = made(&stranger);
        let more: Vec<_> = got.iter().filter(|one| !harmless.contains(one)).collect();
        assert!(more.is_empty(), "{stranger}: {more:?}\n{text}");
        for seen_by_redmine in ["{{", "@admin", "[["] {
            let outside = text.split("```").step_by(2).collect::<String>();
            let outside = outside.split('`').step_by(2).collect::<String>();
            assert!(!outside.contains(seen_by_redmine), "{stranger}\n{text}");
        }
    }
}
