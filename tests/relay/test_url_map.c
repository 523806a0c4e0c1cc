/* The published map: what is read, what is refused, what a path finds in it. */
#include "support/support.h"
#include "relay/url_map.h"
#include <string.h>

static const char sample[] =
    "{\"roles\":[{\"id\":\"72057594037937981\",\"type\":\"management_point\","
    "\"url\":\"https://mp.corp.contoso.com/base\",\"endpoints\":["
    "{\"path\":\"SMS_MP\",\"max_length\":1024},"
    "{\"path\":\"CCM_System\",\"max_length\":100},"
    "{\"path\":\"CCM_System/request\",\"max_length\":200}]},"
    "{\"id\":\"8\",\"type\":\"software_update_point\",\"url\":\"http://sup:8530\","
    "\"endpoints\":[{\"path\":\"ClientWebService\",\"max_length\":0}]}]}";

static cmg_status read_text(struct cmg__url_map *map, const char *text, bool urls,
                            cmg_error **err)
{
    struct cmg__json *doc = NULL;
    cmg_status rc = cmg__json_parse(map->alloc, "map", text, strlen(text), &doc, err);

    if (rc == CMG_OK)
        rc = cmg__url_map_read(map, "map", doc, urls, err);
    cmg__json_unref(doc);
    return rc;
}

static struct cmg__url_map sample_map(void)
{
    struct cmg__url_map map;
    cmg_error *err = NULL;

    cmg__url_map_init(&map, &cmg__alloc_libc);
    ck_ok(read_text(&map, sample, true, &err), err);
    return map;
}

START_TEST(map_is_read_whole)
{
    struct cmg__url_map map = sample_map();

    ck_assert_uint_eq(map.role_count, 2);
    ck_assert_uint_eq(map.roles[0].endpoint_count, 3);
    ck_assert_str_eq(map.roles[0].url, "https://mp.corp.contoso.com/base");
    ck_assert_str_eq(map.roles[1].endpoints[0].path, "ClientWebService");
    ck_assert_uint_eq(map.roles[0].endpoints[0].max_length, 1024);
    cmg__url_map_done(&map);
}
END_TEST

START_TEST(internal_urls_never_leave_the_connection_point)
{
    struct cmg__url_map map = sample_map();
    struct cmg__url_map again;
    struct cmg__json *roles = cmg__url_map_json(&map);
    struct cmg__json *doc = cmg__json_pack("{s:o}", "roles", roles);
    struct cmg__buf text;
    cmg_error *err = NULL;

    cmg__buf_init(&text, &cmg__alloc_libc, 65536);
    ck_assert_int_eq(cmg__json_format(doc, CMG__JSON_COMPACT, &text), CMG_OK);
    ck_assert_ptr_null(strstr(cmg__buf_cstr(&text), "corp.contoso"));
    ck_assert_ptr_null(strstr(cmg__buf_cstr(&text), "url"));
    cmg__url_map_init(&again, &cmg__alloc_libc);
    ck_ok(cmg__url_map_read(&again, "map", doc, false, &err), err);
    ck_assert_uint_eq(again.role_count, 2);
    ck_assert_ptr_null(again.roles[0].url);
    cmg__buf_done(&text);
    cmg__json_unref(doc);
    cmg__url_map_done(&again);
    cmg__url_map_done(&map);
}
END_TEST

#define ROLE(id, type, url, endpoints)                                                   \
    "{\"roles\":[{\"id\":" id ",\"type\":" type ",\"url\":" url                          \
    ",\"endpoints\":" endpoints "}]}"
#define MP   "\"management_point\""
#define URL  "\"https://mp\""
#define ENDS "[{\"path\":\"SMS_MP\",\"max_length\":1}]"

