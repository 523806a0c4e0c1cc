/*
 * $batch: up to 20 requests in one. Each goes the whole way of a request of its own, with
 * the host and the token of the batch; answers carry the ids of their requests. A request
 * may wait for earlier ones, and is not tried when one of them failed.
 */
#include <string.h>

#include "sandbox/graph.h"
#include "sandbox/router.h"

#define MAX_REQUESTS 20
#define MAX_ITEM     ((size_t)4 * 1024 * 1024)

static const char *text_of(const struct cmg__json *item, const char *path)
{
    return cmg__str_or(cmg__json_str(item, path), "");
}

/* ---- checking the whole ---- */

/* The entry among the first n whose id is that one, or NULL; ids are texts. */
static struct cmg__json *find_id(const struct cmg__json *list, size_t n, const char *id)
{
    for (size_t i = 0; i < n; i++) {
        struct cmg__json *entry = cmg__json_item(list, i);
        if (strcmp(text_of(entry, "/id"), id) == 0)
            return entry;
    }
    return NULL;
}

static bool is_write(const char *method)
{
    return cmg__sb_same(method, "POST") || cmg__sb_same(method, "PATCH") ||
           cmg__sb_same(method, "PUT");
}

static bool has_content_type(const struct cmg__json *item)
{
    const struct cmg__json *headers = cmg__json_key(item, "headers");
    void *iter = NULL;
    const char *name = NULL;
    struct cmg__json *value = NULL;
    while (cmg__json_next(headers, &iter, &name, &value)) {
        if (cmg__str_ieq(name, "Content-Type"))
            return true;
    }
    return false;
}

static bool waits_for_earlier(const struct cmg__json *requests, size_t i)
{
    const struct cmg__json *names =
        cmg__json_key(cmg__json_item(requests, i), "dependsOn");
    for (size_t k = 0; k < cmg__json_size(names); k++) {
        if (find_id(requests, i, text_of(cmg__json_item(names, k), "")) == NULL)
            return false;
    }
    return true;
}

/* What is wrong with a request, or NULL. */
static const char *fault_of(const struct cmg__json *requests, size_t i)
{
    const struct cmg__json *item = cmg__json_item(requests, i);
    const char *id = text_of(item, "/id");
    const char *method = text_of(item, "/method");
    if (id[0] == '\0')
        return "Request id is missing or empty.";
    if (find_id(requests, i, id) != NULL)
        return "Request id is used more than once.";
    if (method[0] == '\0')
        return "Request method is missing or empty.";
    if (text_of(item, "/url")[0] == '\0')
        return "Request url is missing or empty.";
    if (is_write(method) &&
        (cmg__json_key(item, "body") == NULL || !has_content_type(item)))
        return "Write request does not contain Content-Type header or body.";
    if (!waits_for_earlier(requests, i))
        return "dependsOn names a request that does not come before.";
    return NULL;
}

static bool check(struct cmg__sb_call *call, const struct cmg__json *requests)
{
    size_t n = cmg__json_size(requests);
    if (cmg__json_type(requests) != CMG__JSON_ARRAY || n == 0) {
        cmg__sb_refuse(call, 400, "BadRequest", "Invalid batch payload format.");
        return false;
    }
    if (n > MAX_REQUESTS) {
        cmg__sb_refuse(call, 400, "MaximumValueExceeded",
                       "Number of batch request steps exceeds the maximum value of %d.",
                       MAX_REQUESTS);
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        const char *fault = fault_of(requests, i);
        if (fault != NULL) {
            cmg__sb_refuse(call, 400, "BadRequest", "Request %llu of the batch: %s",
                           (unsigned long long)i + 1, fault);
            return false;
        }
    }
    return true;
}

/* ---- one request ---- */

/* The batch's token, and what the request brings itself. */
static cmg_status fill_headers(const struct cmg__sb_call *call,
                               const struct cmg__json *item, struct cmg__headers *out)
{
    const char *token = cmg__sb_header(call, "Authorization");
    void *iter = NULL;
    const char *name = NULL;
    struct cmg__json *value = NULL;
    cmg_status rc = CMG_OK;
    if (token != NULL)
        rc = cmg__headers_add_secret(out, "Authorization", token);
    while (rc == CMG_OK &&
           cmg__json_next(cmg__json_key(item, "headers"), &iter, &name, &value)) {
        if (!cmg__str_ieq(name, "Authorization"))
            rc = cmg__headers_add(out, name, text_of(value, ""));
    }
    return rc;
}

static struct cmg__json *headers_as_json(struct cmg__sb_call *call,
                                         const struct cmg__headers *headers)
{
    struct cmg__json *out = cmg__json_object();
    for (size_t i = 0; i < headers->count; i++)
        cmg__sb_set_str(call->cloud, out, headers->items[i].name,
                        headers->items[i].value);
    return out;
}

