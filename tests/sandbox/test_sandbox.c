/* Life of a sandbox: starting, restarting, refusing, failing on order, real peers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmg/cmg.h>
#include "sandbox/live.h"

static struct live l;
static int fds_before;

/* libuv opens a pipe of its own with the process's first loop, once. */
static void setup(void)
{
    cmg_context *first = NULL;
    cmg_error *err = NULL;

    ck_ok(cmg_context_new(NULL, &first, &err), err);
    cmg_context_unref(first);
    fds_before = support_fd_count();
    live_init(&l, NULL);
}

static void teardown(void)
{
    live_done(&l);
    ck_assert_int_eq(support_fd_count(), fds_before);
}

static char *make_app(const char *name)
{
    char body[128];

    snprintf(body, sizeof body, "{\"displayName\":\"%s\"}", name);
    return live_need(&l, 201, "POST", "https://graph.microsoft.com/v1.0/applications",
                     l.graph_token, body, "/id");
}

/* ---- real peers ---- */

START_TEST(curl_reads_the_metadata_under_azures_name)
{
    char connect_to[64];
    char *out = NULL;

    snprintf(connect_to, sizeof connect_to, "::127.0.0.1:%u",
             cmg_sandbox_port(l.sandbox));
    const char *const argv[] = {
        "curl",
        "-sS",
        "--max-time",
        "20",
        "--cacert",
        cmg_sandbox_ca_file(l.sandbox),
        "--connect-to",
        connect_to,
        "-w",
        "\n%{http_code}",
        "https://login.microsoftonline.com/common/v2.0/.well-known/openid-configuration",
        NULL
    };
    ck_assert_int_eq(support_command(argv, &out), 0);
    ck_assert_ptr_nonnull(strstr(out, cmg_sandbox_tenant_id(l.sandbox)));
    ck_assert_str_eq(strrchr(out, '\n'), "\n200");
    free(out);
}
END_TEST

START_TEST(curl_is_routed_by_path_under_localhost)
{
    char url[256], bearer[8192];
    char *out = NULL;

    snprintf(url, sizeof url, "https://localhost:%u/v1.0/organization",
             cmg_sandbox_port(l.sandbox));
    snprintf(bearer, sizeof bearer, "Authorization: Bearer %s", l.graph_token);
    const char *const argv[] = { "curl",       "-sS",
                                 "--max-time", "20",
                                 "--cacert",   cmg_sandbox_ca_file(l.sandbox),
                                 "-H",         bearer,
                                 "-w",         "\n%{http_code}",
                                 url,          NULL };
    ck_assert_int_eq(support_command(argv, &out), 0);
    ck_assert_str_eq(strrchr(out, '\n'), "\n200");
    free(out);
}
END_TEST

START_TEST(a_head_request_gets_no_body)
{
    char url[256], bearer[8192];
    char *out = NULL;

    snprintf(url, sizeof url,
             "https://localhost:%u/subscriptions/%s/resourcegroups/none?"
             "api-version=2024-03-01",
             cmg_sandbox_port(l.sandbox), cmg_sandbox_subscription_id(l.sandbox));
    snprintf(bearer, sizeof bearer, "Authorization: Bearer %s", l.arm_token);
    const char *const argv[] = { "curl",
                                 "-sS",
                                 "--max-time",
                                 "20",
                                 "--head",
                                 "--cacert",
                                 cmg_sandbox_ca_file(l.sandbox),
                                 "-H",
                                 bearer,
                                 url,
                                 NULL };
    ck_assert_int_eq(support_command(argv, &out), 0);
    ck_assert(cmg__str_starts(out, "HTTP/1.1 404"));
    free(out);
}
END_TEST

/* ---- state ---- */

START_TEST(a_restart_goes_on_with_the_same_cloud)
{
    char tenant[64], client[64];

    free(make_app("one"));
    snprintf(tenant, sizeof tenant, "%s", cmg_sandbox_tenant_id(l.sandbox));
    snprintf(client, sizeof client, "%s", cmg_sandbox_client_id(l.sandbox));
    live_restart(&l, NULL);
    ck_assert_str_eq(cmg_sandbox_tenant_id(l.sandbox), tenant);
    ck_assert_str_eq(cmg_sandbox_client_id(l.sandbox), client);
    ck_assert_uint_eq(cmg_sandbox_count(l.sandbox, CMG_SANDBOX_APPLICATIONS), 1);
}
END_TEST

