/* Requests of internet clients through service and connection point to a management
 * point. */
#include "relay/site.h"
#include "relay/service.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct site site;
static struct site_answer answer;

static void setup(void)
{
    site_start(&site);
}

static void teardown(void)
{
    int before = support_fd_count();

    site_stop(&site);
    ck_assert_int_lt(support_fd_count(), before);
}

START_TEST(certificate_client_reaches_the_management_point)
{
    site_use_cert(&site, SITE_CERT_CLIENT);
    site_ask(&site, &answer, "GET", SITE_MP "/.sms_aut?SITESIGNCERT", NULL, 0);
    ck_assert_int_eq(answer.status, 200);
    ck_assert_ptr_nonnull(
        strstr(answer.body, "GET /base/SMS_MP/.sms_aut?SITESIGNCERT\n"));
    ck_assert_ptr_nonnull(strstr(answer.body, "mp.test"));
    ck_assert_str_eq(answer.via, "1.1 connector-1, 1.1 cmg-3");
    site_until(&site, &site.records, 1);
    ck_assert_str_eq(site.record_method, "GET");
    ck_assert_str_eq(site.record_role, SITE_ROLE);
    ck_assert_str_eq(site.record_endpoint, "SMS_MP");
    ck_assert_str_eq(site.record_client, "certificate");
    ck_assert_str_eq(site.record_connector, "connector-1");
    ck_assert_int_eq(site.record.status, 200);
    ck_assert_uint_eq(site.record.bytes_out, answer.size);
}
END_TEST

START_TEST(token_client_reaches_the_management_point)
{
    site_use_token(&site, NULL, NULL);
    site_ask(&site, &answer, "GET", SITE_STS "/x", NULL, 0);
    ck_assert_int_eq(answer.status, 200);
    ck_assert_ptr_nonnull(strstr(answer.body, "GET /base/SMS_MP/x\n"));
    site_until(&site, &site.records, 1);
    ck_assert_str_eq(site.record_client, "token");
}
END_TEST

START_TEST(extension_method_carries_its_body)
{
    static char body[100000];

    site_use_cert(&site, SITE_CERT_CLIENT);
    site_ask(&site, &answer, "CCM_POST", SITE_MP "/request", body, sizeof body);
    ck_assert_int_eq(answer.status, 200);
    ck_assert_ptr_nonnull(strstr(answer.body, "CCM_POST /base/SMS_MP/request\n"));
    ck_assert_ptr_nonnull(strstr(answer.body, "body=100000\n"));
    site_until(&site, &site.records, 1);
    ck_assert_uint_eq(site.record.bytes_in, sizeof body);
}
END_TEST

START_TEST(post_without_body_says_its_length)
{
    site_use_cert(&site, SITE_CERT_CLIENT);
    site_ask(&site, &answer, "CCM_POST", SITE_MP "/request", NULL, 0);
    ck_assert_int_eq(answer.status, 200);
    ck_assert_ptr_nonnull(strcasestr(answer.body, "Content-Length: 0\n"));
    site_ask(&site, &answer, "PROPFIND", SITE_MP "/request", NULL, 0);
    ck_assert_int_eq(answer.status, 200);
}
END_TEST

START_TEST(paths_compare_without_case)
{
    site_use_cert(&site, SITE_CERT_CLIENT);
    site_ask(&site, &answer, "GET",
             "/ccm_proxy_MUTUALAUTH/" SITE_ROLE "/sms_mp/Mixed%2dCase", NULL, 0);
    ck_assert_int_eq(answer.status, 200);
    ck_assert_ptr_nonnull(strstr(answer.body, "GET /base/SMS_MP/Mixed-Case\n"));
}
END_TEST

/* ---- refusals ---- */

enum proof { NONE, CERT, FOREIGN, TOKEN, TOKEN_AUDIENCE, TOKEN_TENANT };

