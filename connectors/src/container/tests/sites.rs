//! Exports of Confluence in HTML, as they come out of it.

use super::*;

const EXPORT: &[u8] = include_bytes!("../../../tests-data/fixtures/confluence/html.zip");

#[test]
fn an_export_in_html_is_its_pages_and_their_files_by_their_names() {
    let (collected, outcome) = opened("Space-export.zip", EXPORT, Limits::default());
    assert_eq!(outcome, Ok(()));
    let expected = [
        "HR/Home_11.html",
        "HR/Leave-policy_12.html",
        "HR/Leave-policy_12.html/heron notes.txt",
        "HR/Leave-policy_12.html/team.csv",
        "HR/Leave-policy_12.html/chart.gif",
    ];
    assert_eq!(collected.paths(), expected);
    assert!(collected.text("HR/Leave-policy_12.html/heron notes.txt").contains("grey heron"));
}

#[test]
fn a_page_of_such_an_export_is_as_old_as_it_says_and_has_its_address() {
    let (collected, _) = opened("Space-export.zip", EXPORT, Limits::default());
    let page = &collected.members[1];
    assert_eq!(page.kind.as_deref(), Some("page"));
    assert_eq!(page.modified_ns, Some(1_772_323_200_000_000_000));
    let document = page.outcome.as_ref().unwrap();
    assert_eq!(document.sections[1].heading, ["Home", "Leave policy", "Carry-over"]);
    assert_eq!(document.metadata["editor"], "Bo Lee");
    let url = "https://wiki.example.com/pages/viewpage.action?pageId=12";
    assert_eq!(document.metadata["url"], url);
    let file = collected.members[2].outcome.as_ref().unwrap();
    assert_eq!((&*file.metadata["page"], &*file.metadata["url"]), ("Leave policy", url));
}

#[test]
fn other_archives_of_web_pages_keep_all_their_files() {
    let page: &[u8] = b"<p>words</p>";
    let files =
        [("index.html", page), ("about.html", page), ("styles/site.css", b"p { color: red }")];
    let bytes = archives::zip(&files, zip::CompressionMethod::Stored);
    let (collected, outcome) = opened("site.zip", &bytes, Limits::default());
    assert_eq!((outcome, collected.paths()), (Ok(()), files.map(|(name, _)| name).to_vec()));
}
