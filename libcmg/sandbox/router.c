/*
 * Routing: which service, which row, which handler. See router.h.
 */
#include "sandbox/router.h"

#include <string.h>

#include "sandbox/arm.h"
#include "sandbox/blob.h"
#include "sandbox/pki.h"
#include "sandbox/relaxed.h"
#include "sandbox/replica.h"
#include "sandbox/throttle.h"
#include "sandbox/token.h"

#define MAX_BODY     ((size_t)8 * 1024 * 1024)
#define MAX_SEGMENTS 24

static const struct cmg__sb_routes *const login_tables[] = {
    &cmg__sb_entra_metadata_routes, &cmg__sb_entra_token_routes,
    &cmg__sb_entra_device_routes,   &cmg__sb_entra_authorize_routes,
    &cmg__sb_entra_consent_routes,  NULL
};
static const struct cmg__sb_routes *const identity_tables[] = {
    &cmg__sb_entra_identity_routes, &cmg__sb_instance_metadata_routes, NULL
};
static const struct cmg__sb_routes *const graph_tables[] = {
    &cmg__sb_graph_directory_routes,
    &cmg__sb_graph_application_routes,
    &cmg__sb_graph_federated_routes,
    &cmg__sb_graph_principal_routes,
    &cmg__sb_graph_grant_routes,
    &cmg__sb_graph_owner_routes,
    &cmg__sb_graph_delta_routes,
    &cmg__sb_graph_people_routes,
    &cmg__sb_graph_right_routes,
    &cmg__sb_graph_batch_routes,
    NULL
};
/* The generic resource patterns come last: the first match wins. */
static const struct cmg__sb_routes *const arm_tables[] = {
    &cmg__sb_arm_subscription_routes, &cmg__sb_arm_provider_routes,
    &cmg__sb_arm_name_routes,         &cmg__sb_arm_group_routes,
    &cmg__sb_arm_vault_routes,        &cmg__sb_arm_what_if_routes,
    &cmg__sb_arm_storage_routes,      &cmg__sb_arm_lock_routes,
    &cmg__sb_arm_role_routes,         &cmg__sb_arm_size_routes,
    &cmg__sb_arm_quota_routes,        &cmg__sb_arm_scale_set_routes,
    &cmg__sb_arm_rolling_routes,      &cmg__sb_arm_scale_set_action_routes,
    &cmg__sb_arm_deployment_routes,   &cmg__sb_arm_deployment_scope_routes,
    &cmg__sb_arm_operation_routes,    &cmg__sb_arm_metric_routes,
    &cmg__sb_arm_activity_routes,     &cmg__sb_arm_port_mapping_routes,
    &cmg__sb_arm_resource_routes,     NULL
};
static const struct cmg__sb_routes *const vault_tables[] = { &cmg__sb_vault_routes,
                                                             NULL };

static const struct cmg__sb_routes *const pki_tables[] = { &cmg__sb_pki_certsrv_routes,
                                                           &cmg__sb_pki_est_routes,
                                                           NULL };

static const struct cmg__sb_routes *const *const service_tables[] = {
    [CMG__SB_LOGIN] = login_tables, [CMG__SB_GRAPH] = graph_tables,
    [CMG__SB_ARM] = arm_tables,     [CMG__SB_VAULT] = vault_tables,
    [CMG__SB_PKI] = pki_tables,     [CMG__SB_IDENTITY] = identity_tables,
};

/* Under localhost the path's beginning tells the service; Entra takes the rest. */
static const struct {
    const char *prefix;
    enum cmg__sb_service service;
} local_prefixes[] = {
    { "/v1.0/", CMG__SB_GRAPH },   { "/subscriptions", CMG__SB_ARM },
    { "/metadata/", CMG__SB_ARM }, { "/tenants", CMG__SB_ARM },
    { "/providers", CMG__SB_ARM }, { "/vaults/", CMG__SB_VAULT },
    { "/certsrv", CMG__SB_PKI },   { "/.well-known/est", CMG__SB_PKI },
    { "/pki/", CMG__SB_PKI },
};

