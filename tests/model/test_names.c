/*
 * The names that a certificate gives to a gateway, and how near its end is.
 */
#include "model/mint.h"
#include "model/place.h"

#include <stdlib.h>
#include <string.h>

#define SAN(names) "subjectAltName=" names "\n"

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

static const struct names_case {
    const char *name;
    const char *subject;
    const char *extensions;
    const char *wanted;
    const char *prefix;
    const char *service; /* what comes out; NULL: refused */
    const char *record;  /* or part of the cause */
    cmg_name_domain domain;
} names_cases[] = {
    { "the common name", "/CN=granitefalls.contoso.com", NULL, NULL, NULL,
      "granitefalls.contoso.com",
      "granitefalls.contoso.com. CNAME granitefalls.westeurope.cloudapp.azure.com.",
      CMG_NAME_DOMAIN_OWN },
    { "letter case stays", "/CN=GraniteFalls.Contoso.com", SAN("DNS:a1b.contoso.com"),
      NULL, NULL, "GraniteFalls.Contoso.com",
      "GraniteFalls.Contoso.com. CNAME granitefalls.westeurope.cloudapp.azure.com.",
      CMG_NAME_DOMAIN_OWN },
    { "the only DNS name", "/O=Contoso", SAN("DNS:gw1.contoso.com"), NULL, NULL,
      "gw1.contoso.com", "gw1.contoso.com. CNAME gw1.westeurope.cloudapp.azure.com.",
      CMG_NAME_DOMAIN_OWN },
    { "the first of several", "/CN=gw2.contoso.com",
      SAN("DNS:gw1.contoso.com,DNS:gw2.contoso.com"), NULL, NULL, "gw1.contoso.com",
      "gw1.contoso.com. CNAME gw1.westeurope.cloudapp.azure.com.", CMG_NAME_DOMAIN_OWN },
    { "the wanted of several", "/CN=gw1.contoso.com",
      SAN("DNS:gw1.contoso.com,DNS:gw2.contoso.com"), "gw2.contoso.com", NULL,
      "gw2.contoso.com", "gw2.contoso.com. CNAME gw2.westeurope.cloudapp.azure.com.",
      CMG_NAME_DOMAIN_OWN },
    { "one that it has not", "/CN=gw1.contoso.com", NULL, "gw2.contoso.com", NULL, NULL,
      "not for gw2.contoso.com", CMG_NAME_DOMAIN_OWN },
    { "a wildcard with a prefix", "/CN=*.contoso.com", SAN("DNS:*.contoso.com"), NULL,
      "gw1", "gw1.contoso.com",
      "gw1.contoso.com. CNAME gw1.westeurope.cloudapp.azure.com.", CMG_NAME_DOMAIN_OWN },
    { "a wildcard and a wanted name", "/CN=*.contoso.com", NULL, "gw1.contoso.com", NULL,
      "gw1.contoso.com", "gw1.contoso.com. CNAME gw1.westeurope.cloudapp.azure.com.",
      CMG_NAME_DOMAIN_OWN },
    { "a wildcard alone", "/CN=*.contoso.com", NULL, NULL, NULL, NULL,
      "which leaves the name open", CMG_NAME_DOMAIN_OWN },
    { "a wildcard two labels up", "/CN=*.contoso.com", NULL, "a.b.contoso.com", NULL,
      NULL, "not for a.b.contoso.com", CMG_NAME_DOMAIN_OWN },
    { "a star as wanted name", "/CN=*.contoso.com", NULL, "*.contoso.com", NULL, NULL,
      "not for *.contoso.com", CMG_NAME_DOMAIN_OWN },
    { "a prefix with a dot", "/CN=*.contoso.com", NULL, NULL, "a.b", NULL,
      "is shorter than 3", CMG_NAME_DOMAIN_OWN },
    { "no host name at all", "/CN=Contoso Ltd", NULL, NULL, NULL, NULL,
      "has no host name", CMG_NAME_DOMAIN_OWN },
    { "one label", "/CN=gateway", NULL, NULL, NULL, NULL, "has no host name",
      CMG_NAME_DOMAIN_OWN },
    { "two letters", "/CN=gf.contoso.com", NULL, NULL, NULL, NULL,
      "is shorter than 3 characters", CMG_NAME_DOMAIN_OWN },
    { "a dash", "/CN=granite-falls.contoso.com", NULL, NULL, NULL, NULL,
      "more in it than letters and digits", CMG_NAME_DOMAIN_OWN },
    { "a digit first", "/CN=1granite.contoso.com", NULL, NULL, NULL, NULL,
      "begins with a digit", CMG_NAME_DOMAIN_OWN },
    { "24 letters", "/CN=abcdefghijklmnopqrstuvwx.contoso.com", NULL, NULL, NULL,
      "abcdefghijklmnopqrstuvwx.contoso.com",
      "abcdefghijklmnopqrstuvwx.contoso.com. CNAME "
      "abcdefghijklmnopqrstuvwx.westeurope.cloudapp.azure.com.",
      CMG_NAME_DOMAIN_OWN },
    { "25 letters", "/CN=abcdefghijklmnopqrstuvwxy.contoso.com", NULL, NULL, NULL, NULL,
      "is longer than 24 characters", CMG_NAME_DOMAIN_OWN },
    { "the deployment's own name", "/CN=gw1.westeurope.cloudapp.azure.com", NULL, NULL,
      NULL, "gw1.westeurope.cloudapp.azure.com", "", CMG_NAME_DOMAIN_AZURE },
    { "another region's name", "/CN=gw1.eastus.cloudapp.azure.com", NULL, NULL, NULL,
      NULL, "will be called gw1.westeurope.cloudapp.azure.com", CMG_NAME_DOMAIN_AZURE },
    { "the classic domain", "/CN=gw1.cloudapp.net", NULL, NULL, NULL, NULL,
      "classic deployment", CMG_NAME_DOMAIN_AZURE },
    { "the government's classic domain", "/CN=gw1.usgovcloudapp.net", NULL, NULL, NULL,
      NULL, "nobody but Microsoft", CMG_NAME_DOMAIN_AZURE },
    { "a domain that only ends alike", "/CN=gw1.mycloudapp.net", NULL, NULL, NULL,
      "gw1.mycloudapp.net",
      "gw1.mycloudapp.net. CNAME gw1.westeurope.cloudapp.azure.com.",
      CMG_NAME_DOMAIN_OWN },
    { "a domain that is never public", "/CN=gw1.contoso.local", NULL, NULL, NULL,
      "gw1.contoso.local", "gw1.contoso.local. CNAME gw1.westeurope.cloudapp.azure.com.",
      CMG_NAME_DOMAIN_PRIVATE },
};

