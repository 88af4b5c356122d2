//! `rules.yaml` as written: the shape of the file, every value with the place it stands at.
//!
//! Structure is checked here (unknown and missing keys, wrong types); what the values mean is
//! checked in `rule.rs`.

use serde::Deserialize;
pub(crate) use serde_saphyr::Spanned;

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RuleFile {
    pub(crate) diagnoses: Vec<RawDiagnosis>,
}

/// One diagnosis.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawDiagnosis {
    pub(crate) id: Spanned<String>,
    #[serde(default)]
    pub(crate) number: Option<u32>,
    pub(crate) given_by: Spanned<String>,
    #[serde(default)]
    pub(crate) symptoms: Vec<Spanned<String>>,
    pub(crate) severity: Spanned<String>,
    pub(crate) heals_by_retry: Spanned<String>,
    pub(crate) party: Vec<Spanned<String>>,
    pub(crate) grouping: Spanned<String>,
    pub(crate) summary: RawText,
    #[serde(default)]
    pub(crate) summaries: Vec<RawNote>,
    #[serde(default)]
    pub(crate) conditions: Vec<RawCondition>,
    #[serde(default)]
    pub(crate) grades: Vec<RawGrade>,
    #[serde(default)]
    pub(crate) would_raise_confidence: Vec<RawNote>,
    pub(crate) next_steps: Vec<RawStep>,
    pub(crate) for_the_helpdesk: RawText,
    #[serde(default)]
    pub(crate) also: Vec<RawAlso>,
}

/// A text in both languages.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawText {
    pub(crate) en: Spanned<String>,
    pub(crate) ja: Spanned<String>,
}

/// One condition.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawCondition {
    #[serde(rename = "if")]
    pub(crate) when: Spanned<String>,
    pub(crate) holds: RawText,
    pub(crate) fails: RawText,
    #[serde(default)]
    pub(crate) lines: Vec<Spanned<String>>,
}

/// One grade.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawGrade {
    #[serde(rename = "if", default)]
    pub(crate) when: Option<Spanned<String>>,
    pub(crate) confidence: Spanned<String>,
    pub(crate) precedence: Spanned<String>,
}

/// A text under a condition.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawNote {
    #[serde(rename = "if", default)]
    pub(crate) when: Option<Spanned<String>>,
    pub(crate) text: RawText,
}

/// One step.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawStep {
    pub(crate) who: Spanned<String>,
    #[serde(rename = "if", default)]
    pub(crate) when: Option<Spanned<String>>,
    pub(crate) text: RawText,
    #[serde(default)]
    pub(crate) command: Option<Spanned<String>>,
}

/// An annotating diagnosis.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawAlso {
    pub(crate) id: Spanned<String>,
    #[serde(rename = "if", default)]
    pub(crate) when: Option<Spanned<String>>,
}
