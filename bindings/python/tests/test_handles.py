"""Life of handles: context managers, close, garbage, threads, wrong handles."""

from __future__ import annotations

import ctypes
import gc
import threading
import weakref
from typing import Any

import pytest

import cmg
from cmg import _ffi, _handles


def open_descriptors() -> int:
    import os

    return len(os.listdir("/proc/self/fd"))


def test_close_may_be_called_twice() -> None:
    ctx = cmg.Context()
    ctx.close()
    ctx.close()
    assert ctx.closed


def test_use_after_close_raises(ctx: Any) -> None:
    ctx.close()
    with pytest.raises(cmg.ClosedError, match="Context is closed"):
        ctx.process()


def test_a_context_manager_closes() -> None:
    with cmg.Context() as ctx:
        assert not ctx.closed and "closed" not in repr(ctx)
    assert ctx.closed and repr(ctx) == "<cmg.Context closed>"


def test_a_forgotten_handle_is_given_back() -> None:
    cmg.Context().close()  # what is made once for a process is made now
    gc.collect()
    before = open_descriptors()
    handles = [cmg.Context() for _ in range(4)]
    assert open_descriptors() > before
    gone = weakref.ref(handles[0])
    del handles
    gc.collect()
    assert gone() is None
    assert open_descriptors() == before


def test_a_child_keeps_its_context_alive() -> None:
    ctx = cmg.Context()
    authority = cmg.Authority(ctx, "Test CA")
    ctx.close()
    assert authority.certificate.common_name == "Test CA"
    authority.close()


def test_a_closed_handle_leaves_the_registry(ctx: Any) -> None:
    key = ctx._key
    assert _handles.live[key] is ctx
    ctx.close()
    assert key not in _handles.live


def test_a_handle_of_another_kind_is_refused(ctx: Any) -> None:
    with pytest.raises(ctypes.ArgumentError):
        _ffi.call("cmg_certificate_subject", ctx.pointer)


def test_the_descriptor_stays_the_same(ctx: Any) -> None:
    fd = ctx.fileno()
    ctx.process()
    assert ctx.fileno() == fd >= 0


def test_a_wait_ends_at_its_time(ctx: Any) -> None:
    ctx.wait(0)
    assert ctx.run_until(lambda: False, timeout=0.01) is False


def test_wakeup_from_another_thread_ends_a_wait(ctx: Any) -> None:
    thread = threading.Timer(0.02, ctx.wakeup)
    thread.start()
    ctx.wait(10_000)
    thread.join()


def test_two_threads_in_one_context_are_noticed(ctx: Any) -> None:
    inside, raised = threading.Event(), []

    def intrude() -> None:
        inside.wait(5)
        try:
            ctx.process()
        except RuntimeError as exc:
            raised.append(exc)
        ctx.wakeup()

    thread = threading.Thread(target=intrude)
    thread.start()
    with ctx._guard:
        inside.set()
        thread.join()
    assert "one at a time" in str(raised[0])


def test_garbage_of_another_thread_waits_for_its_turn(ctx: Any) -> None:
    authority = cmg.Authority(ctx, "Test CA")
    with ctx._guard:
        thread = threading.Thread(target=authority.close)
        thread.start()
        thread.join()
        assert len(ctx._guard.deferred) == 1
    assert ctx._guard.deferred == []


def test_text_with_a_zero_byte_is_refused(ctx: Any) -> None:
    with pytest.raises(ValueError, match="zero byte"):
        ctx.add_ca_file("a\0b")


def test_version_and_features_are_told() -> None:
    assert cmg.version().startswith("0.1.")
    assert cmg.has_feature("relay") is True
    assert cmg.has_feature("no such thing") is False


def test_a_missing_function_fails_when_it_is_called(monkeypatch: Any) -> None:
    monkeypatch.setitem(_ffi.LIBCMG, "cmg_from_the_future", _ffi.plain(None))
    with pytest.raises(NotImplementedError, match="cmg_from_the_future is not in the loaded"):
        _ffi.call("cmg_from_the_future")


def test_a_missing_library_is_named(monkeypatch: Any) -> None:
    monkeypatch.setenv("CMG_LIBRARY_PATH", "/nonexistent")
    monkeypatch.setattr(_ffi, "_libraries", {})
    with pytest.raises(ImportError, match="CMG_LIBRARY_PATH"):
        _ffi._load("cmg")


def test_an_older_library_is_refused(monkeypatch: Any) -> None:
    monkeypatch.setattr(_ffi, "RELEASE", (9, 9))
    with pytest.raises(ImportError, match="needs 9.9"):
        _ffi.verify_version()
