//! Questions: answered by flags, by people at a terminal, or by their defaults.

use std::io::{self, IsTerminal};

use dialoguer::{Confirm, Input, Select};

use crate::error::{Error, Result};

/// Where answers come from that no flag gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// From a person at the terminal.
    Ask,
    /// From the defaults.
    Defaults,
    /// From nowhere: each missing one is an error.
    Refuse,
}

impl Manner {
    /// `--yes` takes the defaults, and a terminal is asked at.
    pub fn of(yes: bool, json: bool) -> Self {
        let is_terminal = io::stdin().is_terminal() && io::stderr().is_terminal();
        match (yes, is_terminal && !json) {
            (true, _) => Self::Defaults,
            (false, true) => Self::Ask,
            (false, false) => Self::Refuse,
        }
    }
}

/// A question with the flag that answers it.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// Such as `--kind`.
    pub flag: &'static str,
    /// What a person is asked.
    pub prompt: &'a str,
    /// What `--yes` and Enter answer.
    pub default: &'a str,
}

/// Asks questions, and remembers those that nobody answered.
#[derive(Debug)]
pub struct Asker {
    manner: Manner,
    missing: Vec<&'static str>,
}

impl Asker {
    /// Nothing was asked yet.
    pub fn new(manner: Manner) -> Self {
        Self { manner, missing: Vec::new() }
    }

    /// One answer; `read` makes it a value or says why it cannot.
    pub fn one<T>(
        &mut self,
        question: Question<'_>,
        given: Option<&str>,
        read: impl Fn(&str) -> Result<T>,
    ) -> Result<T> {
        let answer = match (given, self.manner) {
            (Some(given), _) => given.to_owned(),
            (None, Manner::Ask) => typed(question, &read)?,
            (None, Manner::Defaults) => question.default.to_owned(),
            (None, Manner::Refuse) => {
                self.missing.push(question.flag);
                question.default.to_owned()
            }
        };
        read(&answer).map_err(|error| of_flag(question.flag, error))
    }

    /// One of a few words, each with its explanation.
    pub fn choice(
        &mut self,
        question: Question<'_>,
        given: Option<&str>,
        words: &[(&str, &str)],
    ) -> Result<String> {
        if self.manner != Manner::Ask || given.is_some() {
            return self.one(question, given, |word| Ok(word.to_owned()));
        }
        let lines: Vec<String> =
            words.iter().map(|(word, meaning)| format!("{word:<16}  {meaning}")).collect();
        let default = words.iter().position(|(word, _)| *word == question.default);
        let select = Select::new().with_prompt(question.prompt).items(&lines);
        let chosen = select.default(default.unwrap_or(0)).interact().map_err(broken)?;
        Ok(words[chosen].0.to_owned())
    }

    /// Any number of answers: a person is asked until one is empty. `none` stands for none.
    pub fn many<T>(
        &mut self,
        question: Question<'_>,
        given: &[String],
        read: impl Fn(&str) -> Result<T>,
    ) -> Result<Vec<T>> {
        Self::agree(question, given)?;
        let mut answers: Vec<String> = given.to_vec();
        if answers.is_empty() {
            match self.manner {
                Manner::Refuse => self.missing.push(question.flag),
                Manner::Ask => answers = all_typed(question, &read)?,
                Manner::Defaults => {}
            }
        }
        let answers = answers.iter().filter(|answer| !matches!(answer.as_str(), "" | "none"));
        let of_flag = |error| of_flag(question.flag, error);
        answers.map(|answer| read(answer).map_err(of_flag)).collect()
    }

    /// Fails where answers that a flag gives cannot all be meant.
    pub fn agree(question: Question<'_>, given: &[String]) -> Result<()> {
        let other = given.iter().find(|answer| answer.as_str() != "none");
        match (other, given.iter().any(|answer| answer == "none")) {
            (Some(other), true) => {
                let error = Error::usage(format!("`none` and `{other}` contradict each other"));
                Err(of_flag(question.flag, error.hint("give one of the two")))
            }
            _ => Ok(()),
        }
    }

