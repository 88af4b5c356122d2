//! The knowledge base: read, checked, compiled.
//!
//! From a set of files ([`Source`]: the ones in the binary, or a folder) to [`Knowledge`], with
//! every fault found on the way. A faulty diagnosis or article is left out; what is left works.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use include_dir::{Dir, include_dir};
use sha2::{Digest, Sha256};
use whymid_schemas::Lang;

use crate::article::{self, Article, Link};
use crate::fault::{Fault, Faults, nearest};
use crate::rule::{self, Diagnosis, is_japanese, is_kebab_case};
use crate::rule_file::RuleFile;

static EMBEDDED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../kb");

/// The diagnoses that the engine gives by itself and so must find.
pub(crate) const LOG_INCOMPLETE: &str = "log-incomplete";
pub(crate) const MID_UNKNOWN: &str = "mid-unknown";
pub(crate) const NO_MID: &str = "no-mid-was-ever-assigned";
pub(crate) const NO_CAUSE: &str = "cause-not-in-knowledge-base";
/// No. 96: what was delivered.
pub(crate) const DELIVERED: &str = "delivered-ok";
/// No. 85: recipients fared differently.
pub(crate) const SPLINTERED: &str = "splintered-partial-outcome";
/// No. 97: the mail goes on under another MID.
pub(crate) const WENT_ON: &str = "rewritten-or-generated-follow-family";
/// No. 95: more than one rule fits equally well.
pub(crate) const SEVERAL: &str = "multiple-candidate-causes";
const ENGINE_STATES: [&str; 7] = [
    LOG_INCOMPLETE,
    MID_UNKNOWN,
    NO_MID,
    NO_CAUSE,
    SPLINTERED,
    WENT_ON,
    SEVERAL,
];

/// The files of a knowledge base, by path relative to it.
#[derive(Clone, Debug, Default)]
pub struct Source {
    pub(crate) files: BTreeMap<String, String>,
    /// Files that are not UTF-8.
    unreadable: Vec<String>,
}

impl Source {
    /// The knowledge base that is built into the binary.
    #[must_use]
    pub fn embedded() -> Self {
        let mut source = Self::default();
        source.add_embedded(&EMBEDDED);
        source
    }

    fn add_embedded(&mut self, folder: &Dir<'_>) {
        for file in folder.files() {
            self.add(&file.path().to_string_lossy(), file.contents());
        }
        for inner in folder.dirs() {
            self.add_embedded(inner);
        }
    }

    /// The knowledge base in a folder.
    ///
    /// # Errors
    /// When the folder or a file in it can't be read.
    pub fn folder(folder: &Path) -> std::io::Result<Self> {
        let mut source = Self::default();
        source.add_folder(folder, "")?;
        Ok(source)
    }

    fn add_folder(&mut self, folder: &Path, prefix: &str) -> std::io::Result<()> {
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            if entry.file_type()?.is_dir() {
                self.add_folder(&entry.path(), &format!("{name}/"))?;
            } else {
                self.add(&name, &std::fs::read(entry.path())?);
            }
        }
        Ok(())
    }

    fn add(&mut self, path: &str, contents: &[u8]) {
        let path = path.replace('\\', "/");
        match std::str::from_utf8(contents) {
            Ok(text) => {
                self.files.insert(path, text.replace("\r\n", "\n"));
            }
            Err(_) => self.unreadable.push(path),
        }
    }

    /// The articles' names: every folder that holds a file.
    fn articles(&self) -> BTreeSet<&str> {
        self.files
            .keys()
            .filter_map(|path| Some(path.split_once('/')?.0))
            .collect()
    }

    fn version(&self) -> String {
        let mut hash = Sha256::new();
        for (path, text) in &self.files {
            hash.update(path.as_bytes());
            hash.update([0]);
            hash.update(text.as_bytes());
            hash.update([0]);
        }
        hash.finalize()[..6]
            .iter()
            .fold(String::new(), |mut hex, byte| {
                let _ = write!(hex, "{byte:02x}");
                hex
            })
    }
}

/// The compiled knowledge base.
#[derive(Debug)]
pub struct Knowledge {
    /// A hash of all of it: changes when anything changes.
    pub version: String,
    pub(crate) articles: BTreeMap<String, BTreeMap<Lang, Article>>,
    pub(crate) diagnoses: Vec<Diagnosis>,
}

impl Knowledge {
    /// The built-in one. It has no faults: a test holds that.
    #[must_use]
    pub fn embedded() -> Self {
        Self::read(&Source::embedded()).0
    }

