/* Lists of findings; see report.h. */
#include "crypto/report.h"

#include <stdarg.h>
#include <string.h>

#include "base/str.h"

#define MAX_FINDINGS 200

void cmg__report_init(struct cmg__report *report, const struct cmg__alloc *alloc)
{
    *report = (struct cmg__report){ .alloc = alloc };
}

static void free_texts(const struct cmg__alloc *alloc, struct cmg__finding *finding)
{
    cmg__free(alloc, finding->subject);
    cmg__free(alloc, finding->cause);
    cmg__free(alloc, finding->remedy);
}

void cmg__report_done(struct cmg__report *report)
{
    for (size_t i = 0; i < report->count; i++)
        free_texts(report->alloc, &report->list[i]);
    cmg__free(report->alloc, report->list);
    cmg__report_init(report, report->alloc);
}

static cmg_status reserve(struct cmg__report *report)
{
    const size_t wanted = report->capacity == 0 ? 8 : 2 * report->capacity;

    if (report->count < report->capacity)
        return CMG_OK;
    struct cmg__finding *grown =
        cmg__alloc_array(report->alloc, wanted, sizeof *report->list);
    if (grown == NULL)
        return CMG_E_NOMEM;
    if (report->count > 0)
        memcpy(grown, report->list, report->count * sizeof *grown);
    cmg__free(report->alloc, report->list);
    report->list = grown;
    report->capacity = wanted;
    return CMG_OK;
}

static bool is_known(const struct cmg__report *report, const struct cmg__finding *finding)
{
    for (size_t i = 0; i < report->count; i++) {
        const struct cmg__finding *other = &report->list[i];

        if (other->code == finding->code && other->severity == finding->severity &&
            strcmp(other->subject, finding->subject) == 0 &&
            strcmp(other->cause, finding->cause) == 0)
            return true;
    }
    return false;
}

/* Behind its equals, so that the order of finding is kept among them; a full list gives
   up its last one, which is the lightest. */
static void insert(struct cmg__report *report, const struct cmg__finding *finding)
{
    if (report->count == MAX_FINDINGS)
        free_texts(report->alloc, &report->list[--report->count]);
    size_t at = report->count;

    while (at > 0 && report->list[at - 1].severity < finding->severity)
        at--;
    memmove(report->list + at + 1, report->list + at,
            (report->count - at) * sizeof *report->list);
    report->list[at] = *finding;
    report->count++;
}

/* No room, nor anything lighter that could go. */
static bool is_full(const struct cmg__report *report, cmg_severity severity)
{
    return report->count == MAX_FINDINGS &&
           report->list[report->count - 1].severity >= severity;
}

void cmg__report_add(struct cmg__report *report, cmg_finding code, cmg_severity severity,
                     const char *subject, const char *remedy, const char *cause, ...)
{
    struct cmg__finding finding = { .code = code, .severity = severity };
    va_list args;

    report->refusals += severity == CMG_SEVERITY_REFUSAL;
    if (report->rc != CMG_OK || is_full(report, severity))
        return;
    finding.subject = cmg__strdup(report->alloc, subject);
    finding.remedy = cmg__strdup(report->alloc, cmg__str_or(remedy, ""));
    va_start(args, cause);
    finding.cause = cmg__vformat(report->alloc, cause, args);
    va_end(args);
    if (finding.subject == NULL || finding.remedy == NULL || finding.cause == NULL ||
        reserve(report) != CMG_OK)
        report->rc = CMG_E_NOMEM;
    if (report->rc == CMG_OK && !is_known(report, &finding))
        insert(report, &finding);
    else
        free_texts(report->alloc, &finding);
}

bool cmg__report_is_accepted(const struct cmg__report *report)
{
    return report->rc == CMG_OK && report->refusals == 0;
}

bool cmg__report_has(const struct cmg__report *report, cmg_finding code)
{
    for (size_t i = 0; i < report->count; i++) {
        if (report->list[i].code == code)
            return true;
    }
    return false;
}

static const char *label_of(cmg_severity severity)
{
    switch (severity) {
    case CMG_SEVERITY_REFUSAL:
        return "refused";
    case CMG_SEVERITY_WARNING:
        return "warning";
    default:
        return "note";
    }
}

void cmg__report_describe(const struct cmg__report *report, struct cmg__describe *d)
{
    cmg__describe_title(d, "%s",
                        cmg__report_is_accepted(report) ? "Accepted" : "Refused");
    for (size_t i = 0; i < report->count; i++) {
        const struct cmg__finding *finding = &report->list[i];

        cmg__describe_text(d, label_of(finding->severity), finding->cause,
                           strlen(finding->cause));
        d->indent++;
        cmg__describe_text(d, "certificate", finding->subject, strlen(finding->subject));
        if (finding->remedy[0] != '\0')
            cmg__describe_text(d, "remedy", finding->remedy, strlen(finding->remedy));
        d->indent--;
    }
    cmg__describe_end(d);
}
