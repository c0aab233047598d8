//! What becomes of exports of Confluence in XML.

use std::collections::HashMap;
use std::io::{Cursor, Write};
use std::time::{Duration, Instant};

use super::{is_export, markup, storage, walk_packed};
use crate::container::tests::Collected;
use crate::container::{Content, Limits, Opened, Shape, Walk};
use crate::document::Document;
use crate::extract::{self, Dialect, Reason};

fn object(class: &str, id: u64, fields: &[(&str, &str)]) -> String {
    let fields = fields.iter().map(|(name, value)| match value.split_once('#') {
        Some((class, id)) if id.parse::<u64>().is_ok() => {
            format!(
                "<property name=\"{name}\" class=\"{class}\"><id name=\"id\">{id}</id>\n</property>"
            )
        }
        _ => format!("<property name=\"{name}\"><![CDATA[{value}]]></property>"),
    });
    let fields = fields.collect::<String>();
    format!("<object class=\"{class}\"><id name=\"id\">{id}</id>{fields}</object>\n")
}

fn page(id: u64, title: &str, more: &[(&str, &str)]) -> String {
    let time = "2024-04-22 16:35:21.231";
    let mut fields = vec![("title", title), ("version", "7"), ("space", "Space#1")];
    fields.extend([("creationDate", time), ("lastModificationDate", time)]);
    fields.extend(more);
    object("Page", id, &fields)
}

fn body(content: &str, text: &str) -> String {
    let fields = [("body", text), ("content", content), ("bodyType", "2")];
    object("BodyContent", 1000, &fields)
}

fn export(objects: &[String]) -> String {
    let space = object("Space", 1, &[("name", "Human Resources"), ("key", "HR")]);
    let objects = objects.concat();
    format!("<hibernate-generic datetime=\"2024\">{objects}{space}</hibernate-generic>")
}

fn unpacked(xml: &str) -> (Collected, Result<(), Reason>) {
    let mut collected = Collected::default();
    let mut walk = Walk::new(&mut collected, Limits::default());
    let content = Box::new(Cursor::new(xml.as_bytes()));
    let opened = Opened { path: "entities.xml", dialect: Dialect::Any, content, beside: None };
    let outcome = opened.walk(Shape::Confluence, &mut walk);
    (collected, outcome)
}

fn documents(collected: &Collected) -> Vec<&Document> {
    collected.members.iter().filter_map(|member| member.outcome.as_ref().ok()).collect()
}

fn text_of(html: &str) -> String {
    let sections = extract::read_html(html).sections.into_iter();
    let parts = sections.map(|it| {
        let heading = it.heading.join(" > ");
        if heading.is_empty() { it.text } else { format!("[{heading}]\n{}", it.text) }
    });
    parts.collect::<Vec<_>>().join("\n")
}

fn stored(body: &str) -> String {
    let users = HashMap::from([("f0".to_owned(), "kim".to_owned())]);
    text_of(&storage::to_html(body, &users))
}

#[test]
fn pages_stand_below_their_ancestors_with_what_is_known_of_them() {
    let xml = export(&[
        body("Page#12", "<p>five days</p><h2>When</h2><p>until March</p>"),
        page(12, "Carry/over", &[("parent", "Page#11"), ("creator", "ConfluenceUserImpl#7")]),
        page(11, "Leave", &[("parent", "Page#10")]),
        page(10, "Home", &[]),
        object("Label", 5, &[("name", "policy"), ("namespace", "global")]),
        object("Label", 6, &[("name", "favourite"), ("namespace", "my")]),
        object("Labelling", 8, &[("label", "Label#5"), ("content", "Page#12")]),
        object("Labelling", 9, &[("label", "Label#6"), ("content", "Page#12")]),
        body("Page#10", "<p>Welcome</p>"),
        body("Page#11", "<p>All of us</p>"),
        object(
            "ConfluenceBandanaRecord",
            99,
            &[("value", "<settings><baseUrl>https://wiki.example.com</baseUrl></settings>")],
        ),
        "<object class=\"ConfluenceUserImpl\"><id name=\"key\">7</id><property name=\"name\">kim\
         </property></object>"
            .to_owned(),
    ]);
    let (collected, outcome) = unpacked(&xml);
    assert_eq!(outcome, Ok(()));
    let path = "Human Resources/Home/Leave/Carry-over";
    assert_eq!(collected.paths(), [path, "Human Resources/Home", "Human Resources/Home/Leave"]);
    let document = documents(&collected)[0];
    assert_eq!(document.title.as_deref(), Some("Carry/over"));
    assert_eq!(document.sections[1].heading, ["Home", "Leave", "Carry/over", "When"]);
    let of = |key: &str| document.metadata.get(key).map(String::as_str);
    assert_eq!(of("url"), Some("https://wiki.example.com/pages/viewpage.action?pageId=12"));
    assert_eq!(of("labels"), Some("policy"));
    assert_eq!(of("author"), Some("kim"));
    assert_eq!(of("modified"), Some("2024-04-22T16:35:21Z"));
    assert_eq!(of("space"), Some("Human Resources"));
    assert_eq!(of("version"), Some("7"));
    assert!(collected.members[0].modified_ns.is_some());
}

