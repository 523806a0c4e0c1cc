/*
 * Resource Manager's what-if: one change for each resource, and in those that are
 * modified a tree of properties. Elements of arrays have names instead of numbers here
 * wherever they have a name. What-if tells more than what differs: properties that the
 * service fills in, and secrets that it never tells. A table says which, and why.
 */
#include "model/drift.h"

#include <string.h>

#include "base/error.h"
#include "base/str.h"

#define PATH_MAX_BYTES  ((size_t)1024)
#define VALUE_MAX_BYTES ((size_t)1024)
#define MAX_DEPTH       16
#define MAX_COUNT       ((size_t)500)

struct reader {
    const struct cmg__alloc *alloc;
    struct cmg__differences *list;
    const struct cmg__json *change; /* of the resource being read */
    const char *type;               /* within the path: "loadBalancers/..." */
    struct cmg__buf path;
    size_t front; /* of the path: type and name of the resource */
    unsigned depth;
    cmg_error **err;
};

/* ---- tables ---- */

/* "*" stands for one segment; a path below one that fits, fits. */
static bool fits(const char *pattern, const char *path)
{
    while (*pattern != '\0') {
        const size_t want = strcspn(pattern + 1, "/");
        const size_t have = *path == '/' ? strcspn(path + 1, "/") : 0;
        const bool any = want == 1 && pattern[1] == '*';

        if (*path != '/' ||
            (!any && (want != have || strncmp(pattern + 1, path + 1, want) != 0)))
            return false;
        pattern += want + 1;
        path += have + 1;
    }
    return true;
}

static bool is_type(const char *type, const char *path)
{
    const size_t n = strlen(type);

    return n == 0 || (cmg__str_istarts(path, type) && path[n] == '/');
}

#define SETS     "virtualMachineScaleSets"
#define MACHINES "/properties/virtualMachineProfile"

/* What is told although nobody changed it. */
static const struct {
    const char *type; /* "": all */
    const char *path;
    bool only_added; /* a template's own value counts; else none does */
    const char *why;
} noise[] = {
    { SETS, MACHINES "/osProfile/adminPassword", false, "a secret, never told" },
    { SETS, MACHINES "/osProfile/customData", false, "a secret, never told" },
    { SETS, MACHINES "/userData", false, "never told" },
    { SETS, MACHINES "/timeCreated", true, "read-only" },
    { SETS, MACHINES "/osProfile/requireGuestProvisionSignal", true, "read-only" },
    { SETS, MACHINES "/osProfile/allowExtensionOperations", true, "filled in" },
    { SETS, MACHINES "/osProfile/linuxConfiguration", true, "filled in" },
    { SETS, MACHINES "/storageProfile/osDisk/osType", true, "follows from the image" },
    { SETS, MACHINES "/storageProfile/osDisk/diskSizeGB", true,
      "follows from the image" },
    { SETS, MACHINES "/storageProfile/imageReference/exactVersion", true, "read-only" },
    { SETS, MACHINES "/storageProfile/diskControllerType", true,
      "follows from the size" },
    { SETS, "/properties/uniqueId", true, "read-only" },
    { SETS, "/properties/timeCreated", true, "read-only" },
    { "", "/properties/provisioningState", false, "read-only" },
    { "", "/properties/resourceGuid", false, "read-only" },
    { "", "/etag", false, "read-only" },
    { "", "/systemData", false, "read-only" },
    { "publicIPAddresses", "/properties/ipAddress", true, "given by Azure" },
    { "publicIPAddresses", "/properties/ipConfiguration", true, "read-only" },
    { "publicIPAddresses", "/properties/dnsSettings/fqdn", true, "read-only" },
    { "virtualNetworks", "/properties/subnets/*/properties/ipConfigurations", true,
      "read-only" },
    { "virtualNetworks",
      "/properties/subnets/*/properties/privateEndpointNetworkPolicies", true,
      "filled in" },
    { "virtualNetworks",
      "/properties/subnets/*/properties/privateLinkServiceNetworkPolicies", true,
      "filled in" },
    { "networkSecurityGroups", "/properties/defaultSecurityRules", true, "filled in" },
    { "storageAccounts", "/sku/tier", true, "follows from the name" },
    { "storageAccounts", "/properties/encryption", true, "filled in" },
    { "storageAccounts", "/properties/primaryEndpoints", true, "read-only" },
    { "storageAccounts", "/properties/creationTime", true, "read-only" },
};

