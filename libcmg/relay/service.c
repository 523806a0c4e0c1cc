/* The service's public functions: settings before start, start, close, the end. */
#include "relay/service.h"
#include "base/log.h"
#include "base/str.h"
#include <stdio.h>
#include <string.h>

static cmg_status check(const cmg_service *service, cmg_error **err)
{
    return cmg__check(service == NULL ? NULL : &service->head, CMG__TAG_SERVICE, err);
}

/* Settings are taken only before start. */
static cmg_status check_new(const cmg_service *service, cmg_error **err)
{
    cmg_status rc = check(service, err);

    if (rc == CMG_OK && service->state != CMG__SERVICE_NEW)
        rc = cmg__fail(err, service->alloc, CMG_E_STATE, "service",
                       "set everything before cmg_service_start()",
                       "the service was started already");
    return rc;
}

/* Settings and certificate are taken while it runs, too. */
static cmg_status check_open(const cmg_service *service, cmg_error **err)
{
    cmg_status rc = check(service, err);

    if (rc == CMG_OK && service->state > CMG__SERVICE_RUNNING)
        rc = cmg__fail(err, service->alloc, CMG_E_STATE, "service", "make a new service",
                       "the service is closing");
    return rc;
}

static void on_grace(struct cmg__timer *timer, void *user)
{
    struct cmg_service *service = user;

    (void)timer;
    CMG__LIST_FOREACH (node, after, &service->fronts)
        cmg__http1_conn_abort(CMG__CONTAINER(node, struct cmg__front, node)->http1);
    CMG__LIST_FOREACH (node, after, &service->channels) {
        struct cmg__channel *channel = CMG__CONTAINER(node, struct cmg__channel, node);
        if (channel->h2 != NULL)
            cmg__h2_abort(channel->h2);
    }
    cmg__report_soon(service);
}

cmg_status cmg_service_new(cmg_context *ctx, cmg_service **out_service, cmg_error **err)
{
    cmg_status rc = cmg__check(ctx == NULL ? NULL : &ctx->head, CMG__TAG_CONTEXT, err);

    if (rc != CMG_OK)
        return rc;
    if (out_service == NULL)
        return cmg__fail(err, &ctx->alloc, CMG_E_INVAL, "out_service",
                         "pass the address of a pointer", "out_service is NULL");
    struct cmg_service *service = cmg__alloc0(&ctx->alloc, sizeof *service);
    if (service == NULL)
        return cmg__fail_nomem(err);
    cmg__handle_init(&service->head, CMG__TAG_SERVICE, ctx);
    service->alloc = &ctx->alloc;
    service->loop = ctx->loop;
    service->limits = cmg__relay_default_limits;
    service->own_instance = -1;
    cmg__service_settings_init(&service->settings, service->alloc);
    cmg__list_init(&service->fronts);
    cmg__list_init(&service->channels);
    cmg__list_init(&service->waiting);
    cmg__list_init(&service->done);
    cmg__task_init(&service->task, cmg__report_run, service);
    cmg__timer_init(&service->grace, service->loop, on_grace, service);
    *out_service = service;
    return CMG_OK;
}

cmg_status cmg_service_configure(cmg_service *service, const char *json, size_t size,
                                 cmg_error **err)
{
    struct cmg__service_settings settings;
    cmg_status rc = check_open(service, err);

    if (rc != CMG_OK)
        return rc;
    cmg__service_settings_init(&settings, service->alloc);
    rc = cmg__service_settings_read(&settings, json, size, err);
    if (rc == CMG_OK && service->own_instance >= 0)
        settings.instance = service->own_instance;
    if (rc == CMG_OK && service->state == CMG__SERVICE_RUNNING)
        rc = cmg__service_reconfigure(service, &settings, err);
    if (rc != CMG_OK) {
        cmg__service_settings_done(&settings);
        return rc;
    }
    cmg__service_settings_done(&service->settings);
    service->settings = settings;
    service->is_configured = true;
    cmg__service_name(service);
    return CMG_OK;
}

