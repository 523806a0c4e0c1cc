/*
 * What each resource type adds to a resource and refuses about it: IDs of children,
 * addresses, DNS labels, references to things that are not there.
 */
#include <stdio.h>
#include <string.h>

#include "sandbox/blob.h"
#include "sandbox/capacity.h"
#include "sandbox/fleet.h"

/* ---- DNS labels ---- */

bool cmg__sb_dns_label_is_valid(const char *label)
{
    size_t n = strspn(label, "abcdefghijklmnopqrstuvwxyz0123456789-");
    return label[n] == '\0' && n >= 3 && n <= 63 && cmg__is_alpha(label[0]) &&
           label[n - 1] != '-';
}

bool cmg__sb_dns_label_is_taken(const struct cmg__sb_cloud *cloud, const char *label,
                                const char *location, const char *except_id)
{
    void *iter = NULL;
    const char *key = NULL;
    struct cmg__json *entry = NULL;
    while (cmg__json_next(cmg__sb_table(cloud, "resources"), &iter, &key, &entry)) {
        if (cmg__sb_same(cmg__json_str(entry, "/properties/dnsSettings/domainNameLabel"),
                         label) &&
            cmg__sb_region(cmg__json_str(entry, "/location")) ==
                cmg__sb_region(location) &&
            !cmg__sb_same(key, except_id))
            return true;
    }
    return false;
}

/* "West Europe" becomes "westeurope". */
static void short_region(const char *location, char out[64])
{
    size_t n = 0;
    for (; *location != '\0' && n < 63; location++) {
        if (*location != ' ')
            out[n++] = cmg__lower(*location);
    }
    out[n] = '\0';
}

static bool public_ip(struct cmg__sb_cloud *cloud, struct cmg__json *resource,
                      struct cmg__sb_fault *fault)
{
    char region[64];
    uint8_t octet = 0;
    struct cmg__json *properties = cmg__json_key(resource, "properties");
    struct cmg__json *dns = cmg__json_key(properties, "dnsSettings");
    const char *label = cmg__json_str(dns, "/domainNameLabel");
    const char *location = cmg__json_str(resource, "/location");
    const char *id = cmg__json_str(resource, "/id");
    const struct cmg__json *old = cmg__sb_resource(cloud, id);
    const char *address = cmg__json_str(old, "/properties/ipAddress");
    if (label != NULL && !cmg__sb_dns_label_is_valid(label)) {
        cmg__sb_fault_set(fault, 400, "InvalidDomainNameLabel",
                          "The domain name label %s is invalid. It must conform to the "
                          "following regular expression: ^[a-z][a-z0-9-]{1,61}[a-z0-9]$.",
                          label);
        return false;
    }
    if (label != NULL && cmg__sb_dns_label_is_taken(cloud, label, location, id)) {
        cmg__sb_fault_set(fault, 400, "DnsRecordInUse",
                          "DNS record %s.%s is already used by another public IP.", label,
                          location);
        return false;
    }
    if (cloud->env->random(cloud->env->user, &octet, 1) != 0)
        cloud->oom = true;
    cmg__sb_set(cloud, properties, "ipAddress",
                address != NULL
                    ? cmg__json_string(address)
                    : cmg__sb_text(cloud, "203.0.113.%u", (unsigned)(octet % 254 + 1)));
    short_region(location, region);
    if (label != NULL)
        cmg__sb_set(
            cloud, dns, "fqdn",
            cmg__sb_text(cloud, "%s.%s.%s", label, region, cloud->names->dns_suffix));
    return true;
}

/* ---- load balancers ---- */

static const struct cmg__json *rule_at(const struct cmg__json *balancer, size_t i)
{
    const struct cmg__json *rules =
        cmg__json_at(balancer, "/properties/loadBalancingRules");
    const size_t n = cmg__json_size(rules);

    return i < n ? cmg__json_item(rules, i)
                 : cmg__json_item(cmg__json_at(balancer, "/properties/inboundNatRules"),
                                  i - n);
}

/* Two rules for one port of one pool: the machine could not tell them apart. */
static bool is_same_backend(const struct cmg__json *a, const struct cmg__json *b)
{
    const char *pool = cmg__json_str(a, "/properties/backendAddressPool/id");

    return pool != NULL &&
           cmg__sb_same(pool, cmg__json_str(b, "/properties/backendAddressPool/id")) &&
           !cmg__json_bool(a, "/properties/enableFloatingIP", false) &&
           !cmg__json_bool(b, "/properties/enableFloatingIP", false) &&
           cmg__sb_same(cmg__json_str(a, "/properties/protocol"),
                        cmg__json_str(b, "/properties/protocol")) &&
           cmg__json_int(a, "/properties/backendPort", -1) ==
               cmg__json_int(b, "/properties/backendPort", -2);
}

