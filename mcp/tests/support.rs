//! A daemon that answers as a script says, and an agent that talks to the server over it.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use ragterm_mcp::{Failure, serve_over};
use ragterm_proto::v1::ragterm_server::{Ragterm, RagtermServer};
use ragterm_proto::v1::*;
use rmcp::model::{CallToolRequestParams, CallToolResult, JsonObject};
use rmcp::service::RunningService;
use rmcp::{ClientLifecycleMode, ClientServiceExt, RoleClient, ServiceError};
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::UnixListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_stream::wrappers::UnixListenerStream;
use tonic::{Request, Response, Status};

/// What the daemon answers, and what it was asked.
#[derive(Debug, Default)]
pub struct Script {
    pub search: SearchReply,
    pub document: ReadReply,
    pub sources: ListSourcesReply,
    pub status: StatusReply,
    /// Answered instead of all of these.
    pub refusal: Option<Status>,
    pub searched: Vec<SearchRequest>,
    pub read: Vec<ReadRequest>,
}

type Shared = Arc<Mutex<Script>>;

/// An agent, the server it talks to, and the daemon behind that.
pub struct Scene {
    pub script: Shared,
    pub agent: RunningService<RoleClient, ()>,
    pub server: JoinHandle<Result<(), ragterm_mcp::Error>>,
    daemon: Option<Daemon>,
    socket: Arc<Mutex<PathBuf>>,
    directory: TempDir,
}

struct Daemon {
    stop: oneshot::Sender<()>,
    served: JoinHandle<()>,
}

impl Scene {
    /// All three, connected.
    pub async fn new(script: Script) -> Self {
        Self::with_lifecycle(script, ClientLifecycleMode::Initialize).await
    }

    /// As `new`, with an agent that begins in one of the protocol's ways.
    pub async fn with_lifecycle(script: Script, lifecycle: ClientLifecycleMode) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let socket = Arc::new(Mutex::new(directory.path().join("first.sock")));
        let script: Shared = Arc::new(Mutex::new(script));
        let daemon = start(&script, &socket);
        let place = Arc::clone(&socket);
        let connect = move || {
            let socket = place.lock().unwrap().clone();
            async move {
                ragterm_proto::connect(&socket).await.map_err(|_| {
                    Failure::new("no daemon answers").hint("start it with `ragterm daemon`")
                })
            }
        };
        let (ours, theirs) = tokio::io::duplex(1 << 16);
        let server = tokio::spawn(serve_over(tokio::io::split(theirs), connect));
        let agent = ().serve_with_lifecycle(ours, lifecycle).await.unwrap();
        Self { script, agent, server, daemon: Some(daemon), socket, directory }
    }

    /// Calls a tool with arguments written as JSON.
    pub async fn call(&self, tool: &'static str, arguments: Value) -> CallToolResult {
        self.try_call(tool, arguments).await.unwrap()
    }

    /// As `call`, with the protocol's own errors.
    pub async fn try_call(
        &self,
        tool: &'static str,
        arguments: Value,
    ) -> Result<CallToolResult, ServiceError> {
        let arguments: JsonObject = serde_json::from_value(arguments).unwrap();
        self.agent.call_tool(CallToolRequestParams::new(tool).with_arguments(arguments)).await
    }

    /// The words of a call that fails.
    pub async fn refusal(&self, tool: &'static str, arguments: Value) -> String {
        let result = self.call(tool, arguments).await;
        assert_eq!(result.is_error, Some(true), "{result:?}");
        text(&result)
    }

    /// Ends the daemon; its connections end with it.
    pub async fn stop_daemon(&mut self) {
        let daemon = self.daemon.take().unwrap();
        daemon.stop.send(()).unwrap();
        daemon.served.await.unwrap();
        std::fs::remove_file(&*self.socket.lock().unwrap()).unwrap();
    }

    /// Starts the daemon again, elsewhere.
    pub fn start_daemon(&mut self) {
        *self.socket.lock().unwrap() = self.directory.path().join("second.sock");
        self.daemon = Some(start(&self.script, &self.socket));
    }
}

/// The text form of a result.
pub fn text(result: &CallToolResult) -> String {
    let [content] = result.content.as_slice() else { panic!("not one text: {result:?}") };
    content.as_text().unwrap().text.clone()
}

/// JSON for a snapshot: whatever keeps the order of keys, it is the same.
pub fn pretty(value: &Value) -> String {
    let mut value = value.clone();
    value.sort_all_objects();
    serde_json::to_string_pretty(&value).unwrap()
}

/// The structured form of a result.
pub fn structured(result: &CallToolResult) -> &Value {
    result.structured_content.as_ref().unwrap()
}

fn start(script: &Shared, socket: &Mutex<PathBuf>) -> Daemon {
    let listener = UnixListener::bind(&*socket.lock().unwrap()).unwrap();
    let (stop, stopped) = oneshot::channel();
    let service = RagtermServer::new(Scripted(Arc::clone(script)));
    let served = tokio::spawn(async move {
        tonic::transport::Server::builder()
            .add_service(service)
            .serve_with_incoming_shutdown(UnixListenerStream::new(listener), async {
                stopped.await.unwrap();
            })
            .await
            .unwrap();
    });
    Daemon { stop, served }
}

struct Scripted(Shared);

