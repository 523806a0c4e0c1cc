"""The Azure CLI (Debian's azure-cli) signs in and makes applications in the sandbox.

Three ways lead it there: a cloud of its own whose sign-in address ends in /adfs, a cloud
made of what Resource Manager tells about itself, and no setting but a proxy.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from az import Az, configured, missing
from cmg_sandbox import Sandbox
from tunnel import AZURE, Tunnel

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())

GRAPH_ID = "00000003-0000-0000-c000-000000000000"
DIRECTORY_READ_ALL = "7ab1d382-f21e-4acd-a863-ba3e13f7da61"


@pytest.fixture(scope="module", name="az")
def _az(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Az]:
    """Signed in by the first way."""
    az = configured(sandbox.facts, tmp_path_factory.mktemp("az"))
    yield az
    az.close()


@pytest.fixture(name="other")
def _other(az: Az, tmp_path: Path) -> Iterator[Az]:
    """A second one with the first one's configuration."""
    shutil.copytree(az.environment["AZURE_CONFIG_DIR"], tmp_path, dirs_exist_ok=True)
    other = Az(az.facts, tmp_path)
    yield other
    other.close()


@pytest.fixture(name="fresh")
def _fresh(sandbox: Sandbox, tmp_path: Path) -> Iterator[Az]:
    """One without any configuration."""
    fresh = Az(sandbox.facts, tmp_path)
    yield fresh
    fresh.close()


def test_the_account_is_the_sandboxs(az: Az) -> None:
    shown = az("account", "show")
    assert (shown["tenantId"], shown["name"]) == (az.facts["tenant_id"], "Sandbox")
    assert [a["id"] for a in az("account", "list")] == [az.facts["subscription_id"]]
    token = az("account", "get-access-token")
    assert (token["tokenType"], token["tenant"]) == ("Bearer", az.facts["tenant_id"])
    assert "westeurope" in [p["name"] for p in az("account", "list-locations")]


def test_a_wrong_secret_is_told(az: Az) -> None:
    said = az.fails("login", "--service-principal", "--username", az.facts["client_id"],
                    "--password", "wrong", "--tenant", az.facts["tenant_id"])
    assert "AADSTS7000215" in said
    az.sign_in()


def test_an_application_lives_its_life(az: Az) -> None:
    app = az("ad", "app", "create", "--display-name", "By az", "--sign-in-audience",
             "AzureADMyOrg")
    app_id = app["appId"]
    assert (app["signInAudience"], app["passwordCredentials"]) == ("AzureADMyOrg", [])
    assert az("ad", "app", "show", "--id", app_id)["id"] == app["id"]
    for how in (("--display-name", "By a"), ("--app-id", app_id), ("--all",),
                ("--filter", "displayName eq 'By az'")):
        assert [a["appId"] for a in az("ad", "app", "list", *how)] == [app_id]
    az("ad", "app", "update", "--id", app_id, "--identifier-uris", "api://" + app_id,
       "--is-fallback-public-client", "true", "--public-client-redirect-uris",
       "ms-appx-web://Microsoft.AAD.BrokerPlugin/" + app_id)
    changed = az("ad", "app", "show", "--id", app_id)
    assert changed["identifierUris"] == ["api://" + app_id]
    assert changed["isFallbackPublicClient"] is True
    assert len(changed["publicClient"]["redirectUris"]) == 1
    az("ad", "app", "delete", "--id", app_id)
    assert app_id in az.fails("ad", "app", "show", "--id", app_id)
    deleted = az("rest", "--method", "get", "--resource", az.facts["base"] + "/", "--url",
                 az.facts["base"] + "/v1.0/directory/deletedItems/microsoft.graph.application")
    assert [a["displayName"] for a in deleted["value"]] == ["By az"]


def test_secrets_come_and_go(az: Az) -> None:
    app_id = az("ad", "app", "create", "--display-name", "Secrets")["appId"]
    az("ad", "app", "credential", "reset", "--id", app_id, "--append", "--display-name", "one",
       "--years", "1")
    made = az("ad", "app", "credential", "reset", "--id", app_id, "--append")
    assert (made["appId"], len(made["password"])) == (app_id, 40)
    one, two = az("ad", "app", "credential", "list", "--id", app_id)
    assert one["displayName"] == "one" and one["secretText"] is None
    az("ad", "app", "credential", "delete", "--id", app_id, "--key-id", one["keyId"])
    left = az("ad", "app", "credential", "list", "--id", app_id)
    assert [c["keyId"] for c in left] == [two["keyId"]]
    az("ad", "app", "delete", "--id", app_id)


