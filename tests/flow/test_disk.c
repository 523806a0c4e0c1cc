/*
 * What the library keeps in files, on a disk that forgets what was not synced: at each
 * call that changes something the power is cut, in every way it may have gone, and the
 * next run starts right: what was said to be stored is there, whole; what was under way
 * is there or not. And each such call fails once, as on a full or a broken disk: the
 * error names the file, nothing that was stored is lost, and the next run starts right as
 * well.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "deploy/journal.h"
#include "deploy/stores.h"
#include "enrol/checkpoint.h"
#include "model/ledger.h"
#include "support/disk.h"
#include "support/support.h"

static struct disk disk, survivor;
static struct cmg_context ctx, next_ctx; /* of the run under way, and of the one after */

/* What is known of what was stored: values are numbers that only grow. */
static struct {
    int stored; /* the last one that was said to be */
    int maybe;  /* or this one, which is under way or has failed */
    unsigned cuts;
} known;

static void begin_storing(int value)
{
    known.maybe = value;
}

/* An error names a file, and what failed is for ever in doubt. */
static void end_storing(cmg_status rc, cmg_error *err)
{
    ck_assert_msg(rc == CMG_OK || disk.failed != NULL, "%s", cmg_error_message(err));
    if (rc == CMG_OK)
        known.stored = known.maybe;
    else if (rc != CMG_E_CONFLICT)
        ck_assert_msg(strstr(cmg_error_message(err), "/d/") != NULL, "%s",
                      cmg_error_message(err));
    cmg_error_unref(err);
}

static void check_found(int found)
{
    ck_assert_msg(found >= known.stored && found <= known.maybe,
                  "call %u, failing %u: %d is there, %d was stored, %d perhaps",
                  disk.calls, disk.fail_at, found, known.stored, known.maybe);
}

/* ---- the journal ---- */

static const struct cmg__journal_owner owner = {
    .deployment = "7d6f2c1e-5b0a-4c8e-9f34-2a1b3c4d5e6f",
    .spec = "aa",
    .gateway = "granitefalls",
    .operation = "create",
};

struct open_journal {
    struct cmg__file_store files;
    struct cmg__journal journal;
    struct cmg__journal_content content;
};

static cmg_status journal_begin(struct open_journal *o, cmg_context *on, cmg_error **err)
{
    ck_assert_int_eq(cmg__file_store_init(&o->files, on, "/d/a.journal"), CMG_OK);
    cmg__journal_init(&o->journal, &on->alloc);
    o->journal.store = cmg__file_store_journal(&o->files);
    o->journal.where = o->files.path;
    return cmg__journal_open(&o->journal, &owner, &o->content, err);
}

static void journal_end(struct open_journal *o)
{
    cmg__journal_content_done(&o->content);
    cmg__journal_done(&o->journal);
    cmg__file_store_done(&o->files);
}

static cmg_status journal_put(struct open_journal *o, int value, cmg_error **err)
{
    char text[16];

    (void)snprintf(text, sizeof text, "%d", value);
    return cmg__journal_write(
        &o->journal,
        cmg__json_pack("{s:s, s:{s:s}}", "t", "facts", "facts", "value", text), err);
}

static int journal_value(const struct open_journal *o)
{
    const char *text = cmg__json_str(o->content.facts, "/value");
    int value = 0;

    if (text != NULL)
        ck_assert_int_eq(sscanf(text, "%d", &value), 1);
    return value;
}

/* Two runs of three records each. */
static void journal_life(void)
{
    for (int run = 0; run < 2; run++) {
        struct open_journal o;
        cmg_error *err = NULL;
        cmg_status rc = journal_begin(&o, &ctx, &err);

        ck_assert_msg(rc == CMG_OK || disk.failed != NULL, "%s", cmg_error_message(err));
        cmg_error_unref(err);
        const bool begun = rc == CMG_OK;
        for (int i = 1; begun && i <= 3; i++) {
            err = NULL;
            begin_storing(run * 3 + i);
            rc = journal_put(&o, run * 3 + i, &err);
            end_storing(rc, err);
        }
        journal_end(&o);
    }
}