static const struct {
    enum proof proof;
    const char *method, *target;
    size_t body;
    int status;
    const char *reason;
} refusals[] = {
    { NONE, "GET", SITE_MP "/x", 0, 403, "CMGService_Client_Certificate_Required" },
    { FOREIGN, "GET", SITE_MP "/x", 0, 403, "CMGService_Client_Certificate_Invalid" },
    { TOKEN, "GET", SITE_MP "/x", 0, 403, "CMGService_Client_Certificate_Required" },
    { NONE, "GET", SITE_STS "/x", 0, 401, "CMGService_Invalid_Token" },
    { CERT, "GET", SITE_STS "/x", 0, 401, "CMGService_Invalid_Token" },
    { TOKEN_AUDIENCE, "GET", SITE_STS "/x", 0, 401, "CMGService_Invalid_Token" },
    { TOKEN_TENANT, "GET", SITE_STS "/x", 0, 401, "CMGService_Invalid_Token" },
    { CERT, "GET", "/", 0, 404, "CMGService_Not_Published" },
    { CERT, "GET", "/SMS_MP/x", 0, 404, "CMGService_Not_Published" },
    { CERT, "GET", "/CCM_Proxy_MutualAuth/" SITE_ROLE "/Secret/x", 0, 404,
      "CMGService_Not_Published" },
    { CERT, "GET", "/CCM_Proxy_MutualAuth/9/SMS_MP/x", 0, 404,
      "CMGService_Not_Published" },
    { NONE, "GET", "/CCM_Proxy_MutualAuth/9/SMS_MP/x", 0, 403,
      "CMGService_Client_Certificate_Required" },
    { CERT, "GET", SITE_MP "X/x", 0, 404, "CMGService_Not_Published" },
    { CERT, "GET", SITE_MP "/a%2fb", 0, 400, "CMGService_Bad_Request" },
    { CERT, "GET", SITE_MP "/a%252e", 0, 400, "CMGService_Bad_Request" },
    { CERT, "DELETE", SITE_MP "/x", 0, 405, "CMGService_Method_Not_Allowed" },
    { CERT, "TRACK", SITE_MP "/x", 0, 405, "CMGService_Method_Not_Allowed" },
    { CERT, "BREW", SITE_MP "/x", 0, 501, "CMGService_Unknown_Method" },
    { CERT, "POST", SITE_MP "/small", 101, 413, "CMGService_Content_Too_Large" },
};

static void prove(enum proof proof)
{
    if (proof == CERT || proof == FOREIGN)
        site_use_cert(&site, proof == CERT ? SITE_CERT_CLIENT : SITE_CERT_FOREIGN);
    if (proof >= TOKEN)
        site_use_token(&site, proof == TOKEN_AUDIENCE ? "api://other" : NULL,
                       proof == TOKEN_TENANT ? SITE_APP : NULL);
}

/* All in one test: a site takes longer to come up than to answer. */
START_TEST(what_is_not_allowed_is_refused_in_the_cloud)
{
    static char body[1000];

    for (size_t i = 0; i < CMG__ARRAY_LEN(refusals); i++) {
        cmg_error *err = NULL;
        site_use_cert(&site, SITE_CERT_COUNT);
        ck_ok(cmg_client_set_token(site.client, NULL, 0, &err), err);
        prove(refusals[i].proof);
        site_ask(&site, &answer, refusals[i].method, refusals[i].target,
                 refusals[i].body == 0 ? NULL : body, refusals[i].body);
        ck_assert_msg(answer.status == refusals[i].status, "%zu: %s %s gives %d %s", i,
                      refusals[i].method, refusals[i].target, answer.status,
                      answer.reason);
        ck_assert_str_eq(answer.reason, refusals[i].reason);
        ck_assert_str_eq(answer.via, "1.1 cmg-3");
        ck_assert_ptr_null(strstr(answer.body, "SMS_MP"));
    }
    ck_assert_uint_eq(site.role.requests, 0);
    site_until(&site, &site.records, CMG__ARRAY_LEN(refusals));
    ck_assert_int_eq(site.record.status, 413);
}
END_TEST

