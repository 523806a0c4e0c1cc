/*
 * The identity operations die at every exchange and every durable write, or get no
 * answer, a 500 or a 429 there. Started again until they are done they end as an
 * undisturbed run does: one of each, one secret, and the store's value is the one that
 * works. During a renewal the store is never without a value that signs in.
 *
 * A sample runs with the suite; all of it:
 *   CMG_ALL_POINTS=1 meson test -C build --timeout-multiplier 20 crash
 */
#include "child.h"

#include <stdio.h>
#include <stdlib.h>
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

struct points {
    unsigned exchanges, writes;
};

/* The exit status, or -1 when it died. */
static int run_child(const char *operation, const char *mode, unsigned nth,
                     struct points *out)
{
    struct child c;
    char number[16];

    (void)snprintf(number, sizeof number, "%u", nth);
    child_start(&c, TRAPPED_PROGRAM,
                (const char *const[]){ operation, mode, number, NULL }, &site);
    (void)child_wait_for(&c, NULL);
    const int status = child_reap(&c);
    const char *at = strstr(c.text, "points ");
    if (out != NULL && at != NULL)
        ck_assert_int_eq(sscanf(at, "points %u %u", &out->exchanges, &out->writes), 2);
    ck_assert_msg(status <= 0 || strcmp(mode, "none") != 0, "%s: %s", operation, c.text);
    return status;
}

/* ---- what must hold ---- */

#define KEPT "contoso.journal.secrets/server-app-secret"

static char client_id[64];

/* The store's current value signs in as the server app. */
static void check_kept(const char *where)
{
    struct party p;
    char secret[256];
    size_t n = 0;
    char *text = support_read_file(support_path(KEPT), &n);
    cmg_error *err = NULL;

    ck_assert_msg(text != NULL, "%s: no secret is kept", where);
    (void)snprintf(secret, sizeof secret, "%.*s", (int)n, text);
    free(text);
    ck_ok(party_init(&p, &site, NULL, &err), err);
    ck_ok(cmg_tenant_set_client_secret(cmg_gateway_tenant(p.gateway), client_id, secret,
                                       strlen(secret), &err),
          err);
    ck_ok(cmg_deploy_new(p.gateway, CMG_DEPLOY_FIND_TENANT, &p.deploy, &err), err);
    const cmg_status rc = cmg_deploy_run(p.deploy, &err);
    ck_assert_msg(rc == CMG_OK, "%s: %s", where, cmg_error_message(err));
    party_done(&p);
}

static void check_end(const char *where)
{
    static const struct {
        cmg_sandbox_kind kind;
        uint64_t wanted;
    } counts[] = {
        { CMG_SANDBOX_APPLICATIONS, 2 }, { CMG_SANDBOX_SERVICE_PRINCIPALS, 2 },
        { CMG_SANDBOX_GRANTS, 2 },       { CMG_SANDBOX_SECRETS, 1 },
        { CMG_SANDBOX_DELETED, 0 },
    };

    for (size_t i = 0; i < CMG__ARRAY_LEN(counts); i++) {
        const uint64_t found = cmg_sandbox_count(sandbox, counts[i].kind);
        ck_assert_msg(found == counts[i].wanted, "%s: %llu of kind %d", where,
                      (unsigned long long)found, (int)counts[i].kind);
    }
    ck_assert_msg(support_read_file(support_path(KEPT "-next"), NULL) == NULL,
                  "%s: a value is left behind", where);
    check_kept(where);
}

static void learn_client_id(void)
{
    struct party p;
    cmg_error *err = NULL;

    ck_ok(party_init(&p, &site, NULL, &err), err);
    ck_ok(party_deploy(&p, &site, CMG_DEPLOY_REGISTER_APPS, NULL, &err), err);
    (void)snprintf(client_id, sizeof client_id, "%s",
                   cmg_server_app_client_id(cmg_gateway_server_app(p.gateway)));
    party_done(&p);
}

