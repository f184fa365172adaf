//! Text that people write (Markdown) and text that arrives (HTML), made safe to show.
//!
//! Whatever is shown or stored as HTML has gone through [`sanitize`] last; [`SafeHtml`] is the
//! proof, and templates print nothing else unescaped.

use std::sync::{LazyLock, OnceLock};

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

/// HTML that was sanitized.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct SafeHtml(String);

impl SafeHtml {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn into_string(self) -> String {
        self.0
    }

    /// Plain text as HTML that shows it.
    pub fn of_text(text: &str) -> Self {
        let mut html = String::with_capacity(text.len());
        for c in text.chars() {
            match c {
                '&' => html.push_str("&amp;"),
                '<' => html.push_str("&lt;"),
                '>' => html.push_str("&gt;"),
                '"' => html.push_str("&quot;"),
                '\'' => html.push_str("&#39;"),
                c => html.push(c),
            }
        }
        Self(html)
    }

    /// HTML that was sanitized before it was stored.
    pub fn from_storage(html: String) -> Self {
        Self(html)
    }
}

/// HTML as it came from afar. What may be shown of it takes longer to find out than to store:
/// whoever holds many does so before the transaction, and asks again in it for nothing.
#[derive(Clone, Debug, Default)]
pub struct UntrustedHtml {
    raw: String,
    safe: OnceLock<SafeHtml>,
}

impl UntrustedHtml {
    pub const fn new(raw: String) -> Self {
        Self {
            raw,
            safe: OnceLock::new(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.raw.is_empty()
    }

    /// As it came: for comparing, never for showing.
    pub fn as_received(&self) -> &str {
        &self.raw
    }

    /// What may be stored and shown.
    pub fn sanitized(&self) -> &SafeHtml {
        self.safe.get_or_init(|| sanitize(&self.raw))
    }
}

impl From<String> for UntrustedHtml {
    fn from(raw: String) -> Self {
        Self::new(raw)
    }
}

impl PartialEq for UntrustedHtml {
    fn eq(&self, other: &Self) -> bool {
        self.raw == other.raw
    }
}

impl Eq for UntrustedHtml {}

/// Deepest nesting of elements in HTML from afar. Deeper input is reduced to its text: a browser
/// (and our own parser) takes quadratic time over it.
const HTML_DEPTH_MAX: usize = 64;

static CLEANER: LazyLock<ammonia::Builder<'static>> = LazyLock::new(cleaner);

/// Leaves pictures, sounds and films in, well-formed, for [`link_media`].
static MEDIA_CLEANER: LazyLock<ammonia::Builder<'static>> = LazyLock::new(|| {
    let mut cleaner = cleaner();
    cleaner
        .add_tags(MEDIA)
        .add_tag_attributes("img", ["src", "alt"]);
    for tag in ["audio", "video", "source"] {
        cleaner.add_tag_attributes(tag, ["src"]);
    }
    cleaner
});

/// Elements that show something of another server's.
const MEDIA: &[&str] = &["img", "audio", "video", "source"];

fn cleaner() -> ammonia::Builder<'static> {
    let mut cleaner = ammonia::Builder::default();
    cleaner
        .tags(
            [
                "a",
                "b",
                "blockquote",
                "br",
                "code",
                "del",
                "em",
                "h1",
                "h2",
                "h3",
                "h4",
                "h5",
                "h6",
                "hr",
                "i",
                "li",
                "ol",
                "p",
                "pre",
                "s",
                "span",
                "strong",
                "sub",
                "sup",
                "table",
                "tbody",
                "td",
                "th",
                "thead",
                "tr",
                "ul",
            ]
            .into(),
        )
        .clean_content_tags(
            [
                "script", "style", "math", "svg", "iframe", "template", "noscript", "xmp",
            ]
            .into(),
        )
        .generic_attributes([].into())
        .tag_attributes([("a", ["href"].into()), ("ol", ["start"].into())].into())
        .url_schemes(["http", "https", "mailto"].into())
        .url_relative(ammonia::UrlRelative::Deny)
        .link_rel(Some("nofollow noopener noreferrer ugc"));
    cleaner
}

