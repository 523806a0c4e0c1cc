/* print_template FILE: the deployment that the library makes of a specification, as JSON.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "model/gateway.h"

static cmg_status print(const cmg_gateway *gateway, cmg_error **err)
{
    const struct cmg__template_input input = {
        .gateway = gateway,
        .deployment_id = "d-1",
        .vault_id =
            "/subscriptions/7d6f2c1e-5b0a-4c8e-9f34-2a1b3c4d5e6f/resourceGroups/g/"
            "providers/Microsoft.KeyVault/vaults/granitefalls",
        .cert_secret_url = "https://granitefalls.vault.azure.net/secrets/cmg/1",
        .user_data = "{\"version\":1}",
        .admin_password = "Printed-1-nowhere-else",
    };
    struct cmg__json *properties = NULL;
    struct cmg__buf text;
    cmg_status rc = cmg__template_make(&cmg__alloc_libc, &input, &properties, err);

    cmg__buf_init(&text, &cmg__alloc_libc, CMG__JSON_MAX);
    if (rc == CMG_OK)
        rc = cmg__json_format(properties, CMG__JSON_COMPACT, &text);
    if (rc == CMG_OK)
        puts(cmg__buf_cstr(&text));
    cmg__buf_done(&text);
    cmg__json_unref(properties);
    return rc;
}

int main(int argc, char **argv)
{
    cmg_context *ctx = NULL;
    cmg_gateway *gateway = NULL;
    cmg_error *err = NULL;
    cmg_status rc = argc == 2 ? cmg_context_new(NULL, &ctx, &err) : CMG_E_INVAL;

    if (rc == CMG_OK)
        rc = cmg_gateway_new_from_file(ctx, argv[1], &gateway, &err);
    if (rc == CMG_OK)
        rc = print(gateway, &err);
    if (rc != CMG_OK)
        fprintf(stderr, "error: %s\n", err != NULL ? cmg_error_message(err) : "usage");
    cmg_error_unref(err);
    cmg_gateway_unref(gateway);
    cmg_context_unref(ctx);
    return rc == CMG_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
