"""Holds dashboard and alerts to METRICS.md, and METRICS.md to Prometheus' conventions.

python metrics.py PATH_OF_PROMTOOL
"""

import itertools
import json
import re
import subprocess
import sys
import tempfile

import yaml

import settings

HERE = settings.ROOT / "deploy" / "observability"

# Labels that Prometheus adds, and that of a histogram.
ADDED = {"job", "instance", "le"}

BUCKETS = ["0.001", "0.0025", "0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "30", "60"]


def listed() -> tuple[dict[str, tuple[str, set[str]]], dict[str, set[str]]]:
    """Of METRICS.md: each metric with its type and labels, and the values of closed labels."""
    text = (HERE / "METRICS.md").read_text()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("| `")]
    metrics = {row[0].strip("`"): (row[1], set(re.findall(r"`(\w+)`", row[2]))) for row in rows if len(row) == 4}
    values = {row[0].strip("`"): set(re.findall(r"`(\w+)`", row[1])) for row in rows if len(row) == 2}
    return metrics, values


def exposition(metrics: dict[str, tuple[str, set[str]]], values: dict[str, set[str]]) -> str:
    """A scrape that has every metric of the list, once for each value of its labels."""
    lines = []
    for name, (kind, labels) in metrics.items():
        lines += [f"# HELP {name} An example.", f"# TYPE {name} {kind}"]
        choices = [[f'{label}="{value}"' for value in sorted(values.get(label, {"example"}))] for label in sorted(labels)]
        for chosen in itertools.product(*choices):
            if kind != "histogram":
                lines.append(f"{name}{{{','.join(chosen)}}} 1")
                continue
            inner = ",".join(chosen)
            lines += [f'{name}_bucket{{{inner},le="{bound}"}} 1' for bound in [*BUCKETS, "+Inf"]]
            lines += [f"{name}_sum{{{inner}}} 1", f"{name}_count{{{inner}}} 1"]
    return "\n".join(lines) + "\n"


def queries() -> dict[str, str]:
    """Every query of the dashboard and the alerts, by where it stands."""
    dashboard = json.loads((HERE / "dashboard.json").read_text())
    found = {
        f"panel `{panel['title']}`": target["expr"]
        for panel in dashboard["panels"]
        for target in panel.get("targets", [])
    }
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            found[f"variable `{variable['name']}`"] = re.sub(r"label_values\((.*), (\w+)\)", r"count by (\2) (\1)", variable["query"]["query"])
    for group in yaml.safe_load((HERE / "alerts.yaml").read_text())["groups"]:
        found |= {f"alert `{rule['alert']}`": rule["expr"] for rule in group["rules"]}
    return found


def of_a_query(where: str, query: str, metrics: dict, values: dict) -> list[str]:
    """Metrics, labels and values that a query names and the list has not."""
    found = []
    for name, matchers in re.findall(r"\b((?:ragterm|process)_\w+)(?:\{([^}]*)\})?", query):
        known = name if name in metrics else re.sub(r"_(bucket|sum|count)$", "", name)
        if known not in metrics or (known != name) != (metrics[known][0] == "histogram"):
            found.append(f"{where}: METRICS.md has no `{name}`")
            continue
        for label, value in re.findall(r'(\w+)=~?"([^"]*)"', matchers or ""):
            if label not in metrics[known][1] | ADDED:
                found.append(f"{where}: `{name}` has no label `{label}`")
            unknown = set(value.split("|")) - values.get(label, set())
            if label in {"stage", "follower", "queue", "state", "verdict", "kind"} and unknown:
                found.append(f"{where}: `{label}` is never {sorted(unknown)}")
    for label in re.findall(r"by \(([^)]*)\)", query):
        allowed = set().union(*(metrics[name][1] for name in metrics if name in query)) | ADDED
        found += [f"{where}: nothing has the label `{one}`" for one in set(label.split(", ")) - allowed]
    return found


def syntax(promtool: str, found: dict[str, str]) -> list[str]:
    """Prometheus parses each query."""
    concrete = {
        where: query.replace("$__rate_interval", "5m").replace("$__range", "6h").replace("$instance", ".*")
        for where, query in found.items()
    }
    rules = [{"record": f"checked:{number}", "expr": query} for number, query in enumerate(concrete.values())]
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        yaml.safe_dump({"groups": [{"name": "checked", "rules": rules}]}, file)
        file.flush()
        answer = subprocess.run([promtool, "check", "rules", file.name], capture_output=True, text=True, timeout=60)
    return [] if answer.returncode == 0 else [f"Prometheus: {answer.stderr.strip()}"]


def conventions(promtool: str, text: str) -> list[str]:
    """What Prometheus' own linter says to a scrape."""
    answer = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, text=True, timeout=60)
    return [] if answer.returncode == 0 else [f"METRICS.md: {answer.stdout.strip()} {answer.stderr.strip()}"]


def main() -> None:
    """Prints every fault; ends with 1 if there is one."""
    promtool = sys.argv[1]
    metrics, values = listed()
    all_queries = queries()
    found = conventions(promtool, exposition(metrics, values))
    for where, query in all_queries.items():
        found += of_a_query(where, query, metrics, values)
    found += syntax(promtool, all_queries)
    shown = " ".join(all_queries.values())
    unseen = [name for name in metrics if name not in shown and not name.startswith("process_")]
    found += [f"METRICS.md: `{name}` is on no panel and in no alert" for name in unseen]
    print("\n".join(found) or f"{len(metrics)} metrics, {len(all_queries)} queries")
    sys.exit(1 if found or len(metrics) < 20 else 0)


if __name__ == "__main__":
    main()
