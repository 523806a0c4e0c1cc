"""Certificate revocation lists."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Optional

from . import _ffi
from ._errors import NotFound
from ._handles import Context, Handle
from ._model import out_bytes
from ._types import CRL, RevocationReason, cmg_crl_entry

if TYPE_CHECKING:
    from ._model import Certificate


@dataclass(frozen=True)
class CrlEntry:
    """One revoked certificate; times are seconds since 1970, None when not said."""

    serial: str
    date: int
    reason: RevocationReason
    invalidity: Optional[int]


def _entry_of(entry: cmg_crl_entry) -> CrlEntry:
    return CrlEntry(entry.serial_hex.decode(), entry.date_unix_s,
                    RevocationReason(entry.reason), entry.invalidity_unix_s or None)


class Crl(Handle):
    """A revocation list: a sequence of entries in ascending order of serial numbers."""

    _kind = "crl"

    def __init__(self, ctx: Context, data: _ffi.Buffer) -> None:
        found = CRL()
        with ctx._guard:
            _ffi.call("cmg_crl_new_from_bytes", ctx.pointer, bytes(data), len(data),
                      ctypes.byref(found))
        super().__init__(found, ctx._guard)

    @property
    def issuer(self) -> str:
        """The issuer's name."""
        return str(self.call("issuer"))

    @property
    def number(self) -> Optional[int]:
        """The number of the list."""
        text = str(self.call("number"))
        return int(text, 16) if text else None

    @property
    def base_number(self) -> Optional[int]:
        """The number that a delta list counts from."""
        text = str(self.call("base_number"))
        return int(text, 16) if text else None

    @property
    def this_update(self) -> int:
        """When it was issued, seconds since 1970."""
        return int(self.call("this_update_unix_s"))

    @property
    def next_update(self) -> Optional[int]:
        """When the next one is due, seconds since 1970."""
        return int(self.call("next_update_unix_s")) or None

    @property
    def is_delta(self) -> bool:
        """Whether it only says what changed."""
        return bool(self.call("is_delta"))

    @property
    def is_indirect(self) -> bool:
        """Whether it may speak of certificates of other issuers."""
        return bool(self.call("is_indirect"))

    def __len__(self) -> int:
        return int(self.call("count"))

    def __getitem__(self, index: int) -> CrlEntry:
        count = len(self)
        at = index + count if index < 0 else index
        if not 0 <= at < count:
            raise IndexError(index)
        entry = cmg_crl_entry(size=ctypes.sizeof(cmg_crl_entry))
        self.call("get_entry", at, ctypes.byref(entry))
        return _entry_of(entry)

    def __iter__(self) -> Iterator[CrlEntry]:
        return (self[index] for index in range(len(self)))

    def find(self, serial: str | int) -> Optional[CrlEntry]:
        """The entry of a serial number (hexadecimal, or a number), None when the list does
        not have it."""
        entry = cmg_crl_entry(size=ctypes.sizeof(cmg_crl_entry))
        text = f"{serial:x}" if isinstance(serial, int) else serial
        try:
            self.call("find", _ffi.encoded(text), ctypes.byref(entry))
        except NotFound:
            return None
        return _entry_of(entry)

    def verify(self, issuer: "Certificate") -> None:
        """Raises CertificateError unless the authority signed the list."""
        self.call("verify", issuer.pointer)

    def describe(self) -> str:
        """The list as text for a person, at most the first 50 entries."""
        return out_bytes(self, "describe").decode()
