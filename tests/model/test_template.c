/* The deployment template: whole in itself, with the values of the gateway. */
#include "model/place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PASSWORD "Canary-1-canary-2"

static const struct cmg__template_input *input_of(const cmg_gateway *gateway)
{
    static struct cmg__template_input input;

    input = (struct cmg__template_input){
        .gateway = gateway,
        .deployment_id = "d-1",
        .vault_id = "/subscriptions/1/resourceGroups/g/providers/Microsoft.KeyVault/"
                    "vaults/granitefalls",
        .cert_secret_url = "https://granitefalls.vault.azure.net/secrets/cmg/1",
        .user_data = "{\"version\":1}",
        .admin_password = PASSWORD,
    };
    return &input;
}

/* Properties of a deployment as text and as value; both belong to the caller. */
static struct cmg__json *make(struct place *place, char **out_text)
{
    cmg_gateway *g = place_gateway(place);
    struct cmg__json *properties = NULL;
    struct cmg__buf text;
    cmg_error *err = NULL;

    ck_ok(cmg__template_make(&place->ctx->alloc, input_of(g), &properties, &err), err);
    cmg__buf_init(&text, &cmg__alloc_libc, CMG__JSON_MAX);
    ck_assert_int_eq(cmg__json_format(properties, CMG__JSON_COMPACT, &text), CMG_OK);
    *out_text = cmg__buf_steal(&text);
    cmg_gateway_unref(g);
    return properties;
}

struct made {
    struct place place;
    struct cmg__json *properties;
    char *text;
};

static void made_init(struct made *m)
{
    place_init(&m->place);
    m->properties = make(&m->place, &m->text);
}

static void made_done(struct made *m)
{
    free(m->text);
    cmg__json_unref(m->properties);
    place_done(&m->place);
}

static const struct cmg__json *resource(const struct made *m, const char *type)
{
    const struct cmg__json *list = cmg__json_at(m->properties, "/template/resources");

    for (size_t i = 0; i < cmg__json_size(list); i++) {
        const struct cmg__json *r = cmg__json_item(list, i);
        if (strcmp(cmg__json_str(r, "/type"), type) == 0)
            return r;
    }
    return NULL;
}

#define NSG  "Microsoft.Network/networkSecurityGroups"
#define VNET "Microsoft.Network/virtualNetworks"
#define IP   "Microsoft.Network/publicIPAddresses"
#define LB   "Microsoft.Network/loadBalancers"
#define VMSS "Microsoft.Compute/virtualMachineScaleSets"
#define SA   "Microsoft.Storage/storageAccounts"

START_TEST(the_same_gateway_gives_the_same_bytes)
{
    struct made m;
    char *again = NULL;

    made_init(&m);
    struct cmg__json *second = make(&m.place, &again);
    ck_assert_str_eq(m.text, again);
    free(again);
    cmg__json_unref(second);
    made_done(&m);
}
END_TEST

/* Every name that "parameters('...')" or "variables('...')" mentions, in order. */
static const char *next_use(const char *text, const char *function, char name[64])
{
    const char *at = strstr(text, function);

    if (at == NULL)
        return NULL;
    at += strlen(function);
    size_t n = strcspn(at, "'");
    ck_assert_uint_lt(n, 64);
    memcpy(name, at, n);
    name[n] = '\0';
    return at;
}

static const struct {
    const char *function;
    const char *section;
} sections[] = {
    { "parameters('", "/template/parameters" },
    { "variables('", "/template/variables" },
};

START_TEST(what_is_used_is_declared_and_the_other_way_round)
{
    struct made m;
    char name[64];
    void *iter = NULL;
    const char *key = NULL;
    struct cmg__json *value = NULL;
    char use[100];

    made_init(&m);
    const struct cmg__json *declared = cmg__json_at(m.properties, sections[_i].section);
    const char *text = m.text;
    unsigned uses = 0;
    while ((text = next_use(text, sections[_i].function, name)) != NULL) {
        ck_assert_msg(cmg__json_key(declared, name) != NULL, "%s", name);
        uses++;
    }
    ck_assert_uint_gt(uses, 0);
    while (cmg__json_next(declared, &iter, &key, &value)) {
        snprintf(use, sizeof use, "%s%s')", sections[_i].function, key);
        ck_assert_msg(strstr(m.text, use) != NULL, "%s is not used", key);
    }
    made_done(&m);
}
END_TEST