#[test]
fn old_versions_drafts_and_deleted_pages_are_left_out() {
    let named = "<object class=\"Page\"><id name=\"id\">20</id><property name=\"title\">New\
                 </property><collection name=\"historicalVersions\"><element class=\"Page\"><id \
                 name=\"id\">21</id></element></collection></object>";
    let xml = export(&[
        page(10, "Current", &[("contentStatus", "current")]),
        page(11, "Current", &[("originalVersion", "Page#10")]),
        page(12, "Draft", &[("contentStatus", "draft")]),
        page(13, "Deleted", &[("contentStatus", "deleted")]),
        page(21, "New", &[]),
        named.to_owned(),
        body("Page#11", "old"),
        body("Page#21", "old"),
        body("Page#12", "draft"),
        body("Page#10", "current"),
        body("Page#10", "twice"),
    ]);
    let (collected, _) = unpacked(&xml);
    assert_eq!(collected.paths(), ["Human Resources/Current", "New"]);
    assert_eq!(documents(&collected)[0].sections[0].text, "current");
}

#[test]
fn comments_are_the_last_section_of_their_page() {
    let comment = |id, time| {
        let fields = [("containerContent", "Page#10"), ("creationDate", time)];
        object("Comment", id, &[fields[0], fields[1], ("creatorName", "kim")])
    };
    let xml = export(&[
        body("Comment#31", "<p>Second</p>"),
        body("Page#10", "<p>Text</p>"),
        page(10, "Plan", &[]),
        comment(31, "2024-02-02 10:00:00.0"),
        comment(30, "2024-01-01 10:00:00.0"),
        body("Comment#30", "<p>First</p>"),
    ]);
    let (collected, _) = unpacked(&xml);
    assert_eq!(collected.members.len(), 1);
    let last = documents(&collected)[0].sections.last().unwrap();
    assert_eq!(last.heading, ["Plan", "Comments"]);
    assert_eq!(last.text, "kim (2024-01-01): First\n\nkim (2024-02-02): Second");
}

#[test]
fn a_comment_of_nobody_has_no_empty_brackets() {
    let xml = export(&[
        page(10, "Plan", &[]),
        object("Comment", 30, &[("containerContent", "Page#10")]),
        body("Comment#30", "<p>First</p>"),
        body("Page#10", "<p>Text</p>"),
    ]);
    let (collected, _) = unpacked(&xml);
    assert_eq!(documents(&collected)[0].sections.last().unwrap().text, "First");
}

