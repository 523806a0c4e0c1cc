#!/usr/bin/env python3
"""Makes server app and client app with secret and consent, or adopts what is there, and
prints what the Configuration Manager console asks for when both are imported, like
examples/register_apps.c. The secret is kept in DIRECTORY/journal.secrets; it is not printed.
"""

from __future__ import annotations

from session import Session, cmg, main, parser


def show(record: cmg.Import) -> None:
    """The record, named as the console does."""
    ends = record.secret_expires
    for label, value in (
            ("Azure AD tenant name", record.tenant_name),
            ("Azure AD tenant ID", record.tenant_id),
            ("Server app: application name", record.server_app_name),
            ("Server app: client ID", record.server_app_client_id),
            ("Server app: secret key expiry", f"{ends:%Y-%m-%d}" if ends else "not known"),
            ("Server app: App ID URI", record.server_app_id_uri),
            ("Client app: application name", record.client_app_name),
            ("Client app: client ID", record.client_app_client_id)):
        print(f"{label:30} {value}")


def register() -> None:
    """Registers and prints the record."""
    options = parser(__doc__)
    options.add_argument("--json", action="store_true", help="the record as JSON")
    given = options.parse_args()
    with Session(given) as session:
        session.run(cmg.Operation.REGISTER_APPS)
        with cmg.Import.from_gateway(session.gateway) as record:
            if given.json:
                print(record.to_json().decode().rstrip("\n"))
            else:
                show(record)


if __name__ == "__main__":
    main(register)
