/* What services demand of a sign-in, and signing in again in the middle of a run. */
#include "canned.h"

#include <stdio.h>
#include <string.h>

static struct world w;

#define CLAIMS "{\"access_token\":{\"acrs\":{\"essential\":true,\"value\":\"c1\"}}}"
#define SENT                                                                             \
    "claims=%7B%22access_token%22%3A%7B%22acrs%22%3A%7B%22essential%22%3Atrue%2C%22"     \
    "value%22%3A%22c1%22%7D%7D%7D"
#define CHALLENGE(n)                                                                     \
    {                                                                                    \
        .method = "GET", .path = "/organization", .times = (n), .status = 401,           \
        .header =                                                                        \
            "WWW-Authenticate: Bearer realm=\"\", error=\"insufficient_claims\", "       \
            "claims=\"eyJhY2Nlc3NfdG9rZW4iOnsiYWNycyI6eyJlc3NlbnRpYWwiOnRydWUsInZh"      \
            "bHVlIjoiYzEifX19\"",                                                        \
        .body =                                                                          \
            "{\"error\":{\"code\":\"InvalidAuthenticationToken\",\"message\":\"more\"}}" \
    }
#define ORGANIZATION                                                                     \
    ANSWER("GET", "/organization", 0, 200,                                               \
           "{\"value\":[{\"id\":\"" WORLD_TENANT "\",\"displayName\":\"Contoso\"}]}")
#define PRINCIPAL ANSWER("GET", "/v1.0/", 0, 200, "{\"id\":\"" WORLD_CLIENT "\"}")
#define DEVICE_CODE                                                                      \
    ANSWER(                                                                              \
        "POST", "/devicecode", 0, 200,                                                   \
        "{\"device_code\":\"d\",\"user_code\":\"U\",\"verification_uri\":\"https://x\"," \
        "\"expires_in\":900,\"interval\":1,\"message\":\"m\"}")
#define TOKENS(n)                                                                        \
    ANSWER("POST", "/token", n, 200,                                                     \
           "{\"access_token\":\"secret.a\",\"refresh_token\":\"secret.r\","              \
           "\"expires_in\":3600}")
#define REFUSED(e, more)                                                                 \
    ANSWER("POST", "/token", 1, 400,                                                     \
           "{\"error\":\"" e "\",\"error_description\":\"AADSTS50076: more\","           \
           "\"error_codes\":[50076]" more "}")
#define WITH_CLAIMS                                                                      \
    ",\"claims\":\"{\\\"access_token\\\":{\\\"acrs\\\":{\\\"essential\\\":true,"         \
    "\\\"value\\\":\\\"c1\\\"}}}\""

static void make(struct rule *rules, bool person)
{
    static const struct cmg__step *const steps[] = { &cmg__step_sign_in,
                                                     &cmg__step_tenant };

    world_init(&w, CMG_DEPLOY_DELETE, rules);
    w.prompts = 0;
    w.memory.canary = "secret.";
    if (person)
        ck_assert_int_eq(
            cmg_tenant_set_device_code(cmg_gateway_tenant(w.gateway), NULL, NULL),
            CMG_OK);
    world_again(&w, CMG_DEPLOY_DELETE);
    world_table(&w, steps, 2);
}

static void run(struct rule *rules, bool person)
{
    make(rules, person);
    world_start(&w);
    canned_finish(&w);
}

static void check_good(unsigned prompts)
{
    ck_assert_msg(w.end == CMG_DEPLOY_DELETED, "%s", w.end_message);
    ck_assert_uint_eq(w.prompts, prompts);
    world_done(&w);
    ck_assert(!w.memory.canary_seen);
}

START_TEST(demand_is_passed_on_with_the_next_request_for_a_token)
{
    struct rule rules[] = { CHALLENGE(1), ORGANIZATION, PRINCIPAL, TOKEN, { 0 } };

    run(rules, false);
    ck_assert_uint_eq(world_count(&w, SENT), 1);
    check_good(0);
}
END_TEST

START_TEST(application_that_cannot_meet_it_is_told_what_is_demanded)
{
    struct rule rules[] = { CHALLENGE(0), TOKEN, { 0 } };

    run(rules, false);
    ck_assert_int_eq(w.end_code, CMG_E_AUTH);
    ck_assert_ptr_nonnull(strstr(w.end_cause, "acrs (c1)"));
    ck_assert_ptr_nonnull(strstr(w.end_remedy, "exempt the application"));
    ck_assert_uint_eq(world_count(&w, SENT), 1);
    world_done(&w);
}
END_TEST

START_TEST(refused_request_for_a_token_tells_it_too)
{
    struct rule rules[] = { REFUSED("invalid_grant", WITH_CLAIMS), { 0 } };

    run(rules, false);
    ck_assert_int_eq(w.end_code, CMG_E_AUTH);
    ck_assert_ptr_nonnull(strstr(w.end_cause, "acrs (c1)"));
    world_done(&w);
}
END_TEST

