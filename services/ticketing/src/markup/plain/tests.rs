//! What a mail shows.

use super::super::tree::one_line;
use super::super::tree::samples::{body, nasty};
use super::text;

#[test]
fn every_construct_has_its_plain_form() {
    let markdown = "## Title\n\nA **b** `c` [t](<https://h.example/>) <https://h.example/x>\n\n\
                    1. one\n\n   ```text\n   line  1\n   ```\n2. two\n   - in \\*it\\*\n\n- a\\\n  b\n";
    let want = "Title\n\nA b c t <https://h.example/> https://h.example/x\n\n\
                1. one\n       line  1\n2. two\n   - in *it*\n\n- a\n  b";
    assert_eq!(text(markdown), want);
}

#[test]
fn what_strangers_wrote_is_there_and_obeyed_by_nobody() {
    for stranger in nasty() {
        let got = text(&body(&stranger));
        assert!(
            got.contains(one_line(&stranger).trim()),
            "{stranger}\n{got}"
        );
        let obeyed = |letter: char| letter != '\n' && letter.is_control();
        assert!(
            !got.contains(obeyed) && !got.contains('\u{202e}'),
            "{stranger}"
        );
    }
}
