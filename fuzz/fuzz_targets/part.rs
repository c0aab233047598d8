//! Parts of packages, in packages that are otherwise whole; the first byte of the input says which.

#![no_main]

use ragterm_fuzz::{PARTS, Reader};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Some((reader, input)) = Reader::chosen(&PARTS, data) {
        reader.extract(&reader.file(input));
    }
});
