/*
 * A way through the context's web proxy: TCP to the proxy, CONNECT (RFC 9110, 9.3.6),
 * then the bytes of both sides as they are. A filter as in stream.h. Who is behind must
 * not speak first, as with TLS: bytes right behind the proxy's answer are refused.
 */
#ifndef CMG_NET_TUNNEL_H
#define CMG_NET_TUNNEL_H

#include "net/http1.h"
#include "net/stream.h"

/* The context has a proxy. timeout_ms is for reaching it, and once more for its answer.
   host is looked up by the proxy. */
cmg_status cmg__tunnel_connect(struct cmg__loop *loop, const char *host, uint16_t port,
                               int64_t timeout_ms, struct cmg__stream **out,
                               cmg_error **err);

/* ---- tunnel_answer.c: what is said, without I/O ---- */

/* Appends the request for "host:port"; user NULL: without an account. out should be a
   secret buffer. */
CMG__NODISCARD cmg_status cmg__tunnel_ask(struct cmg__buf *out, const char *target,
                                          const char *user, const char *password);

struct cmg__tunnel_answer {
    const struct cmg__alloc *alloc;
    struct cmg__http1_parser parser;
    const char *proxy, *target; /* "host:port", for errors; borrowed */
    bool with_account;
    unsigned interim; /* 1xx so far */
};
void cmg__tunnel_answer_init(struct cmg__tunnel_answer *a, const struct cmg__alloc *alloc,
                             const char *proxy, const char *target, bool with_account);
void cmg__tunnel_answer_done(struct cmg__tunnel_answer *a);
/* The next bytes. *open once the proxy has agreed; an error when it has not, or when that
   was no answer. */
cmg_status cmg__tunnel_answer_feed(struct cmg__tunnel_answer *a, const char *data,
                                   size_t n, bool *open, cmg_error **err);

#endif
