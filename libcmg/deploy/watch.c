/*
 * Looks at the ends of things on the loop: once an hour, as the console does, and when a
 * threshold is due. Each subject is a row: where its end comes from. What was told is
 * kept as one end and one level a subject: another end is another secret, and begins
 * anew.
 */
#include <cmg/expiry.h>

#include "base/error.h"
#include "model/expiry.h"
#include "model/tenant.h"
#include "net/loop.h"

#define HOUR_MS  ((int64_t)3600 * 1000)
#define DAY_S    INT64_C(86400)
#define SUBJECTS 3

enum state { IDLE, RUNNING, CLOSING, CLOSED };

struct told {
    int64_t end_unix_s;
    cmg_expiry_level level;
};

struct cmg_watch {
    struct cmg__handle head;
    cmg_gateway *gateway;
    cmg_watch_events events;
    struct told told[SUBJECTS];
    enum state state;
    struct cmg__timer timer;
    unsigned busy; /* > 0 while a callback of the host runs */
    bool aborted;  /* the last reference is gone */
};

/* ---- what is looked at: 0 when the end is not known ---- */

static int64_t end_of_secret(const cmg_gateway *gateway)
{
    return gateway->server_app->secret_expires_unix_s;
}

static int64_t end_of_app(const cmg_gateway *gateway)
{
    const int64_t created = gateway->server_app->created_unix_s;

    return created == 0 ? 0 : created + CMG__APP_MAX_DAYS * DAY_S;
}

static int64_t end_of_certificate(const cmg_gateway *gateway)
{
    return gateway->certificate == NULL
               ? 0
               : cmg_certificate_not_after_unix_s(gateway->certificate);
}

static int64_t (*const ends[SUBJECTS])(const cmg_gateway *gateway) = {
    end_of_secret,
    end_of_app,
    end_of_certificate,
};

/* ---- looking and telling ---- */

/* True when the host is to hear of it; notes that it did. */
static bool is_news(cmg_watch *watch, size_t i, int64_t end, cmg_expiry_level level)
{
    struct told *told = &watch->told[i];

    if (told->end_unix_s != end)
        *told = (struct told){ .end_unix_s = end, .level = CMG_EXPIRY_FAR };
    if (level <= told->level)
        return false;
    told->level = level;
    return true;
}

static void tell(cmg_watch *watch, size_t i, const cmg_expiry *expiry)
{
    const cmg_watch_notice notice = {
        .size = sizeof notice,
        .subject = (cmg_watch_subject)(i + 1),
        .level = expiry->level,
        .end_unix_s = watch->told[i].end_unix_s,
        .days_left = expiry->days_left,
    };

    if (watch->events.on_expiry == NULL)
        return;
    cmg__callback_enter(watch->head.ctx);
    watch->events.on_expiry(watch, &notice, watch->events.user);
    cmg__callback_leave(watch->head.ctx);
}

/* Milliseconds until this subject is looked at again. */
static int64_t look_at(cmg_watch *watch, size_t i, int64_t now)
{
    const int64_t end = ends[i](watch->gateway);
    cmg_expiry expiry = { .size = sizeof expiry };

    if (end == 0)
        return HOUR_MS;
    cmg__expiry_judge(now, end, now, &expiry);
    if (is_news(watch, i, end, expiry.level))
        tell(watch, i, &expiry);
    const int64_t until = (expiry.next_change_unix_s - now) * 1000;
    return expiry.next_change_unix_s != 0 && until < HOUR_MS ? until : HOUR_MS;
}

static void look(cmg_watch *watch)
{
    const int64_t now = cmg__env_unix_s(&watch->head.ctx->env);
    int64_t wait_ms = HOUR_MS;

    for (size_t i = 0; i < SUBJECTS && watch->state == RUNNING && !watch->aborted; i++) {
        const int64_t one = look_at(watch, i, now);
        wait_ms = one < wait_ms ? one : wait_ms;
    }
    if (watch->state == RUNNING && !watch->aborted)
        cmg__timer_start(&watch->timer, wait_ms);
}

static void end(cmg_watch *watch)
{
    watch->state = CLOSED;
    if (watch->events.on_closed == NULL)
        return;
    cmg__callback_enter(watch->head.ctx);
    watch->events.on_closed(watch, watch->events.user);
    cmg__callback_leave(watch->head.ctx);
}

static void destroy(cmg_watch *watch)
{
    cmg_context *ctx = cmg_context_ref(watch->head.ctx);

    if (!cmg__handle_is_foreign(&watch->head))
        cmg__timer_stop(&watch->timer);
    cmg_gateway_unref(watch->gateway);
    cmg__handle_done(&watch->head);
    cmg__free(&ctx->alloc, watch);
    cmg_context_unref(ctx);
}

