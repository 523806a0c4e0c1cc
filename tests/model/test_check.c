/*
 * The public check: trust lists are filled, options are looked at, reports are read, and
 * running out of memory never accepts.
 */
#include "support/support.h"

#include <cmg/check.h>
#include "crypto/lister.h"
#include "model/authority.h"

#include <string.h>

struct place {
    struct support_alloc a;
    struct support_env e;
    cmg_context *ctx;
    cmg_authority *ca;
    cmg_certificate *leaf;
    cmg_trust *trust;
};

static void place_init(struct place *place)
{
    static const char *const names[] = { "granitefalls.contoso.com", NULL };
    const cmg_certificate_request request = { .size = sizeof request,
                                              .profile = CMG_PROFILE_WEB_SERVER,
                                              .common_name = names[0],
                                              .dns_names = names,
                                              .days = 90 };
    cmg_error *err = NULL;

    support_alloc_init(&place->a);
    support_env_init(&place->e);
    ck_ok(cmg_context_new(&place->a.alloc.table, &place->ctx, &err), err);
    place->ctx->env = place->e.env;
    ck_ok(cmg_authority_new(place->ctx, "Contoso CMG CA", &place->ca, &err), err);
    ck_ok(cmg_authority_issue(place->ca, &request, &place->leaf, &err), err);
    ck_ok(cmg_trust_new(place->ctx, &place->trust, &err), err);
}

static void place_done(struct place *place)
{
    cmg_trust_unref(place->trust);
    cmg_certificate_unref(place->leaf);
    cmg_authority_unref(place->ca);
    cmg_context_unref(place->ctx);
    ck_assert_uint_eq(place->a.live, 0);
}

static void trust_root(struct place *place)
{
    cmg_error *err = NULL;

    ck_ok(cmg_trust_add_certificate(place->trust, cmg_authority_certificate(place->ca),
                                    &err),
          err);
}

static cmg_check_options server_options(void)
{
    return (cmg_check_options){ .size = sizeof(cmg_check_options),
                                .purpose = CMG_PURPOSE_SERVER,
                                .revocation = CMG_REVOCATION_OFF };
}

static cmg_report *check(struct place *place, const cmg_check_options *options)
{
    cmg_report *report = NULL;
    cmg_error *err = NULL;

    ck_ok(cmg_certificate_check(place->leaf, place->trust, options, &report, &err), err);
    return report;
}

START_TEST(a_good_certificate_is_accepted)
{
    const cmg_check_options options = server_options();
    struct place place;
    cmg_bytes *text = NULL;
    cmg_error *err = NULL;

    place_init(&place);
    trust_root(&place);
    cmg_report *report = check(&place, &options);
    ck_assert(cmg_report_is_accepted(report));
    ck_ok(cmg_report_describe(report, &text, &err), err);
    ck_assert_int_eq(strncmp(cmg_bytes_data(text), "Accepted\n", 9), 0);
    cmg_bytes_unref(text);
    cmg_report_unref(cmg_report_ref(report));
    cmg_report_unref(report);
    place_done(&place);
}
END_TEST

START_TEST(a_refusal_is_a_verdict_with_cause_and_remedy)
{
    cmg_check_options options = server_options();
    struct place place;

    place_init(&place);
    trust_root(&place);
    options.purpose = CMG_PURPOSE_CLIENT;
    cmg_report *report = check(&place, &options);
    ck_assert(!cmg_report_is_accepted(report));
    ck_assert_uint_ge(cmg_report_count(report), 1);
    ck_assert_int_eq(cmg_report_severity(report, 0), CMG_SEVERITY_REFUSAL);
    ck_assert_int_ne(cmg_report_finding_code(report, 0), 0);
    ck_assert_str_eq(cmg_report_subject(report, 0), "CN=granitefalls.contoso.com");
    ck_assert_str_ne(cmg_report_cause(report, 0), "");
    ck_assert_str_ne(cmg_report_remedy(report, 0), "");
    const size_t past = cmg_report_count(report);
    ck_assert_int_eq((int)cmg_report_finding_code(report, past), 0);
    ck_assert_int_eq((int)cmg_report_severity(report, past), 0);
    ck_assert_str_eq(cmg_report_subject(report, past), "");
    ck_assert_str_eq(cmg_report_cause(report, past), "");
    ck_assert_str_eq(cmg_report_remedy(report, past), "");
    cmg_report_unref(report);
    place_done(&place);
}
END_TEST

START_TEST(an_empty_trust_list_trusts_nobody)
{
    const cmg_check_options options = server_options();
    struct place place;

    place_init(&place);
    cmg_report *report = check(&place, &options);
    ck_assert(!cmg_report_is_accepted(report));
    cmg_report_unref(report);
    place_done(&place);
}
END_TEST

