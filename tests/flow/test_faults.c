/*
 * Create, scale, rotate and delete meet faults of the network and of Azure: each kind
 * alone at each exchange, and seeded mixtures of several. A run under faults ends as one
 * without (the cloud and the host's files are compared line by line), or with an error
 * that says what, why, what to do, and whose plan lists what was done; the same once more
 * goes on from there and ends as if nothing had happened. Kinds that are about
 * long-running operations strike at the requests that begin some. A point where a fault
 * had no effect is counted apart.
 *
 * A sample runs with the suite; all of it (each kind at each exchange; 2,000 mixtures):
 *   CMG_ALL_POINTS=1 meson test -C build --timeout-multiplier 60 faults
 * CK_RUN_CASE=create, scale, rotate or delete for one of the operations; CMG_SEED=N for
 * one mixture of it, CMG_FAULT=lost for one kind alone.
 */
#include "begun.h"
#include "hurry.h"
#include "shape.h"
#include "told.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/sandbox.h"

/* Of each operation, with CMG_ALL_POINTS. */
#define MIXTURES 500
/* Of a long-running operation: longer than the second after which it is asked about. */
#define OPERATION_MS 1500

static cmg_sandbox *sandbox;
static struct site site;
static cmg_context *office;
static cmg_certificate *certificates[2]; /* before and after the rotation */

/* Made once: keys take their time. */
static cmg_certificate *make_certificate(void)
{
    const char *names[] = { "granitefalls.contoso.com", NULL };
    const cmg_certificate_request request = { .size = sizeof request,
                                              .profile = CMG_PROFILE_WEB_SERVER,
                                              .common_name = names[0],
                                              .dns_names = names };
    cmg_authority *authority = NULL;
    cmg_certificate *certificate = NULL;
    cmg_error *err = NULL;

    ck_ok(cmg_authority_new(office, "Contoso CMG CA", &authority, &err), err);
    ck_ok(cmg_authority_issue(authority, &request, &certificate, &err), err);
    cmg_authority_unref(authority);
    return certificate;
}

static void setup(void)
{
    cmg_error *err = NULL;

    sandbox = place_control_plane(OPERATION_MS);
    (void)pthread_mutex_lock(&sandbox->lock);
    hurry_clock(&sandbox->env, true);
    (void)pthread_mutex_unlock(&sandbox->lock);
    /* Who may do all needs no role for the blobs, and ends without one. */
    ck_ok(cmg_sandbox_set(sandbox, "admin_role", "Owner", &err), err);
    place_site(sandbox, &site);
    ck_ok(cmg_context_new(NULL, &office, &err), err);
    for (size_t i = 0; i < CMG__ARRAY_LEN(certificates); i++)
        certificates[i] = make_certificate();
}

static void teardown(void)
{
    for (size_t i = 0; i < CMG__ARRAY_LEN(certificates); i++)
        cmg_certificate_unref(certificates[i]);
    cmg_context_unref(office);
    cmg_sandbox_unref(sandbox);
    support_dir_done();
}

/* ---- the operations ---- */

static const struct act {
    const char *name;
    cmg_deploy_operation operation;
    uint32_t instances;
    size_t certificate;

} acts[] = {
    { "create", CMG_DEPLOY_CREATE, 2, 0 },
    { "scale", CMG_DEPLOY_SCALE_GATEWAY, 3, 0 },
    { "rotate", CMG_DEPLOY_ROTATE_CERTIFICATE, 3, 1 },
    { "delete", CMG_DEPLOY_DELETE, 3, 1 },
};

static int no_fsync(void *user, int fd)
{
    (void)user;
    (void)fd;
    return 0;
}

/* A process of its own, as far as memory goes. */
static void begin(struct party *p, const struct act *act)
{
    cmg_error *err = NULL;

    ck_ok(party_init(p, &site, NULL, &err), err);
    ck_ok(cmg_gateway_set_certificate(p->gateway, certificates[act->certificate], &err),
          err);
    ck_ok(place_package(p->gateway, 1, &err), err);
    p->gateway->instance_count = act->instances;
    ck_ok(party_prepare(p, &site, act->operation, NULL, &err), err);
    hurry_clock(&p->ctx->env, true);
    p->ctx->env.fsync = no_fsync;
}

/* ---- what must hold ---- */

struct fault {
    char text[1400];
};

static void wrong(struct fault *fault, const char *what, const char *detail)
{
    if (fault->text[0] == '\0')
        (void)snprintf(fault->text, sizeof fault->text, "%s%s", what, detail);
}

