//! Markdown to the Atlassian Document Format, which Jira Cloud wants for every text.
//!
//! Text is data there and can't become markup. What Jira refuses is never written: an empty text, a
//! list item that does not begin with a paragraph or holds a heading, code that is bold.
//! Source: Atlassian's "Document structure" (version 1).

use serde_json::{Value, json};

use super::tree::{self, Block, Inline};

/// So many characters go into a document: Jira takes 32,767.
const MOST: usize = 30_000;

/// The text as a document.
pub(crate) fn document(markdown: &str) -> Value {
    let content = tree::read(markdown, MOST);
    let content = content.iter().map(block).collect::<Vec<_>>();
    json!({ "type": "doc", "version": 1, "content": content })
}

/// A paragraph of plain words.
pub(crate) fn paragraph(words: &str) -> Value {
    block(&Block::Paragraph(vec![Inline::Text(words.to_owned())]))
}

fn block(block: &Block) -> Value {
    match block {
        Block::Paragraph(inlines) => json!({ "type": "paragraph", "content": line(inlines) }),
        Block::Heading(level, inlines) => {
            json!({ "type": "heading", "attrs": { "level": level }, "content": line(inlines) })
        }
        Block::Code(code) if code.is_empty() => json!({ "type": "codeBlock" }),
        Block::Code(code) => json!({
            "type": "codeBlock",
            "attrs": { "language": "text" },
            "content": [{ "type": "text", "text": code }],
        }),
        Block::List(Some(first), items) => {
            json!({ "type": "orderedList", "attrs": { "order": first }, "content": list(items) })
        }
        Block::List(None, items) => json!({ "type": "bulletList", "content": list(items) }),
    }
}

fn list(items: &[Vec<Block>]) -> Vec<Value> {
    items.iter().map(|blocks| item(blocks)).collect()
}

fn item(blocks: &[Block]) -> Value {
    let begins_right = matches!(
        blocks.first(),
        Some(Block::Paragraph(_) | Block::Heading(..))
    );
    let start = (!begins_right).then(|| json!({ "type": "paragraph", "content": [] }));
    let content = blocks.iter().map(|inside| match inside {
        Block::Heading(_, inlines) => block(&Block::Paragraph(inlines.clone())),
        Block::Paragraph(_) | Block::Code(_) | Block::List(..) => block(inside),
    });
    let content = start.into_iter().chain(content).collect::<Vec<_>>();
    json!({ "type": "listItem", "content": content })
}

fn line(inlines: &[Inline]) -> Vec<Value> {
    let mut out = Vec::new();
    for inline in inlines {
        write(inline, &[], &mut out);
    }
    out
}

/// Nesting becomes marks: each text says all that it is.
fn write(inline: &Inline, marks: &[Value], out: &mut Vec<Value>) {
    match inline {
        Inline::Text(text) => out.extend(node(text, marks.to_vec())),
        Inline::Code(text) => out.extend(node(text, code_marks(marks))),
        Inline::Strong(inside) => within(inside, marks, json!({ "type": "strong" }), out),
        Inline::Emphasis(inside) => within(inside, marks, json!({ "type": "em" }), out),
        Inline::Link(url, inside) => {
            let mark = json!({ "type": "link", "attrs": { "href": url } });
            within(inside, marks, mark, out);
        }
        Inline::Break => out.push(json!({ "type": "hardBreak" })),
    }
}

fn within(inside: &[Inline], marks: &[Value], mark: Value, out: &mut Vec<Value>) {
    let mut marks = marks.to_vec();
    // a mark may be there once only
    if !marks.contains(&mark) {
        marks.push(mark);
    }
    for inline in inside {
        write(inline, &marks, out);
    }
}

/// Code goes together with a link, and with nothing else.
fn code_marks(marks: &[Value]) -> Vec<Value> {
    let links = marks.iter().filter(|mark| mark["type"] == "link").cloned();
    links.chain([json!({ "type": "code" })]).collect()
}

fn node(text: &str, marks: Vec<Value>) -> Option<Value> {
    if text.is_empty() {
        return None;
    }
    if marks.is_empty() {
        return Some(json!({ "type": "text", "text": text }));
    }
    Some(json!({ "type": "text", "text": text, "marks": marks }))
}

#[cfg(test)]
mod tests;
