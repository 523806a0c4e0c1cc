"""The constants and structures of libcmg as Python sees them.

Every value and offset here is verified against the library's ABI description by
tests/test_declarations.py.
"""

from __future__ import annotations

from ctypes import (CFUNCTYPE, POINTER, Structure, c_char, c_char_p, c_int, c_int32, c_int64,
                    c_size_t, c_uint16, c_uint32, c_uint64, c_void_p)
from enum import IntEnum
from typing import Any

FOREVER = -1
CALLBACK_PASS = -2147483648


class Status(IntEnum):
    """What a call came to."""

    OK = 0
    E_INVAL = -1
    E_NOMEM = -2
    E_STATE = -3
    E_REENTRANT = -4
    E_CALLBACK = -5
    E_CANCELED = -6
    E_TIMEOUT = -7
    E_LIMIT = -8
    E_NOTFOUND = -9
    E_EXISTS = -10
    E_CONFLICT = -11
    E_AUTH = -12
    E_DENIED = -13
    E_PROTO = -14
    E_PARSE = -15
    E_TLS = -16
    E_CERT = -17
    E_IO = -18
    E_UNSUPPORTED = -19
    E_ABI = -20
    E_FORKED = -21
    E_INTERNAL = -22


class Retry(IntEnum):
    """Whether and when repeating makes sense."""

    NEVER = 0
    TRANSIENT = 1
    LATER = 2


class Origin(IntEnum):
    """Who found the fault."""

    LIBRARY = 0
    OS = 1
    HTTP = 2
    TLS = 3
    JSON = 4
    SERVICE = 5


class LogLevel(IntEnum):
    """How important a log record is."""

    NONE = 0
    ERROR = 1
    WARNING = 2
    INFO = 3
    DEBUG = 4


class Cloud(IntEnum):
    """Which Azure cloud is spoken to."""

    PUBLIC = 0
    US_GOVERNMENT = 1
    CHINA = 2


class Profile(IntEnum):
    """What a certificate is for."""

    WEB_SERVER = 1
    CLIENT = 2
    CONNECTOR = 3


class NameKind(IntEnum):
    """Kinds of alternative names."""

    DNS = 1
    IP = 2
    EMAIL = 3
    URI = 4
    UPN = 5
    DIRECTORY = 6
    REGISTERED_ID = 7
    OTHER = 8
    X400 = 9
    EDI = 10


class Pfx(IntEnum):
    """How a PFX is protected."""

    COMPAT = 1
    MODERN = 2


class PfxKind(IntEnum):
    """What an entry of a PFX is."""

    KEY = 1
    ENCRYPTED_KEY = 2
    CERTIFICATE = 3
    CRL = 4
    SECRET = 5
    SEALED = 6
    OTHER = 7


class PfxReader(IntEnum):
    """Who is to read a PFX."""

    WINDOWS_2016 = 1
    WINDOWS_2019 = 2
    KEY_VAULT = 3
    OPENSSL_3 = 4


class KeyKind(IntEnum):
    """The keys that can be made."""

    RSA_2048 = 1
    RSA_3072 = 2
    RSA_4096 = 3
    EC_P256 = 4
    EC_P384 = 5


class HashAlgorithm(IntEnum):
    """A hash."""

    SHA256 = 1
    SHA384 = 2
    SHA512 = 3


class Purpose(IntEnum):
    """What a certificate is wanted for."""

    SERVER = 1
    CLIENT = 2
    CONNECTOR = 3
    AUTHORITY = 4


class Revocation(IntEnum):
    """What revocation lists are worth."""

    SOFT = 0
    HARD = 1
    OFF = 2


class CheckFlags(IntEnum):
    """What else a check asks for; bits."""

    STRICT = 1
    PUBLIC = 2


class Severity(IntEnum):
    """How much a finding weighs."""

    NOTE = 1
    WARNING = 2
    REFUSAL = 3


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


