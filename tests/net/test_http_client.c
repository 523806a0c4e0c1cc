/* The HTTPS client engine against a scripted plain peer on loopback. */
#include "net/http_client.h"
#include "net/peer.h"
#include "support/support.h"

#include <stdio.h>
#include <string.h>

#define OK_EMPTY "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
#define OK_HELLO "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

static struct support_alloc memory;
static cmg_context *ctx;
static struct peer peer;
static int descriptors;

struct outcome {
    unsigned calls;
    int status;
    char body[256];
    char header[256];
    cmg_error *err;
    struct cmg__http_request
        next; /* started from inside the callback when it has a URL */
};

static void setup(void)
{
    cmg_error *err = NULL;
    cmg_context *first = NULL;
    /* libuv keeps two descriptors per process from the first loop on. */
    ck_ok(cmg_context_new(NULL, &first, &err), err);
    cmg_context_unref(first);
    descriptors = support_fd_count();
    support_alloc_init(&memory);
    ck_ok(cmg_context_new(&memory.alloc.table, &ctx, &err), err);
}

static void teardown(void)
{
    cmg_context_unref(ctx);
    ck_assert_uint_eq(memory.live, 0);
    ck_assert_int_eq(support_fd_count(), descriptors);
}

static void on_done(void *user, const struct cmg__http_response *resp,
                    const cmg_error *err)
{
    struct outcome *o = user;
    o->calls++;
    cmg_error_unref(o->err);
    o->err = NULL;
    if (resp == NULL) {
        ck_assert_ptr_nonnull(err);
        ck_assert_str_ne(cmg_error_remedy(err), "");
        /* The error object is counted: it may be kept. */
        o->err = cmg_error_ref((cmg_error *)(uintptr_t)err);
        return;
    }
    ck_assert_ptr_null(err);
    o->status = resp->status;
    ck_assert_uint_lt(resp->body.len, sizeof o->body);
    strcpy(o->body, cmg__buf_cstr(&resp->body));
    const char *header = cmg__headers_get(&resp->headers, "x-note");
    strcpy(o->header, header == NULL ? "" : header);
}

/* The URL of a path at a port of this machine. */
static const char *local(unsigned port, const char *path)
{
    static char url[256];
    snprintf(url, sizeof url, "http://127.0.0.1:%u%s", port, path);
    return url;
}

static void make(struct cmg__http_request *req, const char *method, const char *url)
{
    cmg__http_request_init(req, &ctx->alloc);
    ck_assert_int_eq(cmg__http_request_set(req, method, url), CMG_OK);
}

static void run(const struct cmg__http_request *req, const struct cmg__http_options *opt,
                struct outcome *o)
{
    cmg_error *err = NULL;
    unsigned before = o->calls;
    ck_ok(cmg__http_start(ctx->http, req, opt, on_done, o, NULL, &err), err);
    ck_assert_uint_eq(o->calls, before);
    for (int i = 0; i < 5000 && o->calls == before; i++) {
        ck_ok(cmg_context_wait(ctx, 2, &err), err);
        if (peer.listener > 0)
            peer_turn(&peer);
    }
    ck_assert_uint_eq(o->calls, before + 1);
}

static void get(const char *url, const struct cmg__http_options *opt, struct outcome *o)
{
    struct cmg__http_request req;
    make(&req, "GET", url);
    run(&req, opt, o);
    cmg__http_request_done(&req);
}

static void done(struct outcome *o)
{
    cmg_error_unref(o->err);
    if (peer.listener > 0)
        peer_close(&peer);
}

START_TEST(an_answer_arrives_with_status_headers_and_body)
{
    static const struct peer_answer script[] = {
        { .text = "HTTP/1.1 100 Continue\r\nX-Note: interim\r\n\r\n"
                  "HTTP/1.1 404 Not Found\r\nX-Other: 1\r\nX-Note:  two words \r\n"
                  "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Note: "
                  "t\r\n\r\n" }
    };
    struct outcome o = { .calls = 0 };
    peer_open(&peer, script);
    get(local(peer.port, "/a/../b?c=%20d"), NULL, &o);
    ck_assert_int_eq(o.status, 404);
    ck_assert_str_eq(o.body, "hello");
    ck_assert_str_eq(o.header, "two words");
    ck_assert_ptr_nonnull(strstr(peer.requests[0], "GET /a/../b?c=%20d HTTP/1.1\r\n"));
    done(&o);
}
END_TEST

