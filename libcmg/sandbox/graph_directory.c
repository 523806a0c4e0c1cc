/*
 * The directory itself: organization, domains, the signed-in user, deleted items.
 */
#include <string.h>

#include "sandbox/graph.h"
#include "sandbox/router.h"
#include "sandbox/token.h"

static const char *const readers[] = { "Organization.Read.All", "Directory.Read.All",
                                       "Directory.ReadWrite.All", NULL };
static const char *const deleted_readers[] = { "Application.Read.All",
                                               "Application.ReadWrite.All",
                                               "Directory.Read.All",
                                               "Directory.ReadWrite.All", NULL };
static const char *const writers[] = { "Application.ReadWrite.All",
                                       "Directory.ReadWrite.All", NULL };

static struct cmg__json *verified_domain(const char *name, bool initial)
{
    return cmg__json_pack("{s:s, s:s, s:b, s:b, s:s}", "name", name, "type", "Managed",
                          "isDefault", (int)initial, "isInitial", (int)initial,
                          "capabilities", "Email, OfficeCommunicationsOnline");
}

static struct cmg__json *domain_entity(const char *name, bool initial)
{
    return cmg__json_pack("{s:s, s:b, s:b, s:b, s:b, s:s}", "id", name, "isDefault",
                          (int)initial, "isInitial", (int)initial, "isVerified", 1,
                          "isRoot", 1, "authenticationType", "Managed");
}

static struct cmg__json *list_domains(struct cmg__sb_cloud *cloud,
                                      struct cmg__json *(*make)(const char *, bool))
{
    struct cmg__json *list = cmg__json_array();
    char name[254];

    for (size_t i = 0; cmg__sb_domain(cloud, i, name); i++)
        cmg__sb_append(cloud, list, make(name, i == 0));
    return list;
}

static void get_organization(struct cmg__sb_call *call)
{
    if (!cmg__sb_graph_permits(call, readers))
        return;
    cmg__sb_reply(
        call, 200,
        cmg__json_pack(
            "{s:o, s:[{s:s, s:s, s:s, s:s, s:o}]}", "@odata.context",
            cmg__sb_text(call->cloud, "%s/v1.0/$metadata#organization", call->base),
            "value", "id", cmg__sb_fact(call->cloud, "tenant_id"), "displayName",
            "Contoso", "tenantType", "AAD", "countryLetterCode", "DE", "verifiedDomains",
            list_domains(call->cloud, verified_domain)));
}

static void get_domains(struct cmg__sb_call *call)
{
    if (!cmg__sb_graph_permits(call, readers))
        return;
    cmg__sb_reply(
        call, 200,
        cmg__json_pack("{s:o, s:o}", "@odata.context",
                       cmg__sb_text(call->cloud, "%s/v1.0/$metadata#domains", call->base),
                       "value", list_domains(call->cloud, domain_entity)));
}

static void get_me(struct cmg__sb_call *call)
{
    if (!call->caller.is_user) {
        cmg__sb_refuse(call, 400, "Request_BadRequest",
                       "/me request is only valid with delegated authentication flow.");
        return;
    }
    struct cmg__json *name =
        cmg__sb_text(call->cloud, "admin@%s", cmg__sb_fact(call->cloud, "domain"));
    struct cmg__json *me = cmg__json_pack(
        "{s:s, s:s, s:O, s:O}", "id", cmg__sb_fact(call->cloud, "admin_object_id"),
        "displayName", "Sandbox Administrator", "userPrincipalName", name, "mail", name);
    cmg__sb_graph_entity(call, 200, "users/$entity", me);
    cmg__json_unref(me);
    cmg__json_unref(name);
}

/* ---- deleted items ---- */

static void list_deleted(struct cmg__sb_call *call)
{
    const char *type = cmg__sb_arg(call, "type");
    if (!cmg__sb_graph_permits(call, deleted_readers))
        return;
    struct cmg__json *full = cmg__sb_text(call->cloud, "#microsoft.graph.%s", type);
    const struct cmg__sb_wanted wanted = { "deleted", "@odata.type",
                                           cmg__str_or(cmg__json_str(full, ""), "") };
    cmg__sb_graph_list(call, &wanted);
    cmg__json_unref(full);
}

