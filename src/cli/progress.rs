//! Following a source while it is indexed: a bar on a terminal, one line elsewhere.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use ragterm_proto::v1::{Progress, Summary};
use tonic::Streaming;

use super::failure::from_status;
use super::interrupt::unless_interrupted;
use super::output::{self, clean};
use super::units;
use crate::error::{Error, Result};

const SCANNING: &str = "{spinner} {prefix}: looking for documents {msg}";
const INDEXING: &str = "{spinner} {prefix}: {bar:30} {pos}/{len} {msg}";

/// The time between two frames of the spinner.
const TICK: Duration = Duration::from_millis(120);

/// How following ended.
#[derive(Debug)]
pub enum Followed {
    /// Each source with what was done, in the order of the stream.
    Finished(Vec<(String, Summary)>),
    /// The user stopped looking; the daemon goes on.
    Interrupted,
}

/// Shows the progress until the stream ends or the user presses Ctrl-C.
pub async fn follow(stream: Streaming<Progress>) -> Result<Followed> {
    let display = Display::new();
    let finished = unless_interrupted(to_the_end(stream, &display)).await;
    display.bar.finish_and_clear();
    match finished {
        Some(summaries) => summaries.map(Followed::Finished),
        None => {
            output::note("the daemon goes on indexing; `ragterm status` shows how far it is");
            Ok(Followed::Interrupted)
        }
    }
}

async fn to_the_end(
    mut stream: Streaming<Progress>,
    display: &Display,
) -> Result<Vec<(String, Summary)>> {
    let mut summaries = Vec::new();
    while let Some(message) = stream.message().await.map_err(|status| from_status(&status))? {
        match message.summary {
            Some(summary) => summaries.push((message.source, summary)),
            None => display.show(&message),
        }
    }
    if summaries.is_empty() {
        return Err(Error::unavailable("the daemon ended before the source was indexed")
            .hint("it goes on where it stopped as soon as it runs again: `ragterm status`"));
    }
    Ok(summaries)
}

/// A bar; nothing where stderr is no terminal.
struct Display {
    bar: ProgressBar,
    scanning: ProgressStyle,
    indexing: ProgressStyle,
}

impl Display {
    fn new() -> Self {
        let bar = match std::io::stderr().is_terminal() {
            true => ProgressBar::new_spinner(),
            false => ProgressBar::hidden(),
        };
        let style = |template| {
            ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
        };
        bar.enable_steady_tick(TICK);
        Self { bar, scanning: style(SCANNING), indexing: style(INDEXING) }
    }

    fn show(&self, progress: &Progress) {
        self.bar.set_prefix(clean(&progress.source));
        if progress.phase == "index" {
            self.bar.set_style(self.indexing.clone());
            self.bar.set_length(progress.total);
            self.bar.set_position(progress.done);
            self.bar.set_message(pace(progress));
        } else {
            self.bar.set_style(self.scanning.clone());
            let found = progress.done.max(progress.total);
            self.bar.set_message(if found > 0 { units::count(found) } else { String::new() });
        }
    }
}

/// `812/s, 6 s left, hr/leave.md`.
fn pace(progress: &Progress) -> String {
    let mut parts = Vec::new();
    if progress.rate_per_s > 0.0 {
        parts.push(format!("{:.0}/s", progress.rate_per_s));
    }
    if let Some(eta_s) = progress.eta_s {
        parts.push(format!("{} left", units::seconds(eta_s)));
    }
    if !progress.current.is_empty() {
        parts.push(clean(&progress.current));
    }
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pace_names_rate_rest_and_place() {
        let progress = Progress {
            rate_per_s: 812.4,
            eta_s: Some(6.2),
            current: "hr/\u{1b}leave.md".into(),
            ..Progress::default()
        };
        assert_eq!(pace(&progress), "812/s, 6.2 s left, hr/\u{fffd}leave.md");
        assert_eq!(pace(&Progress::default()), "");
    }
}
