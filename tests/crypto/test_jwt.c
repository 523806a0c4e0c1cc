/*
 * Tokens: good ones of both versions, and the list of attacks. Tokens are signed here
 * from texts, so that a test controls every byte.
 */
#include "crypto/desk.h"

#include "base/base64.h"
#include "crypto/hash.h"

#include <stdlib.h>
#include <string.h>

static const char *const good_claims[] = {
    GOOD_V1,
    GOOD_V2,
    /* integers in another notation, unknown claims, escapes in values */
    "{\"unknown\":{\"deep\":[1,2,3]}," TIMES ",\"aud\":\"https:\\/\\/ConfigMgrService\","
    "\"iss\":\"" ISS_V2 "\",\"azp\":\"" CLIENT "\",\"oid\":\"" OBJECT
    "\",\"tid\":\"" TENANT "\",\"scp\":\"user_impersonation\",\"ver\":\"2.0\"}",
};

START_TEST(a_good_token_gives_the_identity)
{
    struct desk d;
    struct cmg__jwt_identity who;
    struct cmg__buf token;

    desk_init(&d);
    desk_sign(&d, HEADER, good_claims[_i], &token);
    ck_assert_int_eq(desk_check(&d, token.data, token.len, &who), CMG_OK);
    ck_assert_str_eq(who.tenant_id, TENANT);
    ck_assert_str_eq(who.object_id, OBJECT);
    ck_assert_str_eq(who.client_id, CLIENT);
    ck_assert_int_eq(who.expires_unix_s, 1795395600);
    cmg__buf_done(&token);
    desk_done(&d);
}
END_TEST

static const struct header_case {
    const char *header;
    cmg_status status;
} header_cases[] = {
    { "{\"alg\":\"RS256\",\"kid\":\"key-1\"}", CMG_OK },
    { "{\"typ\":\"at+JWT\",\"alg\":\"RS256\",\"kid\":\"key-1\"}", CMG_OK },
    /* Never fetched, never used. */
    { "{\"alg\":\"RS256\",\"kid\":\"key-1\",\"jku\":\"https://evil.example/"
      "\",\"x5u\":\"x\","
      "\"jwk\":{\"kty\":\"RSA\"},\"x5c\":[\"AAAA\"]}",
      CMG_OK },
    { "{\"alg\":\"none\",\"kid\":\"key-1\"}", CMG_E_AUTH },
    { "{\"alg\":\"None\",\"kid\":\"key-1\"}", CMG_E_AUTH },
    { "{\"alg\":\"nOnE\",\"kid\":\"key-1\"}", CMG_E_AUTH },
    { "{\"alg\":\"HS256\",\"kid\":\"key-1\"}", CMG_E_AUTH },
    { "{\"alg\":\"PS256\",\"kid\":\"key-1\"}", CMG_E_AUTH },
    { "{\"alg\":\"ES256\",\"kid\":\"key-1\"}", CMG_E_AUTH },
    { "{\"alg\":\"rs256\",\"kid\":\"key-1\"}", CMG_E_AUTH },
    { "{\"alg\":\"RS256 \",\"kid\":\"key-1\"}", CMG_E_AUTH },
    { "{\"alg\":[\"RS256\"],\"kid\":\"key-1\"}", CMG_E_AUTH },
    { "{\"alg\":256,\"kid\":\"key-1\"}", CMG_E_AUTH },
    { "{\"kid\":\"key-1\"}", CMG_E_AUTH },
    { "{\"alg\":\"none\",\"alg\":\"RS256\",\"kid\":\"key-1\"}", CMG_E_AUTH },
    { "{\"\\u0061lg\":\"none\",\"alg\":\"RS256\",\"kid\":\"key-1\"}", CMG_E_AUTH },
    { "{\"alg\":\"RS256\",\"kid\":\"key-1\",\"typ\":\"JWE\"}", CMG_E_AUTH },
    { "{\"alg\":\"RS256\",\"kid\":\"key-1\",\"typ\":1}", CMG_E_AUTH },
    { "{\"alg\":\"RS256\",\"kid\":\"key-1\",\"crit\":[\"exp\"]}", CMG_E_AUTH },
    { "{\"alg\":\"RS256\",\"kid\":\"key-1\",\"b64\":false}", CMG_E_AUTH },
    { "{\"alg\":\"RS256\",\"kid\":\"key-1\",\"zip\":\"DEF\"}", CMG_E_AUTH },
    { "{\"alg\":\"RS256\",\"kid\":\"key-1\",\"enc\":\"A128GCM\"}", CMG_E_AUTH },
    { "{\"alg\":\"RS256\"}", CMG_E_AUTH },
    { "{\"alg\":\"RS256\",\"kid\":\"\"}", CMG_E_AUTH },
    { "{\"alg\":\"RS256\",\"kid\":7}", CMG_E_AUTH },
    { "{\"alg\":\"RS256\",\"kid\":\"../../etc/passwd\"}", CMG_E_AUTH },
    { "{\"alg\":\"RS256\",\"kid\":\"' OR 1=1 --\"}", CMG_E_AUTH },
    { "{\"alg\":\"RS256\",\"kid\":\"key-1\\u0000\"}", CMG_E_AUTH },
    { "{\"alg\":\"RS256\",\"kid\":\"key-2\"}", CMG_E_NOTFOUND },
    { "{\"alg\":\"RS256\",\"kid\":\"KEY-1\"}", CMG_E_NOTFOUND },
    { "\xef\xbb\xbf" HEADER, CMG_E_AUTH },
    { " " HEADER, CMG_E_AUTH },
    { HEADER " x", CMG_E_AUTH },
    { "[" HEADER "]", CMG_E_AUTH },
    { "\"RS256\"", CMG_E_AUTH },
    { "{\"alg\":\"RS256\",\"kid\":\"key-1\",\"x\":\"\xc0\xaf\"}", CMG_E_AUTH },
    { "{\"alg\":\"RS256\",\"kid\":\"key-1\",\"x\":\"\\ud800\"}", CMG_E_AUTH },
};

