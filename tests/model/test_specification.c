/* Specifications: what is accepted, what is refused and in which words. */
#include "model/place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "model/roles.h"

START_TEST(a_complete_specification_is_read)
{
    struct place place;

    place_init(&place);
    cmg_gateway *g = place_gateway(&place);
    ck_assert_str_eq(cmg_gateway_name(g), "granitefalls");
    ck_assert_str_eq(cmg_gateway_service_name(g), "granitefalls.contoso.com");
    ck_assert_str_eq(cmg_gateway_region(g), "westeurope");
    ck_assert_str_eq(cmg_gateway_resource_group(g), "rg-1");
    ck_assert_str_eq(cmg_gateway_site_code(g), "PS1");
    ck_assert_uint_eq(cmg_gateway_instance_count(g), 2);
    ck_assert_uint_eq(cmg_gateway_role_count(g), 1);
    ck_assert_str_eq(cmg_gateway_role_id(g, 0), "72057594037937981");
    ck_assert_str_eq(cmg_gateway_role_url(g, 0), "https://mp.corp.contoso.com");
    ck_assert_ptr_null(cmg_gateway_role_id(g, 1));
    ck_assert_ptr_null(cmg_gateway_role_url(g, 1));
    ck_assert_str_eq(cmg_gateway_endpoint(g), "");
    ck_assert_ptr_null(cmg_gateway_certificate(g));
    cmg_tenant *tenant = cmg_gateway_tenant(g);
    ck_assert_str_eq(cmg_tenant_domain(tenant), "contoso.onmicrosoft.com");
    ck_assert_str_eq(cmg_tenant_id(tenant), "");
    ck_assert_str_eq(cmg_tenant_subscription_id(tenant),
                     "7d6f2c1e-5b0a-4c8e-9f34-2a1b3c4d5e6f");
    ck_assert_str_eq(cmg_server_app_name(cmg_gateway_server_app(g)), "CMG-ServerApp");
    ck_assert_uint_eq(g->server_app->secret_years, 1);
    ck_assert_str_eq(cmg_client_app_name(cmg_gateway_client_app(g)), "CMG-ClientApp");
    cmg_gateway_unref(g);
    place_done(&place);
}
END_TEST

static const struct {
    const char *path;
    const char *json; /* NULL: left out */
    const char *read; /* path in the written form */
    const char *expect;
} accepted[] = {
    { "/gateway/name", "\"GraniteFalls\"", "/gateway/name", "\"granitefalls\"" },
    { "/gateway/service_name", NULL, "/gateway/service_name",
      "\"granitefalls.westeurope.cloudapp.azure.com\"" },
    { "/gateway/service_name", "\"GRANITEFALLS.Contoso.com\"", "/gateway/service_name",
      "\"granitefalls.contoso.com\"" },
    { "/gateway/resource_group", NULL, "/gateway/resource_group",
      "\"cmg-granitefalls\"" },
    { "/gateway/vm_size", NULL, "/gateway/vm_size", "\"Standard_A2_v2\"" },
    { "/gateway/instances", NULL, "/gateway/instances", "1" },
    { "/gateway/instances", "16", "/gateway/instances", "16" },
    { "/gateway/region", "\"WestEurope\"", "/gateway/region", "\"westeurope\"" },
    { "/server_app/secret_years", NULL, "/server_app/secret_years", "2" },
    { "/server_app/access_token_version", NULL, "/server_app/access_token_version", "1" },
    { "/server_app/id_uri", "\"https://cm.contoso.com\"", "/server_app/id_uri",
      "\"https://cm.contoso.com\"" },
    { "/server_app/id_uri", "\"api://7d6f2c1e-5b0a-4c8e-9f34-2a1b3c4d5e6f/a/b.c\"",
      "/server_app/id_uri", "\"api://7d6f2c1e-5b0a-4c8e-9f34-2a1b3c4d5e6f/a/b.c\"" },
    { "/server_app/admin_consent_title", "\"Reach CM\"",
      "/server_app/admin_consent_title", "\"Reach CM\"" },
    { "/server_app/remove_legacy_permission", "true",
      "/server_app/remove_legacy_permission", "true" },
    { "/client_app/remove_legacy_permission", NULL,
      "/client_app/remove_legacy_permission", "false" },
    { "/server_app/client_id", "\"7D6F2C1E-5b0a-4c8e-9f34-2a1b3c4d5e6f\"",
      "/server_app/client_id", "\"7d6f2c1e-5b0a-4c8e-9f34-2a1b3c4d5e6f\"" },
    { "/client_app/client_id", "\"11111111-2222-3333-4444-555555555555\"",
      "/client_app/client_id", "\"11111111-2222-3333-4444-555555555555\"" },
    { "/client_app/name", "\"CMG Client (\xc3\xa4)\"", "/client_app/name",
      "\"CMG Client (\xc3\xa4)\"" },
    { "/tenant/domain", "\"Contoso.com\"", "/tenant/domain", "\"contoso.com\"" },
    { "/tenant/tenant_id", "\"AAAAAAAA-2222-3333-4444-555555555555\"",
      "/tenant/tenant_id", "\"aaaaaaaa-2222-3333-4444-555555555555\"" },
    { "/roles/0/url", "\"http://[fd00::1]:8080\"", "/roles/0/url",
      "\"http://[fd00::1]:8080\"" },
    { "/roles/0/id", "\"18446744073709551615\"", "/roles/0/id",
      "\"18446744073709551615\"" },
    { "/roles/0/id", "\"8\"", "/roles/0/id", "\"8\"" },
    { "/roles/0/endpoints", "[\"sms_mp\",\"BGB\"]", "/roles/0/endpoints",
      "[\"SMS_MP\",\"BGB\"]" },
    { "/roles/0/type", "\"software_update_point\"", "/roles/0/endpoints/0",
      "\"ClientWebService\"" },
};

