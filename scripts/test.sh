#!/usr/bin/env bash
# Everything that must hold before a change lands: format, lints, tests, documentation, licences.
#
# Tests of servers need PostgreSQL's programs for a throw-away server, which is started where they
# are installed. RAGTERM_TEST_SERVERS="milvus llama" fetches a real Milvus (220 MB) and llama.cpp's
# real server with two small models (300 MB), from PyPI, and runs them too. What has no server says
# "skipped".
set -euo pipefail
cd "$(dirname "$0")/.."

cargo fmt --all --check
cargo clippy --workspace --all-targets --locked -- -D warnings
cargo test --workspace --locked --doc
if command -v cargo-deny >/dev/null; then
  cargo deny --offline check licenses bans sources
else
  echo "skipped: cargo-deny is not installed (cargo install cargo-deny --locked)"
fi

tests=(cargo test --workspace --locked --lib --bins --tests)
if command -v cargo-nextest >/dev/null; then
  tests=(cargo nextest run --workspace --locked)
fi
servers=(scripts/test-servers/postgres.sh)
for server in ${RAGTERM_TEST_SERVERS:-}; do
  servers+=(sh "scripts/test-servers/$server.sh")
done
"${tests[@]}" --no-run
"${servers[@]}" "${tests[@]}" --no-fail-fast
