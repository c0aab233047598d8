//! `ragterm add`: registers a folder, or an export in one file, and indexes it.

use std::path::{Path, PathBuf};

use ragterm_proto::v1::{AddSourceRequest, ListSourcesRequest, Source, Summary};
use serde::Serialize;

use super::client::{self, Client, quick};
use super::context::Context;
use super::output::{self, clean};
use super::progress::{Followed, follow};
use super::{Outcome, summary};
use crate::config::SourceKind;
use crate::error::{Error, Result};

const EXAMPLES: &str = "\
Examples:
  ragterm add ~/Documents
  ragterm add /srv/share/hr --space hr --name handbook
  ragterm add /mnt/share --watch poll          a network share that sends no events
  ragterm add Wiki-export.zip --kind confluence --space wiki
  ragterm add ~/Inbox --kind drop --after move";

/// Register a folder or an export, index it, and keep it fresh from then on
///
/// Comes back as soon as every document is found by its words; meaning follows in the background.
/// Adding a folder again compares it with the index.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The folder; for an export (--kind) also a single file
    path: PathBuf,
    /// The space that its documents belong to; a search can be limited to one
    #[arg(long, value_name = "NAME")]
    space: Option<String>,
    /// What sort of place it is: a folder of any files (the default), or what another program wrote
    #[arg(long, value_parser = SourceKind::NAMES.map(|(name, _)| name))]
    kind: Option<String>,
    /// What becomes of a file in a drop folder once it is read: it stays, or goes to `done/` or,
    /// with the reason, to `failed/`
    #[arg(long, value_name = "WHAT", value_parser = ["keep", "move"])]
    after: Option<String>,
    /// A name for the source; made from the path by default
    #[arg(long)]
    name: Option<String>,
    /// How changes are noticed: by events where they work, else by polling
    #[arg(long, value_name = "HOW", default_value = "auto", value_parser = ["auto", "events", "poll"])]
    watch: String,
    /// Come back at once and let the daemon index on its own
    #[arg(long)]
    detach: bool,
    /// Print the summary as one JSON document
    #[arg(long)]
    json: bool,
}

/// A source that the daemon indexes on its own.
#[derive(Debug, Serialize)]
struct Detached<'a> {
    source: &'a str,
    detached: bool,
}

/// Runs the command; the outcome is negative when the folder is unavailable.
pub async fn run(args: &Args, context: &Context) -> Result<Outcome> {
    let kind = args.kind.as_deref().and_then(SourceKind::named).unwrap_or_default();
    let path = resolve(&args.path, kind)?;
    let list = |mut client: Client| async move { client.list_sources(ListSourcesRequest {}).await };
    let (mut client, list) = client::first(context, list).await?;
    let known = known_source(list.sources, &path);
    if let Some(known) = &known {
        check_words(args, known)?;
    }
    let request = request(args, &path, known.as_ref());
    announce(&path, known.as_ref());
    let stream = quick(client.add_source(request)).await?;
    if args.detach {
        return detached(args, stream).await;
    }
    match follow(stream).await? {
        Followed::Interrupted => Ok(Outcome::Interrupted),
        Followed::Finished(summaries) => {
            for (source, done) in &summaries {
                tell(args, source, done)?;
            }
            let reached = summaries.iter().all(|(_, done)| done.state != "unavailable");
            Ok(if reached { Outcome::Done } else { Outcome::Negative })
        }
    }
}

/// The absolute path of a folder, or of a file where that is enough, that exists.
fn resolve(path: &Path, kind: SourceKind) -> Result<String> {
    let shown = path.display();
    let absolute = std::fs::canonicalize(path).map_err(|error| {
        Error::usage(format!("cannot add `{shown}`")).because(error).hint("check the path")
    })?;
    if !absolute.is_dir() && !kind.may_be_file() {
        return Err(Error::usage(format!("cannot add `{shown}`: it is not a folder")).hint(
            "add the folder that it is in, or say with --kind what wrote it; `ragterm extract \
             FILE` shows what is read in a file",
        ));
    }
    absolute.into_os_string().into_string().map_err(|_| {
        Error::usage(format!("cannot add `{shown}`: the path is not UTF-8"))
            .hint("rename the folder, or add the one that it is in")
    })
}

fn known_source(sources: Vec<Source>, path: &str) -> Option<Source> {
    sources.into_iter().find(|source| Path::new(&source.path) == Path::new(path))
}

