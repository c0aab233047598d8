//! What shall be deployed: asked, or given by flags, and held to what can be.

use std::net::SocketAddr;
use std::path::PathBuf;

use super::Args;
use super::ask::{Asker, Question};
use super::paths::{self, Folder};
use super::servers::Gpu;
use crate::cli::context::Context;
use crate::config::check_web_address;
use crate::error::{Error, Result};

/// The words of `--kind`.
pub const KINDS: [&str; 3] = ["compose", "compose-embedded", "local"];

const MEANINGS: [(&str, &str); 3] = [
    ("compose", "containers: the daemon, PostgreSQL, Qdrant and Ollama"),
    ("compose-embedded", "one container: the daemon alone"),
    ("local", "this machine: a configuration, no containers"),
];

/// Where Ollama is, unless somebody says otherwise.
const OLLAMA: &str = "http://127.0.0.1:11434";

/// A longer name of a model or an image is refused.
const NAME_BYTES: usize = 200;

/// What runs where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The daemon and its servers in containers.
    Compose,
    /// The daemon alone in a container.
    Embedded,
    /// No containers.
    Local,
}

/// What makes vectors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Embedding {
    /// The model inside the program.
    Builtin,
    /// Nothing.
    None,
    /// A model of Ollama.
    Ollama(String),
}

/// A bot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bot {
    /// `ragterm slack`.
    Slack,
    /// `ragterm discord`.
    Discord,
}

/// Where other machines reach the daemon, and the files of its certificate and key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listen {
    /// The address of this machine and the port.
    pub address: SocketAddr,
    /// Certificate and key.
    pub tls: Option<(PathBuf, PathBuf)>,
}

/// All answers.
#[derive(Debug)]
pub struct Choices {
    /// What runs where.
    pub kind: Kind,
    /// Where the files go; `None` for a configuration in its usual place.
    pub directory: Option<PathBuf>,
    /// The configuration of this machine's own ragterm.
    pub usual_config: PathBuf,
    /// The folders to watch.
    pub folders: Vec<Folder>,
    /// What makes vectors.
    pub embedding: Embedding,
    /// The model of Ollama that answers.
    pub answering: Option<String>,
    /// Where Ollama is that runs outside of the deployment.
    pub ollama: String,
    /// The bots to run.
    pub bots: Vec<Bot>,
    /// Where other machines reach it.
    pub listen: Option<Listen>,
    /// The image in a registry; `None`: made of this program.
    pub image: Option<String>,
    /// Whether Ollama's container gets the GPU.
    pub gpu: bool,
}

impl Kind {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Compose => KINDS[0],
            Self::Embedded => KINDS[1],
            Self::Local => KINDS[2],
        }
    }

    fn named(word: &str) -> Self {
        [Self::Compose, Self::Embedded]
            .into_iter()
            .find(|kind| kind.name() == word)
            .unwrap_or(Self::Local)
    }

    /// Whether it runs in containers.
    pub fn has_containers(self) -> bool {
        self != Self::Local
    }
}

impl Bot {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Slack, Self::Discord];

    /// The word for it, which is also its command and its profile.
    pub fn name(self) -> &'static str {
        match self {
            Self::Slack => "slack",
            Self::Discord => "discord",
        }
    }

    /// The names of its secrets: those of its chat, then the one that it shows the daemon.
    pub fn secrets(self) -> &'static [&'static str] {
        match self {
            Self::Slack => &["slack_app_token", "slack_bot_token", "slack_token"],
            Self::Discord => &["discord_bot_token", "discord_token"],
        }
    }

    fn named(word: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|bot| bot.name() == word).ok_or_else(|| {
            Error::usage(format!("`{word}` is no bot; use `slack`, `discord` or `none`"))
        })
    }
}

