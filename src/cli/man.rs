//! `ragterm man`: manual pages, made of what the command line says of itself.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use clap::Command;
use clap_mangen::Man;

use super::Outcome;
use super::output;
use crate::error::{Error, Result};

const EXAMPLES: &str = "\
Examples:
  ragterm man | man -l -                             read the page of ragterm itself
  ragterm man ~/.local/share/man/man1                the pages of all commands: man ragterm-search
  sudo ragterm man /usr/local/share/man/man1         for every user of the machine";

/// Print the manual page, or write those of all commands into a directory
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Where `ragterm.1`, `ragterm-search.1` and the others go; earlier ones are replaced
    directory: Option<PathBuf>,
}

/// Prints one page, or writes all.
pub fn run(args: &Args, command: Command) -> Result<Outcome> {
    let mut command = command.disable_help_subcommand(true);
    command.build();
    match &args.directory {
        None => output::data(&String::from_utf8_lossy(&page(command)?))?,
        Some(directory) => {
            fs_err::create_dir_all(directory).map_err(|error| refused(directory, error))?;
            let written = write(&command, directory)?;
            output::line(&format!("wrote {written} pages to {}", directory.display()));
        }
    }
    Ok(Outcome::Done)
}

/// Writes the page of a command and those of all below it; returns how many.
fn write(command: &Command, directory: &Path) -> Result<usize> {
    let mut written = 1;
    for below in command.get_subcommands().filter(|below| !below.is_hide_set()) {
        written += write(below, directory)?;
    }
    let name = command.get_display_name().unwrap_or_else(|| command.get_name());
    let file = directory.join(format!("{name}.1"));
    // A link that somebody put there is replaced, and not what it leads to.
    let mut new =
        tempfile::NamedTempFile::new_in(directory).map_err(|error| refused(directory, error))?;
    new.write_all(&page(command.clone())?).map_err(|error| refused(directory, error))?;
    let public = std::fs::Permissions::from_mode(0o644);
    new.as_file().set_permissions(public).map_err(|error| refused(directory, error))?;
    new.persist(&file).map_err(|error| refused(directory, error.error))?;
    Ok(written)
}

fn page(command: Command) -> Result<Vec<u8>> {
    let version = env!("CARGO_PKG_VERSION");
    let name = command.get_display_name().unwrap_or_else(|| command.get_name()).to_uppercase();
    let examples = command.get_after_help().map(|text| text.to_string()).unwrap_or_default();
    let has_commands = command.get_subcommands().any(|below| !below.is_hide_set());
    // A date would make two builds of one version differ; an empty one would be left out.
    let man = Man::new(command).title(name).date(" ").manual("ragterm");
    let man = man.source(format!("ragterm {version}"));
    let mut page = Vec::new();
    let rendered = man
        .render_title(&mut page)
        .and_then(|()| man.render_name_section(&mut page))
        .and_then(|()| man.render_synopsis_section(&mut page))
        .and_then(|()| man.render_description_section(&mut page))
        .and_then(|()| man.render_options_section(&mut page))
        .and_then(
            |()| if has_commands { man.render_subcommands_section(&mut page) } else { Ok(()) },
        );
    rendered.map_err(|error| Error::internal("cannot make the manual page").because(error))?;
    page.extend(as_written("EXAMPLES", &examples).into_bytes());
    Ok(page)
}

/// A section whose lines stay as they are.
fn as_written(title: &str, text: &str) -> String {
    let text = text.strip_prefix("Examples:\n").unwrap_or(text);
    let line = |line: &str| {
        let line = line.replace('\\', "\\e").replace('-', "\\-");
        match line.starts_with(['.', '\'']) {
            true => format!("\\&{line}\n"),
            false => format!("{line}\n"),
        }
    };
    format!(".SH {title}\n.nf\n{}.fi\n", text.lines().map(line).collect::<String>())
}

fn refused(directory: &Path, error: std::io::Error) -> Error {
    Error::usage(format!("cannot write manual pages to {}", directory.display()))
        .because(error)
        .hint("name a directory that you may write to")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_examples_stay_as_they_are() {
        let section = as_written("EXAMPLES", "Examples:\n  a --b \\n\n.dot\n'quote");
        assert_eq!(section, ".SH EXAMPLES\n.nf\n  a \\-\\-b \\en\n\\&.dot\n\\&'quote\n.fi\n");
    }
}
