//! Markdown to HTML, for mail and for tickets that show it.
//!
//! Only the tags written here ever come out: everything else is escaped text, HTML in the Markdown
//! as well; links are http(s), and there are no images.

use super::tree::{self, Block, Inline};

/// More than this is cut.
const MOST: usize = 400_000;

/// The text as HTML: a row of blocks, no document.
pub(crate) fn text(markdown: &str) -> String {
    tree::fitting(markdown, MOST, write)
}

/// A text in which nothing is HTML, neither between tags nor in an attribute.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

fn write(blocks: &[Block]) -> String {
    blocks.iter().map(block).collect()
}

fn block(block: &Block) -> String {
    match block {
        Block::Paragraph(inlines) => format!("<p>{}</p>\n", line(inlines)),
        Block::Heading(level, inlines) => format!("<h{level}>{}</h{level}>\n", line(inlines)),
        Block::Code(code) => format!("<pre><code>{}</code></pre>\n", escape(code)),
        Block::List(first, items) => list(*first, items),
    }
}

fn list(first: Option<u64>, items: &[Vec<Block>]) -> String {
    let items = items.iter().map(|blocks| item(blocks)).collect::<String>();
    match first {
        Some(1) => format!("<ol>\n{items}</ol>\n"),
        Some(first) => format!("<ol start=\"{first}\">\n{items}</ol>\n"),
        None => format!("<ul>\n{items}</ul>\n"),
    }
}

/// A first paragraph stands in the item itself: lists look tight so.
fn item(blocks: &[Block]) -> String {
    if let [Block::Paragraph(inlines), more @ ..] = blocks {
        return format!("<li>{}{}</li>\n", line(inlines), write(more));
    }
    format!("<li>{}</li>\n", write(blocks))
}

fn line(inlines: &[Inline]) -> String {
    inlines.iter().map(inline).collect()
}

fn inline(inline: &Inline) -> String {
    match inline {
        Inline::Text(text) => escape(text),
        Inline::Code(text) => format!("<code>{}</code>", escape(text)),
        Inline::Strong(inside) => format!("<strong>{}</strong>", line(inside)),
        Inline::Emphasis(inside) => format!("<em>{}</em>", line(inside)),
        Inline::Link(url, inside) => format!(
            "<a href=\"{}\" rel=\"noopener noreferrer\">{}</a>",
            escape(url),
            line(inside)
        ),
        Inline::Break => "<br>\n".to_owned(),
    }
}

#[cfg(test)]
mod tests;
