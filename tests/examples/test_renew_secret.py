"""renew_secret in C and in Python against cmg-sandbox."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from cmg_sandbox import Sandbox

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ["CMG_BUILD_ROOT"])
PYTHON = ROOT / "bindings/python"
APPS = {"version": 1, "tenant": {"domain": "contoso.onmicrosoft.com"},
        "server_app": {"name": "CMG-ServerApp"}, "client_app": {"name": "CMG-ClientApp"}}
REGISTER = """
import sys
import cmg
spec, journal, ca, port, client_id, secret = sys.argv[1:]
with cmg.Context() as ctx:
    ctx.add_ca_file(ca)
    for host in ("login.microsoftonline.com", "graph.microsoft.com"):
        ctx.add_address(host, "127.0.0.1", port=443, address_port=int(port))
    gateway = cmg.Gateway.from_file(ctx, spec)
    gateway.tenant.set_client_secret(client_id, secret)
    cmg.Deploy(gateway, cmg.Operation.REGISTER_APPS, journal=journal).run()
"""


@pytest.mark.parametrize("command", [
    [str(BUILD / "examples/renew_secret")],
    [sys.executable, str(PYTHON / "examples/renew_secret.py")]], ids=["c", "python"])
def test_a_look_changes_nothing_and_a_renewal_the_secret(command: list[str],
                                                         tmp_path: Path) -> None:
    sandbox = Sandbox(tmp_path)
    facts = sandbox.facts
    port = facts["base"].rpartition(":")[2]
    spec, journal = tmp_path / "apps.json", tmp_path / "apps.journal"
    spec.write_text(json.dumps(APPS), encoding="ascii")
    kept = Path(f"{journal}.secrets/server-app-secret")
    environment = os.environ | {"PYTHONPATH": str(PYTHON), "CMG_LIBRARY_PATH": str(BUILD / "libcmg"),
                                "CMG_CLIENT_ID": facts["client_id"],
                                "CMG_CLIENT_SECRET": facts["client_secret"]}

    def run(*words: str) -> str:
        done = subprocess.run(words, capture_output=True, text=True, timeout=120,
                              check=False, env=environment)
        assert done.returncode == 0, done.stderr
        assert facts["client_secret"] not in done.stdout + done.stderr
        return done.stdout

    try:
        run(sys.executable, "-c", REGISTER, str(spec), str(journal), facts["ca_file"], port,
            facts["client_id"], facts["client_secret"])
        before = kept.read_bytes()
        arguments = ["--ca", facts["ca_file"]]
        for host in ("login.microsoftonline.com", "graph.microsoft.com"):
            arguments += ["--connect-to", f"{host}:443:127.0.0.1:{port}"]
        arguments += [str(spec), str(journal)]
        said = run(*command, *arguments)
        assert "days left" in said and "change client secret" in said
        assert kept.read_bytes() == before
        said = run(*command, "--renew", *arguments)
        assert "renewed" in said
        assert kept.read_bytes() != before and before.decode() not in said
    finally:
        assert sandbox.end() == 0
