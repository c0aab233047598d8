//! Whether the daemon answers, is of this version, and is well.

use ragterm_proto::v1::{Source, StatusReply, StatusRequest};

use super::{Check, Status};
use crate::cli::client::{RESTART, connect_running, outdated, quick};
use crate::cli::context::Context;
use crate::cli::status::embedder_events;
use crate::cli::units::{counted, place_of_store};

/// Looks at a running daemon; one that does not run is no fault.
pub async fn check(context: &Context) -> (Vec<Check>, Status) {
    const NAME: &str = "daemon";
    let mut client = match connect_running(context).await {
        Ok(Some(client)) => client,
        Ok(None) => {
            let detail = "not running; a command that needs it starts it";
            return (vec![Check::ok(NAME, detail)], None);
        }
        Err(error) => {
            let remedy = error.next_step().unwrap_or("look at its log").to_owned();
            return (vec![Check::fail(NAME, error.to_string(), remedy)], None);
        }
    };
    match quick(client.status(StatusRequest::default())).await {
        Ok(status) => {
            let mut checks = judge(&status);
            if let Some(outdated) = outdated(context, &status) {
                checks.push(Check::warn("settings", outdated, RESTART));
            }
            (checks, Some(status))
        }
        Err(error) => {
            let log = context.paths.log_file.display();
            let remedy = match error.next_step() {
                Some(step) => format!("{step} (its log: {log})"),
                None => format!("look at its log, {log}; `ragterm stop` ends it"),
            };
            (vec![Check::fail(NAME, error.to_string(), remedy)], None)
        }
    }
}

fn judge(status: &StatusReply) -> Vec<Check> {
    let mut checks = vec![version(status), catalog(status), store(status)];
    checks.extend(embedder(status));
    // What pauses every source is said once.
    let catalog = status.catalog.as_ref().map(|catalog| catalog.detail.as_str());
    let own = status.sources.iter().filter(|source| {
        source.state_reason.is_empty() || Some(source.state_reason.as_str()) != catalog
    });
    checks.extend(own.filter_map(source));
    checks.extend(failures(status));
    checks
}

fn version(status: &StatusReply) -> Check {
    const OURS: &str = env!("CARGO_PKG_VERSION");
    let daemon = status.daemon.clone().unwrap_or_default();
    if daemon.version == OURS {
        return Check::ok("daemon", format!("{OURS}, pid {}", daemon.pid));
    }
    let detail = format!("version {} runs, this program is {OURS}", daemon.version);
    Check::warn("daemon", detail, "`ragterm stop`; the next command starts this version")
}

fn catalog(status: &StatusReply) -> Check {
    let catalog = status.catalog.clone().unwrap_or_default();
    if !catalog.healthy {
        let detail = format!("{}: {}", catalog.backend, catalog.detail);
        let remedy = match catalog.remedy.as_str() {
            "" => "`ragterm verify --repair` mends what can be mended",
            remedy => remedy,
        };
        return Check::fail("index", detail, remedy);
    }
    let documents = status.documents.unwrap_or_default();
    let indexed = counted(documents.indexed, "document");
    match catalog.seq.saturating_sub(catalog.keyword_seq) {
        0 => Check::ok("index", format!("{}, {indexed}", catalog.backend)),
        behind => Check::ok(
            "index",
            format!("{}, {indexed}; the keyword index is {behind} changes behind", catalog.backend),
        ),
    }
}

fn store(status: &StatusReply) -> Check {
    let store = status.store.clone().unwrap_or_default();
    let detail = format!("{}, {}", place_of_store(&store), counted(store.points, "vector"));
    if store.healthy {
        return Check::ok("vectors", detail);
    }
    let remedy = match store.remedy.as_str() {
        "" if store.url.is_empty() => "`ragterm verify --repair` makes them anew from the catalog",
        "" => "search goes on by words; the daemon tries again on its own",
        remedy => remedy,
    };
    Check::fail("vectors", format!("{detail}: {}", store.detail), remedy)
}

fn embedder(status: &StatusReply) -> Vec<Check> {
    const NAME: &str = "embedder";
    let embedder = status.embedder.clone().unwrap_or_default();
    if embedder.provider == "none" {
        return vec![Check::ok(NAME, "none; search is by words alone")];
    }
    let name = format!("{} {}", embedder.provider, embedder.model);
    let mut checks = vec![match embedder.healthy {
        true => {
            let events = embedder_events(&embedder).into_iter();
            Check::ok(
                NAME,
                std::iter::once(name.clone()).chain(events).collect::<Vec<_>>().join(", "),
            )
        }
        false => Check::fail(
            NAME,
            format!("{name}: {}", embedder.detail),
            "search goes on by words; the daemon tries again on its own",
        ),
    }];
    let unreadable = status.chunks.unwrap_or_default().unreadable;
    if unreadable > 0 {
        let passages = counted(unreadable, "passage");
        let detail = format!("{passages} in languages that {} does not read", embedder.model);
        let remedy = "keyword search covers them; for their meaning use a model that reads them: \
                      `embedder.provider = \"ollama\"` with `model = \"bge-m3\"` or \
                      \"qwen3-embedding\"";
        checks.push(Check::warn("languages", detail, remedy));
    }
    checks
}

