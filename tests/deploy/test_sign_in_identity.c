/* Signing in as a managed identity: what the metadata service is asked, and when again.
 */
#include "canned.h"

#include <stdio.h>
#include <string.h>

static struct world w;

#define OBJECT      "bbbbbbbb-bbbb-4ccc-8ddd-eeeeeeeeeeee"
#define RESOURCE_ID "/subscriptions/s/resourceGroups/g/providers/m/u/op"
#define SERVICE     "http://169.254.169.254/metadata/identity/oauth2/token"
#define NUMBERS                                                                          \
    "\"expires_in\":\"3599\",\"expires_on\":\"1790003599\",\"not_before\":"              \
    "\"1790000000\""
#define IDENTITY_TOKEN                                                                   \
    "{\"access_token\":\"secret.token.1\",\"refresh_token\":\"\"," NUMBERS               \
    ",\"token_type\":\"Bearer\"}"
#define ORGANIZATION                                                                     \
    "{\"value\":[{\"id\":\"" WORLD_TENANT "\",\"displayName\":\"Contoso\"}]}"

static void make(struct rule *rules, cmg_managed_identity kind, const char *id)
{
    static const struct cmg__step *const steps[] = { &cmg__step_sign_in,
                                                     &cmg__step_tenant };
    cmg_error *err = NULL;

    world_init(&w, CMG_DEPLOY_DELETE, rules);
    w.memory.canary = "secret.token";
    ck_ok(cmg_tenant_set_managed_identity(cmg_gateway_tenant(w.gateway), kind, id, &err),
          err);
    world_again(&w, CMG_DEPLOY_DELETE); /* the client ID is read at the start */
    world_table(&w, steps, 2);
}

static void run(struct rule *rules, cmg_managed_identity kind, const char *id)
{
    make(rules, kind, id);
    world_start(&w);
    canned_finish(&w);
}

static const struct {
    cmg_managed_identity kind;
    const char *id;
    const char *query;
    const char *looked_up; /* in the directory; NULL: the ID says it all */
} kinds[] = {
    { CMG_IDENTITY_CLIENT_ID, WORLD_CLIENT, "&client_id=" WORLD_CLIENT, WORLD_CLIENT },
    { CMG_IDENTITY_OBJECT_ID, OBJECT, "&object_id=" OBJECT, NULL },
};

START_TEST(each_service_is_asked_for_and_the_principal_is_known)
{
    struct rule rules[] = { ANSWER("GET", SERVICE, 0, 200, IDENTITY_TOKEN),
                            ANSWER("GET", "/organization", 0, 200, ORGANIZATION),
                            ANSWER("GET", "/servicePrincipals", 0, 200,
                                   "{\"id\":\"" OBJECT "\"}"),
                            { 0 } };

    run(rules, kinds[_i].kind, kinds[_i].id);
    ck_assert_msg(w.end == CMG_DEPLOY_DELETED, "%s", w.end_message);
    ck_assert_uint_eq(world_count(&w, SERVICE "?resource=https%3A%2F%2Fmanagement.azure."
                                              "com&api-version=2018-02-01"),
                      1);
    ck_assert_uint_eq(world_count(&w, "resource=https%3A%2F%2Fgraph.microsoft.com&"), 1);
    ck_assert_uint_eq(world_count(&w, "resource=https%3A%2F%2Fvault.azure.net&"), 1);
    ck_assert_uint_eq(world_count(&w, kinds[_i].query), 3);
    ck_assert_uint_eq(world_count(&w, "/servicePrincipals"), kinds[_i].looked_up != NULL);
    ck_assert_uint_eq(world_count(&w, "login.microsoftonline"), 0);
    ck_assert_uint_eq(world_count(&w, "/v1.0/me"), 0);
    ck_assert_str_eq(cmg__fact(&w.deploy->work, "principal_id"), OBJECT);
    world_done(&w);
    ck_assert(!w.memory.canary_seen);
}
END_TEST

/* "aaa" "{"oid":OBJECT}" "sss" in base64url. */
#define TOKEN_WITH_OID                                                                   \
    "e30.eyJvaWQiOiJiYmJiYmJiYi1iYmJiLTRjY2MtOGRkZC1lZWVlZWVlZWVlZWUifQ.sig"

static const struct {
    const char *token;
    const char *more;
    unsigned looked_up;
    cmg_deploy_state end;
} tells[] = {
    { "secret.token.1", ",\"client_id\":\"" WORLD_CLIENT "\"", 1, CMG_DEPLOY_DELETED },
    { TOKEN_WITH_OID, "", 0, CMG_DEPLOY_DELETED },
    { "secret.token.1", "", 0, CMG_DEPLOY_FAILED },
    { "secret.token.1", ",\"client_id\":\"no guid\"", 0, CMG_DEPLOY_FAILED },
};

