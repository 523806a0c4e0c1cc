"""The internet client of the quickstart: what goes through the gateway, what is refused."""

from __future__ import annotations

from dataclasses import dataclass

import cmg

MUTUAL, SERVER = "CCM_Proxy_MutualAuth", "CCM_Proxy_ServerAuth"
SIGNING = "SMS_MP/.sms_aut?SITESIGNCERT"
REFUSED = (401, 403)


@dataclass(frozen=True)
class Request:
    """One request, and the status that is right."""

    what: str
    identity: str
    method: str
    proxy: str
    endpoint: str
    statuses: tuple[int, ...] = (200,)
    size: int = 0

    @property
    def body(self) -> bytes:
        """A body of the size wanted."""
        return bytes(ord("a") + i % 23 for i in range(self.size))


REQUESTS = (
    Request("site signing certificate", "certificate", "GET", MUTUAL, SIGNING),
    Request("client message", "certificate", "CCM_POST", MUTUAL, "CCM_System/request",
            size=200000),
    Request("site signing certificate", "token", "GET", SERVER, SIGNING),
    Request("no certificate", "none", "GET", MUTUAL, SIGNING, REFUSED),
    Request("no token", "none", "GET", SERVER, SIGNING, REFUSED),
    Request("certificate of a foreign CA", "foreign CA", "GET", MUTUAL, SIGNING, REFUSED),
    Request("path that is not published", "certificate", "GET", MUTUAL,
            "ApiRemoting30/WebServices.asmx", (404,)),
)
HEAD = (f"\n{'request':<28} {'method':<9} {'client':<12} {'instance':<9} {'connector':<12} "
        f"{'role':<18} {'status':>6} {'bytes':>8} {'time':>9}")


@dataclass(frozen=True)
class Identities:
    """What a request can present."""

    certificate: cmg.Certificate
    foreign: cmg.Certificate
    token: bytes

    def present(self, client: cmg.Client, identity: str) -> None:
        """Gives the client what the identity stands for."""
        if identity == "certificate":
            client.set_certificate(self.certificate)
        elif identity == "foreign CA":
            client.set_certificate(self.foreign)
        elif identity == "token":
            client.set_token(self.token)


def hops(via: str) -> tuple[str, str]:
    """(instance, connector) of "1.1 connector-1, 1.1 cmg-0": the instance comes last."""
    names = [hop.split()[-1] for hop in via.split(",") if hop.strip()]
    return (names[-1] if names else "", names[0] if len(names) > 1 else "")


def send(gateway: cmg.Gateway, request: Request, identities: Identities) -> bool:
    """Sends one request, prints its line, and says whether it came out right."""
    role = gateway.role_ids[0]
    with cmg.Client(gateway.context, gateway.service_name) as client:
        identities.present(client, request.identity)
        problem = ""
        answer = cmg.Response(0, "", "", "", b"", 0)
        try:
            answer = client.request(request.method, f"/{request.proxy}/{role}/"
                                    f"{request.endpoint}", request.body)
        except cmg.CmgError as error:
            problem = error.message
    right = answer.status in request.statuses
    right = right and (not request.size or answer.body == request.body)
    verdict = "WRONG"
    if right:
        verdict = "answered" if 200 in request.statuses else "refused, as it should be"
    instance, connector = hops(answer.via)
    print(f"{request.what:<28} {request.method:<9} {request.identity:<12} {instance:<9} "
          f"{connector:<12} {role if connector else '':<18} {answer.status:6} "
          f"{len(answer.body):8} {answer.elapsed_ms / 1000:7.3f} s  {verdict}")
    if problem:
        print(f"  {problem}")
    return right


def send_all(gateway: cmg.Gateway, identities: Identities) -> int:
    """Sends every request; returns how many came out wrong."""
    print(HEAD)
    return sum(not send(gateway, request, identities) for request in REQUESTS)
