"""The handles, callbacks and structures of libcmg as Python sees them, and its enumerations.

Every value and offset here is verified against the library's ABI description by
tests/test_declarations.py.
"""

from __future__ import annotations

from ctypes import (CFUNCTYPE, POINTER, Structure, c_bool, c_char, c_char_p, c_int, c_int32, c_int64,
                    c_size_t, c_uint16, c_uint32, c_uint64, c_void_p)
from typing import Any

from ._enums import *  # everybody reads both kinds from here

FOREVER = -1
CALLBACK_PASS = -2147483648


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
NAMES = _opaque("cmg_names")
UPLOAD = _opaque("cmg_upload")
TENANT = _opaque("cmg_tenant")
SERVER_APP = _opaque("cmg_server_app")
CLIENT_APP = _opaque("cmg_client_app")
GATEWAY = _opaque("cmg_gateway")
DEPLOY = _opaque("cmg_deploy")
IMPORT = _opaque("cmg_import")
ENROLMENT = _opaque("cmg_enrolment")
SERVICE = _opaque("cmg_service")
CONNECTOR = _opaque("cmg_connector")
WATCH = _opaque("cmg_watch")
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


class cmg_authority_options(Structure):
    _fields_ = [("size", c_size_t), ("directory", c_char_p), ("common_name", c_char_p),
                ("organization", c_char_p), ("tmpl", TEMPLATE), ("key", KEY),
                ("parent", AUTHORITY), ("certificate", CERTIFICATE), ("days", c_uint32),
                ("reserved", c_uint32)]


class cmg_issued(Structure):
    _fields_ = [("size", c_size_t), ("serial_hex", c_char * 48), ("sha256_hex", c_char * 72),
                ("subject", c_char_p), ("template_name", c_char_p),
                ("not_before_unix_s", c_int64), ("not_after_unix_s", c_int64),
                ("revoked_unix_s", c_int64), ("state", c_int), ("reason", c_int)]


class cmg_difference(Structure):
    _fields_ = [("size", c_size_t), ("part", c_int), ("severity", c_int),
                ("correctable", c_int), ("path", c_char_p), ("found", c_char_p),
                ("should_be", c_char_p), ("fix", c_char_p)]


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


class cmg_names_options(Structure):
    """What the names of a gateway are derived with."""

    _fields_ = [("size", c_size_t), ("region", c_char_p), ("service_name", c_char_p),
                ("prefix", c_char_p)]


class cmg_gateway_check_options(Structure):
    """How the gateway's rules are asked."""

    _fields_ = [("size", c_size_t), ("service_name", c_char_p), ("trust", TRUST),
                ("at_unix_s", c_int64)]


class cmg_expiry(Structure):
    """The end of a certificate, as seen from a moment."""

    _fields_ = [("size", c_size_t), ("level", c_int), ("days_left", c_int64),
                ("next_change_unix_s", c_int64), ("renew_unix_s", c_int64)]


class cmg_gateway_settings(Structure):
    """The settings of a gateway, as they are wanted."""

    _fields_ = [("size", c_size_t), ("cloud", c_char_p), ("description", c_char_p),
                ("vm_size", c_char_p), ("adopt_group", c_int32),
                ("verify_revocation", c_int32), ("enforce_tls12", c_int32),
                ("serve_content", c_int32), ("client_authorities", c_uint32),
                ("tags", c_uint32)]


class cmg_alert_settings(Structure):
    """When somebody is told of an amount."""

    _fields_ = [("size", c_size_t), ("enabled", c_int32), ("stop_service", c_int32),
                ("gigabytes", c_uint32), ("warning_percent", c_uint32),
                ("critical_percent", c_uint32)]


class cmg_usage(Structure):
    """What was measured, beside what is allowed."""

    _fields_ = [("size", c_size_t), ("measured_unix_s", c_int64), ("from_unix_s", c_int64),
                ("bytes", c_int64), ("limit_bytes", c_int64), ("level", c_int32),
                ("enabled", c_int32), ("percent", c_uint32), ("warning_percent", c_uint32),
                ("critical_percent", c_uint32), ("values", c_uint32)]


class cmg_usage_options(Structure):
    """Which metrics are asked for."""

    _fields_ = [("size", c_size_t), ("traffic_metric", c_char_p),
                ("content_metric", c_char_p), ("storage_metric", c_char_p)]


class cmg_gateway_status(Structure):
    """What was last seen of a gateway."""

    _fields_ = [("size", c_size_t), ("looked_unix_s", c_int64), ("vm_size", c_char_p),
                ("state", c_int), ("instances", c_uint32), ("running", c_uint32),
                ("stopped", c_uint32), ("healthy", c_uint32), ("outdated", c_uint32)]


