/* How far a deployment is, with steps of our own in states that are set by hand. */
#include "deploy/progress.h"

#include "own_steps.h"

#include <string.h>

#define SECONDS(n) ((int64_t)1000 * (n))

static const struct cmg__exchange nothing[] = {
    { .name = "nothing", .call = CMG__CALL_LOCAL },
};

#define STEP(NAME, PHASE, USUAL, ...)                                                    \
    {                                                                                    \
        .name = NAME, .title = NAME, .phase = CMG__PHASE_##PHASE, .needs = __VA_ARGS__,  \
        .usual_ms = SECONDS(USUAL), CMG__STEP_EXCHANGES(nothing)                         \
    }

/* Two ways of 40 and 30 seconds that meet, then 10 more, and 20 to verify. */
static const struct cmg__step one = STEP("one", APPLY, 40, { NULL });
static const struct cmg__step two = STEP("two", APPLY, 10, { NULL });
static const struct cmg__step three = STEP("three", APPLY, 20, { "two" });
static const struct cmg__step four = STEP("four", APPLY, 10, { "one", "three" });
static const struct cmg__step five = STEP("five", VERIFY, 20, { "nowhere" });
static const struct cmg__step *const steps[] = { &one, &two, &three, &four, &five };
enum { ONE, TWO, THREE, FOUR, FIVE };

static void setup(void)
{
    static struct rule none[] = { { 0 } };

    world_init(&w, CMG_DEPLOY_DELETE, none);
    world_table(&w, steps, CMG__ARRAY_LEN(steps));
    world_start(&w);
    w.deploy->confirmed = true;
}

static void teardown(void)
{
    world_done(&w);
}

static void set(size_t step, enum cmg__exec_state state)
{
    w.deploy->execs[step].state = state;
    w.deploy->execs[step].budget_from_ms = 0;
}

static void check(int64_t now_s, int64_t remaining_s, int percent)
{
    const struct cmg__progress p = cmg__progress_see(w.deploy, SECONDS(now_s));

    ck_assert_int_eq(p.remaining_ms, SECONDS(remaining_s));
    ck_assert_int_eq(p.percent, percent);
}

START_TEST(what_is_left_is_the_longest_way)
{
    check(0, 70, 0);
    set(ONE, CMG__EXEC_DONE);
    check(0, 60, 40);
    set(TWO, CMG__EXEC_DONE);
    set(THREE, CMG__EXEC_DONE);
    check(0, 30, 70);
    set(FOUR, CMG__EXEC_DONE);
    check(0, 20, 80);
    set(FIVE, CMG__EXEC_DONE);
    check(0, 0, 100);
}
END_TEST

START_TEST(what_is_under_way_gets_less_but_never_nothing)
{
    set(ONE, CMG__EXEC_ACTIVE);
    check(0, 70, 0);
    check(5, 65, 5);
    w.deploy->execs[ONE].run.percent = 75; /* what the service says counts more */
    check(5, 60, 30);
    w.deploy->execs[ONE].run.percent = -1;
    set(TWO, CMG__EXEC_DONE);
    set(THREE, CMG__EXEC_DONE);
    const struct cmg__progress late = cmg__progress_see(w.deploy, SECONDS(4000));
    ck_assert_int_gt(late.remaining_ms, SECONDS(30));
    ck_assert_int_lt(late.remaining_ms, SECONDS(35));
    ck_assert_int_lt(late.percent, 100);
}
END_TEST

START_TEST(looking_takes_nothing_away)
{
    w.deploy->confirmed = false;
    set(ONE, CMG__EXEC_ACTIVE);
    set(TWO, CMG__EXEC_HELD);
    check(30, 70, 0);
}
END_TEST

START_TEST(steps_that_wait_for_one_another_come_to_an_end)
{
    static const struct cmg__step *const circle[] = { &step_x, &step_y };

    world_done(&w);
    world_init(&w, CMG_DEPLOY_DELETE, (struct rule[]){ { 0 } });
    world_table(&w, circle, CMG__ARRAY_LEN(circle));
    world_start(&w);
    ck_assert_int_gt(cmg__progress_see(w.deploy, 0).remaining_ms, 0);
}
END_TEST

START_TEST(a_step_without_a_duration_takes_a_moment)
{
    ck_assert_int_eq(cmg__step_usual_ms(&one), SECONDS(40));
    ck_assert_int_gt(cmg__step_usual_ms(&step_a), 0);
    ck_assert_int_lt(cmg__step_usual_ms(&step_a), SECONDS(5));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("progress");
    TCase *tc = tcase_create("progress");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, what_is_left_is_the_longest_way);
    tcase_add_test(tc, what_is_under_way_gets_less_but_never_nothing);
    tcase_add_test(tc, looking_takes_nothing_away);
    tcase_add_test(tc, steps_that_wait_for_one_another_come_to_an_end);
    tcase_add_test(tc, a_step_without_a_duration_takes_a_moment);
    suite_add_tcase(suite, tc);
    return support_run((Suite *[]){ suite, NULL });
}
