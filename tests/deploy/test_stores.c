/* The default stores on a real directory, and with failures of the disk. */
#include "deploy/journal.h"
#include "deploy/stores.h"
#include "support/support.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct support_env env;
static cmg_context *ctx;
static struct cmg__file_store store;
static cmg_journal_store journal;
static cmg_secret_store secrets;

static void setup(void)
{
    cmg_error *err = NULL;

    support_env_init(&env);
    ck_ok(cmg_context_new(NULL, &ctx, &err), err);
    ctx->env = env.env;
    ck_assert_int_eq(cmg__file_store_init(&store, ctx, support_path("a.journal")),
                     CMG_OK);
    journal = cmg__file_store_journal(&store);
    secrets = cmg__file_store_secrets(&store);
}

static void teardown(void)
{
    cmg__file_store_done(&store);
    cmg_context_unref(ctx);
    support_dir_done();
}

START_TEST(saved_journal_is_loaded_and_removed)
{
    char out[16];

    ck_assert_int_eq(journal.load(out, sizeof out, journal.user), 0);
    ck_assert_int_eq(journal.save("hello", 5, journal.user), 0);
    ck_assert_int_eq(journal.load(out, sizeof out, journal.user), 5);
    ck_assert_mem_eq(out, "hello", 5);
    ck_assert_int_eq(journal.load(out, 4, journal.user), -EFBIG);
    ck_assert_int_eq(journal.save(NULL, 0, journal.user), 0);
    ck_assert_int_eq(journal.save(NULL, 0, journal.user), 0);
    ck_assert_int_ne(access(store.path, F_OK), 0);
}
END_TEST

START_TEST(second_lock_is_refused_until_the_first_is_given_back)
{
    struct cmg__file_store other;
    cmg_journal_store second;

    ck_assert_int_eq(cmg__file_store_init(&other, ctx, support_path("a.journal")),
                     CMG_OK);
    second = cmg__file_store_journal(&other);
    ck_assert_int_eq(journal.lock(journal.user), 0);
    ck_assert_int_eq(second.lock(second.user), -EWOULDBLOCK);
    ck_assert_int_eq(journal.unlock(journal.user), 0);
    ck_assert_int_eq(second.lock(second.user), 0);
    cmg__file_store_done(&other);
}
END_TEST

START_TEST(secrets_are_private_files_in_a_private_directory)
{
    char out[16];
    struct stat st;

    ck_assert_int_eq(secrets.get("server-pfx", out, sizeof out, secrets.user), -ENOENT);
    ck_assert_int_eq(secrets.put("server-pfx", "key", 3, secrets.user), 0);
    ck_assert_int_eq(secrets.get("server-pfx", out, sizeof out, secrets.user), 3);
    ck_assert_int_eq(stat(store.secret_dir, &st), 0);
    ck_assert_uint_eq(st.st_mode & 0777, 0700);
    ck_assert_int_eq(stat(support_path("a.journal.secrets/server-pfx"), &st), 0);
    ck_assert_uint_eq(st.st_mode & 0777, 0600);
    ck_assert_int_eq(secrets.remove("server-pfx", secrets.user), 0);
    ck_assert_int_eq(secrets.remove("server-pfx", secrets.user), 0);
    ck_assert_int_eq(secrets.get("server-pfx", out, sizeof out, secrets.user), -ENOENT);
}
END_TEST

/* Whichever call of a save fails: the old content stays, and the next save works. */
START_TEST(full_disk_leaves_the_old_journal)
{
    char out[16];

    ck_assert_int_eq(journal.save("old", 3, journal.user), 0);
    env.fail_errno = _i == 3 ? EIO : ENOSPC;
    env.writes = env.fsyncs = env.renames = env.opens = 0;
    env.fail_open_at = _i == 0;
    env.fail_write_at = _i == 1;
    env.fail_fsync_at = _i == 2;
    env.fail_rename_at = _i == 3;
    ck_assert_int_eq(journal.save("new", 3, journal.user), -env.fail_errno);
    env.fail_open_at = env.fail_write_at = env.fail_fsync_at = env.fail_rename_at = 0;
    ck_assert_int_eq(journal.load(out, sizeof out, journal.user), 3);
    ck_assert_mem_eq(out, "old", 3);
    ck_assert_int_eq(journal.save("new", 3, journal.user), 0);
}
END_TEST