START_TEST(what_may_vary_is_accepted)
{
    char *json = place_vary(accepted[_i].path, accepted[_i].json);
    struct place place;
    cmg_gateway *g = NULL;
    cmg_bytes *bytes = NULL;
    struct cmg__json *doc = NULL;
    struct cmg__json *expect = NULL;
    cmg_error *err = NULL;

    place_init(&place);
    ck_ok(place_read(&place, json, &g, &err), err);
    ck_ok(cmg_gateway_to_json(g, &bytes, &err), err);
    ck_ok(cmg__json_parse(&cmg__alloc_libc, "out", cmg_bytes_data(bytes),
                          cmg_bytes_size(bytes), &doc, &err),
          err);
    ck_ok(cmg__json_parse(&cmg__alloc_libc, "expect", accepted[_i].expect,
                          strlen(accepted[_i].expect), &expect, &err),
          err);
    ck_assert_msg(cmg__json_equal(cmg__json_at(doc, accepted[_i].read), expect),
                  "%s in %s", accepted[_i].read, (const char *)cmg_bytes_data(bytes));
    cmg__json_unref(expect);
    cmg__json_unref(doc);
    cmg_bytes_unref(bytes);
    cmg_gateway_unref(g);
    place_done(&place);
    free(json);
}
END_TEST

