/* TLS streams over loopback: who is accepted, who is refused, and that bytes arrive. */
#include "net/certs.h"
#include "net/ends.h"
#include "support/support.h"

#include <string.h>

#define HOST "granite.contoso.com"

static struct support_env env;
static cmg_context *ctx;
static int descriptors;
static struct certs ours, foreign;
static struct pair server_pair;

static void setup(void)
{
    cmg_error *err = NULL;
    /* libuv keeps two descriptors per process from the first loop on. */
    ck_ok(cmg_context_new(NULL, &ctx, &err), err);
    cmg_context_unref(ctx);
    descriptors = support_fd_count();
    support_env_init(&env);
    ck_ok(cmg_context_new(NULL, &ctx, &err), err);
    ctx->env = env.env;
    certs_init(&ours, ctx, "Contoso Root");
    certs_init(&foreign, ctx, "Fabrikam Root");
    server_pair = certs_issue(&ours, CMG__PROFILE_WEB_SERVER, HOST, 30);
}

static void teardown(void)
{
    pair_done(&ours, &server_pair);
    certs_done(&ours);
    certs_done(&foreign);
    cmg_context_unref(ctx);
    ck_assert_int_eq(support_fd_count(), descriptors);
}

static void serve(struct ends *e, const struct pair *own, const char *const *alpn)
{
    cmg_error *err = NULL;
    const struct cmg__tls_settings settings = {
        .server = true,
        .cert_pem = own->cert,
        .key_pem = own->key,
        .ca_pem = ours.ca_pem,
        .request_client_cert = true,
        .alpn = alpn,
    };
    ck_ok(cmg__tls_config_new(ctx, &settings, &e->server_tls, &err), err);
    ends_listen(e, ctx);
}

static void dial(struct ends *e, const char *name, const char *roots,
                 const struct pair *own, const char *const *alpn)
{
    cmg_error *err = NULL;
    struct cmg__tls_config *config = NULL;
    const struct cmg__tls_settings settings = {
        .ca_pem = roots,
        .cert_pem = own == NULL ? NULL : own->cert,
        .key_pem = own == NULL ? NULL : own->key,
        .alpn = alpn,
    };
    ck_ok(cmg__tls_config_new(ctx, &settings, &config, &err), err);
    ck_ok(cmg__tcp_connect(ctx->loop, "127.0.0.1", cmg__listener_port(e->listener), 5000,
                           &e->client.s, &err),
          err);
    ck_ok(cmg__tls_stream_new(e->client.s, config, name, &e->client.s, &err), err);
    cmg__tls_config_unref(config);
    ends_drive(&e->client);
}

static const struct {
    size_t up, down;
} amounts[] = { { 1, 1 }, { 2000000, 10 }, { 10, 2000000 }, { 300000, 300000 } };

START_TEST(all_bytes_arrive_intact_and_the_end_is_clean)
{
    struct ends e = { .client.to_send = amounts[_i].up,
                      .server.to_send = amounts[_i].down };
    serve(&e, &server_pair, NULL);
    dial(&e, HOST, ours.ca_pem, NULL, NULL);
    ends_run(&e);
    ck_assert_uint_eq(e.server.got, amounts[_i].up);
    ck_assert_uint_eq(e.client.got, amounts[_i].down);
    ck_assert(e.client.intact && e.server.intact && e.client.eof && e.server.eof);
    ends_free(&e);
}
END_TEST

START_TEST(both_sides_learn_name_protocol_and_certificates)
{
    static const char *const offers[] = { "h2-reverse", "cmg-rev/1", NULL };
    static const char *const accepts[] = { "cmg-rev/1", NULL };
    struct ends e = { .client.keep_open = true, .server.keep_open = true };
    struct pair client = certs_issue(&ours, CMG__PROFILE_CLIENT, "pc1", 30);
    size_t n = 0;
    serve(&e, &server_pair, accepts);
    dial(&e, HOST, ours.ca_pem, &client, offers);
    ends_until(&e, e.client.open && e.server.open);
    ck_assert_str_eq(cmg__tls_alpn(e.server.s), "cmg-rev/1");
    ck_assert_str_eq(cmg__tls_alpn(e.client.s), "cmg-rev/1");
    ck_assert_str_eq(cmg__tls_sni(e.server.s), HOST);
    ck_assert_ptr_null(cmg__tls_sni(e.client.s));
    ck_assert_uint_eq(cmg__tls_peer_count(e.client.s), 1);
    ck_assert_uint_eq(cmg__tls_peer_count(e.server.s), 1);
    ck_assert_ptr_nonnull(cmg__tls_peer_der(e.server.s, 0, &n));
    ck_assert_uint_gt(n, 200);
    ck_assert_ptr_null(cmg__tls_peer_der(e.server.s, 1, &n));
    ends_free(&e);
    pair_done(&ours, &client);
}
END_TEST

