/* The settings of a gateway: defaults, what is refused, authorities, tags, and where each
   of them goes. */
#include "model/mint.h"
#include "model/place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CA_LINES   "basicConstraints=critical,CA:true\nkeyUsage=keyCertSign,cRLSign"
#define LEAF_LINES "basicConstraints=critical,CA:false"

static char *pem_of(cmg_context *ctx, const char *name, const char *lines)
{
    char subject[64];
    const struct mint wanted = { .subject = subject, .extensions = lines, .name = name };
    cmg_bytes *pem = NULL;
    cmg_error *err = NULL;

    snprintf(subject, sizeof subject, "/CN=%s", name);
    cmg_certificate *cert = mint_bare(ctx, &wanted);
    ck_ok(cmg_certificate_export_pem(cert, &pem, &err), err);
    char *text = strdup(cmg_bytes_data(pem));
    cmg_bytes_unref(pem);
    cmg_certificate_unref(cert);
    return text;
}

/* A JSON list of texts, whose line ends are written as JSON wants them. */
static char *list_of(const char *const *texts, size_t count)
{
    struct cmg__json *list = cmg__json_array();
    struct cmg__buf out;

    for (size_t i = 0; i < count; i++)
        ck_assert_int_eq(cmg__json_append(list, cmg__json_string(texts[i])), CMG_OK);
    cmg__buf_init(&out, &cmg__alloc_libc, CMG__JSON_MAX);
    ck_assert_int_eq(cmg__json_format(list, CMG__JSON_COMPACT, &out), CMG_OK);
    char *text = strdup(cmg__buf_cstr(&out));
    cmg__buf_done(&out);
    cmg__json_unref(list);
    return text;
}

static cmg_gateway *read_with(struct place *place, const char *path, const char *json)
{
    char *text = place_vary(path, json);
    cmg_gateway *g = NULL;
    cmg_error *err = NULL;

    ck_ok(place_read(place, text, &g, &err), err);
    free(text);
    return g;
}

static cmg_gateway_settings settings_of(const cmg_gateway *g)
{
    cmg_gateway_settings found = { .size = sizeof found };
    cmg_error *err = NULL;

    ck_ok(cmg_gateway_get_settings(g, &found, &err), err);
    return found;
}

static cmg_alert_settings alert_of(const cmg_gateway *g, cmg_alert which)
{
    cmg_alert_settings found = { .size = sizeof found };
    cmg_error *err = NULL;

    ck_ok(cmg_gateway_get_alert(g, which, &found, &err), err);
    return found;
}

START_TEST(what_is_not_said_is_as_the_vendor_has_it)
{
    struct place place;

    place_init(&place);
    cmg_gateway *g = place_gateway(&place);
    const cmg_gateway_settings s = settings_of(g);
    const cmg_alert_settings traffic = alert_of(g, CMG_ALERT_TRAFFIC);
    const cmg_alert_settings storage = alert_of(g, CMG_ALERT_STORAGE);
    ck_assert_str_eq(s.cloud, "");
    ck_assert_str_eq(s.description, "");
    ck_assert_str_eq(s.vm_size, "Standard_B2s");
    ck_assert_int_eq(s.adopt_group, 0);
    ck_assert_int_eq(s.verify_revocation, 1);
    ck_assert_int_eq(s.enforce_tls12, 1);
    ck_assert_int_eq(s.serve_content, 1);
    ck_assert_uint_eq(s.client_authorities, 0);
    ck_assert_uint_eq(s.tags, 0);
    ck_assert_ptr_null(cmg_gateway_client_authority(g, 0));
    ck_assert_ptr_null(cmg_gateway_tag_name(g, 0));
    ck_assert_int_eq(traffic.enabled, 0);
    ck_assert_int_eq(traffic.stop_service, 0);
    ck_assert_uint_eq(traffic.gigabytes, 10000);
    ck_assert_uint_eq(traffic.warning_percent, 50);
    ck_assert_uint_eq(traffic.critical_percent, 90);
    ck_assert_int_eq(storage.enabled, 0);
    ck_assert_uint_eq(storage.gigabytes, 2000);
    cmg_gateway_unref(g);
    place_done(&place);
}
END_TEST

