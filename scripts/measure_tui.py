"""Measures the terminal client: first paint, and each key until its hits are on the screen.

    measure_tui.py PROGRAM [ARGUMENT…] < QUERIES

Runs the program in a pseudo-terminal of 120×30, types each line of QUERIES at 8 keys a second,
and reports two figures: what the client itself traced from reading a key to the flushed frame with
its hits (`RAGTERM_TEST_TUI_TRACE`), and what a terminal sees from the key to the first byte of the last
frame before the next key.
"""

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import tempfile
import termios
import time

KEY_INTERVAL_S = 0.125


def percentile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * share))] if values else float("nan")


def told(name, values):
    print(
        f"{name}: n={len(values)} p50={percentile(values, 0.5):.1f} ms "
        f"p95={percentile(values, 0.95):.1f} ms max={max(values, default=float('nan')):.1f} ms"
    )


def chunks(master, until):
    """Reads until a moment; yields the moment and the bytes of each chunk."""
    while (left := until - time.perf_counter()) > 0:
        if select.select([master], [], [], left)[0]:
            try:
                chunk = os.read(master, 1 << 16)
            except OSError:  # The program has ended.
                return
            yield time.perf_counter(), chunk


def start(command, trace):
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 120, 0, 0))
    environment = {**os.environ, "TERM": "xterm-256color", "RAGTERM_TEST_TUI_TRACE": trace}
    began = time.perf_counter()
    process = subprocess.Popen(
        command, stdin=slave, stdout=slave, stderr=slave, env=environment,
        start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    os.close(slave)
    return process, master, began


def first_paint(command, trace):
    process, master, began = start(command, trace)
    seen = b""
    painted = None
    for moment, chunk in chunks(master, began + 5):
        seen += chunk
        if b"search" in seen:
            painted = (moment - began) * 1000
            break
    list(chunks(master, time.perf_counter() + 0.3))
    os.write(master, b"\x03")
    list(chunks(master, time.perf_counter() + 0.3))
    process.wait(5)
    os.close(master)
    if painted is None:
        sys.exit(f"the program painted nothing: {seen!r}")
    return painted


def main():
    command, queries = sys.argv[1:], [line.rstrip("\n") for line in sys.stdin if line.strip()]
    with tempfile.TemporaryDirectory() as directory:
        trace = os.path.join(directory, "trace")
        told("first paint", [first_paint(command, trace) for _ in range(20)])
        process, master, began = start(command, trace)
        list(chunks(master, began + 1.5))
        seen = []
        for query in queries:
            for character in query:
                pressed = time.perf_counter()
                os.write(master, character.encode())
                moments = [moment for moment, _ in chunks(master, pressed + KEY_INTERVAL_S)]
                if moments and character != " ":
                    seen.append((moments[-1] - pressed) * 1000)
            os.write(master, b"\x15")
            list(chunks(master, time.perf_counter() + KEY_INTERVAL_S))
        os.write(master, b"\x03")
        list(chunks(master, time.perf_counter() + 0.5))
        process.wait(5)
        traced = [float(line.split()[1]) for line in open(trace, encoding="ascii")]
    told("key read to hits flushed (the client's own trace)", traced)
    told("key sent to last frame seen (from outside)", seen)


main()
