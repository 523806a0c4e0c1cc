/*
 * The public handles of certificates and authorities: issued, exported, read again, kept
 * in a directory, refused.
 */
#include "support/support.h"

#include "model/certificate.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct place {
    struct support_alloc a;
    struct support_env e;
    cmg_context *ctx;
    cmg_authority *ca;
};

static void place_init(struct place *place)
{
    cmg_error *err = NULL;

    support_alloc_init(&place->a);
    support_env_init(&place->e);
    ck_ok(cmg_context_new(&place->a.alloc.table, &place->ctx, &err), err);
    place->ctx->env = place->e.env;
    ck_ok(cmg_authority_new(place->ctx, "Contoso CMG CA", &place->ca, &err), err);
}

static void place_done(struct place *place)
{
    cmg_authority_unref(place->ca);
    cmg_context_unref(place->ctx);
    ck_assert_uint_eq(place->a.live, 0);
}

static cmg_certificate *issue(struct place *place, cmg_profile profile)
{
    static const char *const names[] = { "granitefalls.contoso.com", NULL };
    const cmg_certificate_request request = { .size = sizeof request,
                                              .profile = profile,
                                              .common_name = names[0],
                                              .dns_names = names,
                                              .days = 30 };
    cmg_certificate *cert = NULL;
    cmg_error *err = NULL;

    ck_ok(cmg_authority_issue(place->ca, &request, &cert, &err), err);
    return cert;
}

START_TEST(an_issued_certificate_tells_what_it_is)
{
    struct place place;

    place_init(&place);
    cmg_certificate *cert = issue(&place, CMG_PROFILE_WEB_SERVER);
    const int64_t now = cmg__env_unix_s(&place.ctx->env);
    ck_assert_str_eq(cmg_certificate_subject(cert), "CN=granitefalls.contoso.com");
    ck_assert_str_eq(cmg_certificate_common_name(cert), "granitefalls.contoso.com");
    ck_assert_str_eq(cmg_certificate_issuer(cert), "CN=Contoso CMG CA");
    ck_assert_str_eq(cmg_certificate_key_description(cert), "RSA 2048");
    ck_assert_uint_eq(strlen(cmg_certificate_sha256(cert)), 64);
    ck_assert(cmg_certificate_has_key(cert));
    ck_assert_int_le(cmg_certificate_not_before_unix_s(cert), now);
    ck_assert_int_eq(cmg_certificate_not_after_unix_s(cert), now + 30 * 86400);
    ck_assert(!cmg_certificate_has_key(cmg_authority_certificate(place.ca)));
    cmg_certificate_unref(cert);
    place_done(&place);
}
END_TEST

START_TEST(getters_of_nothing_give_nothing)
{
    ck_assert_str_eq(cmg_certificate_subject(NULL), "");
    ck_assert_str_eq(cmg_certificate_issuer(NULL), "");
    ck_assert_str_eq(cmg_certificate_common_name(NULL), "");
    ck_assert_str_eq(cmg_certificate_sha256(NULL), "");
    ck_assert_str_eq(cmg_certificate_key_description(NULL), "");
    ck_assert(!cmg_certificate_has_key(NULL));
    ck_assert_int_eq(cmg_certificate_not_before_unix_s(NULL), 0);
    ck_assert_int_eq(cmg_certificate_not_after_unix_s(NULL), 0);
    ck_assert_ptr_null(cmg_authority_certificate(NULL));
    ck_assert_ptr_null(cmg_certificate_ref(NULL));
    ck_assert_ptr_null(cmg_authority_ref(NULL));
    cmg_certificate_unref(NULL);
    cmg_authority_unref(NULL);
}
END_TEST

