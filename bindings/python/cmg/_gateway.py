"""A gateway: what is wanted, and what an operation has found."""

from __future__ import annotations

import ctypes
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Optional

from . import _ffi
from ._apps import Differing
from ._handles import Context
from ._model import Authority, Certificate, out_bytes
from ._tenant import ClientApp, ServerApp, Tenant
from ._types import (
    GATEWAY,
    Alert,
    GatewayState,
    InventoryKind,
    Operation,
    UsageLevel,
    cmg_alert_settings,
    cmg_gateway_settings,
    cmg_gateway_status,
    cmg_inventory_item,
    cmg_usage,
)

if TYPE_CHECKING:
    from ._deploy import Deploy, JournalStore


@dataclass(frozen=True)
class AlertSettings:
    """When somebody is told of an amount; gigabytes is the whole."""

    enabled: bool
    stop_service: bool
    gigabytes: int
    warning_percent: int
    critical_percent: int


@dataclass(frozen=True)
class GatewaySettings:
    """The settings of a gateway as they are wanted; cloud is "" when it is not said."""

    cloud: str
    description: str
    vm_size: str
    adopt_group: bool
    verify_revocation: bool
    enforce_tls12: bool
    serve_content: bool
    traffic_alert: AlertSettings
    storage_alert: AlertSettings
    client_authorities: list[Certificate]
    tags: dict[str, str]


@dataclass(frozen=True)
class GatewayStatus:
    """What an operation last saw of a gateway; looked is 0 when nobody has."""

    state: GatewayState
    looked: int
    vm_size: str
    instances: int
    running: int
    stopped: int
    healthy: int
    outdated: int


@dataclass(frozen=True)
class Amount:
    """What was measured, beside what is allowed; measured is 0 when nobody has. values: how
    many Azure had."""

    measured: int
    since: int
    bytes: int
    limit_bytes: int
    percent: int
    level: UsageLevel
    enabled: bool
    warning_percent: int
    critical_percent: int
    values: int


@dataclass(frozen=True)
class Usage:
    """What left the cloud in 14 days, and what the storage account holds."""

    traffic: Amount
    storage: Amount


@dataclass(frozen=True)
class InventoryItem:
    """One resource of the last inventory; id is "" when it is missing."""

    kind: InventoryKind
    type: str
    name: str
    id: str


