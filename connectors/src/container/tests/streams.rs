//! Tapes and compressed files.

use std::io::Write;

use super::*;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(super) fn bzip2(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn xz(bytes: &[u8]) -> Vec<u8> {
    let options = lzma_rust2::XzOptions::default();
    let mut encoder = lzma_rust2::XzWriter::new(Vec::new(), options).unwrap();
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).unwrap()
}

pub(super) fn tape(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mtime(1_700_000_000);
        header.set_mode(0o644);
        builder.append_data(&mut header, path, *bytes).unwrap();
    }
    let mut link = tar::Header::new_gnu();
    link.set_entry_type(tar::EntryType::Symlink);
    link.set_size(0);
    builder.append_link(&mut link, "link.txt", "/etc/passwd").unwrap();
    builder.into_inner().unwrap()
}

#[test]
fn the_files_of_a_tape_are_read_and_its_links_are_not() {
    let long = format!("{}/a.txt", "긴이름".repeat(40));
    let bytes = tape(&[(&long, b"text"), ("._a.txt", b"junk"), ("b.md", b"# B\nwords")]);
    let (collected, outcome) = opened("x.tar", &bytes, Limits::default());
    assert_eq!(outcome, Ok(()));
    assert_eq!(collected.members.len(), 2);
    assert!(collected.paths()[0].ends_with("/a.txt"));
    assert_eq!(collected.members[1].modified_ns, Some(1_700_000_000_000_000_000));
}

#[test]
fn a_tape_with_a_hole_or_without_its_end_is_read_as_far_as_it_goes_and_says_so() {
    let bytes = tape(&[("a.txt", b"text"), ("b.txt", b"words")]);
    let joined = [&*bytes, &tape(&[("c.txt", b"more")])].concat();
    let (collected, outcome) = opened("x.tar", &joined, Limits::default());
    assert_eq!((outcome, collected.paths()), (Ok(()), vec!["a.txt", "b.txt", "c.txt"]));
    let (collected, outcome) = opened("x.tar", &bytes[..1024], Limits::default());
    assert_eq!(collected.paths(), ["a.txt"]);
    let reason = "damaged: it ends too early, without its end mark";
    assert_eq!(outcome, Err(Reason::Failed(reason.to_owned())));
    let mut holed = bytes;
    holed[1024..1536].fill(0);
    assert!(opened("x.tar", &holed, Limits::default()).1.is_err());
}

#[test]
fn a_tape_is_read_through_any_compression() {
    let bytes = tape(&[("a.txt", b"text")]);
    let packed = [gzip(&bytes), bzip2(&bytes), xz(&bytes), zstd(&bytes), gzip(&zstd(&bytes))];
    for bytes in packed {
        let (collected, outcome) = opened("x.tar.packed", &bytes, Limits::default());
        assert_eq!((collected.paths(), outcome), (vec!["a.txt"], Ok(())));
    }
}

#[test]
fn a_backup_of_ragterm_is_not_unpacked_whatever_it_is_called_and_wherever_it_lies() {
    let bytes = tape(&[("ragterm-backup.json", b"{}"), ("config.toml", b"words")]);
    let skipped = Err(Reason::Skipped("backup of ragterm".to_owned()));
    for name in ["a.backup", "a.tar.zst", "a"] {
        let (collected, outcome) = opened(name, &zstd(&bytes), Limits::default());
        assert_eq!((collected.paths(), outcome), (Vec::<&str>::new(), skipped.clone()), "{name}");
    }
    let around = tape(&[("in/a.backup", &zstd(&bytes)), ("b.txt", b"text")]);
    let (collected, outcome) = opened("x.tar", &around, Limits::default());
    assert_eq!(outcome, Ok(()));
    assert!(collected.paths().iter().all(|path| !path.ends_with("config.toml")));
    assert_eq!(collected.text("b.txt"), "text");
    let other = tape(&[("b.txt", b"text"), ("ragterm-backup.json", b"{}")]);
    let (collected, _) = opened("x.tar", &other, Limits::default());
    assert_eq!(collected.members.len(), 2, "a name alone makes no backup");
}

#[test]
fn one_file_is_read_under_its_plain_name_and_to_its_last_member() {
    let bytes = [gzip(b"one "), gzip(b"two"), vec![0; 100]].concat();
    let (collected, outcome) = opened("dir/notes.txt.gz", &bytes, Limits::default());
    assert_eq!(outcome, Ok(()));
    assert_eq!(collected.text("notes.txt"), "one two");
}

#[test]
fn what_stands_before_the_damage_is_kept() {
    let noise = (0..100_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8);
    let noise = noise.collect::<Vec<_>>();
    let whole = tape(&[("a.txt", b"text"), ("b.bin", &noise), ("c.txt", b"text")]);
    let packed = gzip(&whole);
    let cases = [
        ("x.tar", &whole[..whole.len() / 2]),
        ("x.tgz", &packed[..packed.len() / 2]),
        ("x.tgz", &packed[..2000]),
    ];
    for (name, cut) in cases {
        let (collected, outcome) = opened(name, cut, Limits::default());
        assert_eq!(collected.text("a.txt"), "text");
        assert!(matches!(outcome, Err(Reason::Failed(reason)) if reason.starts_with("damaged")));
        assert!(collected.paths().iter().all(|path| *path != "c.txt"));
    }
}

#[test]
fn a_bomb_ends_at_the_ratio_and_at_the_limits() {
    let zeros = vec![0; 17_000_000];
    let (_, outcome) = opened("x.gz", &gzip(&zeros), Limits::default());
    assert!(matches!(outcome, Err(Reason::Failed(reason)) if reason.contains("bomb")));
    let small = Limits { total_bytes: 1_000_000, ..Limits::default() };
    let (collected, outcome) =
        opened("x.tar.bz2", &bzip2(&tape(&[("a.txt", &zeros[..2_000_000])])), small);
    assert!(collected.members.len() <= 1);
    assert!(matches!(outcome, Err(Reason::Failed(reason)) if reason.contains("max_archive_bytes")));
    let short = Limits { file_bytes: 1_000_000, ..Limits::default() };
    let (_, outcome) = opened("x.txt.gz", &gzip(&[b' '; 2_000_000]), short);
    assert!(matches!(outcome, Err(Reason::Skipped(reason)) if reason.contains("limit of 1.0 MB")));
}

#[test]
fn compression_inside_compression_ends_at_the_limit() {
    let mut bytes = b"text".to_vec();
    for _ in 0..9 {
        bytes = gzip(&bytes);
    }
    let (collected, outcome) = opened("x.gz", &bytes, Limits::default());
    assert!(collected.members.is_empty());
    let reason = "more than 6 containers inside each other".to_owned();
    assert_eq!(outcome, Err(Reason::Failed(reason)));
}

#[test]
fn a_dump_in_many_streams_of_bzip2_is_one_dump() {
    let pages = |titles: &[&str]| {
        let page = |title: &&str| {
            format!("<page><title>{title}</title><revision><text>words</text></revision></page>")
        };
        bzip2(titles.iter().map(page).collect::<String>().as_bytes())
    };
    let site = bzip2(b"<mediawiki><siteinfo><base>https://w.example.com/wiki/A</base></siteinfo>");
    let dump = [site, pages(&["A", "B"]), pages(&["C"]), bzip2(b"</mediawiki>")].concat();
    let (collected, outcome) = opened("pages-multistream.xml.bz2", &dump, Limits::default());
    assert_eq!((outcome, collected.paths()), (Ok(()), vec!["A", "B", "C"]));
}
