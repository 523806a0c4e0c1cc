/*
 * What a service's connections are made and judged with, from its settings and its
 * certificate: made at its start, and anew when either changes while it runs. Connections
 * and requests that are there go on; a channel ends after its requests when its
 * connection point is not pinned any more, and what was thought of a client's certificate
 * is thought again.
 */
#include "relay/service.h"
#include "base/log.h"
#include "base/str.h"
#include <string.h>

static cmg_status make_tls(struct cmg_service *service,
                           const struct cmg__service_settings *with,
                           const cmg_certificate *certificate, struct cmg__secure *out,
                           cmg_error **err)
{
    static const char *const client_alpn[] = { "http/1.1", NULL };
    static const char *const channel_alpn[] = { "cmg-rev/1", "h2-reverse", NULL };
    const char *roots = with->client_roots_pem;
    struct cmg__buf cert, key;

    cmg__buf_init(&cert, service->alloc, (size_t)1024 * 1024);
    cmg__buf_init_secret(&key, service->alloc, (size_t)64 * 1024);
    cmg_status rc = cmg__certificate_chain_pem(certificate, &cert);
    if (rc == CMG_OK)
        rc = cmg__certificate_key_pem(certificate, &key);
    if (rc != CMG_OK)
        rc = cmg__fail(err, service->alloc, rc, "certificate", "load it again",
                       "the certificate cannot be written as PEM");
    struct cmg__tls_settings settings = { .server = true,
                                          .cert_pem = cmg__buf_cstr(&cert),
                                          .key_pem = cmg__buf_cstr(&key),
                                          .ca_pem = roots[0] == '\0' ? NULL : roots,
                                          .request_client_cert = true,
                                          .alpn = client_alpn };
    if (rc == CMG_OK)
        rc = cmg__tls_config_new(service->head.ctx, &settings, &out->tls[0], err);
    settings.ca_pem = NULL; /* channels are pinned: no hints that could mislead */
    settings.alpn = channel_alpn;
    if (rc == CMG_OK)
        rc = cmg__tls_config_new(service->head.ctx, &settings, &out->tls[1], err);
    cmg__buf_done(&cert);
    cmg__buf_done(&key);
    return rc;
}

void cmg__secure_done(struct cmg__secure *secure)
{
    for (size_t i = 0; i < CMG__ARRAY_LEN(secure->tls); i++)
        cmg__tls_config_unref(secure->tls[i]);
    cmg__x509_trust_free(secure->trust);
    *secure = (struct cmg__secure){ .trust = NULL };
}

cmg_status cmg__secure_make(struct cmg_service *service,
                            const struct cmg__service_settings *settings,
                            const cmg_certificate *certificate, struct cmg__secure *out,
                            cmg_error **err)
{
    const char *roots = settings->client_roots_pem;

    *out = (struct cmg__secure){ .trust = NULL };
    cmg_status rc = make_tls(service, settings, certificate, out, err);
    if (rc == CMG_OK && roots[0] != '\0')
        rc = cmg__x509_trust_new(service->alloc, roots, strlen(roots), &out->trust, err);
    if (rc != CMG_OK)
        cmg__secure_done(out);
    return rc;
}

/* ---- while it runs ---- */

static void take(struct cmg_service *service, const struct cmg__secure *secure)
{
    cmg__secure_done(&service->secure);
    service->secure = *secure;
}

cmg_status cmg__service_change_certificate(struct cmg_service *service,
                                           const cmg_certificate *certificate,
                                           cmg_error **err)
{
    struct cmg__secure secure;
    cmg_status rc =
        cmg__secure_make(service, &service->settings, certificate, &secure, err);

    if (rc == CMG_OK)
        take(service, &secure);
    return rc;
}

/* The listeners stay as they are. The port for channels over HTTPS may come and go with
   the age of what deployed: that holds from the next start. */
static cmg_status check_ports(const struct cmg_service *service,
                              const struct cmg__service_settings *settings,
                              cmg_error **err)
{
    const struct cmg__service_settings *now = &service->settings;
    const struct {
        const char *field;
        unsigned was, is;
    } ports[] = {
        { "/ports/client", now->client_port, settings->client_port },
        { "/ports/channel", now->channel_port, settings->channel_port },
        { "/ports/channel_https", now->channel_https_port, settings->channel_https_port },
    };

    for (size_t i = 0; i < CMG__ARRAY_LEN(ports); i++) {
        bool comes_or_goes = ports[i].was == 0 || ports[i].is == 0;
        if (ports[i].was != ports[i].is && !comes_or_goes)
            return cmg__fail(err, service->alloc, CMG_E_STATE, ports[i].field,
                             "close the service and start another one with the new port",
                             "port %u cannot become %u while the service runs",
                             ports[i].was, ports[i].is);
    }
    return CMG_OK;
}

/* The gate reads the settings at their place, so that only another key set needs another
   gate; requests that wait for keys wait for its. */
static cmg_status make_gate(struct cmg_service *service,
                            const struct cmg__service_settings *settings,
                            struct cmg__token_gate **out, cmg_error **err)
{
    if (strcmp(settings->jwks_uri, service->settings.jwks_uri) == 0)
        return CMG_OK;
    return cmg__token_gate_new(service->head.ctx, &service->settings, &service->limits,
                               cmg__exchange_keys, service, out, err);
}

cmg_status cmg__service_reconfigure(struct cmg_service *service,
                                    const struct cmg__service_settings *settings,
                                    cmg_error **err)
{
    struct cmg__token_gate *gate = NULL;
    struct cmg__secure secure;
    cmg_status rc = check_ports(service, settings, err);

    if (rc == CMG_OK)
        rc = make_gate(service, settings, &gate, err);
    if (rc == CMG_OK)
        rc = cmg__secure_make(service, settings, service->certificate, &secure, err);
    if (rc != CMG_OK) {
        cmg__token_gate_free(gate);
        return rc;
    }
    take(service, &secure);
    if (gate != NULL) {
        cmg__token_gate_free(service->tokens);
        service->tokens = gate;
        cmg__token_gate_start(gate); /* in the next turn, by the new settings */
    }
    if (!settings->verify_revocation)
        cmg__revocation_gate_rest(service->revocation);
    cmg__front_doubt(service);
    cmg__channel_unpin(service, settings);
    cmg__log(service->head.ctx, CMG_LOG_INFO, "relay", "service.reload", service->via,
             "works by changed settings");
    return CMG_OK;
}
