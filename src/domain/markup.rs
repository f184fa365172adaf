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
/// Elements that a parser may have to make of HTML from afar: the sum of the depths at which elements
/// begin, for each may open again all those around it.
const HTML_ELEMENTS_MAX: usize = 100_000;
/// Attributes of one element in HTML from afar. A parser compares each with all before it.
const HTML_ATTRIBUTES_MAX: usize = 100;

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

/// How often HTML is cleaned until nothing changes any more.
const CLEANINGS_MAX: usize = 4;

/// Removes everything from HTML that is not plain, harmless text markup. Of pictures, sounds and films
/// links remain: nothing of another server is shown here.
///
/// What comes out is read by every parser as it was meant here: cleaning it again changes nothing. That
/// takes more than one cleaning where what was removed held apart what cannot stand in one another.
pub fn sanitize(html: &str) -> SafeHtml {
    let mut safe = html.to_owned();
    if shows_media(html) {
        if is_entangled(html) {
            return as_text(html);
        }
        safe = link_media(html);
    }
    for _ in 0..CLEANINGS_MAX {
        if is_entangled(&safe) {
            return as_text(html);
        }
        let again = CLEANER.clean(&safe).to_string();
        if again == safe {
            return SafeHtml(safe);
        }
        safe = again;
    }
    as_text(html)
}

/// What is left of HTML that is not parsed.
fn as_text(html: &str) -> SafeHtml {
    let text = escape(&plain_text(html, html.len()));
    SafeHtml(CLEANER.clean(&text).to_string())
}

fn shows_media(html: &str) -> bool {
    let lower = html.to_ascii_lowercase();
    MEDIA.iter().any(|tag| lower.contains(&format!("<{tag}")))
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
    shortened(text_of(html), chars_max)
}

/// Elements by which a text is known to be HTML where it should not be.
const ELEMENTS: &[&str] = &[
    "a",
    "abbr",
    "address",
    "annotation-xml",
    "article",
    "aside",
    "audio",
    "b",
    "base",
    "bdi",
    "bdo",
    "big",
    "blockquote",
    "body",
    "br",
    "button",
    "canvas",
    "caption",
    "center",
    "cite",
    "code",
    "del",
    "details",
    "dialog",
    "div",
    "dl",
    "em",
    "embed",
    "fieldset",
    "figure",
    "font",
    "footer",
    "form",
    "frame",
    "frameset",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "head",
    "header",
    "hr",
    "html",
    "i",
    "iframe",
    "img",
    "input",
    "ins",
    "kbd",
    "label",
    "li",
    "link",
    "main",
    "map",
    "mark",
    "marquee",
    "math",
    "meta",
    "nav",
    "noscript",
    "object",
    "ol",
    "option",
    "p",
    "picture",
    "pre",
    "q",
    "s",
    "samp",
    "script",
    "section",
    "select",
    "small",
    "source",
    "span",
    "strike",
    "strong",
    "style",
    "sub",
    "summary",
    "sup",
    "svg",
    "table",
    "tbody",
    "td",
    "template",
    "textarea",
    "th",
    "thead",
    "title",
    "tr",
    "track",
    "tt",
    "u",
    "ul",
    "var",
    "video",
    "wbr",
];

/// A title as another server writes it: plain text, as ActivityStreams says of `name`, in which `<b>` means
/// itself. Whoever shows it escapes it, so that nothing in it is markup. One line, at most `chars_max`
/// characters.
pub fn plain_title(text: &str, chars_max: usize) -> String {
    shortened(words(text), chars_max)
}

/// What somebody or something elsewhere calls itself. It is plain text (ActivityStreams, `name`), in which
/// `Vec<u8>` means itself; where it has elements of HTML all the same, it is read as HTML. One line, at most
/// `chars_max` characters.
pub fn plain_name(text: &str, chars_max: usize) -> String {
    let is_html = text
        .split('<')
        .skip(1)
        .any(|rest| starts_with_element(rest.strip_prefix('/').unwrap_or(rest)));
    match is_html || text.contains("<!--") {
        true => plain_text(text, chars_max),
        false => shortened(words(text), chars_max),
    }
}

