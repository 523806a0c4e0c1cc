"""Compiles every example that documentation shows: @code blocks of the public headers and
```c blocks of the Markdown pages. A whole program is compiled as it stands; a fragment is
put into a function after tests/abi/prelude.h, which declares what fragments may use.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import public

STRICT = ["-std=c17", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror",
          "-Wno-unused-parameter", "-Wno-unused-variable", "-fsyntax-only", "-xc", "-"]
_CODE = re.compile(r"@code\s*\n(.*?)@endcode", re.S)
_FENCE = re.compile(r"^```c\n(.*?)^```", re.S | re.M)
PAGES = ("README.md", "CONTRIBUTING.md", "libcmg/doc")


def from_header(text: str) -> list[str]:
    """The code blocks of a header, without the comment's stars."""
    return [re.sub(r"^ \* ?", "", block, flags=re.M) for block in _CODE.findall(text)]


def wrap(block: str) -> str:
    """A compilable unit made of an example."""
    if "int main(" in block:
        return block
    return f'#include "prelude.h"\nvoid example(void)\n{{\n{block}\n}}\n'


def compiles(root: Path, compiler: list[str], block: str) -> str:
    """The compiler's complaints, or nothing."""
    done = subprocess.run([*compiler, f"-I{root}/include", f"-I{root}/tests/abi", *STRICT],
                          input=wrap(block), capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stderr


def blocks(root: Path) -> list[tuple[str, str]]:
    """(where, code) of every example."""
    found = []
    for name in public.headers(root):
        text = (root / "include/cmg" / name).read_text(encoding="utf-8")
        found += [(f"include/cmg/{name}", block) for block in from_header(text)]
    for page in PAGES:
        path = root / page
        for md in sorted(path.glob("*.md")) if path.is_dir() else [path]:
            if md.exists():
                text = md.read_text(encoding="utf-8")
                found += [(str(md.relative_to(root)), b) for b in _FENCE.findall(text)]
    return found


def main() -> None:
    """examples.py ROOT COMPILER..."""
    root, compiler = Path(sys.argv[1]), sys.argv[2:]
    found = blocks(root)
    wrong = [f"{where}:\n{said}" for where, block in found
             if (said := compiles(root, compiler, block))]
    shown = {where for where, _ in found}
    wrong += [f"include/cmg/{name}: shows no example" for name in public.headers(root)
              if name != "cmg.h" and f"include/cmg/{name}" not in shown]
    if not compiles(root, compiler, "rc = cmg_no_such_thing(ctx);"):
        wrong.append("self-test: a wrong example was not noticed")
    print("\n".join(wrong + [f"examples: {len(found)} compiled, {len(wrong)} complaint(s)"]))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