/* Where the complaint is about another place than what was changed, at says so. */
static const struct {
    const char *path;
    const char *json;
    const char *message; /* NULL: not compared */
    const char *at;
} refused[] = {
    { "/version", "2", "specification version 2 is not allowed (contoso.json: /version)",
      NULL },
    { "/version", "\"1\"", NULL, NULL },
    { "/version", NULL, "specification version is missing (contoso.json: /version)",
      NULL },
    { "/tenant", NULL, "tenant is missing (contoso.json: /tenant)", NULL },
    { "/tenant", "5", "tenant 5 is not allowed (contoso.json: /tenant)", NULL },
    { "/tenant/domain", NULL,
      "tenant has neither domain nor tenant_id (contoso.json: /tenant)", "/tenant" },
    { "/tenant/domain", "\"contoso\"", NULL, NULL },
    { "/tenant/domain", "\"-a.b\"", NULL, NULL },
    { "/tenant/domain", "\"a..b\"", NULL, NULL },
    { "/tenant/tenant_id", "\"11111111-2222-3333-4444-55555555555x\"",
      "tenant ID \"11111111-2222-3333-4444-55555555555x\" is not allowed "
      "(contoso.json: /tenant/tenant_id)",
      NULL },
    { "/tenant/tenant_id", "\"\"", NULL, NULL },
    { "/tenant/subscription_id", NULL,
      "subscription ID is missing (contoso.json: /tenant/subscription_id)", NULL },
    { "/tenant/subscription_id", "\"7d6f2c1e5b0a4c8e9f342a1b3c4d5e6f\"", NULL, NULL },
    { "/tenant/name", "\"x\"", "field is not known (contoso.json: /tenant/name)", NULL },
    { "/site/code", "\"PS12\"",
      "site code \"PS12\" is not allowed (contoso.json: /site/code)", NULL },
    { "/site/code", "\"P-1\"", NULL, NULL },
    { "/site/code", "null", "site code null is not allowed (contoso.json: /site/code)",
      NULL },
    { "/server_app/name", "\"CMG Server\"", NULL, NULL },
    { "/server_app/name", "\"\"", NULL, NULL },
    { "/server_app/secret_years", "3", NULL, NULL },
    { "/server_app/secret_years", "0", NULL, NULL },
    { "/server_app/secret_years", "1.5", NULL, NULL },
    { "/server_app/access_token_version", "3", NULL, NULL },
    { "/server_app/id_uri", "\"https://ConfigMgrService\"", NULL, NULL },
    { "/server_app/id_uri", "\"https://contoso.com/\"", NULL, NULL },
    { "/server_app/id_uri", "\"http://contoso.com/a\"", NULL, NULL },
    { "/server_app/id_uri", "\"https://contoso.com/a b\"", NULL, NULL },
    { "/server_app/id_uri", "\"https://contoso.com/a'b\"", NULL, NULL },
    { "/server_app/id_uri", "\"api://CMG-ServerApp\"", NULL, NULL },
    { "/server_app/id_uri", "\"api://7d6f2c1e-5b0a-4c8e-9f34-2a1b3c4d5e6f\"", NULL,
      NULL },
    { "/server_app/user_consent_text", "\" x\"", NULL, NULL },
    { "/client_app/remove_legacy_permission", "1", NULL, NULL },
    { "/client_app/name", "\" x\"", NULL, NULL },
    { "/client_app/name", "\"a\\nb\"", NULL, NULL },
    { "/gateway/name", "\"granite-falls\"",
      "gateway name \"granite-falls\" is not allowed (contoso.json: /gateway/name)",
      NULL },
    { "/gateway/name", "\"gf\"", NULL, NULL },
    { "/gateway/name", "\"1granite\"", NULL, NULL },
    { "/gateway/name", "\"abcdefghijklmnopqrstuvwxy\"", NULL, NULL },
    { "/gateway/name", "\"gr\xc3\xa4nit\"", NULL, NULL },
    { "/gateway/name", "[\"granitefalls\"]", NULL, NULL },
    { "/gateway/name", NULL, "gateway name is missing (contoso.json: /gateway/name)",
      NULL },
    { "/gateway/name", "\"rockyfalls\"", NULL, "/gateway/service_name" },
    { "/gateway/service_name", "\"granitefallsx.contoso.com\"", NULL, NULL },
    { "/gateway/service_name", "\"granitefalls\"", NULL, NULL },
    { "/gateway/service_name", "\"https://granitefalls.contoso.com\"", NULL, NULL },
    { "/gateway/region", "\"West Europe\"",
      "region \"West Europe\" is not allowed (contoso.json: /gateway/region)", NULL },
    { "/gateway/region", "\"\"", NULL, NULL },
    { "/gateway/resource_group", "\"rg.\"", NULL, NULL },
    { "/gateway/resource_group", "\"r/g\"", NULL, NULL },
    { "/gateway/vm_size", "\"Standard A2\"", NULL, NULL },
    { "/gateway/instances", "0",
      "number of instances 0 is not allowed (contoso.json: /gateway/instances)", NULL },
    { "/gateway/instances", "17",
      "number of instances 17 is not allowed (contoso.json: /gateway/instances)", NULL },
    { "/gateway/instances", "-1", NULL, NULL },
    { "/gateway/instances", "9223372036854775807", NULL, NULL },
    { "/gateway/instances", "\"2\"",
      "number of instances \"2\" is not allowed (contoso.json: /gateway/instances)",
      NULL },
    { "/gateway/instances", "true", NULL, NULL },
    { "/gateway/instance", "2", "field is not known (contoso.json: /gateway/instance)",
      NULL },
    { "/extra", "{}", "field is not known (contoso.json: /extra)", NULL },
    { "/roles", NULL, "list of roles is missing (contoso.json: /roles)", NULL },
    { "/roles", "[]", "list of roles of 0 items is not allowed (contoso.json: /roles)",
      NULL },
    { "/roles", "{}", NULL, NULL },
    { "/roles", "[5]", "role 5 is not allowed (contoso.json: /roles/0)", "/roles/0" },
    { "/roles/0/id", "72057594037937981",
      "role ID 72057594037937981 is not allowed (contoso.json: /roles/0/id)", NULL },
    { "/roles/0/id", "\"18446744073709551616\"", NULL, NULL },
    { "/roles/0/id", "\"007\"", NULL, NULL },
    { "/roles/0/id", "\"\"", NULL, NULL },
    { "/roles/0/id", "\"8/../9\"", NULL, NULL },
    { "/roles/0/type", "\"distribution_point\"", NULL, NULL },
    { "/roles/0/url", "\"https://mp.corp.contoso.com/SMS_MP\"", NULL, NULL },
    { "/roles/0/url", "\"https://mp.corp.contoso.com/\"", NULL, NULL },
    { "/roles/0/url", "\"https://mp?x\"", NULL, NULL },
    { "/roles/0/url", "\"https://mp#x\"", NULL, NULL },
    { "/roles/0/url", "\"https://user@mp.corp\"", NULL, NULL },
    { "/roles/0/url", "\"https://mp .corp\"", NULL, NULL },
    { "/roles/0/url", "\"https://mp:0\"", NULL, NULL },
    { "/roles/0/url", "\"https://:443\"", NULL, NULL },
    { "/roles/0/url", "\"ftp://mp.corp\"", NULL, NULL },
    { "/roles/0/endpoints", "[]", NULL, NULL },
    { "/roles/0/endpoints", "\"SMS_MP\"", NULL, NULL },
    { "/roles/0/endpoints", "[\"ApiRemoting30\"]",
      "endpoint \"ApiRemoting30\" is not allowed (contoso.json: /roles/0/endpoints/0)",
      "/roles/0/endpoints/0" },
    { "/roles/0/endpoints", "[\"SMS_MP\",\"SMS_mp\"]", NULL, "/roles/0/endpoints/1" },
    { "/roles/0/endpoints", "[7]", NULL, "/roles/0/endpoints/0" },
    { "/roles/0/port", "443", "field is not known (contoso.json: /roles/0/port)", NULL },
};

