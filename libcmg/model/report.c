/* cmg_report: the findings of a judge, given out one by one or as text. */
#include "model/report.h"

cmg_status cmg__report_make(cmg_context *ctx, struct cmg__report *report,
                            cmg_report **out, cmg_error **err)
{
    cmg_report *made =
        report->rc == CMG_OK ? cmg__alloc0(&ctx->alloc, sizeof *made) : NULL;

    if (made == NULL) {
        cmg__report_done(report);
        return cmg__fail_nomem(err);
    }
    cmg__handle_init(&made->head, CMG__TAG_REPORT, ctx);
    made->report = *report;
    cmg__report_init(report, report->alloc);
    *out = made;
    return CMG_OK;
}

static cmg_status check_report(const cmg_report *report, cmg_error **err)
{
    return cmg__check(report != NULL ? &report->head : NULL, CMG__TAG_REPORT, err);
}

static const struct cmg__finding *find(const cmg_report *report, size_t index)
{
    if (check_report(report, NULL) != CMG_OK || index >= report->report.count)
        return NULL;
    return &report->report.list[index];
}

bool cmg_report_is_accepted(const cmg_report *report)
{
    return check_report(report, NULL) == CMG_OK &&
           cmg__report_is_accepted(&report->report);
}

size_t cmg_report_count(const cmg_report *report)
{
    return check_report(report, NULL) == CMG_OK ? report->report.count : 0;
}

cmg_finding cmg_report_finding_code(const cmg_report *report, size_t index)
{
    const struct cmg__finding *finding = find(report, index);

    return finding != NULL ? finding->code : (cmg_finding)0;
}

cmg_severity cmg_report_severity(const cmg_report *report, size_t index)
{
    const struct cmg__finding *finding = find(report, index);

    return finding != NULL ? finding->severity : (cmg_severity)0;
}

const char *cmg_report_subject(const cmg_report *report, size_t index)
{
    const struct cmg__finding *finding = find(report, index);

    return finding != NULL ? finding->subject : "";
}

const char *cmg_report_cause(const cmg_report *report, size_t index)
{
    const struct cmg__finding *finding = find(report, index);

    return finding != NULL ? finding->cause : "";
}

const char *cmg_report_remedy(const cmg_report *report, size_t index)
{
    const struct cmg__finding *finding = find(report, index);

    return finding != NULL ? finding->remedy : "";
}

cmg_status cmg_report_describe(const cmg_report *report, cmg_bytes **out_text,
                               cmg_error **err)
{
    struct cmg__describe d;
    struct cmg__buf text;
    cmg_status rc = check_report(report, err);

    if (rc != CMG_OK)
        return rc;
    const struct cmg__alloc *alloc = &report->head.ctx->alloc;
    cmg__buf_init(&text, alloc, CMG__DESCRIBE_MAX);
    cmg__describe_init(&d, &text);
    cmg__report_describe(&report->report, &d);
    rc = d.rc;
    if (rc == CMG_OK)
        rc = cmg__bytes_new(alloc, text.data, text.len, out_text);
    cmg__buf_done(&text);
    return rc == CMG_OK ? CMG_OK : cmg__fail_nomem(err);
}

cmg_report *cmg_report_ref(cmg_report *report)
{
    if (report != NULL)
        cmg__handle_ref(&report->head);
    return report;
}

void cmg_report_unref(cmg_report *report)
{
    if (report == NULL || !cmg__handle_unref(&report->head))
        return;
    /* The context's allocator must outlive what was taken from it. */
    cmg_context *ctx = cmg_context_ref(report->head.ctx);
    cmg__report_done(&report->report);
    cmg__handle_done(&report->head);
    cmg__free(&ctx->alloc, report);
    cmg_context_unref(ctx);
}
