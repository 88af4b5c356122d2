//! One body against the forms of the table (`kind.rs`): which kind it is, and its fields.
//!
//! Invariants: no input panics; the work is linear in the body for each form that begins alike;
//! text that strangers wrote is only ever taken up to what the form puts behind it. Forms are
//! tried in the table's order, those that begin with the very words first.
//!
//! Not here: what is done with the fields.

use std::collections::HashMap;
use std::sync::LazyLock;

use foldhash::fast::RandomState;

use crate::kind::{ALL, Kind};
use crate::scan::{Scan, unquote};

/// A piece of a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece {
    /// This very text; a blank is one or more.
    Text(&'static str),
    /// A field.
    Field(&'static str, How),
    /// From here on the line may be cut.
    MayEnd,
    /// Whatever else.
    Anything,
}

/// How a field is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    Number,
    Rids,
    Address,
    Word,
    /// Up to the next piece, where that comes first.
    First,
    /// Up to the next piece, where that comes last.
    Last,
    Quoted,
}

impl How {
    const SIGNS: [(&str, Self); 6] = [
        ("#", Self::Number),
        ("[]", Self::Rids),
        ("@", Self::Address),
        (".", Self::Word),
        ("~", Self::Last),
        ("'", Self::Quoted),
    ];
}

/// The name of a field and its text as logged.
pub type Field<'a> = (&'static str, &'a str);

/// One form, taken apart.
#[derive(Debug)]
struct Form {
    kind: &'static Kind,
    pieces: Vec<Piece>,
}

impl Form {
    fn of(kind: &'static Kind, form: &'static str) -> Self {
        Self {
            kind,
            pieces: pieces(form),
        }
    }

    /// Gives the fields of a body, which has no blanks at its end, in order; false if it is not of this form, whatever was given
    /// by then.
    fn read<'a>(&self, body: &'a str, mut give: impl FnMut(&'static str, &'a str)) -> bool {
        let mut rest = body;
        let mut may_end = false;
        for (place, piece) in self.pieces.iter().enumerate() {
            match *piece {
                Piece::MayEnd => may_end = true,
                Piece::Anything => return true,
                Piece::Text(text) => match behind(rest, text) {
                    Some(after) => rest = after,
                    None => return may_end && rest.is_empty(),
                },
                Piece::Field(name, how) => {
                    let next = self.pieces[place + 1..].iter().find_map(|next| match next {
                        Piece::Text(text) => Some(*text),
                        Piece::Field(..) | Piece::MayEnd | Piece::Anything => None,
                    });
                    let Some((value, after)) = field(rest, how, next, may_end) else {
                        return may_end && rest.trim_start().is_empty();
                    };
                    give(name, value);
                    rest = after;
                }
            }
        }
        rest.trim_start().is_empty()
    }
}

/// A form's text as pieces.
fn pieces(form: &'static str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = form;
    while !rest.is_empty() {
        let end = rest.find(['{', '|', '¦', '…']).unwrap_or(rest.len());
        if end > 0 {
            pieces.push(Piece::Text(&rest[..end]));
            rest = &rest[end..];
        } else if let Some(after) = rest.strip_prefix('|') {
            pieces.push(Piece::MayEnd);
            rest = after;
        } else if let Some(after) = rest.strip_prefix('¦') {
            pieces.push(Piece::Text("|"));
            rest = after;
        } else if let Some(after) = rest.strip_prefix('…') {
            pieces.push(Piece::Anything);
            rest = after;
        } else {
            let (inner, after) = rest[1..].split_once('}').unwrap_or((&rest[1..], ""));
            pieces.push(named(inner));
            rest = after;
        }
    }
    pieces
}

fn named(inner: &'static str) -> Piece {
    let mut signs = How::SIGNS.iter();
    let signed = signs.find_map(|(sign, how)| Some((inner.strip_suffix(sign)?, *how)));
    let (name, how) = signed.unwrap_or((inner, How::First));
    Piece::Field(name, how)
}