static void journal_check(void)
{
    struct open_journal o;
    cmg_error *err = NULL;

    ck_ok(journal_begin(&o, &next_ctx, &err), err);
    check_found(journal_value(&o));
    ck_ok(journal_put(&o, 100, &err), err);
    journal_end(&o);
    ck_ok(journal_begin(&o, &next_ctx, &err), err);
    ck_assert_int_eq(journal_value(&o), 100);
    journal_end(&o);
}

/* ---- secrets ---- */

static cmg_secret_store secrets_of(struct cmg__file_store *files, cmg_context *on)
{
    ck_assert_int_eq(cmg__file_store_init(files, on, "/d/a.journal"), CMG_OK);
    return cmg__file_store_secrets(files);
}

static void secret_life(void)
{
    struct cmg__file_store files;
    const cmg_secret_store store = secrets_of(&files, &ctx);

    for (int i = 1; i <= 3; i++) {
        char value[64];
        const int n = snprintf(value, sizeof value, "secret number %d", i);
        begin_storing(i);
        const int rc = store.put("server-pfx", value, (size_t)n, store.user);
        ck_assert(rc == 0 || rc == -disk.fail_errno);
        if (rc == 0)
            known.stored = i;
    }
    cmg__file_store_done(&files);
}

static void secret_check(void)
{
    struct cmg__file_store files;
    const cmg_secret_store store = secrets_of(&files, &next_ctx);
    char value[64] = { 0 };
    int number = 0;
    const int64_t n = store.get("server-pfx", value, sizeof value - 1, store.user);

    if (n != -ENOENT)
        ck_assert_msg(sscanf(value, "secret number %d", &number) == 1, "%lld: %s",
                      (long long)n, value);
    check_found(number);
    ck_assert_int_eq(store.put("server-pfx", "new", 3, store.user), 0);
    cmg__file_store_done(&files);
}

/* ---- the checkpoint of an enrolment ---- */

static void checkpoint_life(void)
{
    struct cmg__checkpoint cp;
    struct cmg__json *content = NULL;
    cmg_error *err = NULL;

    cmg__checkpoint_init(&cp, &ctx);
    ck_assert_int_eq(cmg__checkpoint_set_path(&cp, "/d/web.enrol"), CMG_OK);
    cmg_status rc = cmg__checkpoint_open(&cp, &content, &err);
    cmg_error_unref(err);
    const bool begun = rc == CMG_OK;
    for (int i = 1; begun && i <= 3; i++) {
        struct cmg__json *document = cmg__json_pack("{s:i}", "value", i);
        err = NULL;
        begin_storing(i);
        rc = cmg__checkpoint_write(&cp, document, &err);
        end_storing(rc, err);
        cmg__json_unref(document);
    }
    cmg__checkpoint_done(&cp);
}

static void checkpoint_check(void)
{
    struct cmg__checkpoint cp;
    struct cmg__json *content = NULL;
    cmg_error *err = NULL;

    cmg__checkpoint_init(&cp, &next_ctx);
    ck_assert_int_eq(cmg__checkpoint_set_path(&cp, "/d/web.enrol"), CMG_OK);
    ck_ok(cmg__checkpoint_open(&cp, &content, &err), err);
    check_found((int)cmg__json_int(content, "/value", 0));
    cmg__json_unref(content);
    cmg__checkpoint_done(&cp);
}

/* ---- the ledger of an authority ---- */

static cmg_status ledger_put(struct cmg__ledger *ledger, int value, cmg_error **err)
{
    cmg_status rc = cmg__ledger_begin(ledger, err);

    if (rc == CMG_OK)
        rc = cmg__ledger_add(
            ledger,
            cmg__json_pack("{s:s, s:i, s:i}", "op", "list", "number", value, "at", 1),
            err);
    cmg__ledger_end(ledger);
    return rc;
}