cmg_status cmg_service_set_instance(cmg_service *service, uint32_t instance,
                                    cmg_error **err)
{
    cmg_status rc = check_new(service, err);

    if (rc != CMG_OK)
        return rc;
    if (instance > 15)
        return cmg__fail(err, service->alloc, CMG_E_INVAL, "instance", "use 0 to 15",
                         "there is no instance %u", (unsigned)instance);
    service->own_instance = (int)instance;
    service->settings.instance = (int)instance;
    cmg__service_name(service);
    return CMG_OK;
}

/* The host is told from a task of its own, of the last document only. */
static bool on_user_data(void *user, const char *json, size_t size)
{
    struct cmg_service *service = user;
    cmg_error *why = NULL;

    cmg_error_unref(service->news.why);
    service->news = (struct cmg__news){ .is_pending = false };
    cmg_status rc = cmg_service_configure(service, json, size, &why);
    if (rc != CMG_OK)
        cmg__log(service->head.ctx, CMG_LOG_WARNING, "relay", "metadata.refused",
                 service->via, "user data is not taken, what was before stays: %s",
                 cmg_error_message(why));
    if (rc == CMG_E_NOMEM) {
        cmg_error_unref(why);
        return false;
    }
    service->news = (struct cmg__news){ true, json, size, why };
    cmg__report_soon(service);
    return true;
}

cmg_status cmg_service_follow_metadata(cmg_service *service, const char *base_url,
                                       int64_t interval_ms, cmg_error **err)
{
    cmg_status rc = check_open(service, err);

    if (rc == CMG_OK && service->follow != NULL)
        rc = cmg__fail(err, service->alloc, CMG_E_STATE, "service",
                       "follow one metadata service, once",
                       "the service follows a metadata service already");
    return rc != CMG_OK ? rc
                        : cmg__follow_new(service->head.ctx, base_url, interval_ms,
                                          on_user_data, service, &service->follow, err);
}

cmg_status cmg_service_set_certificate(cmg_service *service, cmg_certificate *certificate,
                                       cmg_error **err)
{
    cmg_status rc = check_open(service, err);

    if (rc == CMG_OK)
        rc = cmg__check(certificate == NULL ? NULL : &certificate->head,
                        CMG__TAG_CERTIFICATE, err);
    if (rc == CMG_OK)
        rc = cmg__certificate_check_key(certificate, err);
    if (rc == CMG_OK && service->state == CMG__SERVICE_RUNNING)
        rc = cmg__service_change_certificate(service, certificate, err);
    if (rc != CMG_OK)
        return rc;
    cmg_certificate_ref(certificate);
    cmg_certificate_unref(service->certificate);
    service->certificate = certificate;
    return CMG_OK;
}

static bool is_listener(cmg_listener listener)
{
    return listener >= CMG_LISTENER_CLIENT && listener <= CMG_LISTENER_CHANNEL_HTTPS;
}

cmg_status cmg_service_set_listener(cmg_service *service, cmg_listener listener,
                                    const char *address, uint16_t port, cmg_error **err)
{
    cmg_status rc = check_new(service, err);

    if (rc != CMG_OK)
        return rc;
    if (!is_listener(listener))
        return cmg__fail(err, service->alloc, CMG_E_INVAL, "listener",
                         "use CMG_LISTENER_CLIENT, _CHANNEL or _CHANNEL_HTTPS",
                         "there is no listener %d", (int)listener);
    if (address == NULL || address[0] == '\0' || strlen(address) >= 46)
        return cmg__fail(err, service->alloc, CMG_E_INVAL, "address",
                         "use an IPv4 or IPv6 address", "the address is not allowed");
    struct cmg__service_listener *l = &service->listeners[listener - 1];
    memcpy(l->address, address, strlen(address) + 1);
    l->port = port;
    l->is_set = true;
    return CMG_OK;
}

