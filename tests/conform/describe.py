"""Microsoft's descriptions as operations: which one a request is, and what it may hold.

Reads Swagger 2.0 and OpenAPI 3.0. What the older OpenAPI of Graph lacks comes from its
newer CSDL: properties, and addresses by alternate key. own/*.json are descriptions of
ours, in the same form, of what nobody describes: the token endpoints, batches.
"""

from __future__ import annotations

import json
import posixpath
import re
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import operations

FOLDER = Path(__file__).parent
EDM = "{http://docs.oasis-open.org/odata/ns/edm}"
METHODS = ("get", "put", "post", "patch", "delete", "head")
_ARGUMENTS = {"{scope}": "(.+)", "{resourceUri}": "(.+)",
              "{certificate-version}": "([^/]*)",
              "{secret-version}": "([^/]*)"}  # several segments; none
_SCALARS: dict[str, dict[str, Any]] = {
    "Edm.Boolean": {"type": "boolean"}, "Edm.Int16": {"type": "integer"},
    "Edm.Int32": {"type": "integer"}, "Edm.Int64": {"type": "integer"},
    "Edm.Guid": {"type": "string", "format": "uuid"},
    "Edm.DateTimeOffset": {"type": "string", "format": "date-time"},
}


@dataclass(frozen=True)
class Schema:
    """A node of a description, with the file that its references start from."""

    file: str
    node: dict[str, Any]


@dataclass
class Operation:
    """One operation of one service."""

    id: str
    service: str
    method: str
    path: str
    version: str | None
    parameters: list[Schema]
    body: Schema | None
    body_required: bool
    form: bool
    answers: dict[str, Schema | None]
    headers: dict[str, set[str]]
    is_long: bool
    final: str
    pattern: re.Pattern[str] = field(init=False)

    def __post_init__(self) -> None:
        self.pattern = _pattern(self.path, self.service)

    def weight(self) -> tuple[int, int]:
        """Literal paths come before those with arguments."""
        bare = re.sub(r"\{[^}]*\}", "", self.path)
        return (-len(bare), self.path.count("{"))


def _pattern(path: str, service: str) -> re.Pattern[str]:
    """The path's expression: arguments are segments, a scope is several."""
    text = ""
    for part in re.split(r"(\{[^}]*\})", path.rstrip("/") or "/"):
        if part.startswith("{"):
            text += _ARGUMENTS.get(part, r"([^/]+?)")
        else:
            text += re.escape(part)
    if service == "graph":  # a bound action or function goes by its short name too
        text = re.sub(r"microsoft\\\.graph\\\.(?=[a-z]\w*(\\\(\\\))?$)(?!application$)",
                      r"(?:microsoft\\.graph\\.)?", text)
        text = text.replace(r"\(\)", r"(?:\(\))?")
    return re.compile(text + "/?", re.IGNORECASE if service == "arm" else 0)


