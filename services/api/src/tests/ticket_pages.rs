//! The pages about tickets: what strangers wrote and secrets on them, their forms, both languages.

use std::sync::Arc;

use actix_web::{http::Method, test::TestRequest, web::Data};
use jiff::Timestamp;
use whymid_schemas::{Lang, Target, Terms, TicketLink};
use whymid_store::Scope as Limits;
use whymid_ticketing::{Carrier, Dry, Request, Sent};

use super::{
    Got, HERE, Settings, ask_house, desks,
    fake::{FakeDesk, FakeDoor, FakeGauge},
    get, open,
};
use crate::{
    house::House,
    pages::ticketing::{BEGINNINGS, Ticket, beginning},
    settings::{Scope, Token},
};

const SECRET: &str = "whsec_aW52ZW50ZWQtc2lnbmluZy1rZXktb2YtdGVzdHM=";

fn house_of(settings: Settings, desk: FakeDesk) -> Data<House> {
    let gauge = Arc::new(FakeGauge {
        reasons: Vec::new(),
    });
    let desks = desks(Arc::new(desk), gauge, Arc::new(FakeDoor::default()));
    Data::new(House::new(desks, settings, HERE.parse().unwrap()).unwrap())
}

pub(super) fn house() -> Data<House> {
    house_of(open(), FakeDesk::default())
}

fn form(uri: &str, fields: &[(&str, &str)]) -> TestRequest {
    get(uri)
        .method(Method::POST)
        .insert_header(("content-type", "application/x-www-form-urlencoded"))
        .set_payload(serde_urlencoded::to_string(fields).unwrap())
}

pub(super) fn terms(name: &str) -> String {
    format!(
        r#"{{"name": {}, "filter": "diagnosis.severity == \"warning\"",
            "target": {{"kind": "webhook", "url": "https://hooks.example/whymid", "secrets": ["{SECRET}"]}}}}"#,
        serde_json::Value::from(name)
    )
}

/// Makes a subscription by the form; its id.
pub(super) async fn subscribed(house: &Data<House>, name: &str) -> String {
    let terms = terms(name);
    let fields = [("terms", terms.as_str()), ("action", "keep")];
    let got = ask_house(house.clone(), form("/subscriptions?lang=ja", &fields)).await;
    assert_eq!(got.status, 303, "{}", got.body);
    let page = got.header("location");
    let id = page.strip_prefix("/subscriptions/").expect("its page");
    id.strip_suffix("?lang=ja")
        .expect("its language")
        .to_owned()
}

async fn page(house: &Data<House>, uri: &str) -> Got {
    let got = ask_house(house.clone(), get(uri)).await;
    assert_eq!(got.status, 200, "{uri}: {}", got.body);
    assert_eq!(got.header("cache-control"), "no-store", "{uri}");
    got
}

#[test]
fn every_kind_of_target_has_an_example_that_can_be_tried_as_it_is() {
    for (kind, _) in BEGINNINGS {
        for lang in [Lang::En, Lang::Ja] {
            let text = beginning(kind, lang).unwrap();
            assert!(!text.contains("\"{"), "{text}");
            let terms: Terms = serde_json::from_str(&text).unwrap();
            assert_eq!((terms.target.word(), terms.lang), (kind, lang));
            let faults = Dry::of(terms).err();
            assert_eq!(faults, None, "{kind}");
        }
    }
    let keys = [(); 2].map(|()| beginning("webhook", Lang::En).unwrap());
    assert_ne!(keys[0], keys[1], "a key that anybody knows");
}

#[actix_web::test]
async fn a_page_without_subscriptions_teaches_in_both_languages() {
    let house = house();
    for (uri, words) in [
        ("/subscriptions", "There is no subscription yet."),
        ("/subscriptions?lang=ja", "購読はまだありません"),
    ] {
        let got = page(&house, uri).await;
        assert!(got.body.contains(words), "{}", got.body);
        assert!(got.body.contains("/docs/integrations"), "{uri}");
        // a link for each other kind
        assert_eq!(
            got.body.matches("subscriptions?target=").count(),
            7,
            "{uri}"
        );
    }
    let got = page(&house, "/subscriptions?target=jira").await;
    assert!(
        got.body.contains("&#34;kind&#34;: &#34;jira&#34;"),
        "{}",
        got.body
    );
    let got = ask_house(house, get("/subscriptions?target=fax")).await;
    assert_eq!(got.code(), "parameter_invalid");
}

