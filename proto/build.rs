//! Generates the gRPC code with a pure-Rust protobuf compiler, and a list of the service's methods.

use std::{env, error::Error, fs, path::PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=proto");
    let descriptors = protox::compile(["ragterm/v1/ragterm.proto"], ["proto"])?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("ragterm.bin"), prost::Message::encode_to_vec(&descriptors))?;
    let services = descriptors.file.iter().flat_map(|file| &file.service);
    let methods: Vec<&str> =
        services.flat_map(|service| &service.method).map(|method| method.name()).collect();
    fs::write(out.join("methods.rs"), format!("&{methods:?}"))?;
    tonic_prost_build::configure().compile_fds(descriptors)?;
    Ok(())
}
