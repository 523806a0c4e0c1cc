"""What the Configuration Manager console asks for when both applications are imported."""

from __future__ import annotations

import ctypes
from datetime import datetime, timezone
from typing import Optional

from . import _ffi
from ._handles import Context, Handle
from ._gateway import Gateway
from ._model import out_bytes
from ._types import IMPORT


class Import(Handle):
    """The import data of both applications; never the secret. Immutable."""

    _kind = "import"

    @classmethod
    def from_gateway(cls, gateway: Gateway) -> "Import":
        """Of a gateway whose applications are known."""
        found = IMPORT()
        with gateway._guard:
            _ffi.call("cmg_import_new_from_gateway", gateway.pointer, ctypes.byref(found))
        return cls(found, gateway._guard)

    @classmethod
    def from_json(cls, ctx: Context, data: _ffi.Buffer, name: str = "import.json") -> "Import":
        """Reads a record; name is what errors call it."""
        found = IMPORT()
        with ctx._guard:
            _ffi.call("cmg_import_new_from_json", ctx.pointer, _ffi.encoded(name),
                      bytes(data), len(data), ctypes.byref(found))
        return cls(found, ctx._guard)

    def to_json(self) -> bytes:
        """The record as JSON, keys sorted."""
        return out_bytes(self, "to_json")

    def apply(self, gateway: Gateway) -> None:
        """Makes a gateway use these applications."""
        with self._guard:
            _ffi.call("cmg_gateway_set_import", gateway.pointer, self.pointer)

    @property
    def tenant_name(self) -> str:
        """The tenant's display name."""
        return str(self.call("tenant_name"))

    @property
    def tenant_id(self) -> str:
        """The tenant's ID."""
        return str(self.call("tenant_id"))

    @property
    def server_app_name(self) -> str:
        """The server application's name."""
        return str(self.call("server_app_name"))

    @property
    def server_app_client_id(self) -> str:
        """The server application's client ID."""
        return str(self.call("server_app_client_id"))

    @property
    def server_app_id_uri(self) -> str:
        """The server application's App ID URI."""
        return str(self.call("server_app_id_uri"))

    @property
    def secret_expires(self) -> Optional[datetime]:
        """When the server application's secret ends; None when it is not known."""
        end = int(self.call("secret_expires_unix_s"))
        return datetime.fromtimestamp(end, timezone.utc) if end else None

    @property
    def client_app_name(self) -> str:
        """The client application's name."""
        return str(self.call("client_app_name"))

    @property
    def client_app_client_id(self) -> str:
        """The client application's client ID."""
        return str(self.call("client_app_client_id"))
