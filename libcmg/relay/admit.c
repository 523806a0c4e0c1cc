/*
 * Who may do what, in this order: host, form of the request, kind of path, method, proof
 * of identity. What is published and how long a body may be is looked up only afterwards,
 * so that strangers learn nothing about the inside.
 */
#include "relay/service.h"
#include "base/str.h"
#include <string.h>

static bool is_service_name(const struct cmg_service *service, const char *s, size_t n)
{
    if (n > 0 && s[n - 1] == '.')
        n--;
    for (size_t i = 0; i < service->settings.service_names.count; i++) {
        const char *name = service->settings.service_names.items[i];
        if (strlen(name) == n && cmg__str_ieqn(name, s, n))
            return true;
    }
    return false;
}

/* host or host:port, and SNI when there was one: both must be ours. */
static enum cmg__refusal admit_host(const struct cmg__exchange *x)
{
    const char *host = cmg__headers_get(&x->head->headers, "host");
    const char *sni = cmg__tls_sni(cmg__http1_conn_stream(x->front->http1));
    uint64_t port = 0;

    if (host == NULL || cmg__headers_count(&x->head->headers, "host") != 1)
        return CMG__REFUSE_BAD;
    size_t n = strcspn(host, ":");
    if (host[n] == ':' && (!cmg__parse_u64(host + n + 1, strlen(host + n + 1), &port) ||
                           port == 0 || port > 65535))
        return CMG__REFUSE_BAD;
    if (!is_service_name(x->service, host, n))
        return CMG__REFUSE_MISDIRECTED;
    if (sni != NULL && !is_service_name(x->service, sni, strlen(sni)))
        return CMG__REFUSE_MISDIRECTED;
    return CMG__ADMITTED;
}

static enum cmg__refusal admit_target(struct cmg__exchange *x)
{
    const char *host = cmg__headers_get(&x->head->headers, "host");
    const char *why = NULL;

    switch (cmg__target_parse(&x->target, cmg__buf_cstr(&x->head->target),
                              x->head->target.len, host, &why)) {
    case CMG_OK:
        break;
    case CMG_E_LIMIT:
        return CMG__REFUSE_TARGET;
    case CMG_E_NOMEM:
        return CMG__REFUSE_INTERNAL;
    default:
        return CMG__REFUSE_BAD;
    }
    if (!cmg__route_parse(cmg__buf_cstr(&x->target.path), &x->route))
        return CMG__REFUSE_NOT_FOUND;
    return CMG__ADMITTED;
}

/* 405 for what exists elsewhere in HTTP, 501 for what nobody knows. */
static enum cmg__refusal admit_method(const struct cmg__exchange *x)
{
    static const struct {
        const char *name;
        enum cmg__refusal answer;
    } methods[] = {
        { "GET", CMG__ADMITTED },
        { "HEAD", CMG__ADMITTED },
        { "POST", CMG__ADMITTED },
        { "CCM_POST", CMG__ADMITTED },
        { "BITS_POST", CMG__ADMITTED },
        { "PROPFIND", CMG__ADMITTED },
        { "OPTIONS", CMG__ADMITTED },
        { "PUT", CMG__REFUSE_METHOD },
        { "DELETE", CMG__REFUSE_METHOD },
        { "PATCH", CMG__REFUSE_METHOD },
        { "TRACE", CMG__REFUSE_METHOD },
        { "TRACK", CMG__REFUSE_METHOD },
        { "CONNECT", CMG__REFUSE_METHOD },
        { "MKCOL", CMG__REFUSE_METHOD },
        { "PROPPATCH", CMG__REFUSE_METHOD },
    };

    for (size_t i = 0; i < CMG__ARRAY_LEN(methods); i++) {
        if (strcmp(methods[i].name, x->head->method) == 0)
            return methods[i].answer;
    }
    return CMG__REFUSE_UNKNOWN_METHOD;
}

static enum cmg__refusal admit_certificate(struct cmg__exchange *x, bool may_wait)
{
    static const enum cmg__refusal answers[] = {
        [CMG__CERT_UNKNOWN] = CMG__REFUSE_INTERNAL,
        [CMG__CERT_NONE] = CMG__REFUSE_CERT_MISSING,
        [CMG__CERT_GOOD] = CMG__ADMITTED,
        [CMG__CERT_BAD] = CMG__REFUSE_CERT_FOREIGN,
        [CMG__CERT_REVOKED] = CMG__REFUSE_CERT_REVOKED,
        [CMG__CERT_UNASKED] = CMG__REFUSE_CERT_UNASKED,
        [CMG__CERT_PENDING] = CMG__WAIT_LISTS,
    };
    const enum cmg__refusal answer = answers[cmg__front_judge(x->front, may_wait)];

    if (answer == CMG__ADMITTED)
        x->client = "certificate";
    return answer;
}

static enum cmg__refusal admit_token(struct cmg__exchange *x, bool may_wait)
{
    const struct cmg__headers *headers = &x->head->headers;

    if (cmg__headers_count(headers, "authorization") != 1)
        return CMG__REFUSE_TOKEN;
    switch (cmg__token_gate_check(x->service->tokens,
                                  cmg__headers_get(headers, "authorization"), may_wait,
                                  &x->identity)) {
    case CMG__TOKEN_GOOD:
        x->client = "token";
        return CMG__ADMITTED;
    case CMG__TOKEN_PENDING:
        return CMG__WAIT_KEYS;
    case CMG__TOKEN_NO_KEYS:
        return CMG__REFUSE_NO_KEYS;
    case CMG__TOKEN_UNKNOWN:
        return CMG__REFUSE_INTERNAL;
    default:
        return CMG__REFUSE_TOKEN;
    }
}

enum cmg__refusal cmg__admit_identity(struct cmg__exchange *x, bool may_wait)
{
    bool needs_token = x->route.proxy == CMG__PROXY_SERVER;
    bool is_own = cmg__answer_is_own(&x->route, &needs_token);
    enum cmg__refusal verdict = CMG__ADMITTED;

    if (needs_token)
        verdict = admit_token(x, may_wait);
    else if (!is_own)
        verdict = admit_certificate(x, may_wait);
    if (verdict != CMG__ADMITTED || !is_own)
        return verdict;
    cmg__answer_own(x);
    return CMG__ANSWERED;
}

enum cmg__refusal cmg__admit(struct cmg__exchange *x)
{
    enum cmg__refusal verdict = admit_host(x);

    if (verdict == CMG__ADMITTED && !cmg__fields_connection_is_sane(&x->head->headers))
        verdict = CMG__REFUSE_BAD;
    if (verdict == CMG__ADMITTED)
        verdict = admit_target(x);
    if (verdict == CMG__ADMITTED)
        verdict = admit_method(x);
    if (verdict == CMG__ADMITTED)
        verdict = cmg__admit_identity(x, true);
    return verdict;
}
