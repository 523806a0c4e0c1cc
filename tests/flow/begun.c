/* See begun.h. */
#include "begun.h"

#include "azure/call.h"
#include "support/support.h"

#include <stdio.h>
#include <string.h>

#define MAX_REQUESTS 512

struct request {
    char method[8];
    char path[256];
    cmg__http_done_fn done;
    void *user;
};

static struct {
    struct cmg__transport transport;
    struct request requests[MAX_REQUESTS];
    size_t count;
    struct begun *out;
} watch;

/* "/subscriptions/.../virtualMachineScaleSets/": names may differ from run to run. */
static void keep_path(struct request *request, const char *url)
{
    const char *host = strstr(url, "://");
    const char *path = host == NULL ? NULL : strchr(host + 3, '/');

    if (path == NULL)
        path = "/";
    (void)snprintf(request->path, sizeof request->path, "%.*s", (int)strcspn(path, "?"),
                   path);
    strrchr(request->path, '/')[1] = '\0';
}

/* How many were sent up to this one that the same words fit. */
static unsigned nth_of(const struct request *request)
{
    unsigned n = 0;

    for (const struct request *r = watch.requests; r <= request; r++)
        n += strcmp(r->method, request->method) == 0 &&
             strstr(r->path, request->path) != NULL;
    return n;
}

static bool begins(const struct request *request, const struct cmg__http_response *resp)
{
    struct cmg__lro lro = { .mode = CMG__LRO_DONE };

    if (resp == NULL || strcmp(request->method, "GET") == 0)
        return false;
    const bool read = cmg__lro_begin(&cmg__alloc_libc, "https://management.azure.com/",
                                     request->method, resp, &lro, NULL) == CMG_OK;
    cmg__free(&cmg__alloc_libc, lro.url);
    return read && lro.mode != CMG__LRO_DONE;
}

static void on_done(void *user, const struct cmg__http_response *resp,
                    const cmg_error *err)
{
    const struct request *request = user;
    struct begun *out = watch.out;

    if (begins(request, resp)) {
        ck_assert_uint_lt(out->count, BEGUN_MAX);
        (void)snprintf(out->of[out->count].method, sizeof out->of[0].method, "%s",
                       request->method);
        (void)snprintf(out->of[out->count].path, sizeof out->of[0].path, "%s",
                       request->path);
        out->of[out->count++].nth = nth_of(request);
    }
    request->done(request->user, resp, err);
}

static cmg_status start(void *user, const struct cmg__http_request *req,
                        const struct cmg__http_options *options, cmg__http_done_fn done,
                        void *done_user, void **out_call, cmg_error **err)
{
    ck_assert_uint_lt(watch.count, MAX_REQUESTS);
    struct request *request = &watch.requests[watch.count++];

    *request = (struct request){ .done = done, .user = done_user };
    (void)snprintf(request->method, sizeof request->method, "%.7s", req->method);
    keep_path(request, req->url);
    return watch.transport.start(user, req, options, on_done, request, out_call, err);
}

void begun_watch(cmg_deploy *deploy, struct begun *out)
{
    out->count = 0;
    watch.count = 0;
    watch.out = out;
    watch.transport = deploy->transport;
    deploy->transport.start = start;
}