def test_a_service_principal_is_made_and_consented_to(az: Az) -> None:
    app_id = az("ad", "app", "create", "--display-name", "Principal")["appId"]
    principal = az("ad", "sp", "create", "--id", app_id)
    assert az("ad", "sp", "show", "--id", app_id)["id"] == principal["id"]
    assert [p["appId"] for p in az("ad", "sp", "list", "--display-name", "Principal")] == [app_id]
    az("ad", "sp", "update", "--id", app_id, "--set", 'tags=["one"]')
    az("ad", "app", "permission", "add", "--id", app_id, "--api", GRAPH_ID,
       "--api-permissions", DIRECTORY_READ_ALL + "=Role")
    (wanted,) = az("ad", "app", "permission", "list", "--id", app_id)
    assert wanted["resourceAccess"] == [{"id": DIRECTORY_READ_ALL, "type": "Role"}]
    az("ad", "app", "permission", "grant", "--id", app_id, "--api", GRAPH_ID, "--scope",
       "User.Read")
    (grant,) = az("ad", "app", "permission", "list-grants", "--id", app_id)
    assert (grant["clientId"], grant["scope"]) == (principal["id"], "User.Read")
    secret = az("ad", "sp", "credential", "reset", "--id", app_id)
    (shown,) = az("ad", "sp", "credential", "list", "--id", app_id)
    assert len(secret["password"]) == 40 and shown["secretText"] is None
    az("ad", "sp", "credential", "delete", "--id", app_id, "--key-id", shown["keyId"])
    assert az("ad", "sp", "credential", "list", "--id", app_id) == []
    az("ad", "sp", "delete", "--id", app_id)
    assert app_id in az.fails("ad", "sp", "show", "--id", app_id)
    az("ad", "app", "delete", "--id", app_id)


def test_rest_speaks_to_every_service(az: Az) -> None:
    base = az.facts["base"]
    subscriptions = az("rest", "--method", "get", "--url",
                       base + "/subscriptions?api-version=2022-12-01")
    assert len(subscriptions["value"]) == 1
    made = az("rest", "--method", "post", "--url", base + "/v1.0/applications", "--resource",
              base + "/", "--body", '{"displayName":"By rest"}')
    organization = az("rest", "--method", "get", "--url", base + "/v1.0/organization",
                      "--resource", base + "/")
    # Every address in an answer is on the host that was asked.
    assert organization["@odata.context"].startswith(base + "/v1.0/$metadata")
    az("rest", "--method", "delete", "--url", base + "/v1.0/applications/" + made["id"],
       "--resource", base + "/")
    assert "Request_ResourceNotFound" in az.fails(
        "rest", "--method", "get", "--url", base + "/v1.0/applications/" + made["id"],
        "--resource", base + "/")


def test_a_registered_application_signs_in(az: Az, other: Az) -> None:
    made = az("ad", "sp", "create-for-rbac", "--name", "Automation")
    assert made["tenant"] == az.facts["tenant_id"]
    # Nobody gave it a role on the subscription, so it has none to show.
    said = other.fails("login", "--service-principal", "--username", made["appId"],
                       "--password", made["password"], "--tenant", made["tenant"])
    assert "No subscriptions found" in said


def test_a_certificate_signs_in(az: Az, other: Az, tmp_path: Path) -> None:
    other.environment["HOME"] = str(tmp_path)
    own = tmp_path / "own.pem"
    own.write_text(az.facts["client_cert_key"] + az.facts["client_cert_pem"], encoding="ascii")
    (account,) = other.sign_in(client_secret=str(own))
    assert account["user"]["name"] == az.facts["client_id"]
    # One that az makes, registers, and adds to: it writes the list back as it was shown.
    app_id = other("ad", "app", "create", "--display-name", "Certificate")["appId"]
    other("ad", "sp", "create", "--id", app_id)
    made = [other("ad", "app", "credential", "reset", "--id", app_id, "--create-cert",
                  "--append")["fileWithCertAndPrivateKey"] for _ in range(2)]
    shown = other("ad", "app", "credential", "list", "--id", app_id, "--cert")
    assert len(shown) == 2 and all(c["key"] is None and c["customKeyIdentifier"] for c in shown)
    for file in made:
        said = other.fails("login", "--service-principal", "--username", app_id, "--password",
                           file, "--tenant", az.facts["tenant_id"])
        assert "AADSTS" not in said and "No subscriptions found" in said


