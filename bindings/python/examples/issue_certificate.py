"""A certificate from key to chain: an authority in a directory, a template, a key and a
request for it, the certificate, a list of what is revoked.

    usage: issue_certificate.py DIRECTORY HOST-NAME
"""

from __future__ import annotations

import sys
from pathlib import Path

import cmg


def issue(directory: Path, host: str) -> None:
    """Writes everything into the directory."""
    with cmg.Context() as ctx:
        authority = cmg.Authority(ctx, "Contoso Test Authority", directory / "authority")
        template = cmg.Template.builtin(ctx, "web_server")
        key = cmg.Key.generate(ctx)
        request = cmg.Csr.new(ctx, template, key, host)
        certificate = authority.sign(request, template)
        authority.publish_crl(directory / "authority.crl")
        (directory / "request.pem").write_bytes(request.export_pem())
        (directory / "certificate.pem").write_bytes(certificate.export_pem())
        (directory / "root.pem").write_bytes(authority.certificate.export_pem())
        print(f"{certificate.subject}, issued by {certificate.issuer}, "
              f"{certificate.key_description}")


def main(arguments: list[str]) -> int:
    """Reads the command line."""
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        issue(Path(arguments[0]), arguments[1])
    except (OSError, cmg.CmgError) as exc:
        print(exc, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
