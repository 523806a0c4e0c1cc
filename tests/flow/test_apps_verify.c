/* Verifying and correcting the two applications, against the sandbox. */
#include "place.h"

#include <stdio.h>
#include <string.h>

#include "deploy/steps.h"

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

/* ---- a party whose specification has this in its server app and its client app ---- */

static cmg_status take_apps(struct party *p, const char *server, const char *client,
                            cmg_error **err)
{
    char json[1024];
    cmg_gateway *apps = NULL;
    int n = snprintf(json, sizeof json,
                     "{\"version\":1,\"tenant\":{\"domain\":\"contoso.onmicrosoft.com\"},"
                     "\"server_app\":{\"name\":\"CMG-ServerApp\"%s},"
                     "\"client_app\":{\"name\":\"CMG-ClientApp\"%s}}",
                     server, client);
    cmg_status rc =
        cmg_gateway_new_from_json(p->ctx, "apps.json", json, (size_t)n, &apps, err);

    if (rc == CMG_OK)
        rc = cmg_tenant_set_client_secret(cmg_gateway_tenant(apps), site.client_id,
                                          site.client_secret, strlen(site.client_secret),
                                          err);
    if (rc != CMG_OK) {
        cmg_gateway_unref(apps);
        return rc;
    }
    cmg_gateway_unref(p->gateway);
    p->gateway = apps;
    return CMG_OK;
}

static void begin(struct party *p, const char *server, const char *client)
{
    cmg_error *err = NULL;

    ck_ok(party_init(p, &site, NULL, &err), err);
    ck_ok(take_apps(p, server, client, &err), err);
}

static void run(struct party *p, cmg_deploy_operation operation)
{
    cmg_error *err = NULL;

    ck_ok(party_deploy(p, &site, operation, NULL, &err), err);
}

static size_t server_count(const struct party *p)
{
    return cmg_server_app_difference_count(cmg_gateway_server_app(p->gateway));
}

static size_t client_count(const struct party *p)
{
    return cmg_client_app_difference_count(cmg_gateway_client_app(p->gateway));
}

static void nothing_differs(struct party *p)
{
    cmg_difference one = { .size = sizeof one };

    run(p, CMG_DEPLOY_VERIFY_APPS);
    if (server_count(p) > 0)
        (void)cmg_server_app_difference(cmg_gateway_server_app(p->gateway), 0, &one,
                                        NULL);
    ck_assert_msg(server_count(p) == 0, "%s: %s", one.path, one.found);
    if (client_count(p) > 0)
        (void)cmg_client_app_difference(cmg_gateway_client_app(p->gateway), 0, &one,
                                        NULL);
    ck_assert_msg(client_count(p) == 0, "%s: %s", one.path, one.found);
}

/* ---- somebody who changes things behind our back ---- */

static struct {
    const char *body;
    bool principal;
} vandal;

static cmg_status vandal_app(struct cmg__run *run, const struct cmg__answer *answer,
                             struct cmg__next *next, cmg_error **err)
{
    cmg_status rc = cmg__answer_keep(run, answer->json, "/id", "vandal_object", err);

    if (rc == CMG_OK)
        rc = cmg__answer_keep(run, answer->json, "/appId", "vandal_app", err);
    return rc == CMG_OK ? cmg__next_go(next, vandal.principal ? "principal" : "app") : rc;
}

static cmg_status vandal_principal(struct cmg__run *run, const struct cmg__answer *answer,
                                   struct cmg__next *next, cmg_error **err)
{
    cmg_status rc = cmg__answer_keep(run, answer->json, "/id", "vandal_object", err);

    return rc == CMG_OK ? cmg__next_go(next, "patch") : rc;
}

static cmg_status vandal_build(struct cmg__run *run, struct cmg__ask *ask,
                               cmg_error **err)
{
    return cmg__json_parse(run->work->alloc, "vandal", vandal.body, strlen(vandal.body),
                           &ask->body, err);
}

static cmg_status vandal_done(struct cmg__run *run, const struct cmg__answer *answer,
                              struct cmg__next *next, cmg_error **err)
{
    (void)run;
    (void)answer;
    (void)err;
    return cmg__next_done(next);
}

