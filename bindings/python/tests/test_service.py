"""A service that follows a metadata service, which is a thread here."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, Optional

import pytest

import cmg

DOCUMENT = b'{"version":2}'


class Metadata(BaseHTTPRequestHandler):
    """Answers for user data, and only to who knows how to ask."""

    def do_GET(self) -> None:  # noqa: N802 (http.server's name)
        known = self.path.startswith("/metadata/instance/compute/userData?") \
            and self.headers["Metadata"] == "true"
        body = base64.b64encode(DOCUMENT) if known else b""
        self.send_response(200 if known else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:  # pylint: disable=arguments-differ
        """Nothing is printed."""


@pytest.fixture
def metadata() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Metadata) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_settings_that_came_are_told(ctx: Any, metadata: str) -> None:
    told: list[tuple[bytes, Optional[cmg.CmgError]]] = []
    with cmg.Service(ctx) as service:
        service.on_settings = lambda json, why: told.append((json, why))
        service.follow_metadata(metadata, 0.05)
        ctx.run_until(lambda: bool(told), 10)
        json, why = told[0]
        assert json == DOCUMENT
        assert why is not None and why.subject == "user data: /version"
        with pytest.raises(cmg.CmgError) as caught:
            service.follow_metadata(metadata)
        assert caught.value.code is cmg.Status.E_STATE


def test_bad_arguments_are_refused(ctx: Any) -> None:
    with cmg.Service(ctx) as service:
        with pytest.raises(cmg.InvalidArgument):
            service.follow_metadata("https://169.254.169.254")
        with pytest.raises(cmg.InvalidArgument):
            service.set_instance(16)
        service.set_instance(15)
        assert service.port(cmg.Listener.CHANNEL_HTTPS) == 0
