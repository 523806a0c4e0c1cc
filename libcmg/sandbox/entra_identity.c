/*
 * The metadata service of the machine that the sandbox's clients run on: tokens of its
 * managed identities. Plain HTTP on a listener of its own, as on a machine of Azure.
 */
#include <string.h>

#include "sandbox/entra.h"
#include "sandbox/router.h"
#include "sandbox/sandbox.h"
#include "sandbox/well_known.h"

#define OLDEST_VERSION "2018-02-01"

static void refuse(struct cmg__sb_call *call, const char *error, const char *text)
{
    cmg__sb_reply(
        call, 400,
        cmg__json_pack("{s:s, s:s}", "error", error, "error_description", text));
}

static bool is_version(const char *text)
{
    return text != NULL && strlen(text) == strlen(OLDEST_VERSION) &&
           strspn(text, "0123456789-") == strlen(text) &&
           strcmp(text, OLDEST_VERSION) >= 0;
}

/* What a browser or a proxy sends by itself is not enough, and too much. */
bool cmg__sb_metadata_is_meant(struct cmg__sb_call *call)
{
    if (!cmg__sb_same(cmg__sb_header(call, "Metadata"), "true"))
        refuse(call, "bad_request_102", "Required metadata header not specified");
    else if (cmg__sb_header(call, "X-Forwarded-For") != NULL)
        refuse(call, "bad_request_103", "The request came by a proxy");
    else if (!is_version(cmg__sb_query(call, "api-version")))
        refuse(call, "bad_request_100", "The api-version is missing or not known");
    else
        return true;
    return false;
}

/* The one that the query names, the machine's own when it names none; NULL when there is
   no such, or when it names two. */
static const struct cmg__json *find_identity(struct cmg__sb_call *call)
{
    static const struct {
        const char *parameter, *member;
    } ways[] = {
        { "client_id", "client_id" },    { "object_id", "object_id" },
        { "principal_id", "object_id" }, { "msi_res_id", "resource_id" },
        { "mi_res_id", "resource_id" },
    };
    const struct cmg__json *found =
        cmg__sb_find(call->cloud, "identities", CMG__SB_MACHINE);
    size_t named = 0;

    for (size_t i = 0; i < CMG__ARRAY_LEN(ways); i++) {
        const char *value = cmg__sb_query(call, ways[i].parameter);
        if (value == NULL)
            continue;
        named++;
        found = cmg__sb_find_by(call->cloud, "identities", ways[i].member, value);
    }
    return named > 1 ? NULL : found;
}

/* Every number is a text here. */
static struct cmg__json *make_answer(const struct cmg__sb_call *call,
                                     const struct cmg__sb_target *target,
                                     const struct cmg__buf *token)
{
    const long long now = (long long)(call->now_ms / 1000);
    struct cmg__json *answer = cmg__json_pack(
        "{s:o, s:s, s:o, s:o, s:o, s:s, s:s}", "access_token",
        cmg__json_stringn(cmg__buf_cstr(token), token->len), "refresh_token", "",
        "expires_in", cmg__sb_text(call->cloud, "%d", CMG__SB_TOKEN_SECONDS),
        "expires_on", cmg__sb_text(call->cloud, "%lld", now + CMG__SB_TOKEN_SECONDS),
        "not_before", cmg__sb_text(call->cloud, "%lld", now), "resource",
        target->audience, "token_type", "Bearer");

    return answer;
}

static void send_token(struct cmg__sb_call *call, const struct cmg__json *identity,
                       const struct cmg__sb_target *target)
{
    const char *id = cmg__json_str(identity, "/client_id");
    const struct cmg__sb_client client = {
        .id = id,
        .name = "",
        .principal = cmg__sb_find_by(call->cloud, "service_principals", "appId", id),
        .has_certificate = true,
        .identity = cmg__json_str(identity, "/resource_id"),
    };
    struct cmg__buf token;

    cmg__buf_init_secret(&token, call->cloud->alloc, 16384);
    if (cmg__sb_token_make(call->cloud, &client, target, NULL, &token, NULL) == CMG_OK)
        cmg__sb_reply(call, 200, make_answer(call, target, &token));
    else
        call->cloud->oom = true;
    cmg__buf_done(&token);
}

void cmg__sb_metadata_token(struct cmg__sb_call *call, const struct cmg__json *identity)
{
    struct cmg__sb_target target;

    if (cmg__str_is_empty(cmg__sb_query(call, "resource")))
        refuse(call, "invalid_request", "Required query variable 'resource' is missing");
    else if (identity == NULL)
        refuse(call, "invalid_request", "Identity not found");
    else if (!cmg__sb_target_find(call->cloud, cmg__sb_query(call, "resource"), NULL,
                                  &target))
        refuse(call, "invalid_resource",
               "AADSTS500011: The resource principal was not found in the tenant");
    else
        send_token(call, identity, &target);
}

static void get_token(struct cmg__sb_call *call)
{
    if (cmg__sb_metadata_is_meant(call))
        cmg__sb_metadata_token(call, find_identity(call));
}

static const struct cmg__sb_route routes[] = {
    { "GET", "/metadata/identity/oauth2/token", get_token },
};
const struct cmg__sb_routes cmg__sb_entra_identity_routes = { routes,
                                                              CMG__ARRAY_LEN(routes) };

/* ---- for the host ---- */

const char *cmg_sandbox_identity_endpoint(const cmg_sandbox *sandbox)
{
    return sandbox->identity_endpoint;
}

const char *cmg_sandbox_identity(const cmg_sandbox *sandbox, cmg_managed_identity kind)
{
    static const struct {
        const char *name, *member;
    } ids[] = {
        [CMG_IDENTITY_SYSTEM] = { CMG__SB_MACHINE, "/object_id" },
        [CMG_IDENTITY_CLIENT_ID] = { CMG__SB_OPERATOR, "/client_id" },
        [CMG_IDENTITY_OBJECT_ID] = { CMG__SB_OPERATOR, "/object_id" },
        [CMG_IDENTITY_RESOURCE_ID] = { CMG__SB_OPERATOR, "/resource_id" },
    };

    if (kind < CMG_IDENTITY_SYSTEM || kind > CMG_IDENTITY_RESOURCE_ID)
        return "";
    return cmg__str_or(
        cmg__json_str(cmg__sb_find(sandbox->cloud, "identities", ids[kind].name),
                      ids[kind].member),
        "");
}
