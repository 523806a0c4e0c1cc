/*
 * The life of the server app's client secret: when a new one is to end, how near the end
 * of the present one is, and whether the application itself is too old to be renewed.
 */
#include <cmg/expiry.h>
#include <stdio.h>

#include "model/expiry.h"
#include "model/tenant.h"

#define DAY_S  INT64_C(86400)
#define YEAR_S (365 * DAY_S)
#define MOST_S (731 * DAY_S) /* two years, one of them a leap year */

static cmg_status refuse_until(const cmg_server_app *app, const char *why,
                               cmg_error **err)
{
    return cmg__fail(err, &app->head.ctx->alloc, CMG_E_INVAL, "/server_app/secret_until",
                     "give a day within two years from now, or secret_years instead",
                     "the end of the client secret, %s, %s", app->secret_until, why);
}

cmg_status cmg__server_app_secret_end(const cmg_server_app *app, int64_t now_unix_s,
                                      int64_t *out_unix_s, cmg_error **err)
{
    char text[CMG__TIME_SIZE];
    int64_t end = 0;

    if (app->secret_until[0] == '\0') {
        *out_unix_s = now_unix_s + app->secret_years * YEAR_S;
        return CMG_OK;
    }
    (void)snprintf(text, sizeof text, "%.10sT23:59:59Z", app->secret_until);
    if (!cmg__time_parse(text, &end))
        return refuse_until(app, "is no date", err);
    if (end <= now_unix_s)
        return refuse_until(app, "is over", err);
    if (end - now_unix_s > MOST_S)
        return refuse_until(app, "is more than two years away", err);
    *out_unix_s = end;
    return CMG_OK;
}

/* ---- how near the end ---- */

static void judge_age(const cmg_server_app *app, int64_t now, cmg_server_app_expiry *out)
{
    out->created_unix_s = app->created_unix_s;
    out->age_days = -1;
    out->replace_unix_s = 0;
    out->must_replace = 0;
    if (app->created_unix_s == 0)
        return;
    out->age_days = (now - app->created_unix_s) / DAY_S;
    out->replace_unix_s = app->created_unix_s + CMG__APP_MAX_DAYS * DAY_S;
    out->must_replace = now >= out->replace_unix_s;
}

cmg_status cmg_server_app_get_expiry(const cmg_server_app *app, int64_t at_unix_s,
                                     cmg_server_app_expiry *out_expiry, cmg_error **err)
{
    cmg_status rc = cmg__check(app != NULL ? &app->head : NULL, CMG__TAG_SERVER_APP, err);

    if (rc == CMG_OK)
        rc = cmg__tagged_room(out_expiry, sizeof *out_expiry, "out_expiry", err);
    if (rc != CMG_OK)
        return rc;
    if (app->secret_expires_unix_s == 0)
        return cmg__fail(err, &app->head.ctx->alloc, CMG_E_STATE, app->name,
                         "run an operation that looks at it first, renew_secret for one, "
                         "or tell its end with cmg_server_app_set_secret_expires()",
                         "the end of the client secret of %s is not known yet",
                         app->name);
    const int64_t now = at_unix_s != 0 ? at_unix_s : cmg__env_unix_s(&app->head.ctx->env);
    cmg_expiry secret = { .size = sizeof secret };
    cmg__expiry_judge(now, app->secret_expires_unix_s, now, &secret);
    out_expiry->level = secret.level;
    out_expiry->secret_expires_unix_s = app->secret_expires_unix_s;
    out_expiry->days_left = secret.days_left;
    out_expiry->next_change_unix_s = secret.next_change_unix_s;
    judge_age(app, now, out_expiry);
    return CMG_OK;
}

cmg_status cmg_server_app_set_secret_expires(cmg_server_app *app, int64_t unix_s,
                                             cmg_error **err)
{
    const cmg_status rc =
        cmg__check(app != NULL ? &app->head : NULL, CMG__TAG_SERVER_APP, err);

    if (rc != CMG_OK)
        return rc;
    if (unix_s <= 0)
        return cmg__fail(err, &app->head.ctx->alloc, CMG_E_INVAL, "unix_s",
                         "give seconds since 1970-01-01 UTC",
                         "%lld is no time at which a secret ends", (long long)unix_s);
    app->secret_expires_unix_s = unix_s;
    return CMG_OK;
}
