//! What makes lines of events, each with the name of the request that it belongs to.

use std::fmt;

use jiff::Timestamp;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

use super::line::{Fields, Format, Head, bounded};
use super::sink::Sink;

/// The field of a span that names a request.
const REQUEST: &str = "request";

/// Writes each event as one line.
#[derive(Debug)]
pub struct Lines {
    format: Format,
    sink: Sink,
}

/// What a span keeps of the request that it is of.
#[derive(Debug, Default)]
struct Named(Option<String>);

impl Lines {
    /// Lines of one look, to one place.
    pub fn new(format: Format, sink: Sink) -> Self {
        Self { format, sink }
    }
}

impl<S> Layer<S> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if attributes.metadata().fields().field(REQUEST).is_none() {
            return;
        }
        let mut named = Named::default();
        attributes.record(&mut named);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(named);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let request = context.event_scope(event).and_then(|mut spans| {
            spans.find_map(|span| span.extensions().get::<Named>().and_then(|it| it.0.clone()))
        });
        let mut fields = Fields::default();
        event.record(&mut fields);
        let at = now();
        let (level, target) = (*event.metadata().level(), event.metadata().target());
        let head = Head { at: &at, level, target, request: request.as_deref() };
        self.sink.write(fields.line(self.format, head));
    }
}

/// The time, in milliseconds.
pub fn now() -> String {
    format!("{:.3}", Timestamp::now())
}

impl Visit for Named {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == REQUEST {
            self.0 = Some(bounded(value));
        }
    }
}
