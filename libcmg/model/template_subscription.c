/*
 * The gateway's template as a part of one for the subscription, which makes the resource
 * group first. So it can be validated before the group is there; it is never deployed.
 */
#include "base/str.h"
#include "model/gateway.h"

#define SCHEMA                                                                           \
    "https://schema.management.azure.com/schemas/2018-05-01/"                            \
    "subscriptionDeploymentTemplate.json#"
#define RESOURCES_VERSION "2024-03-01"
#define GROUPS            "Microsoft.Resources/resourceGroups"

static struct cmg__json *group_of(const struct cmg__template_input *input)
{
    const cmg_gateway *gateway = input->gateway;

    return cmg__json_pack("{s:s, s:s, s:s, s:s, s:o}", "type", GROUPS, "apiVersion",
                          RESOURCES_VERSION, "name", gateway->resource_group, "location",
                          gateway->region, "tags",
                          cmg__template_tags(gateway, input->deployment_id));
}

/* With expressions of its own: names and IDs are those inside of the group. */
static struct cmg__json *inside(const struct cmg__template_input *input,
                                struct cmg__json *properties)
{
    const cmg_gateway *gateway = input->gateway;
    char *after =
        cmg__format(&gateway->head.ctx->alloc, "[subscriptionResourceId('%s', '%s')]",
                    GROUPS, gateway->resource_group);

    if (after == NULL ||
        cmg__json_set(properties, "expressionEvaluationOptions",
                      cmg__json_pack("{s:s}", "scope", "inner")) != CMG_OK)
        cmg__json_clear(&properties);
    struct cmg__json *made =
        cmg__json_pack("{s:s, s:s, s:s, s:s, s:[s], s:o}", "type",
                       "Microsoft.Resources/deployments", "apiVersion", RESOURCES_VERSION,
                       "name", gateway->name, "resourceGroup", gateway->resource_group,
                       "dependsOn", cmg__str_or(after, ""), "properties", properties);
    cmg__free(&gateway->head.ctx->alloc, after);
    return made;
}

cmg_status cmg__template_with_group(const struct cmg__template_input *input,
                                    struct cmg__json *properties, struct cmg__json **out,
                                    cmg_error **err)
{
    struct cmg__json *list = cmg__json_array();
    cmg_status rc = list == NULL ? CMG_E_NOMEM : cmg__json_append(list, group_of(input));

    if (rc == CMG_OK && properties != NULL)
        rc = cmg__json_append(list, inside(input, cmg__json_ref(properties)));
    cmg__json_unref(properties);
    if (rc != CMG_OK)
        cmg__json_clear(&list);
    *out = cmg__json_pack("{s:s, s:{s:s, s:{s:s, s:s, s:o}}}", "location",
                          input->gateway->region, "properties", "mode", "Incremental",
                          "template", "$schema", SCHEMA, "contentVersion", "1.0.0.0",
                          "resources", list);
    return *out == NULL ? cmg__fail_nomem(err) : CMG_OK;
}
