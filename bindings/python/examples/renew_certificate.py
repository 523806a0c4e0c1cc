#!/usr/bin/env python3
"""Renews a gateway's certificate: a new key and the old names, issued by the authority
of a directory, compared with the old one, and written as PFX.

    usage: renew_certificate.py OLD-FILE AUTHORITY-DIRECTORY NEW-PFX

The environment's CMG_PASSWORD opens the old file and protects the new one.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import cmg


def renew(old_path: Path, directory: Path, new_path: Path, password: str) -> int:
    """0 when the new certificate may take the old one's place and was written."""
    with cmg.Context() as ctx:
        old = cmg.Certificate.from_bytes(ctx, old_path.read_bytes(), password)
        authority = cmg.Authority(ctx, "Contoso CA", directory)
        renewed = authority.issue(cmg.Profile.WEB_SERVER, old.common_name,
                                  dns_names=old.dns_names)
        report = cmg.check_renewal(renewed, old)
        print(report.describe(), end="")
        if not report:
            return 1
        beside = new_path.with_name(new_path.name + ".new")
        beside.touch(mode=0o600)
        beside.write_bytes(renewed.export_pfx(password))
        beside.replace(new_path)
    return 0


def main(arguments: list[str]) -> int:
    """Reads the command line."""
    password = os.environ.get("CMG_PASSWORD")
    if len(arguments) != 3 or not password:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        return renew(Path(arguments[0]), Path(arguments[1]), Path(arguments[2]), password)
    except (OSError, cmg.CmgError) as exc:
        print(exc, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
