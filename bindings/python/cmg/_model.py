"""Certificates, the authority, the gateway and the applications it needs."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Optional

from . import _ffi
from ._apps import Differing
from ._handles import Context, Guard, Handle
from ._inspect import Facts
from ._sign_in import LentCache, TokenCache, TokenFunction, TokenSource, lend
from ._types import (
    AUTHORITY,
    AssertionAlgorithm,
    BYTES,
    CERTIFICATE,
    CheckFlags,
    GATEWAY,
    GatewayState,
    InventoryKind,
    IssuedState,
    ManagedIdentity,
    Operation,
    Pfx,
    Profile,
    Purpose,
    Revocation,
    RevocationReason,
    cmg_authority_options,
    cmg_certificate_request,
    cmg_gateway_status,
    cmg_inventory_item,
    cmg_issued,
    cmg_pfx_options,
)

if TYPE_CHECKING:
    from ._key import Key
    from ._request import Csr, Template
    from ._check import Report, Trust
    from ._deploy import Deploy, JournalStore


def out_bytes(handle: Handle, verb: str, *arguments: Any) -> bytes:
    """Calls a function that hands out a byte string."""
    found = BYTES()
    handle.call(verb, *arguments, ctypes.byref(found))
    return _ffi.take_bytes(found)


def names_list(names: Sequence[str]) -> Any:
    """A NULL-terminated list of C strings, or NULL for none."""
    if not names:
        return None
    return (ctypes.c_char_p * (len(names) + 1))(*[_ffi.encoded(n) for n in names], None)


class Certificate(Facts):
    """A certificate, its chain, and perhaps its key; immutable."""

    @classmethod
    def from_bytes(cls, ctx: Context, data: _ffi.Buffer,
                   password: Optional[str] = None) -> "Certificate":
        """Reads it from PEM, DER, PKCS#7 or PFX; the form is recognised."""
        found = CERTIFICATE()
        with ctx._guard:
            _ffi.call("cmg_certificate_new_from_bytes", ctx.pointer, bytes(data), len(data),
                      _ffi.optional(password), ctypes.byref(found))
        return cls(found, ctx._guard)

    @classmethod
    def from_pem(cls, ctx: Context, pem: _ffi.Buffer) -> "Certificate":
        """Reads a leaf, its chain and perhaps its key from PEM text."""
        found = CERTIFICATE()
        with ctx._guard:
            _ffi.call("cmg_certificate_new_from_pem", ctx.pointer, bytes(pem), len(pem),
                      ctypes.byref(found))
        return cls(found, ctx._guard)

    @classmethod
    def from_pfx(cls, ctx: Context, data: _ffi.Buffer,
                 password: Optional[str] = None) -> "Certificate":
        """Reads a certificate, its chain and key from PFX bytes."""
        found = CERTIFICATE()
        with ctx._guard:
            _ffi.call("cmg_certificate_new_from_pfx", ctx.pointer, bytes(data), len(data),
                      _ffi.optional(password), ctypes.byref(found))
        return cls(found, ctx._guard)

    @classmethod
    def _borrowed(cls, pointer: Any, guard: Guard) -> "Certificate":
        return cls(_ffi.call("cmg_certificate_ref", pointer), guard)

    def with_key(self, key: "Key") -> "Certificate":
        """The same certificate together with its private key."""
        found = CERTIFICATE()
        with self._guard:
            _ffi.call("cmg_certificate_new_with_key", self.pointer, key.pointer,
                      ctypes.byref(found))
        return Certificate(found, self._guard)

    def matches_key(self, key: "Key") -> bool:
        """Whether the leaf was issued for this key."""
        return bool(self.call("matches_key", key.pointer))

    def export_pem(self) -> bytes:
        """Leaf and chain as PEM, without the key."""
        return out_bytes(self, "export_pem")

    def export_pfx(self, password: str, profile: Pfx = Pfx.COMPAT, *,
                   friendly_name: Optional[str] = None, iterations: int = 0,
                   include_root: bool = False) -> bytes:
        """Leaf, chain and key as PFX; without a friendly name the common name is it."""
        options = cmg_pfx_options(ctypes.sizeof(cmg_pfx_options), profile, iterations,
                                  _ffi.optional(friendly_name), include_root)
        return out_bytes(self, "export_pfx_with", ctypes.byref(options),
                         _ffi.encoded(password))

    def check(self, trust: "Trust", purpose: Purpose, *, name: Optional[str] = None,
              at: int = 0, revocation: Revocation = Revocation.SOFT, crl_grace: int = 0,
              max_depth: int = 0, flags: CheckFlags | int = 0) -> "Report":
        """Judges it for a purpose and perhaps a host name, now or at seconds since 1970;
        the report lists everything that is wrong, not just the first thing."""
        from ._check import check

        return check(self, trust, purpose, name=name, at=at, revocation=revocation,
                     crl_grace=crl_grace, max_depth=max_depth, flags=flags)

    @property
    def subject(self) -> str:
        """The subject's name."""
        return str(self.call("subject"))

    @property
    def issuer(self) -> str:
        """The issuer's name."""
        return str(self.call("issuer"))

    @property
    def common_name(self) -> str:
        """The subject's common name, or ""."""
        return str(self.call("common_name"))

    @property
    def sha256(self) -> str:
        """SHA-256 of the leaf, lower-case hexadecimal digits."""
        return str(self.call("sha256"))

    @property
    def key_description(self) -> str:
        """The key, for example "RSA 2048"."""
        return str(self.call("key_description"))

    @property
    def has_key(self) -> bool:
        """Whether the private key is there."""
        return bool(self.call("has_key"))

    @property
    def not_before(self) -> int:
        """Begin of validity, seconds since 1970."""
        return int(self.call("not_before_unix_s"))

    @property
    def not_after(self) -> int:
        """End of validity, seconds since 1970."""
        return int(self.call("not_after_unix_s"))


