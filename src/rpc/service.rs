//! The `Ragterm` service.

use std::pin::Pin;

use ragterm_proto::v1::ragterm_server::Ragterm;
use ragterm_proto::v1::{
    AddSourceRequest, AskRequest, BackupRequest, CollectGarbageReply, CollectGarbageRequest,
    ConfirmSourceReply, ConfirmSourceRequest, CopyCatalogReply, CopyCatalogRequest,
    CreateTokenReply, CreateTokenRequest, DeleteSessionsReply, DeleteSessionsRequest,
    GiveFeedbackReply, GiveFeedbackRequest, HealthReply, HealthRequest, ListSessionsReply,
    ListSessionsRequest, ListSourcesReply, ListSourcesRequest, ListTokensReply, ListTokensRequest,
    MigrateStoreRequest, Progress, ReadReply, ReadRequest, ReadSessionReply, ReadSessionRequest,
    ReindexReply, ReindexRequest, RemoveSourceReply, RemoveSourceRequest, RescanSourceRequest,
    RevokeTokenReply, RevokeTokenRequest, SearchReply, SearchRequest, ShareAnswerReply,
    ShareAnswerRequest, StatusReply, StatusRequest, StopReply, StopRequest, VerifyReply,
    VerifyRequest, WhoAmIReply, WhoAmIRequest,
};
use tokio_stream::Stream;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

use super::{
    access, asking, backup, caller, convert, garbage, health, migration, progress, reading,
    sessions, status,
};
use crate::access::Caller;
use crate::catalog::Copied;
use crate::engine::Listener;
use crate::error::Result as Outcome;
use crate::gate::{Entrance, Gate};

/// Translates calls into those of the engine.
#[derive(Debug)]
pub struct Service {
    entrance: Entrance,
    stop: CancellationToken,
}

impl Service {
    /// A service behind `entrance`; its streams end on `stop`.
    pub fn new(entrance: Entrance, stop: CancellationToken) -> Self {
        Self { entrance, stop }
    }

    fn gate(&self) -> Result<&Gate, Status> {
        told(self.entrance.gate(Listener::Other))
    }

    /// Who makes a call; while there is no gate, it fails and says why: where and by what to the
    /// owner, to others only that there is none.
    async fn caller<T>(&self, request: &Request<T>) -> Result<Caller, Status> {
        let credentials = caller::credentials(request);
        let gate = told(self.entrance.gate(caller::listener(request)))?;
        told(gate.caller(credentials).await)
    }

    /// Who makes a call, and what it says; who may not ask at all may do nothing.
    async fn admit<T>(&self, request: Request<T>) -> Result<(Caller, T), Status> {
        let caller = self.caller(&request).await?;
        told(caller.require_asking())?;
        Ok((caller, request.into_inner()))
    }
}

/// A result as the wire takes it.
fn told<T>(outcome: Outcome<T>) -> Result<T, Status> {
    outcome.map_err(|error| status(&error))
}

type ProgressStream = Pin<Box<dyn Stream<Item = Result<Progress, Status>> + Send>>;

#[tonic::async_trait]
impl Ragterm for Service {
    type AddSourceStream = ProgressStream;
    type AskStream = asking::AskStream;
    type RescanSourceStream = ProgressStream;
    type MigrateStoreStream = migration::MigrationStream;
    type BackupStream = backup::BackupStream;

    async fn search(
        &self,
        request: Request<SearchRequest>,
    ) -> Result<Response<SearchReply>, Status> {
        let (caller, request) = self.admit(request).await?;
        let query = convert::search_request(request)?;
        let answer = told(self.gate()?.search(&caller, query.clone()).await)?;
        Ok(Response::new(convert::search_reply(&query, answer)))
    }

    async fn read(&self, request: Request<ReadRequest>) -> Result<Response<ReadReply>, Status> {
        let (caller, request) = self.admit(request).await?;
        let document = reading::document(&request)?;
        let read = self.gate()?.read(&caller, document, (request.from, request.limit)).await;
        let (source, stretch) = told(read)?;
        Ok(Response::new(reading::reply(&source, stretch)))
    }

    async fn ask(
        &self,
        request: Request<AskRequest>,
    ) -> Result<Response<asking::AskStream>, Status> {
        let (caller, request) = self.admit(request).await?;
        convert::check_narrowing(&[&request.spaces, &request.types], request.path_glob.as_deref())?;
        let question = asking::question(caller, request);
        Ok(Response::new(asking::start(self.gate()?.clone(), question)))
    }