class KeyUsage(IntEnum):
    """What a key may be used for; bits."""

    DIGITAL_SIGNATURE = 0x80
    NON_REPUDIATION = 0x40
    KEY_ENCIPHERMENT = 0x20
    DATA_ENCIPHERMENT = 0x10
    KEY_AGREEMENT = 0x08
    KEY_CERT_SIGN = 0x04
    CRL_SIGN = 0x02
    ENCIPHER_ONLY = 0x01
    DECIPHER_ONLY = 0x100


class UrlKind(IntEnum):
    """What a certificate lists addresses for."""

    CRL = 1
    DELTA_CRL = 2
    OCSP = 3
    ISSUER = 4


class RevocationReason(IntEnum):
    """Why a certificate was revoked."""

    UNSPECIFIED = 0
    KEY_COMPROMISE = 1
    CA_COMPROMISE = 2
    AFFILIATION_CHANGED = 3
    SUPERSEDED = 4
    CESSATION_OF_OPERATION = 5
    CERTIFICATE_HOLD = 6
    REMOVE_FROM_CRL = 8
    PRIVILEGE_WITHDRAWN = 9
    AA_COMPROMISE = 10


class Operation(IntEnum):
    """What to do with the gateway."""

    CREATE = 1
    DELETE = 2


class DeployState(IntEnum):
    """Where a deployment stands."""

    IDLE = 0
    PREFLIGHT = 1
    SIGN_IN = 2
    PLAN = 3
    CONFIRM = 4
    APPLY = 5
    VERIFY = 6
    READY = 7
    PAUSED = 8
    CANCELLING = 9
    ROLLING_BACK = 10
    FAILED = 11
    DELETED = 12


class EnrolmentState(IntEnum):
    """Where an enrolment stands."""

    IDLE = 0
    SUBMITTING = 1
    CHALLENGE = 2
    PENDING = 3
    ISSUED = 4
    DENIED = 5
    FAILED = 6
    CANCELED = 7


class SignIn(IntEnum):
    """How to sign in at an authority's server."""

    BASIC = 1
    NTLM = 2
    NEGOTIATE = 3


class ChallengeAction(IntEnum):
    """What the host is to do about a challenge."""

    PRESENT = 1
    REMOVE = 2


class StepState(IntEnum):
    """Where a step stands."""

    WAITING = 0
    RUNNING = 1
    DONE = 2
    FAILED = 3


class Listener(IntEnum):
    """Which of the service's two listeners."""

    CLIENT = 1
    CHANNEL = 2


class SandboxKind(IntEnum):
    """What can be counted in a sandbox."""

    APPLICATIONS = 1
    SERVICE_PRINCIPALS = 2
    GRANTS = 3
    RESOURCE_GROUPS = 4
    RESOURCES = 5
    DELETED = 6
    INSTANCES = 7
    SECRETS = 8
    REQUESTS = 9


class SandboxFault(IntEnum):
    """How a request is to fail."""

    STATUS = 1
    CUT = 2
    LOST_ANSWER = 3


# C's name of each enumeration, and what its enumerators begin with.
ENUMS: dict[str, tuple[type[IntEnum], str]] = {
    "cmg_status": (Status, "CMG_"),
    "cmg_retry": (Retry, "CMG_RETRY_"),
    "cmg_origin": (Origin, "CMG_ORIGIN_"),
    "cmg_log_level": (LogLevel, "CMG_LOG_"),
    "cmg_cloud": (Cloud, "CMG_CLOUD_"),
    "cmg_profile": (Profile, "CMG_PROFILE_"),
    "cmg_pfx": (Pfx, "CMG_PFX_"),
    "cmg_pfx_kind": (PfxKind, "CMG_PFX_KIND_"),
    "cmg_pfx_reader": (PfxReader, "CMG_PFX_READER_"),
    "cmg_name_kind": (NameKind, "CMG_NAME_"),
    "cmg_key_kind": (KeyKind, "CMG_KEY_"),
    "cmg_hash": (HashAlgorithm, "CMG_HASH_"),
    "cmg_purpose": (Purpose, "CMG_PURPOSE_"),
    "cmg_revocation": (Revocation, "CMG_REVOCATION_"),
    "cmg_check_flags": (CheckFlags, "CMG_CHECK_"),
    "cmg_severity": (Severity, "CMG_SEVERITY_"),
    "cmg_finding": (FindingCode, "CMG_FINDING_"),
    "cmg_key_usage": (KeyUsage, "CMG_KEY_USAGE_"),
    "cmg_url_kind": (UrlKind, "CMG_URL_"),
    "cmg_revocation_reason": (RevocationReason, "CMG_REASON_"),
    "cmg_deploy_operation": (Operation, "CMG_DEPLOY_"),
    "cmg_deploy_state": (DeployState, "CMG_DEPLOY_"),
    "cmg_step_state": (StepState, "CMG_STEP_"),
    "cmg_enrolment_state": (EnrolmentState, "CMG_ENROLMENT_"),
    "cmg_sign_in": (SignIn, "CMG_SIGN_IN_"),
    "cmg_challenge_action": (ChallengeAction, "CMG_CHALLENGE_"),
    "cmg_listener": (Listener, "CMG_LISTENER_"),
    "cmg_sandbox_kind": (SandboxKind, "CMG_SANDBOX_"),
    "cmg_sandbox_fault": (SandboxFault, "CMG_SANDBOX_FAULT_"),
}


