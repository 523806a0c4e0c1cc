/*
 * Storage accounts in Resource Manager: keys, and containers as resources of their own.
 */
#include <string.h>

#include "sandbox/arm.h"
#include "sandbox/blob.h"
#include "sandbox/router.h"

#define CONTAINERS "/blobServices/default/containers"

/* The data of the call's account, or NULL with the answer set. */
static struct cmg__json *account_of(struct cmg__sb_call *call)
{
    const struct cmg__json *resource = cmg__sb_resource_of(call, CMG__SB_STORAGE, "name");
    return resource == NULL
               ? NULL
               : cmg__sb_account_make(call->cloud, cmg__json_str(resource, "/name"));
}

/* ---- keys ---- */

static struct cmg__json *key_of(struct cmg__sb_call *call, struct cmg__json *account,
                                const char *name)
{
    return cmg__json_pack("{s:s, s:s?, s:s}", "keyName", name, "value",
                          cmg__sb_account_key(call->cloud, account, name, false),
                          "permissions", "FULL");
}

static void reply_keys(struct cmg__sb_call *call, struct cmg__json *account)
{
    cmg__sb_reply(call, 200,
                  cmg__json_pack("{s:[o, o]}", "keys", key_of(call, account, "key1"),
                                 key_of(call, account, "key2")));
}

static void list_keys(struct cmg__sb_call *call)
{
    struct cmg__json *account = account_of(call);
    if (account != NULL)
        reply_keys(call, account);
}

static void renew_key(struct cmg__sb_call *call)
{
    struct cmg__json *account = account_of(call);
    const char *name = cmg__json_str(call->body, "/keyName");
    if (account == NULL)
        return;
    if (cmg__sb_account_key(call->cloud, account, name, true) == NULL)
        cmg__sb_refuse(call, 400, "InvalidValuesForRequestParameters",
                       "Values for request parameters are invalid: keyName.");
    else
        reply_keys(call, account);
}

/* ---- containers ---- */

static struct cmg__json *container_view(struct cmg__sb_call *call, const char *name,
                                        const struct cmg__json *container)
{
    const struct cmg__json *resource = cmg__sb_resource_of(call, CMG__SB_STORAGE, "name");
    struct cmg__json *id = cmg__sb_text(call->cloud, "%s" CONTAINERS "/%s",
                                        cmg__json_str(resource, "/id"), name);
    return cmg__json_pack(
        "{s:o, s:s, s:s, s:s, s:{s:s, s:s, s:s, s:o, s:b, s:b}}", "id", id, "name", name,
        "type", CMG__SB_STORAGE "/blobServices/containers", "etag",
        cmg__json_str(container, "/etag"), "properties", "publicAccess", "None",
        "leaseStatus", "Unlocked", "leaseState", "Available", "lastModifiedTime",
        cmg__sb_time(cmg__json_int(container, "/modified_ms", 0)),
        "hasImmutabilityPolicy", 0, "hasLegalHold", 0);
}

static void put_container(struct cmg__sb_call *call)
{
    struct cmg__json *account = account_of(call);
    const char *name = cmg__sb_arg(call, "container");
    if (account == NULL)
        return;
    if (!cmg__sb_container_name_is_good(name)) {
        cmg__sb_refuse(call, 400, "ContainerNameInvalid",
                       "The container name '%s' is not valid.", name);
        return;
    }
    bool is_new = cmg__sb_container_make(call->cloud, account, name);
    cmg__sb_reply(call, is_new ? 201 : 200,
                  container_view(call, name, cmg__sb_container(account, name)));
}

static void get_container(struct cmg__sb_call *call)
{
    const struct cmg__json *account = account_of(call);
    const char *name = cmg__sb_arg(call, "container");
    const struct cmg__json *container = cmg__sb_container(account, name);
    if (account == NULL)
        return;
    if (container != NULL)
        cmg__sb_reply(call, 200, container_view(call, name, container));
    else
        cmg__sb_refuse(call, 404, "ContainerNotFound",
                       "The specified container does not exist.");
}

static void delete_container(struct cmg__sb_call *call)
{
    struct cmg__json *account = account_of(call);
    const char *name = cmg__sb_arg(call, "container");
    if (account == NULL)
        return;
    bool there = cmg__sb_container(account, name) != NULL;
    if (there)
        cmg__sb_container_remove(call->cloud, account, name);
    cmg__sb_reply_empty(call, there ? 200 : 204);
}

static void list_containers(struct cmg__sb_call *call)
{
    const struct cmg__json *account = account_of(call);
    void *iter = NULL;
    const char *key = NULL;
    struct cmg__json *container = NULL;
    if (account == NULL)
        return;
    struct cmg__json *list = cmg__json_array();
    while (cmg__json_next(cmg__json_key(account, "containers"), &iter, &key, &container))
        cmg__sb_append(call->cloud, list, container_view(call, key, container));
    cmg__sb_reply(call, 200, cmg__json_pack("{s:o}", "value", list));
}

#define ACCOUNT                                                                          \
    "/subscriptions/{sub}/resourceGroups/{group}/providers/" CMG__SB_STORAGE "/{name}"

static const struct cmg__sb_route routes[] = {
    { "POST", ACCOUNT "/listKeys", list_keys },
    { "POST", ACCOUNT "/regenerateKey", renew_key },
    { "PUT", ACCOUNT CONTAINERS "/{container}", put_container },
    { "GET", ACCOUNT CONTAINERS "/{container}", get_container },
    { "DELETE", ACCOUNT CONTAINERS "/{container}", delete_container },
    { "GET", ACCOUNT CONTAINERS, list_containers },
};
const struct cmg__sb_routes cmg__sb_arm_storage_routes = { routes,
                                                           CMG__ARRAY_LEN(routes) };