/* ---- service ---- */

static bool host_is(const char *host, size_t n, const char *name)
{
    return strlen(name) == n && cmg__str_ieqn(host, name, n);
}

static bool host_ends(const char *host, size_t n, const char *suffix)
{
    size_t len = strlen(suffix);
    return n > len + 1 && host[n - len - 1] == '.' &&
           cmg__str_ieqn(host + n - len, suffix, len);
}

/* "account.blob.core.windows.net" */
static bool is_blob_host(const char *host, size_t n, const char *suffix)
{
    static const char mark[] = ".blob.";
    size_t tail = strlen(mark) + strlen(suffix);
    return host_ends(host, n, suffix) && n > tail &&
           cmg__str_ieqn(host + n - tail, mark, strlen(mark));
}

/* The name of a storage account that is there. */
static bool is_account(const struct cmg__sb_cloud *cloud, const char *path)
{
    char name[25];
    size_t n = path[0] == '/' ? strcspn(path + 1, "/") : 0;
    if (n == 0 || n >= sizeof name)
        return false;
    memcpy(name, path + 1, n);
    name[n] = '\0';
    return cmg__sb_account(cloud, name) != NULL;
}

static enum cmg__sb_service service_of_path(const struct cmg__sb_cloud *cloud,
                                            const char *path)
{
    for (size_t i = 0; i < CMG__ARRAY_LEN(local_prefixes); i++) {
        if (cmg__str_istarts(path, local_prefixes[i].prefix))
            return local_prefixes[i].service;
    }
    return is_account(cloud, path) ? CMG__SB_BLOB : CMG__SB_LOGIN;
}

static enum cmg__sb_service service_of(const struct cmg__sb_cloud *cloud,
                                       const struct cmg__sb_request *request,
                                       const char *path)
{
    const struct cmg__cloud *names = cloud->names;
    const char *host = cmg__str_or(request->host, "");
    size_t n = strcspn(host, ":");
    if (request->metadata)
        return CMG__SB_IDENTITY;
    if (host_is(host, n, names->login_host) || host_is(host, n, "login.windows.net"))
        return CMG__SB_LOGIN;
    if (host_is(host, n, names->graph_host))
        return CMG__SB_GRAPH;
    if (host_is(host, n, names->arm_host))
        return CMG__SB_ARM;
    if (host_ends(host, n, names->vault_suffix))
        return CMG__SB_VAULT;
    if (is_blob_host(host, n, names->storage_suffix))
        return CMG__SB_BLOB;
    if (host_is(host, n, CMG__SB_PKI_HOST))
        return CMG__SB_PKI;
    if (host_is(host, n, "localhost") || host_is(host, n, "127.0.0.1"))
        return service_of_path(cloud, path);
    return CMG__SB_NOWHERE;
}

static bool host_is_clean(const char *host)
{
    size_t n = strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                            "0123456789.-:");
    return n > 0 && host[n] == '\0' && n < 256;
}

/* ---- path and query ---- */

/* Copies the path of a target with runs of slashes made one and none at the end. */
static cmg_status normal_path(struct cmg__sb_call *call)
{
    const char *target = call->request->target;
    size_t n = strcspn(target, "?");
    char *path = cmg__alloc(call->cloud->alloc, n + 2);
    size_t len = 0;
    if (path == NULL)
        return CMG_E_NOMEM;
    for (size_t i = 0; i < n; i++) {
        if (target[i] != '/' || len == 0 || path[len - 1] != '/')
            path[len++] = target[i];
    }
    if (len > 1 && path[len - 1] == '/')
        len--;
    path[len] = '\0';
    call->path = path;
    return CMG_OK;
}

