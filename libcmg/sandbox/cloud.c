/*
 * Birth, saving and the small accessors of the cloud's tree. See cloud.h.
 */
#include "sandbox/cloud.h"

#include <stdio.h>
#include <string.h>

#include "base/secret.h"
#include "sandbox/blob.h"
#include "sandbox/pki.h"
#include "sandbox/well_known.h"

#define STATE_VERSION 2
#define STATE_MODE    0600

/* Every kind of thing the tree keeps. */
static const char *const tables[] = {
    "applications", "service_principals", "role_assignments", "grants",     "deleted",
    "device_codes", "refresh_tokens",     "providers",        "groups",     "resources",
    "deployments",  "operations",         "deleted_vaults",   "vaults",     "locks",
    "arm_roles",    "identities",         "storage",          "auth_codes",
};

bool cmg__sb_same(const char *a, const char *b)
{
    return a != NULL && b != NULL && cmg__str_ieq(a, b);
}

int64_t cmg__sb_now_ms(const struct cmg__sb_cloud *cloud)
{
    return cloud->env->unix_ms(cloud->env->user);
}

const char *cmg__sb_fact(const struct cmg__sb_cloud *cloud, const char *name)
{
    const struct cmg__json *value = cmg__json_key(cloud->state, name);
    return cmg__str_or(cmg__json_str(value, ""), "");
}

bool cmg__sb_domain(const struct cmg__sb_cloud *cloud, size_t i, char out[254])
{
    static const char *const others[] = { "com", "mail.onmicrosoft.com" };
    const char *initial = cmg__sb_fact(cloud, "domain");

    if (i > CMG__ARRAY_LEN(others))
        return false;
    if (i == 0)
        (void)snprintf(out, 254, "%s", initial);
    else
        (void)snprintf(out, 254, "%.*s.%s", (int)strcspn(initial, "."), initial,
                       others[i - 1]);
    return i == 0 || !cmg__sb_same(out, initial);
}

bool cmg__sb_domain_is_known(const struct cmg__sb_cloud *cloud, const char *domain)
{
    char known[254];

    for (size_t i = 0; cmg__sb_domain(cloud, i, known); i++) {
        if (cmg__sb_same(known, domain))
            return true;
    }
    return false;
}

struct cmg__json *cmg__sb_table(const struct cmg__sb_cloud *cloud, const char *name)
{
    return cmg__json_key(cloud->state, name);
}

struct cmg__json *cmg__sb_find(const struct cmg__sb_cloud *cloud, const char *table,
                               const char *key)
{
    return key == NULL ? NULL : cmg__json_key(cmg__sb_table(cloud, table), key);
}

struct cmg__json *cmg__sb_find_by(const struct cmg__sb_cloud *cloud, const char *table,
                                  const char *member, const char *value)
{
    void *iter = NULL;
    const char *key = NULL;
    struct cmg__json *entry = NULL;

    if (value == NULL)
        return NULL;
    while (cmg__json_next(cmg__sb_table(cloud, table), &iter, &key, &entry)) {
        const char *text = cmg__json_str(cmg__json_key(entry, member), "");
        if (text != NULL && cmg__sb_same(text, value))
            return entry;
    }
    return NULL;
}

void cmg__sb_set(struct cmg__sb_cloud *cloud, struct cmg__json *object, const char *key,
                 struct cmg__json *value)
{
    if (cmg__json_set(object, key, value) != CMG_OK)
        cloud->oom = true;
}

void cmg__sb_set_str(struct cmg__sb_cloud *cloud, struct cmg__json *object,
                     const char *key, const char *value)
{
    cmg__sb_set(cloud, object, key, cmg__json_string(value));
}

void cmg__sb_set_int(struct cmg__sb_cloud *cloud, struct cmg__json *object,
                     const char *key, int64_t value)
{
    cmg__sb_set(cloud, object, key, cmg__json_integer(value));
}

void cmg__sb_append(struct cmg__sb_cloud *cloud, struct cmg__json *array,
                    struct cmg__json *value)
{
    if (cmg__json_append(array, value) != CMG_OK)
        cloud->oom = true;
}

void cmg__sb_random_hex(struct cmg__sb_cloud *cloud, size_t n, char *out)
{
    uint8_t bytes[64] = { 0 };
    if (n > sizeof bytes)
        n = sizeof bytes;
    if (cloud->env->random(cloud->env->user, bytes, n) != 0)
        cloud->oom = true;
    cmg__hex_format(bytes, n, out);
    cmg__wipe(bytes, sizeof bytes);
}

