/*
 * Locks on a subscription, a group or a resource. CanNotDelete keeps from deletion what
 * it is on and everything below; ReadOnly from every change.
 */
#include <string.h>

#include "sandbox/arm.h"
#include "sandbox/router.h"

#define LOCKS "/providers/Microsoft.Authorization/locks"

/* The call's path up to the mark, as it was asked for. */
static struct cmg__json *scope_of(struct cmg__sb_call *call)
{
    return cmg__sb_scope_of(call, LOCKS);
}

/* ---- enforcing ---- */

/* Is it the thing itself, or something below it? */
static bool is_within(const char *id, const char *scope)
{
    size_t n = strlen(scope);
    return cmg__str_istarts(id, scope) && (id[n] == '\0' || id[n] == '/');
}

/* Asking questions by POST changes nothing, and locks are managed under locks. */
static bool is_exempt(const struct cmg__sb_call *call)
{
    static const char *const ends[] = {
        "/validate", "/whatIf",     "/checkNameAvailability",
        "/register", "/unregister", "/queryInboundNatRulePortMapping"
    };
    bool post = strcmp(call->request->method, "POST") == 0;
    for (size_t i = 0; post && i < CMG__ARRAY_LEN(ends); i++) {
        if (cmg__str_iends(call->path, ends[i]))
            return true;
    }
    return cmg__sb_path_has(call->path, LOCKS "/");
}

static bool blocks(const struct cmg__json *lock, const char *path, bool deletes)
{
    const char *scope = cmg__str_or(cmg__json_str(lock, "/_scope"), "");
    bool read_only = cmg__sb_same(cmg__json_str(lock, "/properties/level"), "ReadOnly");
    if (deletes)
        return is_within(path, scope) || is_within(scope, path);
    return read_only && is_within(path, scope);
}

bool cmg__sb_lock_admits(struct cmg__sb_call *call)
{
    bool deletes = strcmp(call->request->method, "DELETE") == 0;
    void *iter = NULL;
    const char *key = NULL;
    struct cmg__json *lock = NULL;
    while (!is_exempt(call) &&
           cmg__json_next(cmg__sb_table(call->cloud, "locks"), &iter, &key, &lock)) {
        if (!blocks(lock, call->path, deletes))
            continue;
        cmg__sb_refuse(call, 409, "ScopeLocked",
                       "The scope '%s' cannot perform %s operation because following "
                       "scope(s) are locked: '%s'. Please remove the lock and try again.",
                       call->path, deletes ? "delete" : "write",
                       cmg__str_or(cmg__json_str(lock, "/_scope"), ""));
        return false;
    }
    return true;
}

/* ---- the locks ---- */

static char *key_of(struct cmg__sb_call *call)
{
    char *key = cmg__sb_key(call->cloud, call->path);
    if (key == NULL)
        call->cloud->oom = true;
    return key;
}

static void put_lock(struct cmg__sb_call *call)
{
    struct cmg__sb_cloud *cloud = call->cloud;
    const char *level = cmg__json_str(call->body, "/properties/level");
    const char *notes = cmg__json_str(call->body, "/properties/notes");
    if (!cmg__sb_same(level, "CanNotDelete") && !cmg__sb_same(level, "ReadOnly")) {
        cmg__sb_refuse(call, 400, "LockLevelNotValid",
                       "The lock level must be CanNotDelete or ReadOnly.");
        return;
    }
    char *key = key_of(call);
    bool is_new = cmg__sb_find(cloud, "locks", key) == NULL;
    struct cmg__json *lock = cmg__json_pack(
        "{s:s, s:s, s:s, s:{s:s, s:s?}, s:o}", "id", call->path, "name",
        cmg__sb_arg(call, "lock"), "type", "Microsoft.Authorization/locks", "properties",
        "level", level, "notes", notes, "_scope", scope_of(call));
    cmg__sb_reply(call, is_new ? 201 : 200, cmg__sb_public(lock));
    if (key != NULL)
        cmg__sb_set(cloud, cmg__sb_table(cloud, "locks"), key, lock);
    else
        cmg__json_unref(lock);
    cmg__free(cloud->alloc, key);
}

static void get_lock(struct cmg__sb_call *call)
{
    char *key = key_of(call);
    const struct cmg__json *lock = cmg__sb_find(call->cloud, "locks", key);
    cmg__free(call->cloud->alloc, key);
    if (lock != NULL)
        cmg__sb_reply(call, 200, cmg__sb_public(lock));
    else
        cmg__sb_refuse(call, 404, "LockNotFound", "The lock '%s' could not be found.",
                       cmg__sb_arg(call, "lock"));
}

static void delete_lock(struct cmg__sb_call *call)
{
    char *key = key_of(call);
    bool there = cmg__sb_find(call->cloud, "locks", key) != NULL;
    if (there)
        cmg__json_remove(cmg__sb_table(call->cloud, "locks"), key);
    cmg__free(call->cloud->alloc, key);
    cmg__sb_reply_empty(call, there ? 200 : 204);
}

/* Those on the scope, above it and, but for "atScope()", below it. */
static void list_locks(struct cmg__sb_call *call)
{
    const bool only = cmg__sb_same(cmg__sb_query(call, "$filter"), "atScope()");
    if (cmg__sb_arg(call, "group")[0] != '\0' && cmg__sb_group(call) == NULL)
        return;
    struct cmg__json *scope = scope_of(call);
    const char *at = cmg__str_or(cmg__json_str(scope, ""), "");
    struct cmg__json *list = cmg__json_array();
    void *iter = NULL;
    const char *key = NULL;
    struct cmg__json *lock = NULL;
    while (cmg__json_next(cmg__sb_table(call->cloud, "locks"), &iter, &key, &lock)) {
        const char *own = cmg__str_or(cmg__json_str(lock, "/_scope"), "");
        if (is_within(at, own) || (!only && is_within(own, at)))
            cmg__sb_append(call->cloud, list, cmg__sb_public(lock));
    }
    cmg__json_unref(scope);
    cmg__sb_reply(call, 200, cmg__json_pack("{s:o}", "value", list));
}

#define SUB      "/subscriptions/{sub}"
#define GROUP    SUB "/resourceGroups/{group}"
#define RESOURCE GROUP "/providers/{space}/{type}/{name}"
#define ROWS(scope)                                                                      \
    { "PUT", scope LOCKS "/{lock}", put_lock },                                          \
        { "GET", scope LOCKS "/{lock}", get_lock },                                      \
        { "DELETE", scope LOCKS "/{lock}", delete_lock },                                \
    {                                                                                    \
        "GET", scope LOCKS, list_locks                                                   \
    }

static const struct cmg__sb_route routes[] = { ROWS(SUB), ROWS(GROUP), ROWS(RESOURCE) };
const struct cmg__sb_routes cmg__sb_arm_lock_routes = { routes, CMG__ARRAY_LEN(routes) };
