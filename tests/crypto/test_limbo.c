/*
 * The public x509-limbo cases, read from the folder that CMG_VECTORS names. Each is asked
 * twice: as it is meant, where the answer must be the expected one but for the exceptions
 * below, and as the gateway asks, where what is accepted all the same must at least be
 * found. A certificate that should be refused is never an exception.
 */
#include "support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "crypto/crl.h"
#include "crypto/x509_judge.h"
#include "crypto/x509_trust.h"

/* 2026-06-29T00:00:00Z, when the cases were made: "now" of those without a time. */
#define NOW INT64_C(1782691200)

/* Refused here though the case expects acceptance. */
static const struct exception {
    const char *id;
    const char *reason;
} exceptions[] = {
    { "pathlen::validation-ignores-pathlen-in-leaf",
      "an authority's certificate is never a server's; webpki::ca-as-leaf wants it so" },
    { "rfc5280::ca-as-leaf",
      "an authority's certificate is never a server's; webpki::ca-as-leaf wants it so" },
    { "rfc5280::eku::ee-without-eku",
      "a server must have serverAuth; webpki::eku::ee-without-eku wants it so" },
    { "webpki::nc::nc-permits-dns-san-pattern",
      "its common name is no alternative name, which webpki::cn::not-in-san forbids" },
    { "webpki::san::exact-localhost-ip-san",
      "its common name is no alternative name, which webpki::cn::not-in-san forbids" },
    { "webpki::san::leftmost-wildcard-san",
      "its common name is no alternative name, which webpki::cn::not-in-san forbids" },
};

/* Cases about how to issue ask for it; the others are about what may be let in. */
static unsigned flags_of(const char *id)
{
    if (cmg__str_starts(id, "rfc5280::") || cmg__str_starts(id, "crl::"))
        return CMG_CHECK_STRICT;
    return cmg__str_starts(id, "webpki::") ? CMG_CHECK_PUBLIC : 0;
}

static struct cmg__json *cases;

static const char *text_of(const struct cmg__json *v, const char *path)
{
    return cmg__str_or(cmg__json_str(v, path), "");
}

/* The certificates of a list of PEM texts; what is not well formed is left out. */
static size_t read_list(const struct cmg__json *list, struct cmg__x509 **out, size_t max)
{
    size_t count = 0;

    for (size_t i = 0; i < cmg__json_size(list); i++) {
        const char *pem = cmg__json_str(cmg__json_item(list, i), "");
        struct cmg__x509 **one = NULL;
        size_t n = 0;

        ck_assert_ptr_nonnull(pem);
        if (cmg__x509_parse_pem(&cmg__alloc_libc, pem, strlen(pem), &one, &n, NULL) !=
            CMG_OK)
            continue;
        ck_assert_uint_eq(n, 1);
        ck_assert_uint_lt(count, max);
        out[count++] = one[0];
        cmg__free(&cmg__alloc_libc, one);
    }
    return count;
}

static struct cmg__x509_question question_of(const struct cmg__json *c, unsigned flags)
{
    const struct cmg__json *depth = cmg__json_key(c, "max_chain_depth");
    struct cmg__x509_question q = {
        .purpose = strcmp(text_of(c, "/validation_kind"), "SERVER") == 0
                       ? CMG_PURPOSE_SERVER
                       : CMG_PURPOSE_CLIENT,
        .revocation = cmg__json_size(cmg__json_key(c, "crls")) > 0 ? CMG_REVOCATION_HARD
                                                                   : CMG_REVOCATION_OFF,
        .name = cmg__json_str(c, "/expected_peer_name/value"),
        .now_unix_s = NOW,
        .flags = flags,
    };
    const char *time = cmg__json_str(c, "/validation_time");

    if (time != NULL)
        ck_assert(cmg__time_parse(time, &q.now_unix_s));
    /* The cases count what stands between, we count steps. */
    if (cmg__json_type(depth) == CMG__JSON_INTEGER)
        q.max_depth = 1 + (unsigned)cmg__json_int(c, "/max_chain_depth", 0);
    return q;
}

static void add_anchors(struct cmg__x509_trust *trust, const struct cmg__json *c)
{
    struct cmg__x509 *list[16];
    const size_t count =
        read_list(cmg__json_key(c, "trusted_certs"), list, CMG__ARRAY_LEN(list));

    ck_assert_int_eq(cmg__x509_trust_add(trust, CMG__TRUST_ANCHORS, list, count), CMG_OK);
}

static void add_lists(struct cmg__x509_trust *trust, const struct cmg__json *c)
{
    const struct cmg__json *list = cmg__json_key(c, "crls");

    for (size_t i = 0; i < cmg__json_size(list); i++) {
        const char *pem = cmg__json_str(cmg__json_item(list, i), "");
        struct cmg__crl *crl = NULL;

        if (cmg__crl_parse(&cmg__alloc_libc, pem, strlen(pem), &crl, NULL) != CMG_OK)
            continue;
        ck_assert_int_eq(cmg__x509_trust_add_crl(trust, crl), CMG_OK);
        cmg__crl_free(crl);
    }
}

