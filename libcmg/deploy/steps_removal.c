/*
 * Taking a gateway's resources away. The group goes as a whole, unless something of
 * somebody else is in it: then ours go one by one, in an order in which none is in use,
 * and the group stays with the rest, which stands on the gateway as its inventory. The
 * same course removes what is ours in other groups, and the parts that are made anew.
 * Locks are looked at before anything goes.
 */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "deploy/retry.h"
#include "deploy/steps.h"
#include "model/inventory.h"

/* Nothing is left: there was nothing to begin with, or this run has done it. */
static cmg_status say_gone(struct cmg__run *run, struct cmg__next *next, const char *done)
{
    if (run->plan == CMG__PLAN_UNKNOWN)
        run->plan = CMG__PLAN_ABSENT;
    cmg__run_say(run, "%s", run->plan == CMG__PLAN_ABSENT ? "not there" : done);
    return cmg__next_done(next);
}

/* ---- locks ---- */

static cmg_status begin_removable(struct cmg__run *run, const struct cmg__answer *answer,
                                  struct cmg__next *next, cmg_error **err)
{
    (void)answer;
    (void)err;
    cmg__inventory_clear(run->work->gateway);
    return cmg__next_go(next, "locks");
}

/* Either level keeps things from being removed, in the middle of it for all we know. */
static cmg_status read_locks(struct cmg__run *run, const struct cmg__answer *answer,
                             struct cmg__next *next, cmg_error **err)
{
    const struct cmg__json *list = cmg__json_at(answer->json, "/value");
    const struct cmg__json *lock = cmg__json_item(list, 0);

    if (answer->status != 200 || lock == NULL) {
        cmg__run_say(run, "%s", answer->status == 403 ? "not allowed to look" : "none");
        return cmg__next_done(next);
    }
    return cmg__fail(err, run->work->alloc, CMG_E_DENIED,
                     cmg__str_or(cmg__json_str(lock, "/name"), "lock"),
                     "remove the lock, then start again: nothing has been removed yet",
                     "%zu locks keep what is in resource group \"%s\", the first is "
                     "\"%s\" (%s)",
                     cmg__json_size(list), cmg__work_value(run->work, "group"),
                     cmg__str_or(cmg__json_str(lock, "/name"), "?"),
                     cmg__str_or(cmg__json_str(lock, "/properties/level"), "?"));
}

/* Who may not read locks learns of them when he is stopped. */
static const struct cmg__exchange removable_exchanges[] = {
    { .name = "begin", .call = CMG__CALL_LOCAL, .read = begin_removable },
    { .name = "locks",
      .call = CMG__CALL_GROUP_LOCKS,
      .also = { 404, 403 },
      .read = read_locks },
};

const struct cmg__step cmg__step_removable = {
    .name = "removable",
    .title = "locks",
    .phase = CMG__PHASE_APPLY,
    .needs = { "subscription" },
    .budget_ms = 5 * CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(removable_exchanges),
};

/* ---- one resource after the other ---- */

/* In the order in which they can go: each is used by none after it. */
static const struct part {
    const char *type;
    const char *api_version;
    bool anew; /* a gateway made anew gets a new one; the others hold its name and data */
} parts[] = {
    { "Microsoft.Insights/metricAlerts", "2018-03-01", false },
    { "Microsoft.Insights/actionGroups", "2023-01-01", false },
    { "Microsoft.Compute/virtualMachineScaleSets", "2024-03-01", true },
    { "Microsoft.Network/loadBalancers", "2024-01-01", true },
    { "Microsoft.Network/virtualNetworks", "2024-01-01", true },
    { "Microsoft.Network/natGateways", "2024-01-01", true },
    { "Microsoft.Network/networkSecurityGroups", "2024-01-01", true },
    { "Microsoft.Network/publicIPAddresses", "2024-01-01", false },
    { "Microsoft.ManagedIdentity/userAssignedIdentities", "2023-01-31", false },
    { "Microsoft.Storage/storageAccounts", "2023-05-01", false },
    { "Microsoft.KeyVault/vaults", "2023-07-01", false },
};

static size_t rank_of(const struct cmg__json *item)
{
    const char *type = cmg__str_or(cmg__json_str(item, "/type"), "");
    size_t rank = 0;

    while (rank < CMG__ARRAY_LEN(parts) && !cmg__str_ieq(parts[rank].type, type))
        rank++;
    return rank;
}

