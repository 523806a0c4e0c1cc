"""What the tests with other people's clients share: the switch, a sandbox, a tunnel.

Between client and sandbox stands the recorder of tests/conform: what the sandbox answers to
them has to be as Microsoft describes it. How they ask is their makers' affair.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator

import pytest
from check import Checker
from cmg_sandbox import Sandbox
from describe import Descriptions
from exceptions import PEERS
from recorder import Recorder, make_certificate
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
    recorder = Recorder(make_certificate(tmp_path_factory.mktemp("recorder")),
                        int(sandbox.facts["base"].rpartition(":")[2]), sandbox.facts["ca_file"])
    sandbox.facts |= {"base": recorder.base, "vault_url": recorder.base + "/vaults",
                      "ca_file": str(recorder.ca_file)}
    sandbox.ready = sandbox.ready.with_name("recorded.json")
    sandbox.ready.write_text(json.dumps(sandbox.facts), encoding="utf-8")
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
    recorder.close()
    assert sandbox.end() == 0
    assert_as_described(recorder)


def assert_as_described(recorder: Recorder) -> None:
    """Each answer of the sandbox; what nobody describes is told, not judged."""
    assert not recorder.broken
    exchanges, checker = recorder.take(), Checker(Descriptions(), PEERS)
    found = checker.check_all(exchanges)
    unknown = [v for v in found if v.text.startswith("no description has")]
    print(f"{len(exchanges)} exchanges, {len(exchanges) - len(unknown)} checked")
    for violation in unknown:
        print(violation)
    wrong = [v for v in found if v.side == "answer"]
    assert not wrong, "\n".join(map(str, wrong))


@pytest.fixture(name="tunnel")
def _tunnel(sandbox: Sandbox) -> Iterator[Tunnel]:
    """The way for clients that know Azure's own names only."""
    tunnel = Tunnel(int(sandbox.facts["base"].rpartition(":")[2]))
    yield tunnel
    tunnel.close()