static const struct cmg__journal_owner owner = {
    .deployment = "7d6f2c1e-5b0a-4c8e-9f34-2a1b3c4d5e6f",
    .spec = "aa",
    .gateway = "granitefalls",
    .operation = "create",
};

static cmg_status open_journal(struct cmg__journal *j,
                               struct cmg__journal_content *content, cmg_error **err)
{
    cmg__journal_init(j, &ctx->alloc);
    j->store = journal;
    j->where = store.path;
    return cmg__journal_open(j, &owner, content, err);
}

START_TEST(torn_record_is_gone_after_the_next_write)
{
    struct cmg__journal_content content;
    struct cmg__journal j;
    cmg_error *err = NULL;
    size_t n = 0;

    ck_ok(open_journal(&j, &content, &err), err);
    ck_ok(
        cmg__journal_write(
            &j, cmg__json_pack("{s:s, s:{s:s}}", "t", "facts", "facts", "a", "1"), &err),
        err);
    cmg__journal_done(&j);
    char *text = support_read_file(store.path, &n);
    support_write_file(store.path, text, n - 3);
    free(text);
    ck_ok(open_journal(&j, &content, &err), err);
    ck_assert(content.torn);
    cmg__journal_content_done(&content);
    ck_ok(cmg__journal_write(&j, cmg__json_pack("{s:s}", "t", "start"), &err), err);
    cmg__journal_done(&j);
    ck_ok(open_journal(&j, &content, &err), err);
    ck_assert(!content.torn);
    cmg__journal_content_done(&content);
    cmg__journal_done(&j);
}
END_TEST

START_TEST(refused_journal_stays_as_it_is_and_unlocked)
{
    struct cmg__journal_content content;
    struct cmg__journal j;
    cmg_error *err = NULL;
    size_t n = 0;

    support_write_file(store.path, "not a journal\n", 14);
    ck_assert_int_eq(open_journal(&j, &content, &err), CMG_E_PARSE);
    ck_assert(!j.locked);
    cmg_error_unref(err);
    cmg__journal_done(&j);
    char *text = support_read_file(store.path, &n);
    ck_assert_uint_eq(n, 14);
    ck_assert_mem_eq(text, "not a journal\n", 14);
    free(text);
}
END_TEST

START_TEST(record_that_cannot_be_stored_is_not_in_the_journal)
{
    struct cmg__journal_content content;
    struct cmg__journal j;
    cmg_error *err = NULL;

    ck_ok(open_journal(&j, &content, &err), err);
    ck_ok(cmg__journal_write(&j, cmg__json_pack("{s:s}", "t", "start"), &err), err);
    size_t before = j.text.len;
    env.fail_errno = ENOSPC;
    env.writes = 0;
    env.fail_write_at = 1;
    ck_assert_int_eq(cmg__journal_write(&j, cmg__json_pack("{s:s}", "t", "start"), &err),
                     CMG_E_IO);
    ck_assert_ptr_nonnull(strstr(cmg_error_message(err), "a.journal"));
    ck_assert_str_ne(cmg_error_remedy(err), "");
    ck_assert_uint_eq(j.text.len, before);
    cmg_error_unref(err);
    cmg__journal_done(&j);
}
END_TEST

/* ---- a former owner ---- */

/* The first owner is paused; somebody removes the lock file, and another takes over. */
struct two {
    struct cmg__file_store store;
    struct cmg__journal former, later;
};

static struct cmg__json *fact(const char *key)
{
    return cmg__json_pack("{s:s, s:{s:s}}", "t", "facts", "facts", key, "1");
}

static void take_over(struct two *two, struct cmg__journal_content *found)
{
    struct cmg__journal_content content;
    cmg_error *err = NULL;

    ck_ok(open_journal(&two->former, &content, &err), err);
    cmg__journal_content_done(&content);
    ck_ok(cmg__journal_write(&two->former, fact("a"), &err), err);
    ck_assert_int_eq(unlink(store.lock_path), 0);
    ck_assert_int_eq(cmg__file_store_init(&two->store, ctx, store.path), CMG_OK);
    cmg__journal_init(&two->later, &ctx->alloc);
    two->later.store = cmg__file_store_journal(&two->store);
    two->later.where = two->store.path;
    ck_ok(cmg__journal_open(&two->later, &owner, found, &err), err);
}

static void end_two(struct two *two)
{
    cmg__journal_done(&two->former);
    cmg__journal_done(&two->later);
    cmg__file_store_done(&two->store);
}

