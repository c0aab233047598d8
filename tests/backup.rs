//! Backups of a daemon that works, and what comes back out of them: whole, or not at all.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use rustix::process::Signal;

use crate::fake_qdrant::FakeQdrant;
use crate::faults::SmallDisk;

use crate::support::{Instance, path, signal, until};

/// A file beside the data directory.
pub fn beside(ragterm: &Instance, name: &str) -> PathBuf {
    ragterm.data().with_file_name(name)
}

/// Takes a backup of an instance.
pub fn backup(ragterm: &Instance) -> PathBuf {
    let file = beside(ragterm, "a.backup");
    ragterm.run(&["backup", "--force", path(&file)]).expect(0);
    file
}

/// What the words of `noise` are made of.
const LETTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// Words that compress badly, about 15 KB of them.
pub fn noise(number: u64) -> String {
    let mut seed = number * 7_919 + 1;
    let words = (0..1_200).map(|_| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let letters = (0..12).map(|at| LETTERS[(seed >> (at * 5 + 4)) as usize % LETTERS.len()]);
        letters.map(char::from).collect::<String>()
    });
    words.collect::<Vec<_>>().join(" ")
}

/// Names in the data directory that begin so.
pub fn names(ragterm: &Instance, begin: &str) -> Vec<String> {
    let entries = fs::read_dir(ragterm.data()).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.starts_with(begin)).collect()
}

#[test]
fn a_backup_taken_while_indexing_comes_back_with_the_same_hits() {
    let ragterm = Instance::new();
    for number in 0..20 {
        let text = format!("Heron report {number}: the heron was seen at pond {number}.");
        ragterm.write(&format!("{number}.md"), text);
    }
    ragterm.add();
    ragterm.settle();
    let before = ragterm.find("heron");
    for number in 0..300 {
        ragterm.write(&format!("late/{number}.md"), format!("Swift number {number} passed by."));
    }
    ragterm.wait("indexing to begin", |status| status["documents"]["indexed"] != 20);
    let file = beside(&ragterm, "a.backup");
    let taken = ragterm.run(&["backup", path(&file), "--json"]).expect(0).json();
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let verified = ragterm.run(&["backup", "--verify", path(&file), "--json"]).expect(0).json();
    assert_eq!((&verified["ok"], &verified["seq"]), (&true.into(), &taken["seq"]));
    let vectors = taken["vectors"].as_u64().unwrap();
    assert!((20..320).contains(&vectors), "it is of a moment when not all was indexed: {taken}");
    assert!(names(&ragterm, "backup-").is_empty());

    let other = Instance::new();
    let restored = other.run(&["restore", path(&file), "--json"]).expect(0).json();
    assert_eq!(restored["identity"], taken["identity"]);
    let status = other.settle();
    assert_eq!(other.find("heron")[..20], before[..20]);
    let left = 320 - taken["vectors"].as_u64().unwrap();
    let embedded = status["embedder"]["embedded_texts"].as_u64().unwrap();
    assert!(embedded <= left, "{embedded} texts were embedded, {left} had no vector");
    other.verify();
    let again = ragterm.run(&["backup", path(&file)]).expect(2);
    assert!(again.stderr.contains("exists and was not touched"), "{}", again.stderr);
}

/// Parts of backups in the directory of a file.
fn parts(file: &Path) -> usize {
    let entries = fs::read_dir(file.parent().unwrap()).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.ends_with(".part")).count()
}

/// Whether a process has a file without a name open in a directory, or a part of a backup is there.
fn writes_in(pid: u32, directory: &Path) -> bool {
    let Ok(open) = fs::read_dir(format!("/proc/{pid}/fd")) else { return false };
    let targets = open.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok());
    targets.into_iter().any(|target| {
        let name = target.file_name().unwrap_or_default().to_string_lossy().into_owned();
        target.parent() == Some(directory) && (name.starts_with('#') || name.ends_with(".part"))
    })
}

