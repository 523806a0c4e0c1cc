/*
 * Reading revocation lists: what each part says, signatures, text, and running out of
 * memory. What is malformed stands in test_crl_malformed.c.
 */
#include "crypto/lister.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/crl_data.h"
#include "crypto/pem.h"

static const struct cmg__span own = { NULL, 0 };

static void extend_all(struct lister *l)
{
    lister_extend(l, LISTER_NUMBER, false, "02020a1b");
    lister_extend(l, LISTER_AKI, false, "30068004deadbeef");
    lister_extend(l, "551d12", false, "3003820161");                 /* issuerAltName */
    lister_extend(l, "551d2e", false, "300b3009a007a0058603613a62"); /* freshestCRL */
    lister_extend(l, "2b0601040182371501", false, "0203020002");
    lister_extend(l, "2b0601040182371504", false, "170d3236313132383030303030305a");
}

/* ---- what a list says ---- */

START_TEST(a_list_may_have_any_number_of_entries)
{
    static const size_t counts[] = { 0, 1, 100000 };
    struct support_alloc a;
    struct lister l;
    struct cmg__crl_info info;
    struct cmg__crl_entry entry;

    support_alloc_init(&a);
    lister_init(&l);
    lister_add_many(&l, counts[_i], 1);
    struct cmg__crl *crl = lister_read(&l, &a.alloc);
    cmg__crl_info(crl, &info);
    ck_assert_uint_eq(info.count, counts[_i]);
    ck_assert_uint_eq(info.memory_bytes, a.live_bytes);
    ck_assert(!cmg__crl_entry(crl, counts[_i], &entry));
    ck_assert_int_eq(cmg__crl_entry(crl, 0, &entry), counts[_i] > 0);
    ck_assert(!cmg__crl_find(crl, cmg__span_of("\x01", 1), own, &entry));
    cmg__crl_free(cmg__crl_ref(crl));
    cmg__crl_free(crl);
    ck_assert_uint_eq(a.live, 0);
    lister_done(&l);
}
END_TEST

START_TEST(a_list_of_version_1_has_no_extensions)
{
    struct lister l;
    struct cmg__crl_info info;
    const struct listed entry = { .serial = "05", .reason = -1 };

    lister_init(&l);
    l.version = -1;
    l.next_update = 0;
    lister_add(&l, &entry);
    struct cmg__crl *crl = lister_read(&l, &cmg__alloc_libc);
    cmg__crl_info(crl, &info);
    ck_assert_str_eq(info.issuer, "CN=Test Root");
    ck_assert_int_eq(info.this_update_unix_s, PKI_NOW);
    ck_assert_int_eq(info.next_update_unix_s, 0);
    ck_assert_uint_eq(info.number.n + info.key_id.n + info.issuing_point.n, 0);
    ck_assert_uint_eq(info.reasons, CMG__CRL_ALL_REASONS);
    ck_assert_uint_eq(info.count, 1);
    cmg__crl_free(crl);
    lister_done(&l);
}
END_TEST

START_TEST(every_extension_is_understood)
{
    struct lister l;
    struct cmg__crl_info info;

    lister_init(&l);
    extend_all(&l);
    struct cmg__crl *crl = lister_read(&l, &cmg__alloc_libc);
    cmg__crl_info(crl, &info);
    ck_assert(cmg__span_eq(info.number, cmg__span_of("\x0a\x1b", 2)));
    ck_assert(cmg__span_eq(info.key_id, cmg__span_of("\xde\xad\xbe\xef", 4)));
    ck_assert(
        cmg__span_eq(info.issuer_alternative_names, cmg__span_of("\x82\x01\x61", 3)));
    ck_assert_uint_eq(info.freshest.n, 11);
    ck_assert(info.has_ca_version);
    ck_assert_uint_eq(info.ca_version, 0x20002);
    ck_assert_int_eq(info.next_publish_unix_s, PKI_NOW + 5 * PKI_DAY);
    ck_assert(!info.is_delta && !info.is_indirect && !info.has_reasons);
    ck_assert_str_eq(info.unknown_critical, "");
    ck_assert_str_eq(info.unknown_critical_entry, "");
    cmg__crl_free(crl);
    lister_done(&l);
}
END_TEST

