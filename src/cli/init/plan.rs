//! Everything that is written for what was chosen, and the one command that starts it.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::choices::{Choices, Kind};
use super::files::{self, Content, Directory, Mask, NewFile, Reuse};
use super::words::for_shell;
use super::{image, paths, settings};
use crate::cli::context::{Context, Global};
use crate::config::{Config, Inputs};
use crate::error::{Error, Result};

/// Secrets that only have to be random, as `compose/make-secrets.sh` makes them.
const RANDOM: [&str; 4] = ["grafana_password", "minio_password", "qdrant_api_key", "vllm_api_key"];

/// Bytes of a random secret; it is written in hexadecimal digits.
const SECRET_BYTES: usize = 24;

/// Only its owner gets through the directory of the secrets; in it each container reads its own as
/// a user of its own.
const SECRET: u32 = 0o444;
const TOKEN: u32 = 0o644;

const COMPOSE: [(&str, &str); 6] = [
    ("compose.yaml", include_str!("../../../compose/compose.yaml")),
    ("services.yaml", include_str!("../../../compose/services.yaml")),
    ("gpu.yaml", include_str!("../../../compose/gpu.yaml")),
    ("milvus.yaml", include_str!("../../../compose/milvus.yaml")),
    ("remote.yaml", include_str!("../../../compose/remote.yaml")),
    ("vllm.yaml", include_str!("../../../compose/vllm.yaml")),
];

const WATCHING: &str = include_str!("../../../compose/observability.yaml");

/// Where the repository has what Prometheus and Grafana read, and where a deployment has it.
const WATCHED_FROM: [&str; 2] = ["../deploy/observability/", "./observability/"];

const OBSERVABILITY: [(&str, &str); 5] = [
    ("alerts.yaml", include_str!("../../../deploy/observability/alerts.yaml")),
    ("dashboard.json", include_str!("../../../deploy/observability/dashboard.json")),
    (
        "grafana-dashboards.yaml",
        include_str!("../../../deploy/observability/grafana-dashboards.yaml"),
    ),
    (
        "grafana-datasource.yaml",
        include_str!("../../../deploy/observability/grafana-datasource.yaml"),
    ),
    ("prometheus.yaml", include_str!("../../../deploy/observability/prometheus.yaml")),
];

const EMBEDDED: (&str, &str) = ("embedded.yaml", include_str!("../../../compose/embedded.yaml"));

/// A deployment that is not written yet.
#[derive(Debug)]
pub struct Plan {
    /// What runs where.
    pub kind: Kind,
    /// Where the files go.
    pub directory: String,
    /// What is to be done besides, in sentences.
    pub next: Vec<String>,
    /// The command that starts it.
    pub start: String,
    directories: Vec<Directory>,
    files: Vec<NewFile>,
}

/// A file of a plan as it is told.
#[derive(Debug, Serialize)]
pub struct Listed {
    /// Its path.
    pub path: String,
    /// Its size.
    pub bytes: u64,
    /// Its mode, such as `0600`.
    pub mode: String,
}

impl Plan {
    /// Makes the texts; fails when the configuration would not be read by this very program.
    pub fn make(choices: &Choices) -> Result<Self> {
        match (choices.kind, &choices.directory) {
            (Kind::Local, directory) => Self::of_machine(choices, directory.as_deref()),
            (_, Some(directory)) => Self::of_containers(choices, directory),
            (_, None) => Err(Error::usage("containers need a --directory")),
        }
    }

    /// Fails, naming it, when anything is there that would be written.
    pub fn check_absent(&self) -> Result<()> {
        files::check_absent(&self.directories, &self.files)
    }

    /// Writes everything, or nothing.
    pub fn write(&self) -> Result<()> {
        files::write(&self.directories, &self.files)
    }

    /// The files, in the order in which they are written.
    pub fn listed(&self) -> Vec<Listed> {
        let listed = |file: &NewFile| Listed {
            path: file.path.display().to_string(),
            bytes: file.content.len(),
            mode: format!("{:04o}", file.mode),
        };
        self.files.iter().map(listed).collect()
    }

