/* Instances of scale sets. See fleet.h. */
#include "sandbox/fleet.h"

#include <stdio.h>
#include <string.h>

#include "crypto/hash.h"

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

void cmg__sb_fleet_renew(struct cmg__sb_cloud *cloud, struct cmg__json *set,
                         struct cmg__json *instance, bool with_model)
{
    cmg__sb_set_int(cloud, instance, "generation",
                    cmg__json_int(instance, "/generation", 0) + 1);
    if (with_model)
        cmg__sb_set_int(cloud, instance, "model", cmg__json_int(set, "/_model", 0));
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
    cmg__sb_append(cloud, fleet,
                   cmg__json_pack("{s:I, s:I, s:s, s:s, s:i, s:I}", "id", id, "slot",
                                  free_slot(fleet), "vm_id", vm_id, "power", "running",
                                  "generation", 0, "model",
                                  cmg__json_int(set, "/_model", 0)));
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
    char hex[65] = "";
    struct cmg__buf text;
    struct cmg__json *profile =
        cmg__json_copy_deep(cmg__json_at(set, "/properties/virtualMachineProfile"));
    cmg__json_remove(cmg__json_key(profile, "osProfile"), "adminPassword");
    struct cmg__json *model =
        cmg__json_pack("[s?, o?]", cmg__json_str(set, "/sku/name"), profile);
    cmg__buf_init_secret(&text, cloud->alloc, CMG__JSON_MAX);
    if (cmg__json_format(model, CMG__JSON_SORTED, &text) != CMG_OK ||
        cmg__sha256_hex(text.data, text.len, hex) != CMG_OK)
        cloud->oom = true;
    cmg__buf_done(&text);
    cmg__json_unref(model);
    return cmg__json_string(hex);
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

static void renew_all(struct cmg__sb_cloud *cloud, struct cmg__json *set)
{
    struct cmg__json *fleet = cmg__sb_fleet(set);
    for (size_t i = 0; i < cmg__json_size(fleet); i++)
        cmg__sb_fleet_renew(cloud, set, cmg__json_item(fleet, i), true);
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
        renew_all(cloud, set);
    else if (is_changed && cmg__sb_same(mode, "Rolling"))
        (void)cmg__sb_rolling_start(cloud, set);
}