static const struct {
    const char *path;
    const char *json;
    const char *read; /* path in the written form */
    const char *expect;
} accepted[] = {
    { "/tenant/cloud", "\"AzurePublicCloud\"", "/tenant/cloud", "\"AzurePublicCloud\"" },
    { "/gateway/vm_size", "\"B2s\"", "/gateway/vm_size", "\"Standard_B2s\"" },
    { "/gateway/vm_size", "\"a4_V2\"", "/gateway/vm_size", "\"Standard_A4_v2\"" },
    { "/gateway/description", "\"For \xc3\xbc\"", "/gateway/description",
      "\"For \xc3\xbc\"" },
    { "/gateway/adopt_resource_group", "true", "/gateway/adopt_resource_group", "true" },
    { "/gateway/verify_client_revocation", "false", "/gateway/verify_client_revocation",
      "false" },
    { "/gateway/enforce_tls12", "false", "/gateway/enforce_tls12", "false" },
    { "/gateway/serve_content", "false", "/gateway/serve_content", "false" },
    { "/gateway/traffic_alert", "{}", "/gateway/traffic_alert/enabled", "true" },
    { "/gateway/traffic_alert", "{\"enabled\":false,\"gigabytes\":1}",
      "/gateway/traffic_alert",
      "{\"enabled\":false,\"gigabytes\":1,\"warning_percent\":50,\"critical_percent\":90,"
      "\"stop_service\":false}" },
    { "/gateway/traffic_alert", "{\"stop_service\":true,\"critical_percent\":51}",
      "/gateway/traffic_alert",
      "{\"enabled\":true,\"gigabytes\":10000,\"warning_percent\":50,"
      "\"critical_percent\":51,\"stop_service\":true}" },
    { "/gateway/storage_alert", "{\"warning_percent\":1,\"critical_percent\":100}",
      "/gateway/storage_alert",
      "{\"enabled\":true,\"gigabytes\":2000,\"warning_percent\":1,"
      "\"critical_percent\":100}" },
    { "/gateway/tags", "{\"cost centre\":\"4711\",\"empty\":\"\"}", "/gateway/tags",
      "{\"cost centre\":\"4711\",\"empty\":\"\"}" },
    { "/gateway/client_authorities", "[]", "/gateway/client_authorities", "[]" },
};

START_TEST(what_may_vary_is_accepted_and_written)
{
    struct place place;
    cmg_bytes *bytes = NULL;
    struct cmg__json *doc = NULL, *expect = NULL;
    cmg_error *err = NULL;

    place_init(&place);
    cmg_gateway *g = read_with(&place, accepted[_i].path, accepted[_i].json);
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
}
END_TEST

