/*
 * Start lines, fields and the meaning of a whole head: which body follows, whether the
 * connection persists. The rules that keep two readers of the same bytes from disagreeing
 * (request smuggling) are all here, each as one refusal.
 */
#include "net/http1_head.h"
#include "base/str.h"
#include "net/http1_syntax.h"

#include <string.h>

void cmg__http1_head_reset(struct cmg__http1_head *head)
{
    struct cmg__headers headers = head->headers;
    struct cmg__buf target = head->target;
    cmg__headers_clear(&headers);
    cmg__buf_clear(&target);
    *head = (struct cmg__http1_head){ .headers = headers, .target = target };
}

/* "HTTP/1.1" or "HTTP/1.0"; another version of the same form is 505, the rest 400. */
static bool version(struct cmg__http1_parser *p, const char *s, size_t n)
{
    if (n != 8 || memcmp(s, "HTTP/", 5) != 0 || !cmg__is_digit(s[5]) || s[6] != '.' ||
        !cmg__is_digit(s[7]))
        return cmg__http1_fail(p, 400, "malformed HTTP version");
    if (s[5] != '1' || s[7] > '1')
        return cmg__http1_fail(p, 505, "HTTP version not supported");
    p->head.minor = s[7] - '0';
    return true;
}

static bool is_request_target(const char *method, const char *target, size_t n)
{
    if (!cmg__http1_is_target(target, n))
        return false;
    return target[0] == '/' || cmg__str_istarts(target, "https://") ||
           cmg__str_istarts(target, "http://") ||
           (strcmp(target, "*") == 0 && strcmp(method, "OPTIONS") == 0);
}

static bool target(struct cmg__http1_parser *p, const char *s, size_t n)
{
    if (n > p->limits.max_target)
        return cmg__http1_fail(p, 414, "request target too long");
    if (cmg__buf_add(&p->head.target, s, n) != CMG_OK)
        return cmg__http1_fail(p, 503, "out of memory");
    if (!is_request_target(p->head.method, cmg__buf_cstr(&p->head.target), n))
        return cmg__http1_fail(p, 400, "malformed request target");
    return true;
}

bool cmg__http1_request_line(struct cmg__http1_parser *p)
{
    const char *line = cmg__buf_cstr(&p->line);
    const char *first = strchr(line, ' ');
    const char *second = first != NULL ? strchr(first + 1, ' ') : NULL;
    if (second == NULL || strlen(line) != p->line.len)
        return cmg__http1_fail(p, 400, "malformed request line");
    size_t method_len = (size_t)(first - line);
    if (method_len >= sizeof p->head.method || !cmg__http1_is_token(line, method_len))
        return cmg__http1_fail(p, 400, "malformed method");
    memcpy(p->head.method, line, method_len);
    p->head.method[method_len] = '\0';
    return target(p, first + 1, (size_t)(second - first) - 1) &&
           version(p, second + 1, p->line.len - (size_t)(second + 1 - line));
}

bool cmg__http1_status_line(struct cmg__http1_parser *p)
{
    const char *line = cmg__buf_cstr(&p->line);
    uint64_t status;
    if (p->line.len < 13 || line[8] != ' ' || line[12] != ' ' ||
        !cmg__parse_u64(line + 9, 3, &status) || status < 100 || status > 599 ||
        !cmg__http1_is_value(line + 13, p->line.len - 13, true))
        return cmg__http1_fail(p, 400, "malformed status line");
    p->head.status = (int)status;
    return version(p, line, 8);
}

static bool store(struct cmg__http1_parser *p, struct cmg__headers *headers,
                  const char *name, size_t name_len, const char *value, size_t value_len)
{
    static const char *const secrets[] = { "Authorization", "Proxy-Authorization",
                                           "Cookie", "Set-Cookie" };
    if (cmg__headers_addn(headers, name, name_len, value, value_len) != CMG_OK)
        return cmg__http1_fail(p, 503, "out of memory");
    struct cmg__header *h = &headers->items[headers->count - 1];
    h->secret = cmg__http1_is_one_of(h->name, secrets, CMG__ARRAY_LEN(secrets));
    return true;
}

bool cmg__http1_field(struct cmg__http1_parser *p, struct cmg__headers *headers)
{
    const char *line = cmg__buf_cstr(&p->line);
    const char *end = line + p->line.len;
    const char *colon = memchr(line, ':', p->line.len);
    if (colon == NULL || !cmg__http1_is_token(line, (size_t)(colon - line)) ||
        memchr(line, '_', (size_t)(colon - line)) != NULL)
        return cmg__http1_fail(p, 400, "malformed header field name");
    const char *value = colon + 1;
    while (value < end && (*value == ' ' || *value == '\t'))
        value++;
    while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    if (!cmg__http1_is_value(value, (size_t)(end - value), false))
        return cmg__http1_fail(p, 400, "forbidden byte in a header field");
    if (headers == NULL)
        return true;
    return store(p, headers, line, (size_t)(colon - line), value, (size_t)(end - value));
}

