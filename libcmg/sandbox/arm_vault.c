/*
 * Key vaults as resources: body-mode creation, soft delete, recovery, purge.
 */
#include <string.h>

#include "sandbox/arm.h"
#include "sandbox/router.h"

#define TYPE      "Microsoft.KeyVault/vaults"
#define DAY_MS    ((int64_t)24 * 3600 * 1000)
#define RETENTION 90

struct cmg__json *cmg__sb_vault_named(const struct cmg__sb_cloud *cloud, const char *name)
{
    void *iter = NULL;
    const char *key = NULL;
    struct cmg__json *entry = NULL;
    while (cmg__json_next(cmg__sb_table(cloud, "resources"), &iter, &key, &entry)) {
        if (cmg__sb_same(cmg__json_str(entry, "/type"), TYPE) &&
            cmg__sb_same(cmg__json_str(entry, "/name"), name))
            return entry;
    }
    return NULL;
}

static struct cmg__json *find_deleted(const struct cmg__sb_cloud *cloud, const char *name)
{
    char *key = cmg__sb_key(cloud, name);
    struct cmg__json *entry = cmg__sb_find(cloud, "deleted_vaults", key);
    cmg__free(cloud->alloc, key);
    return entry;
}

bool cmg__sb_vault_name_is_free(const struct cmg__sb_cloud *cloud, const char *name)
{
    return cmg__sb_vault_named(cloud, name) == NULL && find_deleted(cloud, name) == NULL;
}

void cmg__sb_vault_soft_delete(struct cmg__sb_cloud *cloud,
                               const struct cmg__json *resource)
{
    const char *name = cmg__json_str(resource, "/name");
    char *key = cmg__sb_key(cloud, name);
    int64_t now = cmg__sb_now_ms(cloud);
    int64_t days =
        cmg__json_int(resource, "/properties/softDeleteRetentionInDays", RETENTION);
    if (key == NULL) {
        cloud->oom = true;
        return;
    }
    struct cmg__json *data = cmg__sb_find(cloud, "vaults", key);
    cmg__sb_set(cloud, cmg__sb_table(cloud, "deleted_vaults"), key,
                cmg__json_pack(
                    "{s:o, s:o, s:s, s:I, s:I}", "_resource",
                    cmg__json_copy_deep(resource), "_data",
                    data == NULL ? cmg__json_object() : cmg__json_copy_deep(data), "name",
                    name, "_deleted_ms", now, "_purge_ms", now + days * DAY_MS));
    cmg__json_remove(cmg__sb_table(cloud, "vaults"), key);
    cmg__free(cloud->alloc, key);
}

static bool name_is_valid(const char *name)
{
    size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                            "0123456789-");
    return name[n] == '\0' && n >= 3 && n <= 24 && cmg__is_alpha(name[0]) &&
           name[n - 1] != '-' && strstr(name, "--") == NULL;
}

static void recover(struct cmg__sb_call *call, const char *name)
{
    struct cmg__sb_cloud *cloud = call->cloud;
    struct cmg__json *deleted = find_deleted(cloud, name);
    char *key = cmg__sb_key(cloud, name);
    char *id =
        cmg__sb_key(cloud, cmg__str_or(cmg__json_str(deleted, "/_resource/id"), ""));
    if (deleted == NULL) {
        cmg__sb_refuse(call, 404, "VaultNotFound",
                       "There is no deleted vault '%s' to recover.", name);
    } else if (key == NULL || id == NULL) {
        cloud->oom = true;
    } else {
        struct cmg__json *resource =
            cmg__json_copy_deep(cmg__json_key(deleted, "_resource"));
        cmg__sb_set_str(cloud, cmg__json_key(resource, "properties"), "provisioningState",
                        "Succeeded");
        cmg__sb_reply(call, 200, cmg__sb_resource_view(resource));
        cmg__sb_set(cloud, cmg__sb_table(cloud, "resources"), id, resource);
        cmg__sb_set(cloud, cmg__sb_table(cloud, "vaults"), key,
                    cmg__json_copy_deep(cmg__json_key(deleted, "_data")));
        cmg__json_remove(cmg__sb_table(cloud, "deleted_vaults"), key);
    }
    cmg__free(cloud->alloc, key);
    cmg__free(cloud->alloc, id);
}

