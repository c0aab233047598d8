//! Around each call, a stream to its end: a span that names the request in what is logged inside, and
//! its place in the metrics.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use http_body::{Body as HttpBody, Frame, SizeHint};
use ragterm_proto::{METHODS, REQUEST_KEY, RequestId, TRACE_KEY};
use tonic::body::Body;
use tonic::codegen::{BoxFuture, Bytes, Service};
use tonic::server::NamedService;
use tonic::{Code, Status};
use tracing::{Instrument, Span, error_span};

use crate::engine::Listener;
use crate::gate::Entrance;
use crate::metrics::Metrics;
use crate::telemetry;

/// The key of the name, as a header has it.
const REQUEST_NAME: HeaderName = HeaderName::from_static(REQUEST_KEY);

/// How gRPC tells the end of a call.
const STATUS: &str = "grpc-status";

/// A service whose calls are named, traced and counted.
#[derive(Debug, Clone)]
pub struct Called<S> {
    /// The service.
    pub service: S,
    /// Behind which its calls are counted.
    pub entrance: Entrance,
}

impl<S: NamedService> NamedService for Called<S> {
    const NAME: &'static str = S::NAME;
}

impl<S, B> Service<Request<B>> for Called<S>
where
    S: Service<Request<B>, Response = Response<Body>>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = BoxFuture<Self::Response, Self::Error>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.service.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let id = id(request.headers());
        let rpc = name(request.uri().path());
        let gate = self.entrance.gate(Listener::Other).ok();
        let mut count = rpc.zip(gate).map(|(rpc, gate)| Count::new(rpc, gate.metrics()));
        let rpc = rpc.unwrap_or("unknown");
        // Of the worst level, so that no level leaves it out.
        let span = error_span!(
            "call",
            rpc,
            request = id.as_str(),
            "otel.name" = rpc,
            "otel.kind" = "server"
        );
        telemetry::follow(&span, text(request.headers(), TRACE_KEY));
        let answering = span.in_scope(|| self.service.call(request)).instrument(span.clone());
        Box::pin(async move {
            let mut response = answering.await?;
            // One that fails at once has its status in the head.
            read(&mut count, response.headers());
            // A name is made of what a header may hold.
            let value = HeaderValue::from_str(id.as_str()).ok();
            response.headers_mut().extend(value.clone().map(|it| (REQUEST_NAME, it)));
            Ok(response.map(|body| Body::new(Answer { body, span, id: value, count })))
        })
    }
}

/// The name that the caller gave the request, or one of our own.
fn id(headers: &HeaderMap) -> RequestId {
    text(headers, REQUEST_KEY).and_then(RequestId::read).unwrap_or_else(RequestId::make)
}

fn text<'h>(headers: &'h HeaderMap, key: &str) -> Option<&'h str> {
    headers.get(key).and_then(|value| value.to_str().ok())
}

/// The call that a path names; what somebody made up has no name, and becomes no label.
fn name(path: &str) -> Option<&'static str> {
    let name = path.rsplit('/').next().unwrap_or_default();
    METHODS.iter().find(|method| **method == name).copied()
}

/// What a call answers, within its span and with its name at the end.
struct Answer {
    body: Body,
    span: Span,
    id: Option<HeaderValue>,
    count: Option<Count>,
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let Self { body, span, id, count } = &mut *self;
        let _inside = span.enter();
        Pin::new(body).poll_frame(context).map_ok(|mut frame| {
            if let Some(trailers) = frame.trailers_mut() {
                read(count, trailers);
                trailers.extend(id.take().map(|id| (REQUEST_NAME, id)));
            }
            frame
        })
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// One call, counted when it is dropped, which is its end.
#[derive(Debug)]
struct Count {
    rpc: &'static str,
    began: Instant,
    code: Option<Code>,
    metrics: Arc<Metrics>,
}

impl Count {
    fn new(rpc: &'static str, metrics: &Arc<Metrics>) -> Self {
        Self { rpc, began: Instant::now(), code: None, metrics: Arc::clone(metrics) }
    }
}

/// Notes the status of a call, where the headers have it.
fn read(count: &mut Option<Count>, headers: &HeaderMap) {
    if let (Some(count), Some(status)) = (count, headers.get(STATUS)) {
        count.code = Some(Code::from_bytes(status.as_bytes()));
    }
}

impl Drop for Count {
    fn drop(&mut self) {
        // Whoever asked went away before the end.
        let code = self.code.unwrap_or(Code::Cancelled);
        self.metrics.call(self.rpc, word(code), self.began.elapsed());
    }
}

/// gRPC's name of a status.
fn word(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(key: &'static str, value: &[u8]) -> HeaderMap {
        HeaderMap::from_iter([(
            HeaderName::from_static(key),
            HeaderValue::from_bytes(value).unwrap(),
        )])
    }

    #[test]
    fn a_callers_name_is_kept_and_what_is_none_is_replaced() {
        assert_eq!(id(&headers(REQUEST_KEY, b"chat-7_A")).as_str(), "chat-7_A");
        for wrong in [&b""[..], b"a b", b"x=1", "é".as_bytes(), &[b'a'; 65], b"\xff"] {
            let made = id(&headers(REQUEST_KEY, wrong));
            assert_eq!(made.as_str().len(), 16, "{wrong:?}");
        }
        assert_ne!(id(&HeaderMap::new()), id(&HeaderMap::new()));
    }

    #[test]
    fn a_name_that_somebody_made_up_is_none() {
        assert_eq!(name("/ragterm.v1.Ragterm/Search"), Some("Search"));
        for wrong in ["/ragterm.v1.Ragterm/Invented", "/x/é", "/", ""] {
            assert_eq!(name(wrong), None);
        }
    }

    #[test]
    fn a_call_counts_once_with_its_status_and_as_cancelled_without_one() {
        let metrics = Arc::new(Metrics::new().unwrap());
        let mut count = Some(Count::new("Ask", &metrics));
        read(&mut count, &headers(STATUS, b"14"));
        drop(count);
        drop(Count::new("Ask", &metrics));
        let text = metrics.text().unwrap();
        for code in ["UNAVAILABLE", "CANCELLED"] {
            let line = format!("ragterm_requests_total{{code=\"{code}\",rpc=\"Ask\"}} 1\n");
            assert!(text.contains(&line), "{text}");
        }
    }
}
