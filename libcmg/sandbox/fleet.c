/* Instances of scale sets. See fleet.h. */
#include "sandbox/fleet.h"

#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "crypto/hash.h"

#define MAX_USER_DATA ((size_t)128 * 1024)
#define PROFILE       "/properties/virtualMachineProfile"

bool cmg__sb_is_scale_set(const struct cmg__json *resource)
{
    return cmg__sb_same(cmg__json_str(resource, "/type"), CMG__SB_SCALE_SETS);
}

struct cmg__json *cmg__sb_fleet(const struct cmg__json *set)
{
    return cmg__json_key(set, "_instances");
}

static size_t index_of(const struct cmg__json *fleet, const char *id)
{
    char text[24];
    size_t n = cmg__json_size(fleet);
    for (size_t i = 0; i < n; i++) {
        (void)snprintf(text, sizeof text, "%lld",
                       (long long)cmg__json_int(cmg__json_item(fleet, i), "/id", -1));
        if (strcmp(text, id) == 0)
            return i;
    }
    return n;
}

struct cmg__json *cmg__sb_fleet_find(const struct cmg__json *set, const char *id)
{
    const struct cmg__json *fleet = cmg__sb_fleet(set);
    return cmg__json_item(fleet, index_of(fleet, id));
}

bool cmg__sb_fleet_is_latest(const struct cmg__json *set,
                             const struct cmg__json *instance)
{
    return cmg__json_int(instance, "/model", 0) == cmg__json_int(set, "/_model", 0);
}

bool cmg__sb_fleet_is_up(const struct cmg__sb_cloud *cloud, const struct cmg__json *set,
                         const struct cmg__json *instance)
{
    return cloud->is_running != NULL &&
           cmg__sb_same(cmg__json_str(instance, "/power"), "running") &&
           cloud->is_running(cloud->running_user, cmg__json_str(set, "/id"),
                             (unsigned)cmg__json_int(instance, "/id", 0));
}

/* ---- what an instance has of its model ---- */

struct cmg__json *cmg__sb_user_data(const struct cmg__sb_cloud *cloud, const char *text)
{
    struct cmg__buf plain;
    struct cmg__json *value = NULL;
    cmg__buf_init(&plain, cloud->alloc, MAX_USER_DATA);
    if (cmg__base64_decode(&plain, text, strlen(text)) != CMG_OK || plain.len == 0 ||
        cmg__json_parse(cloud->alloc, "user data", plain.data, plain.len, &value, NULL) !=
            CMG_OK)
        value = NULL;
    cmg__buf_done(&plain);
    return value;
}

const char *cmg__sb_fleet_user_data(const struct cmg__json *instance)
{
    return cmg__str_or(cmg__json_str(instance, "/user_data"), "");
}

const struct cmg__json *cmg__sb_fleet_secrets(const struct cmg__json *instance)
{
    return cmg__json_key(instance, "secrets");
}

static const char *set_user_data(const struct cmg__json *set)
{
    return cmg__str_or(cmg__json_str(set, PROFILE "/userData"), "");
}

static struct cmg__json *digest(struct cmg__sb_cloud *cloud, struct cmg__json *value)
{
    char hex[65] = "";
    struct cmg__buf text;
    cmg__buf_init_secret(&text, cloud->alloc, CMG__JSON_MAX);
    if (cmg__json_format(value, CMG__JSON_SORTED, &text) != CMG_OK ||
        cmg__sha256_hex(text.data, text.len, hex) != CMG_OK)
        cloud->oom = true;
    cmg__buf_done(&text);
    cmg__json_unref(value);
    return cmg__json_string(hex);
}

/* What a machine is made of. The password is left out: existing machines keep theirs. */
static struct cmg__json *frame_of(struct cmg__sb_cloud *cloud,
                                  const struct cmg__json *set)
{
    struct cmg__json *data = cmg__sb_user_data(cloud, set_user_data(set));
    struct cmg__json *profile = cmg__json_copy_deep(cmg__json_at(set, PROFILE));
    cmg__json_remove(cmg__json_key(profile, "osProfile"), "adminPassword");
    cmg__json_remove(cmg__json_key(profile, "osProfile"), "secrets");
    cmg__json_remove(profile, "userData");
    struct cmg__json *frame =
        cmg__json_pack("[s?, s?, o?]", cmg__json_str(set, "/sku/name"),
                       cmg__json_str(data, "/package/sha256"), profile);
    cmg__json_unref(data);
    return digest(cloud, frame);
}

static void take_model(struct cmg__sb_cloud *cloud, const struct cmg__json *set,
                       struct cmg__json *instance)
{
    const struct cmg__json *secrets = cmg__json_at(set, PROFILE "/osProfile/secrets");
    cmg__sb_set_int(cloud, instance, "model", cmg__json_int(set, "/_model", 0));
    cmg__sb_set(cloud, instance, "frame", frame_of(cloud, set));
    cmg__sb_set_str(cloud, instance, "user_data", set_user_data(set));
    cmg__sb_set(cloud, instance, "secrets",
                secrets == NULL ? cmg__json_array() : cmg__json_copy_deep(secrets));
}

void cmg__sb_fleet_renew(struct cmg__sb_cloud *cloud, struct cmg__json *set,
                         struct cmg__json *instance, bool with_model)
{
    cmg__sb_set_int(cloud, instance, "generation",
                    cmg__json_int(instance, "/generation", 0) + 1);
    if (with_model)
        take_model(cloud, set, instance);
}

