/* Who may do what, and what keeps everybody from it: roles, locks, policies, MFA. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/role.h"
#include "sandbox/setting.h"
#include "sandbox/world.h"

static struct world w;
static struct app app;

#define GROUP       "/resourceGroups/rg-1"
#define NSG         GROUP "/providers/Microsoft.Network/networkSecurityGroups/nsg"
#define WEST        "{\"location\":\"westeurope\"}"
#define AUTH        "/providers/Microsoft.Authorization"
#define LOCK        AUTH "/locks/l"
#define ASSIGNMENT  AUTH "/roleAssignments/11111111-2222-4333-8444-555555555501"
#define ASSIGNMENT2 AUTH "/roleAssignments/11111111-2222-4333-8444-555555555502"
#define READER      "acdd72a7-3385-48ef-bd42-f606fba81ae7"
#define CONTRIBUTOR "b24988ac-6180-42a0-ab88-20f7382dd24c"

static void setup(void)
{
    world_init(&w);
    world_register(&w);
    world_arm_do(&w, 201, "PUT", WEST, GROUP);
    world_make_app(&w, "Helper", "", &app);
}

static void teardown(void)
{
    world_done(&w);
}

static void set(const char *name, const char *value)
{
    cmg_error *err = NULL;

    ck_ok(cmg__sb_setting_change(w.cloud, name, value, &err), err);
}

static void refused(int status, const char *code, const char *method, const char *body,
                    const char *path)
{
    struct reply r;

    world_arm(&w, &r, status, method, body, "%s", path);
    ck_assert_str_eq(reply_str(&r, "/error/code"), code);
    reply_done(&r);
}

/* The registered application asks, below the subscription. */
static void asks(int status, const char *method, const char *body, const char *path)
{
    struct reply r;
    char target[1024];
    char *token = world_sign_in_as(&w, app.app_id, app.secret,
                                   "https://management.azure.com/.default");

    ck_assert_ptr_nonnull(token);
    snprintf(target, sizeof target,
             "/subscriptions/" WORLD_SUBSCRIPTION "%s?api-version=2024-03-01", path);
    world_ask(&w,
              &(struct ask){ .method = method,
                             .host = ARM,
                             .target = target,
                             .token = token,
                             .body = body },
              &r);
    if (r.status != status)
        ck_abort_msg("%s %s: %d instead of %d: %s", method, path, r.status, status,
                     cmg__buf_cstr(&r.answer.body));
    reply_done(&r);
    free(token);
}

static void assign(int status, const char *scope, const char *role, const char *name)
{
    char body[512], path[512];

    snprintf(
        body, sizeof body,
        "{\"properties\":{\"roleDefinitionId\":\"/subscriptions/" WORLD_SUBSCRIPTION AUTH
        "/roleDefinitions/%s\",\"principalId\":\"%s\",\"principalType\":"
        "\"ServicePrincipal\"}}",
        role, app.sp_id);
    snprintf(path, sizeof path, "%s%s", scope, name);
    world_arm_do(&w, status, "PUT", body, "%s", path);
}

START_TEST(a_role_on_a_group_permits_what_it_names_there)
{
    asks(403, "GET", NULL, GROUP);
    assign(201, GROUP, READER, ASSIGNMENT);
    asks(200, "GET", NULL, GROUP);
    asks(403, "PUT", WEST, NSG);
    asks(403, "GET", NULL, "/resourceGroups/other");
    assign(201, GROUP, CONTRIBUTOR, ASSIGNMENT2);
    asks(201, "PUT", WEST, NSG);
    asks(403, "PUT", "{}", GROUP ASSIGNMENT);
    asks(403, "DELETE", NULL, GROUP ASSIGNMENT);
    world_arm_do(&w, 200, "DELETE", NULL, GROUP ASSIGNMENT2);
    world_arm_do(&w, 204, "DELETE", NULL, GROUP ASSIGNMENT2);
    asks(403, "DELETE", NULL, NSG);
}
END_TEST

