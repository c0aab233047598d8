//! A corpus as a folder of documents that the daemon can index.

use std::collections::HashSet;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use unicode_normalization::UnicodeNormalization;

use super::beir::{self, Record};
use crate::error::{Error, Result};

/// So many files lie in one directory.
const FILES_PER_DIRECTORY: usize = 1000;

/// So many records are written before others may run.
const BATCH: usize = 64;

/// Files look as old as this, so that nobody waits for them to be written to the end.
const AGE: Duration = Duration::from_secs(3600);

/// A folder of documents, and what judgements call them.
#[derive(Debug)]
pub struct Corpus {
    /// The folder.
    pub folder: PathBuf,
    /// The number of documents, when it is known.
    pub documents: Option<usize>,
    names: Names,
}

#[derive(Debug)]
enum Names {
    /// Records of a corpus file, in its order.
    Records(Vec<String>),
    /// A folder of real documents, which go by their paths or file names: all of these.
    Paths(HashSet<String>),
}

impl Corpus {
    /// A folder of documents as it is, or a corpus file written out as a folder in `scratch`.
    pub async fn prepare(path: &Path, scratch: &Path) -> Result<Self> {
        if path.is_dir() && !path.join("corpus.jsonl").is_file() {
            let folder = std::fs::canonicalize(path)?;
            let mut names = HashSet::new();
            list(&folder, "", &mut names)?;
            return Ok(Self { folder, documents: None, names: Names::Paths(names) });
        }
        let path = beir::locate(path, &["corpus.jsonl"])?;
        let mut ids = Vec::new();
        for record in beir::read_corpus(&path)? {
            let record = record?;
            write(scratch, ids.len(), &record).map_err(|error| {
                Error::unavailable(format!("cannot write into {}", scratch.display()))
                    .because(error)
                    .hint("TMPDIR names another directory for temporary files")
            })?;
            ids.push(record.id);
            if ids.len() % BATCH == 0 {
                tokio::task::yield_now().await;
            }
        }
        let documents = Some(ids.len());
        Ok(Self { folder: scratch.to_path_buf(), documents, names: Names::Records(ids) })
    }

    /// Every name by which judgements may mean a document.
    pub fn names(&self) -> HashSet<&str> {
        match &self.names {
            Names::Records(ids) => ids.iter().map(String::as_str).collect(),
            Names::Paths(names) => names.iter().map(String::as_str).collect(),
        }
    }

    /// What judgements may call the document at a path within the folder.
    pub fn name<'a>(&'a self, path: &'a str, is_judged: impl Fn(&str) -> bool) -> &'a str {
        let file_name = path.rsplit('/').next().unwrap_or(path);
        match &self.names {
            Names::Paths(_) if is_judged(path) => path,
            Names::Paths(_) => file_name,
            Names::Records(ids) => {
                let number = file_name.trim_start_matches('d').trim_end_matches(".md");
                let id = number.parse::<usize>().ok().and_then(|number| ids.get(number));
                id.map_or(path, String::as_str)
            }
        }
    }
}

/// Gathers the paths and the names of the files in a folder; `path` leads to it from the root.
fn list(folder: &Path, path: &str, names: &mut HashSet<String>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        // As the index spells names.
        let name: String = entry.file_name().to_string_lossy().nfc().collect();
        let path = if path.is_empty() { name.clone() } else { format!("{path}/{name}") };
        if entry.file_type()?.is_dir() {
            list(&entry.path(), &path, names)?;
        } else {
            names.extend([name, path]);
        }
    }
    Ok(())
}

/// The name of a file has no words that a query could mean.
fn write(folder: &Path, number: usize, record: &Record) -> std::io::Result<()> {
    let directory = folder.join(format!("c{:05}", number / FILES_PER_DIRECTORY));
    if number.is_multiple_of(FILES_PER_DIRECTORY) {
        std::fs::create_dir_all(&directory)?;
    }
    let mut file = File::create_new(directory.join(format!("d{number:08}.md")))?;
    file.write_all(as_markdown(record).as_bytes())?;
    file.set_modified(SystemTime::now() - AGE)
}

fn as_markdown(record: &Record) -> String {
    if record.title.is_empty() {
        // Without the line break a rule at the top would be taken for front matter.
        return format!("\n{}\n", record.text);
    }
    // A JSON string is a string of YAML too.
    let title = serde_json::Value::from(record.title.as_str());
    format!("---\ntitle: {title}\n---\n\n{}\n", record.text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prepare(path: &Path, scratch: &Path) -> Result<Corpus> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(Corpus::prepare(path, scratch))
    }

    #[test]
    fn records_become_files_that_lead_back_to_their_ids() {
        let directory = tempfile::tempdir().unwrap();
        let corpus = "{\"_id\":\"a/b\",\"title\":\"휴가 \\\"정책\\\"\",\"text\":\"본문\"}\n\
                      {\"_id\":\"c\",\"text\":\"---\\nrule\"}\n";
        std::fs::write(directory.path().join("corpus.jsonl"), corpus).unwrap();
        let scratch = directory.path().join("scratch");
        let corpus = prepare(directory.path(), &scratch).unwrap();
        assert_eq!(corpus.documents, Some(2));
        assert_eq!(corpus.name("c00000/d00000000.md", |_| false), "a/b");
        assert_eq!(corpus.name("c00000/d00000009.md", |_| false), "c00000/d00000009.md");
        let read = |name: &str| std::fs::read_to_string(scratch.join(name)).unwrap();
        let first = read("c00000/d00000000.md");
        assert_eq!(first, "---\ntitle: \"휴가 \\\"정책\\\"\"\n---\n\n본문\n");
        assert_eq!(read("c00000/d00000001.md"), "\n---\nrule\n");
    }

    #[test]
    fn a_folder_of_documents_is_used_as_it_is() {
        let directory = tempfile::tempdir().unwrap();
        let corpus = prepare(directory.path(), Path::new("/nowhere")).unwrap();
        assert_eq!(corpus.folder, std::fs::canonicalize(directory.path()).unwrap());
        assert_eq!(corpus.name("2022/q3.pdf", |_| false), "q3.pdf");
        assert_eq!(corpus.name("2022/q3.pdf", |name| name == "2022/q3.pdf"), "2022/q3.pdf");
    }
}
