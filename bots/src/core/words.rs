//! Every sentence that the bots say of their own accord, in the languages that they speak.

use super::question::Waiting;
use super::trouble::Trouble;

/// A language in which people are spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// English, also when the language is not known.
    #[default]
    English,
    /// Korean.
    Korean,
}

impl Language {
    /// Korean if `text` holds a Korean letter.
    pub fn of(text: &str) -> Self {
        let is_hangul = |c| matches!(c, '\u{1100}'..='\u{11ff}' | '\u{3131}'..='\u{318e}' | '\u{ac00}'..='\u{d7a3}');
        if text.chars().any(is_hangul) { Self::Korean } else { Self::English }
    }

    /// A short code that [`Language::from_code`] takes back, for values of buttons.
    pub fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Korean => "ko",
        }
    }

    /// The language of a code; English if the code is not known.
    pub fn from_code(code: &str) -> Self {
        if code == "ko" { Self::Korean } else { Self::English }
    }
}

/// Names of the fixed sentences and labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phrase {
    /// Shown at once, before anything is known.
    Working,
    /// Behind text that still grows.
    StillWriting,
    /// Nothing relevant was found.
    Refused,
    /// No model answered: what follows are passages.
    PassagesOnly,
    /// The text ends early.
    Partial,
    /// The connection to the daemon broke in the middle.
    Cut,
    /// Before a reason of the daemon.
    Degraded,
    /// Above the sources.
    Sources,
    /// Label of a button.
    Helpful,
    /// Label of a button.
    NotHelpful,
    /// Label of a button.
    ShowMore,
    /// Label of a button.
    MakePublic,
    /// After feedback.
    Thanks,
    /// After sharing.
    Shared,
    /// When an answer may not be shown in the place, and is asked for again there.
    AskedAgain,
    /// A search without hits.
    NothingFound,
    /// How `/ask` and the like are used, when nothing was written.
    AskUsage,
    /// How `/search` is used.
    SearchUsage,
    /// What was asked can no longer be acted on.
    TooOld,
    /// The rest of a long answer finds no place here.
    RestElsewhere,
    /// The bot is not a member of the channel.
    NotHere,
}

impl Phrase {
    /// The phrase in `language`.
    pub fn say(self, language: Language) -> &'static str {
        let (english, korean) = self.both();
        match language {
            Language::English => english,
            Language::Korean => korean,
        }
    }

    fn both(self) -> (&'static str, &'static str) {
        match self {
            Self::Working => ("Looking through the documents…", "문서를 찾아보고 있습니다…"),
            Self::StillWriting => ("still writing…", "작성 중…"),
            Self::Refused => (
                "I found nothing about this in the documents that may be seen here.",
                "여기에서 볼 수 있는 문서에서는 관련 내용을 찾지 못했습니다.",
            ),
            Self::PassagesOnly => (
                "No language model answered, so here are the passages that fit best.",
                "언어 모델이 답하지 않아, 가장 가까운 문서 내용을 보여 드립니다.",
            ),
            Self::Partial => ("This answer ends early.", "이 답변은 중간에 끝났습니다."),
            Self::Cut => (
                "The connection broke off while I was answering; this is what I had. Please ask again for the rest.",
                "답변 도중 연결이 끊겨 여기까지만 보여 드립니다. 나머지는 다시 질문해 주세요.",
            ),
            Self::Degraded => ("Please note", "참고"),
            Self::Sources => ("Sources", "출처"),
            Self::Helpful => ("Helpful", "도움이 됐어요"),
            Self::NotHelpful => ("Not helpful", "도움이 안 됐어요"),
            Self::ShowMore => ("Show more", "더 보기"),
            Self::MakePublic => ("Make public", "모두에게 공개"),
            Self::Thanks => ("Thank you for telling me.", "알려 주셔서 감사합니다."),
            Self::Shared => ("Shared with this channel.", "이 채널에 공유했습니다."),
            Self::AskedAgain => (
                "Not everything in that answer may be seen in this channel, so I asked again with what everyone here may see.",
                "이 채널에서는 그 답변의 일부를 볼 수 없어, 여기 있는 모두가 볼 수 있는 문서만으로 다시 물었습니다.",
            ),
            Self::NothingFound => (
                "I found nothing for this in the documents that may be seen here.",
                "여기에서 볼 수 있는 문서에서는 검색 결과가 없습니다.",
            ),
            Self::AskUsage => (
                "Write your question after the command, such as `/ask how many vacation days do I have?`",
                "명령 뒤에 질문을 적어 주세요. 예: `/ask 연차는 며칠인가요?`",
            ),
            Self::SearchUsage => (
                "Write what to look for after the command, such as `/search travel expenses`.",
                "명령 뒤에 검색어를 적어 주세요. 예: `/search 출장비`",
            ),
            Self::RestElsewhere => (
                "The rest does not fit here. Ask me in a direct message to see all of it.",
                "나머지는 여기에 다 담을 수 없습니다. 다이렉트 메시지로 물어보시면 모두 보여 드립니다.",
            ),
            Self::NotHere => (
                "I am not in this channel, so I cannot write here. Invite me with `/invite`, then try again.",
                "제가 이 채널에 없어 글을 쓸 수 없습니다. `/invite`로 초대한 뒤 다시 시도해 주세요.",
            ),
            Self::TooOld => (
                "That message is too old for this. Please ask again.",
                "오래된 메시지라 처리할 수 없습니다. 다시 질문해 주세요.",
            ),
        }
    }
}

