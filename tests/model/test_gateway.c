/* The gateway handle and what it tells its other halves: user data, connector settings.
 */
#include "model/place.h"

#include <string.h>
#include "model/certificate.h"
#include "model/user_data.h"

#define TENANT "11111111-2222-3333-4444-555555555555"
#define SERVER "22222222-2222-3333-4444-555555555555"
#define CLIENT "33333333-2222-3333-4444-555555555555"

/* As a deployment leaves it. */
static void observe_all(struct place *place, cmg_gateway *g)
{
    const struct cmg__alloc *alloc = &place->ctx->alloc;

    ck_assert_int_eq(cmg__observe(alloc, &g->tenant->id, TENANT), CMG_OK);
    ck_assert_int_eq(cmg__observe(alloc, &g->server_app->client_id, SERVER), CMG_OK);
    ck_assert_int_eq(
        cmg__observe(alloc, &g->server_app->id_uri, "api://" TENANT "/CMG-ServerApp"),
        CMG_OK);
    ck_assert_int_eq(cmg__observe(alloc, &g->client_app->client_id, CLIENT), CMG_OK);
    ck_assert_int_eq(
        cmg__observe(alloc, &g->endpoint, "granitefalls.westeurope.cloudapp.azure.com"),
        CMG_OK);
}

static cmg_certificate *connector_certificate(cmg_authority *ca)
{
    const cmg_certificate_request request = { .size = sizeof request,
                                              .profile = CMG_PROFILE_CONNECTOR,
                                              .common_name = "connector-1",
                                              .days = 30 };
    cmg_certificate *cert = NULL;
    cmg_error *err = NULL;

    ck_ok(cmg_authority_issue(ca, &request, &cert, &err), err);
    return cert;
}

static struct cmg__json *parse(const char *text, size_t n)
{
    struct cmg__json *doc = NULL;
    cmg_error *err = NULL;

    ck_ok(cmg__json_parse(&cmg__alloc_libc, "out", text, n, &doc, &err), err);
    return doc;
}

START_TEST(user_data_tells_everything_and_no_secret)
{
    static const char secret[] = "hunter2-hunter2";
    struct place place;
    struct cmg__buf text;
    cmg_authority *ca = NULL;
    cmg_error *err = NULL;

    place_init(&place);
    cmg_gateway *g = place_gateway(&place);
    ck_ok(cmg_authority_new(place.ctx, "Contoso CMG CA", &ca, &err), err);
    cmg_certificate *cert = connector_certificate(ca);
    ck_ok(cmg_gateway_set_authority(g, ca, &err), err);
    ck_ok(cmg_gateway_add_connector(g, cert, &err), err);
    ck_ok(cmg_tenant_set_client_secret(g->tenant, CLIENT, secret, strlen(secret), &err),
          err);
    observe_all(&place, g);
    cmg__buf_init(&text, &place.ctx->alloc, CMG__JSON_MAX);
    ck_ok(cmg__user_data_make(g, "d-1", &text, &err), err);
    struct cmg__json *doc = parse(cmg__buf_cstr(&text), text.len);
    ck_assert_int_eq(cmg__json_int(doc, "/version", 0), 1);
    ck_assert_str_eq(cmg__json_str(doc, "/deployment_id"), "d-1");
    ck_assert_str_eq(cmg__json_str(doc, "/service_names/0"), "granitefalls.contoso.com");
    ck_assert_str_eq(cmg__json_str(doc, "/service_names/1"),
                     "granitefalls.westeurope.cloudapp.azure.com");
    ck_assert_int_eq(cmg__json_int(doc, "/ports/client", 0), 443);
    ck_assert_int_eq(cmg__json_int(doc, "/ports/channel", 0), 10140);
    ck_assert_int_eq(cmg__json_int(doc, "/ports/channel_https", 0), 10124);
    ck_assert_str_eq(cmg__json_str(doc, "/connectors/0"), cmg_certificate_sha256(cert));
    ck_assert_ptr_nonnull(
        strstr(cmg__json_str(doc, "/client_roots_pem"), "BEGIN CERTIFICATE"));
    ck_assert_str_eq(cmg__json_str(doc, "/tokens/tenant_id"), TENANT);
    ck_assert_str_eq(cmg__json_str(doc, "/tokens/issuers/0"),
                     "https://sts.windows.net/" TENANT "/");
    ck_assert_str_eq(cmg__json_str(doc, "/tokens/issuers/1"),
                     "https://login.microsoftonline.com/" TENANT "/v2.0");
    ck_assert_str_eq(cmg__json_str(doc, "/tokens/audiences/0"),
                     "api://" TENANT "/CMG-ServerApp");
    ck_assert_str_eq(cmg__json_str(doc, "/tokens/audiences/1"), SERVER);
    ck_assert_str_eq(cmg__json_str(doc, "/tokens/client_ids/0"), CLIENT);
    ck_assert_str_eq(cmg__json_str(doc, "/tokens/scope"), "user_impersonation");
    ck_assert_str_eq(cmg__json_str(doc, "/tokens/jwks_uri"),
                     "https://login.microsoftonline.com/" TENANT "/discovery/v2.0/keys");
    ck_assert_ptr_null(strstr(cmg__buf_cstr(&text), secret));
    ck_assert_ptr_null(strstr(cmg__buf_cstr(&text), "PRIVATE"));
    cmg__json_unref(doc);
    cmg__buf_done(&text);
    cmg_certificate_unref(cert);
    cmg_authority_unref(ca);
    cmg_gateway_unref(g);
    place_done(&place);
}
END_TEST