    fn of_machine(choices: &Choices, directory: Option<&Path>) -> Result<Self> {
        let config = match directory {
            Some(directory) => directory.join("config.toml"),
            None => choices.usual_config.clone(),
        };
        let root = config.parent().unwrap_or(Path::new("/")).to_owned();
        paths::on_one_line(paths::text(&root)?)?;
        let secrets = root.join("secrets");
        let mut plan = Self::empty(choices, &root)?;
        plan.config(&config, settings::config_of_machine(choices, paths::text(&secrets)?), 0o600)?;
        if !choices.bots.is_empty() {
            plan.directory(&secrets, 0o700, Reuse::Allowed);
        }
        for name in choices.bots.iter().flat_map(|bot| bot.secrets()) {
            plan.file(secrets.join(name), 0o600, Vec::new());
        }
        plan.say_machine(choices, (directory, &config))?;
        Ok(plan)
    }

    fn of_containers(choices: &Choices, directory: &Path) -> Result<Self> {
        let mut plan = Self::empty(choices, directory)?;
        plan.secrets(choices, &directory.join("secrets"))?;
        plan.file(directory.join(".env"), 0o600, settings::env(choices)?.into_bytes());
        // The user of the image reads it.
        plan.config(&directory.join("config.toml"), settings::config_of_container(choices), 0o644)?;
        let files = match choices.kind {
            Kind::Embedded => COMPOSE
                .iter()
                .filter(|(name, _)| matches!(*name, "services.yaml" | "remote.yaml"))
                .chain([&EMBEDDED])
                .collect(),
            _ => COMPOSE.iter().collect::<Vec<_>>(),
        };
        for (name, text) in files {
            plan.file(directory.join(name), 0o644, text.as_bytes().to_vec());
        }
        if choices.kind == Kind::Compose {
            plan.observability(directory);
        }
        let text = settings::deployment(choices);
        plan.file(directory.join("deployment.yaml"), 0o644, text.into_bytes());
        let ignored = include_bytes!("../../../compose/.gitignore").to_vec();
        plan.file(directory.join(".gitignore"), 0o644, ignored);
        if choices.folders.is_empty() {
            plan.directories.push(Directory {
                path: directory.join("documents"),
                mode: 0o755,
                mask: Mask::Ignored,
                reuse: Reuse::Allowed,
            });
        }
        if choices.image.is_none() {
            plan.image(&directory.join("image"))?;
        }
        plan.start = format!("cd {} && docker compose up --detach", for_shell(&plan.directory));
        plan.say_containers(choices);
        Ok(plan)
    }

    fn empty(choices: &Choices, directory: &Path) -> Result<Self> {
        let mut plan = Self {
            kind: choices.kind,
            directory: paths::text(directory)?.to_owned(),
            next: Vec::new(),
            start: String::new(),
            directories: Vec::new(),
            files: Vec::new(),
        };
        plan.directory(directory, 0o755, Reuse::Allowed);
        Ok(plan)
    }

    fn directory(&mut self, path: &Path, mode: u32, reuse: Reuse) {
        let (path, mask) = (path.to_owned(), Mask::Counts);
        self.directories.push(Directory { path, mode, mask, reuse });
    }

    fn file(&mut self, path: PathBuf, mode: u32, bytes: Vec<u8>) {
        self.files.push(NewFile { path, mode, content: Content::Bytes(bytes) });
    }

    /// A configuration that this program reads.
    fn config(&mut self, path: &Path, text: String, mode: u32) -> Result<()> {
        let inputs = Inputs { file: path.to_owned(), text, ..Inputs::default() };
        Config::load(&inputs)?;
        self.file(path.to_owned(), mode, inputs.text.into_bytes());
        Ok(())
    }

    fn secrets(&mut self, choices: &Choices, directory: &Path) -> Result<()> {
        self.directory(directory, 0o700, Reuse::Refused);
        let mut secret =
            |name: &str, mode: u32, text: Vec<u8>| self.file(directory.join(name), mode, text);
        if choices.kind == Kind::Compose {
            for name in RANDOM {
                secret(name, SECRET, random()?.into_bytes());
            }
            let password = random()?;
            secret(
                "catalog_url",
                SECRET,
                format!("postgres://ragterm:{password}@postgres/ragterm").into_bytes(),
            );
            secret("postgres_password", SECRET, password.into_bytes());
            let password = random()?;
            secret("milvus_token", SECRET, format!("root:{password}").into_bytes());
            secret("milvus_password", SECRET, password.into_bytes());
            for name in super::choices::Bot::ALL.iter().flat_map(|bot| bot.secrets()) {
                secret(name, TOKEN, Vec::new());
            }
        }
        let tls = choices.listen.as_ref().and_then(|listen| listen.tls.as_ref());
        let (certificate, key) = match tls {
            Some((certificate, key)) => (paths::read_pem(certificate)?, paths::read_pem(key)?),
            None => (Vec::new(), Vec::new()),
        };
        secret("tls_cert", TOKEN, certificate);
        secret("tls_key", TOKEN, key);
        Ok(())
    }

