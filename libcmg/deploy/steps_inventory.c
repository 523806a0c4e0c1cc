/*
 * The inventory: the group's resources, those elsewhere that carry our tag, a deleted
 * vault that keeps the name, and what the template makes and is not among them. Reads
 * only.
 */
#include "base/error.h"
#include "deploy/steps.h"
#include "model/inventory.h"

static cmg_status begin(struct cmg__run *run, const struct cmg__answer *answer,
                        struct cmg__next *next, cmg_error **err)
{
    (void)answer;
    (void)err;
    cmg__inventory_clear(run->work->gateway);
    return cmg__next_go(next, "resources");
}

struct expected {
    const char *type;
    bool found;
};

static cmg_status compare_type(const char *type, void *user)
{
    struct expected *expected = user;

    expected->found = expected->found || cmg__str_ieq(type, expected->type);
    return CMG_OK;
}

static cmg_status is_expected(struct cmg__run *run, const char *type, bool *out,
                              cmg_error **err)
{
    struct expected expected = { .type = type };
    const cmg_status rc =
        cmg__template_types(run->work->alloc, compare_type, &expected, err);

    *out = expected.found;
    return rc;
}

cmg_status cmg__inventory_note(struct cmg__run *run, cmg_inventory_kind kind,
                               const struct cmg__json *item, cmg_error **err)
{
    const char *type = cmg__str_or(cmg__json_str(item, "/type"), "?");
    const char *name = cmg__str_or(cmg__json_str(item, "/name"), "?");
    const char *id = cmg__str_or(cmg__json_str(item, "/id"), "");

    return cmg__inventory_add(run->work->gateway, kind, type, name, id) == CMG_OK
               ? CMG_OK
               : cmg__fail_nomem(err);
}

static cmg_status add_of_group(struct cmg__run *run, const struct cmg__json *item,
                               cmg_error **err)
{
    const char *type = cmg__str_or(cmg__json_str(item, "/type"), "?");
    bool expected = false;

    if (!cmg__tags_are_ours(run->work, item))
        return cmg__inventory_note(run, cmg__inventory_kind_of_other(type), item, err);
    const cmg_status rc = is_expected(run, type, &expected, err);
    if (rc != CMG_OK)
        return rc;
    return cmg__inventory_note(
        run, expected ? CMG_INVENTORY_PRESENT : CMG_INVENTORY_ORPHAN, item, err);
}

/* Resources of the group, page by page. */
static cmg_status read_resources(struct cmg__run *run, const struct cmg__answer *answer,
                                 struct cmg__next *next, cmg_error **err)
{
    const struct cmg__json *list = cmg__json_at(answer->json, "/value");
    bool more = false;
    cmg_status rc = CMG_OK;

    for (size_t i = 0; rc == CMG_OK && i < cmg__json_size(list); i++)
        rc = add_of_group(run, cmg__json_item(list, i), err);
    if (rc == CMG_OK && answer->status != 404)
        rc = cmg__page_follow(run, answer, next, &more, err);
    return rc != CMG_OK || more ? rc : cmg__next_go(next, "tagged");
}

/* What has our tag anywhere else in the subscription. */
static cmg_status read_tagged(struct cmg__run *run, const struct cmg__answer *answer,
                              struct cmg__next *next, cmg_error **err)
{
    const struct cmg__json *list = cmg__json_at(answer->json, "/value");
    bool more = false;
    cmg_status rc = CMG_OK;

    for (size_t i = 0; rc == CMG_OK && i < cmg__json_size(list); i++) {
        const struct cmg__json *item = cmg__json_item(list, i);
        if (!cmg__id_is_in_group(run->work, cmg__str_or(cmg__json_str(item, "/id"), "")))
            rc = cmg__inventory_note(run, CMG_INVENTORY_ORPHAN, item, err);
    }
    if (rc == CMG_OK)
        rc = cmg__page_follow(run, answer, next, &more, err);
    return rc != CMG_OK || more ? rc : cmg__next_go(next, "vault");
}

static cmg_status add_missing(const char *type, void *user)
{
    cmg_gateway *gateway = user;

    if (cmg__inventory_has(gateway, type))
        return CMG_OK;
    return cmg__inventory_add(gateway, CMG_INVENTORY_MISSING, type, gateway->name, "");
}

static void say_counts(struct cmg__run *run)
{
    const cmg_gateway *gateway = run->work->gateway;
    unsigned counts[CMG_INVENTORY_CLASSIC + 1] = { 0 };

    for (size_t i = 0; i < gateway->inventory_count; i++)
        counts[gateway->inventory[i].kind]++;
    cmg__run_say(run,
                 "%u present, %u missing, %u orphans, %u foreign, %u classic, %u deleted",
                 counts[CMG_INVENTORY_PRESENT], counts[CMG_INVENTORY_MISSING],
                 counts[CMG_INVENTORY_ORPHAN], counts[CMG_INVENTORY_FOREIGN],
                 counts[CMG_INVENTORY_CLASSIC], counts[CMG_INVENTORY_DELETED]);
}

static cmg_status read_vault(struct cmg__run *run, const struct cmg__answer *answer,
                             struct cmg__next *next, cmg_error **err)
{
    cmg_gateway *gateway = run->work->gateway;
    cmg_status rc = CMG_OK;

    if (answer->status != 404 && cmg__deleted_vault_is_ours(run->work, answer->json))
        rc = cmg__inventory_note(run, CMG_INVENTORY_DELETED, answer->json, err);
    if (rc == CMG_OK)
        rc = cmg__template_types(run->work->alloc, add_missing, gateway, err);
    say_counts(run);
    return rc == CMG_OK ? cmg__next_done(next) : rc;
}

static const struct cmg__exchange exchanges[] = {
    { .name = "begin", .call = CMG__CALL_LOCAL, .read = begin },
    { .name = "resources",
      .call = CMG__CALL_GROUP_RESOURCES,
      .also = { 404 },
      .then = "page",
      .read = read_resources },
    CMG__PAGE_EXCHANGE(read_resources),
    { .name = "tagged",
      .call = CMG__CALL_TAGGED_RESOURCES,
      .then = "tagged_page",
      .read = read_tagged },
    { .name = "tagged_page",
      .call = CMG__CALL_POLL,
      .then = "tagged_page",
      .bind = { { "url", "page" } },
      .read = read_tagged },
    { .name = "vault",
      .call = CMG__CALL_VAULT_DELETED,
      .also = { 404 },
      .read = read_vault },
};

const struct cmg__step cmg__step_inventory = {
    .name = "inventory",
    .title = "inventory",
    .phase = CMG__PHASE_APPLY,
    .needs = { "subscription" },
    .budget_ms = 10 * CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(exchanges),
};
