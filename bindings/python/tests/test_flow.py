"""Whole workflows against the sandbox: a deployment, awaited and run; the quickstart."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import re
import ssl
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any, Optional

import pytest

import cmg
from cmg._sign_in import TokenSource

ROOT = Path(__file__).resolve().parents[3]
BUILD = Path(os.environ.get("CMG_BUILD_ROOT", ROOT / "build"))
pytestmark = pytest.mark.skipif(not (BUILD / "examples/service_host").exists(),
                                reason="the example programs are not built")
QUICKSTART = ROOT / "bindings/python/examples/quickstart.py"


@pytest.fixture
def sandbox(ctx: Any, gateway: Any, tmp_path: Path) -> Any:
    with cmg.Sandbox(tmp_path / "sandbox",
                     service_program=BUILD / "examples/service_host",
                     subscription_id=gateway.tenant.subscription_id) as made:
        made.attach(ctx)
        yield made


@pytest.fixture
def signed_in(gateway: Any, sandbox: Any) -> Any:
    gateway.tenant.set_client_secret(sandbox.client_id, sandbox.client_secret)
    authority = cmg.Authority(gateway.context, "Flow CA")
    gateway.set_authority(authority)
    gateway.add_connector(authority.issue(cmg.Profile.CONNECTOR, "connector-1"))
    return gateway


def test_traffic_is_measured_and_stops_the_gateway(
        ctx: Any, sandbox: Any, signed_in: Any, tmp_path: Path) -> None:
    assert signed_in.usage.traffic.level is cmg.UsageLevel.UNKNOWN
    with signed_in.deploy(journal=tmp_path / "journal") as deploy:
        deploy.run()
    sandbox.set("metric/granitefalls/Network Out Total", 1_000_000)
    sandbox.set("metric/granitefalls/UsedCapacity", 7)
    with signed_in.deploy(cmg.Operation.MEASURE_GATEWAY) as deploy:
        assert deploy.run() is cmg.DeployState.READY
        assert [one.subject for one in deploy.problems] == ["Egress"]
    usage = signed_in.usage
    assert usage.traffic.bytes == usage.traffic.values * 1_000_000 == 336_000_000
    assert (usage.traffic.limit_bytes, usage.traffic.percent) == (10**13, 0)
    assert (usage.traffic.level, usage.traffic.enabled) == (cmg.UsageLevel.NONE, False)
    assert (usage.storage.bytes, usage.storage.critical_percent) == (7, 90)
    assert usage.traffic.since < usage.traffic.measured
    assert json.loads(signed_in.usage_json())["storage"]["bytes"] == 7
    specification = json.loads(signed_in.to_json())
    specification["gateway"]["traffic_alert"] = {"gigabytes": 1, "warning_percent": 10,
                                                 "critical_percent": 30, "stop_service": True}
    plans: list[str] = []
    with cmg.Gateway.from_json(ctx, json.dumps(specification)) as limited:
        limited.tenant.set_client_secret(sandbox.client_id, sandbox.client_secret)
        with limited.deploy(cmg.Operation.MEASURE_GATEWAY, journal=tmp_path / "journal") as deploy:
            deploy.set_usage(storage_metric="Ingress,Transactions")
            deploy.on_confirm = plans.append
            assert deploy.run() is cmg.DeployState.READY
            told = {one.subject: one.severity for one in deploy.problems}
        assert limited.usage.traffic.level is cmg.UsageLevel.CRITICAL
        assert limited.status.state is cmg.GatewayState.STOPPED
    assert told["/gateway/traffic_alert"] is cmg.Severity.WARNING
    assert "Ingress,Transactions" in told and "33 % of 1 GB" in plans[0]
    with signed_in.deploy(cmg.Operation.MEASURE_GATEWAY) as deploy:
        with pytest.raises(cmg.InvalidArgument):
            deploy.set_usage(content_metric="")


def test_a_deployment_is_run_and_deleted(signed_in: Any, sandbox: Any, tmp_path: Path) -> None:
    states: list[cmg.DeployState] = []
    steps: list[cmg.StepProgress] = []
    with signed_in.deploy(cmg.Operation.PLAN_GATEWAY) as deploy:
        assert deploy.run() is cmg.DeployState.READY
        plan = {change.step: change for change in deploy.plan()}
    assert plan["server_app"].action == plan["deployment"].action == "create"
    assert 'Microsoft.KeyVault/vaults "granitefalls"' in plan["deployment"].lines
    assert sandbox.count(cmg.SandboxKind.APPLICATIONS) == 0
    with signed_in.deploy(journal=tmp_path / "journal") as deploy:
        deploy.on_state = lambda state, why: states.append(state)
        deploy.on_step = steps.append
        assert deploy.run() is cmg.DeployState.READY
    assert states[0] is cmg.DeployState.PREFLIGHT and states[-1] is cmg.DeployState.READY
    assert steps[-1].done == steps[-1].total > 1
    told = [step.whole_percent for step in steps]
    assert told == sorted(told) and told[-1] == 100 and steps[-1].remaining_ms == 0
    assert max(step.remaining_ms for step in steps) > 60_000
    assert all(step.usual_ms > 0 for step in steps)
    assert sandbox.count(cmg.SandboxKind.RESOURCE_GROUPS) == 1
    assert signed_in.endpoint and signed_in.certificate is not None
    assert sandbox.issue_token(signed_in.client_app.client_id,
                               signed_in.server_app.id_uri).count(b".") == 2
    # Without the secret store nobody can say whether the certificate is ours.
    for journal, paths in [(tmp_path / "journal", []), (None, ["/certificate"])]:
        with signed_in.deploy(cmg.Operation.VERIFY_GATEWAY, journal=journal) as deploy:
            assert deploy.run() is cmg.DeployState.READY
        assert [one.path for one in signed_in.differences] == paths
    assert signed_in.differences[0].part is cmg.AppPart.CERTIFICATE
    for operation, state in [(cmg.Operation.STOP_GATEWAY, cmg.GatewayState.STOPPED),
                             (cmg.Operation.START_GATEWAY, cmg.GatewayState.READY),
                             (cmg.Operation.SCALE_GATEWAY, cmg.GatewayState.READY)]:
        with signed_in.deploy(operation, journal=tmp_path / "journal") as deploy:
            assert deploy.run() is cmg.DeployState.READY
        assert signed_in.status.state is state
    assert signed_in.status.healthy == signed_in.status.instances > 0
    with signed_in.deploy(cmg.Operation.DELETE, journal=tmp_path / "journal") as deploy:
        assert deploy.run() is cmg.DeployState.DELETED
    left = {kind: sandbox.count(kind) for kind in cmg.SandboxKind
            if kind is not cmg.SandboxKind.REQUESTS}
    assert not any(left.values()), left


def test_channels_go_over_https_where_the_first_port_is_closed(gateway: Any, sandbox: Any,
                                                               tmp_path: Path) -> None:
    ctx = gateway.context
    gateway.tenant.set_client_secret(sandbox.client_id, sandbox.client_secret)
    authority = cmg.Authority(ctx, "Flow CA")
    gateway.set_authority(authority)
    certificate = authority.issue(cmg.Profile.CONNECTOR, "connector-1")
    gateway.add_connector(certificate)
    with gateway.deploy(journal=tmp_path / "journal") as deploy:
        assert deploy.run() is cmg.DeployState.READY
    settings = json.loads(gateway.connector_config())
    assert (settings["first_port"], settings["https_port"]) == (10140, 10124)
    settings["first_port"] = 9
    for i in range(gateway.instances):
        ctx.add_address(gateway.endpoint, "127.0.0.1", port=9 + i, address_port=1)
    told: list[tuple[int, bool]] = []
    with cmg.Connector(ctx) as connector:
        connector.on_channel = lambda instance, ready, why: told.append((instance, ready))
        connector.configure(json.dumps(settings))
        connector.set_certificate(certificate)
        connector.start()
        ctx.run_until(lambda: len(told) == gateway.instances, 30)
        assert sorted(told) == [(i, True) for i in range(gateway.instances)]
        assert connector.ready_count == gateway.instances


def test_each_endpoint_can_be_somewhere_else(ctx: Any, tmp_path: Path) -> None:
    with cmg.Sandbox(tmp_path / "sandbox") as sandbox:
        ctx.add_ca_file(sandbox.ca_file)
        base = f"https://localhost:{sandbox.port}"
        for which, path in ((cmg.Endpoint.LOGIN, ""), (cmg.Endpoint.GRAPH, "/"),
                            (cmg.Endpoint.RESOURCE_MANAGER, ""),
                            (cmg.Endpoint.VAULT, "/vaults")):
            ctx.set_endpoint(which, base + path)
        assert ctx.endpoint(cmg.Endpoint.GRAPH) == base
        assert ctx.endpoint(cmg.Endpoint.GRAPH_AUDIENCE) == "https://graph.microsoft.com"
        with cmg.Gateway.from_file(ctx, ROOT / "examples/contoso.json") as gateway:
            gateway.tenant.set_client_secret(sandbox.client_id, sandbox.client_secret)
            with gateway.deploy(cmg.Operation.FIND_TENANT) as deploy:
                assert deploy.run() is cmg.DeployState.READY
            assert gateway.tenant.id == sandbox.tenant_id
            assert gateway.tenant.initial_domain == gateway.tenant.verified_domains[0]
            assert len(gateway.tenant.verified_domains) == 3
    ctx.set_endpoint(cmg.Endpoint.GRAPH, None)
    assert ctx.endpoint(cmg.Endpoint.GRAPH) == "https://graph.microsoft.com"
    with pytest.raises(cmg.InvalidArgument, match="login"):
        ctx.set_endpoint(cmg.Endpoint.LOGIN, "http://localhost")


def openssl(*arguments: str, data: bytes = b"") -> bytes:
    return subprocess.run(["openssl", *arguments], input=data, check=True,
                          stdout=subprocess.PIPE).stdout


@pytest.mark.parametrize("algorithm", list(cmg.AssertionAlgorithm))
@pytest.mark.parametrize("held", [False, True])
def test_an_application_signs_in_with_a_certificate(signed_in: Any, sandbox: Any,
                                                    tmp_path: Path, held: bool,
                                                    algorithm: cmg.AssertionAlgorithm) -> None:
    pem, secret = sandbox.client_certificate()
    module = tmp_path / "module.pem"
    module.write_bytes(secret)
    asked: list[cmg.HashAlgorithm] = []

    def sign(kind: cmg.HashAlgorithm, digest: bytes, *options: str) -> bytes:
        asked.append(kind)
        return openssl("pkeyutl", "-sign", "-inkey", str(module), "-pkeyopt",
                       "digest:sha256", *options, data=digest)

    def sign_pss(kind: cmg.HashAlgorithm, digest: bytes) -> bytes:
        return sign(kind, digest, "-pkeyopt", "rsa_padding_mode:pss", "-pkeyopt",
                    "rsa_pss_saltlen:digest")

    ctx = signed_in.context
    with (cmg.Certificate.from_pem(ctx, pem) as certificate,
          cmg.Key.held(ctx, pem, sign, sign_pss) if held
          else cmg.Key.from_bytes(ctx, secret) as key):
        signed_in.tenant.set_client_certificate(sandbox.client_id, certificate, key,
                                                algorithm)
    with signed_in.deploy(journal=tmp_path / "journal") as deploy:
        deploy.on_state = lambda state, why: (
            deploy.cancel() if state is cmg.DeployState.APPLY else None)
        with pytest.raises(cmg.Canceled):
            deploy.run()
        assert signed_in.tenant.id == sandbox.tenant_id
    assert asked == [cmg.HashAlgorithm.SHA256] * (3 if held else 0)


def test_a_certificate_that_nobody_registered_is_refused(signed_in: Any, sandbox: Any,
                                                         tmp_path: Path) -> None:
    pem = openssl("req", "-x509", "-newkey", "rsa:2048", "-noenc", "-subj", "/CN=stranger",
                  "-keyout", "-")
    with cmg.Certificate.from_pem(signed_in.context, pem) as stranger:
        signed_in.tenant.set_client_certificate(sandbox.client_id, stranger)
    with signed_in.deploy(journal=tmp_path / "journal") as deploy:
        with pytest.raises(cmg.AuthenticationFailed) as caught:
            deploy.run()
    assert caught.value.service_code == "AADSTS700027"
    assert "certificate" in caught.value.remedy


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def test_a_workload_identity_signs_in(signed_in: Any, sandbox: Any, tmp_path: Path) -> None:
    key = tmp_path / "issuer.pem"
    openssl("genrsa", "-out", str(key), "2048")
    modulus = openssl("rsa", "-in", str(key), "-noout", "-modulus").split(b"=")[1]
    keys = {"keys": [{"kty": "RSA", "use": "sig", "kid": "k1", "e": "AQAB",
                      "n": base64url(bytes.fromhex(modulus.strip().decode()))}]}
    with pytest.raises(cmg.ParseError):
        sandbox.add_issuer("https://issuer.example", "[]")
    sandbox.add_issuer("https://issuer.example", json.dumps(keys), "site")
    parts = [{"alg": "RS256", "kid": "k1"},
             {"iss": "https://issuer.example", "sub": "site", "exp": int(time.time()) + 600,
              "aud": "api://AzureADTokenExchange"}]
    text = ".".join(base64url(json.dumps(part).encode()) for part in parts)
    signature = openssl("dgst", "-sha256", "-sign", str(key), data=text.encode())
    token = tmp_path / "token"
    token.write_text(f"{text}.{base64url(signature)}\n", encoding="ascii")
    signed_in.tenant.set_workload_identity(sandbox.client_id, token)
    with signed_in.deploy(journal=tmp_path / "journal") as deploy:
        assert deploy.run() is cmg.DeployState.READY
    sandbox.add_issuer("https://issuer.example", json.dumps(keys), "other")
    with signed_in.deploy(cmg.Operation.DELETE, journal=tmp_path / "journal") as deploy:
        with pytest.raises(cmg.AuthenticationFailed) as caught:
            deploy.run()
    assert caught.value.service_code == "AADSTS700211"


@pytest.mark.parametrize("kind", list(cmg.ManagedIdentity))
def test_a_managed_identity_signs_in(signed_in: Any, sandbox: Any,
                                     kind: cmg.ManagedIdentity) -> None:
    own = kind is cmg.ManagedIdentity.SYSTEM
    signed_in.tenant.set_managed_identity(kind, None if own else sandbox.identity(kind))
    signed_in.tenant.set_identity_endpoint(sandbox.identity_endpoint)
    with pytest.raises(cmg.InvalidArgument):
        signed_in.tenant.set_identity_endpoint("http://metadata.example")
    with signed_in.deploy(cmg.Operation.FIND_TENANT) as deploy:
        assert deploy.run() is cmg.DeployState.READY
    assert signed_in.tenant.id == sandbox.tenant_id


def test_a_person_signs_in_by_a_browser(signed_in: Any, sandbox: Any) -> None:
    seen: list[cmg.SignInPrompt] = []

    def browse(url: str) -> None:
        port = str(sandbox.port)
        subprocess.run(["curl", "-sSL", "--max-time", "30", "--cacert", sandbox.ca_file,
                        "--connect-to", "login.microsoftonline.com:443:127.0.0.1:" + port,
                        url], check=True, stdout=subprocess.DEVNULL)

    def prompt(what: cmg.SignInPrompt) -> None:
        seen.append(what)
        if len(seen) == 1:
            state = urllib.parse.parse_qs(urllib.parse.urlsplit(what.browser_url).query)
            sandbox.decide_sign_in(state["state"][0])
        threading.Thread(target=browse, args=[what.browser_url]).start()

    sandbox.set_sign_in(cmg.SandboxSignIn.BY_CALL)
    signed_in.tenant.set_browser()
    with signed_in.deploy(cmg.Operation.FIND_TENANT) as deploy:
        deploy.on_prompt = prompt
        assert deploy.run() is cmg.DeployState.READY
    assert [one.kind for one in seen] == [cmg.PromptKind.BROWSER]
    assert seen[0].user_code == seen[0].verification_uri == ""


def test_the_host_gets_the_tokens(signed_in: Any, sandbox: Any, tmp_path: Path) -> None:
    asked: list[str] = []

    def get(resource: str) -> tuple[str, float]:
        asked.append(resource)
        form = urllib.parse.urlencode(
            {"grant_type": "client_credentials", "client_id": sandbox.client_id,
             "client_secret": sandbox.client_secret, "scope": resource + "/.default"})
        request = urllib.request.Request(
            f"https://localhost:{sandbox.port}/{sandbox.tenant_id}/oauth2/v2.0/token",
            form.encode())
        trust = ssl.create_default_context(cafile=sandbox.ca_file)
        with urllib.request.urlopen(request, timeout=30, context=trust) as answer:
            found = json.loads(answer.read())
        return found["access_token"], time.time() + found["expires_in"]

    signed_in.tenant.set_token_source(get, sandbox.client_id)
    with signed_in.deploy(journal=tmp_path / "journal") as deploy:
        assert deploy.run() is cmg.DeployState.READY
    assert set(asked) == {"https://management.azure.com", "https://graph.microsoft.com",
                          "https://vault.azure.net"}
    signed_in.tenant.set_device_code()
    assert not TokenSource.alive


def test_what_a_token_source_raises_comes_out(signed_in: Any, sandbox: Any,
                                              tmp_path: Path) -> None:
    def get(resource: str) -> tuple[str, float]:
        raise LookupError("no token for " + resource)

    with pytest.raises(cmg.InvalidArgument):
        signed_in.tenant.set_token_source(get, "no guid")
    assert not TokenSource.alive
    signed_in.tenant.set_token_source(get)
    with signed_in.deploy(journal=tmp_path / "journal") as deploy:
        with pytest.raises(LookupError, match="management.azure.com"):
            deploy.run()
    signed_in.tenant.set_client_secret(sandbox.client_id, sandbox.client_secret)
    assert not TokenSource.alive


class Ring:
    """A host's token cache."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def load(self, key: str) -> Optional[bytes]:
        return self.kept.get(key)

    def save(self, key: str, data: bytes) -> None:
        self.kept[key] = data


