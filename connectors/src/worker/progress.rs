//! How far the walk through one file came, so that a worker that dies can be followed by another.

use std::collections::HashSet;

use super::wire::{Answer, Avoided, Reply, Resume};
use crate::container::Member;

/// A container is given up when its documents ended so many workers.
const MAX_DEATHS: usize = 16;

/// What is known of a walk from the answers of its workers.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// Where the next worker goes on.
    pub resume: Resume,
    /// The document that is being read.
    begun: Option<(u64, String)>,
    /// The containers inside the file that are being walked, the innermost last.
    entered: Vec<(u64, String)>,
    /// Those that were walked to their end; what is behind them may have been handed over.
    left: HashSet<u64>,
}

/// What an answer brings.
pub(super) enum Step {
    Nothing,
    Member(Box<Member>),
    Done(Reply),
}

impl Progress {
    /// Takes note of an answer.
    pub(super) fn note(&mut self, answer: Answer) -> Step {
        match answer {
            Answer::Alive => Step::Nothing,
            Answer::Opened { hash } => {
                self.resume.hash = Some(hash);
                Step::Nothing
            }
            Answer::Begun { ordinal, path } => {
                self.begun = Some((ordinal, path));
                Step::Nothing
            }
            Answer::Entered { ordinal, path } => {
                self.begun = None;
                self.entered.push((ordinal, path));
                Step::Nothing
            }
            Answer::Left => {
                self.begun = None;
                self.left.extend(self.entered.pop().map(|(ordinal, _)| ordinal));
                Step::Nothing
            }
            Answer::Member { ordinal, member } => {
                self.resume.done = self.resume.done.max(ordinal + 1);
                self.begun = None;
                Step::Member(Box::new(member))
            }
            Answer::Done(reply) => Step::Done(reply),
        }
    }

    /// Forgets what a worker began that died of something else than that.
    pub(super) fn restart(&mut self) {
        self.begun = None;
        self.entered.clear();
    }

    /// The path of the document, or of the container inside the file, that ended a worker and is
    /// passed over from now on; `None` when the file itself ended it, or too much in it did.
    pub(super) fn avoid(&mut self) -> Option<String> {
        let innermost = std::mem::take(&mut self.entered).pop();
        let innermost = innermost.filter(|(ordinal, _)| !self.left.contains(ordinal));
        let is_document = self.begun.is_some();
        let (ordinal, path) = self.begun.take().or(innermost)?;
        if self.resume.avoid.len() >= MAX_DEATHS {
            return None;
        }
        self.resume.done = self.resume.done.max(ordinal + 1);
        // No walk came to what is behind a container that nobody left.
        let next = if is_document { ordinal + 1 } else { self.resume.done };
        self.resume.avoid.push(Avoided { ordinal, next });
        Some(path)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::io::{Cursor, Write};
    use std::os::unix::net::UnixStream;
    use std::rc::Rc;

    use super::super::visitor::Teller;
    use super::super::wire;
    use super::*;
    use crate::container::{Limits, Opened, Shape, Walk};
    use crate::extract::{self, Dialect};

    fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in files {
            writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
            writer.write_all(bytes).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    /// All that a worker says that goes on from here.
    fn walk(bytes: &[u8], resume: &Resume) -> Vec<Answer> {
        let (mut ours, theirs) = UnixStream::pair().unwrap();
        let socket = Rc::new(RefCell::new(theirs));
        let mut teller = Teller::new(&socket, extract::extract, resume);
        let mut walk = Walk::new(&mut teller, Limits::default());
        let content = Cursor::new(bytes);
        let opened = Opened { path: "x.zip", dialect: Dialect::Any, content, beside: None };
        opened.walk(Shape::Zip, &mut walk).unwrap();
        drop(socket);
        let frames = std::iter::from_fn(|| wire::read_frame(&mut ours).unwrap());
        frames.map(|frame| wire::parse(&frame).unwrap()).collect()
    }

    /// The paths of the documents that answers bring.
    fn heard(progress: &mut Progress, answers: impl IntoIterator<Item = Answer>) -> Vec<String> {
        let member = |answer| match progress.note(answer) {
            Step::Member(member) => Some(member.path),
            _ => None,
        };
        answers.into_iter().filter_map(member).collect()
    }

    #[test]
    fn a_container_that_ends_a_worker_between_its_documents_costs_no_other_file() {
        let inner = zip(&[("a.txt", b"one"), ("b.txt", b"two"), ("c.txt", b"three")]);
        let bytes = zip(&[("first.txt", b"first"), ("in.zip", &inner), ("last.txt", b"last")]);
        let mut progress = Progress::default();
        let mut answers = walk(&bytes, &progress.resume);
        let second = |answer: &Answer| matches!(answer, Answer::Member { member, .. } if member.path == "in.zip/b.txt");
        answers.truncate(answers.iter().position(second).unwrap() + 1);
        let before = heard(&mut progress, answers);
        assert_eq!(before, ["first.txt", "in.zip/a.txt", "in.zip/b.txt"]);
        assert_eq!(progress.avoid().as_deref(), Some("in.zip"));
        let answers = walk(&bytes, &progress.resume);
        assert_eq!(heard(&mut progress, answers), ["last.txt"]);
        let (done, avoid) = (progress.resume.done, progress.resume.avoid.clone());
        assert_eq!((done, avoid), (5, vec![Avoided { ordinal: 1, next: 4 }]));
        assert_eq!(progress.avoid(), None, "the file itself ended the worker");
    }

    #[test]
    fn a_container_that_was_walked_to_its_end_is_not_blamed() {
        let inner = zip(&[("a.txt", b"one")]);
        let bytes = zip(&[("in.zip", &inner), ("last.txt", b"last")]);
        let mut progress = Progress::default();
        let answers = walk(&bytes, &progress.resume);
        heard(&mut progress, answers);
        let mut again = walk(&bytes, &progress.resume);
        again.truncate(1);
        assert!(matches!(again[0], Answer::Entered { ordinal: 0, .. }), "{again:?}");
        assert_eq!(heard(&mut progress, again).len(), 0);
        assert_eq!(progress.avoid(), None);
    }
}
