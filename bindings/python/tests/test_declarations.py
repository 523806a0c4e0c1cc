"""The declarations of _ffi.py and _types.py against the committed ABI descriptions."""

from __future__ import annotations

import ctypes
import platform
from ctypes import POINTER, c_char_p, c_int, c_uint32, c_uint64, c_void_p
from pathlib import Path
from typing import Any

import pytest
from abi import Description

import cmg._ffi as ffi
import cmg._types as types

ROOT = Path(__file__).resolve().parents[3]
REFERENCE = ROOT / f"tests/abi/libcmg-0.1-{platform.machine()}.abi"
SANDBOX = ROOT / f"tests/abi/libcmg-sandbox-0.1-{platform.machine()}.abi"
pytestmark = pytest.mark.skipif(not REFERENCE.exists(),
                                reason=f"no ABI reference for {platform.machine()}")


@pytest.fixture(scope="module")
def described() -> dict[str, Description]:
    return {"cmg": Description(REFERENCE), "cmg-sandbox": Description(SANDBOX)}


def constants() -> dict[str, dict[str, int]]:
    """The golden list of constants by enumeration."""
    found: dict[str, dict[str, int]] = {}
    for line in (ROOT / "tests/abi/constants.txt").read_text().splitlines():
        where, name, value = line.split()
        found.setdefault(where, {})[name] = int(value)
    return found


@pytest.mark.parametrize("stem", ["cmg", "cmg-sandbox"])
def test_every_function_is_declared(stem: str, described: dict[str, Description]) -> None:
    assert set(ffi.TABLES[stem]) == set(described[stem].functions)


@pytest.mark.parametrize("name", [*ffi.LIBCMG, *ffi.LIBSANDBOX])
def test_a_function_is_declared_as_it_is(name: str, described: Any) -> None:
    stem = "cmg" if name in ffi.LIBCMG else "cmg-sandbox"
    result, arguments, _ = ffi.TABLES[stem][name]
    assert described[stem].same_function(result, arguments,
                                         described[stem].functions[name])


@pytest.mark.parametrize("name", [*ffi.LIBCMG, *ffi.LIBSANDBOX])
def test_what_returns_a_status_and_an_error_is_checked(name: str) -> None:
    result, arguments, check = {**ffi.LIBCMG, **ffi.LIBSANDBOX}[name]
    takes_error = bool(arguments) and arguments[-1] is ffi.OUT_ERROR
    assert (check is ffi.Check.FALLIBLE) == takes_error
    assert (check is ffi.Check.COPIED) == (result is ctypes.c_char_p)


@pytest.mark.parametrize("struct", types.STRUCTURES, ids=lambda s: str(s.__name__))
def test_a_structure_has_the_members_of_c(struct: Any, described: Any) -> None:
    name = struct.__name__
    known = described["cmg"] if name in described["cmg"].structs else described["cmg-sandbox"]
    if name == "cmg_allocator":
        assert known.fields(name)[0][0] == "size"
    members = known.fields(name)
    assert [m for m, _, _ in members] == [f[0] for f in struct._fields_]
    assert [o for _, o, _ in members] == [getattr(struct, f[0]).offset * 8
                                          for f in struct._fields_]
    assert ctypes.sizeof(struct) * 8 == int(known.structs[name].attrib["size-in-bits"])
    for (member, _, type_id), (_, ctype) in zip(members, struct._fields_):
        assert known.same(ctype, type_id), member


@pytest.mark.parametrize("name", types.ENUMS)
def test_an_enumeration_has_the_values_of_c(name: str) -> None:
    kind, prefix = types.ENUMS[name]
    wanted = {n: v for n, v in constants()[name].items() if not n.endswith("_WIDTH")}
    assert {prefix + m.name: m.value for m in kind} == wanted


def test_every_enumeration_and_macro_is_there() -> None:
    assert set(constants()) - {"macro"} == set(types.ENUMS)
    assert constants()["macro"] == {"CMG_FOREVER": types.FOREVER,
                                    "CMG_CALLBACK_PASS": types.CALLBACK_PASS}


@pytest.mark.parametrize("name, result, arguments", [
    ("cmg_context_wait", c_int, (types.CONTEXT, c_int)),
    ("cmg_context_wait", c_int, (types.CONTEXT, c_uint32, ffi.OUT_ERROR)),
    ("cmg_context_wait", c_int, (types.GATEWAY, c_int, ffi.OUT_ERROR)),
    ("cmg_context_wait", c_uint64, (types.CONTEXT, c_int, ffi.OUT_ERROR)),
    ("cmg_version", c_void_p, ()),
    ("cmg_context_new", c_int, (c_void_p, POINTER(types.CONTEXT), ffi.OUT_ERROR)),
    ("cmg_context_new", c_int, (POINTER(types.cmg_allocator), types.CONTEXT, ffi.OUT_ERROR)),
    ("cmg_client_request", c_int,
     (types.CLIENT, c_char_p, c_char_p, c_void_p, c_uint64, types.LogFn, c_void_p,
      ffi.OUT_ERROR)),
])
def test_a_wrong_declaration_is_noticed(name: str, result: Any, arguments: Any,
                                        described: Any) -> None:
    known = described["cmg"]
    assert not known.same_function(result, arguments, known.functions[name])
