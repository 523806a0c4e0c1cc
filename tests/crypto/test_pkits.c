/*
 * NIST's PKITS (Debian's python3-cryptography-vectors, the edition of 2011). Everything
 * is thrown into one pool: every authority is an untrusted intermediate, every revocation
 * list is known, so each path has to be found among hundreds of certificates. The name of
 * an end entity's certificate tells what the answer must be; revocation is hard.
 */
#include "support/support.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "crypto/crl.h"
#include "crypto/x509_judge.h"
#include "crypto/x509_trust.h"

#define FOLDER "/usr/lib/python3/dist-packages/cryptography_vectors/x509/PKITS_data"
/* 2026-06-29T00:00:00Z; the certificates are valid from 2010 to 2030. */
#define NOW INT64_C(1782691200)

/* Sections 4.8 to 4.12 are about policies, which are not looked at here, so whoever
   demands one is refused; DSA is not accepted at all. Parts of the names of those tests:
   what is valid there does not apply, what is invalid must be refused all the same. */
static const char *const not_applicable[] = {
    "Polic", "inhibit", "requireExplicit", "UserNotice", "CPSPointer", "DSA",
};

static struct cmg__x509_trust *trust;
static char *names[512];
static size_t name_count;

static bool ends_with(const char *text, const char *end)
{
    const size_t n = strlen(text);
    const size_t m = strlen(end);

    return n >= m && strcmp(text + n - m, end) == 0;
}

static char *read_file(const char *folder, const char *name, size_t *n)
{
    char path[512];

    (void)snprintf(path, sizeof path, "%s/%s/%s", FOLDER, folder, name);
    return support_read_file(path, n);
}

static struct cmg__x509 *read_certificate(const char *name)
{
    struct cmg__x509 *cert = NULL;
    size_t n = 0;
    char *der = read_file("certs", name, &n);

    (void)cmg__x509_parse(&cmg__alloc_libc, der, n, &cert, NULL);
    free(der);
    return cert;
}

static void add_certificate(const char *name)
{
    struct cmg__x509 *cert = read_certificate(name);
    const bool anchor = strcmp(name, "TrustAnchorRootCertificate.crt") == 0;

    /* Authorities with DSA keys and the like may not be well formed to us. */
    if (cert == NULL)
        return;
    ck_assert_int_eq(
        cmg__x509_trust_add(trust, anchor ? CMG__TRUST_ANCHORS : CMG__TRUST_AS_FOUND,
                            &cert, 1),
        CMG_OK);
}

static void add_list(const char *name)
{
    struct cmg__crl *crl = NULL;
    size_t n = 0;
    char *der = read_file("crls", name, &n);

    if (cmg__crl_parse(&cmg__alloc_libc, der, n, &crl, NULL) == CMG_OK)
        ck_assert_int_eq(cmg__x509_trust_add_crl(trust, crl), CMG_OK);
    cmg__crl_free(crl);
    free(der);
}

/* Calls fn with every name in a folder. */
static void walk(const char *folder, void (*fn)(const char *name))
{
    char path[512];

    (void)snprintf(path, sizeof path, "%s/%s", FOLDER, folder);
    DIR *dir = opendir(path);
    ck_assert_ptr_nonnull(dir);
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        if (entry->d_name[0] != '.')
            fn(entry->d_name);
    }
    (void)closedir(dir);
}

static bool is_about_policies_or_dsa(const char *name)
{
    for (size_t i = 0; i < CMG__ARRAY_LEN(not_applicable); i++) {
        if (strstr(name, not_applicable[i]) != NULL)
            return true;
    }
    return false;
}

static void sort_certificate(const char *name)
{
    if (!ends_with(name, "EE.crt")) {
        add_certificate(name);
        return;
    }
    const bool applies =
        cmg__str_starts(name, "Invalid") ||
        (cmg__str_starts(name, "Valid") && !is_about_policies_or_dsa(name));
    if (name_count < CMG__ARRAY_LEN(names) && applies)
        names[name_count++] = strdup(name);
}

static bool ask(const char *name, struct cmg__report *report)
{
    const struct cmg__x509_question q = {
        .purpose = CMG__PURPOSE_NONE,
        .revocation = CMG_REVOCATION_HARD,
        .now_unix_s = NOW,
        .max_depth = 16,
    };
    struct cmg__x509 *leaf = read_certificate(name);
    bool accepted = false;

    cmg__report_init(report, &cmg__alloc_libc);
    if (leaf != NULL) {
        ck_assert_int_eq(cmg__x509_judge(trust, &q, &leaf, 1, report), CMG_OK);
        accepted = cmg__report_is_accepted(report);
    }
    cmg__x509_free(leaf);
    return accepted;
}

static void fill_pool(void)
{
    trust = cmg__x509_trust_new_empty(&cmg__alloc_libc);
    walk("certs", sort_certificate);
    walk("crls", add_list);
}

static void empty_pool(void)
{
    for (size_t i = 0; i < name_count; i++)
        free(names[i]);
    name_count = 0;
    cmg__x509_trust_free(trust);
}

START_TEST(each_end_entity_gets_the_answer_its_name_tells)
{
    size_t right = 0;
    size_t wrong = 0;

    for (size_t i = 0; i < name_count; i++) {
        const bool wanted = cmg__str_starts(names[i], "Valid");
        struct cmg__report report;
        const bool accepted = ask(names[i], &report);

        if (accepted == wanted) {
            right++;
        } else {
            wrong++;
            printf("%s: %s: %s\n", names[i], accepted ? "accepted" : "refused",
                   report.count > 0 ? report.list[0].cause : "not well formed");
        }
        cmg__report_done(&report);
    }
    printf("pkits: %zu of %zu right\n", right, name_count);
    (void)fflush(stdout);
    ck_assert_uint_eq(wrong, 0);
    ck_assert_uint_eq(right, 182);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pkits");
    TCase *all = tcase_create("all");

    DIR *dir = opendir(FOLDER);
    if (dir == NULL) {
        puts("SKIP: python3-cryptography-vectors is not installed");
        return 77;
    }
    (void)closedir(dir);
    tcase_set_timeout(all, 120);
    tcase_add_checked_fixture(all, fill_pool, empty_pool);
    tcase_add_test(all, each_end_entity_gets_the_answer_its_name_tells);
    suite_add_tcase(suite, all);
    return support_run((Suite *const[]){ suite, NULL });
}