void cmg__sb_guid(struct cmg__sb_cloud *cloud, char out[CMG__GUID_SIZE])
{
    uint8_t bytes[16] = { 0 };
    if (cloud->env->random(cloud->env->user, bytes, sizeof bytes) != 0)
        cloud->oom = true;
    cmg__guid_format(bytes, out);
}

struct cmg__json *cmg__sb_time(int64_t unix_ms)
{
    char text[CMG__TIME_SIZE];
    cmg__time_format(unix_ms / 1000, text);
    return cmg__json_string(text);
}

static void strip_private(struct cmg__json *value)
{
    if (cmg__json_type(value) == CMG__JSON_ARRAY) {
        for (size_t i = 0; i < cmg__json_size(value); i++)
            strip_private(cmg__json_item(value, i));
        return;
    }
    if (cmg__json_type(value) != CMG__JSON_OBJECT)
        return;
    bool again = true;
    while (again) { /* removing ends an iteration: start over after each */
        void *iter = NULL;
        const char *key = NULL;
        struct cmg__json *member = NULL;
        again = false;
        while (!again && cmg__json_next(value, &iter, &key, &member)) {
            if (key[0] == '_') {
                cmg__json_remove(value, key);
                again = true;
            } else {
                strip_private(member);
            }
        }
    }
}

struct cmg__json *cmg__sb_public(const struct cmg__json *value)
{
    struct cmg__json *copy = cmg__json_copy_deep(value);
    strip_private(copy);
    return copy;
}

/* ---- birth ---- */

static void set_guid(struct cmg__sb_cloud *cloud, const char *key, const char *given)
{
    char guid[CMG__GUID_SIZE];
    cmg__sb_guid(cloud, guid);
    cmg__sb_set_str(cloud, cloud->state, key, given != NULL ? given : guid);
}

static cmg_status make_signing_key(struct cmg__sb_cloud *cloud, cmg_error **err)
{
    struct cmg__key *key = NULL;
    struct cmg__buf pem;
    cmg__buf_init_secret(&pem, cloud->alloc, 16384);
    cmg_status rc =
        cmg__key_generate(cloud->alloc, cloud->env, CMG__KEY_RSA, 2048, &key, err);
    if (rc == CMG_OK)
        rc = cmg__key_write_pem(key, &pem);
    if (rc == CMG_OK)
        cmg__sb_set_str(cloud, cloud->state, "_signing_key", cmg__buf_cstr(&pem));
    cmg__key_free(key);
    cmg__buf_done(&pem);
    return rc;
}

static cmg_status make_tree(struct cmg__sb_cloud *cloud,
                            const struct cmg__sb_birth *birth, cmg_error **err)
{
    char secret[65];
    cloud->state = cmg__json_pack("{s:i}", "version", STATE_VERSION);
    if (cloud->state == NULL)
        return cmg__fail_nomem(err);
    for (size_t i = 0; i < CMG__ARRAY_LEN(tables); i++)
        cmg__sb_set(cloud, cloud->state, tables[i], cmg__json_object());
    set_guid(cloud, "tenant_id", birth->tenant_id);
    set_guid(cloud, "subscription_id", birth->subscription_id);
    set_guid(cloud, "admin_object_id", NULL);
    set_guid(cloud, "client_id", NULL);
    set_guid(cloud, "client_object_id", NULL);
    cmg__sb_set_str(cloud, cloud->state, "domain", birth->domain);
    cmg__sb_random_hex(cloud, 20, secret);
    cmg__sb_set_str(cloud, cloud->state, "client_secret", secret);
    cmg__wipe(secret, sizeof secret);
    cmg__sb_well_known_add(cloud);
    (void)cmg__sb_account_make(cloud, CMG__SB_BLOB_ACCOUNT);
    cmg_status rc = make_signing_key(cloud, err);
    if (rc == CMG_OK && cloud->oom)
        rc = cmg__fail_nomem(err);
    cloud->dirty = true;
    return rc;
}

