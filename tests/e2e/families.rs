//! A mail that goes on under other MIDs, through the running service: one answer for all of it, from
//! memory, from the index and after a start; the connection by its id; what other logs say.

use serde_json::{Value, json};

use crate::harness::{Service, datagrams, recent};

/// A mail for two, split by policy; one child is delivered, the other dropped. A copy of it bounces.
const STORY: &str = "\
mail_logs: Info: New SMTP ICID 9001 interface Data 1 (192.0.2.10) address 198.51.100.7 reverse dns host mx.partner.example verified yes
mail_logs: Info: ICID 9001 ACCEPT SG UNKNOWNLIST match sbrs[-1.0:10.0] SBRS 3.5
mail_logs: Info: Start MID 4001 ICID 9001
mail_logs: Info: MID 4001 ICID 9001 From: <desk@partner.example>
mail_logs: Info: MID 4001 ICID 9001 RID 0 To: <anna@corp.example>
mail_logs: Info: MID 4001 ICID 9001 RID 1 To: <lab@corp.example>
mail_logs: Info: MID 4001 Subject 'Prices'
mail_logs: Info: MID 4001 ready 4096 bytes from <desk@partner.example>
mail_logs: Info: Start MID 4002 ICID 0
mail_logs: Info: MID 4002 was generated based on MID 4001 by bcc filter 'Archive'
mail_logs: Info: MID 4002 ICID 0 RID 0 To: <archive@corp.example>
mail_logs: Info: Bounced: DCID 0 MID 4002 to RID 0 - 5.1.2 - Bad destination host ('000', ['DNS Hard Error looking up corp.example (MX): NXDomain']) []
mail_logs: Info: Message finished MID 4002 done
mail_logs: Info: MID 4001 was split creating MID 4003 due to a SL/BL configuration for following recipients: lab@corp.example
mail_logs: Info: MID 4001 was split creating MID 4004 due to a SL/BL configuration for following recipients: anna@corp.example
mail_logs: Info: Message finished MID 4001 done
amp: Info: File reputation query initiating. File Name = 'tool.exe', MID = 4003, File Size = 1673216 bytes, File Type = application/x-dosexec
mail_logs: Info: Message aborted MID 4003 Dropped by amp
mail_logs: Info: Message finished MID 4003 done
mail_logs: Info: MID 4004 queued for delivery
mail_logs: Info: New SMTP DCID 71 interface 192.0.2.10 address 192.0.2.50 port 25
mail_logs: Info: Delivery start DCID 71 MID 4004 to RID [0]
mail_logs: Info: Message done DCID 71 MID 4004 to RID [0]
mail_logs: Info: Message finished MID 4004 done
mail_logs: Info: DCID 71 close
mail_logs: Info: ICID 9001 close";

fn send(service: &Service) {
    let lines = STORY
        .lines()
        .map(|line| format!("<166>{} esa1 {line}", recent(0)));
    datagrams(service.udp, &lines.collect::<Vec<_>>());
}

/// The answer without what moves on with the log.
fn answer(service: &Service, mid: u64) -> Value {
    let mut answer = service.get(&format!("/v1/why?mid={mid}")).is(200).json();
    answer["complete_up_to"].take();
    answer
}

