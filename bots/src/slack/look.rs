//! How the drafts of one question look in Slack.

use std::sync::Arc;

use super::render::{self, Buttons, Message, Sharing};
use crate::core::{Draft, Given, Kept, Language, Phrase, Question};

/// What the rendering of one question depends on.
#[derive(Clone)]
pub(super) struct Look {
    kept: Arc<Kept>,
    question: Question,
    language: Language,
    sharing: Sharing,
    /// Named above an answer that somebody had made public.
    asked_by: Option<String>,
}

impl Look {
    pub(super) fn new(kept: Arc<Kept>, question: Question, sharing: Sharing) -> Self {
        let language = question.language();
        Self { kept, question, language, sharing, asked_by: None }
    }

    /// Tells above the answer who asked what.
    #[must_use]
    pub(super) fn asked_by(mut self, user: &str) -> Self {
        self.asked_by = Some(user.to_owned());
        self
    }

    pub(super) fn language(&self) -> Language {
        self.language
    }

    /// A draft that is not the last.
    pub(super) fn draft(&self, draft: &Draft) -> Message {
        match draft {
            Draft::Waiting(why) => render::note(why.say(self.language)),
            Draft::Growing(text) => render::growing(text, self.language),
            _ => render::note(Phrase::Working.say(self.language)),
        }
    }

    /// The last draft, in as many messages as it takes.
    pub(super) fn ending(&self, draft: &Draft) -> Vec<Message> {
        let messages = match draft {
            Draft::Done(answer) => {
                let buttons = self.buttons(&answer.turn);
                if let Some(buttons) = &buttons {
                    let given =
                        Given { question: self.question.clone(), answer: answer.as_ref().clone() };
                    self.kept.keep(&buttons.key, given);
                }
                render::answer(answer, self.language, buttons.as_ref())
            }
            Draft::Failed(trouble) => vec![render::note(&trouble.say(self.language))],
            _ => vec![self.draft(draft)],
        };
        match &self.asked_by {
            Some(user) => render::shared(user, &self.question.text, messages),
            None => messages,
        }
    }

    /// An answer without a name has nothing that a button could refer to.
    fn buttons(&self, turn: &str) -> Option<Buttons> {
        (!turn.is_empty()).then(|| Buttons {
            key: turn.to_owned(),
            language: self.language,
            sharing: self.sharing,
        })
    }
}
