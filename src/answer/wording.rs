//! What somebody asks, as far as it can be asked; pure.

use crate::config::Pipeline;
use crate::error::{Error, Result};
use crate::lexical::MAX_QUERY_BYTES;

/// A longer question is refused, in characters.
const MAX_QUESTION: usize = 8_000;

/// Fails with what is wrong with a question.
pub fn check(question: &str) -> Result<()> {
    let length = question.chars().count();
    if question.trim().is_empty() {
        return Err(Error::usage("the question is empty").hint("ask something"));
    }
    if length > MAX_QUESTION {
        return Err(Error::usage(format!(
            "the question has {length} characters; at most {MAX_QUESTION} are taken"
        ))
        .hint("add the text as a document, and ask about it"));
    }
    Ok(())
}

/// The types of documents that a question is answered from: those that are asked for, of those
/// that the pipeline allows.
pub fn types_of(asked: &[String], pipeline: &Pipeline) -> Result<Vec<String>> {
    let extension = |kind: &String| kind.trim_start_matches('.').to_lowercase();
    let asked: Vec<String> = asked.iter().map(extension).collect();
    let allowed: Vec<String> = pipeline.types.iter().map(extension).collect();
    if asked.is_empty() || allowed.is_empty() {
        return Ok(if asked.is_empty() { allowed } else { asked });
    }
    let both: Vec<String> = asked.into_iter().filter(|kind| allowed.contains(kind)).collect();
    match both.is_empty() {
        false => Ok(both),
        true => Err(Error::usage(format!(
            "questions to these spaces are answered from documents of other types: {}",
            allowed.join(", ")
        ))
        .hint("leave the types out, or search instead")),
    }
}

/// A question without what the search would take for operators.
pub fn searched(question: &str) -> String {
    let mut words = String::with_capacity(question.len());
    for word in question.split_whitespace() {
        let word = word.trim_start_matches('-');
        words.extend(word.chars().map(|c| if matches!(c, '"' | '“' | '”') { ' ' } else { c }));
        words.push(' ');
    }
    let end = words.floor_char_boundary(MAX_QUERY_BYTES);
    words[..end].trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_searched_without_operators() {
        assert_eq!(searched("What does \"-v\" do in -x?"), "What does  -v  do in x?");
        assert_eq!(searched("연차는  며칠?"), "연차는 며칠?");
    }

    #[test]
    fn types_that_are_asked_for_do_not_widen_those_of_the_pipeline() {
        let pipeline = |types: &[&str]| Pipeline {
            types: types.iter().map(ToString::to_string).collect(),
            ..crate::config::Config::default().answer.pipeline
        };
        let asked = ["MD".to_owned(), ".txt".to_owned()];
        assert_eq!(types_of(&asked, &pipeline(&[])).unwrap(), ["md", "txt"]);
        assert_eq!(types_of(&asked, &pipeline(&["md", "pdf"])).unwrap(), ["md"]);
        assert_eq!(types_of(&[], &pipeline(&["md"])).unwrap(), ["md"]);
        let refused = types_of(&asked, &pipeline(&["pdf"])).unwrap_err();
        assert!(refused.to_string().ends_with("pdf"), "{refused}");
    }

    #[test]
    fn a_question_must_ask_something() {
        assert!(check("  ").is_err());
        assert!(check(&"a".repeat(MAX_QUESTION + 1)).is_err());
        assert!(check("Why?").is_ok());
    }
}
