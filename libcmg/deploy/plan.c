/*
 * The plan: one entry for each thing a step found different from what is wanted, or could
 * not look at yet because something before it is missing. For people as text, for
 * programs as JSON.
 */
#include "deploy/engine.h"

#include <string.h>

#define PLAN_VERSION 1
#define PLAN_MAX     ((size_t)64 * 1024)

/* On a create a thing that was not looked at hangs on one that is missing. */
static const char *const verbs[] = {
    [CMG__PLAN_UNKNOWN] = NULL, /* the operation's own words */
    [CMG__PLAN_KEEP] = "keep",       [CMG__PLAN_CREATE] = "create",
    [CMG__PLAN_CHANGE] = "change",   [CMG__PLAN_REMOVE] = "remove",
    [CMG__PLAN_RESTORE] = "restore", [CMG__PLAN_ABSENT] = NULL,
    [CMG__PLAN_ADOPT] = "adopt",
};

static enum cmg__plan_kind kind_of(const struct cmg__run *run)
{
    return run->plan == CMG__PLAN_UNKNOWN && run->step->foresee != NULL
               ? run->step->foresee(run->work)
               : run->plan;
}

/* What the step makes, changes or removes, a line each; none for what stays. */
static cmg_status add_detail(const struct cmg__run *run, struct cmg__buf *out)
{
    const struct cmg__json *notes = cmg__json_key(run->work->notes, run->step->name);
    const enum cmg__plan_kind kind = kind_of(run);
    cmg_status rc = CMG_OK;

    if (kind != CMG__PLAN_CREATE && kind != CMG__PLAN_CHANGE && kind != CMG__PLAN_REMOVE)
        return CMG_OK;
    for (size_t i = 0; rc == CMG_OK && i < cmg__json_size(notes); i++)
        rc = cmg__buf_addf(out, "  %s\n", cmg__json_str(cmg__json_item(notes, i), ""));
    if (rc == CMG_OK && kind == CMG__PLAN_CHANGE && run->step->detail != NULL)
        rc = run->step->detail(run, out);
    return rc;
}

cmg_status cmg__plan_text(const cmg_deploy *deploy, struct cmg__buf *out)
{
    cmg_status rc = CMG_OK;

    for (size_t i = 0; rc == CMG_OK && i < deploy->exec_count; i++) {
        const struct cmg__run *run = &deploy->execs[i].run;
        const enum cmg__plan_kind kind = kind_of(run);
        const char *verb = verbs[kind];

        if (kind == CMG__PLAN_UNKNOWN)
            verb = deploy->operation->unknown;
        if (run->step->what == NULL || verb == NULL)
            continue;
        rc = cmg__buf_addf(out, "%s %s", verb, run->step->what);
        if (rc == CMG_OK && run->plan != CMG__PLAN_UNKNOWN && run->message[0] != '\0')
            rc = cmg__buf_addf(out, " (%s)", run->message);
        if (rc == CMG_OK)
            rc = cmg__buf_add_char(out, '\n');
        if (rc == CMG_OK)
            rc = add_detail(run, out);
    }
    return rc;
}

/* Stable words for programs. */
static const char *const actions[] = {
    [CMG__PLAN_UNKNOWN] = "unknown", [CMG__PLAN_KEEP] = "keep",
    [CMG__PLAN_CREATE] = "create",   [CMG__PLAN_CHANGE] = "change",
    [CMG__PLAN_REMOVE] = "remove",   [CMG__PLAN_RESTORE] = "restore",
    [CMG__PLAN_ABSENT] = "absent",   [CMG__PLAN_ADOPT] = "adopt",
};

/* How far it is: after a failure what was sent and not observed is for the next run to
   find out. */
static const char *state_of(const struct cmg__exec *exec)
{
    if (exec->state == CMG__EXEC_DONE)
        return "observed";
    return exec->sent ? "sent" : "planned";
}

/* The lines of a text, without the blanks in front. */
static struct cmg__json *lines_of(const char *text)
{
    struct cmg__json *lines = cmg__json_array();
    cmg_status rc = lines == NULL ? CMG_E_NOMEM : CMG_OK;

