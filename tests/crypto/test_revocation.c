/*
 * Lists that speak for a part only, before the judge: partitioned by reason or by
 * distribution point, and indirect ones, whose signer is an authority of its own. The
 * chain is R and L (serial number 31); S signs lists for R. Every question is asked hard.
 */
#include "crypto/forge.h"
#include "crypto/lister.h"

#include <string.h>

#include "crypto/x509_judge.h"
#include "crypto/x509_trust.h"

#define LISTS 4

/* cRLDistributionPoints: the URIs a:b and c:d, and a:b with S as issuer of the list. */
#define AT_AB   "raw:551d1f=300b3009a007a0058603613a62"
#define AT_CD   "raw:551d1f=300b3009a007a0058603633a64"
#define AT_BOTH "raw:551d1f=30163009a007a0058603613a623009a007a0058603633a64"
#define AT_S    "raw:551d1f=301d301ba007a0058603613a62a210a40e300c310a300806035504030c0153"
/* issuingDistributionPoint */
#define FOR_AB      "3009a007a0058603613a62"
#define FOR_CD      "3009a007a0058603633a64"
#define INDIRECT    "30038401ff"
#define KEY_ONLY    "300483020640"
#define ALL_BUT_KEY "30058303073f80"

struct list {
    const char *issuer; /* NULL: no list */
    const char *point;  /* issuingDistributionPoint, NULL: none */
    const char *delta;  /* base number, NULL: a complete list */
    struct listed entries[3];
    bool wrong_key;
};

