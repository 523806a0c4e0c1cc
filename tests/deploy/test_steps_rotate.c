/* The steps of a rotation, each alone with canned answers. */
#include "canned.h"

#include <stdio.h>
#include <string.h>

static struct world w;

#define VM(id, latest, health)                                                           \
    "{\"instanceId\":\"" id "\",\"properties\":{\"latestModelApplied\":" latest          \
    ",\"instanceView\":{\"statuses\":[{\"code\":\"PowerState/running\"}],\"vmHealth\":{" \
    "\"status\":{\"code\":\"HealthState/" health "\"}}}}}"
#define VMS(list) "{\"value\":[" list "]}"
#define OLD(id)   VM(id, "false", "healthy")
#define NEW(id)   VM(id, "true", "healthy")

static void know(struct world *world)
{
    world_fact(world, "upgrade_mode", "Manual");
    world_fact(world, "cert_secret_url", "https://v.vault.azure.net/secrets/c/new");
    world_fact(world, "vault_id", "/subscriptions/s/v");
}

/* The second one is not touched while the first does not serve. */
START_TEST(instances_follow_one_by_one)
{
    struct rule rules[] = {
        TOKEN,
        ANSWER("POST", "/manualupgrade", 1, 409, "{\"error\":{\"code\":\"Conflict\"}}"),
        ANSWER("POST", "/manualupgrade", 0, 200, NULL),
        ANSWER("GET", "/rollingUpgrades/", 0, 404, "{}"),
        ANSWER("GET", "/virtualMachines?", 3, 200, VMS(OLD("0") "," OLD("4"))),
        ANSWER("GET", "/virtualMachines?", 2, 200,
               VMS(VM("0", "true", "unhealthy") "," OLD("4"))),
        ANSWER("GET", "/virtualMachines?", 1, 200, VMS(NEW("0") "," OLD("4"))),
        ANSWER("GET", "/virtualMachines?", 0, 200, VMS(NEW("0") "," NEW("4"))),
        { 0 }
    };

    canned_begin(&w, rules, &cmg__step_roll);
    know(&w);
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_DELETED);
    ck_assert_uint_eq(world_count(&w, "{\"instanceIds\":[\"0\"]}"), 2);
    ck_assert_uint_eq(world_count(&w, "{\"instanceIds\":[\"4\"]}"), 1);
    world_done(&w);
}
END_TEST

/* Goes on until a request with the text is sent, or to the end (NULL); how long it took.
 */
static int64_t drive_ms(const char *text)
{
    const int64_t began_ns = w.env.now_ns;

    while (w.deploy->running && (text == NULL || world_count(&w, text) == 0)) {
        const int wait = cmg_context_get_timeout_ms(w.ctx);

        ck_assert_int_ge(wait, 0);
        support_env_advance_ms(&w.env, wait);
        world_turns(&w, 1);
    }
    return (w.env.now_ns - began_ns) / 1000000;
}

#define UPGRADE(id) "{\"instanceIds\":[\"" id "\"]}"

/* Each looks healthy all the time, as one does that has not looked at its user data yet.
 */
#define AT_ONCE                                                                          \
    ANSWER("POST", "/manualupgrade", 0, 200, NULL),                                      \
        ANSWER("GET", "/rollingUpgrades/", 0, 404, "{}"),                                \
        ANSWER("GET", "/virtualMachines?", 1, 200, VMS(OLD("0") "," OLD("4"))),          \
        ANSWER("GET", "/virtualMachines?", 2, 200, VMS(NEW("0") "," OLD("4"))),          \
        ANSWER("GET", "/virtualMachines?", 0, 200, VMS(NEW("0") "," NEW("4")))

START_TEST(health_counts_only_when_the_instance_can_have_seen_the_change)
{
    struct rule rules[] = { TOKEN, AT_ONCE, { 0 } };

    canned_begin(&w, rules, &cmg__step_roll);
    know(&w);
    ck_assert_int_lt(drive_ms(UPGRADE("0")), CMG__PART_PAUSE_MS);
    ck_assert_int_ge(drive_ms(UPGRADE("4")), CMG__PART_PAUSE_MS);
    ck_assert_int_ge(drive_ms(NULL), CMG__PART_PAUSE_MS);
    ck_assert_int_eq(w.end, CMG_DEPLOY_DELETED);
    ck_assert_uint_eq(world_count(&w, "/manualupgrade"), 2);
    world_done(&w);
}
END_TEST

/* Killed before the answer, the next run finds an instance with the new model, healthy.
 */
START_TEST(pause_that_was_cut_off_is_made_by_the_next_run)
{
    struct rule rules[] = { TOKEN, AT_ONCE, { 0 } };
    const struct cmg__step *steps[] = { &cmg__step_sign_in, &cmg__step_roll };

    canned_begin(&w, rules, &cmg__step_roll);
    know(&w);
    (void)drive_ms(UPGRADE("0"));
    world_again(&w, CMG_DEPLOY_DELETE);
    world_table(&w, steps, CMG__ARRAY_LEN(steps));
    world_start(&w);
    ck_assert_int_ge(drive_ms(UPGRADE("4")), CMG__PART_PAUSE_MS);
    ck_assert_uint_eq(world_count(&w, UPGRADE("0")), 0);
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_DELETED);
    world_done(&w);
}
END_TEST

#define ROLLING(code) "{\"properties\":{\"runningStatus\":{\"code\":\"" code "\"}}}"

static const struct {
    const char *code;
    int64_t wait_ms; /* before the first instance is updated */
} ends[] = { { "Cancelled", CMG__PART_PAUSE_MS }, { "Completed", 0 } };

