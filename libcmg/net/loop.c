/*
 * The loop. libuv waits for descriptors and carries wake-ups; timers and tasks are our
 * own because timers obey the context's clock, not libuv's.
 *
 * A host may look only at the descriptor and the timeout. libuv tells the kernel about a
 * new watch only when it runs, so everything that was added since the last turn sets
 * `dirty` (timeout 0) and, outside a turn, wakes the descriptor: a host that asked for
 * the timeout before is woken too.
 *
 * Timers stand in one sorted list per order of magnitude of their delay. Delays of one
 * kind are alike, so a new timer nearly always belongs to the end of its list, however
 * many thousand connections have one.
 */
#include "net/loop_uv.h"

#include <limits.h>
#include <poll.h>

#define TIMER_LISTS 32

struct cmg__loop {
    cmg_context *ctx;
    uv_loop_t uv;
    uv_async_t wakeup;
    struct cmg__list timers[TIMER_LISTS];
    struct cmg__list tasks;
    struct cmg__list watches;
    int64_t now_ms;
    bool dirty;
    bool turning;
};

struct cmg__watch {
    uv_poll_t poll;
    struct cmg__loop *loop;
    void (*fn)(void *user, unsigned ready);
    void *user;
    unsigned wanted;
    bool *freed; /* where a running callback learns that its watch is gone */
    struct cmg__list node;
};

static void on_wakeup(uv_async_t *wakeup)
{
    (void)wakeup; /* the turn itself is all that was wanted */
}

cmg_status cmg__loop_fail(struct cmg__loop *loop, cmg_error **err, int uv_error,
                          const char *subject, const char *what)
{
    return cmg__fail_os(err, cmg__loop_alloc(loop), -uv_error, subject, what);
}

static void init_lists(struct cmg__loop *loop)
{
    for (size_t i = 0; i < TIMER_LISTS; i++)
        cmg__list_init(&loop->timers[i]);
    cmg__list_init(&loop->tasks);
    cmg__list_init(&loop->watches);
}

cmg_status cmg__loop_new(cmg_context *ctx, struct cmg__loop **out, cmg_error **err)
{
    struct cmg__loop *loop = cmg__alloc0(&ctx->alloc, sizeof *loop);
    if (loop == NULL)
        return cmg__fail_nomem(err);
    loop->ctx = ctx;
    init_lists(loop);
    int rc = uv_loop_init(&loop->uv);
    if (rc != 0) {
        cmg_status status = cmg__loop_fail(loop, err, rc, "event loop", "cannot start");
        cmg__free(&ctx->alloc, loop);
        return status;
    }
    rc = uv_async_init(&loop->uv, &loop->wakeup, on_wakeup);
    if (rc != 0) {
        cmg_status status = cmg__loop_fail(loop, err, rc, "event loop", "cannot start");
        (void)uv_loop_close(&loop->uv);
        cmg__free(&ctx->alloc, loop);
        return status;
    }
    loop->now_ms = cmg__env_now_ms(&ctx->env);
    /* From here on the wake-up is known to the kernel. */
    (void)uv_run(&loop->uv, UV_RUN_NOWAIT);
    *out = loop;
    return CMG_OK;
}

static void free_watch(struct cmg__watch *watch)
{
    cmg__list_remove(&watch->node);
    cmg__free(cmg__loop_alloc(watch->loop), watch);
}

static void on_watch_closed(uv_handle_t *handle)
{
    free_watch(handle->data);
}

static void close_handle(uv_handle_t *handle, void *user)
{
    (void)user;
    if (!uv_is_closing(handle))
        uv_close(handle, handle->type == UV_POLL ? on_watch_closed : NULL);
}

void cmg__loop_free(struct cmg__loop *loop)
{
    if (loop == NULL)
        return;
    uv_walk(&loop->uv, close_handle, NULL);
    while (uv_loop_close(&loop->uv) == UV_EBUSY)
        (void)uv_run(&loop->uv, UV_RUN_ONCE);
    cmg__free(cmg__loop_alloc(loop), loop);
}

void cmg__loop_forget(struct cmg__loop *loop)
{
    if (loop == NULL)
        return;
    CMG__LIST_FOREACH (node, after, &loop->watches)
        free_watch(CMG__CONTAINER(node, struct cmg__watch, node));
    cmg__free(cmg__loop_alloc(loop), loop);
}

cmg_context *cmg__loop_context(struct cmg__loop *loop)
{
    return loop->ctx;
}

const struct cmg__alloc *cmg__loop_alloc(struct cmg__loop *loop)
{
    return &loop->ctx->alloc;
}

uv_loop_t *cmg__loop_uv(struct cmg__loop *loop)
{
    return &loop->uv;
}