static const struct scope_case {
    const char *value;
    char flag; /* u a x i: user, authority, attribute, indirect; - none */
    unsigned reasons;
    size_t names;
    size_t relative;
} scope_cases[] = {
    { "30038101ff", 'u', 0x1fe, 0, 0 },
    { "30038201ff", 'a', 0x1fe, 0, 0 },
    { "30038501ff", 'x', 0x1fe, 0, 0 },
    { "30038401ff", 'i', 0x1fe, 0, 0 },
    { "3003810100", '-', 0x1fe, 0, 0 },
    { "300483020640", '-', 0x002, 0, 0 },
    { "300583030777ff80", '\0', 0, 0, 0 },
    { "3005830307ff80", '-', 0x1fe, 0, 0 },
    { "3009a007a0058603613a62", '-', 0x1fe, 5, 0 },
    { "300ea00ca10a3008060355040a0c0161", '-', 0x1fe, 0, 10 },
    { "300ca007a0058603613a628101ff", 'u', 0x1fe, 5, 0 },
    { "3000", '-', 0x1fe, 0, 0 },
};

START_TEST(the_scope_is_told)
{
    const struct scope_case *c = &scope_cases[_i];
    struct lister l;
    struct cmg__buf der;
    struct cmg__crl *crl = NULL;
    struct cmg__crl_info info;

    lister_init(&l);
    lister_extend(&l, LISTER_POINT, true, c->value);
    lister_write(&l, &der);
    const cmg_status rc = cmg__crl_parse(&cmg__alloc_libc, der.data, der.len, &crl, NULL);
    ck_assert_int_eq(rc, c->flag == '\0' ? CMG_E_PARSE : CMG_OK);
    if (rc == CMG_OK) {
        cmg__crl_info(crl, &info);
        ck_assert_int_eq(info.only_user, c->flag == 'u');
        ck_assert_int_eq(info.only_ca, c->flag == 'a');
        ck_assert_int_eq(info.only_attribute, c->flag == 'x');
        ck_assert_int_eq(info.is_indirect, c->flag == 'i');
        ck_assert_uint_eq(info.reasons, c->reasons);
        ck_assert_uint_eq(info.point_names.n, c->names);
        ck_assert_uint_eq(info.point_relative.n, c->relative);
        ck_assert_uint_eq(info.issuing_point.n, strlen(c->value) / 2);
    }
    cmg__crl_free(crl);
    cmg__buf_done(&der);
    lister_done(&l);
}
END_TEST

START_TEST(a_delta_list_names_its_base)
{
    struct lister l;
    struct cmg__crl_info info;

    lister_init(&l);
    lister_extend(&l, LISTER_NUMBER, false, "020109");
    lister_extend(&l, LISTER_DELTA, true, "020107");
    struct cmg__crl *crl = lister_read(&l, &cmg__alloc_libc);
    cmg__crl_info(crl, &info);
    ck_assert(info.is_delta);
    ck_assert(cmg__span_eq(info.base_number, cmg__span_of("\x07", 1)));
    cmg__crl_free(crl);
    lister_done(&l);
}
END_TEST

START_TEST(critical_extensions_that_are_not_understood_are_named)
{
    struct lister l;
    struct cmg__crl_info info;
    const struct listed entry = { .serial = "05",
                                  .reason = -1,
                                  .extra = "300b06032a03040101ff0401ff"
                                           "300b06032a03050101ff0401ff" };

    lister_init(&l);
    lister_extend(&l, "2a0301", false, "0500");
    lister_extend(&l, "2a0302", true, "0500");
    lister_extend(&l, "2a0303", true, "0500");
    lister_add(&l, &entry);
    struct cmg__crl *crl = lister_read(&l, &cmg__alloc_libc);
    cmg__crl_info(crl, &info);
    ck_assert_str_eq(info.unknown_critical, "1.2.3.2");
    ck_assert_str_eq(info.unknown_critical_entry, "1.2.3.4");
    cmg__crl_free(crl);
    lister_done(&l);
}
END_TEST

/* ---- what an entry says ---- */

