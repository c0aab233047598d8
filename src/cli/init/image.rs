//! The image that is made of this very program, where there is no registry to fetch one from.

use std::path::PathBuf;

use memchr::memmem;

use crate::cli::doctor::Check;
use crate::error::{Error, Result};

/// The C library of Debian 12, which the image has.
const IMAGE_GLIBC: (u32, u32) = (2, 36);

const NAME: &str = "image";

/// The end of the Dockerfile of the repository, from the first stage that runs anything of it, with
/// the program from beside it in the place of one that is built.
pub fn dockerfile() -> String {
    let whole = include_str!("../../../Dockerfile");
    let stages = whole.find("FROM debian:").map_or(whole, |start| &whole[start..]);
    let own = stages.replace(
        "COPY --from=build /out/ragterm /usr/local/bin/ragterm",
        "COPY --chmod=0755 ragterm /usr/local/bin/ragterm",
    );
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
    let needed = program().and_then(|file| Ok(newest_glibc(&fs_err::read(file)?)));
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
fn newest_glibc(program: &[u8]) -> Option<(u32, u32)> {
    memmem::find_iter(program, b"GLIBC_2.")
        .filter_map(|start| {
            let rest = &program[start + b"GLIBC_2.".len()..];
            let digits = rest.iter().take(3).take_while(|byte| byte.is_ascii_digit()).count();
            // A name of a version ends there: other texts only look like one.
            let ends = matches!(rest.get(digits), Some(0 | b'.'));
            let minor: u32 = std::str::from_utf8(&rest[..digits]).ok()?.parse().ok()?;
            ends.then_some((2, minor))
        })
        .max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_image_of_the_program_has_all_of_the_other_but_the_building() {
        let file = dockerfile();
        assert!(!file.contains("cargo") && !file.contains("--from=build"), "{file}");
        for kept in ["AS base", "AS ocr", "AS ragterm", "HEALTHCHECK", "USER 10001:10001"] {
            assert!(file.contains(kept), "{kept}");
        }
        assert_eq!(file.matches("COPY --chmod=0755 ragterm /usr/local/bin/ragterm").count(), 2);
    }

    #[test]
    fn the_newest_c_library_that_a_program_needs_is_found() {
        let program = b"\0GLIBC_2.2.5\0GLIBC_2.34\0GLIBC_2.9\0GLIBC_2.99x\0GLIBC_PRIVATE\0";
        assert_eq!(newest_glibc(program), Some((2, 34)));
        assert_eq!(newest_glibc(b"static"), None);
    }
}
