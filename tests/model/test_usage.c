/* Answers of Azure Monitor as amounts, amounts as levels, and both handed out. */
#include "model/usage.h"
#include "model/place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SERIES(points) "{\"metadatavalues\":[],\"data\":[" points "]}"
#define METRIC(series)                                                                   \
    "{\"name\":{\"value\":\"m\"},\"errorCode\":\"Success\",\"timeseries\":[" series "]}"
#define ANSWER(metrics) "{\"cost\":0,\"value\":[" metrics "]}"
#define ONE(points)     ANSWER(METRIC(SERIES(points)))
#define AT              "\"timeStamp\":\"2026-11-22T00:00:00Z\""

static const struct {
    const char *text;
    bool ok;
    int64_t total, latest;
    uint32_t totals, latests; /* how many values */
} answers[] = {
    { ANSWER(""), true, 0, 0, 0, 0 },
    { ANSWER(METRIC("")), true, 0, 0, 0, 0 },
    { ONE("{" AT "},{" AT "}"), true, 0, 0, 0, 0 },
    { ONE("{" AT ",\"total\":5},{" AT "},{" AT ",\"total\":7}"), true, 12, 0, 2, 0 },
    { ONE("{" AT ",\"average\":5},{" AT ",\"average\":7},{" AT "}"), true, 0, 7, 0, 1 },
    /* Azure's numbers have a fraction. */
    { ONE("{\"total\":2.5,\"average\":2.5},{\"total\":2.5}"), true, 4, 2, 2, 1 },
    { ONE("{\"total\":0,\"average\":0}"), true, 0, 0, 1, 1 },
    /* Series and metrics are added up. */
    { ANSWER(METRIC(SERIES("{\"total\":1,\"average\":1}") "," SERIES(
          "{\"total\":2,\"average\":2}")) "," METRIC(SERIES("{\"total\":4,\"average\":"
                                                            "4}"))),
      true, 7, 7, 3, 3 },
    { ONE("{\"total\":9223372036854775807},{\"total\":1}"), true, INT64_MAX, 0, 2, 0 },
    { ONE("{\"total\":-1},{\"total\":\"1\"},{\"total\":null},7"), true, 0, 0, 0, 0 },
    { "{}", false, 0, 0, 0, 0 },
    { "[]", false, 0, 0, 0, 0 },
    { "{\"value\":{}}", false, 0, 0, 0, 0 },
    { ANSWER("7"), true, 0, 0, 0, 0 },
};

static struct cmg__json *parsed(const char *text)
{
    struct cmg__json *value = NULL;

    ck_assert_int_eq(
        cmg__json_parse(&cmg__alloc_libc, "test", text, strlen(text), &value, NULL),
        CMG_OK);
    return value;
}

START_TEST(answers_become_amounts)
{
    struct cmg__usage total = { 0 }, latest = { 0 };
    struct cmg__json *answer = parsed(answers[_i].text);

    ck_assert_int_eq(cmg__usage_add_totals(&total, answer), answers[_i].ok);
    ck_assert_int_eq(cmg__usage_add_latest(&latest, answer), answers[_i].ok);
    ck_assert_int_eq(total.bytes, answers[_i].total);
    ck_assert_uint_eq(total.values, answers[_i].totals);
    ck_assert_int_eq(latest.bytes, answers[_i].latest);
    ck_assert_uint_eq(latest.values, answers[_i].latests);
    ck_assert_ptr_null(cmg__usage_unread(answer));
    cmg__json_unref(answer);
}
END_TEST

START_TEST(metric_that_azure_could_not_read_is_found)
{
    struct cmg__json *answer = parsed(ANSWER(
        METRIC("") ",{\"name\":{\"value\":\"bad\"},\"errorCode\":\"QueryFailed\"}"));

    ck_assert_str_eq(cmg__json_str(cmg__usage_unread(answer), "/name/value"), "bad");
    cmg__json_unref(answer);
}
END_TEST

#define GB INT64_C(1000000000)

