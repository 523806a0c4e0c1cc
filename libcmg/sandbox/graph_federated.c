/*
 * Federated credentials of an application: which tokens of which outside issuer sign it
 * in. They lie in the application, under a name of the sandbox's own.
 */
#include <string.h>

#include "sandbox/graph.h"
#include "sandbox/router.h"
#include "sandbox/token.h"

#define MEMBER "_federated"
#define MOST   20

static const char *const write_roles[] = { "Application.ReadWrite.All",
                                           "Directory.ReadWrite.All", NULL };
static const char *const read_roles[] = { "Application.Read.All",
                                          "Application.ReadWrite.All",
                                          "Directory.Read.All", "Directory.ReadWrite.All",
                                          NULL };

/* The application of the path, and its list; NULL: the answer is set. */
static struct cmg__json *find_list(struct cmg__sb_call *call, const char *const *roles)
{
    const char *id = cmg__sb_arg(call, "id");

    if (!cmg__sb_graph_permits(call, roles))
        return NULL;
    struct cmg__json *app = cmg__sb_find(call->cloud, "applications", id);
    if (app == NULL) {
        cmg__sb_graph_not_found(call, id);
        return NULL;
    }
    if (cmg__json_key(app, MEMBER) == NULL)
        cmg__sb_set(call->cloud, app, MEMBER, cmg__json_array());
    return cmg__json_key(app, MEMBER);
}

static void list_credentials(struct cmg__sb_call *call)
{
    struct cmg__json *list = find_list(call, read_roles);

    if (list != NULL)
        cmg__sb_reply(call, 200, cmg__json_pack("{s:O}", "value", list));
}

static bool is_whole(const struct cmg__json *body)
{
    static const char *const texts[] = { "/name", "/issuer", "/subject", "/audiences/0" };

    for (size_t i = 0; i < CMG__ARRAY_LEN(texts); i++) {
        if (cmg__str_is_empty(cmg__json_str(body, texts[i])))
            return false;
    }
    return cmg__json_size(cmg__json_key(body, "audiences")) == 1;
}

static bool same_text(const struct cmg__json *a, const struct cmg__json *b,
                      const char *path)
{
    return strcmp(cmg__str_or(cmg__json_str(a, path), ""),
                  cmg__str_or(cmg__json_str(b, path), "")) == 0;
}

/* Names are unique in an application, and so are issuer and subject together. */
static bool is_new(const struct cmg__json *list, const struct cmg__json *body)
{
    for (size_t i = 0; i < cmg__json_size(list); i++) {
        const struct cmg__json *entry = cmg__json_item(list, i);
        if (same_text(entry, body, "/name") ||
            (same_text(entry, body, "/issuer") && same_text(entry, body, "/subject")))
            return false;
    }
    return true;
}

static void add_credential(struct cmg__sb_call *call)
{
    char id[CMG__GUID_SIZE];
    struct cmg__json *list = find_list(call, write_roles);
    struct cmg__json *body = list == NULL ? NULL : cmg__sb_graph_body(call);

    if (body == NULL)
        return;
    if (!is_whole(body)) {
        cmg__sb_refuse(call, 400, "Request_BadRequest",
                       "A federated identity credential needs 'name', 'issuer', "
                       "'subject' and one of 'audiences'.");
    } else if (!is_new(list, body)) {
        cmg__sb_refuse(call, 409, "Request_MultipleObjectsWithSameKeyValue",
                       "FederatedIdentityCredential with name or issuer and subject "
                       "already exists.");
    } else if (cmg__json_size(list) == MOST) {
        cmg__sb_refuse(call, 403, "Directory_QuotaExceeded",
                       "An application has at most 20 federated identity credentials.");
    } else {
        cmg__sb_guid(call->cloud, id);
        struct cmg__json *entry = cmg__json_copy_deep(body);
        cmg__sb_set_str(call->cloud, entry, "id", id);
        cmg__sb_append(call->cloud, list, entry == NULL ? NULL : cmg__json_ref(entry));
        cmg__sb_reply(call, 201, entry);
    }
}

static void delete_credential(struct cmg__sb_call *call)
{
    const char *id = cmg__sb_arg(call, "credential");
    struct cmg__json *list = find_list(call, write_roles);

    if (list == NULL)
        return;
    for (size_t i = 0; i < cmg__json_size(list); i++) {
        if (cmg__sb_same(cmg__json_str(cmg__json_item(list, i), "/id"), id)) {
            cmg__json_remove_at(list, i);
            cmg__sb_reply_empty(call, 204);
            return;
        }
    }
    cmg__sb_graph_not_found(call, id);
}

#define CREDENTIALS "/v1.0/applications/{id}/federatedIdentityCredentials"

static const struct cmg__sb_route routes[] = {
    { "GET", CREDENTIALS, list_credentials },
    { "POST", CREDENTIALS, add_credential },
    { "DELETE", CREDENTIALS "/{credential}", delete_credential },
};
const struct cmg__sb_routes cmg__sb_graph_federated_routes = { routes,
                                                               CMG__ARRAY_LEN(routes) };
