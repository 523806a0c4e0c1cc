/* Channels that come, go and are refused; draining; dropping handles at odd moments. */
#include "relay/site.h"
#include "relay/connector.h"
#include "relay/service.h"
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static struct site site;
static struct site_answer answer;

static void quicken(void)
{
    site.connector->limits.backoff_base_ms = 50;
    site.connector->limits.backoff_cap_ms = 100;
}

START_TEST(request_without_connection_point_is_told_to_come_again)
{
    site_start_parts(&site, true, false);
    site.service->limits.queue_ms = 100;
    site_use_cert(&site, SITE_CERT_CLIENT);
    site_ask(&site, &answer, "GET", SITE_MP "/x", NULL, 0);
    ck_assert_int_eq(answer.status, 503);
    ck_assert_str_eq(answer.reason, "CMGService_No_Connector");
    site_stop(&site);
}
END_TEST

START_TEST(waiting_request_goes_on_when_a_connection_point_comes)
{
    site_start_parts(&site, true, false);
    site_use_cert(&site, SITE_CERT_CLIENT);
    site_send(&site, &answer, "CCM_POST", SITE_MP "/x", "abc", 3);
    site_turn(&site, 100);
    ck_assert(!answer.done);
    site_new_connector(&site);
    site_finish(&site, &answer);
    ck_assert_msg(answer.status == 200, "%d %s", answer.status, answer.reason);
    ck_assert_ptr_nonnull(strstr(answer.body, "body=3\n"));
    site_stop(&site);
}
END_TEST

START_TEST(queue_has_an_end)
{
    struct site_answer answers[4];

    site_start_parts(&site, true, false);
    site.service->limits.queue = 2;
    site.service->limits.queue_ms = 60000;
    site_use_cert(&site, SITE_CERT_CLIENT);
    for (size_t i = 0; i < 4; i++)
        site_send(&site, &answers[i], "GET", SITE_MP "/x", NULL, 0);
    site_until(&site, &site.records, 2);
    unsigned refused = 0;
    site_turn(&site, 100);
    for (size_t i = 0; i < 4; i++)
        refused += answers[i].done && answers[i].status == 503;
    ck_assert_uint_eq(refused, 2);
    site_stop(&site);
}
END_TEST

START_TEST(unreachable_instance_is_named_with_a_remedy)
{
    cmg_error *err = NULL;

    site_start_parts(&site, false, false);
    ck_ok(cmg_context_add_address(site.ctx, "cmg.test", 10140, "127.0.0.1", 1, &err),
          err);
    site_new_connector(&site);
    quicken();
    site_until(&site, &site.link_down, 2);
    ck_assert_ptr_nonnull(strstr(site.why, "instance 0 at cmg.test:10140"));
    ck_assert_str_ne(site.remedy, "");
    ck_assert_uint_eq(cmg_connector_ready_count(site.connector), 0);
    site_stop(&site);
}
END_TEST

START_TEST(stranger_gets_no_channel)
{
    site_start_parts(&site, true, false);
    memset(site.service->settings.pins[0], '0', 64);
    site_new_connector(&site);
    quicken();
    site_until(&site, &site.link_down, 1);
    ck_assert_ptr_nonnull(strstr(site.remedy, "pin this connection point"));
    ck_assert_uint_eq(site.service_up, 0);
    ck_assert_uint_eq(cmg_connector_ready_count(site.connector), 0);
    site_stop(&site);
}
END_TEST

START_TEST(channel_is_made_again_after_the_service_came_back)
{
    site_start(&site);
    quicken();
    cmg_service_unref(site.service);
    site.service = NULL;
    site_until(&site, &site.link_down, 1);
    ck_assert_ptr_nonnull(strstr(site.why, "was lost"));
    site_new_service(&site);
    site_until(&site, &site.link_up, 2);
    site_stop(&site);
}
END_TEST

