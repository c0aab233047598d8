//! Documents inside files: found by their own names, and moved, changed and removed with their file.

mod emptied;

use std::fs;
use std::io::{Cursor, Write};

use serde_json::Value;
use zip::write::{SimpleFileOptions, ZipWriter};

use crate::support::{Instance, archive, path, signal, until};

/// An archive of so many reports, in the words of one year.
fn reports(count: usize, year: u32) -> Vec<u8> {
    let files: Vec<(String, String)> = (0..count)
        .map(|number| {
            let text =
                format!("# Report {number}\n\nThe osprey nested at station {number}, {year}.");
            (format!("reports/{number}.md"), text)
        })
        .collect();
    archive(&files.iter().map(|(name, text)| (&**name, &**text)).collect::<Vec<_>>())
}

/// The path of the best hit; empty when there is none.
fn best(ragterm: &Instance, query: &str) -> String {
    ragterm.find(query).into_iter().next().unwrap_or_default()
}

fn first_hit(ragterm: &Instance, query: &str) -> Value {
    let found = ragterm.run(&["search", "--json", query]).expect(0).json();
    found["hits"][0].clone()
}

#[test]
fn documents_in_an_archive_are_found_by_their_own_paths() {
    let ragterm = Instance::without_embedder();
    let inner = archive(&[("deep/plan.md", "# Plan\n\nThe walrus arrives on Monday.")]);
    let mut outer = ZipWriter::new(Cursor::new(Vec::new()));
    outer.start_file("hr/leave.md", SimpleFileOptions::default()).unwrap();
    outer.write_all("# Leave\n\nFive pelican days a year.".as_bytes()).unwrap();
    outer.start_file("inner.zip", SimpleFileOptions::default()).unwrap();
    outer.write_all(&inner).unwrap();
    ragterm.write("old files.zip", outer.finish().unwrap().into_inner());
    ragterm.add();
    let hit = first_hit(&ragterm, "pelican");
    assert_eq!(hit["path"], "old files.zip/hr/leave.md");
    assert_eq!((&hit["title"], &hit["type"]), (&"Leave".into(), &"md".into()));
    assert!(hit["uri"].as_str().unwrap().ends_with("/docs/old%20files.zip"), "{hit}");
    assert_eq!(ragterm.find("walrus"), ["old files.zip/inner.zip/deep/plan.md"]);
    let documents = &ragterm.status()["documents"];
    assert_eq!((&documents["indexed"], &documents["failed"]), (&2.into(), &0.into()));
    ragterm.verify();
}

#[test]
fn a_newer_archive_in_the_place_of_an_older_one_is_a_difference() {
    let ragterm = Instance::new();
    ragterm.write("export.zip", reports(8, 2025));
    ragterm.add();
    let before = ragterm.settle()["embedder"]["embedded_texts"].as_u64().unwrap();
    let id = first_hit(&ragterm, "\"station 3\"")["document"].clone();
    let mut files: Vec<(String, String)> = (0..7)
        .map(|number| {
            let text = format!("# Report {number}\n\nThe osprey nested at station {number}, 2025.");
            (format!("reports/{number}.md"), text)
        })
        .collect();
    files[0].1 = "# Report 0\n\nThe dunlin came instead.".to_owned();
    let files: Vec<_> = files.iter().map(|(name, text)| (&**name, &**text)).collect();
    ragterm.write("export.zip", archive(&files));
    until("the new archive", || best(&ragterm, "dunlin") == "export.zip/reports/0.md");
    ragterm.wait("its end", |status| status["documents"]["indexed"] == 7);
    assert!(!ragterm.find("osprey").contains(&"export.zip/reports/7.md".to_owned()));
    let after = ragterm.settle()["embedder"]["embedded_texts"].as_u64().unwrap();
    assert_eq!(after - before, 1, "only the changed page is embedded");
    assert_eq!(first_hit(&ragterm, "\"station 3\"")["document"], id, "the others stay");
    ragterm.verify();
}

#[test]
fn documents_move_and_vanish_with_their_archive() {
    let ragterm = Instance::new();
    ragterm.write("first.txt", "something that stays");
    ragterm.write("export.zip", reports(6, 2025));
    ragterm.add();
    let before = ragterm.settle();
    fs::create_dir(ragterm.docs().join("archive")).unwrap();
    let moved = ragterm.docs().join("archive/export.zip");
    fs::rename(ragterm.docs().join("export.zip"), &moved).unwrap();
    until("the move", || best(&ragterm, "\"station 3\"") == "archive/export.zip/reports/3.md");
    let after = ragterm.settle();
    assert_eq!(after["embedder"]["embedded_texts"], before["embedder"]["embedded_texts"]);
    assert_eq!(after["documents"], before["documents"]);
    ragterm.verify();
    fs::remove_file(moved).unwrap();
    ragterm.wait("the removal", |status| status["documents"]["indexed"] == 1);
    assert_eq!(ragterm.find("osprey"), ["first.txt"], "by meaning, what is left");
    ragterm.verify();
}

