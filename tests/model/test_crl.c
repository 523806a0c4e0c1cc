/*
 * cmg_crl: what the public interface gives out, refuses, and does when memory runs out.
 * What lists say is tested with their reader (tests/crypto/test_crl*.c).
 */
#include "crypto/lister.h"

#include <stdlib.h>
#include <string.h>

#include "model/certificate.h"
#include "model/crl.h"

struct place {
    struct support_alloc a;
    cmg_context *ctx;
    cmg_crl *crl;
    struct cmg__buf der;
};

static void write_list(struct cmg__buf *der)
{
    static const struct listed entries[] = {
        { .serial = "0a1b", .reason = CMG_REASON_KEY_COMPROMISE, .invalidity = PKI_NOW },
        { .serial = "00ff", .reason = CMG_REASON_REMOVE_FROM_CRL },
        { .serial = "ff", .reason = -1 },
    };
    struct lister l;

    lister_init(&l);
    lister_extend(&l, LISTER_NUMBER, false, "02020200");
    lister_extend(&l, LISTER_DELTA, true, "020201f0");
    lister_extend(&l, LISTER_POINT, true, "30038401ff");
    for (size_t i = 0; i < CMG__ARRAY_LEN(entries); i++)
        lister_add(&l, &entries[i]);
    lister_write(&l, der);
    lister_done(&l);
}

static void place_init(struct place *place)
{
    cmg_error *err = NULL;

    support_alloc_init(&place->a);
    write_list(&place->der);
    ck_ok(cmg_context_new(&place->a.alloc.table, &place->ctx, &err), err);
    ck_ok(cmg_crl_new_from_bytes(place->ctx, place->der.data, place->der.len, &place->crl,
                                 &err),
          err);
}

static void place_done(struct place *place)
{
    cmg_crl_unref(place->crl);
    cmg_context_unref(place->ctx);
    cmg__buf_done(&place->der);
    ck_assert_uint_eq(place->a.live, 0);
}

START_TEST(a_list_tells_its_facts)
{
    struct place place;

    place_init(&place);
    const cmg_crl *crl = place.crl;
    ck_assert_str_eq(cmg_crl_issuer(crl), "CN=Test Root");
    ck_assert_str_eq(cmg_crl_number(crl), "0200");
    ck_assert_str_eq(cmg_crl_base_number(crl), "01f0");
    ck_assert_int_eq(cmg_crl_this_update_unix_s(crl), PKI_NOW);
    ck_assert_int_eq(cmg_crl_next_update_unix_s(crl), PKI_NOW + 7 * PKI_DAY);
    ck_assert(cmg_crl_is_delta(crl));
    ck_assert(cmg_crl_is_indirect(crl));
    ck_assert_uint_eq(cmg_crl_count(crl), 3);
    place_done(&place);
}
END_TEST

START_TEST(no_list_has_no_facts)
{
    cmg_crl_entry entry = { .size = sizeof entry };
    cmg_bytes *text = NULL;

    ck_assert_str_eq(cmg_crl_issuer(NULL), "");
    ck_assert_str_eq(cmg_crl_number(NULL), "");
    ck_assert_str_eq(cmg_crl_base_number(NULL), "");
    ck_assert_int_eq(cmg_crl_this_update_unix_s(NULL), 0);
    ck_assert_int_eq(cmg_crl_next_update_unix_s(NULL), 0);
    ck_assert(!cmg_crl_is_delta(NULL) && !cmg_crl_is_indirect(NULL));
    ck_assert_uint_eq(cmg_crl_count(NULL), 0);
    ck_assert_int_eq(cmg_crl_get_entry(NULL, 0, &entry, NULL), CMG_E_INVAL);
    ck_assert_int_eq(cmg_crl_find(NULL, "01", &entry, NULL), CMG_E_INVAL);
    ck_assert_int_eq(cmg_crl_verify(NULL, NULL, NULL), CMG_E_INVAL);
    ck_assert_int_eq(cmg_crl_describe(NULL, &text, NULL), CMG_E_INVAL);
    ck_assert_ptr_null(cmg_crl_ref(NULL));
    cmg_crl_unref(NULL);
}
END_TEST

