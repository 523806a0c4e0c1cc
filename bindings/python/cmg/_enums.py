"""The enumerations of libcmg as Python sees them.

Every value here is verified against the library's ABI description by
tests/test_declarations.py.
"""

from __future__ import annotations

from enum import IntEnum

from ._findings import FindingCode as FindingCode


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
    US_GOVERNMENT_DOD = 3
    CUSTOM = 4


class Endpoint(IntEnum):
    """Where requests go, and what tokens are asked for."""

    LOGIN = 0
    GRAPH = 1
    RESOURCE_MANAGER = 2
    VAULT = 3
    STORAGE = 4
    PUBLIC_IP = 5
    ISSUER = 6
    ISSUER_V1 = 7
    GRAPH_AUDIENCE = 8
    RESOURCE_MANAGER_AUDIENCE = 9
    VAULT_AUDIENCE = 10
    STORAGE_AUDIENCE = 11


class Profile(IntEnum):
    """What a certificate is for."""

    WEB_SERVER = 1
    CLIENT = 2
    CONNECTOR = 3


class IssuedState(IntEnum):
    """Where an issued certificate stands."""

    VALID = 0
    ON_HOLD = 1
    REVOKED = 2


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


class AssertionAlgorithm(IntEnum):
    """How an application proves that it has its certificate."""

    PS256 = 1
    RS256 = 2


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


class AppPart(IntEnum):
    """Which object of an application or a gateway a difference is about."""

    APPLICATION = 1
    PRINCIPAL = 2
    CONSENT = 3
    RESOURCE = 4
    CERTIFICATE = 5
    INSTANCE = 6


class Correctable(IntEnum):
    """Whether correcting the applications mends a difference."""

    NO = 0
    YES = 1
    ON_REQUEST = 2


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


class NameDomain(IntEnum):
    """Whose domain a service name is in."""

    OWN = 1
    PRIVATE = 2
    AZURE = 3


class WatchSubject(IntEnum):
    """What a watch looks at."""

    SECRET = 1
    APPLICATION = 2
    CERTIFICATE = 3


class ExpiryLevel(IntEnum):
    """How near the end of a certificate is."""

    FAR = 1
    DAYS_90 = 2
    DAYS_60 = 3
    DAYS_30 = 4
    DAYS_14 = 5
    DAYS_7 = 6
    DAY_1 = 7
    EXPIRED = 8


class UploadKind(IntEnum):
    """How an authority is marked when it is uploaded."""

    ROOT = 1
    INTERMEDIATE = 2


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
    """What to do with the gateway, or with the tenant and its applications."""

    CREATE = 1
    DELETE = 2
    FIND_TENANT = 3
    REGISTER_APPS = 4
    VERIFY_APPS = 5
    CORRECT_APPS = 6
    DELETE_APPS = 7
    RESTORE_APPS = 8
    PURGE_APPS = 9
    IMPORT_APPS = 10
    DISCOVER = 12
    RENEW_SECRET = 11
    STOP_GATEWAY = 20
    START_GATEWAY = 21
    SCALE_GATEWAY = 22
    MODIFY_GATEWAY = 23
    ROTATE_CERTIFICATE = 25
    SYNCHRONISE_GATEWAY = 24
    UPGRADE_GATEWAY = 26
    REDEPLOY_GATEWAY = 27
    REPLACE_GATEWAY = 28
    CHECK_GATEWAY = 29
    PLAN_GATEWAY = 30
    VERIFY_GATEWAY = 31
    CORRECT_GATEWAY = 32
    INVENTORY_GATEWAY = 33
    INSPECT_GATEWAY = 34
    MEASURE_GATEWAY = 35


class DiscoveryKind(IntEnum):
    """What is discovered; bits."""

    USERS = 1
    GROUPS = 2


class PlanFormat(IntEnum):
    """How a plan is written."""

    TEXT = 1
    JSON = 2


class Alert(IntEnum):
    """Which alert."""

    TRAFFIC = 0
    STORAGE = 1


class UsageLevel(IntEnum):
    """How near an amount is to its limit."""

    UNKNOWN = 0
    NONE = 1
    WARNING = 2
    CRITICAL = 3


class GatewayState(IntEnum):
    """What a gateway is doing, as an operation last saw it."""

    UNKNOWN = 0
    ABSENT = 1
    PROVISIONING = 2
    READY = 3
    STARTING = 4
    STOPPING = 5
    STOPPED = 6
    DEGRADED = 7
    ERROR = 8
    DELETING = 9


class ConsentMode(IntEnum):
    """How admin consent is got."""

    GRANT = 1
    ASK = 2


class ReplaceMode(IntEnum):
    """When the old gateway of a replacement is removed."""

    WHEN_DUE = 1
    WAIT = 2
    NOW = 3


class InventoryKind(IntEnum):
    """How a resource stands to the gateway."""

    PRESENT = 1
    MISSING = 2
    ORPHAN = 3
    FOREIGN = 4
    DELETED = 5
    CLASSIC = 6


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


