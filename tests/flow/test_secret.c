/* The life of the client secret against the sandbox: made, proven, renewed, watched. */
#include "seen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static cmg_sandbox *sandbox;
static struct site site;

static void setup(void)
{
    sandbox = place_sandbox(0);
    place_site(sandbox, &site);
}

static void teardown(void)
{
    cmg_sandbox_unref(sandbox);
    support_dir_done();
}

#define KEPT    "contoso.journal.secrets/server-app-secret"
#define PENDING KEPT "-next"

/* The kept secret; the caller frees. */
static char *kept(void)
{
    size_t n = 0;
    char *text = support_read_file(support_path(KEPT), &n);

    ck_assert_ptr_nonnull(text);
    text = realloc(text, n + 1);
    ck_assert_ptr_nonnull(text);
    text[n] = '\0';
    return text;
}

/* Signs in as the server app with its secret and finds the tenant. */
static cmg_status sign_in_with(const char *client_id, const char *secret)
{
    struct party p;
    cmg_deploy *deploy = NULL;
    cmg_error *err = NULL;

    ck_ok(party_init(&p, &site, NULL, &err), err);
    ck_ok(cmg_tenant_set_client_secret(cmg_gateway_tenant(p.gateway), client_id, secret,
                                       strlen(secret), &err),
          err);
    ck_ok(cmg_deploy_new(p.gateway, CMG_DEPLOY_FIND_TENANT, &deploy, &err), err);
    cmg_status rc = cmg_deploy_run(deploy, NULL);
    cmg_deploy_unref(deploy);
    party_done(&p);
    return rc;
}

static void run(cmg_deploy_operation operation, char client_id[64])
{
    struct party p;
    cmg_error *err = NULL;

    ck_ok(party_init(&p, &site, NULL, &err), err);
    ck_ok(party_deploy(&p, &site, operation, NULL, &err), err);
    (void)snprintf(client_id, 64, "%s",
                   cmg_server_app_client_id(cmg_gateway_server_app(p.gateway)));
    ck_assert_int_ne(
        cmg_server_app_secret_expires_unix_s(cmg_gateway_server_app(p.gateway)), 0);
    party_done(&p);
}

START_TEST(a_renewed_secret_signs_in_and_the_old_one_no_longer_does)
{
    char client_id[64];

    run(CMG_DEPLOY_REGISTER_APPS, client_id);
    char *old = kept();
    ck_assert_int_eq(sign_in_with(client_id, old), CMG_OK);
    run(CMG_DEPLOY_RENEW_SECRET, client_id);
    char *renewed = kept();
    ck_assert_str_ne(old, renewed);
    ck_assert_int_eq(sign_in_with(client_id, renewed), CMG_OK);
    ck_assert_int_eq(sign_in_with(client_id, old), CMG_E_AUTH);
    ck_assert_uint_eq(cmg_sandbox_count(sandbox, CMG_SANDBOX_SECRETS), 1);
    ck_assert_ptr_null(support_read_file(support_path(PENDING), NULL));
    free(old);
    free(renewed);
}
END_TEST

static int refuse(cmg_deploy *deploy, const char *plan, void *user)
{
    (void)deploy;
    (void)snprintf(user, 256, "%s", plan);
    return 1;
}

START_TEST(a_renewal_that_is_refused_shows_how_things_stand_and_changes_nothing)
{
    struct party p;
    char plan[256] = "";
    char client_id[64];
    cmg_error *err = NULL;
    const cmg_deploy_events events = { .size = sizeof events,
                                       .user = plan,
                                       .on_confirm = refuse };

    run(CMG_DEPLOY_REGISTER_APPS, client_id);
    char *before = kept();
    ck_ok(party_init(&p, &site, NULL, &err), err);
    ck_assert_int_eq(party_deploy(&p, &site, CMG_DEPLOY_RENEW_SECRET, &events, NULL),
                     CMG_E_CALLBACK);
    ck_assert_ptr_nonnull(strstr(plan, "change client secret of the server app"));
    ck_assert_int_ne(
        cmg_server_app_secret_expires_unix_s(cmg_gateway_server_app(p.gateway)), 0);
    party_done(&p);
    char *after = kept();
    ck_assert_str_eq(before, after);
    ck_assert_uint_eq(cmg_sandbox_count(sandbox, CMG_SANDBOX_SECRETS), 1);
    free(before);
    free(after);
}
END_TEST

START_TEST(a_lost_journal_costs_a_new_secret_and_leaves_one)
{
    char client_id[64];

    run(CMG_DEPLOY_REGISTER_APPS, client_id);
    ck_assert_int_eq(remove(site.journal), 0);
    run(CMG_DEPLOY_RENEW_SECRET, client_id);
    ck_assert_uint_eq(cmg_sandbox_count(sandbox, CMG_SANDBOX_SECRETS), 1);
    char *secret = kept();
    ck_assert_int_eq(sign_in_with(client_id, secret), CMG_OK);
    free(secret);
}
END_TEST

