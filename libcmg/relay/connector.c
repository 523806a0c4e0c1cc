/* The connection point's public functions, and what its host is told. */
#include "relay/connector.h"
#include "base/str.h"
#include "crypto/x509.h"
#include <string.h>

static cmg_status check(const cmg_connector *connector, cmg_error **err)
{
    return cmg__check(connector == NULL ? NULL : &connector->head, CMG__TAG_CONNECTOR,
                      err);
}

static cmg_status check_new(const cmg_connector *connector, cmg_error **err)
{
    cmg_status rc = check(connector, err);

    if (rc == CMG_OK && connector->state != CMG__CONNECTOR_NEW)
        rc = cmg__fail(err, connector->alloc, CMG_E_STATE, "connector",
                       "set everything before cmg_connector_start()",
                       "the connector was started already");
    return rc;
}

/* ---- telling the host ---- */

static void destroy(struct cmg_connector *connector);

static bool is_dropped(const struct cmg_connector *connector)
{
    return connector->head.refs == 0;
}

static void tell(struct cmg_connector *connector, const struct cmg__link *link, int ready)
{
    if (connector->events.on_channel == NULL || is_dropped(connector))
        return;
    cmg__callback_enter(connector->head.ctx);
    connector->events.on_channel(connector, link->instance, ready,
                                 ready ? NULL : link->why, connector->events.user);
    cmg__callback_leave(connector->head.ctx);
}

static bool all_closed(const struct cmg_connector *connector)
{
    for (uint32_t i = 0; i < connector->link_count; i++) {
        if (connector->links[i].state != CMG__LINK_CLOSED)
            return false;
    }
    return true;
}

static void tell_closed(struct cmg_connector *connector)
{
    if (connector->state != CMG__CONNECTOR_DRAINING || !all_closed(connector))
        return;
    connector->state = CMG__CONNECTOR_CLOSED;
    cmg__timer_stop(&connector->grace);
    if (connector->events.on_closed == NULL)
        return;
    cmg__callback_enter(connector->head.ctx);
    connector->events.on_closed(connector, connector->events.user);
    cmg__callback_leave(connector->head.ctx);
}

static void report(struct cmg__task *task, void *user)
{
    struct cmg_connector *connector = user;

    (void)task;
    connector->is_delivering = true;
    for (uint32_t i = 0; i < connector->link_count && !is_dropped(connector); i++) {
        struct cmg__link *link = &connector->links[i];
        bool up = link->up_pending;
        bool down = link->down_pending;
        link->up_pending = false;
        link->down_pending = false;
        if (up)
            tell(connector, link, 1);
        if (down)
            tell(connector, link, 0);
    }
    if (!is_dropped(connector))
        tell_closed(connector);
    connector->is_delivering = false;
    if (is_dropped(connector))
        destroy(connector);
}

void cmg__connector_report_soon(struct cmg_connector *connector)
{
    cmg__task_post(connector->loop, &connector->task);
}

/* ---- settings ---- */

static void on_grace(struct cmg__timer *timer, void *user)
{
    struct cmg_connector *connector = user;

    (void)timer;
    for (uint32_t i = 0; i < connector->link_count; i++)
        cmg__link_abort(&connector->links[i]);
}

cmg_status cmg_connector_new(cmg_context *ctx, cmg_connector **out_connector,
                             cmg_error **err)
{
    cmg_status rc = cmg__check(ctx == NULL ? NULL : &ctx->head, CMG__TAG_CONTEXT, err);

    if (rc != CMG_OK)
        return rc;
    if (out_connector == NULL)
        return cmg__fail(err, &ctx->alloc, CMG_E_INVAL, "out_connector",
                         "pass the address of a pointer", "out_connector is NULL");
    struct cmg_connector *connector = cmg__alloc0(&ctx->alloc, sizeof *connector);
    if (connector == NULL)
        return cmg__fail_nomem(err);
    cmg__handle_init(&connector->head, CMG__TAG_CONNECTOR, ctx);
    connector->alloc = &ctx->alloc;
    connector->loop = ctx->loop;
    connector->limits = cmg__relay_default_limits;
    connector->epoch = 1;
    cmg__connector_settings_init(&connector->settings, connector->alloc);
    cmg__buf_init(&connector->upstream_ca, connector->alloc, (size_t)1024 * 1024);
    cmg__task_init(&connector->task, report, connector);
    cmg__timer_init(&connector->grace, connector->loop, on_grace, connector);
    *out_connector = connector;
    return CMG_OK;
}

