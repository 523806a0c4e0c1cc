/*
 * The upstream client against a real server connection and against a peer that plays a
 * script: streaming, malformed answers, time, endings inside every callback.
 */
#include "net/h1_upstream.h"

#include <string.h>
#include <sys/socket.h>

/* ---- answers ---- */

static const struct {
    const char *answer;
    const char *body;
    cmg_status why;
    bool close;
} answers[] = {
    { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", "ok",
      CMG_OK, false },
    { "HTTP/1.1 200 OK\r\n\r\nuntil close", "until close", CMG_OK, true },
    { "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: "
      "x\r\n\r\n" UP_OK,
      "ok", CMG_OK, false },
    { "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nok", "ok", CMG_E_PROTO, true },
    { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n", "ok",
      CMG_E_PROTO, true },
    { "HTTP/1.1 200 OK\r\nContent-Le", "", CMG_E_PROTO, true },
    { "HTTP/1.1 100 Continue\r\n\r\n", "", CMG_E_PROTO, true },
    { "HTTP/1.1 101 Switching Protocols\r\n\r\n", "", CMG_E_PROTO, false },
    { "HTTP/1.1 200 OK\nContent-Length: 2\r\n\r\nok", "", CMG_E_PROTO, false },
    { "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n", "",
      CMG_E_PROTO, false },
    { "SSH-2.0-OpenSSH\r\n", "", CMG_E_PROTO, false },
};

START_TEST(answers_are_taken_whole_or_not_at_all)
{
    up_listen_scripted();
    up.script[0][0] = answers[_i].answer;
    struct up_got *g = up_get(0);
    up_play(g, 20);
    if (answers[_i].close)
        up_raw_close(&up.raws[0]);
    ck_assert(pair_spin(up_is_done, g));
    ck_assert_int_eq(g->why, answers[_i].why);
    ck_assert_str_eq(cmg__buf_cstr(&g->body), answers[_i].body);
}
END_TEST

START_TEST(endless_interim_answers_are_refused)
{
    static char many[40 * 30];
    for (int i = 0; i < 40; i++)
        strncat(many, "HTTP/1.1 102 Processing\r\n\r\n", 30);
    up_listen_scripted();
    up.script[0][0] = many;
    struct up_got *g = up_get(0);
    ck_assert(pair_spin(up_is_done, g));
    ck_assert_int_eq(g->why, CMG_E_PROTO);
}
END_TEST

START_TEST(an_answer_before_the_request_ended_is_taken)
{
    up_listen_scripted();
    up.script[0][0] = "HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n";
    up.script[1][0] = UP_OK;
    struct up_got *g = up_ask(0, "PUT", CMG__HTTP1_LENGTH, 1000);
    ck_assert_int_eq(cmg__http1_exchange_write(g->x, "abc", 3, NULL), CMG_OK);
    ck_assert_int_eq(cmg__http1_exchange_end(g->x), CMG_E_STATE);
    up_expect(g, 413, "");
    up_expect(up_get(1), 200, "ok");
    ck_assert_uint_eq(up.accepted, 2);
}
END_TEST

/* ---- streaming ---- */

START_TEST(large_bodies_pass_both_ways)
{
    size_t total = 3 * UP_MIB;
    up_listen_real();
    struct up_got *g =
        up_ask(0, "PUT", _i == 0 ? CMG__HTTP1_LENGTH : CMG__HTTP1_CHUNKED, total);
    g->produce_left = total;
    up_produce(g);
    ck_assert_uint_gt(g->produce_left, 2 * UP_MIB);
    ck_assert(pair_spin(up_is_done, g));
    ck_assert_int_eq(g->why, CMG_OK);
    ck_assert(g->writable);
    ck_assert_uint_eq(g->body.len, total);
    for (size_t i = 0; i < total; i++)
        if (g->body.data[i] != pair_pattern(i, 4))
            ck_abort_msg("byte %zu differs", i);
}
END_TEST

START_TEST(a_paused_owner_holds_the_upstream_back)
{
    size_t total = 4 * UP_MIB;
    up_listen_real();
    struct up_got *g = up_ask(0, "PUT", CMG__HTTP1_LENGTH, total);
    g->produce_left = total;
    g->take_most = 10;
    up_produce(g);
    for (int i = 0; i < 2000 && g->body.len == 0; i++)
        pair_turns(1);
    pair_turns(100);
    ck_assert_uint_eq(g->body.len, 10);
    pair_advance_ms(50000); /* waiting is no fault of the upstream's */
    pair_turns(5);
    cmg__http1_exchange_resume(g->x);
    pair_turns(5);
    ck_assert_uint_eq(g->body.len, 20);
    g->take_most = SIZE_MAX;
    cmg__http1_exchange_resume(g->x);
    ck_assert(pair_spin(up_is_done, g));
    ck_assert_uint_eq(g->body.len, total);
}
END_TEST

/* ---- time and faults ---- */

