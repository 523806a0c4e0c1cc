"""The library as Python calls it: one table, name -> (result, arguments, check).

Nothing outside this file and _types.py touches ctypes types of functions. The libraries
are found by soname, or in the directory that the environment's CMG_LIBRARY_PATH names. A
function that an older library lacks fails when it is called, not when this is imported.
"""

from __future__ import annotations

import ctypes
import os
from ctypes import (POINTER, byref, c_bool, c_char_p, c_int, c_int32, c_int64, c_size_t,
                    c_uint16, c_uint32, c_uint64, c_void_p)
from typing import Any, Optional

from ._declare import *  # the words of the table
from ._types import (NAMES, UPLOAD, cmg_expiry, cmg_alert_settings, cmg_usage, cmg_usage_options, cmg_gateway_check_options, cmg_gateway_settings, cmg_gateway_status, cmg_inventory_item, cmg_problem, cmg_right, cmg_names_options,
                     AUTHORITY, BYTES, CERTIFICATE, CLIENT, CLIENT_APP, CONNECTOR, CONTEXT,
                     CRL, CSR, DEPLOY, ENROLMENT, ERROR, GATEWAY, IMPORT, KEY, PFX_FILE, REPORT, SANDBOX, SERVER_APP,
                     SERVICE, TEMPLATE, TENANT, TRUST, ClientDoneFn, LogFn, ResolveFn, cmg_acme_options,
                     cmg_address, cmg_allocator, cmg_authority_options, cmg_certificate_request, cmg_certreq, cmg_check_options, cmg_consent_options, cmg_discovery, cmg_replacement,
                     cmg_connector_events, cmg_crl_entry, cmg_csr_request, cmg_deploy_events,
                     cmg_difference, cmg_enrolment_events, cmg_issued, cmg_journal_store, cmg_key_holder, cmg_pfx_options,
                     cmg_sandbox_settings, cmg_secret_store, cmg_server_app_expiry, cmg_service_events, cmg_token_cache,
                     cmg_token_source, WATCH, cmg_watch_events)

SOVERSION = 0
RELEASE = (0, 1)
Buffer = bytes | bytearray | memoryview