static bool transfer_encoding(struct cmg__http1_parser *p)
{
    struct cmg__http1_head *head = &p->head;
    const char *value = cmg__headers_get(&head->headers, "Transfer-Encoding");
    if (value == NULL)
        return true;
    if (cmg__headers_count(&head->headers, "Transfer-Encoding") > 1)
        return cmg__http1_fail(p, 400, "repeated Transfer-Encoding");
    if (cmg__headers_get(&head->headers, "Content-Length") != NULL)
        return cmg__http1_fail(p, 400, "Transfer-Encoding with Content-Length");
    if (head->minor == 0)
        return cmg__http1_fail(p, 400, "Transfer-Encoding in HTTP/1.0");
    if (!cmg__str_ieq(value, "chunked"))
        return cmg__http1_is_token(value, strlen(value))
                   ? cmg__http1_fail(p, 501, "unknown transfer coding")
                   : cmg__http1_fail(p, 400, "malformed Transfer-Encoding");
    head->framing = CMG__HTTP1_CHUNKED;
    return true;
}

static bool content_length(struct cmg__http1_parser *p)
{
    struct cmg__http1_head *head = &p->head;
    const char *value = cmg__headers_get(&head->headers, "Content-Length");
    if (value == NULL)
        return true;
    if (cmg__headers_count(&head->headers, "Content-Length") > 1 ||
        !cmg__parse_u64(value, strlen(value), &head->content_length) ||
        head->content_length > INT64_MAX)
        return cmg__http1_fail(p, 400, "malformed or repeated Content-Length");
    head->framing = CMG__HTTP1_LENGTH;
    return true;
}

static bool host(struct cmg__http1_parser *p)
{
    const char *value = cmg__headers_get(&p->head.headers, "Host");
    size_t count = cmg__headers_count(&p->head.headers, "Host");
    if (count > 1 || (count == 0 && p->head.minor == 1))
        return cmg__http1_fail(p, 400, "Host must be there once");
    if (value != NULL && !cmg__http1_is_host(value, strlen(value)))
        return cmg__http1_fail(p, 400, "malformed Host");
    return true;
}

static bool expectation(struct cmg__http1_parser *p)
{
    const char *value = cmg__headers_get(&p->head.headers, "Expect");
    if (value == NULL || p->head.minor == 0)
        return true;
    if (cmg__headers_count(&p->head.headers, "Expect") > 1 ||
        !cmg__str_ieq(value, "100-continue"))
        return cmg__http1_fail(p, 417, "unknown expectation");
    p->head.expect_continue =
        p->head.framing == CMG__HTTP1_CHUNKED || p->head.content_length > 0;
    return true;
}

static bool judge_request(struct cmg__http1_parser *p)
{
    static const char *const old_methods[] = { "GET", "HEAD", "POST" };
    if (p->head.minor == 0 &&
        !cmg__http1_is_one_of(p->head.method, old_methods, CMG__ARRAY_LEN(old_methods)))
        return cmg__http1_fail(p, 505, "method needs HTTP/1.1");
    return host(p) && expectation(p);
}

static bool judge_response(struct cmg__http1_parser *p)
{
    struct cmg__http1_head *head = &p->head;
    bool bodiless = head->status < 200 || head->status == 204;
    if (bodiless && head->framing == CMG__HTTP1_CHUNKED)
        return cmg__http1_fail(p, 400, "Transfer-Encoding without a body");
    if (bodiless || head->status == 304 || p->head_request)
        head->framing = CMG__HTTP1_NO_BODY;
    else if (head->framing == CMG__HTTP1_NO_BODY)
        head->framing = CMG__HTTP1_UNTIL_CLOSE;
    return true;
}

bool cmg__http1_judge(struct cmg__http1_parser *p)
{
    struct cmg__http1_head *head = &p->head;
    if (!transfer_encoding(p) || !content_length(p))
        return false;
    if (!(p->response ? judge_response(p) : judge_request(p)))
        return false;
    head->keep_alive = head->minor == 1 && head->framing != CMG__HTTP1_UNTIL_CLOSE &&
                       !cmg__http1_fields_have(&head->headers, "Connection", "close");
    return true;
}
