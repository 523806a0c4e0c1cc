/* The step that compares rights, with canned answers. */
#include "canned.h"

#include <stdio.h>
#include <string.h>

static struct world w;

#define DENIED          "{\"error\":{\"code\":\"Authorization_RequestDenied\",\"message\":\"no\"}}"
#define LIST(items)     "{\"value\":[" items "]}"
#define ROLE(id, value) "{\"id\":\"" id "\",\"value\":\"" value "\"}"
#define GRAPH_SP                                                                                    \
    "{\"id\":\"gsp\",\"appRoles\":[" ROLE("r1", "Application.ReadWrite.All") "," ROLE(              \
        "r2",                                                                                       \
        "AppRoleAssignment.ReadWrite.All") "," ROLE("r3",                                           \
                                                    "DelegatedPermissionGrant."                     \
                                                    "ReadWrite.All") "," ROLE("r4",                 \
                                                                              "Director"            \
                                                                              "y.Read."             \
                                                                              "All") "," ROLE("r5", \
                                                                                              "Application.ReadWrite.OwnedBy") "]}"
#define HELD(role)           "{\"resourceId\":\"GSP\",\"appRoleId\":\"" role "\"}"
#define OTHER(role)          "{\"resourceId\":\"other\",\"appRoleId\":\"" role "\"}"
#define DIRECTORY_ROLE(name) "{\"displayName\":\"" name "\"}"

static const struct cmg__step *const steps[] = { &cmg__step_sign_in, &cmg__step_rights };

/* The rights of registering; only the step itself runs. */
static void begin(struct rule *rules)
{
    world_init(&w, CMG_DEPLOY_REGISTER_APPS, rules);
    world_table(&w, steps, 2);
    world_start(&w);
    world_fact(&w, "principal_id", "me");
}

static const struct {
    const char *granted, *roles;
    int status; /* of granted */
    bool refused;
    const char *said;
} applications[] = {
    { LIST(HELD("r1") "," HELD("r2") "," HELD("r3")), LIST(""), 200, false,
      "all rights" },
    { LIST(HELD("r5") "," HELD("r2") "," HELD("r3")), LIST(""), 200, false,
      "all rights" },
    { LIST(HELD("r1") "," HELD("r4")), LIST(""), 200, false, "2 rights" },
    { LIST(HELD("r1")), LIST(""), 200, true, "Directory.Read.All" },
    { LIST(HELD("r4")), LIST(""), 200, true, "Application.ReadWrite.All" },
    { LIST(""), LIST(""), 200, true, "Application.ReadWrite.All" },
    { LIST(OTHER("r1")), LIST(""), 200, true, "Application.ReadWrite.All" },
    { LIST(""), LIST(DIRECTORY_ROLE("Global Administrator")), 200, false, "all rights" },
    { LIST(""), LIST(DIRECTORY_ROLE("Application Developer")), 200, false, "2 rights" },
    { DENIED, LIST(""), 403, false, "rights" },
};

START_TEST(an_application_has_permissions_or_roles)
{
    struct rule rules[] = {
        TOKEN,
        ANSWER("GET", "servicePrincipals(appId=", 0, 200, GRAPH_SP),
        ANSWER("GET", "/servicePrincipals/me/appRoleAssignments", 0,
               applications[_i].status, applications[_i].granted),
        ANSWER("GET", "/servicePrincipals/me/transitiveMemberOf", 0, 200,
               applications[_i].roles),
        { 0 },
    };

    begin(rules);
    canned_finish(&w);
    ck_assert_int_eq(w.end,
                     applications[_i].refused ? CMG_DEPLOY_FAILED : CMG_DEPLOY_READY);
    if (applications[_i].refused) {
        ck_assert_int_eq(w.end_code, CMG_E_DENIED);
        ck_assert_ptr_nonnull(strstr(w.end_remedy, applications[_i].said));
    } else {
        ck_assert_ptr_nonnull(strstr(w.said, applications[_i].said));
    }
    world_done(&w);
}
END_TEST

