//! Many clients of one daemon at the same time: how long their searches take, and how many fail.
//!
//! ```text
//! cargo bench -p ragterm-proto --bench clients -- SOCKET QUERIES [CLIENTS] [RATE] [SECONDS]
//! ```
//!
//! QUERIES is a file with one query in each line. CLIENTS (100) have a connection each. RATE (100) is
//! that of all together, in searches a second, whether earlier ones have been answered or not; a
//! search that begins late counts from when it should have begun. 0: as many as the daemon answers.

use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ragterm_proto::v1::SearchRequest;
use ragterm_proto::{Client, connect};
use tokio::time::{Instant, sleep_until};

/// What is asked of the daemon, and how.
struct Load {
    queries: Vec<String>,
    clients: usize,
    rate: f64,
    time: Duration,
}

/// What one client saw.
#[derive(Default)]
struct Seen {
    milliseconds: Vec<f64>,
    failed: Vec<String>,
    empty: usize,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let (Some(socket), Some(queries)) = (arguments.next(), arguments.next()) else {
        // Run with all benches: there is no daemon to ask.
        return Ok(());
    };
    let mut number = |default: f64| arguments.next().map_or(Ok(default), |text| text.parse());
    let (clients, rate, seconds) = (number(100.0)? as usize, number(100.0)?, number(20.0)?);
    let text = std::fs::read_to_string(queries)?;
    let queries: Vec<String> = text.lines().map(str::to_owned).collect();
    let load = Load { queries, clients, rate, time: Duration::from_secs_f64(seconds) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let seen = runtime.block_on(run(PathBuf::from(socket), Arc::new(load)))?;
    report(seen, seconds);
    Ok(())
}

async fn run(socket: PathBuf, load: Arc<Load>) -> Result<Seen, Box<dyn Error>> {
    let next = Arc::new(AtomicUsize::new(0));
    let mut connected = Vec::new();
    for _ in 0..load.clients {
        connected.push(connect(&socket).await?);
    }
    let begin = Instant::now();
    let tasks: Vec<_> = connected
        .into_iter()
        .map(|client| tokio::spawn(ask(client, Arc::clone(&load), Arc::clone(&next), begin)))
        .collect();
    let mut all = Seen::default();
    for task in tasks {
        let seen = task.await?;
        all.milliseconds.extend(seen.milliseconds);
        all.failed.extend(seen.failed);
        all.empty += seen.empty;
    }
    Ok(all)
}

/// Searches until the time is over: the number of a search says when it should begin.
async fn ask(mut client: Client, load: Arc<Load>, next: Arc<AtomicUsize>, begin: Instant) -> Seen {
    let mut seen = Seen::default();
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let due = match load.rate {
            0.0 => Instant::now(),
            rate => begin + Duration::from_secs_f64(number as f64 / rate),
        };
        if due.duration_since(begin) >= load.time {
            return seen;
        }
        sleep_until(due).await;
        let query = load.queries[number % load.queries.len()].clone();
        match client.search(SearchRequest { query, ..SearchRequest::default() }).await {
            Ok(reply) => seen.empty += usize::from(reply.into_inner().hits.is_empty()),
            Err(status) => seen.failed.push(status.to_string()),
        }
        seen.milliseconds.push(due.elapsed().as_secs_f64() * 1e3);
    }
}

#[expect(clippy::print_stdout, reason = "the figures are what it is for")]
fn report(mut seen: Seen, seconds: f64) {
    let times = &mut seen.milliseconds;
    times.sort_by(f64::total_cmp);
    let at = |part: f64| times.get((times.len() as f64 * part) as usize).copied().unwrap_or(0.0);
    println!(
        "{} searches, {:.1} a second, {} failed, {} without a hit; ms: p50 {:.1} p95 {:.1} p99 {:.1} \
         most {:.1}",
        times.len(),
        times.len() as f64 / seconds,
        seen.failed.len(),
        seen.empty,
        at(0.5),
        at(0.95),
        at(0.99),
        times.last().copied().unwrap_or(0.0),
    );
    seen.failed.dedup();
    for failed in seen.failed.iter().take(3) {
        println!("failed: {failed}");
    }
}
