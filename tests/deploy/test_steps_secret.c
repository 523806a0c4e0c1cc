/*
 * The server app's client secret with canned answers: added, proven, kept, renewed, and
 * what becomes of it when a run ends in the middle.
 */
#include "canned.h"

#include <stdio.h>
#include <string.h>

static struct world w;

#define PROOF .path = "client_id=sa&"
#define PROVEN                                                                           \
    {                                                                                    \
        PROOF, .status = 200, .body = "{\"access_token\":\"tok\"}"                       \
    }
#define TOO_YOUNG(n)                                                                     \
    {                                                                                    \
        PROOF,                                                                           \
            .times = (n), .status = 401,                                                 \
            .body =                                                                      \
                "{\"error\":\"invalid_client\",\"error_description\":\"AADSTS7000215: "  \
                "Invalid client secret provided.\",\"error_codes\":[7000215]}"           \
    }
#define ADDED                                                                            \
    "{\"keyId\":\"k-new\",\"secretText\":\"value-1\",\"displayName\":\"x\","             \
    "\"endDateTime\":\"2028-11-22T00:00:00.1234567Z\"}"
#define APP "/applications/so"
#define KEY(id)                                                                          \
    "{\"keyId\":\"" id "\",\"displayName\":\"# 0badcafe\","                              \
    "\"endDateTime\":\"2028-11-22T00:00:00Z\"}"
#define THEIRS "{\"keyId\":\"k-theirs\",\"displayName\":\"portal\"}"

/* The application with a list of secrets, where # is what ours begin with. */
static const char *listed(const char *list)
{
    static char texts[8][1024];
    static unsigned next;
    char mark[32];
    char *text = texts[next++ % 8];
    size_t n = 0;

    (void)snprintf(mark, sizeof mark, "libcmg %.8s", canned_with_id("%s"));
    n += (size_t)snprintf(text, sizeof texts[0],
                          "{\"id\":\"so\",\"createdDateTime\":\"2026-01-01T00:00:00Z\","
                          "\"passwordCredentials\":[");
    for (const char *p = list; *p != '\0'; p++)
        n += (size_t)snprintf(text + n, sizeof texts[0] - n, "%.*s", *p == '#' ? 32 : 1,
                              *p == '#' ? mark : p);
    (void)snprintf(text + n, sizeof texts[0] - n, "]}");
    return text;
}

/* What the store holds under a name, or "". */
static const char *kept(const char *name)
{
    static char text[64];

    for (size_t i = 0; i < CMG__ARRAY_LEN(w.secrets); i++) {
        if (strcmp(w.secrets[i].name, name) == 0 && w.secrets[i].there) {
            (void)snprintf(text, sizeof text, "%.*s", (int)w.secrets[i].len,
                           w.secrets[i].data);
            return text;
        }
    }
    return "";
}

static void hold(size_t slot, const char *name, const char *value)
{
    (void)snprintf(w.secrets[slot].name, sizeof w.secrets[slot].name, "%s", name);
    (void)snprintf(w.secrets[slot].data, sizeof w.secrets[slot].data, "%s", value);
    w.secrets[slot].len = strlen(value);
    w.secrets[slot].there = true;
}

static bool journal_has(const char *text)
{
    return memmem(w.journal, w.journal_len, text, strlen(text)) != NULL;
}

static void begin_with_current(struct rule *rules, const struct cmg__step *step)
{
    canned_begin(&w, rules, step);
    world_fact(&w, "server_secret_key_id", "k-old");
    hold(0, "server-app-secret", "value-0");
}

/* ---- a first one ---- */

START_TEST(new_secret_is_proven_and_then_kept)
{
    struct rule rules[] = { PROVEN,
                            TOKEN,
                            ANSWER("GET", APP, 1, 200, listed(THEIRS)),
                            ANSWER("POST", "/addPassword", 0, 200, ADDED),
                            ANSWER("GET", APP, 0, 200, listed(THEIRS "," KEY("k-new"))),
                            { 0 } };

    canned_begin(&w, rules, &cmg__step_server_secret);
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_DELETED);
    ck_assert_uint_eq(world_count(&w, "client_secret=value-1"), 1);
    ck_assert_uint_eq(world_count(&w, "/removePassword"), 0);
    ck_assert_str_eq(kept("server-app-secret"), "value-1");
    ck_assert_str_eq(kept("server-app-secret-next"), "");
    ck_assert_int_eq(
        cmg_server_app_secret_expires_unix_s(cmg_gateway_server_app(w.gateway)),
        1858464000);
    world_done(&w);
}
END_TEST

