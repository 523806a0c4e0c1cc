/*
 * Operations on the applications and on the gateway die at every exchange and every
 * durable write, are cancelled there, or get no answer, a 500 or a 429. Started again
 * until they are done they end as an undisturbed run does: the cloud and the host's files
 * are compared line by line with those after one, and numbers that are given out once
 * (instances, versions of the certificate, secrets) show what was made twice. During a
 * renewal the store is never without a value that signs in.
 *
 * A sample runs with the suite; all of it:
 *   CMG_ALL_POINTS=1 meson test -C build --timeout-multiplier 60 crash
 * CMG_ALL_POINTS=300 for about as many, spread over all; CK_RUN_CASE=create for those of
 * one act.
 */
#include "child.h"
#include "shape.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/sandbox.h"

static cmg_sandbox *sandbox;
static struct site site;

static void setup(void)
{
    sandbox = place_control_plane(1);
    place_site(sandbox, &site);
}

static void teardown(void)
{
    cmg_sandbox_unref(sandbox);
    support_dir_done();
}

/* How a child ended: what it counted on its way, and the state of its deployment. */
struct points {
    unsigned exchanges, writes;
    unsigned effect; /* an exchange that changes something; 0: none does */
    char state[32];
    int status; /* -1: it died */
    char text[512];
};

static char client_id[64]; /* the server app's, as the last run had it */

static struct points run_child(const char *operation, const char *mode, unsigned nth)
{
    struct points points = { 0 };
    struct child c;
    char number[16];

    (void)snprintf(number, sizeof number, "%u", nth);
    child_start(&c, TRAPPED_PROGRAM,
                (const char *const[]){ operation, mode, number, NULL }, &site);
    (void)child_wait_for(&c, NULL);
    points.status = child_reap(&c);
    const char *at = strstr(c.text, "points ");
    if (at != NULL)
        ck_assert_int_ge(sscanf(at, "points %u %u %u %31s %63s", &points.exchanges,
                                &points.writes, &points.effect, points.state, client_id),
                         4);
    (void)snprintf(points.text, sizeof points.text, "%.500s", c.text);
    return points;
}

/* ---- what must hold ---- */

#define KEPT "contoso.journal.secrets/server-app-secret"

/* What is wrong at a point; empty when nothing is. */
struct fault {
    char text[1200];
};

static void wrong(struct fault *fault, const char *what, const char *detail)
{
    if (fault->text[0] == '\0')
        (void)snprintf(fault->text, sizeof fault->text, "%s%s", what, detail);
}

/* The store's current value signs in as the server app. */
static void check_kept(struct fault *fault)
{
    struct party p;
    char secret[256];
    size_t n = 0;
    char *text = support_read_file(support_path(KEPT), &n);
    cmg_error *err = NULL;

    if (text == NULL) {
        wrong(fault, "no secret is kept", "");
        return;
    }
    (void)snprintf(secret, sizeof secret, "%.*s", (int)n, text);
    free(text);
    ck_ok(party_init(&p, &site, NULL, &err), err);
    ck_ok(cmg_tenant_set_client_secret(cmg_gateway_tenant(p.gateway), client_id, secret,
                                       strlen(secret), &err),
          err);
    ck_ok(cmg_deploy_new(p.gateway, CMG_DEPLOY_FIND_TENANT, &p.deploy, &err), err);
    if (cmg_deploy_run(p.deploy, &err) != CMG_OK)
        wrong(fault, "the kept secret does not sign in: ", cmg_error_message(err));
    cmg_error_unref(err);
    party_done(&p);
}

static const cmg_sandbox_kind kinds[] = {
    CMG_SANDBOX_APPLICATIONS, CMG_SANDBOX_SERVICE_PRINCIPALS,
    CMG_SANDBOX_GRANTS,       CMG_SANDBOX_SECRETS,
    CMG_SANDBOX_DELETED,      CMG_SANDBOX_RESOURCE_GROUPS,
    CMG_SANDBOX_RESOURCES,
};

struct counts {
    uint64_t of[CMG__ARRAY_LEN(kinds)];
};

static void check_counts(struct fault *fault, const struct counts *wanted)
{
    char text[96];

    for (size_t i = 0; i < CMG__ARRAY_LEN(kinds); i++) {
        const uint64_t found = cmg_sandbox_count(sandbox, kinds[i]);
        (void)snprintf(text, sizeof text, "%llu of kind %d, not %llu",
                       (unsigned long long)found, (int)kinds[i],
                       (unsigned long long)wanted->of[i]);
        if (found != wanted->of[i])
            wrong(fault, text, "");
    }
}