START_TEST(status_of_the_role_is_relayed_with_its_reason)
{
    site_use_cert(&site, SITE_CERT_CLIENT);
    site_ask(&site, &answer, "GET", SITE_MP "/status/500", NULL, 0);
    ck_assert_int_eq(answer.status, 500);
    ck_assert_str_eq(answer.reason, "CMGConnector_InternalServerError");
    site_ask(&site, &answer, "GET", SITE_MP "/status/401", NULL, 0);
    ck_assert_int_eq(answer.status, 401);
    ck_assert_str_eq(answer.reason, "CMGConnector_Unauthorized");
    site_ask(&site, &answer, "GET", SITE_MP "/status/204", NULL, 0);
    ck_assert_int_eq(answer.status, 204);
    ck_assert_uint_eq(answer.size, 0);
}
END_TEST

START_TEST(role_that_fails_is_a_bad_gateway)
{
    site_use_cert(&site, SITE_CERT_CLIENT);
    site_ask(&site, &answer, "CCM_POST", SITE_MP "/cut", "x", 1);
    ck_assert_int_eq(answer.status, 502);
    ck_assert_str_eq(answer.reason, "CMGConnector_BadGateway");
    ck_assert_uint_eq(site.role.requests, 1);
}
END_TEST

/* ---- what the service answers itself ---- */

START_TEST(service_tells_about_itself_and_its_tenant)
{
    site_ask(&site, &answer, "GET", "/CCM_Proxy_MutualAuth/ServiceMetadata", NULL, 0);
    ck_assert_int_eq(answer.status, 200);
    ck_assert_ptr_nonnull(strstr(answer.body, "\"ServiceName\":\"cmg.test\""));
    ck_assert_str_eq(answer.via, "1.1 cmg-3");
    site_ask(&site, &answer, "GET", "/CCM_Proxy_ServerAuth/ServiceMetadata", NULL, 0);
    ck_assert_int_eq(answer.status, 401);
    site_ask(&site, &answer, "GET",
             "/CCM_Proxy_ServerAuth/AADAuthInfo?TenantID=" SITE_TID, NULL, 0);
    ck_assert_int_eq(answer.status, 200);
    ck_assert_ptr_nonnull(strstr(answer.body, "\"ClientAppId\":\"" SITE_APP "\""));
    ck_assert_ptr_nonnull(strstr(answer.body, "api://" SITE_TID "/server"));
    site_ask(&site, &answer, "GET",
             "/CCM_Proxy_ServerAuth/AADAuthInfo?TenantID=" SITE_APP, NULL, 0);
    ck_assert_int_eq(answer.status, 404);
    site_ask(&site, &answer, "GET", "/CCM_Proxy_ServerAuth/AADAuthInfo", NULL, 0);
    ck_assert_int_eq(answer.status, 404);
    site_ask(&site, &answer, "POST",
             "/CCM_Proxy_ServerAuth/AADAuthInfo?TenantID=" SITE_TID, NULL, 0);
    ck_assert_int_eq(answer.status, 405);
    site_use_token(&site, NULL, NULL);
    site_ask(&site, &answer, "GET", "/CCM_Proxy_ServerAuth/ServiceMetadata", NULL, 0);
    ck_assert_int_eq(answer.status, 200);
}
END_TEST

/* ---- fields ---- */