START_TEST(an_upstream_without_an_answer_times_out)
{
    up_listen_scripted();
    up.script[0][0] = "";
    struct up_got *g = up_get(0);
    up_play(g, 10);
    pair_advance_ms(119000);
    up_play(g, 3);
    ck_assert(!g->done);
    pair_advance_ms(1001);
    ck_assert(pair_spin(up_is_done, g));
    ck_assert_int_eq(g->why, CMG_E_TIMEOUT);
}
END_TEST

START_TEST(a_port_without_a_listener_fails)
{
    up_listen_scripted();
    cmg__listener_free(up.listener);
    up.listener = NULL;
    struct up_got *g = up_get(0);
    ck_assert(pair_spin(up_is_done, g));
    ck_assert_int_eq(g->why, CMG_E_IO);
    ck_assert_int_eq(g->retry, CMG_RETRY_TRANSIENT);
}
END_TEST

START_TEST(malformed_requests_are_refused_at_once)
{
    struct cmg__http1_exchange *x = NULL;
    cmg_error *err = NULL;
    up_listen_scripted();
    ck_assert_int_eq(cmg__http1_exchange_start(up.pool, "GET", "/a b", NULL,
                                               CMG__HTTP1_NO_BODY, 0, &up_events,
                                               &up.got[0], &x, &err),
                     CMG_E_INVAL);
    ck_assert_ptr_null(x);
    cmg_error_unref(err);
    err = NULL;
    const struct cmg__http1_pool_settings settings = { .host = "a b", .port = 1 };
    struct cmg__http1_pool *other = NULL;
    ck_assert_int_eq(cmg__http1_pool_new(pair_loop(), &settings, &other, &err),
                     CMG_E_INVAL);
    ck_assert_ptr_null(other);
    cmg_error_unref(err);
}
END_TEST

/* ---- endings ---- */

static const struct {
    char where;
    enum up_action action;
} endings[] = {
    { 'H', UP_ABORT },     { 'B', UP_ABORT },     { 'H', UP_FREE_POOL },
    { 'B', UP_FREE_POOL }, { 'D', UP_FREE_POOL },
};

START_TEST(the_owner_may_end_it_inside_any_callback)
{
    up_listen_scripted();
    up.script[0][0] = UP_OK;
    struct up_got *g = up_get(0);
    g->action = endings[_i].action;
    g->action_at = endings[_i].where;
    up_play(g, 30);
    ck_assert_int_eq(g->done, endings[_i].where == 'D');
    ck_assert_int_eq(up.pool == NULL, endings[_i].action == UP_FREE_POOL);
}
END_TEST

START_TEST(ending_the_pool_ends_its_exchanges_without_a_word)
{
    up_listen_scripted();
    struct up_got *connecting = up_get(0);
    up.script[0][0] = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npart";
    up_play(connecting, 10);
    struct up_got *fresh = up_get(1);
    cmg__http1_pool_free(up.pool);
    up.pool = NULL;
    pair_turns(5);
    ck_assert(!connecting->done && !fresh->done);
}
END_TEST

START_TEST(an_aborted_exchange_closes_its_connection)
{
    char c;
    up_listen_scripted();
    up.script[0][0] = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npart";
    struct up_got *g = up_get(0);
    up_play(g, 10);
    ck_assert_str_eq(cmg__buf_cstr(&g->body), "part");
    cmg__http1_exchange_abort(g->x);
    pair_turns(3);
    ck_assert_int_eq(recv(up.raws[0].fd, &c, 1, MSG_DONTWAIT), 0);
    ck_assert(!g->done);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("http1_client");
    TCase *tc = up_case(s, "answers");
    tcase_add_loop_test(tc, answers_are_taken_whole_or_not_at_all, 0,
                        (int)CMG__ARRAY_LEN(answers));
    tcase_add_test(tc, endless_interim_answers_are_refused);
    tcase_add_test(tc, an_answer_before_the_request_ended_is_taken);
    tc = up_case(s, "streaming");
    tcase_add_loop_test(tc, large_bodies_pass_both_ways, 0, 2);
    tcase_add_test(tc, a_paused_owner_holds_the_upstream_back);
    tc = up_case(s, "time and faults");
    tcase_add_test(tc, an_upstream_without_an_answer_times_out);
    tcase_add_test(tc, a_port_without_a_listener_fails);
    tcase_add_test(tc, malformed_requests_are_refused_at_once);
    tc = up_case(s, "endings");
    tcase_add_loop_test(tc, the_owner_may_end_it_inside_any_callback, 0,
                        (int)CMG__ARRAY_LEN(endings));
    tcase_add_test(tc, ending_the_pool_ends_its_exchanges_without_a_word);
    tcase_add_test(tc, an_aborted_exchange_closes_its_connection);
    return s;
}

int main(void)
{
    Suite *const suites[] = { suite(), NULL };
    return support_run(suites);
}
