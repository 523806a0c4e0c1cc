"""The Azure CLI (Debian's azure-cli) with a configuration of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

SERVER = Path(__file__).with_name("az_server.py")
# Debian's own: it has the CLI's modules.
PYTHON = "/usr/bin/python3"


def missing() -> str:
    """Why it cannot run; empty when it can."""
    return "" if shutil.which("az") and Path(PYTHON).exists() else "azure-cli is not installed"


class Az:
    """One configuration of the CLI; a process, from the first command to close()."""

    def __init__(self, facts: dict[str, Any], folder: Path) -> None:
        self.facts = facts
        self.environment = os.environ | {
            "AZURE_CONFIG_DIR": str(folder), "AZURE_CORE_COLLECT_TELEMETRY": "no",
            "AZURE_CORE_NO_COLOR": "yes", "AZURE_CORE_ONLY_SHOW_ERRORS": "yes",
            "AZ_INSTALLER": "DEB", "PYTHONDONTWRITEBYTECODE": "1"}
        self.environment.pop("PYTHONPATH", None)
        self._server: subprocess.Popen[str] | None = None

    def close(self) -> None:
        """Ends the process."""
        if self._server is not None and self._server.stdin and self._server.stdout:
            self._server.stdin.close()
            self._server.wait(timeout=120)
            self._server.stdout.close()
        self._server = None

    def run(self, *words: str) -> dict[str, Any]:
        """Status and texts of a command."""
        if self._server is None:
            self._server = subprocess.Popen(
                [PYTHON, str(SERVER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                text=True, env=self.environment)
        assert self._server.stdin is not None and self._server.stdout is not None
        self._server.stdin.write(json.dumps(words) + "\n")
        self._server.stdin.flush()
        line = self._server.stdout.readline()
        assert line, f"az ended at {words}"
        return dict(json.loads(line))

    def __call__(self, *words: str) -> Any:
        """What it printed, as a value."""
        done = self.run(*words)
        assert done["status"] == 0, done["err"]
        return json.loads(done["out"]) if done["out"].strip() else None

    def fails(self, *words: str) -> str:
        """What it said when it refused."""
        done = self.run(*words)
        assert done["status"] != 0, done["out"]
        return str(done["err"])

    def sign_in(self, **other: str) -> Any:
        """As the sandbox's own application, or as said."""
        who = self.facts | other
        return self("login", "--service-principal", "--username", who["client_id"],
                    "--password", who["client_secret"], "--tenant", who["tenant_id"])


def configured(facts: dict[str, Any], folder: Path) -> Az:
    """Led to the sandbox by a cloud whose sign-in address ends in /adfs, and signed in."""
    base = facts["base"]
    cloud = folder / "cloud.json"
    cloud.write_text(json.dumps({"endpoints": {
        "activeDirectory": base + "/adfs", "activeDirectoryResourceId": base,
        "activeDirectoryGraphResourceId": base, "microsoftGraphResourceId": base + "/",
        "resourceManager": base, "management": base, "gallery": base}}), encoding="utf-8")
    az = Az(facts, folder / "config")
    az("cloud", "register", "--name", "sandbox", "--cloud-config", f"@{cloud}")
    az("cloud", "set", "--name", "sandbox")
    (account,) = az.sign_in()
    assert account["id"] == facts["subscription_id"]
    return az