/* "a=1&b=2" as an object; names without case for "$filter" and "api-version". */
static cmg_status parse_pairs(const struct cmg__alloc *alloc, const char *text, size_t n,
                              struct cmg__json *out)
{
    struct cmg__buf name, value;
    cmg_status rc = CMG_OK;
    cmg__buf_init_secret(&name, alloc, 4096);
    cmg__buf_init_secret(&value, alloc, MAX_BODY);
    while (rc == CMG_OK && n > 0) {
        const char *amp = memchr(text, '&', n);
        size_t len = amp == NULL ? n : (size_t)(amp - text);
        const char *eq = memchr(text, '=', len);
        size_t name_len = eq == NULL ? len : (size_t)(eq - text);
        cmg__buf_clear(&name);
        cmg__buf_clear(&value);
        if (!cmg__url_decode(&name, text, name_len, true) ||
            (eq != NULL && !cmg__url_decode(&value, eq + 1, len - name_len - 1, true)))
            rc = CMG_E_PARSE;
        else if (len > 0)
            rc = cmg__json_set(out, cmg__buf_cstr(&name),
                               cmg__json_stringn(cmg__buf_cstr(&value), value.len));
        text += len + (amp != NULL);
        n -= len + (amp != NULL);
    }
    cmg__buf_done(&name);
    cmg__buf_done(&value);
    return rc;
}

static cmg_status parse_query(struct cmg__sb_call *call)
{
    const char *mark = strchr(call->request->target, '?');
    call->query = cmg__json_object();
    if (call->query == NULL)
        return CMG_E_NOMEM;
    return mark == NULL
               ? CMG_OK
               : parse_pairs(call->cloud->alloc, mark + 1, strlen(mark + 1), call->query);
}

/* ---- matching ---- */

/* One segment against "prefix{name}suffix"; the decoded value goes to args. */
static bool match_segment(struct cmg__sb_call *call, const char *pattern, size_t plen,
                          const char *text)
{
    const char *open = memchr(pattern, '{', plen);
    size_t n = strlen(text);
    if (open == NULL)
        return n == plen && cmg__str_ieqn(pattern, text, n);
    const char *close = memchr(open, '}', plen - (size_t)(open - pattern));
    size_t head = (size_t)(open - pattern);
    size_t tail = plen - (size_t)(close + 1 - pattern);
    if (n <= head + tail || !cmg__str_ieqn(pattern, text, head) ||
        !cmg__str_ieqn(close + 1, text + n - tail, tail))
        return false;
    char name[32];
    size_t name_len = (size_t)(close - open - 1);
    if (name_len >= sizeof name)
        return false;
    memcpy(name, open + 1, name_len);
    name[name_len] = '\0';
    if (cmg__json_set(call->args, name,
                      cmg__json_stringn(text + head, n - head - tail)) != CMG_OK)
        call->cloud->oom = true;
    return true;
}

struct segments {
    char *items[MAX_SEGMENTS];
    size_t count;
};

static void free_segments(const struct cmg__alloc *alloc, struct segments *s)
{
    for (size_t i = 0; i < s->count; i++)
        cmg__free(alloc, s->items[i]);
    s->count = 0;
}

/* Cuts the path at '/' first and decodes then, so that %2F stays inside a segment. */
static cmg_status cut(const struct cmg__alloc *alloc, const char *path,
                      struct segments *s)
{
    s->count = 0;
    while (*path == '/')
        path++;
    while (*path != '\0') {
        size_t n = strcspn(path, "/");
        struct cmg__buf text;
        cmg__buf_init(&text, alloc, 8192);
        if (s->count == MAX_SEGMENTS || !cmg__url_decode(&text, path, n, false) ||
            cmg__buf_reserve(&text, 1) != CMG_OK) {
            cmg__buf_done(&text);
            return CMG_E_PARSE;
        }
        s->items[s->count++] = cmg__buf_steal(&text);
        path += n + (path[n] == '/');
    }
    return CMG_OK;
}

