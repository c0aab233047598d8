#!/usr/bin/env bash
# Runs a command with a throw-away PostgreSQL on a free port of loopback, named in
# RAGTERM_TEST_POSTGRES_URL; without PostgreSQL's programs the command runs without it.
#
#     scripts/test-servers/postgres.sh cargo nextest run --workspace
set -euo pipefail

programs=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1 || true)
if [ -z "$programs" ]; then
  echo "skipped: PostgreSQL is not installed, its tests will say so" >&2
  exec "$@"
fi

directory=$(mktemp -d)
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
# PostgreSQL refuses to run as root.
as_owner=()
if [ "$(id -u)" = 0 ]; then
  chown postgres "$directory"
  as_owner=(runuser -u postgres --)
fi
end() {
  "${as_owner[@]}" "$programs/pg_ctl" -D "$directory/data" -m immediate stop >/dev/null 2>&1 || true
  rm -rf "$directory"
}
trap end EXIT

"${as_owner[@]}" "$programs/initdb" -D "$directory/data" -U ragterm --auth=trust --no-sync \
  --locale=en_US.UTF-8 >"$directory/log" 2>&1 ||
  "${as_owner[@]}" "$programs/initdb" -D "$directory/data" -U ragterm --auth=trust --no-sync \
    --encoding=UTF8 >"$directory/log" 2>&1
# One user has to show a password, so that a wrong one can be shown.
hba=$directory/data/pg_hba.conf
"${as_owner[@]}" sed -i '1i host all guarded 127.0.0.1/32 scram-sha-256' "$hba"
"${as_owner[@]}" "$programs/pg_ctl" -D "$directory/data" -w -t 60 -l "$directory/server.log" \
  -o "-h 127.0.0.1 -p $port -k $directory -F -c max_connections=300" start >/dev/null
export RAGTERM_TEST_POSTGRES_URL="postgres://ragterm@127.0.0.1:$port/postgres"
"$@"
