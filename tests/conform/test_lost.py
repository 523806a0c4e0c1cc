"""Each exchange of a registration gets lost, is cut, is put off: there are never twins."""

from __future__ import annotations

import os
from collections.abc import Callable

import cmg
import pytest
from check import Checker
from describe import Descriptions
from message import Exchange
from recorder import Fault
from stage import Stage

# More than a registration has exchanges, so that the last of them is met too.
MOST = 80
# Each exchange meets one kind of fault; with CMG_ALL_POINTS set it meets every kind.
STRIDE = 1 if os.environ.get("CMG_ALL_POINTS") else 3
FAULTS = {"lose": Fault("lose"), "refuse": Fault("refuse"),
          "throttle": Fault("throttle", retry_after_s=0)}
ONE_OF_EACH = {cmg.SandboxKind.APPLICATIONS: 2, cmg.SandboxKind.SERVICE_PRINCIPALS: 2,
               cmg.SandboxKind.SECRETS: 1, cmg.SandboxKind.GRANTS: 2}


def spoilt(stage: Stage, kind: str, nth: int) -> list[Exchange]:
    """What a registration sends until it is done, the nth exchange spoilt."""
    stage.recorder.fault = lambda exchange: FAULTS[kind] if exchange.number == nth else None
    ended: cmg.CmgError | None = None
    for _ in range(3):
        ended = stage.run(cmg.Operation.REGISTER_APPS)
        if ended is None or not ended.is_retryable:
            break
    assert ended is None, f"{kind} {nth}: {ended}"
    return stage.recorder.take()


@pytest.mark.parametrize("kind", FAULTS)
def test_no_exchange_of_a_registration_makes_twins(new_stage: Callable[[], Stage],
                                                   descriptions: Descriptions,
                                                   kind: str) -> None:
    first = 1 + list(FAULTS).index(kind) % STRIDE
    reached = 0
    for nth in range(first, MOST, STRIDE):
        stage = new_stage()
        exchanges = spoilt(stage, kind, nth)
        there = {what: stage.sandbox.count(what) for what in ONE_OF_EACH}
        assert there == ONE_OF_EACH, f"{kind} {nth}"
        wrong = Checker(descriptions).check_all(exchanges)
        assert not wrong, "\n".join(map(str, wrong))
        if not any(e.fault for e in exchanges):
            break
        stage.close()
        reached = nth
    assert 20 < reached < MOST - STRIDE


def test_answers_may_come_out_of_their_order(new_stage: Callable[[], Stage]) -> None:
    stage = new_stage()
    stage.recorder.fault = lambda exchange: \
        Fault("delay", delay_s=0.1) if exchange.number % 3 == 0 else None
    stage.done(cmg.Operation.REGISTER_APPS)
    assert {what: stage.sandbox.count(what) for what in ONE_OF_EACH} == ONE_OF_EACH