START_TEST(secret_that_is_not_known_everywhere_yet_is_tried_again)
{
    struct rule rules[] = { TOO_YOUNG(4),
                            PROVEN,
                            TOKEN,
                            ANSWER("GET", APP, 1, 200, listed(THEIRS)),
                            ANSWER("POST", "/addPassword", 0, 200, ADDED),
                            ANSWER("GET", APP, 2, 200, listed(THEIRS)), /* stale */
                            ANSWER("GET", APP, 0, 200, listed(KEY("k-new"))),
                            { 0 } };

    canned_begin(&w, rules, &cmg__step_server_secret);
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_DELETED);
    ck_assert_uint_eq(world_count(&w, "client_id=sa&"), 5);
    ck_assert_uint_eq(world_count(&w, "/addPassword"), 1);
    ck_assert_str_eq(kept("server-app-secret"), "value-1");
    world_done(&w);
}
END_TEST

START_TEST(secret_that_never_signs_in_leaves_the_old_one_alone_and_is_replaced_next_time)
{
    struct rule rules[] = { TOO_YOUNG(0),
                            TOKEN,
                            ANSWER("GET", APP, 0, 200, listed(KEY("k-old"))),
                            ANSWER("POST", "/addPassword", 0, 200, ADDED),
                            { 0 } };
    struct rule again[] = {
        { .path = "client_secret=value-1", .status = 401, .body = rules[0].body },
        PROVEN,
        TOKEN,
        ANSWER("GET", APP, 2, 200, listed(KEY("k-old") "," KEY("k-new"))),
        ANSWER("POST", "/addPassword", 0, 200,
               "{\"keyId\":\"k-3\",\"secretText\":\"value-3\"}"),
        ANSWER("GET", APP, 1, 200, listed(KEY("k-old") "," KEY("k-new") "," KEY("k-3"))),
        ANSWER("POST", "/removePassword", 0, 204, NULL),
        ANSWER("GET", APP, 1, 200, listed(KEY("k-new") "," KEY("k-3"))),
        ANSWER("GET", APP, 0, 200, listed(KEY("k-3"))),
        { 0 }
    };

    begin_with_current(rules, &cmg__step_secret_renewal);
    const int64_t before = w.env.unix_ms;
    canned_finish(&w);
    ck_assert_int_eq(w.end_code, CMG_E_AUTH);
    ck_assert_ptr_nonnull(strstr(w.end_message, "within 120 seconds"));
    ck_assert_int_le(w.env.unix_ms - before, 130 * 1000);
    ck_assert_str_eq(kept("server-app-secret"), "value-0");
    ck_assert_uint_eq(world_count(&w, "/removePassword"), 0);

    w.rules = again;
    ck_assert_int_eq(cmg_deploy_start(w.deploy, NULL), CMG_OK);
    world_drive(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_DELETED);
    ck_assert_str_eq(kept("server-app-secret"), "value-3");
    ck_assert_uint_eq(world_count(&w, "/removePassword"), 2);
    world_done(&w);
}
END_TEST

START_TEST(sign_in_that_is_refused_for_another_reason_fails_at_once)
{
    struct rule rules[] = {
        { PROOF, .status = 400,
          .body =
              "{\"error\":\"unauthorized_client\",\"error_description\":"
              "\"AADSTS7000112: Application is disabled.\",\"error_codes\":[7000112]}" },
        TOKEN,
        ANSWER("GET", APP, 0, 200, listed(THEIRS)),
        ANSWER("POST", "/addPassword", 0, 200, ADDED),
        { 0 }
    };

    canned_begin(&w, rules, &cmg__step_server_secret);
    canned_finish(&w);
    ck_assert_int_eq(w.end_code, CMG_E_DENIED);
    ck_assert_ptr_nonnull(strstr(w.end_cause, "is disabled"));
    ck_assert_uint_eq(world_count(&w, "client_id=sa&"), 1);
    ck_assert_str_eq(kept("server-app-secret"), "");
    world_done(&w);
}
END_TEST

