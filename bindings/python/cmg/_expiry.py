"""A watch on the ends of the client secret, the application and the certificate."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Optional

from . import _ffi
from ._gateway import Gateway
from ._handles import Handle, trampoline
from ._types import (
    WATCH,
    ExpiryLevel,
    WatchClosed,
    WatchExpiry,
    WatchSubject,
    cmg_watch_events,
)


@dataclass(frozen=True)
class Notice:
    """A threshold that was reached; store it, and hand it to Watch(told=) after a
    restart."""

    subject: WatchSubject
    level: ExpiryLevel
    end_unix_s: int
    days_left: int


@trampoline(WatchExpiry)
def _on_expiry(owner: Any, _watch: Any, notice: Any) -> None:
    n = notice.contents
    if owner.on_expiry is not None:
        owner.on_expiry(Notice(WatchSubject(n.subject), ExpiryLevel(n.level), n.end_unix_s,
                               n.days_left))


@trampoline(WatchClosed)
def _on_closed(owner: Any, _watch: Any) -> None:
    owner.is_running = False


class Watch(Handle):
    """Tells each threshold of each secret, application and certificate once.

    Set on_expiry, then start(); notices come while the context is driven. What was told
    before a restart is handed in as told.
    """

    _kind = "watch"

    def __init__(self, gateway: Gateway, *, told: "tuple[Notice, ...] | list[Notice]" = ()
                 ) -> None:
        found = WATCH()
        with gateway._guard:
            _ffi.call("cmg_watch_new", gateway.pointer, ctypes.byref(found))
        super().__init__(found, gateway._guard)
        self.on_expiry: Optional[Callable[[Notice], Any]] = None
        self.is_running = False
        self.call("set_events", ctypes.byref(cmg_watch_events(
            size=ctypes.sizeof(cmg_watch_events), user=self._key, on_expiry=_on_expiry,
            on_closed=_on_closed)))
        for notice in told:
            self.call("set_told", notice.subject, notice.end_unix_s, notice.level)

    def start(self) -> None:
        """Starts to watch."""
        self.call("start")
        self.is_running = True

    def stop(self) -> None:
        """Ends the watch with the next turn; is_running says when."""
        with self._guard:
            _ffi.call("cmg_watch_close", self.pointer)
