//! Bad input and damaged files: each is recorded with its reason, and the rest goes on.

use std::fs;
use std::os::unix::ffi::OsStrExt;

use crate::support::Instance;

fn reason_of(status: &serde_json::Value, path: &str) -> String {
    let failures = status["failures"].as_array().unwrap();
    let failure = failures.iter().find(|failure| failure["path"] == path);
    failure.unwrap_or_else(|| panic!("no reason for {path}: {status}"))["reason"]
        .as_str()
        .unwrap()
        .to_string()
}

#[test]
fn hostile_entries_are_recorded_and_the_rest_goes_on() {
    let ragterm = Instance::without_embedder();
    ragterm.write("good.txt", "the toucan is fine");
    ragterm.write("binary.md", [0_u8, 159, 146, 150, 0, 0, 1, 2].repeat(64));
    ragterm.write("empty.txt", "");
    ragterm.write("long-line.txt", "x".repeat(400_000));
    let fifo = ragterm.docs().join("pipe.txt");
    rustix::fs::mkfifoat(rustix::fs::CWD, &fifo, rustix::fs::Mode::RUSR).unwrap();
    let huge = fs::File::create(ragterm.docs().join("huge.txt")).unwrap();
    huge.set_len(5 << 30).unwrap();
    let name = std::ffi::OsStr::from_bytes(b"\xff\xfe.txt");
    fs::write(ragterm.docs().join(name), "the quetzal has an odd name").unwrap();
    std::os::unix::fs::symlink("/etc/passwd", ragterm.docs().join("escape.txt")).unwrap();
    ragterm.add();
    assert_eq!(ragterm.find("toucan"), ["good.txt"]);
    let status = ragterm.status();
    assert!(reason_of(&status, "binary.md").contains("binary"), "{status}");
    assert!(reason_of(&status, "empty.txt").contains("empty"), "{status}");
    assert!(!reason_of(&status, "pipe.txt").is_empty());
    assert!(!reason_of(&status, "huge.txt").is_empty());
    assert_eq!(ragterm.find("nologin"), [""; 0]);
    ragterm.verify();
}

#[test]
fn two_names_that_look_alike_stop_nothing() {
    let ragterm = Instance::without_embedder();
    ragterm.write("a\u{FFFD}.md", "the hoopoe has an odd name");
    let twin = std::ffi::OsStr::from_bytes(b"a\xff.md");
    fs::write(ragterm.docs().join(twin), "its twin cannot be named").unwrap();
    ragterm.write("other.txt", "another file");
    ragterm.add();
    assert_eq!(ragterm.find("hoopoe"), ["a\u{FFFD}.md"]);
    let status = ragterm.settle();
    assert_eq!(status["sources"][0]["state"], "ready", "{status}");
    ragterm.run(&["sources", "rescan"]).expect(0);
    ragterm.verify();
}

#[test]
fn a_flipped_byte_in_the_keyword_index_is_found_and_repaired() {
    let ragterm = Instance::without_embedder();
    ragterm.write("note.txt", "the ibis stands in the water");
    ragterm.add();
    let index = keyword_index(&ragterm);
    let postings = fs::read_dir(&index)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|extension| extension == "term"))
        .unwrap();
    let mut bytes = fs::read(&postings).unwrap();
    bytes[3] ^= 0xff;
    fs::write(&postings, bytes).unwrap();
    ragterm.run(&["verify"]).expect(1);
    ragterm.run(&["verify", "--repair"]).expect(0);
    assert_eq!(ragterm.find("ibis"), ["note.txt"]);
    ragterm.verify();
}

/// The directory of the keyword index.
fn keyword_index(ragterm: &Instance) -> std::path::PathBuf {
    let mut entries = fs::read_dir(ragterm.data()).unwrap().map(|entry| entry.unwrap().path());
    let is_index = |path: &std::path::PathBuf| {
        path.file_name().unwrap().to_string_lossy().starts_with("keyword-")
    };
    entries.find(is_index).unwrap()
}

#[test]
fn a_damaged_keyword_index_is_rebuilt() {
    let ragterm = Instance::without_embedder();
    ragterm.write("note.txt", "the ibis stands in the water");
    ragterm.add();
    ragterm.run(&["stop"]).expect(0);
    let index = keyword_index(&ragterm);
    for entry in fs::read_dir(&index).unwrap() {
        let path = entry.unwrap().path();
        let length = fs::metadata(&path).unwrap().len();
        fs::File::options().write(true).open(&path).unwrap().set_len(length / 2).unwrap();
    }
    crate::support::until("the rebuilt index", || ragterm.find("ibis") == ["note.txt"]);
    let status = ragterm.status();
    assert!(status["notices"].to_string().contains("rebuilt"), "{status}");
    ragterm.verify();
}

