/*
 * What an HTTP/2 session does not put up with: floods, header bombs, malformed frames and
 * heads; and every allocation that may fail.
 */
#include "net/h2_ends.h"

#include <string.h>

/* ---- hostile peers ---- */

static void flood_pings(void)
{
    static const uint8_t data[8];
    for (int i = 0; i < 11; i++)
        h2_send_frame(6, 0, 0, data, sizeof data);
}

static void flood_empty_data(void)
{
    static const uint8_t put[] = { 0x83, 0x84, 0x87, 0x41, 0x01, 'a' };
    dialler.answer = false;
    h2_send_frame(1, 4, 1, put, sizeof put);
    for (int i = 0; i < 1001; i++)
        h2_send_frame(0, 0, 1, NULL, 0);
}

static void flood_priorities(void)
{
    static const uint8_t data[5] = { 0, 0, 0, 0, 16 };
    for (uint32_t i = 0; i < 1001; i++)
        h2_send_frame(2, 0, 2 * i + 1, data, sizeof data);
}

/* A head whose upper-case name nghttp2 refuses stream by stream. */
static void flood_malformed(void)
{
    static const uint8_t bad[] = { 0x82, 0x84, 0x87, 0x41, 0x01, 'a',
                                   0x00, 0x01, 'X',  0x01, 'y' };
    for (uint32_t i = 0; i < 101; i++)
        h2_send_frame(1, 5, 2 * i + 1, bad, sizeof bad);
}

static const struct {
    void (*flood)(void);
    const char *text;
} floods[] = {
    { flood_pings, "peer sent too many PINGs" },
    { flood_empty_data, "peer sent too many empty DATA frames" },
    { flood_priorities, "peer sent too many PRIORITY frames" },
    { flood_malformed, "peer made too many malformed streams" },
};

START_TEST(floods_end_the_channel)
{
    h2_open_raw();
    floods[_i].flood();
    ck_assert(pair_spin(h2_has_ended, &dialler));
    ck_assert_int_eq(dialler.why, CMG_E_LIMIT);
    ck_assert_str_eq(dialler.why_text, floods[_i].text);
}
END_TEST

START_TEST(pings_at_a_decent_rate_are_answered)
{
    static const uint8_t data[8] = "pingping";
    h2_open_raw();
    for (int i = 0; i < 50; i++) {
        h2_send_frame(6, 0, 0, data, sizeof data);
        h2_send_frame(6, 1, 0, "\0\0\0\0\0\0\0", 8); /* ours is answered, too */
        if (i % 8 == 0)
            pair_advance_ms(1000);
    }
    pair_turns(5);
    ck_assert(!dialler.closed);
}
END_TEST

/* A field of 4 KiB put into the table once, then referenced: some bytes become many. */
static size_t build_bomb(uint8_t *out, size_t references)
{
    size_t n = 0;
    static const uint8_t start[] = { 0x82, 0x84, 0x87, 0x41, 0x01, 'a', 0x40, 0x01, 'b' };
    memcpy(out, start, sizeof start);
    n = sizeof start;
    out[n++] = 0x7f; /* length 127 + 3873 = 4000 */
    out[n++] = 0xa1;
    out[n++] = 0x1e;
    memset(out + n, 'x', 4000);
    n += 4000;
    for (size_t i = 0; i < references; i++)
        out[n++] = 0xbe; /* dynamic table, entry 62 */
    return n;
}

START_TEST(a_header_bomb_is_stopped)
{
    static uint8_t bomb[16384];
    h2_open_raw();
    /* 20 references: over the limit of one head; 80: far over it. */
    size_t n = build_bomb(bomb, _i == 0 ? 20 : 80);
    h2_send_frame(1, 5, 1, bomb, n);
    if (_i == 0) {
        pair_turns(10);
        ck_assert(!dialler.closed);
    } else {
        ck_assert(pair_spin(h2_has_ended, &dialler));
        ck_assert_int_eq(dialler.why, CMG_E_LIMIT);
    }
    ck_assert_uint_eq(dialler.count, 0);
}
END_TEST

