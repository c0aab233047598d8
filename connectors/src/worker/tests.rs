//! The pool against workers that misbehave. This test binary starts itself as the worker.

use std::io::Write;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::pool::{Pool, PoolError};
use super::process::Launch;
use super::serve::{pool_socket, serve_with};
use super::wire::{self, Hello};
use super::{Extracted, Job, Limits, Origin};
use crate::container::Member;
use crate::document::{Document, Place, Section};
use crate::extract::{Attachment, Dialect, Extraction, Input, Reason};

mod files;

/// Set for the worker that a test starts; says how it behaves.
const ROLE: &str = "RAGTERM_TEST_WORKER";

/// How long a worker that hangs is waited for; what does not hang takes less on any machine.
const PATIENCE: Duration = Duration::from_secs(5);

/// What libraries of the worker are told.
const LIBRARIES: [&str; 2] = ["LD_LIBRARY_PATH", "PDF_OXIDE_MAX_DECOMPRESS_MB"];

/// Not a test of its own: what the other tests start.
#[test]
fn acts_as_the_worker() {
    match std::env::var(ROLE).as_deref() {
        Ok("reader") => serve_with(misbehave).unwrap(),
        Ok("babbler") => babble(),
        Ok("stranger") => greet_as("another version"),
        _ => {}
    }
}

/// Reads plain text, except that some names and contents are orders.
fn misbehave(input: &Input<'_>) -> Result<Extraction, Reason> {
    match input.name() {
        "crash" => std::process::abort(),
        "panic" => panic!("the secret text of the document"),
        "hang" => loop {
            std::thread::park();
        },
        "hog" => hog(),
        "overflow" => drop(overflow(1)),
        "chatter" => chatter(),
        "dated" => {
            let text = document(&String::from_utf8_lossy(input.bytes))?;
            return Ok(Extraction { modified_ns: Some(7), ..text });
        }
        "carrier" => return Ok(carrier(&["first", "crash", "panic", "hang", "last"])),
        "doom" => {
            let names: Vec<String> = (0..20).map(|number| format!("{number}/crash")).collect();
            return Ok(carrier(&names.iter().map(String::as_str).collect::<Vec<_>>()));
        }
        "pid" => return document(&std::process::id().to_string()),
        "environment" => {
            let names = std::env::vars().map(|(name, _)| name).collect::<Vec<_>>();
            return document(&names.join(" "));
        }
        _ => {}
    }
    document(&String::from_utf8_lossy(input.bytes))
}

fn carrier(names: &[&str]) -> Extraction {
    let attachment = |name: &&str| Attachment::new(*name, b"inner".to_vec());
    Extraction { attachments: names.iter().map(attachment).collect(), ..Extraction::default() }
}

fn document(text: &str) -> Result<Extraction, Reason> {
    let section = Section { text: text.to_owned(), place: Place::Line(1), ..Section::default() };
    Ok(Document { sections: vec![section], ..Document::default() }.into())
}

fn hog() {
    let mut hoard = Vec::new();
    loop {
        hoard.push(vec![1_u8; 1024 * 1024]);
    }
}

#[expect(unconditional_recursion, reason = "the stack is to overflow")]
fn overflow(depth: u64) -> u64 {
    std::hint::black_box([depth; 1024]).iter().sum::<u64>() + overflow(depth + 1)
}

/// More than a pipe holds, on both outputs.
fn chatter() {
    for _ in 0..4096 {
        let line = [b'x'; 128];
        std::io::stderr().write_all(&line).unwrap();
        std::io::stdout().write_all(&line).unwrap();
    }
}

/// Greets well, then answers with what is no frame.
fn babble() {
    let mut socket = greeted(&Hello::ours());
    wire::read_frame(&mut socket).unwrap();
    socket.write_all(&[0xff; 64]).unwrap();
    wire::read_frame(&mut socket).unwrap();
}

