/*
 * An authority in a directory: two at once, lines that were cut, full disks and crashes
 * at any call. No serial number and no list number is ever given twice.
 */
#include "model/office.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

START_TEST(another_process_is_refused_while_one_is_at_it)
{
    struct office p;
    cmg_certificate *cert = NULL;
    cmg_error *err = NULL;

    office_init(&p);
    cmg_authority *ca = office_root(&p, support_path("ca"));
    cmg_authority *second = office_root(&p, support_path("ca"));
    ck_ok(cmg__ledger_begin(&ca->ledger, &err), err);
    ck_assert_int_eq(office_try_issue(&p, second, "a.contoso.com", &cert, &err),
                     CMG_E_CONFLICT);
    ck_assert_int_eq(cmg_error_retry(err), CMG_RETRY_LATER);
    ck_assert_ptr_nonnull(strstr(cmg_error_message(err), "another process"));
    cmg_error_unref(err);
    cmg__ledger_end(&ca->ledger);
    cert = office_issue(&p, second, "a.contoso.com");
    cmg_certificate_unref(cert);
    cmg_authority_unref(second);
    cmg_authority_unref(ca);
    office_done(&p);
}
END_TEST

START_TEST(two_handles_of_one_directory_see_what_the_other_did)
{
    struct office p;
    cmg_error *err = NULL;
    size_t count = 0;
    char serial[41];

    office_init(&p);
    cmg_authority *ca = office_root(&p, support_path("ca"));
    cmg_authority *second = office_root(&p, support_path("ca"));
    cmg_certificate *a = office_issue(&p, ca, "a.contoso.com");
    cmg_certificate *b = office_issue(&p, second, "b.contoso.com");
    ck_ok(cmg_authority_refresh(ca, &count, &err), err);
    ck_assert_uint_eq(count, 2);
    ck_ok(cmg_authority_revoke(second, office_serial(a, serial), CMG_REASON_SUPERSEDED,
                               &err),
          err);
    struct cmg__crl *list = office_publish(&p, ca, false);
    ck_assert_int_eq(office_listed(list, a), CMG_REASON_SUPERSEDED);
    ck_assert_int_eq(office_listed(list, b), -1);
    cmg__crl_free(list);
    cmg_certificate_unref(a);
    cmg_certificate_unref(b);
    cmg_authority_unref(second);
    cmg_authority_unref(ca);
    office_done(&p);
}
END_TEST

/* Serial numbers have sixteen bytes; what signing needs is left alone. */
static int stuck_random(void *user, void *out, size_t n)
{
    struct support_env *e = user;

    if (n != 16)
        return e->env.random(user, out, n);
    memset(out, 7, n);
    return 0;
}

START_TEST(no_serial_number_is_given_twice)
{
    struct office p;
    cmg_certificate *again = NULL;
    cmg_error *err = NULL;
    char first[41];

    office_init(&p);
    cmg_authority *ca = office_root(&p, support_path("ca"));
    p.e.seed = 5;
    cmg_certificate *cert = office_issue(&p, ca, "a.contoso.com");
    (void)office_serial(cert, first);
    cmg_authority_unref(ca);
    /* After a restart the random source begins anew: a broken machine. */
    ca = office_root(&p, support_path("ca"));
    p.e.seed = 5;
    again = office_issue(&p, ca, "b.contoso.com");
    char second[41];
    ck_assert_str_ne(first, office_serial(again, second));
    cmg_certificate_unref(again);
    again = NULL;
    /* One that always gives the same is refused. */
    p.ctx->env.random = stuck_random;
    ck_assert_int_eq(office_try_issue(&p, ca, "c.contoso.com", &again, &err), CMG_OK);
    cmg_certificate_unref(again);
    again = NULL;
    ck_assert_int_eq(office_try_issue(&p, ca, "d.contoso.com", &again, &err),
                     CMG_E_INTERNAL);
    ck_assert_ptr_null(again);
    cmg_error_unref(err);
    cmg_certificate_unref(cert);
    cmg_authority_unref(ca);
    office_done(&p);
}
END_TEST

