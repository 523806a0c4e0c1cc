/*
 * Single steps with canned answers: applications.
 */
#include "canned.h"

#include <stdio.h>
#include <string.h>

static struct world w;

/* ---- applications ---- */

#define APP_HEAD                                                                         \
    "{\"id\":\"so\",\"appId\":\"sa\",\"displayName\":\"CMG-ServerApp\",\"tags\":["       \
    "\"libcmg\",\"libcmg:%s\",\"libcmg:server:%s\"]"
#define APP_TAIL(audience, scope, access)                                                \
    ",\"signInAudience\":\"" audience "\",\"identifierUris\":[\"api://" WORLD_TENANT     \
    "/CMG-ServerApp\"],\"api\":{\"oauth2PermissionScopes\":[" scope "]},"                \
    "\"publicClient\":{\"redirectUris\":[\"https://x\",\"http://localhost\"]},"          \
    "\"web\":{\"implicitGrantSettings\":{\"enableIdTokenIssuance\":true}},"              \
    "\"requiredResourceAccess\":[{\"resourceAppId\":\"" CMG__GRAPH_APP_ID                \
    "\",\"resourceAccess\":[" access "]}]}"
#define SCOPE(more)                                                                      \
    "{\"id\":\"scope-1\",\"value\":\"user_impersonation\","                              \
    "\"adminConsentDisplayName\":\"a\",\"adminConsentDescription\":\"b\","               \
    "\"userConsentDisplayName\":\"c\",\"userConsentDescription\":\"d\"," more "}"
#define GOOD_SCOPE SCOPE("\"isEnabled\":true,\"type\":\"User\"")
#define DIRECTORY  "{\"id\":\"" CMG__DIRECTORY_READ_ALL "\",\"type\":\"Role\"}"
#define APP_RIGHT  APP_HEAD APP_TAIL("AzureADMyOrg", GOOD_SCOPE, DIRECTORY)
#define BY_NAME    "uniqueName='libcmg-server-granitefalls'"
#define BY_TAG     "tags/any"
#define BY_URI     "identifierUris/any"
#define NOBODY     "{\"value\":[]}"

START_TEST(application_that_is_right_is_adopted)
{
    struct rule rules[] = { TOKEN,
                            ANSWER("GET", BY_NAME, 0, 200, canned_with_id(APP_RIGHT)),
                            ANSWER("GET", BY_TAG, 0, 200, NOBODY),
                            { 0 } };

    canned_begin(&w, rules, &cmg__step_server_app);
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_DELETED);
    ck_assert_uint_eq(world_count(&w, "graph"), 1 + 2); /* its token, two looks */
    ck_assert_str_eq(cmg_server_app_client_id(cmg_gateway_server_app(w.gateway)), "sa");
    ck_assert_uint_eq(cmg_server_app_difference_count(cmg_gateway_server_app(w.gateway)),
                      0);
    world_done(&w);
}
END_TEST

START_TEST(application_is_created_and_read_back_until_it_is_right)
{
    struct rule rules[] = {
        TOKEN,
        ANSWER("GET", BY_NAME, 1, 404, NOT_FOUND),
        ANSWER("GET", BY_TAG, 0, 200, NOBODY),
        ANSWER("GET", BY_URI, 0, 200, NOBODY),
        ANSWER("PATCH", BY_NAME, 0, 201, canned_with_id(APP_RIGHT)),
        ANSWER("GET", "/applications/so", 2, 404, NOT_FOUND), /* not replicated yet */
        ANSWER("GET", "/applications/so", 2, 200,
               canned_with_id(APP_HEAD "}")), /* old value */
        ANSWER("GET", "/applications/so", 0, 200, canned_with_id(APP_RIGHT)),
        { 0 }
    };

    canned_begin(&w, rules, &cmg__step_server_app);
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_DELETED);
    ck_assert_uint_eq(world_count(&w, "PATCH"), 1);
    ck_assert_uint_eq(
        world_count(&w, "GET https://graph.microsoft.com/v1.0/applications/"), 5);
    ck_assert_uint_eq(world_count(&w, "Directory"), 0);
    ck_assert_uint_eq(world_count(&w, "AzureADMyOrg"), 1);
    world_done(&w);
}
END_TEST

