//! From a message in a chat to the last line in the daemon's log: one name.

use ragterm_chats::slack::{APP_TOKEN, BOT_TOKEN, FakeSlack};

use super::Collected;
use super::collector::Collector;
use crate::fakes::chat::{Chat, MODEL, Protocol, Reply};
use crate::support::{Instance, path};

const GRANTS: &str = "[[grants]]\nto = 'slack:T1/channel:C1'\nspaces = ['hr']\n";

#[test]
fn a_message_in_a_chat_has_one_name_and_one_trace_through_bot_and_daemon() {
    let chat = Chat::saying(Protocol::Ollama, Reply::of(&["At most five days [1]."]));
    let collector = Collector::start();
    let ragterm = Instance::without_embedder();
    let config = ragterm.docs().join("../config.toml");
    std::fs::write(&config, GRANTS).unwrap();
    let ragterm = ragterm
        .with("RAGTERM_CONFIG", path(&config))
        .with("RAGTERM_LLM__PROVIDER", "ollama")
        .with("RAGTERM_LLM__MODEL", MODEL)
        .with("RAGTERM_LLM__URL", &chat.url)
        .with("RAGTERM_LOG__OTLP", &collector.url);
    ragterm.write("leave.md", "# Leave\n\nUnused vacation days are carried over: at most five.\n");
    let daemon = Collected::daemon(&ragterm);
    let folder = ragterm.docs();
    ragterm.run(&["add", path(&folder), "--space", "hr"]).expect(0);
    let create = ["token", "create", "slack", "--space", "*", "--acts-for", "slack"];
    let token = ragterm.run(&create).expect(0).stdout.trim().to_owned();
    let slack = FakeSlack::start();
    let api = slack.api_url();
    let settings = [
        ("RAGTERM_SLACK__APP_TOKEN", APP_TOKEN),
        ("RAGTERM_SLACK__BOT_TOKEN", BOT_TOKEN),
        ("RAGTERM_SLACK__API_URL", api.as_str()),
        ("RAGTERM_SLACK__TOKEN", token.as_str()),
    ];
    let bot = Collected::start(&ragterm, "slack", &settings);
    slack.until_connected(1);
    slack.mention("C1", "U1", "<@UBOT> How many vacation days are carried over?");
    let in_bot = bot.until("ask");
    let in_daemon = daemon.until("ask");
    assert_eq!(in_bot["outcome"], "answered");
    assert_eq!(in_daemon["outcome"], "answered");
    assert_eq!(in_bot["request"], in_daemon["request"]);
    assert_eq!((&in_daemon["principal"], &in_daemon["hits"]), (&"slack".into(), &1.into()));
    // The bot's work is the parent of the daemon's.
    let calls = || collector.seen().into_iter().filter(|span| span.name == "Ask");
    let told = collector.until("ragterm-slack", "chat");
    collector.until("ragterm", "Ask");
    let call = calls().next().unwrap();
    assert_eq!((&call.trace, &call.parent), (&told.trace, &told.id));
    assert_eq!(call.request.as_deref(), in_daemon["request"].as_str());
    let stages = ["sparse", "fuse", "generate"].map(|name| collector.until("ragterm", name));
    for stage in stages {
        assert_eq!((&stage.trace, &stage.parent), (&call.trace, &call.id), "{}", stage.name);
    }
    let whole: String = collector.seen().iter().map(|span| span.whole.clone()).collect();
    assert!(!whole.contains("vacation") && !whole.contains("five") && !whole.contains(&token));
    for text in [bot.text(), daemon.text()] {
        assert!(!text.contains("vacation") && !text.contains(&token), "{text}");
        assert!(!text.contains("U1"), "who asks is not named: {text}");
    }
}
