/*
 * The engine: one curl_multi per context, driven by socket action. libcurl says which
 * descriptors and which timeout it wants; watches and a timer of the loop tell it when.
 * The timer is libuv's own and not one of the context's clock, because libcurl compares
 * with the real time. Calls end from the loop only, never from inside a start.
 */
#include "net/http_client_call.h"
#include "net/loop_uv.h"

#include <errno.h>
#include <pthread.h>
#include <sys/socket.h>

#define MAX_IDLE_CONNECTIONS 32L

struct cmg__http {
    struct cmg__loop *loop;
    const struct cmg__alloc *alloc;
    CURLM *multi;
    uv_timer_t timer;
    struct cmg__list calls;
    struct cmg__list sockets;
    struct cmg__task sweep; /* ends starved calls */
};

/* A descriptor of libcurl's. */
struct watched {
    struct cmg__list node;
    struct cmg__http *http;
    curl_socket_t fd;
    struct cmg__watch *watch;
};

/* libcurl's own initialisation happens once per process and is never undone. */
static pthread_once_t global_once = PTHREAD_ONCE_INIT;
static CURLcode global_result;

static void init_global(void)
{
    global_result = curl_global_init(CURL_GLOBAL_DEFAULT);
}

static cmg_status check_libcurl(const struct cmg__alloc *alloc, cmg_error **err)
{
    int rc = pthread_once(&global_once, init_global);
    const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
    if (rc == 0 && global_result == CURLE_OK &&
        (info->features & CURL_VERSION_SSL) != 0 &&
        (info->features & CURL_VERSION_ASYNCHDNS) != 0)
        return CMG_OK;
    return cmg__fail(err, alloc, CMG_E_UNSUPPORTED, "libcurl",
                     "install a libcurl with TLS and an asynchronous resolver",
                     "libcurl %s lacks TLS or an asynchronous resolver", info->version);
}

static void finish(struct cmg__http_call *call, CURLcode result)
{
    struct cmg__http *http = call->http;
    long status = 0;
    cmg_error *why = NULL;
    (void)curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
    (void)curl_multi_remove_handle(http->multi, call->easy);
    cmg__list_remove(&call->node);
    call->resp.status = (int)status;
    if (result == CURLE_OK) {
        call->done(call->user, &call->resp, NULL);
    } else {
        (void)cmg__http_call_explain(call, result, &why);
        call->done(call->user, NULL, why);
        cmg_error_unref(why);
    }
    cmg__http_call_free(call);
}

/* A done callback may start and cancel calls: libcurl is not running here. */
static void finish_all(struct cmg__http *http)
{
    int left = 0;
    CURLMsg *msg = curl_multi_info_read(http->multi, &left);
    while (msg != NULL) {
        struct cmg__http_call *call = NULL;
        CURLcode result = msg->data.result;
        (void)curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, (char **)&call);
        finish(call, result);
        msg = curl_multi_info_read(http->multi, &left);
    }
}

static struct cmg__http_call *find_starved(struct cmg__http *http)
{
    CMG__LIST_FOREACH (node, after, &http->calls) {
        struct cmg__http_call *call = CMG__CONTAINER(node, struct cmg__http_call, node);
        if (call->starved)
            return call;
    }
    return NULL;
}

/* A done callback may end other calls, so the search begins anew after each. */
static void on_sweep(struct cmg__task *task, void *user)
{
    struct cmg__http *http = user;
    struct cmg__http_call *call = find_starved(http);
    (void)task;
    while (call != NULL) {
        finish(call, CURLE_OUT_OF_MEMORY);
        call = find_starved(http);
    }
}

/* An error returned to libcurl would make the whole engine unusable for good; only the
   call that cannot be watched ends. */
static void starve(struct cmg__http *http, CURL *easy)
{
    struct cmg__http_call *call = NULL;
    (void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&call);
    if (call == NULL)
        return;
    call->starved = true;
    cmg__task_post(http->loop, &http->sweep);
}

static void act(struct cmg__http *http, curl_socket_t fd, int ready)
{
    int running = 0;
    (void)curl_multi_socket_action(http->multi, fd, ready, &running);
    finish_all(http);
}

static void on_ready(void *user, unsigned ready)
{
    const struct watched *w = user;
    act(w->http, w->fd,
        ((ready & CMG__READABLE) != 0 ? CURL_CSELECT_IN : 0) |
            ((ready & CMG__WRITABLE) != 0 ? CURL_CSELECT_OUT : 0));
}

static void on_timer(uv_timer_t *timer)
{
    act(timer->data, CURL_SOCKET_TIMEOUT, 0);
}

static int set_timer(CURLM *multi, long timeout_ms, void *user)
{
    struct cmg__http *http = user;
    (void)multi;
    if (timeout_ms < 0)
        return uv_timer_stop(&http->timer) == 0 ? 0 : -1;
    uv_update_time(cmg__loop_uv(http->loop));
    int rc = uv_timer_start(&http->timer, on_timer, (uint64_t)timeout_ms, 0);
    cmg__loop_touch(http->loop);
    return rc == 0 ? 0 : -1;
}

static void forget_socket(struct watched *w)
{
    if (w == NULL)
        return;
    cmg__list_remove(&w->node);
    cmg__watch_free(w->watch);
    cmg__free(w->http->alloc, w);
}

