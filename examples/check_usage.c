/*
 * Measures what the gateway uses, and compares it with the alerts of its specification: a
 * table, and what to do about it. Stops the gateway when its traffic is critical and the
 * specification wants that (stop_service). Ends with 3 when an alert has reached a level.
 *
 *   check_usage [--sandbox] [--json] DIRECTORY [GIGABYTES]
 *
 * GIGABYTES is what the sandbox's instances are to have sent in 14 days.
 */
#include <stdlib.h>

#include "problem.h"
#include "session.h"

enum { REACHED = 3, HOURS = 14 * 24 };

static cmg_status set_traffic(struct session *s, const char *word, cmg_error **err)
{
    char *end = NULL;
    char name[64], value[32];
    const double gigabytes = strtod(word, &end);

    if (s->sandbox == NULL || *end != '\0' || !(gigabytes >= 0 && gigabytes <= 1e6)) {
        fprintf(stderr, "error: GIGABYTES is a number up to 1000000, with --sandbox\n");
        return CMG_E_INVAL;
    }
    snprintf(name, sizeof name, "metric/%s/Network Out Total",
             cmg_gateway_name(s->gateway));
    snprintf(value, sizeof value, "%.0f", gigabytes * 1e9 / HOURS + 1);
    return cmg_sandbox_set(s->sandbox, name, value, err);
}

/* The journal is needed by what may stop the gateway only. */
static cmg_status measure(struct session *s, cmg_error **err)
{
    cmg_alert_settings traffic = { .size = sizeof traffic };
    const cmg_status rc =
        cmg_gateway_get_alert(s->gateway, CMG_ALERT_TRAFFIC, &traffic, err);

    if (rc != CMG_OK)
        return rc;
    return traffic.stop_service != 0
               ? session_run(s, CMG_DEPLOY_MEASURE_GATEWAY, "check usage", err)
               : session_look(s, CMG_DEPLOY_MEASURE_GATEWAY, "check usage", err);
}

static const struct {
    const char *name;
    cmg_alert alert;
} rows[] = { { "traffic", CMG_ALERT_TRAFFIC }, { "storage", CMG_ALERT_STORAGE } };

static cmg_status print_table(const struct session *s, cmg_error **err)
{
    cmg_usage one = { .size = sizeof one };
    cmg_status rc = CMG_OK;

    printf("%-8s  %12s  %12s  %7s  %-8s  %s\n", "", "used", "limit", "percent", "level",
           "warning, critical");
    for (size_t i = 0; rc == CMG_OK && i < sizeof rows / sizeof rows[0]; i++) {
        rc = cmg_gateway_get_usage(s->gateway, rows[i].alert, &one, err);
        if (rc != CMG_OK)
            return rc;
        printf("%-8s  %9.1f GB  %9.0f GB  %5u %%  %-8s  ", rows[i].name,
               (double)one.bytes / 1e9, (double)one.limit_bytes / 1e9,
               (unsigned)one.percent, cmg_usage_level_name((cmg_usage_level)one.level));
        if (one.enabled != 0)
            printf("from %u %%, %u %% on\n", (unsigned)one.warning_percent,
                   (unsigned)one.critical_percent);
        else
            printf("alert is off\n");
    }
    return rc;
}

static cmg_status print_rest(const struct session *s, cmg_error **err)
{
    size_t counts[4] = { 0 };
    cmg_gateway_status status = { .size = sizeof status };
    cmg_status rc = cmg_gateway_get_status(s->gateway, &status, err);

    if (rc == CMG_OK)
        rc = problem_print_all(stdout, s->deploy, CMG_SEVERITY_NOTE, counts, err);
    if (rc == CMG_OK)
        printf("%s is %s\n", cmg_gateway_name(s->gateway),
               cmg_gateway_state_name((cmg_gateway_state)status.state));
    return rc;
}

static cmg_status print_all(const struct session *s, cmg_error **err)
{
    cmg_bytes *json = NULL;
    cmg_status rc = CMG_OK;

    if (s->flag) {
        rc = cmg_gateway_export_usage(s->gateway, &json, err);
        if (rc == CMG_OK)
            session_print(json);
        return rc;
    }
    rc = print_table(s, err);
    return rc == CMG_OK ? print_rest(s, err) : rc;
}

static bool has_reached(const cmg_gateway *gateway)
{
    cmg_usage one = { .size = sizeof one };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (cmg_gateway_get_usage(gateway, rows[i].alert, &one, NULL) == CMG_OK &&
            one.level >= CMG_USAGE_WARNING)
            return true;
    return false;
}

int main(int argc, char **argv)
{
    static const struct session_usage usage = { .line = "DIRECTORY [GIGABYTES]",
                                                .flag = "json",
                                                .most = 1 };
    struct session s = { 0 };
    bool reached = false;
    cmg_error *err = NULL;
    cmg_status rc = session_open(&s, argc, argv, &usage, &err);

    if (rc == CMG_OK && s.arguments[0] != NULL)
        rc = set_traffic(&s, s.arguments[0], &err);
    if (rc == CMG_OK)
        rc = measure(&s, &err);
    if (rc == CMG_OK)
        rc = print_all(&s, &err);
    if (rc == CMG_OK)
        reached = has_reached(s.gateway);
    int code = session_close(&s, rc, err);

    return code == 0 && reached ? REACHED : code;
}