START_TEST(outsider_cannot_claim_an_identity)
{
    static char out[32768];

    site_raw(&site, SITE_CERT_CLIENT,
             "GET " SITE_MP "/x HTTP/1.1\r\nHost: CMG.test:443\r\n"
             "X-Forwarded-For: 6.6.6.6\r\nForwarded: for=6.6.6.6\r\n"
             "Client-Cert: :AAAA:\r\ncmg-tid: forged\r\nCMG-OID: forged\r\n"
             "X-ARR-ClientCert: forged\r\nVia: 1.1 forged\r\n"
             "CCMClientID: GUID:1234\r\nConnection: close, X-Secret\r\n"
             "X-Secret: one hop only\r\n\r\n",
             out, sizeof out);
    ck_assert_ptr_nonnull(strstr(out, "HTTP/1.1 200 OK\r\n"));
    ck_assert_ptr_null(strstr(out, "6.6.6.6"));
    ck_assert_ptr_null(strstr(out, "forged"));
    ck_assert_ptr_null(strstr(out, "AAAA:"));
    ck_assert_ptr_null(strstr(out, "one hop only"));
    ck_assert_ptr_null(strstr(out, "cmg-client"));
    ck_assert_ptr_null(strstr(out, "secret/1.0"));
    ck_assert_ptr_nonnull(strstr(out, "x-answer: yes"));
    ck_assert_ptr_nonnull(strstr(out, "ccmclientid: GUID:1234"));
    ck_assert_ptr_nonnull(strstr(out, "forwarded: for=127.0.0.1;proto=https;host=cmg"));
    ck_assert_ptr_nonnull(strstr(out, "client-cert: :MII"));
    ck_assert_ptr_nonnull(strstr(out, "via: 1.1 cmg-3, 1.1 connector-1"));
}
END_TEST

