/*
 * Reading a request's parts and writing an answer's. See call.h.
 */
#include "sandbox/call.h"

#include <string.h>

#include "sandbox/blob.h"

const char *cmg__sb_arg(const struct cmg__sb_call *call, const char *name)
{
    return cmg__str_or(cmg__json_str(cmg__json_key(call->args, name), ""), "");
}

const char *cmg__sb_query(const struct cmg__sb_call *call, const char *name)
{
    return cmg__json_str(cmg__json_key(call->query, name), "");
}

const char *cmg__sb_form(const struct cmg__sb_call *call, const char *name)
{
    return cmg__json_str(cmg__json_key(call->body, name), "");
}

const char *cmg__sb_header(const struct cmg__sb_call *call, const char *name)
{
    return cmg__headers_get(call->request->headers, name);
}

void cmg__sb_reply(struct cmg__sb_call *call, int status, struct cmg__json *value)
{
    cmg__json_clear(&call->reply);
    call->status = status;
    call->reply = value;
    if (value == NULL)
        call->cloud->oom = true;
}

void cmg__sb_reply_empty(struct cmg__sb_call *call, int status)
{
    cmg__json_clear(&call->reply);
    call->status = status;
}

void cmg__sb_reply_bytes(struct cmg__sb_call *call, int status, const char *type,
                         const void *data, size_t n)
{
    cmg__sb_reply_empty(call, status);
    cmg__buf_clear(&call->page);
    call->page_type = type;
    if (cmg__buf_add(&call->page, data, n) != CMG_OK)
        call->cloud->oom = true;
}

void cmg__sb_reply_page(struct cmg__sb_call *call, int status, const char *type,
                        const char *text)
{
    cmg__sb_reply_bytes(call, status, type, text, strlen(text));
}

struct cmg__json *cmg__sb_text(const struct cmg__sb_cloud *cloud, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    char *text = cmg__vformat(cloud->alloc, fmt, args);
    va_end(args);
    struct cmg__json *value = text == NULL ? NULL : cmg__json_string(text);
    cmg__free(cloud->alloc, text);
    return value;
}

static struct cmg__json *graph_error(const struct cmg__sb_call *call, const char *code,
                                     const char *message)
{
    const char *client_id = cmg__sb_header(call, "client-request-id");
    return cmg__json_pack("{s:{s:s, s:s, s:{s:o, s:s, s:s}}}", "error", "code", code,
                          "message", message, "innerError", "date",
                          cmg__sb_time(call->now_ms), "request-id", call->request_id,
                          "client-request-id", cmg__str_or(client_id, call->request_id));
}

void cmg__sb_refuse(struct cmg__sb_call *call, int status, const char *code,
                    const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    char *message = cmg__vformat(call->cloud->alloc, fmt, args);
    va_end(args);
    const char *text = cmg__str_or(message, "out of memory");
    if (call->service == CMG__SB_BLOB)
        cmg__sb_refuse_blob(call, status, code, text);
    else if (call->service == CMG__SB_GRAPH)
        cmg__sb_reply(call, status, graph_error(call, code, text));
    else
        cmg__sb_reply(
            call, status,
            cmg__json_pack("{s:{s:s, s:s}}", "error", "code", code, "message", text));
    cmg__free(call->cloud->alloc, message);
}

void cmg__sb_refuse_entra(struct cmg__sb_call *call, int status, const char *error,
                          int64_t aadsts, const char *fmt, ...)
{
    char time[CMG__TIME_SIZE];
    va_list args;
    va_start(args, fmt);
    char *message = cmg__vformat(call->cloud->alloc, fmt, args);
    va_end(args);
    cmg__time_format(call->now_ms / 1000, time);
    time[10] = ' ';
    struct cmg__json *description = cmg__sb_text(
        call->cloud,
        "AADSTS%lld: %s\r\nTrace ID: %s\r\nCorrelation ID: %s\r\nTimestamp: %s",
        (long long)aadsts, cmg__str_or(message, ""), call->request_id, call->request_id,
        time);
    struct cmg__json *uri =
        cmg__sb_text(call->cloud, "%s/error?code=%lld", call->base, (long long)aadsts);
    cmg__sb_reply(call, status,
                  cmg__json_pack("{s:s, s:o, s:[I], s:s, s:s, s:s, s:o}", "error", error,
                                 "error_description", description, "error_codes", aadsts,
                                 "timestamp", time, "trace_id", call->request_id,
                                 "correlation_id", call->request_id, "error_uri", uri));
    cmg__free(call->cloud->alloc, message);
}

void cmg__sb_head(struct cmg__sb_call *call, const char *name, const char *value)
{
    if (cmg__headers_add(&call->headers, name, value) != CMG_OK)
        call->cloud->oom = true;
}

void cmg__sb_headf(struct cmg__sb_call *call, const char *name, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    char *value = cmg__vformat(call->cloud->alloc, fmt, args);
    va_end(args);
    if (value == NULL)
        call->cloud->oom = true;
    else
        cmg__sb_head(call, name, value);
    cmg__free(call->cloud->alloc, value);
}
