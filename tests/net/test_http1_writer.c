/*
 * The writer of heads: exact bytes, refusal of everything that could split a message, and
 * the round trip through the parser.
 */
#include "net/http1.h"

#include "support/support.h"

#include <string.h>

static struct cmg__buf out;
static struct cmg__headers headers;

static void setup(void)
{
    cmg__buf_init(&out, &cmg__alloc_libc, 16 * 1024 * 1024);
    cmg__headers_init(&headers, &cmg__alloc_libc);
}

static void teardown(void)
{
    cmg__buf_done(&out);
    cmg__headers_done(&headers);
}

static void add(const char *name, const char *value)
{
    ck_assert_int_eq(cmg__headers_add(&headers, name, value), CMG_OK);
}

static const struct {
    const char *method;
    enum cmg__http1_framing framing;
    uint64_t length;
    bool close;
    const char *expected;
} request_rows[] = {
    { "GET", CMG__HTTP1_NO_BODY, 0, false, "GET /x HTTP/1.1\r\nHost: a:1\r\n\r\n" },
    { "GET", CMG__HTTP1_NO_BODY, 9, true,
      "GET /x HTTP/1.1\r\nHost: a:1\r\nConnection: close\r\n\r\n" },
    { "CCM_POST", CMG__HTTP1_NO_BODY, 9, false,
      "CCM_POST /x HTTP/1.1\r\nHost: a:1\r\nContent-Length: 0\r\n\r\n" },
    { "POST", CMG__HTTP1_LENGTH, UINT64_C(5000000000), false,
      "POST /x HTTP/1.1\r\nHost: a:1\r\nContent-Length: 5000000000\r\n\r\n" },
    { "POST", CMG__HTTP1_CHUNKED, 0, false,
      "POST /x HTTP/1.1\r\nHost: a:1\r\nTransfer-Encoding: chunked\r\n\r\n" },
};

START_TEST(request_heads_are_exact)
{
    ck_assert_int_eq(cmg__http1_write_request(&out, request_rows[_i].method, "/x", "a:1",
                                              NULL, request_rows[_i].framing,
                                              request_rows[_i].length,
                                              request_rows[_i].close),
                     CMG_OK);
    ck_assert_str_eq(cmg__buf_cstr(&out), request_rows[_i].expected);
}
END_TEST

static const struct {
    int status;
    const char *reason;
    enum cmg__http1_framing framing;
    uint64_t length;
    bool close;
    const char *expected;
} response_rows[] = {
    { 200, NULL, CMG__HTTP1_LENGTH, 7, false,
      "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n" },
    { 200, NULL, CMG__HTTP1_NO_BODY, 7, false,
      "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" },
    { 404, "Gone fishing", CMG__HTTP1_CHUNKED, 0, true,
      "HTTP/1.1 404 Gone fishing\r\nTransfer-Encoding: chunked\r\n"
      "Connection: close\r\n\r\n" },
    { 599, NULL, CMG__HTTP1_UNTIL_CLOSE, 0, false,
      "HTTP/1.1 599 \r\nConnection: close\r\n\r\n" },
    { 204, NULL, CMG__HTTP1_LENGTH, 0, false, "HTTP/1.1 204 No Content\r\n\r\n" },
    { 304, NULL, CMG__HTTP1_NO_BODY, 0, false, "HTTP/1.1 304 Not Modified\r\n\r\n" },
    { 304, NULL, CMG__HTTP1_LENGTH, 4, false,
      "HTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\n\r\n" },
    { 100, NULL, CMG__HTTP1_NO_BODY, 0, false, "HTTP/1.1 100 Continue\r\n\r\n" },
};

START_TEST(response_heads_are_exact)
{
    ck_assert_int_eq(cmg__http1_write_response(
                         &out, response_rows[_i].status, response_rows[_i].reason, NULL,
                         response_rows[_i].framing, response_rows[_i].length,
                         response_rows[_i].close),
                     CMG_OK);
    ck_assert_str_eq(cmg__buf_cstr(&out), response_rows[_i].expected);
}
END_TEST

START_TEST(framing_fields_of_the_caller_are_passed_over)
{
    add("content-length", "99");
    add("Transfer-Encoding", "gzip");
    add("Connection", "X-Other");
    add("HOST", "evil");
    add("X-Kept", "yes");
    ck_assert_int_eq(cmg__http1_write_request(&out, "GET", "/", "a", &headers,
                                              CMG__HTTP1_NO_BODY, 0, false),
                     CMG_OK);
    ck_assert_str_eq(cmg__buf_cstr(&out),
                     "GET / HTTP/1.1\r\nHost: a\r\nX-Kept: yes\r\n\r\n");
}
END_TEST

