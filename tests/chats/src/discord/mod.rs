//! Discord: gateway and REST.
