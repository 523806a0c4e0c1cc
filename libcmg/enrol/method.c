/* What several methods do alike with an answer. */
#include "enrol/method.h"

#include "base/str.h"

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
