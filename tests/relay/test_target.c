/* The normalisation of request targets: what passes, in which form, and what is refused.
 */
#include "support/support.h"
#include "relay/target.h"
#include <string.h>

struct good {
    const char *text, *path, *query;
};

static const struct good good[] = {
    { "/", "/", NULL },
    { "/CCM_Proxy_MutualAuth/1/SMS_MP/.sms_aut?SITESIGNCERT",
      "/CCM_Proxy_MutualAuth/1/SMS_MP/.sms_aut", "SITESIGNCERT" },
    { "/a%41%7e%2d/b", "/aA~-/b", NULL },
    { "/a%c3%a9/%3d", "/a%C3%A9/%3D", NULL },
    { "/a/{12-34}|x", "/a/%7B12-34%7D%7Cx", NULL },
    { "/a/b/", "/a/b/", NULL },
    { "/a;v=1/b:c@d", "/a;v=1/b:c@d", NULL },
    { "/a?", "/a", "" },
    { "/a?x=%zz&y=<>\\{}..//", "/a", "x=%zz&y=<>\\{}..//" },
    { "/a/..b/c..", "/a/..b/c..", NULL },
    { "/a%20b", "/a%20b", NULL },
    { "/100%25", "/100%25", NULL },
    { "https://Cmg.Contoso.com/a?b", "/a", "b" },
};

START_TEST(target_is_normalised)
{
    const struct good *row = &good[_i];
    struct cmg__target target;
    const char *why = "";

    cmg__target_init(&target, &cmg__alloc_libc);
    cmg_status rc =
        cmg__target_parse(&target, row->text, strlen(row->text), "cmg.contoso.com", &why);
    ck_assert_msg(rc == CMG_OK, "%s: %s", row->text, why);
    ck_assert_str_eq(cmg__buf_cstr(&target.path), row->path);
    ck_assert_int_eq(target.has_query, row->query != NULL);
    if (row->query != NULL)
        ck_assert_str_eq(cmg__buf_cstr(&target.query), row->query);
    cmg__target_done(&target);
}
END_TEST

static const char *const bad[] = {
    "",
    "*",
    "a/b",
    "host:443",
    "http://cmg.contoso.com/a",
    "https://other.contoso.com/a",
    "https://cmg.contoso.com",
    "https://cmg.contoso.com.evil/a",
    "https://cmg.contoso.com:444/a",
    "//a",
    "/a//b",
    "/.",
    "/..",
    "/a/../b",
    "/a/./b",
    "/a/..",
    "/a/%2e%2e/b",
    "/a/%2E./b",
    "/a/..;x/b",
    "/a/.. /b",
    "/a/..%20/b",
    "/a/.../b",
    "/a%2fb",
    "/a%2Fb",
    "/a%5cb",
    "/a\\b",
    "/a%00",
    "/a%0d%0aX:y",
    "/a%7f",
    "/a%",
    "/a%4",
    "/a%4g",
    "/a%252e",
    "/a%2541",
    "/a%25%32%66",
    "/a%25%32f",
    "/a%252%66",
    "/a%25%32%65%25%32%65/b",
    "/a b",
    "/a\tb",
    "/a\x80",
    "/a#b",
    "/a\"b",
    "/a<b",
    "/a^b",
    "/a?b c",
    "/a?b#c",
    "/a?b\x01",
    "/a?b\xc3\xa9",
};

START_TEST(ambiguous_target_is_refused)
{
    struct cmg__target target;
    const char *why = NULL;

    cmg__target_init(&target, &cmg__alloc_libc);
    cmg_status rc =
        cmg__target_parse(&target, bad[_i], strlen(bad[_i]), "cmg.contoso.com", &why);
    ck_assert_msg(rc == CMG_E_INVAL, "%s: %s", bad[_i], cmg_status_name(rc));
    ck_assert_ptr_nonnull(why);
    cmg__target_done(&target);
}
END_TEST

START_TEST(absolute_form_needs_a_host)
{
    struct cmg__target target;
    const char *why = NULL;

    cmg__target_init(&target, &cmg__alloc_libc);
    ck_assert_int_eq(cmg__target_parse(&target, "https://a/b", 11, NULL, &why),
                     CMG_E_INVAL);
    cmg__target_done(&target);
}
END_TEST

START_TEST(target_beyond_its_limit_is_refused)
{
    static char text[CMG__TARGET_MAX + 2];
    struct cmg__target target;
    const char *why = NULL;

    memset(text, 'a', sizeof text);
    text[0] = '/';
    cmg__target_init(&target, &cmg__alloc_libc);
    ck_assert_int_eq(cmg__target_parse(&target, text, CMG__TARGET_MAX, NULL, &why),
                     CMG_OK);
    ck_assert_int_eq(cmg__target_parse(&target, text, CMG__TARGET_MAX + 1, NULL, &why),
                     CMG_E_LIMIT);
    text[1] = '?';
    ck_assert_int_eq(cmg__target_parse(&target, text, CMG__QUERY_MAX + 2, NULL, &why),
                     CMG_OK);
    ck_assert_int_eq(cmg__target_parse(&target, text, CMG__QUERY_MAX + 3, NULL, &why),
                     CMG_E_LIMIT);
    /* Escapes grow: the buffer must hold the longest result. */
    memset(text + 1, '|', CMG__TARGET_MAX - 1);
    ck_assert_int_eq(cmg__target_parse(&target, text, CMG__TARGET_MAX, NULL, &why),
                     CMG_OK);
    ck_assert_uint_eq(target.path.len, 3 * CMG__TARGET_MAX - 2);
    cmg__target_done(&target);
}
END_TEST

static cmg_status parse_with(struct support_alloc *a, void *user)
{
    static const char text[] = "/CCM_Proxy_ServerAuth/1/CCM_STS/x%41?query=1";
    struct cmg__target target;
    const char *why = NULL;

    (void)user;
    cmg__target_init(&target, &a->alloc);
    cmg_status rc = cmg__target_parse(&target, text, sizeof text - 1, NULL, &why);
    cmg__target_done(&target);
    return rc;
}

START_TEST(running_out_of_memory_is_reported)
{
    support_torture(parse_with, NULL, 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("target");
    TCase *forms = tcase_create("forms");
    TCase *limits = tcase_create("limits");

    tcase_add_loop_test(forms, target_is_normalised, 0, (int)CMG__ARRAY_LEN(good));
    tcase_add_loop_test(forms, ambiguous_target_is_refused, 0, (int)CMG__ARRAY_LEN(bad));
    tcase_add_test(forms, absolute_form_needs_a_host);
    tcase_add_test(limits, target_beyond_its_limit_is_refused);
    tcase_add_test(limits, running_out_of_memory_is_reported);
    suite_add_tcase(suite, forms);
    suite_add_tcase(suite, limits);
    return support_run((Suite *const[]){ suite, NULL });
}
