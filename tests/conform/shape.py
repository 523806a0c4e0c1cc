"""A JSON value against a schema of a description: what is wrong with it, in words.

Beyond JSON Schema: allOf makes one object, whose unknown members are wrong unless more
are allowed; readOnly must not be sent; enums that are marked as open take words that
nobody knows yet, but known words in their own spelling only; OData's annotations may
stand everywhere.
"""

from __future__ import annotations

import datetime
import re
import uuid
from collections.abc import Iterator
from typing import Any

from describe import Descriptions, Schema

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,), "boolean": (bool,), "array": (list,), "object": (dict,),
    "integer": (int,), "number": (int, float),
}


class Shape:
    """One object with everything that allOf brings together."""

    def __init__(self, descriptions: Descriptions, schema: Schema) -> None:
        self.properties: dict[str, Schema] = {}
        self.required: set[str] = set()
        self.more: Schema | bool | None = None
        self.is_base = False
        self._gather(descriptions, schema)

    def _gather(self, descriptions: Descriptions, schema: Schema) -> None:
        schema = descriptions.resolve(schema)
        for part in schema.node.get("allOf", []):
            self._gather(descriptions, Schema(schema.file, part))
        for name, node in schema.node.get("properties", {}).items():
            self.properties[name] = Schema(schema.file, node)
        self.required |= set(schema.node.get("required", []))
        self.is_base |= "discriminator" in schema.node
        more = schema.node.get("additionalProperties")
        if more is not None:
            self.more = Schema(schema.file, more) if isinstance(more, dict) else bool(more)

    def is_open(self) -> bool:
        """Whether members may have any name."""
        return self.more is True or isinstance(self.more, Schema) or self.is_base \
            or not self.properties


class Judge:
    """Looks at values in one direction: what is sent, or what is answered."""

    def __init__(self, descriptions: Descriptions, sent: bool) -> None:
        self._descriptions = descriptions
        self._sent = sent

    def __call__(self, value: Any, schema: Schema, where: str = "") -> Iterator[str]:
        """Everything that is wrong with the value."""
        found = self._descriptions.resolve(schema)
        node = found.node
        if self._sent and (node.get("readOnly") or schema.node.get("readOnly")):
            yield f"{where}: is read-only and was sent"
            return
        if value is None:
            if not self._may_be_null(found) and not schema.node.get("x-nullable"):
                yield f"{where}: is null, which the description does not allow"
            return
        for word in ("anyOf", "oneOf"):
            if word in node:
                yield from self._choice(value, found, word, where)
                return
        kind = node.get("type") or ("object" if "properties" in node or "allOf" in node else None)
        if kind is not None and not _is_a(value, kind):
            yield f"{where}: is {_name(value)}, not {kind}"
        elif kind == "object":
            yield from self._object(value, found, where)
        elif kind == "array":
            yield from self._array(value, found, where)
        else:
            yield from _scalar(value, node, where)

    def _may_be_null(self, schema: Schema) -> bool:
        node = self._descriptions.resolve(schema).node
        return bool(node.get("nullable") or node.get("x-nullable") or not node or any(
            self._may_be_null(Schema(schema.file, part))
            for word in ("anyOf", "oneOf") for part in node.get(word, [])))

    def _choice(self, value: Any, schema: Schema, word: str, where: str) -> Iterator[str]:
        """One of the choices must fit; the complaints of the nearest one are told."""
        best: list[str] | None = None
        for part in schema.node[word]:
            if part.get("nullable") and set(part) <= {"nullable", "type"}:
                continue  # stands for null alone
            wrong = list(self(value, Schema(schema.file, part), where))
            if not wrong:
                return
            if best is None or len(wrong) < len(best):
                best = wrong
        yield from best or []

    def _object(self, value: dict[str, Any], schema: Schema, where: str) -> Iterator[str]:
        schema, wrong = self._descriptions.derived(schema, str(value.get("@odata.type", "")))
        if wrong:
            yield f"{where}@odata.type: {wrong}"
        shape = Shape(self._descriptions, schema)
        for name, inner in value.items():
            here = f"{where}.{name}" if where else name
            if "@" in name:
                continue
            if name in shape.properties:
                yield from self(inner, shape.properties[name], here)
            elif isinstance(shape.more, Schema):
                yield from self(inner, shape.more, here)
            elif not shape.is_open():
                near = [p for p in shape.properties if p.lower() == name.lower()]
                yield f"{here}: no such property" + (f"; {near[0]} is one" if near else "")
        for name in sorted(shape.required - set(value)):
            owner = shape.properties.get(name)
            if "@" not in name and not (self._sent and owner and self._is_read_only(owner)):
                yield f"{where}: lacks {name}"

    def _is_read_only(self, schema: Schema) -> bool:
        return bool(schema.node.get("readOnly")
                    or self._descriptions.resolve(schema).node.get("readOnly"))

    def _array(self, value: list[Any], schema: Schema, where: str) -> Iterator[str]:
        if "items" in schema.node:
            for index, item in enumerate(value):
                yield from self(item, Schema(schema.file, schema.node["items"]),
                                f"{where}[{index}]")
        for word, wrong in (("minItems", len(value) < schema.node.get("minItems", 0)),
                            ("maxItems", len(value) > schema.node.get("maxItems", len(value)))):
            if wrong:
                yield f"{where}: has {len(value)} items; {word} is {schema.node[word]}"


def _is_a(value: Any, kind: str) -> bool:
    return isinstance(value, _TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool))


def _name(value: Any) -> str:
    return next((k for k in _TYPES if _is_a(value, k)), type(value).__name__)


def _scalar(value: Any, node: dict[str, Any], where: str) -> Iterator[str]:
    yield from _enum(value, node, where)
    if isinstance(value, str):
        size = len(value)
        if not node.get("minLength", 0) <= size <= node.get("maxLength", size):
            yield f"{where}: has {size} characters, against the description"
        if "pattern" in node and not re.search(node["pattern"], value):
            yield f"{where}: is not of the form {node['pattern']}"
        if not _has_format(value, node.get("format")):
            yield f"{where}: is no {node['format']}"
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        if not node.get("minimum", value) <= value <= node.get("maximum", value):
            yield f"{where}: {value} is out of range"


def _enum(value: Any, node: dict[str, Any], where: str) -> Iterator[str]:
    known = node.get("enum")
    if known is None or value in known:
        return
    is_open = node.get("x-ms-enum", {}).get("modelAsString") or "unknownFutureValue" in known
    near = [k for k in known if str(k).lower() == str(value).lower()]
    if not is_open or near:
        yield f"{where}: {value!r} is none of {', '.join(map(str, known))}"


def _has_format(value: str, name: str | None) -> bool:
    try:
        if name == "uuid":
            return str(uuid.UUID(value)) == value.lower()
        if name == "date-time":
            datetime.datetime.fromisoformat(re.sub(r"\.\d+", "", value).replace("Z", "+00:00"))
            return "T" in value
    except ValueError:
        return False
    return name not in ("uri", "url") or "://" in value
