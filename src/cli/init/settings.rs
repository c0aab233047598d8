//! The texts that say what was chosen: `config.toml`, `.env` and what Compose adds to its own files.

use std::collections::BTreeMap;

use super::choices::{Bot, Choices, Embedding, Kind};
use super::paths::{Access, Folder};
use super::words::{for_compose, for_env, for_toml};
use crate::error::{Error, Result};

/// Where the first folder is in the container, and what its source is called without one.
const DOCUMENTS: &str = "/documents";

/// Where the other folders are in the container.
const FOLDERS: &str = "/folders";

/// Each `#` stands where nothing is lost with it.
const ANOTHER_FOLDER: &str = "
# Another folder: these lines without their `#`, and those of config.toml; then
# `docker compose up --detach`.
#      - type: bind
#        source: /srv/share/contracts
#        target: /folders/contracts
#        read_only: true
";

const ANOTHER_SOURCE: &str = "
# Another folder, together with the example in deployment.yaml:
#[[sources]]
#name = \"contracts\"
#path = \"/folders/contracts\"
#space = \"contracts\"
";

/// The configuration of a daemon in a container; its servers are said by variables.
pub fn config_of_container(choices: &Choices) -> String {
    let whole = include_str!("../../../compose/config.toml");
    let head = whole.find("[[sources]]").map_or("", |end| &whole[..end]);
    let mut text = head.to_owned();
    if choices.kind == Kind::Embedded && choices.embedding == Embedding::None {
        text.push_str("[embedder]\nprovider = \"none\"\n\n");
    }
    let sources = mounted(choices).into_iter().map(|(name, target)| source(&name, &target));
    text.push_str(&sources.collect::<Vec<_>>().join("\n"));
    text.push_str(ANOTHER_SOURCE);
    for bot in &choices.bots {
        text.push_str(&grant(*bot));
    }
    text
}

/// The configuration of this machine; `secrets` is the directory of the tokens of bots.
pub fn config_of_machine(choices: &Choices, secrets: &str) -> String {
    let version = env!("CARGO_PKG_VERSION");
    let mut text = format!(
        "# Made by `ragterm init` of ragterm {version}. Every other key, with its default: config.example.toml,\n\
         # or `ragterm --config other.toml config init`.\n"
    );
    if let Some(listen) = &choices.listen {
        text.push_str(&format!("\n[daemon]\nlisten = \"{}\"\n", listen.address));
        if let Some((certificate, key)) = &listen.tls {
            let path = |path: &std::path::Path| for_toml(&path.to_string_lossy());
            text.push_str(&format!("tls_cert = {}\ntls_key = {}\n", path(certificate), path(key)));
        }
    }
    text.push_str(&models(choices));
    for folder in &choices.folders {
        text.push_str(&format!("\n{}", source(&folder.name, &folder.path)));
    }
    for bot in &choices.bots {
        text.push_str(&format!("\n[{}]\n", bot.name()));
        for secret in bot.secrets() {
            let key = secret.trim_start_matches(bot.name()).trim_start_matches('_');
            let file = for_toml(&format!("{secrets}/{secret}"));
            text.push_str(&format!("{key}_file = {file}\n"));
        }
        text.push_str(&grant(*bot));
    }
    text
}

/// `.env`: each variable of the example, with what was chosen, and what Compose starts.
pub fn env(choices: &Choices) -> Result<String> {
    let mut values = env_values(choices);
    let mut text = String::from(
        "# Made by `ragterm init`: every variable of the compose files. `docker compose up --detach` takes up\n\
         # what is changed here. Secrets are not among them: they are files in secrets/.\n",
    );
    // The first lines of the example tell how it is copied.
    for line in
        include_str!("../../../compose/.env.example").lines().skip_while(|line| !line.is_empty())
    {
        let name = line.split_once('=').map(|(name, _)| name).filter(|name| !name.starts_with('#'));
        match name.and_then(|name| Some((name, values.remove(name)?))) {
            Some((name, value)) => text.push_str(&format!("{name}={}\n", for_env(&value))),
            None => text.push_str(&format!("{line}\n")),
        }
    }
    if let Some((unknown, _)) = values.first_key_value() {
        return Err(Error::internal(format!("`{unknown}` is no variable of the compose files")));
    }
    let (files, profiles) = (compose_files(choices).join(":"), profiles(choices).join(","));
    text.push_str(&format!(
        "\n# What `docker compose` reads in this directory, one over the other, and what it starts\n\
         # besides: the bots `slack` and `discord`, and `models`, which fetches the models and ends.\n\
         COMPOSE_FILE={files}\nCOMPOSE_PROFILES={profiles}\n"
    ));
    Ok(text)
}

/// What Compose adds to its own files: more folders, and what was not chosen is left out.
pub fn deployment(choices: &Choices) -> String {
    let others = choices.folders.get(1..).unwrap_or_default();
    let mut text = String::from(
        "# Made by `ragterm init`, over the other files: what is special here.\n\
         services:\n  ragterm:\n    volumes:\n      - ragterm-data:/var/lib/ragterm\n",
    );
    text.push_str(&others.iter().map(mount).collect::<String>());
    text.push_str(ANOTHER_FOLDER);
    let group = |folder: &Folder| match folder.access {
        Access::Group(group) => Some(format!("      - \"{group}\"\n")),
        _ => None,
    };
    let groups: String = others.iter().filter_map(group).collect();
    if !groups.is_empty() {
        text.push_str(&format!("    group_add:\n{groups}"));
    }
    if choices.kind == Kind::Compose && !choices.uses_ollama() {
        text.push_str(
            "  # Off: nobody asks for this profile.\n  ollama:\n    profiles: [ollama]\n",
        );
    }
    text
}