static bool match_pattern(struct cmg__sb_call *call, const char *pattern,
                          const struct segments *s)
{
    size_t i = 0;
    while (*pattern == '/') {
        pattern++;
        size_t n = strcspn(pattern, "/");
        if (i == s->count || !match_segment(call, pattern, n, s->items[i]))
            return false;
        pattern += n;
        i++;
    }
    return i == s->count;
}

/* The row for the call; *known tells that the path exists with another method. */
static const struct cmg__sb_route *find_route(struct cmg__sb_call *call,
                                              const struct segments *s, bool *known)
{
    const struct cmg__sb_routes *const *tables = service_tables[call->service];
    *known = false;
    for (size_t t = 0; tables[t] != NULL; t++) {
        for (size_t i = 0; i < tables[t]->count; i++) {
            const struct cmg__sb_route *route = &tables[t]->items[i];
            cmg__json_clear(&call->args);
            call->args = cmg__json_object();
            if (call->args == NULL || !match_pattern(call, route->pattern, s))
                continue;
            if (strcmp(route->method, call->request->method) == 0)
                return route;
            *known = true;
        }
    }
    return NULL;
}

/* ---- body ---- */

static cmg_status parse_json_body(struct cmg__sb_call *call)
{
    const struct cmg__sb_request *r = call->request;
    const struct cmg__alloc *alloc = call->cloud->alloc;
    cmg_status rc =
        cmg__json_parse(alloc, "body", r->body, r->body_len, &call->body, NULL);
    if (rc == CMG_E_PARSE && call->service == CMG__SB_ARM)
        rc = cmg__sb_relaxed_parse(alloc, r->body, r->body_len, &call->body);
    return rc;
}

/* Of the authority's services, one takes forms and the other bytes. */
static bool is_form(const struct cmg__sb_call *call)
{
    return call->service == CMG__SB_PKI && !cmg__str_istarts(call->path, "/.well-known/");
}

static bool read_body(struct cmg__sb_call *call)
{
    const struct cmg__sb_request *r = call->request;
    cmg_status rc = CMG_OK;
    if (r->body_len > MAX_BODY) {
        cmg__sb_refuse(call, 413, "RequestEntityTooLarge", "The request is too large.");
        return false;
    }
    if (call->service == CMG__SB_LOGIN || is_form(call)) {
        call->body = cmg__json_object();
        rc = call->body == NULL
                 ? CMG_E_NOMEM
                 : parse_pairs(call->cloud->alloc, r->body, r->body_len, call->body);
    } else if (r->body_len > 0 && call->service != CMG__SB_PKI) {
        rc = parse_json_body(call);
    }
    if (rc == CMG_OK)
        return true;
    if (rc == CMG_E_NOMEM)
        call->cloud->oom = true;
    if (call->service == CMG__SB_LOGIN)
        cmg__sb_refuse_entra(call, 400, "invalid_request", 900144,
                             "The request body is not a form.");
    else if (call->service == CMG__SB_GRAPH)
        cmg__sb_refuse(call, 400, "BadRequest", "Unable to read JSON request payload.");
    else
        cmg__sb_refuse(call, 400, "InvalidRequestContent",
                       "The request content was invalid and could not be deserialized.");
    return false;
}

/* ---- the whole way ---- */

static void refuse_route(struct cmg__sb_call *call, bool known)
{
    if (known) {
        cmg__sb_refuse(call, 405, "MethodNotAllowed",
                       "The method '%s' is not allowed here.", call->request->method);
        return;
    }
    switch (call->service) {
    case CMG__SB_GRAPH:
        cmg__sb_refuse(call, 400, "BadRequest",
                       "Resource not found for the segment '%s'.", call->path);
        break;
    case CMG__SB_LOGIN:
        cmg__sb_refuse_entra(call, 404, "invalid_request", 900561,
                             "The endpoint '%s' does not exist.", call->path);
        break;
    case CMG__SB_ARM:
    case CMG__SB_VAULT:
    case CMG__SB_BLOB:
    case CMG__SB_PKI:
    case CMG__SB_IDENTITY:
    case CMG__SB_NOWHERE:
        cmg__sb_refuse(call, 404, "NotFound", "There is nothing at '%s'.", call->path);
        break;
    }
}

