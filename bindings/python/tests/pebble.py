"""Debian's pebble, a real ACME server, with its names, on free ports of loopback."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

PEBBLE, NAMES = shutil.which("pebble"), shutil.which("pebble-challtestsrv")
IS_THERE = PEBBLE is not None and NAMES is not None


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


def _is_open(port: int) -> bool:
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


class Pebble:
    """The server and its names, as two processes."""

    def __init__(self, folder: Path) -> None:
        self.certificate = folder / "pebble.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=pebble", "-days", "2",
                        "-addext", "subjectAltName=IP:127.0.0.1", "-keyout",
                        str(folder / "pebble.key"), "-out", str(self.certificate)],
                       check=True, capture_output=True)
        acme, manage, web, dns, names = _free_ports(5)
        self.directory = f"https://127.0.0.1:{acme}/dir"
        self.names_url = f"http://127.0.0.1:{names}/"
        setup = folder / "pebble.json"
        setup.write_text(json.dumps({"pebble": {
            "listenAddress": f"127.0.0.1:{acme}", "managementListenAddress": f"127.0.0.1:{manage}",
            "certificate": str(self.certificate), "privateKey": str(folder / "pebble.key"),
            "httpPort": web, "tlsPort": 1, "externalAccountBindingRequired": False}}))
        env = dict(os.environ, PEBBLE_VA_NOSLEEP="1", PEBBLE_AUTHZREUSE="0")
        self._children = [subprocess.Popen(words, env=env, stdout=subprocess.DEVNULL,
                                           stderr=subprocess.DEVNULL) for words in (
            [str(NAMES), "-dns01", f"127.0.0.1:{dns}", "-http01", f"127.0.0.1:{web}",
             "-management", f"127.0.0.1:{names}", "-https01", "", "-tlsalpn01", "",
             "-defaultIPv6", ""],
            [str(PEBBLE), "-config", str(setup), "-dnsserver", f"127.0.0.1:{dns}"])]
        end = time.monotonic() + 30
        while not all(map(_is_open, (acme, names))):
            assert time.monotonic() < end and all(c.poll() is None for c in self._children)
            time.sleep(0.02)

    def show(self, present: bool, name: str, value: str) -> None:
        """Puts a record into DNS or takes it away."""
        urllib.request.urlopen(self.names_url + ("set-txt" if present else "clear-txt"),
                               json.dumps({"host": name + ".", "value": value}).encode()).close()

    def stop(self) -> None:
        """Ends both."""
        for child in self._children:
            child.kill()
            child.wait()
