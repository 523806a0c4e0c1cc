/* Rights that are missing are named before anything is made, and Graph holds them. */
#include "place.h"

#include <cmg/preflight.h>
#include <stdio.h>
#include <string.h>

static cmg_sandbox *sandbox;
static struct site site;
static struct party p;

static void setup(void)
{
    sandbox = place_sandbox(0);
    place_site(sandbox, &site);
    party_without_gateway(&p, &site);
}

static void teardown(void)
{
    party_done(&p);
    cmg_sandbox_unref(sandbox);
    support_dir_done();
}

static void set(const char *name, const char *value)
{
    cmg_error *err = NULL;

    ck_ok(cmg_sandbox_set(sandbox, name, value, &err), err);
}

#define READS      "Organization.Read.All Directory.Read.All"
#define APPS       READS " Application.ReadWrite.All"
#define BY_ROLES   APPS " AppRoleAssignment.ReadWrite.All"
#define EVERYTHING BY_ROLES " DelegatedPermissionGrant.ReadWrite.All"

static const struct {
    const char *permissions;
    cmg_status code;
    const char *remedy; /* names what has to be given */
} accounts[] = {
    { EVERYTHING, CMG_OK, "" },
    { READS, CMG_E_DENIED, "Application.ReadWrite.All" },
    { "Organization.Read.All Application.ReadWrite.All AppRoleAssignment.ReadWrite.All",
      CMG_E_DENIED, "Directory.Read.All" },
};

START_TEST(an_application_without_the_right_makes_nothing)
{
    cmg_error *err = NULL;

    set("app_permissions", accounts[_i].permissions);
    ck_assert_int_eq(party_deploy(&p, &site, CMG_DEPLOY_REGISTER_APPS, NULL, &err),
                     accounts[_i].code);
    ck_assert_uint_eq(cmg_sandbox_count(sandbox, CMG_SANDBOX_APPLICATIONS),
                      accounts[_i].code == CMG_OK ? 2 : 0);
    if (accounts[_i].code != CMG_OK)
        ck_assert_ptr_nonnull(strstr(cmg_error_remedy(err), accounts[_i].remedy));
    cmg_error_unref(err);
}
END_TEST

/* What applications are there for, but not who consents: that is no reason to stop. */
START_TEST(a_missing_right_to_consent_is_refused_by_graph_itself)
{
    cmg_error *err = NULL;

    set("app_permissions", APPS);
    ck_assert_int_ne(party_deploy(&p, &site, CMG_DEPLOY_REGISTER_APPS, NULL, &err),
                     CMG_OK);
    ck_assert_uint_eq(cmg_sandbox_count(sandbox, CMG_SANDBOX_GRANTS), 0);
    ck_assert_uint_ge(cmg_sandbox_count(sandbox, CMG_SANDBOX_APPLICATIONS), 1);
    cmg_error_unref(err);
}
END_TEST

static int on_consent(cmg_deploy *deploy, const cmg_consent_request *request, void *user)
{
    unsigned *asked = user;
    cmg_bytes *redirect = NULL;
    cmg_error *err = NULL;

    (void)deploy;
    ck_ok(cmg_sandbox_consent(sandbox, request->url, true, &redirect, &err), err);
    cmg_bytes_unref(redirect);
    (*asked)++;
    return 0;
}

START_TEST(consent_is_handed_over_by_who_may_not_give_it)
{
    unsigned asked = 0;
    const cmg_deploy_events events = { .size = sizeof events,
                                       .user = &asked,
                                       .on_consent = on_consent };
    cmg_error *err = NULL;

    set("app_permissions", APPS);
    ck_ok(party_deploy(&p, &site, CMG_DEPLOY_REGISTER_APPS, &events, &err), err);
    ck_assert_uint_eq(asked, 2);
    ck_assert_uint_eq(cmg_sandbox_count(sandbox, CMG_SANDBOX_GRANTS), 2);
}
END_TEST

/* The sandbox's administrator enters each code at once. */
static int on_prompt(cmg_deploy *deploy, const cmg_sign_in_prompt *prompt, void *user)
{
    (void)deploy;
    (void)user;
    return prompt->kind == CMG_PROMPT_DEVICE_CODE ? 0 : 1;
}

static const struct {
    const char *role, *registration;
    cmg_status code;
    unsigned applications;
} persons[] = {
    { NULL, NULL, CMG_OK, 2 },
    { "Global Administrator", "off", CMG_OK, 2 },
    { "none", "off", CMG_E_DENIED, 0 },
    { "Privileged Role Administrator", "off", CMG_E_DENIED, 0 },
    { "Application Administrator", "off", CMG_E_DENIED, 1 }, /* consent is refused */
    { "none", "on", CMG_E_DENIED, 1 },
};

