/* The comparison with the specification, with canned answers. */
#include <cmg/drift.h>
#include "canned.h"

#include <string.h>

static struct world w;

#define ARM       "https://management.azure.com"
#define RESULT    ARM "/subscriptions/" WORLD_SUBSCRIPTION "/operationresults/1"
#define VAULT     "/Microsoft.KeyVault/vaults/"
#define WHAT_IF   "/deployments/libcmg-what-if/whatIf"
#define NO_CHANGE "{\"status\":\"Succeeded\",\"properties\":{\"changes\":[]}}"
#define THERE     ANSWER("GET", VAULT, 0, 200, "{\"id\":\"/vault\"}")
#define CERT(more)                                                                       \
    "{\"x5t\":\"t\",\"sid\":\"https://v.vault.azure.net/secrets/c/1\"" more "}"
#define STARTED                                                                          \
    {                                                                                    \
        .method = "POST", .path = WHAT_IF, .status = 202, .header = "Location: " RESULT  \
    }

/* What the steps before it have found. */
static void before(struct world *world)
{
    ck_assert_int_eq(
        cmg__observe(&world->ctx->alloc, &world->gateway->tenant->id, WORLD_TENANT),
        CMG_OK);
    world->gateway->seen =
        (struct cmg__gateway_seen){ .state = CMG_GATEWAY_READY, .instances = 2 };
}

static void begin(struct rule *rules, cmg_gateway_state state)
{
    canned_begin(&w, rules, &cmg__step_drift);
    before(&w);
    w.gateway->seen.state = state;
}

static const char *path_at(size_t i)
{
    static cmg_difference one;
    cmg_error *err = NULL;

    one = (cmg_difference){ .size = sizeof one };
    ck_ok(cmg_gateway_difference(w.gateway, i, &one, &err), err);
    return one.path;
}

START_TEST(gateway_that_is_absent_is_one_difference)
{
    struct rule rules[] = { TOKEN, { 0 } };

    begin(rules, _i == 0 ? CMG_GATEWAY_ABSENT : CMG_GATEWAY_DELETING);
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_DELETED);
    ck_assert_uint_eq(cmg_gateway_difference_count(w.gateway), 1);
    ck_assert_str_eq(path_at(0), "/");
    ck_assert_uint_eq(world_count(&w, "whatIf"), 0);
    world_done(&w);
}
END_TEST

/* No certificate is stored in this world: that is a difference each time. */
static const struct {
    int vault, certificate;
    const char *body;
    uint32_t outdated;
    const char *path; /* of the second difference, or NULL */
} looks[] = {
    { 200, 200, CERT(""), 0, NULL },
    { 404, 0, NULL, 0, "/vaults/" },
    { 200, 404, "{}", 0, NULL },
    { 200, 200, CERT(",\"attributes\":{\"exp\":1}"), 0, "/vaults/" },
    { 200, 200, CERT(""), 1, "/instances" },
};

START_TEST(vault_certificate_and_instances_are_looked_at)
{
    struct rule rules[] = {
        TOKEN,
        ANSWER("GET", "/certificates/", 0, looks[_i].certificate, looks[_i].body),
        ANSWER("GET", VAULT, 0, looks[_i].vault, "{\"id\":\"/vault\"}"),
        STARTED,
        ANSWER("GET", RESULT, 2, 202, NULL),
        ANSWER("GET", RESULT, 0, 200, NO_CHANGE),
        { 0 },
    };
    size_t expected = looks[_i].path == NULL ? 1 : 2;

    begin(rules, CMG_GATEWAY_READY);
    w.gateway->seen.outdated = looks[_i].outdated;
    canned_finish(&w);
    ck_assert_msg(w.end == CMG_DEPLOY_DELETED, "%s", w.end_message);
    ck_assert_uint_eq(cmg_gateway_difference_count(w.gateway), expected);
    bool found = looks[_i].path == NULL;
    for (size_t i = 0; i < expected; i++)
        found = found || cmg__str_starts(path_at(i), looks[_i].path);
    ck_assert(found);
    ck_assert_uint_eq(world_count(&w, WHAT_IF), 1);
    world_done(&w);
}
END_TEST

START_TEST(result_that_has_expired_is_asked_for_again)
{
    struct rule rules[] = { TOKEN,
                            ANSWER("GET", "/certificates/", 0, 200, CERT("")),
                            THERE,
                            STARTED,
                            ANSWER("GET", RESULT, 1, 404, NOT_FOUND),
                            ANSWER("GET", RESULT, 0, 200, NO_CHANGE),
                            { 0 } };

    begin(rules, CMG_GATEWAY_READY);
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_DELETED);
    ck_assert_uint_eq(world_count(&w, WHAT_IF), 2);
    world_done(&w);
}
END_TEST

static const char *const failures[] = {
    "{\"status\":\"Failed\",\"error\":{\"code\":\"InvalidTemplate\",\"message\":\"no\"}}",
    "{\"status\":\"Succeeded\"}",
    "[]",
};

/* Asked at once, without an operation to wait for. */
START_TEST(comparison_that_fails_says_why)
{
    struct rule rules[] = { TOKEN,
                            ANSWER("GET", "/certificates/", 0, 200, CERT("")),
                            THERE,
                            ANSWER("POST", WHAT_IF, 0, 200, failures[_i]),
                            { 0 } };

    begin(rules, CMG_GATEWAY_READY);
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_FAILED);
    ck_assert_str_ne(w.end_message, "");
    world_done(&w);
}
END_TEST

START_TEST(failed_allocation_is_reported_and_nothing_is_lost)
{
    static struct rule rules[] = { TOKEN,
                                   ANSWER("GET", "/certificates/", 0, 200,
                                          CERT(",\"attributes\":{\"exp\":1}")),
                                   THERE,
                                   STARTED,
                                   ANSWER("GET", RESULT, 0, 200, NO_CHANGE),
                                   { 0 } };

    canned_starve_step(&w, rules, &cmg__step_drift, before);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("steps of a comparison");
    TCase *tc = tcase_create("drift");

    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, gateway_that_is_absent_is_one_difference, 0, 2);
    tcase_add_loop_test(tc, vault_certificate_and_instances_are_looked_at, 0,
                        CMG__ARRAY_LEN(looks));
    tcase_add_test(tc, result_that_has_expired_is_asked_for_again);
    tcase_add_loop_test(tc, comparison_that_fails_says_why, 0, CMG__ARRAY_LEN(failures));
    tcase_add_test(tc, failed_allocation_is_reported_and_nothing_is_lost);
    suite_add_tcase(suite, tc);
    return support_run((Suite *[]){ suite, NULL });
}
