/*
 * The lists themselves: when they are fetched, by whom they are waited for, what a change
 * of the setting does, delta lists, and that they are bounded.
 */
#include "relay/lists.h"
#include "crypto/x509_trust.h"
#include "model/certificate.h"
#include "relay/service.h"
#include <stdio.h>
#include <string.h>

static struct lists other;

/* ---- time ---- */

static void read_status(struct cmg__stream *tls, const char *status)
{
    static const char request[] = "GET " SITE_MP "/x HTTP/1.1\r\nHost: cmg.test\r\n\r\n";
    char text[16384] = "";
    size_t have = 0;

    site_write(&stage.site, tls, request, sizeof request - 1);
    for (int i = 0; i < 1000 && strstr(text, "\r\n\r\n") == NULL; i++) {
        size_t n = 0;

        ck_assert_int_ne(cmg__stream_read(tls, text + have, sizeof text - 1 - have, &n),
                         CMG__IO_ERROR);
        have += n;
        text[have] = '\0';
        site_turn(&stage.site, 0);
    }
    ck_assert_msg(strncmp(text, status, strlen(status)) == 0, "%s", text);
    /* The body, so that it is not taken for the next answer's beginning. */
    for (int i = 0; i < 20; i++) {
        size_t n = 0;

        (void)cmg__stream_read(tls, text, sizeof text - 1, &n);
        site_turn(&stage.site, 5);
    }
}

START_TEST(revocation_reaches_an_open_connection_with_the_next_list)
{
    stage_begin();
    lists_publish(&stage.lists, STAGE_WEEK);
    stage.site.service->limits.list_refresh_ms = 50;
    struct cmg__stream *tls = site_connect_as(&stage.site, lists_pem(stage.client));
    read_status(tls, "HTTP/1.1 200 ");
    stage_revoke(&stage.lists, stage.client);
    lists_publish(&stage.lists, STAGE_WEEK);
    site_until(&stage.site, &stage.lists.complete.asked, stage.lists.complete.asked + 2);
    site_turn(&stage.site, 20);
    read_status(tls, "HTTP/1.1 403 " STAGE_REVOKED);
    cmg__stream_free(tls);
    stage_end();
}
END_TEST

START_TEST(who_is_refused_for_want_of_a_list_is_not_judged_at_each_request)
{
    stage_begin();
    stage.site.service->limits.list_pause_ms = 20000;
    stage.site.service->limits.list_pause_cap_ms = 20000;
    struct cmg__stream *tls = site_connect_as(&stage.site, lists_pem(stage.client));
    for (int i = 0; i < 3; i++)
        read_status(tls, "HTTP/1.1 403 " STAGE_NOT_AVAILABLE);
    ck_assert_uint_eq(stage.refused, 1);
    cmg__stream_free(tls);
    stage_end();
}
END_TEST

static cmg_client *second_client(cmg_certificate *cert)
{
    cmg_client *second = NULL;
    cmg_error *err = NULL;

    ck_ok(cmg_client_new(stage.site.ctx, "cmg.test", 0, &second, &err), err);
    ck_ok(cmg_client_set_certificate(second, cert, &err), err);
    return second;
}

static void swap_client(cmg_client **with)
{
    cmg_client *was = stage.site.client;

    stage.site.client = *with;
    *with = was;
}

START_TEST(two_that_wait_share_one_fetch)
{
    static struct site_answer answers[2];

    stage_begin();
    cmg_certificate *revoked = lists_issue(&stage.lists, "client-8");
    cmg_client *second = second_client(revoked);
    stage_revoke(&stage.lists, revoked);
    lists_publish(&stage.lists, STAGE_WEEK);
    stage.lists.complete.hangs = true;
    site_send(&stage.site, &answers[0], "GET", SITE_MP "/x", NULL, 0);
    swap_client(&second);
    site_send(&stage.site, &answers[1], "GET", SITE_MP "/x", NULL, 0);
    site_until(&stage.site, &stage.lists.complete.asked, 1);
    for (int i = 0; i < 200 && stage.site.service->list_waiting_count < 2; i++)
        site_turn(&stage.site, 10);
    ck_assert_uint_eq(stage.site.service->list_waiting_count, 2);
    lists_release(&stage.lists.complete);
    site_finish(&stage.site, &answers[0]);
    site_finish(&stage.site, &answers[1]);
    ck_assert_int_eq(answers[0].status, 200);
    ck_assert_str_eq(answers[1].reason, STAGE_REVOKED);
    ck_assert_uint_eq(stage.lists.complete.asked, 1);
    ck_assert_uint_eq(stage.site.service->list_waiting_count, 0);
    cmg_client_unref(second);
    cmg_certificate_unref(revoked);
    stage_end();
}
END_TEST

