#!/usr/bin/env bash
# Has `ragterm init` make deployments of all kinds below DIRECTORY, for the validators:
#   RAGTERM=PROGRAM bash deployments.sh DIRECTORY
set -euo pipefail
directory=$1

# Names that a shell, `.env`, YAML or Compose would take for something else.
hostile=("it's \"\$HOME\" \`id\` #1 \\" "한글 폴더" "\${PATH:-x}" "a: b, {c} - [d]" plain)
folders=()
for name in "${hostile[@]}"; do
  mkdir -p "$directory/folders/$name"
  folders+=(--folder "$directory/folders/$name")
done
printf -- '-----BEGIN CERTIFICATE-----\nAAAA\n' >"$directory/pem"
listen=(--listen 127.0.0.1:7450 --tls-cert "$directory/pem" --tls-key "$directory/pem")

# init NAME [ANSWER…]: the defaults, but for these answers.
init() {
  local name=$1
  shift
  "$RAGTERM" init --yes --json --directory "$directory/$name" "$@" >/dev/null 2>&1
}

# The image of the program itself only here: it is large.
init default
init hostile --image ragterm:1 "${folders[@]}"
init chosen --image ragterm:1 --bot slack,discord --gpu yes "${listen[@]}" --folder "$directory/folders/plain"
init without-models --image ragterm:1 --embedding-model builtin --answering-model none
init embedded --kind compose-embedded --image ragterm:1 "${folders[@]}" "${listen[@]}"
