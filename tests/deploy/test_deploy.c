/* The public functions: arguments, order of calls, what start refuses. */
#include "world.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static struct world w;
static struct rule nothing[] = { { .path = "/", .status = 500, .body = "{}" }, { 0 } };

static void setup(void)
{
    world_init(&w, CMG_DEPLOY_DELETE, nothing);
}

static void teardown(void)
{
    world_done(&w);
}

START_TEST(wrong_handles_and_operations_are_refused)
{
    cmg_deploy *deploy = NULL;

    ck_assert_int_eq(cmg_deploy_new(NULL, CMG_DEPLOY_CREATE, &deploy, NULL), CMG_E_INVAL);
    ck_assert_int_eq(cmg_deploy_new(w.gateway, (cmg_deploy_operation)99, &deploy, NULL),
                     CMG_E_INVAL);
    ck_assert_int_eq(cmg_deploy_new(w.gateway, CMG_DEPLOY_CREATE, NULL, NULL),
                     CMG_E_INVAL);
    ck_assert_ptr_null(deploy);
    ck_assert_int_eq(cmg_deploy_start(NULL, NULL), CMG_E_INVAL);
    ck_assert_int_eq(cmg_deploy_run((cmg_deploy *)(void *)w.gateway, NULL), CMG_E_INVAL);
    ck_assert_int_eq(cmg_deploy_get_state(NULL), CMG_DEPLOY_IDLE);
    cmg_deploy_unref(NULL);
}
END_TEST

START_TEST(journal_and_secret_store_are_needed)
{
    const cmg_journal_store journal = w.deploy->journal.store;
    cmg_deploy *deploy = NULL;
    cmg_error *err = NULL;

    ck_ok(cmg_deploy_new(w.gateway, CMG_DEPLOY_DELETE, &deploy, &err), err);
    ck_assert_int_eq(cmg_deploy_start(deploy, &err), CMG_E_STATE);
    ck_assert_ptr_nonnull(strstr(cmg_error_remedy(err), "cmg_deploy_set_journal_file"));
    ck_assert_int_eq(cmg_deploy_set_journal_store(deploy, &journal, &err), CMG_OK);
    ck_assert_int_eq(cmg_deploy_start(deploy, &err), CMG_E_STATE);
    ck_assert_ptr_nonnull(strstr(cmg_error_remedy(err), "cmg_deploy_set_secret_store"));
    ck_assert_int_eq(cmg_deploy_set_journal_file(deploy, "", &err), CMG_E_INVAL);
    cmg_error_unref(err);
    cmg_deploy_unref(deploy);
}
END_TEST

START_TEST(tables_of_a_wrong_size_or_with_holes_are_refused)
{
    cmg_journal_store journal = w.deploy->journal.store;
    cmg_secret_store secrets = w.deploy->host_secrets;
    cmg_deploy_events events = w.deploy->events;

    journal.size = 8;
    secrets.size = 8;
    events.size = 8;
    ck_assert_int_eq(cmg_deploy_set_journal_store(w.deploy, &journal, NULL), CMG_E_ABI);
    ck_assert_int_eq(cmg_deploy_set_secret_store(w.deploy, &secrets, NULL), CMG_E_ABI);
    ck_assert_int_eq(cmg_deploy_set_events(w.deploy, &events, NULL), CMG_E_ABI);
    journal.size = sizeof journal;
    journal.lock = NULL;
    secrets.size = sizeof secrets;
    secrets.get = NULL;
    ck_assert_int_eq(cmg_deploy_set_journal_store(w.deploy, &journal, NULL), CMG_E_INVAL);
    ck_assert_int_eq(cmg_deploy_set_secret_store(w.deploy, &secrets, NULL), CMG_E_INVAL);
}
END_TEST

/* Hosts of before know no owners; half of the table is no table. */
START_TEST(a_journal_table_fences_wholly_or_not_at_all)
{
    cmg_journal_store journal = w.deploy->journal.store;
    cmg_error *err = NULL;

    journal.check = NULL;
    ck_assert_int_eq(cmg_deploy_set_journal_store(w.deploy, &journal, &err), CMG_E_INVAL);
    ck_assert_ptr_nonnull(strstr(cmg_error_remedy(err), "save_as"));
    cmg_error_unref(err);
    err = NULL;
    journal.size = offsetof(cmg_journal_store, claim);
    ck_ok(cmg_deploy_set_journal_store(w.deploy, &journal, &err), err);
    ck_assert(w.deploy->journal.store.claim == NULL);
    ck_ok(cmg_deploy_start(w.deploy, &err), err);
    ck_assert_uint_eq(w.saves, 1);
}
END_TEST

START_TEST(setters_and_start_are_refused_while_it_runs)
{
    ck_assert_int_eq(cmg_deploy_start(w.deploy, NULL), CMG_OK);
    ck_assert_int_eq(cmg_deploy_set_events(w.deploy, NULL, NULL), CMG_E_STATE);
    ck_assert_int_eq(cmg_deploy_set_journal_file(w.deploy, "x", NULL), CMG_E_STATE);
    ck_assert_int_eq(cmg_deploy_start(w.deploy, NULL), CMG_E_STATE);
    ck_assert_int_eq(cmg_deploy_cancel(w.deploy, NULL), CMG_OK);
    world_drive(&w);
    ck_assert_int_eq(cmg_deploy_get_state(w.deploy), CMG_DEPLOY_PAUSED);
}
END_TEST