START_TEST(what_is_wrong_is_refused_by_its_path)
{
    const char *at = refused[_i].at == NULL ? refused[_i].path : refused[_i].at;
    char *json = place_vary(refused[_i].path, refused[_i].json);
    char subject[100];
    struct place place;
    cmg_gateway *g = NULL;
    cmg_error *err = NULL;

    place_init(&place);
    ck_assert_int_eq(place_read(&place, json, &g, &err), CMG_E_INVAL);
    ck_assert_ptr_null(g);
    snprintf(subject, sizeof subject, "contoso.json: %s", at);
    ck_assert_str_eq(cmg_error_subject(err), subject);
    if (refused[_i].message != NULL)
        ck_assert_str_eq(cmg_error_message(err), refused[_i].message);
    ck_assert_ptr_nonnull(strstr(cmg_error_message(err), subject));
    ck_assert_str_ne(cmg_error_remedy(err), "");
    ck_assert_ptr_null(strpbrk(cmg_error_message(err), "\r\n"));
    cmg_error_unref(err);
    place_done(&place);
    free(json);
}
END_TEST

static const struct {
    const char *path;
    const char *json;
    const char *cause;
    const char *remedy;
} worded[] = {
    { "/gateway/name", "\"granite-falls\"",
      "the same text names a storage account and a key vault, where nothing else is "
      "possible",
      "use 3 to 24 letters and digits, a letter first, for example \"granitefalls\"" },
    { "/gateway/name", "\"1Rock-Pool\"", NULL,
      "use 3 to 24 letters and digits, a letter first, for example \"rockpool\"" },
    { "/gateway/name", "\"--\"", NULL,
      "use 3 to 24 letters and digits, a letter first, for example \"granitefalls\"" },
    { "/gateway/region", "\"West Europe\"", NULL,
      "use letters and digits, for example \"westeurope\"" },
    { "/gateway/instances", "17", "a gateway has 1 to 16 VM instances",
      "use a whole number from 1 to 16, for example 2" },
    { "/gateway/instances", "\"2\"", "a whole number without quotes is wanted", NULL },
    { "/gateway/name", NULL, "",
      "add 3 to 24 letters and digits, a letter first, for example \"granitefalls\"" },
    { "/server_app/naem", "\"x\"", NULL,
      "remove it; fields that may stand there: name, secret_years, client_id, id_uri, "
      "access_token_version, admin_consent_title, admin_consent_text, "
      "user_consent_title, user_consent_text, remove_legacy_permission, secret_until" },
};