#[test]
fn a_packed_export_brings_the_newest_files_of_its_pages() {
    let attachment = |id, name: &str, version: &str, more: &[(&str, &str)]| {
        let mut fields = vec![("title", name), ("version", version)];
        fields.push(("containerContent", "Page#10"));
        fields.extend(more);
        object("Attachment", id, &fields)
    };
    let xml = export(&[
        page(10, "Plan", &[]),
        attachment(40, "notes.txt", "2", &[]),
        attachment(41, "notes.txt", "1", &[("originalVersion", "Attachment#40")]),
        attachment(42, "lost.txt", "1", &[]),
        body("Page#10", "<p>Text</p>"),
    ]);
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let files: [(&str, &[u8]); 4] = [
        ("x/exportDescriptor.properties", b"baseUrl=https\\://w.example.com\n"),
        ("x/entities.xml", xml.as_bytes()),
        ("x/attachments/10/40/1", b"old"),
        ("x/attachments/10/40/2", b"the newest"),
    ];
    for (name, bytes) in files {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    let bytes = zip.finish().unwrap().into_inner();
    let archive = zip::ZipArchive::new(Box::new(Cursor::new(bytes)) as Box<dyn Content>).unwrap();
    assert!(is_export(archive.file_names().flatten()));
    let mut collected = Collected::default();
    let outcome = walk_packed(archive, &mut Walk::new(&mut collected, Limits::default()));
    assert_eq!(outcome, Ok(()));
    let plan = "Human Resources/Plan";
    let expected = [plan.to_owned(), format!("{plan}/lost.txt"), format!("{plan}/notes.txt")];
    assert_eq!(collected.paths(), expected);
    assert_eq!(documents(&collected)[1].sections[0].text, "the newest");
    assert!(matches!(collected.members[1].outcome, Err(Reason::Skipped(_))));
    let url = "https://w.example.com/pages/viewpage.action?pageId=10";
    let [page, file] = [0, 1].map(|nth| &documents(&collected)[nth].metadata);
    assert_eq!((&*page["url"], &*file["url"], &*file["page"]), (url, url, "Plan"));
}

#[test]
fn an_export_that_breaks_off_keeps_its_pages_and_fails() {
    let xml = export(&[page(10, "A", &[]), page(11, "B", &[]), body("Page#10", "<p>a</p>")]);
    let (collected, outcome) = unpacked(&xml[..xml.len() - 30]);
    assert!(matches!(outcome, Err(Reason::Failed(_))));
    assert_eq!(collected.members.len(), 1, "a page without its body is not handed over");
    let (collected, _) = unpacked(&xml);
    assert_eq!(collected.members.len(), 2, "in a whole export it has none");
}

#[test]
fn one_end_too_many_does_not_pass_for_the_end_of_an_export() {
    let xml = export(&[page(10, "One", &[]), "</object>".to_owned(), page(11, "Two", &[])]);
    let (_, outcome) = unpacked(&xml);
    let reason = "damaged: the elements of entities.xml do not fit together";
    assert_eq!(outcome, Err(Reason::Failed(reason.to_owned())));
}

#[test]
fn files_beside_an_unpacked_export_are_read() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(directory.path().join("attachments/10/40")).unwrap();
    std::fs::write(directory.path().join("attachments/10/40/1"), "the file").unwrap();
    let fields = [("fileName", "a.txt"), ("attachmentVersion", "1"), ("content", "Page#10")];
    let xml = export(&[page(10, "A", &[]), object("Attachment", 40, &fields)]);
    let beside = |path: &str| std::fs::File::open(directory.path().join(path));
    let mut collected = Collected::default();
    let mut walk = Walk::new(&mut collected, Limits::default());
    let content = Box::new(Cursor::new(xml.as_bytes()));
    let opened =
        Opened { path: "entities.xml", dialect: Dialect::Any, content, beside: Some(&beside) };
    assert_eq!(opened.walk(Shape::Confluence, &mut walk), Ok(()));
    assert_eq!(collected.paths(), ["Human Resources/A", "Human Resources/A/a.txt"]);
    assert_eq!(documents(&collected)[1].sections[0].text, "the file");
}

#[test]
fn elements_in_each_other_and_monstrous_pages_are_survived() {
    let deep = "<a>".repeat(100_000);
    let xml = export(&[page(10, "A", &[]), body("Page#10", &deep), deep.clone()]);
    let (_, outcome) = unpacked(&xml);
    assert!(matches!(outcome, Err(Reason::Failed(reason)) if reason.contains("in each other")));
    let long = body("Page#10", &"word ".repeat(4_000_000));
    let (collected, outcome) =
        unpacked(&export(&[page(10, "A", &[]), page(11, "B", &[]), long, body("Page#11", "b")]));
    assert_eq!(outcome, Ok(()));
    assert!(matches!(collected.members[0].outcome, Err(Reason::Skipped(_))));
    assert_eq!(documents(&collected)[0].sections[0].text, "b");
}

#[test]
fn parents_in_a_circle_are_no_ancestors_without_end() {
    let xml = export(&[
        page(10, "A", &[("parent", "Page#11")]),
        page(11, "B", &[("parent", "Page#10")]),
        body("Page#10", "a"),
    ]);
    let (collected, outcome) = unpacked(&xml);
    assert_eq!((outcome, collected.members.len()), (Ok(()), 2));
}

