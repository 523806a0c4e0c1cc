/*
 * The HTTP/1.1 parser: each row of the framing rules, requests and responses, the limits
 * at their edge, and the property that no split of the bytes changes what is seen.
 */
#include "base/str.h"
#include "net/http1.h"

#include "support/support.h"

#include <stdio.h>
#include <string.h>

#define HOST "Host: a\r\n"

/* What a parser made of some bytes, as text: one word per event. */
struct trace {
    struct cmg__buf text;
    bool in_data;
    int status;
};

static void trace_init(struct trace *t)
{
    *t = (struct trace){ 0 };
    cmg__buf_init(&t->text, &cmg__alloc_libc, 4 * 1024 * 1024);
}

static void note(struct trace *t, const char *s)
{
    if (t->in_data)
        ck_assert_int_eq(cmg__buf_add_str(&t->text, "]"), CMG_OK);
    t->in_data = false;
    ck_assert_int_eq(cmg__buf_add_str(&t->text, s), CMG_OK);
}

static void note_head(struct trace *t, const struct cmg__http1_head *head)
{
    char line[200];
    snprintf(line, sizeof line, "HEAD(%s%d,1.%d,%d,%llu,%d,%d)", head->method,
             head->status, head->minor, (int)head->framing,
             (unsigned long long)head->content_length, head->keep_alive,
             head->expect_continue);
    note(t, line);
    note(t, cmg__buf_cstr(&head->target));
    for (size_t i = 0; i < head->headers.count; i++) {
        note(t, "<");
        note(t, head->headers.items[i].name);
        note(t, "=");
        note(t, head->headers.items[i].value);
        note(t, ">");
    }
}

static void note_data(struct trace *t, const char *data, size_t n)
{
    ck_assert_uint_gt(n, 0);
    if (!t->in_data)
        ck_assert_int_eq(cmg__buf_add_str(&t->text, "DATA["), CMG_OK);
    t->in_data = true;
    ck_assert_int_eq(cmg__buf_add(&t->text, data, n), CMG_OK);
}

/* One piece of input; false when the parser refused. */
static bool feed(struct trace *t, struct cmg__http1_parser *p, const char *input,
                 size_t n)
{
    for (;;) {
        size_t taken;
        const char *data;
        size_t data_len;
        enum cmg__http1_result result =
            cmg__http1_feed(p, input, n, &taken, &data, &data_len);
        ck_assert_uint_le(taken, n);
        input += taken;
        n -= taken;
        if (result == CMG__HTTP1_MORE) {
            ck_assert_uint_eq(n, 0);
            return true;
        }
        if (result == CMG__HTTP1_ERROR) {
            t->status = p->error_status;
            ck_assert_ptr_nonnull(p->error_text);
            note(t, "ERROR");
            return false;
        }
        if (result == CMG__HTTP1_HEAD)
            note_head(t, &p->head);
        else if (result == CMG__HTTP1_DATA)
            note_data(t, data, data_len);
        else
            note(t, "END ");
    }
}

/* The bytes cut into three pieces at i and j. */
static void run_split(struct trace *t, bool response, const char *s, size_t n, size_t i,
                      size_t j)
{
    struct cmg__http1_parser p;
    trace_init(t);
    cmg__http1_parser_init(&p, &cmg__alloc_libc, NULL, response);
    if (feed(t, &p, s, i) && feed(t, &p, s + i, j - i))
        feed(t, &p, s + j, n - j);
    note(t, "");
    cmg__http1_parser_done(&p);
}

static void run(struct trace *t, bool response, const char *s)
{
    run_split(t, response, s, strlen(s), 0, 0);
}

static void run_bytewise(struct trace *t, bool response, const char *s, size_t n)
{
    struct cmg__http1_parser p;
    trace_init(t);
    cmg__http1_parser_init(&p, &cmg__alloc_libc, NULL, response);
    for (size_t i = 0; i < n; i++)
        if (!feed(t, &p, s + i, 1))
            break;
    note(t, "");
    cmg__http1_parser_done(&p);
}

struct row {
    int status; /* 0: accepted and complete */
    const char *text;
    size_t n; /* 0: strlen(text) */
};

