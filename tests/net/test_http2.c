/*
 * Streams of HTTP/2 sessions in the roles of the reverse channel: requests and answers,
 * bodies held back, resets and refusals.
 */
#include "net/certs.h"
#include "net/h2_ends.h"
#include "net/tls.h"

#include <string.h>

/* ---- requests ---- */

/* As on the real channel: the dialler is the TLS client and the HTTP server. */
static void connect_tls(void)
{
    static const char *const alpn[] = { "cmg-rev/1", NULL };
    struct certs ca;
    cmg_error *err = NULL;
    struct cmg__stream *a, *b;
    struct cmg__tls_config *client = NULL, *server = NULL;
    certs_init(&ca, pair_ctx(), "Contoso Root");
    struct pair own = certs_issue(&ca, CMG__PROFILE_WEB_SERVER, "gw.contoso.com", 30);
    const struct cmg__tls_settings dials = { .ca_pem = ca.ca_pem, .alpn = alpn };
    const struct cmg__tls_settings accepts = {
        .server = true, .cert_pem = own.cert, .key_pem = own.key, .alpn = alpn
    };
    ck_ok(cmg__tls_config_new(pair_ctx(), &dials, &client, &err), err);
    ck_ok(cmg__tls_config_new(pair_ctx(), &accepts, &server, &err), err);
    pair_streams(&a, &b);
    ck_ok(cmg__tls_stream_new(a, client, "gw.contoso.com", &a, &err), err);
    ck_ok(cmg__tls_stream_new(b, server, NULL, &b, &err), err);
    cmg__tls_config_unref(client);
    cmg__tls_config_unref(server);
    pair_done(&ca, &own);
    certs_done(&ca);
    h2_open(&dialler, a, h2_defaults);
    h2_open(&acceptor, b, h2_defaults);
    ck_assert(pair_spin(h2_both_ready, NULL));
}

START_TEST(requests_go_from_the_acceptor_to_the_dialler)
{
    struct cmg__headers headers;
    h2_connect(h2_defaults);
    ck_assert_uint_eq(cmg__h2_peer_max_streams(acceptor.h2), 256);
    cmg__headers_init(&headers, &cmg__alloc_libc);
    ck_assert_int_eq(cmg__headers_add(&headers, "X-Extra", "there"), CMG_OK);
    ck_assert_int_eq(cmg__headers_add(&headers, "Host", "elsewhere"), CMG_OK);
    ck_assert_int_eq(cmg__headers_add_secret(&headers, "Authorization", "Bearer t"),
                     CMG_OK);
    struct h2_seen *x = h2_ask_with("GET", &headers, true);
    cmg__headers_done(&headers);
    ck_assert_uint_eq(cmg__h2_stream_count(acceptor.h2), 1);
    ck_assert_int_eq(cmg__h2_stream_id(x->s), 1);
    ck_assert(pair_spin(h2_is_closed, x));
    ck_assert_str_eq(dialler.seen[0].head, "GET /p?q mp.internal there");
    ck_assert_str_eq(x->head, "200 0");
    ck_assert(x->ended);
    ck_assert_uint_eq(x->code, 0);
    ck_assert(!x->refused);
    ck_assert_uint_eq(cmg__h2_stream_count(acceptor.h2), 0);
    ck_assert_uint_eq(cmg__h2_stream_count(dialler.h2), 0);
}
END_TEST

START_TEST(extension_methods_pass_with_their_bodies)
{
    h2_connect(h2_defaults);
    struct h2_seen *x = h2_ask("CCM_POST", false);
    ck_assert_int_eq(cmg__h2_write(x->s, "hello", 5, NULL), CMG_OK);
    pair_turns(5);
    ck_assert_int_eq(cmg__h2_write(x->s, " world", 6, NULL), CMG_OK);
    ck_assert_int_eq(cmg__h2_end(x->s), CMG_OK);
    ck_assert_int_eq(cmg__h2_end(x->s), CMG_E_STATE);
    ck_assert_int_eq(cmg__h2_write(x->s, "x", 1, NULL), CMG_E_STATE);
    ck_assert(pair_spin(h2_is_closed, x));
    ck_assert_str_eq(dialler.seen[0].head, "CCM_POST /p?q mp.internal -");
    ck_assert_uint_eq(dialler.seen[0].body.len, 11);
    ck_assert_int_eq(memcmp(dialler.seen[0].body.data, "hello world", 11), 0);
    ck_assert_str_eq(x->head, "200 11");
    ck_assert_uint_eq(x->body.len, 11);
}
END_TEST

