/* See told.h. */
#include "told.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sandbox/arm.h"
#include "sandbox/fleet.h"
#include "sandbox/sandbox.h"

/* ---- what the cloud holds ---- */

/* The entry of a table whose text at a path is value, case aside; NULL for none. */
static struct cmg__json *entry_of(const cmg_sandbox *sandbox, const char *table,
                                  const char *path, const char *value)
{
    void *iter = NULL;
    const char *key = NULL;
    struct cmg__json *entry = NULL;

    while (cmg__json_next(cmg__sb_table(sandbox->cloud, table), &iter, &key, &entry)) {
        if (cmg__str_ieq(cmg__str_or(cmg__json_str(entry, path), ""), value))
            return entry;
    }
    return NULL;
}

/* A look at the cloud; what and value are the row's. */
struct look {
    const cmg_deploy *deploy;
    const cmg_sandbox *sandbox;
    const char *table, *path, *value;
};

static bool is_there(const struct look *look)
{
    return entry_of(look->sandbox, look->table, look->path, look->value) != NULL;
}

/* Of the gateway, outside of its group. */
static bool has_stray(const struct look *look)
{
    void *iter = NULL;
    const char *key = NULL;
    struct cmg__json *resource = NULL;

    while (cmg__json_next(cmg__sb_table(look->sandbox->cloud, "resources"), &iter, &key,
                          &resource)) {
        if (strcasestr(key, look->value) == NULL)
            return true;
    }
    return false;
}

static bool is_registered(const struct look *look)
{
    return cmg__sb_find(look->sandbox->cloud, look->table, look->value) != NULL;
}

static bool has_any(const struct look *look)
{
    return cmg__json_size(cmg__sb_table(look->sandbox->cloud, look->table)) > 0;
}

/* In whatever entry: a member that is not empty. */
static bool has_member(const struct look *look)
{
    void *iter = NULL;
    const char *key = NULL;
    struct cmg__json *entry = NULL;

    while (cmg__json_next(cmg__sb_table(look->sandbox->cloud, look->table), &iter, &key,
                          &entry)) {
        if (cmg__json_size(cmg__json_at(entry, look->path)) > 0)
            return true;
    }
    return false;
}

#define SET "Microsoft.Compute/virtualMachineScaleSets"

static const struct cmg__json *scale_set(const cmg_sandbox *sandbox)
{
    return entry_of(sandbox, "resources", "/type", SET);
}

static bool is_deployed(const struct look *look)
{
    return is_there(look) && scale_set(look->sandbox) != NULL;
}

static bool has_instances(const struct look *look)
{
    return cmg__json_int(scale_set(look->sandbox), "/sku/capacity", -1) ==
           (int64_t)look->deploy->gateway->instance_count;
}

static const struct cmg__json *certificates(const struct look *look)
{
    const struct cmg__json *vault =
        cmg__sb_find(look->sandbox->cloud, "vaults", look->deploy->gateway->name);

    return cmg__json_at(vault, "/certificates/server");
}

/* What the deployment takes as the gateway's certificate. */
static const char *secret_url(const struct look *look)
{
    return cmg__fact(&look->deploy->work, "cert_secret_url");
}

static bool has_certificate(const struct look *look)
{
    const struct cmg__json *versions = certificates(look);

    for (size_t i = 0; i < cmg__json_size(versions); i++) {
        const char *sid = cmg__json_str(cmg__json_item(versions, i), "/sid");
        if (strcmp(cmg__str_or(sid, "-"), secret_url(look)) == 0)
            return true;
    }
    return false;
}

static bool has_model(const struct look *look)
{
    const char *url = cmg__json_str(
        scale_set(look->sandbox), "/properties/virtualMachineProfile/osProfile/secrets/0/"
                                  "vaultCertificates/0/certificateUrl");

    return strcmp(cmg__str_or(url, "-"), secret_url(look)) == 0;
}

static bool has_rolled(const struct look *look)
{
    const struct cmg__json *set = scale_set(look->sandbox);
    const struct cmg__json *fleet = cmg__sb_fleet(set);

    for (size_t i = 0; i < cmg__json_size(fleet); i++) {
        if (!cmg__sb_fleet_is_latest(set, cmg__json_item(fleet, i)))
            return false;
    }
    return cmg__json_size(fleet) > 0;
}

static bool has_one_enabled(const struct look *look)
{
    const struct cmg__json *versions = certificates(look);
    size_t enabled = 0;

    for (size_t i = 0; i < cmg__json_size(versions); i++)
        enabled +=
            cmg__json_bool(cmg__json_item(versions, i), "/attributes/enabled", false);
    return enabled == 1;
}

/* The blob with the digest that the gateway was given. */
static bool has_package(const struct look *look)
{
    const struct cmg__json *account =
        cmg__sb_find(look->sandbox->cloud, "storage", look->deploy->gateway->name);
    const struct cmg__json *blobs =
        cmg__json_at(account, "/containers/" CMG__PACKAGE_CONTAINER "/blobs");
    char name[80];

    (void)snprintf(name, sizeof name, "%s.tar.gz", look->deploy->gateway->package.sha256);
    return cmg__json_key(blobs, name) != NULL;
}

static bool has_file(const struct look *look)
{
    return access(support_path(look->value), F_OK) == 0;
}

/* ---- the steps ---- */

