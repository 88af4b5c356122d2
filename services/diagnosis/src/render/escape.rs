//! Makes a stranger's text harmless in plain text and in Markdown.

/// One line without anything that a terminal or a renderer would obey.
pub(super) fn plain(text: &str) -> String {
    let visible = text.chars().filter_map(|character| match character {
        '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}' => Some(' '),
        '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{feff}' => None,
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => None,
        other if other.is_control() => None,
        other => Some(other),
    });
    visible.collect::<String>().trim().to_owned()
}

/// One line of Markdown in which nothing is markup.
pub(super) fn escape(text: &str) -> String {
    let text = plain(text);
    let mut out = String::with_capacity(text.len() + 8);
    for (at, character) in text.char_indices() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '$' => out.extend(['\\', character]),
            '#' | '+' | '-' | '=' if at == 0 => out.extend(['\\', character]),
            '.' | ')' if ends_a_list_number(&text[..at]) => out.extend(['\\', character]),
            // Neither a link nor somebody's attention: `https:`, `www.`, `@name`.
            ':' if text[at..].starts_with("://") => out.push_str("\\:"),
            '.' if ends_with_www(&text[..at]) => out.push_str("\\."),
            '@' if !text[..at].ends_with(char::is_alphanumeric) => out.push_str("\\@"),
            other => out.push(other),
        }
    }
    out
}

fn ends_a_list_number(before: &str) -> bool {
    !before.is_empty() && before.bytes().all(|byte| byte.is_ascii_digit())
}

fn ends_with_www(before: &str) -> bool {
    let start = before.len().saturating_sub(3);
    before
        .get(start..)
        .is_some_and(|end| end.eq_ignore_ascii_case("www"))
}

/// A code span that holds any text: fenced by more backticks than the text has in a row.
pub(super) fn code_span(text: &str) -> String {
    let text = plain(text);
    let fence = "`".repeat(longest_run(&text) + 1);
    let pad = if text.is_empty() || text.starts_with('`') || text.ends_with('`') {
        " "
    } else {
        ""
    };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// A fenced block of one line, indented as part of a list item.
pub(super) fn fenced(text: &str, indent: &str) -> String {
    let text = plain(text);
    let fence = "`".repeat(longest_run(&text).max(2) + 1);
    format!("\n{indent}{fence}text\n{indent}{text}\n{indent}{fence}\n")
}

fn longest_run(text: &str) -> usize {
    text.split(|character| character != '`')
        .map(str::len)
        .max()
        .unwrap_or(0)
}

/// An http(s) address that cannot end a link early; `None` for any other scheme.
pub(super) fn web_address(url: &str) -> Option<String> {
    let url = plain(url);
    if !(url.starts_with("https://") || url.starts_with("http://")) {
        return None;
    }
    let mut out = String::with_capacity(url.len());
    for character in url.chars() {
        match character {
            ' ' | '<' | '>' | '"' | '`' | '\\' | '(' | ')' | '[' | ']' => {
                out.push_str(&format!("%{:02X}", u32::from(character)));
            }
            other => out.push(other),
        }
    }
    Some(out)
}