@dataclass(frozen=True)
class Issued:
    """One certificate that an authority issued."""

    serial: str
    sha256: str
    subject: str
    template: str
    not_before: int
    not_after: int
    revoked: int
    state: IssuedState
    reason: RevocationReason


class Authority(Handle):
    """A certification authority: a certificate and a key that signs."""

    _kind = "authority"

    def __init__(self, ctx: Context, common_name: str,
                 directory: str | os.PathLike[str] | None = None) -> None:
        found = AUTHORITY()
        name = _ffi.encoded(common_name)
        with ctx._guard:
            if directory is None:
                _ffi.call("cmg_authority_new", ctx.pointer, name, ctypes.byref(found))
            else:
                _ffi.call("cmg_authority_open", ctx.pointer, _ffi.encoded(directory), name,
                          ctypes.byref(found))
        super().__init__(found, ctx._guard)

    def issue(self, profile: Profile, common_name: str, *, days: int = 0,
              dns_names: Sequence[str] = (), ip_addresses: Sequence[str] = ()) -> Certificate:
        """Issues a certificate with a fresh key."""
        request = cmg_certificate_request(
            size=ctypes.sizeof(cmg_certificate_request), profile=profile, days=days,
            common_name=_ffi.encoded(common_name), dns_names=names_list(dns_names),
            ip_addresses=names_list(ip_addresses))
        found = CERTIFICATE()
        self.call("issue", ctypes.byref(request), ctypes.byref(found))
        return Certificate(found, self._guard)

    @classmethod
    def create(cls, ctx: Context, common_name: Optional[str] = None, *,
               directory: str | os.PathLike[str] | None = None,
               organization: Optional[str] = None, template: "Optional[Template]" = None,
               key: "Optional[Key]" = None, parent: "Optional[Authority]" = None,
               certificate: Optional[Certificate] = None, days: int = 0) -> "Authority":
        """A root, one below a parent, or the one that a certificate is of."""
        options = cmg_authority_options(
            size=ctypes.sizeof(cmg_authority_options),
            directory=None if directory is None else _ffi.encoded(directory),
            common_name=_ffi.optional(common_name),
            organization=_ffi.optional(organization),
            tmpl=template.pointer if template else None, key=key.pointer if key else None,
            parent=parent.pointer if parent else None,
            certificate=certificate.pointer if certificate else None, days=days)
        found = AUTHORITY()
        with ctx._guard:
            _ffi.call("cmg_authority_new_with", ctx.pointer, ctypes.byref(options),
                      ctypes.byref(found))
        made = cls.__new__(cls)
        Handle.__init__(made, found, ctx._guard)
        return made

    def set_urls(self, crl: Sequence[str] = (), delta_crl: Sequence[str] = (),
                 issuer: Sequence[str] = ()) -> None:
        """The addresses that certificates and lists carry from now on."""
        self.call("set_urls", names_list(crl), names_list(delta_crl), names_list(issuer))

    def issue_by_template(self, template: "Template", common_name: Optional[str] = None, *,
                          key: "Optional[Key]" = None, days: int = 0,
                          **names: Any) -> Certificate:
        """Issues by a template; names as Csr.new takes them."""
        from ._request import subject_of

        request = subject_of(common_name, **names)
        found = CERTIFICATE()
        self.call("issue_by_template", template.pointer, key.pointer if key else None,
                  ctypes.byref(request), days, ctypes.byref(found))
        return Certificate(found, self._guard)

    def sign(self, csr: "Csr", template: "Template", days: int = 0) -> Certificate:
        """Issues for a request: its names and key, the template's everything else."""
        found = CERTIFICATE()
        self.call("sign", csr.pointer, template.pointer, days, ctypes.byref(found))
        return Certificate(found, self._guard)

    def revoke(self, what: str | Certificate,
               reason: RevocationReason = RevocationReason.UNSPECIFIED) -> None:
        """Revokes a certificate at hand or by its serial number."""
        if isinstance(what, Certificate):
            self.call("revoke_certificate", what.pointer, reason)
        else:
            self.call("revoke", _ffi.encoded(what), reason)

    def hold(self, serial: str) -> None:
        """Suspends a certificate until it is released or revoked."""
        self.call("hold", _ffi.encoded(serial))

    def release(self, serial: str) -> None:
        """Ends a suspension."""
        self.call("release", _ffi.encoded(serial))

    def publish_crl(self, path: str | os.PathLike[str] | None = None, *,
                    validity: int = 7 * 86400, delta: bool = False) -> bytes:
        """Makes the next list, complete or delta, valid for some seconds; writes it to a
        file, too, when a path is given."""
        verb = "publish_delta_crl" if delta else "publish_crl"
        return out_bytes(self, verb, None if path is None else _ffi.encoded(path), validity)

    @property
    def issued(self) -> list["Issued"]:
        """What was issued, other processes' certificates included."""
        count = ctypes.c_size_t()
        self.call("refresh", ctypes.byref(count))
        return [self._issued_at(index) for index in range(count.value)]

    def _issued_at(self, index: int) -> "Issued":
        one = cmg_issued(size=ctypes.sizeof(cmg_issued))
        self.call("issued", index, ctypes.byref(one))
        return Issued(one.serial_hex.decode(), one.sha256_hex.decode(),
                      _ffi.text(one.subject), _ffi.text(one.template_name),
                      one.not_before_unix_s, one.not_after_unix_s, one.revoked_unix_s,
                      IssuedState(one.state), RevocationReason(one.reason))

    @property
    def certificate(self) -> Certificate:
        """The authority's own certificate, without a key."""
        return Certificate._borrowed(self.call("certificate"), self._guard)


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
        """When the newest secret ends, seconds since 1970; 0 before it is known."""
        return int(self.call("secret_expires_unix_s"))


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


