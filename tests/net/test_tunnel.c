/* A way through a web proxy that is scripted: what is asked, heard, refused, and carried.
 */
#include "net/peer.h"
#include "net/tunnel.h"
#include "support/support.h"

#include <stdio.h>
#include <string.h>

#define OPEN "HTTP/1.1 200 OK\r\n\r\n"

static struct support_alloc memory;
static cmg_context *ctx;
static int descriptors;
static struct peer peer;
static struct cmg__stream *tunnel;

static void use_peer(cmg_context *of)
{
    char url[64];
    cmg_error *err = NULL;

    snprintf(url, sizeof url, "http://127.0.0.1:%u", (unsigned)peer.port);
    ck_ok(cmg_context_set_proxy(of, url, &err), err);
}

static void setup(void)
{
    cmg_error *err = NULL;

    /* libuv keeps two descriptors per process from the first loop on. */
    ck_ok(cmg_context_new(NULL, &ctx, &err), err);
    cmg_context_unref(ctx);
    descriptors = support_fd_count();
    support_alloc_init(&memory);
    ck_ok(cmg_context_new(&memory.alloc.table, &ctx, &err), err);
    tunnel = NULL;
}

static void teardown(void)
{
    cmg__stream_free(tunnel);
    cmg_context_unref(ctx);
    peer_close(&peer);
    ck_assert_uint_eq(memory.live, 0);
    ck_assert_int_eq(support_fd_count(), descriptors);
}

static enum cmg__io connect_within(cmg_context *of, struct cmg__stream *s, int turns)
{
    enum cmg__io io = CMG__IO_AGAIN;

    for (int i = 0; i < turns && io == CMG__IO_AGAIN; i++) {
        ck_assert_int_eq(cmg_context_wait(of, 2, NULL), CMG_OK);
        peer_turn(&peer);
        io = cmg__stream_connect(s);
    }
    return io;
}

static enum cmg__io dial(const struct peer_answer *script, int64_t timeout_ms)
{
    cmg_error *err = NULL;

    peer_open(&peer, script);
    use_peer(ctx);
    ck_ok(cmg__tunnel_connect(ctx->loop, "cmg.test", 10124, timeout_ms, &tunnel, &err),
          err);
    return connect_within(ctx, tunnel, 2000);
}

START_TEST(bytes_of_both_sides_pass_as_they_are)
{
    static const struct peer_answer script[] = { { .text = OPEN }, { .text = "hello" } };
    char bytes[16] = "";
    size_t n = 0;

    ck_assert_int_eq(dial(script, 5000), CMG__IO_OK);
    ck_assert_str_eq(peer.requests[0],
                     "CONNECT cmg.test:10124 HTTP/1.1\r\nHost: cmg.test:10124\r\n\r\n");
    ck_assert_int_eq(cmg__stream_write(tunnel, "up\r\n\r\n", 6, &n), CMG__IO_OK);
    ck_assert_uint_eq(n, 6);
    cmg__stream_want(tunnel, CMG__READABLE);
    for (int i = 0; i < 1000 && bytes[0] == '\0'; i++) {
        peer_turn(&peer);
        ck_assert_int_eq(cmg_context_wait(ctx, 2, NULL), CMG_OK);
        ck_assert_int_ne(cmg__stream_read(tunnel, bytes, sizeof bytes - 1, &n),
                         CMG__IO_ERROR);
    }
    ck_assert_str_eq(bytes, "hello");
    ck_assert_str_eq(peer.requests[1], "up\r\n\r\n");
    ck_assert_int_eq(cmg__stream_shutdown(tunnel), CMG__IO_OK);
}
END_TEST

static const struct {
    const char *url, *host;
    uint16_t port;
} proxies[] = {
    { "http://proxy.test:3128", "proxy.test", 3128 },
    { "http://proxy.test", "proxy.test", 1080 }, /* what libcurl takes */
    { "http://[::1]:3128", "::1", 3128 },
};