    async fn give_feedback(
        &self,
        request: Request<GiveFeedbackRequest>,
    ) -> Result<Response<GiveFeedbackReply>, Status> {
        let (caller, request) = self.admit(request).await?;
        let said = (sessions::feedback(&request), request.comment.as_str());
        told(self.gate()?.rate(&caller, &request.turn, said).await)?;
        Ok(Response::new(GiveFeedbackReply {}))
    }

    async fn list_sessions(
        &self,
        request: Request<ListSessionsRequest>,
    ) -> Result<Response<ListSessionsReply>, Status> {
        let (caller, ListSessionsRequest { query, limit }) = self.admit(request).await?;
        let found = told(self.gate()?.sessions(&caller, &query, limit).await)?;
        let sessions = found.into_iter().map(sessions::session).collect();
        Ok(Response::new(ListSessionsReply { sessions }))
    }

    async fn read_session(
        &self,
        request: Request<ReadSessionRequest>,
    ) -> Result<Response<ReadSessionReply>, Status> {
        let (caller, request) = self.admit(request).await?;
        let (session, turns) = told(self.gate()?.session(&caller, &request.session).await)?;
        Ok(Response::new(told(sessions::reply(self.gate()?, &caller, (session, turns)).await)?))
    }

    async fn delete_sessions(
        &self,
        request: Request<DeleteSessionsRequest>,
    ) -> Result<Response<DeleteSessionsReply>, Status> {
        let (caller, request) = self.admit(request).await?;
        let session = told(sessions::doomed(&request))?;
        let deleted = told(self.gate()?.forget(&caller, session).await)?;
        Ok(Response::new(DeleteSessionsReply { deleted }))
    }

    async fn share_answer(
        &self,
        request: Request<ShareAnswerRequest>,
    ) -> Result<Response<ShareAnswerReply>, Status> {
        let gate = told(self.entrance.gate(caller::listener(&request)))?;
        let private = told(gate.caller(caller::alone(&request)).await)?;
        let (public, request) = self.admit(request).await?;
        let turn = told(self.gate()?.share(&private, &public, &request.turn).await)?;
        let turn = Some(told(sessions::turn(self.gate()?, &public, turn).await)?);
        Ok(Response::new(ShareAnswerReply { turn }))
    }

    async fn who_am_i(
        &self,
        request: Request<WhoAmIRequest>,
    ) -> Result<Response<WhoAmIReply>, Status> {
        // Also who may not ask is told so.
        let caller = self.caller(&request).await?;
        Ok(Response::new(access::who(&caller, &told(self.gate()?.spaces(&caller).await)?)))
    }

    async fn create_token(
        &self,
        request: Request<CreateTokenRequest>,
    ) -> Result<Response<CreateTokenReply>, Status> {
        let (caller, request) = self.admit(request).await?;
        let new = told(access::new_token(request))?;
        let (token, secret) = told(self.gate()?.create_token(&caller, new).await)?;
        Ok(Response::new(CreateTokenReply { token: Some(access::token(token)), secret }))
    }

    async fn list_tokens(
        &self,
        request: Request<ListTokensRequest>,
    ) -> Result<Response<ListTokensReply>, Status> {
        let (caller, _) = self.admit(request).await?;
        let tokens = told(self.gate()?.tokens(&caller).await)?;
        let tokens = tokens.into_iter().map(access::token).collect();
        Ok(Response::new(ListTokensReply { tokens }))
    }

    async fn revoke_token(
        &self,
        request: Request<RevokeTokenRequest>,
    ) -> Result<Response<RevokeTokenReply>, Status> {
        let (caller, request) = self.admit(request).await?;
        told(self.gate()?.revoke_token(&caller, &request.name).await)?;
        Ok(Response::new(RevokeTokenReply {}))
    }

    async fn add_source(
        &self,
        request: Request<AddSourceRequest>,
    ) -> Result<Response<ProgressStream>, Status> {
        let (caller, request) = self.admit(request).await?;
        let follow = !request.detach;
        let source = convert::new_source(request)?;
        let watched = told(self.gate()?.add(&caller, source).await)?;
        Ok(Response::new(if follow {
            progress::until_done(self.gate()?.follower(), vec![watched], self.stop.clone())
        } else {
            progress::registered(&watched)
        }))
    }

    async fn list_sources(
        &self,
        request: Request<ListSourcesRequest>,
    ) -> Result<Response<ListSourcesReply>, Status> {
        let (caller, _) = self.admit(request).await?;
        let sources = super::status::sources(&told(self.gate()?.status(&caller, 0..0).await)?);
        Ok(Response::new(ListSourcesReply { sources }))
    }