START_TEST(user_data_without_a_tenant_is_refused)
{
    struct place place;
    struct cmg__buf text;
    cmg_error *err = NULL;

    place_init(&place);
    cmg_gateway *g = place_gateway(&place);
    cmg__buf_init(&text, &place.ctx->alloc, CMG__JSON_MAX);
    ck_assert_int_eq(cmg__user_data_make(g, "d-1", &text, &err), CMG_E_STATE);
    cmg_error_unref(err);
    cmg__buf_done(&text);
    cmg_gateway_unref(g);
    place_done(&place);
}
END_TEST

START_TEST(equal_gateways_give_equal_user_data)
{
    struct place place;
    struct cmg__buf text[2];
    cmg_error *err = NULL;

    place_init(&place);
    for (int i = 0; i < 2; i++) {
        cmg_gateway *g = place_gateway(&place);
        observe_all(&place, g);
        cmg__buf_init(&text[i], &place.ctx->alloc, CMG__JSON_MAX);
        ck_ok(cmg__user_data_make(g, "d-1", &text[i], &err), err);
        cmg_gateway_unref(g);
    }
    ck_assert_str_eq(cmg__buf_cstr(&text[0]), cmg__buf_cstr(&text[1]));
    ck_assert_ptr_nonnull(strstr(cmg__buf_cstr(&text[0]), "\"client_roots_pem\":\"\""));
    cmg__buf_done(&text[0]);
    cmg__buf_done(&text[1]);
    place_done(&place);
}
END_TEST

START_TEST(the_connector_learns_where_to_dial_and_what_to_publish)
{
    struct place place;
    cmg_bytes *bytes = NULL;
    cmg_error *err = NULL;

    place_init(&place);
    cmg_gateway *g = place_gateway(&place);
    ck_assert_int_eq(cmg_gateway_connector_config(g, &bytes, &err), CMG_E_STATE);
    cmg_error_unref(err);
    err = NULL;
    observe_all(&place, g);
    ck_ok(cmg_gateway_connector_config(g, &bytes, &err), err);
    struct cmg__json *doc = parse(cmg_bytes_data(bytes), cmg_bytes_size(bytes));
    ck_assert_int_eq(cmg__json_int(doc, "/version", 0), 1);
    ck_assert_str_eq(cmg__json_str(doc, "/name"), "connector-1");
    ck_assert_str_eq(cmg__json_str(doc, "/site"), "PS1");
    ck_assert_str_eq(cmg__json_str(doc, "/host"),
                     "granitefalls.westeurope.cloudapp.azure.com");
    ck_assert_str_eq(cmg__json_str(doc, "/server_name"), "granitefalls.contoso.com");
    ck_assert_int_eq(cmg__json_int(doc, "/instances", 0), 2);
    ck_assert_int_eq(cmg__json_int(doc, "/first_port", 0), 10140);
    ck_assert_int_eq(cmg__json_int(doc, "/https_port", 0), 10124);
    ck_assert_str_eq(cmg__json_str(doc, "/gateway_ca_pem"), "");
    ck_assert_str_eq(cmg__json_str(doc, "/roles/0/id"), "72057594037937981");
    ck_assert_str_eq(cmg__json_str(doc, "/roles/0/type"), "management_point");
    ck_assert_str_eq(cmg__json_str(doc, "/roles/0/url"), "https://mp.corp.contoso.com");
    const struct cmg__json *endpoints = cmg__json_at(doc, "/roles/0/endpoints");
    ck_assert_uint_eq(cmg__json_size(endpoints), 7);
    for (size_t i = 0; i < cmg__json_size(endpoints); i++) {
        const struct cmg__json *endpoint = cmg__json_item(endpoints, i);
        ck_assert_str_ne(cmg__json_str(endpoint, "/path"), "");
        ck_assert_int_gt(cmg__json_int(endpoint, "/max_length", 0), 0);
    }
    cmg__json_unref(doc);
    cmg_bytes_unref(bytes);
    cmg_gateway_unref(g);
    place_done(&place);
}
END_TEST

