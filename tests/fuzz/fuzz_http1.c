/*
 * The HTTP/1.1 request parser on any bytes. Besides not crashing: the bytes cut at a
 * place they choose themselves must give the same events, and an accepted head, written
 * anew, must be accepted again with the same meaning.
 */
#include "net/http1.h"

#include <stdlib.h>
#include <string.h>

#ifndef FUZZ_RESPONSE
#define FUZZ_RESPONSE false
#endif

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was seen, reduced so that two runs can be compared. */
struct seen {
    size_t heads, ends, body_bytes;
    uint64_t body_hash;
    int status;
};

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void parse_written(const struct cmg__buf *out, const struct cmg__http1_head *head)
{
    struct cmg__http1_parser p;
    size_t taken, n;
    const char *data;
    cmg__http1_parser_init(&p, &cmg__alloc_libc, NULL, head->is_response);
    require(cmg__http1_feed(&p, out->data, out->len, &taken, &data, &n) ==
            CMG__HTTP1_HEAD);
    require(taken == out->len && p.head.status == head->status);
    require(strcmp(p.head.method, head->method) == 0);
    require(strcmp(cmg__buf_cstr(&p.head.target), cmg__buf_cstr(&head->target)) == 0);
    require(head->is_response || p.head.framing == head->framing ||
            p.head.content_length == 0);
    cmg__http1_parser_done(&p);
}

static void write_anew(const struct cmg__http1_head *head)
{
    struct cmg__buf out;
    cmg__buf_init(&out, &cmg__alloc_libc, (size_t)256 * 1024);
    const char *host = cmg__headers_get(&head->headers, "Host");
    /* HTTP/1.0 has no expectations; what is ignored there would be refused in 1.1. */
    if (cmg__headers_get(&head->headers, "Expect") != NULL && !head->expect_continue)
        return;
    cmg_status rc =
        head->is_response
            ? cmg__http1_write_response(&out, head->status, "r", &head->headers,
                                        head->framing, head->content_length, false)
            : cmg__http1_write_request(&out, head->method, cmg__buf_cstr(&head->target),
                                       host != NULL ? host : "none", &head->headers,
                                       head->framing, head->content_length, false);
    require(rc == CMG_OK);
    parse_written(&out, head);
    cmg__buf_done(&out);
}

/* The parser of a small section keeps what is written anew within the default limits. */
static const struct cmg__http1_limits limits = {
    .max_section = 8192, .max_field = 4096, .max_fields = 60, .max_target = 2048
};

static bool feed(struct cmg__http1_parser *p, struct seen *seen, const char *s, size_t n)
{
    for (;;) {
        size_t taken, data_len;
        const char *data;
        enum cmg__http1_result result =
            cmg__http1_feed(p, s, n, &taken, &data, &data_len);
        require(taken <= n);
        s += taken;
        n -= taken;
        seen->heads += result == CMG__HTTP1_HEAD;
        seen->ends += result == CMG__HTTP1_END;
        if (result == CMG__HTTP1_HEAD)
            write_anew(&p->head);
        for (size_t i = 0; result == CMG__HTTP1_DATA && i < data_len; i++)
            seen->body_hash = seen->body_hash * 31 + (unsigned char)data[i];
        seen->body_bytes += data_len;
        if (result == CMG__HTTP1_ERROR)
            seen->status = p->error_status;
        if (result == CMG__HTTP1_ERROR || result == CMG__HTTP1_MORE)
            return result == CMG__HTTP1_MORE;
    }
}

static struct seen run(const char *s, size_t n, size_t cut)
{
    struct seen seen = { 0 };
    struct cmg__http1_parser p;
    cmg__http1_parser_init(&p, &cmg__alloc_libc, &limits, FUZZ_RESPONSE);
    if (feed(&p, &seen, s, cut))
        feed(&p, &seen, s + cut, n - cut);
    cmg__http1_parser_done(&p);
    return seen;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *s = (const char *)data;
    struct seen whole = run(s, size, size);
    size_t cut = size > 0 ? (size_t)data[size / 2] * size / 256 : 0;
    struct seen pieces = run(s, size, cut);
    require(whole.heads == pieces.heads && whole.ends == pieces.ends &&
            whole.body_bytes == pieces.body_bytes &&
            whole.body_hash == pieces.body_hash && whole.status == pieces.status);
    return 0;
}
