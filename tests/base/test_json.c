/* JSON values, paths and messages. */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "support/support.h"

static struct cmg__json *parse(const char *text)
{
    struct cmg__json *v = NULL;
    cmg_error *err = NULL;

    ck_ok(cmg__json_parse(&cmg__alloc_libc, "test", text, strlen(text), &v, &err), err);
    return v;
}

static const struct {
    const char *text;
    cmg_status code;
    const char *in_message;
} bad[] = {
    { "{", CMG_E_PARSE, "line 1" },    { "", CMG_E_PARSE, "line 1" },
    { "{}x", CMG_E_PARSE, "line 1" },  { "{\"a\":1,\n\"a\":2}", CMG_E_PARSE, "line 2" },
    { "[1,]", CMG_E_PARSE, "column" }, { "\"\xff\"", CMG_E_PARSE, "not UTF-8" },
};

START_TEST(what_is_not_json_is_refused_with_its_place)
{
    struct cmg__json *v = NULL;
    cmg_error *err = NULL;

    ck_assert_int_eq(cmg__json_parse(&cmg__alloc_libc, "spec.json", bad[_i].text,
                                     strlen(bad[_i].text), &v, &err),
                     bad[_i].code);
    ck_assert_ptr_nonnull(strstr(cmg_error_message(err), bad[_i].in_message));
    ck_assert_ptr_nonnull(strstr(cmg_error_message(err), "spec.json"));
    ck_assert_ptr_null(v);
    cmg_error_unref(err);
}
END_TEST

START_TEST(nesting_beyond_the_limit_is_refused)
{
    char text[200];
    struct cmg__json *v = NULL;

    memset(text, '[', 65);
    memset(text + 65, ']', 65);
    ck_assert_int_eq(cmg__json_parse(&cmg__alloc_libc, "t", text, 130, &v, NULL),
                     CMG_E_LIMIT);
    ck_assert_int_eq(cmg__json_parse(&cmg__alloc_libc, "t", text + 1, 128, &v, NULL),
                     CMG_OK);
    cmg__json_clear(&v);
    ck_assert_int_eq(cmg__json_parse(&cmg__alloc_libc, "t", "\"[[[\\\"[[\"", 9, &v, NULL),
                     CMG_OK);
    cmg__json_clear(&v);
}
END_TEST

START_TEST(a_byte_order_mark_is_skipped)
{
    struct cmg__json *v = parse("\xef\xbb\xbf{\"a\":1}");

    ck_assert_int_eq(cmg__json_int(v, "/a", 0), 1);
    cmg__json_unref(v);
}
END_TEST

START_TEST(paths_lead_through_objects_and_arrays)
{
    struct cmg__json *v =
        parse("{\"value\":[{\"id\":\"x\"},{\"id\":\"y\",\"n\":7,\"t\":true}]}");

    ck_assert_str_eq(cmg__json_str(v, "/value/1/id"), "y");
    ck_assert_int_eq(cmg__json_int(v, "/value/1/n", -1), 7);
    ck_assert_int_eq(cmg__json_whole(v, "/value/1/n", -1), 7);
    ck_assert_int_eq(cmg__json_whole(v, "/value/1/id", -1), -1);
    struct cmg__json *times = parse("[1790000000.75, -1.5, 1e300, 1e15]");
    ck_assert_int_eq(cmg__json_whole(times, "/0", -7), 1790000000);
    ck_assert_int_eq(cmg__json_whole(times, "/1", -7), -1);
    ck_assert_int_eq(cmg__json_whole(times, "/2", -7), -7);
    ck_assert_int_eq(cmg__json_whole(times, "/3", -7), 1000000000000000);
    cmg__json_unref(times);
    ck_assert(cmg__json_bool(v, "/value/1/t", false));
    ck_assert_int_eq(cmg__json_int(v, "/value/1/id", -1), -1);
    ck_assert_ptr_null(cmg__json_str(v, "/value/2/id"));
    ck_assert_ptr_null(cmg__json_str(v, "/value/x/id"));
    ck_assert_ptr_null(cmg__json_str(v, "/value/1/id/deeper"));
    ck_assert_ptr_null(cmg__json_str(NULL, "/a"));
    ck_assert_ptr_eq(cmg__json_at(v, ""), v);
    ck_assert_uint_eq(cmg__json_size(cmg__json_at(v, "/value")), 2);
    cmg__json_unref(v);
}
END_TEST