START_TEST(a_refusal_says_why_and_what_is_allowed)
{
    char *json = place_vary(worded[_i].path, worded[_i].json);
    struct place place;
    cmg_gateway *g = NULL;
    cmg_error *err = NULL;

    place_init(&place);
    ck_assert_int_eq(place_read(&place, json, &g, &err), CMG_E_INVAL);
    if (worded[_i].cause != NULL)
        ck_assert_str_eq(cmg_error_cause(err), worded[_i].cause);
    if (worded[_i].remedy != NULL)
        ck_assert_str_eq(cmg_error_remedy(err), worded[_i].remedy);
    cmg_error_unref(err);
    place_done(&place);
    free(json);
}
END_TEST

START_TEST(two_roles_cannot_share_an_id)
{
    char *json =
        place_vary("/roles", "[{\"id\":\"8\",\"type\":\"management_point\","
                             "\"url\":\"https://a.b\"},{\"id\":\"8\",\"type\":"
                             "\"software_update_point\",\"url\":\"http://c.d\"}]");
    struct place place;
    cmg_gateway *g = NULL;
    cmg_error *err = NULL;

    place_init(&place);
    ck_assert_int_eq(place_read(&place, json, &g, &err), CMG_E_INVAL);
    ck_assert_str_eq(cmg_error_subject(err), "contoso.json: /roles/1/id");
    ck_assert_str_eq(cmg_error_cause(err), "another role has the same ID");
    cmg_error_unref(err);
    place_done(&place);
    free(json);
}
END_TEST

/* count roles with IDs 1, 2, ... */
static char *with_roles(unsigned count)
{
    char *list = calloc(1, 100 * (size_t)count + 3);
    size_t len = 0;

    for (unsigned i = 0; i < count; i++)
        len += (size_t)sprintf(list + len,
                               "%c{\"id\":\"%u\",\"type\":\"management_point\",\"url\":"
                               "\"https://a.b\"}",
                               i == 0 ? '[' : ',', i + 1);
    strcat(list, "]");
    char *json = place_vary("/roles", list);
    free(list);
    return json;
}

START_TEST(sixty_four_roles_are_the_most)
{
    char *most = with_roles(CMG__MAX_ROLES);
    char *more = with_roles(CMG__MAX_ROLES + 1);
    struct place place;
    cmg_gateway *g = NULL;
    cmg_error *err = NULL;

    place_init(&place);
    ck_ok(place_read(&place, most, &g, &err), err);
    ck_assert_uint_eq(cmg_gateway_role_count(g), CMG__MAX_ROLES);
    ck_assert_str_eq(cmg_gateway_role_id(g, 63), "64");
    cmg_gateway_unref(g);
    g = NULL;
    ck_assert_int_eq(place_read(&place, more, &g, &err), CMG_E_INVAL);
    cmg_error_unref(err);
    place_done(&place);
    free(more);
    free(most);
}
END_TEST

START_TEST(an_unknown_name_with_control_characters_stays_one_line)
{
    char *json = place_vary("/a\nb", "1");
    struct place place;
    cmg_gateway *g = NULL;
    cmg_error *err = NULL;

    place_init(&place);
    ck_assert_int_eq(place_read(&place, json, &g, &err), CMG_E_INVAL);
    ck_assert_str_eq(cmg_error_message(err), "field is not known (contoso.json: /a?b)");
    cmg_error_unref(err);
    place_done(&place);
    free(json);
}
END_TEST

