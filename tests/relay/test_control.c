/* The control stream: hello's checks, cutting into lines, limits. */
#include "support/support.h"
#include "relay/control.h"
#include <string.h>

#define ROLES                                                                            \
    "\"roles\":[{\"id\":\"7\",\"type\":\"management_point\",\"endpoints\":"              \
    "[{\"path\":\"SMS_MP\",\"max_length\":1}]}]"
#define HELLO                                                                            \
    "{\"type\":\"hello\",\"version\":1,\"name\":\"cp-1\",\"site\":\"PS1\",\"epoch\":"    \
    "3," ROLES "}"

struct seen {
    size_t lines;
    enum cmg__control_type types[8];
    struct cmg__hello hello;
};

static cmg_status on_line(void *user, enum cmg__control_type type,
                          const struct cmg__json *message, cmg_error **err)
{
    struct seen *seen = user;

    if (seen->lines < CMG__ARRAY_LEN(seen->types))
        seen->types[seen->lines] = type;
    seen->lines++;
    return type == CMG__CONTROL_HELLO ? cmg__hello_read(&seen->hello, message, err)
                                      : CMG_OK;
}

static cmg_status feed(struct seen *seen, const char *text, size_t step, cmg_error **err)
{
    struct cmg__control_reader reader;
    size_t n = strlen(text);
    cmg_status rc = CMG_OK;

    memset(seen, 0, sizeof *seen);
    cmg__hello_init(&seen->hello, &cmg__alloc_libc);
    cmg__control_init(&reader, &cmg__alloc_libc);
    for (size_t i = 0; i < n && rc == CMG_OK; i += step)
        rc = cmg__control_feed(&reader, text + i, n - i < step ? n - i : step, on_line,
                               seen, err);
    cmg__control_done(&reader);
    return rc;
}

START_TEST(any_split_of_the_bytes_gives_the_same_messages)
{
    static const char text[] = HELLO "\n{\"type\":\"drain\"}\n{\"type\":\"later\"}\n"
                                     "{\"type\":\"ready\",\"instance\":1}\n{\"ty";
    struct seen seen;
    cmg_error *err = NULL;

    ck_ok(feed(&seen, text, (size_t)_i, &err), err);
    ck_assert_uint_eq(seen.lines, 4);
    ck_assert_int_eq(seen.types[0], CMG__CONTROL_HELLO);
    ck_assert_int_eq(seen.types[1], CMG__CONTROL_DRAIN);
    ck_assert_int_eq(seen.types[2], CMG__CONTROL_OTHER);
    ck_assert_int_eq(seen.types[3], CMG__CONTROL_READY);
    ck_assert_str_eq(seen.hello.name, "cp-1");
    ck_assert_str_eq(seen.hello.site, "PS1");
    ck_assert_int_eq(seen.hello.epoch, 3);
    ck_assert_uint_eq(seen.hello.map.role_count, 1);
    cmg__hello_done(&seen.hello);
}
END_TEST

#define WITH(version, name, site, epoch)                                                 \
    "{\"type\":\"hello\",\"version\":" version ",\"name\":" name ",\"site\":" site       \
    ",\"epoch\":" epoch "," ROLES "}\n"

static const struct {
    const char *text;
    cmg_status rc;
    const char *subject;
} bad[] = {
    { WITH("2", "\"a\"", "\"PS1\"", "0"), CMG_E_INVAL, "hello: /version" },
    { WITH("\"1\"", "\"a\"", "\"PS1\"", "0"), CMG_E_INVAL, "hello: /version" },
    { WITH("1", "\"a b\"", "\"PS1\"", "0"), CMG_E_INVAL, "hello: /name" },
    { WITH("1", "\"\"", "\"PS1\"", "0"), CMG_E_INVAL, "hello: /name" },
    { WITH("1", "\"a\\r\\nx: y\"", "\"PS1\"", "0"), CMG_E_INVAL, "hello: /name" },
    { WITH("1", "\"a\"", "\"PS10\"", "0"), CMG_E_INVAL, "hello: /site" },
    { WITH("1", "\"a\"", "\"P/1\"", "0"), CMG_E_INVAL, "hello: /site" },
    { WITH("1", "\"a\"", "\"PS1\"", "-1"), CMG_E_INVAL, "hello: /epoch" },
    { WITH("1", "\"a\"", "\"PS1\"", "1.5"), CMG_E_INVAL, "hello: /epoch" },
    { "{\"type\":\"hello\",\"version\":1,\"name\":\"a\",\"site\":\"PS1\",\"epoch\":0}\n",
      CMG_E_INVAL, "hello: /roles" },
    { "[]\n", CMG_E_PARSE, NULL },
    { "\n", CMG_E_PARSE, NULL },
    { "{\"type\":\"drain\",\"type\":\"hello\"}\n", CMG_E_PARSE, NULL },
    { "GET / HTTP/1.1\r\n", CMG_E_PARSE, NULL },
};

