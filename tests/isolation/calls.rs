//! Every call of the service, with random words, names and ids; and replies that can be compared.

use prost::Message;
use ragterm_proto::v1::ask_event::Event;
use ragterm_proto::v1::{
    AddSourceRequest, AskEvent, AskRequest, ConfirmSourceRequest, CopyCatalogRequest,
    CreateTokenRequest, DeleteSessionsRequest, GiveFeedbackRequest, ListSessionsRequest,
    ListSourcesRequest, ListTokensRequest, MigrateStoreRequest, Mode, ReadRequest,
    ReadSessionRequest, ReindexRequest, RemoveSourceRequest, RescanSourceRequest,
    RevokeTokenRequest, SearchRequest, ShareAnswerRequest, StatusRequest, StopRequest,
    VerifyRequest, WhoAmIRequest,
};
use tonic::{Response, Status, Streaming};

use super::client::Client;
use super::world::{Caller, Random, SPACES, WORDS};

/// How often a call is made until all of its answer is there.
const ATTEMPTS: usize = 100;

/// What calls are made of.
pub struct Known<'w> {
    pub caller: &'w Caller,
    pub documents: &'w [String],
}

/// One call.
#[derive(Debug, Clone)]
pub enum Call {
    Search(SearchRequest),
    Ask(AskRequest),
    Read(ReadRequest),
    GiveFeedback(GiveFeedbackRequest),
    ListSessions(ListSessionsRequest),
    ReadSession(ReadSessionRequest),
    DeleteSessions(DeleteSessionsRequest),
    ShareAnswer(ShareAnswerRequest),
    AddSource(AddSourceRequest),
    ListSources,
    RescanSource(RescanSourceRequest),
    ConfirmSource(ConfirmSourceRequest),
    RemoveSource(RemoveSourceRequest),
    Status,
    WhoAmI,
    Verify,
    Reindex,
    CopyCatalog,
    MigrateStore,
    CreateToken(CreateTokenRequest),
    ListTokens,
    RevokeToken(RevokeTokenRequest),
    Stop,
}

/// All that a caller hears, times and new names left out.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Reply {
    bytes: Vec<u8>,
    /// The same for people.
    shown: String,
}

impl std::fmt::Debug for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.shown)
    }
}

impl Reply {
    fn add(&mut self, message: &(impl Message + std::fmt::Debug)) {
        self.bytes.extend(message.encode_to_vec());
        self.shown.push_str(&format!("{message:#?}\n"));
    }

    fn refuse(&mut self, status: &Status) {
        let hint = status.metadata().get_bin(ragterm_proto::HINT_KEY);
        let hint = hint.and_then(|hint| hint.to_bytes().ok()).unwrap_or_default();
        self.bytes.extend([status.code() as u8]);
        self.bytes.extend(status.message().as_bytes());
        self.bytes.extend(&hint);
        let hint = String::from_utf8_lossy(&hint);
        self.shown.push_str(&format!("{:?}: {}; {hint}\n", status.code(), status.message()));
    }

    pub fn names_one_of(&self, spaces: &[&str]) -> bool {
        let text = String::from_utf8_lossy(&self.bytes);
        spaces.iter().any(|space| text.contains(space))
    }

    /// The first line in which two replies differ, in both.
    pub fn difference(&self, other: &Self) -> Option<(String, String)> {
        if self.bytes == other.bytes {
            return None;
        }
        let lines = self.shown.lines().zip(other.shown.lines());
        let differing = lines.into_iter().find(|(one, other)| one != other);
        let (one, other) = differing.unwrap_or(("the end", "the end"));
        Some((one.to_owned(), other.to_owned()))
    }

    /// Whether it names a space that the call itself does not name.
    pub fn tells_of(&self, space: &str, call: &Call) -> bool {
        let named = format!("{call:?}").contains(space);
        !named && String::from_utf8_lossy(&self.bytes).contains(space)
    }
}

