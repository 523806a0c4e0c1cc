/* The event loop: timers by the context's clock, tasks, watches, wake-ups, both ways of
   driving it. */
#include "net/loop.h"
#include "support/support.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MANY 2000

static struct support_env env;
static cmg_context *ctx;
static int descriptors;

static void setup(void)
{
    cmg_error *err = NULL;
    /* libuv keeps two descriptors per process from the first loop on. */
    ck_ok(cmg_context_new(NULL, &ctx, &err), err);
    cmg_context_unref(ctx);
    descriptors = support_fd_count();
    support_env_init(&env);
    ck_ok(cmg_context_new(NULL, &ctx, &err), err);
    ctx->env = env.env;
}

static void teardown(void)
{
    cmg_context_unref(ctx);
    ck_assert_int_eq(support_fd_count(), descriptors);
}

/* What a host does that knows nothing but descriptor and timeout. False: it would have
   slept longer than limit_ms. */
static bool host_turn(int limit_ms)
{
    int timeout = cmg_context_get_timeout_ms(ctx);
    struct pollfd watch = { .fd = cmg_context_get_fd(ctx), .events = POLLIN };
    bool in_time = timeout >= 0 && timeout <= limit_ms;
    int ready = poll(&watch, 1, in_time ? timeout : limit_ms);
    ck_assert_int_eq(cmg_context_process(ctx, NULL), CMG_OK);
    return ready > 0 || in_time;
}

struct record {
    char order[64];
    struct cmg__timer timers[8];
    struct cmg__task task;
    unsigned fired;
};

static void note(struct record *r, char c)
{
    size_t n = strlen(r->order);
    ck_assert_uint_lt(n + 1, sizeof r->order);
    r->order[n] = c;
}

static void on_timer(struct cmg__timer *timer, void *user)
{
    struct record *r = user;
    r->fired++;
    note(r, (char)('a' + (timer - r->timers)));
}

START_TEST(timers_fire_in_order_of_their_due_time)
{
    static const int64_t delays[] = { 900, 5, 70, 5, 100000, 0 };
    struct record r = { .order = "" };
    for (size_t i = 0; i < CMG__ARRAY_LEN(delays); i++) {
        cmg__timer_init(&r.timers[i], ctx->loop, on_timer, &r);
        cmg__timer_start(&r.timers[i], delays[i]);
    }
    support_env_advance_ms(&env, 900);
    ck_assert_int_eq(cmg_context_get_timeout_ms(ctx), 0);
    cmg__loop_turn(ctx->loop);
    ck_assert_str_eq(r.order, "fbdca");
    support_env_advance_ms(&env, 99099);
    cmg__loop_turn(ctx->loop);
    ck_assert_str_eq(r.order, "fbdca");
    support_env_advance_ms(&env, 1);
    cmg__loop_turn(ctx->loop);
    ck_assert_str_eq(r.order, "fbdcae");
}
END_TEST

START_TEST(the_timeout_is_that_of_the_first_timer)
{
    struct record r = { .order = "" };
    cmg__loop_turn(ctx->loop);
    ck_assert_int_eq(cmg_context_get_timeout_ms(ctx), CMG_FOREVER);
    for (size_t i = 0; i < 2; i++)
        cmg__timer_init(&r.timers[i], ctx->loop, on_timer, &r);
    cmg__timer_start(&r.timers[0], 5000);
    ck_assert_int_eq(cmg_context_get_timeout_ms(ctx), 5000);
    cmg__timer_start(&r.timers[1], 300);
    ck_assert_int_eq(cmg_context_get_timeout_ms(ctx), 300);
    support_env_advance_ms(&env, 100);
    ck_assert_int_eq(cmg_context_get_timeout_ms(ctx), 200);
    cmg__timer_stop(&r.timers[1]);
    cmg__timer_stop(&r.timers[1]);
    ck_assert_int_eq(cmg_context_get_timeout_ms(ctx), 4900);
    cmg__timer_start(&r.timers[0], INT64_MAX);
    ck_assert_int_eq(cmg_context_get_timeout_ms(ctx), INT32_MAX);
    cmg__timer_stop(&r.timers[0]);
    ck_assert_int_eq(cmg_context_get_timeout_ms(ctx), CMG_FOREVER);
}
END_TEST

