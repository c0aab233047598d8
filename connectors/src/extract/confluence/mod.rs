//! Pages of a Confluence HTML export: the page's own text, and what stands around it as metadata.
//!
//! The export's frame (space, ancestors, author, labels, lists of attachments) has fixed ids and
//! classes, in every version since 4. What is between them is read as any other HTML.

mod date;
mod sink;

use super::outline::{clipped, one_line};
use super::{Extraction, dates, encoding, html};
use crate::document::{Place, Section};
pub(crate) use sink::Linked;
use sink::{Frame, Sink};

/// Longer names are none.
const MAX_NAME_BYTES: usize = 200;

/// Whether an HTML text is such a page, or one that was saved from a Confluence in a browser.
pub(super) fn is_page(text: &str) -> bool {
    let has = |marks: [&str; 2]| marks.iter().any(|mark| text.contains(mark));
    has(["id=\"title-text\"", "id='title-text'"])
        && has(["id=\"main-content\"", "id='main-content'"])
}

/// Whether a file of an unpacked export belongs to its frame, by its path: its looks, and the list
/// of its pages.
pub(super) fn is_frame(path: &str) -> bool {
    if path == "index.html" || path.ends_with("/index.html") {
        return true;
    }
    ["styles/", "images/"].iter().any(|directory| {
        path.starts_with(directory)
            || path.contains(&format!("/{directory}site.css"))
            || path.contains(&format!("/{directory}icons/"))
    })
}

/// A page as the files that hang at it need to know it.
#[derive(Debug, Default)]
pub(crate) struct Holder {
    pub title: String,
    pub url: Option<String>,
    pub attachments: Vec<Linked>,
}

/// The page in a file of an export; `None` for what is none.
pub(crate) fn holder(name: &str, bytes: &[u8]) -> Option<Holder> {
    let text = encoding::decode(bytes).ok().filter(|text| is_page(text))?;
    let frame = framed(&text);
    Some(Holder { title: title(&frame), url: url(name, &frame), attachments: frame.attachments })
}

/// Reads a page; its file name holds the number of the page.
pub(super) fn read(name: &str, text: &str) -> Extraction {
    let frame = framed(text);
    let mut document = html::read(&frame.body);
    document.metadata.clear();
    let title = title(&frame);
    if let Some(comments) = comments(&frame) {
        document.sections.push(comments);
    }
    let above = frame.crumbs.iter().skip(1).chain(Some(&title)).filter(|name| !name.is_empty());
    let above = above.map(|name| clipped(name, MAX_NAME_BYTES).to_owned()).collect::<Vec<_>>();
    for section in &mut document.sections {
        section.heading.splice(0..0, above.iter().cloned());
    }
    document.title = Some(title).filter(|title| !title.is_empty());
    let day = date::iso(&frame.metadata);
    let modified_ns = day.as_deref().and_then(dates::nanoseconds);
    let (author, editor) = people(&frame);
    let metadata = [
        ("space", space(&frame).to_owned()),
        ("author", author),
        ("editor", editor),
        ("modified", day.unwrap_or_default()),
        ("labels", frame.labels.join(", ")),
        ("url", url(name, &frame).unwrap_or_default()),
    ];
    let filled = metadata.into_iter().filter(|(_, value)| !value.is_empty());
    document.metadata.extend(filled.map(|(key, value)| (key.to_owned(), value)));
    Extraction { document, modified_ns, ..Extraction::default() }
}

fn space(frame: &Frame) -> &str {
    frame.crumbs.first().map_or("", String::as_str)
}

/// The page's own name: exports write that of the space before it.
fn title(frame: &Frame) -> String {
    if frame.crumbs.is_empty() && frame.metadata.trim().is_empty() {
        return frame.page_title.trim().to_owned();
    }
    let space = space(frame);
    let own = frame.title.strip_prefix(space).and_then(|it| it.trim_start().strip_prefix(':'));
    own.filter(|_| !space.is_empty()).unwrap_or(&frame.title).trim().to_owned()
}

/// Who made the page and who changed it last; before version 5, only the words of English tell.
fn people(frame: &Frame) -> (String, String) {
    let (author, editor) = (one_line(&frame.author), one_line(&frame.editor));
    if !author.is_empty() {
        return (author, editor);
    }
    let words = one_line(&frame.metadata);
    let between = |marks: [&str; 2]| {
        let rest = marks.iter().find_map(|mark| words.split_once(mark))?.1;
        let ends = [", last ", " on "].iter().filter_map(|end| rest.find(end));
        Some(clipped(&rest[..ends.min().unwrap_or(rest.len())], MAX_NAME_BYTES).to_owned())
    };
    let author = between(["Created by ", "Added by "]).unwrap_or_default();
    (author, between(["last modified by ", "last edited by "]).unwrap_or_default())
}

