#!/usr/bin/env python3
"""Compares server app and client app with what they should be, like examples/verify_apps.c:
a table of what differs. Ends with 3 when something does. With --correct it mends what can be
mended, and looks again."""

from __future__ import annotations

from session import Session, cmg, main, parser

from difference import show_differences  # needs what session has found

DIFFERS = 3


def verify(session: Session) -> int:
    """A table of what differs; how much does."""
    session.look(cmg.Operation.VERIFY_APPS)
    found = [(app, one) for app, handle in (("server", session.gateway.server_app),
                                            ("client", session.gateway.client_app))
             for one in handle.differences]
    show_differences(found)
    return len(found)


def verify_and_correct() -> int:
    """Looks, perhaps mends, and looks again."""
    options = parser(__doc__)
    options.add_argument("--correct", action="store_true", help="mend what can be mended")
    given = options.parse_args()
    with Session(given) as session:
        differing = verify(session)
        if differing and given.correct:
            session.run(cmg.Operation.CORRECT_APPS)
            differing = verify(session)
    return DIFFERS if differing else 0


if __name__ == "__main__":
    main(verify_and_correct)
