"""Functions and files stay small enough to be read at once.

Functions are measured from the line of their name to the closing brace; the median is
held in the library, the other limits everywhere. A table or a
dispatch switch over the cap carries a comment that begins with "size:" and says why, on
the line above the function or inside it; nothing else excuses.
"""

from __future__ import annotations

import ast
import re
import statistics
from pathlib import Path

import csource
import house

MEDIAN, NINE_IN_TEN, CAP, FILE_CAP, NESTING = 15, 45, 80, 600, 5
_MARK = re.compile(r"/\* size: \w[^*]{8,}")


def _excused(lines: list[str], function: csource.Function) -> bool:
    return any(_MARK.search(line) for line in lines[max(function.first - 3, 0):function.last])


def _c_file(root: Path, path: Path, lengths: list[int]) -> list[str]:
    text = path.read_text(encoding="utf-8")
    name, lines, complaints = house.relative(root, path), text.split("\n"), []
    if len(lines) - 1 > FILE_CAP:
        complaints.append(f"{name}: {len(lines) - 1} lines; at most {FILE_CAP}")
    for function in csource.functions(text):
        lengths.append(function.lines)
        where = f"{name}:{function.first}: {function.name}"
        if function.lines > CAP and not _excused(lines, function):
            complaints.append(f"{where} has {function.lines} lines; at most {CAP}")
        if function.depth > NESTING:
            complaints.append(f"{where} nests {function.depth - 1} deep; at most {NESTING - 1}")
    return complaints


def _py_file(root: Path, path: Path) -> list[str]:
    text = path.read_text(encoding="utf-8")
    name, complaints = house.relative(root, path), []
    if text.count("\n") > FILE_CAP:
        complaints.append(f"{name}: {text.count(chr(10))} lines; at most {FILE_CAP}")
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > CAP:
                complaints.append(f"{name}:{node.lineno}: {node.name} has {lines} lines; "
                                  f"at most {CAP}")
    return complaints


def _spread(folder: str, lengths: list[int]) -> list[str]:
    if not lengths:
        return []
    lengths.sort()
    median = statistics.median(lengths)
    ninth = lengths[min(len(lengths) * 9 // 10, len(lengths) - 1)]
    print(f"{folder}: {len(lengths)} functions, median {median:g}, nine in ten <= {ninth}, "
          f"longest {lengths[-1]}")
    complaints = []
    if median > MEDIAN and folder == "libcmg":
        complaints.append(f"{folder}: median function {median:g} lines; at most {MEDIAN}")
    if ninth > NINE_IN_TEN:
        complaints.append(f"{folder}: nine in ten functions up to {ninth} lines; "
                          f"at most {NINE_IN_TEN}")
    return complaints


def check(root: Path) -> list[str]:
    """Everything that has grown too large."""
    complaints = []
    for folder in ("include", "libcmg", "examples", "tests"):
        lengths: list[int] = []
        for path in house.files(root, (folder,), (".c", ".h")):
            complaints += _c_file(root, path, lengths)
        complaints += _spread(folder, lengths)
    for path in house.files(root, ("bindings", "tests", "examples"), (".py",)):
        complaints += _py_file(root, path)
    return complaints


def _body(lines: int) -> str:
    return "int f(int a,\n      int b)\n{\n" + "    g();\n" * lines + "}\n"


BAD = {
    "a long function": {"libcmg/base/a.c": _body(90) + _body(1) * 30},
    "a long median": {"libcmg/base/a.c": _body(20) * 10},
    "long tails": {"libcmg/base/a.c": _body(1) * 7 + _body(60) * 3},
    "a long file": {"libcmg/base/a.c": _body(1) * 200},
    "deep nesting": {"libcmg/base/a.c": "void f(void)\n{\n" + "if (a) {\n" * 5 + "}\n" * 6},
    "a long test": {"tests/a.c": "START_TEST(x)\n{\n" + "    g();\n" * 85 + "}\nEND_TEST\n"},
    "a long Python function": {"tests/a.py": "def f():\n" + "    g()\n" * 90},
}
GOOD = {
    "libcmg/base/a.c": "struct a {\n    int b;\n};\n" + _body(30) + _body(3) * 20,
    "libcmg/base/b.c": "/* size: the one dispatch over all methods */\n" + _body(90) + _body(1) * 20,
    "tests/a.c": 'extern "C" {\n' + "static const int t[] = {\n" + "    1,\n" * 100 + "};\n"
                 + _body(3) + "}\n",
}

if __name__ == "__main__":
    house.main(check, BAD, GOOD)
