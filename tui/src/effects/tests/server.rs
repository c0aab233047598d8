//! A daemon that does what its script says.

use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;

use futures_util::{Stream, StreamExt, stream};
use ragterm_proto::HINT_KEY;
use ragterm_proto::v1::ask_event::Event;
use ragterm_proto::v1::ragterm_server::{Ragterm, RagtermServer};
use ragterm_proto::v1::*;
use tokio::net::UnixListener;
use tokio::runtime;
use tokio::sync::oneshot;
use tokio_stream::wrappers::UnixListenerStream;
use tonic::metadata::MetadataValue;
use tonic::{Request, Response, Status};

/// A step of an answer.
#[derive(Debug, Clone)]
pub enum Script {
    /// Sends an event.
    Send(Event),
    /// Refuses to go on.
    Fail,
    /// Ends without a last event.
    End,
    /// Sends nothing any more.
    Stall,
}

/// A daemon in this process.
pub struct Server {
    /// Where it listens.
    pub socket: PathBuf,
    counter: Arc<Counter>,
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
    directory: Option<tempfile::TempDir>,
}

#[derive(Default)]
struct Counter {
    running: AtomicUsize,
    most: AtomicUsize,
}

/// Counts a request for as long as it is held.
struct Running(Arc<Counter>);

impl Running {
    fn begin(counter: &Arc<Counter>) -> Self {
        let running = counter.running.fetch_add(1, Ordering::SeqCst) + 1;
        counter.most.fetch_max(running, Ordering::SeqCst);
        Self(counter.clone())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Server {
    /// Starts one that answers questions by a script.
    pub async fn start(script: Vec<Script>) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut server = Self::start_at(directory.path().join("socket"), script).await;
        server.directory = Some(directory);
        server
    }

    /// Starts one on a socket; what another one left there is removed.
    pub async fn start_at(socket: PathBuf, script: Vec<Script>) -> Self {
        std::fs::create_dir_all(socket.parent().unwrap()).unwrap();
        if socket.exists() {
            std::fs::remove_file(&socket).unwrap();
        }
        let counter = Arc::new(Counter::default());
        let service = RagtermServer::new(Scripted { script, counter: counter.clone() });
        let (stop, stopped) = oneshot::channel();
        let (ready, is_ready) = oneshot::channel();
        let path = socket.clone();
        // A runtime of its own: when it goes, every connection breaks as if the process had died.
        let thread = std::thread::spawn(move || {
            let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let listener = UnixListenerStream::new(UnixListener::bind(path).unwrap());
                ready.send(()).unwrap();
                let server = tonic::transport::Server::builder().add_service(service);
                tokio::select! {
                    ended = server.serve_with_incoming(listener) => ended.unwrap(),
                    _ = stopped => {}
                }
            });
        });
        is_ready.await.unwrap();
        Self { socket, counter, stop, thread, directory: None }
    }

    /// Ends it as if it were killed; returns its directory, which goes with it.
    pub async fn stop(self) -> Option<tempfile::TempDir> {
        self.stop.send(()).unwrap();
        let thread = self.thread;
        tokio::task::spawn_blocking(move || thread.join().unwrap()).await.unwrap();
        self.directory
    }

    /// How many searches and answers run now.
    pub fn running(&self) -> usize {
        self.counter.running.load(Ordering::SeqCst)
    }

    /// How many ran at once at the most.
    pub fn most_running(&self) -> usize {
        self.counter.most.load(Ordering::SeqCst)
    }
}

struct Scripted {
    script: Vec<Script>,
    counter: Arc<Counter>,
}

type Reply<T> = Result<Response<T>, Status>;
type Streamed<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// One hit for what begins with `leave`.
fn hits(query: &str) -> Vec<Hit> {
    let hit = Hit {
        document: "d1".into(),
        uri: "file:///srv/hr/leave.md".into(),
        path: "hr/leave.md".into(),
        title: "Leave policy".into(),
        r#type: "md".into(),
        snippet: "Unused vacation days may be carried over.".into(),
        lines: Some(LineRange { first: 41, last: 58 }),
        ..Hit::default()
    };
    if query.starts_with("leave") { vec![hit] } else { Vec::new() }
}

fn unknown<T>() -> Reply<T> {
    Err(Status::unimplemented("not here"))
}

#[tonic::async_trait]
impl Ragterm for Scripted {
    async fn search(&self, request: Request<SearchRequest>) -> Reply<SearchReply> {
        let _running = Running::begin(&self.counter);
        let query = request.into_inner().query;
        match query.as_str() {
            "slow" => std::future::pending().await,
            "refused" => {
                let mut status = Status::permission_denied("not permitted");
                let hint = MetadataValue::from_bytes("ask 인사팀".as_bytes());
                status.metadata_mut().insert_bin(HINT_KEY, hint);
                Err(status)
            }
            _ => Ok(Response::new(SearchReply {
                hits: hits(&query),
                query,
                ..SearchReply::default()
            })),
        }
    }

