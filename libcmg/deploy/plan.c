/*
 * The plan: one entry for each thing a step found different from what is wanted, or could
 * not look at yet because something before it is missing. For people as text, for
 * programs as JSON.
 */
#include "deploy/engine.h"

#define PLAN_VERSION 1
#define PLAN_MAX     ((size_t)64 * 1024)

/* On a create a thing that was not looked at hangs on one that is missing. */
static const char *const verbs[] = {
    [CMG__PLAN_UNKNOWN] = NULL, /* the operation's own words */
    [CMG__PLAN_KEEP] = "keep",       [CMG__PLAN_CREATE] = "create",
    [CMG__PLAN_CHANGE] = "change",   [CMG__PLAN_REMOVE] = "remove",
    [CMG__PLAN_RESTORE] = "restore", [CMG__PLAN_ABSENT] = NULL,
};

cmg_status cmg__plan_text(const cmg_deploy *deploy, struct cmg__buf *out)
{
    cmg_status rc = CMG_OK;

    for (size_t i = 0; rc == CMG_OK && i < deploy->exec_count; i++) {
        const struct cmg__run *run = &deploy->execs[i].run;
        const char *verb = verbs[run->plan];

        if (run->plan == CMG__PLAN_UNKNOWN)
            verb = deploy->operation->unknown;
        if (run->step->what == NULL || verb == NULL)
            continue;
        rc = cmg__buf_addf(out, "%s %s", verb, run->step->what);
        if (rc == CMG_OK && run->plan != CMG__PLAN_UNKNOWN && run->message[0] != '\0')
            rc = cmg__buf_addf(out, " (%s)", run->message);
        if (rc == CMG_OK)
            rc = cmg__buf_add_char(out, '\n');
        if (rc == CMG_OK && run->plan == CMG__PLAN_CHANGE && run->step->detail != NULL)
            rc = run->step->detail(run, out);
    }
    return rc;
}

/* Stable words for programs. */
static const char *const actions[] = {
    [CMG__PLAN_UNKNOWN] = "unknown", [CMG__PLAN_KEEP] = "keep",
    [CMG__PLAN_CREATE] = "create",   [CMG__PLAN_CHANGE] = "change",
    [CMG__PLAN_REMOVE] = "remove",   [CMG__PLAN_RESTORE] = "restore",
    [CMG__PLAN_ABSENT] = "absent",
};

/* How far it is: after a failure what was sent and not observed is for the next run to
   find out. */
static const char *state_of(const struct cmg__exec *exec)
{
    if (exec->state == CMG__EXEC_DONE)
        return "observed";
    return exec->sent ? "sent" : "planned";
}

static struct cmg__json *entry_of(const struct cmg__exec *exec)
{
    const struct cmg__run *run = &exec->run;
    const bool looked = run->plan != CMG__PLAN_UNKNOWN;

    return cmg__json_pack("{s:s, s:s, s:s, s:s, s:s}", "step", run->step->name, "what",
                          run->step->what, "action", actions[run->plan], "detail",
                          looked ? run->message : "", "state", state_of(exec));
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
