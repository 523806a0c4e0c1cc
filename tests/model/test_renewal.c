/*
 * Renewals compared with what they replace; the authorities that a client's certificate
 * asks to be uploaded.
 */
#include "model/mint.h"
#include "model/place.h"

#include <stdlib.h>
#include <string.h>

#define SERVER "extendedKeyUsage=serverAuth\n"
#define SAN    "subjectAltName=DNS:gw1.contoso.com\n"
#define CA     "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n"
#define CLIENT "extendedKeyUsage=clientAuth\n"

static struct place place;

static void setup(void)
{
    place_init(&place);
}

static void teardown(void)
{
    place_done(&place);
    support_dir_done();
}

static char *text_of(cmg_report *report)
{
    cmg_bytes *text = NULL;
    cmg_error *err = NULL;

    ck_ok(cmg_report_describe(report, &text, &err), err);
    char *copy = strndup(cmg_bytes_data(text), cmg_bytes_size(text));
    cmg_bytes_unref(text);
    return copy;
}

/* ---- renewal ---- */

#define OLD "/C=DE/O=Contoso/OU=Ops/CN=gw1.contoso.com"

static const struct renewal_case {
    const char *name;
    struct mint mint; /* the old one is OLD for 100 days, with SAN */
    cmg_finding code;
    cmg_severity severity;
    const char *cause; /* part of it */
} renewal_cases[] = {
    { "as it should be",
      { .subject = OLD, .extensions = SAN },
      (cmg_finding)0,
      CMG_SEVERITY_NOTE,
      "" },
    { "another common name",
      { .subject = "/C=DE/O=Contoso/OU=Ops/CN=gw2.contoso.com", .extensions = SAN },
      CMG_FINDING_COMMON_NAME_CHANGED,
      CMG_SEVERITY_REFUSAL,
      "\"gw2.contoso.com\"" },
    { "another letter case",
      { .subject = "/C=DE/O=Contoso/OU=Ops/CN=GW1.contoso.com", .extensions = SAN },
      CMG_FINDING_COMMON_NAME_CHANGED,
      CMG_SEVERITY_REFUSAL,
      "letter case" },
    { "another organisation",
      { .subject = "/C=DE/O=Fabrikam/OU=Ops/CN=gw1.contoso.com", .extensions = SAN },
      CMG_FINDING_SUBJECT_CHANGED,
      CMG_SEVERITY_WARNING,
      "the O of its subject was Contoso and is Fabrikam" },
    { "an attribute less",
      { .subject = "/C=DE/O=Contoso/CN=gw1.contoso.com", .extensions = SAN },
      CMG_FINDING_SUBJECT_CHANGED,
      CMG_SEVERITY_WARNING,
      "its subject lacks OU, the old one's is Ops" },
    { "an attribute more",
      { .subject = "/C=DE/O=Contoso/OU=Ops/L=Bonn/CN=gw1.contoso.com",
        .extensions = SAN },
      CMG_FINDING_SUBJECT_CHANGED,
      CMG_SEVERITY_WARNING,
      "its subject has L=Bonn, the old one's has none" },
    { "a second unit",
      { .subject = "/C=DE/O=Contoso/OU=Ops/OU=IT/CN=gw1.contoso.com", .extensions = SAN },
      CMG_FINDING_SUBJECT_CHANGED,
      CMG_SEVERITY_WARNING,
      "its subject has OU=IT, the old one's has none" },
    { "a name less",
      { .subject = OLD },
      CMG_FINDING_NAME_LOST,
      CMG_SEVERITY_WARNING,
      "no longer for gw1.contoso.com" },
    { "the old key",
      { .subject = OLD, .extensions = SAN, .reuse = "old" },
      CMG_FINDING_KEY_REUSED,
      CMG_SEVERITY_NOTE,
      "its key is that" },
    { "another issuer",
      { .subject = OLD, .extensions = SAN, .issuer = "root" },
      CMG_FINDING_ISSUER_CHANGED,
      CMG_SEVERITY_NOTE,
      "issued by CN=Root" },
    { "a shorter life",
      { .subject = OLD, .extensions = SAN, .days = 50 },
      CMG_FINDING_NOT_LONGER,
      CMG_SEVERITY_WARNING,
      "no later than the old one" },
};

static cmg_certificate *mint_old(void)
{
    const struct mint wanted = {
        .subject = OLD, .extensions = SAN, .days = 100, .name = "old"
    };
    const struct mint root = { .subject = "/CN=Root", .extensions = CA, .name = "root" };

    cmg_certificate_unref(mint_bare(place.ctx, &root));
    return mint(place.ctx, &wanted);
}