cmg_status cmg_connector_configure(cmg_connector *connector, const char *json,
                                   size_t size, cmg_error **err)
{
    struct cmg__connector_settings settings;
    cmg_status rc = check_new(connector, err);

    if (rc != CMG_OK)
        return rc;
    cmg__connector_settings_init(&settings, connector->alloc);
    rc = cmg__connector_settings_read(&settings, json, size, err);
    if (rc != CMG_OK)
        return rc;
    cmg__connector_settings_done(&connector->settings);
    connector->settings = settings;
    connector->is_configured = true;
    return CMG_OK;
}

cmg_status cmg_connector_set_certificate(cmg_connector *connector,
                                         cmg_certificate *certificate, cmg_error **err)
{
    cmg_status rc = check_new(connector, err);

    if (rc == CMG_OK)
        rc = cmg__check(certificate == NULL ? NULL : &certificate->head,
                        CMG__TAG_CERTIFICATE, err);
    if (rc == CMG_OK)
        rc = cmg__certificate_check_key(certificate, err);
    if (rc != CMG_OK)
        return rc;
    cmg_certificate_ref(certificate);
    cmg_certificate_unref(connector->certificate);
    connector->certificate = certificate;
    return CMG_OK;
}

cmg_status cmg_connector_set_upstream_ca(cmg_connector *connector, const char *pem,
                                         size_t size, cmg_error **err)
{
    struct cmg__x509 **list = NULL;
    size_t count = 0;
    cmg_error *why = NULL;
    cmg_status rc = check_new(connector, err);

    if (rc != CMG_OK)
        return rc;
    if (pem == NULL || size > (size_t)1024 * 1024)
        return cmg__fail(err, connector->alloc, CMG_E_INVAL, "pem",
                         "pass PEM certificates of at most 1 MiB",
                         "the authorities are missing or too long");
    rc = cmg__x509_parse_pem(connector->alloc, pem, size, &list, &count, &why);
    if (rc != CMG_OK && rc != CMG_E_NOMEM)
        rc = cmg__fail(err, connector->alloc, CMG_E_INVAL, "pem", "pass PEM certificates",
                       "no authority can be read: %s", cmg_error_message(why));
    else if (rc == CMG_E_NOMEM)
        rc = cmg__fail_nomem(err);
    cmg_error_unref(why);
    if (rc != CMG_OK)
        return rc;
    cmg__x509_free_list(connector->alloc, list, count);
    cmg__buf_clear(&connector->upstream_ca);
    rc = cmg__buf_add(&connector->upstream_ca, pem, size);
    return rc == CMG_OK ? CMG_OK : cmg__fail_nomem(err);
}

cmg_status cmg_connector_set_events(cmg_connector *connector,
                                    const cmg_connector_events *events, cmg_error **err)
{
    cmg_connector_events copy = { .size = sizeof copy };
    cmg_status rc = check_new(connector, err);

    if (rc == CMG_OK && events != NULL)
        rc = cmg__tagged_copy(&copy, sizeof copy, sizeof copy, events,
                              "cmg_connector_events", err);
    if (rc == CMG_OK)
        connector->events = copy;
    return rc;
}

/* ---- start ---- */

static cmg_status make_tls(struct cmg_connector *connector, cmg_error **err)
{
    static const char *const alpn[] = { "cmg-rev/1", NULL };
    struct cmg__buf cert, key;

    cmg__buf_init(&cert, connector->alloc, (size_t)1024 * 1024);
    cmg__buf_init_secret(&key, connector->alloc, (size_t)64 * 1024);
    cmg_status rc = cmg__certificate_chain_pem(connector->certificate, &cert);
    if (rc == CMG_OK)
        rc = cmg__certificate_key_pem(connector->certificate, &key);
    if (rc != CMG_OK)
        rc = cmg__fail(err, connector->alloc, rc, "certificate", "load it again",
                       "the certificate cannot be written as PEM");
    const struct cmg__tls_settings settings = {
        .cert_pem = cmg__buf_cstr(&cert),
        .key_pem = cmg__buf_cstr(&key),
        .ca_pem = connector->settings.gateway_ca_pem,
        .alpn = alpn,
    };
    if (rc == CMG_OK)
        rc = cmg__tls_config_new(connector->head.ctx, &settings, &connector->channel_tls,
                                 err);
    cmg__buf_done(&cert);
    cmg__buf_done(&key);
    return rc;
}

