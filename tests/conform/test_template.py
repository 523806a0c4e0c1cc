"""The template that the library makes, against Microsoft's published schemas."""

from __future__ import annotations

import copy
import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import cmg
import pytest
from describe import Descriptions
from message import Exchange
from stage import CONTOSO
from template_schema import complaints, expressions


VARIATIONS = ({}, {"instances": 1}, {"instances": 16}, {"vm_size": "Standard_B2s"},
              {"region": "germanywestcentral"})


def printed(folder: Path, **changed: Any) -> bytes:
    """What the library makes of the example, with members of its gateway changed."""
    specification = CONTOSO | {"gateway": CONTOSO["gateway"] | changed}
    file = folder / "specification.json"
    file.write_text(json.dumps(specification), encoding="utf-8")
    return subprocess.run([os.environ["CMG_BUILD_ROOT"] + "/tests/conform/print_template",
                           str(file)], check=True, stdout=subprocess.PIPE).stdout


@pytest.fixture(name="template")
def _template(tmp_path: Path) -> Any:
    return json.loads(printed(tmp_path))["template"]


@pytest.mark.parametrize("changed", VARIATIONS, ids=str)
def test_it_is_as_the_schemas_say(tmp_path: Path, descriptions: Descriptions,
                                  changed: dict[str, Any]) -> None:
    template = json.loads(printed(tmp_path, **changed))["template"]
    assert list(complaints(descriptions, template)) == []


def _sent(lives: dict[cmg.Operation, list[Exchange]], in_group: bool) -> list[Any]:
    return [e.request.json()["properties"]["template"] for e in lives[cmg.Operation.CREATE]
            if "/deployments/" in e.target.path and e.method in ("PUT", "POST")
            and ("/resourceGroups/" in e.target.path) == in_group]


def test_the_one_that_is_sent_is_too(lives: dict[cmg.Operation, list[Exchange]],
                                     descriptions: Descriptions) -> None:
    sent = _sent(lives, True)
    assert len(sent) == 2 and sent[0] == sent[1]
    assert list(complaints(descriptions, sent[0])) == []


def test_it_was_asked_about_before_the_group_was_there(
        lives: dict[cmg.Operation, list[Exchange]], descriptions: Descriptions) -> None:
    group, whole = _sent(lives, False)
    assert group["resources"] == whole["resources"][:1]
    inner = whole["resources"][1]["properties"]["template"]
    assert list(complaints(descriptions, inner)) == []
    assert inner["resources"].pop()["type"] == "Microsoft.KeyVault/vaults"
    assert inner == _sent(lives, True)[0]


def test_the_same_gateway_gives_the_same_bytes(tmp_path: Path) -> None:
    assert printed(tmp_path) == printed(tmp_path)
    assert printed(tmp_path) != printed(tmp_path, instances=3)


def test_what_expressions_name_is_there_and_nothing_else(template: Any) -> None:
    named = {found for text in expressions(template)
             for found in re.findall(r"\b(parameters|variables)\('(\w+)'\)", text)}
    assert named == {(kind, name) for kind in ("parameters", "variables")
                     for name in template[kind]}


@pytest.mark.parametrize(("change", "text"), [
    (lambda t: t.pop("contentVersion"), "'contentVersion' is a required property"),
    (lambda t: t["resources"][0].update(apiVersion="2001-01-01"), "is in no schema"),
    (lambda t: t["resources"][0].update(colour="red"), "colour: no such property"),
    (lambda t: t["resources"][0]["properties"].update(colour="red"),
     "properties.colour: no such property"),
    (lambda t: t["resources"][0].pop("properties"), "lacks properties"),
    (lambda t: t["outputs"].update(x={"type": "word", "value": "1"}), "outputs/x"),
])
def test_it_is_noticed_when_it_is_not(template: Any, descriptions: Descriptions, change: Any,
                                      text: str) -> None:
    spoilt = copy.deepcopy(template)
    change(spoilt)
    told = list(complaints(descriptions, spoilt))
    assert any(text in said for said in told), told
