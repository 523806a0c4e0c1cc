/* The metadata service of the sandbox's machine. */
#include <stdio.h>
#include <string.h>

#include "sandbox/well_known.h"
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

#define SERVICE "/metadata/identity/oauth2/token?api-version=2018-02-01&resource="
#define ARM_URI "https%3A%2F%2Fmanagement.azure.com%2F"

static void ask(struct reply *r, const char *field, const char *target)
{
    const struct ask request = { .method = "GET",
                                 .host = "127.0.0.1:1234",
                                 .target = target,
                                 .field = field,
                                 .metadata = true };

    world_ask(&w, &request, r);
}

static const char *identity(const char *name, const char *member)
{
    return cmg__str_or(cmg__json_str(cmg__sb_find(w.cloud, "identities", name), member),
                       "");
}

static const struct {
    const char *parameter, *member, *name;
} ways[] = {
    { NULL, NULL, CMG__SB_MACHINE },
    { "client_id", "/client_id", CMG__SB_OPERATOR },
    { "object_id", "/object_id", CMG__SB_OPERATOR },
    { "msi_res_id", "/resource_id", CMG__SB_OPERATOR },
    { "client_id", "/client_id", CMG__SB_MACHINE },
};

START_TEST(identity_gets_a_token_that_the_services_take)
{
    char target[400];
    struct reply r, arm;

    (void)snprintf(target, sizeof target, "%s", SERVICE ARM_URI);
    if (ways[_i].parameter != NULL)
        (void)snprintf(target, sizeof target, "%s&%s=%s", SERVICE ARM_URI,
                       ways[_i].parameter, identity(ways[_i].name, ways[_i].member));
    ask(&r, "Metadata: true", target);
    ck_assert_int_eq(r.status, 200);
    ck_assert_str_eq(reply_str(&r, "/expires_in"), "3599");
    ck_assert_str_ne(reply_str(&r, "/expires_on"), "");
    ck_assert_str_ne(reply_str(&r, "/not_before"), "");
    ck_assert_str_eq(reply_str(&r, "/resource"), "https://management.azure.com/");
    ck_assert_str_eq(reply_str(&r, "/token_type"), "Bearer");
    struct cmg__json *claims = world_claims(&w, reply_str(&r, "/access_token"));
    world_claim_is(claims, "/aud", "https://management.azure.com/");
    world_claim_is(claims, "/oid", identity(ways[_i].name, "/object_id"));
    world_claim_is(claims, "/appid", identity(ways[_i].name, "/client_id"));
    world_claim_is(claims, "/appidacr", "2");
    world_claim_is(claims, "/xms_mirid", identity(ways[_i].name, "/resource_id"));
    cmg__json_unref(claims);
    const struct ask use = { .method = "GET",
                             .host = ARM,
                             .target = "/subscriptions?api-version=2022-12-01",
                             .token = reply_str(&r, "/access_token") };
    world_ask(&w, &use, &arm);
    ck_assert_int_eq(arm.status, 200);
    reply_done(&arm);
    reply_done(&r);
}
END_TEST

static const struct {
    const char *field, *target, *error;
} refusals[] = {
    { NULL, SERVICE ARM_URI, "bad_request_102" },
    { "Metadata: false", SERVICE ARM_URI, "bad_request_102" },
    { "Metadata: true", "/metadata/identity/oauth2/token?resource=x", "bad_request_100" },
    { "Metadata: true",
      "/metadata/identity/oauth2/token?api-version=2016-01-01&resource=x",
      "bad_request_100" },
    { "Metadata: true", SERVICE, "invalid_request" },
    { "Metadata: true", SERVICE ARM_URI "&client_id=" WORLD_TENANT, "invalid_request" },
    { "Metadata: true", SERVICE ARM_URI "&client_id=a&object_id=b", "invalid_request" },
    { "Metadata: true", SERVICE "https%3A%2F%2Fnobody.example", "invalid_resource" },
};

START_TEST(request_that_azure_refuses_is_refused)
{
    struct reply r;

    ask(&r, refusals[_i].field, refusals[_i].target);
    ck_assert_int_eq(r.status, 400);
    ck_assert_str_eq(reply_str(&r, "/error"), refusals[_i].error);
    ck_assert_str_ne(reply_str(&r, "/error_description"), "");
    reply_done(&r);
}
END_TEST

START_TEST(nothing_else_is_there_and_it_is_nowhere_else)
{
    struct reply r;

    ask(&r, "Metadata: true", "/v1.0/organization");
    ck_assert_int_eq(r.status, 404);
    reply_done(&r);
    world_get(&w, &r, LOGIN, SERVICE ARM_URI);
    ck_assert_int_eq(r.status, 404);
    reply_done(&r);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sandbox/identity");
    TCase *identities = tcase_create("identity");

    tcase_set_timeout(identities, 60);
    tcase_add_checked_fixture(identities, setup, teardown);
    tcase_add_loop_test(identities, identity_gets_a_token_that_the_services_take, 0,
                        CMG__ARRAY_LEN(ways));
    tcase_add_loop_test(identities, request_that_azure_refuses_is_refused, 0,
                        CMG__ARRAY_LEN(refusals));
    tcase_add_test(identities, nothing_else_is_there_and_it_is_nowhere_else);
    suite_add_tcase(suite, identities);
    return support_run((Suite *[]){ suite, NULL });
}