#[actix_web::test]
async fn secrets_are_not_shown_and_stay_through_a_change() {
    let house = house();
    let id = subscribed(&house, "Mail").await;
    for uri in ["/subscriptions".to_owned(), format!("/subscriptions/{id}")] {
        let got = page(&house, &uri).await;
        assert!(!got.body.contains("aW52ZW50"), "{uri}: {}", got.body);
    }
    let shown = page(&house, &format!("/subscriptions/{id}")).await;
    assert!(shown.body.contains("********"), "{}", shown.body);
    // as it stands there, with another name and without the rest
    let text = r#"{"name": "Renamed", "filter": "true == true",
        "target": {"kind": "webhook", "url": "https://hooks.example/whymid", "secrets": ["********"]}}"#;
    let uri = format!("/subscriptions/{id}");
    for (action, status) in [("dry_run", 200), ("keep", 303)] {
        let fields = [("terms", text), ("action", action)];
        let got = ask_house(house.clone(), form(&uri, &fields)).await;
        assert_eq!(got.status, status, "{}", got.body);
    }
    let now = house.tickets.subscription(&id, Lang::En).unwrap();
    assert_eq!(now.terms.name, "Renamed");
    let Target::Webhook(mut hook) = now.terms.target else {
        panic!("it was a webhook");
    };
    assert_eq!(hook.secrets.remove(0).reveal(), SECRET);
    // to another address it is not sent
    let moved = text.replace("hooks.example", "elsewhere.example");
    let fields = [("terms", moved.as_str()), ("action", "keep")];
    let got = ask_house(house.clone(), form(&uri, &fields)).await;
    assert_eq!(got.status, 200);
    assert!(got.body.contains("give the secret again"), "{}", got.body);
}

#[actix_web::test]
async fn a_member_that_is_taken_out_gets_its_default_and_another_target_is_taken_whole() {
    let house = house();
    let id = subscribed(&house, "Mail").await;
    let uri = format!("/subscriptions/{id}");
    let mail = r#"{"name": "Mail", "filter": "true == true", "quiet_period": "3h",
        "target": {"kind": "pagerduty", "routing_key": "0123456789abcdef"}}"#;
    for text in [
        mail.to_owned(),
        mail.replace(r#""quiet_period": "3h","#, ""),
    ] {
        let fields = [("terms", text.as_str()), ("action", "keep")];
        let got = ask_house(house.clone(), form(&uri, &fields)).await;
        assert_eq!(got.status, 303, "{}", got.body);
    }
    let now = house.tickets.subscription(&id, Lang::En).unwrap().terms;
    assert_eq!(
        (now.target.word(), now.quiet_period.as_str()),
        ("pagerduty", "15m")
    );
}

#[actix_web::test]
async fn what_is_wrong_is_told_with_what_was_typed() {
    let house = house();
    for (text, words) in [
        ("{\"name\":", "EOF while parsing"),
        ("{\"name\": 7}", "invalid type"),
        (
            &*terms("A").replace("severity ==", "severity ==="),
            "filter: ",
        ),
        (&*terms("A").replace("whsec_", ""), "target.secrets"),
    ] {
        for action in ["dry_run", "keep"] {
            let fields = [("terms", text), ("action", action)];
            let got = ask_house(house.clone(), form("/subscriptions?lang=en", &fields)).await;
            assert_eq!(got.status, 200, "{}", got.body);
            assert!(got.body.contains(words), "{words}: {}", got.body);
            assert!(got.body.contains("role=\"alert\""));
            let typed = &text[..8].replace('"', "&#34;");
            assert!(got.body.contains(typed), "{typed}: {}", got.body);
            assert_eq!(got.header("cache-control"), "no-store");
        }
    }
    assert!(house.tickets.subscriptions(Lang::En).is_empty());
    subscribed(&house, "Taken").await;
    let taken = terms("Taken");
    let fields = [("terms", taken.as_str()), ("action", "keep")];
    let got = ask_house(house.clone(), form("/subscriptions?lang=ja", &fields)).await;
    assert!(
        got.body.contains("同じ名前の購読がすでにあります"),
        "{}",
        got.body
    );
    let unknown = ask_house(
        house,
        get("/subscriptions/s0").insert_header(("accept", "*/*")),
    )
    .await;
    assert_eq!(unknown.code(), "subscription_unknown");
}