static const cmg_status documented[] = {
    CMG_E_IO,    CMG_E_PROTO,    CMG_E_TIMEOUT,  CMG_E_AUTH,  CMG_E_DENIED,
    CMG_E_STATE, CMG_E_CONFLICT, CMG_E_NOTFOUND, CMG_E_PARSE, CMG_E_LIMIT,
};

static bool is_documented(cmg_status code)
{
    for (size_t i = 0; i < CMG__ARRAY_LEN(documented); i++) {
        if (documented[i] == code)
            return true;
    }
    return false;
}

static void check_error(struct fault *fault, const struct party *p, const cmg_error *err)
{
    char text[600], why[256];

    (void)snprintf(text, sizeof text, "%s: %s (%s)", cmg_status_name(cmg_error_code(err)),
                   cmg_error_message(err), cmg_error_remedy(err));
    if (!is_documented(cmg_error_code(err)))
        wrong(fault, "no documented error: ", text);
    if (cmg_error_message(err)[0] == '\0' ||
        (cmg_error_remedy(err)[0] == '\0' && cmg_error_cause(err)[0] == '\0'))
        wrong(fault, "an error that helps nobody: ", text);
    if (!told_is_true(p->deploy, sandbox, why))
        wrong(fault, "the plan does not tell what was done: ", why);
}

/* True when it is done. begun: NULL, or what it begins. */
static bool run(struct fault *fault, const struct act *act, struct begun *begun,
                char why[512])
{
    struct party p;
    cmg_error *err = NULL;

    begin(&p, act);
    if (begun != NULL)
        begun_watch(p.deploy, begun);
    const cmg_status rc = hurry_run(p.deploy, &err);
    (void)snprintf(why, 512, "%s", cmg_error_message(err));
    if (rc != CMG_OK)
        check_error(fault, &p, err);
    cmg_error_unref(err);
    party_done(&p);
    return rc == CMG_OK;
}

static struct {
    struct snapshot begin;
    struct cmg__buf end;
    unsigned exchanges;
    struct begun begun; /* by them */
} clean;

/* When what was left to itself has ended, too. */
static struct cmg__buf settled_shape(void)
{
    hurry_past(2 * OPERATION_MS);
    return shape_of(sandbox);
}

static void act_undisturbed(const struct act *act)
{
    struct fault fault = { "" };
    char why[512];
    const uint64_t before = cmg_sandbox_count(sandbox, CMG_SANDBOX_REQUESTS);

    ck_assert_msg(run(&fault, act, &clean.begun, why), "%s: %s", act->name, why);
    ck_assert_msg(fault.text[0] == '\0', "%s: %s", act->name, fault.text);
    clean.exchanges =
        (unsigned)(cmg_sandbox_count(sandbox, CMG_SANDBOX_REQUESTS) - before);
}

/* What comes before an operation is done without faults. */
static void prepare(const struct act *act)
{
    for (const struct act *before = acts; before < act; before++)
        act_undisturbed(before);
    snapshot_take(&clean.begin, sandbox);
    act_undisturbed(act);
    clean.end = settled_shape();
}

/* What never ended does so, as if Azure's support had seen to it. */
static void let_go(const char *table, const char *key, int64_t least, int64_t most,
                   int64_t then)
{
    void *iter = NULL;
    const char *id = NULL;
    struct cmg__json *item = NULL;

    while (cmg__json_next(cmg__sb_table(sandbox->cloud, table), &iter, &id, &item)) {
        const int64_t is = cmg__json_int(cmg__json_key(item, key), "", 0);
        if (is >= least && is <= most)
            cmg__sb_set_int(sandbox->cloud, item, key, then);
    }
}

static void forget_faults(void)
{
    static const int64_t day_ms = INT64_C(24) * 3600 * 1000;

    (void)pthread_mutex_lock(&sandbox->lock);
    const int64_t now_ms = cmg__sb_now_ms(sandbox->cloud);
    cmg__sb_inject_done(sandbox);
    let_go("operations", "done_ms", now_ms + day_ms, INT64_MAX, now_ms);
    let_go("deployments", "_fault", CMG__SB_OPERATION_STUCK, CMG__SB_OPERATION_STUCK,
           CMG__SB_OPERATION_GOOD);
    (void)pthread_mutex_unlock(&sandbox->lock);
}

/* Somebody lets the application in after all. */
static void stop_demanding(void)
{
    (void)pthread_mutex_lock(&sandbox->lock);
    sandbox->cloud->demanding = 0;
    (void)pthread_mutex_unlock(&sandbox->lock);
}

static void check_end(struct fault *fault)
{
    struct cmg__buf end = settled_shape();
    char why[1100];

    if (!shape_is_same(&end, &clean.end, why))
        wrong(fault, "", why);
    cmg__buf_done(&end);
}

