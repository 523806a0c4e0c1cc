"""A sandbox, a recorder before it, and the table of what was checked."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "bindings/python"), str(Path(__file__).parent)]
os.environ.setdefault("CMG_BUILD_ROOT", str(ROOT / "build"))
os.environ.setdefault("CMG_LIBRARY_PATH", os.environ["CMG_BUILD_ROOT"] + "/libcmg")

import cmg  # noqa: E402
from describe import Descriptions  # noqa: E402
from message import Exchange  # noqa: E402
from recorder import make_certificate  # noqa: E402
from stage import LIVES, ROWS, Stage  # noqa: E402


@pytest.fixture(scope="session", name="descriptions")
def _descriptions() -> Descriptions:
    """Read once."""
    return Descriptions()


@pytest.fixture(scope="session", name="new_stage")
def _new_stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Stage]]:
    """Makes stages; all end when the tests do."""
    certificate = make_certificate(tmp_path_factory.mktemp("recorder"))
    made: list[Stage] = []

    def new() -> Stage:
        made.append(Stage(tmp_path_factory.mktemp("stage"), certificate))
        return made[-1]

    yield new
    for stage in made:
        stage.close()


@pytest.fixture(scope="session", name="lives")
def _lives(new_stage: Callable[[], Stage]) -> dict[cmg.Operation, list[Exchange]]:
    """What each operation sends and gets, in the order of a life."""
    found: dict[cmg.Operation, list[Exchange]] = {}
    for life in LIVES:
        stage = new_stage()
        for operation, changed in life:
            found.setdefault(operation, []).extend(stage.done(operation, changed))
    return found


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """What was recorded and checked, by operation."""
    if ROWS:
        terminalreporter.write_line(
            f"\n{'operation':<24}{'exchanges':>10}{'checked':>10}{'violations':>12}")
    for row in ROWS:
        terminalreporter.write_line(f"{row[0]:<24}{row[1]:>10}{row[2]:>10}{row[3]:>12}")
