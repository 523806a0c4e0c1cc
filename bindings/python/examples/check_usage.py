#!/usr/bin/env python3
"""Measures what the gateway uses, and compares it with the alerts of its specification, like
examples/check_usage.c: a table, and what to do about it. Stops the gateway when its traffic is
critical and the specification wants that (stop_service). Ends with 3 when an alert has reached
a level."""

from __future__ import annotations

from session import Session, cmg, main, parser

from problem import show_problems  # needs what session has found

REACHED = 3
HOURS = 14 * 24


def gigabytes(text: str) -> float:
    """What the sandbox's instances are to have sent."""
    found = float(text)
    if not 0 <= found <= 1e6:
        raise ValueError(text)
    return found


def measure(session: Session) -> list[cmg.Problem]:
    """Measures; the journal is needed by what may stop the gateway only."""
    journal = session.directory / "journal" if (
        session.gateway.settings.traffic_alert.stop_service) else None
    with session.gateway.deploy(cmg.Operation.MEASURE_GATEWAY, journal=journal) as deploy:
        session.follow(deploy, cmg.Operation.MEASURE_GATEWAY)
        return deploy.problems


def show(usage: cmg.Usage) -> None:
    """The table."""
    print(f"{'':8}  {'used':>12}  {'limit':>12}  {'percent':>7}  {'level':8}  warning, critical")
    for name, one in (("traffic", usage.traffic), ("storage", usage.storage)):
        alert = (f"from {one.warning_percent} %, {one.critical_percent} % on" if one.enabled
                 else "alert is off")
        print(f"{name:8}  {one.bytes / 1e9:9.1f} GB  {one.limit_bytes / 1e9:9.0f} GB  "
              f"{one.percent:5} %  {one.level.name:8}  {alert}")


def check() -> int:
    """Measures, and says what it found."""
    options = parser(__doc__)
    options.add_argument("--json", action="store_true", help="as JSON")
    options.add_argument("gigabytes", nargs="?", type=gigabytes,
                         help="what the sandbox's instances are to have sent in 14 days")
    given = options.parse_args()
    if given.gigabytes is not None and not given.sandbox:
        options.error("GIGABYTES goes with --sandbox")
    with Session(given) as session:
        if given.gigabytes is not None and session.sandbox is not None:
            session.sandbox.set(f"metric/{session.gateway.name}/Network Out Total",
                                int(given.gigabytes * 1e9 / HOURS) + 1)
        problems = measure(session)
        usage = session.gateway.usage
        if given.json:
            print(session.gateway.usage_json().rstrip("\n"))
        else:
            show(usage)
            show_problems(problems)
            print(f"{session.gateway.name} is {session.gateway.status.state.name}")
    reached = max(usage.traffic.level, usage.storage.level) >= cmg.UsageLevel.WARNING
    return REACHED if reached else 0


if __name__ == "__main__":
    main(check)
