#!/usr/bin/env python3
"""Finds everything that a deployment would fail at, before anything is made, like
examples/check_prerequisites.c: a table with what is wrong, why, what to do, and whether a
deployment mends it by itself. Ends with 3 when a deployment would fail."""

from __future__ import annotations

from session import Package, Session, add_package, add_pfx, cmg, main, parser

from problem import show_problems  # needs what session has found

REFUSED = 3


def show(problems: list[cmg.Problem]) -> None:
    """The table and how many of each."""
    show_problems(problems)
    counts = {severity: sum(one.severity is severity for one in problems)
              for severity in cmg.Severity}
    print(f"{counts[cmg.Severity.REFUSAL]} refusals, {counts[cmg.Severity.WARNING]} warnings, "
          f"{counts[cmg.Severity.NOTE]} notes")


def check() -> int:
    """Looks, and says what it found."""
    options = parser(__doc__)
    options.add_argument("--json", action="store_true", help="as JSON")
    add_package(options, Package.WANTED)
    add_pfx(options)
    given = options.parse_args()
    with Session(given, has_authority=True) as session:
        done = session.look_ahead(cmg.Operation.CHECK_GATEWAY)
        problems = done.problems
        if given.json:
            print(done.problems_json().rstrip("\n"))
        else:
            show(problems)
    return REFUSED if any(one.severity is cmg.Severity.REFUSAL for one in problems) else 0


if __name__ == "__main__":
    main(check)