static void delete_all(void)
{
    struct party p;
    cmg_error *err = NULL;

    ck_ok(party_init(&p, &site, NULL, &err), err);
    ck_ok(party_deploy(&p, &site, CMG_DEPLOY_DELETE, NULL, &err), err);
    party_done(&p);
    place_check_nothing(sandbox);
}

/* ---- the points ---- */

static const struct {
    const char *mode; /* of the child, or what the sandbox does */
    cmg_sandbox_fault fault;
    int32_t status;
    bool writes;
} modes[] = {
    { "unsent", 0, 0, false },
    { "unread", 0, 0, false },
    { "lost", CMG_SANDBOX_FAULT_LOST_ANSWER, 0, false },
    { "500", CMG_SANDBOX_FAULT_STATUS, 500, false },
    { "429", CMG_SANDBOX_FAULT_STATUS, 429, false },
    { "before", 0, 0, true },
    { "half", 0, 0, true },
    { "after", 0, 0, true },
};

static unsigned stride(unsigned of)
{
    return getenv("CMG_ALL_POINTS") != NULL ? 1 : of;
}

/* One point: the operation is disturbed there, then started again until it is done. */
static void disturb(const char *operation, size_t mode, unsigned nth, bool has_secret)
{
    char where[64];
    cmg_error *err = NULL;

    (void)snprintf(where, sizeof where, "%s, %s %u", operation, modes[mode].mode, nth);
    if (modes[mode].fault != 0) {
        ck_ok(cmg_sandbox_inject(sandbox, NULL, NULL, nth, modes[mode].fault,
                                 modes[mode].status, &err),
              err);
        (void)run_child(operation, "none", 0, NULL);
        return;
    }
    (void)run_child(operation, modes[mode].mode, nth, NULL);
    if (has_secret)
        check_kept(where);
    (void)run_child(operation, "none", 0, NULL);
}

START_TEST(a_registration_that_is_disturbed_ends_as_one_that_is_not)
{
    const size_t mode = (size_t)_i;
    struct points clean = { 0 };
    unsigned passed = 0;
    char where[64];

    (void)run_child("register", "none", 0, &clean);
    delete_all();
    const unsigned last = modes[mode].writes ? clean.writes : clean.exchanges;
    ck_assert_uint_gt(last, 5);
    const unsigned step = stride(last / 2);
    for (unsigned n = 1 + (unsigned)_i % step; n <= last; n += step, passed++) {
        disturb("register", mode, n, false);
        learn_client_id();
        (void)snprintf(where, sizeof where, "register, %s %u", modes[mode].mode, n);
        check_end(where);
        delete_all();
    }
    (void)fprintf(stderr, "register, %s: %u points of %u passed\n", modes[mode].mode,
                  passed, last);
}
END_TEST

START_TEST(a_renewal_that_is_disturbed_ends_as_one_that_is_not)
{
    const size_t mode = (size_t)_i;
    struct points clean = { 0 };
    unsigned passed = 0;
    char where[64];

    learn_client_id();
    (void)run_child("renew", "none", 0, &clean);
    const unsigned last = modes[mode].writes ? clean.writes : clean.exchanges;
    ck_assert_uint_gt(last, 5);
    const unsigned step = stride(4);
    for (unsigned n = 1 + (unsigned)_i % step; n <= last; n += step, passed++) {
        disturb("renew", mode, n, true);
        (void)snprintf(where, sizeof where, "renew, %s %u", modes[mode].mode, n);
        check_end(where);
    }
    (void)fprintf(stderr, "renew, %s: %u points of %u passed\n", modes[mode].mode, passed,
                  last);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("crash");
    TCase *tc = tcase_create("crash");

    tcase_set_timeout(tc, getenv("CMG_ALL_POINTS") != NULL ? 3600 : 120);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, a_registration_that_is_disturbed_ends_as_one_that_is_not, 0,
                        CMG__ARRAY_LEN(modes));
    tcase_add_loop_test(tc, a_renewal_that_is_disturbed_ends_as_one_that_is_not, 0,
                        CMG__ARRAY_LEN(modes));
    suite_add_tcase(suite, tc);
    return support_run((Suite *[]){ suite, NULL });
}