/// Words with what the search language knows: phrases, exclusions, beginnings of words.
fn query(random: &mut Random) -> String {
    let mut query = String::new();
    for _ in 0..1 + random.below(3) {
        let word = *random.one(&WORDS);
        let letters = word.chars().count();
        let cut: String = word.chars().take(1 + random.below(letters)).collect();
        match random.below(8) {
            0 => query.push_str(&format!("\"{word} {}\" ", random.one(&WORDS))),
            1 => query.push_str(&format!("-{word} ")),
            2 => query.push_str(SPACES[random.below(SPACES.len())]),
            3 => query.push_str(&cut),
            _ => query.push_str(word),
        }
        query.push(' ');
    }
    // The word that is still being typed is completed.
    if random.below(3) > 0 { query.trim_end().to_owned() } else { query }
}

/// A space that is there, seen or not, or one that never was.
fn space(random: &mut Random) -> String {
    match random.below(SPACES.len() + 1) {
        number if number < SPACES.len() => SPACES[number].to_owned(),
        _ => "elsewhere".to_owned(),
    }
}

fn spaces(random: &mut Random) -> Vec<String> {
    if random.below(3) == 0 { vec![space(random)] } else { Vec::new() }
}

impl Call {
    pub fn random(known: &Known<'_>, random: &mut Random) -> Self {
        let document = |random: &mut Random| match known.documents {
            [] => format!("{:016x}", random.below(1 << 30)),
            documents => random.one(documents).clone(),
        };
        match random.below(40) {
            0..=13 => Self::Search(SearchRequest {
                query: query(random),
                spaces: spaces(random),
                limit: *random.one(&[0, 1, 3, 50]),
                mode: *random.one(&[Mode::Hybrid, Mode::Keyword, Mode::Semantic].map(i32::from)),
                types: if random.below(4) == 0 { vec!["md".into()] } else { Vec::new() },
                path_glob: (random.below(5) == 0).then(|| "*1*".to_owned()),
                since_s: (random.below(5) == 0).then_some(86_400),
                explain: random.below(2) == 0,
            }),
            14..=17 => Self::Ask(AskRequest {
                question: query(random),
                spaces: spaces(random),
                limit: *random.one(&[0, 2]),
                ..AskRequest::default()
            }),
            18..=19 => Self::Read(ReadRequest { document: document(random), from: 0, limit: 0 }),
            20 => Self::GiveFeedback(GiveFeedbackRequest {
                turn: "0123".into(),
                helpful: true,
                comment: query(random),
            }),
            21 => Self::ListSessions(ListSessionsRequest {
                query: "nothing was asked".into(),
                limit: 0,
            }),
            22 => Self::ReadSession(ReadSessionRequest { session: "0123".into() }),
            23 => {
                Self::DeleteSessions(DeleteSessionsRequest { session: "0123".into(), all: false })
            }
            24 => Self::ShareAnswer(ShareAnswerRequest { turn: "0123".into() }),
            25 => Self::AddSource(AddSourceRequest {
                path: "/nowhere/at/all".into(),
                space: space(random),
                name: space(random),
                ..AddSourceRequest::default()
            }),
            26..=27 => Self::ListSources,
            28 => Self::RescanSource(RescanSourceRequest {
                name: hidden(known, random),
                reread: false,
            }),
            29 => Self::ConfirmSource(ConfirmSourceRequest { name: hidden(known, random) }),
            30 => Self::RemoveSource(RemoveSourceRequest { name: hidden(known, random) }),
            31..=32 => Self::Status,
            33 => Self::WhoAmI,
            34 => Self::Verify,
            35 => Self::Reindex,
            36 => Self::CopyCatalog,
            37 => Self::MigrateStore,
            38 => Self::CreateToken(CreateTokenRequest {
                name: "mine".into(),
                spaces: vec![space(random)],
                ..CreateTokenRequest::default()
            }),
            _ => match random.below(3) {
                0 => Self::ListTokens,
                1 => Self::RevokeToken(RevokeTokenRequest { name: "caller-1".into() }),
                _ => Self::Stop,
            },
        }
    }

    /// What the caller hears; again where a busy machine had no time to search by meaning.
    pub async fn reply(&self, client: &mut Client) -> Reply {
        for _ in 0..ATTEMPTS {
            let reply = self.attempt(client).await;
            if !reply.shown.contains("the embedder or the vector store is busy") {
                return reply;
            }
        }
        panic!("{ATTEMPTS} times there was no time to search by meaning: {self:?}");
    }

