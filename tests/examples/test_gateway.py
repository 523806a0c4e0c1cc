"""The examples for a gateway's life, one after the other in one sandbox: check_prerequisites,
plan_gateway, deploy_gateway, modify_gateway, verify_drift, check_usage, stop_start,
scale_gateway, rotate_certificate, upgrade_gateway, redeploy_gateway, replace_gateway, delete_gateway."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import re
import ssl
from pathlib import Path

import pytest
from session_programs import ROOT, SANDBOX, good, languages, run, run_elsewhere

BUILD = Path(os.environ["CMG_BUILD_ROOT"])
PACKAGE = BUILD / "examples/cmg-service.tar.gz"
EVERY = pytest.mark.parametrize("language", languages())


def instances(directory: Path) -> int:
    """What scale_gateway has to keep."""
    kept = json.loads((directory / "specification.json").read_text(encoding="utf-8"))
    return int(kept["gateway"]["instances"])


def change(directory: Path, **wanted: object) -> None:
    """Edits the specification, as a person does."""
    path = directory / "specification.json"
    kept = json.loads(path.read_text(encoding="utf-8"))
    kept["gateway"] |= wanted
    path.write_text(json.dumps(kept), encoding="utf-8")


def actions(plan: str) -> set[str]:
    """What a plan does; that something is absent is nothing to do."""
    return {line.split()[0] for line in plan.splitlines()} - {"absent"}


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@EVERY
def test_a_gateway_lives(language: str, tmp_path: Path) -> None:
    plan = good(language, "plan_gateway", tmp_path)
    assert re.search(r"^create +server app", plan, re.MULTILINE)
    assert '\n  Microsoft.Compute/virtualMachineScaleSets "granitefalls"\n' in plan
    assert json.loads(good(language, "plan_gateway", "--json", tmp_path))["version"] == 1

    done = run(language, "deploy_gateway", *SANDBOX, tmp_path)
    assert done.returncode == 0, done.stderr
    shown = [int(found) for found in re.findall(r"^ +(\d+) %  ", done.stderr, re.MULTILINE)]
    whole = shown[:shown.index(100) + 1]
    assert whole == sorted(whole) and whole[-1] == 100
    assert done.stdout.splitlines()[2:] == ["state      READY",
                                            "instances  2 of Standard_A2_v2, 2 healthy"]

    assert good(language, "verify_drift", tmp_path) == "0 differences\n"

    assert good(language, "stop_start", tmp_path, "stop") == (
        "granitefalls is STOPPED: 0 of 2 instances run\n")
    refused = run(language, "scale_gateway", *SANDBOX, tmp_path, "3")
    assert refused.returncode == 1 and "STOPPED" in refused.stderr
    assert instances(tmp_path) == 2, "what was refused is not wanted"
    assert good(language, "stop_start", tmp_path, "start") == (
        "granitefalls is READY: 2 of 2 instances run\n")
    assert good(language, "scale_gateway", tmp_path, "3") == (
        "granitefalls has 3 instances, 3 healthy\n")
    kept = json.loads((tmp_path / "specification.json").read_text(encoding="utf-8"))
    assert instances(tmp_path) == 3
    told = [good(language, "rotate_certificate", tmp_path) for _ in range(2)]
    assert all(re.fullmatch(r"granitefalls has [0-9A-Fa-f]{64}\n", one) for one in told)
    assert told[0] != told[1]
    missing = run(language, "rotate_certificate", *SANDBOX, tmp_path, tmp_path / "missing.pfx")
    assert missing.returncode != 0 and "missing.pfx" in missing.stderr
    assert good(language, "upgrade_gateway", tmp_path) == (
        "the instances of granitefalls have their settings\n")
    assert good(language, "redeploy_gateway", tmp_path) == (
        "granitefalls has been made anew: 3 of 3 instances healthy\n")
    second = tmp_path / "second.json"
    second.write_text(json.dumps(kept | {
        "gateway": kept["gateway"] | {"name": "heronlake", "instances": 1,
                                      "service_name": "heronlake.contoso.com",
                                      "resource_group": "cmg-heronlake"},
        "server_app": {"name": "Second-ServerApp"},
        "client_app": {"name": "Second-ClientApp"}}), encoding="utf-8")
    assert re.fullmatch(r"heronlake and granitefalls both serve, the second may go on [-0-9]+\n",
                        good(language, "replace_gateway", tmp_path, second))
    assert good(language, "replace_gateway", tmp_path, second, "now") == (
        "heronlake has taken the place of granitefalls\n")
    assert good(language, "delete_gateway", tmp_path) == (
        "0 resources are left of granitefalls\n")


@EVERY
def test_instances_boot_from_the_package_and_get_another(language: str, tmp_path: Path) -> None:
    built = sha256(PACKAGE)
    assert built[:12] in good(language, "deploy_gateway", tmp_path, stderr=True)
    machines = sorted((tmp_path / "cloud/instances").iterdir())
    assert len(machines) == 2
    assert all((one / f"opt/cmg/{built}/bin/service_host").exists() for one in machines)
    assert good(language, "upgrade_gateway", tmp_path, PACKAGE) == f"granitefalls runs {built}\n"
    other = tmp_path / "other.tar.gz"
    other.write_bytes(gzip.compress(gzip.decompress(PACKAGE.read_bytes()), 1))
    assert good(language, "upgrade_gateway", tmp_path, other) == (
        f"granitefalls runs {sha256(other)}\n")


@EVERY
def test_the_package_has_to_be_there(language: str, tmp_path: Path) -> None:
    missing = tmp_path / "none.tar.gz"
    for program in ("deploy_gateway", "plan_gateway", "check_prerequisites"):
        named = run(language, program, *SANDBOX, "--package", missing, tmp_path / "a")
        assert named.returncode == 1 and str(missing) in named.stderr, named.stderr
    none = run_elsewhere(language, "deploy_gateway", tmp_path / "elsewhere", tmp_path / "a")
    assert none.returncode == 1, none.stderr
    assert "there is no service package" in none.stderr and "--package FILE" in none.stderr
    told = run_elsewhere(language, "check_prerequisites", tmp_path / "elsewhere", tmp_path / "a")
    assert told.returncode == 0, told.stderr
    rows = told.stdout.splitlines()
    found = rows.index(next(row for row in rows if row.startswith("warning")))
    assert rows[found].split() == ["warning", "no", "package", "the", "gateway", "has", "no",
                                   "service", "package"]
    assert "no service" in rows[found + 1] and "cmg-service.tar.gz" in rows[found + 2]


@EVERY
def test_the_plan_is_what_the_next_deployment_does(language: str, tmp_path: Path) -> None:
    good(language, "deploy_gateway", tmp_path)
    plan = good(language, "plan_gateway", tmp_path)
    assert actions(plan) == {"keep"}, plan
    table = good(language, "check_prerequisites", tmp_path)
    assert table == "0 refusals, 0 warnings, 0 notes\n"
    done = good("c", "deploy_gateway", tmp_path, stderr=True)
    shown = done[done.index("CONFIRM\n") + 8:done.index("granitefalls  APPLY")]
    assert language != "c" or plan == shown


@EVERY
def test_a_changed_specification_is_brought(language: str, tmp_path: Path) -> None:
    good(language, "deploy_gateway", tmp_path)
    change(tmp_path, vm_size="Standard_A4_v2", instances=1)
    told = good(language, "upgrade_gateway", tmp_path).splitlines()
    assert len(told) == 3 and all(row.startswith("left for modify_gateway: ") for row in told[1:])
    assert "Standard_A2_v2" in told[1] and "Standard_A4_v2" in told[1]
    built = sha256(PACKAGE)
    modified = run(language, "modify_gateway", *SANDBOX, tmp_path)
    assert modified.returncode == 0, modified.stderr
    assert modified.stdout == "granitefalls has 1 instances of Standard_A4_v2, 1 healthy\n"
    plan = modified.stderr[modified.stderr.index("CONFIRM"):modified.stderr.index("APPLY")]
    assert re.search(r"^keep +service package .*" + built[:12], plan, re.MULTILINE), plan
    assert good(language, "verify_drift", tmp_path) == "0 differences\n"
    assert actions(good(language, "plan_gateway", tmp_path)) == {"keep"}


@EVERY
def test_a_certificate_is_given_with_its_password(language: str, tmp_path: Path) -> None:
    pki = tmp_path / "pki"
    pki.mkdir()
    issued = run("c", "issue_certificate", pki, "granitefalls.contoso.com", CMG_PASSWORD="one")
    assert issued.returncode == 0, issued.stderr
    pfx = pki / "certificate.pfx"
    for program in ("check_prerequisites", "plan_gateway", "deploy_gateway"):
        unnamed = run(language, program, *SANDBOX, "--pfx", pfx, tmp_path)
        assert unnamed.returncode == 2 and "CMG_PASSWORD is not set" in unnamed.stderr
        wrong = run(language, program, *SANDBOX, "--pfx", pfx, tmp_path, CMG_PASSWORD="two")
        assert wrong.returncode == 1 and "password" in wrong.stderr
        done = run(language, program, *SANDBOX, "--pfx", pfx, tmp_path, CMG_PASSWORD="one")
        assert done.returncode == 0, done.stderr
    unnamed = run(language, "rotate_certificate", *SANDBOX, tmp_path, pfx)
    assert unnamed.returncode == 2 and "CMG_PASSWORD is not set" in unnamed.stderr
    rotated = run(language, "rotate_certificate", *SANDBOX, tmp_path, pfx, CMG_PASSWORD="one")
    assert rotated.returncode == 0, rotated.stderr
    pem = ssl.PEM_cert_to_DER_cert((pki / "certificate.pem").read_text(encoding="ascii"))
    assert hashlib.sha256(pem).hexdigest() in rotated.stdout.lower()


@EVERY
def test_what_would_fail_is_found_before(language: str, tmp_path: Path) -> None:
    good(language, "register_apps", tmp_path)
    table = good(language, "check_prerequisites", tmp_path)
    assert not re.search(r"[: ]$", table, re.MULTILINE)
    assert re.fullmatch(r"0 refusals, 0 warnings, \d+ notes", table.splitlines()[-1])
    wanted = tmp_path / "specification.json"
    changed = json.loads(wanted.read_text(encoding="utf-8"))
    changed["gateway"]["vm_size"] = "Standard_Nowhere_v9"
    wanted.write_text(json.dumps(changed), encoding="utf-8")
    refused = run(language, "check_prerequisites", *SANDBOX, tmp_path)
    assert refused.returncode == 3, refused.stderr
    row = next(line for line in refused.stdout.splitlines() if line.startswith("refusal"))
    assert "Standard_Nowhere_v9" in row
    assert refused.stdout.splitlines()[-1].startswith("1 refusals, ")
    listed = run(language, "check_prerequisites", *SANDBOX, "--json", tmp_path)
    assert listed.returncode == 3
    assert "refusal" in {one["severity"] for one in json.loads(listed.stdout)["problems"]}


@EVERY
def test_traffic_at_its_limit_stops_the_gateway(language: str, tmp_path: Path) -> None:
    good(language, "deploy_gateway", tmp_path)
    rows = good(language, "check_usage", tmp_path, "9500").splitlines()
    assert rows[1].split() == ["traffic", "9500.0", "GB", "10000", "GB", "95", "%", "NONE",
                               "alert", "is", "off"]
    # Its instances start with each program: they may still be at it.
    assert rows[-1].startswith("granitefalls is ") and "STOP" not in rows[-1]
    wanted = tmp_path / "specification.json"
    changed = json.loads(wanted.read_text(encoding="utf-8"))
    changed["gateway"]["traffic_alert"] = {"stop_service": True}
    wanted.write_text(json.dumps(changed), encoding="utf-8")
    for used, code, level in (("4999", 0, "NONE"), ("5001", 3, "WARNING"), ("9001", 3, "CRITICAL")):
        done = run(language, "check_usage", *SANDBOX, tmp_path, used)
        assert done.returncode == code, done.stderr
        rows = done.stdout.splitlines()
        assert rows[1].split()[7] == level
        assert (rows[-1] == "granitefalls is STOPPED") is (level == "CRITICAL")
        assert not re.search(r"[: ]$", done.stdout, re.MULTILINE)
        assert ("/gateway/traffic_alert" in done.stdout) is (code != 0)
    told = run(language, "check_usage", *SANDBOX, "--json", tmp_path, "9001")
    assert told.returncode == 3
    assert json.loads(told.stdout)["traffic"]["level"] == "CRITICAL"


@EVERY
def test_bad_input_changes_nothing(language: str, tmp_path: Path) -> None:
    assert run(language, "stop_start", *SANDBOX, tmp_path, "sideways").returncode == 2
    for number in ("17", "0", "abc", "3x", "-1", ""):
        scaled = run(language, "scale_gateway", *SANDBOX, "--", tmp_path, number)
        assert scaled.returncode == 2 and "1 to 16" in scaled.stderr, scaled.stderr
        assert f"{number} is no number of instances" in scaled.stderr
    assert run(language, "check_usage", *SANDBOX, tmp_path, "much").returncode == 2
    assert run(language, "replace_gateway", *SANDBOX, tmp_path,
               tmp_path / "specification.json", "soon").returncode == 2
    assert run(language, "scale_gateway", *SANDBOX, tmp_path, "2").returncode == 1, "none there"
    assert instances(tmp_path) == 2


@EVERY
def test_what_was_forgotten_is_named_with_a_remedy(language: str, tmp_path: Path) -> None:
    missing = run(language, "plan_gateway", tmp_path / "new")
    assert missing.returncode == 1
    assert f"{tmp_path}/new/specification.json is missing" in missing.stderr
    assert "remedy: copy examples/contoso.json" in missing.stderr
    for text in ("x", "a:b:c:d", "a:1:b"):
        elsewhere = run(language, "plan_gateway", "--connect-to", text, tmp_path)
        assert elsewhere.returncode == 2 and f"--connect-to {text} " in elsewhere.stderr
        assert "remedy: " in elsewhere.stderr and "HOST:PORT:ADDRESS:PORT" in elsewhere.stderr


def test_programs_in_python_may_be_run() -> None:
    for path in (ROOT / "bindings/python/examples").glob("*.py"):
        is_program = path.read_bytes().startswith(b"#!")
        assert os.access(path, os.X_OK) is is_program, path.name
        assert is_program is ("__main__" in path.read_text(encoding="utf-8")), path.name
