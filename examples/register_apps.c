/*
 * Makes server app and client app with secret and consent, or adopts what is there, and
 * prints what the Configuration Manager console asks for when both are imported. The
 * secret is kept in DIRECTORY/journal.secrets; it is not printed.
 *
 *   register_apps [--sandbox] [--json] DIRECTORY
 */
#include "session.h"

static void print_record(const cmg_import *import)
{
    char day[16];
    const struct {
        const char *label, *value;
    } rows[] = {
        { "Azure AD tenant name", cmg_import_tenant_name(import) },
        { "Azure AD tenant ID", cmg_import_tenant_id(import) },
        { "Server app: application name", cmg_import_server_app_name(import) },
        { "Server app: client ID", cmg_import_server_app_client_id(import) },
        { "Server app: secret key expiry",
          session_day(cmg_import_secret_expires_unix_s(import), day) },
        { "Server app: App ID URI", cmg_import_server_app_id_uri(import) },
        { "Client app: application name", cmg_import_client_app_name(import) },
        { "Client app: client ID", cmg_import_client_app_client_id(import) },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        printf("%-30s %s\n", rows[i].label, rows[i].value);
}

static cmg_status show(struct session *s, cmg_error **err)
{
    cmg_import *import = NULL;
    cmg_bytes *json = NULL;
    cmg_status rc = cmg_import_new_from_gateway(s->gateway, &import, err);

    if (rc == CMG_OK && s->flag)
        rc = cmg_import_to_json(import, &json, err);
    if (rc == CMG_OK && s->flag)
        session_print(json);
    else if (rc == CMG_OK)
        print_record(import);
    cmg_import_unref(import);
    return rc;
}

int main(int argc, char **argv)
{
    static const struct session_usage usage = { .line = "DIRECTORY", .flag = "json" };
    struct session s = { 0 };
    cmg_error *err = NULL;
    cmg_status rc = session_open(&s, argc, argv, &usage, &err);

    if (rc == CMG_OK)
        rc = session_run(&s, CMG_DEPLOY_REGISTER_APPS, "register apps", &err);
    if (rc == CMG_OK)
        rc = show(&s, &err);
    return session_close(&s, rc, err);
}
