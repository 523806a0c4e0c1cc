/* Microsoft Graph: applications, service principals, grants, deleted items, lists. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/world.h"

static struct world w;

static void setup(void)
{
    world_init(&w);
}

static void teardown(void)
{
    world_done(&w);
}

#define APPS       "/v1.0/applications"
#define PRINCIPALS "/v1.0/servicePrincipals"
#define GRANTS     "/v1.0/oauth2PermissionGrants"
#define BY_NAME    APPS "(uniqueName='libcmg-server-1')"

static void graph_do(int status, const char *method, const char *body, const char *target)
{
    struct reply r;

    world_graph(&w, &r, status, method, body, "%s", target);
    reply_done(&r);
}

static void code_is(const struct reply *r, const char *code)
{
    ck_assert_str_eq(reply_str(r, "/error/code"), code);
    ck_assert_str_ne(reply_str(r, "/error/innerError/request-id"), "");
}

/* ---- applications ---- */

START_TEST(an_upsert_creates_once_and_updates_then)
{
    struct reply r;

    world_graph(&w, &r, 201, "PATCH",
                "{\"displayName\":\"CMG-ServerApp\",\"signInAudience\":\"AzureADMyOrg\","
                "\"tags\":[\"libcmg\"]}",
                BY_NAME);
    ck_assert_str_eq(reply_str(&r, "/uniqueName"), "libcmg-server-1");
    ck_assert_int_eq((int)cmg__json_type(cmg__json_at(r.body, "/passwordCredentials")),
                     CMG__JSON_ARRAY);
    reply_done(&r);
    graph_do(204, "PATCH",
             "{\"displayName\":\"Renamed\",\"web\":{\"implicitGrantSettings\":{"
             "\"enableIdTokenIssuance\":true}}}",
             BY_NAME);
    world_graph(&w, &r, 200, "GET", NULL, BY_NAME);
    ck_assert_str_eq(reply_str(&r, "/displayName"), "Renamed");
    ck_assert_str_eq(reply_str(&r, "/tags/0"), "libcmg");
    ck_assert(cmg__json_bool(r.body, "/web/implicitGrantSettings/enableIdTokenIssuance",
                             false));
    ck_assert(!cmg__json_bool(
        r.body, "/web/implicitGrantSettings/enableAccessTokenIssuance", true));
    reply_done(&r);
    ck_assert_uint_eq(cmg__json_size(cmg__sb_table(w.cloud, "applications")), 1);
}
END_TEST

START_TEST(an_upsert_without_prefer_finds_nothing)
{
    struct reply r;

    world_ask(&w,
              &(struct ask){ .method = "PATCH",
                             .host = GRAPH,
                             .target = BY_NAME,
                             .token = w.graph_token,
                             .body = "{\"displayName\":\"x\"}" },
              &r);
    ck_assert_int_eq(r.status, 404);
    code_is(&r, "Request_ResourceNotFound");
    reply_done(&r);
}
END_TEST

START_TEST(an_application_is_read_by_three_keys)
{
    struct reply r;
    struct app app;

    world_make_app(&w, "x", ",\"uniqueName\":\"o''x\"", &app);
    world_graph(&w, &r, 200, "GET", NULL, APPS "/%s", app.id);
    ck_assert_str_eq(reply_str(&r, "/appId"), app.app_id);
    reply_done(&r);
    world_graph(&w, &r, 200, "GET", NULL, APPS "(appId='%s')?$select=id,displayName",
                app.app_id);
    ck_assert_str_eq(reply_str(&r, "/id"), app.id);
    ck_assert_str_eq(reply_str(&r, "/appId"), "");
    reply_done(&r);
    world_graph(&w, &r, 404, "GET", NULL, APPS "/00000000-0000-0000-0000-000000000000");
    reply_done(&r);
}
END_TEST