/// The bytes in the catalog's write-ahead log.
fn logged(ragterm: &Instance) -> u64 {
    fs::metadata(ragterm.data().join("catalog.db-wal")).map_or(0, |log| log.len())
}

#[test]
fn kills_while_an_archive_is_read_lose_and_double_nothing() {
    let ragterm = Instance::without_embedder();
    let sources = format!("[{{name=\"docs\", path={:?}}}]", path(&ragterm.docs()));
    let ragterm = ragterm.with("RAGTERM_SOURCES", &sources);
    let socket = ragterm.data().join("run/ragterm.sock");
    for kill in 0..15_u64 {
        ragterm.write("export.zip", reports(600 - kill as usize * 10, 2000 + kill as u32));
        // That of a killed daemon stays; the next one makes its own when all is open.
        let _first = fs::remove_file(&socket);
        let mut daemon =
            ragterm.command(&["daemon"]).stderr(std::process::Stdio::null()).spawn().unwrap();
        until("the daemon", || socket.exists());
        // Each is killed after another number of documents: the log begins anew with a daemon.
        until("so much to be published", || logged(&ragterm) >= kill * 67 % 300 * 1024);
        daemon.kill().unwrap();
        daemon.wait().unwrap();
    }
    ragterm.wait("the whole to be indexed", |status| {
        status["settled"] == true && status["documents"]["indexed"] == 460
    });
    assert!(ragterm.find("2013").iter().all(|path| path.starts_with("export.zip/")), "no zip left");
    ragterm.verify();
}

/// Whether something of the folder is being read, by the state of a daemon that runs.
fn is_reading(ragterm: &Instance) -> bool {
    ragterm.status()["jobs"].as_array().unwrap().iter().any(|job| job["phase"] == "index")
}

#[test]
fn other_files_are_fresh_while_an_archive_is_read_also_after_a_kill() {
    let ragterm = Instance::without_embedder();
    ragterm.write("old.md", "# Old\n\nThe bittern was here.");
    // No station of the large archive has such a number.
    ragterm.write("small.zip", reports(2, 9001));
    ragterm.add();
    ragterm.write("export.zip", reports(8000, 2026));
    until("the archive to be begun", || ragterm.find("2026").len() > 1);
    ragterm.write("new.md", "# New\n\nThe walrus arrives.");
    until("a new file", || ragterm.find("walrus") == ["new.md"]);
    ragterm.write("small.zip", reports(2, 9002));
    until("a small archive", || ragterm.find("9002").len() == 2);
    fs::remove_file(ragterm.docs().join("old.md")).unwrap();
    until("a removal", || ragterm.find("bittern").is_empty());
    assert!(is_reading(&ragterm), "{}", ragterm.status());
    signal(ragterm.pid(), rustix::process::Signal::KILL);
    until("the archive to be begun again", || is_reading(&ragterm));
    ragterm.write("new.md", "# New\n\nThe heron arrives.");
    until("a changed file", || ragterm.find("heron") == ["new.md"]);
    assert!(is_reading(&ragterm), "{}", ragterm.status());
    ragterm.wait("the whole to be indexed", |status| {
        status["settled"] == true && status["documents"]["indexed"] == 8003
    });
    ragterm.verify();
}

#[test]
fn an_archive_that_goes_or_changes_while_it_is_read_leaves_nothing_behind() {
    let ragterm = Instance::without_embedder();
    for number in 0..3 {
        ragterm.write(&format!("{number}.md"), format!("# {number}\n\nThe bittern stays."));
    }
    ragterm.add();
    ragterm.write("export.zip", reports(8000, 2026));
    until("the archive to be begun", || ragterm.find("2026").len() > 1);
    fs::remove_file(ragterm.docs().join("export.zip")).unwrap();
    ragterm.wait("the removal to be noticed", |status| {
        status["idle"] == true && status["sources"][0]["state"] != "indexing"
    });
    // So many at once are held until somebody says that it is right.
    ragterm.run(&["sources", "confirm", "docs"]).expect(0);
    ragterm.wait("the removal", |status| status["documents"]["indexed"] == 3);
    ragterm.verify();
    ragterm.write("export.zip", reports(8000, 2026));
    until("the archive to be begun", || ragterm.find("2026").len() > 1);
    ragterm.write("export.zip", reports(7, 2027));
    ragterm.wait("the newer one", |status| {
        status["settled"] == true && status["documents"]["indexed"] == 10
    });
    assert_eq!(ragterm.find("2027").len(), 7);
    ragterm.verify();
}

#[test]
fn a_source_that_is_removed_while_an_archive_is_read_leaves_nothing_behind() {
    let ragterm = Instance::without_embedder();
    ragterm.write("first.txt", "something that stays");
    ragterm.add();
    let whole = reports(8000, 2026);
    ragterm.write("export.zip", &whole);
    until("the archive to be begun", || ragterm.find("2026").len() > 1);
    ragterm.run(&["sources", "remove", "docs"]).expect(0);
    assert_eq!(ragterm.settle()["documents"]["indexed"], 0);
    ragterm.verify();
    ragterm.write("export.zip", &whole[..whole.len() / 2]);
    ragterm.add();
    let status = ragterm.settle();
    assert_eq!(status["documents"]["failed"], 1, "half of it is none: {status}");
    assert!(!is_reading(&ragterm), "what failed is not read again by itself");
    ragterm.verify();
}

