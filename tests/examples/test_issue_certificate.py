"""The example that issues a certificate, judged by openssl."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

PROGRAM = Path(os.environ["CMG_BUILD_ROOT"]) / "examples/issue_certificate"


def run(*command: str | Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([str(part) for part in command], capture_output=True, text=True,
                          check=False)


def test_what_it_writes_is_a_chain_with_a_list(tmp_path: Path) -> None:
    for _ in range(2):  # the authority of the first run issues the second one
        done = run(PROGRAM, tmp_path, "gw.contoso.com")
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith("CN=gw.contoso.com, issued by CN=Contoso Test Authority")
    said = run("openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-crl_check",
               "-CRLfile", tmp_path / "authority.crl", "-CAfile", tmp_path / "root.pem",
               tmp_path / "certificate.pem")
    assert said.returncode == 0, said.stderr
    said = run("openssl", "req", "-verify", "-noout", "-in", tmp_path / "request.pem")
    assert said.returncode == 0, said.stderr
    lines = (tmp_path / "authority/issued.jsonl").read_text().splitlines()
    assert sum('"op":"issue"' in line for line in lines) == 2


def test_a_wrong_name_is_told_with_its_remedy(tmp_path: Path) -> None:
    done = run(PROGRAM, tmp_path, "*.com")
    assert done.returncode == 1 and "two labels behind it" in done.stderr
    assert run(PROGRAM).returncode == 2