#define SERVER     "CMG-ServerApp"
#define CLIENT     "CMG-ClientApp"
#define KEPT       "contoso.journal.secrets/server-app-secret"
#define APPS       "applications", "/displayName"
#define PRINCIPALS "service_principals", "/displayName"
#define DELETED    "deleted", "/displayName"
#define GROUP      "cmg-granitefalls"
#define NOTHING    NULL, NULL, NULL

static const struct row {
    const char *step;
    bool (*has)(const struct look *look); /* NULL: the host's, no cloud knows of it */
    const char *table, *path, *value;
    bool is_removal;
} rows[] = {
    { "provider_compute", is_registered, "providers", NULL, "Microsoft.Compute", false },
    { "provider_network", is_registered, "providers", NULL, "Microsoft.Network", false },
    { "provider_storage", is_registered, "providers", NULL, "Microsoft.Storage", false },
    { "provider_keyvault", is_registered, "providers", NULL, "Microsoft.KeyVault",
      false },
    { "server_app_back", is_there, DELETED, SERVER, true },
    { "client_app_back", is_there, DELETED, CLIENT, true },
    { "server_app", is_there, APPS, SERVER, false },
    { "server_principal", is_there, PRINCIPALS, SERVER, false },
    { "server_secret", has_member, "applications", "/passwordCredentials", NULL, false },
    { "server_consent", has_any, "role_assignments", NULL, NULL, false },
    { "client_app", is_there, APPS, CLIENT, false },
    { "client_principal", is_there, PRINCIPALS, CLIENT, false },
    { "client_consent", has_any, "grants", NULL, NULL, false },
    { "certificate", NULL, NOTHING, false },
    { "resource_group", is_there, "groups", "/name", GROUP, false },
    { "vault", is_there, "resources", "/type", "Microsoft.KeyVault/vaults", false },
    { "vault_certificate", has_certificate, NOTHING, false },
    { "package", has_package, NOTHING, false },
    { "deployment", is_deployed, "deployments", "/properties/provisioningState",
      "Succeeded", false },
    { "scale", has_instances, NOTHING, false },
    { "model", has_model, NOTHING, false },
    { "roll", has_rolled, NOTHING, false },
    { "former_versions", has_one_enabled, NOTHING, false },
    { "client_app_gone", is_there, APPS, CLIENT, true },
    { "server_app_gone", is_there, APPS, SERVER, true },
    { "strays_gone", has_stray, NULL, NULL, GROUP, true },
    { "group_gone", has_any, "groups", NULL, NULL, true },
    { "vault_gone", has_any, "deleted_vaults", NULL, NULL, true },
    { "secrets_gone", has_file, NULL, NULL, KEPT, true },
};

static const struct row *row_of(const char *step)
{
    for (size_t i = 0; i < CMG__ARRAY_LEN(rows); i++) {
        if (strcmp(rows[i].step, cmg__str_or(step, "")) == 0)
            return &rows[i];
    }
    return NULL;
}

/* What is observed is so; what is planned to be created is not there yet. What was sent
   may be either. */
static bool is_true(const struct row *row, const struct look *look, const char *state,
                    const char *action)
{
    const bool is_state = strcmp(state, "observed") == 0 ||
                          strcmp(state, "planned") == 0 || strcmp(state, "sent") == 0;

    if (row->has == NULL)
        return is_state;
    if (strcmp(state, "observed") == 0)
        return row->has(look) != row->is_removal;
    if (strcmp(state, "planned") == 0 && strcmp(action, "create") == 0)
        return !row->has(look);
    return is_state;
}

static bool change_is_true(const cmg_deploy *deploy, const cmg_sandbox *sandbox,
                           const struct cmg__json *change, char why[256])
{
    const char *step = cmg__str_or(cmg__json_str(change, "/step"), "");
    const char *state = cmg__str_or(cmg__json_str(change, "/state"), "");
    const char *action = cmg__str_or(cmg__json_str(change, "/action"), "");
    const struct row *row = row_of(step);

    (void)snprintf(why, 256, "%s (%s) is said to be %s", step, action, state);
    ck_assert_msg(row != NULL, "%s: not known to this test", why);
    const struct look look = { deploy, sandbox, row->table, row->path, row->value };
    return is_true(row, &look, state, action);
}

static bool changes_are_true(const cmg_deploy *deploy, const cmg_sandbox *sandbox,
                             const struct cmg__json *changes, char why[256])
{
    (void)snprintf(why, 256, "it is empty");
    for (size_t i = 0; i < cmg__json_size(changes); i++) {
        if (!change_is_true(deploy, sandbox, cmg__json_item(changes, i), why))
            return false;
    }
    return cmg__json_size(changes) > 0;
}

bool told_is_true(const cmg_deploy *deploy, cmg_sandbox *sandbox, char why[256])
{
    struct cmg__json *plan = NULL;
    cmg_bytes *bytes = NULL;
    cmg_error *err = NULL;

    ck_ok(cmg_deploy_export_plan(deploy, CMG_PLAN_JSON, &bytes, &err), err);
    ck_ok(cmg__json_parse(&cmg__alloc_libc, "plan", cmg_bytes_data(bytes),
                          cmg_bytes_size(bytes), &plan, &err),
          err);
    (void)pthread_mutex_lock(&sandbox->lock);
    cmg__sb_arm_settle(sandbox->cloud);
    const bool is_true =
        changes_are_true(deploy, sandbox, cmg__json_key(plan, "changes"), why);
    (void)pthread_mutex_unlock(&sandbox->lock);
    cmg__json_unref(plan);
    cmg_bytes_unref(bytes);
    return is_true;
}