/* What an earlier run has made need not be made: only a warning. */
START_TEST(applications_that_are_there_need_no_right_to_make_them)
{
    struct rule rules[] = {
        TOKEN,
        ANSWER("GET", "servicePrincipals(appId=", 0, 200, GRAPH_SP),
        ANSWER("GET", "/appRoleAssignments", 0, 200, LIST(HELD("r4"))),
        ANSWER("GET", "/transitiveMemberOf", 0, 403, DENIED),
        { 0 },
    };
    static const char *const facts[] = { "server_app_id", "server_sp_id", "client_app_id",
                                         "client_sp_id" };

    begin(rules);
    for (size_t i = 0; i < CMG__ARRAY_LEN(facts); i++)
        world_fact(&w, facts[i], "x");
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_READY);
    ck_assert_ptr_nonnull(strstr(w.said, "3 rights"));
    world_done(&w);
}
END_TEST

#define CODE                                                                             \
    "{\"device_code\":\"dev-1\",\"user_code\":\"ABC\",\"verification_uri\":"             \
    "\"https://microsoft.com/devicelogin\",\"expires_in\":900,\"interval\":1}"
#define SCOPED(scopes)                                                                   \
    "{\"access_token\":\"tok\",\"expires_in\":3600,\"scope\":\"" scopes "\"}"
#define GRAPH "https://graph.microsoft.com/"

static const struct {
    const char *token;
    unsigned problems;
} persons[] = {
    { "{\"access_token\":\"tok\",\"expires_in\":3600}", 0 }, /* not said */
    { SCOPED(GRAPH "Directory.AccessAsUser.All " GRAPH "User.Read"), 0 },
    { SCOPED(GRAPH "Application.ReadWrite.All AppRoleAssignment.ReadWrite.All "
                   "DelegatedPermissionGrant.ReadWrite.All Directory.Read.All openid"),
      0 },
    { SCOPED("User.Read " GRAPH "Application.ReadWrite.All"), 3 },
    { SCOPED(""), 6 },
};

/* The role is there; what the public client brings is told, and tried. */
START_TEST(scopes_that_a_sign_in_lacks_are_told)
{
    struct rule rules[] = {
        ANSWER("POST", "/devicecode", 0, 200, CODE),
        ANSWER("POST", "/token", 0, 200, persons[_i].token),
        ANSWER("GET", "/me/transitiveMemberOf", 0, 200,
               LIST(DIRECTORY_ROLE("Global Administrator"))),
        { 0 },
    };

    world_init(&w, CMG_DEPLOY_REGISTER_APPS, rules);
    ck_assert_int_eq(
        cmg_tenant_set_device_code(cmg_gateway_tenant(w.gateway), NULL, NULL), CMG_OK);
    world_table(&w, steps, 2);
    world_start(&w);
    w.deploy->work.problems.collect = true;
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_READY);
    ck_assert_uint_eq(w.deploy->work.problems.count, persons[_i].problems);
    world_done(&w);
}
END_TEST

static void prepare(struct world *world)
{
    world_fact(world, "principal_id", "me");
}

START_TEST(no_memory_is_said)
{
    struct rule rules[] = {
        TOKEN,
        ANSWER("GET", "servicePrincipals(appId=", 0, 200, GRAPH_SP),
        ANSWER("GET", "/appRoleAssignments", 0, 200, LIST("")),
        ANSWER("GET", "/transitiveMemberOf", 0, 200,
               LIST(DIRECTORY_ROLE("Application Administrator"))),
        { 0 },
    };

    canned_starve_step(&w, rules, &cmg__step_rights, prepare);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("step of rights");
    TCase *tc = tcase_create("rights");

    tcase_add_loop_test(tc, an_application_has_permissions_or_roles, 0,
                        CMG__ARRAY_LEN(applications));
    tcase_add_test(tc, applications_that_are_there_need_no_right_to_make_them);
    tcase_add_loop_test(tc, scopes_that_a_sign_in_lacks_are_told, 0,
                        CMG__ARRAY_LEN(persons));
    tcase_add_test(tc, no_memory_is_said);
    suite_add_tcase(suite, tc);
    return support_run((Suite *[]){ suite, NULL });
}
