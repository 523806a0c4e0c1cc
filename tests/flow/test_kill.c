/*
 * A process that deploys is killed at ten different places and started again each time
 * with the same journal; then the same for the deletion. In the end there is exactly one
 * of everything, the secret that is kept is the one that works, and at last there is
 * nothing.
 */
#include "child.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static cmg_sandbox *sandbox;
static struct site site;
static uint64_t seed;

static void setup(void)
{
    sandbox = place_sandbox(100);
    place_site(sandbox, &site);
}

static void teardown(void)
{
    cmg_sandbox_unref(sandbox);
    support_dir_done();
}

static unsigned random_below(unsigned n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (unsigned)(seed % n);
}

static void start_child(struct child *c, const char *operation)
{
    child_start(c, ONCE_PROGRAM, (const char *const[]){ operation, NULL }, &site);
}

/* Some milliseconds later than the event, so that the kill meets a request on its way, an
   answer, a write of the journal. True when the process really died of it. */
static bool kill_at(const char *operation, const char *event)
{
    struct child c;

    start_child(&c, operation);
    if (child_wait_for(&c, event)) {
        struct pollfd nothing = { .fd = -1 };
        (void)poll(&nothing, 1, (int)random_below(25));
        (void)kill(c.pid, SIGKILL);
    }
    int status = child_reap(&c);
    ck_assert_msg(status <= 0, "%s at \"%s\": %s", operation, event, c.text);
    return status < 0;
}

static void run_to_the_end(const char *operation)
{
    struct child c;

    start_child(&c, operation);
    (void)child_wait_for(&c, NULL);
    ck_assert_msg(child_reap(&c) == 0, "%s", c.text);
}

/* ---- what must hold ---- */

static int stop_at_plan(cmg_deploy *deploy, const char *plan, void *user)
{
    bool *reached = user;

    (void)deploy;
    *reached = strlen(plan) > 0;
    return 1;
}

static int note_plan(cmg_deploy *deploy, cmg_deploy_state now, const cmg_error *why,
                     void *user)
{
    bool *reached = user;

    (void)deploy;
    (void)why;
    *reached = *reached || now == CMG_DEPLOY_PLAN;
    return 0;
}

/* The kept secret signs in as the server app: its sign-in gets as far as the plan. */
static void check_kept_secret(void)
{
    struct site other = site;
    struct party p;
    bool reached = false;
    const cmg_deploy_events events = { .size = sizeof events,
                                       .user = &reached,
                                       .on_state = note_plan,
                                       .on_confirm = stop_at_plan };
    cmg_error *err = NULL;
    size_t n = 0;
    char *secret =
        support_read_file(support_path("contoso.journal.secrets/server-app-secret"), &n);

    ck_assert_ptr_nonnull(secret);
    ck_ok(party_init(&p, &site, NULL, &err), err);
    /* Once more, to learn the server app's ID; nothing is changed. */
    ck_ok(party_deploy(&p, &site, CMG_DEPLOY_CREATE, NULL, &err), err);
    (void)snprintf(other.client_id, sizeof other.client_id, "%s",
                   cmg_server_app_client_id(cmg_gateway_server_app(p.gateway)));
    (void)snprintf(other.client_secret, sizeof other.client_secret, "%.*s", (int)n,
                   secret);
    (void)snprintf(other.journal, sizeof other.journal, "%s",
                   support_path("proof.journal"));
    party_done(&p);
    free(secret);
    ck_ok(party_init(&p, &other, NULL, &err), err);
    cmg_status rc = party_deploy(&p, &other, CMG_DEPLOY_DELETE, &events, NULL);
    ck_assert_int_ne(rc, CMG_OK);
    ck_assert(reached);
    party_done(&p);
}

/* Ten places of a creation: in the looks, between look and effect, in the effects, in the
   long operations. */
static const char *const places[] = {
    "step tenant 2",        "state APPLY",
    "step server_app 2",    "step server_principal 2",
    "step server_secret 1", "step certificate 2",
    "step client_app 2",    "step resource_group 2",
    "step vault 2",         "step vault_certificate 2",
    "step template 2",      "step deployment 1",
    "state VERIFY",
};

static const char *const delete_places[] = {
    "state APPLY",       "step client_app_gone 2", "step server_app_gone 2",
    "step group_gone 2", "step vault_gone 2",
};

START_TEST(killed_deployments_end_with_one_of_each_and_killed_deletions_with_nothing)
{
    unsigned kills = 0;

    seed = 0x2545f4914f6cdd1du * (uint64_t)(_i + 1);
    for (size_t i = 0; i < CMG__ARRAY_LEN(places); i++)
        kills += kill_at("create", places[i]);
    ck_assert_uint_ge(kills, 10);
    run_to_the_end("create");
    place_check_one_of_each(sandbox);
    check_kept_secret();
    place_check_one_of_each(sandbox);
    for (size_t i = 0; i < CMG__ARRAY_LEN(delete_places); i++)
        (void)kill_at("delete", delete_places[i]);
    run_to_the_end("delete");
    place_check_nothing(sandbox);
    ck_assert_ptr_null(support_read_file(site.journal, NULL));
}
END_TEST

START_TEST(second_process_on_the_same_journal_is_refused)
{
    struct child first, second;

    start_child(&first, "create");
    ck_assert(child_wait_for(&first, "state APPLY"));
    start_child(&second, "create");
    (void)child_wait_for(&second, NULL);
    ck_assert_int_eq(child_reap(&second), 1);
    ck_assert_str_eq(second.text, "");
    (void)child_wait_for(&first, NULL);
    ck_assert_int_eq(child_reap(&first), 0);
    place_check_one_of_each(sandbox);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("kill");
    TCase *tc = tcase_create("kill");

    tcase_set_timeout(tc, 120);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(
        tc, killed_deployments_end_with_one_of_each_and_killed_deletions_with_nothing, 0,
        2);
    tcase_add_test(tc, second_process_on_the_same_journal_is_refused);
    suite_add_tcase(suite, tc);
    return support_run((Suite *[]){ suite, NULL });
}