static const struct {
    int64_t bytes;
    bool enabled, measured;
    uint32_t percent;
    cmg_usage_level level;
} levels[] = {
    { 0, true, true, 0, CMG_USAGE_NONE },
    { 5000 * GB - 1, true, true, 49, CMG_USAGE_NONE },
    { 5000 * GB, true, true, 50, CMG_USAGE_WARNING },
    { 9000 * GB - 1, true, true, 89, CMG_USAGE_WARNING },
    { 9000 * GB, true, true, 90, CMG_USAGE_CRITICAL },
    { 20000 * GB, true, true, 200, CMG_USAGE_CRITICAL },
    { INT64_MAX, true, true, 92233720, CMG_USAGE_CRITICAL },
    { 9000 * GB, false, true, 90, CMG_USAGE_NONE },
    { 9000 * GB, true, false, 90, CMG_USAGE_UNKNOWN },
};

START_TEST(amounts_have_levels)
{
    const struct cmg__alert alert = { .enabled = levels[_i].enabled,
                                      .gigabytes = 10000,
                                      .warning_percent = 50,
                                      .critical_percent = 90 };
    const struct cmg__usage usage = { .bytes = levels[_i].bytes,
                                      .measured_unix_s = levels[_i].measured ? 1 : 0 };

    ck_assert_uint_eq(cmg__usage_percent(&usage, &alert), levels[_i].percent);
    ck_assert_int_eq(cmg__usage_level(&usage, &alert), levels[_i].level);
}
END_TEST

/* A specification without a gateway has no limit. */
START_TEST(without_a_limit_nothing_is_reached)
{
    const struct cmg__alert none = { 0 };
    const struct cmg__usage usage = { .bytes = 7, .measured_unix_s = 1 };

    ck_assert_uint_eq(cmg__usage_percent(&usage, &none), 0);
    ck_assert_int_eq(cmg__usage_level(&usage, &none), CMG_USAGE_NONE);
}
END_TEST

START_TEST(levels_have_names)
{
    ck_assert_str_eq(cmg_usage_level_name(CMG_USAGE_UNKNOWN), "UNKNOWN");
    ck_assert_str_eq(cmg_usage_level_name(CMG_USAGE_NONE), "NONE");
    ck_assert_str_eq(cmg_usage_level_name(CMG_USAGE_WARNING), "WARNING");
    ck_assert_str_eq(cmg_usage_level_name(CMG_USAGE_CRITICAL), "CRITICAL");
    ck_assert_str_eq(cmg_usage_level_name((cmg_usage_level)4), "UNKNOWN");
    ck_assert_str_eq(cmg_usage_level_name((cmg_usage_level)-1), "UNKNOWN");
}
END_TEST

/* ---- handing out ---- */

static struct place place;
static cmg_gateway *gateway;

static void setup(void)
{
    char *text = place_vary("/gateway/traffic_alert",
                            "{\"gigabytes\":500,\"warning_percent\":10}");
    cmg_error *err = NULL;

    place_init(&place);
    ck_ok(place_read(&place, text, &gateway, &err), err);
    free(text);
}

static void teardown(void)
{
    cmg_gateway_unref(gateway);
    place_done(&place);
}

START_TEST(usage_stands_on_the_gateway)
{
    cmg_usage one = { .size = sizeof one };
    cmg_error *err = NULL;

    ck_ok(cmg_gateway_get_usage(gateway, CMG_ALERT_TRAFFIC, &one, &err), err);
    ck_assert_int_eq(one.level, CMG_USAGE_UNKNOWN);
    ck_assert_int_eq(one.measured_unix_s, 0);
    gateway->usage[CMG_ALERT_TRAFFIC] = (struct cmg__usage){
        .measured_unix_s = 9, .from_unix_s = 2, .bytes = 50 * GB, .values = 3
    };
    gateway->usage[CMG_ALERT_STORAGE] =
        (struct cmg__usage){ .measured_unix_s = 9, .bytes = 4 };
    ck_ok(cmg_gateway_get_usage(gateway, CMG_ALERT_TRAFFIC, &one, &err), err);
    ck_assert_int_eq(one.measured_unix_s, 9);
    ck_assert_int_eq(one.from_unix_s, 2);
    ck_assert_int_eq(one.bytes, 50 * GB);
    ck_assert_int_eq(one.limit_bytes, 500 * GB);
    ck_assert_int_eq(one.level, CMG_USAGE_WARNING);
    ck_assert_int_eq(one.enabled, 1);
    ck_assert_uint_eq(one.percent, 10);
    ck_assert_uint_eq(one.warning_percent, 10);
    ck_assert_uint_eq(one.critical_percent, 90);
    ck_assert_uint_eq(one.values, 3);
    ck_ok(cmg_gateway_get_usage(gateway, CMG_ALERT_STORAGE, &one, &err), err);
    ck_assert_int_eq(one.bytes, 4);
    ck_assert_int_eq(one.enabled, 0);
    ck_assert_int_eq(one.level, CMG_USAGE_NONE);
}
END_TEST

