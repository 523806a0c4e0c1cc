/* What a browser brings back from a sign-in. */
#include <string.h>

#include "azure/redirect.h"
#include "support/support.h"

#define STATE "st-4_te"

static struct cmg__redirect redirect;

static cmg_status read_query(const char *query)
{
    cmg__redirect_init(&redirect, &cmg__alloc_libc);
    return cmg__redirect_read(&redirect, &cmg__alloc_libc, query, strlen(query), STATE);
}

START_TEST(code_of_this_sign_in_is_taken)
{
    ck_assert_int_eq(
        read_query("code=0.A%2Bb_c-d&state=" STATE "&session_state=6f1c&client_info=x"),
        CMG_OK);
    ck_assert_str_eq(redirect.code.data, "0.A+b_c-d");
    ck_assert_ptr_null(redirect.error);
    cmg__redirect_done(&redirect);
}
END_TEST

START_TEST(error_is_taken_as_a_token_endpoint_would_tell_it)
{
    ck_assert_int_eq(
        read_query("error=access_denied&error_description=AADSTS65004%3a+User+declined."
                   "&error_uri=https%3a%2f%2fx&state=" STATE),
        CMG_OK);
    ck_assert(!cmg__secret_is_set(&redirect.code));
    ck_assert_str_eq(cmg__json_str(redirect.error, "/error"), "access_denied");
    ck_assert_str_eq(cmg__json_str(redirect.error, "/error_description"),
                     "AADSTS65004: User declined.");
    cmg__redirect_done(&redirect);
}
END_TEST

static const struct {
    const char *query;
    cmg_status rc;
} refused[] = {
    { "", CMG_E_PARSE },
    { "code=c", CMG_E_PARSE },
    { "state=" STATE, CMG_E_PARSE },
    { "code=&state=" STATE, CMG_E_PARSE },
    { "code&state=" STATE, CMG_E_PARSE },
    { "code=c&error=e&state=" STATE, CMG_E_PARSE },
    { "code=c&code=c&state=" STATE, CMG_E_PARSE },
    { "code=c&state=" STATE "&state=" STATE, CMG_E_PARSE },
    { "error=e&error=e&state=" STATE, CMG_E_PARSE },
    { "code=%zz&state=" STATE, CMG_E_PARSE },
    { "code=a%00&state=" STATE, CMG_E_PARSE },
    { "code=a%0d%0ab&state=" STATE, CMG_E_PARSE },
    { "code=a b&state=" STATE "%", CMG_E_PARSE },
    { "Code=c&state=" STATE, CMG_E_PARSE },
    { "code=c&state=st-4_t", CMG_E_AUTH },
    { "code=c&state=st-4_tee", CMG_E_AUTH },
    { "code=c&state=ST-4_TE", CMG_E_AUTH },
    { "error=e&state=other", CMG_E_AUTH },
};

START_TEST(what_is_not_its_answer_is_refused)
{
    ck_assert_int_eq(read_query(refused[_i].query), refused[_i].rc);
    ck_assert(!cmg__secret_is_set(&redirect.code));
    ck_assert_ptr_null(redirect.error);
    cmg__redirect_done(&redirect);
}
END_TEST

START_TEST(long_query_is_refused)
{
    static char query[CMG__REDIRECT_MAX + 2];

    memset(query, 'x', sizeof query - 1);
    memcpy(query, "state=" STATE "&code=", strlen("state=" STATE "&code="));
    ck_assert_int_eq(read_query(query), CMG_E_PARSE);
    cmg__redirect_done(&redirect);
    query[CMG__REDIRECT_MAX] = '\0';
    ck_assert_int_eq(read_query(query), CMG_OK);
    cmg__redirect_done(&redirect);
}
END_TEST

static cmg_status read_once(struct support_alloc *a, void *user)
{
    const char *query = user;
    struct cmg__redirect one;

    cmg__redirect_init(&one, &a->alloc);
    const cmg_status rc =
        cmg__redirect_read(&one, &a->alloc, query, strlen(query), STATE);
    cmg__redirect_done(&one);
    return rc;
}

START_TEST(memory_that_runs_out_is_told)
{
    char code[] = "code=c&state=" STATE;
    char error[] = "error=e&error_description=d&state=" STATE;

    support_torture(read_once, _i == 0 ? code : error, 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("azure/redirect");
    TCase *query = tcase_create("query");

    tcase_add_test(query, code_of_this_sign_in_is_taken);
    tcase_add_test(query, error_is_taken_as_a_token_endpoint_would_tell_it);
    tcase_add_loop_test(query, what_is_not_its_answer_is_refused, 0,
                        CMG__ARRAY_LEN(refused));
    tcase_add_test(query, long_query_is_refused);
    tcase_add_loop_test(query, memory_that_runs_out_is_told, 0, 2);
    suite_add_tcase(suite, query);
    return support_run((Suite *[]){ suite, NULL });
}
