/*
 * Which certificates a revocation list speaks for, whose entries are whose in an indirect
 * one, what a delta changes, and which of two lists is the newer.
 */
#include "crypto/lister.h"

#include <string.h>

/* ---- whom a list speaks for ---- */

/* Point names are the URIs a:b and c:d, the directory names CN=Root, CN=x and CN=Root
   with CN=x below it, and CN=x relative to the issuer. */
static const struct cover_case {
    const char *what;
    const char *issuing_point; /* of the list; NULL: none */
    const char *points;        /* of the certificate; NULL: none */
    const char *list_issuer;
    const char *cert_issuer;
    bool is_ca;
    enum cmg__crl_cover cover;
    unsigned reasons;
} cover_cases[] = {
    { "a list without scope speaks for every certificate of its issuer", NULL, NULL,
      "Root", "Root", false, CMG__CRL_COVERS, 0x1fe },
    { "and not for those of others", NULL, NULL, "Root", "Other", false,
      CMG__CRL_OTHER_ISSUER, 0x0 },
    { "a point does not matter to it", NULL, "300b3009a007a0058603633a64", "Root", "Root",
      false, CMG__CRL_COVERS, 0x1fe },
    { "users only", "30038101ff", NULL, "Root", "Root", false, CMG__CRL_COVERS, 0x1fe },
    { "users only, an authority", "30038101ff", NULL, "Root", "Root", true,
      CMG__CRL_OTHER_KIND, 0x0 },
    { "authorities only", "30038201ff", NULL, "Root", "Root", true, CMG__CRL_COVERS,
      0x1fe },
    { "authorities only, a user", "30038201ff", NULL, "Root", "Root", false,
      CMG__CRL_OTHER_KIND, 0x0 },
    { "attribute certificates only", "30038501ff", NULL, "Root", "Root", false,
      CMG__CRL_OTHER_KIND, 0x0 },
    { "the same URL", "3009a007a0058603613a62", "300b3009a007a0058603613a62", "Root",
      "Root", false, CMG__CRL_COVERS, 0x1fe },
    { "one of several URLs", "300ea00ca00a8603613a628603633a64",
      "301e301ca01aa018a411300f310d300b06035504030c04526f6f748603633a64", "Root", "Root",
      false, CMG__CRL_COVERS, 0x1fe },
    { "the second point", "3009a007a0058603633a64",
      "30163009a007a0058603613a623009a007a0058603633a64", "Root", "Root", false,
      CMG__CRL_COVERS, 0x1fe },
    { "another URL", "3009a007a0058603613a62", "300b3009a007a0058603633a64", "Root",
      "Root", false, CMG__CRL_OTHER_POINT, 0x0 },
    { "a URL, and no point", "3009a007a0058603613a62", NULL, "Root", "Root", false,
      CMG__CRL_OTHER_POINT, 0x0 },
    { "the issuer's name as point, and no point",
      "3017a015a013a411300f310d300b06035504030c04526f6f74", NULL, "Root", "Root", false,
      CMG__CRL_COVERS, 0x1fe },
    { "the same directory name", "3014a012a010a40e300c310a300806035504030c0178",
      "30163014a012a010a40e300c310a300806035504030c0178", "Root", "Root", false,
      CMG__CRL_COVERS, 0x1fe },
    { "another directory name", "3014a012a010a40e300c310a300806035504030c0178",
      "30193017a015a013a411300f310d300b06035504030c04526f6f74", "Root", "Root", false,
      CMG__CRL_OTHER_POINT, 0x0 },
    { "both relative", "300ea00ca10a300806035504030c0178",
      "3010300ea00ca10a300806035504030c0178", "Root", "Root", false, CMG__CRL_COVERS,
      0x1fe },
    { "relative in the list, full in the certificate", "300ea00ca10a300806035504030c0178",
      "30253023a021a01fa41d301b310d300b06035504030c04526f6f74310a300806035504030c0178",
      "Root", "Root", false, CMG__CRL_COVERS, 0x1fe },
    { "full in the list, relative in the certificate",
      "3023a021a01fa41d301b310d300b06035504030c04526f6f74310a300806035504030c0178",
      "3010300ea00ca10a300806035504030c0178", "Root", "Root", false, CMG__CRL_COVERS,
      0x1fe },
    { "relative, to another name", "300ea00ca10a300806035504030c0178",
      "30163014a012a010a40e300c310a300806035504030c0178", "Root", "Root", false,
      CMG__CRL_OTHER_POINT, 0x0 },
    { "relative, and no point", "300ea00ca10a300806035504030c0178", NULL, "Root", "Root",
      false, CMG__CRL_OTHER_POINT, 0x0 },
    { "one reason", "300483020640", NULL, "Root", "Root", false, CMG__CRL_COVERS, 0x2 },
    { "reasons of the point narrow a named list", "3009a007a0058603613a62",
      "300f300da007a0058603613a6281020520", "Root", "Root", false, CMG__CRL_COVERS, 0x4 },
    { "reasons of both without one in common", "300da007a0058603613a6283020640",
      "300f300da007a0058603613a6281020520", "Root", "Root", false, CMG__CRL_COVERS, 0x0 },
    { "reasons of two points", "3009a007a0058603613a62",
      "301e300da007a0058603613a6281020520300da007a0058603613a6281020640", "Root", "Root",
      false, CMG__CRL_COVERS, 0x6 },
    { "an indirect list of the named issuer", "30038401ff",
      "3020301ea007a0058603613a62a213a411300f310d300b06035504030c04526f6f74", "Root",
      "Other", false, CMG__CRL_COVERS, 0x1fe },
    { "an indirect list with the name of the point", "300ca007a0058603613a628401ff",
      "3020301ea007a0058603613a62a213a411300f310d300b06035504030c04526f6f74", "Root",
      "Other", false, CMG__CRL_COVERS, 0x1fe },
    { "a point with only an issuer",
      "301aa015a013a411300f310d300b06035504030c04526f6f748401ff",
      "30173015a213a411300f310d300b06035504030c04526f6f74", "Root", "Other", false,
      CMG__CRL_COVERS, 0x1fe },
    { "an indirect list of an issuer that is not named", "30038401ff",
      "301d301ba007a0058603613a62a210a40e300c310a300806035504030c0178", "Root", "Other",
      false, CMG__CRL_OTHER_ISSUER, 0x0 },
    { "a direct list of the named issuer", NULL,
      "3020301ea007a0058603613a62a213a411300f310d300b06035504030c04526f6f74", "Root",
      "Other", false, CMG__CRL_OTHER_ISSUER, 0x0 },
    { "an indirect list, and no point", "30038401ff", NULL, "Root", "Other", false,
      CMG__CRL_OTHER_ISSUER, 0x0 },
    { "an indirect list of the certificate's own issuer", "30038401ff", NULL, "Root",
      "Root", false, CMG__CRL_COVERS, 0x1fe },
    { "an indirect list for another point of the issuer", "300ca007a0058603633a648401ff",
      "3020301ea007a0058603613a62a213a411300f310d300b06035504030c04526f6f74", "Root",
      "Other", false, CMG__CRL_OTHER_POINT, 0x0 },
    { "names are compared without case", NULL, NULL, "Root", "ROOT", false,
      CMG__CRL_COVERS, 0x1fe },
};

