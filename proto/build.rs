//! Generates the gRPC code with a pure-Rust protobuf compiler.

use std::{env, error::Error, fs, path::PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=proto");
    let descriptors = protox::compile(["ragterm/v1/ragterm.proto"], ["proto"])?;
    let out = PathBuf::from(env::var("OUT_DIR")?).join("ragterm.bin");
    fs::write(out, prost::Message::encode_to_vec(&descriptors))?;
    tonic_prost_build::configure().compile_fds(descriptors)?;
    Ok(())
}