START_TEST(app_id_uri_of_another_application_is_named_before_anything_is_made)
{
    struct rule rules[] = {
        TOKEN,
        ANSWER("GET", BY_NAME, 0, 404, NOT_FOUND),
        ANSWER("GET", BY_TAG, 0, 200, NOBODY),
        ANSWER(
            "GET", BY_URI, 0, 200,
            "{\"value\":[{\"id\":\"x\",\"appId\":\"xa\",\"displayName\":\"Old CMG\"}]}"),
        { 0 }
    };

    canned_begin(&w, rules, &cmg__step_server_app);
    canned_finish(&w);
    ck_assert_int_eq(w.end_code, CMG_E_EXISTS);
    ck_assert_ptr_nonnull(strstr(w.end_message, "\"Old CMG\" (xa)"));
    ck_assert_uint_eq(world_count(&w, "PATCH"), 0);
    world_done(&w);
}
END_TEST

START_TEST(two_applications_of_one_name_are_an_error_that_names_both)
{
    struct rule rules[] = { TOKEN,
                            ANSWER("GET", BY_NAME, 0, 200, canned_with_id(APP_RIGHT)),
                            ANSWER("GET", BY_TAG, 0, 200,
                                   "{\"value\":[{\"id\":\"so\",\"appId\":\"sa\"},"
                                   "{\"id\":\"so2\",\"appId\":\"sa2\"}]}"),
                            { 0 } };

    canned_begin(&w, rules, &cmg__step_server_app);
    canned_finish(&w);
    ck_assert_int_eq(w.end_code, CMG_E_EXISTS);
    ck_assert_ptr_nonnull(strstr(w.end_message, "sa and sa2"));
    ck_assert_uint_eq(world_count(&w, "PATCH"), 0);
    world_done(&w);
}
END_TEST

/* What is there beside ours stays; what is wrong is mended, nothing else is sent. */
START_TEST(difference_is_mended_by_its_own_property_alone)
{
    struct rule rules[] = {
        TOKEN,
        ANSWER("GET", BY_NAME, 0, 200,
               canned_with_id(APP_HEAD APP_TAIL("AzureADMultipleOrgs", GOOD_SCOPE,
                                                "{\"id\":\"other\",\"type\":\"Role\"}"))),
        ANSWER("GET", BY_TAG, 0, 200, NOBODY),
        ANSWER("GET", BY_URI, 0, 200, NOBODY),
        ANSWER("GET", "/applications/so", 1, 200,
               canned_with_id(APP_HEAD APP_TAIL("AzureADMultipleOrgs", GOOD_SCOPE,
                                                "{\"id\":\"other\",\"type\":\"Role\"}"))),
        ANSWER("PATCH", "/applications/so", 0, 204, NULL),
        ANSWER("GET", "/applications/so", 0, 200, canned_with_id(APP_RIGHT)),
        { 0 }
    };

    canned_begin(&w, rules, &cmg__step_server_app_fixed);
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_DELETED);
    ck_assert_uint_eq(world_count(&w, "PATCH"), 1);
    ck_assert_uint_eq(
        world_count(&w, "{\"signInAudience\":\"AzureADMyOrg\",\"requiredResourceAccess\":"
                        "[{\"resourceAppId\":\"" CMG__GRAPH_APP_ID
                        "\",\"resourceAccess\":[{\"id\":\"other\",\"type\":\"Role\"},"
                        "{\"id\":\"" CMG__DIRECTORY_READ_ALL "\",\"type\":\"Role\"}]}]}"),
        1);
    world_done(&w);
}
END_TEST

