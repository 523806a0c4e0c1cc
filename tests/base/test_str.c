/* Text, numbers, GUIDs, times, base64. */
#include <string.h>

#include "base/base64.h"
#include "base/str.h"
#include "support/support.h"

static const struct {
    const char *text;
    bool ok;
    uint64_t value;
} numbers[] = {
    { "0", true, 0 },
    { "18446744073709551615", true, UINT64_MAX },
    { "18446744073709551616", false, 0 },
    { "99999999999999999999", false, 0 },
    { "", false, 0 },
    { "+5", false, 0 },
    { "-1", false, 0 },
    { " 5", false, 0 },
    { "5 ", false, 0 },
    { "0x5", false, 0 },
    { "007", true, 7 },
};

START_TEST(decimal_numbers_are_digits_only_and_do_not_overflow)
{
    uint64_t value = 12345;
    bool ok = cmg__parse_u64(numbers[_i].text, strlen(numbers[_i].text), &value);

    ck_assert_int_eq(ok, numbers[_i].ok);
    ck_assert_uint_eq(value, ok ? numbers[_i].value : 12345);
}
END_TEST

START_TEST(hexadecimal_numbers_have_one_to_sixteen_digits)
{
    uint64_t value = 0;

    ck_assert(cmg__parse_hex("fFfFfFfFfFfFfFfF", 16, &value));
    ck_assert_uint_eq(value, UINT64_MAX);
    ck_assert(!cmg__parse_hex("10000000000000000", 17, &value));
    ck_assert(!cmg__parse_hex("", 0, &value));
    ck_assert(!cmg__parse_hex("1g", 2, &value));
}
END_TEST

static const struct {
    const char *text;
    bool ok;
} guids[] = {
    { "7d6f2c1e-5b0a-4c8e-9f34-2a1b3c4d5e6f", true },
    { "7D6F2C1E-5B0A-4C8E-9F34-2A1B3C4D5E6F", true },
    { "7d6f2c1e-5b0a-4c8e-9f34-2a1b3c4d5e6", false },
    { "7d6f2c1e-5b0a-4c8e-9f34-2a1b3c4d5e6f0", false },
    { "7d6f2c1e5b0a-4c8e-9f34-2a1b3c4d5e6f-", false },
    { "{d6f2c1e-5b0a-4c8e-9f34-2a1b3c4d5e6}", false },
    { "", false },
    { NULL, false },
};

START_TEST(a_guid_has_its_dashes_in_their_places)
{
    ck_assert_int_eq(cmg__guid_is_valid(guids[_i].text), guids[_i].ok);
}
END_TEST

START_TEST(a_random_guid_says_version_four)
{
    uint8_t random[16];
    char text[CMG__GUID_SIZE];

    memset(random, 0xff, sizeof random);
    cmg__guid_format(random, text);
    ck_assert_str_eq(text, "ffffffff-ffff-4fff-bfff-ffffffffffff");
    ck_assert(cmg__guid_is_valid(text));
}
END_TEST

static const struct {
    const char *text;
    bool ok;
    int64_t unix_s;
} times[] = {
    { "1970-01-01T00:00:00Z", true, 0 },
    { "2026-11-23T10:00:00Z", true, 1795428000 },
    { "2026-11-23T10:00:00.1234567Z", true, 1795428000 },
    { "2026-11-23T12:00:00+02:00", true, 1795428000 },
    { "2026-11-23t08:30:00-01:30", true, 1795428000 },
    { "2000-02-29T23:59:59Z", true, 951868799 },
    { "1969-12-31T23:59:59Z", true, -1 },
    { "2026-02-29T00:00:00Z", false, 0 },
    { "2026-13-01T00:00:00Z", false, 0 },
    { "2026-00-01T00:00:00Z", false, 0 },
    { "2026-11-23T24:00:00Z", false, 0 },
    { "2026-11-23 10:00:00Z", false, 0 },
    { "2026-11-23T10:00:00", false, 0 },
    { "2026-11-23T10:00:00Zx", false, 0 },
    { "2026-11-23T10:00:00+25:00", false, 0 },
    { "", false, 0 },
};

START_TEST(times_are_read_as_iso_8601)
{
    int64_t value = 0;

    ck_assert_int_eq(cmg__time_parse(times[_i].text, &value), times[_i].ok);
    if (times[_i].ok)
        ck_assert_int_eq(value, times[_i].unix_s);
}
END_TEST

START_TEST(times_survive_writing_and_reading)
{
    for (int64_t t = -5000000000; t < 20000000000; t += 86399 * 37) {
        char text[CMG__TIME_SIZE];
        int64_t back = 0;

        cmg__time_format(t, text);
        ck_assert_msg(cmg__time_parse(text, &back), "%s", text);
        ck_assert_int_eq(back, t);
    }
}
END_TEST

START_TEST(comparison_ignores_ascii_case_only)
{
    ck_assert(cmg__str_ieq("CCM_Proxy", "ccm_PROXY"));
    ck_assert(!cmg__str_ieq("CCM_Proxy", "ccm_PROXYx"));
    ck_assert(!cmg__str_ieq("\xc4", "\xe4"));
    ck_assert(cmg__str_istarts("Bearer abc", "bearer "));
    ck_assert(cmg__str_iends("x.Vault.Azure.NET", ".vault.azure.net"));
    ck_assert(!cmg__str_iends("net", ".vault.azure.net"));
}
END_TEST