    /// Fails with the flags of all questions that nobody answered.
    pub fn check(&self) -> Result<()> {
        if self.missing.is_empty() {
            return Ok(());
        }
        let flags: Vec<String> = self.missing.iter().map(|flag| format!("`{flag}`")).collect();
        Err(Error::usage(format!(
            "there is no terminal to ask at, and no answer in {}",
            flags.join(", ")
        ))
        .hint("give these flags, or --yes, which takes the default of each"))
    }

    /// Whether a person agrees; nobody else is asked.
    pub fn confirms(&self, prompt: &str) -> Result<bool> {
        match self.manner {
            Manner::Ask => {
                Confirm::new().with_prompt(prompt).default(true).interact().map_err(broken)
            }
            Manner::Defaults | Manner::Refuse => Ok(true),
        }
    }
}

fn typed<T>(question: Question<'_>, read: &impl Fn(&str) -> Result<T>) -> Result<String> {
    let input: Input<'_, String> = Input::new()
        .with_prompt(question.prompt)
        .default(question.default.to_owned())
        .validate_with(|answer: &String| told(read(answer.trim())));
    Ok(input.interact_text().map_err(broken)?.trim().to_owned())
}

fn all_typed<T>(question: Question<'_>, read: &impl Fn(&str) -> Result<T>) -> Result<Vec<String>> {
    let mut answers = Vec::new();
    loop {
        let answer: Input<'_, String> = Input::new()
            .with_prompt(question.prompt)
            .allow_empty(true)
            .validate_with(|answer: &String| match answer.trim() {
                "" => Ok(()),
                answer => told(read(answer)),
            });
        let answer = answer.interact_text().map_err(broken)?.trim().to_owned();
        if answer.is_empty() {
            return Ok(answers);
        }
        answers.push(answer);
    }
}

fn told<T>(read: Result<T>) -> Result<(), String> {
    read.map(drop).map_err(|error| error.with_next_step())
}

fn of_flag(flag: &str, error: Error) -> Error {
    let told = Error::new(error.kind(), format!("{flag}: {error}"));
    match error.next_step() {
        Some(step) => told.hint(step),
        None => told,
    }
}

/// The terminal went away; Ctrl-C ends the program at once.
fn broken(error: dialoguer::Error) -> Error {
    Error::usage("the terminal cannot be asked at").because(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIND: Question<'_> = Question { flag: "--kind", prompt: "Kind", default: "compose" };
    const FOLDER: Question<'_> = Question { flag: "--folder", prompt: "Folder", default: "" };

    #[test]
    fn without_a_terminal_each_missing_answer_names_its_flag() {
        let mut asker = Asker::new(Manner::Refuse);
        let text = |answer: &str| Ok(answer.to_owned());
        assert_eq!(asker.one(KIND, Some("local"), text).unwrap(), "local");
        asker.check().unwrap();
        asker.one(KIND, None, text).unwrap();
        asker.many(FOLDER, &[], text).unwrap();
        let error = asker.check().unwrap_err();
        assert!(error.to_string().ends_with("in `--kind`, `--folder`"), "{error}");
        assert_eq!(error.kind(), crate::error::ErrorKind::Usage);
    }

    #[test]
    fn a_wrong_answer_names_its_flag_and_keeps_its_next_step() {
        let mut asker = Asker::new(Manner::Defaults);
        let refuse = |_: &str| Err::<(), _>(Error::usage("no such thing").hint("name another"));
        let error = asker.one(KIND, Some("x"), refuse).unwrap_err();
        assert_eq!(error.to_string(), "--kind: no such thing");
        assert_eq!(error.next_step(), Some("name another"));
    }

    #[test]
    fn none_among_many_is_none() {
        let mut asker = Asker::new(Manner::Refuse);
        let text = |answer: &str| Ok(answer.to_owned());
        assert!(asker.many(FOLDER, &["none".to_owned()], text).unwrap().is_empty());
        asker.check().unwrap();
        for given in [["none", "/srv"], ["/srv", "none"]] {
            let error = asker.many(FOLDER, &given.map(str::to_owned), text).unwrap_err();
            assert_eq!(error.to_string(), "--folder: `none` and `/srv` contradict each other");
            assert_eq!(error.kind(), crate::error::ErrorKind::Usage);
        }
    }
}