START_TEST(an_assignment_is_made_once)
{
    struct reply r;

    assign(201, GROUP, READER, ASSIGNMENT);
    assign(200, GROUP, READER, ASSIGNMENT);
    assign(409, GROUP, READER, ASSIGNMENT2);
    assign(400, GROUP, CONTRIBUTOR, ASSIGNMENT);
    world_arm(&w, &r, 200, "GET", NULL,
              GROUP AUTH "/roleAssignments?$filter=principalId%%20eq%%20'%s'", app.sp_id);
    ck_assert_uint_eq(cmg__json_size(cmg__json_key(r.body, "value")), 1);
    ck_assert_str_eq(reply_str(&r, "/value/0/properties/principalId"), app.sp_id);
    reply_done(&r);
    world_arm(&w, &r, 200, "GET", NULL, AUTH "/roleAssignments?$filter=atScope()");
    ck_assert_uint_eq(cmg__json_size(cmg__json_key(r.body, "value")), 0);
    reply_done(&r);
    world_arm_do(&w, 200, "GET", NULL, GROUP ASSIGNMENT);
    refused(404, "RoleAssignmentNotFound", "GET", NULL, GROUP ASSIGNMENT2);
}
END_TEST

START_TEST(assignments_that_cannot_be_are_refused)
{
    refused(400, "InvalidRoleAssignmentId", "PUT", "{}",
            GROUP AUTH "/roleAssignments/no-guid");
    refused(400, "RoleDefinitionDoesNotExist", "PUT", "{}", GROUP ASSIGNMENT);
    refused(400, "PrincipalNotFound", "PUT",
            "{\"properties\":{\"roleDefinitionId\":\"" READER
            "\",\"principalId\":\"99999999-1111-4111-8111-111111111111\"}}",
            GROUP ASSIGNMENT);
}
END_TEST

START_TEST(a_new_principal_and_a_new_role_take_their_time)
{
    struct app young;

    set("delay/principal", "30000");
    set("delay/role", "60000");
    world_make_app(&w, "Young", "", &young);
    app = young;
    assign(400, GROUP, READER, ASSIGNMENT);
    support_env_advance_ms(&w.env, 31000);
    assign(201, GROUP, READER, ASSIGNMENT);
    asks(403, "GET", NULL, GROUP);
    support_env_advance_ms(&w.env, 60000);
    asks(200, "GET", NULL, GROUP);
}
END_TEST

START_TEST(permissions_are_those_of_the_caller)
{
    struct reply r;

    world_arm(&w, &r, 200, "GET", NULL, GROUP AUTH "/permissions");
    ck_assert_str_eq(reply_str(&r, "/value/0/actions/0"), "*");
    reply_done(&r);
    set("admin_role", "Contributor");
    world_arm(&w, &r, 200, "GET", NULL, AUTH "/permissions");
    ck_assert_str_eq(reply_str(&r, "/value/0/notActions/1"),
                     "Microsoft.Authorization/*/Write");
    reply_done(&r);
    refused(403, "AuthorizationFailed", "PUT", "{}", GROUP ASSIGNMENT);
    world_arm_do(&w, 201, "PUT", WEST, NSG);
    set("admin_role", "Reader");
    refused(403, "AuthorizationFailed", "DELETE", NULL, GROUP);
    refused(403, "AuthorizationFailed", "POST", NULL,
            "/providers/Microsoft.Network/register");
    world_arm_do(&w, 200, "GET", NULL, GROUP);
    set("admin_role", NULL);
    world_arm(&w, &r, 200, "GET", NULL,
              AUTH "/roleDefinitions?$filter=roleName%%20eq%%20'Reader'");
    ck_assert_str_eq(reply_str(&r, "/value/0/name"), READER);
    reply_done(&r);
    world_arm_do(&w, 200, "GET", NULL, AUTH "/roleDefinitions/" READER);
    refused(404, "RoleDefinitionDoesNotExist", "GET", NULL, AUTH "/roleDefinitions/x");
}
END_TEST

static const struct {
    const char *pattern, *action;
    bool matches;
} patterns[] = {
    { "*", "Microsoft.X/y/read", true },
    { "*/read", "Microsoft.X/y/read", true },
    { "*/read", "Microsoft.X/y/write", false },
    { "Microsoft.Authorization/*/Write", "microsoft.authorization/roleAssignments/write",
      true },
    { "a*b*c", "aXbXbXc", true },
    { "a*b*c", "aXbXbX", false },
    { "", "a", false },
    { "**", "", true },
    { "abc", "abcd", false },
};