START_TEST(the_proxy_is_dialled_like_any_other_host)
{
    static const struct peer_answer script[] = { { .text = OPEN } };
    cmg_error *err = NULL;

    peer_open(&peer, script);
    ck_ok(cmg_context_add_address(ctx, proxies[_i].host, proxies[_i].port, "127.0.0.1",
                                  peer.port, &err),
          err);
    ck_ok(cmg_context_set_proxy(ctx, proxies[_i].url, &err), err);
    ck_ok(cmg__tunnel_connect(ctx->loop, "cmg.test", 10124, 5000, &tunnel, &err), err);
    ck_assert_int_eq(connect_within(ctx, tunnel, 2000), CMG__IO_OK);
}
END_TEST

START_TEST(a_proxy_that_is_not_there_is_named)
{
    cmg_error *err = NULL;
    char url[64], said[64];
    const unsigned port = peer_dead_port();

    peer_open(&peer, NULL);
    snprintf(url, sizeof url, "http://127.0.0.1:%u", port);
    snprintf(said, sizeof said, "proxy: 127.0.0.1:%u: cannot connect", port);
    ck_ok(cmg_context_set_proxy(ctx, url, &err), err);
    ck_ok(cmg__tunnel_connect(ctx->loop, "cmg.test", 10124, 5000, &tunnel, &err), err);
    ck_assert_int_eq(connect_within(ctx, tunnel, 2000), CMG__IO_ERROR);
    ck_assert_ptr_nonnull(strstr(cmg_error_message(cmg__stream_error(tunnel)), said));
}
END_TEST

START_TEST(an_address_of_the_proxy_that_cannot_be_read_is_refused)
{
    cmg_error *err = NULL;

    peer_open(&peer, NULL);
    ck_ok(cmg_context_set_proxy(ctx, "http://proxy:99999", &err), err);
    ck_assert_int_eq(
        cmg__tunnel_connect(ctx->loop, "cmg.test", 10124, 5000, &tunnel, &err),
        CMG_E_INVAL);
    ck_assert_ptr_null(tunnel);
    ck_assert_str_eq(cmg_error_subject(err), "proxy");
    cmg_error_unref(err);
}
END_TEST

static const struct {
    const char *answer;
    cmg_status code;
    const char *message, *remedy;
} refusals[] = {
    { "HTTP/1.1 407 No\r\nProxy-Authenticate: Digest\r\nProxy-Authenticate: "
      "basic\r\n\r\n",
      CMG_E_AUTH, "407 Proxy Authentication Required", "give the proxy's account by" },
    { "HTTP/1.1 407 No\r\nProxy-Authenticate: Negotiate, Basic realm=\"x\"\r\n\r\n",
      CMG_E_AUTH, "407", "give the proxy's account by" },
    { "HTTP/1.1 407 No\r\nProxy-Authenticate: NTLM, Basics\r\n\r\n", CMG_E_AUTH, "407",
      "Basic authentication" },
    { "HTTP/1.1 405 No\r\n\r\n", CMG_E_DENIED, "405", "allow CONNECT" },
    { "HTTP/1.1 502 No\r\n\r\n", CMG_E_IO, "502 Bad Gateway", "reach it" },
    { "HTTP/1.1 302 No\r\nLocation: http://portal/\r\n\r\n", CMG_E_PROTO, "302",
      "web proxy" },
    { OPEN "x", CMG_E_PROTO, "bytes behind it", "web proxy" },
    { "SSH-2.0-OpenSSH_9\r\n", CMG_E_PROTO, "no answer to CONNECT", "web proxy" },
    { "\x15\x03\x03\r\n\r\n", CMG_E_PROTO, "no answer to CONNECT", "web proxy" },
    { NULL, CMG_E_IO, "closed the connection", "web proxy" },
};

START_TEST(an_answer_that_opens_nothing_is_told)
{
    const struct peer_answer script[] = { { .text = refusals[_i].answer } };

    ck_assert_int_eq(dial(script, 5000), CMG__IO_ERROR);
    const cmg_error *why = cmg__stream_error(tunnel);
    ck_assert_int_eq(cmg_error_code(why), refusals[_i].code);
    ck_assert_ptr_nonnull(strstr(cmg_error_message(why), refusals[_i].message));
    ck_assert_msg(strstr(cmg_error_remedy(why), refusals[_i].remedy) != NULL, "%s",
                  cmg_error_remedy(why));
    ck_assert_ptr_null(strstr(cmg_error_message(why), "portal"));
}
END_TEST

