//! What every walk does, whatever the container.

mod archives;
mod mailboxes;
mod recognised;
mod sites;
mod streams;

use std::io::Cursor;

use super::walk::Entry;
use super::{Limits, Member, Opened, Shape, Step, Visitor, Walk};
use crate::extract::{self, Dialect, Extraction, Input, Reason};

/// Keeps what it is handed; passes over the first documents, as after an interruption.
#[derive(Default)]
pub(super) struct Collected {
    pub(super) members: Vec<Member>,
    pub(super) past: usize,
    begun: Vec<String>,
}

impl Visitor for Collected {
    fn begin(&mut self, path: &str) -> Step {
        self.begun.push(path.to_owned());
        if self.begun.len() <= self.past { Step::Past } else { Step::Read }
    }

    fn extract(&mut self, input: &Input<'_>) -> Result<Extraction, Reason> {
        extract::extract(input)
    }

    fn take(&mut self, member: Member) -> Result<(), Reason> {
        self.members.push(member);
        Ok(())
    }
}

impl Collected {
    pub(super) fn paths(&self) -> Vec<&str> {
        self.members.iter().map(|member| member.path.as_str()).collect()
    }
}

/// What a whole container holds.
fn opened(path: &str, bytes: &[u8], limits: Limits) -> (Collected, Result<(), Reason>) {
    let mut collected = Collected::default();
    let mut walk = Walk::new(&mut collected, limits);
    let mut content = Cursor::new(bytes);
    let shape = Shape::of(path, Dialect::Any, &mut content).unwrap().unwrap();
    let opened = Opened { path, dialect: Dialect::Any, content, beside: None };
    let outcome = opened.walk(shape, &mut walk);
    (collected, outcome)
}

impl Collected {
    /// Why a member was not read.
    fn fault(&self, path: &str) -> &str {
        let member = self.members.iter().find(|member| member.path == path).unwrap();
        match &member.outcome {
            Err(Reason::Failed(reason) | Reason::Skipped(reason)) => reason,
            Ok(document) => panic!("{path} was read: {document:?}"),
        }
    }

    /// The text of a member.
    fn text(&self, path: &str) -> String {
        let member = self.members.iter().find(|member| member.path == path).unwrap();
        let sections = &member.outcome.as_ref().unwrap().sections;
        sections.iter().map(|section| section.text.clone()).collect::<Vec<_>>().join("\n")
    }
}

fn walked(names: &[&str], limits: Limits) -> (Collected, Result<(), Reason>) {
    let mut collected = Collected::default();
    let mut walk = Walk::new(&mut collected, limits);
    let outcome = names.iter().try_for_each(|name| {
        walk.admit(4, 4)??;
        walk.file(Entry::at(*name), b"text")
    });
    (collected, outcome)
}

#[test]
fn paths_are_safe_and_never_given_out_twice() {
    let names = ["../../etc/passwd", "C:\\a\\b.txt", "x//./y", "x/y", "x/y", "x/y (2)", "", "a\0b"];
    let (collected, outcome) = walked(&names, Limits::default());
    assert_eq!(outcome, Ok(()));
    let expected =
        ["etc/passwd", "C:/a/b.txt", "x/y", "x/y (2)", "x/y (3)", "x/y (2) (2)", "unnamed", "ab"];
    assert_eq!(collected.paths(), expected);
}

#[test]
fn a_walk_ends_at_its_limits_and_keeps_what_it_had() {
    let few = Limits { entries: 2, ..Limits::default() };
    let (collected, outcome) = walked(&["a", "b", "c"], few);
    assert_eq!(collected.paths(), ["a", "b"]);
    assert!(matches!(outcome, Err(Reason::Failed(reason)) if reason.contains("more than 2 files")));
    let small = Limits { total_bytes: 6, ..Limits::default() };
    let (collected, outcome) = walked(&["a", "b"], small);
    assert_eq!(collected.paths(), ["a"]);
    assert!(outcome.is_err());
}

#[test]
fn a_file_that_would_grow_beyond_measure_is_not_unpacked() {
    let mut collected = Collected::default();
    let mut walk = Walk::new(&mut collected, Limits::default());
    assert_eq!(walk.admit(1_000_000, 10), Ok(Ok(())), "small files compress well");
    assert!(matches!(walk.admit(90_000_000, 90_000), Ok(Err(Reason::Failed(_)))));
    assert!(matches!(walk.admit(900_000_000, 800_000_000), Ok(Err(Reason::Skipped(_)))));
}

#[test]
fn an_interrupted_walk_goes_on_where_it_was() {
    let (whole, _) = walked(&["a", "b", "b", "c"], Limits::default());
    let mut collected = Collected { past: 2, ..Collected::default() };
    let mut walk = Walk::new(&mut collected, Limits::default());
    ["a", "b", "b", "c"].iter().for_each(|name| walk.file(Entry::at(*name), b"text").unwrap());
    assert_eq!(collected.members, whole.members[2..]);
}
