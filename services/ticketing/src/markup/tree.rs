//! Markdown (CommonMark) to a small tree, which every form is written from.
//!
//! No text in it holds a control character, a line break (but in a block of code) or a character
//! that turns the direction of writing; every link is an http(s) address in plain ASCII that no
//! form's syntax can end early. HTML in the Markdown is text like any other, an image is its text.
//! Not supported: quotes and tables (what is in them stays, without the frame) and rules.

use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag};

/// More nesting than people write is flattened, so that no writer can run out of stack.
const DEEPEST: usize = 24;

/// What stands below each other.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::markup) enum Block {
    Paragraph(Vec<Inline>),
    Heading(u8, Vec<Inline>),
    Code(String),
    /// With the first number, where it is numbered.
    List(Option<u64>, Vec<Vec<Block>>),
}

/// What stands in a line.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::markup) enum Inline {
    Text(String),
    Code(String),
    Strong(Vec<Inline>),
    Emphasis(Vec<Inline>),
    /// The address, and what stands for it.
    Link(String, Vec<Inline>),
    Break,
}

/// Reads Markdown; after `most` characters of text there is only a `…`.
pub(in crate::markup) fn read(markdown: &str, most: usize) -> Vec<Block> {
    let mut builder = Builder {
        open: vec![Frame::new(Kind::Flat)],
        left: most,
    };
    for event in Parser::new(markdown) {
        builder.take(event);
        if builder.left == 0 {
            break;
        }
    }
    while builder.open.len() > 1 {
        builder.close();
    }
    builder
        .open
        .pop()
        .map(Frame::into_blocks)
        .unwrap_or_default()
}

/// Writes Markdown in a form, with as much of its text as fits into `most` bytes.
pub(in crate::markup) fn fitting(
    markdown: &str,
    most: usize,
    write: fn(&[Block]) -> String,
) -> String {
    let mut text = 30_000;
    loop {
        let out = write(&read(markdown, text));
        if out.len() <= most || text < 500 {
            return out;
        }
        text /= 2;
    }
}

/// One line of text without anything that a terminal or a renderer would obey.
pub(crate) fn one_line(text: &str) -> String {
    let clean = text.chars().filter_map(|character| match character {
        '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}' => Some(' '),
        other => visible(other).then_some(other),
    });
    clean.collect()
}

fn visible(character: char) -> bool {
    let turns_writing = matches!(character,
        '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{feff}'
        | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    !turns_writing && !character.is_control()
}

/// What a frame becomes when it ends.
enum Kind {
    /// Nothing of its own: what is in it goes to what it is in.
    Flat,
    Paragraph,
    Heading(u8),
    Code,
    List(Option<u64>),
    Item,
    Strong,
    Emphasis,
    Link(String),
}

/// Something that has begun and not yet ended.
struct Frame {
    kind: Kind,
    blocks: Vec<Block>,
    items: Vec<Vec<Block>>,
    inlines: Vec<Inline>,
}

impl Frame {
    fn new(kind: Kind) -> Self {
        Self {
            kind,
            blocks: Vec::new(),
            items: Vec::new(),
            inlines: Vec::new(),
        }
    }

    fn block(&mut self, block: Block) {
        self.end_line();
        self.blocks.push(block);
    }

    /// The items of a tight list hold text without a paragraph around it.
    fn end_line(&mut self) {
        if !self.inlines.is_empty() {
            let inlines = std::mem::take(&mut self.inlines);
            self.blocks.push(Block::Paragraph(inlines));
        }
    }

    /// Text next to text is one: an escape looks at what is around a character.
    fn inline(&mut self, inline: Inline) {
        match (self.inlines.last_mut(), inline) {
            (Some(Inline::Text(before)), Inline::Text(more)) => before.push_str(&more),
            (_, inline) => self.inlines.push(inline),
        }
    }

    /// A mark around nothing is nothing.
    fn mark(&mut self, inside: Vec<Inline>, mark: impl FnOnce(Vec<Inline>) -> Inline) {
        if !inside.is_empty() {
            self.inline(mark(inside));
        }
    }

    fn into_blocks(mut self) -> Vec<Block> {
        self.end_line();
        self.blocks
    }
}

struct Builder {
    open: Vec<Frame>,
    /// So many characters still go in.
    left: usize,
}

impl Builder {
    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.begin(tag),
            Event::End(_) => self.close(),
            Event::Text(text)
            | Event::Html(text)
            | Event::InlineHtml(text)
            | Event::InlineMath(text)
            | Event::DisplayMath(text)
            | Event::FootnoteReference(text) => self.text(&text),
            Event::Code(text) => {
                let text = self.cut(one_line(&text));
                self.inline(Inline::Code(text));
            }
            Event::SoftBreak => self.inline(Inline::Text(" ".to_owned())),
            Event::HardBreak => self.inline(Inline::Break),
            Event::Rule | Event::TaskListMarker(_) => {}
        }
    }

    fn begin(&mut self, tag: Tag<'_>) {
        let in_list = matches!(
            self.open.last().map(|frame| &frame.kind),
            Some(Kind::List(_))
        );
        // a list has nothing but items, however deep it is
        let fits = if matches!(tag, Tag::Item) {
            in_list
        } else {
            self.open.len() < DEEPEST
        };
        let kind = if fits { kind(tag) } else { Kind::Flat };
        self.open.push(Frame::new(kind));
    }

    fn text(&mut self, text: &str) {
        if matches!(self.open.last().map(|frame| &frame.kind), Some(Kind::Code)) {
            let lines = text.split('\n').map(one_line).collect::<Vec<_>>();
            let text = self.cut(lines.join("\n"));
            return self.inline(Inline::Text(text));
        }
        for (number, line) in text.split('\n').enumerate() {
            if number > 0 {
                self.inline(Inline::Break);
            }
            let line = self.cut(one_line(line));
            self.inline(Inline::Text(line));
        }
    }

    /// As much of a text as still goes in.
    fn cut(&mut self, text: String) -> String {
        let length = text.chars().count();
        if length < self.left {
            self.left -= length;
            return text;
        }
        let kept = std::mem::take(&mut self.left).saturating_sub(1);
        text.chars().take(kept).chain(['…']).collect()
    }

    fn inline(&mut self, inline: Inline) {
        if matches!(&inline, Inline::Text(text) | Inline::Code(text) if text.is_empty()) {
            return;
        }
        if let Some(frame) = self.open.last_mut() {
            frame.inline(inline);
        }
    }

    fn close(&mut self) {
        if self.open.len() < 2 {
            return;
        }
        if let (Some(frame), Some(parent)) = (self.open.pop(), self.open.last_mut()) {
            join(frame, parent);
        }
    }
}