/// What follows a text; each of its blanks stands for one or more.
fn behind<'a>(rest: &'a str, text: &str) -> Option<&'a str> {
    let bytes = rest.as_bytes();
    let mut at = 0;
    for wanted in text.bytes() {
        if bytes.get(at) != Some(&wanted) {
            return None;
        }
        at += 1;
        if wanted == b' ' {
            at += blanks(&bytes[at..]);
        }
    }
    rest.get(at..)
}

fn blanks(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| **byte == b' ').count()
}

/// Where a text comes first, each of its blanks one or more. The library's search prepares itself
/// for long texts, at a cost that these short ones never bring in.
fn first_place(text: &str, wanted: &str) -> Option<usize> {
    places(text, wanted).find_map(|place| stands_at(text, place, wanted))
}

/// Where it comes last.
fn last_place(text: &str, wanted: &str) -> Option<usize> {
    let mut places = places(text, wanted).rev();
    places.find_map(|place| stands_at(text, place, wanted))
}

/// Where it may begin. Of blanks in a row the first stands for all: to try each of them, and pass
/// over the others each time, would cost their square.
fn places(text: &str, wanted: &str) -> impl DoubleEndedIterator<Item = usize> {
    let bytes = text.as_bytes();
    let first = wanted.bytes().next();
    (0..bytes.len()).filter(move |place| {
        let is_first = Some(bytes[*place]) == first;
        is_first && !(bytes[*place] == b' ' && *place > 0 && bytes[*place - 1] == b' ')
    })
}

fn stands_at(text: &str, place: usize, wanted: &str) -> Option<usize> {
    behind(text.get(place..)?, wanted).map(|_| place)
}

/// A field's text, never empty but for the address `<>`, and what follows it.
fn field<'a>(
    rest: &'a str,
    how: How,
    next: Option<&str>,
    may_end: bool,
) -> Option<(&'a str, &'a str)> {
    let mut scan = Scan(rest);
    match how {
        How::Number => {
            scan.number()?;
        }
        How::Rids => {
            scan.rids()?;
        }
        How::Address => {
            let address = scan.address()?;
            return Some((address, scan.rest()));
        }
        How::Word => {
            scan.word()?;
        }
        How::Quoted => return Some((unquote(rest), "")).filter(|(text, _)| !text.is_empty()),
        How::First | How::Last => {
            let found = match (how, next) {
                (_, None) => Some(rest.len()),
                (How::Last, Some(next)) => last_place(rest, next),
                (_, Some(next)) => first_place(rest, next),
            };
            let end = found.or_else(|| may_end.then_some(rest.len()))?;
            scan = Scan(&rest[end..]);
        }
    }
    let taken = &rest[..rest.len() - scan.rest().len()];
    let taken = taken.trim();
    (!taken.is_empty()).then_some((taken, scan.rest()))
}

/// The words with which a body begins: the first, and the next that is no number.
fn beginning(body: &str) -> (&str, &str) {
    let (head, rest) = word(body);
    let number = rest.bytes().take_while(u8::is_ascii_digit).count();
    if number == 0 {
        return (head, word(rest).0);
    }
    let behind = &rest[number..];
    match blanks(behind.as_bytes()) {
        0 if !behind.is_empty() => (head, "#"),
        blanks => (head, word(&behind[blanks..]).0),
    }
}

/// The text up to a blank, and what follows the blanks.
fn word(text: &str) -> (&str, &str) {
    let bytes = text.as_bytes();
    let end = bytes
        .iter()
        .position(|byte| *byte == b' ')
        .unwrap_or(bytes.len());
    let (word, rest) = text.split_at(end);
    (word, &rest[blanks(rest.as_bytes())..])
}

/// The forms by how they begin.
#[derive(Debug, Default)]
struct Forms {
    by_words: HashMap<(&'static str, &'static str), Vec<Form>, RandomState>,
    by_head: HashMap<&'static str, Vec<Form>, RandomState>,
    others: Vec<Form>,
}

