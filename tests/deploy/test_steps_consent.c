/* Admin consent with canned answers: granted, read back, handed to an administrator. */
#include "canned.h"

#include <stdio.h>
#include <string.h>

static struct world w;

#define GRAPH_SP ANSWER("GET", "appId='00000003", 0, 200, "{\"id\":\"gsp\"}")
#define ROLES    "/appRoleAssignments"
#define NONE     "{\"value\":[]}"
#define ROLE                                                                             \
    "{\"value\":[{\"resourceId\":\"gsp\",\"appRoleId\":\"" CMG__DIRECTORY_READ_ALL "\"}" \
    "]}"
#define SCOPES "/oauth2PermissionGrants"
#define SCOPE                                                                            \
    "{\"value\":[{\"id\":\"g\",\"resourceId\":\"ssp\",\"scope\":\"user_impersonation\"}" \
    "]}"
#define DENIED                                                                           \
    "{\"error\":{\"code\":\"Authorization_RequestDenied\",\"message\":"                  \
    "\"Insufficient privileges to complete the operation.\"}}"
#define REPLICATING                                                                      \
    "{\"error\":{\"code\":\"Authorization_RequestDenied\",\"message\":\"The backing "    \
    "application must in the local tenant\"}}"

static void begin_with(struct rule *rules, const struct cmg__step *step)
{
    canned_begin(&w, rules, step);
    world_fact(&w, "client_app_id", "ca");
}

/* ---- granted here ---- */

#define EXISTS                                                                           \
    "{\"error\":{\"code\":\"Request_BadRequest\",\"message\":\"Permission being "        \
    "assigned already exists on the object\"}}"

START_TEST(duplicate_grant_is_looked_for_again)
{
    struct rule rules[] = { TOKEN,
                            ANSWER("GET", "appId='00000003", 0, 200, "{\"id\":\"gsp\"}"),
                            ANSWER("GET", "/appRoleAssignments", 2, 200,
                                   "{\"value\":[]}"),
                            ANSWER("POST", "/appRoleAssignedTo", 0, 400, EXISTS),
                            ANSWER("GET", "/appRoleAssignments", 0, 200, ROLE),
                            { 0 } };

    canned_begin(&w, rules, &cmg__step_server_consent);
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_DELETED);
    ck_assert_uint_eq(world_count(&w, "POST https://graph"), 1);
    world_done(&w);
}
END_TEST

START_TEST(scopes_that_are_granted_already_are_kept)
{
    struct rule rules[] = {
        TOKEN,
        ANSWER("GET", "/oauth2PermissionGrants", 1, 200,
               "{\"value\":[{\"id\":\"g\",\"resourceId\":\"SSP\",\"scope\":\"a b\"}]}"),
        ANSWER("PATCH", "/oauth2PermissionGrants/g", 0, 204, NULL),
        ANSWER("GET", "/oauth2PermissionGrants", 0, 200,
               "{\"value\":[{\"id\":\"g\",\"resourceId\":\"SSP\",\"scope\":"
               "\"a b user_impersonation\"}]}"),
        { 0 }
    };

    canned_begin(&w, rules, &cmg__step_client_consent);
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_DELETED);
    ck_assert_uint_eq(world_count(&w, "\"a b user_impersonation\""), 1);
    world_done(&w);
}
END_TEST

START_TEST(fresh_grant_must_be_seen_three_times_in_a_row)
{
    struct rule rules[] = { TOKEN,
                            GRAPH_SP,
                            ANSWER("GET", ROLES, 1, 200, NONE),
                            ANSWER("POST", "/appRoleAssignedTo", 1, 403, REPLICATING),
                            ANSWER("POST", "/appRoleAssignedTo", 0, 201, "{}"),
                            ANSWER("GET", ROLES, 2, 200, ROLE),
                            ANSWER("GET", ROLES, 1, 200, NONE), /* another replica */
                            ANSWER("GET", ROLES, 0, 200, ROLE),
                            { 0 } };

    begin_with(rules, &cmg__step_server_consent);
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_DELETED);
    ck_assert_uint_eq(world_count(&w, "POST https://graph"), 2);
    ck_assert_uint_eq(world_count(&w, ROLES), 1 + 2 + 1 + 3);
    world_done(&w);
}
END_TEST

