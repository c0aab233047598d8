//! Vector stores on servers, through the real program: faults, recovery, and moving between them.

use qdrant_client::qdrant::CreateCollection;
use serde_json::Value;

use crate::certificate::Certificate;
use crate::fake_qdrant::{Collection, FakeQdrant};
use crate::relay::{Relay, Way};
use crate::support::{Instance, signal, skipped, until};

const BIRDS: [(&str, &str); 3] = [
    ("heron.md", "# Heron\n\nThe grey heron waits for fish in shallow water."),
    ("owl.md", "# Owl\n\nThe barn owl hunts mice at night."),
    ("swift.md", "# Swift\n\nThe swift sleeps while it flies."),
];

fn birds() -> Instance {
    let ragterm = Instance::new();
    for (path, text) in BIRDS {
        ragterm.write(path, text);
    }
    ragterm
}

/// Birds in a Qdrant at `url`.
fn birds_at(url: &str) -> Instance {
    birds().with("RAGTERM_STORE__BACKEND", "qdrant").with("RAGTERM_STORE__URL", url)
}

fn search(ragterm: &Instance, query: &str) -> Value {
    ragterm.run(&["search", "--json", "--mode", "semantic", query]).json()
}

/// Why an answer is not whole; empty when it is.
fn why_in_part(ragterm: &Instance) -> String {
    let answer = search(ragterm, "a bird of the night");
    answer["degraded"].as_str().unwrap_or_default().to_owned()
}

/// The best document by meaning; the whole of the answer has to be there, which a busy machine may
/// not manage at once.
#[track_caller]
fn best(ragterm: &Instance, query: &str) -> String {
    let mut answer = Value::Null;
    until("a whole answer", || {
        answer = search(ragterm, query);
        answer["degraded"] == Value::Null
    });
    answer["hits"][0]["path"].as_str().unwrap().to_owned()
}

/// Waits until nothing is pending and the store has told so many points: it has a second for that.
#[track_caller]
fn settle_with(ragterm: &Instance, points: u64) -> Value {
    ragterm.wait("everything to settle with all points", |status| {
        status["settled"] == true && status["store"]["points"] == points
    })
}

fn store<'s>(status: &'s Value, key: &str) -> &'s str {
    status["store"][key].as_str().unwrap_or_default()
}

/// Texts that were sent to the model since the daemon started.
fn embedded_texts(status: &Value) -> u64 {
    status["embedder"]["embedded_texts"].as_u64().unwrap()
}

#[test]
fn a_store_that_is_down_at_start_delays_nothing_and_is_filled_when_it_comes() {
    let server = FakeQdrant::start("1.12.4", "");
    let relay = Relay::new(&server.url, Way::Cut);
    let ragterm = birds_at(&relay.url);
    ragterm.add();
    assert_eq!(ragterm.find("mice"), ["owl.md"]);
    let status = ragterm.wait("the fault", |status| status["store"]["healthy"] == false);
    assert!(store(&status, "detail").contains(&relay.url), "{status}");
    let doctor = ragterm.run(&["doctor"]).expect(1);
    assert!(doctor.stdout.contains("store.url"), "{}", doctor.stdout);
    until("the reason", || why_in_part(&ragterm).contains("cannot be reached"));
    let status = ragterm.wait("the embedding", |status| {
        status["chunks"]["embedded"] == 3 && embedded_texts(status) == 3
    });
    assert_eq!(status["settled"], false);

    relay.set(Way::Open);
    let status = settle_with(&ragterm, 3);
    assert_eq!(embedded_texts(&status), 3);
    assert_eq!(store(&status, "version"), "1.12.4");
    assert_eq!(best(&ragterm, "a bird of the night"), "owl.md");
    ragterm.run(&["doctor"]).expect(0);
    ragterm.verify();
}

