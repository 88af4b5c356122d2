//! Markdown to Markdown as a Redmine set to CommonMark reads it.
//!
//! Every character of a text that could mean something where it stands is written by its number
//! (`&#42;`): CommonMark then takes it for a letter, and Redmine's macros and mentions, which it
//! looks for in what was typed, are not seen. Code stands in more backticks than are in it.
//! Source: CommonMark 0.30; what Redmine 5.0.4 makes of it.
//!
//! Not here: words that Redmine turns into links to pages of its own (`#12`) or to mail addresses.

use super::textile;
use super::tree::{self, Block, Inline};

/// Redmine's texts are 65,535 bytes on MySQL.
const MOST: usize = 60_000;

/// The largest number of an item.
const LAST: u64 = 999_999_999;

/// The text as CommonMark.
pub(crate) fn text(markdown: &str) -> String {
    tree::fitting(markdown, MOST, write)
}

fn write(blocks: &[Block]) -> String {
    let mut out = Vec::new();
    // a list right behind another one would go on with its items: it gets other markers
    let mut other = false;
    for (index, block) in blocks.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|index| blocks.get(index));
        other = matches!(before, Some(Block::List(..))) && !other;
        out.push(lines(block, other).join("\n"));
    }
    out.join("\n\n")
}

fn lines(block: &Block, other: bool) -> Vec<String> {
    match block {
        Block::Paragraph(inlines) => line(inlines).split('\n').map(str::to_owned).collect(),
        Block::Heading(level, inlines) => {
            let marks = "#".repeat(usize::from(*level));
            vec![format!("{marks} {}", line(inlines).replace("\\\n", " "))]
        }
        Block::Code(code) => fenced(code),
        Block::List(first, items) => list(*first, items, other),
    }
}

fn fenced(code: &str) -> Vec<String> {
    let fence = "`".repeat((longest_run(code) + 1).max(3));
    let mut out = vec![fence.clone()];
    out.extend(code.trim_end_matches('\n').split('\n').map(str::to_owned));
    out.push(fence);
    out
}

/// The backticks of the longest row of them.
fn longest_run(code: &str) -> usize {
    let runs = code.split(|letter| letter != '`');
    runs.map(str::len).max().unwrap_or_default()
}

fn list(first: Option<u64>, items: &[Vec<Block>], other: bool) -> Vec<String> {
    let mut out = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let marker = match (first, other) {
            (Some(first), _) => {
                let number = first.saturating_add(index as u64).min(LAST);
                format!("{number}{} ", if other { ')' } else { '.' })
            }
            (None, false) => "- ".to_owned(),
            (None, true) => "* ".to_owned(),
        };
        let indent = " ".repeat(marker.len());
        let inside = write(item);
        for (row, line) in inside.split('\n').enumerate() {
            out.push(match (row, line) {
                (0, _) => format!("{marker}{line}"),
                (_, "") => String::new(),
                _ => format!("{indent}{line}"),
            });
        }
    }
    out
}

fn line(inlines: &[Inline]) -> String {
    let mut out = String::new();
    for (index, inline) in inlines.iter().enumerate() {
        let after = inlines.get(index + 1);
        match inline {
            Inline::Text(text) => {
                out.push_str(&escape(text, out.ends_with('\n') || out.is_empty()))
            }
            Inline::Code(text) => out.push_str(&code(text)),
            Inline::Strong(inside) => mark("**", &line(inside), after, &mut out),
            Inline::Emphasis(inside) => mark("*", &line(inside), after, &mut out),
            Inline::Link(url, inside) => out.push_str(&format!("[{}]({url})", line(inside))),
            Inline::Break => out.push_str("\\\n"),
        }
    }
    out
}

/// As Textile's, where most of the same letters mean something; and `1)`, which begins a list. What
/// Redmine looks for behind CommonMark (`{{toc}}`, `[[page]]`) is broken by a space of no width.
fn escape(text: &str, begins: bool) -> String {
    let mut out = textile::escape(text);
    for bracket in ["&#123;", "&#91;"] {
        let broken = format!("{bracket}\u{200b}{bracket}");
        // twice: of three in a row the second pair is left over
        for _ in 0..2 {
            out = out.replace(&format!("{bracket}{bracket}"), &broken);
        }
    }
    let digits = out.len()
        - out
            .trim_start_matches(|one: char| one.is_ascii_digit())
            .len();
    if begins && digits > 0 && out[digits..].starts_with(')') {
        return format!("{}&#41;{}", &out[..digits], &out[digits + 1..]);
    }
    out
}

fn code(text: &str) -> String {
    let ticks = "`".repeat(longest_run(text) + 1);
    format!("{ticks} {text} {ticks}")
}

/// A mark only holds between spaces and points: else it is left out.
fn mark(mark: &str, inside: &str, after: Option<&Inline>, out: &mut String) {
    let begins = out.chars().next_back().is_none_or(char::is_whitespace);
    let ends = match after {
        None | Some(Inline::Break) => true,
        Some(Inline::Text(text)) => text
            .chars()
            .next()
            .is_none_or(|one| one.is_whitespace() || one.is_ascii_punctuation()),
        Some(Inline::Code(_) | Inline::Strong(_) | Inline::Emphasis(_) | Inline::Link(..)) => false,
    };
    if begins && ends && inside.trim() == inside && !inside.is_empty() {
        return out.push_str(&format!("{mark}{inside}{mark}"));
    }
    out.push_str(inside);
}

#[cfg(test)]
mod tests;
