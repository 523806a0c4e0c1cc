/* Tokens that the host keeps between two runs: what is asked again, and what is not. */
#include "canned.h"

#include <stdio.h>
#include <string.h>

#include "deploy/token_cache.h"

static struct world w;

/* ---- the host ---- */

static char kept[4096];
static char kept_key[256];
static size_t kept_len;
static unsigned saves;
static unsigned releases;
static int64_t load_answer; /* negative: fails so */
static int save_answer;

static int64_t load(const char *key, void *out, size_t max, void *user)
{
    (void)key;
    (void)max;
    ck_assert_ptr_eq(user, &w);
    if (load_answer < 0)
        return load_answer;
    memcpy(out, kept, kept_len);
    return (int64_t)kept_len;
}

static int save(const char *key, const void *data, size_t size, void *user)
{
    ck_assert_ptr_eq(user, &w);
    saves++;
    if (save_answer != 0)
        return save_answer;
    ck_assert_uint_lt(size, sizeof kept);
    memcpy(kept, data, size);
    kept[size] = '\0';
    kept_len = size;
    (void)snprintf(kept_key, sizeof kept_key, "%s", key);
    return 0;
}

static void release(void *user)
{
    (void)user;
    releases++;
}

static unsigned complaints;

static void on_log(cmg_context *ctx, const cmg_log_record *record, void *user)
{
    (void)ctx;
    (void)user;
    complaints += strcmp(record->event, "token_cache") == 0;
    ck_assert_ptr_null(strstr(record->text, "first"));
}

/* ---- runs ---- */

#define TOKENS_OF(name)                                                                  \
    "{\"access_token\":\"" name ".access\",\"refresh_token\":\"" name                    \
    ".keepsake\",\"expires_in\":3600}"
#define STALE                                                                            \
    "{\"error\":\"invalid_grant\",\"error_description\":\"AADSTS700082: expired.\","     \
    "\"error_codes\":[700082]}"

static const char code[] =
    "{\"device_code\":\"d\",\"user_code\":\"U\",\"verification_uri\":"
    "\"https:/x\",\"expires_in\":900,\"interval\":1}";

static void make(struct rule *rules)
{
    static const struct cmg__step *const steps[] = { &cmg__step_sign_in };
    const cmg_token_cache cache = { sizeof cache, &w, load, save, release };
    cmg_error *err = NULL;

    world_init(&w, CMG_DEPLOY_DELETE, rules);
    world_table(&w, steps, 1);
    ck_ok(cmg_context_set_log(w.ctx, CMG_LOG_WARNING, on_log, NULL, &err), err);
    ck_ok(cmg_tenant_set_device_code(cmg_gateway_tenant(w.gateway), NULL, &err), err);
    ck_ok(cmg_tenant_set_token_cache(cmg_gateway_tenant(w.gateway), &cache, &err), err);
}

/* How often a code was shown, how often tokens were asked for. */
static void run(struct rule *rules, int64_t later_ms, unsigned codes, unsigned tokens)
{
    make(rules);
    w.memory.canary = ".keepsake";
    support_env_advance_ms(&w.env, later_ms);
    world_start(&w);
    canned_finish(&w);
    ck_assert_msg(w.end_code == CMG_OK, "%s", w.end_message);
    ck_assert_uint_eq(world_count(&w, "/devicecode"), codes);
    ck_assert_uint_eq(world_count(&w, "/token "), tokens);
    ck_assert(!w.memory.canary_seen);
    world_done(&w);
}

static void first_run(void)
{
    struct rule rules[] = { ANSWER("POST", "/devicecode", 0, 200, code),
                            ANSWER("POST", "/token", 0, 200, TOKENS_OF("first")),
                            { 0 } };

    run(rules, 0, 1, 3);
    ck_assert_uint_eq(complaints, 0);
}

static void setup(void)
{
    kept_len = 0;
    saves = releases = complaints = 0;
    load_answer = save_answer = 0;
}