static void add_answer(struct cmg__sb_call *call, struct cmg__json *responses,
                       const struct cmg__json *item, const struct cmg__sb_answer *answer)
{
    struct cmg__sb_cloud *cloud = call->cloud;
    struct cmg__json *body = NULL;
    struct cmg__json *entry = cmg__json_pack(
        "{s:s, s:i, s:o}", "id", text_of(item, "/id"), "status", answer->status,
        "headers", headers_as_json(call, &answer->headers));
    if (answer->body.len > 0) {
        if (cmg__json_parse(cloud->alloc, "answer", answer->body.data, answer->body.len,
                            &body, NULL) == CMG_OK)
            cmg__sb_set(cloud, entry, "body", body);
        else
            cloud->oom = true;
    }
    cmg__sb_append(cloud, responses, entry);
}

/* Addresses are below /v1.0, with or without a slash at the beginning. */
static cmg_status run(struct cmg__sb_call *call, const struct cmg__json *item,
                      struct cmg__sb_answer *answer)
{
    const struct cmg__alloc *alloc = call->cloud->alloc;
    const struct cmg__json *body = cmg__json_key(item, "body");
    const char *url = text_of(item, "/url");
    struct cmg__headers headers;
    struct cmg__buf text;
    char *target = cmg__format(alloc, "/v1.0%s%s", *url == '/' ? "" : "/", url);
    cmg__headers_init(&headers, alloc);
    cmg__buf_init_secret(&text, alloc, MAX_ITEM);
    cmg_status rc = target == NULL ? CMG_E_NOMEM : fill_headers(call, item, &headers);
    if (rc == CMG_OK && body != NULL)
        rc = cmg__json_format(body, CMG__JSON_COMPACT, &text);
    const struct cmg__sb_request request = { .method = text_of(item, "/method"),
                                             .host = call->request->host,
                                             .target = target,
                                             .headers = &headers,
                                             .body = cmg__buf_cstr(&text),
                                             .body_len = text.len };
    if (rc == CMG_OK)
        rc = cmg__sb_answer(call->cloud, &request, answer);
    cmg__headers_done(&headers);
    cmg__buf_done(&text);
    cmg__free(alloc, target);
    return rc;
}

static bool may_run(const struct cmg__json *responses, size_t done,
                    const struct cmg__json *item)
{
    const struct cmg__json *names = cmg__json_key(item, "dependsOn");
    for (size_t k = 0; k < cmg__json_size(names); k++) {
        const struct cmg__json *before =
            find_id(responses, done, text_of(cmg__json_item(names, k), ""));
        if (cmg__json_int(before, "/status", 500) >= 400)
            return false;
    }
    return true;
}

static void refuse_item(struct cmg__sb_call *call, struct cmg__json *responses,
                        const struct cmg__json *item, int status, const char *code)
{
    cmg__sb_append(call->cloud, responses,
                   cmg__json_pack("{s:s, s:i, s:{}, s:{s:{s:s, s:s}}}", "id",
                                  text_of(item, "/id"), "status", status, "headers",
                                  "body", "error", "code", code, "message",
                                  "The request was not carried out."));
}

static void answer_item(struct cmg__sb_call *call, struct cmg__json *responses,
                        const struct cmg__json *item)
{
    const char *url = text_of(item, "/url");
    struct cmg__sb_answer answer;
    if (cmg__str_istarts(url + (*url == '/'), "$batch")) {
        refuse_item(call, responses, item, 400, "BadRequest");
    } else if (!may_run(responses, cmg__json_size(responses), item)) {
        refuse_item(call, responses, item, 424, "FailedDependency");
    } else {
        cmg__sb_answer_init(&answer, call->cloud->alloc);
        bool oom = call->cloud->oom; /* an answer begins with a clean slate */
        if (run(call, item, &answer) == CMG_OK)
            add_answer(call, responses, item, &answer);
        else
            oom = true;
        call->cloud->oom = call->cloud->oom || oom;
        cmg__sb_answer_done(&answer);
    }
}

static void post_batch(struct cmg__sb_call *call)
{
    struct cmg__json *body = cmg__sb_graph_body(call);
    const struct cmg__json *requests = cmg__json_key(body, "requests");
    if (body == NULL || !check(call, requests))
        return;
    struct cmg__json *responses = cmg__json_array();
    for (size_t i = 0; i < cmg__json_size(requests); i++)
        answer_item(call, responses, cmg__json_item(requests, i));
    cmg__sb_reply(call, 200, cmg__json_pack("{s:o}", "responses", responses));
}

static const struct cmg__sb_route routes[] = {
    { "POST", "/v1.0/$batch", post_batch },
};
const struct cmg__sb_routes cmg__sb_graph_batch_routes = { routes,
                                                           CMG__ARRAY_LEN(routes) };
