/*
 * Building paths: certificates in any order, cross-signed and in circles, several ways to
 * a root, name constraints of each kind, and how much work a hostile chain can buy.
 */
#include "crypto/court.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/x509_constraints.h"
#include "crypto/x509_name.h"

#define ROOT   "!bc:ca;!ku:06;ski"
#define CA     "!bc:ca;!ku:06;ski;aki"
#define CLIENT "ku:80;eku:client;ski;aki"

static const struct cmg__x509_question question = { .purpose = CMG_PURPOSE_CLIENT,
                                                    .revocation = CMG_REVOCATION_OFF,
                                                    .now_unix_s = PKI_NOW };

static void judge_list(struct court *court, struct cmg__x509 **chain, size_t n)
{
    cmg__report_done(&court->report);
    ck_assert_int_eq(cmg__x509_judge(court->trust, &question, chain, n, &court->report),
                     CMG_OK);
}

static const char *first_of(const struct court *court)
{
    return court->report.count > 0 ? court->report.list[0].cause : "nothing";
}

/* ---- order ---- */

static const struct forge_cert long_chain[FORGE_MAX] = {
    { .subject = "CN=R", .extensions = ROOT },   { .subject = "CN=A", .extensions = CA },
    { .subject = "CN=B", .extensions = CA },     { .subject = "CN=C", .extensions = CA },
    { .subject = "CN=L", .extensions = CLIENT },
};

START_TEST(certificates_may_come_in_any_order)
{
    static const unsigned orders[][3] = { { 1, 2, 3 }, { 1, 3, 2 }, { 2, 1, 3 },
                                          { 2, 3, 1 }, { 3, 1, 2 }, { 3, 2, 1 } };
    struct court court;

    court_init(&court, long_chain);
    court_trust(&court, court.certs[0], CMG__TRUST_AS_FOUND);
    for (size_t i = 0; i < CMG__ARRAY_LEN(orders); i++) {
        struct cmg__x509 *chain[] = { court.certs[4], court.certs[orders[i][0]],
                                      court.certs[orders[i][1]],
                                      court.certs[orders[i][2]] };

        judge_list(&court, chain, 4);
        ck_assert_msg(cmg__report_is_accepted(&court.report), "%s", first_of(&court));
    }
    struct cmg__x509 *gap[] = { court.certs[4], court.certs[3], court.certs[1] };
    judge_list(&court, gap, 3);
    ck_assert(!cmg__report_is_accepted(&court.report));
    ck_assert_int_eq(court.report.list[0].code, CMG_FINDING_NO_ISSUER);
    ck_assert_str_eq(court.report.list[0].subject, "CN=C");
    court_done(&court);
}
END_TEST

START_TEST(a_path_ends_at_roots_unless_told_otherwise)
{
    struct court court;

    court_init(&court, long_chain);
    court_trust(&court, court.certs[3], CMG__TRUST_AS_FOUND);
    ck_assert_uint_eq(court.trust->anchor_count, 0);
    court_judge(&court, &question);
    ck_assert(!cmg__report_is_accepted(&court.report));
    court_trust(&court, court.certs[3], CMG__TRUST_ANCHORS);
    ck_assert_uint_eq(court.trust->anchor_count, 1);
    ck_assert_uint_eq(court.trust->count, 1);
    struct cmg__x509 *chain[] = { court.certs[4] };
    judge_list(&court, chain, 1);
    ck_assert_msg(cmg__report_is_accepted(&court.report), "%s", first_of(&court));
    court_done(&court);
}
END_TEST

START_TEST(a_leaf_may_be_what_is_trusted)
{
    struct court court;

    court_init(&court, long_chain);
    court_trust(&court, court.certs[4], CMG__TRUST_ANCHORS);
    struct cmg__x509 *chain[] = { court.certs[4] };
    judge_list(&court, chain, 1);
    ck_assert_msg(cmg__report_is_accepted(&court.report), "%s", first_of(&court));
    court_done(&court);
}
END_TEST

