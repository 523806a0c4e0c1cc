/*
 * Is a name free: public DNS label, storage account, key vault.
 */
#include <string.h>

#include "sandbox/arm.h"
#include "sandbox/router.h"

static void check_dns(struct cmg__sb_call *call)
{
    const char *label = cmg__sb_query(call, "domainNameLabel");
    const char *location = cmg__sb_arg(call, "location");
    struct cmg__sb_fault fault;
    if (!cmg__sb_provider_is_ready(call->cloud, "Microsoft.Network", &fault)) {
        cmg__sb_refuse_fault(call, &fault);
    } else if (cmg__sb_region(location) == NULL) {
        cmg__sb_refuse(call, 400, "LocationNotAvailable",
                       "The location '%s' is not available.", location);
    } else if (label == NULL || !cmg__sb_dns_label_is_valid(label)) {
        cmg__sb_refuse(call, 400, "InvalidDomainNameLabel",
                       "The domain name label '%s' is invalid. It must conform to the "
                       "following regular expression: ^[a-z][a-z0-9-]{1,61}[a-z0-9]$.",
                       cmg__str_or(label, ""));
    } else {
        bool taken = cmg__sb_dns_label_is_taken(call->cloud, label, location, "");
        cmg__sb_reply(call, 200, cmg__json_pack("{s:b}", "available", !taken));
    }
}

static bool storage_name_is_valid(const char *name)
{
    size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789");
    return name[n] == '\0' && n >= 3 && n <= 24;
}

static bool vault_name_is_valid(const char *name)
{
    size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                            "0123456789-");
    return name[n] == '\0' && n >= 3 && n <= 24 && cmg__is_alpha(name[0]) &&
           name[n - 1] != '-' && strstr(name, "--") == NULL;
}

bool cmg__sb_storage_name_is_free(const struct cmg__sb_cloud *cloud, const char *name,
                                  const char *except_id)
{
    void *iter = NULL;
    const char *key = NULL;
    struct cmg__json *entry = NULL;
    while (cmg__json_next(cmg__sb_table(cloud, "resources"), &iter, &key, &entry)) {
        if (cmg__sb_same(cmg__json_str(entry, "/type"),
                         "Microsoft.Storage/storageAccounts") &&
            cmg__sb_same(cmg__json_str(entry, "/name"), name) &&
            !cmg__sb_same(key, except_id))
            return false;
    }
    return true;
}

static void check_name(struct cmg__sb_call *call, bool valid, bool is_free)
{
    const char *name = cmg__str_or(cmg__json_str(call->body, "/name"), "");
    if (valid && is_free) {
        cmg__sb_reply(call, 200, cmg__json_pack("{s:b}", "nameAvailable", 1));
        return;
    }
    cmg__sb_reply(
        call, 200,
        cmg__json_pack("{s:b, s:s, s:o}", "nameAvailable", 0, "reason",
                       valid ? "AlreadyExists" : "AccountNameInvalid", "message",
                       cmg__sb_text(call->cloud,
                                    valid ? "The name '%s' is already in use."
                                          : "The name '%s' is not a valid name.",
                                    name)));
}

static bool type_is(struct cmg__sb_call *call, const char *wanted)
{
    if (cmg__sb_same(cmg__json_str(call->body, "/type"), wanted) &&
        cmg__json_str(call->body, "/name") != NULL)
        return true;
    cmg__sb_refuse(call, 400, "InvalidResourceType",
                   "The request needs a name and the type '%s'.", wanted);
    return false;
}

static void check_storage(struct cmg__sb_call *call)
{
    if (!type_is(call, "Microsoft.Storage/storageAccounts"))
        return;
    const char *name = cmg__json_str(call->body, "/name");
    check_name(call, storage_name_is_valid(name),
               cmg__sb_storage_name_is_free(call->cloud, name, ""));
}

static void check_vault(struct cmg__sb_call *call)
{
    if (!type_is(call, "Microsoft.KeyVault/vaults"))
        return;
    const char *name = cmg__json_str(call->body, "/name");
    check_name(call, vault_name_is_valid(name),
               cmg__sb_vault_name_is_free(call->cloud, name));
}

static const struct cmg__sb_route routes[] = {
    { "GET",
      "/subscriptions/{sub}/providers/Microsoft.Network/locations/{location}/"
      "CheckDnsNameAvailability",
      check_dns },
    { "POST", "/subscriptions/{sub}/providers/Microsoft.Storage/checkNameAvailability",
      check_storage },
    { "POST", "/subscriptions/{sub}/providers/Microsoft.KeyVault/checkNameAvailability",
      check_vault },
};
const struct cmg__sb_routes cmg__sb_arm_name_routes = { routes, CMG__ARRAY_LEN(routes) };
