/*
 * A gateway's life on the control plane against the sandbox: created, adopted without a
 * journal, deleted; each kind of fault at each request that must not be doubled.
 */
#include "place.h"

#include <stdio.h>
#include <string.h>

static cmg_sandbox *sandbox;
static struct site site;

static void setup(void)
{
    sandbox = place_sandbox(50);
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

    ck_ok(party_init(&p, &site, NULL, &err), err);
    ck_ok(party_deploy(&p, &site, operation, NULL, &err), err);
    party_done(&p);
}

START_TEST(gateway_is_created_adopted_and_deleted)
{
    struct party p;
    cmg_error *err = NULL;

    ck_ok(party_init(&p, &site, NULL, &err), err);
    ck_ok(party_deploy(&p, &site, CMG_DEPLOY_CREATE, NULL, &err), err);
    place_check_one_of_each(sandbox);
    ck_assert_str_eq(cmg_tenant_id(cmg_gateway_tenant(p.gateway)),
                     cmg_sandbox_tenant_id(sandbox));
    ck_assert_str_eq(cmg_gateway_endpoint(p.gateway),
                     "granitefalls.westeurope.cloudapp.azure.com");
    ck_assert_ptr_nonnull(cmg_gateway_certificate(p.gateway));
    ck_assert_str_ne(cmg_server_app_client_id(cmg_gateway_server_app(p.gateway)), "");
    ck_assert_str_ne(cmg_client_app_client_id(cmg_gateway_client_app(p.gateway)), "");
    ck_assert_int_gt(
        cmg_server_app_secret_expires_unix_s(cmg_gateway_server_app(p.gateway)), 0);
    party_done(&p);
    /* The same again: everything is there. */
    run(CMG_DEPLOY_CREATE);
    place_check_one_of_each(sandbox);
    /* Without a journal everything is found by looking; only the secret is new. */
    ck_assert_int_eq(remove(site.journal), 0);
    run(CMG_DEPLOY_CREATE);
    place_check_one_of_each(sandbox);
    run(CMG_DEPLOY_DELETE);
    place_check_nothing(sandbox);
    ck_assert_ptr_null(support_read_file(site.journal, NULL));
}
END_TEST

START_TEST(deletion_finds_everything_without_a_journal)
{
    run(CMG_DEPLOY_CREATE);
    ck_assert_int_eq(remove(site.journal), 0);
    run(CMG_DEPLOY_DELETE);
    place_check_nothing(sandbox);
    /* And nothing is nothing. */
    run(CMG_DEPLOY_DELETE);
    place_check_nothing(sandbox);
}
END_TEST

/* A gateway can be made again under the same name at once. */
START_TEST(deleted_gateway_is_created_anew)
{
    run(CMG_DEPLOY_CREATE);
    run(CMG_DEPLOY_DELETE);
    run(CMG_DEPLOY_CREATE);
    place_check_one_of_each(sandbox);
}
END_TEST

static const struct {
    const char *method, *path;
} requests[] = {
    { "PATCH", "/applications" },
    { "PATCH", "/servicePrincipals" },
    { "POST", "/addPassword" },
    { "POST", "/appRoleAssignedTo" },
    { "POST", "/oauth2Permission" },
    { "PUT", "/resourceGroups/cmg-granitefalls" },
    { "PUT", "/vaults/" },
    { "POST", "/import" },
    { "PUT", "/deployments/" },
    { "POST", "/register" },
    { "POST", "/token" },
    { "GET", "/organization" },
};

static const struct {
    cmg_sandbox_fault fault;
    int32_t status;
} faults[] = {
    { CMG_SANDBOX_FAULT_STATUS, 500 },
    { CMG_SANDBOX_FAULT_STATUS, 503 },
    { CMG_SANDBOX_FAULT_CUT, 0 },
    { CMG_SANDBOX_FAULT_LOST_ANSWER, 0 },
};

START_TEST(one_fault_of_each_kind_at_a_request_changes_nothing)
{
    cmg_error *err = NULL;

    for (size_t i = 0; i < CMG__ARRAY_LEN(requests); i++)
        ck_ok(cmg_sandbox_inject(sandbox, requests[i].method, requests[i].path, 1,
                                 faults[_i].fault, faults[_i].status, &err),
              err);
    run(CMG_DEPLOY_CREATE);
    place_check_one_of_each(sandbox);
    ck_ok(cmg_sandbox_inject(sandbox, "DELETE", NULL, 1, faults[_i].fault,
                             faults[_i].status, &err),
          err);
    ck_ok(cmg_sandbox_inject(sandbox, "DELETE", "/resourceGroups/", 1, faults[_i].fault,
                             faults[_i].status, &err),
          err);
    run(CMG_DEPLOY_DELETE);
    place_check_nothing(sandbox);
}
END_TEST

/* Every allocation of a create may fail: an error, nothing lost, and the same journal
   brings the gateway to its end. Sampled: the flow allocates some ten thousand times. */
struct torture {
    struct support_alloc memory;
    size_t clean_count;
};

static cmg_status create_with(struct support_alloc *a)
{
    struct party p;
    cmg_error *err = NULL;
    cmg_status rc = party_init(&p, &site, &a->alloc.table, &err);

    if (rc == CMG_OK) {
        rc = party_deploy(&p, &site, CMG_DEPLOY_CREATE, NULL, &err);
        party_done(&p);
    }
    cmg_error_unref(err);
    return rc;
}

START_TEST(failed_allocation_is_reported_and_survived)
{
    struct support_alloc a;

    support_alloc_init(&a);
    ck_assert_int_eq(create_with(&a), CMG_OK);
    ck_assert_uint_eq(a.live, 0);
    size_t clean = a.count;
    for (size_t n = 1; n < clean; n += clean / 16 + 1) {
        run(CMG_DEPLOY_DELETE);
        support_alloc_init(&a);
        a.fail_at = n;
        cmg_status rc = create_with(&a);
        ck_assert_msg(rc == CMG_OK || rc == CMG_E_NOMEM, "allocation %zu gave %s", n,
                      cmg_status_name(rc));
        ck_assert_uint_eq(a.live, 0);
    }
    run(CMG_DEPLOY_CREATE);
    place_check_one_of_each(sandbox);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("life");
    TCase *life = tcase_create("life");
    TCase *fault = tcase_create("faults");
    TCase *memory = tcase_create("memory");

    tcase_set_timeout(life, 60);
    tcase_add_checked_fixture(life, setup, teardown);
    tcase_add_test(life, gateway_is_created_adopted_and_deleted);
    tcase_add_test(life, deletion_finds_everything_without_a_journal);
    tcase_add_test(life, deleted_gateway_is_created_anew);
    suite_add_tcase(suite, life);
    tcase_set_timeout(fault, 120);
    tcase_add_checked_fixture(fault, setup, teardown);
    tcase_add_loop_test(fault, one_fault_of_each_kind_at_a_request_changes_nothing, 0,
                        CMG__ARRAY_LEN(faults));
    suite_add_tcase(suite, fault);
    tcase_set_timeout(memory, 240);
    tcase_add_checked_fixture(memory, setup, teardown);
    tcase_add_test(memory, failed_allocation_is_reported_and_survived);
    suite_add_tcase(suite, memory);
    return support_run((Suite *[]){ suite, NULL });
}
