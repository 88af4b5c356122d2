//! Markdown to the wiki markup of Jira Server and Data Center.
//!
//! Every character of a text that could mean something where it stands is escaped: by a backslash,
//! as Jira's "Text formatting notation" says, and a backslash itself by its number. Blocks of code
//! are `{noformat}`, and what would end one is broken by a space of no width.
//! Jira's own links to issues (`ABC-1`) are left to it: they lead nowhere else.

use super::tree::{self, Block, Inline, words};

/// Jira takes 32,767 characters; the marker comes after this.
const MOST: usize = 32_000;

/// The text as wiki markup.
pub(crate) fn text(markdown: &str) -> String {
    tree::fitting(markdown, MOST, write)
}

/// Words in which nothing is markup.
pub(crate) fn escape(text: &str) -> String {
    let letters = text.chars().collect::<Vec<_>>();
    let mut out = String::with_capacity(text.len() + 8);
    for (at, letter) in letters.iter().enumerate() {
        match (*letter, means_something(&letters, at)) {
            ('\\', true) => out.push_str("&#92;"),
            ('&', true) => out.push_str("&amp;"),
            (letter, true) => out.extend(['\\', letter]),
            (letter, false) => out.push(letter),
        }
    }
    out
}

fn means_something(letters: &[char], at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|at| letters.get(at)).copied();
    let after = letters.get(at + 1).copied();
    let is_word = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
    match letters.get(at).copied().unwrap_or_default() {
        '{' | '}' | '[' | ']' | '!' | '|' | '(' => true,
        '*' | '_' | '-' | '+' | '^' | '~' => !(is_word(before) && is_word(after)),
        '\\' => !is_word(after),
        '&' => is_word(after) || after == Some('#'),
        '?' => before == Some('?') || after == Some('?'),
        '@' => !is_word(before),
        // addresses and the faces `:)`, but not the time of day
        ':' | ';' => after.is_some_and(|after| !after.is_whitespace() && !after.is_ascii_digit()),
        '#' => letters[..at].iter().all(|letter| letter.is_whitespace()),
        '.' => is_block_prefix(&letters[..at]),
        _ => false,
    }
}

/// `h1.` and `bq.` at the beginning of a line.
fn is_block_prefix(before: &[char]) -> bool {
    let before = before.iter().collect::<String>();
    let before = before.trim().to_ascii_lowercase();
    before == "bq" || (before.len() == 2 && before.starts_with('h'))
}

fn write(blocks: &[Block]) -> String {
    let blocks = blocks.iter().map(|block| match block {
        Block::Paragraph(inlines) => line(inlines),
        Block::Heading(level, inlines) => format!("h{level}. {}", line(inlines)),
        Block::Code(code) => noformat(code),
        Block::List(first, items) => list("", *first, items),
    });
    blocks.collect::<Vec<_>>().join("\n\n")
}

fn noformat(code: &str) -> String {
    let mut out = String::with_capacity(code.len() + 32);
    for (at, letter) in code.char_indices() {
        out.push(letter);
        if letter == '{' && begins_a_macro(&code[at + 1..]) {
            out.push('\u{200b}');
        }
    }
    format!("{{noformat}}\n{out}\n{{noformat}}")
}

fn begins_a_macro(text: &str) -> bool {
    let is = |word: &str| {
        let start = text.get(..word.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(word))
    };
    is("noformat") || is("code")
}

/// The markers of the lists around stand before each item's own: `#*`.
fn list(around: &str, first: Option<u64>, items: &[Vec<Block>]) -> String {
    let markers = format!("{around}{}", if first.is_some() { '#' } else { '*' });
    let items = items.iter().map(|blocks| item(&markers, blocks));
    items.collect::<Vec<_>>().join("\n")
}

fn item(markers: &str, blocks: &[Block]) -> String {
    let mut out = format!("{markers} ");
    for (index, block) in blocks.iter().enumerate() {
        match block {
            Block::Paragraph(inlines) | Block::Heading(_, inlines) => {
                out.push_str(if index > 0 { "\\\\ " } else { "" });
                out.push_str(&line(inlines));
            }
            Block::Code(code) => out.push_str(&format!("\n{}", noformat(code))),
            Block::List(first, items) => {
                out.push_str(&format!("\n{}", list(markers, *first, items)));
            }
        }
    }
    out
}

fn line(inlines: &[Inline]) -> String {
    inlines.iter().map(inline).collect()
}

fn inline(inline: &Inline) -> String {
    match inline {
        Inline::Text(text) => escape(text),
        Inline::Code(text) => code(text),
        // in braces a mark also holds within a word, as Japanese needs it
        Inline::Strong(inside) => format!("{{*}}{}{{*}}", line(inside)),
        Inline::Emphasis(inside) => format!("{{_}}{}{{_}}", line(inside)),
        Inline::Link(url, inside) => link(url, &words(inside)),
        Inline::Break => "\\\\ ".to_owned(),
    }
}

/// Braces within braces are not sure to be read as we mean them: such code is only words.
fn code(text: &str) -> String {
    let text = text.trim();
    if text.is_empty() || text.contains(['{', '}', '\\']) {
        return escape(text);
    }
    format!("{{{{{}}}}}", escape(text))
}

/// A title with what a link is made of stands before it instead of in it.
fn link(url: &str, title: &str) -> String {
    if title == url {
        return format!("[{url}]");
    }
    if title.contains(['[', ']', '|', '\\']) {
        return format!("{} [{url}]", escape(title));
    }
    format!("[{}|{url}]", escape(title))
}

#[cfg(test)]
mod tests;
