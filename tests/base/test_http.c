/* HTTP messages as values, URLs, forms. */
#include <string.h>

#include "base/http.h"
#include "support/support.h"

START_TEST(headers_are_found_without_case)
{
    struct cmg__headers h;

    cmg__headers_init(&h, &cmg__alloc_libc);
    ck_assert_int_eq(cmg__headers_add(&h, "Content-Type", "a"), CMG_OK);
    ck_assert_int_eq(cmg__headers_add(&h, "content-TYPE", "b"), CMG_OK);
    ck_assert_int_eq(cmg__headers_add(&h, "Other", "c"), CMG_OK);
    ck_assert_str_eq(cmg__headers_get(&h, "CONTENT-TYPE"), "a");
    ck_assert_uint_eq(cmg__headers_count(&h, "content-type"), 2);
    cmg__headers_remove(&h, "Content-type");
    ck_assert_ptr_null(cmg__headers_get(&h, "content-type"));
    ck_assert_uint_eq(h.count, 1);
    cmg__headers_done(&h);
}
END_TEST

START_TEST(secret_headers_and_bodies_are_wiped)
{
    struct support_alloc memory;
    struct cmg__http_request req;

    support_alloc_init(&memory);
    memory.canary = "hunter2";
    cmg__http_request_init(&req, &memory.alloc);
    ck_assert_int_eq(cmg__http_request_set(&req, "POST", "https://x/"), CMG_OK);
    ck_assert_int_eq(
        cmg__headers_add_secret(&req.headers, "Authorization", "Bearer hunter2"), CMG_OK);
    for (int i = 0; i < 100; i++)
        ck_assert_int_eq(cmg__buf_add_str(&req.body, "hunter2"), CMG_OK);
    cmg__http_request_done(&req);
    ck_assert(!memory.canary_seen);
    ck_assert_uint_eq(memory.live, 0);
}
END_TEST

START_TEST(a_method_that_is_too_long_is_refused)
{
    struct cmg__http_request req;

    cmg__http_request_init(&req, &cmg__alloc_libc);
    ck_assert_int_eq(
        cmg__http_request_set(&req, "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFG", "https://x/"),
        CMG_E_INVAL);
    ck_assert_int_eq(cmg__http_request_set(&req, "", "https://x/"), CMG_E_INVAL);
    cmg__http_request_done(&req);
}
END_TEST

static const struct {
    const char *url;
    bool ok;
    const char *host;
    uint16_t port;
    const char *target;
} urls[] = {
    { "https://management.azure.com/a?b=c", true, "management.azure.com", 443, "/a?b=c" },
    { "http://localhost:8080", true, "localhost", 8080, "" },
    { "HTTPS://h/#frag", true, "h", 443, "/" },
    { "https://[::1]:444/x", true, "[::1]", 444, "/x" },
    { "https://[::1]/x", true, "[::1]", 443, "/x" },
    { "https://user@h/", false, NULL, 0, NULL },
    { "https://h:0/", false, NULL, 0, NULL },
    { "https://h:65536/", false, NULL, 0, NULL },
    { "https://h:/", false, NULL, 0, NULL },
    { "https:///x", false, NULL, 0, NULL },
    { "ftp://h/", false, NULL, 0, NULL },
    { "", false, NULL, 0, NULL },
};

START_TEST(urls_are_cut_into_parts)
{
    struct cmg__url u;

    ck_assert_int_eq(cmg__url_parse(urls[_i].url, &u), urls[_i].ok);
    if (!urls[_i].ok)
        return;
    ck_assert_uint_eq(u.host_len, strlen(urls[_i].host));
    ck_assert(strncmp(u.host, urls[_i].host, u.host_len) == 0);
    ck_assert_uint_eq(u.port, urls[_i].port);
    ck_assert_uint_eq(u.target_len, strlen(urls[_i].target));
    ck_assert(strncmp(u.target, urls[_i].target, u.target_len) == 0);
}
END_TEST

START_TEST(the_same_host_means_scheme_name_and_port)
{
    ck_assert(cmg__url_same_host("https://A.b/x", "https://a.B:443/y"));
    ck_assert(!cmg__url_same_host("https://a.b/x", "https://a.b:444/x"));
    ck_assert(!cmg__url_same_host("https://a.b/x", "http://a.b:443/x"));
    ck_assert(!cmg__url_same_host("https://a.b/x", "https://a.b.evil/x"));
    ck_assert(!cmg__url_same_host("https://a.b/x", "/x"));
}
END_TEST

START_TEST(percent_encoding_goes_there_and_back)
{
    struct cmg__buf out;
    struct cmg__buf back;

    cmg__buf_init(&out, &cmg__alloc_libc, 1000);
    cmg__buf_init(&back, &cmg__alloc_libc, 1000);
    ck_assert_int_eq(cmg__url_encode(&out, "a b/\xc3\xa4'~", 8), CMG_OK);
    ck_assert_str_eq(cmg__buf_cstr(&out), "a%20b%2F%C3%A4%27~");
    ck_assert(cmg__url_decode(&back, out.data, out.len, false));
    ck_assert_str_eq(cmg__buf_cstr(&back), "a b/\xc3\xa4'~");
    ck_assert(!cmg__url_decode(&back, "%2", 2, false));
    ck_assert(!cmg__url_decode(&back, "%zz", 3, false));
    ck_assert(!cmg__url_decode(&back, "%00", 3, false));
    cmg__buf_done(&back);
    cmg__buf_done(&out);
}
END_TEST

START_TEST(forms_are_written_and_read)
{
    struct cmg__buf form;
    struct cmg__buf value;

    cmg__buf_init(&form, &cmg__alloc_libc, 1000);
    cmg__buf_init(&value, &cmg__alloc_libc, 1000);
    ck_assert_int_eq(cmg__form_add(&form, "grant_type", "device code"), CMG_OK);
    ck_assert_int_eq(cmg__form_add(&form, "scope", "a&b=c"), CMG_OK);
    ck_assert_str_eq(cmg__buf_cstr(&form), "grant_type=device%20code&scope=a%26b%3Dc");
    ck_assert_int_eq(cmg__form_get(form.data, form.len, "scope", &value), 1);
    ck_assert_str_eq(cmg__buf_cstr(&value), "a&b=c");
    ck_assert_int_eq(cmg__form_get(form.data, form.len, "scop", &value), 0);
    cmg__buf_clear(&value);
    ck_assert_int_eq(cmg__form_get("a=%zz", 5, "a", &value), -1);
    cmg__buf_clear(&value);
    ck_assert_int_eq(cmg__form_get("a=1+2&b", 7, "a", &value), 1);
    ck_assert_str_eq(cmg__buf_cstr(&value), "1 2");
    cmg__buf_clear(&value);
    ck_assert_int_eq(cmg__form_get("a=1+2&b", 7, "b", &value), 1);
    ck_assert_uint_eq(value.len, 0);
    cmg__buf_done(&value);
    cmg__buf_done(&form);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("http values");
    TCase *t = tcase_create("http");

    tcase_add_test(t, headers_are_found_without_case);
    tcase_add_test(t, secret_headers_and_bodies_are_wiped);
    tcase_add_test(t, a_method_that_is_too_long_is_refused);
    tcase_add_loop_test(t, urls_are_cut_into_parts, 0, CMG__ARRAY_LEN(urls));
    tcase_add_test(t, the_same_host_means_scheme_name_and_port);
    tcase_add_test(t, percent_encoding_goes_there_and_back);
    tcase_add_test(t, forms_are_written_and_read);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    Suite *suites[] = { suite(), NULL };

    return support_run(suites);
}