static const struct {
    const char *body, *code;
    const char *part; /* of the message */
} bad_bodies[] = {
    { "{}", "Request_BadRequest", "displayName" },
    { "{\"displayName\":\"x\",\"colour\":\"red\"}", "Request_BadRequest", "'colour'" },
    { "{\"displayName\":\"x\",\"web\":{\"colour\":1}}", "Request_BadRequest",
      "'colour'" },
    { "{\"displayName\":7}", "Request_BadRequest", "'displayName'" },
    { "{\"displayName\":\"x\",\"tags\":[1]}", "Request_BadRequest", "'tags'" },
    { "{\"displayName\":\"x\",\"signInAudience\":\"Everybody\"}", "Request_BadRequest",
      "signInAudience" },
    { "{\"displayName\":\"x\",\"appRoles\":[{\"id\":\"no-guid\"}]}", "Request_BadRequest",
      "appRoles" },
    { "{\"displayName\":\"x\",\"api\":{\"requestedAccessTokenVersion\":3}}",
      "Request_BadRequest", "requestedAccessTokenVersion" },
    { "{\"displayName\":\"x\",\"passwordCredentials\":[]}", "Request_BadRequest",
      "'passwordCredentials'" },
    { "[1]", "BadRequest", "payload" },
    { "{", "BadRequest", "payload" },
};

START_TEST(bodies_are_checked_property_by_property)
{
    struct reply r;

    world_graph(&w, &r, 400, "POST", bad_bodies[_i].body, APPS);
    code_is(&r, bad_bodies[_i].code);
    ck_assert_ptr_nonnull(strstr(reply_str(&r, "/error/message"), bad_bodies[_i].part));
    reply_done(&r);
    ck_assert_uint_eq(cmg__json_size(cmg__sb_table(w.cloud, "applications")), 0);
}
END_TEST

static const struct {
    const char *uri;
    int version; /* requestedAccessTokenVersion */
    int status;
} uris[] = {
    { "api://" WORLD_TENANT "/ConfigMgrService", 1, 201 },
    { "https://" WORLD_DOMAIN "/x", 1, 201 },
    { "https://sub." WORLD_DOMAIN, 1, 201 },
    { "https://evil" WORLD_DOMAIN, 1, 400 },
    { "https://ConfigMgrService", 1, 400 },
    { "https://ConfigMgrService", 2, 201 },
    { "api://anything", 1, 400 },
    { "api://" WORLD_TENANT "/x/", 1, 400 },
    { "nonsense", 2, 400 },
};

START_TEST(app_id_uris_follow_the_tenants_policy)
{
    char body[512];

    snprintf(body, sizeof body,
             "{\"displayName\":\"x\",\"signInAudience\":\"AzureADMyOrg\","
             "\"identifierUris\":[\"%s\"],\"api\":{\"requestedAccessTokenVersion\":%d}}",
             uris[_i].uri, uris[_i].version);
    graph_do(uris[_i].status, "POST", body, APPS);
}
END_TEST

START_TEST(an_app_id_uri_is_unique_also_among_the_deleted)
{
    struct reply r;
    struct app app;
    const char *body = "{\"displayName\":\"y\",\"signInAudience\":\"AzureADMyOrg\","
                       "\"identifierUris\":[\"api://" WORLD_TENANT "/One\"]}";

    world_make_app(&w, "x", ",\"identifierUris\":[\"api://" WORLD_TENANT "/One\"]", &app);
    world_graph(&w, &r, 400, "POST", body, APPS);
    code_is(&r, "Request_BadRequest");
    ck_assert_str_eq(reply_str(&r, "/error/details/0/code"), "ObjectConflict");
    reply_done(&r);
    world_graph(&w, &r, 204, "DELETE", NULL, APPS "/%s", app.id);
    reply_done(&r);
    graph_do(400, "POST", body, APPS);
    world_graph(&w, &r, 204, "DELETE", NULL, "/v1.0/directory/deletedItems/%s", app.id);
    reply_done(&r);
    graph_do(201, "POST", body, APPS);
}
END_TEST

