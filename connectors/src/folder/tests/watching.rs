//! Changes on the disk reach whoever follows the hints.

use std::io::Write;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::*;

/// Long enough for the slowest machine; nothing waits so long when all is well.
const DEADLINE: Duration = Duration::from_secs(120);

/// Does with events what an indexer does: keeps a copy of the listing.
struct Follower {
    folder: Arc<Folder>,
    events: mpsc::Receiver<Event>,
    stop: CancellationToken,
    task: tokio::task::JoinHandle<()>,
    known: BTreeMap<String, u64>,
    hinted: Vec<PathBuf>,
}

impl Follower {
    fn start(folder: &Arc<Folder>) -> Self {
        let (sender, events) = mpsc::channel(1);
        let stop = CancellationToken::new();
        let task = tokio::spawn(folder.watch().be_patient().run(sender, stop.clone()));
        let (known, hinted) = (BTreeMap::new(), Vec::new());
        let mut follower = Self { folder: Arc::clone(folder), events, stop, task, known, hinted };
        follower.look(&[PathBuf::new()]);
        follower
    }

    fn look(&mut self, paths: &[PathBuf]) {
        let Ok(listing) = self.folder.scan_paths(paths) else { return };
        self.known.retain(|path, _| !listing.decides(Path::new(path)));
        let settled = listing.entries.into_iter().filter(|entry| entry.settled);
        self.known.extend(settled.map(|entry| (entry.path, entry.size)));
    }

    async fn next(&mut self) -> Event {
        let event = tokio::time::timeout(DEADLINE, self.events.recv()).await;
        let event = event.expect("an event within the deadline").expect("a running watch");
        match &event {
            Event::Changed(paths) => {
                self.hinted.extend(paths.iter().cloned());
                self.look(&paths.clone());
            }
            Event::Rescan(_) => self.look(&[PathBuf::new()]),
            Event::Lost(_) => {}
        }
        event
    }

    async fn until(&mut self, done: impl Fn(&Self) -> bool) {
        while !done(self) {
            self.next().await;
        }
    }

    fn knows(&self, paths: &[&str]) -> bool {
        self.known.keys().map(String::as_str).eq(paths.iter().copied())
    }

