/*
 * What belongs to this deployment: groups, resources and applications by their tag, a
 * soft-deleted vault, which may have lost its tags, by the place where it stood.
 */
#include <string.h>

#include "base/error.h"
#include "deploy/steps.h"

bool cmg__tags_are_ours(const struct cmg__work *work, const struct cmg__json *resource)
{
    const char *id = cmg__json_str(resource, "/tags/" CMG__TAG_DEPLOYMENT);

    return id != NULL && cmg__str_ieq(id, work->deployment_id);
}

struct cmg__json *cmg__tags_make(const struct cmg__work *work)
{
    return cmg__gateway_tags(work->gateway, work->deployment_id);
}

struct cmg__json *cmg__tags_mark(const struct cmg__work *work)
{
    return cmg__json_pack("{s:s, s:s}", CMG__TAG_DEPLOYMENT, work->deployment_id,
                          CMG__TAG_NAME, work->gateway->name);
}

bool cmg__array_has(const struct cmg__json *array, const char *text)
{
    for (size_t i = 0; i < cmg__json_size(array); i++) {
        const char *item = cmg__json_str(cmg__json_item(array, i), "");
        if (item != NULL && strcmp(item, text) == 0)
            return true;
    }
    return false;
}

bool cmg__app_is_ours(const struct cmg__work *work, const struct cmg__json *app)
{
    return cmg__array_has(cmg__json_at(app, "/tags"), cmg__work_value(work, "app_tag"));
}

bool cmg__app_is_adopted(const struct cmg__run *run)
{
    return !cmg__str_is_empty(cmg__run_value(run, ".wanted_id")) ||
           cmg__run_fact(run, ".adopted")[0] != '\0';
}

cmg_status cmg__app_keep_ids(struct cmg__run *run, const struct cmg__json *app,
                             cmg_error **err)
{
    const char *object_id = cmg__json_str(app, "/id");
    const char *app_id = cmg__json_str(app, "/appId");

    if (object_id == NULL || app_id == NULL)
        return cmg__answer_lacks(run, "/appId", err);
    if (cmg__run_fact_set(run, ".object_id", object_id) != CMG_OK ||
        cmg__run_fact_set(run, ".app_id", app_id) != CMG_OK)
        return cmg__fail_nomem(err);
    return CMG_OK;
}

cmg_status cmg__app_forget_ids(struct cmg__run *run)
{
    static const char *const keys[] = { ".object_id", ".app_id", ".sp_id", ".adopted" };
    cmg_status rc = CMG_OK;

    for (size_t i = 0; rc == CMG_OK && i < CMG__ARRAY_LEN(keys); i++)
        rc = cmg__run_fact_set(run, keys[i], NULL);
    return rc;
}

static bool is_wanted(const struct cmg__run *run, const struct cmg__json *app)
{
    const char *wanted = cmg__str_or(cmg__run_value(run, ".wanted_id"), "");
    const char *app_id = cmg__str_or(cmg__json_str(app, "/appId"), "");

    return wanted[0] != '\0' ? cmg__str_ieq(app_id, wanted)
                             : cmg__app_is_ours(run->work, app);
}

/* Times of one form compare as texts. */
const struct cmg__json *cmg__deleted_app(const struct cmg__run *run,
                                         const struct cmg__json *list)
{
    const struct cmg__json *latest = NULL;
    const char *when = "";

    for (size_t i = 0; i < cmg__json_size(list); i++) {
        const struct cmg__json *app = cmg__json_item(list, i);
        const char *deleted = cmg__str_or(cmg__json_str(app, "/deletedDateTime"), "");

        if (!is_wanted(run, app) || (latest != NULL && strcmp(deleted, when) <= 0))
            continue;
        latest = app;
        when = deleted;
    }
    return latest;
}

char *cmg__app_broker_uri(const struct cmg__run *run)
{
    return cmg__format(run->work->alloc, CMG__BROKER_URI "%s",
                       cmg__run_fact(run, ".app_id"));
}

const struct cmg__json *cmg__resource_of_type(const struct cmg__work *work,
                                              const struct cmg__json *list,
                                              const char *type)
{
    for (size_t i = 0; i < cmg__json_size(list); i++) {
        const struct cmg__json *item = cmg__json_item(list, i);
        const char *found = cmg__json_str(item, "/type");

        if (found != NULL && cmg__str_ieq(found, type) && cmg__tags_are_ours(work, item))
            return item;
    }
    return NULL;
}

char *cmg__vault_id(const struct cmg__work *work)
{
    return cmg__format(work->alloc,
                       "/subscriptions/%s/resourceGroups/%s/providers/Microsoft.KeyVault/"
                       "vaults/%s",
                       cmg__work_value(work, "subscription"),
                       cmg__work_value(work, "group"), cmg__work_value(work, "vault"));
}

/* What follows in the ID of a resource of the group; NULL when it is of another one. */
static const char *rest_of_id(const char *id, const char *subscription, const char *group)
{
    const char *const parts[] = { "/subscriptions/", subscription, "/resourceGroups/",
                                  group, "/" };

    for (size_t i = 0; i < CMG__ARRAY_LEN(parts); i++) {
        if (!cmg__str_istarts(id, parts[i]))
            return NULL;
        id += strlen(parts[i]);
    }
    return id;
}

bool cmg__id_is_in(const char *id, const char *subscription, const char *group)
{
    return rest_of_id(id, subscription, group) != NULL;
}

bool cmg__id_is_in_group(const struct cmg__work *work, const char *id)
{
    return cmg__id_is_in(id, cmg__work_value(work, "subscription"),
                         cmg__work_value(work, "group"));
}

bool cmg__deleted_vault_is_ours(const struct cmg__work *work,
                                const struct cmg__json *deleted)
{
    static const char type[] = "providers/Microsoft.KeyVault/vaults/";
    const char *stood =
        rest_of_id(cmg__str_or(cmg__json_str(deleted, "/properties/vaultId"), ""),
                   cmg__work_value(work, "subscription"), cmg__work_value(work, "group"));

    return cmg__tags_are_ours(work, cmg__json_at(deleted, "/properties")) ||
           (stood != NULL && cmg__str_istarts(stood, type) &&
            cmg__str_ieq(stood + strlen(type), cmg__work_value(work, "vault")));
}
