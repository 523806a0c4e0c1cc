/* A service that takes its settings from a metadata service, which is scripted. */
#include "base/base64.h"
#include "net/peer.h"
#include "relay/service.h"
#include "relay/site.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TARGET "/metadata/instance/compute/userData?api-version=2021-01-01&format=text"

static struct site site;
static struct peer peer;
static struct peer_answer script[PEER_MAX_REQUESTS];
static char texts[PEER_MAX_REQUESTS][32768];
static char said[4096];
static unsigned told, taken, warnings;
static bool drop_inside;
static char *last; /* the document told of last */

static void on_settings(cmg_service *service, const char *json, size_t size,
                        const cmg_error *why, void *user)
{
    (void)user;
    ck_assert_ptr_eq(service, site.service);
    ck_assert_uint_eq(strlen(json), size);
    told++;
    taken += why == NULL;
    snprintf(said, sizeof said, "%s", why == NULL ? "" : cmg_error_message(why));
    free(last);
    last = strdup(json);
    if (drop_inside) {
        cmg_service_unref(site.service);
        site.service = NULL;
    }
}

static void on_log(cmg_context *ctx, const cmg_log_record *record, void *user)
{
    (void)ctx;
    (void)user;
    warnings += strcmp(record->event, "metadata.failed") == 0;
}

/* A whole answer; body as it is. */
static void script_answer(size_t i, const char *status, const char *body)
{
    snprintf(texts[i], sizeof texts[i], "HTTP/1.1 %s\r\nContent-Length: %zu\r\n\r\n%s",
             status, strlen(body), body);
    script[i] = (struct peer_answer){ .text = texts[i] };
}

static void script_document(size_t i, const char *json)
{
    struct cmg__buf digits;

    cmg__buf_init(&digits, &cmg__alloc_libc, sizeof texts[i]);
    ck_assert_int_eq(cmg__base64_encode(&digits, json, strlen(json)), CMG_OK);
    script_answer(i, "200 OK", cmg__buf_cstr(&digits));
    cmg__buf_done(&digits);
}

static void setup(void)
{
    const cmg_service_events events = { .size = sizeof events,
                                        .on_settings = on_settings };
    cmg_certificate *cert = NULL;
    cmg_error *err = NULL;

    told = taken = warnings = 0;
    drop_inside = false;
    memset(script, 0, sizeof script);
    site_start_parts(&site, false, false);
    ck_ok(cmg_context_set_log(site.ctx, CMG_LOG_WARNING, on_log, NULL, &err), err);
    cert = site_certificate(&site, SITE_CERT_GATEWAY);
    ck_ok(cmg_service_new(site.ctx, &site.service, &err), err);
    ck_ok(cmg_service_set_certificate(site.service, cert, &err), err);
    ck_ok(cmg_service_set_events(site.service, &events, &err), err);
    for (int which = 1; which <= 3; which++)
        ck_ok(cmg_service_set_listener(site.service, (cmg_listener)which, "127.0.0.1", 0,
                                       &err),
              err);
    cmg_certificate_unref(cert);
    peer_open(&peer, script);
}

static void teardown(void)
{
    site_stop(&site);
    peer_close(&peer);
    free(last);
    last = NULL;
}

static void follow(const char *path)
{
    char url[128];
    cmg_error *err = NULL;

    snprintf(url, sizeof url, "http://127.0.0.1:%u%s", (unsigned)peer.port, path);
    ck_ok(cmg_service_follow_metadata(site.service, url, 50, &err), err);
}

/* Until so many requests were served, and what came of the last is known, be it nothing:
   one is asked at a time. */
static void serve(unsigned n)
{
    for (int i = 0; i < 2000 && peer.served < n; i++) {
        site_turn(&site, 0);
        peer_turn(&peer);
    }
    ck_assert_uint_ge(peer.served, n);
    const unsigned before = told + warnings;
    for (int i = 0; i < 20 && told + warnings == before; i++)
        site_turn(&site, 10);
}

START_TEST(settings_come_before_the_start_and_the_same_ones_only_once)
{
    cmg_error *err = NULL;

    for (size_t i = 0; i < 3; i++)
        script_document(i, site_user_data(&site));
    follow("/instances/7/");
    ck_assert_int_eq(cmg_service_start(site.service, NULL), CMG_E_STATE);
    serve(3);
    ck_assert_int_eq(strncmp(peer.requests[0], "GET /instances/7" TARGET " HTTP/1.1\r\n",
                             strlen("GET /instances/7" TARGET " HTTP/1.1\r\n")),
                     0);
    ck_assert_ptr_nonnull(strstr(peer.requests[0], "\r\nMetadata: true\r\n"));
    ck_assert_uint_eq(told, 1);
    ck_assert_uint_eq(taken, 1);
    ck_assert_str_eq(last, site_user_data(&site));
    ck_assert_uint_eq(warnings, 0);
    ck_ok(cmg_service_start(site.service, &err), err);
}
END_TEST

