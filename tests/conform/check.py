"""An exchange against the descriptions: everything in which it differs from them."""

from __future__ import annotations

import json
import re
import urllib.parse
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from describe import Descriptions, Operation, Schema
from exceptions import DIFFERENCES, UNDESCRIBED, Difference
from message import Exchange, Message
from shape import Judge

# Under localhost the path tells the service, as in the sandbox.
_HOSTS = (("login.", "login"), ("graph.microsoft.com", "graph"),
          ("management.azure.com", "arm"))
_PREFIXES = (("/v1.0/", "graph"), ("/subscriptions", "arm"), ("/metadata/", "arm"),
             ("/tenants", "arm"), ("/providers", "arm"), ("/vaults/", "vault"))
# The OpenAPI of Graph says 2XX; what the service answers to each kind of request.
_GRAPH_STATUS = {"GET": (200,), "POST": (200, 201, 204), "PATCH": (200, 201, 204),
                 "DELETE": (204,)}
# Fields that no description names: what the library sends with everything, and what the
# services answer with everything. * stands for any ending.
_SENT = {"arm": ("x-ms-client-request-id", "Accept", "User-Agent"),
         "graph": ("client-request-id", "Accept", "User-Agent"),
         "login": ("client-request-id", "User-Agent"),
         "vault": ("x-ms-client-request-id", "User-Agent")}
_ANSWERED = {"arm": ("x-ms-request-id", "x-ms-correlation-request-id",
                     "x-ms-routing-request-id", "Date"),
             "graph": ("request-id", "client-request-id", "Date"),
             "login": ("x-ms-request-id", "Date"), "vault": ("x-ms-request-id", "Date")}
_ECHOED = {"arm": "x-ms-client-request-id", "graph": "client-request-id"}


@dataclass(frozen=True)
class Violation:
    """One difference."""

    exchange: str
    operation: str
    side: str
    text: str

    def __str__(self) -> str:
        return f"{self.exchange}\n    {self.operation}, {self.side}: {self.text}"


def service_of(exchange: Exchange) -> tuple[str, str]:
    """Who was asked, and the path at that service."""
    url = exchange.target
    path = urllib.parse.unquote(url.path)
    host = url.hostname or ""
    if host in ("localhost", "127.0.0.1"):
        service = next((s for p, s in _PREFIXES if path.lower().startswith(p)), "login")
        return service, path.split("/", 3)[-1].join("/ ").strip() if service == "vault" else path
    if host.endswith(".vault.azure.net"):
        return "vault", path
    return next((s for h, s in _HOSTS if host.startswith(h)), "nobody"), path


