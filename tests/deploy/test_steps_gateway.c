/* The gateway as it is seen, stopped, started and scaled, with canned answers. */
#include "canned.h"

#include <stdio.h>
#include <string.h>

static struct world w;

#define GROUP_OURS                                                                       \
    "{\"name\":\"cmg-granitefalls\",\"tags\":{\"libcmg-deployment\":\"%s\"},"            \
    "\"properties\":{\"provisioningState\":\"Succeeded\"}}"
#define SET(provisioning, capacity)                                                      \
    "{\"sku\":{\"name\":\"Standard_A2_v2\",\"capacity\":" capacity                       \
    "},\"properties\":{\"provisioningState\":\"" provisioning "\"}}"
#define VM(power, health)                                                                \
    "{\"properties\":{\"instanceView\":{\"statuses\":[{\"code\":\"PowerState/" power     \
    "\"}],\"vmHealth\":{\"status\":{\"code\":\"HealthState/" health "\"}}}}}"
#define VMS(list) "{\"value\":[" list "]}"
#define UP        VM("running", "healthy")
#define SICK      VM("running", "unhealthy")
#define DOWN      VM("deallocated", "unknown")

static const struct {
    const char *set;
    const char *vms;
    cmg_gateway_state state;
    uint32_t running, healthy, stopped;
} looks[] = {
    { SET("Succeeded", "2"), VMS(UP "," UP), CMG_GATEWAY_READY, 2, 2, 0 },
    { SET("Succeeded", "2"), VMS(UP "," SICK), CMG_GATEWAY_READY, 2, 1, 0 },
    { SET("Succeeded", "2"), VMS(DOWN "," DOWN), CMG_GATEWAY_STOPPED, 0, 0, 2 },
    { SET("Succeeded", "2"), VMS(UP "," DOWN), CMG_GATEWAY_DEGRADED, 1, 1, 1 },
    { SET("Succeeded", "2"), VMS(UP "," VM("starting", "unknown")), CMG_GATEWAY_STARTING,
      1, 1, 0 },
    { SET("Succeeded", "1"), VMS("{}"), CMG_GATEWAY_STARTING, 0, 0, 0 },
    { SET("Succeeded", "2"), VMS(DOWN "," VM("deallocating", "unknown")),
      CMG_GATEWAY_STOPPING, 0, 0, 1 },
    { SET("Updating", "1"), VMS(UP), CMG_GATEWAY_PROVISIONING, 1, 1, 0 },
    { SET("Failed", "1"), VMS(UP), CMG_GATEWAY_READY, 1, 1, 0 },
    { SET("Failed", "2"), VMS(UP "," DOWN), CMG_GATEWAY_ERROR, 1, 1, 1 },
    { SET("Deleting", "1"), VMS(UP), CMG_GATEWAY_DELETING, 1, 1, 0 },
};

static cmg_gateway_status status_of(void)
{
    cmg_gateway_status status = { .size = sizeof status };
    cmg_error *err = NULL;

    ck_ok(cmg_gateway_get_status(w.gateway, &status, &err), err);
    return status;
}

START_TEST(what_instances_do_is_the_state_of_the_gateway)
{
    struct rule rules[] = { TOKEN,
                            ANSWER("GET", "/virtualMachines?", 0, 200, looks[_i].vms),
                            ANSWER("GET", "/virtualMachineScaleSets/granitefalls", 0, 200,
                                   looks[_i].set),
                            ANSWER("GET", "/resourceGroups/cmg-granitefalls", 0, 200,
                                   canned_with_id(GROUP_OURS)),
                            { 0 } };

    canned_begin(&w, rules, &cmg__step_gateway);
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_DELETED);
    const cmg_gateway_status status = status_of();
    ck_assert_int_eq(status.state, looks[_i].state);
    ck_assert_uint_eq(status.running, looks[_i].running);
    ck_assert_uint_eq(status.healthy, looks[_i].healthy);
    ck_assert_uint_eq(status.stopped, looks[_i].stopped);
    ck_assert_str_eq(status.vm_size, "Standard_A2_v2");
    ck_assert_int_gt(status.looked_unix_s, 0);
    world_done(&w);
}
END_TEST