int64_t cmg__loop_now_ms(const struct cmg__loop *loop)
{
    return loop->turning ? loop->now_ms : cmg__env_now_ms(&loop->ctx->env);
}

int cmg__loop_fd(const struct cmg__loop *loop)
{
    return uv_backend_fd(&loop->uv);
}

void cmg__loop_wakeup(struct cmg__loop *loop)
{
    (void)uv_async_send(&loop->wakeup);
}

void cmg__loop_touch(struct cmg__loop *loop)
{
    if (!loop->turning && !loop->dirty)
        cmg__loop_wakeup(loop);
    loop->dirty = true;
}

/* The list whose first timer is due first; NULL when no timer is armed. */
static struct cmg__list *earliest(struct cmg__loop *loop)
{
    struct cmg__list *best = NULL;
    int64_t best_due = INT64_MAX;
    for (size_t i = 0; i < TIMER_LISTS; i++) {
        struct cmg__list *head = &loop->timers[i];
        if (cmg__list_is_empty(head))
            continue;
        int64_t due = CMG__CONTAINER(head->next, struct cmg__timer, node)->due_ms;
        if (best == NULL || due < best_due) {
            best = head;
            best_due = due;
        }
    }
    return best;
}

static int64_t next_due_ms(struct cmg__loop *loop)
{
    const struct cmg__list *head = earliest(loop);
    return head == NULL ? INT64_MAX
                        : CMG__CONTAINER(head->next, struct cmg__timer, node)->due_ms;
}

int cmg__loop_timeout_ms(struct cmg__loop *loop)
{
    if (loop->dirty || !cmg__list_is_empty(&loop->tasks))
        return 0;
    uv_update_time(&loop->uv);
    int timeout = uv_backend_timeout(&loop->uv);
    int64_t due = next_due_ms(loop);
    if (due == INT64_MAX)
        return timeout;
    int64_t left = due - cmg__env_now_ms(&loop->ctx->env);
    if (left < 0)
        left = 0;
    if (left > INT_MAX)
        left = INT_MAX;
    return timeout >= 0 && timeout < left ? timeout : (int)left;
}

/* Takes what is due off the lists first: a timer that arms itself anew for now waits for
   the next turn, so a turn always ends. Whoever is stopped meanwhile leaves the list. */
static void run_timers(struct cmg__loop *loop)
{
    struct cmg__list due;
    cmg__list_init(&due);
    while (next_due_ms(loop) <= loop->now_ms) {
        struct cmg__list *node = earliest(loop)->next;
        cmg__list_remove(node);
        cmg__list_add_tail(&due, node);
    }
    while (!cmg__list_is_empty(&due)) {
        struct cmg__timer *timer = CMG__CONTAINER(due.next, struct cmg__timer, node);
        cmg__timer_stop(timer);
        timer->fn(timer, timer->user);
    }
}

static void run_tasks(struct cmg__loop *loop)
{
    struct cmg__list now;
    cmg__list_init(&now);
    while (!cmg__list_is_empty(&loop->tasks)) {
        struct cmg__list *node = loop->tasks.next;
        cmg__list_remove(node);
        cmg__list_add_tail(&now, node);
    }
    while (!cmg__list_is_empty(&now)) {
        struct cmg__task *task = CMG__CONTAINER(now.next, struct cmg__task, node);
        cmg__task_cancel(task);
        task->fn(task, task->user);
    }
}

bool cmg__loop_is_turning(const struct cmg__loop *loop)
{
    return loop->turning;
}

void cmg__loop_turn(struct cmg__loop *loop)
{
    if (loop->turning)
        return;
    loop->turning = true;
    loop->now_ms = cmg__env_now_ms(&loop->ctx->env);
    run_timers(loop);
    run_tasks(loop);
    loop->dirty = false;
    (void)uv_run(&loop->uv, UV_RUN_NOWAIT);
    loop->turning = false;
}

void cmg__loop_wait(struct cmg__loop *loop, int timeout_ms)
{
    int timeout = cmg__loop_timeout_ms(loop);
    if (timeout < 0 || (timeout_ms >= 0 && timeout_ms < timeout))
        timeout = timeout_ms < 0 ? -1 : timeout_ms;
    struct pollfd watch = { .fd = cmg__loop_fd(loop), .events = POLLIN };
    /* Interrupted or not: the turn finds out what there is to do. */
    if (timeout != 0)
        (void)poll(&watch, 1, timeout);
    cmg__loop_turn(loop);
}

void cmg__timer_init(struct cmg__timer *timer, struct cmg__loop *loop,
                     void (*fn)(struct cmg__timer *timer, void *user), void *user)
{
    *timer = (struct cmg__timer){ .loop = loop, .fn = fn, .user = user };
    cmg__list_init(&timer->node);
}