static bool is_noise(const struct reader *r, bool added)
{
    const char *path = cmg__buf_cstr(&r->path) + r->front;

    for (size_t i = 0; i < CMG__ARRAY_LEN(noise); i++) {
        if ((added || !noise[i].only_added) && is_type(noise[i].type, r->type) &&
            fits(noise[i].path, path))
            return true;
    }
    return false;
}

/* How grave it is and what correct does; the first that fits. */
static const struct meaning {
    const char *type;
    const char *path;
    cmg_severity severity;
    cmg_correctable correctable;
    const char *fix;
} meanings[] = {
    { "", "/location", CMG_SEVERITY_WARNING, CMG_CORRECTABLE_NO,
      "it cannot move: delete it and create the gateway again, or name its region" },
    { "", "/tags", CMG_SEVERITY_NOTE, CMG_CORRECTABLE_YES,
      "give it the tags that it was made with" },
    { "networkSecurityGroups", "/properties/securityRules", CMG_SEVERITY_REFUSAL,
      CMG_CORRECTABLE_YES, "open the gateway's ports, and no others" },
    { "loadBalancers", "/properties", CMG_SEVERITY_REFUSAL, CMG_CORRECTABLE_YES,
      "lead clients and connectors to the instances" },
    { "publicIPAddresses", "/properties/dnsSettings", CMG_SEVERITY_REFUSAL,
      CMG_CORRECTABLE_YES, "give the address its name" },
    { SETS, "/sku/name", CMG_SEVERITY_WARNING, CMG_CORRECTABLE_YES,
      "use the specification's machine size" },
    { SETS, "/sku/capacity", CMG_SEVERITY_WARNING, CMG_CORRECTABLE_YES,
      "bring the instances to the specification's number" },
    { "", "", CMG_SEVERITY_WARNING, CMG_CORRECTABLE_YES, "deploy it as it was made" },
};

static const struct meaning *meaning_of(const struct reader *r)
{
    const char *path = cmg__buf_cstr(&r->path) + r->front;
    size_t i = 0;

    while (i + 1 < CMG__ARRAY_LEN(meanings) &&
           (!is_type(meanings[i].type, r->type) || !fits(meanings[i].path, path)))
        i++;
    return &meanings[i];
}

static const struct meaning missing = {
    "", "", CMG_SEVERITY_REFUSAL, CMG_CORRECTABLE_YES, "make it again",
};
static const struct meaning unsupported = {
    "",
    "",
    CMG_SEVERITY_WARNING,
    CMG_CORRECTABLE_NO,
    "look at it in the portal: Resource Manager cannot compare it",
};

/* ---- differences ---- */

static cmg_status refuse(const struct reader *r, const char *what)
{
    return cmg__fail(r->err, r->alloc, CMG_E_PROTO, "what-if",
                     "run it again; if it stays, report it with the log",
                     "Resource Manager's comparison has %s at \"%s\"", what,
                     cmg__buf_cstr(&r->path));
}

static char *described(const struct reader *r, const struct cmg__json *value)
{
    struct cmg__buf text;
    char *out = NULL;

    if (value == NULL || cmg__json_type(value) == CMG__JSON_NULL)
        return cmg__strdup(r->alloc, "absent");
    cmg__buf_init(&text, r->alloc, VALUE_MAX_BYTES);
    cmg_status rc = cmg__json_format(value, CMG__JSON_SORTED, &text);
    if (rc != CMG_OK && rc != CMG_E_NOMEM) { /* too long */
        cmg__buf_clear(&text);
        rc = cmg__json_describe(value, &text);
    }
    if (rc == CMG_OK)
        out = cmg__strdup(r->alloc, cmg__buf_cstr(&text));
    cmg__buf_done(&text);
    return out;
}

/* Takes found and should_be over. */
static cmg_status note(struct reader *r, const struct meaning *meaning, char *found,
                       char *should_be)
{
    const struct cmg__difference one = {
        .part = CMG_APP_RESOURCE,
        .severity = meaning->severity,
        .correctable = meaning->correctable,
        .own_path = cmg__strdup(r->alloc, cmg__buf_cstr(&r->path)),
        .fix = meaning->fix,
        .found = found,
        .should_be = should_be,
    };
    const bool too_many = r->list->count == MAX_COUNT;

    if (cmg__differences_add(r->alloc, r->list, &one) != CMG_OK)
        return cmg__fail_nomem(r->err);
    return too_many ? refuse(r, "more differences than a gateway can have") : CMG_OK;
}