fn greet_as(version: &str) {
    let mut socket = greeted(&Hello { version: version.to_owned() });
    wire::read_frame(&mut socket).unwrap();
}

fn greeted(hello: &Hello) -> UnixStream {
    let mut socket = pool_socket().unwrap();
    wire::send(&mut socket, hello).unwrap();
    socket
}

fn pool_of(workers: usize) -> Pool {
    pool_with(workers, Limits { memory_bytes: 64 * 1024 * 1024, ..Limits::default() })
}

fn pool_with(workers: usize, limits: Limits) -> Pool {
    // Long enough that no test meets it by chance.
    Pool::with_launch(launch("reader"), workers, limits, Duration::from_secs(600))
}

fn launch(role: &str) -> Launch {
    let arguments = ["--exact", "worker::tests::acts_as_the_worker", "--nocapture"];
    Launch {
        program: std::env::current_exe().unwrap(),
        arguments: arguments.map(str::to_owned).to_vec(),
        environment: vec![(ROLE.to_owned(), role.to_owned())],
    }
}

fn named(name: &str) -> Job {
    job(name, Origin::Bytes(b"bytes".to_vec()))
}

fn job(path: &str, origin: Origin) -> Job {
    Job { path: path.to_owned(), dialect: Dialect::Any, size: 0, known: None, origin }
}

fn file(path: &Path) -> Job {
    let (root, raw) = (path.parent().unwrap().to_owned(), path.file_name().unwrap().into());
    job("note.txt", Origin::File { root, raw })
}

async fn extract(pool: &Pool, job: Job) -> Result<Extracted, PoolError> {
    let (members, mut received) = mpsc::channel(8);
    let extracted = pool.extract(job, &members).await;
    assert!(received.try_recv().is_err(), "a document was found inside a file that has none");
    extracted
}

fn text(extracted: &Extracted) -> &str {
    &extracted.outcome.as_ref().unwrap().sections[0].text
}

fn failure(extracted: &Extracted) -> &str {
    match &extracted.outcome {
        Err(Reason::Failed(reason)) => reason,
        other => panic!("not failed: {other:?}"),
    }
}

fn skip(extracted: &Extracted) -> &str {
    match &extracted.outcome {
        Err(Reason::Skipped(reason)) => reason,
        other => panic!("not skipped: {other:?}"),
    }
}

async fn until(mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(120);
    while !condition() {
        assert!(Instant::now() < deadline, "the condition never came true");
        tokio::task::yield_now().await;
    }
}

fn runs(pid: &str) -> bool {
    // A zombie has a directory in /proc too, but no memory.
    std::fs::read_to_string(format!("/proc/{pid}/statm")).is_ok_and(|it| !it.starts_with("0 "))
}

#[tokio::test]
async fn a_file_is_hashed_described_and_extracted() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("note.txt");
    std::fs::write(&path, "a note").unwrap();
    let extracted = extract(&pool_of(1), file(&path)).await.unwrap();
    assert_eq!(text(&extracted), "a note");
    let content = extracted.content.unwrap();
    assert_eq!(content.hash, *blake3::hash(b"a note").as_bytes());
    assert_eq!(content.size, 6);
    let metadata = std::fs::metadata(&path).unwrap();
    assert_eq!(content.file.unwrap().inode, std::os::unix::fs::MetadataExt::ino(&metadata));
}

#[tokio::test]
async fn what_a_file_says_of_its_age_is_handed_over() {
    let pool = pool_of(1);
    let dated = extract(&pool, named("dated")).await.unwrap();
    assert_eq!((text(&dated), dated.modified_ns), ("bytes", Some(7)));
    assert_eq!(extract(&pool, named("plain")).await.unwrap().modified_ns, None);
}

