/*
 * Revocation lists before the judge: every authority on the path is asked, soft and hard,
 * and what each list is worth. Chain: R, I, L with the serial numbers 11, 21, 31.
 */
#include "crypto/court.h"
#include "crypto/lister.h"

#include <string.h>

#define SOFT    CMG_REVOCATION_SOFT
#define HARD    CMG_REVOCATION_HARD
#define OFF     CMG_REVOCATION_OFF
#define WARNING CMG_SEVERITY_WARNING
#define REFUSAL CMG_SEVERITY_REFUSAL
#define LISTS   4

static const struct forge_cert links[FORGE_MAX] = {
    { .subject = "CN=R", .extensions = "!bc:ca;!ku:06;ski", .serial = "11" },
    { .subject = "CN=I", .extensions = "!bc:ca;!ku:06;ski;aki", .serial = "21" },
    { .subject = "CN=L", .extensions = "ku:80;eku:client;ski;aki", .serial = "31" },
};

struct list {
    const char *issuer;
    const char *number; /* hexadecimal content; NULL: "05", "" none */
    const char *serial; /* revoked; NULL: nobody */
    int reason;         /* with the serial; -1: none */
    int from_days;      /* of now; both 0: a day ago to six ahead */
    int to_days;        /* 99: no next update */
    const char *delta;  /* the base's number, hexadecimal INTEGER */
    const char *oid;    /* one more critical extension */
    const char *value;
    bool wrong_key;
};

