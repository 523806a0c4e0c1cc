/* The call table as a whole, and requests made from its rows. */
#include <ctype.h>
#include <string.h>

#include "azure/call.h"
#include "base/str.h"
#include "support/support.h"

static const struct cmg__arg all_args[] = {
    { "tenant", "contoso.onmicrosoft.com" },
    { "unique_name", "libcmg-server-7f3a" },
    { "display_name", "CMG-ServerApp" },
    { "app_tag", "libcmg:server:7f3a" },
    { "id_uri", "api://7f3a/CMG" },
    { "object_id", "a1" },
    { "app_id", "b2" },
    { "sp_id", "c3" },
    { "resource_sp_id", "d4" },
    { "grant_id", "e5" },
    { "subscription", "7d6f2c1e" },
    { "namespace", "Microsoft.Compute" },
    { "region", "westeurope" },
    { "label", "granitefalls" },
    { "group", "cmg-granitefalls" },
    { "vault", "granitefalls" },
    { "account", "granitefalls" },
    { "container", "packages" },
    { "blob", "0a1b.tar.gz" },
    { "assignment", "11111111-2222-4333-8444-555555555555" },
    { "deployment", "libcmg-1" },
    { "deployment_id", "7d6f2c1e-5b0a-4c8e-9f34-2a1b3c4d5e6f" },
    { "name", "granitefalls" },
    { "version", "0f1e2d3c" },
    { "client_id", "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee" },
    { "redirect_uri", "http://localhost:1/" },
    { "scope", "https://management.azure.com/.default openid" },
    { "state", "s" },
    { "nonce", "n" },
    { "code_challenge", "c" },
    { "filter", "id eq 'a'" },
    { "endpoint", "http://169.254.169.254" },
    { "resource", "https://management.azure.com" },
    { "metric", "Network Out Total" },
    { "timespan", "2026-11-01T00:00:00Z/2026-11-15T00:00:00Z" },
    { "url", "https://management.azure.com/x?api-version=1&t=a%20b" },
};

static const struct cmg__endpoints *endpoints(void)
{
    static struct cmg__endpoints public;
    const cmg_context ctx = { .cloud = CMG_CLOUD_PUBLIC };

    cmg__endpoints_get(&ctx, &public);
    return &public;
}

static cmg_status build(enum cmg__call_id id, const struct cmg__arg *args, size_t count,
                        struct cmg__http_request *req, cmg_error **err)
{
    cmg__http_request_init(req, &cmg__alloc_libc);
    return cmg__call_build(&cmg__alloc_libc, cmg__call_get(id), endpoints(), args, count,
                           "11111111-2222-4333-8444-555555555555", req, err);
}

START_TEST(every_row_is_complete)
{
    const struct cmg__call *call = cmg__call_get((enum cmg__call_id)_i);

    ck_assert_ptr_nonnull(call);
    ck_assert_int_eq(call->id, _i);
    ck_assert_ptr_nonnull(call->name);
    ck_assert_ptr_nonnull(call->method);
    ck_assert_int_ne(call->ok[0], 0);
    ck_assert_int_eq(call->path == NULL, call->service == CMG__SERVICE_URL);
    bool versioned =
        call->service == CMG__SERVICE_ARM || call->service == CMG__SERVICE_VAULT ||
        call->service == CMG__SERVICE_BLOB || call->service == CMG__SERVICE_IDENTITY;
    ck_assert_int_eq(call->api_version != NULL, versioned);
    if (strcmp(call->method, "GET") == 0)
        ck_assert_int_eq(call->retry, CMG__CLASS_READ);
    if (strcmp(call->method, "DELETE") == 0)
        ck_assert(cmg__call_is_ok(call, 404));
    for (int other = 0; other < _i; other++)
        ck_assert_str_ne(cmg__call_get((enum cmg__call_id)other)->name, call->name);
}
END_TEST

