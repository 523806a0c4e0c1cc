/* Applications deleted, restored and purged, against the sandbox. */
#include "place.h"

#include <stdio.h>
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

static void run(cmg_deploy_operation operation)
{
    struct party p;
    cmg_error *err = NULL;

    party_without_gateway(&p, &site);
    ck_ok(party_deploy(&p, &site, operation, NULL, &err), err);
    party_done(&p);
}

static cmg_status run_badly(cmg_deploy_operation operation, char *remedy, size_t size)
{
    struct party p;
    cmg_error *err = NULL;

    party_without_gateway(&p, &site);
    cmg_status rc = party_deploy(&p, &site, operation, NULL, &err);
    (void)snprintf(remedy, size, "%s", cmg_error_remedy(err));
    cmg_error_unref(err);
    party_done(&p);
    return rc;
}

struct counts {
    uint64_t applications, principals, grants, secrets, deleted;
};

static void check(const struct counts *expected)
{
    const struct {
        cmg_sandbox_kind kind;
        uint64_t expected;
        const char *name;
    } rows[] = {
        { CMG_SANDBOX_APPLICATIONS, expected->applications, "applications" },
        { CMG_SANDBOX_SERVICE_PRINCIPALS, expected->principals, "principals" },
        { CMG_SANDBOX_GRANTS, expected->grants, "grants" },
        { CMG_SANDBOX_SECRETS, expected->secrets, "secrets" },
        { CMG_SANDBOX_DELETED, expected->deleted, "deleted" },
    };

    for (size_t i = 0; i < CMG__ARRAY_LEN(rows); i++) {
        const uint64_t found = cmg_sandbox_count(sandbox, rows[i].kind);
        ck_assert_msg(found == rows[i].expected, "%s: %llu instead of %llu", rows[i].name,
                      (unsigned long long)found, (unsigned long long)rows[i].expected);
    }
}

static const struct counts whole = { 2, 2, 2, 1, 0 };
static const struct counts soft = { 0, 0, 0, 0,
                                    2 }; /* applications; principals are not counted */
static const struct counts nothing = { 0, 0, 0, 0, 0 };

START_TEST(deleted_applications_are_restored_and_purged_and_twice_is_once)
{
    char id[64], again[64];
    struct party p;
    cmg_error *err = NULL;

    party_without_gateway(&p, &site);
    ck_ok(party_deploy(&p, &site, CMG_DEPLOY_REGISTER_APPS, NULL, &err), err);
    (void)snprintf(id, sizeof id, "%s",
                   cmg_server_app_client_id(cmg_gateway_server_app(p.gateway)));
    party_done(&p);
    for (int i = 0; i < 2; i++) {
        run(CMG_DEPLOY_DELETE_APPS);
        check(&soft);
    }
    for (int i = 0; i < 2; i++) {
        party_without_gateway(&p, &site);
        ck_ok(party_deploy(&p, &site, CMG_DEPLOY_RESTORE_APPS, NULL, &err), err);
        (void)snprintf(again, sizeof again, "%s",
                       cmg_server_app_client_id(cmg_gateway_server_app(p.gateway)));
        party_done(&p);
        ck_assert_str_eq(again, id);
        check(&whole);
    }
    run(CMG_DEPLOY_DELETE_APPS);
    for (int i = 0; i < 2; i++) {
        run(CMG_DEPLOY_PURGE_APPS);
        check(&nothing);
    }
    size_t n = 0;
    ck_assert_ptr_null(
        support_read_file(support_path("contoso.journal.secrets/server-app-secret"), &n));
    run(CMG_DEPLOY_REGISTER_APPS);
    check(&whole);
}
END_TEST

/* They are found by their tags, also without a journal. */
START_TEST(applications_without_a_unique_name_go_and_come_back)
{
    char remedy[256];

    place_refuse_upsert(sandbox);
    run(CMG_DEPLOY_REGISTER_APPS);
    check(&whole);
    ck_assert_int_eq(remove(site.journal), 0);
    ck_assert_int_eq(run_badly(CMG_DEPLOY_PURGE_APPS, remedy, sizeof remedy),
                     CMG_E_STATE);
    run(CMG_DEPLOY_DELETE_APPS);
    check(&soft);
    run(CMG_DEPLOY_RESTORE_APPS);
    check(&whole);
    run(CMG_DEPLOY_DELETE_APPS);
    run(CMG_DEPLOY_PURGE_APPS);
    check(&nothing);
}
END_TEST

START_TEST(applications_without_a_unique_name_go_with_their_gateway)
{
    struct party p;
    cmg_error *err = NULL;

    place_refuse_upsert(sandbox);
    ck_ok(party_init(&p, &site, NULL, &err), err);
    ck_ok(party_deploy(&p, &site, CMG_DEPLOY_CREATE, NULL, &err), err);
    ck_ok(party_deploy(&p, &site, CMG_DEPLOY_DELETE, NULL, &err), err);
    party_done(&p);
    check(&nothing);
}
END_TEST

