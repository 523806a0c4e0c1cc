#!/usr/bin/python3
"""Boots a real Debian with the custom data of a gateway that was deployed into the sandbox:
cloud-init, apt and systemd as on an instance of Azure. By hand, as root, since it takes a
quarter of an hour and ports 80 and 443 of loopback:

    apt-get install debootstrap qemu-system-x86 qemu-utils e2fsprogs cloud-image-utils
    tests/machine/image.sh FOLDER
    CMG_LIBRARY_PATH=build/libcmg PYTHONPATH=bindings/python \\
        tests/machine/boot.py FOLDER build/examples/cmg-service.tar.gz

The machine reaches the sandbox as its metadata service and under Azure's names; what the
package needs it gets from Debian.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import http.client
import io
import json
import shutil
import socket
import ssl
import subprocess
import sys
import tarfile
import threading
import time
import urllib.parse
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Callable

import cmg

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 1200  # seconds for each thing, without the processor's help
NAMES = "login.microsoftonline.com management.azure.com graph.microsoft.com"
VENDOR = """#cloud-config
ca_certs:
  trusted: [{ca}]
write_files:
  - path: /etc/hosts
    content: |
      127.0.0.1 localhost
      169.254.169.254 {names}
"""


class Outside(BaseHTTPRequestHandler):
    """The metadata service of the instance, and what the machine's agent talks to."""

    protocol_version = "HTTP/1.1"
    metadata: urllib.parse.SplitResult
    secrets: Path
    seen: dict[str, Any] = {}

    def do_GET(self) -> None:
        if self.path == "/outside":
            files = {path.name: path.read_text() for path in self.secrets.iterdir()}
            self.answer(200, json.dumps(files).encode())
            return
        asked = http.client.HTTPConnection(self.metadata.netloc, timeout=20)
        names = {key: value for key, value in self.headers.items() if key.lower() != "host"}
        asked.request("GET", self.metadata.path + self.path, headers=names)
        told = asked.getresponse()
        self.answer(told.status, told.read())
        asked.close()

    def do_POST(self) -> None:
        Outside.seen = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.answer(200, b"")

    def answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


def copy(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


def lead(listener: socket.socket, port: int) -> None:
    """Azure's port 443 is the sandbox's listener."""
    while True:
        client, _ = listener.accept()
        server = socket.create_connection(("127.0.0.1", port))
        threading.Thread(target=copy, args=(client, server), daemon=True).start()
        threading.Thread(target=copy, args=(server, client), daemon=True).start()


def with_note(package: bytes) -> bytes:
    """Another package that does the same."""
    out = io.BytesIO()
    with tarfile.open(fileobj=io.BytesIO(package)) as before, \
            tarfile.open(fileobj=out, mode="w") as after:
        for member in before:
            after.addfile(member, before.extractfile(member))
        after.addfile(tarfile.TarInfo("note"))
    return gzip.compress(out.getvalue(), mtime=0)


class Play:
    """The sandbox with a gateway in it, and one more machine that takes an instance's place."""

    def __init__(self, folder: Path, package: Path) -> None:
        self.folder = folder
        self.package = package.read_bytes()
        self.ctx = cmg.Context()
        self.gateway = cmg.Gateway.from_file(self.ctx, ROOT / "examples/contoso.json")
        self.sandbox = cmg.Sandbox(folder / "sandbox", service_program="/bin/false",
                                   subscription_id=self.gateway.tenant.subscription_id)
        self.sandbox.attach(self.ctx)
        self.gateway.tenant.set_client_secret(self.sandbox.client_id,
                                              self.sandbox.client_secret)
        self.gateway.set_authority(cmg.Authority(self.ctx, "Machine CA"))
        self.gateway.set_package(self.package)
        self.run(cmg.Operation.CREATE)
        self.instance = sorted((folder / "sandbox/instances").iterdir())[0]
        self.words = self.command_line()
        self.serve()

    def run(self, operation: cmg.Operation) -> None:
        with self.gateway.deploy(operation, journal=self.folder / "journal") as deploy:
            assert deploy.run() is cmg.DeployState.READY

    def command_line(self) -> list[str]:
        """Of the process that stands for the instance: it tells what is where."""
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            with contextlib.suppress(OSError):
                words = path.read_bytes().decode(errors="replace").split("\0")
                if str(self.instance / "secrets") in words:
                    return words
        raise RuntimeError("the instance does not run")

    def option(self, name: str) -> str:
        return self.words[self.words.index(name) + 1]

    def serve(self) -> None:
        Outside.metadata = urllib.parse.urlsplit(self.option("--metadata"))
        Outside.secrets = self.instance / "secrets"
        server = ThreadingHTTPServer(("127.0.0.1", 80), Outside)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        port = int(self.option("--connect-to").rsplit(":", 1)[1])
        listener = socket.create_server(("127.0.0.1", 443))
        threading.Thread(target=lead, args=(listener, port), daemon=True).start()

    def seed(self) -> Path:
        """What the cloud gives to the machine: our custom data, and its own settings."""
        blob = json.loads((self.instance / "user-data.json").read_text())["package"]["url"]
        names = f"{NAMES} {urllib.parse.urlsplit(blob).hostname}"
        ca = json.dumps((self.folder / "sandbox/ca.pem").read_text())
        (self.folder / "vendor-data").write_text(VENDOR.format(ca=ca, names=names))
        (self.folder / "meta-data").write_text("instance-id: machine\nlocal-hostname: cmg000\n")
        disk = self.folder / "seed.img"
        subprocess.run(["cloud-localds", f"--vendor-data={self.folder / 'vendor-data'}", disk,
                        self.instance / "boot", self.folder / "meta-data"], check=True)
        return disk


@contextlib.contextmanager
def machine(folder: Path, image: Path, seed: Path) -> Iterator[int]:
    """Runs until the block ends; the port of loopback that leads to its port 443."""
    disk = folder / "disk.qcow2"
    if not disk.exists():
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b",
                        image / "disk.img", disk], check=True)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    net = ("user,id=n,net=169.254.0.0/16,host=169.254.169.254,dhcpstart=169.254.1.10,"
           f"dns=169.254.169.253,hostfwd=tcp:127.0.0.1:{port}-:443")
    with subprocess.Popen(
            ["qemu-system-x86_64", "-accel", "tcg,thread=multi", "-cpu", "max", "-m", "1024",
             "-display", "none", "-serial", f"file:{folder / 'console.log'}",
             "-kernel", image / "vmlinuz", "-initrd", image / "initrd",
             "-append", "root=LABEL=root rw console=ttyS0",
             "-drive", f"file={disk},if=virtio", "-drive", f"file={seed},format=raw,if=virtio",
             "-netdev", net, "-device", "virtio-net-pci,netdev=n"],
            stdin=subprocess.DEVNULL) as running:
        try:
            yield port
        finally:
            running.terminate()