/* Whether the chain is accepted; the report stays for whoever wants to know why. */
static bool ask(const struct cmg__json *c, unsigned flags, struct cmg__report *report)
{
    struct cmg__x509 *chain[128];
    const struct cmg__x509_question q = question_of(c, flags);
    struct cmg__json *peer = cmg__json_array();
    bool accepted = false;

    ck_assert_int_eq(
        cmg__json_append(peer, cmg__json_ref(cmg__json_key(c, "peer_certificate"))),
        CMG_OK);
    cmg__report_init(report, &cmg__alloc_libc);
    struct cmg__x509_trust *trust = cmg__x509_trust_new_empty(&cmg__alloc_libc);
    add_anchors(trust, c);
    add_lists(trust, c);
    size_t count = read_list(peer, chain, 1);
    if (count == 1) {
        count += read_list(cmg__json_key(c, "untrusted_intermediates"), chain + 1,
                           CMG__ARRAY_LEN(chain) - 1);
        ck_assert_int_eq(cmg__x509_judge(trust, &q, chain, count, report), CMG_OK);
        accepted = cmg__report_is_accepted(report);
    }
    for (size_t i = 0; i < count; i++)
        cmg__x509_free(chain[i]);
    cmg__x509_trust_free(trust);
    cmg__json_unref(peer);
    return accepted;
}

static const char *first_cause(const struct cmg__report *report)
{
    return report->count > 0 ? report->list[0].cause : "not well formed";
}

static const struct exception *exception_of(const char *id)
{
    for (size_t i = 0; i < CMG__ARRAY_LEN(exceptions); i++) {
        if (strcmp(exceptions[i].id, id) == 0)
            return &exceptions[i];
    }
    return NULL;
}

START_TEST(each_case_is_right_or_an_exception)
{
    size_t right = 0;
    size_t excepted = 0;
    size_t wrong = 0;
    const size_t count = cmg__json_size(cases);

    for (size_t i = 0; i < count; i++) {
        const struct cmg__json *c = cmg__json_item(cases, i);
        const char *id = text_of(c, "/id");
        const bool wanted = strcmp(text_of(c, "/expected_result"), "SUCCESS") == 0;
        const struct exception *exception = exception_of(id);
        struct cmg__report report;
        const bool accepted = ask(c, flags_of(id), &report);

        if (accepted == wanted && exception == NULL) {
            right++;
        } else if (!accepted && wanted && exception != NULL) {
            excepted++;
        } else {
            wrong++;
            printf("%s: %s, %s wanted: %s\n", id, accepted ? "accepted" : "refused",
                   wanted ? "acceptance" : "refusal", first_cause(&report));
        }
        cmg__report_done(&report);
    }
    printf("limbo: %zu of %zu right, %zu exceptions, %zu wrong\n", right, count, excepted,
           wrong);
    (void)fflush(stdout);
    ck_assert_uint_eq(wrong, 0);
    /* An exception that is not needed any more is wrong, too. */
    ck_assert_uint_eq(excepted, CMG__ARRAY_LEN(exceptions));
    ck_assert_uint_gt(right, 180);
}
END_TEST

START_TEST(what_the_gateway_accepts_beyond_is_found)
{
    size_t found = 0;
    size_t wrong = 0;

    for (size_t i = 0; i < cmg__json_size(cases); i++) {
        const struct cmg__json *c = cmg__json_item(cases, i);
        const char *id = text_of(c, "/id");
        struct cmg__report report;

        if (ask(c, 0, &report) &&
            strcmp(text_of(c, "/expected_result"), "FAILURE") == 0) {
            const bool unasked = cmg__report_has(&report, CMG_FINDING_REVOCATION_UNASKED);

            found += report.count > unasked;
            wrong += report.count == unasked;
            if (report.count == unasked)
                printf("%s is accepted without a finding\n", id);
        }
        cmg__report_done(&report);
    }
    printf("limbo: %zu deviations accepted with a finding, %zu without\n", found, wrong);
    (void)fflush(stdout);
    ck_assert_uint_eq(wrong, 0);
}
END_TEST

static bool read_cases(void)
{
    const char *folder = getenv("CMG_VECTORS");
    struct cmg__json *root = NULL;
    char path[512];
    size_t n = 0;

    if (folder == NULL) {
        puts("SKIP: CMG_VECTORS names no folder with limbo.json");
        return false;
    }
    (void)snprintf(path, sizeof path, "%s/limbo.json", folder);
    char *text = support_read_file(path, &n);
    if (text == NULL ||
        cmg__json_parse(&cmg__alloc_libc, path, text, n, &root, NULL) != CMG_OK) {
        printf("SKIP: %s cannot be read\n", path);
        free(text);
        return false;
    }
    free(text);
    cases = cmg__json_ref(cmg__json_key(root, "testcases"));
    cmg__json_unref(root);
    return true;
}

static Suite *limbo_suite(void)
{
    Suite *suite = suite_create("limbo");
    TCase *all = tcase_create("all");

    tcase_set_timeout(all, 120);
    tcase_add_test(all, each_case_is_right_or_an_exception);
    tcase_add_test(all, what_the_gateway_accepts_beyond_is_found);
    suite_add_tcase(suite, all);
    return suite;
}

int main(void)
{
    if (!read_cases())
        return 77;
    const int status = support_run((Suite *const[]){ limbo_suite(), NULL });
    cmg__json_unref(cases);
    return status;
}
