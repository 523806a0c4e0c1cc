/*
 * Eventual consistency on request. Two replicas of the directory answer in turn: one
 * knows everything at once, the other learns of a change only after a while. What it does
 * not know yet is kept beside the tree: the former value of each entry that has changed,
 * and until when. Reads by the late replica see former values; writes through it meet
 * objects that are not there yet, as Graph's own do.
 */
#include "sandbox/replica.h"

#include <string.h>

#include "sandbox/sandbox.h"

#define MAX_REPLICATION_MS 60000

/* What is replicated. */
static const char *const tables[] = { "applications", "service_principals",
                                      "role_assignments", "grants", "deleted" };
#define TABLES CMG__ARRAY_LEN(tables)

/* ---- what the late replica does not know ---- */

static struct cmg__json *late_table(const struct cmg__sb_cloud *cloud, size_t i)
{
    return cmg__json_key(cloud->late, tables[i]);
}

static bool is_late(const struct cmg__json *entry, int64_t now_ms)
{
    return entry != NULL && cmg__json_int(entry, "/until", 0) > now_ms;
}

/* A value that was unknown before stays the one that the replica has. */
static void keep_former(struct cmg__sb_call *call, size_t i, const char *key,
                        const struct cmg__json *former)
{
    struct cmg__sb_cloud *cloud = call->cloud;
    struct cmg__json *table = late_table(cloud, i);
    struct cmg__json *entry = cmg__json_key(table, key);
    if (!is_late(entry, call->now_ms)) {
        entry = cmg__json_object();
        if (former != NULL)
            cmg__sb_set(cloud, entry, "value", cmg__json_copy_deep(former));
        cmg__sb_set(cloud, table, key, entry);
    }
    cmg__sb_set_int(cloud, cmg__json_key(table, key), "until",
                    call->now_ms + cloud->replication_ms);
}

static void note_changes(struct cmg__sb_call *call,
                         struct cmg__json *const before[TABLES])
{
    for (size_t i = 0; i < TABLES; i++) {
        const struct cmg__json *after = cmg__sb_table(call->cloud, tables[i]);
        void *iter = NULL;
        const char *key = NULL;
        struct cmg__json *value = NULL;
        while (cmg__json_next(after, &iter, &key, &value)) {
            const struct cmg__json *old = cmg__json_key(before[i], key);
            if (old == NULL || !cmg__json_equal(old, value))
                keep_former(call, i, key, old);
        }
        for (iter = NULL; cmg__json_next(before[i], &iter, &key, &value);) {
            if (cmg__json_key(after, key) == NULL)
                keep_former(call, i, key, value);
        }
    }
}

/* ---- reading ---- */

/* The table as the late replica has it; entries are shared with the tree. */
static struct cmg__json *former_table(struct cmg__sb_call *call, size_t i)
{
    struct cmg__json *out = cmg__json_object();
    void *iter = NULL;
    const char *key = NULL;
    struct cmg__json *value = NULL;
    if (out == NULL ||
        cmg__json_merge(out, cmg__sb_table(call->cloud, tables[i])) != CMG_OK)
        call->cloud->oom = true;
    while (cmg__json_next(late_table(call->cloud, i), &iter, &key, &value)) {
        if (!is_late(value, call->now_ms))
            continue;
        struct cmg__json *former = cmg__json_key(value, "value");
        if (former == NULL)
            cmg__json_remove(out, key);
        else
            cmg__sb_set(call->cloud, out, key, cmg__json_ref(former));
    }
    return out;
}

static void read_late(struct cmg__sb_call *call, void (*handle)(struct cmg__sb_call *))
{
    struct cmg__sb_cloud *cloud = call->cloud;
    struct cmg__json *now[TABLES] = { NULL };
    for (size_t i = 0; i < TABLES; i++) {
        now[i] = cmg__json_ref(cmg__sb_table(cloud, tables[i]));
        cmg__sb_set(cloud, cloud->state, tables[i], former_table(call, i));
    }
    handle(call);
    for (size_t i = 0; i < TABLES; i++)
        cmg__sb_set(cloud, cloud->state, tables[i], now[i]);
}

/* ---- writing ---- */

/* Is that the object ID or the client ID of an object that is not there yet? */
static bool is_unseen(const struct cmg__sb_call *call, const char *id)
{
    static const size_t objects = 2; /* applications and principals */
    for (size_t i = 0; id != NULL && i < objects; i++) {
        void *iter = NULL;
        const char *key = NULL;
        struct cmg__json *value = NULL;
        while (cmg__json_next(late_table(call->cloud, i), &iter, &key, &value)) {
            const struct cmg__json *entry = cmg__sb_find(call->cloud, tables[i], key);
            if (is_late(value, call->now_ms) && cmg__json_key(value, "value") == NULL &&
                (cmg__sb_same(key, id) ||
                 cmg__sb_same(cmg__json_str(entry, "/appId"), id)))
                return true;
        }
    }
    return false;
}