    async fn rescan_source(
        &self,
        request: Request<RescanSourceRequest>,
    ) -> Result<Response<ProgressStream>, Status> {
        let (caller, request) = self.admit(request).await?;
        let reading = convert::reading(&request);
        let watched = told(self.gate()?.rescan(&caller, &request.name, reading).await)?;
        let follower = self.gate()?.follower();
        Ok(Response::new(progress::until_done(follower, watched, self.stop.clone())))
    }

    async fn confirm_source(
        &self,
        request: Request<ConfirmSourceRequest>,
    ) -> Result<Response<ConfirmSourceReply>, Status> {
        let (caller, request) = self.admit(request).await?;
        let removed = told(self.gate()?.confirm(&caller, &request.name).await)?;
        Ok(Response::new(ConfirmSourceReply { removed }))
    }

    async fn remove_source(
        &self,
        request: Request<RemoveSourceRequest>,
    ) -> Result<Response<RemoveSourceReply>, Status> {
        let (caller, request) = self.admit(request).await?;
        let documents = told(self.gate()?.remove(&caller, &request.name).await)?;
        Ok(Response::new(RemoveSourceReply { documents }))
    }

    async fn status(
        &self,
        request: Request<StatusRequest>,
    ) -> Result<Response<StatusReply>, Status> {
        let (caller, request) = self.admit(request).await?;
        let state = told(self.gate()?.status(&caller, super::status::problems(&request)).await)?;
        Ok(Response::new(super::status::reply(state, &caller.grants)))
    }

    async fn health(
        &self,
        request: Request<HealthRequest>,
    ) -> Result<Response<HealthReply>, Status> {
        let (listener, shown) = (caller::listener(&request), caller::credentials(&request));
        let (health, grants) = told(self.entrance.health_for(listener, shown).await)?;
        Ok(Response::new(health::reply(health, &grants)))
    }

    async fn collect_garbage(
        &self,
        request: Request<CollectGarbageRequest>,
    ) -> Result<Response<CollectGarbageReply>, Status> {
        let (caller, request) = self.admit(request).await?;
        let engine = told(self.gate()?.whole(&caller, "collect_garbage").await)?.clone();
        let collecting = garbage::collecting(&request);
        let work = {
            let engine = engine.clone();
            async move { engine.collect(collecting).await }
        };
        Ok(Response::new(garbage::reply(told(engine.see_through(work).await)?)))
    }

    async fn verify(
        &self,
        request: Request<VerifyRequest>,
    ) -> Result<Response<VerifyReply>, Status> {
        let (caller, request) = self.admit(request).await?;
        let engine = told(self.gate()?.whole(&caller, "verify").await)?;
        let verdict = told(engine.verify(convert::remedy(&request)).await)?;
        Ok(Response::new(convert::verify_reply(verdict)))
    }

    async fn reindex(
        &self,
        request: Request<ReindexRequest>,
    ) -> Result<Response<ReindexReply>, Status> {
        let (caller, request) = self.admit(request).await?;
        let meaning = &told(self.gate()?.whole(&caller, "reindex").await)?.meaning;
        let wanted = told(meaning.change(&convert::change(request)).await)?;
        Ok(Response::new(convert::reindex_reply(&wanted.to_string(), meaning.reindexing())))
    }

    async fn copy_catalog(
        &self,
        request: Request<CopyCatalogRequest>,
    ) -> Result<Response<CopyCatalogReply>, Status> {
        let (caller, request) = self.admit(request).await?;
        let engine = told(self.gate()?.whole(&caller, "copy_catalog").await)?;
        let copied = told(engine.catalog.copy_to_postgres(request.url).await)?;
        let Copied { documents, vectors, rows } = copied;
        Ok(Response::new(CopyCatalogReply { documents, vectors, rows }))
    }

    async fn migrate_store(
        &self,
        request: Request<MigrateStoreRequest>,
    ) -> Result<Response<migration::MigrationStream>, Status> {
        let (caller, request) = self.admit(request).await?;
        let engine = told(self.gate()?.whole(&caller, "migrate_store").await)?;
        let target = told(migration::target(request))?;
        Ok(Response::new(migration::start(engine.clone(), target, &self.stop)))
    }

    async fn backup(
        &self,
        request: Request<BackupRequest>,
    ) -> Result<Response<backup::BackupStream>, Status> {
        let (caller, request) = self.admit(request).await?;
        let engine = told(self.gate()?.whole(&caller, "backup").await)?;
        Ok(Response::new(backup::start(engine.clone(), &request, &self.stop)))
    }

    async fn stop(&self, request: Request<StopRequest>) -> Result<Response<StopReply>, Status> {
        let (listener, shown) = (caller::listener(&request), caller::credentials(&request));
        told(self.entrance.stop(listener, shown).await)?;
        Ok(Response::new(StopReply { pid: std::process::id() }))
    }
}
