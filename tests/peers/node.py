"""Runs the scripts of this folder with the clients that npm installed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
MODULES = HERE.parents[1] / "build-peers/node_modules"
WANTED: dict[str, str] = json.loads(
    (HERE / "package.json").read_text(encoding="utf-8"))["dependencies"]


def version() -> int:
    """Node's major version; 0 without Node."""
    if shutil.which("node") is None:
        return 0
    said = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    return int(said.lstrip("v").partition(".")[0])


def missing() -> str:
    """Why the scripts cannot run; empty when they can."""
    if not version():
        return "nodejs is not installed"
    absent = [name for name in WANTED if not (MODULES / name).exists()]
    return f"not installed from npm: {', '.join(absent)}" if absent else ""


def outcome(script: str, case: str, ready: Path) -> dict[str, Any]:
    """What came of a case of a script, with the facts of a ready file."""
    done = subprocess.run(["node", str(HERE / script), case, str(ready)], capture_output=True,
                          text=True, timeout=120, check=False, stdin=subprocess.DEVNULL,
                          env=os.environ | {"NODE_PATH": str(MODULES)})
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def value(script: str, case: str, ready: Path) -> Any:
    """What a case that succeeds told."""
    found = outcome(script, case, ready)
    assert "error" not in found, found
    return found["value"]
