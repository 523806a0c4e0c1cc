/*
 * From a request value to a libcurl handle: everything that is copied, checked or set
 * before a call starts, and the callbacks that gather its answer.
 *
 * libcurl sends a request again by itself when a kept connection turns out to be closed.
 * That would be a blind repetition of work that may have been done, so the callback that
 * runs before each sending refuses the second one unless the method is idempotent. A
 * sign-in takes several sendings: after a 401 nothing was done, so that is no repetition.
 */
#include <cmg/version.h>

#include "base/secret.h"
#include "base/str.h"
#include "net/http_client_call.h"

#include <arpa/inet.h>
#include <string.h>

#define MAX_HEADER_BYTES   ((size_t)256 * 1024)
#define MAX_PEM_BYTES      ((size_t)1024 * 1024)
#define CONNECT_TIMEOUT_MS 10000
#define TOTAL_TIMEOUT_MS   100000

static const char *const idempotent[] = { "GET",    "HEAD",    "PUT",
                                          "DELETE", "OPTIONS", "PROPFIND" };
/* Their requests have no Content-Length when the body is empty; all others say 0. */
static const char *const bodiless[] = { "GET", "DELETE", "OPTIONS" };
/* Made by the engine from the body; libcurl's wait for "100 Continue" is never wanted. */
static const char *const framing_fields[] = { "Content-Length", "Transfer-Encoding",
                                              "Expect" };

static bool is_one_of(const char *s, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (cmg__str_ieq(s, list[i]))
            return true;
    }
    return false;
}

static bool is_token(const char *s)
{
    if (*s == '\0')
        return false;
    while (cmg__is_alnum(*s) || (*s != '\0' && strchr("!#$%&'*+-.^_`|~", *s) != NULL))
        s++;
    return *s == '\0';
}

/* Field values: no control byte but the tab, so that no value can end its line. */
static bool is_field_value(const char *s)
{
    while (*s == '\t' || (unsigned char)*s >= 0x80 || (*s >= ' ' && *s < 0x7f))
        s++;
    return *s == '\0';
}

static void set_long(struct cmg__http_call *call, CURLoption option, long value)
{
    if (call->setup == CURLE_OK)
        call->setup = curl_easy_setopt(call->easy, option, value);
}

static void set_ptr(struct cmg__http_call *call, CURLoption option, const void *value)
{
    if (call->setup == CURLE_OK)
        call->setup = curl_easy_setopt(call->easy, option, value);
}

static void set_blob(struct cmg__http_call *call, CURLoption option, const char *data,
                     size_t n, unsigned flags)
{
    char *bytes = NULL;
    memcpy(&bytes, &data,
           sizeof bytes); /* libcurl's struct has no const; it only reads */
    struct curl_blob blob = { .data = bytes, .len = n, .flags = flags };
    set_ptr(call, option, &blob);
}

static cmg_status refuse(struct cmg__http_call *call, const char *subject,
                         const char *remedy, const char *what, cmg_error **err)
{
    return cmg__fail(err, &call->ctx->alloc, CMG_E_INVAL, subject, remedy,
                     "HTTP request to %s: %s", cmg__str_or(call->where, "?"), what);
}

/* --- what libcurl calls while the transfer runs --- */

static int on_before_send(void *user, char *remote_ip, char *local_ip, int remote_port,
                          int local_port)
{
    struct cmg__http_call *call = user;
    (void)remote_ip;
    (void)local_ip;
    (void)remote_port;
    (void)local_port;
    if (call->may_send != NULL && !call->may_send(call->may_send_user))
        return CURL_PREREQFUNC_ABORT;
    call->sends++;
    return call->sends <= 1 + call->refusals || call->repeatable ? CURL_PREREQFUNC_OK
                                                                 : CURL_PREREQFUNC_ABORT;
}

static size_t stop(struct cmg__http_call *call, cmg_status why, const char *text)
{
    call->refused = why;
    call->refused_text = text;
    return 0;
}

static size_t on_body(char *data, size_t size, size_t n, void *user)
{
    struct cmg__http_call *call = user;
    (void)size; /* always 1 */
    cmg_status rc = cmg__buf_add(&call->resp.body, data, n);
    if (rc != CMG_OK)
        return stop(call, rc, "the answer is larger than the limit");
    return n;
}

