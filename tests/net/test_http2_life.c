/*
 * The life of an HTTP/2 session: endings inside every callback, a lost peer, draining,
 * pings and the other time limits by a fake clock.
 */
#include "net/h2_ends.h"

/* ---- endings of sessions ---- */

static const struct {
    bool server; /* whose callback */
    char where;
    enum h2_action action;
} actions[] = {
    { true, 'Y', H2_ABORT },  { true, 'Q', H2_ABORT },  { true, 'B', H2_ABORT },
    { true, 'E', H2_ABORT },  { true, 'W', H2_ABORT },  { true, 'X', H2_ABORT },
    { true, 'Y', H2_FREE },   { true, 'Q', H2_FREE },   { true, 'B', H2_FREE },
    { true, 'E', H2_FREE },   { true, 'W', H2_FREE },   { true, 'X', H2_FREE },
    { false, 'Y', H2_ABORT }, { false, 'S', H2_ABORT }, { false, 'B', H2_ABORT },
    { false, 'E', H2_ABORT }, { false, 'W', H2_ABORT }, { false, 'X', H2_ABORT },
    { false, 'Y', H2_FREE },  { false, 'S', H2_FREE },  { false, 'B', H2_FREE },
    { false, 'E', H2_FREE },  { false, 'W', H2_FREE },  { false, 'X', H2_FREE },
    { true, 'Q', H2_RESET },  { true, 'B', H2_RESET },  { true, 'E', H2_RESET },
    { true, 'W', H2_RESET },  { false, 'S', H2_RESET }, { false, 'B', H2_RESET },
    { false, 'E', H2_RESET }, { false, 'W', H2_RESET },
};

START_TEST(the_owner_may_end_things_inside_any_callback)
{
    struct h2_end *e = actions[_i].server ? &dialler : &acceptor;
    struct h2_end *other = actions[_i].server ? &acceptor : &dialler;
    struct cmg__stream *a, *b;
    e->action = actions[_i].action;
    e->action_at = actions[_i].where;
    pair_streams(&a, &b);
    h2_open(&dialler, a, h2_defaults);
    h2_open(&acceptor, b, h2_defaults);
    struct h2_seen *x = h2_ask("PUT", false);
    x->produce_left = 2 * H2_MIB;
    h2_produce(x);
    if (e->action == H2_RESET) {
        ck_assert(pair_spin(h2_is_closed, x));
        ck_assert(!dialler.closed && !acceptor.closed);
        return;
    }
    ck_assert(pair_spin(h2_has_ended, e));
    if (other->action_at == 0)
        ck_assert(pair_spin(h2_has_ended, other));
    if (e->action == H2_ABORT) {
        ck_assert_int_eq(e->why, CMG_OK);
        for (size_t i = 0; i < e->count; i++)
            ck_assert(e->seen[i].closed);
    }
}
END_TEST

START_TEST(a_lost_peer_ends_streams_then_the_session)
{
    dialler.answer = false;
    h2_connect(h2_defaults);
    struct h2_seen *sent = h2_ask("POST", true);
    pair_turns(10);
    ck_assert_uint_eq(dialler.count, 1);
    cmg__h2_free(dialler.h2);
    dialler.closed = true;
    struct h2_seen *unsent = h2_ask("POST", true);
    ck_assert(pair_spin(h2_has_ended, &acceptor));
    ck_assert_int_eq(acceptor.why, CMG_E_IO);
    ck_assert(sent->closed);
    ck_assert(!sent->refused);
    ck_assert_uint_ne(sent->code, 0);
    ck_assert(unsent->closed);
}
END_TEST

START_TEST(draining_finishes_what_is_under_way)
{
    struct h2_end *e = _i == 0 ? &dialler : &acceptor;
    dialler.answer = false;
    h2_connect(h2_defaults);
    struct h2_seen *x = h2_ask("POST", true);
    pair_turns(10);
    cmg__h2_drain(e->h2, 30000);
    pair_turns(20);
    ck_assert_int_eq(acceptor.goaway, _i == 0);
    ck_assert_int_eq(dialler.goaway, _i == 1);
    ck_assert(!acceptor.closed && !dialler.closed);
    struct cmg__h2_stream *s = NULL;
    ck_assert_int_eq(
        cmg__h2_request(acceptor.h2, "GET", "/", "a", NULL, true, NULL, &s, NULL),
        CMG_E_STATE);
    ck_assert_int_eq(cmg__h2_respond(dialler.seen[0].s, 204, NULL, true), CMG_OK);
    ck_assert(pair_spin(h2_is_closed, x));
    ck_assert_str_eq(x->head, "204 -");
    ck_assert(pair_spin(h2_has_ended, &acceptor));
    ck_assert(pair_spin(h2_has_ended, &dialler));
    ck_assert_int_eq(acceptor.why, CMG_OK);
    ck_assert_int_eq(dialler.why, CMG_OK);
}
END_TEST

