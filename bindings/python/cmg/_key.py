"""Private keys: made, read, or held by the host."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any, Optional

from . import _ffi
from ._handles import Context, Guard, Handle, register, trampoline
from ._model import out_bytes
from ._types import (KEY, HashAlgorithm, KeyKind, KeyRelease, KeySign, cmg_key_holder)

Signer = Callable[[HashAlgorithm, bytes], bytes]


class _Holder:
    """The function of a held key; it lives until C releases it, which may be long after
    the Key has gone: certificates refer to the key as well."""

    alive: "dict[int, _Holder]" = {}

    def __init__(self, guard: Guard, function: Signer, pss: Optional[Signer]) -> None:
        self._guard = guard
        self.function = function
        self.pss = pss
        self.key = register(self)
        self.alive[self.key] = self


def _answer(function: Signer, algorithm: int, digest: Any, size: int, out: Any,
            room: int) -> int:
    signature = bytes(function(HashAlgorithm(algorithm), ctypes.string_at(digest, size)))
    if len(signature) > room:
        raise ValueError(f"a signature has at most {room} bytes, not {len(signature)}")
    ctypes.memmove(out, signature, len(signature))
    return len(signature)


@trampoline(KeySign, -1)
def _sign(owner: Any, algorithm: int, digest: Any, size: int, out: Any, room: int) -> int:
    return _answer(owner.function, algorithm, digest, size, out, room)


@trampoline(KeySign, -1)
def _sign_pss(owner: Any, algorithm: int, digest: Any, size: int, out: Any,
              room: int) -> int:
    return _answer(owner.pss, algorithm, digest, size, out, room)


@trampoline(KeyRelease)
def _release(owner: Any) -> None:
    _Holder.alive.pop(owner.key, None)


class Key(Handle):
    """A private key; immutable."""

    _kind = "key"

    @classmethod
    def generate(cls, ctx: Context, kind: KeyKind = KeyKind.RSA_2048) -> "Key":
        """Makes a key from the system's random numbers."""
        found = KEY()
        with ctx._guard:
            _ffi.call("cmg_key_generate", ctx.pointer, kind, ctypes.byref(found))
        return cls(found, ctx._guard)

    @classmethod
    def from_bytes(cls, ctx: Context, data: _ffi.Buffer,
                   password: Optional[str] = None) -> "Key":
        """Reads PKCS#8 (encrypted or not), PKCS#1 or SEC1, as PEM or DER."""
        found = KEY()
        with ctx._guard:
            _ffi.call("cmg_key_new_from_bytes", ctx.pointer, bytes(data), len(data),
                      _ffi.optional(password), ctypes.byref(found))
        return cls(found, ctx._guard)

    @classmethod
    def held(cls, ctx: Context, public_key: _ffi.Buffer, sign: Signer,
             sign_pss: Optional[Signer] = None) -> "Key":
        """A key that the host holds: sign(hash algorithm, digest) gives a signature, for
        RSA PKCS#1 v1.5, for an elliptic curve the DER of ECDSA; sign_pss one of
        RSASSA-PSS with a salt as long as the hash. public_key may also be a
        certificate."""
        found = KEY()
        holder = _Holder(ctx._guard, sign, sign_pss)
        table = cmg_key_holder(size=ctypes.sizeof(cmg_key_holder), user=holder.key,
                               sign=_sign, release=_release)
        if sign_pss is not None:
            table.sign_pss = _sign_pss
        try:
            with ctx._guard:
                _ffi.call("cmg_key_new_held", ctx.pointer, bytes(public_key),
                          len(public_key), ctypes.byref(table), ctypes.byref(found))
        except BaseException:
            _Holder.alive.pop(holder.key, None)
            raise
        return cls(found, ctx._guard)

    def export_pem(self, password: Optional[str] = None) -> bytes:
        """The private key as PKCS#8 in PEM, encrypted when there is a password."""
        return out_bytes(self, "export_pem", _ffi.optional(password))

    def export_der(self, password: Optional[str] = None) -> bytes:
        """The private key as PKCS#8 in DER, encrypted when there is a password."""
        return out_bytes(self, "export_der", _ffi.optional(password))

    def export_public_pem(self) -> bytes:
        """The public half as SubjectPublicKeyInfo in PEM."""
        return out_bytes(self, "export_public_pem")

    @property
    def description(self) -> str:
        """What it is, for example "RSA 2048"."""
        return str(self.call("description"))

    @property
    def is_held(self) -> bool:
        """Whether the host holds the private half."""
        return bool(self.call("is_held"))