static const struct cmg__exchange vandal_exchanges[] = {
    { .name = "inspect",
      .call = CMG__CALL_APP_BY_NAME,
      .bind = { { "unique_name", ".unique_name" } },
      .read = vandal_app },
    { .name = "principal",
      .call = CMG__CALL_SP_BY_APP_ID,
      .bind = { { "app_id", "vandal_app" } },
      .read = vandal_principal },
    { .name = "app",
      .call = CMG__CALL_APP_PATCH,
      .bind = { { "object_id", "vandal_object" } },
      .build = vandal_build,
      .read = vandal_done },
    { .name = "patch",
      .call = CMG__CALL_SP_PATCH,
      .bind = { { "object_id", "vandal_object" } },
      .build = vandal_build,
      .read = vandal_done },
};

/* Changes the application that prefix names, or its service principal. */
static void vandalise(struct party *p, const char *prefix, bool principal,
                      const char *body)
{
    const struct cmg__step step = { .name = "vandal",
                                    .title = "vandal",
                                    .phase = CMG__PHASE_APPLY,
                                    .prefix = prefix,
                                    .needs = { "sign_in" },
                                    .budget_ms = CMG__MINUTE_MS,
                                    CMG__STEP_EXCHANGES(vandal_exchanges) };
    const struct cmg__step *const steps[] = { &cmg__step_sign_in, &step };
    const struct cmg__step_table table = { steps, CMG__ARRAY_LEN(steps) };
    cmg_deploy *deploy = NULL;
    cmg_error *err = NULL;

    vandal.body = body;
    vandal.principal = principal;
    ck_ok(cmg_deploy_new(p->gateway, CMG_DEPLOY_VERIFY_APPS, &deploy, &err), err);
    deploy->table = &table;
    ck_ok(cmg_deploy_run(deploy, &err), err);
    cmg_deploy_unref(deploy);
}

/* ---- verify ---- */

START_TEST(registered_applications_are_as_they_should_be)
{
    struct party p;

    begin(&p, "", "");
    run(&p, CMG_DEPLOY_REGISTER_APPS);
    nothing_differs(&p);
    party_done(&p);
}
END_TEST

START_TEST(absent_applications_are_differences_and_no_error)
{
    cmg_difference one = { .size = sizeof one };
    struct party p;
    cmg_error *err = NULL;

    begin(&p, "", "");
    run(&p, CMG_DEPLOY_VERIFY_APPS);
    ck_assert_uint_eq(server_count(&p), 1);
    ck_assert_uint_eq(client_count(&p), 1);
    ck_ok(cmg_client_app_difference(cmg_gateway_client_app(p.gateway), 0, &one, &err),
          err);
    ck_assert_str_eq(one.path, "/");
    ck_assert_str_eq(one.found, "absent");
    ck_assert_str_eq(one.should_be, "an application \"CMG-ClientApp\"");
    ck_assert_int_eq(
        cmg_client_app_difference(cmg_gateway_client_app(p.gateway), 1, &one, &err),
        CMG_E_NOTFOUND);
    cmg_error_unref(err);
    err = NULL;
    one.size = 3;
    ck_assert_int_eq(
        cmg_server_app_difference(cmg_gateway_server_app(p.gateway), 0, &one, &err),
        CMG_E_ABI);
    cmg_error_unref(err);
    party_done(&p);
}
END_TEST

/* Verify writes nothing: no journal, and not one request that changes something. */
START_TEST(verify_needs_no_journal)
{
    struct party p;
    cmg_deploy *deploy = NULL;
    cmg_error *err = NULL;
    size_t n = 0;

    begin(&p, "", "");
    ck_ok(cmg_deploy_new(p.gateway, CMG_DEPLOY_VERIFY_APPS, &deploy, &err), err);
    ck_ok(cmg_deploy_run(deploy, &err), err);
    cmg_deploy_unref(deploy);
    ck_assert_ptr_null(support_read_file(site.journal, &n));
    party_done(&p);
}
END_TEST

/* ---- correct ---- */

/* What somebody may do to the applications; each is one difference or more, seen and
   mended, and what stands beside it stays. */