/* A directory in the way of the state's new text stands for a disk that is full. */
START_TEST(a_state_that_cannot_be_kept_is_said_in_the_answer)
{
    char path[512];

    (void)snprintf(path, sizeof path, "%s/state.json.new", live_directory());
    ck_assert_int_eq(mkdir(path, 0700), 0);
    char *message =
        live_need(&l, 500, "PUT", live_arm(&l, "/resourcegroups/kept"), l.arm_token,
                  "{\"location\":\"westeurope\"}", "/error/message");
    ck_assert_ptr_nonnull(strstr(message, "state.json"));
    free(message);
    ck_assert_int_eq(rmdir(path), 0);
    free(live_need(&l, 200, "PUT", live_arm(&l, "/resourcegroups/kept"), l.arm_token,
                   "{\"location\":\"westeurope\"}", "/name"));
}
END_TEST

START_TEST(tokens_of_before_a_restart_stay_good)
{
    char *token = strdup(l.graph_token);

    live_restart(&l, NULL);
    free(live_need(&l, 200, "GET", "https://graph.microsoft.com/v1.0/applications", token,
                   NULL, NULL));
    free(token);
}
END_TEST

START_TEST(a_second_sandbox_in_the_directory_is_refused)
{
    const cmg_sandbox_settings settings = { .size = sizeof settings,
                                            .directory = live_directory() };
    cmg_sandbox *other = NULL;
    cmg_error *err = NULL;

    ck_assert_int_eq(cmg_sandbox_new(&settings, &other, &err), CMG_E_CONFLICT);
    ck_assert_ptr_null(other);
    ck_assert_ptr_nonnull(strstr(cmg_error_message(err), live_directory()));
    cmg_error_unref(err);
}
END_TEST

START_TEST(keys_and_state_are_for_the_owner_only)
{
    const char *const argv[] = { "stat",
                                 "-c",
                                 "%a",
                                 support_path("sandbox/state.json"),
                                 support_path("sandbox/ca.key"),
                                 NULL };
    char *out = NULL;

    ck_assert_int_eq(support_command(argv, &out), 0);
    ck_assert_str_eq(out, "600\n600\n");
    free(out);
}
END_TEST

/* ---- questions ---- */

START_TEST(azures_names_are_on_the_listener)
{
    static const char *const names[] = { "login.microsoftonline.com",
                                         "Graph.Microsoft.com", "management.azure.com",
                                         "anything.vault.azure.net" };
    cmg_address address = { .size = sizeof address };
    cmg_error *err = NULL;

    for (size_t i = 0; i < CMG__ARRAY_LEN(names); i++) {
        ck_ok(cmg_sandbox_resolve(l.sandbox, names[i], 443, &address, &err), err);
        ck_assert_str_eq(address.address, "127.0.0.1");
        ck_assert_uint_eq(address.port, cmg_sandbox_port(l.sandbox));
    }
    ck_assert_int_eq(
        cmg_sandbox_resolve(l.sandbox, "graph.microsoft.com", 80, &address, NULL),
        CMG_E_NOTFOUND);
    ck_assert_int_eq(cmg_sandbox_resolve(l.sandbox, "x.westeurope.cloudapp.azure.com",
                                         443, &address, &err),
                     CMG_E_NOTFOUND);
    ck_assert_str_eq(cmg_error_subject(err), "x.westeurope.cloudapp.azure.com");
    cmg_error_unref(err);
    address.size = 4;
    ck_assert_int_eq(
        cmg_sandbox_resolve(l.sandbox, "graph.microsoft.com", 443, &address, NULL),
        CMG_E_ABI);
}
END_TEST

START_TEST(requests_are_counted)
{
    uint64_t before = cmg_sandbox_count(l.sandbox, CMG_SANDBOX_REQUESTS);

    free(make_app("x"));
    ck_assert_uint_eq(cmg_sandbox_count(l.sandbox, CMG_SANDBOX_REQUESTS), before + 1);
    ck_assert_uint_eq(cmg_sandbox_count(l.sandbox, (cmg_sandbox_kind)99), 0);
}
END_TEST

