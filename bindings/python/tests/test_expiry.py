"""The watch on secret, application and certificate."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

import cmg

APPS = {"version": 1, "tenant": {"domain": "contoso.com"}, "server_app": {"name": "A"},
        "client_app": {"name": "B"}}


@pytest.fixture
def gateway(ctx: Any) -> Any:
    made = cmg.Gateway.from_json(ctx, json.dumps(APPS))
    made.server_app.secret_expires = int(time.time()) + 20 * 86400
    return made


def turn(ctx: Any) -> None:
    for _ in range(4):
        ctx.wait(0)


def test_a_watch_tells_once_and_not_again_after_a_restart(ctx: Any, gateway: Any) -> None:
    told: list[cmg.Notice] = []
    watch = cmg.Watch(gateway)
    watch.on_expiry = told.append
    watch.start()
    turn(ctx)
    assert [(n.subject, n.level) for n in told] == [
        (cmg.WatchSubject.SECRET, cmg.ExpiryLevel.DAYS_30)]
    watch.stop()
    turn(ctx)
    assert not watch.is_running
    again = cmg.Watch(gateway, told=told)
    again.on_expiry = told.append
    again.start()
    turn(ctx)
    assert len(told) == 1
    with pytest.raises(cmg.WrongState):
        again.start()


def test_what_a_callback_raises_comes_out(ctx: Any, gateway: Any) -> None:
    def fail(_notice: cmg.Notice) -> None:
        raise KeyError("no mail today")

    watch = cmg.Watch(gateway)
    watch.on_expiry = fail
    watch.start()
    with pytest.raises(KeyError):
        turn(ctx)