START_TEST(headers_are_held_to_the_letter)
{
    struct desk d;

    desk_init(&d);
    ck_assert_int_eq(desk_check_claims(&d, header_cases[_i].header, GOOD_V2),
                     header_cases[_i].status);
    desk_done(&d);
}
END_TEST

/* A good version 2 payload in which from is replaced by to. */
static const struct claim_case {
    const char *from;
    const char *to;
    cmg_status status;
} claim_cases[] = {
    { "\"exp\":1795395600", "\"exp\":1795391701", CMG_OK }, /* within the skew */
    { "\"exp\":1795395600", "\"exp\":1795391700", CMG_E_AUTH },
    { "\"exp\":1795395600", "\"exp\":\"1795395600\"", CMG_E_AUTH },
    { "\"exp\":1795395600", "\"exp\":1795395600.0", CMG_E_AUTH },
    { "\"exp\":1795395600", "\"exp\":1.795395600e9", CMG_E_AUTH },
    { "\"exp\":1795395600", "\"exp\":9223372036854775807", CMG_E_AUTH },
    { "\"exp\":1795395600", "\"exp\":99999999999999999999", CMG_E_AUTH },
    { "\"exp\":1795395600", "\"exp\":-1", CMG_E_AUTH },
    { "\"exp\":1795395600", "\"exp\":0", CMG_E_AUTH },
    { "\"exp\":1795395600", "\"exp\":null", CMG_E_AUTH },
    { "\"exp\":1795395600", "\"exp\":1795564800", CMG_OK }, /* 48 h */
    { "\"exp\":1795395600", "\"exp\":1795564801", CMG_E_AUTH },
    { ",\"exp\":1795395600", "", CMG_E_AUTH },
    { "\"exp\":1795395600", "\"exp\":1,\"exp\":1795395600", CMG_E_AUTH },
    { "\"nbf\":1795391940", "\"nbf\":1795392300", CMG_OK },
    { "\"nbf\":1795391940", "\"nbf\":1795392301", CMG_E_AUTH },
    { "\"nbf\":1795391940", "\"nbf\":\"0\"", CMG_E_AUTH },
    { "\"iat\":1795391940", "\"iat\":1795392301", CMG_E_AUTH },
    { "\"iat\":1795391940,", "", CMG_OK },
    { AUD, "https://ConfigMgrService/", CMG_E_AUTH },
    { AUD, "https://configmgrservice", CMG_E_AUTH },
    { AUD, "https://ConfigMgrServic", CMG_E_AUTH },
    { AUD, "api://other", CMG_OK },
    { AUD, "https://graph.microsoft.com", CMG_E_AUTH },
    { "\"aud\":\"" AUD "\"", "\"aud\":[\"" AUD "\"]", CMG_E_AUTH },
    { "\"aud\":\"" AUD "\"", "\"aud\":\"x\",\"aud\":\"" AUD "\"", CMG_E_AUTH },
    { "\"aud\":\"" AUD "\",", "", CMG_E_AUTH },
    { ISS_V2, ISS_V2 "/", CMG_E_AUTH },
    { ISS_V2, "https://login.microsoftonline.com/common/v2.0", CMG_E_AUTH },
    { ISS_V2, "https://login.microsoftonline.com/" OTHER "/v2.0", CMG_E_AUTH },
    { ISS_V2, ISS_V1, CMG_E_AUTH }, /* version 2 with the issuer of version 1 */
    { "\"tid\":\"" TENANT, "\"tid\":\"" OTHER, CMG_E_AUTH },
    { "\"tid\":\"" TENANT "\"", "\"tid\":null", CMG_E_AUTH },
    { "\"ver\":\"2.0\"", "\"ver\":\"1.0\"", CMG_E_AUTH },
    { "\"ver\":\"2.0\"", "\"ver\":\"3.0\"", CMG_E_AUTH },
    { "\"ver\":\"2.0\"", "\"ver\":2.0", CMG_E_AUTH },
    { ",\"ver\":\"2.0\"", "", CMG_E_AUTH },
    { "\"azp\"", "\"appid\"", CMG_E_AUTH }, /* appid counts in version 1 only */
    { CLIENT, OTHER, CMG_E_AUTH },
    { CLIENT, "AAAAAAAA-bbbb-cccc-dddd-eeeeeeeeeeee", CMG_E_AUTH },
    { CLIENT, "short", CMG_E_AUTH },
    { "user_impersonation", "user_impersonation2", CMG_E_AUTH },
    { "user_impersonation", "xuser_impersonation", CMG_E_AUTH },
    { "user_impersonation", "USER_IMPERSONATION", CMG_E_AUTH },
    { "other user_impersonation", "", CMG_E_AUTH },
    { "\"scp\":\"other user_impersonation\"", "\"roles\":[\"user_impersonation\"]",
      CMG_E_AUTH },
    { "\"oid\"", "\"no\"", CMG_E_AUTH },
    { "\"ver\"", "\"upn\":7,\"ver\"", CMG_E_AUTH },
};

