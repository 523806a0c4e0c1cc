/*
 * Where an engine sends its requests: the context's HTTPS client, or in tests a script of
 * answers.
 */
#ifndef CMG_NET_TRANSPORT_H
#define CMG_NET_TRANSPORT_H

#include "net/http_client.h"

struct cmg__transport {
    void *user;
    /* As cmg__http_start; done is never called from inside start. */
    cmg_status (*start)(void *user, const struct cmg__http_request *req,
                        const struct cmg__http_options *options, cmg__http_done_fn done,
                        void *done_user, void **out_call, cmg_error **err);
    void (*cancel)(void *user, void *call);
};

/* What hosts get. */
struct cmg__transport cmg__transport_http(cmg_context *ctx);

#endif