static const struct revocation_case {
    const char *name;
    struct list lists[LISTS];
    cmg_revocation mode;
    int grace_days;
    unsigned flags;
    cmg_finding code; /* 0: accepted without a warning */
    cmg_severity severity;
    const char *subject; /* of the finding; NULL: "CN=L" */
} cases[] = {
    { "nobody is revoked", { { .issuer = "R" }, { .issuer = "I" } }, .mode = HARD },
    { "the leaf is revoked",
      { { .issuer = "R" }, { .issuer = "I", .serial = "31", .reason = 1 } },
      .mode = SOFT,
      .code = CMG_FINDING_REVOKED,
      .severity = REFUSAL },
    { "the same number of another authority",
      { { .issuer = "R", .serial = "31", .reason = 1 }, { .issuer = "I" } },
      .mode = HARD },
    { "the intermediate is revoked",
      { { .issuer = "R", .serial = "21", .reason = 2 }, { .issuer = "I" } },
      .mode = SOFT,
      .code = CMG_FINDING_REVOKED,
      .severity = REFUSAL,
      .subject = "CN=I" },
    { "on hold",
      { { .issuer = "R" }, { .issuer = "I", .serial = "31", .reason = 6 } },
      .mode = SOFT,
      .code = CMG_FINDING_ON_HOLD,
      .severity = REFUSAL },
    { "no list of the issuer, soft",
      { { .issuer = "R" } },
      .mode = SOFT,
      .code = CMG_FINDING_REVOCATION_UNKNOWN,
      .severity = WARNING },
    { "no list of the issuer, hard",
      { { .issuer = "R" } },
      .mode = HARD,
      .code = CMG_FINDING_REVOCATION_UNKNOWN,
      .severity = REFUSAL },
    { "no list of the root, hard",
      { { .issuer = "I" } },
      .mode = HARD,
      .code = CMG_FINDING_REVOCATION_UNKNOWN,
      .severity = REFUSAL,
      .subject = "CN=I" },
    { "too old, soft",
      { { .issuer = "R" }, { .issuer = "I", .from_days = -9, .to_days = -2 } },
      .mode = SOFT,
      .code = CMG_FINDING_CRL_EXPIRED,
      .severity = WARNING },
    { "too old, hard",
      { { .issuer = "R" }, { .issuer = "I", .from_days = -9, .to_days = -2 } },
      .mode = HARD,
      .grace_days = 1,
      .code = CMG_FINDING_CRL_EXPIRED,
      .severity = REFUSAL },
    { "too old, but in its time of grace",
      { { .issuer = "R" }, { .issuer = "I", .from_days = -9, .to_days = -2 } },
      .mode = HARD,
      .grace_days = 3,
      .code = CMG_FINDING_CRL_EXPIRED,
      .severity = WARNING },
    { "too old a list still revokes",
      { { .issuer = "R" },
        { .issuer = "I", .serial = "31", .reason = 1, .from_days = -9, .to_days = -2 } },
      .mode = SOFT,
      .code = CMG_FINDING_REVOKED,
      .severity = REFUSAL },
    { "without a next update it is old at once",
      { { .issuer = "R" }, { .issuer = "I", .from_days = -9, .to_days = 99 } },
      .mode = HARD,
      .code = CMG_FINDING_CRL_EXPIRED,
      .severity = REFUSAL },
    { "from the future",
      { { .issuer = "R" }, { .issuer = "I", .from_days = 1, .to_days = 9 } },
      .mode = HARD,
      .code = CMG_FINDING_REVOCATION_UNKNOWN,
      .severity = REFUSAL },
    { "signed by somebody else, hard",
      { { .issuer = "R" }, { .issuer = "I", .wrong_key = true } },
      .mode = HARD,
      .code = CMG_FINDING_REVOCATION_UNKNOWN,
      .severity = REFUSAL },
    { "signed by somebody else, it does not revoke",
      { { .issuer = "R" },
        { .issuer = "I" },
        { .issuer = "I",
          .serial = "31",
          .reason = 1,
          .number = "06",
          .from_days = 0,
          .to_days = 9,
          .wrong_key = true } },
      .mode = HARD },
    { "signed by somebody else, it hides nothing",
      { { .issuer = "R" },
        { .issuer = "I", .serial = "31", .reason = 1 },
        { .issuer = "I",
          .number = "06",
          .from_days = 0,
          .to_days = 9,
          .wrong_key = true } },
      .mode = SOFT,
      .code = CMG_FINDING_REVOKED,
      .severity = REFUSAL },
    { "a critical extension that is not understood",
      { { .issuer = "R" }, { .issuer = "I", .oid = "2a0304", .value = "0500" } },
      .mode = HARD,
      .code = CMG_FINDING_REVOCATION_UNKNOWN,
      .severity = REFUSAL },
    { "with such an extension it still revokes",
      { { .issuer = "R" },
        { .issuer = "I",
          .serial = "31",
          .reason = 1,
          .oid = "2a0304",
          .value = "0500" } },
      .mode = SOFT,
      .code = CMG_FINDING_REVOKED,
      .severity = REFUSAL },
    { "a list for authorities only",
      { { .issuer = "R" },
        { .issuer = "I", .oid = LISTER_POINT, .value = "30038201ff" } },
      .mode = HARD,
      .code = CMG_FINDING_REVOCATION_UNKNOWN,
      .severity = REFUSAL },
    { "a list for users only",
      { { .issuer = "R" },
        { .issuer = "I", .oid = LISTER_POINT, .value = "30038101ff" } },
      .mode = HARD },
    { "a list of some reasons only",
      { { .issuer = "R" },
        { .issuer = "I", .oid = LISTER_POINT, .value = "300483020560" } },
      .mode = HARD,
      .code = CMG_FINDING_REVOCATION_UNKNOWN,
      .severity = REFUSAL },
    { "a newer list counts",
      { { .issuer = "R" },
        { .issuer = "I", .serial = "31", .reason = 6 },
        { .issuer = "I", .number = "06", .from_days = 0, .to_days = 9 } },
      .mode = HARD },
    { "an older list does not",
      { { .issuer = "R" },
        { .issuer = "I", .number = "06", .from_days = 0, .to_days = 9, .serial = "31" },
        { .issuer = "I" } },
      .mode = SOFT,
      .code = CMG_FINDING_REVOKED,
      .severity = REFUSAL },
    { "a delta list revokes",
      { { .issuer = "R" },
        { .issuer = "I" },
        { .issuer = "I", .number = "07", .delta = "020105", .serial = "31" } },
      .mode = SOFT,
      .code = CMG_FINDING_REVOKED,
      .severity = REFUSAL },
    { "a delta list releases",
      { { .issuer = "R" },
        { .issuer = "I", .serial = "31", .reason = 6 },
        { .issuer = "I",
          .number = "07",
          .delta = "020105",
          .serial = "31",
          .reason = 8 } },
      .mode = HARD },
    { "a delta list of somebody else releases nobody",
      { { .issuer = "R" },
        { .issuer = "I", .serial = "31", .reason = 6 },
        { .issuer = "I",
          .number = "07",
          .delta = "020105",
          .serial = "31",
          .reason = 8,
          .wrong_key = true } },
      .mode = SOFT,
      .code = CMG_FINDING_ON_HOLD,
      .severity = REFUSAL },
    { "a delta list that counts from a later list releases nobody",
      { { .issuer = "R" },
        { .issuer = "I", .serial = "31", .reason = 6 },
        { .issuer = "I",
          .number = "07",
          .delta = "020106",
          .serial = "31",
          .reason = 8 } },
      .mode = SOFT,
      .code = CMG_FINDING_ON_HOLD,
      .severity = REFUSAL },
    { "a fresh delta list makes the old one fresh",
      { { .issuer = "R" },
        { .issuer = "I", .from_days = -9, .to_days = -2 },
        { .issuer = "I", .number = "07", .delta = "020105" } },
      .mode = HARD },
    { "a delta list alone is nothing",
      { { .issuer = "R" }, { .issuer = "I", .number = "07", .delta = "020105" } },
      .mode = HARD,
      .code = CMG_FINDING_REVOCATION_UNKNOWN,
      .severity = REFUSAL },
    { "no number",
      { { .issuer = "R" }, { .issuer = "I", .number = "" } },
      .mode = HARD,
      .code = CMG_FINDING_PROFILE,
      .severity = WARNING,
      .subject = "CN=I" },
    { "no number, strictly",
      { { .issuer = "R" }, { .issuer = "I", .number = "" } },
      .mode = HARD,
      .flags = CMG_CHECK_STRICT,
      .code = CMG_FINDING_REVOCATION_UNKNOWN,
      .severity = REFUSAL },
    { "nobody asks",
      { { .issuer = "I", .serial = "31", .reason = 1 } },
      .mode = OFF,
      .code = CMG_FINDING_REVOCATION_UNASKED,
      .severity = CMG_SEVERITY_NOTE },
};

