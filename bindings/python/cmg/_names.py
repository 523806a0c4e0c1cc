"""What the gateway asks of its certificate, and what its names come to."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import TYPE_CHECKING, Optional

from . import _ffi
from ._check import Report, Trust
from ._handles import Handle
from ._model import Certificate, out_bytes
from ._types import (NAMES, REPORT, UPLOAD, ExpiryLevel, NameDomain, UploadKind, cmg_expiry,
                     cmg_gateway_check_options, cmg_names_options)

if TYPE_CHECKING:
    from ._inspect import Facts


class Names(Handle):
    """The names of a gateway, derived from its server certificate."""

    _kind = "names"

    def __init__(self, certificate: "Facts", region: str, *,
                 service_name: Optional[str] = None, prefix: Optional[str] = None) -> None:
        options = cmg_names_options(
            size=ctypes.sizeof(cmg_names_options), region=_ffi.encoded(region),
            service_name=_ffi.optional(service_name), prefix=_ffi.optional(prefix))
        found = NAMES()
        with certificate._guard:
            _ffi.call("cmg_names_new", certificate.pointer, ctypes.byref(options),
                      ctypes.byref(found))
        super().__init__(found, certificate._guard)

    @property
    def service_name(self) -> str:
        """The name that clients use."""
        return str(self.call("service_name"))

    @property
    def prefix(self) -> str:
        """What storage account and key vault are called."""
        return str(self.call("prefix"))

    @property
    def deployment_name(self) -> str:
        """The name that the deployment has in Azure."""
        return str(self.call("deployment_name"))

    @property
    def domain(self) -> NameDomain:
        """Whose domain the service name is in."""
        return NameDomain(self.call("get_domain"))

    @property
    def dns_record(self) -> str:
        """The DNS record to be created; "" when none is needed."""
        return str(self.call("dns_record"))

    @property
    def offered(self) -> list[str]:
        """Every name that the certificate offers, the default one first."""
        count = int(self.call("offered_count"))
        return [str(self.call("offered_at", index)) for index in range(count)]

    def describe(self) -> str:
        """The names as text for a person."""
        return out_bytes(self, "describe").decode()


@dataclass(frozen=True)
class Expiry:
    """The end of a certificate, as seen from a moment."""

    level: ExpiryLevel
    days_left: int
    next_change: int
    renew: int


class Upload(Handle):
    """The authorities that a gateway must be given so that it accepts a client."""

    _kind = "upload"

    def __init__(self, client: "Facts", pool: Optional[Trust] = None) -> None:
        found = UPLOAD()
        with client._guard:
            _ffi.call("cmg_upload_new", client.pointer,
                      None if pool is None else pool.pointer, ctypes.byref(found))
        super().__init__(found, client._guard)

    @property
    def authorities(self) -> list[tuple[UploadKind, Certificate]]:
        """Each with the mark it is uploaded under, the client's issuer first."""
        return [(UploadKind(self.call("get_kind", index)),
                 Certificate._borrowed(self.call("certificate", index), self._guard))
                for index in range(int(self.call("count")))]

    @property
    def report(self) -> Report:
        """What is missing or wrong."""
        return Report(_ffi.call("cmg_report_ref", self.call("report")), self._guard)

    def describe(self) -> str:
        """The list as text for a person."""
        return out_bytes(self, "describe").decode()


def check_gateway(certificate: "Facts", *, service_name: Optional[str] = None,
                  trust: Optional[Trust] = None, at: int = 0) -> Report:
    """Judges a server certificate by the rules of the gateway."""
    options = cmg_gateway_check_options(
        size=ctypes.sizeof(cmg_gateway_check_options),
        service_name=_ffi.optional(service_name),
        trust=None if trust is None else trust.pointer, at_unix_s=at)
    found = REPORT()
    certificate.call("check_gateway", ctypes.byref(options), ctypes.byref(found))
    return Report(found, certificate._guard)


def check_renewal(renewed: "Facts", old: "Facts") -> Report:
    """Compares a new certificate with the one it is to take the place of."""
    found = REPORT()
    renewed.call("check_renewal", old.pointer, ctypes.byref(found))
    return Report(found, renewed._guard)


def expiry(certificate: "Facts", at: int = 0) -> Expiry:
    """How near the end of a certificate is, now or at seconds since 1970."""
    found = cmg_expiry(size=ctypes.sizeof(cmg_expiry))
    certificate.call("get_expiry", at, ctypes.byref(found))
    return Expiry(ExpiryLevel(found.level), found.days_left, found.next_change_unix_s,
                  found.renew_unix_s)