#[test]
fn a_damaged_catalog_is_named_and_not_overwritten() {
    let ragterm = Instance::without_embedder();
    ragterm.write("note.txt", "something");
    ragterm.add();
    ragterm.run(&["stop"]).expect(0);
    let catalog = ragterm.data().join("catalog.db");
    let garbage = b"this is no database at all".repeat(400);
    for file in fs::read_dir(ragterm.data()).unwrap() {
        let path = file.unwrap().path();
        if path.to_string_lossy().contains("catalog.db-") {
            fs::remove_file(path).unwrap();
        }
    }
    fs::write(&catalog, &garbage).unwrap();
    let failed = ragterm.run(&["search", "something"]);
    assert_eq!(failed.code, 3, "{}", failed.stderr);
    assert!(failed.stderr.contains("catalog.db"), "{}", failed.stderr);
    assert!(failed.stderr.contains("backup"), "{}", failed.stderr);
    assert_eq!(fs::read(&catalog).unwrap(), garbage);
}

#[test]
fn an_emptied_catalog_beside_an_index_is_refused_and_a_new_one_is_not() {
    let ragterm = Instance::without_embedder();
    ragterm.write("note.txt", "something");
    ragterm.add();
    ragterm.run(&["stop"]).expect(0);
    let catalog = ragterm.data().join("catalog.db");
    fs::write(&catalog, "").unwrap();
    let failed = ragterm.run(&["search", "something"]).expect(3);
    assert!(failed.stderr.contains("it is empty"), "{}", failed.stderr);
    assert!(failed.stderr.contains("backup"), "{}", failed.stderr);
    assert_eq!(fs::metadata(&catalog).unwrap().len(), 0);
    fs::remove_dir_all(keyword_index(&ragterm)).unwrap();
    assert_eq!(ragterm.status()["documents"]["indexed"], 0);
}

/// Fills the pages of rows in the second half of a database that name no file: without the list
/// of documents it could not even be opened.
fn damage_passages(database: &mut [u8]) {
    const LEAF_OF_TABLE: u8 = 13;
    let middle = database.len() / 4096 / 2 * 4096;
    for page in database[middle..].chunks_mut(4096) {
        if page[0] == LEAF_OF_TABLE && !page.windows(3).any(|bytes| bytes == b".md") {
            page.fill(0xff);
        }
    }
}

#[test]
fn damage_inside_the_catalog_is_shown_everywhere_and_stops_all_writing() {
    let ragterm = Instance::without_embedder();
    for number in 0..400 {
        ragterm.write(&format!("{number}.md"), format!("heron number{number} ").repeat(40));
    }
    ragterm.add();
    ragterm.run(&["stop"]).expect(0);
    let catalog = ragterm.data().join("catalog.db");
    let mut bytes = fs::read(&catalog).unwrap();
    damage_passages(&mut bytes);
    fs::write(&catalog, &bytes).unwrap();
    let failed = ragterm.run(&["search", "heron"]);
    assert_eq!(failed.code, 3, "{}", failed.stderr);
    assert!(failed.stderr.contains("damaged"), "{}", failed.stderr);
    assert!(failed.stderr.contains("backup"), "{}", failed.stderr);
    let status = ragterm.status();
    assert_eq!(status["catalog"]["healthy"], false, "{status}");
    assert!(status["catalog"]["detail"].as_str().unwrap().contains("damaged"), "{status}");
    assert_eq!(status["sources"][0]["state"], "paused", "{status}");
    assert!(status["notices"].to_string().contains("backup"), "{status}");
    let doctor = ragterm.run(&["doctor", "--json"]).expect(1).json();
    let is_index = |check: &&serde_json::Value| check["name"] == "index";
    let check = doctor["checks"].as_array().unwrap().iter().find(is_index).unwrap();
    assert_eq!(check["state"], "fail", "{doctor}");
    assert!(check["remedy"].as_str().unwrap().contains("backup"), "{doctor}");
    let more = ragterm.data().join("../more");
    fs::create_dir(&more).unwrap();
    fs::write(more.join("late.md"), "a late heron").unwrap();
    let refused = ragterm.run(&["add", crate::support::path(&more)]).expect(3);
    assert!(refused.stderr.contains("damaged"), "{}", refused.stderr);
    let verified = ragterm.run(&["verify", "--repair"]).expect(1);
    assert!(verified.stdout.contains("damaged"), "{}{}", verified.stdout, verified.stderr);
    ragterm.run(&["stop"]).expect(0);
    assert_eq!(fs::read(&catalog).unwrap().len(), bytes.len());
}