#[test]
fn a_backup_that_is_killed_leaves_nothing_beside_the_file() {
    let ragterm = Instance::without_embedder();
    ragterm.write("heron.md", "A heron.");
    ragterm.add();
    let pid = ragterm.pid();
    let file = beside(&ragterm, "a.backup");
    // Nothing comes, so that the command is ended in the middle.
    signal(pid, Signal::STOP);
    let mut child = ragterm.command(&["backup", path(&file)]).spawn().unwrap();
    let directory = fs::canonicalize(file.parent().unwrap()).unwrap();
    until("the backup to begin", || writes_in(child.id(), &directory));
    child.kill().unwrap();
    child.wait().unwrap();
    signal(pid, Signal::CONT);
    assert!(!file.exists());
    assert_eq!(parts(&file), 0, "of what is not complete nothing has a name");
    ragterm.run(&["backup", path(&file)]).expect(0);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    ragterm.run(&["backup", path(&file)]).expect(2);
    ragterm.run(&["backup", "--force", path(&file)]).expect(0);
    ragterm.run(&["backup", "--verify", path(&file)]).expect(0);
    assert_eq!(parts(&file), 0);
}

#[test]
fn what_somebody_prepared_in_the_place_of_a_backup_gets_nothing_of_it() {
    let ragterm = Instance::without_embedder();
    ragterm.write("heron.md", "A heron.");
    ragterm.add();
    let (open, elsewhere) = (beside(&ragterm, "x.backup.part"), beside(&ragterm, "elsewhere"));
    fs::write(&open, "").unwrap();
    fs::set_permissions(&open, fs::Permissions::from_mode(0o666)).unwrap();
    fs::write(&elsewhere, "").unwrap();
    std::os::unix::fs::symlink(&elsewhere, beside(&ragterm, "y.backup.part")).unwrap();
    std::os::unix::fs::symlink(&elsewhere, beside(&ragterm, "z.backup")).unwrap();
    for name in ["x.backup", "y.backup"] {
        let file = beside(&ragterm, name);
        ragterm.run(&["backup", path(&file)]).expect(0);
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        ragterm.run(&["backup", "--verify", path(&file)]).expect(0);
    }
    let link = beside(&ragterm, "z.backup");
    let refused = ragterm.run(&["backup", "--force", path(&link)]).expect(2);
    assert!(refused.stderr.contains("is no regular file"), "{}", refused.stderr);
    assert!(fs::read(&open).unwrap().is_empty() && fs::read(&elsewhere).unwrap().is_empty());
    assert!(fs::symlink_metadata(beside(&ragterm, "y.backup.part")).unwrap().is_symlink());
    assert_eq!(parts(&link), 2, "those that were prepared");
}

