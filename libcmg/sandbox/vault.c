/*
 * The data plane of key vaults: certificates are imported from a real PKCS#12 file and
 * read back as certificate and as secret; plain secrets beside them. Each import or set
 * makes a new version. Entries keep what instances need in PEM, in private members.
 */
#include <string.h>

#include "base/base64.h"
#include "base/secret.h"
#include "crypto/hash.h"
#include "crypto/pfx.h"
#include "sandbox/arm.h"
#include "sandbox/router.h"

#define MAX_PEM ((size_t)256 * 1024)

/* ---- finding ---- */

/* The newest version, or the one named; the array of versions is in order of making. */
static struct cmg__json *pick(const struct cmg__json *versions, const char *version)
{
    size_t n = cmg__json_size(versions);
    if (cmg__str_is_empty(version))
        return n == 0 ? NULL : cmg__json_item(versions, n - 1);
    for (size_t i = 0; i < n; i++) {
        struct cmg__json *entry = cmg__json_item(versions, i);
        if (cmg__sb_same(cmg__json_str(entry, "/_version"), version))
            return entry;
    }
    return NULL;
}

struct cmg__json *cmg__sb_vault_secret(const struct cmg__sb_cloud *cloud, const char *url,
                                       char vault[64])
{
    static const char path[] = "/secrets/";
    struct cmg__url parts;
    char name[128];
    if (!cmg__url_parse(url, &parts) || parts.target_len <= strlen(path) ||
        !cmg__str_ieqn(parts.target, path, strlen(path)))
        return NULL;
    const char *at = parts.target + strlen(path);
    size_t host = strcspn(parts.host, ".");
    size_t n = strcspn(at, "/");
    if (host >= 64 || n >= sizeof name || host >= parts.host_len)
        return NULL;
    memcpy(vault, parts.host, host);
    vault[host] = '\0';
    cmg__lower_in_place(vault);
    memcpy(name, at, n);
    name[n] = '\0';
    const struct cmg__json *data = cmg__sb_find(cloud, "vaults", vault);
    return pick(cmg__json_key(cmg__json_key(data, "certificates"), name),
                at[n] == '/' ? at + n + 1 : NULL);
}

static bool policy_allows(const struct cmg__json *policy, const char *object_id,
                          const char *kind, const char *verb)
{
    const struct cmg__json *verbs =
        cmg__json_key(cmg__json_key(policy, "permissions"), kind);
    if (!cmg__sb_same(cmg__json_str(policy, "/objectId"), object_id))
        return false;
    for (size_t i = 0; i < cmg__json_size(verbs); i++) {
        const char *allowed = cmg__json_str(cmg__json_item(verbs, i), "");
        if (cmg__sb_same(allowed, verb) || cmg__sb_same(allowed, "all"))
            return true;
    }
    return false;
}

/* Rights on a vault's content are its own: an access policy, or roles where the vault
   says so (the administrator has them all). */
static bool may(struct cmg__sb_call *call, const char *vault, const char *kind,
                const char *verb)
{
    const struct cmg__json *properties =
        cmg__json_key(cmg__sb_vault_named(call->cloud, vault), "properties");
    const struct cmg__json *policies = cmg__json_key(properties, "accessPolicies");
    if (cmg__json_bool(properties, "/enableRbacAuthorization", false))
        return true;
    for (size_t i = 0; i < cmg__json_size(policies); i++) {
        if (policy_allows(cmg__json_item(policies, i), call->caller.object_id, kind,
                          verb))
            return true;
    }
    cmg__sb_refuse(call, 403, "Forbidden",
                   "The user, group or application 'appid=%s;oid=%s' does not have %s "
                   "%s permission on key vault '%s'.",
                   call->caller.client_id, call->caller.object_id, kind, verb, vault);
    cmg__sb_set(call->cloud, cmg__json_at(call->reply, "/error"), "innererror",
                cmg__json_pack("{s:s}", "code", "AccessDenied"));
    return false;
}

