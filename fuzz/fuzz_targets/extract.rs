//! Files that hold one document; the first byte of the input says which.

#![no_main]

use ragterm_fuzz::{FILES, Reader};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Some((reader, input)) = Reader::chosen(&FILES, data) {
        reader.extract(&reader.file(input));
    }
});