START_TEST(a_renewal_is_compared_with_the_old_one)
{
    const struct renewal_case *c = &renewal_cases[_i];
    cmg_certificate *old = mint_old();
    cmg_certificate *renewed = mint(place.ctx, &c->mint);
    cmg_report *report = NULL;
    cmg_error *err = NULL;

    ck_ok(cmg_certificate_check_renewal(renewed, old, &report, &err), err);
    char *text = text_of(report);
    if (c->code == 0) {
        ck_assert_msg(cmg_report_count(report) == 0, "%s: %s", c->name, text);
    } else {
        ck_assert_msg(mint_report_has(report, c->code, c->severity), "%s: %s", c->name,
                      text);
        ck_assert_msg(strstr(text, c->cause) != NULL, "%s: %s", c->name, text);
    }
    ck_assert_int_eq(cmg_report_is_accepted(report), c->severity != CMG_SEVERITY_REFUSAL);
    free(text);
    cmg_report_unref(report);
    cmg_certificate_unref(renewed);
    cmg_certificate_unref(old);
}
END_TEST

START_TEST(the_old_one_is_no_renewal_of_itself)
{
    cmg_certificate *old = mint_old();
    cmg_report *report = NULL;
    cmg_error *err = NULL;

    ck_ok(cmg_certificate_check_renewal(old, old, &report, &err), err);
    ck_assert(mint_report_has(report, CMG_FINDING_NOT_LONGER, CMG_SEVERITY_REFUSAL));
    cmg_report_unref(report);
    cmg_certificate_unref(old);
}
END_TEST

/* ---- authorities to upload ---- */

static cmg_upload *upload(const cmg_certificate *client, const cmg_trust *pool)
{
    cmg_upload *made = NULL;
    cmg_error *err = NULL;

    ck_ok(cmg_upload_new(client, pool, &made, &err), err);
    return made;
}

START_TEST(every_authority_above_a_client_is_listed)
{
    const struct mint root = { .subject = "/CN=Root", .extensions = CA, .name = "root" };
    const struct mint middle = {
        .subject = "/CN=Middle", .extensions = CA, .name = "middle", .issuer = "root"
    };
    const struct mint other = { .subject = "/CN=Other",
                                .extensions = CA,
                                .name = "other" };
    const struct mint client = { .subject = "/CN=pc1",
                                 .extensions = CLIENT,
                                 .issuer = "middle" };
    cmg_trust *pool = NULL;
    cmg_bytes *text = NULL;
    cmg_error *err = NULL;
    cmg_certificate *certs[] = { mint_bare(place.ctx, &root),
                                 mint_bare(place.ctx, &middle),
                                 mint_bare(place.ctx, &other) };
    cmg_certificate *pc = mint_bare(place.ctx, &client);

    ck_ok(cmg_trust_new(place.ctx, &pool, &err), err);
    for (size_t i = 0; i < CMG__ARRAY_LEN(certs); i++)
        ck_ok(cmg_trust_add_certificate(pool, certs[i], &err), err);
    cmg_upload *list = upload(pc, pool);
    ck_assert_uint_eq(cmg_upload_count(list), 2);
    ck_assert_int_eq(cmg_upload_get_kind(list, 0), CMG_UPLOAD_INTERMEDIATE);
    ck_assert_int_eq(cmg_upload_get_kind(list, 1), CMG_UPLOAD_ROOT);
    ck_assert_int_eq((int)cmg_upload_get_kind(list, 2), 0);
    ck_assert_str_eq(cmg_certificate_subject(cmg_upload_certificate(list, 0)),
                     "CN=Middle");
    ck_assert_str_eq(cmg_certificate_sha256(cmg_upload_certificate(list, 1)),
                     cmg_certificate_sha256(certs[0]));
    ck_assert_ptr_null(cmg_upload_certificate(list, 2));
    ck_assert(cmg_report_is_accepted(cmg_upload_report(list)));
    ck_ok(cmg_upload_describe(list, &text, &err), err);
    ck_assert_ptr_nonnull(strstr(cmg_bytes_data(text), "IntermediateCA"));
    cmg_bytes_unref(text);
    cmg_upload_unref(cmg_upload_ref(list));
    cmg_upload_unref(list);
    for (size_t i = 0; i < CMG__ARRAY_LEN(certs); i++)
        cmg_certificate_unref(certs[i]);
    cmg_certificate_unref(pc);
    cmg_trust_unref(pool);
}
END_TEST