/* The ID comes from an answer: each of its segments is encoded, so that it cannot lead
   elsewhere. */
static cmg_status add_id(struct cmg__buf *url, const char *id)
{
    cmg_status rc = *id == '/' ? CMG_OK : CMG_E_PARSE;

    while (rc == CMG_OK && *id == '/') {
        const size_t n = strcspn(id + 1, "/");

        rc = n == 0 || id[1] == '.' ? CMG_E_PARSE : cmg__buf_add_char(url, '/');
        if (rc == CMG_OK)
            rc = cmg__url_encode(url, id + 1, n);
        id += n + 1;
    }
    return rc == CMG_OK && *id != '\0' ? CMG_E_PARSE : rc;
}

/* Keeps the URL that removes the resource. */
static cmg_status keep_url(struct cmg__run *run, const struct cmg__json *item,
                           const struct part *part, cmg_error **err)
{
    const char *id = cmg__str_or(cmg__json_str(item, "/id"), "");
    struct cmg__buf url;

    cmg__buf_init(&url, run->work->alloc, 4096);
    cmg_status rc = cmg__buf_add_str(
        &url, cmg__endpoint_get(run->work->ctx, CMG_ENDPOINT_RESOURCE_MANAGER));
    if (rc == CMG_OK)
        rc = add_id(&url, id);
    if (rc == CMG_OK)
        rc = cmg__buf_addf(&url, "?api-version=%s", part->api_version);
    if (rc == CMG_E_PARSE)
        rc = cmg__answer_lacks(run, "/value/id", err);
    else if (rc != CMG_OK)
        rc = cmg__fail_nomem(err);
    else if (cmg__run_fact_set(run, ".next_url", cmg__buf_cstr(&url)) != CMG_OK)
        rc = cmg__fail_nomem(err);
    cmg__buf_done(&url);
    return rc;
}

/* The plan lists what was there when it was made. */
static cmg_status note_plan(struct cmg__run *run, const char *type, const char *name,
                            cmg_error **err)
{
    if (run->plan != CMG__PLAN_UNKNOWN ||
        cmg__plan_note(run->work, run->step->name, "%s \"%s\"", type, name) == CMG_OK)
        return CMG_OK;
    return cmg__fail_nomem(err);
}

/* Is it the one to go first? run->number is the rank of that so far, counted from 1; 0:
   there is none. */
static cmg_status consider(struct cmg__run *run, const struct cmg__json *item,
                           cmg_error **err)
{
    const size_t rank = rank_of(item);
    const int64_t place = (int64_t)rank + 1;

    if (rank == CMG__ARRAY_LEN(parts))
        return cmg__inventory_note(run, CMG_INVENTORY_ORPHAN, item, err);
    const cmg_status rc = note_plan(run, parts[rank].type,
                                    cmg__str_or(cmg__json_str(item, "/name"), "?"), err);
    if (rc != CMG_OK || (run->number != 0 && run->number <= place))
        return rc;
    run->number = place;
    return keep_url(run, item, &parts[rank], err);
}

/* What comes up again and again cannot be removed; but a list may be late. */
#define MOST_TRIES 20

static cmg_status go_remove(struct cmg__run *run, struct cmg__next *next, cmg_error **err)
{
    const char *url = cmg__run_fact(run, ".next_url");
    const bool same = strcmp(cmg__run_fact(run, ".part_url"), url) == 0;

    run->plan = CMG__PLAN_REMOVE;
    run->bits = same ? run->bits + 1 : 0;
    if (run->bits > MOST_TRIES)
        return cmg__fail(err, run->work->alloc, CMG_E_CONFLICT,
                         parts[run->number - 1].type,
                         "look at the activity log of its group for what uses it, remove "
                         "that, then start again",
                         "%s: a resource is still there after %d attempts to remove it",
                         run->step->title, MOST_TRIES);
    if (cmg__run_fact_set(run, ".part_url", url) != CMG_OK)
        return cmg__fail_nomem(err);
    return cmg__next_go(next, "remove");
}

