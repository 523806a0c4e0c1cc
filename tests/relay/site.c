/* See site.h: service and connection point, and turning the loop. */
#include "relay/site.h"
#include <stdio.h>
#include <string.h>

static void on_service_channel(cmg_service *service, const char *connector, int ready,
                               const cmg_error *why, void *user)
{
    struct site *site = user;

    (void)service;
    (void)why;
    ck_assert_str_eq(connector, "connector-1");
    if (ready)
        site->service_up++;
    else
        site->service_down++;
}

static void on_record(cmg_service *service, const cmg_request_record *record, void *user)
{
    struct site *site = user;

    (void)service;
    ck_assert_uint_eq(record->size, sizeof *record);
    site->record = *record;
    snprintf(site->record_method, sizeof site->record_method, "%s", record->method);
    snprintf(site->record_role, sizeof site->record_role, "%s", record->role_id);
    snprintf(site->record_endpoint, sizeof site->record_endpoint, "%s", record->endpoint);
    snprintf(site->record_client, sizeof site->record_client, "%s", record->client);
    snprintf(site->record_connector, sizeof site->record_connector, "%s",
             record->connector);
    site->records++;
}

static void on_service_closed(cmg_service *service, void *user)
{
    struct site *site = user;

    (void)service;
    site->service_closed++;
}

static void on_link(cmg_connector *connector, uint32_t instance, int ready,
                    const cmg_error *why, void *user)
{
    struct site *site = user;

    (void)connector;
    ck_assert_uint_eq(instance, 0);
    ck_assert_int_eq(ready != 0, why == NULL);
    if (ready) {
        site->link_up++;
        return;
    }
    site->link_down++;
    snprintf(site->why, sizeof site->why, "%s", cmg_error_message(why));
    snprintf(site->remedy, sizeof site->remedy, "%s", cmg_error_remedy(why));
}

static void on_connector_closed(cmg_connector *connector, void *user)
{
    struct site *site = user;

    (void)connector;
    site->connector_closed++;
}

/* A JSON document, made with the PEM texts as members. */
static char *document(struct cmg__json *doc)
{
    static char text[65536];
    struct cmg__buf out;

    ck_assert_ptr_nonnull(doc);
    cmg__buf_init(&out, &cmg__alloc_libc, sizeof text - 1);
    ck_assert_int_eq(cmg__json_format(doc, CMG__JSON_COMPACT, &out), CMG_OK);
    memcpy(text, out.data, out.len + 1);
    cmg__buf_done(&out);
    cmg__json_unref(doc);
    return text;
}

const char *site_user_data(struct site *site)
{
    return site_user_data_of(site, NULL, NULL, NULL);
}

const char *site_user_data_of(struct site *site, const char *roots_pem, const char *pin,
                              const char *jwks_uri)
{
    cmg_certificate *cert = site_certificate(site, SITE_CERT_CONNECTOR);
    const char *text = document(cmg__json_pack(
        "{s:i, s:s, s:[s], s:{s:i, s:i, s:i}, s:s, s:[s], s:i, s:{s:s, s:[s], s:[s], "
        "s:[s], s:s, s:s}}",
        "version", 1, "deployment_id", SITE_TID, "service_names", "cmg.test", "ports",
        "client", 443, "channel", 10140, "channel_https", 10124, "client_roots_pem",
        roots_pem == NULL ? site_ca_pem() : roots_pem, "connectors",
        pin == NULL ? cmg_certificate_sha256(cert) : pin, "instance", 3, "tokens",
        "tenant_id", SITE_TID, "issuers", "https://sts.windows.net/" SITE_TID "/",
        "audiences", "api://" SITE_TID "/server", "client_ids", SITE_APP, "scope",
        "user_impersonation", "jwks_uri",
        jwks_uri == NULL ? "https://login.test/keys" : jwks_uri));

    cmg_certificate_unref(cert);
    return text;
}

cmg_service *site_prepare_service(struct site *site, uint16_t client_port,
                                  uint16_t channel_port)
{
    const cmg_service_events events = { .size = sizeof events,
                                        .user = site,
                                        .on_channel = on_service_channel,
                                        .on_request = on_record,
                                        .on_closed = on_service_closed };
    cmg_certificate *cert = site_certificate(site, SITE_CERT_GATEWAY);
    const char *json = site_user_data(site);
    cmg_service *service = NULL;
    cmg_error *err = NULL;

    ck_ok(cmg_service_new(site->ctx, &service, &err), err);
    ck_ok(cmg_service_configure(service, json, strlen(json), &err), err);
    ck_ok(cmg_service_set_certificate(service, cert, &err), err);
    ck_ok(cmg_service_set_events(service, &events, &err), err);
    ck_ok(cmg_service_set_listener(service, CMG_LISTENER_CLIENT, "127.0.0.1", client_port,
                                   &err),
          err);
    ck_ok(cmg_service_set_listener(service, CMG_LISTENER_CHANNEL, "127.0.0.1",
                                   channel_port, &err),
          err);
    ck_ok(cmg_service_set_listener(service, CMG_LISTENER_CHANNEL_HTTPS, "127.0.0.1", 0,
                                   &err),
          err);
    cmg_certificate_unref(cert);
    return service;
}