static const struct {
    const char *text;
    size_t n;
    bool ok;
} utf8[] = {
    { "plain", 5, true },         { "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", 9, true },
    { "\xc0\x80", 2, false },     { "\xe0\x80\x80", 3, false },
    { "\xed\xa0\x80", 3, false }, { "\xf4\x90\x80\x80", 4, false },
    { "\xe2\x82", 2, false },     { "\x80", 1, false },
    { "a\0b", 3, false },
};

START_TEST(utf_8_must_be_well_formed)
{
    ck_assert_int_eq(cmg__utf8_is_valid(utf8[_i].text, utf8[_i].n), utf8[_i].ok);
}
END_TEST

static const struct {
    const char *plain;
    const char *std;
    const char *url;
} vectors[] = {
    { "", "", "" },
    { "f", "Zg==", "Zg" },
    { "fo", "Zm8=", "Zm8" },
    { "foo", "Zm9v", "Zm9v" },
    { "foob", "Zm9vYg==", "Zm9vYg" },
    { "\xfb\xff\xfe", "+//+", "-__-" },
};

START_TEST(base64_goes_there_and_back)
{
    struct cmg__buf out;

    cmg__buf_init(&out, &cmg__alloc_libc, 100);
    ck_assert_int_eq(
        cmg__base64_encode(&out, vectors[_i].plain, strlen(vectors[_i].plain)), CMG_OK);
    ck_assert_str_eq(cmg__buf_cstr(&out), vectors[_i].std);
    cmg__buf_clear(&out);
    ck_assert_int_eq(cmg__base64_decode(&out, vectors[_i].std, strlen(vectors[_i].std)),
                     CMG_OK);
    ck_assert_str_eq(cmg__buf_cstr(&out), vectors[_i].plain);
    cmg__buf_clear(&out);
    ck_assert_int_eq(
        cmg__base64url_encode(&out, vectors[_i].plain, strlen(vectors[_i].plain)),
        CMG_OK);
    ck_assert_str_eq(cmg__buf_cstr(&out), vectors[_i].url);
    cmg__buf_clear(&out);
    ck_assert_int_eq(
        cmg__base64url_decode(&out, vectors[_i].url, strlen(vectors[_i].url)), CMG_OK);
    ck_assert_str_eq(cmg__buf_cstr(&out), vectors[_i].plain);
    cmg__buf_done(&out);
}
END_TEST

static const char *const not_base64[] = {
    "Zg", "Zg=", "Zh==", "Zm9=", "Zg==\n", "Z g=", "=Zg=", "Zm9v=", "-__-", "Zm9vYg==Zg=="
};
static const char *const not_base64url[] = { "Zg==", "Zh",   "Zm9",   "+//+",
                                             "Z",    "Zm 8", "Zm9v\n" };

START_TEST(base64_that_is_not_canonical_is_refused)
{
    struct cmg__buf out;

    cmg__buf_init(&out, &cmg__alloc_libc, 100);
    ck_assert_int_eq(cmg__buf_add_str(&out, "kept"), CMG_OK);
    ck_assert_int_eq(cmg__base64_decode(&out, not_base64[_i], strlen(not_base64[_i])),
                     CMG_E_PARSE);
    ck_assert_str_eq(cmg__buf_cstr(&out), "kept");
    cmg__buf_done(&out);
}
END_TEST

START_TEST(base64url_that_is_not_canonical_is_refused)
{
    struct cmg__buf out;

    cmg__buf_init(&out, &cmg__alloc_libc, 100);
    ck_assert_int_eq(
        cmg__base64url_decode(&out, not_base64url[_i], strlen(not_base64url[_i])),
        CMG_E_PARSE);
    ck_assert_uint_eq(out.len, 0);
    cmg__buf_done(&out);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("str");
    TCase *text = tcase_create("text");
    TCase *time = tcase_create("time");
    TCase *base64 = tcase_create("base64");

    tcase_add_loop_test(text, decimal_numbers_are_digits_only_and_do_not_overflow, 0,
                        CMG__ARRAY_LEN(numbers));
    tcase_add_test(text, hexadecimal_numbers_have_one_to_sixteen_digits);
    tcase_add_loop_test(text, a_guid_has_its_dashes_in_their_places, 0,
                        CMG__ARRAY_LEN(guids));
    tcase_add_test(text, a_random_guid_says_version_four);
    tcase_add_test(text, comparison_ignores_ascii_case_only);
    tcase_add_loop_test(text, utf_8_must_be_well_formed, 0, CMG__ARRAY_LEN(utf8));
    tcase_add_loop_test(time, times_are_read_as_iso_8601, 0, CMG__ARRAY_LEN(times));
    tcase_add_test(time, times_survive_writing_and_reading);
    tcase_add_loop_test(base64, base64_goes_there_and_back, 0, CMG__ARRAY_LEN(vectors));
    tcase_add_loop_test(base64, base64_that_is_not_canonical_is_refused, 0,
                        CMG__ARRAY_LEN(not_base64));
    tcase_add_loop_test(base64, base64url_that_is_not_canonical_is_refused, 0,
                        CMG__ARRAY_LEN(not_base64url));
    suite_add_tcase(s, text);
    suite_add_tcase(s, time);
    suite_add_tcase(s, base64);
    return s;
}

int main(void)
{
    Suite *suites[] = { suite(), NULL };

    return support_run(suites);
}
