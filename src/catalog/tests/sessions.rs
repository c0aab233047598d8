//! Promises about questions and answers, and about tokens.

use super::*;
use crate::config::SpaceRole;

fn turn(question: &str, answer: &str, spaces: &[&str]) -> Turn {
    Turn {
        id: new_name(),
        question: question.into(),
        query: question.into(),
        answer: answer.into(),
        sources: vec![TurnSource { n: 1, document: "7".into(), ordinal: 2 }],
        outcome: TurnOutcome::Answered,
        model: "m".into(),
        asked_ms: now_ms(),
        feedback: Feedback::None,
        comment: String::new(),
        spaces: spaces.iter().map(ToString::to_string).collect(),
    }
}

fn new<'s>(id: &'s str, thread: &'s str) -> InSession<'s> {
    InSession::New { id, thread }
}

pub(super) async fn a_session_belongs_to_who_asked(ground: &Ground) {
    let catalog = ground.open().await;
    let first = turn("Why?", "Because.", &["hr"]);
    catalog.keep_turn("anna", new("s1", ""), &first).await.unwrap();
    let second = turn("And?", "Nothing.", &[]);
    catalog.keep_turn("anna", InSession::Known("s1"), &second).await.unwrap();
    assert_eq!(catalog.turns("s1", 9).await.unwrap(), [first.clone(), second.clone()]);
    assert_eq!(catalog.turns("s1", 1).await.unwrap(), std::slice::from_ref(&second));
    let session = catalog.session("anna", "s1").await.unwrap().unwrap();
    assert_eq!((session.title.as_str(), session.turns), ("Why?", 2));
    assert_eq!(catalog.session("ben", "s1").await.unwrap(), None);
    assert_eq!(catalog.turn("ben", &first.id).await.unwrap(), None);
    assert_eq!(catalog.turn("anna", &first.id).await.unwrap(), Some(first.clone()));
    let error = catalog.keep_turn("ben", InSession::Known("s1"), &second).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    let rated = catalog.keep_feedback(("ben", &first.id), Feedback::Helpful, "").await;
    assert_eq!(rated.unwrap_err().kind(), ErrorKind::NotFound);
    catalog.keep_feedback(("anna", &first.id), Feedback::Unhelpful, "too short").await.unwrap();
    let kept = catalog.turn("anna", &first.id).await.unwrap().unwrap();
    assert_eq!((kept.feedback, kept.comment.as_str()), (Feedback::Unhelpful, "too short"));
    assert_eq!(catalog.forget_sessions("ben", None).await.unwrap(), 0);
    assert_eq!(catalog.forget_sessions("anna", Some("s1")).await.unwrap(), 1);
    assert_eq!(catalog.turns("s1", 9).await.unwrap(), []);
    // An answer that was on its way when its session was deleted does not bring it back.
    assert!(catalog.keep_turn("anna", InSession::Known("s1"), &second).await.is_err());
}

pub(super) async fn sessions_are_searched_in_every_case_and_only_where_they_may_be_seen(
    ground: &Ground,
) {
    let catalog = ground.open().await;
    for (id, answer, spaces) in [
        ("s1", "Der Ärger von Москва", &["hr"][..]),
        ("s2", "der ärger", &["hr", "legal"]),
        ("s3", "연차 100% _sure_", &[]),
    ] {
        catalog.keep_turn("anna", new(id, ""), &turn("Q", answer, spaces)).await.unwrap();
    }
    let found = async |words: &[&str], seen: &[&str]| {
        let words: Vec<String> = words.iter().map(ToString::to_string).collect();
        let is_visible = |space: &str| seen.contains(&space);
        let found = catalog.sessions("anna", (&words, &is_visible), 9).await.unwrap();
        let mut ids: Vec<String> = found.into_iter().map(|session| session.id).collect();
        ids.sort();
        ids
    };
    let all = ["hr", "legal"];
    assert_eq!(found(&["ÄRGER"], &all).await, ["s1", "s2"]);
    assert_eq!(found(&["москва", "ärger"], &all).await, ["s1"]);
    assert_eq!(found(&["100%", "_SURE_"], &all).await, ["s3"]);
    assert!(found(&["1_0"], &all).await.is_empty());
    assert_eq!(found(&["ärger"], &["hr"]).await, ["s1"]);
    assert!(found(&["ärger"], &["legal"]).await.is_empty());
    assert_eq!(found(&["연차"], &[]).await, ["s3"]);
    assert_eq!(found(&[], &[]).await.len(), 3);
}