START_TEST(lost_secret_is_removed_after_the_new_one_is_kept)
{
    struct rule rules[] = { PROVEN,
                            TOKEN,
                            ANSWER("GET", APP, 1, 200, listed(KEY("k-lost") "," THEIRS)),
                            ANSWER("POST", "/addPassword", 0, 200, ADDED),
                            ANSWER("GET", APP, 1, 200,
                                   listed(KEY("k-lost") "," THEIRS "," KEY("k-new"))),
                            ANSWER("POST", "/removePassword", 0, 204, NULL),
                            ANSWER("GET", APP, 0, 200, listed(THEIRS "," KEY("k-new"))),
                            { 0 } };

    canned_begin(&w, rules, &cmg__step_server_secret);
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_DELETED);
    ck_assert_uint_eq(world_count(&w, "/removePassword"), 1);
    ck_assert_uint_eq(world_count(&w, "{\"keyId\":\"k-lost\"}"), 1);
    ck_assert_uint_eq(world_count(&w, "/addPassword"), 1);
    ck_assert_ptr_null(strstr(strstr(w.log, "/removePassword"), "/addPassword"));
    world_done(&w);
}
END_TEST

/* Whether there is one is not known then: another would take the place of a good one. */
START_TEST(store_that_cannot_be_read_is_no_empty_store)
{
    struct rule rules[] = { TOKEN,
                            ANSWER("GET", APP, 0, 200, listed(KEY("k-old"))),
                            { 0 } };

    begin_with_current(rules, &cmg__step_server_secret);
    w.unreadable = "server-app-secret";
    canned_finish(&w);
    ck_assert_int_eq(w.end_code, CMG_E_IO);
    ck_assert_ptr_nonnull(strstr(w.end_message, "server-app-secret"));
    ck_assert_uint_eq(world_count(&w, "/addPassword"), 0);
    world_done(&w);
}
END_TEST

/* What was added and is not proven yet would be forgotten, and another one added. */
START_TEST(pending_secret_is_not_forgotten_when_the_store_cannot_be_read)
{
    struct rule rules[] = { TOKEN,
                            ANSWER("GET", APP, 0, 200, listed(KEY("k-new"))),
                            { 0 } };

    canned_begin(&w, rules, &cmg__step_server_secret);
    world_fact(&w, "server_secret_pending", "k-new");
    hold(0, "server-app-secret-next", "value-1");
    w.unreadable = "server-app-secret-next";
    canned_finish(&w);
    ck_assert_int_eq(w.end_code, CMG_E_IO);
    ck_assert_str_eq(cmg__fact(&w.deploy->work, "server_secret_pending"), "k-new");
    ck_assert_uint_eq(world_count(&w, "/addPassword"), 0);
    world_done(&w);
}
END_TEST

START_TEST(held_secret_is_kept)
{
    struct rule rules[] = { TOKEN,
                            ANSWER("GET", APP, 0, 200, listed(KEY("k-old"))),
                            { 0 } };

    begin_with_current(rules, &cmg__step_server_secret);
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_DELETED);
    ck_assert_uint_eq(world_count(&w, "POST https://graph"), 0);
    ck_assert_ptr_nonnull(strstr(w.said, "until 2028-11-22"));
    world_done(&w);
}
END_TEST

START_TEST(secret_that_is_over_is_replaced)
{
    struct rule rules[] = { PROVEN,
                            TOKEN,
                            ANSWER("GET", APP, 6, 200,
                                   listed("{\"keyId\":\"k-old\",\"displayName\":\"# 1\","
                                          "\"endDateTime\":\"2026-11-22T23:59:59Z\"}")),
                            ANSWER("POST", "/addPassword", 0, 200, ADDED),
                            ANSWER("GET", APP, 1, 200,
                                   listed(KEY("k-old") "," KEY("k-new"))),
                            ANSWER("POST", "/removePassword", 0, 204, NULL),
                            ANSWER("GET", APP, 0, 200, listed(KEY("k-new"))),
                            { 0 } };

    begin_with_current(rules, &cmg__step_server_secret);
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_DELETED);
    ck_assert_str_eq(kept("server-app-secret"), "value-1");
    ck_assert_uint_eq(world_count(&w, "{\"keyId\":\"k-old\"}"), 1);
    world_done(&w);
}
END_TEST

