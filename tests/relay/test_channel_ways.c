/*
 * The two ways of a channel: 10140 at first, 10124 when that cannot be reached, and that
 * by the web proxy when there is one. What stands behind a port is the resolver's to say.
 */
#include "relay/connector.h"
#include "relay/proxy.h"
#include "relay/service.h"
#include "relay/site.h"
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PASSWORD "Correct-Horse-7"
#define OPEN     "HTTP/1.1 200 Connection established\r\n\r\n"

enum { CLOSED = 1 }; /* a port on which nobody listens */

static struct site site;
static struct site_answer answer;
static struct proxy proxy;
static char said[16384]; /* the log */
static char order[64];   /* of what was asked for: 'd'irect, 'h'ttps */
static uint16_t direct, https, client;

static int resolve(const char *host, uint16_t port, cmg_address *address, void *user)
{
    const struct {
        uint16_t port, to;
        char name;
    } ways[] = { { 10140, direct, 'd' }, { 10124, https, 'h' }, { 443, client, 'c' } };
    size_t n = strlen(order);

    (void)user;
    for (size_t i = 0; i < CMG__ARRAY_LEN(ways) && strcmp(host, "cmg.test") == 0; i++) {
        if (ways[i].port != port)
            continue;
        snprintf(address->address, sizeof address->address, "127.0.0.1");
        address->port = ways[i].to;
        if (ways[i].name != 'c' && n < sizeof order - 1)
            order[n] = ways[i].name;
        return 1;
    }
    return 0;
}

static void on_log(cmg_context *ctx, const cmg_log_record *record, void *user)
{
    size_t n = strlen(said);

    (void)ctx;
    (void)user;
    snprintf(said + n, sizeof said - n, "%s\n", record->text);
}

/* Everything but the connection point; then direct and https lead where they should. */
static void start_service(void)
{
    cmg_error *err = NULL;

    memset(order, 0, sizeof order);
    said[0] = '\0';
    site_start_parts(&site, false, false);
    ck_ok(cmg_context_set_log(site.ctx, CMG_LOG_DEBUG, on_log, NULL, &err), err);
    ck_ok(cmg_context_set_resolver(site.ctx, resolve, NULL, &err), err);
    site.service = site_prepare_service(&site, 0, 0);
    ck_ok(cmg_service_start(site.service, &err), err);
    client = cmg_service_get_port(site.service, CMG_LISTENER_CLIENT);
    direct = cmg_service_get_port(site.service, CMG_LISTENER_CHANNEL);
    https = cmg_service_get_port(site.service, CMG_LISTENER_CHANNEL_HTTPS);
    ck_assert_uint_ne(https, 0);
    ck_assert_uint_ne(https, direct);
    /* Token keys come by the context's proxy, too: not by that of a test. */
    site_until(&site, &site.login.requests, 1);
    site_turn(&site, 50);
}

static void start_connector(void)
{
    site.offers_https = true;
    site_new_connector(&site);
    site.connector->limits.backoff_base_ms = 20;
    site.connector->limits.backoff_cap_ms = 40;
}

static void ready_and_of_use(void)
{
    site_until(&site, &site.link_up, 1);
    site_until(&site, &site.service_up, 1);
    /* The client is an internet client, and would go by it, too. */
    ck_assert_int_eq(cmg_context_set_proxy(site.ctx, NULL, NULL), CMG_OK);
    site_use_cert(&site, SITE_CERT_CLIENT);
    site_ask(&site, &answer, "GET", SITE_MP "/x", NULL, 0);
    ck_assert_int_eq(answer.status, 200);
    ck_assert_uint_eq(site.link_down, 0);
}

START_TEST(open_channel_port_is_preferred)
{
    start_service();
    start_connector();
    ready_and_of_use();
    ck_assert_str_eq(order, "d");
    ck_assert_ptr_nonnull(strstr(said, "instance 0 is ready at port 10140\n"));
    site_stop(&site);
}
END_TEST

