//! Markdown to plain text, for mail and for fields that show what they are given.
//!
//! Lists keep their markers, blocks of code are indented by four more, a link is its title and its
//! address, everything else is its words. Nothing can break out of plain text; what a terminal
//! would obey is removed while the Markdown is read (`plain/tree.rs`, which the other forms are
//! written from, too).

use super::tree::{Block, Inline};

/// More than this is cut.
const MOST: usize = 200_000;

/// The text as plain text.
pub(crate) fn text(markdown: &str) -> String {
    super::tree::fitting(markdown, MOST, write)
}

fn write(blocks: &[Block]) -> String {
    let blocks = blocks.iter().map(|block| lines(block).join("\n"));
    blocks.collect::<Vec<_>>().join("\n\n")
}

fn lines(block: &Block) -> Vec<String> {
    match block {
        Block::Paragraph(inlines) | Block::Heading(_, inlines) => {
            line(inlines).split('\n').map(str::to_owned).collect()
        }
        Block::Code(code) => code.lines().map(|line| format!("    {line}")).collect(),
        Block::List(first, items) => list(*first, items),
    }
}

fn list(first: Option<u64>, items: &[Vec<Block>]) -> Vec<String> {
    let mut out = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let marker = match first {
            Some(first) => format!("{}. ", first.saturating_add(index as u64)),
            None => "- ".to_owned(),
        };
        let inside = item.iter().flat_map(lines).collect::<Vec<_>>();
        out.push(format!(
            "{marker}{}",
            inside.first().map_or("", String::as_str)
        ));
        let indent = " ".repeat(marker.len());
        let more = inside.iter().skip(1);
        out.extend(more.map(|line| format!("{indent}{line}")));
    }
    out
}

fn line(inlines: &[Inline]) -> String {
    let parts = inlines.iter().map(|inline| match inline {
        Inline::Text(text) | Inline::Code(text) => text.clone(),
        Inline::Strong(inside) | Inline::Emphasis(inside) => line(inside),
        Inline::Link(url, inside) => link(url, &line(inside)),
        Inline::Break => "\n".to_owned(),
    });
    parts.collect()
}

fn link(url: &str, title: &str) -> String {
    if title == url {
        return url.to_owned();
    }
    format!("{title} <{url}>")
}

#[cfg(test)]
mod tests;
