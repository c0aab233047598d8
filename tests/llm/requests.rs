//! What the servers are asked, and how it adapts to what they are.

use std::sync::atomic::{AtomicUsize, Ordering};

use ragterm::config::{self, Secret};
use ragterm::error::ErrorKind;
use ragterm::llm::{self, Finish, Message, Prompt, Role};

use super::{ask, config_for, connected, heard, prompt};
use crate::fakes::chat::{Chat, Nature, Protocol, Reply, Then};

fn natured(protocol: Protocol, nature: Nature) -> Chat {
    Chat::start(protocol, nature, |_| Reply::of(&["ok"]))
}

#[tokio::test]
async fn the_whole_conversation_is_sent_with_the_instruction_in_its_place() {
    for protocol in Protocol::ALL {
        let chat = natured(protocol, Nature::default());
        let turn = |role, text: &str| Message { role, text: text.into() };
        let messages = vec![
            turn(Role::User, "one"),
            turn(Role::Assistant, "two"),
            turn(Role::User, "\"three\"\n</s>"),
        ];
        heard(&*connected(&chat), &Prompt { messages, ..prompt("") }).await.end();
        let body = chat.asked().remove(0).body;
        let mut sent: Vec<(&str, &str)> = body["messages"]
            .as_array()
            .unwrap()
            .iter()
            .map(|turn| (turn["role"].as_str().unwrap(), turn["content"].as_str().unwrap()))
            .collect();
        if protocol == Protocol::Anthropic {
            sent.insert(0, ("system", body["system"].as_str().unwrap()));
        }
        let expected = [
            ("system", "You are terse."),
            ("user", "one"),
            ("assistant", "two"),
            ("user", "\"three\"\n</s>"),
        ];
        assert_eq!(sent, expected, "{protocol:?}");
        assert_eq!(body["stream"], true);
    }
}

#[tokio::test]
async fn the_key_goes_where_each_protocol_wants_it() {
    for (protocol, header) in [
        (Protocol::Ollama, "Bearer sesame"),
        (Protocol::OpenAi, "Bearer sesame"),
        (Protocol::Anthropic, "sesame"),
    ] {
        let chat = natured(protocol, Nature { key: Some(header), ..Nature::default() });
        let config = config::Llm { api_key: Secret::Value("sesame".into()), ..config_for(&chat) };
        let llm = llm::connect(&config).unwrap().unwrap();
        assert_eq!(heard(&*llm, &prompt("?")).await.text(), "ok", "{protocol:?}");
        assert!(!format!("{llm:?}").contains("sesame"));
    }
}

#[tokio::test]
async fn an_address_may_end_in_v1_or_not() {
    for protocol in [Protocol::OpenAi, Protocol::Anthropic] {
        let chat = natured(protocol, Nature::default());
        let root = chat.url.trim_end_matches("/v1");
        for url in [root.to_owned(), format!("{root}/v1")] {
            let llm = llm::connect(&config::Llm { url, ..config_for(&chat) }).unwrap().unwrap();
            assert_eq!(heard(&*llm, &prompt("?")).await.text(), "ok");
            assert_eq!(llm.context_tokens().await.unwrap(), 4_096);
        }
    }
}

#[tokio::test]
async fn the_window_is_what_is_configured_or_else_what_the_server_says() {
    for protocol in Protocol::ALL {
        let chat = natured(protocol, Nature { context: 40_960, ..Nature::default() });
        assert_eq!(connected(&chat).context_tokens().await.unwrap(), 40_960, "{protocol:?}");
        let config = config::Llm { context_tokens: Some(2_000), ..config_for(&chat) };
        let llm = llm::connect(&config).unwrap().unwrap();
        assert_eq!(llm.context_tokens().await.unwrap(), 2_000);
        assert!(connected(&chat).look().await.unwrap().contains("a window of 40960 tokens"));
    }
}

#[tokio::test]
async fn what_a_server_refuses_is_left_out_and_not_tried_again() {
    for refused in ["max_tokens", "temperature", "stream_options", "system role"] {
        let nature = Nature { refuses: Some(refused), ..Nature::default() };
        let chat = natured(Protocol::OpenAi, nature);
        let llm = connected(&chat);
        assert_eq!(heard(&*llm, &prompt("a")).await.text(), "ok", "{refused}");
        assert_eq!(heard(&*llm, &prompt("b")).await.text(), "ok", "{refused}");
        let bodies: Vec<_> = chat.asked().into_iter().map(|asked| asked.body).collect();
        assert_eq!(bodies.len(), 3, "{refused}");
        match refused {
            "max_tokens" => assert_eq!(bodies[2]["max_completion_tokens"], 200),
            "system role" => {
                assert_eq!(bodies[2]["messages"][0]["content"], "You are terse.\n\nb");
            }
            part => assert!(bodies[2][part].is_null()),
        }
    }
}

#[tokio::test]
async fn a_model_of_anthropics_that_takes_no_temperature_is_asked_without() {
    let nature = Nature { refuses: Some("temperature"), ..Nature::default() };
    let chat = natured(Protocol::Anthropic, nature);
    let llm = connected(&chat);
    assert_eq!(heard(&*llm, &Prompt { temperature: 1.7, ..prompt("a") }).await.text(), "ok");
    assert_eq!(heard(&*llm, &prompt("b")).await.text(), "ok");
    let temperatures: Vec<_> =
        chat.asked().into_iter().map(|asked| asked.body["temperature"].as_f64()).collect();
    assert_eq!(temperatures, [Some(1.0), None, None]);
}