/// The files that Compose reads.
pub fn compose_files(choices: &Choices) -> Vec<&'static str> {
    let mut files = match choices.kind {
        Kind::Embedded => vec!["embedded.yaml"],
        _ => vec!["compose.yaml"],
    };
    if choices.listen.is_some() {
        files.push("remote.yaml");
    }
    if choices.gpu {
        files.push("gpu.yaml");
    }
    files.push("deployment.yaml");
    files
}

fn profiles(choices: &Choices) -> Vec<&'static str> {
    let models = (choices.kind == Kind::Compose && choices.uses_ollama()).then_some("models");
    models.into_iter().chain(choices.bots.iter().map(|bot| bot.name())).collect()
}

fn env_values(choices: &Choices) -> BTreeMap<&'static str, String> {
    let version = env!("CARGO_PKG_VERSION");
    let image = choices.image.clone().unwrap_or_else(|| format!("ragterm:{version}"));
    let mut values =
        BTreeMap::from([("RAGTERM_IMAGE", image), ("RAGTERM_BUILD_CONTEXT", "./image".to_owned())]);
    if let Some(first) = choices.folders.first() {
        values.insert("RAGTERM_DOCUMENTS", first.path.clone());
        if let Access::Group(group) = first.access {
            values.insert("RAGTERM_DOCUMENTS_GROUP", group.to_string());
        }
    }
    let (provider, model) = match &choices.embedding {
        Embedding::Builtin => ("builtin", ""),
        Embedding::None => ("none", ""),
        Embedding::Ollama(model) => ("ollama", model.as_str()),
    };
    values.insert("RAGTERM_EMBEDDING_PROVIDER", provider.to_owned());
    values.insert("RAGTERM_EMBEDDING_MODEL", model.to_owned());
    let provider = if choices.answering.is_some() { "ollama" } else { "none" };
    values.insert("RAGTERM_LLM_PROVIDER", provider.to_owned());
    values.insert("RAGTERM_LLM_MODEL", choices.answering.clone().unwrap_or_default());
    if let Some(listen) = &choices.listen {
        let address = match listen.address.is_ipv6() {
            true => format!("[{}]", listen.address.ip()),
            false => listen.address.ip().to_string(),
        };
        values.insert("RAGTERM_ADDRESS", address);
        values.insert("RAGTERM_PORT", listen.address.port().to_string());
    }
    values
}

/// Names of sources with their places in the container.
fn mounted(choices: &Choices) -> Vec<(String, String)> {
    let place = |(index, folder): (usize, &Folder)| match index {
        0 => (folder.name.clone(), DOCUMENTS.to_owned()),
        _ => (folder.name.clone(), format!("{FOLDERS}/{}", folder.name)),
    };
    match choices.folders.is_empty() {
        true => vec![("documents".to_owned(), DOCUMENTS.to_owned())],
        false => choices.folders.iter().enumerate().map(place).collect(),
    }
}

fn mount(folder: &Folder) -> String {
    let target = for_compose(&format!("{FOLDERS}/{}", folder.name));
    format!(
        "      - type: bind\n        source: {}\n        target: {target}\n        read_only: true\n        \
         bind:\n          create_host_path: false\n",
        for_compose(&folder.path)
    )
}

fn models(choices: &Choices) -> String {
    let url = for_toml(&choices.ollama);
    let mut text = String::from("\n[embedder]\n");
    match &choices.embedding {
        Embedding::Builtin => text.push_str(
            "# The model inside ragterm; it reads English only.\nprovider = \"builtin\"\n",
        ),
        Embedding::None => text.push_str("provider = \"none\"\n"),
        Embedding::Ollama(model) => {
            text.push_str(&format!(
                "provider = \"ollama\"\nmodel = {}\nurl = {url}\n",
                for_toml(model)
            ));
        }
    }
    if let Some(model) = &choices.answering {
        text.push_str(&format!(
            "\n[llm]\nprovider = \"ollama\"\nmodel = {}\nurl = {url}\n",
            for_toml(model)
        ));
    }
    text
}

fn source(name: &str, path: &str) -> String {
    format!(
        "[[sources]]\nname = {}\nkind = \"folder\"\npath = {}\n# \"poll\" for a network share, which sends no events.\nwatch = \"auto\"\n",
        for_toml(name),
        for_toml(path)
    )
}

fn grant(bot: Bot) -> String {
    let place = match bot {
        Bot::Slack => "slack:T0123/channel:C0456",
        Bot::Discord => "discord:81384788765712384",
    };
    format!(
        "\n# What a place of the chat may see; the bot names both where it has no grant yet.\n\
         #[[grants]]\n#to = \"{place}\"\n#spaces = [\"default\"]\n"
    )
}
