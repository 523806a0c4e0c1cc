/* Operations on the tenant and its applications alone, against the sandbox. */
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

START_TEST(the_tenant_is_found_without_a_journal)
{
    struct party p;
    cmg_deploy *deploy = NULL;
    cmg_error *err = NULL;

    party_without_gateway(&p, &site);
    ck_ok(cmg_deploy_new(p.gateway, CMG_DEPLOY_FIND_TENANT, &deploy, &err), err);
    ck_ok(cmg_deploy_run(deploy, &err), err);
    ck_assert_int_eq(cmg_deploy_get_state(deploy), CMG_DEPLOY_READY);
    ck_assert_str_eq(cmg_tenant_id(cmg_gateway_tenant(p.gateway)),
                     cmg_sandbox_tenant_id(sandbox));
    const cmg_tenant *tenant = cmg_gateway_tenant(p.gateway);
    ck_assert_str_ne(cmg_tenant_display_name(tenant), "");
    ck_assert_str_eq(cmg_tenant_initial_domain(tenant), "contoso.onmicrosoft.com");
    ck_assert_uint_eq(cmg_tenant_verified_domain_count(tenant), 3);
    ck_assert_str_eq(cmg_tenant_verified_domain(tenant, 1), "contoso.com");
    ck_assert_str_eq(cmg_tenant_verified_domain(tenant, 3), "");
    ck_assert_str_eq(cmg_tenant_verified_domain(NULL, 0), "");
    cmg_deploy_unref(deploy);
    party_done(&p);
}
END_TEST

START_TEST(applications_are_registered_once_without_a_gateway)
{
    struct party p;
    cmg_error *err = NULL;

    for (int i = 0; i < 2; i++) {
        party_without_gateway(&p, &site);
        ck_ok(party_deploy(&p, &site, CMG_DEPLOY_REGISTER_APPS, NULL, &err), err);
        ck_assert_uint_eq(cmg_sandbox_count(sandbox, CMG_SANDBOX_APPLICATIONS), 2);
        ck_assert_uint_eq(cmg_sandbox_count(sandbox, CMG_SANDBOX_SERVICE_PRINCIPALS), 2);
        ck_assert_uint_eq(cmg_sandbox_count(sandbox, CMG_SANDBOX_GRANTS), 2);
        ck_assert_uint_eq(cmg_sandbox_count(sandbox, CMG_SANDBOX_SECRETS), 1);
        ck_assert_uint_eq(cmg_sandbox_count(sandbox, CMG_SANDBOX_RESOURCE_GROUPS), 0);
        party_done(&p);
    }
}
END_TEST

START_TEST(applications_of_a_gateway_are_adopted_by_its_create)
{
    struct party p;
    cmg_error *err = NULL;

    ck_ok(party_init(&p, &site, NULL, &err), err);
    ck_ok(party_deploy(&p, &site, CMG_DEPLOY_REGISTER_APPS, NULL, &err), err);
    ck_ok(party_deploy(&p, &site, CMG_DEPLOY_CREATE, NULL, &err), err);
    place_check_one_of_each(sandbox);
    party_done(&p);
}
END_TEST

START_TEST(a_create_without_a_gateway_is_refused_before_anything_is_sent)
{
    struct party p;
    cmg_error *err = NULL;

    party_without_gateway(&p, &site);
    const uint64_t before = cmg_sandbox_count(sandbox, CMG_SANDBOX_REQUESTS);
    ck_assert_int_eq(party_deploy(&p, &site, CMG_DEPLOY_CREATE, NULL, &err), CMG_E_STATE);
    ck_assert_str_eq(cmg_error_subject(err), "/gateway");
    ck_assert_uint_eq(cmg_sandbox_count(sandbox, CMG_SANDBOX_REQUESTS), before);
    cmg_error_unref(err);
    party_done(&p);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("apps");
    TCase *apps = tcase_create("apps");

    tcase_set_timeout(apps, 60);
    tcase_add_checked_fixture(apps, setup, teardown);
    tcase_add_test(apps, the_tenant_is_found_without_a_journal);
    tcase_add_test(apps, applications_are_registered_once_without_a_gateway);
    tcase_add_test(apps, applications_of_a_gateway_are_adopted_by_its_create);
    tcase_add_test(apps, a_create_without_a_gateway_is_refused_before_anything_is_sent);
    suite_add_tcase(suite, apps);
    return support_run((Suite *[]){ suite, NULL });
}
