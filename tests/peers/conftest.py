"""What the tests with other people's clients share: the switch, a sandbox, a tunnel.

Between client and sandbox stands the recorder of tests/conform: what the sandbox answers to
them has to be as Microsoft describes it. How they ask is their makers' affair.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator

import pytest

# Before anything loads the library.
os.environ.setdefault("CMG_LIBRARY_PATH", os.environ["CMG_BUILD_ROOT"] + "/libcmg")

from cmg_sandbox import Sandbox  # noqa: E402
from led import assert_as_described, leads_to  # noqa: E402
from recorder import Recorder, make_certificate  # noqa: E402
from tunnel import Tunnel  # noqa: E402


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
                      "blob_url": f"{recorder.base}/{sandbox.facts['blob_account']}",
                      "ca_file": str(recorder.ca_file)}
    sandbox.ready = sandbox.ready.with_name("recorded.json")
    sandbox.ready.write_text(json.dumps(sandbox.facts), encoding="utf-8")
    with leads_to(recorder):
        yield sandbox
    recorder.close()
    assert sandbox.end() == 0
    assert_as_described(recorder)


@pytest.fixture(name="tunnel")
def _tunnel(sandbox: Sandbox) -> Iterator[Tunnel]:
    """The way for clients that know Azure's own names only."""
    tunnel = Tunnel(int(sandbox.facts["base"].rpartition(":")[2]))
    yield tunnel
    tunnel.close()
