/*
 * Owners of applications and service principals: references to users and service
 * principals of the tenant. Who makes an object as a person owns it.
 */
#include <string.h>

#include "sandbox/graph.h"
#include "sandbox/router.h"
#include "sandbox/token.h"

#define MEMBER "_owners"
#define MOST   100

static const char *const write_roles[] = { "Application.ReadWrite.All",
                                           "Directory.ReadWrite.All", NULL };
static const char *const read_roles[] = { "Application.Read.All",
                                          "Application.ReadWrite.All",
                                          "Directory.Read.All", "Directory.ReadWrite.All",
                                          NULL };

static struct cmg__json *describe_user(const struct cmg__sb_cloud *cloud, const char *id)
{
    struct cmg__json *user = cmg__sb_people_find(cloud, CMG__SB_USERS, id);
    struct cmg__json *out =
        user == NULL
            ? NULL
            : cmg__json_pack("{s:s, s:s, s:s?, s:s?}", "@odata.type",
                             "#microsoft.graph.user", "id", id, "displayName",
                             cmg__json_str(user, "/displayName"), "userPrincipalName",
                             cmg__json_str(user, "/userPrincipalName"));
    cmg__json_unref(user);
    return out;
}

/* A person or a program of the tenant as a directory object; NULL: there is none. */
static struct cmg__json *describe(const struct cmg__sb_cloud *cloud, const char *id)
{
    const struct cmg__json *principal = cmg__sb_find(cloud, "service_principals", id);
    if (cmg__sb_same(id, cmg__sb_fact(cloud, "admin_object_id")))
        return cmg__json_pack(
            "{s:s, s:s, s:s, s:o}", "@odata.type", "#microsoft.graph.user", "id", id,
            "displayName", "Sandbox Administrator", "userPrincipalName",
            cmg__sb_text(cloud, "admin@%s", cmg__sb_fact(cloud, "domain")));
    if (principal == NULL)
        return describe_user(cloud, id);
    return cmg__json_pack("{s:s, s:s, s:s?, s:s?}", "@odata.type",
                          "#microsoft.graph.servicePrincipal", "id", id, "displayName",
                          cmg__json_str(principal, "/displayName"), "appId",
                          cmg__json_str(principal, "/appId"));
}

void cmg__sb_graph_own(struct cmg__sb_call *call, struct cmg__json *entity)
{
    struct cmg__json *list = cmg__json_array();
    if (call->caller.is_user)
        cmg__sb_append(call->cloud, list, cmg__json_string(call->caller.object_id));
    cmg__sb_set(call->cloud, entity, MEMBER, list);
}

/* The entity's list; NULL: the answer is set. */
static struct cmg__json *find_list(struct cmg__sb_call *call, const char *const *roles)
{
    const char *id = cmg__sb_arg(call, "id");
    bool is_app = cmg__str_istarts(call->path, "/v1.0/applications");
    if (!cmg__sb_graph_permits(call, roles))
        return NULL;
    struct cmg__json *entity =
        cmg__sb_find(call->cloud, is_app ? "applications" : "service_principals", id);
    if (entity == NULL) {
        cmg__sb_graph_not_found(call, id);
        return NULL;
    }
    if (cmg__json_key(entity, MEMBER) == NULL)
        cmg__sb_set(call->cloud, entity, MEMBER, cmg__json_array());
    return cmg__json_key(entity, MEMBER);
}

static size_t index_of(const struct cmg__json *list, const char *id)
{
    size_t i = 0;
    while (i < cmg__json_size(list) &&
           !cmg__sb_same(cmg__json_str(cmg__json_item(list, i), ""), id))
        i++;
    return i;
}

static void list_owners(struct cmg__sb_call *call)
{
    const struct cmg__json *list = find_list(call, read_roles);
    if (list == NULL)
        return;
    struct cmg__json *found = cmg__json_array();
    for (size_t i = 0; i < cmg__json_size(list); i++) {
        struct cmg__json *owner =
            describe(call->cloud, cmg__json_str(cmg__json_item(list, i), ""));
        if (owner != NULL) /* one that has gone meanwhile owns nothing */
            cmg__sb_append(call->cloud, found, owner);
    }
    cmg__sb_reply(
        call, 200,
        cmg__json_pack(
            "{s:o, s:o}", "@odata.context",
            cmg__sb_text(call->cloud, "%s/v1.0/$metadata#directoryObjects", call->base),
            "value", found));
}

/* The last part of ".../directoryObjects/<id>", on whatever host. */
static const char *referred(const struct cmg__json *body)
{
    const char *link = cmg__json_str(cmg__json_key(body, "@odata.id"), "");
    const char *slash = link == NULL ? NULL : strrchr(link, '/');
    return slash == NULL ? "" : slash + 1;
}

static void add_owner(struct cmg__sb_call *call)
{
    struct cmg__json *list = find_list(call, write_roles);
    struct cmg__json *body = list == NULL ? NULL : cmg__sb_graph_body(call);
    if (body == NULL)
        return;
    const char *id = referred(body);
    struct cmg__json *owner = describe(call->cloud, id);
    if (owner == NULL)
        cmg__sb_graph_not_found(call, id);
    else if (index_of(list, id) < cmg__json_size(list))
        cmg__sb_refuse(call, 400, "Request_BadRequest",
                       "One or more added object references already exist for the "
                       "following modified properties: 'owners'.");
    else if (cmg__json_size(list) == MOST)
        cmg__sb_refuse(call, 400, "Request_BadRequest",
                       "The number of owners exceeds its limit of %d.", MOST);
    else {
        cmg__sb_append(call->cloud, list, cmg__json_string(id));
        cmg__sb_reply_empty(call, 204);
    }
    cmg__json_unref(owner);
}

static void remove_owner(struct cmg__sb_call *call)
{
    const char *id = cmg__sb_arg(call, "owner");
    struct cmg__json *list = find_list(call, write_roles);
    size_t i = index_of(list, id);
    if (list == NULL)
        return;
    if (i == cmg__json_size(list)) {
        cmg__sb_graph_not_found(call, id);
        return;
    }
    cmg__json_remove_at(list, i);
    cmg__sb_reply_empty(call, 204);
}

#define APP       "/v1.0/applications/{id}/owners"
#define PRINCIPAL "/v1.0/servicePrincipals/{id}/owners"

static const struct cmg__sb_route routes[] = {
    { "GET", APP, list_owners },
    { "POST", APP "/$ref", add_owner },
    { "DELETE", APP "/{owner}/$ref", remove_owner },
    { "GET", PRINCIPAL, list_owners },
    { "POST", PRINCIPAL "/$ref", add_owner },
    { "DELETE", PRINCIPAL "/{owner}/$ref", remove_owner },
};
const struct cmg__sb_routes cmg__sb_graph_owner_routes = { routes,
                                                           CMG__ARRAY_LEN(routes) };
