/* What a gateway uses is measured, and a gateway whose traffic is critical is stopped,
   against the sandbox. */
#include <cmg/preflight.h>
#include <cmg/usage.h>
#include "place.h"

#include <stdio.h>
#include <string.h>

static cmg_sandbox *sandbox;
static struct site site;
static struct party p;

static void set(const char *name, const char *value)
{
    cmg_error *err = NULL;

    ck_ok(cmg_sandbox_set(sandbox, name, value, &err), err);
}

/* In 14 days, which are 336 hours. */
static void set_traffic(unsigned gigabytes)
{
    char hourly[32];

    (void)snprintf(hourly, sizeof hourly, "%u000000", gigabytes * 1000 / 336 + 1);
    set("metric/granitefalls/Network Out Total", hourly);
}

static void setup(void)
{
    const struct cmg__alert alert = {
        .enabled = true, .gigabytes = 1000, .warning_percent = 50, .critical_percent = 90
    };
    cmg_error *err = NULL;

    sandbox = place_control_plane(20);
    place_site(sandbox, &site);
    ck_ok(party_init(&p, &site, NULL, &err), err);
    p.gateway->settings.traffic = alert;
    p.gateway->settings.storage = alert;
}

static void teardown(void)
{
    party_done(&p);
    cmg_sandbox_unref(sandbox);
    support_dir_done();
}

/* As a host without a journal does. */
static cmg_status measure(cmg_error **err)
{
    cmg_deploy_unref(p.deploy);
    p.deploy = NULL;
    const cmg_status rc =
        cmg_deploy_new(p.gateway, CMG_DEPLOY_MEASURE_GATEWAY, &p.deploy, err);
    return rc == CMG_OK ? cmg_deploy_run(p.deploy, err) : rc;
}

static void run(cmg_deploy_operation operation, const cmg_deploy_events *events)
{
    cmg_error *err = NULL;

    ck_ok(party_deploy(&p, &site, operation, events, &err), err);
}

static cmg_usage usage_of(cmg_alert alert)
{
    cmg_usage one = { .size = sizeof one };
    cmg_error *err = NULL;

    ck_ok(cmg_gateway_get_usage(p.gateway, alert, &one, &err), err);
    return one;
}

static cmg_gateway_state state_now(void)
{
    cmg_gateway_status status = { .size = sizeof status };
    cmg_error *err = NULL;

    run(CMG_DEPLOY_INSPECT_GATEWAY, NULL);
    ck_ok(cmg_gateway_get_status(p.gateway, &status, &err), err);
    return (cmg_gateway_state)status.state;
}

/* How many problems are about a subject. */
static size_t count_of(const char *subject)
{
    cmg_problem one = { .size = sizeof one };
    cmg_error *err = NULL;
    size_t n = 0;

    for (size_t i = 0; i < cmg_deploy_problem_count(p.deploy); i++) {
        ck_ok(cmg_deploy_problem(p.deploy, i, &one, &err), err);
        n += strcmp(one.subject, subject) == 0;
    }
    return n;
}

START_TEST(usage_is_measured_without_a_journal)
{
    cmg_error *err = NULL;

    ck_ok(measure(&err), err);
    ck_assert_int_eq(usage_of(CMG_ALERT_TRAFFIC).level, CMG_USAGE_UNKNOWN);
    run(CMG_DEPLOY_CREATE, NULL);
    /* Nothing is known of a gateway that is new. */
    ck_ok(measure(&err), err);
    ck_assert_int_eq(usage_of(CMG_ALERT_TRAFFIC).level, CMG_USAGE_NONE);
    ck_assert_uint_eq(usage_of(CMG_ALERT_TRAFFIC).values, 0);
    ck_assert_uint_eq(count_of("Network Out Total"), 1);
    ck_assert_uint_eq(count_of("UsedCapacity"), 1);
    set_traffic(700);
    set("metric/granitefalls/Egress", "0");
    set("metric/granitefalls/UsedCapacity", "950000000000");
    ck_ok(measure(&err), err);
    ck_assert_uint_eq(usage_of(CMG_ALERT_TRAFFIC).percent, 70);
    ck_assert_int_eq(usage_of(CMG_ALERT_TRAFFIC).level, CMG_USAGE_WARNING);
    ck_assert_uint_eq(usage_of(CMG_ALERT_STORAGE).percent, 95);
    ck_assert_int_eq(usage_of(CMG_ALERT_STORAGE).level, CMG_USAGE_CRITICAL);
    ck_assert_uint_eq(cmg_deploy_problem_count(p.deploy), 2);
    ck_assert_uint_eq(count_of("/gateway/traffic_alert"), 1);
    ck_assert_uint_eq(count_of("/gateway/storage_alert"), 1);
    /* What the storage account sends is traffic, too. */
    set("metric/granitefalls/Egress", "1000000000");
    ck_ok(measure(&err), err);
    ck_assert_int_eq(usage_of(CMG_ALERT_TRAFFIC).level, CMG_USAGE_CRITICAL);
    /* Not wanted: not done. */
    ck_assert_int_eq(state_now(), CMG_GATEWAY_READY);
}
END_TEST

