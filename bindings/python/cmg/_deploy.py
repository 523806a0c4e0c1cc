"""The state machine that makes, resumes and deletes a gateway."""

from __future__ import annotations

import asyncio
import ctypes
import errno
import json
import os
from collections.abc import Callable, Generator
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, Optional, Protocol

from . import _ffi, _loop
from ._errors import Canceled, CmgError, WrongState, borrowed
from ._handles import Handle, trampoline
from ._gateway import Gateway
from ._types import (
    BYTES,
    CALLBACK_PASS,
    ConsentMode,
    DEPLOY,
    DeployState,
    JournalCheck,
    JournalClaim,
    JournalLoad,
    JournalLock,
    JournalSave,
    JournalSaveAs,
    OnConfirm,
    OnConsent,
    OnDone,
    OnPrompt,
    OnState,
    OnStep,
    Operation,
    PlanFormat,
    PromptKind,
    ReplaceMode,
    SecretGet,
    SecretPut,
    SecretRemove,
    Severity,
    StepState,
    cmg_consent_options,
    cmg_deploy_events,
    cmg_journal_store,
    cmg_problem,
    cmg_replacement,
    cmg_secret_store,
    cmg_usage_options,
)

STOP = -1
ENDS = (DeployState.READY, DeployState.DELETED)


@dataclass(frozen=True)
class StepProgress:
    """Progress of one step, and of the whole: remaining_ms is a guess for a display."""

    name: str
    title: str
    message: str
    elapsed_ms: int
    state: StepState
    percent: Optional[int]
    done: int
    total: int
    usual_ms: int
    remaining_ms: int
    whole_percent: int


@dataclass(frozen=True)
class SignInPrompt:
    """What a person must do to sign in."""

    verification_uri: str
    user_code: str
    message: str
    expires_unix_s: int
    kind: PromptKind = PromptKind.DEVICE_CODE
    browser_url: str = ""


@dataclass(frozen=True)
class ConsentRequest:
    """What an administrator must consent to, at a page of Entra's."""

    application: str
    client_id: str
    permission: str
    url: str
    state: str
    expires_unix_s: int


@dataclass(frozen=True)
class PlannedChange:
    """One entry of a plan; action is create, change, remove, restore, adopt, keep, absent or
    unknown, state is planned, sent or observed; lines tell what it makes or removes, or what it
    changes from what to what."""

    step: str
    what: str
    action: str
    detail: str
    state: str
    lines: "list[str]"


@dataclass(frozen=True)
class Problem:
    """Something that a preflight found; fixable: a create mends it by itself."""

    severity: Severity
    fixable: bool
    step: str
    subject: str
    what: str
    cause: str
    remedy: str
    service_code: str


class JournalStore(Protocol):
    """Where the host keeps the journal."""

    def load(self) -> bytes:
        """The journal, b"" when there is none."""

    def save(self, data: bytes) -> None:
        """Replaces it, durably; b"" removes it."""

    def lock(self) -> None:
        """Takes the lock or raises BlockingIOError."""

    def unlock(self) -> None:
        """Gives the lock back."""


class FencedJournalStore(JournalStore, Protocol):
    """One that keeps a run away that was paused while another took the journal over."""

    def claim(self) -> int:
        """Makes the caller the owner: a number higher than all before it."""

    def save_as(self, owner: int, data: bytes) -> None:
        """As save; OSError(ESTALE), and nothing changes, once a higher number was given out."""

    def check(self, owner: int) -> None:
        """Raises OSError(ESTALE) once a higher number was given out."""


class SecretStore(Protocol):
    """Where the host keeps secrets that leave the library once."""

    def put(self, name: str, data: bytes) -> None:
        """Keeps a secret durably."""

    def get(self, name: str) -> Optional[bytes]:
        """A secret, or None."""

    def remove(self, name: str) -> None:
        """Forgets a secret; an absent one is fine."""


