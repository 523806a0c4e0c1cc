/*
 * What Entra tells without a sign-in: OpenID configuration (v1, v2, /adfs), instance
 * discovery, signing keys. Every URL is on the host and port the client used.
 */
#include <string.h>

#include "sandbox/entra.h"
#include "sandbox/router.h"

bool cmg__sb_tenant_is_known(struct cmg__sb_call *call)
{
    static const char *const aliases[] = { "common", "organizations", "adfs" };
    const char *tenant = cmg__sb_arg(call, "tenant");
    for (size_t i = 0; i < CMG__ARRAY_LEN(aliases); i++) {
        if (cmg__sb_same(tenant, aliases[i]))
            return true;
    }
    if (cmg__sb_same(tenant, cmg__sb_fact(call->cloud, "tenant_id")) ||
        cmg__sb_domain_is_known(call->cloud, tenant))
        return true;
    cmg__sb_refuse_entra(call, 400, "invalid_tenant", 90002,
                         "Tenant '%s' not found. Check to make sure you have the correct "
                         "tenant ID and are signing into the correct cloud.",
                         tenant);
    return false;
}

/* The tenant segment in answers: /adfs keeps its own, everybody else gets the GUID. */
static const char *segment(const struct cmg__sb_call *call)
{
    return cmg__sb_same(cmg__sb_arg(call, "tenant"), "adfs")
               ? "adfs"
               : cmg__sb_fact(call->cloud, "tenant_id");
}

static struct cmg__json *url(const struct cmg__sb_call *call, const char *path)
{
    return cmg__sb_text(call->cloud, "%s/%s/%s", call->base, segment(call), path);
}

static void add_lists(struct cmg__sb_call *call, struct cmg__json *doc)
{
    static const struct {
        const char *name;
        const char *values[4];
    } lists[] = {
        { "token_endpoint_auth_methods_supported",
          { "client_secret_post", "private_key_jwt", "client_secret_basic" } },
        { "response_modes_supported", { "query", "fragment", "form_post" } },
        { "subject_types_supported", { "pairwise" } },
        { "id_token_signing_alg_values_supported", { "RS256" } },
        { "response_types_supported", { "code", "id_token", "code id_token" } },
        { "scopes_supported", { "openid", "profile", "email", "offline_access" } },
    };
    for (size_t i = 0; i < CMG__ARRAY_LEN(lists); i++) {
        struct cmg__json *list = cmg__json_array();
        for (size_t k = 0; k < 4 && lists[i].values[k] != NULL; k++)
            cmg__sb_append(call->cloud, list, cmg__json_string(lists[i].values[k]));
        cmg__sb_set(call->cloud, doc, lists[i].name, list);
    }
}

static void configuration(struct cmg__sb_call *call, bool v2)
{
    const char *tenant = cmg__sb_fact(call->cloud, "tenant_id");
    const struct cmg__cloud *names = call->cloud->names;
    struct cmg__json *doc = cmg__json_pack(
        "{s:o, s:o, s:o}", "token_endpoint",
        url(call, v2 ? "oauth2/v2.0/token" : "oauth2/token"), "authorization_endpoint",
        url(call, v2 ? "oauth2/v2.0/authorize" : "oauth2/authorize"), "jwks_uri",
        url(call, v2 ? "discovery/v2.0/keys" : "discovery/keys"));
    cmg__sb_set(call->cloud, doc, "device_authorization_endpoint",
                url(call, v2 ? "oauth2/v2.0/devicecode" : "oauth2/devicecode"));
    cmg__sb_set(
        call->cloud, doc, "issuer",
        v2 ? cmg__sb_text(call->cloud, "https://%s/%s/v2.0", names->login_host, tenant)
           : cmg__sb_text(call->cloud, "https://%s/%s/", names->sts_host, tenant));
    cmg__sb_set(call->cloud, doc, "end_session_endpoint",
                url(call, v2 ? "oauth2/v2.0/logout" : "oauth2/logout"));
    cmg__sb_set_str(call->cloud, doc, "tenant_region_scope", "EU");
    cmg__sb_set_str(call->cloud, doc, "cloud_instance_name", "microsoftonline.com");
    cmg__sb_set_str(call->cloud, doc, "cloud_graph_host_name", "graph.windows.net");
    cmg__sb_set_str(call->cloud, doc, "msgraph_host", names->graph_host);
    add_lists(call, doc);
    cmg__sb_reply(call, 200, doc);
}

static void get_configuration_v2(struct cmg__sb_call *call)
{
    if (cmg__sb_tenant_is_known(call))
        configuration(call, true);
}

static void get_configuration_v1(struct cmg__sb_call *call)
{
    if (cmg__sb_tenant_is_known(call))
        configuration(call, false);
}

static bool host_is_ours(const struct cmg__sb_call *call, const char *endpoint)
{
    struct cmg__url parts;
    if (endpoint == NULL || !cmg__url_parse(endpoint, &parts))
        return false;
    return cmg__url_same_host(endpoint, call->base) ||
           (strlen(call->cloud->names->login_host) == parts.host_len &&
            cmg__str_ieqn(parts.host, call->cloud->names->login_host, parts.host_len));
}

static void get_instance(struct cmg__sb_call *call)
{
    const char *host = call->base + strlen("https://");
    if (!host_is_ours(call, cmg__sb_query(call, "authorization_endpoint"))) {
        cmg__sb_refuse_entra(call, 400, "invalid_instance", 50049,
                             "Unknown or invalid instance.");
        return;
    }
    struct cmg__json *document =
        cmg__sb_text(call->cloud, "%s/%s/v2.0/.well-known/openid-configuration",
                     call->base, cmg__sb_fact(call->cloud, "tenant_id"));
    cmg__sb_reply(call, 200,
                  cmg__json_pack("{s:o, s:s, s:[{s:s, s:s, s:[s]}]}",
                                 "tenant_discovery_endpoint", document, "api-version",
                                 "1.1", "metadata", "preferred_network", host,
                                 "preferred_cache", host, "aliases", host));
}

static void get_keys(struct cmg__sb_call *call)
{
    if (!cmg__sb_tenant_is_known(call))
        return;
    struct cmg__json *keys = cmg__json_copy_deep(call->cloud->keys);
    for (size_t i = 0; i < cmg__json_size(keys); i++)
        cmg__sb_set(call->cloud, cmg__json_item(keys, i), "issuer",
                    cmg__sb_text(call->cloud, "https://%s/{tenantid}/v2.0",
                                 call->cloud->names->login_host));
    cmg__sb_reply(call, 200, cmg__json_pack("{s:o}", "keys", keys));
}

/* Version 1 key documents carry no issuer. */
static void get_keys_v1(struct cmg__sb_call *call)
{
    if (cmg__sb_tenant_is_known(call))
        cmg__sb_reply(call, 200, cmg__json_pack("{s:O}", "keys", call->cloud->keys));
}

static const struct cmg__sb_route routes[] = {
    { "GET", "/common/discovery/instance", get_instance },
    { "GET", "/{tenant}/v2.0/.well-known/openid-configuration", get_configuration_v2 },
    { "GET", "/{tenant}/.well-known/openid-configuration", get_configuration_v1 },
    { "GET", "/{tenant}/discovery/v2.0/keys", get_keys },
    { "GET", "/{tenant}/discovery/keys", get_keys_v1 },
};
const struct cmg__sb_routes cmg__sb_entra_metadata_routes = { routes,
                                                              CMG__ARRAY_LEN(routes) };