static struct {
    char plan[512];
    int answer;
    unsigned asked;
} host;

static int on_confirm(cmg_deploy *deploy, const char *plan, void *user)
{
    (void)deploy;
    (void)user;
    host.asked++;
    (void)snprintf(host.plan, sizeof host.plan, "%s", plan);
    return host.answer;
}

static const cmg_deploy_events events = { .size = sizeof events,
                                          .on_confirm = on_confirm };

START_TEST(critical_traffic_stops_the_gateway_once)
{
    cmg_error *err = NULL;

    run(CMG_DEPLOY_CREATE, NULL);
    p.gateway->settings.traffic.stop = true;
    /* What may stop it needs a journal. */
    ck_assert_int_eq(measure(&err), CMG_E_STATE);
    cmg_error_unref(err);
    err = NULL;
    set_traffic(890);
    run(CMG_DEPLOY_MEASURE_GATEWAY, &events);
    ck_assert_str_eq(host.plan, "keep all instances (traffic is not critical)\n");
    ck_assert_int_eq(state_now(), CMG_GATEWAY_READY);
    set_traffic(950);
    /* The host sees what would be done, and refuses. */
    host.answer = 7;
    ck_assert_int_eq(party_deploy(&p, &site, CMG_DEPLOY_MEASURE_GATEWAY, &events, &err),
                     CMG_E_CALLBACK);
    cmg_error_unref(err);
    err = NULL;
    ck_assert_str_eq(host.plan, "change all instances (stop and release them: traffic is "
                                "at 95 % of 1000 GB)\n");
    ck_assert_int_eq(state_now(), CMG_GATEWAY_READY);
    host.answer = 0;
    /* A second request to stop would be refused. */
    ck_ok(cmg_sandbox_inject(sandbox, "POST", "/deallocate", 2, CMG_SANDBOX_FAULT_STATUS,
                             403, &err),
          err);
    for (int i = 0; i < 2; i++) {
        run(CMG_DEPLOY_MEASURE_GATEWAY, &events);
        ck_assert_uint_eq(count_of("/gateway/traffic_alert"), 1);
        ck_assert_int_eq(p.gateway->seen.state, CMG_GATEWAY_STOPPED);
    }
    ck_assert_ptr_nonnull(strstr(host.plan, "keep all instances (2 of 2 instances"));
    ck_assert_int_eq(state_now(), CMG_GATEWAY_STOPPED);
    /* To start it again is the administrator's right. */
    run(CMG_DEPLOY_START_GATEWAY, NULL);
    ck_assert_int_eq(state_now(), CMG_GATEWAY_READY);
    p.gateway->settings.traffic.gigabytes = 2000;
    run(CMG_DEPLOY_MEASURE_GATEWAY, NULL);
    ck_assert_int_eq(state_now(), CMG_GATEWAY_READY);
}
END_TEST

START_TEST(who_may_read_may_measure)
{
    cmg_error *err = NULL;

    run(CMG_DEPLOY_CREATE, NULL);
    set_traffic(100);
    set("admin_role", "Reader");
    ck_ok(measure(&err), err);
    ck_assert_uint_eq(usage_of(CMG_ALERT_TRAFFIC).percent, 10);
    p.gateway->settings.traffic.stop = true;
    ck_assert_int_eq(party_deploy(&p, &site, CMG_DEPLOY_MEASURE_GATEWAY, NULL, &err),
                     CMG_E_DENIED);
    ck_assert_ptr_nonnull(strstr(cmg_error_subject(err), "/deallocate/action"));
    cmg_error_unref(err);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("usage");
    TCase *tc = tcase_create("usage");

    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, usage_is_measured_without_a_journal);
    tcase_add_test(tc, critical_traffic_stops_the_gateway_once);
    tcase_add_test(tc, who_may_read_may_measure);
    suite_add_tcase(suite, tc);
    return support_run((Suite *[]){ suite, NULL });
}