START_TEST(closed_channel_port_leads_to_the_other_at_once)
{
    start_service();
    direct = CLOSED;
    start_connector();
    site.connector->limits.backoff_base_ms = 600000;
    site.connector->limits.backoff_cap_ms = 600000;
    ready_and_of_use();
    ck_assert_str_eq(order, "dh");
    ck_assert_ptr_nonnull(strstr(said, "cannot be reached at port 10140"));
    ck_assert_ptr_nonnull(strstr(said, "port 10124 is tried\n"));
    ck_assert_ptr_nonnull(strstr(said, "instance 0 is ready at port 10124\n"));
    site_stop(&site);
}
END_TEST

/* A port whose queue of connections is full says nothing to the next. */
static uint16_t mute_port(int fds[4])
{
    struct sockaddr_in at = { .sin_family = AF_INET };
    socklen_t n = sizeof at;

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (size_t i = 0; i < 4; i++) {
        fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        ck_assert_int_ge(fds[i], 0);
        if (i > 0) {
            (void)connect(fds[i], (const struct sockaddr *)&at, sizeof at);
            continue;
        }
        ck_assert_int_eq(bind(fds[0], (const struct sockaddr *)&at, sizeof at), 0);
        ck_assert_int_eq(listen(fds[0], 0), 0);
        ck_assert_int_eq(getsockname(fds[0], (struct sockaddr *)&at, &n), 0);
    }
    return ntohs(at.sin_port);
}

START_TEST(mute_channel_port_leads_to_the_other_in_time)
{
    int fds[4];

    start_service();
    direct = mute_port(fds);
    start_connector();
    site.connector->limits.connect_ms = 200;
    ready_and_of_use();
    ck_assert_str_eq(order, "dh");
    ck_assert_ptr_nonnull(strstr(said, "no answer in time"));
    for (size_t i = 0; i < 4; i++)
        (void)close(fds[i]);
    site_stop(&site);
}
END_TEST

START_TEST(ports_take_turns_until_one_is_open)
{
    start_service();
    const uint16_t open = direct;
    direct = CLOSED;
    https = CLOSED;
    start_connector();
    site_until(&site, &site.link_down, 3);
    ck_assert_int_eq(strncmp(order, "dhdhdh", 6), 0);
    ck_assert_ptr_nonnull(strstr(site.why, "instance 0 at cmg.test:10124 cannot"));
    direct = open;
    site_until(&site, &site.link_up, 1);
    ck_assert_ptr_nonnull(strstr(said, "instance 0 is ready at port 10140\n"));
    site_stop(&site);
}
END_TEST

START_TEST(lost_channel_begins_with_the_first_port_again)
{
    start_service();
    const uint16_t open = direct;
    direct = CLOSED;
    start_connector();
    ready_and_of_use();
    direct = open;
    cmg__link_abort(&site.connector->links[0]);
    site_until(&site, &site.link_up, 2);
    ck_assert_str_eq(order, "dhd");
    ck_assert_ptr_nonnull(strstr(site.why, "instance 0 at cmg.test:10124 was lost"));
    site_stop(&site);
}
END_TEST

START_TEST(refused_pin_is_no_reason_for_the_other_port)
{
    start_service();
    memset(site.service->settings.pins[0], '0', 64);
    start_connector();
    site_until(&site, &site.link_down, 2);
    ck_assert_ptr_null(strchr(order, 'h'));
    ck_assert_ptr_nonnull(strstr(site.why, "10140"));
    site_stop(&site);
}
END_TEST

START_TEST(foreign_certificate_is_no_reason_for_the_other_port)
{
    start_service();
    direct = cmg__listener_port(site.role.listener);
    start_connector();
    site_until(&site, &site.link_down, 2);
    ck_assert_ptr_null(strchr(order, 'h'));
    site_stop(&site);
}
END_TEST

START_TEST(stranger_gets_no_channel_at_the_other_port_either)
{
    start_service();
    memset(site.service->settings.pins[0], '0', 64);
    direct = CLOSED;
    start_connector();
    site_until(&site, &site.link_down, 1);
    ck_assert_int_eq(strncmp(order, "dh", 2), 0);
    ck_assert_ptr_nonnull(strstr(site.remedy, "pin this connection point"));
    ck_assert_uint_eq(site.service_up, 0);
    site_stop(&site);
}
END_TEST

