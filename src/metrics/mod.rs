//! What a daemon counts and times, in Prometheus' text format.
//!
//! Names follow <https://prometheus.io/docs/practices/naming>; `deploy/observability/METRICS.md` has
//! all of them. No label carries a name of a user, a space, a document or a question.

mod snapshot;
mod stages;

use std::time::Duration;

use prometheus::core::Collector;
use prometheus::{
    Counter, CounterVec, GaugeVec, HistogramOpts, HistogramVec, IntCounter, IntCounterVec,
    IntGauge, Opts, Registry, TextEncoder,
};

use crate::error::{Error, Result};

use snapshot::Odometers;

pub use snapshot::Snapshot;
pub use stages::{Stage, Stages};

/// Upper limits of the buckets of each histogram, in seconds.
const BUCKETS: [f64; 15] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];

/// The verdicts on answers.
const VERDICTS: [&str; 2] = ["helpful", "unhelpful"];

/// What the model that answers took for one question.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Usage {
    /// The model; empty when none was asked.
    pub model: String,
    /// Tokens that it read, as its server counts them.
    pub prompt_tokens: u64,
    /// Tokens that it wrote.
    pub answer_tokens: u64,
    /// What they cost, with its currency, where prices are configured.
    pub cost: Option<(f64, String)>,
}

/// Counters and histograms of one daemon.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    durations: HistogramVec,
    stages: HistogramVec,
    lag: GaugeVec,
    queues: GaugeVec,
    documents: GaugeVec,
    embedded_texts: IntCounter,
    cache_hits: IntCounter,
    cache_misses: IntCounter,
    degraded_seconds: Counter,
    feedback: IntCounterVec,
    without_result: IntCounter,
    backup_failing: IntGauge,
    tokens: IntCounterVec,
    cost: CounterVec,
    odometers: Odometers,
}

impl Metrics {
    /// Everything at zero.
    pub fn new() -> Result<Self> {
        Self::registered()
            .map_err(|error| Error::internal("the metrics cannot be counted").because(error))
    }

    fn registered() -> prometheus::Result<Self> {
        let registry = Registry::new();
        let add = Registration(&registry);
        let build = add.gauges("ragterm_build_info", "Always 1.", &["version"])?;
        build.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1.0);
        let metrics = Self {
            requests: add.counters(
                "ragterm_requests_total",
                "Calls that ended; a stream counts once, at its end.",
                &["rpc", "code"],
            )?,
            durations: add.histograms(
                "ragterm_request_duration_seconds",
                "From a call to the end of its answer.",
                "rpc",
            )?,
            stages: add.histograms(
                "ragterm_stage_duration_seconds",
                "Parts of searches and answers.",
                "stage",
            )?,
            lag: add.gauges(
                "ragterm_index_lag",
                "Changes of the catalog that a follower has not applied.",
                &["follower"],
            )?,
            queues: add.gauges("ragterm_queue_depth", "What waits.", &["queue"])?,
            documents: add.gauges("ragterm_documents", "Documents by state.", &["state"])?,
            embedded_texts: add.register(IntCounter::new(
                "ragterm_embedded_texts_total",
                "Texts that became vectors.",
            )?)?,
            cache_hits: add.register(IntCounter::new(
                "ragterm_answer_cache_hits_total",
                "Answers that were kept.",
            )?)?,
            cache_misses: add.register(IntCounter::new(
                "ragterm_answer_cache_misses_total",
                "Answers that were not.",
            )?)?,
            degraded_seconds: add.register(Counter::new(
                "ragterm_degraded_seconds_total",
                "Time in which a back-end was missing.",
            )?)?,
            feedback: add.counters(
                "ragterm_feedback_total",
                "What people said of answers.",
                &["verdict"],
            )?,
            without_result: add.register(IntCounter::new(
                "ragterm_searches_without_result_total",
                "Searches that found nothing.",
            )?)?,
            backup_failing: add.register(IntGauge::new(
                "ragterm_backup_failing",
                "1 while no backup by the clock can be taken.",
            )?)?,
            tokens: add.counters(
                "ragterm_llm_tokens_total",
                "Tokens, as the model's server counts them.",
                &["model", "kind"],
            )?,
            cost: add.register(CounterVec::new(
                Opts::new("ragterm_llm_cost_total", "Cost, where prices are configured."),
                &["model", "currency"],
            )?)?,
            odometers: Odometers::default(),
            registry,
        };
        metrics.begin();
        metrics.observe(&Snapshot::default());
        metrics.process()?;
        Ok(metrics)
    }

    /// Samples with a closed set of labels are there from the start, so that a first increase shows.
    fn begin(&self) {
        for stage in Stage::ALL {
            self.stages.with_label_values(&[stage.name()]);
        }
        for verdict in VERDICTS {
            self.feedback.with_label_values(&[verdict]);
        }
    }

    /// Processor time, memory and open files of this process, where `/proc` tells of them.
    fn process(&self) -> prometheus::Result<()> {
        let collector = prometheus::process_collector::ProcessCollector::for_self();
        self.registry.register(Box::new(collector))
    }

    /// A call ended.
    pub fn call(&self, rpc: &str, code: &str, took: Duration) {
        self.requests.with_label_values(&[rpc, code]).inc();
        self.durations.with_label_values(&[rpc]).observe(took.as_secs_f64());
    }

    /// Parts of a search or an answer took their time.
    pub fn stages(&self, stages: &Stages) {
        for (stage, took) in stages.iter() {
            self.stages.with_label_values(&[stage.name()]).observe(took.as_secs_f64());
        }
    }

    /// A search found nothing.
    pub fn found_nothing(&self) {
        self.without_result.inc();
    }

    /// Somebody said of an answer that it helped, or not.
    pub fn rated(&self, is_helpful: bool) {
        let verdict = VERDICTS[usize::from(!is_helpful)];
        self.feedback.with_label_values(&[verdict]).inc();
    }

    /// A model read a prompt and answered.
    pub fn used(&self, usage: &Usage) {
        if usage.model.is_empty() {
            return;
        }
        let model = usage.model.as_str();
        self.tokens.with_label_values(&[model, "prompt"]).inc_by(usage.prompt_tokens);
        self.tokens.with_label_values(&[model, "answer"]).inc_by(usage.answer_tokens);
        if let Some((cost, currency)) = &usage.cost {
            self.cost.with_label_values(&[model, currency]).inc_by(*cost);
        }
    }

    /// A back-end was missing for some time.
    pub fn degraded(&self, time: Duration) {
        self.degraded_seconds.inc_by(time.as_secs_f64());
    }

    /// Takes up what is true of the daemon at this moment.
    pub fn observe(&self, now: &Snapshot) {
        now.show(self);
    }

    /// Everything, in Prometheus' text format.
    pub fn text(&self) -> Result<String> {
        TextEncoder::new()
            .encode_to_string(&self.registry.gather())
            .map_err(|error| Error::internal("the metrics cannot be written").because(error))
    }
}