static void extend(struct lister *l, const struct list *list)
{
    char number[16] = "0201";

    if (list->number == NULL)
        lister_extend(l, LISTER_NUMBER, false, "020105");
    else if (list->number[0] != '\0')
        lister_extend(l, LISTER_NUMBER, false, strcat(number, list->number));
    if (list->delta != NULL)
        lister_extend(l, LISTER_DELTA, true, list->delta);
    if (list->oid != NULL)
        lister_extend(l, list->oid, true, list->value);
}

static void add_list(struct court *court, const struct list *list)
{
    const bool whole = list->from_days != 0 || list->to_days != 0;
    const struct listed entry = { .serial = list->serial,
                                  .reason = list->reason > 0 ? list->reason : -1 };
    struct lister l;

    lister_init(&l);
    l.issuer = list->issuer;
    l.key = list->wrong_key ? court->pki.leaf_key : court->pki.root_key;
    l.this_update = PKI_NOW + (whole ? list->from_days : -1) * PKI_DAY;
    l.next_update =
        list->to_days == 99 ? 0 : PKI_NOW + (whole ? list->to_days : 6) * PKI_DAY;
    extend(&l, list);
    if (list->serial != NULL)
        lister_add(&l, &entry);
    struct cmg__crl *crl = lister_read(&l, &court->pki.a.alloc);
    ck_assert_int_eq(cmg__x509_trust_add_crl(court->trust, crl), CMG_OK);
    cmg__crl_free(crl);
    lister_done(&l);
}

static const struct cmg__finding *find(const struct cmg__report *report, cmg_finding code,
                                       const char *subject)
{
    for (size_t i = 0; i < report->count; i++) {
        if (report->list[i].code == code && strcmp(report->list[i].subject, subject) == 0)
            return &report->list[i];
    }
    return NULL;
}

static void check_report(const struct revocation_case *c,
                         const struct cmg__report *report)
{
    const char *first = report->count > 0 ? report->list[0].cause : "";

    ck_assert_msg(cmg__report_is_accepted(report) == (c->severity != REFUSAL), "%s: %s",
                  c->name, first);
    if (c->code == 0) {
        ck_assert_msg(report->count == 0, "%s: %s", c->name, first);
        return;
    }
    const struct cmg__finding *found =
        find(report, c->code, c->subject != NULL ? c->subject : "CN=L");
    ck_assert_msg(found != NULL, "%s: not found, but %s", c->name, first);
    ck_assert_msg(found->severity == c->severity, "%s: weighs %d", c->name,
                  (int)found->severity);
}

static void try_case(const struct revocation_case *c, bool intermediate_is_trusted)
{
    const struct cmg__x509_question q = { .purpose = CMG_PURPOSE_CLIENT,
                                          .revocation = c->mode,
                                          .crl_grace_s = c->grace_days * PKI_DAY,
                                          .now_unix_s = PKI_NOW,
                                          .flags = c->flags };
    struct court court;

    court_init(&court, links);
    court_trust(&court, court.certs[0], CMG__TRUST_AS_FOUND);
    if (intermediate_is_trusted)
        court_trust(&court, court.certs[1], CMG__TRUST_AS_FOUND);
    for (size_t i = 0; i < LISTS && c->lists[i].issuer != NULL; i++)
        add_list(&court, &c->lists[i]);
    court_judge(&court, &q);
    check_report(c, &court.report);
    court_done(&court);
}

