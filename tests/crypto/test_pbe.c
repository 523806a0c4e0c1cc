/*
 * What PFX files are encrypted with: the derivations, the forms of passwords and RC2,
 * against values of others.
 */
#include "support/support.h"

#include "base/str.h"
#include "crypto/pbe.h"
#include "crypto/rc2.h"

#include <string.h>

static const struct kdf_case {
    enum cmg__oid hash;
    unsigned id;
    const char *password;
    const char *hex;
} kdf_cases[] = {
    { CMG__OID_SHA256, 3, "password",
      "4f510e1b5428cb3a1b784ceee7b1a95670f60e825199c121bd1752ee9e1c83f2" },
    { CMG__OID_SHA1, 1, "password", "2a3a9c95b6ac4c49ebbf7a65976b1bbd5f0ffa69a1be2427" },
    { CMG__OID_SHA1, 2, "password", "995815de47373a76" },
    { CMG__OID_SHA256, 3, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
      "cc124c387217c1a851d5d93fb1a224eefde2333a94aca9c6c3204aacc70b550a" },
};
static const uint8_t test_salt[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };

START_TEST(the_pkcs12_derivation_gives_the_known_values)
{
    const struct kdf_case *c = &kdf_cases[_i];
    struct cmg__pbe_password password;
    uint8_t out[32];
    char hex[65];
    cmg_status rc;

    ck_assert(cmg__pbe_password_init(&password, &cmg__alloc_libc, c->password,
                                     CMG__PBE_UTF16, &rc));
    ck_assert_int_eq(rc, CMG_OK);
    const struct cmg__pkcs12_kdf kdf = { .hash = c->hash,
                                         .wide = &password.wide,
                                         .salt = { test_salt, sizeof test_salt },
                                         .iterations = 2048 };
    const size_t n = strlen(c->hex) / 2;
    ck_assert_int_eq(cmg__pkcs12_derive(&kdf, c->id, out, n), CMG_OK);
    cmg__hex_format(out, n, hex);
    ck_assert_str_eq(hex, c->hex);
    cmg__pbe_password_done(&password);
}
END_TEST

START_TEST(pbkdf2_gives_the_known_value)
{
    struct cmg__pbe_password password;
    uint8_t out[32];
    char hex[65];
    cmg_status rc;
    const struct cmg__pbkdf2 kdf = { .salt = { test_salt, sizeof test_salt },
                                     .iterations = 2048,
                                     .prf = CMG__OID_HMAC_SHA256 };

    ck_assert(cmg__pbe_password_init(&password, &cmg__alloc_libc, "password",
                                     CMG__PBE_UTF16, &rc));
    ck_assert_int_eq(cmg__pbkdf2_derive(&kdf, &password.utf8, out, sizeof out), CMG_OK);
    cmg__hex_format(out, sizeof out, hex);
    ck_assert_str_eq(hex,
                     "88741976b8f91388b88bc4f49733edd539657cf7351edbf16a4327c5404fab25");
    cmg__pbe_password_done(&password);
}
END_TEST

static const struct wide_case {
    const char *password;
    enum cmg__pbe_variant variant;
    bool used;
    const char *hex;
} wide_cases[] = {
    { "ab", CMG__PBE_UTF16, true, "006100620000" },
    { "\xc3\xa4", CMG__PBE_UTF16, true, "00e40000" },
    { "\xe2\x82\xac", CMG__PBE_UTF16, true, "20ac0000" },
    { "\xf0\x9f\x98\x80", CMG__PBE_UTF16, true, "d83dde000000" },
    { "\xc3\xa4", CMG__PBE_WIDENED, true, "00c300a40000" },
    { "ab", CMG__PBE_WIDENED, false, "" },
    { "ab", CMG__PBE_BARE, false, "" },
    { "", CMG__PBE_UTF16, true, "0000" },
    { "", CMG__PBE_BARE, true, "" },
    { NULL, CMG__PBE_BARE, true, "" },
    { "\xff", CMG__PBE_UTF16, false, "" },
};

START_TEST(passwords_take_the_form_of_the_variant)
{
    const struct wide_case *c = &wide_cases[_i];
    struct cmg__pbe_password password;
    char hex[64] = "";
    cmg_status rc;

    ck_assert_int_eq(
        cmg__pbe_password_init(&password, &cmg__alloc_libc, c->password, c->variant, &rc),
        c->used);
    ck_assert_int_eq(rc, CMG_OK);
    if (password.wide.len > 0)
        cmg__hex_format(password.wide.data, password.wide.len, hex);
    ck_assert_str_eq(hex, c->hex);
    cmg__pbe_password_done(&password);
}
END_TEST