START_TEST(a_secret_that_was_removed_behind_our_back_is_made_again)
{
    char client_id[64];
    struct party p;
    cmg_error *err = NULL;

    run(CMG_DEPLOY_REGISTER_APPS, client_id);
    ck_assert_int_eq(remove(support_path(KEPT)), 0);
    ck_ok(party_init(&p, &site, NULL, &err), err);
    ck_ok(party_deploy(&p, &site, CMG_DEPLOY_REGISTER_APPS, NULL, &err), err);
    party_done(&p);
    char *secret = kept();
    ck_assert_int_eq(sign_in_with(client_id, secret), CMG_OK);
    ck_assert_uint_eq(cmg_sandbox_count(sandbox, CMG_SANDBOX_SECRETS), 1);
    free(secret);
}
END_TEST

START_TEST(an_application_without_a_unique_name_gets_a_new_secret)
{
    char client_id[64];

    place_refuse_upsert(sandbox);
    run(CMG_DEPLOY_REGISTER_APPS, client_id);
    ck_assert_int_eq(remove(site.journal), 0);
    char *old = kept();
    run(CMG_DEPLOY_RENEW_SECRET, client_id);
    char *renewed = kept();
    ck_assert_str_ne(old, renewed);
    ck_assert_int_eq(sign_in_with(client_id, renewed), CMG_OK);
    ck_assert_uint_eq(cmg_sandbox_count(sandbox, CMG_SANDBOX_SECRETS), 1);
    free(old);
    free(renewed);
}
END_TEST

/* A gateway of another name in another place, with the applications of the first. */
static void renew_imported(const char *server_app, const char *client_app)
{
    struct party p;
    char json[1024];
    cmg_gateway *other = NULL;
    cmg_error *err = NULL;
    const int n =
        snprintf(json, sizeof json,
                 "{\"version\":1,\"tenant\":{\"domain\":\"contoso.onmicrosoft.com\"},"
                 "\"server_app\":{\"name\":\"CMG-ServerApp\",\"client_id\":\"%s\"},"
                 "\"client_app\":{\"name\":\"CMG-ClientApp\",\"client_id\":\"%s\"}}",
                 server_app, client_app);

    ck_ok(party_init(&p, &site, NULL, &err), err);
    ck_ok(cmg_gateway_new_from_json(p.ctx, "other.json", json, (size_t)n, &other, &err),
          err);
    ck_ok(cmg_tenant_set_client_secret(cmg_gateway_tenant(other), site.client_id,
                                       site.client_secret, strlen(site.client_secret),
                                       &err),
          err);
    cmg_gateway_unref(p.gateway);
    p.gateway = other;
    ck_ok(party_deploy(&p, &site, CMG_DEPLOY_RENEW_SECRET, NULL, &err), err);
    party_done(&p);
}

START_TEST(an_imported_application_keeps_the_secret_that_somebody_else_made)
{
    char server_app[64];
    char client_app[64];
    struct party p;
    cmg_error *err = NULL;

    run(CMG_DEPLOY_REGISTER_APPS, server_app);
    ck_ok(party_init(&p, &site, NULL, &err), err);
    ck_ok(party_deploy(&p, &site, CMG_DEPLOY_REGISTER_APPS, NULL, &err), err);
    (void)snprintf(client_app, sizeof client_app, "%s",
                   cmg_client_app_client_id(cmg_gateway_client_app(p.gateway)));
    party_done(&p);
    ck_assert_int_eq(remove(site.journal), 0);
    char *theirs = kept();
    for (int i = 0; i < 2; i++) { /* the second time ours is replaced, not theirs */
        char *before = kept();
        renew_imported(server_app, client_app);
        char *renewed = kept();
        ck_assert_str_ne(before, renewed);
        ck_assert_int_eq(sign_in_with(server_app, renewed), CMG_OK);
        ck_assert_int_eq(sign_in_with(server_app, theirs), CMG_OK);
        ck_assert_uint_eq(cmg_sandbox_count(sandbox, CMG_SANDBOX_SECRETS), 2);
        free(before);
        free(renewed);
    }
    free(theirs);
}
END_TEST

/* ---- memory ---- */

static cmg_status renew_with(struct support_alloc *memory)
{
    struct party p;
    cmg_error *err = NULL;
    cmg_status rc = party_init(&p, &site, &memory->alloc.table, &err);

    if (rc == CMG_OK)
        rc = party_deploy(&p, &site, CMG_DEPLOY_RENEW_SECRET, NULL, &err);
    party_done(&p);
    cmg_error_unref(err);
    return rc;
}