START_TEST(nothing_is_set_while_a_deployment_runs)
{
    struct place place;
    cmg_authority *ca = NULL;
    cmg_error *err = NULL;

    place_init(&place);
    cmg_gateway *g = place_gateway(&place);
    ck_ok(cmg_authority_new(place.ctx, "CA", &ca, &err), err);
    cmg_certificate *cert = cmg_authority_certificate(ca);
    g->deployments_running = 1;
    ck_assert_int_eq(cmg_gateway_set_authority(g, ca, &err), CMG_E_STATE);
    cmg_error_unref(err);
    err = NULL;
    ck_assert_int_eq(cmg_gateway_add_connector(g, cert, &err), CMG_E_STATE);
    cmg_error_unref(err);
    err = NULL;
    g->deployments_running = 0;
    ck_ok(cmg_gateway_set_authority(g, ca, &err), err);
    ck_ok(cmg_gateway_set_authority(g, ca, &err), err);
    cmg_authority_unref(ca);
    cmg_gateway_unref(g);
    place_done(&place);
}
END_TEST

START_TEST(sixteen_connectors_are_the_most_and_one_counts_once)
{
    struct place place;
    cmg_authority *ca = NULL;
    cmg_error *err = NULL;

    place_init(&place);
    cmg_gateway *g = place_gateway(&place);
    ck_ok(cmg_authority_new(place.ctx, "CA", &ca, &err), err);
    cmg_certificate *cert = cmg_authority_certificate(ca);
    ck_ok(cmg_gateway_add_connector(g, cert, &err), err);
    ck_ok(cmg_gateway_add_connector(g, cert, &err), err);
    ck_assert_uint_eq(g->connector_count, 1);
    for (size_t i = 1; i < CMG__MAX_CONNECTORS; i++) {
        g->connectors[i] = cmg__format(&place.ctx->alloc, "%064zu", i);
        g->connector_count++;
    }
    ck_ok(cmg_gateway_add_connector(g, cert, &err), err); /* there already */
    cmg__free(&place.ctx->alloc, g->connectors[0]);
    g->connectors[0] = cmg__format(&place.ctx->alloc, "%064d", 0);
    ck_assert_int_eq(cmg_gateway_add_connector(g, cert, &err), CMG_E_LIMIT);
    cmg_error_unref(err);
    cmg_authority_unref(ca);
    cmg_gateway_unref(g);
    place_done(&place);
}
END_TEST

START_TEST(children_may_outlive_their_gateway)
{
    struct place place;

    place_init(&place);
    cmg_gateway *g = place_gateway(&place);
    cmg_tenant *tenant = cmg_tenant_ref(cmg_gateway_tenant(g));
    cmg_server_app *server = cmg_server_app_ref(cmg_gateway_server_app(g));
    cmg_client_app *client = cmg_client_app_ref(cmg_gateway_client_app(g));
    cmg_gateway_ref(g);
    cmg_gateway_unref(g);
    cmg_gateway_unref(g);
    ck_assert_str_eq(cmg_tenant_domain(tenant), "contoso.onmicrosoft.com");
    ck_assert_str_eq(cmg_tenant_display_name(tenant), "");
    ck_assert_str_eq(cmg_server_app_name(server), "CMG-ServerApp");
    ck_assert_str_eq(cmg_server_app_id_uri(server), "");
    ck_assert_str_eq(cmg_server_app_client_id(server), "");
    ck_assert_int_eq(cmg_server_app_secret_expires_unix_s(server), 0);
    ck_assert_str_eq(cmg_client_app_client_id(client), "");
    cmg_tenant_unref(tenant);
    cmg_server_app_unref(server);
    cmg_client_app_unref(client);
    place_done(&place);
}
END_TEST

