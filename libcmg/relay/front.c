/*
 * Clients' connections: TLS and HTTP/1.1 from net/, one exchange at a time, the client
 * certificate's verdict kept for some minutes. Who is asked for a certificate and shows
 * none is still let in: the path decides.
 */
#include "relay/service.h"
#include "base/base64.h"
#include "base/log.h"
#include "base/str.h"
#include "crypto/hash.h"

static void on_request(struct cmg__http1_conn *conn, const struct cmg__http1_head *head,
                       void *user)
{
    (void)conn;
    cmg__exchange_begin(user, head);
}

static size_t on_body(struct cmg__http1_conn *conn, const char *data, size_t n,
                      void *user)
{
    struct cmg__front *front = user;

    (void)conn;
    return front->exchange == NULL ? n : cmg__exchange_body(front->exchange, data, n);
}

static void on_end(struct cmg__http1_conn *conn, void *user)
{
    struct cmg__front *front = user;

    (void)conn;
    if (front->exchange != NULL)
        cmg__exchange_request_end(front->exchange);
}

static void on_writable(struct cmg__http1_conn *conn, void *user)
{
    struct cmg__front *front = user;

    (void)conn;
    if (front->exchange != NULL)
        cmg__exchange_client_writable(front->exchange);
}

static void on_done(struct cmg__http1_conn *conn, void *user)
{
    struct cmg__front *front = user;

    if (front->exchange != NULL)
        cmg__exchange_finish(front->exchange, true);
    if (front->service->state != CMG__SERVICE_RUNNING)
        cmg__http1_conn_set_close(conn);
}

static void forget(struct cmg__front *front)
{
    struct cmg_service *service = front->service;

    if (front->exchange != NULL)
        cmg__exchange_finish(front->exchange, false);
    cmg__list_remove(&front->node);
    service->front_count--;
    cmg__free(service->alloc, front);
    cmg__report_soon(service);
}

static void on_close(struct cmg__http1_conn *conn, const cmg_error *why, void *user)
{
    struct cmg__front *front = user;

    (void)conn;
    if (why != NULL)
        cmg__log(front->service->head.ctx, CMG_LOG_DEBUG, "relay", "client.closed",
                 front->peer, "client's connection ended: %s", cmg_error_message(why));
    forget(front);
}

static const struct cmg__http1_server_events front_events = {
    .on_request = on_request,
    .on_body = on_body,
    .on_end = on_end,
    .on_writable = on_writable,
    .on_done = on_done,
    .on_close = on_close,
};

/* The oldest connection without a request gives way; false when all have one. */
static bool make_room(struct cmg_service *service)
{
    CMG__LIST_FOREACH (node, after, &service->fronts) {
        struct cmg__front *front = CMG__CONTAINER(node, struct cmg__front, node);
        if (front->exchange != NULL)
            continue;
        /* To the end: it goes in the next turn, and is not to be chosen again until. */
        cmg__list_remove(node);
        cmg__list_add_tail(&service->fronts, node);
        cmg__http1_conn_abort(front->http1);
        return true;
    }
    return false;
}

static cmg_status open_tls(struct cmg_service *service, int fd, struct cmg__stream **out)
{
    struct cmg__stream *tcp = NULL;
    cmg_status rc = cmg__tcp_adopt(service->loop, fd, &tcp, NULL);

    if (rc != CMG_OK)
        return rc;
    if (service->front_count >= service->limits.connections && !make_room(service)) {
        cmg__stream_free(tcp);
        return CMG_E_LIMIT;
    }
    return cmg__tls_stream_new(tcp, service->secure.tls[CMG_LISTENER_CLIENT - 1], NULL,
                               out, NULL);
}

