/*
 * From a row of the call table and named arguments to a request: URL and the headers that
 * every request of its service carries. Arguments come from specifications and answers,
 * so each is percent-encoded, an apostrophe inside an OData literal is doubled, and
 * nothing an argument says can move the request to another host or up the path.
 */
#include "azure/call.h"

#include <string.h>
#include "base/str.h"

#define URL_MAX ((size_t)16 * 1024) /* polling URLs reach 4 kB */

/* Which endpoint serves, and how that service names its correlation headers. */
struct service {
    cmg_endpoint endpoint;
    const char *id_header;
    const char *return_header;
    const char *version_header; /* NULL: the version is a parameter of the query */
};

#define ARM_ID     "x-ms-client-request-id"
#define ARM_RETURN "x-ms-return-client-request-id"

static const struct service services[] = {
    [CMG__SERVICE_LOGIN] = { CMG_ENDPOINT_LOGIN, "client-request-id",
                             "return-client-request-id", NULL },
    [CMG__SERVICE_GRAPH] = { CMG_ENDPOINT_GRAPH, "client-request-id",
                             "return-client-request-id", NULL },
    [CMG__SERVICE_ARM] = { CMG_ENDPOINT_RESOURCE_MANAGER, ARM_ID, ARM_RETURN, NULL },
    [CMG__SERVICE_VAULT] = { CMG_ENDPOINT_VAULT, ARM_ID, ARM_RETURN, NULL },
    [CMG__SERVICE_BLOB] = { CMG_ENDPOINT_STORAGE, ARM_ID, ARM_RETURN, "x-ms-version" },
    [CMG__SERVICE_IDENTITY] = { CMG_ENDPOINT_WIDTH, ARM_ID, ARM_RETURN, NULL },
    [CMG__SERVICE_URL] = { CMG_ENDPOINT_WIDTH, ARM_ID, ARM_RETURN, NULL },
};

struct build {
    const struct cmg__alloc *alloc;
    const struct cmg__call *call;
    const struct cmg__endpoints *endpoints;
    const struct cmg__arg *args;
    size_t arg_count;
    struct cmg__buf url;
    cmg_error **err;
};

static cmg_status find_arg(struct build *b, const char *name, size_t len,
                           const char **out)
{
    for (size_t i = 0; i < b->arg_count; i++) {
        if (strlen(b->args[i].name) != len || memcmp(b->args[i].name, name, len) != 0)
            continue;
        if (cmg__str_is_empty(b->args[i].value))
            break;
        *out = b->args[i].value;
        return CMG_OK;
    }
    return cmg__fail(b->err, b->alloc, CMG_E_INTERNAL, b->call->name, NULL,
                     "argument \"%.*s\" of call %s is missing", (int)len, name,
                     b->call->name);
}

/* Room ran out or the URL became too long. */
static cmg_status fail_add(struct build *b, cmg_status rc)
{
    if (rc == CMG_OK || rc == CMG_E_NOMEM)
        return rc == CMG_OK ? CMG_OK : cmg__fail_nomem(b->err);
    return cmg__fail(b->err, b->alloc, rc, b->call->name, NULL,
                     "the URL of call %s is longer than %zu bytes", b->call->name,
                     (size_t)URL_MAX);
}

static cmg_status refuse(struct build *b, const char *name, size_t len, const char *value)
{
    return cmg__fail(b->err, b->alloc, CMG_E_INVAL, b->call->name,
                     "use a name of letters, digits and '-'",
                     "\"%.60s\" is not possible as %.*s in a request", value, (int)len,
                     name);
}

static cmg_status add_arg(struct build *b, const char *name, size_t len, bool literal)
{
    const char *value = NULL;
    cmg_status rc = find_arg(b, name, len, &value);

    if (rc != CMG_OK)
        return rc;
    /* Encoding leaves dots alone, and these two would change the path. */
    if (strcmp(value, ".") == 0 || strcmp(value, "..") == 0)
        return refuse(b, name, len, value);
    while (rc == CMG_OK && *value != '\0') {
        size_t plain = literal ? strcspn(value, "'") : strlen(value);

        rc = cmg__url_encode(&b->url, value, plain);
        value += plain;
        if (rc == CMG_OK && *value == '\'') {
            rc = cmg__buf_add_str(&b->url, "%27%27");
            value++;
        }
    }
    return fail_add(b, rc);
}

/* Text of the template as it is, {name} by its argument. Apostrophes are counted to know
   whether an argument stands inside an OData literal. */
static cmg_status add_template(struct build *b, const char *path)
{
    bool literal = false;
    cmg_status rc = CMG_OK;

    while (rc == CMG_OK && *path != '\0') {
        if (*path == '{') {
            size_t len = strcspn(path + 1, "}");

            rc = add_arg(b, path + 1, len, literal);
            path += len + 2;
            continue;
        }
        literal = literal != (*path == '\'');
        rc = fail_add(b, cmg__buf_add_char(&b->url, *path));
        path++;
    }
    return rc;
}

/* The name becomes a host label or a path segment: nothing else may get there. */
static cmg_status find_label(struct build *b, const char *name, const char **out)
{
    cmg_status rc = find_arg(b, name, strlen(name), out);

    for (size_t i = 0; rc == CMG_OK && (*out)[i] != '\0'; i++) {
        if (!cmg__is_alnum((*out)[i]) && (*out)[i] != '-')
            rc = refuse(b, name, strlen(name), *out);
    }
    return rc;
}

/* Checked when it was set. */
static cmg_status add_machine(struct build *b)
{
    const char *endpoint = NULL;
    cmg_status rc = find_arg(b, "endpoint", strlen("endpoint"), &endpoint);

    return rc == CMG_OK ? fail_add(b, cmg__buf_add_str(&b->url, endpoint)) : rc;
}

