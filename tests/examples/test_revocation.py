"""A gateway of the programs service_host and connector_host before clients whose authority is
OpenSSL's: it makes certificates and revocation lists, a web server publishes them, curl asks."""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

BUILD = Path(os.environ["CMG_BUILD_ROOT"])
PATIENCE_S = 20 * int(os.environ.get("CK_TIMEOUT_MULTIPLIER", "1"))
GUID = "7d6f2c1e-5b0a-4c8e-9f34-2a1b3c4d5e6f"
ROLE = "72057594037937981"
REVOKED = "CMGService_Client_Certificate_Revoked"
NOT_AVAILABLE = "CMGService_Revocation_List_Not_Available"

EXTENSIONS = """
[ca]
basicConstraints=critical,CA:TRUE
keyUsage=critical,keyCertSign,cRLSign
subjectKeyIdentifier=hash
[server]
extendedKeyUsage=serverAuth
keyUsage=critical,digitalSignature
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid
subjectAltName=DNS:cmg.test,DNS:mp.test
[client]
extendedKeyUsage=clientAuth
keyUsage=critical,digitalSignature
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid
"""
AUTHORITY = """
[ca]
default_ca=one
[one]
database={0}/index.txt
crlnumber={0}/crlnumber
default_md=sha256
default_crl_days=7
crl_extensions=list
[list]
authorityKeyIdentifier=keyid
"""


def wait_for(what: Callable[[], bool], why: str) -> None:
    end = time.monotonic() + PATIENCE_S
    while not what():
        assert time.monotonic() < end, why
        time.sleep(0.05)


class Authority:
    """OpenSSL, with a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        (folder / "index.txt").touch()
        (folder / "crlnumber").write_text("01\n")
        (folder / "ca.cnf").write_text(AUTHORITY.format(folder))
        self._extend("ca")
        self._openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                      "-nodes", "-keyout", "ca.key", "-out", "ca.csr", "-subj", "/CN=Contoso CA")
        self._openssl("x509", "-req", "-in", "ca.csr", "-signkey", "ca.key", "-days", "30",
                      "-extfile", "extensions", "-extensions", "ca", "-out", "ca.crt")

    def _openssl(self, *args: str) -> bytes:
        return subprocess.run(["openssl", *args], cwd=self.folder, check=True,
                              capture_output=True, timeout=60).stdout

    def _extend(self, section: str, more: str = "") -> None:
        (self.folder / "extensions").write_text(
            EXTENSIONS.replace(f"[{section}]", f"[{section}]\n{more}"))

    def issue(self, name: str, section: str, point: str = "") -> Path:
        """<name>.crt and <name>.key in the folder; point names the list."""
        self._extend(section, f"crlDistributionPoints=URI:{point}" if point else "")
        self._openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                      "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj",
                      f"/CN={name}")
        self._openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.crt", "-CAkey", "ca.key",
                      "-CAcreateserial", "-days", "20", "-extfile", "extensions", "-extensions",
                      section, "-out", f"{name}.crt")
        return self.folder / f"{name}.crt"

    def revoke(self, name: str) -> None:
        self._openssl("ca", "-config", "ca.cnf", "-keyfile", "ca.key", "-cert", "ca.crt",
                      "-revoke", f"{name}.crt", "-crl_reason", "keyCompromise")

    def list(self) -> bytes:
        """A new revocation list, as it is published: DER."""
        self._openssl("ca", "-config", "ca.cnf", "-keyfile", "ca.key", "-cert", "ca.crt",
                      "-gencrl", "-out", "list.pem")
        return self._openssl("crl", "-in", "list.pem", "-outform", "DER")

    def sha256(self, name: str) -> str:
        out = self._openssl("x509", "-in", f"{name}.crt", "-noout", "-fingerprint", "-sha256")
        return out.decode().strip().rpartition("=")[2].replace(":", "").lower()

    def text(self, name: str) -> str:
        return (self.folder / name).read_text()


class Web:
    """What a web server has under its paths, and how often it was asked."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.files: dict[str, bytes] = {}
        self.asked: dict[str, int] = {}
        web = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:  # noqa: N802
                web.asked[self.path] = web.asked.get(self.path, 0) + 1
                body = web.files.get(self.path)
                self.send_response(404 if body is None else 200)
                self.send_header("Content-Length", str(len(body or b"")))
                self.end_headers()
                self.wfile.write(body or b"")

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if tls is not None:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


