/*
 * Running deployments. A resource is begun when all are there that its dependsOn names,
 * so that those that do not need one another are made at the same time; each is listed as
 * an operation from its beginning. Where one is refused, what is under way ends, what
 * needs it is never begun, all else is made, and the deployment has failed. Everything is
 * told by the times in the deployment's "_order", so that it may be looked at late.
 */
#include <string.h>

#include "sandbox/arm_deployment.h"
#include "sandbox/setting.h"

/* ---- the work in the order ----
 * An entry of "_order": index, after; begun or refused: operation (place in
 * "_operations"), start_ms; then end_ms and state. */

enum state { WAITING, BEGUN, MADE, REFUSED };

static enum state state_of(const struct cmg__json *entry)
{
    return (enum state)cmg__json_int(entry, "/state", WAITING);
}

static void set_state(struct cmg__sb_cloud *cloud, struct cmg__json *entry,
                      enum state state)
{
    cmg__sb_set_int(cloud, entry, "state", (int64_t)state);
}

/* When its last need was met; -1 while one is not. */
static int64_t ready_ms(const struct cmg__json *deployment, const struct cmg__json *entry)
{
    const struct cmg__json *order = cmg__json_key(deployment, "_order");
    const struct cmg__json *after = cmg__json_key(entry, "after");
    int64_t at = cmg__json_int(deployment, "/_start_ms", 0);
    for (size_t i = 0; i < cmg__json_size(after); i++) {
        const struct cmg__json *need =
            cmg__json_item(order, (size_t)cmg__json_int(cmg__json_item(after, i), "", 0));
        int64_t end = cmg__json_int(need, "/end_ms", 0);
        if (state_of(need) != MADE)
            return -1;
        at = end > at ? end : at;
    }
    return at;
}

/* The levels that the needs make: one more than the longest way to an entry. */
static int64_t level_of(struct cmg__sb_cloud *cloud, const struct cmg__json *order,
                        struct cmg__json *entry)
{
    const struct cmg__json *after = cmg__json_key(entry, "after");
    int64_t level = 1;
    for (size_t i = 0; i < cmg__json_size(after); i++) {
        const struct cmg__json *need =
            cmg__json_item(order, (size_t)cmg__json_int(cmg__json_item(after, i), "", 0));
        int64_t above = cmg__json_int(need, "/level", 1) + 1;
        level = above > level ? above : level;
    }
    cmg__sb_set_int(cloud, entry, "level", level);
    return level;
}

static int64_t whole_ms(const struct cmg__sb_cloud *cloud)
{
    return cmg__sb_duration_ms(cloud, "deployment");
}

/* How long an entry takes: its type's own duration, or its level's part of the whole. */
static int64_t takes_ms(const struct cmg__sb_cloud *cloud,
                        const struct cmg__json *deployment, const struct cmg__json *entry,
                        const char *type)
{
    int64_t levels = cmg__json_int(deployment, "/_levels", 1);
    int64_t level = cmg__json_int(entry, "/level", 1);
    int64_t part =
        whole_ms(cloud) * level / levels - whole_ms(cloud) * (level - 1) / levels;
    return cmg__sb_setting_int(cloud, part, "duration/%s", type);
}

void cmg__sb_deployment_plan(struct cmg__sb_cloud *cloud, struct cmg__json *deployment)
{
    const struct cmg__json *order = cmg__json_key(deployment, "_order");
    int64_t levels = 1;
    for (size_t i = 0; i < cmg__json_size(order); i++) {
        int64_t level = level_of(cloud, order, cmg__json_item(order, i));
        levels = level > levels ? level : levels;
    }
    cmg__sb_set_int(cloud, deployment, "_levels", levels);
}

/* ---- operations ---- */

static struct cmg__json *duration(const struct cmg__sb_cloud *cloud, int64_t ms)
{
    return cmg__sb_text(cloud, "PT%lld.%03lldS", (long long)(ms / 1000),
                        (long long)(ms % 1000));
}

static const char *http_word(int status)
{
    static const struct {
        int status;
        const char *word;
    } words[] = { { 403, "Forbidden" }, { 404, "NotFound" }, { 409, "Conflict" } };
    for (size_t i = 0; i < CMG__ARRAY_LEN(words); i++) {
        if (words[i].status == status)
            return words[i].word;
    }
    return "BadRequest";
}

