//! The sections of the configuration: each key, its default and its limits, in one place.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use ragterm_connectors::worker::Limits;

use super::parse::{
    boolean, bytes, choice, duration, fraction, globs, integer, listen_address, ocr_languages,
    text, workers,
};
use super::reader::Section;
use super::secret::Secret;
use super::servers::web_address;

/// Names that are never worth reading: leftovers of editors, downloads and package managers.
const IGNORED: &[&str] = &[
    "~$*",
    "*.tmp",
    "*.swp",
    "*.part",
    "*.crdownload",
    "Thumbs.db",
    "desktop.ini",
    "node_modules",
    "__pycache__",
];

const MIB: u64 = 1024 * 1024;
const DAY_S: f64 = 86_400.0;

/// `[daemon]`: how the background process behaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Daemon {
    /// Whether a command that needs the daemon starts one.
    pub autostart: bool,
    /// What this daemon does of the work that several may share.
    pub role: Role,
    /// Where it serves over TCP, besides its socket.
    pub listen: Option<SocketAddr>,
    /// Where it tells of its health and its metrics over HTTP.
    pub http: Option<SocketAddr>,
    /// What it shows over TCP: the files of a certificate's chain and of its key, in PEM.
    pub tls: Option<Tls>,
}

/// A certificate and its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// The file of the certificate's chain.
    pub certificate: PathBuf,
    /// The file of its key.
    pub key: PathBuf,
}

/// `[client]`: the daemon that commands speak to, when it is not the one of this machine.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Client {
    /// Its address; empty means the local socket.
    pub url: String,
    /// What it is called with; see `ragterm token`.
    pub token: Secret,
    /// The file of the certificate that its own is signed by; `None` means those of the system.
    pub ca: Option<PathBuf>,
    /// The user whose daemon is spoken to at the local socket; empty means one's own.
    pub owner: String,
}

/// The part of a daemon where several share one catalog.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Watches, indexes and answers.
    All,
    /// Watches and indexes; answers as well, but is not meant to be asked.
    Index,
    /// Only answers, from what another daemon indexes.
    Query,
}

/// `[search]`: how hits are found and ranked.
#[derive(Debug, Clone, PartialEq)]
pub struct Search {
    /// Documents in an answer, when the caller names no number.
    pub limit: u32,
    /// Passages that each of the two searches contributes to the fusion, at the least.
    pub candidates: u32,
    /// How much each of the two searches counts.
    pub weights: Weights,
    /// What orders the best candidates anew.
    pub reranker: Option<Reranker>,
}

/// A server that scores passages against a question, at `/v1/rerank`.
#[derive(Debug, Clone, PartialEq)]
pub struct Reranker {
    /// Its address.
    pub url: String,
    /// The model it is asked for; empty where it has one only.
    pub model: String,
    /// What it is called with.
    pub api_key: Secret,
    /// Hits that are scored at the most.
    pub depth: u32,
}

/// How much the normalised scores count in the fusion, from 0 to 1 and never both 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weights {
    /// The keyword search.
    pub keyword: f64,
    /// The search by meaning.
    pub dense: f64,
}

/// `[index]`: how documents get into the index.
#[derive(Debug, Clone, PartialEq)]
pub struct Index {
    /// Documents extracted at the same time; `None` means one for each core.
    pub workers: Option<usize>,
    /// Larger files are skipped, in bytes.
    pub max_file_bytes: u64,
    /// Larger archives, mailboxes and exports are skipped, and no more comes out of one, in bytes.
    pub max_archive_bytes: u64,
    /// The longest that reading one document may take.
    pub extract_timeout: Duration,
    /// The most memory that reading one document may take, in bytes.
    pub extract_memory_bytes: u64,
    /// Whether text is recognised in pictures and scans, by `tesseract`.
    pub ocr: bool,
    /// The languages of that text, as `tesseract` names them, joined by `+`.
    pub ocr_languages: String,
    /// Patterns of names that are skipped in every source.
    pub ignore: Vec<String>,
    /// The time between two full scans of a source that is watched by events.
    pub reconcile_interval: Duration,
    /// A scan that removes more than this share of a source waits for confirmation…
    pub removal_share: f64,
    /// …when it removes at least this many documents.
    pub removal_minimum: u32,
    /// The pause before a second scan confirms a removal.
    pub removal_confirm: Duration,
    /// The size of a passage that chunking aims at, in tokens of the embedding model.
    pub chunk_tokens: u32,
}

impl Index {
    /// What one document may cost, and how it is read.
    pub fn extraction_limits(&self) -> Limits {
        Limits {
            timeout: self.extract_timeout,
            memory_bytes: self.extract_memory_bytes,
            max_file_bytes: self.max_file_bytes,
            max_archive_bytes: self.max_archive_bytes,
            ocr: self.ocr.then(|| self.ocr_languages.clone()),
            ignore: self.ignore.clone(),
        }
    }
}