START_TEST(lost_connection_point_is_never_asked_twice_to_post)
{
    site_start(&site);
    quicken();
    site_use_cert(&site, SITE_CERT_CLIENT);
    site_send(&site, &answer, "CCM_POST", SITE_MP "/hang", "abc", 3);
    site_until(&site, &site.role.requests, 1);
    cmg__link_abort(&site.connector->links[0]);
    site_finish(&site, &answer);
    ck_assert_int_eq(answer.status, 502);
    ck_assert_str_eq(answer.reason, "CMGService_Connector_Lost");
    site_until(&site, &site.service_down, 1);
    site_until(&site, &site.link_up, 2);
    ck_assert_uint_eq(site.role.requests, 1);
    site_stop(&site);
}
END_TEST

START_TEST(safe_request_is_sent_again_on_the_next_channel)
{
    site_start(&site);
    quicken();
    site_use_cert(&site, SITE_CERT_CLIENT);
    site_send(&site, &answer, "GET", SITE_MP "/hang", NULL, 0);
    site_until(&site, &site.role.requests, 1);
    cmg__link_abort(&site.connector->links[0]);
    site_until(&site, &site.role.requests, 2);
    ck_assert(!answer.done);
    site_stop(&site);
}
END_TEST

START_TEST(request_refused_after_waiting_leaves_room_for_others)
{
    static char body[200];

    site_start_parts(&site, true, false);
    site_use_cert(&site, SITE_CERT_CLIENT);
    site_send(&site, &answer, "CCM_POST", SITE_MP "/small", body, sizeof body);
    for (int i = 0; i < 100 && site.service->waiting_count == 0; i++)
        site_turn(&site, 100);
    ck_assert_uint_eq(site.service->waiting_count, 1);
    site_new_connector(&site);
    site_finish(&site, &answer);
    ck_assert_int_eq(answer.status, 413);
    ck_assert_uint_eq(site.service->waiting_count, 0);
    site_stop(&site);
}
END_TEST

START_TEST(channel_without_control_stream_is_made_again)
{
    site_start(&site);
    quicken();
    cmg__h2_reset(site.connector->links[0].control, 8);
    site_until(&site, &site.service_down, 1);
    site_until(&site, &site.link_up, 2);
    site_use_cert(&site, SITE_CERT_CLIENT);
    site_ask(&site, &answer, "GET", SITE_MP "/x", NULL, 0);
    ck_assert_int_eq(answer.status, 200);
    site_stop(&site);
}
END_TEST

START_TEST(request_does_not_go_to_a_channel_that_is_being_ended)
{
    site_start(&site);
    quicken();
    site_use_cert(&site, SITE_CERT_CLIENT);
    site_send(&site, &answer, "GET", SITE_MP "/hang", NULL, 0);
    site_until(&site, &site.role.requests, 1);
    struct cmg__channel *channel =
        CMG__CONTAINER(site.service->channels.next, struct cmg__channel, node);
    cmg__h2_abort(channel->h2);
    struct cmg__map_match match;
    struct cmg__route route;
    bool published = false;
    ck_assert(cmg__route_parse(SITE_MP "/x", &route));
    ck_assert_ptr_null(cmg__channel_pick(site.service, &route, &match, &published));
    site_until(&site, &site.role.requests, 2);
    ck_assert(!answer.done);
    site_stop(&site);
}
END_TEST

START_TEST(role_that_hangs_is_a_timeout)
{
    site_start(&site);
    site.service->limits.first_byte_ms = 200;
    site_use_cert(&site, SITE_CERT_CLIENT);
    site_ask(&site, &answer, "GET", SITE_MP "/hang", NULL, 0);
    ck_assert_int_eq(answer.status, 504);
    ck_assert_str_eq(answer.reason, "CMGService_Timeout");
    site_until(&site, &site.role.closed, 1);
    site_stop(&site);
}
END_TEST