cmg_status cmg_service_set_events(cmg_service *service, const cmg_service_events *events,
                                  cmg_error **err)
{
    cmg_service_events copy = { .size = sizeof copy };
    cmg_status rc = check_new(service, err);

    if (rc == CMG_OK && events != NULL)
        rc = cmg__tagged_copy(&copy, sizeof copy, sizeof copy, events,
                              "cmg_service_events", err);
    if (rc == CMG_OK)
        service->events = copy;
    return rc;
}

/* ---- start ---- */

/* By enum cmg_listener - 1. */
static const struct door {
    size_t port; /* in the settings; 0 there: not listened */
    void (*on_accept)(void *service, int fd, const char *peer);
    const char *whom;
} doors[] = {
    { offsetof(struct cmg__service_settings, client_port), cmg__front_accept, "clients" },
    { offsetof(struct cmg__service_settings, channel_port), cmg__channel_accept,
      "connection points" },
    { offsetof(struct cmg__service_settings, channel_https_port), cmg__channel_accept,
      "connection points over HTTPS" },
};

static cmg_status listen_on(struct cmg_service *service, size_t i, cmg_error **err)
{
    const struct door *door = &doors[i];
    struct cmg__service_listener *l = &service->listeners[i];
    uint16_t port = 0;

    memcpy(&port, (const char *)&service->settings + door->port, sizeof port);
    if (port == 0)
        return CMG_OK;
    cmg_status rc = cmg__listener_new(service->loop, l->is_set ? l->address : "0.0.0.0",
                                      l->is_set ? l->port : port, door->on_accept,
                                      service, &l->listener, err);
    if (rc == CMG_OK)
        cmg__log(service->head.ctx, CMG_LOG_INFO, "relay", "service.listen", service->via,
                 "listening on %u for %s", (unsigned)cmg__listener_port(l->listener),
                 door->whom);
    return rc;
}

static cmg_status listen_on_all(struct cmg_service *service, cmg_error **err)
{
    cmg_status rc = CMG_OK;

    for (size_t i = 0; i < CMG__ARRAY_LEN(doors) && rc == CMG_OK; i++)
        rc = listen_on(service, i, err);
    return rc;
}

void cmg__service_name(struct cmg_service *service)
{
    if (service->settings.instance >= 0)
        snprintf(service->via, sizeof service->via, "cmg-%d", service->settings.instance);
    else
        memcpy(service->via, "cmg", 4);
}

static cmg_status name_run(struct cmg_service *service, cmg_error **err)
{
    const struct cmg__env *env = &service->head.ctx->env;
    unsigned char random[8];

    if (env->random(env->user, random, sizeof random) != 0)
        return cmg__fail(err, service->alloc, CMG_E_IO, "random",
                         "check the system's random source", "no random bytes");
    cmg__hex_format(random, sizeof random, service->run_id);
    cmg__service_name(service);
    return CMG_OK;
}

static void stop_listening(struct cmg_service *service)
{
    for (size_t i = 0; i < CMG__ARRAY_LEN(service->listeners); i++) {
        cmg__listener_free(service->listeners[i].listener);
        service->listeners[i].listener = NULL;
    }
}

/* What start made; a failed start leaves the service as it was. */
static void undo_start(struct cmg_service *service)
{
    stop_listening(service);
    cmg__secure_done(&service->secure);
    cmg__token_gate_free(service->tokens);
    service->tokens = NULL;
    cmg__revocation_gate_free(service->revocation);
    service->revocation = NULL;
}

/* Clients get half of the process's descriptors, so that channels, token keys and the
   host always find some. */
static void fit_limits(struct cmg_service *service)
{
    size_t most = cmg__listener_max_descriptors();

    if (service->limits.connections > most / 2)
        service->limits.connections = most / 2;
    if (service->limits.handshakes > most / 8)
        service->limits.handshakes = most / 8;
}

