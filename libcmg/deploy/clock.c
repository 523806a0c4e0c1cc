/* See clock.h. */
#include "deploy/clock.h"

#include "base/http_date.h"
#include "base/str.h"

int64_t cmg__clock_ahead_s(const struct cmg__http_response *resp, int64_t now_unix_s)
{
    const char *date = cmg__headers_get(&resp->headers, "Date");
    int64_t theirs = 0;

    return date != NULL && cmg__http_date_parse(date, &theirs) ? now_unix_s - theirs : 0;
}

cmg_status cmg__clock_blame(const struct cmg__alloc *alloc, int64_t ahead_s,
                            cmg_error **err)
{
    const int64_t off_s = ahead_s < 0 ? -ahead_s : ahead_s;
    cmg_error *from = *err;
    cmg_error *fresh = NULL;

    if (off_s <= CMG__CLOCK_SKEW_S)
        return CMG_OK;
    char *cause =
        cmg__format(alloc, "%s; this machine's clock is %lld minutes %s",
                    cmg__str_or(cmg_error_cause(from), "the sign-in was refused"),
                    (long long)(off_s / 60), ahead_s < 0 ? "slow" : "fast");
    if (cause == NULL)
        return CMG_E_NOMEM;
    const struct cmg__error_info info = {
        .code = cmg_error_code(from),
        .retry = cmg_error_retry(from),
        .retry_after_ms = cmg_error_retry_after_ms(from),
        .origin = cmg_error_origin(from),
        .origin_number = cmg_error_origin_number(from),
        .service_code = cmg_error_service_code(from),
        .subject = cmg_error_subject(from),
        .cause = cause,
        .remedy = "set this machine's clock, best by NTP, and start again",
    };
    (void)cmg__error_set(&fresh, alloc, &info, "%s", cmg_error_message(from));
    cmg__free(alloc, cause);
    cmg_error_unref(from);
    *err = fresh;
    return CMG_OK;
}
