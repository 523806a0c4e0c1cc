/* Whole operations through endpoints that were set one by one. */
#include "place.h"

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

static const cmg_deploy_operation operations[] = {
    CMG_DEPLOY_FIND_TENANT,
    CMG_DEPLOY_REGISTER_APPS,
    CMG_DEPLOY_CREATE,
};

START_TEST(an_operation_runs_under_localhost_by_path)
{
    struct party p;
    cmg_error *err = NULL;

    ck_ok(party_init_by_path(&p, &site, &err), err);
    ck_ok(party_deploy(&p, &site, operations[_i], NULL, &err), err);
    ck_assert_str_eq(cmg_tenant_id(cmg_gateway_tenant(p.gateway)),
                     cmg_sandbox_tenant_id(sandbox));
    const bool registers = operations[_i] != CMG_DEPLOY_FIND_TENANT;
    ck_assert_uint_eq(cmg_sandbox_count(sandbox, CMG_SANDBOX_APPLICATIONS),
                      registers ? 2 : 0);
    party_done(&p);
}
END_TEST

START_TEST(what_was_made_by_path_is_deleted_by_name)
{
    struct party p;
    cmg_error *err = NULL;

    ck_ok(party_init_by_path(&p, &site, &err), err);
    ck_ok(party_deploy(&p, &site, CMG_DEPLOY_CREATE, NULL, &err), err);
    place_check_one_of_each(sandbox);
    party_done(&p);
    ck_ok(party_init(&p, &site, NULL, &err), err);
    ck_ok(party_deploy(&p, &site, CMG_DEPLOY_DELETE, NULL, &err), err);
    place_check_nothing(sandbox);
    party_done(&p);
}
END_TEST

START_TEST(a_certificate_proves_itself_to_the_cloud_and_not_to_what_stands_between)
{
    struct party p;
    cmg_certificate *certificate = NULL;
    cmg_bytes *pem = NULL;
    cmg_bytes *key_pem = NULL;
    cmg_key *key = NULL;
    cmg_error *err = NULL;

    ck_ok(party_init_by_path(&p, &site, &err), err);
    ck_ok(cmg_sandbox_client_certificate(sandbox, &pem, &key_pem, &err), err);
    ck_ok(cmg_certificate_new_from_pem(p.ctx, cmg_bytes_data(pem), cmg_bytes_size(pem),
                                       &certificate, &err),
          err);
    ck_ok(cmg_key_new_from_bytes(p.ctx, cmg_bytes_data(key_pem), cmg_bytes_size(key_pem),
                                 NULL, &key, &err),
          err);
    ck_ok(cmg_tenant_set_client_certificate(cmg_gateway_tenant(p.gateway), site.client_id,
                                            certificate, key, CMG_ASSERTION_PS256, &err),
          err);
    ck_ok(party_deploy(&p, &site, CMG_DEPLOY_FIND_TENANT, NULL, &err), err);
    cmg_key_unref(key);
    cmg_certificate_unref(certificate);
    cmg_bytes_unref(pem);
    cmg_bytes_unref(key_pem);
    party_done(&p);
}
END_TEST

/* What cannot be reached is named by where it was sent. */
START_TEST(an_endpoint_alone_can_be_somewhere_else)
{
    struct party p;
    cmg_error *err = NULL;

    ck_ok(party_init(&p, &site, NULL, &err), err);
    ck_ok(cmg_context_set_endpoint(p.ctx, CMG_ENDPOINT_GRAPH, "https://graph.sov.example",
                                   &err),
          err);
    ck_ok(cmg_context_add_address(p.ctx, "graph.sov.example", 443, "127.0.0.1",
                                  (uint16_t)site.port, &err),
          err);
    const cmg_status rc = party_deploy(&p, &site, CMG_DEPLOY_FIND_TENANT, NULL, &err);
    ck_assert_int_eq(rc, CMG_E_CERT);
    ck_assert_ptr_nonnull(strstr(cmg_error_message(err), "graph.sov.example"));
    cmg_error_unref(err);
    party_done(&p);
}
END_TEST

START_TEST(a_custom_cloud_without_an_endpoint_is_told_which)
{
    struct party p;
    cmg_error *err = NULL;

    ck_ok(party_init_by_path(&p, &site, &err), err);
    ck_ok(cmg_context_set_cloud(p.ctx, CMG_CLOUD_CUSTOM, &err), err);
    /* The tenant's document names it, and would not be trusted without. */
    ck_ok(cmg_context_set_endpoint(p.ctx, CMG_ENDPOINT_ISSUER,
                                   "https://login.microsoftonline.com", &err),
          err);
    ck_assert_int_eq(party_deploy(&p, &site, CMG_DEPLOY_FIND_TENANT, NULL, &err),
                     CMG_E_STATE);
    ck_assert_str_eq(cmg_error_subject(err), "vault audience");
    cmg_error_unref(err);
    party_done(&p);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("endpoints");
    TCase *all = tcase_create("endpoints");

    tcase_set_timeout(all, 60);
    tcase_add_checked_fixture(all, setup, teardown);
    tcase_add_loop_test(all, an_operation_runs_under_localhost_by_path, 0,
                        CMG__ARRAY_LEN(operations));
    tcase_add_test(all, what_was_made_by_path_is_deleted_by_name);
    tcase_add_test(
        all, a_certificate_proves_itself_to_the_cloud_and_not_to_what_stands_between);
    tcase_add_test(all, an_endpoint_alone_can_be_somewhere_else);
    tcase_add_test(all, a_custom_cloud_without_an_endpoint_is_told_which);
    suite_add_tcase(suite, all);
    return support_run((Suite *[]){ suite, NULL });
}
