//! What the pure part asks of the world outside.

use ragterm_proto::v1::{AskRequest, GiveFeedbackRequest, ReadRequest, SearchRequest};

use crate::history::Entry;
use crate::opening::Opening;

/// One thing to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Connect to the daemon, after so many milliseconds.
    Connect(u64),
    /// Search; what was asked before the search before it is given up.
    Search(u64, SearchRequest),
    /// Give up all searches.
    StopSearch,
    /// Read a part of a document in place of what was being read.
    Read(u64, ReadRequest),
    /// Ask a question.
    Ask(u64, AskRequest),
    /// Give up the answer.
    StopAsk,
    /// Ask what the daemon is at.
    Status,
    /// List the sessions that match.
    ListSessions(String),
    /// Read a session.
    ReadSession(String),
    /// Delete a session.
    DeleteSession(String),
    /// Say whether an answer helped.
    Feedback(GiveFeedbackRequest),
    /// Open a document.
    Open(Opening),
    /// Put a text into the clipboard.
    Copy(String),
    /// Read the history.
    Recall,
    /// Add to the history.
    Remember(Entry),
    /// Paint everything anew.
    Redraw,
    /// Go back to the shell for a while.
    Suspend,
    /// End.
    Quit,
}