/// An element's name, and then what a tag may go on with: its end or an attribute.
fn starts_with_element(rest: &str) -> bool {
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '-');
    let (name, further) = rest.split_at(end.unwrap_or(rest.len()));
    let further = further.trim_start();
    let goes_on = further.starts_with(|c: char| matches!(c, '>' | '/') || c.is_ascii_alphabetic());
    goes_on && ELEMENTS.contains(&name.to_ascii_lowercase().as_str())
}

/// Where a line of HTML ends, as [`sanitize`] leaves it.
const LINE_ENDS: &[&str] = &[
    "<p>",
    "</p>",
    "<br>",
    "</li>",
    "</h",
    "</pre>",
    "</blockquote>",
];

/// The first line of HTML that says something, as text, for titles. Mentions that it begins with say to
/// whom it is said, not what: they are left out. Empty when there is no such line.
pub fn first_line(html: &str, chars_max: usize) -> String {
    let ends = html
        .match_indices('<')
        .map(|(at, _)| at)
        .filter(|at| LINE_ENDS.iter().any(|end| html[*at..].starts_with(end)))
        .chain([html.len()]);
    let mut begin = 0;
    for end in ends {
        let line = text_of(&html[begin..end]);
        let line = without_mentions(&line);
        if !line.is_empty() {
            return shortened(line.to_owned(), chars_max);
        }
        begin = end;
    }
    String::new()
}

/// What follows the `@name`s at the beginning.
fn without_mentions(line: &str) -> &str {
    let mut rest = line;
    while let Some(name) = rest.strip_prefix('@') {
        let end = name.find(' ').unwrap_or(name.len());
        if end == 0 {
            break;
        }
        rest = name[end..].trim_start();
    }
    rest
}

/// Text without tags, with one space between words.
fn text_of(html: &str) -> String {
    let text = strip_tags(html)
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&nbsp;", " ")
        .replace("&amp;", "&");
    words(&text)
}

