//! `ragterm sessions`: what was asked before, and what was answered.

use clap::builder::NonEmptyStringValueParser;
use ragterm_proto::v1::{
    DeleteSessionsRequest, ListSessionsRequest, ReadSessionRequest, Session, Turn,
};
use serde_json::{Value, json};

use super::Outcome;
use super::client::{self, Client, quick};
use super::context::Context;
use super::output::{self, BOLD, DIM, clean, clean_block};
use super::table::Table;
use super::units::{age, count, counted, now_ms, rfc3339};
use crate::error::Result;

const EXAMPLES: &str = "\
Examples:
  ragterm sessions                      the latest ones
  ragterm sessions list vacation        those in which the word occurs
  ragterm sessions show ID              questions, answers and their sources
  ragterm sessions delete ID            forget one; `--all` forgets every one";

/// List, show or delete what was asked before
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(subcommand)]
    action: Option<Action>,
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List sessions, the latest first
    List {
        /// Only those in which these words occur
        words: Vec<String>,
    },
    /// Show the questions and answers of a session
    Show {
        /// Its id
        session: String,
    },
    /// Forget a session
    Delete {
        /// Its id
        #[arg(required_unless_present = "all", value_parser = NonEmptyStringValueParser::new())]
        session: Option<String>,
        /// Forget every session
        #[arg(long, conflicts_with = "session")]
        all: bool,
    },
}

/// Runs the command; the outcome is negative when nothing is listed.
pub async fn run(args: &Args, context: &Context) -> Result<Outcome> {
    match args.action.as_ref().unwrap_or(&Action::List { words: Vec::new() }) {
        Action::List { words } => list(args, context, &words.join(" ")).await,
        Action::Show { session } => show(args, context, session).await,
        Action::Delete { session, .. } => delete(args, context, session.as_deref()).await,
    }
}

async fn list(args: &Args, context: &Context, query: &str) -> Result<Outcome> {
    let list = |mut client: Client| {
        let request = ListSessionsRequest { query: query.to_owned(), limit: 0 };
        async move { client.list_sessions(request).await }
    };
    let (_client, reply) = client::first(context, list).await?;
    if args.json {
        let sessions: Vec<Value> = reply.sessions.iter().map(session_json).collect();
        output::json(&sessions)?;
    } else if !reply.sessions.is_empty() {
        let mut table = Table::new(&["session", "asked", "questions", "first question"]);
        for session in &reply.sessions {
            let title: String = clean(&session.title).chars().take(60).collect();
            let asked = age(session.asked_ms, now_ms());
            table.row(&[session.id.clone(), asked, count(u64::from(session.turns)), title]);
        }
        output::data(&table.render(""))?;
    }
    if reply.sessions.is_empty() {
        output::line("nothing was asked yet, or not with these words");
        return Ok(Outcome::Negative);
    }
    Ok(Outcome::Done)
}

async fn show(args: &Args, context: &Context, session: &str) -> Result<Outcome> {
    let read = |mut client: Client| {
        let request = ReadSessionRequest { session: session.to_owned() };
        async move { client.read_session(request).await }
    };
    let (_client, reply) = client::first(context, read).await?;
    if args.json {
        let turns: Vec<Value> = reply.turns.iter().map(turn_json).collect();
        let session = reply.session.as_ref().map(session_json);
        output::json(&json!({ "session": session, "turns": turns }))?;
    } else {
        let turns: Vec<String> = reply.turns.iter().map(turn_text).collect();
        output::data(&turns.join("\n"))?;
    }
    Ok(Outcome::Done)
}

async fn delete(args: &Args, context: &Context, session: Option<&str>) -> Result<Outcome> {
    let mut client = client::connect(context).await?;
    let name = session.unwrap_or_default().to_owned();
    let request = DeleteSessionsRequest { session: name, all: session.is_none() };
    let deleted = quick(client.delete_sessions(request)).await?.deleted;
    match args.json {
        true => output::json(&json!({ "deleted": deleted }))?,
        false => output::line(&format!("forgot {}", counted(deleted, "session"))),
    }
    Ok(Outcome::Done)
}

fn turn_text(turn: &Turn) -> String {
    let mut text = format!("{BOLD}{}{BOLD:#}\n", clean(&turn.question));
    let answer = match (turn.refused, turn.answer.is_empty()) {
        (true, _) => "Nothing relevant was found.".to_owned(),
        (false, true) => "No model answered.".to_owned(),
        (false, false) => clean_block(&turn.answer),
    };
    text.push_str(answer.trim_end());
    text.push('\n');
    if turn.partial {
        text.push_str("[the answer breaks off here]\n");
    }
    for source in &turn.sources {
        let (title, path) = (clean(&source.title), clean(&source.path));
        text.push_str(&format!("{DIM}[{}] {title} · {path}{DIM:#}\n", source.n));
    }
    match turn.helpful {
        Some(true) => text.push_str(&format!("{DIM}helpful {}{DIM:#}\n", clean(&turn.comment))),
        Some(false) => {
            text.push_str(&format!("{DIM}not helpful {}{DIM:#}\n", clean(&turn.comment)))
        }
        None => {}
    }
    text.push_str(&format!("{DIM}answer {}{DIM:#}\n", turn.id));
    text
}

fn session_json(session: &Session) -> Value {
    json!({
        "session": session.id,
        "title": session.title,
        "turns": session.turns,
        "began": rfc3339(session.began_ms),
        "asked": rfc3339(session.asked_ms),
    })
}

fn turn_json(turn: &Turn) -> Value {
    let sources: Vec<Value> = turn
        .sources
        .iter()
        .map(|source| {
            json!({
                "n": source.n,
                "document": source.document,
                "uri": source.uri,
                "title": source.title,
                "path": source.path,
                "ordinal": source.ordinal,
            })
        })
        .collect();
    json!({
        "turn": turn.id,
        "question": turn.question,
        "query": turn.query,
        "answer": turn.answer,
        "refused": turn.refused,
        "partial": turn.partial,
        "sources": sources,
        "model": turn.model,
        "asked": rfc3339(turn.asked_ms),
        "helpful": turn.helpful,
        "comment": turn.comment,
    })
}