START_TEST(machine_learns_who_it_is_from_the_answer_or_the_token)
{
    char body[512];
    struct rule rules[] = { ANSWER("GET", SERVICE, 0, 200, body),
                            ANSWER("GET", "/organization", 0, 200, ORGANIZATION),
                            ANSWER("GET", "/servicePrincipals", 0, 200,
                                   "{\"id\":\"" OBJECT "\"}"),
                            { 0 } };

    (void)snprintf(body, sizeof body, "{\"access_token\":\"%s\"," NUMBERS "%s}",
                   tells[_i].token, tells[_i].more);
    run(rules, CMG_IDENTITY_SYSTEM, NULL);
    ck_assert_int_eq(w.end, tells[_i].end);
    ck_assert_uint_eq(world_count(&w, "/servicePrincipals(appId='" WORLD_CLIENT "')"),
                      tells[_i].looked_up);
    if (w.end == CMG_DEPLOY_DELETED) {
        ck_assert_str_eq(cmg__fact(&w.deploy->work, "principal_id"), OBJECT);
    } else {
        ck_assert_int_eq(w.end_code, CMG_E_AUTH);
        ck_assert_ptr_nonnull(strstr(w.end_remedy, "object ID"));
    }
    world_done(&w);
}
END_TEST

START_TEST(service_that_is_away_is_asked_again)
{
    struct rule rules[] = { ANSWER("GET", SERVICE, 1, 404, ""),
                            ANSWER("GET", SERVICE, 1, 410, ""),
                            ANSWER("GET", SERVICE, 1, 429, ""),
                            ANSWER("GET", SERVICE, 1, 500, ""),
                            ANSWER("GET", SERVICE, 1, 0, NULL),
                            ANSWER("GET", SERVICE, 0, 200, IDENTITY_TOKEN),
                            ANSWER("GET", "/organization", 0, 200, ORGANIZATION),
                            { 0 } };

    make(rules, CMG_IDENTITY_OBJECT_ID, OBJECT);
    const int64_t from = w.env.unix_ms;
    world_start(&w);
    canned_finish(&w);
    ck_assert_msg(w.end == CMG_DEPLOY_DELETED, "%s", w.end_message);
    ck_assert_uint_eq(world_count(&w, SERVICE), 5 + 3);
    const int64_t spent = w.env.unix_ms - from;
    ck_assert_int_ge(spent, 2000 + 4000 + 8000 + 16000 + 32000);
    ck_assert_int_le(spent, 65000);
    world_done(&w);
}
END_TEST

static const struct {
    int status;
    const char *body;
    unsigned sent;
    cmg_status code;
    const char *cause, *remedy;
} failures[] = {
    { 400, "{\"error\":\"invalid_request\",\"error_description\":\"Identity not found\"}",
      1, CMG_E_AUTH, "does not have this managed identity", "assign the identity" },
    { 404, "", 7, CMG_E_NOTFOUND, "not ready", "has started" },
    { 410, "", 7, CMG_E_NOTFOUND, "updated", "two minutes" },
    { 0, NULL, 7, CMG_E_IO, "nobody answers", "machine of Azure" },
    { 403, "", 1, CMG_E_DENIED, "", "" },
};

START_TEST(final_failure_says_what_it_means)
{
    struct rule rules[] = {
        ANSWER("GET", SERVICE, 0, failures[_i].status, failures[_i].body), { 0 }
    };

    make(rules, CMG_IDENTITY_SYSTEM, NULL);
    const int64_t from = w.env.unix_ms;
    world_start(&w);
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_FAILED);
    ck_assert_int_eq(w.end_code, failures[_i].code);
    ck_assert_uint_eq(world_count(&w, SERVICE), failures[_i].sent);
    ck_assert_msg(strstr(w.end_cause, failures[_i].cause) != NULL, "%s", w.end_cause);
    ck_assert_msg(strstr(w.end_remedy, failures[_i].remedy) != NULL, "%s", w.end_remedy);
    if (failures[_i].sent > 1)
        ck_assert_int_ge(w.env.unix_ms - from, 120000);
    world_done(&w);
}
END_TEST

static const struct {
    cmg_managed_identity kind;
    const char *id;
} bad_identities[] = {
    { (cmg_managed_identity)0, NULL },
    { (cmg_managed_identity)5, NULL },
    { CMG_IDENTITY_SYSTEM, WORLD_CLIENT },
    { CMG_IDENTITY_CLIENT_ID, NULL },
    { CMG_IDENTITY_CLIENT_ID, "me" },
    { CMG_IDENTITY_OBJECT_ID, RESOURCE_ID },
    { CMG_IDENTITY_RESOURCE_ID, NULL },
    { CMG_IDENTITY_RESOURCE_ID, WORLD_CLIENT },
    { CMG_IDENTITY_RESOURCE_ID, RESOURCE_ID " and more" },
};

