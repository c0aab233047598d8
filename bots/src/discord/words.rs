//! What the bot says on Discord alone.

use crate::core::Language;

/// Names of the fixed sentences and labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Words {
    /// Label of the button that begins a thread.
    FollowUp,
    /// Greets in a thread where every message is read.
    AskOn,
    /// Greets in a thread where only mentions are read.
    AskOnByName,
    /// Points to the thread that was begun.
    Began,
    /// Threads cannot be begun here.
    NoThread,
    /// Above hits.
    Found,
    /// An answer could not be written where it was to be shown.
    NotShown,
}

impl Words {
    pub(super) fn say(self, language: Language) -> &'static str {
        let (english, korean) = match self {
            Self::FollowUp => ("Ask on in a thread", "스레드에서 이어서 묻기"),
            Self::AskOn => {
                ("Ask on here; I read along.", "여기에서 이어서 질문해 주세요. 함께 읽고 있습니다.")
            }
            Self::AskOnByName => (
                "Ask on here, and mention me each time so that I see it.",
                "여기에서 이어서 질문해 주세요. 제가 볼 수 있도록 매번 저를 멘션해 주세요.",
            ),
            Self::Began => ("Ask on here:", "여기에서 이어서 질문해 주세요:"),
            Self::NoThread => (
                "I cannot begin a thread here: I need the permissions to create threads and to write in them.",
                "여기에서는 스레드를 만들 수 없습니다. 스레드 생성 및 쓰기 권한이 필요합니다.",
            ),
            Self::Found => ("Found", "검색 결과"),
            Self::NotShown => (
                "Discord did not let me write the answer into this channel.",
                "이 채널에 답변을 쓸 수 없었습니다.",
            ),
        };
        match language {
            Language::English => english,
            Language::Korean => korean,
        }
    }
}