/* The vault of the call (by path under localhost, else by host), or NULL, answered. */
static struct cmg__json *vault_of(struct cmg__sb_call *call, const char *kind,
                                  const char *verb)
{
    char name[64];
    const char *arg = cmg__sb_arg(call, "vault");
    const char *text = arg[0] != '\0' ? arg : call->request->host;
    size_t n = strcspn(text, ".:");
    if (cmg__str_is_empty(cmg__sb_query(call, "api-version"))) {
        cmg__sb_refuse(call, 400, "BadParameter",
                       "Query parameter api-version must be specified.");
        return NULL;
    }
    if (n >= sizeof name)
        n = 0;
    memcpy(name, text, n);
    name[n] = '\0';
    cmg__lower_in_place(name);
    struct cmg__json *data = cmg__sb_find(call->cloud, "vaults", name);
    if (data == NULL)
        cmg__sb_refuse(call, 404, "VaultNotFound", "There is no vault '%s'.", name);
    return data != NULL && may(call, name, kind, verb) ? data : NULL;
}

static struct cmg__json *versions_of(struct cmg__sb_call *call, struct cmg__json *data,
                                     const char *kind)
{
    struct cmg__json *all = cmg__json_key(data, kind);
    const char *name = cmg__sb_arg(call, "name");
    if (cmg__json_key(all, name) == NULL)
        cmg__sb_set(call->cloud, all, name, cmg__json_array());
    return cmg__json_key(all, name);
}

/* "https://vault.vault.azure.net" or, under localhost, BASE/vaults/name. */
static struct cmg__json *object_url(struct cmg__sb_call *call, const char *kind,
                                    const char *version)
{
    const char *vault = cmg__sb_arg(call, "vault");
    if (vault[0] == '\0')
        return cmg__sb_text(call->cloud, "%s/%s/%s/%s", call->base, kind,
                            cmg__sb_arg(call, "name"), version);
    return cmg__sb_text(call->cloud, "https://%s.%s/%s/%s/%s", vault,
                        call->cloud->names->vault_suffix, kind, cmg__sb_arg(call, "name"),
                        version);
}

/* ---- importing a certificate ---- */

struct import {
    struct cmg__key *key;
    struct cmg__x509 **chain;
    size_t count;
    struct cmg__buf pfx, chain_pem, key_pem;
};

static void import_init(struct import *in, const struct cmg__alloc *alloc)
{
    *in = (struct import){ .count = 0 };
    cmg__buf_init_secret(&in->pfx, alloc, MAX_PEM);
    cmg__buf_init(&in->chain_pem, alloc, MAX_PEM);
    cmg__buf_init_secret(&in->key_pem, alloc, MAX_PEM);
}

static void import_done(struct import *in, const struct cmg__alloc *alloc)
{
    cmg__key_free(in->key);
    if (in->chain != NULL)
        cmg__x509_free_list(alloc, in->chain, in->count);
    cmg__buf_done(&in->pfx);
    cmg__buf_done(&in->chain_pem);
    cmg__buf_done(&in->key_pem);
}

static void refuse_import(struct cmg__sb_call *call, cmg_status rc)
{
    if (rc == CMG_E_NOMEM)
        call->cloud->oom = true;
    cmg__sb_refuse(call, 400, "BadParameter", "%s",
                   rc == CMG_E_AUTH
                       ? "The specified password for the PKCS#12 X.509 certificate "
                         "content is not correct."
                       : "The specified PKCS#12 X.509 certificate content can not be "
                         "read. Please check if certificate is in valid PKCS#12 format.");
}

