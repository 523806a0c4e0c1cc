/* The ways to sign in, each against the sandbox, by finding the tenant. */
#include "place.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "deploy/steps.h"

static cmg_sandbox *sandbox;
static struct site site;
static struct party p;
static cmg_tenant *tenant;

static void setup(void)
{
    cmg_error *err = NULL;

    sandbox = place_sandbox(0);
    place_site(sandbox, &site);
    ck_ok(party_init(&p, &site, NULL, &err), err);
    tenant = cmg_gateway_tenant(p.gateway);
}

static void teardown(void)
{
    party_done(&p);
    cmg_sandbox_unref(sandbox);
    support_dir_done();
}

static void make_deploy(void)
{
    cmg_error *err = NULL;

    ck_ok(cmg_deploy_new(p.gateway, CMG_DEPLOY_FIND_TENANT, &p.deploy, &err), err);
}

static void find_tenant(void)
{
    cmg_error *err = NULL;

    make_deploy();
    ck_ok(cmg_deploy_run(p.deploy, &err), err);
    ck_assert_str_eq(cmg_tenant_id(tenant), cmg_sandbox_tenant_id(sandbox));
}

/* ---- managed identity ---- */

static void set_identity(cmg_managed_identity kind)
{
    cmg_error *err = NULL;

    ck_ok(cmg_tenant_set_managed_identity(
              tenant, kind,
              kind == CMG_IDENTITY_SYSTEM ? NULL : cmg_sandbox_identity(sandbox, kind),
              &err),
          err);
    ck_ok(cmg_tenant_set_identity_endpoint(tenant, cmg_sandbox_identity_endpoint(sandbox),
                                           &err),
          err);
}

START_TEST(managed_identity_signs_in)
{
    const cmg_managed_identity kind = (cmg_managed_identity)_i;

    set_identity(kind);
    find_tenant();
    ck_assert_str_eq(cmg__fact(&p.deploy->work, "principal_id"),
                     cmg_sandbox_identity(sandbox, kind == CMG_IDENTITY_SYSTEM
                                                       ? kind
                                                       : CMG_IDENTITY_OBJECT_ID));
}
END_TEST

/* A proxy that is not there: whatever goes by it fails. */
START_TEST(identity_is_asked_for_without_the_proxy)
{
    static const struct cmg__step *const steps[] = { &cmg__step_sign_in };
    static const struct cmg__step_table table = { steps, 1 };
    cmg_error *err = NULL;

    set_identity(CMG_IDENTITY_SYSTEM);
    ck_ok(cmg_context_set_proxy(p.ctx, "http://127.0.0.1:9", &err), err);
    make_deploy();
    p.deploy->table = &table;
    ck_ok(cmg_deploy_run(p.deploy, &err), err);
    ck_assert_uint_eq(cmg_sandbox_count(sandbox, CMG_SANDBOX_REQUESTS), 3);
}
END_TEST

START_TEST(service_that_is_updated_is_waited_for)
{
    cmg_error *err = NULL;

    set_identity(CMG_IDENTITY_CLIENT_ID);
    ck_ok(cmg_sandbox_inject(sandbox, "GET", "/metadata/identity/", 1,
                             CMG_SANDBOX_FAULT_STATUS, 410, &err),
          err);
    find_tenant();
}
END_TEST

START_TEST(machine_without_the_identity_is_told)
{
    cmg_error *err = NULL;

    set_identity(CMG_IDENTITY_CLIENT_ID);
    ck_ok(cmg_tenant_set_managed_identity(tenant, CMG_IDENTITY_CLIENT_ID,
                                          cmg_sandbox_tenant_id(sandbox), &err),
          err);
    make_deploy();
    ck_assert_int_eq(cmg_deploy_run(p.deploy, &err), CMG_E_AUTH);
    ck_assert_ptr_nonnull(strstr(cmg_error_message(err), "Identity not found"));
    ck_assert_ptr_nonnull(strstr(cmg_error_remedy(err), "assign the identity"));
    cmg_error_unref(err);
}
END_TEST

/* ---- browser ---- */

static pthread_t browser;
static char browser_says[4096];
static unsigned prompts;

/* A browser: opens the page under Azure's name and follows it to this machine. */
static void *browse(void *user)
{
    char connect_to[100];
    char *url = user;
    char *out = NULL;
    const char *const argv[] = { "curl",
                                 "-sSL",
                                 "--max-time",
                                 "30",
                                 "--cacert",
                                 site.ca_file,
                                 "--connect-to",
                                 connect_to,
                                 "-w",
                                 "\n%{http_code}",
                                 url,
                                 NULL };

    (void)snprintf(connect_to, sizeof connect_to,
                   "login.microsoftonline.com:443:127.0.0.1:%u", site.port);
    (void)support_command(argv, &out);
    (void)snprintf(browser_says, sizeof browser_says, "%s", out);
    free(out);
    free(url);
    return NULL;
}

static int on_prompt(cmg_deploy *deploy, const cmg_sign_in_prompt *prompt, void *user)
{
    (void)deploy;
    (void)user;
    ck_assert_int_eq(prompt->kind, CMG_PROMPT_BROWSER);
    if (prompts++ > 0)
        ck_assert_int_eq(pthread_join(browser, NULL), 0);
    ck_assert_int_eq(pthread_create(&browser, NULL, browse, strdup(prompt->browser_url)),
                     0);
    return 0;
}

static const cmg_deploy_events events = { .size = sizeof events, .on_prompt = on_prompt };