fn kind(tag: Tag<'_>) -> Kind {
    match tag {
        Tag::Paragraph | Tag::HtmlBlock => Kind::Paragraph,
        Tag::Heading { level, .. } => Kind::Heading(level as u8),
        Tag::CodeBlock(CodeBlockKind::Indented | CodeBlockKind::Fenced(_)) => Kind::Code,
        Tag::List(first) => Kind::List(first),
        Tag::Item => Kind::Item,
        Tag::Strong => Kind::Strong,
        Tag::Emphasis => Kind::Emphasis,
        Tag::Link { dest_url, .. } => web_address(&dest_url).map_or(Kind::Flat, Kind::Link),
        Tag::BlockQuote(_)
        | Tag::FootnoteDefinition(_)
        | Tag::DefinitionList
        | Tag::DefinitionListTitle
        | Tag::DefinitionListDefinition
        | Tag::Table(_)
        | Tag::TableHead
        | Tag::TableRow
        | Tag::TableCell
        | Tag::Strikethrough
        | Tag::Superscript
        | Tag::Subscript
        | Tag::Image { .. }
        | Tag::MetadataBlock(_) => Kind::Flat,
    }
}

/// What has ended goes into what it is in.
fn join(mut frame: Frame, parent: &mut Frame) {
    let mut inlines = std::mem::take(&mut frame.inlines);
    match frame.kind {
        Kind::Flat => {
            frame
                .blocks
                .into_iter()
                .for_each(|block| parent.block(block));
            inlines.into_iter().for_each(|inline| parent.inline(inline));
        }
        Kind::Paragraph => {
            // every line of HTML ends with a break, the last one, too
            while inlines.last() == Some(&Inline::Break) {
                inlines.pop();
            }
            parent.block(Block::Paragraph(inlines));
        }
        Kind::Heading(level) => parent.block(Block::Heading(level, inlines)),
        Kind::Code => parent.block(Block::Code(
            words(&inlines).trim_end_matches('\n').to_owned(),
        )),
        Kind::List(first) if !frame.items.is_empty() => {
            parent.block(Block::List(first, frame.items));
        }
        Kind::List(_) => {}
        Kind::Item => {
            frame.inlines = inlines;
            parent.items.push(frame.into_blocks());
        }
        Kind::Strong => parent.mark(inlines, Inline::Strong),
        Kind::Emphasis => parent.mark(inlines, Inline::Emphasis),
        Kind::Link(url) => parent.mark(inlines, |inlines| Inline::Link(url, inlines)),
    }
}

/// The bare words of a line.
pub(in crate::markup) fn words(inlines: &[Inline]) -> String {
    let parts = inlines.iter().map(|inline| match inline {
        Inline::Text(text) | Inline::Code(text) => text.clone(),
        Inline::Strong(inside) | Inline::Emphasis(inside) | Inline::Link(_, inside) => {
            words(inside)
        }
        Inline::Break => " ".to_owned(),
    });
    parts.collect()
}

/// An http(s) address, with everything that any form's syntax might see something in as `%XX`.
fn web_address(url: &str) -> Option<String> {
    let url = url.trim();
    if !(url.starts_with("https://") || url.starts_with("http://")) {
        return None;
    }
    let kept = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?#$&+,;=%".contains(&byte);
    let parts = url.bytes().map(|byte| match kept(byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    });
    Some(parts.collect())
}

#[cfg(test)]
pub(crate) mod samples;
#[cfg(test)]
mod tests;