START_TEST(a_missing_authority_and_a_wrong_purpose_are_named)
{
    const struct mint root = { .subject = "/CN=Root", .extensions = CA, .name = "root" };
    const struct mint client = {
        .subject = "/CN=pc1",
        .extensions = SERVER "authorityInfoAccess=caIssuers;URI:http://c.com/r.crt\n",
        .issuer = "root",
    };

    cmg_certificate_unref(mint_bare(place.ctx, &root));
    cmg_certificate *pc = mint_bare(place.ctx, &client);
    cmg_upload *list = upload(pc, NULL);
    cmg_report *report = cmg_upload_report(list);
    ck_assert_uint_eq(cmg_upload_count(list), 0);
    ck_assert(!cmg_report_is_accepted(report));
    ck_assert(
        mint_report_has(report, CMG_FINDING_EXTENDED_KEY_USAGE, CMG_SEVERITY_REFUSAL));
    ck_assert(mint_report_has(report, CMG_FINDING_NO_ISSUER, CMG_SEVERITY_REFUSAL));
    char *text = text_of(report);
    ck_assert_ptr_nonnull(strstr(text, "CN=Root is missing"));
    ck_assert_ptr_nonnull(strstr(text, "http://c.com/r.crt"));
    free(text);
    cmg_upload_unref(list);
    cmg_certificate_unref(pc);
    ck_assert_uint_eq(cmg_upload_count(NULL), 0);
    ck_assert_ptr_null(cmg_upload_report(NULL));
    ck_assert_int_eq(cmg_upload_new(NULL, NULL, &list, NULL), CMG_E_INVAL);
}
END_TEST

/* ---- memory ---- */

struct inputs {
    char *old;
    size_t old_n;
    char *renewed;
    size_t renewed_n;
};

static cmg_status check_once(struct support_alloc *a, void *user)
{
    const struct inputs *in = user;
    const cmg_gateway_check_options options = { .size = sizeof options };
    cmg_context *ctx = NULL;
    cmg_certificate *old = NULL;
    cmg_certificate *renewed = NULL;
    cmg_report *reports[2] = { NULL, NULL };
    cmg_upload *list = NULL;
    cmg_status rc = cmg_context_new(&a->alloc.table, &ctx, NULL);

    if (rc == CMG_OK)
        rc = cmg_certificate_new_from_bytes(ctx, in->old, in->old_n, NULL, &old, NULL);
    if (rc == CMG_OK)
        rc = cmg_certificate_new_from_bytes(ctx, in->renewed, in->renewed_n, NULL,
                                            &renewed, NULL);
    if (rc == CMG_OK)
        rc = cmg_certificate_check_renewal(renewed, old, &reports[0], NULL);
    if (rc == CMG_OK)
        rc = cmg_certificate_check_gateway(renewed, &options, &reports[1], NULL);
    if (rc == CMG_OK)
        rc = cmg_upload_new(old, NULL, &list, NULL);
    cmg_upload_unref(list);
    cmg_report_unref(reports[0]);
    cmg_report_unref(reports[1]);
    cmg_certificate_unref(renewed);
    cmg_certificate_unref(old);
    cmg_context_unref(ctx);
    return rc;
}

START_TEST(running_out_of_memory_leaves_nothing_behind)
{
    const struct mint wanted = { .subject = "/O=Other/CN=GW1.contoso.com",
                                 .extensions = SAN "basicConstraints=CA:TRUE\n" };
    struct inputs in = { .old_n = 0 };

    cmg_certificate_unref(mint_old());
    cmg_certificate_unref(mint(place.ctx, &wanted));
    in.old = support_read_file(support_path("old.pem"), &in.old_n);
    in.renewed = support_read_file(support_path("x.pem"), &in.renewed_n);
    support_torture(check_once, &in, 1);
    free(in.old);
    free(in.renewed);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("renewal");
    TCase *renewal = tcase_create("renewal");

    tcase_set_timeout(renewal, 90);
    tcase_add_checked_fixture(renewal, setup, teardown);
    tcase_add_loop_test(renewal, a_renewal_is_compared_with_the_old_one, 0,
                        (int)CMG__ARRAY_LEN(renewal_cases));
    tcase_add_test(renewal, the_old_one_is_no_renewal_of_itself);
    tcase_add_test(renewal, every_authority_above_a_client_is_listed);
    tcase_add_test(renewal, a_missing_authority_and_a_wrong_purpose_are_named);
    tcase_add_test(renewal, running_out_of_memory_leaves_nothing_behind);
    suite_add_tcase(suite, renewal);
    return support_run((Suite *const[]){ suite, NULL });
}