static const struct entry_case {
    struct listed entry;
    const char *find; /* hexadecimal; NULL: a negative one, not looked for by number */
    int reason;
} entry_cases[] = {
    { { .serial = "01", .reason = -1 }, "01", CMG_REASON_UNSPECIFIED },
    { { .serial = "01", .reason = 0 }, "0001", CMG_REASON_UNSPECIFIED },
    { { .serial = "01", .reason = 1 }, "01", CMG_REASON_KEY_COMPROMISE },
    { { .serial = "01", .reason = 2 }, "01", CMG_REASON_CA_COMPROMISE },
    { { .serial = "01", .reason = 3 }, "01", CMG_REASON_AFFILIATION_CHANGED },
    { { .serial = "01", .reason = 4 }, "01", CMG_REASON_SUPERSEDED },
    { { .serial = "01", .reason = 5 }, "01", CMG_REASON_CESSATION_OF_OPERATION },
    { { .serial = "01", .reason = 6 }, "01", CMG_REASON_CERTIFICATE_HOLD },
    { { .serial = "01", .reason = 7 }, "01", CMG_REASON_UNSPECIFIED },
    { { .serial = "01", .reason = 8 }, "01", CMG_REASON_REMOVE_FROM_CRL },
    { { .serial = "01", .reason = 9 }, "01", CMG_REASON_PRIVILEGE_WITHDRAWN },
    { { .serial = "01", .reason = 10 }, "01", CMG_REASON_AA_COMPROMISE },
    { { .serial = "01", .reason = 77 }, "01", CMG_REASON_UNSPECIFIED },
    { { .serial = "00ff", .reason = -1 }, "ff", 0 },
    { { .serial = "00", .reason = -1 }, "00", 0 },
    { { .serial = "ff", .reason = -1 }, NULL, 0 },
    { { .serial = "00ffffffffffffffffffffffffffffffffffffffff", .reason = -1 },
      "ffffffffffffffffffffffffffffffffffffffff",
      0 },
    { { .serial = "01", .reason = 1, .invalidity = PKI_NOW - 9 * PKI_DAY }, "01", 1 },
    { { .serial = "01", .reason = -1, .issuer = "Test Root" }, "01", 0 },
    { { .serial = "01", .reason = -1, .extra = "300806032a03040401ff" }, "01", 0 },
};

START_TEST(an_entry_says_what_was_written)
{
    const struct entry_case *c = &entry_cases[_i];
    struct lister l;
    struct cmg__crl_entry entry;
    struct cmg__crl_entry found;

    lister_init(&l);
    lister_add(&l, &c->entry);
    struct cmg__crl *crl = lister_read(&l, &cmg__alloc_libc);
    ck_assert(cmg__crl_entry(crl, 0, &entry));
    ck_assert_int_eq(entry.reason, c->reason);
    ck_assert_int_eq(entry.date_unix_s, PKI_NOW - PKI_DAY);
    ck_assert_int_eq(entry.has_invalidity, c->entry.invalidity != 0);
    ck_assert_int_eq(entry.invalidity_unix_s, c->entry.invalidity);
    ck_assert_int_eq(entry.serial_is_negative, c->find == NULL);
    ck_assert(cmg__span_eq(entry.issuer, crl->info.issuer_name));
    if (c->find != NULL) {
        uint8_t serial[20];
        const size_t n = strlen(c->find) / 2;

        ck_assert(cmg__hex_parse(c->find, n, serial));
        ck_assert(cmg__crl_find(crl, cmg__span_of(serial, n), own, &found));
        ck_assert_int_eq(found.reason, c->reason);
    }
    cmg__crl_free(crl);
    lister_done(&l);
}
END_TEST

START_TEST(negative_and_positive_serials_are_two)
{
    struct lister l;
    struct cmg__crl_entry entry;
    const struct listed minus_one = { .serial = "ff", .reason = -1 };
    const struct cmg__alloc *alloc = &cmg__alloc_libc;

    lister_init(&l);
    lister_add(&l, &minus_one);
    struct cmg__crl *crl = lister_read(&l, alloc);
    struct cmg__x509 *minus = lister_certificate(alloc, "Test Root", "ff", false, NULL);
    struct cmg__x509 *plus = lister_certificate(alloc, "Test Root", "00ff", false, NULL);
    struct cmg__x509 *zero = lister_certificate(alloc, "Test Root", "00", false, NULL);
    ck_assert(cmg__crl_find_certificate(crl, minus, &entry));
    ck_assert(!cmg__crl_find_certificate(crl, plus, &entry));
    ck_assert(!cmg__crl_find_certificate(crl, zero, &entry));
    ck_assert(!cmg__crl_find(crl, cmg__span_of("\xff", 1), own, &entry));
    cmg__x509_free(zero);
    cmg__x509_free(plus);
    cmg__x509_free(minus);
    cmg__crl_free(crl);
    lister_done(&l);
}
END_TEST