    /// Prometheus and Grafana, which start when `.env` names their file.
    fn observability(&mut self, directory: &Path) {
        let [repository, here] = WATCHED_FROM;
        let text = WATCHING.replace(repository, here);
        self.file(directory.join("observability.yaml"), 0o644, text.into_bytes());
        let directory = directory.join("observability");
        self.directory(&directory, 0o755, Reuse::Refused);
        for (name, text) in OBSERVABILITY {
            self.file(directory.join(name), 0o644, text.as_bytes().to_vec());
        }
        self.next.push(
            "to watch it with Prometheus and Grafana, add `:observability.yaml` to COMPOSE_FILE in .env"
                .into(),
        );
    }

    fn image(&mut self, directory: &Path) -> Result<()> {
        self.directory(directory, 0o755, Reuse::Refused);
        self.file(directory.join("Dockerfile"), 0o644, image::dockerfile().into_bytes());
        let content = Content::Copy(image::program()?);
        self.files.push(NewFile { path: directory.join("ragterm"), mode: 0o755, content });
        Ok(())
    }

    fn say_containers(&mut self, choices: &Choices) {
        if choices.folders.is_empty() {
            self.next.push(format!(
                "put documents into documents/, where user {} of the container must be able to read \
                 them (`chmod -R o+rX documents`), or name a folder in .env (RAGTERM_DOCUMENTS)",
                paths::IMAGE_USER
            ));
        }
        if choices.uses_ollama() {
            self.next.push(
                "the first start fetches the models in the background; search by words does not wait \
                 for them (`docker compose logs models` shows how far it is)"
                    .into(),
            );
        }
        for bot in &choices.bots {
            let (name, secrets) = (bot.name(), bot.secrets());
            let (own, chat) = secrets.split_last().unwrap_or((&"", &[]));
            let chat: Vec<String> = chat.iter().map(|secret| format!("secrets/{secret}")).collect();
            self.next.push(format!(
                "{name}: put what the chat gave you into {}; after the start make the one that the daemon asks for with \
                 `docker compose exec -T ragterm ragterm token create {name} --space '*' --acts-for {name} \
                 > secrets/{own}`; until then the bot ends, says why, and is started again",
                chat.join(" and ")
            ));
        }
    }

    fn say_machine(
        &mut self,
        choices: &Choices,
        (directory, config): (Option<&Path>, &Path),
    ) -> Result<()> {
        let config = for_shell(paths::text(config)?);
        self.start = match directory {
            Some(directory) => {
                let data = for_shell(paths::text(&directory.join("data"))?);
                self.next.push(format!(
                    "every command needs to know where it is: export RAGTERM_CONFIG={config} RAGTERM_DATA_DIR={data}"
                ));
                format!("ragterm --config {config} --data-dir {data} status")
            }
            // Who set RAGTERM_CONFIG has it set for the next command as well.
            None if is_found(&choices.usual_config)? => "ragterm status".to_owned(),
            None => format!("ragterm --config {config} status"),
        };
        if choices.folders.is_empty() {
            self.next.push("after the start, add a folder: `ragterm add PATH`".into());
        }
        for bot in &choices.bots {
            let (name, own) = (bot.name(), bot.secrets().last().copied().unwrap_or_default());
            self.next.push(format!(
                "{name}: put what the chat gave you into the other files of secrets/, make its own with \
                 `ragterm token create {name} --space '*' --acts-for {name}` into secrets/{own}, \
                 then `ragterm {name}`"
            ));
        }
        Ok(())
    }
}

/// Whether a command without flags reads this configuration.
fn is_found(config: &Path) -> Result<bool> {
    Ok(Context::new(Global::default())?.paths.config_file == config)
}

fn random() -> Result<String> {
    let mut bytes = [0_u8; SECRET_BYTES];
    getrandom::fill(&mut bytes).map_err(|error| {
        Error::internal("the system gives no random numbers").because(error.to_string())
    })?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
