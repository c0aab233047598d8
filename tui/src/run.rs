//! The loop: what happened goes into `update`, what it asks for goes out, then the screen is painted.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crossterm::event::{self, Event, EventStream, KeyEventKind};
use futures_util::StreamExt;
use tokio::process::Command;
use tokio::sync::mpsc;

use crate::effect::Effect;
use crate::effects::Effects;
use crate::error::Error;
use crate::message::{Message, Progress};
use crate::opening::Opening;
use crate::options::Options;
use crate::screen::{Screen, give_back};
use crate::signals::{Asked, Signals};
use crate::state::State;
use crate::text::Role;
use crate::trace::Trace;
use crate::update::{start, update};

/// So many answers may wait to be looked at; who has more waits.
const INBOX: usize = 64;

/// How long one looks whether the terminal has told more; for no time at all the library does not look.
const GLANCE: Duration = Duration::from_micros(300);

/// So many things are taken in before the screen is painted.
const BATCH: usize = 256;

/// Runs the client until the user ends it, or a signal does; the terminal is given back.
pub async fn run(options: Options) -> Result<(), Error> {
    // From here on no signal ends the program while it has the terminal.
    let signals = Signals::listen()?;
    let mut screen = Screen::take()?;
    let mut state = State::new(screen.size()?);
    state.now_ms = now_ms();
    state.theme = options.theme;
    state.colour = options.colour;
    state.keys = options.keys;
    state.editor = options.editor;
    state.filters.spaces = options.spaces;
    state.input.set(&options.query);
    // Before anything is asked of anybody.
    screen.paint(&state)?;
    let (outbox, inbox) = mpsc::channel(INBOX);
    let mut running = Running {
        state,
        screen,
        inbox,
        events: EventStream::new(),
        effects: Effects::new(options.connect, outbox, options.history),
        signals,
        trace: Trace::new(options.trace),
    };
    let result = running.run().await;
    drop(running.screen);
    running.effects.finish().await;
    running.trace.write()?;
    result
}

/// Whether the loop goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flow {
    On,
    End,
}

/// Everything that the loop holds.
struct Running {
    state: State,
    screen: Screen,
    inbox: mpsc::Receiver<Message>,
    events: EventStream,
    effects: Effects,
    signals: Signals,
    trace: Trace,
}

impl Running {
    async fn run(&mut self) -> Result<(), Error> {
        for effect in start() {
            self.effects.start(effect);
        }
        loop {
            let Some(batch) = self.next().await? else { return Ok(()) };
            let read_at = Instant::now();
            self.effects.reap();
            for message in batch {
                for effect in update(&mut self.state, message) {
                    if let Effect::Search(generation, _) = &effect {
                        self.trace.asked(*generation, read_at);
                    }
                    if self.perform(effect).await? == Flow::End {
                        return Ok(());
                    }
                }
            }
            self.screen.paint(&self.state)?;
            self.trace.painted(&self.state);
        }
    }

    /// Everything that happened, once something did; `None` when the program is to end.
    async fn next(&mut self) -> Result<Option<Vec<Message>>, Error> {
        // What turns has to turn.
        let pause = Duration::from_millis(if self.state.is_busy() { 100 } else { 500 });
        let mut batch = Vec::new();
        tokio::select! {
            event = self.events.next() => match event {
                Some(event) => {
                    batch.extend(translated(event?));
                    drain(&mut batch)?;
                }
                None => return Ok(None),
            },
            Some(message) = self.inbox.recv() => batch.push(message),
            asked = self.signals.next() => match asked {
                Asked::End => return Ok(None),
                Asked::Continue => self.come_back()?,
            },
            () = tokio::time::sleep(pause) => {}
        }
        for _ in 0..BATCH {
            let Ok(message) = self.inbox.try_recv() else { break };
            gather(&mut batch, message);
        }
        // A change of the size may be told late, or with the size of before.
        let (columns, rows) = self.screen.size()?;
        if (columns, rows) != self.state.size {
            batch.push(Message::Resize(columns, rows));
        }
        batch.push(Message::Tick(now_ms()));
        Ok(Some(batch))
    }

    async fn perform(&mut self, effect: Effect) -> Result<Flow, Error> {
        match effect {
            Effect::Quit => return Ok(Flow::End),
            Effect::Suspend => self.suspend()?,
            Effect::Redraw => self.screen.forget()?,
            Effect::Open(Opening::Editor(words)) => return self.edit(&words).await,
            Effect::Copy(text) => {
                self.screen.copy(&text)?;
                self.effects.start(Effect::Copy(text));
            }
            other => self.effects.start(other),
        }
        Ok(Flow::On)
    }