/* ---- PEM ---- */

START_TEST(the_first_list_of_a_text_is_read)
{
    struct lister l;
    struct cmg__buf der;
    struct cmg__buf pem;
    struct cmg__crl *crl = NULL;
    cmg_error *err = NULL;

    lister_init(&l);
    lister_write(&l, &der);
    cmg__buf_init(&pem, &cmg__alloc_libc, 1 << 20);
    ck_assert_int_eq(cmg__buf_add_str(&pem, "words before\n"), CMG_OK);
    ck_assert_int_eq(cmg__pem_write(&pem, "CERTIFICATE", "abc", 3), CMG_OK);
    ck_assert_int_eq(cmg__pem_write(&pem, "X509 CRL", der.data, der.len), CMG_OK);
    ck_assert_int_eq(cmg__pem_write(&pem, "X509 CRL", "abc", 3), CMG_OK);
    ck_ok(cmg__crl_parse(&cmg__alloc_libc, pem.data, pem.len, &crl, &err), err);
    cmg__crl_free(crl);
    cmg__buf_done(&pem);
    cmg__buf_done(&der);
    lister_done(&l);
}
END_TEST

/* ---- signatures ---- */

START_TEST(the_authority_that_signed_is_known)
{
    struct pki pki;
    struct lister l;

    pki_init(&pki, CMG__PROFILE_WEB_SERVER);
    lister_init(&l);
    l.key = pki.root_key;
    struct cmg__crl *crl = lister_read(&l, &pki.a.alloc);
    ck_assert_int_eq(cmg__crl_verify(crl, pki.root), CMG_OK);
    ck_assert(crl->is_verified);
    ck_assert_int_eq(cmg__crl_verify(crl, pki.root), CMG_OK);
    /* Another name, and the right name with another key. */
    ck_assert_int_eq(cmg__crl_verify(crl, pki.leaf), CMG_E_CERT);
    cmg__crl_free(crl);
    l.key = pki.leaf_key;
    crl = lister_read(&l, &pki.a.alloc);
    ck_assert_int_eq(cmg__crl_verify(crl, pki.root), CMG_E_CERT);
    ck_assert(!crl->is_verified);
    cmg__crl_free(crl);
    lister_done(&l);
    pki_done(&pki);
}
END_TEST

START_TEST(another_key_identifier_is_another_key)
{
    struct pki pki;
    struct lister l;

    pki_init(&pki, CMG__PROFILE_WEB_SERVER);
    lister_init(&l);
    l.key = pki.root_key;
    lister_extend(&l, LISTER_AKI, false, "30068004deadbeef");
    struct cmg__crl *crl = lister_read(&l, &pki.a.alloc);
    ck_assert_int_eq(cmg__crl_verify(crl, pki.root), CMG_E_CERT);
    cmg__crl_free(crl);
    lister_done(&l);
    pki_done(&pki);
}
END_TEST

START_TEST(an_authority_that_may_not_sign_lists_did_not)
{
    struct pki pki;
    struct lister l;

    pki_init(&pki, CMG__PROFILE_WEB_SERVER);
    lister_init(&l);
    l.key = pki.root_key;
    struct cmg__crl *crl = lister_read(&l, &pki.a.alloc);
    pki.root->key_usage &= ~(unsigned)CMG__KU_CRL_SIGN;
    ck_assert_int_eq(cmg__crl_verify(crl, pki.root), CMG_E_CERT);
    cmg__crl_free(crl);
    lister_done(&l);
    pki_done(&pki);
}
END_TEST

static const enum cmg__oid weak_algorithms[] = { CMG__OID_RSA_SHA1, CMG__OID_ECDSA_SHA1,
                                                 CMG__OID_DATA };

START_TEST(algorithms_that_prove_nothing_are_not_accepted)
{
    struct pki pki;
    struct lister l;

    pki_init(&pki, CMG__PROFILE_WEB_SERVER);
    lister_init(&l);
    l.algorithm = weak_algorithms[_i];
    struct cmg__crl *crl = lister_read(&l, &pki.a.alloc);
    ck_assert_int_eq(cmg__crl_verify(crl, pki.root), CMG_E_UNSUPPORTED);
    cmg__crl_free(crl);
    lister_done(&l);
    pki_done(&pki);
}
END_TEST

