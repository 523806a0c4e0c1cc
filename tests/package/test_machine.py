"""What a machine does with the service package, in a root of its own: nothing of a package that
is not the named one, complete ones only, certificates in pairs."""

from __future__ import annotations

import argparse
import base64
import gzip
import hashlib
import importlib.machinery
import importlib.util
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import ModuleType
from typing import Iterator

import pytest

ROOT = Path(__file__).resolve().parents[2]
PARTS = ROOT / "libcmg/package"
PACKAGE = Path(os.environ["CMG_BUILD_ROOT"], "examples/cmg-service.tar.gz")
# Where cloud-init runs it, Python is Debian's.
PYTHON = shutil.which("python3", path="/usr/bin:/bin") or sys.executable


def load() -> ModuleType:
    loader = importlib.machinery.SourceFileLoader("cmg_package", str(PARTS / "cmg-package"))
    spec = importlib.util.spec_from_loader("cmg_package", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


script = load()
GOOD = "https://cmg1.blob.core.windows.net/packages/a.tar.gz"


def args(tmp_path: Path, **more: object) -> argparse.Namespace:
    return argparse.Namespace(root=str(tmp_path / "root"), connect_to=None, ca_file=None, **more)


def archive(*members: tuple[str, bytes | None, int]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as file:
        for name, data, kind in members:
            member = tarfile.TarInfo(name)
            member.type = bytes([kind])
            member.size = len(data or b"")
            member.linkname = "/etc/passwd"
            member.mode = 0o6777
            file.addfile(member, io.BytesIO(data or b""))
    return out.getvalue()


def files(tmp_path: Path) -> set[str]:
    home = tmp_path / "root/opt/cmg"
    return {name for name in os.listdir(home) if not name.endswith(".new")} \
        if home.is_dir() else set()


def test_the_package_is_installed_below_another_root(tmp_path: Path) -> None:
    data = PACKAGE.read_bytes()
    sha256 = hashlib.sha256(data).hexdigest()
    script.place(args(tmp_path), data, sha256)
    script.install(args(tmp_path), sha256)
    home = tmp_path / "root/opt/cmg"
    assert os.readlink(home / "current") == sha256 == script.current(args(tmp_path))
    assert (home / "current/environment").read_text() == f"PACKAGE={sha256}\n"
    program = home / "current/bin/service_host"
    assert os.access(program, os.X_OK)
    said = subprocess.run([program], capture_output=True, text=True, check=False)
    assert said.returncode == 2 and "--secrets-dir" in said.stderr  # it finds its library
    assert (tmp_path / "root/usr/local/sbin/cmg-package").read_bytes() == \
        (PARTS / "cmg-package").read_bytes()
    # Another one takes its place and leaves nothing of it.
    other = archive(("install.sh", b"exit 0\n", 0x30))
    after = hashlib.sha256(other).hexdigest()
    script.place(args(tmp_path), other, after)
    script.install(args(tmp_path), after)
    assert files(tmp_path) == {"current", after}


def test_a_package_of_another_digest_installs_nothing(tmp_path: Path) -> None:
    with pytest.raises(script.Refused, match="SHA-256"):
        script.place(args(tmp_path), PACKAGE.read_bytes(), "0" * 64)
    assert not (tmp_path / "root").exists()


@pytest.mark.parametrize("name,kind", [
    ("../out", 0x30), ("/abs", 0x30), ("a/../../out", 0x30), ("link", 0x32), ("hard", 0x31),
    ("device", 0x33), ("pipe", 0x36)])
def test_a_member_that_leads_out_is_refused(tmp_path: Path, name: str, kind: int) -> None:
    data = archive(("install.sh", b"exit 0\n", 0x30), (name, None, kind))
    with pytest.raises(script.Refused, match="does not belong"):
        script.place(args(tmp_path), data, hashlib.sha256(data).hexdigest())
    assert files(tmp_path) == set() and not (tmp_path / "out").exists()


@pytest.mark.parametrize("data", [b"", b"no archive", PACKAGE.read_bytes()[:100000],
                                  gzip.compress(b"no tar" * 200)])
def test_what_is_no_whole_archive_is_refused(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(script.Refused):
        script.place(args(tmp_path), data, hashlib.sha256(data).hexdigest())
    assert files(tmp_path) == set()


def test_no_member_gets_a_right_too_many(tmp_path: Path) -> None:
    data = archive(("install.sh", b"exit 0\n", 0x30))
    sha256 = hashlib.sha256(data).hexdigest()
    script.place(args(tmp_path), data, sha256)
    assert (tmp_path / "root/opt/cmg" / sha256 / "install.sh").stat().st_mode & 0o7777 == 0o755


def test_a_run_that_was_cut_off_is_made_good(tmp_path: Path) -> None:
    data = PACKAGE.read_bytes()
    sha256 = hashlib.sha256(data).hexdigest()
    half = tmp_path / "root/opt/cmg" / (sha256 + ".new")
    half.mkdir(parents=True)
    (half / "rest").write_text("of a run before")
    script.place(args(tmp_path), data, sha256)
    script.install(args(tmp_path), sha256)
    assert not half.exists() and not (half.with_suffix("") / "rest").exists()


def test_two_runs_at_once_install_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The timer's run begins as soon as cloud-init's run has put the timer in place."""
    data = archive(("install.sh", b"echo once >>\"$1/times\"\nsleep 0.3\n", 0x30))
    sha256 = hashlib.sha256(data).hexdigest()
    monkeypatch.setattr(script, "wanted", lambda _args: (GOOD, sha256))
    monkeypatch.setattr(script, "fetch", lambda _args, _url: data)
    with ThreadPoolExecutor() as pool:
        changed = sorted(pool.map(script.bring, [args(tmp_path)] * 2))
    assert changed == [False, True]
    assert (tmp_path / "root/times").read_text() == "once\n"


def test_the_machine_itself_is_meant_wherever_it_is_called(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert os.path.abspath(script.home(script.arguments([]))) == "/opt/cmg"


# ---- the metadata service ----

class Metadata(BaseHTTPRequestHandler):
    user_data = b""

    def do_GET(self) -> None:
        good = self.headers.get("Metadata") == "true" and "X-Forwarded-For" not in self.headers
        body = base64.b64encode(self.user_data) if good else b"no"
        self.send_response(200 if good else 400)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def metadata() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Metadata) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def package(url: object, sha256: object) -> bytes:
    return json.dumps({"package": {"url": url, "sha256": sha256}}).encode()


@pytest.mark.parametrize("user_data", [b"[1]", b"{", b'{"package":"a"}',
                                       package(1, "0" * 64), package(GOOD, 1),
                                       package("http://x.blob.y/a", "0" * 64),
                                       package("https://example.com/a", "0" * 64),
                                       package(GOOD, "0" * 63), package(GOOD, "A" * 64)])
def test_user_data_that_cannot_be_meant_is_refused(tmp_path: Path, metadata: str,
                                                   user_data: bytes) -> None:
    Metadata.user_data = user_data
    with pytest.raises(script.Refused, match="user data"):
        script.wanted(args(tmp_path, metadata=metadata))


def test_what_is_no_base64_or_no_token_is_told(tmp_path: Path,
                                               monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(script, "metadata", lambda _args, _target: b"a")
    with pytest.raises(script.Refused, match="user data"):
        script.wanted(args(tmp_path))
    with pytest.raises(script.Missing, match="token"):
        script.fetch(args(tmp_path), GOOD)


def test_what_the_user_data_names_is_read(tmp_path: Path, metadata: str) -> None:
    Metadata.user_data = b""
    assert script.wanted(args(tmp_path, metadata=metadata)) is None
    Metadata.user_data = b"{}"
    assert script.wanted(args(tmp_path, metadata=metadata)) is None
    Metadata.user_data = package(GOOD, "0" * 64)
    assert script.wanted(args(tmp_path, metadata=metadata)) == (GOOD, "0" * 64)


def test_the_metadata_service_is_not_where_the_cloud_is(tmp_path: Path, metadata: str) -> None:
    """Also not after the blob could not be had, as before its role works."""
    Metadata.user_data = package(GOOD, "0" * 64)
    led = args(tmp_path, metadata=metadata)
    led.connect_to = "127.0.0.1:1"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(script, "metadata", lambda _args, _target: b'{"access_token":"t"}')
        with pytest.raises(script.Missing, match="blob.core.windows.net"):
            script.fetch(led, GOOD)
    assert script.wanted(led) == (GOOD, "0" * 64)


def test_a_machine_without_metadata_service_says_so(tmp_path: Path) -> None:
    said = subprocess.run([PYTHON, PARTS / "cmg-package", "--root", tmp_path, "--metadata",
                           "http://127.0.0.1:1", "--patience", "0"],
                          capture_output=True, text=True, check=False)
    assert said.returncode == 1 and "metadata service" in said.stderr


# ---- certificates ----

def lay_out(tmp_path: Path) -> list[str]:
    subprocess.run(["/bin/sh", PARTS / "cmg-certificate", tmp_path / "agent", tmp_path / "ours",
                    ""], check=True)
    return sorted(path.name for path in (tmp_path / "ours").iterdir())


def test_certificates_are_laid_out_in_pairs(tmp_path: Path) -> None:
    agent = tmp_path / "agent"
    agent.mkdir()
    assert lay_out(tmp_path) == []
    (agent / "A.crt").write_text("a")
    assert lay_out(tmp_path) == []
    (agent / "A.prv").write_text("key")
    assert lay_out(tmp_path) == ["A.crt", "A.prv"]
    assert (tmp_path / "ours/A.prv").stat().st_mode & 0o777 == 0o640
    for name in ("B.crt", "B.prv"):
        (agent / name).write_text("b")
    (agent / "A.crt").unlink()
    assert lay_out(tmp_path) == ["B.crt", "B.prv"]


# ---- the parts ----

@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is not there")
@pytest.mark.parametrize("name", ["install.sh", "cmg-certificate"])
def test_shell_scripts_are_clean(name: str) -> None:
    subprocess.run(["shellcheck", PARTS / name], check=True)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not there")
def test_units_are_understood_and_confined() -> None:
    units = sorted(PARTS.glob("*.service")) + sorted(PARTS.glob("*.timer"))
    said = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True,
                          text=True, check=False)
    rest = [line for line in said.stderr.splitlines() if "is not executable" not in line]
    assert rest == []
    subprocess.run(["systemd-analyze", "security", "--offline=true", "--threshold=20",
                    PARTS / "cmg-service.service"], check=True, stdout=subprocess.DEVNULL)


def test_the_same_files_give_the_same_package(tmp_path: Path) -> None:
    made = []
    for time in (1, 10 ** 9):
        rows = []
        for path in sorted(PARTS.glob("cmg-*")):
            copy = tmp_path / path.name
            shutil.copy(path, copy)
            os.utime(copy, (time, time))
            rows.append(f"{path.name}={copy}:755")
        rows.append(f"bin/true={Path('/bin/true').resolve()}:755")
        out = tmp_path / f"{time}.tar.gz"
        order = rows if time == 1 else rows[::-1]
        subprocess.run([sys.executable, PARTS / "make.py", out, "strip", *order], check=True)
        made.append(out.read_bytes())
    assert made[0] == made[1]


@pytest.mark.skipif(not Path("/etc/debian_version").exists(), reason="this is no Debian")
def test_needed_libraries_are_in_the_named_packages(tmp_path: Path) -> None:
    with tarfile.open(PACKAGE) as file:
        file.extractall(tmp_path)
    needs = set((tmp_path / "needs").read_text().split())
    for name in ("bin/service_host", "lib/libcmg.so.0"):
        said = subprocess.run(["objdump", "-p", tmp_path / name], capture_output=True, text=True,
                              check=True).stdout
        for line in said.splitlines():
            if "NEEDED" not in line or line.split()[1].startswith(("libc.", "libcmg.", "ld-")):
                continue
            owner = subprocess.run(["dpkg", "-S", f"*/{line.split()[1]}"], capture_output=True,
                                   text=True, check=True).stdout
            assert {row.split(":")[0] for row in owner.splitlines()} & needs, line
