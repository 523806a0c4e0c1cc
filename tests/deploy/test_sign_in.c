/*
 * Signing in with a certificate: what goes over the wire, that openssl verifies it, and
 * that nothing secret stays anywhere. Tokens that the host gets itself.
 */
#include "canned.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "deploy/assertion.h"
#include "model/certificate.h"

static struct world w;

static const struct {
    cmg_assertion_algorithm algorithm;
    const char *alg, *member, *digest, *options;
} algorithms[] = {
    { CMG_ASSERTION_PS256, "PS256", "/x5t#S256", "sha256",
      "-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32" },
    { CMG_ASSERTION_RS256, "RS256", "/x5t", "sha1", "" },
};

static char *shell(const char *command)
{
    char line[1200];
    char *out = NULL;

    (void)snprintf(line, sizeof line, "cd %s && (%s) 2>&1", support_dir(), command);
    const char *const argv[] = { "sh", "-c", line, NULL };
    ck_assert_msg(support_command(argv, &out) == 0, "%s: %s", command, out);
    return out;
}

/* A certificate that openssl made, with its key. */
static cmg_certificate *make_certificate(cmg_context *ctx)
{
    cmg_certificate *cert = NULL;
    cmg_error *err = NULL;
    size_t n = 0;

    free(shell("openssl req -x509 -newkey rsa:2048 -noenc -subj /CN=robot -keyout k.pem "
               "-out c.pem && cat c.pem k.pem > both.pem"));
    char *pem = support_read_file(support_path("both.pem"), &n);
    ck_ok(cmg_certificate_new_from_pem(ctx, pem, n, &cert, &err), err);
    free(pem);
    return cert;
}

static void sign_in_with(cmg_assertion_algorithm algorithm)
{
    cmg_certificate *cert = make_certificate(w.ctx);
    cmg_error *err = NULL;

    ck_ok(cmg_tenant_set_client_certificate(cmg_gateway_tenant(w.gateway), WORLD_CLIENT,
                                            cert, NULL, algorithm, &err),
          err);
    cmg_certificate_unref(cert); /* what is needed of it is kept */
}

/* The n-th assertion that was sent, into a file of its own. */
static char *assertion_sent(unsigned n)
{
    const char *at = w.log;

    for (unsigned i = 0; i <= n; i++) {
        at = strstr(at + 1, "client_assertion=");
        ck_assert_ptr_nonnull(at);
    }
    at += strlen("client_assertion=");
    const size_t len = strspn(at, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                  "0123456789-_.");
    return strndup(at, len);
}

static struct cmg__json *decode(const char *text, size_t n)
{
    struct cmg__json *json = NULL;
    struct cmg__buf plain;

    cmg__buf_init(&plain, &cmg__alloc_libc, 65536);
    ck_assert_int_eq(cmg__base64url_decode(&plain, text, n), CMG_OK);
    ck_assert_int_eq(cmg__json_parse(&cmg__alloc_libc, "part", cmg__buf_cstr(&plain),
                                     plain.len, &json, NULL),
                     CMG_OK);
    cmg__buf_done(&plain);
    return json;
}

static void check_header(const char *token, int i)
{
    const char *dot = strchr(token, '.');
    struct cmg__json *header = decode(token, (size_t)(dot - token));
    char command[200];

    ck_assert_str_eq(cmg__json_str(header, "/typ"), "JWT");
    ck_assert_str_eq(cmg__json_str(header, "/alg"), algorithms[i].alg);
    (void)snprintf(command, sizeof command,
                   "openssl x509 -in c.pem -outform DER | openssl dgst -%s -binary | "
                   "openssl base64 -A | tr '+/' '-_' | tr -d '='",
                   algorithms[i].digest);
    char *wanted = shell(command);
    ck_assert_str_eq(cmg__json_str(header, algorithms[i].member), wanted);
    free(wanted);
    cmg__json_unref(header);
}

static struct cmg__json *payload_of(const char *token)
{
    const char *dot = strchr(token, '.');
    const char *end = strchr(dot + 1, '.');

    return decode(dot + 1, (size_t)(end - dot - 1));
}

