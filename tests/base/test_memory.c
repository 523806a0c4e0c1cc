/* Allocator, buffers, secrets, byte strings, size-tagged structs. */
#include <string.h>

#include "base/buf.h"
#include "base/handle.h"
#include "base/secret.h"
#include "base/str.h"
#include "support/support.h"

static struct support_alloc memory;

static void setup(void)
{
    support_alloc_init(&memory);
}

static void teardown(void)
{
    ck_assert_uint_eq(memory.live, 0);
}

START_TEST(a_fixed_buffer_never_allocates)
{
    char storage[8];
    struct cmg__buf buf;

    cmg__buf_init_fixed(&buf, storage, sizeof storage);
    ck_assert_int_eq(cmg__buf_add_str(&buf, "1234567"), CMG_OK);
    ck_assert_ptr_eq(cmg__buf_cstr(&buf), storage);
    ck_assert_str_eq(storage, "1234567");
    ck_assert_int_eq(cmg__buf_add_char(&buf, '8'), CMG_E_LIMIT);
    cmg__buf_done(&buf);
}
END_TEST

START_TEST(a_buffer_stops_at_its_maximum)
{
    struct cmg__buf b;

    cmg__buf_init(&b, &memory.alloc, 10);
    ck_assert_int_eq(cmg__buf_add_str(&b, "12345"), CMG_OK);
    ck_assert_int_eq(cmg__buf_add_str(&b, "123456"), CMG_E_LIMIT);
    ck_assert_str_eq(cmg__buf_cstr(&b), "12345");
    ck_assert_int_eq(cmg__buf_add_str(&b, "67890"), CMG_OK);
    ck_assert_int_eq(cmg__buf_add_char(&b, 'x'), CMG_E_LIMIT);
    ck_assert_int_eq(cmg__buf_reserve(&b, SIZE_MAX), CMG_E_LIMIT);
    ck_assert_uint_eq(b.len, 10);
    cmg__buf_done(&b);
}
END_TEST

START_TEST(an_append_without_memory_changes_nothing)
{
    struct cmg__buf b;

    cmg__buf_init(&b, &memory.alloc, 10000);
    ck_assert_int_eq(cmg__buf_add_str(&b, "kept"), CMG_OK);
    memory.fail_at = memory.count + 1;
    ck_assert_int_eq(cmg__buf_addf(&b, "%200d", 1), CMG_E_NOMEM);
    ck_assert_str_eq(cmg__buf_cstr(&b), "kept");
    cmg__buf_done(&b);
}
END_TEST

START_TEST(a_buffer_can_be_eaten_from_the_front)
{
    struct cmg__buf b;

    cmg__buf_init(&b, &memory.alloc, 100);
    ck_assert_int_eq(cmg__buf_addf(&b, "%s-%d", "abc", 42), CMG_OK);
    cmg__buf_consume(&b, 4);
    ck_assert_str_eq(cmg__buf_cstr(&b), "42");
    cmg__buf_consume(&b, 99);
    ck_assert_str_eq(cmg__buf_cstr(&b), "");
    cmg__buf_done(&b);
    ck_assert_str_eq(cmg__buf_cstr(&b), "");
}
END_TEST

START_TEST(a_secret_buffer_leaves_nothing_in_freed_memory)
{
    struct cmg__buf b;

    memory.canary = "hunter2";
    cmg__buf_init_secret(&b, &memory.alloc, 10000);
    for (int i = 0; i < 500; i++)
        ck_assert_int_eq(cmg__buf_add_str(&b, "hunter2 "), CMG_OK);
    cmg__buf_done(&b);
    ck_assert(!memory.canary_seen);
}
END_TEST

START_TEST(the_canary_check_itself_can_see)
{
    struct cmg__buf b;

    memory.canary = "hunter2";
    cmg__buf_init(&b, &memory.alloc, 100);
    ck_assert_int_eq(cmg__buf_add_str(&b, "hunter2"), CMG_OK);
    cmg__buf_done(&b);
    ck_assert(memory.canary_seen);
}
END_TEST

START_TEST(a_secret_is_wiped_when_it_changes_and_when_it_goes)
{
    struct cmg__secret s;

    memory.canary = "hunter2";
    cmg__secret_init(&s, &memory.alloc);
    ck_assert(!cmg__secret_is_set(&s));
    ck_assert_int_eq(cmg__secret_set(&s, "hunter2", 7), CMG_OK);
    ck_assert_int_eq(cmg__secret_set(&s, "hunter2-again", 13), CMG_OK);
    ck_assert_str_eq(s.data, "hunter2-again");
    cmg__secret_clear(&s);
    cmg__wipe_free_str(&memory.alloc, cmg__strdup(&memory.alloc, "hunter2"));
    ck_assert(!memory.canary_seen);
    ck_assert(!cmg__secret_is_set(&s));
}
END_TEST

START_TEST(a_secret_that_cannot_be_copied_stays_as_it_was)
{
    struct cmg__secret s;

    cmg__secret_init(&s, &memory.alloc);
    ck_assert_int_eq(cmg__secret_set(&s, "first", 5), CMG_OK);
    memory.fail_at = memory.count + 1;
    ck_assert_int_eq(cmg__secret_set(&s, "second", 6), CMG_E_NOMEM);
    ck_assert_str_eq(s.data, "first");
    cmg__secret_clear(&s);
}
END_TEST

START_TEST(constant_time_comparison_compares)
{
    ck_assert(cmg__memeq_const_time("abc", "abc", 3));
    ck_assert(!cmg__memeq_const_time("abc", "abd", 3));
    ck_assert(cmg__memeq_const_time("abc", "abd", 2));
}
END_TEST