def test_a_user_signs_in_by_device_code(other: Az) -> None:
    (account,) = other("login", "--use-device-code")
    assert account["id"] == other.facts["subscription_id"]
    assert other("ad", "signed-in-user", "show")["userPrincipalName"] == account["user"]["name"]


def test_resource_manager_tells_where_everything_is(sandbox: Sandbox, fresh: Az) -> None:
    az = fresh
    az("cloud", "register", "--name", "told", "--endpoint-resource-manager",
       sandbox.facts["base"])
    az("cloud", "set", "--name", "told")
    assert az("cloud", "show", "--name", "told")["endpoints"][
        "activeDirectory"] == sandbox.facts["base"] + "/adfs"
    (account,) = az.sign_in()
    assert account["id"] == sandbox.facts["subscription_id"]


def test_azures_own_names_need_no_setting(sandbox: Sandbox, tunnel: Tunnel,
                                          fresh: Az) -> None:
    az = fresh
    az.environment |= {"HTTPS_PROXY": tunnel.url, "https_proxy": tunnel.url}
    (account,) = az.sign_in()
    assert account["cloudName"] == "AzureCloud"
    app = az("ad", "app", "create", "--display-name", "Own names")
    assert app["@odata.context"].startswith("https://graph.microsoft.com/v1.0/")
    assert app["appId"] in [a["appId"] for a in az("ad", "app", "list", "--all")]
    az("ad", "app", "delete", "--id", app["appId"])
    assert az("rest", "--method", "get", "--url", "https://graph.microsoft.com/v1.0/organization")[
        "value"][0]["id"] == sandbox.facts["tenant_id"]
    az("login", "--use-device-code", "--tenant", sandbox.facts["tenant_id"])
    assert az("ad", "signed-in-user", "show")["displayName"] == "Sandbox Administrator"
    assert tunnel.asked == set(AZURE)
    assert tunnel.refused <= {"azure.microsoft.com"}  # news; it does without


def test_users_and_groups_are_listed(az: Az) -> None:
    users = az("ad", "user", "list", "--query", "[].userPrincipalName")
    assert len(users) == 250
    assert users[0].startswith("user000001@")
    found = az("ad", "user", "list", "--display-name", "User 000042")
    assert [one["displayName"] for one in found] == ["User 000042"]
    assert az("ad", "user", "show", "--id", users[6])["userPrincipalName"] == users[6]
    assert az("ad", "group", "list") == []


def test_a_user_owns_an_application(az: Az) -> None:
    app = az("ad", "app", "create", "--display-name", "Owned")
    user = az("ad", "user", "show", "--id", "00000000-0000-4000-8000-000000000001")
    az("ad", "app", "owner", "add", "--id", app["appId"], "--owner-object-id", user["id"])
    owners = az("ad", "app", "owner", "list", "--id", app["appId"])
    assert user["id"] in [owner["id"] for owner in owners]


def test_blobs_come_and_go(az: Az, tmp_path: Path) -> None:
    facts = az.facts
    way = ("--connection-string", f"DefaultEndpointsProtocol=https;AccountName="
           f"{facts['blob_account']};AccountKey={facts['blob_key']};"
           f"BlobEndpoint={facts['blob_url']};")
    here, back = tmp_path / "here.txt", tmp_path / "back.txt"
    here.write_text("hello\n", encoding="ascii")
    assert az("storage", "container", "create", "--name", "box", *way) == {"created": True}
    az("storage", "blob", "upload", "-c", "box", "-n", "a b.txt", "-f", str(here), *way)
    assert [b["name"] for b in az("storage", "blob", "list", "-c", "box", *way)] == ["a b.txt"]
    az("storage", "blob", "download", "-c", "box", "-n", "a b.txt", "-f", str(back), *way)
    assert back.read_text(encoding="ascii") == "hello\n"
    assert az("storage", "blob", "exists", "-c", "box", "-n", "none", *way) == {"exists": False}
