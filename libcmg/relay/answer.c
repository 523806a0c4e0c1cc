/*
 * What the service says itself: refusals, with fixed texts from one table, and the paths
 * it answers in place. Reasons beginning with CMGService_ tell that the refusal was made
 * in the cloud, not inside (doc/relay.md).
 */
#include "relay/service.h"
#include "base/str.h"
#include <cmg/version.h>
#include <stdio.h>
#include <string.h>

struct refusal {
    int status;
    const char *reason;
    const char *field; /* one more field, or NULL */
    const char *value;
};

static const struct refusal refusals[] = {
    [CMG__REFUSE_BAD] = { 400, "CMGService_Bad_Request", NULL, NULL },
    [CMG__REFUSE_TOKEN] = { 401, "CMGService_Invalid_Token", "www-authenticate",
                            "Bearer" },
    [CMG__REFUSE_CERT_MISSING] = { 403, "CMGService_Client_Certificate_Required", NULL,
                                   NULL },
    [CMG__REFUSE_CERT_FOREIGN] = { 403, "CMGService_Client_Certificate_Invalid", NULL,
                                   NULL },
    [CMG__REFUSE_CERT_REVOKED] = { 403, "CMGService_Client_Certificate_Revoked", NULL,
                                   NULL },
    [CMG__REFUSE_CERT_UNASKED] = { 403, "CMGService_Revocation_List_Not_Available", NULL,
                                   NULL },
    [CMG__REFUSE_NOT_FOUND] = { 404, "CMGService_Not_Published", NULL, NULL },
    [CMG__REFUSE_METHOD] = { 405, "CMGService_Method_Not_Allowed", "allow",
                             "GET, HEAD, POST, CCM_POST, BITS_POST, PROPFIND, OPTIONS" },
    [CMG__REFUSE_SLOW] = { 408, "CMGService_Request_Too_Slow", NULL, NULL },
    [CMG__REFUSE_TOO_LARGE] = { 413, "CMGService_Content_Too_Large", NULL, NULL },
    [CMG__REFUSE_TARGET] = { 414, "CMGService_Target_Too_Long", NULL, NULL },
    [CMG__REFUSE_MISDIRECTED] = { 421, "CMGService_Misdirected_Request", NULL, NULL },
    [CMG__REFUSE_INTERNAL] = { 500, "CMGService_Internal_Error", NULL, NULL },
    [CMG__REFUSE_UNKNOWN_METHOD] = { 501, "CMGService_Unknown_Method", NULL, NULL },
    [CMG__REFUSE_LOST] = { 502, "CMGService_Connector_Lost", NULL, NULL },
    [CMG__REFUSE_NO_CONNECTOR] = { 503, "CMGService_No_Connector", "retry-after", "30" },
    [CMG__REFUSE_NO_KEYS] = { 503, "CMGService_No_Token_Keys", "retry-after", "30" },
    [CMG__REFUSE_TIMEOUT] = { 504, "CMGService_Timeout", NULL, NULL },
};

/* A whole answer; the connection is given up when it does not even take that. */
static void send_answer(struct cmg__exchange *x, const struct refusal *head,
                        struct cmg__headers *headers, const struct cmg__buf *body)
{
    struct cmg__http1_conn *conn = x->front->http1;
    bool full = false;

    x->state = CMG__EXCHANGE_ANSWERED;
    x->response_started = true;
    x->status = head->status;
    cmg_status rc = cmg__http1_conn_respond(conn, head->status, head->reason, headers,
                                            CMG__HTTP1_LENGTH, body->len);
    if (rc == CMG_OK && body->len > 0)
        rc = cmg__http1_conn_write(conn, body->data, body->len, &full);
    if (rc == CMG_OK)
        rc = cmg__http1_conn_end(conn);
    x->bytes_out = body->len;
    if (rc != CMG_OK)
        cmg__http1_conn_abort(conn);
}

static void send_text(struct cmg__exchange *x, const struct refusal *head,
                      const char *type, const struct cmg__buf *body)
{
    struct cmg__headers headers;
    char id[48];
    char via[32];

    snprintf(id, sizeof id, "%s-%llu", x->service->run_id, (unsigned long long)x->number);
    snprintf(via, sizeof via, "1.1 %s", x->service->via);
    cmg__headers_init(&headers, x->service->alloc);
    cmg_status rc = cmg__headers_add(&headers, "content-type", type);
    if (rc == CMG_OK)
        rc = cmg__headers_add(&headers, "cache-control", "no-store");
    if (rc == CMG_OK)
        rc = cmg__headers_add(&headers, "cmg-request-id", id);
    if (rc == CMG_OK)
        rc = cmg__headers_add(&headers, "via", via);
    if (rc == CMG_OK && head->status >= 400)
        rc = cmg__headers_add(&headers, "cmg-reason", head->reason);
    if (rc == CMG_OK && head->field != NULL)
        rc = cmg__headers_add(&headers, head->field, head->value);
    if (rc == CMG_OK) {
        send_answer(x, head, &headers, body);
    } else {
        x->state = CMG__EXCHANGE_ANSWERED;
        cmg__http1_conn_abort(x->front->http1);
    }
    cmg__headers_done(&headers);
}