void cmg__front_accept(void *user, int fd, const char *peer)
{
    struct cmg_service *service = user;
    struct cmg__stream *tls = NULL;

    if (open_tls(service, fd, &tls) != CMG_OK)
        return;
    struct cmg__front *front = cmg__alloc0(service->alloc, sizeof *front);
    if (front == NULL) {
        cmg__stream_free(tls);
        return;
    }
    front->service = service;
    for (size_t i = 0; i + 1 < sizeof front->peer && peer[i] != '\0'; i++)
        front->peer[i] = peer[i];
    if (cmg__http1_conn_new(tls, &cmg__http1_server_default_limits, &front_events, front,
                            &front->http1, NULL) != CMG_OK) {
        cmg__free(service->alloc, front);
        return;
    }
    cmg__list_add_tail(&service->fronts, &front->node);
    service->front_count++;
}

void cmg__front_drain(struct cmg_service *service)
{
    CMG__LIST_FOREACH (node, after, &service->fronts) {
        struct cmg__front *front = CMG__CONTAINER(node, struct cmg__front, node);
        if (front->exchange == NULL)
            cmg__http1_conn_abort(front->http1);
        else
            cmg__http1_conn_set_close(front->http1);
    }
}

void cmg__front_free(struct cmg__front *front)
{
    cmg__http1_conn_free(front->http1);
    forget(front);
}

static enum cmg__cert_verdict judge(struct cmg__front *front, bool may_wait)
{
    struct cmg_service *service = front->service;
    struct cmg__stream *tls = cmg__http1_conn_stream(front->http1);
    struct cmg__x509_ders chain = { .count = cmg__tls_peer_count(tls) };
    cmg_error *why = NULL;

    if (chain.count == 0)
        return CMG__CERT_NONE;
    if (chain.count > CMG__PEER_MAX || service->secure.trust == NULL)
        return CMG__CERT_BAD;
    for (size_t i = 0; i < chain.count; i++)
        chain.ders[i] = cmg__tls_peer_der(tls, i, &chain.lens[i]);
    if (cmg__sha256_hex(chain.ders[0], chain.lens[0], front->cert_sha256) != CMG_OK)
        return CMG__CERT_UNKNOWN;
    const enum cmg__cert_verdict verdict = cmg__revocation_gate_check(
        service->revocation, service->secure.trust, &chain, may_wait, &why);
    if (verdict != CMG__CERT_GOOD && verdict != CMG__CERT_PENDING)
        cmg__log(service->head.ctx, CMG_LOG_INFO, "relay", "client.certificate",
                 front->cert_sha256, "client certificate refused: %s",
                 cmg_error_message(why));
    cmg_error_unref(why);
    return verdict;
}

/* How long a verdict is kept. What hangs on the moment is not; a list that was not there
   is not asked for sooner, and one that comes casts doubt on every verdict. */
static int64_t lasts_ms(const struct cmg__relay_limits *limits,
                        enum cmg__cert_verdict verdict)
{
    switch (verdict) {
    case CMG__CERT_UNKNOWN:
    case CMG__CERT_PENDING:
        return 0;
    case CMG__CERT_UNASKED:
        return limits->list_pause_ms;
    default:
        return limits->certificate_ms;
    }
}

enum cmg__cert_verdict cmg__front_judge(struct cmg__front *front, bool may_wait)
{
    int64_t now = cmg__loop_now_ms(front->service->loop);

    if (now - front->judged_ms >= lasts_ms(&front->service->limits, front->verdict)) {
        front->verdict = judge(front, may_wait);
        front->judged_ms = now;
    }
    return front->verdict;
}

void cmg__front_doubt(struct cmg_service *service)
{
    CMG__LIST_FOREACH (node, after, &service->fronts)
        CMG__CONTAINER(node, struct cmg__front, node)->verdict = CMG__CERT_UNKNOWN;
}

cmg_status cmg__front_client_cert(const struct cmg__front *front, struct cmg__buf *out)
{
    struct cmg__stream *tls = cmg__http1_conn_stream(front->http1);
    size_t n = 0;
    const uint8_t *der = cmg__tls_peer_der(tls, 0, &n);

    cmg_status rc = cmg__buf_add_char(out, ':');
    if (rc == CMG_OK)
        rc = cmg__base64_encode(out, der, n);
    return rc == CMG_OK ? cmg__buf_add_char(out, ':') : rc;
}
