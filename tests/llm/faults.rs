//! Servers that stall, break, lie or refuse: what was said is kept, and the error says what it was.

use std::time::Duration;

use ragterm::config::{self, Secret};
use ragterm::error::ErrorKind;
use ragterm::llm;

use super::{Heard, ask, config_for, configured, heard, prompt, provider};
use crate::fakes::chat::{Chat, Nature, Protocol, Reply, Then};
use crate::fakes::free_address;

/// What comes of a server that says `a`, `b` and then this.
async fn after_ab(protocol: Protocol, then: Then) -> Heard {
    ask(&Chat::saying(protocol, Reply::then(&["a", "b"], then))).await
}

/// What comes of servers of all kinds that say `a`, `b` and nothing more, with a patience that is
/// long enough for this machine to have said that much, and that patience in seconds.
async fn after_silence(change: impl Fn(&mut config::Llm, Duration)) -> Vec<(Heard, u64)> {
    let one = async |protocol| {
        for patience in [2, 20] {
            let silent = after_silence_of(protocol, |config| {
                change(config, Duration::from_secs(patience));
            });
            let heard = silent.await;
            if heard.text() == "ab" {
                return (heard, patience);
            }
        }
        let last = 200;
        let silent = after_silence_of(protocol, |config| change(config, Duration::from_secs(last)));
        (silent.await, last)
    };
    futures_util::future::join_all(Protocol::ALL.map(one)).await
}

async fn after_silence_of(protocol: Protocol, change: impl FnOnce(&mut config::Llm)) -> Heard {
    let chat = Chat::saying(protocol, Reply::then(&["a", "b"], Then::Stall));
    let mut config = config_for(&chat);
    change(&mut config);
    heard(&*llm::connect(&config).unwrap().unwrap(), &prompt("?")).await
}