START_TEST(every_parameter_has_a_value_of_its_type)
{
    struct made m;
    void *iter = NULL;
    const char *name = NULL;
    struct cmg__json *declared = NULL;

    made_init(&m);
    const struct cmg__json *values = cmg__json_at(m.properties, "/parameters");
    ck_assert_uint_eq(cmg__json_size(values),
                      cmg__json_size(cmg__json_at(m.properties, "/template/parameters")));
    while (cmg__json_next(cmg__json_at(m.properties, "/template/parameters"), &iter,
                          &name, &declared)) {
        const struct cmg__json *value =
            cmg__json_key(cmg__json_key(values, name), "value");
        const char *type = cmg__json_str(declared, "/type");
        ck_assert_int_eq(cmg__json_type(value),
                         strcmp(type, "int") == 0 ? CMG__JSON_INTEGER : CMG__JSON_STRING);
    }
    ck_assert_str_eq(cmg__json_str(m.properties, "/mode"), "Incremental");
    ck_assert_str_eq(cmg__json_str(values, "/gatewayName/value"), "granitefalls");
    ck_assert_int_eq(cmg__json_int(values, "/instanceCount/value", 0), 2);
    ck_assert_str_eq(cmg__json_str(values, "/userData/value"), "{\"version\":1}");
    /* cloud-init takes what begins so for a program, and runs it. */
    ck_assert(cmg__str_starts(cmg__json_str(values, "/customData/value"),
                              "#!/usr/bin/python3\n"));
    made_done(&m);
}
END_TEST

START_TEST(secrets_stand_in_secure_parameters_only)
{
    struct made m;

    made_init(&m);
    ck_assert_str_eq(
        cmg__json_str(m.properties, "/template/parameters/adminPassword/type"),
        "securestring");
    ck_assert_str_eq(cmg__json_str(m.properties, "/template/parameters/customData/type"),
                     "securestring");
    ck_assert_str_eq(cmg__json_str(m.properties, "/template/parameters/userData/type"),
                     "securestring");
    const char *once = strstr(m.text, PASSWORD);
    ck_assert_ptr_nonnull(once);
    ck_assert_ptr_null(strstr(once + 1, PASSWORD));
    const struct cmg__json *outputs = cmg__json_at(m.properties, "/template/outputs");
    ck_assert_ptr_nonnull(cmg__json_str(outputs, "/fqdn/value"));
    ck_assert_ptr_nonnull(cmg__json_str(outputs, "/scaleSetId/value"));
    ck_assert_uint_eq(cmg__json_size(outputs), 2);
    made_done(&m);
}
END_TEST

/* A dependency is a variable that is the resourceId of a type in the template. */
static void check_dependency(const struct made *m, const char *expression)
{
    char name[64];
    char path[100];
    char type[64];

    ck_assert_ptr_nonnull(next_use(expression, "variables('", name));
    snprintf(path, sizeof path, "/template/variables/%s", name);
    const char *id = cmg__json_str(m->properties, path);
    ck_assert_ptr_nonnull(id);
    ck_assert_ptr_nonnull(next_use(id, "[resourceId('", type));
    ck_assert_msg(resource(m, type) != NULL, "%s depends on nothing", expression);
}

/* What has a parent in its type has its place and tags from there. */
static void check_resource(const struct made *m, const struct cmg__json *r)
{
    const char *type = cmg__json_str(r, "/type");
    const struct cmg__json *needs = cmg__json_key(r, "dependsOn");
    const bool is_whole = strchr(strchr(type, '/') + 1, '/') == NULL;

    ck_assert_ptr_null(strchr(type, '['));
    ck_assert_uint_eq(strlen(cmg__json_str(r, "/apiVersion")), strlen("2024-01-01"));
    if (is_whole) {
        ck_assert_str_eq(cmg__json_str(r, "/name"), "[parameters('gatewayName')]");
        ck_assert_str_eq(cmg__json_str(r, "/location"), "[parameters('location')]");
        ck_assert_str_eq(cmg__json_str(r, "/tags/libcmg-deployment"), "d-1");
        ck_assert_str_eq(cmg__json_str(r, "/tags/libcmg-gateway"), "granitefalls");
        ck_assert_uint_eq(cmg__json_size(cmg__json_key(r, "tags")), 2);
    } else {
        ck_assert_uint_eq(cmg__json_size(needs), 1);
        ck_assert(cmg__str_starts(cmg__json_str(r, "/name"),
                                  "[concat(parameters('gatewayName'), '/"));
    }
    for (size_t k = 0; k < cmg__json_size(needs); k++)
        check_dependency(m, cmg__json_str(cmg__json_item(needs, k), ""));
}

