"""Asks a real Prometheus every query of the dashboard, over what a daemon showed: each must have an answer.

python panels.py PATH_OF_PROMETHEUS FILE     over the text of a scrape
python panels.py PATH_OF_PROMETHEUS URL      over what a daemon shows, such as http://127.0.0.1:7451/metrics
"""

import http.server
import json
import pathlib
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request

import yaml

import metrics

DEADLINE_S = 60


class Example(http.server.BaseHTTPRequestHandler):
    """Shows the text of a scrape."""

    text = b""

    def do_GET(self) -> None:
        """Answers a scrape."""
        body = self.text
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


def free_port() -> int:
    """A port of loopback that nobody uses."""
    with http.server.HTTPServer(("127.0.0.1", 0), Example) as server:
        return server.server_port


def answers(port: int, query: str) -> int:
    """How many series Prometheus answers with."""
    url = f"http://127.0.0.1:{port}/api/v1/query?" + urllib.parse.urlencode({"query": query})
    with urllib.request.urlopen(url, timeout=5) as answer:
        return len(json.load(answer)["data"]["result"])


def unanswered(port: int, queries: dict[str, str]) -> dict[str, str]:
    """The queries that have no answer by the deadline."""
    deadline = time.monotonic() + DEADLINE_S
    open_ones = dict(queries)
    while open_ones and time.monotonic() < deadline:
        time.sleep(1)
        try:
            open_ones = {where: query for where, query in open_ones.items() if answers(port, query) == 0}
        except OSError:
            continue
    return open_ones


def concrete() -> dict[str, str]:
    """The queries of panels and variables, with Grafana's own variables filled in."""
    shown = {where: query for where, query in metrics.queries().items() if not where.startswith("alert")}
    # A window of a few scrapes: the test takes seconds.
    fill = {"$__rate_interval": "10s", "$__range": "10s", "$instance": ".*"}
    for variable, value in fill.items():
        shown = {where: query.replace(variable, value) for where, query in shown.items()}
    return shown


def main() -> None:
    """Prints the queries without an answer; ends with 1 if there is one."""
    shown = sys.argv[2]
    if not shown.startswith("http://"):
        Example.text = pathlib.Path(shown).read_bytes()
        example = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Example)
        threading.Thread(target=example.serve_forever, daemon=True).start()
        shown = f"http://127.0.0.1:{example.server_port}/metrics"
    target = urllib.parse.urlsplit(shown)
    job = {"job_name": "ragterm", "metrics_path": target.path, "static_configs": [{"targets": [target.netloc]}]}
    port = free_port()
    with tempfile.TemporaryDirectory() as directory:
        config = pathlib.Path(directory) / "prometheus.yaml"
        config.write_text(yaml.safe_dump({"global": {"scrape_interval": "1s"}, "scrape_configs": [job]}))
        prometheus = subprocess.Popen(
            [
                sys.argv[1],
                f"--config.file={config}",
                f"--storage.tsdb.path={directory}/data",
                f"--web.listen-address=127.0.0.1:{port}",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            silent = unanswered(port, concrete())
        finally:
            prometheus.terminate()
            prometheus.wait(timeout=20)
    found = [f"{where} has no answer: {query}" for where, query in silent.items()]
    print("\n".join(found) or f"{len(concrete())} queries, each with an answer of Prometheus")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
