/*
 * A renewed certificate compared with the one it is to replace. Clients and console hold
 * on to the common name, letter by letter; whatever else differs is named, since some of
 * it asks for a new deployment.
 */
#include <cmg/names.h>

#include <string.h>

#include "base/str.h"
#include "crypto/x509_data.h"
#include "crypto/x509_list.h"
#include "model/certificate.h"
#include "model/report.h"

#define TEXT_MAX ((size_t)64 * 1024)

struct job {
    const cmg_certificate *renewed;
    const cmg_certificate *old;
    const char *subject; /* of the new one */
    struct cmg__report *report;
};

static void check_common_name(const struct job *job)
{
    const char *now = job->renewed->info.common_name;
    const char *before = job->old->info.common_name;

    if (strcmp(now, before) == 0)
        return;
    cmg__report_add(job->report, CMG_FINDING_COMMON_NAME_CHANGED, CMG_SEVERITY_REFUSAL,
                    job->subject,
                    "have it issued with exactly the old common name, letter case "
                    "included",
                    cmg__str_ieq(now, before)
                        ? "its common name is \"%s\", the old one's \"%s\": another "
                          "letter case is another name"
                        : "its common name is \"%s\", the old one's \"%s\"",
                    now, before);
}

/* The n-th attribute of this type in the name. */
static bool find_attribute(struct cmg__span name, struct cmg__span type, size_t n,
                           struct cmg__attribute *out)
{
    struct cmg__attribute_walk walk = { .name = name };

    while (cmg__attribute_next(&walk, out)) {
        if (cmg__span_eq(out->type, type) && n-- == 0)
            return true;
    }
    return false;
}

static size_t count_before(struct cmg__span name, const struct cmg__attribute *attribute)
{
    struct cmg__attribute_walk walk = { .name = name };
    struct cmg__attribute one;
    size_t count = 0;

    while (cmg__attribute_next(&walk, &one) &&
           one.value.whole.p != attribute->value.whole.p)
        count += cmg__span_eq(one.type, attribute->type);
    return count;
}

/* The value's text in a buffer of its own; "" when there is none. */
static void text_of(const struct job *job, const struct cmg__attribute *attribute,
                    struct cmg__buf *out)
{
    cmg__buf_init(out, job->report->alloc, TEXT_MAX);
    if (attribute != NULL && cmg__attribute_text(attribute, out) != CMG_OK)
        job->report->rc = CMG_E_NOMEM;
}

static void report_attribute(const struct job *job, const struct cmg__attribute *before,
                             const struct cmg__attribute *now)
{
    char type[CMG__OID_TEXT_SIZE];
    struct cmg__buf was;
    struct cmg__buf is;

    cmg__oid_text(before != NULL ? before->type : now->type, type);
    text_of(job, before, &was);
    text_of(job, now, &is);
    const bool same = before != NULL && now != NULL &&
                      strcmp(cmg__buf_cstr(&was), cmg__buf_cstr(&is)) == 0;
    if (!same)
        cmg__report_add(job->report, CMG_FINDING_SUBJECT_CHANGED, CMG_SEVERITY_WARNING,
                        job->subject,
                        "have it issued with the old subject, or be ready to deploy anew",
                        before == NULL ? "its subject has %s=%.0s%s, the old one's has "
                                         "none"
                        : now == NULL  ? "its subject lacks %s, the old one's is %s%.0s"
                                       : "the %s of its subject was %s and is %s",
                        type, cmg__buf_cstr(&was), cmg__buf_cstr(&is));
    cmg__buf_done(&was);
    cmg__buf_done(&is);
}

static bool is_common_name(const struct cmg__attribute *attribute)
{
    return cmg__oid_find(attribute->type.p, attribute->type.n) == CMG__OID_CN;
}

static void check_subject(const struct job *job)
{
    const struct cmg__span before = job->old->chain[0]->subject_name;
    const struct cmg__span now = job->renewed->chain[0]->subject_name;
    struct cmg__attribute_walk walk = { .name = before };
    struct cmg__attribute one;
    struct cmg__attribute other;

    while (cmg__attribute_next(&walk, &one)) {
        const size_t n = count_before(before, &one);

        if (!is_common_name(&one))
            report_attribute(job, &one,
                             find_attribute(now, one.type, n, &other) ? &other : NULL);
    }
    walk = (struct cmg__attribute_walk){ .name = now };
    while (cmg__attribute_next(&walk, &one)) {
        const size_t n = count_before(now, &one);

        if (!is_common_name(&one) && !find_attribute(before, one.type, n, &other))
            report_attribute(job, NULL, &one);
    }
}