impl Scripted {
    fn answer<T>(&self, answer: impl FnOnce(&mut Script) -> T) -> Result<Response<T>, Status> {
        let mut script = self.0.lock().unwrap();
        match &script.refusal {
            Some(refusal) => Err(refusal.clone()),
            None => Ok(Response::new(answer(&mut script))),
        }
    }
}

/// The calls that an agent must never cause.
macro_rules! never {
    ($($method:ident: $request:ty => $reply:ty;)*) => {
        #[tonic::async_trait]
        impl Ragterm for Scripted {
            type AskStream = tokio_stream::Empty<Result<AskEvent, Status>>;
            type AddSourceStream = tokio_stream::Empty<Result<Progress, Status>>;
            type RescanSourceStream = tokio_stream::Empty<Result<Progress, Status>>;
            type BackupStream = tokio_stream::Empty<Result<BackupPart, Status>>;
            type MigrateStoreStream = tokio_stream::Empty<Result<MigrationProgress, Status>>;

            async fn search(
                &self,
                request: Request<SearchRequest>,
            ) -> Result<Response<SearchReply>, Status> {
                self.answer(|script| {
                    script.searched.push(request.into_inner());
                    script.search.clone()
                })
            }

            async fn read(
                &self,
                request: Request<ReadRequest>,
            ) -> Result<Response<ReadReply>, Status> {
                let request = request.into_inner();
                self.answer(|script| {
                    let mut reply = script.document.clone();
                    reply.total = reply.passages.len() as u32;
                    reply.passages = reply.passages.into_iter().skip(request.from as usize)
                        .take(request.limit as usize).collect();
                    script.read.push(request);
                    reply
                })
            }

            async fn list_sources(
                &self,
                _: Request<ListSourcesRequest>,
            ) -> Result<Response<ListSourcesReply>, Status> {
                self.answer(|script| script.sources.clone())
            }

            async fn status(
                &self,
                _: Request<StatusRequest>,
            ) -> Result<Response<StatusReply>, Status> {
                self.answer(|script| script.status.clone())
            }

            $(async fn $method(
                &self,
                _: Request<$request>,
            ) -> Result<Response<$reply>, Status> {
                panic!("an agent called {}", stringify!($method))
            })*
        }
    };
}

never! {
    ask: AskRequest => Self::AskStream;
    give_feedback: GiveFeedbackRequest => GiveFeedbackReply;
    list_sessions: ListSessionsRequest => ListSessionsReply;
    read_session: ReadSessionRequest => ReadSessionReply;
    delete_sessions: DeleteSessionsRequest => DeleteSessionsReply;
    add_source: AddSourceRequest => Self::AddSourceStream;
    rescan_source: RescanSourceRequest => Self::RescanSourceStream;
    confirm_source: ConfirmSourceRequest => ConfirmSourceReply;
    remove_source: RemoveSourceRequest => RemoveSourceReply;
    verify: VerifyRequest => VerifyReply;
    reindex: ReindexRequest => ReindexReply;
    copy_catalog: CopyCatalogRequest => CopyCatalogReply;
    migrate_store: MigrateStoreRequest => Self::MigrateStoreStream;
    backup: BackupRequest => Self::BackupStream;
    who_am_i: WhoAmIRequest => WhoAmIReply;
    share_answer: ShareAnswerRequest => ShareAnswerReply;
    create_token: CreateTokenRequest => CreateTokenReply;
    list_tokens: ListTokensRequest => ListTokensReply;
    revoke_token: RevokeTokenRequest => RevokeTokenReply;
    stop: StopRequest => StopReply;
    health: HealthRequest => HealthReply;
    collect_garbage: CollectGarbageRequest => CollectGarbageReply;
}

/// A hit of a search for vacation.
pub fn hit() -> Hit {
    Hit {
        rank: 1,
        score: 0.875,
        document: "0192aa".into(),
        uri: "file:///srv/share/hr/leave.md".into(),
        path: "hr/leave.md".into(),
        title: "Leave policy".into(),
        heading: vec!["Leave policy".into(), "Carry-over".into()],
        space: "hr".into(),
        source: "share".into(),
        r#type: "md".into(),
        modified_ms: 1_772_356_364_000,
        lines: Some(LineRange { first: 41, last: 58 }),
        snippet: "Unused vacation days\nmay be carried over …".into(),
        ordinal: 3,
        ..Hit::default()
    }
}

/// A document of so many passages, each of so many bytes.
pub fn document(passages: u32, bytes: usize) -> ReadReply {
    let passage = |ordinal| Passage {
        ordinal,
        heading: vec!["휴가 규정".into(), format!("제{ordinal}조")],
        lines: Some(LineRange { first: ordinal * 10 + 1, last: ordinal * 10 + 9 }),
        page: None,
        text: format!("{ordinal} ") + &"x".repeat(bytes),
    };
    ReadReply {
        place: Some(Place {
            document: "0192aa".into(),
            uri: "file:///srv/share/hr/leave.md".into(),
            path: "hr/leave.md".into(),
            space: "hr".into(),
            source: "share".into(),
        }),
        title: "휴가 규정".into(),
        r#type: "md".into(),
        modified_ms: 1_772_356_364_000,
        language: "kor".into(),
        metadata: [("author".to_owned(), "김 과장".to_owned())].into(),
        total: 0,
        passages: (0..passages).map(passage).collect(),
    }
}