START_TEST(pem_goes_out_without_the_key_and_comes_back)
{
    struct place place;
    cmg_certificate *again = NULL;
    cmg_bytes *pem = NULL;
    cmg_error *err = NULL;

    place_init(&place);
    cmg_certificate *cert = issue(&place, CMG_PROFILE_CLIENT);
    ck_ok(cmg_certificate_export_pem(cert, &pem, &err), err);
    ck_assert_ptr_null(strstr(cmg_bytes_data(pem), "PRIVATE"));
    ck_ok(cmg_certificate_new_from_pem(place.ctx, cmg_bytes_data(pem),
                                       cmg_bytes_size(pem), &again, &err),
          err);
    ck_assert_str_eq(cmg_certificate_sha256(again), cmg_certificate_sha256(cert));
    ck_assert_uint_eq(again->count, 2);
    ck_assert(!cmg_certificate_has_key(again));
    cmg_certificate_unref(again);
    cmg_bytes_unref(pem);
    cmg_certificate_unref(cert);
    place_done(&place);
}
END_TEST

/* PEM of a certificate followed by the key of another or the same one. */
static char *pem_with_key(const cmg_certificate *cert, const cmg_certificate *key_of)
{
    struct cmg__buf out;

    cmg__buf_init(&out, &cmg__alloc_libc, 1 << 20);
    ck_assert_int_eq(cmg__certificate_chain_pem(cert, &out), CMG_OK);
    ck_assert_int_eq(cmg__certificate_key_pem(key_of, &out), CMG_OK);
    return cmg__buf_steal(&out);
}

START_TEST(a_key_in_the_pem_text_must_belong_to_the_leaf)
{
    struct place place;
    cmg_certificate *read = NULL;
    cmg_error *err = NULL;

    place_init(&place);
    cmg_certificate *a = issue(&place, CMG_PROFILE_CLIENT);
    cmg_certificate *b = issue(&place, CMG_PROFILE_CLIENT);
    char *good = pem_with_key(a, a);
    char *bad = pem_with_key(a, b);
    ck_ok(cmg_certificate_new_from_pem(place.ctx, good, strlen(good), &read, &err), err);
    ck_assert(cmg_certificate_has_key(read));
    cmg_certificate_unref(read);
    read = NULL;
    ck_assert_int_eq(
        cmg_certificate_new_from_pem(place.ctx, bad, strlen(bad), &read, &err),
        CMG_E_CERT);
    ck_assert_ptr_null(read);
    ck_assert_str_ne(cmg_error_remedy(err), "");
    cmg_error_unref(err);
    free(good);
    free(bad);
    cmg_certificate_unref(a);
    cmg_certificate_unref(b);
    place_done(&place);
}
END_TEST

START_TEST(a_pfx_carries_chain_and_key_and_opens_with_its_password_only)
{
    const cmg_pfx profile = _i == 0 ? CMG_PFX_COMPAT : CMG_PFX_MODERN;
    struct place place;
    cmg_certificate *again = NULL;
    cmg_bytes *pfx = NULL;
    cmg_error *err = NULL;

    place_init(&place);
    cmg_certificate *cert = issue(&place, CMG_PROFILE_WEB_SERVER);
    ck_ok(cmg_certificate_export_pfx(cert, profile, "correct horse", &pfx, &err), err);
    ck_ok(cmg_certificate_new_from_pfx(place.ctx, cmg_bytes_data(pfx),
                                       cmg_bytes_size(pfx), "correct horse", &again,
                                       &err),
          err);
    ck_assert_str_eq(cmg_certificate_sha256(again), cmg_certificate_sha256(cert));
    ck_assert(cmg_certificate_has_key(again));
    ck_assert_uint_eq(again->count, 1); /* the root is left out */
    cmg_certificate_unref(again);
    again = NULL;
    ck_assert_int_eq(cmg_certificate_new_from_pfx(place.ctx, cmg_bytes_data(pfx),
                                                  cmg_bytes_size(pfx), "battery staple",
                                                  &again, &err),
                     CMG_E_AUTH);
    ck_assert_ptr_null(again);
    ck_assert_ptr_null(strstr(cmg_error_message(err), "staple"));
    cmg_error_unref(err);
    cmg_bytes_unref(pfx);
    cmg_certificate_unref(cert);
    place_done(&place);
}
END_TEST

