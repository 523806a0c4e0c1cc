"""Failures as exceptions: one class per status, made from the C error, then released."""

from __future__ import annotations

from typing import Any, Optional

from . import _ffi
from ._types import Origin, Retry, Status


class CmgError(Exception):
    """What went wrong, why, and what to do about it."""

    code: Status = Status.E_INTERNAL

    def __init__(self, message: str, *, cause: str = "", remedy: str = "", subject: str = "",
                 service_code: str = "", origin: Origin = Origin.LIBRARY,
                 origin_number: int = 0, retry: Retry = Retry.NEVER,
                 retry_after: float = 0.0, code: Optional[Status] = None) -> None:
        super().__init__(message)
        self.message = message
        self.cause = cause
        self.remedy = remedy
        self.subject = subject
        self.service_code = service_code
        self.origin = origin
        self.origin_number = origin_number
        self.retry = retry
        self.retry_after = retry_after
        if code is not None:
            self.code = code

    @property
    def is_retryable(self) -> bool:
        """Whether repeating can make sense."""
        return self.retry is not Retry.NEVER

    def __str__(self) -> str:
        """Message, cause and remedy, one a line."""
        lines = [self.message or self.code.name]
        lines += [f"  cause:  {self.cause}"] if self.cause else []
        lines += [f"  remedy: {self.remedy}"] if self.remedy else []
        return "\n".join(lines)


class InvalidArgument(CmgError, ValueError):
    """An argument or a field is not allowed; the message names it."""

    code = Status.E_INVAL


class OutOfMemory(CmgError, MemoryError):
    """Memory ran out; nothing was changed."""

    code = Status.E_NOMEM


class WrongState(CmgError):
    """The object is in a state that does not permit the call."""

    code = Status.E_STATE


class Reentrant(CmgError):
    """Called from inside a callback where that is not permitted."""

    code = Status.E_REENTRANT


class CallbackFailed(CmgError):
    """A callback returned non-zero."""

    code = Status.E_CALLBACK


class Canceled(CmgError):
    """The host asked to stop."""

    code = Status.E_CANCELED


class TimedOut(CmgError, TimeoutError):
    """A time limit ran out."""

    code = Status.E_TIMEOUT


class LimitReached(CmgError):
    """A size or count limit was reached."""

    code = Status.E_LIMIT


class NotFound(CmgError, LookupError):
    """What was asked for does not exist."""

    code = Status.E_NOTFOUND


class AlreadyExists(CmgError):
    """It exists already and belongs to someone else."""

    code = Status.E_EXISTS


class Conflict(CmgError):
    """Another operation or owner is in the way."""

    code = Status.E_CONFLICT


class AuthenticationFailed(CmgError):
    """Sign-in or credentials were refused."""

    code = Status.E_AUTH


class Denied(CmgError, PermissionError):
    """Signed in, but a right is missing."""

    code = Status.E_DENIED


class ProtocolError(CmgError):
    """A peer broke its protocol."""

    code = Status.E_PROTO


class ParseError(CmgError, ValueError):
    """A document is not well formed."""

    code = Status.E_PARSE


class TlsError(CmgError):
    """The TLS layer failed."""

    code = Status.E_TLS


class CertificateError(CmgError):
    """A certificate or key was refused."""

    code = Status.E_CERT


class InputOutputError(CmgError):
    """File, disk or network failed."""

    code = Status.E_IO


class Unsupported(CmgError):
    """This build or peer cannot do it."""

    code = Status.E_UNSUPPORTED


class AbiMismatch(CmgError):
    """A structure has a size that the library does not know."""

    code = Status.E_ABI


class Forked(CmgError):
    """The handle was made in another process."""

    code = Status.E_FORKED


class InternalError(CmgError):
    """A fault of the library itself."""

    code = Status.E_INTERNAL


BY_STATUS: dict[int, type[CmgError]] = {
    kind.code.value: kind for kind in (
        InvalidArgument, OutOfMemory, WrongState, Reentrant, CallbackFailed, Canceled,
        TimedOut, LimitReached, NotFound, AlreadyExists, Conflict, AuthenticationFailed,
        Denied, ProtocolError, ParseError, TlsError, CertificateError, InputOutputError,
        Unsupported, AbiMismatch, Forked, InternalError)}


def from_error(status: int, error: Any) -> CmgError:
    """An exception made from a borrowed C error, which may be NULL."""
    kind = BY_STATUS.get(status, CmgError)
    if not error:
        return kind(_ffi.call("cmg_status_name", status))
    number = int(_ffi.call("cmg_error_origin_number", error))
    return kind(
        _ffi.call("cmg_error_message", error), cause=_ffi.call("cmg_error_cause", error),
        remedy=_ffi.call("cmg_error_remedy", error),
        subject=_ffi.call("cmg_error_subject", error),
        service_code=_ffi.call("cmg_error_service_code", error),
        origin=Origin(_ffi.call("cmg_error_origin", error)), origin_number=number,
        retry=Retry(_ffi.call("cmg_error_retry", error)),
        retry_after=_ffi.call("cmg_error_retry_after_ms", error) / 1000)


def borrowed(error: Any) -> Optional[CmgError]:
    """What a callback received: None for NULL."""
    return from_error(_ffi.call("cmg_error_code", error), error) if error else None


def take_error(status: int, error: Any) -> CmgError:
    """An exception made from a C error that is given back."""
    try:
        return from_error(status, error)
    finally:
        _ffi.call("cmg_error_unref", error)
