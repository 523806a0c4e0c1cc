/* The client, its proof, the scope and the answer of a request for a token. */
#include "sandbox/entra_grant.h"

#include <string.h>

#include "base/base64.h"
#include "base/secret.h"
#include "sandbox/entra.h"

/* ---- the client and its secret ---- */

bool cmg__sb_grant_find_client(struct cmg__sb_grant *g, const char *client_id)
{
    struct cmg__sb_call *call = g->call;
    if (cmg__str_is_empty(client_id)) {
        cmg__sb_refuse_entra(call, 400, "invalid_request", 900144,
                             "The request body must contain the following parameter: "
                             "'client_id'.");
        return false;
    }
    if (cmg__sb_client_find(call->cloud, client_id, &g->client))
        return true;
    cmg__sb_refuse_entra(call, 400, "unauthorized_client", 700016,
                         "Application with identifier '%s' was not found in the "
                         "directory '%s'. This can happen if the application has not "
                         "been installed by the administrator of the tenant or consented "
                         "to by any user in the tenant.",
                         client_id, cmg__sb_fact(call->cloud, "domain"));
    return false;
}

static bool same_text(const char *a, const char *b)
{
    size_t n = strlen(a);
    return n == strlen(b) && cmg__memeq_const_time(a, b, n);
}

enum secret_state { SECRET_WRONG, SECRET_EXPIRED, SECRET_GOOD };

static enum secret_state judge_list(const struct cmg__sb_grant *g,
                                    const struct cmg__json *owner, const char *secret)
{
    const struct cmg__json *list = cmg__json_key(owner, "passwordCredentials");
    for (size_t i = 0; i < cmg__json_size(list); i++) {
        const struct cmg__json *entry = cmg__json_item(list, i);
        int64_t end = 0;
        if (!same_text(secret, cmg__str_or(cmg__json_str(entry, "/_secret"), "")))
            continue;
        if (cmg__time_parse(cmg__str_or(cmg__json_str(entry, "/endDateTime"), ""),
                            &end) &&
            end * 1000 < g->call->now_ms)
            return SECRET_EXPIRED;
        return SECRET_GOOD;
    }
    return SECRET_WRONG;
}

/* Both the application and its service principal may have secrets. */
static enum secret_state judge_secret(const struct cmg__sb_grant *g, const char *secret)
{
    const struct cmg__sb_cloud *cloud = g->call->cloud;
    if (g->client.is_built_in)
        return same_text(secret, cmg__sb_fact(cloud, "client_secret")) ? SECRET_GOOD
                                                                       : SECRET_WRONG;
    enum secret_state state = judge_list(g, g->client.application, secret);
    return state == SECRET_WRONG ? judge_list(g, g->client.principal, secret) : state;
}

static void refuse_secret(struct cmg__sb_grant *g, enum secret_state state)
{
    if (state == SECRET_EXPIRED)
        cmg__sb_refuse_entra(g->call, 401, "invalid_client", 7000222,
                             "The provided client secret keys for app '%s' are expired.",
                             g->client.id);
    else
        cmg__sb_refuse_entra(g->call, 401, "invalid_client", 7000215,
                             "Invalid client secret provided. Ensure the secret being "
                             "sent in the request is the client secret value, not the "
                             "client secret ID, for a secret added to app '%s'.",
                             g->client.id);
}

/* The secret of the form or of HTTP Basic ("id:secret", each form-encoded). */
static bool read_secret(const struct cmg__sb_grant *g, struct cmg__buf *out,
                        bool *present)
{
    const char *form = cmg__sb_form(g->call, "client_secret");
    const char *basic = cmg__sb_header(g->call, "Authorization");
    struct cmg__buf pair;
    bool ok = true;
    *present = form != NULL;
    if (form != NULL || basic == NULL || !cmg__str_istarts(basic, "Basic "))
        return form == NULL || cmg__buf_add_str(out, form) == CMG_OK;
    cmg__buf_init_secret(&pair, g->call->cloud->alloc, 4096);
    ok = cmg__base64_decode(&pair, basic + 6, strlen(basic + 6)) == CMG_OK;
    const char *colon = ok ? strchr(cmg__buf_cstr(&pair), ':') : NULL;
    if (colon != NULL)
        ok = cmg__url_decode(out, colon + 1, strlen(colon + 1), true);
    *present = colon != NULL;
    cmg__buf_done(&pair);
    return ok;
}

