//! The knowledge base searched with labelled queries (`tests/queries/`): log lines, replies,
//! bounces and questions, half of them Japanese. The search was made with one set in sight; how
//! good it is is measured with the other. `language, kind, article, query`, with tabs between.

use whymid_diagnosis::{Knowledge, Source};

use crate::reading::articles::Shelf;

const KNOWN: &str = include_str!("../../tests/queries/known.tsv");
/// Written by somebody who knew the articles and not the search.
const ASIDE: &str = include_str!("../../tests/queries/aside.tsv");

/// How many queries of a set have the right article first, and among the first three.
fn score(name: &str, queries: &str, show: bool) -> (f64, f64) {
    let source = Source::embedded();
    let knowledge = Knowledge::read(&source).0;
    let shelf = Shelf::of(&knowledge, &source);
    let (mut all, mut first, mut three) = (0, 0, 0);
    for line in queries.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let &[lang, kind, right, query] = &fields[..] else {
            panic!("not four fields: {line}")
        };
        let diagnosed = knowledge.diagnosed(query);
        let hits = shelf.search(query, &diagnosed);
        let found: Vec<&str> = hits.iter().map(|hit| hit.article.as_str()).collect();
        let is_right = |id: &&str| right.split('|').any(|one| one == *id);
        all += 1;
        first += i32::from(found.first().is_some_and(is_right));
        let among = found.iter().take(3).any(is_right);
        three += i32::from(among);
        if show && !found.first().is_some_and(is_right) {
            let place = found.iter().position(is_right);
            println!(
                "{lang} {kind} {right} at {place:?}, first {:?} {:?}: {query}",
                found.first(),
                diagnosed
            );
        }
    }
    println!("{name}: {first} of {all} first, {three} among the first three");
    (
        f64::from(first) / f64::from(all),
        f64::from(three) / f64::from(all),
    )
}

#[test]
fn the_right_article_is_among_the_first_three() {
    assert!(score("known", KNOWN, true).1 >= 0.95);
    assert!(score("aside", ASIDE, false).1 >= 0.95);
}
