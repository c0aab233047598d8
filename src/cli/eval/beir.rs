//! Reading questions and judgements in the BEIR layout.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::metrics::Judgements;
use crate::error::{Error, Result};

/// A longer line is refused, in bytes.
const MAX_LINE_BYTES: u64 = 64 * 1024 * 1024;

/// A document of the corpus.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Record {
    /// What judgements call it.
    #[serde(rename = "_id")]
    pub id: String,
    /// May be empty.
    #[serde(default)]
    pub title: String,
    /// The text.
    pub text: String,
}

/// A question with what people judged about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// The words.
    pub text: String,
    /// At least one document is relevant.
    pub judged: Judgements,
}

/// What is to be asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Questions {
    /// The questions that have a relevant document, in the order of the file.
    pub asked: Vec<Question>,
    /// What the judgements name as a query although there is none of that name, sorted.
    pub unknown: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Query {
    #[serde(rename = "_id")]
    id: String,
    text: String,
}

/// The file of a set: the path itself, or the first of `names` in it when it is a directory.
pub fn locate(path: &Path, names: &[&str]) -> Result<PathBuf> {
    if !path.is_dir() {
        return Ok(path.to_path_buf());
    }
    let mut candidates = names.iter().map(|name| path.join(name));
    candidates.find(|candidate| candidate.is_file()).ok_or_else(|| {
        Error::usage(format!("there is no {} in {}", names.join(" or "), path.display()))
    })
}

/// The questions with their judgements; fails when no query has a relevant document.
pub fn read_questions(queries: &Path, qrels: &Path) -> Result<Questions> {
    let mut judgements = read_judgements(qrels)?;
    let mut asked = Vec::new();
    for query in Lines::open(queries)? {
        let (number, line) = query?;
        let query: Query = parse(queries, number, &line)?;
        let judged = judgements.remove(&query.id).unwrap_or_default();
        if judged.values().any(|grade| *grade > 0.0) {
            asked.push(Question { text: query.text, judged });
        }
    }
    if asked.is_empty() {
        let (queries, qrels) = (queries.display(), qrels.display());
        return Err(Error::usage(format!("no query of {queries} has a judgement in {qrels}"))
            .hint("the first column of the judgements must be the `_id` of a query"));
    }
    let mut unknown: Vec<String> = judgements.into_keys().collect();
    unknown.sort_unstable();
    Ok(Questions { asked, unknown })
}

/// The documents of a corpus, one at a time.
pub fn read_corpus(path: &Path) -> Result<impl Iterator<Item = Result<Record>>> {
    let owned = path.to_path_buf();
    let lines = Lines::open(path)?;
    Ok(lines.map(move |line| line.and_then(|(number, line)| parse(&owned, number, &line))))
}

/// `query-id`, `corpus-id`, `score` in columns; the four columns of TREC are taken too.
fn read_judgements(path: &Path) -> Result<HashMap<String, Judgements>> {
    let mut judgements: HashMap<String, Judgements> = HashMap::new();
    for line in Lines::open(path)? {
        let (number, line) = line?;
        let columns: Vec<&str> = match line.contains('\t') {
            true => line.split('\t').map(str::trim).collect(),
            false => line.split_whitespace().collect(),
        };
        let (query, document, grade) = match columns[..] {
            [query, document, grade] | [query, _, document, grade] => (query, document, grade),
            _ => {
                return Err(wrong(path, number, "it must have the columns query, document, score"));
            }
        };
        match grade.parse::<f64>() {
            Ok(grade) if grade.is_finite() => {
                judgements.entry(query.to_owned()).or_default().insert(document.to_owned(), grade);
            }
            // The first line may name the columns.
            _ if number == 1 => {}
            _ => return Err(wrong(path, number, "the score is not a number")),
        }
    }
    Ok(judgements)
}

fn parse<'a, T: Deserialize<'a>>(path: &Path, number: u64, line: &'a str) -> Result<T> {
    serde_json::from_str(line).map_err(|error| wrong(path, number, &error.to_string()))
}

fn wrong(path: &Path, number: u64, why: &str) -> Error {
    Error::usage(format!("cannot use line {number} of {}: {why}", path.display()))
}

/// The lines of a file with their numbers, empty ones left out.
struct Lines {
    path: PathBuf,
    reader: BufReader<File>,
    number: u64,
}

impl Lines {
    fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(|error| {
            Error::usage(format!("cannot read {}", path.display())).because(error)
        })?;
        Ok(Self { path: path.to_path_buf(), reader: BufReader::new(file), number: 0 })
    }

    fn read(&mut self) -> Result<Option<String>> {
        let mut line = String::new();
        let read = (&mut self.reader).take(MAX_LINE_BYTES).read_line(&mut line);
        self.number += 1;
        match read {
            Ok(0) => Ok(None),
            Ok(length) if length as u64 == MAX_LINE_BYTES => {
                Err(wrong(&self.path, self.number, "it is longer than 64 MiB"))
            }
            Ok(_) => Ok(Some(line)),
            Err(error) => Err(wrong(&self.path, self.number, &error.to_string())),
        }
    }
}

impl Iterator for Lines {
    type Item = Result<(u64, String)>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let line = self.read().transpose()?;
            // The mark that Windows puts at the beginning of a file is no text.
            let line = line.map(|line| line.trim_matches(['\u{feff}', '\r', '\n', ' ']).to_owned());
            match line {
                Ok(line) if line.is_empty() => {}
                line => return Some(line.map(|line| (self.number, line))),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        file
    }

    #[test]
    fn questions_without_a_relevant_document_are_left_out() {
        let queries = file(
            "{\"_id\":\"1\",\"text\":\"휴가\"}\r\n\n{\"_id\":\"2\",\"text\":\"b\"}\n{\"_id\":\"3\",\"text\":\"c\"}",
        );
        let qrels = file("query-id\tcorpus-id\tscore\n1\td 1\t2\n1\td2\t0\n2\td1\t0\n");
        let questions = read_questions(queries.path(), qrels.path()).unwrap().asked;
        assert_eq!(questions.len(), 1);
        assert_eq!(questions[0].text, "휴가");
        assert_eq!(questions[0].judged["d 1"], 2.0);
    }

    #[test]
    fn judgements_need_no_headings_and_may_be_those_of_trec() {
        for text in ["1\td1\t1\n", "1 0 d1 1\n", "1 d1 1"] {
            let judgements = read_judgements(file(text).path()).unwrap();
            assert_eq!(judgements["1"]["d1"], 1.0, "{text}");
        }
    }

    #[test]
    fn a_wrong_line_is_named() {
        let error = read_judgements(file("1\td1\t1\n1\td2\tNaN\n").path()).unwrap_err();
        assert!(error.to_string().contains("line 2"), "{error}");
        let corpus = file("{\"_id\":\"1\",\"text\":\"a\"}\n{\"_id\":2}\n");
        let records: Vec<_> = read_corpus(corpus.path()).unwrap().collect();
        assert_eq!(records[0].as_ref().unwrap().title, "");
        assert!(records[1].as_ref().unwrap_err().to_string().contains("line 2"));
    }

    #[test]
    fn a_directory_stands_for_the_files_in_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("queries.jsonl");
        assert!(locate(directory.path(), &["queries.jsonl"]).is_err());
        std::fs::write(&path, "").unwrap();
        assert_eq!(locate(directory.path(), &["queries.jsonl"]).unwrap(), path);
        assert_eq!(locate(&path, &["queries.jsonl"]).unwrap(), path);
    }
}