@dataclass(frozen=True)
class GatewayStatus:
    """What an operation last saw of a gateway; looked is 0 when nobody has."""

    state: GatewayState
    looked: int
    vm_size: str
    instances: int
    running: int
    stopped: int
    healthy: int
    outdated: int


@dataclass(frozen=True)
class InventoryItem:
    """One resource of the last inventory; id is "" when it is missing."""

    kind: InventoryKind
    type: str
    name: str
    id: str


class Gateway(Handle):
    """A cloud management gateway: what is wanted, and what a deployment has found."""

    _kind = "gateway"

    def __init__(self, pointer: Any, ctx: Context) -> None:
        super().__init__(pointer, ctx._guard)
        self.context = ctx

    @classmethod
    def from_file(cls, ctx: Context, path: str | os.PathLike[str]) -> "Gateway":
        """Reads a JSON specification from a file."""
        found = GATEWAY()
        with ctx._guard:
            _ffi.call("cmg_gateway_new_from_file", ctx.pointer, _ffi.encoded(path),
                      ctypes.byref(found))
        return cls(found, ctx)

    @classmethod
    def from_json(cls, ctx: Context, json: str | bytes, name: str = "<json>") -> "Gateway":
        """Reads a JSON specification from memory; errors call it by the name."""
        data = json.encode() if isinstance(json, str) else json
        found = GATEWAY()
        with ctx._guard:
            _ffi.call("cmg_gateway_new_from_json", ctx.pointer, _ffi.encoded(name), data,
                      len(data), ctypes.byref(found))
        return cls(found, ctx)

    def to_json(self) -> str:
        """The specification, complete with defaults, keys sorted."""
        return out_bytes(self, "to_json").decode()

    def set_authority(self, authority: Authority) -> None:
        """Who issues the server certificate; client certificates must chain to it."""
        self.call("set_authority", authority.pointer)

    def add_connector(self, certificate: Certificate) -> None:
        """Pins a connection point's certificate."""
        self.call("add_connector", certificate.pointer)

    def connector_config(self) -> str:
        """What a connection point must know, as JSON."""
        return out_bytes(self, "connector_config").decode()

    def deploy(self, operation: Operation = Operation.CREATE, *,
               journal: "str | os.PathLike[str] | JournalStore | None" = None) -> "Deploy":
        """A deployment of this gateway; run() it or await it."""
        from ._deploy import Deploy

        return Deploy(self, operation, journal=journal)

    @property
    def name(self) -> str:
        """The gateway's name, lower case."""
        return str(self.call("name"))

    @property
    def service_name(self) -> str:
        """The name that clients use and the server certificate carries."""
        return str(self.call("service_name"))

    @property
    def region(self) -> str:
        """The Azure region's short name."""
        return str(self.call("region"))

    @property
    def resource_group(self) -> str:
        """The resource group."""
        return str(self.call("resource_group"))

    @property
    def site_code(self) -> str:
        """The primary site's code."""
        return str(self.call("site_code"))

    @property
    def instances(self) -> int:
        """How many VM instances are wanted."""
        return int(self.call("instance_count"))

    @property
    def role_ids(self) -> list[str]:
        """The published roles' IDs."""
        count = int(self.call("role_count"))
        return [str(self.call("role_id", index)) for index in range(count)]

    @property
    def role_urls(self) -> list[str]:
        """The published roles' internal base URLs, in the order of role_ids."""
        count = int(self.call("role_count"))
        return [str(self.call("role_url", index)) for index in range(count)]

    @property
    def endpoint(self) -> str:
        """The deployment's public name; "" before it is known."""
        return str(self.call("endpoint"))

    @property
    def status(self) -> GatewayStatus:
        """What an operation on this object last saw."""
        found = cmg_gateway_status(size=ctypes.sizeof(cmg_gateway_status))
        self.call("get_status", ctypes.byref(found))
        return GatewayStatus(GatewayState(found.state), found.looked_unix_s,
                             found.vm_size.decode(), found.instances, found.running,
                             found.stopped, found.healthy, found.outdated)

    @property
    def inventory(self) -> list[InventoryItem]:
        """What the last Operation.INVENTORY_GATEWAY found."""
        found = cmg_inventory_item(size=ctypes.sizeof(cmg_inventory_item))
        items = []
        for i in range(self.call("inventory_count")):
            self.call("inventory_item", i, ctypes.byref(found))
            items.append(InventoryItem(InventoryKind(found.kind), found.type.decode(),
                                       found.name.decode(), found.id.decode()))
        return items

    def inventory_json(self) -> str:
        """The last inventory as a JSON document."""
        return out_bytes(self, "export_inventory").decode()

    @property
    def tenant(self) -> Tenant:
        """The tenant the gateway belongs to."""
        return Tenant(_ffi.call("cmg_tenant_ref", self.call("tenant")), self._guard)

    @property
    def server_app(self) -> ServerApp:
        """The server application."""
        return ServerApp(_ffi.call("cmg_server_app_ref", self.call("server_app")),
                         self._guard)

    @property
    def client_app(self) -> ClientApp:
        """The client application."""
        return ClientApp(_ffi.call("cmg_client_app_ref", self.call("client_app")),
                         self._guard)

    @property
    def certificate(self) -> Optional[Certificate]:
        """The server certificate; None before it is issued."""
        found = self.call("certificate")
        return Certificate._borrowed(found, self._guard) if found else None