/* ---- the points ---- */

static const struct mode {
    const char *name; /* the child's, or what the sandbox does */
    cmg_sandbox_fault fault;
    int32_t status;
    bool writes;
    bool cancels;
} modes[] = {
    { .name = "unsent" },
    { .name = "unread" },
    { .name = "cancel", .cancels = true },
    { .name = "leave", .cancels = true },
    { "lost", CMG_SANDBOX_FAULT_LOST_ANSWER, 0, false, false },
    { "500", CMG_SANDBOX_FAULT_STATUS, 500, false, false },
    { "429", CMG_SANDBOX_FAULT_STATUS, 429, false, false },
    { .name = "before", .writes = true },
    { .name = "half", .writes = true },
    { .name = "after", .writes = true },
};

/* Somebody has opened a port and forgotten another one. */
static void damage(void)
{
    void *iter = NULL;
    const char *key = NULL;
    struct cmg__json *resource = NULL;
    size_t damaged = 0;

    (void)pthread_mutex_lock(&sandbox->lock);
    while (cmg__json_next(cmg__sb_table(sandbox->cloud, "resources"), &iter, &key,
                          &resource)) {
        struct cmg__json *rules = cmg__json_at(resource, "/properties/securityRules");
        if (cmg__json_size(rules) == 0)
            continue;
        cmg__json_remove_at(rules, 0);
        damaged++;
    }
    (void)pthread_mutex_unlock(&sandbox->lock);
    ck_assert_uint_eq(damaged, 1);
}

static void set_json(struct cmg__json *object, const char *key, const char *text)
{
    struct cmg__json *value = NULL;
    cmg_error *err = NULL;

    ck_ok(cmg__json_parse(sandbox->alloc, key, text, strlen(text), &value, &err), err);
    ck_assert_int_eq(cmg__json_set(object, key, value), CMG_OK);
}

/* Somebody has changed both applications and disabled their service principals. */
static void damage_apps(void)
{
    static const char *const tables[] = { "applications", "service_principals" };
    size_t damaged = 0;

    (void)pthread_mutex_lock(&sandbox->lock);
    for (size_t i = 0; i < CMG__ARRAY_LEN(tables); i++) {
        void *iter = NULL;
        const char *key = NULL;
        struct cmg__json *object = NULL;
        while (cmg__json_next(cmg__sb_table(sandbox->cloud, tables[i]), &iter, &key,
                              &object)) {
            const char *name = cmg__json_str(object, "/displayName");
            if (name == NULL || !cmg__str_starts(name, "CMG-"))
                continue;
            if (i == 0) {
                set_json(object, "signInAudience", "\"AzureADMultipleOrgs\"");
                set_json(object, "requiredResourceAccess", "[]");
                set_json(object, "publicClient", "{\"redirectUris\":[]}");
            } else {
                set_json(object, "accountEnabled", "false");
            }
            damaged++;
        }
    }
    (void)pthread_mutex_unlock(&sandbox->lock);
    ck_assert_uint_eq(damaged, 4);
}

/* More leaves than is allowed. */
static void send_much(void)
{
    cmg_error *err = NULL;

    ck_ok(cmg_sandbox_set(sandbox, "metric/granitefalls/Network Out Total", "100000000",
                          &err),
          err);
}

#define REGISTERED                                                                       \
    {                                                                                    \
        {                                                                                \
            2, 2, 2, 1, 0, 0, 0                                                          \
        }                                                                                \
    }
#define CREATED                                                                          \
    {                                                                                    \
        {                                                                                \
            2, 2, 2, 1, 0, 1, PLACE_RESOURCES                                            \
        }                                                                                \
    }

enum {
    HAS_SECRET = 1,       /* the store's value signs in at any moment */
    ENDS_WITH_SECRET = 2, /* and here in the end */
    BEGINS_ANEW = 4,      /* when it was done: its last write ends it for good */
    COMES_BEFORE = 8,     /* only done: its points are met in another life */
};

/* Lives: what is done one after the other. */
struct act {
    const char *name;
    struct counts clean;  /* afterwards, in the order of kinds */
    void (*change)(void); /* or NULL: nothing else happened before */
    unsigned flags;
};