static struct cmg__list *list_for_delay(struct cmg__loop *loop, int64_t delay_ms)
{
    size_t i = 0;
    while (delay_ms > 1 && i < TIMER_LISTS - 1) {
        delay_ms /= 2;
        i++;
    }
    return &loop->timers[i];
}

void cmg__timer_start(struct cmg__timer *timer, int64_t after_ms)
{
    struct cmg__loop *loop = timer->loop;
    cmg__timer_stop(timer);
    int64_t before = next_due_ms(loop);
    int64_t delay = after_ms < 0 ? 0 : after_ms;
    int64_t now = cmg__loop_now_ms(loop);
    timer->due_ms = delay > INT64_MAX - 1 - now ? INT64_MAX - 1 : now + delay;
    struct cmg__list *head = list_for_delay(loop, delay);
    struct cmg__list *at = head;
    while (at->prev != head &&
           CMG__CONTAINER(at->prev, struct cmg__timer, node)->due_ms > timer->due_ms)
        at = at->prev;
    cmg__list_add_tail(at, &timer->node);
    timer->armed = true;
    if (!loop->turning && timer->due_ms < before)
        cmg__loop_wakeup(loop);
}

void cmg__timer_stop(struct cmg__timer *timer)
{
    if (!timer->armed)
        return;
    cmg__list_remove(&timer->node);
    timer->armed = false;
}

void cmg__task_init(struct cmg__task *task,
                    void (*fn)(struct cmg__task *task, void *user), void *user)
{
    *task = (struct cmg__task){ .fn = fn, .user = user };
    cmg__list_init(&task->node);
}

void cmg__task_post(struct cmg__loop *loop, struct cmg__task *task)
{
    if (task->queued)
        return;
    task->queued = true;
    cmg__list_add_tail(&loop->tasks, &task->node);
    if (!loop->turning)
        cmg__loop_wakeup(loop);
}

void cmg__task_cancel(struct cmg__task *task)
{
    if (!task->queued)
        return;
    cmg__list_remove(&task->node);
    task->queued = false;
}

static void poll_start(struct cmg__watch *watch);

/* libuv stops a poll that reports an error and says nothing more; the owner is told that
   what it wanted is ready, finds the error itself, and the poll goes on if it still
   wants to. */
static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct cmg__watch *watch = poll->data;
    unsigned ready = watch->wanted;
    if (status == 0)
        ready = ((events & UV_READABLE) != 0 ? (unsigned)CMG__READABLE : 0U) |
                ((events & UV_WRITABLE) != 0 ? (unsigned)CMG__WRITABLE : 0U);
    ready &= watch->wanted;
    if (ready == 0)
        return;
    bool freed = false;
    watch->freed = &freed;
    watch->fn(watch->user, ready);
    if (freed)
        return;
    watch->freed = NULL;
    if (status != 0 && watch->wanted != 0)
        poll_start(watch);
}

static void poll_start(struct cmg__watch *watch)
{
    int events = ((watch->wanted & CMG__READABLE) != 0 ? UV_READABLE : 0) |
                 ((watch->wanted & CMG__WRITABLE) != 0 ? UV_WRITABLE : 0);
    if (events == 0)
        (void)uv_poll_stop(&watch->poll);
    else
        (void)uv_poll_start(&watch->poll, events, on_poll);
    cmg__loop_touch(watch->loop);
}

cmg_status cmg__watch_new(struct cmg__loop *loop, int fd,
                          void (*fn)(void *user, unsigned ready), void *user,
                          struct cmg__watch **out, cmg_error **err)
{
    struct cmg__watch *watch = cmg__alloc0(cmg__loop_alloc(loop), sizeof *watch);
    if (watch == NULL)
        return cmg__fail_nomem(err);
    int rc = uv_poll_init(&loop->uv, &watch->poll, fd);
    if (rc != 0) {
        cmg__free(cmg__loop_alloc(loop), watch);
        return cmg__loop_fail(loop, err, rc, "descriptor", "cannot watch");
    }
    watch->poll.data = watch;
    watch->loop = loop;
    watch->fn = fn;
    watch->user = user;
    cmg__list_add_tail(&loop->watches, &watch->node);
    *out = watch;
    return CMG_OK;
}

void cmg__watch_set(struct cmg__watch *watch, unsigned wanted)
{
    if (wanted == watch->wanted)
        return;
    watch->wanted = wanted;
    poll_start(watch);
}

void cmg__watch_free(struct cmg__watch *watch)
{
    if (watch == NULL)
        return;
    if (watch->freed != NULL)
        *watch->freed = true;
    watch->wanted = 0;
    /* Stopped at once, so that the descriptor may be closed and its number used again. */
    uv_close((uv_handle_t *)&watch->poll, on_watch_closed);
    cmg__loop_touch(watch->loop);
}
