"""Certificate templates, and requests made by them."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Optional

from . import _ffi
from ._handles import Context, Handle
from ._key import Key
from ._model import names_list, out_bytes
from ._types import CSR, TEMPLATE, NameKind, cmg_csr_request


class Template(Handle):
    """A named profile: usages, keys, validity, rules for names, hash; immutable."""

    _kind = "template"

    @classmethod
    def builtin(cls, ctx: Context, name: str) -> "Template":
        """web_server, client_authentication, connector, sub_ca or root."""
        found = TEMPLATE()
        with ctx._guard:
            _ffi.call("cmg_template_new_builtin", ctx.pointer, _ffi.encoded(name),
                      ctypes.byref(found))
        return cls(found, ctx._guard)

    @classmethod
    def from_json(cls, ctx: Context, json: str | bytes, name: str = "<json>") -> "Template":
        """Reads JSON text; errors call it by the name."""
        data = json.encode() if isinstance(json, str) else json
        found = TEMPLATE()
        with ctx._guard:
            _ffi.call("cmg_template_new_from_json", ctx.pointer, _ffi.encoded(name), data,
                      len(data), ctypes.byref(found))
        return cls(found, ctx._guard)

    def to_json(self) -> str:
        """The template, complete, keys sorted."""
        return out_bytes(self, "to_json").decode()

    @property
    def name(self) -> str:
        """The template's name."""
        return str(self.call("name"))

    @property
    def enrolment_name(self) -> str:
        """The name that requests carry for a Windows authority, or ""."""
        return str(self.call("enrolment_name"))

    @property
    def hash(self) -> str:
        """"sha256", "sha384" or "sha512"."""
        return str(self.call("hash"))

    @property
    def days(self) -> int:
        """The usual validity."""
        return int(self.call("days"))

    @property
    def days_max(self) -> int:
        """The longest validity."""
        return int(self.call("days_max"))

    @property
    def rsa_bits_min(self) -> int:
        """The smallest RSA key; 0 when such keys are not allowed."""
        return int(self.call("rsa_bits_min"))

    @property
    def ec_bits_min(self) -> int:
        """The smallest key on a curve; 0 when such keys are not allowed."""
        return int(self.call("ec_bits_min"))

    @property
    def is_authority(self) -> bool:
        """Whether its certificates are authorities'."""
        return bool(self.call("is_authority"))

    @property
    def is_exportable(self) -> bool:
        """Whether a key made for it may leave the machine."""
        return bool(self.call("is_exportable"))

    @property
    def eku(self) -> list[str]:
        """The extended key usages: names or dotted identifiers."""
        return [str(self.call("eku", i)) for i in range(int(self.call("eku_count")))]


def subject_of(common_name: Optional[str], *, organization: Optional[str] = None,
               organizational_unit: Optional[str] = None, locality: Optional[str] = None,
               state: Optional[str] = None, country: Optional[str] = None,
               dns_names: Sequence[str] = (), ip_addresses: Sequence[str] = (),
               upns: Sequence[str] = (), uris: Sequence[str] = ()) -> cmg_csr_request:
    """The structure of the names a certificate is for."""
    return cmg_csr_request(
        size=ctypes.sizeof(cmg_csr_request), common_name=_ffi.optional(common_name),
        organization=_ffi.optional(organization),
        organizational_unit=_ffi.optional(organizational_unit),
        locality=_ffi.optional(locality), state=_ffi.optional(state),
        country=_ffi.optional(country), dns_names=names_list(dns_names),
        ip_addresses=names_list(ip_addresses), upns=names_list(upns),
        uris=names_list(uris))


class Csr(Handle):
    """A certificate request whose signature was verified; immutable."""

    _kind = "csr"

    @classmethod
    def new(cls, ctx: Context, template: Template, key: Key,
            common_name: Optional[str] = None, *, organization: Optional[str] = None,
            organizational_unit: Optional[str] = None, locality: Optional[str] = None,
            state: Optional[str] = None, country: Optional[str] = None,
            dns_names: Sequence[str] = (), ip_addresses: Sequence[str] = (),
            upns: Sequence[str] = (), uris: Sequence[str] = ()) -> "Csr":
        """Asks for a certificate by a template, signed with the key it is for."""
        request = subject_of(common_name, organization=organization,
                             organizational_unit=organizational_unit, locality=locality,
                             state=state, country=country, dns_names=dns_names,
                             ip_addresses=ip_addresses, upns=upns, uris=uris)
        found = CSR()
        with ctx._guard:
            _ffi.call("cmg_csr_new", ctx.pointer, template.pointer, key.pointer,
                      ctypes.byref(request), ctypes.byref(found))
        return cls(found, ctx._guard)

    @classmethod
    def from_bytes(cls, ctx: Context, data: _ffi.Buffer) -> "Csr":
        """Reads PEM or DER and verifies the signature."""
        found = CSR()
        with ctx._guard:
            _ffi.call("cmg_csr_new_from_bytes", ctx.pointer, bytes(data), len(data),
                      ctypes.byref(found))
        return cls(found, ctx._guard)

    def export_pem(self) -> bytes:
        """The request as PEM."""
        return out_bytes(self, "export_pem")

    def export_der(self) -> bytes:
        """The request as DER."""
        return out_bytes(self, "export_der")

    def describe(self) -> str:
        """Everything about the request as text for a person."""
        return out_bytes(self, "describe").decode()

    @property
    def subject(self) -> str:
        """The subject's name."""
        return str(self.call("subject"))

    @property
    def common_name(self) -> str:
        """The subject's common name, or ""."""
        return str(self.call("common_name"))

    @property
    def key_description(self) -> str:
        """The key, for example "RSA 2048"."""
        return str(self.call("key_description"))

    @property
    def template_name(self) -> str:
        """The template it names for a Windows authority, or ""."""
        return str(self.call("template_name"))

    @property
    def names(self) -> list[tuple[NameKind, str]]:
        """The alternative names that are asked for."""
        return [(NameKind(self.call("name_kind", i)), str(self.call("name", i)))
                for i in range(int(self.call("name_count")))]

    @property
    def eku(self) -> list[str]:
        """The extended key usages that are asked for."""
        return [str(self.call("eku", i)) for i in range(int(self.call("eku_count")))]