/* Run under what was injected, then again until it is done; how often it failed. */
static unsigned run_until_done(struct fault *fault, const struct act *act, unsigned most)
{
    char why[512];
    unsigned failures = 0;

    while (failures <= most && !run(fault, act, NULL, why)) {
        failures++;
        stop_demanding();
    }
    forget_faults();
    if (failures > most && !run(fault, act, NULL, why))
        wrong(fault, "it does not end: ", why);
    check_end(fault);
    return failures;
}

/* ---- one alone ---- */

static const struct kind {
    const char *name;
    cmg_sandbox_fault fault;
    int32_t status;
    bool of_operations; /* strikes only where one is begun */
} kinds[] = {
    { "500", CMG_SANDBOX_FAULT_STATUS, 500, false },
    { "503", CMG_SANDBOX_FAULT_STATUS, 503, false },
    { "504", CMG_SANDBOX_FAULT_STATUS, 504, false },
    { "429", CMG_SANDBOX_FAULT_STATUS, 429, false },
    { "401", CMG_SANDBOX_FAULT_STATUS, 401, false },
    { "403", CMG_SANDBOX_FAULT_STATUS, 403, false },
    { "cut", CMG_SANDBOX_FAULT_CUT, 0, false },
    { "lost", CMG_SANDBOX_FAULT_LOST_ANSWER, 0, false },
    { "half", CMG_SANDBOX_FAULT_HALF_ANSWER, 0, false },
    { "challenge", CMG_SANDBOX_FAULT_CHALLENGE, 0, false },
    { "elsewhere", CMG_SANDBOX_FAULT_ELSEWHERE, 0, true },
    { "fails", CMG_SANDBOX_FAULT_OPERATION_FAILS, 0, true },
    { "canceled", CMG_SANDBOX_FAULT_OPERATION_CANCELED, 0, true },
    { "expires", CMG_SANDBOX_FAULT_OPERATION_EXPIRES, 0, true },
    { "stuck", CMG_SANDBOX_FAULT_OPERATION_STUCK, 0, true },
};

/* The points that a kind has in the operation that was done last without any. */
static unsigned points_of(const struct kind *kind)
{
    return kind->of_operations ? (unsigned)clean.begun.count : clean.exchanges;
}

/* point: from 1. */
static void inject(unsigned point, const struct kind *kind)
{
    const char *method = NULL, *path = NULL;
    unsigned nth = point;
    cmg_error *err = NULL;

    if (kind->of_operations) {
        method = clean.begun.of[point - 1].method;
        path = clean.begun.of[point - 1].path;
        nth = clean.begun.of[point - 1].nth;
    }
    ck_ok(cmg_sandbox_inject(sandbox, method, path, nth, kind->fault, kind->status, &err),
          err);
}

static bool tell(const char *name, const char *what, unsigned n,
                 const struct fault *fault)
{
    if (fault->text[0] != '\0')
        (void)fprintf(stderr, "%s, %s %u: %s\n", name, what, n, fault->text);
    return fault->text[0] == '\0';
}

struct tally {
    unsigned tried, met, passed;
    unsigned failed; /* runs that ended in an error */
    unsigned wrong;  /* points that ended otherwise than they may */
};

static void strike_at(struct tally *tally, const struct act *act, const struct kind *kind,
                      unsigned point)
{
    struct fault fault = { "" };

    snapshot_restore(&clean.begin, sandbox);
    const uint64_t before = atomic_load(&sandbox->met);
    inject(point, kind);
    tally->tried++;
    tally->failed += run_until_done(&fault, act, 1);
    const bool met = atomic_load(&sandbox->met) > before;
    const bool good = tell(act->name, kind->name, point, &fault);
    tally->met += met;
    tally->passed += met && good;
    tally->wrong += !good;
}

/* The number of points that did not pass; none that was met is no pass either. */
static unsigned strike_alone(const struct act *act, const struct kind *kind,
                             unsigned first, unsigned step)
{
    struct tally tally = { 0 };

    for (unsigned n = first; n <= points_of(kind); n += step)
        strike_at(&tally, act, kind, n);
    (void)fprintf(stderr,
                  "%s, %s: %u of %u points, %u met, of them %u passed; %u runs ended in "
                  "an error first\n",
                  act->name, kind->name, tally.tried, points_of(kind), tally.met,
                  tally.passed, tally.failed);
    return tally.wrong + (tally.met == 0);
}

/* ---- mixtures ---- */

static uint64_t seed;

static unsigned below(size_t n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (unsigned)(seed % n);
}

