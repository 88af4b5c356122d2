//! An article in one language: front matter, sections, the explanation of each diagnosis, HTML.
//!
//! A section is a second-level heading whose anchor is a diagnosis id; its heading is the title
//! and its first paragraph the explanation that answers carry.

use std::ops::Range;

use pulldown_cmark::{CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd};
use serde::Deserialize;
use whymid_schemas::Reference;

use crate::fault::Faults;
use crate::rule_file::Spanned;

/// One article in one language.
#[derive(Clone, Debug)]
pub(crate) struct Article {
    pub(crate) title: String,
    pub(crate) summary: String,
    pub(crate) references: Vec<Reference>,
    /// The text behind the front matter.
    pub(crate) markdown: String,
    pub(crate) sections: Vec<Section>,
}

/// The section about one diagnosis.
#[derive(Clone, Debug)]
pub(crate) struct Section {
    /// The diagnosis.
    pub(crate) id: String,
    /// The heading.
    pub(crate) title: String,
    /// The first paragraph, as plain text.
    pub(crate) explanation: String,
    /// Its line in the file.
    pub(crate) line: u64,
    /// Its bytes in the Markdown, heading included.
    pub(crate) range: Range<usize>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FrontMatter {
    title: Spanned<String>,
    summary: Spanned<String>,
    references: Vec<RawReference>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawReference {
    title: Spanned<String>,
    url: Spanned<String>,
}

/// A link that the article makes, for checking once every article is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) line: u64,
    pub(crate) target: String,
}

const OPTIONS: Options = Options::ENABLE_HEADING_ATTRIBUTES.union(Options::ENABLE_TABLES);

/// Reads an article; `None` when its front matter is unusable.
pub(crate) fn read(text: &str, faults: &mut Faults<'_>) -> Option<(Article, Vec<Link>)> {
    let Some((front, markdown)) = split(text) else {
        faults.add(
            1,
            "no front matter; begin with `---`, `title:`, `summary:`, `references:`, `---`",
        );
        return None;
    };
    let first_line = 1 + lines_in(&text[..text.len() - markdown.len()]);
    let front = front_matter(front, faults)?;
    let (sections, links) = body(markdown, first_line, faults);
    let article = Article {
        title: front.title.value,
        summary: front.summary.value,
        references: front
            .references
            .into_iter()
            .map(|one| Reference {
                title: one.title.value,
                url: one.url.value,
            })
            .collect(),
        markdown: markdown.to_owned(),
        sections,
    };
    Some((article, links))
}

fn split(text: &str) -> Option<(&str, &str)> {
    let rest = text.strip_prefix("---\n")?;
    rest.split_once("\n---\n")
}

fn lines_in(text: &str) -> u64 {
    text.bytes().filter(|byte| *byte == b'\n').count() as u64
}

fn front_matter(text: &str, faults: &mut Faults<'_>) -> Option<FrontMatter> {
    let front: FrontMatter = match serde_saphyr::from_str(text) {
        Ok(front) => front,
        Err(error) => {
            let (line, text) = crate::fault::of_yaml(text, &error);
            faults.add(line + 1, format!("front matter: {text}"));
            return None;
        }
    };
    for (value, what) in [(&front.title, "title"), (&front.summary, "summary")] {
        if value.value.trim().is_empty() {
            faults.add(
                value.referenced.line() + 1,
                format!("the `{what}` is empty; write it"),
            );
        }
    }
    for reference in &front.references {
        if !reference.url.value.starts_with("https://") {
            let line = reference.url.referenced.line() + 1;
            faults.add(
                line,
                format!(
                    "the reference `{}` is not https; give its https address",
                    reference.url.value
                ),
            );
        }
    }
    Some(front)
}

/// The heading that is being read.
struct Open {
    id: String,
    start: usize,
    title: String,
    explanation: Option<String>,
    in_title: bool,
    in_paragraph: bool,
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the Markdown parser's events are its own; the few that matter are named"
)]
fn body(markdown: &str, first_line: u64, faults: &mut Faults<'_>) -> (Vec<Section>, Vec<Link>) {
    let line_at = |place: usize| first_line + lines_in(&markdown[..place]);
    let mut sections: Vec<Section> = Vec::new();
    let mut links = Vec::new();
    let mut open: Option<Open> = None;
    let close = |open: Option<Open>, end: usize, sections: &mut Vec<Section>| {
        if let Some(open) = open {
            sections.push(Section {
                line: line_at(open.start),
                range: open.start..end,
                id: open.id,
                title: open.title,
                explanation: open.explanation.unwrap_or_default(),
            });
        }
    };
    for (event, range) in Parser::new_ext(markdown, OPTIONS).into_offset_iter() {
        match event {
            Event::Start(Tag::Heading {
                level: HeadingLevel::H2,
                id,
                ..
            }) => {
                close(open.take(), range.start, &mut sections);
                if id.is_none() {
                    faults.add(line_at(range.start), "a second-level heading needs the diagnosis id as its anchor: `## Title {#id}`");
                }
                open = id.map(|id| Open {
                    id: id.to_string(),
                    start: range.start,
                    title: String::new(),
                    explanation: None,
                    in_title: true,
                    in_paragraph: false,
                });
            }
            Event::Start(Tag::Heading {
                level: HeadingLevel::H1,
                ..
            }) => {
                faults.add(
                    line_at(range.start),
                    "the title stands in the front matter; begin sections with `##`",
                );
            }
            Event::End(TagEnd::Heading(_)) => {
                if let Some(open) = &mut open {
                    open.in_title = false;
                }
            }
            Event::Start(Tag::Paragraph) => {
                if let Some(open) = open.as_mut().filter(|open| open.explanation.is_none()) {
                    open.in_paragraph = true;
                    open.explanation = Some(String::new());
                }
            }
            Event::End(TagEnd::Paragraph) => {
                if let Some(open) = &mut open {
                    open.in_paragraph = false;
                }
            }
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                links.push(Link {
                    line: line_at(range.start),
                    target: dest_url.to_string(),
                });
            }
            Event::Html(_) | Event::InlineHtml(_) => {
                faults.add(
                    line_at(range.start),
                    "raw HTML is not allowed; use Markdown, and backticks around `<…>`",
                );
            }
            Event::Text(text) | Event::Code(text) => add_text(open.as_mut(), &text),
            Event::SoftBreak | Event::HardBreak => add_text(open.as_mut(), " "),
            _ => {}
        }
    }
    close(open, markdown.len(), &mut sections);
    for section in &sections {
        if section.explanation.trim().is_empty() {
            faults.add(
                section.line,
                format!(
                    "the section `{}` has no first paragraph; answers carry it as the explanation",
                    section.id
                ),
            );
        }
        if section.title.trim().is_empty() {
            faults.add(
                section.line,
                format!("the section `{}` has no title", section.id),
            );
        }
    }
    (sections, links)
}