START_TEST(secret_never_gets_into_the_journal_nor_stays_in_memory)
{
    struct rule rules[] = { PROVEN,
                            TOKEN,
                            ANSWER("GET", APP, 1, 200, listed(THEIRS)),
                            ANSWER("POST", "/addPassword", 0, 200, ADDED),
                            ANSWER("GET", APP, 0, 200, listed(KEY("k-new"))),
                            { 0 } };

    canned_begin(&w, rules, &cmg__step_server_secret);
    w.memory.canary = "value-1";
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_DELETED);
    ck_assert(!journal_has("value-1"));
    ck_assert(!w.memory.canary_seen);
    world_done(&w);
}
END_TEST

/* ---- policies of the tenant, wishes of the host ---- */

static const struct {
    const char *code;
    cmg_status expected;
    const char *cause, *remedy;
} policies[] = {
    { "CredentialInvalidLifetimeAsPerAppPolicy", CMG_E_INVAL, "how long",
      "secret_until" },
    { "CredentialTypeNotAllowedAsPerAppPolicy", CMG_E_DENIED, "forbids client secrets",
      "exempt the server app" },
};

START_TEST(policy_of_the_tenant_is_told_with_its_remedy)
{
    char body[256];

    (void)snprintf(body, sizeof body,
                   "{\"error\":{\"code\":\"%s\",\"message\":\"as per policy\"}}",
                   policies[_i].code);
    struct rule rules[] = { TOKEN,
                            ANSWER("GET", APP, 0, 200, listed(THEIRS)),
                            ANSWER("POST", "/addPassword", 0, 400, body),
                            { 0 } };

    canned_begin(&w, rules, &cmg__step_server_secret);
    canned_finish(&w);
    ck_assert_int_eq(w.end_code, policies[_i].expected);
    ck_assert_ptr_nonnull(strstr(w.end_cause, policies[_i].cause));
    ck_assert_ptr_nonnull(strstr(w.end_remedy, policies[_i].remedy));
    world_done(&w);
}
END_TEST

static const struct {
    const char *until;
    const char *told; /* NULL: it is asked for */
} wishes[] = {
    { "2027-06-30", NULL },
    { "2026-11-22", "is over" },
    { "2028-12-01", "more than two years" },
};

START_TEST(secret_ends_on_the_day_that_is_wanted)
{
    struct rule rules[] = { PROVEN,
                            TOKEN,
                            ANSWER("GET", APP, 1, 200, listed(THEIRS)),
                            ANSWER("POST", "/addPassword", 0, 200, ADDED),
                            ANSWER("GET", APP, 0, 200, listed(KEY("k-new"))),
                            { 0 } };

    canned_begin(&w, rules, &cmg__step_server_secret);
    ck_assert_int_eq(cmg__observe(&w.ctx->alloc, &w.gateway->server_app->secret_until,
                                  wishes[_i].until),
                     CMG_OK);
    canned_finish(&w);
    if (wishes[_i].told == NULL) {
        ck_assert_int_eq(w.end, CMG_DEPLOY_DELETED);
        ck_assert_uint_eq(world_count(&w, "\"2027-06-30T23:59:59Z\""), 1);
    } else {
        ck_assert_int_eq(w.end_code, CMG_E_INVAL);
        ck_assert_ptr_nonnull(strstr(w.end_message, wishes[_i].told));
        ck_assert_uint_eq(world_count(&w, "/addPassword"), 0);
    }
    world_done(&w);
}
END_TEST

/* ---- renewal ---- */

