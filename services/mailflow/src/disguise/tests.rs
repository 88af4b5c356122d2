//! What is replaced in lines, and what is not.

use std::sync::Arc;

use super::{Disguise, Veil, disguised, disguised_text};
use crate::appliance::{Appliances, Settings};

/// Pseudonyms that show what they stand for.
#[derive(Debug)]
struct Upper;

impl Disguise for Upper {
    fn local_part(&self, address: &str) -> String {
        format!("P{}", address.len())
    }

    fn message_id(&self, id: &str) -> String {
        format!("M{}", id.len())
    }

    fn subject(&self, subject: &str) -> String {
        format!("S{}", subject.len())
    }
}

#[test]
fn addresses_and_subjects_are_replaced_and_nothing_else() {
    for (line, wanted) in [
        (
            "MID 7 ICID 8 From: <Ann.B@Corp.example>",
            "MID 7 ICID 8 From: <P18@Corp.example>",
        ),
        ("MID 7 ICID 8 From: <>", "MID 7 ICID 8 From: <>"),
        (
            "MID 7 ICID 8 RID 0 To: <root>",
            "MID 7 ICID 8 RID 0 To: <P4>",
        ),
        (
            "MID 7 ready 5381 bytes from <ann@corp.example>",
            "MID 7 ready 5381 bytes from <P16@corp.example>",
        ),
        ("MID 7 Subject 'It''s 5 o'clock'", "MID 7 Subject 'S15'"),
        (
            "MID 7 Subject \"from a@b.example\"",
            "MID 7 Subject \"S16\"",
        ),
        ("MID 7 Subject", "MID 7 Subject"),
        (
            "MID 7 Message-ID '<2014.08@mx.example>'",
            "MID 7 Message-ID '<M18@mx.example>'",
        ),
        (
            "Bounced: DCID 3 MID 7 to RID 0 - 5.1.0 - Unknown address error ('550', ['5.1.1 <bob@b.example>: User unknown'])",
            "Bounced: DCID 3 MID 7 to RID 0 - 5.1.0 - Unknown address error ('550', ['5.1.1 <P13@b.example>: User unknown'])",
        ),
        (
            "SMTP Auth: (ICID 8) succeeded for user: bob using AUTH mechanism: LOGIN with profile: x",
            "SMTP Auth: (ICID 8) succeeded for user: P3 using AUTH mechanism: LOGIN with profile: x",
        ),
        (
            "MID 7 URL http://x.example/?to=bob%40b.example",
            "MID 7 URL http://x.example/?to=P13%40b.example",
        ),
        (
            "Internal SMTP system successfully sent a message to ann@corp.example with subject 'about Bob'.",
            "Internal SMTP system successfully sent a message to P16@corp.example with subject S12",
        ),
        // as bounces are addressed, behind keys, in odd forms
        (
            "MID 7 ICID 8 From: <bounces+bob=corp.example@l.example>",
            "MID 7 ICID 8 From: <P34@l.example>",
        ),
        (
            "MID 7 DKIM: pass signature verified (d=corp.example s=sel i=@corp.example)",
            "MID 7 DKIM: pass signature verified (d=corp.example s=sel i=@corp.example)",
        ),
        (
            "MID 7 nothing known i=bob@b.example",
            "MID 7 nothing known i=P13@b.example",
        ),
        (
            "MID 7 URL http://x.example/?r=v+bob=corp.example%40l.example",
            "MID 7 URL http://x.example/?r=P28%40l.example",
        ),
        (
            "MID 7 URL http://x.example/?to=bob%2540b.example",
            "MID 7 URL http://x.example/?to=P13%2540b.example",
        ),
        (
            "MID 7 ICID 8 RID 0 To: <smith,bob jr@b.example>",
            "MID 7 ICID 8 RID 0 To: <P22@b.example>",
        ),
        (
            "MID 7 ICID 8 RID 0 To: <\"bob\"@b.example.>",
            "MID 7 ICID 8 RID 0 To: <P13@b.example.>",
        ),
        (
            "MID 85 Global unsubscribe matched entry foo@ RID 0 Address foo@domain0.example Action bounced",
            "MID 85 Global unsubscribe matched entry P4@ RID 0 Address P19@domain0.example Action bounced",
        ),
        (
            "MID 7 was split creating MID 8 due to a per-recipient policy (DEFAULT) in the inbound table for following recipients: root, bob@b.example",
            "MID 7 was split creating MID 8 due to a per-recipient policy (DEFAULT) in the inbound table for following recipients: P4, P13@b.example",
        ),
        (
            "SMTP Auth (ICID 8) succeeded for user: bob using AUTH mechanism: LOGIN",
            "SMTP Auth (ICID 8) succeeded for user: P3 using AUTH mechanism: LOGIN",
        ),
        (
            "Message done DCID 1 MID 7 to RID [0] [('Subject', 'it\\'s Bob'), ('from', \"Bob <b@b.example>\"), ('x-sbrs', '0.0')]",
            "Message done DCID 1 MID 7 to RID [0] [('Subject', 'S9'), ('from', \"S17\"), ('x-sbrs', '0.0')]",
        ),
        // cut before the address was whole
        ("MID 7 x ['5.1.1 <bob@", "MID 7 x ['5.1.1 <P4@"),
        (
            "MID 7 ICID 8 RID 0 To: <bob.smi",
            "MID 7 ICID 8 RID 0 To: <P7",
        ),
        ("ICID 8 close", "ICID 8 close"),
        ("nobody knows a@b.example", "nobody knows P11@b.example"),
        ("", ""),
    ] {
        assert_eq!(disguised(line, None, &Upper), wanted, "{line}");
    }
}

