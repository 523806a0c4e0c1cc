/* Applications that somebody else made, named by their client IDs: canned answers. */
#include "canned.h"

#include <string.h>

static struct world w;

#define SERVER "0c0c0c0c-1111-4222-8333-444444444444"
#define GIVEN  "/applications(appId='" SERVER "')"
#define RIGHT                                                                            \
    "{\"id\":\"go\",\"appId\":\"" SERVER                                                 \
    "\",\"tags\":[],\"signInAudience\":\"AzureADMyOrg\",\"identifierUris\":["            \
    "\"https://contoso.com/cm\"],\"publicClient\":{\"redirectUris\":["                   \
    "\"http://localhost\"]},\"web\":{\"redirectUris\":[\"http://localhost\"],"           \
    "\"implicitGrantSettings\":{\"enableIdTokenIssuance\":true}},\"api\":{"              \
    "\"oauth2PermissionScopes\":[{\"id\":\"scope-1\",\"type\":\"User\",\"value\":"       \
    "\"user_impersonation\",\"isEnabled\":true}]},\"requiredResourceAccess\":"           \
    "[{\"resourceAppId\":\"" CMG__GRAPH_APP_ID "\",\"resourceAccess\":[{"                \
    "\"id\":\"" CMG__DIRECTORY_READ_ALL "\",\"type\":\"Role\"}]}]}"

START_TEST(given_application_is_adopted_as_it_is)
{
    struct rule rules[] = { TOKEN, ANSWER("GET", GIVEN, 0, 200, RIGHT), { 0 } };

    canned_begin_given(&w, rules, &cmg__step_server_app, SERVER, "");
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_DELETED);
    ck_assert_uint_eq(world_count(&w, "PATCH"), 0);
    ck_assert_str_eq(cmg_server_app_client_id(cmg_gateway_server_app(w.gateway)), SERVER);
    ck_assert_str_eq(cmg_server_app_id_uri(cmg_gateway_server_app(w.gateway)),
                     "https://contoso.com/cm");
    world_done(&w);
}
END_TEST

static const struct {
    int status;
    const char *body;
    cmg_status code;
} unusable[] = {
    { 404, NOT_FOUND, CMG_E_NOTFOUND },
    { 200, "{\"id\":\"go\",\"appId\":\"" SERVER "\",\"identifierUris\":[]}",
      CMG_E_CONFLICT },
};

START_TEST(given_application_that_cannot_be_used_is_an_error_and_not_changed)
{
    struct rule rules[] = {
        TOKEN, ANSWER("GET", GIVEN, 0, unusable[_i].status, unusable[_i].body), { 0 }
    };

    canned_begin_given(&w, rules, &cmg__step_server_app, SERVER, "");
    canned_finish(&w);
    ck_assert_int_eq(w.end_code, unusable[_i].code);
    ck_assert_ptr_nonnull(strstr(w.end_message, SERVER));
    ck_assert_str_ne(w.end_remedy, "");
    ck_assert_uint_eq(world_count(&w, "PATCH"), 0);
    world_done(&w);
}
END_TEST

START_TEST(given_application_is_not_deleted_with_the_gateway)
{
    struct rule rules[] = { TOKEN, { 0 } };

    canned_begin_given(&w, rules, &cmg__step_server_app_gone, _i == 0 ? SERVER : "", "");
    /* The specification may have lost the ID since; the journal has not. */
    if (_i == 1)
        world_fact(&w, "server_adopted", "yes");
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_DELETED);
    ck_assert_uint_eq(world_count(&w, "DELETE"), 0);
    world_done(&w);
}
END_TEST

static void hold_secret(void)
{
    memcpy(w.secrets[0].name, "server-app-secret", 18);
    memcpy(w.secrets[0].data, "v", 1);
    w.secrets[0].len = 1;
    w.secrets[0].there = true;
}

START_TEST(secret_of_a_given_application_stays_when_the_others_go)
{
    struct rule rules[] = { TOKEN, { 0 } };

    canned_begin_given(&w, rules, &cmg__step_secrets_gone, _i == 0 ? SERVER : "", "");
    hold_secret();
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_DELETED);
    ck_assert_int_eq(w.secrets[0].there, _i == 0);
    world_done(&w);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("steps_given");
    TCase *given = tcase_create("given");

    tcase_add_test(given, given_application_is_adopted_as_it_is);
    tcase_add_loop_test(given,
                        given_application_that_cannot_be_used_is_an_error_and_not_changed,
                        0, CMG__ARRAY_LEN(unusable));
    tcase_add_loop_test(given, given_application_is_not_deleted_with_the_gateway, 0, 2);
    tcase_add_loop_test(given, secret_of_a_given_application_stays_when_the_others_go, 0,
                        2);
    suite_add_tcase(suite, given);
    return support_run((Suite *[]){ suite, NULL });
}