def test_tokens_are_kept_between_two_runs(ctx: Any, tmp_path: Path) -> None:
    ring = Ring()
    sent = []
    with cmg.Sandbox(tmp_path / "sandbox") as sandbox:
        sandbox.attach(ctx)
        for _ in range(2):
            before = sandbox.count(cmg.SandboxKind.REQUESTS)
            with cmg.Gateway.from_file(ctx, ROOT / "examples/contoso.json") as gateway:
                gateway.tenant.set_client_secret(sandbox.client_id, sandbox.client_secret)
                gateway.tenant.set_token_cache(ring)
                with gateway.deploy(cmg.Operation.FIND_TENANT) as deploy:
                    assert deploy.run() is cmg.DeployState.READY
            sent.append(sandbox.count(cmg.SandboxKind.REQUESTS) - before)
        assert sent[1] == sent[0] - 3
        (key, data), = ring.kept.items()
        assert key.endswith(f"/{sandbox.client_id}/client_secret") and data.count(b"access") == 3
    with cmg.Gateway.from_file(ctx, ROOT / "examples/contoso.json") as gateway:
        gateway.tenant.set_token_cache(ring)
        gateway.tenant.set_token_cache(None)


class Memory:
    """A journal and a secret store that keep everything in memory."""

    def __init__(self) -> None:
        self.journal = b""
        self.secrets: dict[str, bytes] = {}
        self.locked = False

    def load(self) -> bytes:
        return self.journal

    def save(self, data: bytes) -> None:
        assert self.locked
        self.journal = data

    def lock(self) -> None:
        self.locked = True

    def unlock(self) -> None:
        self.locked = False

    def put(self, name: str, data: bytes) -> None:
        self.secrets[name] = data

    def get(self, name: str) -> bytes | None:
        return self.secrets.get(name)

    def remove(self, name: str) -> None:
        self.secrets.pop(name, None)


