/* How near the end the server app's secret is, and how old the application. */
#include "model/place.h"

#include <cmg/expiry.h>

#define DAY INT64_C(86400)
#define END INT64_C(1858464000)

static struct place place;
static cmg_gateway *gateway;
static cmg_server_app *app;

static void setup(void)
{
    place_init(&place);
    gateway = place_gateway(&place);
    app = gateway->server_app;
    app->created_unix_s = END - 730 * DAY;
}

static void teardown(void)
{
    cmg_gateway_unref(gateway);
    place_done(&place);
}

static const struct {
    int64_t before; /* the end, in seconds */
    cmg_expiry_level level;
    int64_t days_left;
} moments[] = {
    { 90 * DAY + 1, CMG_EXPIRY_FAR, 90 }, { 90 * DAY, CMG_EXPIRY_DAYS_90, 90 },
    { 60 * DAY, CMG_EXPIRY_DAYS_60, 60 }, { 30 * DAY, CMG_EXPIRY_DAYS_30, 30 },
    { 14 * DAY, CMG_EXPIRY_DAYS_14, 14 }, { 7 * DAY + 1, CMG_EXPIRY_DAYS_14, 7 },
    { 7 * DAY, CMG_EXPIRY_DAYS_7, 7 },    { DAY, CMG_EXPIRY_DAY_1, 1 },
    { 0, CMG_EXPIRY_DAY_1, 0 },           { -1, CMG_EXPIRY_EXPIRED, -1 },
};

START_TEST(a_secret_comes_to_its_end_by_thresholds)
{
    cmg_server_app_expiry e = { .size = sizeof e };
    cmg_error *err = NULL;

    ck_ok(cmg_server_app_set_secret_expires(app, END, &err), err);
    ck_ok(cmg_server_app_get_expiry(app, END - moments[_i].before, &e, &err), err);
    ck_assert_int_eq(e.level, moments[_i].level);
    ck_assert_int_eq(e.days_left, moments[_i].days_left);
    ck_assert_int_eq(e.secret_expires_unix_s, END);
    if (e.level == CMG_EXPIRY_EXPIRED)
        ck_assert_int_eq(e.next_change_unix_s, 0);
    else
        ck_assert_int_gt(e.next_change_unix_s, END - moments[_i].before);
}
END_TEST

START_TEST(an_application_is_replaced_after_800_days)
{
    cmg_server_app_expiry e = { .size = sizeof e };
    const int64_t last = app->created_unix_s + 800 * DAY;
    cmg_error *err = NULL;

    ck_ok(cmg_server_app_set_secret_expires(app, END, &err), err);
    ck_ok(cmg_server_app_get_expiry(app, last - 1, &e, &err), err);
    ck_assert_int_eq(e.must_replace, 0);
    ck_assert_int_eq(e.age_days, 799);
    ck_ok(cmg_server_app_get_expiry(app, last, &e, &err), err);
    ck_assert_int_eq(e.must_replace, 1);
    ck_assert_int_eq(e.replace_unix_s, last);
    app->created_unix_s = 0;
    ck_ok(cmg_server_app_get_expiry(app, last, &e, &err), err);
    ck_assert_int_eq(e.must_replace, 0);
    ck_assert_int_eq(e.age_days, -1);
}
END_TEST

START_TEST(what_is_not_known_is_not_guessed)
{
    cmg_server_app_expiry e = { .size = sizeof e };
    cmg_error *err = NULL;

    ck_assert_int_eq(cmg_server_app_get_expiry(app, 0, &e, &err), CMG_E_STATE);
    ck_assert_ptr_nonnull(cmg_error_remedy(err));
    cmg_error_unref(err);
    ck_assert_int_eq(cmg_server_app_set_secret_expires(app, 0, NULL), CMG_E_INVAL);
    ck_assert_int_eq(cmg_server_app_set_secret_expires(NULL, 1, NULL), CMG_E_INVAL);
    ck_assert_int_eq(cmg_server_app_get_expiry(app, 0, NULL, NULL), CMG_E_INVAL);
    e.size = 8;
    ck_assert_int_eq(cmg_server_app_get_expiry(app, 0, &e, NULL), CMG_E_ABI);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("server secret");
    TCase *tc = tcase_create("expiry");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, a_secret_comes_to_its_end_by_thresholds, 0,
                        CMG__ARRAY_LEN(moments));
    tcase_add_test(tc, an_application_is_replaced_after_800_days);
    tcase_add_test(tc, what_is_not_known_is_not_guessed);
    suite_add_tcase(suite, tc);
    return support_run((Suite *[]){ suite, NULL });
}