START_TEST(names_are_derived_or_refused_with_a_cause)
{
    const struct names_case *c = &names_cases[_i];
    const struct mint wanted = { .subject = c->subject, .extensions = c->extensions };
    const cmg_names_options options = { .size = sizeof options,
                                        .region = "westeurope",
                                        .service_name = c->wanted,
                                        .prefix = c->prefix };
    cmg_certificate *cert = mint(place.ctx, &wanted);
    cmg_names *names = NULL;
    cmg_error *err = NULL;

    const cmg_status rc = cmg_names_new(cert, &options, &names, &err);
    cmg_certificate_unref(cert);
    if (c->service == NULL) {
        ck_assert_msg(rc == CMG_E_CERT || rc == CMG_E_INVAL, "%s was taken", c->name);
        ck_assert_msg(strstr(cmg_error_message(err), c->record) != NULL, "%s: %s",
                      c->name, cmg_error_message(err));
        ck_assert_str_ne(cmg_error_remedy(err), "");
        ck_assert_str_ne(cmg_error_subject(err), "");
        cmg_error_unref(err);
        return;
    }
    ck_assert_msg(rc == CMG_OK, "%s: %s", c->name, cmg_error_message(err));
    ck_assert_str_eq(cmg_names_service_name(names), c->service);
    ck_assert_str_eq(cmg_names_dns_record(names), c->record);
    ck_assert_int_eq(cmg_names_get_domain(names), c->domain);
    ck_assert_int_eq(strncmp(cmg_names_deployment_name(names), cmg_names_prefix(names),
                             strlen(cmg_names_prefix(names))),
                     0);
    cmg_names_unref(names);
}
END_TEST