START_TEST(a_key_names_login_tenant_client_and_way)
{
    first_run();
    ck_assert_str_eq(kept_key,
                     "https://login.microsoftonline.com/contoso.onmicrosoft.com/"
                     "1950a258-227b-4e31-a9cf-717495945fc2/device_code");
    ck_assert_uint_eq(saves, 3);
    ck_assert_uint_eq(releases, 1);
}
END_TEST

START_TEST(fresh_tokens_are_not_asked_for_again)
{
    struct rule nothing[] = { { 0 } };

    first_run();
    run(nothing, 1000, 0, 0);
    ck_assert_uint_eq(complaints, 0);
}
END_TEST

/* One refresh token serves each service. */
START_TEST(a_refresh_token_stands_for_the_person)
{
    struct rule rules[] = { ANSWER("POST", "/token", 0, 200, TOKENS_OF("second")),
                            { 0 } };

    first_run();
    run(rules, (int64_t)3600 * 1000, 0, 3);
    ck_assert_ptr_nonnull(strstr(kept, "refresh second.keepsake\n"));
    ck_assert_ptr_null(strstr(kept, "first"));
}
END_TEST

START_TEST(a_refresh_token_that_is_no_longer_taken_leads_to_a_sign_in)
{
    struct rule rules[] = { ANSWER("POST", "/token", 1, 400, STALE),
                            ANSWER("POST", "/devicecode", 0, 200, code),
                            ANSWER("POST", "/token", 0, 200, TOKENS_OF("second")),
                            { 0 } };

    first_run();
    run(rules, (int64_t)3600 * 1000, 1, 4);
    ck_assert_uint_eq(complaints, 1);
}
END_TEST

/* That of this very run is asked for once more, and no more. */
START_TEST(a_new_refresh_token_that_is_not_taken_ends_in_an_error)
{
    struct rule rules[] = { ANSWER("POST", "/devicecode", 0, 200, code),
                            ANSWER("POST", "/token", 1, 200, TOKENS_OF("first")),
                            ANSWER("POST", "/token", 0, 400, STALE),
                            { 0 } };

    make(rules);
    world_start(&w);
    canned_finish(&w);
    ck_assert_int_eq(w.end_code, CMG_E_AUTH);
    ck_assert_uint_eq(world_count(&w, "/devicecode"), 2);
    world_done(&w);
}
END_TEST

#define KEY                                                                              \
    "key https://login.microsoftonline.com/contoso.onmicrosoft.com/"                     \
    "1950a258-227b-4e31-a9cf-717495945fc2/device_code\n"

static const char *const unusable[] = {
    "x",
    "libcmg-tokens 2\n" KEY "refresh r\n",
    "libcmg-tokens 1\nkey https://login.microsoftonline.com/elsewhere/x/device_code\n",
    "libcmg-tokens 1\n" KEY "refresh r",
    "libcmg-tokens 1\n" KEY "refresh \n",
    "libcmg-tokens 1\n" KEY "refresh r r\n",
    "libcmg-tokens 1\n" KEY "refresh r \n",
    "libcmg-tokens 1\n" KEY "refresh r\nrefresh r\n",
    "libcmg-tokens 1\n" KEY "refresh r\x01\n",
    "libcmg-tokens 1\n" KEY "access https://graph.microsoft.com x t\n",
    "libcmg-tokens 1\n" KEY "access https://graph.microsoft.com -1 t\n",
    "libcmg-tokens 1\n" KEY "access https://graph.microsoft.com 9223372036854775807 t\n",
    "libcmg-tokens 1\n" KEY "access https://graph.microsoft.com 1\n",
    "libcmg-tokens 1\n" KEY "a a 1 t\na a 1 t\n",
    "libcmg-tokens 1\n" KEY "access a 1 t\naccess a 1 t\naccess a 1 t\naccess a 1 t\n"
    "access a 1 t\n",
    "libcmg-tokens 1\n" KEY "\n",
};

