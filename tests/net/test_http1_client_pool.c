/*
 * The upstream client's connections: which are kept and used again, which are not, and
 * which requests may be sent once more.
 */
#include "net/h1_upstream.h"

#include <sys/socket.h>

START_TEST(a_connection_is_kept_and_used_again)
{
    up_listen_scripted();
    up.script[0][0] = up.script[0][1] = up.script[0][2] = UP_OK;
    for (size_t i = 0; i < 3; i++)
        up_expect(up_get(i), 200, "ok");
    ck_assert_uint_eq(up.accepted, 1);
    ck_assert_uint_eq(up.raws[0].requests, 3);
}
END_TEST

START_TEST(concurrent_requests_have_connections_of_their_own)
{
    up_listen_scripted();
    for (size_t c = 0; c < 4; c++)
        up.script[c][0] = up.script[c][1] = UP_OK;
    for (size_t i = 0; i < 3; i++)
        (void)up_get(i);
    for (size_t i = 0; i < 3; i++)
        up_expect(&up.got[i], 200, "ok");
    ck_assert_uint_eq(up.accepted, 3);
    /* Two are kept, the third was closed. */
    for (size_t i = 3; i < 6; i++)
        (void)up_get(i);
    for (size_t i = 3; i < 6; i++)
        up_expect(&up.got[i], 200, "ok");
    ck_assert_uint_eq(up.accepted, 4);
}
END_TEST

static const char *const unkept[] = {
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok",
    "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
    UP_OK "HTTP/1.1 200 OK\r\n", /* more than was asked for */
};

START_TEST(a_connection_in_doubt_is_not_kept)
{
    up_listen_scripted();
    up.script[0][0] = unkept[_i];
    up.script[1][0] = UP_OK;
    up_expect(up_get(0), 200, "ok");
    up_expect(up_get(1), 200, "ok");
    ck_assert_uint_eq(up.accepted, 2);
}
END_TEST

START_TEST(an_idle_connection_ends_after_its_time)
{
    char c;
    up_listen_scripted();
    up.script[0][0] = UP_OK;
    up_expect(up_get(0), 200, "ok");
    pair_advance_ms(59000);
    pair_turns(3);
    ck_assert_int_eq(recv(up.raws[0].fd, &c, 1, MSG_DONTWAIT), -1);
    pair_advance_ms(1001);
    pair_turns(3);
    ck_assert_int_eq(recv(up.raws[0].fd, &c, 1, MSG_DONTWAIT), 0);
}
END_TEST

START_TEST(a_connection_closed_while_idle_is_not_used)
{
    up_listen_scripted();
    up.script[0][0] = up.script[1][0] = UP_OK;
    up_expect(up_get(0), 200, "ok");
    up_raw_close(&up.raws[0]);
    if (_i == 0)
        pair_turns(5); /* noticed by the loop; else when it is taken */
    up_expect(up_ask(1, "POST", CMG__HTTP1_NO_BODY, 0), 200, "ok");
    ck_assert_uint_eq(up.accepted, 2);
}
END_TEST

static const struct {
    const char *method;
    bool body;
    bool again;
} stale[] = {
    { "GET", false, true },      { "HEAD", false, true },    { "OPTIONS", false, true },
    { "PROPFIND", false, true }, { "GET", true, false },     { "POST", false, false },
    { "CCM_POST", true, false }, { "DELETE", false, false },
};

START_TEST(only_harmless_requests_are_sent_again)
{
    up_listen_scripted();
    up.script[0][0] = UP_OK;
    up.script[0][1] = NULL; /* closes as the second request comes */
    up.script[1][0] = "HTTP/1.1 204 No Content\r\n\r\n";
    up_expect(up_get(0), 200, "ok");
    struct up_got *g = up_ask(1, stale[_i].method,
                              stale[_i].body ? CMG__HTTP1_LENGTH : CMG__HTTP1_NO_BODY, 1);
    if (stale[_i].body) {
        ck_assert_int_eq(cmg__http1_exchange_write(g->x, "b", 1, NULL), CMG_OK);
        ck_assert_int_eq(cmg__http1_exchange_end(g->x), CMG_OK);
    }
    ck_assert(pair_spin(up_is_done, g));
    ck_assert_int_eq(g->why, stale[_i].again ? CMG_OK : CMG_E_IO);
    ck_assert_int_eq(g->status, stale[_i].again ? 204 : 0);
    ck_assert_uint_eq(up.accepted, stale[_i].again ? 2 : 1);
    if (!stale[_i].again)
        ck_assert_int_eq(g->retry, CMG_RETRY_TRANSIENT);
}
END_TEST

START_TEST(a_fresh_connection_is_tried_once)
{
    up_listen_scripted();
    struct up_got *g = up_get(0);
    ck_assert(pair_spin(up_is_done, g));
    ck_assert_int_eq(g->why, CMG_E_IO);
    ck_assert_uint_eq(up.accepted, 1);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("http1_client_pool");
    TCase *tc = up_case(s, "connections");
    tcase_add_test(tc, a_connection_is_kept_and_used_again);
    tcase_add_test(tc, concurrent_requests_have_connections_of_their_own);
    tcase_add_loop_test(tc, a_connection_in_doubt_is_not_kept, 0,
                        (int)CMG__ARRAY_LEN(unkept));
    tcase_add_test(tc, an_idle_connection_ends_after_its_time);
    tcase_add_loop_test(tc, a_connection_closed_while_idle_is_not_used, 0, 2);
    tcase_add_loop_test(tc, only_harmless_requests_are_sent_again, 0,
                        (int)CMG__ARRAY_LEN(stale));
    tcase_add_test(tc, a_fresh_connection_is_tried_once);
    return s;
}

int main(void)
{
    Suite *const suites[] = { suite(), NULL };
    return support_run(suites);
}
