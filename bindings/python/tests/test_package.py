"""The service package: instances boot from it, and are told and upgraded while clients go on
asking. The real service behind the sandbox's balancer, two instances."""

from __future__ import annotations

import gzip
import http.client
import io
import os
import shutil
import socket
import subprocess
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import cmg

from test_rotate import Client

ROOT = Path(__file__).resolve().parents[3]
BUILD = Path(os.environ.get("CMG_BUILD_ROOT", ROOT / "build"))
PACKAGE = BUILD / "examples/cmg-service.tar.gz"
pytestmark = pytest.mark.skipif(not PACKAGE.exists(),
                                reason="the service package is not built")


def with_note(package: bytes, text: str) -> bytes:
    """Another package that does the same."""
    out = io.BytesIO()
    with tarfile.open(fileobj=io.BytesIO(package)) as before, \
            tarfile.open(fileobj=out, mode="w") as after:
        for member in before:
            after.addfile(member, before.extractfile(member))
        note = tarfile.TarInfo("note")
        note.size = len(text)
        after.addfile(note, io.BytesIO(text.encode()))
    return gzip.compress(out.getvalue(), mtime=0)


@pytest.fixture
def running(ctx: cmg.Context, gateway: cmg.Gateway, tmp_path: Path) -> Iterator[cmg.Sandbox]:
    # The program is for instances without a package: here it would not do.
    with cmg.Sandbox(tmp_path / "sandbox", service_program="/bin/false",
                     subscription_id=gateway.tenant.subscription_id) as sandbox:
        sandbox.attach(ctx)
        gateway.tenant.set_client_secret(sandbox.client_id, sandbox.client_secret)
        gateway.set_authority(cmg.Authority(ctx, "Flow CA"))
        gateway.set_package(PACKAGE.read_bytes())
        run(gateway, cmg.Operation.CREATE, tmp_path)
        yield sandbox


def run(gateway: cmg.Gateway, operation: cmg.Operation, tmp_path: Path) -> None:
    with gateway.deploy(operation, journal=tmp_path / "journal") as deploy:
        assert deploy.run() is cmg.DeployState.READY


def processes(tmp_path: Path) -> set[int]:
    """Those that run below the directory of an instance."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/exe"):
        try:
            if str(path.readlink()).startswith(str(tmp_path)):
                found.add(int(path.parent.name))
        except OSError:
            continue
    return found


def test_instances_start_from_the_package(running: cmg.Sandbox, gateway: cmg.Gateway,
                                          tmp_path: Path) -> None:
    sha256 = gateway.package_sha256
    assert len(sha256) == 64 and len(processes(tmp_path)) == 2
    for instance in (tmp_path / "sandbox/instances").iterdir():
        assert os.readlink(instance / "opt/cmg/current") == sha256
        assert (instance / "etc/systemd/system/cmg-service.service").is_file()
    # Without the package at hand the gateway keeps the one that it has.
    gateway.set_package(None)
    run(gateway, cmg.Operation.MODIFY_GATEWAY, tmp_path)
    assert gateway.package_sha256 == sha256


def health(port: int, wanted: int) -> None:
    """Waits for an answer of the health port."""
    end = time.monotonic() + 20
    status = 0
    while status != wanted and time.monotonic() < end:
        asked = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            asked.request("GET", "/")
            status = asked.getresponse().status
        except OSError:
            time.sleep(0.05)
        finally:
            asked.close()
    assert status == wanted


def test_health_tells_that_another_package_is_named(running: cmg.Sandbox,
                                                    gateway: cmg.Gateway,
                                                    tmp_path: Path) -> None:
    machine = next((tmp_path / "sandbox/instances").iterdir())
    settings = tmp_path / "user-data.json"
    shutil.copy(machine / "user-data.json", settings)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with subprocess.Popen(
            [machine / "opt/cmg/current/bin/service_host", "--user-data", settings,
             "--secrets-dir", machine / "secrets", "--package", gateway.package_sha256,
             "--listen", "client=127.0.0.1:0", "--listen", "channel=127.0.0.1:0",
             "--health", f"127.0.0.1:{port}", "--poll-ms", "50"],
            stdin=subprocess.PIPE) as service:
        try:
            health(port, 200)
            other = settings.with_suffix(".new")
            other.write_text(settings.read_text().replace(gateway.package_sha256, "0" * 64))
            other.replace(settings)
            health(port, 503)
        finally:
            service.terminate()


def test_settings_reach_instances_that_go_on(running: cmg.Sandbox, gateway: cmg.Gateway,
                                             tmp_path: Path, ctx: cmg.Context) -> None:
    before = processes(tmp_path)
    authority = cmg.Authority(ctx, "Other CA")
    gateway.set_authority(authority)
    client = Client(running.resolve(gateway.endpoint, 443))
    client.start()
    try:
        run(gateway, cmg.Operation.SYNCHRONISE_GATEWAY, tmp_path)
    finally:
        client.over.set()
        client.join()
    assert processes(tmp_path) == before
    assert client.seen and not client.broken and not client.unanswered


def test_another_package_comes_a_part_at_a_time(running: cmg.Sandbox, gateway: cmg.Gateway,
                                                tmp_path: Path) -> None:
    before = processes(tmp_path)
    first = gateway.package_sha256
    gateway.set_package(with_note(PACKAGE.read_bytes(), "another"))
    client = Client(running.resolve(gateway.endpoint, 443))
    client.start()
    try:
        run(gateway, cmg.Operation.UPGRADE_GATEWAY, tmp_path)
    finally:
        client.over.set()
        client.join()
    assert not client.unanswered, client.unanswered
    assert len(client.seen) > 5
    after = processes(tmp_path)
    assert len(after) == 2 and not after & before
    assert gateway.package_sha256 != first
    for instance in (tmp_path / "sandbox/instances").iterdir():
        assert (instance / "opt/cmg/current/note").read_text() == "another"
    # Once more there is nothing to do.
    run(gateway, cmg.Operation.UPGRADE_GATEWAY, tmp_path)
    assert processes(tmp_path) == after


def test_there_is_nothing_to_upgrade_to(running: cmg.Sandbox, gateway: cmg.Gateway,
                                        tmp_path: Path) -> None:
    gateway.set_package(None)
    with pytest.raises(cmg.CmgError, match="no service package"), \
            gateway.deploy(cmg.Operation.UPGRADE_GATEWAY,
                           journal=tmp_path / "journal") as deploy:
        deploy.run()


def test_what_is_no_package_is_refused(gateway: cmg.Gateway) -> None:
    with pytest.raises(cmg.CmgError, match="no gzip archive"):
        gateway.set_package(b"PK\x03\x04")
    with pytest.raises(cmg.CmgError, match="are allowed"):
        gateway.set_package(b"\x1f\x8b" + bytes(32 * 1024 * 1024))
    assert gateway.package_sha256 == ""