static cmg_status check_tree(struct cmg__sb_cloud *cloud, cmg_error **err)
{
    static const char *const facts[] = { "tenant_id",     "subscription_id",
                                         "domain",        "client_id",
                                         "client_secret", "admin_object_id",
                                         "_signing_key" };
    if (cmg__json_int(cloud->state, "/version", 0) != STATE_VERSION)
        return cmg__fail(err, cloud->alloc, CMG_E_PARSE, cloud->state_path,
                         "start with another directory, or remove this one",
                         "the state is of another version of the sandbox");
    for (size_t i = 0; i < CMG__ARRAY_LEN(facts); i++) {
        if (cmg__sb_fact(cloud, facts[i])[0] == '\0')
            return cmg__fail(err, cloud->alloc, CMG_E_PARSE, cloud->state_path,
                             "restore the file, or remove the directory",
                             "the state has no text \"%s\"", facts[i]);
    }
    for (size_t i = 0; i < CMG__ARRAY_LEN(tables); i++) {
        if (cmg__json_type(cmg__sb_table(cloud, tables[i])) != CMG__JSON_OBJECT)
            return cmg__fail(err, cloud->alloc, CMG_E_PARSE, cloud->state_path,
                             "restore the file, or remove the directory",
                             "the state has no object \"%s\"", tables[i]);
    }
    return CMG_OK;
}

static cmg_status check_given(const struct cmg__sb_cloud *cloud, const char *fact,
                              const char *given, cmg_error **err)
{
    if (given == NULL || cmg__sb_same(given, cmg__sb_fact(cloud, fact)))
        return CMG_OK;
    return cmg__fail(err, cloud->alloc, CMG_E_INVAL, fact,
                     "use another directory, or leave the member NULL",
                     "%s is \"%s\" but the directory's cloud has \"%s\"", fact, given,
                     cmg__sb_fact(cloud, fact));
}

static cmg_status load_tree(struct cmg__sb_cloud *cloud,
                            const struct cmg__sb_birth *birth, cmg_error **err)
{
    struct cmg__buf text;
    cmg_error *why = NULL;
    cmg__buf_init_secret(&text, cloud->alloc, CMG__JSON_MAX);
    cmg_status rc = cmg__file_read(cloud->env, cloud->alloc, cloud->state_path,
                                   CMG__JSON_MAX, &text, &why);
    if (rc == CMG_E_NOTFOUND) {
        cmg_error_unref(why);
        cmg__buf_done(&text);
        return make_tree(cloud, birth, err);
    }
    if (rc == CMG_OK)
        rc = cmg__json_parse(cloud->alloc, cloud->state_path, cmg__buf_cstr(&text),
                             text.len, &cloud->state, &why);
    if (rc == CMG_OK)
        rc = check_tree(cloud, &why);
    if (rc == CMG_OK)
        rc = check_given(cloud, "tenant_id", birth->tenant_id, &why);
    if (rc == CMG_OK)
        rc = check_given(cloud, "subscription_id", birth->subscription_id, &why);
    cmg__buf_done(&text);
    return rc == CMG_OK ? CMG_OK : cmg__error_move(err, &why);
}

/* The key ID is the SHA-256 of the public key, shortened: stable over restarts. */
static cmg_status derive_keys(struct cmg__sb_cloud *cloud, cmg_error **err)
{
    char kid[65];
    struct cmg__buf text;
    const char *pem = cmg__sb_fact(cloud, "_signing_key");
    cmg__buf_init(&text, cloud->alloc, 65536);
    cmg_status rc = cmg__key_parse(cloud->alloc, cloud->env, pem, strlen(pem),
                                   &cloud->signing_key, err);
    if (rc == CMG_OK)
        rc = cmg__key_write_public_der(cloud->signing_key, &text);
    if (rc == CMG_OK)
        rc = cmg__sha256_hex(text.data, text.len, kid);
    cloud->keys = cmg__json_array();
    if (rc == CMG_OK) {
        kid[40] = '\0';
        rc = cmg__jwks_append(cloud->keys, cloud->signing_key, kid);
    }
    const struct cmg__json *former = cmg__json_key(cloud->state, "_former_keys");
    for (size_t i = 0; rc == CMG_OK && i < cmg__json_size(former); i++)
        rc = cmg__json_append(cloud->keys, cmg__json_ref(cmg__json_item(former, i)));
    struct cmg__json *set = cmg__json_pack("{s:O}", "keys", cloud->keys);
    cmg__buf_clear(&text);
    if (rc == CMG_OK)
        rc = set == NULL ? CMG_E_NOMEM : cmg__json_format(set, CMG__JSON_COMPACT, &text);
    if (rc == CMG_OK)
        rc = cmg__jwks_parse(cloud->alloc, cmg__buf_cstr(&text), text.len, &cloud->jwks,
                             err);
    cmg__json_unref(set);
    cmg__buf_done(&text);
    return rc;
}

