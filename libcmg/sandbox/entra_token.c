/*
 * The token endpoint, v1 and v2: which grant a request is of; client credentials and
 * refresh tokens. Refusals carry the codes and words of the real service.
 */
#include <string.h>

#include "base/base64.h"
#include "sandbox/entra.h"
#include "sandbox/entra_grant.h"
#include "sandbox/router.h"

/* ---- the grants ---- */

static void grant_client_credentials(struct cmg__sb_grant *g)
{
    if (!cmg__sb_grant_check_secret(g, true) || !cmg__sb_grant_find_target(g, NULL))
        return;
    if (strcmp(g->wanted, ".default") != 0) {
        cmg__sb_refuse_entra(g->call, 400, "invalid_scope", 1002012,
                             "The provided value for scope %s is not valid. Client "
                             "credential flows must have a scope value with /.default "
                             "suffixed to the resource identifier (application ID URI).",
                             cmg__str_or(cmg__sb_form(g->call, "scope"), ""));
    } else if (g->client.application != NULL && g->client.principal == NULL) {
        cmg__sb_refuse_entra(g->call, 400, "unauthorized_client", 7000229,
                             "The client application %s is missing service principal in "
                             "the tenant %s.",
                             g->client.id, cmg__sb_fact(g->call->cloud, "tenant_id"));
    } else {
        cmg__sb_grant_send(g, NULL);
    }
}

/* What is demanded of the token must have been part of the sign-in. */
static bool meets_demand(struct cmg__sb_grant *g, const struct cmg__json *entry)
{
    const char *claims = cmg__sb_form(g->call, "claims");
    char acrs[16];

    cmg__sb_demanded_acrs(g->call->cloud, claims, acrs);
    g->client.acrs = cmg__json_str(entry, "/acrs");
    if (acrs[0] == '\0' || cmg__sb_same(acrs, g->client.acrs))
        return true;
    cmg__sb_refuse_entra(g->call, 400, "interaction_required", 50076,
                         "Due to a configuration change made by your administrator, or "
                         "because you moved to a new location, you must use multi-factor "
                         "authentication to access '%s'.",
                         cmg__str_or(cmg__sb_form(g->call, "scope"), ""));
    cmg__sb_set_str(g->call->cloud, g->call->reply, "claims", claims);
    cmg__sb_set_str(g->call->cloud, g->call->reply, "suberror", "basic_action");
    return false;
}

static void grant_refresh_token(struct cmg__sb_grant *g)
{
    struct cmg__sb_call *call = g->call;
    const char *token = cmg__sb_form(call, "refresh_token");
    struct cmg__json *entry = cmg__sb_find(call->cloud, "refresh_tokens", token);
    if (!cmg__sb_grant_check_secret(g, !g->client.is_public))
        return;
    if (entry == NULL ||
        !cmg__sb_same(cmg__json_str(entry, "/client_id"), g->client.id)) {
        cmg__sb_refuse_entra(call, 400, "invalid_grant", 70000,
                             "Provided grant is invalid or malformed.");
        return;
    }
    if (!meets_demand(g, entry))
        return;
    g->offline = true;
    if (cmg__sb_grant_find_target(g, NULL)) {
        g->offline = true; /* the old one stays good, as with the real service */
        cmg__sb_grant_send_user(g);
    }
}

static const struct {
    const char *type;
    void (*run)(struct cmg__sb_grant *g);
} grant_types[] = {
    { "client_credentials", grant_client_credentials },
    { "urn:ietf:params:oauth:grant-type:device_code", cmg__sb_grant_device_code },
    { "device_code", cmg__sb_grant_device_code },
    { "authorization_code", cmg__sb_grant_authorization_code },
    { "refresh_token", grant_refresh_token },
};

static const char *basic_or_form_id(struct cmg__sb_call *call, struct cmg__buf *pair)
{
    const char *form = cmg__sb_form(call, "client_id");
    const char *basic = cmg__sb_header(call, "Authorization");
    if (form != NULL || basic == NULL || !cmg__str_istarts(basic, "Basic ") ||
        cmg__base64_decode(pair, basic + 6, strlen(basic + 6)) != CMG_OK)
        return form;
    char *colon = pair->len == 0 ? NULL : memchr(pair->data, ':', pair->len);
    if (colon == NULL)
        return NULL;
    *colon = '\0';
    return pair->data;
}

static void run_grant(struct cmg__sb_call *call, bool v2)
{
    struct cmg__sb_grant g = { .call = call, .v2 = v2 };
    const char *type = cmg__str_or(cmg__sb_form(call, "grant_type"), "");
    struct cmg__buf pair;
    size_t i = 0;
    cmg__buf_init_secret(&pair, call->cloud->alloc, 4096);
    while (i < CMG__ARRAY_LEN(grant_types) && strcmp(grant_types[i].type, type) != 0)
        i++;
    if (!cmg__sb_tenant_is_known(call))
        goto done;
    if (i == CMG__ARRAY_LEN(grant_types))
        cmg__sb_refuse_entra(call, 400, "unsupported_grant_type", 70003,
                             "The app requested an unsupported grant type '%s'.", type);
    else if (cmg__sb_grant_find_client(&g, basic_or_form_id(call, &pair)))
        grant_types[i].run(&g);
done:
    cmg__buf_done(&pair);
}

static void post_token_v2(struct cmg__sb_call *call)
{
    run_grant(call, true);
}

static void post_token_v1(struct cmg__sb_call *call)
{
    run_grant(call, cmg__sb_same(cmg__sb_arg(call, "tenant"), "adfs"));
}

static const struct cmg__sb_route routes[] = {
    { "POST", "/{tenant}/oauth2/v2.0/token", post_token_v2 },
    { "POST", "/{tenant}/oauth2/token", post_token_v1 },
};
const struct cmg__sb_routes cmg__sb_entra_token_routes = { routes,
                                                           CMG__ARRAY_LEN(routes) };
