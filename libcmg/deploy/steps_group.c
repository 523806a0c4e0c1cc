/*
 * The resource group: made with our tag, taken over only with our tag, deleted only when
 * nothing foreign is in it; and the soft-deleted vault that a deleted group leaves.
 */
#include <string.h>

#include "base/error.h"
#include "deploy/steps.h"

cmg_status cmg__group_check_owner(struct cmg__run *run, const struct cmg__json *group,
                                  cmg_error **err)
{
    const char *owner = cmg__json_str(group, "/tags/" CMG__TAG_DEPLOYMENT);

    if (cmg__tags_are_ours(run->work, group))
        return CMG_OK;
    return cmg__fail(err, run->work->alloc, CMG_E_EXISTS, "/gateway/resource_group",
                     "choose another resource group, or delete that one yourself",
                     "resource group \"%s\" exists and belongs to %s%s",
                     cmg__work_value(run->work, "group"),
                     owner == NULL ? "somebody else: it has no tag " CMG__TAG_DEPLOYMENT
                                   : "deployment ",
                     cmg__str_or(owner, ""));
}

static bool is_deleting(const struct cmg__json *group)
{
    const char *state = cmg__json_str(group, "/properties/provisioningState");

    return state != NULL && cmg__str_ieq(state, "Deleting");
}

/* ---- making it ---- */

static cmg_status inspect(struct cmg__run *run, const struct cmg__answer *answer,
                          struct cmg__next *next, cmg_error **err)
{
    if (answer->status == 404) {
        run->plan = CMG__PLAN_CREATE;
        cmg__run_say(run, "%s, %s", cmg__work_value(run->work, "group"),
                     cmg__work_value(run->work, "region"));
        return cmg__next_go(next, "put");
    }
    cmg_status rc = cmg__group_check_owner(run, answer->json, err);
    if (rc != CMG_OK)
        return rc;
    if (is_deleting(answer->json)) {
        cmg__run_say(run, "waiting until an earlier deletion has ended");
        return cmg__next_again(next, -1);
    }
    run->plan = CMG__PLAN_KEEP;
    cmg__run_say(run, "%s", cmg__work_value(run->work, "group"));
    return cmg__next_done(next);
}

static cmg_status build_put(struct cmg__run *run, struct cmg__ask *ask, cmg_error **err)
{
    ask->body =
        cmg__json_pack("{s:s, s:o}", "location", cmg__work_value(run->work, "region"),
                       "tags", cmg__tags_make(run->work));
    return ask->body == NULL ? cmg__fail_nomem(err) : CMG_OK;
}

static const struct cmg__exchange group_exchanges[] = {
    { .name = "inspect", .call = CMG__CALL_GROUP_GET, .also = { 404 }, .read = inspect },
    { .name = "put",
      .call = CMG__CALL_GROUP_PUT,
      .effect = true,
      .build = build_put,
      .read = cmg__read_then },
};

const struct cmg__step cmg__step_resource_group = {
    .name = "resource_group",
    .title = "resource group",
    .phase = CMG__PHASE_APPLY,
    .what = "resource group",
    .needs = { "subscription", "names", "check_rights", "check_quota", "check_locks" },
    .budget_ms = 10 * CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(group_exchanges),
};

/* ---- removing it ---- */

/* Nothing is left: there was nothing to begin with, or this run has done it. */
static cmg_status say_gone(struct cmg__run *run, struct cmg__next *next, const char *done)
{
    if (run->plan == CMG__PLAN_UNKNOWN)
        run->plan = CMG__PLAN_ABSENT;
    cmg__run_say(run, "%s", run->plan == CMG__PLAN_ABSENT ? "not there" : done);
    return cmg__next_done(next);
}