static const struct {
    const char *method, *body, *expected, *unexpected;
} methods[] = {
    { "GET", "", "GET /p HTTP/1.1\r\n", "Content-Length" },
    { "DELETE", "", "DELETE /p HTTP/1.1\r\n", "Content-Length" },
    { "POST", "", "\r\nContent-Length: 0\r\n", "Content-Type" },
    { "PUT", "{}", "\r\nContent-Length: 2\r\n", "Expect" },
    { "PATCH", "{}", "\r\n\r\n{}", "Transfer-Encoding" },
    { "CCM_POST", "abc", "CCM_POST /p HTTP/1.1\r\n", "Expect" },
    { "BITS_POST", "", "\r\nContent-Length: 0\r\n", "Expect" },
    { "PROPFIND", "<x/>", "\r\n\r\n<x/>", "Expect" },
};

START_TEST(every_method_is_framed_as_it_should_be)
{
    static const struct peer_answer script[] = { { .text = OK_EMPTY } };
    struct outcome o = { .calls = 0 };
    struct cmg__http_request req;
    peer_open(&peer, script);
    make(&req, methods[_i].method, local(peer.port, "/p"));
    ck_assert_int_eq(cmg__buf_add_str(&req.body, methods[_i].body), CMG_OK);
    ck_assert_int_eq(cmg__headers_add(&req.headers, "Expect", "100-continue"), CMG_OK);
    ck_assert_int_eq(cmg__headers_add(&req.headers, "X-Empty", ""), CMG_OK);
    run(&req, NULL, &o);
    ck_assert_int_eq(o.status, 200);
    ck_assert_ptr_nonnull(strstr(peer.requests[0], methods[_i].expected));
    ck_assert_ptr_null(strstr(peer.requests[0], methods[_i].unexpected));
    ck_assert_ptr_nonnull(strstr(peer.requests[0], "X-Empty:\r\n"));
    cmg__http_request_done(&req);
    done(&o);
}
END_TEST

START_TEST(a_head_answer_has_no_body)
{
    static const struct peer_answer script[] = {
        { .text = "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" }
    };
    struct outcome o = { .calls = 0 };
    struct cmg__http_request req;
    peer_open(&peer, script);
    make(&req, "HEAD", local(peer.port, "/p"));
    run(&req, NULL, &o);
    ck_assert_int_eq(o.status, 200);
    ck_assert_str_eq(o.body, "");
    cmg__http_request_done(&req);
    done(&o);
}
END_TEST

START_TEST(a_redirect_is_an_answer_and_not_followed)
{
    static const struct peer_answer script[] = {
        { .text = "HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n" },
        { .text = OK_EMPTY }
    };
    struct outcome o = { .calls = 0 };
    peer_open(&peer, script);
    get(local(peer.port, "/"), NULL, &o);
    ck_assert_int_eq(o.status, 302);
    ck_assert_uint_eq(peer.served, 1);
    done(&o);
}
END_TEST

START_TEST(a_name_is_sent_to_the_address_the_context_has_for_it)
{
    static const struct peer_answer script[] = { { .text = OK_HELLO } };
    struct outcome o = { .calls = 0 };
    cmg_error *err = NULL;
    peer_open(&peer, script);
    ck_ok(cmg_context_add_address(ctx, "*.contoso.com", 0, "127.0.0.1", peer.port, &err),
          err);
    get("http://Granite.Contoso.com/", NULL, &o);
    ck_assert_int_eq(o.status, 200);
    ck_assert_ptr_nonnull(strcasestr(peer.requests[0], "Host: granite.contoso.com\r\n"));
    done(&o);
}
END_TEST