static struct cmg__json *find_deleted(struct cmg__sb_call *call)
{
    const char *id = cmg__sb_arg(call, "id");
    struct cmg__json *entry = cmg__sb_find(call->cloud, "deleted", id);
    if (entry == NULL)
        cmg__sb_graph_not_found(call, id);
    return entry;
}

static void get_deleted(struct cmg__sb_call *call)
{
    struct cmg__json *entry = NULL;
    if (cmg__sb_graph_permits(call, deleted_readers))
        entry = find_deleted(call);
    if (entry != NULL)
        cmg__sb_graph_entity(call, 200, "directoryObjects/$entity", entry);
}

static void purge_deleted(struct cmg__sb_call *call)
{
    struct cmg__json *entry = NULL;
    if (cmg__sb_graph_permits(call, writers))
        entry = find_deleted(call);
    if (entry == NULL)
        return;
    cmg__json_remove(cmg__sb_table(call->cloud, "deleted"), cmg__sb_arg(call, "id"));
    cmg__sb_reply_empty(call, 204);
}

/* A principal comes back to its application only, and not beside another one. */
static bool may_return(struct cmg__sb_call *call, const struct cmg__json *principal)
{
    const char *app_id = cmg__json_str(principal, "/appId");
    if (cmg__sb_find_by(call->cloud, "applications", "appId", app_id) == NULL)
        cmg__sb_refuse(call, 400, "Request_BadRequest",
                       "The appId '%s' of the service principal does not reference a "
                       "valid application object.",
                       app_id);
    else if (cmg__sb_find_by(call->cloud, "service_principals", "appId", app_id) != NULL)
        cmg__sb_refuse(call, 409, "Request_MultipleObjectsWithSameKeyValue",
                       "The service principal cannot be created, updated, or restored "
                       "because the service principal name %s is already in use.",
                       app_id);
    else
        return true;
    return false;
}

static void restore_deleted(struct cmg__sb_call *call)
{
    struct cmg__json *entry = NULL;
    if (cmg__sb_graph_permits(call, writers))
        entry = find_deleted(call);
    if (entry == NULL)
        return;
    bool app = cmg__sb_same(cmg__str_or(cmg__json_str(entry, "/@odata.type"), ""),
                            "#microsoft.graph.application");
    if (!app && !may_return(call, entry))
        return;
    const char *id = cmg__sb_arg(call, "id");
    cmg__sb_set(call->cloud, entry, "deletedDateTime", cmg__json_pack("n"));
    /* Seen as any directory object, hence with its type. */
    cmg__sb_graph_entity(call, 200, "directoryObjects/$entity", entry);
    cmg__json_remove(entry, "@odata.type");
    cmg__sb_set(call->cloud,
                cmg__sb_table(call->cloud, app ? "applications" : "service_principals"),
                id, cmg__json_ref(entry));
    cmg__json_remove(cmg__sb_table(call->cloud, "deleted"), id);
}

static const struct cmg__sb_route routes[] = {
    { "GET", "/v1.0/organization", get_organization },
    { "GET", "/v1.0/domains", get_domains },
    { "GET", "/v1.0/me", get_me },
    { "GET", "/v1.0/directory/deletedItems/microsoft.graph.{type}", list_deleted },
    { "GET", "/v1.0/directory/deletedItems/{id}", get_deleted },
    { "DELETE", "/v1.0/directory/deletedItems/{id}", purge_deleted },
    { "POST", "/v1.0/directory/deletedItems/{id}/restore", restore_deleted },
    { "POST", "/v1.0/directory/deletedItems/{id}/microsoft.graph.restore",
      restore_deleted },
};
const struct cmg__sb_routes cmg__sb_graph_directory_routes = { routes,
                                                               CMG__ARRAY_LEN(routes) };
