/* cmg_csr: made from template, key and names; read; told; counted. */
#include "model/csr.h"
#include "support/support.h"

#include <stdlib.h>
#include <string.h>

struct place {
    struct support_alloc a;
    cmg_context *ctx;
    cmg_key *key;
    cmg_template *t;
};

static void place_init(struct place *place, const char *name)
{
    cmg_error *err = NULL;

    support_alloc_init(&place->a);
    ck_ok(cmg_context_new(&place->a.alloc.table, &place->ctx, &err), err);
    ck_ok(cmg_key_generate(place->ctx, CMG_KEY_EC_P256, &place->key, &err), err);
    ck_ok(cmg_template_new_builtin(place->ctx, name, &place->t, &err), err);
}

static void place_done(struct place *place)
{
    cmg_template_unref(place->t);
    cmg_key_unref(place->key);
    cmg_context_unref(place->ctx);
    ck_assert_uint_eq(place->a.live, 0);
}

static const char *const dns[] = { "b.contoso.com", NULL };
static const cmg_csr_request request = { .size = sizeof request,
                                         .common_name = "a.contoso.com",
                                         .organization = "Contoso",
                                         .dns_names = dns };

static cmg_csr *make(struct place *place)
{
    cmg_csr *csr = NULL;
    cmg_error *err = NULL;

    ck_ok(cmg_csr_new(place->ctx, place->t, place->key, &request, &csr, &err), err);
    return csr;
}

static void check_texts(const cmg_csr *csr)
{
    ck_assert_str_eq(cmg_csr_subject(csr), "CN=a.contoso.com, O=Contoso");
    ck_assert_str_eq(cmg_csr_common_name(csr), "a.contoso.com");
    ck_assert_str_eq(cmg_csr_key_description(csr), "EC P-256");
    ck_assert_str_eq(cmg_csr_template_name(csr), "");
    ck_assert_uint_eq(cmg_csr_name_count(csr), 2);
    ck_assert_str_eq(cmg_csr_name(csr, 0), "a.contoso.com");
    ck_assert_str_eq(cmg_csr_name(csr, 1), "b.contoso.com");
    ck_assert_str_eq(cmg_csr_name(csr, 2), "");
    ck_assert_int_eq(cmg_csr_name_kind(csr, 1), CMG_NAME_DNS);
    ck_assert_int_eq(cmg_csr_name_kind(csr, 2), CMG_NAME_OTHER);
    ck_assert_uint_eq(cmg_csr_eku_count(csr), 1);
    ck_assert_str_eq(cmg_csr_eku(csr, 0), "serverAuth");
    ck_assert_str_eq(cmg_csr_eku(csr, 1), "");
}

START_TEST(a_request_goes_out_and_comes_back)
{
    static cmg_status (*const exports[])(const cmg_csr *, cmg_bytes **,
                                         cmg_error **) = { cmg_csr_export_pem,
                                                           cmg_csr_export_der };
    struct place place;
    cmg_csr *again = NULL;
    cmg_bytes *bytes = NULL;
    cmg_error *err = NULL;

    place_init(&place, "web_server");
    cmg_csr *csr = make(&place);
    check_texts(csr);
    ck_ok(exports[_i](csr, &bytes, &err), err);
    ck_ok(cmg_csr_new_from_bytes(place.ctx, cmg_bytes_data(bytes), cmg_bytes_size(bytes),
                                 &again, &err),
          err);
    check_texts(again);
    cmg_bytes_unref(bytes);
    ck_ok(cmg_csr_describe(again, &bytes, &err), err);
    ck_assert_ptr_nonnull(memmem(cmg_bytes_data(bytes), cmg_bytes_size(bytes),
                                 "Certificate request\n", 20));
    cmg_bytes_unref(bytes);
    cmg_csr *same = cmg_csr_ref(csr);
    cmg_csr_unref(csr);
    check_texts(same);
    cmg_csr_unref(same);
    cmg_csr_unref(again);
    place_done(&place);
}
END_TEST

