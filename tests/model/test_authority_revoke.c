/* Revoking, holding, releasing, and the lists that say so. openssl is the judge. */
#include "model/office.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

START_TEST(openssl_refuses_what_was_revoked)
{
    struct office p;
    cmg_error *err = NULL;
    char *out = NULL;
    char serial[41];

    office_init(&p);
    cmg_authority *ca = office_root(&p, NULL);
    cmg_certificate *good = office_issue(&p, ca, "good.contoso.com");
    cmg_certificate *bad = office_issue(&p, ca, "bad.contoso.com");
    ck_ok(cmg_authority_revoke(ca, office_serial(bad, serial), CMG_REASON_KEY_COMPROMISE,
                               &err),
          err);
    const char *list = support_path("ca.crl");
    const char *root = support_path("root.pem");
    const char *leaf = support_path("good.pem");
    const char *other = support_path("bad.pem");
    ck_ok(cmg_authority_publish_crl(ca, list, WEEK_S, NULL, &err), err);
    office_write_pem(root, cmg_authority_certificate(ca));
    office_write_pem(leaf, good);
    office_write_pem(other, bad);
    const char *const show[] = { "openssl", "crl", "-inform", "DER",   "-in", list,
                                 "-CAfile", root,  "-noout",  "-text", NULL };
    ck_assert_int_eq(office_run(show, &out), 0);
    static const char *const wanted[] = {
        "verify OK",
        "Version 2 (0x1)",
        "X509v3 CRL Number: \n                1",
        "X509v3 Authority Key Identifier",
        "Key Compromise",
        "Next Update: Nov 30 00:00:00 2026 GMT",
    };
    for (size_t i = 0; i < CMG__ARRAY_LEN(wanted); i++)
        ck_assert_msg(strstr(out, wanted[i]) != NULL, "no %s in %s", wanted[i], out);
    free(out);
    const char *verify[] = { "openssl",  "verify",     "-x509_strict", "-crl_check",
                             "-attime",  "1795392001", "-CAfile",      root,
                             "-CRLfile", list,         leaf,           NULL };
    ck_assert_int_eq(office_run(verify, &out), 0);
    free(out);
    verify[10] = other;
    ck_assert_int_ne(office_run(verify, &out), 0);
    ck_assert_ptr_nonnull(strstr(out, "certificate revoked"));
    free(out);
    cmg_certificate_unref(good);
    cmg_certificate_unref(bad);
    cmg_authority_unref(ca);
    office_done(&p);
}
END_TEST

START_TEST(a_hold_is_listed_released_and_said_in_the_delta)
{
    struct office p;
    struct cmg__crl_info info;
    cmg_error *err = NULL;
    char serial[41];

    office_init(&p);
    cmg_authority *ca = office_root(&p, NULL);
    cmg_certificate *cert = office_issue(&p, ca, "gw.contoso.com");
    cmg_bytes *none = NULL;
    ck_assert_int_eq(cmg_authority_publish_delta_crl(ca, NULL, WEEK_S, &none, NULL),
                     CMG_E_STATE);
    ck_ok(cmg_authority_hold(ca, office_serial(cert, serial), &err), err);
    struct cmg__crl *base = office_publish(&p, ca, false);
    ck_assert_int_eq(office_listed(base, cert), CMG_REASON_CERTIFICATE_HOLD);
    ck_ok(cmg_authority_release(ca, serial, &err), err);
    struct cmg__crl *delta = office_publish(&p, ca, true);
    cmg__crl_info(delta, &info);
    ck_assert(info.is_delta);
    ck_assert(info.number.n == 1 && info.number.p[0] == 2);
    ck_assert(info.base_number.n == 1 && info.base_number.p[0] == 1);
    ck_assert_int_eq(office_listed(delta, cert), CMG_REASON_REMOVE_FROM_CRL);
    ck_assert(cmg__crl_delta_fits(base, delta));
    struct cmg__crl_entry entry;
    ck_assert(!cmg__crl_apply(base, delta, cert->chain[0], &entry));
    struct cmg__crl *next = office_publish(&p, ca, false);
    ck_assert_int_eq(office_listed(next, cert), -1);
    /* Held and released again since: said in the delta all the same. */
    ck_ok(cmg_authority_hold(ca, serial, &err), err);
    ck_ok(cmg_authority_release(ca, serial, &err), err);
    struct cmg__crl *second = office_publish(&p, ca, true);
    ck_assert_int_eq(office_listed(second, cert), CMG_REASON_REMOVE_FROM_CRL);
    cmg__crl_free(second);
    cmg__crl_free(next);
    cmg__crl_free(delta);
    cmg__crl_free(base);
    cmg_certificate_unref(cert);
    cmg_authority_unref(ca);
    office_done(&p);
}
END_TEST