static const struct {
    const char *path;
    const char *json;
    const char *at;    /* NULL: the same */
    const char *cause; /* NULL: not compared */
} refused[] = {
    { "/tenant/cloud", "\"azure\"", NULL, NULL },
    { "/tenant/cloud", "\"AzureUSGovernmentCloud\"", NULL,
      "the context works with another cloud: set it to CMG_CLOUD_US_GOVERNMENT with "
      "cmg_context_set_cloud" },
    { "/gateway/description", "\"\"", NULL, NULL },
    { "/gateway/description", "\" x\"", NULL, NULL },
    { "/gateway/adopt_resource_group", "\"yes\"", NULL, NULL },
    { "/gateway/verify_client_revocation", "1", NULL, NULL },
    { "/gateway/enforce_tls12", "null", NULL, NULL },
    { "/gateway/serve_content", "\"\"", NULL, NULL },
    { "/gateway/traffic_alert", "true", NULL, "an object in { } is wanted" },
    { "/gateway/traffic_alert", "{\"gb\":1}", "/gateway/traffic_alert/gb", NULL },
    { "/gateway/traffic_alert", "{\"gigabytes\":0}", "/gateway/traffic_alert/gigabytes",
      NULL },
    { "/gateway/traffic_alert", "{\"gigabytes\":1000001}",
      "/gateway/traffic_alert/gigabytes", NULL },
    { "/gateway/traffic_alert", "{\"warning_percent\":90}",
      "/gateway/traffic_alert/warning_percent",
      "the warning comes before the critical level" },
    { "/gateway/traffic_alert", "{\"critical_percent\":50}",
      "/gateway/traffic_alert/critical_percent",
      "the warning comes before the critical level" },
    { "/gateway/traffic_alert", "{\"critical_percent\":101}",
      "/gateway/traffic_alert/critical_percent", NULL },
    { "/gateway/traffic_alert", "{\"enabled\":false,\"stop_service\":true}",
      "/gateway/traffic_alert/stop_service",
      "without the alert nobody looks at the traffic" },
    { "/gateway/storage_alert", "{\"stop_service\":true}",
      "/gateway/storage_alert/stop_service", NULL },
    { "/gateway/storage_alert", "{\"warning_percent\":95}",
      "/gateway/storage_alert/warning_percent", NULL },
    { "/gateway/client_authorities", "{}", NULL, "a list in [ ] is wanted" },
    { "/gateway/client_authorities", "[5]", "/gateway/client_authorities/0",
      "it is no certificate in PEM" },
    { "/gateway/client_authorities", "[\"root\"]", "/gateway/client_authorities/0",
      "it is no certificate in PEM" },
    { "/gateway/client_authorities", "[1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7]", NULL, NULL },
    { "/gateway/tags", "[]", NULL, "an object in { } is wanted" },
    { "/gateway/tags", "{\"a\":5}", "/gateway/tags/a", NULL },
    { "/gateway/tags", "{\"a\":\"x\\ny\"}", "/gateway/tags/a", NULL },
    { "/gateway/tags", "{\"\":\"x\"}", "/gateway/tags/", "its name is not allowed" },
    { "/gateway/tags", "{\"a?\":\"x\"}", "/gateway/tags/a?", "its name is not allowed" },
    { "/gateway/tags", "{\"a\\nb\":\"x\"}", "/gateway/tags/a?b",
      "its name is not allowed" },
    { "/gateway/tags", "{\"Libcmg-x\":\"x\"}", "/gateway/tags/Libcmg-x",
      "its name is not allowed" },
    { "/gateway/tags", "{\"azure\":\"x\"}", "/gateway/tags/azure",
      "its name is not allowed" },
    { "/gateway/tags", "{\"a\":\"x\",\"A\":\"y\"}", NULL, NULL },
};

START_TEST(what_is_wrong_is_refused_by_its_path)
{
    char *json = place_vary(refused[_i].path, refused[_i].json);
    const char *at = refused[_i].at != NULL ? refused[_i].at : refused[_i].path;
    struct place place;
    cmg_gateway *g = NULL;
    cmg_error *err = NULL;
    char subject[200];

    place_init(&place);
    ck_assert_int_eq(place_read(&place, json, &g, &err), CMG_E_INVAL);
    ck_assert_ptr_null(g);
    snprintf(subject, sizeof subject, "contoso.json: %s", at);
    ck_assert_msg(strncmp(cmg_error_subject(err), subject, strlen(subject)) == 0,
                  "%s: %s", cmg_error_subject(err), cmg_error_message(err));
    if (refused[_i].cause != NULL)
        ck_assert_str_eq(cmg_error_cause(err), refused[_i].cause);
    cmg_error_unref(err);
    place_done(&place);
    free(json);
}
END_TEST

START_TEST(the_cloud_is_the_contexts)
{
    char *json = place_vary("/tenant/cloud", "\"AzureUSGovernmentCloud\"");
    static const cmg_cloud clouds[] = { CMG_CLOUD_US_GOVERNMENT,
                                        CMG_CLOUD_US_GOVERNMENT_DOD, CMG_CLOUD_CUSTOM };
    struct place place;
    cmg_error *err = NULL;

    place_init(&place);
    for (size_t i = 0; i < CMG__ARRAY_LEN(clouds); i++) {
        cmg_gateway *g = NULL;
        ck_ok(cmg_context_set_cloud(place.ctx, clouds[i], &err), err);
        ck_ok(place_read(&place, json, &g, &err), err);
        ck_assert_str_eq(settings_of(g).cloud, "AzureUSGovernmentCloud");
        cmg_gateway_unref(g);
    }
    place_done(&place);
    free(json);
}
END_TEST

/* ---- authorities ---- */