def _answer(function: Optional[Callable[..., Any]], *arguments: Any) -> int:
    """Asks the host's function; PASS when there is none."""
    if function is None:
        return CALLBACK_PASS
    return STOP if function(*arguments) is False else 0


@trampoline(OnState, STOP)
def _on_state(owner: Any, _deploy: Any, state: int, why: Any) -> int:
    return _answer(owner.on_state, DeployState(state), borrowed(why))


@trampoline(OnStep, STOP)
def _on_step(owner: Any, _deploy: Any, progress: Any) -> int:
    p = progress.contents
    return _answer(owner.on_step, StepProgress(
        _ffi.text(p.name), _ffi.text(p.title), _ffi.text(p.message), p.elapsed_ms,
        StepState(p.state), None if p.percent < 0 else p.percent, p.done, p.total,
        p.usual_ms, p.remaining_ms, p.whole_percent))


@trampoline(OnPrompt, STOP)
def _on_prompt(owner: Any, _deploy: Any, prompt: Any) -> int:
    p = prompt.contents
    return _answer(owner.on_prompt, SignInPrompt(
        _ffi.text(p.verification_uri), _ffi.text(p.user_code), _ffi.text(p.message),
        p.expires_unix_s, PromptKind(p.kind), _ffi.text(p.browser_url)))


@trampoline(OnConsent, STOP)
def _on_consent(owner: Any, _deploy: Any, request: Any) -> int:
    r = request.contents
    return _answer(owner.on_consent, ConsentRequest(
        _ffi.text(r.application), _ffi.text(r.client_id), _ffi.text(r.permission),
        _ffi.text(r.url), _ffi.text(r.state), r.expires_unix_s))


@trampoline(OnConfirm, STOP)
def _on_confirm(owner: Any, _deploy: Any, plan: Optional[bytes]) -> int:
    return _answer(owner.on_confirm, _ffi.text(plan))


@trampoline(OnDone, STOP)
def _on_done(owner: Any, _deploy: Any, end: int, why: Any) -> int:
    owner._ended(DeployState(end), borrowed(why))
    return 0


def _stored(kind: Any) -> Callable[[Callable[..., Any]], Any]:
    """A trampoline for stores: an OSError becomes its negative errno, None becomes 0."""
    def wrap(body: Callable[..., Any]) -> Any:
        def answer(*arguments: Any) -> int:
            try:
                return int(body(*arguments) or 0)
            except OSError as exc:
                return -(exc.errno or errno.EIO)

        return trampoline(kind, -errno.EIO)(answer)

    return wrap


def _copy_out(data: bytes, out: Any, room: int) -> int:
    if len(data) > room:
        return -errno.EFBIG
    ctypes.memmove(out, data, len(data))
    return len(data)


@_stored(JournalLoad)
def _journal_load(owner: Any, out: Any, room: int) -> int:
    return _copy_out(owner._journal.load(), out, room)


@_stored(JournalSave)
def _journal_save(owner: Any, data: Any, size: int) -> None:
    owner._journal.save(ctypes.string_at(data, size) if size else b"")


@_stored(JournalLock)
def _journal_lock(owner: Any) -> None:
    owner._journal.lock()


@_stored(JournalLock)
def _journal_unlock(owner: Any) -> None:
    owner._journal.unlock()


@_stored(JournalClaim)
def _journal_claim(owner: Any) -> int:
    return int(owner._journal.claim())


@_stored(JournalSaveAs)
def _journal_save_as(owner: Any, number: int, data: Any, size: int) -> None:
    owner._journal.save_as(number, ctypes.string_at(data, size) if size else b"")


@_stored(JournalCheck)
def _journal_check(owner: Any, number: int) -> None:
    owner._journal.check(number)


@_stored(SecretPut)
def _secret_put(owner: Any, name: Optional[bytes], data: Any, size: int) -> None:
    owner._secrets.put(_ffi.text(name), ctypes.string_at(data, size))


