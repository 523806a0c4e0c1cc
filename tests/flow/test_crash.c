/*
 * The identity operations die at every exchange and every durable write, or get no
 * answer, a 500 or a 429 there. Started again until they are done they end as an
 * undisturbed run does: one of each, one secret, and the store's value is the one that
 * works. During a renewal the store is never without a value that signs in.
 *
 * A sample runs with the suite; all of it:
 *   CMG_ALL_POINTS=1 meson test -C build --timeout-multiplier 20 crash
 * CK_RUN_CASE=renew for those of one operation.
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

static char client_id[64]; /* the server app's, as the last run had it */

/* The exit status, or -1 when it died. */
static int run_child(const char *operation, const char *mode, unsigned nth,
                     struct points *out)
{
    struct points points = { 0 };
    struct child c;
    char number[16];

    (void)snprintf(number, sizeof number, "%u", nth);
    child_start(&c, TRAPPED_PROGRAM,
                (const char *const[]){ operation, mode, number, NULL }, &site);
    (void)child_wait_for(&c, NULL);
    const int status = child_reap(&c);
    const char *at = strstr(c.text, "points ");
    if (at != NULL)
        ck_assert_int_ge(
            sscanf(at, "points %u %u %63s", &points.exchanges, &points.writes, client_id),
            2);
    if (out != NULL)
        *out = points;
    ck_assert_msg(status <= 0 || strcmp(mode, "none") != 0, "%s: %s", operation, c.text);
    return status;
}

/* ---- what must hold ---- */

#define KEPT "contoso.journal.secrets/server-app-secret"

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

static const cmg_sandbox_kind kinds[] = {
    CMG_SANDBOX_APPLICATIONS, CMG_SANDBOX_SERVICE_PRINCIPALS,
    CMG_SANDBOX_GRANTS,       CMG_SANDBOX_SECRETS,
    CMG_SANDBOX_DELETED,
};

struct counts {
    uint64_t of[CMG__ARRAY_LEN(kinds)];
};

static struct counts count(void)
{
    struct counts counts;

    for (size_t i = 0; i < CMG__ARRAY_LEN(kinds); i++)
        counts.of[i] = cmg_sandbox_count(sandbox, kinds[i]);
    return counts;
}

static void check_end(const char *where, const struct counts *clean)
{
    const struct counts found = count();

    for (size_t i = 0; i < CMG__ARRAY_LEN(kinds); i++)
        ck_assert_msg(found.of[i] == clean->of[i], "%s: %llu of kind %d, not %llu", where,
                      (unsigned long long)found.of[i], (int)kinds[i],
                      (unsigned long long)clean->of[i]);
    ck_assert_msg(support_read_file(support_path(KEPT "-next"), NULL) == NULL,
                  "%s: a value is left behind", where);
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

/* What is disturbed; what was done before; what takes its effect back. */
static const struct life {
    const char *name;
    const char *before[2];
    const char *undo;      /* or NULL: it can follow itself */
    struct counts clean;   /* afterwards, in the order of kinds */
    bool has_secret;       /* the store's value signs in at any moment */
    bool ends_with_secret; /* and here in the end */
} lives[] = {
    { "register", { NULL }, "purge", { { 2, 2, 2, 1, 0 } }, false, true },
    { "renew", { "register" }, NULL, { { 2, 2, 2, 1, 0 } }, true, true },
    { "delete", { "register" }, "restore", { { 0, 0, 0, 0, 2 } }, false, false },
    { "restore", { "register", "delete" }, "delete", { { 2, 2, 2, 1, 0 } }, false, true },
};

/* One point: the operation is disturbed there, then started again until it is done. */
static void disturb(const struct life *life, size_t mode, unsigned nth)
{
    char where[64];
    cmg_error *err = NULL;

    (void)snprintf(where, sizeof where, "%s, %s %u", life->name, modes[mode].mode, nth);
    if (modes[mode].fault != 0) {
        ck_ok(cmg_sandbox_inject(sandbox, NULL, NULL, nth, modes[mode].fault,
                                 modes[mode].status, &err),
              err);
    } else {
        (void)run_child(life->name, modes[mode].mode, nth, NULL);
        if (life->has_secret)
            check_kept(where);
    }
    (void)run_child(life->name, "none", 0, NULL);
    check_end(where, &life->clean);
    if (life->ends_with_secret)
        check_kept(where);
}

/* All points of a mode; or one of every third mode, each at a place of its own. */
static void disturb_by(const struct life *life, size_t mode, const struct points *clean)
{
    const bool all = getenv("CMG_ALL_POINTS") != NULL;
    const unsigned last = modes[mode].writes ? clean->writes : clean->exchanges;
    const unsigned sample = 1 + last * (unsigned)mode / (unsigned)CMG__ARRAY_LEN(modes);
    unsigned passed = 0;

    ck_assert_uint_gt(last, 0);
    if (!all && (mode + (size_t)(life - lives)) % 3 != 0)
        return;
    for (unsigned n = all ? 1 : sample; n <= (all ? last : sample); n++, passed++) {
        if (life->undo != NULL)
            (void)run_child(life->undo, "none", 0, NULL);
        disturb(life, mode, n);
    }
    (void)fprintf(stderr, "%s, %s: %u points of %u passed\n", life->name,
                  modes[mode].mode, passed, last);
}

START_TEST(operation_that_is_disturbed_ends_as_one_that_is_not)
{
    const struct life *life = &lives[_i];
    struct points clean = { 0 };

    for (size_t i = 0; i < 2 && life->before[i] != NULL; i++)
        (void)run_child(life->before[i], "none", 0, NULL);
    (void)run_child(life->name, "none", 0, &clean);
    check_end(life->name, &life->clean);
    for (size_t mode = 0; mode < CMG__ARRAY_LEN(modes); mode++)
        disturb_by(life, mode, &clean);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("crash");

    for (int i = 0; i < (int)CMG__ARRAY_LEN(lives); i++) {
        TCase *tc = tcase_create(lives[i].name);
        tcase_set_timeout(tc, getenv("CMG_ALL_POINTS") != NULL ? 3600 : 120);
        tcase_add_checked_fixture(tc, setup, teardown);
        tcase_add_loop_test(tc, operation_that_is_disturbed_ends_as_one_that_is_not, i,
                            i + 1);
        suite_add_tcase(suite, tc);
    }
    return support_run((Suite *[]){ suite, NULL });
}
