/* What several methods do alike with an answer. */
#include "enrol/method.h"

#include <string.h>

#include "base/str.h"

#define PATH_MAX_LEN 512

static const struct {
    int status; /* 0: any */
    cmg_status code;
    cmg_retry retry;
    const char *remedy;
} statuses[] = {
    { 401, CMG_E_AUTH, CMG_RETRY_NEVER,
      "check the user, the password and the client certificate" },
    { 403, CMG_E_AUTH, CMG_RETRY_NEVER, "ask for the right to enrol there" },
    { 404, CMG_E_NOTFOUND, CMG_RETRY_NEVER, "check the address" },
    { 408, CMG_E_TIMEOUT, CMG_RETRY_TRANSIENT, "try again later" },
    { 429, CMG_E_LIMIT, CMG_RETRY_LATER, "try again later" },
    { 500, CMG_E_PROTO, CMG_RETRY_TRANSIENT, "see the server's own log" },
    { 502, CMG_E_PROTO, CMG_RETRY_TRANSIENT, "try again later" },
    { 503, CMG_E_PROTO, CMG_RETRY_LATER, "try again later" },
    { 504, CMG_E_TIMEOUT, CMG_RETRY_TRANSIENT, "try again later" },
    { 0, CMG_E_PROTO, CMG_RETRY_NEVER, "check that the address is right" },
};

cmg_status cmg__enrol_http_error(const struct cmg__enrol_case *c, const char *who,
                                 const struct cmg__http_response *resp, cmg_error **err)
{
    size_t i = 0;

    while (statuses[i].status != 0 && statuses[i].status != resp->status)
        i++;
    int64_t after_ms = cmg__http_retry_after_ms(resp, cmg__env_unix_s(c->env));
    const struct cmg__error_info info = {
        .code = statuses[i].code,
        .retry = statuses[i].retry,
        .retry_after_ms = after_ms > 0 ? after_ms : 0,
        .origin = CMG_ORIGIN_HTTP,
        .origin_number = resp->status,
        .subject = who,
        .remedy = statuses[i].remedy,
    };
    return cmg__error_set(err, c->alloc, &info, "the %s answered with HTTP status %d",
                          who, resp->status);
}

int64_t cmg__enrol_poll_ms(const struct cmg__enrol_case *c,
                           const struct cmg__http_response *resp, int64_t otherwise_ms)
{
    int64_t said_ms =
        resp == NULL ? -1 : cmg__http_retry_after_ms(resp, cmg__env_unix_s(c->env));

    if (said_ms >= 0)
        return said_ms < 1000 ? 1000 : said_ms;
    return c->poll_interval_ms > 0 ? c->poll_interval_ms : otherwise_ms;
}

cmg_status cmg__enrol_base_url(const struct cmg__alloc *alloc, const char *url,
                               const char *path, char **out, cmg_error **err)
{
    struct cmg__url parts;

    if (url == NULL || !cmg__url_parse(url, &parts) || !parts.https ||
        parts.target_len > PATH_MAX_LEN || strpbrk(url, "?#") != NULL)
        return cmg__fail(err, alloc, CMG_E_INVAL, "url",
                         "use https://HOST or https://HOST/PATH",
                         "the server's address must be an https URL without query");
    const size_t n = strlen(url);
    *out = parts.target_len <= 1
               ? cmg__format(alloc, "%.*s%s/", (int)(n - parts.target_len), url, path)
               : cmg__format(alloc, "%s%s", url, url[n - 1] == '/' ? "" : "/");
    return *out == NULL ? cmg__fail_nomem(err) : CMG_OK;
}