/* Confidential clients prove themselves; public ones must not try. */
bool cmg__sb_grant_check_secret(struct cmg__sb_grant *g, bool required)
{
    struct cmg__buf secret;
    bool present = false;
    bool good = false;
    cmg__buf_init_secret(&secret, g->call->cloud->alloc, 4096);
    if (cmg__sb_form(g->call, "client_assertion") != NULL) {
        good = cmg__sb_assertion_admits(g->call, &g->client);
    } else if (!read_secret(g, &secret, &present)) {
        refuse_secret(g, SECRET_WRONG);
    } else if (!present) {
        good = !required;
        if (required)
            cmg__sb_refuse_entra(g->call, 401, "invalid_client", 7000218,
                                 "The request body must contain the following parameter: "
                                 "'client_assertion' or 'client_secret'.");
    } else if (g->client.is_public && !required) {
        cmg__sb_refuse_entra(g->call, 401, "invalid_client", 700025,
                             "Client is public so neither 'client_assertion' nor "
                             "'client_secret' should be presented.");
    } else {
        enum secret_state state = judge_secret(g, cmg__buf_cstr(&secret));
        good = state == SECRET_GOOD;
        if (!good)
            refuse_secret(g, state);
    }
    cmg__buf_done(&secret);
    return good;
}

/* ---- the scope ---- */

static bool is_reserved(struct cmg__sb_grant *g, const char *word, size_t n)
{
    static const char *const reserved[] = { "openid", "profile", "email",
                                            "offline_access" };
    for (size_t i = 0; i < CMG__ARRAY_LEN(reserved); i++) {
        if (strlen(reserved[i]) == n && strncmp(word, reserved[i], n) == 0) {
            g->openid = g->openid || i == 0;
            g->offline = g->offline || i == 3;
            return true;
        }
    }
    return false;
}

/* "<resource>/<scope>"; a bare word is one of Graph's. "x//.default" keeps one slash. */
static bool take_scope(struct cmg__sb_grant *g, const char *word, size_t n)
{
    size_t slash = n;
    while (slash > 0 && word[slash - 1] != '/')
        slash--;
    size_t res = slash == 0 ? 0 : slash - 1;
    if (res >= sizeof g->resource || n - slash >= sizeof g->wanted)
        return false;
    memcpy(g->resource, word, res);
    g->resource[res] = '\0';
    memcpy(g->wanted, word + slash, n - slash);
    g->wanted[n - slash] = '\0';
    if (slash == 0)
        memcpy(g->resource, "https://graph.microsoft.com",
               sizeof "https://graph.microsoft.com");
    return true;
}

static bool read_scope(struct cmg__sb_grant *g, const char *scope)
{
    size_t resources = 0;
    bool good = scope != NULL;
    while (good && *scope != '\0') {
        size_t n = strcspn(scope, " ");
        if (n > 0 && !is_reserved(g, scope, n)) {
            good = take_scope(g, scope, n);
            resources++;
        }
        scope += n + (scope[n] == ' ');
    }
    if (good && resources == 1)
        return true;
    cmg__sb_refuse_entra(g->call, 400, "invalid_scope", 70011,
                         "The provided request must include a 'scope' input parameter "
                         "that names one resource. The provided value for the input "
                         "parameter 'scope' is not valid.");
    return false;
}

static bool read_resource(struct cmg__sb_grant *g, const char *resource)
{
    if (resource == NULL || strlen(resource) >= sizeof g->resource) {
        cmg__sb_refuse_entra(g->call, 400, "invalid_request", 900144,
                             "The request body must contain the following parameter: "
                             "'resource'.");
        return false;
    }
    memcpy(g->resource, resource, strlen(resource) + 1);
    memcpy(g->wanted, ".default", sizeof ".default");
    g->openid = true;
    g->offline = true;
    return true;
}

/* /adfs has a v1 path and a v2 body. */
bool cmg__sb_grant_find_target(struct cmg__sb_grant *g, const char *stored_scope)
{
    struct cmg__sb_call *call = g->call;
    const char *scope = stored_scope != NULL ? stored_scope : cmg__sb_form(call, "scope");
    const char *resource = cmg__sb_form(call, "resource");
    bool read = scope != NULL && (g->v2 || resource == NULL) ? read_scope(g, scope)
                                                             : read_resource(g, resource);
    if (!read)
        return false;
    if (cmg__sb_target_find(call->cloud, g->resource, call->base, &g->target))
        return true;
    cmg__sb_refuse_entra(call, 400, "invalid_resource", 500011,
                         "The resource principal named %s was not found in the tenant "
                         "named %s. This can happen if the application has not been "
                         "installed by the administrator of the tenant or consented to "
                         "by any user in the tenant.",
                         g->resource, cmg__sb_fact(call->cloud, "domain"));
    return false;
}

/* ---- the answer ---- */

static struct cmg__json *secret_text(const struct cmg__buf *text)
{
    return cmg__json_stringn(cmg__buf_cstr(text), text->len);
}

static struct cmg__json *token_answer(const struct cmg__sb_grant *g,
                                      const struct cmg__buf *token)
{
    const char *times[] = { "3599", "3599" };
    if (g->v2)
        return cmg__json_pack("{s:s, s:i, s:i, s:o}", "token_type", "Bearer",
                              "expires_in", CMG__SB_TOKEN_SECONDS, "ext_expires_in",
                              CMG__SB_TOKEN_SECONDS, "access_token", secret_text(token));
    int64_t now = g->call->now_ms / 1000;
    return cmg__json_pack(
        "{s:s, s:s, s:s, s:o, s:o, s:s, s:o}", "token_type", "Bearer", "expires_in",
        times[0], "ext_expires_in", times[1], "expires_on",
        cmg__sb_text(g->call->cloud, "%lld", (long long)(now + CMG__SB_TOKEN_SECONDS)),
        "not_before", cmg__sb_text(g->call->cloud, "%lld", (long long)now), "resource",
        g->resource, "access_token", secret_text(token));
}

