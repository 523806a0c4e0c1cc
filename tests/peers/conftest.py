"""What the tests with other people's clients share: the switch, a sandbox, a tunnel."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from cmg_sandbox import Sandbox
from tunnel import Tunnel


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Heavy tests are asked for."""
    if os.environ.get("CMG_PEERS") != "1":
        for item in items:
            item.add_marker(pytest.mark.skip(
                reason="clients of other makers run with tests/run.sh --peers only"))


@pytest.fixture(scope="module", name="sandbox")
def _sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """One for all cases of a file; the environment leads Python's clients to trust it."""
    sandbox = Sandbox(tmp_path_factory.mktemp("sandbox"), "--users", "250")
    patch = pytest.MonkeyPatch()
    # Theirs win over what a client is given in code.
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"):
        patch.setenv(name, sandbox.facts["ca_file"])
    # Nothing but the sandbox is to be asked: a port that nobody listens on for the rest.
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        patch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        patch.setenv(name, "localhost,127.0.0.1")
    yield sandbox
    patch.undo()
    assert sandbox.end() == 0


@pytest.fixture(name="tunnel")
def _tunnel(sandbox: Sandbox) -> Iterator[Tunnel]:
    """The way for clients that know Azure's own names only."""
    tunnel = Tunnel(int(sandbox.facts["base"].rpartition(":")[2]))
    yield tunnel
    tunnel.close()