START_TEST(authorities_are_read_kept_and_written)
{
    struct place place;
    cmg_bytes *bytes = NULL;
    cmg_error *err = NULL;

    place_init(&place);
    char *root = pem_of(place.ctx, "Root", CA_LINES);
    char *below = pem_of(place.ctx, "Below", CA_LINES);
    char *list = list_of((const char *const[]){ root, below }, 2);
    cmg_gateway *g = read_with(&place, "/gateway/client_authorities", list);
    ck_assert_uint_eq(settings_of(g).client_authorities, 2);
    ck_assert_str_eq(cmg_certificate_common_name(cmg_gateway_client_authority(g, 0)),
                     "Root");
    ck_assert_str_eq(cmg_certificate_common_name(cmg_gateway_client_authority(g, 1)),
                     "Below");
    ck_assert_ptr_null(cmg_gateway_client_authority(g, 2));
    ck_ok(cmg_gateway_to_json(g, &bytes, &err), err);
    cmg_gateway *again = NULL;
    ck_ok(place_read(&place, cmg_bytes_data(bytes), &again, &err), err);
    ck_assert_uint_eq(settings_of(again).client_authorities, 2);
    cmg_gateway_unref(again);
    cmg_bytes_unref(bytes);
    cmg_gateway_unref(g);
    free(list);
    free(below);
    free(root);
    place_done(&place);
}
END_TEST

/* {"Root"}, then what is named; at the place of the last. */
static void refuse_authority(struct place *place, const char *const *texts, size_t count,
                             const char *cause)
{
    char *list = list_of(texts, count);
    char *json = place_vary("/gateway/client_authorities", list);
    cmg_gateway *g = NULL;
    cmg_error *err = NULL;
    char subject[80];

    ck_assert_int_eq(place_read(place, json, &g, &err), CMG_E_INVAL);
    snprintf(subject, sizeof subject, "contoso.json: /gateway/client_authorities/%zu",
             count - 1);
    ck_assert_str_eq(cmg_error_subject(err), subject);
    ck_assert_str_eq(cmg_error_cause(err), cause);
    cmg_error_unref(err);
    free(json);
    free(list);
}

START_TEST(what_is_no_single_authority_is_refused)
{
    struct place place;
    char both[8192];

    place_init(&place);
    char *root = pem_of(place.ctx, "Root", CA_LINES);
    char *leaf = pem_of(place.ctx, "Leaf", LEAF_LINES);
    snprintf(both, sizeof both, "%s%s", root, root);
    refuse_authority(&place, (const char *const[]){ root, leaf }, 2,
                     "it is no authority's certificate");
    refuse_authority(&place, (const char *const[]){ root, root }, 2,
                     "it is in the list already");
    refuse_authority(&place, (const char *const[]){ both }, 1,
                     "it is more than one certificate");
    free(leaf);
    free(root);
    place_done(&place);
}
END_TEST

static cmg_certificate *authority(cmg_context *ctx, const char *name)
{
    char subject[32];
    const struct mint wanted = { .subject = subject,
                                 .extensions = CA_LINES,
                                 .name = name };

    snprintf(subject, sizeof subject, "/CN=%s", name);
    return mint_bare(ctx, &wanted);
}

START_TEST(authorities_are_added_once_and_sixteen_are_the_most)
{
    struct place place;
    cmg_error *err = NULL;

    place_init(&place);
    cmg_gateway *g = place_gateway(&place);
    cmg_certificate *one = authority(place.ctx, "one");
    cmg_certificate *more = authority(place.ctx, "more");
    ck_ok(cmg_gateway_add_client_authority(g, one, &err), err);
    ck_ok(cmg_gateway_add_client_authority(g, one, &err), err);
    ck_assert_uint_eq(settings_of(g).client_authorities, 1);
    /* Making sixteen takes long. */
    while (g->settings.authority_count < CMG__MAX_AUTHORITIES)
        g->settings.authorities[g->settings.authority_count++] = cmg_certificate_ref(one);
    ck_assert_int_eq(cmg_gateway_add_client_authority(g, more, &err), CMG_E_LIMIT);
    cmg_error_unref(err);
    cmg_certificate_unref(more);
    cmg_certificate_unref(one);
    cmg_gateway_unref(g);
    place_done(&place);
}
END_TEST

