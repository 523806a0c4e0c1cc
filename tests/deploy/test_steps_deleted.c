/* Deleting, restoring and purging applications with canned answers. */
#include "canned.h"

#include <string.h>

static struct world w;

#define BY_NAME "uniqueName='libcmg-server-granitefalls'"
#define OURS    "{\"id\":\"so\",\"appId\":\"sa\",\"tags\":[\"libcmg\",\"libcmg:%s\"]"
#define DELETED "/deletedItems/microsoft.graph.application"
#define TRASH   "/deletedItems/microsoft.graph.servicePrincipal"
#define NONE    "{\"value\":[]}"
#define LATEST                                                                           \
    "{\"value\":[{\"id\":\"other\",\"appId\":\"x\",\"tags\":[],\"deletedDateTime\":"     \
    "\"2026-11-22T00:00:00Z\"}," OURS ",\"deletedDateTime\":\"2026-11-20T10:00:00Z\"}]}"
#define NO_TWIN ANSWER("GET", "/applications?$filter=tags", 0, 200, NONE)
#define LIVE_SP                                                                          \
    ANSWER("GET", "/servicePrincipals(appId='sa')", 0, 200, "{\"id\":\"ssp\"}")

START_TEST(deletion_is_seen_among_the_deleted_items)
{
    struct rule rules[] = { TOKEN,
                            ANSWER("GET", BY_NAME, 0, 200, canned_with_id(OURS "}")),
                            LIVE_SP,
                            ANSWER("DELETE", "/servicePrincipals/ssp", 0, 404, NOT_FOUND),
                            ANSWER("DELETE", "/applications/so", 0, 204, NULL),
                            ANSWER("GET", "/deletedItems/so", 2, 404, NOT_FOUND),
                            ANSWER("GET", "/deletedItems/so", 0, 200, "{}"),
                            NO_TWIN,
                            { 0 } };

    canned_begin(&w, rules, &cmg__step_server_app_deleted);
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_DELETED);
    ck_assert_uint_eq(world_count(&w, "GET https://graph.microsoft.com/v1.0/directory"),
                      3);
    world_done(&w);
}
END_TEST

START_TEST(application_of_another_deployment_is_left_alone)
{
    struct rule rules[] = { TOKEN,
                            ANSWER("GET", BY_NAME, 0, 200,
                                   "{\"id\":\"so\",\"appId\":\"sa\",\"tags\":[]}"),
                            NO_TWIN,
                            { 0 } };

    canned_begin(&w, rules, &cmg__step_server_app_deleted);
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_DELETED);
    ck_assert_uint_eq(world_count(&w, "DELETE"), 0);
    world_done(&w);
}
END_TEST

/* Ours is found by its tag, restored, seen twice in a row; then its principal. */
static struct rule restore_rules[] = {
    TOKEN,
    { "GET", BY_NAME, 0, 404, NULL, NOT_FOUND, false, 0 },
    { "GET", DELETED, 0, 200, NULL, NULL /* set by the tests */, false, 0 },
    { "POST", "/deletedItems/so/restore", 1, 0, NULL, NULL, true, 0 },
    { "POST", "/deletedItems/so/restore", 0, 404, NULL, NOT_FOUND, false, 0 },
    { "GET", "/applications/so", 1, 404, NULL, NOT_FOUND, false, 0 },
    { "GET", "/applications/so", 0, 200, NULL, "{}", false, 0 },
    { "GET", "/servicePrincipals(appId='sa')", 0, 404, NULL, NOT_FOUND, false, 0 },
    { "GET", TRASH, 0, 200, NULL, "{\"value\":[{\"id\":\"ssp\"}]}", false, 0 },
    { "POST", "/deletedItems/ssp/restore", 1, 400, NULL,
      "{\"error\":{\"code\":\"Request_BadRequest\",\"message\":\"The appId 'sa' of the "
      "service principal does not reference a valid application object.\"}}",
      false, 0 },
    { "POST", "/deletedItems/ssp/restore", 0, 200, NULL, "{}", false, 0 },
    NO_TWIN,
    { 0 },
};

