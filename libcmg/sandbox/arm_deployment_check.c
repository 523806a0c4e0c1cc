/*
 * Deployments before anything is made: the template is checked whole, what the providers
 * would refuse is found, and what would come of it is foreseen.
 */
#include <stdio.h>
#include <string.h>

#include "sandbox/arm_deployment.h"
#include "sandbox/capacity.h"
#include "sandbox/fleet.h"

static const struct cmg__json *look_up(void *user, const char *id)
{
    const struct cmg__sb_cloud *cloud = user;
    return cmg__sb_resource(cloud, id);
}

void cmg__sb_deployment_fill(struct cmg__sb_cloud *cloud, const struct cmg__json *group,
                             bool check, struct cmg__sb_template *t)
{
    *t = (struct cmg__sb_template){ .alloc = cloud->alloc,
                                    .subscription_id =
                                        cmg__sb_fact(cloud, "subscription_id"),
                                    .tenant_id = cmg__sb_fact(cloud, "tenant_id"),
                                    .group = cmg__json_str(group, "/name"),
                                    .location = cmg__json_str(group, "/location"),
                                    .reference = look_up,
                                    .user = cloud,
                                    .check = check };
}

void cmg__sb_deployment_fault(struct cmg__sb_fault *fault, const cmg_error *why)
{
    cmg__sb_fault_set(fault, 400, "InvalidTemplate",
                      "Deployment template validation failed: '%s'.",
                      cmg_error_message(why));
}

/* ---- checking ---- */

/* The parameters as answers show them: secure ones without their value. */
static struct cmg__json *shown_parameters(struct cmg__sb_cloud *cloud,
                                          const struct cmg__sb_template *t)
{
    struct cmg__json *shown = cmg__json_object();
    void *iter = NULL;
    const char *key = NULL;
    struct cmg__json *declared = NULL;
    while (
        cmg__json_next(cmg__json_key(t->source, "parameters"), &iter, &key, &declared)) {
        const char *type = cmg__str_or(cmg__json_str(declared, "/type"), "");
        struct cmg__json *entry = cmg__json_pack("{s:s}", "type", type);
        if (!cmg__str_istarts(type, "secure"))
            cmg__sb_set(cloud, entry, "value",
                        cmg__json_copy_deep(cmg__json_key(t->parameters, key)));
        cmg__sb_set(cloud, shown, key, entry);
    }
    return shown;
}

static bool is_known(struct cmg__sb_cloud *cloud, const char *type,
                     struct cmg__sb_fault *fault)
{
    char space[96] = "";
    size_t n = strcspn(type, "/");
    if (n < sizeof space)
        memcpy(space, type, n);
    const struct cmg__sb_type *known =
        type[n] == '\0' ? NULL : cmg__sb_type_find(space, type + n + 1);
    if (known != NULL)
        return cmg__sb_provider_is_ready(cloud, known->space, fault);
    cmg__sb_fault_set(fault, 400, "InvalidTemplateDeployment",
                      "The resource type '%s' could not be found in this cloud.", type);
    return false;
}

/* What a provider refuses is told inside of a refusal of the template. */
void cmg__sb_deployment_inside(struct cmg__sb_fault *fault)
{
    const char *code =
        strcmp(fault->code, "OperationNotAllowed") == 0 ? "QuotaExceeded" : fault->code;
    (void)snprintf(fault->inner, sizeof fault->inner, "%s", code);
    (void)snprintf(fault->code, sizeof fault->code, "InvalidTemplateDeployment");
    fault->status = 400;
}

/* The providers' own preflight: policies, and what compute has no room for. That a region
   is full is only found when the machines are made. */
static bool is_admitted(struct cmg__sb_cloud *cloud, const char *id,
                        const struct cmg__json *body, struct cmg__sb_fault *fault)
{
    const char *type = cmg__str_or(cmg__json_str(body, "/type"), "");
    const char *name = strrchr(id, '/');
    bool good =
        cmg__sb_policy_admits(cloud, type, name == NULL ? id : name + 1, body, fault);
    if (good && cmg__sb_same(type, CMG__SB_SCALE_SETS) &&
        cmg__json_str(body, "/sku/name") != NULL &&
        cmg__json_str(body, "/location") != NULL)
        good = cmg__sb_capacity_admits(cloud, body, cmg__sb_resource(cloud, id), fault) ||
               strcmp(fault->code, "AllocationFailed") == 0;
    if (!good)
        cmg__sb_deployment_inside(fault);
    return good;
}