START_TEST(grant_of_unknown_outcome_is_not_made_twice)
{
    struct rule rules[] = { TOKEN,
                            GRAPH_SP,
                            ANSWER("GET", ROLES, 1, 200, NONE),
                            { "POST", "/appRoleAssignedTo", 1, 0, NULL, NULL, true, 0 },
                            ANSWER("GET", ROLES, 0, 200, ROLE),
                            { 0 } };

    begin_with(rules, &cmg__step_server_consent);
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_DELETED);
    ck_assert_uint_eq(world_count(&w, "POST https://graph"), 1);
    world_done(&w);
}
END_TEST

/* ---- asked for ---- */

static const struct {
    const struct cmg__step *step;
    const char *list, *absent, *there, *post;
    const char *told; /* up to the state */
} asked[] = {
    { &cmg__step_server_consent, ROLES, NONE, ROLE, "/appRoleAssignedTo",
      "CMG-ServerApp|sa|Microsoft Graph: Directory.Read.All|"
      "https://login.microsoftonline.com/" WORLD_TENANT "/v2.0/adminconsent?client_id=sa"
      "&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default"
      "&redirect_uri=http%3A%2F%2Flocalhost&state=" },
    { &cmg__step_client_consent, SCOPES, NONE, SCOPE, SCOPES,
      "CMG-ClientApp|ca|CMG-ServerApp: user_impersonation|"
      "https://login.microsoftonline.com/" WORLD_TENANT "/v2.0/adminconsent?client_id=ca"
      "&scope=api%3A%2F%2F" WORLD_TENANT "%2FCMG-ServerApp%2F.default"
      "&redirect_uri=ms-appx-web%3A%2F%2FMicrosoft.AAD.BrokerPlugin%2Fca&state=" },
};

START_TEST(refused_grant_is_handed_to_an_administrator_and_waited_for)
{
    struct rule rules[] = { TOKEN,
                            GRAPH_SP,
                            ANSWER("GET", asked[_i].list, 9, 200, asked[_i].absent),
                            ANSWER("POST", asked[_i].post, 0, 403, DENIED),
                            ANSWER("GET", asked[_i].list, 0, 200, asked[_i].there),
                            { 0 } };

    w.with_consent = true;
    begin_with(rules, asked[_i].step);
    int64_t began = w.env.now_ns;
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_DELETED);
    ck_assert_msg(cmg__str_starts(w.consents, asked[_i].told), "%s", w.consents);
    ck_assert_ptr_eq(strchr(w.consents, '\n'), w.consents + strlen(w.consents) - 1);
    ck_assert_uint_eq(world_count(&w, "POST https://graph"), 1);
    /* 2, 2, 4, 8, 16 seconds, then every 30 */
    ck_assert_int_ge((w.env.now_ns - began) / 1000000, 32000 + 3 * 30000);
    ck_assert_int_lt((w.env.now_ns - began) / 1000000, 32000 + 5 * 30000);
    world_done(&w);
}
END_TEST

static void set_consent(cmg_consent_mode mode, int64_t wait_ms, const char *redirect)
{
    const cmg_consent_options options = { sizeof options, mode, wait_ms, redirect };
    cmg_error *err = NULL;

    ck_ok(cmg_deploy_set_consent(w.deploy, &options, &err), err);
}

/* canned_begin starts; options come before that. */
static void begin_asking(struct rule *rules, int64_t wait_ms, const char *redirect)
{
    static const struct cmg__step *steps[] = { &cmg__step_sign_in,
                                               &cmg__step_server_consent };

    world_init(&w, CMG_DEPLOY_DELETE, rules);
    world_table(&w, steps, 2);
    set_consent(CMG_CONSENT_ASK, wait_ms, redirect);
    world_start(&w);
    world_fact(&w, "tenant_id", WORLD_TENANT);
    world_fact(&w, "server_app_id", "sa");
    world_fact(&w, "server_sp_id", "ssp");
}

