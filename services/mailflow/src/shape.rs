//! A line to its shape: what it has in common with others of its kind, so that what the grammar
//! does not know can be counted, and reported without what is personal.
//!
//! Invariants: equal shapes stand for lines that differ in numbers, quoted texts and addresses
//! alone. An anonymous shape holds no word but those of the grammar's own table and of a list of
//! plain words ([`PLAIN`]): a name that a stranger or a user chose is in neither, or is as common
//! as that.
//!
//! Not here: which lines are known.

use std::collections::HashSet;
use std::sync::LazyLock;

use crate::kind;
use crate::scan::Scan;

/// Words that lines about mail are made of and the table does not hold.
const PLAIN: &str = "a about above accept accepted action add added address addresses after again \
all allowed already also an and any are as at attempt attempts attachment attachments available \
back bad be because been before being below between blocked body bounce bounces but by bytes cache \
call called can cannot certificate change changed check checked client close closed code command \
complete completed condition configuration configured connect connected connection content could \
count custom data database days default delay delayed delete deleted delivered delivery denied \
destination detected did directory disabled disk dns does domain domains done down drop dropped due \
during empty enabled encrypted encryption end ended engine entry error errors event exceeded exists \
expired external fail failed failure feature file files filter filters finished first for format \
found from full generated got greater group had handler has hash have header headers held high host \
hours id identity ignored in inbound incoming incorrect info information initiated injected input \
inserted internal into invalid is it its key last level licence license limit line list listener \
local log long low lookup mail mailbox maximum memory message messages minimum minutes missing mode \
more must name negative network new next no none normal not number of off ok old on once only open \
or original other out outbound outgoing over part pass passed path peer pending per permanent policy \
port positive possible process processed processing profile protocol quarantine query queue queued \
quota reached read ready reason received recipient recipients refused reject rejected relay release \
released remote removed replaced report request requested required response result retry retrying \
return returned rewritten route rule run running safe same save saved scan scanned scanning score \
seconds secure security send sender sending sent server service session set sets short signature \
signed size skip skipped socket source spam start started starting state status stop stopped store \
stored subject success successful successfully succeeded system table tag temporary terminated text \
than that the their then there this threat time timed timeout to token too total transfer type \
types unable unexpected unknown unreachable unscannable until up update updated updates url urls \
use used user using valid value verdict verification verified verify version via virus waiting \
warning was were when which while will with within without work write wrong you your";

static WORDS: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let forms = kind::ALL.iter().flat_map(|kind| kind.forms.iter());
    let words = forms.flat_map(|form| {
        // what stands between the fields
        let outside = form
            .split('{')
            .map(|part| part.split_once('}').map_or(part, |(_, after)| after));
        outside.flat_map(words).collect::<Vec<_>>()
    });
    words
        .chain(PLAIN.split_ascii_whitespace())
        .map(str::to_ascii_lowercase)
        .collect()
});

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_alphabetic())
        .filter(|word| !word.is_empty())
}

/// The shape of a line's body: `N` for a number, `'…'` and `"…"` for what is quoted, `<…>` for
/// what stands in angle brackets. If `anonymous`, also `X` for every word that is neither of the
/// table nor a plain one, and for whatever holds a dot, an `@` or a digit.
#[must_use]
pub fn shape(body: &str, anonymous: bool) -> String {
    let mut shape = String::with_capacity(body.len());
    let mut rest = body.trim();
    while let Some(letter) = rest.chars().next() {
        let (piece, after) = match enclosed(rest, anonymous) {
            Some(enclosed) => enclosed,
            None if letter.is_ascii_digit() && !anonymous => {
                let mut scan = Scan(rest);
                let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
                scan.0 = &rest[digits..];
                ("N", scan.rest())
            }
            None if anonymous && !is_mark(letter) => {
                let end = rest.find(is_mark).unwrap_or(rest.len());
                (allowed(&rest[..end]), &rest[end..])
            }
            None => rest.split_at(letter.len_utf8()),
        };
        shape.push_str(piece);
        rest = after;
    }
    shape
}

/// What a quoted or bracketed text at the front is in a shape, and what follows it. An
/// apostrophe within may close it: an anonymous shape has nothing of what stands up to the last.
fn enclosed(rest: &str, anonymous: bool) -> Option<(&'static str, &str)> {
    let pairs = [
        ("'", "'", "'…'"),
        ("\"", "\"", "\"…\""),
        ("<", ">", "<…>"),
        ("“", "”", "“…”"),
        ("‘", "’", "‘…’"),
        ("«", "»", "«…»"),
    ];
    pairs.into_iter().find_map(|(open, close, piece)| {
        let inner = rest.strip_prefix(open)?;
        // of a text without its end, which came cut, nothing may be shown
        let halves = match anonymous {
            true => inner.rsplit_once(close),
            false => inner.split_once(close),
        };
        let after = halves.map_or("", |(_, after)| after);
        Some((piece, after))
    })
}

/// What stands between two words.
fn is_mark(letter: char) -> bool {
    letter.is_whitespace() || "()[]{}<>,;:=!?|/\\\"'".contains(letter)
}

/// A word as an anonymous shape has it.
fn allowed(word: &str) -> &str {
    let bare = word.trim_end_matches(['.', '-']);
    let end = &word[bare.len()..];
    if bare.is_empty() {
        return word;
    }
    if bare.bytes().all(|byte| byte.is_ascii_digit()) {
        return "N";
    }
    let is_word = bare
        .split(['-', '_'])
        .all(|part| WORDS.contains(&part.to_ascii_lowercase()));
    match is_word {
        true => word,
        false if end.is_empty() => "X",
        false => "X.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_one_shape_differ_in_numbers_and_in_what_is_quoted() {
        for line in [
            "MID 17 frobnicated 'one' by <a@mail.example> in 12 s",
            "MID 4711 frobnicated 'it' by <b@mail.example> in 3 s",
        ] {
            assert_eq!(shape(line, false), "MID N frobnicated '…' by <…> in N s");
        }
    }

    #[test]
    fn an_anonymous_shape_keeps_plain_words_alone() {
        for (line, anonymous) in [
            (
                "MID 17 was held for alice@corp.example by Smith at 192.0.2.7",
                "MID N was held for X by X at X",
            ),
            (
                "MID 17 Subject Re: salary of O'Hara",
                "MID N Subject X: X of X'…'",
            ),
            (
                "ICID 3 host mx1.corp.example: not verified.",
                "ICID N host X: not verified.",
            ),
            ("MID 9 verdict 'cut off", "MID N verdict '…'"),
            ("größe 7", "X N"),
            (
                "MID 5 foo 'it's salary, error for sales' by me",
                "MID N X '…' by X",
            ),
            ("MID 5 was “the error of all”", "MID N was “…”"),
        ] {
            assert_eq!(shape(line, true), anonymous, "{line}");
        }
    }
}
