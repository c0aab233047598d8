//! Between the messages of the wire and the types of the engine.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Duration;

use ragterm_proto::v1::reindex_request::Action;
use ragterm_proto::v1::{
    AddSourceRequest, Finding, Highlight, Hit, LineRange, Mode as WireMode, Place, ReindexReply,
    ReindexRequest, RescanSourceRequest, Scores, SearchReply, SearchRequest, VerifyReply,
    VerifyRequest,
};
use tonic::Status;

use crate::catalog::{Document, NewSource, Origin, Source, SourceSettings};
use crate::config::{self, After, SourceKind};
use crate::engine::{Change, Reading, Reindexing, Remedy, Verdict};
use crate::error::Error;
use crate::search::{self, Answer, Mode, Request};

/// Findings in one reply at the most.
const MAX_FINDINGS: usize = 1000;

/// Spaces, types or paths that one request can name.
const MAX_NAMES: usize = 256;

/// A name or a pattern is no longer than this, in bytes.
const MAX_NAME: usize = 4_096;

/// Fails when a request narrows itself down in more words than anybody means.
pub fn check_narrowing(names: &[&[String]], glob: Option<&str>) -> Result<(), Status> {
    let is_long = |name: &String| name.len() > MAX_NAME;
    let is_too_much = names.iter().any(|list| list.len() > MAX_NAMES || list.iter().any(is_long))
        || glob.is_some_and(|glob| glob.len() > MAX_NAME);
    match is_too_much {
        true => Err(super::status(&Error::usage(format!(
            "a request names at most {MAX_NAMES} spaces and {MAX_NAMES} types, each of {MAX_NAME} \
             bytes at the most"
        )))),
        false => Ok(()),
    }
}

/// A search as the engine takes it.
pub fn search_request(request: SearchRequest) -> Result<Request, Status> {
    check_narrowing(&[&request.spaces, &request.types], request.path_glob.as_deref())?;
    let mode = match WireMode::try_from(request.mode) {
        Ok(WireMode::Unspecified | WireMode::Hybrid) => Mode::Hybrid,
        Ok(WireMode::Keyword) => Mode::Keyword,
        Ok(WireMode::Semantic) => Mode::Semantic,
        Err(_) => return Err(super::status(&Error::usage("the search mode is unknown"))),
    };
    Ok(Request {
        text: request.query,
        spaces: request.spaces,
        limit: request.limit as usize,
        mode,
        types: request.types,
        path_glob: request.path_glob,
        since: request.since_s.map(Duration::from_secs),
        explain: request.explain,
        ..Request::default()
    })
}

/// An answer as the wire takes it.
pub fn search_reply(request: &Request, answer: Answer) -> SearchReply {
    let mode = match request.mode {
        Mode::Hybrid => WireMode::Hybrid,
        Mode::Keyword => WireMode::Keyword,
        Mode::Semantic => WireMode::Semantic,
    };
    SearchReply {
        query: request.text.clone(),
        mode: mode.into(),
        took_ms: answer.took.as_secs_f64() * 1000.0,
        degraded: answer.degraded,
        embedded_share: answer.embedded_share,
        hits: (1..).zip(answer.hits).map(|(rank, found)| hit(rank, found)).collect(),
    }
}

pub fn hit(rank: u32, hit: search::Hit) -> Hit {
    let place = place(&hit.document, &hit.source);
    Hit {
        rank,
        score: f64::from(hit.fused.score),
        title: title(&hit.document),
        document: place.document,
        uri: place.uri,
        path: place.path,
        heading: hit.heading,
        space: place.space,
        source: place.source,
        r#type: hit.document.kind,
        modified_ms: hit.document.modified_ns / 1_000_000,
        lines: hit.lines.map(|(first, last)| LineRange { first, last }),
        page: hit.page,
        snippet: hit.snippet.text,
        highlights: hit
            .snippet
            .highlights
            .into_iter()
            .map(|(start, end)| Highlight { start: start as u32, end: end as u32 })
            .collect(),
        scores: Some(Scores {
            dense: hit.fused.dense.map(f64::from),
            keyword: hit.fused.keyword.map(f64::from),
            rerank: hit.rerank.map(f64::from),
        }),
        also_at: hit
            .also_at
            .iter()
            .map(|(document, source)| self::place(document, source))
            .collect(),
        explanation: hit.explanation,
        ordinal: hit.fused.ordinal,
    }
}

pub fn place(document: &Document, source: &Source) -> Place {
    Place {
        document: document.id.to_string(),
        uri: uri(document, source),
        path: document.path.clone(),
        space: source.registered.space.clone(),
        source: source.registered.name.clone(),
    }
}

/// The document's own title, or the name of its file.
pub fn title(document: &Document) -> String {
    if !document.title.is_empty() {
        return document.title.clone();
    }
    let name = document.path.rsplit('/').next().unwrap_or(&document.path);
    name.rsplit_once('.').map_or(name, |(stem, _)| if stem.is_empty() { name } else { stem }).into()
}

