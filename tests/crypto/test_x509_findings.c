/*
 * Rule by rule: chains that break exactly one, forged with our own tools, and what the
 * report must say of each - as the gateway asks and as the strict questions ask. The
 * traps that public collections of cases set are among them.
 */
#include "crypto/rule_cases.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/court.h"

static size_t count_severity(const struct cmg__report *report, cmg_severity severity)
{
    size_t count = 0;

    for (size_t i = 0; i < report->count; i++)
        count += report->list[i].severity == severity;
    return count;
}

static const struct cmg__finding *find(const struct cmg__report *report, cmg_finding code)
{
    for (size_t i = 0; i < report->count; i++) {
        if (report->list[i].code == code)
            return &report->list[i];
    }
    return NULL;
}

static void check_report(const struct rule_case *c, const struct cmg__report *report)
{
    const char *first = report->count > 0 ? report->list[0].cause : "";
    const struct cmg__finding *found = find(report, c->code);

    if (c->code == 0) {
        ck_assert_msg(cmg__report_is_accepted(report) &&
                          count_severity(report, WARNING) == 0,
                      "%s: %s", c->name, first);
        return;
    }
    ck_assert_msg(found != NULL, "%s: not found, but %s", c->name, first);
    ck_assert_msg(found->severity == c->severity, "%s: weighs %d", c->name,
                  (int)found->severity);
    ck_assert_msg(c->cause == NULL || strstr(found->cause, c->cause) != NULL, "%s: %s",
                  c->name, found->cause);
    ck_assert_msg(cmg__report_is_accepted(report) == (c->severity != REFUSAL), "%s: %s",
                  c->name, first);
    /* One rule is broken, so one refusal is all there may be. */
    ck_assert_msg(c->more || count_severity(report, REFUSAL) <= 1, "%s: also %s", c->name,
                  report->count > 1 ? report->list[1].cause : "");
}

START_TEST(each_rule_is_found)
{
    const struct rule_case *c = &cases[_i];
    const struct cmg__x509_question q = { .purpose = c->purpose,
                                          .revocation = CMG_REVOCATION_OFF,
                                          .name = c->wanted,
                                          .now_unix_s = PKI_NOW,
                                          .flags = c->flags };
    struct court court;

    court_init(&court, c->links);
    if (c->code == MALFORMED) {
        ck_assert_msg(court.certs[court.count - 1] == NULL, "%s was read", c->name);
    } else {
        for (size_t i = 0; i < court.count; i++)
            ck_assert_msg(court.certs[i] != NULL, "%s: %zu is malformed", c->name, i);
        court_trust(&court, court.certs[0], CMG__TRUST_ANCHORS);
        court_judge(&court, &q);
        check_report(c, &court.report);
    }
    court_done(&court);
}
END_TEST

/* ---- a second opinion ---- */

/* Accepted here and refused by openssl. */
static const struct milder {
    const char *name;
    const char *reason;
} milder[] = {
    { "a root that points to another key",
      "an anchor is trusted as it is; openssl looks for an issuer above it" },
    { "an authority for any purpose",
      "RFC 5280: anyExtendedKeyUsage is every purpose; openssl knows it in leaves only" },
};

/* What openssl looks at, too. */
static const cmg_finding shared[] = {
    CMG_FINDING_NOT_YET_VALID,     CMG_FINDING_EXPIRED,       CMG_FINDING_SIGNATURE,
    CMG_FINDING_UNKNOWN_EXTENSION, CMG_FINDING_NOT_AUTHORITY, CMG_FINDING_PATH_LENGTH,
};

static bool is_shared(cmg_finding code)
{
    for (size_t i = 0; i < CMG__ARRAY_LEN(shared); i++) {
        if (shared[i] == code)
            return true;
    }
    return false;
}

static bool is_milder(const char *name)
{
    for (size_t i = 0; i < CMG__ARRAY_LEN(milder); i++) {
        if (strcmp(milder[i].name, name) == 0)
            return true;
    }
    return false;
}

/* Whom openssl refuses is never accepted; what both look at is refused by both. */
START_TEST(openssl_agrees)
{
    const struct rule_case *c = &cases[_i];
    const struct cmg__x509_question q = { .purpose = c->purpose, .now_unix_s = PKI_NOW };
    struct court court;
    char *said = NULL;

    if (c->code == MALFORMED || c->purpose == CMG_PURPOSE_AUTHORITY)
        return;
    court_init(&court, c->links);
    court_trust(&court, court.certs[0], CMG__TRUST_AS_FOUND);
    court_judge(&court, &q);
    const bool accepted = cmg__report_is_accepted(&court.report);
    const bool second = court_openssl(&court, &q, &said);
    ck_assert_msg(!accepted || second || is_milder(c->name), "%s is accepted: %s",
                  c->name, said);
    ck_assert_msg(!is_shared(c->code) || c->severity != REFUSAL || !second,
                  "%s: openssl accepts", c->name);
    free(said);
    court_done(&court);
    support_dir_done();
}
END_TEST