static void rearm(struct cmg__timer *timer, void *user)
{
    struct record *r = user;
    r->fired++;
    cmg__timer_start(timer, 0);
}

START_TEST(a_timer_that_rearms_itself_for_now_does_not_hold_the_turn)
{
    struct record r = { .order = "" };
    cmg__timer_init(&r.timers[0], ctx->loop, rearm, &r);
    cmg__timer_start(&r.timers[0], 0);
    cmg__loop_turn(ctx->loop);
    ck_assert_uint_eq(r.fired, 1);
    ck_assert_int_eq(cmg_context_get_timeout_ms(ctx), 0);
    cmg__loop_turn(ctx->loop);
    ck_assert_uint_eq(r.fired, 2);
    cmg__timer_stop(&r.timers[0]);
}
END_TEST

static void stop_next(struct cmg__timer *timer, void *user)
{
    struct record *r = user;
    note(r, 's');
    cmg__timer_stop(timer + 1);
}

START_TEST(a_timer_stopped_by_another_of_the_same_turn_does_not_fire)
{
    struct record r = { .order = "" };
    cmg__timer_init(&r.timers[0], ctx->loop, stop_next, &r);
    cmg__timer_init(&r.timers[1], ctx->loop, on_timer, &r);
    cmg__timer_start(&r.timers[0], 1);
    cmg__timer_start(&r.timers[1], 2);
    support_env_advance_ms(&env, 10);
    cmg__loop_turn(ctx->loop);
    ck_assert_str_eq(r.order, "s");
    ck_assert(!r.timers[1].armed);
}
END_TEST

static void count(struct cmg__timer *timer, void *user)
{
    (void)timer;
    ++*(unsigned *)user;
}

START_TEST(thousands_of_timers_each_fire_once)
{
    static struct cmg__timer timers[MANY];
    unsigned fired = 0;
    for (int i = 0; i < MANY; i++) {
        cmg__timer_init(&timers[i], ctx->loop, count, &fired);
        cmg__timer_start(&timers[i], (i * 7919) % 100000);
    }
    for (int i = 0; i < MANY; i += 2)
        cmg__timer_stop(&timers[i]);
    for (int i = 0; i < 100; i++) {
        support_env_advance_ms(&env, 1000);
        cmg__loop_turn(ctx->loop);
    }
    ck_assert_uint_eq(fired, MANY / 2);
}
END_TEST

static void on_task(struct cmg__task *task, void *user)
{
    struct record *r = user;
    r->fired++;
    if (r->fired < 3)
        cmg__task_post(ctx->loop, task);
}

START_TEST(a_task_runs_once_per_post_and_never_inside_it)
{
    struct record r = { .order = "" };
    cmg__task_init(&r.task, on_task, &r);
    cmg__task_post(ctx->loop, &r.task);
    cmg__task_post(ctx->loop, &r.task);
    ck_assert_uint_eq(r.fired, 0);
    for (unsigned turn = 1; turn <= 3; turn++) {
        ck_assert_int_eq(cmg_context_get_timeout_ms(ctx), 0);
        cmg__loop_turn(ctx->loop);
        ck_assert_uint_eq(r.fired, turn);
    }
    cmg__task_post(ctx->loop, &r.task);
    cmg__task_cancel(&r.task);
    cmg__loop_turn(ctx->loop);
    ck_assert_uint_eq(r.fired, 3);
}
END_TEST

struct pipe_end {
    struct cmg__watch *watch;
    int fds[2];
    unsigned ready, calls;
    bool free_inside;
};