START_TEST(the_proxy_of_the_context_and_its_account_are_used_unless_the_call_says_no)
{
    static const struct peer_answer script[] = { { .text = OK_HELLO },
                                                 { .text = OK_HELLO } };
    static const struct cmg__http_options direct = { .no_proxy = true };
    static const char account[] =
        "Proxy-Authorization: Basic Y21nOkNvcnJlY3QtSG9yc2UtNw==\r\n";
    struct outcome o = { .calls = 0 };
    cmg_error *err = NULL;
    char proxy[64];
    peer_open(&peer, script);
    snprintf(proxy, sizeof proxy, "http://127.0.0.1:%u", (unsigned)peer.port);
    ck_ok(cmg_context_set_proxy(ctx, proxy, &err), err);
    ck_ok(cmg_context_set_proxy_account(ctx, "cmg", "Correct-Horse-7", 15, &err), err);
    get("http://www.contoso.com/x", NULL, &o);
    ck_assert_ptr_nonnull(
        strstr(peer.requests[0], "GET http://www.contoso.com/x HTTP/1.1\r\n"));
    ck_assert_ptr_nonnull(strstr(peer.requests[0], account));
    get(local(peer.port, "/x"), &direct, &o);
    ck_assert_ptr_nonnull(strstr(peer.requests[1], "GET /x HTTP/1.1\r\n"));
    ck_assert_ptr_null(strstr(peer.requests[1], "Authorization"));
    done(&o);
}
END_TEST

START_TEST(nobody_listening_is_a_fault_that_sent_nothing)
{
    struct outcome o = { .calls = 0 };
    char where[32];
    uint16_t port = peer_dead_port();
    snprintf(where, sizeof where, "127.0.0.1:%u", (unsigned)port);
    get(local(port, "/"), NULL, &o);
    ck_assert_int_eq(cmg_error_code(o.err), CMG_E_IO);
    ck_assert_int_eq(cmg_error_retry(o.err), CMG_RETRY_TRANSIENT);
    ck_assert(cmg__http_was_not_sent(o.err));
    ck_assert_str_eq(cmg_error_subject(o.err), where);
    ck_assert_ptr_nonnull(strstr(cmg_error_message(o.err), where));
    done(&o);
}
END_TEST

static const struct {
    const char *text;
    cmg_status code;
    cmg_retry retry;
} broken[] = {
    { NULL, CMG_E_IO, CMG_RETRY_TRANSIENT },
    { "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhal", CMG_E_IO, CMG_RETRY_TRANSIENT },
    { "HTTP/1.1 200 OK\r\nno colon\r\n\r\n", CMG_E_PROTO, CMG_RETRY_TRANSIENT },
    { "HTTP/1.1 200 OK\r\nA: 1\r\n folded\r\n\r\n", CMG_E_PROTO, CMG_RETRY_TRANSIENT },
    { "220 mail.contoso.com ESMTP\r\n", CMG_E_PROTO, CMG_RETRY_TRANSIENT },
};

START_TEST(a_broken_answer_leaves_the_outcome_open)
{
    const struct peer_answer script[] = { { .text = broken[_i].text, .then_close = true },
                                          { .text = NULL, .then_close = true } };
    struct outcome o = { .calls = 0 };
    struct cmg__http_request req;
    peer_open(&peer, script);
    make(&req, "POST", local(peer.port, "/"));
    run(&req, NULL, &o);
    ck_assert_int_eq(cmg_error_code(o.err), broken[_i].code);
    ck_assert_int_eq(cmg_error_retry(o.err), broken[_i].retry);
    ck_assert(!cmg__http_was_not_sent(o.err));
    cmg__http_request_done(&req);
    done(&o);
}
END_TEST

/* Long enough for a busy machine to have sent the request by then. */
START_TEST(silence_ends_with_the_time_limit)
{
    static const struct peer_answer script[] = { { .silent = true } };
    static const struct cmg__http_options options = { .total_timeout_ms = 1000 };
    struct outcome o = { .calls = 0 };
    peer_open(&peer, script);
    get(local(peer.port, "/"), &options, &o);
    ck_assert_int_eq(cmg_error_code(o.err), CMG_E_TIMEOUT);
    ck_assert_int_eq(cmg_error_retry(o.err), CMG_RETRY_TRANSIENT);
    ck_assert(!cmg__http_was_not_sent(o.err));
    done(&o);
}
END_TEST