/* ---- several ways ---- */

/* A and B sign each other; only A is also signed by R. */
static const struct forge_cert circle[FORGE_MAX] = {
    { .subject = "CN=R", .extensions = ROOT },
    { .subject = "CN=A", .extensions = CA, .issuer = "CN=B", .serial = "21" },
    { .subject = "CN=B", .extensions = CA, .issuer = "CN=A", .serial = "22" },
    { .subject = "CN=A", .extensions = CA, .issuer = "CN=R", .serial = "23" },
    { .subject = "CN=L", .extensions = CLIENT, .issuer = "CN=A" },
};

START_TEST(circles_are_left)
{
    struct court court;

    court_init(&court, circle);
    for (size_t i = 0; i < court.count; i++)
        ck_assert_ptr_nonnull(court.certs[i]);
    court_trust(&court, court.certs[0], CMG__TRUST_AS_FOUND);
    struct cmg__x509 *chain[] = { court.certs[4], court.certs[1], court.certs[2],
                                  court.certs[3] };
    judge_list(&court, chain, 3);
    ck_assert(!cmg__report_is_accepted(&court.report));
    judge_list(&court, chain, 4);
    ck_assert_msg(cmg__report_is_accepted(&court.report), "%s", first_of(&court));
    court_done(&court);
}
END_TEST

/* The first certificate of I is expired, the second is not. */
START_TEST(the_way_that_keeps_the_rules_is_taken)
{
    static const struct forge_cert ways[FORGE_MAX] = {
        { .subject = "CN=R", .extensions = ROOT },
        { .subject = "CN=I", .extensions = CA, .from_days = -9, .to_days = -1 },
        { .subject = "CN=I", .extensions = "!ku:06;ski;aki", .issuer = "CN=R" },
        { .subject = "CN=I", .extensions = CA, .issuer = "CN=R", .serial = "22" },
        { .subject = "CN=L", .extensions = CLIENT },
    };
    struct court court;

    court_init(&court, ways);
    court_trust(&court, court.certs[0], CMG__TRUST_AS_FOUND);
    struct cmg__x509 *chain[] = { court.certs[4], court.certs[1], court.certs[2],
                                  court.certs[3] };
    judge_list(&court, chain, 4);
    ck_assert_msg(cmg__report_is_accepted(&court.report), "%s", first_of(&court));
    judge_list(&court, chain, 2);
    ck_assert_int_eq(court.report.list[0].code, CMG_FINDING_EXPIRED);
    ck_assert_str_eq(court.report.list[0].subject, "CN=I");
    ck_assert(!cmg__report_is_accepted(&court.report));
    court_done(&court);
}
END_TEST

START_TEST(the_way_with_the_fewest_faults_is_reported)
{
    static const struct forge_cert ways[FORGE_MAX] = {
        { .subject = "CN=R", .extensions = ROOT },
        { .subject = "CN=I",
          .extensions = "!bc:ca;!ku:02;ski;aki",
          .from_days = -9,
          .to_days = -1 },
        { .subject = "CN=I",
          .extensions = CA,
          .issuer = "CN=R",
          .from_days = -9,
          .to_days = -1 },
        { .subject = "CN=L", .extensions = CLIENT },
    };
    struct court court;

    court_init(&court, ways);
    court_trust(&court, court.certs[0], CMG__TRUST_AS_FOUND);
    struct cmg__x509 *chain[] = { court.certs[3], court.certs[1], court.certs[2] };
    judge_list(&court, chain, 3);
    ck_assert_uint_eq(court.report.refusals, 1);
    ck_assert_int_eq(court.report.list[0].code, CMG_FINDING_EXPIRED);
    court_done(&court);
}
END_TEST

/* ---- work ---- */

#define MANY 100