START_TEST(a_person_needs_a_role_or_the_tenants_leave)
{
    const cmg_deploy_events events = { .size = sizeof events, .on_prompt = on_prompt };
    cmg_error *err = NULL;

    ck_assert_int_eq(
        cmg_tenant_set_device_code(cmg_gateway_tenant(p.gateway), NULL, NULL), CMG_OK);
    set("person_role", persons[_i].role);
    set("user_registration", persons[_i].registration);
    ck_assert_int_eq(party_deploy(&p, &site, CMG_DEPLOY_REGISTER_APPS, &events, &err),
                     persons[_i].code);
    ck_assert_uint_ge(cmg_sandbox_count(sandbox, CMG_SANDBOX_APPLICATIONS),
                      persons[_i].applications);
    if (persons[_i].applications == 0) {
        ck_assert_uint_eq(cmg_sandbox_count(sandbox, CMG_SANDBOX_APPLICATIONS), 0);
        ck_assert_ptr_nonnull(
            strstr(cmg_error_remedy(err), "Cloud Application Administrator"));
    }
    cmg_error_unref(err);
}
END_TEST

/* Problems of the step, by what they are about. */
static cmg_severity severity_of(const char *permission)
{
    cmg_problem problem = { .size = sizeof problem };
    cmg_error *err = NULL;

    for (size_t i = 0; i < cmg_deploy_problem_count(p.deploy); i++) {
        ck_ok(cmg_deploy_problem(p.deploy, i, &problem, &err), err);
        if (strcmp(problem.step, "rights") == 0 &&
            strcmp(problem.subject, permission) == 0)
            return problem.severity;
    }
    return CMG_SEVERITY_WIDTH;
}

START_TEST(a_preflight_names_all_that_is_missing)
{
    cmg_error *err = NULL;

    party_done(&p);
    ck_ok(party_init(&p, &site, NULL, &err), err);
    set("app_permissions", READS);
    cmg_deploy_unref(p.deploy);
    ck_ok(cmg_deploy_new(p.gateway, CMG_DEPLOY_CHECK_GATEWAY, &p.deploy, &err), err);
    ck_ok(cmg_deploy_run(p.deploy, &err), err);
    ck_assert_int_eq(severity_of("Application.ReadWrite.All"), CMG_SEVERITY_REFUSAL);
    ck_assert_int_eq(severity_of("AppRoleAssignment.ReadWrite.All"),
                     CMG_SEVERITY_WARNING);
    ck_assert_int_eq(severity_of("DelegatedPermissionGrant.ReadWrite.All"),
                     CMG_SEVERITY_WARNING);
    ck_assert_int_eq(severity_of("Application.Read.All"), CMG_SEVERITY_WIDTH);
}
END_TEST

/* Someone with roles in the subscription only goes on with applications of others. */
START_TEST(what_is_made_already_needs_no_right_to_make_it)
{
    cmg_error *err = NULL;

    ck_ok(party_deploy(&p, &site, CMG_DEPLOY_REGISTER_APPS, NULL, &err), err);
    set("app_permissions", READS);
    ck_ok(party_deploy(&p, &site, CMG_DEPLOY_REGISTER_APPS, NULL, &err), err);
    ck_ok(party_deploy(&p, &site, CMG_DEPLOY_VERIFY_APPS, NULL, &err), err);
    ck_assert_int_eq(party_deploy(&p, &site, CMG_DEPLOY_DELETE_APPS, NULL, &err),
                     CMG_E_DENIED);
    ck_assert_uint_eq(cmg_sandbox_count(sandbox, CMG_SANDBOX_APPLICATIONS), 2);
    cmg_error_unref(err);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rights in the directory");
    TCase *tc = tcase_create("rights");

    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, an_application_without_the_right_makes_nothing, 0,
                        CMG__ARRAY_LEN(accounts));
    tcase_add_test(tc, a_missing_right_to_consent_is_refused_by_graph_itself);
    tcase_add_test(tc, consent_is_handed_over_by_who_may_not_give_it);
    tcase_add_loop_test(tc, a_person_needs_a_role_or_the_tenants_leave, 0,
                        CMG__ARRAY_LEN(persons));
    tcase_add_test(tc, a_preflight_names_all_that_is_missing);
    tcase_add_test(tc, what_is_made_already_needs_no_right_to_make_it);
    suite_add_tcase(suite, tc);
    return support_run((Suite *[]){ suite, NULL });
}
