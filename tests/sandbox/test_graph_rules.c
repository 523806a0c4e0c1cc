/* Microsoft Graph's rules: what an application may be made of, owners, what comes back
   from the deleted, and what a read may ask for. */
#include <stdio.h>
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
#define DELETED    "/v1.0/directory/deletedItems"
#define ID_1       "0d5bb3a4-7a52-4e3b-9e0e-1c1f9f6a3a01"
#define ID_2       "0d5bb3a4-7a52-4e3b-9e0e-1c1f9f6a3a02"

static void refused(const struct reply *r, int status, const char *code, const char *part)
{
    ck_assert_int_eq(r->status, status);
    ck_assert_str_eq(reply_str(r, "/error/code"), code);
    ck_assert_msg(strstr(reply_str(r, "/error/message"), part) != NULL, "no %s in: %s",
                  part, reply_str(r, "/error/message"));
}

/* ---- properties ---- */

#define SCOPES(list)   "\"api\":{\"oauth2PermissionScopes\":[" list "]}"
#define ACCESS(rights) "\"requiredResourceAccess\":[" rights "]"

static const struct {
    const char *extra, *part;
} wrong[] = {
    { SCOPES("{\"id\":\"" ID_1 "\",\"colour\":1}"), "'colour'" },
    { SCOPES("{\"id\":\"" ID_1 "\",\"isEnabled\":\"yes\"}"), "isEnabled" },
    { SCOPES("{\"value\":\"x\"}"), "valid id" },
    { SCOPES("{\"id\":\"" ID_1 "\"},{\"id\":\"" ID_1 "\"}"), "id is there twice" },
    { SCOPES("{\"id\":\"" ID_1 "\",\"value\":\"a\"},{\"id\":\"" ID_2
             "\",\"value\":\"a\"}"),
      "value is there twice" },
    { SCOPES("{\"id\":\"" ID_1 "\",\"value\":\"a b\"}"), "blanks" },
    { SCOPES("{\"id\":\"" ID_1 "\",\"type\":\"Everybody\"}"), "neither User nor Admin" },
    { "\"appRoles\":[{\"id\":\"" ID_1 "\",\"allowedMemberTypes\":[]}]",
      "allowedMemberTypes" },
    { "\"appRoles\":[{\"id\":\"" ID_1 "\",\"allowedMemberTypes\":[\"Robot\"]}]",
      "allowedMemberTypes" },
    { ACCESS("{\"resourceAppId\":\"x\",\"resourceAccess\":[]}"), "resourceAppId" },
    { ACCESS("{\"resourceAppId\":\"" ID_1 "\",\"resourceAccess\":[]},"
             "{\"resourceAppId\":\"" ID_1 "\",\"resourceAccess\":[]}"),
      "twice" },
    { ACCESS("{\"resourceAppId\":\"" ID_1 "\",\"resourceAccess\":[{\"id\":\"" ID_2
             "\",\"type\":\"Wish\"}]}"),
      "neither Scope nor Role" },
    { "\"publicClient\":{\"redirectUris\":[\"nonsense\"]}", "redirect URI" },
    { "\"publicClient\":{\"redirectUris\":[\"http://localhost\",\"http://localhost\"]}",
      "twice" },
    { "\"web\":{\"redirectUris\":[\"http://example.com/\"]}", "redirect URI" },
    { "\"web\":{\"redirectUris\":[\"https://example.com/#x\"]}", "redirect URI" },
    { "\"identifierUris\":[\"api://" WORLD_TENANT "/a\",\"api://" WORLD_TENANT "/A\"]",
      "already exists" },
};

START_TEST(values_that_do_not_fit_one_another_are_refused)
{
    struct reply r;
    char body[1024];

    snprintf(body, sizeof body, "{\"displayName\":\"x\",%s}", wrong[_i].extra);
    world_graph(&w, &r, 400, "POST", body, APPS);
    refused(&r, 400, "Request_BadRequest", wrong[_i].part);
    reply_done(&r);
    ck_assert_uint_eq(cmg__json_size(cmg__sb_table(w.cloud, "applications")), 0);
}
END_TEST

