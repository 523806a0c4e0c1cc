/* A watch on the ends of secret, application and certificate, with a clock that jumps. */
#include "world.h"

#include <cmg/expiry.h>
#include <string.h>

#define DAY_MS ((int64_t)86400 * 1000)

static struct world w;
static cmg_watch *watch;
static cmg_server_app *app;
static unsigned told, closed;
static cmg_watch_notice last;

enum doing { NOTHING, CLOSE, UNREF };

static void on_expiry(cmg_watch *self, const cmg_watch_notice *notice, void *user)
{
    const enum doing *doing = user;

    told++;
    last = *notice;
    if (*doing == CLOSE)
        ck_assert_int_eq(cmg_watch_close(self, NULL), CMG_OK);
    if (*doing == UNREF) {
        cmg_watch_unref(self);
        watch = NULL;
    }
}

static void on_closed(cmg_watch *self, void *user)
{
    (void)self;
    (void)user;
    closed++;
}

static void make(enum doing doing)
{
    static enum doing kept;
    const cmg_watch_events events = { .size = sizeof events,
                                      .user = &kept,
                                      .on_expiry = on_expiry,
                                      .on_closed = on_closed };
    cmg_error *err = NULL;

    kept = doing;
    cmg_watch_unref(watch);
    watch = NULL;
    ck_ok(cmg_watch_new(w.gateway, &watch, &err), err);
    ck_ok(cmg_watch_set_events(watch, &events, &err), err);
}

static void start(void)
{
    cmg_error *err = NULL;

    ck_ok(cmg_watch_start(watch, &err), err);
}

/* Lets time pass hour by hour, as a loop does that sleeps as long as it may. */
static void pass(int64_t ms)
{
    while (ms > 0) {
        const int64_t step = ms < 3600000 ? ms : 3600000;
        support_env_advance_ms(&w.env, step);
        world_turns(&w, 2);
        ms -= step;
    }
}

static void setup(void)
{
    static struct rule none[] = { { 0 } };

    world_init(&w, CMG_DEPLOY_REGISTER_APPS, none);
    app = cmg_gateway_server_app(w.gateway);
    ck_assert_int_eq(
        cmg_server_app_set_secret_expires(app, w.env.unix_ms / 1000 + 100 * 86400, NULL),
        CMG_OK);
    told = closed = 0;
}

static void teardown(void)
{
    cmg_watch_unref(watch);
    watch = NULL;
    world_done(&w);
}

START_TEST(each_threshold_is_told_once)
{
    static const cmg_expiry_level levels[] = {
        CMG_EXPIRY_DAYS_90, CMG_EXPIRY_DAYS_60, CMG_EXPIRY_DAYS_30,
        CMG_EXPIRY_DAYS_14, CMG_EXPIRY_DAYS_7,  CMG_EXPIRY_DAY_1,
    };
    static const int64_t days[] = { 10, 30, 30, 16, 7, 6 };

    make(NOTHING);
    start();
    pass(3600000);
    ck_assert_uint_eq(told, 0);
    for (unsigned i = 0; i < CMG__ARRAY_LEN(levels); i++) {
        pass(days[i] * DAY_MS);
        ck_assert_uint_eq(told, i + 1);
        ck_assert_int_eq(last.subject, CMG_WATCH_SECRET);
        ck_assert_int_eq(last.level, levels[i]);
    }
    pass(2 * DAY_MS);
    ck_assert_uint_eq(told, 7);
    ck_assert_int_eq(last.level, CMG_EXPIRY_EXPIRED);
    pass(30 * DAY_MS);
    ck_assert_uint_eq(told, 7);
}
END_TEST

START_TEST(a_threshold_is_told_when_it_is_due_and_not_an_hour_later)
{
    make(NOTHING);
    start();
    pass(10 * DAY_MS - 1000);
    ck_assert_uint_eq(told, 0);
    pass(1000);
    ck_assert_uint_eq(told, 1);
}
END_TEST

START_TEST(a_clock_that_jumps_tells_the_nearest_threshold_only)
{
    make(NOTHING);
    start();
    pass(3600000);
    support_env_advance_ms(&w.env, 90 * DAY_MS);
    world_turns(&w, 2);
    ck_assert_uint_eq(told, 1);
    ck_assert_int_eq(last.level, CMG_EXPIRY_DAYS_14);
}
END_TEST

START_TEST(what_was_told_before_a_restart_is_not_told_again)
{
    make(NOTHING);
    start();
    pass(11 * DAY_MS);
    ck_assert_uint_eq(told, 1);
    make(NOTHING);
    ck_assert_int_eq(
        cmg_watch_set_told(watch, last.subject, last.end_unix_s, last.level, NULL),
        CMG_OK);
    start();
    pass(DAY_MS);
    ck_assert_uint_eq(told, 1);
    make(NOTHING);
    start();
    pass(DAY_MS);
    ck_assert_uint_eq(told, 2);
}
END_TEST

START_TEST(a_new_secret_begins_anew)
{
    make(NOTHING);
    start();
    pass(95 * DAY_MS);
    ck_assert_int_eq(last.level, CMG_EXPIRY_DAYS_7);
    const unsigned before = told;
    ck_assert_int_eq(
        cmg_server_app_set_secret_expires(app, w.env.unix_ms / 1000 + 61 * 86400, NULL),
        CMG_OK);
    pass(2 * 3600000);
    ck_assert_uint_eq(told, before + 1);
    ck_assert_int_eq(last.level, CMG_EXPIRY_DAYS_90);
}
END_TEST

