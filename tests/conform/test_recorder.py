"""The recorder finds what is wrong: recorded exchanges, each spoilt in one way."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cmg
import pytest
from check import Checker
from describe import Descriptions
from exceptions import DIFFERENCES, PEERS, UNDESCRIBED
from message import Exchange, Message

Spoil = Callable[[Exchange], None]


@dataclass(frozen=True)
class Case:
    """Which exchange of a life is spoilt, how, and what is said of it."""

    name: str
    method: str
    target: str  # a part of it
    spoil: Spoil
    text: str
    operation: cmg.Operation = cmg.Operation.CREATE


def _body(message: Message | None, change: Callable[[Any], None]) -> None:
    assert message is not None
    value = message.json()
    change(value)
    message.body = json.dumps(value).encode()


def sent(change: Callable[[Any], None]) -> Spoil:
    return lambda exchange: _body(exchange.request, change)


def answered(change: Callable[[Any], None]) -> Spoil:
    return lambda exchange: _body(exchange.answer, change)


def target(old: str, new: str) -> Spoil:
    def spoil(exchange: Exchange) -> None:
        assert old in exchange.request.first
        exchange.request.first = exchange.request.first.replace(old, new)
    return spoil


def status(number: int) -> Spoil:
    def spoil(exchange: Exchange) -> None:
        assert exchange.answer is not None
        exchange.answer.first = f"HTTP/1.1 {number} Spoilt"
    return spoil


def header(name: str, value: str | None, in_answer: bool = True) -> Spoil:
    def spoil(exchange: Exchange) -> None:
        message = exchange.answer if in_answer else exchange.request
        assert message is not None and message.header(name)
        message.headers = [h for h in message.headers if h[0].lower() != name.lower()]
        if value is not None:
            message.headers.append((name, value))
    return spoil


def both(*spoils: Spoil) -> Spoil:
    return lambda exchange: [s(exchange) for s in spoils] and None


def form(old: bytes, new: bytes) -> Spoil:
    def spoil(exchange: Exchange) -> None:
        assert old in exchange.request.body
        exchange.request.body = exchange.request.body.replace(old, new)
    return spoil


GROUP, VAULT = "/resourceGroups/cmg-granitefalls?", "/vaults/"
APP, DEPLOYMENT = "/applications(uniqueName='libcmg-server", "/deployments/libcmg-"
CASES = (
    Case("an unknown property is sent", "PATCH", APP,
         sent(lambda v: v.update(colour="red")), "colour: no such property"),
    Case("a property is spelt otherwise", "PATCH", APP,
         sent(lambda v: v.update(DisplayName="x")), "no such property; displayName is one"),
    Case("a value of another type is sent", "PATCH", APP,
         sent(lambda v: v.update(displayName=7)), "displayName: is integer, not string"),
    Case("something deep inside is wrong", "PATCH", APP,
         sent(lambda v: v["api"]["oauth2PermissionScopes"][0].update(id="no-guid")),
         "api.oauth2PermissionScopes[0].id: is n"),
    Case("a read-only property is sent", "PUT", GROUP,
         sent(lambda v: v.update(id="/x")), "id: is read-only and was sent"),
    Case("a required property is missing", "PUT", GROUP,
         sent(lambda v: v.pop("location")), "lacks location"),
    Case("a word that an enum lacks is sent", "PUT", VAULT,
         sent(lambda v: v["properties"]["sku"].update(name="golden")), "is none of standard"),
    Case("a word of an open enum is spelt otherwise", "PUT", VAULT,
         sent(lambda v: v["properties"]["sku"].update(family="a")), "'a' is none of A"),
    Case("a body is missing", "PUT", GROUP,
         lambda exchange: setattr(exchange.request, "body", b""), "lacks its body"),
    Case("a body is no JSON", "PUT", GROUP,
         lambda exchange: setattr(exchange.request, "body", b"{"), "its body is not JSON"),
    Case("the media type is wrong", "PUT", GROUP,
         header("Content-Type", "text/plain", in_answer=False), "media type text/plain"),
    Case("there is no token", "PUT", GROUP,
         header("Authorization", None, in_answer=False), "carries no bearer token"),
    Case("the api-version is another", "PUT", GROUP,
         target("api-version=2024-03-01", "api-version=2014-04-01"),
         "api-version 2014-04-01 is not the one described (2024-03-01)"),
    Case("there is no api-version", "PUT", GROUP,
         target("api-version=2024-03-01", ""), "lacks the parameter api-version"),
    Case("a parameter is unknown", "PUT", GROUP,
         target("?", "?force=true&"), "the parameter force is not described"),
    Case("a name in the path is too long", "PUT", GROUP,
         target("cmg-granitefalls", "g" * 91), "parameter resourceGroupName: has 91"),
    Case("a property is selected that no type has", "GET", APP,
         target("$select=id", "$select=id,colour"), "$select names colour"),
    Case("a path is unknown", "PUT", GROUP,
         target("/resourceGroups/", "/resourceBands/"), "no description has the path"),
    Case("a method is unknown", "PUT", GROUP,
         lambda exchange: setattr(exchange.request, "first", exchange.request.first.replace(
             "PUT", "LINK")), "its method LINK is not"),
    Case("a status is not declared", "PUT", GROUP, status(206), "the status 206 is not"),
    Case("a status of Graph is not its", "PATCH", APP, status(202), "the status 202 is not"),
    Case("an unknown property is answered", "PUT", GROUP,
         answered(lambda v: v.update(colour="red")), "colour: no such property"),
    Case("a null is answered", "PUT", GROUP,
         answered(lambda v: v.update(location=None)), "location: is null"),
    Case("a body is not answered", "PUT", GROUP,
         lambda exchange: setattr(exchange.answer, "body", b""), "lacks its body"),
    Case("an answer has another media type", "PUT", GROUP,
         header("Content-Type", "text/html"), "media type text/html"),
    Case("an error has no code", "PUT", GROUP,
         both(status(409), answered(lambda v: v.clear())), "error has no code"),
    Case("a request has no name", "PUT", GROUP,
         header("x-ms-client-request-id", None, in_answer=False), "lacks the header x-ms-client"),
    Case("an answer is named otherwise", "PATCH", APP,
         header("client-request-id", "x"), "client-request-id is x, not what was sent"),
    Case("an answer has no name", "PUT", GROUP,
         header("x-ms-correlation-request-id", None), "lacks the header x-ms-correlation"),
    Case("the allowance is not told", "PUT", GROUP,
         header("x-ms-ratelimit-remaining-subscription-writes", None), "what is left of"),
    Case("nobody says to have refused", "GET", GROUP,
         header("x-ms-failure-cause", None), "who refused"),
    Case("nothing tells where the operation is", "PUT", DEPLOYMENT,
         both(header("Azure-AsyncOperation", None),
              answered(lambda v: v["properties"].pop("provisioningState"))),
         "the status 201 comes without Azure-AsyncOperation"),
    Case("an operation is at another host", "PUT", DEPLOYMENT,
         header("Azure-AsyncOperation", "https://example.com/operationStatuses/1"),
         "leads to another host"),
    Case("a wait is no number", "PUT", DEPLOYMENT, header("Retry-After", "soon"),
         "Retry-After is soon"),
    Case("an operation's status has no status", "GET", "/operationStatuses/",
         answered(lambda v: v.pop("status")), "has no status in its body"),
    Case("an accepted delete tells no address", "DELETE", "/resourceGroups/cmg-heronlake?",
         header("Location", None),
         "comes without Azure-AsyncOperation and Location", cmg.Operation.DELETE),
    Case("a restored object does not say what it is", "POST", "/restore",
         answered(lambda v: v.pop("@odata.type")), "no such property", cmg.Operation.RESTORE_APPS),
    Case("an object says to be something else", "POST", "/restore",
         answered(lambda v: v.update({"@odata.type": "#microsoft.graph.permissionScope"})),
         "is no such thing", cmg.Operation.RESTORE_APPS),
    Case("a grant is unknown", "POST", "/oauth2/v2.0/token",
         form(b"client_credentials", b"password"), "'password' is none of"),
    Case("a scope is no resource's", "POST", "/oauth2/v2.0/token",
         form(b"%2F.default", b""), "scope: is not of the form"),
)


def chosen(case: Case, life: list[Exchange]) -> int:
    return next(i for i, e in enumerate(life) if e.method == case.method
                and case.target in e.request.first)


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name.replace(" ", "_"))
def test_it_is_noticed_when(lives: dict[cmg.Operation, list[Exchange]],
                            descriptions: Descriptions, case: Case) -> None:
    life = lives[case.operation]
    index = chosen(case, life)
    checker = Checker(descriptions)
    assert not checker.check_all(life[:index])
    spoilt = copy.deepcopy(life[index])
    case.spoil(spoilt)
    told = [v.text for v in checker.check(spoilt)]
    assert any(case.text in text for text in told), told


def test_what_is_let_pass_has_a_reason() -> None:
    assert all(len(entry.reason) > 20 for entry in (*DIFFERENCES, *PEERS, *UNDESCRIBED))


def test_a_difference_that_is_let_pass_is_seen(lives: dict[cmg.Operation, list[Exchange]],
                                               descriptions: Descriptions) -> None:
    checker = Checker(descriptions)
    for life in lives.values():
        checker.check_all(life)
    assert checker.used == {*DIFFERENCES, *UNDESCRIBED}
