/*
 * Revocation lists that are none: each part broken by itself, cut at every length, and
 * larger than the limits.
 */
#include "crypto/lister.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/crl_data.h"

static void extend_all(struct lister *l)
{
    lister_extend(l, LISTER_NUMBER, false, "02020a1b");
    lister_extend(l, LISTER_AKI, false, "30068004deadbeef");
    lister_extend(l, LISTER_POINT, true, "30078101ff83020640");
}

static void expect_refusal(const struct cmg__buf *der, cmg_status status,
                           const char *words)
{
    struct support_alloc a;
    struct cmg__crl *crl = NULL;
    cmg_error *err = NULL;

    support_alloc_init(&a);
    ck_assert_int_eq(cmg__crl_parse(&a.alloc, der->data, der->len, &crl, &err), status);
    ck_assert_ptr_null(crl);
    ck_assert_str_eq(cmg_error_subject(err), "revocation list");
    ck_assert_str_ne(cmg_error_remedy(err), "");
    ck_assert_msg(strstr(cmg_error_message(err), words) != NULL, "no \"%s\" in \"%s\"",
                  words, cmg_error_message(err));
    cmg_error_unref(err);
    ck_assert_uint_eq(a.live, 0);
}

static const struct bad_extension {
    const char *oid;
    const char *value;
    const char *words;
} bad_extensions[] = {
    { LISTER_NUMBER, "0201ff", "cRLNumber" },
    { LISTER_NUMBER, "02020001", "cRLNumber" },
    { LISTER_NUMBER, "02010100", "cRLNumber" },
    { LISTER_NUMBER, "021501ffffffffffffffffffffffffffffffffffffffff", "cRLNumber" },
    { LISTER_NUMBER, "0400", "cRLNumber" },
    { LISTER_DELTA, "0201", "deltaCRLIndicator" },
    { LISTER_DELTA, "020180", "deltaCRLIndicator" },
    { LISTER_AKI, "0401", "authorityKeyIdentifier" },
    { LISTER_AKI, "3003810161", "authorityKeyIdentifier" },
    { LISTER_POINT, "3003810101", "issuingDistributionPoint" },
    { LISTER_POINT, "30068101ff8201ff", "issuingDistributionPoint" },
    { LISTER_POINT, "30068201ff8501ff", "issuingDistributionPoint" },
    { LISTER_POINT, "30068401ff8101ff", "issuingDistributionPoint" },
    { LISTER_POINT, "3004a0028600", "issuingDistributionPoint" },
    { LISTER_POINT, "3004a002a000", "issuingDistributionPoint" },
    { LISTER_POINT, "30028300", "issuingDistributionPoint" },
    { LISTER_POINT, "300483020840", "issuingDistributionPoint" },
    { LISTER_POINT, "300483020741", "issuingDistributionPoint" },
    { LISTER_POINT, "300483020640", "" }, /* good: the neighbour of the last one */
    { LISTER_POINT, "30038101ff00", "issuingDistributionPoint" },
    { "551d12", "3000", "issuerAltName" },
    { "551d2e", "3000", "freshestCRL" },
    { "551d2e", "3003820161aa", "freshestCRL" },
    { "2b0601040182371501", "0201ff", "caVersion" },
    { "2b0601040182371504", "170b323631313238303030305a", "crlNextPublish" },
};

START_TEST(a_malformed_extension_is_named)
{
    const struct bad_extension *c = &bad_extensions[_i];
    struct lister l;
    struct cmg__buf der;
    struct cmg__crl *crl = NULL;

    lister_init(&l);
    lister_extend(&l, c->oid, false, c->value);
    lister_write(&l, &der);
    if (c->words[0] != '\0')
        expect_refusal(&der, CMG_E_PARSE, c->words);
    else
        ck_assert_int_eq(cmg__crl_parse(&cmg__alloc_libc, der.data, der.len, &crl, NULL),
                         CMG_OK);
    cmg__crl_free(crl);
    cmg__buf_done(&der);
    lister_done(&l);
}
END_TEST

static const struct bad_entry {
    struct listed entry;
    const char *words;
} bad_entries[] = {
    { { .serial = "", .reason = -1 },
      "entry 2 of the revocation list is malformed at "
      "its serial number" },
    { { .serial = "0001", .reason = -1 }, "serial number" },
    { { .serial = "ffff", .reason = -1 }, "serial number" },
    { { .serial = "01ffffffffffffffffffffffffffffffffffffffff", .reason = -1 },
      "serial number" },
    { { .serial = "80ffffffffffffffffffffffffffffffffffffffff", .reason = -1 },
      "serial number" },
    { { .serial = "01", .reason = -1, .extra = "" }, "entry extensions" },
    { { .serial = "01", .reason = 1, .extra = "300a0603551d1504030a0101" },
      "entry extensions" },
    { { .serial = "01", .reason = -1, .extra = "300a0603551d150403020101" },
      "reasonCode" },
    { { .serial = "01", .reason = -1, .extra = "300b0603551d1504040a020001" },
      "reasonCode" },
    { { .serial = "01", .reason = -1, .extra = "300b0603551d1504040a010100" },
      "reasonCode" },
    { { .serial = "01",
        .reason = -1,
        .extra = "30160603551d18040f170d3236313132383030303030305a" },
      "invalidityDate" },
    { { .serial = "01", .reason = -1, .extra = "30090603551d1d04023000" },
      "certificateIssuer" },
    { { .serial = "01", .reason = -1, .extra = "300c0603551d1d04053003820161" },
      "certificateIssuer" },
    { { .serial = "01", .reason = -1, .issuer = "Another" }, "not indirect" },
};