static void run_handler(struct cmg__sb_call *call, const struct cmg__sb_route *route)
{
    if (strcmp(route->method, "GET") != 0 && strcmp(route->method, "HEAD") != 0)
        call->cloud->dirty = true;
    cmg__sb_replica_handle(call, route->handle);
}

static void dispatch(struct cmg__sb_call *call)
{
    struct segments segments = { .count = 0 };
    bool known = false;
    if (call->service == CMG__SB_BLOB) {
        cmg__sb_blob_serve(call);
        return;
    }
    if (cut(call->cloud->alloc, call->path, &segments) != CMG_OK) {
        cmg__sb_refuse(call, 400, "BadRequest", "The path is not well formed.");
    } else if (call->service == CMG__SB_PKI && cmg__sb_pki_serve(call)) {
        /* a published file */
    } else {
        const struct cmg__sb_route *route = find_route(call, &segments, &known);
        if (route == NULL && !known)
            refuse_route(call, false);
        else if (cmg__sb_token_admits(call) && cmg__sb_arm_admits(call) &&
                 cmg__sb_throttle_admits(call)) {
            if (route == NULL)
                refuse_route(call, true);
            else if (read_body(call))
                run_handler(call, route);
            if (call->service == CMG__SB_ARM)
                cmg__sb_activity_note(call);
        }
    }
    free_segments(call->cloud->alloc, &segments);
}

/* A refusal is the front door's, or of the provider behind it. */
static const char *failure_cause(const struct cmg__sb_call *call)
{
    static const char *const providers[] = { "/Microsoft.Compute/", "/Microsoft.Network/",
                                             "/Microsoft.Storage/",
                                             "/Microsoft.KeyVault/" };
    const bool is_before = call->status <= 404 && call->status != 400;
    for (size_t i = 0; !is_before && i < CMG__ARRAY_LEN(providers); i++) {
        if (strcasestr(call->path, providers[i]) != NULL)
            return "service";
    }
    return "gateway";
}

static void add_arm_headers(struct cmg__sb_call *call)
{
    cmg__sb_head(call, "x-ms-correlation-request-id", call->request_id);
    cmg__sb_headf(call, "x-ms-routing-request-id", "SANDBOX:%lld:%s",
                  (long long)(call->now_ms / 1000), call->request_id);
    if (call->status >= 400)
        cmg__sb_head(call, "x-ms-failure-cause", failure_cause(call));
    cmg__sb_arm_tell_limits(call);
}

/* Headers that the service puts on every answer. */
static void add_common_headers(struct cmg__sb_call *call)
{
    const char *echo = cmg__sb_header(call, "x-ms-client-request-id");
    const char *client = cmg__sb_header(call, "client-request-id");
    if (call->service == CMG__SB_GRAPH) {
        cmg__sb_head(call, "request-id", call->request_id);
        cmg__sb_head(call, "client-request-id", cmg__str_or(client, call->request_id));
        cmg__sb_head(call, "x-ms-ags-diagnostic", "{\"ServerInfo\":{\"Ring\":\"0\"}}");
    } else {
        cmg__sb_head(call, "x-ms-request-id", call->request_id);
    }
    if (call->service == CMG__SB_ARM)
        add_arm_headers(call);
    if (echo != NULL)
        cmg__sb_head(call, "x-ms-client-request-id", echo);
    if (cmg__headers_get(&call->headers, "Cache-Control") == NULL)
        cmg__sb_head(call, "Cache-Control", "no-cache");
    if (call->reply != NULL)
        cmg__sb_head(call, "Content-Type", "application/json; charset=utf-8");
    else if (call->page_type != NULL)
        cmg__sb_head(call, "Content-Type", call->page_type);
}

