//! Traces: sent to a real collector, and in nobody's way when there is none.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;

use tonic::transport::Identity;

use super::Collected;
use super::collector::{Collector, Mood};
use crate::certificate::Certificate;
use crate::support::{Instance, path, until};

fn traced(collector: &Collector) -> Instance {
    let ragterm = Instance::new().with("RAGTERM_LOG__OTLP", &collector.url);
    ragterm.write("leave.md", "# Leave\n\nvacation days are carried over\n");
    ragterm
}

#[test]
fn a_search_is_a_trace_with_its_stages() {
    let collector = Collector::start();
    let ragterm = traced(&collector).with("RAGTERM_LOG__OTLP_TOKEN", "sesame");
    let daemon = Collected::daemon(&ragterm);
    ragterm.add();
    ragterm.settle();
    ragterm.run(&["search", "--mode", "hybrid", "vacation"]).expect(0);
    let call = collector.until("ragterm", "Search");
    let log = daemon.until("search");
    assert_eq!(call.request.as_deref(), log["request"].as_str());
    for name in ["embed", "dense", "sparse", "fuse"] {
        let stage = collector.until("ragterm", name);
        assert_eq!((&stage.trace, &stage.parent), (&call.trace, &call.id), "{name}");
    }
    assert!(call.parent.is_empty());
    assert_eq!(collector.authorization().as_deref(), Some("Bearer sesame"));
    assert!(!daemon.text().contains("sesame"));
    assert!(collector.seen().iter().all(|span| !span.whole.contains("vacation")));
}

#[test]
fn the_last_spans_arrive_before_the_daemon_has_ended() {
    let collector = Collector::start();
    let ragterm = traced(&collector);
    let mut daemon = Collected::daemon(&ragterm);
    ragterm.add();
    ragterm.run(&["search", "vacation"]).expect(0);
    // The end has a second for the collector, which is enough where the two are connected already.
    collector.until("ragterm", "Search");
    ragterm.run(&["stop"]).expect(0);
    assert!(daemon.ended().success());
    // Nothing is waited for: what is not there now never comes.
    assert!(collector.seen().iter().any(|span| span.name == "Stop"));
}