    /// Reads and compiles, and tells every fault of articles, translations and rules. Examples
    /// are checked by [`crate::check`].
    #[must_use]
    pub fn read(source: &Source) -> (Self, Vec<Fault>) {
        let mut reader = Reader {
            source,
            faults: Vec::new(),
            links: Vec::new(),
        };
        let (mut articles, mut diagnoses) = (BTreeMap::new(), Vec::new());
        for path in &source.unreadable {
            Faults::of(path, &mut reader.faults).add(1, "not UTF-8; save the file as UTF-8");
        }
        for name in source.articles() {
            let (texts, rules) = reader.article(name);
            articles.insert(name.to_owned(), texts);
            diagnoses.extend(rules);
        }
        reader.whole(&articles, &mut diagnoses);
        diagnoses.sort_by(|a, b| (a.number, &a.id).cmp(&(b.number, &b.id)));
        let knowledge = Self {
            version: source.version(),
            articles,
            diagnoses,
        };
        let mut faults = reader.faults;
        faults.sort();
        (knowledge, faults)
    }

    /// One diagnosis.
    #[must_use]
    pub fn diagnosis(&self, id: &str) -> Option<&Diagnosis> {
        self.diagnoses.iter().find(|one| one.id == id)
    }

    /// Every diagnosis id, in the catalogue's order.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.diagnoses.iter().map(|one| one.id.as_str())
    }

    pub(crate) fn text(&self, article: &str, lang: Lang) -> Option<&Article> {
        self.articles.get(article)?.get(&lang)
    }
}

struct Reader<'s> {
    source: &'s Source,
    faults: Vec<Fault>,
    links: Vec<(String, Link)>,
}

