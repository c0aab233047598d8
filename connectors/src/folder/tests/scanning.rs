//! What a scan lists, what it leaves out, and what it says about that.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt;

use super::*;

#[test]
fn a_scan_lists_every_file_once_in_order_of_its_path() {
    let (_root, folder) = folder(&["b.md", "a/z.md", "a.md", "a-b/x.md", ".hidden/x.md"]);
    let listing = folder.scan().unwrap();
    assert_eq!(paths(&listing), ["a-b/x.md", "a.md", "a/z.md", "b.md"]);
    assert_eq!((listing.entries[0].size, listing.directories), (8, 3));
    assert!(listing.problems.is_empty() && listing.decides(Path::new("gone.md")));
}

#[test]
fn things_without_content_are_problems_and_block_nothing() {
    let (root, folder) = folder(&["a.md", "big.md"]);
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    let fifo = rustix::fs::FileType::Fifo;
    for name in ["pipe.md", "below/.gitignore"] {
        fs_err::create_dir_all(root.path().join("below")).unwrap();
        rustix::fs::mknodat(rustix::fs::CWD, root.path().join(name), fifo, mode, 0).unwrap();
    }
    let _socket = std::os::unix::net::UnixListener::bind(root.path().join("socket")).unwrap();
    fs_err::write(root.path().join("big.md"), vec![b'x'; 1_000_001]).unwrap();
    fs_err::write(root.path().join(OsStr::from_bytes(b"caf\xe9.md")), "x").unwrap();
    let listing = folder.scan().unwrap();
    assert_eq!(paths(&listing), ["a.md"]);
    let problems = problems(&listing);
    assert_eq!(problems["pipe.md"], "a named pipe, not a file");
    assert_eq!(problems["socket"], "a socket, not a file");
    assert_eq!(problems["big.md"], "1.0 MB is over the limit of 1.0 MB");
    assert_eq!(problems["below/.gitignore"], "not obeyed: it is not a regular file");
    assert!(problems["caf\u{fffd}.md"].contains("not valid UTF-8"));
}

#[test]
fn links_stand_for_files_of_the_folder_that_are_not_listed_themselves() {
    let (root, folder) = folder(&["a.md", ".store/1/page.md", "team/b.md"]);
    let outside = tempfile::NamedTempFile::new().unwrap();
    let link = |target: &Path, name: &str| symlink(target, root.path().join(name)).unwrap();
    link(Path::new(".store/1/page.md"), "page.md");
    link(Path::new("a.md"), "again.md");
    link(Path::new("team"), "same-team");
    link(Path::new("."), "team/loop");
    link(Path::new(".store"), "store");
    link(outside.path(), "outside.md");
    link(Path::new("/"), "everything");
    link(Path::new("circle"), "circle");
    link(Path::new("nothing"), "broken");
    let listing = folder.scan().unwrap();
    assert_eq!(paths(&listing), ["a.md", "page.md", "team/b.md"]);
    let problems: Vec<_> = problems(&listing).into_iter().collect();
    let expected = [
        ("broken", "a link to something that does not exist"),
        ("circle", "a link that leads in a circle"),
        ("everything", "a link that leads out of the folder"),
        ("outside.md", "a link that leads out of the folder"),
        ("store", "a link to a folder that is left out itself; not followed"),
    ];
    assert_eq!(problems, expected);
    let opened = |raw: &str| open_file(root.path(), Path::new(raw)).map(std::io::read_to_string);
    assert_eq!(opened("page.md").unwrap().unwrap(), ".store/1/page.md");
    assert_eq!(opened("team/b.md").unwrap().unwrap(), "team/b.md");
    assert!(opened("outside.md").is_err() && opened("everything/etc/passwd").is_err());
    assert!(opened("../x").is_err() && opened("").is_err());
}

#[test]
fn names_in_two_unicode_forms_are_two_files_in_every_scan() {
    let (decomposed, composed) = ("cafe\u{301}.md", "caf\u{e9}.md");
    let (root, folder) = folder(&[decomposed, "e\u{301}/x.md"]);
    assert_eq!(paths(&folder.scan().unwrap()), [composed, "\u{e9}/x.md"]);
    write(root.path(), composed);
    let full = folder.scan().unwrap();
    assert_eq!(paths(&full), [decomposed, composed, "\u{e9}/x.md"]);
    for one in [decomposed, composed] {
        let partial = folder.scan_paths(&[one.into()]).unwrap();
        assert_eq!(paths(&partial), [decomposed, composed]);
        assert_eq!(partial.covered.len(), 2);
    }
    fs_err::remove_file(root.path().join(composed)).unwrap();
    let partial = folder.scan_paths(&[composed.into()]).unwrap();
    assert!(partial.entries.is_empty() && partial.decides(Path::new(composed)));
}

#[test]
fn a_folder_that_cannot_be_read_leaves_its_files_undecided() {
    use std::os::unix::fs::PermissionsExt;
    if rustix::process::geteuid().is_root() {
        // Root may read everything: run this test again as nobody.
        let test = "folder::tests::scanning::a_folder_that_cannot_be_read";
        let copy = tempfile::tempdir().unwrap();
        let program = copy.path().join("test");
        fs_err::copy(std::env::current_exe().unwrap(), &program).unwrap();
        let all = std::fs::Permissions::from_mode(0o755);
        fs_err::set_permissions(copy.path(), all).unwrap();
        let mut again = std::process::Command::new(program);
        let output = again.arg(test).uid(65_534).gid(65_534).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        return assert!(output.status.success() && said.contains("1 passed"), "{said}");
    }
    let (root, folder) = folder(&["a.md", "locked/secret.md", "locked/deep/x.md"]);
    let locked = root.path().join("locked");
    fs_err::set_permissions(&locked, std::fs::Permissions::from_mode(0o000)).unwrap();
    for path in ["", "locked", "locked/deep", "locked/secret.md"] {
        let listing = folder.scan_paths(&[path.into()]).unwrap();
        assert_eq!(problems(&listing)["locked"], "permission denied");
        assert!(!listing.decides(Path::new("locked/secret.md")));
    }
    fs_err::set_permissions(&locked, std::fs::Permissions::from_mode(0o700)).unwrap();
}

#[test]
fn folders_nested_without_end_are_left_out_with_a_reason() {
    let (root, folder) = folder(&["a.md"]);
    let deep: PathBuf = std::iter::repeat_n("d", 150).collect();
    write(root.path(), &deep.join("x.md").to_string_lossy());
    let listing = folder.scan().unwrap();
    assert_eq!(paths(&listing), ["a.md"]);
    assert!(listing.problems[0].reason.contains("nested deeper than 100"));
}

#[test]
fn a_root_that_goes_away_is_unavailable_and_nothing_is_gone() {
    let (root, folder) = folder(&["a.md"]);
    folder.scan().unwrap();
    let kept = folder.identity();
    root.close().unwrap();
    assert!(folder.scan().unwrap_err().0.starts_with("it does not exist"));
    assert!(folder.scan_paths(&["a.md".into()]).is_err());
    assert_eq!(folder.identity(), kept);
}

#[test]
fn hints_that_lead_out_of_the_folder_find_nothing() {
    let (_root, folder) = folder(&["a.md"]);
    let hints = ["../a.md", "/etc/passwd", "a.md/b", "x/../a.md"].map(PathBuf::from);
    assert_eq!(folder.scan_paths(&hints).unwrap().entries, []);
}