#[track_caller]
fn assert_kept(heard: &Heard, kind: ErrorKind, words: &str) {
    assert_eq!(heard.text(), "ab");
    let error = heard.error();
    assert_eq!(error.kind(), kind, "{error}");
    assert!(error.to_string().contains(words), "{error}");
    assert!(error.next_step().is_some(), "{error}");
    assert!(error.to_string().contains("127.0.0.1"), "{error}");
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_kept_and_the_error_says_so() {
    for protocol in Protocol::ALL {
        for then in [Then::Drop, Then::Close] {
            let heard = after_ab(protocol, then).await;
            assert_kept(&heard, ErrorKind::Unavailable, "broke off its answer");
        }
    }
}

#[tokio::test]
async fn a_server_that_falls_silent_is_given_up() {
    let silent = after_silence(|config, patience| {
        (config.idle_timeout, config.timeout) = (patience, Duration::from_secs(600));
    });
    for (heard, patience) in silent.await {
        assert_kept(&heard, ErrorKind::Unavailable, &format!("fell silent for {patience} s"));
    }
}

#[tokio::test]
async fn bytes_that_are_no_text_end_the_answer() {
    for protocol in Protocol::ALL {
        let heard = after_ab(protocol, Then::Bytes(b"data: {\"text\":\"\xff\xfe\"}\n\n")).await;
        assert_kept(&heard, ErrorKind::Unavailable, "no UTF-8 text");
    }
}

#[tokio::test]
async fn text_that_is_no_json_ends_the_answer() {
    for protocol in Protocol::ALL {
        for bytes in [&b"data: {\"choices\":[{]\n\n"[..], b"data: 7\n\n", b"data: <html>\n\n"] {
            let heard = after_ab(protocol, Then::Bytes(bytes)).await;
            assert_kept(&heard, ErrorKind::Unavailable, "streams what it should not");
        }
    }
}

#[tokio::test]
async fn a_line_without_an_end_is_refused() {
    static LINE: [u8; 3 << 20] = [b' '; 3 << 20];
    for protocol in Protocol::ALL {
        let heard = after_ab(protocol, Then::Bytes(&LINE)).await;
        assert_kept(&heard, ErrorKind::Unavailable, "a line of over");
    }
}

#[tokio::test]
async fn an_error_in_the_middle_is_told_in_the_servers_words() {
    for protocol in Protocol::ALL {
        let heard = after_ab(protocol, Then::Trouble("api_error", "the runner crashed")).await;
        assert_kept(&heard, ErrorKind::Unavailable, "the runner crashed");
    }
    let heard =
        after_ab(Protocol::Anthropic, Then::Trouble("overloaded_error", "Overloaded")).await;
    assert_kept(&heard, ErrorKind::Unavailable, "takes no more requests for now: Overloaded");
    let old = Then::Bytes(b"error: {\"code\":500,\"message\":\"the slot is gone\"}\n\n");
    let heard = after_ab(Protocol::OpenAi, old).await;
    assert_kept(&heard, ErrorKind::Unavailable, "the slot is gone");
}

#[tokio::test]
async fn a_server_that_never_begins_is_given_up() {
    for protocol in Protocol::ALL {
        let chat = Chat::saying(protocol, Reply::then(&[], Then::Silence));
        let config = config::Llm { idle_timeout: Duration::from_millis(200), ..config_for(&chat) };
        let llm = llm::connect(&config).unwrap().unwrap();
        let heard = heard(&*llm, &prompt("?")).await;
        assert_eq!(heard.error().kind(), ErrorKind::Unavailable);
        let words = heard.error().with_next_step();
        assert!(words.contains("too slow") && words.contains("llm.idle_timeout_s"), "{words}");
    }
}

#[tokio::test]
async fn an_answer_that_takes_too_long_as_a_whole_is_given_up() {
    let silent = after_silence(|config, patience| {
        (config.timeout, config.idle_timeout) = (patience, Duration::from_secs(600));
    });
    for (heard, _) in silent.await {
        assert_kept(&heard, ErrorKind::Unavailable, "not complete in time");
    }
}

#[tokio::test]
async fn a_key_that_is_refused_is_a_wrong_set_up_and_is_not_shown() {
    for protocol in Protocol::ALL {
        let nature = Nature { key: Some("another"), ..Nature::default() };
        let chat = Chat::start(protocol, nature, |_| Reply::of(&["ok"]));
        let secret = Secret::Value("sk-wrong-key".into());
        let config = config::Llm { api_key: secret, ..config_for(&chat) };
        let llm = llm::connect(&config).unwrap().unwrap();
        let heard = heard(&*llm, &prompt("?")).await;
        assert_eq!(heard.error().kind(), ErrorKind::Usage);
        let words = heard.error().with_next_step();
        assert!(words.contains("llm.api_key") && !words.contains("sk-wrong"), "{words}");
    }
}

#[tokio::test]
async fn a_key_that_the_server_repeats_in_the_middle_is_not_shown() {
    for protocol in Protocol::ALL {
        let trouble = Then::Trouble("api_error", "no more for sk-secret today");
        let chat = Chat::saying(protocol, Reply::then(&["a"], trouble));
        let secret = Secret::Value("sk-secret".into());
        let config = config::Llm { api_key: secret, ..config_for(&chat) };
        let llm = llm::connect(&config).unwrap().unwrap();
        let words = heard(&*llm, &prompt("?")).await.error().to_string();
        assert!(words.contains("no more for … today"), "{words}");
    }
}

#[tokio::test]
async fn a_missing_model_is_not_found() {
    for protocol in Protocol::ALL {
        let chat = Chat::saying(protocol, Reply::of(&["ok"]));
        let config = config::Llm { model: "qwen3:8b".into(), ..config_for(&chat) };
        let llm = llm::connect(&config).unwrap().unwrap();
        for error in
            [heard(&*llm, &prompt("?")).await.ended.unwrap_err(), llm.look().await.unwrap_err()]
        {
            assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
            assert!(error.to_string().contains("has no model `qwen3:8b`"), "{error}");
        }
    }
}

#[tokio::test]
async fn a_server_that_is_down_is_named_with_its_address_and_not_asked_for_long() {
    for protocol in Protocol::ALL {
        let url = format!("http://{}", free_address());
        let llm = llm::connect(&configured(provider(protocol), &url)).unwrap().unwrap();
        let mut is_left_alone = false;
        for _ in 0..8 {
            let heard = heard(&*llm, &prompt("?")).await;
            assert_eq!(heard.error().kind(), ErrorKind::Unavailable);
            let words = heard.error().with_next_step();
            assert!(words.contains(&url) && words.contains("`llm.url`"), "{words}");
            is_left_alone |= words.contains("does not answer since");
        }
        assert!(is_left_alone);
    }
}

#[tokio::test]
async fn what_is_refused_is_told_with_status_and_words_and_asked_once() {
    for protocol in Protocol::ALL {
        let chat = Chat::saying(protocol, Reply::then(&[], Then::Refuse(400, "no chat template")));
        let error = ask(&chat).await.ended.unwrap_err().to_string();
        assert!(error.contains("refuses to answer (400): no chat template"), "{error}");
        assert_eq!(chat.asked().len(), 1);
        let chat = Chat::saying(protocol, Reply::then(&[], Then::Refuse(307, "elsewhere")));
        let error = ask(&chat).await.ended.unwrap_err();
        assert!(error.to_string().contains("answers with a redirect"), "{error}");
        assert_eq!(error.kind(), ErrorKind::Usage);
    }
}

#[tokio::test]
async fn an_answer_that_is_no_stream_is_called_that() {
    for protocol in [Protocol::OpenAi, Protocol::Anthropic] {
        let chat = Chat::saying(protocol, Reply::of(&["x"]));
        let web = crate::fakes::chat::page();
        let config = config::Llm { url: web.url.clone(), ..config_for(&chat) };
        let llm = llm::connect(&config).unwrap().unwrap();
        let error = heard(&*llm, &prompt("?")).await.ended.unwrap_err();
        assert!(error.to_string().contains("something else than a stream"), "{error}");
    }
}
