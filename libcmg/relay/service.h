/*
 * The inside of a gateway service, shared by the files that make it:
 *   service.c    public functions, life        front.c     clients' connections
 *   report.c     what the host is told         admit.c     who may do what
 *   exchange.c   one request, both ways        answer.c    what the service says itself
 *   channel.c    connection points          reload.c    new settings while it runs
 * The host's callbacks are called from report.c only, with nothing of the library on the
 * stack above the loop, so that a callback may drop the service.
 */
#ifndef CMG_RELAY_SERVICE_H
#define CMG_RELAY_SERVICE_H

#include <cmg/relay.h>
#include "crypto/x509.h"
#include "model/certificate.h"
#include "net/http1_server.h"
#include "net/http2.h"
#include "net/tls.h"
#include "relay/fields.h"
#include "relay/follow.h"
#include "relay/revocation_gate.h"
#include "relay/settings.h"
#include "relay/target.h"
#include "relay/token_gate.h"

enum cmg__service_state {
    CMG__SERVICE_NEW,
    CMG__SERVICE_RUNNING,
    CMG__SERVICE_DRAINING,
    CMG__SERVICE_CLOSED
};

struct cmg__service_listener {
    char address[46];
    uint16_t port;
    bool is_set;
    struct cmg__listener *listener;
};

/* What connections are made and judged with. Those that are there keep the TLS they began
   with. */
struct cmg__secure {
    struct cmg__tls_config *tls[2]; /* for clients, for channels */
    struct cmg__x509_trust *trust;  /* NULL: every client certificate is refused */
};

/* What became of user data that was followed, until the host is told. */
struct cmg__news {
    bool is_pending;
    const char *json; /* the follower's */
    size_t size;
    cmg_error *why; /* NULL: it was taken */
};

struct cmg_service {
    struct cmg__handle head;
    const struct cmg__alloc *alloc;
    struct cmg__loop *loop;
    struct cmg__relay_limits limits;
    struct cmg__service_settings settings;
    bool is_configured;
    cmg_certificate *certificate;
    struct cmg__service_listener listeners[3]; /* by enum cmg_listener - 1 */
    cmg_service_events events;
    struct cmg__follow *follow; /* NULL: settings are the host's to bring */
    struct cmg__news news;
    int own_instance; /* told by the host, and above the settings'; -1: not told */
    struct cmg__secure secure;
    struct cmg__token_gate *tokens;
    struct cmg__revocation_gate *revocation;
    enum cmg__service_state state;
    char via[16];    /* "cmg-3" or "cmg" */
    char run_id[17]; /* random, first part of request IDs */
    uint64_t requests;
    struct cmg__list fronts;
    size_t front_count;
    struct cmg__list channels;
    size_t channel_count;
    struct cmg__list waiting;  /* exchanges without connection point, keys or lists */
    size_t waiting_count;      /* for the first two of them */
    size_t list_waiting_count; /* for the last */
    struct cmg__list done;     /* exchanges to report */
    struct cmg__task task;     /* reports, see report.c */
    struct cmg__timer grace;
    bool is_delivering;
    bool close_reported;
};

/* ---- reload.c ---- */

/* *out is empty on failure. */
cmg_status cmg__secure_make(struct cmg_service *service,
                            const struct cmg__service_settings *settings,
                            const cmg_certificate *certificate, struct cmg__secure *out,
                            cmg_error **err);
void cmg__secure_done(struct cmg__secure *secure);
/* Makes a running service work by settings, which take the place of its own right after;
   nothing has changed on failure. */
cmg_status cmg__service_reconfigure(struct cmg_service *service,
                                    const struct cmg__service_settings *settings,
                                    cmg_error **err);
cmg_status cmg__service_change_certificate(struct cmg_service *service,
                                           const cmg_certificate *certificate,
                                           cmg_error **err);
/* What it calls itself in answers. */
void cmg__service_name(struct cmg_service *service);

/* ---- a client's connection ---- */

