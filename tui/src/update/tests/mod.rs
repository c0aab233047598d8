//! What the update promises, driven by messages alone.

mod asking;
mod at_random;
mod connecting;
mod keys;
mod pointing;
mod searching;

pub use asking::answered;