fn shortened(mut words: String, chars_max: usize) -> String {
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

/// Whether HTML is more than a parser should be asked to make sense of: too deep, or such that few
/// bytes become very many elements.
///
/// Formatting that is open where something around it ends is opened again in all that follows (HTML
/// Standard, 13.2.4.3): a thousand `<i>` before a thousand paragraphs are a million elements. What
/// counts as closed here is therefore only what is closed by the very next end tag; all else stays
/// open to the end.
fn is_entangled(html: &str) -> bool {
    let (mut open, mut elements): (Vec<&str>, _) = (Vec::new(), 0);
    // From the first comment, foreign or raw text on, it depends on the parser what is a tag: then
    // everything may open something, and nothing closes it.
    let mut is_clear = true;
    let mut after_tag = 0;
    for (at, _) in html.match_indices('<') {
        let text = &html[at + 1..];
        let name = tag_name(text.strip_prefix('/').unwrap_or(text));
        if is_clear && at < after_tag || name.is_empty() {
            is_clear &= at < after_tag || !text.starts_with(['!', '?', '/']);
            continue;
        }
        let attributes = match tag(text) {
            Some((length, attributes)) => {
                after_tag = at + 1 + length;
                attributes
            }
            // It never ends, so it is none, and there are none in it.
            None if is_clear => return false,
            None => 0,
        };
        is_clear &= !is_opaque(name);
        if is_clear && text.starts_with('/') {
            open.pop_if(|last| last.eq_ignore_ascii_case(name));
        } else if !(is_clear && is_void(name)) {
            open.push(name);
            elements += open.len();
        }
        let too_many = attributes > HTML_ATTRIBUTES_MAX || elements > HTML_ELEMENTS_MAX;
        if too_many || open.len() > HTML_DEPTH_MAX {
            return true;
        }
    }
    false
}

/// The name at the beginning of a tag; empty where none begins.
fn tag_name(tag: &str) -> &str {
    if !tag.starts_with(|first: char| first.is_ascii_alphabetic()) {
        return "";
    }
    let end = tag.find(|c: char| c.is_ascii_whitespace() || c == '/' || c == '>');
    &tag[..end.unwrap_or(tag.len())]
}

/// How long a tag is, with its `>`, and how many attributes it has (HTML Standard, 13.2.5.32 to 39);
/// none if it never ends.
fn tag(text: &str) -> Option<(usize, usize)> {
    enum In {
        TagName,
        Space,
        Name,
        SpaceAfterName,
        SpaceBeforeValue,
        Quoted(u8),
        Unquoted,
    }
    let (mut place, mut attributes) = (In::TagName, 0);
    for (at, byte) in text.bytes().enumerate().skip(1) {
        let is_space = byte.is_ascii_whitespace();
        place = match (place, byte) {
            (In::Quoted(quote), _) if byte != quote => In::Quoted(quote),
            (In::Quoted(_), _) => In::Space,
            (_, b'>') => return Some((at + 1, attributes)),
            (In::SpaceBeforeValue, b'"' | b'\'') => In::Quoted(byte),
            (In::SpaceBeforeValue, _) if is_space => In::SpaceBeforeValue,
            (In::SpaceBeforeValue | In::Unquoted, _) if !is_space => In::Unquoted,
            (In::Name | In::SpaceAfterName, b'=') => In::SpaceBeforeValue,
            (In::Name | In::SpaceAfterName, _) if is_space => In::SpaceAfterName,
            (In::TagName, _) if !is_space && byte != b'/' => In::TagName,
            (In::Name, _) if byte != b'/' => In::Name,
            (_, b'/') => In::Space,
            (_, _) if is_space => In::Space,
            (_, _) => {
                attributes += 1;
                In::Name
            }
        };
    }
    None
}

/// Elements that have no content and no end tag.
fn is_void(name: &str) -> bool {
    const VOID: &[&str] = &["br", "hr", "img", "wbr", "input"];
    VOID.iter().any(|void| name.eq_ignore_ascii_case(void))
}

/// Elements in which tags are text, or are read by other rules.
fn is_opaque(name: &str) -> bool {
    const OPAQUE: &[&str] = &[
        "iframe",
        "math",
        "noembed",
        "noframes",
        "noscript",
        "plaintext",
        "script",
        "select",
        "style",
        "svg",
        "template",
        "textarea",
        "title",
        "xmp",
    ];
    OPAQUE
        .iter()
        .any(|opaque| name.eq_ignore_ascii_case(opaque))
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
    fn a_name_means_itself_unless_it_is_html() {
        for (name, shown) in [
            (
                "Vec<u8> or Box<str> in the API?",
                "Vec<u8> or Box<str> in the API?",
            ),
            ("a<b && c>d &amp; e", "a<b && c>d &amp; e"),
            ("two\nlines", "two lines"),
            ("<p>Bridge &amp; road</p>", "Bridge & road"),
            ("Roads<br/>and bridges", "Roads and bridges"),
            ("<img src=x onerror=alert(1)>Eve", "Eve"),
            ("</SCRIPT >Eve", "Eve"),
            ("<!-- -->Eve", "Eve"),
        ] {
            assert_eq!(plain_name(name, 100), shown);
        }
        assert_eq!(plain_name("Vec<u8>", 5), "Vec<…");
    }

    #[test]
    fn a_title_means_itself() {
        for (title, shown) in [
            ("Use <b> for bold &amp; <i>", "Use <b> for bold &amp; <i>"),
            ("two\nlines", "two lines"),
        ] {
            assert_eq!(plain_title(title, 100), shown);
        }
        assert_eq!(plain_title("Use <b>", 6), "Use <…");
    }

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
    fn a51_html_that_becomes_very_many_elements_is_reduced_to_text() {
        let paragraphs = "<p>x</p>".repeat(4_000);
        for (what, opens) in [
            ("formatting that nothing closes", "<i a=N>"),
            ("closed by another name", "<i a=N></x>"),
            ("closed around", "<p><i a=N></p>"),
            ("closed in an attribute", "<i a=N x=\"</i>\">"),
            (
                "closed in a value after an odd name",
                "<i =\" a=N x=\"</i>\">",
            ),
            ("closed in a comment", "<i a=N><!--</i>-->"),
            ("closed in a title", "<i a=N><title></i></title>"),
            ("closed in a table", "<i a=N><table></i></table>"),
        ] {
            let many: Vec<_> = (0..1_000)
                .map(|n| opens.replace('N', &n.to_string()))
                .collect();
            let html = format!("{}{paragraphs}", many.concat());
            let safe = sanitize(&html);
            assert!(safe.as_str().len() < 2 * html.len(), "{what}");
            assert!(!safe.as_str().contains("<p>"), "{what}");
        }
        // A few lines over many paragraphs stay what they are.
        let html = format!("<ul><li><b>x</b><br></li></ul>{paragraphs}");
        assert_eq!(sanitize(&html).as_str(), html);
        let attributes: Vec<_> = (0..20_000).map(|n| format!("a{n}")).collect();
        let html = format!("<p {}>x</p>", attributes.join(" "));
        assert_eq!(sanitize(&html).as_str(), "x");
    }

    #[test]
    fn what_is_clean_stays_as_it_is() {
        for html in [
            // The element between is removed, and a heading cannot stand in a heading.
            "<h6>a<div><h6>b</h6></div></h6>",
            "<table><caption>a</caption><tr><td>b</table>",
            "<pre>\n\n\nx</pre>",
            "a\u{a0}b\0c",
            "<p>a<b>b<p>c</b>d",
        ] {
            let safe = sanitize(html);
            assert_eq!(sanitize(safe.as_str()), safe, "{html}");
        }
    }

    #[test]
    fn tags_end_where_browsers_end_them() {
        for (text, length, attributes) in [
            ("b>", 2, 0),
            ("/b >", 4, 0),
            ("a href=x>", 9, 1),
            ("a href=\"x>y\">", 13, 1),
            ("a href = 'x>y' b>", 17, 2),
            ("a href=x\"y>", 11, 1),
            ("a =\"x>", 6, 1),
            ("a b=>", 5, 1),
            ("a/b/c>", 6, 2),
            ("a \"b>", 5, 1),
        ] {
            assert_eq!(tag(text), Some((length, attributes)), "{text}");
        }
        assert_eq!(tag("a href=\"x>"), None);
    }

    #[test]
    fn the_first_line_is_what_is_said_and_not_to_whom() {
        let mention =
            "<span><a href=\"https://acme.example/g/roads\">@<span>roads</span></a></span>";
        for (html, line) in [
            (
                format!("<p>{mention} Bridge <b>opens</b></p><p>Monday</p>"),
                "Bridge opens",
            ),
            (
                format!("<p>{mention} {mention}</p><p>Bridge<br>Monday</p>"),
                "Bridge",
            ),
            (format!("{mention} Bridge<br><br>Monday"), "Bridge"),
            (format!("{mention}<br>Bridge"), "Bridge"),
            ("<ul><li>@ 5 pm</li></ul>".into(), "@ 5 pm"),
            ("Ask @roads".into(), "Ask @roads"),
            (format!("<p>{mention}</p>"), ""),
        ] {
            let safe = sanitize(&html);
            assert_eq!(first_line(safe.as_str(), 100), line, "{html}");
        }
        assert_eq!(first_line("<p>Bridge opens</p>", 8), "Bridge…");
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