START_TEST(what_is_revoked_stays_so)
{
    struct office p;
    cmg_issued issued = { .size = sizeof issued };
    cmg_error *err = NULL;
    char serial[41];
    char spaced[64] = "";

    office_init(&p);
    cmg_authority *ca = office_root(&p, NULL);
    cmg_certificate *cert = office_issue(&p, ca, "gw.contoso.com");
    (void)office_serial(cert, serial);
    ck_assert_int_eq(cmg_authority_release(ca, serial, NULL), CMG_E_STATE);
    ck_ok(cmg_authority_hold(ca, serial, &err), err);
    ck_assert_int_eq(cmg_authority_hold(ca, serial, NULL), CMG_E_STATE);
    ck_ok(cmg_authority_issued(ca, 0, &issued, &err), err);
    ck_assert_int_eq(issued.state, CMG_ISSUED_ON_HOLD);
    /* As openssl prints it: capitals and colons. */
    for (size_t i = 0; serial[i] != '\0'; i += 2)
        (void)snprintf(spaced + strlen(spaced), sizeof spaced - strlen(spaced), "%s%c%c",
                       i > 0 ? ":" : "", serial[i] & ~(serial[i] > '9' ? 0x20 : 0),
                       serial[i + 1] & ~(serial[i + 1] > '9' ? 0x20 : 0));
    ck_ok(cmg_authority_revoke(ca, spaced, CMG_REASON_SUPERSEDED, &err), err);
    ck_assert_int_eq(cmg_authority_release(ca, serial, NULL), CMG_E_STATE);
    ck_assert_int_eq(cmg_authority_revoke(ca, serial, CMG_REASON_KEY_COMPROMISE, NULL),
                     CMG_E_STATE);
    ck_ok(cmg_authority_issued(ca, 0, &issued, &err), err);
    ck_assert_int_eq(issued.state, CMG_ISSUED_REVOKED);
    ck_assert_int_eq(issued.reason, CMG_REASON_SUPERSEDED);
    ck_assert_str_eq(issued.serial_hex, serial);
    ck_assert_str_eq(issued.sha256_hex, cmg_certificate_sha256(cert));
    ck_assert_str_eq(issued.subject, "CN=gw.contoso.com");
    ck_assert_str_eq(issued.template_name, "web_server");
    ck_assert_int_eq(issued.revoked_unix_s, INT64_C(1795392000));
    ck_assert_int_eq(issued.not_after_unix_s, cmg_certificate_not_after_unix_s(cert));
    ck_assert_int_eq(cmg_authority_issued(ca, 1, &issued, NULL), CMG_E_NOTFOUND);
    cmg_certificate_unref(cert);
    cmg_authority_unref(ca);
    office_done(&p);
}
END_TEST

static const struct wrong_revoke {
    const char *serial;
    int reason;
    cmg_status status;
} wrong_revokes[] = {
    { NULL, 0, CMG_E_INVAL },
    { "", 0, CMG_E_INVAL },
    { "00", 0, CMG_E_INVAL },
    { "xyz", 0, CMG_E_INVAL },
    { "0123456789012345678901234567890123456789012345", 0, CMG_E_INVAL },
    { "1", 0, CMG_E_NOTFOUND },
    { "0102", 1, CMG_E_NOTFOUND },
    { "1", 7, CMG_E_INVAL },
    { "1", 8, CMG_E_INVAL },
    { "1", 11, CMG_E_INVAL },
    { "1", -1, CMG_E_INVAL },
};

START_TEST(a_revocation_that_cannot_be_is_refused)
{
    const struct wrong_revoke *c = &wrong_revokes[_i];
    struct office p;
    cmg_error *err = NULL;

    office_init(&p);
    cmg_authority *ca = office_root(&p, NULL);
    ck_assert_int_eq(
        cmg_authority_revoke(ca, c->serial, (cmg_revocation_reason)c->reason, &err),
        c->status);
    ck_assert_str_ne(cmg_error_remedy(err), "");
    cmg_error_unref(err);
    cmg_authority_unref(ca);
    office_done(&p);
}
END_TEST

