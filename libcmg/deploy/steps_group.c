/*
 * The resource group: made with our tag, taken over only with our tag. One that is
 * adopted stays as it is, without a tag: only what is put into it is ours.
 */
#include <stdio.h>

#include "base/error.h"
#include "deploy/steps.h"
#include "model/inventory.h"
#include "model/pattern.h"

static cmg_status fail_owner(struct cmg__run *run, const char *owner, cmg_error **err)
{
    return cmg__fail(err, run->work->alloc, CMG_E_EXISTS, "/gateway/resource_group",
                     "choose another resource group, or delete that one yourself",
                     "resource group \"%s\" exists and belongs to %s%s",
                     cmg__work_value(run->work, "group"),
                     owner[0] == '\0'
                         ? "somebody else: it has no tag " CMG__TAG_DEPLOYMENT
                         : "deployment ",
                     owner);
}

static const char *owner_of(const struct cmg__json *group)
{
    return cmg__str_or(cmg__json_str(group, "/tags/" CMG__TAG_DEPLOYMENT), "");
}

bool cmg__group_is_adopted(const struct cmg__run *run, const struct cmg__json *group)
{
    return run->work->gateway->settings.adopt_group && owner_of(group)[0] == '\0';
}

cmg_status cmg__group_check_owner(struct cmg__run *run, const struct cmg__json *group,
                                  cmg_error **err)
{
    if (cmg__tags_are_ours(run->work, group) || cmg__group_is_adopted(run, group))
        return CMG_OK;
    return fail_owner(run, owner_of(group), err);
}

static bool is_deleting(const struct cmg__json *group)
{
    const char *state = cmg__json_str(group, "/properties/provisioningState");

    return state != NULL && cmg__str_ieq(state, "Deleting");
}

/* Its machines would be elsewhere than the group says, which the vendor's own rule does
   not have. */
static cmg_status check_region(struct cmg__run *run, const struct cmg__json *group,
                               cmg_error **err)
{
    const char *text = cmg__str_or(cmg__json_str(group, "/location"), "");
    const char *region = cmg__work_value(run->work, "region");
    char name[64];

    cmg__pattern_squeeze(text, name, sizeof name);
    if (cmg__str_ieq(name, region))
        return CMG_OK;
    return cmg__fail(err, run->work->alloc, CMG_E_INVAL, "/gateway/resource_group",
                     "name a group of that region, or one that is not there yet",
                     "resource group \"%s\" is in %s, and the gateway is to be in %s",
                     cmg__work_value(run->work, "group"), text, region);
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
    if (!cmg__tags_are_ours(run->work, answer->json)) {
        (void)snprintf(run->scratch, sizeof run->scratch, "%s", owner_of(answer->json));
        cmg_status rc = cmg__group_is_adopted(run, answer->json)
                            ? check_region(run, answer->json, err)
                            : CMG_OK;
        return rc == CMG_OK ? cmg__next_go(next, "others") : rc;
    }
    if (is_deleting(answer->json)) {
        cmg__run_say(run, "waiting until an earlier deletion has ended");
        return cmg__next_again(next, -1);
    }
    run->plan = CMG__PLAN_KEEP;
    cmg__run_say(run, "%s", cmg__work_value(run->work, "group"));
    return cmg__next_done(next);
}

/* Whose it is instead: a classic deployment of a gateway is told from other things. */
static cmg_status read_others(struct cmg__run *run, const struct cmg__answer *answer,
                              struct cmg__next *next, cmg_error **err)
{
    const struct cmg__json *list = cmg__json_at(answer->json, "/value");

    for (size_t i = 0; i < cmg__json_size(list); i++) {
        const struct cmg__json *item = cmg__json_item(list, i);
        const char *type = cmg__str_or(cmg__json_str(item, "/type"), "");

        if (cmg__inventory_kind_of_other(type) != CMG_INVENTORY_CLASSIC)
            continue;
        return cmg__fail(err, run->work->alloc, CMG_E_UNSUPPORTED,
                         "/gateway/resource_group",
                         "choose another resource group and name for a new gateway; when "
                         "clients use it, delete the classic one where it was made",
                         "resource group \"%s\" holds a classic deployment (%s \"%s\"), "
                         "which is neither taken over nor made any more",
                         cmg__work_value(run->work, "group"), type,
                         cmg__str_or(cmg__json_str(item, "/name"), "?"));
    }
    if (!run->work->gateway->settings.adopt_group || run->scratch[0] != '\0')
        return fail_owner(run, run->scratch, err);
    run->plan = CMG__PLAN_ADOPT;
    cmg__run_say(run, "%s, as it is", cmg__work_value(run->work, "group"));
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
    { .name = "others",
      .call = CMG__CALL_GROUP_RESOURCES,
      .also = { 403, 404 },
      .read = read_others },
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
    .needs = { "subscription" },
    .budget_ms = 10 * CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(group_exchanges),
};
