/*
 * The HTTPS client engine: curl_multi by socket action on the loop. For control-plane
 * calls and the internet client; bodies are held in memory within a limit. The context's
 * CA list, proxy, and address table apply to every call. No redirects are followed.
 */
#ifndef CMG_NET_HTTP_CLIENT_H
#define CMG_NET_HTTP_CLIENT_H

#include "base/http.h"
#include "net/loop.h"

cmg_status cmg__http_new(struct cmg__loop *loop, struct cmg__http **out, cmg_error **err);
void cmg__http_free(struct cmg__http *http);
/* After a fork: gives memory back, touches no descriptor. libcurl's own memory stays. */
void cmg__http_forget(struct cmg__http *http);

/* How a call signs in at its server. NTLM signs the connection in, not the request;
   Negotiate without user takes the tickets of the process. */
enum cmg__http_auth {
    CMG__HTTP_AUTH_NONE,
    CMG__HTTP_AUTH_BASIC,
    CMG__HTTP_AUTH_NTLM,
    CMG__HTTP_AUTH_NEGOTIATE,
    CMG__HTTP_AUTHS
};

struct cmg__http_options {
    int64_t connect_timeout_ms; /* 0: 10 s */
    int64_t total_timeout_ms;   /* 0: 100 s */
    size_t max_body;            /* 0: CMG__HTTP_BODY_MAX */
    /* Client certificate, PEM; NULL for none. Copied. */
    const char *cert_pem;
    const char *key_pem;
    /* Roots instead of the context's, PEM; NULL for the context's. Copied. */
    const char *ca_pem;
    /* Sent to the server of this call and to nobody else, over TLS only. Copied. */
    enum cmg__http_auth auth;
    const char *user;     /* NULL: "" */
    const char *password; /* NULL: "" */
    /* Asked when the connection stands and the request is about to leave, for it may have
       waited: false ends the call unsent. NULL: it may. */
    bool (*may_send)(void *user);
    void *may_send_user;
    bool fresh_connection; /* do not reuse, do not keep */
    bool no_proxy;
};

/* Exactly once, from the loop, unless cancelled: err is NULL when an answer of any status
   came; otherwise resp is NULL and err's retry class tells whether the outcome is unknown
   (TRANSIENT: the request may have been carried out). Both borrowed for the call. */
typedef void (*cmg__http_done_fn)(void *user, const struct cmg__http_response *resp,
                                  const cmg_error *err);

/* True when the failure came before a byte of the request was sent (name lookup, connect,
   TLS handshake): then, and only then, it may be repeated without a look at its effect.
 */
bool cmg__http_was_not_sent(const cmg_error *err);

struct cmg__http_call;
/* The request is copied. out may be NULL. */
cmg_status cmg__http_start(struct cmg__http *http, const struct cmg__http_request *req,
                           const struct cmg__http_options *options,
                           cmg__http_done_fn done, void *user,
                           struct cmg__http_call **out, cmg_error **err);
/* The callback will not come. Only before it came. */
void cmg__http_cancel(struct cmg__http_call *call);

#endif
