/* How near the end is: one table of thresholds, arithmetic otherwise. */
#include "model/expiry.h"

#include "model/certificate.h"

#define DAY_S INT64_C(86400)

static const struct threshold {
    int64_t days;
    cmg_expiry_level level; /* from so many days on */
} thresholds[] = {
    { 90, CMG_EXPIRY_DAYS_90 }, { 60, CMG_EXPIRY_DAYS_60 }, { 30, CMG_EXPIRY_DAYS_30 },
    { 14, CMG_EXPIRY_DAYS_14 }, { 7, CMG_EXPIRY_DAYS_7 },   { 1, CMG_EXPIRY_DAY_1 },
    { 0, CMG_EXPIRY_EXPIRED },
};

/* Valid through the last second that the certificate names, so it is over one later. */
static int64_t begin_of(const struct threshold *t, int64_t end)
{
    return t->level == CMG_EXPIRY_EXPIRED ? end + 1 : end - t->days * DAY_S;
}

void cmg__expiry_judge(int64_t begin, int64_t end, int64_t at, cmg_expiry *out)
{
    const int64_t left = end - at;

    out->level = CMG_EXPIRY_FAR;
    out->next_change_unix_s = 0;
    out->days_left = left >= 0 ? left / DAY_S : -((-left + DAY_S - 1) / DAY_S);
    out->renew_unix_s = begin + (end - begin) / 3 * 2;
    for (size_t i = 0; i < CMG__ARRAY_LEN(thresholds); i++) {
        const int64_t from = begin_of(&thresholds[i], end);

        if (at < from) {
            out->next_change_unix_s = from;
            return;
        }
        out->level = thresholds[i].level;
    }
}

cmg_status cmg_certificate_get_expiry(const cmg_certificate *cert, int64_t at_unix_s,
                                      cmg_expiry *out_expiry, cmg_error **err)
{
    cmg_status rc =
        cmg__check(cert != NULL ? &cert->head : NULL, CMG__TAG_CERTIFICATE, err);

    if (rc == CMG_OK)
        rc = cmg__tagged_room(out_expiry, sizeof *out_expiry, "out_expiry", err);
    if (rc != CMG_OK)
        return rc;
    const int64_t now =
        at_unix_s != 0 ? at_unix_s : cmg__env_unix_s(&cert->head.ctx->env);
    cmg__expiry_judge(cert->info.not_before_unix_s, cert->info.not_after_unix_s, now,
                      out_expiry);
    return CMG_OK;
}