static const struct {
    const char *prefix;
    bool principal;
    const char *body;
    size_t server, client;
} damages[] = {
    { "server", false, "{\"signInAudience\":\"AzureADMultipleOrgs\"}", 1, 0 },
    { "server", false, "{\"displayName\":\"Renamed\",\"requiredResourceAccess\":[]}", 2,
      0 },
    { "server", false, "{\"api\":{\"requestedAccessTokenVersion\":2}}", 1, 0 },
    { "server", true, "{\"accountEnabled\":false}", 1, 0 },
    { "client", false,
      "{\"isFallbackPublicClient\":false,\"publicClient\":{\"redirectUris\":[\"http://"
      "localhost/other\"]},\"tags\":[]}",
      0, 5 },
    { "client", true, "{\"accountEnabled\":false}", 0, 1 },
};

START_TEST(damage_is_seen_and_mended)
{
    struct party p;
    cmg_error *err = NULL;

    begin(&p, "", "");
    run(&p, CMG_DEPLOY_REGISTER_APPS);
    vandalise(&p, damages[_i].prefix, damages[_i].principal, damages[_i].body);
    run(&p, CMG_DEPLOY_VERIFY_APPS);
    ck_assert_uint_eq(server_count(&p), damages[_i].server);
    ck_assert_uint_eq(client_count(&p), damages[_i].client);
    if (damages[_i].client == 5) { /* without our tag it is no longer ours */
        ck_assert_int_eq(party_deploy(&p, &site, CMG_DEPLOY_CORRECT_APPS, NULL, &err),
                         CMG_E_EXISTS);
        cmg_error_unref(err);
        party_done(&p);
        return;
    }
    run(&p, CMG_DEPLOY_CORRECT_APPS);
    nothing_differs(&p);
    party_done(&p);
}
END_TEST

static char shown[4096];

static int show(cmg_deploy *deploy, const char *plan, void *user)
{
    (void)deploy;
    (void)user;
    (void)snprintf(shown, sizeof shown, "%s", plan);
    return 1; /* no */
}

START_TEST(plan_lists_each_change_and_a_no_changes_nothing)
{
    const cmg_deploy_events events = { .size = sizeof events, .on_confirm = show };
    struct party p;
    cmg_error *err = NULL;

    begin(&p, "", "");
    run(&p, CMG_DEPLOY_REGISTER_APPS);
    vandalise(&p, "server", false,
              "{\"displayName\":\"Renamed\",\"signInAudience\":\"AzureADMultipleOrgs\"}");
    vandalise(&p, "client", false, "{\"isFallbackPublicClient\":false}");
    vandalise(&p, "client", true, "{\"accountEnabled\":false}");
    ck_assert_int_ne(party_deploy(&p, &site, CMG_DEPLOY_CORRECT_APPS, &events, &err),
                     CMG_OK);
    cmg_error_unref(err);
    ck_assert_ptr_nonnull(strstr(shown, "change server app (2 differences)\n"));
    ck_assert_ptr_nonnull(
        strstr(shown, "  /signInAudience: accept accounts of this directory only "
                      "(\"AzureADMultipleOrgs\" -> \"AzureADMyOrg\")\n"));
    ck_assert_ptr_nonnull(strstr(shown, "  /displayName: "));
    ck_assert_ptr_nonnull(strstr(shown, "change client app (2 differences)\n"));
    ck_assert_ptr_nonnull(strstr(shown, "  /isFallbackPublicClient: "));
    ck_assert_ptr_nonnull(strstr(shown, "  /accountEnabled: "));
    run(&p, CMG_DEPLOY_VERIFY_APPS);
    ck_assert_uint_eq(server_count(&p), 2);
    party_done(&p);
}
END_TEST

/* A specification that wants something else is a difference like any other. */
START_TEST(new_wishes_of_the_specification_are_carried_out)
{
    static const char server[] =
        ",\"id_uri\":\"https://cm.contoso.onmicrosoft.com/cmg\","
        "\"access_token_version\":2,\"admin_consent_title\":\"Reach CM\","
        "\"user_consent_text\":\"Reach CM for you\"";
    struct party p;

    begin(&p, "", "");
    run(&p, CMG_DEPLOY_REGISTER_APPS);
    party_done(&p);
    begin(&p, server, "");
    run(&p, CMG_DEPLOY_VERIFY_APPS);
    ck_assert_uint_eq(server_count(&p), 4);
    run(&p, CMG_DEPLOY_CORRECT_APPS);
    nothing_differs(&p);
    ck_assert_str_eq(cmg_server_app_id_uri(cmg_gateway_server_app(p.gateway)),
                     "https://cm.contoso.onmicrosoft.com/cmg");
    party_done(&p);
}
END_TEST