/* Everyone of one name and one key: everyone seems to have signed everyone. */
START_TEST(a_hostile_chain_buys_little_work)
{
    struct pki pki;
    struct cmg__x509 *chain[MANY + 1];
    struct cmg__report report;
    char serial[8];
    const struct forge_cert root = { .subject = "CN=R", .extensions = ROOT };
    const struct forge_cert leaf = { .subject = "CN=L",
                                     .extensions = CLIENT,
                                     .issuer = "CN=I" };

    pki_init(&pki, CMG__PROFILE_CLIENT);
    chain[0] = forge(&pki, &leaf, NULL);
    for (size_t i = 1; i <= MANY; i++) {
        const struct forge_cert one = { .subject = "CN=I",
                                        .extensions = ROOT,
                                        .serial = serial };

        (void)snprintf(serial, sizeof serial, "01%02x", (unsigned)i);
        chain[i] = forge(&pki, &one, NULL);
        ck_assert_ptr_nonnull(chain[i]);
    }
    struct cmg__x509 *trusted = forge(&pki, &root, NULL);
    struct cmg__x509_trust *trust = cmg__x509_trust_new_empty(&pki.a.alloc);
    ck_assert_int_eq(cmg__x509_trust_add(trust, CMG__TRUST_AS_FOUND, &trusted, 1),
                     CMG_OK);
    cmg__report_init(&report, &pki.a.alloc);
    ck_assert_int_eq(cmg__x509_judge(trust, &question, chain, MANY + 1, &report), CMG_OK);
    ck_assert(!cmg__report_is_accepted(&report));
    ck_assert(cmg__report_has(&report, CMG_FINDING_TOO_MUCH_WORK) ||
              cmg__report_has(&report, CMG_FINDING_TOO_DEEP) ||
              cmg__report_has(&report, CMG_FINDING_UNTRUSTED));
    cmg__report_done(&report);
    cmg__x509_trust_free(trust);
    for (size_t i = 0; i <= MANY; i++)
        cmg__x509_free(chain[i]);
    pki_done(&pki);
}
END_TEST

START_TEST(many_names_under_many_constraints_are_refused)
{
    struct court court;
    char *constraints = calloc(1, 16000);
    char *names = calloc(1, 32000);
    size_t n = (size_t)sprintf(constraints, ROOT ";!nc:");
    size_t m = (size_t)sprintf(names, CLIENT ";san:");
    unsigned work = 1000;

    for (unsigned i = 0; i < 70; i++)
        n += (size_t)sprintf(constraints + n, "-dns=x%u.com,", i);
    for (unsigned i = 0; i < 90; i++)
        m += (size_t)sprintf(names + m, "dns=n%u.de,", i);
    const struct forge_cert links[FORGE_MAX] = {
        { .subject = "CN=R", .extensions = constraints },
        { .subject = "CN=L", .extensions = names },
    };
    court_init(&court, links);
    ck_assert_ptr_nonnull(court.certs[0]);
    ck_assert_ptr_nonnull(court.certs[1]);
    ck_assert_int_eq(cmg__x509_names_allowed(court.certs[0], court.certs[1], &work),
                     CMG__NAMES_TOO_MANY);
    ck_assert_uint_eq(work, 0);
    work = 100000;
    ck_assert_int_eq(cmg__x509_names_allowed(court.certs[0], court.certs[1], &work),
                     CMG__NAMES_ALLOWED);
    court_done(&court);
    free(constraints);
    free(names);
}
END_TEST

/* ---- name constraints ---- */