/* Vaults and accounts have hosts of their own, and share one when their endpoint is a
   URL. infix is between the name and the suffix. */
static cmg_status add_own_host(struct build *b, const char *name, const char *infix,
                               const char *endpoint)
{
    const char *label = NULL;
    const cmg_status rc = find_label(b, name, &label);

    if (rc != CMG_OK)
        return rc;
    if (strchr(endpoint, ':') != NULL)
        return fail_add(b, cmg__buf_addf(&b->url, "%s/%s", endpoint, label));
    return fail_add(b, cmg__buf_addf(&b->url, "https://%s.%s%s", label, infix, endpoint));
}

static cmg_status add_endpoint(struct build *b)
{
    if (b->call->service == CMG__SERVICE_IDENTITY)
        return add_machine(b);
    const cmg_endpoint which = services[b->call->service].endpoint;
    const char *endpoint = b->endpoints->at[which];

    if (endpoint[0] == '\0')
        return cmg__endpoint_lacks(b->alloc, which, b->err);
    if (b->call->service == CMG__SERVICE_VAULT)
        return add_own_host(b, "vault", "", endpoint);
    if (b->call->service == CMG__SERVICE_BLOB)
        return add_own_host(b, "account", "blob.", endpoint);
    return fail_add(b, cmg__buf_add_str(&b->url, endpoint));
}

static cmg_status add_version(struct build *b)
{
    if (b->call->api_version == NULL || services[b->call->service].version_header != NULL)
        return CMG_OK;
    char joint = strchr(cmg__buf_cstr(&b->url), '?') == NULL ? '?' : '&';
    return fail_add(
        b, cmg__buf_addf(&b->url, "%capi-version=%s", joint, b->call->api_version));
}

/* The argument "url" as it is: it carries its own version and opaque tokens. */
static cmg_status add_given_url(struct build *b)
{
    struct cmg__url parts;
    const char *url = NULL;
    cmg_status rc = find_arg(b, "url", strlen("url"), &url);

    if (rc == CMG_OK && (!cmg__url_parse(url, &parts) || !parts.https))
        rc = cmg__fail(b->err, b->alloc, CMG_E_PROTO, b->call->name, NULL,
                       "the address of call %s is not an https URL", b->call->name);
    if (rc == CMG_OK)
        rc = fail_add(b, cmg__buf_add_str(&b->url, url));
    return rc;
}

static cmg_status build_url(struct build *b)
{
    if (b->call->service == CMG__SERVICE_URL)
        return add_given_url(b);
    cmg_status rc = add_endpoint(b);
    if (rc == CMG_OK)
        rc = add_template(b, b->call->path);
    if (rc == CMG_OK)
        rc = add_version(b);
    return rc;
}

/* Who names the correlation headers: of a given URL, the service that it leads to. */
static const struct service *service_of(const struct build *b)
{
    const char *url = cmg__buf_cstr(&b->url);

    for (size_t i = 0;
         b->call->service == CMG__SERVICE_URL && i < CMG__ARRAY_LEN(services); i++) {
        const char *endpoint = services[i].endpoint == CMG_ENDPOINT_WIDTH
                                   ? ""
                                   : b->endpoints->at[services[i].endpoint];
        const size_t n = strlen(endpoint);
        if (n > 0 && strncmp(url, endpoint, n) == 0 && url[n] == '/')
            return &services[i];
    }
    return &services[b->call->service];
}

static cmg_status add_headers(const struct build *b, const char *request_id,
                              struct cmg__http_request *req)
{
    const struct cmg__call *call = b->call;
    const struct service *service = service_of(b);
    cmg_status rc = cmg__headers_add(&req->headers, "Accept", "application/json");

    if (rc == CMG_OK && service->version_header != NULL)
        rc = cmg__headers_add(&req->headers, service->version_header, call->api_version);
    if (rc == CMG_OK && call->prefer != NULL)
        rc = cmg__headers_add(&req->headers, "Prefer", call->prefer);
    if (rc == CMG_OK && request_id != NULL)
        rc = cmg__headers_add(&req->headers, service->id_header, request_id);
    if (rc == CMG_OK && request_id != NULL)
        rc = cmg__headers_add(&req->headers, service->return_header, "true");
    return rc;
}

cmg_status cmg__call_build(const struct cmg__alloc *alloc, const struct cmg__call *call,
                           const struct cmg__endpoints *endpoints,
                           const struct cmg__arg *args, size_t arg_count,
                           const char *request_id, struct cmg__http_request *req,
                           cmg_error **err)
{
    struct build b = {
        .alloc = alloc,
        .call = call,
        .endpoints = endpoints,
        .args = args,
        .arg_count = arg_count,
        .err = err,
    };

    cmg__buf_init(&b.url, alloc, URL_MAX);
    cmg_status rc = build_url(&b);
    if (rc == CMG_OK) {
        rc = cmg__http_request_set(req, call->method, cmg__buf_cstr(&b.url));
        if (rc == CMG_OK)
            rc = add_headers(&b, request_id, req);
        if (rc != CMG_OK)
            rc = cmg__fail_nomem(err);
    }
    cmg__buf_done(&b.url);
    return rc;
}

cmg_status cmg__call_set_json(struct cmg__http_request *req, const struct cmg__json *body,
                              bool secret)
{
    cmg__buf_clear(&req->body);
    if (secret) {
        req->body_is_secret = true;
        req->body.secret = true; /* before the first byte, so that growth wipes too */
    }
    cmg_status rc = cmg__json_format(body, CMG__JSON_COMPACT, &req->body);
    cmg__headers_remove(&req->headers, "Content-Type");
    if (rc == CMG_OK)
        rc = cmg__headers_add(&req->headers, "Content-Type", "application/json");
    return rc;
}
