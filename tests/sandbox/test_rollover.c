/* Another signing key: what is published, and what a gateway's gate makes of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "relay/limits.h"
#include "relay/token_gate.h"
#include "sandbox/live.h"

static struct live l;
static unsigned fetched;

static void setup(void)
{
    live_init(&l, NULL);
    fetched = 0;
}

static void teardown(void)
{
    live_done(&l);
}

static void on_keys(void *user)
{
    (void)user;
    fetched++;
}

static void wait_for(unsigned n)
{
    while (fetched < n)
        ck_assert_int_eq(cmg_context_wait(l.ctx, 10000, NULL), CMG_OK);
}

static enum cmg__token_verdict judge(struct cmg__token_gate *gate, const char *token,
                                     bool may_fetch)
{
    struct cmg__jwt_identity who = { .tenant_id = "" };
    char bearer[8192];

    (void)snprintf(bearer, sizeof bearer, "Bearer %s", token);
    return cmg__token_gate_check(gate, bearer, may_fetch, &who);
}

/* A gateway's gate, with the keys of now. */
static struct cmg__token_gate *open_gate(void)
{
    static char tenant[64], issuer[128], uri[200],
        audience[] = "https://graph.microsoft.com";
    static char *issuers[] = { issuer, NULL };
    static char *audiences[] = { audience, NULL };
    static const struct cmg__service_settings settings = {
        .tenant_id = tenant,
        .issuers = { issuers, 1 },
        .audiences = { audiences, 1 },
        .jwks_uri = uri,
    };
    static const struct cmg__relay_limits limits = { .keys_ms = 3600000 };
    struct cmg__token_gate *gate = NULL;
    cmg_error *err = NULL;

    (void)snprintf(tenant, sizeof tenant, "%s", cmg_sandbox_tenant_id(l.sandbox));
    (void)snprintf(issuer, sizeof issuer, "https://sts.windows.net/%s/", tenant);
    (void)snprintf(uri, sizeof uri,
                   "https://login.microsoftonline.com/%s/discovery/v2.0/keys", tenant);
    ck_ok(cmg__token_gate_new(l.ctx, &settings, &limits, on_keys, NULL, &gate, &err),
          err);
    cmg__token_gate_start(gate);
    wait_for(1);
    return gate;
}

START_TEST(gate_takes_tokens_of_the_new_key_after_its_refresh)
{
    struct cmg__token_gate *gate = open_gate();
    cmg_error *err = NULL;

    ck_assert_int_eq(judge(gate, l.graph_token, true), CMG__TOKEN_GOOD);
    ck_ok(cmg_sandbox_rollover_keys(l.sandbox, &err), err);
    char *token = live_sign_in(&l, "https://graph.microsoft.com");
    ck_assert_int_eq(judge(gate, token, false), CMG__TOKEN_BAD);
    ck_assert_int_eq(judge(gate, token, true), CMG__TOKEN_PENDING);
    wait_for(2);
    ck_assert_int_eq(judge(gate, token, false), CMG__TOKEN_GOOD);
    /* The former key is still published. */
    ck_assert_int_eq(judge(gate, l.graph_token, false), CMG__TOKEN_GOOD);
    cmg__token_gate_free(gate);
    free(token);
}
END_TEST

/* A client that were told so would throw a good one away. */
START_TEST(memory_that_runs_out_makes_no_token_a_bad_one)
{
    struct cmg__token_gate *gate = open_gate();
    const struct cmg__alloc own = l.ctx->alloc;
    struct support_alloc memory;
    bool starved = true;

    for (size_t n = 1; starved; n++) {
        support_alloc_init(&memory);
        memory.fail_at = n;
        l.ctx->alloc = memory.alloc;
        const enum cmg__token_verdict verdict = judge(gate, l.graph_token, false);
        l.ctx->alloc = own;
        starved = memory.count >= n;
        ck_assert_uint_eq(memory.live, 0);
        ck_assert_int_eq(verdict, starved ? CMG__TOKEN_UNKNOWN : CMG__TOKEN_GOOD);
    }
    cmg__token_gate_free(gate);
}
END_TEST

START_TEST(former_keys_outlive_a_restart)
{
    struct live_reply r;
    char uri[200];

    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(cmg_sandbox_rollover_keys(l.sandbox, NULL), CMG_OK);
        free(live_sign_in(&l, "https://graph.microsoft.com"));
    }
    (void)snprintf(uri, sizeof uri,
                   "https://login.microsoftonline.com/%s/discovery/v2.0/keys",
                   cmg_sandbox_tenant_id(l.sandbox));
    live_restart(&l, NULL);
    live_ask(&l, "GET", uri, NULL, NULL, &r);
    ck_assert_int_eq(r.status, 200);
    ck_assert_uint_eq(cmg__json_size(cmg__json_key(r.body, "keys")), 3);
    for (int i = 0; i < 3; i++)
        ck_assert_ptr_nonnull(cmg__json_str(
            cmg__json_item(cmg__json_key(r.body, "keys"), (size_t)i), "/issuer"));
    live_reply_done(&r);
    live_ask(&l, "GET", "https://graph.microsoft.com/v1.0/organization", l.graph_token,
             NULL, &r);
    ck_assert_int_eq(r.status, 200);
    live_reply_done(&r);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sandbox/rollover");
    TCase *keys = tcase_create("keys");

    tcase_set_timeout(keys, 60);
    tcase_add_checked_fixture(keys, setup, teardown);
    tcase_add_test(keys, gate_takes_tokens_of_the_new_key_after_its_refresh);
    tcase_add_test(keys, memory_that_runs_out_makes_no_token_a_bad_one);
    tcase_add_test(keys, former_keys_outlive_a_restart);
    suite_add_tcase(suite, keys);
    return support_run((Suite *[]){ suite, NULL });
}
