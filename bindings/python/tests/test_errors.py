"""Failures become exceptions with everything the C error knows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import cmg
from cmg import _errors

ROOT = Path(__file__).resolve().parents[3]


def test_every_status_has_an_exception_of_its_own() -> None:
    failures = {s for s in cmg.Status if s is not cmg.Status.OK}
    assert set(_errors.BY_STATUS) == {int(s) for s in failures}
    assert len(set(_errors.BY_STATUS.values())) == len(failures)


@pytest.mark.parametrize("status", [s for s in cmg.Status if s is not cmg.Status.OK])
def test_a_status_without_an_error_still_raises_its_class(status: Any) -> None:
    made = _errors.from_error(int(status), None)
    assert type(made) is _errors.BY_STATUS[status]
    assert made.code is status and made.message == f"CMG_{status.name}"


def test_a_missing_file_is_named(ctx: Any, tmp_path: Path) -> None:
    with pytest.raises(cmg.NotFound) as caught:
        cmg.Gateway.from_file(ctx, tmp_path / "none.json")
    assert "none.json" in str(caught.value)
    assert isinstance(caught.value, LookupError)


def test_a_wrong_field_is_named_with_its_path(ctx: Any) -> None:
    spec = json.loads((ROOT / "examples/contoso.json").read_text())
    spec["gateway"]["name"] = "granite-falls"
    with pytest.raises(cmg.InvalidArgument) as caught:
        cmg.Gateway.from_json(ctx, json.dumps(spec), name="contoso.json")
    error = caught.value
    assert "granite-falls" in error.message
    assert "/gateway/name" in error.message + error.subject
    assert error.remedy and "remedy:" in str(error)
    assert error.retry is cmg.Retry.NEVER and not error.is_retryable


def test_text_that_is_no_json_is_a_parse_error(ctx: Any) -> None:
    with pytest.raises(cmg.ParseError) as caught:
        cmg.Gateway.from_json(ctx, "{", name="broken.json")
    assert "broken.json" in str(caught.value) + caught.value.subject


def test_a_bad_argument_is_a_value_error(ctx: Any) -> None:
    with pytest.raises(ValueError):
        ctx.set_proxy("ftp://proxy")
    ctx.set_proxy("http://proxy:3128")
    ctx.set_proxy(None)


def test_a_proxy_with_credentials_does_not_show_them(ctx: Any) -> None:
    with pytest.raises(cmg.InvalidArgument) as caught:
        ctx.set_proxy("http://user:hunter2@proxy:3128")
    assert "hunter2" not in str(caught.value)


def test_the_account_of_a_proxy_is_set_and_not_shown(ctx: Any) -> None:
    ctx.set_proxy_account("cmg", "hunter2")
    ctx.set_proxy_account("cmg", b"hunter2")
    ctx.set_proxy_account(None)
    with pytest.raises(cmg.InvalidArgument) as caught:
        ctx.set_proxy_account("cmg:hunter2", "hunter2")
    assert caught.value.subject == "user" and "hunter2" not in str(caught.value)


def test_no_certificate_in_a_pem_is_refused(ctx: Any) -> None:
    with pytest.raises(cmg.CmgError) as caught:
        ctx.add_ca(b"nothing here")
    assert caught.value.code is cmg.Status.E_INVAL
