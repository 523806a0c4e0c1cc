/*
 * What a deployment will change, told in the plan before anything is done. Without a
 * scale set everything is made that is in the template; else Resource Manager's what-if
 * compares the template with what is there, and the user data, which it never tells, is
 * compared here. Reads only. What cannot be compared stops nobody.
 */
#include <string.h>

#include "base/error.h"
#include "deploy/steps.h"
#include "model/drift.h"
#include "model/inventory.h"
#include "model/told.h"

#define DEPLOYMENT    "deployment"
#define USER_DATA_MAX ((size_t)1024 * 1024)
#define MOST_TRIES    3 /* comparisons that failed or got lost */

static cmg_status note_resource(const char *type, void *user)
{
    struct cmg__run *run = user;

    return cmg__plan_note(run->work, DEPLOYMENT, "%s \"%s\"", type,
                          run->work->gateway->name);
}

static cmg_status note_all(struct cmg__run *run, const struct cmg__differences *list,
                           const char *step, cmg_error **err)
{
    cmg_status rc = CMG_OK;

    for (size_t i = 0; rc == CMG_OK && i < list->count; i++)
        rc = cmg__plan_note(run->work, step, "%s: %s -> %s", list->items[i].path,
                            list->items[i].found, list->items[i].should_be);
    return rc == CMG_OK ? CMG_OK : cmg__fail_nomem(err);
}

cmg_status cmg__plan_told(struct cmg__run *run, const struct cmg__json *scale_set,
                          const char *wanted, const char *step, cmg_error **err)
{
    struct cmg__differences list = { 0 };
    cmg_status rc = cmg__told_compare(run->work->alloc, scale_set, wanted, &list);

    rc = rc == CMG_OK ? note_all(run, &list, step, err) : cmg__fail_nomem(err);
    cmg__differences_clear(run->work->alloc, &list);
    return rc;
}

/* ---- the scale set ---- */

static cmg_status compare_told(struct cmg__run *run, const struct cmg__json *set,
                               cmg_error **err)
{
    struct cmg__work *work = run->work;
    struct cmg__buf wanted;

    cmg__buf_init(&wanted, work->alloc, USER_DATA_MAX);
    cmg_status rc = cmg__user_data_make(work->gateway, work->deployment_id, &wanted, err);
    if (rc == CMG_OK)
        rc = cmg__plan_told(run, set, cmg__buf_cstr(&wanted), DEPLOYMENT, err);
    cmg__buf_done(&wanted);
    return rc;
}

/* What-if is asked with the certificate that is there; the plan has another line for a
   new one. */
static cmg_status keep_url(struct cmg__run *run, const struct cmg__json *set,
                           cmg_error **err)
{
    static const char path[] = "/properties/virtualMachineProfile/osProfile/secrets/0/"
                               "vaultCertificates/0/certificateUrl";
    const char *url = cmg__str_or(cmg__json_str(set, path), "");

    return cmg__run_fact_set(run, ".cert_secret_url", url) == CMG_OK
               ? CMG_OK
               : cmg__fail_nomem(err);
}

static cmg_status read_set(struct cmg__run *run, const struct cmg__answer *answer,
                           struct cmg__next *next, cmg_error **err)
{
    struct cmg__work *work = run->work;
    cmg_status rc;

    cmg__plan_forget(work, DEPLOYMENT);
    work->set_is_there = answer->status < 400;
    if (!work->set_is_there) {
        rc = cmg__template_types(work->alloc, note_resource, run, err);
        return rc == CMG_OK ? cmg__next_done(next) : rc;
    }
    rc = compare_told(run, answer->json, err);
    if (rc == CMG_OK)
        rc = keep_url(run, answer->json, err);
    return rc == CMG_OK ? cmg__next_go(next, "what_if") : rc;
}

/* ---- the comparison ---- */

static cmg_status build_what_if(struct cmg__run *run, struct cmg__ask *ask,
                                cmg_error **err)
{
    char *vault_id = cmg__vault_id(run->work);
    const cmg_status rc =
        vault_id == NULL
            ? cmg__fail_nomem(err)
            : cmg__what_if_build(run, vault_id, cmg__run_fact(run, ".cert_secret_url"),
                                 ask, err);

    cmg__free(run->work->alloc, vault_id);
    return rc;
}

/* The template is judged by others: here only what it would change is of interest. */
static cmg_status not_compared(struct cmg__run *run, struct cmg__next *next)
{
    cmg__run_say(run, "Resource Manager does not compare it");
    return cmg__next_done(next);
}

static cmg_status read_changes(struct cmg__run *run, const struct cmg__answer *answer,
                               struct cmg__next *next, cmg_error **err)
{
    struct cmg__work *work = run->work;
    struct cmg__differences list = { 0 };

    if (cmg__json_type(cmg__json_at(answer->json, "/error")) == CMG__JSON_OBJECT)
        return not_compared(run, next);
    cmg_status rc = cmg__drift_read(work->alloc, answer->json, &list, err);
    if (rc == CMG_OK)
        rc = note_all(run, &list, DEPLOYMENT, err);
    cmg__differences_clear(work->alloc, &list);
    return rc == CMG_OK ? cmg__next_done(next) : rc;
}

static cmg_status read_what_if(struct cmg__run *run, const struct cmg__answer *answer,
                               struct cmg__next *next, cmg_error **err)
{
    const bool asked = run->exchange->call != CMG__CALL_POLL;
    bool ready = false;

    if (asked && (answer->status >= 400 || run->number++ == MOST_TRIES))
        return not_compared(run, next);
    const cmg_status rc = cmg__what_if_read(run, answer, next, &ready, err);
    return ready ? read_changes(run, answer, next, err) : rc;
}

static const struct cmg__exchange exchanges[] = {
    { .name = "set",
      .call = CMG__CALL_SCALE_SET_USER_DATA,
      .also = { 404, 409 }, /* the latter from a provider that is not registered */
      .bind = { { "name", "label" } },
      .read = read_set },
    { .name = "what_if",
      .call = CMG__CALL_DEPLOYMENT_WHAT_IF,
      .also = { 400, 403, 404 },
      .build = build_what_if,
      .read = read_what_if },
    { .name = "poll",
      .call = CMG__CALL_POLL,
      .also = { 404 },
      .look = "what_if",
      .bind = { { "url", "poll" } },
      .read = read_what_if },
};

const struct cmg__step cmg__step_changes = {
    .name = "changes",
    .title = "what will change",
    .phase = CMG__PHASE_APPLY,
    .prefix = "changes",
    .param = { "deployment", "libcmg-what-if" },
    .needs = { "subscription", "changeable", "redeployable", "old_gateway" },
    .budget_ms = 15 * CMG__MINUTE_MS,
    .usual_ms = 20 * CMG__SECOND_MS,
    CMG__STEP_EXCHANGES(exchanges),
};