#[tokio::test]
async fn a_crash_fails_its_document_and_no_other() {
    let pool = pool_of(2);
    let (crashed, fine) =
        tokio::join!(extract(&pool, named("crash")), extract(&pool, named("fine")));
    let crashed = crashed.unwrap();
    assert_eq!(failure(&crashed), "the reader crashed (signal 6)");
    assert_eq!(crashed.content.unwrap().hash, *blake3::hash(b"bytes").as_bytes());
    assert_eq!(text(&fine.unwrap()), "bytes");
    assert_eq!(text(&extract(&pool, named("next")).await.unwrap()), "bytes");
}

#[tokio::test]
async fn a_panic_is_reported_without_the_text_of_the_document() {
    let pool = pool_of(1);
    let pid = extract(&pool, named("pid")).await.unwrap();
    let failed = extract(&pool, named("panic")).await.unwrap();
    assert!(failure(&failed).contains("tests.rs:"), "{}", failure(&failed));
    assert!(!failure(&failed).contains("secret"));
    assert_eq!(extract(&pool, named("pid")).await.unwrap().outcome, pid.outcome, "same process");
}

/// What is found inside a file, and what becomes of the file.
async fn members(pool: &Pool, job: Job) -> (Vec<Member>, Extracted) {
    let (members, mut received) = mpsc::channel(1);
    let collect = async {
        let mut found = Vec::new();
        while let Some(member) = received.recv().await {
            found.push(member);
        }
        found
    };
    let extract = async {
        let extracted = pool.extract(job, &members).await.unwrap();
        drop(members);
        extracted
    };
    tokio::join!(collect, extract)
}

#[tokio::test]
async fn a_document_inside_a_file_that_ends_its_worker_is_passed_over() {
    let pool = pool_with(1, Limits { timeout: PATIENCE, ..Limits::default() });
    let (found, extracted) = members(&pool, named("carrier")).await;
    assert!(extracted.outcome.is_ok());
    let paths: Vec<_> = found.iter().map(|member| member.path.as_str()).collect();
    assert_eq!(paths, ["first", "crash", "panic", "hang", "last"]);
    let fine: Vec<_> = found.iter().map(|member| member.outcome.is_ok()).collect();
    assert_eq!(fine, [true, false, false, false, true]);
    let Err(Reason::Failed(reason)) = &found[3].outcome else { panic!("read: {found:?}") };
    assert_eq!(reason, "took longer than 5s to read");
}

#[tokio::test]
async fn a_file_whose_documents_end_one_worker_after_the_other_is_given_up() {
    let (found, extracted) = members(&pool_of(1), named("doom")).await;
    assert_eq!(failure(&extracted), "the reader crashed (signal 6)");
    assert_eq!(found.len(), 16);
}

#[tokio::test]
async fn a_listener_that_goes_away_ends_the_work() {
    let (members, received) = mpsc::channel(1);
    drop(received);
    let error = pool_of(1).extract(named("carrier"), &members).await.unwrap_err();
    assert_eq!(error, PoolError::Closed);
}

#[tokio::test]
async fn a_hang_ends_at_the_time_limit() {
    let pool = pool_with(1, Limits { timeout: PATIENCE, ..Limits::default() });
    let hung = extract(&pool, named("hang")).await.unwrap();
    assert_eq!(failure(&hung), "took longer than 5s to read");
    assert!(hung.content.is_some());
}

#[tokio::test]
async fn a_memory_hog_ends_at_the_memory_limit() {
    let hog = extract(&pool_of(1), named("hog")).await.unwrap();
    assert_eq!(failure(&hog), "needed more than 64 MiB of memory to read");
}

#[tokio::test]
async fn a_stack_overflow_is_told_from_other_crashes() {
    let overflow = extract(&pool_of(1), named("overflow")).await.unwrap();
    assert_eq!(failure(&overflow), "is nested too deeply: the reader ran out of stack");
}

#[tokio::test]
async fn what_a_reader_prints_is_neither_an_answer_nor_an_obstacle() {
    let chatter = extract(&pool_of(1), named("chatter")).await.unwrap();
    assert_eq!(text(&chatter), "bytes");
}

