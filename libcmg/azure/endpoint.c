/*
 * Endpoints: what each may look like, which one counts. Credentials follow them, so only
 * https is taken, and nothing that could hide another host: no user, query or fragment.
 */
#include "azure/endpoint.h"

#include <string.h>

#include "azure/cloud.h"
#include "base/http.h"

enum form { URL, URL_OR_SUFFIX, SUFFIX, AUDIENCE };

/* A custom cloud's audiences and issuers are its endpoints, unless they are set. */
static const struct {
    const char *name;
    enum form form;
    cmg_endpoint otherwise;
} kinds[CMG__ENDPOINTS] = {
    [CMG_ENDPOINT_LOGIN] = { "login", URL, CMG_ENDPOINT_LOGIN },
    [CMG_ENDPOINT_GRAPH] = { "graph", URL, CMG_ENDPOINT_GRAPH },
    [CMG_ENDPOINT_RESOURCE_MANAGER] = { "resource manager", URL,
                                        CMG_ENDPOINT_RESOURCE_MANAGER },
    [CMG_ENDPOINT_VAULT] = { "vault", URL_OR_SUFFIX, CMG_ENDPOINT_VAULT },
    [CMG_ENDPOINT_STORAGE] = { "storage", URL_OR_SUFFIX, CMG_ENDPOINT_STORAGE },
    [CMG_ENDPOINT_PUBLIC_IP] = { "public address", SUFFIX, CMG_ENDPOINT_PUBLIC_IP },
    [CMG_ENDPOINT_ISSUER] = { "issuer", URL, CMG_ENDPOINT_LOGIN },
    [CMG_ENDPOINT_ISSUER_V1] = { "v1 issuer", URL, CMG_ENDPOINT_LOGIN },
    [CMG_ENDPOINT_GRAPH_AUDIENCE] = { "graph audience", AUDIENCE, CMG_ENDPOINT_GRAPH },
    [CMG_ENDPOINT_RESOURCE_MANAGER_AUDIENCE] = { "resource manager audience", AUDIENCE,
                                                 CMG_ENDPOINT_RESOURCE_MANAGER },
    [CMG_ENDPOINT_VAULT_AUDIENCE] = { "vault audience", AUDIENCE,
                                      CMG_ENDPOINT_VAULT_AUDIENCE },
    [CMG_ENDPOINT_STORAGE_AUDIENCE] = { "storage audience", AUDIENCE,
                                        CMG_ENDPOINT_STORAGE_AUDIENCE },
};

const char *cmg__endpoint_name(cmg_endpoint which)
{
    return kinds[which].name;
}

static const char *one(const cmg_context *ctx, cmg_endpoint which)
{
    const struct cmg__cloud *cloud = cmg__cloud_get(ctx->cloud);

    if (ctx->endpoints[which][0] != '\0')
        return ctx->endpoints[which];
    return cmg__str_or(cloud->at[which], "");
}

const char *cmg__endpoint_get(const cmg_context *ctx, cmg_endpoint which)
{
    const char *text = one(ctx, which);

    return text[0] != '\0' ? text : one(ctx, kinds[which].otherwise);
}

void cmg__endpoints_get(const cmg_context *ctx, struct cmg__endpoints *out)
{
    for (size_t i = 0; i < CMG__ENDPOINTS; i++) {
        const char *text = cmg__endpoint_get(ctx, (cmg_endpoint)i);

        memcpy(out->at[i], text, strlen(text) + 1);
    }
}

cmg_status cmg__endpoint_lacks(const struct cmg__alloc *alloc, cmg_endpoint which,
                               cmg_error **err)
{
    return cmg__fail(err, alloc, CMG_E_STATE, kinds[which].name,
                     "call cmg_context_set_endpoint() for it",
                     "the custom cloud has no endpoint %s", kinds[which].name);
}