class Gateway(Differing):
    """A cloud management gateway: what is wanted, and what a deployment has found."""

    _kind = "gateway"

    def __init__(self, pointer: Any, ctx: Context) -> None:
        super().__init__(pointer, ctx._guard)
        self.context = ctx

    @classmethod
    def from_file(cls, ctx: Context, path: str | os.PathLike[str]) -> "Gateway":
        """Reads a JSON specification from a file."""
        found = GATEWAY()
        with ctx._guard:
            _ffi.call("cmg_gateway_new_from_file", ctx.pointer, _ffi.encoded(path),
                      ctypes.byref(found))
        return cls(found, ctx)

    @classmethod
    def from_json(cls, ctx: Context, json: str | bytes, name: str = "<json>") -> "Gateway":
        """Reads a JSON specification from memory; errors call it by the name."""
        data = json.encode() if isinstance(json, str) else json
        found = GATEWAY()
        with ctx._guard:
            _ffi.call("cmg_gateway_new_from_json", ctx.pointer, _ffi.encoded(name), data,
                      len(data), ctypes.byref(found))
        return cls(found, ctx)

    def to_json(self) -> str:
        """The specification, complete with defaults, keys sorted."""
        return out_bytes(self, "to_json").decode()

    def set_authority(self, authority: Authority) -> None:
        """Who issues the server certificate; client certificates must chain to it."""
        self.call("set_authority", authority.pointer)

    def set_certificate(self, certificate: Optional[Certificate]) -> None:
        """A server certificate of your own, with its key, instead of the authority's; None:
        the authority's again. It is checked; deploy Operation.ROTATE_CERTIFICATE to bring it
        to a gateway that is there."""
        self.call("set_certificate", None if certificate is None else certificate.pointer)

    def set_package(self, package: Optional[bytes]) -> None:
        """The service package that the instances install: the bytes of cmg-service.tar.gz;
        None: they keep the one they have. Deploy Operation.UPGRADE_GATEWAY to bring it to a
        gateway that is there."""
        self.call("set_package", package, 0 if package is None else len(package))

    @property
    def package_sha256(self) -> str:
        """Which package the instances are to have, as an operation saw it; "" for none."""
        return str(self.call("package_sha256"))

    def add_connector(self, certificate: Certificate) -> None:
        """Pins a connection point's certificate."""
        self.call("add_connector", certificate.pointer)

    def add_client_authority(self, certificate: Certificate) -> None:
        """One more authority that clients' certificates may chain to."""
        self.call("add_client_authority", certificate.pointer)

    def connector_config(self) -> str:
        """What a connection point must know, as JSON."""
        return out_bytes(self, "connector_config").decode()

    def deploy(self, operation: Operation = Operation.CREATE, *,
               journal: "str | os.PathLike[str] | JournalStore | None" = None) -> "Deploy":
        """A deployment of this gateway; run() it or await it."""
        from ._deploy import Deploy

        return Deploy(self, operation, journal=journal)

    @property
    def name(self) -> str:
        """The gateway's name, lower case."""
        return str(self.call("name"))

    @property
    def service_name(self) -> str:
        """The name that clients use and the server certificate carries."""
        return str(self.call("service_name"))

    @property
    def region(self) -> str:
        """The Azure region's short name."""
        return str(self.call("region"))

    @property
    def resource_group(self) -> str:
        """The resource group."""
        return str(self.call("resource_group"))

    @property
    def site_code(self) -> str:
        """The primary site's code."""
        return str(self.call("site_code"))

    @property
    def instances(self) -> int:
        """How many VM instances are wanted."""
        return int(self.call("instance_count"))

    @property
    def role_ids(self) -> list[str]:
        """The published roles' IDs."""
        count = int(self.call("role_count"))
        return [str(self.call("role_id", index)) for index in range(count)]

    @property
    def role_urls(self) -> list[str]:
        """The published roles' internal base URLs, in the order of role_ids."""
        count = int(self.call("role_count"))
        return [str(self.call("role_url", index)) for index in range(count)]

    @property
    def endpoint(self) -> str:
        """The deployment's public name; "" before it is known."""
        return str(self.call("endpoint"))

    def _alert(self, which: Alert) -> AlertSettings:
        found = cmg_alert_settings(size=ctypes.sizeof(cmg_alert_settings))
        self.call("get_alert", which, ctypes.byref(found))
        return AlertSettings(bool(found.enabled), bool(found.stop_service),
                             found.gigabytes, found.warning_percent,
                             found.critical_percent)

    @property
    def settings(self) -> GatewaySettings:
        """The settings of the specification, with defaults."""
        found = cmg_gateway_settings(size=ctypes.sizeof(cmg_gateway_settings))
        self.call("get_settings", ctypes.byref(found))
        authorities = [Certificate._borrowed(self.call("client_authority", i), self._guard)
                       for i in range(found.client_authorities)]
        tags = {str(self.call("tag_name", i)): str(self.call("tag_value", i))
                for i in range(found.tags)}
        return GatewaySettings(found.cloud.decode(), found.description.decode(),
                               found.vm_size.decode(), bool(found.adopt_group),
                               bool(found.verify_revocation), bool(found.enforce_tls12),
                               bool(found.serve_content), self._alert(Alert.TRAFFIC),
                               self._alert(Alert.STORAGE), authorities, tags)

    @property
    def status(self) -> GatewayStatus:
        """What an operation on this object last saw."""
        found = cmg_gateway_status(size=ctypes.sizeof(cmg_gateway_status))
        self.call("get_status", ctypes.byref(found))
        return GatewayStatus(GatewayState(found.state), found.looked_unix_s,
                             found.vm_size.decode(), found.instances, found.running,
                             found.stopped, found.healthy, found.outdated)

    def _amount(self, which: Alert) -> Amount:
        found = cmg_usage(size=ctypes.sizeof(cmg_usage))
        self.call("get_usage", which, ctypes.byref(found))
        return Amount(found.measured_unix_s, found.from_unix_s, found.bytes,
                      found.limit_bytes, found.percent, UsageLevel(found.level),
                      bool(found.enabled), found.warning_percent, found.critical_percent,
                      found.values)

    @property
    def usage(self) -> Usage:
        """What the last Operation.MEASURE_GATEWAY found."""
        return Usage(self._amount(Alert.TRAFFIC), self._amount(Alert.STORAGE))

    def usage_json(self) -> str:
        """The same as a JSON document."""
        return out_bytes(self, "export_usage").decode()

    @property
    def inventory(self) -> list[InventoryItem]:
        """What the last Operation.INVENTORY_GATEWAY found."""
        found = cmg_inventory_item(size=ctypes.sizeof(cmg_inventory_item))
        items = []
        for i in range(self.call("inventory_count")):
            self.call("inventory_item", i, ctypes.byref(found))
            items.append(InventoryItem(InventoryKind(found.kind), found.type.decode(),
                                       found.name.decode(), found.id.decode()))
        return items

    def inventory_json(self) -> str:
        """The last inventory as a JSON document."""
        return out_bytes(self, "export_inventory").decode()

    @property
    def tenant(self) -> Tenant:
        """The tenant the gateway belongs to."""
        return Tenant(_ffi.call("cmg_tenant_ref", self.call("tenant")), self._guard)

    @property
    def server_app(self) -> ServerApp:
        """The server application."""
        return ServerApp(_ffi.call("cmg_server_app_ref", self.call("server_app")),
                         self._guard)

    @property
    def client_app(self) -> ClientApp:
        """The client application."""
        return ClientApp(_ffi.call("cmg_client_app_ref", self.call("client_app")),
                         self._guard)

    @property
    def certificate(self) -> Optional[Certificate]:
        """The server certificate; None before it is issued."""
        found = self.call("certificate")
        return Certificate._borrowed(found, self._guard) if found else None