static const struct {
    bool from_foreign;
    bool none;
    int days;
} clients[] = {
    { .days = 30 }, { .days = -3 }, { .from_foreign = true, .days = 30 }, { .none = true }
};

/* Judging the client is the caller's, after the handshake. */
START_TEST(any_client_certificate_passes_the_handshake)
{
    struct ends e = { .client.to_send = 5 };
    struct certs *issuer = clients[_i].from_foreign ? &foreign : &ours;
    struct pair client =
        certs_issue(issuer, CMG__PROFILE_CLIENT, "pc1", clients[_i].days);
    serve(&e, &server_pair, NULL);
    dial(&e, HOST, ours.ca_pem, clients[_i].none ? NULL : &client, NULL);
    ends_until(&e, e.server.got == 5);
    ck_assert_uint_eq(cmg__tls_peer_count(e.server.s), clients[_i].none ? 0 : 1);
    ends_free(&e);
    pair_done(issuer, &client);
}
END_TEST

static const struct {
    const char *name;
    bool foreign_roots;
    int days;
    const char *in_message;
} refusals[] = {
    { HOST, true, 30, "no trusted authority" },
    { "other.contoso.com", false, 30, "another name" },
    { "contoso.com", false, 30, "another name" },
    { HOST, false, -1, "expired" },
};

START_TEST(a_server_that_cannot_be_trusted_is_refused)
{
    struct ends e = { .client.to_send = 5 };
    struct pair own =
        certs_issue(&ours, CMG__PROFILE_WEB_SERVER, HOST, refusals[_i].days);
    serve(&e, &own, NULL);
    dial(&e, refusals[_i].name, refusals[_i].foreign_roots ? foreign.ca_pem : ours.ca_pem,
         NULL, NULL);
    ends_until(&e, e.client.last == CMG__IO_ERROR);
    const cmg_error *err = cmg__stream_error(e.client.s);
    ck_assert_int_eq(cmg_error_code(err), CMG_E_CERT);
    ck_assert_int_eq(cmg_error_retry(err), CMG_RETRY_NEVER);
    ck_assert_ptr_nonnull(strstr(cmg_error_message(err), refusals[_i].in_message));
    ck_assert_ptr_nonnull(strstr(cmg_error_message(err), refusals[_i].name));
    ck_assert_str_ne(cmg_error_remedy(err), "");
    ck_assert_uint_eq(e.client.sent, 0);
    ends_until(&e, e.server.last == CMG__IO_ERROR);
    ck_assert_str_ne(cmg_error_remedy(cmg__stream_error(e.server.s)), "");
    ends_free(&e);
    pair_done(&ours, &own);
}
END_TEST

START_TEST(validity_is_judged_by_the_clock_of_the_context)
{
    struct ends e = { .client.to_send = 5 };
    serve(&e, &server_pair, NULL);
    support_env_advance_ms(&env, (int64_t)31 * 86400 * 1000);
    dial(&e, HOST, ours.ca_pem, NULL, NULL);
    ends_until(&e, e.client.last == CMG__IO_ERROR);
    ck_assert_ptr_nonnull(
        strstr(cmg_error_message(cmg__stream_error(e.client.s)), "expired"));
    ends_free(&e);
}
END_TEST

START_TEST(no_common_protocol_ends_the_handshake)
{
    static const char *const offers[] = { "h2", NULL };
    static const char *const accepts[] = { "cmg-rev/1", NULL };
    struct ends e = { .client.to_send = 5 };
    serve(&e, &server_pair, accepts);
    dial(&e, HOST, ours.ca_pem, NULL, offers);
    ends_until(&e, e.client.last == CMG__IO_ERROR && e.server.last == CMG__IO_ERROR);
    ends_free(&e);
}
END_TEST

/* A plain client's bytes are no TLS; a plain server's silence or end is no close_notify.
 */
START_TEST(a_peer_that_speaks_no_tls_is_refused)
{
    struct ends e = { .client.to_send = 500, .client.keep_open = true };
    cmg_error *err = NULL;
    serve(&e, &server_pair, NULL);
    ck_ok(cmg__tcp_connect(ctx->loop, "127.0.0.1", cmg__listener_port(e.listener), 5000,
                           &e.client.s, &err),
          err);
    ends_drive(&e.client);
    ends_until(&e, e.server.last == CMG__IO_ERROR);
    ck_assert_str_ne(cmg_error_message(cmg__stream_error(e.server.s)), "");
    ck_assert_str_ne(cmg_error_remedy(cmg__stream_error(e.server.s)), "");
    ends_free(&e);
}
END_TEST