static cmg_status read_remove(struct cmg__run *run, const struct cmg__answer *answer,
                              struct cmg__next *next, cmg_error **err)
{
    if (answer->status == 409 &&
        strcmp(cmg_error_service_code(answer->error), "ScopeLocked") == 0)
        return cmg__answer_fail(run, answer, err);
    if (answer->status == 409) {
        cmg__run_say(run, "waiting: another operation is under way");
        return cmg__next_again(next, -1);
    }
    const cmg_status rc = cmg__lro_start(run, answer, next, err);
    /* A list that shows what is gone already is not asked without a pause. */
    if (run->bits > 0)
        next->after_ms = cmg__poll_delay_ms((unsigned)run->bits, -1);
    return rc;
}

#define REMOVE_EXCHANGE                                                                  \
    {                                                                                    \
        .name = "remove", .call = CMG__CALL_RESOURCE_DELETE, .effect = true,             \
        .also = { 409 }, .then = "inspect", .bind = { { "url", ".part_url" } },          \
        .read = read_remove,                                                             \
    }

/* ---- the group ---- */

#define ADOPTED "adopted" /* what the step notes of a group that is never removed */

static bool is_deleting(const struct cmg__json *group)
{
    const char *state = cmg__json_str(group, "/properties/provisioningState");

    return state != NULL && cmg__str_ieq(state, "Deleting");
}

static bool is_of_group(const struct cmg__inventory_row *row, const void *user)
{
    return row->kind == CMG_INVENTORY_FOREIGN || row->kind == CMG_INVENTORY_CLASSIC ||
           cmg__id_is_in_group(user, row->id);
}

/* They are listed again. */
static void forget_group(struct cmg__run *run)
{
    cmg__inventory_forget(run->work->gateway, is_of_group, run->work);
}

static cmg_status inspect_group(struct cmg__run *run, const struct cmg__answer *answer,
                                struct cmg__next *next, cmg_error **err)
{
    if (answer->status == 404)
        return say_gone(run, next, "removed");
    cmg_status rc = cmg__group_check_owner(run, answer->json, err);
    if (rc != CMG_OK)
        return rc;
    cmg__run_say(run, "with resource group \"%s\"", cmg__work_value(run->work, "group"));
    run->number = 0;
    (void)snprintf(run->scratch, sizeof run->scratch, "%s",
                   cmg__tags_are_ours(run->work, answer->json) ? "" : ADOPTED);
    forget_group(run);
    if (!is_deleting(answer->json))
        return cmg__next_go(next, "resources");
    run->plan = CMG__PLAN_REMOVE;
    return cmg__next_again(next, -1);
}

static size_t count_others(const struct cmg__run *run)
{
    const cmg_gateway *gateway = run->work->gateway;
    size_t n = 0;

    for (size_t i = 0; i < gateway->inventory_count; i++)
        n += gateway->inventory[i].kind == CMG_INVENTORY_FOREIGN ||
             gateway->inventory[i].kind == CMG_INVENTORY_CLASSIC;
    return n;
}

static cmg_status note_orphans(struct cmg__run *run, cmg_error **err)
{
    const cmg_gateway *gateway = run->work->gateway;
    cmg_status rc = CMG_OK;

    for (size_t i = 0; rc == CMG_OK && i < gateway->inventory_count; i++) {
        const struct cmg__inventory_row *row = &gateway->inventory[i];
        if (row->kind == CMG_INVENTORY_ORPHAN && is_of_group(row, run->work))
            rc = note_plan(run, row->type, row->name, err);
    }
    return rc;
}

/* The whole group when all of it is ours; else ours one by one, and then no more. */
static cmg_status group_next(struct cmg__run *run, struct cmg__next *next,
                             cmg_error **err)
{
    const size_t others = count_others(run);

    if (others == 0 && strcmp(run->scratch, ADOPTED) != 0) {
        const cmg_status rc = note_orphans(run, err);
        run->plan = CMG__PLAN_REMOVE;
        forget_group(run);
        return rc == CMG_OK ? cmg__next_go(next, "delete") : rc;
    }
    run->plan = CMG__PLAN_REMOVE;
    cmg__run_say(run, "resource group \"%s\" stays with %zu resources of others",
                 cmg__work_value(run->work, "group"), others);
    return run->number == 0 ? cmg__next_done(next) : go_remove(run, next, err);
}

static cmg_status sort_of_group(struct cmg__run *run, const struct cmg__json *item,
                                cmg_error **err)
{
    const char *type = cmg__str_or(cmg__json_str(item, "/type"), "");

    return cmg__tags_are_ours(run->work, item)
               ? consider(run, item, err)
               : cmg__inventory_note(run, cmg__inventory_kind_of_other(type), item, err);
}