START_TEST(renewal_removes_the_old_secret_last)
{
    struct rule rules[] = { PROVEN,
                            TOKEN,
                            ANSWER("GET", APP, 1, 200, listed(KEY("k-old") "," THEIRS)),
                            ANSWER("POST", "/addPassword", 0, 200, ADDED),
                            ANSWER("GET", APP, 1, 200,
                                   listed(KEY("k-old") "," THEIRS "," KEY("k-new"))),
                            ANSWER("POST", "/removePassword", 0, 204, NULL),
                            ANSWER("GET", APP, 0, 200, listed(THEIRS "," KEY("k-new"))),
                            { 0 } };

    begin_with_current(rules, &cmg__step_secret_renewal);
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_DELETED);
    ck_assert_str_eq(kept("server-app-secret"), "value-1");
    ck_assert_str_eq(kept("server-app-secret-next"), "");
    ck_assert_uint_eq(world_count(&w, "{\"keyId\":\"k-old\"}"), 1);
    const char *proof = strstr(w.log, "client_secret=value-1");
    ck_assert_ptr_nonnull(proof);
    ck_assert_ptr_nonnull(strstr(proof, "/removePassword"));
    world_done(&w);
}
END_TEST

START_TEST(renewal_that_was_cut_off_adds_no_second_one)
{
    struct rule rules[] = { TOKEN,
                            ANSWER("GET", APP, 1, 200,
                                   listed(KEY("k-old") "," KEY("k-new"))),
                            ANSWER("POST", "/removePassword", 0, 204, NULL),
                            ANSWER("GET", APP, 0, 200, listed(KEY("k-new"))),
                            { 0 } };

    canned_begin(&w, rules, &cmg__step_secret_renewal);
    world_fact(&w, "server_secret_key_id", "k-new");
    world_fact(&w, "server_secret_replaces", "k-old");
    hold(0, "server-app-secret", "value-1");
    hold(1, "server-app-secret-next", "value-1");
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_DELETED);
    ck_assert_uint_eq(world_count(&w, "/addPassword"), 0);
    ck_assert_uint_eq(world_count(&w, "{\"keyId\":\"k-old\"}"), 1);
    ck_assert_str_eq(kept("server-app-secret-next"), "");
    world_done(&w);
}
END_TEST

START_TEST(secret_of_an_imported_application_goes_when_the_host_names_it)
{
    struct rule rules[] = {
        PROVEN,
        TOKEN,
        ANSWER("GET", APP, 1, 200,
               listed("{\"keyId\":\"aaaaaaaa-0000-4000-8000-000000000001\","
                      "\"displayName\":\"portal\"}," THEIRS)),
        ANSWER("POST", "/addPassword", 0, 200, ADDED),
        ANSWER("GET", APP, 1, 200,
               listed("{\"keyId\":\"aaaaaaaa-0000-4000-8000-000000000001\","
                      "\"displayName\":\"portal\"}," THEIRS "," KEY("k-new"))),
        ANSWER("POST", "/removePassword", 0, 204, NULL),
        ANSWER("GET", APP, 0, 200, listed(THEIRS "," KEY("k-new"))),
        { 0 }
    };

    canned_begin(&w, rules, &cmg__step_secret_renewal);
    (void)snprintf(w.deploy->work.old_secret, sizeof w.deploy->work.old_secret, "%s",
                   "aaaaaaaa-0000-4000-8000-000000000001");
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_DELETED);
    ck_assert_uint_eq(world_count(&w, "/removePassword"), 1);
    ck_assert_uint_eq(world_count(&w, "k-theirs"), 0);
    world_done(&w);
}
END_TEST

START_TEST(secret_that_the_host_names_must_be_there)
{
    struct rule rules[] = { TOKEN, ANSWER("GET", APP, 0, 200, listed(THEIRS)), { 0 } };

    canned_begin(&w, rules, &cmg__step_secret_renewal);
    (void)snprintf(w.deploy->work.old_secret, sizeof w.deploy->work.old_secret, "%s",
                   "aaaaaaaa-0000-4000-8000-000000000001");
    canned_finish(&w);
    ck_assert_int_eq(w.end_code, CMG_E_NOTFOUND);
    ck_assert_ptr_nonnull(strstr(w.end_remedy, "Secret ID"));
    world_done(&w);
}
END_TEST

START_TEST(application_older_than_800_days_is_told)
{
    struct rule rules[] = {
        TOKEN,
        ANSWER("GET", APP, 0, 200,
               "{\"id\":\"so\",\"createdDateTime\":\"2024-09-01T00:00:00Z\","
               "\"passwordCredentials\":[{\"keyId\":\"k-old\","
               "\"endDateTime\":\"2027-01-01T00:00:00Z\"}]}"),
        { 0 }
    };

    begin_with_current(rules, &cmg__step_server_secret);
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_DELETED);
    ck_assert_ptr_nonnull(strstr(w.said, "813 days old"));
    ck_assert_ptr_nonnull(strstr(w.said, "register a new server app"));
    world_done(&w);
}
END_TEST