#[test]
fn a_store_that_goes_away_and_comes_back_misses_nothing() {
    let server = FakeQdrant::start("1.16.0", "");
    let relay = Relay::new(&server.url, Way::Open);
    let ragterm = birds_at(&relay.url);
    ragterm.add();
    ragterm.settle();
    relay.set(Way::Cut);
    ragterm.write("kiwi.md", "The kiwi cannot fly at all.");
    std::fs::remove_file(ragterm.docs().join("owl.md")).unwrap();
    until("the new words", || ragterm.find("kiwi") == ["kiwi.md"]);
    until("the removal", || ragterm.find("mice").is_empty());
    until("the reason", || why_in_part(&ragterm).contains("cannot be reached"));

    relay.set(Way::Open);
    settle_with(&ragterm, 3);
    assert_eq!(best(&ragterm, "a bird without flight"), "kiwi.md");
    ragterm.verify();
}

#[test]
fn a_store_that_does_not_answer_stops_no_search() {
    let server = FakeQdrant::start("1.12.4", "");
    let relay = Relay::new(&server.url, Way::Open);
    let ragterm = birds_at(&relay.url);
    ragterm.add();
    ragterm.settle();
    relay.set(Way::Stopped);
    // The answer comes although nothing of the store's will.
    let answer = ragterm.run(&["search", "--json", "mice"]).expect(0).json();
    assert_eq!(answer["hits"][0]["path"], "owl.md");
    until("the reason", || why_in_part(&ragterm).contains("busy"));
    relay.set(Way::Open);
    until("the whole answer", || search(&ragterm, "mice")["degraded"] == Value::Null);
}

#[test]
fn a_collection_that_somebody_dropped_is_filled_again_and_others_are_left_alone() {
    let server = FakeQdrant::start("1.12.4", "");
    let ragterm = birds_at(&server.url);
    ragterm.add();
    let before = embedded_texts(&ragterm.settle());
    let foreign = Collection {
        made_with: CreateCollection::default(),
        indexes: Default::default(),
        points: Default::default(),
    };
    {
        let mut data = server.state.data();
        assert_eq!(data.collections.len(), 1);
        data.collections.clear();
        data.collections.insert("somebody_elses".into(), foreign);
    }
    until("the refilling", || {
        let collections = &server.state.data().collections;
        collections.values().map(|collection| collection.points.len()).sum::<usize>() == 3
    });
    let status = ragterm.settle();
    assert_eq!(embedded_texts(&status), before);
    assert_eq!(best(&ragterm, "a bird of the night"), "owl.md");
    assert!(server.state.data().collections.contains_key("somebody_elses"));
    ragterm.verify();
}

#[test]
fn points_that_are_missing_at_start_are_brought_again() {
    let server = FakeQdrant::start("1.12.4", "");
    let ragterm = birds_at(&server.url);
    ragterm.add();
    ragterm.settle();
    ragterm.run(&["stop"]).expect(0);
    server.state.data().collections.values_mut().next().unwrap().points.pop_first();
    let status = ragterm.wait("the points", |status| status["store"]["points"] == 3);
    assert_eq!(embedded_texts(&status), 0);
    ragterm.verify();
}

#[test]
fn a_collection_of_another_shape_is_explained_and_left_alone() {
    let server = FakeQdrant::start("1.12.4", "");
    let ragterm = birds_at(&server.url);
    ragterm.add();
    ragterm.settle();
    ragterm.run(&["stop"]).expect(0);
    server.state.data().collections.values_mut().next().unwrap().params().size = 3;
    assert_eq!(ragterm.find("mice"), ["owl.md"]);
    let status = ragterm.wait("the fault", |status| status["store"]["healthy"] == false);
    assert!(store(&status, "detail").contains("3 dimensions, not 384"), "{status}");
    let doctor = ragterm.run(&["doctor"]).expect(1);
    assert!(doctor.stdout.contains("store.collection"), "{}", doctor.stdout);
    assert_eq!(server.state.data().collections.values().next().unwrap().points.len(), 3);
}

