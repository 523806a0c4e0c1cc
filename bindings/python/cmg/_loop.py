"""Drives a context from asyncio: its descriptor, its timeout, one call.

As long as something waits, the descriptor is watched and a timer stands for the context's
timeout; both are gone when nothing waits any more, so an idle context costs nothing.
"""

from __future__ import annotations

import asyncio
import weakref
from types import TracebackType
from typing import Optional

from ._handles import Context

_drivers: "weakref.WeakKeyDictionary[Context, Driver]" = weakref.WeakKeyDictionary()


class Driver:
    """The bridge between one context and one asyncio loop."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = weakref.ref(ctx)
        self._loop = asyncio.get_running_loop()
        self._users = 0
        self._timer: Optional[asyncio.TimerHandle] = None
        self._failed: list[asyncio.Future[None]] = []

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        ctx = self._ctx()
        if ctx is None or ctx.closed or self._users == 0:
            return
        timeout = ctx.timeout_ms
        if timeout >= 0:
            self._timer = self._loop.call_later(timeout / 1000, self.drive)

    def drive(self) -> None:
        """Does the work that is ready; a callback's exception goes to who waits."""
        ctx = self._ctx()
        if ctx is None or ctx.closed:
            return
        try:
            ctx.process()
        except BaseException as exc:
            for future in self._failed:
                if not future.done():
                    future.set_exception(exc)
            if not isinstance(exc, Exception):
                raise
        self._arm()

    def poke(self) -> None:
        """Something new was started: its timeout may be nearer."""
        self._loop.call_soon(self.drive)

    def __enter__(self) -> "asyncio.Future[None]":
        ctx = self._ctx()
        assert ctx is not None
        if self._users == 0:
            self._loop.add_reader(ctx.fileno(), self.drive)
        self._users += 1
        self.poke()
        future: asyncio.Future[None] = self._loop.create_future()
        self._failed.append(future)
        return future

    def __exit__(self, kind: Optional[type[BaseException]], exc: Optional[BaseException],
                 trace: Optional[TracebackType]) -> None:
        self._failed = [f for f in self._failed if not f.done()]
        self._users -= 1
        ctx = self._ctx()
        if self._users == 0 and ctx is not None and not ctx.closed:
            self._loop.remove_reader(ctx.fileno())
        self._arm()


def driver(ctx: Context) -> Driver:
    """The driver of a context in the running loop."""
    found = _drivers.get(ctx)
    if found is None or found._loop is not asyncio.get_running_loop():
        found = _drivers[ctx] = Driver(ctx)
    return found


def settle(future: "asyncio.Future[None]") -> None:
    """Marks a future done, once."""
    if not future.done():
        future.set_result(None)