static const char *const too_large[] = {
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: "
    "chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n",
};

START_TEST(a_body_over_the_limit_is_refused)
{
    const struct peer_answer script[] = { { .text = too_large[_i] } };
    static const struct cmg__http_options options = { .max_body = 4 };
    struct outcome o = { .calls = 0 };
    peer_open(&peer, script);
    get(local(peer.port, "/"), &options, &o);
    ck_assert_int_eq(cmg_error_code(o.err), CMG_E_LIMIT);
    done(&o);
}
END_TEST

/* A kept connection that dies under a POST must not make libcurl send it twice. */
START_TEST(a_post_whose_answer_was_lost_is_not_sent_again)
{
    static const struct peer_answer script[] = { { .text = OK_HELLO },
                                                 { .text = NULL, .then_close = true },
                                                 { .text = OK_HELLO } };
    struct outcome o = { .calls = 0 };
    struct cmg__http_request req;
    peer_open(&peer, script);
    get(local(peer.port, "/"), NULL, &o);
    ck_assert_int_eq(o.status, 200);
    make(&req, "POST", local(peer.port, "/once"));
    run(&req, NULL, &o);
    ck_assert_uint_eq(peer.served, 2);
    ck_assert_int_eq(cmg_error_retry(o.err), CMG_RETRY_TRANSIENT);
    ck_assert(!cmg__http_was_not_sent(o.err));
    cmg__http_request_done(&req);
    done(&o);
}
END_TEST

START_TEST(a_get_on_a_connection_that_died_is_sent_again)
{
    static const struct peer_answer script[] = { { .text = OK_HELLO },
                                                 { .text = NULL, .then_close = true },
                                                 { .text = OK_HELLO } };
    struct outcome o = { .calls = 0 };
    peer_open(&peer, script);
    get(local(peer.port, "/"), NULL, &o);
    o.status = 0;
    get(local(peer.port, "/"), NULL, &o);
    ck_assert_uint_eq(peer.served, 3);
    ck_assert_int_eq(o.status, 200);
    done(&o);
}
END_TEST

static bool may_not(void *user)
{
    ++*(unsigned *)user;
    return false;
}

/* The right to send is asked for when the connection stands, not when it is wanted. */
START_TEST(a_call_that_lost_its_right_sends_nothing)
{
    static const struct peer_answer script[] = { { .text =
                                                       "HTTP/1.1 204 Fine\r\n\r\n" } };
    unsigned asked = 0;
    const struct cmg__http_options options = { .may_send = may_not,
                                               .may_send_user = &asked };
    struct outcome o = { .calls = 0 };
    peer_open(&peer, script);
    get(local(peer.port, "/"), &options, &o);
    ck_assert_int_eq(cmg_error_code(o.err), CMG_E_IO);
    ck_assert_uint_eq(asked, 1);
    ck_assert_str_eq(peer.requests[0], "");
    done(&o);
}
END_TEST

START_TEST(connections_are_kept_unless_a_fresh_one_is_asked_for)
{
    static const struct peer_answer script[] = { { .text = OK_HELLO },
                                                 { .text = OK_HELLO },
                                                 { .text = OK_HELLO } };
    static const struct cmg__http_options fresh = { .fresh_connection = true };
    struct outcome o = { .calls = 0 };
    peer_open(&peer, script);
    get(local(peer.port, "/"), NULL, &o);
    get(local(peer.port, "/"), NULL, &o);
    ck_assert_uint_eq(peer.accepted, 1);
    get(local(peer.port, "/"), &fresh, &o);
    ck_assert_uint_eq(peer.accepted, 2);
    done(&o);
}
END_TEST