START_TEST(a_pfx_is_made_as_the_options_say)
{
    struct place place;
    cmg_certificate *again = NULL;
    cmg_bytes *pfx = NULL;
    cmg_error *err = NULL;
    const cmg_pfx_options options = { .size = sizeof options,
                                      .profile = CMG_PFX_MODERN,
                                      .iterations = 1000,
                                      .friendly_name = "Gr\xc3\xbc\xc3\x9f"
                                                       "e",
                                      .include_root = 1 };

    place_init(&place);
    cmg_certificate *cert = issue(&place, CMG_PROFILE_WEB_SERVER);
    ck_ok(cmg_certificate_export_pfx_with(cert, &options, "correct horse", &pfx, &err),
          err);
    ck_ok(cmg_certificate_new_from_bytes(place.ctx, cmg_bytes_data(pfx),
                                         cmg_bytes_size(pfx), "correct horse", &again,
                                         &err),
          err);
    ck_assert_uint_eq(again->count, 2);
    cmg_certificate_unref(again);
    cmg_bytes_unref(pfx);
    cmg_certificate_unref(cert);
    place_done(&place);
}
END_TEST

static const struct bad_options {
    cmg_pfx_options options;
    const char *subject;
} bad_options[] = {
    { { .size = sizeof(cmg_pfx_options), .profile = (cmg_pfx)9 }, "profile" },
    { { .size = sizeof(cmg_pfx_options), .profile = CMG_PFX_COMPAT, .iterations = 999 },
      "iterations" },
    { { .size = sizeof(cmg_pfx_options),
        .profile = CMG_PFX_COMPAT,
        .iterations = 1000001 },
      "iterations" },
    { { .size = sizeof(cmg_pfx_options),
        .profile = CMG_PFX_COMPAT,
        .friendly_name = "\xff" },
      "friendly_name" },
    { { .size = 8, .profile = CMG_PFX_COMPAT }, "cmg_pfx_options" },
};

START_TEST(bad_options_are_refused_by_member)
{
    const struct bad_options *c = &bad_options[_i];
    struct place place;
    cmg_bytes *pfx = NULL;
    cmg_error *err = NULL;

    place_init(&place);
    cmg_certificate *cert = issue(&place, CMG_PROFILE_CLIENT);
    ck_assert_int_ne(
        cmg_certificate_export_pfx_with(cert, &c->options, "secret", &pfx, &err), CMG_OK);
    ck_assert_ptr_null(pfx);
    ck_assert_str_eq(cmg_error_subject(err), c->subject);
    cmg_error_unref(err);
    cmg_certificate_unref(cert);
    place_done(&place);
}
END_TEST

static const struct bad_export {
    bool with_key;
    int profile;
    const char *password;
    cmg_status status;
} bad_exports[] = {
    { false, CMG_PFX_COMPAT, "x", CMG_E_STATE },
    { true, 0, "x", CMG_E_INVAL },
    { true, 3, "x", CMG_E_INVAL },
    { true, CMG_PFX_COMPAT, NULL, CMG_E_INVAL },
    { true, CMG_PFX_COMPAT, "", CMG_E_INVAL },
    { true, CMG_PFX_COMPAT, "umlaut \xc3\xa4", CMG_E_INVAL },
    { true, CMG_PFX_COMPAT, "two\nlines", CMG_E_INVAL },
};

START_TEST(an_export_that_cannot_be_is_refused)
{
    const struct bad_export *c = &bad_exports[_i];
    struct place place;
    cmg_bytes *pfx = NULL;
    cmg_error *err = NULL;

    place_init(&place);
    cmg_certificate *own = issue(&place, CMG_PROFILE_CLIENT);
    cmg_certificate *cert = c->with_key ? own : cmg_authority_certificate(place.ca);
    ck_assert_int_eq(
        cmg_certificate_export_pfx(cert, (cmg_pfx)c->profile, c->password, &pfx, &err),
        c->status);
    ck_assert_ptr_null(pfx);
    ck_assert_str_ne(cmg_error_remedy(err), "");
    cmg_error_unref(err);
    cmg_certificate_unref(own);
    place_done(&place);
}
END_TEST

