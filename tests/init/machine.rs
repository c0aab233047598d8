//! What `init` sees of the machine: told with what to do, and never in the way.

use std::net::TcpListener;

use serde_json::Value;

use super::Machine;
use crate::fakes::ollama;
use crate::support::{Finished, path};

/// The check of a name, in the report.
fn check(told: &Finished, name: &str) -> Value {
    let report = told.json();
    let checks = report["checks"].as_array().unwrap();
    let found = checks.iter().find(|check| check["name"] == name);
    found.unwrap_or_else(|| panic!("no check `{name}`: {report}")).clone()
}

#[test]
fn without_docker_everything_is_written_and_the_problem_is_told() {
    let machine = Machine::new();
    let told = machine.stack(&["--json"]).expect(0);
    let docker = check(&told, "docker");
    assert_eq!(docker["state"], "fail");
    assert!(docker["detail"].as_str().unwrap().contains("no `docker`"), "{docker}");
    assert!(docker["remedy"].as_str().unwrap().contains("install"), "{docker}");
    assert!(machine.target().join("compose.yaml").is_file());
    std::fs::remove_dir_all(machine.target()).unwrap();
    let told = machine.stack(&[]).expect(0).stdout;
    assert!(told.contains("fail  docker") && told.contains("→ install Docker"), "{told}");
    assert!(told.contains("1 problem to be mended"), "{told}");
}

#[test]
fn a_docker_that_is_down_or_old_is_told() {
    let machine = Machine::new();
    machine.program("docker", r#"[ "$1" = compose ] && echo v2.19.1 && exit; echo "Cannot connect to the Docker daemon" >&2; exit 1"#);
    let told = machine.stack(&["--json"]).expect(0);
    assert!(check(&told, "docker")["detail"].as_str().unwrap().contains("Cannot connect"));
    let compose = check(&told, "docker compose");
    assert_eq!(compose["state"], "fail");
    assert!(compose["detail"].as_str().unwrap().contains("older than 2.20"), "{compose}");
    // `can't set healthcheck.start_interval`, says Compose.
    machine.program("docker", r#"[ "$1" = compose ] && echo v2.40.3 || echo 24.0.7"#);
    std::fs::remove_dir_all(machine.target()).unwrap();
    let told = machine.stack(&["--json"]).expect(0);
    let engine = check(&told, "docker");
    assert_eq!(engine["state"], "fail");
    assert!(engine["detail"].as_str().unwrap().contains("older than 25.0"), "{engine}");
}

#[test]
fn a_docker_that_hangs_does_not_hang_init() {
    let machine = Machine::new();
    machine.program("docker", "exec sleep 1000");
    let told = machine.stack(&["--json", "--dry-run"]).expect(0);
    assert!(check(&told, "docker")["detail"].as_str().unwrap().contains("no answer within"));
}

#[test]
fn the_volumes_of_an_earlier_deployment_are_told() {
    let machine = Machine::new();
    let volume = r#"[ "$1" = volume ] && echo ragterm_ragterm-data && exit"#;
    machine.program("docker", &format!("{volume}\n{}", super::DOCKER));
    let told = machine.stack(&["--json"]).expect(0);
    let volumes = check(&told, "volumes");
    assert_eq!(volumes["state"], "fail");
    assert!(volumes["remedy"].as_str().unwrap().contains("COMPOSE_PROJECT_NAME"), "{volumes}");
}

#[test]
fn a_port_in_use_is_told_with_what_to_do() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let machine = Machine::with_docker();
    let told = machine.init(&["--kind", "local", "--listen", &address, "--json"]).expect(0);
    let port = check(&told, "port");
    assert_eq!(port["state"], "fail");
    assert_eq!(port["detail"], format!("{address} is in use"));
    assert!(port["remedy"].as_str().unwrap().contains("--listen"));
}

#[test]
fn a_gpu_is_given_to_ollama_where_containers_can_have_it() {
    let machine = Machine::with_docker();
    let told = machine.stack(&["--gpu", "yes", "--json", "--dry-run"]).expect(0);
    assert_eq!(check(&told, "gpu")["state"], "fail");
    machine.program("nvidia-smi", "echo 'NVIDIA L4, 23034 MiB'");
    let told = machine.stack(&["--json", "--dry-run"]).expect(0);
    let gpu = check(&told, "gpu");
    assert_eq!(gpu["state"], "warn");
    assert!(gpu["remedy"].as_str().unwrap().contains("container toolkit"), "{gpu}");
    machine.program("nvidia-ctk", "exit 0");
    let told = machine.stack(&["--json"]).expect(0);
    let gpu = check(&told, "gpu");
    assert_eq!((&gpu["state"], &gpu["detail"]), (&"ok".into(), &"NVIDIA L4, 23034 MiB".into()));
    assert!(machine.text(".env").contains("COMPOSE_FILE=compose.yaml:gpu.yaml:deployment.yaml\n"));
    assert!(machine.text("gpu.yaml").contains("capabilities: [gpu]"));
}

#[test]
fn a_folder_that_the_container_may_not_read_is_told() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let machine = Machine::with_docker();
    let docs = machine.ragterm.docs();
    let set =
        |mode| std::fs::set_permissions(&docs, std::fs::Permissions::from_mode(mode)).unwrap();
    set(0o700);
    let told = machine.stack(&["--folder", path(&docs), "--json", "--dry-run"]).expect(0);
    let folder = check(&told, "folder");
    assert_eq!(folder["state"], "fail");
    assert!(folder["remedy"].as_str().unwrap().contains("RAGTERM_DOCUMENTS_GROUP"), "{folder}");
    set(0o750);
    machine.stack(&["--folder", path(&docs)]).expect(0);
    let group = std::fs::metadata(&docs).unwrap().gid();
    assert!(machine.text(".env").contains(&format!("RAGTERM_DOCUMENTS_GROUP={group}\n")));
    set(0o755);
}