/// Removes everything from HTML that is not plain, harmless text markup. Of pictures, sounds and films
/// links remain: nothing of another server is shown here.
pub fn sanitize(html: &str) -> SafeHtml {
    if nesting_bound(html) > HTML_DEPTH_MAX {
        return SafeHtml(escape(&plain_text(html, html.len())));
    }
    let lower = html.to_ascii_lowercase();
    if MEDIA.iter().any(|tag| lower.contains(&format!("<{tag}"))) {
        return SafeHtml(CLEANER.clean(&link_media(html)).to_string());
    }
    SafeHtml(CLEANER.clean(html).to_string())
}

/// Puts links where pictures, sounds and films were; their description where there is no address.
fn link_media(html: &str) -> String {
    // Written by the cleaner: every value stands in double quotes, with those inside it escaped.
    let html = MEDIA_CLEANER.clean(html).to_string();
    let mut linked = String::with_capacity(html.len());
    let mut rest = html.as_str();
    while let Some((text, tag)) = rest.find('<').map(|at| rest.split_at(at)) {
        let (tag, after) = tag.split_at(tag_end(tag));
        linked.push_str(text);
        match media_link(tag) {
            Some(link) => linked.push_str(&link),
            None => linked.push_str(tag),
        }
        rest = after;
    }
    linked.push_str(rest);
    linked
}

/// Where a tag ends: a `>` in a value is not its end.
fn tag_end(tag: &str) -> usize {
    let mut quoted = false;
    let end = tag.find(|c| {
        quoted ^= c == '"';
        c == '>' && !quoted
    });
    end.map_or(tag.len(), |end| end + 1)
}

fn media_link(tag: &str) -> Option<String> {
    let name = tag.strip_prefix('<')?.split([' ', '>']).next()?;
    if !MEDIA.contains(&name) {
        return None;
    }
    let text = |value: &str| value.replace('<', "&lt;").replace('>', "&gt;");
    let (address, words) = (attribute(tag, "src"), attribute(tag, "alt"));
    let words = words.filter(|words| !words.trim().is_empty());
    match (address, words) {
        (Some(address), words) => {
            let words = text(words.unwrap_or(address));
            Some(format!("<a href=\"{address}\">{words}</a>"))
        }
        (None, words) => words.map(text),
    }
}

/// The value of an attribute, escaped as it stands there.
fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let (_, after) = tag.split_once(&format!(" {name}=\""))?;
    after.split('"').next()
}

/// Renders Markdown (CommonMark with tables and strike-through; raw HTML is shown as text).
pub fn render_markdown(source: &str) -> SafeHtml {
    let parser = Parser::new_ext(
        source,
        Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH,
    );
    let events = parser.map(|event| match event {
        Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
        Event::Start(Tag::Image {
            dest_url,
            title,
            id,
            ..
        }) => Event::Start(Tag::Link {
            link_type: pulldown_cmark::LinkType::Inline,
            dest_url,
            title,
            id,
        }),
        Event::End(TagEnd::Image) => Event::End(TagEnd::Link),
        other => other,
    });
    let mut html = String::with_capacity(source.len() * 3 / 2);
    pulldown_cmark::html::push_html(&mut html, events);
    sanitize(&html)
}

/// The plain text of HTML, for titles and one-line previews: tags removed, entities read, at most
/// `chars_max` characters.
pub fn plain_text(html: &str, chars_max: usize) -> String {
    let text = strip_tags(html)
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&nbsp;", " ")
        .replace("&amp;", "&");
    let mut words = words(&text);
    if words.chars().count() > chars_max {
        words = words
            .chars()
            .take(chars_max.saturating_sub(1))
            .collect::<String>()
            .trim_end()
            .to_owned()
            + "…";
    }
    words
}

/// More than the deepest nesting there can be: opening tags less closing ones, at its highest.
fn nesting_bound(html: &str) -> usize {
    let bytes = html.as_bytes();
    let (mut depth, mut deepest) = (0_usize, 0_usize);
    for (at, _) in html.match_indices('<') {
        match bytes.get(at + 1) {
            Some(b'/') => depth = depth.saturating_sub(1),
            Some(byte) if byte.is_ascii_alphabetic() => {
                let rest = &html[at + 1..];
                let void = ["br", "hr", "img", "wbr", "input"].iter().any(|tag| {
                    rest.get(..tag.len())
                        .is_some_and(|name| name.eq_ignore_ascii_case(tag))
                        && !rest
                            .as_bytes()
                            .get(tag.len())
                            .is_some_and(u8::is_ascii_alphanumeric)
                });
                if !void {
                    depth += 1;
                    deepest = deepest.max(depth);
                }
            }
            _ => {}
        }
    }
    deepest
}

