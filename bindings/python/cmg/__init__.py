"""libcmg for Python: a cloud management gateway deployed, relayed and tried out.

    with cmg.Context() as ctx, cmg.Gateway.from_file(ctx, "contoso.json") as gateway:
        deploy = gateway.deploy(cmg.Operation.CREATE, journal="contoso.journal")
        deploy.on_state = lambda state, why: print(state.name, why or "")
        deploy.run()                      # or: await deploy

Everything a context owns belongs to one thread at a time; wakeup() excepted. Handles are
context managers, and failures are exceptions with a cause and a remedy.
"""

from ._apps import Difference
from ._check import Finding, Report, Trust
from ._crl import Crl, CrlEntry
from ._deploy import PlannedChange, Problem
from ._deploy import ConsentRequest, Deploy, FencedJournalStore, JournalStore, SecretStore, SignInPrompt, StepProgress
from ._discover import DirectoryGroup, DirectoryMember, DirectoryUser, Discovery
from ._enrol import (Challenge, Enrolment, certreq_inf, certreq_retrieve_command,
                     certreq_submit_command)
from ._errors import (
    AbiMismatch,
    AlreadyExists,
    AuthenticationFailed,
    CallbackFailed,
    Canceled,
    CertificateError,
    CmgError,
    Conflict,
    Denied,
    Forked,
    InputOutputError,
    InternalError,
    InvalidArgument,
    LimitReached,
    NotFound,
    OutOfMemory,
    ParseError,
    ProtocolError,
    Reentrant,
    TimedOut,
    TlsError,
    Unsupported,
    WrongState,
)
from ._expiry import Notice, Watch
from ._ffi import call as _call
from ._ffi import encoded as _encoded
from ._ffi import verify_version as _verify_version
from ._ffi import version
from ._gateway import AlertSettings, Gateway, GatewaySettings, GatewayStatus, InventoryItem
from ._handles import ClosedError, Context, LogRecord
from ._import import Import
from ._inspect import AlternativeName, inspect
from ._key import Key
from ._model import Authority, Certificate, Issued
from ._names import Expiry, Names, Upload, check_gateway, check_renewal, expiry
from ._pfx import PfxEntry, PfxFile
from ._relay import Client, Connector, RequestRecord, Response, Service
from ._request import Csr, Template
from ._rights import Right, rights_of
from ._sandbox import Sandbox
from ._tenant import ClientApp, ServerApp, ServerAppExpiry, Tenant
from ._types import (
    Alert,
    AppPart,
    AssertionAlgorithm,
    ChallengeAction,
    CheckFlags,
    Cloud,
    ConsentMode,
    Correctable,
    DeployState,
    DiscoveryKind,
    Endpoint,
    EnrolmentState,
    ExpiryLevel,
    FOREVER,
    FindingCode,
    GatewayState,
    InventoryKind,
    HashAlgorithm,
    IssuedState,
    KeyKind,
    KeyUsage,
    Listener,
    LogLevel,
    ManagedIdentity,
    NameDomain,
    NameKind,
    Operation,
    Origin,
    Pfx,
    PfxKind,
    PfxReader,
    PlanFormat,
    Profile,
    PromptKind,
    Purpose,
    Retry,
    Revocation,
    RevocationReason,
    SandboxFault,
    SandboxKind,
    SandboxSignIn,
    Severity,
    SignIn,
    Status,
    StepState,
    UploadKind,
    UrlKind,
    WatchSubject,
)

_verify_version()


def has_feature(feature: str) -> bool:
    """Whether the loaded library was built with a feature, for example "relay"."""
    return bool(_call("cmg_has_feature", _encoded(feature)))


__all__ = [
    "AbiMismatch",
    "Alert",
    "AlertSettings",
    "AlreadyExists",
    "AlternativeName",
    "AppPart",
    "AssertionAlgorithm",
    "AuthenticationFailed",
    "Authority",
    "CallbackFailed",
    "Canceled",
    "Certificate",
    "CertificateError",
    "Challenge",
    "ChallengeAction",
    "CheckFlags",
    "Client",
    "ClientApp",
    "ClosedError",
    "Cloud",
    "CmgError",
    "Conflict",
    "Connector",
    "ConsentMode",
    "ConsentRequest",
    "Context",
    "Correctable",
    "Crl",
    "CrlEntry",
    "Csr",
    "Denied",
    "Deploy",
    "DeployState",
    "Difference",
    "DirectoryGroup",
    "DirectoryMember",
    "DirectoryUser",
    "Discovery",
    "DiscoveryKind",
    "Endpoint",
    "Enrolment",
    "EnrolmentState",
    "Expiry",
    "ExpiryLevel",
    "FOREVER",
    "Finding",
    "FindingCode",
    "Forked",
    "Gateway",
    "GatewaySettings",
    "GatewayState",
    "GatewayStatus",
    "HashAlgorithm",
    "Import",
    "InputOutputError",
    "InternalError",
    "InvalidArgument",
    "InventoryItem",
    "InventoryKind",
    "Issued",
    "IssuedState",
    "FencedJournalStore",
    "JournalStore",
    "Key",
    "KeyKind",
    "KeyUsage",
    "LimitReached",
    "Listener",
    "LogLevel",
    "LogRecord",
    "ManagedIdentity",
    "NameDomain",
    "NameKind",
    "Names",
    "NotFound",
    "Notice",
    "Operation",
    "Origin",
    "OutOfMemory",
    "ParseError",
    "Pfx",
    "PfxEntry",
    "PfxFile",
    "PfxKind",
    "PfxReader",
    "PlanFormat",
    "PlannedChange",
    "Problem",
    "Profile",
    "PromptKind",
    "ProtocolError",
    "Purpose",
    "Reentrant",
    "Report",
    "RequestRecord",
    "Response",
    "Retry",
    "Revocation",
    "RevocationReason",
    "Right",
    "Sandbox",
    "SandboxFault",
    "SandboxKind",
    "SandboxSignIn",
    "SecretStore",
    "ServerApp",
    "ServerAppExpiry",
    "Service",
    "Severity",
    "SignIn",
    "SignInPrompt",
    "Status",
    "StepProgress",
    "StepState",
    "Template",
    "Tenant",
    "TimedOut",
    "TlsError",
    "Trust",
    "Unsupported",
    "Upload",
    "UploadKind",
    "UrlKind",
    "Watch",
    "WatchSubject",
    "WrongState",
    "certreq_inf",
    "certreq_retrieve_command",
    "certreq_submit_command",
    "check_gateway",
    "check_renewal",
    "expiry",
    "has_feature",
    "inspect",
    "rights_of",
    "version",
]
