#!/usr/bin/env python3
"""Renews the server app's client secret, like examples/renew_secret.c: a new one is made,
signs in, is kept in DIRECTORY/journal.secrets, and the old one is removed. With --look it
shows what would be done and how near the end is, and changes nothing.
"""

from __future__ import annotations

import time

from session import Session, cmg, main, parser


def show(app: cmg.ServerApp) -> None:
    """One line about the secret, and one when the application is too old."""
    try:
        end = app.expiry()
    except cmg.WrongState:
        print("the end of the present secret is not known")
        return
    day = time.strftime("%Y-%m-%d", time.gmtime(end.secret_expires))
    print(f"secret of {app.name}: until {day}, {end.days_left} days left")
    if end.must_replace:
        print(f"the application is {end.age_days} days old: register another one")


def renew() -> None:
    """Looks, and renews when that is wanted."""
    options = parser(__doc__)
    options.add_argument("--look", action="store_true", help="change nothing")
    given = options.parse_args()
    with Session(given) as session:
        session.only_looks = given.look
        session.run(cmg.Operation.RENEW_SECRET)
        show(session.gateway.server_app)


if __name__ == "__main__":
    main(renew)