def test_a_deployment_is_awaited_with_stores_of_the_host(signed_in: Any) -> None:
    memory = Memory()

    async def main() -> cmg.DeployState:
        deploy = signed_in.deploy(journal=memory)
        deploy.set_secret_store(memory)
        return await asyncio.wait_for(deploy, 60)

    assert asyncio.run(main()) is cmg.DeployState.READY
    assert not memory.locked and memory.secrets
    for name, secret in memory.secrets.items():
        assert secret not in memory.journal, name


def test_a_deployment_is_cancelled_from_a_callback_and_goes_on(signed_in: Any,
                                                               tmp_path: Path) -> None:
    with signed_in.deploy(journal=tmp_path / "journal") as deploy:
        deploy.on_state = lambda state, why: (
            deploy.cancel() if state is cmg.DeployState.APPLY else None)
        with pytest.raises(cmg.Canceled):
            deploy.run()
        assert deploy.state is cmg.DeployState.PAUSED
    with signed_in.deploy(journal=tmp_path / "journal") as deploy:
        assert deploy.run() is cmg.DeployState.READY


def test_a_service_error_carries_its_origin(signed_in: Any, sandbox: Any,
                                            tmp_path: Path) -> None:
    signed_in.tenant.set_client_secret(sandbox.client_id, b"wrong")
    with signed_in.deploy(journal=tmp_path / "journal") as deploy:
        with pytest.raises(cmg.AuthenticationFailed) as caught:
            deploy.run()
    assert caught.value.service_code.startswith("AADSTS") and caught.value.remedy
    assert "wrong" not in caught.value.message