void cmg__sb_fleet_upgrade(struct cmg__sb_cloud *cloud, struct cmg__json *set,
                           struct cmg__json *instance)
{
    struct cmg__json *frame = frame_of(cloud, set);
    const bool same =
        cmg__sb_same(cmg__json_str(instance, "/frame"), cmg__json_str(frame, ""));
    cmg__json_unref(frame);
    if (same)
        take_model(cloud, set, instance);
    else
        cmg__sb_fleet_renew(cloud, set, instance, true);
}

/* ---- as many as wanted ---- */

static int64_t free_slot(const struct cmg__json *fleet)
{
    int64_t slot = 0;
    for (size_t i = 0; i < cmg__json_size(fleet); i++) {
        if (cmg__json_int(cmg__json_item(fleet, i), "/slot", -1) == slot) {
            slot++;
            i = (size_t)-1; /* one further: look through all again */
        }
    }
    return slot;
}

static void add(struct cmg__sb_cloud *cloud, struct cmg__json *set,
                struct cmg__json *fleet)
{
    char vm_id[CMG__GUID_SIZE];
    int64_t id = cmg__json_int(set, "/_next", 0);
    cmg__sb_guid(cloud, vm_id);
    struct cmg__json *instance =
        cmg__json_pack("{s:I, s:I, s:s, s:s, s:i}", "id", id, "slot", free_slot(fleet),
                       "vm_id", vm_id, "power", "running", "generation", 0);
    take_model(cloud, set, instance);
    cmg__sb_append(cloud, fleet, instance);
    cmg__sb_set_int(cloud, set, "_next", id + 1);
}

/* Down takes the highest IDs first. */
static void match_capacity(struct cmg__sb_cloud *cloud, struct cmg__json *set)
{
    struct cmg__json *fleet = cmg__sb_fleet(set);
    size_t wanted = (size_t)cmg__json_int(set, "/sku/capacity", 0);
    while (!cloud->oom && cmg__json_size(fleet) < wanted)
        add(cloud, set, fleet);
    while (cmg__json_size(fleet) > wanted)
        cmg__json_remove_at(fleet, cmg__json_size(fleet) - 1);
}

void cmg__sb_fleet_remove(struct cmg__sb_cloud *cloud, struct cmg__json *set,
                          const char *id)
{
    struct cmg__json *fleet = cmg__sb_fleet(set);
    size_t i = index_of(fleet, id);
    if (i == cmg__json_size(fleet))
        return;
    cmg__json_remove_at(fleet, i);
    cmg__sb_set_int(cloud, cmg__json_key(set, "sku"), "capacity",
                    (int64_t)cmg__json_size(fleet));
}

/* ---- the model ---- */

/* A digest of what a new instance would be made of. The password is left out: existing
   machines keep theirs. */
static struct cmg__json *model_of(struct cmg__sb_cloud *cloud,
                                  const struct cmg__json *set)
{
    struct cmg__json *profile = cmg__json_copy_deep(cmg__json_at(set, PROFILE));
    cmg__json_remove(cmg__json_key(profile, "osProfile"), "adminPassword");
    return digest(cloud,
                  cmg__json_pack("[s?, o?]", cmg__json_str(set, "/sku/name"), profile));
}

static void carry_over(struct cmg__sb_cloud *cloud, struct cmg__json *set,
                       const struct cmg__json *old)
{
    static const char *const kept[] = { "_instances",  "_next",    "_model",
                                        "_model_hash", "_rolling", "_repairs" };
    for (size_t i = 0; i < CMG__ARRAY_LEN(kept); i++) {
        const struct cmg__json *value = cmg__json_key(old, kept[i]);
        if (value != NULL)
            cmg__sb_set(cloud, set, kept[i], cmg__json_copy_deep(value));
    }
    if (cmg__sb_fleet(set) == NULL)
        cmg__sb_set(cloud, set, "_instances", cmg__json_array());
}

static void upgrade_all(struct cmg__sb_cloud *cloud, struct cmg__json *set)
{
    struct cmg__json *fleet = cmg__sb_fleet(set);
    for (size_t i = 0; i < cmg__json_size(fleet); i++)
        cmg__sb_fleet_upgrade(cloud, set, cmg__json_item(fleet, i));
}

void cmg__sb_fleet_adopt(struct cmg__sb_cloud *cloud, struct cmg__json *set,
                         const struct cmg__json *old)
{
    const char *mode = cmg__json_str(set, "/properties/upgradePolicy/mode");
    struct cmg__json *hash = model_of(cloud, set);
    carry_over(cloud, set, old);
    bool is_changed = old != NULL &&
                      !cmg__sb_same(cmg__json_str(hash, ""),
                                    cmg__json_str(cmg__json_key(set, "_model_hash"), ""));
    cmg__sb_set(cloud, set, "_model_hash", hash);
    if (is_changed)
        cmg__sb_set_int(cloud, set, "_model", cmg__json_int(set, "/_model", 0) + 1);
    match_capacity(cloud, set);
    if (is_changed && cmg__sb_same(mode, "Automatic"))
        upgrade_all(cloud, set);
    else if (is_changed && cmg__sb_same(mode, "Rolling"))
        (void)cmg__sb_rolling_start(cloud, set);
}