    /// Stops the program as the shell would; returns when it goes on.
    fn suspend(&mut self) -> Result<(), Error> {
        give_back();
        if let Err(error) =
            rustix::process::kill_current_process_group(rustix::process::Signal::TSTP)
        {
            self.state.say(Role::Error, format!("cannot suspend: {error}"));
        }
        self.come_back()
    }

    fn come_back(&mut self) -> Result<(), Error> {
        self.screen.enter()?;
        let (columns, rows) = self.screen.size()?;
        for effect in update(&mut self.state, Message::Resize(columns, rows)) {
            self.effects.start(effect);
        }
        Ok(())
    }

    /// Runs an editor in the terminal; returns when it has ended.
    async fn edit(&mut self, words: &[String]) -> Result<Flow, Error> {
        let Some((program, arguments)) = words.split_first() else { return Ok(Flow::On) };
        give_back();
        // Nobody else may read the editor's keys.
        let (mut flow, ended) = {
            let stopped = std::mem::replace(&mut self.events, EventStream::new());
            drop(stopped);
            let spawned = Command::new(program).args(arguments).spawn();
            match spawned {
                Ok(mut child) => self.attend(&mut child).await,
                Err(error) => (Flow::On, Err(error)),
            }
        };
        if flow == Flow::On {
            // What interrupted the editor was not meant for this program.
            self.signals = Signals::listen()?;
            self.come_back()?;
        }
        if let Err(error) = ended {
            self.state.say(Role::Error, format!("cannot run `{program}`: {error}"));
            flow = Flow::On;
        }
        Ok(flow)
    }

    async fn attend(&mut self, child: &mut tokio::process::Child) -> (Flow, std::io::Result<()>) {
        let (mut terminate, mut hang_up) = match Signals::deadly() {
            Ok(deadly) => deadly,
            Err(error) => return (Flow::On, Err(error)),
        };
        tokio::select! {
            ended = child.wait() => (Flow::On, ended.map(|_| ())),
            _ = terminate.recv() => (Flow::End, Ok(())),
            _ = hang_up.recv() => (Flow::End, Ok(())),
        }
    }
}

/// Adds what happened; pieces of one answer become one, so that a fast model is not painted by the word.
fn gather(batch: &mut Vec<Message>, message: Message) {
    match (batch.last_mut(), message) {
        (
            Some(Message::Asked(same, Progress::Text(all))),
            Message::Asked(generation, Progress::Text(text)),
        ) if *same == generation => all.push_str(&text),
        (_, message) => batch.push(message),
    }
}

/// Takes in what the terminal has told already: keys that arrive together are painted together.
///
/// Not through the stream: a look at it without waiting would take the place of its waker, and the
/// next key would be seen late.
fn drain(batch: &mut Vec<Message>) -> Result<(), Error> {
    while batch.len() < BATCH && event::poll(GLANCE)? {
        batch.extend(translated(event::read()?));
    }
    Ok(())
}

/// What an event of the terminal means, if it means anything.
fn translated(event: Event) -> Option<Message> {
    match event {
        Event::Key(key) if key.kind != KeyEventKind::Release => Some(Message::Key(key.into())),
        Event::Paste(text) => Some(Message::Paste(text)),
        Event::Mouse(mouse) => Some(Message::Mouse(mouse)),
        Event::Resize(columns, rows) => Some(Message::Resize(columns, rows)),
        Event::Key(_) | Event::FocusGained | Event::FocusLost => None,
    }
}

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_one_answer_become_one_and_keep_their_order() {
        let text = |generation, text: &str| Message::Asked(generation, Progress::Text(text.into()));
        let mut batch = vec![Message::Connected];
        for message in [text(1, "a"), text(1, "b"), text(2, "c"), Message::Connected, text(2, "d")]
        {
            gather(&mut batch, message);
        }
        let told = format!("{batch:?}");
        let expected = [
            "Connected",
            r#"Asked(1, Text("ab"))"#,
            r#"Asked(2, Text("c"))"#,
            "Connected",
            r#"Asked(2, Text("d"))"#,
        ];
        assert_eq!(told, format!("[{}]", expected.join(", ")));
    }
}
