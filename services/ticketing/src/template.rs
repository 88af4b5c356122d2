//! A site's own words for tickets: Jinja templates over the answer, filled.
//!
//! Values are escaped as Markdown as they are put in, so that strangers' text stays text. Bounded:
//! 16 KiB of template, 50,000 steps, 64 KiB of result. What an answer lacks is empty.
//!
//! Not here: our own words (`words.rs`).

use minijinja::value::{Serde, merge_maps};
use minijinja::{Environment, UndefinedBehavior, Value};
use serde::Serialize;
use whymid_schemas::{Answer, Text};

/// The longest template, bytes.
const LONGEST: usize = 16 * 1024;
/// The most steps in filling one.
const FUEL: u64 = 50_000;
/// The longest result, bytes.
const MOST: usize = 64 * 1024;

/// What a template may speak of beside the answer's members.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Beside {
    pub(crate) key: String,
    pub(crate) revision: u32,
    pub(crate) count: u64,
    pub(crate) first_at: String,
    pub(crate) last_at: String,
    pub(crate) kind: &'static str,
    pub(crate) subscription: String,
    pub(crate) url: Option<String>,
}

/// Fills a template; `plain` for one line of plain text, else Markdown.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn fill(
    template: &str,
    answer: Option<&Answer>,
    beside: &Beside,
    plain: bool,
) -> Result<String, Text> {
    if template.len() > LONGEST {
        return Err(twins!(
            "it is longer than {LONGEST} bytes",
            "{LONGEST} バイトを超えています"
        ));
    }
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Chainable);
    environment.set_fuel(Some(FUEL));
    if !plain {
        environment.set_formatter(|out, _, value| {
            if value.is_undefined() || value.is_none() {
                return Ok(());
            }
            let text = whymid_diagnosis::escaped(&value.to_string());
            out.write_str(&text).map_err(minijinja::Error::from)
        });
    }
    let answer = answer.map(|answer| Value::from(Serde(answer)));
    let values = merge_maps(answer.into_iter().chain([Value::from(Serde(beside))]));
    let filled = environment.render_str(template, values);
    let filled = filled.map_err(|error| {
        let line = error.line().unwrap_or(1);
        twins!(
            "{error} (line {line})",
            "テンプレートに誤りがあります（{line} 行目）: {error}"
        )
    })?;
    if filled.len() > MOST {
        return Err(twins!(
            "it makes more than {MOST} bytes",
            "結果が {MOST} バイトを超えます"
        ));
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(template: &str) -> Result<String, Text> {
        let beside = Beside {
            key: "wm-1".to_owned(),
            count: 3,
            subscription: "a *bold* [link](http://evil.example)".to_owned(),
            ..Beside::default()
        };
        fill(template, None, &beside, false)
    }

    #[test]
    fn values_come_as_text_and_what_is_not_there_is_empty() {
        assert_eq!(
            filled("## {{ key }}: {{ count }} {{ message.subject }}{{ a.b.c }}."),
            Ok("## wm-1: 3 .".to_owned())
        );
        let text = filled("{{ subscription }}").expect("filled");
        assert_eq!(text, "a \\*bold\\* \\[link\\](http\\://evil.example)");
    }

    #[test]
    fn what_is_wrong_is_told_and_what_does_not_end_is_ended() {
        assert!(filled("{{ key").is_err());
        assert!(filled("{% for a in range(100000) %}{{ a }}{% endfor %}").is_err());
        assert!(filled("{% include 'x' %}").is_err());
        let nested = "{% for a in range(1000) %}{% for b in range(1000) %}{% endfor %}{% endfor %}";
        assert!(filled(nested).is_err());
    }
}
