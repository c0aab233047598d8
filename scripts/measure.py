#!/usr/bin/env python3
"""Measures a ragterm binary on a folder of documents and prints a table.

    python3 scripts/measure.py target/release/ragterm FOLDER [FOLDER ...] [--embed-files 600]

Everything runs in a temporary directory with a daemon of its own; FOLDERs are copied, not changed.
The bare loops (tantivy alone, the model alone) come from `cargo bench --bench bare` and are left
out with --no-bare. Figures of one run on one machine: compare ratios, not seconds.
"""

import argparse
import json
import os
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path


class Instance:
    """A ragterm of its own, ended at the end."""

    def __init__(self, binary, root, **variables):
        self.binary = binary
        self.data = root / "data"
        self.env = {
            "PATH": os.environ["PATH"],
            "HOME": str(root),
            "RAGTERM_CONFIG": "/dev/null",
            "RAGTERM_DATA_DIR": str(self.data),
            **variables,
        }

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.run("stop", check=False)

    def run(self, *arguments, check=True):
        done = subprocess.run(
            [self.binary, *arguments], env=self.env, capture_output=True, text=True
        )
        if check and done.returncode not in (0, 1):
            sys.exit(f"ragterm {' '.join(arguments)}: {done.stderr}")
        return done

    def json(self, *arguments):
        return json.loads(self.run(*arguments, "--json").stdout)

    def status(self):
        return self.json("status")

    def wait(self, key, timeout_s=3600):
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            status = self.status()
            if status[key]:
                return status
            time.sleep(0.05)
        sys.exit(f"not {key} after {timeout_s} s")


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def spread(values):
    return f"p50 {percentile(values, .5):.1f}  p95 {percentile(values, .95):.1f}  p99 {percentile(values, .99):.1f} ms"


def copy_all(folders, target):
    for folder in folders:
        shutil.copytree(folder, target / Path(folder).name, symlinks=True)
    files = [path for path in target.rglob("*") if path.is_file()]
    return files, sum(path.stat().st_size for path in files)


def some_queries(files, count):
    """Two to four words that stand side by side in a document, most of them in no title."""
    chooser = random.Random(7)
    queries = []
    while len(queries) < count and files:
        text = chooser.choice(files).read_text(errors="ignore")
        words = re.findall(r"[^\W\d_]{3,}", text)
        if len(words) > 20:
            start = chooser.randrange(len(words) - 4)
            queries.append(" ".join(words[start : start + chooser.randint(2, 4)]))
    return queries


