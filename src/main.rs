//! The `ragterm` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    ragterm::cli::run()
}