START_TEST(host_may_ask_at_once_and_say_where_the_page_leads)
{
    struct rule rules[] = { TOKEN,
                            GRAPH_SP,
                            ANSWER("GET", ROLES, 2, 200, NONE),
                            ANSWER("GET", ROLES, 0, 200, ROLE),
                            { 0 } };

    w.with_consent = true;
    begin_asking(rules, 0, "https://cm.contoso.com/done");
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_DELETED);
    ck_assert_ptr_nonnull(
        strstr(w.consents, "&redirect_uri=https%3A%2F%2Fcm.contoso.com%2Fdone&"));
    ck_assert_uint_eq(world_count(&w, "POST https://graph"), 0);
    world_done(&w);
}
END_TEST

START_TEST(nobody_consenting_in_time_is_an_error_that_names_the_page)
{
    struct rule rules[] = { TOKEN, GRAPH_SP, ANSWER("GET", ROLES, 0, 200, NONE), { 0 } };

    w.with_consent = true;
    begin_asking(rules, 600000, NULL);
    int64_t began = w.env.now_ns;
    canned_finish(&w);
    ck_assert_int_eq(w.end_code, CMG_E_TIMEOUT);
    ck_assert_ptr_nonnull(strstr(w.end_message, "no consent within 600 seconds"));
    ck_assert_ptr_nonnull(strstr(w.end_remedy, "/v2.0/adminconsent?client_id=sa&"));
    ck_assert_int_le((w.env.now_ns - began) / 1000000, 601000);
    ck_assert_int_ge((w.env.now_ns - began) / 1000000, 560000);
    world_done(&w);
}
END_TEST

START_TEST(host_without_on_consent_gets_the_refusal_with_the_page)
{
    struct rule rules[] = { TOKEN,
                            GRAPH_SP,
                            ANSWER("GET", ROLES, 0, 200, NONE),
                            ANSWER("POST", "/appRoleAssignedTo", 0, 403, DENIED),
                            { 0 } };

    w.with_consent = _i == 1; /* installed, but passes */
    w.answer_consent = CMG_CALLBACK_PASS;
    begin_with(rules, &cmg__step_server_consent);
    canned_finish(&w);
    ck_assert_int_eq(w.end_code, CMG_E_DENIED);
    ck_assert_ptr_nonnull(strstr(w.end_message, "Insufficient privileges"));
    ck_assert_ptr_nonnull(strstr(w.end_remedy, "/v2.0/adminconsent?client_id=sa&"));
    world_done(&w);
}
END_TEST

START_TEST(callback_that_fails_ends_the_deployment)
{
    struct rule rules[] = { TOKEN, GRAPH_SP, ANSWER("GET", ROLES, 0, 200, NONE), { 0 } };

    w.with_consent = true;
    w.answer_consent = 7;
    begin_asking(rules, 0, NULL);
    canned_finish(&w);
    ck_assert_int_eq(w.end_code, CMG_E_CALLBACK);
    world_done(&w);
}
END_TEST

START_TEST(waiting_for_consent_can_be_cancelled_and_goes_on_later)
{
    static const struct cmg__step *steps[] = { &cmg__step_sign_in,
                                               &cmg__step_server_consent };
    struct rule rules[] = { TOKEN, GRAPH_SP, ANSWER("GET", ROLES, 0, 200, NONE), { 0 } };
    char before[sizeof w.consents];

    w.with_consent = true;
    begin_asking(rules, 0, NULL);
    for (unsigned i = 0; i < 200 && w.consents[0] == '\0'; i++) {
        support_env_advance_ms(&w.env, 10);
        world_turns(&w, 1);
    }
    ck_assert_str_ne(w.consents, "");
    memcpy(before, w.consents, sizeof before);
    ck_assert_int_eq(cmg_deploy_cancel(w.deploy, NULL), CMG_OK);
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_PAUSED);

    /* Another process: asks again, with the same state, and waits again. */
    rules[2] = (struct rule)ANSWER("GET", ROLES, 4, 200, NONE);
    rules[3] = (struct rule){ 0 };
    struct rule more[] = {
        rules[0], rules[1], rules[2], ANSWER("GET", ROLES, 0, 200, ROLE), { 0 }
    };
    w.rules = more;
    world_again(&w, CMG_DEPLOY_DELETE);
    world_table(&w, steps, 2);
    set_consent(CMG_CONSENT_ASK, 0, NULL);
    world_start(&w);
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_DELETED);
    const char *at = strstr(w.consents, "&state=");
    ck_assert_ptr_nonnull(at);
    ck_assert_ptr_nonnull(strstr(before, "&state="));
    ck_assert_int_eq(strncmp(at, strstr(before, "&state="), 7 + 36), 0);
    world_done(&w);
}
END_TEST