START_TEST(a_cancelled_call_never_calls_back)
{
    /* A request may have left before its call was cancelled. */
    static const struct peer_answer script[] = { { .text = OK_HELLO },
                                                 { .text = OK_HELLO },
                                                 { .text = OK_HELLO },
                                                 { .text = OK_HELLO } };
    struct outcome o = { .calls = 0 };
    struct cmg__http_request req;
    struct cmg__http_call *call = NULL;
    cmg_error *err = NULL;
    peer_open(&peer, script);
    make(&req, "GET", local(peer.port, "/"));
    for (int turns = 0; turns < 4; turns++) {
        ck_ok(cmg__http_start(ctx->http, &req, NULL, on_done, &o, &call, &err), err);
        for (int i = 0; i < turns; i++)
            ck_ok(cmg_context_process(ctx, &err), err);
        cmg__http_cancel(call);
    }
    for (int i = 0; i < 10; i++) {
        peer_turn(&peer);
        ck_ok(cmg_context_process(ctx, &err), err);
    }
    ck_assert_uint_eq(o.calls, 0);
    /* One more is left to the end of the context. */
    ck_ok(cmg__http_start(ctx->http, &req, NULL, on_done, &o, NULL, &err), err);
    cmg__http_request_done(&req);
    done(&o);
}
END_TEST

static void start_next(void *user, const struct cmg__http_response *resp,
                       const cmg_error *err)
{
    struct outcome *o = user;
    (void)resp;
    (void)err;
    ck_assert_int_eq(cmg__http_start(ctx->http, &o->next, NULL, on_done, o, NULL, NULL),
                     CMG_OK);
    ck_assert_uint_eq(o->calls, 0);
}

START_TEST(a_call_may_be_started_from_inside_a_callback)
{
    static const struct peer_answer script[] = { { .text = OK_HELLO },
                                                 { .text = OK_HELLO } };
    struct outcome o = { .calls = 0 };
    cmg_error *err = NULL;
    peer_open(&peer, script);
    make(&o.next, "GET", local(peer.port, "/2"));
    ck_ok(cmg__http_start(ctx->http, &o.next, NULL, start_next, &o, NULL, &err), err);
    for (int i = 0; i < 5000 && o.calls == 0; i++) {
        ck_ok(cmg_context_wait(ctx, 2, &err), err);
        peer_turn(&peer);
    }
    ck_assert_uint_eq(o.calls, 1);
    ck_assert_str_eq(o.body, "hello");
    cmg__http_request_done(&o.next);
    done(&o);
}
END_TEST

static const struct {
    const char *method, *url, *name, *value;
} bad[] = {
    { "GET", "ftp://contoso.com/", NULL, NULL },
    { "GET", "contoso.com", NULL, NULL },
    { "G T", "http://contoso.com/", NULL, NULL },
    { "", "http://contoso.com/", NULL, NULL },
    { "GET", "http://contoso.com/", "X-A", "b\r\nX-C: d" },
    { "GET", "http://contoso.com/", "X A", "b" },
    { "GET", "http://contoso.com/", "X-A", "\x01" },
};

START_TEST(a_request_that_cannot_be_written_is_refused_at_once)
{
    struct outcome o = { .calls = 0 };
    struct cmg__http_request req;
    cmg_error *err = NULL;
    make(&req, "GET", bad[_i].url);
    snprintf(req.method, sizeof req.method, "%s", bad[_i].method);
    if (bad[_i].name != NULL &&
        cmg__headers_add(&req.headers, bad[_i].name, bad[_i].value) != CMG_OK) {
        cmg__http_request_done(&req);
        return; /* refused even earlier */
    }
    ck_assert_int_eq(cmg__http_start(ctx->http, &req, NULL, on_done, &o, NULL, &err),
                     CMG_E_INVAL);
    ck_assert_str_ne(cmg_error_remedy(err), "");
    cmg_error_unref(err);
    ck_assert_uint_eq(o.calls, 0);
    cmg__http_request_done(&req);
}
END_TEST

START_TEST(a_client_certificate_without_key_is_refused)
{
    static const struct cmg__http_options options = { .cert_pem = "x" };
    struct outcome o = { .calls = 0 };
    struct cmg__http_request req;
    make(&req, "GET", "https://127.0.0.1/");
    ck_assert_int_eq(cmg__http_start(ctx->http, &req, &options, on_done, &o, NULL, NULL),
                     CMG_E_INVAL);
    cmg__http_request_done(&req);
}
END_TEST

