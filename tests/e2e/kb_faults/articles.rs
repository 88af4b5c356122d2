//! Faults of `article.<lang>.md`, and files that do not belong into a knowledge base.

use super::At::{Here, Second, Top};
use super::Edit::{Remove, Replace, Write};
use super::{EN, JA, RULES, Row};

pub(super) fn rows() -> Vec<Row> {
    vec![
        (
            "the Japanese article is missing",
            JA,
            Remove,
            Top,
            &["missing", "both languages"],
        ),
        (
            "the English article is missing",
            EN,
            Remove,
            Top,
            &["missing", "both languages"],
        ),
        ("the rules are missing", RULES, Remove, Top, &["missing"]),
        (
            "a diagnosis without a section",
            EN,
            Replace(
                " {#receiving-aborted-by-sender}",
                " {#receiving-aborted-by-nobody}",
            ),
            Top,
            &["no section", "receiving-aborted-by-sender"],
        ),
        (
            "a section without a diagnosis",
            EN,
            Replace(
                " {#receiving-aborted-by-sender}",
                " {#receiving-aborted-by-nobody}",
            ),
            Here("{#receiving-aborted-by-nobody}"),
            &["receiving-aborted-by-nobody", "no diagnosis"],
        ),
        (
            "a section without an anchor",
            EN,
            Replace(" {#receiving-aborted-connection-lost}", ""),
            Here("## The connection dropped"),
            &["anchor", "{#id}"],
        ),
        (
            "a section twice",
            EN,
            Replace(
                " {#receiving-aborted-by-sender}",
                " {#receiving-aborted-connection-lost}",
            ),
            Second("{#receiving-aborted-connection-lost}"),
            &["several sections"],
        ),
        (
            "no front matter",
            EN,
            Replace("---\ntitle:", "title:"),
            Top,
            &["front matter"],
        ),
        (
            "front matter that is no YAML",
            EN,
            Replace(
                "title: \"Receiving aborted\"",
                "title: \"Receiving\" aborted",
            ),
            Here("title: \"Receiving\" aborted"),
            &["front matter"],
        ),
        (
            "an unknown key in the front matter",
            EN,
            Replace("summary:", "sumary:"),
            Here("sumary:"),
            &["front matter", "sumary"],
        ),
        (
            "an empty title",
            EN,
            Replace("title: \"Receiving aborted\"", "title: \"\""),
            Here("title: \"\""),
            &["`title`", "empty"],
        ),
        (
            "a reference that is not https",
            EN,
            Replace(
                "url: https://www.rfc-editor.org/rfc/rfc5321",
                "url: http://www.rfc-editor.org/rfc/rfc5321",
            ),
            Here("http://www.rfc-editor.org"),
            &["https"],
        ),
        (
            "references that differ between the languages",
            JA,
            Replace(
                "https://www.rfc-editor.org/rfc/rfc5321",
                "https://www.rfc-editor.org/rfc/rfc5322",
            ),
            Top,
            &["references"],
        ),
        (
            "raw HTML",
            EN,
            Replace("One thing is true", "<b>One</b> thing is true"),
            Here("<b>One</b>"),
            &["HTML"],
        ),
        (
            "a first-level heading",
            EN,
            Replace("One thing is true", "# One\n\nOne thing is true"),
            Here("# One"),
            &["front matter", "##"],
        ),
        (
            "a link to an article that there is not",
            EN,
            Replace("One thing is true", "[One](../nowhere/#x) thing is true"),
            Here("../nowhere/"),
            &["../nowhere/#x", "no article"],
        ),
        (
            "a link to a section that there is not",
            EN,
            Replace("One thing is true", "[One](#nowhere) thing is true"),
            Here("(#nowhere)"),
            &["#nowhere", "points to nothing"],
        ),
        (
            "a link that is not https",
            EN,
            Replace(
                "One thing is true",
                "[One](http://wiki.example/) thing is true",
            ),
            Here("http://wiki.example/"),
            &["http://wiki.example/", "https://"],
        ),
        (
            "a title that is not translated",
            JA,
            Replace(
                "title: \"受信の中断（Receiving aborted）\"",
                "title: \"Receiving aborted\"",
            ),
            Top,
            &["`title`", "translate"],
        ),
        (
            "a file that is not UTF-8",
            EN,
            Write(b"---\ntitle: \"\xff\xfe\"\n---\n"),
            Top,
            &["UTF-8"],
        ),
        (
            "a stray file",
            "receiving-aborted/notes.txt",
            Write(b"to do\n"),
            Top,
            &["article.en.md", "examples"],
        ),
        (
            "a stray file at the top",
            "notes.txt",
            Write(b"to do\n"),
            Top,
            &["article.en.md"],
        ),
    ]
}