START_TEST(each_list_is_worth_what_it_is)
{
    try_case(&cases[_i], false);
}
END_TEST

/* An intermediate in the trust list is asked like any other. */
START_TEST(trusted_intermediates_are_not_exempt)
{
    try_case(&cases[_i], true);
}
END_TEST

START_TEST(an_authority_without_the_right_signs_no_lists)
{
    static const struct forge_cert chain[FORGE_MAX] = {
        { .subject = "CN=R", .extensions = "!bc:ca;!ku:04;ski" },
        { .subject = "CN=L", .extensions = "ku:80;eku:client;ski;aki", .serial = "31" },
    };
    const struct list list = { .issuer = "R", .serial = "31", .reason = 1 };
    const struct cmg__x509_question q = { .purpose = CMG_PURPOSE_CLIENT,
                                          .revocation = HARD,
                                          .now_unix_s = PKI_NOW };
    struct court court;

    court_init(&court, chain);
    court_trust(&court, court.certs[0], CMG__TRUST_AS_FOUND);
    add_list(&court, &list);
    court_judge(&court, &q);
    ck_assert(!cmg__report_is_accepted(&court.report));
    ck_assert(cmg__report_has(&court.report, CMG_FINDING_REVOCATION_UNKNOWN));
    ck_assert(cmg__report_has(&court.report, CMG_FINDING_CRL_NOT_USABLE));
    ck_assert(!cmg__report_has(&court.report, CMG_FINDING_REVOKED));
    court_done(&court);
}
END_TEST

/* It has the authority's name, but is a machine's that says nothing of its use. */
START_TEST(a_machine_signs_no_lists)
{
    static const struct forge_cert chain[FORGE_MAX] = {
        { .subject = "CN=R", .extensions = "!bc:ca;!ku:04;ski" },
        { .subject = "CN=R", .extensions = "ski:0505;aki", .serial = "21" },
        { .subject = "CN=L", .extensions = "ku:80;eku:client;ski;aki", .serial = "31" },
    };
    const struct list list = { .issuer = "R" };
    const struct cmg__x509_question q = { .purpose = CMG_PURPOSE_CLIENT,
                                          .revocation = HARD,
                                          .now_unix_s = PKI_NOW };
    struct court court;

    court_init(&court, chain);
    court_trust(&court, court.certs[0], CMG__TRUST_AS_FOUND);
    add_list(&court, &list);
    court_judge(&court, &q);
    ck_assert(!cmg__report_is_accepted(&court.report));
    ck_assert(cmg__report_has(&court.report, CMG_FINDING_REVOCATION_UNKNOWN));
    court_done(&court);
}
END_TEST

/* A second way to the root is taken when the first is revoked. */
START_TEST(another_path_is_found_around_a_revoked_authority)
{
    static const struct forge_cert chain[FORGE_MAX] = {
        { .subject = "CN=R", .extensions = "!bc:ca;!ku:06;ski" },
        { .subject = "CN=I", .extensions = "!bc:ca;!ku:06;ski;aki", .serial = "21" },
        { .subject = "CN=I",
          .extensions = "!bc:ca;!ku:06;ski;aki",
          .serial = "22",
          .issuer = "CN=R" },
        { .subject = "CN=L", .extensions = "ku:80;eku:client;ski;aki", .serial = "31" },
    };
    const struct list list = { .issuer = "R", .serial = "22", .reason = 2 };
    const struct cmg__x509_question q = { .purpose = CMG_PURPOSE_CLIENT,
                                          .revocation = SOFT,
                                          .now_unix_s = PKI_NOW };
    struct court court;

    court_init(&court, chain);
    court_trust(&court, court.certs[0], CMG__TRUST_AS_FOUND);
    add_list(&court, &list);
    court_judge(&court, &q);
    ck_assert(cmg__report_is_accepted(&court.report));
    court_done(&court);
}
END_TEST

/* ---- for who fetches lists: what the question says besides ---- */

#define POINT "raw:551d1f=3011300fa00da00b8609687474703a2f2f612f"

static const struct forge_cert with_points[FORGE_MAX] = {
    { .subject = "CN=R", .extensions = "!bc:ca;!ku:06;ski" },
    { .subject = "CN=I", .extensions = "!bc:ca;!ku:06;ski;aki", .serial = "21" },
    { .subject = "CN=L",
      .extensions = "ku:80;eku:client;ski;aki;" POINT,
      .serial = "31" },
};