START_TEST(too_many_fields_reset_the_stream_alone)
{
    uint8_t head[6 + 200 * 5];
    static const uint8_t start[] = { 0x82, 0x84, 0x87, 0x41, 0x01, 'a' };
    static const uint8_t get[] = { 0x82, 0x84, 0x87, 0x41, 0x01, 'a' };
    memcpy(head, start, sizeof start);
    size_t n = sizeof start;
    for (int i = 0; i < 125; i++) {
        static const uint8_t field[] = { 0x00, 0x01, 'x', 0x01, 'y' };
        memcpy(head + n, field, sizeof field);
        n += sizeof field;
    }
    h2_open_raw();
    h2_send_frame(1, 5, 1, head, n);
    pair_turns(10);
    ck_assert_uint_eq(dialler.count, 0);
    h2_send_frame(1, 5, 3, get, sizeof get);
    pair_turns(10);
    ck_assert_uint_eq(dialler.count, 1);
    ck_assert(!dialler.closed);
}
END_TEST

START_TEST(a_peer_that_speaks_something_else_is_dropped)
{
    struct cmg__h2_settings settings = { 0 };
    h2_open(&dialler, pair_half(), settings);
    pair_send_str("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    ck_assert(pair_spin(h2_has_ended, &dialler));
    ck_assert_int_eq(dialler.why, CMG_E_PROTO);
}
END_TEST

START_TEST(a_broken_frame_ends_the_channel)
{
    h2_open_raw();
    h2_send_frame(8, 0, 0, "\0\0\0\0", 4); /* window update of nothing */
    ck_assert(pair_spin(h2_has_ended, &dialler));
    ck_assert_int_eq(dialler.why, CMG_E_PROTO);
}
END_TEST

START_TEST(malformed_authority_resets_the_stream)
{
    static const uint8_t bad[] = { 0x82, 0x84, 0x87, 0x41, 0x03, 'a', '@', 'b' };
    h2_open_raw();
    h2_send_frame(1, 5, 1, bad, sizeof bad);
    pair_turns(10);
    ck_assert_uint_eq(dialler.count, 0);
    ck_assert(!dialler.closed);
}
END_TEST

/* ---- memory ---- */

static cmg_status talk_once(struct support_alloc *a, void *user)
{
    (void)user;
    memset(&dialler, 0, sizeof dialler);
    memset(&acceptor, 0, sizeof acceptor);
    dialler.server = true;
    cmg_status rc = pair_open(&a->alloc.table);
    if (rc != CMG_OK)
        return rc;
    struct cmg__h2_settings settings = { .http_server = true };
    struct cmg__stream *stream = pair_half();
    rc = stream == NULL
             ? CMG_E_NOMEM
             : cmg__h2_new(stream, &settings, &h2_events, &dialler, &dialler.h2, NULL);
    if (rc == CMG_OK) {
        static const uint8_t get[] = { 0x82, 0x84, 0x87, 0x41, 0x01, 'a' };
        pair_send(H2_PREFACE, sizeof H2_PREFACE - 1);
        h2_send_frame(4, 0, 0, NULL, 0);
        h2_send_frame(1, 5, 1, get, sizeof get);
        pair_turns(5);
        rc = CMG_E_NOMEM;
        if (!dialler.closed && dialler.count > 0 && dialler.seen[0].s != NULL &&
            cmg__h2_respond(dialler.seen[0].s, 200, NULL, false) == CMG_OK &&
            cmg__h2_write(dialler.seen[0].s, "abc", 3, NULL) == CMG_OK &&
            cmg__h2_end(dialler.seen[0].s) == CMG_OK) {
            pair_turns(5);
            rc = dialler.closed ? CMG_E_NOMEM : CMG_OK;
        }
        if (!dialler.closed)
            cmg__h2_free(dialler.h2);
    }
    dialler.h2 = NULL;
    dialler.closed = true;
    h2_end_done(&dialler);
    pair_close();
    return rc;
}

START_TEST(running_out_of_memory_leaks_nothing)
{
    support_torture(talk_once, NULL, 1);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("http2_limits");
    TCase *tc = h2_case(s, "hostile peers");
    tcase_add_loop_test(tc, floods_end_the_channel, 0, (int)CMG__ARRAY_LEN(floods));
    tcase_add_test(tc, pings_at_a_decent_rate_are_answered);
    tcase_add_loop_test(tc, a_header_bomb_is_stopped, 0, 2);
    tcase_add_test(tc, too_many_fields_reset_the_stream_alone);
    tcase_add_test(tc, a_peer_that_speaks_something_else_is_dropped);
    tcase_add_test(tc, a_broken_frame_ends_the_channel);
    tcase_add_test(tc, malformed_authority_resets_the_stream);
    TCase *memory = tcase_create("memory");
    tcase_set_timeout(memory, 60);
    tcase_add_test(memory, running_out_of_memory_leaks_nothing);
    suite_add_tcase(s, memory);
    return s;
}

int main(void)
{
    Suite *const suites[] = { suite(), NULL };
    return support_run(suites);
}