START_TEST(a_scope_is_disabled_before_it_is_removed)
{
    struct reply r;
    struct app app;
    static const char scope[] = "\"id\":\"0d5bb3a4-7a52-4e3b-9e0e-1c1f9f6a3a01\","
                                "\"value\":\"user_impersonation\"";
    char extra[512];

    snprintf(extra, sizeof extra,
             ",\"api\":{\"oauth2PermissionScopes\":[{%s,\"isEnabled\":true}]}", scope);
    world_make_app(&w, "x", extra, &app);
    world_graph(&w, &r, 400, "PATCH", "{\"api\":{\"oauth2PermissionScopes\":[]}}",
                APPS "/%s", app.id);
    code_is(&r, "CannotDeleteOrUpdateEnabledEntitlement");
    reply_done(&r);
    snprintf(extra, sizeof extra,
             "{\"api\":{\"oauth2PermissionScopes\":[{%s,\"isEnabled\":false}]}}", scope);
    world_graph(&w, &r, 204, "PATCH", extra, APPS "/%s", app.id);
    reply_done(&r);
    world_graph(&w, &r, 204, "PATCH", "{\"api\":{\"oauth2PermissionScopes\":[]}}",
                APPS "/%s", app.id);
    reply_done(&r);
}
END_TEST

START_TEST(a_secret_is_shown_once_and_signs_in_until_removed)
{
    struct reply r;
    struct app app;
    char body[128];

    world_make_app(&w, "x", "", &app);
    ck_assert_uint_gt(strlen(app.secret), 20);
    world_graph(&w, &r, 200, "GET", NULL, APPS "/%s", app.id);
    ck_assert_ptr_null(strstr(cmg__buf_cstr(&r.answer.body), app.secret));
    ck_assert_uint_eq(strlen(reply_str(&r, "/passwordCredentials/0/hint")), 3);
    snprintf(body, sizeof body, "{\"keyId\":\"%s\"}",
             reply_str(&r, "/passwordCredentials/0/keyId"));
    reply_done(&r);
    char *token = world_sign_in_as(&w, app.app_id, app.secret,
                                   "https://graph.microsoft.com/.default");
    ck_assert_ptr_nonnull(token);
    free(token);
    world_graph(&w, &r, 204, "POST", body, APPS "/%s/removePassword", app.id);
    reply_done(&r);
    ck_assert_ptr_null(world_sign_in_as(&w, app.app_id, app.secret,
                                        "https://graph.microsoft.com/.default"));
    world_graph(&w, &r, 400, "POST", body, APPS "/%s/removePassword", app.id);
    reply_done(&r);
}
END_TEST

/* ---- principals and consent ---- */

START_TEST(a_principal_needs_its_application_and_comes_once)
{
    struct reply r;
    struct app app;
    char body[128];

    world_make_app(&w, "x", "", &app);
    snprintf(body, sizeof body, "{\"appId\":\"%s\"}", app.app_id);
    world_graph(&w, &r, 409, "POST", body, PRINCIPALS);
    code_is(&r, "Request_MultipleObjectsWithSameKeyValue");
    reply_done(&r);
    world_graph(&w, &r, 204, "PATCH", body, PRINCIPALS "(appId='%s')", app.app_id);
    reply_done(&r);
    world_graph(&w, &r, 400, "PATCH", "{}",
                PRINCIPALS "(appId='00000000-0000-0000-0000-000000000001')");
    ck_assert_ptr_nonnull(strstr(reply_str(&r, "/error/message"), "does not reference"));
    reply_done(&r);
}
END_TEST

static void graphs_own_principal(char out[64])
{
    struct reply r;

    world_graph(&w, &r, 200, "GET", NULL,
                PRINCIPALS "(appId='" GRAPH_APP "')?$select=id,appRoles");
    snprintf(out, 64, "%s", reply_str(&r, "/id"));
    ck_assert_str_ne(out, "");
    ck_assert_ptr_nonnull(strstr(cmg__buf_cstr(&r.answer.body), DIRECTORY_READ_ALL));
    reply_done(&r);
}