/* Both applications, consent and all, by Graph; the server app's URI goes to uri. */
static void make_pair(char uri[128], char client_id[64], bool consent)
{
    static const char base[] = "https://graph.microsoft.com/v1.0";
    char url[512], body[1024], server_sp[64], client_sp[64];
    char *text = NULL;

    snprintf(uri, 128, "api://%s/Server", cmg_sandbox_tenant_id(l.sandbox));
    snprintf(body, sizeof body,
             "{\"displayName\":\"s\",\"signInAudience\":\"AzureADMyOrg\","
             "\"identifierUris\":[\"%s\"]}",
             uri);
    snprintf(url, sizeof url, "%s/applications", base);
    text = live_need(&l, 201, "POST", url, l.graph_token, body, "/appId");
    snprintf(body, sizeof body, "{\"appId\":\"%s\"}", text);
    free(text);
    snprintf(url, sizeof url, "%s/servicePrincipals", base);
    text = live_need(&l, 201, "POST", url, l.graph_token, body, "/id");
    snprintf(server_sp, sizeof server_sp, "%s", text);
    free(text);
    snprintf(url, sizeof url, "%s/applications", base);
    text = live_need(&l, 201, "POST", url, l.graph_token,
                     "{\"displayName\":\"c\",\"isFallbackPublicClient\":true}", "/appId");
    snprintf(client_id, 64, "%s", text);
    snprintf(body, sizeof body, "{\"appId\":\"%s\"}", text);
    free(text);
    snprintf(url, sizeof url, "%s/servicePrincipals", base);
    text = live_need(&l, 201, "POST", url, l.graph_token, body, "/id");
    snprintf(client_sp, sizeof client_sp, "%s", text);
    free(text);
    snprintf(body, sizeof body,
             "{\"clientId\":\"%s\",\"resourceId\":\"%s\",\"consentType\":"
             "\"AllPrincipals\",\"scope\":\"user_impersonation\"}",
             client_sp, server_sp);
    snprintf(url, sizeof url, "%s/oauth2PermissionGrants", base);
    if (consent)
        free(live_need(&l, 201, "POST", url, l.graph_token, body, "/id"));
}

START_TEST(a_device_gets_its_token_with_consent)
{
    char uri[128], client_id[64];
    cmg_bytes *token = NULL;
    cmg_error *err = NULL;

    make_pair(uri, client_id, true);
    ck_ok(cmg_sandbox_issue_token(l.sandbox, client_id, uri, &token, &err), err);
    ck_assert_uint_gt(cmg_bytes_size(token), 100);
    cmg_bytes_unref(token);
}
END_TEST

START_TEST(a_device_gets_no_token_without_consent_or_application)
{
    char uri[128], client_id[64];
    cmg_bytes *token = NULL;
    cmg_error *err = NULL;

    make_pair(uri, client_id, false);
    ck_assert_int_eq(cmg_sandbox_issue_token(l.sandbox, client_id, uri, &token, NULL),
                     CMG_E_DENIED);
    ck_assert_int_eq(
        cmg_sandbox_issue_token(l.sandbox, client_id, "api://nobody", &token, &err),
        CMG_E_NOTFOUND);
    ck_assert_str_eq(cmg_error_subject(err), "api://nobody");
    cmg_error_unref(err);
    ck_assert_int_eq(cmg_sandbox_issue_token(l.sandbox, "nobody", uri, &token, NULL),
                     CMG_E_NOTFOUND);
    ck_assert_ptr_null(token);
}
END_TEST

/* ---- settings ---- */

static const struct {
    const char *directory, *tenant_id, *subscription_id;
    uint32_t operation_ms;
    const char *subject;
} bad_settings[] = {
    { NULL, NULL, NULL, 0, "directory" },
    { "", NULL, NULL, 0, "directory" },
    { "x", "not-a-guid", NULL, 0, "tenant_id" },
    { "x", NULL, "7d6f2c1e", 0, "subscription_id" },
    { "x", NULL, NULL, 60001, "operation_ms" },
    { "x", NULL, NULL, 0, "service_program" },
};