def _opaque(name: str) -> Any:
    """A pointer type of its own for a handle: a wrong handle is then refused."""
    return POINTER(type(name, (Structure,), {}))


CONTEXT = _opaque("cmg_context")
ERROR = _opaque("cmg_error")
BYTES = _opaque("cmg_bytes")
CERTIFICATE = _opaque("cmg_certificate")
AUTHORITY = _opaque("cmg_authority")
KEY = _opaque("cmg_key")
TRUST = _opaque("cmg_trust")
TEMPLATE = _opaque("cmg_template")
CSR = _opaque("cmg_csr")
PFX_FILE = _opaque("cmg_pfx_file")
REPORT = _opaque("cmg_report")
CRL = _opaque("cmg_crl")
TENANT = _opaque("cmg_tenant")
SERVER_APP = _opaque("cmg_server_app")
CLIENT_APP = _opaque("cmg_client_app")
GATEWAY = _opaque("cmg_gateway")
DEPLOY = _opaque("cmg_deploy")
ENROLMENT = _opaque("cmg_enrolment")
SERVICE = _opaque("cmg_service")
CONNECTOR = _opaque("cmg_connector")
CLIENT = _opaque("cmg_client")
SANDBOX = _opaque("cmg_sandbox")


class cmg_allocator(Structure):
    """Memory functions; Python passes none."""

    _fields_ = [("size", c_size_t), ("user", c_void_p),
                ("alloc", CFUNCTYPE(c_void_p, c_size_t, c_void_p)),
                ("realloc", CFUNCTYPE(c_void_p, c_void_p, c_size_t, c_void_p)),
                ("free", CFUNCTYPE(None, c_void_p, c_void_p))]


class cmg_log_record(Structure):
    """One log record."""

    _fields_ = [("size", c_size_t), ("module", c_char_p), ("event", c_char_p),
                ("text", c_char_p), ("subject", c_char_p), ("unix_ms", c_int64),
                ("level", c_int32), ("reserved", c_uint32)]


class cmg_address(Structure):
    """Where a name and port are."""

    _fields_ = [("size", c_size_t), ("address", c_char * 46), ("port", c_uint16)]


class cmg_csr_request(Structure):
    _fields_ = [("size", c_size_t), ("common_name", c_char_p), ("organization", c_char_p),
                ("organizational_unit", c_char_p), ("locality", c_char_p),
                ("state", c_char_p), ("country", c_char_p),
                ("dns_names", POINTER(c_char_p)), ("ip_addresses", POINTER(c_char_p)),
                ("upns", POINTER(c_char_p)), ("uris", POINTER(c_char_p))]


class cmg_pfx_options(Structure):
    """How a PFX is made."""

    _fields_ = [("size", c_size_t), ("profile", c_int), ("iterations", c_uint32),
                ("friendly_name", c_char_p), ("include_root", c_uint32)]