#[test]
fn a_split_mail_is_answered_for_as_one_wherever_its_records_are() {
    let service = Service::start();
    send(&service);
    service.diagnosed(4001, "dropped-by-amp");
    let before = answer(&service, 4001);
    let message = &before["message"];
    assert_eq!(message["outcome"], "partially_delivered", "{before}");
    let told: Vec<_> = message["recipients"]
        .as_array()
        .expect("two")
        .iter()
        .collect();
    let of = |one: &Value| json!([one["address"], one["outcome"], one["final_mid"]]);
    assert_eq!(of(told[0]), json!(["anna@corp.example", "delivered", 4004]));
    assert_eq!(of(told[1]), json!(["lab@corp.example", "dropped", 4003]));
    let summary = before["summary"].as_str().expect("a sentence");
    assert!(
        summary.starts_with("MID 4001 went on as MID 4003."),
        "{summary}"
    );
    let also: Vec<_> = before["also"].as_array().expect("a list").iter().collect();
    let ids: Vec<&Value> = also.iter().map(|one| &one["id"]).collect();
    assert_eq!(
        ids,
        [
            "splintered-partial-outcome",
            "rewritten-or-generated-follow-family"
        ]
    );
    assert_eq!(answer(&service, 4003)["message"]["outcome"], "dropped");
    service.eventually("the records written", || {
        let documents = service.get("/v1/status").json()["index_documents"].as_u64()?;
        (documents >= 7).then_some(())
    });
    assert_eq!(answer(&service, 4001), before, "from the index");
    let service = service.restart();
    let after = answer(&service, 4001);
    for what in ["summary", "question"] {
        assert_eq!(after[what], before[what], "after a start");
    }
    for what in ["id", "recipients", "outcome", "subject", "host"] {
        assert_eq!(after["message"][what], message[what], "after a start");
    }
    assert_eq!(
        after["diagnosis"]["evidence"],
        before["diagnosis"]["evidence"]
    );
    let icid = service.get("/v1/why?icid=9001").is(200).json();
    assert_eq!(icid["connection"]["outcome"], "partially_delivered");
    by_id(&service, message["id"].as_str().expect("an id"), &icid);
}

/// The timeline, the page, and the connection by its id.
fn by_id(service: &Service, id: &str, icid: &Value) {
    let timeline = service.get(&format!("/v1/messages/{id}")).is(200).json();
    let family = timeline["family"].as_array().expect("a family");
    let mut kin: Vec<Value> = family
        .iter()
        .map(|kin| json!([kin["mid"], kin["how"], kin["from_mid"]]))
        .collect();
    // those of one second have no order
    kin.sort_by_key(|one| one[0].as_u64());
    assert_eq!(
        kin,
        [
            json!([4002, "copy", 4001]),
            json!([4003, "split", 4001]),
            json!([4004, "split", 4001])
        ]
    );
    let entries = timeline["entries"].as_array().expect("lines");
    assert_eq!(entries.len(), STORY.lines().count());
    let of = |word: &str| entries.iter().filter(|one| one["of"] == word).count();
    assert_eq!(
        (of("connection"), of("delivery"), of("other_log")),
        (3, 2, 1)
    );
    let page = service
        .ask(
            &format!("/messages/{id}?lang=ja"),
            &[("Accept", "text/html")],
        )
        .is(200);
    assert!(page.body.contains("関連するメッセージ") && page.body.contains("MID 4003"));
    let own = icid["connection"]["id"].as_str().expect("an id");
    let connection = service
        .get(&format!("/v1/connections/{own}"))
        .is(200)
        .json();
    assert_eq!(connection["connection"]["messages"], json!([4001]));
    assert_eq!(connection["entries"].as_array().map(Vec::len), Some(3));
    let again = service
        .get(&format!("/v1/connections/{own}/answer"))
        .is(200);
    assert_eq!(again.json()["diagnosis"]["id"], icid["diagnosis"]["id"]);
    let unknown = service.get("/v1/connections/cnobody").is(404).json();
    assert_eq!(unknown["code"], "connection_unknown");
}

/// Lines of an archive, all of one second.
fn hand_in(service: &Service, lines: &str, second: u32) {
    let stamp = format!("Thu Aug 14 11:{:02}:{:02} 2014", second / 60, second % 60);
    let lines = lines
        .lines()
        .map(|line| format!("{stamp} Info: {line}\n"))
        .collect::<String>();
    let headers = [("Content-Type", "application/octet-stream")];
    let path = "/v1/lines?lane=archive&appliance=esa1";
    service.post(path, &headers, lines).is(202);
}

/// The MIDs of what a search finds.
fn found(service: &Service, query: &str) -> Vec<u64> {
    let list = service.get(&format!("/v1/messages?{query}")).is(200).json();
    let items = list["items"].as_array().expect("a list").iter();
    let mut mids: Vec<u64> = items.filter_map(|one| one["mid"].as_u64()).collect();
    // those of one second have no order
    mids.sort_unstable();
    mids
}