static cmg_status run_with_browser(cmg_error **err)
{
    prompts = 0;
    ck_assert_int_eq(cmg_tenant_set_browser(tenant, NULL, NULL), CMG_OK);
    make_deploy();
    ck_assert_int_eq(cmg_deploy_set_events(p.deploy, &events, NULL), CMG_OK);
    const cmg_status rc = cmg_deploy_run(p.deploy, err);
    ck_assert_int_eq(pthread_join(browser, NULL), 0);
    return rc;
}

START_TEST(person_signs_in_by_a_browser)
{
    cmg_error *err = NULL;

    ck_ok(run_with_browser(&err), err);
    ck_assert_str_eq(cmg_tenant_id(tenant), cmg_sandbox_tenant_id(sandbox));
    ck_assert_uint_eq(prompts, 1);
    ck_assert_ptr_nonnull(strstr(browser_says, "You can close this window"));
    ck_assert_ptr_nonnull(strstr(browser_says, "\n200"));
}
END_TEST

START_TEST(code_lost_with_its_answer_is_got_again)
{
    cmg_error *err = NULL;

    ck_ok(cmg_sandbox_inject(sandbox, "POST", "/token", 1, CMG_SANDBOX_FAULT_LOST_ANSWER,
                             0, &err),
          err);
    ck_ok(run_with_browser(&err), err);
    ck_assert_uint_eq(prompts, 2);
}
END_TEST

/* ---- what a service demands ---- */

static void challenge(const char *path)
{
    cmg_error *err = NULL;

    ck_ok(
        cmg_sandbox_inject(sandbox, "GET", path, 1, CMG_SANDBOX_FAULT_CHALLENGE, 0, &err),
        err);
}

START_TEST(person_meets_what_a_service_demands)
{
    cmg_error *err = NULL;

    challenge("/v1.0/organization");
    ck_ok(run_with_browser(&err), err);
    ck_assert_uint_eq(prompts, 2);
}
END_TEST

START_TEST(application_is_told_what_a_service_demands)
{
    cmg_error *err = NULL;

    challenge("/v1.0/organization");
    make_deploy();
    ck_assert_int_eq(cmg_deploy_run(p.deploy, &err), CMG_E_AUTH);
    ck_assert_ptr_nonnull(strstr(cmg_error_cause(err), "acrs (c1)"));
    cmg_error_unref(err);
}
END_TEST

/* ---- whom Entra does not let in ---- */

static const struct {
    const char *why;
    cmg_status code;
    const char *aadsts;
    const char *cause;
} refusals[] = {
    { "disabled", CMG_E_AUTH, "AADSTS50057", "disabled" },
    { "locked", CMG_E_AUTH, "AADSTS50053", "locked" },
    { "expired", CMG_E_AUTH, "AADSTS50055", "expired" },
    { "mfa", CMG_E_AUTH, "AADSTS50076", "multi-factor" },
    { "device", CMG_E_DENIED, "AADSTS53000", "device" },
    { "blocked", CMG_E_DENIED, "AADSTS53003", "conditional access" },
    { "unassigned", CMG_E_DENIED, "AADSTS50105", "assigned" },
};

static int see_code(cmg_deploy *deploy, const cmg_sign_in_prompt *prompt, void *user)
{
    (void)deploy;
    (void)user;
    ck_assert_int_eq(prompt->kind, CMG_PROMPT_DEVICE_CODE);
    return 0;
}

static const cmg_deploy_events seeing = { .size = sizeof seeing, .on_prompt = see_code };

START_TEST(why_a_person_gets_no_token_is_told)
{
    cmg_error *err = NULL;

    ck_ok(cmg_sandbox_set(sandbox, "person_refusal", refusals[_i].why, &err), err);
    ck_ok(cmg_tenant_set_device_code(tenant, NULL, &err), err);
    make_deploy();
    ck_assert_int_eq(cmg_deploy_set_events(p.deploy, &seeing, NULL), CMG_OK);
    ck_assert_int_eq(cmg_deploy_run(p.deploy, &err), refusals[_i].code);
    ck_assert_ptr_nonnull(strstr(cmg_error_service_code(err), refusals[_i].aadsts));
    ck_assert_ptr_nonnull(strstr(cmg_error_cause(err), refusals[_i].cause));
    ck_assert_uint_gt(strlen(cmg_error_remedy(err)), 10);
    ck_assert_ptr_nonnull(strstr(cmg_error_cause(err), "correlation id "));
    cmg_error_unref(err);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sign_in");
    TCase *identity = tcase_create("identity");

    tcase_set_timeout(identity, 60);
    tcase_add_checked_fixture(identity, setup, teardown);
    tcase_add_loop_test(identity, managed_identity_signs_in, CMG_IDENTITY_SYSTEM,
                        CMG_IDENTITY_RESOURCE_ID + 1);
    tcase_add_test(identity, identity_is_asked_for_without_the_proxy);
    tcase_add_test(identity, service_that_is_updated_is_waited_for);
    tcase_add_test(identity, machine_without_the_identity_is_told);
    suite_add_tcase(suite, identity);
    TCase *person = tcase_create("browser");
    tcase_set_timeout(person, 60);
    tcase_add_checked_fixture(person, setup, teardown);
    tcase_add_test(person, person_signs_in_by_a_browser);
    tcase_add_test(person, code_lost_with_its_answer_is_got_again);
    tcase_add_test(person, person_meets_what_a_service_demands);
    tcase_add_test(person, application_is_told_what_a_service_demands);
    tcase_add_loop_test(person, why_a_person_gets_no_token_is_told, 0,
                        CMG__ARRAY_LEN(refusals));
    suite_add_tcase(suite, person);
    return support_run((Suite *[]){ suite, NULL });
}
