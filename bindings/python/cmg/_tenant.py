"""The tenant, and the applications that a gateway needs in it."""

from __future__ import annotations

import ctypes
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Optional

from . import _ffi
from ._apps import Differing
from ._handles import Handle
from ._model import Certificate
from ._sign_in import LentCache, TokenCache, TokenFunction, TokenSource, lend
from ._types import (
    AssertionAlgorithm,
    ExpiryLevel,
    ManagedIdentity,
    cmg_server_app_expiry,
)

if TYPE_CHECKING:
    from ._key import Key


class Tenant(Handle):
    """An Entra tenant with the subscription that pays."""

    _kind = "tenant"

    def set_client_secret(self, client_id: str, secret: str | _ffi.Buffer) -> None:
        """Signs in as an application with a client secret."""
        value = secret.encode() if isinstance(secret, str) else bytes(secret)
        self.call("set_client_secret", _ffi.encoded(client_id), value, len(value))

    def set_client_certificate(
            self, client_id: str, certificate: Certificate, key: "Optional[Key]" = None,
            algorithm: AssertionAlgorithm = AssertionAlgorithm.PS256) -> None:
        """Signs in as an application with a certificate and its key, a cmg.Key or the one
        that the certificate has."""
        self.call("set_client_certificate", _ffi.encoded(client_id), certificate.pointer,
                  None if key is None else key.pointer, algorithm)

    def set_workload_identity(self, client_id: str, token_file: str | os.PathLike[str]) -> None:
        """Signs in as an application with an outside issuer's token, which the file holds."""
        self.call("set_workload_identity", _ffi.encoded(client_id), _ffi.encoded(token_file))

    def set_browser(self, client_id: Optional[str] = None) -> None:
        """Signs in as a person by a browser here: on_prompt gets the page to open."""
        self.call("set_browser", _ffi.optional(client_id))

    def set_managed_identity(self, kind: ManagedIdentity = ManagedIdentity.SYSTEM,
                             identity: Optional[str] = None) -> None:
        """Signs in as a managed identity of this machine, by its ID of that kind."""
        self.call("set_managed_identity", kind, _ffi.optional(identity))

    def set_identity_endpoint(self, url: Optional[str] = None) -> None:
        """Where the metadata service is; None for http://169.254.169.254."""
        self.call("set_identity_endpoint", _ffi.optional(url))

    def set_token_source(self, get: TokenFunction, client_id: Optional[str] = None) -> None:
        """Lets a function get the tokens: get(resource) gives the token and its end in seconds
        since 1970. client_id: the application that they are for; None: a person."""
        lend(TokenSource(self._guard, get), self.call, "set_token_source",
             _ffi.optional(client_id))

    def set_token_cache(self, cache: Optional[TokenCache]) -> None:
        """Keeps tokens between two runs, through load(key) and save(key, data) of an object;
        None for none. Whoever has the bytes is signed in: encrypt them."""
        if cache is not None:
            return lend(LentCache(self._guard, cache), self.call, "set_token_cache")
        self.call("set_token_cache", None)

    def set_device_code(self, client_id: Optional[str] = None) -> None:
        """Signs in as a person by device code (the default)."""
        self.call("set_device_code", _ffi.optional(client_id))

    @property
    def initial_domain(self) -> str:
        """The domain name that the tenant was made with; "" before it is known."""
        return str(self.call("initial_domain"))

    @property
    def verified_domains(self) -> list[str]:
        """The domain names that are the tenant's own, the initial one first."""
        return [str(self.call("verified_domain", i))
                for i in range(self.call("verified_domain_count"))]

    @property
    def domain(self) -> str:
        """The domain name the specification gives, or ""."""
        return str(self.call("domain"))

    @property
    def id(self) -> str:
        """The tenant's ID; "" before it is known."""
        return str(self.call("id"))

    @property
    def display_name(self) -> str:
        """The name the directory gives; "" before it is known."""
        return str(self.call("display_name"))

    @property
    def subscription_id(self) -> str:
        """The subscription that pays."""
        return str(self.call("subscription_id"))


@dataclass(frozen=True)
class ServerAppExpiry:
    """The end of a server app's secret, and of the app's use; times are seconds since
    1970, 0 when they are not known, age_days -1."""

    level: ExpiryLevel
    must_replace: bool
    secret_expires: int
    days_left: int
    next_change: int
    created: int
    age_days: int
    replace_at: int


class ServerApp(Differing):
    """The server application ("web app") of Configuration Manager."""

    _kind = "server_app"

    @property
    def name(self) -> str:
        """The display name."""
        return str(self.call("name"))

    @property
    def client_id(self) -> str:
        """The application ID; "" before it is known."""
        return str(self.call("client_id"))

    @property
    def id_uri(self) -> str:
        """The App ID URI; "" before the tenant's ID is known."""
        return str(self.call("id_uri"))

    @property
    def secret_expires(self) -> int:
        """When the newest secret ends, seconds since 1970; 0 before it is known. May be set
        to what is known from elsewhere."""
        return int(self.call("secret_expires_unix_s"))

    @secret_expires.setter
    def secret_expires(self, unix_s: int) -> None:
        self.call("set_secret_expires", unix_s)

    def expiry(self, at: int = 0) -> ServerAppExpiry:
        """How near the end of the secret is, now or at seconds since 1970."""
        found = cmg_server_app_expiry(size=ctypes.sizeof(cmg_server_app_expiry))
        self.call("get_expiry", at, ctypes.byref(found))
        return ServerAppExpiry(
            ExpiryLevel(found.level), bool(found.must_replace), found.secret_expires_unix_s,
            found.days_left, found.next_change_unix_s, found.created_unix_s,
            found.age_days, found.replace_unix_s)


class ClientApp(Differing):
    """The client application ("native app") of Configuration Manager."""

    _kind = "client_app"

    @property
    def name(self) -> str:
        """The display name."""
        return str(self.call("name"))

    @property
    def client_id(self) -> str:
        """The application ID; "" before it is known."""
        return str(self.call("client_id"))
