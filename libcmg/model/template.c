/*
 * A deployment's properties: the Resource Manager template, which is but for tags the
 * same for every gateway (template.json, built in), and the parameters, which are not.
 * Everything in the template is named after the gateway and carries its tags. What is
 * secret travels in the two secure parameters only, which Resource Manager never gives
 * back.
 */
#include "base/str.h"
#include "model/boot_text.h"
#include "model/inventory.h"
#include "model/template_text.h"

#include <string.h>

static struct cmg__json *parameters(const struct cmg__template_input *input)
{
    const cmg_gateway *gateway = input->gateway;

    return cmg__json_pack(
        "{s:{s:s}, s:{s:s}, s:{s:i}, s:{s:s}, s:{s:s}, s:{s:s}, s:{s:s}, s:{s:s}, "
        "s:{s:s}}",
        "gatewayName", "value", gateway->name,                  /* 1 */
        "location", "value", gateway->region,                   /* 2 */
        "instanceCount", "value", (int)gateway->instance_count, /* 3 */
        "vmSize", "value", gateway->vm_size,                    /* 4 */
        "adminPassword", "value", input->admin_password,        /* 5 */
        "customData", "value", cmg__boot_text,                  /* 6 */
        "userData", "value", input->user_data,                  /* 7 */
        "vaultId", "value", input->vault_id,                    /* 8 */
        "certSecretUrl", "value", input->cert_secret_url);      /* 9 */
}

/* What stands in brackets would be evaluated. */
static cmg_status escape(const struct cmg__alloc *alloc, struct cmg__json *tags)
{
    void *iter = NULL;
    const char *name = NULL;
    struct cmg__json *value = NULL;
    cmg_status rc = CMG_OK;

    while (rc == CMG_OK && cmg__json_next(tags, &iter, &name, &value)) {
        const char *text = cmg__json_str(value, "");
        if (text[0] != '[' || text[strlen(text) - 1] != ']')
            continue;
        char *escaped = cmg__format(alloc, "[%s", text);
        rc = escaped == NULL ? CMG_E_NOMEM : cmg__json_set_str(tags, name, escaped);
        cmg__free(alloc, escaped);
    }
    return rc;
}

struct cmg__json *cmg__template_tags(const cmg_gateway *gateway,
                                     const char *deployment_id)
{
    struct cmg__json *tags = cmg__gateway_tags(gateway, deployment_id);

    if (tags != NULL && escape(&gateway->head.ctx->alloc, tags) != CMG_OK)
        cmg__json_clear(&tags);
    return tags;
}

/* The schema wants an object here, where Resource Manager would take a parameter. */
static cmg_status set_tags(const struct cmg__template_input *input,
                           const struct cmg__json *template)
{
    const struct cmg__json *list = cmg__json_at(template, "/resources");
    struct cmg__json *tags = cmg__template_tags(input->gateway, input->deployment_id);
    cmg_status rc = tags == NULL ? CMG_E_NOMEM : CMG_OK;

    for (size_t i = 0; rc == CMG_OK && i < cmg__json_size(list); i++) {
        struct cmg__json *resource = cmg__json_item(list, i);
        if (cmg__json_key(resource, "tags") != NULL)
            rc = cmg__json_set(resource, "tags", cmg__json_copy_deep(tags));
    }
    cmg__json_unref(tags);
    return rc;
}

cmg_status cmg__template_make(const struct cmg__alloc *alloc,
                              const struct cmg__template_input *input,
                              struct cmg__json **out, cmg_error **err)
{
    struct cmg__json *template = NULL;

    cmg_status rc = cmg__user_data_check(alloc, strlen(input->user_data), err);
    if (rc == CMG_OK)
        rc = cmg__json_parse(alloc, "template", cmg__template_text,
                             cmg__template_text_len, &template, err);
    if (rc != CMG_OK)
        return rc;
    if (set_tags(input, template) != CMG_OK) {
        cmg__json_unref(template);
        return cmg__fail_nomem(err);
    }
    struct cmg__json *properties =
        cmg__json_pack("{s:s, s:o, s:o}", "mode", "Incremental", "template", template,
                       "parameters", parameters(input));
    if (properties == NULL)
        return cmg__fail_nomem(err);
    *out = properties;
    return CMG_OK;
}

/* A type of its own: "Microsoft.Network/loadBalancers", not a part of another resource.
 */
static bool is_listed(const char *type)
{
    const char *slash = type == NULL ? NULL : strchr(type, '/');

    return slash != NULL && strchr(slash + 1, '/') == NULL &&
           !cmg__str_istarts(type, "Microsoft.Authorization/");
}

cmg_status cmg__template_types(const struct cmg__alloc *alloc,
                               cmg_status (*each)(const char *type, void *user),
                               void *user, cmg_error **err)
{
    struct cmg__json *template = NULL;
    cmg_status rc = cmg__json_parse(alloc, "template", cmg__template_text,
                                    cmg__template_text_len, &template, err);
    if (rc != CMG_OK)
        return rc;
    const struct cmg__json *list = cmg__json_at(template, "/resources");
    for (size_t i = 0; rc == CMG_OK && i < cmg__json_size(list); i++) {
        const char *type = cmg__json_str(cmg__json_item(list, i), "/type");
        if (is_listed(type))
            rc = each(type, user);
    }
    /* The vault is made before, so that the certificate is in it. */
    if (rc == CMG_OK)
        rc = each("Microsoft.KeyVault/vaults", user);
    cmg__json_unref(template);
    return rc == CMG_OK ? CMG_OK : cmg__fail_nomem(err);
}