/* Two to seven faults of any kinds, some of them one upon the other. */
static bool strike_mixed(const struct act *act, unsigned number, unsigned *failures)
{
    struct fault fault = { "" };
    char what[256] = "mixture";
    size_t at = strlen(what);

    seed = UINT64_C(0x9e3779b97f4a7c15) * (number + 1);
    for (unsigned i = 0; i < 20; i++)
        (void)below(2);
    snapshot_restore(&clean.begin, sandbox);
    const unsigned count = 2 + below(6);
    for (unsigned i = 0; i < count; i++) {
        const struct kind *kind = &kinds[below(CMG__ARRAY_LEN(kinds))];
        const unsigned point = 1 + below(points_of(kind) + (kind->of_operations ? 0 : 8));
        inject(point, kind);
        at += (size_t)snprintf(what + at, sizeof what - at, " %s@%u", kind->name, point);
    }
    *failures += run_until_done(&fault, act, count);
    return tell(act->name, what, number, &fault);
}

static unsigned strike_all_mixed(const struct act *act, unsigned first, unsigned count)
{
    unsigned passed = 0, failures = 0;

    for (unsigned n = first; n < first + count; n++)
        passed += strike_mixed(act, n, &failures);
    (void)fprintf(stderr,
                  "%s: %u of %u mixtures passed, %u runs ended in an error first\n",
                  act->name, passed, count, failures);
    return count - passed;
}

/* ---- what is run ---- */

/* All of them; or each kind at one exchange of one operation, and two mixtures. */
static unsigned strike(const struct act *act, bool all)
{
    const char *one = getenv("CMG_SEED");
    const char *only = getenv("CMG_FAULT");
    const size_t number = (size_t)(act - acts);

    if (one != NULL)
        return strike_all_mixed(act, (unsigned)strtoul(one, NULL, 10), 1);
    unsigned failed = only != NULL ? 0 : strike_all_mixed(act, 1, all ? MIXTURES : 2);
    for (size_t k = 0; k < CMG__ARRAY_LEN(kinds); k++) {
        if (only != NULL && strcmp(only, kinds[k].name) != 0)
            continue;
        const unsigned points = points_of(&kinds[k]);
        if (all)
            failed += strike_alone(act, &kinds[k], 1, 1);
        else if (only != NULL || k % CMG__ARRAY_LEN(acts) == number)
            failed += strike_alone(
                act, &kinds[k],
                1 + points * (unsigned)k / (unsigned)CMG__ARRAY_LEN(kinds), points);
    }
    return failed;
}

START_TEST(what_meets_faults_ends_as_what_does_not)
{
    const struct act *act = &acts[_i];

    prepare(act);
    const unsigned failed = strike(act, getenv("CMG_ALL_POINTS") != NULL);
    snapshot_done(&clean.begin);
    cmg__buf_done(&clean.end);
    ck_assert_uint_eq(failed, 0);
}
END_TEST

/* What is there says so for ever, until it is asked for once more. */
START_TEST(a_vault_that_could_not_be_made_is_made_by_the_next_run)
{
    struct fault fault = { "" };
    cmg_error *err = NULL;

    prepare(&acts[0]);
    snapshot_restore(&clean.begin, sandbox);
    ck_ok(cmg_sandbox_inject(sandbox, "PUT", "/vaults/", 1,
                             _i == 0 ? CMG_SANDBOX_FAULT_OPERATION_FAILS
                                     : CMG_SANDBOX_FAULT_OPERATION_CANCELED,
                             0, &err),
          err);
    ck_assert_uint_eq(run_until_done(&fault, &acts[0], 1), 1);
    ck_assert_str_eq(fault.text, "");
    snapshot_done(&clean.begin);
    cmg__buf_done(&clean.end);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("faults");

    for (int i = 0; i < (int)CMG__ARRAY_LEN(acts); i++) {
        TCase *tc = tcase_create(acts[i].name);
        tcase_set_timeout(tc, getenv("CMG_ALL_POINTS") != NULL ? 14400 : 240);
        tcase_add_checked_fixture(tc, setup, teardown);
        tcase_add_loop_test(tc, what_meets_faults_ends_as_what_does_not, i, i + 1);
        suite_add_tcase(suite, tc);
    }
    TCase *vault = tcase_create("vault");
    tcase_set_timeout(vault, 240);
    tcase_add_checked_fixture(vault, setup, teardown);
    tcase_add_loop_test(vault, a_vault_that_could_not_be_made_is_made_by_the_next_run, 0,
                        2);
    suite_add_tcase(suite, vault);
    return support_run((Suite *[]){ suite, NULL });
}