START_TEST(what_is_not_there_is_absent)
{
    struct rule rules[] = { TOKEN,
                            ANSWER("GET", "/virtualMachineScaleSets/", 0, 404, "{}"),
                            ANSWER("GET", "/resourceGroups/cmg-granitefalls", 0,
                                   _i == 0 ? 404 : 200, canned_with_id(GROUP_OURS)),
                            { 0 } };

    canned_begin(&w, rules, &cmg__step_gateway);
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_DELETED);
    ck_assert_int_eq(status_of().state, CMG_GATEWAY_ABSENT);
    world_done(&w);
}
END_TEST

START_TEST(a_group_of_somebody_else_is_refused)
{
    struct rule rules[] = { TOKEN,
                            ANSWER("GET", "/resourceGroups/cmg-granitefalls", 0, 200,
                                   "{\"tags\":{}}"),
                            { 0 } };

    canned_begin(&w, rules, &cmg__step_gateway);
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_FAILED);
    ck_assert_int_eq(w.end_code, CMG_E_EXISTS);
    world_done(&w);
}
END_TEST

/* ---- power and scale ---- */

static void see(cmg_gateway_state state, uint32_t instances, uint32_t running)
{
    w.gateway->seen = (struct cmg__gateway_seen){ .state = state,
                                                  .instances = instances,
                                                  .running = running,
                                                  .healthy = running,
                                                  .stopped = instances - running };
}

static int keep_plan(cmg_deploy *deploy, const char *plan, void *user)
{
    struct world *world = user;

    (void)deploy;
    (void)snprintf(world->plan, sizeof world->plan, "%s", plan);
    return 0;
}

static const struct {
    const struct cmg__step *step;
    cmg_gateway_state state;
    const char *remedy; /* words of it */
} refusals[] = {
    { &cmg__step_stop, CMG_GATEWAY_ABSENT, "create" },
    { &cmg__step_stop, CMG_GATEWAY_PROVISIONING, "wait" },
    { &cmg__step_stop, CMG_GATEWAY_DELETING, "gone" },
    { &cmg__step_start, CMG_GATEWAY_ABSENT, "create" },
    { &cmg__step_start, CMG_GATEWAY_PROVISIONING, "wait" },
    { &cmg__step_scale, CMG_GATEWAY_STOPPED, "start it first" },
    { &cmg__step_scale, CMG_GATEWAY_ABSENT, "create" },
    { &cmg__step_scale, CMG_GATEWAY_ERROR, "again" },
};

START_TEST(a_state_that_does_not_allow_it_is_refused_unsent)
{
    struct rule rules[] = { TOKEN,
                            { .path = "/providers/", .status = 500, .body = "{}" },
                            { 0 } };

    canned_begin(&w, rules, refusals[_i].step);
    see(refusals[_i].state, 2, 0);
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_FAILED);
    ck_assert_int_eq(w.end_code, CMG_E_STATE);
    ck_assert_msg(strstr(w.end_remedy, refusals[_i].remedy) != NULL, "%s", w.end_remedy);
    ck_assert_uint_eq(world_count(&w, "/virtualMachineScaleSets/"), 0);
    world_done(&w);
}
END_TEST

