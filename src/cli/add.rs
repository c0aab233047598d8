//! `ragterm add`: registers a folder, or an export in one file, and indexes it.

mod place;

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
use place::Place;

const EXAMPLES: &str = "\
Examples:
  ragterm add ~/Documents
  ragterm add /srv/share/hr --space hr --name handbook
  ragterm add /mnt/share --watch poll          a network share that sends no events
  ragterm add Wiki-export.zip --space wiki     what wrote it is recognised
  ragterm add ~/Inbox --kind drop --after move";

/// Register a folder or an export, index it, and keep it fresh from then on
///
/// Comes back as soon as every document is found by its words; meaning follows in the background.
/// Adding a folder again compares it with the index.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The folder; or an archive, a mailbox, a dump or an export of a wiki in one file
    path: PathBuf,
    /// The space that its documents belong to; a search can be limited to one
    #[arg(long, value_name = "NAME")]
    space: Option<String>,
    /// What sort of place it is: a folder of any files, or what another program wrote; recognised
    /// in a file, `folder` by default for a folder
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
    let place = Place::find(&args.path)?;
    let kind = place.kind(args.kind.as_deref().and_then(SourceKind::named))?;
    let list = |mut client: Client| async move { client.list_sources(ListSourcesRequest {}).await };
    let (mut client, list) = client::first(context, list).await?;
    let known = known_source(list.sources, &place);
    if let Some(known) = &known {
        check_words(args, known)?;
    }
    let request = request(args, (place.text()?, kind), known.as_ref());
    match &known {
        Some(known) => announce_again(known),
        None => announce(args, &place, kind),
    }
    let stream = quick(client.add_source(request)).await?;
    if args.detach {
        return detached(args, stream).await;
    }
    match follow(stream).await? {
        Followed::Interrupted => Ok(Outcome::Interrupted),
        Followed::Finished(summaries) => {
            for (source, done) in &summaries {
                tell(args, (source, kind), done)?;
            }
            let reached = summaries.iter().all(|(_, done)| done.state != "unavailable");
            Ok(if reached { Outcome::Done } else { Outcome::Negative })
        }
    }
}

fn known_source(mut sources: Vec<Source>, place: &Place) -> Option<Source> {
    let is_at = |path: &Path| sources.iter().position(|source| Path::new(&source.path) == path);
    let index = is_at(&place.path).or_else(|| is_at(&place.real))?;
    Some(sources.swap_remove(index))
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
fn request(
    args: &Args,
    (path, kind): (&str, SourceKind),
    known: Option<&Source>,
) -> AddSourceRequest {
    let or_known = |given: &Option<String>, known: Option<&String>| {
        given.as_ref().or(known).cloned().unwrap_or_default()
    };
    AddSourceRequest {
        path: known.map_or(path, |source| &source.path).to_owned(),
        space: or_known(&args.space, known.map(|source| &source.space)),
        kind: known.map_or(kind.name(), |source| &source.kind).to_owned(),
        name: or_known(&args.name, known.map(|source| &source.name)),
        watch: args.watch.clone(),
        after: args.after.clone().unwrap_or_default(),
        detach: args.detach,
    }
}

fn announce_again(known: &Source) {
    let (path, name) = (clean(&known.path), clean(&known.name));
    output::note(&format!("{path} is the source `{name}` already; comparing it again"));
}

/// Says what is indexed as what, and what else it may be.
fn announce(args: &Args, place: &Place, kind: SourceKind) {
    let shown = place.path.to_string_lossy();
    let path = clean(&shown);
    let (is_folder, is_asked) = (place.real.is_dir(), args.kind.is_some());
    match is_folder || is_asked {
        true => output::note(&format!("indexing {path}")),
        false => {
            let (words, name) = (kind.words(), kind.name());
            output::note(&format!("indexing {path}: {words} (--kind {name})"));
        }
    }
    if let Some(other) = place.looks_like().filter(|_| is_folder && !is_asked) {
        let (words, name) = (other.words(), other.name());
        output::note(&format!(
            "it looks like {words}: to have it read as that, remove it again with `ragterm sources \
             remove` and add it with --kind {name}"
        ));
    }
    if place.is_fixed_link {
        output::note(
            "it is a link to a file outside of its folder: where it leads to later is not noticed",
        );
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

fn tell(args: &Args, (source, kind): (&str, SourceKind), done: &Summary) -> Result<()> {
    let empty = if kind == SourceKind::Drop { summary::WAITS } else { summary::NOTHING };
    match args.json {
        true => output::json(&summary::report(source, done)),
        false => output::data(&summary::render(source, done, empty)),
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
    fn a_folder_that_is_there_already_keeps_its_name_and_space() {
        let known = Source {
            name: "people".into(),
            space: "hr".into(),
            path: "/srv/hr".into(),
            kind: "mail".into(),
            ..Source::default()
        };
        let again = request(&args(&[]), ("/srv/hr", SourceKind::Folder), Some(&known));
        assert_eq!((again.name.as_str(), again.space.as_str()), ("people", "hr"));
        assert_eq!(again.kind, "mail", "whatever it looks like");
        let new = request(&args(&[]), ("/srv/hr", SourceKind::Folder), None);
        assert_eq!((new.name.as_str(), new.kind.as_str()), ("", "folder"));
        assert!(check_words(&args(&["--name", "people", "--space", "hr"]), &known).is_ok());
        for other in [["--name", "other"], ["--space", "other"]] {
            let error = check_words(&args(&other), &known).unwrap_err();
            assert_eq!(error.kind(), crate::error::ErrorKind::Usage);
            assert!(error.to_string().contains("as the source `people`"), "{error}");
            assert!(error.next_step().unwrap().contains("sources remove people"));
        }
    }
}