static const struct {
    const char *name;
    const char *value;
} bad_fields[] = {
    { "X", "a\r\nEvil: 1" }, { "X", "a\nb" },   { "X", "a\rb" }, { "X", "a\x01" },
    { "X Y", "a" },          { "X\r\nY", "a" }, { "", "a" },     { "X:", "a" },
    { "X", "\x7f" },
};

START_TEST(fields_that_could_split_are_refused)
{
    add(bad_fields[_i].name, bad_fields[_i].value);
    ck_assert_int_eq(cmg__buf_add_str(&out, "before"), CMG_OK);
    ck_assert_int_eq(cmg__http1_write_request(&out, "GET", "/", "a", &headers,
                                              CMG__HTTP1_NO_BODY, 0, false),
                     CMG_E_INVAL);
    ck_assert_int_eq(cmg__http1_write_response(&out, 200, NULL, &headers,
                                               CMG__HTTP1_NO_BODY, 0, false),
                     CMG_E_INVAL);
    ck_assert_str_eq(cmg__buf_cstr(&out), "before");
}
END_TEST

static const struct {
    const char *method, *target, *host;
    enum cmg__http1_framing framing;
} bad_starts[] = {
    { "GE T", "/", "a", CMG__HTTP1_NO_BODY },
    { "", "/", "a", CMG__HTTP1_NO_BODY },
    { "ABCDEFGHIJKLMNOPQRSTUVWXYZ1234567", "/", "a", CMG__HTTP1_NO_BODY },
    { "GET", "", "a", CMG__HTTP1_NO_BODY },
    { "GET", "/a b", "a", CMG__HTTP1_NO_BODY },
    { "GET", "/\r\nX: y", "a", CMG__HTTP1_NO_BODY },
    { "GET", "/#f", "a", CMG__HTTP1_NO_BODY },
    { "GET", "/", "", CMG__HTTP1_NO_BODY },
    { "GET", "/", "a\r\nX: y", CMG__HTTP1_NO_BODY },
    { "GET", "/", "u@a", CMG__HTTP1_NO_BODY },
    { "POST", "/", "a", CMG__HTTP1_UNTIL_CLOSE },
};

START_TEST(request_lines_that_could_split_are_refused)
{
    ck_assert_int_eq(cmg__http1_write_request(&out, bad_starts[_i].method,
                                              bad_starts[_i].target, bad_starts[_i].host,
                                              NULL, bad_starts[_i].framing, 0, false),
                     CMG_E_INVAL);
    ck_assert_uint_eq(out.len, 0);
}
END_TEST

START_TEST(status_and_reason_are_checked)
{
    static const struct {
        int status;
        const char *reason;
    } rows[] = { { 99, NULL }, { 600, NULL }, { 200, "a\r\nb" }, { 200, "a\x01" } };
    for (size_t i = 0; i < CMG__ARRAY_LEN(rows); i++)
        ck_assert_int_eq(cmg__http1_write_response(&out, rows[i].status, rows[i].reason,
                                                   NULL, CMG__HTTP1_NO_BODY, 0, false),
                         CMG_E_INVAL);
    ck_assert_uint_eq(out.len, 0);
}
END_TEST

START_TEST(a_full_buffer_keeps_no_half_head)
{
    struct cmg__buf small;
    cmg__buf_init(&small, &cmg__alloc_libc, 40);
    ck_assert_int_eq(cmg__buf_add_str(&small, "before"), CMG_OK);
    ck_assert_int_eq(cmg__http1_write_request(&small, "GET", "/long/target", "a.example",
                                              NULL, CMG__HTTP1_NO_BODY, 0, true),
                     CMG_E_LIMIT);
    ck_assert_str_eq(cmg__buf_cstr(&small), "before");
    ck_assert_int_eq(
        cmg__http1_write_chunk(&small, "0123456789012345678901234567890", 31),
        CMG_E_LIMIT);
    ck_assert_str_eq(cmg__buf_cstr(&small), "before");
    cmg__buf_done(&small);
}
END_TEST

START_TEST(chunks_are_exact)
{
    ck_assert_int_eq(cmg__http1_write_chunk(&out, "0123456789abcdef", 16), CMG_OK);
    ck_assert_int_eq(cmg__http1_write_chunk(&out, NULL, 0), CMG_OK);
    ck_assert_str_eq(cmg__buf_cstr(&out), "10\r\n0123456789abcdef\r\n0\r\n\r\n");
}
END_TEST