static const struct {
    const char *before, *after; /* the text goes between */
    size_t longest;
} lengths[] = {
    { "{\"displayName\":\"", "\"}", 256 },
    { "{\"displayName\":\"x\",\"notes\":\"", "\"}", 1024 },
    { "{\"displayName\":\"x\",\"tags\":[\"one\",\"", "\"]}", 256 },
    { "{\"displayName\":\"x\",\"api\":{\"oauth2PermissionScopes\":[{\"id\":\"" ID_1
      "\",\"value\":\"",
      "\"}]}}", 120 },
};

START_TEST(texts_have_a_greatest_length)
{
    char text[2048], body[4096];

    for (size_t more = 0; more < 2; more++) {
        struct reply r;
        memset(text, 'a', sizeof text);
        text[lengths[_i].longest + more] = '\0';
        snprintf(body, sizeof body, "%s%s%s", lengths[_i].before, text,
                 lengths[_i].after);
        world_graph(&w, &r, more == 0 ? 201 : 400, "POST", body, APPS);
        if (more > 0)
            refused(&r, 400, "Request_BadRequest", "length");
        reply_done(&r);
    }
}
END_TEST

START_TEST(an_app_id_uri_holds_the_own_id_as_a_whole_part)
{
    static const struct {
        const char *before, *after;
        int status;
    } forms[] = {
        { "api://", "", 204 },
        { "api://name/", "", 204 },
        { "api://" WORLD_TENANT "/", "", 204 },
        { "api://x", "", 400 },
        { "api://", "0", 400 },
        { "urn://", "", 400 },
    };
    struct reply r;
    struct app app;
    char body[256];

    world_make_app(&w, "x", "", &app);
    for (size_t i = 0; i < CMG__ARRAY_LEN(forms); i++) {
        snprintf(body, sizeof body, "{\"identifierUris\":[\"%s%s%s\"]}", forms[i].before,
                 app.app_id, forms[i].after);
        world_graph(&w, &r, forms[i].status, "PATCH", body, APPS "/%s", app.id);
        reply_done(&r);
    }
}
END_TEST

START_TEST(an_old_app_id_uri_may_stay_when_the_policy_would_refuse_it)
{
    struct reply r;
    struct app app;

    world_make_app(&w, "x",
                   ",\"identifierUris\":"
                   "[\"https://ConfigMgrService\"],\"api\":{"
                   "\"requestedAccessTokenVersion\":2}",
                   &app);
    world_graph(&w, &r, 204, "PATCH", "{\"api\":{\"requestedAccessTokenVersion\":1}}",
                APPS "/%s", app.id);
    reply_done(&r);
    world_graph(&w, &r, 204, "PATCH", "{\"notes\":\"x\"}", APPS "/%s", app.id);
    reply_done(&r);
    world_graph(&w, &r, 400, "PATCH", "{\"identifierUris\":[\"https://Another\"]}",
                APPS "/%s", app.id);
    refused(&r, 400, "HostNameNotOnVerifiedDomain", "https://Another");
    reply_done(&r);
}
END_TEST

START_TEST(an_enabled_scope_keeps_its_value)
{
    struct reply r;
    struct app app;

    world_make_app(&w, "x",
                   "," SCOPES("{\"id\":\"" ID_1 "\",\"value\":\"a\",\"isEnabled\":true}"),
                   &app);
    world_graph(
        &w, &r, 400, "PATCH",
        "{" SCOPES("{\"id\":\"" ID_1 "\",\"value\":\"b\",\"isEnabled\":true}") "}",
        APPS "/%s", app.id);
    refused(&r, 400, "CannotDeleteOrUpdateEnabledEntitlement", "disabled first");
    reply_done(&r);
    world_graph(&w, &r, 204, "PATCH",
                "{" SCOPES("{\"id\":\"" ID_1 "\",\"value\":\"a\",\"isEnabled\":true,"
                           "\"adminConsentDisplayName\":\"text\"}") "}",
                APPS "/%s", app.id);
    reply_done(&r);
}
END_TEST

