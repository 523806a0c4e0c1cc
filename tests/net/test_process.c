/* Child processes on the loop. */
#include "net/process.h"
#include "support/support.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static struct support_alloc memory;
static cmg_context *ctx;
static int descriptors;

struct child {
    struct cmg__process *process;
    int exits, status, signal;
    bool free_inside;
};

static void setup(void)
{
    cmg_error *err = NULL;
    support_alloc_init(&memory);
    ck_ok(cmg_context_new(NULL, &ctx, &err), err);
    cmg_context_unref(ctx);
    (void)support_dir();
    descriptors = support_fd_count();
    ck_ok(cmg_context_new(&memory.alloc.table, &ctx, &err), err);
}

static void teardown(void)
{
    cmg_context_unref(ctx);
    ck_assert_uint_eq(memory.live, 0);
    ck_assert_int_eq(support_fd_count(), descriptors);
    /* No child is left, not even a dead one. */
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
    ck_assert_int_eq(errno, ECHILD);
    support_dir_done();
}

static void on_exit_child(void *user, int exit_status, int sig)
{
    struct child *c = user;
    c->exits++;
    c->status = exit_status;
    c->signal = sig;
    if (c->free_inside) {
        cmg__process_free(c->process);
        c->process = NULL;
    }
}

static void start(struct child *c, const char *script, const char *output)
{
    const char *const argv[] = { "/bin/sh", "-c", script, NULL };
    static const char *const env[] = { "GREETING=hello", NULL };
    cmg_error *err = NULL;
    const struct cmg__process_settings settings = {
        .argv = argv, .env = env, .cwd = "/", .stderr_path = output
    };
    ck_ok(cmg__process_start(ctx->loop, &settings, on_exit_child, c, &c->process, &err),
          err);
    ck_assert_int_gt(cmg__process_pid(c->process), 0);
    ck_assert_int_eq(c->exits, 0);
}

static void run(struct child *c)
{
    for (int i = 0; i < 2000 && c->exits == 0; i++)
        ck_assert_int_eq(cmg_context_wait(ctx, 10, NULL), CMG_OK);
    ck_assert_int_eq(c->exits, 1);
}

START_TEST(the_exit_status_is_reported_once)
{
    struct child c = { .exits = 0 };
    start(&c, "exit 7", NULL);
    run(&c);
    ck_assert_int_eq(c.status, 7);
    ck_assert_int_eq(c.signal, 0);
    cmg__process_signal(c.process, SIGTERM); /* too late, harmless */
    cmg__process_free(c.process);
}
END_TEST

START_TEST(output_environment_and_folder_are_as_set)
{
    struct child c = { .exits = 0 };
    size_t n = 0;
    const char *path = support_path("output");
    support_write_file(path, "before\n", 7);
    start(&c, "echo $GREETING $HOME; pwd >&2", path);
    run(&c);
    char *text = support_read_file(path, &n);
    ck_assert_str_eq(text, "before\nhello\n/\n");
    free(text);
    cmg__process_free(c.process);
}
END_TEST

START_TEST(a_signal_is_delivered_and_reported)
{
    struct child c = { .free_inside = true };
    start(&c, "sleep 30", NULL);
    cmg__process_signal(c.process, SIGTERM);
    run(&c);
    ck_assert_int_eq(c.signal, SIGTERM);
    ck_assert_ptr_null(c.process);
}
END_TEST

START_TEST(freeing_kills_and_calls_nobody)
{
    struct child c = { .exits = 0 };
    start(&c, "trap '' TERM; sleep 30", NULL);
    int pid = cmg__process_pid(c.process);
    cmg__process_free(c.process);
    ck_assert_int_eq(kill(pid, 0), -1);
    for (int i = 0; i < 5; i++)
        ck_assert_int_eq(cmg_context_process(ctx, NULL), CMG_OK);
    ck_assert_int_eq(c.exits, 0);
    cmg__process_free(NULL);
}
END_TEST

/* The read ends when the parent closes its end of the pipe, which its death does too. */
START_TEST(the_child_sees_the_end_of_its_input_when_the_parent_goes)
{
    struct child c = { .exits = 0 };
    size_t n = 0;
    int status = 0;
    pid_t parent = fork();
    ck_assert_int_ge(parent, 0);
    if (parent == 0) {
        cmg_context *own = NULL;
        if (cmg_context_new(NULL, &own, NULL) != CMG_OK)
            _exit(1);
        ctx = own;
        start(&c, "read line; echo gone >&2", support_path("output"));
        _exit(0);
    }
    ck_assert_int_eq(waitpid(parent, &status, 0), parent);
    ck_assert_int_eq(status, 0);
    char *text = NULL;
    for (int i = 0; i < 1000 && n == 0; i++) {
        free(text);
        ck_assert_int_eq(cmg_context_wait(ctx, 10, NULL), CMG_OK);
        text = support_read_file(support_path("output"), &n);
    }
    ck_assert_str_eq(text, "gone\n");
    free(text);
}
END_TEST

static const struct {
    const char *program, *output;
    cmg_status code;
    const char *subject;
} impossible[] = {
    { "/nonexistent/program", NULL, CMG_E_NOTFOUND, "/nonexistent/program" },
    { "/etc", NULL, CMG_E_IO, "/etc" },
    { "/bin/sh", "/nonexistent/log", CMG_E_NOTFOUND, "/nonexistent/log" },
};

START_TEST(what_cannot_be_started_is_named)
{
    struct child c = { .exits = 0 };
    cmg_error *err = NULL;
    const char *const argv[] = { impossible[_i].program, NULL };
    const struct cmg__process_settings settings = { .argv = argv,
                                                    .stderr_path =
                                                        impossible[_i].output };
    cmg_status rc =
        cmg__process_start(ctx->loop, &settings, on_exit_child, &c, &c.process, &err);
    ck_assert_int_eq(rc, impossible[_i].code);
    ck_assert_ptr_null(c.process);
    ck_assert_ptr_nonnull(strstr(cmg_error_message(err), impossible[_i].subject));
    cmg_error_unref(err);
}
END_TEST

START_TEST(many_children_run_at_the_same_time)
{
    struct child c[16] = { { .exits = 0 } };
    for (size_t i = 0; i < CMG__ARRAY_LEN(c); i++)
        start(&c[i], "read line; exit 3", NULL);
    for (size_t i = 0; i < CMG__ARRAY_LEN(c); i += 2) {
        cmg__process_signal(c[i].process, SIGKILL);
        run(&c[i]);
        ck_assert_int_eq(c[i].signal, SIGKILL);
    }
    for (size_t i = 0; i < CMG__ARRAY_LEN(c); i++)
        cmg__process_free(c[i].process);
    ck_assert_int_eq(c[1].exits, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("net/process");
    TCase *life = tcase_create("life");
    tcase_add_checked_fixture(life, setup, teardown);
    tcase_set_timeout(life, 30);
    tcase_add_test(life, the_exit_status_is_reported_once);
    tcase_add_test(life, output_environment_and_folder_are_as_set);
    tcase_add_test(life, a_signal_is_delivered_and_reported);
    tcase_add_test(life, freeing_kills_and_calls_nobody);
    tcase_add_test(life, the_child_sees_the_end_of_its_input_when_the_parent_goes);
    tcase_add_loop_test(life, what_cannot_be_started_is_named, 0,
                        (int)CMG__ARRAY_LEN(impossible));
    tcase_add_test(life, many_children_run_at_the_same_time);
    suite_add_tcase(suite, life);
    Suite *const suites[] = { suite, NULL };
    return support_run(suites);
}
