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
HEAD = (f"\n{'':<5}  {'request':<27}  {'method':<8}  {'client':<11}  {'instance':<8}  "
        f"{'connector':<11}  {'role':<17}  {'status':>6}  {'bytes':>6}  {'time':>7}")


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
    instance, connector = hops(answer.via)
    print(f"{'right' if right else 'WRONG':<5}  {request.what:<27}  {request.method:<8}  "
          f"{request.identity:<11}  {instance:<8}  {connector:<11}  "
          f"{role if connector else '':<17}  {answer.status:6}  {len(answer.body):6}  "
          f"{answer.elapsed_ms / 1000:5.3f} s")
    if problem:
        print(f"  {problem}")
    return right


def send_all(gateway: cmg.Gateway, identities: Identities) -> int:
    """Sends every request; returns how many came out wrong."""
    print(HEAD)
    wrong = sum(not send(gateway, request, identities) for request in REQUESTS)
    print("what is to be answered was answered, what is to be refused was refused: "
          f"{'NO' if wrong else 'yes'}")
    return wrong