static bool may_put(struct cmg__sb_call *call, const char *id)
{
    const char *name = cmg__sb_arg(call, "name");
    const struct cmg__json *other = cmg__sb_vault_named(call->cloud, name);
    if (!name_is_valid(name))
        cmg__sb_refuse(call, 400, "VaultNameNotValid",
                       "The vault name '%s' is invalid. A vault's name must be between "
                       "3-24 alphanumeric characters.",
                       name);
    else if (find_deleted(call->cloud, name) != NULL)
        cmg__sb_refuse(call, 409, "ConflictError",
                       "A vault with the same name already exists in deleted state. You "
                       "need to either recover or purge existing key vault.");
    else if (other != NULL && !cmg__sb_same(cmg__json_str(other, "/id"), id))
        cmg__sb_refuse(call, 409, "VaultAlreadyExists",
                       "The vault name '%s' is already in use.", name);
    else
        return true;
    return false;
}

/* 200 with RegisteringDns and no header: the client polls the resource itself. */
static void put_vault(struct cmg__sb_call *call)
{
    struct cmg__sb_cloud *cloud = call->cloud;
    struct cmg__sb_fault fault = { .status = 500, .code = "InternalServerError" };
    char operation[CMG__GUID_SIZE];
    const char *name = cmg__sb_arg(call, "name");
    if (cmg__sb_same(cmg__json_str(call->body, "/properties/createMode"), "recover")) {
        recover(call, name);
        return;
    }
    char *id = cmg__format(
        cloud->alloc, "/subscriptions/%s/resourceGroups/%s/providers/" TYPE "/%s",
        cmg__sb_fact(cloud, "subscription_id"), cmg__sb_arg(call, "group"), name);
    const struct cmg__sb_wish wish = { .id = cmg__str_or(id, ""),
                                       .group = cmg__sb_arg(call, "group"),
                                       .body = call->body };
    if (may_put(call, wish.id)) {
        bool is_new = cmg__sb_resource(cloud, wish.id) == NULL;
        const struct cmg__json *resource = cmg__sb_resource_put(
            cloud, &wish, is_new ? "RegisteringDns" : "Succeeded", NULL, &fault);
        char *key = cmg__sb_key(cloud, wish.id);
        if (resource == NULL) {
            cmg__sb_refuse_fault(call, &fault);
        } else {
            if (is_new)
                cmg__sb_operation_start(cloud, "put", cmg__str_or(key, ""), operation);
            cmg__sb_reply(call, 200, cmg__sb_resource_view(resource));
        }
        cmg__free(cloud->alloc, key);
    }
    cmg__free(cloud->alloc, id);
}

static void delete_vault(struct cmg__sb_call *call)
{
    struct cmg__json *vault = cmg__sb_vault_named(call->cloud, cmg__sb_arg(call, "name"));
    char *key = cmg__sb_key(call->cloud, cmg__str_or(cmg__json_str(vault, "/id"), ""));
    if (vault == NULL) {
        cmg__sb_reply_empty(call, 204);
    } else if (key != NULL) {
        cmg__sb_resource_remove(call->cloud, key);
        cmg__sb_reply_empty(call, 200);
    }
    cmg__free(call->cloud->alloc, key);
}

/* ---- deleted vaults ---- */

