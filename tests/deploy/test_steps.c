/*
 * Single steps with canned answers: signing in, names, groups, the deployment, what is
 * checked after it.
 */
#include "canned.h"

#include <stdio.h>
#include <string.h>

static struct world w;

/* ---- sign in ---- */

#define CODE                                                                             \
    "{\"device_code\":\"dev-1\",\"user_code\":\"ABC\",\"verification_uri\":"             \
    "\"https://microsoft.com/devicelogin\",\"expires_in\":\"900\",\"interval\":\"5\"}"
#define PENDING "{\"error\":\"authorization_pending\"}"
#define SLOW    "{\"error\":\"slow_down\"}"

static void begin_device(struct rule *rules)
{
    static const struct cmg__step *steps[1];

    steps[0] = &cmg__step_sign_in;
    world_init(&w, CMG_DEPLOY_DELETE, rules);
    ck_assert_int_eq(
        cmg_tenant_set_device_code(cmg_gateway_tenant(w.gateway), NULL, NULL), CMG_OK);
    world_table(&w, steps, 1);
    world_start(&w);
}

START_TEST(person_is_prompted_and_waited_for_slower_when_asked)
{
    struct rule rules[] = {
        ANSWER("POST", "/devicecode", 0, 200, CODE),
        ANSWER("POST", "/token", 1, 400, PENDING),
        ANSWER("POST", "/token", 1, 400, SLOW),
        ANSWER("POST", "/token", 0, 200,
               "{\"access_token\":\"t\",\"refresh_token\":\"r-1\",\"expires_in\":3600}"),
        { 0 }
    };

    begin_device(rules);
    w.memory.canary = "dev-1";
    int64_t began = w.env.now_ns;
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_DELETED);
    ck_assert_str_eq(w.prompt, "https://microsoft.com/devicelogin ABC");
    ck_assert_int_ge((w.env.now_ns - began) / 1000000, 5000 + 5000 + 10000);
    ck_assert_uint_eq(world_count(&w, "device_code=dev-1"), 3);
    ck_assert_uint_eq(world_count(&w, "refresh_token=r-1"), 2);
    w.journal[sizeof w.journal - 1] = '\0';
    ck_assert_ptr_null(strstr(w.journal, "r-1"));
    ck_assert_ptr_null(strstr(w.journal, "dev-1"));
    ck_assert_ptr_null(strstr(w.steps, "dev-1"));
    world_done(&w);
    ck_assert(!w.memory.canary_seen);
}
END_TEST

#define REFUSED(error, numbers)                                                          \
    "{\"error\":\"" error                                                                \
    "\",\"error_description\":\"AADSTS: no\",\"error_codes\":[" numbers                  \
    "],\"correlation_id\":\"c-1\",\"timestamp\":\"2026-11-23 00:00:00Z\"}"

static const struct {
    int status;
    const char *body;
    cmg_status code;
    const char *cause, *remedy; /* words of them */
} poll_ends[] = {
    { 400, REFUSED("authorization_declined", "70000"), CMG_E_AUTH, "declined", "accept" },
    { 400, REFUSED("access_denied", "65004"), CMG_E_AUTH, "declined", "accept" },
    { 400, REFUSED("expired_token", "70020"), CMG_E_AUTH, "in time", "15 minutes" },
    { 400, REFUSED("code_expired", "70019"), CMG_E_AUTH, "in time", "15 minutes" },
    { 400, REFUSED("bad_verification_code", "70018"), CMG_E_AUTH, "not known",
      "start the sign-in again" },
    { 401, REFUSED("invalid_client", "7000218"), CMG_E_AUTH, "public client",
      "allow public client flows" },
    { 400, REFUSED("invalid_grant", "53003"), CMG_E_DENIED, "conditional access",
      "service principal" },
    { 400, REFUSED("invalid_grant", "50076"), CMG_E_AUTH, "multi-factor", "browser" },
    { 400, REFUSED("invalid_grant", "50057"), CMG_E_AUTH, "disabled", "another account" },
};

