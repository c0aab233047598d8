//! The Model Context Protocol server: the daemon's search and documents as tools for agents.