START_TEST(no_changed_octet_passes)
{
    struct pki pki;
    struct lister l;
    struct cmg__buf der;
    const struct listed entry = { .serial = "01", .reason = 1 };

    pki_init(&pki, CMG__PROFILE_WEB_SERVER);
    lister_init(&l);
    l.key = pki.root_key;
    lister_extend(&l, LISTER_NUMBER, false, "020109");
    lister_add(&l, &entry);
    lister_write(&l, &der);
    for (size_t i = 0; i < der.len * 8; i += 3) {
        struct cmg__crl *crl = NULL;

        der.data[i / 8] = (char)(der.data[i / 8] ^ 1 << i % 8);
        if (cmg__crl_parse(&pki.a.alloc, der.data, der.len, &crl, NULL) == CMG_OK)
            ck_assert_int_ne(cmg__crl_verify(crl, pki.root), CMG_OK);
        cmg__crl_free(crl);
        der.data[i / 8] = (char)(der.data[i / 8] ^ 1 << i % 8);
    }
    cmg__buf_done(&der);
    lister_done(&l);
    pki_done(&pki);
}
END_TEST

/* ---- text and memory ---- */

static char *describe(const struct cmg__crl *crl)
{
    struct cmg__describe d;
    struct cmg__buf text;

    cmg__buf_init(&text, &cmg__alloc_libc, CMG__DESCRIBE_MAX);
    cmg__describe_init(&d, &text);
    cmg__crl_describe(crl, &d);
    ck_assert_int_eq(d.rc, CMG_OK);
    return cmg__buf_steal(&text);
}

START_TEST(a_list_has_a_text)
{
    struct lister l;
    const struct listed entries[] = { { .serial = "00ff", .reason = 6 },
                                      { .serial = "01", .reason = -1 } };

    lister_init(&l);
    extend_all(&l);
    lister_extend(&l, LISTER_POINT, true, "3010a007a0058603633a648101ff83020640");
    for (size_t i = 0; i < CMG__ARRAY_LEN(entries); i++)
        lister_add(&l, &entries[i]);
    struct cmg__crl *crl = lister_read(&l, &cmg__alloc_libc);
    char *text = describe(crl);
    ck_assert_str_eq(text, "Revocation list\n"
                           "  issuer                CN=Test Root\n"
                           "  number                0a1b\n"
                           "  this update           2026-11-23T00:00:00Z\n"
                           "  next update           2026-11-30T00:00:00Z\n"
                           "  next publish          2026-11-28T00:00:00Z\n"
                           "  scope                 end entity certificates only\n"
                           "  only reason           keyCompromise\n"
                           "  distribution point\n"
                           "    URI                   c:d\n"
                           "  delta lists\n"
                           "    URI                   a:b\n"
                           "  other names of the issuer\n"
                           "    DNS name              a\n"
                           "  authority key         de:ad:be:ef\n"
                           "  authority version     2.2\n"
                           "  signature             sha256WithRSAEncryption\n"
                           "  entries               2\n"
                           "  01                    2026-11-22T00:00:00Z\n"
                           "  ff                    2026-11-22T00:00:00Z "
                           "certificateHold\n");
    free(text);
    cmg__crl_free(crl);
    lister_done(&l);
}
END_TEST

START_TEST(of_a_long_list_fifty_entries_are_shown)
{
    struct lister l;
    size_t lines = 0;

    lister_init(&l);
    lister_extend(&l, LISTER_DELTA, true, "020107");
    lister_extend(&l, "2a0302", true, "0500");
    lister_add_many(&l, 60, 1);
    struct cmg__crl *crl = lister_read(&l, &cmg__alloc_libc);
    char *text = describe(crl);
    ck_assert_ptr_nonnull(strstr(text, "Revocation list (delta)\n"));
    ck_assert_ptr_nonnull(strstr(text, "not understood        critical extension 1.2.3"
                                       ".2\n"));
    ck_assert_ptr_nonnull(strstr(text, "...                   and 10 more\n"));
    for (const char *p = text; (p = strstr(p, "keyCompromise")) != NULL; p++)
        lines++;
    ck_assert_uint_eq(lines, 50);
    free(text);
    cmg__crl_free(crl);
    lister_done(&l);
}
END_TEST

