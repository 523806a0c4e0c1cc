"""The examples for a gateway's life, one after the other in one sandbox: check_prerequisites,
plan_gateway, deploy_gateway, verify_drift, check_usage, stop_start, scale_gateway,
rotate_certificate, upgrade_gateway, redeploy_gateway, replace_gateway, delete_gateway."""

from __future__ import annotations

import hashlib
import json
import os
import re
from pathlib import Path

import pytest
from session_programs import SANDBOX, good, languages, run

BUILD = Path(os.environ["CMG_BUILD_ROOT"])
EVERY = pytest.mark.parametrize("language", languages())


@EVERY
def test_a_gateway_lives(language: str, tmp_path: Path) -> None:
    plan = good(language, "plan_gateway", tmp_path)
    assert re.search(r"^create +server app", plan, re.MULTILINE)
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
    assert good(language, "stop_start", tmp_path, "start") == (
        "granitefalls is READY: 2 of 2 instances run\n")
    assert good(language, "scale_gateway", tmp_path, "3") == (
        "granitefalls has 3 instances, 3 healthy\n")
    kept = json.loads((tmp_path / "specification.json").read_text(encoding="utf-8"))
    assert kept["gateway"]["instances"] == 3
    told = [good(language, "rotate_certificate", tmp_path) for _ in range(2)]
    assert all(re.fullmatch(r"granitefalls has [0-9A-Fa-f]{64}\n", one) for one in told)
    assert told[0] != told[1]
    missing = run(language, "rotate_certificate", *SANDBOX, tmp_path, tmp_path / "missing.pfx")
    assert missing.returncode != 0 and "missing.pfx" in missing.stderr
    assert good(language, "upgrade_gateway", tmp_path) == "granitefalls has its settings\n"
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
def test_a_gateway_gets_a_service_package(language: str, tmp_path: Path) -> None:
    good(language, "deploy_gateway", tmp_path)
    package = BUILD / "examples/cmg-service.tar.gz"
    sha256 = hashlib.sha256(package.read_bytes()).hexdigest()
    assert good(language, "upgrade_gateway", tmp_path, package) == (
        f"granitefalls runs {sha256}\n")


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
    assert run(language, "scale_gateway", *SANDBOX, tmp_path, "17").returncode == 2
    assert run(language, "check_usage", *SANDBOX, tmp_path, "much").returncode == 2
    assert run(language, "replace_gateway", *SANDBOX, tmp_path,
               tmp_path / "specification.json", "soon").returncode == 2
    kept = json.loads((tmp_path / "specification.json").read_text(encoding="utf-8"))
    assert kept["gateway"]["instances"] == 2