static bool has_name(const cmg_certificate *cert, uint32_t kind, const char *name)
{
    const size_t count = cmg__facts_count(&cert->facts, CMG__FACT_NAME);

    for (size_t i = 0; i < count; i++) {
        if (cmg__facts_kind(&cert->facts, CMG__FACT_NAME, i) == kind &&
            cmg__str_ieq(cmg__facts_text(&cert->facts, CMG__FACT_NAME, i), name))
            return true;
    }
    return false;
}

static void check_names(const struct job *job)
{
    const struct cmg__facts *facts = &job->old->facts;
    const size_t count = cmg__facts_count(facts, CMG__FACT_NAME);

    for (size_t i = 0; i < count; i++) {
        const char *name = cmg__facts_text(facts, CMG__FACT_NAME, i);

        if (!has_name(job->renewed, cmg__facts_kind(facts, CMG__FACT_NAME, i), name))
            cmg__report_add(job->report, CMG_FINDING_NAME_LOST, CMG_SEVERITY_WARNING,
                            job->subject,
                            "have it issued with all the old alternative names",
                            "it is no longer for %s", name);
    }
}

static void check_key(const struct job *job)
{
    if (cmg__span_eq(job->renewed->chain[0]->spki, job->old->chain[0]->spki))
        cmg__report_add(job->report, CMG_FINDING_KEY_REUSED, CMG_SEVERITY_NOTE,
                        job->subject, "make a new key with each renewal",
                        "its key is that of the old certificate");
}

static void check_issuer(const struct job *job)
{
    if (!cmg__span_eq(job->renewed->chain[0]->issuer_name,
                      job->old->chain[0]->issuer_name))
        cmg__report_add(job->report, CMG_FINDING_ISSUER_CHANGED, CMG_SEVERITY_NOTE,
                        job->subject, "see to it that clients trust the new authority",
                        "it is issued by %s, the old one by %s",
                        job->renewed->info.issuer, job->old->info.issuer);
}

static void check_end(const struct job *job)
{
    const bool same =
        strcmp(job->renewed->info.sha256_hex, job->old->info.sha256_hex) == 0;
    char end[CMG__TIME_SIZE];

    cmg__time_format(job->renewed->info.not_after_unix_s, end);
    if (same)
        cmg__report_add(job->report, CMG_FINDING_NOT_LONGER, CMG_SEVERITY_REFUSAL,
                        job->subject, "give the new certificate",
                        "it is the old certificate itself");
    else if (job->renewed->info.not_after_unix_s <= job->old->info.not_after_unix_s)
        cmg__report_add(job->report, CMG_FINDING_NOT_LONGER, CMG_SEVERITY_WARNING,
                        job->subject, "have it issued for longer",
                        "it ends at %s, no later than the old one", end);
}

cmg_status cmg_certificate_check_renewal(const cmg_certificate *renewed,
                                         const cmg_certificate *old,
                                         cmg_report **out_report, cmg_error **err)
{
    static void (*const rules[])(const struct job *) = {
        check_common_name, check_subject, check_names, check_key, check_issuer, check_end,
    };
    struct cmg__report report;
    cmg_status rc =
        cmg__check(renewed != NULL ? &renewed->head : NULL, CMG__TAG_CERTIFICATE, err);

    if (rc == CMG_OK)
        rc = cmg__check(old != NULL ? &old->head : NULL, CMG__TAG_CERTIFICATE, err);
    if (rc != CMG_OK)
        return rc;
    cmg_context *ctx = renewed->head.ctx;
    const struct job job = { .renewed = renewed,
                             .old = old,
                             .subject = renewed->info.subject,
                             .report = &report };
    cmg__report_init(&report, &ctx->alloc);
    for (size_t i = 0; i < CMG__ARRAY_LEN(rules); i++)
        rules[i](&job);
    return cmg__report_make(ctx, &report, out_report, err);
}