START_TEST(every_reason_has_a_name)
{
    ck_assert_str_eq(cmg__crl_reason_name(CMG_REASON_KEY_COMPROMISE), "keyCompromise");
    ck_assert_str_eq(cmg__crl_reason_name(CMG_REASON_AA_COMPROMISE), "aACompromise");
    ck_assert_str_eq(cmg__crl_reason_name((cmg_revocation_reason)7), "unspecified");
    ck_assert_str_eq(cmg__crl_reason_name((cmg_revocation_reason)99), "unspecified");
}
END_TEST

static cmg_status read_and_use(struct support_alloc *a, void *user)
{
    const struct cmg__buf *pem = user;
    struct cmg__crl *crl = NULL;
    struct cmg__crl_entry entry;
    struct cmg__describe d;
    struct cmg__buf text;

    cmg_status rc = cmg__crl_parse(&a->alloc, pem->data, pem->len, &crl, NULL);
    if (rc != CMG_OK)
        return rc;
    ck_assert(cmg__crl_find(crl, cmg__span_of("\x01", 1), own, &entry));
    cmg__buf_init(&text, &a->alloc, CMG__DESCRIBE_MAX);
    cmg__describe_init(&d, &text);
    cmg__crl_describe(crl, &d);
    rc = d.rc;
    cmg__buf_done(&text);
    cmg__crl_free(crl);
    return rc;
}

START_TEST(running_out_of_memory_is_said)
{
    struct lister l;
    struct cmg__buf der;
    struct cmg__buf pem;
    const struct listed entries[] = { { .serial = "01", .reason = 1 },
                                      { .serial = "02", .reason = 1, .issuer = "A" },
                                      { .serial = "03", .reason = 1, .issuer = "B" } };

    lister_init(&l);
    lister_extend(&l, LISTER_POINT, true, "30038401ff");
    for (size_t i = 0; i < CMG__ARRAY_LEN(entries); i++)
        lister_add(&l, &entries[i]);
    lister_write(&l, &der);
    cmg__buf_init(&pem, &cmg__alloc_libc, 1 << 20);
    ck_assert_int_eq(cmg__pem_write(&pem, "X509 CRL", der.data, der.len), CMG_OK);
    support_torture(read_and_use, &pem, 1);
    cmg__buf_done(&pem);
    cmg__buf_done(&der);
    lister_done(&l);
}
END_TEST

static TCase *reading(void)
{
    TCase *tcase = tcase_create("reading");

    tcase_add_loop_test(tcase, a_list_may_have_any_number_of_entries, 0, 3);
    tcase_add_test(tcase, a_list_of_version_1_has_no_extensions);
    tcase_add_test(tcase, every_extension_is_understood);
    tcase_add_loop_test(tcase, the_scope_is_told, 0, CMG__ARRAY_LEN(scope_cases));
    tcase_add_test(tcase, a_delta_list_names_its_base);
    tcase_add_test(tcase, critical_extensions_that_are_not_understood_are_named);
    tcase_add_loop_test(tcase, an_entry_says_what_was_written, 0,
                        CMG__ARRAY_LEN(entry_cases));
    tcase_add_test(tcase, negative_and_positive_serials_are_two);
    tcase_add_test(tcase, the_first_list_of_a_text_is_read);
    return tcase;
}

static TCase *signatures(void)
{
    TCase *tcase = tcase_create("signatures");

    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, the_authority_that_signed_is_known);
    tcase_add_test(tcase, another_key_identifier_is_another_key);
    tcase_add_test(tcase, an_authority_that_may_not_sign_lists_did_not);
    tcase_add_loop_test(tcase, algorithms_that_prove_nothing_are_not_accepted, 0,
                        CMG__ARRAY_LEN(weak_algorithms));
    tcase_add_test(tcase, no_changed_octet_passes);
    return tcase;
}

static TCase *texts(void)
{
    TCase *tcase = tcase_create("texts");

    tcase_add_test(tcase, a_list_has_a_text);
    tcase_add_test(tcase, of_a_long_list_fifty_entries_are_shown);
    tcase_add_test(tcase, every_reason_has_a_name);
    tcase_add_test(tcase, running_out_of_memory_is_said);
    return tcase;
}

int main(void)
{
    Suite *suite = suite_create("crl");

    suite_add_tcase(suite, reading());
    suite_add_tcase(suite, signatures());
    suite_add_tcase(suite, texts());
    return support_run((Suite *const[]){ suite, NULL });
}
