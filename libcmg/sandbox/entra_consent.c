/*
 * The page where an administrator consents to what an application asks for: everything
 * in its requiredResourceAccess. Here the administrator is whoever sends its form.
 */
#include <string.h>

#include "sandbox/entra.h"
#include "sandbox/graph.h"
#include "sandbox/router.h"

struct consent {
    struct cmg__sb_call *call;
    struct cmg__sb_client client;
    const char *redirect_uri;
    const char *state; /* or NULL */
    const char *scope; /* or NULL */
};

static const char *parameter(const struct cmg__sb_call *call, const char *name)
{
    const char *value = cmg__sb_query(call, name);
    return value != NULL ? value : cmg__sb_form(call, name);
}

/* ---- what was asked ---- */

static bool is_registered(const struct cmg__json *application, const char *uri)
{
    static const char *const lists[] = { "/web/redirectUris",
                                         "/publicClient/redirectUris",
                                         "/spa/redirectUris" };
    for (size_t i = 0; i < CMG__ARRAY_LEN(lists); i++) {
        const struct cmg__json *list = cmg__json_at(application, lists[i]);
        for (size_t k = 0; k < cmg__json_size(list); k++) {
            if (strcmp(cmg__str_or(cmg__json_str(cmg__json_item(list, k), ""), ""),
                       uri) == 0)
                return true;
        }
    }
    return false;
}

static bool read_client(struct consent *c)
{
    const char *id = cmg__str_or(parameter(c->call, "client_id"), "");
    bool known = cmg__sb_client_find(c->call->cloud, id, &c->client);
    if (known && c->client.application != NULL && c->client.principal != NULL)
        return true;
    cmg__sb_refuse_entra(c->call, 400, "unauthorized_client", 700016,
                         "Application with identifier '%s' was not found in the "
                         "directory '%s'.",
                         id, cmg__sb_fact(c->call->cloud, "domain"));
    return false;
}

static bool read_redirect(struct consent *c)
{
    c->redirect_uri = cmg__str_or(parameter(c->call, "redirect_uri"), "");
    if (is_registered(c->client.application, c->redirect_uri))
        return true;
    cmg__sb_refuse_entra(c->call, 400, "invalid_request", 50011,
                         "The redirect URI '%s' specified in the request does not match "
                         "the redirect URIs configured for the application '%s'.",
                         c->redirect_uri, c->client.id);
    return false;
}

/* "<resource>/.default": all that the application lists. v1 has no scope. */
static bool read_scope(struct consent *c, bool v2)
{
    struct cmg__sb_target target;
    char resource[512];
    c->scope = parameter(c->call, "scope");
    const size_t n = c->scope == NULL ? 0 : strlen(c->scope);
    const size_t tail = strlen("/.default");
    if (!v2)
        return true;
    if (n > tail && n - tail < sizeof resource &&
        strcmp(c->scope + n - tail, "/.default") == 0) {
        memcpy(resource, c->scope, n - tail);
        resource[n - tail] = '\0';
        if (cmg__sb_target_find(c->call->cloud, resource, NULL, &target))
            return true;
    }
    cmg__sb_refuse_entra(c->call, 400, "invalid_scope", 70011,
                         "The provided value for the input parameter 'scope' is not "
                         "valid: '%s'.",
                         cmg__str_or(c->scope, ""));
    return false;
}

static bool read_consent(struct cmg__sb_call *call, struct consent *c)
{
    const bool v2 = strstr(call->path, "/v2.0/") != NULL;
    *c = (struct consent){ .call = call, .state = parameter(call, "state") };
    return cmg__sb_tenant_is_known(call) && read_client(c) && read_redirect(c) &&
           read_scope(c, v2);
}

/* ---- the page ---- */

static void add_escaped(struct cmg__sb_cloud *cloud, struct cmg__buf *page,
                        const char *text)
{
    for (; *text != '\0'; text++) {
        cmg_status rc = strchr("<>&\"'", *text) == NULL
                            ? cmg__buf_add_char(page, *text)
                            : cmg__buf_addf(page, "&#%d;", *text);
        if (rc != CMG_OK)
            cloud->oom = true;
    }
}

static void add(struct cmg__sb_cloud *cloud, struct cmg__buf *page, const char *html)
{
    if (cmg__buf_add_str(page, html) != CMG_OK)
        cloud->oom = true;
}

static void add_field(struct consent *c, struct cmg__buf *page, const char *name,
                      const char *value)
{
    struct cmg__sb_cloud *cloud = c->call->cloud;
    if (value == NULL)
        return;
    add(cloud, page, "<input type=\"hidden\" name=\"");
    add(cloud, page, name);
    add(cloud, page, "\" value=\"");
    add_escaped(cloud, page, value);
    add(cloud, page, "\">\n");
}