@_stored(SecretGet)
def _secret_get(owner: Any, name: Optional[bytes], out: Any, room: int) -> int:
    data = owner._secrets.get(_ffi.text(name))
    return -errno.ENOENT if data is None else _copy_out(data, out, room)


@_stored(SecretRemove)
def _secret_remove(owner: Any, name: Optional[bytes]) -> None:
    owner._secrets.remove(_ffi.text(name))


class Deploy(Handle):
    """One run of an operation on a gateway.

    Set on_state, on_step, on_prompt, on_consent, on_confirm; then run() or await it. A callback that
    returns False stops the deployment; what it raises comes out of run().
    """

    _kind = "deploy"

    def __init__(self, gateway: Gateway, operation: Operation = Operation.CREATE, *,
                 journal: "str | os.PathLike[str] | JournalStore | None" = None) -> None:
        found = DEPLOY()
        with gateway._guard:
            _ffi.call("cmg_deploy_new", gateway.pointer, operation, ctypes.byref(found))
        super().__init__(found, gateway._guard)
        self.context = gateway.context
        self.on_state: Optional[Callable[[DeployState, Optional[CmgError]], Any]] = None
        self.on_step: Optional[Callable[[StepProgress], Any]] = None
        self.on_prompt: Optional[Callable[[SignInPrompt], Any]] = None
        self.on_consent: Optional[Callable[[ConsentRequest], Any]] = None
        self.on_confirm: Optional[Callable[[str], Any]] = None
        self.on_turn: Optional[Callable[[], Any]] = None
        self._journal: Optional[JournalStore] = None
        self._secrets: Optional[SecretStore] = None
        self._end: Optional[DeployState] = None
        self._why: Optional[CmgError] = None
        self._future: Optional[asyncio.Future[None]] = None
        self.call("set_events", ctypes.byref(cmg_deploy_events(
            size=ctypes.sizeof(cmg_deploy_events), user=self._key, on_state=_on_state,
            on_step=_on_step, on_prompt=_on_prompt, on_confirm=_on_confirm,
            on_done=_on_done, on_consent=_on_consent)))
        if journal is not None:
            self.set_journal(journal)

    def set_journal(self, journal: "str | os.PathLike[str] | JournalStore") -> None:
        """Keeps the journal in a file, or in a store of the host."""
        if isinstance(journal, (str, os.PathLike)):
            self.call("set_journal_file", _ffi.encoded(journal))
            return
        self._journal = journal
        table = cmg_journal_store(
            size=ctypes.sizeof(cmg_journal_store), user=self._key, load=_journal_load,
            save=_journal_save, lock=_journal_lock, unlock=_journal_unlock)
        if hasattr(journal, "claim"):
            table.claim, table.save_as = _journal_claim, _journal_save_as
            table.check = _journal_check
        self.call("set_journal_store", ctypes.byref(table))

    def set_secret_store(self, store: SecretStore) -> None:
        """Keeps secrets in a store of the host."""
        self._secrets = store
        self.call("set_secret_store", ctypes.byref(cmg_secret_store(
            size=ctypes.sizeof(cmg_secret_store), user=self._key, put=_secret_put,
            get=_secret_get, remove=_secret_remove)))

    def set_include_imported(self, include: bool = True) -> None:
        """Lets DELETE_APPS and PURGE_APPS remove applications of others, too."""
        self.call("set_include_imported", include)

    def set_consent(self, mode: ConsentMode = ConsentMode.GRANT, *, wait_ms: int = 0,
                    redirect_uri: Optional[str] = None) -> None:
        """Says how admin consent is got: granted, and an administrator asked by on_consent
        when that is refused; or asked at once. 0 waits for an hour."""
        self.call("set_consent", ctypes.byref(cmg_consent_options(
            ctypes.sizeof(cmg_consent_options), mode, wait_ms, _ffi.optional(redirect_uri))))

    def set_old_secret(self, key_id: str) -> None:
        """Names a secret that a renewal removes besides those the library made."""
        self.call("set_old_secret", _ffi.encoded(key_id))

    def set_usage(self, *, traffic_metric: Optional[str] = None,
                  content_metric: Optional[str] = None,
                  storage_metric: Optional[str] = None) -> None:
        """Says which of Azure's metrics Operation.MEASURE_GATEWAY asks for; None: the
        usual one."""
        names = map(_ffi.optional, (traffic_metric, content_metric, storage_metric))
        self.call("set_usage", ctypes.byref(cmg_usage_options(
            ctypes.sizeof(cmg_usage_options), *names)))

    def set_replacement(self, old: Gateway, *, wait_ms: int = 0,
                        mode: ReplaceMode = ReplaceMode.WHEN_DUE) -> None:
        """Says which gateway Operation.REPLACE_GATEWAY replaces, and when that one goes:
        wait_ms after the new one has answered for the first time; 0: a day."""
        self.call("set_replacement", ctypes.byref(cmg_replacement(
            ctypes.sizeof(cmg_replacement), old.pointer, wait_ms, mode, 0)))

    @property
    def replacement_due(self) -> Optional[datetime]:
        """When the old gateway may go; None before the new one serves, and afterwards."""
        due = self.call("replacement_due_unix_s")
        return datetime.fromtimestamp(due, timezone.utc) if due else None

    @property
    def state(self) -> DeployState:
        """Where the deployment stands."""
        return DeployState(self.call("get_state"))

    @property
    def problems(self) -> list[Problem]:
        """What Operation.CHECK_GATEWAY or Operation.MEASURE_GATEWAY found."""
        found = cmg_problem(size=ctypes.sizeof(cmg_problem))
        problems = []
        for i in range(self.call("problem_count")):
            self.call("problem", i, ctypes.byref(found))
            texts = [getattr(found, name).decode() for name in (
                "step", "subject", "what", "cause", "remedy", "service_code")]
            problems.append(Problem(Severity(found.severity), bool(found.fixable), *texts))
        return problems

    def problems_json(self) -> str:
        """The same as a JSON document."""
        document = BYTES()
        self.call("export_problems", ctypes.byref(document))
        return _ffi.take_bytes(document).decode()

    def plan(self) -> "list[PlannedChange]":
        """What the deployment is going to do: from on_confirm on."""
        return [PlannedChange(**change) for change in json.loads(self.plan_json())["changes"]]

    def plan_json(self) -> str:
        """The same as a JSON document."""
        found = BYTES()
        self.call("export_plan", PlanFormat.JSON, ctypes.byref(found))
        return _ffi.take_bytes(found).decode()

    def start(self) -> None:
        """Starts; the work is done while the context is driven."""
        self._end = self._why = None
        self.call("start")

    def cancel(self) -> None:
        """Asks to stop; the state becomes PAUSED. Callbacks may call it."""
        self.call("cancel")

    def _ended(self, end: DeployState, why: Optional[CmgError]) -> None:
        self._end, self._why = end, why
        # What a callback raised comes out of the drive; it goes before the end it caused.
        if self._future is not None and self._guard.pending is None:
            _loop.settle(self._future)

    def _result(self) -> DeployState:
        if self._end in ENDS and self._why is None:
            return self._end
        if self._why is not None:
            raise self._why
        if self._end is DeployState.PAUSED:
            raise Canceled("the deployment was stopped on request; its journal can go on")
        raise WrongState(f"the deployment ended in {self._end}")

    def run(self) -> DeployState:
        """Starts and drives the context until the end; Ctrl-C comes through.

        on_turn is called several times a second, for a display that shows time passing.
        """
        self.start()
        self.context.run_until(self._is_over)
        return self._result()

    def _is_over(self) -> bool:
        if self.on_turn is not None:
            self.on_turn()
        return self._end is not None

    async def _awaited(self) -> DeployState:
        self.start()
        with _loop.driver(self.context) as future:
            self._future = future
            try:
                await future
            finally:
                self._future = None
        return self._result()

    def __await__(self) -> Generator[Any, None, DeployState]:
        return self._awaited().__await__()