START_TEST(changed_settings_are_taken_while_it_runs)
{
    static const char pin[] =
        "00000000000000000000000000000000000000000000000000000000000000aa";
    cmg_error *err = NULL;

    script_document(0, site_user_data(&site));
    follow("");
    serve(1);
    ck_ok(cmg_service_start(site.service, &err), err);
    script_document(1, site_user_data_of(&site, NULL, pin, NULL));
    serve(2);
    ck_assert_uint_eq(taken, 2);
    ck_assert_str_eq(site.service->settings.pins[0], pin);
}
END_TEST

START_TEST(refused_settings_are_told_and_change_nothing)
{
    script_document(0, site_user_data(&site));
    script_document(1, "{\"version\":2}");
    script_document(2, "{\"version\":2}");
    script_document(3, site_user_data(&site));
    follow("");
    serve(3);
    ck_assert_uint_eq(told, 2);
    ck_assert_uint_eq(taken, 1);
    ck_assert_msg(strstr(said, "version") != NULL, "%s", said);
    ck_assert_uint_eq(site.service->settings.client_port, 443);
    serve(4);
    ck_assert_uint_eq(taken, 2);
}
END_TEST

static const struct {
    const char *status, *body; /* status NULL: the connection is cut */
} failures[] = {
    { "404 Not Found", "" },      { "500 Oops", "e30=" }, { "200 OK", "<html>" },
    { "200 OK", "e30" },          { "200 OK", "e3\n0=" }, { NULL, NULL },
    { "302 Found", "http://x/" },
};

START_TEST(failures_change_nothing_and_are_said_once)
{
    for (size_t i = 0; i < 2; i++) {
        if (failures[_i].status != NULL)
            script_answer(i, failures[_i].status, failures[_i].body);
    }
    script_document(2, site_user_data(&site));
    follow("");
    serve(2);
    ck_assert_uint_eq(told, 0);
    ck_assert_uint_eq(warnings, 1);
    serve(3);
    ck_assert_uint_eq(taken, 1);
    ck_assert_uint_eq(warnings, 1);
}
END_TEST

START_TEST(no_user_data_is_no_failure)
{
    script_answer(0, "200 OK", "");
    script_answer(1, "200 OK", "\r\n");
    follow("");
    serve(2);
    ck_assert_uint_eq(told, 0);
    ck_assert_uint_eq(warnings, 0);
}
END_TEST

START_TEST(metadata_is_asked_without_the_proxy)
{
    cmg_error *err = NULL;

    ck_ok(cmg_context_set_proxy(site.ctx, "http://127.0.0.1:1", &err), err);
    script_document(0, site_user_data(&site));
    follow("");
    serve(1);
    ck_assert_uint_eq(taken, 1);
}
END_TEST

START_TEST(own_number_wins_over_that_of_the_settings)
{
    cmg_error *err = NULL;

    ck_ok(cmg_service_set_instance(site.service, 5, &err), err);
    ck_assert_int_eq(cmg_service_set_instance(site.service, 16, &err), CMG_E_INVAL);
    ck_assert_str_eq(cmg_error_subject(err), "instance");
    cmg_error_unref(err);
    script_document(0, site_user_data(&site));
    follow("");
    serve(1);
    ck_assert_int_eq(site.service->settings.instance, 5);
    ck_assert_str_eq(site.service->via, "cmg-5");
}
END_TEST

START_TEST(closed_service_asks_no_more)
{
    cmg_error *err = NULL;

    for (size_t i = 0; i < PEER_MAX_REQUESTS; i++)
        script_document(i, site_user_data(&site));
    follow("");
    serve(1);
    ck_ok(cmg_service_start(site.service, &err), err);
    ck_ok(cmg_service_close(site.service, 0, &err), err);
    const unsigned served = peer.served;
    for (int i = 0; i < 15; i++) {
        site_turn(&site, 10);
        peer_turn(&peer);
    }
    ck_assert_uint_eq(peer.served, served);
    ck_assert_int_eq(
        cmg_service_follow_metadata(site.service, "http://127.0.0.1", 50, NULL),
        CMG_E_STATE);
}
END_TEST

START_TEST(service_may_be_dropped_when_settings_come)
{
    drop_inside = true;
    script_document(0, site_user_data(&site));
    follow("");
    serve(1);
    ck_assert_uint_eq(told, 1);
    ck_assert_ptr_null(site.service);
}
END_TEST