static void check_payload(const struct cmg__json *payload)
{
    const int64_t from = cmg__json_int(payload, "/nbf", 0);

    ck_assert_str_eq(cmg__json_str(payload, "/iss"), WORLD_CLIENT);
    ck_assert_str_eq(cmg__json_str(payload, "/sub"), WORLD_CLIENT);
    ck_assert(strncmp(cmg__json_str(payload, "/aud"),
                      "https://login.microsoftonline.com/", 34) == 0);
    ck_assert_ptr_nonnull(strstr(cmg__json_str(payload, "/aud"), "/oauth2/v2.0/token"));
    ck_assert(cmg__guid_is_valid(cmg__json_str(payload, "/jti")));
    ck_assert_int_eq(cmg__json_int(payload, "/iat", 0), from);
    ck_assert_int_eq(cmg__json_int(payload, "/exp", 0), from + 600);
    ck_assert_int_le(from, w.env.unix_ms / 1000);
    ck_assert_int_ge(from, w.env.unix_ms / 1000 - 60);
}

static void check_signature(const char *token, int i)
{
    const char *end = strrchr(token, '.');
    struct cmg__buf signature;
    char command[300];

    cmg__buf_init(&signature, &cmg__alloc_libc, 4096);
    ck_assert_int_eq(cmg__base64url_decode(&signature, end + 1, strlen(end + 1)), CMG_OK);
    support_write_file(support_path("sig"), signature.data, signature.len);
    support_write_file(support_path("input"), token, (size_t)(end - token));
    (void)snprintf(
        command, sizeof command,
        "openssl x509 -in c.pem -pubkey -noout > p.pem && openssl dgst -sha256 "
        "%s -verify p.pem -signature sig input",
        algorithms[i].options);
    free(shell(command));
    cmg__buf_done(&signature);
}

START_TEST(certificate_signs_every_request_for_a_token)
{
    static const struct cmg__step *steps[1];
    struct rule rules[] = { TOKEN, { 0 } };

    steps[0] = &cmg__step_sign_in;
    world_init(&w, CMG_DEPLOY_DELETE, rules);
    sign_in_with(algorithms[_i].algorithm);
    world_table(&w, steps, 1);
    world_start(&w);
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_DELETED);
    ck_assert_uint_eq(world_count(&w, "client_assertion="), 3);
    ck_assert_uint_eq(world_count(&w, "client_assertion_type=urn%3Aietf%3Aparams%3A"), 3);
    ck_assert_uint_eq(world_count(&w, "grant_type=client_credentials"), 3);
    ck_assert_uint_eq(world_count(&w, "client_secret"), 0);
    ck_assert_uint_eq(world_count(&w, "offline_access"), 0);
    char *first = assertion_sent(0);
    char *second = assertion_sent(1);
    struct cmg__json *one = payload_of(first);
    struct cmg__json *two = payload_of(second);
    check_header(first, _i);
    check_payload(one);
    check_payload(two);
    check_signature(first, _i);
    check_signature(second, _i);
    ck_assert_str_ne(cmg__json_str(one, "/jti"), cmg__json_str(two, "/jti"));
    w.journal[sizeof w.journal - 1] = '\0';
    ck_assert_ptr_null(strstr(w.journal, strrchr(first, '.') + 1));
    cmg__json_unref(one);
    cmg__json_unref(two);
    free(first);
    free(second);
    world_done(&w);
    support_dir_done();
}
END_TEST

START_TEST(certificate_that_is_not_registered_fails_with_the_remedy)
{
    static const struct cmg__step *steps[1];
    struct rule rules[] = {
        { .path = "/token",
          .status = 401,
          .body = "{\"error\":\"invalid_client\",\"error_description\":\"AADSTS700027: "
                  "The certificate is not registered.\",\"error_codes\":[700027]}" },
        { 0 }
    };

    steps[0] = &cmg__step_sign_in;
    world_init(&w, CMG_DEPLOY_DELETE, rules);
    sign_in_with(CMG_ASSERTION_PS256);
    world_table(&w, steps, 1);
    world_start(&w);
    canned_finish(&w);
    ck_assert_int_eq(w.end_code, CMG_E_AUTH);
    ck_assert_ptr_nonnull(strstr(w.end_remedy, "certificate"));
    ck_assert_uint_eq(world_count(&w, "client_assertion="), 1);
    world_done(&w);
    support_dir_done();
}
END_TEST

