//! What stands in the place of an archive or an export, and what that takes away.

use std::fs;

use serde_json::Value;

use super::reports;
use crate::support::{self, Instance, path, until};

#[test]
fn a_damaged_archive_keeps_what_was_known_and_says_what_is_wrong() {
    let ragterm = Instance::without_embedder();
    let whole = reports(5, 2025);
    ragterm.write("export.zip", &whole);
    ragterm.add();
    ragterm.write("export.zip", &whole[..whole.len() / 2]);
    let status = ragterm.wait("the damage to be said", |status| status["documents"]["failed"] == 1);
    assert_eq!(status["failures"][0]["path"], "export.zip", "{status}");
    assert_eq!(ragterm.find("\"station 1\""), ["export.zip/reports/1.md"]);
    ragterm.write("export.zip", &whole);
    ragterm.wait("the archive to be whole", |status| status["documents"]["failed"] == 0);
    ragterm.verify();
}

#[test]
fn what_a_failed_download_leaves_in_the_place_of_an_export_takes_nothing_away() {
    let ragterm = Instance::without_embedder();
    ragterm.write("export.zip", reports(5, 2025));
    let export = ragterm.docs().join("export.zip");
    ragterm.run(&["add", path(&export)]).expect(0);
    for instead in ["<html><body>please log in</body></html>", "", "{\"error\": 503}"] {
        ragterm.write("export.zip", instead);
        let said = |status: &Value| status["failures"][0]["path"] == "export.zip";
        ragterm.wait("the failure to be said", said);
        // A second look at the same, or at what took its place, takes nothing away either.
        ragterm.run(&["sources", "rescan"]).expect(0);
        ragterm.write("export.zip", format!("{instead} "));
        ragterm.run(&["sources", "rescan"]).expect(0);
        assert_eq!(ragterm.find("\"station 1\""), ["export.zip/reports/1.md"], "{instead}");
        ragterm.write("export.zip", reports(5, 2025));
        ragterm.wait("the export to be back", |status| status["documents"]["failed"] == 0);
    }
    ragterm.verify();
}

#[test]
fn an_export_in_which_nothing_is_left_takes_nothing_away_until_it_is_deleted() {
    let ragterm = Instance::without_embedder();
    let lines: String = (0..6)
        .map(|number| format!("{{\"id\": {number}, \"title\": \"Plover {number}\", \"text\": \"The plover of station {number} runs.\"}}\n"))
        .collect();
    let empty = b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0".as_slice();
    let page = b"<!doctype html><html><body>Please log in.</body></html>".as_slice();
    let picture = support::archive(&[("page.gif", "GIF89a\u{1}\0\u{1}\0\0\0\0")]);
    let folder = ragterm.docs();
    ragterm.write("page.txt", "another file");
    let (archive, lines) = (reports(6, 2025), lines.into_bytes());
    // Of the same names, and with other sums in the directory at its end than they have.
    let mut damaged = archive.clone();
    for place in 0..damaged.len() - 20 {
        if damaged[place..].starts_with(b"PK\x01\x02") {
            damaged[place + 16] ^= 0xff;
        }
    }
    ragterm.write("wiki.jsonl", &lines);
    ragterm.write("export.zip", &archive);
    ragterm.run(&["add", path(&folder), "--kind", "jsonl"]).expect(0);
    let failed = |count: u64| move |status: &Value| status["documents"]["failed"] == count;
    for (name, whole, instead, told) in [
        ("export.zip", &archive, empty, 1),
        ("wiki.jsonl", &lines, page, 2),
        ("wiki.jsonl", &lines, b"", 1),
        ("export.zip", &archive, &picture, 1),
        ("export.zip", &archive, &damaged, 1),
    ] {
        ragterm.write(name, instead);
        let status = ragterm.wait("it to be told", failed(told));
        let mut failures = status["failures"].as_array().unwrap().iter();
        let failure = failures.find(|failure| failure["path"] == name).unwrap();
        let reason = failure["reason"].as_str().unwrap();
        assert!(reason.contains("the 6 that were found in it are kept"), "{reason}");
        ragterm.run(&["sources", "rescan"]).expect(0);
        assert_eq!(ragterm.find("\"station 1\"").len(), 2, "{name}");
        ragterm.write(name, whole);
        ragterm.wait("it to be back", failed(0));
    }
    ragterm.write("export.zip", empty);
    ragterm.wait("it to be told again", failed(1));
    fs::remove_file(folder.join("export.zip")).unwrap();
    until("its documents to go", || ragterm.find("\"station 1\"").len() == 1);
    ragterm.verify();
}

#[test]
fn a_source_of_one_archive_keeps_what_it_held_however_little() {
    let ragterm = Instance::without_embedder();
    ragterm.write("export.zip", reports(1, 2025));
    let export = ragterm.docs().join("export.zip");
    ragterm.run(&["add", path(&export)]).expect(0);
    ragterm.write("export.zip", support::archive(&[]));
    ragterm.wait("it to be told", |status| status["documents"]["failed"] == 1);
    assert_eq!(ragterm.find("osprey"), ["export.zip/reports/0.md"]);
    ragterm.write("export.zip", reports(2, 2025));
    until("what it holds now", || ragterm.find("osprey").len() == 2);
    ragterm.verify();
}

#[test]
fn a_message_without_its_attachments_is_still_a_message() {
    let ragterm = Instance::without_embedder();
    let part = |number: u32| {
        format!(
            "--b\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; filename=\"{number}.txt\"\r\n\r\nThe osprey of file {number}.\r\n"
        )
    };
    let head = "From: a@example.com\r\nSubject: Birds\r\nMIME-Version: 1.0\r\n";
    let body = "The bittern was here.\r\n";
    let parts: String = (0..6).map(part).collect();
    let whole = format!(
        "{head}Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n{body}{parts}--b--\r\n"
    );
    ragterm.write("birds.eml", whole);
    let folder = ragterm.docs();
    ragterm.run(&["add", path(&folder), "--kind", "mail"]).expect(0);
    assert_eq!(ragterm.find("osprey").len(), 6);
    ragterm.write("birds.eml", format!("{head}Content-Type: text/plain\r\n\r\n{body}"));
    until("the attachments to go", || ragterm.find("osprey").is_empty());
    assert_eq!(ragterm.find("bittern"), ["birds.eml"]);
    ragterm.verify();
}

#[test]
fn what_is_no_archive_any_more_holds_nothing() {
    let ragterm = Instance::without_embedder();
    ragterm.write("first.txt", "something that stays");
    ragterm.write("export.data", reports(5, 2025));
    ragterm.add();
    assert!(!ragterm.find("osprey").is_empty());
    ragterm.write("export.data", b"GIF89a\x01\0\x01\0\x80\0\0");
    until("the documents to go", || ragterm.find("osprey").is_empty());
    assert_eq!(ragterm.status()["documents"]["indexed"], 1);
    ragterm.verify();
}