/* Feeds all of out to a request parser and adds up the body. */
static size_t parse_back(struct cmg__http1_parser *p)
{
    size_t at = 0, body = 0;
    for (;;) {
        size_t taken, n;
        const char *data;
        enum cmg__http1_result result =
            cmg__http1_feed(p, out.data + at, out.len - at, &taken, &data, &n);
        at += taken;
        ck_assert_int_ne(result, CMG__HTTP1_ERROR);
        ck_assert_int_ne(result, CMG__HTTP1_MORE);
        if (result == CMG__HTTP1_DATA)
            body += n;
        if (result == CMG__HTTP1_END)
            return body;
    }
}

START_TEST(what_is_written_is_what_is_parsed)
{
    static char big[5 * 1024 * 1024];
    struct cmg__http1_parser p;
    add("X-One", "1, two");
    add("Empty", "");
    memset(big, 'x', sizeof big);
    ck_assert_int_eq(cmg__http1_write_request(&out, "BITS_POST", "/a?b", "h.example:10",
                                              &headers, CMG__HTTP1_CHUNKED, 0, false),
                     CMG_OK);
    ck_assert_int_eq(cmg__http1_write_chunk(&out, big, sizeof big), CMG_OK);
    ck_assert_int_eq(cmg__http1_write_chunk(&out, NULL, 0), CMG_OK);
    cmg__http1_parser_init(&p, &cmg__alloc_libc, NULL, false);
    ck_assert_uint_eq(parse_back(&p), sizeof big);
    ck_assert_str_eq(p.head.method, "BITS_POST");
    ck_assert_str_eq(cmg__buf_cstr(&p.head.target), "/a?b");
    ck_assert_str_eq(cmg__headers_get(&p.head.headers, "host"), "h.example:10");
    ck_assert_str_eq(cmg__headers_get(&p.head.headers, "x-one"), "1, two");
    ck_assert_str_eq(cmg__headers_get(&p.head.headers, "empty"), "");
    cmg__http1_parser_done(&p);
}
END_TEST

START_TEST(hop_by_hop_fields_are_known)
{
    static const struct {
        const char *name;
        bool hop;
    } rows[] = {
        { "connection", true }, { "TE", true },         { "Upgrade", true },
        { "x-mine", true },     { "Close", true },      { "Proxy-Authorization", true },
        { "X-Min", false },     { "X-Mines", false },   { "Content-Type", false },
        { "Host", false },      { "Keep-Alive", true },
    };
    add("Connection", "close,\tX-Mine");
    for (size_t i = 0; i < CMG__ARRAY_LEN(rows); i++)
        ck_assert_msg(cmg__http1_is_hop_by_hop(&headers, rows[i].name) == rows[i].hop,
                      "%s", rows[i].name);
}
END_TEST

START_TEST(reasons_are_standard_or_empty)
{
    ck_assert_str_eq(cmg__http1_reason(502), "Bad Gateway");
    ck_assert_str_eq(cmg__http1_reason(299), "");
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("http1_writer");
    TCase *heads = tcase_create("heads");
    tcase_add_checked_fixture(heads, setup, teardown);
    tcase_add_loop_test(heads, request_heads_are_exact, 0,
                        (int)CMG__ARRAY_LEN(request_rows));
    tcase_add_loop_test(heads, response_heads_are_exact, 0,
                        (int)CMG__ARRAY_LEN(response_rows));
    tcase_add_test(heads, framing_fields_of_the_caller_are_passed_over);
    tcase_add_test(heads, chunks_are_exact);
    tcase_add_test(heads, what_is_written_is_what_is_parsed);
    suite_add_tcase(s, heads);
    TCase *refusals = tcase_create("refusals");
    tcase_add_checked_fixture(refusals, setup, teardown);
    tcase_add_loop_test(refusals, fields_that_could_split_are_refused, 0,
                        (int)CMG__ARRAY_LEN(bad_fields));
    tcase_add_loop_test(refusals, request_lines_that_could_split_are_refused, 0,
                        (int)CMG__ARRAY_LEN(bad_starts));
    tcase_add_test(refusals, status_and_reason_are_checked);
    tcase_add_test(refusals, a_full_buffer_keeps_no_half_head);
    suite_add_tcase(s, refusals);
    TCase *names = tcase_create("names");
    tcase_add_checked_fixture(names, setup, teardown);
    tcase_add_test(names, hop_by_hop_fields_are_known);
    tcase_add_test(names, reasons_are_standard_or_empty);
    suite_add_tcase(s, names);
    return s;
}

int main(void)
{
    Suite *const suites[] = { suite(), NULL };
    return support_run(suites);
}
