/* Applications are registered right in a directory that is late, and in one that sends
   requests away. */
#include "place.h"

#include <stdio.h>

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

/* Replication, and every how many-th request is sent away. */
static const struct {
    uint32_t late_ms, every, retry_after_ms;
} troubles[] = {
    { 700, 0, 0 }, { 2500, 0, 0 }, { 0, 2, 0 }, { 0, 3, 1125 }, { 1500, 5, 350 },
};

/* Only with both applications, both principals, scope and consent there is a token. */
static void check_consent(struct party *p)
{
    cmg_bytes *token = NULL;
    cmg_error *err = NULL;
    const cmg_server_app *server = cmg_gateway_server_app(p->gateway);
    const cmg_client_app *client = cmg_gateway_client_app(p->gateway);

    ck_ok(cmg_sandbox_issue_token(sandbox, cmg_client_app_client_id(client),
                                  cmg_server_app_id_uri(server), &token, &err),
          err);
    cmg_bytes_unref(token);
}

START_TEST(applications_are_registered_once_whatever_the_directory_is_like)
{
    struct party p;
    cmg_error *err = NULL;

    ck_ok(cmg_sandbox_set_replication(sandbox, troubles[_i].late_ms, &err), err);
    ck_ok(cmg_sandbox_set_throttle(sandbox, troubles[_i].every,
                                   troubles[_i].retry_after_ms, &err),
          err);
    for (int i = 0; i < 2; i++) {
        ck_ok(party_init(&p, &site, NULL, &err), err);
        ck_ok(party_deploy(&p, &site, CMG_DEPLOY_REGISTER_APPS, NULL, &err), err);
        ck_assert_uint_eq(cmg_sandbox_count(sandbox, CMG_SANDBOX_APPLICATIONS), 2);
        ck_assert_uint_eq(cmg_sandbox_count(sandbox, CMG_SANDBOX_SERVICE_PRINCIPALS), 2);
        ck_assert_uint_eq(cmg_sandbox_count(sandbox, CMG_SANDBOX_GRANTS), 2);
        ck_assert_uint_eq(cmg_sandbox_count(sandbox, CMG_SANDBOX_SECRETS), 1);
        check_consent(&p);
        party_done(&p);
    }
}
END_TEST

START_TEST(settings_out_of_bounds_are_refused)
{
    cmg_error *err = NULL;

    ck_assert_int_eq(cmg_sandbox_set_replication(sandbox, 60001, &err), CMG_E_INVAL);
    ck_assert_str_eq(cmg_error_subject(err), "ms");
    cmg_error_unref(err);
    err = NULL;
    ck_assert_int_eq(cmg_sandbox_set_throttle(sandbox, 1, 0, &err), CMG_E_INVAL);
    ck_assert_str_eq(cmg_error_subject(err), "every");
    cmg_error_unref(err);
    err = NULL;
    ck_assert_int_eq(cmg_sandbox_set_throttle(sandbox, 2, 600001, &err), CMG_E_INVAL);
    ck_assert_str_eq(cmg_error_subject(err), "retry_after_ms");
    cmg_error_unref(err);
    ck_assert_int_eq(cmg_sandbox_set_throttle(NULL, 2, 0, NULL), CMG_E_INVAL);
    ck_assert_int_eq(cmg_sandbox_set_replication(NULL, 2, NULL), CMG_E_INVAL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("directory");
    TCase *t = tcase_create("directory");

    tcase_set_timeout(t, 120);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t,
                        applications_are_registered_once_whatever_the_directory_is_like,
                        0, CMG__ARRAY_LEN(troubles));
    tcase_add_test(t, settings_out_of_bounds_are_refused);
    suite_add_tcase(suite, t);
    return support_run((Suite *[]){ suite, NULL });
}
