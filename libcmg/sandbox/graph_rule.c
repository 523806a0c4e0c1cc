/*
 * Rules that an application as a whole keeps: App ID URIs of the tenant and of nobody
 * else, scopes and roles with identifiers of their own that are disabled before they go,
 * redirect URIs, the permissions it asks for.
 */
#include <string.h>

#include "sandbox/graph.h"

/* ---- App ID URIs ---- */

/* Is one of the parts between slashes the wanted one? */
static bool has_part(const char *path, const char *wanted)
{
    size_t w = strlen(wanted);
    while (w > 0 && *path != '\0') {
        size_t n = strcspn(path, "/");
        if (n == w && cmg__str_ieqn(path, wanted, n))
            return true;
        path += n + (path[n] == '/');
    }
    return false;
}

static bool is_below(const char *host, size_t n, const char *domain)
{
    size_t d = strlen(domain);
    return n >= d && cmg__str_ieqn(host + n - d, domain, d) &&
           (n == d || host[n - d - 1] == '.');
}

/* Tenant ID, app ID, or a verified domain as host or its parent. */
static bool uri_is_ours(const struct cmg__sb_call *call, const char *uri,
                        const char *app_id)
{
    char domain[254];
    if (cmg__str_istarts(uri, "api://"))
        return has_part(uri + strlen("api://"), app_id) ||
               has_part(uri + strlen("api://"), cmg__sb_fact(call->cloud, "tenant_id"));
    if (!cmg__str_istarts(uri, "https://"))
        return false;
    const char *host = uri + strlen("https://");
    size_t n = strcspn(host, "/:");
    for (size_t i = 0; cmg__sb_domain(call->cloud, i, domain); i++) {
        if (is_below(host, n, domain))
            return true;
    }
    return false;
}

static bool table_has_uri(const struct cmg__sb_cloud *cloud, const char *table,
                          const char *uri, const char *except_id)
{
    void *iter = NULL;
    const char *key = NULL;
    struct cmg__json *entry = NULL;
    while (cmg__json_next(cmg__sb_table(cloud, table), &iter, &key, &entry)) {
        const struct cmg__json *uris = cmg__json_key(entry, "identifierUris");
        for (size_t i = 0; i < cmg__json_size(uris); i++) {
            const char *text = cmg__json_str(cmg__json_item(uris, i), "");
            if (!cmg__sb_same(key, except_id) && cmg__sb_same(text, uri))
                return true;
        }
    }
    return false;
}

static bool refuse_duplicate(struct cmg__sb_call *call)
{
    static const char text[] = "Another object with the same value for property "
                               "identifierUris already exists.";
    cmg__sb_refuse(call, 400, "Request_BadRequest", "%s", text);
    cmg__sb_set(call->cloud, cmg__json_at(call->reply, "/error"), "details",
                cmg__json_pack("[{s:s, s:s, s:s}]", "code", "ObjectConflict", "target",
                               "identifierUris", "message", text));
    return false;
}

static bool is_among(const struct cmg__json *texts, size_t n, const char *text)
{
    for (size_t i = 0; i < n && i < cmg__json_size(texts); i++) {
        if (cmg__sb_same(cmg__json_str(cmg__json_item(texts, i), ""), text))
            return true;
    }
    return false;
}

/* The policy looks at what is added; what an application has, it may keep. */
static bool check_uri(struct cmg__sb_call *call, const struct cmg__json *application,
                      const char *uri, bool is_new)
{
    const char *id = cmg__str_or(cmg__json_str(application, "/id"), "");
    const char *app_id = cmg__str_or(cmg__json_str(application, "/appId"), "");
    bool v2 = cmg__json_int(application, "/api/requestedAccessTokenVersion", 1) == 2;
    size_t n = strlen(uri);
    if (n == 0 || uri[n - 1] == '/' || strstr(uri, "://") == NULL) {
        cmg__sb_refuse(call, 400, "Request_BadRequest",
                       "Invalid value specified for property 'identifierUris' of "
                       "resource 'Application'.");
        return false;
    }
    if (is_new && !v2 && !uri_is_ours(call, uri, app_id)) {
        cmg__sb_refuse(call, 400, "HostNameNotOnVerifiedDomain",
                       "Failed to add identifier URI %s. All newly added URIs must "
                       "contain a tenant verified domain, tenant ID, or app ID, as per "
                       "the default tenant policy of your organization.",
                       uri);
        return false;
    }
    if (table_has_uri(call->cloud, "applications", uri, id) ||
        table_has_uri(call->cloud, "deleted", uri, id))
        return refuse_duplicate(call);
    return true;
}

