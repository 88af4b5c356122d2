//! Tickets by mail: a thread in a mailbox that a real Postfix delivers to.

use serde_json::json;

use super::desk::{lost, push, service, subscribe, terms, told};
use crate::harness::{Postfix, is_japanese, wait_for};

#[test]
fn a_mail_arrives_and_what_follows_is_in_its_thread() {
    let host = "mail.partner.example";
    let postfix = Postfix::start();
    let service = service();
    let target = json!({"kind": "email", "host": "127.0.0.1", "port": postfix.port(), "tls": "none",
        "from": "whymid@tickets.example", "to": ["queue@tickets.example"]});
    let mut terms = terms("中断", target);
    terms["lang"] = json!("ja");
    let id = subscribe(&service, &terms);

    push(&service, "esa1", &lost(6001, host));
    let key = told(&service, &id, &[("opened", 1)]);
    push(&service, "esa1", &lost(6002, host));
    told(&service, &id, &[("opened", 1), ("recurred", 2)]);

    let mails = wait_for(|| Some(postfix.mails()).filter(|mails| mails.len() >= 2));
    let mails = mails.expect("two mails are delivered");
    assert_eq!(mails.len(), 2, "{mails:#?}");
    let subjects = [0, 1].map(|at| decoded(&header(&mails[at], "Subject")));
    assert!(is_japanese(&subjects[0]), "{subjects:?}");
    assert!(subjects[0].contains(host), "{subjects:?}");
    assert_eq!(subjects[1], format!("Re: {}", subjects[0]));
    let first = format!("<{key}-1@tickets.example>");
    assert_eq!(header(&mails[0], "Message-ID"), first);
    assert_eq!(header(&mails[0], "In-Reply-To"), "");
    assert_eq!(header(&mails[1], "In-Reply-To"), first);
    assert_eq!(header(&mails[1], "References"), first);
    for mail in &mails {
        assert_eq!(header(mail, "Auto-Submitted"), "auto-generated");
        assert_eq!(header(mail, "X-Whymid-Key"), key);
        assert_eq!(header(mail, "From"), "whymid@tickets.example");
    }
}

/// A header of a mail, unfolded; empty where there is none.
fn header(mail: &str, name: &str) -> String {
    let (head, _) = mail.split_once("\n\n").expect("a head");
    let unfolded = head.replace("\n ", " ").replace("\n\t", " ");
    let wanted = format!("{name}: ");
    let mut lines = unfolded.lines();
    let found = lines.find_map(|line| line.strip_prefix(&wanted));
    found.unwrap_or_default().to_owned()
}

/// A subject as people see it (RFC 2047).
fn decoded(subject: &str) -> String {
    rfc2047_decoder::decode(subject).expect("encoded words")
}
