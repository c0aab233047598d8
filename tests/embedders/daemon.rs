//! The real program with an embedding server that comes, goes and fails.
