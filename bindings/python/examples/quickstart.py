#!/usr/bin/env python3
"""The whole life of a gateway in one program, like examples/quickstart.c: a sandbox cloud
in the process, nginx as management point, tenant and applications, certificate, deployment
of two instances (real processes), a connection point that dials out to both, requests of an
internet client, and the end of it all.

Build first (ninja -C build), then run it from anywhere. Kill it anywhere and run it again:
it goes on where it was.
"""

from __future__ import annotations

import argparse
import io
import os
import secrets
import sys
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "bindings/python"))
os.environ.setdefault("CMG_LIBRARY_PATH", str(ROOT / "build/libcmg"))

import cmg  # noqa: E402
from display import Display  # noqa: E402
from host import Child, Failure, open_directory, write_file  # noqa: E402
from traffic import Identities, send_all  # noqa: E402

CHANNEL_PORTS = (10140, 10124)  # the second when the first is closed
LEFTOVERS = {
    cmg.SandboxKind.APPLICATIONS: "applications",
    cmg.SandboxKind.SERVICE_PRINCIPALS: "service principals",
    cmg.SandboxKind.GRANTS: "grants",
    cmg.SandboxKind.RESOURCE_GROUPS: "resource groups",
    cmg.SandboxKind.RESOURCES: "resources",
    cmg.SandboxKind.INSTANCES: "instances",
    cmg.SandboxKind.DELETED: "soft-deleted objects",
}


