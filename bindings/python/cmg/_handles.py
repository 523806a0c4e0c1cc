"""What every handle shares: life, thread rule, registry of callback owners; the context.

A handle's finalizer knows the pointer, not the handle, so it never keeps it alive; C
children hold their parents, so any order is right. A callback receives an integer key,
looks its owner up here, and stores what the owner raised on the guard of the context: the
call that drives the context raises it again once C has returned.
"""

from __future__ import annotations

import ctypes
import itertools
import logging
import os
import threading
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, ClassVar, Optional, TypeVar

from . import _ffi
from ._types import CONTEXT, FOREVER, Cloud, Endpoint, LogFn, LogLevel, ResolveFn, cmg_address

SLICE_MS = 100  # longest C wait: Ctrl-C is seen after it
Self = TypeVar("Self", bound="Handle")
_log = logging.getLogger("cmg")
_keys = itertools.count(1)
live: "weakref.WeakValueDictionary[int, Any]" = weakref.WeakValueDictionary()


def register(owner: Any) -> int:
    """Gives an owner of callbacks its key; 0 would arrive as None."""
    key = next(_keys)
    live[key] = owner
    return key


class ClosedError(ValueError):
    """The handle was closed."""


class Guard:
    """Sees to it that one thread at a time is inside a context, and keeps what callbacks
    raised until the outermost call has returned."""

    def __init__(self) -> None:
        self.thread: Optional[int] = None
        self.depth = 0
        self.pending: Optional[BaseException] = None
        self.deferred: list[tuple[str, Any]] = []

    def release(self, name: str, pointer: Any) -> None:
        """Gives a reference back, later when another thread is inside: the collector may
        run on any thread."""
        if self.thread not in (None, threading.get_ident()):
            self.deferred.append((name, pointer))
        else:
            _ffi.call(name, pointer)

    def keep(self, exc: BaseException) -> None:
        """Remembers the first exception of a callback."""
        if self.pending is None:
            self.pending = exc

    def __enter__(self) -> None:
        me = threading.get_ident()
        if self.thread not in (None, me):
            raise RuntimeError("another thread is inside this context; one at a time may be")
        self.thread = me
        self.depth += 1

    def __exit__(self, kind: Optional[type[BaseException]], exc: Optional[BaseException],
                 trace: Optional[TracebackType]) -> None:
        self.depth -= 1
        if self.depth > 0:
            return
        while self.deferred:
            _ffi.call(*self.deferred.pop())
        self.thread = None
        pending, self.pending = self.pending, None
        if pending is not None:
            raise pending from exc


class Handle:
    """A counted C object; a context manager; close() may be called twice."""

    _kind: ClassVar[str] = ""

    def __init__(self, pointer: Any, guard: Guard) -> None:
        self._pointer: Any = pointer
        self._guard = guard
        self._key = register(self)
        self._finalizer = weakref.finalize(self, guard.release,
                                           f"cmg_{self._kind}_unref", pointer)

    @property
    def pointer(self) -> Any:
        """The C object; raises after close()."""
        if self._pointer is None:
            raise ClosedError(f"the {type(self).__name__} is closed")
        return self._pointer

    @property
    def closed(self) -> bool:
        """Whether close() was called."""
        return self._pointer is None

    def call(self, verb: str, *arguments: Any) -> Any:
        """Calls cmg_<kind>_<verb> on this object."""
        with self._guard:
            return _ffi.call(f"cmg_{self._kind}_{verb}", self.pointer, *arguments)

    def close(self) -> None:
        """Gives the C object back."""
        if self._pointer is not None:
            self._pointer = None
            live.pop(self._key, None)
            self._finalizer()

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<cmg.{type(self).__name__}{' closed' if self.closed else ''}>"


def trampoline(kind: Any, failed: Optional[int] = None) -> Callable[[Callable[..., Any]], Any]:
    """Makes a C callback of a function that takes its owner first, the key left out.

    It lives as long as the module. Nothing may leave it: an exception that did would hand
    C an undefined number, so it is kept for the outer call and failed is returned.
    """
    def wrap(body: Callable[..., Any]) -> Any:
        def entered(*arguments: Any) -> Any:
            owner = live.get(arguments[-1] or 0)
            if owner is None:
                return failed
            try:
                return body(owner, *arguments[:-1])
            except BaseException as exc:
                owner._guard.keep(exc)
                return failed

        return kind(entered)

    return wrap


@dataclass(frozen=True)
class LogRecord:
    """One log record."""

    level: LogLevel
    module: str
    event: str
    text: str
    subject: str
    unix_ms: int


