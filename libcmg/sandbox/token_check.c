/*
 * Checking the bearer token that a request to Graph, Resource Manager or the vault
 * brings, and refusing in each service's own words.
 */
#include "sandbox/token.h"

#include <string.h>

#include "sandbox/well_known.h"

static const struct {
    enum cmg__sb_service service;
    const char *app_id;
} wanted[] = {
    { CMG__SB_GRAPH, CMG__SB_GRAPH_APP_ID },
    { CMG__SB_ARM, CMG__SB_ARM_APP_ID },
    { CMG__SB_VAULT, CMG__SB_VAULT_APP_ID },
    { CMG__SB_BLOB, CMG__SB_STORAGE_APP_ID },
};

static bool needs_token(const struct cmg__sb_call *call)
{
    if (call->service == CMG__SB_LOGIN || call->service == CMG__SB_PKI ||
        call->service == CMG__SB_IDENTITY)
        return false;
    return !(call->service == CMG__SB_ARM &&
             cmg__sb_same(call->path, "/metadata/endpoints"));
}

static void challenge(struct cmg__sb_call *call, const char *code, const char *text)
{
    const char *tenant = cmg__sb_fact(call->cloud, "tenant_id");
    const char *host = cmg__str_istarts(call->base, "https://localhost") ||
                               cmg__str_istarts(call->base, "https://127.0.0.1")
                           ? call->base
                           : "https://login.windows.net";
    if (call->service == CMG__SB_VAULT)
        cmg__sb_headf(call, "WWW-Authenticate",
                      "Bearer authorization=\"%s/%s\", "
                      "resource=\"https://vault.azure.net\"",
                      host, tenant);
    else if (call->service == CMG__SB_BLOB)
        cmg__sb_headf(call, "WWW-Authenticate",
                      "Bearer authorization_uri=%s/%s/oauth2/authorize "
                      "resource_id=https://storage.azure.com",
                      host, tenant);
    else if (call->service == CMG__SB_ARM)
        cmg__sb_headf(call, "WWW-Authenticate",
                      "Bearer authorization_uri=\"%s/%s\", "
                      "error=\"invalid_token\", error_description=\"%s\"",
                      host, tenant, text);
    else
        cmg__sb_headf(
            call, "WWW-Authenticate",
            "Bearer realm=\"\", authorization_uri=\"%s/common/oauth2/authorize\", "
            "client_id=\"%s\"",
            host, CMG__SB_GRAPH_APP_ID);
    cmg__sb_refuse(call, 401, code, "%s", text);
}

static void refuse_missing(struct cmg__sb_call *call)
{
    switch (call->service) {
    case CMG__SB_GRAPH:
        challenge(call, "InvalidAuthenticationToken", "Access token is empty.");
        break;
    case CMG__SB_VAULT:
        challenge(call, "Unauthorized",
                  "AKV10000: Request is missing a Bearer or PoP token.");
        break;
    case CMG__SB_BLOB:
        challenge(call, "NoAuthenticationInformation",
                  "Server failed to authenticate the request. Please refer to the "
                  "information in the www-authenticate header.");
        break;
    case CMG__SB_ARM:
    case CMG__SB_LOGIN:
    case CMG__SB_PKI:
    case CMG__SB_IDENTITY:
    case CMG__SB_NOWHERE:
        challenge(call, "AuthenticationFailed",
                  "Authentication failed. The 'Authorization' header is missing.");
        break;
    }
}

static void refuse_bad(struct cmg__sb_call *call, const cmg_error *why)
{
    struct cmg__json *text = cmg__sb_text(call->cloud, "The access token is invalid: %s.",
                                          cmg_error_message(why));
    challenge(call,
              call->service == CMG__SB_VAULT ? "Unauthorized"
                                             : "InvalidAuthenticationToken",
              cmg__str_or(cmg__json_str(text, ""), "The access token is invalid."));
    cmg__json_unref(text);
}

static const struct cmg__sb_first_party *party_of(enum cmg__sb_service service)
{
    for (size_t i = 0; i < CMG__ARRAY_LEN(wanted); i++) {
        if (wanted[i].service == service)
            return cmg__sb_first_party_of(wanted[i].app_id);
    }
    return NULL;
}

/* The service's own URIs and ID, and under localhost what the client calls it. */
static void fill_audiences(const struct cmg__sb_call *call, const char *slashed,
                           const char *out[12])
{
    const struct cmg__sb_first_party *party = party_of(call->service);
    size_t n = 0;
    for (size_t i = 0; i < CMG__ARRAY_LEN(party->audiences); i++) {
        if (party->audiences[i] != NULL)
            out[n++] = party->audiences[i];
    }
    out[n++] = party->app_id;
    out[n++] = call->base;
    out[n++] = slashed;
    out[n] = NULL;
}

