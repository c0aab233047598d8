//! A terminal with this test binary in it as the client.

use std::io::{Read, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};

/// Long enough for the slowest machine; nothing waits so long when all is well.
const DEADLINE: Duration = Duration::from_secs(120);

/// `ECHO` and `ICANON`, as Linux numbers them.
const COOKED: u32 = 0o10 | 0o2;

/// A terminal with the client in it.
pub struct Terminal {
    parser: Arc<Mutex<vt100::Parser>>,
    master: Box<dyn MasterPty + Send>,
    keyboard: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
}

impl Terminal {
    /// Opens one of 100 by 30, and starts the client in it with some variables.
    pub fn open(socket: &Path, variables: &[(&str, &str)]) -> Self {
        let size = PtySize { rows: 30, cols: 100, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(std::env::current_exe().unwrap());
        command.args(["--exact", "the_client_itself", "--ignored", "--nocapture"]);
        command.env("TERM", "xterm-256color");
        // A trace of the stack would scroll what is looked for off the screen.
        command.env("RUST_BACKTRACE", "0");
        command.env("CLIENT_SOCKET", socket);
        variables.iter().for_each(|(name, value)| command.env(name, value));
        let child = pair.slave.spawn_command(command).unwrap();
        let parser = Arc::new(Mutex::new(vt100::Parser::new(30, 100, 0)));
        let mut output = pair.master.try_clone_reader().unwrap();
        let seen = parser.clone();
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(length @ 1..) = output.read(&mut bytes) {
                seen.lock().unwrap().process(&bytes[..length]);
            }
        });
        let keyboard = pair.master.take_writer().unwrap();
        Self { parser, master: pair.master, keyboard, child }
    }

    /// Types.
    pub fn types(&mut self, text: &str) {
        self.sends(text.as_bytes());
    }

    /// Types bytes, which may be parts of characters.
    pub fn sends(&mut self, bytes: &[u8]) {
        self.keyboard.write_all(bytes).unwrap();
        self.keyboard.flush().unwrap();
    }

    /// Waits until a text is on the screen.
    pub fn shows(&self, text: &str) {
        self.wait(text, |screen| screen.contents().contains(text));
    }

    /// Waits until a text is not on the screen any more.
    pub fn shows_not(&self, text: &str) {
        self.wait(text, |screen| !screen.contents().contains(text));
    }

    /// Where an ASCII text is on the screen: column and row, from 1.
    pub fn place_of(&self, text: &str) -> (u16, u16) {
        let parser = self.parser.lock().unwrap();
        let found = parser.screen().rows(0, 100).zip(1u16..).find_map(|(line, row)| {
            let column = line
                .chars()
                .collect::<Vec<_>>()
                .windows(text.len())
                .position(|window| window.iter().collect::<String>() == text)?;
            Some((u16::try_from(column).unwrap() + 1, row))
        });
        found.expect("the text is on the screen")
    }

    /// Whether the client has the terminal now.
    pub fn is_taken(&self) -> bool {
        self.parser.lock().unwrap().screen().alternate_screen()
    }

    /// Makes it so many columns and rows.
    pub fn resize(&self, columns: u16, rows: u16) {
        self.parser.lock().unwrap().screen_mut().set_size(rows, columns);
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        self.master.resize(size).unwrap();
    }

    /// Sends the client a signal.
    pub fn signal(&self, signal: Signal) {
        let pid = self.child.process_id().unwrap();
        let pid = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    /// Waits until the client has ended, and looks whether the terminal is as it was before.
    pub fn is_given_back(&mut self) {
        let deadline = Instant::now() + DEADLINE;
        while self.child.try_wait().unwrap().is_none() {
            assert!(Instant::now() < deadline, "the client does not end:\n{}", self.contents());
            std::thread::sleep(Duration::from_millis(5));
        }
        self.wait("the screen of before", |screen| {
            !screen.alternate_screen()
                && !screen.bracketed_paste()
                && !screen.hide_cursor()
                && screen.mouse_protocol_mode() == vt100::MouseProtocolMode::None
        });
        let modes = self.master.get_termios().unwrap().local_flags.bits();
        assert_eq!(modes & COOKED, COOKED, "the terminal is still raw");
    }

    fn wait(&self, what: &str, holds: impl Fn(&vt100::Screen) -> bool) {
        let deadline = Instant::now() + DEADLINE;
        while !holds(self.parser.lock().unwrap().screen()) {
            assert!(Instant::now() < deadline, "waited in vain for {what}:\n{}", self.contents());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn contents(&self) -> String {
        self.parser.lock().unwrap().screen().contents()
    }
}

/// Waits until a condition holds.
pub fn eventually(holds: impl Fn() -> bool) {
    let deadline = Instant::now() + DEADLINE;
    while !holds() {
        assert!(Instant::now() < deadline, "the condition never held");
        std::thread::sleep(Duration::from_millis(5));
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It has ended already when all went well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