static const struct act apps[] = {
    { "register", REGISTERED, NULL, ENDS_WITH_SECRET },
    { "renew", REGISTERED, NULL, HAS_SECRET | ENDS_WITH_SECRET },
    { "mend", REGISTERED, damage_apps, HAS_SECRET | ENDS_WITH_SECRET },
    { "delete", { { 0, 0, 0, 0, 2, 0, 0 } }, NULL, 0 },
    { "restore", REGISTERED, NULL, ENDS_WITH_SECRET },
};

static const struct act gateway[] = {
    { "create", CREATED, NULL, ENDS_WITH_SECRET },
    { "stop", CREATED, NULL, 0 },
    { "start", CREATED, NULL, 0 },
    { "measure", CREATED, send_much, 0 },
    { "start", CREATED, NULL, COMES_BEFORE },
    { "correct", CREATED, damage, 0 },
    { "scale", CREATED, NULL, 0 },
    { "modify", CREATED, NULL, 0 },
    { "rotate", CREATED, NULL, BEGINS_ANEW },
    { "synchronise", CREATED, NULL, 0 },
    { "upgrade", CREATED, NULL, 0 },
    { "redeploy", CREATED, NULL, BEGINS_ANEW },
    { "purge", { { 0 } }, NULL, 0 },
};

/* The heir has applications of its own; the old one's are its own to remove. */
static const struct act heirs[] = {
    { "create", CREATED, NULL, COMES_BEFORE },
    { "replace", { { 4, 4, 4, 2, 0, 1, PLACE_RESOURCES } }, NULL, 0 },
};

static const struct life {
    const char *name;
    const struct act *acts;
    size_t count;
} lives[] = {
    { "apps", apps, CMG__ARRAY_LEN(apps) },
    { "gateway", gateway, CMG__ARRAY_LEN(gateway) },
    { "heirs", heirs, CMG__ARRAY_LEN(heirs) },
};

/* Where an act begins, and what an undisturbed one leaves. */
static struct {
    struct snapshot begin;
    struct cmg__buf end;
    struct points points;
} clean;

static void act_undisturbed(const struct act *act)
{
    struct fault fault = { "" };

    if (act->change != NULL)
        act->change();
    snapshot_take(&clean.begin, sandbox);
    clean.points = run_child(act->name, "none", 0);
    ck_assert_msg(clean.points.status == 0, "%s: %s", act->name, clean.points.text);
    ck_assert_msg(clean.points.effect != 0, "%s: nothing was changed", act->name);
    check_counts(&fault, &act->clean);
    ck_assert_msg(fault.text[0] == '\0', "%s: %s", act->name, fault.text);
    clean.end = shape_of(sandbox);
}

/* As if nothing had happened. */
static void check_end(struct fault *fault, const struct act *act)
{
    struct cmg__buf end = shape_of(sandbox);
    char why[1100];

    check_counts(fault, &act->clean);
    if (!shape_is_same(&end, &clean.end, why))
        wrong(fault, "", why);
    cmg__buf_done(&end);
    if ((act->flags & ENDS_WITH_SECRET) != 0)
        check_kept(fault);
}

static void strike(struct fault *fault, const struct act *act, const struct mode *mode,
                   unsigned nth)
{
    cmg_error *err = NULL;

    if (mode->fault != 0) {
        ck_ok(
            cmg_sandbox_inject(sandbox, NULL, NULL, nth, mode->fault, mode->status, &err),
            err);
        return;
    }
    const struct points run = run_child(act->name, mode->name, nth);
    if (mode->cancels && run.status != 0 && strcmp(run.state, "PAUSED") != 0)
        wrong(fault, "cancelled, it ended in ", run.state);
}

/* One point: the operation is disturbed there, then started again until it is done. */
static bool disturb(const struct act *act, const struct mode *mode, unsigned nth)
{
    struct fault fault = { "" };

    snapshot_restore(&clean.begin, sandbox);
    strike(&fault, act, mode, nth);
    if ((act->flags & HAS_SECRET) != 0)
        check_kept(&fault);
    const struct points again = run_child(act->name, "none", 0);
    if (again.status != 0)
        wrong(&fault, "it does not end: ", again.text);
    check_end(&fault, act);
    if (fault.text[0] != '\0')
        (void)fprintf(stderr, "%s, %s %u: %s\n", act->name, mode->name, nth, fault.text);
    return fault.text[0] == '\0';
}

static unsigned last_of(const struct mode *mode)
{
    return mode->writes ? clean.points.writes : clean.points.exchanges;
}