START_TEST(connector_drains_before_it_closes)
{
    cmg_error *err = NULL;

    site_start(&site);
    site_use_cert(&site, SITE_CERT_CLIENT);
    site_send(&site, &answer, "GET", SITE_MP "/long/8388608", NULL, 0);
    site_until(&site, &site.role.requests, 1);
    ck_ok(cmg_connector_close(site.connector, 10000, &err), err);
    site_finish(&site, &answer);
    ck_assert_int_eq(answer.status, 200);
    ck_assert_uint_eq(answer.size, 8388608);
    site_until(&site, &site.connector_closed, 1);
    site_until(&site, &site.service_down, 1);
    site_turn(&site, 50);
    ck_assert_uint_eq(site.connector_closed, 1);
    ck_assert_int_eq(cmg_connector_close(site.connector, 0, NULL), CMG_E_STATE);
    site_stop(&site);
}
END_TEST

START_TEST(service_drains_before_it_closes)
{
    cmg_error *err = NULL;

    site_start(&site);
    site_use_cert(&site, SITE_CERT_CLIENT);
    site_send(&site, &answer, "GET", SITE_MP "/long/8388608", NULL, 0);
    site_until(&site, &site.role.requests, 1);
    ck_ok(cmg_service_close(site.service, 10000, &err), err);
    site_finish(&site, &answer);
    ck_assert_int_eq(answer.status, 200);
    ck_assert_uint_eq(answer.size, 8388608);
    site_until(&site, &site.service_closed, 1);
    ck_assert_uint_eq(cmg_service_get_port(site.service, CMG_LISTENER_CLIENT), 0);
    ck_assert_int_eq(cmg_service_close(site.service, 0, NULL), CMG_E_STATE);
    site_stop(&site);
}
END_TEST

START_TEST(grace_time_ends_what_hangs)
{
    cmg_error *err = NULL;

    site_start(&site);
    site_use_cert(&site, SITE_CERT_CLIENT);
    site_send(&site, &answer, "GET", SITE_MP "/hang", NULL, 0);
    site_until(&site, &site.role.requests, 1);
    ck_ok(cmg_service_close(site.service, 100, &err), err);
    site_until(&site, &site.service_closed, 1);
    site_finish(&site, &answer);
    ck_assert_int_eq(answer.status, 0);
    ck_assert_int_ne(answer.rc, CMG_OK);
    site_stop(&site);
}
END_TEST

START_TEST(everything_may_be_dropped_in_the_middle)
{
    site_start(&site);
    site_use_cert(&site, SITE_CERT_CLIENT);
    site_send(&site, &answer, "GET", SITE_MP "/long/8388608", NULL, 0);
    for (int i = 0; i < _i; i++)
        site_turn(&site, 0);
    site_stop(&site);
    ck_assert_uint_eq(site.service_closed + site.connector_closed, 0);
}
END_TEST

static void drop_service(cmg_service *service, const cmg_request_record *record,
                         void *user)
{
    struct site *s = user;

    (void)record;
    s->records++;
    s->service = NULL;
    cmg_service_unref(service);
}

START_TEST(service_may_be_dropped_in_its_own_callback)
{
    site_start(&site);
    site.service->events.on_request = drop_service;
    site_use_cert(&site, SITE_CERT_CLIENT);
    site_send(&site, &answer, "GET", SITE_MP "/x", NULL, 0);
    site_until(&site, &site.records, 1);
    ck_assert_ptr_null(site.service);
    site_until(&site, &site.link_down, 1);
    site_stop(&site);
}
END_TEST

/* ---- strangers ---- */

START_TEST(strangers_do_not_shut_out_a_connection_point)
{
    struct cmg__stream *strangers[8];
    cmg_error *err = NULL;

    site_start_parts(&site, true, false);
    site.service->limits.channels = 4;
    site.service->limits.handshakes = 6;
    site.service->limits.handshake_ms = 600000;
    for (size_t i = 0; i < CMG__ARRAY_LEN(strangers); i++) {
        ck_ok(cmg__tcp_connect(site.ctx->loop, "127.0.0.1", site.channel_port, 5000,
                               &strangers[i], &err),
              err);
        (void)cmg__stream_connect(strangers[i]);
        site_turn(&site, 10);
    }
    ck_assert_uint_eq(site.service->channel_count, 6);
    site_new_connector(&site);
    quicken();
    site_until(&site, &site.link_up, 1);
    for (size_t i = 0; i < CMG__ARRAY_LEN(strangers); i++)
        cmg__stream_free(strangers[i]);
    site_stop(&site);
}
END_TEST