#[actix_web::test]
async fn a_dry_run_says_what_it_would_have_opened_and_keeps_nothing() {
    let house = house();
    let text = terms("Mail");
    let fields = [("terms", text.as_str()), ("action", "dry_run")];
    for (uri, words) in [
        ("/subscriptions?lang=en", "Dry run: nothing was kept"),
        ("/subscriptions?lang=ja", "ドライラン: 何も保存されず"),
    ] {
        let got = ask_house(house.clone(), form(uri, &fields)).await;
        assert_eq!(got.status, 200, "{}", got.body);
        assert!(got.body.contains(words), "{}", got.body);
        assert!(got.body.contains("/messages/m7f3c9?lang="), "{}", got.body);
        assert!(got.body.contains(SECRET), "what was typed is given back");
    }
    assert!(house.tickets.subscriptions(Lang::En).is_empty());
}

/// A ticket system that refuses everything in a stranger's words.
struct Refusing(String);

impl Carrier for Refusing {
    fn carry(&self, _: &Request, _: &Target, _: Timestamp) -> Sent {
        Sent::Answered {
            status: 400,
            retry_after: None,
            location: None,
            body: self.0.clone().into_bytes(),
        }
    }
}

/// Takes all that is due to a target that refuses it.
pub(super) fn refuse_all(house: &House, words: &str) {
    let now = house.now();
    for job in house.tickets.jobs(now, 10).unwrap() {
        let done = job.run(&Refusing(words.to_owned()), now);
        house.tickets.done(&done, now).unwrap();
    }
}

#[actix_web::test]
async fn what_strangers_write_stays_text_on_every_page_about_tickets() {
    let attack = r#""><script>alert(1)</script><img src=x onerror='alert(2)'></textarea>"#;
    let desk = FakeDesk {
        stranger: Some(attack.to_owned()),
        ..FakeDesk::default()
    };
    let house = house_of(open(), desk);
    let id = subscribed(&house, &attack[..60]).await;
    let ticket = [("subscription", id.as_str())];
    let got = ask_house(
        house.clone(),
        form("/messages/m7f3c9/tickets?lang=en", &ticket),
    )
    .await;
    assert_eq!(got.status, 303, "{}", got.body);
    assert_eq!(got.header("location"), "/messages/m7f3c9?lang=en#tickets");
    refuse_all(&house, attack);
    let fields = [("terms", attack), ("action", "keep")];
    let one = format!("/subscriptions/{id}");
    for request in [
        get("/subscriptions"),
        get("/subscriptions?lang=ja"),
        get(&one),
        get("/messages/m7f3c9"),
        form("/subscriptions", &fields),
        form(&one, &fields),
    ] {
        let got = ask_house(house.clone(), request).await;
        assert_eq!(got.status, 200, "{}", got.body);
        assert!(
            got.body.contains("alert(1)"),
            "the attack must be there at all"
        );
        assert_eq!(got.body.matches("<script").count(), 1, "{}", got.body);
        assert_eq!(
            got.body.matches("</textarea").count(),
            got.body.matches("<textarea").count()
        );
        for tag in ["<img", "onerror='"] {
            assert!(!got.body.contains(tag), "{tag}: {}", got.body);
        }
    }
}