static bool read_pfx(struct cmg__sb_call *call, struct import *in)
{
    const struct cmg__sb_cloud *cloud = call->cloud;
    const char *value = cmg__str_or(cmg__json_str(call->body, "/value"), "");
    const char *password = cmg__str_or(cmg__json_str(call->body, "/pwd"), "");
    cmg_status rc = cmg__base64_decode(&in->pfx, value, strlen(value));
    if (rc == CMG_OK)
        rc = cmg__pfx_read(cloud->alloc, cloud->env, in->pfx.data, in->pfx.len, password,
                           &in->key, &in->chain, &in->count, NULL);
    for (size_t i = 0; rc == CMG_OK && i < in->count; i++)
        rc = cmg__x509_write_pem(in->chain[i], &in->chain_pem);
    if (rc == CMG_OK && (in->key == NULL || in->count == 0 ||
                         !cmg__x509_matches_key(in->chain[0], in->key)))
        rc = CMG_E_PARSE;
    if (rc == CMG_OK)
        rc = cmg__key_write_pem(in->key, &in->key_pem);
    if (rc != CMG_OK)
        refuse_import(call, rc);
    return rc == CMG_OK;
}

static struct cmg__json *base64_of(struct cmg__sb_call *call, const void *data, size_t n,
                                   bool url)
{
    struct cmg__buf text;
    cmg__buf_init(&text, call->cloud->alloc, MAX_PEM);
    cmg_status rc =
        url ? cmg__base64url_encode(&text, data, n) : cmg__base64_encode(&text, data, n);
    struct cmg__json *value =
        rc == CMG_OK ? cmg__json_string(cmg__buf_cstr(&text)) : NULL;
    cmg__buf_done(&text);
    return value;
}

static struct cmg__json *make_entry(struct cmg__sb_call *call, const struct import *in)
{
    char version[33];
    uint8_t sha1[20];
    struct cmg__x509_info info;
    const struct cmg__json *tags = cmg__json_key(call->body, "tags");
    const struct cmg__json *policy = cmg__json_key(call->body, "policy");
    int64_t now = call->now_ms / 1000;
    cmg__x509_info(in->chain[0], &info);
    cmg__sb_random_hex(call->cloud, 16, version);
    if (cmg__sha1(info.der, info.der_len, sha1) != CMG_OK)
        call->cloud->oom = true;
    struct cmg__json *entry = cmg__json_pack(
        "{s:o, s:o, s:o, s:o, s:o, s:{s:b, s:I, s:I, s:I, s:I}}", "id",
        object_url(call, "certificates", version), "kid",
        object_url(call, "keys", version), "sid", object_url(call, "secrets", version),
        "x5t", base64_of(call, sha1, sizeof sha1, true), "cer",
        base64_of(call, info.der, info.der_len, false), "attributes", "enabled", 1, "nbf",
        info.not_before_unix_s, "exp", info.not_after_unix_s, "created", now, "updated",
        now);
    cmg__sb_set(call->cloud, entry, "policy",
                policy == NULL ? cmg__json_object() : cmg__json_copy_deep(policy));
    cmg__sb_set(call->cloud, entry, "tags",
                tags == NULL ? cmg__json_object() : cmg__json_copy_deep(tags));
    cmg__sb_set_str(call->cloud, entry, "_version", version);
    cmg__sb_set_str(call->cloud, entry, "_thumbprint", info.sha1_hex);
    cmg__sb_set_str(call->cloud, entry, "_chain_pem", cmg__buf_cstr(&in->chain_pem));
    cmg__sb_set_str(call->cloud, entry, "_key_pem", cmg__buf_cstr(&in->key_pem));
    return entry;
}

static void import_certificate(struct cmg__sb_call *call)
{
    struct import in;
    struct cmg__json *data = vault_of(call, "certificates", "import");
    if (data == NULL)
        return;
    import_init(&in, call->cloud->alloc);
    if (read_pfx(call, &in)) {
        struct cmg__json *entry = make_entry(call, &in);
        cmg__sb_reply(call, 200, cmg__sb_public(entry));
        cmg__sb_append(call->cloud, versions_of(call, data, "certificates"), entry);
    }
    import_done(&in, call->cloud->alloc);
}