static bool load_balancer(struct cmg__sb_cloud *cloud, struct cmg__json *resource,
                          struct cmg__sb_fault *fault)
{
    (void)cloud;
    for (size_t i = 0; rule_at(resource, i) != NULL; i++) {
        for (size_t k = i + 1; rule_at(resource, k) != NULL; k++) {
            const struct cmg__json *a = rule_at(resource, i), *b = rule_at(resource, k);
            if (!is_same_backend(a, b))
                continue;
            cmg__sb_fault_set(
                fault, 400, "RulesUseSameBackendPortProtocolAndPool",
                "Load balancing rules %s and %s with floating IP disabled use the same "
                "protocol %s and backend port %lld, and must not be used with the same "
                "backend address pool %s.",
                cmg__json_str(a, "/id"), cmg__json_str(b, "/id"),
                cmg__json_str(a, "/properties/protocol"),
                (long long)cmg__json_int(a, "/properties/backendPort", 0),
                cmg__json_str(a, "/properties/backendAddressPool/id"));
            return false;
        }
    }
    return true;
}

/* ---- vaults, storage, scale sets ---- */

static bool vault(struct cmg__sb_cloud *cloud, struct cmg__json *resource,
                  struct cmg__sb_fault *fault)
{
    const char *name = cmg__json_str(resource, "/name");
    struct cmg__json *properties = cmg__json_key(resource, "properties");
    (void)fault;
    char *key = cmg__sb_key(cloud, name);
    cmg__sb_set(cloud, properties, "vaultUri",
                cmg__sb_text(cloud, "https://%s.%s/", cmg__str_or(key, ""),
                             cloud->names->vault_suffix));
    if (key != NULL && cmg__sb_find(cloud, "vaults", key) == NULL)
        cmg__sb_set(cloud, cmg__sb_table(cloud, "vaults"), key,
                    cmg__json_pack("{s:{}, s:{}}", "certificates", "secrets"));
    cmg__free(cloud->alloc, key);
    return true;
}

static bool storage_account(struct cmg__sb_cloud *cloud, struct cmg__json *resource,
                            struct cmg__sb_fault *fault)
{
    if (!cmg__sb_storage_name_is_free(cloud, cmg__json_str(resource, "/name"),
                                      cmg__json_str(resource, "/id"))) {
        cmg__sb_fault_set(fault, 409, "StorageAccountAlreadyTaken",
                          "The storage account named %s is already taken.",
                          cmg__json_str(resource, "/name"));
        return false;
    }
    cmg__sb_set(cloud, cmg__json_key(resource, "properties"), "primaryEndpoints",
                cmg__json_pack("{s:o}", "blob",
                               cmg__sb_text(cloud, "https://%s.blob.%s/",
                                            cmg__json_str(resource, "/name"),
                                            cloud->names->storage_suffix)));
    (void)cmg__sb_account_make(cloud, cmg__json_str(resource, "/name"));
    return true;
}

/* The compute service reads certificates itself: they and the vault's leave must be
 * there. */
static bool certificate_is_there(const struct cmg__sb_cloud *cloud, const char *url,
                                 struct cmg__sb_fault *fault)
{
    char vault[64] = "";
    if (url == NULL || cmg__sb_vault_secret(cloud, url, vault) == NULL) {
        cmg__sb_fault_set(fault, 400, "KeyVaultSecretDoesNotExist",
                          "The Key Vault secret referenced with the URL %s does not "
                          "exist or is not a certificate.",
                          cmg__str_or(url, ""));
        return false;
    }
    if (cmg__json_bool(cmg__sb_vault_named(cloud, vault),
                       "/properties/enabledForDeployment", false))
        return true;
    cmg__sb_fault_set(
        fault, 403, "KeyVaultAccessForbidden",
        "Key Vault %s either has not been enabled for deployment or the "
        "vault id provided does not match the Key Vault's true resource id.",
        vault);
    return false;
}

static bool certificates_exist(const struct cmg__sb_cloud *cloud,
                               const struct cmg__json *resource,
                               struct cmg__sb_fault *fault)
{
    const struct cmg__json *list =
        cmg__json_at(resource, "/properties/virtualMachineProfile/osProfile/secrets");
    for (size_t i = 0; i < cmg__json_size(list); i++) {
        const struct cmg__json *certificates =
            cmg__json_key(cmg__json_item(list, i), "vaultCertificates");
        for (size_t k = 0; k < cmg__json_size(certificates); k++) {
            const char *url =
                cmg__json_str(cmg__json_item(certificates, k), "/certificateUrl");
            if (!certificate_is_there(cloud, url, fault))
                return false;
        }
    }
    return true;
}