/// The words of a text with one space between them.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Text as HTML.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

fn strip_tags(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut inside = false;
    let mut tag = String::new();
    for c in html.chars() {
        match c {
            '<' => {
                inside = true;
                tag.clear();
            }
            '>' if inside => {
                inside = false;
                if !is_within_a_line(&tag) {
                    text.push(' ');
                }
            }
            c if !inside => text.push(c),
            // Longer names than these are none of a line's; `tag` stays small.
            c if tag.len() < 16 => tag.push(c),
            _ => {}
        }
    }
    text
}

/// Tags inside a line part no words: `<b>holds</b>.` is "holds."
fn is_within_a_line(tag: &str) -> bool {
    const WITHIN: &[&str] = &[
        "a", "b", "code", "del", "em", "i", "s", "span", "strong", "sub", "sup",
    ];
    let name = tag.trim_start_matches('/');
    let end = name.find(|c: char| !c.is_ascii_alphanumeric());
    WITHIN.contains(&&name[..end.unwrap_or(name.len())])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_becomes_plain_markup() {
        assert_eq!(
            render_markdown("**Bridge** opens").as_str(),
            "<p><strong>Bridge</strong> opens</p>\n"
        );
        assert!(
            render_markdown("[x](javascript:alert(1))")
                .as_str()
                .contains("<a rel=")
        );
        assert!(
            !render_markdown("[x](javascript:alert(1))")
                .as_str()
                .contains("javascript")
        );
        assert_eq!(
            render_markdown("<script>alert(1)</script>").as_str(),
            "&lt;script&gt;alert(1)&lt;/script&gt;"
        );
    }

    #[test]
    fn foreign_html_loses_everything_active() {
        for bad in [
            "<img src=x onerror=alert(1)>",
            "<svg><animate onbegin=alert(1)></svg>",
            "<math><annotation-xml encoding=\"text/html\"><script>alert(1)</script></annotation-xml></math>",
            "<iframe src=\"https://e.test\"></iframe>",
            "<form action=/x><input></form>",
            "<p style=\"position:fixed\" class=\"modal\">hello</p>",
            "<a href=\"data:text/html,x\">x</a>",
        ] {
            let safe = sanitize(bad);
            for word in [
                "onerror", "onbegin", "script", "iframe", "form", "style", "class", "data:", "svg",
                "math",
            ] {
                assert!(
                    !safe.as_str().contains(word),
                    "{bad} left {word} in {}",
                    safe.as_str()
                );
            }
        }
    }

    #[test]
    fn pictures_sounds_and_films_become_links() {
        for (html, shown) in [
            (
                "<IMG alt='a \"small\" > cow' SRC='https://m.example/c.png?a=1&b=2' onerror=x>",
                "<a href=\"https://m.example/c.png?a=1&amp;b=2\" rel=\"nofollow noopener noreferrer ugc\">\
                 a \"small\" &gt; cow</a>",
            ),
            (
                "<video width=2><source src=\"https://m.example/c.mp4\">A film</video>",
                "<a href=\"https://m.example/c.mp4\" rel=\"nofollow noopener noreferrer ugc\">\
                 https://m.example/c.mp4</a>A film",
            ),
            (
                "<img src=\"data:image/png;base64,x\" alt=\"a cow\">",
                "a cow",
            ),
            (
                "<img alt='<script>alert(1)</script>'>",
                "&lt;script&gt;alert(1)&lt;/script&gt;",
            ),
            ("<audio src=\"javascript:alert(1)\"></audio>", ""),
            ("an <imgx>", "an "),
        ] {
            assert_eq!(sanitize(html).as_str(), shown, "{html}");
        }
    }

    #[test]
    fn plain_text_parts_lines_and_not_words() {
        let html = "<p>The <strong>south side</strong>, <a href=\"https://x.example\">it</a> holds.</p><p>Go</p>";
        assert_eq!(plain_text(html, 100), "The south side, it holds. Go");
    }

    #[test]
    fn absurdly_nested_html_is_reduced_to_text() {
        let nested = format!(
            "{}hello{}",
            "<div>".repeat(100_000),
            "</div>".repeat(100_000)
        );
        assert_eq!(plain_text(sanitize(&nested).as_str(), 100), "hello");
    }
}
