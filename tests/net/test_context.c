/* Making, driving and dropping a context through the public interface's own functions. */
#include "net/loop.h"
#include "support/support.h"

#include <sys/wait.h>
#include <unistd.h>

static int descriptors;

static void setup(void)
{
    cmg_error *err = NULL;
    cmg_context *first = NULL;
    /* libuv keeps two descriptors per process from the first loop on. */
    ck_ok(cmg_context_new(NULL, &first, &err), err);
    cmg_context_unref(first);
    descriptors = support_fd_count();
}

static void teardown(void)
{
    ck_assert_int_eq(support_fd_count(), descriptors);
}

static cmg_status make_and_drop(struct support_alloc *a, void *user)
{
    cmg_context *ctx = NULL;
    (void)user;
    cmg_status rc = cmg_context_new(&a->alloc.table, &ctx, NULL);
    if (rc == CMG_OK)
        rc = cmg_context_process(ctx, NULL);
    cmg_context_unref(ctx);
    return rc;
}

START_TEST(every_failed_allocation_of_a_new_context_is_reported)
{
    support_torture(make_and_drop, NULL, 1);
}
END_TEST

START_TEST(an_allocator_without_a_function_is_refused)
{
    struct support_alloc a;
    cmg_context *ctx = NULL;
    cmg_error *err = NULL;
    support_alloc_init(&a);
    a.alloc.table.realloc = NULL;
    ck_assert_int_eq(cmg_context_new(&a.alloc.table, &ctx, &err), CMG_E_INVAL);
    ck_assert_ptr_null(ctx);
    ck_assert_str_ne(cmg_error_remedy(err), "");
    cmg_error_unref(err);
}
END_TEST

START_TEST(an_allocator_of_unknown_size_is_refused)
{
    struct support_alloc a;
    cmg_context *ctx = NULL;
    support_alloc_init(&a);
    a.alloc.table.size = 8;
    ck_assert_int_eq(cmg_context_new(&a.alloc.table, &ctx, NULL), CMG_E_ABI);
    ck_assert_ptr_null(ctx);
}
END_TEST

START_TEST(bad_arguments_are_refused_without_harm)
{
    ck_assert_int_eq(cmg_context_new(NULL, NULL, NULL), CMG_E_INVAL);
    ck_assert_int_eq(cmg_context_process(NULL, NULL), CMG_E_INVAL);
    ck_assert_int_eq(cmg_context_wait(NULL, 0, NULL), CMG_E_INVAL);
    ck_assert_int_eq(cmg_context_get_fd(NULL), -1);
    ck_assert_int_eq(cmg_context_get_timeout_ms(NULL), 0);
    ck_assert_ptr_null(cmg_context_ref(NULL));
    cmg_context_unref(NULL);
    cmg_context_wakeup(NULL);
}
END_TEST

struct host {
    cmg_context *ctx;
    cmg_status inside;
    unsigned calls;
};

static void drive_inside(struct cmg__task *task, void *user)
{
    struct host *host = user;
    (void)task;
    host->calls++;
    cmg__callback_enter(host->ctx);
    host->inside = cmg_context_process(host->ctx, NULL);
    ck_assert_int_eq(cmg_context_wait(host->ctx, 0, NULL), host->inside);
    cmg__callback_leave(host->ctx);
}

START_TEST(driving_from_inside_a_callback_is_refused)
{
    cmg_error *err = NULL;
    struct host host = { .inside = CMG_OK };
    struct cmg__task task;
    ck_ok(cmg_context_new(NULL, &host.ctx, &err), err);
    cmg__task_init(&task, drive_inside, &host);
    cmg__task_post(host.ctx->loop, &task);
    ck_ok(cmg_context_process(host.ctx, &err), err);
    ck_assert_uint_eq(host.calls, 1);
    ck_assert_int_eq(host.inside, CMG_E_REENTRANT);
    cmg_context_unref(host.ctx);
}
END_TEST

static void drop_inside(struct cmg__task *task, void *user)
{
    struct host *host = user;
    (void)task;
    host->calls++;
    cmg_context_unref(host->ctx);
}

START_TEST(the_last_reference_may_be_dropped_inside_a_callback)
{
    struct support_alloc a;
    cmg_error *err = NULL;
    struct host host = { .inside = CMG_OK };
    struct cmg__task task;
    support_alloc_init(&a);
    ck_ok(cmg_context_new(&a.alloc.table, &host.ctx, &err), err);
    cmg__task_init(&task, drop_inside, &host);
    cmg__task_post(host.ctx->loop, &task);
    ck_ok(cmg_context_process(host.ctx, &err), err);
    ck_assert_uint_eq(host.calls, 1);
    ck_assert_uint_eq(a.live, 0);
}
END_TEST

/* The child may only free; the parent's context must go on as if nothing had been. */
START_TEST(a_forked_child_may_only_free)
{
    cmg_error *err = NULL;
    cmg_context *ctx = NULL;
    int status = 0;
    ck_ok(cmg_context_new(NULL, &ctx, &err), err);
    ck_ok(cmg_context_process(ctx, &err), err);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        bool good = cmg_context_process(ctx, NULL) == CMG_E_FORKED &&
                    cmg_context_wait(ctx, 0, NULL) == CMG_E_FORKED &&
                    cmg_context_get_fd(ctx) == -1;
        cmg_context_unref(ctx);
        _exit(good ? 0 : 1);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    cmg_context_wakeup(ctx);
    ck_ok(cmg_context_wait(ctx, 5000, &err), err);
    cmg_context_unref(ctx);
}
END_TEST

START_TEST(a_wait_ends_when_its_time_is_over)
{
    cmg_error *err = NULL;
    cmg_context *ctx = NULL;
    ck_ok(cmg_context_new(NULL, &ctx, &err), err);
    for (int i = 0; i < 3; i++)
        ck_ok(cmg_context_wait(ctx, 1, &err), err);
    cmg_context_unref(ctx);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("net/context");
    TCase *life = tcase_create("life and driving");
    tcase_add_checked_fixture(life, setup, teardown);
    tcase_set_timeout(life, 30);
    tcase_add_test(life, every_failed_allocation_of_a_new_context_is_reported);
    tcase_add_test(life, an_allocator_without_a_function_is_refused);
    tcase_add_test(life, an_allocator_of_unknown_size_is_refused);
    tcase_add_test(life, bad_arguments_are_refused_without_harm);
    tcase_add_test(life, driving_from_inside_a_callback_is_refused);
    tcase_add_test(life, the_last_reference_may_be_dropped_inside_a_callback);
    tcase_add_test(life, a_forked_child_may_only_free);
    tcase_add_test(life, a_wait_ends_when_its_time_is_over);
    suite_add_tcase(suite, life);
    Suite *const suites[] = { suite, NULL };
    return support_run(suites);
}