static cmg_status make_once(struct support_alloc *a, void *user)
{
    const struct cmg__sign_in_certificate *certificate = user;
    const struct cmg__assertion assertion = { .client_id = WORLD_CLIENT,
                                              .audience = "https://login.example/token",
                                              .certificate = certificate,
                                              .now_unix_s = 1790000000 };
    struct cmg__buf text;
    cmg_error *err = NULL;

    cmg__buf_init_secret(&text, &a->alloc, 65536);
    const cmg_status rc =
        cmg__assertion_make(&a->alloc, &cmg__env_system, &assertion, &text, &err);
    ck_assert_int_eq(rc == CMG_OK, text.len > 0);
    cmg__buf_done(&text);
    cmg_error_unref(err);
    return rc;
}

START_TEST(memory_that_runs_out_leaves_no_half_assertion)
{
    cmg_context *ctx = NULL;

    ck_assert_int_eq(cmg_context_new(NULL, &ctx, NULL), CMG_OK);
    cmg_certificate *cert = make_certificate(ctx);
    struct cmg__sign_in_certificate named = { .key = cert->key, .pss = _i == 0 };
    support_torture(make_once, &named, 1);
    cmg_certificate_unref(cert);
    cmg_context_unref(ctx);
    support_dir_done();
}
END_TEST

/* ---- the host's own tokens ---- */

static struct source {
    char asked[512]; /* the resources, in order */
    unsigned released;
    int64_t answer; /* 0: the token's length */
    const char *token;
    int64_t life_s;
} source;

static int64_t get_token(const char *resource, void *out, size_t max,
                         int64_t *out_expires_unix_s, void *user)
{
    struct source *s = user;
    const size_t used = strlen(s->asked);

    (void)snprintf(s->asked + used, sizeof s->asked - used, "%s ", resource);
    ck_assert_uint_ge(max, 65536);
    *out_expires_unix_s = w.env.unix_ms / 1000 + s->life_s;
    memcpy(out, s->token, strlen(s->token));
    return s->answer != 0 ? s->answer : (int64_t)strlen(s->token);
}

static void release(void *user)
{
    struct source *s = user;

    s->released++;
}

static void begin_source(const struct cmg__step *const *steps, size_t n,
                         struct rule *rules, const char *client_id)
{
    const cmg_token_source table = {
        .size = sizeof table, .user = &source, .get = get_token, .release = release
    };
    cmg_error *err = NULL;

    world_init(&w, CMG_DEPLOY_DELETE, rules);
    w.memory.canary = source.token;
    ck_ok(cmg_tenant_set_token_source(cmg_gateway_tenant(w.gateway), client_id, &table,
                                      &err),
          err);
    world_again(&w, CMG_DEPLOY_DELETE); /* the client ID is read at the start */
    world_table(&w, steps, n);
    world_start(&w);
    canned_finish(&w);
}

#define ORGANIZATION                                                                     \
    "{\"value\":[{\"id\":\"" WORLD_TENANT "\",\"displayName\":\"Contoso\"}]}"
#define PRINCIPAL "{\"id\":\"" WORLD_CLIENT "\"}"

START_TEST(host_gives_the_tokens_of_a_person_or_an_application)
{
    static const struct cmg__step *const steps[] = { &cmg__step_sign_in,
                                                     &cmg__step_tenant };
    struct rule rules[] = { ANSWER("GET", "/organization", 1, 401, "{}"),
                            ANSWER("GET", "/organization", 0, 200, ORGANIZATION),
                            ANSWER("GET", "/me", 0, 200, PRINCIPAL),
                            ANSWER("GET", "/servicePrincipals", 0, 200, PRINCIPAL),
                            { 0 } };

    source = (struct source){ .token = "host.token.1", .life_s = 3600 };
    begin_source(steps, 2, rules, _i == 0 ? NULL : WORLD_CLIENT);
    ck_assert_msg(w.end == CMG_DEPLOY_DELETED, "%s", w.end_message);
    /* The one that was refused is asked for again. */
    ck_assert_str_eq(source.asked,
                     "https://management.azure.com https://graph.microsoft.com "
                     "https://vault.azure.net https://graph.microsoft.com ");
    ck_assert_uint_eq(world_count(&w, "/token"), 0);
    ck_assert_uint_eq(world_count(&w, "/me"), _i == 0);
    ck_assert_uint_eq(world_count(&w, "/servicePrincipals"), _i == 1);
    ck_assert_uint_eq(source.released, 0);
    world_done(&w);
    ck_assert(!w.memory.canary_seen);
    ck_assert_uint_eq(source.released, 1);
}
END_TEST