struct cmg__front {
    struct cmg_service *service;
    struct cmg__list node;
    struct cmg__http1_conn *http1;
    struct cmg__exchange *exchange;
    char peer[46];
    enum cmg__cert_verdict verdict;
    int64_t judged_ms;
    char cert_sha256[65];
};
void cmg__front_accept(void *service, int fd, const char *peer);
/* Idle connections end, others after their answer. */
void cmg__front_drain(struct cmg_service *service);
void cmg__front_free(struct cmg__front *front);
/* The client certificate's verdict, kept for a while. may_wait: PENDING is one. */
enum cmg__cert_verdict cmg__front_judge(struct cmg__front *front, bool may_wait);
/* Certificates are judged anew at their next request. */
void cmg__front_doubt(struct cmg_service *service);
/* Appends ":base64:" of the client's leaf (RFC 9440). */
CMG__NODISCARD cmg_status cmg__front_client_cert(const struct cmg__front *front,
                                                 struct cmg__buf *out);

/* ---- a connection point's channel ---- */

enum cmg__channel_state {
    CMG__CHANNEL_HANDSHAKE,
    CMG__CHANNEL_HELLO,
    CMG__CHANNEL_READY,
    CMG__CHANNEL_DRAINING,
    CMG__CHANNEL_DEAD
};

struct cmg__channel {
    struct cmg_service *service;
    struct cmg__list node;
    enum cmg__channel_state state;
    struct cmg__stream *tls; /* while handshaking */
    struct cmg__h2 *h2;
    struct cmg__h2_stream *control;
    struct cmg__control_reader reader;
    struct cmg__hello hello;
    struct cmg__timer timer;
    char peer[46];
    char cert_sha256[65]; /* what it was pinned by */
    uint64_t taken;       /* requests so far, for the turn among equals */
    cmg_error *why;
    bool was_ready;
    bool ready_pending;
    bool lost_pending;
};
void cmg__channel_accept(void *service, int fd, const char *peer);
void cmg__channel_drain(struct cmg__channel *channel, int64_t grace_ms);
void cmg__channel_free(struct cmg__channel *channel);
/* Ends those whose certificate settings do not pin. */
void cmg__channel_unpin(struct cmg_service *service,
                        const struct cmg__service_settings *settings);
/* Whether any is ready; the best one that publishes the endpoint and has room, or NULL.
 *published tells whether one publishes it at all. */
bool cmg__channel_any(const struct cmg_service *service);
struct cmg__channel *cmg__channel_pick(const struct cmg_service *service,
                                       const struct cmg__route *route,
                                       struct cmg__map_match *match, bool *published);

/* ---- one request ---- */

enum cmg__exchange_state {
    CMG__EXCHANGE_KEYS,    /* waits for token keys */
    CMG__EXCHANGE_LISTS,   /* waits for revocation lists */
    CMG__EXCHANGE_QUEUED,  /* waits for a connection point */
    CMG__EXCHANGE_RUNNING, /* has a stream */
    CMG__EXCHANGE_ANSWERED /* nothing more comes from inside */
};

struct cmg__exchange {
    struct cmg_service *service;
    struct cmg__front *front; /* NULL once on the list of done ones */
    struct cmg__list node;    /* in waiting or done */
    enum cmg__exchange_state state;
    const struct cmg__http1_head *head; /* borrowed from the connection */
    struct cmg__target target;
    struct cmg__route route;
    struct cmg__jwt_identity identity; /* of a token */
    struct cmg__h2_stream *stream;
    struct cmg__timer timer;
    int64_t due_ms;
    int64_t began_ms;
    int64_t body_ms; /* when the body began, moved on by the time we held it up */
    int64_t held_ms; /* since when the stream has been full */
    uint64_t max_length;
    uint64_t number;
    size_t unconsumed; /* answer bytes that the client has not taken */
    unsigned tries;
    bool drop_body; /* a body nobody wants (GET) */
    bool request_ended;
    bool end_sent;
    bool stream_full;
    bool client_full;
    bool response_started;
    /* for the record */
    uint64_t bytes_in;
    uint64_t bytes_out;
    int64_t elapsed_ms;
    int status;
    char method[33];
    char role_id[24];
    char endpoint[CMG__MAP_MAX_PATH + 1];
    char connector[CMG__CONTROL_NAME_MAX + 1];
    const char *client; /* "certificate", "token", "none" */
};
void cmg__exchange_begin(struct cmg__front *front, const struct cmg__http1_head *head);
size_t cmg__exchange_body(struct cmg__exchange *x, const char *data, size_t n);
void cmg__exchange_request_end(struct cmg__exchange *x);
void cmg__exchange_client_writable(struct cmg__exchange *x);
/* The answer is out, or the client left: goes to the list of done ones. */
void cmg__exchange_finish(struct cmg__exchange *x, bool complete);
void cmg__exchange_free(struct cmg__exchange *x);
/* From the channel. */
void cmg__exchange_response(struct cmg__exchange *x, int status,
                            const struct cmg__headers *headers, bool end);
