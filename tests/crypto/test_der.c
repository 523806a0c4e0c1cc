/*
 * DER and BER: what is written, what is refused on reading, what the pre-pass makes of
 * indefinite lengths and strings in pieces. Bytes are given as hexadecimal text.
 */
#include "support/support.h"

#include "crypto/ber.h"
#include "crypto/hash.h"

#include <string.h>

static size_t bytes_of(const char *hex, uint8_t *out)
{
    const size_t n = strlen(hex) / 2;

    ck_assert(cmg__hex_parse(hex, n, out));
    return n;
}

static const struct ber_case {
    const char *in;
    const char *out;
    cmg_status status;
} ber_cases[] = {
    { "0500", "0500", CMG_OK },
    { "3003020105", "3003020105", CMG_OK },
    { "30800201050000", "3003020105", CMG_OK },
    { "30820003020105", "3003020105", CMG_OK }, /* length with leading zero */
    { "308101ff", "", CMG_E_PARSE },
    { "2480040161040262630000", "0403616263", CMG_OK },
    { "240704016104026263", "0403616263", CMG_OK },
    { "24802480040161000004016200000000", "", CMG_E_PARSE }, /* bytes behind the end */
    { "2480248004016100000401620000", "04026162", CMG_OK },
    { "24800201050000", "", CMG_E_PARSE }, /* a piece of another type */
    { "a0800401610000", "a003040161", CMG_OK },
    { "0480", "", CMG_E_PARSE }, /* indefinite, but primitive */
    { "3080020105", "", CMG_E_PARSE },
    { "308002010500", "", CMG_E_PARSE },
    { "1f0100", "", CMG_E_PARSE }, /* long tag */
    { "0000", "", CMG_E_PARSE },
    { "", "", CMG_E_PARSE },
    { "30", "", CMG_E_PARSE },
    { "05000500", "", CMG_E_PARSE },
    { "3089ffffffffffffffffff", "", CMG_E_PARSE },
    { "3088ffffffffffffffff", "", CMG_E_PARSE },
    { "30203020", "", CMG_E_PARSE },
};

START_TEST(ber_becomes_der)
{
    const struct ber_case *c = &ber_cases[_i];
    uint8_t in[64];
    uint8_t want[64];
    struct cmg__buf out;

    const size_t n = bytes_of(c->in, in);
    const size_t m = bytes_of(c->out, want);
    cmg__buf_init(&out, &cmg__alloc_libc, 1024);
    ck_assert_int_eq(cmg__ber_to_der(cmg__span_of(in, n), &out), c->status);
    if (c->status == CMG_OK) {
        ck_assert_uint_eq(out.len, m);
        ck_assert_mem_eq(out.data, want, m);
    }
    cmg__buf_done(&out);
}
END_TEST

START_TEST(depth_has_a_limit)
{
    uint8_t in[64];
    struct cmg__buf out;

    cmg__buf_init(&out, &cmg__alloc_libc, 1024);
    for (size_t i = 0; i < sizeof in; i += 2) {
        in[i] = 0x30;
        in[i + 1] = 0x80;
    }
    ck_assert_int_eq(cmg__ber_to_der(cmg__span_of(in, sizeof in), &out), CMG_E_LIMIT);
    cmg__buf_done(&out);
}
END_TEST

static const struct der_case {
    const char *in;
    bool taken;
} der_cases[] = {
    { "0500", true },
    { "04817f", false },           /* long form of a short length */
    { "0482000161", false },       /* leading zero in the length */
    { "0480", false },             /* indefinite */
    { "0485000000000161", false }, /* five octets of length */
    { "0403616", false },          /* odd text: two bytes of three */
    { "1f8100", false },           /* long tag */
    { "0000", false },
    { "04", false },
};

START_TEST(der_is_read_strictly)
{
    const struct der_case *c = &der_cases[_i];
    uint8_t bytes[64];
    struct cmg__der_item item;

    struct cmg__span in = cmg__span_of(bytes, bytes_of(c->in, bytes));
    const size_t before = in.n;
    ck_assert_int_eq(cmg__der_next(&in, &item), c->taken);
    ck_assert_uint_eq(in.n, c->taken ? 0 : before);
}
END_TEST

START_TEST(lengths_of_every_form_are_written_and_read)
{
    static const size_t lengths[] = { 0, 1, 127, 128, 255, 256, 65535, 65536, 70000 };
    static uint8_t bytes[70000];
    struct cmg__buf out;
    struct cmg__der_writer w;
    struct cmg__span content;

    cmg__buf_init(&out, &cmg__alloc_libc, 200000);
    for (size_t i = 0; i < CMG__ARRAY_LEN(lengths); i++) {
        cmg__buf_clear(&out);
        memset(bytes, (int)i + 1, sizeof bytes);
        cmg__der_write_init(&w, &out);
        const size_t outer = cmg__der_open(&w, CMG__DER_SEQUENCE);
        cmg__der_put(&w, CMG__DER_OCTET_STRING, bytes, lengths[i]);
        cmg__der_close(&w, outer);
        ck_assert_int_eq(w.rc, CMG_OK);
        struct cmg__span in = cmg__span_of(out.data, out.len);
        ck_assert(cmg__der_take(&in, CMG__DER_SEQUENCE, &content) && in.n == 0);
        in = content;
        ck_assert(cmg__der_take(&in, CMG__DER_OCTET_STRING, &content) && in.n == 0);
        ck_assert(cmg__span_eq(content, cmg__span_of(bytes, lengths[i])));
    }
    cmg__buf_done(&out);
}
END_TEST