START_TEST(a_need_that_is_not_met_names_path_finding_and_fix)
{
    struct cmg__json *v = parse("{\"gateway\":{\"instances\":17,\"name\":5}}");
    cmg_error *err = NULL;
    const char *text = NULL;
    int64_t n = 0;

    ck_assert_int_eq(cmg__json_need_int(&cmg__alloc_libc, "c.json", v,
                                        "/gateway/instances", 1, 16, &n, &err),
                     CMG_E_INVAL);
    ck_assert_str_eq(
        cmg_error_message(err),
        "/gateway/instances is 17, an integer from 1 to 16 is allowed (c.json)");
    ck_assert_str_eq(cmg_error_subject(err), "c.json: /gateway/instances");
    ck_assert_int_eq(
        cmg__json_need_str(&cmg__alloc_libc, "c.json", v, "/gateway/name", &text, &err),
        CMG_E_INVAL);
    ck_assert_str_eq(cmg_error_message(err),
                     "/gateway/name is 5, a string is allowed (c.json)");
    ck_assert_int_eq(
        cmg__json_need_str(&cmg__alloc_libc, "c.json", v, "/gateway/region", &text, &err),
        CMG_E_INVAL);
    ck_assert_str_eq(cmg_error_message(err),
                     "/gateway/region is nothing, a string is allowed (c.json)");
    cmg_error_unref(err);
    cmg__json_unref(v);
}
END_TEST

START_TEST(a_description_is_short_and_never_cuts_a_character)
{
    char text[300];
    struct cmg__buf out;
    struct cmg__json *v = NULL;

    memset(text, 'x', 58);
    memcpy(text + 58, "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac", 10);
    v = cmg__json_stringn(text, 67);
    cmg__buf_init(&out, &cmg__alloc_libc, 300);
    ck_assert_int_eq(cmg__json_describe(v, &out), CMG_OK);
    ck_assert_uint_le(out.len, 64);
    ck_assert(cmg__json_str_len(v) == 67);
    ck_assert_str_eq(out.data + out.len - 3, "...");
    ck_assert_int_eq((unsigned char)out.data[out.len - 4], 'x');
    cmg__buf_done(&out);
    cmg__json_unref(v);
}
END_TEST

START_TEST(values_are_made_changed_and_written)
{
    struct cmg__buf out;
    struct cmg__json *v =
        cmg__json_pack("{s:s, s:i, s:[b]}", "b", "text", "a", 1, "c", 1);

    cmg__buf_init(&out, &cmg__alloc_libc, 1000);
    ck_assert_int_eq(cmg__json_set_str(v, "d", "x"), CMG_OK);
    ck_assert_int_eq(cmg__json_append(cmg__json_key(v, "c"), cmg__json_integer(5)),
                     CMG_OK);
    cmg__json_remove(v, "b");
    ck_assert_int_eq(cmg__json_format(v, CMG__JSON_SORTED, &out), CMG_OK);
    ck_assert_str_eq(cmg__buf_cstr(&out), "{\"a\":1,\"c\":[true,5],\"d\":\"x\"}");
    ck_assert_int_eq(cmg__json_set(v, "bad", NULL), CMG_E_NOMEM);
    struct cmg__json *copy = cmg__json_copy_deep(v);

    ck_assert(cmg__json_equal(copy, v));
    cmg__json_remove_at(cmg__json_key(copy, "c"), 0);
    ck_assert(!cmg__json_equal(copy, v));
    ck_assert_int_eq(cmg__json_merge(copy, v), CMG_OK);
    ck_assert(cmg__json_equal(copy, v));
    cmg__json_unref(copy);
    cmg__json_unref(v);
    cmg__buf_done(&out);
}
END_TEST