static const struct constraint_case {
    const char *constraints;
    const char *subject;
    const char *names; /* NULL: no alternative names */
    bool allowed;
} constraint_cases[] = {
    { "+dns=contoso.com", "CN=L", "dns=contoso.com", true },
    { "+dns=contoso.com", "CN=L", "dns=GW.Contoso.com", true },
    { "+dns=contoso.com", "CN=L", "dns=a.b.contoso.com", true },
    { "+dns=contoso.com", "CN=L", "dns=mycontoso.com", false },
    { "+dns=contoso.com", "CN=L", "dns=contoso.com.evil.org", false },
    { "+dns=contoso.com", "CN=L", "dns=a.contoso.com,dns=b.org", false },
    { "+dns=contoso.com", "CN=L", "ip=0a000001", true },
    { "+dns=contoso.com", "CN=L", NULL, true },
    { "+dns=contoso.com", "CN=evil.org", NULL, false },
    { "+dns=contoso.com", "CN=a.contoso.com", NULL, true },
    { "+dns=contoso.com", "CN=L", "dns=*.contoso.com", true },
    { "+dns=gw.contoso.com", "CN=L", "dns=*.contoso.com", false },
    { "+dns=.contoso.com", "CN=L", "dns=a.contoso.com", true },
    { "+dns=.contoso.com", "CN=L", "dns=contoso.com", false },
    { "-dns=.contoso.com", "CN=L", "dns=contoso.com", false },
    { "+dns=", "CN=L", "dns=any.org", true },
    { "-dns=", "CN=L", "dns=any.org", false },
    { "-dns=contoso.com", "CN=L", "dns=a.contoso.com", false },
    { "-dns=contoso.com", "CN=L", "dns=fabrikam.com", true },
    { "-dns=gw.contoso.com", "CN=L", "dns=*.contoso.com", false },
    { "+dns=contoso.com,-dns=x.contoso.com", "CN=L", "dns=x.contoso.com", false },
    { "+dns=contoso.com,-dns=x.contoso.com", "CN=L", "dns=y.contoso.com", true },
    { "+email=contoso.com", "CN=L", "email=a@contoso.com", true },
    { "+email=contoso.com", "CN=L", "email=a@mail.contoso.com", false },
    { "+email=.contoso.com", "CN=L", "email=a@mail.contoso.com", true },
    { "+email=.contoso.com", "CN=L", "email=a@contoso.com", false },
    { "+email=a@contoso.com", "CN=L", "email=a@Contoso.com", true },
    { "+email=a@contoso.com", "CN=L", "email=b@contoso.com", false },
    { "-email=a@contoso.com", "CN=L", "email=A@contoso.com", false },
    { "+email=contoso.com", "CN=L", "email=a@b@contoso.com", false },
    { "+email=contoso.com", "CN=L/E=a@evil.org", NULL, false },
    { "+email=contoso.com", "CN=L/E=a@contoso.com", NULL, true },
    { "+uri=www.contoso.com", "CN=L", "uri=https://www.contoso.com/a?b", true },
    { "+uri=www.contoso.com", "CN=L", "uri=https://u@www.contoso.com:81/", true },
    { "+uri=www.contoso.com", "CN=L", "uri=https://www.contoso.com@evil.org/", false },
    { "+uri=.contoso.com", "CN=L", "uri=http://a.b.contoso.com", true },
    { "+uri=.contoso.com", "CN=L", "uri=http://contoso.com", false },
    { "-uri=evil.org", "CN=L", "uri=http://evil.org/", false },
    { "-uri=evil.org", "CN=L", "uri=http://good.org/", true },
    { "-uri=evil.org", "CN=L", "uri=http://10.0.0.1/", false },
    { "-uri=evil.org", "CN=L", "uri=urn:x", false },
    { "+ip=0a000000ff000000", "CN=L", "ip=0a010203", true },
    { "+ip=0a000000ff000000", "CN=L", "ip=0b010203", false },
    { "-ip=0a000000ff000000", "CN=L", "ip=0a010203", false },
    { "+ip=0a000000ff000000", "CN=L", "ip=20010db8000000000000000000000001", false },
    { "-ip=0a000000ff000000", "CN=L", "ip=20010db8000000000000000000000001", true },
    { "+dn=O=Contoso", "O=Contoso/CN=L", NULL, true },
    { "+dn=O=Contoso", "O=  CONTOSO /CN=L", NULL, true },
    { "+dn=O=Contoso", "O=Fabrikam/CN=L", NULL, false },
    { "+dn=O=Contoso", "CN=L/O=Contoso", NULL, false },
    { "-dn=O=Contoso", "O=Contoso/CN=L", NULL, false },
    { "-dn=O=M\xc3\xbcller", "O=M\xc3\x9cLLER/CN=L", NULL, false },
    { "+dn=O=Contoso", "O=Contoso/CN=L", "dn=O=Fabrikam", false },
    { "-other", "CN=L", "other", false },
    { "+other", "CN=L", "other", false },
    { "-other", "CN=L", "dns=contoso.com", true },
};

