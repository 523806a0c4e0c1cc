"""Counts test cases over meson's logs and prints the closing line of tests/run.sh.

A Check runner and a pytest run say how many cases they hold; anything else is one case.
A run that failed without a failed case (a crash, a time limit, a leak) is one failure.
"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_CHECK = re.compile(r"^\d+%: Checks: (\d+), Failures: (\d+), Errors: (\d+)", re.M)
_PYTEST = re.compile(r"^=*\s*((?:\d+ \w+(?:, )?)+) in [\d.]+s", re.M)
_SKIP = re.compile(r"^(?:SKIP:|SKIPPED \[\d+\]) *(.+)$", re.M)
_GOOD = ("OK", "EXPECTEDFAIL")


@dataclass
class Count:
    """Cases of one run."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0


def _from_check(text: str) -> Count | None:
    found = _CHECK.findall(text)
    if not found:
        return None
    failed = sum(int(f) + int(e) for _, f, e in found)
    return Count(sum(int(n) for n, _, _ in found) - failed, failed)


def _from_pytest(text: str) -> Count | None:
    found = _PYTEST.search(text)
    if not found:
        return None
    words = {word: int(number) for number, word in re.findall(r"(\d+) (\w+)", found.group(1))}
    failed = sum(words.get(w, 0) for w in ("failed", "error", "errors"))
    return Count(words.get("passed", 0), failed, words.get("skipped", 0))


def count(record: dict[str, Any]) -> Count:
    """The cases of one record of testlog.json."""
    text = record.get("stdout") or ""
    result = record["result"]
    if result == "SKIP":
        return Count(skipped=1)
    found = _from_check(text) or _from_pytest(text) or Count(passed=result in _GOOD)
    if result not in _GOOD and found.failed == 0:
        found.failed = 1
    return found


def main() -> None:
    """summary.py BUILDS-THAT-FAILED LOG..."""
    total = Count(failed=int(sys.argv[1]))
    for log in map(Path, sys.argv[2:]):
        if not log.exists():
            print(f"failed: {log} was not written")
            total.failed += 1
            continue
        for line in log.read_text(encoding="utf-8").splitlines():
            record = json.loads(line)
            found = count(record)
            total.passed += found.passed
            total.failed += found.failed
            total.skipped += found.skipped
            if found.failed:
                print(f"failed: {record['name']} in {log.parts[0]} ({record['result']})")
            if found.skipped:
                reasons = _SKIP.findall(record.get("stdout") or "") or ["no reason given"]
                print(f"skipped: {record['name']}: " + "; ".join(sorted(set(reasons))))
    print(f"{total.passed} passed, {total.failed} failed, {total.skipped} skipped")
    sys.exit(1 if total.failed or not total.passed else 0)


if __name__ == "__main__":
    main()