static const struct case_of_lists {
    const char *what;
    const char *leaf;   /* extensions more; NULL: none */
    const char *signer; /* key usage and more of S; NULL: S is not there */
    struct list lists[LISTS];
    cmg_finding code; /* 0: accepted */
} cases[] = {
    { "two lists cover all reasons",
      .lists = { { .issuer = "R", .point = KEY_ONLY },
                 { .issuer = "R", .point = ALL_BUT_KEY } } },
    { "one of them does not", .lists = { { .issuer = "R", .point = ALL_BUT_KEY } },
      .code = CMG_FINDING_REVOCATION_UNKNOWN },
    { "the other does not, either", .lists = { { .issuer = "R", .point = KEY_ONLY } },
      .code = CMG_FINDING_REVOCATION_UNKNOWN },
    { "the second of them revokes",
      .lists = { { .issuer = "R", .point = KEY_ONLY },
                 { .issuer = "R",
                   .point = ALL_BUT_KEY,
                   .entries = { { .serial = "31", .reason = 4 } } } },
      .code = CMG_FINDING_REVOKED },
    { "a delta list releases within its part",
      .lists = { { .issuer = "R", .point = KEY_ONLY },
                 { .issuer = "R",
                   .point = ALL_BUT_KEY,
                   .entries = { { .serial = "31", .reason = 6 } } },
                 { .issuer = "R",
                   .point = ALL_BUT_KEY,
                   .delta = "020105",
                   .entries = { { .serial = "31", .reason = 8 } } } } },
    { "a delta list of another part releases nobody",
      .lists = { { .issuer = "R", .point = KEY_ONLY },
                 { .issuer = "R",
                   .point = ALL_BUT_KEY,
                   .entries = { { .serial = "31", .reason = 6 } } },
                 { .issuer = "R",
                   .delta = "020105",
                   .entries = { { .serial = "31", .reason = 8 } } } },
      .code = CMG_FINDING_ON_HOLD },
    { "the list of the certificate's point", .leaf = AT_AB,
      .lists = { { .issuer = "R", .point = FOR_AB } } },
    { "the list of another point", .leaf = AT_AB,
      .lists = { { .issuer = "R", .point = FOR_CD } },
      .code = CMG_FINDING_REVOCATION_UNKNOWN },
    { "the list of a point, and a certificate without one",
      .lists = { { .issuer = "R", .point = FOR_AB } },
      .code = CMG_FINDING_REVOCATION_UNKNOWN },
    { "the list of another point does not revoke", .leaf = AT_AB,
      .lists = { { .issuer = "R", .point = FOR_AB },
                 { .issuer = "R",
                   .point = FOR_CD,
                   .entries = { { .serial = "31", .reason = 1 } } } } },
    { "the list of the second point revokes", .leaf = AT_BOTH,
      .lists = { { .issuer = "R", .point = FOR_AB },
                 { .issuer = "R",
                   .point = FOR_CD,
                   .entries = { { .serial = "31", .reason = 1 } } } },
      .code = CMG_FINDING_REVOKED },
    { "an indirect list is silent", .leaf = AT_S, .signer = "!ku:02;" AT_CD,
      .lists = { { .issuer = "S", .point = INDIRECT },
                 { .issuer = "R", .point = FOR_CD } } },
    { "an indirect list names the issuer", .leaf = AT_S, .signer = "!ku:02;" AT_CD,
      .lists = { { .issuer = "S",
                   .point = INDIRECT,
                   .entries = { { .serial = "31", .reason = 1, .issuer = "R" } } },
                 { .issuer = "R", .point = FOR_CD } },
      .code = CMG_FINDING_REVOKED },
    { "an indirect list names the issuer before another entry", .leaf = AT_S,
      .signer = "!ku:02;" AT_CD,
      .lists = { { .issuer = "S",
                   .point = INDIRECT,
                   .entries = { { .serial = "30", .reason = 1, .issuer = "R" },
                                { .serial = "31", .reason = 1 } } },
                 { .issuer = "R", .point = FOR_CD } },
      .code = CMG_FINDING_REVOKED },
    { "an indirect list names its own certificate", .leaf = AT_S,
      .signer = "!ku:02;" AT_CD,
      .lists = { { .issuer = "S",
                   .point = INDIRECT,
                   .entries = { { .serial = "31", .reason = 1 } } },
                 { .issuer = "R", .point = FOR_CD } } },
    { "an indirect list names a third authority", .leaf = AT_S, .signer = "!ku:02;" AT_CD,
      .lists = { { .issuer = "S",
                   .point = INDIRECT,
                   .entries = { { .serial = "31", .reason = 1, .issuer = "T" } } },
                 { .issuer = "R", .point = FOR_CD } } },
    { "a direct list of the named issuer is about others", .leaf = AT_S,
      .signer = "!ku:02;" AT_CD,
      .lists = { { .issuer = "S" }, { .issuer = "R", .point = FOR_CD } },
      .code = CMG_FINDING_REVOCATION_UNKNOWN },
    { "an indirect list whose issuer the certificate does not name", .leaf = AT_AB,
      .signer = "!ku:02;" AT_CD,
      .lists = { { .issuer = "S", .point = INDIRECT },
                 { .issuer = "R", .point = FOR_CD } },
      .code = CMG_FINDING_REVOCATION_UNKNOWN },
    { "an indirect list, signed with another key", .leaf = AT_S,
      .signer = "!ku:02;" AT_CD,
      .lists = { { .issuer = "S", .point = INDIRECT, .wrong_key = true },
                 { .issuer = "R", .point = FOR_CD } },
      .code = CMG_FINDING_REVOCATION_UNKNOWN },
    { "an indirect list of a signer without the right", .leaf = AT_S,
      .signer = "!ku:80;" AT_CD,
      .lists = { { .issuer = "S", .point = INDIRECT },
                 { .issuer = "R", .point = FOR_CD } },
      .code = CMG_FINDING_REVOCATION_UNKNOWN },
    { "an indirect list of a signer who is not known", .leaf = AT_S,
      .lists = { { .issuer = "S", .point = INDIRECT },
                 { .issuer = "R", .point = FOR_CD } },
      .code = CMG_FINDING_REVOCATION_UNKNOWN },
    { "an indirect list of a signer who is revoked himself", .leaf = AT_S,
      .signer = "!ku:02;" AT_CD,
      .lists = { { .issuer = "S", .point = INDIRECT },
                 { .issuer = "R",
                   .point = FOR_CD,
                   .entries = { { .serial = "51", .reason = 2 } } } },
      .code = CMG_FINDING_REVOCATION_UNKNOWN },
};