static struct cmg__json *deleted_view(struct cmg__sb_call *call,
                                      const struct cmg__json *deleted)
{
    struct cmg__sb_cloud *cloud = call->cloud;
    const char *name = cmg__json_str(deleted, "/name");
    const char *location = cmg__json_str(deleted, "/_resource/location");
    return cmg__json_pack(
        "{s:o, s:s, s:s, s:{s:s, s:s, s:o, s:o, s:b}}", "id",
        cmg__sb_text(cloud,
                     "/subscriptions/%s/providers/Microsoft.KeyVault/locations/%s/"
                     "deletedVaults/%s",
                     cmg__sb_fact(cloud, "subscription_id"), location, name),
        "name", name, "type", "Microsoft.KeyVault/deletedVaults", "properties", "vaultId",
        cmg__json_str(deleted, "/_resource/id"), "location", location, "deletionDate",
        cmg__sb_time(cmg__json_int(deleted, "/_deleted_ms", 0)), "scheduledPurgeDate",
        cmg__sb_time(cmg__json_int(deleted, "/_purge_ms", 0)), "purgeProtectionEnabled",
        cmg__json_bool(deleted, "/_resource/properties/enablePurgeProtection", false));
}

static struct cmg__json *need_deleted(struct cmg__sb_call *call)
{
    const char *name = cmg__sb_arg(call, "name");
    struct cmg__json *deleted = find_deleted(call->cloud, name);
    if (deleted == NULL)
        cmg__sb_refuse(call, 404, "DeletedVaultNotFound",
                       "The specified deleted vault '%s' does not exist.", name);
    return deleted;
}

static void get_deleted(struct cmg__sb_call *call)
{
    const struct cmg__json *deleted = need_deleted(call);
    if (deleted != NULL)
        cmg__sb_reply(call, 200, deleted_view(call, deleted));
}

static void list_deleted(struct cmg__sb_call *call)
{
    struct cmg__json *list = cmg__json_array();
    void *iter = NULL;
    const char *key = NULL;
    struct cmg__json *entry = NULL;
    while (
        cmg__json_next(cmg__sb_table(call->cloud, "deleted_vaults"), &iter, &key, &entry))
        cmg__sb_append(call->cloud, list, deleted_view(call, entry));
    cmg__sb_reply(call, 200, cmg__json_pack("{s:o}", "value", list));
}

static void purge_deleted(struct cmg__sb_call *call)
{
    char operation[CMG__GUID_SIZE];
    const struct cmg__json *deleted = need_deleted(call);
    if (deleted == NULL)
        return;
    if (cmg__json_bool(deleted, "/_resource/properties/enablePurgeProtection", false)) {
        cmg__sb_refuse(call, 400, "MethodNotAllowed",
                       "Operation \"purge\" is not enabled for this vault.");
        return;
    }
    char *key = cmg__sb_key(call->cloud, cmg__sb_arg(call, "name"));
    if (key != NULL)
        cmg__json_remove(cmg__sb_table(call->cloud, "deleted_vaults"), key);
    cmg__free(call->cloud->alloc, key);
    cmg__sb_operation_start(call->cloud, "purge", "", operation);
    cmg__sb_operation_heads(call, operation, false, true);
    cmg__sb_reply_empty(call, 202);
}

#define VAULT                                                                            \
    "/subscriptions/{sub}/resourceGroups/{group}/providers/Microsoft.KeyVault/vaults/"   \
    "{name}"
#define SPACE "/subscriptions/{sub}/providers/Microsoft.KeyVault"
#define DELETED                                                                          \
    "/subscriptions/{sub}/providers/Microsoft.KeyVault/locations/{location}/"            \
    "deletedVaults/{name}"

static const struct cmg__sb_route routes[] = {
    { "PUT", VAULT, put_vault },
    { "DELETE", VAULT, delete_vault },
    { "GET", SPACE "/deletedVaults", list_deleted },
    { "GET", DELETED, get_deleted },
    { "POST", DELETED "/purge", purge_deleted },
};
const struct cmg__sb_routes cmg__sb_arm_vault_routes = { routes, CMG__ARRAY_LEN(routes) };