static cmg_status make_links(struct cmg_connector *connector, cmg_error **err)
{
    uint32_t count = connector->settings.instances;

    connector->links =
        cmg__alloc_array(connector->alloc, count, sizeof *connector->links);
    if (connector->links == NULL)
        return cmg__fail_nomem(err);
    for (uint32_t i = 0; i < count; i++)
        cmg__link_init(&connector->links[i], connector, i);
    connector->link_count = count;
    return CMG_OK;
}

static void undo_start(struct cmg_connector *connector)
{
    for (uint32_t i = 0; i < connector->link_count; i++)
        cmg__link_done(&connector->links[i]);
    cmg__free(connector->alloc, connector->links);
    connector->links = NULL;
    connector->link_count = 0;
    cmg__upstreams_done(connector);
    cmg__tls_config_unref(connector->channel_tls);
    connector->channel_tls = NULL;
}

cmg_status cmg_connector_start(cmg_connector *connector, cmg_error **err)
{
    cmg_status rc = check_new(connector, err);

    if (rc != CMG_OK)
        return rc;
    if (!connector->is_configured || connector->certificate == NULL)
        return cmg__fail(
            err, connector->alloc, CMG_E_STATE, "connector",
            "call cmg_connector_configure() and cmg_connector_set_certificate()",
            "settings or certificate are missing");
    rc = make_tls(connector, err);
    if (rc == CMG_OK)
        rc = cmg__upstreams_make(connector, err);
    if (rc == CMG_OK)
        rc = make_links(connector, err);
    if (rc != CMG_OK) {
        undo_start(connector);
        return rc;
    }
    connector->state = CMG__CONNECTOR_RUNNING;
    for (uint32_t i = 0; i < connector->link_count; i++)
        cmg__link_dial(&connector->links[i], 0);
    return CMG_OK;
}

uint32_t cmg_connector_ready_count(const cmg_connector *connector)
{
    uint32_t count = 0;

    if (check(connector, NULL) != CMG_OK)
        return 0;
    for (uint32_t i = 0; i < connector->link_count; i++)
        count += connector->links[i].state == CMG__LINK_READY;
    return count;
}

/* ---- the end ---- */

cmg_status cmg_connector_close(cmg_connector *connector, int64_t grace_ms,
                               cmg_error **err)
{
    cmg_status rc = check(connector, err);

    if (rc != CMG_OK)
        return rc;
    if (grace_ms < 0 || grace_ms > 600000)
        return cmg__fail(err, connector->alloc, CMG_E_INVAL, "grace_ms",
                         "use 0 to 600000 milliseconds", "the grace time is not allowed");
    if (connector->state != CMG__CONNECTOR_RUNNING)
        return cmg__fail(err, connector->alloc, CMG_E_STATE, "connector",
                         "close once, after cmg_connector_start()",
                         "the connector is not running");
    connector->state = CMG__CONNECTOR_DRAINING;
    for (uint32_t i = 0; i < connector->link_count; i++)
        cmg__link_drain(&connector->links[i], grace_ms);
    cmg__timer_start(&connector->grace, grace_ms);
    cmg__connector_report_soon(connector);
    return CMG_OK;
}

/* In a forked child sockets and loop belong to the parent: only the settings go. */
static void destroy(struct cmg_connector *connector)
{
    const struct cmg__alloc alloc = *connector->alloc;

    if (!cmg__handle_is_foreign(&connector->head)) {
        undo_start(connector);
        cmg__timer_stop(&connector->grace);
        cmg__task_cancel(&connector->task);
    }
    cmg__connector_settings_done(&connector->settings);
    cmg__buf_done(&connector->upstream_ca);
    cmg_certificate_unref(connector->certificate);
    cmg__handle_done(&connector->head);
    cmg__free(&alloc, connector);
}

cmg_connector *cmg_connector_ref(cmg_connector *connector)
{
    if (connector != NULL)
        cmg__handle_ref(&connector->head);
    return connector;
}

void cmg_connector_unref(cmg_connector *connector)
{
    if (connector != NULL && cmg__handle_unref(&connector->head) &&
        !connector->is_delivering)
        destroy(connector);
}