static const struct {
    const struct forge_cert *links;
    cmg_revocation mode;
    bool only_named;
    struct list list;
    bool accepted;
} named_cases[] = {
    { links, HARD, false, { 0 }, false },
    { links, HARD, true, { 0 }, true },
    { links, HARD, true, { .issuer = "I", .serial = "31", .reason = 1 }, false },
    { links, HARD, true, { .issuer = "I", .from_days = -9, .to_days = -2 }, true },
    { with_points, HARD, true, { 0 }, false },
    { with_points, HARD, true, { .issuer = "I" }, true },
    { with_points, HARD, true, { .issuer = "I", .wrong_key = true }, false },
    { with_points, HARD, true, { .issuer = "I", .from_days = -9, .to_days = -2 }, false },
};

START_TEST(who_names_no_list_needs_none_when_it_is_so_asked)
{
    const struct cmg__x509_question q = {
        .purpose = CMG_PURPOSE_CLIENT,
        .revocation = named_cases[_i].mode,
        .now_unix_s = PKI_NOW,
        .only_named_lists = named_cases[_i].only_named,
    };
    struct court court;

    court_init(&court, named_cases[_i].links);
    court_trust(&court, court.certs[0], CMG__TRUST_AS_FOUND);
    if (named_cases[_i].list.issuer != NULL)
        add_list(&court, &named_cases[_i].list);
    court_judge(&court, &q);
    ck_assert_int_eq(cmg__report_is_accepted(&court.report), named_cases[_i].accepted);
    court_done(&court);
}
END_TEST

START_TEST(lists_of_the_question_count_like_those_of_the_trust_list)
{
    const struct list root = { .issuer = "R" };
    const struct list leaf = { .issuer = "I", .serial = "31", .reason = 1 };
    struct cmg__x509_question q = { .purpose = CMG_PURPOSE_CLIENT,
                                    .revocation = HARD,
                                    .now_unix_s = PKI_NOW };
    struct court court;
    struct court shelf;

    court_init(&court, links);
    court_init(&shelf, links);
    court_trust(&court, court.certs[0], CMG__TRUST_AS_FOUND);
    add_list(&court, &root);
    add_list(&shelf, &leaf);
    q.crls = shelf.trust->crls;
    q.crl_count = shelf.trust->crl_count;
    court_judge(&court, &q);
    ck_assert(cmg__report_has(&court.report, CMG_FINDING_REVOKED));
    court_done(&court);
    court_done(&shelf);
}
END_TEST

struct papers {
    struct court *court;
};

static cmg_status judge_again(struct support_alloc *a, void *user)
{
    const struct papers *papers = user;
    const struct cmg__x509_question q = { .purpose = CMG_PURPOSE_CLIENT,
                                          .revocation = HARD,
                                          .now_unix_s = PKI_NOW };
    struct cmg__x509 *chain[] = { papers->court->certs[2], papers->court->certs[1] };
    struct cmg__report report;

    cmg__report_init(&report, &a->alloc);
    const cmg_status rc = cmg__x509_judge(papers->court->trust, &q, chain, 2, &report);
    ck_assert(rc != CMG_OK || cmg__report_has(&report, CMG_FINDING_REVOKED));
    ck_assert(rc != CMG_OK || !cmg__report_is_accepted(&report));
    cmg__report_done(&report);
    return rc;
}

START_TEST(running_out_of_memory_accepts_nobody)
{
    const struct list root = { .issuer = "R" };
    const struct list leaf = { .issuer = "I", .serial = "31", .reason = 1 };
    struct court court;
    struct papers papers = { .court = &court };

    court_init(&court, links);
    court_trust(&court, court.certs[0], CMG__TRUST_AS_FOUND);
    add_list(&court, &root);
    add_list(&court, &leaf);
    support_torture(judge_again, &papers, 1);
    court_done(&court);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("x509_revocation");
    TCase *lists = tcase_create("lists");
    const int count = (int)CMG__ARRAY_LEN(cases);

    tcase_set_timeout(lists, 60);
    tcase_add_loop_test(lists, each_list_is_worth_what_it_is, 0, count);
    tcase_add_loop_test(lists, trusted_intermediates_are_not_exempt, 0, count);
    tcase_add_test(lists, an_authority_without_the_right_signs_no_lists);
    tcase_add_test(lists, a_machine_signs_no_lists);
    tcase_add_test(lists, another_path_is_found_around_a_revoked_authority);
    tcase_add_loop_test(lists, who_names_no_list_needs_none_when_it_is_so_asked, 0,
                        (int)CMG__ARRAY_LEN(named_cases));
    tcase_add_test(lists, lists_of_the_question_count_like_those_of_the_trust_list);
    tcase_add_test(lists, running_out_of_memory_accepts_nobody);
    suite_add_tcase(suite, lists);
    return support_run((Suite *const[]){ suite, NULL });
}
