//! What a daemon tells while it starts and when it ends: commands, and systemd.

use std::io::Write;
use std::net::TcpListener;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use crate::fakes::free_address;
use crate::support::{Instance, path, signal, until};

/// A daemon whose catalog is on a server that does not answer, and answers commands already.
fn waiting(server: &str) -> (Instance, std::process::Child) {
    let url = format!("postgres://kim:sesame@{server}/ragterm");
    let ragterm = Instance::without_embedder().with("RAGTERM_CATALOG__URL", &url);
    let daemon = ragterm.command(&["daemon"]).stderr(Stdio::null()).spawn().unwrap();
    until("the daemon to answer", || ragterm.run(&["health", "--alive"]).code == 0);
    (ragterm, daemon)
}

#[test]
fn while_the_catalog_is_waited_for_every_command_hears_so_at_once() {
    let server = free_address().to_string();
    let (ragterm, mut daemon) = waiting(&server);
    let said = format!("the daemon waits for the catalog at {server}/ragterm, since 20");
    let health = ragterm.run(&["health", "--json"]).expect(1).json();
    let detail = health["checks"][0]["detail"].as_str().unwrap();
    assert!(detail.starts_with(&said) && detail.contains("refused"), "{detail}");
    let file = ragterm.docs().with_file_name("a.backup");
    for arguments in [
        &["status"][..],
        &["search", "heron"],
        &["sources", "list"],
        &["sessions"],
        &["gc"],
        &["backup", path(&file)],
    ] {
        let refused = ragterm.run(arguments).expect(3).stderr;
        assert!(refused.contains(&said) && refused.contains("`catalog.url`"), "{refused}");
        assert!(!refused.contains("sesame"), "{refused}");
    }
    // None of them waited for an opening: there was none.
    assert!(daemon.try_wait().unwrap().is_none());
    let still = ragterm.run(&["health", "--json"]).expect(1).json();
    assert_eq!(still["ready"], false, "{still}");
    let doctor = ragterm.run(&["doctor"]).expect(1).stdout;
    assert!(doctor.contains(&said) && doctor.contains("it goes on by itself"), "{doctor}");
    let ended = ragterm.run(&["stop"]).expect(0).stderr;
    assert!(ended.contains("has ended"), "{ended}");
    assert!(daemon.wait().unwrap().success(), "it was asked to end");
    assert!(!ragterm.data().join("run/ragterm.sock").exists());
    // A command that starts the daemon itself hears the same.
    let refused = ragterm.run(&["search", "heron"]).expect(3).stderr;
    assert!(refused.contains(&said), "{refused}");
}

#[test]
fn a_daemon_that_is_killed_while_it_waits_leaves_the_place_to_the_next_one() {
    // It takes connections, and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = silent.local_addr().unwrap().to_string();
    let (ragterm, mut daemon) = waiting(&server);
    let silence = "the server did not answer within 5 s";
    until("the silence to be told", || ragterm.run(&["health"]).stdout.contains(silence));
    let second = ragterm.run(&["daemon"]).expect(2).stderr;
    assert!(second.contains("already runs on"), "{second}");
    daemon.kill().unwrap();
    daemon.wait().unwrap();
    assert!(ragterm.data().join("run/ragterm.sock").exists());
    ragterm.run(&["health", "--alive"]).expect(3);
    let mut next = ragterm.command(&["daemon"]).stderr(Stdio::null()).spawn().unwrap();
    until("the next daemon to answer", || ragterm.run(&["health", "--alive"]).code == 0);
    signal(next.id() as i32, rustix::process::Signal::TERM);
    assert!(next.wait().unwrap().success());
}

