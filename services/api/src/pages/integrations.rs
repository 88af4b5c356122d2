//! `/docs/integrations`: how tickets are opened in each ticket system, as a text in two languages and
//! the examples that both show.
//!
//! The texts are Markdown (`docs/integrations/en.md`, `ja.md`), written as articles of the knowledge
//! base are. A line `{{ file }}` stands for an example of the same folder, so that no language has
//! others. Each example is run by a test (`tests/e2e/integrations.rs`).

use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use whymid_diagnosis::page_html;
use whymid_schemas::Lang;

use super::Shell;
use crate::{error::Failure, house::Visit, reply};

/// What stands before an example's name, and behind it.
const MARK: (&str, &str) = ("{{ ", " }}");

macro_rules! examples {
    ($($file:literal),* $(,)?) => {
        [$(($file, include_str!(concat!("../../docs/integrations/", $file)))),*]
    };
}

/// The examples, by their files.
pub(crate) const EXAMPLES: [(&str, &str); 19] = examples![
    "dry-run.sh",
    "try.sh",
    "change.sh",
    "webhook.sh",
    "webhook-receiver.py",
    "request-tracker.sh",
    "redmine.sh",
    "jira-cloud.sh",
    "jira-server.sh",
    "servicenow.sh",
    "zammad.sh",
    "zammad-by-tag.sh",
    "pagerduty.sh",
    "email.sh",
    "message.sh",
    "ask.sh",
    "inbound.sh",
    "scrip.pl",
    "dead.sh",
];

#[derive(Template)]
#[template(path = "integrations.html")]
struct Integrations {
    shell: Shell,
    sections: Vec<Section>,
    parts: Vec<Part>,
}

/// A heading, for the list of contents.
struct Section {
    id: String,
    title: String,
}

/// What the page is made of.
enum Part {
    /// Sanitised HTML.
    Prose(String),
    /// A program, to be copied.
    Example {
        /// Its anchor.
        id: String,
        file: &'static str,
        text: &'static str,
    },
}

/// The page.
pub(crate) fn page(request: &HttpRequest, house: &Visit) -> Result<HttpResponse, Failure> {
    let shell = Shell::new(request, house);
    let lang = shell.lang;
    let text = text(lang);
    let page = Integrations {
        shell,
        sections: sections(text),
        parts: parts(text),
    };
    reply::page(&page, lang)
}

/// The page's text in a language.
pub(crate) const fn text(lang: Lang) -> &'static str {
    match lang {
        Lang::En => include_str!("../../docs/integrations/en.md"),
        Lang::Ja => include_str!("../../docs/integrations/ja.md"),
    }
}

fn sections(text: &str) -> Vec<Section> {
    let headings = text.lines().filter_map(|line| line.strip_prefix("## "));
    let section = |heading: &str| {
        let (title, id) = heading.split_once(" {#")?;
        Some(Section {
            id: id.trim_end_matches('}').to_owned(),
            title: title.to_owned(),
        })
    };
    headings.filter_map(section).collect()
}

fn parts(text: &'static str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut prose = String::new();
    for line in text.lines() {
        let name = line.strip_prefix(MARK.0);
        let name = name.and_then(|line| line.strip_suffix(MARK.1));
        match name.and_then(example) {
            Some(example) => {
                parts.push(Part::Prose(page_html(&std::mem::take(&mut prose))));
                parts.push(example);
            }
            None => {
                prose.push_str(line);
                prose.push('\n');
            }
        }
    }
    parts.push(Part::Prose(page_html(&prose)));
    parts
}

fn example(name: &str) -> Option<Part> {
    let (file, text) = EXAMPLES.iter().find(|(file, _)| *file == name)?;
    Some(Part::Example {
        id: format!("example-{}", file.replace('.', "-")),
        file,
        text: text.trim_end(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names between the marks, and the anchors, in their order.
    fn outline(lang: Lang) -> (Vec<&'static str>, Vec<String>) {
        let names = text(lang)
            .lines()
            .filter_map(|line| line.strip_prefix(MARK.0)?.strip_suffix(MARK.1));
        let ids = sections(text(lang)).into_iter().map(|one| one.id);
        (names.collect(), ids.collect())
    }

    #[test]
    fn both_languages_have_the_same_sections_and_every_example_once() {
        let (names, ids) = outline(Lang::En);
        assert_eq!((names.clone(), ids), outline(Lang::Ja));
        let mut named = names;
        named.sort_unstable();
        let mut known = EXAMPLES.map(|(file, _)| file);
        known.sort_unstable();
        assert_eq!(named, known);
        let headings = |lang| text(lang).matches("\n## ").count();
        let ids = outline(Lang::En).1;
        assert_eq!(headings(Lang::En), ids.len(), "each has an anchor");
        assert_eq!(headings(Lang::Ja), ids.len(), "each has an anchor");
    }

    #[test]
    fn both_languages_show_the_same_blocks_and_tables_of_the_same_height() {
        let blocks = |lang| -> Vec<&str> { text(lang).split("\n```").skip(1).step_by(2).collect() };
        assert_eq!(blocks(Lang::En), blocks(Lang::Ja));
        let rows = |lang| {
            text(lang)
                .lines()
                .filter(|line| line.starts_with('|'))
                .count()
        };
        assert_eq!(rows(Lang::En), rows(Lang::Ja));
    }

    #[test]
    fn the_prose_keeps_no_mark() {
        for lang in [Lang::En, Lang::Ja] {
            let parts = parts(text(lang));
            let examples = parts
                .iter()
                .filter(|one| matches!(one, Part::Example { .. }));
            assert_eq!(examples.count(), EXAMPLES.len());
            for part in &parts {
                if let Part::Prose(html) = part {
                    assert!(!html.contains(".sh }}"), "{html}");
                }
            }
        }
    }
}
