//! What may come out as a tag, and that nothing else does.

use super::super::tree::one_line;
use super::super::tree::samples::{body, nasty};
use super::text;

const TAGS: [&str; 17] = [
    "p", "/p", "h2", "/h2", "h3", "/h3", "ul", "/ul", "ol", "/ol", "li", "/li", "pre", "/pre",
    "strong", "/strong", "/a",
];

#[test]
fn every_construct_has_its_tags() {
    let markdown = "## T\n\nA **b** *e* `c<` [t](<https://h.example/?a=1&b=2>)\n\n\
                    3. one\n\n   ```text\n   <x>\n   ```\n\n- a\\\n  b\n";
    let want = "<h2>T</h2>\n<p>A <strong>b</strong> <em>e</em> <code>c&lt;</code> \
                <a href=\"https://h.example/?a=1&amp;b=2\" rel=\"noopener noreferrer\">t</a></p>\n\
                <ol start=\"3\">\n<li>one<pre><code>&lt;x&gt;</code></pre>\n</li>\n</ol>\n\
                <ul>\n<li>a<br>\nb</li>\n</ul>\n";
    assert_eq!(text(markdown), want);
}

#[test]
fn html_in_the_markdown_is_text() {
    let got = text("<script>x</script>\n\na <b onclick=x>b</b> ![i](https://h.example/i.png)\n");
    assert!(
        !got.contains("<script") && !got.contains("<b") && !got.contains("<img"),
        "{got}"
    );
}

#[test]
fn strangers_open_no_tag_and_no_link() {
    for stranger in nasty() {
        let got = text(&body(&stranger));
        for tag in got
            .split('<')
            .skip(1)
            .filter_map(|rest| rest.split('>').next())
        {
            let ours = TAGS.contains(&tag)
                || matches!(tag, "code" | "/code" | "br")
                || tag.starts_with("a href=\"https://whymid.example/");
            assert!(ours, "{stranger}: <{tag}>");
        }
        assert!(
            decoded(&got).contains(one_line(&stranger).trim()),
            "{stranger}\n{got}"
        );
    }
}

fn decoded(html: &str) -> String {
    let html = html.replace("&lt;", "<").replace("&gt;", ">");
    let html = html.replace("&quot;", "\"").replace("&#39;", "'");
    html.replace("&amp;", "&")
}