static void name_client(struct world *world)
{
    cmg_status rc = cmg__fact_set(&world->deploy->work, "client_app_id", "ca");

    ck_assert_int_eq(rc, CMG_OK);
}

START_TEST(failed_allocation_is_reported_and_nothing_is_lost)
{
    struct rule rules[] = { TOKEN,
                            GRAPH_SP,
                            ANSWER("GET", asked[_i].list, 3, 200, asked[_i].absent),
                            ANSWER("POST", asked[_i].post, 0, 403, DENIED),
                            ANSWER("GET", asked[_i].list, 0, 200, asked[_i].there),
                            { 0 } };

    w.with_consent = true;
    canned_starve_step(&w, rules, asked[_i].step, name_client);
}
END_TEST

static const struct {
    int mode;
    int64_t wait_ms;
    const char *subject;
} bad[] = {
    { 0, 0, "options.mode" },
    { 3, 0, "options.mode" },
    { CMG_CONSENT_ASK, 999, "options.wait_ms" },
    { CMG_CONSENT_ASK, -1, "options.wait_ms" },
    { CMG_CONSENT_GRANT, (int64_t)31 * 86400 * 1000, "options.wait_ms" },
};

START_TEST(options_out_of_range_are_refused)
{
    struct rule rules[] = { { 0 } };
    const cmg_consent_options options = { sizeof options, (cmg_consent_mode)bad[_i].mode,
                                          bad[_i].wait_ms, NULL };
    cmg_error *err = NULL;

    world_init(&w, CMG_DEPLOY_DELETE, rules);
    ck_assert_int_eq(cmg_deploy_set_consent(w.deploy, &options, &err), CMG_E_INVAL);
    ck_assert_str_eq(cmg_error_subject(err), bad[_i].subject);
    cmg_error_unref(err);
    err = NULL;
    ck_ok(cmg_deploy_set_consent(w.deploy, NULL, &err), err);
    world_done(&w);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("steps_consent");
    TCase *granted = tcase_create("granted");
    TCase *ask = tcase_create("asked");

    tcase_add_test(granted, duplicate_grant_is_looked_for_again);
    tcase_add_test(granted, scopes_that_are_granted_already_are_kept);
    tcase_add_test(granted, fresh_grant_must_be_seen_three_times_in_a_row);
    tcase_add_test(granted, grant_of_unknown_outcome_is_not_made_twice);
    suite_add_tcase(suite, granted);
    tcase_add_loop_test(ask, refused_grant_is_handed_to_an_administrator_and_waited_for,
                        0, CMG__ARRAY_LEN(asked));
    tcase_add_test(ask, host_may_ask_at_once_and_say_where_the_page_leads);
    tcase_add_test(ask, nobody_consenting_in_time_is_an_error_that_names_the_page);
    tcase_add_loop_test(ask, host_without_on_consent_gets_the_refusal_with_the_page, 0,
                        2);
    tcase_add_test(ask, callback_that_fails_ends_the_deployment);
    tcase_add_test(ask, waiting_for_consent_can_be_cancelled_and_goes_on_later);
    tcase_add_loop_test(ask, failed_allocation_is_reported_and_nothing_is_lost, 0,
                        CMG__ARRAY_LEN(asked));
    tcase_add_loop_test(ask, options_out_of_range_are_refused, 0, CMG__ARRAY_LEN(bad));
    suite_add_tcase(suite, ask);
    return support_run((Suite *[]){ suite, NULL });
}
