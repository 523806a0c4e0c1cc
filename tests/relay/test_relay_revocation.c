/*
 * Clients' certificates and the lists of who issued them: who gets in, who does not, and
 * what happens when a list cannot be had.
 */
#include "relay/lists.h"
#include "base/str.h"
#include "model/authority.h"
#include "relay/service.h"
#include <string.h>

static struct lists other;

/* ---- who gets in ---- */

START_TEST(good_one_gets_in_and_the_list_is_fetched_once)
{
    stage_begin();
    lists_publish(&stage.lists, STAGE_WEEK);
    stage_ask(200, NULL);
    site_until(&stage.site, &stage.site.records, 1);
    ck_assert_str_eq(stage.site.record_client, "certificate");
    cmg_certificate *second = lists_issue(&stage.lists, "client-8");
    stage_use(second);
    stage_ask(200, NULL);
    ck_assert_uint_eq(stage.lists.complete.asked, 1);
    cmg_certificate_unref(second);
    stage_end();
}
END_TEST

START_TEST(revoked_one_is_refused_and_others_are_not)
{
    stage_begin();
    cmg_certificate *second = lists_issue(&stage.lists, "client-8");
    stage_revoke(&stage.lists, stage.client);
    lists_publish(&stage.lists, STAGE_WEEK);
    stage_ask(403, STAGE_REVOKED);
    stage_use(second);
    stage_ask(200, NULL);
    ck_assert_uint_eq(stage.lists.complete.asked, 1);
    cmg_certificate_unref(second);
    stage_end();
}
END_TEST

START_TEST(held_one_is_refused_until_it_is_released)
{
    struct cmg__x509_info info;
    cmg_error *err = NULL;

    stage_begin();
    cmg__x509_info(stage.client->chain[0], &info);
    ck_ok(cmg_authority_hold(stage.lists.ca, info.serial_hex, &err), err);
    lists_publish(&stage.lists, STAGE_WEEK);
    stage.site.service->limits.list_refresh_ms = 50;
    stage_ask(403, STAGE_REVOKED);
    ck_ok(cmg_authority_release(stage.lists.ca, info.serial_hex, &err), err);
    lists_publish(&stage.lists, STAGE_WEEK);
    site_until(&stage.site, &stage.lists.complete.asked, stage.lists.complete.asked + 2);
    site_turn(&stage.site, 20);
    stage_ask(200, NULL);
    stage_end();
}
END_TEST

/* Like those of the sandbox: there is nobody to ask. */
START_TEST(one_that_names_no_list_gets_in)
{
    stage_begin();
    site_use_cert(&stage.site, SITE_CERT_CLIENT);
    stage_ask(200, NULL);
    ck_assert_uint_eq(stage.lists.complete.asked, 0);
    stage_end();
}
END_TEST

START_TEST(every_authority_on_the_way_is_asked)
{
    stage_begin();
    lists_open(&other, &stage.site, "sub.test", stage.lists.ca);
    cmg_certificate *below = lists_issue(&other, "client-9");
    stage_use(below);
    lists_publish(&other, STAGE_WEEK);
    stage_ask(403, STAGE_NOT_AVAILABLE);
    lists_publish(&stage.lists, STAGE_WEEK);
    site_turn(&stage.site, 50);
    stage_ask(200, NULL);
    stage_revoke(&stage.lists, cmg_authority_certificate(other.ca));
    lists_publish(&stage.lists, STAGE_WEEK);
    stage_configure(false);
    stage_configure(true);
    stage_ask(403, STAGE_REVOKED);
    cmg_certificate_unref(below);
    lists_close(&other);
    stage_end();
}
END_TEST

/* ---- what cannot be had ---- */

START_TEST(list_that_cannot_be_had_refuses_and_is_asked_for_again)
{
    stage_begin();
    stage_ask(403, STAGE_NOT_AVAILABLE);
    ck_assert_ptr_nonnull(strstr(stage.warning, "http://" STAGE_HOST "/ca.crl: "));
    ck_assert_ptr_nonnull(strstr(stage.warning, "status 404"));
    site_until(&stage.site, &stage.site.records, 1);
    ck_assert_str_eq(stage.site.record_client, "none");
    lists_publish(&stage.lists, STAGE_WEEK);
    site_turn(&stage.site, 50);
    stage_ask(200, NULL);
    stage_end();
}
END_TEST

