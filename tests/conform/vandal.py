"""Somebody who changes applications and gateways behind the library's back."""

from __future__ import annotations

import json
import ssl
import urllib.parse
import urllib.request
from typing import Any

import cmg

GRAPH = "https://graph.microsoft.com"
ARM = "https://management.azure.com"


class Vandal:
    """Signed in as the sandbox's own application, past the recorder."""

    def __init__(self, sandbox: cmg.Sandbox) -> None:
        self._sandbox = sandbox
        self._base = f"https://localhost:{sandbox.port}"
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(
                context=ssl.create_default_context(cafile=sandbox.ca_file)))

    def _send(self, method: str, path: str, body: bytes | None,
              headers: dict[str, str]) -> Any:
        request = urllib.request.Request(self._base + path, body, method=method,
                                         headers=headers)
        with self._opener.open(request, timeout=30) as answer:
            return json.loads(answer.read() or b"null")

    def _ask(self, service: str, method: str, path: str, body: Any = None) -> Any:
        form = {"grant_type": "client_credentials", "client_id": self._sandbox.client_id,
                "client_secret": self._sandbox.client_secret, "scope": service + "/.default"}
        token = self._send("POST", f"/{self._sandbox.tenant_id}/oauth2/v2.0/token",
                           urllib.parse.urlencode(form).encode(), {})["access_token"]
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        return self._send(method, path, None if body is None else json.dumps(body).encode(),
                          headers)

    def spoil_client_app(self, name: str) -> None:
        """Nobody can sign in by it any more."""
        where = urllib.parse.quote(f"displayName eq '{name}'")
        found = self._ask(GRAPH, "GET", f"/v1.0/applications?$filter={where}")["value"]
        assert len(found) == 1
        self._ask(GRAPH, "PATCH", f"/v1.0/applications/{found[0]['id']}",
                  {"publicClient": {"redirectUris": []}})

    def spoil_gateway(self, group: str) -> None:
        """Its storage takes what it should not."""
        place = f"/subscriptions/{self._sandbox.subscription_id}/resourceGroups/{group}"
        found = self._ask(ARM, "GET", f"{place}/resources?api-version=2024-03-01")["value"]
        accounts = [one["id"] for one in found
                    if one["type"].lower() == "microsoft.storage/storageaccounts"]
        assert len(accounts) == 1
        self._ask(ARM, "PATCH", f"{accounts[0]}?api-version=2023-05-01",
                  {"properties": {"minimumTlsVersion": "TLS1_0"}})