START_TEST(poll_that_ends_the_sign_in_has_cause_and_remedy)
{
    struct rule rules[] = { ANSWER("POST", "/devicecode", 0, 200, CODE),
                            ANSWER("POST", "/token", 1, 400, PENDING),
                            ANSWER("POST", "/token", 0, poll_ends[_i].status,
                                   poll_ends[_i].body),
                            { 0 } };

    begin_device(rules);
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_FAILED);
    ck_assert_int_eq(w.end_code, poll_ends[_i].code);
    ck_assert_msg(strstr(w.end_remedy, poll_ends[_i].remedy) != NULL, "%s", w.end_remedy);
    ck_assert_msg(strstr(w.end_cause, poll_ends[_i].cause) != NULL, "%s", w.end_cause);
    ck_assert_ptr_nonnull(
        strstr(w.end_cause, "correlation id c-1 at 2026-11-23 00:00:00Z"));
    ck_assert_uint_eq(world_count(&w, "device_code=dev-1"), 2);
    world_done(&w);
}
END_TEST

START_TEST(code_whose_answer_was_lost_is_replaced_once)
{
    struct rule rules[] = {
        ANSWER("POST", "/devicecode", 0, 200, CODE),
        { .path = "/token", .times = 1, .lost = true },
        ANSWER("POST", "/token", _i == 0 ? 1 : 0, 400, REFUSED("invalid_grant", "54005")),
        ANSWER("POST", "/token", 0, 200,
               "{\"access_token\":\"t\",\"refresh_token\":\"r-1\",\"expires_in\":3600}"),
        { 0 }
    };

    begin_device(rules);
    canned_finish(&w);
    ck_assert_int_eq(w.end, _i == 0 ? CMG_DEPLOY_DELETED : CMG_DEPLOY_FAILED);
    ck_assert_uint_eq(world_count(&w, "/devicecode"), 2);
    world_done(&w);
}
END_TEST

static const struct {
    const char *date; /* our clock says 2026-11-23 00:00 */
    const char *cause;
} clocks[] = {
    { "Date: Mon, 23 Nov 2026 01:00:00 GMT", "clock is 60 minutes slow" },
    { "Date: Sun, 22 Nov 2026 23:00:00 GMT", "clock is 60 minutes fast" },
    { "Date: Mon, 23 Nov 2026 00:02:00 GMT", NULL },
    { NULL, NULL },
};

START_TEST(wrong_clock_is_blamed_for_a_refused_sign_in)
{
    struct rule rules[] = { { .path = "/token",
                              .status = 401,
                              .header = clocks[_i].date,
                              .body = REFUSED("invalid_client", "700027") },
                            { 0 } };
    static const struct cmg__step *steps[1];

    steps[0] = &cmg__step_sign_in;
    world_init(&w, CMG_DEPLOY_DELETE, rules);
    world_table(&w, steps, 1);
    world_start(&w);
    canned_finish(&w);
    ck_assert_int_eq(w.end_code, CMG_E_AUTH);
    if (clocks[_i].cause != NULL) {
        ck_assert_msg(strstr(w.end_cause, clocks[_i].cause) != NULL, "%s", w.end_cause);
        ck_assert_ptr_nonnull(strstr(w.end_remedy, "NTP"));
    } else {
        ck_assert_ptr_null(strstr(w.end_cause, "machine's clock is "));
    }
    ck_assert_ptr_nonnull(strstr(w.end_cause, "correlation id c-1"));
    world_done(&w);
}
END_TEST

START_TEST(host_without_a_prompt_cannot_sign_a_person_in)
{
    struct rule rules[] = { ANSWER("POST", "/devicecode", 0, 200, CODE),
                            ANSWER("POST", "/token", 0, 400, PENDING),
                            { 0 } };

    w.answer_prompt = CMG_CALLBACK_PASS;
    begin_device(rules);
    canned_finish(&w);
    ck_assert_int_eq(w.end_code, CMG_E_AUTH);
    ck_assert_ptr_nonnull(strstr(w.end_remedy, "on_prompt"));
    world_done(&w);
}
END_TEST

/* ---- tenant and subscription ---- */