#[test]
fn a_dry_run_shows_every_file_and_writes_none() {
    let machine = Machine::with_docker();
    let report = machine.stack(&["--dry-run", "--json"]).expect(0).json();
    assert!(!machine.target().exists());
    assert_eq!(report["written"], false);
    let mut shown: Vec<String> = report["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| file["path"].as_str().unwrap().to_owned())
        .collect();
    machine.stack(&[]).expect(0);
    let written = machine.everything();
    let mut written: Vec<String> = written
        .iter()
        .filter(|(path, _)| path.is_file())
        .map(|(at, _)| path(at).to_owned())
        .collect();
    shown.sort();
    written.sort();
    assert_eq!(shown, written);
}

#[test]
fn the_command_for_this_machine_starts_what_was_chosen() {
    let machine = Machine::new();
    machine.ragterm.write("note.md", "the bittern booms");
    let docs = machine.ragterm.docs();
    let arguments = ["--kind", "local", "--folder", path(&docs), "--embedding-model", "none"];
    let told = machine.init(&arguments).expect(0).stdout;
    let start = told.lines().last().unwrap().to_owned();
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", &start]).env_clear();
    let command = machine.command(&[]);
    shell.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let started = super::finished(shell.output().unwrap()).expect(0);
    assert!(started.stdout.contains("docs"), "{}", started.stdout);
    let (config, data) = (machine.target().join("config.toml"), machine.target().join("data"));
    let flags = ["--config", path(&config), "--data-dir", path(&data)];
    crate::support::until("the note to be found", || {
        machine.run(&[&flags[..], &["search", "bittern"]].concat()).code == 0
    });
    machine.run(&[&flags[..], &["stop"]].concat()).expect(0);
}

#[test]
fn without_a_directory_the_configuration_goes_to_its_usual_place() {
    let machine = Machine::new();
    let told = machine.run(&["init", "--yes", "--kind", "local"]).expect(0).stdout;
    assert_eq!(told.lines().last(), Some("ragterm status"), "{told}");
    let config = machine.at(".config/ragterm/config.toml");
    assert_eq!(super::mode(&config), 0o600);
    machine.run(&["init", "--yes", "--kind", "local"]).expect(2);
    let other = machine.at("etc/config.toml");
    let told = machine.run(&["--config", path(&other), "init", "--yes", "--kind", "local"]);
    let start = format!("ragterm --config {} status", other.display());
    assert_eq!(told.expect(0).stdout.lines().last(), Some(start.as_str()));
}

#[test]
fn an_ollama_that_was_named_is_asked_for_its_models_and_it_is_said() {
    let fake = ollama::start();
    let has = fake.state.behaviour().models[0].clone();
    let machine = Machine::new();
    let arguments = ["--kind", "local", "--embedding-model", &has, "--ollama", &fake.url, "--json"];
    let told =
        machine.init(&[&arguments[..], &["--answering-model", "no-such:1b"]].concat()).expect(0);
    assert!(told.stderr.contains(&format!("asking Ollama at {}", fake.url)), "{}", told.stderr);
    assert_eq!(check(&told, "embedding")["state"], "ok");
    let answering = check(&told, "answering");
    assert_eq!(answering["state"], "fail");
    assert!(answering["remedy"].as_str().unwrap().contains("pull"), "{answering}");
    let config = machine.text("config.toml");
    assert!(config.contains(&format!("url = \"{}\"", fake.url)), "{config}");
}