START_TEST(waiting_has_an_end_and_the_list_may_come_later)
{
    stage_begin();
    lists_publish(&stage.lists, STAGE_WEEK);
    stage.lists.complete.hangs = true;
    stage.site.service->limits.queue_ms = 100;
    stage_ask(403, STAGE_NOT_AVAILABLE);
    ck_assert_uint_eq(stage.site.service->list_waiting_count, 0);
    lists_release(&stage.lists.complete);
    site_turn(&stage.site, 50);
    stage_ask(200, NULL);
    ck_assert_uint_eq(stage.lists.complete.asked, 1);
    stage_end();
}
END_TEST

START_TEST(fetch_that_hangs_has_an_end)
{
    stage_begin();
    stage.lists.complete.hangs = true;
    stage.site.service->limits.list_fetch_ms = 100;
    stage_ask(403, STAGE_NOT_AVAILABLE);
    ck_assert_ptr_nonnull(strstr(stage.warning, "cannot be had"));
    stage_end();
}
END_TEST

START_TEST(queue_of_those_who_wait_has_an_end)
{
    stage_begin();
    stage.lists.complete.hangs = true;
    stage.site.service->limits.list_queue = 0;
    stage_ask(403, STAGE_NOT_AVAILABLE);
    stage_end();
}
END_TEST

START_TEST(list_that_nobody_needs_is_given_up)
{
    stage_begin();
    lists_publish(&stage.lists, STAGE_WEEK);
    stage.site.service->limits.list_refresh_ms = 50;
    stage.site.service->limits.list_idle_ms = 1000;
    stage_ask(200, NULL);
    site_turn(&stage.site, 2000);
    const unsigned asked = stage.lists.complete.asked;
    ck_assert_uint_ge(asked, 2);
    site_turn(&stage.site, 300);
    ck_assert_uint_eq(stage.lists.complete.asked, asked);
    stage_end();
}
END_TEST

/* ---- the setting ---- */

START_TEST(setting_is_switched_while_the_service_runs)
{
    stage_begin();
    stage_revoke(&stage.lists, stage.client);
    lists_publish(&stage.lists, STAGE_WEEK);
    stage_ask(403, STAGE_REVOKED);
    stage_configure(false);
    stage_ask(200, NULL);
    stage_configure(true);
    stage_ask(403, STAGE_REVOKED);
    ck_assert_uint_eq(stage.lists.complete.asked, 2);
    stage_end();
}
END_TEST

START_TEST(who_waits_goes_on_when_it_is_switched_off)
{
    stage_begin();
    stage.lists.complete.hangs = true;
    site_send(&stage.site, &stage.answer, "GET", SITE_MP "/x", NULL, 0);
    site_until(&stage.site, &stage.lists.complete.asked, 1);
    stage_configure(false);
    stage.site.service->limits.queue_ms = 60000;
    site_finish(&stage.site, &stage.answer);
    ck_assert_int_eq(stage.answer.status, 200);
    stage_end();
}
END_TEST

START_TEST(service_may_be_dropped_while_a_list_is_on_its_way)
{
    stage_begin();
    stage.lists.complete.hangs = true;
    site_send(&stage.site, &stage.answer, "GET", SITE_MP "/x", NULL, 0);
    site_until(&stage.site, &stage.lists.complete.asked, 1);
    stage_end();
}
END_TEST

/* ---- delta lists ---- */

START_TEST(delta_list_revokes_what_the_complete_one_does_not_know)
{
    stage_begin();
    lists_name_delta(&stage.lists, STAGE_HOST, true);
    cmg_certificate *cert = lists_issue(&stage.lists, "client-8");
    lists_name_delta(&stage.lists, STAGE_HOST, false); /* the certificate does */
    lists_publish(&stage.lists, STAGE_WEEK);
    stage_revoke(&stage.lists, cert);
    lists_publish_delta(&stage.lists, 86400);
    stage_use(cert);
    stage_ask(403, STAGE_REVOKED);
    stage_use(stage.client);
    stage_ask(200, NULL);
    cmg_certificate_unref(cert);
    stage_end();
}
END_TEST

/* Authorities of Active Directory name it in the complete list only. */
START_TEST(delta_list_is_found_in_the_complete_one)
{
    stage_begin();
    lists_name_delta(&stage.lists, STAGE_HOST, true);
    lists_publish(&stage.lists, STAGE_WEEK);
    stage_revoke(&stage.lists, stage.client);
    lists_publish_delta(&stage.lists, 86400);
    stage_ask(403, STAGE_REVOKED);
    ck_assert_uint_eq(stage.lists.delta.asked, 1);
    stage_end();
}
END_TEST

