//! One compressed file: a dump or an archive is read as a stream, anything else as a whole.

use std::io::{self, BufRead, BufReader, Cursor, Read};

use bzip2::read::MultiBzDecoder;
use flate2::bufread::GzDecoder;
use lzma_rust2::XzReader;

use super::shape::{Codec, HEAD_BYTES};
use super::{Entry, Opened, Shape, Walk};
use crate::extract::{Reason, damage};

/// How much an xz file may want to look back upon.
const XZ_WINDOW_KIB: u32 = 128 * 1024;

/// Visits what the compressed file is.
pub(super) fn walk(opened: Opened<'_>, codec: Codec, walk: &mut Walk<'_>) -> Result<(), Reason> {
    let meter = walk.meter();
    let path = &*plain_name(opened.path);
    let content = decoder(codec, meter.packing(opened.content)).map_err(damaged)?;
    let content: Box<dyn Read + '_> = Box::new(meter.reading(content));
    let plain = Opened { path, dialect: opened.dialect, content, beside: opened.beside };
    let outcome = walk.inside(|walk| inner(plain, walk));
    walk.metered(&meter, outcome)
}

fn inner(mut plain: Opened<'_>, walk: &mut Walk<'_>) -> Result<(), Reason> {
    let mut bytes = Vec::new();
    let fault = plain.content.by_ref().take(HEAD_BYTES).read_to_end(&mut bytes).err();
    if let Some(Shape::Stream(stream)) = Shape::of_head(plain.path, plain.dialect, &bytes) {
        let rest = Broken(fault).chain(plain.content);
        let content: Box<dyn Read + '_> = Box::new(Cursor::new(bytes).chain(rest));
        return Opened { content, ..plain }.read(stream, walk);
    }
    fault.map_or(Ok(()), |error| Err(damaged(error)))?;
    walk.admit(0, 0)??;
    let most = walk.file_bytes();
    let rest = most.saturating_add(1).saturating_sub(bytes.len() as u64);
    plain.content.take(rest).read_to_end(&mut bytes).map_err(damaged)?;
    if bytes.len() as u64 > most {
        return Err(walk.too_long()?);
    }
    walk.file(Entry::at(plain.path.rsplit('/').next().unwrap_or_default()), &bytes)
}

pub(super) fn decoder<'a>(codec: Codec, content: impl Read + 'a) -> io::Result<Box<dyn Read + 'a>> {
    let content = BufReader::new(content);
    Ok(match codec {
        Codec::Gzip => Box::new(Gzip(Some(GzDecoder::new(content)))),
        Codec::Bzip2 => Box::new(MultiBzDecoder::new(content)),
        Codec::Xz => Box::new(XzReader::new_mem_limit(content, true, XZ_WINDOW_KIB)),
        Codec::Zstd => Box::new(zstd::Decoder::with_buffer(content)?),
    })
}

/// Where reading failed before: what stands before it is used all the same.
struct Broken(Option<io::Error>);

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

/// All members of a gzip file; what follows them is not looked at, as `gzip` itself does it.
struct Gzip<R: BufRead>(Option<GzDecoder<R>>);

impl<R: BufRead> Read for Gzip<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(member) = &mut self.0 {
            let length = member.read(buffer)?;
            if length > 0 || buffer.is_empty() {
                return Ok(length);
            }
            let Some(mut rest) = self.0.take().map(GzDecoder::into_inner) else { break };
            if rest.fill_buf()?.starts_with(b"\x1f") {
                self.0 = Some(GzDecoder::new(rest));
            }
        }
        Ok(0)
    }
}

/// `dump.xml.bz2` holds `dump.xml`, `a.tgz` holds `a.tar`.
pub(super) fn plain_name(path: &str) -> String {
    let Some((stem, extension)) = path.rsplit_once('.') else { return path.to_owned() };
    match &*extension.to_ascii_lowercase() {
        "bz2" | "gz" | "xz" | "zst" => stem.to_owned(),
        "tbz" | "tbz2" | "tgz" | "txz" | "tzst" => format!("{stem}.tar"),
        _ => path.to_owned(),
    }
}

fn damaged(error: io::Error) -> Reason {
    damage::of_reading(&error)
}
