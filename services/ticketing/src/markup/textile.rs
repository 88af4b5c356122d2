//! Markdown to Textile as Redmine reads it.
//!
//! Every character of a text that could mean something where it stands is written by its number
//! (`&#42;`): neither Textile nor Redmine's own links, macros and mentions see it then. Code is
//! written as it is: Redmine escapes it, and only the four tags that it knows could end it; these
//! are broken by a space of no width.
//! Source: Redmine's lib/redmine/wiki_formatting/textile/redcloth3.rb and application_helper.rb.

use super::tree::{self, Block, Inline, words};

/// Redmine's texts are 65,535 bytes on MySQL.
const MOST: usize = 60_000;

/// The tags that Textile knows.
const TAGS: [&str; 4] = ["pre", "code", "kbd", "notextile"];

/// The text as Textile.
pub(crate) fn text(markdown: &str) -> String {
    tree::fitting(markdown, MOST, write)
}

/// Words in which nothing is markup.
pub(crate) fn escape(text: &str) -> String {
    let letters = text.chars().collect::<Vec<_>>();
    let mut out = String::with_capacity(text.len() + 8);
    for (at, letter) in letters.iter().enumerate() {
        match means_something(&letters, at) {
            true => out.push_str(&format!("&#{};", u32::from(*letter))),
            false => out.push(*letter),
        }
    }
    out
}

fn means_something(letters: &[char], at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|at| letters.get(at)).copied();
    let after = letters.get(at + 1).copied();
    let is_word = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
    match letters.get(at).copied().unwrap_or_default() {
        '!' | '"' | '#' | '&' | '(' | '*' | '<' | '=' | '>' | '?' | '@' | '[' | '\\' | ']'
        | '^' | '`' | '{' | '|' | '}' | '~' => true,
        '-' | '_' | '+' | '%' => !(is_word(before) && is_word(after)),
        // `http:`, `attachment:`, but neither a label nor the time of day
        ':' => after.is_some_and(|after| !after.is_whitespace() && !after.is_ascii_digit()),
        '.' => is_block_prefix(&letters[..at]) || ends_with_www(&letters[..at]),
        // `r12`: a revision
        'r' | 'R' => !is_word(before) && after.is_some_and(|after| after.is_ascii_digit()),
        _ => false,
    }
}

/// `h1.`, `bq.`, `fn1.` at the beginning of a line.
fn is_block_prefix(before: &[char]) -> bool {
    let mut letters = before.iter().skip_while(|letter| letter.is_whitespace());
    letters.all(char::is_ascii_alphanumeric)
}

fn ends_with_www(before: &[char]) -> bool {
    let end = before.iter().rev().take(3);
    end.filter(|letter| letter.eq_ignore_ascii_case(&'w'))
        .count()
        == 3
}

fn write(blocks: &[Block]) -> String {
    let blocks = blocks.iter().map(|block| match block {
        Block::Paragraph(inlines) => line(inlines),
        Block::Heading(level, inlines) => format!("h{level}. {}", line(inlines)),
        Block::Code(code) => pre(code),
        Block::List(first, items) => list("", *first, items),
    });
    blocks.collect::<Vec<_>>().join("\n\n")
}

fn pre(code: &str) -> String {
    format!("<pre>{}</pre>", verbatim(code))
}

/// Code as it is, but for what would end it.
fn verbatim(code: &str) -> String {
    let mut out = String::with_capacity(code.len() + 8);
    for (at, letter) in code.char_indices() {
        out.push(letter);
        if letter == '<' && begins_a_tag(&code[at + 1..]) {
            out.push('\u{200b}');
        }
    }
    out
}

fn begins_a_tag(text: &str) -> bool {
    let text = text.strip_prefix('/').unwrap_or(text);
    TAGS.iter().any(|tag| {
        let start = text.get(..tag.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(tag))
    })
}

/// The markers of the lists around stand before each item's own: `#*`.
fn list(around: &str, first: Option<u64>, items: &[Vec<Block>]) -> String {
    let markers = format!("{around}{}", if first.is_some() { '#' } else { '*' });
    let items = items.iter().map(|blocks| item(&markers, blocks));
    items.collect::<Vec<_>>().join("\n")
}

/// An item is one line; Redmine takes `<pre>` out of it before it looks at lines.
fn item(markers: &str, blocks: &[Block]) -> String {
    let mut out = format!("{markers} ");
    for (index, block) in blocks.iter().enumerate() {
        match block {
            Block::Paragraph(inlines) | Block::Heading(_, inlines) => {
                out.push_str(if index > 0 { "\n" } else { "" });
                out.push_str(&line(inlines));
            }
            Block::Code(code) => out.push_str(&format!(" {}", pre(code))),
            Block::List(first, items) => {
                out.push_str(&format!("\n{}", list(markers, *first, items)));
            }
        }
    }
    out
}

fn line(inlines: &[Inline]) -> String {
    let mut out = String::new();
    for (index, inline) in inlines.iter().enumerate() {
        let after = next_letter(inlines.get(index + 1));
        match inline {
            Inline::Text(text) => out.push_str(&escape(text)),
            Inline::Code(text) => out.push_str(&format!("<code>{}</code>", verbatim(text))),
            Inline::Strong(inside) => mark('*', &line(inside), after, &mut out),
            Inline::Emphasis(inside) => mark('_', &line(inside), after, &mut out),
            Inline::Link(url, inside) => link(url, &words(inside), after, &mut out),
            Inline::Break => out.push('\n'),
        }
    }
    out
}

/// A mark only holds with a space before it, and a space or a point after it: else it is left out.
fn mark(mark: char, inside: &str, after: Option<char>, out: &mut String) {
    let begins = out.chars().next_back().is_none_or(char::is_whitespace);
    let ends = after.is_none_or(|after| after.is_whitespace() || after.is_ascii_punctuation());
    if begins && ends && inside.trim() == inside && !inside.contains('\n') {
        return out.push_str(&format!("{mark}{inside}{mark}"));
    }
    out.push_str(inside);
}

/// An address ends at a space.
fn link(url: &str, title: &str, after: Option<char>, out: &mut String) {
    out.push_str(&format!("\"{}\":{url}", escape(title.trim())));
    if after.is_some_and(|after| !after.is_whitespace()) {
        out.push(' ');
    }
}

fn next_letter(inline: Option<&Inline>) -> Option<char> {
    match inline? {
        Inline::Text(text) => text.chars().next(),
        Inline::Break => Some('\n'),
        // these begin with a letter of their own
        Inline::Code(_) | Inline::Strong(_) | Inline::Emphasis(_) | Inline::Link(..) => Some('x'),
    }
}

#[cfg(test)]
mod tests;
