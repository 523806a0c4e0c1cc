"""How a function of the library is declared: its result, its arguments, who checks it."""

from __future__ import annotations

from ctypes import POINTER, c_char_p, c_int, c_void_p
from enum import Enum
from typing import Any

from ._types import (AUTHORITY, BYTES, CERTIFICATE, CLIENT, CONNECTOR, CONTEXT, CRL, CSR,
                     DEPLOY, ENROLMENT, ERROR, GATEWAY, IMPORT, KEY, NAMES, PFX_FILE,
                     REPORT, SANDBOX, SERVICE, TEMPLATE, TRUST, UPLOAD, WATCH)


class Check(Enum):
    """What is done with a function's result."""

    PLAIN = 0
    COPIED = 1  # borrowed text: copied at once
    FALLIBLE = 2  # a status, with the error as last argument: raised


Declaration = tuple[Any, tuple[Any, ...], Check]

STATUS = ENUM = c_int
TEXT = c_char_p
DATA = c_void_p


def plain(result: Any, *arguments: Any) -> Declaration:
    """A function that cannot fail."""
    return result, arguments, Check.PLAIN


def copied(*arguments: Any) -> Declaration:
    """A function that returns borrowed text."""
    return TEXT, arguments, Check.COPIED


def fallible(*arguments: Any) -> Declaration:
    """A function that returns a status and fills in an error."""
    return STATUS, (*arguments, OUT_ERROR), Check.FALLIBLE


OUT_ERROR = POINTER(ERROR)
OUT_CONTEXT = POINTER(CONTEXT)
OUT_BYTES = POINTER(BYTES)
OUT_CERTIFICATE = POINTER(CERTIFICATE)
OUT_AUTHORITY = POINTER(AUTHORITY)
OUT_PFX_FILE = POINTER(PFX_FILE)
OUT_CSR = POINTER(CSR)
OUT_TEMPLATE = POINTER(TEMPLATE)
OUT_TRUST = POINTER(TRUST)
OUT_REPORT = POINTER(REPORT)
OUT_NAMES = POINTER(NAMES)
OUT_UPLOAD = POINTER(UPLOAD)
OUT_CRL = POINTER(CRL)
OUT_KEY = POINTER(KEY)
OUT_GATEWAY = POINTER(GATEWAY)
OUT_IMPORT = POINTER(IMPORT)
OUT_DEPLOY = POINTER(DEPLOY)
OUT_ENROLMENT = POINTER(ENROLMENT)
OUT_SERVICE = POINTER(SERVICE)
OUT_WATCH = POINTER(WATCH)
OUT_CONNECTOR = POINTER(CONNECTOR)
OUT_CLIENT = POINTER(CLIENT)
OUT_SANDBOX = POINTER(SANDBOX)
