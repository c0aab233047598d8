//! Names in the judgements that nothing has: they would score 0 without a word.

use super::beir::Questions;
use super::corpus::Corpus;
use crate::cli::units::{count, counted};
use crate::error::{Error, Result};

/// So many names are given as examples.
const EXAMPLES: usize = 3;

/// Warnings about queries and documents that are judged but not there; fails when none of the
/// documents is there.
pub fn check(questions: &Questions, corpus: &Corpus) -> Result<Vec<String>> {
    let mut judged: Vec<&str> = questions
        .asked
        .iter()
        .flat_map(|question| question.judged.keys().map(String::as_str))
        .collect();
    judged.sort_unstable();
    judged.dedup();
    let names = corpus.names();
    let absent: Vec<&str> = judged.iter().copied().filter(|name| !names.contains(name)).collect();
    if absent.len() == judged.len() {
        let message = format!("no judged document is in the corpus, for example {}", some(&absent));
        return Err(Error::usage(message).hint(
            "the second column of the judgements must be the `_id` of a document, or its path in \
             a folder of documents",
        ));
    }
    let mut warnings = Vec::new();
    if !questions.unknown.is_empty() {
        let unknown: Vec<&str> = questions.unknown.iter().map(String::as_str).collect();
        let number = counted(unknown.len() as u64, "judged query id");
        warnings.push(format!("{number} not among the queries, left out: {}", some(&unknown)));
    }
    if !absent.is_empty() {
        let (missing, all) = (count(absent.len() as u64), count(judged.len() as u64));
        let examples = some(&absent);
        warnings.push(format!(
            "{missing} of {all} judged documents are not in the corpus and count as not found: \
             {examples}"
        ));
    }
    Ok(warnings)
}

/// `a`, `b`, `c`, …
fn some(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().take(EXAMPLES).map(|name| format!("`{name}`")).collect();
    let more = if names.len() > EXAMPLES { ", …" } else { "" };
    format!("{}{more}", quoted.join(", "))
}

#[cfg(test)]
mod tests {
    use super::super::beir::Question;
    use super::*;

    fn questions(judged: &[&str], unknown: &[&str]) -> Questions {
        let judged = judged.iter().map(|name| ((*name).to_owned(), 1.0)).collect();
        let asked = vec![Question { text: "a".into(), judged }];
        Questions { asked, unknown: unknown.iter().map(ToString::to_string).collect() }
    }

    #[test]
    fn judged_documents_that_are_not_there_are_counted_and_named() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir(directory.path().join("2022")).unwrap();
        std::fs::write(directory.path().join("2022/q3.md"), "text").unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let scratch = directory.path().join("scratch");
        let corpus = runtime.block_on(Corpus::prepare(directory.path(), &scratch)).unwrap();
        let told = |judged: &[&str], unknown: &[&str]| check(&questions(judged, unknown), &corpus);
        assert_eq!(told(&["q3.md", "2022/q3.md"], &[]).unwrap().len(), 0);
        insta::assert_snapshot!(told(&["q3.md", "b", "c", "d", "e"], &["7"]).unwrap().join("\n"), @r"
        1 judged query id not among the queries, left out: `7`
        4 of 5 judged documents are not in the corpus and count as not found: `b`, `c`, `d`, …
        ");
        let error = told(&["b"], &[]).unwrap_err();
        assert_eq!(error.to_string(), "no judged document is in the corpus, for example `b`");
        assert_eq!(error.kind(), crate::error::ErrorKind::Usage);
    }
}