/* What a scale set keeps as long as it lives. */
static bool changes_are_allowed(const struct cmg__json *set, const struct cmg__json *old,
                                struct cmg__sb_fault *fault)
{
    static const char *const fixed[] = {
        "/zones", "/properties/orchestrationMode",
        "/properties/virtualMachineProfile/osProfile/adminUsername",
        "/properties/virtualMachineProfile/osProfile/computerNamePrefix"
    };
    for (size_t i = 0; old != NULL && i < CMG__ARRAY_LEN(fixed); i++) {
        const struct cmg__json *was = cmg__json_at(old, fixed[i]);
        const struct cmg__json *is = cmg__json_at(set, fixed[i]);
        if (was == NULL || is == NULL || cmg__json_equal(was, is))
            continue;
        const char *name = strrchr(fixed[i], '/') + 1;
        cmg__sb_fault_set(fault, 409, "PropertyChangeNotAllowed",
                          "Changing property '%s' is not allowed.", name);
        return false;
    }
    return true;
}

static bool scale_set(struct cmg__sb_cloud *cloud, struct cmg__json *resource,
                      struct cmg__sb_fault *fault)
{
    char guid[CMG__GUID_SIZE];
    int64_t capacity = cmg__json_int(resource, "/sku/capacity", -1);
    const struct cmg__json *old = cmg__sb_resource(cloud, cmg__json_str(resource, "/id"));
    const char *unique = cmg__json_str(old, "/properties/uniqueId");
    if (capacity < 0 || capacity > 1000) {
        cmg__sb_fault_set(fault, 400, "InvalidParameter",
                          "The value of parameter sku.capacity is invalid.");
        return false;
    }
    if (!certificates_exist(cloud, resource, fault))
        return false;
    if (!changes_are_allowed(resource, old, fault) ||
        !cmg__sb_capacity_admits(cloud, resource, old, fault))
        return false;
    cmg__sb_guid(cloud, guid);
    cmg__sb_set_str(cloud, cmg__json_key(resource, "properties"), "uniqueId",
                    unique != NULL ? unique : guid);
    cmg__sb_fleet_adopt(cloud, resource, old);
    if (cmg__json_key(resource, "identity") != NULL) {
        char client_id[CMG__GUID_SIZE];
        cmg__sb_identity_make(cloud, cmg__json_str(resource, "/id"), guid, client_id);
        cmg__sb_set_str(cloud, cmg__json_key(resource, "identity"), "principalId", guid);
        cmg__sb_set_str(cloud, cmg__json_key(resource, "identity"), "tenantId",
                        cmg__sb_fact(cloud, "tenant_id"));
    }
    return true;
}

static bool user_identity(struct cmg__sb_cloud *cloud, struct cmg__json *resource,
                          struct cmg__sb_fault *fault)
{
    char object_id[CMG__GUID_SIZE], client_id[CMG__GUID_SIZE];
    struct cmg__json *properties = cmg__json_key(resource, "properties");
    (void)fault;
    cmg__sb_identity_make(cloud, cmg__json_str(resource, "/id"), object_id, client_id);
    cmg__sb_set_str(cloud, properties, "principalId", object_id);
    cmg__sb_set_str(cloud, properties, "clientId", client_id);
    cmg__sb_set_str(cloud, properties, "tenantId", cmg__sb_fact(cloud, "tenant_id"));
    return true;
}

static const struct {
    const char *type;
    bool (*apply)(struct cmg__sb_cloud *cloud, struct cmg__json *resource,
                  struct cmg__sb_fault *fault);
} rules[] = {
    { "Microsoft.Network/publicIPAddresses", public_ip },
    { "Microsoft.Network/loadBalancers", load_balancer },
    { "Microsoft.KeyVault/vaults", vault },
    { "Microsoft.ManagedIdentity/userAssignedIdentities", user_identity },
    { "Microsoft.Storage/storageAccounts", storage_account },
    { "Microsoft.Compute/virtualMachineScaleSets", scale_set },
};

/* ---- children and references ---- */

static const char *const child_lists[] = { "frontendIPConfigurations",
                                           "backendAddressPools",
                                           "probes",
                                           "loadBalancingRules",
                                           "inboundNatRules",
                                           "inboundNatPools",
                                           "outboundRules",
                                           "subnets",
                                           "securityRules" };

static void name_children(struct cmg__sb_cloud *cloud, struct cmg__json *resource)
{
    const char *id = cmg__json_str(resource, "/id");
    struct cmg__json *properties = cmg__json_key(resource, "properties");
    for (size_t i = 0; i < CMG__ARRAY_LEN(child_lists); i++) {
        struct cmg__json *list = cmg__json_key(properties, child_lists[i]);
        for (size_t k = 0; k < cmg__json_size(list); k++) {
            struct cmg__json *child = cmg__json_item(list, k);
            const char *name = cmg__json_str(child, "/name");
            if (name != NULL)
                cmg__sb_set(cloud, child, "id",
                            cmg__sb_text(cloud, "%s/%s/%s", id, child_lists[i], name));
        }
    }
}

