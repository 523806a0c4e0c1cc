/* What a service demands of the next token. */
#include <string.h>

#include "azure/challenge.h"
#include "base/base64.h"
#include "support/support.h"

/* {"access_token":{"acrs":{"essential":true,"value":"c1"}}} */
#define CLAIMS "{\"access_token\":{\"acrs\":{\"essential\":true,\"value\":\"c1\"}}}"
#define BASE64                                                                           \
    "eyJhY2Nlc3NfdG9rZW4iOnsiYWNycyI6eyJlc3NlbnRpYWwiOnRydWUsInZhbHVlIjoiYzEifX19"

static char *read_fields(const char *first, const char *second)
{
    struct cmg__headers headers;
    char *claims = NULL;

    cmg__headers_init(&headers, &cmg__alloc_libc);
    ck_assert_int_eq(cmg__headers_add(&headers, "WWW-Authenticate", first), CMG_OK);
    if (second != NULL)
        ck_assert_int_eq(cmg__headers_add(&headers, "www-authenticate", second), CMG_OK);
    ck_assert_int_eq(cmg__challenge_read(&cmg__alloc_libc, &headers, NULL, &claims),
                     CMG_OK);
    cmg__headers_done(&headers);
    return claims;
}

static const char *const demands[] = {
    "Bearer error=\"insufficient_claims\", claims=\"" BASE64 "\"",
    "bearer claims=\"" BASE64 "\" , error=insufficient_claims",
    "Bearer realm=\"\", authorization_uri=\"https://login.microsoftonline.com/common\", "
    "client_id=\"x\", error=\"insufficient_claims\", claims=\"" BASE64 "\"",
    "Negotiate, Bearer error=\"insufficient_claims\",claims=" BASE64,
    "PoP error=\"x\", Bearer error_description=\"a \\\"b\\\", claims=\", "
    "error=\"insufficient_claims\", claims=\"" BASE64 "\"",
};

START_TEST(demand_is_handed_on_word_for_word)
{
    char *claims = read_fields(demands[_i], NULL);

    ck_assert_pstr_eq(claims, CLAIMS);
    cmg__free(&cmg__alloc_libc, claims);
    claims = read_fields("Negotiate", demands[_i]);
    ck_assert_pstr_eq(claims, CLAIMS);
    cmg__free(&cmg__alloc_libc, claims);
}
END_TEST

static const char *const others[] = {
    "",
    "Bearer",
    "Bearer error=\"invalid_token\", claims=\"" BASE64 "\"",
    "Bearer error=\"insufficient_claims\"",
    "Bearer error=\"insufficient_claims\", claims=\"\"",
    "Bearer error=\"insufficient_claims\", claims=\"W10=\"",
    "Bearer error=\"insufficient_claims\", claims=\"e30\" \"",
    "Bearer error=\"insufficient_claims\", claims=\"" BASE64,
    "PoP error=\"insufficient_claims\", claims=\"" BASE64 "\"",
    "Bearer error=\"insufficient_claims\", claims=\"not base64!\"",
};

START_TEST(what_demands_nothing_is_no_challenge)
{
    ck_assert_ptr_null(read_fields(others[_i], NULL));
}
END_TEST

START_TEST(refused_request_for_a_token_demands_in_its_body)
{
    struct cmg__headers headers;
    struct cmg__json *body = cmg__json_pack("{s:s}", "claims", CLAIMS);
    struct cmg__json *odd = cmg__json_pack("{s:s}", "claims", "[]");
    char *claims = NULL;

    cmg__headers_init(&headers, &cmg__alloc_libc);
    ck_assert_int_eq(cmg__challenge_read(&cmg__alloc_libc, &headers, body, &claims),
                     CMG_OK);
    ck_assert_pstr_eq(claims, CLAIMS);
    cmg__free(&cmg__alloc_libc, claims);
    ck_assert_int_eq(cmg__challenge_read(&cmg__alloc_libc, &headers, odd, &claims),
                     CMG_OK);
    ck_assert_ptr_null(claims);
    cmg__json_unref(body);
    cmg__json_unref(odd);
}
END_TEST

static const struct {
    const char *claims, *text;
} described[] = {
    { CLAIMS, "acrs (c1)" },
    { "{\"access_token\":{\"nbf\":{\"essential\":true,\"value\":\"1604106651\"},\"xms_"
      "cc\":"
      "{\"values\":[\"cp1\",\"x\"]},\"auth_time\":null}}",
      "nbf (1604106651), xms_cc (cp1), auth_time" },
    { "{\"access_token\":{\"a\\u0007\":{\"value\":\"\\u00e9\"}}}", "a? (?"
                                                                   "?)" },
    { "{\"id_token\":{}}", "a fresh sign-in" },
};

START_TEST(demand_is_described_in_one_line)
{
    struct cmg__buf text;

    cmg__buf_init(&text, &cmg__alloc_libc, 4096);
    ck_assert_int_eq(
        cmg__challenge_describe(&cmg__alloc_libc, described[_i].claims, &text), CMG_OK);
    ck_assert_str_eq(cmg__buf_cstr(&text), described[_i].text);
    cmg__buf_done(&text);
}
END_TEST

static cmg_status read_once(struct support_alloc *a, void *user)
{
    struct cmg__headers headers;
    struct cmg__buf text;
    char *claims = NULL;

    (void)user;
    cmg__headers_init(&headers, &a->alloc);
    cmg__buf_init(&text, &a->alloc, 4096);
    cmg_status rc = cmg__headers_add(&headers, "WWW-Authenticate", demands[2]);
    if (rc == CMG_OK)
        rc = cmg__challenge_read(&a->alloc, &headers, NULL, &claims);
    if (rc == CMG_OK)
        rc = cmg__challenge_describe(&a->alloc, claims, &text);
    cmg__free(&a->alloc, claims);
    cmg__buf_done(&text);
    cmg__headers_done(&headers);
    return rc;
}

START_TEST(memory_that_runs_out_is_told)
{
    support_torture(read_once, NULL, 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("azure/challenge");
    TCase *claims = tcase_create("claims");

    tcase_add_loop_test(claims, demand_is_handed_on_word_for_word, 0,
                        CMG__ARRAY_LEN(demands));
    tcase_add_loop_test(claims, what_demands_nothing_is_no_challenge, 0,
                        CMG__ARRAY_LEN(others));
    tcase_add_test(claims, refused_request_for_a_token_demands_in_its_body);
    tcase_add_loop_test(claims, demand_is_described_in_one_line, 0,
                        CMG__ARRAY_LEN(described));
    tcase_add_test(claims, memory_that_runs_out_is_told);
    suite_add_tcase(suite, claims);
    return support_run((Suite *[]){ suite, NULL });
}
