"""The programs that have a session in common, as a user runs them, in C and in Python."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ["CMG_BUILD_ROOT"])
SANDBOX = ("--sandbox", "--sign-in", "secret")


def command(language: str, program: str, *arguments: str | Path) -> list[str]:
    """The command line of one."""
    if language == "c":
        first = [str(BUILD / "examples" / program)]
    else:
        first = [sys.executable, str(ROOT / f"bindings/python/examples/{program}.py")]
    return [*first, *map(str, arguments)]


def run(language: str, program: str, *arguments: str | Path,
        **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs it to its end."""
    return subprocess.run(command(language, program, *arguments), capture_output=True,
                          text=True, timeout=120, check=False, stdin=subprocess.DEVNULL,
                          env=os.environ | environment)


def run_elsewhere(language: str, program: str, place: Path,
                  *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """The same in a sandbox, with a build of nothing but the program."""
    place.mkdir(exist_ok=True)
    if language != "c":
        return run(language, program, *SANDBOX, *arguments, CMG_BUILD_ROOT=str(place))
    shutil.copy(BUILD / "examples" / program, place)
    return subprocess.run([str(place / program), *SANDBOX, *map(str, arguments)],
                          capture_output=True, text=True, timeout=120, check=False,
                          stdin=subprocess.DEVNULL,
                          env=os.environ | {"LD_LIBRARY_PATH": str(BUILD / "libcmg")})


def good(language: str, program: str, *arguments: str | Path, stderr: bool = False) -> str:
    """What it printed in a sandbox, where it succeeded, or with stderr what it showed."""
    done = run(language, program, *SANDBOX, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "\033" not in done.stdout + done.stderr and "\r" not in done.stderr
    return done.stderr if stderr else done.stdout


def languages() -> list[str]:
    """A sanitized library cannot be loaded by an ordinary interpreter."""
    return ["c"] if os.environ.get("CMG_SANITIZED") == "1" else ["c", "python"]