class cmg_certificate_request(Structure):
    """What is to be issued."""

    _fields_ = [("size", c_size_t), ("profile", c_int), ("days", c_uint32),
                ("common_name", c_char_p), ("dns_names", POINTER(c_char_p)),
                ("ip_addresses", POINTER(c_char_p))]


class cmg_check_options(Structure):
    """The question to the judge of certificates."""

    _fields_ = [("size", c_size_t), ("purpose", c_int), ("revocation", c_int),
                ("name", c_char_p), ("at_unix_s", c_int64), ("crl_grace_s", c_int64),
                ("max_depth", c_uint32), ("flags", c_uint32)]


class cmg_crl_entry(Structure):
    """One entry of a revocation list."""

    _fields_ = [("size", c_size_t), ("serial_hex", c_char * 48), ("date_unix_s", c_int64),
                ("invalidity_unix_s", c_int64), ("reason", c_int)]


class cmg_step_progress(Structure):
    """Progress of one step."""

    _fields_ = [("size", c_size_t), ("name", c_char_p), ("title", c_char_p),
                ("message", c_char_p), ("elapsed_ms", c_int64), ("state", c_int32),
                ("percent", c_int32), ("done", c_uint32), ("total", c_uint32)]


class cmg_sign_in_prompt(Structure):
    """What a person must do to sign in."""

    _fields_ = [("size", c_size_t), ("verification_uri", c_char_p), ("user_code", c_char_p),
                ("message", c_char_p), ("expires_unix_s", c_int64)]


class cmg_challenge(Structure):
    """What an authority wants to see before it issues."""

    _fields_ = [("size", c_size_t), ("type", c_char_p), ("identifier", c_char_p),
                ("name", c_char_p), ("value", c_char_p), ("action", c_int32)]


class cmg_request_record(Structure):
    """One request that the service has answered."""

    _fields_ = [("size", c_size_t), ("method", c_char_p), ("role_id", c_char_p),
                ("endpoint", c_char_p), ("client", c_char_p), ("connector", c_char_p),
                ("bytes_in", c_uint64), ("bytes_out", c_uint64), ("elapsed_ms", c_int64),
                ("status", c_int32), ("reserved", c_uint32)]


class cmg_client_response(Structure):
    """What a client's request came to."""

    _fields_ = [("size", c_size_t), ("reason", c_char_p), ("content_type", c_char_p),
                ("via", c_char_p), ("body", c_void_p), ("body_size", c_size_t),
                ("elapsed_ms", c_int64), ("status", c_int32), ("reserved", c_uint32)]


LogFn = CFUNCTYPE(None, CONTEXT, POINTER(cmg_log_record), c_void_p)
ResolveFn = CFUNCTYPE(c_int, c_char_p, c_uint16, POINTER(cmg_address), c_void_p)
ClientDoneFn = CFUNCTYPE(None, CLIENT, POINTER(cmg_client_response), ERROR, c_void_p)
OnState = CFUNCTYPE(c_int, DEPLOY, c_int, ERROR, c_void_p)
OnStep = CFUNCTYPE(c_int, DEPLOY, POINTER(cmg_step_progress), c_void_p)
OnPrompt = CFUNCTYPE(c_int, DEPLOY, POINTER(cmg_sign_in_prompt), c_void_p)
OnConfirm = CFUNCTYPE(c_int, DEPLOY, c_char_p, c_void_p)
OnDone = CFUNCTYPE(c_int, DEPLOY, c_int, ERROR, c_void_p)
EnrolmentOnState = CFUNCTYPE(c_int, ENROLMENT, c_int, ERROR, c_void_p)
EnrolmentOnChallenge = CFUNCTYPE(c_int, ENROLMENT, POINTER(cmg_challenge), c_void_p)
JournalLoad = CFUNCTYPE(c_int64, c_void_p, c_size_t, c_void_p)
JournalSave = CFUNCTYPE(c_int, c_void_p, c_size_t, c_void_p)
JournalLock = CFUNCTYPE(c_int, c_void_p)
KeySign = CFUNCTYPE(c_int64, c_int, c_void_p, c_size_t, c_void_p, c_size_t, c_void_p)
KeyRelease = CFUNCTYPE(None, c_void_p)
SecretPut = CFUNCTYPE(c_int, c_char_p, c_void_p, c_size_t, c_void_p)
SecretGet = CFUNCTYPE(c_int64, c_char_p, c_void_p, c_size_t, c_void_p)
SecretRemove = CFUNCTYPE(c_int, c_char_p, c_void_p)
ServiceChannel = CFUNCTYPE(None, SERVICE, c_char_p, c_int, ERROR, c_void_p)
ServiceRequest = CFUNCTYPE(None, SERVICE, POINTER(cmg_request_record), c_void_p)
ServiceClosed = CFUNCTYPE(None, SERVICE, c_void_p)
ConnectorChannel = CFUNCTYPE(None, CONNECTOR, c_uint32, c_int, ERROR, c_void_p)
ConnectorClosed = CFUNCTYPE(None, CONNECTOR, c_void_p)


