//! The calls of `openapi.yaml`: what can be asked, with which parameters, and in which forms.

use serde_json::Value;

use super::repository;

/// One `GET` of the document.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// With its places in braces.
    pub(crate) path: String,
    /// The parameters of its query.
    pub(crate) query: Vec<String>,
    /// The media types of its response, without their parameters.
    pub(crate) forms: Vec<String>,
}

impl Call {
    /// Whether a browser gets a page.
    pub(crate) fn is_page(&self) -> bool {
        self.forms.iter().any(|form| form == "text/html")
    }

    /// Whether the path has a place for something.
    pub(crate) fn has_place(&self) -> bool {
        self.path.contains('{')
    }

    /// The path with something in its place.
    pub(crate) fn filled(&self, with: &str) -> String {
        let Some((before, rest)) = self.path.split_once('{') else {
            return self.path.clone();
        };
        let (_, behind) = rest.split_once('}').expect("a place has an end");
        assert!(!behind.contains('{'), "{}: two places", self.path);
        format!("{before}{with}{behind}")
    }
}

/// Every `GET`.
pub(crate) fn calls() -> Vec<Call> {
    let text = std::fs::read_to_string(repository().join("openapi.yaml")).expect("the contract");
    let document: Value = serde_saphyr::from_str(&text).expect("YAML");
    let paths = document["paths"].as_object().expect("paths").iter();
    let gets = paths.filter(|(_, methods)| methods["get"].is_object());
    gets.map(|(path, methods)| call(path, &methods["get"]))
        .collect()
}

fn call(path: &str, operation: &Value) -> Call {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let query = parameters.filter(|one| one["in"] == "query");
    let query = query.filter_map(|one| Some(one["name"].as_str()?.to_owned()));
    let forms = operation["responses"]["200"]["content"].as_object();
    let forms = forms.into_iter().flatten().map(|(form, _)| form);
    Call {
        path: path.to_owned(),
        query: query.collect(),
        forms: forms
            .filter_map(|form| Some(form.split(';').next()?.to_owned()))
            .collect(),
    }
}

/// A text as it stands in a path or a query: every byte but letters and digits percent-encoded.
pub(crate) fn encoded(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(byte).collect()
}