START_TEST(between_attempts_is_a_pause)
{
    stage_begin();
    stage.site.service->limits.list_pause_ms = 10000;
    stage.site.service->limits.list_pause_cap_ms = 10000;
    stage_ask(403, STAGE_NOT_AVAILABLE);
    for (int i = 0; i < 5; i++)
        stage_ask(403, STAGE_NOT_AVAILABLE);
    ck_assert_uint_eq(stage.lists.complete.asked, 1);
    ck_assert_uint_eq(stage.warnings, 1);
    stage_end();
}
END_TEST

START_TEST(server_that_is_not_there_refuses)
{
    stage_begin();
    site_stop_server(&stage.lists.server);
    stage_ask(403, STAGE_NOT_AVAILABLE);
    stage.lists.server.plain = true;
    site_start_server(&stage.site, &stage.lists.server, "elsewhere.test");
    stage_end();
}
END_TEST

static void serve_nothing_good(const char *text)
{
    stage_ask(403, STAGE_NOT_AVAILABLE);
    ck_assert_msg(strstr(stage.warning, text) != NULL, "%s", stage.warning);
    lists_publish(&stage.lists, STAGE_WEEK);
    site_turn(&stage.site, 50);
    stage_ask(200, NULL);
}

START_TEST(garbage_is_no_list)
{
    cmg_bytes *bytes = NULL;

    stage_begin();
    ck_assert_int_eq(cmg__bytes_new(&cmg__alloc_libc, "<html>", 6, &bytes), CMG_OK);
    lists_put(&stage.lists.complete, bytes);
    serve_nothing_good("cannot be had");
    stage_end();
}
END_TEST

START_TEST(redirects_are_not_followed)
{
    stage_begin();
    lists_publish(&stage.lists, STAGE_WEEK);
    lists_put(&stage.lists.delta, cmg_bytes_ref(stage.lists.complete.data));
    stage.lists.complete.status = 302;
    stage_ask(403, STAGE_NOT_AVAILABLE);
    ck_assert_ptr_nonnull(strstr(stage.warning, "status 302"));
    ck_assert_uint_eq(stage.lists.delta.asked, 0);
    stage_end();
}
END_TEST

START_TEST(list_that_is_too_long_is_none)
{
    stage_begin();
    lists_publish(&stage.lists, STAGE_WEEK);
    stage.site.service->limits.list_bytes = 100;
    stage_ask(403, STAGE_NOT_AVAILABLE);
    ck_assert_ptr_nonnull(strstr(stage.warning, "larger than the limit"));
    stage_end();
}
END_TEST

START_TEST(list_of_another_authority_of_that_name_is_none)
{
    cmg_authority *impostor = NULL;
    cmg_bytes *bytes = NULL;
    cmg_error *err = NULL;

    stage_begin();
    ck_ok(cmg_authority_new(stage.site.ctx, STAGE_HOST, &impostor, &err), err);
    ck_ok(cmg_authority_publish_crl(impostor, NULL, STAGE_WEEK, &bytes, &err), err);
    lists_put(&stage.lists.complete, bytes);
    serve_nothing_good("not signed by");
    cmg_authority_unref(impostor);
    stage_end();
}
END_TEST

START_TEST(list_that_has_ended_is_none)
{
    stage_begin();
    lists_publish(&stage.lists, 60);
    stage_shift(62 * 1000);
    serve_nothing_good("out of date");
    stage_end();
}
END_TEST