static const struct {
    int64_t answer;
    const char *token;
    int64_t life_s;
    const char *message;
} bad_answers[] = {
    { -5, "x", 3600, "returned -5 for https://management.azure.com" },
    { 65537, "x", 3600, "returned 65537" },
    { 0, "", 3600, "visible characters" },
    { 0, "Bearer host.token", 3600, "visible characters" },
    { 0, "host.token\r\nX: y", 3600, "visible characters" },
    { 0, "host.token.2", 0, "ended already" },
    { 0, "host.token.2", -1, "ended already" },
};

START_TEST(token_that_cannot_be_used_fails_as_the_hosts)
{
    static const struct cmg__step *const steps[] = { &cmg__step_sign_in };
    struct rule rules[] = { { 0 } };

    source = (struct source){ .answer = bad_answers[_i].answer,
                              .token = bad_answers[_i].token,
                              .life_s = bad_answers[_i].life_s };
    begin_source(steps, 1, rules, WORLD_CLIENT);
    ck_assert_int_eq(w.end, CMG_DEPLOY_FAILED);
    ck_assert_int_eq(w.end_code, CMG_E_CALLBACK);
    ck_assert_msg(strstr(w.end_message, bad_answers[_i].message) != NULL, "%s",
                  w.end_message);
    ck_assert_str_ne(w.end_remedy, "");
    ck_assert_ptr_null(strstr(w.end_message, "host.token"));
    world_done(&w);
    ck_assert_uint_eq(source.released, 1);
}
END_TEST

START_TEST(source_is_checked_and_released_when_another_way_is_set)
{
    cmg_token_source table = { .size = sizeof table, .user = &source };
    struct rule rules[] = { { 0 } };

    source = (struct source){ .token = "x" };
    world_init(&w, CMG_DEPLOY_DELETE, rules);
    cmg_tenant *tenant = cmg_gateway_tenant(w.gateway);
    ck_assert_int_eq(cmg_tenant_set_token_source(tenant, NULL, NULL, NULL), CMG_E_INVAL);
    ck_assert_int_eq(cmg_tenant_set_token_source(tenant, NULL, &table, NULL),
                     CMG_E_INVAL); /* get is missing */
    table.get = get_token;
    table.release = release;
    ck_assert_int_eq(cmg_tenant_set_token_source(tenant, "me", &table, NULL),
                     CMG_E_INVAL);
    table.size--;
    ck_assert_int_eq(cmg_tenant_set_token_source(tenant, NULL, &table, NULL), CMG_E_ABI);
    table.size++;
    ck_assert_uint_eq(source.released, 0);
    ck_assert_int_eq(cmg_tenant_set_token_source(tenant, NULL, &table, NULL), CMG_OK);
    ck_assert_int_eq(cmg_tenant_set_token_source(tenant, NULL, &table, NULL), CMG_OK);
    ck_assert_uint_eq(source.released, 1);
    ck_assert_int_eq(cmg_tenant_set_device_code(tenant, NULL, NULL), CMG_OK);
    ck_assert_uint_eq(source.released, 2);
    world_done(&w);
    ck_assert_uint_eq(source.released, 2);
}
END_TEST

/* ---- workload identity ---- */