#[test]
fn a_consolidated_event_keeps_its_keys() {
    let line = "CEF:0|Cisco|C100V|14.0|ESA_CONSOLIDATED_LOG_EVENT|Consolidated Log Event|5|deviceExternalId=4 ESAMID=7 duser=bob@b.example msg='it's private' src=192.0.2.1 suser=a@x.example";
    let wanted = "CEF:0|Cisco|C100V|14.0|ESA_CONSOLIDATED_LOG_EVENT|Consolidated Log Event|5|deviceExternalId=4 ESAMID=7 duser=P13@b.example msg='S12' src=192.0.2.1 suser=P11@x.example";
    assert_eq!(disguised(line, None, &Upper), wanted);
}

#[test]
fn a_subject_is_not_told_by_the_other_lines_of_its_message() {
    let mut appliances = Appliances::remembering(&Settings::default(), Vec::new());
    let [one, other] = ["esa1", "esa2"].map(|name| appliances.of(Some(name), None));
    let mut veil = Veil::new(Arc::new(Upper));
    let mut cover = |of, line: &str| veil.cover(of, line).into_owned();
    cover(one, "MID 7 Subject 'Quarterly results'");
    let line = "MID 7 Custom Log Entry: held 'Quarterly results' for review";
    assert_eq!(
        cover(one, line),
        "MID 7 Custom Log Entry: held 'S17' for review"
    );
    // of another message, and of another gateway's
    for (of, line) in [(one, line.replace('7', "8")), (other, line.to_owned())] {
        assert_eq!(cover(of, &line), line);
    }
}

/// Whoever chooses a subject does not choose which of the gateway's own words are lost, and no subject
/// keeps an address in clear text.
#[test]
fn a_subject_changes_nothing_that_the_gateway_wrote() {
    let lines = [
        "Message finished MID 71 done",
        "Message done DCID 61 MID 71 to RID [0]",
        "Delivery start DCID 61 MID 71 to RID [0]",
        "MID 71 queued for delivery",
        "Bounced: DCID 61 MID 71 to RID 0 - 5.1.0 - Unknown address error ('550', ['5.1.1 User unknown'])",
        "Message aborted MID 71 Receiving aborted by sender",
        "MID 71 ready 5381 bytes from <>",
    ];
    for line in lines {
        for subject in [
            "done",
            "Message",
            "delivery",
            "5381",
            "User unknown",
            "RID [0]",
            line,
        ] {
            assert_eq!(disguised(line, Some(subject), &Upper), line, "{subject}");
        }
    }
    let odd = "MID 71 nobody knows quillon@corp.example of corp";
    for (subject, wanted) in [
        ("corp", "MID 71 nobody knows P20@corp.example of S4"),
        ("knows quillon@corp.example", "MID 71 nobody S26 of corp"),
        ("knows quillon", "MID 71 nobody S26 of corp"),
    ] {
        assert_eq!(disguised(odd, Some(subject), &Upper), wanted, "{subject}");
    }
}

#[test]
fn texts_of_any_kind_lose_their_addresses() {
    assert_eq!(
        disguised_text("550 <bob@b.example>: no", &Upper),
        "550 <P13@b.example>: no"
    );
    assert_eq!(disguised_text("550 no", &Upper), "550 no");
}

/// What a stranger may write takes time that grows with its length, not with its square.
#[test]
fn a_line_of_addresses_alone_is_looked_through_once() {
    let many = format!("MID 7 Custom Log Entry: {}", "a@b.example ".repeat(5_000));
    let told = disguised(&many, Some("@b.e"), &Upper);
    assert!(!told.contains("a@"));
    let headers = format!("MID 7 Custom Log Entry: {}", "('to', \"".repeat(8_000));
    assert!(disguised(&headers, None, &Upper).contains("S"));
    let head = "CEF:0|C|E|14.0|ESA_CONSOLIDATED_LOG_EVENT|x|5|deviceExternalId=4 ESAMID=7 msg=";
    let quotes = format!("{head}{}", "'".repeat(60_000));
    assert!(disguised(&quotes, None, &Upper).starts_with(head));
}