START_TEST(hello_that_does_not_fit_is_refused_with_its_reason)
{
    site_start_parts(&site, true, false);
    site_new_connector(&site);
    quicken();
    site.connector->settings.name[0] = '!';
    site_until(&site, &site.link_down, 2);
    ck_assert_ptr_nonnull(strstr(site.why, "the service refused the hello"));
    ck_assert_ptr_nonnull(strstr(site.why, "/name"));
    ck_assert_uint_eq(site.service_up, 0);
    site_stop(&site);
}
END_TEST

START_TEST(connection_points_have_a_limit_of_their_own)
{
    site_start_parts(&site, true, false);
    site.service->limits.channels = 0;
    site_new_connector(&site);
    quicken();
    site_until(&site, &site.link_down, 1);
    ck_assert_uint_eq(site.service_up, 0);
    site_stop(&site);
}
END_TEST

START_TEST(idle_clients_make_room_for_new_ones)
{
    struct cmg__stream *idle[3];

    site_start(&site);
    site.service->limits.connections = CMG__ARRAY_LEN(idle);
    for (size_t i = 0; i < CMG__ARRAY_LEN(idle); i++)
        idle[i] = site_connect(&site, SITE_CERT_COUNT);
    site_use_cert(&site, SITE_CERT_CLIENT);
    site_ask(&site, &answer, "GET", SITE_MP "/x", NULL, 0);
    ck_assert_int_eq(answer.status, 200);
    ck_assert_uint_le(site.service->front_count, CMG__ARRAY_LEN(idle));
    for (size_t i = 0; i < CMG__ARRAY_LEN(idle); i++)
        cmg__stream_free(idle[i]);
    site_stop(&site);
}
END_TEST

START_TEST(clients_cannot_use_up_the_descriptors)
{
    struct rlimit limit;
    struct cmg__stream *idle[40];

    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = 64;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    site_start_parts(&site, true, false);
    ck_assert_uint_eq(site.service->limits.connections, 32);
    ck_assert_uint_eq(site.service->limits.handshakes, 8);
    limit.rlim_cur = limit.rlim_max < 256 ? limit.rlim_max : 256;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    for (size_t i = 0; i < CMG__ARRAY_LEN(idle); i++)
        idle[i] = site_connect(&site, SITE_CERT_COUNT);
    site_turn(&site, 20);
    ck_assert_uint_eq(site.service->front_count, 32);
    for (size_t i = 0; i < CMG__ARRAY_LEN(idle); i++)
        cmg__stream_free(idle[i]);
    site_stop(&site);
}
END_TEST

/* ---- token keys ---- */

static void login_is_down(struct site_server *server, struct cmg__http1_conn *conn,
                          const struct cmg__http1_head *head)
{
    (void)server;
    (void)head;
    cmg__http1_conn_reply(conn, 503, NULL, NULL, 0);
}

START_TEST(tokens_are_good_once_keys_could_be_had)
{
    site_start_parts(&site, true, true);
    void (*up)(struct site_server *, struct cmg__http1_conn *,
               const struct cmg__http1_head *) = site.login.answer;
    site.login.answer = login_is_down;
    site.service->limits.backoff_base_ms = 1;
    site.service->limits.backoff_cap_ms = 50;
    site_until(&site, &site.link_up, 1);
    site_until(&site, &site.login.requests, 2);
    site_use_token(&site, NULL, NULL);
    site_ask(&site, &answer, "GET", SITE_STS "/x", NULL, 0);
    ck_assert_int_eq(answer.status, 503);
    ck_assert_str_eq(answer.reason, "CMGService_No_Token_Keys");
    site.login.answer = up;
    unsigned asked = site.login.requests;
    site_until(&site, &site.login.requests, asked + 1);
    site_turn(&site, 100);
    site_ask(&site, &answer, "GET", SITE_STS "/x", NULL, 0);
    ck_assert_int_eq(answer.status, 200);
    site_stop(&site);
}
END_TEST

