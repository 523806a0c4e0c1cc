/*
 * The inside of a connection point:
 *   connector.c  public functions, life     forward.c   one request to a role
 *   link.c       one dialled instance       upstream.c  the roles' addresses and pools
 * The host's callbacks are called from one task, with nothing of the library beneath but
 * the loop.
 */
#ifndef CMG_RELAY_CONNECTOR_H
#define CMG_RELAY_CONNECTOR_H

#include <cmg/relay.h>
#include "model/certificate.h"
#include "net/http1_client.h"
#include "net/http2.h"
#include "net/tls.h"
#include "relay/fields.h"
#include "relay/settings.h"
#include "relay/target.h"

enum cmg__link_state {
    CMG__LINK_IDLE,       /* waits for its timer */
    CMG__LINK_CONNECTING, /* TCP and TLS */
    CMG__LINK_HELLO,      /* HTTP/2 is up, the service has not said "ready" */
    CMG__LINK_READY,
    CMG__LINK_DRAINING,
    CMG__LINK_CLOSED
};

/* One instance of the gateway. */
struct cmg__link {
    struct cmg_connector *connector;
    uint32_t instance;
    enum cmg__link_state state;
    bool by_https;           /* at https_port, since first_port could not be reached */
    bool is_proxied;         /* by the context's web proxy */
    struct cmg__stream *tls; /* while connecting */
    struct cmg__h2 *h2;
    struct cmg__h2_stream *control;
    struct cmg__control_reader reader;
    struct cmg__timer timer; /* next attempt, or the present one takes too long */
    unsigned failures;
    int64_t ready_ms; /* since when it has been ready */
    cmg_error *why;   /* what the host is to be told */
    bool up_pending;
    bool down_pending;
    struct cmg__list forwards;
};

/* One role's address. */
struct cmg__upstream {
    struct cmg__http1_pool *pool;
    char *base; /* path before every endpoint, without a slash at its end */
};

enum cmg__connector_state {
    CMG__CONNECTOR_NEW,
    CMG__CONNECTOR_RUNNING,
    CMG__CONNECTOR_DRAINING,
    CMG__CONNECTOR_CLOSED
};

struct cmg_connector {
    struct cmg__handle head;
    const struct cmg__alloc *alloc;
    struct cmg__loop *loop;
    struct cmg__relay_limits limits;
    struct cmg__connector_settings settings;
    bool is_configured;
    cmg_certificate *certificate;
    struct cmg__buf upstream_ca;
    cmg_connector_events events;
    struct cmg__tls_config *channel_tls;
    struct cmg__tls_config *upstream_tls;
    struct cmg__upstream *upstreams; /* one per role */
    struct cmg__link *links;         /* one per instance */
    uint32_t link_count;
    enum cmg__connector_state state;
    int64_t grace_ms;
    int64_t epoch;
    struct cmg__task task;
    struct cmg__timer grace;
    bool is_delivering;
};

void cmg__link_init(struct cmg__link *link, struct cmg_connector *connector,
                    uint32_t instance);
void cmg__link_dial(struct cmg__link *link, int64_t after_ms);
void cmg__link_drain(struct cmg__link *link, int64_t grace_ms);
void cmg__link_abort(struct cmg__link *link);
void cmg__link_done(struct cmg__link *link); /* at once, no callback follows */

/* ---- one request ---- */
struct cmg__forward;
void cmg__forward_begin(struct cmg__link *link, struct cmg__h2_stream *s,
                        const char *method, const char *path, const char *authority,
                        const struct cmg__headers *headers, bool end);
void cmg__forward_data(struct cmg__forward *f, const char *data, size_t n);
void cmg__forward_end(struct cmg__forward *f);
void cmg__forward_writable(struct cmg__forward *f);
void cmg__forward_closed(struct cmg__forward *f);
/* Ends all of a link's without touching their streams. */
void cmg__forward_free_all(struct cmg__link *link);

/* ---- the roles ---- */
cmg_status cmg__upstreams_make(struct cmg_connector *connector, cmg_error **err);
void cmg__upstreams_done(struct cmg_connector *connector);

void cmg__connector_report_soon(struct cmg_connector *connector);

#endif