/* ---- properties ---- */

static cmg_status read_entries(struct reader *r, const struct cmg__json *list,
                               const struct cmg__json *before,
                               const struct cmg__json *after, bool elements);

/* The place that a path like "properties.probes" leads to; NULL for none. */
static const struct cmg__json *descend(const struct cmg__json *at, const char *path,
                                       size_t n)
{
    char key[128];

    if (n >= sizeof key || cmg__json_type(at) == CMG__JSON_NONE)
        return NULL;
    key[0] = '/';
    memcpy(key + 1, path, n);
    key[n + 1] = '\0';
    for (char *dot = strchr(key, '.'); dot != NULL; dot = strchr(dot, '.'))
        *dot = '/';
    return n + 1 < sizeof key ? cmg__json_at(at, key) : NULL;
}

/* The name of an array's element instead of its number. */
static const char *name_of(const struct cmg__json *before, const struct cmg__json *after,
                           const char *path, size_t n)
{
    const char *name = cmg__json_str(descend(after, path, n), "/name");

    if (name == NULL)
        name = cmg__json_str(descend(before, path, n), "/name");
    return name != NULL && name[0] != '\0' && strpbrk(name, "/\n") == NULL ? name : NULL;
}

static cmg_status add_path(struct reader *r, const char *path, const char *first)
{
    cmg_status rc = cmg__buf_add_char(&r->path, '/');

    if (rc == CMG_OK && first != NULL) {
        rc = cmg__buf_add_str(&r->path, first);
        path += strcspn(path, ".");
    }
    for (; rc == CMG_OK && *path != '\0'; path++)
        rc = cmg__buf_add_char(&r->path, *path == '.' ? '/' : *path);
    return rc == CMG_E_NOMEM ? cmg__fail_nomem(r->err)
           : rc != CMG_OK    ? refuse(r, "a path that is too long")
                             : CMG_OK;
}

static void cut_path(struct reader *r, size_t length)
{
    r->path.len = length;
    if (r->path.data != NULL)
        r->path.data[length] = '\0';
}

static cmg_status read_value(struct reader *r, const struct cmg__json *entry)
{
    const struct cmg__json *before = cmg__json_key(entry, "before");
    const struct cmg__json *after = cmg__json_key(entry, "after");
    const bool added = after == NULL || cmg__json_type(after) == CMG__JSON_NULL;

    if (is_noise(r, added))
        return CMG_OK;
    return note(r, meaning_of(r), described(r, before), described(r, after));
}

enum property { LEAF, NOTHING, BRANCH, LIST };

static const struct {
    const char *word;
    enum property kind;
} properties[] = {
    { "Create", LEAF },      { "Delete", LEAF }, { "Modify", BRANCH },
    { "NoEffect", NOTHING }, /* read-only for the service: what the template says is void
                              */
    { "Array", LIST },
};

/* Modified objects may have children; those of arrays are named by their number. */
static cmg_status read_property(struct reader *r, const struct cmg__json *entry,
                                enum property kind, const struct cmg__json *before,
                                const struct cmg__json *after)
{
    const struct cmg__json *children = cmg__json_key(entry, "children");
    const bool has = cmg__json_size(children) > 0;

    if (kind == NOTHING)
        return CMG_OK;
    if (kind == LIST && cmg__json_type(children) != CMG__JSON_ARRAY)
        return refuse(r, "an array without children");
    if (kind == LIST || (kind == BRANCH && has))
        return read_entries(r, children, before, after, kind == LIST);
    return read_value(r, entry);
}

static cmg_status read_entry(struct reader *r, const struct cmg__json *entry,
                             const struct cmg__json *before,
                             const struct cmg__json *after, bool element)
{
    const char *path = cmg__json_str(entry, "/path");
    const char *word = cmg__str_or(cmg__json_str(entry, "/propertyChangeType"), "");
    size_t i = 0;

    while (i < CMG__ARRAY_LEN(properties) && strcmp(word, properties[i].word) != 0)
        i++;
    if (cmg__str_is_empty(path) || i == CMG__ARRAY_LEN(properties))
        return refuse(r, "a property without path or kind of change");
    const size_t n = element ? strcspn(path, ".") : strlen(path);
    cmg_status rc = add_path(r, path, element ? name_of(before, after, path, n) : NULL);
    if (rc != CMG_OK)
        return rc;
    const size_t all = strlen(path);
    return read_property(r, entry, properties[i].kind, descend(before, path, all),
                         descend(after, path, all));
}