START_TEST(large_bodies_pass_both_ways_on_many_streams)
{
    size_t total = 3 * H2_MIB / 2;
    if (_i == 0)
        h2_connect(h2_defaults);
    else
        connect_tls();
    for (size_t i = 0; i < 4; i++) {
        struct h2_seen *x = h2_ask("PUT", false);
        x->seed = 5;
        x->produce_left = total;
        h2_produce(x);
        ck_assert_uint_gt(x->produce_left, H2_MIB);
    }
    ck_assert(pair_spin(h2_all_closed, NULL));
    for (size_t i = 0; i < 4; i++) {
        h2_check_body(&dialler.seen[i], total, 5);
        h2_check_body(&acceptor.seen[i], total, 5);
        ck_assert_uint_eq(acceptor.seen[i].code, 0);
    }
}
END_TEST

START_TEST(more_requests_than_streams_wait_their_turn)
{
    struct cmg__h2_settings settings = { .max_streams = 3 };
    h2_connect(settings);
    ck_assert_uint_eq(cmg__h2_peer_max_streams(acceptor.h2), 3);
    for (int i = 0; i < 10; i++)
        (void)h2_ask("GET", true);
    ck_assert(pair_spin(h2_all_closed, NULL));
    for (size_t i = 0; i < 10; i++)
        ck_assert_str_eq(acceptor.seen[i].head, "200 0");
}
END_TEST

START_TEST(malformed_requests_are_refused_before_they_are_sent)
{
    static const struct {
        const char *method, *path, *authority, *name, *value;
    } rows[] = {
        { "GE T", "/", "a", "x", "y" },     { "GET", "/ x", "a", "x", "y" },
        { "GET", "", "a", "x", "y" },       { "GET", "/", "a b", "x", "y" },
        { "GET", "/", "a", "x y", "z" },    { "GET", "/", "a", "x", "a\r\nb: c" },
        { "GET", "/", "a", ":path", "/b" },
    };
    struct cmg__h2_stream *s = NULL;
    cmg_error *err = NULL;
    h2_connect(h2_defaults);
    for (size_t i = 0; i < CMG__ARRAY_LEN(rows); i++) {
        struct cmg__headers headers;
        cmg__headers_init(&headers, &cmg__alloc_libc);
        ck_assert_int_eq(cmg__headers_add(&headers, rows[i].name, rows[i].value), CMG_OK);
        ck_assert_int_eq(cmg__h2_request(acceptor.h2, rows[i].method, rows[i].path,
                                         rows[i].authority, &headers, true, NULL, &s,
                                         &err),
                         CMG_E_INVAL);
        cmg_error_unref(err);
        err = NULL;
        cmg__headers_done(&headers);
    }
    ck_assert_ptr_null(s);
    ck_assert_uint_eq(cmg__h2_stream_count(acceptor.h2), 0);
    ck_assert_int_eq(
        cmg__h2_request(dialler.h2, "GET", "/", "a", NULL, true, NULL, &s, NULL),
        CMG_E_STATE);
}
END_TEST

/* ---- back-pressure ---- */

START_TEST(a_stalled_stream_stalls_no_other)
{
    struct cmg__h2_settings settings = { .stream_window = 65536 * 2,
                                         .session_window = 65536 * 4 };
    size_t total = 2 * H2_MIB;
    h2_connect(settings);
    dialler.hold = true;
    struct h2_seen *stalled[3];
    for (size_t i = 0; i < 3; i++) {
        stalled[i] = h2_ask("PUT", false);
        stalled[i]->seed = 9;
        stalled[i]->produce_left = total;
        h2_produce(stalled[i]);
    }
    pair_turns(300);
    dialler.hold = false;
    struct h2_seen *free_one = h2_ask("PUT", false);
    free_one->seed = 5;
    free_one->produce_left = total;
    h2_produce(free_one);
    ck_assert(pair_spin(h2_is_closed, free_one));
    h2_check_body(free_one, total, 5);
    for (size_t i = 0; i < 3; i++) {
        struct h2_seen *x = &dialler.seen[i];
        /* The window, and not a byte beyond, however long it takes. */
        ck_assert_uint_eq(x->held, 65536 * 2);
        ck_assert_uint_gt(stalled[i]->produce_left, H2_MIB);
        x->hold = false;
        cmg__h2_consume(x->s, x->held);
    }
    ck_assert(pair_spin(h2_all_closed, NULL));
    for (size_t i = 0; i < 3; i++)
        h2_check_body(&dialler.seen[i], total, 9);
}
END_TEST

START_TEST(a_full_stream_says_so)
{
    static const char block[1000];
    struct cmg__h2_settings settings = { .write_queue = 4000 };
    bool full = false;
    h2_connect(settings);
    struct h2_seen *x = h2_ask("PUT", false);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(cmg__h2_write(x->s, block, sizeof block, &full), CMG_OK);
        ck_assert(!full);
    }
    ck_assert_int_eq(cmg__h2_write(x->s, block, sizeof block, &full), CMG_OK);
    ck_assert(full);
}
END_TEST

/* ---- endings of streams ---- */

