"""Asks ragterm itself whether the variables that a deployment sets are keys of its configuration."""

import os
import pathlib
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Keys that the deployment may name before the program knows them, each with its line in the example.
AWAITED = {"RAGTERM_DAEMON__HTTP": "#http ="}


def program() -> pathlib.Path | None:
    """The ragterm to ask: $RAGTERM, or one that was built here."""
    named = os.environ.get("RAGTERM")
    built = [ROOT / "target" / kind / "ragterm" for kind in ("release", "debug")]
    found = [path for path in ([pathlib.Path(named)] if named else built) if path.is_file()]
    return max(found, key=lambda path: path.stat().st_mtime) if found else None


def faults(where: str, variables: dict[str, str], config: str) -> list[str]:
    """What ragterm says against the variables and the text of a configuration file."""
    ragterm = program()
    if ragterm is None:
        return []
    example = (ROOT / "config.example.toml").read_text()
    known = {
        name: value
        for name, value in variables.items()
        if name.startswith("RAGTERM_") and AWAITED.get(name, "") in example
    }
    with tempfile.TemporaryDirectory() as directory:
        file = pathlib.Path(directory) / "config.toml"
        file.write_text(config)
        relocated = {"RAGTERM_CONFIG": str(file), "RAGTERM_DATA_DIR": directory}
        answer = subprocess.run(
            [ragterm, "config", "show"],
            env={"PATH": os.environ["PATH"], **known, **relocated, "RAGTERM_SOCKET": f"{directory}/s"},
            capture_output=True,
            text=True,
            timeout=30,
        )
    return [] if answer.returncode == 0 else [f"{where}: {answer.stderr.strip()}"]