cmg_status cmg_service_start(cmg_service *service, cmg_error **err)
{
    cmg_status rc = check_new(service, err);

    if (rc != CMG_OK)
        return rc;
    if (!service->is_configured || service->certificate == NULL)
        return cmg__fail(err, service->alloc, CMG_E_STATE, "service",
                         "call cmg_service_configure() and cmg_service_set_certificate()",
                         "settings or certificate are missing");
    fit_limits(service);
    rc = name_run(service, err);
    if (rc == CMG_OK)
        rc = cmg__secure_make(service, &service->settings, service->certificate,
                              &service->secure, err);
    if (rc == CMG_OK)
        rc = cmg__token_gate_new(service->head.ctx, &service->settings, &service->limits,
                                 cmg__exchange_keys, service, &service->tokens, err);
    if (rc == CMG_OK)
        rc = cmg__revocation_gate_new(service->head.ctx, &service->settings,
                                      &service->limits, cmg__exchange_lists, service,
                                      &service->revocation, err);
    if (rc == CMG_OK)
        rc = listen_on_all(service, err);
    if (rc != CMG_OK) {
        undo_start(service);
        return rc;
    }
    cmg__token_gate_start(service->tokens);
    service->state = CMG__SERVICE_RUNNING;
    return CMG_OK;
}

uint16_t cmg_service_get_port(const cmg_service *service, cmg_listener listener)
{
    if (check(service, NULL) != CMG_OK || !is_listener(listener))
        return 0;
    const struct cmg__listener *l = service->listeners[listener - 1].listener;
    return l == NULL ? 0 : cmg__listener_port(l);
}

/* ---- the end ---- */

cmg_status cmg_service_close(cmg_service *service, int64_t grace_ms, cmg_error **err)
{
    cmg_status rc = check(service, err);

    if (rc != CMG_OK)
        return rc;
    if (grace_ms < 0 || grace_ms > 600000)
        return cmg__fail(err, service->alloc, CMG_E_INVAL, "grace_ms",
                         "use 0 to 600000 milliseconds", "the grace time is not allowed");
    if (service->state != CMG__SERVICE_RUNNING)
        return cmg__fail(err, service->alloc, CMG_E_STATE, "service",
                         "close once, after cmg_service_start()",
                         "the service is not running");
    service->state = CMG__SERVICE_DRAINING;
    cmg__follow_stop(service->follow);
    stop_listening(service);
    cmg__front_drain(service);
    cmg__timer_start(&service->grace, grace_ms);
    cmg__report_soon(service);
    return CMG_OK;
}

static void free_connections(struct cmg_service *service)
{
    CMG__LIST_FOREACH (node, after, &service->fronts)
        cmg__front_free(CMG__CONTAINER(node, struct cmg__front, node));
    CMG__LIST_FOREACH (node, after, &service->channels)
        cmg__channel_free(CMG__CONTAINER(node, struct cmg__channel, node));
    CMG__LIST_FOREACH (node, after, &service->done)
        cmg__exchange_free(CMG__CONTAINER(node, struct cmg__exchange, node));
}

/* In a forked child sockets and loop belong to the parent: only the settings go. */
void cmg__service_destroy(struct cmg_service *service)
{
    const struct cmg__alloc alloc = *service->alloc;

    if (!cmg__handle_is_foreign(&service->head)) {
        cmg__follow_free(service->follow);
        free_connections(service);
        undo_start(service);
        cmg__timer_stop(&service->grace);
        cmg__task_cancel(&service->task);
    }
    cmg__service_settings_done(&service->settings);
    cmg_error_unref(service->news.why);
    cmg_certificate_unref(service->certificate);
    cmg__handle_done(&service->head);
    cmg__free(&alloc, service);
}

cmg_service *cmg_service_ref(cmg_service *service)
{
    if (service != NULL)
        cmg__handle_ref(&service->head);
    return service;
}

void cmg_service_unref(cmg_service *service)
{
    if (service != NULL && cmg__handle_unref(&service->head) && !service->is_delivering)
        cmg__service_destroy(service);
}