START_TEST(no_handle_is_no_crash)
{
    cmg_gateway *g = NULL;
    cmg_bytes *bytes = NULL;

    ck_assert_int_eq(cmg_gateway_new_from_json(NULL, "x", "{}", 2, &g, NULL),
                     CMG_E_INVAL);
    ck_assert_int_eq(cmg_gateway_new_from_file(NULL, "x", &g, NULL), CMG_E_INVAL);
    ck_assert_int_eq(cmg_gateway_to_json(NULL, &bytes, NULL), CMG_E_INVAL);
    ck_assert_int_eq(cmg_gateway_set_authority(NULL, NULL, NULL), CMG_E_INVAL);
    ck_assert_int_eq(cmg_gateway_add_connector(NULL, NULL, NULL), CMG_E_INVAL);
    ck_assert_int_eq(cmg_gateway_connector_config(NULL, &bytes, NULL), CMG_E_INVAL);
    ck_assert_int_eq(cmg_tenant_set_device_code(NULL, NULL, NULL), CMG_E_INVAL);
    ck_assert_int_eq(cmg_tenant_set_client_secret(NULL, NULL, NULL, 0, NULL),
                     CMG_E_INVAL);
    ck_assert_str_eq(cmg_gateway_name(NULL), "");
    ck_assert_uint_eq(cmg_gateway_role_count(NULL), 0);
    ck_assert_ptr_null(cmg_gateway_tenant(NULL));
    ck_assert_str_eq(cmg_tenant_id(NULL), "");
    ck_assert_str_eq(cmg_server_app_name(NULL), "");
    ck_assert_str_eq(cmg_client_app_name(NULL), "");
    ck_assert_ptr_null(cmg_gateway_ref(NULL));
    cmg_gateway_unref(NULL);
    cmg_tenant_unref(NULL);
    cmg_server_app_unref(NULL);
    cmg_client_app_unref(NULL);
}
END_TEST

START_TEST(a_handle_of_another_kind_is_refused)
{
    struct place place;
    union {
        cmg_tenant *tenant;
        cmg_gateway *gateway;
    } wrong;
    cmg_gateway *g = NULL;

    place_init(&place);
    g = place_gateway(&place);
    wrong.tenant = cmg_gateway_tenant(g);
    ck_assert_int_eq(cmg_gateway_set_authority(wrong.gateway, NULL, NULL), CMG_E_INVAL);
    ck_assert_str_eq(cmg_gateway_name(wrong.gateway), "");
    cmg_gateway_unref(g);
    place_done(&place);
}
END_TEST

static const struct {
    const char *client_id;
    const char *secret;
    size_t size;
} bad_secrets[] = {
    { NULL, "x", 1 },   { "me", "x", 1 },      { CLIENT, NULL, 1 },
    { CLIENT, "x", 0 }, { CLIENT, "x", 1025 },
};

START_TEST(how_to_sign_in_is_checked_and_kept)
{
    struct place place;
    cmg_error *err = NULL;

    place_init(&place);
    place.a.canary = "hunter2-hunter2";
    cmg_gateway *g = place_gateway(&place);
    ck_assert_int_eq(g->tenant->sign_in, CMG__SIGN_IN_DEVICE_CODE);
    ck_assert(cmg__guid_is_valid(g->tenant->sign_in_client_id));
    ck_assert_int_eq(cmg_tenant_set_client_secret(g->tenant, bad_secrets[_i].client_id,
                                                  bad_secrets[_i].secret,
                                                  bad_secrets[_i].size, &err),
                     CMG_E_INVAL);
    ck_assert_int_eq(g->tenant->sign_in, CMG__SIGN_IN_DEVICE_CODE);
    cmg_error_unref(err);
    err = NULL;
    ck_ok(cmg_tenant_set_client_secret(g->tenant, CLIENT, "hunter2-hunter2", 15, &err),
          err);
    ck_assert_int_eq(g->tenant->sign_in, CMG__SIGN_IN_CLIENT_SECRET);
    ck_assert_str_eq(g->tenant->sign_in_client_id, CLIENT);
    ck_assert_int_eq(cmg_tenant_set_device_code(g->tenant, "me", NULL), CMG_E_INVAL);
    ck_assert(cmg__secret_is_set(&g->tenant->sign_in_secret));
    ck_ok(cmg_tenant_set_device_code(g->tenant, NULL, &err), err);
    ck_assert(!cmg__secret_is_set(&g->tenant->sign_in_secret));
    ck_ok(cmg_tenant_set_client_secret(g->tenant, CLIENT, "hunter2-hunter2", 15, &err),
          err);
    cmg_gateway_unref(g);
    place_done(&place);
    ck_assert(!place.a.canary_seen);
}
END_TEST