START_TEST(writing_stops_at_the_buffers_limit)
{
    struct cmg__buf out;
    struct cmg__json *v = parse("[\"0123456789\",\"0123456789\"]");

    cmg__buf_init(&out, &cmg__alloc_libc, 12);
    ck_assert_int_eq(cmg__json_format(v, CMG__JSON_COMPACT, &out), CMG_E_LIMIT);
    cmg__buf_done(&out);
    cmg__json_unref(v);
}
END_TEST

/* jansson ignores what its callback says about a key: a failure there must not be lost.
 */
static cmg_status format_with(struct support_alloc *a, void *user)
{
    const char *expected = user;
    struct cmg__buf out;
    struct cmg__json *v = parse(expected);

    cmg__buf_init(&out, &a->alloc, 10000);
    cmg_status rc = cmg__json_format(v, CMG__JSON_COMPACT, &out);

    if (rc == CMG_OK)
        ck_assert_str_eq(cmg__buf_cstr(&out), expected);
    cmg__buf_done(&out);
    cmg__json_unref(v);
    return rc;
}

START_TEST(writing_that_runs_out_of_memory_anywhere_says_so)
{
    char text[400] = "";

    /* The buffer grows at 64, 128 and 256 bytes: each length puts that elsewhere. */
    for (int pad = 1; pad < 80; pad++) {
        int n = snprintf(text, sizeof text, "{\"%0*d\":1,", pad, 0);

        for (int key = 0; key < 12; key++)
            n += snprintf(text + n, sizeof text - (size_t)n, "\"key number %02d\":%d,",
                          key, key);
        text[n - 1] = '}';
        support_torture(format_with, text, 1);
    }
}
END_TEST

START_TEST(an_object_can_be_walked)
{
    struct cmg__json *v = parse("{\"one\":1,\"two\":2}");
    struct cmg__json *value = NULL;
    const char *key = NULL;
    void *iter = NULL;
    int64_t sum = 0;

    while (cmg__json_next(v, &iter, &key, &value))
        sum += cmg__json_int(value, "", 0);
    ck_assert_int_eq(sum, 3);
    cmg__json_unref(v);
}
END_TEST

static cmg_status export_with(struct support_alloc *a, void *user)
{
    cmg_bytes *bytes = NULL;
    const cmg_status rc = cmg__json_export(
        &a->alloc, cmg__json_pack("{s:i, s:s}", "b", 1, "a", "x"), &bytes, NULL);

    (void)user;
    if (rc == CMG_OK)
        ck_assert_str_eq(cmg_bytes_data(bytes), "{\"a\":\"x\",\"b\":1}");
    cmg_bytes_unref(bytes);
    return rc;
}

START_TEST(a_document_is_handed_out_sorted_or_not_at_all)
{
    support_torture(export_with, NULL, 1);
    ck_assert_int_eq(cmg__json_export(&cmg__alloc_libc, cmg__json_pack("{}"), NULL, NULL),
                     CMG_E_INVAL);
    cmg_bytes *bytes = NULL;
    ck_assert_int_eq(cmg__json_export(&cmg__alloc_libc, NULL, &bytes, NULL), CMG_E_NOMEM);
    ck_assert_ptr_null(bytes);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("json");
    TCase *t = tcase_create("json");

    tcase_add_loop_test(t, what_is_not_json_is_refused_with_its_place, 0,
                        CMG__ARRAY_LEN(bad));
    tcase_add_test(t, nesting_beyond_the_limit_is_refused);
    tcase_add_test(t, a_byte_order_mark_is_skipped);
    tcase_add_test(t, paths_lead_through_objects_and_arrays);
    tcase_add_test(t, a_need_that_is_not_met_names_path_finding_and_fix);
    tcase_add_test(t, a_description_is_short_and_never_cuts_a_character);
    tcase_add_test(t, values_are_made_changed_and_written);
    tcase_add_test(t, writing_stops_at_the_buffers_limit);
    tcase_add_test(t, writing_that_runs_out_of_memory_anywhere_says_so);
    tcase_add_test(t, an_object_can_be_walked);
    tcase_add_test(t, a_document_is_handed_out_sorted_or_not_at_all);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    Suite *suites[] = { suite(), NULL };

    return support_run(suites);
}
