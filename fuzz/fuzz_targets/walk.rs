//! Files that hold documents; the first byte of the input says which.

#![no_main]

use ragterm_fuzz::{CONTAINERS, Reader};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Some((reader, input)) = Reader::chosen(&CONTAINERS, data) {
        reader.walk(&reader.file(input));
    }
});
