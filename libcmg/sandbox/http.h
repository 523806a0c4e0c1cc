/*
 * The listeners of the sandbox: TLS unless it is a metadata service, HTTP/1.1, one
 * request at a time per connection, bodies in memory within a limit. What a request means
 * is the handler's.
 */
#ifndef CMG_SANDBOX_HTTP_H
#define CMG_SANDBOX_HTTP_H

#include "net/tls.h"
#include "sandbox/call.h"

/* What becomes of the connection. */
/* HALF: the head and half of the body go out before the connection is closed. */
enum cmg__sb_fate { CMG__SB_ANSWER, CMG__SB_CUT, CMG__SB_HALF };

struct cmg__sb_http;
struct cmg__sb_http_settings {
    struct cmg__tls_config *tls; /* a reference is taken; NULL: a metadata service */
    uint16_t port;               /* 0: any */
    enum cmg__sb_fate (*handle)(void *user, const struct cmg__sb_request *request,
                                struct cmg__sb_answer *answer);
    void *user;
};
cmg_status cmg__sb_http_new(struct cmg__loop *loop,
                            const struct cmg__sb_http_settings *settings,
                            struct cmg__sb_http **out, cmg_error **err);
void cmg__sb_http_free(struct cmg__sb_http *http);
uint16_t cmg__sb_http_port(const struct cmg__sb_http *http);

#endif
