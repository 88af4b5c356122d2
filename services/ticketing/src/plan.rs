//! A subscription as written to one that can be followed: the filter compiled, spans read, the
//! target's driver at hand. All its faults at once.

use std::sync::Arc;

use base64::Engine as _;
use jiff::SignedDuration;
use whymid_schemas::{Answer, Secret, Target, Terms, Text};

use crate::filter::Filter;
use crate::span::span;
use crate::target::Driver;
use crate::targets::driver;
use crate::template::{self, Beside};
use crate::{guard, signature};

/// The longest name, letters.
const NAME: usize = 100;

/// A subscription that can be followed.
pub(crate) struct Plan {
    pub(crate) terms: Terms,
    pub(crate) filter: Filter,
    pub(crate) quiet_period: SignedDuration,
    pub(crate) resolve_after: SignedDuration,
    pub(crate) reopen_within: SignedDuration,
    pub(crate) at_most: (usize, SignedDuration),
    pub(crate) driver: Arc<dyn Driver>,
}

impl std::fmt::Debug for Plan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Plan")
            .field("terms", &self.terms)
            .finish_non_exhaustive()
    }
}

/// Collects what is wrong, each with the member that it is about.
#[derive(Default)]
struct Faults(Vec<Text>);

impl Faults {
    fn note(&mut self, member: &str, what: Text) {
        self.0.push(about(member, &what));
    }

    fn take<T>(&mut self, member: &str, tried: Result<T, Text>) -> Option<T> {
        tried.map_err(|what| self.note(member, what)).ok()
    }
}

/// What is wrong with a member.
pub(crate) fn about(member: &str, what: &Text) -> Text {
    twins!("{member}: {}", "{member}: {}"; what)
}

impl Plan {
    /// Checks a subscription; its secrets must be there.
    ///
    /// # Errors
    /// Everything that is wrong, `member: what and how to mend it`.
    pub(crate) fn check(mut terms: Terms) -> Result<Self, Vec<Text>> {
        let mut faults = Faults::default();
        terms.name = terms.name.trim().to_owned();
        let letters = terms.name.chars().count();
        if letters == 0 || letters > NAME || terms.name.chars().any(char::is_control) {
            let what = twins!(
                "takes 1 to {NAME} letters in one line",
                "改行なしで、1 から {NAME} 文字で指定してください"
            );
            faults.note("name", what);
        }
        let filter = faults.take("filter", Filter::compile(&terms.filter));
        if terms.dedup.is_empty() {
            let what = twins!(
                "names nothing: write [\"diagnosis\", \"grouping\"], or leave it out",
                "何も指定されていません。[\"diagnosis\", \"grouping\"] とするか、省略してください"
            );
            faults.note("dedup", what);
        }
        let mut read = |member, text: &str| faults.take(member, span(text));
        let spans = (
            read("quiet_period", &terms.quiet_period),
            read("resolve_after", &terms.resolve_after),
            read("reopen_within", &terms.reopen_within),
            read("at_most.per", &terms.at_most.per),
        );
        if terms.at_most.tickets == 0 {
            let what = twins!("is 1 at least", "1 以上にしてください");
            faults.note("at_most.tickets", what);
        }
        check_templates(&terms, &mut faults);
        check_target(&mut terms.target, &mut faults);
        let driver = driver(&terms.target);
        for (member, address) in driver.addresses() {
            if let Err(what) = guard::check_address(&address) {
                faults.note(&format!("target.{member}"), what);
            }
        }
        let (Some(quiet_period), Some(resolve_after), Some(reopen_within), Some(per)) = spans
        else {
            return Err(faults.0);
        };
        match filter {
            Some(filter) if faults.0.is_empty() => Ok(Self {
                filter,
                quiet_period,
                resolve_after,
                reopen_within,
                at_most: (terms.at_most.tickets as usize, per),
                driver: Arc::from(driver),
                terms,
            }),
            _ => Err(faults.0),
        }
    }
}

fn check_templates(terms: &Terms, faults: &mut Faults) {
    let beside = Beside::default();
    let none: Option<&Answer> = None;
    let both = [
        ("template.title", &terms.template.title, true),
        ("template.body", &terms.template.body, false),
    ];
    for (member, template, plain) in both {
        if let Some(template) = template {
            faults.take(member, template::fill(template, none, &beside, plain));
        }
    }
}

/// What the shapes do not say of a target's settings.
fn check_target(target: &mut Target, faults: &mut Faults) {
    for (member, secret) in target.secrets() {
        let text = secret.reveal();
        if text.is_empty() || secret.is_hidden() {
            faults.note(&format!("target.{member}"), missing());
        } else if text.chars().any(char::is_control) {
            let what = twins!("is not one line", "1 行にしてください");
            faults.note(&format!("target.{member}"), what);
        }
    }
    match target {
        Target::Webhook(one) => check_webhook(&mut one.secrets, faults),
        Target::RequestTracker(one) => {
            let login = (one.user.is_some(), one.password.is_some());
            check_login(one.token.is_some(), login, faults);
            let field = &one.custom_field;
            let is_plain = |letter: char| letter.is_alphanumeric() || " _-.".contains(letter);
            if field.is_empty() || !field.chars().all(is_plain) {
                let what = twins!(
                    "takes letters, digits, spaces, `_`, `-` and `.`",
                    "文字、数字、空白、`_`、`-`、`.` だけが使えます"
                );
                faults.note("target.custom_field", what);
            }
        }
        Target::Servicenow(one) => {
            let login = (one.user.is_some(), one.password.is_some());
            check_login(one.token.is_some(), login, faults);
            let is_plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
            if one.table.is_empty() || !one.table.chars().all(is_plain) {
                let what = twins!("is no name of a table", "テーブル名ではありません");
                faults.note("target.table", what);
            }
        }
        Target::Email(one) => {
            if one.to.is_empty() {
                let what = twins!("names nobody", "宛先がありません");
                faults.note("target.to", what);
            }
            if one.user.is_some() != one.password.is_some() {
                let what = twins!(
                    "takes a password, and a password takes a user",
                    "`user` と `password` は、両方を指定するか、両方を省略してください"
                );
                faults.note("target.user", what);
            }
        }
        Target::Redmine(_) | Target::Jira(_) | Target::Zammad(_) | Target::Pagerduty(_) => {}
    }
}

fn check_login(token: bool, login: (bool, bool), faults: &mut Faults) {
    if !token && login != (true, true) {
        let what = twins!(
            "is missing: give it, or `user` and `password`",
            "指定されていません。これを指定するか、`user` と `password` の両方を指定してください"
        );
        faults.note("target.token", what);
    }
}

fn check_webhook(secrets: &mut [Secret], faults: &mut Faults) {
    if secrets.is_empty() {
        let key = new_secret();
        let what = twins!(
            "names none: a new one is {key}",
            "署名鍵がありません。新しく生成した鍵: {key}"
        );
        faults.note("target.secrets", what);
    }
    for secret in secrets {
        if let Err(what) = signature::check(secret) {
            faults.note("target.secrets", what.0);
        }
    }
}

fn missing() -> Text {
    twins!("is missing", "指定されていません")
}

/// A signing key that nobody has.
fn new_secret() -> String {
    let mut bytes = [0; 32];
    // without chance there is no key to offer
    if getrandom::fill(&mut bytes).is_err() {
        return "whsec_$(openssl rand -base64 32)".to_owned();
    }
    let key = base64::engine::general_purpose::STANDARD.encode(bytes);
    format!("whsec_{key}")
}