/* What set_client_certificate is given; NULL for the certificate's own key. */
enum { OWN_KEY, NO_KEY, OTHER_KEY, EC_KEY, HELD_KEY };

static const struct {
    int key;
    int algorithm;
    const char *client_id;
    cmg_status expected;
} certificates[] = {
    { OWN_KEY, CMG_ASSERTION_PS256, CLIENT, CMG_OK },
    { OWN_KEY, CMG_ASSERTION_RS256, CLIENT, CMG_OK },
    { HELD_KEY, CMG_ASSERTION_RS256, CLIENT, CMG_OK },
    { HELD_KEY, CMG_ASSERTION_PS256, CLIENT, CMG_E_UNSUPPORTED },
    { OWN_KEY, 0, CLIENT, CMG_E_INVAL },
    { OWN_KEY, 3, CLIENT, CMG_E_INVAL },
    { OWN_KEY, CMG_ASSERTION_PS256, "me", CMG_E_INVAL },
    { OWN_KEY, CMG_ASSERTION_PS256, NULL, CMG_E_INVAL },
    { NO_KEY, CMG_ASSERTION_PS256, CLIENT, CMG_E_CERT },
    { OTHER_KEY, CMG_ASSERTION_PS256, CLIENT, CMG_E_CERT },
    { EC_KEY, CMG_ASSERTION_PS256, CLIENT, CMG_E_CERT },
};

static int64_t never_sign(cmg_hash hash, const void *digest, size_t digest_size,
                          void *out, size_t max, void *user)
{
    (void)hash;
    (void)digest;
    (void)digest_size;
    (void)out;
    (void)max;
    (void)user;
    return -1;
}

static cmg_certificate *certificate_of(cmg_context *ctx, int kind)
{
    struct cmg__x509_request request = {
        .profile = CMG__PROFILE_CLIENT,
        .common_name = "robot",
        .not_before_unix_s = cmg__env_unix_s(&ctx->env),
        .not_after_unix_s = cmg__env_unix_s(&ctx->env) + 86400,
    };
    struct cmg__key *key = NULL;
    struct cmg__x509 **chain = cmg__alloc0(&ctx->alloc, sizeof(struct cmg__x509 *));
    cmg_certificate *cert = NULL;
    cmg_error *err = NULL;

    ck_ok(cmg__key_generate(&ctx->alloc, &ctx->env,
                            kind == EC_KEY ? CMG__KEY_EC : CMG__KEY_RSA,
                            kind == EC_KEY ? 256 : 2048, &key, &err),
          err);
    request.key = key;
    ck_ok(cmg__x509_issue(&ctx->alloc, &ctx->env, &request, NULL, NULL, &chain[0], &err),
          err);
    if (kind == NO_KEY) {
        cmg__key_free(key);
        key = NULL;
    }
    ck_ok(cmg__certificate_make(ctx, chain, 1, key, &cert, &err), err);
    return cert;
}

static cmg_key *key_of(cmg_context *ctx, const cmg_certificate *cert, int kind)
{
    const cmg_key_holder holder = { .size = sizeof holder, .sign = never_sign };
    cmg_key *key = NULL;
    cmg_error *err = NULL;

    if (kind == OTHER_KEY)
        ck_ok(cmg_key_generate(ctx, CMG_KEY_RSA_2048, &key, &err), err);
    if (kind == HELD_KEY)
        ck_ok(cmg_key_new_held(ctx, cert->info.der, cert->info.der_len, &holder, &key,
                               &err),
              err);
    return key;
}

