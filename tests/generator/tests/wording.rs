//! What lines look like: bodies, and the forms in which they travel.

use std::net::Ipv4Addr;

use whymid_generator::{Form, Generator, Kind, Plan, Written, render};

fn some() -> impl Iterator<Item = Written> {
    Generator::new(Plan::hostile(21, 60_000)).lines(drop)
}

#[test]
fn a_body_has_the_number_that_the_truth_says() {
    for line in some().filter(|line| line.number > 0) {
        let number = line.number.to_string();
        // an address stands before the number of a connection's limit, of a failed RPC
        let early = if matches!(line.kind, Kind::E015 | Kind::E181) {
            20
        } else {
            4
        };
        let numbers = line.body.split(|letter: char| !letter.is_ascii_digit());
        let mut first = numbers.filter(|word| !word.is_empty()).take(early);
        assert!(first.any(|word| word == number), "{line:?}");
    }
}

#[test]
fn a_body_is_one_line_with_invented_names() {
    for line in some() {
        assert!(!line.body.contains(['\r', '\n']), "{line:?}");
        for word in line
            .body
            .split(|letter: char| !letter.is_ascii_digit() && letter != '.')
        {
            if let Ok(address) = word.trim_matches('.').parse::<Ipv4Addr>() {
                let [a, b, c, _] = address.octets();
                let nets = [[192, 0, 2], [198, 51, 100], [203, 0, 113]];
                assert!(nets.contains(&[a, b, c]), "{line:?}");
            }
        }
        for (at, _) in line.body.match_indices('@') {
            let rest = &line.body[at + 1..];
            let end =
                rest.find(|letter: char| !letter.is_ascii_alphanumeric() && !"-.".contains(letter));
            let domain = rest[..end.unwrap_or(rest.len())].trim_end_matches('.');
            let invented = domain.is_empty() || domain.ends_with("example");
            assert!(invented || line.kind == Kind::E078, "{line:?}");
        }
    }
}

#[test]
fn each_form_is_that_of_the_grammar() {
    let plan = Plan::small(1);
    let lines: Vec<Written> = Generator::new(plan.clone()).lines(drop).take(1).collect();
    let shown = |form| String::from_utf8(render(&lines[0], form, &plan.appliances)).expect("text");
    let stamp = lines[0].at.strftime("%H:%M:%S").to_string();
    let expected = [
        format!("Mon Mar  9 {stamp} 2026 Info: Begin Logfile"),
        format!("<166>Mar  9 {stamp} mail_logs: Info: Begin Logfile"),
        format!("<166>Mar  9 {stamp} esa1.corp.example mail_logs: Info: Begin Logfile"),
        format!("Mar  9 {stamp} esa1.corp.example mail_logs: Info: Begin Logfile"),
        format!(
            "<166>Mar  9 {stamp} esa1.corp.example ESA: Mon Mar  9 {stamp} 2026 Info: Begin Logfile"
        ),
        format!(
            "<166>1 2026-03-09T{stamp}+00:00 esa1.corp.example mail_logs - - - Info: Begin Logfile"
        ),
    ];
    assert_eq!(Form::ALL.map(shown).to_vec(), expected);
}

#[test]
fn the_offset_of_an_appliance_stands_in_its_modern_stamps() {
    let plan = Plan::full(1, 1_000);
    let lines: Vec<Written> = Generator::new(plan.clone()).lines(drop).take(12).collect();
    let shown = |place: usize| {
        let bytes = render(&lines[place], Form::Rfc5424, &plan.appliances);
        String::from_utf8(bytes).expect("text")
    };
    assert!(
        shown(6).contains("+09:00 esa3.branch.example"),
        "{}",
        shown(6)
    );
    assert!(
        shown(9).contains("-06:00 esa4.works.example"),
        "{}",
        shown(9)
    );
}

#[test]
fn levels_are_those_of_the_kinds() {
    let mut words: Vec<&str> = some().map(|line| line.level.word()).collect();
    words.sort_unstable();
    words.dedup();
    assert_eq!(words, ["Critical", "Info", "Warning"]);
}
