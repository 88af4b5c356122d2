//! The mails of a cause.

use whymid_schemas::{Email, Happening, Lang, MailTls};

use super::EmailDriver;
use crate::event::Event;
use crate::markup::tree::samples::{body, event, nasty};
use crate::target::{Action, Driver as _, Mail, Request, Response, Step, Ticket};

fn driver(from: &str) -> EmailDriver {
    EmailDriver(Email {
        host: "mail.example".to_owned(),
        port: 587,
        tls: MailTls::Starttls,
        user: None,
        password: None,
        from: from.to_owned(),
        to: vec!["desk@h.example".to_owned()],
    })
}

fn mail(event: &Event) -> Mail {
    let step = driver("whymid <w@our.example>").step(&Action::Create(event), &[]);
    let Ok(Step::Send(Request::Mail(mail))) = step else {
        panic!("{step:?}");
    };
    *mail
}

#[test]
fn the_first_mail_begins_a_thread_and_the_others_go_on_with_it() {
    let first = mail(&event(Happening::Opened, 1));
    assert_eq!(first.message_id, "wm-0123456789abcdef-1@our.example");
    assert_eq!(first.in_reply_to, None);
    assert_eq!(first.subject, "esa1: the connection dropped");
    assert_eq!(
        first.text,
        "Why\n\n- Host: mx.example\n\n[whymid wm-0123456789abcdef-1]\n"
    );
    assert_eq!(
        first.html,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\">\
         <title>esa1: the connection dropped</title></head>\n<body>\n<h2>Why</h2>\n\
         <ul>\n<li><strong>Host</strong>: <code>mx.example</code></li>\n</ul>\n\
         <p>[whymid wm-0123456789abcdef-1]</p>\n</body>\n</html>\n"
    );
    let headers = [
        ("Auto-Submitted", "auto-generated".to_owned()),
        ("X-Whymid-Key", "wm-0123456789abcdef".to_owned()),
        ("X-Whymid-Revision", "1".to_owned()),
    ];
    assert_eq!(first.headers, headers);
    let later = mail(&event(Happening::Recurred, 2));
    assert_eq!(later.in_reply_to, Some(first.message_id));
    assert_eq!(later.subject, "Re: esa1: the connection dropped");
}

#[test]
fn a_resolved_cause_says_so_in_its_language() {
    let mut resolved = event(Happening::Resolved, 4);
    assert_eq!(
        mail(&resolved).subject,
        "[Resolved] esa1: the connection dropped"
    );
    resolved.lang = Lang::Ja;
    assert_eq!(
        mail(&resolved).subject,
        "[解決] esa1: the connection dropped"
    );
    assert!(mail(&resolved).html.contains("<html lang=\"ja\">"));
}

#[test]
fn strangers_reach_no_header_and_no_tag() {
    for stranger in nasty() {
        let mut event = event(Happening::Opened, 1);
        event.title.clone_from(&stranger);
        event.body = body(&stranger);
        let mail = mail(&event);
        assert!(!mail.subject.contains(char::is_control), "{stranger}");
        assert!(
            !mail.html.contains("<script") && !mail.html.contains("<img"),
            "{stranger}"
        );
        assert!(
            mail.text.ends_with("\n[whymid wm-0123456789abcdef-1]\n"),
            "{stranger}"
        );
    }
}

#[test]
fn it_is_only_told_and_a_bad_sender_is_named() {
    let (driver, event) = (driver("nobody"), event(Happening::Opened, 1));
    let ticket = Ticket {
        id: String::new(),
        url: None,
        open: true,
    };
    let refusal = driver.step(&Action::Create(&event), &[]).unwrap_err();
    assert!(
        refusal.0.en.starts_with("`from` is not an address"),
        "{refusal}"
    );
    let answers = [Response::default()];
    let created = driver.step(&Action::Create(&event), &answers);
    assert_eq!(created, Ok(Step::Created(ticket.clone())));
    assert_eq!(driver.step(&Action::Close(&ticket), &[]), Ok(Step::Done));
    assert_eq!(
        driver.addresses(),
        [("host", "smtp://mail.example:587".to_owned())]
    );
}