class cmg_problem(Structure):
    """Something that a preflight found."""

    _fields_ = [("size", c_size_t), ("severity", c_int), ("fixable", c_uint32),
                ("step", c_char_p), ("subject", c_char_p), ("what", c_char_p),
                ("cause", c_char_p), ("remedy", c_char_p), ("service_code", c_char_p)]


class cmg_right(Structure):
    """One right that a step of an operation needs."""

    _fields_ = [("size", c_size_t), ("step", c_char_p), ("what", c_char_p),
                ("app_permission", c_char_p), ("app_permission_id", c_char_p),
                ("delegated_scope", c_char_p), ("directory_roles", c_char_p),
                ("action", c_char_p)]


class cmg_inventory_item(Structure):
    """One resource of an inventory."""

    _fields_ = [("size", c_size_t), ("kind", c_int), ("reserved", c_uint32),
                ("type", c_char_p), ("name", c_char_p), ("id", c_char_p)]


class cmg_server_app_expiry(Structure):
    """The end of a server app's secret, and of the app's use."""

    _fields_ = [("size", c_size_t), ("level", c_int), ("must_replace", c_int32),
                ("secret_expires_unix_s", c_int64), ("days_left", c_int64),
                ("next_change_unix_s", c_int64), ("created_unix_s", c_int64),
                ("age_days", c_int64), ("replace_unix_s", c_int64)]


class cmg_crl_entry(Structure):
    """One entry of a revocation list."""

    _fields_ = [("size", c_size_t), ("serial_hex", c_char * 48), ("date_unix_s", c_int64),
                ("invalidity_unix_s", c_int64), ("reason", c_int)]


class cmg_step_progress(Structure):
    """Progress of one step."""

    _fields_ = [("size", c_size_t), ("name", c_char_p), ("title", c_char_p),
                ("message", c_char_p), ("elapsed_ms", c_int64), ("state", c_int32),
                ("percent", c_int32), ("done", c_uint32), ("total", c_uint32),
                ("usual_ms", c_int64), ("remaining_ms", c_int64),
                ("whole_percent", c_int32), ("reserved", c_uint32)]


class cmg_sign_in_prompt(Structure):
    """What a person must do to sign in."""

    _fields_ = [("size", c_size_t), ("verification_uri", c_char_p), ("user_code", c_char_p),
                ("message", c_char_p), ("expires_unix_s", c_int64), ("kind", c_int32),
                ("reserved", c_int32), ("browser_url", c_char_p)]


class cmg_certreq(Structure):
    """A key and a request that a Windows machine is to make."""

    _fields_ = [("size", c_size_t), ("subject", c_char_p), ("template_name", c_char_p),
                ("friendly_name", c_char_p), ("provider", c_char_p),
                ("dns_names", POINTER(c_char_p)), ("ip_addresses", POINTER(c_char_p)),
                ("eku", POINTER(c_char_p)), ("key_bits", c_uint32),
                ("not_exportable", c_uint32), ("user_key_set", c_uint32),
                ("reserved", c_uint32)]


class cmg_challenge(Structure):
    """What an authority wants to see before it issues."""

    _fields_ = [("size", c_size_t), ("type", c_char_p), ("identifier", c_char_p),
                ("name", c_char_p), ("value", c_char_p), ("action", c_int32)]


class cmg_consent_request(Structure):
    """What an administrator must consent to."""

    _fields_ = [("size", c_size_t), ("application", c_char_p), ("client_id", c_char_p),
                ("permission", c_char_p), ("url", c_char_p), ("state", c_char_p),
                ("expires_unix_s", c_int64)]


class cmg_consent_options(Structure):
    """How admin consent is got, and for how long."""

    _fields_ = [("size", c_size_t), ("mode", c_int), ("wait_ms", c_int64),
                ("redirect_uri", c_char_p)]


class cmg_replacement(Structure):
    """Which gateway is replaced, and when it goes."""

    _fields_ = [("size", c_size_t), ("old_gateway", GATEWAY), ("wait_ms", c_int64),
                ("mode", c_int), ("reserved", c_uint32)]


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


class cmg_watch_notice(Structure):
    """A threshold that was reached."""

    _fields_ = [("size", c_size_t), ("subject", c_int), ("level", c_int),
                ("end_unix_s", c_int64), ("days_left", c_int64)]


