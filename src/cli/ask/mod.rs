//! `ragterm ask`: an answer from the documents, with its sources.

mod json;
mod render;

use std::io::{IsTerminal, stderr};
use std::time::Duration;

use ragterm_proto::v1::ask_event::Event;
use ragterm_proto::v1::{Answered, AskEvent, AskRequest, Consulted, ListSessionsRequest};
use tonic::{Status, Streaming};

use super::Outcome;
use super::client::{self, Client, quick};
use super::context::Context;
use super::failure::from_status;
use super::output;
use super::units::{now_ms, parse_duration};
use crate::error::{Error, Result};

const EXAMPLES: &str = "\
Examples:
  ragterm ask 'how many vacation days can be carried over?'
  ragterm ask '연차는 며칠까지 이월되나요?' --space hr
  ragterm ask --session last 'and for part-time staff?'    a follow-up question

Exit code 1 when nothing relevant was found; the model is then not asked.";

/// The longest time between two pieces of an answer; the daemon gives up on a silent model sooner.
const SILENCE: Duration = Duration::from_secs(15 * 60);

/// Answer a question from the documents, naming the source of each statement
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// What you want to know
    #[arg(required = true)]
    question: Vec<String>,
    /// Only from these spaces
    #[arg(long = "space", value_name = "NAME", value_delimiter = ',')]
    spaces: Vec<String>,
    /// The session that the question goes on with; `last` is the latest one
    #[arg(long, value_name = "ID")]
    session: Option<String>,
    /// How many passages the model is given; by default as configured (`answer.passages`)
    #[arg(long, short = 'n', value_name = "N", value_parser = clap::value_parser!(u32).range(1..=64))]
    limit: Option<u32>,
    /// Only from files with these extensions
    #[arg(long = "type", value_name = "EXT", value_delimiter = ',')]
    types: Vec<String>,
    /// Only from paths that match, within their source
    #[arg(long, value_name = "GLOB")]
    path: Option<String>,
    /// Only from what was changed within this time: 30m, 12h, 7d, 2w, 1y
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    since: Option<Duration>,
    /// Print one JSON document, once the answer is whole
    #[arg(long)]
    json: bool,
}

/// What came of a question.
#[derive(Debug, Default)]
struct Collected {
    consulted: Option<Consulted>,
    /// The text so far.
    text: String,
    answered: Option<Answered>,
}

/// Runs the command; the outcome is negative when nothing relevant was found.
pub async fn run(args: &Args, context: &Context) -> Result<Outcome> {
    let session = match args.session.as_deref() {
        Some("last") => latest(context).await?,
        session => session.unwrap_or_default().to_owned(),
    };
    let ask = |mut client: Client| {
        let request = request(args, &session);
        async move { client.ask(request).await }
    };
    let (_client, mut stream) = client::first(context, ask).await?;
    let mut collected = Collected::default();
    let broken = loop {
        match next(&mut stream).await {
            Ok(Some(Event::Consulted(consulted))) => collected.consulted = Some(consulted),
            Ok(Some(Event::Text(text))) => {
                if !args.json {
                    output::data(&output::clean_block(&text))?;
                }
                collected.text.push_str(&text);
            }
            Ok(Some(Event::Answered(answered))) => {
                collected.answered = Some(answered);
                break None;
            }
            Ok(None) => break Some(broke_off()),
            Err(error) => break Some(error),
        }
    };
    match (broken, collected.consulted.is_some()) {
        // Nothing was asked yet: an error like any other.
        (Some(error), false) => Err(error),
        (broken, _) => finish(args, &collected, broken),
    }
}

fn finish(args: &Args, collected: &Collected, broken: Option<Error>) -> Result<Outcome> {
    let question = args.question.join(" ");
    if args.json {
        output::json(&json::report(&question, collected, broken.as_ref()))?;
    } else {
        output::data(&render::rest(collected, now_ms()))?;
    }
    if let Some(error) = broken {
        return Err(error);
    }
    let Some(answered) = &collected.answered else { return Ok(Outcome::Done) };
    let searched = collected.consulted.as_ref().map_or("", |consulted| &consulted.query);
    if !args.json && !searched.is_empty() && searched != question {
        output::note(&format!("searched for: {}", output::clean(searched)));
    }
    if let Some(degraded) = &answered.degraded {
        output::note(&output::clean(degraded));
    }
    if answered.refused {
        output::line("nothing relevant was found, so no model was asked");
        return Ok(Outcome::Negative);
    }
    if !args.json && stderr().is_terminal() && !answered.session.is_empty() {
        output::line(&format!("go on with `ragterm ask --session {} …`", answered.session));
    }
    Ok(Outcome::Done)
}

async fn next(stream: &mut Streaming<AskEvent>) -> Result<Option<Event>> {
    let message: std::result::Result<Option<AskEvent>, Status> =
        match tokio::time::timeout(SILENCE, stream.message()).await {
            Ok(message) => message,
            Err(_) => {
                return Err(Error::unavailable(format!("the daemon said nothing for {SILENCE:?}")));
            }
        };
    let message = message.map_err(|status| from_status(&status))?;
    Ok(message.and_then(|message| message.event))
}

fn request(args: &Args, session: &str) -> AskRequest {
    let extension = |text: &String| text.trim().trim_start_matches('.').to_lowercase();
    AskRequest {
        question: args.question.join(" "),
        spaces: args.spaces.clone(),
        session: session.to_owned(),
        limit: args.limit.unwrap_or_default(),
        types: args.types.iter().map(extension).filter(|text| !text.is_empty()).collect(),
        path_glob: args.path.clone(),
        since_s: args.since.map(|since| since.as_secs()),
        thread: String::new(),
    }
}

async fn latest(context: &Context) -> Result<String> {
    let mut client = client::connect(context).await?;
    let request = ListSessionsRequest { query: String::new(), limit: 1 };
    let reply = quick(client.list_sessions(request)).await?;
    let latest = reply.sessions.into_iter().next();
    latest.map(|session| session.id).ok_or_else(|| {
        Error::usage("there is no session yet").hint("ask without `--session` to begin one")
    })
}

fn broke_off() -> Error {
    Error::unavailable("the answer is not whole: the daemon went away")
        .hint("ask again; the next command starts the daemon")
}
