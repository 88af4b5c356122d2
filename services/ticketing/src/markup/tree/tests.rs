//! What the tree of a Markdown text is.

use super::{Block, Inline, one_line, read};

fn text(text: &str) -> Inline {
    Inline::Text(text.to_owned())
}

#[test]
fn a_numbered_item_holds_its_block_of_code() {
    let got = read(
        "1. **who**: do\n\n   ```text\n   a <b>\n   ```\n2. more\n",
        1000,
    );
    let first = vec![Inline::Strong(vec![text("who")]), text(": do")];
    let want = vec![Block::List(
        Some(1),
        vec![
            vec![Block::Paragraph(first), Block::Code("a <b>".to_owned())],
            vec![Block::Paragraph(vec![text("more")])],
        ],
    )];
    assert_eq!(got, want);
}

#[test]
fn html_is_text_and_an_image_is_its_text() {
    let got = read(
        "a <b>x</b> ![alt](https://h.example/x.png)\n\n<div>\ny\n</div>\n",
        1000,
    );
    let line = [
        text("<div>"),
        Inline::Break,
        text("y"),
        Inline::Break,
        text("</div>"),
    ];
    let want = [vec![text("a <b>x</b> alt")], line.to_vec()].map(Block::Paragraph);
    assert_eq!(got, want);
}

#[test]
fn a_link_is_a_web_address_or_its_words() {
    let url = |markdown: &str| match read(markdown, 1000).first() {
        Some(Block::Paragraph(inlines)) => match inlines.first() {
            Some(Inline::Link(url, _)) => Some(url.clone()),
            _ => None,
        },
        _ => None,
    };
    assert_eq!(url("[x](javascript:alert)"), None);
    assert_eq!(url("<mailto:a@b.example>"), None);
    assert_eq!(
        url("[x](<https://h.example/a b|c]\"é(1)>)"),
        Some("https://h.example/a%20b%7Cc%5D%22%C3%A9%281%29".to_owned())
    );
}

#[test]
fn quotes_and_rules_leave_what_they_frame() {
    let got = read("> a\n>\n> b\n\n---\n\nc", 1000);
    let paragraph = |words: &str| Block::Paragraph(vec![text(words)]);
    assert_eq!(got, [paragraph("a"), paragraph("b"), paragraph("c")]);
}

#[test]
fn a_long_text_is_cut() {
    let got = read("abcdef\n\nghi", 4);
    assert_eq!(got, [Block::Paragraph(vec![text("abc…")])]);
    assert_eq!(
        read("`abcdef` g", 1),
        [Block::Paragraph(vec![Inline::Code("…".to_owned())])]
    );
}

#[test]
fn no_depth_of_nesting_is_too_much_and_nothing_is_lost() {
    let quotes = format!("{} deep", ">".repeat(20_000));
    let lists = format!("{}deep", "- ".repeat(5_000));
    let marks = format!("{}deep{}", "*_".repeat(5_000), "_*".repeat(5_000));
    for markdown in [quotes, lists, marks] {
        let got = read(&markdown, 100_000);
        assert!(format!("{got:?}").contains("deep"), "{}", &markdown[..8]);
    }
}

#[test]
fn a_line_is_one_line_without_anything_to_obey() {
    assert_eq!(one_line("a\r\nb\u{1b}[1m\u{202e}c\u{0}"), "a  b[1mc");
}
