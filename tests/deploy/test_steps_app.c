/*
 * Single steps with canned answers: applications, the client secret.
 */
#include "canned.h"

#include <stdio.h>
#include <string.h>

static struct world w;

/* ---- applications ---- */

#define APP_HEAD "{\"id\":\"so\",\"appId\":\"sa\",\"tags\":[\"libcmg\",\"libcmg:%s\"]"
#define APP_RIGHT                                                                        \
    APP_HEAD ",\"identifierUris\":[\"api://" WORLD_TENANT "/CMG-ServerApp\"],\"api\":{"  \
             "\"oauth2PermissionScopes\":[{\"id\":\"scope-1\",\"value\":"                \
             "\"user_impersonation\",\"isEnabled\":true}]},\"requiredResourceAccess\":"  \
             "[{\"resourceAppId\":\"" CMG__GRAPH_APP_ID "\",\"resourceAccess\":[{"       \
             "\"id\":\"" CMG__DIRECTORY_READ_ALL "\",\"type\":\"Role\"}]}]}"
#define BY_NAME "uniqueName='libcmg-server-granitefalls'"

START_TEST(application_that_is_right_is_adopted)
{
    struct rule rules[] = { TOKEN,
                            ANSWER("GET", BY_NAME, 0, 200, canned_with_id(APP_RIGHT)),
                            { 0 } };

    canned_begin(&w, rules, &cmg__step_server_app);
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_DELETED);
    ck_assert_uint_eq(world_count(&w, "graph"), 1 + 1); /* its token, one look */
    ck_assert_str_eq(cmg_server_app_client_id(cmg_gateway_server_app(w.gateway)), "sa");
    world_done(&w);
}
END_TEST

START_TEST(application_is_created_and_read_back_until_it_is_right)
{
    struct rule rules[] = {
        TOKEN,
        ANSWER("GET", BY_NAME, 1, 404, NOT_FOUND),
        ANSWER("PATCH", BY_NAME, 0, 201, canned_with_id(APP_HEAD "}")),
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

START_TEST(application_of_another_deployment_is_not_touched)
{
    struct rule rules[] = {
        TOKEN,
        ANSWER("GET", BY_NAME, 0, 200,
               "{\"id\":\"so\",\"appId\":\"sa\",\"tags\":[\"libcmg:other\"]}"),
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

/* ---- the secret ---- */

#define ADDED                                                                            \
    "{\"keyId\":\"k-new\",\"secretText\":\"value-1\",\"displayName\":\"x\","             \
    "\"endDateTime\":\"2028-11-22T00:00:00.1234567Z\"}"

/* Ours begin with "libcmg " and the first eight digits of the deployment's ID. */
static const char *credentials(const char *others)
{
    static char text[1024];
    char mark[16];

    (void)snprintf(mark, sizeof mark, "%.8s", canned_with_id("%s"));
    (void)snprintf(text, sizeof text,
                   "{\"id\":\"so\",\"passwordCredentials\":[{\"keyId\":\"k-lost\","
                   "\"displayName\":\"libcmg %s 0badcafe\"}%s]}",
                   mark, others);
    return text;
}

START_TEST(lost_secret_is_removed_before_a_new_one_is_added)
{
    struct rule rules[] = {
        TOKEN,
        ANSWER("GET", "/applications/so", 1, 200,
               credentials(",{\"keyId\":\"k-theirs\",\"displayName\":\"portal\"}")),
        ANSWER("POST", "/removePassword", 0, 204, NULL),
        ANSWER("GET", "/applications/so", 0, 200, "{\"passwordCredentials\":[]}"),
        ANSWER("POST", "/addPassword", 0, 200, ADDED),
        { 0 }
    };

    canned_begin(&w, rules, &cmg__step_server_secret);
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_DELETED);
    ck_assert_uint_eq(world_count(&w, "/removePassword"), 1);
    ck_assert_uint_eq(world_count(&w, "{\"keyId\":\"k-lost\"}"), 1);
    ck_assert_uint_eq(world_count(&w, "/addPassword"), 1);
    ck_assert_str_eq(w.secrets[0].name, "server-app-secret");
    ck_assert_uint_eq(w.secrets[0].len, 7);
    ck_assert_mem_eq(w.secrets[0].data, "value-1", 7);
    ck_assert_int_eq(
        cmg_server_app_secret_expires_unix_s(cmg_gateway_server_app(w.gateway)),
        1858464000);
    world_done(&w);
}
END_TEST

START_TEST(held_secret_is_kept)
{
    struct rule rules[] = { TOKEN,
                            ANSWER("GET", "/applications/so", 0, 200,
                                   "{\"passwordCredentials\":[{\"keyId\":\"k-1\","
                                   "\"endDateTime\":\"2028-11-22T00:00:00Z\"}]}"),
                            { 0 } };

    canned_begin(&w, rules, &cmg__step_server_secret);
    world_fact(&w, "server_secret_key_id", "k-1");
    memcpy(w.secrets[0].name, "server-app-secret", 18);
    memcpy(w.secrets[0].data, "v", 1);
    w.secrets[0].len = 1;
    w.secrets[0].there = true;
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_DELETED);
    ck_assert_uint_eq(world_count(&w, "POST https://graph"), 0);
    world_done(&w);
}
END_TEST

START_TEST(secret_never_gets_into_the_journal)
{
    struct rule rules[] = { TOKEN,
                            ANSWER("GET", "/applications/so", 0, 200,
                                   "{\"passwordCredentials\":[]}"),
                            ANSWER("POST", "/addPassword", 0, 200, ADDED),
                            { 0 } };

    canned_begin(&w, rules, &cmg__step_server_secret);
    w.memory.canary = "value-1";
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_DELETED);
    for (size_t i = 0; i + 7 < sizeof w.journal; i++)
        ck_assert_int_ne(memcmp(w.journal + i, "value-1", 7), 0);
    ck_assert(!w.memory.canary_seen);
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
    tcase_add_test(apps, lost_secret_is_removed_before_a_new_one_is_added);
    tcase_add_test(apps, held_secret_is_kept);
    tcase_add_test(apps, secret_never_gets_into_the_journal);
    suite_add_tcase(suite, apps);
    return support_run((Suite *[]){ suite, NULL });
}