def test_the_sandbox_can_be_told_to_fail(signed_in: Any, sandbox: Any, tmp_path: Path) -> None:
    sandbox.inject(cmg.SandboxFault.STATUS, path="/resourcegroups/", status=503)
    sandbox.inject(cmg.SandboxFault.LOST_ANSWER, method="POST", path="/applications")
    with signed_in.deploy(journal=tmp_path / "journal") as deploy:
        assert deploy.run() is cmg.DeployState.READY
    assert sandbox.count(cmg.SandboxKind.APPLICATIONS) == 2


def command(directory: Path) -> list[str]:
    return [sys.executable, str(QUICKSTART), "--directory", str(directory),
            "--programs", str(BUILD / "examples")]


def run(arguments: list[str], cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(arguments, capture_output=True, text=True, timeout=100, check=False,
                          cwd=cwd)


def check_whole_life(done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == 0, done.stdout + done.stderr
    verdicts = [line.split()[0] for line in done.stdout.splitlines()
                if line.startswith(("right", "WRONG"))]
    assert verdicts == ["right"] * 7, done.stdout
    assert "what is to be refused was refused: yes" in done.stdout
    left = re.search(r"^left in the sandbox: (.*)$", done.stdout, re.MULTILINE)
    assert left and set(re.findall(r"\d+", left[1])) == {"0"}, done.stdout


def wait_until_gone(directory: Path) -> None:
    """Until no process has the directory in its command line."""
    def running() -> list[str]:
        found = []
        for entry in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                line = entry.read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if str(directory) in line:
                found.append(line)
        return found

    for _ in range(100):
        if not running():
            return
        time.sleep(0.1)
    pytest.fail(f"still running: {running()}")


def test_the_quickstart_runs_through(tmp_path: Path) -> None:
    check_whole_life(run(command(Path("run")), cwd=tmp_path))
    wait_until_gone(tmp_path)
    assert not (tmp_path / "run/journal").exists()


def test_the_quickstart_killed_goes_on(tmp_path: Path) -> None:
    with subprocess.Popen(command(tmp_path / "run"), stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as first:
        time.sleep(5.5)
        first.kill()
    wait_until_gone(tmp_path)
    check_whole_life(run(command(tmp_path / "run")))


def test_the_quickstart_killed_while_it_deletes_finishes_that_first(tmp_path: Path) -> None:
    with subprocess.Popen(command(tmp_path / "run"), stdout=subprocess.PIPE,
                          text=True) as first:
        assert first.stdout is not None
        deletes = False
        for line in first.stdout:
            deletes = deletes or line.endswith("  delete\n")
            if deletes and line.endswith("removed\n"):
                break
        first.kill()
    assert deletes
    wait_until_gone(tmp_path)
    again = run(command(tmp_path / "run"))
    check_whole_life(again)
    assert "a former run was deleting this gateway: that is finished first" in again.stdout


def test_the_quickstart_says_why_a_child_does_not_start(tmp_path: Path) -> None:
    script = tmp_path / "point.sh"
    script.write_text("echo first >&2; echo no nginx here >&2; exit 1\n")
    done = run([*command(Path("run")), "--management-point", str(script)], cwd=tmp_path)
    assert done.returncode == 1
    assert "  cause:  no nginx here\n" in done.stderr, done.stderr
    assert f"  remedy: see {tmp_path.resolve()}/run/site.log" in done.stderr, done.stderr


def test_the_quickstart_refuses_bad_input_before_anything_is_made(tmp_path: Path) -> None:
    spec = tmp_path / "bad.json"
    spec.write_text((ROOT / "examples/contoso.json").read_text().replace(
        '"instances": 2', '"instances": 17'))
    done = subprocess.run([sys.executable, str(QUICKSTART), "--directory",
                           str(tmp_path / "run"), str(spec)],
                          capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2 and not (tmp_path / "run").exists()
    assert "17" in done.stderr and "/gateway/instances" in done.stderr, done.stderr
