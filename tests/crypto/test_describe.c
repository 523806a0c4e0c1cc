/*
 * Text about certificates: the columns, and that no content can forge a line, hide
 * itself or turn the reading direction.
 */
#include "support/support.h"

#include "crypto/describe.h"

#include <stdio.h>
#include <string.h>

static const struct escape_case {
    const char *name;
    const char *in;
    size_t n; /* 0: strlen */
    const char *out;
} escape_cases[] = {
    { "plain text", "CN=gw.contoso.com", 0, "CN=gw.contoso.com" },
    { "letters beyond ASCII", "M\xc3\xbcnchen", 0, "M\xc3\xbcnchen" },
    { "a character of four bytes", "\xf0\x9f\x94\x91", 0, "\xf0\x9f\x94\x91" },
    { "a new line", "a\nserial  00", 0, "a\\x0aserial  00" },
    { "carriage return", "a\rb", 0, "a\\x0db" },
    { "tabulator", "a\tb", 0, "a\\x09b" },
    { "escape sequence of a terminal", "\x1b[2K", 0, "\\x1b[2K" },
    { "delete", "a\x7f", 0, "a\\x7f" },
    { "zero byte", "a\0b", 3, "a\\x00b" },
    { "next line, a C1 control", "a\xc2\x85z", 0, "a\\xc2\\x85z" },
    { "last C1 control", "\xc2\x9f", 0, "\\xc2\\x9f" },
    { "no-break space is shown", "\xc2\xa0", 0, "\xc2\xa0" },
    { "soft hyphen", "a\xc2\xadz", 0, "a\\xc2\\xadz" },
    { "Arabic letter mark", "\xd8\x9c", 0, "\\xd8\\x9c" },
    { "zero width space", "a\xe2\x80\x8bz", 0, "a\\xe2\\x80\\x8bz" },
    { "right-to-left mark", "\xe2\x80\x8f", 0, "\\xe2\\x80\\x8f" },
    { "a dash beside the marks is shown", "\xe2\x80\x93", 0, "\xe2\x80\x93" },
    { "line separator", "\xe2\x80\xa8", 0, "\\xe2\\x80\\xa8" },
    { "paragraph separator", "\xe2\x80\xa9", 0, "\\xe2\\x80\\xa9" },
    { "right-to-left override", "gw\xe2\x80\xaemoc", 0, "gw\\xe2\\x80\\xaemoc" },
    { "isolate", "\xe2\x81\xa6", 0, "\\xe2\\x81\\xa6" },
    { "byte order mark", "\xef\xbb\xbfz", 0, "\\xef\\xbb\\xbfz" },
    { "tag character", "\xf3\xa0\x81\x81", 0, "\\xf3\\xa0\\x81\\x81" },
    { "a byte that begins nothing", "\xff", 0, "\\xff" },
    { "a byte that continues nothing", "\x80z", 0, "\\x80z" },
    { "an overlong slash", "\xc0\xaf", 0, "\\xc0\\xaf" },
    { "a surrogate", "\xed\xa0\x80", 0, "\\xed\\xa0\\x80" },
    { "cut at the end", "a\xe2\x82", 0, "a\\xe2\\x82" },
    { "nothing", "", 0, "" },
};

static struct cmg__buf out;
static struct cmg__describe d;

static void setup(void)
{
    cmg__buf_init(&out, &cmg__alloc_libc, CMG__DESCRIBE_MAX);
    cmg__describe_init(&d, &out);
}

static void teardown(void)
{
    cmg__buf_done(&out);
}

START_TEST(text_from_outside_is_escaped)
{
    const struct escape_case *c = &escape_cases[_i];
    char want[128];

    cmg__describe_text(&d, "label", c->in, c->n > 0 ? c->n : strlen(c->in));
    (void)snprintf(want, sizeof want, "%-22s%s\n", "label", c->out);
    ck_assert_msg(strcmp(cmg__buf_cstr(&out), want) == 0, "%s: %s", c->name, out.data);
    ck_assert_int_eq(d.rc, CMG_OK);
}
END_TEST

START_TEST(formatted_text_is_escaped_as_well)
{
    const struct escape_case *c = &escape_cases[_i];
    char want[256];

    if (c->n > 0)
        return; /* a zero byte ends what %s gives */
    cmg__describe_title(&d, "%s", c->in);
    cmg__describe_line(&d, "label", "%s", c->in);
    (void)snprintf(want, sizeof want, "%s\n  %-22s%s\n", c->out, "label", c->out);
    ck_assert_msg(strcmp(cmg__buf_cstr(&out), want) == 0, "%s: %s", c->name, out.data);
}
END_TEST

START_TEST(lines_stand_in_columns_below_their_title)
{
    const uint8_t bytes[] = { 0x01, 0xab, 0xff };

    cmg__describe_title(&d, "Certificate %d", 1);
    cmg__describe_hex(&d, "serial number", cmg__span_of(bytes, sizeof bytes));
    cmg__describe_time(&d, "valid from", INT64_C(1795392000));
    cmg__describe_title(&d, "Extensions");
    cmg__describe_line(&d, "a label that is longer than its column", "%s", "x");
    cmg__describe_hex(&d, "nothing", cmg__span_of(bytes, 0));
    cmg__describe_end(&d);
    cmg__describe_line(&d, "key", "%s %u", "RSA", 2048U);
    cmg__describe_end(&d);
    cmg__describe_end(&d);
    cmg__describe_line(&d, "end", "%s", "");
    ck_assert_str_eq(cmg__buf_cstr(&out), "Certificate 1\n"
                                          "  serial number         01:ab:ff\n"
                                          "  valid from            2026-11-23T00:00:00Z\n"
                                          "  Extensions\n"
                                          "    a label that is longer than its column x\n"
                                          "    nothing               \n"
                                          "  key                   RSA 2048\n"
                                          "end                   \n");
}
END_TEST

START_TEST(long_bytes_are_cut_and_counted)
{
    uint8_t bytes[65] = { 0 };

    cmg__describe_hex(&d, "key", cmg__span_of(bytes, 64));
    ck_assert_ptr_null(strstr(out.data, "..."));
    cmg__describe_hex(&d, "key", cmg__span_of(bytes, 65));
    ck_assert_ptr_nonnull(strstr(out.data, "00... (65 bytes)\n"));
}
END_TEST

START_TEST(the_first_failure_sticks)
{
    cmg__buf_done(&out);
    cmg__buf_init(&out, &cmg__alloc_libc, 30);
    cmg__describe_text(&d, "label", "12345678", 8);
    ck_assert_int_eq(d.rc, CMG_E_LIMIT);
    const size_t len = out.len;
    cmg__describe_text(&d, "", "", 0);
    cmg__describe_line(&d, "", "%s", "x");
    cmg__describe_title(&d, "x");
    ck_assert_int_eq(d.rc, CMG_E_LIMIT);
    ck_assert_uint_eq(out.len, len);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("describe");
    TCase *text = tcase_create("text");

    tcase_add_checked_fixture(text, setup, teardown);
    tcase_add_loop_test(text, text_from_outside_is_escaped, 0,
                        (int)CMG__ARRAY_LEN(escape_cases));
    tcase_add_loop_test(text, formatted_text_is_escaped_as_well, 0,
                        (int)CMG__ARRAY_LEN(escape_cases));
    tcase_add_test(text, lines_stand_in_columns_below_their_title);
    tcase_add_test(text, long_bytes_are_cut_and_counted);
    tcase_add_test(text, the_first_failure_sticks);
    suite_add_tcase(suite, text);
    return support_run((Suite *const[]){ suite, NULL });
}