LIBCMG: dict[str, Declaration] = {
    "cmg_version": copied(),
    "cmg_version_number": plain(c_uint32),
    "cmg_has_feature": plain(c_bool, TEXT),
    "cmg_status_name": copied(STATUS),
    "cmg_bytes_data": plain(DATA, BYTES),
    "cmg_bytes_size": plain(c_size_t, BYTES),
    "cmg_bytes_ref": plain(BYTES, BYTES),
    "cmg_bytes_unref": plain(None, BYTES),
    "cmg_error_code": plain(STATUS, ERROR),
    "cmg_error_message": copied(ERROR),
    "cmg_error_cause": copied(ERROR),
    "cmg_error_remedy": copied(ERROR),
    "cmg_error_subject": copied(ERROR),
    "cmg_error_service_code": copied(ERROR),
    "cmg_error_origin": plain(ENUM, ERROR),
    "cmg_error_origin_number": plain(c_int64, ERROR),
    "cmg_error_retry": plain(ENUM, ERROR),
    "cmg_error_retry_after_ms": plain(c_int64, ERROR),
    "cmg_error_is_retryable": plain(c_bool, ERROR),
    "cmg_error_ref": plain(ERROR, ERROR),
    "cmg_error_unref": plain(None, ERROR),
    "cmg_context_new": fallible(POINTER(cmg_allocator), OUT_CONTEXT),
    "cmg_context_ref": plain(CONTEXT, CONTEXT),
    "cmg_context_unref": plain(None, CONTEXT),
    "cmg_context_set_log": fallible(CONTEXT, ENUM, LogFn, DATA),
    "cmg_context_set_cloud": fallible(CONTEXT, ENUM),
    "cmg_context_set_endpoint": fallible(CONTEXT, ENUM, TEXT),
    "cmg_context_endpoint": copied(CONTEXT, ENUM),
    "cmg_context_add_ca_pem": fallible(CONTEXT, TEXT, c_size_t),
    "cmg_context_add_ca_file": fallible(CONTEXT, TEXT),
    "cmg_context_set_proxy": fallible(CONTEXT, TEXT),
    "cmg_context_set_proxy_account": fallible(CONTEXT, TEXT, TEXT, c_size_t),
    "cmg_context_add_address": fallible(CONTEXT, TEXT, c_uint16, TEXT, c_uint16),
    "cmg_context_set_resolver": fallible(CONTEXT, ResolveFn, DATA),
    "cmg_context_get_fd": plain(c_int, CONTEXT),
    "cmg_context_get_timeout_ms": plain(c_int, CONTEXT),
    "cmg_context_process": fallible(CONTEXT),
    "cmg_context_wait": fallible(CONTEXT, c_int),
    "cmg_context_wakeup": plain(None, CONTEXT),
    "cmg_certificate_new_from_bytes": fallible(CONTEXT, DATA, c_size_t, TEXT,
                                               OUT_CERTIFICATE),
    "cmg_key_generate": fallible(CONTEXT, ENUM, OUT_KEY),
    "cmg_key_new_from_bytes": fallible(CONTEXT, DATA, c_size_t, TEXT, OUT_KEY),
    "cmg_key_new_held": fallible(CONTEXT, DATA, c_size_t, POINTER(cmg_key_holder), OUT_KEY),
    "cmg_key_export_pem": fallible(KEY, TEXT, OUT_BYTES),
    "cmg_key_export_der": fallible(KEY, TEXT, OUT_BYTES),
    "cmg_key_export_public_pem": fallible(KEY, OUT_BYTES),
    "cmg_key_description": copied(KEY),
    "cmg_key_is_held": plain(c_bool, KEY),
    "cmg_key_ref": plain(KEY, KEY),
    "cmg_key_unref": plain(None, KEY),
    "cmg_certificate_new_with_key": fallible(CERTIFICATE, KEY, OUT_CERTIFICATE),
    "cmg_certificate_matches_key": plain(c_bool, CERTIFICATE, KEY),
    "cmg_certificate_new_from_pem": fallible(CONTEXT, TEXT, c_size_t, OUT_CERTIFICATE),
    "cmg_certificate_new_from_pfx": fallible(CONTEXT, DATA, c_size_t, TEXT, OUT_CERTIFICATE),
    "cmg_certificate_export_pem": fallible(CERTIFICATE, OUT_BYTES),
    "cmg_certificate_export_pfx": fallible(CERTIFICATE, ENUM, TEXT, OUT_BYTES),
    "cmg_certificate_export_pfx_with": fallible(CERTIFICATE, POINTER(cmg_pfx_options), TEXT,
                                                OUT_BYTES),
    "cmg_certificate_subject": copied(CERTIFICATE),
    "cmg_certificate_issuer": copied(CERTIFICATE),
    "cmg_certificate_common_name": copied(CERTIFICATE),
    "cmg_certificate_sha256": copied(CERTIFICATE),
    "cmg_certificate_key_description": copied(CERTIFICATE),
    "cmg_certificate_has_key": plain(c_bool, CERTIFICATE),
    "cmg_certificate_not_before_unix_s": plain(c_int64, CERTIFICATE),
    "cmg_certificate_not_after_unix_s": plain(c_int64, CERTIFICATE),
    "cmg_names_new": fallible(CERTIFICATE, POINTER(cmg_names_options), OUT_NAMES),
    "cmg_names_service_name": copied(NAMES),
    "cmg_names_prefix": copied(NAMES),
    "cmg_names_deployment_name": copied(NAMES),
    "cmg_names_get_domain": plain(ENUM, NAMES),
    "cmg_names_dns_record": copied(NAMES),
    "cmg_names_offered_count": plain(c_size_t, NAMES),
    "cmg_names_offered_at": copied(NAMES, c_size_t),
    "cmg_names_describe": fallible(NAMES, OUT_BYTES),
    "cmg_names_ref": plain(NAMES, NAMES),
    "cmg_names_unref": plain(None, NAMES),
    "cmg_certificate_check_gateway": fallible(
        CERTIFICATE, POINTER(cmg_gateway_check_options), OUT_REPORT),
    "cmg_certificate_check_renewal": fallible(CERTIFICATE, CERTIFICATE, OUT_REPORT),
    "cmg_certificate_get_expiry": fallible(CERTIFICATE, c_int64, POINTER(cmg_expiry)),
    "cmg_upload_new": fallible(CERTIFICATE, TRUST, OUT_UPLOAD),
    "cmg_upload_count": plain(c_size_t, UPLOAD),
    "cmg_upload_get_kind": plain(ENUM, UPLOAD, c_size_t),
    "cmg_upload_certificate": plain(CERTIFICATE, UPLOAD, c_size_t),
    "cmg_upload_report": plain(REPORT, UPLOAD),
    "cmg_upload_describe": fallible(UPLOAD, OUT_BYTES),
    "cmg_upload_ref": plain(UPLOAD, UPLOAD),
    "cmg_upload_unref": plain(None, UPLOAD),
    "cmg_certificate_chain_count": plain(c_size_t, CERTIFICATE),
    "cmg_certificate_chain_at": fallible(CERTIFICATE, c_size_t, OUT_CERTIFICATE),
    "cmg_certificate_export_der": fallible(CERTIFICATE, OUT_BYTES),
    "cmg_certificate_describe": fallible(CERTIFICATE, OUT_BYTES),
    "cmg_certificate_serial": copied(CERTIFICATE),
    "cmg_certificate_sha1": copied(CERTIFICATE),
    "cmg_certificate_signature_algorithm": copied(CERTIFICATE),
    "cmg_certificate_key_bits": plain(c_uint32, CERTIFICATE),
    "cmg_certificate_version": plain(c_uint32, CERTIFICATE),
    "cmg_certificate_is_authority": plain(c_bool, CERTIFICATE),
    "cmg_certificate_path_length": plain(c_int32, CERTIFICATE),
    "cmg_certificate_key_usage": plain(c_uint32, CERTIFICATE),
    "cmg_certificate_eku_count": plain(c_size_t, CERTIFICATE),
    "cmg_certificate_eku_at": copied(CERTIFICATE, c_size_t),
    "cmg_certificate_policy_count": plain(c_size_t, CERTIFICATE),
    "cmg_certificate_policy_at": copied(CERTIFICATE, c_size_t),
    "cmg_certificate_name_count": plain(c_size_t, CERTIFICATE),
    "cmg_certificate_name_kind": plain(ENUM, CERTIFICATE, c_size_t),
    "cmg_certificate_name_at": copied(CERTIFICATE, c_size_t),
    "cmg_certificate_url_count": plain(c_size_t, CERTIFICATE, ENUM),
    "cmg_certificate_url_at": copied(CERTIFICATE, ENUM, c_size_t),
    "cmg_certificate_key_id": copied(CERTIFICATE),
    "cmg_certificate_authority_key_id": copied(CERTIFICATE),
    "cmg_certificate_template": copied(CERTIFICATE),
    "cmg_inspect": fallible(CONTEXT, DATA, c_size_t, TEXT, OUT_BYTES),
    "cmg_certificate_ref": plain(CERTIFICATE, CERTIFICATE),
    "cmg_certificate_unref": plain(None, CERTIFICATE),
    "cmg_authority_new": fallible(CONTEXT, TEXT, OUT_AUTHORITY),
    "cmg_authority_open": fallible(CONTEXT, TEXT, TEXT, OUT_AUTHORITY),
    "cmg_authority_issue": fallible(AUTHORITY, POINTER(cmg_certificate_request),
                                    OUT_CERTIFICATE),
    "cmg_authority_certificate": plain(CERTIFICATE, AUTHORITY),
    "cmg_authority_ref": plain(AUTHORITY, AUTHORITY),
    "cmg_authority_unref": plain(None, AUTHORITY),
    "cmg_authority_new_with": fallible(CONTEXT, POINTER(cmg_authority_options),
                                       OUT_AUTHORITY),
    "cmg_authority_set_urls": fallible(AUTHORITY, POINTER(TEXT), POINTER(TEXT),
                                       POINTER(TEXT)),
    "cmg_authority_issue_by_template": fallible(AUTHORITY, TEMPLATE, KEY,
                                                POINTER(cmg_csr_request), c_uint32,
                                                OUT_CERTIFICATE),
    "cmg_authority_sign": fallible(AUTHORITY, CSR, TEMPLATE, c_uint32, OUT_CERTIFICATE),
    "cmg_authority_revoke": fallible(AUTHORITY, TEXT, ENUM),
    "cmg_authority_revoke_certificate": fallible(AUTHORITY, CERTIFICATE, ENUM),
    "cmg_authority_hold": fallible(AUTHORITY, TEXT),
    "cmg_authority_release": fallible(AUTHORITY, TEXT),
    "cmg_authority_publish_crl": fallible(AUTHORITY, TEXT, c_int64, OUT_BYTES),
    "cmg_authority_publish_delta_crl": fallible(AUTHORITY, TEXT, c_int64, OUT_BYTES),
    "cmg_authority_refresh": fallible(AUTHORITY, POINTER(c_size_t)),
    "cmg_authority_issued": fallible(AUTHORITY, c_size_t, POINTER(cmg_issued)),
    "cmg_csr_new": fallible(CONTEXT, TEMPLATE, KEY, POINTER(cmg_csr_request), OUT_CSR),
    "cmg_csr_new_from_bytes": fallible(CONTEXT, DATA, c_size_t, OUT_CSR),
    "cmg_csr_export_pem": fallible(CSR, OUT_BYTES),
    "cmg_csr_export_der": fallible(CSR, OUT_BYTES),
    "cmg_csr_describe": fallible(CSR, OUT_BYTES),
    "cmg_csr_subject": copied(CSR),
    "cmg_csr_common_name": copied(CSR),
    "cmg_csr_key_description": copied(CSR),
    "cmg_csr_template_name": copied(CSR),
    "cmg_csr_name_count": plain(c_size_t, CSR),
    "cmg_csr_name": copied(CSR, c_size_t),
    "cmg_csr_name_kind": plain(ENUM, CSR, c_size_t),
    "cmg_csr_eku_count": plain(c_size_t, CSR),
    "cmg_csr_eku": copied(CSR, c_size_t),
    "cmg_csr_ref": plain(CSR, CSR),
    "cmg_csr_unref": plain(None, CSR),
    "cmg_template_new_builtin": fallible(CONTEXT, TEXT, OUT_TEMPLATE),
    "cmg_template_new_from_json": fallible(CONTEXT, TEXT, TEXT, c_size_t, OUT_TEMPLATE),
    "cmg_template_to_json": fallible(TEMPLATE, OUT_BYTES),
    "cmg_template_name": copied(TEMPLATE),
    "cmg_template_enrolment_name": copied(TEMPLATE),
    "cmg_template_hash": copied(TEMPLATE),
    "cmg_template_days": plain(c_uint32, TEMPLATE),
    "cmg_template_days_max": plain(c_uint32, TEMPLATE),
    "cmg_template_rsa_bits_min": plain(c_uint32, TEMPLATE),
    "cmg_template_ec_bits_min": plain(c_uint32, TEMPLATE),
    "cmg_template_is_authority": plain(c_bool, TEMPLATE),
    "cmg_template_is_exportable": plain(c_bool, TEMPLATE),
    "cmg_template_eku_count": plain(c_size_t, TEMPLATE),
    "cmg_template_eku": copied(TEMPLATE, c_size_t),
    "cmg_template_ref": plain(TEMPLATE, TEMPLATE),
    "cmg_template_unref": plain(None, TEMPLATE),
    "cmg_trust_new": fallible(CONTEXT, OUT_TRUST),
    "cmg_trust_add": fallible(TRUST, DATA, c_size_t),
    "cmg_trust_add_certificate": fallible(TRUST, CERTIFICATE),
    "cmg_trust_add_anchor": fallible(TRUST, CERTIFICATE),
    "cmg_trust_add_crl": fallible(TRUST, CRL),
    "cmg_trust_count": plain(c_size_t, TRUST),
    "cmg_trust_root_count": plain(c_size_t, TRUST),
    "cmg_trust_ref": plain(TRUST, TRUST),
    "cmg_trust_unref": plain(None, TRUST),
    "cmg_certificate_check": fallible(CERTIFICATE, TRUST, POINTER(cmg_check_options),
                                      OUT_REPORT),
    "cmg_report_is_accepted": plain(c_bool, REPORT),
    "cmg_report_count": plain(c_size_t, REPORT),
    "cmg_report_finding_code": plain(ENUM, REPORT, c_size_t),
    "cmg_report_severity": plain(ENUM, REPORT, c_size_t),
    "cmg_report_subject": copied(REPORT, c_size_t),
    "cmg_report_cause": copied(REPORT, c_size_t),
    "cmg_report_remedy": copied(REPORT, c_size_t),
    "cmg_report_describe": fallible(REPORT, OUT_BYTES),
    "cmg_report_ref": plain(REPORT, REPORT),
    "cmg_report_unref": plain(None, REPORT),
    "cmg_crl_new_from_bytes": fallible(CONTEXT, DATA, c_size_t, OUT_CRL),
    "cmg_crl_issuer": copied(CRL),
    "cmg_crl_number": copied(CRL),
    "cmg_crl_base_number": copied(CRL),
    "cmg_crl_this_update_unix_s": plain(c_int64, CRL),
    "cmg_crl_next_update_unix_s": plain(c_int64, CRL),
    "cmg_crl_is_delta": plain(c_bool, CRL),
    "cmg_crl_is_indirect": plain(c_bool, CRL),
    "cmg_crl_count": plain(c_size_t, CRL),
    "cmg_crl_get_entry": fallible(CRL, c_size_t, POINTER(cmg_crl_entry)),
    "cmg_crl_find": fallible(CRL, TEXT, POINTER(cmg_crl_entry)),
    "cmg_crl_verify": fallible(CRL, CERTIFICATE),
    "cmg_crl_describe": fallible(CRL, OUT_BYTES),
    "cmg_crl_ref": plain(CRL, CRL),
    "cmg_crl_unref": plain(None, CRL),
    "cmg_pfx_file_new": fallible(CONTEXT, DATA, c_size_t, TEXT, OUT_PFX_FILE),
    "cmg_pfx_file_describe": fallible(PFX_FILE, OUT_BYTES),
    "cmg_pfx_file_is_open": plain(c_bool, PFX_FILE),
    "cmg_pfx_file_mac": copied(PFX_FILE),
    "cmg_pfx_file_mac_iterations": plain(c_uint32, PFX_FILE),
    "cmg_pfx_file_suits": plain(c_bool, PFX_FILE, ENUM),
    "cmg_pfx_file_count": plain(c_size_t, PFX_FILE),
    "cmg_pfx_file_kind": plain(ENUM, PFX_FILE, c_size_t),
    "cmg_pfx_file_content": copied(PFX_FILE, c_size_t),
    "cmg_pfx_file_cipher": copied(PFX_FILE, c_size_t),
    "cmg_pfx_file_iterations": plain(c_uint32, PFX_FILE, c_size_t),
    "cmg_pfx_file_friendly_name": copied(PFX_FILE, c_size_t),
    "cmg_pfx_file_key_id": copied(PFX_FILE, c_size_t),
    "cmg_pfx_file_provider": copied(PFX_FILE, c_size_t),
    "cmg_pfx_file_ref": plain(PFX_FILE, PFX_FILE),
    "cmg_pfx_file_unref": plain(None, PFX_FILE),
    "cmg_tenant_set_client_certificate": fallible(TENANT, TEXT, CERTIFICATE, KEY, ENUM),
    "cmg_tenant_set_client_secret": fallible(TENANT, TEXT, TEXT, c_size_t),
    "cmg_tenant_set_workload_identity": fallible(TENANT, TEXT, TEXT),
    "cmg_tenant_set_browser": fallible(TENANT, TEXT),
    "cmg_tenant_set_managed_identity": fallible(TENANT, ENUM, TEXT),
    "cmg_tenant_set_identity_endpoint": fallible(TENANT, TEXT),
    "cmg_tenant_set_token_cache": fallible(TENANT, POINTER(cmg_token_cache)),
    "cmg_tenant_set_token_source": fallible(TENANT, TEXT, POINTER(cmg_token_source)),
    "cmg_tenant_set_device_code": fallible(TENANT, TEXT),
    "cmg_tenant_domain": copied(TENANT),
    "cmg_tenant_id": copied(TENANT),
    "cmg_tenant_display_name": copied(TENANT),
    "cmg_tenant_initial_domain": copied(TENANT),
    "cmg_tenant_verified_domain_count": plain(c_size_t, TENANT),
    "cmg_tenant_verified_domain": copied(TENANT, c_size_t),
    "cmg_tenant_subscription_id": copied(TENANT),
    "cmg_tenant_ref": plain(TENANT, TENANT),
    "cmg_tenant_unref": plain(None, TENANT),
    "cmg_server_app_name": copied(SERVER_APP),
    "cmg_server_app_client_id": copied(SERVER_APP),
    "cmg_server_app_id_uri": copied(SERVER_APP),
    "cmg_server_app_secret_expires_unix_s": plain(c_int64, SERVER_APP),
    "cmg_server_app_difference_count": plain(c_size_t, SERVER_APP),
    "cmg_server_app_difference": fallible(SERVER_APP, c_size_t, POINTER(cmg_difference)),
    "cmg_server_app_get_expiry": fallible(SERVER_APP, c_int64,
                                          POINTER(cmg_server_app_expiry)),
    "cmg_server_app_set_secret_expires": fallible(SERVER_APP, c_int64),
    "cmg_watch_new": fallible(GATEWAY, OUT_WATCH),
    "cmg_watch_set_events": fallible(WATCH, POINTER(cmg_watch_events)),
    "cmg_watch_set_told": fallible(WATCH, ENUM, c_int64, ENUM),
    "cmg_watch_start": fallible(WATCH),
    "cmg_watch_close": fallible(WATCH),
    "cmg_watch_ref": plain(WATCH, WATCH),
    "cmg_watch_unref": plain(None, WATCH),
    "cmg_server_app_ref": plain(SERVER_APP, SERVER_APP),
    "cmg_server_app_unref": plain(None, SERVER_APP),
    "cmg_client_app_name": copied(CLIENT_APP),
    "cmg_client_app_client_id": copied(CLIENT_APP),
    "cmg_client_app_difference_count": plain(c_size_t, CLIENT_APP),
    "cmg_client_app_difference": fallible(CLIENT_APP, c_size_t, POINTER(cmg_difference)),
    "cmg_client_app_ref": plain(CLIENT_APP, CLIENT_APP),
    "cmg_client_app_unref": plain(None, CLIENT_APP),
    "cmg_gateway_new_from_file": fallible(CONTEXT, TEXT, OUT_GATEWAY),
    "cmg_gateway_new_from_json": fallible(CONTEXT, TEXT, TEXT, c_size_t, OUT_GATEWAY),
    "cmg_gateway_to_json": fallible(GATEWAY, OUT_BYTES),
    "cmg_gateway_set_authority": fallible(GATEWAY, AUTHORITY),
    "cmg_gateway_set_certificate": fallible(GATEWAY, CERTIFICATE),
    "cmg_gateway_set_package": fallible(GATEWAY, DATA, c_size_t),
    "cmg_gateway_package_sha256": copied(GATEWAY),
    "cmg_gateway_add_connector": fallible(GATEWAY, CERTIFICATE),
    "cmg_gateway_connector_config": fallible(GATEWAY, OUT_BYTES),
    "cmg_gateway_name": copied(GATEWAY),
    "cmg_gateway_service_name": copied(GATEWAY),
    "cmg_gateway_region": copied(GATEWAY),
    "cmg_gateway_resource_group": copied(GATEWAY),
    "cmg_gateway_site_code": copied(GATEWAY),
    "cmg_gateway_instance_count": plain(c_uint32, GATEWAY),
    "cmg_gateway_role_count": plain(c_uint32, GATEWAY),
    "cmg_gateway_role_id": copied(GATEWAY, c_uint32),
    "cmg_gateway_role_url": copied(GATEWAY, c_uint32),
    "cmg_gateway_endpoint": copied(GATEWAY),
    "cmg_gateway_difference_count": plain(c_size_t, GATEWAY),
    "cmg_gateway_difference": fallible(GATEWAY, c_size_t, POINTER(cmg_difference)),
    "cmg_gateway_inventory_count": plain(c_size_t, GATEWAY),
    "cmg_gateway_inventory_item": fallible(GATEWAY, c_size_t, POINTER(cmg_inventory_item)),
    "cmg_gateway_export_inventory": fallible(GATEWAY, OUT_BYTES),
    "cmg_inventory_kind_name": copied(ENUM),
    "cmg_gateway_get_usage": fallible(GATEWAY, ENUM, POINTER(cmg_usage)),
    "cmg_gateway_export_usage": fallible(GATEWAY, OUT_BYTES),
    "cmg_usage_level_name": copied(ENUM),
    "cmg_gateway_add_client_authority": fallible(GATEWAY, CERTIFICATE),
    "cmg_gateway_client_authority": plain(CERTIFICATE, GATEWAY, c_uint32),
    "cmg_gateway_get_alert": fallible(GATEWAY, ENUM, POINTER(cmg_alert_settings)),
    "cmg_gateway_get_settings": fallible(GATEWAY, POINTER(cmg_gateway_settings)),
    "cmg_gateway_tag_name": copied(GATEWAY, c_uint32),
    "cmg_gateway_tag_value": copied(GATEWAY, c_uint32),
    "cmg_gateway_get_status": fallible(GATEWAY, POINTER(cmg_gateway_status)),
    "cmg_gateway_state_name": copied(ENUM),
    "cmg_gateway_tenant": plain(TENANT, GATEWAY),
    "cmg_gateway_server_app": plain(SERVER_APP, GATEWAY),
    "cmg_gateway_client_app": plain(CLIENT_APP, GATEWAY),
    "cmg_gateway_certificate": plain(CERTIFICATE, GATEWAY),
    "cmg_gateway_ref": plain(GATEWAY, GATEWAY),
    "cmg_gateway_unref": plain(None, GATEWAY),
    "cmg_import_new_from_gateway": fallible(GATEWAY, OUT_IMPORT),
    "cmg_import_new_from_json": fallible(CONTEXT, TEXT, TEXT, c_size_t, OUT_IMPORT),
    "cmg_import_to_json": fallible(IMPORT, OUT_BYTES),
    "cmg_gateway_set_import": fallible(GATEWAY, IMPORT),
    "cmg_import_tenant_name": copied(IMPORT),
    "cmg_import_tenant_id": copied(IMPORT),
    "cmg_import_server_app_name": copied(IMPORT),
    "cmg_import_server_app_client_id": copied(IMPORT),
    "cmg_import_server_app_id_uri": copied(IMPORT),
    "cmg_import_secret_expires_unix_s": plain(c_int64, IMPORT),
    "cmg_import_client_app_name": copied(IMPORT),
    "cmg_import_client_app_client_id": copied(IMPORT),
    "cmg_import_ref": plain(IMPORT, IMPORT),
    "cmg_import_unref": plain(None, IMPORT),
    "cmg_deploy_new": fallible(GATEWAY, ENUM, OUT_DEPLOY),
    "cmg_deploy_set_journal_file": fallible(DEPLOY, TEXT),
    "cmg_deploy_set_journal_store": fallible(DEPLOY, POINTER(cmg_journal_store)),
    "cmg_deploy_set_secret_store": fallible(DEPLOY, POINTER(cmg_secret_store)),
    "cmg_deploy_set_discovery": fallible(DEPLOY, POINTER(cmg_discovery)),
    "cmg_deploy_set_consent": fallible(DEPLOY, POINTER(cmg_consent_options)),
    "cmg_deploy_set_old_secret": fallible(DEPLOY, TEXT),
    "cmg_deploy_set_replacement": fallible(DEPLOY, POINTER(cmg_replacement)),
    "cmg_deploy_replacement_due_unix_s": plain(c_int64, DEPLOY),
    "cmg_deploy_set_events": fallible(DEPLOY, POINTER(cmg_deploy_events)),
    "cmg_deploy_set_include_imported": fallible(DEPLOY, c_bool),
    "cmg_deploy_start": fallible(DEPLOY),
    "cmg_deploy_run": fallible(DEPLOY),
    "cmg_deploy_cancel": fallible(DEPLOY),
    "cmg_deploy_get_state": plain(ENUM, DEPLOY),
    "cmg_deploy_state_name": copied(ENUM),
    "cmg_deploy_set_usage": fallible(DEPLOY, POINTER(cmg_usage_options)),
    "cmg_deploy_problem_count": plain(c_size_t, DEPLOY),
    "cmg_deploy_problem": fallible(DEPLOY, c_size_t, POINTER(cmg_problem)),
    "cmg_deploy_export_problems": fallible(DEPLOY, OUT_BYTES),
    "cmg_deploy_right_count": plain(c_size_t, ENUM),
    "cmg_deploy_right": fallible(ENUM, c_size_t, POINTER(cmg_right)),
    "cmg_deploy_export_plan": fallible(DEPLOY, ENUM, OUT_BYTES),
    "cmg_deploy_ref": plain(DEPLOY, DEPLOY),
    "cmg_deploy_unref": plain(None, DEPLOY),
    "cmg_enrolment_new": fallible(CSR, OUT_ENROLMENT),
    "cmg_enrolment_set_key": fallible(ENROLMENT, KEY),
    "cmg_enrolment_use_est": fallible(ENROLMENT, TEXT, c_bool),
    "cmg_enrolment_use_certsrv": fallible(ENROLMENT, TEXT, TEXT),
    "cmg_enrolment_set_sign_in": fallible(ENROLMENT, ENUM, TEXT, TEXT, c_size_t),
    "cmg_enrolment_set_client_certificate": fallible(ENROLMENT, CERTIFICATE),
    "cmg_enrolment_set_checkpoint_file": fallible(ENROLMENT, TEXT),
    "cmg_enrolment_set_events": fallible(ENROLMENT, POINTER(cmg_enrolment_events)),
    "cmg_enrolment_set_poll_interval_ms": fallible(ENROLMENT, c_int64),
    "cmg_enrolment_set_budget_ms": fallible(ENROLMENT, c_int64),
    "cmg_enrolment_use_acme": fallible(ENROLMENT, TEXT, KEY, POINTER(cmg_acme_options)),
    "cmg_enrolment_start": fallible(ENROLMENT),
    "cmg_enrolment_run": fallible(ENROLMENT),
    "cmg_enrolment_challenge_done": fallible(ENROLMENT),
    "cmg_enrolment_accept": fallible(ENROLMENT, DATA, c_size_t),
    "cmg_enrolment_cancel": fallible(ENROLMENT),
    "cmg_enrolment_get_state": plain(ENUM, ENROLMENT),
    "cmg_enrolment_state_name": copied(ENUM),
    "cmg_enrolment_get_certificate": plain(CERTIFICATE, ENROLMENT),
    "cmg_enrolment_request_id": copied(ENROLMENT),
    "cmg_enrolment_message": copied(ENROLMENT),
    "cmg_enrolment_orphan_count": plain(c_uint32, ENROLMENT),
    "cmg_enrolment_renewal_unix_s": plain(c_int64, ENROLMENT),
    "cmg_enrolment_ref": plain(ENROLMENT, ENROLMENT),
    "cmg_enrolment_unref": plain(None, ENROLMENT),
    "cmg_certreq_format_inf": fallible(CONTEXT, POINTER(cmg_certreq), OUT_BYTES),
    "cmg_certreq_submit_command": fallible(CONTEXT, TEXT, TEXT, TEXT, TEXT, OUT_BYTES),
    "cmg_certreq_retrieve_command": fallible(CONTEXT, TEXT, TEXT, TEXT, OUT_BYTES),
    "cmg_service_new": fallible(CONTEXT, OUT_SERVICE),
    "cmg_service_configure": fallible(SERVICE, TEXT, c_size_t),
    "cmg_service_follow_metadata": fallible(SERVICE, TEXT, c_int64),
    "cmg_service_set_instance": fallible(SERVICE, c_uint32),
    "cmg_service_set_certificate": fallible(SERVICE, CERTIFICATE),
    "cmg_service_set_listener": fallible(SERVICE, ENUM, TEXT, c_uint16),
    "cmg_service_set_events": fallible(SERVICE, POINTER(cmg_service_events)),
    "cmg_service_start": fallible(SERVICE),
    "cmg_service_get_port": plain(c_uint16, SERVICE, ENUM),
    "cmg_service_close": fallible(SERVICE, c_int64),
    "cmg_service_ref": plain(SERVICE, SERVICE),
    "cmg_service_unref": plain(None, SERVICE),
    "cmg_connector_new": fallible(CONTEXT, OUT_CONNECTOR),
    "cmg_connector_configure": fallible(CONNECTOR, TEXT, c_size_t),
    "cmg_connector_set_certificate": fallible(CONNECTOR, CERTIFICATE),
    "cmg_connector_set_upstream_ca": fallible(CONNECTOR, TEXT, c_size_t),
    "cmg_connector_set_events": fallible(CONNECTOR, POINTER(cmg_connector_events)),
    "cmg_connector_start": fallible(CONNECTOR),
    "cmg_connector_ready_count": plain(c_uint32, CONNECTOR),
    "cmg_connector_close": fallible(CONNECTOR, c_int64),
    "cmg_connector_ref": plain(CONNECTOR, CONNECTOR),
    "cmg_connector_unref": plain(None, CONNECTOR),
    "cmg_client_new": fallible(CONTEXT, TEXT, c_uint16, OUT_CLIENT),
    "cmg_client_set_certificate": fallible(CLIENT, CERTIFICATE),
    "cmg_client_set_token": fallible(CLIENT, TEXT, c_size_t),
    "cmg_client_request": fallible(CLIENT, TEXT, TEXT, DATA, c_size_t, ClientDoneFn, DATA),
    "cmg_client_ref": plain(CLIENT, CLIENT),
    "cmg_client_unref": plain(None, CLIENT),
}