/// A folder that is there already cannot get another name or space in passing.
fn check_words(args: &Args, known: &Source) -> Result<()> {
    let differs =
        |given: &Option<String>, known: &String| given.as_ref().is_some_and(|given| given != known);
    let is_same = !differs(&args.name, &known.name)
        && !differs(&args.space, &known.space)
        && !differs(&args.kind, &known.kind);
    if is_same {
        return Ok(());
    }
    let Source { name, space, path, kind, .. } = known;
    Err(Error::usage(format!(
        "{path} is indexed already, as the source `{name}` of the kind `{kind}` in the space \
         `{space}`"
    ))
    .hint(format!(
        "leave out --name, --space and --kind to compare it again; to change them, `ragterm \
         sources remove {name}` first, which keeps the files"
    )))
}

/// A folder that is there already keeps its name and space.
fn request(args: &Args, path: &str, known: Option<&Source>) -> AddSourceRequest {
    let or_known = |given: &Option<String>, known: Option<&String>| {
        given.as_ref().or(known).cloned().unwrap_or_default()
    };
    AddSourceRequest {
        path: known.map_or(path, |source| &source.path).to_owned(),
        space: or_known(&args.space, known.map(|source| &source.space)),
        kind: or_known(&args.kind, known.map(|source| &source.kind)),
        name: or_known(&args.name, known.map(|source| &source.name)),
        watch: args.watch.clone(),
        after: args.after.clone().unwrap_or_default(),
        detach: args.detach,
    }
}

fn announce(path: &str, known: Option<&Source>) {
    let path = clean(path);
    match known {
        Some(source) => {
            let name = clean(&source.name);
            output::note(&format!("{path} is the source `{name}` already; comparing it again"));
        }
        None => output::note(&format!("indexing {path}")),
    }
}

async fn detached(
    args: &Args,
    mut stream: tonic::Streaming<ragterm_proto::v1::Progress>,
) -> Result<Outcome> {
    let first = stream.message().await.map_err(|status| super::failure::from_status(&status))?;
    let source = first.map(|message| message.source).unwrap_or_default();
    if args.json {
        output::json(&Detached { source: &source, detached: true })?;
    } else {
        let source = clean(&source);
        output::data(&format!("{source}: being indexed; `ragterm status` shows how far it is\n"))?;
    }
    Ok(Outcome::Done)
}

fn tell(args: &Args, source: &str, done: &Summary) -> Result<()> {
    match args.json {
        true => output::json(&summary::report(source, done)),
        false => output::data(&summary::render(source, done)),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Command {
        #[command(flatten)]
        args: Args,
    }

    fn args(words: &[&str]) -> Args {
        let words = ["add", "/srv/hr"].iter().chain(words);
        Command::try_parse_from(words).unwrap().args
    }

    #[test]
    fn what_is_no_folder_is_refused_before_the_daemon_is_asked() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("a.md");
        std::fs::write(&file, "text").unwrap();
        let folder = SourceKind::Folder;
        assert!(resolve(&file, folder).unwrap_err().to_string().contains("not a folder"));
        assert!(resolve(&file, SourceKind::JsonLines).unwrap().ends_with("a.md"));
        let missing = resolve(&directory.path().join("none"), folder).unwrap_err();
        assert_eq!(missing.kind(), crate::error::ErrorKind::Usage);
        assert!(resolve(directory.path(), folder).unwrap().starts_with('/'));
    }

    #[test]
    fn a_folder_that_is_there_already_keeps_its_name_and_space() {
        let known = Source {
            name: "people".into(),
            space: "hr".into(),
            path: "/srv/hr".into(),
            ..Source::default()
        };
        let again = request(&args(&[]), "/srv/hr", Some(&known));
        assert_eq!((again.name.as_str(), again.space.as_str()), ("people", "hr"));
        assert_eq!(request(&args(&[]), "/srv/hr", None).name, "");
        assert!(check_words(&args(&["--name", "people", "--space", "hr"]), &known).is_ok());
        for other in [["--name", "other"], ["--space", "other"]] {
            let error = check_words(&args(&other), &known).unwrap_err();
            assert_eq!(error.kind(), crate::error::ErrorKind::Usage);
            assert!(error.to_string().contains("as the source `people`"), "{error}");
            assert!(error.next_step().unwrap().contains("sources remove people"));
        }
    }
}
