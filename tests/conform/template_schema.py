"""A deployment template against the published schemas, and against what they name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import operations
from describe import Descriptions, Schema
from shape import Judge

_FILE = Path(__file__).parent / "descriptions" / operations.TEMPLATE
# What the template's own schema says of every resource.
_COMMON = ("dependsOn", "condition", "comments", "copy", "scope", "location", "tags")

# A generic extension's schema names less than the resource has.
_GENERIC = re.compile(r"extensions\[\d+\]\.properties\.autoUpgradeMinorVersion: no such")


def complaints(descriptions: Descriptions, template: dict[str, Any]) -> Iterator[str]:
    """Everything that is wrong with a template."""
    schema = descriptions.files[operations.TEMPLATE]
    resolver = jsonschema.RefResolver(_FILE.as_uri(), schema)
    judge = jsonschema.Draft4Validator(schema, resolver=resolver)
    for error in judge.iter_errors(template):
        near = jsonschema.exceptions.best_match([error])
        yield f"{'/'.join(map(str, near.absolute_path))}: {near.message[:300]}"
    for index, resource in enumerate(template["resources"]):
        yield from _resource(descriptions, resource, f"resources[{index}]")


def _resource(descriptions: Descriptions, resource: dict[str, Any],
              where: str) -> Iterator[str]:
    """The schemas let unknown properties pass; here they do not."""
    for name, content in descriptions.files.items():
        for node in content.get("resourceDefinitions", {}).values():
            properties = node.get("properties", {})
            if resource["type"] in properties.get("type", {}).get("enum", ()) \
                    and resource["apiVersion"] in properties["apiVersion"]["enum"]:
                own = {k: v for k, v in resource.items()
                       if k in properties or k not in _COMMON}
                yield from (text for text in Judge(descriptions, False)(
                    own, Schema(name, node), where) if not _GENERIC.search(text))
                return
    yield f"{where}: {resource['type']} of {resource['apiVersion']} is in no schema"


def expressions(value: Any) -> Iterator[str]:
    """Every expression in a template."""
    if isinstance(value, str) and re.match(r"\[(?!\[)", value):
        yield value
    for inner in value.values() if isinstance(value, dict) \
            else value if isinstance(value, list) else ():
        yield from expressions(inner)