static const struct {
    const char *state, *tenant;
    cmg_status expected;
} subscriptions[] = {
    { "Enabled", WORLD_TENANT, CMG_OK },
    { "Warned", WORLD_TENANT, CMG_OK },
    { "PastDue", WORLD_TENANT, CMG_OK },
    { "Disabled", WORLD_TENANT, CMG_E_DENIED },
    { "Deleted", WORLD_TENANT, CMG_E_DENIED },
    { "Enabled", "22222222-2222-4333-8444-555555555555", CMG_E_CONFLICT },
};

START_TEST(subscription_must_be_writable_and_of_the_tenant)
{
    char body[256];
    (void)snprintf(body, sizeof body, "{\"state\":\"%s\",\"tenantId\":\"%s\"}",
                   subscriptions[_i].state, subscriptions[_i].tenant);
    struct rule rules[] = { TOKEN,
                            ANSWER("GET", "/subscriptions/", 0, 200, body),
                            { 0 } };

    canned_begin(&w, rules, &cmg__step_subscription);
    canned_finish(&w);
    ck_assert_int_eq(w.end_code, subscriptions[_i].expected);
    if (subscriptions[_i].expected != CMG_OK)
        ck_assert_str_ne(w.end_remedy, "");
    world_done(&w);
}
END_TEST

/* ---- providers and names ---- */

START_TEST(provider_is_registered_and_waited_for)
{
    struct rule rules[] = { TOKEN,
                            ANSWER("GET", "/providers/Microsoft.Compute", 1, 200,
                                   "{\"registrationState\":\"NotRegistered\"}"),
                            ANSWER("POST", "/providers/Microsoft.Compute/register", 0,
                                   200, "{}"),
                            ANSWER("GET", "/providers/Microsoft.Compute", 2, 200,
                                   "{\"registrationState\":\"Registering\"}"),
                            ANSWER("GET", "/providers/Microsoft.Compute", 0, 200,
                                   "{\"registrationState\":\"Registered\"}"),
                            { 0 } };

    canned_begin(&w, rules, &cmg__step_provider_compute);
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_DELETED);
    ck_assert_uint_eq(world_count(&w, "/register"), 1);
    ck_assert_uint_eq(world_count(&w, "GET https://management"), 4);
    world_done(&w);
}
END_TEST

#define OURS_IP                                                                          \
    "{\"value\":[{\"type\":\"microsoft.network/publicipaddresses\",\"name\":"            \
    "\"granitefalls\",\"tags\":{\"libcmg-deployment\":\"%s\"}}]}"
#define THEIRS_IP                                                                        \
    "{\"value\":[{\"type\":\"Microsoft.Network/publicIPAddresses\",\"name\":"            \
    "\"granitefalls\",\"tags\":{\"other\":\"%s\"}}]}"
#define STOOD_HERE                                                                       \
    "{\"properties\":{\"vaultId\":\"/subscriptions/" WORLD_SUBSCRIPTION                  \
    "/resourceGroups/CMG-granitefalls/providers/Microsoft.KeyVault/vaults/"              \
    "granitefalls\"}}"

static const struct {
    const char *dns, *vault, *resources, *deleted;
    const char *words; /* NULL: free */
} names[] = {
    { "true", "true", "%s", "{}", NULL },
    { "false", "true", OURS_IP, "{}", NULL },
    { "false", "true", THEIRS_IP, "{}", "DNS name" },
    { "true", "false", "{\"value\":[],\"x\":\"%s\"}", STOOD_HERE, NULL },
    { "true", "false", "{\"value\":[],\"x\":\"%s\"}", "{\"properties\":{}}",
      "key vault" },
    { "false", "false", THEIRS_IP, STOOD_HERE, "taken by someone else" },
};