START_TEST(a_malformed_entry_is_named)
{
    const struct bad_entry *c = &bad_entries[_i];
    const struct listed good = { .serial = "33", .reason = 1 };
    struct lister l;
    struct cmg__buf der;

    lister_init(&l);
    lister_add(&l, &good);
    lister_add(&l, &c->entry);
    lister_write(&l, &der);
    expect_refusal(&der, CMG_E_PARSE, c->words);
    cmg__buf_done(&der);
    lister_done(&l);
}
END_TEST

/* Lists from their hexadecimal form: only the frame is looked at. */
#define ALGORITHM "300d06092a864886f70d01010b0500"
#define NAME      "300c310a300806035504030c0161"
#define TIME      "170d3236313132333030303030305a"
#define SIGNATURE "03020000"
static const struct bad_frame {
    const char *hex;
    const char *words;
} bad_frames[] = {
    { "3000", "frame" },
    { "3003020100", "frame" },
    /* version 0 written out, version 3, no issuer, no times, a time of another kind */
    { "30 45 30 30 020100" ALGORITHM NAME TIME ALGORITHM SIGNATURE, "version" },
    { "30 45 30 30 020102" ALGORITHM NAME TIME ALGORITHM SIGNATURE, "version" },
    { "30 45 30 30 020103" ALGORITHM NAME TIME ALGORITHM SIGNATURE, "version" },
    { "30 36 30 21 020101" ALGORITHM TIME ALGORITHM SIGNATURE, "head" },
    { "30 36 30 21 020101" ALGORITHM NAME "00" ALGORITHM SIGNATURE, "head" },
    { "30 35 30 20 020101" ALGORITHM NAME ALGORITHM SIGNATURE, "head" },
    { "30 38 30 23 020101" ALGORITHM "3000" TIME ALGORITHM SIGNATURE, "issuer" },
    { "30 38 30 23 020101" ALGORITHM NAME "170130" ALGORITHM SIGNATURE, "thisUpdate" },
    { "30 48 30 33 020101" ALGORITHM NAME TIME "170130" ALGORITHM SIGNATURE,
      "nextUpdate" },
    { "30 53 30 3f 020101" ALGORITHM NAME TIME
      "170d3730303130313030303030305a" ALGORITHM SIGNATURE,
      "nextUpdate" },
    /* the two algorithms differ */
    { "30 45 30 30 020101"
      "300d06092a864886f70d01010c0500" NAME TIME ALGORITHM SIGNATURE,
      "signature algorithm" },
    /* something behind; extensions in version 1; an empty list of them */
    { "30 47 30 32 020101" ALGORITHM NAME TIME "0500" ALGORITHM SIGNATURE, "end" },
    { "30 46 30 31" ALGORITHM NAME TIME "a0023000" ALGORITHM SIGNATURE,
      "list of extensions" },
    { "30 49 30 34 020101" ALGORITHM NAME TIME "a0023000" ALGORITHM SIGNATURE,
      "list of extensions" },
    { "30 49 30 34 020101" ALGORITHM NAME TIME "30020500" ALGORITHM SIGNATURE,
      "entry 1" },
};

START_TEST(a_malformed_frame_is_named)
{
    const struct bad_frame *c = &bad_frames[_i];
    struct cmg__buf hex;
    struct cmg__buf der;
    struct cmg__der_writer w;

    cmg__buf_init(&hex, &cmg__alloc_libc, 4096);
    cmg__buf_init(&der, &cmg__alloc_libc, 4096);
    for (const char *p = c->hex; *p != '\0'; p++) {
        if (*p != ' ')
            ck_assert_int_eq(cmg__buf_add_char(&hex, *p), CMG_OK);
    }
    cmg__der_write_init(&w, &der);
    lister_put_hex(&w, cmg__buf_cstr(&hex));
    /* The lengths in the table are those of their bytes. */
    der.data[1] = (char)(der.len - 2);
    if (der.len > 40)
        der.data[3] = (char)(der.len - 4 - strlen(ALGORITHM SIGNATURE) / 2);
    expect_refusal(&der, CMG_E_PARSE, c->words);
    cmg__buf_done(&der);
    cmg__buf_done(&hex);
}
END_TEST