#[test]
fn macros_keep_what_readers_see_of_them() {
    let code = "<ac:structured-macro ac:name=\"code\"><ac:parameter ac:name=\"language\">bash\
                </ac:parameter><ac:plain-text-body><![CDATA[ls | grep <x> && y]] >\
                </ac:plain-text-body></ac:structured-macro>";
    assert_eq!(stored(code), "ls | grep <x> && y");
    let panel = "<ac:structured-macro ac:name=\"info\"><ac:parameter ac:name=\"title\">Mind\
                 </ac:parameter><ac:parameter ac:name=\"icon\">false</ac:parameter>\
                 <ac:rich-text-body><p>Five days</p></ac:rich-text-body></ac:structured-macro>";
    assert_eq!(stored(panel), "Mind\n\nFive days");
    let status = "<p>It is<ac:structured-macro ac:name=\"status\"><ac:parameter \
                  ac:name=\"colour\">Green</ac:parameter><ac:parameter ac:name=\"title\">DONE\
                  </ac:parameter></ac:structured-macro>.</p>";
    assert_eq!(stored(status), "It is DONE .");
    let silent = "<ac:structured-macro ac:name=\"toc\"><ac:parameter ac:name=\"maxLevel\">2\
                  </ac:parameter></ac:structured-macro><ac:emoticon ac:name=\"smile\"/>x";
    assert_eq!(stored(silent), "x");
    assert_eq!(stored("<p>Needed: <ac:emoticon ac:name=\"tick\" /></p>"), "Needed: ✓");
    let tasks = "<ac:task-list><ac:task><ac:task-id>1</ac:task-id><ac:task-status>complete\
                 </ac:task-status><ac:task-body>Call Bo</ac:task-body></ac:task></ac:task-list>";
    assert_eq!(stored(tasks), "- Call Bo");
}

#[test]
fn links_show_their_text_or_their_target() {
    let page = "<ac:link><ri:page ri:content-title=\"The Plan\" /></ac:link>";
    assert_eq!(stored(page), "The Plan");
    let named = page.replace(
        " /></ac:link>",
        " /><ac:plain-text-link-body><![CDATA[here]]></ac:plain-text-link-body></ac:link>",
    );
    assert_eq!(stored(&named), "here");
    assert_eq!(stored("by <ac:link><ri:user ri:userkey=\"f0\"/></ac:link>, x"), "by kim, x");
    let image = "<ac:image ac:alt=\"A chart\"><ri:attachment ri:filename=\"a.png\"/></ac:image>";
    assert_eq!(stored(image), "A chart");
    assert_eq!(stored("caf&eacute;&nbsp;x <time datetime=\"2024-05-01\"/>"), "café x 2024-05-01");
}

#[test]
fn values_of_tables_stand_behind_their_headers_and_headings_make_sections() {
    let body = "<h1>One</h1><table><tbody><tr><th><p>Name</p></th><th>Days</th></tr><tr><td>Kim\
                </td><td><p>5</p></td></tr></tbody></table><h2>Two</h2><p>x</p>";
    assert_eq!(stored(body), "[One]\nName: Kim; Days: 5\n[One > Two]\nx");
}

#[test]
fn what_the_new_editor_stores_twice_is_read_once() {
    let body = "<ac:adf-extension><ac:adf-node type=\"panel\"><ac:adf-attribute key=\"panel-type\">\
                note</ac:adf-attribute><ac:adf-content><p>Mind</p></ac:adf-content></ac:adf-node>\
                <ac:adf-fallback><div><p>Mind</p></div></ac:adf-fallback></ac:adf-extension>";
    assert_eq!(stored(body), "Mind");
}

#[test]
fn markup_of_old_versions_is_understood() {
    let wiki = "h1. Plan\nIt is *bold*, _soft_ and [here|Page One|tip] or [^a.pdf] 2 * 3 a_b\n\
                * one\n** two\n||Name||Days||\n|Kim|[5|x]|\n{info:title=Mind}five{info}\n\
                {code:java}\nif (*a) {x}\n{code}\n!pic.png|thumbnail! Stop! \\[x\\]";
    let expected = "[Plan]\nIt is bold, soft and here or a.pdf 2 * 3 a_b\n\n- one\n- two\n\n\
                    Name: Kim; Days: 5\n\nMind\n\nfive\n\nif (*a) {x}\n\nStop! [x]";
    assert_eq!(text_of(&markup::to_html(wiki)), expected);
}

#[test]
fn hostile_bodies_take_linear_time() {
    let patterns = [
        "<a>",
        "<ac:link>",
        "<ac:structured-macro ac:name=\"x\">",
        "<ac:adf-extension>",
        "</p>",
        "<ac:adf-fallback>",
        "<![CDATA[",
        "]] >",
        "&",
        "&lol;",
        "<",
        "<ac:parameter>",
        "{",
        "[",
        "!",
        "!a.b",
        "||",
        "|",
        "{code",
        "{code}",
        "* ",
        "\\",
        "*",
        "<!--",
        "{x}",
    ];
    let start = Instant::now();
    for pattern in patterns {
        let body = pattern.repeat(100_000 / pattern.len());
        let size = stored(&body).len() + text_of(&markup::to_html(&body)).len();
        assert!(size < 12 * body.len(), "{pattern}");
    }
    // Work that grows with the square of the text would take hours.
    assert!(start.elapsed() < Duration::from_secs(600));
}