static void check_fact(const char *key, bool there)
{
    struct cmg__journal_content content;
    cmg_error *err = NULL;
    size_t n = 0;
    char *text = support_read_file(store.path, &n);

    ck_assert_ptr_nonnull(text);
    ck_ok(cmg__journal_parse(&ctx->alloc, store.path, text, n, &content, &err), err);
    ck_assert_msg((cmg__json_key(content.facts, key) != NULL) == there, "%s: %s", key,
                  text);
    cmg__journal_content_done(&content);
    free(text);
}

START_TEST(a_former_owner_neither_writes_nor_goes_on)
{
    struct cmg__journal_content content;
    struct two two;
    cmg_error *err = NULL;

    take_over(&two, &content);
    ck_assert_str_eq(cmg__json_str(content.facts, "/a"), "1");
    cmg__journal_content_done(&content);
    ck_ok(cmg__journal_write(&two.later, fact("b"), &err), err);
    ck_ok(cmg__journal_holds(&two.later, &err), err);
    ck_assert_int_eq(cmg__journal_holds(&two.former, &err), CMG_E_CONFLICT);
    ck_assert_ptr_nonnull(strstr(cmg_error_message(err), "a.journal was taken over"));
    ck_assert_str_ne(cmg_error_remedy(err), "");
    cmg_error_unref(err);
    err = NULL;
    ck_assert_int_eq(cmg__journal_write(&two.former, fact("late"), &err), CMG_E_CONFLICT);
    cmg_error_unref(err);
    err = NULL;
    ck_assert_int_eq(cmg__journal_remove(&two.former, NULL), CMG_E_CONFLICT);
    check_fact("a", true);
    check_fact("b", true);
    check_fact("late", false);
    ck_ok(cmg__journal_write(&two.later, fact("c"), &err), err);
    check_fact("c", true);
    end_two(&two);
}
END_TEST

/* Stopped after its look at the lock and before its write: the descriptor leads to the
   file that has lost its name. */
START_TEST(a_write_that_was_on_its_way_does_not_reach_the_journal)
{
    struct cmg__journal_content content;
    struct two two;

    take_over(&two, &content);
    cmg__journal_content_done(&content);
    ck_assert_int_eq(cmg__file_write(&ctx->env, store.fd, "late", 4), 0);
    check_fact("a", true);
    end_two(&two);
}
END_TEST

/* What the former owner writes between the look of the later one and the fence counts. */
static struct cmg__journal *writes_late;

static int rename_late(void *user, const char *from, const char *to)
{
    struct cmg__journal *former = writes_late;
    cmg_error *err = NULL;

    writes_late = NULL;
    if (former != NULL)
        ck_ok(cmg__journal_write(former, fact("late"), &err), err);
    return cmg__env_system.rename(user, from, to);
}

START_TEST(what_was_written_until_the_fence_is_not_lost)
{
    struct cmg__journal_content content;
    struct two two;
    cmg_error *err = NULL;

    ck_ok(open_journal(&two.former, &content, &err), err);
    cmg__journal_content_done(&content);
    ck_ok(cmg__journal_write(&two.former, fact("a"), &err), err);
    cmg__journal_init(&two.later, &ctx->alloc);
    ck_assert_int_eq(unlink(store.lock_path), 0);
    ck_assert_int_eq(cmg__file_store_init(&two.store, ctx, store.path), CMG_OK);
    two.later.store = cmg__file_store_journal(&two.store);
    two.later.where = two.store.path;
    writes_late = &two.former;
    ctx->env.rename = rename_late;
    ck_ok(cmg__journal_open(&two.later, &owner, &content, &err), err);
    ck_assert_ptr_null(writes_late);
    ck_assert_str_eq(cmg__json_str(content.facts, "/late"), "1");
    ck_assert_int_eq(content.owner.generation, 1);
    cmg__journal_content_done(&content);
    ck_ok(cmg__journal_write(&two.later, fact("b"), &err), err);
    check_fact("late", true);
    check_fact("b", true);
    end_two(&two);
}
END_TEST

START_TEST(a_lock_file_that_lost_its_name_holds_nobody_off)
{
    struct cmg__file_store other;
    cmg_journal_store second;

    ck_assert_int_eq(cmg__file_store_init(&other, ctx, store.path), CMG_OK);
    second = cmg__file_store_journal(&other);
    ck_assert_int_eq(journal.lock(journal.user), 0);
    ck_assert_int_eq(unlink(store.lock_path), 0);
    ck_assert_int_eq(second.lock(second.user), 0);
    ck_assert_int_eq(journal.unlock(journal.user), 0);
    ck_assert_int_eq(journal.lock(journal.user), -EWOULDBLOCK);
    cmg__file_store_done(&other);
}
END_TEST