/* The deleted ones hold the unique names and the App ID URI: nothing could be made. */
START_TEST(registration_after_a_deletion_restores_instead_of_making_twins)
{
    run(CMG_DEPLOY_REGISTER_APPS);
    run(CMG_DEPLOY_DELETE_APPS);
    if (_i == 1) /* and without a journal */
        (void)remove(site.journal);
    run(CMG_DEPLOY_REGISTER_APPS);
    check(&whole);
}
END_TEST

START_TEST(live_applications_are_not_purged)
{
    char remedy[256];

    run(CMG_DEPLOY_REGISTER_APPS);
    ck_assert_int_eq(run_badly(CMG_DEPLOY_PURGE_APPS, remedy, sizeof remedy),
                     CMG_E_STATE);
    ck_assert_ptr_nonnull(strstr(remedy, "delete"));
    check(&whole);
}
END_TEST

START_TEST(what_was_purged_cannot_be_restored)
{
    char remedy[256];

    ck_assert_int_eq(run_badly(CMG_DEPLOY_RESTORE_APPS, remedy, sizeof remedy),
                     CMG_E_NOTFOUND);
    ck_assert_ptr_nonnull(strstr(remedy, "register"));
    check(&nothing);
}
END_TEST

static int keep_plan(cmg_deploy *deploy, const char *plan, void *user)
{
    (void)deploy;
    (void)snprintf(user, 1024, "%s", plan);
    return 1;
}

static const struct {
    cmg_deploy_operation operation;
    bool deleted;
    const char *plan; /* begins with */
} plans[] = {
    { CMG_DEPLOY_DELETE_APPS, false, "remove client app with its consent (" },
    { CMG_DEPLOY_RESTORE_APPS, true, "restore deleted server app (deleted 20" },
    { CMG_DEPLOY_PURGE_APPS, true, "remove deleted client app (" },
};

START_TEST(nothing_happens_before_the_plan_is_confirmed)
{
    char plan[1024] = "";
    const cmg_deploy_events events = { .size = sizeof events,
                                       .user = plan,
                                       .on_confirm = keep_plan };
    struct party p;

    run(CMG_DEPLOY_REGISTER_APPS);
    if (plans[_i].deleted)
        run(CMG_DEPLOY_DELETE_APPS);
    party_without_gateway(&p, &site);
    ck_assert_int_eq(party_deploy(&p, &site, plans[_i].operation, &events, NULL),
                     CMG_E_CALLBACK);
    party_done(&p);
    ck_assert_msg(cmg__str_starts(plan, plans[_i].plan), "%s", plan);
    check(plans[_i].deleted ? &soft : &whole);
}
END_TEST

static const struct {
    cmg_deploy_operation operation;
    const char *method, *path;
    uint32_t nth;
} losses[] = {
    { CMG_DEPLOY_DELETE_APPS, "DELETE", "/servicePrincipals/", 1 },
    { CMG_DEPLOY_DELETE_APPS, "DELETE", "/applications/", 1 },
    { CMG_DEPLOY_DELETE_APPS, "DELETE", "/servicePrincipals/", 2 },
    { CMG_DEPLOY_DELETE_APPS, "DELETE", "/applications/", 2 },
    { CMG_DEPLOY_RESTORE_APPS, "POST", "/restore", 1 },
    { CMG_DEPLOY_RESTORE_APPS, "POST", "/restore", 2 },
    { CMG_DEPLOY_RESTORE_APPS, "POST", "/restore", 3 },
    { CMG_DEPLOY_RESTORE_APPS, "POST", "/restore", 4 },
    { CMG_DEPLOY_RESTORE_APPS, "POST", "/appRoleAssignedTo", 1 },
    { CMG_DEPLOY_RESTORE_APPS, "POST", "/oauth2PermissionGrants", 1 },
    { CMG_DEPLOY_PURGE_APPS, "DELETE", "/deletedItems/", 1 },
    { CMG_DEPLOY_PURGE_APPS, "DELETE", "/deletedItems/", 2 },
    { CMG_DEPLOY_PURGE_APPS, "DELETE", "/deletedItems/", 3 },
    { CMG_DEPLOY_PURGE_APPS, "DELETE", "/deletedItems/", 4 },
};

START_TEST(an_effect_whose_answer_is_lost_comes_to_the_same_end)
{
    const cmg_deploy_operation operation = losses[_i].operation;
    cmg_error *err = NULL;

    run(CMG_DEPLOY_REGISTER_APPS);
    if (operation != CMG_DEPLOY_DELETE_APPS)
        run(CMG_DEPLOY_DELETE_APPS);
    ck_ok(cmg_sandbox_inject(sandbox, losses[_i].method, losses[_i].path, losses[_i].nth,
                             CMG_SANDBOX_FAULT_LOST_ANSWER, 0, &err),
          err);
    run(operation);
    check(operation == CMG_DEPLOY_DELETE_APPS    ? &soft
          : operation == CMG_DEPLOY_RESTORE_APPS ? &whole
                                                 : &nothing);
}
END_TEST