fn all_written(service: &Service, count: u64) {
    service.eventually("the records written", || {
        let documents = service.get("/v1/status").json()["index_documents"].as_u64()?;
        (documents >= count).then_some(())
    });
}

/// A child whose own lines name nobody, delivered long after its elder was written.
#[test]
fn a_child_that_is_delivered_late_changes_what_its_elder_is_found_by() {
    let service = Service::start();
    let send = |lines: &str, second: u32| hand_in(&service, lines, second);
    send(
        "New SMTP ICID 9100 interface Data 1 (192.0.2.10) address 198.51.100.7 reverse dns host mx.partner.example verified yes\n\
         Start MID 4100 ICID 9100\n\
         MID 4100 ICID 9100 From: <desk@partner.example>\n\
         MID 4100 ICID 9100 RID 0 To: <anna@corp.example>\n\
         MID 4100 ready 4096 bytes from <desk@partner.example>\n\
         MID 4100 rewritten to MID 4101 by antispam\n\
         Message finished MID 4100 done\n\
         ICID 9100 close\n\
         MID 4101 queued for delivery",
        0,
    );
    let found = |query: &str| found(&service, query);
    all_written(&service, 2);
    assert!(found("mid=4100&outcome=delivered").is_empty());
    send(
        "New SMTP DCID 72 interface 192.0.2.10 address 192.0.2.50 port 25\n\
         Delivery start DCID 72 MID 4101 to RID [0]\n\
         Message done DCID 72 MID 4101 to RID [0]\n\
         Message finished MID 4101 done\n\
         DCID 72 close",
        3_000,
    );
    service.eventually("the elder found as delivered", || {
        (found("mid=4100&outcome=delivered") == [4100]).then_some(())
    });
    // the ICID is the elder's: the child is found by it, and is not one that the connection carried
    service.eventually("the child found by its elder's ICID", || {
        (found("icid=9100") == [4100, 4101]).then_some(())
    });
    let stats = service.get("/v1/stats?group_by=outcome").is(200).json();
    assert_eq!(stats["groups"][0]["count"], 2, "{stats}");
    let connection = service.get("/v1/why?icid=9100").is(200).json();
    assert_eq!(connection["connection"]["messages"], json!([4100]));
}

/// A connection stays open for longer than its mail takes: the family is looked at before it is written.
#[test]
fn members_of_a_family_keep_the_host_of_a_connection_that_is_still_open() {
    let service = Service::start();
    hand_in(
        &service,
        "New SMTP ICID 9200 interface Data 1 (192.0.2.10) address 198.51.100.7 reverse dns host mx.partner.example verified yes\n\
         Start MID 4200 ICID 9200\n\
         MID 4200 ICID 9200 From: <desk@partner.example>\n\
         MID 4200 ICID 9200 RID 0 To: <anna@corp.example>\n\
         MID 4200 ready 4096 bytes from <desk@partner.example>\n\
         MID 4200 rewritten to MID 4201 by antispam\n\
         Message finished MID 4200 done\n\
         New SMTP DCID 82 interface 192.0.2.10 address 192.0.2.50 port 25\n\
         Delivery start DCID 82 MID 4201 to RID [0]\n\
         Message done DCID 82 MID 4201 to RID [0]\n\
         Message finished MID 4201 done\n\
         DCID 82 close",
        0,
    );
    // two messages and the delivery
    all_written(&service, 3);
    service.eventually("the elder found as delivered", || {
        (found(&service, "mid=4200&outcome=delivered") == [4200]).then_some(())
    });
    let status = service.get("/v1/status").is(200).json();
    assert_eq!(status["in_memory"]["connections"], 1, "{status}");
    assert_eq!(found(&service, "host=mx.partner.example"), [4200]);
    hand_in(&service, "ICID 9200 close", 1);
    service.eventually(
        "the child found by the host of its elder's connection",
        || (found(&service, "host=mx.partner.example") == [4200, 4201]).then_some(()),
    );
    let stats = service.get("/v1/stats?group_by=host").is(200).json();
    assert_eq!(stats["groups"][0]["count"], 2, "{stats}");
}
