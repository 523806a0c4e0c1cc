"""The program cmg-sandbox as a process of a test: started on any free port, asked, ended."""

from __future__ import annotations

import json
import os
import signal
import ssl
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

PROGRAM = str(Path(os.environ["CMG_BUILD_ROOT"]) / "examples/cmg-sandbox")


class Sandbox:
    """One cmg-sandbox; its temporary files go below the test's own folder."""

    def __init__(self, folder: Path, *more: str) -> None:
        self.ready = folder / "ready.json"
        self.temporary = folder / "temporary"
        self.temporary.mkdir(exist_ok=True)
        self.process = subprocess.Popen(
            [PROGRAM, "--listen", "127.0.0.1:0", "--ready-file", str(self.ready),
             "--operation-ms", "50", *more],  # so that clients have something to poll
            env=os.environ | {"TMPDIR": str(self.temporary)}, stderr=subprocess.PIPE, text=True)
        end = time.monotonic() + 60
        while not self.ready.exists():
            if self.process.poll() is not None or time.monotonic() > end:
                self.process.kill()
                raise AssertionError(f"not ready: {self.process.communicate()[1]}")
            time.sleep(0.01)
        self.facts: dict[str, Any] = json.loads(self.ready.read_text(encoding="utf-8"))

    def ask(self, method: str, path: str, body: bytes | None = None,
            **headers: str) -> tuple[int, Any]:
        """Status and JSON of a request; the certificate must be good for the name."""
        request = urllib.request.Request(self.facts["base"] + path, body, method=method,
                                         headers=headers)
        trust = ssl.create_default_context(cafile=self.facts["ca_file"])
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}),
                                             urllib.request.HTTPSHandler(context=trust))
        try:
            with direct.open(request, timeout=30) as answer:
                return answer.status, json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read() or b"null")

    def token(self, resource: str) -> str:
        """The built-in application's token for a resource."""
        form = {"grant_type": "client_credentials", "client_id": self.facts["client_id"],
                "client_secret": self.facts["client_secret"], "scope": resource + "/.default"}
        status, answer = self.ask("POST", f"/{self.facts['tenant_id']}/oauth2/v2.0/token",
                                  urllib.parse.urlencode(form).encode())
        assert status == 200, answer
        return str(answer["access_token"])

    def end(self) -> int:
        """Ends it as a service manager would."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout=30)
        finally:
            self.process.kill()