class Checker:
    """Checks exchanges in their order; remembers the addresses that answers give."""

    def __init__(self, descriptions: Descriptions,
                 more: tuple[Difference, ...] = ()) -> None:
        """more: differences that may be besides those of exceptions.py."""
        self._descriptions = descriptions
        self._may_differ = DIFFERENCES + more
        self._announced: dict[str, tuple[str, Operation]] = {}
        self.excused = 0  # exchanges that no description covers
        self.used: set[Any] = set()  # entries of exceptions.py

    def check_all(self, exchanges: Iterable[Exchange]) -> list[Violation]:
        """The differences of several exchanges."""
        return [v for exchange in exchanges for v in self.check(exchange)]

    def check(self, exchange: Exchange) -> list[Violation]:
        """The differences of one."""
        service, path = service_of(exchange)
        announced = self._announced.get(exchange.target.geturl())
        if announced is not None and announced[0] != "next" and exchange.method == "GET":
            return self._told(exchange, announced[1].id + ", " + announced[0],
                              _poll(exchange, announced[0]))
        version = dict(urllib.parse.parse_qsl(exchange.target.query)).get("api-version")
        operation, why = self._descriptions.find(service, exchange.method, path, version)
        if operation is None:
            let = [u for u in UNDESCRIBED if u.covers(service, exchange.method, path)]
            self.used.update(let)
            self.excused += bool(let)
            if let:
                return []
            return self._told(exchange, service, [("request", why)])
        found = [("request", why)] if why else []
        found += [("request", t) for t in self._request(exchange, operation, path,
                                                        announced is not None)]
        if exchange.answer is not None and exchange.fault != "throttle":
            found += [("answer", t) for t in self._answer(exchange, operation)]
        return self._told(exchange, operation.id, found)

    def _told(self, exchange: Exchange, operation: str,
              found: Iterable[tuple[str, str]]) -> list[Violation]:
        told = []
        for side, text in found:
            let = [d for d in self._may_differ if d.covers(operation, side, text)]
            self.used.update(let)
            if not let:
                told.append(Violation(str(exchange), operation, side, text))
        return told

    # -- requests --

    def _request(self, exchange: Exchange, operation: Operation, path: str,
                 is_next: bool) -> Iterator[str]:
        is_closed = operation.service != "login" and "anonymous" not in operation.id
        bearer = exchange.request.header("Authorization") or ""
        if is_closed and not bearer.startswith("Bearer "):
            yield "carries no bearer token"
        yield from (f"lacks the header {name}" for name in _SENT[operation.service]
                    if exchange.request.header(name) is None)
        yield from self._path(operation, path)
        if not is_next:
            yield from self._query(exchange, operation)
        for parameter in operation.parameters:
            name = parameter.node["name"]
            if parameter.node.get("in") == "header" and parameter.node.get("required") \
                    and exchange.request.header(name) is None:
                yield f"lacks the header {name}"
        yield from self._request_body(exchange.request, operation)

    def _path(self, operation: Operation, path: str) -> Iterator[str]:
        match = operation.pattern.fullmatch(path)
        names = re.findall(r"\{([^}]*)\}", operation.path)
        for name, value in zip(names, match.groups() if match else ()):
            for parameter in operation.parameters:
                if parameter.node.get("in") == "path" and parameter.node["name"] == name \
                        and value:
                    yield from self._value(value, parameter)

    def _query(self, exchange: Exchange, operation: Operation) -> Iterator[str]:
        given = dict(urllib.parse.parse_qsl(exchange.target.query, keep_blank_values=True))
        known = {p.node["name"]: p for p in operation.parameters if p.node.get("in") == "query"}
        for name, value in given.items():
            if name in known:
                yield from self._value(value, known[name])
            else:
                yield f"the parameter {name} is not described"
        yield from (f"lacks the parameter {name}" for name, parameter in known.items()
                    if parameter.node.get("required") and name not in given)

    def _value(self, text: str, parameter: Schema) -> Iterator[str]:
        """A parameter's text as a value of its type."""
        name = parameter.node["name"]
        if name == "api-version":
            return
        node = {k: v for k, v in parameter.node.items() if k not in ("name", "in", "required")}
        schema = self._descriptions.resolve(Schema(parameter.file, node.get("schema", node)))
        kind = schema.node.get("type")
        value: Any = text
        if name == "$select":
            yield from (f"$select names {n}, which no type has" for n in text.split(",")
                        if n not in self._descriptions.names)
        if kind == "array":
            value = text.split(",")
        elif kind in ("integer", "number") and re.fullmatch(r"-?\d+", text):
            value = int(text)
        elif kind == "boolean" and text in ("true", "false"):
            value = text == "true"
        yield from Judge(self._descriptions, True)(value, schema, "parameter " + name)

    def _request_body(self, request: Message, operation: Operation) -> Iterator[str]:
        if not request.body:
            if operation.body_required:
                yield "lacks its body"
            return
        if operation.body is None:
            if request.body not in (b"{}", b"null"):
                yield "has a body, none is described"
            return
        wanted = "application/x-www-form-urlencoded" if operation.form else "application/json"
        if request.media() != wanted:
            yield f"has the media type {request.media() or 'of nothing'}, not {wanted}"
        value, wrong = _value_of(request, operation.form)
        yield from [wrong] if wrong else Judge(self._descriptions, True)(value, operation.body)

    # -- answers --

    def _answer(self, exchange: Exchange, operation: Operation) -> Iterator[str]:
        answer, status = exchange.answer, exchange.status
        assert answer is not None
        kind = f"{status // 100}XX"
        key = next((k for k in (str(status), kind) if k in operation.answers), None)
        # An answer to HEAD has no body, whatever it says.
        if status >= 400 and operation.service in ("arm", "vault") and exchange.method != "HEAD":
            yield from _plain_error(answer)
        if key is None and status >= 400:
            key = "default" if "default" in operation.answers else None
        elif key is None or (operation.service == "graph" and key == "2XX"
                             and status not in _GRAPH_STATUS[exchange.method]):
            yield f"the status {status} is not described"
        if key is not None:
            yield from self._answer_body(exchange, operation, operation.answers[key])
        yield from _fields(exchange, operation.service)
        yield from self._long(exchange, operation)
        self._announce(exchange, operation)

    def _answer_body(self, exchange: Exchange, operation: Operation,
                     schema: Schema | None) -> Iterator[str]:
        answer = exchange.answer
        assert answer is not None
        if not answer.body:
            may_lack = exchange.method == "HEAD" or exchange.status in (202, 204) \
                or (operation.is_long and exchange.method != "PUT")
            if schema is not None and not may_lack:
                yield "lacks its body"
            return
        if answer.media() != "application/json":
            yield f"has the media type {answer.media() or 'of nothing'}, not application/json"
        value, wrong = _value_of(answer, False)
        if wrong:
            yield wrong
        elif schema is None:
            yield "has a body, none is described"
        else:
            yield from Judge(self._descriptions, False)(value, schema)

    def _long(self, exchange: Exchange, operation: Operation) -> Iterator[str]:
        answer, status = exchange.answer, exchange.status
        assert answer is not None
        urls = {n: answer.header(n) for n in ("Azure-AsyncOperation", "Location")}
        if operation.service == "arm" and not operation.is_long and status < 400 \
                and urls["Azure-AsyncOperation"]:
            yield "is no long-running operation, and has Azure-AsyncOperation"
        if not operation.is_long or status >= 400:
            return
        if status == 202 and not any(urls.values()):
            yield "the status 202 comes without Azure-AsyncOperation and Location"
        if status == 202 and operation.final == "location" and not urls["Location"]:
            yield "lacks the Location that its result is read from"
        if status == 201 and not urls["Azure-AsyncOperation"] \
                and "provisioningState" not in answer.body.decode():
            yield "the status 201 comes without Azure-AsyncOperation and provisioningState"
        for name, value in urls.items():
            if value and urllib.parse.urlsplit(value)[:2] != exchange.target[:2]:
                yield f"{name} leads to another host: {value}"
        after = answer.header("Retry-After")
        if after is not None and not after.isdigit():
            yield f"Retry-After is {after}, not a number of seconds"

    def _announce(self, exchange: Exchange, operation: Operation) -> None:
        answer = exchange.answer
        assert answer is not None
        if exchange.status >= 400 or operation.service not in ("arm", "graph"):
            return
        for name, kind in (("Azure-AsyncOperation", "status"), ("Location", "location")):
            if answer.header(name) and operation.is_long:
                self._announced[str(answer.header(name))] = (kind, operation)
        value, _ = _value_of(answer, False)
        for name in ("nextLink", "@odata.nextLink", "@odata.deltaLink"):
            if isinstance(value, dict) and isinstance(value.get(name), str):
                self._announced[value[name]] = ("next", operation)