class Gateway:
    """One service, one connection point, one role behind it."""

    def __init__(self, folder: Path, ca: Authority, role: Web) -> None:
        self.folder = folder
        self.ca = ca
        self.children: list[subprocess.Popen[bytes]] = []
        secrets = folder / "secrets"
        secrets.mkdir()
        (secrets / f"{'0' * 40}.crt").write_text(ca.text("gateway.crt"))
        (secrets / f"{'0' * 40}.prv").write_text(ca.text("gateway.key"))
        self.configure(True)
        self._run("service_host", "--user-data", folder / "user-data.json", "--secrets-dir",
                  secrets, "--listen", "client=127.0.0.1:0", "--listen", "channel=127.0.0.1:0",
                  "--ready-file", folder / "service.json", "--poll-ms", "100", "--connect-to",
                  "login.test:443:127.0.0.1:1")
        wait_for((folder / "service.json").exists, "the service does not listen")
        ports = json.loads((folder / "service.json").read_text())
        self.port = int(ports["client"])
        self._connect(int(ports["channel"]), role)

    def _run(self, program: str, *args: str | Path) -> None:
        with (self.folder / f"{program}.log").open("wb") as log:
            self.children.append(subprocess.Popen(
                [BUILD / "examples" / program, *args], stdin=subprocess.PIPE, stdout=log,
                stderr=log))

    def _connect(self, channel: int, role: Web) -> None:
        folder = self.folder
        (folder / "password").write_text("secret\n")
        subprocess.run(["openssl", "pkcs12", "-export", "-inkey", "connector.key", "-in",
                        "connector.crt", "-out", folder / "connector.pfx", "-passout",
                        "pass:secret"], cwd=self.ca.folder, check=True, timeout=60)
        (folder / "connector.json").write_text(json.dumps({
            "version": 1, "name": "connector-1", "site": "PS1", "host": "cmg.test",
            "server_name": "cmg.test", "instances": 1, "first_port": 10140,
            "gateway_ca_pem": self.ca.text("ca.crt"),
            "roles": [{"id": ROLE, "type": "management_point", "url": "https://mp.test/",
                       "endpoints": [{"path": "SMS_MP", "max_length": 1000}]}]}))
        self._run("connector_host", "--config", folder / "connector.json", "--pfx",
                  folder / "connector.pfx", "--password-file", folder / "password",
                  "--upstream-ca", self.ca.folder / "ca.crt", "--instances", "1", "--ready-file",
                  folder / "connector.ready", "--connect-to",
                  f"cmg.test:10140:127.0.0.1:{channel}", "--connect-to",
                  f"mp.test:443:127.0.0.1:{role.port}")
        wait_for((folder / "connector.ready").exists, "the channel is not up")

    def configure(self, verify: bool) -> None:
        """Other settings, which a running service takes by itself."""
        fresh = self.folder / "user-data.new"
        fresh.write_text(json.dumps({
            "version": 1, "deployment_id": GUID, "service_names": ["cmg.test"],
            "ports": {"client": 443, "channel": 10140},
            "client_roots_pem": self.ca.text("ca.crt"),
            "connectors": [self.ca.sha256("connector")],
            "settings": {"verify_client_revocation": verify},
            "tokens": {"tenant_id": GUID, "issuers": ["https://sts.windows.net/x/"],
                       "audiences": ["api://x"], "client_ids": [GUID],
                       "scope": "user_impersonation", "jwks_uri": "https://login.test/keys"}}))
        fresh.replace(self.folder / "user-data.json")

    def ask(self, name: str) -> tuple[int, str]:
        """Status and reason that curl got with a client's certificate."""
        got = subprocess.run(
            ["curl", "-sS", "-i", "--noproxy", "*", "--cacert", "ca.crt", "--cert", f"{name}.crt",
             "--key", f"{name}.key", "--resolve", f"cmg.test:{self.port}:127.0.0.1",
             f"https://cmg.test:{self.port}/CCM_Proxy_MutualAuth/{ROLE}/SMS_MP/x"],
            cwd=self.ca.folder, check=False, capture_output=True, text=True, timeout=60)
        assert got.returncode == 0, got.stderr
        _, status, reason = got.stdout.splitlines()[0].split(" ", 2)
        return int(status), reason

    def close(self) -> None:
        for child in self.children:
            assert child.stdin is not None
            child.stdin.close()
        for child in self.children:
            assert child.wait(timeout=PATIENCE_S) == 0


