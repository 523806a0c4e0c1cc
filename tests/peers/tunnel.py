"""A CONNECT proxy on loopback that leads Azure's host names to the sandbox, byte for byte:
the three of its control plane, and those of storage accounts.

Every other name is refused, so that a client that turns elsewhere is seen.
"""

from __future__ import annotations

import contextlib
import socket
import threading

AZURE = ("login.microsoftonline.com", "management.azure.com", "graph.microsoft.com")
STORAGE = ".blob.core.windows.net"
_HEAD_MAX = 65536


class Tunnel:
    """Listens from construction to close(); hosts asked for are in asked and refused."""

    def __init__(self, sandbox_port: int) -> None:
        self._sandbox_port = sandbox_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.asked: set[str] = set()
        self.refused: set[str] = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """No connection is taken any more."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError), client:
            head = b""
            while b"\r\n\r\n" not in head and len(head) < _HEAD_MAX:
                more = client.recv(4096)
                if not more:
                    return
                head += more
            host = head.split(b" ")[1].decode("ascii").partition(":")[0]
            if not head.startswith(b"CONNECT ") or not (
                    host in AZURE or host.endswith(STORAGE)):
                self.refused.add(host)
                client.sendall(b"HTTP/1.1 403 Forbidden\r\n\r\n")
                return
            self.asked.add(host)
            with socket.create_connection(("127.0.0.1", self._sandbox_port)) as server:
                client.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
                threading.Thread(target=_copy, args=(server, client), daemon=True).start()
                _copy(client, server)


def _copy(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
