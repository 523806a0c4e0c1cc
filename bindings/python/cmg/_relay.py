"""The data plane: gateway service, connection point, and an internet client."""

from __future__ import annotations

import asyncio
import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Optional

from . import _ffi, _loop
from ._errors import CmgError, TimedOut, borrowed
from ._handles import Context, Handle, register, trampoline
from ._model import Certificate
from ._types import (CLIENT, CONNECTOR, SERVICE, ClientDoneFn, ConnectorChannel,
                     ConnectorClosed, Listener, ServiceChannel, ServiceClosed, ServiceRequest,
                     ServiceSettings, cmg_connector_events, cmg_service_events)


@dataclass(frozen=True)
class RequestRecord:
    """One request that the service has answered."""

    method: str
    role_id: str
    endpoint: str
    client: str
    connector: str
    bytes_in: int
    bytes_out: int
    elapsed_ms: int
    status: int


@dataclass(frozen=True)
class Response:
    """What a client's request came to."""

    status: int
    reason: str
    content_type: str
    via: str
    body: bytes
    elapsed_ms: int


def _tell(function: Optional[Callable[..., Any]], *arguments: Any) -> None:
    """Calls the host's function, if there is one."""
    if function is not None:
        function(*arguments)


@trampoline(ServiceChannel)
def _service_channel(owner: Any, _service: Any, connector: Optional[bytes], ready: int,
                     why: Any) -> None:
    _tell(owner.on_channel, _ffi.text(connector), bool(ready), borrowed(why))


@trampoline(ServiceRequest)
def _service_request(owner: Any, _service: Any, record: Any) -> None:
    r = record.contents
    _tell(owner.on_request, RequestRecord(
        _ffi.text(r.method), _ffi.text(r.role_id), _ffi.text(r.endpoint), _ffi.text(r.client),
        _ffi.text(r.connector), r.bytes_in, r.bytes_out, r.elapsed_ms, r.status))


@trampoline(ServiceClosed)
def _service_closed(owner: Any, _service: Any) -> None:
    owner._was_closed()


@trampoline(ServiceSettings)
def _service_settings(owner: Any, _service: Any, json: bytes, _size: int, why: Any) -> None:
    _tell(owner.on_settings, json, borrowed(why))


@trampoline(ConnectorChannel)
def _connector_channel(owner: Any, _connector: Any, instance: int, ready: int,
                       why: Any) -> None:
    _tell(owner.on_channel, instance, bool(ready), borrowed(why))


@trampoline(ConnectorClosed)
def _connector_closed(owner: Any, _connector: Any) -> None:
    owner._was_closed()


class _Endpoint(Handle):
    """What service and connector share: settings, certificate, start, close."""

    def __init__(self, pointer: Any, ctx: Context) -> None:
        super().__init__(pointer, ctx._guard)
        self.context = ctx
        self.on_closed: Optional[Callable[[], Any]] = None
        self._ended = False

    def configure(self, json: str | bytes) -> None:
        """Gives it its settings; while it runs they hold for what comes after."""
        data = json.encode() if isinstance(json, str) else json
        self.call("configure", data, len(data))

    def set_certificate(self, certificate: Certificate) -> None:
        """Gives it its certificate with the key; while it runs, for new connections."""
        self.call("set_certificate", certificate.pointer)

    def start(self) -> None:
        """Begins; the work is done while the context is driven."""
        self._ended = False
        self.call("start")

    def stop(self, grace: float = 5.0) -> None:
        """Drains for up to the seconds given, then closes; returns when it is closed."""
        self.call("close", int(grace * 1000))
        self.context.run_until(lambda: self._ended, grace + 5)

    def _was_closed(self) -> None:
        self._ended = True
        if self.on_closed is not None:
            self.on_closed()