static void split_case(const struct constraint_case *c, struct forge_cert links[2],
                       char root[512], char leaf[512])
{
    (void)snprintf(root, 512, ROOT ";!nc:%s", c->constraints);
    (void)snprintf(leaf, 512, c->names != NULL ? CLIENT ";san:%s" : CLIENT "%s",
                   c->names != NULL ? c->names : "");
    links[0] = (struct forge_cert){ .subject = "CN=R", .extensions = root };
    links[1] = (struct forge_cert){ .subject = c->subject, .extensions = leaf };
}

START_TEST(constraints_hold_for_names_of_each_kind)
{
    const struct constraint_case *c = &constraint_cases[_i];
    struct forge_cert links[FORGE_MAX] = { { .subject = NULL } };
    struct court court;
    char root[512];
    char leaf[512];
    unsigned work = 1000;

    split_case(c, links, root, leaf);
    court_init(&court, links);
    ck_assert_ptr_nonnull(court.certs[0]);
    ck_assert_ptr_nonnull(court.certs[1]);
    ck_assert(cmg__x509_constraints_are_sound(court.certs[0]));
    ck_assert_msg((cmg__x509_names_allowed(court.certs[0], court.certs[1], &work) ==
                   CMG__NAMES_ALLOWED) == c->allowed,
                  "%s: %s %s", c->constraints, c->subject,
                  c->names != NULL ? c->names : "");
    court_done(&court);
}
END_TEST

static const struct sound_case {
    const char *constraints;
    bool sound;
    bool strict;
} sound_cases[] = {
    { "nc:+dns=contoso.com", true, true },
    { "nc:+dns=.contoso.com", true, false },
    { "nc:+dns=*.contoso.com", false, false },
    { "nc:+email=a@b@contoso.com", false, false },
    { "nc:+email=", false, false },
    { "nc:+uri=", false, false },
    { "nc:+ip=0a000000ff000000", true, true },
    { "nc:+ip=0a000000ff00ff00", false, false },
    { "nc:+ip=0a0000", false, false },
    { "raw:551d1e=300405000500", false, false },             /* two NULLs */
    { "raw:551d1e=3004a000a100", false, false },             /* two empty lists */
    { "raw:551d1e=300aa0083006820161800101", false, false }, /* a minimum */
    { "raw:551d1e=300aa0083006820161810101", false, false }, /* a maximum */
};

START_TEST(constraints_must_be_well_formed)
{
    const struct sound_case *c = &sound_cases[_i];
    char root[256];
    struct court court;

    (void)snprintf(root, sizeof root, ROOT ";!%s", c->constraints);
    const struct forge_cert links[FORGE_MAX] = {
        { .subject = "CN=R", .extensions = root },
        { .subject = "CN=L", .extensions = CLIENT },
    };
    court_init(&court, links);
    ck_assert_ptr_nonnull(court.certs[0]);
    ck_assert_int_eq(cmg__x509_constraints_are_sound(court.certs[0]), c->sound);
    ck_assert_int_eq(cmg__x509_constraints_are_strict(court.certs[0]), c->strict);
    court_trust(&court, court.certs[0], CMG__TRUST_AS_FOUND);
    court_judge(&court, &question);
    ck_assert_int_eq(cmg__report_has(&court.report, CMG_FINDING_EXTENSION), !c->sound);
    court_done(&court);
}
END_TEST

/* ---- who is told of paths ---- */

struct told {
    unsigned calls;
    const struct cmg__x509 *path[FORGE_MAX];
    size_t count;
};

