//! Shows what stands in each container named on the command line, in this process.

use std::io::Write;
use std::path::Path;

use fs_err::File;
use ragterm_connectors::container::{Limits, Member, Opened, Shape, Step, Visitor, Walk};
use ragterm_connectors::extract::{self, Dialect, Extraction, Input, Reason};

struct Print;

impl Visitor for Print {
    fn begin(&mut self, _path: &str) -> Step {
        Step::Read
    }

    fn extract(&mut self, input: &Input<'_>) -> Result<Extraction, Reason> {
        extract::extract(input)
    }

    fn take(&mut self, member: Member) -> Result<(), Reason> {
        let mut out = std::io::stdout().lock();
        let written = match member.outcome {
            Ok(document) => {
                let title = (document.title, document.metadata, member.modified_ns);
                let sections = document.sections.iter().map(|section| {
                    let heading = section.heading.join(" > ");
                    format!("-- [{heading}] {:?}\n{}\n", section.place, section.text)
                });
                writeln!(out, "== {} {title:?}\n{}", member.path, sections.collect::<String>())
            }
            Err(reason) => writeln!(out, "== {}: {reason:?}", member.path),
        };
        written.map_err(|error| Reason::Failed(error.to_string()))
    }
}

fn main() -> std::io::Result<()> {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let dialect = match arguments.first().map(String::as_str) {
        Some("--dokuwiki") => Dialect::DokuWiki,
        Some("--jsonl") => Dialect::JsonLines,
        Some("--mail") => Dialect::Mail,
        Some("--notion") => Dialect::Notion,
        _ => Dialect::Any,
    };
    arguments.retain(|argument| !argument.starts_with("--"));
    for path in arguments {
        let mut file = File::open(&path)?;
        let shape = Shape::of(&path, dialect, &mut file)?;
        let directory = Path::new(&path).parent().unwrap_or(Path::new("")).to_owned();
        let beside = |name: &str| std::fs::File::open(directory.join(name));
        let mut print = Print;
        let mut walk = Walk::new(&mut print, Limits::default()).reading(dialect, None);
        let outcome = match shape {
            Some(shape) => {
                Opened { path: &path, dialect, content: Box::new(file), beside: Some(&beside) }
                    .walk(shape, &mut walk)
            }
            None => walk.file(
                ragterm_connectors::container::Entry::at(path.clone()),
                &fs_err::read(&path)?,
            ),
        };
        writeln!(std::io::stdout().lock(), "== {path}: {shape:?} {outcome:?}")?;
    }
    Ok(())
}