START_TEST(bytes_are_counted_zero_terminated_and_wiped)
{
    cmg_bytes *b = NULL;

    memory.canary = "hunter2";
    ck_assert_int_eq(cmg__bytes_new(&memory.alloc, "hunter2", 7, &b), CMG_OK);
    ck_assert_uint_eq(cmg_bytes_size(b), 7);
    ck_assert_str_eq(cmg_bytes_data(b), "hunter2");
    ck_assert_ptr_eq(cmg_bytes_ref(b), b);
    cmg_bytes_unref(b);
    ck_assert_uint_eq(memory.live, 1);
    cmg_bytes_unref(b);
    cmg_bytes_unref(NULL);
    ck_assert(!memory.canary_seen);
}
END_TEST

START_TEST(sizes_that_overflow_are_refused)
{
    ck_assert_ptr_null(cmg__alloc_array(&memory.alloc, SIZE_MAX / 2, 3));
    ck_assert_ptr_null(cmg__alloc(&memory.alloc, 0));
    cmg__free(&memory.alloc, NULL);
    ck_assert_uint_eq(memory.count, 0);
}
END_TEST

/* No padding at the end of a version: what is appended must not fall into it. */
struct version1 {
    size_t size;
    int a;
    int reserved;
};
struct version2 {
    size_t size;
    int a;
    int reserved;
    int b;
    void *c;
};

START_TEST(a_shorter_struct_of_an_older_caller_is_filled_with_zeros)
{
    const struct version1 old = { .size = sizeof old, .a = 7 };
    struct version2 known;

    memset(&known, 0xff, sizeof known);
    ck_assert_int_eq(
        cmg__tagged_copy(&known, sizeof known, sizeof old, &old, "struct", NULL), CMG_OK);
    ck_assert_int_eq(known.a, 7);
    ck_assert_int_eq(known.b, 0);
    ck_assert_ptr_null(known.c);
}
END_TEST

START_TEST(a_longer_struct_is_taken_only_when_its_tail_is_zero)
{
    struct version2 new_one = { .size = sizeof new_one, .a = 7 };
    struct version1 known;
    cmg_error *err = NULL;

    ck_assert_int_eq(
        cmg__tagged_copy(&known, sizeof known, sizeof known, &new_one, "struct", NULL),
        CMG_OK);
    ck_assert_uint_eq(known.size, sizeof known);
    new_one.c = &known;
    ck_assert_int_eq(
        cmg__tagged_copy(&known, sizeof known, sizeof known, &new_one, "struct", &err),
        CMG_E_ABI);
    ck_assert_str_ne(cmg_error_remedy(err), "");
    cmg_error_unref(err);
}
END_TEST

static const struct {
    size_t size;
    cmg_status expected;
} rooms[] = {
    { 0, CMG_E_ABI },
    { sizeof(struct version2) - 1, CMG_E_ABI },
    { sizeof(struct version2), CMG_OK },
    { sizeof(struct version2) + 8, CMG_OK }, /* of a newer caller */
    { 4096, CMG_OK },
    { 4097, CMG_E_ABI },
};

START_TEST(an_answer_needs_room)
{
    const struct version2 out = { .size = rooms[_i].size };
    cmg_error *err = NULL;

    ck_assert_int_eq(cmg__tagged_room(&out, sizeof out, "out_x", &err),
                     rooms[_i].expected);
    if (err != NULL)
        ck_assert_str_eq(cmg_error_subject(err), "out_x");
    cmg_error_unref(err);
    ck_assert_int_eq(cmg__tagged_room(NULL, sizeof out, "out_x", NULL), CMG_E_INVAL);
}
END_TEST

START_TEST(a_struct_without_a_sensible_size_is_refused)
{
    struct version1 s = { .size = 0 };
    struct version1 known;

    ck_assert_int_eq(cmg__tagged_copy(&known, sizeof known, sizeof known, &s, "s", NULL),
                     CMG_E_ABI);
    s.size = 5000;
    ck_assert_int_eq(cmg__tagged_copy(&known, sizeof known, sizeof known, &s, "s", NULL),
                     CMG_E_ABI);
    ck_assert_int_eq(
        cmg__tagged_copy(&known, sizeof known, sizeof known, NULL, "s", NULL), CMG_E_ABI);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("memory");
    TCase *t = tcase_create("memory");
    TCase *tagged = tcase_create("tagged structs");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, a_fixed_buffer_never_allocates);
    tcase_add_test(t, a_buffer_stops_at_its_maximum);
    tcase_add_test(t, an_append_without_memory_changes_nothing);
    tcase_add_test(t, a_buffer_can_be_eaten_from_the_front);
    tcase_add_test(t, a_secret_buffer_leaves_nothing_in_freed_memory);
    tcase_add_test(t, the_canary_check_itself_can_see);
    tcase_add_test(t, a_secret_is_wiped_when_it_changes_and_when_it_goes);
    tcase_add_test(t, a_secret_that_cannot_be_copied_stays_as_it_was);
    tcase_add_test(t, constant_time_comparison_compares);
    tcase_add_test(t, bytes_are_counted_zero_terminated_and_wiped);
    tcase_add_test(t, sizes_that_overflow_are_refused);
    tcase_add_test(tagged, a_shorter_struct_of_an_older_caller_is_filled_with_zeros);
    tcase_add_test(tagged, a_longer_struct_is_taken_only_when_its_tail_is_zero);
    tcase_add_test(tagged, a_struct_without_a_sensible_size_is_refused);
    tcase_add_loop_test(tagged, an_answer_needs_room, 0, CMG__ARRAY_LEN(rooms));
    suite_add_tcase(s, t);
    suite_add_tcase(s, tagged);
    return s;
}

int main(void)
{
    Suite *suites[] = { suite(), NULL };

    return support_run(suites);
}