/* RFC 2268, section 5: one block each, so that CBC under a zero IV is ECB. */
static const struct rc2_case {
    unsigned bits;
    const char *key;
    const char *plain;
    const char *cipher;
} rc2_cases[] = {
    { 63, "0000000000000000", "0000000000000000", "ebb773f993278eff" },
    { 64, "ffffffffffffffff", "ffffffffffffffff", "278b27e42e2f0d49" },
    { 64, "3000000000000000", "1000000000000001", "30649edf9be7d2c2" },
    { 64, "88", "0000000000000000", "61a8a244adacccf0" },
    { 64, "88bca90e90875a", "0000000000000000", "6ccf4308974c267f" },
    { 64, "88bca90e90875a7f0f79c384627bafb2", "0000000000000000", "1a807d272bbe5db1" },
    { 128, "88bca90e90875a7f0f79c384627bafb2", "0000000000000000", "2269552ab0f85ca6" },
    { 129, "88bca90e90875a7f0f79c384627bafb216f80a6f85920584c42fceb0be255daf1e",
      "0000000000000000", "5b78d3a43dfff1f1" },
};

START_TEST(rc2_undoes_the_known_blocks)
{
    static const uint8_t zero[8];
    const struct rc2_case *c = &rc2_cases[_i];
    uint8_t key[64];
    uint8_t block[8];
    char hex[17];
    const size_t key_len = strlen(c->key) / 2;

    ck_assert(cmg__hex_parse(c->key, key_len, key));
    ck_assert(cmg__hex_parse(c->cipher, sizeof block, block));
    cmg__rc2_cbc_decrypt(key, key_len, c->bits, zero, block, sizeof block, block);
    cmg__hex_format(block, sizeof block, hex);
    ck_assert_str_eq(hex, c->plain);
}
END_TEST

/* The first bytes of the known values; none of them is zero. */
static const struct {
    bool pbkdf2;
    const char *start;
} wiped_cases[] = {
    { false, "\x4f\x51\x0e\x1b\x54\x28\xcb\x3a" },
    { true, "\x88\x74\x19\x76\xb8\xf9\x13\x88" },
};

START_TEST(derived_keys_are_wiped_before_memory_goes_back)
{
    struct cmg__pbe_password password;
    struct support_alloc a;
    uint8_t out[32];
    cmg_status rc;

    support_alloc_init(&a);
    a.canary = wiped_cases[_i].start;
    ck_assert(
        cmg__pbe_password_init(&password, &a.alloc, "password", CMG__PBE_UTF16, &rc));
    const struct cmg__pkcs12_kdf old = { .hash = CMG__OID_SHA256,
                                         .wide = &password.wide,
                                         .salt = { test_salt, sizeof test_salt },
                                         .iterations = 2048 };
    const struct cmg__pbkdf2 kdf = { .salt = { test_salt, sizeof test_salt },
                                     .iterations = 2048,
                                     .prf = CMG__OID_HMAC_SHA256 };
    if (wiped_cases[_i].pbkdf2)
        rc = cmg__pbkdf2_derive(&kdf, &password.utf8, out, sizeof out);
    else
        rc = cmg__pkcs12_derive(&old, 3, out, sizeof out);
    ck_assert_int_eq(rc, CMG_OK);
    ck_assert_mem_eq(out, a.canary, strlen(a.canary));
    cmg__pbe_password_done(&password);
    ck_assert(!a.canary_seen);
    ck_assert_uint_eq(a.live, 0);
}
END_TEST

START_TEST(iterations_are_bounded_each_and_in_sum)
{
    struct cmg__pbe_budget budget = { .left = CMG__PBE_WORK_MAX };

    ck_assert(!cmg__pbe_spend(&budget, CMG__PBE_ITERATIONS_MAX + 1));
    ck_assert(cmg__pbe_spend(&budget, CMG__PBE_ITERATIONS_MAX));
    ck_assert(cmg__pbe_spend(&budget, CMG__PBE_WORK_MAX - CMG__PBE_ITERATIONS_MAX));
    ck_assert(!cmg__pbe_spend(&budget, 1));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pbe");
    TCase *kdf = tcase_create("derivation");

    tcase_add_loop_test(kdf, the_pkcs12_derivation_gives_the_known_values, 0,
                        (int)CMG__ARRAY_LEN(kdf_cases));
    tcase_add_test(kdf, pbkdf2_gives_the_known_value);
    tcase_add_loop_test(kdf, passwords_take_the_form_of_the_variant, 0,
                        (int)CMG__ARRAY_LEN(wide_cases));
    tcase_add_loop_test(kdf, rc2_undoes_the_known_blocks, 0,
                        (int)CMG__ARRAY_LEN(rc2_cases));
    tcase_add_loop_test(kdf, derived_keys_are_wiped_before_memory_goes_back, 0,
                        (int)CMG__ARRAY_LEN(wiped_cases));
    tcase_add_test(kdf, iterations_are_bounded_each_and_in_sum);
    suite_add_tcase(suite, kdf);
    return support_run((Suite *const[]){ suite, NULL });
}
