"""The quickstart as a user runs it: to its end, killed and run again, kept and stopped,
with bad input. Needs the built examples, nginx, openssl and curl."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ["CMG_BUILD_ROOT"])
LIMIT_S = 90 * int(os.environ.get("CK_TIMEOUT_MULTIPLIER", "1"))


def command(directory: Path, *more: str) -> list[str]:
    return [str(BUILD / "examples/quickstart"), "--programs", str(BUILD / "examples"),
            "--management-point", str(ROOT / "examples/management_point.sh"),
            "--directory", str(directory), *more]


def run(directory: Path, *more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(directory, *more), capture_output=True, text=True,
                          timeout=LIMIT_S, check=False, cwd=ROOT)


def children_of(directory: Path) -> list[str]:
    """Command lines of processes that have the directory in them."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except (OSError, UnicodeDecodeError):
            continue
        if entry.name.isdigit() and str(directory) in line and int(entry.name) != os.getpid():
            found.append(line)
    return found


def wait_until_gone(directory: Path) -> None:
    for _ in range(100):
        if not children_of(directory):
            return
        time.sleep(0.1)
    pytest.fail(f"still running: {children_of(directory)}")


def rows(text: str) -> list[list[str]]:
    """The table's rows, cut at two blanks or more."""
    return [re.split(r"\s{2,}", line.strip()) for line in text.splitlines()
            if line.startswith(("right", "WRONG"))]


def test_a_whole_life_leaves_nothing(tmp_path: Path) -> None:
    done = run(tmp_path / "run")
    assert done.returncode == 0, done.stdout + done.stderr
    table = rows(done.stdout)
    assert [row[0] for row in table] == ["right"] * 7
    answered = [row for row in table if "200" in row]
    assert len(answered) == 3
    assert {row[3] for row in answered} == {"certificate", "token"}
    assert all(row[5] == "connector-1" for row in answered)
    assert {row[4] for row in answered} == {"cmg-0", "cmg-1"}, "both instances served"
    assert re.search(r"left in the sandbox: 0 applications,.* 0 soft-deleted", done.stdout)
    assert not (tmp_path / "run/journal").exists()
    wait_until_gone(tmp_path)
    for path in (tmp_path / "run").rglob("*.log"):
        assert "PRIVATE KEY" not in path.read_text(errors="replace")


@pytest.mark.parametrize("seconds", [2.4, 3.4, 5.4])
def test_killed_it_goes_on(tmp_path: Path, seconds: float) -> None:
    directory = tmp_path / "run"
    with subprocess.Popen(command(directory), stdout=subprocess.DEVNULL, cwd=ROOT,
                          stderr=subprocess.DEVNULL) as first:
        time.sleep(seconds)
        first.kill()
    wait_until_gone(tmp_path)
    done = run(directory)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "left in the sandbox: 0 applications" in done.stdout


def test_kept_it_answers_curl_until_it_is_interrupted(tmp_path: Path) -> None:
    with subprocess.Popen(command(tmp_path / "run", "--keep"), stdout=subprocess.PIPE,
                          text=True, cwd=ROOT) as kept:
        assert kept.stdout is not None
        seen = ""
        for line in kept.stdout:
            seen += line
            if line.startswith("Ctrl-C"):
                break
        found = re.search(r"curl --config (\S+) '(\S+)'", seen)
        assert found, seen
        got = subprocess.run(["curl", "-s", "--config", found[1], found[2]], check=False,
                             capture_output=True, text=True, cwd="/", timeout=30)
        assert got.stdout.startswith("<SiteSigningCertificate>3082"), got
        assert Path(found[1]).stat().st_mode & 0o77 == 0, "the file holds a password"
        kept.send_signal(signal.SIGINT)
        assert kept.wait(timeout=30) == 0
    wait_until_gone(tmp_path)
    again = run(tmp_path / "run")
    assert again.returncode == 0, again.stdout + again.stderr


def specification(**changes: object) -> dict[str, object]:
    spec = json.loads((ROOT / "examples/contoso.json").read_text())
    spec["gateway"].update(changes)
    return spec


@pytest.mark.parametrize(("changes", "path", "found"), [
    ({"instances": 0}, "/gateway/instances", "0"),
    ({"instances": 17}, "/gateway/instances", "17"),
    ({"name": "granite-falls"}, "/gateway/name", '"granite-falls"'),
    ({"name": "1granite"}, "/gateway/name", '"1granite"'),
    ({"colour": "blue"}, "/gateway/colour", "not known"),
])
def test_bad_input_ends_with_2_before_anything_is_made(
        tmp_path: Path, changes: dict[str, object], path: str, found: str) -> None:
    file = tmp_path / "spec.json"
    file.write_text(json.dumps(specification(**changes)))
    done = run(tmp_path / "run", str(file))
    assert done.returncode == 2
    assert path in done.stderr and found in done.stderr and "remedy:" in done.stderr
    assert not (tmp_path / "run").exists()


def test_a_second_run_in_the_same_directory_is_refused(tmp_path: Path) -> None:
    with subprocess.Popen(command(tmp_path / "run", "--keep"), stdout=subprocess.PIPE,
                          text=True, cwd=ROOT) as kept:
        assert kept.stdout is not None
        for line in kept.stdout:
            if line.startswith("Ctrl-C"):
                break
        second = run(tmp_path / "run")
        assert second.returncode == 1
        assert "remedy:" in second.stderr
        kept.send_signal(signal.SIGTERM)
        assert kept.wait(timeout=30) == 0