static cmg_status live_once(struct support_alloc *a, void *user)
{
    static const char *const names[] = { "gw.contoso.com", NULL };
    const cmg_certificate_request request = { .size = sizeof request,
                                              .profile = CMG_PROFILE_WEB_SERVER,
                                              .common_name = names[0],
                                              .dns_names = names };
    cmg_context *ctx = user;
    const struct cmg__alloc before = ctx->alloc;
    cmg_authority *ca = NULL;
    cmg_certificate *cert = NULL;
    cmg_bytes *pem = NULL;

    /* Only what is made here comes from the failing allocator. */
    ctx->alloc = a->alloc;
    cmg_status rc = cmg_authority_new(ctx, "CA", &ca, NULL);
    if (rc == CMG_OK)
        rc = cmg_authority_issue(ca, &request, &cert, NULL);
    if (rc == CMG_OK)
        rc = cmg_certificate_export_pem(cert, &pem, NULL);
    cmg_bytes_unref(pem);
    cmg_certificate_unref(cert);
    cmg_authority_unref(ca);
    ctx->alloc = before;
    return rc;
}

START_TEST(issuing_survives_failed_allocations)
{
    struct support_alloc a;
    cmg_context *ctx = NULL;
    cmg_error *err = NULL;

    support_alloc_init(&a);
    ck_ok(cmg_context_new(&a.alloc.table, &ctx, &err), err);
    support_torture(live_once, ctx, 7);
    cmg_context_unref(ctx);
    ck_assert_uint_eq(a.live, 0);
}
END_TEST

static const struct bad_pem {
    const char *text;
    size_t size; /* 0: of the text */
    cmg_status status;
} bad_pems[] = {
    { "", 0, CMG_E_PARSE },
    { "hello", 0, CMG_E_PARSE },
    { "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", 0, CMG_E_PARSE },
    { "-----BEGIN CERTIFICATE-----\n%%%%\n-----END CERTIFICATE-----\n", 0, CMG_E_PARSE },
    { "-----BEGIN CERTIFICATE-----\nAAAA\n", 0, CMG_E_PARSE },
    { "", 1024 * 1024 + 1, CMG_E_LIMIT },
    { NULL, 0, CMG_E_INVAL },
};

START_TEST(bad_pem_is_refused)
{
    const struct bad_pem *c = &bad_pems[_i];
    struct support_alloc a;
    cmg_context *ctx = NULL;
    cmg_certificate *cert = NULL;
    cmg_error *err = NULL;

    support_alloc_init(&a);
    ck_ok(cmg_context_new(&a.alloc.table, &ctx, &err), err);
    const size_t size = c->size != 0 ? c->size : c->text != NULL ? strlen(c->text) : 0;
    ck_assert_int_eq(cmg_certificate_new_from_pem(ctx, c->text, size, &cert, &err),
                     c->status);
    ck_assert_ptr_null(cert);
    ck_assert_int_eq(cmg_error_code(err), c->status);
    cmg_error_unref(err);
    cmg_context_unref(ctx);
    ck_assert_uint_eq(a.live, 0);
}
END_TEST

static const struct bad_request {
    const char *subject;
    size_t size;
    int profile;
    uint32_t days;
    const char *name;
    cmg_status status;
} bad_requests[] = {
    { "cmg_certificate_request", 4, 1, 1, "a", CMG_E_ABI },
    { "profile", sizeof(cmg_certificate_request), 0, 1, "a", CMG_E_INVAL },
    { "profile", sizeof(cmg_certificate_request), 4, 1, "a", CMG_E_INVAL },
    { "days", sizeof(cmg_certificate_request), 1, 826, "a", CMG_E_INVAL },
    { "common_name", sizeof(cmg_certificate_request), 1, 1, "", CMG_E_INVAL },
    { "common_name", sizeof(cmg_certificate_request), 1, 1, NULL, CMG_E_INVAL },
};

START_TEST(a_bad_request_is_refused_by_member)
{
    const struct bad_request *c = &bad_requests[_i];
    struct place place;
    cmg_certificate *cert = NULL;
    cmg_error *err = NULL;

    place_init(&place);
    const cmg_certificate_request request = { .size = c->size,
                                              .profile = (cmg_profile)c->profile,
                                              .days = c->days,
                                              .common_name = c->name };
    ck_assert_int_eq(cmg_authority_issue(place.ca, &request, &cert, &err), c->status);
    ck_assert_ptr_null(cert);
    ck_assert_str_eq(cmg_error_subject(err), c->subject);
    cmg_error_unref(err);
    place_done(&place);
}
END_TEST

