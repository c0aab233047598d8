//! The `Ragterm` service.

use std::pin::Pin;

use ragterm_proto::v1::ragterm_server::Ragterm;
use ragterm_proto::v1::{
    AddSourceRequest, AskRequest, ConfirmSourceReply, ConfirmSourceRequest, CopyCatalogReply,
    CopyCatalogRequest, DeleteSessionsReply, DeleteSessionsRequest, GiveFeedbackReply,
    GiveFeedbackRequest, ListSessionsReply, ListSessionsRequest, ListSourcesReply,
    ListSourcesRequest, MigrateStoreRequest, Progress, ReadReply, ReadRequest, ReadSessionReply,
    ReadSessionRequest, ReindexReply, ReindexRequest, RemoveSourceReply, RemoveSourceRequest,
    RescanSourceRequest, SearchReply, SearchRequest, StatusReply, StatusRequest, StopReply,
    StopRequest, VerifyReply, VerifyRequest,
};
use tokio_stream::Stream;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

use super::{asking, convert, migration, progress, reading, sessions, status};
use crate::catalog::Copied;
use crate::engine::Engine;

/// Translates calls into those of the engine.
#[derive(Debug)]
pub struct Service {
    engine: Engine,
    stop: CancellationToken,
}

impl Service {
    /// A service over `engine`; its streams end on `stop`.
    pub fn new(engine: Engine, stop: CancellationToken) -> Self {
        Self { engine, stop }
    }
}

type ProgressStream = Pin<Box<dyn Stream<Item = Result<Progress, Status>> + Send>>;

#[tonic::async_trait]
impl Ragterm for Service {
    type AddSourceStream = ProgressStream;
    type AskStream = asking::AskStream;
    type RescanSourceStream = ProgressStream;
    type MigrateStoreStream = migration::MigrationStream;

    async fn search(
        &self,
        request: Request<SearchRequest>,
    ) -> Result<Response<SearchReply>, Status> {
        let query = convert::search_request(request.into_inner())?;
        let answer = self.engine.retriever.search(&query).await.map_err(|error| status(&error))?;
        Ok(Response::new(convert::search_reply(&query, answer)))
    }

    async fn read(&self, request: Request<ReadRequest>) -> Result<Response<ReadReply>, Status> {
        let request = request.into_inner();
        let document = reading::document(&request)?;
        let read = self.engine.retriever.read(document, request.from, request.limit);
        let (source, stretch) = read.await.map_err(|error| status(&error))?;
        Ok(Response::new(reading::reply(&source, stretch)))
    }

    async fn ask(
        &self,
        request: Request<AskRequest>,
    ) -> Result<Response<asking::AskStream>, Status> {
        let question = asking::question(request.into_inner());
        Ok(Response::new(asking::start(self.engine.clone(), question)))
    }

    async fn give_feedback(
        &self,
        request: Request<GiveFeedbackRequest>,
    ) -> Result<Response<GiveFeedbackReply>, Status> {
        let request = request.into_inner();
        let rated = (asking::PRINCIPAL, request.turn.as_str());
        let feedback = sessions::feedback(&request);
        let rating = self.engine.answerer.rate(rated, feedback, &request.comment);
        rating.await.map_err(|error| status(&error))?;
        Ok(Response::new(GiveFeedbackReply {}))
    }

    async fn list_sessions(
        &self,
        request: Request<ListSessionsRequest>,
    ) -> Result<Response<ListSessionsReply>, Status> {
        let ListSessionsRequest { query, limit } = request.into_inner();
        let found = self.engine.answerer.sessions(asking::PRINCIPAL, &query, limit);
        let found = found.await.map_err(|error| status(&error))?;
        let sessions = found.into_iter().map(sessions::session).collect();
        Ok(Response::new(ListSessionsReply { sessions }))
    }

    async fn read_session(
        &self,
        request: Request<ReadSessionRequest>,
    ) -> Result<Response<ReadSessionReply>, Status> {
        let id = request.into_inner().session;
        let read = self.engine.answerer.session(asking::PRINCIPAL, &id);
        let (session, turns) = read.await.map_err(|error| status(&error))?;
        let reply = sessions::reply(&self.engine, session, turns).await;
        Ok(Response::new(reply.map_err(|error| status(&error))?))
    }