static const char *const foreign_uris[] = {
    ",\"id_uri\":\"https://fabrikam.com/cmg\"",
    ",\"id_uri\":\"https://notcontoso.onmicrosoft.com/cmg\"",
    ",\"id_uri\":\"api://99999999-2222-4333-8444-555555555555/cmg\"",
};

START_TEST(app_id_uri_of_no_verified_domain_is_refused_before_anything_is_made)
{
    struct party p;
    cmg_error *err = NULL;

    begin(&p, foreign_uris[_i], "");
    ck_assert_int_eq(party_deploy(&p, &site, CMG_DEPLOY_REGISTER_APPS, NULL, &err),
                     CMG_E_INVAL);
    ck_assert_ptr_nonnull(strstr(cmg_error_subject(err), "/server_app/id_uri"));
    cmg_error_unref(err);
    ck_assert_uint_eq(cmg_sandbox_count(sandbox, CMG_SANDBOX_APPLICATIONS), 0);
    party_done(&p);
}
END_TEST

START_TEST(correct_without_applications_makes_none)
{
    struct party p;
    cmg_error *err = NULL;

    begin(&p, "", "");
    ck_assert_int_eq(party_deploy(&p, &site, CMG_DEPLOY_CORRECT_APPS, NULL, &err),
                     CMG_E_NOTFOUND);
    cmg_error_unref(err);
    ck_assert_uint_eq(cmg_sandbox_count(sandbox, CMG_SANDBOX_APPLICATIONS), 0);
    party_done(&p);
}
END_TEST

/* ---- somebody else's ---- */

START_TEST(applications_named_by_client_id_are_verified_and_corrected)
{
    char server[128], client[128];
    struct party p;
    cmg_error *err = NULL;

    begin(&p, "", "");
    run(&p, CMG_DEPLOY_REGISTER_APPS);
    (void)snprintf(server, sizeof server, ",\"client_id\":\"%s\"",
                   cmg_server_app_client_id(cmg_gateway_server_app(p.gateway)));
    (void)snprintf(client, sizeof client, ",\"client_id\":\"%s\"",
                   cmg_client_app_client_id(cmg_gateway_client_app(p.gateway)));
    vandalise(&p, "client", false, "{\"isFallbackPublicClient\":false,\"tags\":[]}");
    party_done(&p);
    ck_assert_int_eq(remove(site.journal), 0);

    begin(&p, server, client);
    run(&p, CMG_DEPLOY_VERIFY_APPS);
    ck_assert_uint_eq(server_count(&p), 0);
    ck_assert_uint_eq(client_count(&p), 1);
    ck_assert_int_eq(party_deploy(&p, &site, CMG_DEPLOY_REGISTER_APPS, NULL, &err),
                     CMG_E_CONFLICT);
    cmg_error_unref(err);
    run(&p, CMG_DEPLOY_CORRECT_APPS);
    nothing_differs(&p);
    party_done(&p);
}
END_TEST

/* ---- a service that knows no unique names ---- */

static void one_of_each(void)
{
    ck_assert_uint_eq(cmg_sandbox_count(sandbox, CMG_SANDBOX_APPLICATIONS), 2);
    ck_assert_uint_eq(cmg_sandbox_count(sandbox, CMG_SANDBOX_SERVICE_PRINCIPALS), 2);
    ck_assert_uint_eq(cmg_sandbox_count(sandbox, CMG_SANDBOX_GRANTS), 2);
    ck_assert_uint_eq(cmg_sandbox_count(sandbox, CMG_SANDBOX_SECRETS), 1);
}

/* The answer to the POST may be lost, before it was carried out and after. */
static const struct {
    const char *path;
    cmg_sandbox_fault fault;
} losses[] = {
    { NULL, CMG_SANDBOX_FAULT_STATUS },
    { "/v1.0/applications", CMG_SANDBOX_FAULT_LOST_ANSWER },
    { "/v1.0/applications", CMG_SANDBOX_FAULT_STATUS },
    { "/v1.0/servicePrincipals", CMG_SANDBOX_FAULT_LOST_ANSWER },
};