START_TEST(a_line_that_was_cut_is_dropped)
{
    struct office p;
    cmg_error *err = NULL;
    size_t n = 0;
    size_t count = 0;

    office_init(&p);
    cmg_authority *ca = office_root(&p, support_path("ca"));
    cmg_certificate *cert = office_issue(&p, ca, "a.contoso.com");
    cmg_authority_unref(ca);
    char *text = support_read_file(support_path("ca/issued.jsonl"), &n);
    char *cut = malloc(2 * n);
    memcpy(cut, text, n);
    memcpy(cut + n, text, n);
    /* Any length of a second line, up to all of it but its end. */
    for (size_t left = 0; left < n; left += 13) {
        support_write_file(support_path("ca/issued.jsonl"), cut, n + left);
        ca = office_root(&p, support_path("ca"));
        ck_ok(cmg_authority_refresh(ca, &count, &err), err);
        ck_assert_uint_eq(count, 1);
        cmg_authority_unref(ca);
    }
    size_t repaired = 0;
    char *after = support_read_file(support_path("ca/issued.jsonl"), &repaired);
    ck_assert_uint_eq(repaired, n);
    free(after);
    /* One that is whole and wrong is damage. */
    cut[n] = '!';
    support_write_file(support_path("ca/issued.jsonl"), cut, 2 * n);
    ca = office_root(&p, support_path("ca"));
    ck_assert_int_eq(cmg_authority_refresh(ca, &count, &err), CMG_E_PARSE);
    ck_assert_ptr_nonnull(strstr(cmg_error_remedy(err), "backup"));
    cmg_error_unref(err);
    cmg_authority_unref(ca);
    cmg_certificate_unref(cert);
    free(cut);
    free(text);
    office_done(&p);
}
END_TEST

/* Everything an authority does in a directory, once. */
static cmg_status work(struct office *p, const char *dir, cmg_error **err)
{
    cmg_authority *ca = NULL;
    cmg_certificate *cert = NULL;
    char serial[41];
    cmg_status rc = office_try_root(p, dir, &ca, err);

    if (rc == CMG_OK)
        rc = office_try_issue(p, ca, "a.contoso.com", &cert, err);
    if (rc == CMG_OK)
        rc = cmg_authority_revoke(ca, office_serial(cert, serial), CMG_REASON_SUPERSEDED,
                                  err);
    if (rc == CMG_OK)
        rc = cmg_authority_publish_crl(ca, support_path("ca.crl"), WEEK_S, NULL, err);
    if (rc == CMG_OK)
        rc = cmg_authority_publish_delta_crl(ca, support_path("delta.crl"), WEEK_S, NULL,
                                             err);
    cmg_certificate_unref(cert);
    cmg_authority_unref(ca);
    return rc;
}

enum { CALL_WRITE, CALL_FSYNC, CALL_RENAME, CALL_OPEN, CALL_COUNT };

static unsigned *fail_of(struct support_env *e, int call)
{
    unsigned *const fails[CALL_COUNT] = { &e->fail_write_at, &e->fail_fsync_at,
                                          &e->fail_rename_at, &e->fail_open_at };

    return fails[call];
}

static unsigned count_of(const struct support_env *e, int call)
{
    const unsigned counts[CALL_COUNT] = { e->writes, e->fsyncs, e->renames, e->opens };

    return counts[call];
}

/* After whatever failed: the directory opens, all numbers differ, lists count on. */
static void check_after(struct office *p, const char *dir)
{
    cmg_error *err = NULL;
    struct cmg__crl_info info;
    size_t count = 0;

    cmg_authority *ca = office_root(p, dir);
    cmg_certificate *cert = office_issue(p, ca, "after.contoso.com");
    ck_ok(cmg_authority_refresh(ca, &count, &err), err);
    ck_assert_uint_ge(count, 1);
    struct cmg__crl *list = office_publish(p, ca, false);
    cmg__crl_info(list, &info);
    ck_assert(info.number.n == 1 && info.number.p[0] == ca->ledger.list_number);
    cmg__crl_free(list);
    cmg_certificate_unref(cert);
    cmg_authority_unref(ca);
}

