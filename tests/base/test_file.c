/* Files through the env seam: limits, atomic replacement, full disks. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/env.h"
#include "base/error.h"
#include "support/support.h"

static struct support_env env;

static void setup(void)
{
    support_env_init(&env);
    (void)support_dir();
}

static void assert_content(const char *path, const char *text)
{
    char *content = support_read_file(path, NULL);

    ck_assert_ptr_nonnull(content);
    ck_assert_str_eq(content, text);
    free(content);
}

static cmg_status replace(const char *path, const char *text, cmg_error **err)
{
    return cmg__file_replace(&env.env, &cmg__alloc_libc, path, 0600, text, strlen(text),
                             err);
}

START_TEST(a_file_is_replaced_whole)
{
    struct stat info;
    const char *path = support_path("f");

    ck_assert_int_eq(replace(path, "one", NULL), CMG_OK);
    ck_assert_int_eq(replace(path, "two", NULL), CMG_OK);
    assert_content(path, "two");
    ck_assert_int_eq(stat(path, &info), 0);
    ck_assert_uint_eq(info.st_mode & 0777, 0600);
    ck_assert_int_ne(stat(support_path("f.new"), &info), 0);
    ck_assert_uint_ge(env.fsyncs, 4); /* content and directory, twice */
}
END_TEST

static const struct {
    const char *what;
    unsigned write, fsync, rename, open;
} failures[] = { { "write", 1, 0, 0, 0 },
                 { "fsync", 0, 1, 0, 0 },
                 { "rename", 0, 0, 1, 0 },
                 { "open", 0, 0, 0, 1 } };

START_TEST(a_full_disk_leaves_the_old_content)
{
    struct stat info;
    cmg_error *err = NULL;
    const char *path = support_path("f");

    support_write_file(path, "old", 3);
    env.fail_write_at = failures[_i].write;
    env.fail_fsync_at = failures[_i].fsync;
    env.fail_rename_at = failures[_i].rename;
    env.fail_open_at = failures[_i].open;
    ck_assert_int_eq(replace(path, "new content", &err), CMG_E_IO);
    ck_assert_ptr_nonnull(strstr(cmg_error_message(err), path));
    ck_assert_ptr_nonnull(strstr(cmg_error_remedy(err), "free space"));
    assert_content(path, "old");
    ck_assert_int_ne(stat(support_path("f.new"), &info), 0);
    cmg_error_unref(err);
    ck_assert_int_eq(replace(path, "new content", NULL), CMG_OK);
    assert_content(path, "new content");
}
END_TEST

START_TEST(a_file_beyond_the_limit_is_refused)
{
    struct cmg__buf out;
    cmg_error *err = NULL;
    const char *path = support_path("f");

    support_write_file(path, "0123456789", 10);
    cmg__buf_init(&out, &cmg__alloc_libc, 1000);
    ck_assert_int_eq(cmg__file_read(&env.env, &cmg__alloc_libc, path, 9, &out, &err),
                     CMG_E_LIMIT);
    ck_assert_ptr_nonnull(strstr(cmg_error_message(err), "larger than 9 bytes"));
    cmg_error_unref(err);
    cmg__buf_clear(&out);
    ck_assert_int_eq(cmg__file_read(&env.env, &cmg__alloc_libc, path, 10, &out, NULL),
                     CMG_OK);
    ck_assert_str_eq(cmg__buf_cstr(&out), "0123456789");
    cmg__buf_done(&out);
}
END_TEST

START_TEST(a_file_that_is_absent_is_not_found)
{
    struct cmg__buf out;
    cmg_error *err = NULL;

    cmg__buf_init(&out, &cmg__alloc_libc, 1000);
    ck_assert_int_eq(
        cmg__file_read(&env.env, &cmg__alloc_libc, support_path("none"), 9, &out, &err),
        CMG_E_NOTFOUND);
    ck_assert_int_eq(cmg_error_origin_number(err), ENOENT);
    cmg_error_unref(err);
    cmg__buf_done(&out);
}
END_TEST

START_TEST(a_directory_may_be_there_already)
{
    const char *path = support_path("d");

    ck_assert_int_eq(cmg__dir_make(&env.env, &cmg__alloc_libc, path, NULL), CMG_OK);
    ck_assert_int_eq(cmg__dir_make(&env.env, &cmg__alloc_libc, path, NULL), CMG_OK);
    ck_assert_int_eq(
        cmg__dir_make(&env.env, &cmg__alloc_libc, support_path("no/such"), NULL),
        CMG_E_NOTFOUND);
}
END_TEST

START_TEST(a_lock_is_held_by_one)
{
    const struct cmg__env *e = &cmg__env_system;
    const char *path = support_path("lock");
    int first = e->open(NULL, path, 0100 | 02, 0600); /* O_CREAT | O_RDWR */
    int second = e->open(NULL, path, 02, 0);

    ck_assert_int_ge(first, 0);
    ck_assert_int_eq(e->lock(NULL, first), 0);
    ck_assert_int_eq(e->lock(NULL, second), -EWOULDBLOCK);
    ck_assert_int_eq(e->close(NULL, first), 0);
    ck_assert_int_eq(e->lock(NULL, second), 0);
    ck_assert_int_eq(e->close(NULL, second), 0);
}
END_TEST

START_TEST(the_systems_clock_and_randomness_work)
{
    uint8_t a[16] = { 0 };
    uint8_t b[16] = { 0 };

    ck_assert_int_eq(cmg__env_system.random(NULL, a, sizeof a), 0);
    ck_assert_int_eq(cmg__env_system.random(NULL, b, sizeof b), 0);
    ck_assert_mem_ne(a, b, sizeof a);
    ck_assert_int_gt(cmg__env_now_ms(&cmg__env_system), 0);
    ck_assert_int_gt(cmg__env_unix_s(&cmg__env_system), 1700000000);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("files");
    TCase *t = tcase_create("files");

    tcase_add_checked_fixture(t, setup, support_dir_done);
    tcase_add_test(t, a_file_is_replaced_whole);
    tcase_add_loop_test(t, a_full_disk_leaves_the_old_content, 0,
                        CMG__ARRAY_LEN(failures));
    tcase_add_test(t, a_file_beyond_the_limit_is_refused);
    tcase_add_test(t, a_file_that_is_absent_is_not_found);
    tcase_add_test(t, a_directory_may_be_there_already);
    tcase_add_test(t, a_lock_is_held_by_one);
    tcase_add_test(t, the_systems_clock_and_randomness_work);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    Suite *suites[] = { suite(), NULL };

    return support_run(suites);
}
