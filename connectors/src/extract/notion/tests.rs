//! What becomes of exports of Notion.

use super::*;
use crate::document::Place;
use crate::extract::{Dialect, extract};

const ID: &str = "152bb52ee2b580179846fd78b2b60ea9";

fn page(path: &str, text: &str) -> Result<Document, Reason> {
    let path = path.replace('#', ID);
    let text = text.replace("{id}", ID);
    let input = Input { dialect: Dialect::Notion, ..Input::new(&path, text.as_bytes()) };
    extract(&input).map(|extraction| extraction.document)
}

#[test]
fn ids_are_stripped_from_every_name() {
    for (path, readable) in [
        ("Home #/My tasks #.md", "Home/My tasks.md"),
        ("Tasks #_all.csv", "Tasks_all.csv"),
        ("#.md", "Untitled.md"),
        ("Plan 2a889dba-369b-4870-9ec6-2508d5020d93.html", "Plan.html"),
        ("Plan 2a889dba.md", "Plan.md"),
        ("a/Version 1.5 #", "a/Version 1.5"),
        ("@December 1, 2024 #.md", "@December 1, 2024.md"),
    ] {
        assert_eq!(readable_path(&path.replace('#', ID)), readable);
    }
    for same in [
        "Budget 20240101.md",
        "deadbeef.md",
        "the facade.md",
        "Export-2a889dba-369b-4870-9ec6-2508d5020d93/a b.png",
        "휴가.md",
        "",
    ] {
        assert_eq!(readable_path(same), same);
    }
}

#[test]
fn the_pages_above_and_the_title_lead_to_each_section() {
    let path = "Export-x-Part-1.zip/Export-2a889dba/Home #/Journal #.md";
    let found = page(path, "# Journal\n\nfirst\n\n# October\n\nsecond\n").unwrap();
    assert_eq!(found.title.as_deref(), Some("Journal"));
    let headings: Vec<_> = found.sections.iter().map(|it| it.heading.join(" > ")).collect();
    assert_eq!(headings, ["Home > Journal", "Home > Journal > October"]);
    assert_eq!(found.sections[1].place, Place::Line(7));
    assert_eq!(page("Lone page #.md", "text").unwrap().title.as_deref(), Some("Lone page"));
}

#[test]
fn properties_are_metadata_and_stay_in_the_text() {
    let text = "# Task\n\nStatus: Done\nTags: a, b\nCreated time: December 4, 2024 8:45 AM\nCreated by: Kim\nEmpty: \n\nBody\n";
    let found = page("Task #.md", text).unwrap();
    let value = |key: &str| found.metadata.get(key).map(String::as_str);
    assert_eq!((value("status"), value("tags")), (Some("Done"), Some("a, b")));
    assert_eq!((value("created"), value("author")), (Some("2024-12-04"), Some("Kim")));
    assert_eq!(value("empty"), None);
    assert!(found.sections[0].text.starts_with("Status: Done\nTags: a, b\n"));
    let prose = page("P #.md", "# P\n\nNote: this is\njust a text.\n").unwrap();
    assert!(prose.metadata.is_empty());
}

#[test]
fn a_database_is_a_table_with_its_view_and_with_all_rows() {
    let path = "Team #/Tasks #.csv";
    let found = page(path, "\u{feff}Name,Project\nFix,Foo (../Foo%20{id}.md)\n").unwrap();
    assert_eq!(found.title.as_deref(), Some("Tasks"));
    assert_eq!(found.sections[0].text, "Name; Project\nName: Fix; Project: Foo");
    assert_eq!(found.sections[0].heading, ["Team", "Tasks"]);
    for whole in ["Team #/Tasks #_all.csv", "Team/Tasks_all.csv", "Team/Tasks_all (2).csv"] {
        let found = page(whole, "Name,Project\nFix,Foo\n").unwrap();
        assert_eq!(found.title.as_deref(), Some("Tasks"), "{whole}");
        assert_eq!(found.sections[0].text, "Name; Project\nName: Fix; Project: Foo");
    }
}

#[test]
fn links_to_pages_are_their_names() {
    let text = "See [Sub (a) page](Home%20{id}/Sub%20(a)%20page%20{id}.md) and [it](Plan%20{id}.md?x=1), \
                ![image.png](a%20{id}/image.png), [web](https://example.com/a), (aside) \
                [page](https://www.notion.so/Page-{id}?pvs=21)";
    let found = page("A #.md", text).unwrap();
    let expected =
        "See Sub (a) page and it (Plan), image.png, [web](https://example.com/a), (aside) page";
    assert_eq!(found.sections[0].text, expected);
}

#[test]
fn a_page_in_html_has_its_properties_and_parts() {
    let html = "<html><head><title>Task</title></head><body><article class=\"page sans\"><header>\
        <div class=\"page-header-icon\"><span class=\"icon\">📝</span></div>\
        <h1 class=\"page-title\">Task</h1><table class=\"properties\"><tbody>\
        <tr class=\"property-row property-row-status\"><th><span class=\"icon property-icon\"><svg></svg></span>Status</th><td><span class=\"status-value\">Done</span></td></tr>\
        <tr class=\"property-row property-row-multi_select\"><th>Tags</th><td><span class=\"selected-value\">a</span><span class=\"selected-value\">b</span></td></tr>\
        </tbody></table></header><div class=\"page-body\"><figure class=\"callout\"><div><span class=\"icon\">💡</span></div><div>Mind: this</div></figure>\
        <ul class=\"toggle\"><li><details open=\"\"><summary>More</summary><p>inside</p></details></li></ul><h1>Part</h1><p>end</p></div></article></body></html>";
    let found = page("Home #/Task #.html", html).unwrap();
    assert_eq!(
        (found.metadata["status"].as_str(), found.metadata["tags"].as_str()),
        ("Done", "a, b")
    );
    assert_eq!(found.metadata.len(), 2, "{:?}", found.metadata);
    let text = &found.sections[0].text;
    assert!(
        ["Status: Done", "Mind: this", "More", "inside"].iter().all(|part| text.contains(part)),
        "{text}"
    );
    assert_eq!(found.sections[0].heading, ["Home", "Task"]);
    assert_eq!(found.sections[1].heading, ["Home", "Task", "Part"]);
    let index = page("index.html", "<html><ul id=\"id::0000\"><li>x</ul>");
    assert!(matches!(index, Err(Reason::Skipped(_))));
}

#[test]
fn endless_brackets_cost_no_time() {
    for part in ["(", "[", "[a](", "](", "[x](a%20152bb52ee2b580179846fd78b2b60ea9.md)"] {
        without_references(&part.repeat(20_000));
    }
}