def certificate(port: int) -> str:
    """The SHA-1 of what the gateway shows to a client; empty while it shows none."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    tls.check_hostname = False
    tls.verify_mode = ssl.CERT_NONE
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=20) as plain, \
                tls.wrap_socket(plain, server_hostname="gateway") as shown:
            return hashlib.sha1(shown.getpeercert(True) or b"").hexdigest().upper()
    except OSError:
        return ""


def until(what: str, holds: Callable[[], bool]) -> None:
    begin = time.monotonic()
    while not holds():
        if time.monotonic() - begin > PATIENCE:
            sys.exit(f"failed: {what}\n{json.dumps(Outside.seen, indent=2)}")
        time.sleep(1)
    print(f"passed: {what} ({time.monotonic() - begin:.0f} s)", flush=True)


def newest(play: Play) -> str:
    return max((play.instance / "secrets").glob("*.crt"), key=lambda p: p.stat().st_mtime).stem


def is_whole(play: Play) -> bool:
    seen = Outside.seen
    return seen.get("health") == 200 and set(seen["units"].values()) == {"active"} and \
        seen["package"] == play.gateway.package_sha256 and seen["user"] != 0


def main() -> None:
    image, package = Path(sys.argv[1]).resolve(), Path(sys.argv[2])
    folder = image / "play"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    play = Play(folder, package)
    seed = play.seed()
    with machine(folder, image, seed) as port:
        until("the custom data brings the service up", lambda: is_whole(play))
        until("it shows the vault's certificate", lambda: certificate(port) == newest(play))
        first = dict(Outside.seen)
        play.run(cmg.Operation.ROTATE_CERTIFICATE)
        until("another certificate is shown", lambda: certificate(port) == newest(play))
        until("by the same process", lambda: Outside.seen["MainPID"] == first["MainPID"])
        play.gateway.set_package(with_note(play.package))
        play.run(cmg.Operation.UPGRADE_GATEWAY)
        until("another package comes", lambda: is_whole(play) and
              Outside.seen["MainPID"] != first["MainPID"])
        until("once each", lambda: Outside.seen["starts"] == 2)
    with machine(folder, image, seed) as port:
        until("a machine that starts again serves again", lambda: is_whole(play) and
              Outside.seen["boot"] != first["boot"] and certificate(port) == newest(play))


if __name__ == "__main__":
    main()