START_TEST(last_good_list_counts_until_it_ends)
{
    stage_begin();
    stage_revoke(&stage.lists, stage.client);
    cmg_certificate *second = lists_issue(&stage.lists, "client-8");
    lists_publish(&stage.lists, 3600);
    stage.site.service->limits.list_refresh_ms = 50;
    stage.site.service->limits.certificate_ms = 0;
    stage_use(second);
    stage_ask(200, NULL);
    stage.lists.complete.status = 500;
    site_until(&stage.site, &stage.lists.complete.asked, stage.lists.complete.asked + 2);
    ck_assert_ptr_nonnull(strstr(stage.warning, "the last one still counts"));
    stage_ask(200, NULL);
    stage_shift(3602 * 1000);
    stage_ask(403, STAGE_NOT_AVAILABLE);
    stage_use(stage.client);
    stage_ask(403, STAGE_REVOKED); /* an old list still revokes */
    stage.lists.complete.status = 0;
    lists_publish(&stage.lists, 3600);
    site_turn(&stage.site, 100);
    stage_use(second);
    stage_ask(200, NULL);
    cmg_certificate_unref(second);
    stage_end();
}
END_TEST

/* A clock that jumps is not waited for. */
START_TEST(list_that_ended_in_hand_is_asked_for_at_once)
{
    stage_begin();
    lists_publish(&stage.lists, 60);
    stage_ask(200, NULL);
    stage_shift(62 * 1000);
    lists_publish(&stage.lists, 60);
    stage.site.service->limits.certificate_ms = 0;
    stage_ask(200, NULL);
    ck_assert_uint_eq(stage.lists.complete.asked, 2);
    stage_end();
}
END_TEST

/* Who stands between serves the list of last week again. */
START_TEST(older_list_does_not_take_the_place_of_a_newer_one)
{
    stage_begin();
    lists_publish(&stage.lists, STAGE_WEEK);
    cmg_bytes *old = cmg_bytes_ref(stage.lists.complete.data);
    stage_revoke(&stage.lists, stage.client);
    lists_publish(&stage.lists, STAGE_WEEK);
    stage.site.service->limits.list_refresh_ms = 50;
    stage_ask(403, STAGE_REVOKED);
    lists_put(&stage.lists.complete, old);
    site_until(&stage.site, &stage.lists.complete.asked, stage.lists.complete.asked + 2);
    ck_assert_ptr_nonnull(strstr(stage.warning, "older"));
    stage_ask(403, STAGE_REVOKED);
    stage_end();
}
END_TEST

static void use_ldap(void)
{
    static const char *const urls[] = { "ldap:///CN=Contoso?certificateRevocationList",
                                        NULL };

    for (size_t i = 0; i < 2; i++) {
        cmg__free(&stage.site.ctx->alloc, stage.lists.ca->crl_urls.urls[i]);
        stage.lists.ca->crl_urls.urls[i] =
            urls[i] == NULL ? NULL : cmg__strdup(&stage.site.ctx->alloc, urls[i]);
    }
}

START_TEST(list_that_is_nowhere_on_the_web_refuses)
{
    stage_begin();
    use_ldap();
    cmg_certificate *inside = lists_issue(&stage.lists, "client-8");
    lists_publish(&stage.lists, STAGE_WEEK);
    stage_use(inside);
    stage_ask(403, STAGE_NOT_AVAILABLE);
    ck_assert_ptr_nonnull(strstr(stage.warning, "no http or https address"));
    ck_assert_uint_eq(stage.lists.complete.asked, 0);
    cmg_certificate_unref(inside);
    stage_end();
}
END_TEST

START_TEST(second_address_is_taken_when_the_first_does_not_work)
{
    static const char *const urls[] = { "ldap:///CN=Contoso", "http://gone.test/ca.crl",
                                        "http://" STAGE_HOST "/ca.crl", NULL };
    cmg_error *err = NULL;

    stage_begin();
    ck_ok(cmg_context_add_address(stage.site.ctx, "gone.test", 0, "127.0.0.1", 1, &err),
          err);
    ck_ok(cmg_authority_set_urls(stage.lists.ca, urls + 1, NULL, NULL, &err), err);
    cmg_certificate *cert = lists_issue(&stage.lists, "client-8");
    lists_publish(&stage.lists, STAGE_WEEK);
    stage_use(cert);
    stage_ask(200, NULL);
    ck_assert_uint_eq(stage.lists.complete.asked, 1);
    cmg_certificate_unref(cert);
    stage_end();
}
END_TEST