START_TEST(every_row_makes_a_request_on_its_service)
{
    static const char *const begins[] = {
        [CMG__SERVICE_LOGIN] = "https://login.microsoftonline.com/contoso",
        [CMG__SERVICE_GRAPH] = "https://graph.microsoft.com/v1.0/",
        [CMG__SERVICE_ARM] = "https://management.azure.com/subscriptions/7d6f2c1e",
        [CMG__SERVICE_VAULT] = "https://granitefalls.vault.azure.net/",
        [CMG__SERVICE_BLOB] = "https://granitefalls.blob.core.windows.net/packages/0a1b.",
        [CMG__SERVICE_IDENTITY] = "http://169.254.169.254/metadata/identity/oauth2/token?"
                                  "resource=https%3A%2F%2Fmanagement.azure.com&api-"
                                  "version=2018-02-01",
        [CMG__SERVICE_URL] = "https://management.azure.com/x?api-version=1&t=a%20b",
    };
    const struct cmg__call *call = cmg__call_get((enum cmg__call_id)_i);
    struct cmg__http_request req;
    cmg_error *err = NULL;

    ck_ok(build(call->id, all_args, CMG__ARRAY_LEN(all_args), &req, &err), err);
    ck_assert_str_eq(req.method, call->method);
    ck_assert(cmg__str_starts(req.url, begins[call->service]));
    ck_assert_ptr_null(strpbrk(req.url, "{} "));
    if (call->service == CMG__SERVICE_BLOB) {
        ck_assert_str_eq(cmg__headers_get(&req.headers, "x-ms-version"),
                         call->api_version);
    } else if (call->api_version != NULL) {
        const char *version = strstr(req.url, "api-version=");
        ck_assert_ptr_nonnull(version);
        ck_assert_str_eq(version + strlen("api-version="), call->api_version);
    }
    ck_assert_str_eq(cmg__headers_get(&req.headers, "Accept"), "application/json");
    cmg__http_request_done(&req);
}
END_TEST

START_TEST(every_row_wants_all_its_arguments)
{
    const struct cmg__call *call = cmg__call_get((enum cmg__call_id)_i);
    bool takes_none =
        call->service == CMG__SERVICE_GRAPH && strchr(call->path, '{') == NULL;
    struct cmg__http_request req;
    cmg_error *err = NULL;

    cmg_status rc = build(call->id, NULL, 0, &req, &err);
    ck_assert_int_eq(rc, takes_none ? CMG_OK : CMG_E_INTERNAL);
    if (rc != CMG_OK)
        ck_assert_ptr_nonnull(strstr(cmg_error_message(err), "is missing"));
    cmg_error_unref(err);
    cmg__http_request_done(&req);
}
END_TEST

START_TEST(an_empty_argument_counts_as_missing)
{
    const struct cmg__arg args[] = { { "subscription", "" } };
    struct cmg__http_request req;

    ck_assert_int_eq(build(CMG__CALL_SUBSCRIPTION, args, 1, &req, NULL), CMG_E_INTERNAL);
    cmg__http_request_done(&req);
}
END_TEST

static const struct {
    enum cmg__call_id id;
    const char *arg;
    const char *value;
    const char *url;
} encoded[] = {
    { CMG__CALL_APP_UPSERT, "unique_name", "O'Brien & sons",
      "https://graph.microsoft.com/v1.0/"
      "applications(uniqueName='O%27%27Brien%20%26%20sons')" },
    { CMG__CALL_APP_DELETE, "object_id", "O'Brien",
      "https://graph.microsoft.com/v1.0/applications/O%27Brien" },
    { CMG__CALL_SCOPE_GRANTS, "sp_id", "'",
      "https://graph.microsoft.com/v1.0/oauth2PermissionGrants?$filter=clientId%20eq%20'"
      "%27%27'%20and%20consentType%20eq%20'AllPrincipals'" },
    { CMG__CALL_APP_DELETE, "object_id", "../me?x=1#y",
      "https://graph.microsoft.com/v1.0/applications/..%2Fme%3Fx%3D1%23y" },
    { CMG__CALL_DEVICE_CODE, "tenant", "caf\xc3\xa9",
      "https://login.microsoftonline.com/caf%C3%A9/oauth2/v2.0/devicecode" },
};

