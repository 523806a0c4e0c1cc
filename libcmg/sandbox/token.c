/*
 * Issuing tokens. The version of a token is decided by the resource
 * (api.requestedAccessTokenVersion), not by the endpoint the client used.
 */
#include "sandbox/token.h"

#include <string.h>

#include "sandbox/setting.h"
#include "sandbox/well_known.h"

bool cmg__sb_client_find(const struct cmg__sb_cloud *cloud, const char *client_id,
                         struct cmg__sb_client *out)
{
    *out = (struct cmg__sb_client){ .id = client_id };
    if (cmg__str_is_empty(client_id))
        return false;
    if (cmg__sb_same(client_id, cmg__sb_fact(cloud, "client_id"))) {
        out->name = CMG__SB_BUILT_IN_NAME;
        out->is_built_in = true;
        return true;
    }
    if (cmg__sb_is_public_client(client_id, &out->name)) {
        out->is_public = true;
        return true;
    }
    out->application = cmg__sb_find_by(cloud, "applications", "appId", client_id);
    if (out->application == NULL)
        return false;
    out->id = cmg__json_str(out->application, "/appId");
    out->name = cmg__str_or(cmg__json_str(out->application, "/displayName"), "");
    out->is_public = cmg__json_bool(out->application, "/isFallbackPublicClient", false);
    out->principal = cmg__sb_find_by(cloud, "service_principals", "appId", out->id);
    return true;
}

static bool has_uri(const struct cmg__json *application, const char *uri)
{
    const struct cmg__json *uris = cmg__json_key(application, "identifierUris");
    for (size_t i = 0; i < cmg__json_size(uris); i++) {
        if (strcmp(cmg__str_or(cmg__json_str(cmg__json_item(uris, i), ""), ""), uri) == 0)
            return true;
    }
    return false;
}

static struct cmg__json *application_for(const struct cmg__sb_cloud *cloud,
                                         const char *resource)
{
    void *iter = NULL;
    const char *key = NULL;
    struct cmg__json *entry = NULL;
    while (cmg__json_next(cmg__sb_table(cloud, "applications"), &iter, &key, &entry)) {
        if (has_uri(entry, resource))
            return entry;
    }
    return cmg__sb_find_by(cloud, "applications", "appId", resource);
}

bool cmg__sb_target_find(const struct cmg__sb_cloud *cloud, const char *resource,
                         const char *base, struct cmg__sb_target *out)
{
    *out = (struct cmg__sb_target){ .audience = resource };
    out->party = cmg__sb_first_party(resource);
    if (out->party == NULL && base != NULL && cmg__str_istarts(resource, base) &&
        (resource[strlen(base)] == '\0' || strcmp(resource + strlen(base), "/") == 0))
        out->party = cmg__sb_first_party_of(CMG__SB_ARM_APP_ID);
    const char *app_id = out->party != NULL ? out->party->app_id : NULL;
    if (app_id == NULL) {
        out->application = application_for(cloud, resource);
        app_id = cmg__json_str(out->application, "/appId");
    }
    out->principal = cmg__sb_find_by(cloud, "service_principals", "appId", app_id);
    return out->principal != NULL;
}

/* ---- consent ---- */

static void add_words(struct cmg__json *array, const char *words)
{
    while (*words != '\0') {
        size_t n = strcspn(words, " ");
        if (n > 0 && cmg__json_append(array, cmg__json_stringn(words, n)) != CMG_OK)
            return;
        words += n + (words[n] == ' ');
    }
}

struct cmg__json *cmg__sb_consented(const struct cmg__sb_cloud *cloud,
                                    const struct cmg__sb_client *client,
                                    const struct cmg__sb_target *target)
{
    struct cmg__json *scopes = cmg__json_array();
    const char *client_sp = cmg__json_str(client->principal, "/id");
    const char *target_sp = cmg__json_str(target->principal, "/id");
    void *iter = NULL;
    const char *key = NULL;
    struct cmg__json *grant = NULL;

    if (client->application == NULL && target->party != NULL)
        add_words(scopes, target->party->delegated_scopes);
    while (client_sp != NULL &&
           cmg__json_next(cmg__sb_table(cloud, "grants"), &iter, &key, &grant)) {
        if (cmg__sb_same(cmg__json_str(grant, "/clientId"), client_sp) &&
            cmg__sb_same(cmg__json_str(grant, "/resourceId"), target_sp))
            add_words(scopes, cmg__str_or(cmg__json_str(grant, "/scope"), ""));
    }
    return scopes;
}