static bool has_child(const struct cmg__json *resource, const char *id)
{
    const struct cmg__json *properties = cmg__json_key(resource, "properties");
    for (size_t i = 0; i < CMG__ARRAY_LEN(child_lists); i++) {
        const struct cmg__json *list = cmg__json_key(properties, child_lists[i]);
        for (size_t k = 0; k < cmg__json_size(list); k++) {
            if (cmg__sb_same(cmg__json_str(cmg__json_item(list, k), "/id"), id))
                return true;
        }
    }
    return false;
}

/* Length of "/subscriptions/s/resourceGroups/g/providers/ns/type/name", or 0. */
static size_t base_length(const char *id)
{
    const char *p = id;
    if (!cmg__str_istarts(id, "/subscriptions/"))
        return 0;
    for (unsigned i = 0; i < 8; i++) {
        if (*p != '/')
            return 0;
        p++;
        p += strcspn(p, "/");
    }
    return (size_t)(p - id);
}

struct walk {
    const struct cmg__sb_cloud *cloud;
    const struct cmg__json *self;
    const char *target; /* NULL: look for references to nothing */
    const char *found;
    unsigned depth;
};

static bool reference_exists(const struct walk *walk, const char *id)
{
    size_t n = base_length(id);
    const char *own = cmg__str_or(cmg__json_str(walk->self, "/id"), "");
    if (n == 0)
        return true;
    if (strlen(own) == n && cmg__str_ieqn(own, id, n))
        return id[n] == '\0' || has_child(walk->self, id);
    char *base = cmg__strndup(walk->cloud->alloc, id, n);
    const struct cmg__json *resource =
        base == NULL ? NULL : cmg__sb_resource(walk->cloud, base);
    cmg__free(walk->cloud->alloc, base);
    return resource != NULL && (id[n] == '\0' || has_child(resource, id));
}

/* Finds a member "id" that points to walk->target, or to nothing when that is NULL. */
static void look(struct walk *walk, const struct cmg__json *value)
{
    void *iter = NULL;
    const char *key = NULL;
    struct cmg__json *member = NULL;
    if (walk->found != NULL || walk->depth > 32)
        return;
    walk->depth++;
    for (size_t i = 0;
         cmg__json_type(value) == CMG__JSON_ARRAY && i < cmg__json_size(value); i++)
        look(walk, cmg__json_item(value, i));
    while (cmg__json_type(value) == CMG__JSON_OBJECT && walk->found == NULL &&
           cmg__json_next(value, &iter, &key, &member)) {
        const char *id = strcmp(key, "id") == 0 ? cmg__json_str(member, "") : NULL;
        size_t n = id == NULL ? 0 : base_length(id);
        bool hit = walk->target == NULL ? id != NULL && !reference_exists(walk, id)
                                        : n == strlen(walk->target) && n > 0 &&
                                              cmg__str_ieqn(id, walk->target, n);
        if (hit)
            walk->found = id;
        else
            look(walk, member);
    }
    walk->depth--;
}

const char *cmg__sb_resource_user(const struct cmg__sb_cloud *cloud, const char *id)
{
    void *iter = NULL;
    const char *key = NULL;
    struct cmg__json *entry = NULL;
    while (cmg__json_next(cmg__sb_table(cloud, "resources"), &iter, &key, &entry)) {
        struct walk walk = { .cloud = cloud, .self = entry, .target = id };
        if (cmg__sb_same(key, id))
            continue;
        look(&walk, cmg__json_key(entry, "properties"));
        if (walk.found != NULL)
            return cmg__json_str(entry, "/id");
    }
    return NULL;
}

bool cmg__sb_resource_rules(struct cmg__sb_cloud *cloud, struct cmg__json *resource,
                            struct cmg__sb_fault *fault)
{
    struct walk walk = { .cloud = cloud, .self = resource };
    const char *type = cmg__json_str(resource, "/type");
    name_children(cloud, resource);
    look(&walk, cmg__json_key(resource, "properties"));
    if (walk.found != NULL) {
        cmg__sb_fault_set(fault, 400, "InvalidResourceReference",
                          "Resource %s referenced by resource %s was not found. Please "
                          "make sure that the referenced resource exists, and that both "
                          "resources are in the same region.",
                          walk.found, cmg__json_str(resource, "/id"));
        return false;
    }
    for (size_t i = 0; i < CMG__ARRAY_LEN(rules); i++) {
        if (cmg__sb_same(rules[i].type, type))
            return rules[i].apply(cloud, resource, fault);
    }
    return true;
}