void cmg__exchange_data(struct cmg__exchange *x, const char *data, size_t n);
void cmg__exchange_response_end(struct cmg__exchange *x);
void cmg__exchange_stream_writable(struct cmg__exchange *x);
void cmg__exchange_stream_closed(struct cmg__exchange *x, bool refused);
/* Looks for a connection point, or waits for one, or refuses. */
void cmg__exchange_dispatch(struct cmg__exchange *x);
/* Waiting ones try again: a channel became ready, or a stream ended. */
void cmg__exchange_wake(struct cmg_service *service);
/* Token keys came, or the attempt failed. */
void cmg__exchange_keys(void *service);
/* An attempt to get a revocation list ended; changed: certificates are to be judged anew.
 */
void cmg__exchange_lists(void *service, bool changed);
/* No stream any more; a running one is reset. */
void cmg__exchange_detach(struct cmg__exchange *x);
/* The fields that go into the channel: filtered, with the identity. */
CMG__NODISCARD cmg_status cmg__exchange_fields(struct cmg__exchange *x,
                                               struct cmg__headers *out);

/* ---- deciding and answering ---- */

enum cmg__refusal {
    CMG__ADMITTED, /* goes inside: cmg__exchange_dispatch */
    CMG__ANSWERED, /* was answered in place */
    CMG__WAIT_KEYS,
    CMG__WAIT_LISTS,
    CMG__REFUSE_BAD,
    CMG__REFUSE_TOKEN,
    CMG__REFUSE_CERT_MISSING,
    CMG__REFUSE_CERT_FOREIGN,
    CMG__REFUSE_CERT_REVOKED,
    CMG__REFUSE_CERT_UNASKED,
    CMG__REFUSE_NOT_FOUND,
    CMG__REFUSE_METHOD,
    CMG__REFUSE_SLOW,
    CMG__REFUSE_TOO_LARGE,
    CMG__REFUSE_TARGET,
    CMG__REFUSE_MISDIRECTED,
    CMG__REFUSE_INTERNAL,
    CMG__REFUSE_UNKNOWN_METHOD,
    CMG__REFUSE_LOST,
    CMG__REFUSE_NO_CONNECTOR,
    CMG__REFUSE_NO_KEYS,
    CMG__REFUSE_TIMEOUT
};
enum cmg__refusal cmg__admit(struct cmg__exchange *x);
/* The second half, once keys or lists are there. may_wait: for either. */
enum cmg__refusal cmg__admit_identity(struct cmg__exchange *x, bool may_wait);
/* Fixed text and a number to ask about; nothing of the request. */
void cmg__answer_refuse(struct cmg__exchange *x, enum cmg__refusal refusal);
/* "/CCM_Proxy_.../<name>" that the service answers itself; false when it is none. */
bool cmg__answer_is_own(const struct cmg__route *route, bool *needs_token);
void cmg__answer_own(struct cmg__exchange *x);

/* ---- telling the host ---- */
void cmg__report_soon(struct cmg_service *service);
void cmg__report_run(struct cmg__task *task, void *service);
void cmg__service_destroy(struct cmg_service *service);

#endif
