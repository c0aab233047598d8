#!/usr/bin/env bash
# Everything that must hold before a change lands: format, lints, tests, documentation, licences.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo fmt --all --check
cargo clippy --workspace --all-targets --locked -- -D warnings
cargo test --workspace --locked --doc
if command -v cargo-nextest >/dev/null; then
  cargo nextest run --workspace --locked
else
  cargo test --workspace --locked --lib --bins --tests
fi
if command -v cargo-deny >/dev/null; then
  cargo deny --offline check licenses bans sources
else
  echo "skipped: cargo-deny is not installed (cargo install cargo-deny --locked)"
fi