void cmg__answer_refuse(struct cmg__exchange *x, enum cmg__refusal refusal)
{
    const struct refusal *head = &refusals[refusal];
    struct cmg__buf body;

    cmg__exchange_detach(x);
    cmg__timer_stop(&x->timer);
    if (x->response_started) {
        /* Too late for another answer: cutting it short is the only honest one. */
        x->state = CMG__EXCHANGE_ANSWERED;
        cmg__http1_conn_abort(x->front->http1);
        return;
    }
    /* Who sends one malformed request may mean the next one to be read otherwise. */
    if (head->status == 400)
        cmg__http1_conn_set_close(x->front->http1);
    cmg__buf_init(&body, x->service->alloc, 256);
    if (cmg__buf_addf(&body, "%s\r\nrequest %s-%llu\r\n", head->reason,
                      x->service->run_id, (unsigned long long)x->number) != CMG_OK)
        cmg__buf_clear(&body);
    send_text(x, head, "text/plain; charset=utf-8", &body);
    cmg__buf_done(&body);
}

static struct cmg__json *metadata(const struct cmg__exchange *x)
{
    const struct cmg__service_settings *s = &x->service->settings;

    return cmg__json_pack("{s:s, s:s, s:s, s:i}", "ServiceName",
                          s->service_names.items[0], "DeploymentId", s->deployment_id,
                          "Version", cmg_version(), "Instance", s->instance);
}

/* "?TenantID=<guid>": what a client needs to get a token; nothing for other tenants. */
static struct cmg__json *token_info(const struct cmg__exchange *x)
{
    const struct cmg__service_settings *s = &x->service->settings;
    struct cmg__json *info = NULL;
    struct cmg__buf tenant;

    cmg__buf_init(&tenant, x->service->alloc, 256);
    int found = cmg__form_get(cmg__buf_cstr(&x->target.query), x->target.query.len,
                              "TenantID", &tenant);
    if (found == 1 && s->client_ids.count > 0 &&
        cmg__str_ieq(cmg__buf_cstr(&tenant), s->tenant_id))
        info =
            cmg__json_pack("{s:s, s:s, s:s}", "TenantId", s->tenant_id, "ClientAppId",
                           s->client_ids.items[0], "ResourceUri", s->audiences.items[0]);
    cmg__buf_done(&tenant);
    return info;
}

struct own {
    enum cmg__proxy proxy;
    bool needs_token;
    const char *name;
    struct cmg__json *(*make)(const struct cmg__exchange *x);
};

static const struct own owns[] = {
    { CMG__PROXY_MUTUAL, false, "ServiceMetadata", metadata },
    { CMG__PROXY_SERVER, true, "ServiceMetadata", metadata },
    { CMG__PROXY_SERVER, false, "AADAuthInfo", token_info },
};

static const struct own *find_own(const struct cmg__route *route)
{
    for (size_t i = 0; i < CMG__ARRAY_LEN(owns); i++) {
        if (owns[i].proxy == route->proxy && route->rest[0] == '\0' &&
            strlen(owns[i].name) == route->name_len &&
            cmg__str_ieqn(owns[i].name, route->name, route->name_len))
            return &owns[i];
    }
    return NULL;
}

bool cmg__answer_is_own(const struct cmg__route *route, bool *needs_token)
{
    const struct own *own = find_own(route);

    if (own != NULL)
        *needs_token = own->needs_token;
    return own != NULL;
}

void cmg__answer_own(struct cmg__exchange *x)
{
    static const struct refusal ok = { 200, "OK", NULL, NULL };
    const struct own *own = find_own(&x->route);
    bool is_read =
        strcmp(x->head->method, "GET") == 0 || strcmp(x->head->method, "HEAD") == 0;
    struct cmg__buf body;

    if (!is_read) {
        cmg__answer_refuse(x, CMG__REFUSE_METHOD);
        return;
    }
    struct cmg__json *json = own->make(x);
    cmg__buf_init(&body, x->service->alloc, 16 * 1024);
    if (json == NULL)
        cmg__answer_refuse(x, CMG__REFUSE_NOT_FOUND);
    else if (cmg__json_format(json, CMG__JSON_COMPACT, &body) != CMG_OK)
        cmg__answer_refuse(x, CMG__REFUSE_INTERNAL);
    else
        send_text(x, &ok, "application/json", &body);
    cmg__json_unref(json);
    cmg__buf_done(&body);
}