/* ---- a disk that fails while the journal grows ---- */

START_TEST(a_disk_that_is_full_at_the_start_is_told_as_such)
{
    struct cmg__journal_content content;
    struct cmg__journal j;
    cmg_error *err = NULL;

    env.fail_errno = ENOSPC;
    env.fsyncs = 0;
    env.fail_fsync_at = 1;
    ck_assert_int_eq(open_journal(&j, &content, &err), CMG_E_IO);
    ck_assert_int_eq(cmg_error_origin_number(err), ENOSPC);
    ck_assert_ptr_nonnull(strstr(cmg_error_remedy(err), "free space"));
    ck_assert(!j.locked);
    cmg_error_unref(err);
    cmg__journal_done(&j);
}
END_TEST

START_TEST(a_record_written_in_part_is_taken_back)
{
    struct cmg__journal_content content;
    struct cmg__journal j;
    cmg_error *err = NULL;

    ck_ok(open_journal(&j, &content, &err), err);
    ck_ok(cmg__journal_write(&j, fact("a"), &err), err);
    env.fail_errno = ENOSPC;
    env.writes = 0;
    env.fail_write_at = 1;
    ck_assert_int_eq(cmg__journal_write(&j, fact("b"), &err), CMG_E_IO);
    ck_assert_ptr_nonnull(strstr(cmg_error_remedy(err), "free space"));
    cmg_error_unref(err);
    err = NULL;
    check_fact("a", true);
    check_fact("b", false);
    ck_ok(cmg__journal_write(&j, fact("c"), &err), err);
    check_fact("c", true);
    cmg__journal_done(&j);
}
END_TEST

/* The kernel drops what it could not store and calls the next fsync a success. */
START_TEST(a_journal_whose_fsync_failed_is_not_written_again)
{
    struct cmg__journal_content content;
    struct cmg__journal j;
    cmg_error *err = NULL;

    ck_ok(open_journal(&j, &content, &err), err);
    ck_ok(cmg__journal_write(&j, fact("a"), &err), err);
    env.fail_errno = EIO;
    env.fsyncs = 0;
    env.fail_fsync_at = 1;
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(cmg__journal_write(&j, fact("b"), &err), CMG_E_IO);
        ck_assert_ptr_nonnull(strstr(cmg_error_message(err), "a.journal"));
        cmg_error_unref(err);
        err = NULL;
    }
    ck_assert_uint_eq(env.fsyncs, 1);
    cmg__journal_done(&j);
    /* The next run begins a file of its own. */
    ck_ok(open_journal(&j, &content, &err), err);
    ck_assert_str_eq(cmg__json_str(content.facts, "/a"), "1");
    cmg__journal_content_done(&content);
    ck_ok(cmg__journal_write(&j, fact("c"), &err), err);
    cmg__journal_done(&j);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("stores");
    TCase *tc = tcase_create("files");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, saved_journal_is_loaded_and_removed);
    tcase_add_test(tc, second_lock_is_refused_until_the_first_is_given_back);
    tcase_add_test(tc, secrets_are_private_files_in_a_private_directory);
    tcase_add_loop_test(tc, full_disk_leaves_the_old_journal, 0, 4);
    tcase_add_test(tc, torn_record_is_gone_after_the_next_write);
    tcase_add_test(tc, refused_journal_stays_as_it_is_and_unlocked);
    tcase_add_test(tc, record_that_cannot_be_stored_is_not_in_the_journal);
    tcase_add_test(tc, a_former_owner_neither_writes_nor_goes_on);
    tcase_add_test(tc, a_write_that_was_on_its_way_does_not_reach_the_journal);
    tcase_add_test(tc, what_was_written_until_the_fence_is_not_lost);
    tcase_add_test(tc, a_lock_file_that_lost_its_name_holds_nobody_off);
    tcase_add_test(tc, a_disk_that_is_full_at_the_start_is_told_as_such);
    tcase_add_test(tc, a_record_written_in_part_is_taken_back);
    tcase_add_test(tc, a_journal_whose_fsync_failed_is_not_written_again);
    suite_add_tcase(suite, tc);
    return support_run((Suite *[]){ suite, NULL });
}
