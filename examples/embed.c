#include <cmg/cmg.h>
#include <stdio.h>

static int on_prompt(cmg_deploy *deploy, const cmg_sign_in_prompt *prompt, void *user)
{
    (void)deploy;
    (void)user;
    printf("Open %s and enter %s\n", prompt->verification_uri, prompt->user_code);
    return 0;
}

/* What the machines install; the build makes it. */
static cmg_status give_package(cmg_gateway *gateway, const char *path, cmg_error **err)
{
    static char package[32 * 1024 * 1024];
    FILE *file = fopen(path, "rb");
    size_t size = file == NULL ? 0 : fread(package, 1, sizeof package, file);

    if (file != NULL)
        fclose(file);
    return cmg_gateway_set_package(gateway, package, size, err);
}

int main(void)
{
    const cmg_deploy_events events = { .size = sizeof events, .on_prompt = on_prompt };
    cmg_context *ctx = NULL;
    cmg_authority *authority = NULL;
    cmg_gateway *gateway = NULL;
    cmg_deploy *deploy = NULL;
    cmg_error *err = NULL;

    cmg_status rc = cmg_context_new(NULL, &ctx, &err);
    if (rc == CMG_OK)
        rc = cmg_gateway_new_from_file(ctx, "contoso.json", &gateway, &err);
    if (rc == CMG_OK)
        rc = cmg_authority_open(ctx, "ca", "Contoso CMG authority", &authority, &err);
    if (rc == CMG_OK)
        rc = cmg_gateway_set_authority(gateway, authority, &err);
    if (rc == CMG_OK)
        rc = give_package(gateway, "cmg-service.tar.gz", &err);
    if (rc == CMG_OK)
        rc = cmg_deploy_new(gateway, CMG_DEPLOY_CREATE, &deploy, &err);
    if (rc == CMG_OK)
        rc = cmg_deploy_set_journal_file(deploy, "contoso.journal", &err);
    if (rc == CMG_OK)
        rc = cmg_deploy_set_events(deploy, &events, &err);
    if (rc == CMG_OK)
        rc =
            cmg_deploy_run(deploy, &err); /* or start, and drive ctx from your own loop */
    if (rc != CMG_OK)
        fprintf(stderr, "%s\n  remedy: %s\n", cmg_error_message(err),
                cmg_error_remedy(err));

    cmg_error_unref(err);
    cmg_deploy_unref(deploy);
    cmg_gateway_unref(gateway);
    cmg_authority_unref(authority);
    cmg_context_unref(ctx);
    return rc == CMG_OK ? 0 : 1;
}
