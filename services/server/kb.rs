//! `whymid kb`: check a knowledge base, read one diagnosis.

use std::path::Path;
use std::process::ExitCode;

use jiff::tz::TimeZone;
use whymid_diagnosis::{Knowledge, Source, Style, check, nearest_word};
use whymid_schemas::Lang;

/// `kb check [DIR]`: every fault, one line each; exit 1 if any.
pub fn run_check(dir: Option<&Path>) -> anyhow::Result<ExitCode> {
    let source = match dir {
        Some(dir) => Source::folder(dir)
            .map_err(|error| anyhow::anyhow!("failed to read {}: {error}", dir.display()))?,
        None => Source::embedded(),
    };
    let faults = check(&source);
    let prefix = dir
        .map(|dir| format!("{}/", dir.display().to_string().trim_end_matches('/')))
        .unwrap_or_default();
    for fault in &faults {
        println!("{prefix}{fault}");
    }
    if faults.is_empty() {
        let knowledge = Knowledge::read(&source).0;
        println!(
            "no faults: {} articles, {} diagnoses, version {}",
            knowledge.article_texts(Lang::En).len(),
            knowledge.ids().count(),
            knowledge.version
        );
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("whymid: {} faults", faults.len());
    Ok(ExitCode::from(1))
}

/// `kb explain ID`: what the diagnosis is and what its article says.
pub fn run_explain(id: &str, lang: Lang) -> anyhow::Result<ExitCode> {
    let knowledge = Knowledge::embedded();
    let style = Style {
        lang,
        zone: TimeZone::UTC,
        base_url: String::new(),
    };
    let (Some(entry), Some(section)) = (
        knowledge.entry(id, &style),
        knowledge.section_markdown(id, lang),
    ) else {
        let near = nearest_word(id, knowledge.ids());
        let near = near.map_or(String::new(), |near| format!(" did you mean `{near}`?"));
        let all = knowledge.ids().collect::<Vec<_>>().join(", ");
        anyhow::bail!("no diagnosis `{id}`;{near} All of them: {all}");
    };
    println!("{}", section.trim());
    println!();
    for reference in &entry.article.references {
        println!("- {} <{}>", reference.title, reference.url);
    }
    Ok(ExitCode::SUCCESS)
}
