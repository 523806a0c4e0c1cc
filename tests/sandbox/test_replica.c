/* A directory with two replicas, one of them late, and one that sends requests away. */
#include <stdio.h>
#include <string.h>

#include "sandbox/replica.h"
#include "sandbox/world.h"

#define APPS       "/v1.0/applications"
#define PRINCIPALS "/v1.0/servicePrincipals"
#define LATE_MS    1000

static struct world w;

static void setup(void)
{
    world_init(&w);
    ck_assert_int_eq(cmg__sb_replica_begin(w.cloud, LATE_MS), CMG_OK);
}

static void teardown(void)
{
    world_done(&w);
}

/* The statuses of two requests in a row: one replica each. */
static void statuses(const char *method, const char *body, const char *target, int out[2])
{
    for (int i = 0; i < 2; i++) {
        struct reply r;
        world_ask(&w,
                  &(struct ask){ .method = method,
                                 .host = GRAPH,
                                 .target = target,
                                 .token = w.graph_token,
                                 .prefer = "create-if-missing",
                                 .body = body },
                  &r);
        out[i] = r.status;
        reply_done(&r);
    }
}

static void both(const char *method, const char *body, const char *target, int one,
                 int other)
{
    int got[2];

    statuses(method, body, target, got);
    ck_assert_msg((got[0] == one && got[1] == other) ||
                      (got[0] == other && got[1] == one),
                  "%s %s: %d and %d instead of %d and %d", method, target, got[0], got[1],
                  one, other);
}

/* Made through the replica that knows: its turn comes at the first or second try. */
static void make(const char *target, const char *body, char id[64], char app_id[64])
{
    struct reply r = { .status = 0 };

    for (int i = 0; i < 2 && r.status != 201; i++) {
        world_ask(&w,
                  &(struct ask){ .method = "POST",
                                 .host = GRAPH,
                                 .target = target,
                                 .token = w.graph_token,
                                 .body = body },
                  &r);
        snprintf(id, 64, "%s", reply_str(&r, "/id"));
        snprintf(app_id, 64, "%s", reply_str(&r, "/appId"));
        reply_done(&r);
    }
    ck_assert_int_eq(r.status, 201);
}

START_TEST(a_fresh_application_is_there_and_is_not)
{
    char id[64], app_id[64], target[128], body[128];
    struct reply r;

    make(APPS, "{\"displayName\":\"x\"}", id, app_id);
    snprintf(target, sizeof target, APPS "/%s", id);
    both("GET", NULL, target, 200, 404);
    both("PATCH", "{\"notes\":\"x\"}", target, 204, 404);
    snprintf(target, sizeof target, APPS "/%s/addPassword", id);
    both("POST", "{}", target, 200, 404);
    snprintf(body, sizeof body, "{\"appId\":\"%s\"}", app_id);
    snprintf(target, sizeof target, PRINCIPALS "(appId='%s')", app_id);
    both("PATCH", body, target, 400, 201);
    support_env_advance_ms(&w.env, LATE_MS);
    snprintf(target, sizeof target, APPS "/%s", id);
    both("GET", NULL, target, 200, 200);
    world_graph(&w, &r, 200, "GET", NULL, "%s", target);
    ck_assert_str_eq(reply_str(&r, "/notes"), "x");
    reply_done(&r);
}
END_TEST

START_TEST(the_principal_of_a_fresh_application_has_an_error_of_its_own)
{
    char id[64], app_id[64], body[128];
    bool seen = false;

    make(APPS, "{\"displayName\":\"x\"}", id, app_id);
    snprintf(body, sizeof body, "{\"appId\":\"%s\"}", app_id);
    for (int i = 0; i < 2; i++) {
        struct reply r;
        world_ask(&w,
                  &(struct ask){ .method = "POST",
                                 .host = GRAPH,
                                 .target = PRINCIPALS,
                                 .token = w.graph_token,
                                 .body = body },
                  &r);
        if (r.status == 400) {
            seen = true;
            ck_assert_str_eq(reply_str(&r, "/error/details/0/code"),
                             "NoBackingApplicationObject");
        }
        reply_done(&r);
    }
    ck_assert(seen);
}
END_TEST

START_TEST(a_change_is_read_old_and_new)
{
    char id[64], app_id[64], target[128];
    int old = 0;

    make(APPS, "{\"displayName\":\"old\"}", id, app_id);
    support_env_advance_ms(&w.env, LATE_MS);
    snprintf(target, sizeof target, APPS "/%s", id);
    both("PATCH", "{\"displayName\":\"new\"}", target, 204, 204);
    for (int i = 0; i < 2; i++) {
        struct reply r;
        world_graph(&w, &r, 200, "GET", NULL, "%s", target);
        old += strcmp(reply_str(&r, "/displayName"), "old") == 0;
        reply_done(&r);
    }
    ck_assert_int_eq(old, 1);
}
END_TEST

START_TEST(what_is_deleted_is_still_there_for_the_late_one)
{
    char id[64], app_id[64], target[128];

    make(APPS, "{\"displayName\":\"x\"}", id, app_id);
    support_env_advance_ms(&w.env, LATE_MS);
    snprintf(target, sizeof target, APPS "/%s", id);
    both("DELETE", NULL, target, 204, 404);
    both("GET", NULL, target, 200, 404);
    support_env_advance_ms(&w.env, LATE_MS);
    both("GET", NULL, target, 404, 404);
}
END_TEST

START_TEST(every_nth_request_is_sent_away_for_a_while)
{
    static const struct {
        uint32_t ms;
        const char *text;
    } waits[] = { { 2000, "2" }, { 2128, "2.128" }, { 5, "0.005" } };

    for (size_t i = 0; i < CMG__ARRAY_LEN(waits); i++) {
        w.cloud->throttle =
            (struct cmg__sb_throttle){ .every = 3, .retry_after_ms = waits[i].ms };
        for (int k = 1; k <= 6; k++) {
            struct reply r;
            world_graph(&w, &r, k % 3 == 0 ? 429 : 200, "GET", NULL, APPS);
            ck_assert_str_eq(reply_head(&r, "Retry-After"),
                             k % 3 == 0 ? waits[i].text : "");
            reply_done(&r);
        }
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("replica");
    TCase *t = tcase_create("replica");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, a_fresh_application_is_there_and_is_not);
    tcase_add_test(t, the_principal_of_a_fresh_application_has_an_error_of_its_own);
    tcase_add_test(t, a_change_is_read_old_and_new);
    tcase_add_test(t, what_is_deleted_is_still_there_for_the_late_one);
    tcase_add_test(t, every_nth_request_is_sent_away_for_a_while);
    suite_add_tcase(s, t);
    Suite *const suites[] = { s, NULL };
    return support_run(suites);
}