START_TEST(a_full_disk_at_any_call_leaves_an_authority_that_works)
{
    static const char *const names[CALL_COUNT] = { "write", "fsync", "rename", "open" };
    struct office p;
    char name[32];
    unsigned failed = 0;

    office_init(&p);
    for (unsigned n = 1;; n++) {
        cmg_error *err = NULL;

        (void)snprintf(name, sizeof name, "%s-%u", names[_i], n);
        const char *dir = support_path(name);
        *fail_of(&p.e, _i) = count_of(&p.e, _i) + n;
        const cmg_status rc = work(&p, dir, &err);
        const bool reached = count_of(&p.e, _i) >= *fail_of(&p.e, _i);
        *fail_of(&p.e, _i) = 0;
        failed += rc != CMG_OK;
        ck_assert_msg(rc == CMG_OK || rc == CMG_E_IO, "%s: status %d", name, (int)rc);
        ck_assert_int_eq(rc == CMG_OK, err == NULL);
        cmg_error_unref(err);
        check_after(&p, support_path(name));
        if (!reached)
            break;
    }
    ck_assert_uint_ge(failed, 4);
    office_done(&p);
}
END_TEST

/* A process that dies in the middle of a write. */
static int64_t die_writing(void *user, int fd, const void *data, size_t n)
{
    struct support_env *e = user;

    if (++e->writes == e->fail_write_at) {
        (void)!write(fd, data, n / 2);
        _exit(9);
    }
    return cmg__env_system.write(NULL, fd, data, n);
}

/* An authority with a key of its own, a certificate, a revocation, a list; in the child.
 */
static cmg_status work_with_own_key(struct office *p, const char *dir)
{
    cmg_authority *ca = NULL;
    cmg_certificate *cert = NULL;
    cmg_template *t = office_template(p, "root");
    char serial[41];
    const cmg_authority_options options = {
        .size = sizeof options, .directory = dir, .common_name = "Kept", .tmpl = t
    };

    t->data.allows_rsa = false; /* an EC key is made in no time */
    cmg_status rc = cmg_authority_new_with(p->ctx, &options, &ca, NULL);
    if (rc == CMG_OK)
        rc = office_try_issue(p, ca, "a.contoso.com", &cert, NULL);
    if (rc == CMG_OK)
        rc = cmg_authority_revoke(ca, office_serial(cert, serial), CMG_REASON_SUPERSEDED,
                                  NULL);
    return rc == CMG_OK ? cmg_authority_publish_crl(ca, NULL, WEEK_S, NULL, NULL) : rc;
}

static void die_at(const char *dir, unsigned n)
{
    struct office p;

    office_init(&p);
    p.e.seed += n;
    p.ctx->env.write = die_writing;
    p.e.fail_write_at = p.e.writes + n;
    _exit(work_with_own_key(&p, dir) == CMG_OK ? 0 : 1);
}

START_TEST(a_process_killed_at_any_write_leaves_an_authority_that_works)
{
    struct office p;
    char name[32];
    int status = -1;

    office_init(&p);
    (void)support_dir();
    for (unsigned n = 1; status != 0; n++) {
        cmg_authority *ca = NULL;
        cmg_error *err = NULL;

        (void)snprintf(name, sizeof name, "kill-%u", n);
        const char *dir = support_path(name);
        const pid_t child = fork();
        ck_assert_int_ge(child, 0);
        if (child == 0)
            die_at(dir, n);
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) != 1, "write %u", n);
        ck_ok(cmg_authority_open(p.ctx, dir, "Kept", &ca, &err), err);
        cmg_certificate *cert = office_issue(&p, ca, "after.contoso.com");
        cmg__crl_free(office_publish(&p, ca, false));
        cmg_certificate_unref(cert);
        cmg_authority_unref(ca);
        ck_assert_uint_lt(n, 30);
    }
    office_done(&p);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("authority_disk");
    TCase *disk = tcase_create("disk");

    tcase_set_timeout(disk, 120);
    tcase_add_test(disk, another_process_is_refused_while_one_is_at_it);
    tcase_add_test(disk, two_handles_of_one_directory_see_what_the_other_did);
    tcase_add_test(disk, no_serial_number_is_given_twice);
    tcase_add_test(disk, a_line_that_was_cut_is_dropped);
    tcase_add_loop_test(disk, a_full_disk_at_any_call_leaves_an_authority_that_works, 0,
                        CALL_COUNT);
    tcase_add_test(disk, a_process_killed_at_any_write_leaves_an_authority_that_works);
    suite_add_tcase(suite, disk);
    return support_run((Suite *const[]){ suite, NULL });
}
