#!/usr/bin/env python3
"""Says what files hold: certificates, requests, revocation lists, PKCS#7, PFX, keys.

    usage: inspect_certificate.py FILE...

The environment's CMG_PASSWORD opens a PFX or an encrypted key.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import cmg


def main(paths: list[str]) -> int:
    """Prints the text of each file; 1 when one of them could not be told."""
    if not paths:
        print(__doc__, file=sys.stderr)
        return 2
    failed = 0
    with cmg.Context() as ctx:
        for path in paths:
            try:
                print(cmg.inspect(ctx, Path(path).read_bytes(),
                                  os.environ.get("CMG_PASSWORD")), end="")
            except (OSError, cmg.CmgError) as exc:
                print(f"{path}: {exc}", file=sys.stderr)
                failed = 1
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