class ManagedIdentity(IntEnum):
    """Which managed identity of a machine signs in."""

    SYSTEM = 1
    CLIENT_ID = 2
    OBJECT_ID = 3
    RESOURCE_ID = 4


class PromptKind(IntEnum):
    """How a person is to sign in."""

    DEVICE_CODE = 1
    BROWSER = 2


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
    """Which of the service's listeners."""

    CLIENT = 1
    CHANNEL = 2
    CHANNEL_HTTPS = 3


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
    CHALLENGE = 4
    HALF_ANSWER = 5
    ELSEWHERE = 6
    OPERATION_FAILS = 10
    OPERATION_EXPIRES = 11
    OPERATION_STUCK = 12
    OPERATION_CANCELED = 13


class SandboxSignIn(IntEnum):
    """When a person's sign-in is approved."""

    AT_ONCE = 1
    BY_CALL = 2


# C's name of each enumeration, and what its enumerators begin with.
ENUMS: dict[str, tuple[type[IntEnum], str]] = {
    "cmg_status": (Status, "CMG_"),
    "cmg_retry": (Retry, "CMG_RETRY_"),
    "cmg_origin": (Origin, "CMG_ORIGIN_"),
    "cmg_log_level": (LogLevel, "CMG_LOG_"),
    "cmg_cloud": (Cloud, "CMG_CLOUD_"),
    "cmg_endpoint": (Endpoint, "CMG_ENDPOINT_"),
    "cmg_profile": (Profile, "CMG_PROFILE_"),
    "cmg_pfx": (Pfx, "CMG_PFX_"),
    "cmg_pfx_kind": (PfxKind, "CMG_PFX_KIND_"),
    "cmg_pfx_reader": (PfxReader, "CMG_PFX_READER_"),
    "cmg_issued_state": (IssuedState, "CMG_ISSUED_"),
    "cmg_name_kind": (NameKind, "CMG_NAME_"),
    "cmg_key_kind": (KeyKind, "CMG_KEY_"),
    "cmg_hash": (HashAlgorithm, "CMG_HASH_"),
    "cmg_assertion_algorithm": (AssertionAlgorithm, "CMG_ASSERTION_"),
    "cmg_purpose": (Purpose, "CMG_PURPOSE_"),
    "cmg_revocation": (Revocation, "CMG_REVOCATION_"),
    "cmg_check_flags": (CheckFlags, "CMG_CHECK_"),
    "cmg_severity": (Severity, "CMG_SEVERITY_"),
    "cmg_app_part": (AppPart, "CMG_APP_"),
    "cmg_correctable": (Correctable, "CMG_CORRECTABLE_"),
    "cmg_finding": (FindingCode, "CMG_FINDING_"),
    "cmg_key_usage": (KeyUsage, "CMG_KEY_USAGE_"),
    "cmg_name_domain": (NameDomain, "CMG_NAME_DOMAIN_"),
    "cmg_expiry_level": (ExpiryLevel, "CMG_EXPIRY_"),
    "cmg_watch_subject": (WatchSubject, "CMG_WATCH_"),
    "cmg_upload_kind": (UploadKind, "CMG_UPLOAD_"),
    "cmg_url_kind": (UrlKind, "CMG_URL_"),
    "cmg_revocation_reason": (RevocationReason, "CMG_REASON_"),
    "cmg_deploy_operation": (Operation, "CMG_DEPLOY_"),
    "cmg_discovery_kind": (DiscoveryKind, "CMG_DISCOVER_"),
    "cmg_consent_mode": (ConsentMode, "CMG_CONSENT_"),
    "cmg_replace_mode": (ReplaceMode, "CMG_REPLACE_"),
    "cmg_plan_format": (PlanFormat, "CMG_PLAN_"),
    "cmg_inventory_kind": (InventoryKind, "CMG_INVENTORY_"),
    "cmg_alert": (Alert, "CMG_ALERT_"),
    "cmg_usage_level": (UsageLevel, "CMG_USAGE_"),
    "cmg_gateway_state": (GatewayState, "CMG_GATEWAY_"),
    "cmg_deploy_state": (DeployState, "CMG_DEPLOY_"),
    "cmg_step_state": (StepState, "CMG_STEP_"),
    "cmg_enrolment_state": (EnrolmentState, "CMG_ENROLMENT_"),
    "cmg_sign_in": (SignIn, "CMG_SIGN_IN_"),
    "cmg_prompt_kind": (PromptKind, "CMG_PROMPT_"),
    "cmg_managed_identity": (ManagedIdentity, "CMG_IDENTITY_"),
    "cmg_challenge_action": (ChallengeAction, "CMG_CHALLENGE_"),
    "cmg_listener": (Listener, "CMG_LISTENER_"),
    "cmg_sandbox_kind": (SandboxKind, "CMG_SANDBOX_"),
    "cmg_sandbox_sign_in": (SandboxSignIn, "CMG_SANDBOX_SIGN_IN_"),
    "cmg_sandbox_fault": (SandboxFault, "CMG_SANDBOX_FAULT_"),
}