static cmg_status write_answer(struct cmg__sb_call *call, struct cmg__sb_answer *answer)
{
    cmg_status rc = CMG_OK;
    if (call->cloud->oom)
        return CMG_E_NOMEM;
    answer->status = call->status;
    for (size_t i = 0; rc == CMG_OK && i < call->headers.count; i++)
        rc = cmg__headers_add(&answer->headers, call->headers.items[i].name,
                              call->headers.items[i].value);
    if (rc == CMG_OK && call->reply != NULL && strcmp(call->request->method, "HEAD") != 0)
        rc = cmg__json_format(call->reply, CMG__JSON_COMPACT, &answer->body);
    else if (rc == CMG_OK && call->page_type != NULL)
        rc = cmg__buf_add(&answer->body, call->page.data, call->page.len);
    return rc;
}

static void call_done(struct cmg__sb_call *call)
{
    const struct cmg__alloc *alloc = call->cloud->alloc;
    cmg__free(alloc, call->base);
    cmg__free(alloc, call->path);
    cmg__json_unref(call->query);
    cmg__json_unref(call->args);
    cmg__json_unref(call->body);
    cmg__json_unref(call->reply);
    cmg__buf_done(&call->page);
    cmg__json_unref(call->caller.claims);
    cmg__headers_done(&call->headers);
}

static void route_call(struct cmg__sb_call *call, bool query_is_good)
{
    const char *host = call->request->host;
    if (host == NULL || !host_is_clean(host))
        cmg__sb_refuse(call, 400, "BadRequest", "The Host field is not a name.");
    else if (!query_is_good)
        cmg__sb_refuse(call, 400, "BadRequest", "The query is not well formed.");
    else if (call->service == CMG__SB_NOWHERE)
        cmg__sb_refuse(call, 404, "NotFound", "Nobody answers to '%s' here.", host);
    else
        dispatch(call);
}

cmg_status cmg__sb_answer(struct cmg__sb_cloud *cloud,
                          const struct cmg__sb_request *request,
                          struct cmg__sb_answer *answer)
{
    struct cmg__sb_call call = { .cloud = cloud, .request = request, .status = 500 };
    cmg__headers_init(&call.headers, cloud->alloc);
    cmg__buf_init(&call.page, cloud->alloc, CMG__HTTP_BODY_MAX);
    cloud->oom = false;
    if (cloud->rollover)
        cmg__sb_cloud_rollover(cloud);
    call.now_ms = cmg__sb_now_ms(cloud);
    cmg__sb_guid(cloud, call.request_id);
    call.base = cmg__format(cloud->alloc, "https://%s", cmg__str_or(request->host, ""));
    cmg_status rc = call.base == NULL ? CMG_E_NOMEM : normal_path(&call);
    cmg_status parsed = CMG_OK;
    if (rc == CMG_OK) {
        parsed = parse_query(&call);
        rc = parsed == CMG_E_NOMEM ? parsed : CMG_OK;
    }
    if (rc == CMG_OK) {
        cmg__sb_arm_settle(cloud);
        call.service = service_of(cloud, request, call.path);
        route_call(&call, parsed == CMG_OK);
        cmg__sb_operation_conclude(&call);
        add_common_headers(&call);
        rc = write_answer(&call, answer);
    }
    call_done(&call);
    return rc;
}

void cmg__sb_answer_init(struct cmg__sb_answer *answer, const struct cmg__alloc *alloc)
{
    answer->status = 500;
    cmg__headers_init(&answer->headers, alloc);
    cmg__buf_init_secret(&answer->body, alloc, CMG__HTTP_BODY_MAX);
}

void cmg__sb_answer_done(struct cmg__sb_answer *answer)
{
    cmg__headers_done(&answer->headers);
    cmg__buf_done(&answer->body);
}
