/* Key sets: which keys are taken, and for whom a key may sign. */
#include "crypto/desk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct set_case {
    const char *from;
    const char *to;
    cmg_status status;
} set_cases[] = {
    { "\"kty\":\"RSA\"", "\"kty\":\"EC\"", CMG_E_PARSE },
    { "\"kty\":\"RSA\"", "\"kty\":\"oct\"", CMG_E_PARSE },
    { "\"use\":\"sig\"", "\"use\":\"enc\"", CMG_E_PARSE },
    { "\"use\":\"sig\"", "\"alg\":\"RS256\"", CMG_OK },
    { "\"use\":\"sig\"", "\"alg\":\"RS512\"", CMG_E_PARSE },
    { "\"e\":\"AQAB\"", "\"e\":\"Aw\"", CMG_E_PARSE },
    { "\"e\":\"AQAB\"", "\"e\":\"AQ\"", CMG_E_PARSE },
    { "\"e\":\"AQAB\"", "\"e\":\"AQAB=\"", CMG_E_PARSE },
    { "\"n\":\"", "\"n\":\"AA", CMG_E_PARSE },
    { "\"n\":\"", "\"n\":\"!", CMG_E_PARSE },
    { "\"kid\":\"key-1\"", "\"kid\":\"a b\"", CMG_E_PARSE },
    { "\"kid\":\"key-1\"", "\"kid\":null", CMG_E_PARSE },
    { "\"keys\"", "\"key\"", CMG_E_PARSE },
    { "\"keys\":[", "\"keys\":[1,null,{},\"x\",", CMG_OK },
    { "{\"keys\"", "{\"keys\":[],\"keys\"", CMG_E_PARSE },
};

START_TEST(key_sets_give_only_fit_keys)
{
    const struct set_case *c = &set_cases[_i];
    struct desk d;
    struct cmg__jwks *jwks = NULL;

    desk_init(&d);
    char *set = desk_key_set(d.key, "key-1");
    char *text = desk_replaced(set, c->from, c->to);
    ck_assert_int_eq(cmg__jwks_parse(&d.a.alloc, text, strlen(text), &jwks, NULL),
                     c->status);
    ck_assert_int_eq(jwks != NULL, c->status == CMG_OK);
    if (jwks != NULL)
        ck_assert(cmg__jwks_has(jwks, "key-1") && !cmg__jwks_has(jwks, "key-2"));
    cmg__jwks_free(jwks);
    free(text);
    free(set);
    desk_done(&d);
}
END_TEST

static const struct key_issuer_case {
    const char *issuer;
    const char *claims;
    cmg_status status;
} key_issuer_cases[] = {
    { "https://login.microsoftonline.com/{tenantid}/v2.0", GOOD_V2, CMG_OK },
    { "https://login.microsoftonline.com/{tenantid}/v2.0", GOOD_V1, CMG_OK },
    { ISS_V2, GOOD_V2, CMG_OK },
    { "https://login.microsoftonline.com/" OTHER "/v2.0", GOOD_V2, CMG_E_AUTH },
    { "https://login.microsoftonline.com/" OTHER "/v2.0", GOOD_V1, CMG_E_AUTH },
    { "https://login.microsoftonline.us/{tenantid}/v2.0", GOOD_V2, CMG_E_AUTH },
};

START_TEST(a_key_signs_for_its_own_issuer_only)
{
    const struct key_issuer_case *c = &key_issuer_cases[_i];
    struct desk d;
    char member[160];

    desk_init(&d);
    char *set = desk_key_set(d.key, "key-1");
    (void)snprintf(member, sizeof member, "\"issuer\":\"%s\",\"use\"", c->issuer);
    char *text = desk_replaced(set, "\"use\"", member);
    cmg__jwks_free(d.jwks);
    d.jwks = NULL;
    ck_assert_int_eq(cmg__jwks_parse(&d.a.alloc, text, strlen(text), &d.jwks, NULL),
                     CMG_OK);
    ck_assert_int_eq(desk_check_claims(&d, HEADER, c->claims), c->status);
    free(text);
    free(set);
    desk_done(&d);
}
END_TEST

START_TEST(a_set_of_too_many_keys_or_bytes_is_refused)
{
    static char large[256 * 1024 + 1];
    struct support_alloc a;
    struct cmg__jwks *jwks = NULL;
    struct cmg__buf text;

    support_alloc_init(&a);
    cmg__buf_init(&text, &cmg__alloc_libc, 1 << 16);
    ck_assert_int_eq(cmg__buf_add_str(&text, "{\"keys\":[0"), CMG_OK);
    for (int i = 0; i < 32; i++)
        ck_assert_int_eq(cmg__buf_add_str(&text, ",0"), CMG_OK);
    ck_assert_int_eq(cmg__buf_add_str(&text, "]}"), CMG_OK);
    ck_assert_int_eq(cmg__jwks_parse(&a.alloc, text.data, text.len, &jwks, NULL),
                     CMG_E_LIMIT);
    memset(large, ' ', sizeof large);
    ck_assert_int_eq(cmg__jwks_parse(&a.alloc, large, sizeof large, &jwks, NULL),
                     CMG_E_LIMIT);
    ck_assert_ptr_null(jwks);
    cmg__buf_done(&text);
    ck_assert_uint_eq(a.live, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("jwks");
    TCase *sets = tcase_create("key sets");

    tcase_add_loop_test(sets, key_sets_give_only_fit_keys, 0,
                        (int)CMG__ARRAY_LEN(set_cases));
    tcase_add_loop_test(sets, a_key_signs_for_its_own_issuer_only, 0,
                        (int)CMG__ARRAY_LEN(key_issuer_cases));
    tcase_add_test(sets, a_set_of_too_many_keys_or_bytes_is_refused);
    suite_add_tcase(suite, sets);
    return support_run((Suite *const[]){ suite, NULL });
}