#[test]
fn a_ticket_links_to_the_web_or_nowhere() {
    for (url, leads) in [
        ("https://rt.example/1", true),
        ("http://rt.example/1", true),
        ("javascript:alert(1)", false),
        ("/sign-out", false),
        ("//evil.example", false),
        ("data:text/html,x", false),
    ] {
        let link = TicketLink {
            system: "jira".to_owned(),
            id: Some("MAIL-1".to_owned()),
            url: Some(url.to_owned()),
            key: "wm-1".to_owned(),
            count: 1,
            open: true,
            subscription: "Mail".to_owned(),
        };
        let ticket = Ticket::of(&link, String::new(), Lang::En);
        assert_eq!(ticket.url.is_some(), leads, "{url}");
    }
}

#[actix_web::test]
async fn a_dead_letter_is_listed_and_tried_again() {
    let house = house();
    let id = subscribed(&house, "Mail").await;
    let got = ask_house(
        house.clone(),
        form(&format!("/subscriptions/{id}/test"), &[]),
    )
    .await;
    assert_eq!(
        (got.status.as_u16(), got.header("location")),
        (303, &*format!("/subscriptions/{id}?lang=en#notifications"))
    );
    let retry = "action=\"/notifications/";
    let before = page(&house, "/subscriptions").await;
    assert!(!before.body.contains(retry), "{}", before.body);
    refuse_all(&house, "no such hook");
    for uri in ["/subscriptions", &format!("/subscriptions/{id}?lang=ja")] {
        let got = page(&house, uri).await;
        assert_eq!(got.body.matches(retry).count(), 1, "{uri}: {}", got.body);
        assert!(got.body.contains("400"), "{uri}: {}", got.body);
    }
    let list = page(&house, "/subscriptions").await.body;
    let at = list.find(retry).unwrap() + "action=\"".len();
    let uri = list[at..].split('"').next().unwrap().replace("&#38;", "&");
    let got = ask_house(house.clone(), form(&uri, &[("back", "list")])).await;
    assert_eq!(
        (got.status.as_u16(), got.header("location")),
        (303, "/subscriptions?lang=en#notifications")
    );
    let after = page(&house, "/subscriptions").await;
    assert!(!after.body.contains(retry), "{}", after.body);
    let again = ask_house(house.clone(), form(&uri, &[])).await;
    assert_eq!(again.code(), "notification_not_dead");
    // one that goes on tries again, and the list says so; one that is stopped does not
    refuse_all(&house, "no such hook");
    assert!(page(&house, "/subscriptions").await.body.contains(retry));
    for (enabled, words, is_given_up) in
        [("false", ">disabled<", true), ("true", ">enabled<", false)]
    {
        let uri = format!("/subscriptions/{id}/enabled");
        let got = ask_house(house.clone(), form(&uri, &[("enabled", enabled)])).await;
        assert_eq!(
            got.header("location"),
            format!("/subscriptions?lang=en#{id}")
        );
        let shown = page(&house, "/subscriptions").await.body;
        assert!(shown.contains(words), "{shown}");
        assert_eq!(shown.contains(retry), is_given_up, "{shown}");
    }
    // what was given up by one that is removed can't be tried again, and is not offered
    refuse_all(&house, "no such hook");
    let got = ask_house(
        house.clone(),
        form(&format!("/subscriptions/{id}/delete"), &[]),
    )
    .await;
    assert_eq!(got.header("location"), "/subscriptions?lang=en");
    let shown = page(&house, "/subscriptions").await.body;
    assert!(!shown.contains(retry) && shown.contains("There is no subscription yet."));
}

#[actix_web::test]
async fn a_ticket_about_a_message_is_listed_with_it() {
    let house = house();
    let bare = page(&house, "/messages/m7f3c9").await.body;
    assert!(!bare.contains("id=\"tickets\""), "{bare}");
    let id = subscribed(&house, "Mail").await;
    let offered = page(&house, "/messages/m7f3c9?lang=ja").await.body;
    assert!(offered.contains("チケットを作成"), "{offered}");
    let wanted = [("subscription", id.as_str())];
    let got = ask_house(
        house.clone(),
        form("/messages/m7f3c9/tickets?lang=ja", &wanted),
    )
    .await;
    assert_eq!(got.header("location"), "/messages/m7f3c9?lang=ja#tickets");
    let shown = page(&house, "/messages/m7f3c9").await.body;
    assert!(
        shown.contains("Webhook") && shown.contains("1 occurrence"),
        "{shown}"
    );
    assert!(shown.contains("### Tickets"), "the Markdown has them, too");
}

