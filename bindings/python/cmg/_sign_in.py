"""Tokens that the host gets itself, and those it keeps."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any, Optional, Protocol

from . import _ffi
from ._handles import Guard, register, trampoline
from ._types import (CacheLoad, CacheSave, KeyRelease, TokenGet, cmg_token_cache,
                     cmg_token_source)

TokenFunction = Callable[[str], "tuple[str | _ffi.Buffer, float]"]


class TokenCache(Protocol):
    """Where the host keeps tokens between two runs; whoever has the bytes is signed in."""

    def load(self, key: str) -> Optional[bytes]:
        """What was saved under a key, or None."""

    def save(self, key: str, data: bytes) -> None:
        """Keeps bytes under a key instead of what was there, in one step."""


class _Lent:
    """Something of the host; it lives until C releases it, which may be long after the
    Tenant has gone."""

    alive: "dict[int, _Lent]" = {}

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self.key = register(self)
        self.alive[self.key] = self

    def forget(self) -> None:
        """C does not have it, or no longer."""
        self.alive.pop(self.key, None)


class LentCache(_Lent):
    """The host's cache."""

    def __init__(self, guard: Guard, cache: TokenCache) -> None:
        super().__init__(guard)
        self.cache = cache

    def table(self) -> cmg_token_cache:
        """What C is given."""
        return cmg_token_cache(size=ctypes.sizeof(cmg_token_cache), user=self.key,
                               load=_load, save=_save, release=_release)


class TokenSource(_Lent):
    """The host's function that gets tokens."""

    def __init__(self, guard: Guard, function: TokenFunction) -> None:
        super().__init__(guard)
        self.function = function

    def table(self) -> cmg_token_source:
        """What C is given."""
        return cmg_token_source(size=ctypes.sizeof(cmg_token_source), user=self.key,
                                get=_get, release=_release)


def lend(lent: "LentCache | TokenSource", call: Callable[..., Any], verb: str,
         *arguments: Any) -> None:
    """Gives C what the host lends, as the last argument of a call."""
    try:
        call(verb, *arguments, ctypes.byref(lent.table()))
    except BaseException:
        lent.forget()
        raise


@trampoline(TokenGet, -1)
def _get(owner: Any, resource: bytes, out: Any, room: int, ends: Any) -> int:
    token, expires = owner.function(_ffi.text(resource))
    data = token.encode() if isinstance(token, str) else bytes(token)
    if len(data) > room:
        raise ValueError(f"a token has at most {room} bytes, not {len(data)}")
    ctypes.memmove(out, data, len(data))
    ends[0] = int(expires)
    return len(data)


@trampoline(CacheLoad, -1)
def _load(owner: Any, key: bytes, out: Any, room: int) -> int:
    data = owner.cache.load(_ffi.text(key)) or b""
    if len(data) > room:
        raise ValueError(f"a token cache has at most {room} bytes, not {len(data)}")
    ctypes.memmove(out, data, len(data))
    return len(data)


@trampoline(CacheSave, -1)
def _save(owner: Any, key: bytes, data: Any, size: int) -> int:
    owner.cache.save(_ffi.text(key), ctypes.string_at(data, size))
    return 0


@trampoline(KeyRelease)
def _release(owner: Any) -> None:
    owner.forget()
