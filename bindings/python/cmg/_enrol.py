"""One request on its way to an authority elsewhere, and its certificate back."""

from __future__ import annotations

import asyncio
import ctypes
import os
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any, Optional

from . import _ffi, _loop
from ._errors import CmgError, WrongState, borrowed
from ._handles import Context, Handle, trampoline
from ._key import Key
from ._model import Certificate, names_list
from ._request import Csr
from ._types import (BYTES, CALLBACK_PASS, ENROLMENT, ChallengeAction, EnrolmentOnChallenge,
                     EnrolmentOnState, EnrolmentState, SignIn, cmg_acme_options,
                     cmg_certreq, cmg_enrolment_events)

STOP = -1


@dataclass(frozen=True)
class Challenge:
    """What an authority wants to see before it issues."""

    type: str
    identifier: str
    name: str
    value: str
    action: ChallengeAction


@trampoline(EnrolmentOnState, STOP)
def _on_state(owner: Any, _enrolment: Any, state: int, why: Any) -> int:
    if owner.on_state is None:
        return CALLBACK_PASS
    return STOP if owner.on_state(EnrolmentState(state), borrowed(why)) is False else 0


@trampoline(EnrolmentOnChallenge, STOP)
def _on_challenge(owner: Any, _enrolment: Any, challenge: Any) -> int:
    if owner.on_challenge is None:
        return CALLBACK_PASS
    c = challenge.contents
    answer = owner.on_challenge(Challenge(
        _ffi.text(c.type), _ffi.text(c.identifier), _ffi.text(c.name), _ffi.text(c.value),
        ChallengeAction(c.action)))
    return STOP if answer is False else 0


@trampoline(EnrolmentOnState, STOP)
def _on_closed(owner: Any, _enrolment: Any, end: int, why: Any) -> int:
    owner._ended(EnrolmentState(end), borrowed(why))
    return 0


class Enrolment(Handle):
    """One request on its way to an authority and back, its key coming along if it is given.

    Choose a way with one of the use_ methods, set on_state and on_challenge; then run() or
    await it. A callback that returns False stops it; what it raises comes out of run().
    """

    _kind = "enrolment"

    def __init__(self, ctx: Context, csr: Csr, *, key: Optional[Key] = None,
                 checkpoint: "str | os.PathLike[str] | None" = None) -> None:
        found = ENROLMENT()
        with ctx._guard:
            _ffi.call("cmg_enrolment_new", csr.pointer, ctypes.byref(found))
        super().__init__(found, ctx._guard)
        self.context = ctx
        self.on_state: Optional[Callable[[EnrolmentState, Optional[CmgError]], Any]] = None
        self.on_challenge: Optional[Callable[[Challenge], Any]] = None
        self._end: Optional[EnrolmentState] = None
        self._why: Optional[CmgError] = None
        self._future: Optional[asyncio.Future[None]] = None
        self.call("set_events", ctypes.byref(cmg_enrolment_events(
            size=ctypes.sizeof(cmg_enrolment_events), user=self._key, on_state=_on_state,
            on_challenge=_on_challenge, on_closed=_on_closed)))
        if key is not None:
            self.call("set_key", key.pointer)
        if checkpoint is not None:
            self.call("set_checkpoint_file", _ffi.encoded(checkpoint))

    def use_certsrv(self, url: str, template: str) -> None:
        """Goes by the AD CS web enrolment pages."""
        self.call("use_certsrv", _ffi.encoded(url), _ffi.encoded(template))

    def use_est(self, url: str, *, renew: bool = False) -> None:
        """Goes to an EST server (RFC 7030)."""
        self.call("use_est", _ffi.encoded(url), renew)

    def use_acme(self, directory_url: str, account_key: Key, *, challenge: str = "dns-01",
                 contact: Optional[str] = None, terms_agreed: bool = False,
                 eab_kid: Optional[str] = None, eab_key: Optional[str] = None,
                 profile: Optional[str] = None,
                 replaces: Optional[Certificate] = None, await_window: bool = False) -> None:
        """Goes to a public authority by ACME; on_challenge is called for each name. With
        await_window, what is replaced is renewed when the authority suggests it."""
        options = cmg_acme_options(
            size=ctypes.sizeof(cmg_acme_options), challenge=_ffi.encoded(challenge),
            contact=_ffi.optional(contact), eab_kid=_ffi.optional(eab_kid),
            eab_key=_ffi.optional(eab_key), profile=_ffi.optional(profile),
            replaces=None if replaces is None else replaces.pointer,
            terms_agreed=int(terms_agreed), await_window=int(await_window))
        self.call("use_acme", _ffi.encoded(directory_url), account_key.pointer,
                  ctypes.byref(options))

    def set_sign_in(self, way: SignIn, user: Optional[str] = None,
                    password: Optional[_ffi.Buffer] = None) -> None:
        """Says how to sign in at the authority's server."""
        data = None if password is None else bytes(password)
        self.call("set_sign_in", way, _ffi.optional(user), data, len(data or b""))

    def set_client_certificate(self, certificate: Optional[Certificate]) -> None:
        """Signs in with a client certificate."""
        self.call("set_client_certificate",
                  None if certificate is None else certificate.pointer)

    def set_poll_interval(self, seconds: float) -> None:
        """How often an authority that is deciding is asked; 0 for its way's own."""
        self.call("set_poll_interval_ms", round(seconds * 1000))

    def set_budget(self, seconds: Optional[float]) -> None:
        """How long one run may take; None for any time."""
        self.call("set_budget_ms", -1 if seconds is None else round(seconds * 1000))

    @property
    def state(self) -> EnrolmentState:
        """Where the enrolment stands."""
        return EnrolmentState(self.call("get_state"))

    @property
    def certificate(self) -> Optional[Certificate]:
        """The certificate, once it is issued."""
        pointer = self.call("get_certificate")
        return Certificate._borrowed(pointer, self._guard) if pointer else None

    @property
    def request_id(self) -> str:
        """What the authority calls the request; "" when it does not."""
        return str(self.call("request_id"))

    @property
    def message(self) -> str:
        """What the authority said last."""
        return str(self.call("message"))

    @property
    def orphan_count(self) -> int:
        """How many certificates may have been issued that nobody knows of."""
        return int(self.call("orphan_count"))

    @property
    def renewal_unix_s(self) -> int:
        """When the authority wants what is replaced to be renewed; 0 when unknown."""
        return int(self.call("renewal_unix_s"))

    def start(self) -> None:
        """Starts; the work is done while the context is driven."""
        self._end = self._why = None
        self.call("start")

    def challenge_done(self) -> None:
        """Tells that every challenge is in place. Callbacks may call it."""
        self.call("challenge_done")

    def accept(self, data: _ffi.Buffer) -> None:
        """Takes the authority's answer that came another way."""
        self.call("accept", bytes(data), len(data))

    def cancel(self) -> None:
        """Asks to stop; the checkpoint can go on. Callbacks may call it."""
        self.call("cancel")

    def _ended(self, end: EnrolmentState, why: Optional[CmgError]) -> None:
        self._end, self._why = end, why
        # What a callback raised comes out of the drive; it goes before the end it caused.
        if self._future is not None and self._guard.pending is None:
            _loop.settle(self._future)

    def _result(self) -> Certificate:
        if self._why is not None:
            raise self._why
        certificate = self.certificate
        if certificate is None:
            raise WrongState(f"the enrolment ended in {self._end}")
        return certificate

    def run(self) -> Certificate:
        """Starts and drives the context until the certificate is there; Ctrl-C comes
        through."""
        self.start()
        self.context.run_until(lambda: self._end is not None)
        return self._result()

    async def _awaited(self) -> Certificate:
        self.start()
        with _loop.driver(self.context) as future:
            self._future = future
            try:
                await future
            finally:
                self._future = None
        return self._result()

    def __await__(self) -> Generator[Any, None, Certificate]:
        return self._awaited().__await__()