#[test]
fn systemd_is_told_when_a_command_finds_the_daemon_and_when_it_ends() {
    let ragterm = Instance::without_embedder();
    let place = ragterm.data().with_file_name("notify");
    let supervisor = UnixDatagram::bind(&place).unwrap();
    supervisor.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let told = || {
        let mut message = [0; 256];
        let length = supervisor.recv(&mut message).unwrap();
        String::from_utf8(message[..length].to_vec()).unwrap().trim_end().to_owned()
    };
    let mut daemon = ragterm.command(&["daemon"]);
    let mut daemon = daemon.env("NOTIFY_SOCKET", &place).stderr(Stdio::null()).spawn().unwrap();
    assert_eq!(told(), "READY=1");
    ragterm.run(&["health", "--alive"]).expect(0);
    ragterm.run(&["stop"]).expect(0);
    assert_eq!(told(), "STOPPING=1");
    assert!(daemon.wait().unwrap().success());
}

/// What the log says at the beginning of an end, and after it.
const ENDING: &str = r#""message":"ending""#;
const ENDED: &str = r#""message":"ended""#;

#[test]
fn systemd_is_told_of_the_end_before_anything_has_ended() {
    let ragterm = Instance::without_embedder();
    let (place, log) =
        (ragterm.data().with_file_name("notify"), ragterm.data().with_file_name("said"));
    let supervisor = UnixDatagram::bind(&place).unwrap();
    let mut daemon = ragterm.command(&["daemon"]);
    daemon.env("NOTIFY_SOCKET", &place).stderr(std::fs::File::create(&log).unwrap());
    let mut daemon = daemon.spawn().unwrap();
    let mut message = [0; 256];
    let mut told = || {
        let length = supervisor.recv(&mut message).unwrap();
        String::from_utf8(message[..length].to_vec()).unwrap().trim_end().to_owned()
    };
    assert_eq!(told(), "READY=1");
    let said = |word: &str| std::fs::read_to_string(&log).unwrap().contains(word);
    until("the start", || said("daemon ready"));
    // No more can be told until somebody listens: whoever tells waits.
    let sent = fill(&place);
    signal(daemon.id() as i32, rustix::process::Signal::TERM);
    until("the signal", || said(ENDING));
    assert!(!said(ENDED), "nothing ends before it is told");
    for _ in 0..sent {
        assert_eq!(told(), "full");
    }
    assert_eq!(told(), "STOPPING=1");
    assert!(daemon.wait().unwrap().success());
    assert!(said(ENDED));
    supervisor.set_nonblocking(true).unwrap();
    assert!(supervisor.recv(&mut [0; 256]).is_err(), "it is told once");
}

/// Sends to a socket until it takes no more; how many messages that took.
fn fill(place: &Path) -> usize {
    let (mut sent, mut senders) = (0, Vec::new());
    loop {
        let sender = UnixDatagram::unbound().unwrap();
        sender.connect(place).unwrap();
        sender.set_nonblocking(true).unwrap();
        let before = sent;
        while sender.send(b"full").is_ok() {
            sent += 1;
        }
        senders.push(sender);
        if sent == before {
            return sent;
        }
    }
}

#[test]
fn a_daemon_that_has_the_place_and_does_not_answer_yet_is_named() {
    let ragterm = Instance::without_embedder().with("RAGTERM_DAEMON__AUTOSTART", "false");
    std::fs::create_dir_all(ragterm.data()).unwrap();
    let mut lock = std::fs::File::create(ragterm.data().join("daemon.lock")).unwrap();
    lock.lock().unwrap();
    let own = std::process::id();
    write!(lock, "{own}").unwrap();
    let said = format!("the daemon (pid {own}) of ");
    for arguments in [&["search", "heron"][..], &["health"], &["status"]] {
        let refused = ragterm.run(arguments).expect(3).stderr;
        assert!(refused.contains(&said) && refused.contains("still opening"), "{refused}");
        assert!(!refused.contains("start it"), "{refused}");
    }
    // One that would start its own hears the same, after the time that an opening takes.
    let ragterm = ragterm.with("RAGTERM_DAEMON__AUTOSTART", "true");
    let refused = ragterm.run(&["search", "heron"]).expect(3).stderr;
    assert!(refused.contains(&said), "{refused}");
    drop(lock);
    ragterm.run(&["search", "heron"]).expect(1);
}