def _value_of(message: Message, form: bool) -> tuple[Any, str]:
    if form:
        pairs = urllib.parse.parse_qsl(message.text().decode(), keep_blank_values=True)
        return dict(pairs), "" if len(dict(pairs)) == len(pairs) else "names a field twice"
    try:
        return (message.json() if message.body else None), ""
    except (ValueError, json.JSONDecodeError):
        return None, "its body is not JSON"


def _fields(exchange: Exchange, service: str) -> Iterator[str]:
    """What every answer of the service carries."""
    answer, echoed = exchange.answer, _ECHOED.get(service, "")
    assert answer is not None
    yield from (f"lacks the header {name}" for name in _ANSWERED[service]
                if answer.header(name) is None)
    if exchange.request.header(echoed) not in (None, answer.header(echoed)):
        yield f"{echoed} is {answer.header(echoed)}, not what was sent"
    names = [name.lower() for name, _ in answer.headers]
    if service == "arm" and exchange.status < 400 \
            and not any(n.startswith("x-ms-ratelimit-remaining-") for n in names):
        yield "does not tell what is left of the allowance"
    if service == "arm" and exchange.status >= 400 \
            and answer.header("x-ms-failure-cause") not in ("gateway", "service"):
        yield "does not tell who refused in x-ms-failure-cause"


def _plain_error(answer: Message) -> Iterator[str]:
    """Descriptions require nothing of an error; the library does."""
    value, wrong = _value_of(answer, False)
    inner = value.get("error", value) if isinstance(value, dict) else None
    if wrong or not isinstance(inner, dict) or not {"code", "message"} <= set(inner):
        yield wrong or "its error has no code and message"


def _poll(exchange: Exchange, kind: str) -> Iterator[tuple[str, str]]:
    """The answer at an address that a long-running operation gave."""
    yield from (("request", f"lacks the header {name}") for name in _SENT["arm"]
                if exchange.request.header(name) is None)
    if exchange.answer is None or exchange.status >= 400:
        return
    yield from (("answer", text) for text in _fields(exchange, "arm"))
    value, wrong = _value_of(exchange.answer, False)
    if wrong:
        yield "answer", wrong
    elif kind == "status":
        state = value.get("status") if isinstance(value, dict) else None
        if exchange.status != 200 or not isinstance(state, str):
            yield "answer", f"the status {exchange.status} has no status in its body"
        elif state.lower() == "failed" and "error" not in value:
            yield "answer", "it failed without an error"
    elif exchange.status not in (200, 201, 202, 204):
        yield "answer", f"the status {exchange.status} at a Location"
