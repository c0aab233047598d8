//! Traces for an OTLP collector: sent in batches by a thread of their own, or not at all.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::{TraceContextExt, TracerProvider};
use opentelemetry_otlp::{RetryPolicy, SpanExporter, WithExportConfig, WithTonicConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracerProvider, SpanData,
    SpanExporter as Exporter,
};
use ragterm_proto::TRACE_KEY;
use tonic::metadata::{MetadataMap, MetadataValue};
use tonic::transport::{Channel, ClientTlsConfig, Endpoint};
use tracing::level_filters::LevelFilter;
use tracing::{Level, Span, Subscriber, info, warn};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::Layer;
use tracing_subscriber::registry::LookupSpan;

use crate::config::{Log, Secret};
use crate::error::{Error, Result};

/// How long the collector may take to be connected to.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// How long it may take for one batch.
const TIMEOUT: Duration = Duration::from_secs(5);

/// How long the end of the program waits for it.
const GOODBYE: Duration = Duration::from_secs(1);

/// Spans that wait to be sent; what comes beyond is left out.
const AHEAD: usize = 4_096;

/// Spans in one batch.
const BATCH: usize = 512;

/// How long a span waits for others.
const DELAY: Duration = Duration::from_secs(2);

/// Whether spans are sent anywhere; else nothing here runs.
static IS_ON: AtomicBool = AtomicBool::new(false);

/// The way of spans to a collector.
#[derive(Debug)]
pub struct Traces {
    provider: SdkTracerProvider,
}

/// The way to the collector of the configuration; `None` when it names none. Connects when there is
/// something to send. Needs a runtime.
pub fn connect(log: &Log, service: &'static str) -> Result<Option<Traces>> {
    if log.otlp.is_empty() {
        return Ok(None);
    }
    let failed = |error: Box<dyn std::error::Error + Send + Sync>| {
        Error::usage("the collector of `log.otlp` cannot be meant")
            .because(error)
            .hint("it is an address such as `http://127.0.0.1:4317`")
    };
    let exporter = SpanExporter::builder()
        .with_tonic()
        .with_channel(channel(&log.otlp).map_err(|error| failed(Box::new(error)))?)
        .with_metadata(metadata(&log.otlp_token)?)
        .with_timeout(TIMEOUT)
        // The next batch is the next attempt.
        .with_retry_policy(RetryPolicy::disabled())
        .build()
        .map_err(|error| failed(Box::new(error)))?;
    let watched = Watched { exporter, url: log.otlp.clone(), is_failing: AtomicBool::new(false) };
    let batches = BatchConfigBuilder::default()
        .with_max_queue_size(AHEAD)
        .with_max_export_batch_size(BATCH)
        .with_scheduled_delay(DELAY)
        .build();
    let processor = BatchSpanProcessor::builder(watched).with_batch_config(batches).build();
    let resource = Resource::builder_empty()
        .with_service_name(service)
        .with_attribute(opentelemetry::KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .build();
    let provider = SdkTracerProvider::builder()
        .with_span_processor(processor)
        .with_resource(resource)
        // Whoever calls does not decide what the operator sees.
        .with_sampler(Sampler::AlwaysOn)
        .build();
    IS_ON.store(true, Ordering::Relaxed);
    ragterm_proto::trace_with(place);
    Ok(Some(Traces { provider }))
}

/// Has a span go on with the trace of a caller, if traces are made and the caller's can be read.
pub fn follow(span: &Span, traceparent: Option<&str>) {
    let Some(traceparent) = traceparent.filter(|_| IS_ON.load(Ordering::Relaxed)) else { return };
    let carrier = HashMap::from([(TRACE_KEY.to_owned(), traceparent.to_owned())]);
    let context = TraceContextPropagator::new().extract(&carrier);
    if context.span().span_context().is_valid() {
        // A span that nobody sees has no place in a trace.
        let _unseen = span.set_parent(context);
    }
}

/// The place of the current span in a trace, as W3C has it.
fn place() -> Option<String> {
    let context = Span::current().context();
    let span = context.span();
    let place = span.span_context();
    let flags = place.trace_flags().to_u8();
    place.is_valid().then(|| format!("00-{}-{}-{flags:02x}", place.trace_id(), place.span_id()))
}

impl Traces {
    /// What makes spans of ours, and of nobody else, part of traces; events are for the log.
    pub fn layer<S>(&self) -> impl Layer<S> + Send + Sync + use<S>
    where
        S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
    {
        let ours = filter_fn(|metadata| {
            let is_ours = metadata.target().starts_with("ragterm");
            metadata.is_span() && is_ours && *metadata.level() <= Level::DEBUG
        });
        tracing_opentelemetry::layer()
            .with_tracer(self.provider.tracer("ragterm"))
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_tracked_inactivity(false)
            .with_context_activation(false)
            .with_filter(ours.with_max_level_hint(LevelFilter::DEBUG))
    }

    /// Sends what waits; takes a second at the most. Not from a thread that runs the runtime.
    pub fn close(&self) {
        // That the collector does not answer was said when it began.
        let _late = self.provider.shutdown_with_timeout(GOODBYE);
    }
}

fn channel(url: &str) -> std::result::Result<Channel, tonic::transport::Error> {
    let mut endpoint =
        Endpoint::from_shared(url.to_owned())?.connect_timeout(CONNECT_TIMEOUT).timeout(TIMEOUT);
    if url.starts_with("https://") {
        endpoint = endpoint.tls_config(ClientTlsConfig::new().with_native_roots())?;
    }
    Ok(endpoint.connect_lazy())
}

/// What the collector is shown.
fn metadata(token: &Secret) -> Result<MetadataMap> {
    let mut metadata = MetadataMap::new();
    let Some(token) = token.read()? else { return Ok(metadata) };
    let shown = if token.contains(' ') { token } else { format!("Bearer {token}") };
    let mut value = MetadataValue::try_from(shown).map_err(|_| {
        Error::usage("`log.otlp_token` is no token: it has characters of no header")
            .hint("it is one line, such as `Basic …`, or a token alone")
    })?;
    value.set_sensitive(true);
    metadata.insert("authorization", value);
    Ok(metadata)
}

/// Says once that the collector does not take spans, and once that it does again.
#[derive(Debug)]
struct Watched<E> {
    exporter: E,
    url: String,
    is_failing: AtomicBool,
}

impl<E: Exporter> Exporter for Watched<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let sent = self.exporter.export(batch).await;
        let was_failing = self.is_failing.swap(sent.is_err(), Ordering::Relaxed);
        match &sent {
            Err(error) if !was_failing => {
                warn!(event = "trace", url = %self.url, %error, "traces are lost: the collector does not take them");
            }
            Ok(()) if was_failing => {
                info!(event = "trace", url = %self.url, "the collector takes traces again");
            }
            _ => {}
        }
        sent
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}