START_TEST(message_that_is_not_right_is_refused)
{
    struct seen seen;
    cmg_error *err = NULL;

    ck_assert_int_eq(feed(&seen, bad[_i].text, 1000, &err), bad[_i].rc);
    if (bad[_i].subject != NULL)
        ck_assert_str_eq(cmg_error_subject(err), bad[_i].subject);
    cmg_error_unref(err);
    cmg__hello_done(&seen.hello);
}
END_TEST

START_TEST(line_without_end_reaches_its_limit)
{
    struct cmg__control_reader reader;
    static char chunk[65536];
    cmg_error *err = NULL;
    cmg_status rc = CMG_OK;
    size_t fed = 0;

    memset(chunk, ' ', sizeof chunk);
    cmg__control_init(&reader, &cmg__alloc_libc);
    while (rc == CMG_OK && fed < 4 * CMG__CONTROL_LINE_MAX) {
        rc = cmg__control_feed(&reader, chunk, sizeof chunk, on_line, NULL, &err);
        fed += sizeof chunk;
    }
    ck_assert_int_eq(rc, CMG_E_LIMIT);
    ck_assert_uint_le(fed, CMG__CONTROL_LINE_MAX + sizeof chunk);
    cmg_error_unref(err);
    cmg__control_done(&reader);
}
END_TEST

START_TEST(largest_hello_fits_into_a_line)
{
    struct cmg__buf line;
    struct cmg__hello hello;
    struct cmg__map_endpoint ends[CMG__MAP_MAX_ENDPOINTS];
    struct cmg__map_role roles[CMG__MAP_MAX_ROLES];
    static char path[CMG__MAP_MAX_PATH + 1];
    static char id[] = "18446744073709551615", type[] = "software_update_point";

    memset(path, 'a', CMG__MAP_MAX_PATH);
    for (size_t i = 0; i < CMG__ARRAY_LEN(ends); i++)
        ends[i] = (struct cmg__map_endpoint){ path, CMG__MAP_MAX_LENGTH };
    for (size_t i = 0; i < CMG__ARRAY_LEN(roles); i++)
        roles[i] = (struct cmg__map_role){ id, type, NULL, ends, CMG__ARRAY_LEN(ends) };
    cmg__hello_init(&hello, &cmg__alloc_libc);
    hello.map.roles = roles;
    hello.map.role_count = CMG__ARRAY_LEN(roles);
    cmg__buf_init(&line, &cmg__alloc_libc, CMG__CONTROL_LINE_MAX);
    ck_assert_int_eq(cmg__control_hello(&line, "cp", "PS1", INT64_MAX, &hello.map),
                     CMG_OK);
    cmg__buf_done(&line);
}
END_TEST

START_TEST(what_is_written_can_be_read)
{
    struct cmg__buf out;
    struct seen first, second;
    cmg_error *err = NULL;

    ck_ok(feed(&first, HELLO "\n", 1000, &err), err);
    cmg__buf_init(&out, &cmg__alloc_libc, 65536);
    ck_assert_int_eq(cmg__control_hello(&out, "cp-2", "ABC", 77, &first.hello.map),
                     CMG_OK);
    ck_assert_int_eq(cmg__control_ready(&out, -1), CMG_OK);
    ck_assert_int_eq(cmg__control_refused(&out, "because \"so\""), CMG_OK);
    ck_assert_int_eq(cmg__control_drain(&out), CMG_OK);
    ck_ok(feed(&second, cmg__buf_cstr(&out), 7, &err), err);
    ck_assert_uint_eq(second.lines, 4);
    ck_assert_str_eq(second.hello.name, "cp-2");
    ck_assert_int_eq(second.hello.epoch, 77);
    ck_assert_str_eq(second.hello.map.roles[0].endpoints[0].path, "SMS_MP");
    ck_assert_int_eq(second.types[2], CMG__CONTROL_REFUSED);
    ck_assert_int_eq(second.types[3], CMG__CONTROL_DRAIN);
    cmg__buf_done(&out);
    cmg__hello_done(&first.hello);
    cmg__hello_done(&second.hello);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("control");
    TCase *messages = tcase_create("messages");
    TCase *limits = tcase_create("limits");

    tcase_add_loop_test(messages, any_split_of_the_bytes_gives_the_same_messages, 1, 40);
    tcase_add_loop_test(messages, message_that_is_not_right_is_refused, 0,
                        (int)CMG__ARRAY_LEN(bad));
    tcase_add_test(messages, what_is_written_can_be_read);
    tcase_add_test(limits, line_without_end_reaches_its_limit);
    tcase_add_test(limits, largest_hello_fits_into_a_line);
    suite_add_tcase(suite, messages);
    suite_add_tcase(suite, limits);
    return support_run((Suite *const[]){ suite, NULL });
}
