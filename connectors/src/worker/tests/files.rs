//! Files that are none, too large, or lead elsewhere.

use super::*;

#[tokio::test]
async fn what_is_not_a_file_is_skipped_without_waiting() {
    let directory = tempfile::tempdir().unwrap();
    let fifo = directory.path().join("fifo");
    rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, 0o600.into(), 0)
        .unwrap();
    let pool = pool_of(1);
    assert_eq!(skip(&extract(&pool, file(&fifo)).await.unwrap()), "a named pipe, not a file");
    let directory = extract(&pool, file(directory.path())).await.unwrap();
    assert_eq!(skip(&directory), "a directory, not a file");
    let device = extract(&pool, file(Path::new("/dev/zero"))).await.unwrap();
    assert_eq!(skip(&device), "a device, not a file");
}

#[tokio::test]
async fn a_link_out_of_the_root_is_not_read() {
    let directory = tempfile::tempdir().unwrap();
    let secret = tempfile::NamedTempFile::new().unwrap();
    let link = directory.path().join("note.txt");
    std::os::unix::fs::symlink(secret.path(), &link).unwrap();
    let extracted = extract(&pool_of(1), file(&link)).await.unwrap();
    assert_eq!(failure(&extracted), "cannot be opened: it leads out of the folder");
    assert_eq!(extracted.content, None);
}

#[tokio::test]
async fn a_vanished_file_fails() {
    let extracted = extract(&pool_of(1), file(Path::new("/nowhere/note.txt"))).await.unwrap();
    assert_eq!(failure(&extracted), "the file vanished before it was read");
    assert_eq!(extracted.content, None);
}

#[tokio::test]
async fn a_file_over_the_size_limit_is_skipped_unread() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("huge.txt");
    std::fs::File::create(&path).unwrap().set_len(5 << 30).unwrap();
    let pool = pool_with(1, Limits { max_file_bytes: 1 << 20, ..Limits::default() });
    let extracted = extract(&pool, file(&path)).await.unwrap();
    let reason = "5 GiB is over the limit of 1 MiB (index.max_file_bytes)";
    assert_eq!(skip(&extracted), reason);
}

#[tokio::test]
async fn a_file_that_claims_no_size_is_read_up_to_the_limit() {
    // Files of /proc have size 0 and content, like a file that grows while it is read.
    let pool = pool_with(1, Limits { max_file_bytes: 8, ..Limits::default() });
    let extracted = extract(&pool, file(Path::new("/proc/version"))).await.unwrap();
    assert!(skip(&extracted).starts_with("9 bytes is over the limit of 8 bytes"));
}
