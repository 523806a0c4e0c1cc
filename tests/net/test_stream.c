/* Plain TCP streams and listeners over loopback. */
#include "net/ends.h"
#include "net/peer.h"
#include "support/support.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct support_alloc memory;
static struct support_env env;
static cmg_context *ctx;
static int descriptors;

static void setup(void)
{
    cmg_error *err = NULL;
    /* libuv keeps two descriptors per process from the first loop on. */
    ck_ok(cmg_context_new(NULL, &ctx, &err), err);
    cmg_context_unref(ctx);
    descriptors = support_fd_count();
    support_alloc_init(&memory);
    support_env_init(&env);
    ck_ok(cmg_context_new(&memory.alloc.table, &ctx, &err), err);
    ctx->env = env.env;
}

static void teardown(void)
{
    cmg_context_unref(ctx);
    ck_assert_uint_eq(memory.live, 0);
    ck_assert_int_eq(support_fd_count(), descriptors);
}

static void dial(struct ends *e, const char *host, uint16_t port)
{
    cmg_error *err = NULL;
    ck_ok(cmg__tcp_connect(ctx->loop, host, port, 5000, &e->client.s, &err), err);
    ck_assert_int_eq(cmg__stream_connect(e->client.s), CMG__IO_AGAIN);
    ends_drive(&e->client);
}

static const struct {
    size_t up, down;
} amounts[] = {
    { 1, 1 }, { 0, 0 }, { 3000000, 10 }, { 10, 3000000 }, { 700000, 700000 }
};

START_TEST(all_bytes_arrive_intact_and_the_end_is_clean)
{
    struct ends e = { .client.to_send = amounts[_i].up,
                      .server.to_send = amounts[_i].down };
    ends_listen(&e, ctx);
    dial(&e, "127.0.0.1", cmg__listener_port(e.listener));
    ends_run(&e);
    ck_assert_uint_eq(e.server.got, amounts[_i].up);
    ck_assert_uint_eq(e.client.got, amounts[_i].down);
    ck_assert(e.client.intact && e.server.intact && e.client.eof && e.server.eof);
    ck_assert_str_eq(e.peer, "127.0.0.1");
    ends_free(&e);
}
END_TEST

START_TEST(a_reader_that_stops_holds_its_writer_back)
{
    struct ends e = { .client.to_send = 30000000, .server.hold = true };
    ends_listen(&e, ctx);
    dial(&e, "127.0.0.1", cmg__listener_port(e.listener));
    size_t sent = 1;
    ends_until(&e, e.server.s != NULL);
    while (sent != e.client.sent) {
        sent = e.client.sent;
        for (int i = 0; i < 5; i++)
            ck_assert_int_eq(cmg_context_wait(ctx, 1, NULL), CMG_OK);
    }
    ck_assert_uint_lt(e.client.sent, e.client.to_send);
    e.client.to_send = e.client.sent;
    e.server.hold = false;
    cmg__stream_want(e.server.s, CMG__READABLE);
    ends_run(&e);
    ck_assert_uint_ge(e.client.sent, sent);
    ck_assert_uint_eq(e.server.got, e.client.sent);
    ck_assert(e.server.intact);
    ends_free(&e);
}
END_TEST

START_TEST(a_half_closed_stream_still_carries_the_other_direction)
{
    struct ends e = { .client.to_send = 10, .server.keep_open = true };
    ends_listen(&e, ctx);
    dial(&e, "127.0.0.1", cmg__listener_port(e.listener));
    ends_until(&e, e.server.eof);
    ck_assert(!e.client.eof);
    e.server.to_send = 5000;
    e.server.keep_open = false;
    cmg__stream_want(e.server.s, CMG__WRITABLE);
    ends_run(&e);
    ck_assert_uint_eq(e.client.got, 5000);
    ends_free(&e);
}
END_TEST

START_TEST(a_name_is_looked_up_in_the_address_table_first)
{
    struct ends e = { .client.to_send = 10 };
    cmg_error *err = NULL;
    ends_listen(&e, ctx);
    ck_ok(cmg_context_add_address(ctx, "granite.contoso.com", 443, "127.0.0.1",
                                  cmg__listener_port(e.listener), &err),
          err);
    dial(&e, "Granite.contoso.COM", 443);
    ends_run(&e);
    ck_assert_uint_eq(e.server.got, 10);
    ends_free(&e);
}
END_TEST

START_TEST(the_machines_own_name_for_itself_is_looked_up)
{
    struct ends e = { .client.to_send = 10 };
    ends_listen(&e, ctx);
    dial(&e, "localhost", cmg__listener_port(e.listener));
    ends_run(&e);
    ck_assert_uint_eq(e.server.got, 10);
    ends_free(&e);
}
END_TEST