fn source(source: &Source) -> Option<Check> {
    let detail = format!("{} ({}): {}", source.name, source.path, source.state_reason);
    let name = &source.name;
    match source.state.as_str() {
        "unavailable" => Some(Check::warn(
            "source",
            format!("{detail}; nothing was removed"),
            format!("bring the folder back, or `ragterm sources remove {name}`"),
        )),
        "held" => Some(Check::warn(
            "source",
            format!("{detail}; {} held back", counted(source.held, "removal")),
            format!("`ragterm sources confirm {name}` if they are meant"),
        )),
        "paused" => Some(Check::warn("source", detail, "it goes on by itself when that is mended")),
        // Files that cannot be put away.
        "ready" if !source.state_reason.is_empty() => Some(Check::warn(
            "source",
            detail,
            "give the daemon's user the right to write to that folder",
        )),
        _ => None,
    }
}

fn failures(status: &StatusReply) -> Option<Check> {
    let failed = status.documents.unwrap_or_default().failed;
    let detail = format!("{} could not be read", counted(failed, "document"));
    (failed > 0)
        .then(|| Check::warn("documents", detail, "`ragterm status` names them and says why"))
}

#[cfg(test)]
mod tests {
    use ragterm_proto::v1::{
        CatalogStatus, ChunkCounts, DaemonStatus, DocumentCounts, EmbedderStatus, StoreStatus,
    };

    use super::super::Level;
    use super::*;

    fn well() -> StatusReply {
        StatusReply {
            documents: Some(DocumentCounts { indexed: 3, ..DocumentCounts::default() }),
            daemon: Some(DaemonStatus {
                version: env!("CARGO_PKG_VERSION").into(),
                ..DaemonStatus::default()
            }),
            catalog: Some(CatalogStatus { healthy: true, ..CatalogStatus::default() }),
            store: Some(StoreStatus { healthy: true, ..StoreStatus::default() }),
            embedder: Some(EmbedderStatus {
                healthy: true,
                model: "all-MiniLM-L6-v2".into(),
                ..EmbedderStatus::default()
            }),
            ..StatusReply::default()
        }
    }

    fn levels(status: &StatusReply) -> Vec<(&'static str, Level)> {
        let bad = judge(status).into_iter().filter(|check| check.state != Level::Ok);
        bad.map(|check| (check.name, check.state)).collect()
    }

    #[test]
    fn a_daemon_that_is_well_passes() {
        assert_eq!(levels(&well()), []);
    }

    #[test]
    fn documents_that_the_model_cannot_read_lead_to_one_that_can() {
        let chunks = ChunkCounts { total: 9, unreadable: 7, ..ChunkCounts::default() };
        let status = StatusReply { chunks: Some(chunks), ..well() };
        assert_eq!(levels(&status), [("languages", Level::Warn)]);
        let check = judge(&status).into_iter().find(|check| check.name == "languages").unwrap();
        assert!(check.remedy.unwrap().contains("bge-m3"));
    }

    #[test]
    fn a_store_that_is_not_well_is_named_with_its_address_and_what_to_do() {
        let store = StoreStatus {
            backend: "milvus".into(),
            url: "http://milvus:19530".into(),
            version: "2.3.5".into(),
            detail: "it cannot be reached".into(),
            remedy: "start it".into(),
            ..StoreStatus::default()
        };
        let check = super::store(&StatusReply { store: Some(store), ..well() });
        assert_eq!(check.state, Level::Fail);
        let expected = "milvus 2.3.5 at http://milvus:19530, 0 vectors: it cannot be reached";
        assert_eq!((check.detail.as_str(), check.remedy.as_deref()), (expected, Some("start it")));
    }

    #[test]
    fn a_ready_source_is_named_when_something_keeps_it_from_more() {
        let ready = Source { state: "ready".into(), ..Source::default() };
        let stuck = Source { state_reason: "`a.txt` cannot be put away".into(), ..ready.clone() };
        let status = StatusReply { sources: vec![ready, stuck], ..well() };
        assert_eq!(levels(&status), [("source", Level::Warn)]);
    }

    #[test]
    fn each_fault_is_named() {
        let held =
            Source { state: "held".into(), name: "hr".into(), held: 60, ..Source::default() };
        let status = StatusReply {
            daemon: None,
            catalog: None,
            sources: vec![held],
            documents: Some(DocumentCounts { failed: 1, ..DocumentCounts::default() }),
            ..well()
        };
        let expected = [
            ("daemon", Level::Warn),
            ("index", Level::Fail),
            ("source", Level::Warn),
            ("documents", Level::Warn),
        ];
        assert_eq!(levels(&status), expected);
    }
}