START_TEST(application_consent_puts_the_role_into_tokens)
{
    struct reply r;
    struct app app;
    char graph_sp[64], body[512];

    world_make_app(&w, "x", "", &app);
    graphs_own_principal(graph_sp);
    snprintf(body, sizeof body,
             "{\"principalId\":\"%s\",\"resourceId\":\"%s\",\"appRoleId\":\"%s\"}",
             app.sp_id, graph_sp, DIRECTORY_READ_ALL);
    world_graph(&w, &r, 201, "POST", body, PRINCIPALS "/%s/appRoleAssignedTo", graph_sp);
    reply_done(&r);
    world_graph(&w, &r, 400, "POST", body, PRINCIPALS "/%s/appRoleAssignments",
                app.sp_id);
    ck_assert_ptr_nonnull(strstr(reply_str(&r, "/error/message"), "already exists"));
    reply_done(&r);
    world_graph(&w, &r, 200, "GET", NULL, PRINCIPALS "/%s/appRoleAssignments", app.sp_id);
    ck_assert_str_eq(reply_str(&r, "/value/0/appRoleId"), DIRECTORY_READ_ALL);
    reply_done(&r);
    char *token = world_sign_in_as(&w, app.app_id, app.secret,
                                   "https://graph.microsoft.com/.default");
    struct ask ask = { .method = "GET", .host = GRAPH, .target = APPS, .token = token };
    world_ask(&w, &ask, &r);
    ck_assert_int_eq(r.status, 200);
    reply_done(&r);
    ask.method = "POST";
    ask.body = "{\"displayName\":\"no right\"}";
    world_ask(&w, &ask, &r);
    ck_assert_int_eq(r.status, 403);
    reply_done(&r);
    free(token);
}
END_TEST

START_TEST(a_role_assignment_needs_real_ids)
{
    struct reply r;
    struct app app;
    char graph_sp[64], body[512];

    world_make_app(&w, "x", "", &app);
    graphs_own_principal(graph_sp);
    snprintf(body, sizeof body,
             "{\"principalId\":\"%s\",\"resourceId\":\"%s\",\"appRoleId\":\"%s\"}",
             app.id, graph_sp,
             DIRECTORY_READ_ALL); /* the application's ID, not the principal's */
    world_graph(&w, &r, 400, "POST", body, PRINCIPALS "/%s/appRoleAssignedTo", graph_sp);
    ck_assert_ptr_nonnull(strstr(reply_str(&r, "/error/message"), "Not a valid"));
    reply_done(&r);
    snprintf(body, sizeof body,
             "{\"principalId\":\"%s\",\"resourceId\":\"%s\",\"appRoleId\":\"%s\"}",
             app.sp_id, graph_sp, WORLD_TENANT);
    world_graph(&w, &r, 400, "POST", body, PRINCIPALS "/%s/appRoleAssignedTo", graph_sp);
    reply_done(&r);
}
END_TEST

START_TEST(delegated_consent_is_one_object_per_pair)
{
    struct reply r;
    struct app server, client;
    char body[512], id[64];

    world_make_app(&w, "server", "", &server);
    world_make_app(&w, "client", "", &client);
    snprintf(body, sizeof body,
             "{\"clientId\":\"%s\",\"consentType\":\"AllPrincipals\",\"resourceId\":"
             "\"%s\",\"scope\":\"user_impersonation\"}",
             client.sp_id, server.sp_id);
    world_graph(&w, &r, 201, "POST", body, GRANTS);
    snprintf(id, sizeof id, "%s", reply_str(&r, "/id"));
    reply_done(&r);
    world_graph(&w, &r, 409, "POST", body, GRANTS);
    code_is(&r, "Request_MultipleObjectsWithSameKeyValue");
    reply_done(&r);
    world_graph(&w, &r, 204, "PATCH", "{\"scope\":\"a b\"}", GRANTS "/%s", id);
    reply_done(&r);
    world_graph(&w, &r, 200, "GET", NULL,
                GRANTS "?$filter=clientId%%20eq%%20'%s'%%20and%%20consentType%%20eq%%20"
                       "'AllPrincipals'",
                client.sp_id);
    ck_assert_str_eq(reply_str(&r, "/value/0/scope"), "a b");
    reply_done(&r);
    world_graph(&w, &r, 400, "POST", "{\"startTime\":\"x\"}", GRANTS);
    reply_done(&r);
    world_graph(&w, &r, 204, "DELETE", NULL, GRANTS "/%s", id);
    reply_done(&r);
    world_graph(&w, &r, 404, "DELETE", NULL, GRANTS "/%s", id);
    reply_done(&r);
}
END_TEST