/* Lists an operation as running. */
static struct cmg__json *list_operation(struct cmg__sb_cloud *cloud,
                                        struct cmg__json *deployment, const char *id,
                                        const char *type, int64_t at_ms)
{
    char name[CMG__GUID_SIZE];
    struct cmg__json *list = cmg__json_key(deployment, "_operations");
    cmg__sb_guid(cloud, name);
    cmg__sb_append(
        cloud, list,
        cmg__json_pack(
            "{s:o, s:s, s:{s:s, s:s, s:o, s:s, s:s, s:{s:s, s:s, s:s}}}", "id",
            cmg__sb_text(cloud, "%s/operations/%s",
                         cmg__str_or(cmg__json_str(deployment, "/id"), ""), name),
            "operationId", name, "properties", "provisioningOperation", "Create",
            "provisioningState", "Running", "timestamp", cmg__sb_time(at_ms), "duration",
            "PT0S", "statusCode", "Created", "targetResource", "id", id, "resourceType",
            type, "resourceName", strrchr(id, '/') == NULL ? id : strrchr(id, '/') + 1));
    return cmg__json_item(list, cmg__json_size(list) - 1);
}

static void close_operation(struct cmg__sb_cloud *cloud, struct cmg__json *operation,
                            int64_t start_ms, int64_t end_ms,
                            const struct cmg__sb_fault *fault)
{
    struct cmg__json *properties = cmg__json_key(operation, "properties");
    cmg__sb_set_str(cloud, properties, "provisioningState",
                    fault == NULL ? "Succeeded" : "Failed");
    cmg__sb_set_str(cloud, properties, "statusCode",
                    fault == NULL ? "OK" : http_word(fault->status));
    cmg__sb_set(cloud, properties, "timestamp", cmg__sb_time(end_ms));
    cmg__sb_set(cloud, properties, "duration", duration(cloud, end_ms - start_ms));
    if (fault != NULL)
        cmg__sb_set(cloud, properties, "statusMessage",
                    cmg__json_pack("{s:s, s:{s:s, s:s}}", "status", "Failed", "error",
                                   "code", fault->code, "message", fault->message));
}

/* ---- ending ---- */

static void end(struct cmg__sb_cloud *cloud, struct cmg__json *deployment,
                const char *state, int64_t at_ms)
{
    struct cmg__json *properties = cmg__json_key(deployment, "properties");
    int64_t start = cmg__json_int(deployment, "/_start_ms", 0);
    cmg__sb_set_str(cloud, properties, "provisioningState", state);
    cmg__sb_set(cloud, properties, "timestamp", cmg__sb_time(at_ms));
    cmg__sb_set(cloud, properties, "duration", duration(cloud, at_ms - start));
    cmg__json_remove(deployment, "_input"); /* secrets are no longer needed */
}

/* Notes what was refused; the deployment ends when nothing is under way any more. */
static void note_fault(struct cmg__sb_cloud *cloud, struct cmg__json *deployment,
                       const char *id, const struct cmg__sb_fault *fault)
{
    struct cmg__json *properties = cmg__json_key(deployment, "properties");
    if (cmg__json_key(properties, "error") == NULL)
        cmg__sb_set(
            cloud, properties, "error",
            cmg__json_pack("{s:s, s:s, s:[]}", "code", "DeploymentFailed", "message",
                           "At least one resource deployment operation failed. Please "
                           "list deployment operations for details.",
                           "details"));
    cmg__sb_append(cloud, cmg__json_at(properties, "/error/details"),
                   cmg__json_pack("{s:s, s:s, s:s}", "code", fault->code, "message",
                                  fault->message, "target", id));
}

/* Without a resource to blame. */
static void fail_whole(struct cmg__sb_cloud *cloud, struct cmg__json *deployment,
                       const struct cmg__sb_fault *fault, int64_t at_ms)
{
    const char *id = cmg__str_or(cmg__json_str(deployment, "/id"), "");
    struct cmg__json *operation =
        list_operation(cloud, deployment, id, "Microsoft.Resources/deployments", at_ms);
    close_operation(cloud, operation, at_ms, at_ms, fault);
    note_fault(cloud, deployment, id, fault);
    end(cloud, deployment, "Failed", at_ms);
}

