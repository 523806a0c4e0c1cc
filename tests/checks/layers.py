"""Holds the walls: which room may include which, and where third-party headers live.

A room of libcmg/ includes only rooms before it in ROOMS, with the exceptions below. A
third-party header is included in its home only, and in a header only when no other room
includes that header. Public headers see nothing but each other and three headers of C.
"""

from __future__ import annotations

from fnmatch import fnmatch
from pathlib import Path

import csource
import house

ROOMS = ("base", "crypto", "net", "azure", "model", "enrol", "deploy", "relay", "operate", "site",
         "sandbox")
NEVER = {("azure", "net"), ("model", "net"), ("crypto", "net"), ("relay", "deploy"),
         ("deploy", "relay"), ("enrol", "azure")}
HOMES = {  # first part of a third-party header: files that may include it
    "jansson": ("base/json*",),
    "mbedtls": ("crypto/*", "net/tls*"),
    "psa": ("crypto/*", "net/tls*"),
    "curl": ("net/http_client*",),
    "uv": ("net/*",),
    "nghttp2": ("net/http2*",),
    "wslay": ("net/websocket*",),
    "check": (),
    "openssl": ("net/tls_openssl*",),
}
PUBLIC_C = {"stddef.h", "stdint.h", "stdbool.h"}


def _room_of(path: str) -> str:
    return path.split("/")[0]


def _arrow(source: str, target: str) -> str | None:
    """Why the file source (room/file) may not include target (room/file), or None."""
    room, wanted = _room_of(source), _room_of(target)
    if "/" not in target or wanted not in ROOMS:
        return "is not written as \"room/file.h\""
    if (room, wanted) in NEVER or ROOMS.index(wanted) > ROOMS.index(room):
        return f"{room} never includes {wanted}"
    return None


def _foreign(source: str, header: str) -> str | None:
    """Why source may not include a third-party header, or None."""
    key = header.split("/")[0].removesuffix(".h")
    homes = HOMES.get(key)
    if homes is None or any(fnmatch(source, home) for home in homes):
        return None
    return f"<{header}> belongs in {' or '.join(homes) or 'tests'}"


def _rooms(root: Path) -> list[str]:
    complaints = []
    carriers: set[str] = set()  # headers that show third-party types
    users: dict[str, set[str]] = {}  # header: rooms that include it
    for path in house.files(root, ("libcmg",), (".c", ".h")):
        name = house.relative(root, path)
        source = name.removeprefix("libcmg/")
        for inc in csource.includes(path.read_text(encoding="utf-8")):
            if not inc.system:
                users.setdefault(inc.path, set()).add(_room_of(source))
                why = _arrow(source, inc.path)
            else:
                why = _foreign(source, inc.path)
                if source.endswith(".h") and inc.path.split("/")[0].removesuffix(".h") in HOMES:
                    carriers.add(source)
            if why:
                complaints.append(f"{name}:{inc.line}: \"{inc.path}\": {why}")
    for header in sorted(carriers):
        for room in sorted(users.get(header, set()) - {_room_of(header)}):
            complaints.append(f"libcmg/{header}: shows third-party types to {room}")
    return complaints


def _public(root: Path) -> list[str]:
    complaints = []
    for path in house.files(root, ("include",), (".h",)):
        for inc in csource.includes(path.read_text(encoding="utf-8")):
            fine = inc.system and (inc.path in PUBLIC_C or inc.path.startswith("cmg/"))
            if inc.path == "cmg/sandbox.h" or not fine:
                complaints.append(f"{house.relative(root, path)}:{inc.line}: "
                                  f"{inc.path} in a public header")
    return complaints


def _examples(root: Path) -> list[str]:
    complaints = []
    for path in house.files(root, ("examples",), (".c", ".h")):
        for inc in csource.includes(path.read_text(encoding="utf-8")):
            inside = not inc.system and _room_of(inc.path) in ROOMS and "/" in inc.path
            if inside or (inc.system and inc.path.split("/")[0].removesuffix(".h") in HOMES):
                complaints.append(f"{house.relative(root, path)}:{inc.line}: {inc.path}: "
                                  "examples use public headers only")
    return complaints


def check(root: Path) -> list[str]:
    """Every arrow that points the wrong way."""
    return _rooms(root) + _public(root) + _examples(root)


BAD = {
    "model including net": {"libcmg/model/a.c": '#include "net/loop.h"\n'},
    "relay including deploy": {"libcmg/relay/a.h": '#include "deploy/engine.h"\n'},
    "base including crypto": {"libcmg/base/a.c": '#include "crypto/key.h"\n'},
    "a room including the sandbox": {"libcmg/site/a.c": '#include "sandbox/arm.h"\n'},
    "a bare include": {"libcmg/base/a.c": '#include "alloc.h"\n'},
    "jansson outside its home": {"libcmg/azure/a.c": "#include <jansson.h>\n"},
    "mbedTLS in a stream": {"libcmg/net/stream.c": "#include <mbedtls/ssl.h>\n"},
    "curl in the loop": {"libcmg/net/loop.c": "#include <curl/curl.h>\n"},
    "third-party types shown to another room": {
        "libcmg/crypto/key.h": "#include <mbedtls/pk.h>\n",
        "libcmg/net/tls.c": '#include "crypto/key.h"\n'},
    "a system header in public": {"include/cmg/a.h": "#include <stdio.h>\n"},
    "an example reaching inside": {"examples/a.c": '#include "base/alloc.h"\n'},
}
GOOD = {
    "libcmg/net/tls.c": '#include "net/tls.h"\n#include "crypto/x509.h"\n'
                        "#include <mbedtls/ssl.h>\n#include <string.h>\n",
    "libcmg/net/tls.h": '#include <cmg/types.h>\n/* #include "deploy/engine.h" */\n',
    "libcmg/net/loop.c": "#include <uv.h>\n",
    "libcmg/sandbox/arm.c": '#include "relay/service.h"\n#include "sandbox/arm.h"\n',
    "include/cmg/a.h": "#include <stddef.h>\n#include <cmg/types.h>\n",
    "examples/a.c": '#include <cmg/cmg.h>\n#include <stdio.h>\n#include "progress.h"\n',
}

if __name__ == "__main__":
    house.main(check, BAD, GOOD)