    type AskStream = Streamed<AskEvent>;

    async fn ask(&self, _: Request<AskRequest>) -> Reply<Self::AskStream> {
        let running = Running::begin(&self.counter);
        let steps = stream::iter(self.script.clone()).then(|step| async move {
            match step {
                Script::Send(event) => Some(Ok(AskEvent { event: Some(event) })),
                Script::Fail => Some(Err(Status::internal("the model fell over"))),
                Script::End => None,
                Script::Stall => std::future::pending().await,
            }
        });
        let events = steps.take_while(|event| std::future::ready(event.is_some())).filter_map(
            move |event| {
                let _held = &running;
                std::future::ready(event)
            },
        );
        Ok(Response::new(Box::pin(events)))
    }

    async fn status(&self, _: Request<StatusRequest>) -> Reply<StatusReply> {
        Ok(Response::new(StatusReply::default()))
    }

    async fn read(&self, _: Request<ReadRequest>) -> Reply<ReadReply> {
        unknown()
    }

    async fn give_feedback(&self, _: Request<GiveFeedbackRequest>) -> Reply<GiveFeedbackReply> {
        unknown()
    }

    async fn list_sessions(&self, _: Request<ListSessionsRequest>) -> Reply<ListSessionsReply> {
        unknown()
    }

    async fn read_session(&self, _: Request<ReadSessionRequest>) -> Reply<ReadSessionReply> {
        unknown()
    }

    async fn delete_sessions(
        &self,
        _: Request<DeleteSessionsRequest>,
    ) -> Reply<DeleteSessionsReply> {
        unknown()
    }

    type AddSourceStream = Streamed<Progress>;

    async fn add_source(&self, _: Request<AddSourceRequest>) -> Reply<Self::AddSourceStream> {
        unknown()
    }

    async fn list_sources(&self, _: Request<ListSourcesRequest>) -> Reply<ListSourcesReply> {
        unknown()
    }

    type RescanSourceStream = Streamed<Progress>;

    async fn rescan_source(
        &self,
        _: Request<RescanSourceRequest>,
    ) -> Reply<Self::RescanSourceStream> {
        unknown()
    }

    type BackupStream = Streamed<BackupPart>;
    type MigrateStoreStream = Streamed<MigrationProgress>;

    async fn migrate_store(
        &self,
        _: Request<MigrateStoreRequest>,
    ) -> Reply<Self::MigrateStoreStream> {
        unknown()
    }

    async fn confirm_source(&self, _: Request<ConfirmSourceRequest>) -> Reply<ConfirmSourceReply> {
        unknown()
    }

    async fn remove_source(&self, _: Request<RemoveSourceRequest>) -> Reply<RemoveSourceReply> {
        unknown()
    }

    async fn verify(&self, _: Request<VerifyRequest>) -> Reply<VerifyReply> {
        unknown()
    }

    async fn reindex(&self, _: Request<ReindexRequest>) -> Reply<ReindexReply> {
        unknown()
    }

    async fn copy_catalog(&self, _: Request<CopyCatalogRequest>) -> Reply<CopyCatalogReply> {
        unknown()
    }

    async fn who_am_i(&self, _: Request<WhoAmIRequest>) -> Reply<WhoAmIReply> {
        unknown()
    }

    async fn share_answer(&self, _: Request<ShareAnswerRequest>) -> Reply<ShareAnswerReply> {
        unknown()
    }

    async fn create_token(&self, _: Request<CreateTokenRequest>) -> Reply<CreateTokenReply> {
        unknown()
    }

    async fn list_tokens(&self, _: Request<ListTokensRequest>) -> Reply<ListTokensReply> {
        unknown()
    }

    async fn revoke_token(&self, _: Request<RevokeTokenRequest>) -> Reply<RevokeTokenReply> {
        unknown()
    }

    async fn stop(&self, _: Request<StopRequest>) -> Reply<StopReply> {
        unknown()
    }

    async fn health(&self, _: Request<HealthRequest>) -> Reply<HealthReply> {
        unknown()
    }

    async fn collect_garbage(
        &self,
        _: Request<CollectGarbageRequest>,
    ) -> Reply<CollectGarbageReply> {
        unknown()
    }

    async fn backup(&self, _: Request<BackupRequest>) -> Reply<Self::BackupStream> {
        unknown()
    }
}
