"""What a check of a certificate can find, as cmg/check.h numbers it."""

from __future__ import annotations

from enum import IntEnum


class FindingCode(IntEnum):
    """What was found."""

    NO_ISSUER = 1
    UNTRUSTED = 2
    TOO_DEEP = 3
    TOO_MUCH_WORK = 4
    SIGNATURE = 5
    VERSION = 10
    SERIAL = 11
    UNKNOWN_EXTENSION = 12
    EXTENSION = 13
    EMPTY_NAME = 14
    ALTERNATIVE_NAMES = 15
    PROFILE = 17
    NOT_YET_VALID = 20
    EXPIRED = 21
    EXPIRES_SOON = 22
    WEAK_KEY = 30
    WEAK_SIGNATURE = 31
    IS_AUTHORITY = 40
    NOT_AUTHORITY = 41
    KEY_USAGE = 42
    EXTENDED_KEY_USAGE = 43
    PATH_LENGTH = 44
    NAME_CONSTRAINTS = 45
    POLICY = 46
    WRONG_NAME = 50
    NAME_IN_CN_ONLY = 51
    NO_ALTERNATIVE_NAME = 52
    REVOKED = 60
    ON_HOLD = 61
    REVOCATION_UNKNOWN = 62
    CRL_EXPIRED = 63
    CRL_NOT_USABLE = 64
    REVOCATION_UNASKED = 65
    NO_KEY = 70
    KEY_NOT_EXPORTABLE = 71
    KEY_KIND = 72
    NAME_NOT_IN_CN = 73
    NAME_NOT_USABLE = 74
    NAME_NOT_PUBLIC = 75
    CRL_UNREACHABLE = 76
    COMMON_NAME_CHANGED = 80
    SUBJECT_CHANGED = 81
    NAME_LOST = 82
    KEY_REUSED = 83
    ISSUER_CHANGED = 84
    NOT_LONGER = 85