LIBSANDBOX: dict[str, Declaration] = {
    "cmg_sandbox_new": fallible(POINTER(cmg_sandbox_settings), OUT_SANDBOX),
    "cmg_sandbox_attach": fallible(SANDBOX, CONTEXT),
    "cmg_sandbox_port": plain(c_uint16, SANDBOX),
    "cmg_sandbox_ca_file": copied(SANDBOX),
    "cmg_sandbox_tenant_id": copied(SANDBOX),
    "cmg_sandbox_subscription_id": copied(SANDBOX),
    "cmg_sandbox_client_id": copied(SANDBOX),
    "cmg_sandbox_client_secret": copied(SANDBOX),
    "cmg_sandbox_rollover_keys": fallible(SANDBOX),
    "cmg_sandbox_set_sign_in": fallible(SANDBOX, ENUM),
    "cmg_sandbox_decide_sign_in": fallible(SANDBOX, TEXT, c_bool),
    "cmg_sandbox_identity_endpoint": copied(SANDBOX),
    "cmg_sandbox_identity": copied(SANDBOX, ENUM),
    "cmg_sandbox_add_issuer": fallible(SANDBOX, TEXT, TEXT, c_size_t, TEXT),
    "cmg_sandbox_client_certificate": fallible(SANDBOX, OUT_BYTES, OUT_BYTES),
    "cmg_sandbox_resolve": fallible(SANDBOX, TEXT, c_uint16, POINTER(cmg_address)),
    "cmg_sandbox_issue_token": fallible(SANDBOX, TEXT, TEXT, OUT_BYTES),
    "cmg_sandbox_consent": fallible(SANDBOX, TEXT, c_bool, OUT_BYTES),
    "cmg_sandbox_count": plain(c_uint64, SANDBOX, ENUM),
    "cmg_sandbox_inject": fallible(SANDBOX, TEXT, TEXT, c_uint32, ENUM, c_int32),
    "cmg_sandbox_add_users": fallible(SANDBOX, c_uint32),
    "cmg_sandbox_set_user": fallible(SANDBOX, TEXT, TEXT),
    "cmg_sandbox_set_group": fallible(SANDBOX, TEXT, TEXT),
    "cmg_sandbox_set_member": fallible(SANDBOX, TEXT, TEXT, c_bool),
    "cmg_sandbox_expire_links": fallible(SANDBOX),
    "cmg_sandbox_set_replication": fallible(SANDBOX, c_uint32),
    "cmg_sandbox_set_throttle": fallible(SANDBOX, c_uint32, c_uint32),
    "cmg_sandbox_get": copied(SANDBOX, TEXT),
    "cmg_sandbox_set": fallible(SANDBOX, TEXT, TEXT),
    "cmg_sandbox_publish": fallible(SANDBOX, TEXT, DATA, c_size_t),
    "cmg_sandbox_decide_request": fallible(SANDBOX, TEXT, c_bool),
    "cmg_sandbox_unref": plain(None, SANDBOX),
}