class cmg_deploy_events(Structure):
    """Callbacks of a deployment."""

    _fields_ = [("size", c_size_t), ("user", c_void_p), ("on_state", OnState),
                ("on_step", OnStep), ("on_prompt", OnPrompt), ("on_confirm", OnConfirm),
                ("on_done", OnDone)]


class cmg_acme_options(Structure):
    """What an ACME authority may want to know besides."""

    _fields_ = [("size", c_size_t), ("challenge", c_char_p), ("contact", c_char_p),
                ("eab_kid", c_char_p), ("eab_key", c_char_p), ("profile", c_char_p),
                ("replaces", CERTIFICATE), ("terms_agreed", c_int32)]


class cmg_enrolment_events(Structure):
    """Callbacks of an enrolment."""

    _fields_ = [("size", c_size_t), ("user", c_void_p), ("on_state", EnrolmentOnState),
                ("on_challenge", EnrolmentOnChallenge), ("on_closed", EnrolmentOnState)]


class cmg_journal_store(Structure):
    """Where the host keeps the journal."""

    _fields_ = [("size", c_size_t), ("user", c_void_p), ("load", JournalLoad),
                ("save", JournalSave), ("lock", JournalLock), ("unlock", JournalLock)]


class cmg_secret_store(Structure):
    """Where the host keeps secrets."""

    _fields_ = [("size", c_size_t), ("user", c_void_p), ("put", SecretPut),
                ("get", SecretGet), ("remove", SecretRemove)]


class cmg_key_holder(Structure):
    """The host's side of a key that it holds."""

    _fields_ = [("size", c_size_t), ("user", c_void_p), ("sign", KeySign),
                ("release", KeyRelease)]


class cmg_service_events(Structure):
    """Callbacks of a service."""

    _fields_ = [("size", c_size_t), ("user", c_void_p), ("on_channel", ServiceChannel),
                ("on_request", ServiceRequest), ("on_closed", ServiceClosed)]


class cmg_connector_events(Structure):
    """Callbacks of a connector."""

    _fields_ = [("size", c_size_t), ("user", c_void_p), ("on_channel", ConnectorChannel),
                ("on_closed", ConnectorClosed)]


class cmg_sandbox_settings(Structure):
    """How a sandbox is to run."""

    _fields_ = [("size", c_size_t), ("directory", c_char_p), ("service_program", c_char_p),
                ("tenant_id", c_char_p), ("domain", c_char_p), ("subscription_id", c_char_p),
                ("port", c_uint16), ("reserved", c_uint16), ("operation_ms", c_uint32)]


STRUCTURES: tuple[type[Structure], ...] = (
    cmg_allocator, cmg_log_record, cmg_address, cmg_certificate_request,
    cmg_csr_request, cmg_pfx_options, cmg_step_progress,
    cmg_sign_in_prompt, cmg_request_record, cmg_client_response, cmg_deploy_events,
    cmg_challenge, cmg_acme_options, cmg_enrolment_events,
    cmg_journal_store, cmg_secret_store, cmg_key_holder, cmg_service_events, cmg_connector_events,
    cmg_sandbox_settings)
