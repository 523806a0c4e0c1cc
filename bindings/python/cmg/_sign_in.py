"""Tokens that the host gets itself."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

from . import _ffi
from ._handles import Guard, register, trampoline
from ._types import KeyRelease, TokenGet, cmg_token_source

TokenFunction = Callable[[str], "tuple[str | _ffi.Buffer, float]"]


class TokenSource:
    """The host's function; it lives until C releases it, which may be long after the
    Tenant has gone."""

    alive: "dict[int, TokenSource]" = {}

    def __init__(self, guard: Guard, function: TokenFunction) -> None:
        self._guard = guard
        self.function = function
        self.key = register(self)
        self.alive[self.key] = self

    def table(self) -> cmg_token_source:
        """What C is given."""
        return cmg_token_source(size=ctypes.sizeof(cmg_token_source), user=self.key,
                                get=_get, release=_release)

    def forget(self) -> None:
        """C does not have it, or no longer."""
        self.alive.pop(self.key, None)


@trampoline(TokenGet, -1)
def _get(owner: Any, resource: bytes, out: Any, room: int, ends: Any) -> int:
    token, expires = owner.function(_ffi.text(resource))
    data = token.encode() if isinstance(token, str) else bytes(token)
    if len(data) > room:
        raise ValueError(f"a token has at most {room} bytes, not {len(data)}")
    ctypes.memmove(out, data, len(data))
    ends[0] = int(expires)
    return len(data)


@trampoline(KeyRelease)
def _release(owner: Any) -> None:
    owner.forget()
