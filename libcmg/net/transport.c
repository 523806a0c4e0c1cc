/* See transport.h. */
#include "net/transport.h"

static cmg_status http_start(void *user, const struct cmg__http_request *req,
                             const struct cmg__http_options *options,
                             cmg__http_done_fn done, void *done_user, void **out_call,
                             cmg_error **err)
{
    cmg_context *ctx = user;
    struct cmg__http_call *call = NULL;
    cmg_status rc = cmg__http_start(ctx->http, req, options, done, done_user, &call, err);

    if (rc == CMG_OK)
        *out_call = call;
    return rc;
}

static void http_cancel(void *user, void *call)
{
    (void)user;
    cmg__http_cancel(call);
}

struct cmg__transport cmg__transport_http(cmg_context *ctx)
{
    return (struct cmg__transport){
        .user = ctx,
        .start = http_start,
        .cancel = http_cancel,
    };
}