/* ---- owners ---- */

START_TEST(owners_are_added_once_listed_and_removed)
{
    struct reply r;
    struct app app, other;
    char body[256];

    world_make_app(&w, "x", "", &app);
    world_make_app(&w, "other", "", &other);
    snprintf(body, sizeof body,
             "{\"@odata.id\":\"https://" GRAPH "/v1.0/directoryObjects/%s\"}",
             other.sp_id);
    world_graph(&w, &r, 204, "POST", body, APPS "/%s/owners/$ref", app.id);
    reply_done(&r);
    world_graph(&w, &r, 400, "POST", body, APPS "/%s/owners/$ref", app.id);
    refused(&r, 400, "Request_BadRequest", "already exist");
    reply_done(&r);
    world_graph(&w, &r, 200, "GET", NULL, APPS "/%s/owners", app.id);
    ck_assert_str_eq(reply_str(&r, "/value/0/id"), other.sp_id);
    ck_assert_uint_eq(cmg__json_size(cmg__json_key(r.body, "value")), 1);
    reply_done(&r);
    world_graph(&w, &r, 204, "DELETE", NULL, APPS "/%s/owners/%s/$ref", app.id,
                other.sp_id);
    reply_done(&r);
    world_graph(&w, &r, 404, "DELETE", NULL, APPS "/%s/owners/%s/$ref", app.id,
                other.sp_id);
    reply_done(&r);
    world_graph(&w, &r, 404, "POST", "{\"@odata.id\":\"https://x/directoryObjects/y\"}",
                PRINCIPALS "/%s/owners/$ref", app.sp_id);
    reply_done(&r);
}
END_TEST

/* ---- the deleted ---- */

START_TEST(a_principal_comes_back_after_its_application_and_not_beside_another)
{
    struct reply r;
    struct app app;
    char body[128];

    world_make_app(&w, "x", "", &app);
    world_graph(&w, &r, 204, "DELETE", NULL, APPS "/%s", app.id);
    reply_done(&r);
    world_graph(&w, &r, 400, "POST", "{}", DELETED "/%s/restore", app.sp_id);
    refused(&r, 400, "Request_BadRequest", "does not reference");
    reply_done(&r);
    world_graph(&w, &r, 200, "POST", "{}", DELETED "/%s/restore", app.id);
    reply_done(&r);
    snprintf(body, sizeof body, "{\"appId\":\"%s\"}", app.app_id);
    world_graph(&w, &r, 201, "POST", body, PRINCIPALS);
    reply_done(&r);
    world_graph(&w, &r, 409, "POST", "{}", DELETED "/%s/restore", app.sp_id);
    refused(&r, 409, "Request_MultipleObjectsWithSameKeyValue", "already in use");
    reply_done(&r);
    world_graph(&w, &r, 204, "DELETE", NULL, PRINCIPALS "(appId='%s')", app.app_id);
    reply_done(&r);
    world_graph(&w, &r, 200, "POST", "{}", DELETED "/%s/microsoft.graph.restore",
                app.sp_id);
    reply_done(&r);
}
END_TEST

START_TEST(purging_an_application_leaves_its_principal_among_the_deleted)
{
    struct reply r;
    struct app app;

    world_make_app(&w, "x", "", &app);
    world_graph(&w, &r, 204, "DELETE", NULL, APPS "/%s", app.id);
    reply_done(&r);
    world_graph(&w, &r, 204, "DELETE", NULL, DELETED "/%s", app.id);
    reply_done(&r);
    world_graph(&w, &r, 200, "GET", NULL, DELETED "/microsoft.graph.servicePrincipal");
    ck_assert_str_eq(reply_str(&r, "/value/0/appId"), app.app_id);
    reply_done(&r);
    world_graph(&w, &r, 400, "POST", "{}", DELETED "/%s/restore", app.sp_id);
    reply_done(&r);
}
END_TEST

