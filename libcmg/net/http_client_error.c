/*
 * What a call that gave no answer means to the caller: which part failed, at which host,
 * whether the request may have been carried out, and what to do. libcurl's own line
 * becomes the cause; it names hosts and certificate problems, never a header or a body.
 */
#include "base/str.h"
#include "net/http_client_call.h"

#include <string.h>

#define NOT_SENT "the request was not sent"

struct meaning {
    CURLcode code;
    cmg_status status;
    cmg_retry retry;
    cmg_origin origin;
    const char *what;
    const char *remedy;
};

static const struct meaning meanings[] = {
    { CURLE_COULDNT_RESOLVE_HOST, CMG_E_IO, CMG_RETRY_TRANSIENT, CMG_ORIGIN_OS,
      "the name cannot be looked up",
      "check the name and the DNS of this machine, or set an address for it" },
    { CURLE_COULDNT_RESOLVE_PROXY, CMG_E_IO, CMG_RETRY_TRANSIENT, CMG_ORIGIN_OS,
      "the name of the proxy cannot be looked up", "check the proxy setting" },
    { CURLE_COULDNT_CONNECT, CMG_E_IO, CMG_RETRY_TRANSIENT, CMG_ORIGIN_OS,
      "no connection is possible",
      "check that the service runs and that no firewall is in the way" },
    { CURLE_PROXY, CMG_E_IO, CMG_RETRY_TRANSIENT, CMG_ORIGIN_OS,
      "the proxy refused the connection", "check the proxy and its rules" },
    { CURLE_PEER_FAILED_VERIFICATION, CMG_E_CERT, CMG_RETRY_NEVER, CMG_ORIGIN_TLS,
      "the server's certificate is not trusted",
      "add the authority that issued it to the context's list, or correct the name" },
    { CURLE_SSL_CERTPROBLEM, CMG_E_CERT, CMG_RETRY_NEVER, CMG_ORIGIN_TLS,
      "the client certificate cannot be used",
      "check that the certificate and its key are PEM and belong together" },
    { CURLE_SSL_CACERT_BADFILE, CMG_E_CERT, CMG_RETRY_NEVER, CMG_ORIGIN_TLS,
      "the list of trusted authorities cannot be used", "check that it is PEM" },
    { CURLE_SSL_CONNECT_ERROR, CMG_E_TLS, CMG_RETRY_TRANSIENT, CMG_ORIGIN_TLS,
      "the TLS handshake failed",
      "check that TLS 1.2 or later is spoken there and which certificates it wants" },
    { CURLE_SSL_CIPHER, CMG_E_TLS, CMG_RETRY_NEVER, CMG_ORIGIN_TLS,
      "no common TLS cipher", "permit ECDHE with AES-GCM at the server" },
    { CURLE_OPERATION_TIMEDOUT, CMG_E_TIMEOUT, CMG_RETRY_TRANSIENT, CMG_ORIGIN_LIBRARY,
      "no answer in time", "try again later, or raise the time limit" },
    { CURLE_SEND_ERROR, CMG_E_IO, CMG_RETRY_TRANSIENT, CMG_ORIGIN_OS,
      "the connection broke while the request was sent",
      "find out whether it was carried out before repeating it" },
    { CURLE_RECV_ERROR, CMG_E_IO, CMG_RETRY_TRANSIENT, CMG_ORIGIN_OS,
      "the connection broke before the answer was complete",
      "find out whether the request was carried out before repeating it" },
    { CURLE_GOT_NOTHING, CMG_E_IO, CMG_RETRY_TRANSIENT, CMG_ORIGIN_OS,
      "the connection was closed without an answer",
      "find out whether the request was carried out before repeating it" },
    { CURLE_ABORTED_BY_CALLBACK, CMG_E_IO, CMG_RETRY_TRANSIENT, CMG_ORIGIN_OS,
      "the connection was closed without an answer",
      "find out whether the request was carried out before repeating it" },
    { CURLE_PARTIAL_FILE, CMG_E_IO, CMG_RETRY_TRANSIENT, CMG_ORIGIN_OS,
      "the answer ended early",
      "find out whether the request was carried out before repeating it" },
    { CURLE_WEIRD_SERVER_REPLY, CMG_E_PROTO, CMG_RETRY_TRANSIENT, CMG_ORIGIN_HTTP,
      "the answer is not HTTP", "check that the address is right" },
    { CURLE_UNSUPPORTED_PROTOCOL, CMG_E_PROTO, CMG_RETRY_TRANSIENT, CMG_ORIGIN_HTTP,
      "the answer is not HTTP/1.1", "check that the address is right" },
    { CURLE_NOT_BUILT_IN, CMG_E_UNSUPPORTED, CMG_RETRY_NEVER, CMG_ORIGIN_LIBRARY,
      "this libcurl cannot sign in that way",
      "install a libcurl with NTLM and Negotiate, or choose another way" },
    { CURLE_URL_MALFORMAT, CMG_E_INVAL, CMG_RETRY_NEVER, CMG_ORIGIN_LIBRARY,
      "the address is not a valid URL", "correct the URL" },
    { CURLE_OUT_OF_MEMORY, CMG_E_NOMEM, CMG_RETRY_TRANSIENT, CMG_ORIGIN_LIBRARY,
      "memory ran out", "free memory and try again" },
};

