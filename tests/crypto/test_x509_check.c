/* The judge on certificates of our own: clock, limits, impostors, hosts. */
#include "crypto/pki.h"

#include "crypto/x509_data.h"
#include "crypto/x509_host.h"

#include <stdlib.h>
#include <string.h>

static cmg_status judge_leaf(struct pki *pki, const struct cmg__x509_trust *trust,
                             int64_t now, cmg_error **err)
{
    struct cmg__x509_info info;

    cmg__x509_info(pki->leaf, &info);
    const uint8_t *der = info.der;
    return cmg__x509_check(trust, CMG_PURPOSE_CLIENT, &der, &info.der_len, 1, now, err);
}

static struct cmg__x509_trust *trust_in(struct pki *pki, const struct cmg__x509 *cert)
{
    struct cmg__x509_trust *trust = NULL;
    char *pem = pki_pem(cert);
    cmg_error *err = NULL;

    ck_ok(cmg__x509_trust_new(&pki->a.alloc, pem, strlen(pem), &trust, &err), err);
    free(pem);
    return trust;
}

START_TEST(validity_has_five_minutes_of_grace_at_its_begin_only)
{
    struct pki pki;
    const int64_t begin = PKI_NOW - PKI_DAY;
    const int64_t end = PKI_NOW + 300 * PKI_DAY;
    static const struct {
        bool from_begin;
        int64_t offset;
        cmg_status status;
    } times[] = {
        { true, -301, CMG_E_CERT }, { true, -300, CMG_OK }, { true, 0, CMG_OK },
        { false, -1, CMG_OK },      { false, 0, CMG_OK },   { false, 1, CMG_E_CERT },
        { false, 301, CMG_E_CERT },
    };

    pki_init(&pki, CMG__PROFILE_CLIENT);
    struct cmg__x509_trust *trust = trust_in(&pki, pki.root);
    for (size_t i = 0; i < CMG__ARRAY_LEN(times); i++)
        ck_assert_int_eq(judge_leaf(&pki, trust,
                                    (times[i].from_begin ? begin : end) + times[i].offset,
                                    NULL),
                         times[i].status);
    cmg__x509_trust_free(trust);
    pki_done(&pki);
}
END_TEST

START_TEST(an_authority_of_the_same_name_with_another_key_is_not_the_issuer)
{
    struct pki pki;
    struct cmg__x509 *impostor = NULL;
    cmg_error *err = NULL;

    pki_init(&pki, CMG__PROFILE_CLIENT);
    const struct cmg__x509_request request = { .profile = CMG__PROFILE_ROOT,
                                               .common_name = "Test Root",
                                               .not_before_unix_s = PKI_NOW - PKI_DAY,
                                               .not_after_unix_s = PKI_NOW + PKI_DAY,
                                               .key = pki.leaf_key };
    ck_ok(
        cmg__x509_issue(&pki.a.alloc, &pki.e.env, &request, NULL, NULL, &impostor, &err),
        err);
    struct cmg__x509_trust *trust = trust_in(&pki, impostor);
    ck_assert_int_eq(judge_leaf(&pki, trust, PKI_NOW, &err), CMG_E_CERT);
    ck_assert_ptr_nonnull(strstr(cmg_error_cause(err), "trust list"));
    cmg_error_unref(err);
    cmg__x509_trust_free(trust);
    cmg__x509_free(impostor);
    pki_done(&pki);
}
END_TEST