/* ---- more than one ---- */

START_TEST(everything_that_is_wrong_is_listed)
{
    static const struct forge_cert links[FORGE_MAX] = {
        LINK_R,
        { .subject = "CN=I", .extensions = "bc:ca,0;!ku:02;aki" },
        { .subject = "CN=J", .extensions = CA },
        { .subject = "CN=gw.contoso.com",
          .extensions = "ku:20;eku:client;aki;!raw:2a0304=0500",
          .from_days = -9,
          .to_days = -1,
          .serial = "00" },
    };
    static const cmg_finding wanted[] = {
        CMG_FINDING_EXTENDED_KEY_USAGE,
        CMG_FINDING_KEY_USAGE,
        CMG_FINDING_WRONG_NAME,
        CMG_FINDING_NAME_IN_CN_ONLY,
        CMG_FINDING_EXPIRED,
        CMG_FINDING_SERIAL,
        CMG_FINDING_UNKNOWN_EXTENSION,
        CMG_FINDING_PATH_LENGTH,
        CMG_FINDING_PROFILE,
        CMG_FINDING_NO_ALTERNATIVE_NAME,
        CMG_FINDING_REVOCATION_UNKNOWN,
    };
    const struct cmg__x509_question q = { .purpose = CMG_PURPOSE_SERVER,
                                          .name = "gw.contoso.com",
                                          .now_unix_s = PKI_NOW };
    struct court court;

    court_init(&court, links);
    court_trust(&court, court.certs[0], CMG__TRUST_AS_FOUND);
    court_judge(&court, &q);
    for (size_t i = 0; i < CMG__ARRAY_LEN(wanted); i++)
        ck_assert_msg(cmg__report_has(&court.report, wanted[i]), "%d is not found",
                      (int)wanted[i]);
    ck_assert(!cmg__report_is_accepted(&court.report));
    for (size_t i = 1; i < court.report.count; i++)
        ck_assert_int_ge(court.report.list[i - 1].severity,
                         court.report.list[i].severity);
    court_done(&court);
}
END_TEST

START_TEST(the_missing_issuer_does_not_hide_the_rest)
{
    static const struct forge_cert links[FORGE_MAX] = {
        LINK_R,
        { .subject = "CN=L", .extensions = CLIENT, .from_days = -9, .to_days = -1 },
    };
    const struct cmg__x509_question q = { .purpose = CMG_PURPOSE_CLIENT,
                                          .revocation = CMG_REVOCATION_OFF,
                                          .now_unix_s = PKI_NOW };
    struct court court;

    court_init(&court, links);
    court_judge(&court, &q);
    ck_assert_int_eq(court.report.list[0].code, CMG_FINDING_NO_ISSUER);
    ck_assert_str_eq(court.report.list[0].subject, "CN=L");
    ck_assert(cmg__report_has(&court.report, CMG_FINDING_EXPIRED));
    court_done(&court);
}
END_TEST

START_TEST(a_root_that_is_not_trusted_is_named)
{
    static const struct forge_cert links[FORGE_MAX] = { LINK_R, LINK_C };
    const struct cmg__x509_question q = { .purpose = CMG_PURPOSE_CLIENT,
                                          .now_unix_s = PKI_NOW };
    struct court court;

    court_init(&court, links);
    struct cmg__x509 *chain[] = { court.certs[1], court.certs[0] };
    ck_assert_int_eq(cmg__x509_judge(court.trust, &q, chain, 2, &court.report), CMG_OK);
    ck_assert_int_eq(court.report.list[0].code, CMG_FINDING_UNTRUSTED);
    ck_assert_str_eq(court.report.list[0].subject, "CN=R");
    court_done(&court);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("x509_findings");
    TCase *rules = tcase_create("rules");
    TCase *lists = tcase_create("lists");

    tcase_set_timeout(rules, 60);
    tcase_add_loop_test(rules, each_rule_is_found, 0, (int)CMG__ARRAY_LEN(cases));
    tcase_add_loop_test(rules, openssl_agrees, 0, (int)CMG__ARRAY_LEN(cases));
    suite_add_tcase(suite, rules);
    tcase_add_test(lists, everything_that_is_wrong_is_listed);
    tcase_add_test(lists, the_missing_issuer_does_not_hide_the_rest);
    tcase_add_test(lists, a_root_that_is_not_trusted_is_named);
    suite_add_tcase(suite, lists);
    return support_run((Suite *const[]){ suite, NULL });
}