impl Reader<'_> {
    fn article(&mut self, name: &str) -> (BTreeMap<Lang, Article>, Vec<Diagnosis>) {
        let rules_path = format!("{name}/rules.yaml");
        if !is_kebab_case(name) {
            Faults::of(&rules_path, &mut self.faults)
                .add(1, "an article's folder is named in kebab-case");
        }
        let mut texts = BTreeMap::new();
        for lang in Lang::ALL.iter().copied() {
            let path = article_path(name, lang);
            let Some(text) = self.source.files.get(&path) else {
                Faults::of(&path, &mut self.faults).add(
                    1,
                    "this file is missing; every article has its twin in both languages",
                );
                continue;
            };
            let mut faults = Faults::of(&path, &mut self.faults);
            if let Some((article, links)) = article::read(text, &mut faults) {
                self.links
                    .extend(links.into_iter().map(|link| (path.clone(), link)));
                texts.insert(lang, article);
            }
        }
        let rules = self.rules(name, &rules_path);
        self.twins(name, &texts);
        self.sections(name, &texts, &rules);
        (texts, rules)
    }

    fn rules(&mut self, name: &str, path: &str) -> Vec<Diagnosis> {
        let mut faults = Faults::of(path, &mut self.faults);
        let Some(text) = self.source.files.get(path) else {
            faults.add(
                1,
                "this file is missing; it lists the diagnoses that the article explains",
            );
            return Vec::new();
        };
        match serde_saphyr::from_str::<RuleFile>(text) {
            Ok(file) => file
                .diagnoses
                .into_iter()
                .filter_map(|raw| rule::build(raw, name, &mut faults))
                .collect(),
            Err(error) => {
                let (line, text) = crate::fault::of_yaml(text, &error);
                faults.add(line, text);
                Vec::new()
            }
        }
    }

    /// The two languages say the same things in the same order.
    fn twins(&mut self, name: &str, texts: &BTreeMap<Lang, Article>) {
        let (Some(en), Some(ja)) = (texts.get(&Lang::En), texts.get(&Lang::Ja)) else {
            return;
        };
        let path = article_path(name, Lang::Ja);
        let mut faults = Faults::of(&path, &mut self.faults);
        for (text, what) in [(&ja.title, "title"), (&ja.summary, "summary")] {
            if !is_japanese(text) {
                faults.add(1, format!("the `{what}` holds no Japanese; translate it"));
            }
        }
        let urls = |article: &Article| {
            article
                .references
                .iter()
                .map(|one| one.url.clone())
                .collect::<Vec<_>>()
        };
        if urls(en) != urls(ja) {
            faults.add(
                1,
                "the references are not those of article.en.md, in the same order",
            );
        }
        let ids = |article: &Article| {
            article
                .sections
                .iter()
                .map(|one| one.id.clone())
                .collect::<Vec<_>>()
        };
        if ids(en) != ids(ja)
            && ids(en).iter().collect::<BTreeSet<_>>() == ids(ja).iter().collect::<BTreeSet<_>>()
        {
            faults.add(1, "the sections are not in the order of article.en.md");
        }
        for section in &ja.sections {
            if !is_japanese(&section.explanation) || !is_japanese(&section.title) {
                faults.add(
                    section.line,
                    format!("the section `{}` is not translated", section.id),
                );
            }
        }
    }

    /// Each diagnosis has one section in each language, and each section its diagnosis.
    fn sections(&mut self, name: &str, texts: &BTreeMap<Lang, Article>, rules: &[Diagnosis]) {
        let rules_path = format!("{name}/rules.yaml");
        let listed = self
            .source
            .files
            .get(&rules_path)
            .map_or("", String::as_str);
        for (lang, article) in texts {
            let path = article_path(name, *lang);
            for diagnosis in rules {
                let count = article
                    .sections
                    .iter()
                    .filter(|one| one.id == diagnosis.id)
                    .count();
                let text = match count {
                    1 => continue,
                    0 => format!(
                        "no section `{{#{}}}`; write one, its first paragraph explains the diagnosis",
                        diagnosis.id
                    ),
                    _ => format!(
                        "several sections `{{#{}}}`; an anchor stands once",
                        diagnosis.id
                    ),
                };
                let line = article
                    .sections
                    .iter()
                    .rfind(|one| one.id == diagnosis.id)
                    .map_or(1, |one| one.line);
                Faults::of(&path, &mut self.faults).add(line, text);
            }
            for section in &article.sections {
                let known = listed.lines().any(|line| {
                    line.trim_start_matches([' ', '-']).trim() == format!("id: {}", section.id)
                });
                if !known && !rules.iter().any(|one| one.id == section.id) {
                    let text = format!(
                        "the section `{}` has no diagnosis in rules.yaml",
                        section.id
                    );
                    Faults::of(&path, &mut self.faults).add(section.line, text);
                }
            }
        }
    }

    /// What only all articles together can tell.
    fn whole(
        &mut self,
        articles: &BTreeMap<String, BTreeMap<Lang, Article>>,
        diagnoses: &mut Vec<Diagnosis>,
    ) {
        let mut seen: BTreeMap<String, String> = BTreeMap::new();
        for diagnosis in diagnoses.iter() {
            if let Some(first) = seen.insert(diagnosis.id.clone(), diagnosis.article.clone()) {
                let path = format!("{}/rules.yaml", diagnosis.article);
                Faults::of(&path, &mut self.faults).add(
                    diagnosis.line,
                    format!(
                        "the id `{}` is already used in {first}/rules.yaml; ids are never reused",
                        diagnosis.id
                    ),
                );
            }
        }
        for diagnosis in diagnoses.iter() {
            let path = format!("{}/rules.yaml", diagnosis.article);
            for also in &diagnosis.also {
                if !seen.contains_key(&also.id) {
                    let hint = nearest(&also.id, seen.keys().map(String::as_str));
                    Faults::of(&path, &mut self.faults).add(
                        also.line,
                        format!("`also` names the unknown diagnosis `{}`{hint}", also.id),
                    );
                }
            }
        }
        for state in ENGINE_STATES {
            if !seen.contains_key(state) {
                Faults::of("what-the-log-cannot-tell/rules.yaml", &mut self.faults).add(
                    1,
                    format!("the diagnosis `{state}`, which the engine gives, is missing"),
                );
            }
        }
        for (path, link) in std::mem::take(&mut self.links) {
            if let Some(text) = broken(&link.target, &path, articles) {
                Faults::of(&path, &mut self.faults).add(link.line, text);
            }
        }
        diagnoses.dedup_by(|a, b| a.id == b.id);
    }
}

/// What is wrong with a link, if anything.
fn broken(
    target: &str,
    path: &str,
    articles: &BTreeMap<String, BTreeMap<Lang, Article>>,
) -> Option<String> {
    if target.starts_with("https://") {
        return None;
    }
    let here = path.split('/').next().unwrap_or_default();
    let (article, anchor) = match target.strip_prefix("../") {
        Some(rest) => {
            let (article, anchor) = rest.split_once('#').unwrap_or((rest, ""));
            (article.trim_end_matches('/'), anchor)
        }
        None => (here, target.strip_prefix('#').unwrap_or("?")),
    };
    let Some(texts) = articles.get(article) else {
        return Some(format!("the link `{target}` points to no article"));
    };
    let there = |article: &Article| article.sections.iter().any(|one| one.id == anchor);
    if !anchor.is_empty() && !texts.values().all(there) {
        return Some(format!(
            "the link `{target}` points to nothing; use https://…, ../<article>/#<anchor> or #<anchor>"
        ));
    }
    None
}

pub(crate) fn article_path(name: &str, lang: Lang) -> String {
    format!("{name}/article.{lang}.md")
}