START_TEST(settings_are_checked_before_anything_is_made)
{
    cmg_sandbox *sandbox = NULL;
    cmg_error *err = NULL;
    const cmg_sandbox_settings settings = { .size = sizeof settings,
                                            .directory = bad_settings[_i].directory,
                                            .tenant_id = bad_settings[_i].tenant_id,
                                            .subscription_id =
                                                bad_settings[_i].subscription_id,
                                            .operation_ms = bad_settings[_i].operation_ms,
                                            .service_program = "/no/such/program" };

    ck_assert_int_eq(cmg_sandbox_new(&settings, &sandbox, &err), CMG_E_INVAL);
    ck_assert_str_eq(cmg_error_subject(err), bad_settings[_i].subject);
    ck_assert_str_ne(cmg_error_remedy(err), "");
    ck_assert_ptr_null(sandbox);
    cmg_error_unref(err);
}
END_TEST

START_TEST(an_unknown_size_is_refused)
{
    cmg_sandbox *sandbox = NULL;
    const cmg_sandbox_settings settings = { .size = 8, .directory = "x" };

    ck_assert_int_eq(cmg_sandbox_new(&settings, &sandbox, NULL), CMG_E_ABI);
}
END_TEST

static const char *const damaged[] = {
    "{\"version\":1,",
    "[]",
    "{\"version\":2}",
    "{\"version\":1,\"tenant_id\":\"x\"}",
};

START_TEST(a_damaged_state_is_refused_and_left_alone)
{
    const char *path = NULL;
    size_t n = 0;
    cmg_sandbox *sandbox = NULL;
    cmg_error *err = NULL;
    char directory[512];

    (void)support_dir();
    snprintf(directory, sizeof directory, "%s", support_path("sandbox"));
    ck_ok(cmg__dir_make(&cmg__env_system, &cmg__alloc_libc, directory, &err), err);
    path = support_path("sandbox/state.json");
    support_write_file(path, damaged[_i], strlen(damaged[_i]));
    const cmg_sandbox_settings settings = { .size = sizeof settings,
                                            .directory = directory };
    ck_assert_int_eq(cmg_sandbox_new(&settings, &sandbox, &err), CMG_E_PARSE);
    ck_assert_ptr_nonnull(strstr(cmg_error_subject(err), "state.json"));
    cmg_error_unref(err);
    char *text = support_read_file(path, &n);
    ck_assert_str_eq(text, damaged[_i]);
    free(text);
    support_dir_done();
}
END_TEST

START_TEST(another_tenant_than_the_directorys_is_refused)
{
    cmg_sandbox *sandbox = NULL;
    cmg_error *err = NULL;
    char directory[512];

    (void)support_dir();
    snprintf(directory, sizeof directory, "%s", support_path("sandbox"));
    cmg_sandbox_settings settings = { .size = sizeof settings,
                                      .directory = directory,
                                      .tenant_id =
                                          "11111111-2222-3333-4444-555555555555" };
    ck_ok(cmg_sandbox_new(&settings, &sandbox, &err), err);
    cmg_sandbox_unref(sandbox);
    sandbox = NULL;
    settings.tenant_id = "22222222-2222-3333-4444-555555555555";
    ck_assert_int_eq(cmg_sandbox_new(&settings, &sandbox, &err), CMG_E_INVAL);
    ck_assert_str_eq(cmg_error_subject(err), "tenant_id");
    cmg_error_unref(err);
    support_dir_done();
}
END_TEST

START_TEST(a_port_in_use_is_named)
{
    cmg_sandbox *first = NULL, *second = NULL;
    cmg_error *err = NULL;
    char one[512], two[512], port[16];

    (void)support_dir();
    snprintf(one, sizeof one, "%s", support_path("one"));
    snprintf(two, sizeof two, "%s", support_path("two"));
    cmg_sandbox_settings settings = { .size = sizeof settings, .directory = one };
    ck_ok(cmg_sandbox_new(&settings, &first, &err), err);
    settings.directory = two;
    settings.port = cmg_sandbox_port(first);
    ck_assert_int_ne(cmg_sandbox_new(&settings, &second, &err), CMG_OK);
    snprintf(port, sizeof port, "%u", settings.port);
    ck_assert_ptr_nonnull(strstr(cmg_error_message(err), port));
    cmg_error_unref(err);
    cmg_sandbox_unref(first);
    support_dir_done();
}
END_TEST

