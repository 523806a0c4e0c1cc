"""What a test plays on: a sandbox, a recorder before it, and contexts led to the recorder."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import cmg
from check import Checker, Violation
from message import Exchange
from recorder import Recorder
from vandal import Vandal

ROOT = Path(__file__).resolve().parents[2]
CONTOSO = json.loads((ROOT / "examples/contoso.json").read_text(encoding="utf-8"))
TENANT: dict[str, Any] = {"version": 1, "tenant": {"domain": "contoso.onmicrosoft.com"},
          "server_app": {"name": "CMG-ServerApp"}, "client_app": {"name": "CMG-ClientApp"}}
# Another gateway, which takes the place of the first.
SECOND = {"name": "heronlake", "service_name": "heronlake.contoso.com",
          "resource_group": "cmg-heronlake"}
SECOND_APPS = {"server_app": {"name": "Second-ServerApp"},
               "client_app": {"name": "Second-ClientApp"}}
# What is done, in the order of a life: with the tenant's applications, and with a gateway.
# Beside the operation what the gateway's specification says then.
LIVES: tuple[tuple[tuple[cmg.Operation, dict[str, Any] | None], ...], ...] = (
    ((cmg.Operation.FIND_TENANT, None),
     (cmg.Operation.REGISTER_APPS, None),
     (cmg.Operation.VERIFY_APPS, None),
     (cmg.Operation.CORRECT_APPS, None),
     (cmg.Operation.RENEW_SECRET, None),
     (cmg.Operation.IMPORT_APPS, None),
     (cmg.Operation.DELETE_APPS, None),
     (cmg.Operation.RESTORE_APPS, None),
     (cmg.Operation.DELETE_APPS, None),
     (cmg.Operation.PURGE_APPS, None),
     (cmg.Operation.DISCOVER, None),
     (cmg.Operation.DISCOVER, None)),
    ((cmg.Operation.CHECK_GATEWAY, {}),
     (cmg.Operation.PLAN_GATEWAY, {}),
     (cmg.Operation.CREATE, {}),
     (cmg.Operation.INSPECT_GATEWAY, {}),
     (cmg.Operation.INVENTORY_GATEWAY, {}),
     (cmg.Operation.MEASURE_GATEWAY, {"traffic_alert": {"stop_service": True}}),
     (cmg.Operation.STOP_GATEWAY, {}),
     (cmg.Operation.START_GATEWAY, {}),
     (cmg.Operation.SCALE_GATEWAY, {"instances": 3}),
     (cmg.Operation.VERIFY_GATEWAY, {"instances": 3}),
     (cmg.Operation.CORRECT_GATEWAY, {"instances": 3}),
     (cmg.Operation.ROTATE_CERTIFICATE, {"instances": 3}),
     (cmg.Operation.SYNCHRONISE_GATEWAY, {"instances": 3}),
     (cmg.Operation.UPGRADE_GATEWAY, {"instances": 3}),
     (cmg.Operation.MODIFY_GATEWAY, {"instances": 2, "vm_size": "Standard_B2s"}),
     (cmg.Operation.REDEPLOY_GATEWAY, {}),
     (cmg.Operation.REPLACE_GATEWAY, SECOND),
     (cmg.Operation.DELETE, SECOND)),
)
SALES = "bbbbbbbb-0000-4000-8000-000000000001"
FIRST = "00000000-0000-4000-8000-000000000001"
PACKAGE = Path(os.environ["CMG_BUILD_ROOT"]) / "examples/cmg-service.tar.gz"
ROWS: list[tuple[str, int, int, int]] = []  # operation, exchanges, checked, violations


class Stage:
    """One cloud, and a host with one authority and one journal."""

    def __init__(self, folder: Path, certificate: tuple[Path, Path]) -> None:
        self.folder = folder
        subscription = CONTOSO["tenant"]["subscription_id"]
        service = Path(os.environ["CMG_BUILD_ROOT"]) / "examples/service_host"
        self.sandbox = cmg.Sandbox(folder / "sandbox", service_program=service,
                                   subscription_id=subscription, operation_ms=50)
        self.recorder = Recorder(certificate, self.sandbox.port, self.sandbox.ca_file)
        self._apps: cmg.Import | None = None
        self._links: dict[cmg.DiscoveryKind, str] = {}
        self._context = cmg.Context()
        self.sandbox.attach(self._context)  # for the gateway's own name
        self.recorder.attach(self._context)
        self._authority = cmg.Authority(self._context, "Recorded CA")

    def close(self) -> None:
        """Ends everything; nothing that came was unreadable."""
        if self._apps is not None:
            self._apps.close()
        self._authority.close()
        self._context.close()
        self.recorder.close()
        self.sandbox.close()
        assert not self.recorder.broken

    def run(self, operation: cmg.Operation,
            changed: dict[str, Any] | None = None) -> cmg.CmgError | None:
        """One run of an operation; the error that ended it. changed: see LIVES."""
        specification = TENANT if changed is None \
            else CONTOSO | {"gateway": CONTOSO["gateway"] | changed}
        if changed is not None and "name" in changed:
            specification |= SECOND_APPS
        with cmg.Gateway.from_json(self._context, json.dumps(specification)) as gateway:
            gateway.tenant.set_client_secret(self.sandbox.client_id, self.sandbox.client_secret)
            if changed is not None:
                gateway.set_authority(self._authority)
                gateway.add_connector(self._authority.issue(cmg.Profile.CONNECTOR, "connector-1"))
            if operation is cmg.Operation.UPGRADE_GATEWAY:
                gateway.set_package(PACKAGE.read_bytes())
            with self._deploy(gateway, operation) as deploy:
                try:
                    deploy.run()
                except cmg.CmgError as exc:
                    return exc
            if operation is cmg.Operation.REGISTER_APPS:
                self._apps = cmg.Import.from_gateway(gateway)
        return None

    def _deploy(self, gateway: cmg.Gateway, operation: cmg.Operation) -> cmg.Deploy:
        if operation is cmg.Operation.IMPORT_APPS and self._apps is not None:
            self._apps.apply(gateway)  # another specification: another journal
            shutil.copytree(self.folder / "journal.secrets", self.folder / "import.secrets")
            return gateway.deploy(operation, journal=self.folder / "import")
        if operation is not cmg.Operation.DISCOVER:
            second = gateway.name == SECOND["name"]
            deploy = gateway.deploy(operation,
                                    journal=self.folder / ("second" if second else "journal"))
            if operation is cmg.Operation.REPLACE_GATEWAY:
                with cmg.Gateway.from_json(self._context, json.dumps(CONTOSO)) as old:
                    deploy.set_replacement(old, mode=cmg.ReplaceMode.NOW)
            return deploy
        if not self._links:  # a directory of several pages; one leaves before the next time
            self.sandbox.add_users(250)
            self.sandbox.set_group(SALES, displayName="Sales", securityEnabled=True)
            self.sandbox.set_member(SALES, FIRST)
        else:
            self.sandbox.remove_user(FIRST)
        run = cmg.Discovery(gateway, users_link=self._links.get(cmg.DiscoveryKind.USERS),
                            groups_link=self._links.get(cmg.DiscoveryKind.GROUPS))
        run.on_link = lambda kind, link, last: self._links.update({kind: link})
        return run

    def done(self, operation: cmg.Operation,
             changed: dict[str, Any] | None = None) -> list[Exchange]:
        """What a run that succeeds sends and gets; a correction has something to correct."""
        if operation is cmg.Operation.CORRECT_APPS:
            Vandal(self.sandbox).spoil_client_app(TENANT["client_app"]["name"])
        if operation is cmg.Operation.CORRECT_GATEWAY:
            Vandal(self.sandbox).spoil_gateway(CONTOSO["gateway"]["resource_group"])
        ended = self.run(operation, changed)
        assert ended is None, f"{operation.name}: {ended}"
        return self.recorder.take()


def judge(checker: Checker, name: str, exchanges: list[Exchange]) -> list[Violation]:
    """Checks what was recorded and writes a row of the table."""
    excused = checker.excused
    found = checker.check_all(exchanges)
    ROWS.append((name, len(exchanges), len(exchanges) - (checker.excused - excused),
                 len(found)))
    return found