@pytest.fixture(name="web")
def _web() -> Iterator[Web]:
    web = Web()
    yield web
    web.close()


@pytest.fixture(name="ca")
def _ca(tmp_path: Path, web: Web) -> Authority:
    """With a client each that is good, revoked, has no list, and has one that is nowhere."""
    ca = Authority(tmp_path / "ca")
    there = f"http://127.0.0.1:{web.port}"
    ca.issue("gateway", "server")
    ca.issue("connector", "client")
    ca.issue("good", "client", f"{there}/ca.crl")
    ca.issue("stolen", "client", f"{there}/ca.crl")
    ca.issue("nameless", "client")
    ca.issue("lost", "client", f"{there}/gone.crl")
    ca.revoke("stolen")
    web.files["/ca.crl"] = ca.list()
    return ca


@pytest.fixture(name="gateway")
def _gateway(tmp_path: Path, ca: Authority) -> Iterator[Gateway]:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(ca.folder / "gateway.crt", ca.folder / "gateway.key")
    role = Web(tls)
    role.files["/SMS_MP/x"] = b"<mp/>"
    gateway = Gateway(tmp_path, ca, role)
    yield gateway
    gateway.close()
    role.close()


def test_who_is_on_the_list_stays_outside(gateway: Gateway, web: Web) -> None:
    assert gateway.ask("good")[0] == 200
    assert gateway.ask("stolen") == (403, REVOKED)
    assert gateway.ask("nameless")[0] == 200
    assert web.asked == {"/ca.crl": 1}


def test_without_the_list_nobody_gets_in_who_names_it(gateway: Gateway, web: Web) -> None:
    kept = web.files.pop("/ca.crl")
    assert gateway.ask("good") == (403, NOT_AVAILABLE)
    assert gateway.ask("nameless")[0] == 200
    web.files["/ca.crl"] = kept
    wait_for(lambda: gateway.ask("good")[0] == 200, "the list is not asked for again")
    assert gateway.ask("stolen") == (403, REVOKED)


def test_the_list_of_its_authority_will_do_wherever_it_came_from(gateway: Gateway,
                                                                  web: Web) -> None:
    assert gateway.ask("lost") == (403, NOT_AVAILABLE)
    assert gateway.ask("good")[0] == 200
    assert gateway.ask("lost")[0] == 200
    assert web.asked == {"/gone.crl": 1, "/ca.crl": 1}


def test_the_setting_is_changed_while_it_runs(gateway: Gateway, ca: Authority,
                                              web: Web) -> None:
    assert gateway.ask("stolen") == (403, REVOKED)
    gateway.configure(False)
    wait_for(lambda: gateway.ask("stolen")[0] == 200, "the setting is not taken")
    ca.revoke("good")
    web.files["/ca.crl"] = ca.list()
    gateway.configure(True)
    wait_for(lambda: gateway.ask("good") == (403, REVOKED), "the setting is not taken")
    assert gateway.ask("stolen") == (403, REVOKED)
    assert web.asked == {"/ca.crl": 2}