/* ---- claims ---- */

/* The built-in application has no assignments in the tree. */
static void add_built_in_roles(const struct cmg__sb_cloud *cloud,
                               const struct cmg__json *known, struct cmg__json *roles)
{
    for (size_t i = 0; cmg__sb_app_is_limited(cloud) && i < cmg__json_size(known); i++) {
        const char *value =
            cmg__str_or(cmg__json_str(cmg__json_item(known, i), "/value"), "");
        if (cmg__sb_app_has_permission(cloud, value) &&
            cmg__json_append(roles, cmg__json_string(value)) != CMG_OK)
            return;
    }
}

static struct cmg__json *roles_of(const struct cmg__sb_cloud *cloud,
                                  const struct cmg__sb_client *client,
                                  const struct cmg__sb_target *target)
{
    struct cmg__json *roles = cmg__json_array();
    const char *principal = cmg__json_str(client->principal, "/id");
    const char *resource = cmg__json_str(target->principal, "/id");
    const struct cmg__json *known = cmg__json_key(target->principal, "appRoles");
    void *iter = NULL;
    const char *key = NULL;
    struct cmg__json *entry = NULL;

    if (client->is_built_in)
        add_built_in_roles(cloud, known, roles);
    while (principal != NULL && cmg__json_next(cmg__sb_table(cloud, "role_assignments"),
                                               &iter, &key, &entry)) {
        if (!cmg__sb_same(cmg__json_str(entry, "/principalId"), principal) ||
            !cmg__sb_same(cmg__json_str(entry, "/resourceId"), resource))
            continue;
        for (size_t i = 0; i < cmg__json_size(known); i++) {
            const struct cmg__json *role = cmg__json_item(known, i);
            if (cmg__sb_same(cmg__json_str(role, "/id"),
                             cmg__json_str(entry, "/appRoleId")) &&
                cmg__json_append(
                    roles, cmg__json_string(cmg__json_str(role, "/value"))) != CMG_OK)
                return roles;
        }
    }
    return roles;
}

static int token_version(const struct cmg__sb_target *target)
{
    return (int)cmg__json_int(target->application, "/api/requestedAccessTokenVersion", 1);
}

static const char *object_id_of(const struct cmg__sb_cloud *cloud,
                                const struct cmg__sb_client *client)
{
    if (client->is_built_in)
        return cmg__sb_fact(cloud, "client_object_id");
    return cmg__str_or(cmg__json_str(client->principal, "/id"),
                       cmg__sb_fact(cloud, "client_object_id"));
}

/* How the person signed in: with a second factor where nobody asks for one, too, so that
   there is nothing to find; else when it was demanded only. */
static void add_methods(struct cmg__sb_cloud *cloud, struct cmg__json *claims)
{
    const char *rule = cmg__sb_setting(cloud, "mfa");
    const bool asked = cmg__json_key(claims, "acrs") != NULL;
    const bool both = rule == NULL || strcmp(rule, "off") == 0 || asked;
    cmg__sb_set(cloud, claims, "amr",
                both ? cmg__json_pack("[s, s]", "pwd", "mfa")
                     : cmg__json_pack("[s]", "pwd"));
}

static void add_user_claims(struct cmg__sb_cloud *cloud, struct cmg__json *claims,
                            const char *scopes, bool v2)
{
    struct cmg__json *name =
        cmg__sb_text(cloud, "admin@%s", cmg__sb_fact(cloud, "domain"));
    cmg__sb_set_str(cloud, claims, "oid", cmg__sb_fact(cloud, "admin_object_id"));
    cmg__sb_set_str(cloud, claims, "sub", cmg__sb_fact(cloud, "admin_object_id"));
    cmg__sb_set_str(cloud, claims, "name", "Sandbox Administrator");
    cmg__sb_set(cloud, claims, v2 ? "preferred_username" : "upn",
                name == NULL ? NULL : cmg__json_ref(name));
    if (!v2)
        add_methods(cloud, claims);
    if (!v2)
        cmg__sb_set(cloud, claims, "unique_name",
                    name == NULL ? NULL : cmg__json_ref(name));
    if (scopes != NULL)
        cmg__sb_set_str(cloud, claims, "scp", scopes);
    cmg__json_unref(name);
}