static bool check_uris(struct cmg__sb_call *call, const struct cmg__json *before,
                       const struct cmg__json *application)
{
    const struct cmg__json *uris = cmg__json_key(application, "identifierUris");
    const struct cmg__json *old = cmg__json_key(before, "identifierUris");
    for (size_t i = 0; i < cmg__json_size(uris); i++) {
        const char *uri = cmg__str_or(cmg__json_str(cmg__json_item(uris, i), ""), "");
        if (is_among(uris, i, uri))
            return refuse_duplicate(call);
        if (!check_uri(call, application, uri, !is_among(old, SIZE_MAX, uri)))
            return false;
    }
    return true;
}

/* ---- scopes and roles ---- */

static const char *const entitlements[] = { "/api/oauth2PermissionScopes", "/appRoles" };

static bool refuse_part(struct cmg__sb_call *call, const char *list, const char *what)
{
    cmg__sb_refuse(call, 400, "Request_BadRequest", "Property '%s' has an entry %s.",
                   list + 1, what);
    return false;
}

static const struct cmg__json *find_entry(const struct cmg__json *list, size_t n,
                                          const char *path, const char *text)
{
    for (size_t i = 0; text != NULL && i < n && i < cmg__json_size(list); i++) {
        const struct cmg__json *entry = cmg__json_item(list, i);
        if (cmg__sb_same(cmg__json_str(entry, path), text))
            return entry;
    }
    return NULL;
}

static bool is_one_of(const char *text, const char *a, const char *b)
{
    return strcmp(text, a) == 0 || strcmp(text, b) == 0;
}

static bool has_members(const struct cmg__json *role)
{
    const struct cmg__json *types = cmg__json_key(role, "allowedMemberTypes");
    for (size_t i = 0; i < cmg__json_size(types); i++) {
        const char *type = cmg__json_str(cmg__json_item(types, i), "");
        if (type == NULL || !is_one_of(type, "User", "Application"))
            return false;
    }
    return cmg__json_size(types) > 0;
}

/* What is wrong with entry i of one of the lists, or NULL. */
static const char *entitlement_fault(const struct cmg__json *list, size_t i, bool role)
{
    const struct cmg__json *entry = cmg__json_item(list, i);
    const char *id = cmg__json_str(entry, "/id");
    const char *value = cmg__json_str(entry, "/value");
    if (id == NULL || !cmg__guid_is_valid(id))
        return "without a valid id";
    if (find_entry(list, i, "/id", id) != NULL)
        return "whose id is there twice";
    if (find_entry(list, i, "/value", value) != NULL)
        return "whose value is there twice";
    if (value != NULL && strcspn(value, " \t\r\n") != strlen(value))
        return "whose value has blanks";
    if (role)
        return has_members(entry) ? NULL : "without valid allowedMemberTypes";
    return is_one_of(cmg__str_or(cmg__json_str(entry, "/type"), "User"), "User", "Admin")
               ? NULL
               : "whose type is neither User nor Admin";
}

static bool check_entitlements(struct cmg__sb_call *call,
                               const struct cmg__json *application)
{
    for (size_t k = 0; k < CMG__ARRAY_LEN(entitlements); k++) {
        const struct cmg__json *list = cmg__json_at(application, entitlements[k]);
        for (size_t i = 0; i < cmg__json_size(list); i++) {
            const char *fault = entitlement_fault(list, i, k == 1);
            if (fault != NULL)
                return refuse_part(call, entitlements[k], fault);
        }
    }
    return true;
}