LogFn = CFUNCTYPE(None, CONTEXT, POINTER(cmg_log_record), c_void_p)
ResolveFn = CFUNCTYPE(c_int, c_char_p, c_uint16, POINTER(cmg_address), c_void_p)
ClientDoneFn = CFUNCTYPE(None, CLIENT, POINTER(cmg_client_response), ERROR, c_void_p)
OnState = CFUNCTYPE(c_int, DEPLOY, c_int, ERROR, c_void_p)
OnStep = CFUNCTYPE(c_int, DEPLOY, POINTER(cmg_step_progress), c_void_p)
OnPrompt = CFUNCTYPE(c_int, DEPLOY, POINTER(cmg_sign_in_prompt), c_void_p)
OnConsent = CFUNCTYPE(c_int, DEPLOY, POINTER(cmg_consent_request), c_void_p)
class cmg_directory_user(Structure):
    """A user."""

    _fields_ = [("size", c_size_t), ("id", c_char_p), ("user_principal_name", c_char_p),
                ("display_name", c_char_p), ("mail", c_char_p), ("on_premises_sid", c_char_p),
                ("on_premises_name", c_char_p), ("on_premises_domain", c_char_p),
                ("account_enabled", c_int32), ("reserved", c_int32)]


class cmg_directory_group(Structure):
    """A group."""

    _fields_ = [("size", c_size_t), ("id", c_char_p), ("display_name", c_char_p),
                ("on_premises_sid", c_char_p), ("security_enabled", c_int32),
                ("reserved", c_int32)]


class cmg_directory_member(Structure):
    """Somebody came into a group, or left it."""

    _fields_ = [("size", c_size_t), ("group_id", c_char_p), ("member_id", c_char_p),
                ("type", c_char_p), ("is_member", c_int32), ("reserved", c_int32)]


OnUser = CFUNCTYPE(c_int, DEPLOY, POINTER(cmg_directory_user), c_void_p)
OnGroup = CFUNCTYPE(c_int, DEPLOY, POINTER(cmg_directory_group), c_void_p)
OnMember = CFUNCTYPE(c_int, DEPLOY, POINTER(cmg_directory_member), c_void_p)
OnRemoved = CFUNCTYPE(c_int, DEPLOY, c_int, c_char_p, c_void_p)
OnLink = CFUNCTYPE(c_int, DEPLOY, c_int, c_char_p, c_bool, c_void_p)
OnResync = CFUNCTYPE(c_int, DEPLOY, c_int, c_void_p)


class cmg_discovery(Structure):
    """What to discover, from where on, and whom to tell."""

    _fields_ = [("size", c_size_t), ("user", c_void_p), ("kinds", c_uint32),
                ("group_count", c_uint32), ("group_ids", POINTER(c_char_p)),
                ("users_link", c_char_p), ("groups_link", c_char_p), ("on_user", OnUser),
                ("on_group", OnGroup), ("on_member", OnMember), ("on_removed", OnRemoved),
                ("on_link", OnLink), ("on_resync", OnResync)]


OnConfirm = CFUNCTYPE(c_int, DEPLOY, c_char_p, c_void_p)
OnDone = CFUNCTYPE(c_int, DEPLOY, c_int, ERROR, c_void_p)
EnrolmentOnState = CFUNCTYPE(c_int, ENROLMENT, c_int, ERROR, c_void_p)
EnrolmentOnChallenge = CFUNCTYPE(c_int, ENROLMENT, POINTER(cmg_challenge), c_void_p)
JournalLoad = CFUNCTYPE(c_int64, c_void_p, c_size_t, c_void_p)
JournalSave = CFUNCTYPE(c_int, c_void_p, c_size_t, c_void_p)
JournalLock = CFUNCTYPE(c_int, c_void_p)
JournalClaim = CFUNCTYPE(c_int64, c_void_p)
JournalSaveAs = CFUNCTYPE(c_int, c_int64, c_void_p, c_size_t, c_void_p)
JournalCheck = CFUNCTYPE(c_int, c_int64, c_void_p)
KeySign = CFUNCTYPE(c_int64, c_int, c_void_p, c_size_t, c_void_p, c_size_t, c_void_p)
TokenGet = CFUNCTYPE(c_int64, c_char_p, c_void_p, c_size_t, POINTER(c_int64), c_void_p)
CacheLoad = CFUNCTYPE(c_int64, c_char_p, c_void_p, c_size_t, c_void_p)
CacheSave = CFUNCTYPE(c_int, c_char_p, c_void_p, c_size_t, c_void_p)
KeyRelease = CFUNCTYPE(None, c_void_p)
SecretPut = CFUNCTYPE(c_int, c_char_p, c_void_p, c_size_t, c_void_p)
SecretGet = CFUNCTYPE(c_int64, c_char_p, c_void_p, c_size_t, c_void_p)
SecretRemove = CFUNCTYPE(c_int, c_char_p, c_void_p)
ServiceChannel = CFUNCTYPE(None, SERVICE, c_char_p, c_int, ERROR, c_void_p)
ServiceRequest = CFUNCTYPE(None, SERVICE, POINTER(cmg_request_record), c_void_p)
ServiceClosed = CFUNCTYPE(None, SERVICE, c_void_p)
ServiceSettings = CFUNCTYPE(None, SERVICE, c_char_p, c_size_t, ERROR, c_void_p)
ConnectorChannel = CFUNCTYPE(None, CONNECTOR, c_uint32, c_int, ERROR, c_void_p)
ConnectorClosed = CFUNCTYPE(None, CONNECTOR, c_void_p)
WatchExpiry = CFUNCTYPE(None, WATCH, POINTER(cmg_watch_notice), c_void_p)
WatchClosed = CFUNCTYPE(None, WATCH, c_void_p)


