"""What the recorder lets pass, each with its reason. Nothing else does."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Undescribed:
    """An exchange that no description covers."""

    service: str
    method: str
    path: str
    reason: str

    def covers(self, service: str, method: str, path: str) -> bool:
        """Whether it is meant."""
        return (service, method) == (self.service, self.method) \
            and re.fullmatch(self.path, path, re.IGNORECASE) is not None


@dataclass(frozen=True)
class Difference:
    """A difference from a description that the service is known to show too."""

    operation: str
    side: str
    text: str
    reason: str

    def covers(self, operation: str, side: str, text: str) -> bool:
        """Whether it is meant."""
        return side == self.side and re.fullmatch(self.operation, operation) is not None \
            and re.search(self.text, text) is not None


UNDESCRIBED: tuple[Undescribed, ...] = (
    Undescribed("arm", "GET",
                "/subscriptions/[0-9a-f-]{36}/providers/Microsoft.Authorization/permissions",
                "documented for a subscription, too; the description has groups and resources"),
)
DIFFERENCES: tuple[Difference, ...] = (
    Difference(r"(applications|servicePrincipals|directory|organization|me|users|groups|domains|"
               r"oauth2PermissionGrants)\b.*", "answer", r"^error\.innerError: no such property",
               "the service writes innerError, as its documentation does; its OpenAPI has "
               "innererror"),
    Difference("GetCertificateVersions", "answer", "^nextLink: is null",
               "recorded answers of the service say null when nothing follows"),
)
# What only clients of other makers ask for.
PEERS: tuple[Difference, ...] = (
    Difference("Subscriptions_List", "answer", "^count: no such property",
               "recorded answers of the service hold a count"),
    Difference("(Subscriptions|Tenants)_List", "answer", "lacks nextLink",
               "recorded answers of the service have none when nothing follows"),
)
