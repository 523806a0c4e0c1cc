"""What differs between an application, or a gateway, and what it should be."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass

from . import _ffi
from ._enums import AppPart, Correctable, Severity
from ._handles import Handle
from ._types import cmg_difference


@dataclass(frozen=True)
class Difference:
    """One difference; path names the property, "/" the whole object."""

    part: AppPart
    severity: Severity
    correctable: Correctable
    path: str
    found: str
    should_be: str
    fix: str

    def __str__(self) -> str:
        return f"{self.path}: {self.found}, should be {self.should_be}"


class Differing(Handle):
    """Something that may differ from what it should be."""

    @property
    def differences(self) -> list[Difference]:
        """What verifying it found different from what it should be, the gravest first."""
        return [self._difference_at(index) for index in range(int(self.call("difference_count")))]

    def _difference_at(self, index: int) -> Difference:
        one = cmg_difference(size=ctypes.sizeof(cmg_difference))
        self.call("difference", index, ctypes.byref(one))
        return Difference(AppPart(one.part), Severity(one.severity),
                          Correctable(one.correctable), _ffi.text(one.path),
                          _ffi.text(one.found), _ffi.text(one.should_be),
                          _ffi.text(one.fix))