static const struct meaning otherwise = {
    CURLE_OK,
    CMG_E_IO,
    CMG_RETRY_TRANSIENT,
    CMG_ORIGIN_OS,
    "the call failed",
    "see the cause; find out whether the request "
    "was carried out before repeating it",
};

static const struct meaning *find(CURLcode code)
{
    for (size_t i = 0; i < CMG__ARRAY_LEN(meanings); i++) {
        if (meanings[i].code == code)
            return &meanings[i];
    }
    return &otherwise;
}

/* Our own callbacks ended the transfer. A larger answer will be as large the next time; a
   malformed one says nothing about what was done. */
static cmg_status explain_refused(const struct cmg__http_call *call, cmg_error **err)
{
    if (call->refused == CMG_E_NOMEM)
        return cmg__fail_nomem(err);
    struct cmg__error_info info = {
        .code = call->refused,
        .retry = call->refused == CMG_E_LIMIT ? CMG_RETRY_NEVER : CMG_RETRY_TRANSIENT,
        .origin = CMG_ORIGIN_HTTP,
        .subject = call->where,
        .remedy = "check that the address is right; the request was sent",
    };
    return cmg__error_set(err, &call->ctx->alloc, &info, "%s: %s", call->where,
                          call->refused_text);
}

static int64_t origin_number(const struct cmg__http_call *call, CURLcode result,
                             cmg_origin origin)
{
    long os_errno = 0;
    if (origin == CMG_ORIGIN_OS)
        (void)curl_easy_getinfo(call->easy, CURLINFO_OS_ERRNO, &os_errno);
    return origin == CMG_ORIGIN_OS    ? os_errno
           : origin == CMG_ORIGIN_TLS ? (int64_t)result
                                      : 0;
}

/* One line of printable text, whatever the peer put into it. */
static void clean(char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            *text = ' ';
    }
}

cmg_status cmg__http_call_explain(const struct cmg__http_call *call, CURLcode result,
                                  cmg_error **err)
{
    if (call->refused != CMG_OK)
        return explain_refused(call, err);
    const struct meaning *m = find(result);
    const char *known =
        call->detail[0] != '\0' ? call->detail : curl_easy_strerror(result);
    char cause[CURL_ERROR_SIZE + 64];
    int n = snprintf(cause, sizeof cause, "%s%s", known,
                     call->sends == 0 ? "; " NOT_SENT : "");
    (void)n;
    clean(cause);
    struct cmg__error_info info = {
        .code = m->status,
        .retry = m->retry,
        .origin = m->origin,
        .origin_number = origin_number(call, result, m->origin),
        .subject = call->where,
        .cause = cause,
        .remedy = m->remedy,
    };
    return cmg__error_set(err, &call->ctx->alloc, &info, "%s%s: %s",
                          cmg__str_or(call->where, "HTTP"),
                          call->proxied ? " (through the proxy)" : "", m->what);
}

bool cmg__http_was_not_sent(const cmg_error *err)
{
    return cmg__str_iends(cmg_error_cause(err), NOT_SENT);
}