fn framed(text: &str) -> Frame {
    html::tokenized(text, Sink::default()).finish()
}

fn comments(frame: &Frame) -> Option<Section> {
    let sections = html::read(&frame.comments).sections.into_iter();
    let text = sections.map(|section| section.text).collect::<Vec<_>>().join("\n\n");
    let heading = vec!["Comments".to_owned()];
    (!text.is_empty()).then_some(Section { heading, text, place: Place::Unknown })
}

/// The page's address: below that of its wiki, where the page tells it.
fn url(name: &str, frame: &Frame) -> Option<String> {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let number = stem.rsplit('_').next().unwrap_or(stem);
    let id = if frame.page_id.is_empty() { number } else { &frame.page_id };
    let is_number = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
    let base = frame.base_url.trim_end_matches('/');
    let slash = if base.is_empty() { "" } else { "/" };
    is_number.then(|| format!("{base}{slash}pages/viewpage.action?pageId={id}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Document;
    use crate::extract::{Dialect, Input, Reason, extract};

    fn read_page(name: &str, text: &str) -> Document {
        read(name, text).document
    }

    fn page(body: &str) -> String {
        format!(
            "<!DOCTYPE html><html><head><title>Human Resources : Leave policy</title></head>\
             <body class=\"theme-default aui-theme-default\"><div id=\"page\"><div id=\"main\">\
             <div id=\"main-header\"><div id=\"breadcrumb-section\"><ol id=\"breadcrumbs\">\
             <li class=\"first\"><span><a href=\"index.html\">Human Resources</a></span></li>\
             <li><span><a href=\"Home_1.html\">HR Home</a></span></li></ol></div>\
             <h1 id=\"title-heading\" class=\"pagetitle\"><span id=\"title-text\">\n\
             Human Resources : Leave policy </span></h1></div><div id=\"content\" class=\"view\">\
             <div class=\"page-metadata\"> Created by <span class='author'> Kim Lee</span>, last \
             modified by <span class='editor'> Bo</span> on Jan 25, 2019 </div>\
             <div id=\"main-content\" class=\"wiki-content group\">{body}</div>\
             <div class=\"pageSection group\"><div class=\"pageSectionHeader\"><h2 \
             id=\"attachments\" class=\"pageSectionTitle\">Attachments:</h2></div>\
             <a href=\"attachments/1/2.png\">plan.png</a> (image/png)</div>\
             <div class=\"pageSection group\"><div class=\"pageSectionHeader\"><h2 id=\"comments\" \
             class=\"pageSectionTitle\">Comments:</h2></div><table><tr><td class=\"comment\">\
             <p>Not for me</p></td></tr></table></div>\
             <div id=\"labels-section\" class=\"pageSection group\"><ul class=\"label-list\">\
             <li class=\"aui-label\"><a class=\"aui-label-split-main\" href=\"x\">hr</a></li></ul>\
             </div></div></div><div id=\"footer\"><p>Document generated by Confluence on Jan 26, \
             2019</p></div></div></body></html>"
        )
    }

    #[test]
    fn a_page_is_its_own_text_and_the_frame_is_metadata() {
        let html = page("<p>All of us.</p><h2>Carry-over</h2><p>five days</p>");
        let input = Input::new("x/Leave-policy_65538.html", html.as_bytes());
        let document = extract(&input).unwrap().document;
        assert_eq!(document.title.as_deref(), Some("Leave policy"));
        let sections =
            document.sections.iter().map(|it| (it.heading.join(" > "), it.text.as_str()));
        let expected = [
            ("HR Home > Leave policy".to_owned(), "All of us."),
            ("HR Home > Leave policy > Carry-over".to_owned(), "five days"),
            ("HR Home > Leave policy > Comments".to_owned(), "Not for me"),
        ];
        assert_eq!(sections.collect::<Vec<_>>(), expected);
        let of = |key: &str| document.metadata.get(key).map(String::as_str);
        assert_eq!(of("author"), Some("Kim Lee"));
        assert_eq!(of("space"), Some("Human Resources"));
        assert_eq!(of("editor"), Some("Bo"));
        assert_eq!(of("modified"), Some("2019-01-25"));
        assert_eq!(of("labels"), Some("hr"));
        assert_eq!(of("url"), Some("pages/viewpage.action?pageId=65538"));
    }

    #[test]
    fn without_marks_the_words_tell_who_made_a_page() {
        let html = page("<p>x</p>")
            .replace("<span class='author'>", "")
            .replace("<span class='editor'>", "");
        let document = read_page("1.html", &html);
        assert_eq!(document.metadata["author"], "Kim Lee");
        assert_eq!(document.metadata["editor"], "Bo");
    }

    #[test]
    fn the_frame_of_an_unpacked_export_is_no_document() {
        let read = |path| {
            let input = Input { dialect: Dialect::Confluence, ..Input::new(path, b"words") };
            extract(&input).map(|_| ())
        };
        for path in ["styles/site.css", "HR/styles/site.css", "images/icons/a.txt", "HR/index.html"]
        {
            assert!(matches!(read(path), Err(Reason::Skipped(_))), "{path}");
        }
        assert_eq!(read("attachments/1/2.txt"), Ok(()));
    }

    #[test]
    fn a_page_saved_from_a_browser_has_its_address() {
        let html = page("<p>x</p>")
            .replace(
                "<head>",
                "<head><meta name=\"ajs-base-url\" content=\"https://w.example.com/\">\
                      <meta name=\"ajs-page-id\" content=\"7\">",
            )
            .replace("Human Resources : ", "")
            .replace(
                "<li><span><a href=\"Home_1.html\">",
                "<li><span><a href=\"/collector/pages.action?key=HR\">Pages</a></span></li>\
                 <li><span><a href=\"/display/HR/Home\">",
            );
        let document = read_page("Leave policy - HR.html", &html);
        assert_eq!(document.title.as_deref(), Some("Leave policy"));
        assert_eq!(document.sections[0].heading, ["HR Home", "Leave policy"]);
        assert_eq!(document.metadata["space"], "Human Resources");
        assert_eq!(
            document.metadata["url"],
            "https://w.example.com/pages/viewpage.action?pageId=7"
        );
    }

    #[test]
    fn pictures_tell_the_address_and_what_is_ticked() {
        let body = "<table><tr><th>Name<th>Required<tr><td>dob<td><img class=\"emoticon\" \
                    alt=\"(tick)\"></table><img data-base-url=\"https://w.example.com/wiki\">";
        let document =
            read_page("65538.html", &page(body).replace(">Human Resources</a>", "></a>"));
        assert_eq!(document.sections[0].text, "Name: dob; Required: ✓");
        assert_eq!(document.sections[0].heading, ["HR Home", "Human Resources : Leave policy"]);
        let url = "https://w.example.com/wiki/pages/viewpage.action?pageId=65538";
        assert_eq!(document.metadata["url"], url);
    }

    #[test]
    fn code_is_kept_and_tables_of_contents_are_not() {
        let body = "<div class='toc-macro rbtoc1'><ul><li><div>Carry-over</div></li></ul></div>\
                    <pre class=\"syntaxhighlighter-pre\">a &lt; b</pre>\
                    <script type=\"syntaxhighlighter\"><![CDATA[if (c < d)]]></script>\
                    <table><tr><th>Name<th>Days<tr><td>Kim<td>5</table><script>no()</script>";
        let document = read_page("1.html", &page(body));
        assert_eq!(document.sections[0].text, "a < b\n\nif (c < d)\n\nName: Kim; Days: 5");
    }

    #[test]
    fn the_list_of_pages_is_no_text() {
        let html = "<html><head><title>Human Resources (HR)</title></head><body><div id=\"main-header\">\
                    <h1 id=\"title-heading\"><span id=\"title-text\">Space Details:</span></h1></div>\
                    <div id=\"main-content\" class=\"pageSection\"><table><tr><th>Key</th><td>HR</td>\
                    </tr></table></div><div class=\"pageSection\"><h2 class=\"pageSectionTitle\">\
                    Available Pages:</h2><ul><li><a href=\"Home_1.html\">HR Home</a></ul></div>";
        let document = read_page("index.html", html);
        assert_eq!(document.title.as_deref(), Some("Human Resources (HR)"));
        assert_eq!(document.sections.len(), 1);
        assert_eq!(document.sections[0].text, "Key: HR");
    }

    #[test]
    fn a_page_that_breaks_off_or_nests_deeply_keeps_its_text() {
        let html = page("<p>All of us.</p>");
        let cut = &html[..html.find(" of us").unwrap()];
        assert_eq!(read_page("1.html", cut).sections[0].text, "All");
        let deep = page(&format!("{}x", "<div class='toc-macro'><div>".repeat(100_000)));
        assert_eq!(read_page("1.html", &deep).title.as_deref(), Some("Leave policy"));
    }
}
