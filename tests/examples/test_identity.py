"""The examples for tenant and applications: sign_in, register_apps,
renew_secret, verify_apps."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
from cmg_sandbox import Sandbox
from session_programs import ROOT, SANDBOX, command, good, languages, run

GUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
EVERY = pytest.mark.parametrize("language", languages())


@EVERY
@pytest.mark.parametrize("way", ["device-code", "secret", "certificate", "managed-identity"])
def test_each_way_signs_in(language: str, way: str, tmp_path: Path) -> None:
    done = run(language, "sign_in", "--sandbox", "--sign-in", way, tmp_path)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["tenant", "Contoso"]
    assert re.fullmatch(rf"ID +{GUID}", lines[1])
    assert lines[2].split() == ["domains", "contoso.onmicrosoft.com"]
    assert ("microsoft.com/devicelogin" in done.stderr) == (way == "device-code")
    assert all(len(line) <= 110 for line in done.stderr.splitlines())


@EVERY
def test_a_browser_signs_in(language: str, tmp_path: Path) -> None:
    """curl stands for it: the page leads to the program's own port."""
    with subprocess.Popen(command(language, "sign_in", "--sandbox", "--sign-in", "browser",
                                  tmp_path), stdout=subprocess.PIPE, text=True,
                          stderr=subprocess.PIPE) as program:
        assert program.stderr is not None and program.stdout is not None
        port = url = ""
        for line in program.stderr:
            if found := re.search(r"sandbox cloud on 127\.0\.0\.1:(\d+)", line):
                port = found[1]
            if line.strip().startswith("https://"):
                url = line.strip()
                break
        page = subprocess.run(
            ["curl", "-sSL", "--cacert", str(tmp_path / "cloud/ca.pem"), "--connect-to",
             f"login.microsoftonline.com:443:127.0.0.1:{port}", url],
            capture_output=True, text=True, check=False, timeout=60)
        assert page.returncode == 0, page.stderr
        out, rest = program.communicate(timeout=60)
        assert program.returncode == 0, rest
        assert out.startswith("tenant  Contoso")


@EVERY
def test_a_secret_comes_from_the_environment_and_is_not_shown(language: str,
                                                              tmp_path: Path) -> None:
    done = run(language, "sign_in", "--sandbox", tmp_path, CMG_CLIENT_SECRET="top-secret")
    assert done.returncode == 1
    assert "AADSTS7000215" in done.stderr and "remedy:" in done.stderr
    assert "top-secret" not in done.stdout + done.stderr


@EVERY
def test_applications_are_registered_and_adopted(language: str, tmp_path: Path) -> None:
    first = good(language, "register_apps", tmp_path)
    rows = dict(re.split(r"\s{2,}", line) for line in first.splitlines())
    assert rows["Server app: application name"] == "CMG-ServerApp"
    assert re.fullmatch(GUID, rows["Client app: client ID"])
    record = json.loads(good(language, "register_apps", "--json", tmp_path))
    assert rows["Server app: client ID"] in json.dumps(record)
    assert good(language, "register_apps", tmp_path) == first
    secret = tmp_path / "journal.secrets/server-app-secret"
    assert secret.stat().st_mode & 0o77 == 0
    assert secret.read_text(encoding="utf-8") not in first + json.dumps(record)


@EVERY
def test_a_look_changes_nothing_and_a_renewal_the_secret(language: str,
                                                         tmp_path: Path) -> None:
    good(language, "register_apps", tmp_path)
    kept = tmp_path / "journal.secrets/server-app-secret"
    before = kept.read_bytes()
    looked = run(language, "renew_secret", *SANDBOX, "--look", tmp_path)
    assert looked.returncode == 0 and "change client secret" in looked.stderr, looked.stderr
    assert "days left" in looked.stdout and kept.read_bytes() == before
    said = good(language, "renew_secret", tmp_path)
    assert "days left" in said
    assert kept.read_bytes() != before and before.decode() not in said


@EVERY
def test_applications_are_verified_and_corrected(language: str, tmp_path: Path) -> None:
    absent = run(language, "verify_apps", "--sandbox", "--sign-in", "secret", tmp_path)
    assert absent.returncode == 3, absent.stderr
    assert absent.stdout.splitlines()[0].split() == ["owner", "severity", "object",
                                                     "mended", "property"]
    good(language, "register_apps", tmp_path)
    assert good(language, "verify_apps", tmp_path) == "0 differences\n"
    wanted = tmp_path / "specification.json"
    changed = json.loads(wanted.read_text(encoding="utf-8"))
    changed["server_app"]["access_token_version"] = 2
    wanted.write_text(json.dumps(changed), encoding="utf-8")
    differs = run(language, "verify_apps", "--sandbox", "--sign-in", "secret", tmp_path)
    assert differs.returncode == 3, differs.stderr
    assert differs.stdout.endswith("\n1 difference\n") and "requestedAccessTokenVersion" in differs.stdout
    assert good(language, "verify_apps", "--correct", tmp_path).endswith("0 differences\n")


@EVERY
def test_another_cloud_is_changed_only_with_a_yes(language: str, tmp_path: Path) -> None:
    """A sandbox of its own stands for it; the end of the input is no yes."""
    specification = json.loads((ROOT / "examples/contoso.json").read_text(encoding="utf-8"))
    sandbox = Sandbox(tmp_path)
    facts = sandbox.facts
    specification["tenant"]["subscription_id"] = facts["subscription_id"]
    (tmp_path / "specification.json").write_text(json.dumps(specification), encoding="utf-8")
    (tmp_path / "secret").write_text(facts["client_secret"] + "\n", encoding="utf-8")
    port = facts["base"].rpartition(":")[2]
    options = ("--ca", facts["ca_file"], "--connect-to", f"*.com:443:127.0.0.1:{port}",
               "--client-id", facts["client_id"], "--secret-file", tmp_path / "secret")
    try:
        asked = run(language, "register_apps", *options, tmp_path)
        assert asked.returncode == 1 and "Go on? [y/N]" in asked.stderr
        graph = "Bearer " + sandbox.token("https://graph.microsoft.com")
        assert sandbox.ask("GET", "/v1.0/applications", Authorization=graph)[1]["value"] == []
        done = run(language, "register_apps", *options, "--yes", tmp_path)
        assert done.returncode == 0, done.stderr
        assert len(sandbox.ask("GET", "/v1.0/applications",
                               Authorization=graph)[1]["value"]) == 2
    finally:
        assert sandbox.end() == 0


@EVERY
@pytest.mark.parametrize("program", ["sign_in", "register_apps", "verify_apps", "renew_secret"])
def test_bad_input_is_named(language: str, program: str, tmp_path: Path) -> None:
    assert run(language, program).returncode == 2
    assert run(language, program, "--sign-in", "magic", tmp_path).returncode != 0
    none = run(language, program, tmp_path)
    assert none.returncode == 1 and "specification.json" in none.stderr
    (tmp_path / "specification.json").write_text("{}", encoding="utf-8")
    assert run(language, program, tmp_path).returncode == 2