#[test]
fn no_index_of_another_history_serves_a_restored_catalog() {
    let server = FakeQdrant::start("1.16.0", "");
    let ragterm = Instance::new()
        .with("RAGTERM_STORE__BACKEND", "qdrant")
        .with("RAGTERM_STORE__URL", &server.url);
    ragterm.write("heron.md", "# Heron\n\nThe grey heron waits for fish in shallow water.");
    ragterm.add();
    ragterm.settle();
    let file = backup(&ragterm);
    ragterm.write("kiwi.md", "# Kiwi\n\nThe kiwi cannot fly at all.");
    let status = ragterm
        .wait("the kiwi", |status| status["settled"] == true && status["store"]["points"] == 2);
    ragterm.run(&["stop"]).expect(0);
    fs::remove_file(ragterm.docs().join("kiwi.md")).unwrap();
    let restored = ragterm.run(&["restore", "--force", path(&file)]).expect(0);
    assert!(restored.stderr.contains("before-restore-"), "{}", restored.stderr);
    // The number of the change that the kiwi had is used again, with other content.
    ragterm.write("emu.md", "# Emu\n\nThe emu runs through the desert.");
    let now = ragterm
        .wait("the emu", |status| status["settled"] == true && status["documents"]["indexed"] == 2);
    assert_eq!(now["store"]["points"], 2, "{now}");
    assert_eq!(status["catalog"]["seq"], now["catalog"]["seq"], "{now}");
    for mode in ["keyword", "semantic"] {
        let search = |query: &str| {
            let found = ragterm.run(&["search", "--json", "--mode", mode, query]).json();
            let hits = found["hits"].as_array().unwrap().clone();
            hits.iter().map(|hit| hit["path"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert!(!search("kiwi").contains(&"kiwi.md".to_owned()));
        assert_eq!(search("emu desert")[0], "emu.md");
    }
    ragterm.verify();
}

/// A damaged copy of a file.
fn altered(file: &Path, name: &str, change: impl FnOnce(&mut Vec<u8>)) -> PathBuf {
    let mut bytes = fs::read(file).unwrap();
    change(&mut bytes);
    let copy = file.with_file_name(name);
    fs::write(&copy, bytes).unwrap();
    copy
}

#[test]
fn what_is_no_good_backup_is_refused_in_a_sentence_and_changes_nothing() {
    let ragterm = Instance::without_embedder();
    ragterm.write("noise.txt", noise(1));
    ragterm.add();
    let good = backup(&ragterm);
    let cut = altered(&good, "cut", |bytes| bytes.truncate(bytes.len() / 2));
    let flipped = altered(&good, "flipped", |bytes| {
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
    });
    let longer = altered(&good, "longer", |bytes| bytes.extend_from_slice(b"more"));
    let foreign = altered(&good, "foreign", |bytes| *bytes = b"PK\x03\x04 of somebody".to_vec());
    let empty = altered(&good, "empty", Vec::clear);
    let fresh = Instance::without_embedder();
    for (file, said) in [
        (&cut, "the backup is cut off"),
        (&flipped, "the backup is damaged"),
        (&longer, "something follows after its end"),
        (&foreign, "this is no backup of ragterm"),
        (&empty, "the backup is empty"),
    ] {
        let verified = ragterm.run(&["backup", "--verify", path(file)]).expect(1);
        assert!(verified.stderr.contains(said), "{}", verified.stderr);
        let json = ragterm.run(&["backup", "--verify", "--json", path(file)]).expect(1).json();
        assert!(json["problem"].as_str().unwrap().contains(said), "{json}");
        let refused = fresh.run(&["restore", path(file)]).expect(3);
        assert!(refused.stderr.contains(said), "{}", refused.stderr);
        assert!(names(&fresh, "").iter().all(|name| name == "daemon.lock"));
    }
    let missing = ragterm.run(&["backup", "--verify", path(&good.join("missing"))]).expect(2);
    assert!(missing.stderr.contains("cannot be read"), "{}", missing.stderr);
    fresh.run(&["restore", path(&good)]).expect(0);
}

#[test]
fn neither_a_daemon_nor_a_catalog_is_run_over() {
    let ragterm = Instance::without_embedder();
    ragterm.write("heron.md", "A heron.");
    ragterm.add();
    let file = backup(&ragterm);
    let running = ragterm.run(&["restore", "--force", path(&file)]).expect(2);
    assert!(running.stderr.contains("already runs on"), "{}", running.stderr);
    assert!(running.stderr.contains("ragterm stop"), "{}", running.stderr);
    ragterm.run(&["stop"]).expect(0);
    let occupied = ragterm.run(&["restore", path(&file)]).expect(2);
    assert!(occupied.stderr.contains("holds a catalog already"), "{}", occupied.stderr);
    assert!(names(&ragterm, "before-restore-").is_empty());
    assert_eq!(ragterm.find("heron"), ["heron.md"]);
    ragterm.run(&["stop"]).expect(0);
    let json = ragterm.run(&["restore", "--force", "--json", path(&file)]).expect(0).json();
    let before = PathBuf::from(json["before"].as_str().unwrap());
    assert!(before.join("catalog.db").exists());
    ragterm.settle();
    assert_eq!(ragterm.find("heron"), ["heron.md"]);
    ragterm.verify();
}

#[test]
fn a_backup_goes_through_a_pipe_and_its_configuration_comes_without_secrets() {
    let ragterm = Instance::without_embedder()
        .with("RAGTERM_SEARCH__LIMIT", "3")
        .with("RAGTERM_SLACK__BOT_TOKEN", "sesame");
    ragterm.write("heron.md", "A heron.");
    ragterm.add();
    let taken = ragterm.command(&["backup", "-"]).output().unwrap();
    assert!(taken.status.success(), "{}", String::from_utf8_lossy(&taken.stderr));
    let other = Instance::without_embedder();
    let config = beside(&other, "config/config.toml");
    let other = other.with("RAGTERM_CONFIG", path(&config));
    let mut restore = other.command(&["restore", "-"]);
    restore.stdin(Stdio::piped()).stderr(Stdio::piped());
    let mut restore = restore.spawn().unwrap();
    restore.stdin.take().unwrap().write_all(&taken.stdout).unwrap();
    let restored = restore.wait_with_output().unwrap();
    let said = String::from_utf8(restored.stderr).unwrap();
    assert!(restored.status.success() && said.contains("was written from the backup"), "{said}");
    let text = fs::read_to_string(&config).unwrap();
    assert!(text.contains("limit = 3") && !text.contains("sesame"), "{text}");
    assert_eq!(fs::metadata(&config).unwrap().permissions().mode() & 0o777, 0o600);
    other.settle();
    assert_eq!(other.find("heron"), ["heron.md"]);
}

#[test]
fn a_backup_that_nobody_takes_is_cancelled_and_there_is_one_at_a_time() {
    let ragterm = Instance::without_embedder();
    // More than the pipe, the sockets and the windows of HTTP/2 hold together.
    for number in 0..20 {
        let parts = (0..20).map(|part| noise(number * 20 + part)).collect::<Vec<_>>();
        ragterm.write(&format!("{number}.txt"), parts.join("\n"));
    }
    ragterm.add();
    let mut first = ragterm.command(&["backup", "-"]).stdout(Stdio::piped()).spawn().unwrap();
    first.stdout.as_mut().unwrap().read_exact(&mut [0]).unwrap();
    let file = beside(&ragterm, "a.backup");
    let second = ragterm.run(&["backup", path(&file)]).expect(2);
    assert!(second.stderr.contains("another backup is being taken"), "{}", second.stderr);
    assert!(!file.exists() && parts(&file) == 0);
    first.kill().unwrap();
    first.wait().unwrap();
    until("the next backup", || ragterm.run(&["backup", path(&file)]).code == 0);
    let bytes = fs::metadata(&file).unwrap().len();
    assert!(bytes > 5 << 20, "{bytes} bytes may fit into what lies between daemon and pipe");
    until("the copy to be gone", || names(&ragterm, "backup-").is_empty());
}

#[test]
fn a_full_disk_is_told_and_the_daemon_goes_on() {
    let ragterm = Instance::without_embedder();
    let Some(disk) = SmallDisk::mount(ragterm.data()) else {
        crate::support::skipped("this user may not mount a small file system");
        return;
    };
    for number in 0..60 {
        ragterm.write(&format!("{number}.txt"), noise(number));
    }
    ragterm.add();
    let file = beside(&ragterm, "a.backup");
    let full = ragterm.run(&["backup", path(&file)]).expect(3);
    assert!(full.stderr.contains("too full for a copy of the catalog"), "{}", full.stderr);
    assert!(!file.exists() && parts(&file) == 0);
    assert!(names(&ragterm, "backup-").is_empty());
    ragterm.write("late.txt", "A late heron.");
    until("the late document", || ragterm.find("heron") == ["late.txt"]);
    ragterm.run(&["stop"]).expect(0);
    drop(disk);
}

#[test]
fn a_full_disk_under_the_file_leaves_no_part_of_it() {
    let ragterm = Instance::without_embedder();
    for number in 0..60 {
        ragterm.write(&format!("{number}.txt"), noise(number));
    }
    ragterm.add();
    let small = beside(&ragterm, "small");
    let Some(_disk) = SmallDisk::mount(small.clone()) else {
        crate::support::skipped("this user may not mount a small file system");
        return;
    };
    fs::write(small.join("filler"), vec![1; 12_400_000]).unwrap();
    let file = small.join("a.backup");
    let full = ragterm.run(&["backup", path(&file)]).expect(3);
    assert!(full.stderr.contains("No space left on device"), "{}", full.stderr);
    assert_eq!(fs::read_dir(&small).unwrap().count(), 1, "only the filler is left");
    let restoring = Instance::without_embedder();
    let Some(_other) = SmallDisk::mount(restoring.data()) else { return };
    let good = backup(&ragterm);
    let full = restoring.run(&["restore", path(&good)]).expect(3);
    assert!(full.stderr.contains("too full for what is in the backup"), "{}", full.stderr);
}

#[test]
fn a_backup_of_a_damaged_catalog_is_refused_with_what_can_be_done() {
    let ragterm = Instance::without_embedder();
    for number in 0..40 {
        ragterm.write(&format!("{number}.txt"), noise(number));
    }
    ragterm.add();
    ragterm.run(&["stop"]).expect(0);
    let file = ragterm.data().join("catalog.db");
    let mut bytes = fs::read(&file).unwrap();
    let half = bytes.len() / 2;
    bytes[half..half + 40_960].fill(0x5a);
    fs::write(&file, bytes).unwrap();
    let refused = ragterm.run(&["backup", path(&beside(&ragterm, "a.backup"))]).expect(3);
    assert!(refused.stderr.contains("malformed"), "{}", refused.stderr);
    assert!(refused.stderr.contains("ragterm restore --force"), "{}", refused.stderr);
    assert!(!beside(&ragterm, "a.backup").exists());
}