static cmg_status read_entries(struct reader *r, const struct cmg__json *list,
                               const struct cmg__json *before,
                               const struct cmg__json *after, bool elements)
{
    const size_t length = r->path.len;
    cmg_status rc = CMG_OK;

    if (r->depth == MAX_DEPTH)
        return refuse(r, "more levels than a resource can have");
    r->depth++;
    for (size_t i = 0; rc == CMG_OK && i < cmg__json_size(list); i++) {
        rc = read_entry(r, cmg__json_item(list, i), before, after, elements);
        cut_path(r, length);
    }
    r->depth--;
    return rc;
}

/* ---- resources ---- */

static cmg_status read_nothing(struct reader *r)
{
    (void)r;
    return CMG_OK;
}

static cmg_status read_missing(struct reader *r)
{
    return note(r, &missing, cmg__strdup(r->alloc, "absent"),
                cmg__strdup(r->alloc, "there"));
}

static cmg_status read_unsupported(struct reader *r)
{
    const char *why = cmg__json_str(r->change, "/unsupportedReason");

    return note(r, &unsupported, cmg__strdup(r->alloc, cmg__str_or(why, "unknown")),
                cmg__strdup(r->alloc, "as the template says"));
}

static cmg_status read_modified(struct reader *r)
{
    const struct cmg__json *delta = cmg__json_key(r->change, "delta");

    if (cmg__json_type(delta) != CMG__JSON_ARRAY)
        return refuse(r, "a modification without delta");
    return read_entries(r, delta, cmg__json_key(r->change, "before"),
                        cmg__json_key(r->change, "after"), false);
}

/* Ignored are those of the group that the template does not name. Deletions belong to
   complete deployments, and Deploy to answers without properties. */
static const struct {
    const char *word;
    cmg_status (*read)(struct reader *r);
} changes[] = {
    { "NoChange", read_nothing }, { "Ignore", read_nothing },
    { "Create", read_missing },   { "Modify", read_modified },
    { "NoEffect", read_nothing }, { "Unsupported", read_unsupported },
};

/* The path's front: what stands behind the last provider, without its namespace. */
static cmg_status begin(struct reader *r, const char *id)
{
    static const char mark[] = "/providers/";
    const char *at = NULL;

    for (const char *next = strstr(id, mark); next != NULL; next = strstr(at, mark))
        at = next + sizeof mark - 1;
    const char *slash = at == NULL ? NULL : strchr(at, '/');
    cmg__buf_clear(&r->path);
    if (slash == NULL || slash[1] == '\0')
        return refuse(r, "a change without the ID of a resource");
    const cmg_status rc = cmg__buf_add_str(&r->path, slash);
    if (rc != CMG_OK)
        return rc == CMG_E_NOMEM ? cmg__fail_nomem(r->err) : refuse(r, "too long an ID");
    r->front = r->path.len;
    r->type = slash + 1;
    return CMG_OK;
}

static cmg_status read_change(struct reader *r)
{
    const char *word = cmg__str_or(cmg__json_str(r->change, "/changeType"), "");
    cmg_status rc = begin(r, cmg__str_or(cmg__json_str(r->change, "/resourceId"), ""));

    if (rc != CMG_OK)
        return rc;
    for (size_t i = 0; i < CMG__ARRAY_LEN(changes); i++) {
        if (strcmp(word, changes[i].word) == 0)
            return changes[i].read(r);
    }
    return refuse(r, "a change that an incremental deployment does not make");
}

cmg_status cmg__drift_read(const struct cmg__alloc *alloc, const struct cmg__json *answer,
                           struct cmg__differences *list, cmg_error **err)
{
    const struct cmg__json *all = cmg__json_at(answer, "/properties/changes");
    struct reader r = { .alloc = alloc, .list = list, .err = err };
    cmg_status rc = CMG_OK;

    cmg__buf_init(&r.path, alloc, PATH_MAX_BYTES);
    if (cmg__json_type(all) != CMG__JSON_ARRAY)
        rc = refuse(&r, "no list of changes");
    for (size_t i = 0; rc == CMG_OK && i < cmg__json_size(all); i++) {
        r.change = cmg__json_item(all, i);
        rc = read_change(&r);
    }
    cmg__buf_done(&r.path);
    return rc;
}