START_TEST(an_end_without_close_notify_is_an_error)
{
    struct ends e = { .client.to_send = 5,
                      .client.keep_open = true,
                      .server.keep_open = true };
    serve(&e, &server_pair, NULL);
    dial(&e, HOST, ours.ca_pem, NULL, NULL);
    ends_until(&e, e.server.got == 5);
    cmg__stream_free(e.client.s);
    e.client.s = NULL;
    ends_until(&e, e.server.last == CMG__IO_ERROR);
    ck_assert(!e.server.eof);
    ck_assert_int_eq(cmg_error_code(cmg__stream_error(e.server.s)), CMG_E_IO);
    ends_free(&e);
}
END_TEST

START_TEST(a_reader_that_stops_holds_its_writer_back_and_loses_nothing)
{
    struct ends e = { .client.to_send = 30000000, .server.hold = true };
    size_t sent = 1;
    serve(&e, &server_pair, NULL);
    dial(&e, HOST, ours.ca_pem, NULL, NULL);
    ends_until(&e, e.server.open && e.client.sent > 0);
    while (sent != e.client.sent) {
        sent = e.client.sent;
        for (int i = 0; i < 5; i++)
            ck_assert_int_eq(cmg_context_wait(ctx, 1, NULL), CMG_OK);
    }
    ck_assert_uint_lt(e.client.sent, e.client.to_send);
    e.client.to_send = e.client.sent;
    e.server.hold = false;
    cmg__stream_want(e.server.s, CMG__READABLE);
    ends_run(&e);
    ck_assert_uint_eq(e.server.got, e.client.sent);
    ck_assert(e.server.intact && e.server.eof);
    ends_free(&e);
}
END_TEST

/* One record is decrypted whole; what the owner leaves of it raises no event beneath. */
START_TEST(plaintext_that_is_left_raises_an_event)
{
    struct ends e = { .client.to_send = 4000,
                      .client.keep_open = true,
                      .server.hold = true,
                      .server.keep_open = true };
    char block[1000];
    size_t got = 0, total = 0;
    serve(&e, &server_pair, NULL);
    dial(&e, HOST, ours.ca_pem, NULL, NULL);
    ends_until(&e, e.server.open && e.client.sent == 4000);
    for (int i = 0; i < 2000 && total < 1000; i++) {
        ck_assert_int_eq(cmg_context_wait(ctx, 1, NULL), CMG_OK);
        enum cmg__io io = cmg__stream_read(e.server.s, block, sizeof block, &got);
        ck_assert_int_ne(io, CMG__IO_ERROR);
        total += got;
    }
    ck_assert_uint_eq(cmg__stream_pending(e.server.s), 3000);
    e.server.hold = false;
    unsigned events = e.server.events;
    for (int i = 0; i < 5; i++)
        ck_assert_int_eq(cmg_context_process(ctx, NULL), CMG_OK);
    ck_assert_uint_eq(e.server.events, events);
    cmg__stream_want(e.server.s, CMG__READABLE);
    ck_assert_uint_eq(e.server.events, events);
    ends_until(&e, e.server.got == 3000);
    ends_free(&e);
}
END_TEST

START_TEST(a_stream_may_be_freed_at_any_moment)
{
    for (int turns = 0; turns < 12; turns++) {
        struct ends e = { .client.to_send = 5 };
        serve(&e, &server_pair, NULL);
        dial(&e, HOST, ours.ca_pem, NULL, NULL);
        for (int i = 0; i < turns; i++)
            ck_assert_int_eq(cmg_context_wait(ctx, 1, NULL), CMG_OK);
        ends_free(&e);
    }
}
END_TEST

static const struct {
    bool server, cert, key, other_key, ca, bad_cert, bad_ca;
    const char *subject;
} bad_settings[] = {
    { .server = true, .subject = "certificate" },
    { .server = true, .cert = true, .subject = "key" },
    { .server = true, .cert = true, .other_key = true, .subject = "key" },
    { .server = true, .bad_cert = true, .key = true, .subject = "certificate" },
    { .server = false, .subject = "trusted authorities" },
    { .server = false, .bad_ca = true, .subject = "trusted authorities" },
    { .server = false, .ca = true, .cert = true, .subject = "key" },
};

