//! What is refused of an archive, and in which words.

use std::io::Write;

use super::archive::{Contents, append, write};
use super::header::{Checksum, Checksums};
use super::*;
use crate::catalog::{Catalog, Description};
use crate::error::{Error, ErrorKind};

fn contents() -> Description {
    Description {
        identity: "1".into(),
        migrations: 8,
        seq: 3,
        sources: 1,
        documents: 2,
        chunks: 5,
        vectors: 5,
        model: "m".into(),
    }
}

/// A good archive with this for a catalog.
fn archive(catalog: &[u8]) -> Vec<u8> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(catalog).unwrap();
    let header = Header::new("sqlite", CATALOG, contents());
    let contents =
        Contents { header: &header, catalog: file.path(), configuration: "# nothing is set\n" };
    let mut bytes = Vec::new();
    write(contents, &mut bytes, |_| {}).unwrap();
    bytes
}

/// Bytes that hardly compress.
fn noise(length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    blake3::Hasher::new().finalize_xof().fill(&mut bytes);
    bytes
}

fn refused(bytes: &[u8]) -> Error {
    check(bytes, None).unwrap_err()
}

/// An archive of any members.
fn made_of(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = tar::Builder::new(zstd::Encoder::new(Vec::new(), 1).unwrap());
    for (name, data) in members {
        append(&mut archive, (name, data.len() as u64), *data).unwrap();
    }
    archive.into_inner().unwrap().finish().unwrap()
}

fn header() -> Vec<u8> {
    serde_json::to_vec(&Header::new("sqlite", CATALOG, contents())).unwrap()
}

fn sums(members: &[(&str, &[u8])]) -> Vec<u8> {
    let sum = |(member, data): &(&str, &[u8])| Checksum {
        member: (*member).into(),
        bytes: data.len() as u64,
        blake3: blake3::hash(data).to_hex().to_string(),
    };
    serde_json::to_vec(&Checksums { members: members.iter().map(sum).collect() }).unwrap()
}

#[test]
fn what_is_written_is_read_again_and_unpacked() {
    let catalog = noise(700_000);
    let directory = tempfile::tempdir().unwrap();
    let checked = check(&archive(&catalog)[..], Some(directory.path())).unwrap();
    assert_eq!(checked.header.contents, contents());
    assert_eq!((checked.header.format, checked.catalog_bytes), (1, 700_000));
    assert_eq!(checked.configuration, "# nothing is set\n");
    assert_eq!(std::fs::read(directory.path().join(CATALOG)).unwrap(), catalog);
}

#[test]
fn a_backup_that_is_cut_off_anywhere_is_recognised() {
    let whole = archive(&noise(5_000));
    for length in 0..whole.len() {
        let error = refused(&whole[..length]);
        let text = error.to_string();
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{length}: {text}");
        let expected = if length == 0 { "is empty" } else { "is cut off" };
        assert!(text.contains(expected), "{length} of {}: {text}", whole.len());
    }
    let large = archive(&noise(700_000));
    let text = refused(&large[..500_000]).to_string();
    assert_eq!(text, "the backup is cut off: it ends before the end of catalog.db");
}

#[test]
fn a_backup_with_any_byte_altered_is_refused_or_still_the_same() {
    let catalog = noise(3_000);
    let whole = archive(&catalog);
    let header = check(&whole[..], None).unwrap().header;
    let mut harmless = 0;
    for at in 0..whole.len() {
        let mut altered = whole.clone();
        altered[at] ^= 0x20;
        let directory = tempfile::tempdir().unwrap();
        // A few bits of what zstd writes mean nothing.
        if let Ok(checked) = check(&altered[..], Some(directory.path())) {
            assert_eq!(checked.header, header, "{at}");
            assert_eq!(std::fs::read(directory.path().join(CATALOG)).unwrap(), catalog, "{at}");
            harmless += 1;
        }
    }
    assert!(harmless < 10, "{harmless}");
}

#[test]
fn what_follows_the_end_is_refused() {
    let mut longer = archive(b"catalog");
    longer.push(0);
    assert!(refused(&longer).to_string().contains("something follows after its end"));
    let mut two = archive(b"catalog");
    two.extend(archive(b"catalog"));
    assert!(refused(&two).to_string().contains("something follows after its end"));
}

#[test]
fn what_is_no_backup_is_called_so() {
    let tar = made_of(&[("readme.md", b"hello")]);
    let zeros = zstd::encode_all(&[0; 10_000][..], 1).unwrap();
    let text = zstd::encode_all(&noise(10_000)[..], 1).unwrap();
    for foreign in [&b"PK\x03\x04"[..], b"SQLite format 3\0", b"x", &tar, &zeros, &text] {
        let error = refused(foreign);
        assert_eq!(error.to_string(), "this is no backup of ragterm");
        assert_eq!(error.kind(), ErrorKind::Corrupt);
    }
}

