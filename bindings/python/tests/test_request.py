"""Certificate templates."""

from __future__ import annotations

import json
from typing import Any

import pytest

import cmg


def test_a_built_in_template_survives_its_json(ctx: Any) -> None:
    made = cmg.Template.builtin(ctx, "web_server")
    again = cmg.Template.from_json(ctx, made.to_json())
    assert again.to_json() == made.to_json()
    assert (made.name, made.hash, made.eku) == ("web_server", "sha256", ["serverAuth"])
    assert (made.days, made.days_max) == (365, 825)
    assert (made.rsa_bits_min, made.ec_bits_min) == (2048, 256)
    assert made.is_exportable and not made.is_authority and made.enrolment_name == ""
    with pytest.raises(cmg.NotFound):
        cmg.Template.builtin(ctx, "nothing")


def test_a_template_names_the_member_that_is_wrong(ctx: Any) -> None:
    document = json.loads(cmg.Template.builtin(ctx, "root").to_json())
    document["colour"] = "blue"
    with pytest.raises(cmg.InvalidArgument) as caught:
        cmg.Template.from_json(ctx, json.dumps(document), "mine.json")
    assert caught.value.subject == "mine.json: /colour"
