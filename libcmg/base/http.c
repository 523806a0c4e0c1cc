/* HTTP messages as values. */
#include "base/http.h"

#include <string.h>

#include "base/secret.h"
#include "base/str.h"

void cmg__headers_init(struct cmg__headers *headers, const struct cmg__alloc *alloc)
{
    *headers = (struct cmg__headers){ .alloc = alloc };
}

static void header_done(const struct cmg__alloc *alloc, struct cmg__header *header)
{
    cmg__free(alloc, header->name);
    if (header->secret)
        cmg__wipe_free_str(alloc, header->value);
    else
        cmg__free(alloc, header->value);
}

void cmg__headers_clear(struct cmg__headers *headers)
{
    for (size_t i = 0; i < headers->count; i++)
        header_done(headers->alloc, &headers->items[i]);
    headers->count = 0;
}

void cmg__headers_done(struct cmg__headers *headers)
{
    cmg__headers_clear(headers);
    cmg__free(headers->alloc, headers->items);
    headers->items = NULL;
    headers->cap = 0;
}

static cmg_status headers_reserve(struct cmg__headers *headers)
{
    if (headers->count < headers->cap)
        return CMG_OK;
    size_t cap = headers->cap == 0 ? 8 : headers->cap * 2;
    struct cmg__header *items =
        cmg__realloc(headers->alloc, headers->items, cap * sizeof *items);

    if (items == NULL)
        return CMG_E_NOMEM;
    headers->items = items;
    headers->cap = cap;
    return CMG_OK;
}

cmg_status cmg__headers_addn(struct cmg__headers *headers, const char *name,
                             size_t name_len, const char *value, size_t value_len)
{
    if (headers_reserve(headers) != CMG_OK)
        return CMG_E_NOMEM;
    struct cmg__header header = {
        .name = cmg__strndup(headers->alloc, name, name_len),
        .value = cmg__strndup(headers->alloc, value, value_len),
    };

    if (header.name == NULL || header.value == NULL) {
        header_done(headers->alloc, &header);
        return CMG_E_NOMEM;
    }
    headers->items[headers->count++] = header;
    return CMG_OK;
}

cmg_status cmg__headers_add(struct cmg__headers *headers, const char *name,
                            const char *value)
{
    return cmg__headers_addn(headers, name, strlen(name), value, strlen(value));
}

cmg_status cmg__headers_add_secret(struct cmg__headers *headers, const char *name,
                                   const char *value)
{
    cmg_status rc = cmg__headers_add(headers, name, value);

    if (rc == CMG_OK)
        headers->items[headers->count - 1].secret = true;
    return rc;
}

const char *cmg__headers_get(const struct cmg__headers *headers, const char *name)
{
    for (size_t i = 0; i < headers->count; i++) {
        if (cmg__str_ieq(headers->items[i].name, name))
            return headers->items[i].value;
    }
    return NULL;
}

size_t cmg__headers_count(const struct cmg__headers *headers, const char *name)
{
    size_t count = 0;

    for (size_t i = 0; i < headers->count; i++)
        count += cmg__str_ieq(headers->items[i].name, name) ? 1 : 0;
    return count;
}

void cmg__headers_remove(struct cmg__headers *headers, const char *name)
{
    size_t kept = 0;

    for (size_t i = 0; i < headers->count; i++) {
        if (cmg__str_ieq(headers->items[i].name, name))
            header_done(headers->alloc, &headers->items[i]);
        else
            headers->items[kept++] = headers->items[i];
    }
    headers->count = kept;
}

/* Bodies may carry secrets at any time, so their buffers always wipe. */
void cmg__http_request_init(struct cmg__http_request *req, const struct cmg__alloc *alloc)
{
    *req = (struct cmg__http_request){ .alloc = alloc };
    cmg__headers_init(&req->headers, alloc);
    cmg__buf_init_secret(&req->body, alloc, CMG__HTTP_BODY_MAX);
}

void cmg__http_request_clear(struct cmg__http_request *req)
{
    req->method[0] = '\0';
    cmg__free(req->alloc, req->url);
    req->url = NULL;
    cmg__headers_clear(&req->headers);
    cmg__buf_clear(&req->body);
    req->body_is_secret = false;
}

void cmg__http_request_done(struct cmg__http_request *req)
{
    cmg__http_request_clear(req);
    cmg__headers_done(&req->headers);
    cmg__buf_done(&req->body);
}

cmg_status cmg__http_request_set(struct cmg__http_request *req, const char *method,
                                 const char *url)
{
    size_t n = strlen(method);

    if (n == 0 || n >= sizeof req->method)
        return CMG_E_INVAL;
    memcpy(req->method, method, n + 1);
    return cmg__str_assign(req->alloc, &req->url, url);
}

void cmg__http_response_init(struct cmg__http_response *resp,
                             const struct cmg__alloc *alloc)
{
    *resp = (struct cmg__http_response){ .status = 0 };
    cmg__headers_init(&resp->headers, alloc);
    cmg__buf_init_secret(&resp->body, alloc, CMG__HTTP_BODY_MAX);
}

void cmg__http_response_clear(struct cmg__http_response *resp)
{
    resp->status = 0;
    cmg__headers_clear(&resp->headers);
    cmg__buf_clear(&resp->body);
}

void cmg__http_response_done(struct cmg__http_response *resp)
{
    cmg__http_response_clear(resp);
    cmg__headers_done(&resp->headers);
    cmg__buf_done(&resp->body);
}