static void on_ready(void *user, unsigned ready)
{
    struct pipe_end *p = user;
    p->ready |= ready;
    p->calls++;
    if (p->free_inside) {
        cmg__watch_free(p->watch);
        p->watch = NULL;
    }
}

static void open_pair(struct pipe_end *p)
{
    cmg_error *err = NULL;
    ck_assert_int_eq(
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, p->fds), 0);
    ck_ok(cmg__watch_new(ctx->loop, p->fds[0], on_ready, p, &p->watch, &err), err);
}

static void close_pair(struct pipe_end *p)
{
    cmg__watch_free(p->watch);
    close(p->fds[0]);
    close(p->fds[1]);
}

START_TEST(a_watch_is_level_triggered)
{
    struct pipe_end p = { .ready = 0 };
    open_pair(&p);
    cmg__watch_set(p.watch, CMG__READABLE);
    ck_assert_int_eq(write(p.fds[1], "x", 1), 1);
    while (p.calls < 3)
        ck_assert(host_turn(2000));
    ck_assert_uint_eq(p.ready, CMG__READABLE);
    cmg__watch_set(p.watch, CMG__WRITABLE);
    p.ready = 0;
    while (p.ready == 0)
        ck_assert(host_turn(2000));
    ck_assert_uint_eq(p.ready, CMG__WRITABLE);
    cmg__watch_set(p.watch, 0);
    p.calls = 0;
    for (int i = 0; i < 3; i++)
        cmg__loop_turn(ctx->loop);
    ck_assert_uint_eq(p.calls, 0);
    ck_assert_int_eq(cmg_context_get_timeout_ms(ctx), CMG_FOREVER);
    close_pair(&p);
}
END_TEST

START_TEST(a_closed_peer_is_reported_to_who_wants_to_read)
{
    struct pipe_end p = { .ready = 0 };
    open_pair(&p);
    cmg__watch_set(p.watch, CMG__READABLE);
    ck_assert_int_eq(shutdown(p.fds[1], SHUT_RDWR), 0);
    while (p.calls == 0)
        ck_assert(host_turn(2000));
    ck_assert_uint_eq(p.ready, CMG__READABLE);
    close_pair(&p);
}
END_TEST

START_TEST(a_watch_may_be_freed_inside_its_callback)
{
    struct pipe_end p = { .free_inside = true };
    open_pair(&p);
    cmg__watch_set(p.watch, CMG__WRITABLE);
    while (p.calls == 0)
        ck_assert(host_turn(2000));
    for (int i = 0; i < 3; i++)
        cmg__loop_turn(ctx->loop);
    ck_assert_uint_eq(p.calls, 1);
    close_pair(&p);
}
END_TEST

START_TEST(a_descriptor_number_may_be_watched_again_at_once)
{
    cmg_error *err = NULL;
    struct pipe_end p = { .ready = 0 };
    open_pair(&p);
    cmg__watch_set(p.watch, CMG__READABLE);
    cmg__loop_turn(ctx->loop);
    cmg__watch_free(p.watch);
    ck_ok(cmg__watch_new(ctx->loop, p.fds[0], on_ready, &p, &p.watch, &err), err);
    cmg__watch_set(p.watch, CMG__WRITABLE);
    while (p.calls == 0)
        ck_assert(host_turn(2000));
    close_pair(&p);
}
END_TEST