START_TEST(taken_name_is_free_when_it_is_our_own)
{
    char dns[64], vault[64];
    (void)snprintf(dns, sizeof dns, "{\"available\":%s}", names[_i].dns);
    (void)snprintf(vault, sizeof vault, "{\"nameAvailable\":%s}", names[_i].vault);
    struct rule rules[] = {
        TOKEN,
        ANSWER("GET", "CheckDnsName", 0, 200, dns),
        ANSWER("POST", "Microsoft.Storage/check", 0, 200, "{\"nameAvailable\":true}"),
        ANSWER("POST", "Microsoft.KeyVault/check", 0, 200, vault),
        ANSWER("GET", "/resources?", 0, 200, canned_with_id(names[_i].resources)),
        ANSWER("GET", "/deletedVaults/", 0, 200, names[_i].deleted),
        { 0 }
    };

    canned_begin(&w, rules, &cmg__step_names);
    canned_finish(&w);
    ck_assert_int_eq(w.end_code, names[_i].words == NULL ? CMG_OK : CMG_E_EXISTS);
    if (names[_i].words != NULL)
        ck_assert_ptr_nonnull(strstr(w.end_message, names[_i].words));
    world_done(&w);
}
END_TEST

/* ---- group ---- */

START_TEST(group_of_somebody_else_is_refused)
{
    struct rule rules[] = { TOKEN,
                            ANSWER("GET", "/resourceGroups/", 0, 200,
                                   "{\"location\":\"westeurope\",\"tags\":{}}"),
                            { 0 } };

    canned_begin(&w, rules, _i == 0 ? &cmg__step_resource_group : &cmg__step_group_gone);
    canned_finish(&w);
    ck_assert_int_eq(w.end_code, CMG_E_EXISTS);
    ck_assert_ptr_nonnull(strstr(w.end_message, "cmg-granitefalls"));
    ck_assert_uint_eq(world_count(&w, "PUT"), 0);
    ck_assert_uint_eq(world_count(&w, "DELETE"), 0);
    world_done(&w);
}
END_TEST

#define OUR_GROUP "{\"tags\":{\"libcmg-deployment\":\"%s\"}}"

START_TEST(deletion_is_followed_by_its_location)
{
    struct rule rules[] = {
        TOKEN,
        ANSWER("GET", "/resources?", 0, 200, "{\"value\":[]}"),
        { "DELETE", "/resourceGroups/", 0, 202,
          "Location: https://management.azure.com/poll/1", NULL, false, 0 },
        { "GET", "/poll/1", 2, 202, "Retry-After: 15", NULL, false, 0 },
        ANSWER("GET", "/poll/1", 0, 200, NULL),
        ANSWER("GET", "/resourceGroups/", 1, 200, canned_with_id(OUR_GROUP)),
        ANSWER("GET", "/resourceGroups/", 0, 404, NOT_FOUND),
        { 0 }
    };

    canned_begin(&w, rules, &cmg__step_group_gone);
    int64_t began = w.env.now_ns;
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_DELETED);
    ck_assert_int_ge((w.env.now_ns - began) / 1000000, 30000);
    ck_assert_uint_eq(world_count(&w, "/poll/1"), 3);
    world_done(&w);
}
END_TEST

START_TEST(polling_url_elsewhere_gets_no_token)
{
    struct rule rules[] = { TOKEN,
                            ANSWER("GET", "/deployments/", 0, 200,
                                   "{\"properties\":{\"provisioningState\":"
                                   "\"Running\"}}"),
                            { 0 } };

    canned_begin(&w, rules, &cmg__step_deployment);
    world_fact(&w, "deployment", "libcmg-12345678");
    world_fact(&w, "poll:deployment", "https://evil.example/poll");
    canned_finish(&w);
    ck_assert_int_eq(w.end_code, CMG_E_PROTO);
    ck_assert_uint_eq(world_count(&w, "evil"), 0);
    world_done(&w);
}
END_TEST

/* ---- deployment ---- */

START_TEST(running_deployment_is_attached_to_by_the_journal)
{
    struct rule rules[] = {
        TOKEN,
        ANSWER("GET", "/deployments/", 1, 200,
               "{\"properties\":{\"provisioningState\":\"Running\"}}"),
        ANSWER("GET", "/operationStatuses/7", 2, 200, "{\"status\":\"Running\"}"),
        ANSWER("GET", "/operationStatuses/7", 0, 200, "{\"status\":\"Succeeded\"}"),
        ANSWER("GET", "/deployments/", 0, 200,
               "{\"properties\":{\"provisioningState\":\"Succeeded\"}}"),
        { 0 }
    };

    canned_begin(&w, rules, &cmg__step_deployment);
    world_fact(&w, "deployment", "libcmg-12345678");
    world_fact(&w, "poll:deployment", "https://management.azure.com/operationStatuses/7");
    world_fact(&w, "poll_mode:deployment", "status");
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_DELETED);
    ck_assert_uint_eq(world_count(&w, "PUT"), 0);
    ck_assert_uint_eq(world_count(&w, "operationStatuses"), 3);
    world_done(&w);
}
END_TEST