/* One that is enabled can neither go nor change its value. */
static bool check_disabled_first(struct cmg__sb_call *call,
                                 const struct cmg__json *before,
                                 const struct cmg__json *after)
{
    for (size_t k = 0; k < CMG__ARRAY_LEN(entitlements); k++) {
        const struct cmg__json *old = cmg__json_at(before, entitlements[k]);
        const struct cmg__json *list = cmg__json_at(after, entitlements[k]);
        for (size_t i = 0; i < cmg__json_size(old); i++) {
            const struct cmg__json *entry = cmg__json_item(old, i);
            const struct cmg__json *same = find_entry(list, cmg__json_size(list), "/id",
                                                      cmg__json_str(entry, "/id"));
            if (!cmg__json_bool(entry, "/isEnabled", true) ||
                (same != NULL && cmg__json_equal(cmg__json_key(same, "value"),
                                                 cmg__json_key(entry, "value"))))
                continue;
            cmg__sb_refuse(call, 400, "CannotDeleteOrUpdateEnabledEntitlement",
                           "Permission (scope or role) cannot be deleted or updated "
                           "unless disabled first.");
            return false;
        }
    }
    return true;
}

/* ---- what an application asks for, and where it is answered ---- */

static const char *access_fault(const struct cmg__json *list, size_t i)
{
    const struct cmg__json *entry = cmg__json_item(list, i);
    const struct cmg__json *rights = cmg__json_key(entry, "resourceAccess");
    const char *app_id = cmg__json_str(entry, "/resourceAppId");
    if (app_id == NULL || !cmg__guid_is_valid(app_id))
        return "without a valid resourceAppId";
    if (find_entry(list, i, "/resourceAppId", app_id) != NULL)
        return "whose resourceAppId is there twice";
    for (size_t k = 0; k < cmg__json_size(rights); k++) {
        const struct cmg__json *right = cmg__json_item(rights, k);
        const char *id = cmg__json_str(right, "/id");
        const char *type = cmg__str_or(cmg__json_str(right, "/type"), "");
        if (id == NULL || !cmg__guid_is_valid(id) || !is_one_of(type, "Scope", "Role"))
            return "with a permission that has no valid id, or is neither Scope nor Role";
    }
    return NULL;
}

/* Absolute, without fragment; for browsers https, or this machine. */
static bool redirect_is_good(const char *uri, bool browser)
{
    size_t scheme = strspn(uri, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "0123456789+.-");
    if (scheme == 0 || uri[scheme] != ':' || uri[scheme + 1] == '\0' ||
        strchr(uri, '#') != NULL || strchr(uri, ' ') != NULL)
        return false;
    return !browser || !cmg__str_istarts(uri, "http://") ||
           cmg__str_istarts(uri, "http://localhost") ||
           cmg__str_istarts(uri, "http://127.0.0.1");
}

static bool check_redirects(struct cmg__sb_call *call,
                            const struct cmg__json *application)
{
    static const struct {
        const char *path;
        bool browser;
    } lists[] = { { "/publicClient/redirectUris", false },
                  { "/spa/redirectUris", true },
                  { "/web/redirectUris", true } };
    for (size_t k = 0; k < CMG__ARRAY_LEN(lists); k++) {
        const struct cmg__json *uris = cmg__json_at(application, lists[k].path);
        for (size_t i = 0; i < cmg__json_size(uris); i++) {
            const char *uri = cmg__str_or(cmg__json_str(cmg__json_item(uris, i), ""), "");
            if (!redirect_is_good(uri, lists[k].browser))
                return refuse_part(call, lists[k].path, "that is no redirect URI");
            if (is_among(uris, i, uri))
                return refuse_part(call, lists[k].path, "that is there twice");
        }
    }
    return true;
}

static bool check_access(struct cmg__sb_call *call, const struct cmg__json *application)
{
    const struct cmg__json *list = cmg__json_key(application, "requiredResourceAccess");
    for (size_t i = 0; i < cmg__json_size(list); i++) {
        const char *fault = access_fault(list, i);
        if (fault != NULL)
            return refuse_part(call, "/requiredResourceAccess", fault);
    }
    return true;
}

bool cmg__sb_graph_rules(struct cmg__sb_call *call, const struct cmg__json *before,
                         const struct cmg__json *after)
{
    return check_uris(call, before, after) && check_entitlements(call, after) &&
           check_disabled_first(call, before, after) && check_access(call, after) &&
           check_redirects(call, after);
}
