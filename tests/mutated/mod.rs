//! A corpus of damaged files of each format: every one is accounted for, none stops the daemon.
//!
//! The corpus is the same at each run: `connectors/tests-data/fixtures`, mutated from a fixed seed.

mod mutation;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::{Instance, path, until};
use mutation::Random;

/// The corpus has at least so many files.
const FILES: usize = 2_000;

/// No file of a few kilobytes needs a hundredth of it, whatever was done to it; only one that
/// makes a reader work without end does.
const TIMEOUT_S: &str = "20";

/// What the daemon may hold at rest beyond what it began with: the caches of the catalog's five
/// connections, of 8 MB each, which fill with rows. While it reads, the allocator keeps more.
const CACHES_BYTES: u64 = 5 * 8 * 1024 * 1024;

/// A whole file that mutated ones are made of; its directory is named after the kind of source.
struct Fixture {
    path: PathBuf,
    bytes: Vec<u8>,
}

impl Fixture {
    fn all() -> Vec<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("connectors/tests-data/fixtures");
        let mut paths: Vec<PathBuf> =
            listed(&root).iter().flat_map(|directory| listed(directory)).collect();
        paths.sort();
        paths.into_iter().map(|path| Self { bytes: fs::read(&path).unwrap(), path }).collect()
    }

    fn kind(&self) -> &str {
        self.path.parent().unwrap().file_name().unwrap().to_str().unwrap()
    }

    fn name(&self) -> &str {
        self.path.file_name().unwrap().to_str().unwrap()
    }

    /// Whether documents may be found inside, so that there are more of them than files, or fewer.
    fn is_container(&self) -> bool {
        let inside = ["7z", "bz2", "eml", "gz", "mbox", "msg", "tar", "xml", "xz", "zip"];
        let extension = self.path.extension().unwrap().to_str().unwrap();
        inside.contains(&extension) || self.kind() == "jsonl"
    }

    /// Writes so many mutated files into a directory of their own.
    fn mutate(&self, ragterm: &Instance, count: usize) -> PathBuf {
        let directory = format!("{}-{}", self.kind(), self.name());
        let mut random = Random::seeded(&directory);
        for number in 0..count {
            let bytes = mutation::of(&self.bytes, &mut random);
            ragterm.write(&format!("{directory}/{number}/{}", self.name()), bytes);
        }
        ragterm.docs().join(directory)
    }
}

fn listed(directory: &Path) -> Vec<PathBuf> {
    fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect()
}

/// Whether the outcome of a file is one that must not be, whatever the file holds.
fn is_fault(failure: &Value) -> bool {
    let reason = failure["reason"].as_str().unwrap();
    // What crashes in a library is caught, too; what crashes in a reader of ours is to be mended.
    reason.is_empty() || reason.contains("took longer than") || reason.contains("connectors/src")
}

/// Indexes the mutated files of one fixture; returns what is wrong with how they were dealt with.
fn read(ragterm: &Instance, fixture: &Fixture, count: usize) -> Vec<String> {
    let directory = fixture.mutate(ragterm, count);
    let added = ragterm.run(&["add", path(&directory), "--kind", fixture.kind()]);
    assert_eq!(added.code, 0, "{}{}", added.stdout, added.stderr);
    let status = ragterm.wait("the source to be read", |status| status["idle"] == true);
    let find = |source: &&Value| source["path"] == path(&directory);
    let source = status["sources"].as_array().unwrap().iter().find(find).unwrap();
    let of = |key: &str| source[key].as_u64().unwrap();
    let accounted = (of("documents") + of("failed") + of("skipped")) as usize;
    let failures = status["failures"].as_array().unwrap().iter();
    let faults = failures.filter(|it| it["source"] == source["name"] && is_fault(it));
    let mut wrong: Vec<String> = faults.map(Value::to_string).collect();
    // What is lost of a file that was read for the rest is one row more.
    if source["state"] != "ready" || (accounted < count && !fixture.is_container()) {
        wrong.push(source.to_string());
    }
    wrong
}

/// The memory of a process that is not a file's: pages of the keyword index come and go with the
/// system's cache. Nothing where the system does not tell.
fn anonymous_bytes(pid: i32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let kib = status.lines().find_map(|line| line.strip_prefix("RssAnon:")?.strip_suffix("kB"));
    kib.map_or(0, |kib| kib.trim().parse::<u64>().unwrap() * 1024)
}

#[test]
fn mutated_files_are_all_accounted_for_and_the_daemon_stays_as_it_is() {
    let ragterm = Instance::without_embedder().with("RAGTERM_INDEX__EXTRACT_TIMEOUT_S", TIMEOUT_S);
    let fixtures = Fixture::all();
    let each = FILES.div_ceil(fixtures.len());
    let pid = ragterm.pid();
    let before = anonymous_bytes(pid);
    let mut wrong = Vec::new();
    for fixture in &fixtures {
        wrong.extend(read(&ragterm, fixture, each));
    }
    assert_eq!(wrong, [""; 0]);
    assert_eq!(ragterm.pid(), pid, "the daemon never ended");
    // A daemon without work gives back what it does not need.
    until("the memory to be given back", || anonymous_bytes(pid) < before + CACHES_BYTES);
    // Each file has its row, and both followers know the same documents.
    ragterm.verify();
}

#[test]
fn a_pdf_that_is_nested_without_end_fails_in_words_and_the_rest_goes_on() {
    let ragterm = Instance::without_embedder();
    let whole = Fixture::all().into_iter().find(|fixture| fixture.name() == "pages.pdf").unwrap();
    ragterm.write("whole.pdf", &whole.bytes);
    // The library reads arrays in arrays by recursion: the worker ends, and another one begins.
    let deep = format!(
        "%PDF-1.5\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R /X {}{} >>\nendobj\n",
        "[".repeat(50_000),
        "]".repeat(50_000)
    );
    let pages = "2 0 obj\n<< /Type /Pages /Kids [3 0 R] /Count 1 >>\nendobj\n3 0 obj\n\
        << /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] >>\nendobj\n\
        trailer << /Size 4 /Root 1 0 R >>\nstartxref\n0\n%%EOF\n";
    ragterm.write("deep.pdf", deep + pages);
    ragterm.add();
    let failures = &ragterm.status()["failures"];
    assert_eq!(failures[0]["path"], "deep.pdf", "{failures}");
    assert!(
        failures[0]["reason"].as_str().unwrap().starts_with("is nested too deeply"),
        "{failures}"
    );
    assert_eq!(ragterm.find("heron"), ["whole.pdf"]);
    ragterm.verify();
}