TABLES = {"cmg": LIBCMG, "cmg-sandbox": LIBSANDBOX}
_libraries: dict[str, ctypes.CDLL] = {}
_functions: dict[str, tuple[Any, Check]] = {}


def _load(stem: str) -> ctypes.CDLL:
    """The shared library, loaded at its first use."""
    if stem not in _libraries:
        name = f"lib{stem}.so.{SOVERSION}"
        folder = os.environ.get("CMG_LIBRARY_PATH")
        try:
            _libraries[stem] = ctypes.CDLL(os.path.join(folder, name) if folder else name)
        except OSError as exc:
            raise ImportError(
                f"{name} cannot be loaded ({exc}); install it, or name its directory in the "
                "environment's CMG_LIBRARY_PATH") from exc
    return _libraries[stem]


def _function(name: str) -> tuple[Any, Check]:
    """The entry point with its types set."""
    found = _functions.get(name)
    if found is None:
        stem = "cmg" if name in LIBCMG else "cmg-sandbox"
        result, arguments, check = TABLES[stem][name]
        try:
            entry = getattr(_load(stem), name)
        except AttributeError:
            raise NotImplementedError(
                f"{name} is not in the loaded lib{stem} ({version()})") from None
        entry.restype, entry.argtypes = result, list(arguments)
        found = _functions[name] = (entry, check)
    return found