/* The user data of before there was such a port. */
START_TEST(service_without_the_port_listens_at_two)
{
    cmg_error *err = NULL;
    char json[65536];

    start_service();
    cmg_service_unref(site.service);
    site.service = site_prepare_service(&site, 0, 0);
    snprintf(json, sizeof json, "%s", site_user_data(&site));
    char *name = strstr(json, "channel_https");
    ck_assert_ptr_nonnull(name);
    name[0] = 'x';
    ck_ok(cmg_service_configure(site.service, json, strlen(json), &err), err);
    ck_ok(cmg_service_start(site.service, &err), err);
    ck_assert_uint_eq(cmg_service_get_port(site.service, CMG_LISTENER_CHANNEL_HTTPS), 0);
    client = cmg_service_get_port(site.service, CMG_LISTENER_CLIENT);
    direct = cmg_service_get_port(site.service, CMG_LISTENER_CHANNEL);
    start_connector();
    ready_and_of_use();
    site_stop(&site);
}
END_TEST

/* ---- by the proxy ---- */

static void start_proxied(const char *text, uint16_t leads_to)
{
    direct = CLOSED;
    proxy_open(&proxy, site.ctx, text, leads_to);
}

static void stop_proxied(void)
{
    cmg_connector_unref(site.connector);
    site.connector = NULL;
    proxy_close(&proxy);
    site_stop(&site);
}

static const struct {
    const char *answer, *user, *field;
} passes[] = {
    { OPEN, NULL, "" },
    { OPEN, "cmg", "Proxy-Authorization: Basic Y21nOkNvcnJlY3QtSG9yc2UtNw==\r\n" },
    { "HTTP/1.0 200 OK\r\nVia: x\r\nContent-Length: 7\r\n\r\n", NULL, "" },
    { "HTTP/1.1 100 Continue\r\n\r\n" OPEN, NULL, "" },
};

START_TEST(other_port_is_reached_through_the_proxy)
{
    char expected[512];
    cmg_error *err = NULL;

    start_service();
    start_proxied(passes[_i].answer, https);
    ck_ok(cmg_context_set_proxy_account(site.ctx, passes[_i].user, PASSWORD,
                                        strlen(PASSWORD), &err),
          err);
    start_connector();
    ready_and_of_use();
    snprintf(expected, sizeof expected,
             "CONNECT cmg.test:10124 HTTP/1.1\r\nHost: cmg.test:10124\r\n%s\r\n",
             passes[_i].field);
    ck_assert_str_eq(proxy.head, expected);
    ck_assert_str_eq(order, "d"); /* the other name is the proxy's to look up */
    ck_assert_ptr_nonnull(strstr(said, "ready at port 10124 through the proxy\n"));
    ck_assert_ptr_null(strstr(said, PASSWORD));
    ck_assert_ptr_null(strstr(said, "Y21nOkNv"));
    stop_proxied();
}
END_TEST

START_TEST(open_channel_port_needs_no_proxy)
{
    start_service();
    proxy_open(&proxy, site.ctx, OPEN, https);
    start_connector();
    ready_and_of_use();
    ck_assert_str_eq(order, "d");
    ck_assert_uint_eq(proxy.connections, 0);
    stop_proxied();
}
END_TEST

static const struct {
    const char *answer, *why, *remedy;
} refusals[] = {
    { "HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm=\"x\"\r\n\r\n",
      "refuses CONNECT to cmg.test:10124: 407", "check the account" },
    { "HTTP/1.1 403 No\r\n\r\n", "refuses CONNECT to cmg.test:10124: 403",
      "allow CONNECT" },
    { "HTTP/1.1 503 No\r\n\r\n", "503 Service Unavailable", "can look up this host" },
    { "220 mail.test ESMTP\r\n\r\n", "no answer to CONNECT", "of a web proxy" },
    { NULL, "closed the connection", "of a web proxy" },
};