START_TEST(a_cache_that_cannot_be_used_is_told_and_replaced)
{
    struct rule rules[] = { ANSWER("POST", "/devicecode", 0, 200, code),
                            ANSWER("POST", "/token", 0, 200, TOKENS_OF("second")),
                            { 0 } };

    kept_len = strlen(unusable[_i]);
    memcpy(kept, unusable[_i], kept_len);
    run(rules, 0, 1, 3);
    ck_assert_uint_eq(complaints, 1);
    ck_assert_ptr_nonnull(strstr(kept, "refresh second.keepsake\n"));
}
END_TEST

START_TEST(a_cache_whose_functions_fail_is_told_and_not_needed)
{
    load_answer = -5;
    save_answer = -5;
    struct rule rules[] = { ANSWER("POST", "/devicecode", 0, 200, code),
                            ANSWER("POST", "/token", 0, 200, TOKENS_OF("second")),
                            { 0 } };

    run(rules, 0, 1, 3);
    ck_assert_uint_eq(complaints, 4);
}
END_TEST

START_TEST(an_access_token_for_something_else_is_left_alone)
{
    static const char other[] =
        "libcmg-tokens 1\n" KEY "refresh r\naccess https://other.example 1795000000 t\n";
    struct rule rules[] = { ANSWER("POST", "/token", 0, 200, TOKENS_OF("second")),
                            { 0 } };

    memcpy(kept, other, kept_len = sizeof other - 1);
    run(rules, 0, 0, 3);
}
END_TEST

START_TEST(a_table_without_a_function_is_refused)
{
    struct rule nothing[] = { { 0 } };
    cmg_error *err = NULL;

    make(nothing);
    cmg_tenant *tenant = cmg_gateway_tenant(w.gateway);
    const cmg_token_cache lacking = { .size = sizeof lacking, .load = load };
    const cmg_token_cache small = { .size = 8, .load = load, .save = save };
    ck_assert_int_eq(cmg_tenant_set_token_cache(tenant, &lacking, &err), CMG_E_INVAL);
    cmg_error_unref(err);
    ck_assert_int_eq(cmg_tenant_set_token_cache(tenant, &small, NULL), CMG_E_ABI);
    ck_assert_int_eq(cmg_tenant_set_token_cache(NULL, NULL, NULL), CMG_E_INVAL);
    ck_assert_uint_eq(releases, 0);
    ck_assert_int_eq(cmg_tenant_set_token_cache(tenant, NULL, NULL), CMG_OK);
    ck_assert_uint_eq(releases, 1);
    world_done(&w);
}
END_TEST

static void begin_warm(void)
{
    static const char warm[] = "libcmg-tokens 1\n" KEY "refresh r\naccess "
                               "https://graph.microsoft.com 1895000000 t\n";
    static struct rule rules[] = { ANSWER("POST", "/token", 0, 200, TOKENS_OF("second")),
                                   { 0 } };

    memcpy(kept, warm, kept_len = sizeof warm - 1);
    make(rules);
}

START_TEST(a_cache_without_memory_leaves_nothing)
{
    canned_starve(&w, begin_warm, CMG_OK);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("token_cache");
    TCase *all = tcase_create("token_cache");

    tcase_set_timeout(all, 60);
    tcase_add_checked_fixture(all, setup, NULL);
    tcase_add_test(all, a_key_names_login_tenant_client_and_way);
    tcase_add_test(all, fresh_tokens_are_not_asked_for_again);
    tcase_add_test(all, a_refresh_token_stands_for_the_person);
    tcase_add_test(all, a_refresh_token_that_is_no_longer_taken_leads_to_a_sign_in);
    tcase_add_test(all, a_new_refresh_token_that_is_not_taken_ends_in_an_error);
    tcase_add_loop_test(all, a_cache_that_cannot_be_used_is_told_and_replaced, 0,
                        CMG__ARRAY_LEN(unusable));
    tcase_add_test(all, a_cache_whose_functions_fail_is_told_and_not_needed);
    tcase_add_test(all, an_access_token_for_something_else_is_left_alone);
    tcase_add_test(all, a_table_without_a_function_is_refused);
    tcase_add_test(all, a_cache_without_memory_leaves_nothing);
    suite_add_tcase(suite, all);
    return support_run((Suite *[]){ suite, NULL });
}