START_TEST(what_was_secret_is_wiped_before_it_is_freed)
{
    static const struct peer_answer script[] = {
        { .text = "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nhush-hush-42" }
    };
    struct outcome o = { .calls = 0 };
    struct cmg__http_request req;
    peer_open(&peer, script);
    memory.canary = "hush-hush-42";
    make(&req, "POST", local(peer.port, "/token"));
    req.body_is_secret = true;
    ck_assert_int_eq(cmg__buf_add_str(&req.body, "secret=hush-hush-42"), CMG_OK);
    ck_assert_int_eq(
        cmg__headers_add_secret(&req.headers, "Authorization", "Bearer hush-hush-42"),
        CMG_OK);
    run(&req, NULL, &o);
    ck_assert_str_eq(o.body, "hush-hush-42");
    cmg__http_request_done(&req);
    ck_assert(!memory.canary_seen);
    done(&o);
}
END_TEST

START_TEST(hundreds_of_calls_leave_nothing_behind)
{
    static const struct peer_answer script[] = { { .text = OK_HELLO } };
    struct outcome o = { .calls = 0 };
    peer_open(&peer, script);
    get(local(peer.port, "/"), NULL, &o);
    peer.served = 0;
    size_t live = memory.live;
    for (int i = 0; i < 500; i++) {
        get(local(peer.port, "/"), NULL, &o);
        peer.served = 0;
    }
    ck_assert_uint_eq(o.calls, 501);
    ck_assert_uint_eq(memory.live, live);
    ck_assert_uint_eq(peer.accepted, 1);
    done(&o);
}
END_TEST

static void add_answers(TCase *t)
{
    tcase_add_test(t, an_answer_arrives_with_status_headers_and_body);
    tcase_add_loop_test(t, every_method_is_framed_as_it_should_be, 0,
                        (int)CMG__ARRAY_LEN(methods));
    tcase_add_test(t, a_head_answer_has_no_body);
    tcase_add_test(t, a_redirect_is_an_answer_and_not_followed);
    tcase_add_test(t, a_name_is_sent_to_the_address_the_context_has_for_it);
    tcase_add_test(
        t, the_proxy_of_the_context_and_its_account_are_used_unless_the_call_says_no);
    tcase_add_test(t, a_call_that_lost_its_right_sends_nothing);
    tcase_add_test(t, connections_are_kept_unless_a_fresh_one_is_asked_for);
    tcase_add_test(t, a_call_may_be_started_from_inside_a_callback);
    tcase_add_test(t, hundreds_of_calls_leave_nothing_behind);
    tcase_add_test(t, what_was_secret_is_wiped_before_it_is_freed);
}

static void add_faults(TCase *t)
{
    tcase_add_test(t, nobody_listening_is_a_fault_that_sent_nothing);
    tcase_add_loop_test(t, a_broken_answer_leaves_the_outcome_open, 0,
                        (int)CMG__ARRAY_LEN(broken));
    tcase_add_test(t, silence_ends_with_the_time_limit);
    tcase_add_loop_test(t, a_body_over_the_limit_is_refused, 0,
                        (int)CMG__ARRAY_LEN(too_large));
    tcase_add_test(t, a_post_whose_answer_was_lost_is_not_sent_again);
    tcase_add_test(t, a_get_on_a_connection_that_died_is_sent_again);
    tcase_add_test(t, a_cancelled_call_never_calls_back);
    tcase_add_loop_test(t, a_request_that_cannot_be_written_is_refused_at_once, 0,
                        (int)CMG__ARRAY_LEN(bad));
    tcase_add_test(t, a_client_certificate_without_key_is_refused);
}

int main(void)
{
    Suite *suite = suite_create("net/http_client");
    TCase *answers = tcase_create("answers");
    TCase *faults = tcase_create("faults");
    tcase_add_checked_fixture(answers, setup, teardown);
    tcase_add_checked_fixture(faults, setup, teardown);
    tcase_set_timeout(answers, 30);
    tcase_set_timeout(faults, 30);
    add_answers(answers);
    add_faults(faults);
    suite_add_tcase(suite, answers);
    suite_add_tcase(suite, faults);
    Suite *const suites[] = { suite, NULL };
    return support_run(suites);
}