static void answer_list(struct site_server *server, struct cmg__http1_conn *conn,
                        const struct cmg__http1_head *head)
{
    const cmg_bytes *list = stage.lists.complete.data;

    (void)server;
    ck_assert_str_eq(cmg__buf_cstr(&head->target), "/lists/ca.crl");
    cmg__http1_conn_reply(conn, 200, NULL, cmg_bytes_data(list), cmg_bytes_size(list));
}

START_TEST(list_may_be_published_with_tls)
{
    static const char *const urls[] = { "https://login.test/lists/ca.crl", NULL };
    cmg_error *err = NULL;

    stage_begin();
    ck_ok(cmg_authority_set_urls(stage.lists.ca, urls, NULL, NULL, &err), err);
    cmg_certificate *cert = lists_issue(&stage.lists, "client-8");
    stage_revoke(&stage.lists, cert);
    lists_publish(&stage.lists, STAGE_WEEK);
    stage.site.login.answer = answer_list;
    stage_use(cert);
    stage_ask(403, STAGE_REVOKED);
    cmg_certificate_unref(cert);
    stage_end();
}
END_TEST

/* ---- strangers ---- */

START_TEST(stranger_makes_nobody_fetch)
{
    stage_begin();
    const char *json = site_user_data(&stage.site);
    cmg_error *err = NULL;

    ck_ok(cmg_service_configure(stage.site.service, json, strlen(json), &err), err);
    lists_publish(&stage.lists, STAGE_WEEK);
    stage_ask(403, STAGE_INVALID);
    site_turn(&stage.site, 50);
    ck_assert_uint_eq(stage.lists.complete.asked, 0);
    stage_end();
}
END_TEST

START_TEST(expired_one_makes_nobody_fetch)
{
    stage_begin();
    lists_publish(&stage.lists, STAGE_WEEK);
    stage_shift((cmg_certificate_not_after_unix_s(stage.client) -
                 cmg_certificate_not_before_unix_s(stage.client)) *
                1000);
    stage_ask(403, STAGE_INVALID);
    ck_assert_uint_eq(stage.lists.complete.asked, 0);
    stage_end();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("relay_revocation");
    TCase *t = tcase_create("clients");

    site_make_keys();
    tcase_set_timeout(t, 60);
    tcase_add_test(t, good_one_gets_in_and_the_list_is_fetched_once);
    tcase_add_test(t, revoked_one_is_refused_and_others_are_not);
    tcase_add_test(t, held_one_is_refused_until_it_is_released);
    tcase_add_test(t, one_that_names_no_list_gets_in);
    tcase_add_test(t, every_authority_on_the_way_is_asked);
    tcase_add_test(t, list_that_cannot_be_had_refuses_and_is_asked_for_again);
    tcase_add_test(t, between_attempts_is_a_pause);
    tcase_add_test(t, server_that_is_not_there_refuses);
    tcase_add_test(t, garbage_is_no_list);
    tcase_add_test(t, redirects_are_not_followed);
    tcase_add_test(t, list_that_is_too_long_is_none);
    tcase_add_test(t, list_of_another_authority_of_that_name_is_none);
    tcase_add_test(t, list_that_has_ended_is_none);
    tcase_add_test(t, last_good_list_counts_until_it_ends);
    tcase_add_test(t, list_that_ended_in_hand_is_asked_for_at_once);
    tcase_add_test(t, older_list_does_not_take_the_place_of_a_newer_one);
    tcase_add_test(t, list_that_is_nowhere_on_the_web_refuses);
    tcase_add_test(t, second_address_is_taken_when_the_first_does_not_work);
    tcase_add_test(t, list_may_be_published_with_tls);
    tcase_add_test(t, stranger_makes_nobody_fetch);
    tcase_add_test(t, expired_one_makes_nobody_fetch);
    suite_add_tcase(suite, t);
    return support_run((Suite *const[]){ suite, NULL });
}
