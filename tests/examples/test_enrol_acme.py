"""The ACME example as a user runs it, against a real server."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ["CMG_BUILD_ROOT"])
sys.path.insert(0, str(ROOT / "bindings/python/tests"))

from pebble import IS_THERE, Pebble  # noqa: E402

pytestmark = pytest.mark.skipif(not IS_THERE, reason="the package with pebble is missing")
NAME = "granitefalls.contoso.com"


@pytest.fixture
def pebble(tmp_path: Path) -> Iterator[Pebble]:
    made = Pebble(tmp_path)
    yield made
    made.stop()


def program(pebble: Pebble, path: Path) -> str:
    """What changes the zone: the words are its arguments."""
    path.write_text("#!/bin/sh\n"
                    "test \"$1\" = present && verb=set-txt || verb=clear-txt\n"
                    f"exec curl -sf -d '{{\"host\":\"'$3'.\",\"value\":\"'$4'\"}}' "
                    f"{pebble.names_url}$verb\n")
    path.chmod(0o700)
    return str(path)


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(BUILD / "examples/enrol_acme"), *arguments], capture_output=True,
                          text=True, timeout=120, check=False)


def test_certificate_is_issued(pebble: Pebble, tmp_path: Path) -> None:
    directory = tmp_path / "run"
    words = (str(directory), NAME, pebble.directory, "admin@contoso.com",
             program(pebble, tmp_path / "zone"), str(pebble.certificate))
    done = run(*words)
    assert done.returncode == 0, done.stderr
    assert f"proving {NAME} _acme-challenge.{NAME}" in done.stdout
    assert "ISSUED" in done.stdout
    printed = subprocess.run(["openssl", "x509", "-in", str(directory / "certificate.pem"),
                              "-noout", "-ext", "subjectAltName"], capture_output=True, text=True,
                             check=True)
    assert NAME in printed.stdout
    for name in ("account.pem", "key.pem", "enrolment.json"):
        assert (directory / name).stat().st_mode & 0o77 == 0


def test_zone_that_cannot_be_changed_ends_it(pebble: Pebble, tmp_path: Path) -> None:
    done = run(str(tmp_path / "run"), NAME, pebble.directory, "admin@contoso.com", "/bin/false",
               str(pebble.certificate))
    assert done.returncode == 1
    assert "error:" in done.stderr
    assert run().returncode == 2
