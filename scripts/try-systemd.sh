#!/usr/bin/env bash
# Boots a small Debian 12 with its own systemd in a namespace, and runs the units of deploy/systemd in
# it: the README's commands as they stand there, then what the daemon promises under its hardening.
# It takes root, systemd-nspawn and debootstrap (apt install systemd-container debootstrap), and skips
# with the reason where it has not. Half a minute, and once a minute and a half for the Debian.
#
#   sudo RAGTERM=PROGRAM bash scripts/try-systemd.sh
#   RAGTERM=PROGRAM   the program (default: that of target/release)
#   DEBIAN=DIRECTORY  where the Debian is kept (default: ragterm-debian in the temporary directory)
# What stands in single quotes expands in the machine.
# shellcheck disable=SC2016
set -euo pipefail
cd "$(dirname "$0")/.."

program=$(realpath "${RAGTERM:-target/release/ragterm}")
debian=${DEBIAN:-${TMPDIR:-/tmp}/ragterm-debian}
packages=systemd,systemd-sysv,dbus,dbus-user-session,libpam-systemd,sudo,ca-certificates,curl,procps

skip() {
  echo "skipped: $1"
  exit 0
}

fail() {
  echo "FAILED: $1"
  tail -n 20 "$work/said" "$work/boot.log"
  exit 1
}

[ "$(id -u)" = 0 ] || skip "only root boots a machine"
for tool in systemd-nspawn debootstrap nsenter; do
  command -v "$tool" >/dev/null || skip "$tool is not here (apt install systemd-container debootstrap util-linux)"
done
unshare --mount --pid --fork true 2>/dev/null || skip "namespaces cannot be made here"
[ -x "$program" ] || skip "no program at $program (RAGTERM=PROGRAM)"

work=$(mktemp -d)
machine=
end() {
  # Its first process takes this signal for `poweroff`.
  if [ -n "$machine" ] && kill -RTMIN+4 "$(init)" 2>/dev/null; then wait "$machine" || true; fi
  rm -rf "$work"
}
trap end EXIT

if [ ! -e "$debian/.complete" ]; then
  rm -rf "$debian"
  debootstrap --variant=minbase --include="$packages" bookworm "$debian" >"$work/debootstrap.log" 2>&1 ||
    skip "Debian cannot be fetched: $(tail -n 1 "$work/debootstrap.log")"
  touch "$debian/.complete"
fi

# init: the number of the machine's first process.
init() { pgrep --parent "$machine" || true; }

# as USER COMMANDS: a login shell in the machine.
as() {
  nsenter --target "$(init)" --all env --ignore-environment TERM=dumb \
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin su --login "$1" --command "$2"
}

boot() {
  # Without systemd on this machine nobody registers it.
  local alone=()
  [ -d /run/systemd/system ] || alone=(--register=no --keep-unit)
  SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 systemd-nspawn --quiet --boot "${alone[@]}" --private-network \
    --machine=ragterm-try --console=read-only --directory="$work/root" </dev/null >>"$work/boot.log" 2>&1 &
  machine=$!
  until_true "the machine boots" as root 'systemctl is-system-running | grep --quiet running'
}

# until_true NAME COMMAND…: within half a minute.
until_true() {
  local name=$1 end=$((SECONDS + 30))
  shift
  until "$@" >"$work/said" 2>&1; do
    [ "$SECONDS" -lt "$end" ] || fail "$name"
    sleep 0.1
  done
  echo "ok: $name"
}

# check NAME USER COMMANDS
check() {
  as "$2" "$3" >"$work/said" 2>&1 || fail "$1"
  echo "ok: $1"
}

