/* Errors, status names, version. */
#include <cmg/version.h>
#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "support/support.h"

START_TEST(an_error_carries_everything_it_was_given)
{
    struct support_alloc memory;
    cmg_error *err = NULL;
    const struct cmg__error_info info = { .code = CMG_E_DENIED,
                                          .retry = CMG_RETRY_LATER,
                                          .retry_after_ms = 1500,
                                          .origin = CMG_ORIGIN_SERVICE,
                                          .origin_number = 403,
                                          .service_code = "AuthorizationFailed",
                                          .subject = "/subscriptions/x",
                                          .cause = "a right is missing",
                                          .remedy = "ask an owner" };

    support_alloc_init(&memory);
    ck_assert_int_eq(cmg__error_set(&err, &memory.alloc, &info, "no %s", "entry"),
                     CMG_E_DENIED);
    ck_assert_int_eq(cmg_error_code(err), CMG_E_DENIED);
    ck_assert_str_eq(cmg_error_message(err), "no entry");
    ck_assert_str_eq(cmg_error_cause(err), "a right is missing");
    ck_assert_str_eq(cmg_error_remedy(err), "ask an owner");
    ck_assert_str_eq(cmg_error_subject(err), "/subscriptions/x");
    ck_assert_str_eq(cmg_error_service_code(err), "AuthorizationFailed");
    ck_assert_int_eq(cmg_error_origin(err), CMG_ORIGIN_SERVICE);
    ck_assert_int_eq(cmg_error_origin_number(err), 403);
    ck_assert_int_eq(cmg_error_retry(err), CMG_RETRY_LATER);
    ck_assert_int_eq(cmg_error_retry_after_ms(err), 1500);
    ck_assert(cmg_error_is_retryable(err));
    cmg_error *kept = cmg_error_ref(err);

    cmg_error_unref(err);
    ck_assert_uint_eq(memory.live, 1);
    cmg_error_unref(kept);
    ck_assert_uint_eq(memory.live, 0);
}
END_TEST

START_TEST(no_error_reads_as_ok_and_empty)
{
    ck_assert_int_eq(cmg_error_code(NULL), CMG_OK);
    ck_assert_str_eq(cmg_error_message(NULL), "");
    ck_assert_str_eq(cmg_error_cause(NULL), "");
    ck_assert_str_eq(cmg_error_remedy(NULL), "");
    ck_assert_str_eq(cmg_error_subject(NULL), "");
    ck_assert_str_eq(cmg_error_service_code(NULL), "");
    ck_assert_int_eq(cmg_error_origin(NULL), CMG_ORIGIN_LIBRARY);
    ck_assert_int_eq(cmg_error_origin_number(NULL), 0);
    ck_assert_int_eq(cmg_error_retry_after_ms(NULL), 0);
    ck_assert(!cmg_error_is_retryable(NULL));
    ck_assert_ptr_null(cmg_error_ref(NULL));
    cmg_error_unref(NULL);
}
END_TEST

START_TEST(out_of_memory_is_reported_without_memory)
{
    struct support_alloc memory;
    cmg_error *err = NULL;

    support_alloc_init(&memory);
    memory.fail_at = 1;
    memory.fail_after = true;
    ck_assert_int_eq(cmg__fail(&err, &memory.alloc, CMG_E_INVAL, "a", "b", "c"),
                     CMG_E_INVAL);
    ck_assert_int_eq(cmg_error_code(err), CMG_E_NOMEM);
    ck_assert_str_ne(cmg_error_message(err), "");
    ck_assert_ptr_eq(cmg_error_ref(err), err);
    cmg_error_unref(err);
    cmg_error_unref(err);
    cmg_error_unref(err);
    ck_assert_int_eq(cmg_error_code(err), CMG_E_NOMEM);
}
END_TEST

START_TEST(a_full_disk_says_what_to_do)
{
    cmg_error *err = NULL;

    ck_assert_int_eq(cmg__fail_os(&err, &cmg__alloc_libc, ENOSPC, "/x/y", "write"),
                     CMG_E_IO);
    ck_assert_ptr_nonnull(strstr(cmg_error_message(err), "cannot write /x/y"));
    ck_assert_ptr_nonnull(strstr(cmg_error_remedy(err), "free space"));
    ck_assert_int_eq(cmg_error_origin_number(err), ENOSPC);
    ck_assert_int_eq(cmg__fail_os(&err, &cmg__alloc_libc, ENOENT, "/x", "open"),
                     CMG_E_NOTFOUND);
    ck_assert_int_eq(cmg__fail_os(&err, &cmg__alloc_libc, ENOMEM, "/x", "open"),
                     CMG_E_NOMEM);
    cmg_error_unref(err);
}
END_TEST

START_TEST(a_wrapped_error_keeps_its_fields)
{
    cmg_error *err = NULL;

    cmg__fail(&err, &cmg__alloc_libc, CMG_E_TLS, "host", "renew it", "it expired");
    ck_assert_int_eq(cmg__error_wrap(&err, &cmg__alloc_libc, "channel 3"), CMG_E_TLS);
    ck_assert_str_eq(cmg_error_message(err), "channel 3: it expired");
    ck_assert_str_eq(cmg_error_remedy(err), "renew it");
    ck_assert_str_eq(cmg_error_subject(err), "host");
    cmg_error *other = NULL;

    ck_assert_int_eq(cmg__error_move(&other, &err), CMG_E_TLS);
    ck_assert_ptr_null(err);
    ck_assert_int_eq(cmg__error_move(NULL, &other), CMG_E_TLS);
    ck_assert_ptr_null(other);
}
END_TEST

START_TEST(every_status_has_its_name)
{
    ck_assert_str_eq(cmg_status_name(CMG_OK), "CMG_OK");
    ck_assert_str_eq(cmg_status_name(CMG_E_INVAL), "CMG_E_INVAL");
    ck_assert_str_eq(cmg_status_name(CMG_E_CONFLICT), "CMG_E_CONFLICT");
    ck_assert_str_eq(cmg_status_name(CMG_E_INTERNAL), "CMG_E_INTERNAL");
    ck_assert_str_eq(cmg_status_name((cmg_status)-99), "CMG_E_UNKNOWN");
    ck_assert_str_eq(cmg_status_name((cmg_status)1), "CMG_E_UNKNOWN");
}
END_TEST

START_TEST(the_version_text_and_number_agree)
{
    ck_assert_str_eq(cmg_version(), CMG_VERSION);
    ck_assert_uint_eq(cmg_version_number(), CMG_VERSION_NUMBER);
    ck_assert(!cmg_has_feature(NULL));
    ck_assert(!cmg_has_feature("teleport"));
    ck_assert(cmg_has_feature("relay"));
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("error");
    TCase *t = tcase_create("error");

    tcase_add_test(t, an_error_carries_everything_it_was_given);
    tcase_add_test(t, no_error_reads_as_ok_and_empty);
    tcase_add_test(t, out_of_memory_is_reported_without_memory);
    tcase_add_test(t, a_full_disk_says_what_to_do);
    tcase_add_test(t, a_wrapped_error_keeps_its_fields);
    tcase_add_test(t, every_status_has_its_name);
    tcase_add_test(t, the_version_text_and_number_agree);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    Suite *suites[] = { suite(), NULL };

    return support_run(suites);
}
