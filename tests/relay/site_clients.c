/* Internet clients of the site: the library's own, and bare TLS connections. */
#include "relay/site.h"
#include <stdio.h>
#include <string.h>

/* ---- clients ---- */

void site_use_cert(struct site *site, enum site_cert which)
{
    cmg_certificate *cert =
        which == SITE_CERT_COUNT ? NULL : site_certificate(site, which);
    cmg_error *err = NULL;

    ck_ok(cmg_client_set_certificate(site->client, cert, &err), err);
    cmg_certificate_unref(cert);
}

void site_use_token(struct site *site, const char *audience, const char *tenant)
{
    site_use_token_of(site, "key-1", audience, tenant);
}

void site_use_token_of(struct site *site, const char *kid, const char *audience,
                       const char *tenant)
{
    int64_t now = cmg__env_unix_s(&site->ctx->env);
    const char *tid = tenant == NULL ? SITE_TID : tenant;
    struct cmg__json *payload =
        cmg__json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I}", "aud",
                       audience == NULL ? "api://" SITE_TID "/server" : audience, "iss",
                       "https://sts.windows.net/" SITE_TID "/", "tid", tid, "ver", "1.0",
                       "appid", SITE_APP, "scp", "user_impersonation", "oid", SITE_APP,
                       "exp", (long long)(now + 3600), "nbf", (long long)(now - 60),
                       "iat", (long long)(now - 60));
    struct cmg__buf token;
    cmg_error *err = NULL;

    cmg__buf_init_secret(&token, &cmg__alloc_libc, 16384);
    ck_ok(cmg__jwt_make(&cmg__alloc_libc, &site->ctx->env, site->token_key, kid, payload,
                        &token, &err),
          err);
    ck_ok(cmg_client_set_token(site->client, token.data, token.len, &err), err);
    cmg__json_unref(payload);
    cmg__buf_done(&token);
}

static void on_answer(cmg_client *client, const cmg_client_response *response,
                      const cmg_error *err, void *user)
{
    struct site_answer *answer = user;

    (void)client;
    ck_assert(!answer->done);
    answer->done = true;
    answer->rc = cmg_error_code(err);
    if (response == NULL)
        return;
    answer->status = response->status;
    answer->size = response->body_size;
    snprintf(answer->reason, sizeof answer->reason, "%s", response->reason);
    snprintf(answer->via, sizeof answer->via, "%s", response->via);
    snprintf(answer->body, sizeof answer->body, "%.*s", (int)response->body_size,
             (const char *)response->body);
    for (size_t i = 0; i < response->body_size; i++)
        answer->sum += ((const unsigned char *)response->body)[i];
}

void site_send(struct site *site, struct site_answer *answer, const char *method,
               const char *target, const void *body, size_t n)
{
    cmg_error *err = NULL;

    memset(answer, 0, sizeof *answer);
    ck_ok(cmg_client_request(site->client, method, target, body, n, on_answer, answer,
                             &err),
          err);
}

void site_finish(struct site *site, struct site_answer *answer)
{
    int64_t end = cmg__env_now_ms(&site->ctx->env) + 30000;

    while (!answer->done && cmg__env_now_ms(&site->ctx->env) < end)
        site_turn(site, 0);
    ck_assert(answer->done);
}

void site_ask(struct site *site, struct site_answer *answer, const char *method,
              const char *target, const void *body, size_t n)
{
    site_send(site, answer, method, target, body, n);
    site_finish(site, answer);
}

/* ---- bare connections ---- */

static void on_stream(struct cmg__stream *stream, void *user)
{
    unsigned *events = user;

    (void)stream;
    ++*events;
}

static unsigned stream_events;

struct cmg__stream *site_connect(struct site *site, enum site_cert which)
{
    return site_connect_as(site, which == SITE_CERT_COUNT ? NULL : site_pem(which));
}

struct cmg__stream *site_connect_as(struct site *site, const char *pem)
{
    const struct cmg__tls_settings settings = { .cert_pem = pem,
                                                .key_pem = pem,
                                                .ca_pem = site_ca_pem() };
    struct cmg__tls_config *config = NULL;
    struct cmg__stream *tcp = NULL, *tls = NULL;
    enum cmg__io io = CMG__IO_AGAIN;
    cmg_error *err = NULL;

    ck_ok(cmg__tls_config_new(site->ctx, &settings, &config, &err), err);
    ck_ok(cmg__tcp_connect(site->ctx->loop, "cmg.test", 443, 5000, &tcp, &err), err);
    ck_ok(cmg__tls_stream_new(tcp, config, "cmg.test", &tls, &err), err);
    cmg__stream_set_events(tls, on_stream, &stream_events);
    for (int i = 0; i < 1000 && io == CMG__IO_AGAIN; i++) {
        io = cmg__stream_connect(tls);
        if (io == CMG__IO_AGAIN)
            site_turn(site, 0);
    }
    ck_assert_int_eq(io, CMG__IO_OK);
    cmg__tls_config_unref(config);
    return tls;
}

void site_write(struct site *site, struct cmg__stream *tls, const void *data, size_t n)
{
    const char *at = data;

    for (int i = 0; i < 5000 && n > 0; i++) {
        size_t put = 0;
        enum cmg__io io = cmg__stream_write(tls, at, n, &put);
        at += put;
        n -= put;
        if (io == CMG__IO_ERROR)
            return; /* refused before all was sent: the answer tells */
        if (io == CMG__IO_AGAIN)
            site_turn(site, 0);
    }
    ck_assert_uint_eq(n, 0);
}

void site_raw(struct site *site, enum site_cert which, const char *bytes, char *out,
              size_t size)
{
    struct cmg__stream *tls = site_connect(site, which);
    size_t have = 0;
    int64_t end = cmg__env_now_ms(&site->ctx->env) + 10000;
    int64_t quiet = 0;

    site_write(site, tls, bytes, strlen(bytes));
    out[0] = '\0';
    while (cmg__env_now_ms(&site->ctx->env) < end && have + 1 < size) {
        size_t got = 0;
        enum cmg__io io = cmg__stream_read(tls, out + have, size - have - 1, &got);
        if (io == CMG__IO_OK) {
            have += got;
            out[have] = '\0';
            quiet = cmg__env_now_ms(&site->ctx->env) + 200;
            continue;
        }
        if (io != CMG__IO_AGAIN || (have > 0 && cmg__env_now_ms(&site->ctx->env) > quiet))
            break;
        site_turn(site, 0);
    }
    cmg__stream_free(tls);
}