def certreq_inf(ctx: Context, subject: str, *, template: Optional[str] = None,
                friendly_name: Optional[str] = None, provider: Optional[str] = None,
                dns_names: Sequence[str] = (), ip_addresses: Sequence[str] = (),
                eku: Sequence[str] = (), key_bits: int = 0, exportable: bool = True,
                machine_key_set: bool = True) -> str:
    """The INF text from which "certreq -new" makes a key and a request on Windows."""
    request = cmg_certreq(
        size=ctypes.sizeof(cmg_certreq), subject=_ffi.encoded(subject),
        template_name=_ffi.optional(template), friendly_name=_ffi.optional(friendly_name),
        provider=_ffi.optional(provider), dns_names=names_list(dns_names),
        ip_addresses=names_list(ip_addresses), eku=names_list(eku), key_bits=key_bits,
        not_exportable=int(not exportable), user_key_set=int(not machine_key_set))
    return _certreq(ctx, "format_inf", ctypes.byref(request))


def certreq_submit_command(ctx: Context, config: str, template: str, request_file: str,
                           answer_file: str) -> str:
    """The command that submits a request file from a Windows machine."""
    return _certreq(ctx, "submit_command", _ffi.encoded(config), _ffi.encoded(template),
                    _ffi.encoded(request_file), _ffi.encoded(answer_file))


def certreq_retrieve_command(ctx: Context, config: str, request_id: str,
                             answer_file: str) -> str:
    """The command that fetches the certificate of a pending request."""
    return _certreq(ctx, "retrieve_command", _ffi.encoded(config), _ffi.encoded(request_id),
                    _ffi.encoded(answer_file))


def _certreq(ctx: Context, verb: str, *arguments: Any) -> str:
    found = BYTES()
    with ctx._guard:
        _ffi.call(f"cmg_certreq_{verb}", ctx.pointer, *arguments, ctypes.byref(found))
    return _ffi.take_bytes(found).decode()
