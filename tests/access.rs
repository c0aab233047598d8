//! Who may call: tokens over the socket and over TCP, other users of the machine, limits, the audit.

use std::os::unix::process::CommandExt;
use std::process::Stdio;

use serde_json::Value;

use ragterm_proto::v1::ask_event::Event;
use ragterm_proto::v1::{
    AskRequest, Asker, ListSessionsRequest, ReadSessionRequest, ShareAnswerRequest, WhoAmIRequest,
};
use tonic::Code;

use crate::certificate::Certificate;
use crate::fakes::free_address;
use crate::isolation::client::client;
use crate::support::{Instance, path, skipped, until};

/// An instance with a document in each of two spaces.
fn two_spaces() -> Instance {
    let instance = Instance::without_embedder();
    fill(&instance);
    instance
}

pub fn fill(instance: &Instance) {
    for space in ["hr", "legal"] {
        instance
            .write(&format!("{space}/{space}.md"), format!("# {space}\n\nthe {space} vacation\n"));
        let folder = instance.docs().join(space);
        instance.run(&["add", path(&folder), "--space", space, "--name", space]).expect(0);
    }
}

pub fn token(instance: &Instance, arguments: &[&str]) -> String {
    let mut all = vec!["token", "create"];
    all.extend(arguments);
    instance.run(&all).expect(0).stdout.trim().to_owned()
}