/* A number that was perhaps taken is taken. */
static void ledger_life(void)
{
    struct cmg__ledger ledger;
    cmg_error *err = NULL;

    ck_ok(cmg__ledger_init(&ledger, &cmg__alloc_libc, &ctx.env, "/d", &err), err);
    for (int i = 1; i <= 4; i++) {
        err = NULL;
        begin_storing(i);
        const cmg_status rc = ledger_put(&ledger, i, &err);
        end_storing(rc, err);
    }
    cmg__ledger_done(&ledger);
}

static void ledger_check(void)
{
    struct cmg__ledger ledger;
    cmg_error *err = NULL;

    ck_ok(cmg__ledger_init(&ledger, &cmg__alloc_libc, &next_ctx.env, "/d", &err), err);
    ck_ok(cmg__ledger_begin(&ledger, &err), err);
    check_found((int)ledger.list_number);
    cmg__ledger_end(&ledger);
    ck_ok(ledger_put(&ledger, 100, &err), err);
    cmg__ledger_done(&ledger);
}

/* ---- cuts and failures ---- */

static const struct life {
    const char *name;
    void (*live)(void);
    void (*check)(void);
} lives[] = {
    { "journal", journal_life, journal_check },
    { "secret", secret_life, secret_check },
    { "checkpoint", checkpoint_life, checkpoint_check },
    { "ledger", ledger_life, ledger_check },
};

static void cut_here(struct disk *d, void *user)
{
    const struct life *life = user;
    const size_t ways = disk_ways(d);

    for (size_t way = 0; way < ways; way++, known.cuts++) {
        disk_cut(d, way, &survivor);
        next_ctx.env = survivor.env;
        life->check();
    }
}

static void begin_life(void)
{
    disk_init(&disk);
    ctx.env = disk.env;
    known.stored = known.maybe = 0;
    known.cuts = 0;
}

static void setup(void)
{
    ck_assert_int_eq(cmg__context_init_base(&ctx, NULL, NULL), CMG_OK);
    ck_assert_int_eq(cmg__context_init_base(&next_ctx, NULL, NULL), CMG_OK);
}

static void teardown(void)
{
    cmg__context_done_base(&ctx);
    cmg__context_done_base(&next_ctx);
}

START_TEST(a_power_cut_anywhere_leaves_the_old_or_the_new)
{
    struct life life = lives[_i];

    begin_life();
    disk.on_change = cut_here;
    disk.user = &life;
    life.live();
    cut_here(&disk, &life);
    ck_assert_int_eq(known.stored, known.maybe);
    ck_assert_uint_gt(known.cuts, 100);
}
END_TEST

static const int errnos[] = { ENOSPC, EIO };

START_TEST(a_call_that_fails_once_loses_nothing)
{
    struct life life = lives[_i];

    for (size_t e = 0; e < CMG__ARRAY_LEN(errnos); e++) {
        for (unsigned at = 1;; at++) {
            begin_life();
            disk.fail_errno = errnos[e];
            disk.fail_at = at;
            life.live();
            if (disk.failed == NULL)
                break;
            /* The process goes on, or the power is cut. */
            cut_here(&disk, &life);
            ck_assert_uint_lt(at, 200);
        }
        ck_assert_uint_gt(disk.calls, 10);
        ck_assert_int_eq(known.stored, known.maybe);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("disk");
    TCase *tc = tcase_create("disk");

    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, a_power_cut_anywhere_leaves_the_old_or_the_new, 0,
                        CMG__ARRAY_LEN(lives));
    tcase_add_loop_test(tc, a_call_that_fails_once_loses_nothing, 0,
                        CMG__ARRAY_LEN(lives));
    suite_add_tcase(suite, tc);
    return support_run((Suite *[]){ suite, NULL });
}