/* The first ID of path or body that the late replica does not know, or NULL. */
static const char *find_unseen(const struct cmg__sb_call *call)
{
    const struct cmg__json *const places[] = { call->args, call->body };
    for (size_t i = 0; i < CMG__ARRAY_LEN(places); i++) {
        void *iter = NULL;
        const char *key = NULL;
        struct cmg__json *value = NULL;
        while (cmg__json_next(places[i], &iter, &key, &value)) {
            const char *id = cmg__json_str(value, "");
            if (id != NULL && is_unseen(call, id))
                return id;
        }
    }
    return NULL;
}

/* A new principal of an application that is not there yet has an error of its own. */
static void refuse_unseen(struct cmg__sb_call *call, const char *id)
{
    const char *kind = "/v1.0/servicePrincipals";
    size_t n = strlen(kind);
    if (cmg__str_istarts(call->path, kind) &&
        (call->path[n] == '\0' || call->path[n] == '(')) {
        cmg__sb_refuse(call, 400, "Request_BadRequest",
                       "The appId '%s' of the service principal does not reference a "
                       "valid application object.",
                       id);
        cmg__sb_set(call->cloud, cmg__json_at(call->reply, "/error"), "details",
                    cmg__json_pack("[{s:s, s:s}]", "code", "NoBackingApplicationObject",
                                   "message", "The application is not there."));
        return;
    }
    cmg__sb_refuse(call, 404, "Request_ResourceNotFound",
                   "Resource '%s' does not exist or one of its queried "
                   "reference-property objects are not present.",
                   id);
}

static void write_noted(struct cmg__sb_call *call, void (*handle)(struct cmg__sb_call *))
{
    struct cmg__json *before[TABLES] = { NULL };
    for (size_t i = 0; i < TABLES; i++) {
        before[i] = cmg__json_copy_deep(cmg__sb_table(call->cloud, tables[i]));
        if (before[i] == NULL)
            call->cloud->oom = true;
    }
    handle(call);
    note_changes(call, before);
    for (size_t i = 0; i < TABLES; i++)
        cmg__json_unref(before[i]);
}

void cmg__sb_replica_handle(struct cmg__sb_call *call,
                            void (*handle)(struct cmg__sb_call *))
{
    struct cmg__sb_cloud *cloud = call->cloud;
    bool login = call->service == CMG__SB_LOGIN;
    bool reads = login || strcmp(call->request->method, "GET") == 0;
    if (cloud->replication_ms == 0 || (!login && call->service != CMG__SB_GRAPH)) {
        handle(call);
        return;
    }
    cloud->late_turn = !cloud->late_turn;
    const char *unseen = cloud->late_turn && !reads ? find_unseen(call) : NULL;
    if (unseen != NULL)
        refuse_unseen(call, unseen);
    else if (!reads)
        write_noted(call, handle);
    else if (cloud->late_turn)
        read_late(call, handle);
    else
        handle(call);
}

/* ---- the setting ---- */

cmg_status cmg__sb_replica_begin(struct cmg__sb_cloud *cloud, int64_t ms)
{
    struct cmg__json *late = cmg__json_object();
    cmg_status rc = late == NULL ? CMG_E_NOMEM : CMG_OK;
    for (size_t i = 0; rc == CMG_OK && i < TABLES; i++)
        rc = cmg__json_set(late, tables[i], cmg__json_object());
    if (rc != CMG_OK) {
        cmg__json_unref(late);
        return rc;
    }
    cmg__json_unref(cloud->late);
    cloud->late = late;
    cloud->replication_ms = ms;
    return CMG_OK;
}

cmg_status cmg_sandbox_set_replication(cmg_sandbox *sandbox, uint32_t ms, cmg_error **err)
{
    cmg_status rc =
        cmg__check(sandbox == NULL ? NULL : &sandbox->head, CMG__TAG_SANDBOX, err);
    if (rc != CMG_OK)
        return rc;
    if (ms > MAX_REPLICATION_MS)
        return cmg__fail(err, sandbox->alloc, CMG_E_INVAL, "ms",
                         "use 0 to 60000 milliseconds", "ms is %lu", (unsigned long)ms);
    (void)pthread_mutex_lock(&sandbox->lock);
    rc = cmg__sb_replica_begin(sandbox->cloud, ms);
    (void)pthread_mutex_unlock(&sandbox->lock);
    return rc == CMG_OK ? CMG_OK : cmg__fail_nomem(err);
}