static const struct entry_case {
    const char *serial_hex;
    cmg_revocation_reason reason;
    int64_t invalidity;
} entry_cases[] = {
    { "ff", CMG_REASON_REMOVE_FROM_CRL, 0 },
    { "0a1b", CMG_REASON_KEY_COMPROMISE, PKI_NOW },
    { "-ff", CMG_REASON_UNSPECIFIED, 0 },
};

START_TEST(entries_come_in_ascending_order)
{
    const struct entry_case *c = &entry_cases[_i];
    cmg_crl_entry entry = { .size = sizeof entry };
    struct place place;
    cmg_error *err = NULL;

    place_init(&place);
    ck_ok(cmg_crl_get_entry(place.crl, (size_t)_i, &entry, &err), err);
    ck_assert_uint_eq(entry.size, sizeof entry);
    ck_assert_str_eq(entry.serial_hex, c->serial_hex);
    ck_assert_int_eq(entry.reason, c->reason);
    ck_assert_int_eq(entry.date_unix_s, PKI_NOW - PKI_DAY);
    ck_assert_int_eq(entry.invalidity_unix_s, c->invalidity);
    place_done(&place);
}
END_TEST

static const struct find_case {
    const char *serial_hex;
    cmg_status status;
} find_cases[] = {
    { "0a1b", CMG_OK },
    { "A1B", CMG_OK },
    { "0000000000000000000000000000000000000a1B", CMG_OK },
    { "FF", CMG_OK },
    { "0a1c", CMG_E_NOTFOUND },
    { "0", CMG_E_NOTFOUND },
    { "", CMG_E_INVAL },
    { "-ff", CMG_E_INVAL },
    { "0x1", CMG_E_INVAL },
    { "00000000000000000000000000000000000000a1b", CMG_E_INVAL },
    { NULL, CMG_E_INVAL },
};

START_TEST(serial_numbers_are_looked_up_as_text)
{
    const struct find_case *c = &find_cases[_i];
    cmg_crl_entry entry = { .size = sizeof entry };
    struct place place;

    place_init(&place);
    ck_assert_int_eq(cmg_crl_find(place.crl, c->serial_hex, &entry, NULL), c->status);
    ck_assert_int_eq(entry.date_unix_s != 0, c->status == CMG_OK);
    place_done(&place);
}
END_TEST

START_TEST(the_size_of_an_entry_is_looked_at)
{
    union {
        cmg_crl_entry entry;
        unsigned char bytes[sizeof(cmg_crl_entry) + 32];
    } longer;
    struct place place;
    cmg_crl_entry entry = { .size = sizeof entry - 1 };
    cmg_error *err = NULL;

    place_init(&place);
    ck_assert_int_eq(cmg_crl_get_entry(place.crl, 0, &entry, NULL), CMG_E_ABI);
    entry.size = 4097;
    ck_assert_int_eq(cmg_crl_find(place.crl, "ff", &entry, NULL), CMG_E_ABI);
    ck_assert_int_eq(cmg_crl_get_entry(place.crl, 0, NULL, NULL), CMG_E_INVAL);
    entry.size = sizeof entry;
    ck_assert_int_eq(cmg_crl_get_entry(place.crl, 3, &entry, &err), CMG_E_INVAL);
    ck_assert_str_eq(cmg_error_subject(err), "index");
    cmg_error_unref(err);
    err = NULL;
    memset(&longer, 0xaa, sizeof longer);
    longer.entry.size = sizeof longer;
    ck_ok(cmg_crl_get_entry(place.crl, 0, &longer.entry, &err), err);
    ck_assert_uint_eq(longer.entry.size, sizeof longer);
    ck_assert_uint_eq(longer.bytes[sizeof longer - 1], 0);
    place_done(&place);
}
END_TEST

