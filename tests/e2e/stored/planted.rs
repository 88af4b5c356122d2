//! Texts that would become something else where nobody escapes them, each with a mark of its own, so
//! that each can be found again.

/// What a stranger writes; `MARK` stands for the mark. Whoever takes one for markup gets an element
/// or an attribute that carries the mark, whoever runs one finds it in `window.pwned`.
pub(crate) const PAYLOADS: [&str; 14] = [
    "<script id=MARK>window.pwned='MARK'</script>",
    "<img src=x id=MARK onerror=window.pwned='MARK'>",
    "\" id=\"MARK\" autofocus onfocus=\"window.pwned='MARK'\" x=\"",
    "' id='MARK' autofocus onfocus='window.pwned=`MARK`' x='",
    "x id=MARK autofocus onfocus=window.pwned='MARK' ",
    "</textarea></title></code></pre></style></script><svg id=MARK onload=window.pwned='MARK'>",
    "javascript:window.pwned='MARK'//<a id=MARK href=javascript:window.pwned='MARK'>",
    "[MARK](javascript:window.pwned='MARK') ![MARK](//evil.example/MARK) <https://evil.example/MARK>",
    "{{7*7}} ${7*7} #{7*7} <%=7*7%> {%MARK%} {{constructor.constructor('window.pwned=1')()}}",
    "';window.pwned='MARK';// \u{2028}\";window.pwned='MARK';// \u{2029}</script>`-window.pwned-`",
    "--><!--MARK--><![CDATA[<iframe id=MARK srcdoc=MARK>]]><?MARK?>",
    "&lt;script&gt;MARK&#60;b id=MARK&#62;&quot;&amp;",
    "=HYPERLINK(\"https://evil.example/MARK\",\"MARK\")",
    "x`<b id=MARK> ~~~ ``` | **MARK** <b id=MARK> www.evil.example/MARK #MARK\\",
];

/// What somebody asks, led by a link: each payload with a mark.
pub(crate) fn asked_payloads() -> [String; PAYLOADS.len()] {
    PAYLOADS.map(|payload| payload.replace("MARK", "pw0q"))
}

/// A text of a stranger's in a field of a line.
#[derive(Clone, Debug)]
pub(crate) struct Planted {
    /// The field.
    pub(crate) field: String,
    /// What is to be seen.
    pub(crate) text: String,
    /// Where it must be seen.
    pub(crate) seen: Seen,
}

/// Where a text shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// In a place of its own on a page.
    AsField,
    /// In its line on a page.
    InLine,
    /// In its line on a page or, where it belongs to no mail, among the appliance's events, which no
    /// page shows.
    InLineOrEvent,
}

/// Everything that was planted.
#[derive(Debug, Default)]
pub(crate) struct Garden(pub(crate) Vec<Planted>);

impl Garden {
    /// A payload for a field, with a mark of its own.
    pub(crate) fn plant(&mut self, field: &str, payload: usize, seen: Seen) -> String {
        let text = self.marked(payload);
        self.keep(field, text, seen)
    }

    /// The same for a field that ends at a blank.
    pub(crate) fn plant_word(&mut self, field: &str, payload: usize, seen: Seen) -> String {
        // HTML takes a slash for a blank
        let text = self.marked(payload).replace(char::is_whitespace, "/");
        self.keep(field, text, seen)
    }

    /// The same as encoded words (RFC 2047), which are shown as they came and searched decoded.
    pub(crate) fn plant_encoded(&mut self, field: &str, payload: usize, seen: Seen) -> String {
        let text = self.marked(payload);
        let letters: Vec<char> = text.chars().collect();
        let words = letters.chunks(15).map(encoded_word);
        let text = words.collect::<Vec<_>>().join(" ");
        self.keep(field, text, seen)
    }

    fn marked(&self, payload: usize) -> String {
        let mark = format!("pw{}q", self.0.len());
        PAYLOADS[payload % PAYLOADS.len()].replace("MARK", &mark)
    }

    fn keep(&mut self, field: &str, text: String, seen: Seen) -> String {
        let field = field.to_owned();
        self.0.push(Planted {
            field,
            text: text.clone(),
            seen,
        });
        text
    }
}

/// At most 75 letters (RFC 2047, 2).
fn encoded_word(letters: &[char]) -> String {
    let text: String = letters.iter().collect();
    let bytes = text.bytes().map(|byte| format!("={byte:02X}"));
    format!("=?utf-8?Q?{}?=", bytes.collect::<String>())
}

/// A text without what makes no difference: blanks, controls, and case, which names have not.
pub(crate) fn visible(text: &str) -> String {
    let words = text.split(|letter: char| letter.is_whitespace() || letter.is_control());
    words.collect::<String>().to_lowercase()
}
