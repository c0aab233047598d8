//! The written rules that a machine can check: layers, file sizes, first lines.

use std::fs;
use std::path::{Path, PathBuf};

/// Each layer with those that it may name; `error`, `id` and `filter` are open to all.
const LAYERS: &[(&str, &[&str])] = &[
    ("chunk", &[]),
    ("config", &[]),
    ("telemetry", &["config"]),
    ("http", &["config"]),
    ("embed", &["chunk", "config", "http"]),
    ("llm", &["config", "http"]),
    ("catalog", &["chunk", "config", "embed"]),
    ("backup", &["catalog", "config"]),
    ("access", &["catalog", "config"]),
    ("lexical", &["chunk"]),
    ("vectors", &["config"]),
    ("index", &["catalog", "chunk", "embed", "lexical", "vectors"]),
    ("search", &["access", "catalog", "config", "embed", "http", "lexical", "metrics", "vectors"]),
    ("answer", &["access", "catalog", "chunk", "config", "lexical", "llm", "metrics", "search"]),
    ("watch", &["catalog", "config", "index"]),
    (
        "engine",
        &[
            "access", "answer", "backup", "catalog", "chunk", "config", "embed", "index",
            "lexical", "metrics", "search", "vectors", "watch",
        ],
    ),
    (
        "gate",
        &[
            "access",
            "answer",
            "catalog",
            "chunk",
            "config",
            "engine",
            "metrics",
            "search",
            "telemetry",
            "watch",
        ],
    ),
    (
        "rpc",
        &[
            "access",
            "answer",
            "backup",
            "catalog",
            "config",
            "engine",
            "gate",
            "metrics",
            "search",
            "telemetry",
            "watch",
        ],
    ),
    ("daemon", &["access", "backup", "config", "engine", "gate", "rpc", "telemetry"]),
    // `doctor` looks at the servers of the models itself, and `restore` at the backup, because the
    // daemon may not run.
    ("cli", &["backup", "config", "daemon", "embed", "llm", "telemetry"]),
];

const OPEN: [&str; 4] = ["disk", "error", "filter", "id"];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn sources(directory: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(directory) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn all_sources() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for directory in [
        "src",
        "connectors/src",
        "mcp/src",
        "mcp/tests",
        "milvus/src",
        "proto/src",
        "tui/src",
        "units/src",
        "tests",
        "benches",
        "bots/src",
        "bots/tests",
    ] {
        sources(&root().join(directory), &mut found);
    }
    assert!(found.len() > 50, "the sources were not found");
    found
}

#[test]
fn modules_name_only_those_below_them() {
    let mut wrong = Vec::new();
    for (layer, below) in LAYERS {
        let mut files = Vec::new();
        sources(&root().join("src").join(layer), &mut files);
        for file in files {
            for (number, line) in (1..).zip(fs::read_to_string(&file).unwrap().lines()) {
                for named in line.split("crate::").skip(1) {
                    let name: String =
                        named.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                    let is_fine = name == *layer
                        || OPEN.contains(&name.as_str())
                        || below.contains(&name.as_str())
                        || name.is_empty();
                    if !is_fine {
                        wrong.push(format!("{}:{number}: {layer} names {name}", file.display()));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn files_stay_small_and_say_what_they_are_for() {
    let mut wrong = Vec::new();
    for file in all_sources() {
        let text = fs::read_to_string(&file).unwrap();
        let lines = text.lines().count();
        if lines > 500 {
            wrong.push(format!("{} has {lines} lines; split it", file.display()));
        }
        if !text.starts_with("//! ") {
            wrong.push(format!("{} does not begin with what it is for", file.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn only_the_catalog_speaks_sql() {
    let names_sqlx = |path: &PathBuf| fs::read_to_string(path).unwrap().contains("sqlx::");
    let inside = root().join("src/catalog");
    // The one makes databases to test with, the other is this file.
    let others = ["tests/postgres.rs", "tests/tidy.rs"].map(|path| root().join(path));
    let wrong: Vec<_> = all_sources()
        .into_iter()
        .filter(|path| !path.starts_with(&inside) && !others.contains(path) && names_sqlx(path))
        .collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}