START_TEST(journal_in_use_is_refused_untouched)
{
    cmg_error *err = NULL;

    w.locked_by_other = true;
    ck_assert_int_eq(cmg_deploy_start(w.deploy, &err), CMG_E_CONFLICT);
    ck_assert_ptr_nonnull(strstr(cmg_error_message(err), "in use"));
    ck_assert_uint_eq(w.saves, 0);
    ck_assert_int_eq(cmg_deploy_get_state(w.deploy), CMG_DEPLOY_IDLE);
    ck_assert_uint_eq(w.gateway->deployments_running, 0);
    cmg_error_unref(err);
}
END_TEST

START_TEST(foreign_journal_is_refused_untouched)
{
    cmg_error *err = NULL;

    memcpy(w.journal, "hello\n", 6);
    w.journal_len = 6;
    ck_assert_int_eq(cmg_deploy_start(w.deploy, &err), CMG_E_PARSE);
    ck_assert_uint_eq(w.saves, 0);
    ck_assert(!w.locked);
    cmg_error_unref(err);
}
END_TEST

START_TEST(full_disk_is_seen_at_the_start)
{
    cmg_error *err = NULL;

    w.fail_save_at = 1;
    w.fail_save_errno = ENOSPC;
    ck_assert_int_eq(cmg_deploy_start(w.deploy, &err), CMG_E_IO);
    ck_assert_int_eq(cmg_error_origin_number(err), ENOSPC);
    ck_assert_str_ne(cmg_error_remedy(err), "");
    ck_assert(!w.locked);
    cmg_error_unref(err);
}
END_TEST

START_TEST(creation_without_an_authority_fails_before_anything_is_asked)
{
    cmg_error *err = NULL;

    world_again(&w, CMG_DEPLOY_CREATE);
    ck_assert_int_eq(cmg_deploy_run(w.deploy, &err), CMG_E_STATE);
    ck_assert_ptr_nonnull(strstr(cmg_error_remedy(err), "cmg_gateway_set_authority"));
    ck_assert_str_eq(w.states, "PREFLIGHT FAILED ");
    ck_assert_uint_eq(w.sent, 0);
    cmg_error_unref(err);
}
END_TEST

START_TEST(deletion_refuses_a_later_creation_with_its_journal)
{
    cmg_error *err = NULL;

    ck_assert_int_eq(cmg_deploy_start(w.deploy, NULL), CMG_OK);
    ck_ok(cmg__journal_confirm(&w.deploy->journal, &err), err);
    cmg_deploy_unref(w.deploy);
    w.deploy = NULL;
    world_again(&w, CMG_DEPLOY_CREATE);
    cmg_status rc = cmg_deploy_start(w.deploy, &err);
    ck_assert_int_eq(rc, CMG_E_STATE);
    ck_assert_ptr_nonnull(strstr(cmg_error_message(err), "deletion"));
    cmg_error_unref(err);
}
END_TEST

START_TEST(every_state_has_its_name)
{
    static const char *const expected[] = {
        "IDLE",         "PREFLIGHT", "SIGN_IN", "PLAN",    "CONFIRM",
        "APPLY",        "VERIFY",    "READY",   "PAUSED",  "CANCELLING",
        "ROLLING_BACK", "FAILED",    "DELETED", "UNKNOWN",
    };

    for (size_t i = 0; i < CMG__ARRAY_LEN(expected); i++)
        ck_assert_str_eq(cmg_deploy_state_name((cmg_deploy_state)i), expected[i]);
    ck_assert_str_eq(cmg_deploy_state_name((cmg_deploy_state)-5), "UNKNOWN");
}
END_TEST

START_TEST(forked_child_may_only_let_go)
{
    ck_assert_int_eq(cmg_deploy_start(w.deploy, NULL), CMG_OK);
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        bool refused = cmg_deploy_cancel(w.deploy, NULL) == CMG_E_FORKED;
        cmg_deploy_unref(w.deploy);
        _exit(refused && w.locked ? 0 : 1);
    }
    int status = 0;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("deploy");
    TCase *tc = tcase_create("public functions");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, wrong_handles_and_operations_are_refused);
    tcase_add_test(tc, journal_and_secret_store_are_needed);
    tcase_add_test(tc, tables_of_a_wrong_size_or_with_holes_are_refused);
    tcase_add_test(tc, a_journal_table_fences_wholly_or_not_at_all);
    tcase_add_test(tc, setters_and_start_are_refused_while_it_runs);
    tcase_add_test(tc, journal_in_use_is_refused_untouched);
    tcase_add_test(tc, foreign_journal_is_refused_untouched);
    tcase_add_test(tc, full_disk_is_seen_at_the_start);
    tcase_add_test(tc, creation_without_an_authority_fails_before_anything_is_asked);
    tcase_add_test(tc, deletion_refuses_a_later_creation_with_its_journal);
    tcase_add_test(tc, every_state_has_its_name);
    tcase_add_test(tc, forked_child_may_only_let_go);
    suite_add_tcase(suite, tc);
    return support_run((Suite *[]){ suite, NULL });
}
