"""tests/summary.py counts what meson's log says: the closing line of tests/run.sh."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

CASES: list[tuple[str, str, tuple[int, int, int]]] = [
    ("OK", "Running suite(s): base\n100%: Checks: 12, Failures: 0, Errors: 0\n", (12, 0, 0)),
    ("FAIL", "75%: Checks: 4, Failures: 0, Errors: 1\n", (3, 1, 0)),
    ("FAIL", "100%: Checks: 4, Failures: 0, Errors: 0\n==1==ERROR: LeakSanitizer", (4, 1, 0)),
    ("OK", "50%: Checks: 2, Failures: 0, Errors: 0\n100%: Checks: 3, Failures: 0, Errors: 0\n",
     (5, 0, 0)),
    ("OK", "..s\nSKIPPED [1] a.py:3: no such thing\n2 passed, 1 skipped in 0.10s\n", (2, 0, 1)),
    ("FAIL", "1 failed, 2 passed, 1 error in 3.33s\n", (2, 2, 0)),
    ("FAIL", "Traceback: SyntaxError\n", (0, 1, 0)),
    ("OK", "docs: 0 complaint(s)\n", (1, 0, 0)),
    ("SKIP", "SKIP: clang-format 14 is not installed\n", (0, 0, 1)),
    ("TIMEOUT", "", (0, 1, 0)),
    ("EXPECTEDFAIL", "", (1, 0, 0)),
]


def main() -> None:
    """counts.py ROOT"""
    sys.path.insert(0, str(Path(sys.argv[1]) / "tests"))
    import summary

    wrong = []
    for result, text, wanted in CASES:
        record: dict[str, Any] = {"name": "x", "result": result, "stdout": text}
        found = summary.count(record)
        if (found.passed, found.failed, found.skipped) != wanted:
            wrong.append(f"{result} {text!r}: {found}, not {wanted}")
    print("\n".join(wrong + [f"counts: {len(wrong)} complaint(s)"]))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
