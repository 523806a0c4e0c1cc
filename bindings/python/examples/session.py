"""What the programs that work on a tenant or a gateway have in common, like
examples/session.c: options, the way to sign in, the sandbox, the directory where everything
of a gateway is kept, progress.

    PROGRAM [--sandbox] [--sign-in WAY] ... DIRECTORY [ARGUMENTS]

The directory holds specification.json, the journal, secrets (mode 0600) and the authority of
the server certificate; with --sandbox also an Azure, which runs in the process and goes on
where the last program left it. Progress goes to standard error, results go to standard
output. Secrets come from files or the environment only.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Optional

__all__ = ["Package", "Session", "add_package", "add_pfx", "cmg", "main", "parser", "wrapped"]

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "bindings/python"))
os.environ.setdefault("CMG_LIBRARY_PATH", str(ROOT / "build/libcmg"))

import cmg  # noqa: E402
from display import Display, wrapped  # noqa: E402
from given import Package, add_package, add_pfx, give_package, give_pfx  # noqa: E402
from host import BadInput, Failure, read_file, write_file  # noqa: E402

MACHINE_LOOKS = 50
SERVICE_HOST = Path(os.environ.get("CMG_BUILD_ROOT", ROOT / "build")) / "examples/service_host"


def parser(program_help: Optional[str]) -> argparse.ArgumentParser:
    """The options of all programs; a program adds its own."""
    made = argparse.ArgumentParser(
        description=program_help, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--sandbox", action="store_true",
                      help="an Azure in this process, kept in DIRECTORY/cloud")
    made.add_argument("--sign-in", metavar="WAY", choices=WAYS, help="|".join(WAYS))
    made.add_argument("--client-id", help="the application or identity that signs in")
    made.add_argument("--secret-file", type=Path,
                      help="its secret; or in the variable CMG_CLIENT_SECRET")
    made.add_argument("--certificate", type=Path,
                      help="its certificate, PFX or PEM, by CMG_PASSWORD")
    made.add_argument("--token-file", type=Path, help="its workload token")
    made.add_argument("--ca", type=Path, help="trust this authority, too")
    made.add_argument("--connect-to", metavar="HOST:PORT:ADDRESS:PORT", action="append",
                      default=[], help="lead a name elsewhere")
    made.add_argument("--yes", action="store_true",
                      help="do not ask before something is changed")
    made.add_argument("directory", metavar="DIRECTORY", type=Path,
                      help="holds specification.json and all that is kept")
    return made


class Session:
    """A context manager: everything up to the gateway, ready to sign in."""

    gateway: cmg.Gateway

    def __init__(self, options: argparse.Namespace, *, has_authority: bool = False) -> None:
        self.options = options
        self.directory: Path = options.directory
        self.has_authority = has_authority
        self.sandbox: Optional[cmg.Sandbox] = None
        self.authority: Optional[cmg.Authority] = None
        self.only_looks = False  # run() shows the plan, and that is all
        self.stack = ExitStack()

    def __enter__(self) -> "Session":
        self.ctx = self.stack.enter_context(cmg.Context())
        try:
            self._open()
        except BaseException:
            self.stack.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.stack.close()

    def _open(self) -> None:
        if self.options.ca is not None:
            self.ctx.add_ca_file(self.options.ca)
        for text in self.options.connect_to:
            self._connect_to(text)
        self.directory.mkdir(mode=0o700, exist_ok=True)
        if self.has_authority:
            self.authority = self.stack.enter_context(cmg.Authority(
                self.ctx, "Contoso CMG authority", self.directory / "authority"))
        # In the sandbox the first program begins with the gateway of contoso.json.
        kept = self.directory / "specification.json"
        first = self.options.sandbox and not kept.exists()
        if not first and not kept.exists():
            raise Failure(f"{kept} is missing",
                          "it says what gateway is wanted, and is written by hand",
                          "copy examples/contoso.json there and change it; --sandbox does so by "
                          "itself")
        data = read_file(ROOT / "examples/contoso.json" if first else kept)
        self.load(data)
        if first:
            write_file(kept, data)

    def _connect_to(self, text: str) -> None:
        try:
            host, port, address, address_port = text.split(":")
            numbers = int(port), int(address_port)
        except ValueError as error:
            raise BadInput(f"--connect-to {text} cannot be understood",
                           "it is not HOST:PORT:ADDRESS:PORT",
                           "name what is asked for and where it is, as in "
                           "mp.contoso.com:443:127.0.0.1:8443") from error
        self.ctx.add_address(host, address, port=numbers[0], address_port=numbers[1])

    def load(self, specification: str | bytes) -> None:
        """Makes the gateway of a specification instead of the present one, signs in, and
        gives it what the options name."""
        self.gateway = self.stack.enter_context(cmg.Gateway.from_json(
            self.ctx, specification, "specification.json"))
        if self.options.sandbox and self.sandbox is None:
            self._open_sandbox()
        way = self.options.sign_in
        if way is None:
            given = self.options.secret_file or os.environ.get("CMG_CLIENT_SECRET")
            way = "secret" if given else "device-code"
        WAYS[way](self, self.gateway.tenant)
        if self.authority is not None:
            self.gateway.set_authority(self.authority)
        give_package(self.gateway, self.options)
        if getattr(self.options, "pfx", None) is not None:
            give_pfx(self.gateway, self.options.pfx)

    def _open_sandbox(self) -> None:
        """An Azure for the tenant and subscription of the specification."""
        tenant = self.gateway.tenant
        self.sandbox = cmg.Sandbox(
            self.directory / "cloud",
            service_program=SERVICE_HOST if SERVICE_HOST.exists() else None,
            tenant_id=tenant.id or None, domain=tenant.domain or None,
            subscription_id=tenant.subscription_id or None, operation_ms=100)
        self.stack.enter_context(self.sandbox)
        self.sandbox.attach(self.ctx)
        print(f"sandbox cloud on 127.0.0.1:{self.sandbox.port}, "
              f"kept in {self.directory / 'cloud'}", file=sys.stderr)

    def application(self) -> str:
        """The client ID of the application that signs in."""
        if self.options.client_id is None and self.sandbox is None:
            raise Failure("this way to sign in needs --client-id")
        return str(self.options.client_id or (self.sandbox and self.sandbox.client_id))

    def confirm(self, plan: str) -> bool:
        """Shows the plan; asks unless --yes was given, or it is only the sandbox."""
        print(plan, end="", file=sys.stderr, flush=True)
        if self.only_looks:
            return False
        if self.options.yes or self.options.sandbox:
            return True
        print("Go on? [y/N] ", end="", file=sys.stderr, flush=True)
        return sys.stdin.readline().lower().startswith("y")

    def follow(self, deploy: cmg.Deploy, operation: cmg.Operation) -> None:
        """Runs a deployment to its end and shows its progress."""
        display = Display(self.gateway.name or self.gateway.tenant.domain, operation,
                          out=sys.stderr, sandbox=self.sandbox is not None)
        deploy.on_state, deploy.on_step = display.on_state, display.on_step
        deploy.on_prompt, deploy.on_consent = display.on_prompt, display.on_consent
        deploy.on_turn = display.draw

        def on_confirm(plan: str) -> bool:
            display.clear()
            return self.confirm(plan)

        deploy.on_confirm = on_confirm
        try:
            display.finish(deploy.run())
        finally:
            display.clear()

    def look(self, operation: cmg.Operation) -> cmg.Deploy:
        """Runs an operation that only reads; the deployment tells what it found."""
        deploy = self.stack.enter_context(self.gateway.deploy(operation))
        self.follow(deploy, operation)
        return deploy

    def await_machines(self) -> None:
        """The sandbox's machines start with each program: waits until those of the gateway
        run."""
        for _ in range(MACHINE_LOOKS if self.sandbox is not None else 0):
            self.look(cmg.Operation.INSPECT_GATEWAY)
            if self.gateway.status.state is not cmg.GatewayState.STARTING:
                break

    def look_ahead(self, operation: cmg.Operation) -> cmg.Deploy:
        """The same with the journal, if there is one: it sees what a run would go on from."""
        journal = self.directory / "journal"
        deploy = self.stack.enter_context(self.gateway.deploy(
            operation, journal=journal if journal.exists() else None))
        self.follow(deploy, operation)
        return deploy

    def run(self, operation: cmg.Operation) -> list[cmg.Problem]:
        """Runs one that changes something, with the journal; what it found on its way."""
        with self.gateway.deploy(operation, journal=self.directory / "journal") as deploy:
            try:
                self.follow(deploy, operation)
            except cmg.CallbackFailed:
                if not self.only_looks:
                    raise
            return deploy.problems


def _by_secret(session: Session, tenant: cmg.Tenant) -> None:
    options, secret = session.options, os.environ.get("CMG_CLIENT_SECRET")
    if options.secret_file is not None:
        secret = options.secret_file.read_text(encoding="utf-8").splitlines()[0]
    elif secret is None and session.sandbox is not None:
        secret = session.sandbox.client_secret
    if secret is None:
        raise Failure("this way to sign in needs --secret-file or CMG_CLIENT_SECRET")
    tenant.set_client_secret(session.application(), secret)


def _by_certificate(session: Session, tenant: cmg.Tenant) -> None:
    options = session.options
    if options.certificate is not None:
        certificate = cmg.Certificate.from_bytes(session.ctx, options.certificate.read_bytes(),
                                                 os.environ.get("CMG_PASSWORD"))
    elif session.sandbox is not None:
        certificate = cmg.Certificate.from_bytes(
            session.ctx, b"".join(session.sandbox.client_certificate()))
    else:
        raise Failure("this way to sign in needs --client-id and --certificate")
    tenant.set_client_certificate(session.application(), certificate)


def _by_managed_identity(session: Session, tenant: cmg.Tenant) -> None:
    client_id = session.options.client_id
    kind = cmg.ManagedIdentity.CLIENT_ID if client_id else cmg.ManagedIdentity.SYSTEM
    tenant.set_managed_identity(kind, client_id)
    if session.sandbox is not None:
        tenant.set_identity_endpoint(session.sandbox.identity_endpoint)


def _by_workload_identity(session: Session, tenant: cmg.Tenant) -> None:
    if session.options.token_file is None:
        raise Failure("this way to sign in needs --client-id and --token-file")
    tenant.set_workload_identity(session.application(), session.options.token_file)


WAYS: dict[str, Callable[[Session, cmg.Tenant], None]] = {
    "device-code": lambda session, tenant: tenant.set_device_code(session.options.client_id),
    "browser": lambda session, tenant: tenant.set_browser(session.options.client_id),
    "secret": _by_secret,
    "certificate": _by_certificate,
    "managed-identity": _by_managed_identity,
    "workload-identity": _by_workload_identity,
}


def main(body: Callable[[], Optional[int]]) -> None:
    """Runs a program: exit status 0 or what it returns, 2 for bad input, 1 otherwise."""
    try:
        sys.exit(body() or 0)
    except cmg.CmgError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2 if isinstance(error, (cmg.InvalidArgument, cmg.ParseError)) else 1)
    except (Failure, OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2 if isinstance(error, BadInput) else 1)
    except KeyboardInterrupt:
        sys.exit(130)
