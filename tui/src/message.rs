//! Everything that can happen: what the user does, and what the daemon answers.

use crossterm::event::MouseEvent;
use ragterm_proto::v1::{
    Answered, Consulted, ReadReply, ReadSessionReply, SearchReply, Session, StatusReply,
};

use crate::fault::Fault;
use crate::history::Entry;
use crate::keys::Press;

/// The daemon's answer, or why there is none.
pub type Outcome<T> = Result<T, Fault>;

/// One thing that happened.
#[derive(Debug, Clone)]
pub enum Message {
    /// A key.
    Key(Press),
    /// Text that was pasted as one.
    Paste(String),
    /// The mouse.
    Mouse(MouseEvent),
    /// The terminal has so many columns and rows now.
    Resize(u16, u16),
    /// Time went by: milliseconds since the epoch.
    Tick(i64),
    /// The daemon answers.
    Connected,
    /// The daemon does not answer.
    Unreachable(Fault),
    /// The hits of the search of a generation.
    Found(u64, Outcome<SearchReply>),
    /// The part of a document that the reading of a generation asked for.
    Read(u64, Outcome<ReadReply>),
    /// The asking of a generation got on.
    Asked(u64, Progress),
    /// What the daemon is at.
    Status(Outcome<Box<StatusReply>>),
    /// The sessions that match the query.
    Sessions(String, Outcome<Vec<Session>>),
    /// One session's questions and answers.
    Session(Outcome<ReadSessionReply>),
    /// So many sessions were deleted.
    Deleted(Outcome<u64>),
    /// The feedback was taken.
    Thanked(Outcome<()>),
    /// What was searched and asked earlier, the oldest first.
    Remembered(Vec<Entry>),
    /// Something outside was done, or why not.
    Done(Result<String, String>),
}

/// A step of an answer.
#[derive(Debug, Clone)]
pub enum Progress {
    /// What the model is given.
    Consulted(Box<Consulted>),
    /// The next piece of text.
    Text(String),
    /// The whole answer.
    Answered(Box<Answered>),
    /// It broke off.
    Broke(Fault),
}
