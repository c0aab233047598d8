//! What is written for containers.

use std::collections::BTreeSet;

use super::{Machine, mode, variable};
use crate::support::path;

#[test]
fn a_stack_is_written_that_one_command_starts() {
    let machine = Machine::with_docker();
    let told = machine.stack(&[]).expect(0).stdout;
    let start = format!("cd {} && docker compose up --detach", machine.target().display());
    assert_eq!(told.lines().last(), Some(start.as_str()), "{told}");
    for file in [".env", "config.toml", "compose.yaml", "services.yaml", "secrets/catalog_url"] {
        assert!(machine.target().join(file).is_file(), "{file}");
        assert!(told.contains(file), "{told}");
    }
    assert!(machine.target().join("documents").is_dir());
    let watching = machine.text("observability.yaml");
    assert!(watching.contains("file: ./observability/prometheus.yaml"), "{watching}");
    assert!(machine.target().join("observability/dashboard.json").is_file());
    let env = machine.text(".env");
    assert_eq!(variable(&env, "COMPOSE_FILE"), "compose.yaml:deployment.yaml");
    assert_eq!(variable(&env, "COMPOSE_PROFILES"), "models");
    assert_eq!(variable(&env, "RAGTERM_IMAGE"), "registry.example.com/ragterm:1");
    assert_eq!(variable(&env, "RAGTERM_EMBEDDING_MODEL"), "bge-m3");
}

#[test]
fn the_configuration_of_a_stack_is_read_by_this_program() {
    let machine = Machine::with_docker();
    for kind in ["compose", "compose-embedded", "local"] {
        let docs = machine.ragterm.docs();
        machine.stack_of(kind, &["--folder", path(&docs)]).expect(0);
        let config = machine.target().join("config.toml");
        let shown = machine.run(&["--config", path(&config), "config", "show"]).expect(0).stdout;
        let place = if kind == "local" { path(&docs).to_owned() } else { "/documents".to_owned() };
        assert!(shown.contains(&format!("sources[0].path = \"{place}\"")), "{shown}");
        let backed_up = shown.contains("backup.directory = \"/var/backups/ragterm\"");
        assert_eq!(backed_up, kind != "local", "{shown}");
        std::fs::remove_dir_all(machine.target()).unwrap();
    }
}

#[test]
fn every_variable_of_the_example_is_in_env() {
    let machine = Machine::with_docker();
    machine.stack(&["--answering-model", "none"]).expect(0);
    let env = machine.text(".env");
    let example = include_str!("../../compose/.env.example");
    let names = example.lines().filter_map(|line| line.split_once('=')).map(|(name, _)| name);
    for name in names.filter(|name| !name.starts_with('#')) {
        variable(&env, name);
    }
    assert_eq!(variable(&env, "RAGTERM_LLM_PROVIDER"), "none");
    assert_eq!(variable(&env, "RAGTERM_LLM_MODEL"), "");
    assert_eq!(variable(&env, "POSTGRES_MEMORY"), "2g");
}

#[test]
fn secrets_are_private_random_and_all_that_the_files_name() {
    let machine = Machine::with_docker();
    machine.stack(&[]).expect(0);
    assert_eq!(mode(&machine.target().join("secrets")), 0o700);
    assert_eq!(mode(&machine.target().join(".env")), 0o600);
    let password = machine.text("secrets/postgres_password");
    assert!(password.len() == 48 && password.chars().all(|c| c.is_ascii_hexdigit()));
    let url = format!("postgres://ragterm:{password}@postgres/ragterm");
    assert_eq!(machine.text("secrets/catalog_url"), url);
    let named: BTreeSet<String> = machine
        .everything()
        .iter()
        .filter(|(path, _)| path.extension().is_some_and(|extension| extension == "yaml"))
        .flat_map(|(_, text)| secrets_in(&String::from_utf8_lossy(text)))
        .collect();
    assert!(named.contains("qdrant_api_key") && named.len() > 8, "{named:?}");
    for name in &named {
        assert!(machine.target().join("secrets").join(name).is_file(), "{name}");
    }
    let mut random: Vec<String> = [
        "postgres_password",
        "qdrant_api_key",
        "minio_password",
        "milvus_password",
        "vllm_api_key",
    ]
    .map(|name| machine.text(&format!("secrets/{name}")))
    .to_vec();
    std::fs::remove_dir_all(machine.target()).unwrap();
    machine.stack(&[]).expect(0);
    random.push(machine.text("secrets/postgres_password"));
    random.sort();
    random.dedup();
    assert_eq!(random.len(), 6, "no two secrets are equal");
}

/// The names of the files of secrets that a compose file names.
fn secrets_in(text: &str) -> Vec<String> {
    let name = |line: &str| Some(line.split_once("RAGTERM_SECRETS:-./secrets}/")?.1.to_owned());
    text.lines().filter_map(name).collect()
}

#[test]
fn documents_are_open_to_the_container_and_nothing_else_is_whatever_the_mask() {
    let machine = Machine::with_docker();
    let target = machine.target();
    let command = machine.command(&["init", "--yes", "--image", "x", "--directory", path(&target)]);
    let mut masked = std::process::Command::new("sh");
    masked.args(["-c", "umask 077; exec \"$0\" \"$@\""]);
    masked.arg(command.get_program()).args(command.get_args()).env_clear();
    masked.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let told = super::finished(masked.output().unwrap()).expect(0).stdout;
    assert_eq!(mode(&target.join("documents")), 0o755);
    assert_eq!(mode(&target.join("secrets")), 0o700);
    assert_eq!(mode(&target), 0o700);
    assert!(told.contains("user 10001 of the container must be able to read"), "{told}");
}