/* Sampled; whatever fails, the kept value signs in, and in the end there is one. */
START_TEST(a_renewal_without_memory_is_told_and_loses_no_secret)
{
    struct support_alloc memory;
    char client_id[64];

    run(CMG_DEPLOY_REGISTER_APPS, client_id);
    support_alloc_init(&memory);
    ck_assert_int_eq(renew_with(&memory), CMG_OK);
    const size_t clean = memory.count;
    for (size_t n = 1; n < clean; n += clean / 40 + 1) {
        support_alloc_init(&memory);
        memory.fail_at = n;
        const cmg_status rc = renew_with(&memory);
        ck_assert_msg(rc == CMG_OK || rc == CMG_E_NOMEM, "allocation %zu gave %s", n,
                      cmg_status_name(rc));
        ck_assert_uint_eq(memory.live, 0);
        char *secret = kept();
        ck_assert_int_eq(sign_in_with(client_id, secret), CMG_OK);
        free(secret);
    }
    run(CMG_DEPLOY_RENEW_SECRET, client_id);
    ck_assert_uint_eq(cmg_sandbox_count(sandbox, CMG_SANDBOX_SECRETS), 1);
    ck_assert_ptr_null(support_read_file(support_path(PENDING), NULL));
}
END_TEST

/* ---- what must not be seen ---- */

static const cmg_deploy_operation talkers[] = {
    CMG_DEPLOY_REGISTER_APPS, CMG_DEPLOY_VERIFY_APPS, CMG_DEPLOY_CORRECT_APPS,
    CMG_DEPLOY_RENEW_SECRET,  CMG_DEPLOY_DELETE_APPS, CMG_DEPLOY_RESTORE_APPS,
    CMG_DEPLOY_FIND_TENANT,   CMG_DEPLOY_DELETE,
};

START_TEST(no_secret_is_seen_in_logs_errors_journal_command_line_or_freed_memory)
{
    struct support_alloc memory;
    char *secrets[CMG__ARRAY_LEN(talkers)] = { 0 };
    struct party p;
    cmg_error *err = NULL;

    for (size_t i = 0; i < CMG__ARRAY_LEN(talkers); i++) {
        support_alloc_init(&memory);
        memory.canary = site.client_secret;
        ck_ok(party_init(&p, &site, &memory.alloc.table, &err), err);
        ck_ok(cmg_context_set_log(p.ctx, CMG_LOG_DEBUG, seen_log, NULL, &err), err);
        ck_ok(party_deploy(&p, &site, talkers[i], &seen_events, &err), err);
        if (talkers[i] != CMG_DEPLOY_DELETE) {
            see_file(site.journal);
            secrets[i] = kept();
        }
        /* A secret that is refused: the error must not repeat it. */
        ck_ok(cmg_tenant_set_client_secret(cmg_gateway_tenant(p.gateway), site.client_id,
                                           "wrong-canary-wrong", 18, &err),
              err);
        ck_assert_int_ne(party_deploy(&p, &site, CMG_DEPLOY_FIND_TENANT, NULL, &err),
                         CMG_OK);
        see_error(err);
        cmg_error_unref(err);
        err = NULL;
        party_done(&p);
        ck_assert(!memory.canary_seen);
        ck_assert_uint_eq(memory.live, 0);
    }
    see_file("/proc/self/cmdline");
    ck_assert_uint_gt(seen_length(), 2000);
    ck_assert(!seen_has(site.client_secret));
    ck_assert(!seen_has("wrong-canary-wrong"));
    for (size_t i = 0; i < CMG__ARRAY_LEN(secrets); i++) {
        ck_assert(secrets[i] == NULL || !seen_has(secrets[i]));
        free(secrets[i]);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("secret");
    TCase *tc = tcase_create("secret");

    tcase_set_timeout(tc, 120);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, a_renewed_secret_signs_in_and_the_old_one_no_longer_does);
    tcase_add_test(tc,
                   a_renewal_that_is_refused_shows_how_things_stand_and_changes_nothing);
    tcase_add_test(tc, a_lost_journal_costs_a_new_secret_and_leaves_one);
    tcase_add_test(tc, a_secret_that_was_removed_behind_our_back_is_made_again);
    tcase_add_test(tc, an_application_without_a_unique_name_gets_a_new_secret);
    tcase_add_test(tc, an_imported_application_keeps_the_secret_that_somebody_else_made);
    tcase_add_test(tc, a_renewal_without_memory_is_told_and_loses_no_secret);
    tcase_add_test(tc,
                   no_secret_is_seen_in_logs_errors_journal_command_line_or_freed_memory);
    suite_add_tcase(suite, tc);
    return support_run((Suite *[]){ suite, NULL });
}
