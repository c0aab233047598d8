//! The scripted daemon's calls.

use std::pin::Pin;
use std::sync::Arc;

use prost::Message;
use ragterm_proto::v1::ragterm_server::Ragterm;
use ragterm_proto::v1::*;
use ragterm_proto::{ASKER_KEY, REQUEST_KEY};
use tokio::sync::mpsc;
use tokio_stream::Stream;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};

use super::{Call, Calls, State, Step, consulted};

pub struct Service(pub Arc<State>);

type Reply<T> = Result<Response<T>, Status>;
type Events<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

impl Service {
    /// Writes the call down and says whose it is.
    fn note<T>(&self, request: Request<T>, note: impl FnOnce(&mut Calls, Call<T>)) -> Asker {
        let metadata = request.metadata();
        let authorization =
            metadata.get("authorization").map(|value| value.to_str().unwrap().to_owned());
        let name = metadata.get(REQUEST_KEY).expect("each call names its request");
        let name = name.to_str().unwrap().to_owned();
        let asker = metadata.get_bin(ASKER_KEY).expect("each call says for whom it is");
        let asker = Asker::decode(asker.to_bytes().unwrap()).unwrap();
        let call = Call {
            asker: asker.clone(),
            authorization: authorization.unwrap_or_default(),
            request: request.into_inner(),
        };
        let mut calls = self.0.calls.lock().unwrap();
        calls.requests.push(name);
        note(&mut calls, call);
        drop(calls);
        self.0.changed.notify_all();
        asker
    }
}

async fn play(steps: Vec<Step>, events: mpsc::Sender<Result<AskEvent, Status>>) {
    for step in steps {
        let event = match step {
            Step::Hold(gate) => {
                gate.passed().await;
                continue;
            }
            Step::Consult(sources) => Ok(ask_event::Event::Consulted(consulted(sources))),
            Step::Text(text) => Ok(ask_event::Event::Text(text)),
            Step::Answer(answered) => Ok(ask_event::Event::Answered(*answered)),
            Step::Fail(status) => Err(status),
        };
        // The caller may have hung up.
        if events.send(event.map(|event| AskEvent { event: Some(event) })).await.is_err() {
            return;
        }
    }
}

/// Calls that no bot makes.
fn not_called() -> Status {
    Status::unimplemented("no bot calls this")
}

#[tonic::async_trait]
impl Ragterm for Service {
    type AskStream = Events<AskEvent>;
    type AddSourceStream = Events<Progress>;
    type RescanSourceStream = Events<Progress>;
    type MigrateStoreStream = Events<MigrationProgress>;
    type BackupStream = Events<BackupPart>;

    async fn who_am_i(&self, request: Request<WhoAmIRequest>) -> Reply<WhoAmIReply> {
        let asker = self.note(request, |calls, call| calls.whoami.push(call.asker));
        if let Some(status) = &self.0.script.lock().unwrap().refusal {
            return Err(status.clone());
        }
        Ok(Response::new((self.0.script.lock().unwrap().who_is)(&asker)))
    }

    async fn ask(&self, request: Request<AskRequest>) -> Reply<Self::AskStream> {
        let steps = (self.0.script.lock().unwrap().answers)(request.get_ref());
        self.note(request, |calls, call| calls.asked.push(call));
        let (events, receiver) = mpsc::channel(16);
        tokio::spawn(play(steps, events));
        Ok(Response::new(Box::pin(ReceiverStream::new(receiver))))
    }

    async fn search(&self, request: Request<SearchRequest>) -> Reply<SearchReply> {
        self.note(request, |calls, call| calls.searched.push(call));
        Ok(Response::new(self.0.script.lock().unwrap().found.clone()))
    }

    async fn give_feedback(
        &self,
        request: Request<GiveFeedbackRequest>,
    ) -> Reply<GiveFeedbackReply> {
        self.note(request, |calls, call| calls.feedback.push(call));
        Ok(Response::new(GiveFeedbackReply {}))
    }

    async fn share_answer(&self, request: Request<ShareAnswerRequest>) -> Reply<ShareAnswerReply> {
        let turn = request.get_ref().turn.clone();
        self.note(request, |calls, call| {
            calls.shared.push(Call {
                asker: call.asker,
                authorization: call.authorization,
                request: call.request.turn,
            });
        });
        let turn = (self.0.script.lock().unwrap().shares)(&turn)?;
        Ok(Response::new(ShareAnswerReply { turn: Some(turn) }))
    }

    async fn read(&self, _: Request<ReadRequest>) -> Reply<ReadReply> {
        Err(not_called())
    }

    async fn list_sessions(&self, _: Request<ListSessionsRequest>) -> Reply<ListSessionsReply> {
        Err(not_called())
    }

    async fn read_session(&self, _: Request<ReadSessionRequest>) -> Reply<ReadSessionReply> {
        Err(not_called())
    }

    async fn delete_sessions(
        &self,
        _: Request<DeleteSessionsRequest>,
    ) -> Reply<DeleteSessionsReply> {
        Err(not_called())
    }

    async fn list_sources(&self, _: Request<ListSourcesRequest>) -> Reply<ListSourcesReply> {
        Err(not_called())
    }

    async fn confirm_source(&self, _: Request<ConfirmSourceRequest>) -> Reply<ConfirmSourceReply> {
        Err(not_called())
    }

    async fn remove_source(&self, _: Request<RemoveSourceRequest>) -> Reply<RemoveSourceReply> {
        Err(not_called())
    }

    async fn status(&self, _: Request<StatusRequest>) -> Reply<StatusReply> {
        Err(not_called())
    }

    async fn verify(&self, _: Request<VerifyRequest>) -> Reply<VerifyReply> {
        Err(not_called())
    }

    async fn reindex(&self, _: Request<ReindexRequest>) -> Reply<ReindexReply> {
        Err(not_called())
    }

    async fn copy_catalog(&self, _: Request<CopyCatalogRequest>) -> Reply<CopyCatalogReply> {
        Err(not_called())
    }

    async fn create_token(&self, _: Request<CreateTokenRequest>) -> Reply<CreateTokenReply> {
        Err(not_called())
    }

    async fn list_tokens(&self, _: Request<ListTokensRequest>) -> Reply<ListTokensReply> {
        Err(not_called())
    }

    async fn revoke_token(&self, _: Request<RevokeTokenRequest>) -> Reply<RevokeTokenReply> {
        Err(not_called())
    }

    async fn stop(&self, _: Request<StopRequest>) -> Reply<StopReply> {
        Err(not_called())
    }

    async fn add_source(&self, _: Request<AddSourceRequest>) -> Reply<Self::AddSourceStream> {
        Err(not_called())
    }

    async fn rescan_source(
        &self,
        _: Request<RescanSourceRequest>,
    ) -> Reply<Self::RescanSourceStream> {
        Err(not_called())
    }

    async fn migrate_store(
        &self,
        _: Request<MigrateStoreRequest>,
    ) -> Reply<Self::MigrateStoreStream> {
        Err(not_called())
    }

    async fn health(&self, _: Request<HealthRequest>) -> Reply<HealthReply> {
        Err(not_called())
    }

    async fn collect_garbage(
        &self,
        _: Request<CollectGarbageRequest>,
    ) -> Reply<CollectGarbageReply> {
        Err(not_called())
    }

    async fn backup(&self, _: Request<BackupRequest>) -> Reply<Self::BackupStream> {
        Err(not_called())
    }
}
