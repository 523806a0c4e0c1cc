"""Microsoft's sign-in library for Python (Debian's python3-msal) against the sandbox."""

from __future__ import annotations

import importlib.util
from typing import Any

import pytest
from cmg_sandbox import Sandbox
from tunnel import AZURE, Tunnel

pytestmark = pytest.mark.skipif(importlib.util.find_spec("msal") is None,
                                reason="python3-msal is not installed")

GRAPH = "https://graph.microsoft.com"
AZURE_CLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"


def confidential(sandbox: Sandbox, client_id: str, secret: str, tenant: str = "") -> Any:
    """An msal client of the sandbox's own address."""
    import msal
    authority = f"{sandbox.facts['base']}/{tenant or sandbox.facts['tenant_id']}"
    return msal.ConfidentialClientApplication(client_id, client_credential=secret,
                                              authority=authority, validate_authority=False)


def built_in(sandbox: Sandbox) -> Any:
    return confidential(sandbox, sandbox.facts["client_id"], sandbox.facts["client_secret"])


def graph(sandbox: Sandbox, token: str, method: str, path: str, body: Any = None) -> Any:
    """A request with an HTTP client of other makers; the answer, JSON or None."""
    import requests
    answer = requests.request(method, sandbox.facts["base"] + "/v1.0" + path, json=body,
                              headers={"Authorization": "Bearer " + token}, timeout=30)
    assert answer.ok, answer.text
    return answer.json() if answer.content else None


def test_a_secret_gets_a_token_that_is_kept(sandbox: Sandbox) -> None:
    client = built_in(sandbox)
    first = client.acquire_token_for_client([GRAPH + "/.default"])
    assert first["token_type"] == "Bearer"
    assert isinstance(first["expires_in"], int) and first["expires_in"] > 3000
    kept = client.acquire_token_silent([GRAPH + "/.default"], account=None)
    assert kept["access_token"] == first["access_token"]
    assert graph(sandbox, first["access_token"], "GET", "/organization")["value"][0][
        "id"] == sandbox.facts["tenant_id"]


def test_the_published_key_verifies_the_token(sandbox: Sandbox) -> None:
    import jwt
    import requests
    token = built_in(sandbox).acquire_token_for_client([GRAPH + "/.default"])["access_token"]
    base = f"{sandbox.facts['base']}/{sandbox.facts['tenant_id']}"
    about = requests.get(base + "/v2.0/.well-known/openid-configuration", timeout=30).json()
    keys = jwt.PyJWKSet.from_dict(requests.get(about["jwks_uri"], timeout=30).json())
    kid = jwt.get_unverified_header(token)["kid"]
    key = next(k for k in keys.keys if k.key_id == kid)
    claims = jwt.decode(token, key.key, algorithms=["RS256"], audience=GRAPH)
    assert claims["appid"] == sandbox.facts["client_id"]
    assert claims["tid"] == sandbox.facts["tenant_id"]


def test_a_wrong_secret_is_told_in_entras_words(sandbox: Sandbox) -> None:
    refused = confidential(sandbox, sandbox.facts["client_id"],
                           "wrong").acquire_token_for_client([GRAPH + "/.default"])
    assert refused["error"] == "invalid_client"
    assert refused["error_codes"] == [7000215]
    assert refused["error_description"].startswith("AADSTS7000215: ")
    assert refused["correlation_id"] and refused["trace_id"] and refused["timestamp"]


def test_a_browser_gets_a_token_with_pkce(sandbox: Sandbox) -> None:
    import msal
    from urllib.parse import parse_qs, urlsplit

    import requests
    client = msal.PublicClientApplication(
        AZURE_CLI, authority=f"{sandbox.facts['base']}/{sandbox.facts['tenant_id']}",
        validate_authority=False)
    flow = client.initiate_auth_code_flow([GRAPH + "/.default"],
                                          redirect_uri="http://localhost:4711")
    back = requests.get(flow["auth_uri"], allow_redirects=False, timeout=30)
    assert back.status_code == 302
    target = urlsplit(back.headers["Location"])
    assert (target.scheme, target.netloc, target.path) == ("http", "localhost:4711", "/")
    brought = {name: values[0] for name, values in parse_qs(target.query).items()}
    got = client.acquire_token_by_auth_code_flow(flow, brought)
    assert got.get("error") is None, got
    assert got["id_token_claims"]["preferred_username"].startswith("admin@")
    assert graph(sandbox, got["access_token"], "GET", "/me")["id"]
    again = client.acquire_token_by_auth_code_flow(flow, brought)
    assert again["error_codes"] == [54005]
    other = client.acquire_token_silent(["https://management.azure.com/.default"],
                                        account=client.get_accounts()[0])
    assert other["access_token"] != got["access_token"]