fn token(name: &str, scope: Scope, limits: Limits) -> Token {
    Token {
        name: name.to_owned(),
        scope,
        sha256: crate::sessions::hash(name),
        expires: None,
        real_addresses: false,
        limits,
    }
}

/// The cookie that signing in gives.
async fn cookie(house: &Data<House>, secret: &str) -> String {
    let got = ask_house(house.clone(), form("/sign-in", &[("token", secret)])).await;
    assert_eq!(got.status, 303, "{}", got.body);
    got.header("set-cookie")
        .split(';')
        .next()
        .unwrap()
        .to_owned()
}

#[actix_web::test]
async fn only_pages_of_ours_and_whoever_may_change_what_opens_tickets() {
    let part = Limits {
        appliances: Some(vec!["esa1".to_owned()]),
        sight: None,
    };
    let settings = Settings {
        tokens: vec![
            token("desk", Scope::Ticket, Limits::everything()),
            token("reader", Scope::Read, Limits::everything()),
            token("chief", Scope::Admin, Limits::everything()),
            token("part", Scope::Admin, part),
        ],
        ..Settings::default()
    };
    let house = house_of(settings, FakeDesk::default());
    let text = terms("Mail");
    let fields = [("terms", text.as_str()), ("action", "keep")];
    let desk = cookie(&house, "desk").await;
    let signed = |origin: Option<&'static str>| {
        let request = form("/subscriptions", &fields).insert_header(("cookie", desk.clone()));
        match origin {
            Some(origin) => request.insert_header(("origin", origin)),
            None => request,
        }
    };
    for (origin, status) in [
        (None, 403),
        (Some("null"), 403),
        (Some("http://evil.example"), 403),
        (Some("http://127.0.0.1:8514"), 303),
    ] {
        let got = ask_house(house.clone(), signed(origin)).await;
        assert_eq!(got.status, status, "{origin:?}: {}", got.body);
        let made = house.tickets.subscriptions(Lang::En).len();
        assert_eq!(made, usize::from(status == 303), "{origin:?}");
    }
    let id = house.tickets.subscriptions(Lang::En).remove(0).id;
    for uri in [
        format!("/subscriptions/{id}"),
        format!("/subscriptions/{id}/enabled"),
        format!("/subscriptions/{id}/test"),
        format!("/subscriptions/{id}/delete"),
        "/notifications/wm-1-1/retry".to_owned(),
        "/messages/m7f3c9/tickets".to_owned(),
    ] {
        let request = form(&uri, &[]).insert_header(("cookie", desk.clone()));
        let got = ask_house(house.clone(), request).await;
        assert_eq!(got.code(), "origin_foreign", "{uri}");
        let request = form(&uri, &[]).insert_header(("origin", "https://evil.example"));
        let got = ask_house(house.clone(), request).await;
        assert_eq!(got.code(), "origin_foreign", "{uri}");
    }
    // the way there is shown to whoever may go it
    for (who, status, linked) in [
        ("desk", 200, true),
        ("chief", 200, true),
        ("reader", 403, false),
        ("part", 403, false),
    ] {
        let cookie = cookie(&house, who).await;
        let with = |uri: &str| get(uri).insert_header(("cookie", cookie.clone()));
        let got = ask_house(house.clone(), with("/subscriptions")).await;
        assert_eq!(got.status, status, "{who}: {}", got.body);
        let got = ask_house(house.clone(), with("/docs")).await;
        let link = got.body.contains("href=\"/subscriptions?lang=");
        assert_eq!(link, linked, "{who}");
        let got = ask_house(house.clone(), with("/messages/m7f3c9")).await;
        let offered = got.body.contains("/messages/m7f3c9/tickets?");
        assert_eq!(offered, who == "chief", "{who}");
    }
    let got = ask_house(house, get("/subscriptions")).await;
    assert_eq!(got.code(), "token_missing");
}