#define ROW(status, text)                                                                \
    {                                                                                    \
        status, text, sizeof(text) - 1                                                   \
    }

static const struct row requests[] = {
    /* accepted */
    ROW(0, "GET / HTTP/1.1\r\n" HOST "\r\n"),
    ROW(0, "\r\nGET / HTTP/1.1\r\n" HOST "\r\n"),
    ROW(0, "GET /a?b=c%20d HTTP/1.1\r\nHost: a.example:8443\r\nX:\ty z \t\r\nE:\r\n\r\n"),
    ROW(0, "CCM_POST /x HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhello"),
    ROW(0, "POST /x HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n"),
    ROW(0, "POST /x HTTP/1.1\r\n" HOST "Content-Length: 0005\r\n\r\nhello"),
    ROW(0,
        "POST /x HTTP/1.1\r\n" HOST
        "Transfer-Encoding: Chunked\r\n\r\n5\r\nhello\r\n6;a=b\r\n world\r\n0\r\n\r\n"),
    ROW(0, "POST /x HTTP/1.1\r\n" HOST
           "Transfer-Encoding: chunked\r\n\r\n0a\r\n0123456789\r\n0\r\nT: v\r\n\r\n"),
    ROW(0, "POST /x HTTP/1.1\r\n" HOST
           "Content-Length: 2\r\n\r\nabGET / HTTP/1.1\r\n" HOST "\r\n"),
    ROW(0, "GET / HTTP/1.0\r\n\r\n"),
    ROW(0, "GET / HTTP/1.1\r\n" HOST "Connection: keep-alive, CLOSE\r\n\r\n"),
    ROW(0, "OPTIONS * HTTP/1.1\r\n" HOST "\r\n"),
    ROW(0, "GET https://a/x HTTP/1.1\r\n" HOST "\r\n"),
    ROW(0, "GET / HTTP/1.1\r\nHost: [::1]:443\r\n\r\n"),
    ROW(0,
        "POST / HTTP/1.1\r\n" HOST "Expect: 100-Continue\r\nContent-Length: 1\r\n\r\nx"),
    ROW(0,
        "BITS_POST / HTTP/1.1\r\n" HOST "Content-Length: 9\r\n\r\n\r\n\0\xff\x80 \r\r\n"),
    /* line ends */
    ROW(400, "GET / HTTP/1.1\n" HOST "\r\n"),
    ROW(400, "GET / HTTP/1.1\r\nHost: a\n\r\n"),
    ROW(400, "GET / HTTP/1.1\r\n" HOST "\n"),
    ROW(400, "GET / HTTP/1.1\r\n" HOST "X: a\rb\r\n\r\n"),
    ROW(400, "GET / HTTP/1.1\rX: b\r\n\r\n"),
    ROW(400, "\r\n\r\nGET / HTTP/1.1\r\n" HOST "\r\n"),
    ROW(400, "\nGET / HTTP/1.1\r\n" HOST "\r\n"),
    /* request line */
    ROW(400, "GET  / HTTP/1.1\r\n" HOST "\r\n"),
    ROW(400, "GET /  HTTP/1.1\r\n" HOST "\r\n"),
    ROW(400, " GET / HTTP/1.1\r\n" HOST "\r\n"),
    ROW(400, "GET / HTTP/1.1 \r\n" HOST "\r\n"),
    ROW(400, "GET\t/ HTTP/1.1\r\n" HOST "\r\n"),
    ROW(400, "GET /\r\n" HOST "\r\n"),
    ROW(400, "GET / http/1.1\r\n" HOST "\r\n"),
    ROW(400, "GET / HTTP/1.10\r\n" HOST "\r\n"),
    ROW(400, "GET / HTTP/11\r\n" HOST "\r\n"),
    ROW(400, "GET / HTTP/1,1\r\n" HOST "\r\n"),
    ROW(505, "GET / HTTP/2.0\r\n" HOST "\r\n"),
    ROW(505, "GET / HTTP/1.2\r\n" HOST "\r\n"),
    ROW(505, "GET / HTTP/0.9\r\n" HOST "\r\n"),
    ROW(505, "PUT / HTTP/1.0\r\n\r\n"),
    ROW(400, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    ROW(400, "G(T / HTTP/1.1\r\n" HOST "\r\n"),
    ROW(400, "ABCDEFGHIJKLMNOPQRSTUVWXYZ1234567 / HTTP/1.1\r\n" HOST "\r\n"),
    ROW(400, "GET /a#b HTTP/1.1\r\n" HOST "\r\n"),
    ROW(400, "GET /\x7f HTTP/1.1\r\n" HOST "\r\n"),
    ROW(400, "GET /\xc3\xa4 HTTP/1.1\r\n" HOST "\r\n"),
    ROW(400, "GET /\0 HTTP/1.1\r\n" HOST "\r\n"),
    ROW(400, "GET a/b HTTP/1.1\r\n" HOST "\r\n"),
    ROW(400, "GET * HTTP/1.1\r\n" HOST "\r\n"),
    ROW(400, "CONNECT a:443 HTTP/1.1\r\n" HOST "\r\n"),
    ROW(400, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n"),
    /* fields */
    ROW(400, "GET / HTTP/1.1\r\n" HOST "X : y\r\n\r\n"),
    ROW(400, "GET / HTTP/1.1\r\n" HOST ": y\r\n\r\n"),
    ROW(400, "GET / HTTP/1.1\r\n" HOST "no colon\r\n\r\n"),
    ROW(400, "GET / HTTP/1.1\r\n" HOST "X: y\r\n folded\r\n\r\n"),
    ROW(400, "GET / HTTP/1.1\r\n X: y\r\n" HOST "\r\n"),
    ROW(400, "GET / HTTP/1.1\r\n" HOST "X: a\0b\r\n\r\n"),
    ROW(400, "GET / HTTP/1.1\r\n" HOST "X\0: a\r\n\r\n"),
    ROW(400, "GET / HTTP/1.1\r\n" HOST "X: a\x01\r\n\r\n"),
    ROW(400, "GET / HTTP/1.1\r\n" HOST "X: \x7f\r\n\r\n"),
    ROW(400, "GET / HTTP/1.1\r\n" HOST "X: caf\xc3\xa9\r\n\r\n"),
    ROW(400, "GET / HTTP/1.1\r\n" HOST "Content_Length: 3\r\n\r\n"),
    /* host */
    ROW(400, "GET / HTTP/1.1\r\n\r\n"),
    ROW(400, "GET / HTTP/1.1\r\n" HOST HOST "\r\n"),
    ROW(400, "GET / HTTP/1.1\r\nHost:\r\n\r\n"),
    ROW(400, "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n"),
    ROW(400, "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n"),
    ROW(400, "GET / HTTP/1.1\r\nHost: a:\r\n\r\n"),
    ROW(400, "GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n"),
    ROW(400, "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"),
    ROW(400, "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n"),
    ROW(400, "GET / HTTP/1.0\r\n" HOST HOST "\r\n"),
    /* framing */
    ROW(400, "POST / HTTP/1.1\r\n" HOST "Content-Length: +5\r\n\r\nhello"),
    ROW(400, "POST / HTTP/1.1\r\n" HOST "Content-Length: -5\r\n\r\nhello"),
    ROW(400, "POST / HTTP/1.1\r\n" HOST "Content-Length: 0x5\r\n\r\nhello"),
    ROW(400, "POST / HTTP/1.1\r\n" HOST "Content-Length: 5 5\r\n\r\nhello"),
    ROW(400, "POST / HTTP/1.1\r\n" HOST "Content-Length: 5, 5\r\n\r\nhello"),
    ROW(400, "POST / HTTP/1.1\r\n" HOST "Content-Length:\r\n\r\nhello"),
    ROW(400, "POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\nContent-Length: 5\r\n\r\n"),
    ROW(400, "POST / HTTP/1.1\r\n" HOST "Content-Length: 9223372036854775808\r\n\r\n"),
    ROW(400, "POST / HTTP/1.1\r\n" HOST "Content-Length: 99999999999999999999\r\n\r\n"),
    ROW(400, "POST / HTTP/1.1\r\n" HOST
             "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"),
    ROW(400, "POST / HTTP/1.1\r\n" HOST
             "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    ROW(400, "POST / HTTP/1.1\r\n" HOST
             "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"),
    ROW(400, "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n\r\n"),
    ROW(400, "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked;q=1\r\n\r\n"),
    ROW(400, "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding:\r\n\r\n"),
    ROW(501, "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip\r\n\r\n"),
    ROW(501, "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: xchunked\r\n\r\n"),
    ROW(400, "POST / HTTP/1.0\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    ROW(417, "POST / HTTP/1.1\r\n" HOST "Expect: 200-ok\r\nContent-Length: 1\r\n\r\nx"),
/* chunks */
#define CHUNKED "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
    ROW(400, CHUNKED "5\nhello\r\n0\r\n\r\n"),
    ROW(400, CHUNKED "5\r\nhello\n0\r\n\r\n"),
    ROW(400, CHUNKED "5\r\nhelloX\r\n0\r\n\r\n"),
    ROW(400, CHUNKED "5\r\nhello\rX0\r\n\r\n"),
    ROW(400, CHUNKED "\r\nhello\r\n"),
    ROW(400, CHUNKED "0x5\r\nhello\r\n"),
    ROW(400, CHUNKED "-5\r\nhello\r\n"),
    ROW(400, CHUNKED " 5\r\nhello\r\n"),
    ROW(400, CHUNKED "5 \r\nhello\r\n"),
    ROW(400, CHUNKED "5 ;a\r\nhello\r\n"),
    ROW(400, CHUNKED "5;a\tb\r\nhello\r\n"),
    ROW(400, CHUNKED "5;a\xff\r\nhello\r\n"),
    ROW(400, CHUNKED "5\0\r\nhello\r\n"),
    ROW(400, CHUNKED "000000005\r\nhello\r\n"),
    ROW(400, CHUNKED "1000001\r\n"),
    ROW(400, CHUNKED "ffffffff\r\n"),
    ROW(400, CHUNKED "g\r\n"),
    ROW(400, CHUNKED "0\r\nT : v\r\n\r\n"),
    ROW(400, CHUNKED "0\r\n\n"),
    ROW(400, CHUNKED "0\r\nX_Y: v\r\n\r\n"),
};

static const struct row responses[] = {
    ROW(0, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
    ROW(0, "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n"),
    ROW(0, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n"),
    ROW(0, "HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n"),
    ROW(0, "HTTP/1.1 404 Nicht gefunden \xe4\r\nTransfer-Encoding: chunked\r\n\r\n"
           "3\r\nabc\r\n0\r\n\r\n"),
    ROW(400, "\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
    ROW(400, "HTTP/1.1 200\r\n\r\n"),
    ROW(400, "HTTP/1.1  200 OK\r\n\r\n"),
    ROW(400, "HTTP/1.1 099 OK\r\n\r\n"),
    ROW(400, "HTTP/1.1 600 OK\r\n\r\n"),
    ROW(400, "HTTP/1.1 20a OK\r\n\r\n"),
    ROW(400, "HTTP/1.1 2000 OK\r\n\r\n"),
    ROW(505, "HTTP/2.0 200 OK\r\n\r\n"),
    ROW(400, "ICY 200 OK\r\n\r\n"),
    ROW(400, "HTTP/1.1 200 O\x01K\r\n\r\n"),
    ROW(400, "HTTP/1.1 204 N\r\nTransfer-Encoding: chunked\r\n\r\n"),
    ROW(400, "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
    ROW(400, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"),
    ROW(400, "HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n"),
};

static void check_row(const struct row *row, bool response)
{
    struct trace t;
    run_split(&t, response, row->text, row->n, 0, 0);
    ck_assert_msg(t.status == row->status, "status %d instead of %d for <%s>: %s",
                  t.status, row->status, row->text, cmg__buf_cstr(&t.text));
    if (row->status == 0)
        ck_assert_msg(strcmp(t.text.data + t.text.len - 4, "END ") == 0, "no END: <%s>",
                      row->text);
    cmg__buf_done(&t.text);
}

START_TEST(every_request_row_gets_its_answer)
{
    check_row(&requests[_i], false);
}
END_TEST

START_TEST(every_response_row_gets_its_answer)
{
    check_row(&responses[_i], true);
}
END_TEST

static void check_splits(const struct row *row, bool response)
{
    struct trace whole;
    run_split(&whole, response, row->text, row->n, 0, 0);
    for (size_t i = 0; i <= row->n; i++) {
        struct trace t;
        run_split(&t, response, row->text, row->n, i, i + (row->n - i) / 3);
        ck_assert_str_eq(cmg__buf_cstr(&t.text), cmg__buf_cstr(&whole.text));
        ck_assert_int_eq(t.status, whole.status);
        cmg__buf_done(&t.text);
    }
    struct trace t;
    run_bytewise(&t, response, row->text, row->n);
    ck_assert_str_eq(cmg__buf_cstr(&t.text), cmg__buf_cstr(&whole.text));
    ck_assert_int_eq(t.status, whole.status);
    cmg__buf_done(&t.text);
    cmg__buf_done(&whole.text);
}

START_TEST(no_split_of_a_request_changes_its_events)
{
    check_splits(&requests[_i], false);
}
END_TEST

START_TEST(no_split_of_a_response_changes_its_events)
{
    check_splits(&responses[_i], true);
}
END_TEST

static void expect_trace(bool response, const char *input, const char *expected)
{
    struct trace t;
    run(&t, response, input);
    ck_assert_str_eq(cmg__buf_cstr(&t.text), expected);
    cmg__buf_done(&t.text);
}

START_TEST(events_carry_the_parsed_form)
{
    expect_trace(false, "GET /a HTTP/1.1\r\nHost: b\r\nX:  y z\t\r\n\r\n",
                 "HEAD(GET0,1.1,0,0,1,0)/a<Host=b><X=y z>END ");
    expect_trace(false, "POST /a HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabc",
                 "HEAD(POST0,1.1,1,3,1,0)/a<Host=a><Content-Length=3>DATA[abc]END ");
    expect_trace(false,
                 "POST /a HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
                 "2;x\r\nab\r\n1\r\nc\r\n0\r\nDropped: yes\r\n\r\n",
                 "HEAD(POST0,1.1,2,0,1,0)/a<Host=a><Transfer-Encoding=chunked>"
                 "DATA[abc]END ");
    expect_trace(true, "HTTP/1.1 200 OK\r\n\r\nuntil close",
                 "HEAD(200,1.1,3,0,0,0)DATA[until close]");
}
END_TEST

START_TEST(pipelined_requests_come_one_after_the_other)
{
    expect_trace(false,
                 "POST /1 HTTP/1.1\r\n" HOST "Content-Length: 1\r\n\r\nx\r\n"
                 "GET /2 HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n",
                 "HEAD(POST0,1.1,1,1,1,0)/1<Host=a><Content-Length=1>DATA[x]END "
                 "HEAD(GET0,1.1,0,0,0,0)/2<Host=a><Connection=close>END ");
}
END_TEST

START_TEST(http_1_0_never_persists)
{
    expect_trace(false, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
                 "HEAD(GET0,1.0,0,0,0,0)/<Connection=keep-alive>END ");
}
END_TEST

START_TEST(expectation_counts_only_before_a_body)
{
    expect_trace(false, "GET / HTTP/1.1\r\n" HOST "Expect: 100-continue\r\n\r\n",
                 "HEAD(GET0,1.1,0,0,1,0)/<Host=a><Expect=100-continue>END ");
    expect_trace(false,
                 "PUT / HTTP/1.1\r\n" HOST
                 "Expect: 100-continue\r\nContent-Length: 1\r\n\r\n",
                 "HEAD(PUT0,1.1,1,1,1,1)/<Host=a><Expect=100-continue>"
                 "<Content-Length=1>");
}
END_TEST

START_TEST(answer_to_head_has_no_body)
{
    static const char first[] = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n";
    struct trace t;
    struct cmg__http1_parser p;
    trace_init(&t);
    cmg__http1_parser_init(&p, &cmg__alloc_libc, NULL, true);
    p.head_request = true;
    ck_assert(feed(&t, &p, first, sizeof first - 1));
    ck_assert_str_eq(cmg__buf_cstr(&t.text),
                     "HEAD(200,1.1,0,10,1,0)<Content-Length=10>END ");
    cmg__http1_parser_done(&p);
    cmg__buf_done(&t.text);
}
END_TEST

static bool finish_after(const char *input)
{
    struct trace t;
    struct cmg__http1_parser p;
    trace_init(&t);
    cmg__http1_parser_init(&p, &cmg__alloc_libc, NULL, true);
    feed(&t, &p, input, strlen(input));
    bool whole = cmg__http1_finish(&p);
    cmg__http1_parser_done(&p);
    cmg__buf_done(&t.text);
    return whole;
}

START_TEST(closing_ends_only_a_body_that_lasts_until_close)
{
    ck_assert(finish_after("HTTP/1.1 200 OK\r\n\r\nabc"));
    ck_assert(finish_after("HTTP/1.1 200 OK\r\n\r\n"));
    ck_assert(!finish_after(""));
    ck_assert(!finish_after("HTTP/1.1 200 OK\r\n"));
    ck_assert(!finish_after("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab"));
    ck_assert(
        !finish_after("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"));
}
END_TEST

START_TEST(a_refusal_is_for_good)
{
    struct trace t;
    struct cmg__http1_parser p;
    static const char good[] = "GET / HTTP/1.1\r\n" HOST "\r\n";
    trace_init(&t);
    cmg__http1_parser_init(&p, &cmg__alloc_libc, NULL, false);
    ck_assert(!feed(&t, &p, "x\r\n", 3));
    ck_assert(!feed(&t, &p, good, sizeof good - 1));
    ck_assert_str_eq(cmg__buf_cstr(&t.text), "ERRORERROR");
    ck_assert_int_eq(p.error_status, 400);
    cmg__http1_parser_done(&p);
    cmg__buf_done(&t.text);
}
END_TEST

/* Limits: n is the largest that passes, n + 1 is refused with the status. */
static void repeat(struct cmg__buf *b, char c, size_t n)
{
    for (size_t i = 0; i < n; i++)
        ck_assert_int_eq(cmg__buf_add_char(b, c), CMG_OK);
}

static void build_target(struct cmg__buf *b, size_t n)
{
    ck_assert_int_eq(cmg__buf_add_str(b, "GET /"), CMG_OK);
    repeat(b, 'a', n - 1);
    ck_assert_int_eq(cmg__buf_add_str(b, " HTTP/1.1\r\n" HOST "\r\n"), CMG_OK);
}

static void build_field(struct cmg__buf *b, size_t n)
{
    ck_assert_int_eq(cmg__buf_add_str(b, "GET / HTTP/1.1\r\n" HOST "X:"), CMG_OK);
    repeat(b, 'a', n - 2);
    ck_assert_int_eq(cmg__buf_add_str(b, "\r\n\r\n"), CMG_OK);
}

static void build_fields(struct cmg__buf *b, size_t n)
{
    ck_assert_int_eq(cmg__buf_add_str(b, "GET / HTTP/1.1\r\n" HOST), CMG_OK);
    for (size_t i = 1; i < n; i++)
        ck_assert_int_eq(cmg__buf_add_str(b, "X: y\r\n"), CMG_OK);
    ck_assert_int_eq(cmg__buf_add_str(b, "\r\n"), CMG_OK);
}

static void build_section(struct cmg__buf *b, size_t n)
{
    size_t before = b->len;
    ck_assert_int_eq(cmg__buf_add_str(b, "GET / HTTP/1.1\r\n" HOST "A:"), CMG_OK);
    repeat(b, 'a', 16000);
    ck_assert_int_eq(cmg__buf_add_str(b, "\r\nB:"), CMG_OK);
    repeat(b, 'b', 16000);
    ck_assert_int_eq(cmg__buf_add_str(b, "\r\nC:"), CMG_OK);
    repeat(b, 'c', n - (b->len - before) - 4);
    ck_assert_int_eq(cmg__buf_add_str(b, "\r\n\r\n"), CMG_OK);
}

static void build_extensions(struct cmg__buf *b, size_t n)
{
    ck_assert_int_eq(cmg__buf_add_str(b, CHUNKED "1;"), CMG_OK);
    repeat(b, 'a', n - 11);
    ck_assert_int_eq(cmg__buf_add_str(b, "\r\nx\r\n0;123456789\r\n\r\n"), CMG_OK);
}

static void build_trailers(struct cmg__buf *b, size_t n)
{
    ck_assert_int_eq(cmg__buf_add_str(b, CHUNKED "0\r\n"), CMG_OK);
    for (size_t i = 0; i < n; i++)
        ck_assert_int_eq(cmg__buf_add_str(b, "X: y\r\n"), CMG_OK);
    ck_assert_int_eq(cmg__buf_add_str(b, "\r\n"), CMG_OK);
}

static const struct {
    void (*build)(struct cmg__buf *b, size_t n);
    size_t n;
    int status;
} edges[] = {
    { build_target, 8 * 1024, 414 }, { build_field, 16 * 1024, 431 },
    { build_fields, 64, 431 },       { build_section, 32 * 1024, 431 },
    { build_extensions, 256, 400 },  { build_trailers, 16, 431 },
};

START_TEST(limits_hold_at_their_edge)
{
    for (size_t over = 0; over < 2; over++) {
        struct cmg__buf b;
        cmg__buf_init(&b, &cmg__alloc_libc, 1024 * 1024);
        edges[_i].build(&b, edges[_i].n + over);
        struct trace whole, bytewise;
        run_split(&whole, false, b.data, b.len, 0, 0);
        run_bytewise(&bytewise, false, b.data, b.len);
        ck_assert_int_eq(whole.status, over ? edges[_i].status : 0);
        ck_assert_int_eq(bytewise.status, whole.status);
        ck_assert_str_eq(cmg__buf_cstr(&bytewise.text), cmg__buf_cstr(&whole.text));
        cmg__buf_done(&whole.text);
        cmg__buf_done(&bytewise.text);
        cmg__buf_done(&b);
    }
}
END_TEST

START_TEST(endless_lines_are_refused_without_their_end)
{
    struct cmg__buf b;
    struct trace t;
    cmg__buf_init(&b, &cmg__alloc_libc, 1024 * 1024);
    repeat(&b, 'G', 100000);
    run_split(&t, false, b.data, b.len, 0, 0);
    ck_assert_int_eq(t.status, 414);
    cmg__buf_done(&t.text);
    cmg__buf_done(&b);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("http1_parser");
    TCase *rules = tcase_create("rules");
    tcase_add_loop_test(rules, every_request_row_gets_its_answer, 0,
                        (int)CMG__ARRAY_LEN(requests));
    tcase_add_loop_test(rules, every_response_row_gets_its_answer, 0,
                        (int)CMG__ARRAY_LEN(responses));
    suite_add_tcase(s, rules);
    TCase *splits = tcase_create("splits");
    tcase_add_loop_test(splits, no_split_of_a_request_changes_its_events, 0,
                        (int)CMG__ARRAY_LEN(requests));
    tcase_add_loop_test(splits, no_split_of_a_response_changes_its_events, 0,
                        (int)CMG__ARRAY_LEN(responses));
    suite_add_tcase(s, splits);
    TCase *meaning = tcase_create("meaning");
    tcase_add_test(meaning, events_carry_the_parsed_form);
    tcase_add_test(meaning, pipelined_requests_come_one_after_the_other);
    tcase_add_test(meaning, http_1_0_never_persists);
    tcase_add_test(meaning, expectation_counts_only_before_a_body);
    tcase_add_test(meaning, answer_to_head_has_no_body);
    tcase_add_test(meaning, closing_ends_only_a_body_that_lasts_until_close);
    tcase_add_test(meaning, a_refusal_is_for_good);
    suite_add_tcase(s, meaning);
    TCase *limits = tcase_create("limits");
    tcase_add_loop_test(limits, limits_hold_at_their_edge, 0, (int)CMG__ARRAY_LEN(edges));
    tcase_add_test(limits, endless_lines_are_refused_without_their_end);
    suite_add_tcase(s, limits);
    return s;
}

int main(void)
{
    Suite *const suites[] = { suite(), NULL };
    return support_run(suites);
}