START_TEST(service_without_upsert_gets_one_of_each_too)
{
    struct party p;
    cmg_error *err = NULL;

    place_refuse_upsert(sandbox);
    if (losses[_i].path != NULL)
        ck_ok(cmg_sandbox_inject(sandbox, "POST", losses[_i].path, 1, losses[_i].fault,
                                 503, &err),
              err);
    begin(&p, "", "");
    run(&p, CMG_DEPLOY_REGISTER_APPS);
    one_of_each();
    /* They have no unique name: found by their tags, also without the journal. */
    ck_assert_int_eq(remove(site.journal), 0);
    nothing_differs(&p);
    run(&p, CMG_DEPLOY_CORRECT_APPS);
    one_of_each();
    party_done(&p);
}
END_TEST

/* ---- memory ---- */

static cmg_status verify_with(struct support_alloc *a, void *user)
{
    struct party p;
    cmg_error *err = NULL;
    cmg_status rc = party_init(&p, &site, &a->alloc.table, &err);

    if (rc == CMG_OK)
        rc = take_apps(&p, "", "", &err);
    if (rc == CMG_OK)
        rc = party_deploy(&p, &site, *(const cmg_deploy_operation *)user, NULL, &err);
    party_done(&p);
    cmg_error_unref(err);
    return rc;
}

/* Sampled; afterwards everything is as it should be. */
START_TEST(failed_allocation_is_reported_and_survived)
{
    static const cmg_deploy_operation operations[] = { CMG_DEPLOY_VERIFY_APPS,
                                                       CMG_DEPLOY_CORRECT_APPS };
    cmg_deploy_operation operation = operations[_i];
    struct support_alloc a;
    struct party p;

    begin(&p, "", "");
    run(&p, CMG_DEPLOY_REGISTER_APPS);
    support_alloc_init(&a);
    ck_assert_int_eq(verify_with(&a, &operation), CMG_OK);
    const size_t clean = a.count;
    for (size_t n = 1; n < clean; n += clean / 40 + 1) {
        if (operation == CMG_DEPLOY_CORRECT_APPS)
            vandalise(&p, "server", false,
                      "{\"signInAudience\":\"AzureADMultipleOrgs\","
                      "\"identifierUris\":[]}");
        support_alloc_init(&a);
        a.fail_at = n;
        cmg_status rc = verify_with(&a, &operation);
        ck_assert_msg(rc == CMG_OK || rc == CMG_E_NOMEM, "allocation %zu gave %s", n,
                      cmg_status_name(rc));
        ck_assert_uint_eq(a.live, 0);
    }
    run(&p, CMG_DEPLOY_CORRECT_APPS);
    nothing_differs(&p);
    party_done(&p);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("apps_verify");
    TCase *verify = tcase_create("verify");
    TCase *correct = tcase_create("correct");
    TCase *memory = tcase_create("memory");

    tcase_set_timeout(verify, 60);
    tcase_add_checked_fixture(verify, setup, teardown);
    tcase_add_test(verify, registered_applications_are_as_they_should_be);
    tcase_add_test(verify, absent_applications_are_differences_and_no_error);
    tcase_add_test(verify, verify_needs_no_journal);
    suite_add_tcase(suite, verify);
    tcase_set_timeout(correct, 60);
    tcase_add_checked_fixture(correct, setup, teardown);
    tcase_add_loop_test(correct, damage_is_seen_and_mended, 0, CMG__ARRAY_LEN(damages));
    tcase_add_test(correct, plan_lists_each_change_and_a_no_changes_nothing);
    tcase_add_test(correct, new_wishes_of_the_specification_are_carried_out);
    tcase_add_loop_test(
        correct, app_id_uri_of_no_verified_domain_is_refused_before_anything_is_made, 0,
        CMG__ARRAY_LEN(foreign_uris));
    tcase_add_test(correct, correct_without_applications_makes_none);
    tcase_add_test(correct, applications_named_by_client_id_are_verified_and_corrected);
    tcase_add_loop_test(correct, service_without_upsert_gets_one_of_each_too, 0,
                        CMG__ARRAY_LEN(losses));
    suite_add_tcase(suite, correct);
    tcase_set_timeout(memory, 240);
    tcase_add_checked_fixture(memory, setup, teardown);
    tcase_add_loop_test(memory, failed_allocation_is_reported_and_survived, 0, 2);
    suite_add_tcase(suite, memory);
    return support_run((Suite *[]){ suite, NULL });
}
