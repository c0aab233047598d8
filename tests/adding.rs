//! What `add` makes of a path: a folder, an archive, an export, a message, a link.

use std::fs;
use std::os::unix::fs::symlink;
use std::time::{Duration, UNIX_EPOCH};

use serde_json::Value;

use crate::support::{Finished, Instance, archive, path, until};

/// Adds a file of the folder.
fn add(ragterm: &Instance, name: &str) -> Finished {
    ragterm.run(&["add", path(&ragterm.docs().join(name))])
}

fn first_hit(ragterm: &Instance, query: &str) -> Value {
    ragterm.run(&["search", "--json", query]).expect(0).json()["hits"][0].clone()
}

#[test]
fn an_archive_is_a_source_by_itself_and_stays_fresh() {
    let ragterm = Instance::without_embedder();
    ragterm.write("old.zip", archive(&[("hr/leave.md", "# Leave\n\nFive pelican days.")]));
    ragterm.write("beside.md", "a pelican that was not asked for");
    let added = add(&ragterm, "old.zip").expect(0);
    assert!(added.stderr.contains("an archive of files (--kind folder)"), "{}", added.stderr);
    assert_eq!(ragterm.find("pelican"), ["old.zip/hr/leave.md"]);
    ragterm.write("old.zip", archive(&[("hr/leave.md", "# Leave\n\nSix dunlin days.")]));
    until("the new archive", || ragterm.find("dunlin") == ["old.zip/hr/leave.md"]);
    assert_eq!(ragterm.find("pelican").len(), 0);
    ragterm.verify();
    let again = add(&ragterm, "old.zip").expect(0);
    assert!(again.stderr.contains("already; comparing it again"), "{}", again.stderr);
}

#[test]
fn an_archive_that_is_taken_away_keeps_its_documents_until_that_is_confirmed() {
    let ragterm = Instance::without_embedder();
    ragterm.write("old.zip", archive(&[("a.md", "a pelican"), ("b.md", "a dunlin")]));
    add(&ragterm, "old.zip").expect(0);
    let (here, away) = (ragterm.docs().join("old.zip"), ragterm.docs().join("away"));
    fs::rename(&here, &away).unwrap();
    let status = ragterm
        .wait("the source to be missed", |status| status["sources"][0]["state"] == "unavailable");
    let reason = status["sources"][0]["state_reason"].as_str().unwrap();
    assert!(reason.contains("the file is not there, but 2 documents"), "{reason}");
    assert_eq!(ragterm.find("pelican"), ["old.zip/a.md"]);
    fs::rename(&away, &here).unwrap();
    ragterm.wait("the source to be there", |status| status["sources"][0]["state"] == "ready");
    fs::remove_file(&here).unwrap();
    ragterm
        .wait("the source to be missed", |status| status["sources"][0]["state"] == "unavailable");
    ragterm.run(&["sources", "confirm", "old.zip"]).expect(0);
    assert_eq!(ragterm.find("pelican").len(), 0);
}

#[test]
fn an_export_is_read_as_what_wrote_it_without_being_told() {
    let ragterm = Instance::without_embedder();
    let page = "Home 0123456789abcdef0123456789abcdef.md";
    ragterm.write("wiki.zip", archive(&[(page, "# Home\n\nThe walrus lives here.")]));
    ragterm.write("tickets.jsonl", "{\"id\":\"T-1\",\"title\":\"One\",\"text\":\"an osprey\"}\n");
    let wiki = add(&ragterm, "wiki.zip").expect(0);
    assert!(wiki.stderr.contains("an export of Notion (--kind notion)"), "{}", wiki.stderr);
    assert_eq!(ragterm.find("walrus"), ["wiki.zip/Home.md"]);
    add(&ragterm, "tickets.jsonl").expect(0);
    assert_eq!(first_hit(&ragterm, "osprey")["type"], "record");
    let sources = ragterm.run(&["sources", "--json"]).expect(0).json();
    let kinds: Vec<_> = sources.as_array().unwrap().iter().map(|it| it["kind"].clone()).collect();
    assert_eq!(kinds, ["jsonl", "notion"]);
    let wiki = ragterm.docs().join("wiki.zip");
    let refused = ragterm.run(&["add", path(&wiki), "--kind", "folder"]).expect(2);
    assert!(refused.stderr.contains("of the kind `notion`"), "{}", refused.stderr);
    assert!(refused.stderr.contains("sources remove wiki.zip"), "{}", refused.stderr);
}

#[test]
fn a_lone_document_is_refused_and_a_folder_that_looks_like_a_wiki_is_told() {
    let ragterm = Instance::without_embedder();
    ragterm.write("data/pages/start.txt", "====== Start ======\n\nA heron.");
    ragterm.write("data/meta/start.changes", "1");
    ragterm.write("data/attic/start.1.txt", "An older heron.");
    let refused = add(&ragterm, "data/pages/start.txt").expect(2);
    assert!(refused.stderr.contains("add the folder that it is in"), "{}", refused.stderr);
    let told = add(&ragterm, "data").expect(0);
    assert!(told.stderr.contains("--kind dokuwiki"), "{}", told.stderr);
    assert_eq!(ragterm.find("heron").len(), 2, "it is read as it was asked for");
}

