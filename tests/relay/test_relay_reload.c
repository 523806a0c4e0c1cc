/* Settings and certificate that change while the service runs. */
#include "relay/site.h"
#include "crypto/hash.h"
#include "relay/service.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct site site;
static struct site_answer answer, before;

static void configure(const char *json)
{
    cmg_error *err = NULL;

    ck_ok(cmg_service_configure(site.service, json, strlen(json), &err), err);
}

static void ask(int status, const char *reason)
{
    site_ask(&site, &answer, "GET", SITE_MP "/x", NULL, 0);
    ck_assert_msg(answer.status == status, "%d %s", answer.status, answer.reason);
    if (reason != NULL)
        ck_assert_str_eq(answer.reason, reason);
}

START_TEST(changed_roots_hold_for_the_next_request_on_the_same_connection)
{
    site_start(&site);
    site_use_cert(&site, SITE_CERT_CLIENT);
    ask(200, NULL);
    configure(site_user_data_of(&site, "", NULL, NULL));
    ask(403, "CMGService_Client_Certificate_Invalid");
    configure(site_user_data(&site));
    ask(200, NULL);
    ck_assert_uint_eq(site.service_up, 1);
    ck_assert_uint_eq(site.service_down, 0);
    site_stop(&site);
}
END_TEST

START_TEST(request_under_way_goes_on_when_settings_change)
{
    site_start(&site);
    site_use_cert(&site, SITE_CERT_CLIENT);
    site_send(&site, &before, "GET", SITE_MP "/long/8388608", NULL, 0);
    site_until(&site, &site.role.requests, 1);
    configure(site_user_data_of(&site, "", NULL, NULL));
    site_finish(&site, &before);
    ck_assert_int_eq(before.status, 200);
    ck_assert_uint_eq(before.size, 8388608);
    site_stop(&site);
}
END_TEST

START_TEST(connection_point_that_is_not_pinned_any_more_ends_after_its_requests)
{
    static const char other[] =
        "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

    site_start(&site);
    site.service->limits.queue_ms = 100;
    site_use_cert(&site, SITE_CERT_CLIENT);
    site_send(&site, &before, "GET", SITE_MP "/long/8388608", NULL, 0);
    site_until(&site, &site.role.requests, 1);
    configure(site_user_data_of(&site, NULL, other, NULL));
    site_finish(&site, &before);
    ck_assert_int_eq(before.status, 200);
    ck_assert_uint_eq(before.size, 8388608);
    site_until(&site, &site.service_down, 1);
    ask(503, "CMGService_No_Connector");
    site_stop(&site);
}
END_TEST

START_TEST(another_key_set_is_fetched_and_tokens_go_on)
{
    site_start(&site);
    site_use_token(&site, NULL, NULL);
    site_ask(&site, &answer, "GET", SITE_STS "/x", NULL, 0);
    ck_assert_int_eq(answer.status, 200);
    const unsigned fetched = site.login.requests;
    configure(site_user_data_of(&site, NULL, NULL, "https://login.test/keys?again"));
    site_ask(&site, &answer, "GET", SITE_STS "/x", NULL, 0);
    ck_assert_msg(answer.status == 200, "%d %s", answer.status, answer.reason);
    ck_assert_uint_eq(site.login.requests, fetched + 1);
    site_stop(&site);
}
END_TEST

static void check_served(struct cmg__stream *tls, enum site_cert which)
{
    cmg_certificate *wanted = site_certificate(&site, which);
    size_t n = 0;
    const uint8_t *der = cmg__tls_peer_der(tls, 0, &n);
    char served[65];

    ck_assert_int_eq(cmg__sha256_hex(der, n, served), CMG_OK);
    ck_assert_str_eq(served, cmg_certificate_sha256(wanted));
    cmg_certificate_unref(wanted);
}

START_TEST(new_connections_get_a_changed_certificate_and_old_ones_stay)
{
    char byte[64];
    size_t n = 0;
    cmg_error *err = NULL;

    site_start(&site);
    struct cmg__stream *old = site_connect(&site, SITE_CERT_CLIENT);
    check_served(old, SITE_CERT_GATEWAY);
    cmg_certificate *renewed = site_certificate(&site, SITE_CERT_RENEWED);
    ck_ok(cmg_service_set_certificate(site.service, renewed, &err), err);
    cmg_certificate_unref(renewed);
    struct cmg__stream *fresh = site_connect(&site, SITE_CERT_CLIENT);
    check_served(fresh, SITE_CERT_RENEWED);
    cmg__stream_free(fresh);
    static const char request[] = "GET " SITE_MP "/x HTTP/1.1\r\nHost: cmg.test\r\n\r\n";
    site_write(&site, old, request, sizeof request - 1);
    for (int i = 0; i < 1000 && n == 0; i++) {
        ck_assert_int_ne(cmg__stream_read(old, byte, sizeof byte, &n), CMG__IO_ERROR);
        site_turn(&site, 0);
    }
    ck_assert_int_eq(strncmp(byte, "HTTP/1.1 200 ", 13), 0);
    cmg__stream_free(old);
    ck_assert_uint_eq(site.service_down, 0);
    site_stop(&site);
}
END_TEST