START_TEST(a_cut_list_is_refused_at_every_length)
{
    struct lister l;
    struct cmg__buf der;
    const struct listed entry = { .serial = "01", .reason = 1, .invalidity = PKI_NOW };

    lister_init(&l);
    extend_all(&l);
    lister_add(&l, &entry);
    lister_write(&l, &der);
    for (size_t n = 0; n < der.len; n++) {
        struct cmg__crl *crl = NULL;
        char *exact = malloc(n + 1);

        memcpy(exact, der.data, n);
        ck_assert_int_eq(cmg__crl_parse(&cmg__alloc_libc, exact, n, &crl, NULL),
                         CMG_E_PARSE);
        free(exact);
    }
    ck_assert_int_eq(cmg__buf_add_char(&der, '\0'), CMG_OK);
    expect_refusal(&der, CMG_E_PARSE, "frame");
    cmg__buf_done(&der);
    lister_done(&l);
}
END_TEST

/* ---- limits ---- */

START_TEST(what_is_too_large_is_refused)
{
    struct cmg__crl *crl = NULL;
    cmg_error *err = NULL;

    ck_assert_int_eq(cmg__crl_parse(&cmg__alloc_libc, "0", CMG__CRL_MAX + 1, &crl, &err),
                     CMG_E_LIMIT);
    ck_assert_ptr_nonnull(strstr(cmg_error_remedy(err), "64 MiB"));
    cmg_error_unref(err);
}
END_TEST

START_TEST(extensions_of_any_size_are_not_kept)
{
    struct lister l;
    struct cmg__buf der;
    const size_t n = (size_t)2 * 65536;
    char *value = malloc(n + 1);

    memset(value, '0', n);
    value[n] = '\0';
    lister_init(&l);
    lister_extend(&l, "2a0301", false, value);
    lister_write(&l, &der);
    expect_refusal(&der, CMG_E_LIMIT, "65536 bytes beside its entries");
    cmg__buf_done(&der);
    lister_done(&l);
    free(value);
}
END_TEST

START_TEST(issuers_are_counted)
{
    struct lister l;
    struct cmg__buf der;
    struct cmg__crl_info info;

    lister_init(&l);
    lister_extend(&l, LISTER_POINT, true, "30038401ff");
    for (int i = 0; i < CMG__CRL_MAX_ISSUERS + 1; i++) {
        char name[32];
        const struct listed entry = { .serial = "01", .reason = -1, .issuer = name };

        (void)snprintf(name, sizeof name, "Authority %d", i);
        lister_add(&l, &entry);
        if (i + 1 < CMG__CRL_MAX_ISSUERS)
            continue;
        lister_write(&l, &der);
        if (i == CMG__CRL_MAX_ISSUERS)
            expect_refusal(&der, CMG_E_LIMIT, "more than 255 issuers");
        cmg__buf_done(&der);
        if (i + 1 == CMG__CRL_MAX_ISSUERS) {
            struct cmg__crl *crl = lister_read(&l, &cmg__alloc_libc);

            cmg__crl_info(crl, &info);
            ck_assert_uint_eq(info.count, CMG__CRL_MAX_ISSUERS);
            cmg__crl_free(crl);
        }
    }
    lister_done(&l);
}
END_TEST

static const char *const bad_texts[] = {
    "",
    "text",
    "-----BEGIN X509 CRL-----\nMAA=\n",
    "-----BEGIN X509 CRL-----\n!\n-----END X509 CRL-----\n",
    "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n",
};

START_TEST(a_text_without_a_list_is_refused)
{
    struct cmg__crl *crl = NULL;
    cmg_error *err = NULL;
    const char *text = bad_texts[_i];

    ck_assert_int_eq(cmg__crl_parse(&cmg__alloc_libc, text, strlen(text), &crl, &err),
                     CMG_E_PARSE);
    ck_assert_ptr_nonnull(strstr(cmg_error_remedy(err), "X509 CRL"));
    cmg_error_unref(err);
}
END_TEST

static TCase *refusing(void)
{
    TCase *tcase = tcase_create("refusing");

    tcase_add_loop_test(tcase, a_malformed_extension_is_named, 0,
                        CMG__ARRAY_LEN(bad_extensions));
    tcase_add_loop_test(tcase, a_malformed_entry_is_named, 0,
                        CMG__ARRAY_LEN(bad_entries));
    tcase_add_loop_test(tcase, a_malformed_frame_is_named, 0, CMG__ARRAY_LEN(bad_frames));
    tcase_add_test(tcase, a_cut_list_is_refused_at_every_length);
    tcase_add_test(tcase, what_is_too_large_is_refused);
    tcase_add_test(tcase, extensions_of_any_size_are_not_kept);
    tcase_add_test(tcase, issuers_are_counted);
    tcase_add_loop_test(tcase, a_text_without_a_list_is_refused, 0,
                        CMG__ARRAY_LEN(bad_texts));
    return tcase;
}

int main(void)
{
    Suite *suite = suite_create("crl_malformed");

    suite_add_tcase(suite, refusing());
    return support_run((Suite *const[]){ suite, NULL });
}