START_TEST(certificate_to_sign_in_with_is_checked_and_kept)
{
    struct place place;
    cmg_error *err = NULL;

    place_init(&place);
    cmg_gateway *g = place_gateway(&place);
    cmg_certificate *cert = certificate_of(place.ctx, certificates[_i].key);
    cmg_key *key = key_of(place.ctx, cert, certificates[_i].key);
    ck_ok(cmg_tenant_set_client_secret(g->tenant, SERVER, "hunter2", 7, &err), err);
    ck_assert_int_eq(cmg_tenant_set_client_certificate(
                         g->tenant, certificates[_i].client_id, cert, key,
                         (cmg_assertion_algorithm)certificates[_i].algorithm, &err),
                     certificates[_i].expected);
    const bool set = certificates[_i].expected == CMG_OK;
    ck_assert_int_eq(set, cmg_error_code(err) == CMG_OK);
    ck_assert(set || cmg_error_remedy(err)[0] != '\0');
    ck_assert_int_eq(g->tenant->sign_in,
                     set ? CMG__SIGN_IN_CERTIFICATE : CMG__SIGN_IN_CLIENT_SECRET);
    ck_assert_int_eq(cmg__secret_is_set(&g->tenant->sign_in_secret), !set);
    ck_assert_str_eq(g->tenant->sign_in_client_id, set ? CLIENT : SERVER);
    cmg_error_unref(err);
    cmg_key_unref(key);
    cmg_certificate_unref(cert);
    cmg_gateway_unref(g);
    place_done(&place);
}
END_TEST

START_TEST(certificate_and_key_of_another_context_are_refused)
{
    struct place place;
    cmg_context *elsewhere = NULL;
    cmg_error *err = NULL;

    place_init(&place);
    cmg_gateway *g = place_gateway(&place);
    ck_ok(cmg_context_new(NULL, &elsewhere, &err), err);
    cmg_certificate *cert = certificate_of(elsewhere, OWN_KEY);
    ck_assert_int_eq(cmg_tenant_set_client_certificate(g->tenant, CLIENT, cert, NULL,
                                                       CMG_ASSERTION_PS256, NULL),
                     CMG_E_INVAL);
    ck_assert_int_eq(cmg_tenant_set_client_certificate(g->tenant, CLIENT, NULL, NULL,
                                                       CMG_ASSERTION_PS256, NULL),
                     CMG_E_INVAL);
    cmg_certificate_unref(cert);
    cmg_context_unref(elsewhere);
    cmg_gateway_unref(g);
    place_done(&place);
}
END_TEST

static cmg_status tell_both(struct support_alloc *a, void *user)
{
    struct place place = { .a = *a };
    struct cmg__buf text;
    cmg_gateway *g = NULL;
    cmg_error *err = NULL;
    (void)user;

    cmg_status rc = cmg_context_new(&a->alloc.table, &place.ctx, &err);
    cmg__buf_init(&text, &a->alloc, CMG__JSON_MAX);
    if (rc == CMG_OK)
        rc = place_read(&place, place_spec, &g, &err);
    if (rc == CMG_OK)
        rc = cmg__observe(&a->alloc, &g->tenant->id, TENANT);
    if (rc == CMG_OK)
        rc = cmg__user_data_make(g, "d-1", &text, &err);
    cmg__buf_clear(&text);
    if (rc == CMG_OK)
        rc = cmg__connector_config_make(g, &text, &err);
    cmg__buf_done(&text);
    cmg_gateway_unref(g);
    cmg_context_unref(place.ctx);
    cmg_error_unref(err);
    return rc;
}

START_TEST(running_out_of_memory_leaves_nothing_behind)
{
    support_torture(tell_both, NULL, 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("model/gateway");
    TCase *handle = tcase_create("handle");
    TCase *texts = tcase_create("texts");

    tcase_add_test(handle, nothing_is_set_while_a_deployment_runs);
    tcase_add_test(handle, sixteen_connectors_are_the_most_and_one_counts_once);
    tcase_add_test(handle, children_may_outlive_their_gateway);
    tcase_add_test(handle, no_handle_is_no_crash);
    tcase_add_test(handle, a_handle_of_another_kind_is_refused);
    tcase_add_loop_test(handle, certificate_to_sign_in_with_is_checked_and_kept, 0,
                        CMG__ARRAY_LEN(certificates));
    tcase_add_test(handle, certificate_and_key_of_another_context_are_refused);
    tcase_add_loop_test(handle, how_to_sign_in_is_checked_and_kept, 0,
                        CMG__ARRAY_LEN(bad_secrets));
    tcase_add_test(texts, user_data_tells_everything_and_no_secret);
    tcase_add_test(texts, user_data_without_a_tenant_is_refused);
    tcase_add_test(texts, equal_gateways_give_equal_user_data);
    tcase_add_test(texts, the_connector_learns_where_to_dial_and_what_to_publish);
    tcase_add_test(texts, running_out_of_memory_leaves_nothing_behind);
    tcase_set_timeout(handle, 60);
    tcase_set_timeout(texts, 60);
    suite_add_tcase(suite, handle);
    suite_add_tcase(suite, texts);
    return support_run((Suite *[]){ suite, NULL });
}