START_TEST(claims_are_held_to_the_letter)
{
    const struct claim_case *c = &claim_cases[_i];
    struct desk d;

    desk_init(&d);
    char *claims = desk_replaced(GOOD_V2, c->from, c->to);
    ck_assert_int_eq(desk_check_claims(&d, HEADER, claims), c->status);
    free(claims);
    desk_done(&d);
}
END_TEST

/* ---- the compact form ---- */

static cmg_status check_text(struct desk *d, const char *token)
{
    struct cmg__jwt_identity who;

    return desk_check(d, token, strlen(token), &who);
}

START_TEST(other_forms_of_a_good_token_are_refused)
{
    struct desk d;
    struct cmg__buf token;

    desk_init(&d);
    desk_sign(&d, HEADER, GOOD_V2, &token);
    const char *good = token.data;
    const char *first = strchr(good, '.');
    const char *second = strchr(first + 1, '.');
    ck_assert_int_eq(check_text(&d, good), CMG_OK);
    static const struct {
        const char *format; /* of header, claims, signature */
    } forms[] = {
        { "%s.%s." },
        { "%s.%s" },
        { "%s.%s.%s.x" },
        { "%s.%s.%s.x.y" },
        { ".%s.%s.%s" },
        { "%s..%s.%s" },
        { "%s.%s.%s=" },
        { "%s.%s. %s" },
        { "%s.%s\n.%s" },
        { "%s.%s.%s\n" },
        { "%s=.%s.%s" },
        { "%s.%s.%sA" },
        { "%s.%s.%sAAAA" },
        { "%s.%s.AAAA%s" },
        { "Bearer %s.%s.%s" },
        { "{\"payload\":\"%s\",\"protected\":\"%s\",\"signature\":\"%s\"}" },
    };
    char *header = cmg__strndup(&cmg__alloc_libc, good, (size_t)(first - good));
    char *claims =
        cmg__strndup(&cmg__alloc_libc, first + 1, (size_t)(second - first - 1));
    for (size_t i = 0; i < CMG__ARRAY_LEN(forms); i++) {
        struct cmg__buf text;

        cmg__buf_init(&text, &cmg__alloc_libc, 1 << 20);
        const char *parts[3] = { header, claims, second + 1 };
        size_t part = 0;
        for (const char *p = forms[i].format; *p != '\0'; p++) {
            const bool hole = p[0] == '%' && p[1] == 's';

            ck_assert_int_eq(hole ? cmg__buf_add_str(&text, parts[part++])
                                  : cmg__buf_add_char(&text, *p),
                             CMG_OK);
            p += hole;
        }
        ck_assert_msg(check_text(&d, text.data) == CMG_E_AUTH, "form %zu was accepted",
                      i);
        cmg__buf_done(&text);
    }
    free(header);
    free(claims);
    cmg__buf_done(&token);
    desk_done(&d);
}
END_TEST

