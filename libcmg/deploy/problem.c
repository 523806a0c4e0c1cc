/* What a preflight found, kept with the deployment and handed out. */
#include "deploy/problem.h"

#include "deploy/engine.h"

#define MOST_PROBLEMS ((size_t)256)
#define VERSION       1

enum text { STEP, SUBJECT, WHAT, CAUSE, REMEDY, SERVICE_CODE, TEXTS };

struct cmg__problem_row {
    cmg_severity severity;
    bool fixable;
    char *texts[TEXTS];
};

static void row_done(struct cmg__problem_row *row, const struct cmg__alloc *alloc)
{
    for (size_t i = 0; i < TEXTS; i++)
        cmg__free(alloc, row->texts[i]);
}

static bool row_init(struct cmg__problem_row *row, const struct cmg__alloc *alloc,
                     const cmg_problem *problem)
{
    const char *const texts[TEXTS] = {
        [STEP] = problem->step,     [SUBJECT] = problem->subject,
        [WHAT] = problem->what,     [CAUSE] = problem->cause,
        [REMEDY] = problem->remedy, [SERVICE_CODE] = problem->service_code,
    };
    bool ok = true;

    *row = (struct cmg__problem_row){ .severity = problem->severity,
                                      .fixable = problem->fixable != 0 };
    for (size_t i = 0; i < TEXTS; i++) {
        row->texts[i] = cmg__strdup(alloc, cmg__str_or(texts[i], ""));
        ok = ok && row->texts[i] != NULL;
    }
    if (!ok)
        row_done(row, alloc);
    return ok;
}

cmg_status cmg__problems_add(struct cmg__problems *problems,
                             const struct cmg__alloc *alloc, const cmg_problem *problem)
{
    struct cmg__problem_row row;

    if (problems->count == MOST_PROBLEMS)
        return CMG_OK;
    struct cmg__problem_row *rows = cmg__realloc(
        alloc, problems->rows, (problems->count + 1) * sizeof *problems->rows);
    if (rows == NULL)
        return CMG_E_NOMEM;
    problems->rows = rows;
    if (!row_init(&row, alloc, problem))
        return CMG_E_NOMEM;
    problems->rows[problems->count++] = row;
    return CMG_OK;
}

void cmg__problems_clear(struct cmg__problems *problems, const struct cmg__alloc *alloc)
{
    for (size_t i = 0; i < problems->count; i++)
        row_done(&problems->rows[i], alloc);
    cmg__free(alloc, problems->rows);
    problems->rows = NULL;
    problems->count = 0;
}

/* ---- handing out ---- */

static cmg_status check(const cmg_deploy *deploy, cmg_error **err)
{
    return cmg__check(deploy == NULL ? NULL : &deploy->head, CMG__TAG_DEPLOY, err);
}

size_t cmg_deploy_problem_count(const cmg_deploy *deploy)
{
    return check(deploy, NULL) == CMG_OK ? deploy->work.problems.count : 0;
}

static cmg_status check_out(const cmg_deploy *deploy, size_t index,
                            const cmg_problem *out, cmg_error **err)
{
    const size_t count = deploy->work.problems.count;
    const cmg_status rc = cmg__tagged_room(out, sizeof *out, "out_problem", err);

    if (rc != CMG_OK)
        return rc;
    if (index >= count)
        return cmg__fail(err, &deploy->head.ctx->alloc, CMG_E_NOTFOUND, "index", NULL,
                         "there are %zu problems, number %zu was asked for", count,
                         index);
    return CMG_OK;
}

cmg_status cmg_deploy_problem(const cmg_deploy *deploy, size_t index,
                              cmg_problem *out_problem, cmg_error **err)
{
    cmg_status rc = check(deploy, err);

    if (rc == CMG_OK)
        rc = check_out(deploy, index, out_problem, err);
    if (rc != CMG_OK)
        return rc;
    const struct cmg__problem_row *row = &deploy->work.problems.rows[index];
    *out_problem = (cmg_problem){
        .size = out_problem->size,
        .severity = row->severity,
        .fixable = row->fixable,
        .step = row->texts[STEP],
        .subject = row->texts[SUBJECT],
        .what = row->texts[WHAT],
        .cause = row->texts[CAUSE],
        .remedy = row->texts[REMEDY],
        .service_code = row->texts[SERVICE_CODE],
    };
    return CMG_OK;
}

static const char *severity_name(cmg_severity severity)
{
    return severity == CMG_SEVERITY_REFUSAL   ? "refusal"
           : severity == CMG_SEVERITY_WARNING ? "warning"
                                              : "note";
}

static struct cmg__json *entry_of(const struct cmg__problem_row *row)
{
    return cmg__json_pack("{s:s, s:b, s:s, s:s, s:s, s:s, s:s, s:s}", "severity",
                          severity_name(row->severity), "fixable", row->fixable ? 1 : 0,
                          "step", row->texts[STEP], "subject", row->texts[SUBJECT],
                          "what", row->texts[WHAT], "cause", row->texts[CAUSE], "remedy",
                          row->texts[REMEDY], "service_code", row->texts[SERVICE_CODE]);
}

static struct cmg__json *list_of(const struct cmg__problems *problems)
{
    struct cmg__json *list = cmg__json_array();
    cmg_status rc = list == NULL ? CMG_E_NOMEM : CMG_OK;

    for (size_t i = 0; rc == CMG_OK && i < problems->count; i++)
        rc = cmg__json_append(list, entry_of(&problems->rows[i]));
    if (rc != CMG_OK)
        cmg__json_clear(&list);
    return list;
}

cmg_status cmg_deploy_export_problems(const cmg_deploy *deploy, cmg_bytes **out_bytes,
                                      cmg_error **err)
{
    const cmg_status rc = check(deploy, err);

    if (rc != CMG_OK)
        return rc;
    return cmg__json_export(&deploy->head.ctx->alloc,
                            cmg__json_pack("{s:i, s:s, s:o}", "version", VERSION,
                                           "gateway", deploy->gateway->name, "problems",
                                           list_of(&deploy->work.problems)),
                            out_bytes, err);
}
