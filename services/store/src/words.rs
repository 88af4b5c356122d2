//! Text to the words by which it is found: the same for what is indexed, what is in memory and
//! what is asked.
//!
//! Text is normalised (NFKC, small letters) and subjects are decoded (RFC 2047). A run of letters
//! and digits is a word; a run of Chinese, Japanese or Korean letters is words of two letters each,
//! which overlap, so that every piece of it is found without a dictionary; a blank between two
//! katakana is none.
//!
//! Invariant: what stands in a text is found by any piece of it that ends where words end.

use std::borrow::Cow;

use icu_normalizer::ComposingNormalizerBorrowed;
use tantivy::tokenizer::{Token, TokenStream, Tokenizer};

/// The name of the tokenizer in the schema.
pub(crate) const NAME: &str = "mail";

/// Longer words are cut: nobody types them.
const LONGEST: usize = 100;

/// A subject as people read it: encoded words decoded (RFC 2047); as logged where they are broken.
#[must_use]
pub fn decoded(subject: &str) -> Cow<'_, str> {
    let subject = unfolded(subject);
    if !subject.contains("=?") {
        return subject;
    }
    match rfc2047_decoder::decode(&*subject) {
        Ok(text) => Cow::Owned(text),
        Err(_) => subject,
    }
}

/// A folded header on one line: AsyncOS logs its line ends and tabs as two letters each (`\\r\\n\\t`;
/// rows E088 and E091 of the log grammar).
fn unfolded(subject: &str) -> Cow<'_, str> {
    if !subject.contains("\\r\\n") {
        return Cow::Borrowed(subject);
    }
    let text = subject.replace("\\r\\n\\t", " ");
    Cow::Owned(text.replace("\\r\\n ", " ").replace("\\r\\n", " "))
}

/// The words of a text, in order.
pub(crate) fn words(text: &str) -> Vec<String> {
    let text = normal(text);
    let letters: Vec<char> = text.chars().collect();
    let mut words = Vec::new();
    let mut at = 0;
    while at < letters.len() {
        let letter = letters[at];
        let end = if is_cjk(letter) {
            let end = run(&letters, at, is_cjk);
            pairs(&letters[at..end], &mut words);
            end
        } else if letter.is_alphanumeric() {
            let end = run(&letters, at, |one| one.is_alphanumeric() && !is_cjk(one));
            words.push(letters[at..end].iter().take(LONGEST).collect());
            end
        } else {
            at + 1
        };
        at = end;
    }
    words
}

/// NFKC and small letters; blanks between katakana dropped.
fn normal(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let nfkc = ComposingNormalizerBorrowed::new_nfkc();
    let small = nfkc.normalize(text).to_lowercase();
    let mut letters = small.chars().peekable();
    let mut normal = String::with_capacity(small.len());
    let mut before = ' ';
    while let Some(letter) = letters.next() {
        let after = letters.peek().copied().unwrap_or(' ');
        if letter == ' ' && is_katakana(before) && is_katakana(after) {
            continue;
        }
        normal.push(letter);
        before = letter;
    }
    normal
}

fn run(letters: &[char], from: usize, belongs: impl Fn(char) -> bool) -> usize {
    let length = letters[from..].iter().take_while(|one| belongs(**one));
    from + length.count()
}

/// Every two neighbours; one that is alone by itself.
fn pairs(letters: &[char], words: &mut Vec<String>) {
    if let [alone] = letters {
        words.push(alone.to_string());
    }
    words.extend(letters.windows(2).map(|pair| pair.iter().collect()));
}

pub(crate) fn is_cjk(letter: char) -> bool {
    matches!(letter,
        '\u{3005}'..='\u{3007}' | '\u{3041}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}'
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}'
        | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
        && letter != '・'
}

fn is_katakana(letter: char) -> bool {
    matches!(letter, '\u{30a1}'..='\u{30fa}' | 'ー')
}

/// [`words`] for Tantivy.
#[derive(Clone, Debug, Default)]
pub(crate) struct Words {
    words: Vec<String>,
    token: Token,
}

impl Tokenizer for Words {
    type TokenStream<'a> = Stream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Stream<'a> {
        self.words = words(text);
        self.token = Token::default();
        Stream { of: self, next: 0 }
    }
}

/// The words of one text.
pub(crate) struct Stream<'a> {
    of: &'a mut Words,
    next: usize,
}

impl TokenStream for Stream<'_> {
    fn advance(&mut self) -> bool {
        let Some(word) = self.of.words.get_mut(self.next) else {
            return false;
        };
        self.of.token.text = std::mem::take(word);
        self.of.token.position = self.next;
        self.of.token.position_length = 1;
        self.next += 1;
        true
    }

    fn token(&self) -> &Token {
        &self.of.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.of.token
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_runs_of_letters_and_digits_and_pairs_of_chinese_ones() {
        for (text, wanted) in [
            ("MID 7 Receiving aborted", "mid 7 receiving aborted"),
            ("a.b@corp.example", "a b corp example"),
            ("隔離されたメール", "隔離 離さ され れた たメ メー ール"),
            ("メール サーバー", "メー ール ルサ サー ーバ バー"),
            ("ＦＡＸ　ｻｰﾊﾞｰ", "fax サー ーバ バー"),
            ("件名", "件名"),
            ("山", "山"),
            ("Größe ÉTÉ", "größe été"),
            ("第3回", "第 3 回"),
            ("", ""),
            ("()!?", ""),
        ] {
            assert_eq!(words(text).join(" "), wanted, "{text}");
        }
    }

    #[test]
    fn encoded_subjects_are_read_and_broken_ones_stay() {
        for (subject, read) in [
            ("=?UTF-8?B?6KuL5rGC5pu4?=", "請求書"),
            ("=?ISO-2022-JP?B?GyRCQEE1YT1xGyhC?=", "請求書"),
            (
                "Re: =?utf-8?q?Gr=C3=BC=C3=9Fe?= an alle",
                "Re: Grüße an alle",
            ),
            ("plain", "plain"),
            ("AFRICA\\r\\n (PTY)", "AFRICA (PTY)"),
            ("=?UTF-8?B?6KuL5rGC?=\\r\\n\\t=?UTF-8?B?5pu4?=", "請求書"),
            ("=?broken", "=?broken"),
        ] {
            assert_eq!(decoded(subject), read, "{subject}");
        }
    }
}
