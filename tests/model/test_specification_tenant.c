/* Specifications of a tenant and its applications, without a gateway. */
#include "model/place.h"

#include <stdio.h>
#include <string.h>

/* What registers applications only need not know of a gateway. */
START_TEST(a_tenant_with_its_applications_is_a_specification)
{
    static const char json[] =
        "{\"version\":1,\"tenant\":{\"domain\":\"contoso.onmicrosoft.com\"},"
        "\"server_app\":{\"name\":\"CMG-ServerApp\"},"
        "\"client_app\":{\"name\":\"CMG-ClientApp\"}}";
    struct place place;
    cmg_gateway *g = NULL;
    cmg_gateway *again = NULL;
    cmg_bytes *text = NULL;
    cmg_error *err = NULL;

    place_init(&place);
    ck_ok(cmg_gateway_new_from_json(place.ctx, "apps", json, sizeof json - 1, &g, &err),
          err);
    ck_assert(!cmg__gateway_is_whole(g));
    ck_assert_str_eq(cmg_gateway_name(g), "");
    ck_ok(cmg_gateway_to_json(g, &text, &err), err);
    ck_assert_ptr_null(strstr(cmg_bytes_data(text), "gateway"));
    ck_ok(cmg_gateway_new_from_json(place.ctx, "again", cmg_bytes_data(text),
                                    cmg_bytes_size(text), &again, &err),
          err);
    cmg_bytes_unref(text);
    cmg_gateway_unref(again);
    cmg_gateway_unref(g);
    place_done(&place);
}
END_TEST

static const char *const parts[] = { "\"gateway\":{\"name\":\"granitefalls\"}",
                                     "\"site\":{\"code\":\"PS1\"}", "\"roles\":[]" };

/* Half a gateway is a mistake, not a tenant. */
START_TEST(a_part_of_a_gateway_wants_the_others)
{
    char json[512];
    struct place place;
    cmg_gateway *g = NULL;
    cmg_error *err = NULL;

    place_init(&place);
    int n = snprintf(json, sizeof json,
                     "{\"version\":1,\"tenant\":{\"domain\":\"contoso.com\"},%s,"
                     "\"server_app\":{\"name\":\"A\"},\"client_app\":{\"name\":\"B\"}}",
                     parts[_i]);
    ck_assert_int_eq(
        cmg_gateway_new_from_json(place.ctx, "half", json, (size_t)n, &g, &err),
        CMG_E_INVAL);
    ck_assert_ptr_null(g);
    cmg_error_unref(err);
    place_done(&place);
}
END_TEST

static const struct {
    const char *life;
    const char *told; /* NULL: it is taken */
} lives[] = {
    { "\"secret_until\":\"2028-02-29\"", NULL },
    { "\"secret_until\":\"2027-02-29\"", "a date as year-month-day" },
    { "\"secret_until\":\"29.02.2028\"", "a date as year-month-day" },
    { "\"secret_until\":\"2028-06-30\",\"secret_years\":2", "without secret_years" },
};

START_TEST(a_secret_lives_for_years_or_until_a_day)
{
    char json[512];
    struct place place;
    cmg_gateway *g = NULL;
    cmg_gateway *again = NULL;
    cmg_bytes *text = NULL;
    cmg_error *err = NULL;

    place_init(&place);
    int n =
        snprintf(json, sizeof json,
                 "{\"version\":1,\"tenant\":{\"domain\":\"contoso.com\"},"
                 "\"server_app\":{\"name\":\"A\",%s},\"client_app\":{\"name\":\"B\"}}",
                 lives[_i].life);
    cmg_status rc =
        cmg_gateway_new_from_json(place.ctx, "life", json, (size_t)n, &g, &err);
    if (lives[_i].told != NULL) {
        ck_assert_int_eq(rc, CMG_E_INVAL);
        ck_assert_ptr_nonnull(strstr(cmg_error_subject(err), "/server_app/secret_until"));
        ck_assert_ptr_nonnull(strstr(cmg_error_remedy(err), lives[_i].told));
        cmg_error_unref(err);
        place_done(&place);
        return;
    }
    ck_ok(rc, err);
    ck_ok(cmg_gateway_to_json(g, &text, &err), err);
    ck_assert_ptr_null(strstr(cmg_bytes_data(text), "secret_years"));
    ck_ok(cmg_gateway_new_from_json(place.ctx, "again", cmg_bytes_data(text),
                                    cmg_bytes_size(text), &again, &err),
          err);
    ck_assert_str_eq(again->server_app->secret_until, "2028-02-29");
    cmg_bytes_unref(text);
    cmg_gateway_unref(again);
    cmg_gateway_unref(g);
    place_done(&place);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("specification of a tenant");
    TCase *tc = tcase_create("tenant");

    tcase_add_test(tc, a_tenant_with_its_applications_is_a_specification);
    tcase_add_loop_test(tc, a_part_of_a_gateway_wants_the_others, 0,
                        CMG__ARRAY_LEN(parts));
    tcase_add_loop_test(tc, a_secret_lives_for_years_or_until_a_day, 0,
                        CMG__ARRAY_LEN(lives));
    suite_add_tcase(suite, tc);
    return support_run((Suite *[]){ suite, NULL });
}