START_TEST(without_the_delta_list_the_complete_one_counts)
{
    stage_begin();
    lists_name_delta(&stage.lists, STAGE_HOST, true);
    lists_publish(&stage.lists, STAGE_WEEK);
    stage_ask(200, NULL);
    ck_assert_uint_ge(stage.lists.delta.asked, 1);
    const unsigned asked = stage.lists.delta.asked;
    stage.lists.delta.hangs = true;
    stage.site.service->limits.queue_ms = 100;
    stage.site.service->limits.certificate_ms = 0;
    site_until(&stage.site, &stage.lists.delta.asked, asked + 1);
    stage_ask(200, NULL);
    stage_end();
}
END_TEST

/* ---- room ---- */

START_TEST(lists_are_bounded_in_number)
{
    stage_begin();
    lists_open(&other, &stage.site, "other.test", NULL);
    strcat(stage.lists.ca_pem, other.ca_pem);
    stage_configure(true);
    cmg_certificate *second = lists_issue(&other, "client-8");
    lists_publish(&stage.lists, STAGE_WEEK);
    lists_publish(&other, STAGE_WEEK);
    stage.site.service->limits.lists = 1;
    stage_ask(200, NULL);
    stage_use(second);
    stage_ask(200, NULL);
    stage.site.service->limits.lists = 2;
    stage_ask(200, NULL);
    ck_assert_uint_eq(other.complete.asked, 1);
    stage_use(stage.client);
    stage_ask(200, NULL);
    ck_assert_uint_eq(stage.lists.complete.asked, 2); /* it had given way */
    cmg_certificate_unref(second);
    lists_close(&other);
    stage_end();
}
END_TEST

START_TEST(who_needs_more_lists_than_there_is_room_for_is_refused)
{
    stage_begin();
    lists_open(&other, &stage.site, "sub.test", stage.lists.ca);
    cmg_certificate *below = lists_issue(&other, "client-9");
    lists_publish(&stage.lists, STAGE_WEEK);
    lists_publish(&other, STAGE_WEEK);
    stage_use(below);
    stage.site.service->limits.lists = 1;
    stage_ask(403, STAGE_NOT_AVAILABLE);
    ck_assert_uint_eq(stage.lists.complete.asked, 0); /* the first keeps its place */
    stage.site.service->limits.lists = 2;
    stage_ask(200, NULL);
    cmg_certificate_unref(below);
    lists_close(&other);
    stage_end();
}
END_TEST

START_TEST(lists_are_bounded_in_memory)
{
    stage_begin();
    lists_publish(&stage.lists, STAGE_WEEK);
    stage.site.service->limits.lists_bytes = 1;
    stage_ask(403, STAGE_NOT_AVAILABLE);
    ck_assert_ptr_nonnull(strstr(stage.warning, "no room"));
    stage_end();
}
END_TEST

START_TEST(fetches_are_bounded_and_who_waits_gets_a_turn)
{
    static struct site_answer answers[2];

    stage_begin();
    lists_open(&other, &stage.site, "other.test", NULL);
    strcat(stage.lists.ca_pem, other.ca_pem);
    stage_configure(true);
    cmg_certificate *second = lists_issue(&other, "client-8");
    cmg_client *client_2 = second_client(second);
    lists_publish(&stage.lists, STAGE_WEEK);
    lists_publish(&other, STAGE_WEEK);
    stage.lists.complete.hangs = true;
    stage.site.service->limits.list_fetches = 1;
    site_send(&stage.site, &answers[0], "GET", SITE_MP "/x", NULL, 0);
    site_until(&stage.site, &stage.lists.complete.asked, 1);
    swap_client(&client_2);
    site_send(&stage.site, &answers[1], "GET", SITE_MP "/x", NULL, 0);
    site_turn(&stage.site, 200);
    ck_assert_uint_eq(other.complete.asked, 0);
    lists_release(&stage.lists.complete);
    site_finish(&stage.site, &answers[0]);
    site_finish(&stage.site, &answers[1]);
    ck_assert_int_eq(answers[0].status, 200);
    ck_assert_int_eq(answers[1].status, 200);
    cmg_client_unref(client_2);
    cmg_certificate_unref(second);
    lists_close(&other);
    stage_end();
}
END_TEST

/* ---- memory ---- */

/* A revoked client before the gate of a context that may lack memory; the lists come from
   the stage.site, whose context has enough. */
struct starving {
    const char *roots;
    struct cmg__x509_ders chain;
    uint16_t port;
};

static void on_lists(void *user, bool changed)
{
    (void)changed;
    ++*(unsigned *)user;
}