/* CannotDeleteOrUpdateEnabledEntitlement otherwise. */
START_TEST(scope_is_disabled_before_its_kind_is_changed)
{
    struct rule rules[] = {
        TOKEN,
        ANSWER("GET", BY_NAME, 0, 200,
               canned_with_id(APP_HEAD APP_TAIL(
                   "AzureADMyOrg", SCOPE("\"isEnabled\":true,\"type\":\"Admin\""),
                   DIRECTORY))),
        ANSWER("GET", BY_TAG, 0, 200, NOBODY),
        ANSWER("GET", BY_URI, 0, 200, NOBODY),
        ANSWER("GET", "/applications/so", 1, 200,
               canned_with_id(APP_HEAD APP_TAIL(
                   "AzureADMyOrg", SCOPE("\"isEnabled\":true,\"type\":\"Admin\""),
                   DIRECTORY))),
        ANSWER("PATCH", "/applications/so", 0, 204, NULL),
        ANSWER("GET", "/applications/so", 1, 200,
               canned_with_id(APP_HEAD APP_TAIL(
                   "AzureADMyOrg", SCOPE("\"isEnabled\":false,\"type\":\"Admin\""),
                   DIRECTORY))),
        ANSWER("GET", "/applications/so", 0, 200, canned_with_id(APP_RIGHT)),
        { 0 }
    };

    canned_begin(&w, rules, &cmg__step_server_app_fixed);
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_DELETED);
    ck_assert_uint_eq(world_count(&w, "PATCH"), 2);
    const char *off = strstr(w.log, "\"isEnabled\":false,\"type\":\"Admin\"");
    const char *on = strstr(w.log, "\"isEnabled\":true,\"type\":\"User\"");
    ck_assert_ptr_nonnull(off);
    ck_assert_ptr_nonnull(on);
    ck_assert(off < on);
    world_done(&w);
}
END_TEST

#define UNKNOWN_SEGMENT                                                                  \
    "{\"error\":{\"code\":\"BadRequest\",\"message\":\"Resource not found for the "      \
    "segment\"}}"

/* A service that knows no unique names: the first answer to the POST is lost. */
START_TEST(post_whose_answer_was_lost_is_looked_for_and_not_repeated)
{
    static char list[8192];
    struct rule rules[] = {
        TOKEN,
        ANSWER("GET", BY_NAME, 0, 400, UNKNOWN_SEGMENT),
        ANSWER("GET", BY_TAG, 3, 200, NOBODY), /* the list lags */
        ANSWER("GET", BY_TAG, 0, 200, list),
        ANSWER("GET", BY_URI, 0, 200, NOBODY),
        ANSWER("PATCH", BY_NAME, 0, _i == 0 ? 400 : 404, UNKNOWN_SEGMENT),
        { .method = "POST", .path = "/v1.0/applications", .lost = true },
        { 0 }
    };

    (void)snprintf(list, sizeof list, "{\"value\":[%s]}", canned_with_id(APP_RIGHT));
    canned_begin(&w, rules, &cmg__step_server_app);
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_DELETED);
    ck_assert_uint_eq(world_count(&w, "POST https://graph"), 1);
    ck_assert_str_eq(cmg_server_app_client_id(cmg_gateway_server_app(w.gateway)), "sa");
    world_done(&w);
}
END_TEST

START_TEST(correct_makes_no_application)
{
    struct rule rules[] = { TOKEN,
                            ANSWER("GET", BY_NAME, 0, 404, NOT_FOUND),
                            ANSWER("GET", BY_TAG, 0, 200, NOBODY),
                            { 0 } };

    canned_begin(&w, rules, &cmg__step_server_app_fixed);
    canned_finish(&w);
    ck_assert_int_eq(w.end_code, CMG_E_NOTFOUND);
    ck_assert_ptr_nonnull(strstr(w.end_remedy, "register_apps"));
    ck_assert_uint_eq(world_count(&w, "PATCH"), 0);
    world_done(&w);
}
END_TEST