    while (rc == CMG_OK && *text != '\0') {
        const size_t n = strcspn(text, "\n");
        const size_t blanks = strspn(text, " ");

        rc = cmg__json_append(lines, cmg__json_stringn(text + blanks, n - blanks));
        text += n + (text[n] == '\n');
    }
    if (rc != CMG_OK)
        cmg__json_clear(&lines);
    return lines;
}

static struct cmg__json *detail_lines(const struct cmg__run *run)
{
    struct cmg__json *lines = NULL;
    struct cmg__buf text;

    cmg__buf_init(&text, run->work->alloc, PLAN_MAX);
    if (add_detail(run, &text) == CMG_OK)
        lines = lines_of(cmg__buf_cstr(&text));
    cmg__buf_done(&text);
    return lines;
}

static struct cmg__json *entry_of(const struct cmg__exec *exec)
{
    const struct cmg__run *run = &exec->run;
    const bool looked = run->plan != CMG__PLAN_UNKNOWN;

    return cmg__json_pack("{s:s, s:s, s:s, s:s, s:s, s:o}", "step", run->step->name,
                          "what", run->step->what, "action", actions[kind_of(run)],
                          "detail", looked ? run->message : "", "state", state_of(exec),
                          "lines", detail_lines(run));
}

static struct cmg__json *list_of(const cmg_deploy *deploy)
{
    struct cmg__json *list = cmg__json_array();
    cmg_status rc = list == NULL ? CMG_E_NOMEM : CMG_OK;

    for (size_t i = 0; rc == CMG_OK && i < deploy->exec_count; i++) {
        if (deploy->execs[i].run.step->what != NULL)
            rc = cmg__json_append(list, entry_of(&deploy->execs[i]));
    }
    if (rc != CMG_OK)
        cmg__json_clear(&list);
    return list;
}

static cmg_status plan_json(const cmg_deploy *deploy, struct cmg__buf *out)
{
    struct cmg__json *doc =
        cmg__json_pack("{s:i, s:s, s:s, s:o}", "version", PLAN_VERSION, "operation",
                       deploy->operation->name, "gateway", deploy->gateway->name,
                       "changes", list_of(deploy));
    const cmg_status rc =
        doc == NULL ? CMG_E_NOMEM : cmg__json_format(doc, CMG__JSON_SORTED, out);

    cmg__json_unref(doc);
    return rc;
}

static cmg_status (*const writers[])(const cmg_deploy *deploy, struct cmg__buf *out) = {
    [CMG_PLAN_TEXT] = cmg__plan_text,
    [CMG_PLAN_JSON] = plan_json,
};

static cmg_status check_export(const cmg_deploy *deploy, cmg_plan_format format,
                               cmg_bytes *const *out_bytes, cmg_error **err)
{
    const struct cmg__alloc *alloc = &deploy->head.ctx->alloc;

    if (out_bytes == NULL || format < CMG_PLAN_TEXT || format > CMG_PLAN_JSON)
        return cmg__fail(err, alloc, CMG_E_INVAL, "format",
                         "pass CMG_PLAN_TEXT or CMG_PLAN_JSON, and room for the answer",
                         "cmg_deploy_export_plan does not know format %d", (int)format);
    if (!deploy->planned && (deploy->running || deploy->exec_count == 0))
        return cmg__fail(err, alloc, CMG_E_STATE, "plan",
                         "ask in on_confirm or after the end",
                         "there is no plan yet: the deployment is in state %s",
                         cmg_deploy_state_name(deploy->state));
    return CMG_OK;
}

cmg_status cmg_deploy_export_plan(const cmg_deploy *deploy, cmg_plan_format format,
                                  cmg_bytes **out_bytes, cmg_error **err)
{
    cmg_status rc =
        cmg__check(deploy == NULL ? NULL : &deploy->head, CMG__TAG_DEPLOY, err);
    struct cmg__buf text;

    if (rc == CMG_OK)
        rc = check_export(deploy, format, out_bytes, err);
    if (rc != CMG_OK)
        return rc;
    cmg__buf_init(&text, &deploy->head.ctx->alloc, PLAN_MAX);
    rc = writers[format](deploy, &text);
    if (rc == CMG_OK)
        rc = cmg__bytes_new(&deploy->head.ctx->alloc, text.data, text.len, out_bytes);
    cmg__buf_done(&text);
    return rc == CMG_OK ? CMG_OK : cmg__fail_nomem(err);
}