START_TEST(an_answer_without_an_end_is_refused)
{
    static char text[40000] = "HTTP/1.1 200 OK\r\nX: ";
    static const struct peer_answer script[] = { { .text = text } };

    memset(text + strlen(text), 'x', sizeof text - 1 - strlen(text));
    ck_assert_int_eq(dial(script, 5000), CMG__IO_ERROR);
    ck_assert_int_eq(cmg_error_code(cmg__stream_error(tunnel)), CMG_E_PROTO);
}
END_TEST

START_TEST(provisional_answers_have_an_end)
{
    static char text[600];
    static const struct peer_answer script[] = { { .text = text } };

    for (int i = 0; i < 9; i++)
        strcat(text, "HTTP/1.1 102 Processing\r\n\r\n");
    ck_assert_int_eq(dial(script, 5000), CMG__IO_ERROR);
    ck_assert_ptr_nonnull(
        strstr(cmg_error_message(cmg__stream_error(tunnel)), "too many provisional"));
}
END_TEST

START_TEST(silence_ends_in_time)
{
    static const struct peer_answer script[] = { { .silent = true } };

    ck_assert_int_eq(dial(script, 100), CMG__IO_ERROR);
    ck_assert_int_eq(cmg_error_code(cmg__stream_error(tunnel)), CMG_E_TIMEOUT);
    ck_assert_uint_eq(peer.served, 1);
}
END_TEST

/* ---- memory ---- */

static cmg_status open_once(struct support_alloc *a, void *user)
{
    static const struct peer_answer script[] = { { .text = "HTTP/1.1 200 OK\r\nVia: x\r\n"
                                                           "\r\n" } };
    const size_t fail_at = a->fail_at;
    cmg_context *own = NULL;
    struct cmg__stream *s = NULL;

    (void)user;
    a->fail_at = 0; /* a context has its own run */
    peer_open(&peer, script);
    ck_assert_int_eq(cmg_context_new(&a->alloc.table, &own, NULL), CMG_OK);
    use_peer(own);
    a->count = 0;
    a->fail_at = fail_at;
    cmg_status rc =
        cmg_context_set_proxy_account(own, "cmg", "Correct-Horse-7", 15, NULL);
    if (rc == CMG_OK)
        rc = cmg__tunnel_connect(own->loop, "cmg.test", 10124, 5000, &s, NULL);
    if (rc == CMG_OK && connect_within(own, s, 2000) != CMG__IO_OK)
        rc = cmg_error_code(cmg__stream_error(s));
    cmg__stream_free(s);
    cmg_context_unref(own);
    peer_close(&peer);
    return rc;
}

START_TEST(every_failed_allocation_of_a_tunnel_is_reported)
{
    support_torture(open_once, NULL, 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("net/tunnel");
    TCase *t = tcase_create("ways");
    TCase *short_of_memory = tcase_create("memory");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 30);
    tcase_add_test(t, bytes_of_both_sides_pass_as_they_are);
    tcase_add_loop_test(t, the_proxy_is_dialled_like_any_other_host, 0,
                        (int)CMG__ARRAY_LEN(proxies));
    tcase_add_test(t, a_proxy_that_is_not_there_is_named);
    tcase_add_test(t, an_address_of_the_proxy_that_cannot_be_read_is_refused);
    tcase_add_loop_test(t, an_answer_that_opens_nothing_is_told, 0,
                        (int)CMG__ARRAY_LEN(refusals));
    tcase_add_test(t, an_answer_without_an_end_is_refused);
    tcase_add_test(t, provisional_answers_have_an_end);
    tcase_add_test(t, silence_ends_in_time);
    tcase_add_test(short_of_memory, every_failed_allocation_of_a_tunnel_is_reported);
    tcase_set_timeout(short_of_memory, 60);
    suite_add_tcase(suite, t);
    suite_add_tcase(suite, short_of_memory);
    return support_run((Suite *const[]){ suite, NULL });
}
