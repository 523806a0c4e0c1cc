/* $batch: many requests in one, their order, what is refused, and memory that runs out.
 */
#include <stdio.h>
#include <string.h>

#include "sandbox/world.h"

static struct world w;

static void setup(void)
{
    world_init(&w);
}

static void teardown(void)
{
    world_done(&w);
}

#define BATCH   "/v1.0/$batch"
#define APPS    "/applications"
#define AS_JSON "\"headers\":{\"Content-Type\":\"application/json\"}"
#define CREATE(id, name, more)                                                           \
    "{\"id\":\"" id "\",\"method\":\"POST\",\"url\":\"" APPS "\"," AS_JSON               \
    ",\"body\":{\"displayName\":\"" name "\"}" more "}"
#define GET(id, url, more)                                                               \
    "{\"id\":\"" id "\",\"method\":\"GET\",\"url\":\"" url "\"" more "}"

static void batch(struct reply *r, int status, const char *requests)
{
    char body[8192];

    ck_assert_int_lt(snprintf(body, sizeof body, "{\"requests\":[%s]}", requests),
                     sizeof body);
    world_graph(&w, r, status, "POST", body, BATCH);
}

static int64_t status_of(const struct reply *r, size_t i)
{
    char path[64];

    snprintf(path, sizeof path, "/responses/%zu/status", i);
    return reply_int(r, path);
}

START_TEST(each_request_is_answered_under_its_id)
{
    struct reply r;

    batch(&r, 200,
          CREATE("a", "One", "") "," GET("b", "organization", "") "," GET(
              "c", APPS "/11111111-0000-0000-0000-000000000000", ""));
    ck_assert_str_eq(reply_str(&r, "/responses/0/id"), "a");
    ck_assert_int_eq(status_of(&r, 0), 201);
    ck_assert_str_eq(reply_str(&r, "/responses/0/body/displayName"), "One");
    ck_assert(cmg__str_starts(reply_str(&r, "/responses/0/headers/Location"),
                              "https://" GRAPH "/v1.0" APPS "/"));
    ck_assert_int_eq(status_of(&r, 1), 200);
    ck_assert_str_eq(reply_str(&r, "/responses/1/body/value/0/id"), WORLD_TENANT);
    ck_assert_int_eq(status_of(&r, 2), 404);
    ck_assert_str_eq(reply_str(&r, "/responses/2/body/error/code"),
                     "Request_ResourceNotFound");
    reply_done(&r);
    ck_assert_uint_eq(cmg__json_size(cmg__sb_table(w.cloud, "applications")), 1);
}
END_TEST

START_TEST(an_answer_without_a_body_has_none)
{
    struct reply r;
    struct app app;
    char requests[256];

    world_make_app(&w, "x", "", &app);
    snprintf(requests, sizeof requests,
             "{\"id\":\"1\",\"method\":\"DELETE\",\"url\":\"" APPS "/%s\"}", app.id);
    batch(&r, 200, requests);
    ck_assert_int_eq(status_of(&r, 0), 204);
    ck_assert_ptr_null(cmg__json_at(r.body, "/responses/0/body"));
    reply_done(&r);
}
END_TEST

START_TEST(a_request_waits_and_falls_with_the_one_before)
{
    struct reply r;

    batch(&r, 200,
          CREATE("1", "One", "") "," GET(
              "2", "/nowhere",
              ",\"dependsOn\":[\"1\"]") "," CREATE("3", "Two",
                                                   ",\"dependsOn\":[\"1\","
                                                   "\"2\"]") "," CREATE("4", "Three",
                                                                        ",\"dep"
                                                                        "endsOn"
                                                                        "\":["
                                                                        "\"3\""
                                                                        "]"));
    ck_assert_int_eq(status_of(&r, 0), 201);
    ck_assert_int_eq(status_of(&r, 1), 400);
    ck_assert_int_eq(status_of(&r, 2), 424);
    ck_assert_int_eq(status_of(&r, 3), 424);
    reply_done(&r);
    ck_assert_uint_eq(cmg__json_size(cmg__sb_table(w.cloud, "applications")), 1);
}
END_TEST

START_TEST(a_batch_holds_no_batch_and_no_token_of_its_own)
{
    struct reply r;

    batch(&r, 200,
          "{\"id\":\"1\",\"method\":\"POST\",\"url\":\"/$batch\"," AS_JSON
          ",\"body\":{\"requests\":[]}},"
          "{\"id\":\"2\",\"method\":\"GET\",\"url\":\"" APPS
          "\",\"headers\":{\"authorization\":\"Bearer x\"}}");
    ck_assert_int_eq(status_of(&r, 0), 400);
    ck_assert_int_eq(status_of(&r, 1), 200);
    reply_done(&r);
    world_ask(&w,
              &(struct ask){ .method = "POST",
                             .host = GRAPH,
                             .target = BATCH,
                             .body = "{\"requests\":[" GET("1", APPS, "") "]}" },
              &r);
    ck_assert_int_eq(r.status, 401);
    reply_done(&r);
}
END_TEST

static const struct {
    const char *requests, *part;
} refusals[] = {
    { "", "Invalid batch payload" },
    { "{\"method\":\"GET\",\"url\":\"/x\"}", "id is missing" },
    { GET("1", "/x", "") "," GET("1", "/y", ""), "more than once" },
    { "{\"id\":\"1\",\"url\":\"/x\"}", "method is missing" },
    { "{\"id\":\"1\",\"method\":\"GET\"}", "url is missing" },
    { "{\"id\":\"1\",\"method\":\"POST\",\"url\":\"/x\",\"body\":{}}", "Content-Type" },
    { "{\"id\":\"1\",\"method\":\"PATCH\",\"url\":\"/x\"," AS_JSON "}", "or body" },
    { GET("1", "/x", ",\"dependsOn\":[\"2\"]") "," GET("2", "/y", ""), "dependsOn" },
    { "7", "id is missing" },
};

START_TEST(a_batch_is_refused_as_a_whole)
{
    struct reply r;

    batch(&r, 400, refusals[_i].requests);
    ck_assert_str_eq(reply_str(&r, "/error/code"), "BadRequest");
    ck_assert_ptr_nonnull(strstr(reply_str(&r, "/error/message"), refusals[_i].part));
    reply_done(&r);
}
END_TEST

START_TEST(a_batch_has_twenty_requests_at_most)
{
    struct reply r;
    char requests[4096] = "";

    for (int n = 1; n <= 21; n++) {
        size_t len = strlen(requests);

        snprintf(requests + len, sizeof requests - len,
                 "%s{\"id\":\"%d\",\"method\":\"GET\",\"url\":\"/domains\"}",
                 n == 1 ? "" : ",", n);
        if (n == 20) {
            batch(&r, 200, requests);
            ck_assert_int_eq(status_of(&r, 19), 200);
            reply_done(&r);
        }
    }
    batch(&r, 400, requests);
    ck_assert_str_eq(reply_str(&r, "/error/code"), "MaximumValueExceeded");
    reply_done(&r);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("batch");
    TCase *t = tcase_create("requests");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, each_request_is_answered_under_its_id);
    tcase_add_test(t, an_answer_without_a_body_has_none);
    tcase_add_test(t, a_request_waits_and_falls_with_the_one_before);
    tcase_add_test(t, a_batch_holds_no_batch_and_no_token_of_its_own);
    tcase_add_loop_test(t, a_batch_is_refused_as_a_whole, 0, CMG__ARRAY_LEN(refusals));
    tcase_add_test(t, a_batch_has_twenty_requests_at_most);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    Suite *const suites[] = { suite(), NULL };
    return support_run(suites);
}