START_TEST(deleted_application_is_restored_with_its_principal)
{
    restore_rules[2].body = canned_with_id(LATEST);
    canned_begin(&w, restore_rules, &cmg__step_server_app_back);
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_DELETED);
    ck_assert_uint_eq(world_count(&w, "displayName%20eq%20'CMG-ServerApp'"), 1);
    ck_assert_uint_eq(world_count(&w, "/deletedItems/so/restore"), 2);
    ck_assert_uint_eq(world_count(&w, "/deletedItems/ssp/restore"), 2);
    ck_assert_uint_eq(world_count(&w, "/applications/so"), 3);
    world_done(&w);
}
END_TEST

START_TEST(nothing_deleted_is_nothing_to_do)
{
    struct rule rules[] = { TOKEN,
                            ANSWER("GET", BY_NAME, 0, 404, NOT_FOUND),
                            ANSWER("GET", DELETED, 0, 200, NONE),
                            NO_TWIN,
                            { 0 } };

    canned_begin(&w, rules, &cmg__step_server_app_back);
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_DELETED);
    ck_assert_uint_eq(world_count(&w, "POST https://graph"), 0);
    world_done(&w);
}
END_TEST

/* A rest of an earlier purge: the application is gone, its principal is not. */
START_TEST(principal_that_an_earlier_purge_left_is_purged)
{
    struct rule rules[] = { TOKEN,
                            ANSWER("GET", BY_NAME, 0, 404, NOT_FOUND),
                            ANSWER("GET", DELETED, 0, 200, NONE),
                            ANSWER("GET", TRASH, 1, 200,
                                   "{\"value\":[{\"id\":\"ssp\"}]}"),
                            ANSWER("DELETE", "/deletedItems/ssp", 0, 204, NULL),
                            ANSWER("GET", TRASH, 0, 200, NONE),
                            NO_TWIN,
                            { 0 } };

    canned_begin(&w, rules, &cmg__step_server_app_purged);
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_DELETED);
    ck_assert_uint_eq(world_count(&w, "DELETE"), 1);
    world_done(&w);
}
END_TEST

static struct rule delete_rules[] = {
    TOKEN,
    { "GET", BY_NAME, 0, 200, NULL, NULL, false, 0 },
    LIVE_SP,
    { "DELETE", "/servicePrincipals/ssp", 0, 204, NULL, NULL, false, 0 },
    { "DELETE", "/applications/so", 0, 204, NULL, NULL, false, 0 },
    { "GET", "/deletedItems/so", 0, 200, NULL, "{}", false, 0 },
    NO_TWIN,
    { 0 },
};

static struct rule purge_rules[] = {
    TOKEN,
    { "GET", BY_NAME, 0, 404, NULL, NOT_FOUND, false, 0 },
    { "GET", DELETED, 1, 200, NULL, NULL, false, 0 },
    { "GET", TRASH, 1, 200, NULL, "{\"value\":[{\"id\":\"ssp\"}]}", false, 0 },
    { "DELETE", "/deletedItems/so", 0, 204, NULL, NULL, false, 0 },
    { "DELETE", "/deletedItems/ssp", 0, 204, NULL, NULL, false, 0 },
    { "GET", DELETED, 0, 200, NULL, NONE, false, 0 },
    { "GET", TRASH, 0, 200, NULL, NONE, false, 0 },
    NO_TWIN,
    { 0 },
};

START_TEST(failed_allocation_is_reported_and_nothing_is_lost)
{
    const struct {
        struct rule *rules;
        size_t ours;
        const char *body;
        const struct cmg__step *step;
    } runs[] = {
        { restore_rules, 2, LATEST, &cmg__step_server_app_back },
        { delete_rules, 1, OURS "}", &cmg__step_server_app_deleted },
        { purge_rules, 2, LATEST, &cmg__step_server_app_purged },
    };

    runs[_i].rules[runs[_i].ours].body = canned_with_id(runs[_i].body);
    canned_starve_step(&w, runs[_i].rules, runs[_i].step, NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("steps_deleted");
    TCase *tc = tcase_create("deleted");

    tcase_add_test(tc, deletion_is_seen_among_the_deleted_items);
    tcase_add_test(tc, application_of_another_deployment_is_left_alone);
    tcase_add_test(tc, deleted_application_is_restored_with_its_principal);
    tcase_add_test(tc, nothing_deleted_is_nothing_to_do);
    tcase_add_test(tc, principal_that_an_earlier_purge_left_is_purged);
    tcase_add_loop_test(tc, failed_allocation_is_reported_and_nothing_is_lost, 0, 3);
    suite_add_tcase(suite, tc);
    return support_run((Suite *[]){ suite, NULL });
}
