"""Certificates and the authority that issues them."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Optional

from . import _ffi
from ._handles import Context, Guard, Handle
from ._inspect import Facts
from ._types import (
    AUTHORITY,
    BYTES,
    CERTIFICATE,
    CheckFlags,
    IssuedState,
    Pfx,
    Profile,
    Purpose,
    Revocation,
    RevocationReason,
    cmg_authority_options,
    cmg_certificate_request,
    cmg_issued,
    cmg_pfx_options,
)

if TYPE_CHECKING:
    from ._key import Key
    from ._request import Csr, Template
    from ._check import Report, Trust


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