class Service(_Endpoint):
    """The gateway service of one instance."""

    _kind = "service"

    def __init__(self, ctx: Context) -> None:
        found = SERVICE()
        with ctx._guard:
            _ffi.call("cmg_service_new", ctx.pointer, ctypes.byref(found))
        super().__init__(found, ctx)
        self.on_channel: Optional[Callable[[str, bool, Optional[CmgError]], Any]] = None
        self.on_request: Optional[Callable[[RequestRecord], Any]] = None
        self.on_settings: Optional[Callable[[bytes, Optional[CmgError]], Any]] = None
        self.call("set_events", ctypes.byref(cmg_service_events(
            size=ctypes.sizeof(cmg_service_events), user=self._key,
            on_channel=_service_channel, on_request=_service_request,
            on_closed=_service_closed, on_settings=_service_settings)))

    def follow_metadata(self, base_url: str, interval: float = 15.0) -> None:
        """Takes the settings from the metadata service of this machine, now and whenever they
        change; on_settings is told of each."""
        self.call("follow_metadata", _ffi.encoded(base_url), int(interval * 1000))

    def set_instance(self, instance: int) -> None:
        """Tells which instance this is, 0 to 15; it wins over the settings'."""
        self.call("set_instance", instance)

    def set_listener(self, listener: Listener, address: str, port: int = 0) -> None:
        """Where a listener binds; port 0 for any free one."""
        self.call("set_listener", listener, _ffi.encoded(address), port)

    def port(self, listener: Listener) -> int:
        """The port a listener is bound to; 0 before start."""
        return int(self.call("get_port", listener))


class Connector(_Endpoint):
    """A connection point."""

    _kind = "connector"

    def __init__(self, ctx: Context) -> None:
        found = CONNECTOR()
        with ctx._guard:
            _ffi.call("cmg_connector_new", ctx.pointer, ctypes.byref(found))
        super().__init__(found, ctx)
        self.on_channel: Optional[Callable[[int, bool, Optional[CmgError]], Any]] = None
        self.call("set_events", ctypes.byref(cmg_connector_events(
            size=ctypes.sizeof(cmg_connector_events), user=self._key,
            on_channel=_connector_channel, on_closed=_connector_closed)))

    def set_upstream_ca(self, pem: bytes) -> None:
        """Authorities that the site's roles' certificates chain to."""
        self.call("set_upstream_ca", bytes(pem), len(pem))

    @property
    def ready_count(self) -> int:
        """How many channels are ready."""
        return int(self.call("ready_count"))


@trampoline(ClientDoneFn)
def _client_done(owner: Any, _client: Any, response: Any, error: Any) -> None:
    if not response:
        owner._finish(borrowed(error) or CmgError("no answer"))
        return
    r = response.contents
    body = ctypes.string_at(r.body, r.body_size) if r.body_size else b""
    owner._finish(Response(r.status, _ffi.text(r.reason), _ffi.text(r.content_type),
                           _ffi.text(r.via), body, r.elapsed_ms))


class _Pending:
    """One request under way; stands in the registry of owners under its own key."""

    def __init__(self, client: "Client") -> None:
        self._guard = client._guard
        self.result: Response | CmgError | None = None
        self.future: Optional[asyncio.Future[None]] = None

    def _finish(self, result: Response | CmgError) -> None:
        self.result = result
        if self.future is not None:
            _loop.settle(self.future)

    def value(self) -> Response:
        """The response; raises what came instead."""
        if isinstance(self.result, Response):
            return self.result
        raise self.result or CmgError("no answer")


class Client(Handle):
    """An internet client of one gateway."""

    _kind = "client"

    def __init__(self, ctx: Context, host: str, port: int = 0) -> None:
        found = CLIENT()
        with ctx._guard:
            _ffi.call("cmg_client_new", ctx.pointer, _ffi.encoded(host), port,
                      ctypes.byref(found))
        super().__init__(found, ctx._guard)
        self.context = ctx

    def set_certificate(self, certificate: Optional[Certificate]) -> None:
        """Presents a certificate from now on; None for none."""
        self.call("set_certificate", certificate.pointer if certificate else None)

    def set_token(self, token: str | _ffi.Buffer | None) -> None:
        """Sends a bearer token from now on; None for none."""
        if token is None:
            self.call("set_token", None, 0)
            return
        value = token.encode() if isinstance(token, str) else bytes(token)
        self.call("set_token", value, len(value))

    def _send(self, method: str, target: str, body: bytes) -> _Pending:
        pending = _Pending(self)
        key = register(pending)
        self.call("request", _ffi.encoded(method), _ffi.encoded(target), body or None,
                  len(body), _client_done, key)
        return pending

    def request(self, method: str, target: str, body: bytes = b"",
                timeout: Optional[float] = None) -> Response:
        """Sends one request and waits for the answer."""
        pending = self._send(method, target, body)
        if not self.context.run_until(lambda: pending.result is not None, timeout):
            raise TimedOut(f"{method} {target}: no answer within {timeout} s")
        return pending.value()

    async def fetch(self, method: str, target: str, body: bytes = b"") -> Response:
        """The same for asyncio."""
        pending = self._send(method, target, body)
        with _loop.driver(self.context) as future:
            pending.future = future
            await future
        return pending.value()
