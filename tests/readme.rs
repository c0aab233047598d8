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
        // Without a command it is the terminal client, which has tests of its own.
        if arguments.is_empty() {
            continue;
        }
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
    let config = configuration_in(readme);
    assert_eq!((&*config.embedder.model, &*config.llm.model), ("bge-m3", "qwen3:8b"));
    assert_eq!(configuration_in(include_str!("../bots/README.md")).access.grants.len(), 2);
}

/// All TOML of a page as one configuration.
fn configuration_in(page: &str) -> ragterm::config::Config {
    let blocks = page.split("```toml").skip(1);
    let text: String = blocks.map(|block| block.split("```").next().unwrap()).collect();
    let inputs = ragterm::config::Inputs { text, ..Default::default() };
    ragterm::config::Config::load(&inputs).unwrap().config
}
