/* See h1_app.h. */
#include "net/h1_app.h"

#include <stdio.h>
#include <string.h>

struct app app;

static void note(const char *what)
{
    size_t n = strlen(app.log);
    snprintf(app.log + n, sizeof app.log - n, "%s", what);
}

static void act(char where)
{
    if (app.action_at != where)
        return;
    if (app.action == APP_ABORT)
        cmg__http1_conn_abort(app.conn);
    if (app.action == APP_FREE) {
        cmg__http1_conn_free(app.conn);
        app.closed = true;
    }
    if (app.action == APP_SET_CLOSE)
        cmg__http1_conn_set_close(app.conn);
}

void app_produce(void)
{
    static char block[20000];
    bool full = false;
    while (app.produce_left > 0 && !full) {
        size_t n = app.produce_left < sizeof block ? app.produce_left : sizeof block;
        pair_fill_pattern(block, app.produced, n, 1);
        ck_assert_int_eq(cmg__http1_conn_write(app.conn, block, n, &full), CMG_OK);
        app.produce_left -= n;
        app.produced += n;
    }
    if (app.produce_left == 0)
        ck_assert_int_eq(cmg__http1_conn_end(app.conn), CMG_OK);
}

static void on_request(struct cmg__http1_conn *conn, const struct cmg__http1_head *head,
                       void *user)
{
    char line[100];
    ck_assert_ptr_eq(user, &app);
    snprintf(line, sizeof line, "R(%s %s)", head->method, cmg__buf_cstr(&head->target));
    note(line);
    cmg__buf_clear(&app.body);
    if (app.answer_at_head)
        ck_assert_int_eq(cmg__http1_conn_reply(conn, 200, NULL, "early", 5), CMG_OK);
    act('R');
}

static size_t on_body(struct cmg__http1_conn *conn, const char *data, size_t n,
                      void *user)
{
    (void)conn;
    (void)user;
    size_t took = n < app.take_most ? n : app.take_most;
    ck_assert_int_eq(cmg__buf_add(&app.body, data, took), CMG_OK);
    act('B');
    return took;
}

static void on_end(struct cmg__http1_conn *conn, void *user)
{
    (void)user;
    char text[40];
    note("E");
    if (app.answer_at_end) {
        int n = snprintf(text, sizeof text, "got %zu", app.body.len);
        ck_assert_int_eq(cmg__http1_conn_reply(conn, 200, NULL, text, (size_t)n), CMG_OK);
    }
    act('E');
}

static void on_writable(struct cmg__http1_conn *conn, void *user)
{
    (void)conn;
    (void)user;
    act('W');
    if (!app.closed && app.action_at != 'W')
        app_produce();
}

static void on_done(struct cmg__http1_conn *conn, void *user)
{
    (void)conn;
    (void)user;
    note("D");
    act('D');
}

static void on_close(struct cmg__http1_conn *conn, const cmg_error *why, void *user)
{
    (void)user;
    note("C");
    ck_assert(!app.closed);
    app.why = cmg_error_code(why);
    app.closed = true;
    /* Dead, but not yet gone: calls are refused and harmless. */
    ck_assert_int_eq(cmg__http1_conn_end(conn), CMG_E_STATE);
    ck_assert_int_eq(cmg__http1_conn_write(conn, "x", 1, NULL), CMG_E_STATE);
    cmg__http1_conn_abort(conn);
}

const struct cmg__http1_server_events app_events = {
    .on_request = on_request,
    .on_body = on_body,
    .on_end = on_end,
    .on_writable = on_writable,
    .on_done = on_done,
    .on_close = on_close,
};

void app_start(const struct cmg__http1_server_limits *limits)
{
    cmg_error *err = NULL;
    ck_ok(cmg__http1_conn_new(pair_half(), limits, &app_events, &app, &app.conn, &err),
          err);
    ck_assert_ptr_eq(cmg__http1_conn_user(app.conn), &app);
    ck_assert_ptr_nonnull(cmg__http1_conn_stream(app.conn));
}

void app_setup(void)
{
    pair_setup();
    memset(&app, 0, sizeof app);
    app.answer_at_end = true;
    app.take_most = SIZE_MAX;
    cmg__buf_init(&app.body, &cmg__alloc_libc, 64 * APP_MIB);
}

void app_teardown(void)
{
    if (app.conn != NULL && !app.closed)
        cmg__http1_conn_free(app.conn);
    app.conn = NULL;
    cmg__buf_done(&app.body);
    pair_teardown();
}

bool app_is_closed(void *user)
{
    (void)user;
    (void)pair_received();
    return app.closed;
}

static bool has_text(void *user)
{
    return strstr(cmg__buf_cstr(pair_received()), user) != NULL;
}

void app_expect_text(const char *text)
{
    char copy[100];
    snprintf(copy, sizeof copy, "%s", text);
    ck_assert_msg(pair_spin(has_text, copy), "no <%s> in <%s>", text,
                  cmg__buf_cstr(pair_received()));
}

void app_expect_close(cmg_status why)
{
    ck_assert(pair_spin(app_is_closed, NULL));
    ck_assert_int_eq(app.why, why);
}

size_t app_count_of(const char *text)
{
    size_t n = 0;
    for (const char *at = strstr(cmg__buf_cstr(pair_received()), text); at != NULL;
         at = strstr(at + 1, text))
        n++;
    return n;
}

TCase *app_case(Suite *s, const char *name)
{
    TCase *tc = tcase_create(name);
    tcase_add_checked_fixture(tc, app_setup, app_teardown);
    tcase_set_timeout(tc, 30);
    suite_add_tcase(s, tc);
    return tc;
}