START_TEST(a_star_stands_for_anything)
{
    ck_assert_int_eq(cmg__sb_role_matches(patterns[_i].pattern, patterns[_i].action),
                     patterns[_i].matches);
}
END_TEST

static const struct {
    const char *scope, *level, *method, *path;
    int status;
} locked[] = {
    { GROUP, "CanNotDelete", "DELETE", GROUP, 409 },
    { GROUP, "CanNotDelete", "DELETE", NSG, 409 },
    { GROUP, "CanNotDelete", "PUT", NSG, 200 },
    { NSG, "CanNotDelete", "DELETE", GROUP, 409 },
    { NSG, "CanNotDelete", "PUT", NSG, 200 },
    { "", "CanNotDelete", "DELETE", NSG, 409 },
    { GROUP, "ReadOnly", "PUT", NSG, 409 },
    { GROUP, "ReadOnly", "DELETE", NSG, 409 },
    { GROUP, "ReadOnly", "GET", NSG, 200 },
    { NSG, "ReadOnly", "PUT", GROUP, 200 },
};

START_TEST(a_lock_keeps_things_as_they_are)
{
    char path[512], body[128];

    world_arm_do(&w, 201, "PUT", WEST, NSG);
    world_pass(&w);
    snprintf(path, sizeof path, "%s" LOCK, locked[_i].scope);
    snprintf(body, sizeof body, "{\"properties\":{\"level\":\"%s\"}}", locked[_i].level);
    world_arm_do(&w, 201, "PUT", body, "%s", path);
    world_arm_do(&w, 200, "PUT", body, "%s", path);
    if (locked[_i].status == 409)
        refused(409, "ScopeLocked", locked[_i].method, WEST, locked[_i].path);
    else
        world_arm_do(&w, locked[_i].status, locked[_i].method, WEST, "%s",
                     locked[_i].path);
    world_arm_do(&w, 200, "DELETE", NULL, "%s", path);
    world_arm_do(&w, 204, "DELETE", NULL, "%s", path);
    world_pass(&w);
    world_arm_do(&w, 202, "DELETE", NULL, NSG);
}
END_TEST

START_TEST(locks_are_read_and_listed)
{
    struct reply r;

    refused(400, "LockLevelNotValid", "PUT", "{}", GROUP LOCK);
    refused(404, "LockNotFound", "GET", NULL, GROUP LOCK);
    world_arm_do(&w, 201, "PUT",
                 "{\"properties\":{\"level\":\"CanNotDelete\",\"notes\":\"mine\"}}",
                 GROUP LOCK);
    world_arm(&w, &r, 200, "GET", NULL, GROUP LOCK);
    ck_assert_str_eq(reply_str(&r, "/properties/notes"), "mine");
    reply_done(&r);
    world_arm(&w, &r, 200, "GET", NULL, AUTH "/locks");
    ck_assert_str_eq(reply_str(&r, "/value/0/properties/level"), "CanNotDelete");
    reply_done(&r);
}
END_TEST

static const struct {
    const char *rule, *body;
    int status;
} policies[] = {
    { "deny *", WEST, 403 },
    { "deny Microsoft.Network/networkSecurityGroups", WEST, 403 },
    { "deny Microsoft.Network/publicIPAddresses", WEST, 201 },
    { "deny * outside northeurope", WEST, 403 },
    { "deny * outside westeurope", WEST, 201 },
    { "deny * without tag owner", WEST, 403 },
    { "deny * without tag owner",
      "{\"location\":\"westeurope\",\"tags\":{\"owner\":\"me\"}}", 201 },
};

START_TEST(a_policy_denies_what_it_describes)
{
    struct reply r;

    set("policy/ours", policies[_i].rule);
    world_arm(&w, &r, policies[_i].status, "PUT", policies[_i].body, "%s", NSG);
    if (policies[_i].status == 403) {
        ck_assert_str_eq(reply_str(&r, "/error/code"), "RequestDisallowedByPolicy");
        ck_assert_str_eq(reply_str(&r, "/error/additionalInfo/0/type"),
                         "PolicyViolation");
        ck_assert_str_eq(
            reply_str(&r, "/error/additionalInfo/0/info/policyAssignmentName"), "ours");
        ck_assert_ptr_nonnull(
            strstr(reply_str(&r, "/error/message"), "policyAssignments/ours"));
    }
    reply_done(&r);
}
END_TEST