START_TEST(a_list_speaks_for_the_certificates_of_its_scope)
{
    const struct cover_case *c = &cover_cases[_i];
    struct lister l;
    unsigned reasons = 0;

    lister_init(&l);
    l.issuer = c->list_issuer;
    if (c->issuing_point != NULL)
        lister_extend(&l, LISTER_POINT, true, c->issuing_point);
    struct cmg__crl *crl = lister_read(&l, &cmg__alloc_libc);
    struct cmg__x509 *cert =
        lister_certificate(&cmg__alloc_libc, c->cert_issuer, "05", c->is_ca, c->points);
    ck_assert_msg(cmg__crl_covers(crl, cert, &reasons) == c->cover, "%s", c->what);
    ck_assert_msg(reasons == c->reasons, "%s: reasons %x", c->what, reasons);
    cmg__x509_free(cert);
    cmg__crl_free(crl);
    lister_done(&l);
}
END_TEST

/* ---- indirect lists ---- */

static const struct owner_case {
    const char *serial;
    const char *issuer;
    int reason; /* -1: not listed */
} owner_cases[] = {
    { "01", "Test Root", CMG_REASON_KEY_COMPROMISE },
    { "01", "A", CMG_REASON_SUPERSEDED },
    { "01", "B", -1 },
    { "02", "A", CMG_REASON_CA_COMPROMISE },
    { "02", "Test Root", -1 },
    { "03", "B", CMG_REASON_CERTIFICATE_HOLD },
    { "03", "A", -1 },
    { "04", "Test Root", CMG_REASON_UNSPECIFIED },
    { "04", "B", -1 },
    { "05", "a", CMG_REASON_SUPERSEDED },
    { "05", "Test Root", -1 },
};