START_TEST(a_trust_list_counts_what_it_holds)
{
    struct place place;
    cmg_bytes *pem = NULL;
    cmg_error *err = NULL;

    place_init(&place);
    trust_root(&place);
    trust_root(&place);
    ck_assert_uint_eq(cmg_trust_count(place.trust), 1);
    ck_assert_uint_eq(cmg_trust_root_count(place.trust), 1);
    ck_ok(cmg_certificate_export_pem(place.leaf, &pem, &err), err);
    ck_ok(cmg_trust_add(place.trust, cmg_bytes_data(pem), cmg_bytes_size(pem), &err),
          err);
    ck_assert_uint_eq(cmg_trust_count(place.trust), 2);
    ck_assert_uint_eq(cmg_trust_root_count(place.trust), 1);
    cmg_bytes_unref(pem);
    ck_ok(
        cmg_trust_add(place.trust, place.leaf->info.der, place.leaf->info.der_len, &err),
        err);
    ck_assert_uint_eq(cmg_trust_count(place.trust), 2);
    cmg_trust_unref(cmg_trust_ref(place.trust));
    place_done(&place);
}
END_TEST

START_TEST(an_anchor_is_trusted_as_it_is)
{
    const cmg_check_options options = server_options();
    struct place place;
    cmg_error *err = NULL;

    place_init(&place);
    ck_ok(cmg_trust_add_anchor(place.trust, place.leaf, &err), err);
    ck_assert_uint_eq(cmg_trust_count(place.trust), 1);
    ck_assert_uint_eq(cmg_trust_root_count(place.trust), 1);
    cmg_report *report = check(&place, &options);
    ck_assert(cmg_report_is_accepted(report));
    cmg_report_unref(report);
    place_done(&place);
}
END_TEST

START_TEST(a_revocation_list_is_looked_at)
{
    cmg_check_options options = server_options();
    struct place place;
    struct lister list;
    struct cmg__buf der;
    cmg_crl *crl = NULL;
    cmg_error *err = NULL;

    place_init(&place);
    trust_root(&place);
    options.revocation = CMG_REVOCATION_HARD;
    cmg_report *report = check(&place, &options);
    ck_assert_int_eq(cmg_report_finding_code(report, 0), CMG_FINDING_REVOCATION_UNKNOWN);
    cmg_report_unref(report);
    const struct listed entry = { .serial = place.leaf->info.serial_hex, .reason = 1 };
    lister_init(&list);
    list.issuer = "Contoso CMG CA";
    list.key = place.ca->key;
    lister_extend(&list, LISTER_NUMBER, false, "020105");
    lister_add(&list, &entry);
    lister_write(&list, &der);
    ck_ok(cmg_crl_new_from_bytes(place.ctx, der.data, der.len, &crl, &err), err);
    ck_ok(cmg_trust_add_crl(place.trust, crl, &err), err);
    cmg_crl_unref(crl);
    report = check(&place, &options);
    ck_assert_int_eq(cmg_report_finding_code(report, 0), CMG_FINDING_REVOKED);
    cmg_report_unref(report);
    ck_assert_int_eq(cmg_trust_add_crl(place.trust, NULL, NULL), CMG_E_INVAL);
    cmg__buf_done(&der);
    lister_done(&list);
    place_done(&place);
}
END_TEST

START_TEST(what_is_no_certificate_is_not_added)
{
    struct place place;

    place_init(&place);
    ck_assert_int_eq(cmg_trust_add(place.trust, "nothing", 7, NULL), CMG_E_PARSE);
    ck_assert_int_eq(cmg_trust_add(place.trust, "\x30\x01", 2, NULL), CMG_E_PARSE);
    ck_assert_int_eq(cmg_trust_add(place.trust, NULL, 2, NULL), CMG_E_INVAL);
    ck_assert_int_eq(cmg_trust_add(place.trust, "", (size_t)2 << 20, NULL), CMG_E_LIMIT);
    ck_assert_int_eq(cmg_trust_add_certificate(place.trust, NULL, NULL), CMG_E_INVAL);
    ck_assert_uint_eq(cmg_trust_count(place.trust), 0);
    place_done(&place);
}
END_TEST

static const struct option_case {
    const char *member;
    cmg_check_options options; /* size and purpose are put in when purpose is 0 */
} option_cases[] = {
    { "purpose", { .purpose = CMG_PURPOSE_WIDTH } },
    { "revocation", { .revocation = CMG_REVOCATION_WIDTH } },
    { "name", { .name = "" } },
    { "at_unix_s", { .at_unix_s = -1 } },
    { "crl_grace_s", { .crl_grace_s = -1 } },
    { "crl_grace_s", { .crl_grace_s = 31 * 86400 } },
    { "max_depth", { .max_depth = 17 } },
    { "flags", { .flags = 1u << 31 } },
};

START_TEST(an_option_out_of_range_is_named)
{
    cmg_check_options options = option_cases[_i].options;
    struct place place;
    cmg_report *report = NULL;
    cmg_error *err = NULL;

    place_init(&place);
    options.size = sizeof options;
    if (options.purpose == 0)
        options.purpose = CMG_PURPOSE_SERVER;
    ck_assert_int_eq(
        cmg_certificate_check(place.leaf, place.trust, &options, &report, &err),
        CMG_E_INVAL);
    ck_assert_str_eq(cmg_error_subject(err), option_cases[_i].member);
    ck_assert_ptr_null(report);
    cmg_error_unref(err);
    place_done(&place);
}
END_TEST

