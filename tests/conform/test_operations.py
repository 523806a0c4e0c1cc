"""Every operation through the recorder: each exchange is as Microsoft describes it."""

from __future__ import annotations

import cmg
import pytest
from check import Checker
from describe import Descriptions
from message import Exchange
from stage import LIVES, judge

OPERATIONS = tuple(dict.fromkeys(operation for life in LIVES for operation, _ in life))


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda o: o.name.lower())
def test_an_operation_is_as_described(lives: dict[cmg.Operation, list[Exchange]],
                                      descriptions: Descriptions,
                                      operation: cmg.Operation) -> None:
    assert lives[operation]
    wrong = judge(Checker(descriptions), operation.name, lives[operation])
    assert not wrong, "\n".join(map(str, wrong))


def test_every_operation_is_recorded() -> None:
    missing = sorted(o.name for o in set(cmg.Operation) - set(OPERATIONS))
    assert not missing, f"not in stage.LIVES: {', '.join(missing)}"


@pytest.mark.parametrize("operation, method, path", [
    (cmg.Operation.CORRECT_APPS, "PATCH", "/applications"),
    (cmg.Operation.CORRECT_GATEWAY, "PUT", "/deployments/"),
    (cmg.Operation.ROTATE_CERTIFICATE, "PATCH", "/virtualMachineScaleSets/"),
])
def test_there_was_something_to_do(lives: dict[cmg.Operation, list[Exchange]],
                                   operation: cmg.Operation, method: str, path: str) -> None:
    assert any(e.method == method and path in e.target.path for e in lives[operation])