START_TEST(only_an_authority_is_added_and_not_while_a_deployment_runs)
{
    const struct mint wanted = { .subject = "/CN=leaf", .extensions = LEAF_LINES };
    struct place place;
    cmg_error *err = NULL;

    place_init(&place);
    cmg_gateway *g = place_gateway(&place);
    cmg_certificate *leaf = mint_bare(place.ctx, &wanted);
    cmg_certificate *root = authority(place.ctx, "root");
    ck_assert_int_eq(cmg_gateway_add_client_authority(g, leaf, &err), CMG_E_CERT);
    cmg_error_unref(err);
    ck_assert_int_eq(cmg_gateway_add_client_authority(g, NULL, NULL), CMG_E_INVAL);
    g->deployments_running = 1;
    ck_assert_int_eq(cmg_gateway_add_client_authority(g, root, NULL), CMG_E_STATE);
    g->deployments_running = 0;
    ck_assert_uint_eq(settings_of(g).client_authorities, 0);
    cmg_certificate_unref(root);
    cmg_certificate_unref(leaf);
    cmg_gateway_unref(g);
    place_done(&place);
}
END_TEST

/* ---- where they go ---- */

static struct cmg__json *user_data_of(struct place *place, cmg_gateway *g)
{
    struct cmg__buf text;
    struct cmg__json *doc = NULL;
    cmg_error *err = NULL;

    ck_assert_int_eq(cmg__observe(&place->ctx->alloc, &g->tenant->id,
                                  "11111111-2222-3333-4444-555555555555"),
                     CMG_OK);
    cmg__buf_init(&text, &cmg__alloc_libc, CMG__JSON_MAX);
    ck_ok(cmg__user_data_make(g, "d-1", &text, &err), err);
    ck_ok(cmg__json_parse(&cmg__alloc_libc, "user data", text.data, text.len, &doc, &err),
          err);
    cmg__buf_done(&text);
    return doc;
}

START_TEST(instances_learn_the_settings_from_their_user_data)
{
    struct place place;
    cmg_error *err = NULL;

    place_init(&place);
    cmg_gateway *g =
        read_with(&place, "/gateway/traffic_alert", "{\"stop_service\":true}");
    g->settings.tls12 = false;
    cmg_certificate *root = authority(place.ctx, "root");
    ck_ok(cmg_gateway_add_client_authority(g, root, &err), err);
    struct cmg__json *doc = user_data_of(&place, g);
    const char *roots = cmg__json_str(doc, "/client_roots_pem");
    ck_assert_ptr_nonnull(strstr(roots, "BEGIN CERTIFICATE"));
    ck_assert(cmg__json_bool(doc, "/settings/verify_client_revocation", false));
    ck_assert(!cmg__json_bool(doc, "/settings/enforce_tls12", true));
    ck_assert(cmg__json_bool(doc, "/settings/serve_content", false));
    ck_assert(cmg__json_bool(doc, "/settings/traffic_alert/enabled", false));
    ck_assert(cmg__json_bool(doc, "/settings/traffic_alert/stop_service", false));
    ck_assert_int_eq(cmg__json_int(doc, "/settings/traffic_alert/gigabytes", 0), 10000);
    ck_assert_int_eq(cmg__json_int(doc, "/settings/storage_alert/gigabytes", 0), 2000);
    cmg__json_unref(doc);
    cmg_certificate_unref(root);
    cmg_gateway_unref(g);
    place_done(&place);
}
END_TEST

START_TEST(everything_that_is_made_has_the_tags)
{
    struct place place;

    place_init(&place);
    cmg_gateway *g =
        read_with(&place, "/gateway/tags", "{\"cost\":\"4711\",\"owner\":\"it\"}");
    ck_assert_uint_eq(settings_of(g).tags, 2);
    ck_assert_str_eq(cmg_gateway_tag_name(g, 0), "cost");
    ck_assert_str_eq(cmg_gateway_tag_value(g, 1), "it");
    ck_assert_ptr_null(cmg_gateway_tag_value(g, 2));
    struct cmg__json *tags = cmg__gateway_tags(g, "d-1");
    ck_assert_uint_eq(cmg__json_size(tags), 4);
    ck_assert_str_eq(cmg__json_str(tags, "/" CMG__TAG_DEPLOYMENT), "d-1");
    ck_assert_str_eq(cmg__json_str(tags, "/" CMG__TAG_NAME), "granitefalls");
    ck_assert_str_eq(cmg__json_str(tags, "/cost"), "4711");
    cmg__json_unref(tags);
    cmg_gateway_unref(g);
    g = read_with(&place, "/gateway/description", "\"For the road\"");
    tags = cmg__gateway_tags(g, "d-1");
    ck_assert_str_eq(cmg__json_str(tags, "/" CMG__TAG_DESCRIPTION), "For the road");
    cmg__json_unref(tags);
    cmg_gateway_unref(g);
    place_done(&place);
}
END_TEST