# block HEADING [NUMBER]: what the README has in its block of commands after that text.
block() {
  awk -v heading="$1" -v number="${2:-1}" '
    index($0, heading) { found = 1 }
    found && /^```/ { fence += 1; next }
    found && fence == 2 * number - 1 { print }' README.md
}

cp -a "$debian" "$work/root"
install -D -m 0755 "$program" "$work/root/home/alice/.cargo/bin/ragterm"
mkdir -p "$work/root/home/alice/Documents" "$work/root/srv/share"
cp -r deploy "$work/root/home/alice/"
cp -r sample/. "$work/root/srv/share"
cp -r sample/. "$work/root/home/alice/Documents"
boot
check "users" root 'useradd --shell /bin/bash alice && chown -R alice: /home/alice && useradd --create-home bob &&
  useradd --create-home carol && echo "alice ALL=(ALL) NOPASSWD: ALL" >/etc/sudoers.d/alice'

check "README: the program" alice "set -e; $(block '**The program**')"
check "README: for a machine" alice "set -e; $(block '**systemd, for a machine**')"
# An alias is for people: here a file that means the same.
block '**systemd, for a machine**' 2 | sed -n "/^alias/,/'\$/p" | sed "1s/.*='//; \$s/'\$/ \"\$@\"/" \
  >"$work/root/usr/local/bin/ragterm-service"
chmod 0755 "$work/root/usr/local/bin/ragterm-service"
check "a command at once finds the unit's daemon" alice \
  'ragterm-service status | grep --quiet "pid $(systemctl show --property MainPID --value ragterm),"'
check "README: its commands" alice "set -e; $(block '**systemd, for a machine**' 2 | sed '/^alias/,/'"'"'$/d')"
check "a new file" alice 'echo "the quokka rule" | sudo tee /srv/share/quokka.md'
until_true "is found" as alice 'ragterm-service search --mode keyword quokka | grep --quiet quokka.md'
check "and removed" alice 'sudo rm /srv/share/quokka.md'
until_true "is gone" as alice 'ragterm-service search --mode keyword quokka; [ $? = 1 ]'

killed=$(as root 'systemctl show --property MainPID --value ragterm')
check "kill -9" root "kill -9 $killed"
until_true "another daemon answers" as alice "ragterm-service status | grep 'pid ' | grep --invert-match 'pid $killed,'"

printf '\n[[grants]]\nto = "user:bob"\nspaces = ["default"]\n\n[backup]\ndirectory = "/mnt/vault"\n' \
  >>"$work/root/etc/ragterm/config.toml"
mkdir -p "$work/root/etc/systemd/system/ragterm.service.d"
block 'sudo systemctl edit ragterm' >"$work/root/etc/systemd/system/ragterm.service.d/override.conf"
check "an unmounted disk stops nothing" alice 'sudo systemctl daemon-reload && sudo systemctl restart ragterm &&
  ragterm-service status | grep "no backup could be written"'
check "a backup by the clock" alice 'sudo install --directory --owner=ragterm /mnt/vault && sudo systemctl restart ragterm'
until_true "is taken" as root 'ls /mnt/vault/ragterm-*.backup'
of_others='RAGTERM_SOCKET=/run/ragterm/ragterm.sock RAGTERM_CLIENT__OWNER=ragterm ragterm search --mode keyword vacation'
check "who is granted something finds it" bob "$of_others"
check "who is not is refused" carol "$of_others; [ \$? = 4 ]"
check "a backup by hand" alice 'ragterm-service backup /mnt/vault/ragterm.backup'
check "README: restore" alice "set -e; $(block 'Under systemd, as the service')"
check "everything agrees" alice 'ragterm-service verify && ragterm-service gc'

as root 'journalctl --unit ragterm --output cat _COMM=ragterm' >"$work/said"
python3 -c 'import json, sys; [json.loads(line)["event"] for line in sys.stdin]' <"$work/said" || fail "lines of JSON"
echo "ok: the journal has lines of JSON ($(wc -l <"$work/said"))"
check "a bot without tokens" alice 'sudo systemctl start ragterm-bot@slack'
until_true "says why it ends" as root 'systemctl is-failed ragterm-bot@slack &&
  journalctl --unit ragterm-bot@slack --output cat | grep "slack.app_token. is not set"'
check "a wrong configuration fails the start" root 'cd /etc/ragterm; echo "[wrong]" >>config.toml
  ! systemctl restart ragterm && journalctl --unit ragterm --output cat | grep wrong && sed -i "\$d" config.toml'
check "a right one ends well" root 'systemctl restart ragterm && sudo -u ragterm RAGTERM_SOCKET=/run/ragterm/ragterm.sock ragterm health'
check "the stop" root 'systemctl stop ragterm; [ "$(systemctl show --property Result --value ragterm)" = success ] &&
  [ ! -e /run/ragterm ]'

check "README: for one user" alice "set -e; export XDG_RUNTIME_DIR=/run/user/\$(id -u); $(block '**systemd, for one user**')"
check "its own daemon" alice 'export XDG_RUNTIME_DIR=/run/user/$(id -u)
  ragterm status | grep "pid $(systemctl --user show --property MainPID --value ragterm),"'
kill -RTMIN+4 "$(init)" && wait "$machine" || true
boot
until_true "the machine's daemon is there after a start" as alice 'ragterm-service health'
until_true "and the user's without a login" as root 'pgrep --euid alice --full "ragterm daemon"'