/// A command of somebody who shows a token.
pub fn with_token(
    instance: &Instance,
    secret: &str,
    arguments: &[&str],
) -> crate::support::Finished {
    let output = instance.command(arguments).env("RAGTERM_CLIENT__TOKEN", secret).output().unwrap();
    crate::support::Finished {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

fn spaces_of(found: &Value) -> Vec<&str> {
    found["hits"].as_array().unwrap().iter().map(|hit| hit["space"].as_str().unwrap()).collect()
}

#[test]
fn a_token_opens_its_spaces_and_no_others() {
    let instance = two_spaces();
    let secret = token(&instance, &["ci", "--space", "hr"]);
    let search = ["search", "--json", "vacation"];
    let found = with_token(&instance, &secret, &search).expect(0).json();
    assert_eq!(spaces_of(&found), ["hr"]);
    let who = with_token(&instance, &secret, &["token", "whoami", "--json"]).expect(0).json();
    assert_eq!(who["principal"], "token:ci");
    assert_eq!(who["spaces"][0]["space"], "hr");
    let sources = with_token(&instance, &secret, &["sources", "--json"]).expect(0).stdout;
    assert!(sources.contains("hr") && !sources.contains("legal"), "{sources}");
    let status = with_token(&instance, &secret, &["status", "--json"]).expect(0).json();
    assert_eq!(status["documents"]["indexed"], 1);
    for (arguments, told) in [
        (&["search", "vacation", "--space", "legal"][..], "no space `legal`"),
        (&["search", "vacation", "--space", "never"], "no space `never`"),
        (&["sources", "remove", "legal"], "no source `legal`"),
    ] {
        let refused = with_token(&instance, &secret, arguments);
        assert!(refused.code != 0 && refused.stderr.contains(told), "{}", refused.stderr);
    }
}

#[test]
fn what_is_not_granted_is_refused_with_exit_code_4() {
    let instance = two_spaces();
    let read = token(&instance, &["reader", "--space", "hr"]);
    let all = token(&instance, &["all", "--space", "*"]);
    let docs = instance.docs();
    for secret in [&read, &all] {
        for arguments in [
            &["add", path(&docs), "--space", "hr", "--name", "more"][..],
            &["sources", "remove", "hr"],
            &["sources", "confirm", "hr"],
            &["verify"],
            &["backup", "-"],
            &["token", "list"],
            &["token", "create", "mine", "--space", "hr"],
            &["stop"],
        ] {
            let refused = with_token(&instance, secret, arguments);
            assert_eq!(refused.code, 4, "{arguments:?}: {}", refused.stderr);
            assert_eq!(refused.stdout, "", "{arguments:?}");
        }
    }
    assert_eq!(instance.status()["documents"]["indexed"], 2);
}

#[test]
fn a_wrong_expired_or_revoked_token_opens_nothing_and_says_nothing_else() {
    let instance = two_spaces();
    let short = token(&instance, &["short", "--space", "hr", "--expires", "1s"]);
    let revoked = token(&instance, &["revoked", "--space", "hr"]);
    let good = token(&instance, &["good", "--space", "hr"]);
    instance.run(&["token", "revoke", "revoked"]).expect(0);
    let search = ["search", "--json", "vacation"];
    until("the token to end", || with_token(&instance, &short, &search).code == 4);
    let mut altered = good.clone();
    altered.replace_range(good.len() - 1.., if good.ends_with('0') { "1" } else { "0" });
    let mut said = Vec::new();
    for secret in [short.as_str(), &revoked, &altered, "ragterm_", "nonsense"] {
        let refused = with_token(&instance, secret, &search).expect(4);
        assert_eq!(refused.stdout, "");
        said.push(refused.stderr);
    }
    said.dedup();
    assert_eq!(said.len(), 1, "{said:?}");
    with_token(&instance, &good, &search).expect(0);
    let listed = instance.run(&["token", "list", "--json"]).expect(0);
    let names: Vec<Value> = serde_json::from_str(&listed.stdout).unwrap();
    assert_eq!(names.len(), 2, "{}", listed.stdout);
    assert!(!listed.stdout.contains(&good[20..]), "{}", listed.stdout);
    assert!(names.iter().any(|token| token["name"] == "good" && token["used"].is_string()));
    let kept = std::fs::read(instance.data().join("catalog.db")).unwrap();
    let secret = &good.as_bytes()[25..];
    assert!(!kept.windows(secret.len()).any(|window| window == secret), "the secret is kept");
}

#[test]
fn over_tcp_a_token_is_needed_and_the_certificate_is_checked() {
    let certificate = Certificate::new();
    let address = free_address();
    let listen = address.to_string();
    let instance = Instance::without_embedder()
        .with("RAGTERM_DAEMON__LISTEN", &listen)
        .with("RAGTERM_DAEMON__TLS_CERT", path(&certificate.path("certificate.pem")))
        .with("RAGTERM_DAEMON__TLS_KEY", path(&certificate.path("key.pem")));
    fill(&instance);
    let secret = token(&instance, &["remote", "--space", "hr"]);
    let url = format!("https://localhost:{}", address.port());
    let authority = certificate.path("authority.pem");
    let remote = Instance::without_embedder()
        .with("RAGTERM_CLIENT__URL", &url)
        .with("RAGTERM_CLIENT__CA", path(&authority));
    let search = ["search", "--json", "vacation"];
    remote.run(&search).expect(4);
    with_token(&remote, "ragterm_0000000000000000_00", &search).expect(4);
    let found = with_token(&remote, &secret, &search).expect(0).json();
    assert_eq!(spaces_of(&found), ["hr"]);
    // Nothing speaks to a server whose certificate nobody known has signed.
    let stranger = Instance::without_embedder().with("RAGTERM_CLIENT__URL", &url);
    let refused = with_token(&stranger, &secret, &search).expect(3);
    assert!(refused.stderr.contains("certificate"), "{}", refused.stderr);
}

#[test]
fn a_port_beyond_this_machine_needs_a_certificate_and_a_client_tls() {
    let open = Instance::without_embedder().with("RAGTERM_DAEMON__LISTEN", "0.0.0.0:7450");
    let refused = open.run(&["daemon"]).expect(2);
    assert!(refused.stderr.contains("daemon.tls_cert"), "{}", refused.stderr);
    let plain = Instance::without_embedder().with("RAGTERM_CLIENT__URL", "http://example.com:7450");
    let refused = plain.run(&["status"]).expect(2);
    assert!(refused.stderr.contains("https://"), "{}", refused.stderr);
}

#[test]
fn who_calls_too_often_is_asked_to_wait() {
    let instance = Instance::without_embedder()
        .with("RAGTERM_ACCESS__CALLS_PER_MINUTE", "1")
        .with("RAGTERM_ACCESS__BURST", "2");
    fill(&instance);
    let secret = token(&instance, &["busy", "--space", "hr"]);
    let search = ["search", "--json", "vacation"];
    with_token(&instance, &secret, &search).expect(0);
    with_token(&instance, &secret, &search).expect(0);
    let refused = with_token(&instance, &secret, &search).expect(3);
    assert!(refused.stderr.contains("too often") && refused.stderr.contains("wait"));
    (0..5).for_each(|_| drop(instance.run(&search).expect(0)));
}

#[test]
fn the_audit_log_says_who_asked_what_without_the_words() {
    let instance = two_spaces();
    let secret = token(&instance, &["ci", "--space", "hr"]);
    with_token(&instance, &secret, &["search", "vacation", "--space", "hr"]).expect(0);
    with_token(&instance, &secret, &["verify"]).expect(4);
    let log = instance.data().join("audit.jsonl");
    until("the line", || std::fs::read_to_string(&log).is_ok_and(|text| text.contains("search")));
    let text = std::fs::read_to_string(&log).unwrap();
    let line: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    assert_eq!(line["person"], "token:ci");
    assert_eq!(line["spaces"], serde_json::json!(["hr"]));
    assert!(line["hash"].is_string() && !text.contains("vacation"), "{text}");
}

#[test]
fn another_user_of_the_machine_sees_what_it_is_granted() {
    if !rustix::process::geteuid().is_root() {
        return skipped("only root can run a command as another user");
    }
    let directory = tempfile::tempdir().unwrap();
    std::fs::set_permissions(directory.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .unwrap();
    let socket = directory.path().join("shared.sock");
    let config = directory.path().join("config.toml");
    std::fs::write(&config, "[[grants]]\nto = \"user:65534\"\nspaces = [\"hr\"]\n").unwrap();
    let instance = Instance::without_embedder()
        .with("RAGTERM_CONFIG", path(&config))
        .with("RAGTERM_SOCKET", path(&socket));
    fill(&instance);
    let as_user = |uid: u32, arguments: &[&str]| {
        let mut command = instance.command(arguments);
        command.env("RAGTERM_CLIENT__OWNER", "root").env("HOME", "/nonexistent");
        command.env("RAGTERM_DATA_DIR", "/nonexistent/data").env("RAGTERM_CONFIG", "/dev/null");
        command.uid(uid).gid(uid).stdin(Stdio::null()).current_dir("/").output()
    };
    let Ok(found) = as_user(65_534, &["search", "--json", "vacation"]) else {
        return skipped("another user cannot run the program from where it was built");
    };
    let text = String::from_utf8_lossy(&found.stdout);
    assert_eq!(found.status.code(), Some(0), "{}", String::from_utf8_lossy(&found.stderr));
    assert!(text.contains("\"hr\"") && !text.contains("legal"), "{text}");
    let refused = as_user(65_533, &["search", "--json", "vacation"]).unwrap();
    assert_ne!(refused.status.code(), Some(0));
    assert!(refused.stdout.is_empty());
}

#[tokio::test]
async fn what_was_answered_is_shown_only_while_all_of_it_may_be_seen() {
    let directory = tempfile::tempdir().unwrap();
    let (config, socket) = (directory.path().join("config.toml"), directory.path().join("s.sock"));
    let grant = |to: &str, space: &str| format!("[[grants]]\nto = '{to}'\nspaces = ['{space}']\n");
    let place = grant("slack:T1/channel:C1", "hr");
    std::fs::write(&config, place.clone() + &grant("slack:T1/user:U1", "legal")).unwrap();
    let instance = Instance::without_embedder()
        .with("RAGTERM_CONFIG", path(&config))
        .with("RAGTERM_SOCKET", path(&socket));
    fill(&instance);
    let bot = token(&instance, &["bot", "--space", "*", "--acts-for", "slack"]);
    let asker = |public| Asker {
        platform: "slack".into(),
        workspace: "T1".into(),
        channel: "C1".into(),
        user: "U1".into(),
        roles: Vec::new(),
        public,
    };
    let alone = || client(&socket, &bot, Some(asker(false)));
    let question = AskRequest { question: "vacation".into(), ..AskRequest::default() };
    let mut answer = alone().ask(question).await.unwrap().into_inner();
    let mut turn = String::new();
    let mut session = String::new();
    while let Some(event) = answer.message().await.unwrap() {
        if let Some(Event::Answered(answered)) = event.event {
            (turn, session) = (answered.turn, answered.session);
        }
    }
    let read = || ReadSessionRequest { session: session.clone() };
    let list = || ListSessionsRequest { query: "vacation".into(), limit: 0 };
    let turns = alone().read_session(read()).await.unwrap().into_inner().turns;
    assert_eq!(turns.len(), 1);
    assert!(turns[0].sources.iter().any(|source| source.space == "legal"), "{turns:?}");
    assert_eq!(alone().list_sessions(list()).await.unwrap().into_inner().sessions.len(), 1);
    // In the channel it is another one's, and not all of it may be seen there.
    let mut there = client(&socket, &bot, Some(asker(true)));
    assert_eq!(there.read_session(read()).await.unwrap_err().code(), Code::NotFound);
    let share = ShareAnswerRequest { turn };
    let refused = there.share_answer(share).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    std::fs::write(&config, place).unwrap();
    instance.run(&["stop"]).expect(0);
    instance.status();
    assert_eq!(alone().read_session(read()).await.unwrap().into_inner().turns, []);
    assert_eq!(alone().list_sessions(list()).await.unwrap().into_inner().sessions, []);
}

#[tokio::test]
async fn who_may_ask_and_what_may_be_seen_are_two_settings() {
    let directory = tempfile::tempdir().unwrap();
    let (config, socket) = (directory.path().join("config.toml"), directory.path().join("s.sock"));
    let grants = "[slack]\nmay_ask = ['user:U2']\n[[grants]]\nto = 'slack:T1'\nspaces = ['hr']\n";
    std::fs::write(&config, grants).unwrap();
    let instance = Instance::without_embedder()
        .with("RAGTERM_CONFIG", path(&config))
        .with("RAGTERM_SOCKET", path(&socket));
    fill(&instance);
    let bot = token(&instance, &["bot", "--space", "*", "--acts-for", "slack"]);
    let narrow = token(&instance, &["narrow", "--space", "legal", "--acts-for", "slack"]);
    let other = token(&instance, &["other", "--space", "*", "--acts-for", "discord"]);
    let asker = |user: &str| {
        let (platform, workspace, channel) = ("slack".into(), "T1".into(), "C1".into());
        Some(Asker { platform, workspace, channel, user: user.into(), ..Asker::default() })
    };
    let who = async |token: &str, user| {
        client(&socket, token, asker(user))
            .who_am_i(WhoAmIRequest {})
            .await
            .map(|it| it.into_inner())
    };
    let (one, two) = (who(&bot, "U1").await.unwrap(), who(&bot, "U2").await.unwrap());
    assert!(!one.may_ask && one.spaces.is_empty(), "{one:?}");
    assert!(two.may_ask && two.spaces.len() == 1, "{two:?}");
    // Who may not ask may do nothing else either.
    let mut outside = client(&socket, &bot, asker("U1"));
    let list = ListSessionsRequest::default();
    assert_eq!(outside.list_sessions(list).await.unwrap_err().code(), Code::PermissionDenied);
    let ask = AskRequest { question: "vacation".into(), ..AskRequest::default() };
    assert_eq!(outside.ask(ask).await.unwrap_err().code(), Code::PermissionDenied);
    // A bot sees for others no more than itself, and acts for the users of its own chat alone.
    assert_eq!(who(&narrow, "U2").await.unwrap().spaces, []);
    assert_eq!(who(&other, "U2").await.unwrap_err().code(), Code::PermissionDenied);
}