/* ---- the application to renew for ---- */

START_TEST(renewal_needs_an_application)
{
    struct rule rules[] = { TOKEN,
                            ANSWER("GET", "uniqueName='libcmg-server-granitefalls'", 0,
                                   404, NOT_FOUND),
                            ANSWER("GET", "tags/any", 0, 200, "{\"value\":[]}"),
                            { 0 } };

    canned_begin(&w, rules, &cmg__step_server_found);
    canned_finish(&w);
    ck_assert_int_eq(w.end_code, CMG_E_NOTFOUND);
    ck_assert_str_eq(w.end_remedy, "register the applications first (register_apps)");
    world_done(&w);
}
END_TEST

START_TEST(application_without_a_unique_name_is_found_by_its_tag)
{
    struct rule rules[] = {
        TOKEN,
        ANSWER("GET", "uniqueName='libcmg-server-granitefalls'", 0, 400, NOT_FOUND),
        ANSWER("GET", "tags/any", 0, 200,
               canned_with_id("{\"value\":[{\"id\":\"so\",\"appId\":\"sa\",\"tags\":["
                              "\"libcmg\",\"libcmg:%s\",\"libcmg:server:%s\"]}]}")),
        { 0 }
    };

    canned_begin(&w, rules, &cmg__step_server_found);
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_DELETED);
    ck_assert_str_eq(cmg_server_app_client_id(cmg_gateway_server_app(w.gateway)), "sa");
    world_done(&w);
}
END_TEST

/* A renewal that was cut off leaves two; when the applications are gone both are waste.
 */
START_TEST(no_secret_of_a_purged_application_stays)
{
    struct rule rules[] = { TOKEN, { 0 } };

    canned_begin(&w, rules, &cmg__step_server_secret_gone);
    hold(0, "server-app-secret", "value-0");
    hold(1, "server-app-secret-next", "value-1");
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_DELETED);
    ck_assert_str_eq(kept("server-app-secret"), "");
    ck_assert_str_eq(kept("server-app-secret-next"), "");
    world_done(&w);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("steps_secret");
    TCase *one = tcase_create("secret");

    tcase_add_test(one, no_secret_of_a_purged_application_stays);
    tcase_add_test(one, new_secret_is_proven_and_then_kept);
    tcase_add_test(one, secret_that_is_not_known_everywhere_yet_is_tried_again);
    tcase_add_test(
        one,
        secret_that_never_signs_in_leaves_the_old_one_alone_and_is_replaced_next_time);
    tcase_add_test(one, sign_in_that_is_refused_for_another_reason_fails_at_once);
    tcase_add_test(one, lost_secret_is_removed_after_the_new_one_is_kept);
    tcase_add_test(one, store_that_cannot_be_read_is_no_empty_store);
    tcase_add_test(one, pending_secret_is_not_forgotten_when_the_store_cannot_be_read);
    tcase_add_test(one, held_secret_is_kept);
    tcase_add_test(one, secret_that_is_over_is_replaced);
    tcase_add_test(one, secret_never_gets_into_the_journal_nor_stays_in_memory);
    tcase_add_loop_test(one, policy_of_the_tenant_is_told_with_its_remedy, 0,
                        CMG__ARRAY_LEN(policies));
    tcase_add_loop_test(one, secret_ends_on_the_day_that_is_wanted, 0,
                        CMG__ARRAY_LEN(wishes));
    tcase_add_test(one, renewal_removes_the_old_secret_last);
    tcase_add_test(one, renewal_that_was_cut_off_adds_no_second_one);
    tcase_add_test(one, secret_of_an_imported_application_goes_when_the_host_names_it);
    tcase_add_test(one, secret_that_the_host_names_must_be_there);
    tcase_add_test(one, application_older_than_800_days_is_told);
    tcase_add_test(one, renewal_needs_an_application);
    tcase_add_test(one, application_without_a_unique_name_is_found_by_its_tag);
    suite_add_tcase(suite, one);
    return support_run((Suite *[]){ suite, NULL });
}
