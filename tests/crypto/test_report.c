/* Lists of findings: their order, their texts, what refuses, and running out of memory.
 */
#include "support/support.h"

#include "crypto/report.h"

#include <string.h>

static void add(struct cmg__report *report, cmg_finding code, cmg_severity severity,
                const char *subject)
{
    cmg__report_add(report, code, severity, subject, "remedy", "cause of %d", (int)code);
}

static const char *text_of(const struct cmg__report *report, struct cmg__buf *out)
{
    struct cmg__describe d;

    cmg__buf_init(out, &cmg__alloc_libc, CMG__DESCRIBE_MAX);
    cmg__describe_init(&d, out);
    cmg__report_describe(report, &d);
    ck_assert_int_eq(d.rc, CMG_OK);
    return cmg__buf_cstr(out);
}

START_TEST(the_gravest_come_first_in_the_order_of_finding)
{
    static const cmg_finding wanted[] = { CMG_FINDING_EXPIRED, CMG_FINDING_WEAK_KEY,
                                          CMG_FINDING_CRL_EXPIRED, CMG_FINDING_PROFILE };
    struct support_alloc a;
    struct cmg__report report;

    support_alloc_init(&a);
    cmg__report_init(&report, &a.alloc);
    ck_assert(cmg__report_is_accepted(&report));
    add(&report, CMG_FINDING_PROFILE, CMG_SEVERITY_NOTE, "CN=a");
    add(&report, CMG_FINDING_CRL_EXPIRED, CMG_SEVERITY_WARNING, "CN=a");
    ck_assert(cmg__report_is_accepted(&report));
    add(&report, CMG_FINDING_EXPIRED, CMG_SEVERITY_REFUSAL, "CN=a");
    add(&report, CMG_FINDING_WEAK_KEY, CMG_SEVERITY_REFUSAL, "CN=a");
    ck_assert(!cmg__report_is_accepted(&report));
    ck_assert_uint_eq(report.count, CMG__ARRAY_LEN(wanted));
    for (size_t i = 0; i < report.count; i++)
        ck_assert_int_eq(report.list[i].code, wanted[i]);
    ck_assert_str_eq(report.list[0].cause, "cause of 21");
    ck_assert(cmg__report_has(&report, CMG_FINDING_PROFILE));
    ck_assert(!cmg__report_has(&report, CMG_FINDING_REVOKED));
    cmg__report_done(&report);
    ck_assert_uint_eq(a.live, 0);
}
END_TEST

START_TEST(the_same_is_said_once)
{
    struct cmg__report report;

    cmg__report_init(&report, &cmg__alloc_libc);
    add(&report, CMG_FINDING_EXPIRED, CMG_SEVERITY_REFUSAL, "CN=a");
    add(&report, CMG_FINDING_EXPIRED, CMG_SEVERITY_REFUSAL, "CN=a");
    add(&report, CMG_FINDING_EXPIRED, CMG_SEVERITY_REFUSAL, "CN=b");
    ck_assert_uint_eq(report.count, 2);
    cmg__report_done(&report);
}
END_TEST

START_TEST(a_refusal_takes_effect_when_the_list_is_full)
{
    struct cmg__report report;

    cmg__report_init(&report, &cmg__alloc_libc);
    for (int i = 0; i < 1000; i++)
        cmg__report_add(&report, CMG_FINDING_PROFILE, CMG_SEVERITY_NOTE, "CN=a", NULL,
                        "%d", i);
    ck_assert_uint_eq(report.count, 200);
    ck_assert_str_eq(report.list[0].remedy, "");
    add(&report, CMG_FINDING_EXPIRED, CMG_SEVERITY_REFUSAL, "CN=a");
    ck_assert(!cmg__report_is_accepted(&report));
    ck_assert_int_eq(report.list[0].code, CMG_FINDING_EXPIRED);
    ck_assert_uint_eq(report.count, 200);
    cmg__report_done(&report);
}
END_TEST

START_TEST(the_text_cannot_be_forged)
{
    struct cmg__report report;
    struct cmg__buf out;

    cmg__report_init(&report, &cmg__alloc_libc);
    ck_assert(strstr(text_of(&report, &out), "Accepted\n") != NULL);
    cmg__buf_done(&out);
    add(&report, CMG_FINDING_EXPIRED, CMG_SEVERITY_REFUSAL, "CN=a\nnote  all is well");
    add(&report, CMG_FINDING_PROFILE, CMG_SEVERITY_WARNING, "CN=b");
    const char *text = text_of(&report, &out);
    ck_assert_msg(strncmp(text, "Refused\n", 8) == 0, "%s", text);
    ck_assert(strstr(text, "CN=a\\x0anote") != NULL);
    ck_assert(strstr(text, "  warning               cause of 17\n") != NULL);
    ck_assert(strstr(text, "remedy") != NULL);
    cmg__buf_done(&out);
    cmg__report_done(&report);
}
END_TEST

static cmg_status fill(struct support_alloc *a, void *user)
{
    struct cmg__report report;

    (void)user;
    cmg__report_init(&report, &a->alloc);
    for (int i = 0; i < 20; i++)
        cmg__report_add(&report, CMG_FINDING_EXPIRED, CMG_SEVERITY_REFUSAL, "CN=a",
                        "renew it", "%d", i);
    const cmg_status rc = report.rc;
    ck_assert(!cmg__report_is_accepted(&report));
    cmg__report_done(&report);
    return rc;
}

START_TEST(running_out_of_memory_never_accepts)
{
    support_torture(fill, NULL, 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("report");
    TCase *list = tcase_create("list");

    tcase_add_test(list, the_gravest_come_first_in_the_order_of_finding);
    tcase_add_test(list, the_same_is_said_once);
    tcase_add_test(list, a_refusal_takes_effect_when_the_list_is_full);
    tcase_add_test(list, the_text_cannot_be_forged);
    tcase_add_test(list, running_out_of_memory_never_accepts);
    suite_add_tcase(suite, list);
    return support_run((Suite *const[]){ suite, NULL });
}