START_TEST(a_changed_signature_is_refused)
{
    struct desk d;
    struct cmg__buf token;

    desk_init(&d);
    desk_sign(&d, HEADER, GOOD_V2, &token);
    const size_t end = token.len - 1;
    const char last = token.data[end];
    /* The last character carries two bits: others with the same bits are not canonical.
     */
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for (size_t i = 0; i < 64; i++) {
        token.data[end] = alphabet[i];
        ck_assert_int_eq(check_text(&d, token.data),
                         alphabet[i] == last ? CMG_OK : CMG_E_AUTH);
    }
    token.data[end] = last;
    token.data[end - 100] = token.data[end - 100] == 'A' ? 'B' : 'A';
    ck_assert_int_eq(check_text(&d, token.data), CMG_E_AUTH);
    cmg__buf_done(&token);
    desk_done(&d);
}
END_TEST

START_TEST(a_token_signed_by_another_key_is_refused)
{
    struct desk d;

    desk_init(&d);
    cmg__key_free(d.key);
    d.key = pki_key(&d.a.alloc, &d.e.env, 1);
    ck_assert_int_eq(desk_check_claims(&d, HEADER, GOOD_V2), CMG_E_AUTH);
    desk_done(&d);
}
END_TEST

START_TEST(the_public_key_as_a_secret_is_refused)
{
    struct desk d;
    struct cmg__buf token;
    struct cmg__buf spki;
    uint8_t mac[32];
    static const char header[] = "{\"alg\":\"HS256\",\"kid\":\"key-1\"}";

    desk_init(&d);
    cmg__buf_init(&token, &cmg__alloc_libc, 1 << 16);
    cmg__buf_init(&spki, &cmg__alloc_libc, 1 << 16);
    ck_assert_int_eq(cmg__key_write_public_der(d.key, &spki), CMG_OK);
    ck_assert_int_eq(cmg__base64url_encode(&token, header, strlen(header)), CMG_OK);
    ck_assert_int_eq(cmg__buf_add_char(&token, '.'), CMG_OK);
    ck_assert_int_eq(cmg__base64url_encode(&token, GOOD_V2, strlen(GOOD_V2)), CMG_OK);
    ck_assert_int_eq(cmg__hmac_sha256(spki.data, spki.len, token.data, token.len, mac),
                     CMG_OK);
    ck_assert_int_eq(cmg__buf_add_char(&token, '.'), CMG_OK);
    ck_assert_int_eq(cmg__base64url_encode(&token, mac, sizeof mac), CMG_OK);
    ck_assert_int_eq(check_text(&d, token.data), CMG_E_AUTH);
    cmg__buf_done(&spki);
    cmg__buf_done(&token);
    desk_done(&d);
}
END_TEST

START_TEST(large_and_deep_tokens_are_refused)
{
    struct desk d;
    struct cmg__buf claims;

    desk_init(&d);
    cmg__buf_init(&claims, &cmg__alloc_libc, 1 << 20);
    ck_assert_int_eq(cmg__buf_add_str(&claims, "{\"x\":"), CMG_OK);
    for (int i = 0; i < 4000; i++)
        ck_assert_int_eq(cmg__buf_add_char(&claims, '['), CMG_OK);
    for (int i = 0; i < 4000; i++)
        ck_assert_int_eq(cmg__buf_add_char(&claims, ']'), CMG_OK);
    ck_assert_int_eq(cmg__buf_addf(&claims, ",%s", &GOOD_V2[1]), CMG_OK);
    ck_assert_int_eq(desk_check_claims(&d, HEADER, claims.data), CMG_E_AUTH);
    cmg__buf_clear(&claims);
    ck_assert_int_eq(cmg__buf_add_str(&claims, "{"), CMG_OK);
    for (int i = 0; i < 2000; i++)
        ck_assert_int_eq(cmg__buf_addf(&claims, "\"c%d\":%d,", i, i), CMG_OK);
    ck_assert_int_eq(cmg__buf_add_str(&claims, &GOOD_V2[1]), CMG_OK);
    ck_assert_int_eq(desk_check_claims(&d, HEADER, claims.data), CMG_E_AUTH);
    cmg__buf_done(&claims);
    desk_done(&d);
}
END_TEST