/* ---- reading ---- */

static const struct {
    const char *query, *code, *part;
} bad_queries[] = {
    { "?$top=0", "Request_UnsupportedQuery", "'0'" },
    { "?$top=1000", "Request_UnsupportedQuery", "'1000'" },
    { "?$top=x", "Request_UnsupportedQuery", "'x'" },
    { "?$skip=1", "Request_UnsupportedQuery", "skip" },
    { "?$search=x", "Request_UnsupportedQuery", "ConsistencyLevel" },
    { "?$orderby=displayName", "Request_UnsupportedQuery", "Sorting" },
    { "?$select=id,colour", "BadRequest", "'colour'" },
    { "?$skiptoken=1", "Directory_ExpiredPageToken", "page token" },
    { "?$filter=displayName%20ne%20'x'", "Request_UnsupportedQuery", "filter" },
};

START_TEST(a_list_cannot_be_asked_for_anything)
{
    struct reply r;

    world_make_app(&w, "x", "", &(struct app){ .id = "" });
    world_graph(&w, &r, 400, "GET", NULL, APPS "%s", bad_queries[_i].query);
    refused(&r, 400, bad_queries[_i].code, bad_queries[_i].part);
    reply_done(&r);
}
END_TEST

START_TEST(an_unknown_property_of_one_entity_is_refused)
{
    struct reply r;
    struct app app;

    world_make_app(&w, "x", "", &app);
    world_graph(&w, &r, 400, "GET", NULL, APPS "/%s?$select=colour", app.id);
    refused(&r, 400, "BadRequest", "'colour'");
    reply_done(&r);
}
END_TEST

START_TEST(a_pages_link_is_one_opaque_word_that_keeps_the_selection)
{
    struct reply r;
    char next[1024];
    static const char base[] = "https://" GRAPH APPS "?$skiptoken=";

    for (int i = 0; i < 3; i++) {
        world_graph(&w, &r, 201, "POST", "{\"displayName\":\"x\"}", APPS);
        reply_done(&r);
    }
    world_graph(&w, &r, 200, "GET", NULL, APPS "?$select=appId&$top=2");
    snprintf(
        next, sizeof next, "%s",
        cmg__str_or(cmg__json_str(cmg__json_key(r.body, "@odata.nextLink"), ""), ""));
    reply_done(&r);
    ck_assert_ptr_nonnull(strstr(next, base));
    const char *token = next + strlen(base);
    ck_assert_uint_eq(strspn(token, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                    "0123456789-_"),
                      strlen(token));
    world_graph(&w, &r, 200, "GET", NULL, "%s", next + strlen("https://" GRAPH));
    ck_assert_uint_eq(cmg__json_size(cmg__json_key(r.body, "value")), 1);
    ck_assert_uint_eq(cmg__json_size(cmg__json_at(r.body, "/value/0")), 1);
    ck_assert_ptr_null(cmg__json_key(r.body, "@odata.nextLink"));
    reply_done(&r);
}
END_TEST

START_TEST(an_advanced_query_needs_header_and_count)
{
    struct reply r;
    static const char *const targets[] = {
        APPS "?$filter=displayName%20ne%20'x'",
        APPS "?$filter=displayName%20ne%20'x'&$count=true",
        APPS "?$filter=displayName%20ne%20'x'&$count=true",
    };
    static const char *const levels[] = { "eventual", NULL, "eventual" };
    static const int statuses[] = { 400, 400, 200 };

    world_make_app(&w, "x", "", &(struct app){ .id = "" });
    world_make_app(&w, "y", "", &(struct app){ .id = "" });
    for (size_t i = 0; i < CMG__ARRAY_LEN(targets); i++) {
        world_ask(&w,
                  &(struct ask){ .method = "GET",
                                 .host = GRAPH,
                                 .target = targets[i],
                                 .token = w.graph_token,
                                 .level = levels[i] },
                  &r);
        ck_assert_int_eq(r.status, statuses[i]);
        if (r.status == 200) {
            ck_assert_int_eq(cmg__json_int(cmg__json_key(r.body, "@odata.count"), "", 0),
                             1);
            ck_assert_str_eq(reply_str(&r, "/value/0/displayName"), "y");
        }
        reply_done(&r);
    }
}
END_TEST

