//! The terminal client: searching and asking all day, over the daemon's gRPC alone.
//!
//! What happens is a `message`; `update` alone changes the `state` by it and says in `effect`s what is
//! to be done outside; `draw` reads the state. `effects` talks to the daemon, `screen` to the terminal,
//! and `run` is the loop that joins them.

mod draw;
mod effect;
mod effects;
mod error;
mod fault;
mod history;
mod input;
mod keys;
mod markup;
mod message;
mod opening;
mod options;
mod panels;
mod run;
mod screen;
mod signals;
mod state;
#[cfg(test)]
mod testing;
mod text;
mod theme;
mod trace;
mod update;

pub use error::Error;
pub use keys::Keys;
pub use options::{Connect, Connecting, Options, Unreachable};
pub use run::run;
pub use theme::{Colour, THEMES, Theme};
