/* The $filter of directory objects. */
#include "sandbox/graph.h"
#include "support/support.h"

static const struct {
    const char *filter;
    int result;
} filters[] = {
    { "displayName eq 'O''Brien'", 1 },
    { "displayName eq 'other'", 0 },
    { "startswith(displayName,'o''b')", 1 },
    { "startswith(displayName, 'x')", 0 },
    { "tags/any(t:t eq 'two')", 1 },
    { "tags/any(t:t eq 'three')", 0 },
    { "isEnabled eq true", 1 },
    { "isEnabled eq false", 0 },
    { "note eq null", 1 },
    { "displayName eq 'O''Brien' and tags/any(x:x eq 'one')", 1 },
    { "displayName eq 'O''Brien' and isEnabled eq false", 0 },
    { "displayName eq 'x", -1 },
    { "displayName", -1 },
    { "", -1 },
    { "tags/any(a:b eq 'one')", -1 },
    { "displayName eq 'x' or isEnabled eq true", 1 },
    { "displayName eq 'x' or isEnabled eq true and note eq 'y'", 0 },
    { "(displayName eq 'x' or isEnabled eq true) and note eq null", 1 },
    { "displayName in ('x', 'O''Brien')", 1 },
    { "displayName in ('x', 'y')", 0 },
    { "displayName in ('x'", -1 },
    { "((((((((((displayName eq 'x'))))))))))", -1 },
    { "(displayName eq 'x'", -1 },
    { "displayName eq 'x')", -1 },
};

/* These need the advanced query engine. */
static const struct {
    const char *filter;
    int result;
} advanced_filters[] = {
    { "displayName ne 'x'", 1 },
    { "displayName ne 'O''Brien'", 0 },
    { "endsWith(displayName,'brien')", 1 },
    { "not startswith(displayName,'O')", 0 },
    { "not(displayName eq 'x') and isEnabled ne false", 1 },
    { "not", -1 },
};

START_TEST(filters_select_or_say_they_are_not_understood)
{
    struct cmg__json *entity =
        cmg__json_pack("{s:s, s:[s, s], s:b, s:n}", "displayName", "O'Brien", "tags",
                       "one", "two", "isEnabled", 1, "note");

    ck_assert_int_eq(
        cmg__sb_graph_filter(&cmg__alloc_libc, filters[_i].filter, false, entity),
        filters[_i].result);
    cmg__json_unref(entity);
}
END_TEST

START_TEST(advanced_filters_need_an_advanced_query)
{
    const char *filter = advanced_filters[_i].filter;
    struct cmg__json *entity =
        cmg__json_pack("{s:s, s:b}", "displayName", "O'Brien", "isEnabled", 1);

    ck_assert_int_eq(cmg__sb_graph_filter(&cmg__alloc_libc, filter, false, entity), -1);
    ck_assert_int_eq(cmg__sb_graph_filter(&cmg__alloc_libc, filter, true, entity),
                     advanced_filters[_i].result);
    cmg__json_unref(entity);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("graph_filter");
    TCase *t = tcase_create("filters");

    tcase_add_loop_test(t, filters_select_or_say_they_are_not_understood, 0,
                        CMG__ARRAY_LEN(filters));
    tcase_add_loop_test(t, advanced_filters_need_an_advanced_query, 0,
                        CMG__ARRAY_LEN(advanced_filters));
    suite_add_tcase(s, t);
    Suite *const suites[] = { s, NULL };
    return support_run(suites);
}
