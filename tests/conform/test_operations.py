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


@pytest.mark.parametrize("operation", set(cmg.Operation) - set(OPERATIONS), ids=lambda o: o.name)
def test_an_operation_is_recorded(operation: cmg.Operation) -> None:
    pytest.skip(f"{operation.name} is not in stage.LIVES yet")