START_TEST(arguments_cannot_leave_their_place)
{
    const struct cmg__arg args[] = { { encoded[_i].arg, encoded[_i].value } };
    struct cmg__http_request req;
    cmg_error *err = NULL;

    ck_ok(build(encoded[_i].id, args, 1, &req, &err), err);
    ck_assert_str_eq(req.url, encoded[_i].url);
    cmg__http_request_done(&req);
}
END_TEST

static const struct {
    enum cmg__call_id id;
    const char *arg;
    const char *value;
    cmg_status code;
} hostile[] = {
    { CMG__CALL_APP_DELETE, "object_id", "..", CMG_E_INVAL },
    { CMG__CALL_APP_DELETE, "object_id", ".", CMG_E_INVAL },
    { CMG__CALL_CERT_GET, "vault", "evil.example/", CMG_E_INVAL },
    { CMG__CALL_CERT_GET, "vault", "evil.example", CMG_E_INVAL },
    { CMG__CALL_CERT_GET, "vault", "a@b", CMG_E_INVAL },
    { CMG__CALL_POLL, "url", "http://management.azure.com/x", CMG_E_PROTO },
    { CMG__CALL_POLL, "url", "/relative", CMG_E_PROTO },
    { CMG__CALL_JWKS, "url", "ftp://x/", CMG_E_PROTO },
};

START_TEST(an_argument_that_would_move_the_request_is_refused)
{
    const struct cmg__arg args[] = { { hostile[_i].arg, hostile[_i].value },
                                     { "name", "n" } };
    struct cmg__http_request req;
    cmg_error *err = NULL;

    ck_assert_int_eq(build(hostile[_i].id, args, 2, &req, &err), hostile[_i].code);
    ck_assert_str_ne(cmg_error_message(err), "");
    cmg_error_unref(err);
    cmg__http_request_done(&req);
}
END_TEST

START_TEST(an_endless_argument_is_a_limit)
{
    static char value[20000];
    const struct cmg__arg args[] = { { "object_id", value } };
    struct cmg__http_request req;

    memset(value, 'a', sizeof value - 1);
    ck_assert_int_eq(build(CMG__CALL_APP_DELETE, args, 1, &req, NULL), CMG_E_LIMIT);
    cmg__http_request_done(&req);
}
END_TEST

static const struct {
    enum cmg__call_id id;
    const char *header;
    const char *value;
} headers[] = {
    { CMG__CALL_APP_UPSERT, "Prefer", "create-if-missing" },
    { CMG__CALL_APP_PATCH, "Prefer", NULL },
    { CMG__CALL_ME, "client-request-id", "11111111-2222-4333-8444-555555555555" },
    { CMG__CALL_ME, "x-ms-client-request-id", NULL },
    { CMG__CALL_GROUP_GET, "x-ms-client-request-id",
      "11111111-2222-4333-8444-555555555555" },
    { CMG__CALL_GROUP_GET, "x-ms-return-client-request-id", "true" },
    { CMG__CALL_TOKEN_SECRET, "return-client-request-id", "true" },
    { CMG__CALL_CERT_GET, "x-ms-client-request-id",
      "11111111-2222-4333-8444-555555555555" },
};

START_TEST(headers_are_those_of_the_service)
{
    struct cmg__http_request req;
    cmg_error *err = NULL;

    ck_ok(build(headers[_i].id, all_args, CMG__ARRAY_LEN(all_args), &req, &err), err);
    const char *value = cmg__headers_get(&req.headers, headers[_i].header);
    if (headers[_i].value == NULL)
        ck_assert_ptr_null(value);
    else
        ck_assert_str_eq(value, headers[_i].value);
    cmg__http_request_done(&req);
}
END_TEST

static const struct {
    const char *url, *header;
} given[] = {
    { "https://graph.microsoft.com/v1.0/users/delta?$deltatoken=1", "client-request-id" },
    { "https://login.microsoftonline.com/common/keys", "client-request-id" },
    { "https://management.azure.com/subscriptions/1", "x-ms-client-request-id" },
    { "https://graph.microsoft.com.example/v1.0/", "x-ms-client-request-id" },
};

