/* The preflight against the sandbox: each thing that is wrong is found, all at once. */
#include <cmg/preflight.h>
#include "place.h"

#include <stdio.h>
#include <string.h>

static cmg_sandbox *sandbox;
static struct site site;
static struct party p;

static void setup(void)
{
    cmg_error *err = NULL;

    sandbox = place_sandbox(0);
    place_site(sandbox, &site);
    ck_ok(party_init(&p, &site, NULL, &err), err);
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

/* Without a journal: it only reads. */
static void check(void)
{
    cmg_error *err = NULL;

    cmg_deploy_unref(p.deploy);
    ck_ok(cmg_deploy_new(p.gateway, CMG_DEPLOY_CHECK_GATEWAY, &p.deploy, &err), err);
    ck_ok(cmg_deploy_run(p.deploy, &err), err);
    ck_assert_int_eq(cmg_deploy_get_state(p.deploy), CMG_DEPLOY_READY);
}

static cmg_problem problem_at(size_t i)
{
    cmg_problem problem = { .size = sizeof problem };
    cmg_error *err = NULL;

    ck_ok(cmg_deploy_problem(p.deploy, i, &problem, &err), err);
    return problem;
}

static size_t count(cmg_severity severity)
{
    size_t n = 0;

    for (size_t i = 0; i < cmg_deploy_problem_count(p.deploy); i++)
        n += problem_at(i).severity == severity;
    return n;
}

/* The first problem of a step, or a failure with all there are. */
static cmg_problem problem_of(const char *step)
{
    cmg_bytes *all = NULL;

    for (size_t i = 0; i < cmg_deploy_problem_count(p.deploy); i++) {
        if (strcmp(problem_at(i).step, step) == 0)
            return problem_at(i);
    }
    ck_assert_int_eq(cmg_deploy_export_problems(p.deploy, &all, NULL), CMG_OK);
    ck_abort_msg("no problem of %s in %.*s", step, (int)cmg_bytes_size(all),
                 (const char *)cmg_bytes_data(all));
}

START_TEST(a_fresh_subscription_has_nothing_that_refuses)
{
    check();
    ck_assert_uint_eq(count(CMG_SEVERITY_REFUSAL), 0);
    ck_assert_uint_eq(cmg_sandbox_count(sandbox, CMG_SANDBOX_APPLICATIONS), 0);
    ck_assert_uint_eq(cmg_sandbox_count(sandbox, CMG_SANDBOX_RESOURCE_GROUPS), 0);
    /* What a create mends is told. */
    const cmg_problem provider = problem_of("provider_compute");
    ck_assert_int_eq(provider.severity, CMG_SEVERITY_NOTE);
    ck_assert_uint_eq(provider.fixable, 1);
    /* And what could not be looked at. */
    ck_assert_ptr_nonnull(strstr(problem_of("names").what, "comes first"));
    ck_assert_ptr_nonnull(strstr(problem_of("check_quota").what, "comes first"));
}
END_TEST

static const struct {
    const char *name, *value; /* of the sandbox */
    const char *step, *subject, *service_code;
    cmg_status code; /* what a create ends with */
} faults[] = {
    { "quota/cores/westeurope", "3", "check_quota", "cores", "QuotaExceeded",
      CMG_E_LIMIT },
    { "quota/standardAv2Family/westeurope", "3", "check_quota", "standardAv2Family",
      "QuotaExceeded", CMG_E_LIMIT },
    { "restrict/Standard_A2_v2/westeurope", "NotAvailableForSubscription", "check_size",
      "/gateway/vm_size", "NotAvailableForSubscription", CMG_E_UNSUPPORTED },
    { "admin_role", "Reader", "check_rights",
      "Microsoft.Resources/subscriptions/resourceGroups/write", "", CMG_E_DENIED },
};

/* Quotas are told to who has registered the providers. */
static void register_providers(void)
{
    cmg_error *err = NULL;

    ck_ok(party_deploy(&p, &site, CMG_DEPLOY_CREATE, NULL, &err), err);
    ck_ok(party_deploy(&p, &site, CMG_DEPLOY_DELETE, NULL, &err), err);
}

START_TEST(what_would_fail_is_found_before_anything_is_made)
{
    cmg_error *err = NULL;

    register_providers();
    set(faults[_i].name, faults[_i].value);
    check();
    ck_assert_uint_ge(count(CMG_SEVERITY_REFUSAL), 1);
    const cmg_problem problem = problem_of(faults[_i].step);
    ck_assert_int_eq(problem.severity, CMG_SEVERITY_REFUSAL);
    ck_assert_str_eq(problem.subject, faults[_i].subject);
    ck_assert_str_eq(problem.service_code, faults[_i].service_code);
    ck_assert_str_ne(problem.what, "");
    ck_assert_str_ne(problem.cause, "");
    ck_assert_str_ne(problem.remedy, "");
    /* A create finds the same, and leaves nothing behind. */
    ck_assert_int_eq(party_deploy(&p, &site, CMG_DEPLOY_CREATE, NULL, &err),
                     faults[_i].code);
    ck_assert_uint_eq(cmg_sandbox_count(sandbox, CMG_SANDBOX_APPLICATIONS), 0);
    ck_assert_uint_eq(cmg_sandbox_count(sandbox, CMG_SANDBOX_RESOURCE_GROUPS), 0);
    cmg_error_unref(err);
}
END_TEST

START_TEST(several_things_are_found_in_one_run)
{
    register_providers();
    set("quota/cores/westeurope", "1");
    set("quota/PublicIPAddresses/westeurope", "0");
    set("restrict/Standard_A2_v2/westeurope", "QuotaId");
    set("admin_role", "Reader");
    check();
    (void)problem_of("check_rights");
    (void)problem_of("check_size");
    (void)problem_of("check_quota");
    ck_assert_uint_gt(count(CMG_SEVERITY_REFUSAL), 3);
}
END_TEST

START_TEST(a_gateway_that_is_there_has_no_problem)
{
    cmg_error *err = NULL;

    ck_ok(party_deploy(&p, &site, CMG_DEPLOY_CREATE, NULL, &err), err);
    /* Its own instances do not count against it. */
    set("quota/cores/westeurope", "4");
    check();
    ck_assert_uint_eq(count(CMG_SEVERITY_REFUSAL) + count(CMG_SEVERITY_WARNING), 0);
}
END_TEST

START_TEST(what_is_asked_for_wrongly_is_refused)
{
    cmg_problem problem = { .size = sizeof problem };

    check();
    const size_t n = cmg_deploy_problem_count(p.deploy);
    ck_assert_int_eq(cmg_deploy_problem(p.deploy, n, &problem, NULL), CMG_E_NOTFOUND);
    ck_assert_int_eq(cmg_deploy_problem(p.deploy, 0, NULL, NULL), CMG_E_INVAL);
    problem.size = 4;
    ck_assert_int_eq(cmg_deploy_problem(p.deploy, 0, &problem, NULL), CMG_E_ABI);
    ck_assert_int_eq(cmg_deploy_export_problems(p.deploy, NULL, NULL), CMG_E_INVAL);
    ck_assert_uint_eq(cmg_deploy_problem_count(NULL), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("preflight");
    TCase *tc = tcase_create("preflight");

    tcase_set_timeout(tc, 40);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, a_fresh_subscription_has_nothing_that_refuses);
    tcase_add_loop_test(tc, what_would_fail_is_found_before_anything_is_made, 0,
                        CMG__ARRAY_LEN(faults));
    tcase_add_test(tc, several_things_are_found_in_one_run);
    tcase_add_test(tc, a_gateway_that_is_there_has_no_problem);
    tcase_add_test(tc, what_is_asked_for_wrongly_is_refused);
    suite_add_tcase(suite, tc);
    return support_run((Suite *[]){ suite, NULL });
}