START_TEST(an_entry_belongs_to_the_issuer_named_last)
{
    static const struct listed entries[] = {
        { .serial = "01", .reason = CMG_REASON_KEY_COMPROMISE },
        { .serial = "01", .reason = CMG_REASON_SUPERSEDED, .issuer = "A" },
        { .serial = "02", .reason = CMG_REASON_CA_COMPROMISE },
        { .serial = "03", .reason = CMG_REASON_CERTIFICATE_HOLD, .issuer = "B" },
        { .serial = "04", .reason = -1, .issuer = "Test Root" },
        { .serial = "05", .reason = CMG_REASON_SUPERSEDED, .issuer = "A" },
    };
    const struct owner_case *c = &owner_cases[_i];
    struct lister l;
    struct cmg__crl_entry entry;

    lister_init(&l);
    lister_extend(&l, LISTER_POINT, true, "30038401ff");
    for (size_t i = 0; i < CMG__ARRAY_LEN(entries); i++)
        lister_add(&l, &entries[i]);
    struct cmg__crl *crl = lister_read(&l, &cmg__alloc_libc);
    struct cmg__x509 *cert =
        lister_certificate(&cmg__alloc_libc, c->issuer, c->serial, false, NULL);
    ck_assert_int_eq(cmg__crl_find_certificate(crl, cert, &entry), c->reason >= 0);
    if (c->reason >= 0)
        ck_assert_int_eq(entry.reason, c->reason);
    cmg__x509_free(cert);
    cmg__crl_free(crl);
    lister_done(&l);
}
END_TEST

START_TEST(of_two_spellings_of_an_issuer_the_gravest_entry_counts)
{
    static const struct listed entries[] = {
        { .serial = "01", .reason = CMG_REASON_REMOVE_FROM_CRL, .issuer = "Branch" },
        { .serial = "01", .reason = CMG_REASON_SUPERSEDED, .issuer = "BRANCH" },
        { .serial = "01", .reason = CMG_REASON_CERTIFICATE_HOLD, .issuer = "branch" },
    };
    struct lister l;
    struct cmg__crl_entry entry;

    lister_init(&l);
    lister_extend(&l, LISTER_POINT, true, "30038401ff");
    for (size_t i = 0; i < CMG__ARRAY_LEN(entries); i++)
        lister_add(&l, &entries[i]);
    struct cmg__crl *crl = lister_read(&l, &cmg__alloc_libc);
    struct cmg__x509 *cert =
        lister_certificate(&cmg__alloc_libc, "Branch", "01", false, NULL);
    ck_assert(cmg__crl_find_certificate(crl, cert, &entry));
    ck_assert_int_eq(entry.reason, CMG_REASON_SUPERSEDED);
    cmg__x509_free(cert);
    cmg__crl_free(crl);
    lister_done(&l);
}
END_TEST

/* ---- delta lists ---- */

struct edition {
    const char *number; /* value of cRLNumber; NULL: none */
    const char *base;   /* value of deltaCRLIndicator; NULL: a complete list */
    const char *point;  /* value of issuingDistributionPoint; NULL: none */
    const char *key_id; /* value of authorityKeyIdentifier; NULL: none */
    const char *issuer; /* NULL: "Test Root" */
    int64_t day;        /* this update, from now */
};

static struct cmg__crl *publish(const struct edition *e, const struct listed *entries,
                                size_t count)
{
    struct lister l;

    lister_init(&l);
    l.this_update += e->day * PKI_DAY;
    if (e->issuer != NULL)
        l.issuer = e->issuer;
    if (e->number != NULL)
        lister_extend(&l, LISTER_NUMBER, false, e->number);
    if (e->base != NULL)
        lister_extend(&l, LISTER_DELTA, true, e->base);
    if (e->point != NULL)
        lister_extend(&l, LISTER_POINT, true, e->point);
    if (e->key_id != NULL)
        lister_extend(&l, LISTER_AKI, false, e->key_id);
    for (size_t i = 0; i < count; i++)
        lister_add(&l, &entries[i]);
    struct cmg__crl *crl = lister_read(&l, &cmg__alloc_libc);
    lister_done(&l);
    return crl;
}

