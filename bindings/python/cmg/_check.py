"""What is trusted, and what the judge of certificates finds."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Optional

from . import _ffi
from ._handles import Context, Handle
from ._model import out_bytes
from ._types import (REPORT, TRUST, CheckFlags, FindingCode, Purpose, Revocation, Severity,
                     cmg_check_options)

if TYPE_CHECKING:
    from ._crl import Crl
    from ._model import Certificate


class Trust(Handle):
    """Roots, further authorities and revocation lists."""

    _kind = "trust"

    def __init__(self, ctx: Context, *certificates: "_ffi.Buffer | Certificate") -> None:
        found = TRUST()
        with ctx._guard:
            _ffi.call("cmg_trust_new", ctx.pointer, ctypes.byref(found))
        super().__init__(found, ctx._guard)
        for one in certificates:
            self.add(one)

    def add(self, certificate: "_ffi.Buffer | Certificate") -> None:
        """Adds PEM or DER bytes, or a certificate with its chain: self-signed authorities
        become roots."""
        if isinstance(certificate, Handle):
            self.call("add_certificate", certificate.pointer)
        else:
            data = bytes(certificate)
            self.call("add", data, len(data))

    def add_anchor(self, certificate: "Certificate") -> None:
        """Adds one certificate at which paths may end, whoever signed it."""
        self.call("add_anchor", certificate.pointer)

    def add_crl(self, crl: "Crl") -> None:
        """Adds a revocation list, complete or delta."""
        self.call("add_crl", crl.pointer)

    def __len__(self) -> int:
        return int(self.call("count"))

    @property
    def roots(self) -> int:
        """How many of the certificates paths may end at."""
        return int(self.call("root_count"))


@dataclass(frozen=True)
class Finding:
    """One thing that was found."""

    code: FindingCode | int
    severity: Severity
    subject: str
    cause: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.severity.name.lower()}: {self.subject}: {self.cause}"


def code_of(number: int) -> FindingCode | int:
    """The code, a number when the library is newer than this binding."""
    try:
        return FindingCode(number)
    except ValueError:
        return number


class Report(Handle):
    """Findings, the gravest first; true when nothing refuses."""

    _kind = "report"

    @property
    def accepted(self) -> bool:
        """Whether nothing refuses."""
        return bool(self.call("is_accepted"))

    def __bool__(self) -> bool:
        return self.accepted

    def __len__(self) -> int:
        return int(self.call("count"))

    def __getitem__(self, index: int) -> Finding:
        count = len(self)
        at = index + count if index < 0 else index
        if not 0 <= at < count:
            raise IndexError(index)
        return Finding(code_of(int(self.call("finding_code", at))),
                       Severity(self.call("severity", at)), str(self.call("subject", at)),
                       str(self.call("cause", at)), str(self.call("remedy", at)))

    def __iter__(self) -> Iterator[Finding]:
        return (self[index] for index in range(len(self)))

    @property
    def codes(self) -> set[FindingCode | int]:
        """The codes of all findings."""
        return {finding.code for finding in self}

    def describe(self) -> str:
        """The whole report as text for a person."""
        return out_bytes(self, "describe").decode()


def check(certificate: "Certificate", trust: Trust, purpose: Purpose, *,
          name: Optional[str] = None, at: int = 0,
          revocation: Revocation = Revocation.SOFT, crl_grace: int = 0, max_depth: int = 0,
          flags: CheckFlags | int = 0) -> Report:
    """Judges a certificate; see Certificate.check."""
    options = cmg_check_options(
        size=ctypes.sizeof(cmg_check_options), purpose=purpose, revocation=revocation,
        name=_ffi.optional(name), at_unix_s=at, crl_grace_s=crl_grace, max_depth=max_depth,
        flags=flags)
    found = REPORT()
    certificate.call("check", trust.pointer, ctypes.byref(options), ctypes.byref(found))
    return Report(found, certificate._guard)