    async fn attempt(&self, client: &mut Client) -> Reply {
        match self.clone() {
            Self::Search(request) => {
                told(client.search(request).await, |reply| reply.took_ms = 0.0)
            }
            Self::Ask(request) => answered(client.ask(request).await).await,
            Self::Read(request) => plain(client.read(request).await),
            Self::GiveFeedback(request) => plain(client.give_feedback(request).await),
            Self::ListSessions(request) => plain(client.list_sessions(request).await),
            Self::ReadSession(request) => plain(client.read_session(request).await),
            Self::DeleteSessions(request) => plain(client.delete_sessions(request).await),
            Self::ShareAnswer(request) => plain(client.share_answer(request).await),
            Self::AddSource(request) => all(client.add_source(request).await).await,
            Self::ListSources => plain(client.list_sources(ListSourcesRequest {}).await),
            Self::RescanSource(request) => all(client.rescan_source(request).await).await,
            Self::ConfirmSource(request) => plain(client.confirm_source(request).await),
            Self::RemoveSource(request) => plain(client.remove_source(request).await),
            Self::Status => told(client.status(StatusRequest::default()).await, |reply| {
                reply.daemon.iter_mut().for_each(|daemon| daemon.uptime_s = 0.0);
            }),
            Self::WhoAmI => plain(client.who_am_i(WhoAmIRequest {}).await),
            Self::Verify => plain(client.verify(VerifyRequest { repair: true }).await),
            Self::Reindex => plain(client.reindex(ReindexRequest::default()).await),
            Self::CopyCatalog => plain(client.copy_catalog(CopyCatalogRequest::default()).await),
            Self::MigrateStore => {
                all(client.migrate_store(MigrateStoreRequest::default()).await).await
            }
            Self::CreateToken(request) => plain(client.create_token(request).await),
            Self::ListTokens => plain(client.list_tokens(ListTokensRequest {}).await),
            Self::RevokeToken(request) => plain(client.revoke_token(request).await),
            Self::Stop => plain(client.stop(StopRequest {}).await),
        }
    }
}

/// A source of a space that the caller does not see, there or not.
fn hidden(known: &Known<'_>, random: &mut Random) -> String {
    let hidden: Vec<&str> = known.caller.hidden().chain(["elsewhere"]).collect();
    (*random.one(&hidden)).to_owned()
}

fn plain<T: Message + Default + std::fmt::Debug>(outcome: Result<Response<T>, Status>) -> Reply {
    told(outcome, |_| {})
}

fn told<T: Message + std::fmt::Debug>(
    outcome: Result<Response<T>, Status>,
    clear: impl Fn(&mut T),
) -> Reply {
    let mut reply = Reply::default();
    match outcome {
        Ok(response) => {
            let mut message = response.into_inner();
            clear(&mut message);
            reply.add(&message);
        }
        Err(status) => reply.refuse(&status),
    }
    reply
}

async fn all<T: Message + std::fmt::Debug>(
    outcome: Result<Response<Streaming<T>>, Status>,
) -> Reply {
    cleared(outcome, |_| {}).await
}

/// An answer without the times and the names that are new with each.
async fn answered(outcome: Result<Response<Streaming<AskEvent>>, Status>) -> Reply {
    cleared(outcome, |message: &mut AskEvent| match &mut message.event {
        Some(Event::Consulted(consulted)) => consulted.session.clear(),
        Some(Event::Answered(answered)) => {
            answered.session.clear();
            answered.turn.clear();
            answered.took_ms = 0.0;
            answered.first_token_ms = None;
        }
        _ => {}
    })
    .await
}

async fn cleared<T: Message + std::fmt::Debug>(
    outcome: Result<Response<Streaming<T>>, Status>,
    clear: impl Fn(&mut T),
) -> Reply {
    let mut reply = Reply::default();
    let mut stream = match outcome {
        Ok(response) => response.into_inner(),
        Err(status) => {
            reply.refuse(&status);
            return reply;
        }
    };
    loop {
        match stream.message().await {
            Ok(Some(mut message)) => {
                clear(&mut message);
                reply.add(&message);
            }
            Ok(None) => return reply,
            Err(status) => {
                reply.refuse(&status);
                return reply;
            }
        }
    }
}