static const struct {
    const char *host;
    const char *in_message;
} unreachable[] = {
    { "127.0.0.1", "cannot connect" },
    { "bad..name", "the name cannot be looked up" },
};

START_TEST(a_failed_connect_names_host_port_and_remedy)
{
    struct ends e = { .client.to_send = 1 };
    char where[64];
    uint16_t port = peer_dead_port();
    e.ctx = ctx;
    snprintf(where, sizeof where, "%s:%u", unreachable[_i].host, (unsigned)port);
    dial(&e, unreachable[_i].host, port);
    ends_until(&e, e.client.last == CMG__IO_ERROR);
    const cmg_error *err = cmg__stream_error(e.client.s);
    ck_assert_int_eq(cmg_error_code(err), CMG_E_IO);
    ck_assert_str_eq(cmg_error_subject(err), where);
    ck_assert_ptr_nonnull(strstr(cmg_error_message(err), where));
    ck_assert_ptr_nonnull(strstr(cmg_error_message(err), unreachable[_i].in_message));
    ck_assert_str_ne(cmg_error_remedy(err), "");
    ck_assert_int_eq(cmg_error_retry(err), CMG_RETRY_TRANSIENT);
    /* It stays failed, and says so once only. */
    char byte = 0;
    size_t got = 0;
    unsigned events = e.client.events;
    ck_assert_int_eq(cmg__stream_read(e.client.s, &byte, 1, &got), CMG__IO_ERROR);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(cmg_context_process(ctx, NULL), CMG_OK);
    ck_assert_uint_eq(e.client.events, events);
    ends_free(&e);
}
END_TEST

START_TEST(connecting_ends_when_its_time_is_over)
{
    struct ends e = { .client.to_send = 1 };
    ends_listen(&e, ctx);
    dial(&e, "127.0.0.1", cmg__listener_port(e.listener));
    support_env_advance_ms(&env, 6000);
    ends_until(&e, e.client.last == CMG__IO_ERROR);
    ck_assert_int_eq(cmg_error_code(cmg__stream_error(e.client.s)), CMG_E_TIMEOUT);
    ends_free(&e);
}
END_TEST

START_TEST(a_stream_may_be_freed_at_any_moment)
{
    for (int turns = 0; turns < 8; turns++) {
        struct ends e = { .client.to_send = 5 };
        ends_listen(&e, ctx);
        dial(&e, turns % 2 == 0 ? "127.0.0.1" : "localhost",
             cmg__listener_port(e.listener));
        for (int i = 0; i < turns; i++)
            ck_assert_int_eq(cmg_context_wait(ctx, 1, NULL), CMG_OK);
        ends_free(&e);
    }
    cmg__stream_free(NULL);
}
END_TEST

static void free_inside(struct cmg__stream *s, void *user)
{
    struct ends *e = user;
    ck_assert_ptr_eq(s, e->client.s);
    e->client.s = NULL;
    e->client.events++;
    cmg__stream_free(s);
}

START_TEST(a_stream_may_be_freed_inside_its_event)
{
    struct ends e = { .ctx = NULL };
    ends_listen(&e, ctx);
    dial(&e, "127.0.0.1", cmg__listener_port(e.listener));
    cmg__stream_set_events(e.client.s, free_inside, &e);
    ends_until(&e, e.client.s == NULL);
    ends_free(&e);
    dial(&e, "127.0.0.1", peer_dead_port());
    cmg__stream_set_events(e.client.s, free_inside, &e);
    ends_until(&e, e.client.s == NULL);
}
END_TEST

START_TEST(a_reset_connection_is_an_error_with_remedy)
{
    struct ends e = { .client.to_send = 10,
                      .client.keep_open = true,
                      .server.keep_open = true };
    const struct linger now = { .l_onoff = 1 };
    ends_listen(&e, ctx);
    dial(&e, "127.0.0.1", cmg__listener_port(e.listener));
    ends_until(&e, e.server.got == 10);
    /* Closing with linger 0 sends a reset. */
    ck_assert_int_eq(setsockopt(e.server_fd, SOL_SOCKET, SO_LINGER, &now, sizeof now), 0);
    cmg__stream_free(e.server.s);
    e.server.s = NULL;
    ends_until(&e, e.client.last == CMG__IO_ERROR || e.client.eof);
    ck_assert_int_eq(e.client.last, CMG__IO_ERROR);
    ck_assert_str_ne(cmg_error_remedy(cmg__stream_error(e.client.s)), "");
    ends_free(&e);
}
END_TEST

