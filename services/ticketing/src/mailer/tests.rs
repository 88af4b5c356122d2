//! What is sent, as bytes and read back.

use std::time::{Duration, UNIX_EPOCH};

use lettre::message::header::Subject;
use whymid_schemas::{Email, MailTls};

use super::message;
use crate::examples::english;
use crate::target::Mail;

fn settings(from: &str, to: &[&str]) -> Email {
    Email {
        host: "mail.example".to_owned(),
        port: 587,
        tls: MailTls::Starttls,
        user: None,
        password: None,
        from: from.to_owned(),
        to: to.iter().map(|to| (*to).to_owned()).collect(),
    }
}

fn mail(subject: &str) -> Mail {
    Mail {
        message_id: "wm-0123-2@our.example".to_owned(),
        in_reply_to: Some("wm-0123-1@our.example".to_owned()),
        subject: subject.to_owned(),
        text: "理由: 切断\n.\nFrom x\n".to_owned(),
        html: "<p>理由</p>".to_owned(),
        headers: vec![
            ("Auto-Submitted", "auto-generated".to_owned()),
            ("X-Whymid-Key", "wm-0123\r\nBcc: x@evil.example".to_owned()),
        ],
    }
}

fn written(mail: &Mail, settings: &Email) -> String {
    let date = UNIX_EPOCH + Duration::from_secs(1_764_000_000);
    let message = message(mail, settings, date).unwrap();
    String::from_utf8(message.formatted()).unwrap()
}

fn header<'m>(written: &'m str, name: &str) -> Option<&'m str> {
    let (head, _) = written.split_once("\r\n\r\n")?;
    let start = format!("{name}: ");
    head.lines().find_map(|line| line.strip_prefix(&start))
}

#[test]
fn a_mail_has_its_headers_and_two_alternatives() {
    let settings = settings(
        "whymid <whymid@our.example>",
        &["a@h.example", "B <b@h.example>"],
    );
    let got = written(&mail("re: x"), &settings);
    assert_eq!(header(&got, "Message-ID"), Some("<wm-0123-2@our.example>"));
    assert_eq!(header(&got, "In-Reply-To"), Some("<wm-0123-1@our.example>"));
    assert_eq!(header(&got, "References"), Some("<wm-0123-1@our.example>"));
    assert_eq!(
        header(&got, "Date"),
        Some("Mon, 24 Nov 2025 16:00:00 +0000")
    );
    assert_eq!(header(&got, "From"), Some("whymid <whymid@our.example>"));
    assert_eq!(header(&got, "To"), Some("a@h.example, B <b@h.example>"));
    assert_eq!(header(&got, "Auto-Submitted"), Some("auto-generated"));
    assert!(got.contains("multipart/alternative"), "{got}");
    let plain = got.find("text/plain").unwrap();
    assert!(
        got.find("text/html").is_some_and(|html| plain < html),
        "{got}"
    );
}

#[test]
fn a_japanese_subject_is_encoded_and_read_back() {
    let settings = settings("whymid@our.example", &["a@h.example"]);
    let date = UNIX_EPOCH;
    let message = message(&mail("[解決] esa1: 接続が切れました"), &settings, date).unwrap();
    let subject = message.headers().get::<Subject>().unwrap();
    assert_eq!(subject.as_ref() as &str, "[解決] esa1: 接続が切れました");
    let got = String::from_utf8(message.formatted()).unwrap();
    assert!(
        header(&got, "Subject").is_some_and(
            |subject| subject.starts_with("[=?utf-8?b?") || subject.starts_with("=?utf-8?b?")
        ),
        "{got}"
    );
}

#[test]
fn nothing_ends_a_header_early() {
    let settings = settings("whymid@our.example", &["a@h.example"]);
    let mut mail = mail("x\r\nBcc: y@evil.example\r\n\r\nbody\u{0}");
    mail.message_id = "a>\r\nBcc: z@evil.example".to_owned();
    let got = written(&mail, &settings);
    assert_eq!(header(&got, "Bcc"), None, "{got}");
    assert_eq!(
        header(&got, "Subject"),
        Some("x  Bcc: y@evil.example    body")
    );
}

#[test]
fn an_address_that_is_none_is_refused_by_its_setting() {
    let date = UNIX_EPOCH;
    let refused = |from: &str, to: &[&str]| {
        let answer = message(&mail("x"), &settings(from, to), date);
        english(answer.map(|_| ()).unwrap_err().0)
    };
    assert_eq!(
        refused("nobody", &["a@h.example"]),
        "`from` is not an address of mail: nobody"
    );
    assert!(refused("a@h.example", &["a@h.example", "b@"]).starts_with("`to` is not"));
    assert_eq!(refused("a@h.example", &[]), "`to` names nobody");
    assert!(message(&mail("x"), &settings("a@h.example", &["b@h.example"]), date).is_ok());
}
