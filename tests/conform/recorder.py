"""Stands between a client and a sandbox: forwards byte for byte and keeps every exchange.

It listens on loopback with a certificate of its own authority for Azure's names and for
localhost, and asks the sandbox under the name that it was asked under, whose certificate
is verified. It can also lose answers, close, delay and throttle.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from message import Exchange, Malformed, Message, fill, head

NAMES = ("login.microsoftonline.com", "graph.microsoft.com", "management.azure.com",
         "*.vault.azure.net", "localhost")
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


@dataclass(frozen=True)
class Fault:
    """What happens to an exchange; retry_after_s belongs to "throttle", delay_s to "delay"."""

    kind: str  # "lose": done, answer lost; "refuse": cut before; "throttle"; "delay"
    delay_s: float = 0.0
    retry_after_s: int = 0


def _openssl(*arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """An authority's file, and a file with a certificate for NAMES and its key."""
    folder.mkdir(parents=True, exist_ok=True)
    ca, ca_key, own = folder / "ca.pem", folder / "ca.key", folder / "recorder.pem"
    key, leaf = folder / "recorder.key", folder / "recorder.crt"
    new = ("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc",
           "-days", "2")
    _openssl(*new, "-subj", "/CN=Recorder CA", "-keyout", str(ca_key), "-out", str(ca),
             "-addext", "keyUsage=critical,keyCertSign,cRLSign")
    names = ",".join(["IP:127.0.0.1", *("DNS:" + n for n in NAMES)])
    _openssl(*new, "-subj", "/CN=recorder", "-CA", str(ca), "-CAkey", str(ca_key),
             "-keyout", str(key), "-out", str(leaf), "-addext", "subjectAltName=" + names,
             "-addext", "basicConstraints=critical,CA:FALSE",
             "-addext", "extendedKeyUsage=serverAuth")
    own.write_bytes(leaf.read_bytes() + key.read_bytes())
    return ca, own


class Recorder:
    """Listens from construction to close()."""

    def __init__(self, certificate: tuple[Path, Path], port: int, ca_file: str) -> None:
        """What comes goes to that port of loopback, whose certificate the file proves;
        certificate is what make_certificate() gave."""
        self.ca_file, own = certificate
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(own)
        self._context.set_alpn_protocols(["http/1.1"])
        self._upstream_port = port
        self._trust = ssl.create_default_context(cafile=ca_file)
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.exchanges: list[Exchange] = []
        self._count = 0
        self.broken: list[str] = []
        self.fault: Callable[[Exchange], Fault | None] = lambda _exchange: None
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def base(self) -> str:
        """Its address for clients that take one."""
        return f"https://localhost:{self.port}"

    def close(self) -> None:
        """No connection is taken any more."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def take(self) -> list[Exchange]:
        """What was recorded since the last call."""
        with self._lock:
            taken, self.exchanges = self.exchanges, []
        return taken

    def attach(self, context: Any) -> None:
        """Leads a cmg.Context here."""
        context.add_ca_file(self.ca_file)
        for name in NAMES[:-1]:
            context.add_address(name, "127.0.0.1", port=443, address_port=self.port)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, plain: socket.socket) -> None:
        """One connection of the client, one behind it for each name asked for."""
        with contextlib.ExitStack() as stack:
            stack.enter_context(contextlib.suppress(OSError))
            stack.enter_context(plain)
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            client = stack.enter_context(self._context.wrap_socket(plain, server_side=True))
            stream = stack.enter_context(client.makefile("rb"))
            behind: dict[str, tuple[ssl.SSLSocket, BinaryIO]] = {}
            try:
                while (asked := head(stream)) is not None:
                    if not self._exchange(client, stream, asked, behind, stack):
                        return
            except Malformed as exc:
                self.broken.append(str(exc))

    def _open(self, host: str, stack: contextlib.ExitStack) -> tuple[ssl.SSLSocket, BinaryIO]:
        plain = stack.enter_context(socket.create_connection(("127.0.0.1", self._upstream_port)))
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        secure = stack.enter_context(
            self._trust.wrap_socket(plain, server_hostname=host.partition(":")[0]))
        return secure, stack.enter_context(secure.makefile("rb"))

    def _exchange(self, client: ssl.SSLSocket, stream: BinaryIO, asked: Message,
                  behind: dict[str, tuple[ssl.SSLSocket, BinaryIO]],
                  stack: contextlib.ExitStack) -> bool:
        """One request; whether the connection goes on."""
        if (asked.header("Expect") or "").lower() == "100-continue":
            client.sendall(_CONTINUE)
        fill(asked, stream)
        with self._lock:
            self._count += 1
            exchange = Exchange(self._count, asked)
            self.exchanges.append(exchange)
            fault = self.fault(exchange)
        exchange.fault = fault.kind if fault else ""
        if fault is not None and fault.kind == "refuse":
            return False
        if fault is not None and fault.kind == "throttle":
            client.sendall(_throttled(fault))
            return True
        if exchange.host not in behind:
            behind[exchange.host] = self._open(exchange.host, stack)
        answer = _ask(behind[exchange.host], exchange)
        exchange.answer = answer
        if fault is not None and fault.kind == "lose":
            return False
        if fault is not None:
            time.sleep(fault.delay_s)
        client.sendall(answer.raw)
        return (answer.header("Connection") or "").lower() != "close"


def _ask(behind: tuple[ssl.SSLSocket, BinaryIO], exchange: Exchange) -> Message:
    """Hands a request on. Interim answers stay here: the client has had its own."""
    server, stream = behind
    server.sendall(exchange.request.raw)
    while (answer := head(stream)) is not None:
        if not answer.first.split(" ")[1].startswith("1"):
            return fill(answer, stream, exchange.method == "HEAD")
    raise Malformed(f"no answer came to {exchange}")


def _throttled(fault: Fault) -> bytes:
    body = b'{"error":{"code":"TooManyRequests","message":"Slow down."}}'
    return (f"HTTP/1.1 429 Too Many Requests\r\nRetry-After: {fault.retry_after_s}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            ).encode() + body