/// Where metrics are made known.
struct Registration<'r>(&'r Registry);

impl Registration<'_> {
    fn register<T: Collector + Clone + 'static>(&self, metric: T) -> prometheus::Result<T> {
        self.0.register(Box::new(metric.clone()))?;
        Ok(metric)
    }

    fn counters(
        &self,
        name: &str,
        help: &str,
        labels: &[&str],
    ) -> prometheus::Result<IntCounterVec> {
        self.register(IntCounterVec::new(Opts::new(name, help), labels)?)
    }

    fn gauges(&self, name: &str, help: &str, labels: &[&str]) -> prometheus::Result<GaugeVec> {
        self.register(GaugeVec::new(Opts::new(name, help), labels)?)
    }

    fn histograms(&self, name: &str, help: &str, label: &str) -> prometheus::Result<HistogramVec> {
        let options = HistogramOpts::new(name, help).buckets(BUCKETS.to_vec());
        self.register(HistogramVec::new(options, &[label])?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_increase_shows_because_its_zero_was_there() {
        let metrics = Metrics::new().unwrap();
        let text = metrics.text().unwrap();
        assert!(text.contains("ragterm_feedback_total{verdict=\"unhelpful\"} 0\n"), "{text}");
        assert!(text.contains("ragterm_stage_duration_seconds_count{stage=\"rerank\"} 0\n"));
        metrics.rated(false);
        let text = metrics.text().unwrap();
        assert!(text.contains("ragterm_feedback_total{verdict=\"unhelpful\"} 1\n"));
        assert!(text.contains("ragterm_feedback_total{verdict=\"helpful\"} 0\n"));
    }

    #[test]
    fn counters_of_the_engine_never_fall() {
        let metrics = Metrics::new().unwrap();
        let at = |embedded_texts| {
            metrics.observe(&Snapshot { embedded_texts, ..Snapshot::default() });
            let text = metrics.text().unwrap();
            let line = text.lines().find(|line| line.starts_with("ragterm_embedded_texts_total "));
            line.and_then(|line| line.rsplit(' ').next()).unwrap().parse::<u64>().unwrap()
        };
        assert_eq!(at(5), 5);
        assert_eq!(at(8), 8);
        // Another model took over, and counts from the beginning.
        assert_eq!(at(2), 10);
    }
}