START_TEST(every_changed_byte_of_a_leaf_is_noticed)
{
    struct pki pki;
    struct cmg__x509_info info;

    pki_init(&pki, CMG__PROFILE_CLIENT);
    struct cmg__x509_trust *trust = trust_in(&pki, pki.root);
    cmg__x509_info(pki.leaf, &info);
    uint8_t *der = malloc(info.der_len);
    ck_assert_ptr_nonnull(der);
    memcpy(der, info.der, info.der_len);
    const uint8_t *chain = der;
    for (size_t i = 0; i < info.der_len; i++) {
        der[i] ^= 0x01;
        ck_assert_msg(cmg__x509_check(trust, CMG_PURPOSE_CLIENT, &chain, &info.der_len, 1,
                                      PKI_NOW, NULL) == CMG_E_CERT,
                      "byte %zu", i);
        der[i] ^= 0x01;
    }
    free(der);
    cmg__x509_trust_free(trust);
    pki_done(&pki);
}
END_TEST

START_TEST(a_list_without_a_root_is_no_trust_list)
{
    struct pki pki;
    struct cmg__x509_trust *trust = NULL;
    cmg_error *err = NULL;

    pki_init(&pki, CMG__PROFILE_CLIENT);
    char *pem = pki_pem(pki.leaf);
    ck_assert_int_eq(cmg__x509_trust_new(&pki.a.alloc, pem, strlen(pem), &trust, &err),
                     CMG_E_CERT);
    cmg_error_unref(err);
    err = NULL;
    ck_assert_int_eq(cmg__x509_trust_new(&pki.a.alloc, "x", 1, &trust, &err),
                     CMG_E_PARSE);
    cmg_error_unref(err);
    ck_assert_ptr_null(trust);
    free(pem);
    pki_done(&pki);
}
END_TEST

START_TEST(chains_of_no_and_of_too_many_certificates_are_refused)
{
    struct pki pki;
    struct cmg__x509_info info;
    const uint8_t *ders[11];
    size_t lens[11];

    pki_init(&pki, CMG__PROFILE_CLIENT);
    struct cmg__x509_trust *trust = trust_in(&pki, pki.root);
    cmg__x509_info(pki.leaf, &info);
    for (size_t i = 0; i < CMG__ARRAY_LEN(ders); i++) {
        ders[i] = info.der;
        lens[i] = info.der_len;
    }
    ck_assert_int_eq(
        cmg__x509_check(trust, CMG_PURPOSE_CLIENT, ders, lens, 0, PKI_NOW, NULL),
        CMG_E_CERT);
    ck_assert_int_eq(
        cmg__x509_check(trust, CMG_PURPOSE_CLIENT, ders, lens, 11, PKI_NOW, NULL),
        CMG_E_CERT);
    ck_assert_int_eq(
        cmg__x509_check(trust, CMG_PURPOSE_CLIENT, ders, lens, 10, PKI_NOW, NULL),
        CMG_OK);
    cmg__x509_trust_free(trust);
    pki_done(&pki);
}
END_TEST

static cmg_status check_once(struct support_alloc *a, void *user)
{
    struct pki *pki = user;
    struct cmg__x509_trust *trust = NULL;
    struct cmg__x509_info info;
    char *pem = pki_pem(pki->root);

    cmg__x509_info(pki->leaf, &info);
    const uint8_t *der = info.der;
    cmg_status rc = cmg__x509_trust_new(&a->alloc, pem, strlen(pem), &trust, NULL);
    if (rc == CMG_OK)
        rc = cmg__x509_check(trust, CMG_PURPOSE_CLIENT, &der, &info.der_len, 1, PKI_NOW,
                             NULL);
    cmg__x509_trust_free(trust);
    free(pem);
    return rc;
}

START_TEST(judging_survives_every_failed_allocation)
{
    struct pki pki;

    pki_init(&pki, CMG__PROFILE_CLIENT);
    support_torture(check_once, &pki, 1);
    pki_done(&pki);
}
END_TEST

/* ---- hosts ---- */

