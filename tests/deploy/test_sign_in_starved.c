/*
 * The ways to sign in while memory runs out: each run ends as it would otherwise, or says
 * that memory ran out, and leaves nothing.
 */
#include "canned.h"

#include <string.h>

static struct world w;

static void make(struct rule *rules)
{
    static const struct cmg__step *const steps[] = { &cmg__step_sign_in };

    world_init(&w, CMG_DEPLOY_DELETE, rules);
    world_table(&w, steps, 1);
}

static struct rule tokens[] = { TOKEN, { 0 } };

static int64_t get_token(const char *resource, void *out, size_t max,
                         int64_t *out_expires_unix_s, void *user)
{
    (void)resource;
    (void)max;
    (void)user;
    *out_expires_unix_s = w.env.unix_ms / 1000 + 3600;
    memcpy(out, "host.token", 10);
    return 10;
}

static void begin_source(void)
{
    const cmg_token_source source = { .size = sizeof source, .get = get_token };

    make(tokens);
    ck_assert_int_eq(cmg_tenant_set_token_source(cmg_gateway_tenant(w.gateway),
                                                 WORLD_CLIENT, &source, NULL),
                     CMG_OK);
}

static void begin_file(void)
{
    support_write_file(support_path("token"), "federated.token\n", 16);
    make(tokens);
    ck_assert_int_eq(cmg_tenant_set_workload_identity(cmg_gateway_tenant(w.gateway),
                                                      WORLD_CLIENT, support_path("token"),
                                                      NULL),
                     CMG_OK);
}

static void begin_device(void)
{
    static struct rule rules[] = {
        ANSWER("POST", "/devicecode", 0, 200,
               "{\"device_code\":\"d\",\"user_code\":\"U\",\"verification_uri\":\"https:/"
               "/x\","
               "\"expires_in\":900,\"interval\":1,\"message\":\"m\"}"),
        { .path = "/token",
          .status = 200,
          .body =
              "{\"access_token\":\"a\",\"refresh_token\":\"r\",\"expires_in\":3600}" },
        { 0 }
    };

    make(rules);
    ck_assert_int_eq(
        cmg_tenant_set_device_code(cmg_gateway_tenant(w.gateway), NULL, NULL), CMG_OK);
}

/* A refusal, and a clock that is to blame for it. */
static void begin_clock(void)
{
    static struct rule rules[] = {
        { .path = "/token",
          .status = 401,
          .header = "Date: Mon, 23 Nov 2026 02:00:00 GMT",
          .body =
              "{\"error\":\"invalid_client\",\"error_description\":\"AADSTS700024: not "
              "within its valid time range.\",\"error_codes\":[700024]}" },
        { 0 }
    };

    make(rules);
}

static const struct {
    void (*begin)(void);
    cmg_status end;
} ways[] = {
    { begin_source, CMG_OK },
    { begin_file, CMG_OK },
    { begin_device, CMG_OK },
    { begin_clock, CMG_E_AUTH },
};

START_TEST(sign_in_without_memory_is_told_and_leaves_nothing)
{
    canned_starve(&w, ways[_i].begin, ways[_i].end);
    support_dir_done();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sign_in_starved");
    TCase *starved = tcase_create("starved");

    tcase_set_timeout(starved, 120);
    tcase_add_loop_test(starved, sign_in_without_memory_is_told_and_leaves_nothing, 0,
                        CMG__ARRAY_LEN(ways));
    suite_add_tcase(suite, starved);
    return support_run((Suite *[]){ suite, NULL });
}
