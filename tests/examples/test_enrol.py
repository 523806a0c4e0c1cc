"""The enrolment example as a user runs it, in C and in Python."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ["CMG_BUILD_ROOT"])
PROGRAMS = {
    "c": [str(BUILD / "examples/enrol_adcs")],
    "python": [sys.executable, str(ROOT / "bindings/python/examples/enrol_adcs.py")],
}


def run(language: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*PROGRAMS[language], *arguments], capture_output=True, text=True,
                          timeout=120, check=False, env=os.environ | environment)


def programs() -> list[str]:
    """A sanitized library cannot be loaded by an ordinary interpreter."""
    return ["c"] if os.environ.get("CMG_SANITIZED") == "1" else list(PROGRAMS)


@pytest.mark.parametrize("language", programs())
def test_certificate_is_issued_and_stays(language: str, tmp_path: Path) -> None:
    directory = tmp_path / "run"
    done = run(language, "--sandbox", str(directory), "granitefalls.contoso.com")
    assert done.returncode == 0, done.stderr
    assert "ISSUED" in done.stdout and "was issued to you" in done.stdout
    issued = (directory / "certificate.pem").read_bytes()
    verified = subprocess.run(["openssl", "verify", "-CAfile", str(directory / "cloud/ca.pem"),
                               "-verify_hostname", "granitefalls.contoso.com",
                               str(directory / "certificate.pem")],
                              capture_output=True, text=True, check=False)
    assert verified.returncode == 0, verified.stderr
    for name in ("key.pem", "enrolment.json"):
        assert (directory / name).stat().st_mode & 0o77 == 0
    # Run again, nothing is asked for anew.
    assert run(language, "--sandbox", str(directory), "granitefalls.contoso.com").returncode == 0
    assert (directory / "certificate.pem").read_bytes() == issued


@pytest.mark.parametrize("language", programs())
def test_bad_input_is_named(language: str, tmp_path: Path) -> None:
    assert run(language).returncode == 2
    done = run(language, str(tmp_path), "a.contoso.com", "http://pki.contoso.com", "Web", "cmg",
               CMG_PASSWORD="top-secret")
    assert done.returncode != 0
    assert "https" in done.stderr and "top-secret" not in done.stderr