static const struct {
    const char *text;
    cmg_status code;
    const char *in_message;
} documents[] = {
    { "", CMG_E_PARSE, "contoso.json is not JSON at line 1" },
    { "{\n  \"version\": 1,,\n}", CMG_E_PARSE, "line 2, column" },
    { "{\"version\":1,\"version\":1}", CMG_E_PARSE, "line 1" },
    { "[]", CMG_E_INVAL, "specification" },
    { "null", CMG_E_INVAL, "specification null is not allowed" },
    { "\"x\"", CMG_E_INVAL, "specification \"x\" is not allowed" },
    { "{}", CMG_E_INVAL, "specification version is missing" },
};

START_TEST(what_is_no_specification_is_refused)
{
    struct place place;
    cmg_gateway *g = NULL;
    cmg_error *err = NULL;

    place_init(&place);
    ck_assert_int_eq(place_read(&place, documents[_i].text, &g, &err),
                     documents[_i].code);
    ck_assert_msg(strstr(cmg_error_message(err), documents[_i].in_message) != NULL,
                  "\"%s\"", cmg_error_message(err));
    cmg_error_unref(err);
    place_done(&place);
}
END_TEST

START_TEST(more_than_a_mebibyte_is_a_limit)
{
    size_t size = 1024 * 1024 + 1;
    char *text = malloc(size);
    struct place place;
    cmg_gateway *g = NULL;
    cmg_error *err = NULL;

    memset(text, ' ', size);
    place_init(&place);
    ck_assert_int_eq(
        cmg_gateway_new_from_json(place.ctx, "contoso.json", text, size, &g, &err),
        CMG_E_LIMIT);
    cmg_error_unref(err);
    err = NULL;
    support_write_file(support_path("large.json"), text, size);
    ck_assert_int_eq(
        cmg_gateway_new_from_file(place.ctx, support_path("large.json"), &g, &err),
        CMG_E_LIMIT);
    cmg_error_unref(err);
    place_done(&place);
    support_dir_done();
    free(text);
}
END_TEST

START_TEST(a_file_is_named_in_errors)
{
    const char *path = support_path("contoso.json");
    char *json = place_vary("/gateway/instances", "0");
    struct place place;
    cmg_gateway *g = NULL;
    cmg_error *err = NULL;
    char subject[4200];

    place_init(&place);
    ck_assert_int_eq(cmg_gateway_new_from_file(place.ctx, path, &g, &err),
                     CMG_E_NOTFOUND);
    cmg_error_unref(err);
    err = NULL;
    support_write_file(path, json, strlen(json));
    ck_assert_int_eq(cmg_gateway_new_from_file(place.ctx, path, &g, &err), CMG_E_INVAL);
    snprintf(subject, sizeof subject, "%s: /gateway/instances", path);
    ck_assert_str_eq(cmg_error_subject(err), subject);
    cmg_error_unref(err);
    err = NULL;
    support_write_file(path, place_spec, strlen(place_spec));
    ck_ok(cmg_gateway_new_from_file(place.ctx, path, &g, &err), err);
    cmg_gateway_unref(g);
    place_done(&place);
    support_dir_done();
    free(json);
}
END_TEST

/* Written, read and written again is the same text, whatever was left out. */
static const char *const optional[] = {
    "/gateway/service_name", "/gateway/resource_group",  "/gateway/vm_size",
    "/gateway/instances",    "/server_app/secret_years", "/roles/0/none",
};