START_TEST(proxy_that_refuses_is_told_with_what_to_do)
{
    cmg_error *err = NULL;

    start_service();
    start_proxied(refusals[_i].answer, 0);
    ck_ok(
        cmg_context_set_proxy_account(site.ctx, "cmg", PASSWORD, strlen(PASSWORD), &err),
        err);
    start_connector();
    site_until(&site, &site.link_down, 2);
    ck_assert_ptr_nonnull(strstr(site.why, "at cmg.test:10124 through the proxy cannot"));
    ck_assert_ptr_nonnull(strstr(site.why, refusals[_i].why));
    ck_assert_msg(strstr(site.remedy, refusals[_i].remedy) != NULL, "%s", site.remedy);
    ck_assert_ptr_null(strstr(site.why, PASSWORD));
    ck_assert_ptr_null(strstr(said, PASSWORD));
    ck_assert_ptr_null(strstr(said, "Y21nOkNv"));
    ck_assert_int_eq(strncmp(order, "dd", 2), 0);
    stop_proxied();
}
END_TEST

START_TEST(proxy_that_stalls_is_left_in_time)
{
    start_service();
    start_proxied("", 0);
    start_connector();
    site.connector->limits.connect_ms = 200;
    site_until(&site, &site.link_down, 2);
    ck_assert_ptr_nonnull(strstr(site.why, "did not answer in time to CONNECT"));
    ck_assert_uint_ge(proxy.connections, 2);
    stop_proxied();
}
END_TEST

/* The proxy says yes, and then nothing comes: TLS's own time ends it. */
START_TEST(tunnel_that_leads_nowhere_is_left_in_time)
{
    start_service();
    start_proxied(OPEN, 0);
    start_connector();
    site.connector->limits.connect_ms = 100;
    site.connector->limits.handshake_ms = 100;
    site_until(&site, &site.link_down, 1);
    ck_assert_msg(strstr(site.why, "no connection in time") != NULL, "%s", site.why);
    stop_proxied();
}
END_TEST

START_TEST(proxy_that_is_not_there_is_named)
{
    cmg_error *err = NULL;

    start_service();
    direct = CLOSED;
    ck_ok(cmg_context_set_proxy(site.ctx, "http://127.0.0.1:1", &err), err);
    start_connector();
    site_until(&site, &site.link_down, 1);
    ck_assert_ptr_nonnull(strstr(site.why, "proxy: 127.0.0.1:1: cannot connect"));
    site_stop(&site);
}
END_TEST

static void add_proxied(Suite *suite)
{
    TCase *t = tcase_create("proxied");

    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, other_port_is_reached_through_the_proxy, 0,
                        (int)CMG__ARRAY_LEN(passes));
    tcase_add_test(t, open_channel_port_needs_no_proxy);
    tcase_add_loop_test(t, proxy_that_refuses_is_told_with_what_to_do, 0,
                        (int)CMG__ARRAY_LEN(refusals));
    tcase_add_test(t, proxy_that_stalls_is_left_in_time);
    tcase_add_test(t, tunnel_that_leads_nowhere_is_left_in_time);
    tcase_add_test(t, proxy_that_is_not_there_is_named);
    suite_add_tcase(suite, t);
}

int main(void)
{
    Suite *suite = suite_create("relay_ways");
    TCase *t = tcase_create("direct");

    site_make_keys();
    tcase_set_timeout(t, 60);
    tcase_add_test(t, open_channel_port_is_preferred);
    tcase_add_test(t, closed_channel_port_leads_to_the_other_at_once);
    tcase_add_test(t, mute_channel_port_leads_to_the_other_in_time);
    tcase_add_test(t, ports_take_turns_until_one_is_open);
    tcase_add_test(t, lost_channel_begins_with_the_first_port_again);
    tcase_add_test(t, refused_pin_is_no_reason_for_the_other_port);
    tcase_add_test(t, foreign_certificate_is_no_reason_for_the_other_port);
    tcase_add_test(t, stranger_gets_no_channel_at_the_other_port_either);
    tcase_add_test(t, service_without_the_port_listens_at_two);
    suite_add_tcase(suite, t);
    add_proxied(suite);
    return support_run((Suite *const[]){ suite, NULL });
}