static const struct {
    const char *text, *path;
} bad_maps[] = {
    { "{}", "map: /roles" },
    { "{\"roles\":[]}", "map: /roles" },
    { "{\"roles\":{}}", "map: /roles" },
    { ROLE("\"a\"", MP, URL, ENDS), "map: /roles/0/id" },
    { ROLE("\"\"", MP, URL, ENDS), "map: /roles/0/id" },
    { ROLE("7", MP, URL, ENDS), "map: /roles/0/id" },
    { ROLE("\"99999999999999999999\"", MP, URL, ENDS), "map: /roles/0/id" },
    { ROLE("\"000000000000000000007\"", MP, URL, ENDS), "map: /roles/0/id" },
    { ROLE("\"7\"", "\"printer\"", URL, ENDS), "map: /roles/0/type" },
    { ROLE("\"7\"", MP, "\"ftp://mp\"", ENDS), "map: /roles/0/url" },
    { ROLE("\"7\"", MP, "\"https://mp/?q\"", ENDS), "map: /roles/0/url" },
    { ROLE("\"7\"", MP, "null", ENDS), "map: /roles/0/url" },
    { ROLE("\"7\"", MP, URL, "[]"), "map: /roles/0/endpoints" },
    { ROLE("\"7\"", MP, URL, "[{\"path\":\"/A\",\"max_length\":1}]"),
      "map: /roles/0/endpoints/0/path" },
    { ROLE("\"7\"", MP, URL, "[{\"path\":\"A/\",\"max_length\":1}]"),
      "map: /roles/0/endpoints/0/path" },
    { ROLE("\"7\"", MP, URL, "[{\"path\":\"A/../B\",\"max_length\":1}]"),
      "map: /roles/0/endpoints/0/path" },
    { ROLE("\"7\"", MP, URL, "[{\"path\":\"A%2e\",\"max_length\":1}]"),
      "map: /roles/0/endpoints/0/path" },
    { ROLE("\"7\"", MP, URL, "[{\"path\":\"A\",\"max_length\":-1}]"),
      "map: /roles/0/endpoints/0/max_length" },
    { ROLE("\"7\"", MP, URL, "[{\"path\":\"A\",\"max_length\":\"1\"}]"),
      "map: /roles/0/endpoints/0/max_length" },
    { ROLE("\"7\"", MP, URL,
           "[{\"path\":\"A\",\"max_length\":1},{\"path\":\"a\",\"max_length\":1}]"),
      "map: /roles/0/endpoints/1/path" },
};

START_TEST(map_that_is_not_right_is_refused_by_its_path)
{
    struct cmg__url_map map;
    cmg_error *err = NULL;

    cmg__url_map_init(&map, &cmg__alloc_libc);
    ck_assert_int_eq(read_text(&map, bad_maps[_i].text, true, &err), CMG_E_INVAL);
    ck_assert_str_eq(cmg_error_subject(err), bad_maps[_i].path);
    ck_assert_str_ne(cmg_error_remedy(err), "");
    ck_assert_uint_eq(map.role_count, 0);
    cmg_error_unref(err);
    cmg__url_map_done(&map);
}
END_TEST

START_TEST(role_named_twice_is_refused)
{
    static const char twice[] =
        "{\"roles\":[{\"id\":\"8\",\"type\":" MP ",\"endpoints\":" ENDS "},"
        "{\"id\":\"8\",\"type\":" MP ",\"endpoints\":" ENDS "}]}";
    struct cmg__url_map map;
    cmg_error *err = NULL;

    cmg__url_map_init(&map, &cmg__alloc_libc);
    ck_assert_int_eq(read_text(&map, twice, false, &err), CMG_E_INVAL);
    ck_assert_str_eq(cmg_error_subject(err), "map: /roles/1/id");
    cmg_error_unref(err);
    cmg__url_map_done(&map);
}
END_TEST

START_TEST(map_beyond_its_limits_is_refused)
{
    struct cmg__json *roles = cmg__json_array();
    struct cmg__json *doc = cmg__json_pack("{s:o}", "roles", roles);
    struct cmg__url_map map;
    cmg_error *err = NULL;

    for (int i = 0; i <= CMG__MAP_MAX_ROLES; i++)
        ck_assert_int_eq(cmg__json_append(roles, cmg__json_object()), CMG_OK);
    cmg__url_map_init(&map, &cmg__alloc_libc);
    ck_assert_int_eq(cmg__url_map_read(&map, "map", doc, false, &err), CMG_E_LIMIT);
    cmg_error_unref(err);
    cmg__json_unref(doc);
    cmg__url_map_done(&map);
}
END_TEST

