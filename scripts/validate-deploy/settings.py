"""Asks ragterm itself whether the variables that a deployment sets are keys of its configuration."""

import os
import pathlib
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]


def program() -> pathlib.Path | None:
    """The ragterm to ask; `validate-deploy.sh` says which, or that there is none."""
    named = os.environ.get("RAGTERM")
    return pathlib.Path(named) if named else None


def faults(where: str, variables: dict[str, str], config: str) -> list[str]:
    """What ragterm says against the variables and the text of a configuration file."""
    ragterm = program()
    known = {name: value for name, value in variables.items() if name.startswith("RAGTERM_")}
    if ragterm is None or not known:
        return []
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