static void on_path(void *user, const struct cmg__x509 *const *path, size_t count)
{
    struct told *told = user;

    told->calls++;
    told->count = count;
    memcpy(told->path, path, count * sizeof *path);
}

/* M, a machine, has made an authority X of the name and key of I: a way to the anchor
   that only who is no authority vouches for. */
START_TEST(only_paths_that_keep_all_other_rules_are_told_of)
{
    static const struct forge_cert chain[FORGE_MAX] = {
        { .subject = "CN=R", .extensions = ROOT },
        { .subject = "CN=M", .extensions = CLIENT, .serial = "41" },
        { .subject = "CN=I", .extensions = CA },
        { .subject = "CN=I", .extensions = CA, .serial = "21", .issuer = "CN=R" },
        { .subject = "CN=L", .extensions = CLIENT, .serial = "31" },
    };
    struct told told = { 0 };
    const struct cmg__x509_question q = { .purpose = CMG_PURPOSE_CLIENT,
                                          .revocation = CMG_REVOCATION_HARD,
                                          .now_unix_s = PKI_NOW,
                                          .on_path = on_path,
                                          .on_path_user = &told };
    struct court court;

    court_init(&court, chain);
    court_trust(&court, court.certs[0], CMG__TRUST_AS_FOUND);
    court_judge(&court, &q);
    ck_assert(!cmg__report_is_accepted(&court.report));
    ck_assert_uint_ge(told.calls, 1);
    ck_assert_uint_eq(told.count, 3);
    ck_assert_ptr_eq(told.path[0], court.certs[4]);
    ck_assert_ptr_eq(told.path[1], court.certs[3]);
    court_done(&court);
}
END_TEST

START_TEST(nobody_is_told_of_a_leaf_that_is_refused_anyway)
{
    static const struct forge_cert chain[FORGE_MAX] = {
        { .subject = "CN=R", .extensions = ROOT },
        { .subject = "CN=L", .extensions = "ku:80;eku:server;ski;aki" },
    };
    struct told told = { 0 };
    const struct cmg__x509_question q = { .purpose = CMG_PURPOSE_CLIENT,
                                          .revocation = CMG_REVOCATION_HARD,
                                          .now_unix_s = PKI_NOW,
                                          .on_path = on_path,
                                          .on_path_user = &told };
    struct court court;

    court_init(&court, chain);
    court_trust(&court, court.certs[0], CMG__TRUST_AS_FOUND);
    court_judge(&court, &q);
    ck_assert_uint_eq(told.calls, 0);
    court_done(&court);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("x509_path");
    TCase *paths = tcase_create("paths");
    TCase *constraints = tcase_create("constraints");

    tcase_set_timeout(paths, 60);
    tcase_add_test(paths, certificates_may_come_in_any_order);
    tcase_add_test(paths, a_path_ends_at_roots_unless_told_otherwise);
    tcase_add_test(paths, a_leaf_may_be_what_is_trusted);
    tcase_add_test(paths, circles_are_left);
    tcase_add_test(paths, the_way_that_keeps_the_rules_is_taken);
    tcase_add_test(paths, the_way_with_the_fewest_faults_is_reported);
    tcase_add_test(paths, a_hostile_chain_buys_little_work);
    tcase_add_test(paths, only_paths_that_keep_all_other_rules_are_told_of);
    tcase_add_test(paths, nobody_is_told_of_a_leaf_that_is_refused_anyway);
    suite_add_tcase(suite, paths);
    tcase_set_timeout(constraints, 60);
    tcase_add_loop_test(constraints, constraints_hold_for_names_of_each_kind, 0,
                        (int)CMG__ARRAY_LEN(constraint_cases));
    tcase_add_loop_test(constraints, constraints_must_be_well_formed, 0,
                        (int)CMG__ARRAY_LEN(sound_cases));
    tcase_add_test(constraints, many_names_under_many_constraints_are_refused);
    suite_add_tcase(suite, constraints);
    return support_run((Suite *const[]){ suite, NULL });
}