START_TEST(identity_that_cannot_be_is_refused)
{
    struct rule rules[] = { { 0 } };
    cmg_error *err = NULL;

    make(rules, CMG_IDENTITY_RESOURCE_ID, RESOURCE_ID);
    ck_assert_int_eq(cmg_tenant_set_managed_identity(cmg_gateway_tenant(w.gateway),
                                                     bad_identities[_i].kind,
                                                     bad_identities[_i].id, &err),
                     CMG_E_INVAL);
    ck_assert_str_ne(cmg_error_remedy(err), "");
    cmg_error_unref(err);
    world_done(&w);
}
END_TEST

static const struct {
    const char *url;
    const char *base; /* NULL: refused */
} endpoints[] = {
    { NULL, "http://169.254.169.254" },
    { "http://169.254.169.254/", "http://169.254.169.254" },
    { "http://127.0.0.1:8080", "http://127.0.0.1:8080" },
    { "http://localhost:8080", "http://localhost:8080" },
    { "https://imds.corp.contoso.com", "https://imds.corp.contoso.com" },
    { "http://imds.corp.contoso.com", NULL },
    { "http://127.0.0.1.evil.example", NULL },
    { "http://localhost.evil.example", NULL },
    { "http://169.254.evil.example", NULL },
    { "http://10.0.0.1", NULL },
    { "http://127.0.0.1/path", NULL },
    { "127.0.0.1", NULL },
    { "ftp://127.0.0.1", NULL },
    { "", NULL },
};

START_TEST(endpoint_over_http_is_on_this_machine)
{
    struct rule rules[] = {
        ANSWER("GET", "/metadata/identity/oauth2/token", 0, 400, "{}"), { 0 }
    };
    char begin[200];

    make(rules, CMG_IDENTITY_RESOURCE_ID, RESOURCE_ID);
    const cmg_status rc = cmg_tenant_set_identity_endpoint(cmg_gateway_tenant(w.gateway),
                                                           endpoints[_i].url, NULL);
    ck_assert_int_eq(rc, endpoints[_i].base == NULL ? CMG_E_INVAL : CMG_OK);
    world_start(&w);
    canned_finish(&w);
    (void)snprintf(begin, sizeof begin, "GET %s/metadata/identity/oauth2/token?",
                   endpoints[_i].base == NULL ? "http://169.254.169.254"
                                              : endpoints[_i].base);
    ck_assert_uint_eq(world_count(&w, begin), 1);
    ck_assert_uint_eq(world_count(&w, "&msi_res_id=%2Fsubscriptions%2Fs%2Fresource"), 1);
    world_done(&w);
}
END_TEST

static void begin_starved(void)
{
    static struct rule rules[] = { ANSWER("GET", SERVICE, 0, 200,
                                          "{\"access_token\":\"" TOKEN_WITH_OID
                                          "\"," NUMBERS "}"),
                                   ANSWER("GET", "/organization", 0, 200, ORGANIZATION),
                                   { 0 } };

    make(rules, CMG_IDENTITY_SYSTEM, NULL);
}

START_TEST(memory_that_runs_out_is_told_and_nothing_stays)
{
    canned_starve(&w, begin_starved, CMG_OK);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sign_in_identity");
    TCase *identity = tcase_create("identity");

    tcase_set_timeout(identity, 60);
    tcase_add_loop_test(identity, each_service_is_asked_for_and_the_principal_is_known, 0,
                        CMG__ARRAY_LEN(kinds));
    tcase_add_loop_test(identity, machine_learns_who_it_is_from_the_answer_or_the_token,
                        0, CMG__ARRAY_LEN(tells));
    tcase_add_test(identity, service_that_is_away_is_asked_again);
    tcase_add_loop_test(identity, final_failure_says_what_it_means, 0,
                        CMG__ARRAY_LEN(failures));
    tcase_add_loop_test(identity, identity_that_cannot_be_is_refused, 0,
                        CMG__ARRAY_LEN(bad_identities));
    tcase_add_loop_test(identity, endpoint_over_http_is_on_this_machine, 0,
                        CMG__ARRAY_LEN(endpoints));
    tcase_add_test(identity, memory_that_runs_out_is_told_and_nothing_stays);
    suite_add_tcase(suite, identity);
    return support_run((Suite *[]){ suite, NULL });
}