START_TEST(rolling_upgrade_that_has_given_up_is_gone_on_with_after_its_pause)
{
    struct rule rules[] = {
        TOKEN,
        ANSWER("POST", "/manualupgrade", 0, 200, NULL),
        ANSWER("GET", "/rollingUpgrades/", 1, 200, ROLLING("RollingForward")),
        ANSWER("GET", "/rollingUpgrades/", 0, 200,
               _i == 0 ? ROLLING("Cancelled") : ROLLING("Completed")),
        ANSWER("GET", "/virtualMachines?", 3, 200, VMS(NEW("0") "," OLD("4"))),
        ANSWER("GET", "/virtualMachines?", 0, 200, VMS(NEW("0") "," NEW("4"))),
        { 0 }
    };

    canned_begin(&w, rules, &cmg__step_roll);
    know(&w);
    world_fact(&w, "upgrade_mode", "Rolling");
    const int64_t took_ms = drive_ms(UPGRADE("4"));
    ck_assert_int_ge(took_ms, ends[_i].wait_ms);
    ck_assert_int_lt(took_ms, ends[_i].wait_ms + 5000);
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_DELETED);
    world_done(&w);
}
END_TEST

START_TEST(a_rolling_upgrade_is_followed_and_nothing_is_asked_of_it)
{
    struct rule rules[] = {
        TOKEN,
        ANSWER("GET", "/rollingUpgrades/", 0, 200, ROLLING("RollingForward")),
        ANSWER("GET", "/virtualMachines?", 3, 200, VMS(OLD("0") "," NEW("1"))),
        ANSWER("GET", "/virtualMachines?", 0, 200, VMS(NEW("0") "," NEW("1"))),
        { 0 }
    };

    canned_begin(&w, rules, &cmg__step_roll);
    know(&w);
    world_fact(&w, "upgrade_mode", "Rolling");
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_DELETED);
    ck_assert_uint_eq(world_count(&w, "/manualupgrade"), 0);
    world_done(&w);
}
END_TEST

#define VERSION(name, enabled)                                                           \
    "{\"id\":\"https://v.vault.azure.net/certificates/c/" name                           \
    "\",\"attributes\":{\"enabled\":" enabled "}}"

/* The fixture ends before it verifies, so it gets the step as one of those before. */
static const struct cmg__step *former_versions(void)
{
    static struct cmg__step step;

    step = cmg__step_former_versions;
    step.phase = CMG__PHASE_APPLY;
    return &step;
}

START_TEST(former_versions_are_disabled_and_the_current_one_is_not)
{
    struct rule rules[] = {
        TOKEN,
        { .method = "PATCH", .path = "/old", .times = 1, .lost = true },
        ANSWER("PATCH", "/old", 1, 200, "{}"),
        ANSWER("GET", "/versions", 1, 200,
               VMS(VERSION("gone", "false") "," VERSION("old", "true") "," VERSION(
                   "new", "true"))),
        ANSWER("GET", "/versions", 0, 200,
               VMS(VERSION("old", "false") "," VERSION("new", "true"))),
        { 0 }
    };

    canned_begin(&w, rules, former_versions());
    know(&w);
    canned_finish(&w);
    ck_assert_int_eq(w.end_code, CMG_OK);
    ck_assert_uint_eq(world_count(&w, "{\"attributes\":{\"enabled\":false}}"), 2);
    world_done(&w);
}
END_TEST

START_TEST(memory_that_runs_out_says_so)
{
    struct rule roll[] = { TOKEN,
                           ANSWER("POST", "/manualupgrade", 0, 200, NULL),
                           ANSWER("GET", "/rollingUpgrades/", 0, 404, "{}"),
                           ANSWER("GET", "/virtualMachines?", 1, 200, VMS(OLD("0"))),
                           ANSWER("GET", "/virtualMachines?", 0, 200, VMS(NEW("0"))),
                           { 0 } };
    struct rule model[] = { TOKEN,
                            ANSWER("PATCH", "/virtualMachineScaleSets/", 0, 200, "{}"),
                            ANSWER("GET", "/virtualMachineScaleSets/", 0, 200, "{}"),
                            { 0 } };
    struct rule versions[] = {
        TOKEN,
        ANSWER("PATCH", "/old", 0, 200, "{}"),
        ANSWER("GET", "/versions", 1, 200, VMS(VERSION("old", "true"))),
        ANSWER("GET", "/versions", 0, 200, VMS(VERSION("new", "true"))),
        { 0 }
    };

    canned_starve_step(&w, roll, &cmg__step_roll, know);
    canned_starve_step(&w, model, &cmg__step_model, know);
    canned_starve_step(&w, versions, former_versions(), know);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("steps of a rotation");
    TCase *tc = tcase_create("rotation");

    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, instances_follow_one_by_one);
    tcase_add_test(tc, health_counts_only_when_the_instance_can_have_seen_the_change);
    tcase_add_test(tc, pause_that_was_cut_off_is_made_by_the_next_run);
    tcase_add_loop_test(tc,
                        rolling_upgrade_that_has_given_up_is_gone_on_with_after_its_pause,
                        0, CMG__ARRAY_LEN(ends));
    tcase_add_test(tc, a_rolling_upgrade_is_followed_and_nothing_is_asked_of_it);
    tcase_add_test(tc, former_versions_are_disabled_and_the_current_one_is_not);
    tcase_add_test(tc, memory_that_runs_out_says_so);
    suite_add_tcase(suite, tc);
    return support_run((Suite *[]){ suite, NULL });
}
