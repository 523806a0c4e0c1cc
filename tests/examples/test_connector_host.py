"""What the program connector_host says to options that do not go together."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

PROGRAM = Path(os.environ["CMG_BUILD_ROOT"]) / "examples/connector_host"


@pytest.mark.parametrize("half", [("--proxy-user", "me"), ("--proxy-password-file", "file")])
def test_half_an_account_of_the_proxy_is_refused(tmp_path: Path, half: tuple[str, str]) -> None:
    done = subprocess.run(
        [PROGRAM, "--config", tmp_path / "c.json", "--pfx", tmp_path / "c.pfx",
         "--password-file", tmp_path / "password", "--proxy", "http://127.0.0.1:1", *half],
        capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 2
    assert "--proxy-user NAME and --proxy-password-file FILE" in done.stderr