START_TEST(a_given_address_gets_the_headers_of_the_service_that_it_leads_to)
{
    const struct cmg__arg args[] = { { "url", given[_i].url } };
    const bool is_arm = strcmp(given[_i].header, "x-ms-client-request-id") == 0;
    struct cmg__http_request req;

    ck_assert_int_eq(build(CMG__CALL_POLL, args, 1, &req, NULL), CMG_OK);
    ck_assert_ptr_nonnull(cmg__headers_get(&req.headers, given[_i].header));
    ck_assert_ptr_null(cmg__headers_get(&req.headers, is_arm ? "client-request-id"
                                                             : "x-ms-client-request-id"));
    cmg__http_request_done(&req);
}
END_TEST

START_TEST(a_secret_body_is_marked_and_replaced)
{
    struct cmg__json *body = cmg__json_pack("{s:s}", "pwd", "hunter2");
    struct cmg__http_request req;

    cmg__http_request_init(&req, &cmg__alloc_libc);
    ck_assert_int_eq(cmg__call_set_json(&req, body, true), CMG_OK);
    ck_assert_int_eq(cmg__call_set_json(&req, body, true), CMG_OK);
    ck_assert(req.body_is_secret);
    ck_assert(req.body.secret);
    ck_assert_str_eq(cmg__buf_cstr(&req.body), "{\"pwd\":\"hunter2\"}");
    ck_assert_uint_eq(cmg__headers_count(&req.headers, "Content-Type"), 1);
    cmg__http_request_done(&req);
    cmg__json_unref(body);
}
END_TEST

START_TEST(an_unknown_call_has_no_row)
{
    ck_assert_ptr_null(cmg__call_get(CMG__CALL_COUNT));
}
END_TEST

static cmg_status build_and_free(struct support_alloc *a, void *user)
{
    struct cmg__http_request req;
    cmg_error *err = NULL;
    (void)user;

    cmg__http_request_init(&req, &a->alloc);
    cmg_status rc = cmg__call_build(&a->alloc, cmg__call_get(CMG__CALL_DEPLOYMENT_PUT),
                                    endpoints(), all_args, CMG__ARRAY_LEN(all_args),
                                    "11111111-2222-4333-8444-555555555555", &req, &err);
    cmg__http_request_done(&req);
    cmg_error_unref(err);
    return rc;
}

START_TEST(running_out_of_memory_leaves_nothing_behind)
{
    support_torture(build_and_free, NULL, 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("azure/call");
    TCase *table = tcase_create("table");
    TCase *request = tcase_create("request");

    tcase_add_loop_test(table, every_row_is_complete, 0, CMG__CALL_COUNT);
    tcase_add_test(table, an_unknown_call_has_no_row);
    tcase_add_loop_test(request, every_row_makes_a_request_on_its_service, 0,
                        CMG__CALL_COUNT);
    tcase_add_loop_test(request, every_row_wants_all_its_arguments, 0, CMG__CALL_COUNT);
    tcase_add_test(request, an_empty_argument_counts_as_missing);
    tcase_add_loop_test(request, arguments_cannot_leave_their_place, 0,
                        CMG__ARRAY_LEN(encoded));
    tcase_add_loop_test(request, an_argument_that_would_move_the_request_is_refused, 0,
                        CMG__ARRAY_LEN(hostile));
    tcase_add_test(request, an_endless_argument_is_a_limit);
    tcase_add_loop_test(request, headers_are_those_of_the_service, 0,
                        CMG__ARRAY_LEN(headers));
    tcase_add_loop_test(request,
                        a_given_address_gets_the_headers_of_the_service_that_it_leads_to,
                        0, CMG__ARRAY_LEN(given));
    tcase_add_test(request, a_secret_body_is_marked_and_replaced);
    tcase_add_test(request, running_out_of_memory_leaves_nothing_behind);
    suite_add_tcase(suite, table);
    suite_add_tcase(suite, request);
    return support_run((Suite *[]){ suite, NULL });
}
