"""Finds the package and the built libraries; tests that need a library that cannot be
loaded are skipped with the reason."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "bindings/python"))
BUILD = Path(os.environ.get("CMG_BUILD_ROOT", ROOT / "build"))
os.environ.setdefault("CMG_LIBRARY_PATH", str(BUILD / "libcmg"))


@pytest.fixture(autouse=True)
def bounded() -> Iterator[None]:
    """No test runs longer than two minutes."""
    def late(*_: Any) -> None:
        raise TimeoutError("the test ran for two minutes")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(120)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def ctx() -> Iterator[Any]:
    """A context."""
    import cmg

    with cmg.Context() as made:
        yield made


@pytest.fixture
def gateway(ctx: Any) -> Iterator[Any]:
    """The example's gateway."""
    import cmg

    with cmg.Gateway.from_file(ctx, ROOT / "examples/contoso.json") as made:
        yield made