static enum cmg__cert_verdict ask_gate(cmg_context *ctx, const struct starving *s)
{
    struct cmg__service_settings settings = { .alloc = &ctx->alloc,
                                              .verify_revocation = true };
    struct cmg__relay_limits limits = cmg__relay_default_limits;
    struct cmg__revocation_gate *gate = NULL;
    struct cmg__x509_trust *trust = NULL;
    enum cmg__cert_verdict verdict = CMG__CERT_UNKNOWN;
    unsigned ended = 0;

    cmg_status rc =
        cmg__x509_trust_new(&ctx->alloc, s->roots, strlen(s->roots), &trust, NULL);
    if (rc == CMG_OK)
        rc = cmg__revocation_gate_new(ctx, &settings, &limits, on_lists, &ended, &gate,
                                      NULL);
    for (int i = 0; i < 4 && rc == CMG_OK; i++) {
        const unsigned before = ended;

        verdict = cmg__revocation_gate_check(gate, trust, &s->chain, true, NULL);
        for (int j = 0; j < 500 && verdict == CMG__CERT_PENDING && ended == before; j++) {
            site_turn(&stage.site, 0);
            ck_assert_int_eq(cmg_context_wait(ctx, 1, NULL), CMG_OK);
        }
    }
    cmg__revocation_gate_free(gate);
    cmg__x509_trust_free(trust);
    return verdict;
}

static cmg_status judge_with(struct support_alloc *a, void *user)
{
    const struct starving *s = user;
    const size_t fail_at = a->fail_at;
    cmg_context *ctx = NULL;
    cmg_error *err = NULL;

    a->fail_at = 0; /* contexts have their own run */
    ck_ok(cmg_context_new(&a->alloc.table, &ctx, &err), err);
    ck_ok(cmg_context_add_address(ctx, STAGE_HOST, 0, "127.0.0.1", s->port, &err), err);
    a->count = 0;
    a->fail_at = fail_at;
    const enum cmg__cert_verdict verdict = ask_gate(ctx, s);
    a->fail_at = 0;
    cmg_context_unref(ctx);
    ck_assert_int_ne(verdict, CMG__CERT_GOOD);
    ck_assert_int_ne(verdict, CMG__CERT_BAD);
    return verdict == CMG__CERT_REVOKED ? CMG_OK : CMG_E_NOMEM;
}

START_TEST(without_memory_nobody_gets_in)
{
    struct starving s = { .roots = stage.lists.ca_pem };

    stage_begin();
    stage_revoke(&stage.lists, stage.client);
    lists_publish(&stage.lists, STAGE_WEEK);
    for (size_t i = 0; i < stage.client->count; i++) {
        struct cmg__x509_info info;

        cmg__x509_info(stage.client->chain[i], &info);
        s.chain.ders[i] = info.der;
        s.chain.lens[i] = info.der_len;
        s.chain.count++;
    }
    s.port = cmg__listener_port(stage.lists.server.listener);
    support_torture(judge_with, &s, 1);
    stage_end();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("relay_lists");
    TCase *t = tcase_create("clients");
    TCase *memory = tcase_create("memory");

    site_make_keys();
    tcase_set_timeout(t, 60);
    tcase_add_test(t, revocation_reaches_an_open_connection_with_the_next_list);
    tcase_add_test(t, who_is_refused_for_want_of_a_list_is_not_judged_at_each_request);
    tcase_add_test(t, two_that_wait_share_one_fetch);
    tcase_add_test(t, waiting_has_an_end_and_the_list_may_come_later);
    tcase_add_test(t, fetch_that_hangs_has_an_end);
    tcase_add_test(t, queue_of_those_who_wait_has_an_end);
    tcase_add_test(t, list_that_nobody_needs_is_given_up);
    tcase_add_test(t, setting_is_switched_while_the_service_runs);
    tcase_add_test(t, who_waits_goes_on_when_it_is_switched_off);
    tcase_add_test(t, service_may_be_dropped_while_a_list_is_on_its_way);
    tcase_add_test(t, delta_list_revokes_what_the_complete_one_does_not_know);
    tcase_add_test(t, delta_list_is_found_in_the_complete_one);
    tcase_add_test(t, without_the_delta_list_the_complete_one_counts);
    tcase_add_test(t, lists_are_bounded_in_number);
    tcase_add_test(t, who_needs_more_lists_than_there_is_room_for_is_refused);
    tcase_add_test(t, lists_are_bounded_in_memory);
    tcase_add_test(t, fetches_are_bounded_and_who_waits_gets_a_turn);
    tcase_add_test(memory, without_memory_nobody_gets_in);
    tcase_set_timeout(memory, 240);
    suite_add_tcase(suite, t);
    suite_add_tcase(suite, memory);
    return support_run((Suite *const[]){ suite, NULL });
}