static const struct {
    const char *text, *status;
} raws[] = {
    { "GET " SITE_MP " HTTP/1.1\r\nHost: other.test\r\n\r\n", "HTTP/1.1 421 " },
    { "GET " SITE_MP " HTTP/1.1\r\nHost: cmg.test:x\r\n\r\n", "HTTP/1.1 400 " },
    { "GET " SITE_MP " HTTP/1.1\r\n\r\n", "HTTP/1.1 400 " },
    { "GET " SITE_MP " HTTP/1.1\r\nHost: cmg.test\r\nHost: cmg.test\r\n\r\n",
      "HTTP/1.1 400 " },
    { "GET " SITE_MP "/../x HTTP/1.1\r\nHost: cmg.test\r\n\r\n", "HTTP/1.1 400 " },
    { "GET " SITE_MP "//x HTTP/1.1\r\nHost: cmg.test\r\n\r\n", "HTTP/1.1 400 " },
    { "GET " SITE_MP " HTTP/1.1\r\nHost: cmg.test\r\nConnection: Host\r\n\r\n",
      "HTTP/1.1 400 " },
    { "POST " SITE_MP " HTTP/1.1\r\nHost: cmg.test\r\nContent-Length: 1\r\n"
      "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "HTTP/1.1 400 " },
    { "POST " SITE_MP " HTTP/1.1\r\nHost: cmg.test\r\nContent-Length: 1\r\n"
      "Content-Length: 1\r\n\r\nx",
      "HTTP/1.1 400 " },
    { "GET " SITE_MP " HTTP/1.1\r\nHost: cmg.test\r\n folded: x\r\n\r\n",
      "HTTP/1.1 400 " },
    { "POST " SITE_MP "/small HTTP/1.1\r\nHost: cmg.test\r\n"
      "Transfer-Encoding: chunked\r\n\r\n80\r\n"
      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n0\r\n\r\n",
      "HTTP/1.1 413 " },
    { "GET https://cmg.test" SITE_MP " HTTP/1.1\r\nHost: cmg.test\r\n\r\n",
      "HTTP/1.1 200 " },
    { "HEAD " SITE_MP "/long/12345 HTTP/1.1\r\nHost: cmg.test\r\n\r\n", "HTTP/1.1 200 " },
    { "POST " SITE_MP " HTTP/1.1\r\nHost: cmg.test\r\nContent-Length: 3\r\n"
      "Expect: 100-continue\r\n\r\nabc",
      "HTTP/1.1 100 " },
    { "GET " SITE_MP "/a HTTP/1.1\r\nHost: cmg.test\r\nContent-Length: 3\r\n\r\nabc",
      "HTTP/1.1 200 " },
};

START_TEST(bytes_on_the_wire_are_judged_strictly)
{
    static char out[32768];

    for (size_t i = 0; i < CMG__ARRAY_LEN(raws); i++) {
        site_raw(&site, SITE_CERT_CLIENT, raws[i].text, out, sizeof out);
        ck_assert_msg(strncmp(out, raws[i].status, strlen(raws[i].status)) == 0,
                      "%zu: wanted %s, got %.60s", i, raws[i].status, out);
        if (strncmp(raws[i].text, "HEAD", 4) == 0)
            ck_assert_ptr_nonnull(strstr(out, "12345"));
    }
}
END_TEST

START_TEST(bad_request_ends_its_connection)
{
    static char out[4096];

    site_raw(&site, SITE_CERT_CLIENT,
             "GET " SITE_MP "/a%252e HTTP/1.1\r\nHost: cmg.test\r\n\r\n"
             "GET " SITE_MP "/x HTTP/1.1\r\nHost: cmg.test\r\n\r\n",
             out, sizeof out);
    ck_assert_ptr_nonnull(strstr(out, "HTTP/1.1 400 CMGService_Bad_Request\r\n"));
    ck_assert_ptr_null(strstr(out, "200 OK"));
}
END_TEST

START_TEST(smuggled_request_is_never_seen_inside)
{
    static char out[32768];

    site_raw(&site, SITE_CERT_CLIENT,
             "POST " SITE_MP "/a HTTP/1.1\r\nHost: cmg.test\r\n"
             "Content-Length: 40\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
             "GET " SITE_MP "/smuggled HTTP/1.1\r\nHost: cmg.test\r\n\r\n",
             out, sizeof out);
    ck_assert_ptr_nonnull(strstr(out, "HTTP/1.1 400 "));
    ck_assert_ptr_null(strstr(out, "HTTP/1.1 200 "));
    ck_assert_uint_eq(site.role.requests, 0);
}
END_TEST

START_TEST(two_requests_share_a_connection)
{
    static char out[32768];

    site_raw(&site, SITE_CERT_CLIENT,
             "POST " SITE_MP "/one HTTP/1.1\r\nHost: cmg.test\r\n"
             "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
             "GET " SITE_MP "/two HTTP/1.1\r\nHost: cmg.test\r\n\r\n",
             out, sizeof out);
    ck_assert_ptr_nonnull(strstr(out, "POST /base/SMS_MP/one\nbody=3\n"));
    ck_assert_ptr_nonnull(strstr(out, "GET /base/SMS_MP/two\n"));
}
END_TEST

/* ---- bodies ---- */

#define LONG ((size_t)8 * 1024 * 1024)

START_TEST(long_answer_comes_whole)
{
    site_use_cert(&site, SITE_CERT_CLIENT);
    site_ask(&site, &answer, "GET", SITE_MP "/long/8388608", NULL, 0);
    ck_assert_int_eq(answer.status, 200);
    ck_assert_uint_eq(answer.size, LONG);
    site_ask(&site, &answer, "GET", SITE_MP "/chunked/1000001", NULL, 0);
    ck_assert_int_eq(answer.status, 200);
    ck_assert_uint_eq(answer.size, 1000001);
}
END_TEST

START_TEST(long_request_goes_whole)
{
    char *body = calloc(1, LONG);

    ck_assert_ptr_nonnull(body);
    site_use_cert(&site, SITE_CERT_CLIENT);
    site_ask(&site, &answer, "BITS_POST", SITE_MP "/up", body, LONG);
    ck_assert_int_eq(answer.status, 200);
    ck_assert_ptr_nonnull(strstr(answer.body, "body=8388608\n"));
    ck_assert_uint_eq(site.role.body_bytes, LONG);
    free(body);
}
END_TEST

/* Sends 10 bytes every 50 ms; gives the head of the answer. */
static void dribble(char *out, size_t size)
{
    static const char head[] = "CCM_POST " SITE_MP "/x HTTP/1.1\r\nHost: cmg.test\r\n"
                               "Content-Length: 1000000\r\n\r\n";
    struct cmg__stream *tls = site_connect(&site, SITE_CERT_CLIENT);
    size_t got = 0;

    site_write(&site, tls, head, sizeof head - 1);
    for (int i = 0; i < 100 && got == 0; i++) {
        site_write(&site, tls, "0123456789", 10);
        site_turn(&site, 50);
        (void)cmg__stream_read(tls, out, size - 1, &got);
    }
    out[got] = '\0';
    cmg__stream_free(tls);
}

START_TEST(client_that_dribbles_its_body_is_refused)
{
    static char out[4096];

    site.service->limits.slow_ms = 200;
    dribble(out, sizeof out);
    ck_assert_ptr_nonnull(strstr(out, "HTTP/1.1 408 CMGService_Request_Too_Slow\r\n"));
    site_until(&site, &site.records, 1);
    ck_assert_uint_lt(site.record.bytes_in, 1024);
}
END_TEST

START_TEST(stalled_client_stalls_no_other)
{
    static const char ask[] =
        "GET " SITE_MP "/long/104857600 HTTP/1.1\r\nHost: cmg.test\r\n\r\n";
    struct cmg__stream *stalled[3];

    for (size_t i = 0; i < CMG__ARRAY_LEN(stalled); i++) {
        stalled[i] = site_connect(&site, SITE_CERT_CLIENT);
        site_write(&site, stalled[i], ask, sizeof ask - 1);
    }
    site_turn(&site, 300);
    site_use_cert(&site, SITE_CERT_CLIENT);
    site_ask(&site, &answer, "GET", SITE_MP "/long/8388608", NULL, 0);
    ck_assert_int_eq(answer.status, 200);
    ck_assert_uint_eq(answer.size, LONG);
    /* The stalled ones leave: their streams end, the roles' exchanges too. */
    unsigned closed = site.role.closed;
    for (size_t i = 0; i < CMG__ARRAY_LEN(stalled); i++)
        cmg__stream_free(stalled[i]);
    site_until(&site, &site.role.closed, closed + 3);
    site_until(&site, &site.records, 4);
    ck_assert_int_eq(site.record.status, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("relay");
    TCase *ways = tcase_create("ways");
    TCase *refused = tcase_create("refused");
    TCase *bytes = tcase_create("bytes");
    TCase *cases[] = { ways, refused, bytes };

    site_make_keys();
    for (size_t i = 0; i < CMG__ARRAY_LEN(cases); i++) {
        tcase_add_checked_fixture(cases[i], setup, teardown);
        tcase_set_timeout(cases[i], 60);
        suite_add_tcase(suite, cases[i]);
    }
    tcase_add_test(ways, certificate_client_reaches_the_management_point);
    tcase_add_test(ways, token_client_reaches_the_management_point);
    tcase_add_test(ways, extension_method_carries_its_body);
    tcase_add_test(ways, post_without_body_says_its_length);
    tcase_add_test(ways, paths_compare_without_case);
    tcase_add_test(ways, status_of_the_role_is_relayed_with_its_reason);
    tcase_add_test(ways, service_tells_about_itself_and_its_tenant);
    tcase_add_test(refused, what_is_not_allowed_is_refused_in_the_cloud);
    tcase_add_test(refused, role_that_fails_is_a_bad_gateway);
    tcase_add_test(refused, outsider_cannot_claim_an_identity);
    tcase_add_test(refused, bytes_on_the_wire_are_judged_strictly);
    tcase_add_test(refused, smuggled_request_is_never_seen_inside);
    tcase_add_test(refused, bad_request_ends_its_connection);
    tcase_add_test(bytes, two_requests_share_a_connection);
    tcase_add_test(bytes, long_answer_comes_whole);
    tcase_add_test(bytes, long_request_goes_whole);
    tcase_add_test(bytes, stalled_client_stalls_no_other);
    tcase_add_test(bytes, client_that_dribbles_its_body_is_refused);
    return support_run((Suite *const[]){ suite, NULL });
}
