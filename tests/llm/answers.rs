//! What an answer is made of, whatever the protocol and however it arrives.

use futures_util::StreamExt;
use ragterm::llm::{End, Finish, Piece};

use super::{ask, connected, prompt};
use crate::fakes::chat::{Chat, Nature, Protocol, Reply, Then};
use crate::support::until;

#[tokio::test]
async fn an_answer_comes_in_the_pieces_that_the_model_said_with_its_counts() {
    for protocol in Protocol::ALL {
        let chat = Chat::saying(protocol, Reply::of(&["Der ", "Zähler", " läuft [1]", ".\n"]));
        let heard = ask(&chat).await;
        assert_eq!(heard.pieces, ["Der ", "Zähler", " läuft [1]", ".\n"], "{protocol:?}");
        let counted = End { prompt_tokens: Some(10), output_tokens: Some(4), ..End::default() };
        assert_eq!(*heard.end(), counted, "{protocol:?}");
    }
}

#[tokio::test]
async fn an_answer_is_the_same_however_the_bytes_are_cut_and_lines_end() {
    let pieces = ["한국어 ", "👩‍💻", " a\nb\r\n", "\u{feff}[", "2]"];
    for protocol in Protocol::ALL {
        for (cut, line_end) in [(1, "\n"), (2, "\r\n"), (3, "\n"), (7, "\r\n"), (5_000, "\n")] {
            let chat = Chat::saying(protocol, Reply { cut, line_end, ..Reply::of(&pieces) });
            let heard = ask(&chat).await;
            assert_eq!(heard.text(), pieces.concat(), "{protocol:?} {cut}");
            assert_eq!(heard.end().reason, Finish::Complete);
        }
    }
}

#[tokio::test]
async fn thoughts_are_no_part_of_the_answer_beside_it_or_in_front_of_it() {
    for protocol in Protocol::ALL {
        let thoughts = vec!["The user wants".to_owned(), " a secret".to_owned()];
        let pieces = ["<thi", "nk>in the text", "</think>\n\n", "42"];
        let nature = Nature { thinks: true, ..Nature::default() };
        let reply = Reply { thoughts, ..Reply::of(&pieces) };
        let chat = Chat::start(protocol, nature, move |_| reply.clone());
        assert_eq!(ask(&chat).await.pieces, ["42"], "{protocol:?}");
    }
}

#[tokio::test]
async fn an_answer_of_nothing_ends_with_its_reason() {
    for protocol in Protocol::ALL {
        for pieces in [&[][..], &["", ""][..]] {
            let heard = ask(&Chat::saying(protocol, Reply::of(pieces))).await;
            assert_eq!((heard.text().as_str(), &heard.end().reason), ("", &Finish::Complete));
        }
    }
}

#[tokio::test]
async fn an_answer_that_is_cut_or_withheld_says_so() {
    for protocol in Protocol::ALL {
        let heard = ask(&Chat::saying(protocol, Reply::then(&["so far"], Then::Length))).await;
        assert_eq!((heard.text().as_str(), &heard.end().reason), ("so far", &Finish::Length));
    }
    for protocol in [Protocol::OpenAi, Protocol::Anthropic] {
        let heard = ask(&Chat::saying(protocol, Reply::then(&[], Then::Withheld))).await;
        assert_eq!(heard.end().reason, Finish::Withheld);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_repeats_itself_for_ever_is_stopped_at_its_longest_answer() {
    for protocol in Protocol::ALL {
        let chat = Chat::saying(protocol, Reply::then(&["again "], Then::Forever));
        let heard = ask(&chat).await;
        assert_eq!(heard.end().reason, Finish::Length, "{protocol:?}");
        assert!(heard.text().len() < 200 * 64 + 100 && heard.text().ends_with("again again "));
        until("the server to notice", || chat.open() == 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_nobody_listens_to_any_more_is_given_up_by_the_server() {
    for protocol in Protocol::ALL {
        let chat = Chat::saying(protocol, Reply::then(&["one"], Then::Forever));
        let mut stream = connected(&chat).answer(&prompt("go on")).await.unwrap();
        let first = stream.next().await.unwrap().unwrap();
        assert_eq!((first, chat.open()), (Piece::Text("one".into()), 1));
        drop(stream);
        until("the server to notice", || chat.open() == 0);
    }
}

#[tokio::test]
async fn several_answers_are_streamed_at_the_same_time() {
    for protocol in Protocol::ALL {
        let chat = Chat::start(protocol, Nature::default(), |asked| {
            let messages = asked.body["messages"].as_array().unwrap();
            Reply::of(&["to ", messages.last().unwrap()["content"].as_str().unwrap()])
        });
        let llm = connected(&chat);
        let ask = |number: usize| {
            let llm = &llm;
            async move { super::heard(&**llm, &prompt(&number.to_string())).await.text() }
        };
        let answers = futures_util::future::join_all((0..8).map(ask)).await;
        let expected: Vec<String> = (0..8).map(|number| format!("to {number}")).collect();
        assert_eq!(answers, expected);
    }
}
