//! The terminal: taken, painted, and given back whatever happens.

use std::io::{self, BufWriter, IsTerminal, Stdout, Write};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::event::{DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste};
use crossterm::style::Print;
use crossterm::terminal::{
    BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate, EnterAlternateScreen,
    LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use crossterm::{cursor, execute, queue};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;

use crate::draw::draw;
use crate::error::Error;
use crate::state::State;

/// Longer texts are not sent to the terminal's clipboard, in bytes: some take no more.
pub const MAX_COPIED_BYTES: usize = 74_000;

/// Asks for clicks and the wheel. The library's own way asks for every movement too, which nothing here
/// needs.
const MOUSE_ON: &str = "\x1b[?1000h\x1b[?1006h";

/// Whether the terminal is taken.
static IS_TAKEN: AtomicBool = AtomicBool::new(false);

/// The terminal while it is taken; it is given back with this value.
pub struct Screen {
    terminal: Terminal<CrosstermBackend<BufWriter<Stdout>>>,
}

impl Screen {
    /// Takes the terminal.
    pub fn take() -> Result<Self, Error> {
        if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
            let message = "the terminal client needs a terminal for input and output";
            return Err(Error::new(message, "`ragterm search` and `ragterm ask` work anywhere"));
        }
        give_back_on_panic();
        let mut screen = Self { terminal: terminal()? };
        screen.enter()?;
        Ok(screen)
    }

    /// Takes the terminal again after it was given back.
    pub fn enter(&mut self) -> Result<(), Error> {
        IS_TAKEN.store(true, Ordering::SeqCst);
        enable_raw_mode()?;
        execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste, Print(MOUSE_ON))?;
        self.forget()
    }

    /// Columns and rows.
    pub fn size(&self) -> Result<(u16, u16), Error> {
        let size = self.terminal.size()?;
        Ok((size.width, size.height))
    }

    /// Paints the state; returns when the terminal has it.
    pub fn paint(&mut self, state: &State) -> Result<(), Error> {
        // A panic elsewhere has given it back, and is about to be told.
        if !IS_TAKEN.load(Ordering::SeqCst) {
            return Ok(());
        }
        queue!(self.terminal.backend_mut(), BeginSynchronizedUpdate)?;
        self.terminal.draw(|frame| draw(state, frame))?;
        execute!(self.terminal.backend_mut(), EndSynchronizedUpdate)?;
        Ok(())
    }

    /// Forgets what is painted, so that everything is painted anew.
    pub fn forget(&mut self) -> Result<(), Error> {
        // The library's own way asks the terminal where its cursor is, and waits for the answer.
        execute!(io::stdout(), Clear(ClearType::All))?;
        self.terminal = terminal()?;
        Ok(())
    }

    /// Puts a text into the terminal's clipboard; this works through ssh too.
    pub fn copy(&mut self, text: &str) -> Result<(), Error> {
        if text.len() > MAX_COPIED_BYTES {
            return Ok(());
        }
        let out = self.terminal.backend_mut();
        write!(out, "\x1b]52;c;{}\x07", base64(text.as_bytes()))?;
        out.flush()?;
        Ok(())
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

fn terminal() -> io::Result<Terminal<CrosstermBackend<BufWriter<Stdout>>>> {
    let out = BufWriter::with_capacity(1 << 16, io::stdout());
    Terminal::new(CrosstermBackend::new(out))
}

/// Gives the terminal back, if it is taken.
pub fn give_back() {
    if !IS_TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    let mut out = io::stdout();
    // Each step helps alone; when the terminal is gone, none matters.
    let _ = execute!(out, EndSynchronizedUpdate, DisableMouseCapture, DisableBracketedPaste);
    let _ = execute!(out, LeaveAlternateScreen, cursor::Show);
    let _ = disable_raw_mode();
}

/// A panic is told on a terminal that shows it.
fn give_back_on_panic() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            give_back();
            before(panic);
        }));
    });
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().fold(0u32, |word, byte| (word << 8) | u32::from(*byte))
            << (8 * (3 - chunk.len()));
        for position in 0..4 {
            let index = (word >> (18 - 6 * position)) & 63;
            text.push(match position <= chunk.len() {
                true => char::from(ALPHABET[index as usize]),
                false => '=',
            });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_coded_as_the_terminal_expects() {
        let coded = ["", "f", "fo", "foo", "연차"].map(|text| base64(text.as_bytes()));
        assert_eq!(coded, ["", "Zg==", "Zm8=", "Zm9v", "7Jew7LCo"]);
    }
}