#[test]
fn a_link_that_is_turned_to_a_newer_export_is_followed() {
    let ragterm = Instance::without_embedder();
    ragterm.write("exports/1.zip", archive(&[("a.md", "the pelican of the first export")]));
    ragterm.write("exports/2.zip", archive(&[("a.md", "the dunlin of the second export")]));
    let link = ragterm.docs().join("latest.zip");
    symlink("exports/1.zip", &link).unwrap();
    add(&ragterm, "latest.zip").expect(0);
    assert_eq!(ragterm.find("pelican"), ["latest.zip/a.md"]);
    let next = ragterm.docs().join("next.zip");
    symlink("exports/2.zip", &next).unwrap();
    fs::rename(next, link).unwrap();
    until("the second export", || ragterm.find("dunlin") == ["latest.zip/a.md"]);
    assert_eq!(ragterm.find("pelican").len(), 0);
    ragterm.write("exports/2.zip", archive(&[("a.md", "the heron of the second export")]));
    until("what was written behind the link", || ragterm.find("heron") == ["latest.zip/a.md"]);
    ragterm.verify();
}

#[test]
fn names_that_are_ignored_are_ignored_in_archives_too() {
    let ragterm = Instance::without_embedder();
    let files = [("site/node_modules/x/readme.md", "a dunlin"), ("site/readme.md", "the dunlin")];
    ragterm.write("site.zip", archive(&files));
    ragterm.add();
    assert_eq!(ragterm.find("dunlin"), ["site.zip/site/readme.md"]);
    ragterm.verify();
}

#[test]
fn a_message_in_a_file_of_its_own_is_as_old_as_it_says() {
    let ragterm = Instance::without_embedder();
    let head = "From: kim@example.com\nSubject: Birds\nDate: Tue, 14 Nov 2023 22:13:20 +0000\n";
    ragterm.write("mail/birds.eml", format!("{head}\nThe osprey came back.\n"));
    ragterm.write("mail/birds.md", "The osprey came back today.");
    ragterm.add();
    let hits = ragterm.run(&["search", "--json", "--type", "eml", "osprey"]).expect(0).json();
    assert_eq!(hits["hits"][0]["modified"], "2023-11-14T22:13:20Z", "{hits}");
    let recent = ragterm.run(&["search", "--json", "--since", "30d", "osprey"]).expect(0).json();
    let paths: Vec<_> =
        recent["hits"].as_array().unwrap().iter().map(|hit| hit["path"].clone()).collect();
    assert_eq!(paths, ["mail/birds.md"]);
    // The file is as it was, whatever the message says.
    let again = ragterm.run(&["sources", "rescan", "--json"]).expect(0).json();
    assert_eq!((&again["indexed"], &again["unchanged"]), (&0.into(), &2.into()), "{again}");
    ragterm.verify();
}

#[test]
fn of_two_equal_hits_the_newer_document_comes_first() {
    let ragterm = Instance::without_embedder();
    for (name, days, year) in [("a.md", "five", 2020), ("b.md", "nine", 2024)] {
        ragterm.write(name, format!("# Leave\n\nA guillemot has {days} days.\n"));
        let file = fs::File::options().write(true).open(ragterm.docs().join(name)).unwrap();
        let age = Duration::from_secs((year - 1970) * 365 * 86_400);
        file.set_modified(UNIX_EPOCH + age).unwrap();
    }
    ragterm.add();
    assert_eq!(ragterm.find("guillemot days"), ["b.md", "a.md"]);
    let first = ragterm.run(&["search", "--json", "--limit", "1", "guillemot days"]).expect(0);
    assert_eq!(first.json()["hits"][0]["path"], "b.md");
}

#[test]
fn a_hit_names_the_section_lines_and_page_that_it_is_in() {
    let ragterm = Instance::without_embedder();
    let contract = "# Contract\n\nTwo parties.\n\n## Delivery\n\nFive days.\n\n\
                    ## Penalties\n\nA sprocket costs ten.\n";
    ragterm.write("contract.md", contract);
    ragterm.add();
    let hit = first_hit(&ragterm, "sprocket");
    assert_eq!(hit["heading"], serde_json::json!(["Contract", "Penalties"]), "{hit}");
    assert_eq!(hit["lines"], serde_json::json!([11, 11]), "{hit}");
    let hit = first_hit(&ragterm, "parties");
    assert_eq!(hit["heading"], serde_json::json!(["Contract"]), "{hit}");
}

#[test]
fn a_page_that_was_cut_off_is_read_and_told() {
    let ragterm = Instance::without_embedder();
    ragterm.write("cut.html", "<html><body><h1>Cut</h1><p>An axolotl stands <b");
    ragterm.run(&["add", path(&ragterm.docs())]);
    assert_eq!(ragterm.find("axolotl"), ["cut.html"]);
    let failure = &ragterm.status()["failures"][0];
    let reason = failure["reason"].as_str().unwrap();
    assert!(reason.contains("the file seems cut off"), "{failure}");
}