START_TEST(failed_operation_is_reported_with_its_innermost_cause)
{
    struct rule rules[] = {
        TOKEN,
        ANSWER("GET", "/operations?", 0, 200,
               "{\"value\":[{\"properties\":{\"provisioningState\":\"Succeeded\"}},"
               "{\"properties\":{\"provisioningState\":\"Failed\",\"targetResource\":{"
               "\"resourceType\":\"Microsoft.Network/publicIPAddresses\","
               "\"resourceName\":\"granitefalls\"},\"statusMessage\":{\"error\":{"
               "\"code\":\"DnsRecordInUse\",\"message\":\"DNS record is in use\"}}}}]}"),
        ANSWER("GET", "/deployments/", 1, 200,
               "{\"properties\":{\"provisioningState\":\"Running\"}}"),
        ANSWER("GET", "/deployments/", 0, 200,
               "{\"properties\":{\"provisioningState\":\"Failed\"}}"),
        { 0 }
    };

    canned_begin(&w, rules, &cmg__step_deployment);
    world_fact(&w, "deployment", "libcmg-12345678");
    w.deploy->execs[1].run.bits = 1; /* as if this run had sent it */
    canned_finish(&w);
    ck_assert_int_eq(w.end_code, CMG_E_EXISTS);
    ck_assert_ptr_nonnull(strstr(w.end_message, "publicIPAddresses \"granitefalls\""));
    ck_assert_ptr_nonnull(strstr(w.end_message, "DNS record is in use"));
    ck_assert_str_ne(w.end_remedy, "");
    world_done(&w);
}
END_TEST

/* The operation tells less than the deployment: what it said is given back. */
START_TEST(operation_that_failed_is_explained_by_the_deployment)
{
    struct rule rules[] = {
        TOKEN,
        ANSWER("GET", "/operations?", 0, 200,
               "{\"value\":[{\"properties\":{\"provisioningState\":\"Failed\","
               "\"statusMessage\":{\"error\":{\"code\":\"SkuNotAvailable\","
               "\"message\":\"no such size here\"}}}}]}"),
        ANSWER("GET", "/deployments/", 1, 200,
               "{\"properties\":{\"provisioningState\":\"Running\"}}"),
        ANSWER("GET", "/operationStatuses/7", 0, 200,
               "{\"status\":\"Failed\",\"error\":{\"code\":\"DeploymentFailed\","
               "\"message\":\"look at the operations\"}}"),
        ANSWER("GET", "/deployments/", 0, 200,
               "{\"properties\":{\"provisioningState\":\"Failed\"}}"),
        { 0 }
    };

    canned_begin(&w, rules, &cmg__step_deployment);
    world_fact(&w, "deployment", "libcmg-12345678");
    world_fact(&w, "poll:deployment", "https://management.azure.com/operationStatuses/7");
    world_fact(&w, "poll_mode:deployment", "status");
    w.deploy->execs[1].run.bits = 1; /* as if this run had sent it */
    canned_finish(&w);
    ck_assert_ptr_nonnull(strstr(w.end_message, "no such size here"));
    world_done(&w);
}
END_TEST

/* ---- instances ---- */

#define VM(state)                                                                        \
    "{\"properties\":{\"instanceView\":{\"statuses\":[{\"code\":\"PowerState/" state     \
    "\"}]}}}"