#[test]
fn a_server_is_reached_through_an_encrypted_connection_that_is_checked() {
    let certificate = Certificate::new();
    let server = FakeQdrant::start_encrypted("1.12.4", &certificate);
    let authority = certificate.path("authority.pem");
    let ragterm = birds_at(&server.url).with("SSL_CERT_FILE", authority.to_str().unwrap());
    ragterm.add();
    settle_with(&ragterm, 3);
    assert_eq!(best(&ragterm, "a bird of the night"), "owl.md");

    let stranger = birds_at(&server.url);
    stranger.add();
    let status = stranger.wait("the fault", |status| status["store"]["healthy"] == false);
    assert!(store(&status, "detail").contains("cannot be reached"), "{status}");
}

#[test]
fn vectors_move_to_a_server_and_back_without_being_embedded_again() {
    let server = FakeQdrant::start("1.12.4", "");
    let ragterm = birds();
    ragterm.add();
    ragterm.settle();
    let moved =
        ragterm.run(&["store", "migrate", "--to", "qdrant", "--url", &server.url]).expect(0);
    assert!(moved.stdout.contains("3 vectors of 3 documents"), "{}", moved.stdout);
    assert!(moved.stdout.contains("backend = \"qdrant\""), "{}", moved.stdout);
    assert_eq!(store(&ragterm.settle(), "backend"), "qdrant");
    assert_eq!(best(&ragterm, "a bird of the night"), "owl.md");
    ragterm.write("kiwi.md", "The kiwi cannot fly at all.");
    until("the new vector", || ragterm.settle()["store"]["points"] == 4);
    ragterm.verify();

    ragterm.run(&["stop"]).expect(0);
    let status = ragterm.settle();
    assert_eq!((store(&status, "backend"), embedded_texts(&status)), ("qdrant", 0));
    let notices = status["notices"].to_string();
    assert!(notices.contains("the configuration still says `embedded`"), "{notices}");
    let again = ragterm.run(&["store", "migrate", "--to", "qdrant", "--url", &server.url]);
    assert!(again.expect(2).stderr.contains("there already"));

    ragterm.run(&["store", "migrate", "--to", "embedded"]).expect(0);
    let status = ragterm.settle();
    assert_eq!((store(&status, "backend"), embedded_texts(&status)), ("embedded", 0));
    assert_eq!(best(&ragterm, "a bird without flight"), "kiwi.md");
    ragterm.verify();
}

#[test]
fn a_migration_that_fails_or_is_cancelled_leaves_the_old_store_in_force() {
    let server = FakeQdrant::start("1.12.4", "");
    let relay = Relay::new(&server.url, Way::Cut);
    let ragterm = birds();
    ragterm.add();
    ragterm.settle();
    let migrate = ["store", "migrate", "--to", "qdrant", "--url", &relay.url];
    let failed = ragterm.run(&migrate).expect(3);
    assert!(failed.stderr.contains(&relay.url), "{}", failed.stderr);

    relay.set(Way::Stopped);
    let mut running = ragterm.command(&migrate).spawn().unwrap();
    let pid = running.id() as i32;
    until("the interruption", || {
        signal(pid, rustix::process::Signal::INT);
        running.try_wait().unwrap().is_some()
    });
    assert_eq!(store(&ragterm.settle(), "backend"), "embedded");
    assert_eq!(best(&ragterm, "a bird of the night"), "owl.md");

    relay.set(Way::Open);
    ragterm.run(&migrate).expect(0);
    assert_eq!(best(&ragterm, "a bird of the night"), "owl.md");
    ragterm.verify();
}

