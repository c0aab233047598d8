//! The terminal client: searching and asking all day, over the daemon's gRPC alone.