bool cmg__endpoint_serves(const char *endpoint, const char *url)
{
    struct cmg__url e;
    struct cmg__url u;

    return cmg__url_same_host(endpoint, url) && cmg__url_parse(endpoint, &e) &&
           cmg__url_parse(url, &u) && u.https && u.target_len >= e.target_len &&
           memcmp(u.target, e.target, e.target_len) == 0 &&
           (u.target_len == e.target_len || strchr("/?", u.target[e.target_len]) != NULL);
}

/* ---- what may be set ---- */

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS  "0123456789"

static bool is_suffix(const char *text)
{
    const size_t n = strlen(text);

    return n > 0 && strspn(text, LETTERS DIGITS ".-") == n && text[0] != '.' &&
           text[n - 1] != '.' && strstr(text, "..") == NULL;
}

/* "https://host[:port][/base]". A path with dots between slashes would lead elsewhere. */
static bool is_url(const char *text)
{
    struct cmg__url url;

    return cmg__url_parse(text, &url) && url.https &&
           strspn(url.host, LETTERS DIGITS ".-:[]") >= url.host_len &&
           strspn(url.target, LETTERS DIGITS "/._~-") == strlen(url.target) &&
           strstr(url.target, "/.") == NULL && strstr(url.target, "//") == NULL;
}

static bool fits(enum form form, const char *text)
{
    if (form == SUFFIX || (form == URL_OR_SUFFIX && strchr(text, ':') == NULL))
        return is_suffix(text);
    return is_url(text);
}

static const char *const forms[] = {
    [URL] = "write https://host[:port][/base], without user, query or fragment",
    [URL_OR_SUFFIX] = "write a domain that names are put before, such as "
                      "vault.azure.net, or https://host[:port][/base] that they are put "
                      "behind",
    [SUFFIX] = "write a domain that names are put before, such as cloudapp.azure.com",
    [AUDIENCE] = "write the resource as https://host[/path]",
};

static void keep(char *to, const char *value, enum form form)
{
    size_t n = strlen(value);

    /* The slash at an audience's end is part of its name. */
    while (form != AUDIENCE && n > 0 && value[n - 1] == '/')
        n--;
    memcpy(to, value, n);
    to[n] = '\0';
}

static cmg_status check(const cmg_context *ctx, cmg_endpoint which, cmg_error **err)
{
    cmg_status rc = cmg__check(ctx != NULL ? &ctx->head : NULL, CMG__TAG_CONTEXT, err);

    if (rc != CMG_OK || (unsigned)which < CMG__ENDPOINTS)
        return rc;
    return cmg__fail(err, &ctx->alloc, CMG_E_INVAL, "which", "use a cmg_endpoint",
                     "endpoint %d is not known, 0 to %d are", (int)which,
                     (int)CMG__ENDPOINTS - 1);
}

cmg_status cmg_context_set_endpoint(cmg_context *ctx, cmg_endpoint which,
                                    const char *value, cmg_error **err)
{
    const cmg_status rc = check(ctx, which, err);

    if (rc != CMG_OK)
        return rc;
    if (value == NULL) {
        ctx->endpoints[which][0] = '\0';
        return CMG_OK;
    }
    if (strlen(value) >= CMG__ENDPOINT_SIZE || !fits(kinds[which].form, value))
        return cmg__fail(err, &ctx->alloc, CMG_E_INVAL, kinds[which].name,
                         forms[kinds[which].form],
                         "\"%.80s\" (%zu bytes, at most %d) is not possible as the "
                         "endpoint %s",
                         value, strlen(value), CMG__ENDPOINT_SIZE - 1, kinds[which].name);
    keep(ctx->endpoints[which], value, kinds[which].form);
    return CMG_OK;
}

const char *cmg_context_endpoint(const cmg_context *ctx, cmg_endpoint which)
{
    return check(ctx, which, NULL) == CMG_OK ? cmg__endpoint_get(ctx, which) : "";
}
