"""The program cmg-sandbox as a client that is not linked to the library finds it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from cmg_sandbox import PROGRAM, Sandbox

GUID = 36
MEMBERS = {"base", "ca_file", "tenant_id", "subscription_id", "client_id", "client_secret",
           "client_cert_pem", "client_cert_key", "blob_url", "blob_account", "blob_key",
           "vault_url", "site_url", "identity_endpoint", "identity_client_id"}


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=60,
                          check=False)


def test_ready_file_is_whole_and_private(tmp_path: Path) -> None:
    sandbox = Sandbox(tmp_path)
    facts = sandbox.facts
    mode = sandbox.ready.stat().st_mode & 0o777
    trusted = Path(facts["ca_file"]).read_text(encoding="ascii")
    assert sandbox.end() == 0
    assert mode == 0o600
    assert set(facts) == MEMBERS
    assert facts["base"].startswith("https://localhost:")
    assert facts["vault_url"] == facts["base"] + "/vaults"
    assert "BEGIN CERTIFICATE" in trusted and "PRIVATE" not in trusted
    assert "BEGIN CERTIFICATE" in facts["client_cert_pem"]
    assert "BEGIN PRIVATE KEY" in facts["client_cert_key"]
    assert all(len(facts[name]) == GUID for name in ("tenant_id", "subscription_id", "client_id"))
    assert facts["site_url"] is None
    assert facts["blob_url"] == f"{facts['base']}/{facts['blob_account']}"
    assert len(facts["blob_key"]) == 88


def test_every_service_answers_by_path(tmp_path: Path) -> None:
    sandbox = Sandbox(tmp_path)
    facts = sandbox.facts
    try:
        assert sandbox.ask("GET", "/v1.0/organization")[0] == 401
        graph = "Bearer " + sandbox.token("https://graph.microsoft.com")
        status, made = sandbox.ask("POST", "/v1.0/applications", b'{"displayName":"One"}',
                                   Authorization=graph)
        assert (status, made["displayName"]) == (201, "One")
        arm = "Bearer " + sandbox.token(facts["base"])
        status, list_ = sandbox.ask("GET", "/subscriptions?api-version=2022-12-01",
                                    Authorization=arm)
        assert [s["subscriptionId"] for s in list_["value"]] == [facts["subscription_id"]]
        status, answer = sandbox.ask("GET", "/vaults/none/secrets/x?api-version=7.4",
                                     Authorization="Bearer "
                                     + sandbox.token("https://vault.azure.net"))
        assert (status, answer["error"]["code"]) == (404, "VaultNotFound")
    finally:
        assert sandbox.end() == 0


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    sandbox = Sandbox(tmp_path)
    assert len(list(sandbox.temporary.iterdir())) == 1
    assert sandbox.end() == 0
    assert sandbox.process.stderr is not None and sandbox.process.stderr.read() == ""
    assert not sandbox.ready.exists()
    assert not list(sandbox.temporary.iterdir())


def test_a_named_directory_keeps_the_cloud(tmp_path: Path) -> None:
    cloud = ("--directory", str(tmp_path / "cloud"))
    first = Sandbox(tmp_path, *cloud)
    other = run("--listen", "127.0.0.1:0", "--ready-file", str(tmp_path / "other.json"), *cloud)
    assert first.end() == 0
    assert other.returncode == 1 and "remedy:" in other.stderr
    assert not (tmp_path / "other.json").exists()
    second = Sandbox(tmp_path, *cloud)
    assert second.end() == 0
    ports = {"base", "vault_url", "blob_url", "identity_endpoint"}
    assert {k: v for k, v in first.facts.items() if k not in ports} == {
        k: v for k, v in second.facts.items() if k not in ports}


@pytest.mark.parametrize("arguments", [
    [], ["--listen", "127.0.0.1:0"], ["--ready-file", "r"],
    ["--listen", "0.0.0.0:0", "--ready-file", "r"],
    ["--listen", "127.0.0.1:65536", "--ready-file", "r"],
    ["--listen", "127.0.0.1:0", "--ready-file", "r", "--operation-ms", "soon"],
    ["--listen", "127.0.0.1:0", "--ready-file", "r", "more"],
])
def test_bad_arguments_are_refused(arguments: list[str]) -> None:
    done = run(*arguments)
    assert done.returncode == 2 and done.stderr


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    sandbox = Sandbox(tmp_path)
    port = sandbox.facts["base"].rpartition(":")[2]
    done = run("--listen", f"127.0.0.1:{port}", "--ready-file", str(tmp_path / "other.json"))
    assert sandbox.end() == 0
    assert done.returncode == 1 and port in done.stderr


def test_a_ready_file_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    done = run("--listen", "127.0.0.1:0", "--ready-file", str(tmp_path / "none/ready.json"))
    assert done.returncode == 1 and "ready.json" in done.stderr