START_TEST(stopping_goes_on_until_every_instance_is_released)
{
    struct rule rules[] = {
        TOKEN,
        ANSWER("POST", "/deallocate", 1, 409, "{\"error\":{\"code\":\"Conflict\"}}"),
        ANSWER("POST", "/deallocate", 1, 200, NULL),
        ANSWER("GET", "/virtualMachines?", 1, 200, VMS(UP "," DOWN)),
        ANSWER("GET", "/virtualMachines?", 0, 200, VMS(DOWN "," DOWN)),
        { 0 }
    };

    canned_begin(&w, rules, &cmg__step_stop);
    see(CMG_GATEWAY_READY, 2, 2);
    w.deploy->events.on_confirm = keep_plan;
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_DELETED);
    ck_assert_uint_eq(world_count(&w, "/deallocate"), 2);
    ck_assert_uint_eq(world_count(&w, "/virtualMachines?"), 2);
    ck_assert_str_eq(w.plan, "change all instances: stop and release them\n");
    world_done(&w);
}
END_TEST

START_TEST(what_is_stopped_is_not_stopped_again)
{
    struct rule rules[] = { TOKEN, { 0 } };

    canned_begin(&w, rules, &cmg__step_stop);
    see(CMG_GATEWAY_STOPPED, 2, 0);
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_DELETED);
    ck_assert_uint_eq(world_count(&w, "/deallocate"), 0);
    world_done(&w);
}
END_TEST

/* Running is not serving. */
START_TEST(starting_waits_until_instances_are_healthy)
{
    struct rule rules[] = { TOKEN,
                            ANSWER("POST", "/start", 1, 200, NULL),
                            ANSWER("GET", "/virtualMachines?", 1, 200, VMS(UP "," SICK)),
                            ANSWER("GET", "/virtualMachines?", 0, 200, VMS(UP "," UP)),
                            { 0 } };

    canned_begin(&w, rules, &cmg__step_start);
    see(CMG_GATEWAY_STOPPED, 2, 0);
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_DELETED);
    ck_assert_uint_eq(world_count(&w, "/start"), 1);
    ck_assert_uint_eq(world_count(&w, "/virtualMachines?"), 2);
    world_done(&w);
}
END_TEST

/* An answer that was lost: the goal is asked for again, not so many more. */
START_TEST(scaling_asks_for_a_goal)
{
    struct rule rules[] = {
        TOKEN,
        { .method = "PATCH", .path = "granitefalls", .times = 1, .lost = true },
        ANSWER("PATCH", "granitefalls", 1, 200, SET("Succeeded", "2")),
        ANSWER("GET", "/virtualMachineScaleSets/", 1, 200, SET("Succeeded", "3")),
        ANSWER("GET", "/virtualMachineScaleSets/", 0, 200, SET("Succeeded", "2")),
        { 0 }
    };

    canned_begin(&w, rules, &cmg__step_scale);
    see(CMG_GATEWAY_READY, 3, 3);
    w.deploy->events.on_confirm = keep_plan;
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_DELETED);
    ck_assert_uint_eq(world_count(&w, "\"capacity\":2"), 2);
    ck_assert_str_eq(w.plan, "change number of instances (from 3 to 2: the instances "
                             "with the highest numbers go)\n");
    world_done(&w);
}
END_TEST

/* An interrupted run has asked for it already: the number is there before the instances
   are. */
START_TEST(a_scaling_that_was_cut_off_is_waited_for)
{
    struct rule rules[] = {
        TOKEN,
        ANSWER("GET", "/virtualMachineScaleSets/", 2, 200, SET("Updating", "2")),
        ANSWER("GET", "/virtualMachineScaleSets/", 0, 200, SET("Succeeded", "2")),
        { 0 }
    };

    canned_begin(&w, rules, &cmg__step_scale);
    see(CMG_GATEWAY_PROVISIONING, 2, 2);
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_DELETED);
    ck_assert_uint_eq(world_count(&w, "/virtualMachineScaleSets/"), 3);
    ck_assert_uint_eq(world_count(&w, "\"capacity\":2"), 0);
    world_done(&w);
}
END_TEST

static const char *const broken_words[] = { "Failed", "Canceled" };

