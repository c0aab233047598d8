//! Words such as `-draft` on the command line are part of the query, not options.

use std::ffi::{OsStr, OsString};

use clap::Command;

/// Moves what belongs to the query of `search` behind `--`; other commands stay as they are.
///
/// A single dash and more than one letter is a word to exclude; `-n`, `-v` and `-h` are options,
/// and so is what begins with two dashes.
pub fn exclusions_behind_dashes(arguments: Vec<OsString>, program: &Command) -> Vec<OsString> {
    let Some(search) = program.find_subcommand("search") else { return arguments };
    let Some(at) = subcommand_position(&arguments, program) else { return arguments };
    if arguments[at] != *"search" {
        return arguments;
    }
    let mut options = arguments[..=at].to_vec();
    let mut words = Vec::new();
    let mut rest = arguments[at + 1..].iter().cloned();
    while let Some(argument) = rest.next() {
        match classify(&argument, &[search, program]) {
            Token::End => {
                words.extend(rest);
                break;
            }
            Token::Word => words.push(argument),
            Token::Option => options.push(argument),
            Token::OptionWithValue => {
                options.push(argument);
                options.extend(rest.next());
            }
        }
    }
    if !words.is_empty() {
        options.push("--".into());
        options.extend(words);
    }
    options
}

/// What an argument is to `search`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token {
    /// `--`: only words follow.
    End,
    /// Part of the query.
    Word,
    /// An option, complete as it is.
    Option,
    /// An option whose value is the next argument.
    OptionWithValue,
}

fn classify(argument: &OsStr, commands: &[&Command]) -> Token {
    let Some(text) = argument.to_str() else { return Token::Word };
    if text == "--" {
        return Token::End;
    }
    if let Some(long) = text.strip_prefix("--") {
        let takes_value = |option: &&clap::Arg| option.get_long() == Some(long);
        return option(commands, takes_value).unwrap_or(Token::Option);
    }
    let mut letters = text.strip_prefix('-').unwrap_or_default().chars();
    match (letters.next(), letters.next()) {
        (Some(letter), None) => {
            let is_help = letter == 'h';
            let named = |option: &&clap::Arg| option.get_short() == Some(letter);
            let unknown = if is_help { Token::Option } else { Token::Word };
            option(commands, named).unwrap_or(unknown)
        }
        _ => Token::Word,
    }
}

fn option(commands: &[&Command], is_named: impl Fn(&&clap::Arg) -> bool) -> Option<Token> {
    let mut options = commands.iter().flat_map(|command| command.get_arguments());
    options.find(is_named).map(|option| match option.get_action().takes_values() {
        true => Token::OptionWithValue,
        false => Token::Option,
    })
}

/// Where the name of the subcommand stands: the first argument that is no global option.
fn subcommand_position(arguments: &[OsString], program: &Command) -> Option<usize> {
    let mut position = 1;
    while position < arguments.len() {
        match classify(&arguments[position], &[program]) {
            Token::Word => return Some(position),
            Token::End => return None,
            Token::Option => position += 1,
            Token::OptionWithValue => position += 2,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::super::super::Cli;
    use super::*;

    fn arranged(line: &str) -> String {
        let arguments = line.split(' ').map(OsString::from).collect();
        let arguments = exclusions_behind_dashes(arguments, &Cli::command());
        arguments.join(OsStr::new(" ")).into_string().unwrap()
    }

    #[test]
    fn a_word_with_one_dash_belongs_to_the_query() {
        insta::assert_snapshot!(
            arranged("ragterm search vacation -draft --limit 3 -초안 --json -n 5 over"),
            @"ragterm search --limit 3 --json -n 5 -- vacation -draft -초안 over"
        );
    }

    #[test]
    fn global_options_before_and_after_the_command_stay_options() {
        insta::assert_snapshot!(
            arranged("ragterm --socket /run/r.sock -v search -v a --config=c.toml -verbose"),
            @"ragterm --socket /run/r.sock -v search -v --config=c.toml -- a -verbose"
        );
    }

    #[test]
    fn behind_two_dashes_everything_is_a_word() {
        insta::assert_snapshot!(arranged("ragterm search -- --json -n"), @"ragterm search -- --json -n");
    }

    #[test]
    fn a_misspelt_option_is_still_refused() {
        let arguments = ["ragterm", "search", "a", "--jsn"].map(OsString::from).to_vec();
        let arguments = exclusions_behind_dashes(arguments, &Cli::command());
        let error = Cli::command().try_get_matches_from(arguments).unwrap_err();
        assert!(error.to_string().contains("--json"), "{error}");
    }

    #[test]
    fn other_commands_and_help_stay_as_they_are() {
        for line in
            ["ragterm sources remove -x", "ragterm", "ragterm search -h", "ragterm -x search"]
        {
            assert_eq!(arranged(line), line);
        }
        assert_eq!(arranged("ragterm search"), "ragterm search");
    }
}
