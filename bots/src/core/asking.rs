//! The way of one question to the daemon and back.

use ragterm_proto::v1::{Asker, WhoAmIReply};
use tokio::sync::mpsc;

use super::question::{Event, Found, Question, Search, Verdict};
use super::trouble::Trouble;
use super::{Core, Shareable};

pub(super) async fn run(_core: &Core, _question: &Question, events: &mpsc::Sender<Event>) {
    // The receiver may be gone; then nobody waits for this.
    let _ = events.send(Event::Failed(Trouble::DaemonDown)).await;
}

pub(super) async fn search(_core: &Core, _search: &Search) -> Result<Found, Trouble> {
    Err(Trouble::DaemonDown)
}

pub(super) async fn who_am_i(core: &Core, asker: &Asker) -> Result<WhoAmIReply, Trouble> {
    core.daemon.who_am_i(asker).await.map_err(|status| Trouble::from(&status))
}

pub(super) async fn feedback(
    _core: &Core,
    _asker: &Asker,
    _turn: &str,
    _verdict: Verdict,
) -> Result<(), Trouble> {
    Err(Trouble::DaemonDown)
}

pub(super) async fn share(_core: &Core, _asker: &Asker, _turn: &str) -> Result<Shareable, Trouble> {
    Err(Trouble::DaemonDown)
}