impl Waiting {
    /// What to tell meanwhile.
    pub fn say(self, language: Language) -> &'static str {
        match (self, language) {
            (Self::Queued, Language::English) => {
                "Many questions came at once; yours is in line and I will get to it."
            }
            (Self::Queued, Language::Korean) => {
                "지금 질문이 많아 순서대로 답하고 있습니다. 잠시만 기다려 주세요."
            }
            (Self::Daemon, Language::English) => {
                "I cannot reach ragterm right now. I keep trying for a moment…"
            }
            (Self::Daemon, Language::Korean) => {
                "지금 ragterm에 연결되지 않습니다. 잠시 더 시도해 보겠습니다…"
            }
            (Self::Slow, Language::English) => {
                "This takes longer than usual; I am still working on it…"
            }
            (Self::Slow, Language::Korean) => {
                "평소보다 오래 걸리고 있습니다. 계속 찾아보고 있어요…"
            }
        }
    }
}

/// Says `trouble` to a person.
pub(super) fn say(trouble: &Trouble, language: Language) -> String {
    match language {
        Language::English => in_english(trouble),
        Language::Korean => in_korean(trouble),
    }
}

fn in_english(trouble: &Trouble) -> String {
    let fixed = match trouble {
        Trouble::NoSpaces { grant, place } => {
            return format!(
                "No documents are open to `{place}` yet. Whoever runs ragterm can change that in config.toml:\n```\n[[grants]]\nto = \"{grant}\"\nspaces = [\"NAME OF A SPACE\"]\n```"
            );
        }
        Trouble::Other(words) => return format!("Something went wrong, sorry: {words}."),
        Trouble::Fault { words, request } => {
            return format!(
                "Something went wrong, sorry: {words}. Please tell whoever runs ragterm: request `{request}`"
            );
        }
        Trouble::MayNotAsk => {
            "I am sorry, I may not answer you here. Please ask whoever runs ragterm to let you in."
        }
        Trouble::DaemonDown => {
            "I cannot reach ragterm, so I have no answer now. Please ask again in a few minutes; if it stays so, tell whoever runs it."
        }
        Trouble::TookTooLong => {
            "This took too long, so I stopped. Please try again, perhaps with a shorter question."
        }
        Trouble::Busy => "Too many questions wait already. Please ask again in a minute.",
        Trouble::TooMany => {
            "That were many questions in a short time. Please ask again in a minute."
        }
        Trouble::Empty => "There is no question in this. What would you like to know?",
        Trouble::TooLong => "This question is too long for me. Please shorten it.",
        Trouble::Endless => "The rest is too long to be shown here.",
        Trouble::Denied => "This may not be seen here.",
        Trouble::Gone => "This answer is no longer there. Please ask again.",
        Trouble::BotRefused => {
            "ragterm does not accept my token. Whoever runs it can make a new one with `ragterm token create`."
        }
        Trouble::Stopping => "I am being restarted. Please ask again in a minute.",
    };
    fixed.to_owned()
}

fn in_korean(trouble: &Trouble) -> String {
    let fixed = match trouble {
        Trouble::NoSpaces { grant, place } => {
            return format!(
                "아직 `{place}`에서 볼 수 있는 문서가 없습니다. ragterm 관리자가 config.toml에 다음을 추가하면 됩니다:\n```\n[[grants]]\nto = \"{grant}\"\nspaces = [\"스페이스 이름\"]\n```"
            );
        }
        Trouble::Other(words) => return format!("죄송합니다, 문제가 생겼습니다: {words}."),
        Trouble::Fault { words, request } => {
            return format!(
                "죄송합니다, 문제가 생겼습니다: {words}. ragterm 관리자에게 알려 주세요: 요청 `{request}`"
            );
        }
        Trouble::MayNotAsk => {
            "죄송하지만 여기에서는 답해 드릴 수 없습니다. ragterm 관리자에게 권한을 요청해 주세요."
        }
        Trouble::DaemonDown => {
            "ragterm에 연결되지 않아 지금은 답할 수 없습니다. 몇 분 뒤 다시 질문해 주세요. 계속되면 관리자에게 알려 주세요."
        }
        Trouble::TookTooLong => {
            "시간이 너무 오래 걸려 중단했습니다. 더 짧은 질문으로 다시 시도해 주세요."
        }
        Trouble::Busy => "기다리는 질문이 너무 많습니다. 잠시 뒤 다시 질문해 주세요.",
        Trouble::TooMany => "짧은 시간에 질문이 많았습니다. 잠시 뒤 다시 질문해 주세요.",
        Trouble::Empty => "질문이 비어 있습니다. 무엇이 궁금하신가요?",
        Trouble::TooLong => "질문이 너무 깁니다. 조금 줄여 주세요.",
        Trouble::Endless => "나머지는 너무 길어 여기에 보여 드릴 수 없습니다.",
        Trouble::Denied => "여기에서는 볼 수 없는 내용입니다.",
        Trouble::Gone => "이 답변은 더 이상 없습니다. 다시 질문해 주세요.",
        Trouble::BotRefused => {
            "ragterm이 제 토큰을 받아들이지 않습니다. 관리자가 `ragterm token create`로 새로 만들 수 있습니다."
        }
        Trouble::Stopping => "지금 다시 시작하는 중입니다. 잠시 뒤 다시 질문해 주세요.",
    };
    fixed.to_owned()
}