START_TEST(an_application_and_a_certificate_come_to_their_ends_too)
{
    cmg_certificate *issued = NULL;
    cmg_authority *ca = NULL;
    cmg_error *err = NULL;
    const cmg_certificate_request request = { .size = sizeof request,
                                              .profile = CMG_PROFILE_WEB_SERVER,
                                              .common_name = "gw.contoso.com",
                                              .days = 30 };

    ck_ok(cmg_authority_new(w.ctx, "Test CA", &ca, &err), err);
    ck_ok(cmg_authority_issue(ca, &request, &issued, &err), err);
    app->created_unix_s = w.env.unix_ms / 1000 - INT64_C(798) * 86400;
    app->secret_expires_unix_s = 0;
    cmg__gateway_set_certificate(w.gateway, issued);
    cmg_certificate_unref(issued);
    cmg_authority_unref(ca);
    make(NOTHING);
    start();
    pass(1000);
    ck_assert_uint_eq(told, 2);
    ck_assert_int_eq(last.subject, CMG_WATCH_CERTIFICATE);
    pass(DAY_MS);
    ck_assert_uint_eq(told, 3);
    ck_assert_int_eq(last.subject, CMG_WATCH_APPLICATION);
    ck_assert_int_eq(last.level, CMG_EXPIRY_DAY_1);
}
END_TEST

START_TEST(a_watch_may_be_closed_or_given_back_from_inside)
{
    make(_i == 0 ? CLOSE : UNREF);
    start();
    pass(60 * DAY_MS);
    ck_assert_uint_eq(told, 1);
    ck_assert_uint_eq(closed, _i == 0 ? 1 : 0);
    if (_i == 0)
        ck_assert_int_eq(cmg_watch_close(watch, NULL), CMG_E_STATE);
}
END_TEST

START_TEST(a_watch_that_runs_cannot_be_set)
{
    make(NOTHING);
    ck_assert_int_eq(cmg_watch_close(watch, NULL), CMG_E_STATE);
    ck_assert_int_eq(
        cmg_watch_set_told(watch, (cmg_watch_subject)9, 1, CMG_EXPIRY_DAY_1, NULL),
        CMG_E_INVAL);
    start();
    ck_assert_int_eq(cmg_watch_start(watch, NULL), CMG_E_STATE);
    ck_assert_int_eq(cmg_watch_set_events(watch, NULL, NULL), CMG_E_STATE);
    ck_assert_int_eq(
        cmg_watch_set_told(watch, CMG_WATCH_SECRET, 1, CMG_EXPIRY_DAY_1, NULL),
        CMG_E_STATE);
    ck_assert_int_eq(cmg_watch_new(NULL, &watch, NULL), CMG_E_INVAL);
    ck_assert_int_eq(cmg_watch_new(w.gateway, NULL, NULL), CMG_E_INVAL);
    cmg_watch_unref(cmg_watch_ref(watch));
    cmg_watch_unref(NULL);
}
END_TEST

static cmg_status starve(struct support_alloc *a, void *user)
{
    cmg_watch *one = NULL;
    cmg_context *ctx = NULL;
    cmg_gateway *gateway = NULL;
    static const char json[] = "{\"version\":1,\"tenant\":{\"domain\":\"contoso.com\"},"
                               "\"server_app\":{\"name\":\"A\"},"
                               "\"client_app\":{\"name\":\"B\"}}";

    (void)user;
    cmg_status rc = cmg_context_new(&a->alloc.table, &ctx, NULL);
    if (rc == CMG_OK)
        rc =
            cmg_gateway_new_from_json(ctx, "apps", json, sizeof json - 1, &gateway, NULL);
    if (rc == CMG_OK)
        rc = cmg_watch_new(gateway, &one, NULL);
    if (rc == CMG_OK)
        rc = cmg_watch_start(one, NULL);
    cmg_watch_unref(one);
    cmg_gateway_unref(gateway);
    cmg_context_unref(ctx);
    return rc;
}

START_TEST(a_watch_without_memory_leaves_nothing)
{
    support_torture(starve, NULL, 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("watch");
    TCase *tc = tcase_create("watch");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, each_threshold_is_told_once);
    tcase_add_test(tc, a_threshold_is_told_when_it_is_due_and_not_an_hour_later);
    tcase_add_test(tc, a_clock_that_jumps_tells_the_nearest_threshold_only);
    tcase_add_test(tc, what_was_told_before_a_restart_is_not_told_again);
    tcase_add_test(tc, a_new_secret_begins_anew);
    tcase_add_test(tc, an_application_and_a_certificate_come_to_their_ends_too);
    tcase_add_loop_test(tc, a_watch_may_be_closed_or_given_back_from_inside, 0, 2);
    tcase_add_test(tc, a_watch_that_runs_cannot_be_set);
    tcase_add_test(tc, a_watch_without_memory_leaves_nothing);
    suite_add_tcase(suite, tc);
    return support_run((Suite *[]){ suite, NULL });
}
