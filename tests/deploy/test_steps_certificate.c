/*
 * The server certificate of a gateway: issued once, then taken from the host's store.
 * What keeps a run from seeing the one that is there must not bring another one.
 */
#include "deploy/steps.h"
#include "world.h"

#include <string.h>

static struct world w;
static char first[sizeof w.secrets[0].data]; /* the PFX as it was kept at first */

static const char *kept(void)
{
    size_t i = 0;

    while (i < CMG__ARRAY_LEN(w.secrets) &&
           strcmp(w.secrets[i].name, CMG__SECRET_PFX) != 0)
        i++;
    ck_assert_uint_lt(i, CMG__ARRAY_LEN(w.secrets));
    return w.secrets[i].data;
}

static void prepare(void)
{
    static const struct cmg__step *const steps[] = { &cmg__step_sign_in,
                                                     &cmg__step_certificate };

    world_again(&w, CMG_DEPLOY_CREATE);
    world_table(&w, steps, CMG__ARRAY_LEN(steps));
}

/* CMG_OK or what the run, or its start, ended with. */
static cmg_status run(void)
{
    cmg_error *err = NULL;
    const cmg_status rc = cmg_deploy_start(w.deploy, &err);

    cmg_error_unref(err);
    if (rc != CMG_OK)
        return rc;
    world_drive(&w);
    ck_assert_uint_eq(w.done_count, 1);
    return w.end_code;
}

static void setup(void)
{
    static struct rule rules[] = { { .path = "/oauth2/v2.0/token",
                                     .status = 200,
                                     .body = "{\"access_token\":\"tok\","
                                             "\"expires_in\":3600}" },
                                   { 0 } };

    memset(&w, 0, sizeof w);
    world_init(&w, CMG_DEPLOY_CREATE, rules);
    prepare();
    ck_assert_int_eq(run(), CMG_OK);
    memcpy(first, kept(), sizeof first);
}

static void teardown(void)
{
    world_done(&w);
}

START_TEST(certificate_that_is_there_is_taken)
{
    prepare();
    ck_assert_int_eq(run(), CMG_OK);
    ck_assert_mem_eq(kept(), first, sizeof first);
}
END_TEST

START_TEST(store_that_cannot_be_read_is_no_empty_store)
{
    prepare();
    w.unreadable = CMG__SECRET_PFX;
    ck_assert_int_eq(run(), CMG_E_IO);
    ck_assert_ptr_nonnull(strstr(w.end_message, CMG__SECRET_PFX));
    ck_assert_mem_eq(kept(), first, sizeof first);
}
END_TEST

START_TEST(memory_that_runs_out_brings_no_other_certificate)
{
    bool starved = true;

    for (size_t n = 1; starved; n++) {
        prepare();
        w.memory.fail_at = w.memory.count + n;
        const cmg_status rc = run();
        starved = w.memory.count >= w.memory.fail_at;
        w.memory.fail_at = 0;
        ck_assert_msg(rc == CMG_E_NOMEM || rc == CMG_OK, "allocation %zu gave %s: %s", n,
                      cmg_status_name(rc), w.end_message);
        ck_assert_mem_eq(kept(), first, sizeof first);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("steps of the certificate");
    TCase *tc = tcase_create("certificate");

    tcase_set_timeout(tc, 100);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, certificate_that_is_there_is_taken);
    tcase_add_test(tc, store_that_cannot_be_read_is_no_empty_store);
    tcase_add_test(tc, memory_that_runs_out_brings_no_other_certificate);
    suite_add_tcase(suite, tc);
    return support_run((Suite *[]){ suite, NULL });
}