static void add_application_claims(struct cmg__sb_cloud *cloud, struct cmg__json *claims,
                                   const struct cmg__sb_client *client,
                                   const struct cmg__sb_target *target)
{
    const char *id = object_id_of(cloud, client);
    struct cmg__json *roles = roles_of(cloud, client, target);
    cmg__sb_set_str(cloud, claims, "oid", id);
    cmg__sb_set_str(cloud, claims, "sub", id);
    cmg__sb_set_str(cloud, claims, "idtyp", "app");
    if (client->identity != NULL)
        cmg__sb_set_str(cloud, claims, "xms_mirid", client->identity);
    if (cmg__json_size(roles) > 0)
        cmg__sb_set(cloud, claims, "roles", roles);
    else
        cmg__json_unref(roles);
}

static struct cmg__json *issuer(const struct cmg__sb_cloud *cloud, bool v2)
{
    const char *tenant = cmg__sb_fact(cloud, "tenant_id");
    return v2 ? cmg__sb_text(cloud, "https://%s/%s/v2.0", cloud->names->login_host,
                             tenant)
              : cmg__sb_text(cloud, "https://%s/%s/", cloud->names->sts_host, tenant);
}

static struct cmg__json *basic_claims(struct cmg__sb_cloud *cloud, const char *audience,
                                      bool v2)
{
    char uti[33];
    int64_t now = cmg__sb_now_ms(cloud) / 1000;
    cmg__sb_random_hex(cloud, 16, uti);
    struct cmg__json *claims = cmg__json_pack(
        "{s:s, s:o, s:I, s:I, s:I, s:s, s:s, s:s}", "aud", audience, "iss",
        issuer(cloud, v2), "iat", now, "nbf", now, "exp", now + CMG__SB_TOKEN_SECONDS,
        "tid", cmg__sb_fact(cloud, "tenant_id"), "uti", uti, "ver", v2 ? "2.0" : "1.0");
    if (claims == NULL)
        cloud->oom = true;
    return claims;
}

static cmg_status sign(struct cmg__sb_cloud *cloud, struct cmg__json *claims,
                       struct cmg__buf *out, cmg_error **err)
{
    const char *kid = cmg__json_str(cloud->keys, "/0/kid");
    if (cloud->oom || kid == NULL)
        return cmg__fail_nomem(err);
    return cmg__jwt_make(cloud->alloc, cloud->env, cloud->signing_key, kid, claims, out,
                         err);
}

cmg_status cmg__sb_token_make(struct cmg__sb_cloud *cloud,
                              const struct cmg__sb_client *client,
                              const struct cmg__sb_target *target, const char *scopes,
                              struct cmg__buf *out, cmg_error **err)
{
    bool v2 = token_version(target) == 2;
    const char *audience =
        v2 ? cmg__json_str(target->application, "/appId") : target->audience;
    struct cmg__json *claims = basic_claims(cloud, audience, v2);
    cmg__sb_set_str(cloud, claims, v2 ? "azp" : "appid", client->id);
    cmg__sb_set_str(cloud, claims, v2 ? "azpacr" : "appidacr",
                    client->has_certificate               ? "2"
                    : scopes != NULL && client->is_public ? "0"
                                                          : "1");
    if (!cmg__str_is_empty(client->acrs))
        cmg__sb_set(cloud, claims, "acrs", cmg__json_pack("[s]", client->acrs));
    if (scopes != NULL)
        add_user_claims(cloud, claims, scopes, v2);
    else
        add_application_claims(cloud, claims, client, target);
    cmg_status rc = sign(cloud, claims, out, err);
    cmg__json_unref(claims);
    return rc;
}

cmg_status cmg__sb_id_token_make(struct cmg__sb_cloud *cloud, const char *client_id,
                                 const char *nonce, struct cmg__buf *out, cmg_error **err)
{
    struct cmg__json *claims = basic_claims(cloud, client_id, true);
    if (!cmg__str_is_empty(nonce))
        cmg__sb_set_str(cloud, claims, "nonce", nonce);
    add_user_claims(cloud, claims, NULL, true);
    cmg_status rc = sign(cloud, claims, out, err);
    cmg__json_unref(claims);
    return rc;
}