impl Choices {
    /// Asks for all that no flag says; fails with every question that nobody answered.
    pub fn make(args: &Args, asker: &mut Asker, (context, gpu): (&Context, &Gpu)) -> Result<Self> {
        let question = Question { flag: "--kind", prompt: "What shall run", default: KINDS[0] };
        let kind = Kind::named(&asker.choice(question, args.kind.as_deref(), &MEANINGS)?);
        let directory = directory(args, asker, kind)?;
        let folders = folders(args, asker)?;
        let embedding = embedding(args, asker, kind)?;
        let answering = answering(args, asker, kind)?;
        let uses_ollama = answering.is_some() || matches!(embedding, Embedding::Ollama(_));
        let choices = Self {
            kind,
            directory,
            usual_config: context.paths.config_file.clone(),
            folders,
            embedding,
            answering,
            ollama: ollama(args, asker, (kind, uses_ollama))?,
            bots: bots(args, asker, kind)?,
            listen: listen(args, asker, kind)?,
            image: image(args, kind)?,
            gpu: gives_gpu(args, asker, (kind == Kind::Compose && uses_ollama, gpu))?,
        };
        asker.check()?;
        Ok(choices)
    }

    /// Whether a model of Ollama is used.
    pub fn uses_ollama(&self) -> bool {
        self.answering.is_some() || matches!(self.embedding, Embedding::Ollama(_))
    }
}

fn directory(args: &Args, asker: &mut Asker, kind: Kind) -> Result<Option<PathBuf>> {
    let given = args.directory.as_deref();
    if kind == Kind::Local && given.is_none() {
        return Ok(None);
    }
    let question =
        Question { flag: "--directory", prompt: "Where shall it live", default: "./ragterm" };
    asker.one(question, given, paths::absolute).map(Some)
}

fn folders(args: &Args, asker: &mut Asker) -> Result<Vec<Folder>> {
    let prompt = "A folder to watch (empty: no more)";
    let paths = asker.many(
        Question { flag: "--folder", prompt, default: "" },
        &args.folder,
        paths::folder,
    )?;
    Ok(paths::named(paths))
}

fn embedding(args: &Args, asker: &mut Asker, kind: Kind) -> Result<Embedding> {
    let default = if kind == Kind::Compose { "bge-m3" } else { "builtin" };
    let prompt = match kind {
        Kind::Embedded => "The model that embeds (builtin reads English only; or none)",
        _ => {
            "The model that embeds (of Ollama, such as bge-m3; builtin reads English only; or none)"
        }
    };
    let question = Question { flag: "--embedding-model", prompt, default };
    asker.one(question, args.embedding_model.as_deref(), |word| match word {
        "builtin" => Ok(Embedding::Builtin),
        "none" => Ok(Embedding::None),
        _ if kind == Kind::Embedded => Err(alone(word)),
        model => Ok(Embedding::Ollama(name(model)?)),
    })
}

fn answering(args: &Args, asker: &mut Asker, kind: Kind) -> Result<Option<String>> {
    let given = args.answering_model.as_deref();
    if kind == Kind::Embedded && given.is_none() {
        return Ok(None);
    }
    let default = if kind == Kind::Compose { "qwen3:8b" } else { "none" };
    let prompt = "The model that answers (of Ollama, such as qwen3:8b; or none)";
    asker.one(Question { flag: "--answering-model", prompt, default }, given, |word| match word {
        "none" => Ok(None),
        _ if kind == Kind::Embedded => Err(alone(word)),
        model => name(model).map(Some),
    })
}

fn alone(model: &str) -> Error {
    Error::usage(format!("`{model}` needs Ollama, which `compose-embedded` does not have"))
        .hint("use --kind compose, or `builtin` or `none`")
}

fn ollama(args: &Args, asker: &mut Asker, (kind, is_used): (Kind, bool)) -> Result<String> {
    let given = args.ollama.as_deref();
    if kind != Kind::Local || !is_used {
        return match given {
            None => Ok(String::new()),
            Some(_) => Err(Error::usage(
                "--ollama: nothing of this deployment calls an Ollama outside of it",
            )
            .hint("use it with --kind local and a model of Ollama")),
        };
    }
    let question = Question { flag: "--ollama", prompt: "Where Ollama is", default: OLLAMA };
    asker.one(question, given, |address| match check_web_address(address) {
        Ok(address) if !address.is_empty() => paths::on_one_line(&address).map(|()| address),
        Ok(_) => Err(Error::usage("an address is needed, such as http://127.0.0.1:11434")),
        Err(why) => Err(Error::usage(why)),
    })
}

