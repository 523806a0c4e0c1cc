"""Certificate templates: what a certificate of a kind is like."""

from __future__ import annotations

import ctypes

from . import _ffi
from ._handles import Context, Handle
from ._model import out_bytes
from ._types import TEMPLATE


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
