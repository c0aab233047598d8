//! Counts and times each call of the service, a stream until its end.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use http_body::{Body, Frame, SizeHint};
use tonic::Code;
use tower::{Layer, Service};

use crate::metrics::Metrics;

/// What the paths of the service's calls begin with.
const SERVICE: &str = "/ragterm.v1.Ragterm/";

/// How gRPC tells the end of a call.
const STATUS: &str = "grpc-status";

/// Counts the calls that go through it.
#[derive(Debug, Clone)]
pub struct Measuring(pub Arc<Metrics>);

/// A service whose calls are counted.
#[derive(Debug, Clone)]
pub struct Measured<S> {
    service: S,
    metrics: Arc<Metrics>,
}

impl<S> Layer<S> for Measuring {
    type Service = Measured<S>;

    fn layer(&self, service: S) -> Measured<S> {
        Measured { service, metrics: Arc::clone(&self.0) }
    }
}

type Answering<B, E> = Pin<Box<dyn Future<Output = Result<http::Response<Counted<B>>, E>> + Send>>;

impl<S, B, R> Service<http::Request<R>> for Measured<S>
where
    S: Service<http::Request<R>, Response = http::Response<B>>,
    S::Future: Send + 'static,
{
    type Response = http::Response<Counted<B>>;
    type Error = S::Error;
    type Future = Answering<B, S::Error>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.service.poll_ready(context)
    }

    fn call(&mut self, request: http::Request<R>) -> Self::Future {
        let call = Call::of(request.uri().path(), &self.metrics);
        let answer = self.service.call(request);
        Box::pin(async move {
            let mut call = call;
            let response = answer.await?;
            if let Some(call) = &mut call {
                // One that fails at once has its status in the head.
                call.read(response.headers());
            }
            Ok(response.map(|body| Counted { body, call }))
        })
    }
}

/// One call of the service; counted when it is dropped, which is its end.
#[derive(Debug)]
struct Call {
    rpc: &'static str,
    began: Instant,
    code: Option<Code>,
    metrics: Arc<Metrics>,
}

impl Call {
    /// `None` for what is no call of ours: reflection, health, or a name that somebody made up.
    fn of(path: &str, metrics: &Arc<Metrics>) -> Option<Self> {
        let name = path.strip_prefix(SERVICE)?;
        let rpc = ragterm_proto::METHODS.iter().find(|method| **method == name)?;
        Some(Self { rpc, began: Instant::now(), code: None, metrics: Arc::clone(metrics) })
    }

    fn read(&mut self, headers: &http::HeaderMap) {
        if let Some(status) = headers.get(STATUS) {
            self.code = Some(Code::from_bytes(status.as_bytes()));
        }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        // Whoever asked went away before the end.
        let code = self.code.unwrap_or(Code::Cancelled);
        self.metrics.call(self.rpc, name(code), self.began.elapsed());
    }
}

/// gRPC's name of a status.
fn name(code: Code) -> &'static str {
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

/// The body of an answer, whose end is that of the call.
#[derive(Debug)]
pub struct Counted<B> {
    body: B,
    call: Option<Call>,
}

impl<B: Body + Unpin> Body for Counted<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &polled
            && let Some(trailers) = frame.trailers_ref()
            && let Some(call) = &mut self.call
        {
            call.read(trailers);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_somebody_made_up_does_not_become_a_label() {
        let metrics = Arc::new(Metrics::new().unwrap());
        assert!(Call::of("/ragterm.v1.Ragterm/Search", &metrics).is_some());
        for path in ["/ragterm.v1.Ragterm/Invented", "/other.Service/Search", "/", ""] {
            assert!(Call::of(path, &metrics).is_none(), "{path}");
        }
    }

    #[test]
    fn a_call_whose_end_nobody_waited_for_was_cancelled() {
        let metrics = Arc::new(Metrics::new().unwrap());
        drop(Call::of("/ragterm.v1.Ragterm/Ask", &metrics));
        let text = metrics.text().unwrap();
        let line = "ragterm_requests_total{code=\"CANCELLED\",rpc=\"Ask\"} 1\n";
        assert!(text.contains(line), "{text}");
    }
}