START_TEST(a_request_whose_signature_does_not_verify_is_refused)
{
    struct place place;
    cmg_csr *again = NULL;
    cmg_bytes *der = NULL;
    cmg_error *err = NULL;

    place_init(&place, "web_server");
    cmg_csr *csr = make(&place);
    ck_ok(cmg_csr_export_der(csr, &der, &err), err);
    const size_t n = cmg_bytes_size(der);
    char *copy = malloc(n);
    memcpy(copy, cmg_bytes_data(der), n);
    char *name = memmem(copy, n, "a.contoso.com", 13);
    ck_assert_ptr_nonnull(name);
    name[0] = 'x';
    ck_assert_int_eq(cmg_csr_new_from_bytes(place.ctx, copy, n, &again, &err),
                     CMG_E_CERT);
    ck_assert_ptr_null(again);
    ck_assert_str_eq(cmg_error_subject(err), "CN=x.contoso.com, O=Contoso");
    cmg_error_unref(err);
    free(copy);
    cmg_bytes_unref(der);
    cmg_csr_unref(csr);
    place_done(&place);
}
END_TEST

START_TEST(wrong_arguments_are_refused)
{
    struct place place;
    cmg_csr *csr = NULL;
    cmg_csr_request wrong = request;

    place_init(&place, "root");
    ck_assert_int_eq(cmg_csr_new(place.ctx, place.t, place.key, &request, &csr, NULL),
                     CMG_E_INVAL);
    wrong.size = 8;
    ck_assert_int_eq(cmg_csr_new(place.ctx, place.t, place.key, &wrong, &csr, NULL),
                     CMG_E_ABI);
    ck_assert_int_eq(cmg_csr_new(place.ctx, NULL, place.key, &request, &csr, NULL),
                     CMG_E_INVAL);
    ck_assert_int_eq(cmg_csr_new(place.ctx, place.t, NULL, &request, &csr, NULL),
                     CMG_E_INVAL);
    ck_assert_int_eq(cmg_csr_new_from_bytes(place.ctx, NULL, 0, &csr, NULL), CMG_E_INVAL);
    ck_assert_int_eq(cmg_csr_new_from_bytes(place.ctx, "", 300 * 1024, &csr, NULL),
                     CMG_E_LIMIT);
    ck_assert_ptr_null(csr);
    ck_assert_str_eq(cmg_csr_subject(NULL), "");
    ck_assert_uint_eq(cmg_csr_name_count(NULL), 0);
    ck_assert_ptr_null(cmg_csr_ref(NULL));
    cmg_csr_unref(NULL);
    place_done(&place);
}
END_TEST

static cmg_status live_once(struct support_alloc *a, void *user)
{
    struct place *place = user;
    const struct cmg__alloc before = place->ctx->alloc;
    cmg_csr *csr = NULL;
    cmg_bytes *text = NULL;

    place->ctx->alloc = a->alloc;
    cmg_status rc = cmg_csr_new(place->ctx, place->t, place->key, &request, &csr, NULL);
    if (rc == CMG_OK)
        rc = cmg_csr_describe(csr, &text, NULL);
    cmg_bytes_unref(text);
    cmg_csr_unref(csr);
    place->ctx->alloc = before;
    return rc;
}

START_TEST(requests_survive_every_failed_allocation)
{
    struct place place;

    place_init(&place, "web_server");
    support_torture(live_once, &place, 1);
    place_done(&place);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("csr");
    TCase *form = tcase_create("form");
    TCase *bad = tcase_create("refused");

    tcase_set_timeout(bad, 60);
    tcase_add_loop_test(form, a_request_goes_out_and_comes_back, 0, 2);
    tcase_add_test(bad, a_request_whose_signature_does_not_verify_is_refused);
    tcase_add_test(bad, wrong_arguments_are_refused);
    tcase_add_test(bad, requests_survive_every_failed_allocation);
    suite_add_tcase(suite, form);
    suite_add_tcase(suite, bad);
    return support_run((Suite *const[]){ suite, NULL });
}