static bool check_one(struct cmg__sb_cloud *cloud, struct cmg__sb_template *t,
                      const struct cmg__json *source, struct cmg__sb_fault *fault)
{
    struct cmg__json *body = NULL;
    char *id = NULL;
    cmg_error *why = NULL;
    if (!is_known(cloud, cmg__str_or(cmg__json_str(source, "/type"), ""), fault))
        return false;
    cmg_status rc = cmg__sb_template_id(t, source, &id, &why);
    if (rc == CMG_OK)
        rc = cmg__sb_template_value(t, source, &body, &why);
    bool good = rc == CMG_OK && is_admitted(cloud, id, body, fault);
    if (rc != CMG_OK)
        cmg__sb_deployment_fault(fault, why);
    cmg_error_unref(why);
    cmg__json_unref(body);
    cmg__free(cloud->alloc, id);
    return good;
}

/* Every type known and its provider registered, every expression sound, and nothing that
   a provider would refuse. What a condition leaves out is not asked about. */
static bool check_resources(struct cmg__sb_cloud *cloud, struct cmg__sb_template *t,
                            const struct cmg__json *order, struct cmg__sb_fault *fault)
{
    const struct cmg__json *resources = cmg__json_key(t->source, "resources");
    for (size_t i = 0; i < cmg__json_size(order); i++) {
        int64_t index = cmg__json_int(cmg__json_item(order, i), "/index", 0);
        if (!check_one(cloud, t, cmg__json_item(resources, (size_t)index), fault))
            return false;
    }
    return true;
}

bool cmg__sb_deployment_check(struct cmg__sb_cloud *cloud, const struct cmg__json *group,
                              const struct cmg__json *properties,
                              struct cmg__json **out_order, struct cmg__json **out_shown,
                              struct cmg__sb_fault *fault)
{
    struct cmg__sb_template t;
    struct cmg__json *outputs = NULL;
    cmg_error *why = NULL;
    bool good = false;
    if (!cmg__sb_same(cmg__json_str(properties, "/mode"), "Incremental")) {
        cmg__sb_fault_set(fault, 400, "InvalidDeploymentMode",
                          "Only the mode 'Incremental' can be deployed here.");
        return false;
    }
    cmg__sb_deployment_fill(cloud, group, true, &t);
    cmg_status rc = cmg__sb_template_open(&t, cmg__json_key(properties, "template"),
                                          cmg__json_key(properties, "parameters"), &why);
    if (rc == CMG_OK)
        rc = cmg__sb_template_order(&t, out_order, &why);
    if (rc == CMG_OK)
        rc = cmg__sb_template_outputs(&t, &outputs, &why);
    if (rc == CMG_OK)
        good = check_resources(cloud, &t, *out_order, fault);
    else
        cmg__sb_deployment_fault(fault, why);
    if (good)
        *out_shown = shown_parameters(cloud, &t);
    cmg__json_unref(outputs);
    cmg_error_unref(why);
    cmg__sb_template_close(&t);
    return good;
}

/* ---- looking ahead ---- */

static bool preview_one(struct cmg__sb_cloud *cloud, struct cmg__sb_template *t,
                        size_t index, struct cmg__json *list, struct cmg__sb_fault *fault)
{
    const struct cmg__json *source =
        cmg__json_item(cmg__json_key(t->source, "resources"), index);
    struct cmg__json *body = NULL;
    char *id = NULL;
    cmg_error *why = NULL;
    cmg_status rc = cmg__sb_template_id(t, source, &id, &why);
    if (rc == CMG_OK)
        rc = cmg__sb_template_value(t, source, &body, &why);
    if (rc == CMG_OK) {
        cmg__sb_set_str(cloud, body, "id", id);
        cmg__sb_append(cloud, list, body);
    } else {
        cmg__sb_deployment_fault(fault, why);
    }
    cmg_error_unref(why);
    cmg__free(cloud->alloc, id);
    return rc == CMG_OK;
}

bool cmg__sb_deployment_preview(struct cmg__sb_cloud *cloud,
                                const struct cmg__json *group,
                                const struct cmg__json *properties,
                                struct cmg__json **out, struct cmg__sb_fault *fault)
{
    struct cmg__sb_template t;
    struct cmg__json *order = NULL, *shown = NULL;
    cmg_error *why = NULL;
    if (!cmg__sb_deployment_check(cloud, group, properties, &order, &shown, fault)) {
        cmg__json_unref(order);
        return false;
    }
    struct cmg__json *list = cmg__json_array();
    cmg__sb_deployment_fill(cloud, group, true, &t);
    bool good =
        cmg__sb_template_open(&t, cmg__json_key(properties, "template"),
                              cmg__json_key(properties, "parameters"), &why) == CMG_OK;
    if (!good)
        cmg__sb_deployment_fault(fault, why);
    for (size_t i = 0; good && i < cmg__json_size(order); i++)
        good = preview_one(cloud, &t,
                           (size_t)cmg__json_int(cmg__json_item(order, i), "/index", 0),
                           list, fault);
    cmg__sb_template_close(&t);
    cmg_error_unref(why);
    cmg__json_unref(order);
    cmg__json_unref(shown);
    if (good)
        *out = list;
    else
        cmg__json_unref(list);
    return good;
}