START_TEST(an_authority_in_a_directory_is_the_same_the_next_time)
{
    struct place place;
    cmg_authority *first = NULL;
    cmg_authority *second = NULL;
    cmg_error *err = NULL;
    struct stat st;

    place_init(&place);
    const char *dir = support_path("ca");
    ck_ok(cmg_authority_open(place.ctx, dir, "First", &first, &err), err);
    ck_ok(cmg_authority_open(place.ctx, dir, "Second", &second, &err), err);
    ck_assert_str_eq(cmg_certificate_sha256(cmg_authority_certificate(first)),
                     cmg_certificate_sha256(cmg_authority_certificate(second)));
    ck_assert_str_eq(cmg_certificate_subject(cmg_authority_certificate(second)),
                     "CN=First");
    ck_assert_int_eq(stat(support_path("ca"), &st), 0);
    ck_assert_uint_eq(st.st_mode & 0777U, 0700);
    ck_assert_int_eq(stat(support_path("ca/ca.key"), &st), 0);
    ck_assert_uint_eq(st.st_mode & 0777U, 0600);
    ck_assert_int_eq(stat(support_path("ca/ca.pem"), &st), 0);
    ck_assert_uint_eq(st.st_mode & 0777U, 0600);
    cmg_authority_unref(first);
    cmg_authority_unref(second);
    place_done(&place);
    support_dir_done();
}
END_TEST

START_TEST(an_authority_killed_between_key_and_certificate_goes_on_with_its_key)
{
    struct place place;
    cmg_authority *first = NULL;
    cmg_authority *second = NULL;
    cmg_error *err = NULL;
    size_t n = 0;

    place_init(&place);
    const char *dir = support_path("ca");
    ck_ok(cmg_authority_open(place.ctx, dir, "CA", &first, &err), err);
    char *key = support_read_file(support_path("ca/ca.key"), &n);
    ck_assert_int_eq(unlink(support_path("ca/ca.pem")), 0);
    ck_ok(cmg_authority_open(place.ctx, dir, "CA", &second, &err), err);
    char *again = support_read_file(support_path("ca/ca.key"), &n);
    ck_assert_str_eq(key, again);
    free(key);
    free(again);
    cmg_authority_unref(first);
    cmg_authority_unref(second);
    place_done(&place);
    support_dir_done();
}
END_TEST

START_TEST(authority_files_that_do_not_belong_together_are_refused)
{
    struct place place;
    cmg_authority *ca = NULL;
    cmg_error *err = NULL;
    size_t n = 0;

    place_init(&place);
    ck_ok(cmg_authority_open(place.ctx, support_path("a"), "A", &ca, &err), err);
    cmg_authority_unref(ca);
    ck_ok(cmg_authority_open(place.ctx, support_path("b"), "B", &ca, &err), err);
    cmg_authority_unref(ca);
    ca = NULL;
    char *pem = support_read_file(support_path("b/ca.pem"), &n);
    support_write_file(support_path("a/ca.pem"), pem, n);
    free(pem);
    ck_assert_int_eq(cmg_authority_open(place.ctx, support_path("a"), "A", &ca, &err),
                     CMG_E_CERT);
    cmg_error_unref(err);
    err = NULL;
    ck_assert_int_eq(unlink(support_path("a/ca.key")), 0);
    ck_assert_int_eq(cmg_authority_open(place.ctx, support_path("a"), "A", &ca, &err),
                     CMG_E_CERT);
    cmg_error_unref(err);
    err = NULL;
    support_write_file(support_path("b/ca.key"), "rubbish", 7);
    ck_assert_int_eq(cmg_authority_open(place.ctx, support_path("b"), "B", &ca, &err),
                     CMG_E_PARSE);
    cmg_error_unref(err);
    err = NULL;
    ck_assert_int_eq(
        cmg_authority_open(place.ctx, support_path("no/parent"), "B", &ca, &err),
        CMG_E_NOTFOUND);
    cmg_error_unref(err);
    ck_assert_ptr_null(ca);
    place_done(&place);
    support_dir_done();
}
END_TEST