static cmg_status read_group_resources(struct cmg__run *run,
                                       const struct cmg__answer *answer,
                                       struct cmg__next *next, cmg_error **err)
{
    const struct cmg__json *list = cmg__json_at(answer->json, "/value");
    bool more = false;
    cmg_status rc = CMG_OK;

    for (size_t i = 0; rc == CMG_OK && answer->status == 200 && i < cmg__json_size(list);
         i++)
        rc = sort_of_group(run, cmg__json_item(list, i), err);
    if (rc == CMG_OK && answer->status == 200)
        rc = cmg__page_follow(run, answer, next, &more, err);
    return rc != CMG_OK || more ? rc : group_next(run, next, err);
}

static const struct cmg__exchange group_exchanges[] = {
    { .name = "inspect",
      .call = CMG__CALL_GROUP_GET,
      .also = { 404 },
      .read = inspect_group },
    { .name = "resources",
      .call = CMG__CALL_GROUP_RESOURCES,
      .also = { 404 },
      .then = "page",
      .read = read_group_resources },
    CMG__PAGE_EXCHANGE(read_group_resources),
    { .name = "delete",
      .call = CMG__CALL_GROUP_DELETE,
      .effect = true,
      .then = "inspect",
      .read = cmg__lro_start },
    REMOVE_EXCHANGE,
    CMG__POLL_EXCHANGE,
};

const struct cmg__step cmg__step_group_gone = {
    .name = "group_gone",
    .title = "resource group",
    .phase = CMG__PHASE_APPLY,
    .what = "resources of the gateway",
    .prefix = "group",
    .needs = { "subscription", "removable" },
    .budget_ms = 60 * CMG__MINUTE_MS,
    .usual_ms = 8 * CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(group_exchanges),
};

/* ---- what is ours in other groups ---- */

static cmg_status begin_strays(struct cmg__run *run, const struct cmg__answer *answer,
                               struct cmg__next *next, cmg_error **err)
{
    (void)answer;
    (void)err;
    run->number = 0;
    return cmg__next_go(next, "tagged");
}

static cmg_status read_strays(struct cmg__run *run, const struct cmg__answer *answer,
                              struct cmg__next *next, cmg_error **err)
{
    const struct cmg__json *list = cmg__json_at(answer->json, "/value");
    bool more = false;
    cmg_status rc = CMG_OK;

    for (size_t i = 0; rc == CMG_OK && i < cmg__json_size(list); i++) {
        const struct cmg__json *item = cmg__json_item(list, i);
        const char *id = cmg__str_or(cmg__json_str(item, "/id"), "");

        if (!cmg__id_is_in_group(run->work, id))
            rc = consider(run, item, err);
    }
    if (rc == CMG_OK)
        rc = cmg__page_follow(run, answer, next, &more, err);
    if (rc != CMG_OK || more)
        return rc;
    return run->number == 0 ? say_gone(run, next, "removed") : go_remove(run, next, err);
}

static const struct cmg__exchange strays_exchanges[] = {
    { .name = "inspect", .call = CMG__CALL_LOCAL, .read = begin_strays },
    { .name = "tagged",
      .call = CMG__CALL_TAGGED_RESOURCES,
      .then = "page",
      .read = read_strays },
    CMG__PAGE_EXCHANGE(read_strays),
    REMOVE_EXCHANGE,
    CMG__POLL_EXCHANGE,
};

const struct cmg__step cmg__step_strays_gone = {
    .name = "strays_gone",
    .title = "resources in other groups",
    .phase = CMG__PHASE_APPLY,
    .what = "resources of the gateway in other groups",
    .prefix = "stray",
    .needs = { "subscription", "removable" },
    .budget_ms = 60 * CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(strays_exchanges),
};

/* ---- what is made anew ---- */

static cmg_status begin_parts(struct cmg__run *run, const struct cmg__answer *answer,
                              struct cmg__next *next, cmg_error **err)
{
    (void)answer;
    (void)err;
    run->number = 0;
    if (strcmp(cmg__fact(run->work, CMG__REDEPLOY), CMG__REDEPLOY_MAKING) != 0)
        return cmg__next_go(next, "resources");
    run->plan = CMG__PLAN_KEEP;
    cmg__run_say(run, "removed already");
    return cmg__next_done(next);
}