START_TEST(arguments_that_are_missing_are_refused)
{
    cmg_check_options options = server_options();
    struct place place;
    cmg_report *report = NULL;

    place_init(&place);
    ck_assert_int_eq(cmg_certificate_check(NULL, place.trust, &options, &report, NULL),
                     CMG_E_INVAL);
    ck_assert_int_eq(cmg_certificate_check(place.leaf, NULL, &options, &report, NULL),
                     CMG_E_INVAL);
    ck_assert_int_eq(cmg_certificate_check(place.leaf, place.trust, NULL, &report, NULL),
                     CMG_E_INVAL);
    options.size = 8;
    ck_assert_int_eq(
        cmg_certificate_check(place.leaf, place.trust, &options, &report, NULL),
        CMG_E_ABI);
    ck_assert_ptr_null(report);
    ck_assert_int_eq(cmg_trust_new(NULL, NULL, NULL), CMG_E_INVAL);
    ck_assert_uint_eq(cmg_trust_count(NULL), 0);
    ck_assert_uint_eq(cmg_trust_root_count(NULL), 0);
    ck_assert_uint_eq(cmg_report_count(NULL), 0);
    ck_assert(!cmg_report_is_accepted(NULL));
    cmg_report_unref(NULL);
    cmg_trust_unref(NULL);
    place_done(&place);
}
END_TEST

/* What a torture run is made of: everything that was issued before. */
struct papers {
    char root[4096];
    char leaf[4096];
    struct support_env e;
};

static cmg_status whole_check(struct support_alloc *a, void *user)
{
    const cmg_check_options options = server_options();
    struct papers *papers = user;
    cmg_context *ctx = NULL;
    cmg_trust *trust = NULL;
    cmg_certificate *leaf = NULL;
    cmg_report *report = NULL;
    cmg_bytes *text = NULL;

    cmg_status rc = cmg_context_new(&a->alloc.table, &ctx, NULL);
    if (rc == CMG_OK) {
        ctx->env = papers->e.env;
        rc = cmg_trust_new(ctx, &trust, NULL);
    }
    if (rc == CMG_OK)
        rc = cmg_trust_add(trust, papers->root, strlen(papers->root), NULL);
    if (rc == CMG_OK)
        rc = cmg_certificate_new_from_pem(ctx, papers->leaf, strlen(papers->leaf), &leaf,
                                          NULL);
    if (rc == CMG_OK)
        rc = cmg_certificate_check(leaf, trust, &options, &report, NULL);
    if (rc == CMG_OK) {
        ck_assert(cmg_report_is_accepted(report));
        rc = cmg_report_describe(report, &text, NULL);
    }
    cmg_bytes_unref(text);
    cmg_report_unref(report);
    cmg_certificate_unref(leaf);
    cmg_trust_unref(trust);
    cmg_context_unref(ctx);
    return rc;
}

static void copy_pem(cmg_certificate *cert, char *out, size_t room)
{
    cmg_bytes *pem = NULL;
    cmg_error *err = NULL;

    ck_ok(cmg_certificate_export_pem(cert, &pem, &err), err);
    ck_assert_uint_lt(cmg_bytes_size(pem), room);
    memcpy(out, cmg_bytes_data(pem), cmg_bytes_size(pem) + 1);
    cmg_bytes_unref(pem);
}

START_TEST(running_out_of_memory_is_said)
{
    struct papers papers;
    struct place place;

    place_init(&place);
    copy_pem(cmg_authority_certificate(place.ca), papers.root, sizeof papers.root);
    copy_pem(place.leaf, papers.leaf, sizeof papers.leaf);
    place_done(&place);
    support_env_init(&papers.e);
    support_torture(whole_check, &papers, 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("check");
    TCase *verdicts = tcase_create("verdicts");
    TCase *arguments = tcase_create("arguments");
    TCase *memory = tcase_create("memory");

    tcase_set_timeout(verdicts, 60);
    tcase_add_test(verdicts, a_good_certificate_is_accepted);
    tcase_add_test(verdicts, a_refusal_is_a_verdict_with_cause_and_remedy);
    tcase_add_test(verdicts, an_empty_trust_list_trusts_nobody);
    suite_add_tcase(suite, verdicts);
    tcase_set_timeout(arguments, 60);
    tcase_add_test(arguments, a_trust_list_counts_what_it_holds);
    tcase_add_test(arguments, an_anchor_is_trusted_as_it_is);
    tcase_add_test(arguments, a_revocation_list_is_looked_at);
    tcase_add_test(arguments, what_is_no_certificate_is_not_added);
    tcase_add_loop_test(arguments, an_option_out_of_range_is_named, 0,
                        (int)CMG__ARRAY_LEN(option_cases));
    tcase_add_test(arguments, arguments_that_are_missing_are_refused);
    suite_add_tcase(suite, arguments);
    tcase_set_timeout(memory, 120);
    tcase_add_test(memory, running_out_of_memory_is_said);
    suite_add_tcase(suite, memory);
    return support_run((Suite *const[]){ suite, NULL });
}