static void get_consent(struct cmg__sb_call *call)
{
    struct consent c;
    struct cmg__buf page;
    struct cmg__sb_cloud *cloud = call->cloud;
    if (!read_consent(call, &c))
        return;
    cmg__buf_init(&page, cloud->alloc, 64 * 1024);
    add(cloud, &page,
        "<!DOCTYPE html>\n<title>Permissions requested</title>\n"
        "<h1>Permissions requested</h1>\n<p>");
    add_escaped(cloud, &page, c.client.name);
    add(cloud, &page,
        " asks for everything in its list of required permissions, for your whole "
        "organization.</p>\n<form method=\"post\">\n");
    add_field(&c, &page, "client_id", c.client.id);
    add_field(&c, &page, "redirect_uri", c.redirect_uri);
    add_field(&c, &page, "state", c.state);
    add_field(&c, &page, "scope", c.scope);
    add(cloud, &page,
        "<button name=\"decision\" value=\"accept\">Accept</button>\n"
        "<button name=\"decision\" value=\"cancel\">Cancel</button>\n</form>\n");
    cmg__sb_reply_page(call, 200, "text/html; charset=utf-8", cmg__buf_cstr(&page));
    cmg__buf_done(&page);
}

/* ---- the decision ---- */

static bool grant_one(struct consent *c, const struct cmg__json *resource,
                      const struct cmg__json *access)
{
    const char *id = cmg__str_or(cmg__json_str(access, "/id"), "");
    bool role = cmg__sb_same(cmg__json_str(access, "/type"), "Role");
    return role ? cmg__sb_graph_consent_role(c->call, c->client.principal, resource, id)
                : cmg__sb_graph_consent_scope(c->call, c->client.principal, resource, id);
}

static bool grant_all(struct consent *c)
{
    const struct cmg__json *list =
        cmg__json_key(c->client.application, "requiredResourceAccess");
    bool good = true;
    for (size_t i = 0; i < cmg__json_size(list); i++) {
        const struct cmg__json *entry = cmg__json_item(list, i);
        const struct cmg__json *wanted = cmg__json_key(entry, "resourceAccess");
        const struct cmg__json *resource =
            cmg__sb_find_by(c->call->cloud, "service_principals", "appId",
                            cmg__json_str(entry, "/resourceAppId"));
        for (size_t k = 0; k < cmg__json_size(wanted); k++)
            good = resource != NULL &&
                   grant_one(c, resource, cmg__json_item(wanted, k)) && good;
    }
    return good;
}

static void lead_back(struct consent *c, const char *const (*fields)[2], size_t n)
{
    struct cmg__sb_cloud *cloud = c->call->cloud;
    struct cmg__buf form;
    cmg__buf_init(&form, cloud->alloc, 16 * 1024);
    for (size_t i = 0; i < n; i++) {
        if (fields[i][1] != NULL &&
            cmg__form_add(&form, fields[i][0], fields[i][1]) != CMG_OK)
            cloud->oom = true;
    }
    cmg__sb_headf(c->call, "Location", "%s%c%s", c->redirect_uri,
                  strchr(c->redirect_uri, '?') == NULL ? '?' : '&', cmg__buf_cstr(&form));
    cmg__sb_reply_empty(c->call, 302);
    cmg__buf_done(&form);
}

static void post_consent(struct cmg__sb_call *call)
{
    struct consent c;
    if (!read_consent(call, &c))
        return;
    const char *const granted[][2] = {
        { "admin_consent", "True" },
        { "tenant", cmg__sb_fact(call->cloud, "tenant_id") },
        { "state", c.state },
        { "scope", c.scope },
    };
    const char *const declined[][2] = {
        { "error", "access_denied" },
        { "error_subcode", "cancel" },
        { "error_description",
          "AADSTS65004: User declined to consent to access the app." },
        { "state", c.state },
    };
    const char *const unknown[][2] = {
        { "error", "invalid_client" },
        { "error_description",
          "AADSTS650053: The application asked for a permission that does not exist on "
          "the resource. Contact the app vendor." },
        { "state", c.state },
    };
    if (!cmg__sb_same(cmg__sb_form(call, "decision"), "accept"))
        lead_back(&c, declined, CMG__ARRAY_LEN(declined));
    else if (grant_all(&c))
        lead_back(&c, granted, CMG__ARRAY_LEN(granted));
    else
        lead_back(&c, unknown, CMG__ARRAY_LEN(unknown));
}

static const struct cmg__sb_route routes[] = {
    { "GET", "/{tenant}/v2.0/adminconsent", get_consent },
    { "POST", "/{tenant}/v2.0/adminconsent", post_consent },
    { "GET", "/{tenant}/adminconsent", get_consent },
    { "POST", "/{tenant}/adminconsent", post_consent },
};
const struct cmg__sb_routes cmg__sb_entra_consent_routes = { routes,
                                                             CMG__ARRAY_LEN(routes) };