START_TEST(policy_without_client_list_or_scope_asks_for_neither)
{
    struct desk d;

    desk_init(&d);
    char *claims = desk_replaced(GOOD_V2, CLIENT, OTHER);
    d.policy.client_ids = NULL;
    ck_assert_int_eq(desk_check_claims(&d, HEADER, claims), CMG_OK);
    free(claims);
    claims = desk_replaced(GOOD_V2, "user_impersonation", "x");
    ck_assert_int_eq(desk_check_claims(&d, HEADER, claims), CMG_E_AUTH);
    d.policy.required_scope = NULL;
    ck_assert_int_eq(desk_check_claims(&d, HEADER, claims), CMG_OK);
    free(claims);
    desk_done(&d);
}
END_TEST

START_TEST(skew_is_capped_at_five_minutes)
{
    struct desk d;

    desk_init(&d);
    d.policy.skew_s = 100000;
    d.policy.now_unix_s = 1795395600 + 299;
    ck_assert_int_eq(desk_check_claims(&d, HEADER, GOOD_V2), CMG_OK);
    d.policy.now_unix_s = 1795395600 + 300;
    ck_assert_int_eq(desk_check_claims(&d, HEADER, GOOD_V2), CMG_E_AUTH);
    desk_done(&d);
}
END_TEST

START_TEST(a_made_token_is_a_good_one)
{
    struct desk d;
    struct cmg__jwt_identity who;
    struct cmg__json *claims = NULL;
    struct cmg__buf token;
    cmg_error *err = NULL;

    desk_init(&d);
    ck_ok(cmg__json_parse(&d.a.alloc, "claims", GOOD_V1, strlen(GOOD_V1), &claims, &err),
          err);
    cmg__buf_init_secret(&token, &d.a.alloc, 1 << 16);
    ck_ok(cmg__jwt_make(&d.a.alloc, &d.e.env, d.key, "key-1", claims, &token, &err), err);
    ck_assert_int_eq(desk_check(&d, token.data, token.len, &who), CMG_OK);
    cmg__buf_done(&token);
    cmg__json_unref(claims);
    desk_done(&d);
}
END_TEST

static cmg_status check_once(struct support_alloc *a, void *user)
{
    struct desk *d = user;
    struct cmg__jwt_identity who;
    struct cmg__jwks *jwks = NULL;
    struct cmg__buf token;
    char *set = desk_key_set(d->key, "key-1");

    desk_sign(d, HEADER, GOOD_V2, &token);
    cmg_status rc = cmg__jwks_parse(&a->alloc, set, strlen(set), &jwks, NULL);
    if (rc == CMG_OK)
        rc = cmg__jwt_check(&a->alloc, token.data, token.len, jwks, &d->policy, &who,
                            NULL);
    cmg__jwks_free(jwks);
    cmg__buf_done(&token);
    free(set);
    return rc;
}

START_TEST(checking_survives_every_failed_allocation)
{
    struct desk d;

    desk_init(&d);
    support_torture(check_once, &d, 1);
    desk_done(&d);
}
END_TEST

#define LOOP(tc, test, table) tcase_add_loop_test(tc, test, 0, (int)CMG__ARRAY_LEN(table))

int main(void)
{
    Suite *suite = suite_create("jwt");
    TCase *good = tcase_create("accepted");
    TCase *attacks = tcase_create("attacks");

    LOOP(good, a_good_token_gives_the_identity, good_claims);
    tcase_add_test(good, a_made_token_is_a_good_one);
    tcase_add_test(good, policy_without_client_list_or_scope_asks_for_neither);
    tcase_add_test(good, checking_survives_every_failed_allocation);
    LOOP(attacks, headers_are_held_to_the_letter, header_cases);
    LOOP(attacks, claims_are_held_to_the_letter, claim_cases);
    tcase_add_test(attacks, other_forms_of_a_good_token_are_refused);
    tcase_add_test(attacks, a_changed_signature_is_refused);
    tcase_add_test(attacks, a_token_signed_by_another_key_is_refused);
    tcase_add_test(attacks, the_public_key_as_a_secret_is_refused);
    tcase_add_test(attacks, large_and_deep_tokens_are_refused);
    tcase_add_test(attacks, skew_is_capped_at_five_minutes);
    suite_add_tcase(suite, good);
    suite_add_tcase(suite, attacks);
    return support_run((Suite *const[]){ suite, NULL });
}