/* ---- service principals ---- */

START_TEST(principal_is_made_by_post_where_upsert_is_not_known)
{
    struct rule rules[] = {
        TOKEN,
        ANSWER("GET", "/servicePrincipals(", 1, 404, NOT_FOUND),
        ANSWER("PATCH", "/servicePrincipals(", 0, 405, UNKNOWN_SEGMENT),
        ANSWER(
            "POST", "/servicePrincipals", 1, 400,
            "{\"error\":{\"code\":\"Request_BadRequest\",\"message\":\"The appId 'sa' of "
            "the service principal does not reference a valid application object.\"}}"),
        ANSWER("POST", "/servicePrincipals", 1, 409,
               "{\"error\":{\"code\":\"Request_MultipleObjectsWithSameKeyValue\","
               "\"message\":\"already in use\"}}"),
        ANSWER("GET", "/servicePrincipals(", 0, 200,
               "{\"id\":\"sp\",\"accountEnabled\":true}"),
        { 0 }
    };

    canned_begin(&w, rules, &cmg__step_server_principal);
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_DELETED);
    ck_assert_uint_eq(world_count(&w, "POST https://graph"), 2);
    world_done(&w);
}
END_TEST

START_TEST(disabled_principal_is_enabled)
{
    struct rule rules[] = {
        TOKEN,
        ANSWER("GET", "/servicePrincipals(", 2, 200,
               "{\"id\":\"sp\",\"accountEnabled\":false}"), /* once more: an old value */
        ANSWER("PATCH", "/servicePrincipals/sp", 0, 204, NULL),
        ANSWER("GET", "/servicePrincipals(", 0, 200,
               "{\"id\":\"sp\",\"accountEnabled\":true}"),
        { 0 }
    };

    canned_begin(&w, rules, &cmg__step_server_principal);
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_DELETED);
    ck_assert_uint_eq(world_count(&w, "{\"accountEnabled\":true}"), 1);
    world_done(&w);
}
END_TEST

START_TEST(application_of_another_deployment_is_not_touched)
{
    struct rule rules[] = {
        TOKEN,
        ANSWER("GET", BY_NAME, 0, 200,
               "{\"id\":\"so\",\"appId\":\"sa\",\"tags\":[\"libcmg:other\"]}"),
        ANSWER("GET", BY_TAG, 0, 200, NOBODY),
        { 0 }
    };

    canned_begin(&w, rules, &cmg__step_server_app);
    canned_finish(&w);
    ck_assert_int_eq(w.end_code, CMG_E_EXISTS);
    ck_assert_ptr_nonnull(strstr(w.end_message, "libcmg-server-granitefalls"));
    ck_assert_uint_eq(world_count(&w, "PATCH"), 0);
    world_done(&w);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("steps_app");
    TCase *apps = tcase_create("applications");

    tcase_add_test(apps, application_that_is_right_is_adopted);
    tcase_add_test(apps, application_is_created_and_read_back_until_it_is_right);
    tcase_add_test(apps, application_of_another_deployment_is_not_touched);
    tcase_add_test(apps,
                   app_id_uri_of_another_application_is_named_before_anything_is_made);
    tcase_add_test(apps, two_applications_of_one_name_are_an_error_that_names_both);
    tcase_add_test(apps, difference_is_mended_by_its_own_property_alone);
    tcase_add_test(apps, scope_is_disabled_before_its_kind_is_changed);
    tcase_add_loop_test(apps, post_whose_answer_was_lost_is_looked_for_and_not_repeated,
                        0, 2);
    tcase_add_test(apps, correct_makes_no_application);
    tcase_add_test(apps, principal_is_made_by_post_where_upsert_is_not_known);
    tcase_add_test(apps, disabled_principal_is_enabled);
    suite_add_tcase(suite, apps);
    return support_run((Suite *[]){ suite, NULL });
}