START_TEST(no_handle_and_no_room_is_no_crash)
{
    struct place place;
    cmg_gateway_settings settings = { .size = 1 };
    cmg_alert_settings alert = { .size = sizeof alert };

    place_init(&place);
    cmg_gateway *g = place_gateway(&place);
    ck_assert_int_eq(cmg_gateway_get_settings(g, &settings, NULL), CMG_E_ABI);
    ck_assert_int_eq(cmg_gateway_get_settings(g, NULL, NULL), CMG_E_INVAL);
    settings.size = sizeof settings;
    ck_assert_int_eq(cmg_gateway_get_settings(NULL, &settings, NULL), CMG_E_INVAL);
    ck_assert_int_eq(cmg_gateway_get_alert(NULL, CMG_ALERT_TRAFFIC, &alert, NULL),
                     CMG_E_INVAL);
    ck_assert_int_eq(cmg_gateway_get_alert(g, CMG_ALERT_WIDTH, &alert, NULL),
                     CMG_E_INVAL);
    ck_assert_ptr_null(cmg_gateway_client_authority(NULL, 0));
    ck_assert_ptr_null(cmg_gateway_tag_name(NULL, 0));
    ck_assert_ptr_null(cmg_gateway_tag_value(NULL, 0));
    cmg_gateway_unref(g);
    place_done(&place);
}
END_TEST

START_TEST(running_out_of_memory_leaves_nothing_behind)
{
    struct place place;

    place_init(&place);
    char *root = pem_of(place.ctx, "Root", CA_LINES);
    char *list = list_of((const char *const[]){ root }, 1);
    char *twice = list_of((const char *const[]){ root, root }, 2);
    char *authorities = place_vary("/gateway/client_authorities", list);
    char *wrong = place_vary("/gateway/client_authorities", twice);
    char *tags = place_vary("/gateway/tags", "{\"a\":\"b\"}");
    char *tag = place_vary("/gateway/tags", "{\"azure\":\"b\"}");
    char *cloud = place_vary("/tenant/cloud", "\"AzureChinaCloud\"");
    place_done(&place);
    support_torture(place_read_and_write, authorities, 1);
    support_torture(place_read_and_write, wrong, 1);
    support_torture(place_read_and_write, tags, 1);
    support_torture(place_read_and_write, tag, 1);
    support_torture(place_read_and_write, cloud, 1);
    free(cloud);
    free(tag);
    free(tags);
    free(wrong);
    free(authorities);
    free(twice);
    free(list);
    free(root);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("model/settings");
    TCase *values = tcase_create("values");
    TCase *authorities = tcase_create("authorities");
    TCase *use = tcase_create("use");

    tcase_add_test(values, what_is_not_said_is_as_the_vendor_has_it);
    tcase_add_loop_test(values, what_may_vary_is_accepted_and_written, 0,
                        CMG__ARRAY_LEN(accepted));
    tcase_add_loop_test(values, what_is_wrong_is_refused_by_its_path, 0,
                        CMG__ARRAY_LEN(refused));
    tcase_add_test(values, the_cloud_is_the_contexts);
    tcase_add_test(values, no_handle_and_no_room_is_no_crash);
    tcase_add_test(authorities, authorities_are_read_kept_and_written);
    tcase_add_test(authorities, what_is_no_single_authority_is_refused);
    tcase_add_test(authorities, authorities_are_added_once_and_sixteen_are_the_most);
    tcase_add_test(authorities,
                   only_an_authority_is_added_and_not_while_a_deployment_runs);
    tcase_add_test(use, instances_learn_the_settings_from_their_user_data);
    tcase_add_test(use, everything_that_is_made_has_the_tags);
    tcase_add_test(use, running_out_of_memory_leaves_nothing_behind);
    tcase_set_timeout(use, 60);
    suite_add_tcase(suite, values);
    suite_add_tcase(suite, authorities);
    suite_add_tcase(suite, use);
    return support_run((Suite *[]){ suite, NULL });
}
