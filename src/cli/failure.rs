//! From a failed call to an error for people.

use std::error::Error as _;

use ragterm_proto::{HINT_KEY, operators_step};
use tonic::{Code, Status};

use crate::error::{Error, ErrorKind};

/// Whether the connection broke before the daemon had answered.
pub fn is_broken(status: &Status) -> bool {
    // Only a status that was made on this side has a source.
    status.source().is_some()
}

/// The error that the daemon answered with, or what happened to the connection.
pub fn from_status(status: &Status) -> Error {
    if let Some(source) = status.source() {
        return Error::unavailable("the connection to the daemon broke")
            .because(source.to_string())
            .hint("`ragterm status` starts the daemon again; its log says what happened");
    }
    let message = match status.message() {
        "" => format!("the daemon answered `{}`", status.code().description()),
        message => message.to_owned(),
    };
    let error = Error::new(kind(status.code()), message);
    let hint = [hint(status), operators_step(status)].into_iter().flatten().reduce(joined);
    match hint {
        Some(hint) => error.hint(hint),
        None if status.code() == Code::Unimplemented => error
            .hint("the daemon is of another version: `ragterm stop`, then run the command again"),
        None => error,
    }
}

fn kind(code: Code) -> ErrorKind {
    match code {
        Code::InvalidArgument
        | Code::OutOfRange
        | Code::AlreadyExists
        | Code::FailedPrecondition => ErrorKind::Usage,
        Code::NotFound => ErrorKind::NotFound,
        Code::PermissionDenied | Code::Unauthenticated => ErrorKind::Denied,
        Code::DataLoss => ErrorKind::Corrupt,
        Code::ResourceExhausted => ErrorKind::Exhausted,
        Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled | Code::Aborted => {
            ErrorKind::Unavailable
        }
        Code::Ok | Code::Unknown | Code::Internal | Code::Unimplemented => ErrorKind::Internal,
    }
}

fn joined(hint: String, next: String) -> String {
    format!("{hint}; {next}")
}

fn hint(status: &Status) -> Option<String> {
    let value = status.metadata().get_bin(HINT_KEY)?;
    String::from_utf8(value.to_bytes().ok()?.to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use tonic::metadata::MetadataValue;

    use super::*;

    #[test]
    fn the_daemons_words_and_hint_arrive_whole() {
        let mut status = Status::new(Code::InvalidArgument, "the query has no words");
        let hint = MetadataValue::from_bytes("낱말을 쓰세요".as_bytes());
        status.metadata_mut().insert_bin(HINT_KEY, hint);
        let error = from_status(&status);
        assert_eq!(error.kind(), ErrorKind::Usage);
        assert_eq!(error.to_string(), "the query has no words");
        assert_eq!(error.next_step(), Some("낱말을 쓰세요"));
    }

    #[test]
    fn a_fault_of_the_daemon_ends_with_the_name_of_the_request() {
        let mut status = Status::internal("the keyword search failed");
        status.metadata_mut().insert(ragterm_proto::REQUEST_KEY, "1a2b".parse().unwrap());
        let error = from_status(&status);
        assert_eq!(error.next_step(), Some("tell your operator: request 1a2b"));
        status.metadata_mut().insert_bin(HINT_KEY, MetadataValue::from_bytes(b"try again"));
        let error = from_status(&status);
        assert_eq!(error.next_step(), Some("try again; tell your operator: request 1a2b"));
    }

    #[test]
    fn a_connection_that_breaks_is_not_a_fault_of_the_program() {
        let broken = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
        let error = from_status(&Status::from_error(Box::new(broken)));
        assert_eq!(error.kind(), ErrorKind::Unavailable);
    }
}