static void add_list(const struct pki *pki, struct cmg__x509_trust *trust,
                     const struct list *list)
{
    struct lister l;

    lister_init(&l);
    l.issuer = list->issuer;
    l.key = list->wrong_key ? pki->leaf_key : pki->root_key;
    l.this_update = PKI_NOW - (list->delta != NULL ? 1 : 2) * PKI_DAY;
    lister_extend(&l, LISTER_NUMBER, false, list->delta != NULL ? "020106" : "020105");
    if (list->delta != NULL)
        lister_extend(&l, LISTER_DELTA, true, list->delta);
    if (list->point != NULL)
        lister_extend(&l, LISTER_POINT, true, list->point);
    for (size_t i = 0; i < CMG__ARRAY_LEN(list->entries); i++) {
        if (list->entries[i].serial != NULL)
            lister_add(&l, &list->entries[i]);
    }
    struct cmg__crl *crl = lister_read(&l, &pki->a.alloc);
    ck_assert_int_eq(cmg__x509_trust_add_crl(trust, crl), CMG_OK);
    cmg__crl_free(crl);
    lister_done(&l);
}

static const struct forge_cert root = { .subject = "CN=R",
                                        .extensions = "!bc:ca;!ku:06;ski" };

static struct cmg__x509 *forge_under_root(const struct pki *pki, const char *subject,
                                          const char *serial, const char *extensions)
{
    char text[512] = "ski;aki;";
    const struct forge_cert cert = { .subject = subject,
                                     .serial = serial,
                                     .extensions = text };

    ck_assert_uint_lt(strlen(extensions), sizeof text - 16);
    (void)strcat(text, extensions);
    return forge(pki, &cert, &root);
}

static struct cmg__x509 *leaf_of(const struct pki *pki, const struct case_of_lists *c)
{
    char text[512] = "ku:80;eku:client";

    if (c->leaf != NULL)
        (void)strcat(strcat(text, ";"), c->leaf);
    return forge_under_root(pki, "CN=L", "31", text);
}

static struct cmg__x509_trust *trust_of(const struct pki *pki,
                                        const struct case_of_lists *c)
{
    struct cmg__x509_trust *trust = cmg__x509_trust_new_empty(&pki->a.alloc);
    struct cmg__x509 *list[2] = { forge(pki, &root, NULL), NULL };

    if (c->signer != NULL)
        list[1] = forge_under_root(pki, "CN=S", "51", c->signer);
    ck_assert_int_eq(
        cmg__x509_trust_add(trust, CMG__TRUST_AS_FOUND, list, c->signer != NULL ? 2 : 1),
        CMG_OK);
    for (size_t i = 0; i < LISTS && c->lists[i].issuer != NULL; i++)
        add_list(pki, trust, &c->lists[i]);
    return trust;
}

START_TEST(a_part_is_worth_what_it_covers)
{
    const struct case_of_lists *c = &cases[_i];
    const struct cmg__x509_question question = { .purpose = CMG_PURPOSE_CLIENT,
                                                 .revocation = CMG_REVOCATION_HARD,
                                                 .now_unix_s = PKI_NOW };
    struct pki pki;
    struct cmg__report report;

    pki_init(&pki, CMG__PROFILE_CLIENT);
    struct cmg__x509_trust *trust = trust_of(&pki, c);
    struct cmg__x509 *leaf = leaf_of(&pki, c);
    cmg__report_init(&report, &pki.a.alloc);
    ck_assert_int_eq(cmg__x509_judge(trust, &question, &leaf, 1, &report), CMG_OK);
    const char *first = report.count > 0 ? report.list[0].cause : "nothing";
    ck_assert_msg(cmg__report_is_accepted(&report) == (c->code == 0), "%s: %s", c->what,
                  first);
    ck_assert_msg(c->code == 0 || cmg__report_has(&report, c->code), "%s: %s", c->what,
                  first);
    cmg__report_done(&report);
    cmg__x509_free(leaf);
    cmg__x509_trust_free(trust);
    pki_done(&pki);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("revocation");
    TCase *parts = tcase_create("parts");

    tcase_set_timeout(parts, 60);
    tcase_add_loop_test(parts, a_part_is_worth_what_it_covers, 0, CMG__ARRAY_LEN(cases));
    suite_add_tcase(suite, parts);
    return support_run((Suite *const[]){ suite, NULL });
}