START_TEST(the_signature_is_asked_of_a_certificate)
{
    struct place place;
    cmg_authority *ca = NULL;
    cmg_error *err = NULL;

    place_init(&place);
    ck_ok(cmg_authority_new(place.ctx, "Test Root", &ca, &err), err);
    ck_assert_int_eq(cmg_crl_verify(place.crl, cmg_authority_certificate(ca), &err),
                     CMG_E_CERT);
    ck_assert_str_eq(cmg_error_subject(err), "CN=Test Root");
    ck_assert_str_ne(cmg_error_remedy(err), "");
    cmg_error_unref(err);
    ck_assert_int_eq(cmg_crl_verify(place.crl, NULL, NULL), CMG_E_INVAL);
    cmg_authority_unref(ca);
    place_done(&place);
}
END_TEST

START_TEST(what_is_no_list_is_refused)
{
    struct place place;
    cmg_crl *crl = NULL;
    cmg_error *err = NULL;

    place_init(&place);
    ck_assert_int_eq(cmg_crl_new_from_bytes(place.ctx, NULL, 5, &crl, &err), CMG_E_INVAL);
    ck_assert_str_eq(cmg_error_subject(err), "data");
    cmg_error_unref(err);
    ck_assert_int_eq(cmg_crl_new_from_bytes(place.ctx, "text", 4, &crl, NULL),
                     CMG_E_PARSE);
    ck_assert_int_eq(cmg_crl_new_from_bytes(NULL, "text", 4, &crl, NULL), CMG_E_INVAL);
    ck_assert_ptr_null(crl);
    place_done(&place);
}
END_TEST

START_TEST(a_list_outlives_its_context)
{
    struct place place;
    cmg_bytes *text = NULL;
    cmg_error *err = NULL;

    place_init(&place);
    cmg_crl *crl = cmg_crl_ref(place.crl);
    cmg_crl_unref(place.crl);
    place.crl = NULL;
    cmg_context_unref(place.ctx);
    place.ctx = NULL;
    ck_ok(cmg_crl_describe(crl, &text, &err), err);
    ck_assert_ptr_nonnull(strstr(cmg_bytes_data(text), "changes to number     01f0\n"));
    cmg_bytes_unref(text);
    cmg_crl_unref(crl);
    place_done(&place);
}
END_TEST

static cmg_status use_list(struct support_alloc *a, void *user)
{
    const struct cmg__buf *der = user;
    cmg_context *ctx = NULL;
    cmg_crl *crl = NULL;
    cmg_bytes *text = NULL;
    cmg_crl_entry entry = { .size = sizeof entry };
    cmg_status rc = cmg_context_new(&a->alloc.table, &ctx, NULL);

    if (rc == CMG_OK)
        rc = cmg_crl_new_from_bytes(ctx, der->data, der->len, &crl, NULL);
    if (rc == CMG_OK)
        rc = cmg_crl_find(crl, "ff", &entry, NULL);
    if (rc == CMG_OK)
        rc = cmg_crl_describe(crl, &text, NULL);
    cmg_bytes_unref(text);
    cmg_crl_unref(crl);
    cmg_context_unref(ctx);
    return rc;
}

START_TEST(running_out_of_memory_is_said)
{
    struct cmg__buf der;

    write_list(&der);
    support_torture(use_list, &der, 1);
    cmg__buf_done(&der);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("model_crl");
    TCase *lists = tcase_create("lists");

    tcase_set_timeout(lists, 60);
    tcase_add_test(lists, a_list_tells_its_facts);
    tcase_add_test(lists, no_list_has_no_facts);
    tcase_add_loop_test(lists, entries_come_in_ascending_order, 0,
                        CMG__ARRAY_LEN(entry_cases));
    tcase_add_loop_test(lists, serial_numbers_are_looked_up_as_text, 0,
                        CMG__ARRAY_LEN(find_cases));
    tcase_add_test(lists, the_size_of_an_entry_is_looked_at);
    tcase_add_test(lists, the_signature_is_asked_of_a_certificate);
    tcase_add_test(lists, what_is_no_list_is_refused);
    tcase_add_test(lists, a_list_outlives_its_context);
    tcase_add_test(lists, running_out_of_memory_is_said);
    suite_add_tcase(suite, lists);
    return support_run((Suite *const[]){ suite, NULL });
}