void site_new_service(struct site *site)
{
    cmg_error *err = NULL;

    site->service = site_prepare_service(site, 0, site->channel_port);
    ck_ok(cmg_service_start(site->service, &err), err);
    if (site->channel_port != 0)
        return;
    site->channel_port = cmg_service_get_port(site->service, CMG_LISTENER_CHANNEL);
    ck_ok(cmg_context_add_address(site->ctx, "cmg.test", 10140, "127.0.0.1",
                                  site->channel_port, &err),
          err);
    ck_ok(cmg_context_add_address(
              site->ctx, "cmg.test", 443, "127.0.0.1",
              cmg_service_get_port(site->service, CMG_LISTENER_CLIENT), &err),
          err);
}

void site_new_connector(struct site *site)
{
    const cmg_connector_events events = { .size = sizeof events,
                                          .user = site,
                                          .on_channel = on_link,
                                          .on_closed = on_connector_closed };
    cmg_certificate *cert = site_certificate(site, SITE_CERT_CONNECTOR);
    const char *json = document(cmg__json_pack(
        "{s:i, s:s, s:s, s:s, s:s, s:i, s:i, s:i, s:s, s:[{s:s, s:s, s:s, s:[{s:s, "
        "s:i}, {s:s, s:i}]}]}",
        "version", 1, "name", "connector-1", "site", "PS1", "host", "cmg.test",
        "server_name", "cmg.test", "instances", 1, "first_port", 10140,
        site->offers_https ? "https_port" : "passed_over", 10124, "gateway_ca_pem",
        site_ca_pem(), "roles", "id", SITE_ROLE, "type", "management_point", "url",
        "https://mp.test/base/", "endpoints", "path", "SMS_MP", "max_length",
        16 * 1024 * 1024, "path", "SMS_MP/small", "max_length", 100));
    cmg_error *err = NULL;

    ck_ok(cmg_connector_new(site->ctx, &site->connector, &err), err);
    ck_ok(cmg_connector_configure(site->connector, json, strlen(json), &err), err);
    ck_ok(cmg_connector_set_certificate(site->connector, cert, &err), err);
    ck_ok(cmg_connector_set_upstream_ca(site->connector, site_ca_pem(),
                                        strlen(site_ca_pem()), &err),
          err);
    ck_ok(cmg_connector_set_events(site->connector, &events, &err), err);
    ck_ok(cmg_connector_start(site->connector, &err), err);
    cmg_certificate_unref(cert);
}

void site_start_parts(struct site *site, bool with_service, bool with_connector)
{
    cmg_error *err = NULL;

    memset(site, 0, sizeof *site);
    ck_ok(cmg_context_new(NULL, &site->ctx, &err), err);
    ck_ok(cmg_context_add_ca_pem(site->ctx, site_ca_pem(), strlen(site_ca_pem()), &err),
          err);
    site_start_servers(site);
    if (with_service)
        site_new_service(site);
    if (with_connector)
        site_new_connector(site);
    ck_ok(cmg_client_new(site->ctx, "cmg.test", 0, &site->client, &err), err);
}

void site_start(struct site *site)
{
    site_start_parts(site, true, true);
    site_until(site, &site->link_up, 1);
    site_until(site, &site->service_up, 1);
    site_until(site, &site->login.requests, 1);
    site_turn(site, 50);
}

void site_stop(struct site *site)
{
    cmg_client_unref(site->client);
    cmg_connector_unref(site->connector);
    cmg_service_unref(site->service);
    site_stop_servers(site);
    cmg_context_unref(site->ctx);
}

void site_turn(struct site *site, int ms)
{
    cmg_error *err = NULL;
    int64_t end = cmg__env_now_ms(&site->ctx->env) + ms;

    do
        ck_ok(cmg_context_wait(site->ctx, 10, &err), err);
    while (cmg__env_now_ms(&site->ctx->env) < end);
}

void site_until(struct site *site, const unsigned *flag, unsigned n)
{
    int64_t end = cmg__env_now_ms(&site->ctx->env) + 20000;

    while (*flag < n && cmg__env_now_ms(&site->ctx->env) < end)
        site_turn(site, 0);
    ck_assert_uint_ge(*flag, n);
}