/* The host asked for the timeout before something was added, and sleeps on it. */
START_TEST(a_host_that_already_sleeps_is_woken_by_what_is_added)
{
    struct record r = { .order = "" };
    struct pipe_end p = { .ready = 0 };
    struct pollfd sleeper = { .fd = cmg_context_get_fd(ctx), .events = POLLIN };
    for (int i = 0; i < 3; i++)
        cmg__loop_turn(ctx->loop);
    ck_assert_int_eq(poll(&sleeper, 1, 0), 0);
    cmg__task_init(&r.task, on_task, &r);
    cmg__task_post(ctx->loop, &r.task);
    ck_assert_int_eq(poll(&sleeper, 1, 2000), 1);
    for (int i = 0; i < 5; i++)
        cmg__loop_turn(ctx->loop);
    ck_assert_int_eq(poll(&sleeper, 1, 0), 0);
    cmg__timer_init(&r.timers[0], ctx->loop, on_timer, &r);
    cmg__timer_start(&r.timers[0], 50);
    ck_assert_int_eq(poll(&sleeper, 1, 2000), 1);
    for (int i = 0; i < 3; i++)
        cmg__loop_turn(ctx->loop);
    open_pair(&p);
    cmg__watch_set(p.watch, CMG__WRITABLE);
    ck_assert_int_eq(poll(&sleeper, 1, 2000), 1);
    close_pair(&p);
    cmg__timer_stop(&r.timers[0]);
}
END_TEST

static void *wake_from_elsewhere(void *user)
{
    cmg_context_wakeup(user);
    return NULL;
}

START_TEST(a_wakeup_from_another_thread_ends_the_wait)
{
    pthread_t thread;
    cmg__loop_turn(ctx->loop);
    ck_assert_int_eq(pthread_create(&thread, NULL, wake_from_elsewhere, ctx), 0);
    ck_assert_int_eq(cmg_context_wait(ctx, 10000, NULL), CMG_OK);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
}
END_TEST

START_TEST(the_loop_gives_back_all_memory_whatever_is_still_watched)
{
    cmg_error *err = NULL;
    struct support_alloc a;
    struct pipe_end p = { .ready = 0 };
    cmg_context *own = NULL;
    support_alloc_init(&a);
    ck_ok(cmg_context_new(&a.alloc.table, &own, &err), err);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, p.fds), 0);
    ck_ok(cmg__watch_new(own->loop, p.fds[0], on_ready, &p, &p.watch, &err), err);
    cmg__watch_set(p.watch, CMG__READABLE | CMG__WRITABLE);
    cmg__watch_free(p.watch);
    ck_ok(cmg__watch_new(own->loop, p.fds[1], on_ready, &p, &p.watch, &err), err);
    cmg_context_unref(own);
    ck_assert_uint_eq(a.live, 0);
    ck_assert_uint_eq(p.calls, 0);
    close(p.fds[0]);
    close(p.fds[1]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("net/loop");
    TCase *timers = tcase_create("timers and tasks");
    TCase *watches = tcase_create("watches and wake-ups");
    tcase_add_checked_fixture(timers, setup, teardown);
    tcase_add_checked_fixture(watches, setup, teardown);
    tcase_set_timeout(timers, 30);
    tcase_set_timeout(watches, 30);
    tcase_add_test(timers, timers_fire_in_order_of_their_due_time);
    tcase_add_test(timers, the_timeout_is_that_of_the_first_timer);
    tcase_add_test(timers, a_timer_that_rearms_itself_for_now_does_not_hold_the_turn);
    tcase_add_test(timers, a_timer_stopped_by_another_of_the_same_turn_does_not_fire);
    tcase_add_test(timers, thousands_of_timers_each_fire_once);
    tcase_add_test(timers, a_task_runs_once_per_post_and_never_inside_it);
    tcase_add_test(watches, a_watch_is_level_triggered);
    tcase_add_test(watches, a_closed_peer_is_reported_to_who_wants_to_read);
    tcase_add_test(watches, a_watch_may_be_freed_inside_its_callback);
    tcase_add_test(watches, a_descriptor_number_may_be_watched_again_at_once);
    tcase_add_test(watches, a_host_that_already_sleeps_is_woken_by_what_is_added);
    tcase_add_test(watches, a_wakeup_from_another_thread_ends_the_wait);
    tcase_add_test(watches, the_loop_gives_back_all_memory_whatever_is_still_watched);
    suite_add_tcase(suite, timers);
    suite_add_tcase(suite, watches);
    Suite *const suites[] = { suite, NULL };
    return support_run(suites);
}