static void add_refresh_token(struct cmg__sb_grant *g, struct cmg__json *answer,
                              const char *scopes)
{
    char token[97];
    struct cmg__sb_cloud *cloud = g->call->cloud;
    cmg__sb_random_hex(cloud, 48, token);
    cmg__sb_set(cloud, cmg__sb_table(cloud, "refresh_tokens"), token,
                cmg__json_pack("{s:s, s:s, s:I, s:s}", "client_id", g->client.id, "scope",
                               scopes, "issued_ms", g->call->now_ms, "acrs",
                               cmg__str_or(g->client.acrs, "")));
    cmg__sb_set_str(cloud, answer, "refresh_token", token);
    cmg__wipe(token, sizeof token);
}

/* What a client that signs a user in also gets: who it was. */
static void add_identity(struct cmg__sb_grant *g, struct cmg__json *answer)
{
    struct cmg__sb_cloud *cloud = g->call->cloud;
    struct cmg__buf text;
    cmg__buf_init_secret(&text, cloud->alloc, 16384);
    if (cmg__sb_id_token_make(cloud, g->client.id, g->nonce, &text, NULL) == CMG_OK)
        cmg__sb_set(cloud, answer, "id_token", secret_text(&text));
    else
        cloud->oom = true;
    cmg__buf_clear(&text);
    char *info = cmg__format(cloud->alloc, "{\"uid\":\"%s\",\"utid\":\"%s\"}",
                             cmg__sb_fact(cloud, "admin_object_id"),
                             cmg__sb_fact(cloud, "tenant_id"));
    if (info == NULL || cmg__base64url_encode(&text, info, strlen(info)) != CMG_OK)
        cloud->oom = true;
    else
        cmg__sb_set(cloud, answer, "client_info", secret_text(&text));
    cmg__free(cloud->alloc, info);
    cmg__buf_done(&text);
}

void cmg__sb_grant_send(struct cmg__sb_grant *g, const char *scopes)
{
    struct cmg__sb_call *call = g->call;
    struct cmg__buf token;
    cmg__buf_init_secret(&token, call->cloud->alloc, 16384);
    if (cmg__sb_token_make(call->cloud, &g->client, &g->target, scopes, &token, NULL) !=
        CMG_OK) {
        cmg__sb_refuse_entra(call, 500, "server_error", 90033,
                             "A transient error has occurred. Please try again.");
    } else {
        struct cmg__json *answer = token_answer(g, &token);
        if (scopes != NULL) {
            cmg__sb_set(call->cloud, answer, "scope",
                        cmg__sb_text(call->cloud, "%s/%s", g->resource, scopes));
            if (g->openid)
                add_identity(g, answer);
            if (g->offline)
                add_refresh_token(g, answer, scopes);
        }
        cmg__sb_reply(call, 200, answer);
        cmg__sb_head(call, "Cache-Control", "no-store, no-cache");
        cmg__sb_head(call, "Pragma", "no-cache");
    }
    cmg__buf_done(&token);
}

/* The consented scopes as one text, or the one that was asked for; false when the answer
   has been set to a refusal. */
bool cmg__sb_grant_settle_scopes(struct cmg__sb_grant *g, struct cmg__buf *out)
{
    if (cmg__sb_person_is_refused(g->call))
        return false;
    struct cmg__json *granted = cmg__sb_consented(g->call->cloud, &g->client, &g->target);
    bool all = strcmp(g->wanted, ".default") == 0;
    for (size_t i = 0; i < cmg__json_size(granted); i++) {
        const char *scope = cmg__json_str(cmg__json_item(granted, i), "");
        if (!all && strcmp(scope, g->wanted) != 0)
            continue;
        if ((out->len > 0 && cmg__buf_add_char(out, ' ') != CMG_OK) ||
            cmg__buf_add_str(out, scope) != CMG_OK)
            g->call->cloud->oom = true;
    }
    cmg__json_unref(granted);
    if (out->len > 0)
        return true;
    cmg__sb_refuse_entra(g->call, 400, "invalid_grant", 65001,
                         "The user or administrator has not consented to use the "
                         "application with ID '%s' named '%s'. Send an interactive "
                         "authorization request for this user and resource.",
                         g->client.id, g->client.name);
    return false;
}

void cmg__sb_grant_send_user(struct cmg__sb_grant *g)
{
    struct cmg__buf scopes;
    cmg__buf_init(&scopes, g->call->cloud->alloc, 8192);
    if (cmg__sb_grant_settle_scopes(g, &scopes))
        cmg__sb_grant_send(g, cmg__buf_cstr(&scopes));
    cmg__buf_done(&scopes);
}
