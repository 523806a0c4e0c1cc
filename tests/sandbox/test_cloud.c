/* The tree behind everything: kept, read again, refused, and what leaves it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/world.h"

static struct support_alloc a;
static struct support_env e;

static void setup(void)
{
    (void)support_dir();
    support_alloc_init(&a);
    support_env_init(&e);
}

static void teardown(void)
{
    ck_assert_uint_eq(a.live, 0);
    support_dir_done();
}

static cmg_status open_cloud(struct cmg__sb_cloud **out, cmg_error **err)
{
    const struct cmg__sb_birth birth = { .state_path = support_path("state.json"),
                                         .domain = WORLD_DOMAIN,
                                         .operation_ms = 10 };

    return cmg__sb_cloud_new(&a.alloc, &e.env, &birth, out, err);
}

START_TEST(a_cloud_is_read_again_as_it_was)
{
    struct cmg__sb_cloud *one = NULL, *two = NULL;
    cmg_error *err = NULL;

    ck_ok(open_cloud(&one, &err), err);
    cmg__sb_set(one, cmg__sb_table(one, "groups"), "g",
                cmg__json_pack("{s:s}", "name", "G"));
    one->dirty = true;
    ck_ok(cmg__sb_cloud_save(one, &err), err);
    ck_assert(!one->dirty);
    ck_ok(open_cloud(&two, &err), err);
    ck_assert(cmg__json_equal(one->state, two->state));
    ck_assert(cmg__json_equal(one->keys, two->keys));
    cmg__sb_cloud_free(one);
    cmg__sb_cloud_free(two);
}
END_TEST

START_TEST(a_full_disk_leaves_the_old_state_and_the_wish_to_save)
{
    struct cmg__sb_cloud *cloud = NULL;
    cmg_error *err = NULL;
    size_t before = 0, after = 0;

    ck_ok(open_cloud(&cloud, &err), err);
    char *old = support_read_file(support_path("state.json"), &before);
    cmg__sb_set_str(cloud, cloud->state, "later", "x");
    cloud->dirty = true;
    e.fail_errno = ENOSPC;
    e.fail_write_at = e.writes + 1;
    ck_assert_int_eq(cmg__sb_cloud_save(cloud, &err), CMG_E_IO);
    ck_assert(cloud->dirty);
    ck_assert_ptr_nonnull(strstr(cmg_error_subject(err), "state.json"));
    cmg_error_unref(err);
    err = NULL;
    char *now = support_read_file(support_path("state.json"), &after);
    ck_assert_str_eq(now, old);
    ck_ok(cmg__sb_cloud_save(cloud, &err), err);
    free(old);
    free(now);
    cmg__sb_cloud_free(cloud);
}
END_TEST

START_TEST(private_members_leave_no_answer)
{
    struct cmg__json *value =
        cmg__json_pack("{s:s, s:s, s:s, s:[{s:i, s:i}], s:{s:s}}", "_a", "x", "b", "y",
                       "_c", "z", "list", "_d", 1, "e", 2, "deep", "_f", "hidden");
    struct cmg__json *shown = cmg__sb_public(value);
    struct cmg__buf out;

    cmg__buf_init(&out, &a.alloc, 4096);
    ck_assert_int_eq(cmg__json_format(shown, CMG__JSON_SORTED, &out), CMG_OK);
    ck_assert_str_eq(cmg__buf_cstr(&out),
                     "{\"b\":\"y\",\"deep\":{},\"list\":[{\"e\":2}]}");
    ck_assert_str_eq(cmg__json_str(value, "/deep/_f"), "hidden");
    cmg__buf_done(&out);
    cmg__json_unref(shown);
    cmg__json_unref(value);
}
END_TEST

START_TEST(entries_are_found_without_case)
{
    struct cmg__sb_cloud *cloud = NULL;
    cmg_error *err = NULL;

    ck_ok(open_cloud(&cloud, &err), err);
    ck_assert_ptr_nonnull(
        cmg__sb_find_by(cloud, "service_principals", "displayName", "MICROSOFT GRAPH"));
    ck_assert_ptr_null(
        cmg__sb_find_by(cloud, "service_principals", "displayName", "Microsoft"));
    ck_assert_ptr_null(cmg__sb_find_by(cloud, "service_principals", "displayName", NULL));
    ck_assert_ptr_null(cmg__sb_find(cloud, "groups", NULL));
    ck_assert(!cmg__sb_same(NULL, NULL));
    ck_assert(cmg__sb_same("aB", "Ab"));
    cmg__sb_cloud_free(cloud);
}
END_TEST

START_TEST(device_codes_are_forgotten_after_a_while)
{
    struct cmg__sb_cloud *cloud = NULL;
    struct cmg__sb_answer answer;
    struct cmg__headers headers;
    cmg_error *err = NULL;
    const char *form =
        "client_id=" POWERSHELL "&scope=https://graph.microsoft.com/.default";

    ck_ok(open_cloud(&cloud, &err), err);
    cmg__headers_init(&headers, &a.alloc);
    const struct cmg__sb_request request = { .method = "POST",
                                             .host = LOGIN,
                                             .target = "/common/oauth2/v2.0/devicecode",
                                             .headers = &headers,
                                             .body = form,
                                             .body_len = strlen(form) };
    for (int i = 0; i < 3; i++) {
        cmg__sb_answer_init(&answer, &a.alloc);
        ck_assert_int_eq(cmg__sb_answer(cloud, &request, &answer), CMG_OK);
        ck_assert_int_eq(answer.status, 200);
        cmg__sb_answer_done(&answer);
    }
    ck_assert_uint_eq(cmg__json_size(cmg__sb_table(cloud, "device_codes")), 3);
    support_env_advance_ms(&e, (int64_t)2 * 3600 * 1000);
    cmg__sb_answer_init(&answer, &a.alloc);
    ck_assert_int_eq(cmg__sb_answer(cloud, &request, &answer), CMG_OK);
    cmg__sb_answer_done(&answer);
    ck_assert_uint_eq(cmg__json_size(cmg__sb_table(cloud, "device_codes")), 1);
    cmg__headers_done(&headers);
    cmg__sb_cloud_free(cloud);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("cloud");
    TCase *t = tcase_create("tree");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, a_cloud_is_read_again_as_it_was);
    tcase_add_test(t, a_full_disk_leaves_the_old_state_and_the_wish_to_save);
    tcase_add_test(t, private_members_leave_no_answer);
    tcase_add_test(t, entries_are_found_without_case);
    tcase_add_test(t, device_codes_are_forgotten_after_a_while);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    Suite *const suites[] = { suite(), NULL };
    return support_run(suites);
}