static struct watched *watch_socket(struct cmg__http *http, curl_socket_t fd)
{
    struct watched *w = cmg__alloc0(http->alloc, sizeof *w);
    if (w == NULL)
        return NULL;
    w->http = http;
    w->fd = fd;
    if (cmg__watch_new(http->loop, fd, on_ready, w, &w->watch, NULL) != CMG_OK) {
        cmg__free(http->alloc, w);
        return NULL;
    }
    cmg__list_add_tail(&http->sockets, &w->node);
    (void)curl_multi_assign(http->multi, fd, w);
    return w;
}

static int set_socket(CURL *easy, curl_socket_t fd, int what, void *user, void *assigned)
{
    struct watched *w = assigned;
    if (what == CURL_POLL_REMOVE) {
        forget_socket(w);
        return 0;
    }
    if (w == NULL)
        w = watch_socket(user, fd);
    if (w == NULL) {
        starve(user, easy);
        return 0;
    }
    cmg__watch_set(w->watch,
                   ((what & CURL_POLL_IN) != 0 ? (unsigned)CMG__READABLE : 0U) |
                       ((what & CURL_POLL_OUT) != 0 ? (unsigned)CMG__WRITABLE : 0U));
    return 0;
}

/* Close-on-exec from birth: child processes must not inherit connections. */
static curl_socket_t open_socket(void *user, curlsocktype purpose,
                                 struct curl_sockaddr *address)
{
    (void)user;
    (void)purpose;
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static CURLMcode configure(struct cmg__http *http)
{
    CURLMcode rc = curl_multi_setopt(http->multi, CURLMOPT_SOCKETFUNCTION, set_socket);
    if (rc == CURLM_OK)
        rc = curl_multi_setopt(http->multi, CURLMOPT_SOCKETDATA, http);
    if (rc == CURLM_OK)
        rc = curl_multi_setopt(http->multi, CURLMOPT_TIMERFUNCTION, set_timer);
    if (rc == CURLM_OK)
        rc = curl_multi_setopt(http->multi, CURLMOPT_TIMERDATA, http);
    if (rc == CURLM_OK)
        rc = curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, MAX_IDLE_CONNECTIONS);
    return rc;
}

cmg_status cmg__http_new(struct cmg__loop *loop, struct cmg__http **out, cmg_error **err)
{
    const struct cmg__alloc *alloc = cmg__loop_alloc(loop);
    cmg_status rc = check_libcurl(alloc, err);
    if (rc != CMG_OK)
        return rc;
    struct cmg__http *http = cmg__alloc0(alloc, sizeof *http);
    if (http == NULL)
        return cmg__fail_nomem(err);
    http->loop = loop;
    http->alloc = alloc;
    cmg__list_init(&http->calls);
    cmg__list_init(&http->sockets);
    cmg__task_init(&http->sweep, on_sweep, http);
    http->multi = curl_multi_init();
    if (http->multi == NULL || configure(http) != CURLM_OK) {
        (void)curl_multi_cleanup(http->multi);
        cmg__free(alloc, http);
        return cmg__fail_nomem(err);
    }
    (void)uv_timer_init(cmg__loop_uv(loop), &http->timer); /* cannot fail */
    http->timer.data = http;
    *out = http;
    return CMG_OK;
}

static void on_timer_closed(uv_handle_t *timer)
{
    struct cmg__http *http = timer->data;
    cmg__free(http->alloc, http);
}

void cmg__http_free(struct cmg__http *http)
{
    if (http == NULL)
        return;
    CMG__LIST_FOREACH (node, after, &http->calls)
        cmg__http_cancel(CMG__CONTAINER(node, struct cmg__http_call, node));
    (void)curl_multi_cleanup(http->multi);
    CMG__LIST_FOREACH (left, next, &http->sockets)
        forget_socket(CMG__CONTAINER(left, struct watched, node));
    cmg__task_cancel(&http->sweep);
    uv_close((uv_handle_t *)&http->timer, on_timer_closed);
}

void cmg__http_forget(struct cmg__http *http)
{
    if (http == NULL)
        return;
    CMG__LIST_FOREACH (node, after, &http->sockets)
        cmg__free(http->alloc, CMG__CONTAINER(node, struct watched, node));
    cmg__free(http->alloc, http);
}

cmg_status cmg__http_start(struct cmg__http *http, const struct cmg__http_request *req,
                           const struct cmg__http_options *options,
                           cmg__http_done_fn done, void *user,
                           struct cmg__http_call **out, cmg_error **err)
{
    struct cmg__http_call *call = cmg__alloc0(http->alloc, sizeof *call);
    if (call == NULL)
        return cmg__fail_nomem(err);
    call->http = http;
    call->ctx = cmg__loop_context(http->loop);
    call->done = done;
    call->user = user;
    cmg__list_init(&call->node);
    call->easy = curl_easy_init();
    if (call->easy == NULL) {
        cmg__free(http->alloc, call);
        return cmg__fail_nomem(err);
    }
    cmg_status rc = cmg__http_call_prepare(call, req, options, err);
    if (rc == CMG_OK && (curl_easy_setopt(call->easy, CURLOPT_OPENSOCKETFUNCTION,
                                          open_socket) != CURLE_OK ||
                         curl_multi_add_handle(http->multi, call->easy) != CURLM_OK))
        rc = cmg__fail_nomem(err);
    if (rc != CMG_OK) {
        cmg__http_call_free(call);
        return rc;
    }
    cmg__list_add_tail(&http->calls, &call->node);
    if (out != NULL)
        *out = call;
    return CMG_OK;
}

void cmg__http_cancel(struct cmg__http_call *call)
{
    if (call == NULL)
        return;
    (void)curl_multi_remove_handle(call->http->multi, call->easy);
    cmg__list_remove(&call->node);
    cmg__http_call_free(call);
}