/* Azure shows the number that was wanted although the change has failed. */
START_TEST(a_change_that_failed_before_is_asked_for_again)
{
    char broken[512];
    struct rule rules[] = {
        TOKEN,
        ANSWER("PATCH", "granitefalls", 1, 200, SET("Succeeded", "2")),
        ANSWER("GET", "/virtualMachineScaleSets/", 1, 200, broken),
        ANSWER("GET", "/virtualMachineScaleSets/", 0, 200, SET("Succeeded", "2")),
        { 0 }
    };

    (void)snprintf(broken, sizeof broken, SET("%s", "2"), broken_words[_i]);
    canned_begin(&w, rules, &cmg__step_scale);
    see(CMG_GATEWAY_READY, 2, 2);
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_DELETED);
    ck_assert_uint_eq(world_count(&w, "\"capacity\":2"), 1);
    world_done(&w);
}
END_TEST

START_TEST(a_change_that_fails_now_is_an_error)
{
    char broken[512];
    struct rule rules[] = { TOKEN,
                            ANSWER("PATCH", "granitefalls", 0, 200, SET("Updating", "2")),
                            ANSWER("GET", "/virtualMachineScaleSets/", 1, 200,
                                   SET("Succeeded", "3")),
                            ANSWER("GET", "/virtualMachineScaleSets/", 0, 200, broken),
                            { 0 } };

    (void)snprintf(broken, sizeof broken, SET("%s", "2"), broken_words[_i]);
    canned_begin(&w, rules, &cmg__step_scale);
    see(CMG_GATEWAY_READY, 3, 3);
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_FAILED);
    ck_assert_int_eq(w.end_code, CMG_E_IO);
    ck_assert_ptr_nonnull(strstr(w.end_message, "did not take 2 instances"));
    ck_assert_uint_eq(world_count(&w, "\"capacity\":2"), 1);
    world_done(&w);
}
END_TEST

START_TEST(a_quota_that_is_used_up_is_not_waited_for)
{
    struct rule rules[] = {
        TOKEN,
        ANSWER("PATCH", "granitefalls", 0, 409,
               "{\"error\":{\"code\":\"OperationNotAllowed\",\"message\":\"Operation "
               "results in exceeding quota limits of Core.\"}}"),
        ANSWER("GET", "/virtualMachineScaleSets/", 0, 200, SET("Succeeded", "1")),
        { 0 }
    };

    canned_begin(&w, rules, &cmg__step_scale);
    see(CMG_GATEWAY_READY, 1, 1);
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_FAILED);
    ck_assert_int_eq(w.end_code, CMG_E_LIMIT);
    world_done(&w);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("steps of a gateway");
    TCase *tc = tcase_create("gateway");

    tcase_add_loop_test(tc, what_instances_do_is_the_state_of_the_gateway, 0,
                        CMG__ARRAY_LEN(looks));
    tcase_add_loop_test(tc, what_is_not_there_is_absent, 0, 2);
    tcase_add_test(tc, a_group_of_somebody_else_is_refused);
    tcase_add_loop_test(tc, a_state_that_does_not_allow_it_is_refused_unsent, 0,
                        CMG__ARRAY_LEN(refusals));
    tcase_add_test(tc, stopping_goes_on_until_every_instance_is_released);
    tcase_add_test(tc, what_is_stopped_is_not_stopped_again);
    tcase_add_test(tc, starting_waits_until_instances_are_healthy);
    tcase_add_test(tc, scaling_asks_for_a_goal);
    tcase_add_test(tc, a_scaling_that_was_cut_off_is_waited_for);
    tcase_add_loop_test(tc, a_change_that_failed_before_is_asked_for_again, 0, 2);
    tcase_add_loop_test(tc, a_change_that_fails_now_is_an_error, 0, 2);
    tcase_add_test(tc, a_quota_that_is_used_up_is_not_waited_for);
    suite_add_tcase(suite, tc);
    return support_run((Suite *[]){ suite, NULL });
}
