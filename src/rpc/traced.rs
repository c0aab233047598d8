//! A span around each call, a stream to its end: what is logged inside names the request.

use std::pin::Pin;
use std::task::{Context, Poll};

use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use http_body::{Body as HttpBody, Frame, SizeHint};
use ragterm_proto::{METHODS, REQUEST_KEY, RequestId, TRACE_KEY};
use tonic::Status;
use tonic::body::Body;

use tonic::codegen::{BoxFuture, Bytes, Service};
use tonic::server::NamedService;
use tracing::{Instrument, Span, error_span};

use crate::telemetry;

/// The key of the name, as a header has it.
const REQUEST_NAME: HeaderName = HeaderName::from_static(REQUEST_KEY);

/// A service whose calls are within spans.
#[derive(Debug, Clone)]
pub struct Traced<S>(pub S);

impl<S: NamedService> NamedService for Traced<S> {
    const NAME: &'static str = S::NAME;
}

impl<S, B> Service<Request<B>> for Traced<S>
where
    S: Service<Request<B>, Response = Response<Body>>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = BoxFuture<Self::Response, Self::Error>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let id = id(request.headers());
        let rpc = name(request.uri().path());
        // Of the worst level, so that no level leaves it out.
        let span = error_span!(
            "call",
            rpc,
            request = id.as_str(),
            "otel.name" = rpc,
            "otel.kind" = "server"
        );
        telemetry::follow(&span, text(request.headers(), TRACE_KEY));
        let answering = span.in_scope(|| self.0.call(request)).instrument(span.clone());
        Box::pin(async move {
            let mut response = answering.await?;
            // A name is made of what a header may hold.
            let value = HeaderValue::from_str(id.as_str()).ok();
            response.headers_mut().extend(value.clone().map(|it| (REQUEST_NAME, it)));
            Ok(response.map(|body| Body::new(Following { body, span, id: value })))
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

/// The call that a path names; what somebody made up has no name.
fn name(path: &str) -> &'static str {
    let name = path.rsplit('/').next().unwrap_or_default();
    METHODS.iter().find(|method| **method == name).copied().unwrap_or("unknown")
}

/// What a call answers, within its span and with its name at the end.
struct Following {
    body: Body,
    span: Span,
    id: Option<HeaderValue>,
}

impl HttpBody for Following {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let Self { body, span, id } = &mut *self;
        let _inside = span.enter();
        Pin::new(body).poll_frame(context).map_ok(|mut frame| {
            if let Some(trailers) = frame.trailers_mut() {
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
    fn what_is_no_call_has_no_name() {
        assert_eq!(name("/ragterm.v1.Ragterm/Search"), "Search");
        for wrong in ["/ragterm.v1.Ragterm/Invented", "/x/é", "/", ""] {
            assert_eq!(name(wrong), "unknown");
        }
    }
}