START_TEST(every_resource_is_named_tagged_literal_and_its_needs_are_there)
{
    struct made m;

    made_init(&m);
    const struct cmg__json *list = cmg__json_at(m.properties, "/template/resources");
    ck_assert_uint_eq(cmg__json_size(list), 9);
    for (size_t i = 0; i < cmg__json_size(list); i++)
        check_resource(&m, cmg__json_item(list, i));
    made_done(&m);
}
END_TEST

START_TEST(a_tag_is_never_an_expression)
{
    struct place place;
    struct cmg__json *properties = NULL;
    char *spec = place_vary("/gateway/tags", "{\"a\":\"[concat('b')]\",\"c\":\"[d\"}");
    cmg_gateway *g = NULL;
    cmg_error *err = NULL;

    place_init(&place);
    ck_ok(place_read(&place, spec, &g, &err), err);
    ck_ok(cmg__template_make(&place.ctx->alloc, input_of(g), &properties, &err), err);
    const struct cmg__json *tags = cmg__json_at(properties, "/template/resources/0/tags");
    ck_assert_str_eq(cmg__json_str(tags, "/a"), "[[concat('b')]");
    ck_assert_str_eq(cmg__json_str(tags, "/c"), "[d");
    cmg__json_unref(properties);
    cmg_gateway_unref(g);
    place_done(&place);
    free(spec);
}
END_TEST

static void check_range(const struct cmg__json *rule, int first, int backend)
{
    const struct cmg__json *p = cmg__json_key(rule, "properties");

    ck_assert_int_eq(cmg__json_int(p, "/frontendPortRangeStart", 0), first);
    ck_assert_int_eq(cmg__json_int(p, "/frontendPortRangeEnd", 0),
                     first + CMG__MAX_INSTANCES - 1);
    ck_assert_int_eq(cmg__json_int(p, "/backendPort", 0), backend);
}

START_TEST(exactly_the_ports_of_the_relay_are_open)
{
    struct made m;
    char channel[32], instances[32];

    made_init(&m);
    const struct cmg__json *rules =
        cmg__json_at(resource(&m, NSG), "/properties/securityRules");
    snprintf(channel, sizeof channel, "%d-%d", CMG__PORT_CHANNEL,
             CMG__PORT_CHANNEL + CMG__MAX_INSTANCES - 1);
    snprintf(instances, sizeof instances, "%d-%d", CMG__PORT_HTTPS,
             CMG__PORT_HTTPS + CMG__MAX_INSTANCES - 1);
    ck_assert_uint_eq(cmg__json_size(rules), 3);
    ck_assert_str_eq(cmg__json_str(rules, "/0/properties/destinationPortRange"), "443");
    ck_assert_str_eq(cmg__json_str(rules, "/1/properties/destinationPortRange"), channel);
    ck_assert_str_eq(cmg__json_str(rules, "/2/properties/destinationPortRange"),
                     instances);

    const struct cmg__json *lb = cmg__json_key(resource(&m, LB), "properties");
    const struct cmg__json *rule = cmg__json_at(lb, "/loadBalancingRules/0/properties");
    ck_assert_int_eq(cmg__json_int(rule, "/frontendPort", 0), CMG__PORT_CLIENT);
    ck_assert_int_eq(cmg__json_int(rule, "/backendPort", 0), CMG__PORT_CLIENT);
    ck_assert_uint_eq(cmg__json_size(cmg__json_key(lb, "inboundNatRules")), 2);
    check_range(cmg__json_at(lb, "/inboundNatRules/0"), CMG__PORT_CHANNEL,
                CMG__PORT_CHANNEL);
    check_range(cmg__json_at(lb, "/inboundNatRules/1"), CMG__PORT_HTTPS, CMG__PORT_HTTPS);
    made_done(&m);
}
END_TEST