static FORMS: LazyLock<Forms> = LazyLock::new(|| {
    let mut forms = Forms::default();
    let by_form = ALL.iter().filter(|kind| kind.by_form);
    for (kind, text) in by_form.flat_map(|kind| kind.forms.iter().map(|form| (*kind, *form))) {
        let form = Form::of(kind, text);
        match beginning_of_form(text) {
            (Some(head), Some(next)) => forms.by_words.entry((head, next)).or_default().push(form),
            (Some(head), None) => forms.by_head.entry(head).or_default().push(form),
            (None, _) => forms.others.push(form),
        }
    }
    forms
});

/// The same of a form; `None` for a word with a field in it.
fn beginning_of_form(form: &'static str) -> (Option<&'static str>, Option<&'static str>) {
    let whole = |word: &&'static str| !word.contains(['{', '|', '…']);
    let mut words = form.split(' ');
    let head = words.next().filter(whole);
    let mut next = words.next().unwrap_or_default();
    if let Some(behind) = next
        .strip_prefix('{')
        .and_then(|next| next.split_once("#}"))
    {
        if !behind.1.is_empty() {
            return (head, Some("#"));
        }
        next = words.next().unwrap_or_default();
    }
    (head, Some(next).filter(whole))
}

/// What a form took out of a body.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Told<'a> {
    fields: [Field<'a>; MOST],
    count: usize,
}

/// The most fields of a form.
const MOST: usize = 10;

impl<'a> Told<'a> {
    fn give(&mut self, name: &'static str, text: &'a str) {
        if let Some(place) = self.fields.get_mut(self.count) {
            *place = (name, text);
            self.count += 1;
        }
    }

    /// A field's text.
    pub(super) fn text(&self, name: &str) -> Option<&'a str> {
        let mut told = self.fields[..self.count].iter();
        told.find_map(|(own, text)| (*own == name).then_some(*text))
    }

    /// A field's number.
    pub(super) fn number<N: std::str::FromStr>(&self, name: &str) -> Option<N> {
        self.text(name)?.parse().ok()
    }
}

/// The kind of a body by the forms that read it, and what they took out of it.
pub(super) fn read(body: &str) -> Option<(&'static Kind, Told<'_>)> {
    let body = body.trim_end();
    let (head, next) = beginning(body);
    let forms = &*FORMS;
    let by_words = forms.by_words.get(&(head, next)).into_iter().flatten();
    let by_head = forms.by_head.get(head).into_iter().flatten();
    by_words
        .chain(by_head)
        .chain(&forms.others)
        .find_map(|form| {
            let mut told = Told::default();
            let is_so = form.read(body, |name, text| told.give(name, text));
            is_so.then_some((form.kind, told))
        })
}

/// The fields of a body of that kind, as the first of its forms that fits has them; none when it
/// is of none of them. A form that finds another id than the owner's does not fit. Builds the forms
/// anew: for showing, not for reading a log.
#[must_use]
pub fn fields<'a>(kind: &'static Kind, body: &'a str) -> Vec<Field<'a>> {
    let owner = super::read(body).owner.number();
    let is_owned =
        |(name, text): &Field<'_>| *name != kind.belongs.id() || text.parse().unwrap_or(0) == owner;
    let fitting = kind.forms.iter().find_map(|form| {
        let mut fields = Vec::new();
        let form = Form::of(kind, form);
        let fits = form.read(body.trim_end(), |name, text| fields.push((name, text)));
        (fits && fields.iter().all(is_owned)).then_some(fields)
    });
    fitting.unwrap_or_default()
}

/// Whether a body is of one of the forms of that kind.
#[cfg(test)]
pub(super) fn fits(kind: &'static Kind, body: &str) -> bool {
    let forms = kind.forms.iter();
    let mut forms = forms.map(|form| Form::of(kind, form));
    forms.any(|form| form.read(body.trim_end(), |_, _| {}))
}