static void on_timer(struct cmg__timer *timer, void *user)
{
    cmg_watch *watch = user;

    (void)timer;
    watch->busy++;
    if (watch->state == RUNNING)
        look(watch);
    else if (watch->state == CLOSING)
        end(watch);
    watch->busy--;
    if (watch->aborted)
        destroy(watch);
}

/* ---- public functions ---- */

static cmg_status check(const cmg_watch *watch, cmg_error **err)
{
    return cmg__check(watch == NULL ? NULL : &watch->head, CMG__TAG_WATCH, err);
}

static cmg_status check_in(const cmg_watch *watch, enum state wanted, const char *remedy,
                           cmg_error **err)
{
    const cmg_status rc = check(watch, err);

    if (rc != CMG_OK || watch->state == wanted)
        return rc;
    return cmg__fail(err, &watch->head.ctx->alloc, CMG_E_STATE, "watch", remedy,
                     "the watch is %s",
                     watch->state == IDLE      ? "not started"
                     : watch->state == RUNNING ? "running"
                                               : "closed");
}

cmg_status cmg_watch_new(cmg_gateway *gateway, cmg_watch **out_watch, cmg_error **err)
{
    const cmg_status rc =
        cmg__check(gateway == NULL ? NULL : &gateway->head, CMG__TAG_GATEWAY, err);

    if (rc != CMG_OK)
        return rc;
    cmg_context *ctx = gateway->head.ctx;
    if (out_watch == NULL)
        return cmg__fail(err, &ctx->alloc, CMG_E_INVAL, "out_watch", NULL,
                         "there is no room for the watch");
    cmg_watch *watch = cmg__alloc0(&ctx->alloc, sizeof *watch);
    if (watch == NULL)
        return cmg__fail_nomem(err);
    cmg__handle_init(&watch->head, CMG__TAG_WATCH, ctx);
    watch->gateway = cmg_gateway_ref(gateway);
    cmg__timer_init(&watch->timer, ctx->loop, on_timer, watch);
    *out_watch = watch;
    return CMG_OK;
}

cmg_status cmg_watch_set_events(cmg_watch *watch, const cmg_watch_events *events,
                                cmg_error **err)
{
    cmg_watch_events copy = { 0 };
    cmg_status rc = check_in(watch, IDLE, "set them before cmg_watch_start()", err);

    if (rc == CMG_OK && events != NULL)
        rc = cmg__tagged_copy(&copy, sizeof copy, sizeof copy, events, "cmg_watch_events",
                              err);
    if (rc == CMG_OK)
        watch->events = copy;
    return rc;
}

cmg_status cmg_watch_set_told(cmg_watch *watch, cmg_watch_subject subject,
                              int64_t end_unix_s, cmg_expiry_level level, cmg_error **err)
{
    cmg_status rc = check_in(watch, IDLE, "set it before cmg_watch_start()", err);

    if (rc != CMG_OK)
        return rc;
    if (subject < CMG_WATCH_SECRET || (size_t)subject > SUBJECTS ||
        level < CMG_EXPIRY_FAR || level > CMG_EXPIRY_EXPIRED)
        return cmg__fail(err, &watch->head.ctx->alloc, CMG_E_INVAL, "subject",
                         "hand back the numbers of a notice",
                         "subject %d at level %d is none that was told", (int)subject,
                         (int)level);
    watch->told[subject - 1] = (struct told){ .end_unix_s = end_unix_s, .level = level };
    return CMG_OK;
}

cmg_status cmg_watch_start(cmg_watch *watch, cmg_error **err)
{
    const cmg_status rc = check_in(watch, IDLE, "make another watch", err);

    if (rc != CMG_OK)
        return rc;
    watch->state = RUNNING;
    cmg__timer_start(&watch->timer, 0);
    return CMG_OK;
}

cmg_status cmg_watch_close(cmg_watch *watch, cmg_error **err)
{
    const cmg_status rc =
        check_in(watch, RUNNING, "close once, after cmg_watch_start()", err);

    if (rc != CMG_OK)
        return rc;
    watch->state = CLOSING;
    cmg__timer_start(&watch->timer, 0);
    return CMG_OK;
}

cmg_watch *cmg_watch_ref(cmg_watch *watch)
{
    if (watch != NULL)
        cmg__handle_ref(&watch->head);
    return watch;
}

void cmg_watch_unref(cmg_watch *watch)
{
    if (watch == NULL || !cmg__handle_unref(&watch->head))
        return;
    if (watch->busy > 0) {
        watch->aborted = true;
        return;
    }
    destroy(watch);
}
