/*
 * The event loop over libuv; no other module sees libuv. Timers run by the context's env
 * clock (so tests can fast-forward), descriptors by uv_poll. Nothing is called from
 * inside the function that started it. One loop per context, one thread.
 */
#ifndef CMG_NET_LOOP_H
#define CMG_NET_LOOP_H

#include "base/context.h"
#include "base/list.h"

cmg_status cmg__loop_new(cmg_context *ctx, struct cmg__loop **out, cmg_error **err);
void cmg__loop_free(struct cmg__loop *loop);
cmg_context *cmg__loop_context(struct cmg__loop *loop);
const struct cmg__alloc *cmg__loop_alloc(struct cmg__loop *loop);
/* Monotonic milliseconds, read once per turn. */
int64_t cmg__loop_now_ms(const struct cmg__loop *loop);
int cmg__loop_fd(const struct cmg__loop *loop);
/* 0 when a watch, timer or task was added since the last turn and is due or unarmed. */
int cmg__loop_timeout_ms(struct cmg__loop *loop);
/* One bounded, non-blocking turn. */
void cmg__loop_turn(struct cmg__loop *loop);
/* Polls the descriptor up to timeout_ms, then one turn. */
void cmg__loop_wait(struct cmg__loop *loop, int timeout_ms);
/* From any thread or signal handler. */
void cmg__loop_wakeup(struct cmg__loop *loop);

/* A one-shot timer, embedded in its owner. */
struct cmg__timer {
    struct cmg__loop *loop;
    void (*fn)(struct cmg__timer *timer, void *user);
    void *user;
    int64_t due_ms;
    struct cmg__list node; /* sorted by due_ms while armed */
    bool armed;
};
void cmg__timer_init(struct cmg__timer *timer, struct cmg__loop *loop,
                     void (*fn)(struct cmg__timer *timer, void *user), void *user);
void cmg__timer_start(struct cmg__timer *timer, int64_t after_ms); /* re-arms */
void cmg__timer_stop(struct cmg__timer *timer); /* harmless when not armed */

/* A task to run in the next turn, embedded in its owner. */
struct cmg__task {
    void (*fn)(struct cmg__task *task, void *user);
    void *user;
    struct cmg__list node;
    bool queued;
};
void cmg__task_init(struct cmg__task *task,
                    void (*fn)(struct cmg__task *task, void *user), void *user);
void cmg__task_post(struct cmg__loop *loop, struct cmg__task *task); /* once */
void cmg__task_cancel(struct cmg__task *task);

/* Readiness of a descriptor (level-triggered). The watch is heap-owned by the loop since
   libuv closes asynchronously; _free stops callbacks at once. The fd is not closed by it.
 */
enum { CMG__READABLE = 1, CMG__WRITABLE = 2 };
struct cmg__watch;
cmg_status cmg__watch_new(struct cmg__loop *loop, int fd,
                          void (*fn)(void *user, unsigned ready), void *user,
                          struct cmg__watch **out, cmg_error **err);
void cmg__watch_set(struct cmg__watch *watch, unsigned wanted);
void cmg__watch_free(struct cmg__watch *watch);

#endif
