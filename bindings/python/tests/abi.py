"""Reads libabigail's XML as far as the declarations have to be compared with it."""

from __future__ import annotations

import ctypes
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

INTEGERS = {  # C's name of a base type: (size in bytes, signed)
    "char": (1, True), "unsigned char": (1, False), "short int": (2, True),
    "unsigned short int": (2, False), "int": (4, True), "unsigned int": (4, False),
    "long int": (8, True), "unsigned long int": (8, False), "bool": (1, False),
    "_Bool": (1, False),
}


def integer(ctype: Any) -> tuple[int, bool] | None:
    """Size and sign of a simple ctypes type."""
    code = getattr(ctype, "_type_", None)
    if not isinstance(code, str) or code in "zPO":
        return None
    return ctypes.sizeof(ctype), code in "bhilqc"


class Description:
    """One committed ABI description."""

    def __init__(self, path: Path) -> None:
        root = ElementTree.parse(path).getroot()
        self.types: dict[str, Any] = {}
        for node in root.iter():
            if "id" in node.attrib:
                known = self.types.get(node.attrib["id"])
                if known is None or known.get("is-declaration-only"):
                    self.types[node.attrib["id"]] = node
        self.functions = {n.attrib["name"]: n for n in root.iter("function-decl")}
        self.structs = {n.attrib["name"]: n for n in root.iter("class-decl")
                        if not n.get("is-declaration-only")}
        self.enums = {n.attrib["name"]: n for n in root.iter("enum-decl")}

    def resolve(self, type_id: str) -> Any:
        """The type under typedefs and qualifiers."""
        node = self.types[type_id]
        while node.tag in ("typedef-decl", "qualified-type-def"):
            node = self.types[node.attrib["type-id"]]
        return node

    def same(self, ctype: Any, type_id: str) -> bool:
        """Whether a ctypes type is the C type."""
        node = self.resolve(type_id)
        if node.tag == "type-decl":
            if node.attrib["name"] == "void":
                return ctype is None
            return integer(ctype) == INTEGERS[node.attrib["name"]]
        if node.tag == "enum-decl":
            return bool(integer(ctype) == (4, True))
        if node.tag == "array-type-def":
            length = int(node.find("subrange").attrib["length"])
            return (getattr(ctype, "_length_", None) == length
                    and self.same(ctype._type_, node.attrib["type-id"]))
        return node.tag == "pointer-type-def" and self._same_pointer(ctype, node)

    def _same_pointer(self, ctype: Any, node: Any) -> bool:
        target = self.resolve(node.attrib["type-id"])
        if target.tag == "function-type":
            return self.same_function(getattr(ctype, "_restype_", 0),
                                      getattr(ctype, "_argtypes_", ()), target)
        if target.tag == "class-decl":
            pointed = getattr(ctype, "_type_", None)
            return getattr(pointed, "__name__", None) == target.attrib["name"]
        if target.tag == "type-decl" and target.attrib["name"] == "void":
            return ctype is ctypes.c_void_p
        if target.tag == "type-decl" and target.attrib["name"] == "char":
            return ctype is ctypes.c_char_p
        pointed = getattr(ctype, "_type_", None)
        return not isinstance(pointed, str) and self.same(pointed, node.attrib["type-id"])

    def same_function(self, result: Any, arguments: Any, node: Any) -> bool:
        """Whether result and arguments are those of a function or function type."""
        wanted = [p.attrib["type-id"] for p in node.findall("parameter")]
        return (len(wanted) == len(arguments)
                and self.same(result, node.find("return").attrib["type-id"])
                and all(map(self.same, arguments, wanted)))

    def fields(self, name: str) -> list[tuple[str, int, str]]:
        """(member, offset in bits, type) of a structure."""
        return [(m.find("var-decl").attrib["name"], int(m.attrib["layout-offset-in-bits"]),
                 m.find("var-decl").attrib["type-id"])
                for m in self.structs[name].findall("data-member")]