START_TEST(deleting_an_application_takes_principal_and_grants_along)
{
    struct reply r;
    struct app server, client;
    char body[512];

    world_make_app(&w, "server", "", &server);
    world_make_app(&w, "client", "", &client);
    snprintf(body, sizeof body,
             "{\"clientId\":\"%s\",\"consentType\":\"AllPrincipals\",\"resourceId\":"
             "\"%s\",\"scope\":\"user_impersonation\"}",
             client.sp_id, server.sp_id);
    graph_do(201, "POST", body, GRANTS);
    world_graph(&w, &r, 204, "DELETE", NULL, APPS "/%s", client.id);
    reply_done(&r);
    ck_assert_uint_eq(cmg__json_size(cmg__sb_table(w.cloud, "grants")), 0);
    world_graph(&w, &r, 404, "GET", NULL, PRINCIPALS "/%s", client.sp_id);
    reply_done(&r);
    world_graph(&w, &r, 200, "GET", NULL, "/v1.0/directory/deletedItems/%s", client.id);
    ck_assert_str_eq(reply_str(&r, "/appId"), client.app_id);
    reply_done(&r);
    world_graph(&w, &r, 200, "GET", NULL,
                "/v1.0/directory/deletedItems/microsoft.graph.servicePrincipal");
    ck_assert_str_eq(reply_str(&r, "/value/0/id"), client.sp_id);
    reply_done(&r);
    world_graph(&w, &r, 200, "POST", "{}", "/v1.0/directory/deletedItems/%s/restore",
                client.id);
    reply_done(&r);
    world_graph(&w, &r, 200, "GET", NULL, APPS "/%s", client.id);
    ck_assert_str_eq(reply_str(&r, "/deletedDateTime"), "");
    reply_done(&r);
}
END_TEST

START_TEST(strangers_principals_are_not_ours_to_delete)
{
    struct reply r;
    char id[64];

    graphs_own_principal(id);
    world_graph(&w, &r, 403, "DELETE", NULL, PRINCIPALS "/%s", id);
    reply_done(&r);
}
END_TEST

/* ---- lists ---- */

START_TEST(lists_come_in_pages)
{
    struct reply r;
    char next[512];
    size_t seen = 0;

    for (int i = 0; i < 5; i++)
        graph_do(201, "POST", "{\"displayName\":\"x\"}", APPS);
    world_graph(&w, &r, 200, "GET", NULL,
                APPS "?$top=2&$filter=displayName%%20eq%%20'x'");
    for (;;) {
        seen += cmg__json_size(cmg__json_key(r.body, "value"));
        ck_assert_uint_le(cmg__json_size(cmg__json_key(r.body, "value")), 2);
        const char *link = cmg__json_str(cmg__json_key(r.body, "@odata.nextLink"), "");
        snprintf(next, sizeof next, "%s", cmg__str_or(link, ""));
        reply_done(&r);
        if (next[0] == '\0')
            break;
        ck_assert(cmg__str_starts(next, "https://" GRAPH "/v1.0/"));
        world_graph(&w, &r, 200, "GET", NULL, "%s", next + strlen("https://" GRAPH));
    }
    ck_assert_uint_eq(seen, 5);
}
END_TEST

START_TEST(the_directory_tells_who_it_is)
{
    struct reply r;

    world_graph(&w, &r, 200, "GET", NULL, "/v1.0/organization?$select=id");
    ck_assert_str_eq(reply_str(&r, "/value/0/id"), WORLD_TENANT);
    ck_assert_str_ne(reply_head(&r, "request-id"), "");
    reply_done(&r);
    world_graph(&w, &r, 400, "GET", NULL, "/v1.0/me");
    reply_done(&r);
    world_graph(&w, &r, 400, "GET", NULL, "/v1.0/nowhere");
    reply_done(&r);
    world_graph(&w, &r, 405, "DELETE", NULL, "/v1.0/organization");
    reply_done(&r);
}
END_TEST