/* ---- consent twice ---- */

START_TEST(a_second_assignment_is_refused_in_two_ways)
{
    struct reply r;
    struct app app;
    char graph_sp[64], body[512];

    world_make_app(&w, "x", "", &app);
    world_graph(&w, &r, 200, "GET", NULL, PRINCIPALS "(appId='" GRAPH_APP "')");
    snprintf(graph_sp, sizeof graph_sp, "%s", reply_str(&r, "/id"));
    reply_done(&r);
    snprintf(body, sizeof body,
             "{\"principalId\":\"%s\",\"resourceId\":\"%s\",\"appRoleId\":\"%s\"}",
             app.sp_id, graph_sp, DIRECTORY_READ_ALL);
    world_graph(&w, &r, 201, "POST", body, PRINCIPALS "/%s/appRoleAssignedTo", graph_sp);
    reply_done(&r);
    world_graph(&w, &r, 409, "POST", body, PRINCIPALS "/%s/appRoleAssignedTo", graph_sp);
    refused(&r, 409, "Request_MultipleObjectsWithSameKeyValue", "EntitlementGrant");
    reply_done(&r);
    world_graph(&w, &r, 400, "POST", body, PRINCIPALS "/%s/appRoleAssignments",
                app.sp_id);
    refused(&r, 400, "Request_BadRequest", "Permission being assigned already exists");
    reply_done(&r);
}
END_TEST

static void add_writing(TCase *t)
{
    tcase_add_loop_test(t, values_that_do_not_fit_one_another_are_refused, 0,
                        CMG__ARRAY_LEN(wrong));
    tcase_add_loop_test(t, texts_have_a_greatest_length, 0, CMG__ARRAY_LEN(lengths));
    tcase_add_test(t, an_app_id_uri_holds_the_own_id_as_a_whole_part);
    tcase_add_test(t, an_old_app_id_uri_may_stay_when_the_policy_would_refuse_it);
    tcase_add_test(t, an_enabled_scope_keeps_its_value);
    tcase_add_test(t, owners_are_added_once_listed_and_removed);
    tcase_add_test(t,
                   a_principal_comes_back_after_its_application_and_not_beside_another);
    tcase_add_test(t, purging_an_application_leaves_its_principal_among_the_deleted);
    tcase_add_test(t, a_second_assignment_is_refused_in_two_ways);
}

static void add_reading(TCase *t)
{
    tcase_add_loop_test(t, a_list_cannot_be_asked_for_anything, 0,
                        CMG__ARRAY_LEN(bad_queries));
    tcase_add_test(t, an_unknown_property_of_one_entity_is_refused);
    tcase_add_test(t, a_pages_link_is_one_opaque_word_that_keeps_the_selection);
    tcase_add_test(t, an_advanced_query_needs_header_and_count);
}

int main(void)
{
    Suite *s = suite_create("graph_rules");
    TCase *const all[] = { tcase_create("writing"), tcase_create("reading") };

    add_writing(all[0]);
    add_reading(all[1]);
    for (size_t i = 0; i < CMG__ARRAY_LEN(all); i++) {
        tcase_add_checked_fixture(all[i], setup, teardown);
        tcase_set_timeout(all[i], 60);
        suite_add_tcase(s, all[i]);
    }
    Suite *const suites[] = { s, NULL };
    return support_run(suites);
}