#[test]
fn wrong_configuration_is_exit_code_2_with_all_problems() {
    let ragterm =
        Instance::new().with("RAGTERM_INDEX__WORKRES", "3").with("RAGTERM_SEARCH__LIMIT", "many");
    let refused = ragterm.run(&["search", "something"]).expect(2);
    assert!(refused.stderr.contains("INDEX__WORKERS"), "{}", refused.stderr);
    assert!(refused.stderr.contains("search.limit"), "{}", refused.stderr);
}

#[test]
fn a_configuration_that_becomes_wrong_or_other_is_noticed_while_the_daemon_runs() {
    let ragterm = Instance::without_embedder();
    ragterm.write("note.txt", "something");
    ragterm.add();
    let file = ragterm.data().join("config.toml");
    let ragterm = ragterm.with("RAGTERM_CONFIG", crate::support::path(&file));
    fs::write(&file, "# nothing is set\n").unwrap();
    let says_so = |text: String| text.contains("`ragterm stop`");
    assert!(!says_so(ragterm.run(&["status"]).expect(0).stdout));
    fs::write(&file, "[search]\nlimit = 3\n").unwrap();
    ragterm.run(&["search", "something"]).expect(0);
    assert!(says_so(ragterm.run(&["status"]).expect(0).stdout));
    assert!(says_so(ragterm.run(&["doctor"]).expect(0).stdout));
    fs::write(&file, "[serch]\nlimit = 3\n").unwrap();
    for command in [&["search", "something"][..], &["status"], &["sources"], &["verify"]] {
        let refused = ragterm.run(command).expect(2);
        assert!(refused.stderr.contains("serch"), "{}", refused.stderr);
    }
    ragterm.run(&["stop"]).expect(0);
}

#[test]
fn a_data_directory_that_cannot_be_used_is_named_with_the_reason_and_the_way_out() {
    let ragterm = Instance::without_embedder();
    ragterm.write("file", "this is no directory");
    let file = ragterm.docs().join("file");
    for (directory, why) in [
        (file.clone(), "it is a file, not a directory"),
        (file.join("data"), "Not a directory"),
        ("/proc/1/nothing/data".into(), "No such file or directory"),
        ("/proc/sys".into(), ""),
    ] {
        for command in ["status", "daemon"] {
            let arguments = [command, "--data-dir", crate::support::path(&directory)];
            let refused = ragterm.run(&arguments).expect(2);
            let message = refused.stderr;
            assert!(message.contains("cannot keep the index in"), "{message}");
            assert!(message.contains(why), "{message}");
            assert!(message.contains("RAGTERM_DATA_DIR"), "{message}");
        }
    }
}

/// A small file system that is unmounted at the end; `None` where this user may not mount.
pub struct SmallDisk(std::path::PathBuf);

impl SmallDisk {
    /// Mounts one of 12 MB.
    pub fn mount(path: std::path::PathBuf) -> Option<Self> {
        fs::create_dir_all(&path).unwrap();
        let mounted = mount(&["-t", "tmpfs", "-o", "size=12m", "tmpfs"], &path);
        mounted.then_some(Self(path))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _gone = std::process::Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

fn mount(options: &[&str], path: &std::path::Path) -> bool {
    let command = std::process::Command::new("mount").args(options).arg(path).output();
    command.is_ok_and(|output| output.status.success())
}

#[test]
fn a_full_disk_pauses_indexing_and_it_resumes_by_itself() {
    let ragterm = Instance::without_embedder();
    let Some(disk) = SmallDisk::mount(ragterm.data()) else {
        eprintln!("skipped: this user may not mount a small file system");
        return;
    };
    for number in 0_u64..600 {
        // Words that compress badly, about 12 KB a file.
        let mut seed = number * 7_919 + 1;
        let words = (0..1_200).map(|_| {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            format!("{:x}", seed >> 32)
        });
        ragterm.write(&format!("{number}.txt"), words.collect::<Vec<_>>().join(" "));
    }
    ragterm.run(&["add", crate::support::path(&ragterm.docs()), "--detach"]).expect(0);
    let status =
        ragterm.wait("indexing to pause", |status| status["sources"][0]["state"] == "paused");
    let reason = status["sources"][0]["state_reason"].as_str().unwrap();
    assert!(reason.contains("disk is full"), "{reason}");
    assert_eq!(status["idle"], false, "{status}");
    assert!(mount(&["-o", "remount,size=300m"], &disk.0));
    ragterm.wait("indexing to resume", |status| {
        status["settled"] == true && status["documents"]["indexed"] == 600
    });
    ragterm.verify();
    ragterm.run(&["stop"]).expect(0);
}
