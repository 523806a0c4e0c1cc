#!/usr/bin/env python3
"""Compares server app and client app with what they should be, like examples/verify_apps.c:
a table of what differs. Ends with 3 when something does. With --correct it mends what can be
mended, and looks again."""

from __future__ import annotations

from session import Session, cmg, main, parser, wrapped

DIFFERS = 3
MENDED = {cmg.Correctable.NO: "by hand", cmg.Correctable.YES: "--correct",
          cmg.Correctable.ON_REQUEST: "on request"}


def verify(session: Session) -> int:
    """A table of what differs; how much does."""
    session.look(cmg.Operation.VERIFY_APPS)
    found = [(app, one) for app, handle in (("server", session.gateway.server_app),
                                            ("client", session.gateway.client_app))
             for one in handle.differences]
    if found:
        print("app      severity  object       mended      property")
    for app, one in found:
        print(f"{app:7}  {one.severity.name.lower():8}  {one.part.name.lower():11}  "
              f"{MENDED[one.correctable]:10}  {one.path}")
        for label, text in (("is", one.found), ("should be", one.should_be),
                            ("fix", one.fix)):
            print(wrapped(" " * 9 + label, text, 20))
    print(f"{len(found)} difference{'' if len(found) == 1 else 's'}")
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
