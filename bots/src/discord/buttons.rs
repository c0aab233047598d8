//! The buttons at an answer, and what comes back when one is pressed.

use serde_json::{Value, json};

use super::words::Words;
use crate::core::{Language, Phrase};

/// Discord takes no longer ids.
const MAX_ID: usize = 100;
/// So that buttons of a later version are told apart.
const VERSION: &str = "r1";

const GREY: u8 = 2;

/// What a button does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Helpful,
    NotHelpful,
    ShowMore,
    MakePublic,
    FollowUp,
}

impl Action {
    const ALL: [Self; 5] =
        [Self::Helpful, Self::NotHelpful, Self::ShowMore, Self::MakePublic, Self::FollowUp];

    fn code(self) -> &'static str {
        match self {
            Self::Helpful => "helpful",
            Self::NotHelpful => "not-helpful",
            Self::ShowMore => "more",
            Self::MakePublic => "public",
            Self::FollowUp => "follow",
        }
    }

    fn label(self, language: Language) -> &'static str {
        match self {
            Self::Helpful => Phrase::Helpful.say(language),
            Self::NotHelpful => Phrase::NotHelpful.say(language),
            Self::ShowMore => Phrase::ShowMore.say(language),
            Self::MakePublic => Phrase::MakePublic.say(language),
            Self::FollowUp => Words::FollowUp.say(language),
        }
    }
}

/// A pressed button.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pressed {
    pub(super) action: Action,
    pub(super) language: Language,
    /// The answer that it stands at.
    pub(super) turn: String,
}

impl Pressed {
    /// Reads what Discord gives back.
    pub(super) fn parse(id: &str) -> Option<Self> {
        let mut parts = id.splitn(4, ':');
        if parts.next()? != VERSION {
            return None;
        }
        let code = parts.next()?;
        let action = Action::ALL.into_iter().find(|action| action.code() == code)?;
        let language = Language::from_code(parts.next()?);
        Some(Self { action, language, turn: parts.next()?.to_owned() })
    }

    fn id(&self) -> String {
        let Self { action, language, turn } = self;
        format!("{VERSION}:{}:{}:{turn}", action.code(), language.code())
    }
}

/// A row of buttons for the answer `turn`; none when there is nothing to act on.
pub(super) fn row(actions: &[Action], language: Language, turn: &str) -> Vec<Value> {
    let button = |action: &Action| {
        let id = Pressed { action: *action, language, turn: turn.to_owned() }.id();
        (id.len() <= MAX_ID).then(|| {
            json!({ "type": 2, "style": GREY, "label": action.label(language), "custom_id": id })
        })
    };
    let buttons: Vec<Value> = actions.iter().filter_map(button).collect();
    if turn.is_empty() || buttons.is_empty() {
        return Vec::new();
    }
    vec![json!({ "type": 1, "components": buttons })]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_button_says_again_what_it_was_made_for() {
        for action in Action::ALL {
            let pressed = Pressed { action, language: Language::Korean, turn: "a:b".into() };
            assert_eq!(Pressed::parse(&pressed.id()), Some(pressed));
        }
    }

    #[test]
    fn other_ids_are_no_buttons_of_ours() {
        for id in ["", "r1", "r0:more:en:1", "r1:jump:en:1", "r1:more:en"] {
            assert_eq!(Pressed::parse(id), None, "{id}");
        }
    }

    #[test]
    fn an_answer_without_a_name_has_no_buttons() {
        assert!(row(&Action::ALL, Language::English, "").is_empty());
        assert!(row(&Action::ALL, Language::English, &"x".repeat(100)).is_empty());
    }
}
