"""Everything a certificate says, and what any bytes are."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import Any, Optional, TypeVar

from . import _ffi
from ._handles import Context, Handle
from ._types import BYTES, CERTIFICATE, KeyUsage, NameKind, UrlKind

Self = TypeVar("Self", bound="Facts")


@dataclass(frozen=True)
class AlternativeName:
    """One subject alternative name."""

    kind: NameKind
    value: str

    def __str__(self) -> str:
        return f"{self.kind.name}:{self.value}"


class Facts(Handle):
    """What is read off a certificate; cmg.Certificate has all of it."""

    _kind = "certificate"

    def _texts(self, what: str, *first: Any) -> list[str]:
        count = int(self.call(f"{what}_count", *first))
        return [str(self.call(f"{what}_at", *first, index)) for index in range(count)]

    def _bytes(self, verb: str) -> bytes:
        found = BYTES()
        self.call(verb, ctypes.byref(found))
        return _ffi.take_bytes(found)

    def export_der(self) -> bytes:
        """The leaf as DER."""
        return self._bytes("export_der")

    def describe(self) -> str:
        """Leaf and chain as text for a person."""
        return self._bytes("describe").decode()

    def chain(self: Self) -> list[Self]:
        """Each certificate as a handle of its own, the leaf first, without keys."""
        made = []
        for index in range(int(self.call("chain_count"))):
            found = CERTIFICATE()
            self.call("chain_at", index, ctypes.byref(found))
            made.append(type(self)(found, self._guard))
        return made

    @property
    def serial(self) -> str:
        """The serial number in hexadecimal."""
        return str(self.call("serial"))

    @property
    def sha1(self) -> str:
        """SHA-1 of the leaf: the thumbprint that Windows shows."""
        return str(self.call("sha1"))

    @property
    def signature_algorithm(self) -> str:
        """How it is signed."""
        return str(self.call("signature_algorithm"))

    @property
    def key_bits(self) -> int:
        """The size of its key; 0 for a kind that is not known."""
        return int(self.call("key_bits"))

    @property
    def version(self) -> int:
        """The version of its format, 1 to 3."""
        return int(self.call("version"))

    @property
    def is_authority(self) -> bool:
        """Whether it is an authority's."""
        return bool(self.call("is_authority"))

    @property
    def path_length(self) -> Optional[int]:
        """How many authorities may stand below it; None when it says nothing."""
        length = int(self.call("path_length"))
        return None if length < 0 else length

    @property
    def key_usage(self) -> set[KeyUsage]:
        """What its key may be used for; empty when it says nothing."""
        bits = int(self.call("key_usage"))
        return {one for one in KeyUsage if bits & one}

    @property
    def extended_key_usage(self) -> list[str]:
        """Purposes as dotted identifiers."""
        return self._texts("eku")

    @property
    def policies(self) -> list[str]:
        """Certificate policies as dotted identifiers."""
        return self._texts("policy")

    @property
    def names(self) -> list[AlternativeName]:
        """Subject alternative names of all kinds."""
        return [AlternativeName(NameKind(self.call("name_kind", index)), value)
                for index, value in enumerate(self._texts("name"))]

    @property
    def dns_names(self) -> list[str]:
        """Those that are host names."""
        return [name.value for name in self.names if name.kind is NameKind.DNS]

    def urls(self, kind: UrlKind) -> list[str]:
        """The addresses it lists for a purpose."""
        return self._texts("url", kind)

    @property
    def key_id(self) -> str:
        """The identifier of its key in hexadecimal, or ""."""
        return str(self.call("key_id"))

    @property
    def authority_key_id(self) -> str:
        """The identifier of its issuer's key in hexadecimal, or ""."""
        return str(self.call("authority_key_id"))

    @property
    def template(self) -> str:
        """The template a Microsoft authority issued it by, or ""."""
        return str(self.call("template"))


def inspect(ctx: Context, data: _ffi.Buffer, password: Optional[str] = None) -> str:
    """Says what any bytes are: certificates, a request, a revocation list, PKCS#7, a PFX or
    a key, as PEM or DER. Of a private key only kind and size are told."""
    found = BYTES()
    with ctx._guard:
        _ffi.call("cmg_inspect", ctx.pointer, bytes(data), len(data), _ffi.optional(password),
                  ctypes.byref(found))
    return _ffi.take_bytes(found).decode()