static cmg_status consider_part(struct cmg__run *run, const struct cmg__json *item,
                                cmg_error **err)
{
    const size_t rank = rank_of(item);

    if (!cmg__tags_are_ours(run->work, item) || rank == CMG__ARRAY_LEN(parts) ||
        !parts[rank].anew)
        return CMG_OK;
    return consider(run, item, err);
}

static cmg_status parts_next(struct cmg__run *run, struct cmg__next *next,
                             cmg_error **err)
{
    const bool begun = cmg__fact(run->work, CMG__REDEPLOY)[0] != '\0';

    if (run->number == 0)
        return say_gone(run, next, "removed");
    const cmg_status rc = go_remove(run, next, err);
    cmg__run_say(run, "the gateway is closed until they are made anew");
    return rc == CMG_OK && !begun ? cmg__next_go(next, "mark") : rc;
}

static cmg_status read_parts(struct cmg__run *run, const struct cmg__answer *answer,
                             struct cmg__next *next, cmg_error **err)
{
    const struct cmg__json *list = cmg__json_at(answer->json, "/value");
    bool more = false;
    cmg_status rc = CMG_OK;

    for (size_t i = 0; rc == CMG_OK && i < cmg__json_size(list); i++)
        rc = consider_part(run, cmg__json_item(list, i), err);
    if (rc == CMG_OK && answer->status == 200)
        rc = cmg__page_follow(run, answer, next, &more, err);
    return rc != CMG_OK || more ? rc : parts_next(run, next, err);
}

/* Durable before the first of them goes: from now on the gateway may be absent. */
static cmg_status mark(struct cmg__run *run, const struct cmg__answer *answer,
                       struct cmg__next *next, cmg_error **err)
{
    (void)answer;
    if (cmg__fact_set(run->work, CMG__REDEPLOY, CMG__REDEPLOY_REMOVING) != CMG_OK)
        return cmg__fail_nomem(err);
    return cmg__next_go(next, "remove");
}

static const struct cmg__exchange parts_exchanges[] = {
    { .name = "inspect", .call = CMG__CALL_LOCAL, .read = begin_parts },
    { .name = "resources",
      .call = CMG__CALL_GROUP_RESOURCES,
      .also = { 404 },
      .then = "page",
      .read = read_parts },
    CMG__PAGE_EXCHANGE(read_parts),
    { .name = "mark", .call = CMG__CALL_LOCAL, .effect = true, .read = mark },
    REMOVE_EXCHANGE,
    CMG__POLL_EXCHANGE,
};

/* Only when all that is known to be needed afterwards is there. */
const struct cmg__step cmg__step_parts_gone = {
    .name = "parts_gone",
    .title = "instances and network",
    .phase = CMG__PHASE_APPLY,
    .what = "instances, load balancer and network",
    .prefix = "part",
    .needs = { "redeployable", "removable", "template", "check_rights", "check_quota",
               "server_consent", "client_consent" },
    .budget_ms = 60 * CMG__MINUTE_MS,
    .usual_ms = 6 * CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(parts_exchanges),
};

/* ---- the vault's remains ---- */

static cmg_status keep_vault(struct cmg__run *run, const struct cmg__json *vault,
                             struct cmg__next *next, cmg_error **err)
{
    const char *until = cmg__json_str(vault, "/properties/scheduledPurgeDate");

    run->plan = CMG__PLAN_ABSENT;
    cmg__run_say(run, "protected against purging, it keeps the name until %s",
                 cmg__str_or(until, "its time is up"));
    const cmg_status rc = cmg__inventory_note(run, CMG_INVENTORY_DELETED, vault, err);
    return rc == CMG_OK ? cmg__next_done(next) : rc;
}

static cmg_status inspect_vault(struct cmg__run *run, const struct cmg__answer *answer,
                                struct cmg__next *next, cmg_error **err)
{
    if (answer->status == 404 || !cmg__deleted_vault_is_ours(run->work, answer->json))
        return say_gone(run, next, "purged");
    if (cmg__json_bool(answer->json, "/properties/purgeProtectionEnabled", false))
        return keep_vault(run, answer->json, next, err);
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
    .usual_ms = 30 * CMG__SECOND_MS,
    CMG__STEP_EXCHANGES(vault_exchanges),
};