#[tokio::test]
async fn ollama_opens_a_window_as_large_as_the_prompt_needs_and_never_beyond_the_models() {
    let chat = natured(Protocol::Ollama, Nature { context: 20_000, ..Nature::default() });
    let llm = connected(&chat);
    let mut windows = Vec::new();
    for (prompt_tokens, max_output_tokens) in
        [(100, 200), (1_900, 200), (200, 100), (9_000, 1_000), (19_000, 4_000), (10, 10)]
    {
        heard(&*llm, &Prompt { prompt_tokens, max_output_tokens, ..prompt("?") }).await.end();
        let body = chat.asked().pop().unwrap().body;
        assert_eq!(body["options"]["num_predict"], max_output_tokens);
        windows.push(body["options"]["num_ctx"].as_u64().unwrap());
    }
    // It does not become smaller again, because each change loads the model anew.
    assert_eq!(windows, [2_048, 4_096, 4_096, 16_384, 20_000, 20_000]);
}

#[tokio::test]
async fn ollama_is_told_not_to_think_and_how_long_to_keep_the_model() {
    for thinks in [true, false] {
        let chat = natured(Protocol::Ollama, Nature { thinks, ..Nature::default() });
        ask(&chat).await.end();
        let body = chat.asked().pop().unwrap().body;
        assert_eq!(body.get("think").is_some(), thinks);
        assert_eq!((&body["keep_alive"], &body["truncate"]), (&"5m".into(), &false.into()));
    }
}

#[tokio::test]
async fn a_prompt_that_an_old_ollama_cut_in_silence_is_noticed() {
    let nature = Nature { context: 2_048, cuts: true, ..Nature::default() };
    let chat = natured(Protocol::Ollama, nature);
    let long = Prompt { prompt_tokens: 3_000, ..prompt(&"word ".repeat(2_500)) };
    assert!(heard(&*connected(&chat), &long).await.end().prompt_was_cut);
    assert!(!ask(&chat).await.end().prompt_was_cut);
}

#[tokio::test]
async fn a_question_longer_than_the_window_is_refused_with_the_reason() {
    for protocol in Protocol::ALL {
        let chat = natured(protocol, Nature { context: 2_048, ..Nature::default() });
        let long = Prompt { prompt_tokens: 3_000, ..prompt(&"word ".repeat(2_500)) };
        let heard = heard(&*connected(&chat), &long).await;
        assert_eq!(heard.error().kind(), ErrorKind::Exhausted, "{:?}", heard.error());
        assert!(heard.error().to_string().contains("is too long for `scripted:latest`"));
        assert_eq!(chat.asked().len(), 1, "it is not tried again");
    }
}

#[tokio::test]
async fn a_busy_server_is_asked_again_when_it_says_so_and_only_before_the_first_word() {
    for protocol in Protocol::ALL {
        for status in [429, 503, 529] {
            let calls = AtomicUsize::new(0);
            let chat = Chat::start(protocol, Nature::default(), move |_| {
                match calls.fetch_add(1, Ordering::Relaxed) {
                    0 => Reply::then(&[], Then::Busy(status, "0.01")),
                    _ => Reply::of(&["now"]),
                }
            });
            assert_eq!(ask(&chat).await.text(), "now", "{protocol:?} {status}");
            assert_eq!(chat.asked().len(), 2);
        }
        let chat = Chat::saying(protocol, Reply::then(&["a"], Then::Drop));
        assert!(ask(&chat).await.ended.is_err());
        assert_eq!(chat.asked().len(), 1);
    }
}

#[tokio::test]
async fn a_server_that_wants_to_be_left_alone_for_long_is_not_waited_for() {
    for protocol in Protocol::ALL {
        let chat = Chat::saying(protocol, Reply::then(&[], Then::Busy(429, "50")));
        let heard = ask(&chat).await;
        assert_eq!(heard.error().kind(), ErrorKind::Unavailable);
        assert!(heard.error().to_string().contains("takes no more requests for now"));
        assert_eq!(chat.asked().len(), 1);
    }
}

#[tokio::test]
async fn the_reason_of_an_end_that_is_not_known_is_passed_on() {
    const LINE: &[u8] =
        b"{\"message\":{\"content\":\"\"},\"done\":true,\"done_reason\":\"load\"}\n";
    let chat = Chat::saying(Protocol::Ollama, Reply::then(&[], Then::Bytes(LINE)));
    assert_eq!(ask(&chat).await.end().reason, Finish::Other("load".into()));
}

#[tokio::test]
async fn a_gateway_that_tells_nothing_of_its_models_is_asked_all_the_same() {
    let nature = Nature { tells_nothing: true, ..Nature::default() };
    let chat = natured(Protocol::Anthropic, nature);
    let llm = llm::connect(&config_for(&chat)).unwrap().unwrap();
    assert_eq!(llm.context_tokens().await.unwrap(), 200_000);
}
