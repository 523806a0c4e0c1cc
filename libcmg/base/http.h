/*
 * HTTP messages as values: what azure/ builds and reads, what net/ sends and receives.
 * No I/O. Header names are compared without case; a value marked secret is wiped when the
 * message is cleared and never logged.
 */
#ifndef CMG_BASE_HTTP_H
#define CMG_BASE_HTTP_H

#include "base/buf.h"

struct cmg__header {
    char *name;
    char *value;
    bool secret;
};

struct cmg__headers {
    const struct cmg__alloc *alloc;
    struct cmg__header *items;
    size_t count;
    size_t cap;
};

void cmg__headers_init(struct cmg__headers *headers, const struct cmg__alloc *alloc);
void cmg__headers_done(struct cmg__headers *headers);
void cmg__headers_clear(struct cmg__headers *headers);
CMG__NODISCARD cmg_status cmg__headers_add(struct cmg__headers *headers, const char *name,
                                           const char *value);
CMG__NODISCARD cmg_status cmg__headers_addn(struct cmg__headers *headers,
                                            const char *name, size_t name_len,
                                            const char *value, size_t value_len);
CMG__NODISCARD cmg_status cmg__headers_add_secret(struct cmg__headers *headers,
                                                  const char *name, const char *value);
/* The first value of that name, or NULL. */
const char *cmg__headers_get(const struct cmg__headers *headers, const char *name);
size_t cmg__headers_count(const struct cmg__headers *headers, const char *name);
void cmg__headers_remove(struct cmg__headers *headers, const char *name);

#define CMG__HTTP_BODY_MAX ((size_t)32 * 1024 * 1024)

struct cmg__http_request {
    const struct cmg__alloc *alloc;
    char method[33];
    char *url; /* absolute */
    struct cmg__headers headers;
    struct cmg__buf body; /* wiped when body_is_secret */
    bool body_is_secret;
};

struct cmg__http_response {
    int status;
    struct cmg__headers headers;
    struct cmg__buf body; /* secret buffer: token answers pass through it */
};

void cmg__http_request_init(struct cmg__http_request *req,
                            const struct cmg__alloc *alloc);
void cmg__http_request_clear(struct cmg__http_request *req);
void cmg__http_request_done(struct cmg__http_request *req);
CMG__NODISCARD cmg_status cmg__http_request_set(struct cmg__http_request *req,
                                                const char *method, const char *url);
void cmg__http_response_init(struct cmg__http_response *resp,
                             const struct cmg__alloc *alloc);
void cmg__http_response_clear(struct cmg__http_response *resp);
void cmg__http_response_done(struct cmg__http_response *resp);
/* Retry-After in ms (seconds, fractional, or an HTTP date against now); -1 when absent.
 */
int64_t cmg__http_retry_after_ms(const struct cmg__http_response *resp,
                                 int64_t now_unix_s);

/* A URL cut into its parts (views into the text); only http and https. */
struct cmg__url {
    bool https;
    const char *host;
    size_t host_len;
    uint16_t port;      /* scheme's default when absent */
    const char *target; /* path and query, begins with '/' or is "" */
    size_t target_len;
};
bool cmg__url_parse(const char *url, struct cmg__url *out);
bool cmg__url_same_host(const char *a, const char *b);
/* Appends s percent-encoded: all but unreserved characters. */
CMG__NODISCARD cmg_status cmg__url_encode(struct cmg__buf *out, const char *s, size_t n);
/* Decodes %XX ('+' as blank when form is set); false on a bad escape or %00. */
bool cmg__url_decode(struct cmg__buf *out, const char *s, size_t n, bool form);
/* The decoded value of a name in "a=1&b=2" (query or form); 1 found, 0 absent, -1 error.
 */
int cmg__form_get(const char *form, size_t n, const char *name, struct cmg__buf *out);
/* Appends name=value, with '&' before it unless out is empty. */
CMG__NODISCARD cmg_status cmg__form_add(struct cmg__buf *out, const char *name,
                                        const char *value);

#endif
