/*
 * A process that deploys is paused; somebody removes the lock file, and another process
 * does the same with the same journal. When the first one is woken it changes nothing
 * more: neither the journal, nor the kept secret, nor the cloud.
 */
#include "child.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static cmg_sandbox *sandbox;
static struct site site;

static void setup(void)
{
    sandbox = place_sandbox(20);
    place_site(sandbox, &site);
}

static void teardown(void)
{
    cmg_sandbox_unref(sandbox);
    support_dir_done();
}

static void start_child(struct child *c, const char *operation)
{
    child_start(c, ONCE_PROGRAM, (const char *const[]){ operation, NULL }, &site);
}

static void run_to_the_end(const char *operation)
{
    struct child c;

    start_child(&c, operation);
    (void)child_wait_for(&c, NULL);
    ck_assert_msg(child_reap(&c) == 0, "%s", c.text);
}

/* What the journal, the store and the cloud's lists say, as one text to compare. */
static char *snapshot(void)
{
    static const char *const files[] = {
        "contoso.journal",
        "contoso.journal.secrets/server-app-secret",
        "contoso.journal.secrets/server-pfx",
    };
    char *out = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&out, &size);

    for (size_t i = 0; i < CMG__ARRAY_LEN(files); i++) {
        char *text = support_read_file(support_path(files[i]), NULL);
        (void)fprintf(f, "%s=%s\n", files[i], text == NULL ? "" : text);
        free(text);
    }
    for (cmg_sandbox_kind kind = CMG_SANDBOX_APPLICATIONS; kind <= CMG_SANDBOX_DELETED;
         kind++)
        (void)fprintf(f, "%d=%llu\n", (int)kind,
                      (unsigned long long)cmg_sandbox_count(sandbox, kind));
    (void)fclose(f);
    return out;
}

/* Stopped for certain, not only told to: waitpid says so. False: it had ended before. */
static bool pause_at(struct child *c, const char *operation, const char *event)
{
    int status = 0;

    start_child(c, operation);
    ck_assert_msg(child_wait_for(c, event), "%s: %s", event, c->text);
    ck_assert_int_eq(kill(c->pid, SIGSTOP), 0);
    ck_assert_int_eq(waitpid(c->pid, &status, WUNTRACED), c->pid);
    return WIFSTOPPED(status);
}

static const struct {
    const char *operation, *event;
} places[] = {
    { "create", "step server_secret 1" }, { "delete", "state APPLY" },
    { "create", "step deployment 1" },    { "create", "state APPLY" },
    { "create", "step vault 2" },
};
/* The others run with CMG_ALL_POINTS=1. */
#define SAMPLE 2

START_TEST(a_process_that_was_paused_changes_nothing_after_another_took_over)
{
    struct child first;
    const char *operation = places[_i].operation;
    const bool deletes = strcmp(operation, "delete") == 0;

    if (deletes)
        run_to_the_end("create");
    ck_assert(pause_at(&first, operation, places[_i].event));
    ck_assert_int_eq(unlink(support_path("contoso.journal.lock")), 0);
    run_to_the_end(operation);
    if (deletes)
        run_to_the_end("create"); /* what a late request would take down again */
    place_check_one_of_each(sandbox);
    char *before = snapshot();
    ck_assert_int_eq(kill(first.pid, SIGCONT), 0);
    (void)child_wait_for(&first, NULL);
    ck_assert_msg(child_reap(&first) == 1, "%s", first.text);
    char *after = snapshot();
    ck_assert_str_eq(before, after);
    free(before);
    free(after);
    run_to_the_end("create");
    place_check_one_of_each(sandbox);
}
END_TEST

/* The lock is the kernel's: while the paused process has it, nobody takes over. */
START_TEST(a_paused_process_keeps_its_journal_while_its_lock_file_stands)
{
    struct child first, second;

    ck_assert(pause_at(&first, "create", "state APPLY"));
    start_child(&second, "create");
    (void)child_wait_for(&second, NULL);
    ck_assert_int_eq(child_reap(&second), 1);
    ck_assert_int_eq(kill(first.pid, SIGCONT), 0);
    (void)child_wait_for(&first, NULL);
    ck_assert_msg(child_reap(&first) == 0, "%s", first.text);
    place_check_one_of_each(sandbox);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fence");
    TCase *tc = tcase_create("fence");

    const int count =
        getenv("CMG_ALL_POINTS") != NULL ? (int)CMG__ARRAY_LEN(places) : SAMPLE;

    tcase_set_timeout(tc, 120);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(
        tc, a_process_that_was_paused_changes_nothing_after_another_took_over, 0, count);
    tcase_add_test(tc, a_paused_process_keeps_its_journal_while_its_lock_file_stands);
    suite_add_tcase(suite, tc);
    return support_run((Suite *[]){ suite, NULL });
}