START_TEST(a_reset_reaches_the_other_side)
{
    dialler.answer = false;
    h2_connect(h2_defaults);
    struct h2_seen *x = h2_ask("PUT", false);
    struct h2_seen *other = h2_ask("GET", false);
    pair_turns(10);
    ck_assert_uint_eq(dialler.count, 2);
    if (_i == 0)
        cmg__h2_reset(x->s, 8);
    else
        cmg__h2_reset(dialler.seen[0].s, 8);
    ck_assert(!x->closed);
    ck_assert(pair_spin(h2_is_closed, x));
    ck_assert(pair_spin(h2_is_closed, &dialler.seen[0]));
    ck_assert_uint_eq(x->code, 8);
    ck_assert_uint_eq(dialler.seen[0].code, 8);
    ck_assert(!x->refused);
    ck_assert(!other->closed);
}
END_TEST

START_TEST(a_refused_stream_may_be_sent_elsewhere)
{
    dialler.answer = false;
    h2_connect(h2_defaults);
    struct h2_seen *x = h2_ask("POST", true);
    pair_turns(10);
    cmg__h2_reset(dialler.seen[0].s, 7);
    ck_assert(pair_spin(h2_is_closed, x));
    ck_assert(x->refused);
    ck_assert_uint_eq(x->code, 7);
    ck_assert(!dialler.seen[0].refused);
}
END_TEST

START_TEST(a_stream_refused_after_its_answer_began_was_processed)
{
    dialler.answer = false;
    h2_connect(h2_defaults);
    struct h2_seen *x = h2_ask("POST", true);
    pair_turns(10);
    ck_assert_int_eq(cmg__h2_respond(dialler.seen[0].s, 200, NULL, false), CMG_OK);
    pair_turns(10);
    cmg__h2_reset(dialler.seen[0].s, 7);
    ck_assert(pair_spin(h2_is_closed, x));
    ck_assert(!x->refused);
}
END_TEST

START_TEST(an_early_answer_stops_the_request_without_an_error)
{
    dialler.answer = false;
    h2_connect(h2_defaults);
    struct h2_seen *x = h2_ask("PUT", false);
    x->produce_left = 4 * H2_MIB;
    dialler.hold = true;
    h2_produce(x);
    pair_turns(20);
    ck_assert_int_eq(cmg__h2_respond(dialler.seen[0].s, 413, NULL, true), CMG_OK);
    ck_assert(pair_spin(h2_is_closed, x));
    ck_assert_str_eq(x->head, "413 -");
    ck_assert(x->ended);
    ck_assert_uint_eq(x->code, 0);
    ck_assert(pair_spin(h2_is_closed, &dialler.seen[0]));
    ck_assert_uint_eq(dialler.seen[0].code, 0);
    /* The credit of what was held came back: the channel works on. */
    dialler.hold = false;
    dialler.answer = true;
    struct h2_seen *y = h2_ask("GET", true);
    ck_assert(pair_spin(h2_is_closed, y));
    ck_assert_str_eq(y->head, "200 0");
}
END_TEST

START_TEST(many_resets_do_not_end_the_channel)
{
    dialler.answer = false;
    h2_connect(h2_defaults);
    for (int i = 0; i < 3000; i++) {
        acceptor.count = dialler.count = 0;
        memset(acceptor.seen, 0, sizeof acceptor.seen[0]);
        memset(dialler.seen, 0, sizeof dialler.seen[0]);
        struct h2_seen *x = h2_ask("GET", false);
        pair_turns(3);
        cmg__h2_reset(x->s, 8);
        ck_assert(pair_spin(h2_is_closed, x));
        ck_assert(pair_spin(h2_is_closed, &dialler.seen[0]));
    }
    ck_assert(!acceptor.goaway);
    ck_assert(!acceptor.closed);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("http2");
    TCase *tc = h2_case(s, "requests");
    tcase_add_test(tc, requests_go_from_the_acceptor_to_the_dialler);
    tcase_add_test(tc, extension_methods_pass_with_their_bodies);
    tcase_add_loop_test(tc, large_bodies_pass_both_ways_on_many_streams, 0, 2);
    tcase_add_test(tc, more_requests_than_streams_wait_their_turn);
    tcase_add_test(tc, malformed_requests_are_refused_before_they_are_sent);
    tc = h2_case(s, "back-pressure");
    tcase_add_test(tc, a_stalled_stream_stalls_no_other);
    tcase_add_test(tc, a_full_stream_says_so);
    tc = h2_case(s, "endings of streams");
    tcase_add_loop_test(tc, a_reset_reaches_the_other_side, 0, 2);
    tcase_add_test(tc, a_refused_stream_may_be_sent_elsewhere);
    tcase_add_test(tc, a_stream_refused_after_its_answer_began_was_processed);
    tcase_add_test(tc, an_early_answer_stops_the_request_without_an_error);
    tcase_add_test(tc, many_resets_do_not_end_the_channel);
    return s;
}

int main(void)
{
    Suite *const suites[] = { suite(), NULL };
    return support_run(suites);
}