static void forget_keys(struct cmg__sb_cloud *cloud)
{
    cmg__key_free(cloud->signing_key);
    cmg__jwks_free(cloud->jwks);
    cmg__json_unref(cloud->keys);
    cloud->signing_key = NULL;
    cloud->jwks = NULL;
    cloud->keys = NULL;
}

void cmg__sb_cloud_rollover(struct cmg__sb_cloud *cloud)
{
    struct cmg__json *former = cmg__json_key(cloud->state, "_former_keys");

    cloud->rollover = false;
    cloud->dirty = true;
    if (former == NULL) {
        cmg__sb_set(cloud, cloud->state, "_former_keys", cmg__json_array());
        former = cmg__json_key(cloud->state, "_former_keys");
    }
    cmg__sb_append(cloud, former, cmg__json_copy_deep(cmg__json_item(cloud->keys, 0)));
    if (cloud->oom || make_signing_key(cloud, NULL) != CMG_OK) {
        cloud->oom = true;
        return;
    }
    forget_keys(cloud);
    if (derive_keys(cloud, NULL) != CMG_OK)
        cloud->oom = true;
}

cmg_status cmg__sb_cloud_new(const struct cmg__alloc *alloc, const struct cmg__env *env,
                             const struct cmg__sb_birth *birth,
                             struct cmg__sb_cloud **out, cmg_error **err)
{
    struct cmg__sb_cloud *cloud = cmg__alloc0(alloc, sizeof *cloud);
    if (cloud == NULL)
        return cmg__fail_nomem(err);
    cloud->alloc = alloc;
    cloud->env = env;
    cloud->names = cmg__cloud_get(CMG_CLOUD_PUBLIC);
    cloud->operation_ms = birth->operation_ms;
    cloud->pki = cmg__alloc0(alloc, sizeof *cloud->pki);
    cmg_status rc = CMG_OK;
    if (cloud->pki == NULL) {
        rc = cmg__fail_nomem(err);
    } else if (birth->state_path == NULL) {
        rc = make_tree(cloud, birth, err);
    } else {
        cloud->state_path = cmg__strdup(alloc, birth->state_path);
        rc = cloud->state_path == NULL ? cmg__fail_nomem(err)
                                       : load_tree(cloud, birth, err);
    }
    if (cloud->pki != NULL)
        cmg__sb_pki_init(cloud->pki, alloc, env);
    if (rc == CMG_OK)
        rc = derive_keys(cloud, err);
    if (rc == CMG_OK)
        rc = cmg__sb_cloud_save(cloud, err);
    if (rc == CMG_E_NOMEM && err != NULL && *err == NULL)
        rc = cmg__fail_nomem(err);
    if (rc == CMG_OK)
        *out = cloud;
    else
        cmg__sb_cloud_free(cloud);
    return rc;
}

void cmg__sb_cloud_free(struct cmg__sb_cloud *cloud)
{
    if (cloud == NULL)
        return;
    if (cloud->pki != NULL)
        cmg__sb_pki_done(cloud->pki);
    cmg__free(cloud->alloc, cloud->pki);
    forget_keys(cloud);
    cmg__json_unref(cloud->contents);
    cmg__json_unref(cloud->settings);
    cmg__json_unref(cloud->issuers);
    cmg__json_unref(cloud->activity);
    cmg__json_unref(cloud->decisions);
    cmg__json_unref(cloud->late);
    cmg__sb_people_done(&cloud->people);
    cmg__json_unref(cloud->state);
    cmg__free(cloud->alloc, cloud->state_path);
    cmg__free(cloud->alloc, cloud);
}

cmg_status cmg__sb_cloud_save(struct cmg__sb_cloud *cloud, cmg_error **err)
{
    struct cmg__buf text;
    if (!cloud->dirty || cloud->state_path == NULL)
        return CMG_OK;
    cmg__buf_init_secret(&text, cloud->alloc, CMG__JSON_MAX);
    cmg_status rc = cmg__json_format(cloud->state, CMG__JSON_PRETTY, &text);
    if (rc != CMG_OK)
        rc = cmg__fail(err, cloud->alloc, rc, cloud->state_path, "",
                       "the sandbox's state cannot be written down");
    else
        rc = cmg__file_replace(cloud->env, cloud->alloc, cloud->state_path, STATE_MODE,
                               text.data, text.len, err);
    if (rc == CMG_OK)
        cloud->dirty = false;
    cmg__buf_done(&text);
    return rc;
}
