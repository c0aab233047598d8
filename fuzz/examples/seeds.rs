//! Writes what each target begins with into its corpus.

use std::io;
use std::path::Path;

use ragterm_fuzz::{CONTAINERS, FILES, PARTS};

fn main() -> io::Result<()> {
    for (target, readers) in [("extract", &FILES[..]), ("part", &PARTS), ("walk", &CONTAINERS)] {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
        std::fs::create_dir_all(&corpus)?;
        for (index, reader) in (0_u8..).zip(readers) {
            std::fs::write(
                corpus.join(format!("seed-{index}")),
                [&[index], &*reader.seed()].concat(),
            )?;
        }
    }
    Ok(())
}