fn bots(args: &Args, asker: &mut Asker, kind: Kind) -> Result<Vec<Bot>> {
    let prompt = "A bot to run: slack or discord (empty: no more)";
    let question = Question { flag: "--bot", prompt, default: "" };
    if kind == Kind::Embedded {
        Asker::agree(question, &args.bot)?;
        return match args.bot.iter().find(|bot| bot.as_str() != "none") {
            None => Ok(Vec::new()),
            Some(bot) => Err(Error::usage(format!(
                "--bot: `{bot}` needs the internet, which `compose-embedded` does not reach"
            ))
            .hint("use --kind compose, or run the bot on another machine")),
        };
    }
    let mut bots = asker.many(question, &args.bot, Bot::named)?;
    bots.sort_by_key(|bot| bot.name());
    bots.dedup();
    Ok(bots)
}

fn listen(args: &Args, asker: &mut Asker, kind: Kind) -> Result<Option<Listen>> {
    let prompt =
        "Address and port for other machines, such as 0.0.0.0:7450 (none: this machine alone)";
    let question = Question { flag: "--listen", prompt, default: "none" };
    let address = asker.one(question, args.listen.as_deref(), |word| match word {
        "none" => Ok(None),
        word => match word.parse::<SocketAddr>() {
            Ok(address) if address.port() > 0 => Ok(Some(address)),
            _ => Err(Error::usage(format!(
                "`{word}` is no address with a port, such as 0.0.0.0:7450"
            ))),
        },
    })?;
    let is_shown = args.tls_cert.is_some() || args.tls_key.is_some();
    let Some(address) = address else {
        return match is_shown {
            false => Ok(None),
            true => Err(Error::usage(
                "--tls-cert, --tls-key: with `--listen none` nobody is shown a certificate",
            )
            .hint("name the address with --listen, or leave them out")),
        };
    };
    // A container cannot tell who calls from where: it always shows a certificate.
    if kind == Kind::Local && address.ip().is_loopback() && !is_shown {
        return Ok(Some(Listen { address, tls: None }));
    }
    let question =
        Question { flag: "--tls-cert", prompt: "The file of its certificate (PEM)", default: "" };
    let certificate = asker.one(question, args.tls_cert.as_deref(), paths::pem)?;
    let question = Question {
        flag: "--tls-key",
        prompt: "The file of the certificate's key (PEM)",
        default: "",
    };
    let key = asker.one(question, args.tls_key.as_deref(), paths::pem)?;
    Ok(Some(Listen { address, tls: Some((certificate, key)) }))
}

fn image(args: &Args, kind: Kind) -> Result<Option<String>> {
    let Some(image) = &args.image else { return Ok(None) };
    if !kind.has_containers() {
        return Err(Error::usage("--image: `local` has no containers")
            .hint("use it with --kind compose or compose-embedded"));
    }
    name(image).map(Some)
}

fn gives_gpu(args: &Args, asker: &mut Asker, (is_used, gpu): (bool, &Gpu)) -> Result<bool> {
    if !is_used {
        return match args.gpu {
            None => Ok(false),
            Some(_) => {
                Err(Error::usage("--gpu: nothing of this deployment runs Ollama in a container")
                    .hint("use it with --kind compose and a model of Ollama"))
            }
        };
    }
    if gpu.name.is_none() && args.gpu.is_none() {
        return Ok(false);
    }
    let default = if gpu.has_toolkit { "yes" } else { "no" };
    let question =
        Question { flag: "--gpu", prompt: "Give the NVIDIA GPU to Ollama (yes or no)", default };
    asker.one(question, args.gpu.as_deref(), |word| match word {
        "yes" | "y" => Ok(true),
        "no" | "n" => Ok(false),
        _ => Err(Error::usage("the answer is `yes` or `no`")),
    })
}

/// The name of a model or an image, which a shell, YAML and TOML read as it is.
fn name(name: &str) -> Result<String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._-:/@".contains(c);
    let begins_well = name.starts_with(|c: char| c.is_ascii_alphanumeric());
    if begins_well && name.len() <= NAME_BYTES && name.chars().all(allowed) {
        return Ok(name.to_owned());
    }
    let shown: String = name.chars().take(64).collect();
    Err(Error::usage(format!(
        "`{shown}` is no name: letters, digits and `._-:/@` are, beginning with a letter or a digit"
    )))
}