class Descriptions:
    """All descriptions; find() tells which operation a request is."""

    def __init__(self) -> None:
        self.files: dict[str, Any] = {}
        self.operations: list[Operation] = []
        for root in ("descriptions", "own"):
            for path in sorted((FOLDER / root).rglob("*.json")):
                name = path.relative_to(FOLDER / root).as_posix()
                self.files[name] = json.loads(path.read_text(encoding="utf-8"))
        self.names: set[str] = set()  # that a $select may name
        self._complete_graph()
        for name, content in self.files.items():
            for path, item in content.get("paths", {}).items():
                self._add_path(name, path, item)
        self._add_alternate_keys()
        self.operations.sort(key=Operation.weight)

    def find(self, service: str, method: str, path: str,
             version: str | None) -> tuple[Operation | None, str]:
        """The operation, or why there is none."""
        there = [o for o in self.operations
                 if o.service == service and o.pattern.fullmatch(path)]
        if not there:
            return None, f"no description has the path {path}"
        right = [o for o in there if o.method == method]
        if not right:
            return None, f"{path} is described, its method {method} is not"
        for operation in right:
            if operation.version is None or operation.version == version:
                return operation, ""
        known = ", ".join(sorted({str(o.version) for o in right}))
        return right[0], f"api-version {version} is not the one described ({known})"

    def resolve(self, schema: Schema) -> Schema:
        """Follows $ref to the end."""
        while isinstance(schema.node.get("$ref"), str):
            file, _, pointer = schema.node["$ref"].partition("#")
            name = posixpath.normpath(posixpath.join(posixpath.dirname(schema.file), file)) \
                if file else schema.file
            node = self.files[name]
            for step in (s for s in pointer.split("/") if s):
                node = node[step.replace("~1", "/").replace("~0", "~")]
            schema = Schema(name, node)
        return schema

    def derived(self, schema: Schema, name: str) -> tuple[Schema, str]:
        """The type that an object of Graph says to have, and what is wrong with that."""
        schemas = self.files[operations.GRAPH_OPENAPI]["components"]["schemas"]
        type_name = name.removeprefix("#")
        if not type_name:
            return schema, ""
        if type_name not in schemas:
            return schema, f"no type is {name}"
        found = up = Schema(operations.GRAPH_OPENAPI, schemas[type_name])
        while up.node is not schema.node:
            base = next((p for p in up.node.get("allOf", []) if "$ref" in p), None)
            if base is None:
                return schema, f"{name} is no such thing"
            up = self.resolve(Schema(up.file, base))
        return found, ""

    # -- operations --

    def _add_path(self, name: str, path: str, item: dict[str, Any]) -> None:
        shared = item.get("parameters", [])
        service = _service(name)
        path = ("/v1.0" if name == operations.GRAPH_OPENAPI else "") + path
        for method in METHODS:
            if method in item:
                self.operations.append(
                    self._operation(name, service, method.upper(), path, item[method], shared))

    def _operation(self, name: str, service: str, method: str, path: str,
                   node: dict[str, Any], shared: list[Any]) -> Operation:
        parameters = [self.resolve(Schema(name, p)) for p in node.get("parameters", []) + shared]
        body, required, form = self._body(name, node, parameters)
        answers, headers = {}, {}
        for status, answer in node.get("responses", {}).items():
            found = self.resolve(Schema(name, answer))
            inner = found.node.get("schema") or _content(found.node)
            answers[status] = Schema(found.file, inner) if inner else None
            headers[status] = {h.lower() for h in found.node.get("headers", {})}
        info = self.files[name].get("info", {}) if "swagger" in self.files[name] else {}
        return Operation(
            node.get("operationId", path), service, method, path, info.get("version"),
            [p for p in parameters if p.node.get("in") != "body"], body, required, form,
            answers, headers, bool(node.get("x-ms-long-running-operation")),
            node.get("x-ms-long-running-operation-options", {}).get("final-state-via", ""))

    def _body(self, name: str, node: dict[str, Any],
              parameters: list[Schema]) -> tuple[Schema | None, bool, bool]:
        for parameter in parameters:
            if parameter.node.get("in") == "body":
                return (Schema(parameter.file, parameter.node["schema"]),
                        bool(parameter.node.get("required")), False)
        if "requestBody" not in node:
            return None, False, False
        found = self.resolve(Schema(name, node["requestBody"]))
        form = "application/x-www-form-urlencoded" in found.node.get("content", {})
        inner = _content(found.node)
        required = bool(found.node.get("required"))
        return (Schema(found.file, inner) if inner else None), required, form

    # -- Graph --

    def _complete_graph(self) -> None:
        """Types and properties that only the newer CSDL has."""
        root = ElementTree.parse(FOLDER / "descriptions" / operations.GRAPH_CSDL).getroot()
        schemas = self.files[operations.GRAPH_OPENAPI]["components"]["schemas"]
        self._keys: dict[str, list[str]] = {}
        for node in root:
            name = node.get("Name", "")
            if node.tag == EDM + "EnumType":
                schemas.setdefault("microsoft.graph." + name, {
                    "type": "string", "enum": [m.get("Name") for m in node.iter(EDM + "Member")]})
            elif node.tag in (EDM + "EntityType", EDM + "ComplexType"):
                self._complete_type(schemas, name, node)
        for schema in schemas.values():
            for part in [schema, *schema.get("allOf", [])]:
                self.names.update(part.get("properties", {}))

    def _complete_type(self, schemas: dict[str, Any], name: str, node: Any) -> None:
        base = (node.get("BaseType") or "").rpartition(".")[2]
        fresh: dict[str, Any] = {"type": "object", "properties": {}}
        if base:
            fresh = {"allOf": [{"$ref": "#/components/schemas/microsoft.graph." + base}, fresh]}
        schema = schemas.setdefault("microsoft.graph." + name, fresh)
        known = [part.setdefault("properties", {}) for part in schema.get("allOf", [schema])
                 if "$ref" not in part]
        for inner in node.iter(EDM + "Property"):
            known[-1].setdefault(inner.get("Name"), _edm(inner))
        for alternate in node.iter(EDM + "PropertyValue"):
            if alternate.get("Property") == "Alias":
                self._keys.setdefault(name, []).append(alternate.get("String"))

    def _add_alternate_keys(self) -> None:
        """/applications(uniqueName='…') beside /applications/{application-id}."""
        for operation in list(self.operations):
            found = re.match(r"(/v1\.0/\w+)/\{(\w+)-id\}(.*)", operation.path)
            if operation.service != "graph" or not found:
                continue
            for key in self._keys.get(found[2], []):
                path = f"{found[1]}({key}='{{{key}}}'){found[3]}"
                self.operations.append(Operation(**{
                    name: getattr(operation, name) for name in (
                        "service", "method", "version", "parameters", "body", "body_required",
                        "form", "answers", "headers", "is_long", "final")},
                    id=f"{operation.id} by {key}", path=path))


def _edm(node: Any) -> dict[str, Any]:
    text = node.get("Type") or ""
    many = text.startswith("Collection(")
    text = text.removeprefix("Collection(").rstrip(")")
    if text.startswith("graph."):
        one: dict[str, Any] = {"$ref": "#/components/schemas/microsoft." + text}
    else:
        one = dict(_SCALARS.get(text, {"type": "string"}))
    if many:
        return {"type": "array", "items": one}
    if node.get("Nullable") == "false":
        return one
    return {"anyOf": [one, {"type": "object", "nullable": True}]} if "$ref" in one \
        else one | {"nullable": True}


def _content(node: dict[str, Any]) -> dict[str, Any] | None:
    for media in node.get("content", {}).values():
        return media.get("schema")
    return None


def _service(name: str) -> str:
    if name.startswith("msgraph") or name.startswith("graph"):
        return "graph"
    if "data-plane" in name:
        return "vault"
    return "login" if name.startswith("entra") else "arm"