static const struct {
    const char *method, *before, *after; /* the application's ID goes between, if any */
    const char *context;
} contexts[] = {
    { "GET", "/v1.0/organization", NULL, "organization" },
    { "GET", "/v1.0/domains", NULL, "domains" },
    { "GET", APPS, NULL, "applications" },
    { "GET", APPS "(appId='", "')", "applications/$entity" },
    { "POST", APPS "(appId='", "')/addPassword", "microsoft.graph.passwordCredential" },
};

START_TEST(addresses_in_answers_are_on_the_host_that_was_asked)
{
    static const char *const hosts[] = { GRAPH, "localhost:4711" };
    struct reply r;
    struct app app;
    char target[128], wanted[128];
    const char *after = contexts[_i].after;

    world_make_app(&w, "x", "", &app);
    snprintf(target, sizeof target, "%s%s%s", contexts[_i].before,
             after == NULL ? "" : app.app_id, cmg__str_or(after, ""));
    for (size_t i = 0; i < CMG__ARRAY_LEN(hosts); i++) {
        world_ask(&w,
                  &(struct ask){ .method = contexts[_i].method,
                                 .host = hosts[i],
                                 .target = target,
                                 .token = w.graph_token },
                  &r);
        ck_assert_int_eq(r.status, 200);
        snprintf(wanted, sizeof wanted, "https://%s/v1.0/$metadata#%s", hosts[i],
                 contexts[_i].context);
        ck_assert_str_eq(
            cmg__str_or(cmg__json_str(cmg__json_key(r.body, "@odata.context"), ""), ""),
            wanted);
        reply_done(&r);
    }
}
END_TEST

static void add_applications(TCase *t)
{
    tcase_add_test(t, an_upsert_creates_once_and_updates_then);
    tcase_add_test(t, an_upsert_without_prefer_finds_nothing);
    tcase_add_test(t, an_application_is_read_by_three_keys);
    tcase_add_loop_test(t, bodies_are_checked_property_by_property, 0,
                        CMG__ARRAY_LEN(bad_bodies));
    tcase_add_loop_test(t, app_id_uris_follow_the_tenants_policy, 0,
                        CMG__ARRAY_LEN(uris));
    tcase_add_test(t, an_app_id_uri_is_unique_also_among_the_deleted);
    tcase_add_test(t, a_scope_is_disabled_before_it_is_removed);
    tcase_add_test(t, a_secret_is_shown_once_and_signs_in_until_removed);
}

static void add_consent(TCase *t)
{
    tcase_add_test(t, a_principal_needs_its_application_and_comes_once);
    tcase_add_test(t, application_consent_puts_the_role_into_tokens);
    tcase_add_test(t, a_role_assignment_needs_real_ids);
    tcase_add_test(t, delegated_consent_is_one_object_per_pair);
    tcase_add_test(t, deleting_an_application_takes_principal_and_grants_along);
    tcase_add_test(t, strangers_principals_are_not_ours_to_delete);
}

static void add_lists(TCase *t)
{
    tcase_add_test(t, lists_come_in_pages);
    tcase_add_test(t, the_directory_tells_who_it_is);
    tcase_add_loop_test(t, addresses_in_answers_are_on_the_host_that_was_asked, 0,
                        CMG__ARRAY_LEN(contexts));
}

static Suite *suite(void)
{
    Suite *s = suite_create("graph");
    TCase *const all[] = { tcase_create("applications"), tcase_create("consent"),
                           tcase_create("lists") };

    add_applications(all[0]);
    add_consent(all[1]);
    add_lists(all[2]);
    for (size_t i = 0; i < CMG__ARRAY_LEN(all); i++) {
        tcase_add_checked_fixture(all[i], setup, teardown);
        tcase_set_timeout(all[i], 60);
        suite_add_tcase(s, all[i]);
    }
    return s;
}

int main(void)
{
    Suite *const suites[] = { suite(), NULL };
    return support_run(suites);
}