static const struct {
    const char *path;
    bool found;
    enum cmg__proxy proxy;
    const char *endpoint, *tail;
} lookups[] = {
    { "/CCM_Proxy_MutualAuth/72057594037937981/SMS_MP/.sms_aut", true, CMG__PROXY_MUTUAL,
      "SMS_MP", "/.sms_aut" },
    { "/CCM_PROXY_SERVERAUTH/72057594037937981/sms_mp", true, CMG__PROXY_SERVER, "SMS_MP",
      "" },
    { "/ccm_proxy_mutualauth/8/CLIENTWEBSERVICE/Client.asmx", true, CMG__PROXY_MUTUAL,
      "ClientWebService", "/Client.asmx" },
    { "/CCM_Proxy_MutualAuth/72057594037937981/CCM_System/request/x", true,
      CMG__PROXY_MUTUAL, "CCM_System/request", "/x" },
    { "/CCM_Proxy_MutualAuth/72057594037937981/CCM_System/requests", true,
      CMG__PROXY_MUTUAL, "CCM_System", "/requests" },
    { "/CCM_Proxy_MutualAuth/72057594037937981/SMS_MPX", false, CMG__PROXY_MUTUAL, NULL,
      NULL },
    { "/CCM_Proxy_MutualAuth/72057594037937981/SMS_M", false, CMG__PROXY_MUTUAL, NULL,
      NULL },
    { "/CCM_Proxy_MutualAuth/72057594037937981/", false, CMG__PROXY_MUTUAL, NULL, NULL },
    { "/CCM_Proxy_MutualAuth/72057594037937981", false, CMG__PROXY_MUTUAL, NULL, NULL },
    { "/CCM_Proxy_MutualAuth/9/SMS_MP", false, CMG__PROXY_MUTUAL, NULL, NULL },
    { "/CCM_Proxy_MutualAuth/08/ClientWebService", false, CMG__PROXY_MUTUAL, NULL, NULL },
    { "/CCM_Proxy_MutualAuth", false, CMG__PROXY_NONE, NULL, NULL },
    { "/CCM_Proxy_MutualAuth/", false, CMG__PROXY_NONE, NULL, NULL },
    { "/SMS_MP/.sms_aut", false, CMG__PROXY_NONE, NULL, NULL },
    { "/CCM_Proxy_MutualAuthX/8/ClientWebService", false, CMG__PROXY_NONE, NULL, NULL },
};

START_TEST(path_finds_its_endpoint_or_nothing)
{
    struct cmg__url_map map = sample_map();
    struct cmg__route route;
    struct cmg__map_match match = { .role = NULL };

    bool routed = cmg__route_parse(lookups[_i].path, &route);
    ck_assert_int_eq(routed, lookups[_i].proxy != CMG__PROXY_NONE);
    bool found =
        routed && cmg__url_map_find(&map, route.name, route.name_len, route.rest, &match);
    ck_assert_int_eq(found, lookups[_i].found);
    if (found) {
        ck_assert_int_eq(route.proxy, lookups[_i].proxy);
        ck_assert_str_eq(match.endpoint->path, lookups[_i].endpoint);
        ck_assert_str_eq(match.tail, lookups[_i].tail);
    }
    cmg__url_map_done(&map);
}
END_TEST

static cmg_status read_with(struct support_alloc *a, void *user)
{
    struct cmg__url_map map;

    (void)user;
    cmg__url_map_init(&map, &a->alloc);
    cmg_status rc = read_text(&map, sample, true, NULL);
    cmg__url_map_done(&map);
    return rc;
}

START_TEST(running_out_of_memory_is_reported)
{
    support_torture(read_with, NULL, 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("url_map");
    TCase *reading = tcase_create("reading");
    TCase *finding = tcase_create("finding");

    tcase_add_test(reading, map_is_read_whole);
    tcase_add_test(reading, internal_urls_never_leave_the_connection_point);
    tcase_add_loop_test(reading, map_that_is_not_right_is_refused_by_its_path, 0,
                        (int)CMG__ARRAY_LEN(bad_maps));
    tcase_add_test(reading, role_named_twice_is_refused);
    tcase_add_test(reading, map_beyond_its_limits_is_refused);
    tcase_add_test(reading, running_out_of_memory_is_reported);
    tcase_add_loop_test(finding, path_finds_its_endpoint_or_nothing, 0,
                        (int)CMG__ARRAY_LEN(lookups));
    suite_add_tcase(suite, reading);
    suite_add_tcase(suite, finding);
    return support_run((Suite *const[]){ suite, NULL });
}