@trampoline(LogFn)
def _on_log(owner: Any, _ctx: Any, record: Any) -> None:
    r = record.contents
    owner._logged(LogRecord(LogLevel(r.level), _ffi.text(r.module), _ffi.text(r.event),
                            _ffi.text(r.text), _ffi.text(r.subject), r.unix_ms))


@trampoline(ResolveFn, 0)
def _on_resolve(owner: Any, host: Optional[bytes], port: int, address: Any) -> int:
    found = owner._resolver(_ffi.text(host), port) if owner._resolver else None
    if found is None:
        return 0
    address.contents.address, address.contents.port = found[0].encode(), found[1]
    return 1


Resolver = Callable[[str, int], Optional[tuple[str, int]]]


class Context(Handle):
    """The root of every other handle: log, HTTP settings, one event loop."""

    _kind = "context"

    def __init__(self) -> None:
        pointer = CONTEXT()
        _ffi.call("cmg_context_new", None, ctypes.byref(pointer))
        super().__init__(pointer, Guard())
        self._logger: Optional[Callable[[LogRecord], None]] = None
        self._resolver: Optional[Resolver] = None

    def set_log(self, level: LogLevel,
                function: Optional[Callable[[LogRecord], None]] = None) -> None:
        """Reports records up to a level to a function, or to the logging module."""
        self._logger = function
        self.call("set_log", level, _on_log, self._key)

    def _logged(self, record: LogRecord) -> None:
        if self._logger is not None:
            self._logger(record)
            return
        level = {LogLevel.ERROR: logging.ERROR, LogLevel.WARNING: logging.WARNING,
                 LogLevel.INFO: logging.INFO}.get(record.level, logging.DEBUG)
        _log.log(level, "%s: %s", record.event, record.text)

    def set_cloud(self, cloud: Cloud) -> None:
        """Chooses the Azure cloud."""
        self.call("set_cloud", cloud)

    def set_endpoint(self, which: Endpoint, value: Optional[str]) -> None:
        """Sends what is meant for one endpoint somewhere else; None: the cloud's own."""
        self.call("set_endpoint", which, _ffi.optional(value))

    def endpoint(self, which: Endpoint) -> str:
        """Where requests go now; "" when a custom cloud has none."""
        return str(self.call("endpoint", which))

    def add_ca(self, pem: bytes) -> None:
        """Adds trusted authorities for HTTPS."""
        self.call("add_ca_pem", bytes(pem), len(pem))

    def add_ca_file(self, path: str | os.PathLike[str]) -> None:
        """Adds trusted authorities from a PEM file."""
        self.call("add_ca_file", _ffi.encoded(path))

    def set_proxy(self, url: Optional[str]) -> None:
        """Sets the web proxy; None for none."""
        self.call("set_proxy", _ffi.optional(url))

    def set_proxy_account(self, user: Optional[str],
                          password: "str | _ffi.Buffer" = "") -> None:
        """Sets the account that the web proxy asks for; None for none."""
        value = password.encode() if isinstance(password, str) else bytes(password)
        self.call("set_proxy_account", _ffi.optional(user), value, len(value))

    def add_address(self, host: str, address: str, *, port: int = 0,
                    address_port: int = 0) -> None:
        """Sends connections for a name to a fixed address instead of asking DNS."""
        self.call("add_address", _ffi.encoded(host), port, _ffi.encoded(address),
                  address_port)

    def set_resolver(self, function: Optional[Resolver]) -> None:
        """Installs a function (host, port) -> (address, port) or None for DNS."""
        self._resolver = function
        self.call("set_resolver", _on_resolve if function else ResolveFn(0), self._key)

    def fileno(self) -> int:
        """The descriptor that is readable when there is work."""
        return int(self.call("get_fd"))

    @property
    def timeout_ms(self) -> int:
        """How long the context may stay idle; FOREVER for no limit."""
        return int(self.call("get_timeout_ms"))

    def process(self) -> None:
        """Does the work that is ready, without blocking."""
        self.call("process")

    def wait(self, timeout_ms: int = FOREVER) -> None:
        """Waits for work, then does it; one turn."""
        self.call("wait", timeout_ms)

    def run_until(self, done: Callable[[], bool],
                  timeout: Optional[float] = None) -> bool:
        """Drives the context until a condition holds; False when the seconds ran out."""
        end = None if timeout is None else time.monotonic() + timeout
        while not done():
            left = SLICE_MS
            if end is not None:
                left = min(left, int((end - time.monotonic()) * 1000))
            if left <= 0:
                return False
            self.wait(left)
        return True

    def wakeup(self) -> None:
        """Ends a wait early; any thread may call it."""
        _ffi.call("cmg_context_wakeup", self.pointer)