START_TEST(service_may_be_dropped_while_it_asks)
{
    script[0].silent = true;
    follow("");
    serve(1);
    cmg_service_unref(site.service);
    site.service = NULL;
    site_turn(&site, 30);
    ck_assert_uint_eq(told, 0);
}
END_TEST

static const struct {
    const char *url;
    int64_t interval_ms;
    cmg_status code;
    const char *subject;
} arguments[] = {
    { "https://169.254.169.254", 1000, CMG_E_INVAL, "base_url" },
    { "169.254.169.254", 1000, CMG_E_INVAL, "base_url" },
    { "http://169.254.169.254/?x", 1000, CMG_E_INVAL, "base_url" },
    { NULL, 1000, CMG_E_INVAL, "base_url" },
    { "http://169.254.169.254", 49, CMG_E_INVAL, "interval_ms" },
    { "http://169.254.169.254", 3600001, CMG_E_INVAL, "interval_ms" },
};

START_TEST(bad_arguments_are_named)
{
    cmg_error *err = NULL;

    ck_assert_int_eq(cmg_service_follow_metadata(site.service, arguments[_i].url,
                                                 arguments[_i].interval_ms, &err),
                     arguments[_i].code);
    ck_assert_str_eq(cmg_error_subject(err), arguments[_i].subject);
    ck_assert_str_ne(cmg_error_remedy(err), "");
    cmg_error_unref(err);
}
END_TEST

START_TEST(one_metadata_service_is_followed)
{
    follow("");
    ck_assert_int_eq(
        cmg_service_follow_metadata(site.service, "http://127.0.0.1", 50, NULL),
        CMG_E_STATE);
}
END_TEST

/* ---- memory ---- */

static cmg_status follow_once(struct support_alloc *a, void *user)
{
    const size_t fail_at = a->fail_at;
    cmg_context *ctx = NULL;
    cmg_service *service = NULL;
    char url[64];

    (void)user;
    peer_open(&peer, script);
    snprintf(url, sizeof url, "http://127.0.0.1:%u", (unsigned)peer.port);
    a->fail_at = 0; /* these have runs of their own */
    ck_assert_int_eq(cmg_context_new(&a->alloc.table, &ctx, NULL), CMG_OK);
    ck_assert_int_eq(cmg_service_new(ctx, &service, NULL), CMG_OK);
    a->count = 0;
    a->fail_at = fail_at;
    cmg_status rc = cmg_service_follow_metadata(service, url, 50, NULL);
    for (int i = 0; i < 400 && rc == CMG_OK && !service->is_configured; i++) {
        ck_assert_int_eq(cmg_context_wait(ctx, 1, NULL), CMG_OK);
        peer_turn(&peer);
    }
    if (rc == CMG_OK)
        ck_assert(service->is_configured); /* what failed was tried again */
    cmg_service_unref(service);
    cmg_context_unref(ctx);
    peer_close(&peer);
    return rc;
}

START_TEST(every_failed_allocation_is_survived)
{
    site_start_parts(&site, false, false);
    for (size_t i = 0; i < PEER_MAX_REQUESTS; i++)
        script_document(i, site_user_data(&site));
    site_stop(&site);
    support_torture(follow_once, NULL, 1);
}
END_TEST

static void add_life(TCase *t)
{
    tcase_add_test(t, closed_service_asks_no_more);
    tcase_add_test(t, service_may_be_dropped_when_settings_come);
    tcase_add_test(t, service_may_be_dropped_while_it_asks);
    tcase_add_loop_test(t, bad_arguments_are_named, 0, (int)CMG__ARRAY_LEN(arguments));
    tcase_add_test(t, one_metadata_service_is_followed);
}

int main(void)
{
    Suite *suite = suite_create("follow");
    TCase *t = tcase_create("following");
    TCase *memory = tcase_create("memory");

    site_make_keys();
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, settings_come_before_the_start_and_the_same_ones_only_once);
    tcase_add_test(t, changed_settings_are_taken_while_it_runs);
    tcase_add_test(t, refused_settings_are_told_and_change_nothing);
    tcase_add_loop_test(t, failures_change_nothing_and_are_said_once, 0,
                        (int)CMG__ARRAY_LEN(failures));
    tcase_add_test(t, no_user_data_is_no_failure);
    tcase_add_test(t, metadata_is_asked_without_the_proxy);
    tcase_add_test(t, own_number_wins_over_that_of_the_settings);
    add_life(t);
    tcase_set_timeout(memory, 120);
    tcase_add_test(memory, every_failed_allocation_is_survived);
    suite_add_tcase(suite, t);
    suite_add_tcase(suite, memory);
    return support_run((Suite *const[]){ suite, NULL });
}
