"""Callbacks: owners, exceptions that come out where the context is driven, asyncio."""

from __future__ import annotations

import asyncio
import errno
import gc
import logging
import signal
import threading
from pathlib import Path
from typing import Any

import pytest

import cmg
from cmg import _deploy, _handles
from cmg._types import CALLBACK_PASS


class Boom(Exception):
    """What a host's callback raises."""


def fail(*_: Any) -> None:
    raise Boom("from the host")


@pytest.fixture
def deploy(gateway: Any, tmp_path: Path) -> Any:
    with gateway.deploy(journal=tmp_path / "journal") as made:
        yield made


def test_an_exception_is_kept_for_the_outer_call(deploy: Any) -> None:
    deploy.on_confirm = fail
    with pytest.raises(Boom):
        with deploy._guard:
            assert _deploy._on_confirm(None, b"plan", deploy._key) == _deploy.STOP
            assert isinstance(deploy._guard.pending, Boom)
    assert deploy._guard.pending is None


def test_a_missing_callback_passes(deploy: Any) -> None:
    assert _deploy._on_confirm(None, b"plan", deploy._key) == CALLBACK_PASS


def test_a_callback_that_returns_false_stops(deploy: Any) -> None:
    seen: list[str] = []
    deploy.on_confirm = lambda plan: bool(seen.append(plan))
    assert _deploy._on_confirm(None, "plän".encode(), deploy._key) == _deploy.STOP
    assert seen == ["plän"]


def test_an_owner_that_is_gone_stops() -> None:
    assert _deploy._on_confirm(None, b"plan", 0) == _deploy.STOP
    assert _deploy._on_confirm(None, b"plan", 2**40) == _deploy.STOP


def test_a_value_of_a_newer_library_does_not_escape(deploy: Any) -> None:
    with pytest.raises(ValueError):
        with deploy._guard:
            assert _deploy._on_state(None, 99, None, deploy._key) == _deploy.STOP


class Refused:
    """A journal whose owner may not write, which is another's, or which raises."""

    def __init__(self, failure: BaseException | None = None) -> None:
        self.failure = failure
        self.calls: list[str] = []

    def load(self) -> bytes:
        self.calls.append("load")
        return b""

    def save(self, data: bytes) -> None:
        self.calls.append("save")

    def lock(self) -> None:
        self.calls.append("lock")
        if self.failure is not None:
            raise self.failure

    def unlock(self) -> None:
        self.calls.append("unlock")

    def put(self, name: str, data: bytes) -> None:
        self.calls.append("put")

    def get(self, name: str) -> bytes | None:
        return None

    def remove(self, name: str) -> None:
        self.calls.append("remove")


class Fenced(Refused):
    """A journal that another run takes over as soon as it is claimed."""

    def claim(self) -> int:
        self.calls.append("claim")
        return 7

    def check(self, owner: int) -> None:
        self.calls.append(f"check {owner}")
        raise OSError(errno.ESTALE, "taken over")

    def save_as(self, owner: int, data: bytes) -> None:
        self.calls.append(f"save {owner} {data[:9]!r}")
        self.check(owner)


def test_a_journal_that_was_taken_over_is_a_conflict(gateway: Any) -> None:
    store = Fenced()
    with gateway.deploy(journal=store) as deploy:
        deploy.set_secret_store(store)
        with pytest.raises(cmg.Conflict, match="taken over by another run"):
            deploy.start()
    assert store.calls == ["lock", "load", "claim", "load", "save 7 b'{\"t\":\"ope'", "check 7",
                           "unlock"]


def test_a_locked_journal_is_a_conflict(gateway: Any) -> None:
    store = Refused(BlockingIOError(11, "locked"))
    with gateway.deploy(journal=store) as deploy:
        deploy.set_secret_store(store)
        with pytest.raises(cmg.Conflict):
            deploy.start()
    assert store.calls == ["lock"]


def test_what_a_store_raises_comes_out_of_start(gateway: Any) -> None:
    with gateway.deploy(journal=Refused(Boom())) as deploy:
        deploy.set_secret_store(Refused())
        with pytest.raises(Boom):
            deploy.start()


def test_a_journal_of_the_host_wants_a_secret_store_too(gateway: Any) -> None:
    with gateway.deploy(journal=Refused()) as deploy:
        with pytest.raises(cmg.WrongState, match="secret store"):
            deploy.start()


def test_a_deployment_without_journal_does_not_start(gateway: Any) -> None:
    with gateway.deploy() as deploy:
        with pytest.raises(cmg.WrongState):
            deploy.start()
        assert deploy.state is cmg.DeployState.IDLE


def test_a_setter_after_start_is_refused(deploy: Any, tmp_path: Path) -> None:
    deploy.start()
    with pytest.raises(cmg.WrongState):
        deploy.set_journal(tmp_path / "other")


def test_what_on_state_raises_comes_out_of_run(deploy: Any) -> None:
    deploy.on_state = fail
    with pytest.raises(Boom, match="from the host"):
        deploy.run()


def test_awaiting_raises_what_a_callback_raised(deploy: Any) -> None:
    deploy.on_state = fail

    async def main() -> None:
        await asyncio.wait_for(deploy, 20)

    with pytest.raises(Boom):
        asyncio.run(main())


def test_interrupt_comes_out_of_a_blocking_call(ctx: Any) -> None:
    timer = threading.Timer(0.05, lambda: signal.raise_signal(signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        ctx.run_until(lambda: False, timeout=20)
    timer.join()


def test_log_records_reach_the_logging_module(ctx: Any, caplog: Any) -> None:
    ctx.set_log(cmg.LogLevel.DEBUG)
    record = cmg.LogRecord(cmg.LogLevel.WARNING, "net", "http.retry", "again", "", 0)
    with caplog.at_level(logging.DEBUG, logger="cmg"):
        ctx._logged(record)
    assert caplog.messages == ["http.retry: again"]
    assert caplog.records[0].levelno == logging.WARNING


def test_a_resolver_is_asked_instead_of_dns(ctx: Any) -> None:
    asked: list[tuple[str, int]] = []

    def resolve(host: str, port: int) -> tuple[str, int] | None:
        asked.append((host, port))
        return ("127.0.0.1", 1)

    ctx.set_resolver(resolve)
    client = cmg.Client(ctx, "gateway.example", 443)
    with pytest.raises(cmg.CmgError) as caught:
        client.request("GET", "/", timeout=20)
    assert asked and asked[0] == ("gateway.example", 443)
    assert caught.value.message


def test_a_request_that_fails_raises_in_asyncio_too(ctx: Any) -> None:
    ctx.add_address("gateway.example", "127.0.0.1", address_port=1)
    client = cmg.Client(ctx, "gateway.example")

    async def main() -> None:
        await asyncio.wait_for(client.fetch("GET", "/"), 20)

    with pytest.raises(cmg.CmgError):
        asyncio.run(main())


def test_a_forgotten_deployment_leaves_the_registry(gateway: Any) -> None:
    key = gateway.deploy()._key
    gc.collect()
    assert key not in _handles.live