START_TEST(a_port_in_use_is_named)
{
    struct ends e = { .ctx = NULL };
    struct cmg__listener *second = NULL;
    cmg_error *err = NULL;
    char number[16];
    ends_listen(&e, ctx);
    uint16_t port = cmg__listener_port(e.listener);
    snprintf(number, sizeof number, "%u", (unsigned)port);
    ck_assert_int_eq(
        cmg__listener_new(ctx->loop, "127.0.0.1", port, NULL, NULL, &second, &err),
        CMG_E_CONFLICT);
    ck_assert_ptr_null(second);
    ck_assert_ptr_nonnull(strstr(cmg_error_message(err), number));
    ck_assert_str_ne(cmg_error_remedy(err), "");
    cmg_error_unref(err);
    ends_free(&e);
}
END_TEST

static const char *const no_addresses[] = { "", "localhost", "1.2.3", "127.0.0.1:80",
                                            "203.0.113.77" };

START_TEST(an_address_that_is_none_is_refused)
{
    struct cmg__listener *l = NULL;
    cmg_error *err = NULL;
    ck_assert_int_eq(
        cmg__listener_new(ctx->loop, no_addresses[_i], 0, NULL, NULL, &l, &err),
        CMG_E_INVAL);
    ck_assert_str_ne(cmg_error_remedy(err), "");
    cmg_error_unref(err);
}
END_TEST

static void close_listener(void *user, int fd, const char *peer)
{
    struct ends *e = user;
    (void)peer;
    close(fd);
    cmg__listener_free(e->listener);
    e->listener = NULL;
}

START_TEST(a_listener_may_be_freed_inside_its_callback)
{
    struct ends e = { .ctx = ctx };
    cmg_error *err = NULL;
    ck_ok(cmg__listener_new(ctx->loop, "127.0.0.1", 0, close_listener, &e, &e.listener,
                            &err),
          err);
    dial(&e, "127.0.0.1", cmg__listener_port(e.listener));
    ends_until(&e, e.listener == NULL);
    ends_free(&e);
}
END_TEST

static cmg_status connect_and_drop(struct support_alloc *a, void *user)
{
    cmg_context *own = NULL;
    struct cmg__stream *s = NULL;
    struct cmg__listener *l = NULL;
    (void)user;
    cmg_status rc = cmg_context_new(&a->alloc.table, &own, NULL);
    if (rc == CMG_OK)
        rc = cmg__listener_new(own->loop, "127.0.0.1", 0, close_listener, NULL, &l, NULL);
    if (rc == CMG_OK)
        rc = cmg__tcp_connect(own->loop, "localhost", 1, 1000, &s, NULL);
    for (int i = 0; rc == CMG_OK && i < 50 && cmg__stream_error(s) == NULL; i++)
        rc = cmg_context_wait(own, 5, NULL);
    if (rc == CMG_OK && cmg_error_code(cmg__stream_error(s)) == CMG_E_NOMEM)
        rc = CMG_E_NOMEM;
    cmg__stream_free(s);
    cmg__listener_free(l);
    cmg_context_unref(own);
    return rc;
}

START_TEST(every_failed_allocation_of_a_connection_is_reported)
{
    support_torture(connect_and_drop, NULL, 1);
}
END_TEST

static void add_streams(TCase *t)
{
    tcase_add_loop_test(t, all_bytes_arrive_intact_and_the_end_is_clean, 0,
                        (int)CMG__ARRAY_LEN(amounts));
    tcase_add_test(t, a_reader_that_stops_holds_its_writer_back);
    tcase_add_test(t, a_half_closed_stream_still_carries_the_other_direction);
    tcase_add_test(t, a_name_is_looked_up_in_the_address_table_first);
    tcase_add_test(t, the_machines_own_name_for_itself_is_looked_up);
    tcase_add_loop_test(t, a_failed_connect_names_host_port_and_remedy, 0,
                        (int)CMG__ARRAY_LEN(unreachable));
    tcase_add_test(t, connecting_ends_when_its_time_is_over);
    tcase_add_test(t, a_stream_may_be_freed_at_any_moment);
    tcase_add_test(t, a_stream_may_be_freed_inside_its_event);
    tcase_add_test(t, a_reset_connection_is_an_error_with_remedy);
    tcase_add_test(t, every_failed_allocation_of_a_connection_is_reported);
}

int main(void)
{
    Suite *suite = suite_create("net/stream");
    TCase *streams = tcase_create("streams");
    TCase *listeners = tcase_create("listeners");
    tcase_add_checked_fixture(streams, setup, teardown);
    tcase_add_checked_fixture(listeners, setup, teardown);
    tcase_set_timeout(streams, 30);
    tcase_set_timeout(listeners, 30);
    add_streams(streams);
    tcase_add_test(listeners, a_port_in_use_is_named);
    tcase_add_loop_test(listeners, an_address_that_is_none_is_refused, 0,
                        (int)CMG__ARRAY_LEN(no_addresses));
    tcase_add_test(listeners, a_listener_may_be_freed_inside_its_callback);
    suite_add_tcase(suite, streams);
    suite_add_tcase(suite, listeners);
    Suite *const suites[] = { suite, NULL };
    return support_run(suites);
}
