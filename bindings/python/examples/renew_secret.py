"""Renews the server app's client secret: a new one is made, signs in, is kept, and the
old one is removed. Without --renew it only looks and says how near the end is.

    usage: renew_secret.py [--renew] [--ca FILE] [--connect-to H:P:A:P]... SPECIFICATION
                           JOURNAL

Signs in by device code, or as the application CMG_CLIENT_ID with CMG_CLIENT_SECRET of the
environment. Secrets are kept in the directory JOURNAL.secrets.
"""

from __future__ import annotations

import argparse
import os
import sys
import time

import cmg


def print_expiry(app: cmg.ServerApp) -> None:
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


def renew(ctx: cmg.Context, options: argparse.Namespace) -> None:
    """Looks, and renews when that is wanted."""
    gateway = cmg.Gateway.from_file(ctx, options.specification)
    if "CMG_CLIENT_SECRET" in os.environ:
        gateway.tenant.set_client_secret(os.environ["CMG_CLIENT_ID"],
                                         os.environ["CMG_CLIENT_SECRET"])
    deploy = cmg.Deploy(gateway, cmg.Operation.RENEW_SECRET, journal=options.journal)
    looked = []

    def confirm(plan: str) -> bool:
        looked.append(plan)
        print_expiry(gateway.server_app)
        print(plan, end="")
        return bool(options.renew)

    deploy.on_confirm = confirm
    deploy.on_prompt = lambda prompt: print(prompt.message, file=sys.stderr)
    try:
        deploy.run()
    except cmg.CallbackFailed:
        if options.renew or not looked:
            raise
        return
    print("renewed")
    print_expiry(gateway.server_app)


def main() -> int:
    """Reads the command line."""
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--renew", action="store_true")
    parser.add_argument("--ca")
    parser.add_argument("--connect-to", action="append", default=[])
    parser.add_argument("specification")
    parser.add_argument("journal")
    options = parser.parse_args()
    try:
        with cmg.Context() as ctx:
            if options.ca is not None:
                ctx.add_ca_file(options.ca)
            for text in options.connect_to:
                host, port, address, address_port = text.split(":")
                ctx.add_address(host, address, port=int(port),
                                address_port=int(address_port))
            renew(ctx, options)
    except (OSError, ValueError, cmg.CmgError) as exc:
        print(exc, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