class Quickstart:
    """One run; what it opens is closed by the stack, last first."""

    def __init__(self, options: argparse.Namespace, stack: ExitStack) -> None:
        self.options = options
        self.stack = stack
        self.ctx = stack.enter_context(cmg.Context())
        self.gateway = stack.enter_context(cmg.Gateway.from_file(self.ctx, options.spec))
        self.gateway.set_package(self.package())
        # Everything that can be wrong with the input is found by now; nothing was made.
        self.directory = open_directory(options.directory)

    def package(self) -> bytes:
        """What the instances install: the machines' image has no service."""
        path = self.options.package or self.options.programs / "cmg-service.tar.gz"
        if not path.exists():
            raise Failure(f"there is no service package {path}", "the instances install it",
                          "build it (ninja -C build examples/cmg-service.tar.gz), or name one "
                          "with --package FILE")
        return bytes(path.read_bytes())

    def turn(self) -> None:
        """Drives the context for a moment."""
        self.ctx.run_until(lambda: False, timeout=0.05)

    def start_cloud(self) -> None:
        """The sandbox, and the context led to it."""
        tenant = self.gateway.tenant
        self.sandbox = self.stack.enter_context(cmg.Sandbox(
            self.directory / "sandbox", service_program=self.options.programs / "service_host",
            tenant_id=tenant.id or None, domain=tenant.domain or None,
            subscription_id=tenant.subscription_id, operation_ms=300))
        self.sandbox.attach(self.ctx)
        print(f"sandbox cloud on 127.0.0.1:{self.sandbox.port}, "
              f"tenant {self.sandbox.tenant_id}")

    def kept_certificate(self, profile: cmg.Profile, name: str) -> cmg.Certificate:
        """A certificate that a former run has kept, or a fresh one kept for the next."""
        pfx, password = self.directory / f"{name}.pfx", self.directory / f"{name}.password"
        if pfx.exists():
            return cmg.Certificate.from_pfx(self.ctx, pfx.read_bytes(), password.read_text())
        made = self.authority.issue(profile, name, days=365)
        secret = secrets.token_hex(16)
        write_file(password, secret.encode())
        write_file(pfx, made.export_pfx(secret, cmg.Pfx.MODERN))
        return made

    def make_certificates(self) -> None:
        """The authority, the connection point's certificate and the client's."""
        self.authority = cmg.Authority(self.ctx, "Contoso CMG authority",
                                       self.directory / "authority")
        self.connector = self.kept_certificate(cmg.Profile.CONNECTOR, "connector-1")
        self.client = self.kept_certificate(cmg.Profile.CLIENT, "client-1")
        self.gateway.set_authority(self.authority)
        self.gateway.add_connector(self.connector)

    def start_site(self) -> None:
        """nginx as management point."""
        self.site_host = urlsplit(self.gateway.role_urls[0]).hostname or ""
        folder = self.directory / "site"
        (folder / "port").unlink(missing_ok=True)
        child = self.stack.enter_context(Child(
            ["/bin/sh", self.options.management_point, folder, self.site_host],
            self.directory / "site.log"))
        if not child.wait_for(folder / "port", self.turn):
            raise child.failure("nginx, the management point, did not start")
        self.site_port = (folder / "port").read_text().strip()
        print(f"management point {self.site_host}: nginx on 127.0.0.1:{self.site_port}")

    def deploy(self, operation: cmg.Operation) -> None:
        """Runs an operation and shows its progress."""
        display = Display(self.gateway.name, operation)
        with self.gateway.deploy(operation, journal=self.directory / "journal") as deploy:
            deploy.on_state = display.on_state
            deploy.on_step = display.on_step
            deploy.on_prompt = display.on_prompt
            deploy.on_turn = display.draw
            try:
                display.finish(deploy.run())
            finally:
                display.clear()

    def create(self) -> None:
        """A former run may have been killed while it deleted: that comes to its end first."""
        try:
            self.deploy(cmg.Operation.CREATE)
        except cmg.WrongState:
            print("a former run was deleting this gateway: that is finished first")
            self.deploy(cmg.Operation.DELETE)
            self.deploy(cmg.Operation.CREATE)

    def cloud_address(self, host: str, port: int) -> str:
        """"host:port:address:port" for a name and port of the sandbox's cloud."""
        address, address_port = self.sandbox.resolve(host, port)
        return f"{host}:{port}:{address}:{address_port}"

    def start_connector(self) -> None:
        """The connection point's process, with a channel to every instance."""
        config, ready = self.directory / "connector.json", self.directory / "connector.ready"
        write_file(config, self.gateway.connector_config().encode())
        ready.unlink(missing_ok=True)
        count = self.gateway.instances
        arguments: list[str | Path] = [
            self.options.programs / "connector_host", "--config", config,
            "--pfx", self.directory / "connector-1.pfx",
            "--password-file", self.directory / "connector-1.password",
            "--upstream-ca", self.directory / "site/ca.pem", "--ready-file", ready,
            "--instances", str(count),
            "--connect-to", f"{self.site_host}:0:127.0.0.1:{self.site_port}"]
        for i in range(count):
            for port in CHANNEL_PORTS:
                arguments += ["--connect-to",
                              self.cloud_address(self.gateway.endpoint, port + i)]
        child = self.stack.enter_context(Child(arguments, self.directory / "connector.log"))
        if not child.wait_for(ready, self.turn):
            raise child.failure("the connection point has no channel to every instance")
        print(f"connection point connector-1: a channel to each of {count} instances")

    def send_requests(self) -> None:
        """What an internet client asks for, and a table of it."""
        with cmg.Authority(self.ctx, "Foreign CA") as foreign:
            identities = Identities(
                self.client, foreign.issue(cmg.Profile.CLIENT, "client-1", days=365),
                self.sandbox.issue_token(self.gateway.client_app.client_id,
                                         self.gateway.server_app.id_uri))
        # The client trusts the authority that issued the gateway's certificate.
        self.ctx.add_ca(self.authority.certificate.export_pem())
        wrong = send_all(self.gateway, identities)
        if wrong:
            raise Failure(f"{wrong} requests came out wrong")

    def print_curl(self) -> None:
        """Writes what curl needs and prints the line to type."""
        service = self.gateway.service_name
        client = self.cloud_address(service, 443)
        ca, config = self.directory / "authority/ca.pem", self.directory / "client.curl"
        password = (self.directory / "client-1.password").read_text()
        write_file(config, (f'cacert = "{ca}"\ncert-type = "P12"\n'
                            f'cert = "{self.directory}/client-1.pfx:{password}"\n'
                            f'connect-to = "{client}"\n').encode())
        print(f"\ngateway       https://{service} (127.0.0.1:{client.rsplit(':', 1)[1]})")
        print(f"cloud         https://127.0.0.1:{self.sandbox.port}")
        print(f"gateway's CA  {ca}\ncloud's CA    {self.sandbox.ca_file}")
        print(f"\nFrom another terminal:\n\n  curl --config {config} 'https://{service}"
              f"/CCM_Proxy_MutualAuth/{self.gateway.role_ids[0]}/SMS_MP/.sms_aut?SITESIGNCERT'")

    def hold(self) -> None:
        """Leaves everything running until Ctrl-C."""
        self.print_curl()
        print("\nCtrl-C stops everything; the next run goes on with the same gateway.",
              flush=True)
        try:
            self.ctx.run_until(lambda: False)
        except KeyboardInterrupt:
            print("\nstopped")

    def show_leftovers(self) -> None:
        """What a deletion must not leave behind."""
        counts = {name: self.sandbox.count(kind) for kind, name in LEFTOVERS.items()}
        print("left in the sandbox: " + ", ".join(f"{n} {name}" for name, n in counts.items()))
        if any(counts.values()):
            raise Failure("the deletion left something behind")

    def run(self) -> None:
        """The whole life."""
        self.start_cloud()
        self.make_certificates()
        self.start_site()
        self.create()
        self.start_connector()
        self.send_requests()
        if self.options.keep:
            self.hold()
        else:
            self.deploy(cmg.Operation.DELETE)
            self.show_leftovers()


def options() -> argparse.Namespace:
    """The command line: the same as the C program's."""
    parser = argparse.ArgumentParser(description="the whole life of a gateway")
    parser.add_argument("--keep", action="store_true", help="leave everything running")
    parser.add_argument("--directory", type=Path, default=ROOT / "build/quickstart-python",
                        help="where everything of this run is kept")
    parser.add_argument("--programs", type=Path, default=ROOT / "build/examples")
    parser.add_argument("--package", type=Path, metavar="FILE",
                        help="what the instances install; else the one of the build")
    parser.add_argument("--management-point", type=Path,
                        default=ROOT / "examples/management_point.sh")
    parser.add_argument("spec", nargs="?", type=Path, default=ROOT / "examples/contoso.json",
                        metavar="SPECIFICATION")
    return parser.parse_args()


def main() -> int:
    """Exit status 0, 2 for bad input, 1 otherwise."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)
    try:
        with ExitStack() as stack:
            Quickstart(options(), stack).run()
    except (cmg.InvalidArgument, cmg.ParseError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except (cmg.CmgError, Failure, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
