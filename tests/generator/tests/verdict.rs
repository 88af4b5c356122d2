//! Outcomes of messages, held against the truth.

use std::collections::BTreeMap;

use whymid_generator::{Ending, Fate, Generator, Messages, Plan, RecordKind, TruthRecord, Verdict};

fn truth() -> Vec<TruthRecord> {
    let (_, truth) = Generator::new(Plan::full(61, 60_000)).collected();
    truth
}

fn messages(truth: &[TruthRecord]) -> Messages {
    let mut messages = Messages::default();
    truth.iter().for_each(|record| messages.add(record));
    messages
}

fn of_messages(truth: &[TruthRecord]) -> impl Iterator<Item = &TruthRecord> {
    truth
        .iter()
        .filter(|record| record.kind == RecordKind::Message)
}

fn verdict(record: &TruthRecord, outcome: &str) -> Verdict {
    Verdict {
        appliance: record.appliance,
        number: record.number,
        first: record.first,
        diagnosis: String::new(),
        outcome: outcome.to_owned(),
    }
}

#[test]
fn right_verdicts_are_right_and_wrong_ones_are_told() {
    let truth = truth();
    let known = messages(&truth);
    let right = of_messages(&truth).map(|record| {
        let outcome = known.outcomes(record.id).first().copied().unwrap_or("?");
        verdict(record, outcome)
    });
    let agreement = known.verdicts(right);
    assert!(
        agreement.wrong.is_empty() && agreement.unknown.is_empty(),
        "{agreement}"
    );
    assert!(agreement.right > 20 * agreement.open, "{agreement}");

    let always = of_messages(&truth).map(|record| verdict(record, "delivered"));
    let agreement = known.verdicts(always);
    let told: BTreeMap<(String, String), u64> = agreement.differences();
    assert!(told.len() > 8, "{agreement}");
}

#[test]
fn every_outcome_of_the_contract_is_expected_somewhere() {
    let truth = truth();
    let known = messages(&truth);
    let mut words: Vec<&str> = of_messages(&truth)
        .flat_map(|record| known.outcomes(record.id))
        .collect();
    words.sort_unstable();
    words.dedup();
    let all = [
        "aborted",
        "deleted_from_quarantine",
        "delivered",
        "dropped",
        "hard_bounced",
        "partially_delivered",
        "processing",
        "quarantined",
        "queued",
        "rejected",
        "soft_bounced",
    ];
    assert_eq!(words, all);
}

#[test]
fn a_message_that_went_on_has_the_outcome_of_its_leaves() {
    let truth = truth();
    let known = messages(&truth);
    let mut followed = 0;
    for record in of_messages(&truth).filter(|record| record.ending == Ending::WentOn) {
        let all_on = record
            .recipients
            .iter()
            .all(|one| matches!(one.fate, Fate::WentOn { .. } | Fate::Refused));
        assert!(all_on, "{record:?}");
        followed += u32::from(known.outcomes(record.id) == ["delivered"]);
    }
    assert!(followed > 20, "{followed}");
}

#[test]
fn a_number_that_comes_again_is_told_apart_by_its_first_line() {
    let truth = truth();
    let known = messages(&truth);
    let again: Vec<&TruthRecord> = of_messages(&truth)
        .filter(|record| record.appliance == 0 && record.number == 7)
        .collect();
    assert!(again.len() > 1);
    for record in again {
        let right = known.outcomes(record.id);
        let given = right.first().copied().unwrap_or("?");
        let agreement = known.verdicts([verdict(record, given)]);
        assert!(agreement.wrong.is_empty());
    }
    let mut unknown = truth[0].clone();
    unknown.number = 77_777_777;
    assert_eq!(
        known
            .verdicts([verdict(&unknown, "delivered")])
            .unknown
            .len(),
        1
    );
}
