//! The log and traces of the real program: one line each, the same name everywhere, nothing secret.

mod chats;
mod collector;
mod lines;
mod traces;

use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};

use serde_json::Value;

use crate::support::{Instance, until};

/// A service of an instance whose standard error is collected in a file.
struct Collected {
    child: Option<Child>,
    path: PathBuf,
}

impl Collected {
    /// `name` is the command, such as `daemon`.
    fn start(ragterm: &Instance, name: &str, variables: &[(&str, &str)]) -> Self {
        Self::of_command(name, ragterm.command(&[name]).envs(variables.iter().copied()), ragterm)
    }

    /// The same with a pipe as its input.
    fn with_input(ragterm: &Instance, name: &str, variables: &[(&str, &str)]) -> Self {
        let mut command = ragterm.command(&[name]);
        command.envs(variables.iter().copied()).stdin(Stdio::piped());
        Self::of_command(name, &mut command, ragterm)
    }

    fn of_command(name: &str, command: &mut Command, ragterm: &Instance) -> Self {
        let path = ragterm.docs().with_file_name(format!("{name}.collected"));
        let log = File::options().create(true).append(true).open(&path).unwrap();
        command.stdout(Stdio::null()).stderr(log);
        Self { child: Some(command.spawn().unwrap()), path }
    }

    /// A daemon that answers.
    fn daemon(ragterm: &Instance) -> Self {
        let daemon = Self::start(ragterm, "daemon", &[]);
        let socket = ragterm.data().join("run/ragterm.sock");
        until("the socket", || socket.exists());
        daemon
    }

    fn text(&self) -> String {
        std::fs::read_to_string(&self.path).unwrap()
    }

    /// Each whole line, which must be an object.
    #[track_caller]
    fn lines(&self) -> Vec<Value> {
        let text = self.text();
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        let object = |line: &str| {
            let value: Value =
                serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line:?}"));
            assert!(value.is_object(), "{line}");
            value
        };
        whole.lines().map(object).collect()
    }

    fn of(&self, event: &str) -> Vec<Value> {
        self.lines().into_iter().filter(|line| line["event"] == event).collect()
    }

    /// Waits for a line of an event, and returns the last one.
    #[track_caller]
    fn until(&self, event: &str) -> Value {
        until(&format!("a line of {event}"), || !self.of(event).is_empty());
        self.of(event).pop().unwrap()
    }

    /// Waits until it has ended by itself.
    fn ended(&mut self) -> ExitStatus {
        self.child.take().unwrap().wait().unwrap()
    }
}

impl Drop for Collected {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            crate::support::signal(child.id() as i32, rustix::process::Signal::TERM);
            // It ends, or the test hangs, which is seen too.
            let _ended = child.wait();
        }
    }
}