START_TEST(questions_that_make_no_sense_are_refused)
{
    cmg_usage one = { .size = sizeof one };
    cmg_usage small = { .size = 4 };

    ck_assert_int_eq(cmg_gateway_get_usage(NULL, CMG_ALERT_TRAFFIC, &one, NULL),
                     CMG_E_INVAL);
    ck_assert_int_eq(cmg_gateway_get_usage(gateway, (cmg_alert)2, &one, NULL),
                     CMG_E_INVAL);
    ck_assert_int_eq(cmg_gateway_get_usage(gateway, CMG_ALERT_TRAFFIC, NULL, NULL),
                     CMG_E_INVAL);
    ck_assert_int_eq(cmg_gateway_get_usage(gateway, CMG_ALERT_TRAFFIC, &small, NULL),
                     CMG_E_ABI);
    ck_assert_int_eq(cmg_gateway_export_usage(gateway, NULL, NULL), CMG_E_INVAL);
    ck_assert_int_eq(cmg_gateway_export_usage(NULL, NULL, NULL), CMG_E_INVAL);
}
END_TEST

#define STORAGE                                                                          \
    "{\"bytes\":0,\"critical_percent\":90,\"enabled\":false,\"from_unix_s\":0,"          \
    "\"level\":\"UNKNOWN\",\"limit_bytes\":2000000000000,\"measured_unix_s\":0,"         \
    "\"percent\":0,\"values\":0,\"warning_percent\":50}"
#define TRAFFIC                                                                          \
    "{\"bytes\":450000000000,\"critical_percent\":90,\"enabled\":true,\"from_unix_s\":"  \
    "2,"                                                                                 \
    "\"level\":\"CRITICAL\",\"limit_bytes\":500000000000,\"measured_unix_s\":9,"         \
    "\"percent\":90,\"values\":3,\"warning_percent\":10}"

START_TEST(usage_is_exported_as_json)
{
    char text[1024];
    cmg_bytes *bytes = NULL;
    cmg_error *err = NULL;

    gateway->usage[CMG_ALERT_TRAFFIC] = (struct cmg__usage){
        .measured_unix_s = 9, .from_unix_s = 2, .bytes = 450 * GB, .values = 3
    };
    ck_ok(cmg_gateway_export_usage(gateway, &bytes, &err), err);
    (void)snprintf(text, sizeof text, "%.*s", (int)cmg_bytes_size(bytes),
                   (const char *)cmg_bytes_data(bytes));
    cmg_bytes_unref(bytes);
    ck_assert_str_eq(text, "{\"gateway\":\"granitefalls\",\"storage\":" STORAGE
                           ",\"traffic\":" TRAFFIC ",\"version\":1}");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("usage");
    TCase *tc = tcase_create("amounts");
    TCase *out = tcase_create("handing out");

    tcase_add_loop_test(tc, answers_become_amounts, 0, CMG__ARRAY_LEN(answers));
    tcase_add_test(tc, metric_that_azure_could_not_read_is_found);
    tcase_add_loop_test(tc, amounts_have_levels, 0, CMG__ARRAY_LEN(levels));
    tcase_add_test(tc, without_a_limit_nothing_is_reached);
    tcase_add_test(tc, levels_have_names);
    suite_add_tcase(suite, tc);
    tcase_add_checked_fixture(out, setup, teardown);
    tcase_add_test(out, usage_stands_on_the_gateway);
    tcase_add_test(out, questions_that_make_no_sense_are_refused);
    tcase_add_test(out, usage_is_exported_as_json);
    suite_add_tcase(suite, out);
    return support_run((Suite *[]){ suite, NULL });
}