#define USERS "30038101ff"
#define KEY_A "3003800141"
#define KEY_B "3003800142"

static const struct fit_case {
    const char *what;
    struct edition base;
    struct edition delta;
    bool fits;
} fit_cases[] = {
    { "a delta from the base's number",
      { .number = "020105" },
      { .number = "020106", .base = "020105" },
      true },
    { "a delta from an older number",
      { .number = "020105" },
      { .number = "020109", .base = "020102" },
      true },
    { "a delta from a newer number",
      { .number = "020105" },
      { .number = "020109", .base = "020106" },
      false },
    { "a delta as old as the base",
      { .number = "020105" },
      { .number = "020105", .base = "020102" },
      false },
    { "a delta older than the base",
      { .number = "020105" },
      { .number = "020104", .base = "020102" },
      false },
    { "numbers of more than one octet",
      { .number = "02020100" },
      { .number = "02020101", .base = "020200ff" },
      true },
    { "numbers of more than one octet, the wrong way",
      { .number = "020200ff" },
      { .number = "02020101", .base = "02020100" },
      false },
    { "two complete lists", { .number = "020105" }, { .number = "020106" }, false },
    { "two deltas",
      { .number = "020105", .base = "020101" },
      { .number = "020106", .base = "020105" },
      false },
    { "a base without number", { 0 }, { .number = "020106", .base = "020105" }, false },
    { "a delta without number", { .number = "020105" }, { .base = "020105" }, false },
    { "the same scope",
      { .number = "020105", .point = USERS },
      { .number = "020106", .base = "020105", .point = USERS },
      true },
    { "another scope",
      { .number = "020105" },
      { .number = "020106", .base = "020105", .point = USERS },
      false },
    { "the same key",
      { .number = "020105", .key_id = KEY_A },
      { .number = "020106", .base = "020105", .key_id = KEY_A },
      true },
    { "another key",
      { .number = "020105", .key_id = KEY_A },
      { .number = "020106", .base = "020105", .key_id = KEY_B },
      false },
    { "another issuer",
      { .number = "020105" },
      { .number = "020106", .base = "020105", .issuer = "Other" },
      false },
};

START_TEST(a_delta_fits_the_list_it_counts_from)
{
    const struct fit_case *c = &fit_cases[_i];
    struct cmg__crl *base = publish(&c->base, NULL, 0);
    struct cmg__crl *delta = publish(&c->delta, NULL, 0);

    ck_assert_msg(cmg__crl_delta_fits(base, delta) == c->fits, "%s", c->what);
    ck_assert_msg(!cmg__crl_delta_fits(delta, base), "%s, the other way", c->what);
    cmg__crl_free(delta);
    cmg__crl_free(base);
}
END_TEST

static const struct apply_case {
    const char *serial;
    int base;  /* reason, -1: not revoked */
    int delta; /* with the delta */
} apply_cases[] = {
    { "01", CMG_REASON_KEY_COMPROMISE, CMG_REASON_KEY_COMPROMISE }, /* base only */
    { "02", CMG_REASON_CERTIFICATE_HOLD, -1 },                      /* released */
    { "03", CMG_REASON_CERTIFICATE_HOLD,
      CMG_REASON_SUPERSEDED },            /* hold, then good-bye */
    { "04", -1, CMG_REASON_UNSPECIFIED }, /* new */
    { "05", -1, -1 },                     /* neither */
    { "06", -1, -1 },                     /* released though never on hold */
    { "07", -1, -1 },                     /* a complete list that releases says nothing */
};

