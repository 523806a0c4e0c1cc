/*
 * The one place that writes heads of HTTP/1.1 messages. Everything that goes into a head
 * is checked here again, whoever made it, so that no value can split a message; the
 * framing fields follow from the arguments alone.
 */
#include "net/http1.h"
#include "base/str.h"
#include "net/http1_syntax.h"

#include <inttypes.h>
#include <string.h>

/* Made by the writer itself; what the caller has under these names is passed over. */
static const char *const framing_names[] = {
    "Content-Length",
    "Transfer-Encoding",
    "Connection",
    "Keep-Alive",
};

static cmg_status add_fields(struct cmg__buf *out, const struct cmg__headers *headers,
                             bool host_is_made)
{
    cmg_status rc = CMG_OK;
    for (size_t i = 0; headers != NULL && i < headers->count && rc == CMG_OK; i++) {
        const struct cmg__header *h = &headers->items[i];
        if (cmg__http1_is_one_of(h->name, framing_names, CMG__ARRAY_LEN(framing_names)) ||
            (host_is_made && cmg__str_ieq(h->name, "Host")))
            continue;
        if (!cmg__http1_is_token(h->name, strlen(h->name)) ||
            !cmg__http1_is_value(h->value, strlen(h->value), true))
            return CMG_E_INVAL;
        rc = cmg__buf_addf(out, "%s: %s\r\n", h->name, h->value);
    }
    return rc;
}

static cmg_status add_framing(struct cmg__buf *out, enum cmg__http1_framing framing,
                              uint64_t length, bool close)
{
    cmg_status rc = CMG_OK;
    if (framing == CMG__HTTP1_LENGTH)
        rc = cmg__buf_addf(out, "Content-Length: %" PRIu64 "\r\n", length);
    else if (framing == CMG__HTTP1_CHUNKED)
        rc = cmg__buf_add_str(out, "Transfer-Encoding: chunked\r\n");
    if (rc == CMG_OK && (close || framing == CMG__HTTP1_UNTIL_CLOSE))
        rc = cmg__buf_add_str(out, "Connection: close\r\n");
    return rc == CMG_OK ? cmg__buf_add_str(out, "\r\n") : rc;
}

/* A failed head leaves nothing behind. */
static cmg_status settle(struct cmg__buf *out, size_t before, cmg_status rc)
{
    if (rc != CMG_OK && out->data != NULL) {
        out->len = before;
        out->data[before] = '\0';
    }
    return rc;
}

/* Without a body most methods send no length; others must say 0, or servers answer 411.
 */
static enum cmg__http1_framing request_framing(const char *method,
                                               enum cmg__http1_framing framing)
{
    static const char *const bodiless[] = { "GET",     "HEAD",     "DELETE",
                                            "OPTIONS", "PROPFIND", "CONNECT" };
    if (framing != CMG__HTTP1_NO_BODY)
        return framing;
    return cmg__http1_is_one_of(method, bodiless, CMG__ARRAY_LEN(bodiless))
               ? CMG__HTTP1_NO_BODY
               : CMG__HTTP1_LENGTH;
}

cmg_status cmg__http1_write_request(struct cmg__buf *out, const char *method,
                                    const char *target, const char *host,
                                    const struct cmg__headers *headers,
                                    enum cmg__http1_framing framing, uint64_t length,
                                    bool close)
{
    size_t before = out->len;
    size_t method_len = strlen(method);
    if (method_len > 32 || !cmg__http1_is_token(method, method_len) ||
        !cmg__http1_is_target(target, strlen(target)) ||
        !cmg__http1_is_host(host, strlen(host)) || framing == CMG__HTTP1_UNTIL_CLOSE)
        return CMG_E_INVAL;
    if (framing == CMG__HTTP1_NO_BODY)
        length = 0;
    cmg_status rc =
        cmg__buf_addf(out, "%s %s HTTP/1.1\r\nHost: %s\r\n", method, target, host);
    if (rc == CMG_OK)
        rc = add_fields(out, headers, true);
    if (rc == CMG_OK)
        rc = add_framing(out, request_framing(method, framing), length, close);
    return settle(out, before, rc);
}

/* 1xx, 204 and 304 never carry a body; an empty answer of another status says so. */
static enum cmg__http1_framing response_framing(int status,
                                                enum cmg__http1_framing framing)
{
    if (status < 200 || status == 204)
        return CMG__HTTP1_NO_BODY;
    if (status == 304)
        return framing == CMG__HTTP1_LENGTH ? framing : CMG__HTTP1_NO_BODY;
    return framing == CMG__HTTP1_NO_BODY ? CMG__HTTP1_LENGTH : framing;
}

cmg_status cmg__http1_write_response(struct cmg__buf *out, int status, const char *reason,
                                     const struct cmg__headers *headers,
                                     enum cmg__http1_framing framing, uint64_t length,
                                     bool close)
{
    size_t before = out->len;
    const char *phrase = reason != NULL ? reason : cmg__http1_reason(status);
    if (status < 100 || status > 599 ||
        !cmg__http1_is_value(phrase, strlen(phrase), true))
        return CMG_E_INVAL;
    if (framing == CMG__HTTP1_NO_BODY)
        length = 0;
    cmg_status rc = cmg__buf_addf(out, "HTTP/1.1 %d %s\r\n", status, phrase);
    if (rc == CMG_OK)
        rc = add_fields(out, headers, false);
    if (rc == CMG_OK)
        rc = add_framing(out, response_framing(status, framing), length, close);
    return settle(out, before, rc);
}

static cmg_status add_one_chunk(struct cmg__buf *out, const void *data, size_t n)
{
    cmg_status rc = cmg__buf_addf(out, "%zx\r\n", n);
    if (rc == CMG_OK)
        rc = cmg__buf_add(out, data, n);
    return rc == CMG_OK ? cmg__buf_add_str(out, "\r\n") : rc;
}

cmg_status cmg__http1_write_chunk(struct cmg__buf *out, const void *data, size_t n)
{
    /* Strict receivers, the parser here among them, refuse chunks above 16 MiB. */
    static const size_t largest = (size_t)4 * 1024 * 1024;
    size_t before = out->len;
    if (n == 0)
        return cmg__buf_add_str(out, "0\r\n\r\n");
    cmg_status rc = CMG_OK;
    for (const char *at = data; n > 0 && rc == CMG_OK;) {
        size_t part = n < largest ? n : largest;
        rc = add_one_chunk(out, at, part);
        at += part;
        n -= part;
    }
    return settle(out, before, rc);
}