#[test]
fn a_drop_folder_puts_an_archive_away_once_it_is_read_and_others_meanwhile() {
    let ragterm = Instance::without_embedder();
    let docs = ragterm.docs();
    ragterm.run(&["add", path(&docs), "--kind", "drop", "--after", "move"]).expect(0);
    ragterm.write("export.zip", reports(8000, 2026));
    until("the archive to be begun", || ragterm.find("2026").len() > 1);
    ragterm.write("new.md", "# New\n\nThe walrus arrives.");
    until("a new file", || ragterm.find("walrus") == ["new.md"]);
    assert!(is_reading(&ragterm), "{}", ragterm.status());
    assert!(docs.join("export.zip").exists(), "it is not read yet");
    until("the archive to be put away", || docs.join("done/export.zip").exists());
    until("the file to be put away", || docs.join("done/new.md").exists());
    ragterm
        .wait("rest", |status| status["settled"] == true && status["documents"]["indexed"] == 8001);
    assert!(ragterm.find("2026").iter().all(|path| path.starts_with("done/export.zip/")));
    ragterm.verify();
}

#[test]
fn records_of_a_file_are_documents_with_their_own_addresses() {
    let ragterm = Instance::without_embedder();
    let line = |id: u32, text: &str| {
        format!(
            "{{\"id\":\"{id}\",\"title\":\"Ticket {id}\",\"text\":\"{text}\",\
             \"url\":\"https://tickets.example/{id}\",\"modified\":\"2026-01-02T03:04:05Z\"}}\n"
        )
    };
    ragterm.write("tickets.jsonl", line(1, "the walrus is late") + &line(2, "the heron is early"));
    let file = ragterm.docs().join("tickets.jsonl");
    ragterm.run(&["add", path(&file), "--kind", "jsonl"]).expect(0);
    let hit = first_hit(&ragterm, "walrus");
    assert_eq!(hit["uri"], "https://tickets.example/1");
    assert_eq!((&hit["title"], &hit["path"]), (&"Ticket 1".into(), &"tickets.jsonl/1".into()));
    assert_eq!(hit["modified"], "2026-01-02T03:04:05Z");
    ragterm.write("tickets.jsonl", line(2, "the heron is early"));
    until("the record to go", || ragterm.find("walrus").is_empty());
    assert_eq!(ragterm.find("heron"), ["tickets.jsonl/2"]);
    ragterm.verify();
}

#[test]
fn an_attachment_of_a_message_is_what_it_is() {
    let ragterm = Instance::without_embedder();
    let message = "From: Kim <kim@example.com>\r\nSubject: Budget\r\n\
        Date: Tue, 04 Feb 2020 10:00:00 +0000\r\nMIME-Version: 1.0\r\n\
        Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n\
        The heron budget is attached.\r\n--b\r\nContent-Type: text/csv; name=costs.csv\r\n\
        Content-Disposition: attachment; filename=costs.csv\r\n\r\n\
        Team,Pelicans\r\nNorth,17\r\n--b--\r\n";
    ragterm.write("cur/1.eml:2,S", message);
    ragterm.run(&["add", path(&ragterm.docs()), "--kind", "mail"]).expect(0);
    assert_eq!(ragterm.find("heron"), ["cur/1.eml:2,S"]);
    let hit = first_hit(&ragterm, "north pelicans");
    assert_eq!(hit["path"], "cur/1.eml:2,S/costs.csv");
    assert!(hit["snippet"].as_str().unwrap().contains("Team: North; Pelicans: 17"), "{hit}");
    assert_eq!(hit["modified"], "2020-02-04T10:00:00Z", "as old as its message");
    assert_eq!(ragterm.find("kim"), ["cur/1.eml:2,S"], "who wrote it is found");
    ragterm.verify();
}

#[test]
fn old_versions_and_caches_of_a_dokuwiki_are_left_out() {
    let ragterm = Instance::without_embedder();
    for path in ["pages/leave.txt", "pages/meta/plan.txt", "attic/leave.1700.txt", "cache/a/b.txt"]
    {
        // Equal texts would be shown once.
        ragterm
            .write(&format!("data/{path}"), format!("====== Leave ======\n\nThe walrus, {path}."));
    }
    ragterm.run(&["add", path(&ragterm.docs()), "--kind", "dokuwiki"]).expect(0);
    let mut found = ragterm.find("walrus");
    found.sort();
    assert_eq!(found, ["data/pages/leave.txt", "data/pages/meta/plan.txt"]);
    let data = ragterm.docs().join("data");
    ragterm.run(&["sources", "remove", "docs"]).expect(0);
    ragterm.run(&["add", path(&data), "--kind", "dokuwiki"]).expect(0);
    assert_eq!(ragterm.find("walrus").len(), 2);
    ragterm.verify();
}