static void finish(struct cmg__sb_cloud *cloud, struct cmg__json *deployment,
                   struct cmg__sb_template *t, int64_t at_ms)
{
    struct cmg__sb_fault fault;
    struct cmg__json *outputs = NULL;
    struct cmg__json *made = cmg__json_array();
    const struct cmg__json *operations = cmg__json_key(deployment, "_operations");
    cmg_error *why = NULL;
    for (size_t i = 0; i < cmg__json_size(operations); i++)
        cmg__sb_append(cloud, made,
                       cmg__json_pack("{s:s?}", "id",
                                      cmg__json_str(cmg__json_item(operations, i),
                                                    "/properties/targetResource/id")));
    cmg__sb_set(cloud, cmg__json_key(deployment, "properties"), "outputResources", made);
    if (cmg__sb_template_outputs(t, &outputs, &why) != CMG_OK) {
        cmg__sb_deployment_fault(&fault, why);
        fail_whole(cloud, deployment, &fault, at_ms);
    } else {
        cmg__sb_set(cloud, cmg__json_key(deployment, "properties"), "outputs", outputs);
        end(cloud, deployment, "Succeeded", at_ms);
    }
    cmg_error_unref(why);
}

/* ---- making ---- */

/* Puts the resource of an evaluated body; false with *fault when it was refused. */
static bool put(struct cmg__sb_cloud *cloud, const struct cmg__sb_template *t,
                const char *id, const struct cmg__json *body, struct cmg__sb_fault *fault)
{
    const struct cmg__sb_wish wish = { .id = id, .group = t->group, .body = body };
    if (cmg__sb_child_is(cmg__json_str(body, "/type")))
        return cmg__sb_child_put(cloud, id, body, fault);
    bool is_old = cmg__sb_resource(cloud, id) != NULL;
    return cmg__sb_resource_put(cloud, &wish, is_old ? "Updating" : "Creating", NULL,
                                fault) != NULL;
}

static void begin(struct cmg__sb_cloud *cloud, struct cmg__json *deployment,
                  struct cmg__sb_template *t, struct cmg__json *entry, int64_t at_ms)
{
    struct cmg__sb_fault fault = { .status = 500, .code = "InternalServerError" };
    const struct cmg__json *source = cmg__json_item(
        cmg__json_key(t->source, "resources"), (size_t)cmg__json_int(entry, "/index", 0));
    const char *type = cmg__str_or(cmg__json_str(source, "/type"), "");
    struct cmg__json *body = NULL;
    char *id = NULL;
    cmg_error *why = NULL;
    cmg_status rc = cmg__sb_template_id(t, source, &id, &why);
    if (rc == CMG_OK)
        rc = cmg__sb_template_value(t, source, &body, &why);
    if (rc != CMG_OK)
        cmg__sb_deployment_fault(&fault, why);
    bool good = rc == CMG_OK && put(cloud, t, id, body, &fault);
    struct cmg__json *operation =
        list_operation(cloud, deployment, cmg__str_or(id, ""), type, at_ms);
    cmg__sb_set_int(cloud, entry, "operation",
                    (int64_t)cmg__json_size(cmg__json_key(deployment, "_operations")) -
                        1);
    cmg__sb_set_int(cloud, entry, "start_ms", at_ms);
    cmg__sb_set_int(cloud, entry, "end_ms",
                    good ? at_ms + takes_ms(cloud, deployment, entry, type) : at_ms);
    set_state(cloud, entry, good ? BEGUN : REFUSED);
    if (!good) {
        close_operation(cloud, operation, at_ms, at_ms, &fault);
        note_fault(cloud, deployment, cmg__str_or(id, ""), &fault);
    }
    cmg__json_unref(body);
    cmg_error_unref(why);
    cmg__free(cloud->alloc, id);
}

static void complete(struct cmg__sb_cloud *cloud, struct cmg__json *deployment,
                     struct cmg__json *entry)
{
    struct cmg__json *operation =
        cmg__json_item(cmg__json_key(deployment, "_operations"),
                       (size_t)cmg__json_int(entry, "/operation", 0));
    struct cmg__json *resource = cmg__sb_resource(
        cloud,
        cmg__str_or(cmg__json_str(operation, "/properties/targetResource/id"), ""));
    if (resource != NULL)
        cmg__sb_set_str(cloud, cmg__json_key(resource, "properties"), "provisioningState",
                        "Succeeded");
    close_operation(cloud, operation, cmg__json_int(entry, "/start_ms", 0),
                    cmg__json_int(entry, "/end_ms", 0), NULL);
    set_state(cloud, entry, MADE);
}

/* Ends what has had its time, begins what can be if there is a template. True when there
   was something to do. */
static bool advance(struct cmg__sb_cloud *cloud, struct cmg__json *deployment,
                    struct cmg__sb_template *t, int64_t now_ms)
{
    const struct cmg__json *order = cmg__json_key(deployment, "_order");
    bool moved = false;
    for (size_t i = 0; i < cmg__json_size(order); i++) {
        struct cmg__json *entry = cmg__json_item(order, i);
        if (state_of(entry) == WAITING && t != NULL) {
            int64_t at = ready_ms(deployment, entry);
            if (at >= 0 && at <= now_ms) {
                begin(cloud, deployment, t, entry, at);
                moved = true;
            }
        }
        if (state_of(entry) == BEGUN && cmg__json_int(entry, "/end_ms", 0) <= now_ms) {
            complete(cloud, deployment, entry);
            moved = true;
        }
    }
    return moved;
}