START_TEST(a_certificate_from_before_the_records_is_revoked_by_itself)
{
    struct office p;
    cmg_error *err = NULL;

    office_init(&p);
    const char *dir = support_path("ca");
    cmg_authority *ca = office_root(&p, dir);
    cmg_certificate *cert = office_issue(&p, ca, "gw.contoso.com");
    cmg_authority *other = office_root(&p, NULL);
    cmg_certificate *foreign = office_issue(&p, other, "other.contoso.com");
    cmg_authority_unref(ca);
    ck_assert_int_eq(unlink(support_path("ca/issued.jsonl")), 0);
    ca = office_root(&p, support_path("ca"));
    ck_ok(cmg_authority_revoke_certificate(ca, cert, CMG_REASON_SUPERSEDED, &err), err);
    struct cmg__crl *list = office_publish(&p, ca, false);
    ck_assert_int_eq(office_listed(list, cert), CMG_REASON_SUPERSEDED);
    cmg__crl_free(list);
    ck_assert_int_eq(cmg_authority_revoke_certificate(ca, ca->certificate,
                                                      CMG_REASON_SUPERSEDED, NULL),
                     CMG_OK);
    /* Same key and name, so its signature is ours: it is not told from our own. */
    ck_assert_int_eq(
        cmg_authority_revoke_certificate(ca, foreign, CMG_REASON_SUPERSEDED, NULL),
        CMG_OK);
    cmg_certificate_unref(foreign);
    cmg_authority_unref(other);
    const cmg_authority_options options = { .size = sizeof options,
                                            .common_name = "Other",
                                            .key = p.key };
    ck_ok(cmg_authority_new_with(p.ctx, &options, &other, &err), err);
    foreign = office_issue(&p, other, "other.contoso.com");
    ck_assert_int_eq(
        cmg_authority_revoke_certificate(ca, foreign, CMG_REASON_SUPERSEDED, NULL),
        CMG_E_CERT);
    cmg_certificate_unref(foreign);
    cmg_authority_unref(other);
    cmg_certificate_unref(cert);
    cmg_authority_unref(ca);
    office_done(&p);
}
END_TEST

START_TEST(an_expired_certificate_leaves_the_list_after_it_was_on_one)
{
    struct office p;
    cmg_error *err = NULL;
    char serial[41];

    office_init(&p);
    cmg_authority *ca = office_root(&p, NULL);
    cmg_certificate *cert = office_issue(&p, ca, "gw.contoso.com");
    ck_ok(cmg_authority_revoke(ca, office_serial(cert, serial), CMG_REASON_SUPERSEDED,
                               &err),
          err);
    support_env_advance_ms(&p.e, INT64_C(366) * 86400000);
    struct cmg__crl *list = office_publish(&p, ca, false);
    ck_assert_int_eq(office_listed(list, cert), CMG_REASON_SUPERSEDED);
    cmg__crl_free(list);
    support_env_advance_ms(&p.e, 1000);
    list = office_publish(&p, ca, false);
    ck_assert_int_eq(office_listed(list, cert), -1);
    cmg__crl_free(list);
    cmg_certificate_unref(cert);
    cmg_authority_unref(ca);
    office_done(&p);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("authority_revoke");
    TCase *revoked = tcase_create("revoked");

    tcase_set_timeout(revoked, 60);
    tcase_add_test(revoked, openssl_refuses_what_was_revoked);
    tcase_add_test(revoked, a_hold_is_listed_released_and_said_in_the_delta);
    tcase_add_test(revoked, what_is_revoked_stays_so);
    tcase_add_loop_test(revoked, a_revocation_that_cannot_be_is_refused, 0,
                        (int)CMG__ARRAY_LEN(wrong_revokes));
    tcase_add_test(revoked, a_certificate_from_before_the_records_is_revoked_by_itself);
    tcase_add_test(revoked, an_expired_certificate_leaves_the_list_after_it_was_on_one);
    suite_add_tcase(suite, revoked);
    return support_run((Suite *const[]){ suite, NULL });
}
