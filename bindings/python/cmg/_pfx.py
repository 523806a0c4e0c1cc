"""What a PFX file is made of."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Optional

from . import _ffi
from ._handles import Context, Handle
from ._model import out_bytes
from ._types import PFX_FILE, PfxKind, PfxReader


@dataclass(frozen=True)
class PfxEntry:
    """One certificate, key or other thing in a PFX; texts are "" when absent."""

    kind: PfxKind
    content: str
    cipher: str
    iterations: int
    friendly_name: str
    key_id: str
    provider: str


class PfxFile(Handle):
    """A PFX, looked into: how it is protected, what it holds, who can read it."""

    _kind = "pfx_file"

    def __init__(self, ctx: Context, data: _ffi.Buffer,
                 password: Optional[str] = None) -> None:
        """Without a password only the outside is seen."""
        found = PFX_FILE()
        with ctx._guard:
            _ffi.call("cmg_pfx_file_new", ctx.pointer, bytes(data), len(data),
                      _ffi.optional(password), ctypes.byref(found))
        super().__init__(found, ctx._guard)

    def describe(self) -> str:
        """Everything as text for a person."""
        return out_bytes(self, "describe").decode()

    @property
    def is_open(self) -> bool:
        """Whether nothing in it stayed encrypted."""
        return bool(self.call("is_open"))

    @property
    def mac(self) -> str:
        """The protection against change, "" without one."""
        return str(self.call("mac"))

    @property
    def mac_iterations(self) -> int:
        """The iterations behind the MAC."""
        return int(self.call("mac_iterations"))

    def suits(self, reader: PfxReader) -> bool:
        """Whether a reader is known to read such a file."""
        return bool(self.call("suits", reader))

    def __len__(self) -> int:
        return int(self.call("count"))

    def __iter__(self) -> Iterator[PfxEntry]:
        for i in range(len(self)):
            yield PfxEntry(PfxKind(self.call("kind", i)), str(self.call("content", i)),
                           str(self.call("cipher", i)), int(self.call("iterations", i)),
                           str(self.call("friendly_name", i)), str(self.call("key_id", i)),
                           str(self.call("provider", i)))