class cmg_deploy_events(Structure):
    """Callbacks of a deployment."""

    _fields_ = [("size", c_size_t), ("user", c_void_p), ("on_state", OnState),
                ("on_step", OnStep), ("on_prompt", OnPrompt), ("on_confirm", OnConfirm),
                ("on_done", OnDone), ("on_consent", OnConsent)]


class cmg_acme_options(Structure):
    """What an ACME authority may want to know besides."""

    _fields_ = [("size", c_size_t), ("challenge", c_char_p), ("contact", c_char_p),
                ("eab_kid", c_char_p), ("eab_key", c_char_p), ("profile", c_char_p),
                ("replaces", CERTIFICATE), ("terms_agreed", c_int32),
                ("await_window", c_int32)]


class cmg_enrolment_events(Structure):
    """Callbacks of an enrolment."""

    _fields_ = [("size", c_size_t), ("user", c_void_p), ("on_state", EnrolmentOnState),
                ("on_challenge", EnrolmentOnChallenge), ("on_closed", EnrolmentOnState)]


class cmg_journal_store(Structure):
    """Where the host keeps the journal."""

    _fields_ = [("size", c_size_t), ("user", c_void_p), ("load", JournalLoad),
                ("save", JournalSave), ("lock", JournalLock), ("unlock", JournalLock),
                ("claim", JournalClaim), ("save_as", JournalSaveAs), ("check", JournalCheck)]


class cmg_secret_store(Structure):
    """Where the host keeps secrets."""

    _fields_ = [("size", c_size_t), ("user", c_void_p), ("put", SecretPut),
                ("get", SecretGet), ("remove", SecretRemove)]


class cmg_key_holder(Structure):
    """The host's side of a key that it holds."""

    _fields_ = [("size", c_size_t), ("user", c_void_p), ("sign", KeySign),
                ("release", KeyRelease), ("sign_pss", KeySign)]


class cmg_token_source(Structure):
    """Where the host gets tokens from."""

    _fields_ = [("size", c_size_t), ("user", c_void_p), ("get", TokenGet),
                ("release", KeyRelease)]


class cmg_token_cache(Structure):
    """Where the host keeps tokens between two runs."""

    _fields_ = [("size", c_size_t), ("user", c_void_p), ("load", CacheLoad),
                ("save", CacheSave), ("release", KeyRelease)]


class cmg_service_events(Structure):
    """Callbacks of a service."""

    _fields_ = [("size", c_size_t), ("user", c_void_p), ("on_channel", ServiceChannel),
                ("on_request", ServiceRequest), ("on_closed", ServiceClosed),
                ("on_settings", ServiceSettings)]


class cmg_watch_events(Structure):
    """What a watch tells."""

    _fields_ = [("size", c_size_t), ("user", c_void_p), ("on_expiry", WatchExpiry),
                ("on_closed", WatchClosed)]


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
    cmg_csr_request, cmg_authority_options, cmg_issued, cmg_difference, cmg_pfx_options, cmg_step_progress,
    cmg_directory_user, cmg_directory_group, cmg_directory_member, cmg_discovery,
    cmg_sign_in_prompt, cmg_consent_request, cmg_consent_options, cmg_replacement, cmg_request_record, cmg_client_response, cmg_deploy_events,
    cmg_certreq, cmg_challenge, cmg_acme_options, cmg_enrolment_events,
    cmg_journal_store, cmg_secret_store, cmg_key_holder, cmg_token_source, cmg_token_cache,
    cmg_service_events, cmg_connector_events,
    cmg_sandbox_settings)