#[test]
fn what_changes_during_a_migration_is_in_the_new_store() {
    let server = FakeQdrant::start("1.20.0", "");
    let relay = Relay::new(&server.url, Way::Stopped);
    // The migration goes on for as long as the changes take.
    let ragterm = birds().with("RAGTERM_STORE__TIMEOUT_S", "600");
    ragterm.add();
    ragterm.settle();
    let migrate = ["store", "migrate", "--to", "qdrant", "--url", &relay.url];
    let mut running = ragterm.command(&migrate).spawn().unwrap();
    ragterm.write("kiwi.md", "The kiwi cannot fly at all.");
    std::fs::remove_file(ragterm.docs().join("owl.md")).unwrap();
    until("the change", || {
        let found = ragterm.find("kiwi");
        found.contains(&"kiwi.md".into()) && !found.contains(&"owl.md".into())
    });
    ragterm.settle();
    assert_eq!(best(&ragterm, "a bird without flight"), "kiwi.md");
    assert!(running.try_wait().unwrap().is_none());
    relay.set(Way::Open);
    assert!(running.wait().unwrap().success());
    assert_eq!(store(&ragterm.settle(), "backend"), "qdrant");
    assert_eq!(best(&ragterm, "a bird without flight"), "kiwi.md");
    ragterm.verify();
}

#[test]
fn vectors_move_away_from_a_server_that_is_dead() {
    let server = FakeQdrant::start("1.12.4", "");
    let relay = Relay::new(&server.url, Way::Open);
    let ragterm = birds_at(&relay.url);
    ragterm.add();
    let before = embedded_texts(&ragterm.settle());
    relay.set(Way::Stopped);
    ragterm.run(&["store", "migrate", "--to", "embedded"]).expect(0);
    assert_eq!(best(&ragterm, "a bird of the night"), "owl.md");
    assert_eq!(before, 3);
    ragterm.verify();
}

#[test]
fn a_migration_that_was_killed_goes_on() {
    let server = FakeQdrant::start("1.12.4", "");
    let relay = Relay::new(&server.url, Way::Stopped);
    let ragterm = birds();
    ragterm.add();
    ragterm.settle();
    let migrate = ["store", "migrate", "--to", "qdrant", "--url", &relay.url];
    let mut running = ragterm.command(&migrate).spawn().unwrap();
    let pid = ragterm.pid();
    signal(pid, rustix::process::Signal::KILL);
    assert!(!running.wait().unwrap().success());
    let status = ragterm.settle();
    assert_eq!((store(&status, "backend"), embedded_texts(&status)), ("embedded", 0));
    relay.set(Way::Open);
    ragterm.run(&migrate).expect(0);
    assert_eq!(best(&ragterm, "a bird of the night"), "owl.md");
    ragterm.verify();
}

#[test]
fn milvus_is_filled_searched_and_left_again() {
    let Ok(url) = std::env::var("RAGTERM_TEST_MILVUS_URL") else {
        skipped("RAGTERM_TEST_MILVUS_URL is not set");
        return;
    };
    let relay = Relay::new(&url, Way::Open);
    let ragterm = birds().with("RAGTERM_STORE__BACKEND", "milvus");
    let key = std::env::var("RAGTERM_TEST_MILVUS_API_KEY").unwrap_or_default();
    let ragterm =
        ragterm.with("RAGTERM_STORE__URL", &relay.url).with("RAGTERM_STORE__API_KEY", &key);
    ragterm.add();
    let status = ragterm.settle();
    assert_eq!((store(&status, "backend"), &status["store"]["points"]), ("milvus", &3.into()));
    assert_eq!(best(&ragterm, "a bird of the night"), "owl.md");
    ragterm.verify();

    relay.set(Way::Cut);
    ragterm.write("kiwi.md", "The kiwi cannot fly at all.");
    until("the new words", || ragterm.find("kiwi") == ["kiwi.md"]);
    assert!(search(&ragterm, "night")["degraded"].as_str().is_some());
    relay.set(Way::Open);
    until("the new vector", || ragterm.settle()["store"]["points"] == 4);
    assert_eq!(best(&ragterm, "a bird without flight"), "kiwi.md");

    ragterm.run(&["store", "migrate", "--to", "embedded"]).expect(0);
    assert_eq!(best(&ragterm, "a bird without flight"), "kiwi.md");
    ragterm.run(&["store", "migrate", "--to", "milvus"]).expect(0);
    assert_eq!(best(&ragterm, "a bird of the night"), "owl.md");
    ragterm.verify();
}