/* What deployed is older or newer than what deployed before. */
START_TEST(https_port_may_come_and_go_with_the_document)
{
    cmg_error *err = NULL;
    char without[65536];

    site_start(&site);
    const uint16_t port = cmg_service_get_port(site.service, CMG_LISTENER_CHANNEL_HTTPS);
    ck_assert_uint_ne(port, 0);
    snprintf(without, sizeof without, "%s", site_user_data(&site));
    char *name = strstr(without, "channel_https");
    ck_assert_ptr_nonnull(name);
    name[0] = 'x';
    ck_ok(cmg_service_configure(site.service, without, strlen(without), &err), err);
    const char *with = site_user_data(&site);
    ck_ok(cmg_service_configure(site.service, with, strlen(with), &err), err);
    ck_assert_uint_eq(cmg_service_get_port(site.service, CMG_LISTENER_CHANNEL_HTTPS),
                      port);
    site_stop(&site);
}
END_TEST

START_TEST(what_cannot_be_taken_changes_nothing)
{
    cmg_error *err = NULL;
    char text[65536];

    site_start(&site);
    site_use_cert(&site, SITE_CERT_CLIENT);
    ck_assert_int_eq(cmg_service_configure(site.service, "{}", 2, NULL), CMG_E_INVAL);
    snprintf(text, sizeof text, "%s", site_user_data_of(&site, "", NULL, NULL));
    char *port = strstr(text, "443");
    ck_assert_ptr_nonnull(port);
    port[2] = '4';
    ck_assert_int_eq(cmg_service_configure(site.service, text, strlen(text), &err),
                     CMG_E_STATE);
    ck_assert_ptr_nonnull(strstr(cmg_error_message(err), "443"));
    cmg_error_unref(err);
    err = NULL;
    port[2] = '3';
    port = strstr(text, "10124");
    ck_assert_ptr_nonnull(port);
    port[4] = '5';
    ck_assert_int_eq(cmg_service_configure(site.service, text, strlen(text), &err),
                     CMG_E_STATE);
    ck_assert_str_eq(cmg_error_subject(err), "/ports/channel_https");
    cmg_error_unref(err);
    err = NULL;
    const char *bad = site_user_data_of(&site, "no PEM", NULL, NULL);
    ck_assert_int_ne(cmg_service_configure(site.service, bad, strlen(bad), NULL), CMG_OK);
    ask(200, NULL);
    ck_ok(cmg_service_close(site.service, 0, &err), err);
    const char *json = site_user_data(&site);
    ck_assert_int_eq(cmg_service_configure(site.service, json, strlen(json), NULL),
                     CMG_E_STATE);
    site_stop(&site);
}
END_TEST

/* ---- memory ---- */

static cmg_status reload_with(struct support_alloc *a, void *user)
{
    const char *const *json = user;
    const char *pem = site_pem(SITE_CERT_GATEWAY);
    const size_t fail_at = a->fail_at;
    cmg_context *ctx = NULL;
    cmg_certificate *cert = NULL;
    cmg_service *service = NULL;
    cmg_error *err = NULL;

    a->fail_at = 0; /* starting has its own run */
    ck_ok(cmg_context_new(&a->alloc.table, &ctx, &err), err);
    ck_ok(cmg_certificate_new_from_pem(ctx, pem, strlen(pem), &cert, &err), err);
    ck_ok(cmg_service_new(ctx, &service, &err), err);
    ck_ok(cmg_service_configure(service, json[0], strlen(json[0]), &err), err);
    ck_ok(cmg_service_set_certificate(service, cert, &err), err);
    for (int which = 1; which <= 3; which++)
        ck_ok(
            cmg_service_set_listener(service, (cmg_listener)which, "127.0.0.1", 0, &err),
            err);
    ck_ok(cmg_service_start(service, &err), err);
    a->count = 0;
    a->fail_at = fail_at;
    cmg_status rc = cmg_service_configure(service, json[1], strlen(json[1]), NULL);
    if (rc == CMG_OK)
        rc = cmg_service_set_certificate(service, cert, NULL);
    cmg_service_unref(service);
    cmg_certificate_unref(cert);
    cmg_context_unref(ctx);
    return rc;
}

START_TEST(reload_without_memory_leaves_the_service_as_it_was)
{
    const char *json[2];

    site_start_parts(&site, false, false);
    json[0] = strdup(site_user_data(&site));
    json[1] = strdup(site_user_data_of(&site, NULL, NULL, "https://login.test/other"));
    site_stop(&site);
    support_torture(reload_with, json, 1);
    for (size_t i = 0; i < 2; i++) {
        union {
            const char *in;
            char *out;
        } text = { .in = json[i] };
        free(text.out);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("relay_reload");
    TCase *t = tcase_create("running");

    site_make_keys();
    tcase_set_timeout(t, 60);
    tcase_add_test(t, changed_roots_hold_for_the_next_request_on_the_same_connection);
    tcase_add_test(t, request_under_way_goes_on_when_settings_change);
    tcase_add_test(t,
                   connection_point_that_is_not_pinned_any_more_ends_after_its_requests);
    tcase_add_test(t, another_key_set_is_fetched_and_tokens_go_on);
    tcase_add_test(t, new_connections_get_a_changed_certificate_and_old_ones_stay);
    tcase_add_test(t, https_port_may_come_and_go_with_the_document);
    tcase_add_test(t, what_cannot_be_taken_changes_nothing);
    tcase_add_test(t, reload_without_memory_leaves_the_service_as_it_was);
    suite_add_tcase(suite, t);
    return support_run((Suite *const[]){ suite, NULL });
}
