# A few recipes; CI calls the same script.

# format, lints, tests, documentation, licences
test:
    bash scripts/test.sh

# the release binary
build:
    cargo build --release --locked

# hot functions
bench:
    cargo bench

# end to end, on a folder of your own: just measure ~/Documents
measure FOLDER:
    cargo build --release --locked
    python3 scripts/measure.py target/release/ragterm {{FOLDER}}