static void get_certificate(struct cmg__sb_call *call)
{
    const struct cmg__json *data = vault_of(call, "certificates", "get");
    const char *name = cmg__sb_arg(call, "name");
    if (data == NULL)
        return;
    const struct cmg__json *entry =
        pick(cmg__json_key(cmg__json_key(data, "certificates"), name),
             cmg__sb_arg(call, "version"));
    if (entry != NULL)
        cmg__sb_reply(call, 200, cmg__sb_public(entry));
    else
        cmg__sb_refuse(call, 404, "CertificateNotFound",
                       "A certificate with (name/id) %s was not found in this key vault.",
                       name);
}

/* As lists show them: without policy and other links. */
static struct cmg__json *version_item(const struct cmg__json *entry)
{
    return cmg__json_pack("{s:s?, s:s?, s:o, s:o}", "id", cmg__json_str(entry, "/id"),
                          "x5t", cmg__json_str(entry, "/x5t"), "attributes",
                          cmg__json_copy_deep(cmg__json_key(entry, "attributes")), "tags",
                          cmg__json_copy_deep(cmg__json_key(entry, "tags")));
}

static void list_versions(struct cmg__sb_call *call)
{
    const struct cmg__json *data = vault_of(call, "certificates", "list");
    if (data == NULL)
        return;
    const struct cmg__json *versions =
        cmg__json_key(cmg__json_key(data, "certificates"), cmg__sb_arg(call, "name"));
    struct cmg__json *list = cmg__json_array();
    for (size_t i = 0; i < cmg__json_size(versions); i++)
        cmg__sb_append(call->cloud, list, version_item(cmg__json_item(versions, i)));
    cmg__sb_reply(call, 200, cmg__json_pack("{s:o, s:n}", "value", list, "nextLink"));
}

/* What can be changed of a version: attributes and tags. */
static void update_version(struct cmg__sb_call *call)
{
    const struct cmg__json *data = vault_of(call, "certificates", "update");
    const char *name = cmg__sb_arg(call, "name");
    if (data == NULL)
        return;
    struct cmg__json *entry =
        pick(cmg__json_key(cmg__json_key(data, "certificates"), name),
             cmg__sb_arg(call, "version"));
    if (entry == NULL) {
        cmg__sb_refuse(call, 404, "CertificateNotFound",
                       "A certificate with (name/id) %s/%s was not found in this key "
                       "vault.",
                       name, cmg__sb_arg(call, "version"));
        return;
    }
    struct cmg__json *attributes = cmg__json_key(entry, "attributes");
    const struct cmg__json *tags = cmg__json_key(call->body, "tags");
    const struct cmg__json *enabled = cmg__json_at(call->body, "/attributes/enabled");
    if (enabled != NULL)
        cmg__sb_set(call->cloud, attributes, "enabled", cmg__json_copy_deep(enabled));
    if (tags != NULL)
        cmg__sb_set(call->cloud, entry, "tags", cmg__json_copy_deep(tags));
    cmg__sb_set_int(call->cloud, attributes, "updated", call->now_ms / 1000);
    cmg__sb_reply(call, 200, cmg__sb_public(entry));
}

/* ---- secrets ---- */

/* The certificate with its key as PKCS#12 without a password, as the service gives it. */
static struct cmg__json *pfx_of(struct cmg__sb_call *call, const struct cmg__json *entry)
{
    const struct cmg__sb_cloud *cloud = call->cloud;
    const char *key_pem = cmg__str_or(cmg__json_str(entry, "/_key_pem"), "");
    const char *chain_pem = cmg__str_or(cmg__json_str(entry, "/_chain_pem"), "");
    struct import in;
    struct cmg__json *value = NULL;
    const struct cmg__pfx_options options = { .profile = CMG__PFX_COMPAT,
                                              .friendly_name = cmg__sb_arg(call, "name"),
                                              .include_root = true };
    import_init(&in, cloud->alloc);
    cmg_status rc =
        cmg__key_parse(cloud->alloc, cloud->env, key_pem, strlen(key_pem), &in.key, NULL);
    if (rc == CMG_OK)
        rc = cmg__x509_parse_pem(cloud->alloc, chain_pem, strlen(chain_pem), &in.chain,
                                 &in.count, NULL);
    if (rc == CMG_OK)
        rc = cmg__pfx_write(cloud->alloc, cloud->env, &options, in.key, in.chain,
                            in.count, "", &in.pfx, NULL);
    if (rc == CMG_OK)
        value = base64_of(call, in.pfx.data, in.pfx.len, false);
    import_done(&in, cloud->alloc);
    return value;
}