/// The page's own address, if it has one; else a `file://` URI of the file on disk (RFC 8089).
fn uri(document: &Document, source: &Source) -> String {
    let is_address = |url: &&String| url.starts_with("https://") || url.starts_with("http://");
    // A file that says where it stands is not believed; what a wiki or a record says is.
    let has_own = matches!(document.kind.as_str(), "page" | "record");
    if let Some(url) = document.metadata.get("url").filter(|_| has_own) {
        let base = source.registered.settings.url.trim_end_matches('/');
        if is_address(&url) {
            return url.clone();
        } else if !base.is_empty() {
            return format!("{base}/{}", url.trim_start_matches('/'));
        }
    }
    let raw = match document.raw_path.as_slice() {
        [] => document.path.as_bytes(),
        raw => raw,
    };
    let path = source.registered.root().join(OsStr::from_bytes(raw));
    let mut uri = String::from("file://");
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' => {
                uri.push(char::from(*byte));
            }
            byte => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

/// A source as the engine registers it; names and globs are checked.
pub fn new_source(request: AddSourceRequest) -> Result<NewSource, Status> {
    let usage = |message: String| super::status(&Error::usage(message));
    let kind = match request.kind.as_str() {
        "" => SourceKind::Folder,
        name => SourceKind::named(name).ok_or_else(|| {
            let names = SourceKind::NAMES.map(|(name, _)| name).join(", ");
            usage(format!("`{name}` is no kind of source; there are: {names}"))
        })?,
    };
    let after = match request.after.as_str() {
        "" | "keep" => After::Keep,
        "move" if kind == SourceKind::Drop => After::Move,
        "move" => return Err(usage("only a source of the kind `drop` puts files away".into())),
        other => return Err(usage(format!("`{other}` is not done to files; use keep or move"))),
    };
    let path = Path::new(&request.path);
    if !path.is_absolute() {
        return Err(usage(format!("the path `{}` of a source must be absolute", request.path)));
    }
    let name = if request.name.is_empty() { name_of(path) } else { request.name };
    let space = if request.space.is_empty() { config::DEFAULT_SPACE.into() } else { request.space };
    for (what, name) in [("source", &name), ("space", &space)] {
        config::check_name(name)
            .map_err(|reason| usage(format!("`{name}` cannot name a {what}: {reason}")))?;
    }
    let watch = if request.watch.is_empty() { "auto".into() } else { request.watch };
    if !["auto", "events", "poll"].contains(&watch.as_str()) {
        return Err(usage(format!("`{watch}` is no way to watch; use auto, events or poll")));
    }
    let is_file = kind.may_be_file() && path.is_file();
    let settings = SourceSettings { watch, is_file, after, ..SourceSettings::default() };
    Ok(NewSource { name, kind, space, path: request.path, settings, origin: Origin::Command })
}

/// A name for a source that was given none: that of its folder.
fn name_of(path: &Path) -> String {
    let last = path.file_name().map_or("root".into(), |name| name.to_string_lossy().into_owned());
    let is_good = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    let name: String = last.chars().map(|c| if is_good(c) { c } else { '-' }).take(64).collect();
    let name = name.trim_start_matches(['-', '.']).to_string();
    if name.is_empty() { "folder".into() } else { name }
}

/// What a verification is to do about what it finds.
pub fn remedy(request: &VerifyRequest) -> Remedy {
    if request.repair { Remedy::Repair } else { Remedy::Report }
}

/// The result of `verify` as the wire takes it.
pub fn verify_reply(verdict: Verdict) -> VerifyReply {
    let repaired = verdict.findings.iter().any(|finding| finding.repaired);
    VerifyReply {
        ok: verdict.findings.iter().all(|finding| finding.repaired),
        documents: verdict.documents,
        chunks: verdict.chunks,
        findings_total: verdict.findings.len() as u64,
        findings: verdict
            .findings
            .into_iter()
            .take(MAX_FINDINGS)
            .map(|finding| Finding {
                check: finding.check.into(),
                subject: finding.subject,
                problem: finding.problem,
                repaired: finding.repaired,
            })
            .collect(),
        repaired,
    }
}

/// Which documents a comparison reads again.
pub fn reading(request: &RescanSourceRequest) -> Reading {
    if request.reread { Reading::Everything } else { Reading::Changes }
}

/// What is asked about the embedding model.
pub fn change(request: ReindexRequest) -> Change {
    match request.action() {
        Action::Change => Change::To(request.embedder),
        Action::Back => Change::Back,
        Action::Cancel => Change::Cancel,
        Action::Look | Action::Unspecified => Change::Look,
    }
}

/// How far the change to the wanted model is.
pub fn reindex_reply(wanted: &str, reindexing: Option<Reindexing>) -> ReindexReply {
    let embedder = wanted.to_owned();
    let Some(reindexing) = reindexing else {
        return ReindexReply { embedder, complete: true, ..ReindexReply::default() };
    };
    ReindexReply {
        embedder,
        complete: false,
        done: reindexing.done,
        total: reindexing.total,
        rate_per_s: reindexing.rate_per_s,
        eta_s: reindexing.eta_s(),
        fault: reindexing.fault.unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_without_a_name_is_named_after_its_folder() {
        assert_eq!(name_of(Path::new("/srv/인사 규정")), "인사-규정");
        assert_eq!(name_of(Path::new("/srv/.config")), "config");
        assert_eq!(name_of(Path::new("/")), "root");
    }
}