START_TEST(names_are_told_in_words)
{
    const struct mint wanted = { .subject = "/CN=gw1.contoso.com",
                                 .extensions = SAN("DNS:gw1.contoso.com,"
                                                   "DNS:gw2.contoso.com,IP:10.0.0.1") };
    const cmg_names_options options = { .size = sizeof options, .region = "eastus" };
    cmg_certificate *cert = mint(place.ctx, &wanted);
    cmg_names *names = NULL;
    cmg_bytes *text = NULL;
    cmg_error *err = NULL;

    ck_ok(cmg_names_new(cert, &options, &names, &err), err);
    cmg_certificate_unref(cert);
    ck_assert_uint_eq(cmg_names_offered_count(names), 2);
    ck_assert_str_eq(cmg_names_offered_at(names, 1), "gw2.contoso.com");
    ck_assert_str_eq(cmg_names_offered_at(names, 2), "");
    ck_ok(cmg_names_describe(names, &text, &err), err);
    ck_assert_ptr_nonnull(
        strstr(cmg_bytes_data(text), "gw1.contoso.com. CNAME gw1.eastus.cloudapp.azure"));
    cmg_bytes_unref(text);
    cmg_names_unref(cmg_names_ref(names));
    cmg_names_unref(names);
}
END_TEST

START_TEST(the_cloud_of_the_context_counts)
{
    const struct mint wanted = { .subject = "/CN=gw1.contoso.com" };
    const cmg_names_options options = { .size = sizeof options,
                                        .region = "usgovvirginia" };
    cmg_names *names = NULL;
    cmg_error *err = NULL;

    ck_ok(cmg_context_set_cloud(place.ctx, CMG_CLOUD_US_GOVERNMENT, &err), err);
    cmg_certificate *cert = mint(place.ctx, &wanted);
    ck_ok(cmg_names_new(cert, &options, &names, &err), err);
    ck_assert_str_eq(cmg_names_deployment_name(names),
                     "gw1.usgovvirginia.cloudapp.usgovcloudapi.net");
    cmg_names_unref(names);
    cmg_certificate_unref(cert);
}
END_TEST

START_TEST(options_are_looked_at)
{
    const struct mint wanted = { .subject = "/CN=gw1.contoso.com" };
    cmg_names_options options = { .size = sizeof options, .region = "West Europe" };
    cmg_certificate *cert = mint(place.ctx, &wanted);
    cmg_names *names = NULL;
    cmg_error *err = NULL;

    ck_assert_int_eq(cmg_names_new(cert, &options, &names, &err), CMG_E_INVAL);
    ck_assert_str_eq(cmg_error_subject(err), "region");
    options.size = 1;
    ck_assert_int_eq(cmg_names_new(cert, &options, &names, &err), CMG_E_ABI);
    ck_assert_int_eq(cmg_names_new(cert, NULL, &names, &err), CMG_E_INVAL);
    ck_assert_int_eq(cmg_names_new(NULL, &options, &names, &err), CMG_E_INVAL);
    ck_assert_ptr_null(names);
    ck_assert_str_eq(cmg_names_service_name(NULL), "");
    ck_assert_int_eq((int)cmg_names_get_domain(NULL), 0);
    cmg_error_unref(err);
    cmg_certificate_unref(cert);
}
END_TEST

static const struct expiry_case {
    int64_t left_s; /* from the moment to the end */
    int64_t days;
    cmg_expiry_level level;
    int64_t next_s; /* from the end; 1: none */
} expiry_cases[] = {
    { 91 * 86400, 91, CMG_EXPIRY_FAR, -90 * 86400 },
    { 90 * 86400 + 1, 90, CMG_EXPIRY_FAR, -90 * 86400 },
    { 90 * 86400, 90, CMG_EXPIRY_DAYS_90, -60 * 86400 },
    { 60 * 86400, 60, CMG_EXPIRY_DAYS_60, -30 * 86400 },
    { 30 * 86400, 30, CMG_EXPIRY_DAYS_30, -14 * 86400 },
    { 14 * 86400, 14, CMG_EXPIRY_DAYS_14, -7 * 86400 },
    { 8 * 86400, 8, CMG_EXPIRY_DAYS_14, -7 * 86400 },
    { 7 * 86400, 7, CMG_EXPIRY_DAYS_7, -86400 },
    { 86400, 1, CMG_EXPIRY_DAY_1, 1 },
    { 0, 0, CMG_EXPIRY_DAY_1, 1 },
    { -1, -1, CMG_EXPIRY_EXPIRED, 0 },
    { -86400, -1, CMG_EXPIRY_EXPIRED, 0 },
    { -86401, -2, CMG_EXPIRY_EXPIRED, 0 },
};