/* Every how many-th point, so that all lives together have about as many as wanted. */
static unsigned stride(void)
{
    static const unsigned all_points = 5000;
    const unsigned wanted = (unsigned)strtoul(getenv("CMG_ALL_POINTS"), NULL, 10);

    return wanted <= 1 || wanted > all_points ? 1 : all_points / wanted;
}

/* How the points of a mode are walked through. */
struct walk {
    unsigned first, step, last;
};

/* A death at an effect for each act, before it leaves or before its answer is read; and
   of the other modes each for one act of a life or another, at a place of its own. */
static void sample(struct walk *walk, const struct act *act, size_t number, size_t m)
{
    static const size_t deaths = 2; /* the first modes */
    const size_t others = CMG__ARRAY_LEN(modes) - deaths;

    walk->step = walk->last;
    if (m < deaths)
        walk->first = m == number % deaths ? clean.points.effect : walk->last + 1;
    else if (m - deaths == (number * 3 + 1) % (2 * others))
        walk->first = 1 + walk->last * (unsigned)m / (unsigned)CMG__ARRAY_LEN(modes);
    else
        walk->first = walk->last + 1;
    if ((act->flags & BEGINS_ANEW) != 0 && strcmp(modes[m].name, "before") == 0)
        walk->first = walk->last;
}

static struct walk walk_of(const struct act *act, size_t number, size_t m)
{
    const bool is_after = strcmp(modes[m].name, "after") == 0;
    struct walk walk = {
        .last =
            last_of(&modes[m]) - ((act->flags & BEGINS_ANEW) != 0 && is_after ? 1 : 0),
    };

    if (getenv("CMG_ALL_POINTS") != NULL) {
        walk.step = stride();
        walk.first = 1 + (unsigned)(m * 7 + number * 3) % walk.step;
    } else {
        sample(&walk, act, number, m);
    }
    return walk;
}

/* The number of points that did not pass. */
static unsigned disturb_by(const struct act *act, size_t number, size_t m)
{
    const struct walk walk = walk_of(act, number, m);
    unsigned passed = 0, tried = 0;

    for (unsigned n = walk.first; n <= walk.last; n += walk.step, tried++)
        passed += disturb(act, &modes[m], n);
    if (tried > 0)
        (void)fprintf(stderr, "%s, %s: %u of %u points passed, of %u\n", act->name,
                      modes[m].name, passed, tried, walk.last);
    return tried - passed;
}

static unsigned disturb_by_all(const struct act *act, size_t number)
{
    unsigned failed = 0;

    for (size_t m = 0; m < CMG__ARRAY_LEN(modes); m++)
        failed += disturb_by(act, number, m);
    return failed;
}

/* ACTS * life + the last act that is done. The points of that one are met, and of those
   before it, too, when only a sample is. */
#define ACTS 16

START_TEST(what_is_disturbed_ends_as_what_is_not)
{
    const struct life *life = &lives[_i / ACTS];
    const size_t last = (size_t)_i % ACTS;
    const bool all = getenv("CMG_ALL_POINTS") != NULL;
    unsigned failed = 0;

    for (size_t i = 0; i <= last; i++) {
        act_undisturbed(&life->acts[i]);
        if ((life->acts[i].flags & COMES_BEFORE) == 0 && (!all || i == last))
            failed += disturb_by_all(&life->acts[i], i);
        snapshot_done(&clean.begin);
        cmg__buf_done(&clean.end);
    }
    ck_assert_uint_eq(failed, 0);
}
END_TEST

static void add_case(Suite *suite, const char *name, int timeout_s, size_t number)
{
    TCase *tc = tcase_create(name);

    tcase_set_timeout(tc, timeout_s);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, what_is_disturbed_ends_as_what_is_not, (int)number,
                        (int)number + 1);
    suite_add_tcase(suite, tc);
}

/* Check cannot count the microseconds of a test beyond 71 minutes: a case for each act.
 */
int main(void)
{
    const bool all = getenv("CMG_ALL_POINTS") != NULL;
    Suite *suite = suite_create("crash");

    for (size_t i = 0; i < CMG__ARRAY_LEN(lives); i++) {
        for (size_t k = 0; all && k < lives[i].count; k++) {
            if ((lives[i].acts[k].flags & COMES_BEFORE) == 0)
                add_case(suite, lives[i].acts[k].name, 4200, i * ACTS + k);
        }
        if (!all)
            add_case(suite, lives[i].name, 240, i * ACTS + lives[i].count - 1);
    }
    return support_run((Suite *[]){ suite, NULL });
}
