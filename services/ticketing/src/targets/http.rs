//! What the drivers that speak HTTP and JSON have in common: addresses from a setting and what is
//! below it, credentials, requests, and looking into answers without trusting their shape.
//!
//! Invariants: what a setting or an answer says is one segment of a path or one value of a query, and
//! never more; nothing here panics, whatever an answer holds.
//!
//! Not here: sending (`carrier.rs`), statuses that are no success (`courier.rs`).

#[cfg(test)]
pub(crate) mod examples;

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::Value;
use url::Url;

use crate::target::{Method, Refusal, Request, Step};

/// Header fields.
pub(crate) type Headers = Vec<(&'static str, String)>;

/// The address of what is below another one: `https://rt.example/rt`, `["REST", "2.0"]` and
/// `[("page", "2")]` to `https://rt.example/rt/REST/2.0?page=2`.
pub(crate) fn address(
    base: &str,
    below: &[&str],
    query: &[(&str, &str)],
) -> Result<String, Refusal> {
    let mut address = parsed(base)?;
    address
        .path_segments_mut()
        .map_err(|()| no_address(base))?
        .pop_if_empty()
        .extend(below);
    if !query.is_empty() {
        address.query_pairs_mut().extend_pairs(query);
    }
    Ok(address.into())
}

/// An address as set, without what can't have anything below it.
fn parsed(base: &str) -> Result<Url, Refusal> {
    let mut address = Url::parse(base.trim()).map_err(|_| no_address(base))?;
    address.set_query(None);
    address.set_fragment(None);
    Ok(address)
}

fn no_address(base: &str) -> Refusal {
    Refusal(twins!(
        "the setting `url` is no address: {base}",
        "設定 `url` がアドレスではありません: {base}"
    ))
}

/// The `Authorization` of a user and a password (RFC 7617).
pub(crate) fn basic(user: &str, password: &str) -> String {
    let both = BASE64_STANDARD.encode(format!("{user}:{password}"));
    format!("Basic {both}")
}

/// The `Authorization` of a token (RFC 6750).
pub(crate) fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

/// The header fields of a token's `Authorization`, or a user's who has a password.
pub(crate) fn credentials(
    token: Option<String>,
    user: Option<&str>,
    password: Option<&str>,
) -> Result<Headers, Refusal> {
    let value = match (token, user, password) {
        (Some(token), _, _) => token,
        (None, Some(user), Some(password)) => basic(user, password),
        (None, _, _) => {
            return Err(Refusal(twins!(
                "the settings have neither `token` nor `user` and `password`",
                "`token` も、`user` と `password` も設定されていません"
            )));
        }
    };
    Ok(vec![("Authorization", value)])
}

/// A request that asks for JSON.
pub(crate) fn get(url: String, credentials: Headers) -> Step {
    Step::Send(Request::Http {
        method: Method::Get,
        url,
        headers: asking(credentials),
        body: Vec::new(),
    })
}

/// A request that brings JSON, and asks for it.
pub(crate) fn send(method: Method, url: String, credentials: Headers, body: &Value) -> Step {
    let mut headers = asking(credentials);
    headers.push(("Content-Type", "application/json".to_owned()));
    Step::Send(Request::Http {
        method,
        url,
        headers,
        body: body.to_string().into_bytes(),
    })
}

fn asking(mut headers: Headers) -> Headers {
    headers.push(("Accept", "application/json".to_owned()));
    headers
}

/// A text with an event's marker as its last line.
pub(crate) fn marked(text: &str, marker: &str) -> String {
    match text.trim_end() {
        "" => marker.to_owned(),
        text => format!("{text}\n\n{marker}"),
    }
}

/// A priority that is a number, where the subscription says one.
pub(crate) fn numbered(priority: Option<&str>) -> Result<Option<u64>, Refusal> {
    let Some(priority) = priority else {
        return Ok(None);
    };
    let number = priority.trim().parse().map_err(|_| {
        Refusal(twins!(
            "`priorities` has to name numbers here, and {priority:?} is none",
            "`priorities` には数値を指定してください。{priority:?} は数値ではありません"
        ))
    })?;
    Ok(Some(number))
}

/// What stands somewhere in an answer: `/issue/id`.
pub(crate) fn at<'v>(answer: &'v Value, pointer: &str) -> Result<&'v Value, Refusal> {
    answer.pointer(pointer).ok_or_else(|| lacks(pointer))
}