def call(name: str, *arguments: Any) -> Any:
    """Calls a function; a failed status becomes the exception that belongs to it."""
    entry, check = _function(name)
    if check is Check.PLAIN:
        return entry(*arguments)
    if check is Check.COPIED:
        return text(entry(*arguments))
    error = ERROR()
    status = entry(*arguments, byref(error))
    if status != 0:
        from ._errors import take_error

        raise take_error(status, error)
    return None


def text(value: Optional[bytes]) -> str:
    """A copy of C text."""
    return "" if value is None else value.decode("utf-8", "replace")


def encoded(value: str | os.PathLike[str]) -> bytes:
    """Text or a path for C; a zero byte inside would cut it short unseen."""
    data = os.fsencode(value) if isinstance(value, os.PathLike) else value.encode()
    if b"\0" in data:
        raise ValueError("text with a zero byte cannot be handed to C")
    return data


def optional(value: str | os.PathLike[str] | None) -> Optional[bytes]:
    """The same, with None for NULL."""
    return None if value is None else encoded(value)


def take_bytes(pointer: Any) -> bytes:
    """Copies a cmg_bytes and gives it back."""
    try:
        size = call("cmg_bytes_size", pointer)
        return ctypes.string_at(call("cmg_bytes_data", pointer), size)
    finally:
        call("cmg_bytes_unref", pointer)


def version() -> str:
    """The version of the loaded library."""
    return str(call("cmg_version"))


def verify_version() -> None:
    """Raises when the loaded library is older than these declarations."""
    number = int(call("cmg_version_number"))
    if (number // 1000000, number // 1000 % 1000) < RELEASE:
        raise ImportError(f"libcmg {version()} is older than this binding, which needs "
                          f"{RELEASE[0]}.{RELEASE[1]}")
