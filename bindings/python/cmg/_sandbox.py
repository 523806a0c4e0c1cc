"""An Azure on loopback: libcmg-sandbox, loaded when a Sandbox is made."""

from __future__ import annotations

import ctypes
import json
import os
from typing import Any, Optional

from . import _ffi
from ._handles import Context, Guard, Handle
from ._model import out_bytes
from ._types import (BYTES, SANDBOX, ManagedIdentity, SandboxFault, SandboxKind, SandboxSignIn, cmg_address, cmg_sandbox_settings)


class Sandbox(Handle):
    """A running sandbox: Entra, Graph, Resource Manager and Key Vault."""

    _kind = "sandbox"

    def __init__(self, directory: str | os.PathLike[str], *,
                 service_program: str | os.PathLike[str] | None = None,
                 tenant_id: Optional[str] = None, domain: Optional[str] = None,
                 subscription_id: Optional[str] = None, port: int = 0,
                 operation_ms: int = 0) -> None:
        found = SANDBOX()
        settings = cmg_sandbox_settings(
            size=ctypes.sizeof(cmg_sandbox_settings), directory=_ffi.encoded(directory),
            service_program=_ffi.optional(service_program),
            tenant_id=_ffi.optional(tenant_id), domain=_ffi.optional(domain),
            subscription_id=_ffi.optional(subscription_id), port=port,
            operation_ms=operation_ms)
        _ffi.call("cmg_sandbox_new", ctypes.byref(settings), ctypes.byref(found))
        super().__init__(found, Guard())

    def call(self, verb: str, *arguments: Any) -> Any:
        """Calls cmg_sandbox_<verb>; any thread may."""
        return _ffi.call(f"cmg_sandbox_{verb}", self.pointer, *arguments)

    def attach(self, ctx: Context) -> None:
        """Leads a context to the sandbox; it must outlive the context's use."""
        self.call("attach", ctx.pointer)

    @property
    def port(self) -> int:
        """The loopback port of the HTTPS listener."""
        return int(self.call("port"))

    @property
    def ca_file(self) -> str:
        """The file with the authority's certificate."""
        return str(self.call("ca_file"))

    @property
    def tenant_id(self) -> str:
        """The tenant's ID."""
        return str(self.call("tenant_id"))

    @property
    def subscription_id(self) -> str:
        """The subscription's ID."""
        return str(self.call("subscription_id"))

    @property
    def client_id(self) -> str:
        """An application with every right, for unattended sign-in."""
        return str(self.call("client_id"))

    @property
    def client_secret(self) -> str:
        """That application's secret; worthless outside."""
        return str(self.call("client_secret"))

    def client_certificate(self) -> tuple[bytes, bytes]:
        """That application's certificate and its key, both PEM."""
        certificate, key = BYTES(), BYTES()
        self.call("client_certificate", ctypes.byref(certificate), ctypes.byref(key))
        return _ffi.take_bytes(certificate), _ffi.take_bytes(key)

    def set_sign_in(self, how: SandboxSignIn) -> None:
        """Says when sign-ins of persons are approved."""
        self.call("set_sign_in", how)

    def decide_sign_in(self, code: str, approve: bool = True) -> None:
        """Approves or declines a sign-in by its user code, or by the state of its page."""
        self.call("decide_sign_in", _ffi.encoded(code), approve)

    def rollover_keys(self) -> None:
        """Signs tokens with another key, from the next request on."""
        self.call("rollover_keys")

    @property
    def identity_endpoint(self) -> str:
        """Where the machine's metadata service is, for Tenant.set_identity_endpoint."""
        return str(self.call("identity_endpoint"))

    def identity(self, kind: ManagedIdentity) -> str:
        """The object ID of the machine's own managed identity, or the ID of that kind of
        the one that is assigned to it."""
        return str(self.call("identity", kind))

    def add_issuer(self, issuer: str, keys: str, subject: Optional[str] = None) -> None:
        """Makes an outside issuer known by its key set (JSON); its tokens with this
        subject sign the application of client_id in."""
        data = keys.encode()
        self.call("add_issuer", _ffi.encoded(issuer), data, len(data),
                  _ffi.optional(subject))

    def resolve(self, host: str, port: int) -> tuple[str, int]:
        """Where a name and port of the sandbox's cloud are on loopback."""
        found = cmg_address(size=ctypes.sizeof(cmg_address))
        self.call("resolve", _ffi.encoded(host), port, ctypes.byref(found))
        return found.address.decode(), found.port

    def issue_token(self, client_id: str, resource: str) -> bytes:
        """A token as a device with the client app would get it for the server app."""
        return out_bytes(self, "issue_token", _ffi.encoded(client_id),
                         _ffi.encoded(resource))

    def get(self, name: str) -> Optional[str]:
        """A fact about the cloud by name ("blob_key"); None when there is none."""
        return str(self.call("get", _ffi.encoded(name))) or None

    def set(self, name: str, value: str | int | None) -> None:
        """Sets something about the cloud by name ("duration/start"); None: the default."""
        self.call("set", _ffi.encoded(name),
                  _ffi.optional(None if value is None else str(value)))

    def publish(self, path: str, data: _ffi.Buffer) -> None:
        """Puts a file under https://pki.contoso.com/pki/, a revocation list for example."""
        self.call("publish", _ffi.encoded(path), bytes(data), len(data))

    def decide_request(self, request_id: str, approve: bool) -> None:
        """Decides on a certificate request, as an administrator would."""
        self.call("decide_request", _ffi.encoded(request_id), approve)

    def add_users(self, count: int) -> None:
        """Adds users that follow from their number and take no memory."""
        self.call("add_users", count)

    def set_user(self, user_id: str, **properties: Any) -> None:
        """Adds a user or changes one; the properties are named as Graph does."""
        self.call("set_user", _ffi.encoded(user_id), _ffi.encoded(json.dumps(properties)))

    def remove_user(self, user_id: str) -> None:
        """Removes a user, also from the groups."""
        self.call("set_user", _ffi.encoded(user_id), None)

    def set_group(self, group_id: str, **properties: Any) -> None:
        """Adds a group or changes one."""
        self.call("set_group", _ffi.encoded(group_id),
                  _ffi.encoded(json.dumps(properties)))

    def remove_group(self, group_id: str) -> None:
        """Removes a group."""
        self.call("set_group", _ffi.encoded(group_id), None)

    def set_member(self, group_id: str, user_id: str, is_member: bool = True) -> None:
        """Takes a user into a group, or out of it."""
        self.call("set_member", _ffi.encoded(group_id), _ffi.encoded(user_id), is_member)

    def expire_links(self) -> None:
        """Lets the links of delta queries given out so far be too old."""
        self.call("expire_links")

    def set_replication(self, milliseconds: int) -> None:
        """Lets one of two replicas of the directory be late; 0 for none."""
        self.call("set_replication", milliseconds)

    def set_throttle(self, every: int, retry_after_ms: int = 1000) -> None:
        """Lets Graph send every n-th request away with status 429; 0 for none."""
        self.call("set_throttle", every, retry_after_ms)

    def consent(self, url: str, approve: bool = True) -> str:
        """Decides on a consent page as an administrator would; where the browser is led."""
        return out_bytes(self, "consent", _ffi.encoded(url), approve).decode()

    def count(self, kind: SandboxKind) -> int:
        """Counts what is there."""
        return int(self.call("count", kind))

    def inject(self, fault: SandboxFault, *, method: Optional[str] = None,
               path: Optional[str] = None, nth: int = 1, status: int = 500) -> None:
        """Makes a coming request fail, once."""
        self.call("inject", _ffi.optional(method), _ffi.optional(path), nth, fault, status)
