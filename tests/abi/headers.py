"""Each public header compiles alone, as pedantic C99 and as C++11, without a warning."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import public

STRICT = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only"]


def compiles(command: list[str], text: str) -> str:
    """The compiler's complaints about a text; empty when there are none."""
    done = subprocess.run([*command, *STRICT, "-"], input=text, capture_output=True,
                          text=True, check=False)
    return "" if done.returncode == 0 else done.stderr or "failed silently"


def main() -> None:
    """headers.py ROOT COMPILER..."""
    root, compiler = Path(sys.argv[1]), sys.argv[2:]
    include = f"-I{root}/include"
    dialects = [[*compiler, "-std=c99", "-xc", include]]
    plus = shutil.which("c++")
    if plus:
        dialects.append([plus, "-std=c++11", "-xc++", include])
    wrong = []
    for command in dialects:
        for name in public.headers(root):
            wrong.append(compiles(command, f"#include <cmg/{name}>\nint cmg_x;\n"))
        if not compiles(command, "#include <cmg/cmg.h>\nint cmg_ok(void);;\nint x = y;\n"):
            wrong.append("self-test: bad code was not noticed")
    wrong = [text for text in wrong if text]
    print("\n".join(wrong + [f"headers: {len(dialects)} dialects, {len(wrong)} complaint(s)"]))
    if not wrong and plus is None:
        print("SKIP: the headers were compiled as C only: no C++ compiler is installed")
        sys.exit(77)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
