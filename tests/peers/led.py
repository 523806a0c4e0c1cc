"""Clients led to a recorder, and what the sandbox answered to them judged."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest
from check import Checker
from describe import Descriptions
from exceptions import PEERS
from recorder import Recorder


@contextlib.contextmanager
def leads_to(recorder: Recorder) -> Iterator[None]:
    """The environment leads clients there, and nowhere else."""
    patch = pytest.MonkeyPatch()
    # Theirs win over what a client is given in code.
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"):
        patch.setenv(name, str(recorder.ca_file))
    # A port that nobody listens on for the rest.
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        patch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        patch.setenv(name, "localhost,127.0.0.1")
    yield
    patch.undo()


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