static const struct {
    const char *type;
    const char *path;
    const char *value; /* compact JSON */
} settings[] = {
    { IP, "/sku/name", "\"Standard\"" },
    { IP, "/properties/publicIPAllocationMethod", "\"Static\"" },
    { IP, "/properties/dnsSettings/domainNameLabel", "\"[parameters('gatewayName')]\"" },
    { LB, "/sku/name", "\"Standard\"" },
    { LB, "/properties/probes/0/properties/protocol", "\"Tcp\"" },
    { LB, "/properties/loadBalancingRules/0/properties/disableOutboundSnat", "true" },
    { LB, "/properties/outboundRules/0/properties/protocol", "\"All\"" },
    { SA, "/properties/allowSharedKeyAccess", "false" },
    { SA, "/properties/allowBlobPublicAccess", "false" },
    { SA, "/properties/minimumTlsVersion", "\"TLS1_2\"" },
    { SA, "/properties/supportsHttpsTrafficOnly", "true" },
    { VMSS, "/identity/type", "\"SystemAssigned\"" },
    { VMSS, "/sku/capacity", "\"[parameters('instanceCount')]\"" },
    { VMSS, "/sku/name", "\"[parameters('vmSize')]\"" },
    { VMSS, "/properties/orchestrationMode", "\"Uniform\"" },
    { VMSS, "/properties/overprovision", "false" },
    { VMSS, "/properties/automaticRepairsPolicy/enabled", "true" },
    { VMSS, "/properties/virtualMachineProfile/osProfile/customData",
      "\"[base64(parameters('customData'))]\"" },
    { VMSS, "/properties/virtualMachineProfile/userData",
      "\"[base64(parameters('userData'))]\"" },
    { VMSS, "/properties/virtualMachineProfile/osProfile/adminPassword",
      "\"[parameters('adminPassword')]\"" },
    { VMSS,
      "/properties/virtualMachineProfile/osProfile/secrets/0/vaultCertificates/0/"
      "certificateUrl",
      "\"[parameters('certSecretUrl')]\"" },
    { VMSS,
      "/properties/virtualMachineProfile/extensionProfile/extensions/0/properties/type",
      "\"ApplicationHealthLinux\"" },
};

START_TEST(a_setting_that_matters_has_its_value)
{
    struct made m;
    struct cmg__buf text;

    made_init(&m);
    cmg__buf_init(&text, &cmg__alloc_libc, 4096);
    const struct cmg__json *value =
        cmg__json_at(resource(&m, settings[_i].type), settings[_i].path);
    ck_assert_ptr_nonnull(value);
    ck_assert_int_eq(cmg__json_format(value, CMG__JSON_COMPACT, &text), CMG_OK);
    ck_assert_str_eq(cmg__buf_cstr(&text), settings[_i].value);
    cmg__buf_done(&text);
    made_done(&m);
}
END_TEST

/* Who updates instances one by one has no other value. */
START_TEST(pause_between_two_parts_is_the_one_that_is_known)
{
    static const char path[] = "/properties/upgradePolicy/rollingUpgradePolicy/"
                               "pauseTimeBetweenBatches";
    char pause[32];
    struct made m;

    made_init(&m);
    (void)snprintf(pause, sizeof pause, "PT%dS", (int)(CMG__PART_PAUSE_MS / 1000));
    ck_assert_str_eq(cmg__json_str(resource(&m, VMSS), path), pause);
    made_done(&m);
}
END_TEST

START_TEST(user_data_beyond_azures_limit_is_refused)
{
    struct place place;
    struct cmg__json *properties = NULL;
    cmg_error *err = NULL;
    char *large = malloc(65537);

    memset(large, 'a', 65536);
    large[65536] = '\0';
    place_init(&place);
    cmg_gateway *g = place_gateway(&place);
    struct cmg__template_input input = *input_of(g);
    input.user_data = large;
    ck_assert_int_eq(cmg__template_make(&place.ctx->alloc, &input, &properties, &err),
                     CMG_E_LIMIT);
    ck_assert_ptr_null(properties);
    cmg_error_unref(err);
    err = NULL;
    input.user_data = large + 1;
    ck_ok(cmg__template_make(&place.ctx->alloc, &input, &properties, &err), err);
    cmg__json_unref(properties);
    cmg_gateway_unref(g);
    place_done(&place);
    free(large);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("model/template");
    TCase *whole = tcase_create("whole");
    TCase *content = tcase_create("content");

    tcase_add_test(whole, the_same_gateway_gives_the_same_bytes);
    tcase_add_loop_test(whole, what_is_used_is_declared_and_the_other_way_round, 0,
                        CMG__ARRAY_LEN(sections));
    tcase_add_test(whole, every_parameter_has_a_value_of_its_type);
    tcase_add_test(whole, secrets_stand_in_secure_parameters_only);
    tcase_add_test(whole, every_resource_is_named_tagged_literal_and_its_needs_are_there);
    tcase_add_test(content, a_tag_is_never_an_expression);
    tcase_add_test(content, exactly_the_ports_of_the_relay_are_open);
    tcase_add_loop_test(content, a_setting_that_matters_has_its_value, 0,
                        CMG__ARRAY_LEN(settings));
    tcase_add_test(content, pause_between_two_parts_is_the_one_that_is_known);
    tcase_add_test(content, user_data_beyond_azures_limit_is_refused);
    suite_add_tcase(suite, whole);
    suite_add_tcase(suite, content);
    return support_run((Suite *[]){ suite, NULL });
}
