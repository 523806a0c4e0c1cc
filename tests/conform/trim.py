"""Cuts Microsoft's published descriptions down to what the recorder needs.

    trim.py ORIGINALS [DESCRIPTIONS]

ORIGINALS holds the Swagger files below the folder names of azure-rest-api-specs'
specification/, the template schemas below arm-template-schemas/, and Microsoft Graph's
OpenAPI and CSDL below msgraph/ (README.md names origin and commit). Kept are the operations
listed here with everything they refer to, texts for readers left out; nothing is changed
otherwise, and every $ref goes where it went.
"""

from __future__ import annotations

import json
import posixpath
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import operations

# Texts for readers and for generators of clients.
DROPPED = frozenset((
    "description", "summary", "title", "tags", "externalDocs", "example", "examples",
    "x-ms-examples", "x-ms-client-name", "x-ms-client-flatten", "x-ms-parameter-location",
    "x-ms-azure-resource", "x-ms-identifiers", "x-ms-docs-key-type", "x-ms-enum-values",
    "x-ms-docs-operation-type", "x-ms-external", "x-ms-odata", "security", "consumes",
    "produces", "x-ms-parameterized-host", "securityDefinitions"))
METHODS = ("get", "put", "post", "patch", "delete", "head")
_NAMED = ("properties", "definitions", "schemas", "parameters", "responses", "paths",
          "headers", "requestBodies", "resourceDefinitions")
_BY_NAME = ("$select", "$expand", "$orderby")
EDM = "{http://docs.oasis-open.org/odata/ns/edm}"


def stripped(node: Any, named: bool = False) -> Any:
    """Without the texts; in a map from names to things every key is a name."""
    if isinstance(node, list):
        return [stripped(item) for item in node]
    if not isinstance(node, dict):
        return node
    if node.get("name") in _BY_NAME:  # names of properties, of an older day than the CSDL's
        node = node | {"schema": {"type": "array", "items": {"type": "string"}}}
    kept = {}
    for key, value in node.items():
        if not named and key in DROPPED:
            continue
        if key == "x-ms-enum" and not named:
            value = {k: v for k, v in value.items() if k == "modelAsString"}
        kept[key] = stripped(value, key in _NAMED and not named and isinstance(value, dict))
    return kept