    async fn delete_sessions(
        &self,
        request: Request<DeleteSessionsRequest>,
    ) -> Result<Response<DeleteSessionsReply>, Status> {
        let session = request.into_inner().session;
        let session = (!session.is_empty()).then_some(session.as_str());
        let forgotten = self.engine.answerer.forget(asking::PRINCIPAL, session);
        let deleted = forgotten.await.map_err(|error| status(&error))?;
        Ok(Response::new(DeleteSessionsReply { deleted }))
    }

    async fn add_source(
        &self,
        request: Request<AddSourceRequest>,
    ) -> Result<Response<ProgressStream>, Status> {
        let request = request.into_inner();
        let follow = !request.detach;
        let source = convert::new_source(request)?;
        let watched = self.engine.sources.add(source).await.map_err(|error| status(&error))?;
        let engine = self.engine.clone();
        let stream = if follow {
            progress::until_done(engine, vec![watched], self.stop.clone())
        } else {
            progress::registered(&watched)
        };
        Ok(Response::new(stream))
    }

    async fn list_sources(
        &self,
        _: Request<ListSourcesRequest>,
    ) -> Result<Response<ListSourcesReply>, Status> {
        let engine_status = self.engine.status().await.map_err(|error| status(&error))?;
        let sources = super::status::sources(&engine_status);
        Ok(Response::new(ListSourcesReply { sources }))
    }

    async fn rescan_source(
        &self,
        request: Request<RescanSourceRequest>,
    ) -> Result<Response<ProgressStream>, Status> {
        let request = request.into_inner();
        let watched = self
            .engine
            .rescan(&request.name, convert::reading(&request))
            .await
            .map_err(|error| status(&error))?;
        let engine = self.engine.clone();
        Ok(Response::new(progress::until_done(engine, watched, self.stop.clone())))
    }

    async fn confirm_source(
        &self,
        request: Request<ConfirmSourceRequest>,
    ) -> Result<Response<ConfirmSourceReply>, Status> {
        let name = request.into_inner().name;
        let removed = self.engine.sources.confirm(&name).await.map_err(|error| status(&error))?;
        Ok(Response::new(ConfirmSourceReply { removed }))
    }

    async fn remove_source(
        &self,
        request: Request<RemoveSourceRequest>,
    ) -> Result<Response<RemoveSourceReply>, Status> {
        let name = request.into_inner().name;
        let documents = self.engine.remove_source(name).await.map_err(|error| status(&error))?;
        Ok(Response::new(RemoveSourceReply { documents }))
    }

    async fn status(&self, _: Request<StatusRequest>) -> Result<Response<StatusReply>, Status> {
        let engine_status = self.engine.status().await.map_err(|error| status(&error))?;
        Ok(Response::new(super::status::reply(engine_status)))
    }

    async fn verify(
        &self,
        request: Request<VerifyRequest>,
    ) -> Result<Response<VerifyReply>, Status> {
        let remedy = convert::remedy(&request.into_inner());
        let verdict = self.engine.verify(remedy).await.map_err(|error| status(&error))?;
        Ok(Response::new(convert::verify_reply(verdict)))
    }

    async fn reindex(
        &self,
        request: Request<ReindexRequest>,
    ) -> Result<Response<ReindexReply>, Status> {
        let change = convert::change(request.into_inner());
        let meaning = &self.engine.meaning;
        let wanted = meaning.change(&change).await.map_err(|error| status(&error))?;
        Ok(Response::new(convert::reindex_reply(&wanted.to_string(), meaning.reindexing())))
    }

    async fn copy_catalog(
        &self,
        request: Request<CopyCatalogRequest>,
    ) -> Result<Response<CopyCatalogReply>, Status> {
        let url = request.into_inner().url;
        let copied = self.engine.catalog.copy_to_postgres(url).await;
        let Copied { documents, vectors, rows } = copied.map_err(|error| status(&error))?;
        Ok(Response::new(CopyCatalogReply { documents, vectors, rows }))
    }

    async fn migrate_store(
        &self,
        request: Request<MigrateStoreRequest>,
    ) -> Result<Response<migration::MigrationStream>, Status> {
        let target = migration::target(request.into_inner()).map_err(|error| status(&error))?;
        Ok(Response::new(migration::start(self.engine.clone(), target, &self.stop)))
    }

    async fn stop(&self, _: Request<StopRequest>) -> Result<Response<StopReply>, Status> {
        self.engine.stop();
        Ok(Response::new(StopReply { pid: std::process::id() }))
    }
}