static cmg_status inspect_gone(struct cmg__run *run, const struct cmg__answer *answer,
                               struct cmg__next *next, cmg_error **err)
{
    if (answer->status == 404)
        return say_gone(run, next, "removed");
    cmg_status rc = cmg__group_check_owner(run, answer->json, err);
    if (rc != CMG_OK)
        return rc;
    run->plan = CMG__PLAN_REMOVE;
    cmg__run_say(run, "%s", cmg__work_value(run->work, "group"));
    return is_deleting(answer->json) ? cmg__next_again(next, -1)
                                     : cmg__next_go(next, "resources");
}

static cmg_status check_resources(struct cmg__run *run, const struct cmg__answer *answer,
                                  struct cmg__next *next, cmg_error **err)
{
    const struct cmg__json *list = cmg__json_at(answer->json, "/value");
    bool more = false;

    for (size_t i = 0; answer->status == 200 && i < cmg__json_size(list); i++) {
        const struct cmg__json *item = cmg__json_item(list, i);

        if (!cmg__tags_are_ours(run->work, item))
            return cmg__fail(err, run->work->alloc, CMG_E_CONFLICT,
                             "/gateway/resource_group",
                             "move that resource elsewhere, then delete again",
                             "resource group \"%s\" also holds %s \"%s\", which is not "
                             "part of the gateway",
                             cmg__work_value(run->work, "group"),
                             cmg__str_or(cmg__json_str(item, "/type"), "a resource"),
                             cmg__str_or(cmg__json_str(item, "/name"), "?"));
    }
    const cmg_status rc =
        answer->status == 200 ? cmg__page_follow(run, answer, next, &more, err) : CMG_OK;
    return rc != CMG_OK || more ? rc : cmg__next_go(next, "delete");
}

static const struct cmg__exchange gone_exchanges[] = {
    { .name = "inspect",
      .call = CMG__CALL_GROUP_GET,
      .also = { 404 },
      .read = inspect_gone },
    { .name = "resources",
      .call = CMG__CALL_GROUP_RESOURCES,
      .also = { 404 },
      .then = "page",
      .read = check_resources },
    { .name = "page",
      .call = CMG__CALL_POLL,
      .then = "page",
      .bind = { { "url", "page" } },
      .read = check_resources },
    { .name = "delete",
      .call = CMG__CALL_GROUP_DELETE,
      .effect = true,
      .then = "inspect",
      .read = cmg__lro_start },
    CMG__POLL_EXCHANGE,
};

const struct cmg__step cmg__step_group_gone = {
    .name = "group_gone",
    .title = "resource group",
    .phase = CMG__PHASE_APPLY,
    .what = "resource group with everything in it",
    .needs = { "subscription" },
    .budget_ms = 60 * CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(gone_exchanges),
};

/* ---- the vault's remains ---- */

static cmg_status inspect_vault(struct cmg__run *run, const struct cmg__answer *answer,
                                struct cmg__next *next, cmg_error **err)
{
    (void)err;
    if (answer->status == 404 || !cmg__deleted_vault_is_ours(run->work, answer->json))
        return say_gone(run, next, "purged");
    if (run->bits != 0)
        return cmg__next_again(next, -1);
    run->plan = CMG__PLAN_REMOVE;
    return cmg__next_go(next, "purge");
}

static cmg_status read_purge(struct cmg__run *run, const struct cmg__answer *answer,
                             struct cmg__next *next, cmg_error **err)
{
    run->bits = 1;
    return cmg__lro_start(run, answer, next, err);
}

static const struct cmg__exchange vault_exchanges[] = {
    { .name = "inspect",
      .call = CMG__CALL_VAULT_DELETED,
      .also = { 404 },
      .read = inspect_vault },
    { .name = "purge",
      .call = CMG__CALL_VAULT_PURGE,
      .effect = true,
      .then = "inspect",
      .read = read_purge },
    CMG__POLL_EXCHANGE,
};

const struct cmg__step cmg__step_vault_gone = {
    .name = "vault_gone",
    .title = "deleted key vault",
    .phase = CMG__PHASE_APPLY,
    .what = "deleted key vault, for good",
    .needs = { "group_gone" },
    .budget_ms = 10 * CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(vault_exchanges),
};
