"""What a host sets about the sandbox's cloud."""

from __future__ import annotations

from pathlib import Path

import pytest

import cmg


def test_settings_are_made_and_taken_back(tmp_path: Path) -> None:
    with cmg.Sandbox(tmp_path / "sandbox") as sandbox:
        sandbox.set("duration/deallocate", 5000)
        sandbox.set("duration/deallocate", None)
        with pytest.raises(cmg.InvalidArgument):
            sandbox.set("duration/deallocate", "soon")
        with pytest.raises(cmg.NotFound):
            sandbox.set("weather/berlin", "fine")


def test_facts_are_told_by_name(tmp_path: Path) -> None:
    with cmg.Sandbox(tmp_path / "sandbox") as sandbox:
        assert sandbox.get("blob_account") == "sandboxstore"
        assert len(sandbox.get("blob_key") or "") == 88
        assert sandbox.get("weather") is None
