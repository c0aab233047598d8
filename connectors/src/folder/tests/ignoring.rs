//! A partial scan obeys the same rules as a full one.

use super::*;

/// A tree in which every rule decides something.
const FILES: [&str; 26] = [
    "readme.md",
    "x.log",
    "keep.log",
    "build/out.md",
    "docs/build/guide.md",
    "docs/a.md",
    "docs/draft-1.md",
    "docs/sub/draft-2.md",
    "docs/sub/wanted.md",
    "docs/sub/deep/x.log",
    "docs/sub/deep/keep.log",
    "docs/.notes/n.md",
    ".wiki/page.md",
    ".git/config.md",
    "node_modules/p/readme.md",
    "docs/node_modules/p/readme.md",
    "vendor/a.md",
    "vendor/keep/b.md",
    "secret/a.md",
    "docs/secret/a.md",
    "mail/1.tmp",
    "mail/2.tmp",
    "한글/보고서.md",
    "한글/초안.md",
    "only/this.md",
    "only/that.md",
];

const RULES: [(&str, &str); 6] = [
    (".gitignore", "*.log\n!keep.log\n/build/\nnode_modules\n초안.md\n"),
    (".ragtermignore", "!.wiki\nvendor/*\n!vendor/keep\n"),
    ("docs/.gitignore", "draft-*\n!.notes\n"),
    ("docs/sub/.gitignore", "*\n!wanted.md\n!deep\n!.gitignore\n"),
    ("only/.ragtermignore", "*\n!this.md\n"),
    ("mail/.ragtermignore", "!2.tmp\n"),
];

fn tree() -> (tempfile::TempDir, Folder) {
    let directory = tempfile::tempdir().unwrap();
    FILES.iter().for_each(|file| write(directory.path(), file));
    for (file, text) in RULES {
        fs_err::write(directory.path().join(file), text).unwrap();
    }
    let mut settings = settings(directory.path());
    settings.exclude = vec!["secret/".into()];
    settings.ignore = vec!["*.tmp".into()];
    (directory, Folder::open(settings).unwrap())
}

#[test]
fn ignore_files_decide_as_git_would() {
    let (_root, folder) = tree();
    let listing = folder.scan().unwrap();
    let expected = [
        ".wiki/page.md",
        "docs/a.md",
        "docs/build/guide.md",
        "docs/sub/wanted.md",
        "keep.log",
        "mail/2.tmp",
        "only/this.md",
        "readme.md",
        "vendor/keep/b.md",
        "한글/보고서.md",
    ];
    // `!keep.log` of the root does not bring back what the nearer `*` of docs/sub ignores.
    assert_eq!(paths(&listing), expected);
    assert!(listing.problems.is_empty(), "{:?}", listing.problems);
}

#[test]
fn a_partial_scan_of_any_path_equals_that_part_of_the_full_scan() {
    let (_root, folder) = tree();
    let full = folder.scan().unwrap();
    let mut looked_at = 0;
    for file in FILES {
        for path in Path::new(file).ancestors() {
            let mut partial = folder.scan_paths(&[path.to_owned()]).unwrap();
            let mut expected = full.entries.clone();
            expected.retain(|entry| entry.raw.starts_with(path));
            let settle = |entry: &mut Entry| entry.settled = true;
            partial.entries.iter_mut().for_each(settle);
            expected.iter_mut().for_each(settle);
            assert_eq!(partial.entries, expected, "{}", path.display());
            looked_at += 1;
        }
    }
    assert!(looked_at > 70);
}

#[test]
fn a_line_that_is_no_glob_is_a_problem_and_the_others_count() {
    let (root, folder) = folder(&["a.md", "b.md"]);
    fs_err::write(root.path().join(".gitignore"), "b.md\n[z-a]\n\u{0}\n").unwrap();
    let listing = folder.scan().unwrap();
    assert_eq!(paths(&listing), ["a.md"]);
    assert!(problems(&listing)[".gitignore"].starts_with("line 2 is not obeyed"));
}