#[test]
fn a_secret_is_shown_nowhere() {
    let machine = Machine::with_docker();
    let told = machine.stack(&["--json"]).expect(0);
    let password = machine.text("secrets/postgres_password");
    assert!(!told.stdout.contains(&password) && !told.stderr.contains(&password));
    assert!(!machine.text(".env").contains(&password));
    assert!(!machine.text("config.toml").contains(&password));
}

#[test]
fn hostile_names_of_folders_mean_themselves() {
    let machine = Machine::with_docker();
    let names = ["it's \"$HOME\" `id` #1 \\", "한글 폴더", "${PATH:-x}", "plain"];
    let folders = names.map(|name| {
        let folder = machine.ragterm.docs().join(name);
        std::fs::create_dir(&folder).unwrap();
        folder
    });
    let arguments: Vec<&str> =
        folders.iter().flat_map(|folder| ["--folder", path(folder)]).collect();
    machine.stack(&arguments).expect(0);
    let env = machine.text(".env");
    assert_eq!(variable(&env, "RAGTERM_DOCUMENTS"), path(&folders[0]));
    assert_eq!(variable(&env, "COMPOSE_FILE"), "compose.yaml:deployment.yaml");
    let deployment = machine.text("deployment.yaml");
    for folder in &folders[1..] {
        // Docker Compose replaces its variables after YAML is read.
        let text = serde_json::to_string(path(folder)).unwrap().replace('$', "$$");
        assert!(deployment.contains(&format!("source: {text}\n")), "{deployment}");
    }
    std::fs::remove_dir_all(machine.target()).unwrap();
    machine.init(&[&["--kind", "local"], &*arguments].concat()).expect(0);
    let config = machine.target().join("config.toml");
    let shown = machine.run(&["--config", path(&config), "config", "show", "--json"]).expect(0);
    let shown = shown.json();
    let is_path = |setting: &&serde_json::Value| {
        let key = setting["key"].as_str().unwrap();
        key.starts_with("sources[") && key.ends_with("].path")
    };
    let paths = shown.as_array().unwrap().iter().filter(is_path);
    // A text in TOML on one line is one in JSON as well.
    let paths: Vec<String> = paths
        .map(|setting| serde_json::from_str(setting["value"].as_str().unwrap()).unwrap())
        .collect();
    assert_eq!(paths, folders.each_ref().map(|folder| path(folder).to_owned()));
}

#[test]
fn the_image_of_this_program_is_made_where_no_other_is_named() {
    let machine = Machine::with_docker();
    let told = machine.init(&["--kind", "compose-embedded", "--json"]).expect(0).json();
    let copy = machine.target().join("image/ragterm");
    let own = std::fs::metadata(env!("CARGO_BIN_EXE_ragterm")).unwrap().len();
    assert_eq!(std::fs::metadata(&copy).unwrap().len(), own);
    assert_eq!(mode(&copy), 0o755);
    assert!(machine.text("image/Dockerfile").contains("COPY --chmod=0755 ragterm"));
    assert_eq!(variable(&machine.text(".env"), "RAGTERM_BUILD_CONTEXT"), "./image");
    assert_eq!(variable(&machine.text(".env"), "COMPOSE_FILE"), "embedded.yaml:deployment.yaml");
    let checks = told["checks"].as_array().unwrap();
    assert!(checks.iter().any(|check| check["name"] == "image"), "{told}");
}

#[test]
fn what_was_chosen_is_what_starts() {
    let machine = Machine::with_docker();
    let pem = machine.at("cert.pem");
    std::fs::write(&pem, "-----BEGIN CERTIFICATE-----\nAAAA\n").unwrap();
    let told = machine
        .stack(&[
            "--bot",
            "slack,discord",
            "--embedding-model",
            "builtin",
            "--answering-model",
            "none",
            "--listen",
            "127.0.0.1:17450",
            "--tls-cert",
            path(&pem),
            "--tls-key",
            path(&pem),
        ])
        .expect(0)
        .stdout;
    let env = machine.text(".env");
    assert_eq!(variable(&env, "COMPOSE_FILE"), "compose.yaml:remote.yaml:deployment.yaml");
    assert_eq!(variable(&env, "COMPOSE_PROFILES"), "discord,slack");
    assert_eq!(variable(&env, "RAGTERM_EMBEDDING_PROVIDER"), "builtin");
    assert_eq!(variable(&env, "RAGTERM_PORT"), "17450");
    assert_eq!(machine.text("secrets/tls_cert"), std::fs::read_to_string(&pem).unwrap());
    assert!(machine.text("deployment.yaml").contains("profiles: [ollama]"));
    assert!(told.contains("secrets/slack_app_token and secrets/slack_bot_token"), "{told}");
    assert!(told.contains("token create discord --space '*' --acts-for discord"), "{told}");
}

impl Machine {
    fn stack_of(&self, kind: &str, arguments: &[&str]) -> crate::support::Finished {
        let image: &[&str] = if kind == "local" { &[] } else { &["--image", "ragterm:1"] };
        self.init(&[&["--kind", kind], image, arguments].concat())
    }
}