static void get_secret(struct cmg__sb_call *call)
{
    const struct cmg__json *data = vault_of(call, "secrets", "get");
    const char *name = cmg__sb_arg(call, "name");
    const char *version = cmg__sb_arg(call, "version");
    if (data == NULL)
        return;
    const struct cmg__json *secret =
        pick(cmg__json_key(cmg__json_key(data, "secrets"), name), version);
    const struct cmg__json *certificate =
        pick(cmg__json_key(cmg__json_key(data, "certificates"), name), version);
    if (secret != NULL)
        cmg__sb_reply(call, 200, cmg__sb_public(secret));
    else if (certificate != NULL)
        cmg__sb_reply(call, 200,
                      cmg__json_pack(
                          "{s:o, s:s, s:s?, s:s?, s:o}", "value",
                          pfx_of(call, certificate), "contentType",
                          "application/x-pkcs12", "id",
                          cmg__json_str(certificate, "/sid"), "kid",
                          cmg__json_str(certificate, "/kid"), "attributes",
                          cmg__json_copy_deep(cmg__json_key(certificate, "attributes"))));
    else
        cmg__sb_refuse(call, 404, "SecretNotFound",
                       "A secret with (name/id) %s was not found in this key vault.",
                       name);
}

static void put_secret(struct cmg__sb_call *call)
{
    char version[33];
    struct cmg__json *data = vault_of(call, "secrets", "set");
    const char *value = cmg__json_str(call->body, "/value");
    int64_t now = call->now_ms / 1000;
    if (data == NULL)
        return;
    if (value == NULL) {
        cmg__sb_refuse(call, 400, "BadParameter",
                       "The request needs a text in the member 'value'.");
        return;
    }
    cmg__sb_random_hex(call->cloud, 16, version);
    struct cmg__json *entry =
        cmg__json_pack("{s:s, s:o, s:s?, s:{s:b, s:I, s:I}, s:s}", "value", value, "id",
                       object_url(call, "secrets", version), "contentType",
                       cmg__json_str(call->body, "/contentType"), "attributes", "enabled",
                       1, "created", now, "updated", now, "_version", version);
    cmg__sb_reply(call, 200, cmg__sb_public(entry));
    cmg__sb_append(call->cloud, versions_of(call, data, "secrets"), entry);
}

#define LOCAL "/vaults/{vault}"

static const struct cmg__sb_route routes[] = {
    { "POST", "/certificates/{name}/import", import_certificate },
    { "POST", LOCAL "/certificates/{name}/import", import_certificate },
    { "GET", "/certificates/{name}", get_certificate },
    { "GET", LOCAL "/certificates/{name}", get_certificate },
    { "GET", "/certificates/{name}/versions", list_versions },
    { "GET", LOCAL "/certificates/{name}/versions", list_versions },
    { "GET", "/certificates/{name}/{version}", get_certificate },
    { "GET", LOCAL "/certificates/{name}/{version}", get_certificate },
    { "PATCH", "/certificates/{name}/{version}", update_version },
    { "PATCH", LOCAL "/certificates/{name}/{version}", update_version },
    { "PUT", "/secrets/{name}", put_secret },
    { "PUT", LOCAL "/secrets/{name}", put_secret },
    { "GET", "/secrets/{name}", get_secret },
    { "GET", LOCAL "/secrets/{name}", get_secret },
    { "GET", "/secrets/{name}/{version}", get_secret },
    { "GET", LOCAL "/secrets/{name}/{version}", get_secret },
};
const struct cmg__sb_routes cmg__sb_vault_routes = { routes, CMG__ARRAY_LEN(routes) };