START_TEST(what_is_written_reads_back_the_same)
{
    char *json = place_vary(optional[_i], NULL);
    struct place place;
    cmg_gateway *first = NULL;
    cmg_gateway *second = NULL;
    cmg_bytes *one = NULL;
    cmg_bytes *two = NULL;
    cmg_error *err = NULL;
    char digests[2][65];

    place_init(&place);
    ck_ok(place_read(&place, json, &first, &err), err);
    ck_ok(cmg_gateway_to_json(first, &one, &err), err);
    ck_ok(place_read(&place, cmg_bytes_data(one), &second, &err), err);
    ck_ok(cmg_gateway_to_json(second, &two, &err), err);
    ck_assert_str_eq(cmg_bytes_data(one), cmg_bytes_data(two));
    ck_ok(cmg__gateway_digest(first, digests[0], &err), err);
    ck_ok(cmg__gateway_digest(second, digests[1], &err), err);
    ck_assert_str_eq(digests[0], digests[1]);
    cmg_bytes_unref(two);
    cmg_bytes_unref(one);
    cmg_gateway_unref(second);
    cmg_gateway_unref(first);
    place_done(&place);
    free(json);
}
END_TEST

START_TEST(the_digest_follows_the_specification_only)
{
    char *other = place_vary("/gateway/instances", "3");
    struct place place;
    cmg_gateway *changed = NULL;
    cmg_error *err = NULL;
    char before[65];
    char after[65];
    char differs[65];

    place_init(&place);
    cmg_gateway *g = place_gateway(&place);
    ck_ok(cmg__gateway_digest(g, before, &err), err);
    ck_assert_uint_eq(strlen(before), 64);
    ck_assert_int_eq(cmg__observe(&place.ctx->alloc, &g->tenant->id,
                                  "11111111-2222-3333-4444-555555555555"),
                     CMG_OK);
    ck_assert_int_eq(cmg__observe(&place.ctx->alloc, &g->endpoint, "x.y"), CMG_OK);
    ck_ok(cmg__gateway_digest(g, after, &err), err);
    ck_assert_str_eq(before, after);
    ck_ok(place_read(&place, other, &changed, &err), err);
    ck_ok(cmg__gateway_digest(changed, differs, &err), err);
    ck_assert_str_ne(before, differs);
    cmg_gateway_unref(changed);
    cmg_gateway_unref(g);
    place_done(&place);
    free(other);
}
END_TEST

START_TEST(running_out_of_memory_leaves_nothing_behind)
{
    char *good = strdup(place_spec);
    char *bad = place_vary("/gateway/name", "\"granite-falls\"");
    char *unknown = place_vary("/gateway/extra", "1");
    char *endpoint = place_vary("/roles/0/endpoints", "[\"x\"]");

    support_torture(place_read_and_write, good, 1);
    support_torture(place_read_and_write, bad, 1);
    support_torture(place_read_and_write, unknown, 1);
    support_torture(place_read_and_write, endpoint, 1);
    free(endpoint);
    free(unknown);
    free(bad);
    free(good);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("model/specification");
    TCase *reading = tcase_create("reading");
    TCase *refusing = tcase_create("refusing");
    TCase *writing = tcase_create("writing");

    tcase_add_test(reading, a_complete_specification_is_read);
    tcase_add_loop_test(reading, what_may_vary_is_accepted, 0, CMG__ARRAY_LEN(accepted));
    tcase_add_test(reading, sixty_four_roles_are_the_most);
    tcase_add_test(reading, a_file_is_named_in_errors);
    tcase_add_loop_test(refusing, what_is_wrong_is_refused_by_its_path, 0,
                        CMG__ARRAY_LEN(refused));
    tcase_add_loop_test(refusing, a_refusal_says_why_and_what_is_allowed, 0,
                        CMG__ARRAY_LEN(worded));
    tcase_add_test(refusing, two_roles_cannot_share_an_id);
    tcase_add_test(refusing, an_unknown_name_with_control_characters_stays_one_line);
    tcase_add_loop_test(refusing, what_is_no_specification_is_refused, 0,
                        CMG__ARRAY_LEN(documents));
    tcase_add_test(refusing, more_than_a_mebibyte_is_a_limit);
    tcase_add_loop_test(writing, what_is_written_reads_back_the_same, 0,
                        CMG__ARRAY_LEN(optional));
    tcase_add_test(writing, the_digest_follows_the_specification_only);
    tcase_add_test(writing, running_out_of_memory_leaves_nothing_behind);
    tcase_set_timeout(writing, 60);
    suite_add_tcase(suite, reading);
    suite_add_tcase(suite, refusing);
    suite_add_tcase(suite, writing);
    return support_run((Suite *[]){ suite, NULL });
}