/* ---- those of somebody else ---- */

static void party_of_given(struct party *p, const char *server_app,
                           const char *client_app)
{
    char json[1024];
    cmg_gateway *given = NULL;
    cmg_error *err = NULL;

    party_without_gateway(p, &site);
    int n = snprintf(json, sizeof json,
                     "{\"version\":1,\"tenant\":{\"domain\":\"contoso.onmicrosoft.com\"},"
                     "\"server_app\":{\"name\":\"Theirs\",\"client_id\":\"%s\"},"
                     "\"client_app\":{\"name\":\"Theirs too\",\"client_id\":\"%s\"}}",
                     server_app, client_app);
    ck_ok(cmg_gateway_new_from_json(p->ctx, "given.json", json, (size_t)n, &given, &err),
          err);
    ck_ok(cmg_tenant_set_client_secret(cmg_gateway_tenant(given), site.client_id,
                                       site.client_secret, strlen(site.client_secret),
                                       &err),
          err);
    cmg_gateway_unref(p->gateway);
    p->gateway = given;
}

static void run_given(cmg_deploy_operation operation, bool include,
                      const char *server_app, const char *client_app)
{
    struct party p;
    cmg_error *err = NULL;

    party_of_given(&p, server_app, client_app);
    ck_ok(party_prepare(&p, &site, operation, NULL, &err), err);
    if (include)
        ck_ok(cmg_deploy_set_include_imported(p.deploy, true, &err), err);
    ck_ok(cmg_deploy_run(p.deploy, &err), err);
    party_done(&p);
}

START_TEST(applications_of_others_are_removed_only_when_the_host_says_so)
{
    char server_app[64], client_app[64];
    struct party p;
    cmg_error *err = NULL;

    party_without_gateway(&p, &site);
    ck_ok(party_deploy(&p, &site, CMG_DEPLOY_REGISTER_APPS, NULL, &err), err);
    (void)snprintf(server_app, sizeof server_app, "%s",
                   cmg_server_app_client_id(cmg_gateway_server_app(p.gateway)));
    (void)snprintf(client_app, sizeof client_app, "%s",
                   cmg_client_app_client_id(cmg_gateway_client_app(p.gateway)));
    party_done(&p);
    (void)snprintf(site.journal, sizeof site.journal, "%s",
                   support_path("given.journal"));
    run_given(CMG_DEPLOY_DELETE_APPS, false, server_app, client_app);
    check(&whole);
    run_given(CMG_DEPLOY_DELETE_APPS, true, server_app, client_app);
    check(&soft);
    run_given(CMG_DEPLOY_PURGE_APPS, false, server_app, client_app);
    check(&soft);
    run_given(CMG_DEPLOY_PURGE_APPS, true, server_app, client_app);
    check(&nothing);
}
END_TEST

START_TEST(only_operations_that_remove_applications_can_include_those_of_others)
{
    struct party p;
    cmg_error *err = NULL;

    party_without_gateway(&p, &site);
    ck_ok(party_prepare(&p, &site, CMG_DEPLOY_REGISTER_APPS, NULL, &err), err);
    ck_assert_int_eq(cmg_deploy_set_include_imported(p.deploy, true, &err), CMG_E_INVAL);
    cmg_error_unref(err);
    party_done(&p);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("apps_gone");
    TCase *gone = tcase_create("gone");

    tcase_set_timeout(gone, 60);
    tcase_add_checked_fixture(gone, setup, teardown);
    tcase_add_test(gone, deleted_applications_are_restored_and_purged_and_twice_is_once);
    tcase_add_test(gone, applications_without_a_unique_name_go_and_come_back);
    tcase_add_test(gone, applications_without_a_unique_name_go_with_their_gateway);
    tcase_add_loop_test(
        gone, registration_after_a_deletion_restores_instead_of_making_twins, 0, 2);
    tcase_add_test(gone, live_applications_are_not_purged);
    tcase_add_test(gone, what_was_purged_cannot_be_restored);
    tcase_add_loop_test(gone, nothing_happens_before_the_plan_is_confirmed, 0,
                        CMG__ARRAY_LEN(plans));
    tcase_add_loop_test(gone, an_effect_whose_answer_is_lost_comes_to_the_same_end, 0,
                        CMG__ARRAY_LEN(losses));
    tcase_add_test(gone, applications_of_others_are_removed_only_when_the_host_says_so);
    tcase_add_test(gone,
                   only_operations_that_remove_applications_can_include_those_of_others);
    suite_add_tcase(suite, gone);
    return support_run((Suite *[]){ suite, NULL });
}
