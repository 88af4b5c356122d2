//! What Jira's answers mean. Nothing in them is relied on to be there or to be of its kind.

use serde_json::Value;

use super::Wanted;
use whymid_schemas::Text;

use crate::target::Refusal;

/// The issues that carry the label: their keys, and whether they are open.
pub(super) fn found(answer: &Value, label: &str) -> Result<Vec<(String, bool)>, Refusal> {
    let Some(issues) = answer["issues"].as_array() else {
        return Err(strange("issues"));
    };
    let carrying = issues.iter().filter(|issue| {
        let labels = issue["fields"]["labels"].as_array();
        labels.is_some_and(|labels| labels.iter().any(|one| one == label))
    });
    let found = carrying.map(|issue| Ok((key(issue)?, !is_there(issue, Wanted::Done))));
    found.collect()
}

/// An issue's key.
pub(super) fn key(issue: &Value) -> Result<String, Refusal> {
    match issue["key"].as_str() {
        Some(key) if is_key(key) => Ok(key.to_owned()),
        Some(_) | None => Err(strange("key")),
    }
}

/// Whether it may stand in an address: `MAIL-12`.
pub(super) fn is_key(id: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    !id.is_empty() && id.bytes().all(fits)
}

/// Whether an issue is known to be where it is wanted.
pub(super) fn is_there(issue: &Value, wanted: Wanted) -> bool {
    leads(&issue["fields"]["status"], wanted)
}

/// Whether a status is of the wanted kind; one that says nothing is of none.
fn leads(status: &Value, wanted: Wanted) -> bool {
    let category = status["statusCategory"]["key"].as_str();
    category.is_some_and(|category| (category == "done") == (wanted == Wanted::Done))
}

/// The id of the transition to take: the one of that name, or the first that leads there.
pub(super) fn chosen(
    answer: &Value,
    wanted: Wanted,
    name: Option<&str>,
) -> Result<String, Refusal> {
    let Some(offered) = answer["transitions"].as_array() else {
        return Err(strange("transitions"));
    };
    let fits = |one: &&Value| match name {
        Some(name) => is_named(one, name),
        None => leads(&one["to"], wanted),
    };
    let one = offered.iter().find(fits);
    let one = one.ok_or_else(|| none_fits(offered, wanted, name))?;
    one["id"]
        .as_str()
        .map(str::to_owned)
        .or_else(|| one["id"].as_u64().map(|id| id.to_string()))
        .ok_or_else(|| strange("id"))
}

fn is_named(transition: &Value, name: &str) -> bool {
    let own = transition["name"].as_str().unwrap_or_default();
    own.trim().to_lowercase() == name.trim().to_lowercase()
}

fn none_fits(offered: &[Value], wanted: Wanted, name: Option<&str>) -> Refusal {
    let setting = match wanted {
        Wanted::Done => "done_transition",
        Wanted::NotDone => "reopen_transition",
    };
    let names = offered.iter().filter_map(|one| one["name"].as_str());
    let names = names.map(|name| format!("`{name}`")).collect::<Vec<_>>();
    let lacks = match name {
        Some(name) => twins!(
            "the issue has no transition `{name}`",
            "課題にトランジション `{name}` がありません"
        ),
        None => twins!(
            "no transition of the issue leads there",
            "目的のステータスへのトランジションが課題にありません"
        ),
    };
    if names.is_empty() {
        return Refusal(twins!(
            "{}, and it offers none to this user",
            "{}。このユーザーが使えるトランジションがありません"; lacks
        ));
    }
    let names = names.join(", ");
    let advice = twins!(
        "set `{setting}` to one that it offers: {names}",
        "使えるものを `{setting}` に設定してください: {names}"
    );
    Refusal(Text {
        en: format!("{}: {}", lacks.en, advice.en),
        ja: format!("{}。{}", lacks.ja, advice.ja),
    })
}

/// Whether any text of an answer holds `text`, whether or not wiki markup escaped it.
pub(super) fn holds(answer: &Value, text: &str) -> bool {
    match answer {
        Value::String(one) => one.contains(text) || one.replace('\\', "").contains(text),
        Value::Array(all) => all.iter().any(|one| holds(one, text)),
        Value::Object(all) => all.values().any(|one| holds(one, text)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// What Jira says is wrong: `errorMessages` and `errors`.
pub(super) fn complaint(body: &[u8]) -> Option<String> {
    let answer = serde_json::from_slice::<Value>(body).ok()?;
    let messages = answer["errorMessages"].as_array().into_iter().flatten();
    let messages = messages.filter_map(Value::as_str).map(str::to_owned);
    let errors = answer["errors"].as_object().into_iter().flatten();
    let errors = errors.filter_map(|(field, error)| Some(format!("{field}: {}", error.as_str()?)));
    let said = messages.chain(errors).collect::<Vec<_>>();
    (!said.is_empty()).then(|| said.join("; "))
}

fn strange(member: &str) -> Refusal {
    Refusal(twins!(
        "its answer has no usable `{member}`: is the address right, and `deployment`?",
        "応答の `{member}` を読み取れません。アドレスと `deployment` が正しいか確認してください"
    ))
}
