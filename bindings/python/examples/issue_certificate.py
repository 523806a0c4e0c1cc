#!/usr/bin/env python3
"""A certificate from template to PFX: an authority in a directory, a template, a key and a
request for it, the certificate, a list of what is revoked. The environment's CMG_PASSWORD
protects the PFX.

    usage: CMG_PASSWORD=... issue_certificate.py DIRECTORY HOST-NAME
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import cmg


def save(path: Path, data: bytes) -> None:
    """Whole or not at all, readable by its owner only."""
    beside = path.with_name(path.name + ".new")
    with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(data)
    beside.replace(path)


def issue(directory: Path, host: str, password: str) -> None:
    """Writes everything into the directory."""
    with cmg.Context() as ctx:
        authority = cmg.Authority(ctx, "Contoso Test Authority", directory / "authority")
        template = cmg.Template.builtin(ctx, "web_server")
        key = cmg.Key.generate(ctx)
        request = cmg.Csr.new(ctx, template, key, host)
        certificate = authority.sign(request, template)
        authority.publish_crl(directory / "authority.crl")
        whole = certificate.with_key(key)
        save(directory / "request.pem", request.export_pem())
        save(directory / "certificate.pem", certificate.export_pem())
        save(directory / "root.pem", authority.certificate.export_pem())
        save(directory / "certificate.pfx", whole.export_pfx(password))
        print(f"{certificate.subject}, issued by {certificate.issuer}, "
              f"{certificate.key_description}")


def main(arguments: list[str]) -> int:
    """Reads the command line."""
    password = os.environ.get("CMG_PASSWORD")
    if len(arguments) != 2 or password is None:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        issue(Path(arguments[0]), arguments[1], password)
    except (OSError, cmg.CmgError) as exc:
        print(exc, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