static const struct time_case {
    int64_t unix_s;
    const char *text;
} time_cases[] = {
    { 0, "\x17\x0d"
         "700101000000Z" },
    { 1795392000, "\x17\x0d"
                  "261123000000Z" },
    { 2524607999, "\x17\x0d"
                  "491231235959Z" },
    { 2524608000, "\x18\x0f"
                  "20500101000000Z" },
};

START_TEST(times_change_their_form_in_2050)
{
    const struct time_case *c = &time_cases[_i];
    struct cmg__buf out;
    struct cmg__der_writer w;
    int64_t back = -1;

    cmg__buf_init(&out, &cmg__alloc_libc, 64);
    cmg__der_write_init(&w, &out);
    cmg__der_put_time(&w, c->unix_s);
    ck_assert_int_eq(w.rc, CMG_OK);
    ck_assert_str_eq(cmg__buf_cstr(&out), c->text);
    struct cmg__span in = cmg__span_of(out.data, out.len);
    ck_assert(cmg__der_take_time(&in, &back));
    ck_assert_int_eq(back, c->unix_s);
    cmg__buf_done(&out);
}
END_TEST

static const char *const bad_times[] = {
    "\x17\x0b"
    "7001010000Z",
    "\x17\x0d"
    "701301000000Z",
    "\x17\x0d"
    "7001010000000",
    "\x17\x0d"
    "70010100000xZ",
    "\x18\x0f"
    "20260230000000Z",
    "\x18\x0d"
    "700101000000Z",
    "\x04\x0d"
    "700101000000Z",
};

START_TEST(malformed_times_are_refused)
{
    struct cmg__span in = cmg__span_of(bad_times[_i], strlen(bad_times[_i]));
    int64_t out;

    ck_assert(!cmg__der_take_time(&in, &out));
}
END_TEST

START_TEST(numbers_are_minimal_and_not_negative)
{
    static const struct {
        const char *in;
        bool taken;
        uint32_t value;
    } cases[] = {
        { "020100", true, 0 },          { "02017f", true, 127 },
        { "02020080", true, 128 },      { "02020001", false, 0 },
        { "020180", false, 0 },         { "0200", false, 0 },
        { "02050100000000", false, 0 }, { "020500ffffffff", true, UINT32_MAX },
    };

    for (size_t i = 0; i < CMG__ARRAY_LEN(cases); i++) {
        uint8_t bytes[16];
        uint32_t value = 0;
        struct cmg__span in = cmg__span_of(bytes, bytes_of(cases[i].in, bytes));

        ck_assert_msg(cmg__der_take_uint(&in, UINT32_MAX, &value) == cases[i].taken,
                      "case %zu", i);
        ck_assert_uint_eq(value, cases[i].value);
    }
}
END_TEST

START_TEST(identifiers_are_printed_in_dots)
{
    static const struct {
        const char *hex;
        const char *text;
    } cases[] = {
        { "550403", "2.5.4.3" },
        { "2a864886f70d010101", "1.2.840.113549.1.1.1" },
        { "2b0601040182371402", "1.3.6.1.4.1.311.20.2" },
        { "883703", "2.999.3" },
        { "", "#" },
    };

    for (size_t i = 0; i < CMG__ARRAY_LEN(cases); i++) {
        uint8_t bytes[16];
        char text[CMG__OID_TEXT_SIZE];

        cmg__oid_format(bytes, bytes_of(cases[i].hex, bytes), text);
        ck_assert_str_eq(text, cases[i].text);
    }
}
END_TEST

START_TEST(hashes_give_the_known_values)
{
    uint8_t digest[32];
    char hex[65];

    ck_assert_int_eq(cmg__sha256_hex("abc", 3, hex), CMG_OK);
    ck_assert_str_eq(hex,
                     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    ck_assert_int_eq(cmg__sha256_hex(NULL, 0, hex), CMG_OK);
    ck_assert_str_eq(hex,
                     "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    ck_assert_int_eq(cmg__sha1("abc", 3, digest), CMG_OK);
    cmg__hex_format(digest, 20, hex);
    ck_assert_str_eq(hex, "a9993e364706816aba3e25717850c26c9cd0d89d");
    ck_assert_int_eq(
        cmg__hmac_sha256("Jefe", 4, "what do ya want for nothing?", 28, digest), CMG_OK);
    cmg__hex_format(digest, 32, hex);
    ck_assert_str_eq(hex,
                     "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}
END_TEST

#define LOOP(tc, test, table) tcase_add_loop_test(tc, test, 0, (int)CMG__ARRAY_LEN(table))

int main(void)
{
    Suite *suite = suite_create("der");
    TCase *ber = tcase_create("ber");
    TCase *der = tcase_create("der");

    LOOP(ber, ber_becomes_der, ber_cases);
    tcase_add_test(ber, depth_has_a_limit);
    LOOP(der, der_is_read_strictly, der_cases);
    tcase_add_test(der, lengths_of_every_form_are_written_and_read);
    LOOP(der, times_change_their_form_in_2050, time_cases);
    LOOP(der, malformed_times_are_refused, bad_times);
    tcase_add_test(der, numbers_are_minimal_and_not_negative);
    tcase_add_test(der, identifiers_are_printed_in_dots);
    tcase_add_test(der, hashes_give_the_known_values);
    suite_add_tcase(suite, ber);
    suite_add_tcase(suite, der);
    return support_run((Suite *const[]){ suite, NULL });
}