#[test]
fn a_backup_of_a_newer_version_names_that_version() {
    let newer = made_of(&[(HEADER, br#"{"format": 2, "ragterm": "9.1.0", "other": []}"#)]);
    let error = refused(&newer);
    assert_eq!(error.kind(), ErrorKind::Usage);
    assert!(error.to_string().contains("a newer ragterm (9.1.0) made the backup"), "{error}");
}

#[test]
fn members_that_are_altered_missing_or_strange_are_named() {
    let (header, catalog, config) = (header(), b"catalog".as_slice(), b"#".as_slice());
    let good = [(HEADER, header.as_slice()), (CATALOG, catalog), (CONFIGURATION, config)];
    let sums = sums(&good);
    let last = (CHECKSUMS, sums.as_slice());
    check(&made_of(&[good[0], good[1], good[2], last])[..], None).unwrap();
    let altered: (&str, &[u8]) = (CATALOG, b"Catalog");
    for (members, said) in [
        (vec![good[0], altered, good[2], last], "catalog.db was altered"),
        (vec![good[0], good[2], last], "another member stands in the place of catalog.db"),
        (vec![good[0], ("other/catalog.db", catalog), last], "in the place of catalog.db"),
        (vec![good[0], good[1], good[2], last, ("more", b"")], "more members than a backup"),
        (vec![good[0], good[1], good[2]], "it ends before the end of checksums.json"),
    ] {
        let error = refused(&made_of(&members)).to_string();
        assert!(error.contains(said), "{error}");
    }
}

#[test]
fn links_and_members_that_are_too_large_are_refused() {
    let mut archive = tar::Builder::new(zstd::Encoder::new(Vec::new(), 1).unwrap());
    let first = header();
    append(&mut archive, (HEADER, first.len() as u64), &first[..]).unwrap();
    let mut link = tar::Header::new_gnu();
    link.set_entry_type(tar::EntryType::Symlink);
    link.set_size(0);
    archive.append_link(&mut link, CATALOG, "/etc/passwd").unwrap();
    let bytes = archive.into_inner().unwrap().finish().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let error = check(&bytes[..], Some(directory.path())).unwrap_err().to_string();
    assert!(error.contains("another member stands in the place of catalog.db"), "{error}");
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
    let large = made_of(&[(HEADER, &vec![b' '; 1 + MAX_TEXT_BYTES as usize])]);
    assert!(refused(&large).to_string().contains("larger than it may be"));
}

#[test]
fn a_catalog_that_fits_on_no_disk_is_refused_before_it_is_unpacked() {
    let mut block = tar::Header::new_gnu();
    block.set_path(CATALOG).unwrap();
    block.set_size(1 << 50);
    block.set_cksum();
    let mut archive = tar::Builder::new(zstd::Encoder::new(Vec::new(), 1).unwrap());
    let first = header();
    append(&mut archive, (HEADER, first.len() as u64), &first[..]).unwrap();
    archive.get_mut().write_all(block.as_bytes()).unwrap();
    let bytes = archive.into_inner().unwrap().finish().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let error = check(&bytes[..], Some(directory.path())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Exhausted);
    assert!(error.to_string().contains("too full for what is in the backup"), "{error}");
}

#[test]
fn parts_are_checked_as_they_come() {
    let whole = archive(&noise(50_000));
    let good = feed().unwrap();
    assert!(whole.chunks(1_000).all(|part| good.take(part.to_vec())));
    assert_eq!(good.verdict().unwrap().header.contents, contents());
    let cut = feed().unwrap();
    assert!(cut.take(whole[..20_000].to_vec()));
    assert!(cut.verdict().unwrap_err().to_string().contains("cut off"));
}

#[tokio::test]
async fn a_catalog_that_is_none_or_is_not_what_is_said_makes_no_good_backup() {
    let text = verify(std::io::Cursor::new(archive(&noise(8_192))), &[std::env::temp_dir()])
        .await
        .unwrap_err()
        .to_string();
    assert!(text.contains("the catalog in the backup is not sound"), "{text}");
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("c.db");
    Catalog::open_sqlite(&file).await.unwrap().close().await;
    let other = archive(&std::fs::read(&file).unwrap());
    let text =
        verify(std::io::Cursor::new(other), &[std::env::temp_dir()]).await.unwrap_err().to_string();
    assert!(text.contains("is not what the backup says it holds"), "{text}");
}

#[tokio::test]
async fn a_dump_that_is_none_or_of_a_newer_version_makes_no_good_backup() {
    let dump = |bytes: &[u8], migrations: u32| {
        let contents = Description { migrations, ..contents() };
        let header = serde_json::to_vec(&Header::new("postgres", DUMP, contents)).unwrap();
        let members = [(HEADER, header.as_slice()), (DUMP, bytes), (CONFIGURATION, b"#")];
        let sums = sums(&members);
        let last = (CHECKSUMS, sums.as_slice());
        std::io::Cursor::new(made_of(&[members[0], members[1], members[2], last]))
    };
    verify(dump(b"PGDMP\x01", 1), &[std::env::temp_dir()]).await.unwrap();
    let error = verify(dump(b"DROP TABLE x", 1), &[std::env::temp_dir()]).await.unwrap_err();
    assert!(error.to_string().contains("it is no dump of PostgreSQL"), "{error}");
    let error = verify(dump(b"PGDMP\x01", 9_999), &[std::env::temp_dir()]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
    assert!(error.to_string().contains("a newer ragterm"), "{error}");
}
