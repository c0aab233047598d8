//! The README's commands work as they stand there.

use crate::support::Instance;

#[test]
fn the_first_commands_of_the_readme_work() {
    let readme = include_str!("../README.md");
    let ragterm = Instance::new();
    let mut ran = 0;
    let block = readme.split("```sh").nth(1).unwrap().split("```").next().unwrap();
    for line in block.lines().filter_map(|line| line.strip_prefix("ragterm ")) {
        let line = line.split('#').next().unwrap_or_default();
        let arguments: Vec<&str> =
            line.split_whitespace().map(|word| word.trim_matches('"')).collect();
        let mut command = ragterm.command(&arguments);
        command.current_dir(env!("CARGO_MANIFEST_DIR"));
        let output = command.output().unwrap();
        assert!(
            output.status.success(),
            "ragterm {line}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        ran += 1;
    }
    assert!(ran >= 3, "the README shows {ran} commands");
}

#[test]
fn the_configuration_in_the_readme_is_valid() {
    let readme = include_str!("../README.md");
    let text = readme.split("```toml").nth(1).unwrap().split("```").next().unwrap().to_owned();
    let inputs = ragterm::config::Inputs { text, ..Default::default() };
    let config = ragterm::config::Config::load(&inputs).unwrap().config;
    assert_eq!(config.embedder.model, "bge-m3");
}
