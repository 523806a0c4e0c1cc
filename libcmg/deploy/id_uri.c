/* See id_uri.h. The form was checked when the specification was read. */
#include "deploy/id_uri.h"

#include <string.h>

#include "base/error.h"

char *cmg__id_uri_make(const struct cmg__work *work, const char *tenant_id)
{
    const cmg_server_app *app = work->gateway->server_app;

    if (app->wanted_id_uri[0] != '\0')
        return cmg__strdup(work->alloc, app->wanted_id_uri);
    return cmg__format(work->alloc, "api://%s/%s", tenant_id, app->name);
}

/* The domain itself, or a name below it. */
static bool is_below(const char *host, size_t n, const char *domain)
{
    const size_t len = strlen(domain);

    return len > 0 && n >= len && cmg__str_ieqn(host + n - len, domain, len) &&
           (n == len || host[n - len - 1] == '.');
}

static bool is_verified(const char *host, size_t n, const struct cmg__json *organization)
{
    const struct cmg__json *domains =
        cmg__json_at(organization, "/value/0/verifiedDomains");

    for (size_t i = 0; i < cmg__json_size(domains); i++) {
        const char *name = cmg__json_str(cmg__json_item(domains, i), "/name");
        if (name != NULL && is_below(host, n, name))
            return true;
    }
    return false;
}

cmg_status cmg__id_uri_check(const struct cmg__work *work, const char *tenant_id,
                             const struct cmg__json *organization, cmg_error **err)
{
    const char *uri = work->gateway->server_app->wanted_id_uri;
    const bool api = cmg__str_starts(uri, "api://");

    if (uri[0] == '\0')
        return CMG_OK;
    const char *host = strchr(uri, '/') + 2;
    const size_t n = strcspn(host, "/");
    const bool fits = api ? n == strlen(tenant_id) && cmg__str_ieqn(host, tenant_id, n)
                          : is_verified(host, n, organization);
    if (fits)
        return CMG_OK;
    return cmg__fail(err, work->alloc, CMG_E_INVAL, "/server_app/id_uri",
                     "leave id_uri out, or build it on the tenant's ID or one of its "
                     "verified domains",
                     "App ID URI %s: %.*s is %s", uri, (int)n, host,
                     api ? "another tenant's ID" : "no verified domain of the tenant");
}
