//! The bots, driven through the fake platforms against a scripted daemon.