START_TEST(person_is_asked_again_with_the_demand)
{
    struct rule rules[] = { CHALLENGE(1), ORGANIZATION,
                            PRINCIPAL,    DEVICE_CODE,
                            TOKENS(3),    REFUSED("interaction_required", WITH_CLAIMS),
                            TOKENS(0),    { 0 } };

    run(rules, true);
    ck_assert_uint_eq(world_count(&w, "/devicecode"), 2);
    /* The refresh that failed, and the code. */
    ck_assert_uint_eq(world_count(&w, SENT), 2);
    check_good(2);
}
END_TEST

START_TEST(person_is_asked_again_when_a_new_token_is_not_enough)
{
    struct rule rules[] = { CHALLENGE(2), ORGANIZATION, PRINCIPAL,
                            DEVICE_CODE,  TOKENS(0),    { 0 } };

    run(rules, true);
    ck_assert_uint_eq(world_count(&w, "/devicecode"), 2);
    check_good(2);
}
END_TEST

START_TEST(person_is_not_asked_for_ever)
{
    struct rule rules[] = { CHALLENGE(0), DEVICE_CODE, TOKENS(0), { 0 } };

    run(rules, true);
    ck_assert_int_eq(w.end_code, CMG_E_AUTH);
    ck_assert_uint_eq(w.prompts, 4);
    ck_assert_ptr_nonnull(strstr(w.end_cause, "acrs (c1)"));
    ck_assert_ptr_nonnull(strstr(w.end_remedy, "multi-factor"));
    world_done(&w);
}
END_TEST

START_TEST(refresh_token_that_ended_makes_another_sign_in)
{
    struct rule rules[] = {
        ORGANIZATION, PRINCIPAL, DEVICE_CODE, TOKENS(1), REFUSED("invalid_grant", ""),
        TOKENS(0),    { 0 }
    };

    run(rules, true);
    ck_assert_uint_eq(world_count(&w, "claims="), 0);
    check_good(2);
}
END_TEST

START_TEST(sign_in_that_is_not_enough_is_begun_again)
{
    struct rule rules[] = { ORGANIZATION, PRINCIPAL,
                            DEVICE_CODE,  REFUSED("invalid_grant", WITH_CLAIMS),
                            TOKENS(0),    { 0 } };

    run(rules, true);
    ck_assert_uint_eq(world_count(&w, SENT), 1);
    check_good(2);
}
END_TEST

START_TEST(run_is_cancelled_while_it_waits_for_the_person)
{
    struct rule rules[] = { CHALLENGE(2),
                            DEVICE_CODE,
                            TOKENS(4),
                            ANSWER("POST", "/token", 0, 400,
                                   "{\"error\":\"authorization_pending\"}"),
                            { 0 } };

    make(rules, true);
    world_start(&w);
    for (unsigned i = 0; i < 2000 && w.prompts < 2; i++) {
        support_env_advance_ms(&w.env, 100);
        world_turns(&w, 1);
    }
    ck_assert_uint_eq(w.prompts, 2);
    ck_assert_int_eq(cmg_deploy_cancel(w.deploy, NULL), CMG_OK);
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_PAUSED);
    world_done(&w);
}
END_TEST

static void begin_starved(void)
{
    static struct rule rules[8];
    const struct rule fresh[] = { CHALLENGE(2), ORGANIZATION, PRINCIPAL,
                                  DEVICE_CODE,  TOKENS(0),    { 0 } };

    memcpy(rules, fresh, sizeof fresh);
    make(rules, true);
}

START_TEST(memory_that_runs_out_is_told_and_nothing_stays)
{
    canned_starve(&w, begin_starved, CMG_OK);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sign_in_again");
    TCase *again = tcase_create("again");

    tcase_set_timeout(again, 120);
    tcase_add_test(again, demand_is_passed_on_with_the_next_request_for_a_token);
    tcase_add_test(again, application_that_cannot_meet_it_is_told_what_is_demanded);
    tcase_add_test(again, refused_request_for_a_token_tells_it_too);
    tcase_add_test(again, person_is_asked_again_with_the_demand);
    tcase_add_test(again, person_is_asked_again_when_a_new_token_is_not_enough);
    tcase_add_test(again, person_is_not_asked_for_ever);
    tcase_add_test(again, refresh_token_that_ended_makes_another_sign_in);
    tcase_add_test(again, sign_in_that_is_not_enough_is_begun_again);
    tcase_add_test(again, run_is_cancelled_while_it_waits_for_the_person);
    tcase_add_test(again, memory_that_runs_out_is_told_and_nothing_stays);
    suite_add_tcase(suite, again);
    return support_run((Suite *[]){ suite, NULL });
}