pub(super) async fn a_thread_of_a_chat_is_one_session_of_its_place(ground: &Ground) {
    let catalog = ground.open().await;
    let asked = turn("Q", "A", &[]);
    catalog.keep_turn("slack:T/channel:C", new("s1", "1.2"), &asked).await.unwrap();
    let thread = async |principal: &str, thread: &str| {
        catalog.session_of_thread(principal, thread).await.unwrap()
    };
    assert_eq!(thread("slack:T/channel:C", "1.2").await.as_deref(), Some("s1"));
    assert_eq!(thread("slack:T/channel:C", "1.3").await, None);
    assert_eq!(thread("slack:T/user:U", "1.2").await, None);
    // Two first questions at once: the second one goes on with the session of the first.
    let second = turn("Q2", "A2", &[]);
    catalog.keep_turn("slack:T/channel:C", new("s2", "1.2"), &second).await.unwrap();
    assert_eq!(catalog.turns("s1", 9).await.unwrap(), [asked, second]);
    assert_eq!(catalog.session("slack:T/channel:C", "s2").await.unwrap(), None);
}

pub(super) async fn only_so_many_turns_and_days_are_kept(ground: &Ground) {
    let catalog = ground.open().await;
    let old = Turn { asked_ms: 1_000, ..turn("old", "A", &[]) };
    catalog.keep_turn("anna", new("s1", ""), &old).await.unwrap();
    catalog.keep_turn("ben", new("s2", ""), &turn("first", "A", &[])).await.unwrap();
    for number in 0..205 {
        let next = turn(&format!("{number}"), "A", &[]);
        catalog.keep_turn("ben", InSession::Known("s2"), &next).await.unwrap();
    }
    let turns = catalog.turns("s2", 1_000).await.unwrap();
    assert_eq!((turns.len(), turns[0].question.as_str()), (200, "5"));
    assert_eq!(catalog.forget_sessions_before(days_ago_ms(1)).await.unwrap(), 1);
    assert_eq!(catalog.session("anna", "s1").await.unwrap(), None);
    assert!(catalog.session("ben", "s2").await.unwrap().is_some());
}

pub(super) async fn a_token_is_found_by_its_key_until_it_is_revoked(ground: &Ground) {
    let catalog = ground.open().await;
    let token = Token {
        name: "ci".into(),
        spaces: vec!["hr".into(), "*".into()],
        role: SpaceRole::Write,
        acts_for: vec!["slack".into()],
        created_ms: 5,
        expires_ms: Some(9),
        used_ms: None,
    };
    let secret = TokenHash { key: "0123".into(), hash: "abcd".into() };
    catalog.keep_token(&token, &secret).await.unwrap();
    let again = TokenHash { key: "4567".into(), hash: "abcd".into() };
    assert_eq!(catalog.keep_token(&token, &again).await.unwrap_err().kind(), ErrorKind::Usage);
    let found = catalog.token("0123").await.unwrap().unwrap();
    assert_eq!(found, (token.clone(), "abcd".into()));
    assert_eq!(catalog.token("4567").await.unwrap(), None);
    catalog.token_was_used("ci", 7).await.unwrap();
    assert_eq!(catalog.tokens().await.unwrap(), [Token { used_ms: Some(7), ..token.clone() }]);
    assert!(token.is_over(9) && !token.is_over(8));
    catalog.revoke_token("ci").await.unwrap();
    assert_eq!(catalog.token("0123").await.unwrap(), None);
    assert_eq!(catalog.revoke_token("ci").await.unwrap_err().kind(), ErrorKind::NotFound);
}