START_TEST(unknown_key_is_looked_for_but_not_every_time)
{
    site_start(&site);
    site.service->limits.keys_unknown_ms = 0;
    site_use_token_of(&site, "key-2", NULL, NULL);
    site_ask(&site, &answer, "GET", SITE_STS "/x", NULL, 0);
    ck_assert_int_eq(answer.status, 401);
    ck_assert_uint_eq(site.login.requests, 2);
    site.service->limits.keys_unknown_ms = 300000;
    for (int i = 0; i < 3; i++)
        site_ask(&site, &answer, "GET", SITE_STS "/x", NULL, 0);
    ck_assert_int_eq(answer.status, 401);
    ck_assert_uint_eq(site.login.requests, 2);
    site_stop(&site);
}
END_TEST

START_TEST(port_in_use_is_named)
{
    cmg_service *first, *second = NULL;
    cmg_error *err = NULL;

    site_start_parts(&site, true, false);
    first = site.service;
    second =
        site_prepare_service(&site, cmg_service_get_port(first, CMG_LISTENER_CLIENT), 0);
    ck_assert_int_eq(cmg_service_start(second, &err), CMG_E_CONFLICT);
    ck_assert_ptr_nonnull(strstr(cmg_error_message(err), "127.0.0.1"));
    cmg_error_unref(err);
    cmg_service_unref(second);
    site_stop(&site);
}
END_TEST

/* ---- memory ---- */

static cmg_status start_with(struct support_alloc *a, void *user)
{
    const char *json = user;
    const char *pem = site_pem(SITE_CERT_GATEWAY);
    cmg_context *ctx = NULL;
    cmg_certificate *cert = NULL;
    cmg_service *service = NULL;

    cmg_status rc = cmg_context_new(&a->alloc.table, &ctx, NULL);
    size_t fail_at = a->fail_at;
    a->fail_at = 0; /* reading certificates has its own suite */
    if (rc == CMG_OK)
        rc = cmg_certificate_new_from_pem(ctx, pem, strlen(pem), &cert, NULL);
    a->fail_at = fail_at;
    if (rc == CMG_OK)
        rc = cmg_service_new(ctx, &service, NULL);
    if (rc == CMG_OK)
        rc = cmg_service_configure(service, json, strlen(json), NULL);
    if (rc == CMG_OK)
        rc = cmg_service_set_certificate(service, cert, NULL);
    for (int which = 1; which <= 2 && rc == CMG_OK; which++)
        rc = cmg_service_set_listener(service, (cmg_listener)which, "127.0.0.1", 0, NULL);
    if (rc == CMG_OK)
        rc = cmg_service_start(service, NULL);
    cmg_service_unref(service);
    cmg_certificate_unref(cert);
    cmg_context_unref(ctx);
    return rc;
}

START_TEST(starting_without_memory_leaves_nothing_behind)
{
    site_start_parts(&site, false, false);
    char *json = strdup(site_user_data(&site));
    site_stop(&site);
    support_torture(start_with, json, 1);
    free(json);
}
END_TEST