static cmg_status check(const struct cmg__sb_call *call, const char *token,
                        struct cmg__jwt_identity *identity, cmg_error **err)
{
    const struct cmg__sb_cloud *cloud = call->cloud;
    const char *tenant = cmg__sb_fact(cloud, "tenant_id");
    const char *audiences[12];
    cmg_status rc = CMG_E_NOMEM;
    char *v1 =
        cmg__format(cloud->alloc, "https://%s/%s/", cloud->names->sts_host, tenant);
    char *v2 =
        cmg__format(cloud->alloc, "https://%s/%s/v2.0", cloud->names->login_host, tenant);
    char *slashed = cmg__format(cloud->alloc, "%s/", call->base);
    if (v1 != NULL && v2 != NULL && slashed != NULL) {
        const char *const issuers[] = { v1, v2, NULL };
        fill_audiences(call, slashed, audiences);
        const struct cmg__jwt_policy policy = { .tenant_id = tenant,
                                                .issuers = issuers,
                                                .audiences = audiences,
                                                .now_unix_s = call->now_ms / 1000,
                                                .skew_s = 300 };
        rc = cmg__jwt_check(cloud->alloc, token, strlen(token), cloud->jwks, &policy,
                            identity, err);
    }
    cmg__free(cloud->alloc, v1);
    cmg__free(cloud->alloc, v2);
    cmg__free(cloud->alloc, slashed);
    return rc;
}

static void note_caller(struct cmg__sb_call *call, const char *token,
                        const struct cmg__jwt_identity *identity)
{
    struct cmg__sb_caller *caller = &call->caller;
    const char *name = NULL;
    memcpy(caller->client_id, identity->client_id, sizeof caller->client_id);
    memcpy(caller->object_id, identity->object_id, sizeof caller->object_id);
    if (cmg__jwt_peek(call->cloud->alloc, token, strlen(token), &caller->claims, NULL) !=
        CMG_OK)
        caller->claims = NULL;
    caller->is_user = cmg__json_str(caller->claims, "/scp") != NULL;
    caller->is_admin =
        cmg__sb_same(caller->client_id, cmg__sb_fact(call->cloud, "client_id")) ||
        cmg__sb_identity_is_machine(call->cloud, caller->client_id) ||
        (caller->is_user && cmg__sb_is_public_client(caller->client_id, &name));
}

/* Resource Manager asks about rights itself: they depend on what is to be done. The vault
   knows no one but the administrator. */
static bool has_rights(struct cmg__sb_call *call)
{
    if (call->caller.is_admin || call->service != CMG__SB_VAULT)
        return true;
    cmg__sb_refuse(call, 403, "Forbidden",
                   "Caller is not authorized to perform action on resource. "
                   "Caller: appid=%s",
                   call->caller.client_id);
    return false;
}

/* ---- claims challenges ---- */

/* {"access_token":{"acrs":{"essential":true,"value":"c1"}}} */
#define DEMAND_BASE64                                                                    \
    "eyJhY2Nlc3NfdG9rZW4iOnsiYWNycyI6eyJlc3NlbnRpYWwiOnRydWUsInZhbHVlIjoiYzEifX19"

/* A service that has begun to demand an authentication context takes no token without. */
static bool meets_demand(struct cmg__sb_call *call)
{
    struct cmg__sb_cloud *cloud = call->cloud;
    const unsigned bit = 1U << (unsigned)call->service;
    const struct cmg__json *acrs = cmg__json_key(call->caller.claims, "acrs");

    if (cloud->challenge)
        cloud->demanding |= bit;
    if ((cloud->demanding & bit) == 0 ||
        cmg__sb_same(cmg__json_str(cmg__json_item(acrs, 0), ""), "c1"))
        return true;
    cmg__sb_headf(call, "WWW-Authenticate",
                  "Bearer realm=\"\", authorization_uri=\"https://%s/common/oauth2/"
                  "authorize\", error=\"insufficient_claims\", claims=\"%s\"",
                  cloud->names->login_host, DEMAND_BASE64);
    cmg__sb_refuse(call, 401, "InvalidAuthenticationToken",
                   "Continuous access evaluation resulted in challenge with result: "
                   "InteractionRequired");
    return false;
}

bool cmg__sb_token_admits(struct cmg__sb_call *call)
{
    struct cmg__jwt_identity identity = { .expires_unix_s = 0 };
    const char *field = cmg__sb_header(call, "Authorization");
    cmg_error *why = NULL;

    if (!needs_token(call))
        return true;
    if (field == NULL || !cmg__str_istarts(field, "Bearer ")) {
        refuse_missing(call);
        return false;
    }
    const char *token = field + strlen("Bearer ");
    if (check(call, token, &identity, &why) != CMG_OK) {
        refuse_bad(call, why);
        cmg_error_unref(why);
        return false;
    }
    note_caller(call, token, &identity);
    return meets_demand(call) && has_rights(call);
}