impl Daemon {
    pub(super) fn read(section: &mut Section<'_>) -> Self {
        let roles = [("all", Role::All), ("index", Role::Index), ("query", Role::Query)];
        Self {
            autostart: section.take("autostart", true, boolean),
            role: section.take("role", "all", choice(&roles)),
            listen: section.take("listen", "", listen_address),
            http: section.take("http", "", listen_address),
            tls: Tls::read(section),
        }
        .checked(section)
    }

    /// Tokens and documents are not sent where others can read them.
    fn checked(self, section: &mut Section<'_>) -> Self {
        let is_open = self.listen.is_some_and(|address| !address.ip().is_loopback());
        if is_open && self.tls.is_none() {
            section.reject_missing(
                "tls_cert",
                "listen",
                "must name a certificate, with its key in `daemon.tls_key`: only loopback is \
                 served without TLS",
            );
        }
        self
    }
}

impl Tls {
    fn read(section: &mut Section<'_>) -> Option<Self> {
        let certificate = section.take("tls_cert", "", text);
        let key = section.take("tls_key", "", text);
        match (certificate.is_empty(), key.is_empty()) {
            (true, true) => None,
            (false, false) => Some(Self { certificate: certificate.into(), key: key.into() }),
            (true, false) => {
                section.reject_missing("tls_cert", "tls_key", "must name the key's certificate");
                None
            }
            (false, true) => {
                section.reject_missing("tls_key", "tls_cert", "must name the certificate's key");
                None
            }
        }
    }
}

impl Client {
    pub(super) fn read(section: &mut Section<'_>) -> Self {
        let ca = section.take("ca", "", text);
        let client = Self {
            url: section.take("url", "", web_address),
            token: section.secret("token", ""),
            ca: (!ca.is_empty()).then(|| ca.into()),
            owner: section.take("owner", "", text),
        };
        if client.url.starts_with("http://") && !is_local(&client.url) {
            section.reject("url", "must begin with `https://`: a token would be sent in the clear");
        }
        client
    }
}

/// Whether an address of the web is on this machine.
pub(super) fn is_local(url: &str) -> bool {
    let rest = url.trim_start_matches("http://");
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, _)) => host,
        None => authority.split(':').next().unwrap_or_default(),
    };
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

impl Search {
    pub(super) fn read(section: &mut Section<'_>) -> Self {
        Self {
            limit: section.take("limit", 10, integer(1..=1_000)),
            candidates: section.take("candidates", 200, integer(1..=10_000)),
            weights: section.inside("weights", Weights::read),
            reranker: Reranker::read(section),
        }
    }
}

impl Reranker {
    fn read(section: &mut Section<'_>) -> Option<Self> {
        let reranker = Self {
            url: section.take("rerank_url", "", web_address),
            model: section.take("rerank_model", "", text),
            api_key: section.secret("rerank_api_key", ""),
            depth: section.take("rerank_depth", 40, integer(1..=200)),
        };
        (!reranker.url.is_empty()).then_some(reranker)
    }
}

impl Weights {
    fn read(section: &mut Section<'_>) -> Self {
        let weights = Self {
            keyword: section.take("keyword", 0.55, fraction),
            dense: section.take("dense", 0.45, fraction),
        };
        if weights.keyword + weights.dense <= 0.0 {
            section.reject("dense", "must not be 0 together with `search.weights.keyword`");
        }
        weights
    }
}

impl Index {
    pub(super) fn read(section: &mut Section<'_>) -> Self {
        Self {
            workers: section.take("workers", "auto", workers),
            max_file_bytes: section.take("max_file_bytes", "100MB", bytes(1..=1024 * 1024 * MIB)),
            max_archive_bytes: section.take(
                "max_archive_bytes",
                "10GB",
                bytes(1..=1024 * 1024 * MIB),
            ),
            extract_timeout: section.take("extract_timeout_s", 30, duration(0.1..=3_600.0)),
            extract_memory_bytes: section.take(
                "extract_memory_bytes",
                "512MiB",
                bytes(64 * MIB..=64 * 1024 * MIB),
            ),
            ocr: section.take("ocr", false, boolean),
            ocr_languages: section.take("ocr_languages", "kor+eng", ocr_languages),
            ignore: section.take("ignore", IGNORED, globs),
            reconcile_interval: section.take("reconcile_interval_s", 900, duration(1.0..=DAY_S)),
            removal_share: section.take("removal_share", 0.2, fraction),
            removal_minimum: section.take("removal_minimum", 50, integer(1..=u32::MAX)),
            removal_confirm: section.take("removal_confirm_s", 60, duration(0.0..=DAY_S)),
            chunk_tokens: section.take("chunk_tokens", 220, integer(32..=2_048)),
        }
    }
}