#[test]
fn without_a_collector_in_the_configuration_nothing_is_connected_to() {
    let collector = Collector::start();
    let ragterm = Instance::without_embedder()
        .with("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url)
        .with("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", &collector.url);
    ragterm.write("leave.md", "vacation days\n");
    let mut daemon = Collected::daemon(&ragterm);
    ragterm.add();
    let threads = std::fs::read_dir(format!("/proc/{}/task", ragterm.pid())).unwrap();
    let names: Vec<String> = threads
        .filter_map(|it| std::fs::read_to_string(it.unwrap().path().join("comm")).ok())
        .collect();
    assert!(names.iter().any(|name| name.trim() == "log"), "{names:?}");
    assert!(!names.iter().any(|name| name.starts_with("OpenTelemetry")), "{names:?}");
    ragterm.run(&["search", "vacation"]).expect(0);
    ragterm.run(&["stop"]).expect(0);
    daemon.ended();
    assert_eq!((collector.connections(), collector.batches()), (0, 0));
    // The same with the configuration does connect, so the test could fail.
    let ragterm = ragterm.with("RAGTERM_LOG__OTLP", &collector.url);
    let _daemon = Collected::daemon(&ragterm);
    ragterm.run(&["search", "vacation"]).expect(0);
    collector.until("ragterm", "Search");
    assert!(collector.connections() > 0);
}

/// Something in the collector's place that closes each connection.
struct Broken {
    attempts: Arc<AtomicUsize>,
    address: SocketAddr,
    thread: Option<JoinHandle<()>>,
}

impl Broken {
    fn begin(collector: &Collector) -> Self {
        let address: SocketAddr = collector.url.trim_start_matches("http://").parse().unwrap();
        let listener = TcpListener::bind(address).unwrap();
        let attempts = Arc::new(AtomicUsize::new(0));
        let shared = Arc::downgrade(&attempts);
        let thread = std::thread::spawn(move || {
            while let (Ok(_closed), Some(attempts)) = (listener.accept(), shared.upgrade()) {
                attempts.fetch_add(1, Ordering::Relaxed);
            }
        });
        Self { attempts, address, thread: Some(thread) }
    }

    fn attempts(&self) -> usize {
        self.attempts.load(Ordering::Relaxed)
    }
}

impl Drop for Broken {
    fn drop(&mut self) {
        self.attempts = Arc::default();
        // The thread looks up, and sees that it is over.
        drop(TcpStream::connect(self.address).unwrap());
        self.thread.take().unwrap().join().unwrap();
    }
}

/// Searches until the collector was tried often.
fn search_for_a_while(ragterm: &Instance, is_enough: impl Fn() -> bool) {
    until("enough attempts", || {
        ragterm.run(&["search", "vacation"]).expect(0);
        is_enough()
    });
}

#[test]
fn a_collector_that_is_down_costs_one_warning_and_is_found_when_it_comes() {
    let mut collector = Collector::absent();
    let ragterm = traced(&collector);
    let daemon = Collected::daemon(&ragterm);
    ragterm.add();
    daemon.until("trace");
    // Further batches, of which nothing is said.
    let broken = Broken::begin(&collector);
    search_for_a_while(&ragterm, || broken.attempts() > 5);
    drop(broken);
    let [warned] = daemon.of("trace").try_into().unwrap();
    assert_eq!((&warned["level"], &warned["url"]), (&"warn".into(), &collector.url.clone().into()));
    collector.begin(None);
    search_for_a_while(&ragterm, || daemon.of("trace").len() > 1);
    assert_eq!(daemon.of("trace")[1]["level"], "info");
    collector.until("ragterm", "Search");
}

#[test]
fn a_collector_that_refuses_costs_one_warning() {
    let collector = Collector::start();
    collector.set(Mood::Refuses);
    let ragterm = traced(&collector);
    let daemon = Collected::daemon(&ragterm);
    ragterm.add();
    search_for_a_while(&ragterm, || collector.batches() > 3);
    let [warned] = daemon.of("trace").try_into().unwrap();
    assert!(warned["error"].as_str().unwrap().contains("PermissionDenied"), "{warned}");
}

#[test]
fn a_collector_that_never_answers_holds_up_neither_searches_nor_the_end() {
    let collector = Collector::start();
    collector.set(Mood::Hangs);
    let ragterm = traced(&collector);
    let mut daemon = Collected::daemon(&ragterm);
    ragterm.add();
    ragterm.run(&["search", "vacation"]).expect(0);
    // One that waited for the collector would be answered when that batch was given up.
    until("a search while one batch hangs", || {
        let hanging = collector.hanging();
        ragterm.run(&["search", "vacation"]).expect(0);
        hanging.is_some() && collector.hanging() == hanging
    });
    daemon.until("trace");
    ragterm.run(&["stop"]).expect(0);
    assert!(daemon.ended().success());
    let [warned] = daemon.of("trace").try_into().unwrap();
    assert_eq!(warned["level"], "warn");
    // A daemon that waited for the collector at its end would warn of it first.
    until("an end while a batch hangs", || {
        let mut daemon = Collected::daemon(&ragterm);
        let warnings = daemon.of("trace").len();
        search_for_a_while(&ragterm, || collector.hanging().is_some());
        ragterm.run(&["stop"]).expect(0);
        assert!(daemon.ended().success());
        daemon.of("trace").len() == warnings
    });
}

#[test]
fn a_collector_behind_tls_is_believed_only_with_a_certificate_that_the_system_trusts() {
    let certificate = Certificate::new();
    let identity =
        Identity::from_pem(certificate.read("certificate.pem"), certificate.read("key.pem"));
    let collector = Collector::with_tls(identity);
    let ragterm = traced(&collector);
    let mut daemon = Collected::daemon(&ragterm);
    ragterm.run(&["status"]).expect(0);
    daemon.until("trace");
    ragterm.run(&["stop"]).expect(0);
    daemon.ended();
    assert!(collector.seen().is_empty());
    let authority = certificate.path("authority.pem");
    let ragterm = ragterm.with("SSL_CERT_FILE", path(&authority));
    let _daemon = Collected::daemon(&ragterm);
    ragterm.run(&["status"]).expect(0);
    collector.until("ragterm", "Status");
}
