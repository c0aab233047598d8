#!/bin/sh
# Makes the secrets that the compose files name, each a file in DIRECTORY (default: secrets beside
# this script), and the empty place of documents. It never overwrites: what is there stays.
#   sh make-secrets.sh [DIRECTORY]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
directory=${1:-$here/secrets}

umask 077
mkdir -p "$directory"
chmod 700 "$directory"

# Reads standard input into the secret $1, unless there is one. Containers read the file itself, as
# users of their own; nobody else on this machine gets through the directory.
keep() {
  if [ -e "$directory/$1" ]; then
    echo "kept   $1"
  else
    cat >"$directory/$1"
    chmod 444 "$directory/$1"
    echo "made   $1"
  fi
}

random() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }

for name in postgres_password qdrant_api_key minio_password milvus_password vllm_api_key grafana_password; do
  random | keep "$name"
done
printf 'postgres://ragterm:%s@postgres/ragterm' "$(cat "$directory/postgres_password")" | keep catalog_url
printf 'root:%s' "$(cat "$directory/milvus_password")" | keep milvus_token
# Empty until you put the tokens of the bots and a certificate there.
for name in slack_app_token slack_bot_token slack_token discord_bot_token discord_token tls_cert tls_key; do
  if [ ! -e "$directory/$name" ]; then : | keep "$name"; chmod 644 "$directory/$name"; fi
done

if [ $# -eq 0 ]; then
  mkdir -p "$here/documents"
  chmod 755 "$here/documents"
fi