START_TEST(draining_has_an_end)
{
    dialler.answer = false;
    h2_connect(h2_defaults);
    (void)h2_ask("POST", true);
    pair_turns(10);
    cmg__h2_drain(dialler.h2, 5000);
    pair_turns(20);
    ck_assert(!dialler.closed);
    pair_advance_ms(5001);
    ck_assert(pair_spin(h2_has_ended, &dialler));
    ck_assert_int_eq(dialler.why, CMG_E_TIMEOUT);
    ck_assert(pair_spin(h2_has_ended, &acceptor));
}
END_TEST

/* ---- time ---- */

START_TEST(a_quiet_channel_is_kept_alive_by_pings)
{
    h2_connect(h2_defaults);
    for (int i = 0; i < 10; i++) {
        pair_advance_ms(20001);
        pair_turns(10);
        ck_assert(!dialler.closed && !acceptor.closed);
        ck_assert_int_ge(cmg__h2_rtt_ms(acceptor.h2), 0);
    }
}
END_TEST

START_TEST(an_unanswered_ping_ends_the_channel)
{
    h2_open_raw();
    pair_advance_ms(9999);
    pair_turns(5);
    ck_assert(!dialler.closed);
    pair_advance_ms(2);
    ck_assert(pair_spin(h2_has_ended, &dialler));
    ck_assert_int_eq(dialler.why, CMG_E_TIMEOUT);
}
END_TEST

START_TEST(a_channel_that_is_not_set_up_ends)
{
    struct cmg__h2_settings settings = { 0 };
    h2_open(&dialler, pair_half(), settings);
    pair_turns(5);
    pair_advance_ms(19999);
    pair_turns(5);
    ck_assert(!dialler.closed);
    pair_advance_ms(2);
    ck_assert(pair_spin(h2_has_ended, &dialler));
    ck_assert_int_eq(dialler.why, CMG_E_TIMEOUT);
}
END_TEST

START_TEST(a_peer_that_takes_no_bytes_ends_the_channel)
{
    h2_open_raw();
    dialler.answer = false;
    /* GET / of authority a, huge windows: HPACK indexed 2, 4, 7 and a literal. */
    static const uint8_t window[4] = { 0x7f, 0x00, 0x00, 0x00 };
    static const uint8_t initial[6] = { 0, 4, 0x7f, 0xff, 0xff, 0xff };
    static const uint8_t get[] = { 0x82, 0x84, 0x87, 0x41, 0x01, 'a' };
    h2_send_frame(4, 0, 0, initial, sizeof initial);
    h2_send_frame(8, 0, 0, window, sizeof window);
    h2_send_frame(1, 5, 1, get, sizeof get);
    pair_turns(5);
    ck_assert_uint_eq(dialler.count, 1);
    ck_assert_str_eq(dialler.seen[0].head, "GET / a -");
    ck_assert_int_eq(cmg__h2_respond(dialler.seen[0].s, 200, NULL, false), CMG_OK);
    dialler.seen[0].produce_left = 8 * H2_MIB;
    h2_produce(&dialler.seen[0]);
    /* It goes on sending (a SETTINGS frame each time), so PINGs do not find it; but it
       never reads. */
    for (int i = 0; i < 13; i++) {
        pair_turns(50);
        pair_advance_ms(5000);
        const uint8_t frame[9] = { 0, 0, 0, 4, 1, 0, 0, 0, 0 };
        if (!dialler.closed)
            pair_send(frame, sizeof frame);
    }
    ck_assert(dialler.closed);
    ck_assert_int_eq(dialler.why, CMG_E_TIMEOUT);
    ck_assert_str_eq(dialler.why_text, "peer takes no bytes");
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("http2_life");
    TCase *tc = h2_case(s, "endings of sessions");
    tcase_add_loop_test(tc, the_owner_may_end_things_inside_any_callback, 0,
                        (int)CMG__ARRAY_LEN(actions));
    tcase_add_test(tc, a_lost_peer_ends_streams_then_the_session);
    tcase_add_loop_test(tc, draining_finishes_what_is_under_way, 0, 2);
    tcase_add_test(tc, draining_has_an_end);
    tc = h2_case(s, "time");
    tcase_add_test(tc, a_quiet_channel_is_kept_alive_by_pings);
    tcase_add_test(tc, an_unanswered_ping_ends_the_channel);
    tcase_add_test(tc, a_channel_that_is_not_set_up_ends);
    tcase_add_test(tc, a_peer_that_takes_no_bytes_ends_the_channel);
    return s;
}

int main(void)
{
    Suite *const suites[] = { suite(), NULL };
    return support_run(suites);
}
