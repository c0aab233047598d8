#!/bin/sh
# Runs a real Milvus (2.3.5, from PyPI) for tests: milvus.sh [COMMAND…]
#
# With a command: runs it with RAGTERM_TEST_MILVUS_URL and RAGTERM_TEST_MILVUS_API_KEY set, and ends
# the server with it. Without: prints the URL and serves until it is ended; the key is root:Milvus.
#
# Milvus binds its ports on every interface, so it runs in a network namespace of its own; what it
# serves is forwarded to a port of this machine's loopback. Needs Linux, Python 3 and root, or user
# namespaces. RAGTERM_MILVUS_VENV names a Python environment to install into and use again.
set -eu

ready_within_s=180
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/ragterm-milvus.XXXXXX")
venv=${RAGTERM_MILVUS_VENV:-$work/venv}
server= relay= command=

end() {
    # What has ended by itself needs no signal.
    [ -z "$command" ] || kill "$command" 2>/dev/null || true
    [ -z "$relay" ] || kill "$relay" 2>/dev/null || true
    [ -z "$server" ] || { kill -KILL "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; }
    rm -rf "$work"
}
trap end EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

fail() {
    echo "milvus.sh: $1" >&2
    tail -n 20 "$work/log" >&2 2>/dev/null || true
    exit 1
}

if [ ! -x "$venv/bin/milvus-server" ]; then
    python3 -m venv "$venv"
    timeout 600 "$venv/bin/pip" install --quiet --disable-pip-version-check \
        'milvus==2.3.5' 'setuptools<81' 'marshmallow<4' || fail "milvus cannot be installed"
fi

# Ending `unshare` ends everything inside.
as_root=
[ "$(id -u)" = 0 ] || as_root=--map-root-user
unshare $as_root --net --pid --fork --kill-child --mount-proc sh -eu -c '
    ip link set lo up
    "$1/bin/milvus-server" --data "$2/data" --extra-config proxy.http.enabled=true \
        --extra-config common.security.authorizationEnabled=true &
    until python3 -c "import urllib.request as u; u.urlopen(\"http://127.0.0.1:9091/healthz\", timeout=1)"
    do sleep 0.5; done 2>/dev/null
    exec python3 "$3/relay.py" "unix:$2/socket" tcp:127.0.0.1:19530
' inside "$venv" "$work" "$here" >"$work/log" 2>&1 &
server=$!

waited=0
until [ -S "$work/socket" ]; do
    kill -0 "$server" 2>/dev/null || fail "milvus ended"
    [ "$waited" -lt "$ready_within_s" ] || fail "milvus was not ready within $ready_within_s s"
    sleep 1
    waited=$((waited + 1))
done

python3 "$here/relay.py" tcp:127.0.0.1:0 "unix:$work/socket" >"$work/address" &
relay=$!
until [ -s "$work/address" ]; do
    kill -0 "$relay" 2>/dev/null || fail "the relay ended"
    sleep 0.1
done
RAGTERM_TEST_MILVUS_URL=http://$(cat "$work/address")
RAGTERM_TEST_MILVUS_API_KEY=root:Milvus
export RAGTERM_TEST_MILVUS_URL RAGTERM_TEST_MILVUS_API_KEY

if [ $# -gt 0 ]; then
    # In the background, because a signal is seen while waiting only.
    "$@" &
    command=$!
    wait "$command"
else
    echo "$RAGTERM_TEST_MILVUS_URL"
    wait "$relay"
fi