START_TEST(settings_that_do_not_fit_are_refused_by_name)
{
    struct pair other = certs_issue(&ours, CMG__PROFILE_WEB_SERVER, HOST, 30);
    struct cmg__tls_config *config = NULL;
    cmg_error *err = NULL;
    const struct cmg__tls_settings settings = {
        .server = bad_settings[_i].server,
        .cert_pem = bad_settings[_i].bad_cert ? "-----BEGIN CERTIFICATE-----\nAA\n"
                    : bad_settings[_i].cert   ? server_pair.cert
                                              : NULL,
        .key_pem = bad_settings[_i].other_key ? other.key
                   : bad_settings[_i].key     ? server_pair.key
                                              : NULL,
        .ca_pem = bad_settings[_i].bad_ca ? "no PEM"
                  : bad_settings[_i].ca   ? ours.ca_pem
                                          : NULL,
    };
    ck_assert_int_eq(cmg__tls_config_new(ctx, &settings, &config, &err), CMG_E_CERT);
    ck_assert_ptr_null(config);
    ck_assert_str_eq(cmg_error_subject(err), bad_settings[_i].subject);
    ck_assert_str_ne(cmg_error_remedy(err), "");
    ck_assert_ptr_null(strstr(cmg_error_message(err), "BEGIN"));
    cmg_error_unref(err);
    pair_done(&ours, &other);
}
END_TEST

START_TEST(a_server_does_not_start_with_a_certificate_for_clients)
{
    struct pair own = certs_issue(&ours, CMG__PROFILE_CLIENT, HOST, 30);
    struct cmg__tls_config *config = NULL;
    cmg_error *err = NULL;
    const struct cmg__tls_settings settings = { .server = true,
                                                .cert_pem = own.cert,
                                                .key_pem = own.key };
    ck_assert_int_eq(cmg__tls_config_new(ctx, &settings, &config, &err), CMG_E_CERT);
    ck_assert_ptr_nonnull(strstr(cmg_error_message(err), "server authentication"));
    cmg_error_unref(err);
    pair_done(&ours, &own);
}
END_TEST

START_TEST(a_client_needs_the_name_of_the_server)
{
    struct ends e = { .ctx = ctx };
    struct cmg__tls_config *config = NULL;
    cmg_error *err = NULL;
    const struct cmg__tls_settings settings = { .ca_pem = ours.ca_pem };
    ck_ok(cmg__tls_config_new(ctx, &settings, &config, &err), err);
    ck_ok(cmg__tcp_connect(ctx->loop, "127.0.0.1", 1, 1000, &e.client.s, &err), err);
    ck_assert_int_eq(cmg__tls_stream_new(e.client.s, config, "", &e.server.s, &err),
                     CMG_E_INVAL);
    ck_assert_ptr_null(e.server.s);
    cmg_error_unref(err);
    cmg__tls_config_unref(config);
}
END_TEST

static void add_streams(TCase *t)
{
    tcase_add_loop_test(t, all_bytes_arrive_intact_and_the_end_is_clean, 0,
                        (int)CMG__ARRAY_LEN(amounts));
    tcase_add_test(t, both_sides_learn_name_protocol_and_certificates);
    tcase_add_test(t, an_end_without_close_notify_is_an_error);
    tcase_add_test(t, a_reader_that_stops_holds_its_writer_back_and_loses_nothing);
    tcase_add_test(t, plaintext_that_is_left_raises_an_event);
    tcase_add_test(t, a_stream_may_be_freed_at_any_moment);
}

static void add_judgements(TCase *t)
{
    tcase_add_loop_test(t, any_client_certificate_passes_the_handshake, 0,
                        (int)CMG__ARRAY_LEN(clients));
    tcase_add_loop_test(t, a_server_that_cannot_be_trusted_is_refused, 0,
                        (int)CMG__ARRAY_LEN(refusals));
    tcase_add_test(t, validity_is_judged_by_the_clock_of_the_context);
    tcase_add_test(t, no_common_protocol_ends_the_handshake);
    tcase_add_test(t, a_peer_that_speaks_no_tls_is_refused);
    tcase_add_loop_test(t, settings_that_do_not_fit_are_refused_by_name, 0,
                        (int)CMG__ARRAY_LEN(bad_settings));
    tcase_add_test(t, a_server_does_not_start_with_a_certificate_for_clients);
    tcase_add_test(t, a_client_needs_the_name_of_the_server);
}

int main(void)
{
    Suite *suite = suite_create("net/tls");
    TCase *streams = tcase_create("streams");
    TCase *judgements = tcase_create("who is accepted");
    tcase_add_checked_fixture(streams, setup, teardown);
    tcase_add_checked_fixture(judgements, setup, teardown);
    tcase_set_timeout(streams, 60);
    tcase_set_timeout(judgements, 60);
    add_streams(streams);
    add_judgements(judgements);
    suite_add_tcase(suite, streams);
    suite_add_tcase(suite, judgements);
    Suite *const suites[] = { suite, NULL };
    return support_run(suites);
}