#[tokio::test]
async fn nonsense_from_a_worker_fails_the_document() {
    let pool = Pool::with_launch(launch("babbler"), 1, Limits::default(), Duration::from_secs(9));
    let extracted = extract(&pool, named("any")).await.unwrap();
    assert_eq!(failure(&extracted), "the reader answered nonsense");
    assert_eq!(extracted.content, None);
}

#[tokio::test]
async fn a_worker_of_another_version_is_not_used() {
    let pool = Pool::with_launch(launch("stranger"), 1, Limits::default(), Duration::from_secs(9));
    let error = extract(&pool, named("any")).await.unwrap_err();
    assert!(error.to_string().contains("another version"), "{error}");
}

#[tokio::test]
async fn a_program_that_is_missing_is_not_blamed_on_the_document() {
    let pool = Pool::new("/nowhere/ragterm".into(), 1, Limits::default());
    let error = extract(&pool, named("any")).await.unwrap_err();
    assert!(matches!(error, PoolError::CannotStart(_)), "{error}");
}

#[tokio::test]
async fn a_dropped_job_leaves_no_worker_behind_and_the_next_gets_its_own_answer() {
    let pool = pool_of(1);
    let pid = extract(&pool, named("pid")).await.unwrap();
    let pid = text(&pid).to_owned();
    let dropped = tokio::time::timeout(Duration::from_millis(50), extract(&pool, named("hang")));
    assert!(dropped.await.is_err());
    assert_eq!(text(&extract(&pool, named("next")).await.unwrap()), "bytes");
    until(|| !runs(&pid)).await;
}

#[tokio::test]
async fn a_worker_is_used_again_and_ends_when_it_has_nothing_to_do() {
    let rest = Duration::from_millis(100);
    let pool = Pool::with_launch(launch("reader"), 1, Limits::default(), rest);
    let first = extract(&pool, named("pid")).await.unwrap();
    let second = extract(&pool, named("pid")).await.unwrap();
    assert_eq!(text(&first), text(&second));
    let pid = text(&second).to_owned();
    until(|| !runs(&pid)).await;
    assert_eq!(text(&extract(&pool, named("next")).await.unwrap()), "bytes");
}

#[tokio::test]
async fn a_closed_pool_ends_its_workers_and_refuses_jobs() {
    let pool = pool_of(1);
    let pid = extract(&pool, named("pid")).await.unwrap();
    pool.close().await;
    until(|| !runs(text(&pid))).await;
    assert_eq!(extract(&pool, named("next")).await.unwrap_err(), PoolError::Closed);
}

#[tokio::test]
async fn a_worker_gets_no_secrets_from_the_environment() {
    let environment = extract(&pool_of(1), named("environment")).await.unwrap();
    for name in text(&environment).split(' ') {
        assert!(name.starts_with("RAGTERM_") || LIBRARIES.contains(&name), "{name}");
    }
}

#[tokio::test]
async fn a_worker_in_the_middle_of_its_work_ends_with_its_daemon() {
    // The daemon's death, as the worker sees it: the other end of its socket is closed.
    let (ours, theirs) = UnixStream::pair().unwrap();
    let launch = launch("reader");
    let mut child = std::process::Command::new(launch.program)
        .args(launch.arguments)
        .envs(launch.environment)
        .stdin(std::os::fd::OwnedFd::from(theirs))
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let mut socket = ours;
    wire::read_frame(&mut socket).unwrap().unwrap();
    let request = wire::Request {
        task: wire::Task::Extract,
        path: "hang".to_owned(),
        dialect: Dialect::Any,
        ocr: None,
        origin: wire::Origin::File { root: b"/proc".to_vec(), raw: b"version".to_vec() },
        known: None,
        max_file_bytes: 1 << 20,
        max_archive_bytes: 1 << 20,
        ignore: Vec::new(),
        resume: wire::Resume::default(),
    };
    wire::send(&mut socket, &request).unwrap();
    drop(socket);
    until(|| child.try_wait().unwrap().is_some()).await;
}