static cmg_status add_field(struct cmg__http_call *call, const char *line, size_t n)
{
    const char *colon = memchr(line, ':', n);
    if (colon == NULL || colon == line || *line == ' ' || *line == '\t')
        return CMG_E_PROTO;
    const char *value = colon + 1;
    const char *end = line + n;
    while (value < end && (*value == ' ' || *value == '\t'))
        value++;
    while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    return cmg__headers_addn(&call->resp.headers, line, (size_t)(colon - line), value,
                             (size_t)(end - value));
}

static long status_of(const struct cmg__http_call *call)
{
    long status = 0;

    (void)curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

/* A head is complete. One that asks to sign in may be followed by another. */
static void end_head(struct cmg__http_call *call)
{
    const long status = status_of(call);

    call->header_done = status >= 200;
    if (status == 401 && call->signs_in)
        call->refusals++;
}

/* Lines of interim answers are dropped with their head; trailers are ignored. */
static size_t on_header(char *line, size_t size, size_t n, void *user)
{
    struct cmg__http_call *call = user;
    (void)size; /* always 1 */
    call->header_bytes += n;
    if (call->header_bytes > MAX_HEADER_BYTES)
        return stop(call, CMG_E_LIMIT, "the answer's header is larger than 256 KiB");
    size_t len = n;
    while (len > 0 && (line[len - 1] == '\r' || line[len - 1] == '\n'))
        len--;
    bool begins = len >= 5 && memcmp(line, "HTTP/", 5) == 0;
    if (call->header_done && !(begins && call->signs_in))
        return n;
    if (begins) {
        cmg__headers_clear(&call->resp.headers);
        call->header_done = false;
        return n;
    }
    if (len == 0) {
        end_head(call);
        return n;
    }
    cmg_status rc = add_field(call, line, len);
    if (rc != CMG_OK)
        return stop(call, rc, "the answer has a malformed header field");
    return n;
}

/* --- preparing --- */

static const struct {
    CURLoption option;
    long value;
} fixed_options[] = {
    { CURLOPT_NOSIGNAL, 1 },
    { CURLOPT_FOLLOWLOCATION, 0 },
    { CURLOPT_PATH_AS_IS, 1 },
    { CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2 },
    { CURLOPT_SSL_VERIFYPEER, 1 },
    { CURLOPT_SSL_VERIFYHOST, 2 },
    /* One request, one connection: which of them a fault concerns is then certain. */
    { CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1 },
    { CURLOPT_SUPPRESS_CONNECT_HEADERS, 1 },
    { CURLOPT_TCP_NODELAY, 1 },
    { CURLOPT_NOPROGRESS, 1 },
    { CURLOPT_MAXAGE_CONN, 60 },
};

static void set_fixed(struct cmg__http_call *call)
{
    for (size_t i = 0; i < CMG__ARRAY_LEN(fixed_options); i++)
        set_long(call, fixed_options[i].option, fixed_options[i].value);
    set_ptr(call, CURLOPT_PROTOCOLS_STR, "https,http");
    set_ptr(call, CURLOPT_USERAGENT, "libcmg/" CMG_VERSION);
    set_ptr(call, CURLOPT_PRIVATE, call);
    set_ptr(call, CURLOPT_ERRORBUFFER, call->detail);
    set_ptr(call, CURLOPT_HEADERDATA, call);
    set_ptr(call, CURLOPT_WRITEDATA, call);
    set_ptr(call, CURLOPT_PREREQDATA, call);
    if (call->setup == CURLE_OK)
        call->setup = curl_easy_setopt(call->easy, CURLOPT_HEADERFUNCTION, on_header);
    if (call->setup == CURLE_OK)
        call->setup = curl_easy_setopt(call->easy, CURLOPT_WRITEFUNCTION, on_body);
    if (call->setup == CURLE_OK)
        call->setup =
            curl_easy_setopt(call->easy, CURLOPT_PREREQFUNCTION, on_before_send);
}

static void set_limits(struct cmg__http_call *call, const struct cmg__http_options *o)
{
    set_long(
        call, CURLOPT_CONNECTTIMEOUT_MS,
        (long)(o->connect_timeout_ms > 0 ? o->connect_timeout_ms : CONNECT_TIMEOUT_MS));
    set_long(call, CURLOPT_TIMEOUT_MS,
             (long)(o->total_timeout_ms > 0 ? o->total_timeout_ms : TOTAL_TIMEOUT_MS));
    call->may_send = o->may_send;
    call->may_send_user = o->may_send_user;
    set_long(call, CURLOPT_FRESH_CONNECT, o->fresh_connection ? 1 : 0);
    set_long(call, CURLOPT_FORBID_REUSE, o->fresh_connection ? 1 : 0);
    if (o->max_body > 0)
        call->resp.body.max = o->max_body;
}

/* "" keeps libcurl from asking the environment for a proxy. */
static void set_proxy(struct cmg__http_call *call, const struct cmg__http_options *o)
{
    const char *proxy = o->no_proxy ? "" : cmg__str_or(call->ctx->proxy, "");
    call->proxied = *proxy != '\0';
    set_ptr(call, CURLOPT_PROXY, proxy);
    set_ptr(call, CURLOPT_NOPROXY, "");
    if (!call->proxied || call->ctx->proxy_user == NULL)
        return;
    set_long(call, CURLOPT_PROXYAUTH, (long)CURLAUTH_BASIC);
    set_ptr(call, CURLOPT_PROXYUSERNAME, call->ctx->proxy_user);
    set_ptr(call, CURLOPT_PROXYPASSWORD, cmg__str_or(call->ctx->proxy_password.data, ""));
}

static cmg_status set_trust(struct cmg__http_call *call,
                            const struct cmg__http_options *o, cmg_error **err)
{
    const struct cmg__buf *ca = &call->ctx->ca_pem;
    if (o->ca_pem != NULL)
        set_blob(call, CURLOPT_CAINFO_BLOB, o->ca_pem, strlen(o->ca_pem), CURL_BLOB_COPY);
    else if (ca->len > 0)
        set_blob(call, CURLOPT_CAINFO_BLOB, ca->data, ca->len, CURL_BLOB_COPY);
    if (o->ca_pem != NULL || ca->len > 0)
        set_ptr(call, CURLOPT_CAPATH, NULL); /* the system's list is no longer used */
    if (o->cert_pem == NULL && o->key_pem == NULL)
        return CMG_OK;
    if (o->cert_pem == NULL || o->key_pem == NULL)
        return refuse(call, "client certificate", "give both or neither",
                      "a client certificate needs its key", err);
    cmg_status rc = cmg__buf_add_str(&call->cert, o->cert_pem);
    if (rc == CMG_OK)
        rc = cmg__buf_add_str(&call->key, o->key_pem);
    if (rc == CMG_E_LIMIT)
        return refuse(call, "client certificate", "use PEM of at most 1 MiB",
                      "the client certificate is too large", err);
    if (rc != CMG_OK)
        return cmg__fail_nomem(err);
    set_ptr(call, CURLOPT_SSLCERTTYPE, "PEM");
    set_ptr(call, CURLOPT_SSLKEYTYPE, "PEM");
    set_blob(call, CURLOPT_SSLCERT_BLOB, call->cert.data, call->cert.len,
             CURL_BLOB_NOCOPY);
    set_blob(call, CURLOPT_SSLKEY_BLOB, call->key.data, call->key.len, CURL_BLOB_NOCOPY);
    return CMG_OK;
}

static const unsigned long auth_bits[] = {
    [CMG__HTTP_AUTH_BASIC] = CURLAUTH_BASIC,
    [CMG__HTTP_AUTH_NTLM] = CURLAUTH_NTLM,
    [CMG__HTTP_AUTH_NEGOTIATE] = CURLAUTH_NEGOTIATE,
};

static bool is_text(const char *s)
{
    while ((unsigned char)*s >= ' ' && *s != 0x7f)
        s++;
    return *s == '\0';
}

/* A password must not travel in the clear, nor what can be guessed from it. */
static cmg_status set_credentials(struct cmg__http_call *call,
                                  const struct cmg__http_request *req,
                                  const struct cmg__http_options *o, cmg_error **err)
{
    const char *user = cmg__str_or(o->user, "");

    if (o->auth == CMG__HTTP_AUTH_NONE)
        return CMG_OK;
    if (!cmg__str_istarts(req->url, "https:"))
        return refuse(call, "url", "use an https URL",
                      "credentials are sent over TLS only", err);
    if (!is_text(user) || (o->auth == CMG__HTTP_AUTH_BASIC && strchr(user, ':') != NULL))
        return refuse(call, "user", "remove control characters, and colons for Basic",
                      "the user's name is not allowed", err);
    call->signs_in = true;
    set_long(call, CURLOPT_HTTPAUTH, (long)auth_bits[o->auth]);
    set_ptr(call, CURLOPT_USERNAME, user);
    set_ptr(call, CURLOPT_PASSWORD, cmg__str_or(o->password, ""));
    return CMG_OK;
}

static cmg_status add_line(struct curl_slist **list, char *line,
                           const struct cmg__alloc *alloc)
{
    if (line == NULL)
        return CMG_E_NOMEM;
    struct curl_slist *longer = curl_slist_append(*list, line);
    cmg__wipe_free_str(alloc, line);
    if (longer == NULL)
        return CMG_E_NOMEM;
    *list = longer;
    return CMG_OK;
}

static cmg_status add_header(struct cmg__http_call *call, const struct cmg__header *h,
                             cmg_error **err)
{
    const struct cmg__alloc *alloc = &call->ctx->alloc;
    if (is_one_of(h->name, framing_fields, CMG__ARRAY_LEN(framing_fields)))
        return CMG_OK;
    if (!is_token(h->name) || !is_field_value(h->value))
        return refuse(call, is_token(h->name) ? h->name : "header",
                      "remove control characters from it",
                      "a header field is not allowed", err);
    /* A field with an empty value is written with a semicolon in libcurl's list. */
    char *line = *h->value == '\0' ? cmg__format(alloc, "%s;", h->name)
                                   : cmg__format(alloc, "%s: %s", h->name, h->value);
    if (add_line(&call->lines, line, alloc) != CMG_OK)
        return cmg__fail_nomem(err);
    return CMG_OK;
}

static cmg_status set_headers(struct cmg__http_call *call,
                              const struct cmg__http_request *req, cmg_error **err)
{
    const struct cmg__alloc *alloc = &call->ctx->alloc;
    for (size_t i = 0; i < req->headers.count; i++) {
        cmg_status rc = add_header(call, &req->headers.items[i], err);
        if (rc != CMG_OK)
            return rc;
    }
    cmg_status rc = add_line(&call->lines, cmg__strdup(alloc, "Expect:"), alloc);
    /* Else libcurl calls every body a form. */
    if (rc == CMG_OK && cmg__headers_get(&req->headers, "Content-Type") == NULL)
        rc = add_line(&call->lines, cmg__strdup(alloc, "Content-Type:"), alloc);
    if (rc != CMG_OK)
        return cmg__fail_nomem(err);
    set_ptr(call, CURLOPT_HTTPHEADER, call->lines);
    return CMG_OK;
}

static cmg_status set_method(struct cmg__http_call *call,
                             const struct cmg__http_request *req, cmg_error **err)
{
    if (!is_token(req->method))
        return refuse(call, "method", "use letters, digits and '_' or '-'",
                      "the method is not a token", err);
    call->repeatable = is_one_of(req->method, idempotent, CMG__ARRAY_LEN(idempotent));
    if (strcmp(req->method, "HEAD") == 0) {
        set_long(call, CURLOPT_NOBODY, 1);
        return CMG_OK;
    }
    bool empty = req->body.len == 0;
    if (empty && is_one_of(req->method, bodiless, CMG__ARRAY_LEN(bodiless))) {
        set_long(call, CURLOPT_HTTPGET, 1);
        set_ptr(call, CURLOPT_CUSTOMREQUEST, req->method);
        return CMG_OK;
    }
    if (!empty && cmg__buf_add(&call->body, req->body.data, req->body.len) != CMG_OK)
        return cmg__fail_nomem(err);
    set_long(call, CURLOPT_POST, 1);
    set_ptr(call, CURLOPT_POSTFIELDS, cmg__buf_cstr(&call->body));
    if (call->setup == CURLE_OK)
        call->setup = curl_easy_setopt(call->easy, CURLOPT_POSTFIELDSIZE_LARGE,
                                       (curl_off_t)call->body.len);
    set_ptr(call, CURLOPT_CUSTOMREQUEST, req->method);
    return CMG_OK;
}

/* The name stays in the URL, so TLS and Host see it; only the connection goes elsewhere.
 */
static cmg_status set_target(struct cmg__http_call *call,
                             const struct cmg__http_request *req, cmg_error **err)
{
    const struct cmg__alloc *alloc = &call->ctx->alloc;
    struct cmg__url url;
    if (req->url == NULL || !cmg__url_parse(req->url, &url))
        return refuse(call, "url", "use an absolute https URL",
                      "the address is not an http or https URL", err);
    char *host = cmg__strndup(alloc, url.host, url.host_len);
    if (host == NULL)
        return cmg__fail_nomem(err);
    cmg__lower_in_place(host);
    call->where = cmg__format(alloc, "%s:%u", host, (unsigned)url.port);
    char address[INET6_ADDRSTRLEN];
    uint16_t port = url.port;
    cmg_status rc = call->where == NULL ? CMG_E_NOMEM : CMG_OK;
    if (rc == CMG_OK && cmg__context_resolve(call->ctx, host, url.port, address, &port)) {
        bool v6 = strchr(address, ':') != NULL;
        char *line =
            cmg__format(alloc, v6 ? "::[%s]:%u" : "::%s:%u", address, (unsigned)port);
        rc = add_line(&call->connect_to, line, alloc);
    }
    cmg__free(alloc, host);
    if (rc != CMG_OK)
        return cmg__fail_nomem(err);
    set_ptr(call, CURLOPT_URL, req->url);
    if (call->connect_to != NULL)
        set_ptr(call, CURLOPT_CONNECT_TO, call->connect_to);
    return CMG_OK;
}

cmg_status cmg__http_call_prepare(struct cmg__http_call *call,
                                  const struct cmg__http_request *req,
                                  const struct cmg__http_options *options,
                                  cmg_error **err)
{
    static const struct cmg__http_options defaults = { 0 };
    const struct cmg__alloc *alloc = &call->ctx->alloc;
    const struct cmg__http_options *o = options == NULL ? &defaults : options;

    cmg__buf_init_secret(&call->body, alloc, SIZE_MAX / 4);
    cmg__buf_init(&call->cert, alloc, MAX_PEM_BYTES);
    cmg__buf_init_secret(&call->key, alloc, MAX_PEM_BYTES);
    cmg__http_response_init(&call->resp, alloc);
    cmg_status rc = set_target(call, req, err);
    if (rc == CMG_OK)
        rc = set_headers(call, req, err);
    if (rc == CMG_OK)
        rc = set_method(call, req, err);
    if (rc == CMG_OK)
        rc = set_trust(call, o, err);
    if (rc == CMG_OK)
        rc = set_credentials(call, req, o, err);
    if (rc != CMG_OK)
        return rc;
    set_fixed(call);
    set_limits(call, o);
    set_proxy(call, o);
    if (call->setup != CURLE_OK)
        return cmg__http_call_explain(call, call->setup, err);
    return CMG_OK;
}

void cmg__http_call_free(struct cmg__http_call *call)
{
    const struct cmg__alloc *alloc = &call->ctx->alloc;
    curl_easy_cleanup(call->easy);
    for (struct curl_slist *line = call->lines; line != NULL; line = line->next)
        cmg__wipe(line->data, strlen(line->data));
    curl_slist_free_all(call->lines);
    curl_slist_free_all(call->connect_to);
    cmg__buf_done(&call->body);
    cmg__buf_done(&call->cert);
    cmg__buf_done(&call->key);
    cmg__http_response_done(&call->resp);
    cmg__free(alloc, call->where);
    cmg__free(alloc, call);
}