START_TEST(the_end_is_watched)
{
    const struct expiry_case *c = &expiry_cases[_i];
    const struct mint wanted = { .subject = "/CN=gw1.contoso.com", .days = 300 };
    cmg_expiry expiry = { .size = sizeof expiry };
    cmg_certificate *cert = mint(place.ctx, &wanted);
    cmg_error *err = NULL;

    const int64_t begin = cmg_certificate_not_before_unix_s(cert);
    const int64_t end = cmg_certificate_not_after_unix_s(cert);
    ck_ok(cmg_certificate_get_expiry(cert, end - c->left_s, &expiry, &err), err);
    ck_assert_int_eq(expiry.level, c->level);
    ck_assert_int_eq(expiry.days_left, c->days);
    ck_assert_int_eq(expiry.next_change_unix_s, c->next_s != 0 ? end + c->next_s : 0);
    ck_assert_int_eq(expiry.renew_unix_s, begin + INT64_C(200) * 86400);
    /* At that moment the level is another one. */
    const cmg_expiry_level before = expiry.level;
    if (expiry.next_change_unix_s != 0) {
        ck_ok(cmg_certificate_get_expiry(cert, expiry.next_change_unix_s, &expiry, &err),
              err);
        ck_assert_int_gt(expiry.level, before);
    }
    cmg_certificate_unref(cert);
}
END_TEST

START_TEST(the_answer_needs_room)
{
    const struct mint wanted = { .subject = "/CN=gw1.contoso.com" };
    cmg_expiry expiry = { .size = 1 };
    cmg_certificate *cert = mint(place.ctx, &wanted);

    ck_assert_int_eq(cmg_certificate_get_expiry(cert, 0, &expiry, NULL), CMG_E_ABI);
    ck_assert_int_eq(cmg_certificate_get_expiry(cert, 0, NULL, NULL), CMG_E_INVAL);
    ck_assert_int_eq(cmg_certificate_get_expiry(NULL, 0, &expiry, NULL), CMG_E_INVAL);
    expiry.size = sizeof expiry;
    ck_assert_int_eq(cmg_certificate_get_expiry(cert, 0, &expiry, NULL), CMG_OK);
    cmg_certificate_unref(cert);
}
END_TEST

struct input {
    char *pem;
    size_t n;
};

static cmg_status names_once(struct support_alloc *a, void *user)
{
    const struct input *input = user;
    const cmg_names_options options = { .size = sizeof options, .region = "eastus" };
    cmg_context *ctx = NULL;
    cmg_certificate *cert = NULL;
    cmg_names *names = NULL;
    cmg_bytes *text = NULL;
    cmg_status rc = cmg_context_new(&a->alloc.table, &ctx, NULL);

    if (rc == CMG_OK)
        rc = cmg_certificate_new_from_bytes(ctx, input->pem, input->n, NULL, &cert, NULL);
    if (rc == CMG_OK)
        rc = cmg_names_new(cert, &options, &names, NULL);
    if (rc == CMG_OK)
        rc = cmg_names_describe(names, &text, NULL);
    cmg_bytes_unref(text);
    cmg_names_unref(names);
    cmg_certificate_unref(cert);
    cmg_context_unref(ctx);
    return rc;
}

START_TEST(running_out_of_memory_leaves_nothing_behind)
{
    const struct mint wanted = { .subject = "/CN=gw1.contoso.com",
                                 .extensions =
                                     SAN("DNS:gw1.contoso.com,DNS:gw2.contoso.com") };
    struct input input = { .n = 0 };

    cmg_certificate_unref(mint(place.ctx, &wanted));
    input.pem = support_read_file(support_path("x.pem"), &input.n);
    support_torture(names_once, &input, 1);
    free(input.pem);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("names");
    TCase *names = tcase_create("names");
    TCase *expiry = tcase_create("expiry");

    tcase_set_timeout(names, 60);
    tcase_add_checked_fixture(names, setup, teardown);
    tcase_add_loop_test(names, names_are_derived_or_refused_with_a_cause, 0,
                        (int)CMG__ARRAY_LEN(names_cases));
    tcase_add_test(names, names_are_told_in_words);
    tcase_add_test(names, the_cloud_of_the_context_counts);
    tcase_add_test(names, options_are_looked_at);
    tcase_add_test(names, running_out_of_memory_leaves_nothing_behind);
    suite_add_tcase(suite, names);
    tcase_set_timeout(expiry, 60);
    tcase_add_checked_fixture(expiry, setup, teardown);
    tcase_add_loop_test(expiry, the_end_is_watched, 0, (int)CMG__ARRAY_LEN(expiry_cases));
    tcase_add_test(expiry, the_answer_needs_room);
    suite_add_tcase(suite, expiry);
    return support_run((Suite *const[]){ suite, NULL });
}
