//! The image that is made of this very program, where there is no registry to fetch one from.

use std::io::Read;
use std::path::PathBuf;

use memchr::memmem;

use crate::cli::doctor::Check;
use crate::error::{Error, Result};

/// The C library of Debian 12, which the image has.
const IMAGE_GLIBC: (u32, u32) = (2, 36);

/// What names of versions begin with, and how long they are at the most.
const PREFIX: &[u8] = b"GLIBC_2.";
const NAME_BYTES: usize = 16;

/// So much of a program is looked at together.
const PIECE_BYTES: u64 = 1 << 20;

const NAME: &str = "image";

/// Takes the program from beside the Dockerfile, without what only a debugger reads.
const PROGRAM: &str = "
FROM system AS build
# hadolint ignore=DL3008
RUN apt-get update && apt-get install -y --no-install-recommends binutils
COPY --chmod=0755 ragterm /out/ragterm
RUN strip --strip-all /out/ragterm

FROM scratch AS base
";

/// The Dockerfile of the repository from the first stage that runs anything of it, with the program
/// beside it in the place of one that is built.
pub fn dockerfile() -> String {
    let whole = include_str!("../../../Dockerfile");
    let stages = whole.find("FROM debian:").map_or(whole, |start| &whole[start..]);
    let own = stages.replace("\nFROM scratch AS base\n", PROGRAM);
    format!(
        "# syntax=docker/dockerfile:1.7\n# Made by `ragterm init`: the image of the program beside this file.\n\n{own}"
    )
}

/// The file of this program.
pub fn program() -> Result<PathBuf> {
    std::env::current_exe()
        .map_err(|error| Error::unavailable("cannot find the file of this program").because(error))
}

/// Whether this program runs in the image.
pub fn check() -> Check {
    let needed = program().and_then(|file| Ok(newest_glibc(fs_err::File::open(file)?)?));
    match needed {
        Err(error) => Check::warn(NAME, error.to_string(), "use --image with one of a registry"),
        Ok(Some((major, minor))) if (major, minor) > IMAGE_GLIBC => Check::fail(
            NAME,
            format!(
                "this program needs glibc {major}.{minor}; Debian 12, which the image is of, has 2.36"
            ),
            "build the image from the sources (`docker build --tag ragterm:NAME .`) and use \
             --image ragterm:NAME, or take the program of a release",
        ),
        Ok(_) => Check::ok(NAME, "made of this program at the first start"),
    }
}

/// The newest version of the C library that a program names.
fn newest_glibc(mut program: impl Read) -> std::io::Result<Option<(u32, u32)>> {
    let (mut window, mut newest) = (Vec::new(), None);
    loop {
        // A name may lie across the end of a piece.
        window.drain(..window.len().saturating_sub(NAME_BYTES));
        let read = program.by_ref().take(PIECE_BYTES).read_to_end(&mut window)?;
        newest = newest.max(newest_in(&window));
        if read == 0 {
            return Ok(newest);
        }
    }
}

fn newest_in(piece: &[u8]) -> Option<(u32, u32)> {
    let version = |start: usize| {
        let rest = &piece[start + PREFIX.len()..];
        let digits = rest.iter().take(3).take_while(|byte| byte.is_ascii_digit()).count();
        // A name of a version ends there: other texts only look like one.
        let ends = matches!(rest.get(digits), Some(0 | b'.'));
        let minor: u32 = std::str::from_utf8(&rest[..digits]).ok()?.parse().ok()?;
        ends.then_some((2, minor))
    };
    memmem::find_iter(piece, PREFIX).filter_map(version).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_image_of_the_program_has_all_of_the_other_but_the_building() {
        let file = dockerfile();
        assert!(!file.contains("cargo") && !file.contains("--from=plan"), "{file}");
        for kept in ["AS base", "AS ocr", "AS ragterm", "HEALTHCHECK", "USER 10001:10001"] {
            assert!(file.contains(kept), "{kept}");
        }
        assert_eq!(file.matches("COPY --chmod=0755 ragterm /out/ragterm").count(), 1);
        let stage = |name: &str| file.find(name).unwrap();
        assert!(stage("AS system") < stage("AS build") && stage("AS build") < stage("AS ragterm"));
    }

    #[test]
    fn the_newest_c_library_that_a_program_needs_is_found() {
        let program = b"\0GLIBC_2.2.5\0GLIBC_2.34\0GLIBC_2.9\0GLIBC_2.99x\0GLIBC_PRIVATE\0";
        assert_eq!(newest_glibc(&program[..]).unwrap(), Some((2, 34)));
        assert_eq!(newest_glibc(&b"static"[..]).unwrap(), None);
        // Across the end of a piece, wherever it is cut.
        for cut in 0..12 {
            let mut program = vec![b'x'; PIECE_BYTES as usize - cut];
            program.extend(b"GLIBC_2.34\0");
            assert_eq!(newest_glibc(&program[..]).unwrap(), Some((2, 34)), "{cut}");
        }
    }
}