def test_a_certificate_gets_a_token(sandbox: Sandbox) -> None:
    import msal
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    import jwt
    certificate = x509.load_pem_x509_certificate(sandbox.facts["client_cert_pem"].encode())
    thumbprint = certificate.fingerprint(hashes.SHA1()).hex()  # what this version names it by
    client = msal.ConfidentialClientApplication(
        sandbox.facts["client_id"], validate_authority=False,
        authority=f"{sandbox.facts['base']}/{sandbox.facts['tenant_id']}",
        client_credential={"private_key": sandbox.facts["client_cert_key"],
                           "thumbprint": thumbprint})
    answer = client.acquire_token_for_client([GRAPH + "/.default"])
    assert "access_token" in answer, answer
    assert jwt.decode(answer["access_token"], options={"verify_signature": False})["appidacr"] == "2"
    arm = client.acquire_token_for_client(["https://management.azure.com/.default"])
    assert arm["access_token"]  # by the same assertion: this library keeps its own


def test_an_unknown_tenant_is_no_authority(sandbox: Sandbox) -> None:
    with pytest.raises(ValueError, match="authority configuration"):
        confidential(sandbox, "x", "y", "fabrikam.com")


def test_an_adfs_authority_needs_no_tenant(sandbox: Sandbox) -> None:
    token = confidential(sandbox, sandbox.facts["client_id"], sandbox.facts["client_secret"],
                         "adfs").acquire_token_for_client([sandbox.facts["base"] + "/.default"])
    assert token["token_type"] == "Bearer"


def test_a_device_code_signs_a_user_in_for_every_resource(sandbox: Sandbox) -> None:
    import msal
    client = msal.PublicClientApplication(
        AZURE_CLI, authority=f"{sandbox.facts['base']}/{sandbox.facts['tenant_id']}",
        validate_authority=False)
    flow = client.initiate_device_flow([GRAPH + "/.default"])
    assert flow["user_code"] in flow["message"]
    token = client.acquire_token_by_device_flow(flow)
    assert graph(sandbox, token["access_token"], "GET", "/me")["userPrincipalName"] == token[
        "id_token_claims"]["preferred_username"]
    (account,) = client.get_accounts()
    assert account["realm"] == sandbox.facts["tenant_id"]
    other = client.acquire_token_silent(["https://management.azure.com/.default"], account)
    assert other["access_token"] != token["access_token"]
    again = client.acquire_token_silent([GRAPH + "/.default"], account, force_refresh=True)
    assert again["access_token"] != token["access_token"]


def test_an_application_made_here_signs_in_until_its_secret_goes(sandbox: Sandbox) -> None:
    admin = built_in(sandbox).acquire_token_for_client([GRAPH + "/.default"])["access_token"]
    app = graph(sandbox, admin, "POST", "/applications", {"displayName": "By msal"})
    graph(sandbox, admin, "POST", "/servicePrincipals", {"appId": app["appId"]})
    secret = graph(sandbox, admin, "POST", f"/applications/{app['id']}/addPassword",
                   {"passwordCredential": {"displayName": "one"}})
    client = confidential(sandbox, app["appId"], secret["secretText"])
    assert "access_token" in client.acquire_token_for_client([GRAPH + "/.default"])
    graph(sandbox, admin, "POST", f"/applications/{app['id']}/removePassword",
          {"keyId": secret["keyId"]})
    client = confidential(sandbox, app["appId"], secret["secretText"])
    assert client.acquire_token_for_client([GRAPH + "/.default"])["error_codes"] == [7000215]


def test_azures_own_names_need_no_setting(sandbox: Sandbox, tunnel: Tunnel,
                                          monkeypatch: pytest.MonkeyPatch) -> None:
    import msal
    monkeypatch.setenv("HTTPS_PROXY", tunnel.url)
    monkeypatch.setenv("https_proxy", tunnel.url)
    client = msal.ConfidentialClientApplication(
        sandbox.facts["client_id"], client_credential=sandbox.facts["client_secret"],
        authority=f"https://{AZURE[0]}/{sandbox.facts['tenant_id']}")
    assert "access_token" in client.acquire_token_for_client([GRAPH + "/.default"])
    assert (tunnel.asked, tunnel.refused) == ({AZURE[0]}, set())