static const struct host_case {
    const char *pattern;
    const char *host;
    bool matches;
} host_cases[] = {
    { "gw.contoso.com", "gw.contoso.com", true },
    { "gw.contoso.com", "GW.Contoso.COM.", true },
    { "gw.contoso.com", "contoso.com", false },
    { "gw.contoso.com", "x.gw.contoso.com", false },
    { "*.contoso.com", "gw.contoso.com", true },
    { "*.contoso.com", "contoso.com", false },
    { "*.contoso.com", "a.b.contoso.com", false },
    { "*.contoso.com", ".contoso.com", false },
    { "*.com", "contoso.com", false },
    { "*.contoso.com", "*.contoso.com", false },
    { "gw.contoso.com", "gw.contoso.com..", false },
    { "gw.contoso.com", "", false },
    { "gw.contoso.com", "127.0.0.1", false },
};

START_TEST(hosts_match_by_whole_labels)
{
    const struct host_case *c = &host_cases[_i];
    struct pki pki;
    struct cmg__x509 *cert = NULL;
    char *name = strdup(c->pattern);
    const char *const names[] = { name, NULL };
    cmg_error *err = NULL;

    pki_init(&pki, CMG__PROFILE_CLIENT);
    /* This library does not issue every pattern: others do. */
    name[0] = name[0] == '*' ? 'x' : name[0];
    const struct cmg__x509_request request = { .profile = CMG__PROFILE_CLIENT,
                                               .common_name = "other.fabrikam.com",
                                               .dns_names = names,
                                               .not_before_unix_s = PKI_NOW,
                                               .not_after_unix_s = PKI_NOW + 1,
                                               .key = pki.leaf_key };
    ck_ok(cmg__x509_issue(&pki.a.alloc, &pki.e.env, &request, pki.root, pki.root_key,
                          &cert, &err),
          err);
    cert->dns_names[0][0] = c->pattern[0];
    ck_assert_int_eq(cmg__x509_matches_host(cert, c->host), c->matches);
    /* The common name never counts. */
    ck_assert(!cmg__x509_matches_host(cert, "other.fabrikam.com"));
    ck_assert(!cmg__x509_matches_host(pki.leaf, "granitefalls.contoso.com"));
    ck_assert(cmg__x509_common_name_is(pki.leaf, "granitefalls.contoso.com"));
    free(name);
    cmg__x509_free(cert);
    pki_done(&pki);
}
END_TEST

static const struct suffix_case {
    const char *name;
    bool is_public;
} suffix_cases[] = {
    { "com", true },
    { "co.uk", true },
    { "COM.AU", true },
    { "cloudapp.net", true },
    { "cloudapp.azure.com", true },
    { "westeurope.cloudapp.azure.com", true },
    { "s3.amazonaws.com", true },
    { "contoso.com", false },
    { "contoso.co.uk", false },
    { "co.com", false },
    { "gw.westeurope.cloudapp.azure.com", false },
    { "my.cloudapp.net", false },
};

START_TEST(shared_domains_are_known)
{
    const struct suffix_case *c = &suffix_cases[_i];

    ck_assert_msg(cmg__host_is_public_suffix(c->name) == c->is_public, "%s", c->name);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("x509_check");
    TCase *own = tcase_create("own");

    tcase_set_timeout(own, 60);
    tcase_add_test(own, validity_has_five_minutes_of_grace_at_its_begin_only);
    tcase_add_test(own, an_authority_of_the_same_name_with_another_key_is_not_the_issuer);
    tcase_add_test(own, every_changed_byte_of_a_leaf_is_noticed);
    tcase_add_test(own, a_list_without_a_root_is_no_trust_list);
    tcase_add_test(own, chains_of_no_and_of_too_many_certificates_are_refused);
    tcase_add_test(own, judging_survives_every_failed_allocation);
    tcase_add_loop_test(own, shared_domains_are_known, 0,
                        (int)CMG__ARRAY_LEN(suffix_cases));
    tcase_add_loop_test(own, hosts_match_by_whole_labels, 0,
                        (int)CMG__ARRAY_LEN(host_cases));
    suite_add_tcase(suite, own);
    return support_run((Suite *const[]){ suite, NULL });
}