START_TEST(setters_refuse_what_is_wrong)
{
    cmg_error *err = NULL;
    cmg_service_events small = { .size = 4 };
    cmg_connector_events big = { .size = 5000 };
    cmg_client *client = NULL;

    site_start_parts(&site, true, true);
    ck_assert_int_eq(cmg_service_start(site.service, NULL), CMG_E_STATE);
    ck_assert_int_eq(cmg_connector_start(site.connector, NULL), CMG_E_STATE);
    ck_assert_int_eq(cmg_service_get_port(NULL, CMG_LISTENER_CLIENT), 0);
    ck_assert_int_eq(cmg_service_new(NULL, &site.service, NULL), CMG_E_INVAL);
    cmg_service *service = NULL;
    cmg_connector *connector = NULL;
    ck_ok(cmg_service_new(site.ctx, &service, &err), err);
    ck_ok(cmg_connector_new(site.ctx, &connector, &err), err);
    ck_assert_int_eq(cmg_service_set_events(service, &small, NULL), CMG_E_ABI);
    ck_assert_int_eq(cmg_connector_set_events(connector, &big, NULL), CMG_E_ABI);
    ck_assert_int_eq(cmg_service_configure(service, "{", 1, NULL), CMG_E_PARSE);
    ck_assert_int_eq(cmg_service_set_certificate(service, NULL, NULL), CMG_E_INVAL);
    ck_assert_int_eq(cmg_service_set_listener(service, CMG_LISTENER_CLIENT, "", 1, NULL),
                     CMG_E_INVAL);
    ck_assert_int_eq(cmg_service_close(service, 0, NULL), CMG_E_STATE);
    ck_assert_int_eq(cmg_connector_set_upstream_ca(connector, "x", 1, NULL), CMG_E_INVAL);
    ck_assert_int_eq(cmg_connector_close(connector, 700000, NULL), CMG_E_INVAL);
    ck_assert_int_eq(cmg_client_new(site.ctx, "https://x", 0, &client, NULL),
                     CMG_E_INVAL);
    ck_assert_int_eq(cmg_client_set_token(site.client, "a b", 3, NULL), CMG_E_INVAL);
    ck_assert_int_eq(
        cmg_client_request(site.client, "GET", "x", NULL, 0, NULL, NULL, NULL),
        CMG_E_INVAL);
    cmg_service_unref(service);
    cmg_connector_unref(connector);
    site_stop(&site);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("relay_life");
    TCase *channels = tcase_create("channels");
    TCase *ends = tcase_create("ends");

    site_make_keys();
    tcase_set_timeout(channels, 60);
    tcase_set_timeout(ends, 60);
    tcase_add_test(channels, request_without_connection_point_is_told_to_come_again);
    tcase_add_test(channels, waiting_request_goes_on_when_a_connection_point_comes);
    tcase_add_test(channels, queue_has_an_end);
    tcase_add_test(channels, unreachable_instance_is_named_with_a_remedy);
    tcase_add_test(channels, stranger_gets_no_channel);
    tcase_add_test(channels, channel_is_made_again_after_the_service_came_back);
    tcase_add_test(channels, lost_connection_point_is_never_asked_twice_to_post);
    tcase_add_test(channels, safe_request_is_sent_again_on_the_next_channel);
    tcase_add_test(channels, request_refused_after_waiting_leaves_room_for_others);
    tcase_add_test(channels, channel_without_control_stream_is_made_again);
    tcase_add_test(channels, request_does_not_go_to_a_channel_that_is_being_ended);
    tcase_add_test(channels, strangers_do_not_shut_out_a_connection_point);
    tcase_add_test(channels, hello_that_does_not_fit_is_refused_with_its_reason);
    tcase_add_test(channels, connection_points_have_a_limit_of_their_own);
    tcase_add_test(channels, idle_clients_make_room_for_new_ones);
    tcase_add_test(channels, clients_cannot_use_up_the_descriptors);
    tcase_add_test(channels, role_that_hangs_is_a_timeout);
    tcase_add_test(ends, connector_drains_before_it_closes);
    tcase_add_test(ends, service_drains_before_it_closes);
    tcase_add_test(ends, grace_time_ends_what_hangs);
    tcase_add_loop_test(ends, everything_may_be_dropped_in_the_middle, 0, 12);
    tcase_add_test(ends, service_may_be_dropped_in_its_own_callback);
    tcase_add_test(channels, tokens_are_good_once_keys_could_be_had);
    tcase_add_test(channels, unknown_key_is_looked_for_but_not_every_time);
    tcase_add_test(ends, starting_without_memory_leaves_nothing_behind);
    tcase_add_test(ends, port_in_use_is_named);
    tcase_add_test(ends, setters_refuse_what_is_wrong);
    suite_add_tcase(suite, channels);
    suite_add_tcase(suite, ends);
    return support_run((Suite *const[]){ suite, NULL });
}
