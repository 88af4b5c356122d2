//! Lists, exports and counts over HTTP.

use super::{HERE, ask, ask_bound, fake::FakeDesk, get, open};

#[actix_web::test]
async fn a_list_leads_on_with_its_cursor() {
    let first = ask(get("/v1/messages?outcome=aborted&limit=1")).await;
    assert_eq!(first.status, 200, "{}", first.body);
    let first: serde_json::Value = serde_json::from_str(&first.body).unwrap();
    assert_eq!(first["items"][0]["mid"], 1404);
    let item = &first["items"][0];
    assert_eq!(item["diagnosis"], "receiving-aborted-connection-lost");
    let cursor = first["next_cursor"].as_str().unwrap();
    let last = ask(get(&format!(
        "/v1/messages?outcome=aborted&cursor={cursor}"
    )))
    .await;
    let last: serde_json::Value = serde_json::from_str(&last.body).unwrap();
    assert_eq!(last["next_cursor"], serde_json::Value::Null);
}

#[actix_web::test]
async fn words_that_are_none_are_named() {
    let got = ask(get("/v1/messages?q=aborted%20%21%21%20--")).await;
    assert_eq!(got.status, 200, "{}", got.body);
    let got: serde_json::Value = serde_json::from_str(&got.body).unwrap();
    assert_eq!(got["not_understood"], serde_json::json!(["!!", "--"]));
    let export = get("/v1/messages?q=%21%21").insert_header(("accept", "text/csv"));
    assert_eq!(ask(export).await.code(), "parameter_invalid");
}

#[actix_web::test]
async fn an_export_is_all_of_it_line_by_line() {
    let lines = get("/v1/messages").insert_header(("accept", "application/x-ndjson"));
    let got = ask(lines).await;
    assert_eq!(got.header("content-type"), "application/x-ndjson");
    let lines: Vec<&str> = got.body.lines().collect();
    assert_eq!(lines.len(), 2);
    for line in lines {
        let item: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(item["id"], "m7f3c9");
    }
    let table = get("/v1/connections").insert_header(("accept", "text/csv"));
    let got = ask(table).await;
    assert_eq!(got.header("content-type"), "text/csv; charset=utf-8");
    let mut rows = got.body.lines();
    assert!(rows.next().unwrap().starts_with("appliance,icid,"));
    assert!(rows.next().unwrap().starts_with("esa1,10293,"));
    assert_eq!(rows.next(), None);
    let one = get("/v1/messages?limit=1").insert_header(("accept", "text/csv"));
    assert_eq!(ask(one).await.body.lines().count(), 2);
}

#[actix_web::test]
async fn no_cell_of_a_table_is_a_formula() {
    for formula in [
        "=cmd|'/c calc'!A1",
        "+1",
        "-1",
        "@SUM(1)",
        "\t=1",
        " =1",
        "＝1",
    ] {
        let desk = FakeDesk {
            stranger: Some(formula.to_owned()),
            ..FakeDesk::default()
        };
        let table = get("/v1/messages?limit=1").insert_header(("accept", "text/csv"));
        let got = ask_bound(open(), HERE, desk, table).await;
        let mut table = csv::Reader::from_reader(got.body.as_bytes());
        let row = table.records().next().unwrap().unwrap();
        assert!(
            row.iter().any(|cell| cell == format!("'{formula}")),
            "{row:?}"
        );
    }
}

#[actix_web::test]
async fn what_is_asked_for_is_checked() {
    for (uri, word) in [
        (
            "/v1/messages?diagnosis=receiving-aborted-connection-lots",
            "receiving-aborted-connection-lost",
        ),
        ("/v1/messages?outcome=dropt", "dropped"),
        ("/v1/messages?appliance=es*", "/v1/appliances"),
    ] {
        let got = ask(get(uri)).await;
        assert_eq!(got.code(), "parameter_invalid", "{uri}");
        assert!(got.body.contains(word), "{uri}: {}", got.body);
    }
}

#[actix_web::test]
async fn spans_of_time_begin_where_people_begin_them() {
    // the fake counts the edges of the spans
    for (query, edges) in [
        ("interval=1h", 25),
        (
            "interval=1d&since=2014-08-12T10:00:00Z&until=2014-08-14T09:00:00Z",
            4,
        ),
        // Monday the 11th, 18th, 25th
        (
            "interval=1w&since=2014-08-14T10:00:00Z&until=2014-08-19T09:00:00Z",
            3,
        ),
        // the clocks go back: still one day
        (
            "interval=1d&tz=Europe/Berlin&since=2014-10-25T22:00:00Z&until=2014-10-26T23:00:00Z",
            2,
        ),
        ("group_by=outcome", 0),
    ] {
        let got = ask(get(&format!("/v1/stats?{query}"))).await;
        assert_eq!(got.status, 200, "{}", got.body);
        let got: serde_json::Value = serde_json::from_str(&got.body).unwrap();
        assert_eq!(got["total"], edges, "{query}");
    }
}
