"""The discovery example as a user runs it, in C and in Python."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ["CMG_BUILD_ROOT"])
PROGRAMS = {
    "c": [str(BUILD / "examples/discover_users")],
    "python": [sys.executable, str(ROOT / "bindings/python/examples/discover_users.py")],
}


def run(language: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*PROGRAMS[language], *arguments], capture_output=True, text=True,
                          timeout=120, check=False)


def programs() -> list[str]:
    """A sanitized library cannot be loaded by an ordinary interpreter."""
    return ["c"] if os.environ.get("CMG_SANITIZED") == "1" else list(PROGRAMS)


@pytest.mark.parametrize("language", programs())
def test_everything_is_told_and_the_next_run_goes_on(language: str, tmp_path: Path) -> None:
    directory = tmp_path / "run"
    done = run(language, "--sandbox", str(directory), "250")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["00000000-0000-4000-8000-000000000001",
                                "user000001@contoso.onmicrosoft.com", "User", "000001"]
    assert len({line.split()[0] for line in lines[:-1]}) == 250
    link = directory / "users.link"
    assert link.stat().st_mode & 0o77 == 0
    assert link.read_text(encoding="utf-8").startswith("https://graph.microsoft.com/v1.0/users")
    done = run(language, "--sandbox", str(directory), "250")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "1 users, 0 gone"
    assert "New name" in done.stdout


@pytest.mark.parametrize("language", programs())
def test_a_link_that_leads_elsewhere_is_refused(language: str, tmp_path: Path) -> None:
    (tmp_path / "users.link").write_text("https://evil.example/v1.0/users/delta?a=b",
                                         encoding="utf-8")
    done = run(language, "--sandbox", str(tmp_path), "1")
    assert done.returncode != 0
    assert "users_link" in done.stderr and "graph.microsoft.com" in done.stderr


@pytest.mark.parametrize("language", programs())
def test_bad_input_is_named(language: str) -> None:
    assert run(language).returncode == 2