START_TEST(all_instances_are_waited_for)
{
    struct rule rules[] = { TOKEN,
                            ANSWER("GET", "/virtualMachines?", 1, 200, "{\"value\":[]}"),
                            ANSWER("GET", "/virtualMachines?", 1, 200,
                                   "{\"value\":[" VM("running") "," VM("starting") "]}"),
                            ANSWER("GET", "/virtualMachines?", 0, 200,
                                   "{\"value\":[" VM("running") "," VM("running") "]}"),
                            { 0 } };
    static struct cmg__step step;

    step = cmg__step_instances;
    step.phase = CMG__PHASE_APPLY; /* a deletion has no verifying phase */
    canned_begin(&w, rules, &step);
    world_fact(&w, "scale_set", "granitefalls");
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_DELETED);
    ck_assert_uint_eq(world_count(&w, "/virtualMachines?"), 3);
    world_done(&w);
}
END_TEST

/* Whatever a service answers, a step ends in an error that names it, not in a fault. */
static const struct cmg__step *const all_steps[] = {
    &cmg__step_tenant,         &cmg__step_subscription,    &cmg__step_provider_network,
    &cmg__step_server_app,     &cmg__step_client_app,      &cmg__step_server_principal,
    &cmg__step_server_consent, &cmg__step_vault,           &cmg__step_vault_certificate,
    &cmg__step_deployment,     &cmg__step_client_app_gone, &cmg__step_resource_group,
};
static const char *const odd_bodies[] = {
    "[]", "null", "{}", "{\"id\":7,\"appId\":[],\"value\":{}}", "<html>",
};

START_TEST(odd_answers_are_survived)
{
    for (size_t i = 0; i < CMG__ARRAY_LEN(odd_bodies); i++) {
        struct rule rules[] = { TOKEN,
                                ANSWER(NULL, "https://", 0, 200, odd_bodies[i]),
                                { 0 } };

        w = (struct world){ 0 };
        canned_begin(&w, rules, all_steps[_i]);
        world_fact(&w, "deployment", "libcmg-12345678");
        world_fact(&w, "client_app_id", "ca");
        canned_finish(&w);
        if (w.end == CMG_DEPLOY_FAILED)
            ck_assert_str_ne(w.end_message, "");
        world_done(&w);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("steps");
    TCase *sign_in = tcase_create("sign in");
    TCase *group = tcase_create("names and groups");
    TCase *deployment = tcase_create("deployment");

    tcase_add_test(sign_in, person_is_prompted_and_waited_for_slower_when_asked);
    tcase_add_loop_test(sign_in, poll_that_ends_the_sign_in_has_cause_and_remedy, 0,
                        CMG__ARRAY_LEN(poll_ends));
    tcase_add_loop_test(sign_in, code_whose_answer_was_lost_is_replaced_once, 0, 2);
    tcase_add_loop_test(sign_in, wrong_clock_is_blamed_for_a_refused_sign_in, 0,
                        CMG__ARRAY_LEN(clocks));
    tcase_add_test(sign_in, host_without_a_prompt_cannot_sign_a_person_in);
    tcase_add_loop_test(sign_in, subscription_must_be_writable_and_of_the_tenant, 0,
                        CMG__ARRAY_LEN(subscriptions));
    suite_add_tcase(suite, sign_in);
    tcase_add_test(group, provider_is_registered_and_waited_for);
    tcase_add_loop_test(group, taken_name_is_free_when_it_is_our_own, 0,
                        CMG__ARRAY_LEN(names));
    tcase_add_loop_test(group, group_of_somebody_else_is_refused, 0, 2);
    tcase_add_test(group, deletion_is_followed_by_its_location);
    suite_add_tcase(suite, group);
    tcase_add_test(deployment, polling_url_elsewhere_gets_no_token);
    tcase_add_test(deployment, operation_that_failed_is_explained_by_the_deployment);
    tcase_add_test(deployment, running_deployment_is_attached_to_by_the_journal);
    tcase_add_test(deployment, failed_operation_is_reported_with_its_innermost_cause);
    tcase_add_test(deployment, all_instances_are_waited_for);
    tcase_add_loop_test(deployment, odd_answers_are_survived, 0,
                        CMG__ARRAY_LEN(all_steps));
    suite_add_tcase(suite, deployment);
    return support_run((Suite *[]){ suite, NULL });
}
