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

/* fresh: found in a subscription where no provider is registered, too. */
static const struct {
    const char *name, *value; /* of the sandbox */
    const char *step, *subject, *service_code;
    cmg_status code; /* what a create ends with */
    bool fresh;
} faults[] = {
    { "policy/tag", "deny * without tag costcenter", "check_group",
      "arm.subscription.validate", "RequestDisallowedByPolicy", CMG_E_DENIED, true },
    { "policy/ip", "deny Microsoft.Network/publicIPAddresses", "check_template",
      "arm.subscription.validate", "RequestDisallowedByPolicy", CMG_E_DENIED, false },
    { "policy/vault", "deny Microsoft.KeyVault/vaults", "check_template",
      "arm.subscription.validate", "RequestDisallowedByPolicy", CMG_E_DENIED, false },
    { "policy/sets", "deny Microsoft.Compute/virtualMachineScaleSets", "check_template",
      "arm.subscription.validate", "RequestDisallowedByPolicy", CMG_E_DENIED, false },
    { "quota/cores/westeurope", "3", "check_quota", "cores", "QuotaExceeded", CMG_E_LIMIT,
      false },
    { "quota/standardAv2Family/westeurope", "3", "check_quota", "standardAv2Family",
      "QuotaExceeded", CMG_E_LIMIT, false },
    { "restrict/Standard_A2_v2/westeurope", "NotAvailableForSubscription", "check_size",
      "/gateway/vm_size", "NotAvailableForSubscription", CMG_E_UNSUPPORTED, true },
    { "admin_role", "Reader", "check_rights",
      "Microsoft.Resources/subscriptions/resourceGroups/write", "", CMG_E_DENIED, true },
};

static void nothing_was_made(void)
{
    ck_assert_uint_eq(cmg_sandbox_count(sandbox, CMG_SANDBOX_APPLICATIONS), 0);
    ck_assert_uint_eq(cmg_sandbox_count(sandbox, CMG_SANDBOX_RESOURCE_GROUPS), 0);
    ck_assert_uint_eq(cmg_sandbox_count(sandbox, CMG_SANDBOX_RESOURCES), 0);
}

static void create_refused(cmg_status code)
{
    cmg_error *err = NULL;
    const cmg_status rc = party_deploy(&p, &site, CMG_DEPLOY_CREATE, NULL, &err);

    ck_assert_msg(rc == code, "%s instead of %s: %s", cmg_status_name(rc),
                  cmg_status_name(code), cmg_error_message(err));
    cmg_error_unref(err);
    nothing_was_made();
}

/* A refusal of that step, with all that a person needs. */
static cmg_problem refusal_of(const char *step)
{
    const cmg_problem problem = problem_of(step);

    ck_assert_int_eq(problem.severity, CMG_SEVERITY_REFUSAL);
    ck_assert_str_ne(problem.what, "");
    ck_assert_str_ne(problem.cause, "");
    ck_assert_str_ne(problem.remedy, "");
    return problem;
}

/* Nobody has ever made a gateway there. */
START_TEST(what_would_fail_is_found_before_anything_is_made)
{
    set(faults[_i].name, faults[_i].value);
    check();
    ck_assert(!faults[_i].fresh || count(CMG_SEVERITY_REFUSAL) > 0);
    nothing_was_made();
    create_refused(faults[_i].code);
    /* What hangs on providers is found beforehand, now that they are registered. */
    check();
    const cmg_problem problem = refusal_of(faults[_i].step);
    ck_assert_str_eq(problem.subject, faults[_i].subject);
    ck_assert_str_eq(problem.service_code, faults[_i].service_code);
    nothing_was_made();
}
END_TEST

/* Quotas are told to who has registered the providers. */
static void register_providers(void)
{
    cmg_error *err = NULL;

    ck_ok(party_deploy(&p, &site, CMG_DEPLOY_CREATE, NULL, &err), err);
    ck_ok(party_deploy(&p, &site, CMG_DEPLOY_DELETE, NULL, &err), err);
}

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

/* Two instances have two cores each. */
START_TEST(a_gateway_that_grows_needs_room_for_the_difference)
{
    cmg_error *err = NULL;

    ck_ok(party_deploy(&p, &site, CMG_DEPLOY_CREATE, NULL, &err), err);
    set("quota/cores/westeurope", "6");
    p.gateway->instance_count = 3;
    check();
    ck_assert_uint_eq(count(CMG_SEVERITY_REFUSAL), 0);
    p.gateway->instance_count = 16;
    check();
    const cmg_problem problem = refusal_of("check_quota");
    ck_assert_str_eq(problem.subject, "cores");
    ck_assert_ptr_nonnull(strstr(problem.what, "28 more of cores"));
    ck_assert_ptr_nonnull(strstr(problem.what, "4 of 6 are used"));
    /* Nothing of it is asked for. */
    ck_assert_int_eq(party_deploy(&p, &site, CMG_DEPLOY_SCALE_GATEWAY, NULL, &err),
                     CMG_E_LIMIT);
    ck_assert_ptr_nonnull(strstr(cmg_error_message(err), "28 more of cores"));
    ck_assert_uint_eq(cmg_sandbox_count(sandbox, CMG_SANDBOX_INSTANCES), 2);
    cmg_error_unref(err);
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
    tcase_add_test(tc, a_gateway_that_grows_needs_room_for_the_difference);
    tcase_add_test(tc, what_is_asked_for_wrongly_is_refused);
    suite_add_tcase(suite, tc);
    return support_run((Suite *[]){ suite, NULL });
}