START_TEST(a_delta_changes_the_list_below_it)
{
    static const struct listed old[] = {
        { .serial = "01", .reason = CMG_REASON_KEY_COMPROMISE },
        { .serial = "02", .reason = CMG_REASON_CERTIFICATE_HOLD },
        { .serial = "03", .reason = CMG_REASON_CERTIFICATE_HOLD },
        { .serial = "07", .reason = CMG_REASON_REMOVE_FROM_CRL },
    };
    static const struct listed changes[] = {
        { .serial = "02", .reason = CMG_REASON_REMOVE_FROM_CRL },
        { .serial = "03", .reason = CMG_REASON_SUPERSEDED },
        { .serial = "04", .reason = -1 },
        { .serial = "06", .reason = CMG_REASON_REMOVE_FROM_CRL },
    };
    const struct apply_case *c = &apply_cases[_i];
    struct cmg__crl_entry entry;
    struct cmg__crl *base =
        publish(&(struct edition){ .number = "020105" }, old, CMG__ARRAY_LEN(old));
    struct cmg__crl *delta =
        publish(&(struct edition){ .number = "020106", .base = "020105" }, changes,
                CMG__ARRAY_LEN(changes));
    struct cmg__x509 *cert =
        lister_certificate(&cmg__alloc_libc, "Test Root", c->serial, false, NULL);

    ck_assert_int_eq(cmg__crl_apply(base, NULL, cert, &entry), c->base >= 0);
    if (c->base >= 0)
        ck_assert_int_eq(entry.reason, c->base);
    ck_assert_int_eq(cmg__crl_apply(base, delta, cert, &entry), c->delta >= 0);
    if (c->delta >= 0)
        ck_assert_int_eq(entry.reason, c->delta);
    cmg__x509_free(cert);
    cmg__crl_free(delta);
    cmg__crl_free(base);
}
END_TEST

/* ---- which one is newer ---- */

static const struct newer_case {
    const char *what;
    struct edition newer;
    struct edition older;
    bool supersedes;
} newer_cases[] = {
    { "number and day", { .number = "020106", .day = 1 }, { .number = "020105" }, true },
    { "the same day", { .number = "020106" }, { .number = "020105" }, true },
    { "the same number", { .number = "020105", .day = 1 }, { .number = "020105" }, true },
    { "itself", { .number = "020105" }, { .number = "020105" }, false },
    { "an older number",
      { .number = "020104", .day = 1 },
      { .number = "020105" },
      false },
    { "an older day", { .number = "020106", .day = -1 }, { .number = "020105" }, false },
    { "without numbers, a day", { .day = 1 }, { 0 }, true },
    { "without numbers, itself", { 0 }, { 0 }, false },
    { "the number went away", { .day = 1 }, { .number = "020105" }, false },
    { "a number came", { .number = "020101", .day = 1 }, { .day = 0 }, true },
    { "a delta for a complete one",
      { .number = "020106", .base = "020105" },
      { .number = "020105" },
      false },
    { "a delta for a delta",
      { .number = "020107", .base = "020105" },
      { .number = "020106", .base = "020105" },
      true },
    { "another scope",
      { .number = "020106", .point = USERS },
      { .number = "020105" },
      false },
    { "another issuer",
      { .number = "020106", .issuer = "Other" },
      { .number = "020105" },
      false },
    { "another key",
      { .number = "020106", .key_id = KEY_A },
      { .number = "020105", .key_id = KEY_B },
      false },
};

START_TEST(only_a_newer_list_takes_the_place)
{
    const struct newer_case *c = &newer_cases[_i];
    struct cmg__crl *newer = publish(&c->newer, NULL, 0);
    struct cmg__crl *older = publish(&c->older, NULL, 0);

    ck_assert_msg(cmg__crl_supersedes(newer, older) == c->supersedes, "%s", c->what);
    if (c->supersedes)
        ck_assert_msg(!cmg__crl_supersedes(older, newer), "%s, the other way", c->what);
    cmg__crl_free(older);
    cmg__crl_free(newer);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("crl_rules");
    TCase *rules = tcase_create("rules");

    tcase_add_loop_test(rules, a_list_speaks_for_the_certificates_of_its_scope, 0,
                        CMG__ARRAY_LEN(cover_cases));
    tcase_add_loop_test(rules, an_entry_belongs_to_the_issuer_named_last, 0,
                        CMG__ARRAY_LEN(owner_cases));
    tcase_add_test(rules, of_two_spellings_of_an_issuer_the_gravest_entry_counts);
    tcase_add_loop_test(rules, a_delta_fits_the_list_it_counts_from, 0,
                        CMG__ARRAY_LEN(fit_cases));
    tcase_add_loop_test(rules, a_delta_changes_the_list_below_it, 0,
                        CMG__ARRAY_LEN(apply_cases));
    tcase_add_loop_test(rules, only_a_newer_list_takes_the_place, 0,
                        CMG__ARRAY_LEN(newer_cases));
    suite_add_tcase(suite, rules);
    return support_run((Suite *const[]){ suite, NULL });
}