START_TEST(a_full_disk_leaves_no_half_authority)
{
    struct place place;
    cmg_authority *ca = NULL;
    cmg_error *err = NULL;
    struct stat st;

    place_init(&place);
    place.e.fail_errno = 28; /* ENOSPC */
    place.e.fail_write_at = place.e.writes + 1;
    ck_assert_int_eq(cmg_authority_open(place.ctx, support_path("ca"), "CA", &ca, &err),
                     CMG_E_IO);
    ck_assert_ptr_null(ca);
    ck_assert_int_ne(stat(support_path("ca/ca.pem"), &st), 0);
    cmg_error_unref(err);
    err = NULL;
    ck_ok(cmg_authority_open(place.ctx, support_path("ca"), "CA", &ca, &err), err);
    cmg_authority_unref(ca);
    place_done(&place);
    support_dir_done();
}
END_TEST

START_TEST(handles_may_be_given_back_in_any_order)
{
    struct place place;

    place_init(&place);
    cmg_certificate *cert = issue(&place, CMG_PROFILE_CONNECTOR);
    cmg_certificate *root = cmg_certificate_ref(cmg_authority_certificate(place.ca));
    cmg_context_unref(place.ctx);
    cmg_authority_unref(place.ca);
    ck_assert_str_eq(cmg_certificate_issuer(cert), cmg_certificate_subject(root));
    cmg_certificate_unref(cert);
    cmg_certificate_unref(root);
    ck_assert_uint_eq(place.a.live, 0);
}
END_TEST

START_TEST(a_leaf_does_not_outlive_its_authority)
{
    struct place place;

    place_init(&place);
    support_env_advance_ms(&place.e, INT64_C(3640) * 86400 * 1000);
    cmg_certificate *cert = issue(&place, CMG_PROFILE_CLIENT);
    ck_assert_int_eq(
        cmg_certificate_not_after_unix_s(cert),
        cmg_certificate_not_after_unix_s(cmg_authority_certificate(place.ca)));
    cmg_certificate_unref(cert);
    place_done(&place);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("certificate");
    TCase *form = tcase_create("form");
    TCase *bad = tcase_create("refused");
    TCase *directory = tcase_create("directory");

    tcase_set_timeout(form, 60);
    tcase_set_timeout(bad, 60);
    tcase_set_timeout(directory, 60);
    tcase_add_test(form, an_issued_certificate_tells_what_it_is);
    tcase_add_test(form, getters_of_nothing_give_nothing);
    tcase_add_test(form, pem_goes_out_without_the_key_and_comes_back);
    tcase_add_test(form, handles_may_be_given_back_in_any_order);
    tcase_add_test(form, a_leaf_does_not_outlive_its_authority);
    tcase_add_test(bad, a_key_in_the_pem_text_must_belong_to_the_leaf);
    tcase_add_loop_test(
        form, a_pfx_carries_chain_and_key_and_opens_with_its_password_only, 0, 2);
    tcase_add_test(form, issuing_survives_failed_allocations);
    tcase_add_loop_test(bad, an_export_that_cannot_be_is_refused, 0,
                        (int)CMG__ARRAY_LEN(bad_exports));
    tcase_add_test(form, a_pfx_is_made_as_the_options_say);
    tcase_add_loop_test(bad, bad_options_are_refused_by_member, 0,
                        (int)CMG__ARRAY_LEN(bad_options));
    tcase_add_loop_test(bad, bad_pem_is_refused, 0, (int)CMG__ARRAY_LEN(bad_pems));
    tcase_add_loop_test(bad, a_bad_request_is_refused_by_member, 0,
                        (int)CMG__ARRAY_LEN(bad_requests));
    tcase_add_test(directory, an_authority_in_a_directory_is_the_same_the_next_time);
    tcase_add_test(directory,
                   an_authority_killed_between_key_and_certificate_goes_on_with_its_key);
    tcase_add_test(directory, authority_files_that_do_not_belong_together_are_refused);
    tcase_add_test(directory, a_full_disk_leaves_no_half_authority);
    suite_add_tcase(suite, form);
    suite_add_tcase(suite, bad);
    suite_add_tcase(suite, directory);
    return support_run((Suite *const[]){ suite, NULL });
}