START_TEST(an_issuer_needs_a_name_and_a_key_set)
{
    ck_assert_int_eq(cmg_sandbox_add_issuer(l.sandbox, "", "{}", 2, NULL, NULL),
                     CMG_E_INVAL);
    ck_assert_int_eq(cmg_sandbox_add_issuer(l.sandbox, "i", NULL, 0, NULL, NULL),
                     CMG_E_INVAL);
    ck_assert_int_eq(cmg_sandbox_add_issuer(l.sandbox, "i", "[", 1, NULL, NULL),
                     CMG_E_PARSE);
}
END_TEST

START_TEST(the_application_has_a_certificate_with_its_key)
{
    cmg_context *ctx = NULL;
    cmg_bytes *pem = NULL;
    cmg_bytes *secret = NULL;
    cmg_certificate *bare = NULL;
    cmg_key *key = NULL;
    cmg_error *err = NULL;

    ck_ok(cmg_sandbox_client_certificate(l.sandbox, &pem, &secret, &err), err);
    ck_ok(cmg_context_new(NULL, &ctx, &err), err);
    ck_ok(cmg_certificate_new_from_pem(ctx, cmg_bytes_data(pem), cmg_bytes_size(pem),
                                       &bare, &err),
          err);
    ck_ok(cmg_key_new_from_bytes(ctx, cmg_bytes_data(secret), cmg_bytes_size(secret),
                                 NULL, &key, &err),
          err);
    ck_assert(cmg_certificate_matches_key(bare, key));
    ck_assert(!cmg_certificate_has_key(bare));
    ck_assert_int_eq(cmg_sandbox_client_certificate(l.sandbox, NULL, &secret, NULL),
                     CMG_E_INVAL);
    cmg_key_unref(key);
    cmg_certificate_unref(bare);
    cmg_bytes_unref(secret);
    cmg_bytes_unref(pem);
    cmg_context_unref(ctx);
}
END_TEST

static void add_live(TCase *live)
{
    tcase_add_checked_fixture(live, setup, teardown);
    tcase_set_timeout(live, 60);
    tcase_add_test(live, curl_reads_the_metadata_under_azures_name);
    tcase_add_test(live, curl_is_routed_by_path_under_localhost);
    tcase_add_test(live, a_head_request_gets_no_body);
    tcase_add_test(live, a_restart_goes_on_with_the_same_cloud);
    tcase_add_test(live, a_state_that_cannot_be_kept_is_said_in_the_answer);
    tcase_add_test(live, tokens_of_before_a_restart_stay_good);
    tcase_add_test(live, a_second_sandbox_in_the_directory_is_refused);
    tcase_add_test(live, keys_and_state_are_for_the_owner_only);
    tcase_add_test(live, azures_names_are_on_the_listener);
    tcase_add_test(live, requests_are_counted);
    tcase_add_test(live, a_device_gets_its_token_with_consent);
    tcase_add_test(live, a_device_gets_no_token_without_consent_or_application);
    tcase_add_test(live, the_application_has_a_certificate_with_its_key);
    tcase_add_test(live, an_issuer_needs_a_name_and_a_key_set);
}

static Suite *suite(void)
{
    Suite *s = suite_create("sandbox");
    TCase *live = tcase_create("live");
    TCase *settings = tcase_create("settings");

    add_live(live);
    tcase_set_timeout(settings, 60);
    tcase_add_loop_test(settings, settings_are_checked_before_anything_is_made, 0,
                        CMG__ARRAY_LEN(bad_settings));
    tcase_add_test(settings, an_unknown_size_is_refused);
    tcase_add_loop_test(settings, a_damaged_state_is_refused_and_left_alone, 0,
                        CMG__ARRAY_LEN(damaged));
    tcase_add_test(settings, another_tenant_than_the_directorys_is_refused);
    tcase_add_test(settings, a_port_in_use_is_named);
    suite_add_tcase(s, live);
    suite_add_tcase(s, settings);
    return s;
}

int main(void)
{
    Suite *const suites[] = { suite(), NULL };
    return support_run(suites);
}