START_TEST(a_policy_that_makes_no_sense_is_refused)
{
    static const char *const bad[] = { "",
                                       "allow *",
                                       "deny",
                                       "deny * x",
                                       "deny * outside",
                                       "deny * outside x",
                                       "deny * without owner" };
    cmg_error *err = NULL;

    for (size_t i = 0; i < CMG__ARRAY_LEN(bad); i++) {
        ck_assert_int_eq(cmg__sb_setting_change(w.cloud, "policy/p", bad[i], &err),
                         CMG_E_INVAL);
        cmg_error_unref(err);
        err = NULL;
    }
    set("policy/groups", "deny Microsoft.Resources/subscriptions/resourceGroups");
    refused(403, "RequestDisallowedByPolicy", "PUT", WEST, "/resourceGroups/rg-2");
}
END_TEST

/* A user's token, by device code. */
static char *user_token(void)
{
    struct reply r;
    char form[1024];

    world_post(&w, &r, "/" WORLD_TENANT "/oauth2/v2.0/devicecode",
               "client_id=" POWERSHELL
               "&scope=https%3A%2F%2Fmanagement.azure.com%2F.default");
    snprintf(
        form, sizeof form,
        "grant_type=urn:ietf:params:oauth:grant-type:device_code&client_id=" POWERSHELL
        "&device_code=%s",
        reply_str(&r, "/device_code"));
    reply_done(&r);
    free(world_sign_in(&w, form));
    support_env_advance_ms(&w.env, 6000);
    char *token = world_sign_in(&w, form);
    ck_assert_ptr_nonnull(token);
    return token;
}

START_TEST(users_without_mfa_change_nothing_where_it_is_asked_for)
{
    struct reply r;
    set("mfa", "challenge");
    char *token = user_token();
    struct ask ask = { .method = "PUT",
                       .host = ARM,
                       .target = "/subscriptions/" WORLD_SUBSCRIPTION GROUP
                                 "?api-version=2024-03-01",
                       .token = token,
                       .body = WEST };

    world_ask(&w, &ask, &r);
    ck_assert_int_eq(r.status, 401);
    ck_assert_ptr_nonnull(
        strstr(reply_head(&r, "WWW-Authenticate"), "error=\"insufficient_claims\""));
    reply_done(&r);
    set("mfa", "deny");
    world_ask(&w, &ask, &r);
    ck_assert_int_eq(r.status, 403);
    ck_assert_str_eq(reply_str(&r, "/error/code"), "RequestDisallowedByPolicy");
    reply_done(&r);
    ask.method = "GET";
    world_ask(&w, &ask, &r);
    ck_assert_int_eq(r.status, 200);
    reply_done(&r);
    world_arm_do(&w, 200, "PUT", WEST, GROUP); /* a program */
    free(token);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("rights");
    TCase *t = tcase_create("rights");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, a_role_on_a_group_permits_what_it_names_there);
    tcase_add_test(t, an_assignment_is_made_once);
    tcase_add_test(t, assignments_that_cannot_be_are_refused);
    tcase_add_test(t, a_new_principal_and_a_new_role_take_their_time);
    tcase_add_test(t, permissions_are_those_of_the_caller);
    tcase_add_loop_test(t, a_star_stands_for_anything, 0, CMG__ARRAY_LEN(patterns));
    tcase_add_loop_test(t, a_lock_keeps_things_as_they_are, 0, CMG__ARRAY_LEN(locked));
    tcase_add_test(t, locks_are_read_and_listed);
    tcase_add_loop_test(t, a_policy_denies_what_it_describes, 0,
                        CMG__ARRAY_LEN(policies));
    tcase_add_test(t, a_policy_that_makes_no_sense_is_refused);
    tcase_add_test(t, users_without_mfa_change_nothing_where_it_is_asked_for);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    Suite *const suites[] = { suite(), NULL };
    return support_run(suites);
}