/// The list that stands somewhere in an answer.
pub(crate) fn list<'v>(answer: &'v Value, pointer: &str) -> Result<&'v [Value], Refusal> {
    let found = at(answer, pointer)?.as_array();
    found.map(Vec::as_slice).ok_or_else(|| lacks(pointer))
}

/// What an answer calls a ticket, fit to be a part of an address.
pub(crate) fn id(answer: &Value, pointer: &str) -> Result<String, Refusal> {
    word(at(answer, pointer)?)
        .filter(|id| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric()))
        .ok_or_else(|| lacks(pointer))
}

/// A text or a whole number: systems disagree, and one with itself, about what an id is.
pub(crate) fn word(value: &Value) -> Option<String> {
    match value.as_str() {
        Some(text) => Some(text.to_owned()),
        None => value.as_u64().map(|number| number.to_string()),
    }
}

fn lacks(pointer: &str) -> Refusal {
    Refusal(twins!(
        "its answer lacks what it should have at {pointer}: is the address right?",
        "応答の {pointer} にあるはずの値がありません。アドレスが正しいか確認してください"
    ))
}

/// The first text that stands at one of these places of an answer that is no success.
pub(crate) fn said(body: &[u8], pointers: &[&str]) -> Option<String> {
    let answer: Value = serde_json::from_slice(body).ok()?;
    pointers
        .iter()
        .filter_map(|pointer| answer.pointer(pointer)?.as_str())
        .map(|text| text.trim().to_owned())
        .find(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_goes_below_an_address_with_or_without_a_slash_at_its_end() {
        for base in ["https://rt.example/rt", "https://rt.example/rt/"] {
            let address = address(base, &["REST", "2.0"], &[]);
            assert_eq!(address, Ok("https://rt.example/rt/REST/2.0".to_owned()));
        }
        let bare = address("https://rt.example", &["issues.json"], &[]);
        assert_eq!(bare, Ok("https://rt.example/issues.json".to_owned()));
    }

    #[test]
    fn what_is_hostile_stays_one_segment_or_one_value() {
        let address = address(
            "https://rt.example/?a=b#c",
            &["a/../b?c#d", "..", "é"],
            &[("query", "a&b=c#d e+f'\"\\^\n日本")],
        );
        let expected = "https://rt.example/a%2F..%2Fb%3Fc%23d/%C3%A9\
            ?query=a%26b%3Dc%23d+e%2Bf%27%22%5C%5E%0A%E6%97%A5%E6%9C%AC";
        assert_eq!(address, Ok(expected.to_owned()));
    }

    #[test]
    fn what_is_no_address_is_refused_by_the_name_of_its_setting() {
        for base in ["", "rt.example", "mailto:rt@rt.example"] {
            let refusal = address(base, &["x"], &[]).unwrap_err();
            assert!(refusal.0.en.contains("`url`"), "{refusal}");
        }
    }

    #[test]
    fn credentials_are_as_the_rfcs_say() {
        assert_eq!(
            basic("Aladdin", "open sesame"),
            "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
        );
        assert_eq!(basic("é", "ü:"), "Basic w6k6w7w6");
        assert_eq!(bearer("abc"), "Bearer abc");
    }

    #[test]
    fn a_marker_is_the_last_line() {
        assert_eq!(marked("It failed.\n", "[m]"), "It failed.\n\n[m]");
        assert_eq!(marked("", "[m]"), "[m]");
    }

    #[test]
    fn only_what_can_be_a_part_of_an_address_is_an_id() {
        for good in ["12", "\"12\"", "\"0a1B\""] {
            let answer = serde_json::from_str(&format!("{{\"id\":{good}}}")).unwrap();
            assert!(id(&answer, "/id").is_ok(), "{good}");
        }
        for bad in [
            "\"\"", "\"..\"", "\"1/2\"", "-1", "1.5", "null", "[1]", "{}",
        ] {
            let answer = serde_json::from_str(&format!("{{\"id\":{bad}}}")).unwrap();
            assert!(id(&answer, "/id").is_err(), "{bad}");
        }
    }

    #[test]
    fn the_first_text_is_what_a_system_says() {
        let body = br#"{"error_human":"","error":"No such group"}"#;
        let said = |body: &[u8]| said(body, &["/error_human", "/error"]);
        assert_eq!(said(body).as_deref(), Some("No such group"));
        assert_eq!(said(b"<html>"), None);
        assert_eq!(said(b"[]"), None);
    }
}