def bare(what, folder, *arguments):
    command = ["cargo", "bench", "--quiet", "--bench", "bare", "--", what, str(folder), *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: {done.stderr}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def row(name, figure):
    print(f"| {name} | {figure} |", flush=True)


def measure_index(options, root, files, size):
    docs = root / "docs"
    with Instance(options.binary, root, RAGTERM_EMBEDDER__PROVIDER="none") as ragterm:
        ragterm.run("status")
        begin = time.monotonic()
        summary = ragterm.json("add", str(docs))
        took = time.monotonic() - begin
        rate = size / took / 1e6
        row("findable by keyword", f"{len(files)} files, {size / 1e6:.1f} MB in {took:.2f} s: "
            f"{rate:.1f} MB/s, {len(files) / took:.0f} documents/s")
        row("of these", f"indexed {summary['indexed']}, skipped {summary['skipped']}, failed {summary['failed']}")
        if not options.no_bare:
            loop = bare("tantivy", docs)
            row("bare tantivy loop", f"{loop['mb_per_s']:.1f} MB/s; ragterm reaches {rate / loop['mb_per_s']:.2f} of it")
        disk = sum(path.stat().st_size for path in ragterm.data.rglob("*") if path.is_file())
        row("disk", f"{disk / 1e6:.0f} MB, {disk / size:.2f} of the text")
        measure_queries(options, ragterm, files, ["keyword"])
        measure_freshness(ragterm, docs)
        measure_rescan(ragterm, docs)


def measure_queries(options, ragterm, files, modes):
    queries = some_queries(files, options.queries)
    for mode in modes:
        inside, whole = [], []
        for query in queries:
            begin = time.monotonic()
            done = ragterm.run("search", "--json", "--mode", mode, query)
            whole.append((time.monotonic() - begin) * 1000)
            if done.stdout:
                inside.append(json.loads(done.stdout)["took_ms"])
        row(f"query, {mode}, in the daemon", spread(inside))
        row(f"query, {mode}, whole process", spread(whole))


def measure_freshness(ragterm, docs, changes=40):
    waits = []
    for number in range(changes):
        word = f"zq{number}x{random.randrange(10**9)}"
        target = docs / f"fresh-{number % 5}.md"
        begin = time.monotonic()
        target.write_text(f"# Fresh\n\nThis is {word} indeed.\n")
        while word not in ragterm.run("search", "--json", "--mode", "keyword", word).stdout.split('"hits"')[-1]:
            if time.monotonic() - begin > 10:
                sys.exit(f"{word} was not found within 10 s")
        waits.append((time.monotonic() - begin) * 1000)
        time.sleep(0.2)
    row("change to findable", spread(waits))


def measure_rescan(ragterm, docs):
    ratios, ours, finds = [], [], []
    for _ in range(5):
        begin = time.monotonic()
        ragterm.run("sources", "rescan")
        ours.append(time.monotonic() - begin)
        begin = time.monotonic()
        subprocess.run(["find", str(docs), "-printf", "%s %T@ %p\n"], stdout=subprocess.DEVNULL, check=True)
        finds.append(time.monotonic() - begin)
        ratios.append(ours[-1] / finds[-1])
    row("rescan, nothing changed", f"{statistics.median(ours) * 1000:.0f} ms; find -printf "
        f"{statistics.median(finds) * 1000:.0f} ms; ratio {statistics.median(ratios):.2f}")


def measure_meaning(options, root, files):
    docs = root / "some"
    docs.mkdir()
    chosen = sorted(files)[: options.embed_files]
    for number, path in enumerate(chosen):
        shutil.copyfile(path, docs / f"{number:05}-{path.name}")
    with Instance(options.binary, root) as ragterm:
        ragterm.run("status")
        begin = time.monotonic()
        ragterm.run("add", str(docs))
        status = ragterm.wait("settled")
        took = time.monotonic() - begin
        embedded = status["chunks"]["embedded"]
        row("embedded", f"{len(chosen)} files, {embedded} passages in {took:.0f} s: {embedded / took:.1f} passages/s")
        if not options.no_bare:
            loop = bare("model", docs)
            rate = loop["passages_per_s"]
            row("bare model loop", f"{rate:.1f} passages/s; ragterm reaches {embedded / took / rate:.2f} of it")
        moved = docs.with_name("moved")
        before = status["embedder"]["embedded_texts"]
        inner = docs / "inner"
        inner.mkdir()
        for path in docs.glob("*-*"):
            path.rename(inner / path.name)
        time.sleep(1)
        status = ragterm.wait("settled")
        row("moving those files", f"{status['embedder']['embedded_texts'] - before} texts embedded")
        measure_queries(options, ragterm, chosen, ["keyword", "semantic", "hybrid"])
        time.sleep(options.idle_s)
        status = ragterm.status()
        row(f"memory after {options.idle_s} s idle", f"{status['daemon']['rss_bytes'] / 1e6:.0f} MB resident")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary")
    parser.add_argument("folders", nargs="+")
    parser.add_argument("--embed-files", type=int, default=600)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--idle-s", type=int, default=90)
    parser.add_argument("--no-bare", action="store_true")
    options = parser.parse_args()
    options.binary = str(Path(options.binary).resolve())
    print("| figure | value |\n|---|---|")
    with tempfile.TemporaryDirectory(prefix="rt") as directory:
        root = Path(directory)
        files, size = copy_all(options.folders, root / "docs")
        measure_index(options, root, files, size)
        shutil.rmtree(root / "data")
        if options.embed_files:
            measure_meaning(options, root, files)


main()