fn add_text(open: Option<&mut Open>, text: &str) {
    let Some(open) = open else { return };
    if open.in_title {
        open.title.push_str(text);
    } else if open.in_paragraph
        && let Some(explanation) = &mut open.explanation
    {
        explanation.push_str(text);
    }
}

impl Article {
    /// The body as sanitised HTML: headings keep their anchors, links to other articles point to
    /// their pages.
    pub(crate) fn html(&self) -> String {
        sanitised(Parser::new_ext(&self.markdown, OPTIONS).map(point_at_page))
    }

    /// The section about one diagnosis, as Markdown.
    pub(crate) fn section_markdown(&self, id: &str) -> Option<&str> {
        let section = self.sections.iter().find(|section| section.id == id)?;
        self.markdown.get(section.range.clone())
    }
}

/// Markdown, written as articles are, as sanitised HTML; links stay as they are.
#[must_use]
pub fn page_html(markdown: &str) -> String {
    sanitised(Parser::new_ext(markdown, OPTIONS))
}

fn sanitised<'e>(events: impl Iterator<Item = Event<'e>>) -> String {
    let mut html = String::new();
    pulldown_cmark::html::push_html(&mut html, events);
    ammonia::Builder::default()
        .add_generic_attributes(["id"])
        // what may have to be scrolled can be reached by the keyboard
        .set_tag_attribute_value("pre", "tabindex", "0")
        .set_tag_attribute_value("table", "tabindex", "0")
        .link_rel(Some("noreferrer"))
        .clean(&html)
        .to_string()
}

/// A link to another article becomes one to its page.
fn point_at_page(event: Event<'_>) -> Event<'_> {
    let Event::Start(Tag::Link {
        link_type,
        dest_url,
        title,
        id,
    }) = event
    else {
        return event;
    };
    let dest_url = page_link(&dest_url).map_or(dest_url, CowStr::from);
    Event::Start(Tag::Link {
        link_type,
        dest_url,
        title,
        id,
    })
}

/// `../article/#anchor` as the page's address.
fn page_link(target: &str) -> Option<String> {
    let rest = target.strip_prefix("../")?;
    let (article, anchor) = rest.split_once('#').unwrap_or((rest, ""));
    let article = article.trim_end_matches('/');
    let anchor = if anchor.is_empty() {
        String::new()
    } else {
        format!("#{anchor}")
    };
    Some(format!("/kb/{article}{anchor}"))
}