static size_t count(const struct cmg__json *deployment, enum state state)
{
    const struct cmg__json *order = cmg__json_key(deployment, "_order");
    size_t n = 0;
    for (size_t i = 0; i < cmg__json_size(order); i++)
        n += state_of(cmg__json_item(order, i)) == state;
    return n;
}

bool cmg__sb_deployment_is_at_work(const struct cmg__json *deployment)
{
    return count(deployment, BEGUN) > 0;
}

/* When the last of it ended; without resources it takes its time too. */
static int64_t end_ms(const struct cmg__sb_cloud *cloud,
                      const struct cmg__json *deployment)
{
    const struct cmg__json *order = cmg__json_key(deployment, "_order");
    int64_t start = cmg__json_int(deployment, "/_start_ms", 0);
    int64_t last = cmg__json_size(order) == 0 ? start + whole_ms(cloud) : start;
    for (size_t i = 0; i < cmg__json_size(order); i++) {
        int64_t at = cmg__json_int(cmg__json_item(order, i), "/end_ms", 0);
        last = at > last ? at : last;
    }
    return last;
}

/* As far as it is by now, with the template open. */
static void run(struct cmg__sb_cloud *cloud, struct cmg__json *deployment,
                struct cmg__sb_template *t, int64_t now_ms)
{
    while (!cloud->oom && advance(cloud, deployment, t, now_ms))
        cloud->dirty = true;
    int64_t last = end_ms(cloud, deployment);
    if (cloud->oom || cmg__sb_deployment_is_at_work(deployment) || last > now_ms)
        return;
    if (count(deployment, REFUSED) > 0)
        end(cloud, deployment, "Failed", last);
    else
        finish(cloud, deployment, t, last);
    cloud->dirty = true;
}

static void step(struct cmg__sb_cloud *cloud, struct cmg__json *deployment,
                 int64_t now_ms)
{
    struct cmg__sb_template t;
    struct cmg__sb_fault fault;
    cmg_error *why = NULL;
    const struct cmg__json *input = cmg__json_key(deployment, "_input");
    const struct cmg__json *group =
        cmg__sb_group_named(cloud, cmg__str_or(cmg__json_str(deployment, "/_group"), ""));
    int64_t fate = cmg__json_int(deployment, "/_fault", 0);
    if (fate == CMG__SB_OPERATION_STUCK)
        return;
    const struct cmg__sb_end *bad = cmg__sb_operation_end(fate);
    if (bad != NULL) {
        cmg__sb_fault_set(&fault, 409, bad->code, "%s", bad->message);
        fail_whole(cloud, deployment, &fault, now_ms);
        cmg__sb_set_str(cloud, cmg__json_key(deployment, "properties"),
                        "provisioningState", bad->state);
        cloud->dirty = true;
        return;
    }
    cmg__sb_set_str(cloud, cmg__json_key(deployment, "properties"), "provisioningState",
                    "Running");
    cmg__sb_deployment_fill(cloud, group, false, &t);
    if (group == NULL ||
        cmg__sb_template_open(&t, cmg__json_key(input, "template"),
                              cmg__json_key(input, "parameters"), &why) != CMG_OK) {
        cmg__sb_deployment_fault(&fault, why);
        fail_whole(cloud, deployment, &fault, now_ms);
        cloud->dirty = true;
        cmg_error_unref(why);
        return;
    }
    run(cloud, deployment, &t, now_ms);
    cmg__sb_template_close(&t);
}

void cmg__sb_deployment_settle(struct cmg__sb_cloud *cloud, int64_t now_ms)
{
    void *iter = NULL;
    const char *key = NULL;
    struct cmg__json *deployment = NULL;
    while (
        cmg__json_next(cmg__sb_table(cloud, "deployments"), &iter, &key, &deployment)) {
        const char *state = cmg__json_str(deployment, "/properties/provisioningState");
        if (cmg__sb_same(state, "Accepted") || cmg__sb_same(state, "Running"))
            step(cloud, deployment, now_ms);
        else if (cmg__sb_deployment_is_at_work(deployment) && /* canceled */
                 advance(cloud, deployment, NULL, now_ms))
            cloud->dirty = true;
    }
}
