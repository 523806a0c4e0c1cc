#!/usr/bin/env python3
"""What the next deploy_gateway would make, change and adopt, as a table or JSON, like
examples/plan_gateway.c. Nothing is changed."""

from __future__ import annotations

from session import Package, Session, add_package, add_pfx, cmg, main, parser


def plan() -> None:
    """Plans, and prints the plan."""
    options = parser(__doc__)
    options.add_argument("--json", action="store_true", help="as JSON")
    add_package(options, Package.WANTED)
    add_pfx(options)
    given = options.parse_args()
    with Session(given, has_authority=True) as session:
        done = session.look_ahead(cmg.Operation.PLAN_GATEWAY)
        if given.json:
            print(done.plan_json())
            return
        for change in done.plan():
            print(f"{change.action:8} {change.what:44} {change.detail}".rstrip())
            for line in change.lines:
                print(f"  {line}")


if __name__ == "__main__":
    main(plan)
