/*
 * Signs in, by any of the ways, and says which tenant it is.
 *
 *   sign_in [--sandbox] [--sign-in WAY] [...] DIRECTORY
 */
#include "session.h"

static void print_tenant(const cmg_tenant *tenant)
{
    printf("tenant  %s\n", cmg_tenant_display_name(tenant));
    printf("ID      %s\n", cmg_tenant_id(tenant));
    for (size_t i = 0; i < cmg_tenant_verified_domain_count(tenant); i++)
        printf("%-7s %s\n", i == 0 ? "domains" : "",
               cmg_tenant_verified_domain(tenant, i));
}

int main(int argc, char **argv)
{
    static const struct session_usage usage = { .line = "DIRECTORY" };
    struct session s = { 0 };
    cmg_error *err = NULL;
    cmg_status rc = session_open(&s, argc, argv, &usage, &err);

    if (rc == CMG_OK)
        rc = session_look(&s, CMG_DEPLOY_FIND_TENANT, "sign in", &err);
    if (rc == CMG_OK)
        print_tenant(cmg_gateway_tenant(s.gateway));
    return session_close(&s, rc, err);
}
