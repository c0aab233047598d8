//! What the buttons under an answer do.

use std::time::Instant;

use super::bot::{Bot, is_direct, patiently};
use super::incoming::Action;
use super::refusals::is_outside;
use super::render::{self, HELPFUL, MORE, Message, NOT_HELPFUL, PUBLIC};
use super::web::{Fault, Place, Response};
use crate::core::{Given, Language, Phrase, Question, Shareable, Trouble, Verdict};

impl Bot {
    pub(super) async fn action(&self, action: Action) {
        let (key, language) = render::read_value(&action.value);
        match action.name.as_str() {
            HELPFUL => self.feedback(&action, key, (Verdict::Helpful, language)).await,
            NOT_HELPFUL => self.feedback(&action, key, (Verdict::NotHelpful, language)).await,
            MORE => self.more(&action, key, language).await,
            PUBLIC => self.make_public(&action, key, language).await,
            _ => tracing::debug!(name = action.name, "an unknown button was pressed"),
        }
    }

    async fn feedback(
        &self,
        action: &Action,
        turn: &str,
        (verdict, language): (Verdict, Language),
    ) {
        let mut asker = self.asker(&action.team, &action.channel, &action.user);
        asker.public = !action.is_ephemeral && !is_direct(&action.channel);
        let sentence = match self.core.feedback(&asker, turn, verdict).await {
            Ok(()) => Phrase::Thanks.say(language).to_owned(),
            Err(trouble) => trouble.say(language),
        };
        self.tell(action, &sentence).await;
    }

    /// Shows the passages behind an answer to whoever asks, if the answer itself was for all of them.
    async fn more(&self, action: &Action, key: &str, language: Language) {
        let given = self.kept.get(key).filter(|given| may_see(given, action));
        let Some(given) = given else {
            return self.tell(action, Phrase::TooOld.say(language)).await;
        };
        for message in render::more(&given.answer.sources, language) {
            self.respond(action, &message).await;
        }
    }

    async fn make_public(&self, action: &Action, turn: &str, language: Language) {
        let id = format!("public {turn} {}", action.channel);
        if !self.repeats.is_first(&id, Instant::now()) {
            return self.tell(action, Phrase::Shared.say(language)).await;
        }
        let mut asker = self.asker(&action.team, &action.channel, &action.user);
        asker.public = true;
        let sentence = match self.core.share(&asker, turn).await {
            Ok(shareable) => self.share(action, &shareable, language).await,
            Err(Trouble::Denied) => self.ask_again(action, turn, language).await,
            Err(trouble) => Err(trouble.say(language)),
        };
        if let Err(sentence) = sentence {
            self.repeats.forget(&id);
            self.tell(action, &sentence).await;
        }
    }

    async fn share(
        &self,
        action: &Action,
        shareable: &Shareable,
        language: Language,
    ) -> Result<(), String> {
        // It stays the asker's own: nobody else can judge it by a button.
        let messages = render::answer(&shareable.answer, language, None);
        let messages = render::shared(&action.user, &shareable.question, messages);
        let place = place_of(action);
        for message in &messages {
            let posted = patiently(|| self.web.post_message(&place, message)).await;
            let shown = match posted {
                Err(Fault::Refused(code)) if is_outside(&code) => {
                    let url = &action.response_url;
                    patiently(|| self.web.respond(url, message, Response::InChannel)).await
                }
                other => other.map(drop),
            };
            shown.map_err(|fault| not_shown(&fault, language))?;
        }
        self.tell(action, Phrase::Shared.say(language)).await;
        Ok(())
    }

    /// Asks the same once more, with what everyone in the channel may see.
    async fn ask_again(
        &self,
        action: &Action,
        turn: &str,
        language: Language,
    ) -> Result<(), String> {
        let given = self.kept.get(turn).filter(|given| may_see(given, action));
        let given = given.ok_or_else(|| Phrase::TooOld.say(language).to_owned())?;
        self.tell(action, Phrase::AskedAgain.say(language)).await;
        let mut question = Question { thread: None, ..given.question.clone() };
        question.asker.public = true;
        if self.answer_in(place_of(action), question, Some(&action.user)).await {
            return Ok(());
        }
        Err(Phrase::NotHere.say(language).to_owned())
    }

    /// Says something to whoever pressed the button, and to nobody else.
    async fn tell(&self, action: &Action, sentence: &str) {
        self.respond(action, &render::note(sentence)).await;
    }

    async fn respond(&self, action: &Action, message: &Message) {
        let url = &action.response_url;
        let sent = patiently(|| self.web.respond(url, message, Response::Ephemeral)).await;
        if let Err(fault) = sent {
            tracing::warn!(%fault, "a reply to a button could not be shown in slack");
        }
    }
}

/// A private answer is its asker's; a public one everyone's in its channel.
fn may_see(given: &Given, action: &Action) -> bool {
    let asked = &given.question.asker;
    asked.channel == action.channel && (asked.public || asked.user == action.user)
}

fn place_of(action: &Action) -> Place {
    Place { channel: action.channel.clone(), thread: action.thread.clone() }
}

fn not_shown(fault: &Fault, language: Language) -> String {
    match fault {
        Fault::Refused(code) if is_outside(code) => Phrase::NotHere.say(language).to_owned(),
        _ => Trouble::Other(format!("slack: {fault}")).say(language),
    }
}