static void begin_workload(struct rule *rules, const char *content)
{
    static const struct cmg__step *steps[1];
    const char *path = support_path("token");
    cmg_error *err = NULL;

    if (content != NULL)
        support_write_file(path, content, strlen(content));
    steps[0] = &cmg__step_sign_in;
    world_init(&w, CMG_DEPLOY_DELETE, rules);
    w.memory.canary = "federated.token";
    cmg_tenant *tenant = cmg_gateway_tenant(w.gateway);
    ck_assert_int_eq(cmg_tenant_set_workload_identity(tenant, WORLD_CLIENT, "", NULL),
                     CMG_E_INVAL);
    ck_assert_int_eq(cmg_tenant_set_workload_identity(tenant, "me", path, NULL),
                     CMG_E_INVAL);
    ck_ok(cmg_tenant_set_workload_identity(tenant, WORLD_CLIENT, path, &err), err);
    world_table(&w, steps, 1);
    world_start(&w);
}

START_TEST(federated_token_is_read_again_for_each_request)
{
    struct rule rules[] = { TOKEN, { 0 } };

    begin_workload(rules, " \n federated.token.1\r\n");
    for (unsigned i = 0; i < 1000 && world_count(&w, "federated.token.1") == 0; i++) {
        support_env_advance_ms(&w.env, 1);
        world_turns(&w, 1);
    }
    support_write_file(support_path("token"), "federated.token.2", 17);
    canned_finish(&w);
    ck_assert_msg(w.end == CMG_DEPLOY_DELETED, "%s", w.end_message);
    ck_assert_uint_eq(world_count(&w, "client_assertion=federated.token.1"), 1);
    ck_assert_uint_eq(world_count(&w, "client_assertion=federated.token.2"), 2);
    ck_assert_uint_eq(world_count(&w, "client_assertion_type=urn%3Aietf%3Aparams%3A"), 3);
    ck_assert_uint_eq(world_count(&w, "grant_type=client_credentials"), 3);
    world_done(&w);
    ck_assert(!w.memory.canary_seen);
    support_dir_done();
}
END_TEST

static const struct {
    const char *content; /* NULL: no file */
    cmg_status code;
} bad_files[] = {
    { NULL, CMG_E_NOTFOUND },
    { "", CMG_E_PARSE },
    { " \n\t", CMG_E_PARSE },
    { "federated.token.1 and more", CMG_E_PARSE },
    { "federated.token.1\nx", CMG_E_PARSE },
};

START_TEST(file_without_one_token_is_told_by_name)
{
    struct rule rules[] = { TOKEN, { 0 } };

    begin_workload(rules, bad_files[_i].content);
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_FAILED);
    ck_assert_int_eq(w.end_code, bad_files[_i].code);
    ck_assert_ptr_nonnull(strstr(w.end_message, support_path("token")));
    ck_assert_ptr_null(strstr(w.end_message, "federated.token"));
    ck_assert_uint_eq(world_count(&w, "/token"), 0);
    world_done(&w);
    ck_assert(!w.memory.canary_seen);
    support_dir_done();
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("sign_in");
    TCase *certificate = tcase_create("certificate");

    tcase_set_timeout(certificate, 60);
    tcase_add_loop_test(certificate, certificate_signs_every_request_for_a_token, 0,
                        CMG__ARRAY_LEN(algorithms));
    tcase_add_test(certificate, certificate_that_is_not_registered_fails_with_the_remedy);
    tcase_add_loop_test(certificate, memory_that_runs_out_leaves_no_half_assertion, 0, 2);
    suite_add_tcase(suite, certificate);
    TCase *tokens = tcase_create("token source");
    tcase_add_loop_test(tokens, host_gives_the_tokens_of_a_person_or_an_application, 0,
                        2);
    tcase_add_loop_test(tokens, token_that_cannot_be_used_fails_as_the_hosts, 0,
                        CMG__ARRAY_LEN(bad_answers));
    tcase_add_test(tokens, source_is_checked_and_released_when_another_way_is_set);
    suite_add_tcase(suite, tokens);
    TCase *workload = tcase_create("workload identity");
    tcase_add_test(workload, federated_token_is_read_again_for_each_request);
    tcase_add_loop_test(workload, file_without_one_token_is_told_by_name, 0,
                        CMG__ARRAY_LEN(bad_files));
    suite_add_tcase(suite, workload);
    return suite;
}

int main(void)
{
    Suite *const suites[] = { make_suite(), NULL };
    return support_run(suites);
}