class Tree:
    """Files of one folder, of which what is asked for is copied, with what it refers to."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._files: dict[str, Any] = {}
        self.kept: dict[str, Any] = {}

    def file(self, name: str) -> Any:
        """An original."""
        if name not in self._files:
            text = (self._root / name).read_text(encoding="utf-8-sig")
            self._files[name] = json.loads(text)
        return self._files[name]

    def keep(self, name: str, path: list[str], value: Any = None) -> None:
        """Copies what stands at a path of a file, and follows its references."""
        place = self.kept.setdefault(name, {})
        for step in path[:-1]:
            place = place.setdefault(step, {})
        if path[-1] in place and value is None:
            return
        found = self.file(name) if value is None else value
        for step in path if value is None else ():
            found = found[step]
        named = len(path) == 1 and path[0] in _NAMED
        place[path[-1]] = stripped(found, named)
        self._follow(name, place[path[-1]])

    def _follow(self, name: str, node: Any) -> None:
        if isinstance(node, list):
            for item in node:
                self._follow(name, item)
        elif isinstance(node, dict):
            target = node.get("$ref")
            if isinstance(target, str):
                file, _, pointer = target.partition("#")
                where = posixpath.normpath(posixpath.join(posixpath.dirname(name), file)) \
                    if file else name
                steps = [s.replace("~1", "/").replace("~0", "~")
                         for s in pointer.strip("/").split("/") if s]
                if steps:
                    self.keep(where, steps)
                else:
                    for key in self.file(where):
                        self.keep(where, [key])
            for value in node.values():
                self._follow(name, value)

    def write(self, folder: Path) -> None:
        """One file each, in the order of the originals."""
        for name, content in sorted(self.kept.items()):
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text_of(content) + "\n", encoding="utf-8")


def text_of(value: Any, depth: int = 3) -> str:
    """JSON with a line for each thing that has a name; below that, nothing is broken."""
    if depth == 0 or not isinstance(value, dict) or not value:
        return json.dumps(value, sort_keys=True, separators=(",", ":"))
    lines = [json.dumps(key) + ": " + text_of(value[key], depth - 1) for key in sorted(value)]
    return "{\n" + ",\n".join(lines) + "\n}"


def keep_operations(tree: Tree, name: str, wanted: tuple[str, ...] | None) -> None:
    """Paths of one description with the operations of those names, None for all."""
    missing = set(wanted or ())
    for paths in ("paths", "x-ms-paths"):
        for path, item in tree.file(name).get(paths, {}).items():
            chosen = {m: item[m] for m in METHODS if m in item
                      and (wanted is None or item[m].get("operationId") in wanted)}
            missing -= {o.get("operationId") for o in chosen.values()}
            if chosen:
                if "parameters" in item:
                    chosen["parameters"] = item["parameters"]
                tree.keep(name, [paths, path], chosen)
    if missing:
        sys.exit(f"error: {name} does not describe {', '.join(sorted(missing))}")
    for key in ("swagger", "openapi", "info"):
        if key in tree.file(name):
            tree.keep(name, [key])


def keep_template(tree: Tree) -> None:
    """The template's own schema, with the types that a gateway's template uses."""
    original = tree.file(operations.TEMPLATE)
    cut = json.loads(json.dumps(original))
    cut.pop("id", None)
    one_of = cut["definitions"]["resource"]["oneOf"]
    for choice in one_of:
        if "oneOf" in choice.get("allOf", [{}, {}])[-1]:
            last = choice["allOf"][-1]
            last["oneOf"] = [r for r in last["oneOf"]
                             if r["$ref"].partition("#")[2] in operations.TEMPLATE_TYPES]
    tree.kept[operations.TEMPLATE] = stripped(cut)
    tree._follow(operations.TEMPLATE, tree.kept[operations.TEMPLATE])


def keep_csdl(originals: Path, folder: Path, known: set[str]) -> None:
    """Types of the CSDL that the OpenAPI's operations know, with what those use."""
    schema = ElementTree.parse(originals / operations.GRAPH_CSDL).getroot()
    types = {node.get("Name"): node for node in schema
             if node.tag in {EDM + t for t in ("EntityType", "ComplexType", "EnumType")}}
    wanted, ready = {n for n in known if n in types}, set()
    while wanted - ready:
        name = (wanted - ready).pop()
        ready.add(name)
        for node in types[name].iter():
            for word in (node.get("Type"), node.get("BaseType")):
                short = (word or "").removeprefix("Collection(").rstrip(")").rpartition(".")[2]
                if short in types:
                    wanted.add(short)
    for node in list(schema):
        if node.get("Name") not in ready:
            schema.remove(node)
    ElementTree.register_namespace("", EDM.strip("{}"))
    ElementTree.indent(schema, " ")
    path = folder / operations.GRAPH_CSDL
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(ElementTree.tostring(schema, encoding="unicode") + "\n", encoding="utf-8")


def main() -> None:
    """The command line."""
    if len(sys.argv) not in (2, 3):
        sys.exit("usage: trim.py ORIGINALS [DESCRIPTIONS]")
    originals = Path(sys.argv[1])
    folder = Path(sys.argv[2]) if len(sys.argv) == 3 else Path(__file__).parent / "descriptions"
    tree = Tree(originals)
    for name, wanted in operations.SWAGGER.items():
        keep_operations(tree, name, wanted)
    keep_operations(tree, operations.GRAPH_OPENAPI, None)
    keep_template(tree)
    tree.write(folder)
    schemas = tree.kept[operations.GRAPH_OPENAPI]["components"]["schemas"]
    keep_csdl(originals, folder, {n.rpartition(".")[2] for n in schemas})


if __name__ == "__main__":
    main()