    async fn end(self) {
        self.stop.cancel();
        tokio::time::timeout(DEADLINE, self.task).await.expect("ends in time").unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_file_in_a_directory_made_just_before_is_missed() {
    let (root, folder) = folder(&[]);
    let mut follower = Follower::start(&folder);
    for directory in 0..200 {
        write(root.path(), &format!("{directory}/a/b/c/file.md"));
    }
    follower.until(|follower| follower.known.len() == 200).await;
    assert_eq!(folder.watching(), "events (801 directories)");
    follower.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn directories_moved_in_within_and_out_are_followed() {
    let (root, folder) = folder(&["old/a/x.md", "stays.md"]);
    let outside = tempfile::tempdir_in(root.path().parent().unwrap()).unwrap();
    write(outside.path(), "in/b/y.md");
    let mut follower = Follower::start(&folder);
    follower.until(|follower| follower.knows(&["old/a/x.md", "stays.md"])).await;
    let rename = |from: PathBuf, to: PathBuf| fs_err::rename(from, to).unwrap();
    rename(outside.path().join("in"), root.path().join("in"));
    follower.until(|follower| follower.knows(&["in/b/y.md", "old/a/x.md", "stays.md"])).await;
    rename(root.path().join("old"), root.path().join("in/new"));
    follower.until(|follower| follower.knows(&["in/b/y.md", "in/new/a/x.md", "stays.md"])).await;
    write(root.path(), "in/new/a/z.md");
    follower.until(|follower| follower.known.contains_key("in/new/a/z.md")).await;
    rename(root.path().join("in"), outside.path().join("in"));
    follower.until(|follower| follower.knows(&["stays.md"])).await;
    assert_eq!(folder.watching(), "events (1 directory)");
    follower.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_that_is_made_again_is_watched_again() {
    let (root, folder) = folder(&["a/b/x.md"]);
    let mut follower = Follower::start(&folder);
    for round in 0..20 {
        fs_err::remove_dir_all(root.path().join("a")).unwrap();
        write(root.path(), &format!("a/b/{round}.md"));
    }
    follower.until(|follower| follower.knows(&["a/b/19.md"])).await;
    write(root.path(), "a/b/last.md");
    follower.until(|follower| follower.knows(&["a/b/19.md", "a/b/last.md"])).await;
    follower.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_written_slowly_is_reported_once_when_it_is_closed() {
    let (root, folder) = folder(&[]);
    let mut follower = Follower::start(&folder);
    let mut slow = fs_err::File::create(root.path().join("slow.md")).unwrap();
    for piece in 0..3 {
        slow.write_all(b"piece ").unwrap();
        let other = format!("{piece}.md");
        write(root.path(), &other);
        follower.until(|follower| follower.known.contains_key(&other)).await;
    }
    let hinted = |follower: &Follower| {
        follower.hinted.iter().filter(|path| path.as_path() == Path::new("slow.md")).count()
    };
    assert_eq!(hinted(&follower), 0);
    drop(slow);
    follower.until(|follower| follower.known.get("slow.md") == Some(&18)).await;
    write(root.path(), "end.md");
    follower.until(|follower| follower.known.contains_key("end.md")).await;
    assert_eq!(hinted(&follower), 1);
    follower.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_noticed_is_waiting_until_it_is_sent() {
    let (root, folder) = folder(&[]);
    let mut follower = Follower::start(&folder);
    let mut waiting = folder.waiting();
    let mut open = fs_err::File::create(root.path().join("open.md")).unwrap();
    open.write_all(b"not all").unwrap();
    let held = tokio::time::timeout(DEADLINE, waiting.wait_for(|waiting| *waiting == 1)).await;
    assert_eq!(*held.unwrap().unwrap(), 1);
    drop(open);
    follower.until(|follower| follower.known.contains_key("open.md")).await;
    let none = tokio::time::timeout(DEADLINE, waiting.wait_for(|waiting| *waiting == 0)).await;
    assert_eq!(*none.unwrap().unwrap(), 0);
    follower.end().await;
}

/// A watched folder whose first scan found its file written just now. The scan of a busy machine may
/// come too late for that, and is then done again with another folder.
fn found_half_written() -> (tempfile::TempDir, Arc<Folder>, Watch) {
    for _ in 0..100 {
        let (root, folder) = folder(&["a.md"]);
        let watch = folder.watch();
        if !folder.scan().unwrap().entries[0].settled {
            return (root, folder, watch);
        }
    }
    panic!("a file that was written just now is never unsettled");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_a_scan_finds_half_written_is_hinted_when_it_stands_still() {
    let (root, folder, watch) = found_half_written();
    assert_eq!(*folder.waiting().borrow(), 1);
    let (sender, mut events) = mpsc::channel(1);
    let stop = CancellationToken::new();
    let task = tokio::spawn(watch.run(sender, stop.clone()));
    let event = tokio::time::timeout(DEADLINE, events.recv()).await.unwrap();
    assert_eq!(event, Some(Event::Changed(vec!["a.md".into()])));
    assert!(folder.scan_paths(&["a.md".into()]).unwrap().entries[0].settled);
    drop((root, stop.cancel()));
    task.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn other_names_attributes_and_ignore_files_are_changes_too() {
    let (root, folder) = folder(&["a.md", "sub/b.md", "sub/c.md"]);
    let mut follower = Follower::start(&folder);
    fs_err::hard_link(root.path().join("a.md"), root.path().join("linked.md")).unwrap();
    follower.until(|follower| follower.known.contains_key("linked.md")).await;
    fs_err::write(root.path().join("sub/.gitignore"), "b.md\n").unwrap();
    follower.until(|follower| follower.knows(&["a.md", "linked.md", "sub/c.md"])).await;
    fs_err::write(root.path().join(".ragtermignore"), "sub\n").unwrap();
    follower.until(|follower| follower.knows(&["a.md", "linked.md"])).await;
    assert_eq!(folder.watching(), "events (1 directory)");
    fs_err::remove_file(root.path().join(".ragtermignore")).unwrap();
    follower.until(|follower| follower.knows(&["a.md", "linked.md", "sub/c.md"])).await;
    follower.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_root_that_went_away_is_lost_and_found_again() {
    let (root, folder) = folder(&["a.md"]);
    let away = root.path().with_extension("away");
    let mut follower = Follower::start(&folder);
    follower.until(|follower| follower.knows(&["a.md"])).await;
    fs_err::rename(root.path(), &away).unwrap();
    assert!(matches!(follower.next().await, Event::Lost(_)));
    assert_eq!(folder.watching(), "waiting for the folder");
    fs_err::rename(&away, root.path()).unwrap();
    assert!(matches!(follower.next().await, Event::Rescan(_)));
    write(root.path(), "b.md");
    follower.until(|follower| follower.knows(&["a.md", "b.md"])).await;
    assert_eq!(folder.watching(), "events (1 directory)");
    follower.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_enough_watches_the_folder_is_polled_and_says_why() {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path(), "a/b/c/x.md");
    let mut settings = settings(directory.path());
    settings.poll_interval = Duration::from_millis(100);
    let folder = Arc::new(Folder::open(settings).unwrap());
    let watches = Watches::with_limit(directory.path(), 2).unwrap();
    folder.watches.set(Arc::new(watches)).unwrap();
    let mut follower = Follower::start(&folder);
    follower.until(|follower| follower.knows(&["a/b/c/x.md"])).await;
    write(directory.path(), "a/b/c/y.md");
    follower.until(|follower| follower.knows(&["a/b/c/x.md", "a/b/c/y.md"])).await;
    let said = folder.watching();
    assert!(said.starts_with("polling every 0.1 s: only 2 directories could be watched"), "{said}");
    assert!(said.contains("fs.inotify.max_user_watches"), "{said}");
    follower.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_polled_folder_is_looked_at_again_and_again() {
    let directory = tempfile::tempdir().unwrap();
    let mut settings = settings(directory.path());
    (settings.watch, settings.poll_interval) = (WatchMode::Poll, Duration::from_millis(100));
    let folder = Arc::new(Folder::open(settings).unwrap());
    let mut follower = Follower::start(&folder);
    assert_eq!(folder.watching(), "polling every 0.1 s");
    write(directory.path(), "a/x.md");
    follower.until(|follower| follower.knows(&["a/x.md"])).await;
    follower.end().await;
}
